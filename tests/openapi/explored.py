"""Schemathesis as its page in the docs runs it: from outside, against a real server, in all its phases."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys
import typing as t

from tests.browsers import served

SETTINGS = pathlib.Path(__file__).parents[2] / "docs" / "examples"


def explore(
    app: t.Any, folder: pathlib.Path, document: str = "/openapi.json", headers: tuple[str, ...] = (), **options: t.Any
) -> str:
    """Run ``st run`` with the settings of the documentation.

    :param folder: Where it runs.
    :param document: The path of the document.
    :param headers: Headers that each request carries.
    :param options: Its options, ``max_examples=25`` for instance.
    :return: What it printed.
    """
    for name in ("schemathesis.toml", "schemathesis_hooks.py"):
        shutil.copy(SETTINGS / name, folder)
    arguments = [word for header in headers for word in ("-H", header)]
    for name, value in options.items():
        arguments += ["--" + name.replace("_", "-"), str(value)]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with served(app) as address:
        ran = subprocess.run(
            [str(pathlib.Path(sys.executable).parent / "st"), "run", address + document, *arguments, "--no-color"],
            cwd=folder,
            env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
            capture_output=True,
            text=True,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def judge(report: str) -> None:
    """Every phase that has something to do has run, and none has found anything."""
    for phase in ("Coverage", "Fuzzing", "Stateful"):
        assert re.search(rf"✅ +{phase}\b", report), report
    assert re.search(r"^ +([1-9]\d*) generated, \1 passed", report, re.M), report

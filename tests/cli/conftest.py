"""Directories with applications in them, and an environment that each test leaves as it was."""

from __future__ import annotations

import os
import pathlib
import sys
import typing as t

import pytest
from click.testing import CliRunner

Write = t.Callable[[str, str], pathlib.Path]


@pytest.fixture(autouse=True)
def _own_environment() -> t.Iterator[None]:
    """Take the framework's variables away for the test, and put the environment back afterwards."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("FRAMEWORK_", "WERKZEUG_")):
            del os.environ[name]

    yield

    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def write(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Write]:
    """Write files into an empty current directory; modules imported from there are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    path, modules = sys.path[:], set(sys.modules)

    def write(name: str, text: str) -> pathlib.Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    yield write

    sys.path[:] = path
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(os.fspath(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def runner() -> CliRunner:
    """Click's runner."""
    return CliRunner()

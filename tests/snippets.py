"""Run every snippet of the documentation: a plugin, named in ``pyproject.toml``.

Python blocks and ``>>>`` lines of a page share one namespace. JSON blocks are parsed. Console blocks are run in
``docs/examples``, with this Python in place of the installed command, and must print what the page shows. Files that a
page includes are run whole.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import typing as t
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.rest import CodeBlockParser, DocTestParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
INCLUDE = re.compile(r"^\.\. literalinclude:: (?P<path>\S+\.py)$", re.MULTILINE)


class JSONParser(CodeBlockParser):
    """Blocks of JSON are JSON."""

    language = "json"

    def evaluate(self, example: Example) -> None:
        json.loads(example.parsed)


class ConsoleParser(CodeBlockParser):
    """Blocks of a command, behind ``$``, and of what it prints."""

    language = "console"

    def evaluate(self, example: Example) -> str | None:
        command, _, wanted = example.parsed.partition("\n")
        words = shlex.split(command.removeprefix("$ "))
        if words[0] == "framework":
            words[:1] = [sys.executable, "-m", "framework"]
        done = subprocess.run(words, cwd=EXAMPLES, capture_output=True, text=True, env=environment())
        got = done.stdout + done.stderr
        if got.rstrip() != wanted.rstrip():
            return f"wanted:\n{wanted}\ngot:\n{got}"
        return None


def environment() -> dict[str, str]:
    """What a command finds in its environment: nothing of the framework's, and the way to this working copy."""
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def literalincludes(document: Document) -> t.Iterator[Region]:
    """Each Python file that a page includes."""
    for match in INCLUDE.finditer(document.text):
        yield Region(match.start(), match.end(), Path(document.path).parent / match["path"], run_file)


def run_file(example: Example) -> None:
    """Run an included file whole, in the page's namespace."""
    path: Path = example.parsed
    exec(compile(path.read_text(), str(path), "exec"), example.namespace)


def prepare(namespace: dict[str, t.Any]) -> None:
    """Let a page's code believe that it stands in ``app.py``."""
    namespace["__name__"] = "app"


def whole_traceback(item: SybilItem, excinfo: pytest.ExceptionInfo[BaseException]) -> t.Any:
    """The traceback of a snippet, uncut: sybil's own way to cut it fails for an exception that has a cause."""
    return excinfo.traceback


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the tests of the tutorial's states to ``tests/tutorial``, which runs each in its folder."""
    return True if collection_path == EXAMPLES / "tutorial" else None


SybilItem._traceback_filter = whole_traceback  # type: ignore[assignment, method-assign]

pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(),
        DocTestParser(optionflags=ELLIPSIS | NORMALIZE_WHITESPACE),
        SkipParser(),
        JSONParser(),
        ConsoleParser(),
        literalincludes,
    ],
    path=str(ROOT),
    patterns=["README.rst", "docs/*.rst", "docs/*/*.rst", "docs/*/*/*.rst"],
    excludes=["docs/tutorial/*.rst"],  # a reader of tests/tutorial follows them from page to page
    setup=prepare,
).pytest()

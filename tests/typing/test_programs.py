"""What type checkers say of programs that use the framework: nothing of good ones, and of bad ones what they mark.

A line of a bad program that must be refused ends with ``# error: MYPY | PYRIGHT``: the codes that each of the two
reports there, separated by blanks, those of pyright without ``report`` in front; or ``-`` for none. Both are strict,
and each runs once for all programs.
"""

from __future__ import annotations

import collections
import json
import os
import pathlib
import re
import runpy
import subprocess
import sys

import pytest

from framework import App

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
GOOD = sorted((HERE / "good").glob("*.py"))
BAD = sorted((HERE / "bad").glob("*.py"))
MARKED = re.compile(r"#.*?\berror: ([^|]*)\|(.*)$")
MYPY = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: (?P<text>.*?)(?:  \[(?P<code>[\w-]+)\])?$")

Errors = dict[tuple[str, int], list[str]]


def ids(path: pathlib.Path) -> str:
    """Call a program by its name in the tests' ids."""
    return path.stem


def mypy() -> tuple[Errors, str]:
    """Run mypy; the codes by file and line, and all that it said."""
    # The cache lies where it outlives the run: without one, mypy reads werkzeug and marshmallow for 15 seconds.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(HERE / "mypy.ini"), *map(str, [*GOOD, *BAD])],
        cwd=ROOT,
        env={**os.environ, "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "programs")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    found: Errors = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        if match := MYPY.match(line):
            found[pathlib.Path(match["file"]).name, int(match["line"])].append(match["code"] or match["text"])
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return found, done.stdout


def pyright() -> tuple[Errors, str]:
    """Run pyright; the rules by file and line, and all that it said."""
    program = pathlib.Path(os.environ.get("NODE_TOOLS", "."), "node_modules", ".bin", "pyright").absolute()
    if not program.exists():
        pytest.skip("no pyright: npm install it, and name the folder in NODE_TOOLS")
    done = subprocess.run(
        [str(program), "--outputjson", "--pythonpath", sys.executable, "--project", str(HERE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: Errors = collections.defaultdict(list)
    said = []
    for each in json.loads(done.stdout)["generalDiagnostics"]:
        place = pathlib.Path(each["file"]).name, each["range"]["start"]["line"] + 1
        found[place].append(each.get("rule", each["message"]))
        said.append(f"{place[0]}:{place[1]}: {each['message']} ({each.get('rule')})")
    return found, "\n".join(said)


CHECKERS = {"mypy": mypy, "pyright": pyright}


@pytest.fixture(scope="session", params=list(CHECKERS))
def checked(request: pytest.FixtureRequest) -> tuple[int, Errors, str]:
    """The place of a checker in the marks of errors, what it found in all programs, and its words."""
    return (list(CHECKERS).index(request.param), *CHECKERS[request.param]())


def expected(path: pathlib.Path, place: int) -> dict[int, list[str]]:
    """The codes that one checker must report, by line."""
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := MARKED.search(line):
            codes = match[place + 1].split()
            if codes != ["-"]:
                found[number] = sorted(f"report{code}" if place else code for code in codes)
    return found


@pytest.mark.parametrize("path", [*GOOD, *BAD], ids=ids)
def test_checkers_report_the_marked_errors_and_no_other(checked: tuple[int, Errors, str], path: pathlib.Path) -> None:
    """A strict checker accepts a good program, and refuses exactly the marked lines of a bad one."""
    place, errors, said = checked
    found = {line: sorted(codes) for (name, line), codes in errors.items() if name == path.name}
    words = [line for line in said.splitlines() if f"{path.name}:" in line]

    assert found == expected(path, place), "\n".join(words)


@pytest.mark.parametrize("path", GOOD, ids=ids)
def test_good_programs_run(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the checkers accept is no lie: the program runs, and its application freezes."""
    monkeypatch.syspath_prepend(HERE / "good")
    for value in list(runpy.run_path(str(path)).values()):
        if isinstance(value, App):
            value.freeze(compile=True)


def test_programs_have_names_of_their_own() -> None:
    """A name is used once, so that an error is counted for one program; a bad program has an error for each checker."""
    names = [path.name for path in [*GOOD, *BAD]]

    assert len(names) == len(set(names)) > 1
    assert not any(expected(path, place) for path in GOOD for place in (0, 1))
    assert all(expected(path, place) for path in BAD for place in (0, 1))

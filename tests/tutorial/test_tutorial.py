"""The tutorial can be followed by its words alone, and its steps differ as it says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.servers import postgres_server
from tests.tutorial.reader import PAGES, STATES, TITLES, Reader, blocks_of, changed_lines, ranges_of, shown_of


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A reader with an empty folder, who goes on from page to page."""
    reader = Reader(tmp_path_factory.mktemp("tutorial"))
    yield reader
    reader.close()


@pytest.mark.extended
@pytest.mark.parametrize("title", TITLES)
def test_the_pages_can_be_followed(reader, title):
    """Files and commands of the pages lead from an empty folder to each state, with the answers that are shown."""
    reader.follow(title)


def shown_before(block):
    """Return the lines that a directive would have shown in the state before; none of a new file."""
    state, _, path = block.argument.partition("tutorial/")[2].partition("/")
    old = STATES / f"{int(state) - 1:02}" / path
    if not old.exists():
        return None
    return shown_of(block, old)


@pytest.mark.parametrize("title", TITLES)
def test_changed_lines_are_marked(title):
    """A file that a step changes is shown with its changed lines marked; nothing is shown that has not changed."""
    included = [block for block in blocks_of(title) if block.kind == "literalinclude"]
    wanted = {}
    for block in included:
        before = shown_before(block)
        if before is not None:
            wanted[block.line] = ranges_of(changed_lines(before, shown_of(block)))

    assert included
    assert "" not in wanted.values()
    assert {block.line: block.options.get("emphasize-lines") for block in included} == {
        block.line: wanted.get(block.line) for block in included
    }


@pytest.mark.parametrize("title", ["index", *TITLES])
def test_nothing_on_the_pages_is_untried(title):
    """A page has included files and commands; what is not run is shown as plain text, without an answer."""
    for block in blocks_of(title):
        if block.kind == "code-block" and block.argument != "console":
            assert block.argument == "text"
            assert all(line.startswith("$ ") for line in block.body.splitlines()), block.body


def test_the_front_of_the_tutorial_names_all_steps():
    """The first page has each step in its table and in its tree of pages."""
    text = (PAGES / "index.rst").read_text()

    assert all(f":doc:`{title}` " in text and f"\n    {title}\n" in text for title in TITLES)
    assert sorted(path.stem for path in PAGES.glob("*.rst")) == sorted(["index", *TITLES])


def run_tests_of(state, folder, url):
    """Run the tests of a state in a copy of its folder, on a database: they migrate it up and down, too."""
    shutil.copytree(STATES / state, folder, dirs_exist_ok=True)
    environ = {**os.environ, "TEST_DATABASE_URL": url, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def postgres():
    """The URL of a PostgreSQL, in which each test of a state leaves nothing."""
    with postgres_server() as url:
        yield url


def test_the_last_state_passes_its_tests_on_postgresql(tmp_path, postgres):
    """What was built on SQLite runs on PostgreSQL, and its migrations lead there and back."""
    run_tests_of("10", tmp_path, postgres)


@pytest.mark.extended
@pytest.mark.parametrize("state", [f"{number:02}" for number in range(2, 10)])
def test_each_state_passes_its_tests_on_postgresql(tmp_path, postgres, state):
    """Each state with a database passes its tests on PostgreSQL, and its migrations lead there and back."""
    run_tests_of(state, tmp_path, postgres)

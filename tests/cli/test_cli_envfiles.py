"""Variables from files: which are read, and which wins."""

from __future__ import annotations

import os
import sys

import pytest

from framework.cli import FrameworkGroup, cli, load_dotenv

APP = """
import os, click
from framework import App
app = App("envapp")

@app.cli.command()
def show():
    click.echo(" ".join(f"{name}={os.environ.get(name)}" for name in ("ONE", "TWO", "THREE", "FOUR")))
"""


@pytest.fixture
def files(write, monkeypatch):
    """A directory with both default files, another one, and an application that shows variables."""
    for name in ("ONE", "TWO", "THREE", "FOUR"):
        monkeypatch.delenv(name, raising=False)

    write("app.py", APP)
    write(".frameworkenv", "ONE=frameworkenv\nTWO=frameworkenv\nTHREE=frameworkenv\nFOUR=frameworkenv\n")
    write(".env", "ONE=env\nTWO=env\nTHREE=env\nBARE\n")
    write("my.env", "ONE=my\nTWO=my\n")
    monkeypatch.setenv("ONE", "set")


def test_variables_that_are_set_win_over_files(files, runner):
    """The order is: what is set, --env-file, .env, .frameworkenv."""
    result = runner.invoke(cli, ["--env-file", "my.env", "show"])

    assert result.output == "ONE=set TWO=my THREE=env FOUR=frameworkenv\n"


def test_the_default_files_are_read_by_every_command(files, runner):
    """Without an option both default files are read."""
    result = runner.invoke(cli, ["show"])

    assert result.output == "ONE=set TWO=env THREE=env FOUR=frameworkenv\n"


def test_the_env_file_can_come_from_the_environment(files, runner, monkeypatch):
    """FRAMEWORK_ENV_FILE is the option's variable."""
    monkeypatch.setenv("FRAMEWORK_ENV_FILE", "my.env")

    assert runner.invoke(cli, ["show"]).output == "ONE=set TWO=my THREE=env FOUR=frameworkenv\n"


def test_skip_dotenv_leaves_the_default_files(files, runner, monkeypatch):
    """FRAMEWORK_SKIP_DOTENV turns the default files off; one that is named is still read."""
    monkeypatch.setenv("FRAMEWORK_SKIP_DOTENV", "1")

    assert runner.invoke(cli, ["show"]).output == "ONE=set TWO=None THREE=None FOUR=None\n"
    assert runner.invoke(cli, ["-e", "my.env", "show"]).output == "ONE=set TWO=my THREE=None FOUR=None\n"


def test_a_group_can_leave_the_files_alone(files, runner):
    """FrameworkGroup(load_dotenv=False) reads no default file."""
    runner.invoke(FrameworkGroup(load_dotenv=False), ["routes"])

    assert "TWO" not in os.environ


def test_a_file_may_name_the_application(write, runner):
    """FRAMEWORK_APP of a file counts for the same command, also where only help is asked for."""
    write("elsewhere.py", APP)
    write(".frameworkenv", "FRAMEWORK_APP=elsewhere:app\n")

    assert "show" in runner.invoke(cli, ["--help"]).stdout
    assert "show" in runner.invoke(cli, []).output


def test_the_app_option_wins_over_a_file(files, write, runner):
    """What is written on the command line goes before a variable of a file."""
    write(".env", "FRAMEWORK_APP=no_such_module\n")

    assert runner.invoke(cli, ["--app", "app", "show"]).exit_code == 0


def test_a_missing_env_file_is_told(files, runner):
    """A file that is named must exist."""
    result = runner.invoke(cli, ["-e", "none.env", "show"])

    assert result.exit_code == 2
    assert "does not exist" in result.output


def test_files_of_parent_directories_are_found(files, write, monkeypatch):
    """The default files are looked for upwards, and the current directory stays as it is."""
    write("deep/er/x", "")
    monkeypatch.chdir("deep/er")
    here = os.getcwd()

    assert load_dotenv()
    assert os.environ["TWO"] == "env"
    assert os.getcwd() == here


def test_load_dotenv_says_whether_it_found_something(files):
    """A file that does not exist gives nothing."""
    assert not load_dotenv("none.env", load_defaults=False)
    assert load_dotenv("my.env", load_defaults=False)
    assert os.environ["TWO"] == "my"
    assert "THREE" not in os.environ


def test_files_are_utf8(write, monkeypatch):
    """Values are read as UTF-8 whatever the locale."""
    monkeypatch.delenv("ONE", raising=False)
    write(".env", "ONE=火腿\n")
    load_dotenv()

    assert os.environ["ONE"] == "火腿"


def test_without_the_library_a_hint_is_given(files, monkeypatch, capsys):
    """Where python-dotenv is absent the files are passed over, and the user is told."""
    monkeypatch.setitem(sys.modules, "dotenv", None)

    assert not load_dotenv()
    assert "pip install python-dotenv" in capsys.readouterr().err
    assert "TWO" not in os.environ


def test_without_the_library_a_named_file_is_an_error(files, runner, monkeypatch):
    """A file that was asked for cannot be passed over silently."""
    monkeypatch.setitem(sys.modules, "dotenv", None)
    result = runner.invoke(cli, ["-e", "my.env", "show"])

    assert result.exit_code == 2
    assert "pip install python-dotenv" in result.output

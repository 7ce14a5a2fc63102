"""Running an application's commands in a test."""

from __future__ import annotations

import click
import pytest

from framework import App, current_app
from framework.cli import ScriptInfo
from framework.testing import AppCliRunner


@pytest.fixture
def app():
    app = App("mine")

    @app.cli.command("hello")
    @click.option("--name", default="World")
    def hello(name):
        click.echo(f"Hello, {name} from {current_app.name}!")

    return app


@pytest.mark.parametrize("args", [["hello", "--name", "Rex"], "hello --name Rex"])
def test_a_command_is_run_by_its_name(app, args):
    """Without a command the application's own group is asked."""
    result = app.test_cli_runner().invoke(args=args)

    assert result.exit_code == 0
    assert result.output == "Hello, Rex from mine!\n"


def test_a_command_is_run_as_an_object(app):
    """A command can be given itself."""
    assert "World" in app.test_cli_runner().invoke(app.cli.commands["hello"]).output


def test_another_application_can_be_given(app):
    """obj= takes another source of the application."""
    info = ScriptInfo(create_app=lambda: App("other"))

    assert "from other" in app.test_cli_runner().invoke(app.cli.commands["hello"], obj=info).output


def test_a_runner_class_of_ones_own(app):
    """test_cli_runner_class is used, with the arguments given to test_cli_runner."""

    class Runner(AppCliRunner):
        pass

    app.test_cli_runner_class = Runner
    runner = app.test_cli_runner(env={"NAME": "x"})

    assert type(runner) is Runner
    assert runner.env == {"NAME": "x"}

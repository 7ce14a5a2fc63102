"""Commands: which are offered, and the context they run in."""

from __future__ import annotations

import importlib
import importlib.metadata
import os

import click
import pytest

from framework import App, Router, current_app
from framework.cli import AppGroup, FrameworkGroup, ScriptInfo, cli, pass_script_info, with_appcontext
from framework.context import has_app_context


def test_commands_of_an_app_run_in_its_context(runner):
    """A command of app.cli finds the application, already in the callbacks of its parameters."""
    app = App("mine")

    def is_there(ctx, param, value):
        return value, has_app_context()

    @app.cli.command()
    @click.argument("word", callback=is_there)
    def probe(word):
        return word, current_app._get_current_object() is app

    result = runner.invoke(FrameworkGroup(create_app=lambda: app), ["probe", "x"], standalone_mode=False)

    assert result.return_value == (("x", True), True)


def test_a_command_inside_another_apps_context_gets_its_own(runner):
    """The context of another application does not stand in for that of the command's."""
    app, other = App("mine"), App("other")

    @app.cli.command()
    def show():
        click.echo(current_app.name)

    with other.app_context():
        result = runner.invoke(FrameworkGroup(create_app=lambda: app), ["show"])
        assert current_app.name == "other"

    assert result.output == "mine\n"


def test_a_command_may_do_without_context(runner):
    """with_appcontext=False leaves the application unloaded."""
    group = AppGroup("group")

    @group.command(with_appcontext=False)
    def bare():
        click.echo(has_app_context())

    assert runner.invoke(group, ["bare"]).output == "False\n"


def test_the_decorator_needs_no_parentheses(runner):
    """@group.command and @group.group work as click's do."""
    group = AppGroup("group")

    @group.group
    def sub():
        pass

    @sub.command
    def show():
        click.echo(current_app.name)

    assert isinstance(sub, AppGroup)
    assert runner.invoke(group, ["sub", "show"], obj=ScriptInfo(create_app=lambda: App("mine"))).output == "mine\n"


def test_a_plain_command_gets_the_context_by_decorator(runner):
    """with_appcontext loads the application of the command line."""

    @click.command()
    @with_appcontext
    @click.option("--word")
    def show(word):
        """Show it."""
        click.echo(f"{current_app.name} {word}")

    result = runner.invoke(show, ["--word", "x"], obj=ScriptInfo(create_app=lambda: App("mine")))

    assert result.output == "mine x\n"
    assert show.help == "Show it."


def test_a_command_may_take_the_script_info(runner):
    """pass_script_info gives the object that loads the application."""

    @click.command()
    @pass_script_info
    def show(info):
        click.echo(info.load_app().name)

    assert runner.invoke(show, obj=ScriptInfo(create_app=lambda: App("mine"))).output == "mine\n"


def test_the_context_is_left_after_the_command(runner):
    """The application's teardown functions run at the end of the command."""
    app, seen = App("mine"), []

    @app.teardown_appcontext
    def note(error):
        seen.append(error)

    @app.cli.command()
    def work():
        seen.append("work")

    runner.invoke(FrameworkGroup(create_app=lambda: app), ["work"])

    assert seen == ["work", None]
    assert not has_app_context()


def test_a_script_of_ones_own(runner):
    """A group made with FrameworkGroup has the application's commands and those of its own."""
    app = App("mine")

    @click.group(cls=FrameworkGroup, create_app=lambda: app)
    def script():
        """Manage the shop."""

    @script.command()
    def own():
        click.echo(current_app.name)

    listing = runner.invoke(script, ["--help"]).output

    assert runner.invoke(script, ["own"]).output == "mine\n"
    assert "Manage the shop." in listing
    offered = {line.split()[0] for line in listing.partition("Commands:")[2].splitlines() if line}
    assert offered == {
        "own",
        "run",
        "shell",
        "routes",
        "config",
        "openapi",
        "check",
        "explain",
        "retired",
        "types",
        "keys",
        "webhooks",
        "services",
        "new",
        "generate",
        "eject",
    }


def test_the_groups_name_is_the_apps():
    """app.cli is called as the application, and made once."""
    app = App("mine")

    assert app.cli.name == "mine"
    assert app.cli is app.cli


@pytest.mark.parametrize("set_debug_flag", [True, False])
def test_a_group_can_leave_debug_alone(runner, set_debug_flag):
    """set_debug_flag=False keeps the debug mode that the factory has set."""

    def create_app():
        app = App("mine")
        app.debug = True
        return app

    group = FrameworkGroup(create_app=create_app, set_debug_flag=set_debug_flag)

    @group.command()
    def show():
        click.echo(current_app.debug)

    assert runner.invoke(group, ["show"]).output == f"{not set_debug_flag}\n"


@pytest.mark.parametrize(("option", "debug"), [("--debug", True), ("--no-debug", False)])
def test_the_debug_option_wins_over_the_variable(runner, option, debug):
    """--debug before the command sets the mode for all commands."""
    os.environ["FRAMEWORK_DEBUG"] = "0" if debug else "1"
    group = FrameworkGroup(create_app=lambda: App("mine"))

    @group.command()
    def show():
        click.echo(current_app.debug)

    assert runner.invoke(group, [option, "show"]).output == f"{debug}\n"


def test_a_group_inside_another_finds_its_app(runner):
    """A FrameworkGroup may be a command of any click group."""
    outer = click.Group("outer")
    inner = FrameworkGroup(name="inner", create_app=lambda: App("mine"))
    outer.add_command(inner)

    @inner.command()
    def show():
        click.echo(current_app.name)

    assert runner.invoke(outer, ["inner", "show"]).output == "mine\n"


def test_variables_set_any_option(runner, monkeypatch):
    """FRAMEWORK_COMMAND_OPTION is read for each option of each command."""
    app = App("mine")

    @app.cli.command()
    @click.option("--count", type=int)
    def add_up(count):
        click.echo(count + 1)

    monkeypatch.setenv("FRAMEWORK_ADD_UP_COUNT", "41")

    assert runner.invoke(FrameworkGroup(create_app=lambda: app), ["add-up"]).output == "42\n"


def test_an_unknown_command_says_why_the_app_was_not_asked(write, runner):
    """Where no application could be loaded the message says so beside the unknown command."""
    result = runner.invoke(cli, ["missing"])

    assert result.exit_code == 2
    assert "FRAMEWORK_APP" in result.stderr
    assert "No such command 'missing'" in result.stderr


def test_help_is_shown_without_an_app(write, runner):
    """Help never fails; the reason why the application's commands are absent goes to stderr."""
    result = runner.invoke(cli, ["--help"])

    assert result.exit_code == 0
    assert "FRAMEWORK_APP" in result.stderr
    assert "Usage:" in result.stdout


def test_help_is_shown_when_the_factory_fails(runner):
    """Whatever the factory raises is shown with its traceback, and help after it."""

    def create_app():
        raise RuntimeError("oh no")

    result = runner.invoke(FrameworkGroup(create_app=create_app), ["--help"])

    assert result.exit_code == 0
    assert "RuntimeError: oh no" in result.stderr
    assert "Usage:" in result.stdout


@pytest.mark.parametrize(
    ("app", "words"),
    [
        ("nothere", "Could not import 'nothere'"),
        ("mod:nothere", "Failed to find attribute"),
        ("mod:x(", "Failed to parse"),
    ],
)
def test_a_wrong_app_is_told_without_a_traceback(write, runner, app, words):
    """A mistake in --app ends with a message and the status 2."""
    write("mod.py", "")
    result = runner.invoke(cli, ["--app", app, "routes"])

    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_an_import_error_of_the_app_shows_its_traceback(write, runner):
    """What the application's module fails to import is shown where it happens."""
    write("mod2.py", "import nosuchlibrary\n")
    result = runner.invoke(cli, ["--app", "mod2", "routes"])

    assert result.exit_code == 2
    assert "While importing 'mod2'" in result.stderr
    assert "No module named 'nosuchlibrary'" in result.stderr


def test_version_names_what_is_installed(runner):
    """--version shows Python, the framework and werkzeug, without an application."""
    result = runner.invoke(cli, ["--version"])

    assert result.exit_code == 0
    assert "Python " in result.output
    assert "Framework " in result.output
    assert f"Werkzeug {importlib.metadata.version('werkzeug')}" in result.output


def test_commands_of_routers_stand_in_groups(runner):
    """A router's commands are in a group of its name, of another name, or among the application's own."""
    app = App("mine")
    named, renamed, merged, late, empty = (
        Router("named", __name__),
        Router("renamed", __name__, cli_group="other"),
        Router("merged", __name__, cli_group=None),
        Router("late", __name__),
        Router("empty", __name__, cli_group="empty"),
    )
    for router in (named, renamed, merged, late):
        router.cli.command("show")(lambda name=router.name: click.echo(f"from {name}"))

    for router in (named, renamed, merged, empty):
        app.register_router(router)
    app.register_router(late, cli_group="later")
    run = app.test_cli_runner().invoke

    assert run(args=["named", "show"]).output == "from named\n"
    assert run(args=["other", "show"]).output == "from renamed\n"
    assert run(args=["show"]).output == "from merged\n"
    assert run(args=["later", "show"]).output == "from late\n"
    assert run(args=["empty"]).exit_code == 2


@pytest.fixture
def plugins(write, monkeypatch):
    """Two installed distributions with entry points: one that works and one that does not."""
    directory = write("plugin_one.py", "import click\n@click.command()\ndef hi():\n    click.echo('hi')\n").parent
    write("plugins-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: plugins\nVersion: 1\n")
    write(
        "plugins-1.dist-info/entry_points.txt",
        "[framework.commands]\nhello = plugin_one:hi\nbroken = plugin_two:hi\n",
    )
    monkeypatch.syspath_prepend(os.fspath(directory))
    importlib.invalidate_caches()


def test_plugins_bring_commands(plugins, runner):
    """An entry point of framework.commands is a command under its name."""
    group = FrameworkGroup(create_app=lambda: App("mine"))

    assert runner.invoke(group, ["hello"]).output.endswith("hi\n")
    assert "hello" in runner.invoke(group, ["--help"]).stdout


def test_a_broken_plugin_takes_no_other_command_away(plugins, runner):
    """A plugin that cannot be loaded is named on stderr and left out."""
    result = runner.invoke(FrameworkGroup(create_app=lambda: App("mine")), ["hello"])

    assert result.exit_code == 0
    assert "'broken'" in result.stderr
    assert result.stdout == "hi\n"

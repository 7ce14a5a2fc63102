"""The command line: the group that loads an application and offers its commands next to those of the framework.

Floor 7.
"""

from __future__ import annotations

import importlib.metadata
import os
import traceback
import typing as t

import click

from ..errors import SetupError
from .check import check_command
from .config import config_command
from .discovery import NoAppException
from .eject import eject_command
from .explain import explain_command
from .keys import keys_command
from .new import generate_command, new_command
from .openapi import openapi_command
from .options import app_option, env_file_option, group_debug_option, version_option
from .refusals import describe
from .retired import retired_command
from .routes import routes_command
from .run import run_command
from .script import AppGroup, ScriptInfo, pass_script_info, push_app_context, with_appcontext
from .services import services_command
from .shell import shell_command
from .types import types_command
from .webhooks import webhooks_command

if t.TYPE_CHECKING:
    from ..app import App

__all__ = ["AppGroup", "FrameworkGroup", "ScriptInfo", "cli", "main", "pass_script_info", "with_appcontext"]

_BUILT_IN = (
    run_command,
    shell_command,
    routes_command,
    config_command,
    openapi_command,
    check_command,
    explain_command,
    retired_command,
    types_command,
    keys_command,
    webhooks_command,
    services_command,
    new_command,
    generate_command,
    eject_command,
)
_PLUGINS = "framework.commands"


class FrameworkGroup(AppGroup):
    """A group that knows an application: it offers the framework's commands, those of plugins, and the application's.

    The ``framework`` command is one of these; a custom script makes another, most often with ``create_app``.
    Plugins are entry points of the group ``framework.commands``.

    :param add_default_commands: Offer ``run``, ``shell``, ``routes``, ``config``, ``openapi``, ``check``, ``explain``,
        ``retired``, ``types``, ``keys``, ``webhooks``, ``services``, ``new``, ``generate`` and ``eject``.
    :param create_app: A function without arguments that gives the application.
    :param add_version_option: Offer ``--version``.
    :param load_dotenv: Read ``.env`` and ``.frameworkenv`` before anything else.
    :param set_debug_flag: Set the application's ``debug`` from ``FRAMEWORK_DEBUG``.
    :param extra: As :class:`click.Group` takes them.
    """

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: t.Callable[..., App] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: t.Any,
    ) -> None:
        # The file comes first: it may set FRAMEWORK_APP and FRAMEWORK_DEBUG for the options after it.
        params = [*(extra.pop("params", None) or ()), env_file_option, app_option, group_debug_option]
        if add_version_option:
            params.append(version_option)

        settings = dict(extra.pop("context_settings", None) or {})
        settings.setdefault("auto_envvar_prefix", "FRAMEWORK")
        super().__init__(params=params, context_settings=settings, **extra)
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._plugins_loaded = False

        if add_default_commands:
            for command in _BUILT_IN:
                self.add_command(command)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Make the click context, with the object that will load the application."""
        # Tells "App.run", should the application's module call it, that a command is at work already.
        os.environ["FRAMEWORK_RUN_FROM_CLI"] = "true"
        if "obj" not in extra and "obj" not in self.context_settings:
            extra["obj"] = ScriptInfo(
                create_app=self.create_app,
                set_debug_flag=self.set_debug_flag,
                load_dotenv_defaults=self.load_dotenv,
            )

        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options; variables of files are read first even where only help is asked for.

        Help ends the parsing before other options are looked at, yet it lists the application's commands.
        """
        if (not args and self.no_args_is_help) or (len(args) == 1 and args[0] in self.get_help_option_names(ctx)):
            env_file_option.handle_parse_result(ctx, {}, [])
            app_option.handle_parse_result(ctx, {}, [])

        return super().parse_args(ctx, args)

    def _load_plugin_commands(self) -> None:
        """Add the commands of installed plugins, once; one that cannot be loaded is named and left out."""
        if self._plugins_loaded:
            return

        self._plugins_loaded = True
        for entry_point in importlib.metadata.entry_points(group=_PLUGINS):
            try:
                command = entry_point.load()
            except Exception as error:  # noqa: BLE001
                # One broken plugin must not take the other commands away.
                _warn(f"The command {entry_point.name!r} of a plugin cannot be loaded: {error!r}.")
            else:
                self.add_command(command, entry_point.name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command: the framework's and the plugins' first, then the application's."""
        self._load_plugin_commands()
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            return command

        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except NoAppException as error:
            _warn(f"{error.format_message()}\n")
            return None

        return app.cli.get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is to be run; one of the application is run in its context."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and command not in self.commands.values():
            # Pushed here already, so that the callbacks of the command's parameters find the application.
            push_app_context(ctx, ctx.ensure_object(ScriptInfo).load_app())

        return name, command, rest

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all commands; an application that fails to load is reported, and its commands are left out."""
        self._load_plugin_commands()
        names = set(super().list_commands(ctx))
        try:
            names.update(ctx.ensure_object(ScriptInfo).load_app().cli.list_commands(ctx))
        except NoAppException as error:
            _warn(f"{error.format_message()}\n")
        except SetupError as error:
            _warn(f"{describe(error)}\n")
        except Exception:  # noqa: BLE001
            # Help must be shown whatever the application's code raises.
            _warn(f"{traceback.format_exc()}\n")

        return sorted(names)


def _warn(message: str) -> None:
    click.secho(f"Error: {message}" if not message.startswith("Traceback") else message, err=True, fg="red")


cli = FrameworkGroup(
    name="framework",
    help="""\
Commands for applications.

The application is the one that the '--app' option or the 'FRAMEWORK_APP' environment variable names, or the one of a
'wsgi.py' or 'app.py' file in the current directory.
""",
)


def main() -> None:
    """Run the ``framework`` command."""
    cli.main()

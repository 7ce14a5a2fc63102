"""Options that commands share, and the types of their values.

Floor 7.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import typing as t

import click
from click.core import ParameterSource
from werkzeug.utils import import_string

from .envfiles import load_dotenv
from .script import ScriptInfo


class SeparatedPathType(click.Path):
    """Several paths in one value, separated as in ``PATH``."""

    separator = os.pathsep

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> t.Any:
        """Split the text and convert each part."""
        # A default may arrive here a second time, converted already.
        parts = value.split(self.separator) if isinstance(value, str) else value
        return [super(SeparatedPathType, self).convert(part, param, ctx) for part in parts if part]


class CertParamType(click.Path):
    """A certificate: an existing file, the word ``adhoc``, or the import name of an :class:`ssl.SSLContext`."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, resolve_path=True)

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> t.Any:
        """Give the path, ``"adhoc"`` or the SSL context."""
        try:
            import ssl
        except ImportError:
            raise click.BadParameter(
                'This Python was built without SSL, so "--cert" cannot be used.', ctx, param
            ) from None

        if isinstance(value, str) and value.lower() == "adhoc":
            try:
                import cryptography  # type: ignore[import-not-found, unused-ignore]  # noqa: F401
            except ImportError:
                raise click.BadParameter(
                    'A certificate made on the fly needs the cryptography library: "pip install cryptography".',
                    ctx,
                    param,
                ) from None

            return "adhoc"

        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            imported = import_string(value, silent=True) if isinstance(value, str) else value
            if isinstance(imported, ssl.SSLContext):
                return imported

            raise


def validate_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Join ``--key`` to ``--cert``, or say why the two do not fit.

    Leaves the pair of both in ``ctx.params["cert"]``.
    """
    cert = ctx.params.get("cert")
    is_file = isinstance(cert, str) and cert != "adhoc"

    if value is None:
        if is_file:
            raise click.BadParameter('Required with a "--cert" that is a file.', ctx, param)

        return None

    if cert is None:
        raise click.BadParameter('Give "--cert" too.', ctx, param)

    if not is_file:
        reason = '"adhoc"' if cert == "adhoc" else "an SSL context"
        raise click.BadParameter(f'Not used when "--cert" is {reason}. Leave it away.', ctx, param)

    ctx.params["cert"] = (cert, value)
    return value


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> bool | None:
    source = ctx.get_parameter_source(param.name or "")
    if source in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
        return None

    # In the environment the reloader's process finds it too.
    os.environ["FRAMEWORK_DEBUG"] = "1" if value else "0"
    return value


def _set_app(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value

    return value


def _read_env_file(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        try:
            import dotenv  # noqa: F401
        except ImportError:
            raise click.BadParameter(
                'Reading a file of variables needs python-dotenv: "pip install python-dotenv".', ctx, param
            ) from None

    load_defaults = ctx.ensure_object(ScriptInfo).load_dotenv_defaults
    if value is not None or load_defaults:
        load_dotenv(value, load_defaults=load_defaults)

    return value


def get_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Write the versions of Python, the framework and werkzeug, and end the command."""
    if not value or ctx.resilient_parsing:
        return

    for name, version in (
        ("Python", platform.python_version()),
        ("Framework", _version_of("framework")),
        ("Werkzeug", _version_of("werkzeug")),
    ):
        click.echo(f"{name} {version}", color=ctx.color)

    ctx.exit()


def _version_of(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed, run from its source)"


app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    help=(
        "The application to load, or a function that makes it, as 'module:name'. The module is a dotted name or the"
        " path of a file. The name may be left away if it is 'app', 'application', 'create_app' or 'make_app', and"
        " may be 'name(args)' to pass arguments."
    ),
    is_eager=True,
    expose_value=False,
    callback=_set_app,
)

env_file_option = click.Option(
    ["-e", "--env-file"],
    type=click.Path(exists=True, dir_okay=False),
    help=(
        "Set environment variables from this file. They go before those of '.env' and '.frameworkenv'; variables that"
        " are set already go before all. Needs python-dotenv."
    ),
    is_eager=True,
    expose_value=False,
    callback=_read_env_file,
)

version_option = click.Option(
    ["--version"],
    help="Show the versions and exit.",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=get_version,
)

_DEBUG: dict[str, t.Any] = {"help": "Set debug mode.", "is_eager": True, "expose_value": False, "callback": _set_debug}
group_debug_option = click.Option(["--debug/--no-debug"], **_DEBUG)
#: The same option for a command below the group.
debug_option = click.option("--debug/--no-debug", **_DEBUG)

"""The ``eject`` command: a router of ``crud`` as ordinary code.

Not here: the code (``sqlalchemy``). Floor 7.
"""

from __future__ import annotations

import importlib
import pathlib
import tomllib
import typing as t

import click

from ..errors import SetupError
from .discovery import prepare_import
from .script import ScriptInfo, pass_script_info

if t.TYPE_CHECKING:
    from ..resources.router import Router

_USUAL_LENGTH: t.Final = 88


@click.command("eject", short_help="Print a router of crud as ordinary code.")
@click.argument("router")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=pathlib.Path), help="The file to write.")
@click.option(
    "--line-length",
    type=click.IntRange(60, 320),
    help="The most characters of a line. Default: that of ruff in pyproject.toml, otherwise 88.",
)
@pass_script_info
def eject_command(info: ScriptInfo, router: str, output: pathlib.Path | None, line_length: int | None) -> None:
    """Print a router of crud as the module that one would write by hand: schemas, queries, resources.

    ROUTER is the name of a router of the application, or 'module:name', where it is in a module. With the module in the
    place of the call of crud() the application has the same document. An existing file is not written over.
    """
    try:
        from ..sqlalchemy import eject  # it imports SQLAlchemy, which other commands do not need
    except ImportError as error:
        raise click.ClickException(str(error)) from None
    if output is not None and output.exists():
        raise click.ClickException(f"The file {str(output)!r} exists. Remove it, or name another one with --output.")
    found = router_in_module(router) if ":" in router else router_of_app(info, router)
    try:
        text = eject(found, line_length=line_length or usual_length())
    except SetupError as error:
        raise click.ClickException(str(error)) from error
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(f"Wrote {output}. Next: import its 'router' in the place of the call of crud().", err=True)


def router_of_app(info: ScriptInfo, name: str) -> Router:
    """Return a router of the application.

    :raises click.UsageError: It has none of that name.
    """
    app = info.load_app()
    for full_name, each in app.routers.items():
        if name in (full_name, each.name):
            return each
    known = ", ".join(sorted(app.routers)) or "none"
    raise click.UsageError(f"Unknown router {name!r}. Known routers: {known}.")


def router_in_module(path: str) -> Router:
    """Return a router of a module.

    :param path: The module, a colon, and the name in it.
    :raises click.UsageError: There is none.
    """
    from ..resources.router import Router

    module_name, _, name = path.partition(":")
    module_name = prepare_import(module_name)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise click.UsageError(f"Could not import {module_name!r}. Check the name and the current folder.") from None
    found = getattr(module, name, None)
    if not isinstance(found, Router):
        raise click.UsageError(f"{path!r} is not a router. Give the name of one that crud() has made.")
    return found


def usual_length() -> int:
    """Return the length of lines that ruff has in the project of the current folder."""
    for folder in (pathlib.Path.cwd(), *pathlib.Path.cwd().parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            settings = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("ruff", {})
            length: object = settings.get("line-length", _USUAL_LENGTH)
            return length if isinstance(length, int) else _USUAL_LENGTH
    return _USUAL_LENGTH

"""The ``config`` command: the settings that apply, and where each comes from.

Floor 7.
"""

from __future__ import annotations

import typing as t

import click
from click.shell_completion import CompletionItem

from .. import context
from ..config import SETTINGS, Setting, SettingError
from .script import with_appcontext

if t.TYPE_CHECKING:
    from ..app import App

_LONGEST = 60


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the built-in settings that begin like what was typed."""
    return [
        CompletionItem(name, help=setting.text) for name, setting in SETTINGS.items() if name.startswith(incomplete)
    ]


class ShownSetting(t.NamedTuple):
    """One setting as it is shown."""

    name: str
    value: str
    source: str
    setting: Setting | None = None
    """The declaration of a built-in one."""


def all_rows(app: App) -> list[ShownSetting]:
    """Return the built-in settings in their order, then those of ``app.config``, then those of ``app.settings``."""
    config = app.config
    own = sorted((name for name in config if name not in SETTINGS), key=str)
    names = [*(name for name in SETTINGS if name in config), *own]
    found = [ShownSetting(name, config.shown(name), config.source(name), SETTINGS.get(name)) for name in names]
    if app.settings is not None:
        from ..settings import rows

        found.extend(ShownSetting(*each) for each in rows(app.settings))
    return found


def chosen(app: App, names: tuple[str, ...], changed: bool) -> list[ShownSetting]:
    """Return the settings to show.

    :raises ClickException: A setting is not there.
    """
    rows = all_rows(app)
    known = {row.name for row in rows}
    for name in names:
        if name not in known:
            raise click.ClickException(f"Unknown setting: {name}. 'framework config' shows those that are set.")
    return [row for row in rows if (not names or row.name in names) and (not changed or row.source != "default")]


@click.command("config", short_help="Show the settings and their sources.")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete)
@click.option("--changed", is_flag=True, help="Show only the settings that were written, not the defaults.")
@with_appcontext
def config_command(names: tuple[str, ...], changed: bool) -> None:
    """Show the settings of the application, with their values and where each was written.

    Secret keys and passwords in URLs are masked. All settings are checked first; a wrong one is an error. With one NAME
    or several, what these take and mean is shown as well.
    """
    app = context.current().app
    try:
        app.config.check()
    except SettingError as error:
        raise click.ClickException(str(error)) from None
    rows = chosen(app, names, changed)
    if not rows:
        click.echo("All settings have their defaults." if changed else "There are no settings.")
        return
    if names:
        for row in rows:
            explain(row)
        return
    lines = [(row.name, short(row.value), row.source) for row in rows]
    titles = ("Setting", "Value", "Source")
    widths = [max(len(line[column]) for line in (titles, *lines)) for column in range(3)]
    for line in (titles, tuple("-" * width for width in widths), *lines):
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def explain(row: ShownSetting) -> None:
    """Print one setting with what it takes and means."""
    click.secho(row.name, bold=True)
    click.echo(f"  value   {row.value}")
    click.echo(f"  source  {row.source}")
    if row.setting is not None:
        click.echo(f"  takes   {row.setting.takes.said}")
        click.echo(f"  {row.setting.text.replace('``', '')}")


def short(text: str) -> str:
    """Return text that fits into a column."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."

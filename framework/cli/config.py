"""The ``config`` command: the settings that apply, and where each comes from.

Floor 7.
"""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from .. import context
from ..config import SETTINGS, Config, SettingError
from .script import with_appcontext

_LONGEST = 60


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the built-in settings that begin like what was typed."""
    return [
        CompletionItem(name, help=setting.text) for name, setting in SETTINGS.items() if name.startswith(incomplete)
    ]


def chosen(config: Config, names: tuple[str, ...], changed: bool) -> list[str]:
    """Return the settings to show: the built-in ones in their order, then the application's own.

    :raises ClickException: A setting is not there.
    """
    for name in names:
        if name not in config:
            raise click.ClickException(f"Unknown setting: {name}. 'framework config' shows those that are set.")
    own = sorted((name for name in config if name not in SETTINGS), key=str)
    found = [name for name in (*SETTINGS, *own) if name in config and (not names or name in names)]
    return [name for name in found if not changed or config.source(name) != "default"]


@click.command("config", short_help="Show the settings and their sources.")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete)
@click.option("--changed", is_flag=True, help="Show only the settings that were written, not the defaults.")
@with_appcontext
def config_command(names: tuple[str, ...], changed: bool) -> None:
    """Show the settings of the application, with their values and where each was written.

    Secret keys and passwords in URLs are masked. All settings are checked first; a wrong one is an error. With one NAME
    or several, what these take and mean is shown as well.
    """
    config = context.current().app.config
    try:
        config.check()
    except SettingError as error:
        raise click.ClickException(str(error)) from None
    shown = chosen(config, names, changed)
    if not shown:
        click.echo("All settings have their defaults." if changed else "There are no settings.")
        return
    if names:
        for name in shown:
            explain(config, name)
        return
    rows = [(name, short(config.shown(name)), config.source(name)) for name in shown]
    titles = ("Setting", "Value", "Source")
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(3)]
    for row in (titles, tuple("-" * width for width in widths), *rows):
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def explain(config: Config, name: str) -> None:
    """Print one setting with what it takes and means."""
    click.secho(name, bold=True)
    click.echo(f"  value   {config.shown(name)}")
    click.echo(f"  source  {config.source(name)}")
    setting = SETTINGS.get(name)
    if setting is not None:
        click.echo(f"  takes   {setting.takes.said}")
        click.echo(f"  {setting.text.replace('``', '')}")


def short(text: str) -> str:
    """Return text that fits into a column."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."

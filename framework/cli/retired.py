"""The ``retired`` command: which operations are on their way out, and who still calls them.

Floor 7.
"""

from __future__ import annotations

import typing as t

import click

from .. import context
from ..marks.traffic import store_url
from ..stores.base import StoreAway
from ..versions import RetiredMark, counts_of
from .script import with_appcontext

if t.TYPE_CHECKING:
    from ..resources.operation import Operation


def mark_of(operation: Operation) -> RetiredMark | None:
    """The mark that retires an operation, if one does."""
    return next((mark for mark in operation.marks if isinstance(mark, RetiredMark)), None)


def _title(operation: Operation, mark: RetiredMark) -> str:
    words = [operation.address]
    if mark.until is not None:
        words.append(f"until {mark.until.date().isoformat()}")
    if mark.replaced_by is not None:
        words.append(f"replaced by {mark.replaced_by}")
    return ", ".join(words)


@click.command("retired", short_help="Show retired operations and their callers.")
@with_appcontext
def retired_command() -> None:
    """Show which operations are on their way out, and who has called them how often.

    The counts are those of the store that RETIRED_STORE_URL, or without it STORE_URL, names.
    """
    app = context.current().app
    found = [(operation, mark) for operation in app.operations if (mark := mark_of(operation)) is not None]
    if not found:
        click.echo("No operation is retired.")
        return
    if store_url(app.config, "RETIRED") is None:
        click.echo("STORE_URL is not set: each process counts for itself, and this one has seen no calls.", err=True)
    counts = counts_of(app)
    for operation, mark in found:
        click.secho(_title(operation, mark), bold=True)
        try:
            callers = counts.of(operation.address)
        except StoreAway as error:
            raise click.ClickException(f"The counts cannot be read: {error}") from error
        for caller, count in callers.items():
            click.echo(f"  {count:>8}  {caller}")
        if not callers:
            click.echo("            no calls")

"""The ``keys`` commands: make, list, replace and end API keys.

Not here: the keys (``auth``), which the application brings. Floor 7.
"""

from __future__ import annotations

import datetime as dt
import typing as t

import click

from .. import context
from ..errors import APIError
from .script import with_appcontext

if t.TYPE_CHECKING:
    from ..auth import APIKeyRecord, APIKeys, CreatedAPIKey


def keys_of_app() -> APIKeys:
    """Return the keys of the application.

    :raises click.ClickException: It has none.
    """
    app = context.current().app
    found = app.extensions.get("framework.api_keys")
    if found is None:
        raise click.ClickException(
            f"The application {app.name!r} has no API keys. Make them with framework.auth.APIKeys(store, prefix='...',"
            " app=app), or call its init_app(app)."
        )
    return t.cast("APIKeys", found)


@click.group("keys", short_help="Make, list, replace and end API keys.")
def keys_command() -> None:
    """Manage the API keys of the application."""


@keys_command.command("create")
@click.argument("name")
@click.option("--owner", required=True, help="The id of the owner.")
@click.option("--scope", "scopes", multiple=True, help="What the key is good for; may be given several times.")
@click.option("--days", type=click.FloatRange(0, min_open=True), help="Days until it expires. Default: never.")
@with_appcontext
def create_command(name: str, owner: str, scopes: tuple[str, ...], days: float | None) -> None:
    """Make a key. It is printed once, alone on standard output."""
    keys = keys_of_app()
    try:
        made = keys.create(name, owner, scopes=scopes, expires_in=None if days is None else dt.timedelta(days=days))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except APIError as error:
        raise click.ClickException(str(error.description)) from None
    say(made)


@keys_command.command("list")
@click.option("--owner", help="Those of one owner. Default: all.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@with_appcontext
def list_command(owner: str | None, limit: int) -> None:
    """List keys, the newest first."""
    keys = keys_of_app()
    try:
        found = keys.list(owner, limit)
    except APIError as error:
        raise click.ClickException(str(error.description)) from None
    if not found:
        click.echo("No keys.", err=True)
    for record in found:
        click.echo("\t".join(cells_of(record)))


@keys_command.command("rotate")
@click.argument("key_id")
@click.option(
    "--overlap-hours", type=click.FloatRange(0), default=24.0, show_default=True, help="How long the old key is good."
)
@with_appcontext
def rotate_command(key_id: str, overlap_hours: float) -> None:
    """Make a key that takes the place of another, which stays good for some hours."""
    keys = keys_of_app()
    try:
        made = keys.rotate(key_id, overlap=dt.timedelta(hours=overlap_hours))
    except APIError as error:
        raise click.ClickException(str(error.description)) from None
    say(made)


@keys_command.command("revoke")
@click.argument("key_id")
@with_appcontext
def revoke_command(key_id: str) -> None:
    """End a key at once."""
    keys = keys_of_app()
    try:
        keys.revoke(key_id)
    except APIError as error:
        raise click.ClickException(str(error.description)) from None
    click.echo(f"The key {key_id} is ended.", err=True)


def say(made: CreatedAPIKey) -> None:
    """Print a new key."""
    click.echo(f"The key {made.record.id}, which is not shown again:", err=True)
    click.echo(made.key)


def cells_of(record: APIKeyRecord) -> list[str]:
    """Return the columns of a line: id, owner, name, state, last use, scopes."""
    now = dt.datetime.now(dt.UTC)
    if record.revoked_at is not None:
        state = "revoked"
    elif not record.is_active(now):
        state = "expired"
    elif record.expires_at is not None:
        state = f"until {record.expires_at:%Y-%m-%d %H:%M}"
    else:
        state = "good"
    used = "never used" if record.last_used_at is None else f"used {record.last_used_at:%Y-%m-%d %H:%M}"
    texts = (record.owner, record.name, state, used, " ".join(record.scopes))
    return [record.id, *("".join(letter if letter.isprintable() else "?" for letter in text) for text in texts)]

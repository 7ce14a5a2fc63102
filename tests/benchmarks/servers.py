"""Over the wire: gunicorn, granian and uvicorn on 127.0.0.1, asked by wrk.

All servers of one kind run at the same time and are asked in turn; one that is not asked waits. Needs ``wrk``, which is
a package of Debian; where it is missing, nothing is measured.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import dataclasses
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
WSGI = {
    "framework": "framework",
    "Falcon + marshmallow": "falcon_marshmallow",
    "Falcon + msgspec": "falcon_msgspec",
    "flask-smorest": "flask_smorest",
}
ASGI = {
    "framework": "framework_asgi",
    "Litestar": "litestar",
    "FastAPI": "fastapi",
    "Starlette + marshmallow": "starlette_marshmallow",
}
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--log-level", "error")
GRANIAN = (
    *("granian", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1", "--no-ws", "--log-level", "error"),
    "--interface",
)
UVICORN = ("uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "error", "--no-access-log")
# The command of each server of one worker, and the applications that it serves.
SERVERS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "gunicorn, sync": (GUNICORN, WSGI),
    "gunicorn, gthread of 4": ((*GUNICORN, "--worker-class", "gthread", "--threads", "4"), WSGI),
    "granian, WSGI": ((*GRANIAN, "wsgi"), WSGI),
    "uvicorn, ASGI": (UVICORN, ASGI),
    "granian, ASGI": ((*GRANIAN, "asgi"), ASGI),
}
ROUNDS = 3
SECONDS = 1
CONNECTIONS = 16
LUA = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[{}]==]\n'
MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


@dataclasses.dataclass(frozen=True)
class Rate:
    """What wrk measured.

    :param rate: Requests in a second.
    :param p50: Milliseconds within which half of the answers came.
    :param p99: The same for 99 of a hundred.
    """

    rate: float
    p50: float
    p99: float


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(server: str, target: str, port: int) -> list[str]:
    """Return the command that starts a server of one worker."""
    words = [word.format(port=port) for word in SERVERS[server][0]]
    return [sys.executable, "-m", *words, f"tests.benchmarks.served:{target}"]


@contextlib.contextmanager
def serving(server: str) -> cabc.Iterator[dict[str, int]]:
    """Run the applications; gives their ports."""
    apps = SERVERS[server][1]
    ports = {app: free_port() for app in apps}
    processes = [subprocess.Popen(command(server, apps[app], port), cwd=ROOT) for app, port in ports.items()]
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


def ask(port: int, path: str, script: pathlib.Path | None, seconds: int) -> Rate:
    """Ask by wrk with one thread.

    :raises SystemExit: Some answers are errors.
    """
    words = ["wrk", "--latency", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *(["-s", str(script)] if script else [])]
    told = subprocess.run([*words, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told or (rate := re.search(r"Requests/sec:\s+([\d.]+)", told)) is None:
        raise SystemExit(f"Not all answers of {path} are right:\n{told}")
    return Rate(float(rate[1]), latency(told, 50), latency(told, 99))


def latency(told: str, percent: int) -> float:
    """Return the milliseconds of a percentile in wrk's output."""
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)$", told, re.MULTILINE)
    if found is None:
        raise SystemExit(f"wrk says nothing of {percent} %:\n{told}")
    return float(found[1]) * MILLISECONDS[found[2]]


Rates = dict[str, dict[str, dict[str, Rate]]]
"""What wrk measured, by server, workload and application."""


def run(say: cabc.Callable[[str], object], quick: bool = False) -> Rates | None:
    """Start the servers and ask them in turn; medians.

    :param say: Takes a line about what is going on.
    :param quick: Whether one round is enough.
    :return: ``None`` where there is no wrk.
    """
    if shutil.which("wrk") is None:
        return None
    rates: Rates = {}
    with tempfile.TemporaryDirectory() as folder:
        for server in SERVERS:
            with serving(server) as ports:
                rates[server] = {}
                for workload in (each for each in WORKLOADS if each.name in ASKED):
                    say(f"{server}: {workload.title}")
                    script = None
                    if workload.question.body:
                        script = pathlib.Path(folder, "ask.lua")
                        script.write_text(LUA.format(workload.question.body.decode()), encoding="utf-8")
                    seen: dict[str, list[Rate]] = {app: [] for app in ports}
                    for _ in range(1 if quick else ROUNDS):
                        for app, port in ports.items():
                            seen[app].append(ask(port, workload.question.path, script, SECONDS))
                    rates[server][workload.title] = {app: middle(each) for app, each in seen.items()}
    return rates


def middle(turns: list[Rate]) -> Rate:
    """Return the medians of some turns."""
    return Rate(*(statistics.median(getattr(turn, name) for turn in turns) for name in ("rate", "p50", "p99")))

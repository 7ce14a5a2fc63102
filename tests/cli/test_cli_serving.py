"""The real server in a process of its own, on the loopback interface."""

from __future__ import annotations

import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import typing as t
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP = """
from framework import App, current_app
app = App("served")

@app.route("/")
def index():
    return f"debug={current_app.debug}"
"""


class Served:
    """A running command, and what it has written so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._news:
                self.lines.append(line)
                self._news.notify_all()

        with self._news:
            self._news.notify_all()

    def wait_for(self, pattern: str, seconds: float = 20) -> re.Match[str]:
        """Wait until the output matches."""

        def found() -> re.Match[str] | None:
            return re.search(pattern, "".join(self.lines))

        with self._news:
            self._news.wait_for(lambda: found() or not self._reader.is_alive(), seconds)

        match = found()
        if match is None:
            raise AssertionError(f"No {pattern!r} in:\n{''.join(self.lines)}")

        return match

    def end(self) -> None:
        """End the process and those it has started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)

        self.process.wait(10)
        self._reader.join(10)
        if self.process.stdout:
            self.process.stdout.close()


@pytest.fixture
def start(write) -> t.Iterator[t.Callable[..., Served]]:
    """Start ``python -m framework``, or another command, with arguments; all are ended after the test."""
    running: list[Served] = []

    def start(*args: str, command: tuple[str, ...] = (), **variables: str) -> Served:
        process = subprocess.Popen(
            [sys.executable, *(command or ("-m", "framework")), *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": os.fspath(ROOT), "PYTHONUNBUFFERED": "1", **variables},
            start_new_session=True,
        )
        running.append(Served(process))
        return running[-1]

    yield start

    for served in running:
        served.end()


def fetch(url: str) -> str:
    """Get a page from the loopback interface, never through a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as reply:
        return reply.read().decode()


def change_until(served: Served, file: pathlib.Path, text: str, pattern: str) -> None:
    """Write a file with ever later times until the output matches.

    A reloader that has just started takes the first time it sees for the old one.
    """
    file.write_text(text)
    for _ in range(15):
        later = file.stat().st_mtime + 10
        os.utime(file, (later, later))
        try:
            served.wait_for(pattern, 2)
        except AssertionError:
            continue
        return

    served.wait_for(pattern, 2)


def test_run_serves_the_application(start, write):
    """framework run answers requests, without reloader unless debug mode is on."""
    write("hello.py", APP)
    served = start("--app", "hello", "run", "--port", "0")
    url = served.wait_for(r"Running on (http://\S+)")[1]

    assert fetch(url) == "debug=False"
    output = "".join(served.lines)
    assert "Serving application 'hello'" in output
    assert "Debug mode: off" in output
    assert "Restarting" not in output
    assert "Debugger" not in output


def test_a_script_serves_itself(start, write):
    """App.run of a program serves; the same call is passed over when a command serves the module."""
    write("script.py", APP + "\napp.run(port=0)\n")
    served = start("script.py", command=("-u",))
    url = served.wait_for(r"Running on (http://\S+)")[1]

    assert fetch(url) == "debug=False"

    commanded = start("--app", "script", "run", "--port", "0")
    url = commanded.wait_for(r"Running on (http://\S+)")[1]

    assert fetch(url) == "debug=False"
    assert "Ignoring" in "".join(commanded.lines)


def test_the_debugger_runs_in_debug_mode_alone(start, write):
    """An error shows the interactive debugger to a browser in debug mode, and nothing of itself elsewhere."""
    write("raising.py", APP + "\n@app.route('/fails')\ndef fails():\n    raise ValueError('a secret')\n")
    plain = start("--app", "raising", "run", "--port", "0").wait_for(r"Running on (http://\S+)")[1]
    debug = start("--app", "raising", "run", "--port", "0", "--debug", "--no-reload").wait_for(
        r"Running on (http://\S+)"
    )[1]

    pages = {}
    for name, url in (("plain", plain), ("debug", debug)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            fetch(f"{url}/fails")
        with caught.value as reply:
            assert reply.code == 500
            pages[name] = reply.read().decode()

    assert "a secret" not in pages["plain"]
    assert "a secret" in pages["debug"]
    assert "__debugger__" in pages["debug"]


def test_run_debug_reloads_and_survives_an_error(start, write):
    """With --debug a change restarts the application; a broken one waits until it is mended."""
    file = write("changing.py", APP)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    served = start("--app", "changing", "run", "--port", str(port), "--debug")
    served.wait_for(r"Debugger is active")

    assert fetch(f"http://127.0.0.1:{port}/") == "debug=True"

    change_until(served, file, "import nosuchlibrary\n", r"(?s)No module named 'nosuchlibrary'.*Debugger is active")
    change_until(served, file, APP.replace("debug=", "mended="), r"(?s)nosuchlibrary.*Restarting.*Debugger is active")
    assert fetch(f"http://127.0.0.1:{port}/") == "mended=True"


def test_a_busy_port_is_explained(start, write):
    """A port that another program uses ends the command with a sentence and no traceback."""
    write("busy.py", APP)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        served = start("--app", "busy", "run", "--port", str(port))
        served.wait_for(rf"Port {port} is in use")
        code = served.process.wait(20)

    assert code == 1
    assert "different port" in "".join(served.lines)
    assert "Traceback" not in "".join(served.lines)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_a_wrong_host_is_explained(start, write, host):
    """A host that cannot be listened on ends the command with a sentence and no traceback."""
    write("hosted.py", APP)
    served = start("--app", "hosted", "run", "--host", host, "--port", "0")
    code = served.process.wait(20)
    served._reader.join(10)

    assert code == 1
    assert "Traceback" not in "".join(served.lines)
    assert f"Cannot listen on host {host!r}" in "".join(served.lines)


def test_a_wrong_app_is_explained(start, write):
    """A module that does not exist ends the command with a sentence and no traceback."""
    served = start("--app", "nothere", "run")
    code = served.process.wait(20)
    served._reader.join(10)

    assert code == 2
    assert "Could not import 'nothere'" in "".join(served.lines)
    assert "Traceback" not in "".join(served.lines)


def test_python_m_framework_shows_its_name(start):
    """python -m framework is the framework command."""
    served = start("--help")

    served.wait_for("Usage: python -m framework")
    assert served.process.wait(20) == 0

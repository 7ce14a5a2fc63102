"""Draining under real servers: what a process does from SIGTERM to its end."""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref

import pytest

from framework import App
from framework.serve import Draining
from tests.servers import free_port, nginx_server, running

SECONDS = 30
"""A bound on waiting for what does come; no test passes or fails by a shorter one."""

CONF = """
from framework.serve.gunicorn import *
"""
BROKEN = """
from framework import App
app = App(__name__)
@app.on_startup
def connect():
    raise OSError("no database")
"""
WAITRESS = """
from framework.serve.waitress import serve
from tests.serve.drained import app
serve(app, listen="127.0.0.1:{port}", threads={threads}, connection_limit=500)
"""
GUNICORN = ["-m", "gunicorn", "-c", "gunicorn.conf.py", "--graceful-timeout", "{grace}", "--bind", "127.0.0.1:{port}"]
SERVERS = {
    "gunicorn": [*GUNICORN, "--workers", "2", "tests.serve.drained:app"],
    "gunicorn-threads": [*GUNICORN, "--threads", "{threads}", "tests.serve.drained:app"],
    "granian": [
        *("-m", "granian", "--interface", "wsgi", "--blocking-threads", "{threads}", "--backpressure", "{threads}"),
        *("--port", "{port}", "tests.serve.drained:app"),
    ],
    "waitress": ["-c", WAITRESS],
    "uvicorn": [
        *("-m", "uvicorn", "--port", "{port}", "--timeout-graceful-shutdown", "{grace}"),
        "tests.serve.drained_asgi:asgi",
    ],
    "granian-asgi": ["-m", "granian", "--interface", "asgi", "--port", "{port}", "tests.serve.drained_asgi:asgi"],
    "gunicorn-asgi": [*GUNICORN, "--worker-class", "asgi", "tests.serve.drained_asgi:asgi"],
}


class Served:
    """A server, its process and its logs."""

    def __init__(self, port, log):
        self.port, self.log = port, log
        self.process: subprocess.Popen = None

    def ask(self, path, method="GET", body=None, timeout=SECONDS):
        """One request: status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def later(self, path, answers):
        """The same in a thread; the outcome is added to a list."""

        def ask():
            try:
                answers.append(self.ask(path))
            except (OSError, http.client.HTTPException) as error:
                answers.append((0, repr(error).encode()))

        thread = threading.Thread(target=ask)
        thread.start()
        return thread

    @property
    def notes(self):
        """What the application has noted."""
        return self.log.read_text().splitlines()

    @property
    def output(self):
        """What the server has printed."""
        return self.log.with_suffix(".out").read_text()

    def wait_for(self, condition):
        """Wait until something is true."""
        end = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < end, self.notes + [self.output]
            time.sleep(0.02)

    def end(self):
        """Send SIGTERM, and return a function that waits for the end and returns the seconds."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)

        def wait():
            self.process.wait(SECONDS)
            return time.monotonic() - began

        return wait


@contextlib.contextmanager
def server(name, folder, monkeypatch, *, threads=8, grace=15, port=None, **settings):
    """One of the servers."""
    (folder / "gunicorn.conf.py").write_text(CONF)
    served = Served(port or free_port(), folder / "notes")
    served.log.write_text("")
    for key, value in {"ASGI_THREADS": threads, **settings}.items():
        monkeypatch.setenv(f"FRAMEWORK_{key}", str(value))
    values = {"port": str(served.port), "threads": str(threads), "grace": str(grace)}
    words = [word.format(**values) for word in SERVERS[name]]
    with running([sys.executable, *words], served.port, served.log) as served.process:
        served.wait_for(lambda: served.ask("/startupz")[0] == 200)
        served.wait_for(lambda: served.notes.count("pool opened") == (2 if name == "gunicorn" else 1))
        yield served


@pytest.fixture(params=SERVERS)
def name(request):
    """Each server in turn."""
    return request.param


def refused(served):
    """Whether nothing listens any more."""
    try:
        socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS).close()
    except ConnectionError:
        return True
    return False


def in_order(text, *words):
    """Whether words follow one another in a text."""
    places = [text.find(word) for word in words]
    return -1 not in places and places == sorted(places)


def test_requests_end_before_the_process_does(name, tmp_path, monkeypatch):
    """Not ready at once, still answering for the delay, then closed; what runs ends, then what was put off, then the
    pool; each phase is in the log."""
    answers = []
    with server(name, tmp_path, monkeypatch, DRAIN_DELAY=1.5, DRAIN_TIMEOUT=14) as served:
        asked = served.later("/slow/3.0", answers)
        served.wait_for(lambda: "slow begins" in served.notes)
        wait = served.end()
        served.wait_for(lambda: served.ask("/readyz")[0] == 503)
        assert served.ask("/livez")[0] == 200
        assert served.ask("/late/0.5")[0] == 200
        served.wait_for(lambda: refused(served))
        asked.join(SECONDS)
        wait()

        assert answers == [(200, b'{"slow":3.0}\n')]
        assert "slow ends" in served.notes
        assert "letter sent" in served.notes
        assert served.notes[-1] == "pool closed"
        assert served.notes.count("pool closed") == served.notes.count("pool opened")
        assert in_order(
            served.output,
            "is to end within",
            "is not ready any more, and takes new connections for 1.5 s still",
            "takes no new connections",
            "has answered its requests",
        ), served.output


STREAMS = pytest.mark.parametrize("count", [5, pytest.param(100, marks=pytest.mark.extended)])


@STREAMS
def test_streams_of_events_end_with_a_last_event(name, count, tmp_path, monkeypatch):
    """Each open stream gets the event ``shutdown`` and its end, each generator is closed, and the process ends soon."""
    count = 2 if name == "gunicorn" else count  # one for each of its processes
    with server(name, tmp_path, monkeypatch, threads=2 * count + 2, grace=20) as served:
        answers = []
        threads = [served.later("/events", answers) for _ in range(count)]
        served.wait_for(lambda: served.notes.count("events begin") == count)
        wait = served.end()
        for thread in threads:
            thread.join(SECONDS)

        assert [status for status, _ in answers] == [200] * count
        assert {body for _, body in answers} == {b"data: hello\n\nevent: shutdown\ndata: {}\n\n"}
        assert wait() < 20 + 1
        assert served.notes.count("events end") == count
        assert served.notes[-1] == "pool closed"


def test_streams_without_a_thread_end_at_their_next_event(name, tmp_path, monkeypatch):
    """A stream that is made in the thread of its request ends when it makes its next event."""
    with server(name, tmp_path, monkeypatch) as served:
        answers = []
        thread = served.later("/ticks", answers)
        served.wait_for(lambda: "ticks begin" in served.notes)
        wait = served.end()
        thread.join(SECONDS)
        wait()

        ((status, body),) = answers
        assert (status, body[-len(b"event: shutdown\ndata: {}\n\n") :]) == (200, b"event: shutdown\ndata: {}\n\n")
        assert "ticks end" in served.notes


def test_the_time_is_kept(name, tmp_path, monkeypatch):
    """What runs on is broken off at the end of the time: no stream of lines looks complete, its generator is closed,
    what is lost is named, and the pool is closed."""
    with server(name, tmp_path, monkeypatch, grace=4, DRAIN_TIMEOUT=3) as served:
        answers, late = [], []
        threads = [served.later("/lines", answers)]
        served.wait_for(lambda: "lines begin" in served.notes)
        threads.append(served.later("/late/60.0", late))
        served.wait_for(lambda: "letter begins" in served.notes)
        wait = served.end()
        seconds = wait()
        for thread in threads:
            thread.join(SECONDS)

        assert seconds < 4 + 1
        assert answers[0][0] == 0  # IncompleteRead: the body has no end
        assert "IncompleteRead" in answers[0][1].decode()
        assert "lines end" in served.notes
        assert "letter sent" not in served.notes
        assert "has no time left" in served.output
        assert "send_letter" in served.output
        assert served.notes.count("pool closed") == served.notes.count("pool opened")


@pytest.mark.parametrize("name", ["gunicorn", "gunicorn-threads"])
def test_a_worker_whose_start_fails_does_not_boot(name, tmp_path, monkeypatch):
    """gunicorn ends with the reason where a startup function fails, instead of answering 503."""
    (tmp_path / "gunicorn.conf.py").write_text(CONF)
    (tmp_path / "broken.py").write_text(BROKEN)
    values = {"port": str(free_port()), "threads": "2", "grace": "5"}
    words = [word.format(**values).replace("tests.serve.drained", "broken") for word in SERVERS[name]]
    ran = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)

    assert ran.returncode == 3
    assert "connect' (" in ran.stderr
    assert "OSError: no database" in ran.stderr


def test_greenlets_keep_the_end_of_their_server(tmp_path, monkeypatch):
    """Under gevent gunicorn ends its workers by itself; the hooks start the application and shut it down."""
    monkeypatch.setitem(SERVERS, "gevent", [*GUNICORN, "--worker-class", "gevent", "tests.serve.drained:app"])
    answers = []
    with server("gevent", tmp_path, monkeypatch, grace=10, DRAIN_DELAY=5) as served:
        asked = served.later("/slow/1.0", answers)
        served.wait_for(lambda: "slow begins" in served.notes)
        served.end()()
        asked.join(SECONDS)

        assert answers == [(200, b'{"slow":1.0}\n')]
        assert served.notes == ["pool opened", "slow begins", "slow ends", "pool closed"]


def test_a_reload_keeps_the_host_ready(tmp_path, monkeypatch):
    """With SIGHUP gunicorn has new workers at the port: readiness stays, and the delay is not waited for."""
    with server("gunicorn-threads", tmp_path, monkeypatch, grace=20, DRAIN_DELAY=15) as served:
        old = json.loads(served.ask("/")[1])["pid"]
        served.process.send_signal(signal.SIGHUP)
        seen = set()

        def replaced():
            seen.add(served.ask("/readyz")[0])
            return f"Process {old} has answered its requests" in served.output

        served.wait_for(replaced)

        assert seen == {200}
        assert json.loads(served.ask("/")[1])["pid"] != old
        assert "is not ready any more" not in served.output


# Rolling restarts


class Load:
    """Clients that read and write until they are stopped; what failed is kept.

    :param port: Where they send their requests.
    :param kept_alive: Whether each keeps its connection as long as the server does.
    """

    def __init__(self, port, kept_alive=False):
        self.port, self.kept_alive = port, kept_alive
        self.answered, self.failures = 0, []
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(6)]

    def _run(self, client):
        connection, number = None, 0
        while not self._stop.is_set():
            number += 1
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
            method, path = ("POST", "/work") if client % 2 else ("GET", "/")
            text = f"{client}-{number}" if client % 2 else None
            try:
                connection.request(method, path, text)
                answer = connection.getresponse()
                body = answer.read()
                good = answer.status == 200 and (text is None or json.loads(body) == {"text": text})
                failure = None if good else (method, answer.status, body)
            except (OSError, http.client.HTTPException) as error:
                answer, failure = None, (method, repr(error), number)
            with self._lock:
                self.answered += failure is None
                if failure is not None:
                    self.failures.append(failure)
            if answer is None or answer.will_close or not self.kept_alive:
                connection.close()
                connection = None
            self._stop.wait(0.005)
        if connection is not None:
            connection.close()

    def more(self, count):
        """Wait until as many more requests have been answered."""
        goal, end = self.answered + count, time.monotonic() + SECONDS
        while self.answered < goal and time.monotonic() < end:
            time.sleep(0.02)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        self.more(20)
        return self

    def __exit__(self, *error):
        self._stop.set()
        for thread in self._threads:
            thread.join(SECONDS)


def pids(served):
    """The processes that answer just now."""
    return {json.loads(served.ask("/")[1])["pid"] for _ in range(40)}


@pytest.mark.extended
@pytest.mark.parametrize("kept_alive", [False, True])
@pytest.mark.parametrize("name", ["gunicorn", "gunicorn-threads"])
def test_a_reload_under_load_loses_no_request(name, kept_alive, tmp_path, monkeypatch):
    """Three times SIGHUP: new workers answer, the old ones end, and each request gets its answer."""
    with server(name, tmp_path, monkeypatch, grace=10) as served, Load(served.port, kept_alive) as load:
        for _ in range(3):
            old = pids(served)
            served.process.send_signal(signal.SIGHUP)
            served.wait_for(lambda old=old: not old & pids(served))
            load.more(100)

    assert load.failures == []
    assert load.answered > 400


BALANCED = """
        location / {{
            proxy_pass http://hosts;
            {repeat}
        }}
"""
REPEAT = "proxy_next_upstream error timeout non_idempotent;"
"""uvicorn closes, at its end, a connection that it has taken and has yet to read from."""
HOSTS = """
    upstream hosts {{
        server 127.0.0.1:{first.port} max_fails=0;
        server 127.0.0.1:{second.port} max_fails=0;
    }}
"""


@pytest.mark.extended
def test_a_rolling_restart_behind_nginx_loses_no_request(name, tmp_path, monkeypatch):
    """Of two servers one after the other is ended and started anew, three times: each request gets its answer."""
    folders = [tmp_path / "first", tmp_path / "second", tmp_path / "nginx"]
    for folder in folders:
        folder.mkdir()
    ports = [free_port(), free_port()]

    def start(number):
        block = server(name, folders[number], monkeypatch, grace=10, port=ports[number], DRAIN_DELAY=0.5)
        return block, block.__enter__()

    blocks = [start(0), start(1)]
    try:
        balanced = BALANCED.format(repeat=REPEAT if name == "uvicorn" else "")
        settings = HOSTS.format(first=blocks[0][1], second=blocks[1][1])
        with nginx_server(folders[2], balanced, settings) as port, Load(port) as load:
            for number in (0, 1, 0, 1, 0, 1):
                block, served = blocks[number]
                served.end()()
                block.__exit__(None, None, None)
                load.more(50)
                blocks[number] = start(number)
                load.more(50)
    finally:
        for block, _ in blocks:
            block.__exit__(None, None, None)

    assert load.failures == []
    assert load.answered > 600


def test_an_application_that_is_forgotten_is_not_kept():
    """What drains a process does not hold the applications that are made and dropped in it."""
    app = App("forgotten")
    Draining(app)
    reference = weakref.ref(app)

    del app
    gc.collect()

    assert reference() is None

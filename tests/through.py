"""The test clients of a run on another road: ``pytest --through=asgi`` sends each request through ``app.asgi``.

A request of a test client becomes a scope, is answered on an event loop in a thread of this process, and comes back to
the client as the answer of a WSGI application. So the tests of the API run as they are, natively on ASGI: with
greenlets (``asgi``), or with threads alone (``asgi-threads``). What differs is a fault of the road.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
import typing as t
from urllib.parse import quote

import werkzeug.test
from werkzeug.http import HTTP_STATUS_CODES

from framework import App
from framework.asgi import ASGI, MORE_ENVIRON

ROADS = ("wsgi", "asgi", "asgi-threads")
PATIENCE = 20
DERIVED = {
    *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"),
    *("CONTENT_TYPE", "CONTENT_LENGTH", "wsgi.input", "wsgi.input_terminated", "wsgi.url_scheme", "wsgi.version"),
    *("wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once", "werkzeug.request"),
}

SPELT = {"etag": "ETag", "www-authenticate": "WWW-Authenticate", "x-request-id": "X-Request-ID"}


class Road:
    """The road of this run."""

    kind = "wsgi"
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread

    def open(self, kind: str) -> None:
        """Take a road: from now on all test clients of applications do."""
        if kind == "wsgi":
            return
        self.kind = kind
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="through", daemon=True)
        self.thread.start()
        plain = werkzeug.test.run_wsgi_app

        def run_wsgi_app(app, environ, buffered=False):
            return plain(self.of(app), environ, buffered)

        werkzeug.test.run_wsgi_app = run_wsgi_app

    def of(self, app: App) -> t.Any:
        """What a test calls in place of an application."""
        # A request that is sent by a coroutine on the loop cannot be answered there meanwhile.
        if self.kind == "wsgi" or not isinstance(app, App) or threading.current_thread() is self.thread:
            return app
        if app.lifecycle.state == "starting":
            return app  # the thread that starts it asks it, and others wait for the start
        asgi = vars(app).get("_through")
        if asgi is None:
            greenlets = False if self.kind == "asgi-threads" else None
            asgi = vars(app)["_through"] = ASGI(app, threads=10, greenlets=greenlets)
        return lambda environ, start_response: Passage(self.loop, environ).answer(asgi, start_response)


road = Road()


def scope_of(environ: dict[str, t.Any]) -> dict[str, t.Any]:
    """The scope of an environment, as a server makes it."""
    root, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    raw = f"{root}{path}".encode("latin-1")
    names = [name for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if name in environ]
    names += [name for name in environ if name.startswith("HTTP_")]
    headers = [
        (
            name.removeprefix("HTTP_").replace("_", "-").lower().encode("latin-1"),
            str(environ[name]).encode("latin-1", "replace"),
        )
        for name in names
    ]
    more = {name: value for name, value in environ.items() if name not in DERIVED and not name.startswith("HTTP_")}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": environ["SERVER_PROTOCOL"].removeprefix("HTTP/"),
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": raw.decode("utf-8", "replace"),
        "raw_path": quote(raw, safe="/!$&'()*+,;=:@~").encode(),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": root.encode("latin-1").decode("utf-8", "replace"),
        "headers": headers,
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
        "client": None,
        MORE_ENVIRON: more,
    }


def spelt(name):
    """The name of a header as applications write it: ASGI has no capital letters."""
    return SPELT.get(name) or name.title()


class End(t.NamedTuple):
    """The end of the application, and what it has not handled."""

    error: BaseException | None


class Passage:
    """One request on its way through an ASGI application.

    The next part is made when the test asks for it, as it is by a WSGI application.
    """

    def __init__(self, loop, environ):
        self._loop = loop
        self._environ = environ
        self._messages: queue.SimpleQueue[t.Any] = queue.SimpleQueue()
        self._next: t.Any = None
        self._task: t.Any = None
        self._is_over = False
        self._is_left = asyncio.Event()
        self._asked = asyncio.Event()
        length = environ.get("CONTENT_LENGTH", "")
        is_number = length.isascii() and length.isdigit() and len(length) < 20
        self._rest = None if environ.get("wsgi.input_terminated") else int(length) if is_number else 0

    def answer(self, asgi, start_response):
        """Send the request; return what the application sends, once its head is there."""
        scope, variables = scope_of(self._environ), contextvars.copy_context()
        self._loop.call_soon_threadsafe(self._begin, asgi, scope, variables)
        head = self._take()
        if head is None:
            return [b""]  # what a server shows of an application that has left without an answer
        self._next = self._take()
        if self._next is not None and not self._next.get("more_body"):
            self._finish()
        headers = [(spelt(name.decode("latin-1")), value.decode("latin-1")) for name, value in head["headers"]]
        start_response(f"{head['status']} {HTTP_STATUS_CODES.get(head['status'], 'Unknown').upper()}", headers)
        return Body(self)

    # On the loop.

    def _begin(self, asgi, scope, variables):
        self._task = self._loop.create_task(self._run(asgi, scope), context=variables)

    async def _run(self, asgi, scope):
        error = None
        try:
            await asgi(scope, self._receive, self._send)
        except BaseException as raised:  # SystemExit as well, which would end the loop
            error = raised
        self._messages.put(End(error))

    async def _receive(self):
        if self._rest is None or self._rest > 0:
            part = self._environ["wsgi.input"].read(min(65_536, self._rest or 65_536))
            if self._rest is None:
                self._rest = None if part else 0
            elif not part:
                return {"type": "http.disconnect"}  # the body is shorter than it says
            else:
                self._rest -= len(part)
            return {"type": "http.request", "body": part, "more_body": self._rest != 0}
        if self._rest == 0:
            self._rest = -1
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._is_left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if self._is_left.is_set():
            return
        self._asked.clear()
        self._messages.put(message)
        if message.get("more_body"):
            await self._asked.wait()

    def _leave(self):
        self._is_left.set()
        self._asked.set()

    # In the thread of the test.

    def _take(self):
        """The next message; ``None`` for the end of the application."""
        if self._is_over:
            return None
        message = self._messages.get(timeout=PATIENCE)
        if isinstance(message, dict):
            return message
        self._is_over = True
        if message.error is not None and not isinstance(message.error, asyncio.CancelledError):
            raise message.error
        return None

    def _finish(self):
        while self._take() is not None:
            pass

    def part(self):
        """The next message, once the application has been let go on."""
        message, self._next = self._next, None
        if message is None:
            self._loop.call_soon_threadsafe(self._asked.set)
            message = self._take()
            if message is not None and not message.get("more_body"):
                self._finish()
        return message

    def leave(self, waits):
        """Leave, where the answer is not over."""
        if not self._is_over:
            self._loop.call_soon_threadsafe(self._leave)
            if waits:
                self._finish()


class Body:
    """The body of an answer; one that nobody keeps and nobody has closed is left."""

    def __init__(self, passage):
        self._passage = passage

    def __iter__(self):
        return self

    def __next__(self):
        while (message := self._passage.part()) is not None:
            if message.get("body"):
                return message["body"]
        raise StopIteration

    def close(self):
        """Leave, and wait until the application has noticed."""
        self._passage.leave(True)

    def __del__(self):
        self._passage.leave(False)

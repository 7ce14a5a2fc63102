"""Call an application as its server would, without a server: WSGI by a plain call, ASGI by driving its coroutine.

An ASGI application that never waits for anything finishes at the first push, so no event loop is needed, and none is
measured; :class:`LoopCall` has an event loop, for those that wait. Every call gets its own copy of the environment or
scope. The environment is that of gunicorn's sync worker: ``tests/test_benchmark_environ.py`` compares the two.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import dataclasses
import io
import sys
import threading
import time
import types
import typing as t
import wsgiref.util

HEADERS = (
    ("Host", "localhost"),
    ("User-Agent", "bench/1"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip"),
    ("Connection", "keep-alive"),
)


@dataclasses.dataclass(frozen=True)
class Question:
    """A request to send.

    :param headers: The names in small letters and the values of headers that it has besides the usual ones.
    """

    path: str
    method: str = "GET"
    query: str = ""
    body: bytes = b""
    token: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def all_headers(self) -> list[tuple[str, str]]:
        """Return the headers, those of the body included."""
        headers = [*HEADERS, *self.headers]
        if self.token:
            headers.append(("Authorization", f"Bearer {self.token}"))
        if self.body:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(self.body)))]
        return headers


class Answer(t.NamedTuple):
    """A response: the status as the application gives it, the body, the headers as the application gives them."""

    status: int | str
    body: bytes
    headers: t.Any

    @property
    def code(self) -> int:
        """The status code."""
        return int(str(self.status)[:3])

    def header(self, name: str) -> str:
        """Return the values of a header, joined with commas."""
        pairs = ((texts(key).lower(), texts(value)) for key, value in self.headers)
        return ", ".join(value for key, value in pairs if key == name.lower())


def texts(value: str | bytes) -> str:
    """Return a part of a header as text; ASGI has bytes."""
    return value if isinstance(value, str) else value.decode("latin-1")


Call: t.TypeAlias = cabc.Callable[[], Answer]


class Connection:
    """A stand-in for the socket that gunicorn puts into the environment."""


def early_hints(headers: object) -> None:
    """Send no early hints."""


def environ_of(question: Question) -> dict[str, t.Any]:
    """Return the WSGI environment of a question, with the keys of gunicorn in gunicorn's order."""
    target = f"{question.path}?{question.query}" if question.query else question.path
    environ: dict[str, t.Any] = {
        "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": wsgiref.util.FileWrapper,
        "wsgi.input_terminated": True,
        "wsgi.early_hints": early_hints,
        "SERVER_SOFTWARE": "gunicorn/27.0.1",
        "wsgi.input": io.BytesIO(),
        "gunicorn.socket": Connection(),
        "REQUEST_METHOD": question.method,
        "QUERY_STRING": question.query,
        "RAW_URI": target,
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    for name, value in question.all_headers():
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
    environ |= {
        "wsgi.url_scheme": "http",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "PATH_INFO": question.path,
        "SCRIPT_NAME": "",
    }
    return environ


def wsgi_call(app: t.Any, question: Question) -> Call:
    """Return a function that asks a WSGI application."""
    environ = environ_of(question)
    body = question.body
    told: list[t.Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None) -> None:
        told[:] = status, headers

    def call() -> Answer:
        asked = environ.copy()
        asked["wsgi.input"] = io.BytesIO(body)
        chunks = app(asked, start_response)
        text = b"".join(chunks)
        if type(chunks) is not list:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return Answer(told[0], text, told[1])

    return call


def python_calls(call: Call) -> int:
    """Return how many Python functions one call enters, the server's part here included; C functions do not count.

    The threads that the first call starts are counted too, and what is prepared for a call is not.
    """
    prepare: cabc.Callable[[], object] = getattr(call, "prepare", bool)
    ask: Call = getattr(call, "call", call)
    entered = 0
    counts = False

    def count(frame: types.FrameType, event: str, argument: object) -> None:
        nonlocal entered
        entered += counts and event == "call"

    before = sys.getprofile()
    threading.setprofile(count)
    try:
        for _ in range(2):  # the first requests make what all need
            call()
        prepare()
        counts = True
        sys.setprofile(count)
        ask()
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
        counts = False
    return entered


def scope_of(question: Question) -> dict[str, t.Any]:
    """Return the ASGI scope of a question, as a server makes it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": question.method,
        "scheme": "http",
        "path": question.path,
        "raw_path": question.path.encode(),
        "query_string": question.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in question.all_headers()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


def asgi_call(app: t.Any, question: Question) -> Call:
    """Return a function that asks an ASGI application; its coroutine must finish without waiting."""
    scope = scope_of(question)
    message = {"type": "http.request", "body": question.body, "more_body": False}
    start: list[t.Any] = []
    chunks: list[bytes] = []

    async def receive() -> dict[str, t.Any]:
        return message

    async def send(event: t.Any) -> None:
        if event["type"] == "http.response.start":
            start[:] = event["status"], event.get("headers", ())
        else:
            chunks.append(event.get("body", b""))

    def call() -> Answer:
        chunks.clear()
        asked = scope.copy()
        asked["headers"] = list(scope["headers"])
        asked["state"] = {}
        coroutine = app(asked, receive, send)
        try:
            coroutine.send(None)
        except StopIteration:
            return Answer(start[0], b"".join(chunks), start[1])
        raise RuntimeError(f"The application waits for something while it answers {question.path!r}.")

    return call


class LoopCall:
    """A function that asks an ASGI application in an event loop.

    Once the body is read, ``receive`` waits, as that of a server does. The requests of one turn follow each other in
    one task, so the loop's own start is not in the figure.
    """

    def __init__(self, app: t.Any, question: Question) -> None:
        self.app = app
        self.scope = scope_of(question)
        self.message = {"type": "http.request", "body": question.body, "more_body": False}
        self.loop = asyncio.new_event_loop()

    def __call__(self) -> Answer:
        """Ask once."""
        return self.loop.run_until_complete(self.ask())

    async def ask(self) -> Answer:
        """Ask once, within the loop."""
        start: list[t.Any] = []
        chunks: list[bytes] = []
        messages = [self.message]

        async def receive() -> dict[str, t.Any]:
            if messages:
                return messages.pop()
            return await self.loop.create_future()  # type: ignore[no-any-return]  # the client stays until it is cancelled

        async def send(event: t.Any) -> None:
            if event["type"] == "http.response.start":
                start[:] = event["status"], event.get("headers", ())
            else:
                chunks.append(event.get("body", b""))

        await self.app({**self.scope, "headers": list(self.scope["headers"]), "state": {}}, receive, send)
        return Answer(start[0], b"".join(chunks), start[1])

    def turn(self, count: int) -> float:
        """Ask some times and return the seconds of process time, those of other threads included."""

        async def ask_all() -> None:
            for _ in range(count):
                await self.ask()

        start = time.process_time()
        self.loop.run_until_complete(ask_all())
        return time.process_time() - start


class PreparedCall:
    """A function that asks after something has been prepared for it, such as fresh objects, outside of the clock."""

    def __init__(self, call: Call, prepare: cabc.Callable[[], object]) -> None:
        self.call, self.prepare = call, prepare

    def __call__(self) -> Answer:
        """Prepare and ask once."""
        self.prepare()
        return self.call()

    def turn(self, count: int) -> float:
        """Prepare and ask some times, and return the seconds of process time of the asking."""
        clock, prepare, call = time.process_time, self.prepare, self.call
        took = 0.0
        for _ in range(count):
            prepare()
            start = clock()
            call()
            took += clock() - start
        return took

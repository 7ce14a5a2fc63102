"""Call an application as its server would, without a server: WSGI by a plain call, ASGI by driving its coroutine.

An ASGI application that never waits for anything finishes at the first push, so no event loop is needed, and none is
measured. Every call gets its own copy of the environment or scope.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import io
import sys
import types
import typing as t

HEADERS = (
    ("Host", "localhost"),
    ("User-Agent", "bench/1"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip"),
    ("Connection", "keep-alive"),
)


@dataclasses.dataclass(frozen=True)
class Question:
    """A request: what is sent."""

    path: str
    method: str = "GET"
    query: str = ""
    body: bytes = b""
    token: str = ""


Answer: t.TypeAlias = "tuple[int | str, bytes]"
"""The status, as the application gives it, and the body."""
Call: t.TypeAlias = cabc.Callable[[], Answer]


def environ_of(question: Question) -> dict[str, t.Any]:
    """The WSGI environment of a question, as a server makes it."""
    environ: dict[str, t.Any] = {
        "REQUEST_METHOD": question.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": question.path,
        "QUERY_STRING": question.query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in HEADERS:
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    if question.token:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {question.token}"
    if question.body:
        environ["CONTENT_TYPE"] = "application/json"
        environ["CONTENT_LENGTH"] = str(len(question.body))
    return environ


def wsgi_call(app: t.Any, question: Question) -> Call:
    """A function that asks a WSGI application."""
    environ = environ_of(question)
    body = question.body
    told: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None) -> None:
        told.append(status)

    def call() -> Answer:
        told.clear()
        asked = environ.copy()
        asked["wsgi.input"] = io.BytesIO(body)
        chunks = app(asked, start_response)
        text = b"".join(chunks)
        if type(chunks) is not list:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return told[-1], text

    return call


def python_calls(call: Call) -> int:
    """How many Python functions one call enters, that of the server's part here included; C functions do not count."""
    entered = 0

    def count(frame: types.FrameType, event: str, argument: object) -> None:
        nonlocal entered
        entered += event == "call"

    call()  # what the first request makes is made
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(before)
    return entered


def scope_of(question: Question) -> dict[str, t.Any]:
    """The ASGI scope of a question, as a server makes it."""
    headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS]
    if question.body:
        headers.append((b"content-type", b"application/json"))
        headers.append((b"content-length", str(len(question.body)).encode()))
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
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }


def asgi_call(app: t.Any, question: Question) -> Call:
    """A function that asks an ASGI application; its coroutine must finish without waiting."""
    scope = scope_of(question)
    message = {"type": "http.request", "body": question.body, "more_body": False}
    status = [0]
    chunks: list[bytes] = []

    async def receive() -> dict[str, t.Any]:
        return message

    async def send(event: t.Any) -> None:
        if event["type"] == "http.response.start":
            status[0] = event["status"]
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
            return status[0], b"".join(chunks)
        raise RuntimeError(f"The application waits for something while it answers {question.path!r}.")

    return call

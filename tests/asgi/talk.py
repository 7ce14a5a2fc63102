"""Talk to an application as an ASGI server does, message by message, within the process."""

from __future__ import annotations

import asyncio
import typing as t

from framework.asgi import ASGI

MODES = ["greenlets", "threads"]


def serving(app, mode, **options):
    """The application for an ASGI server, with requests on the loop, or all of them in threads."""
    return ASGI(app, greenlets=mode == "greenlets", **options)


def scope_of(path, method="GET", headers=(), **more):
    """The scope of a request."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "http",
        "headers": [(name.lower().encode(), str(value).encode()) for name, value in headers],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 5000),
    }
    return scope | more


class Talk:
    """One request: what the client sends, and what the server has said.

    :param asgi: The ASGI application.
    :param scope: The scope.
    :param parts: The parts of the body.
    :param ends: Whether the last of them is the end of the body.
    """

    def __init__(self, asgi, scope, parts=(b"",), ends=True):
        self.messages: list[dict[str, t.Any]] = []
        self.news = asyncio.Event()
        self._inbox: asyncio.Queue[dict[str, t.Any]] = asyncio.Queue()
        for number, part in enumerate(parts, 1):
            self.send(part, more=number < len(parts) or not ends)
        self.task = asyncio.create_task(asgi(scope, self._inbox.get, self._take))

    async def _take(self, message):
        self.messages.append(message)
        self.news.set()

    def send(self, part, more=False):
        """Send a part of the body."""
        self._inbox.put_nowait({"type": "http.request", "body": part, "more_body": more})

    def leave(self):
        """Close the connection."""
        self._inbox.put_nowait({"type": "http.disconnect"})

    async def until(self, is_so):
        """Wait until the messages of the server are so."""
        while not is_so(self):
            self.news.clear()
            await self.news.wait()

    @property
    def unread(self):
        """The number of messages that the application has not taken."""
        return self._inbox.qsize()

    @property
    def body(self):
        """The body so far."""
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def answer(self):
        """Status, headers and body so far."""
        head = self.messages[0]
        assert head["type"] == "http.response.start"
        headers = sorted((name.decode(), value.decode()) for name, value in head["headers"])
        return head["status"], [each for each in headers if each[0] != "x-request-id"], self.body


async def ask(asgi, path, method="GET", headers=(), body=b"", **more):
    """Make a request, and return status, headers and body of the answer."""
    if body:
        headers = [*headers, ("Content-Length", len(body))]
    talk = Talk(asgi, scope_of(path, method, headers, **more), (body,))
    await talk.task
    assert talk.messages[-1].get("more_body", False) is False
    return talk.answer


async def lived(asgi, during=None):
    """Start a server with the application, do something, and end it; return the messages of the application."""
    said: list[dict[str, t.Any]] = []
    inbox: asyncio.Queue[dict[str, t.Any]] = asyncio.Queue()
    started = asyncio.Event()

    async def take(message):
        said.append(message)
        started.set()

    inbox.put_nowait({"type": "lifespan.startup"})
    task = asyncio.create_task(asgi({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, inbox.get, take))
    await started.wait()
    if said[0]["type"] == "lifespan.startup.complete":
        if during is not None:
            await during()
        inbox.put_nowait({"type": "lifespan.shutdown"})
    await task
    return said

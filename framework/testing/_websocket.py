"""A WebSocket of the asynchronous test client: ``async with client.websocket(path) as socket``.

Not here: the client (``testing._async_client``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections
import collections.abc as cabc
import typing as t

import httpx

from ..asgi import MORE_ENVIRON
from ..sockets import SocketClosed
from ._async_client import IN_FLIGHT, AppResponse

if t.TYPE_CHECKING:
    from types import TracebackType

    from ..asgi import ASGIMessage
    from ..context import Context
    from ._async_client import AsyncAppClient


_MOST_SENT: t.Final = 32
"""So many messages may have been sent and not been taken by the application."""


class HandshakeRefused(Exception):
    """The application has answered the handshake of a WebSocket with something other than a WebSocket.

    :param response: Its answer.
    """

    def __init__(self, response: AppResponse) -> None:
        super().__init__(f"The handshake was answered with {response.status_code}: {response.text[:1000]}")
        self.response = response


class SocketClient:
    """The side of the client of one WebSocket; the application's runs on the same event loop.

    Leaving the block closes the connection, and waits until the application has noticed. What the application does not
    handle is raised there.

    :param client: The client that connects.
    :param request: The handshake.
    :param subprotocols: The subprotocols that are offered.
    """

    def __init__(self, client: AsyncAppClient, request: httpx.Request, subprotocols: cabc.Sequence[str]) -> None:
        self._client = client
        self._request = request
        self._offered = list(subprotocols)
        self._contexts: list[Context] = []
        self._sent: collections.deque[ASGIMessage] = collections.deque([{"type": "websocket.connect"}])
        self._said: collections.deque[ASGIMessage] = collections.deque()
        self._in_flight = 0
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._end: tuple[int, str] | None = None
        self._is_left = False
        self.subprotocol: str | None = None
        """The subprotocol that the application has chosen."""
        self.headers = httpx.Headers()
        """The headers of the answer to the handshake."""

    async def __aenter__(self) -> t.Self:
        self._client._watch()
        self._task = asyncio.create_task(self._client.application.asgi(self._scope(), self._give, self._take))
        self._task.add_done_callback(lambda task: asyncio.ensure_future(self._wake()))
        message = await self._message()
        if message is not None and message["type"] == "websocket.accept":
            self.subprotocol = message.get("subprotocol")
            self.headers = httpx.Headers(list(message.get("headers") or ()))
            kept = httpx.Response(200, headers=self.headers, request=self._request)
            self._client.cookies.extract_cookies(kept)
            return self
        try:
            await self._refused(message)
        finally:
            await self._over()
        raise RuntimeError(f"The application ended the handshake of {self} without an answer.")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _scope(self) -> dict[str, t.Any]:
        request, client, url = self._request, self._client, self._request.url
        more = client._environ({}, self._contexts)
        for name in request.headers:
            more.pop(f"HTTP_{name.upper().replace('-', '_')}", None)  # what the request says goes before
        return {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": {"http": "ws", "https": "wss"}.get(url.scheme, url.scheme),
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": client.base_url.path.rstrip("/"),
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "subprotocols": self._offered,
            "server": (url.host, url.port or (443 if url.scheme == "https" else 80)),
            "client": (str(more["REMOTE_ADDR"]), 50_000) if "REMOTE_ADDR" in more else None,
            "extensions": {"websocket.http.response": {}},
            "state": {},
            MORE_ENVIRON: more,
        }

    async def _refused(self, head: ASGIMessage | None) -> None:
        """Raise for an answer that refuses the handshake."""
        if head is None or head["type"] != "websocket.http.response.start":
            return
        body = b""
        while (message := await self._message()) is not None:
            body += message.get("body", b"")
        response = AppResponse(head["status"], headers=head["headers"], content=body, request=self._request)
        response.app = self._client.application
        self._client.cookies.extract_cookies(response)
        self._client.check_reply(response, self._contexts[-1] if self._contexts else None, body)
        raise HandshakeRefused(response)

    # The side of the application.

    async def _give(self) -> ASGIMessage:
        async with self._news:
            while not self._sent:
                if self._is_left:
                    code, reason = self._end or (1006, "")
                    return {"type": "websocket.disconnect", "code": code, "reason": reason}
                await self._news.wait()
            message = self._sent.popleft()
            self._news.notify_all()
            return message

    async def _take(self, message: ASGIMessage) -> None:
        async with self._news:
            if self._is_left:
                return
            self._said.append(message)
            self._in_flight += _length(message)
            self._news.notify_all()
            while self._in_flight > IN_FLIGHT and not self._is_left:
                await self._news.wait()

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    # The side of the client.

    async def _message(self) -> ASGIMessage | None:
        """Return the next message of the application; ``None`` where it has ended."""
        task = t.cast("asyncio.Task[None]", self._task)
        async with self._news:
            while not self._said:
                if task.done():
                    return None
                await self._news.wait()
            message = self._said.popleft()
            self._in_flight -= _length(message)
            self._news.notify_all()
            return message

    async def receive(self) -> str | bytes:
        """Return the next message.

        :raises SocketClosed: The application has closed the connection.
        """
        if self._end is None:
            message = await self._message()
            if message is not None and message["type"] == "websocket.send":
                text = message.get("text")
                return t.cast("str | bytes", message["bytes"] if text is None else text)
            if message is None:
                self._end = 1006, ""
            else:
                self._end = message.get("code", 1000), message.get("reason") or ""
            self._is_left = True
            await self._wake()
        raise SocketClosed(*self._end)

    async def receive_json(self) -> t.Any:
        """Return the value of the next message.

        :raises SocketClosed: The application has closed the connection.
        """
        return self._client.application.json.loads(await self.receive())

    def __aiter__(self) -> t.Self:
        return self

    async def __anext__(self) -> t.Any:
        try:
            return await self.receive_json()
        except SocketClosed:
            raise StopAsyncIteration from None

    async def send(self, message: str | bytes) -> None:
        """Send a message; waits while the application does not read.

        :raises SocketClosed: The connection is closed.
        """
        kind = "text" if isinstance(message, str) else "bytes"
        async with self._news:
            while len(self._sent) >= _MOST_SENT and not self._is_left:
                await self._news.wait()
            if self._is_left:
                raise SocketClosed(*(self._end or (1006, "")))
            self._sent.append({"type": "websocket.receive", kind: message})
            self._news.notify_all()

    async def send_json(self, value: object) -> None:
        """Send a value as JSON.

        :raises SocketClosed: The connection is closed.
        """
        await self.send(self._client.application.json.dumps(value))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, and wait until the application has ended it; raise what it has not handled."""
        if self._end is None:
            self._end = code, reason
        self._is_left = True
        await self._wake()
        await self._over()

    async def leave(self) -> None:
        """Vanish without a word, as a client does whose network is gone; then as :meth:`close`."""
        self._sent.clear()
        await self.close(1006)

    async def _over(self) -> None:
        """Wait until the application has ended the connection.

        :raises RuntimeError: It does not end it.
        """
        task, seconds = t.cast("asyncio.Task[None]", self._task), self._client.seconds_to_end
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise RuntimeError(
                f"The application still works for {self}, {seconds:g} seconds after its client has left. Look for a"
                " coroutine that ignores that it is cancelled, or for a function in a thread that waits for something."
            )
        if not task.cancelled():
            task.result()

    def __repr__(self) -> str:
        return f"WebSocket {self._request.url}"


def _length(message: ASGIMessage) -> int:
    return len(message.get("text") or message.get("bytes") or b"")

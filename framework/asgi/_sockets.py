"""One WebSocket on ASGI: its handshake is answered as a GET request, and what accepts it serves the connection.

Not here: connections themselves (``framework.sockets``), which an application loads that has one.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ._environ import MORE_ENVIRON, SOCKET
from ._exchange import ASGIExchange

if t.TYPE_CHECKING:
    from ._app import ASGI
    from ._environ import ASGIMessage, Receive, Scope, Send

_SCHEMES: t.Final = {"ws": "http", "wss": "https"}
_REPLACED: t.Final = frozenset({b"upgrade", b"connection", b"content-length", b"transfer-encoding"})
_UPGRADE: t.Final = ((b"connection", b"Upgrade"), (b"upgrade", b"websocket"))
_OF_SERVER: t.Final = frozenset({b"connection", b"upgrade", b"content-length", b"content-type", b"transfer-encoding"})


class SocketServer(t.Protocol):
    """The answer to a handshake that accepts it; it takes the place of the parts of a stream."""

    async def serve(self, exchange: SocketExchange) -> None:
        """Accept the connection, and return when it is over."""


class SocketExchange(ASGIExchange):
    """The handshake of a WebSocket, which the application answers as a GET request, and the connection after it.

    :param asgi: The ASGI application.
    :param scope: The details of the handshake.
    :param receive: Gives the messages of the client.
    :param send: Takes those for it.
    """

    is_accepted = False
    """True if the connection is open, or was."""
    logged: BaseException | None = None
    """An error that has ended the connection, and that is not to be raised for the server once more."""

    def __init__(self, asgi: ASGI, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [header for header in scope["headers"] if header[0].lower() not in _REPLACED]
        scheme = scope.get("scheme", "ws")
        request = {
            **scope,
            "method": "GET",
            "scheme": _SCHEMES.get(scheme, scheme),
            "headers": [*headers, *_UPGRADE],  # HTTP/2 has neither
            MORE_ENVIRON: {**(scope.get(MORE_ENVIRON) or {}), SOCKET: self},
        }
        super().__init__(asgi, request, receive, send)

    async def run(self) -> None:
        """Answer the handshake, and serve the connection."""
        message = await self._receive()
        if message["type"] == "websocket.connect":
            await super().run()

    def listen(self) -> None:
        """Do nothing: before a handshake is answered, not all servers say that the client has left."""

    @property
    def subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, in its order."""
        return list(self.scope.get("subprotocols") or ())

    async def accept(self, subprotocol: str | None) -> None:
        """Open the connection, with the headers of the answer.

        :param subprotocol: One of those that the client offers.
        """
        self.is_accepted = self.has_started = True
        headers = [
            header
            for header in self.headers
            if header[0] not in _OF_SERVER and not header[0].startswith(b"sec-websocket-")
        ]
        self.headers = ()  # a connection may be open for hours
        await self.send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers})

    async def receive(self) -> ASGIMessage:
        """Return the next message of the client."""
        return await self._receive()

    async def _send_whole(self, parts: cabc.Sequence[bytes]) -> None:
        """Refuse the handshake with an answer; a server that cannot send one answers with a 403."""
        if self.is_accepted:
            return
        self.has_started = True
        if "websocket.http.response" in (self.scope.get("extensions") or ()):
            head = {"type": "websocket.http.response.start", "status": self.status, "headers": self.headers}
            await self.send(head)
            await self.send({"type": "websocket.http.response.body", "body": b"".join(parts)})
        else:
            await self.send({"type": "websocket.close"})

    async def _send_parts(self, parts: cabc.Iterable[bytes], on_loop: bool) -> None:
        """Serve the connection, if the answer accepts it, and let the layers of the body know its end."""
        server: SocketServer | None = self.stream
        try:
            if server is not None and hasattr(server, "serve"):
                await server.serve(self)
            found: list[bytes] = await self.off_road(list, parts, on_loop=on_loop)
            await self._send_whole(found)
        except Exception as error:
            if error is not self.logged:
                raise
        finally:
            self.logged = None  # an exception would refer to itself by its traceback
            close = getattr(parts, "close", None)
            if close is not None:
                await self.off_road(close, on_loop=on_loop)

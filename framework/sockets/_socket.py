"""``Socket``: a class whose ``connect`` serves one WebSocket.

Its handshake is a GET request: ``get`` is made of ``connect``, and what it returns keeps the connection open.
Not here: the checks of the handshake (``sockets._handshake``), messages on the way (``sockets._connection``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import inspect
import typing as t

from ..asgi import SOCKET, SocketExchange
from ..context import current
from ..errors import SetupError
from ..helpers import nonblocking
from ..marks.base import ATTRIBUTE
from ..marks.doc import doc
from ..resources.operation import place_of
from ..resources.resource import Resource
from ..sessions import SessionUnavailable
from ..views import http_method_funcs
from ._connection import Connection, SocketClosed
from ._handshake import SocketMark, negotiated, rules_of, take_place

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..context import Context
    from ..wrappers import Response


@SocketMark()
@doc(hidden=True)
class Socket(Resource):
    """One WebSocket address of the API. Write ``async def connect(self)``, and mark it with ``receives`` and ``sends``.

    ``connect`` gets the variables of the path, and serves one connection: it returns when that is to be closed. An
    instance is made for each connection. Register the class as a Resource; an ASGI server serves it.
    """

    takes_upgrade = True

    origins: t.ClassVar[cabc.Collection[str]] = ()
    """Origins, like ``https://app.example.org``, whose pages may connect in addition to those of the server's origin
    and of ``WEBSOCKET_ORIGINS``; ``"*"`` for all."""

    subprotocols: t.ClassVar[cabc.Collection[str]] = ()
    """The subprotocols that the server speaks. The first that the client offers is chosen."""

    _connection: Connection

    def __init_subclass__(cls, **kwargs: object) -> None:
        for name in http_method_funcs:
            if name in cls.__dict__:
                raise SetupError(
                    f"{cls.__qualname__} is a Socket and has the method {name!r}, which would answer requests. Write"
                    f" 'async def connect(self)'; for requests write a Resource at another path ({place_of(cls)})."
                )
        if isinstance(cls.subprotocols, str) or isinstance(cls.origins, str):
            raise SetupError(
                f"'origins' and 'subprotocols' of {cls.__qualname__} are lists. Give a list of texts ({place_of(cls)})."
            )
        connect = cls.__dict__.get("connect")
        if connect is not None:
            if not inspect.iscoroutinefunction(connect):
                raise SetupError(
                    f"{cls.__qualname__}.connect is not a coroutine function. Write 'async def connect(self)'"
                    f" ({place_of(cls)})."
                )
            cls.get = _handshake(connect)  # type: ignore[attr-defined]
        super().__init_subclass__(**kwargs)

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol of the connection; ``None`` where the client offers none of :attr:`subprotocols`."""
        return self._connection.subprotocol

    async def receive(self) -> t.Any:
        """Wait for the next message, and return its value as the schema of ``receives`` loads it.

        :raises SocketClosed: The connection is closed, and there is not any message left.
        """
        return await self._connection.receive()

    def __aiter__(self) -> t.Self:
        return self

    async def __anext__(self) -> t.Any:
        try:
            return await self._connection.receive()
        except SocketClosed:
            raise StopAsyncIteration from None

    async def send(self, value: object) -> None:
        """Send a value, dumped by the schema of ``sends``; waits while the client does not read.

        :raises SocketClosed: The connection is closed.
        """
        await self._connection.send(value)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; nothing is sent or received after that.

        :param code: A code of RFC 6455, section 7.4, or one from 3000 to 4999 with a meaning of the application.
        :param reason: A text of at most 123 bytes for the client's developer.
        :raises ValueError: The code may not be sent, or the reason is too long.
        """
        await self._connection.shut(code, reason)


def _handshake(connect: cabc.Callable[..., t.Any]) -> cabc.Callable[..., object]:
    """Return the handler of the handshake for the method ``connect`` of a class."""

    @functools.wraps(connect)
    def get(self: Socket, *args: object, **kwargs: object) -> Response:
        return begin(self, functools.partial(connect, self, *args, **kwargs))

    vars(get).pop(ATTRIBUTE, None)  # found on what it wraps, where marks may still come
    handler: t.Any = get
    handler.__signature__ = inspect.signature(connect)
    return nonblocking(get)


def begin(socket: Socket, serve: cabc.Callable[[], cabc.Coroutine[object, object, object]]) -> Response:
    """Return the answer that accepts a handshake.

    :param socket: The instance of the connection.
    :param serve: The rest of its life.
    """
    ctx = current()
    exchange: SocketExchange = ctx.request_environ[SOCKET]
    take_place(ctx)
    _open_session(ctx)
    subprotocol = negotiated(exchange.subprotocols, socket.subprotocols)
    connection = socket._connection = Connection(ctx, rules_of(ctx), subprotocol, serve)
    response = accepting(ctx.app.response_class)(connection, 101)  # type: ignore[arg-type]  # a class can be hashed
    response.headers.remove("Content-Type")
    return response


def _open_session(ctx: Context) -> None:
    """Open the session before the answer is sent: afterwards it can be read alone."""
    if ctx._session is None:
        try:
            ctx.app.off_loop(ctx.open_session)()
        except SessionUnavailable:  # raised again where it is read
            pass


@functools.lru_cache(maxsize=32)
def accepting(response_class: type[Response]) -> type[Response]:
    """Return a class of responses whose body is the connection: those of the class have none with a 101."""

    class Accepting(response_class):  # type: ignore[misc, valid-type]
        def get_app_iter(self, environ: WSGIEnvironment) -> cabc.Iterable[bytes]:
            body: cabc.Iterable[bytes] = self.response
            return body

    return Accepting

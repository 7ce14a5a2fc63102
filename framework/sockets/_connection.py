"""One open WebSocket: its messages in both directions, and its end, from either side.

The handler runs in the task of the exchange, on the loop of the server. A second task reads what the client sends, so
that its leaving is noticed; it stops reading while messages wait for the handler.
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections
import collections.abc as cabc
import contextlib
import typing as t
from types import TracebackType

from werkzeug.exceptions import HTTPException

from .. import signals
from .._async_parts import bridge
from .._ending import ending
from ..context import _current
from ..errors import APIError
from ..sessions import SecureCookieSession

if t.TYPE_CHECKING:
    from ..asgi import SocketExchange
    from ..context import Context
    from ._messages import MessageRules

NORMAL: t.Final = 1000
GOING_AWAY: t.Final = 1001
UNSUPPORTED: t.Final = 1003
NO_STATUS: t.Final = 1005
ABNORMAL: t.Final = 1006
INVALID: t.Final = 1007
POLICY: t.Final = 1008
TOO_BIG: t.Final = 1009
INTERNAL: t.Final = 1011
TRY_AGAIN: t.Final = 1013

_SENDABLE: t.Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
_LONGEST_REASON: t.Final = 123
MOST_UNREAD: t.Final = 16
"""The most messages that wait for the handler; while there are as many, the client is not read."""
GRACE: t.Final = 0.5
"""Seconds after the end of a connection for which its handler may go on before it is cancelled."""
_MOST_IN_A_ROW: t.Final = 16
"""Messages that are sent before others of the loop have their turn."""
_SECONDS_TO_CLOSE: t.Final = 1.0


class SocketClosed(Exception):
    """The connection is closed.

    :param code: The code, by RFC 6455; 1005 where the client gave none, 1006 where it has just gone.
    :param reason: The text that came with it.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"The WebSocket is closed, with code {code}" + (f": {reason}" if reason else "."))
        self.code = code
        self.reason = reason


class ReadOnlySession(SecureCookieSession):
    """The session of an open connection: no answer could carry its cookie any more."""

    def _fail(self, *args: object, **kwargs: object) -> t.NoReturn:
        raise RuntimeError(
            "The session cannot be changed in an open WebSocket: its cookie goes with the answer to the handshake."
            " Change it in a request, or keep the value elsewhere."
        )

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = update = setdefault = _fail


class Connection(cabc.Iterator[bytes]):
    """A connection; in the answer that accepts the handshake it takes the place of the body.

    :param ctx: The context of the handshake, which lasts as long as the connection.
    :param rules: The messages.
    :param subprotocol: The subprotocol that is spoken.
    :param handle: The handler.
    """

    seconds: float | None = None
    """Keep-alive is the server's."""

    def __init__(
        self,
        ctx: Context,
        rules: MessageRules,
        subprotocol: str | None,
        handle: cabc.Callable[[], cabc.Coroutine[object, object, object]],
    ) -> None:
        self.subprotocol = subprotocol
        self._ctx = ctx
        self._rules = rules
        self._handle = handle
        self._exchange: SocketExchange | None = None
        self._task: asyncio.Task[object] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._unread: collections.deque[tuple[str | bytes, int]] = collections.deque()
        self._unread_length = 0
        self._arrived, self._taken = asyncio.Event(), asyncio.Event()
        self._end: tuple[int, str] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._is_cancelled = False
        self._in_a_row = 0
        self._error: BaseException | None = None

    # As the body of an answer.

    def hand_over(self) -> None:
        """Let the exchange serve the connection."""
        found = bridge()
        if found is not None:
            found.stream = self

    def __next__(self) -> bytes:
        error, self._error = self._error, None
        if error is None:
            raise StopIteration
        app, record = self._ctx.app, self._ctx.record
        if record is not None:
            record.error = error
        if isinstance(error, Exception) and signals.got_request_exception.receivers:
            signals.got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
        if not app._propagates():
            app.log_exception((type(error), error, t.cast(TracebackType, error.__traceback__)))
            t.cast("SocketExchange", self._exchange).logged = error
        raise error

    # Serving.

    async def serve(self, exchange: SocketExchange) -> None:
        """Accept the connection, run the handler, and close.

        :param exchange: The exchange of the handshake.
        :raises CancelledError: The server has given the connection up.
        """
        ctx = self._ctx
        self._exchange, self._task = exchange, exchange.task
        ctx.deadline = None  # it was that of the handshake
        if ctx._session is not None:
            ctx._session = ReadOnlySession(ctx._session)
        token = _current.set(ctx)
        carried = contextlib.ExitStack() if ctx.carried is not None else None
        if carried is not None:
            carried.enter_context(ctx.carrying())
        pumps = exchange.asgi.pumps
        try:
            await exchange.accept(self.subprotocol)
            pumps.add(self)
            self._reader = exchange.loop.create_task(self._read(exchange))
            if ending.ends_streams:
                self.end()
            await self._run(self._task)
        finally:
            pumps.discard(self)
            if self._reader is not None:
                self._reader.cancel()
            if carried is not None:
                carried.close()
            _current.reset(token)

    async def _run(self, task: asyncio.Task[object]) -> None:
        code, reason = NORMAL, ""
        try:
            await self._handle()
        except asyncio.CancelledError:
            if not self._is_cancelled or task.cancelling() > 1:
                raise
        except HTTPException as error:
            code, reason = code_of(error), getattr(error, "error_code", "")
        except Exception as error:  # noqa: BLE001 - logged and reported when the body ends
            if self._end is None or not is_closed(error):
                self._error = error
                code, reason = INTERNAL, f"request_id={self._ctx.request_id}" if self._ctx.request_id else ""
        finally:
            if self._timer is not None:
                self._timer.cancel()
        if self._is_cancelled:
            task.uncancel()
        self._finish(code, reason)
        if self._closing is not None:
            await asyncio.wait([self._closing], timeout=_SECONDS_TO_CLOSE)
            self._closing.cancel()

    async def _read(self, exchange: SocketExchange) -> None:
        """Read what the client sends, until it leaves."""
        try:
            while self._end is None:
                said = await exchange.receive()
                kind = said["type"]
                if kind == "websocket.disconnect":
                    code, reason = said.get("code"), said.get("reason")
                    self._finish(code or NO_STATUS, reason or "", is_left=True)
                    return
                if kind == "websocket.receive":
                    await self._take(said.get("text"), said.get("bytes"))
        except Exception:  # noqa: BLE001 - of a server whose client is not there any more
            self._finish(ABNORMAL, "", is_left=True)

    async def _take(self, text: str | None, data: bytes | None) -> None:
        """Keep a message for the handler, or close the connection; wait while others wait."""
        takes, limit = self._rules.takes, self._rules.limit
        given: str | bytes = b"" if data is None else data
        if text is not None:
            given = text
        if takes is None or (takes == "text") is not isinstance(given, str):
            self._finish(UNSUPPORTED, f"{takes or 'No'} messages expected".capitalize())
            return
        size = len(given)
        if limit is not None and (size > limit or (isinstance(given, str) and size * 4 > limit)):
            size = len(given.encode("utf-8", "surrogatepass")) if isinstance(given, str) and size <= limit else size
            if size > limit:
                self._finish(TOO_BIG, f"At most {limit} bytes")
                return
        self._unread.append((given, size))
        self._unread_length += size
        self._arrived.set()
        while len(self._unread) >= MOST_UNREAD or (limit is not None and self._unread and self._unread_length > limit):
            self._taken.clear()
            await self._taken.wait()

    def _finish(self, code: int, reason: str, *, is_left: bool = False, is_ours: bool = False) -> None:
        """Take note of the end: waiting for messages ends now, other waiting after a moment.

        :param is_left: Whether the client has closed the connection.
        :param is_ours: Whether the handler does it, which then may go on.
        """
        if self._end is not None:
            return
        self._end = code, reason
        self._arrived.set()
        exchange = t.cast("SocketExchange", self._exchange)
        if not is_left:
            self._unread.clear()
            self._unread_length = 0
            self._taken.set()
            if self._reader is not None and self._reader is not asyncio.current_task():
                self._reader.cancel()  # granian says no code while it is asked for the next message
            self._closing = exchange.loop.create_task(self._say_close(code, reason))
        if not is_ours:
            self._timer = exchange.loop.call_later(GRACE, self._cancel)

    def _cancel(self) -> None:
        self._is_cancelled = True
        t.cast("asyncio.Task[object]", self._task).cancel()

    async def _say_close(self, code: int, reason: str) -> None:
        with contextlib.suppress(Exception):  # of a server whose client has left meanwhile
            await t.cast("SocketExchange", self._exchange).send(
                {"type": "websocket.close", "code": code, "reason": shortened(reason)}
            )

    def end(self) -> None:
        """End the connection, because the process ends."""
        self._finish(GOING_AWAY, "")

    def keep_alive(self, now: float) -> None:
        """Do nothing: keep-alive is the server's."""

    # For the handler.

    async def receive(self) -> object:
        """Return the next message that is taken.

        :raises SocketClosed: The connection is closed, and no message is left.
        """
        while True:
            while not self._unread:
                if self._end is not None:
                    raise SocketClosed(*self._end)
                self._arrived.clear()
                await self._arrived.wait()
            given, size = self._unread.popleft()
            self._unread_length -= size
            self._taken.set()
            if isinstance(given, bytes):
                return given
            try:
                return self._rules.load(self._ctx, given.encode("utf-8", "surrogatepass"))
            except APIError as error:
                if self._rules.closes:
                    self._finish(INVALID, error.error_code)
                else:
                    await self._say(self._ctx.app.render_http_exception(error).body.decode())

    async def send(self, value: object) -> None:
        """Send a value.

        :raises SocketClosed: The connection is closed.
        """
        dump = self._rules.dump
        if dump is not None:
            await self._say(dump(value).decode().rstrip("\n"))
        elif isinstance(value, (bytes, bytearray, memoryview)):
            await self._say(bytes(value))
        else:
            raise TypeError(f"The mark sends(bytes) takes bytes, and send() got {type(value).__name__}.")

    async def _say(self, given: str | bytes) -> None:
        if self._end is not None:
            raise SocketClosed(*self._end)
        exchange, record = t.cast("SocketExchange", self._exchange), self._ctx.record
        if record is not None:
            record.first_byte()
            record.response_size += len(given)
        kind = "text" if isinstance(given, str) else "bytes"
        try:
            await exchange.send({"type": "websocket.send", kind: given})
        except Exception:  # noqa: BLE001 - each server raises a different one
            if self._end is None:  # the reader learns it a moment later
                self._finish(ABNORMAL, "", is_left=True)
            raise SocketClosed(*t.cast("tuple[int, str]", self._end)) from None
        self._in_a_row += 1
        if self._in_a_row >= _MOST_IN_A_ROW:  # servers with room to write do not let the loop go on
            self._in_a_row = 0
            await asyncio.sleep(0)

    async def shut(self, code: int, reason: str) -> None:
        """Close the connection.

        :raises ValueError: The code may not be sent, or the reason is too long.
        """
        if code not in _SENDABLE and not 3000 <= code <= 4999:
            raise ValueError(
                f"Invalid close code: {code!r}. Give one that RFC 6455 lets an endpoint send, or 3000-4999."
            )
        if len(reason.encode()) > _LONGEST_REASON:
            raise ValueError(f"The reason of a close takes at most {_LONGEST_REASON} bytes.")
        self._finish(code, reason, is_ours=True)
        if self._closing is not None:
            await asyncio.wait([self._closing])


def code_of(error: HTTPException) -> int:
    """Return the close code for an HTTP error that a handler raises."""
    status = error.code or 500
    if status in (429, 503):
        return TRY_AGAIN
    if status == 413:
        return TOO_BIG
    return INTERNAL if status >= 500 else POLICY


def is_closed(error: BaseException) -> bool:
    """Return whether an error only says that the connection is closed, also in a group of those of several tasks."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(SocketClosed)[1] is None
    return isinstance(error, SocketClosed)


def shortened(reason: str) -> str:
    """Return as much of a reason as a close takes."""
    return reason.encode("utf-8", "replace")[:_LONGEST_REASON].decode("utf-8", "ignore")

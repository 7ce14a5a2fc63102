"""Streams of asynchronous parts: sent on the loop, one task each and neither thread nor greenlet.

One timer keeps all quiet streams of a loop alive. The client's leaving, and the end of the process, cancel what a
stream waits for. Not here: the parts (``_async_parts``), synchronous ones (``asgi._exchange``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import typing as t

from .._ending import ending
from ..context import _current

if t.TYPE_CHECKING:
    from .._async_parts import AsyncParts
    from ._exchange import ASGIExchange

SLICE: t.Final = 20
"""So many quiet streams are kept alive in one go, before the loop goes on with others."""


class OpenStream(t.Protocol):
    """Something open that is kept alive, and ends with the process: a stream, a WebSocket."""

    @property
    def seconds(self) -> float | None:
        """The seconds after which it wants to be kept alive; ``None``: never."""

    def keep_alive(self, now: float) -> None:
        """Send something, if that is due."""

    def end(self) -> None:
        """End, where the end of the process is one for it."""


class Pump:
    """One stream on its way.

    :param exchange: The request; its head has not been sent.
    :param stream: The parts.
    """

    __slots__ = ("_ends", "_exchange", "_last", "_writes", "stream")

    def __init__(self, exchange: ASGIExchange, stream: AsyncParts) -> None:
        self._exchange = exchange
        self.stream = stream
        self._ends = False
        self._writes: asyncio.Task[None] | None = None
        self._last = exchange.loop.time()

    async def run(self) -> None:
        """Send the parts, and close them. What their code raises is left in ``stream.error``.

        :raises CancelledError: The client has left, or the server has given the request up.
        """
        exchange, stream = self._exchange, self.stream
        pumps = exchange.asgi.pumps
        ctx = stream.ctx
        token = _current.set(ctx)
        carried = contextlib.ExitStack() if ctx.carried is not None else None
        if carried is not None:
            carried.enter_context(ctx.carrying())
        pumps.add(self)
        exchange.listen()
        exchange.is_cancellable = True
        try:
            if exchange.is_left:
                raise asyncio.CancelledError
            await exchange.start()
            exchange.headers = ()  # a stream may be open for hours
            if stream.first:
                await self.send(stream.first)
                stream.first = b""
            record, write = ctx.record, stream.write
            self._ends = ending.ends_streams and bool(stream.last)
            if not self._ends:
                async for value in stream.iterator:
                    part = write(value)
                    if not part:
                        continue
                    if record is not None:
                        record.first_byte()
                        record.response_size += len(part)
                    if self._writes is not None:
                        await asyncio.wait([self._writes])
                    self._last = exchange.loop.time()
                    await exchange.send({"type": "http.response.body", "body": part, "more_body": True})
                    if ending.ends_streams and (stream.last or ending.is_over):
                        self._ends = True
                        break
        except asyncio.CancelledError:
            if not self._ends or exchange.is_left:
                raise
            exchange.task.uncancel()
        except Exception as error:  # noqa: BLE001 - raised through the layers of the body
            stream.error = error
        finally:
            exchange.is_cancellable = False
            pumps.discard(self)
            try:
                await stream.aclose()
            finally:
                if carried is not None:
                    carried.close()
                _current.reset(token)
        if self._ends and stream.error is None:
            if ending.is_over:
                stream.error = ConnectionResetError(errno.ECONNRESET, "The process ends: its streams break off.")
            elif stream.last:
                await self.send(stream.last)

    @property
    def seconds(self) -> float | None:
        """The seconds after which a quiet stream is kept alive."""
        return self.stream.keep_alive

    async def send(self, part: bytes) -> None:
        """Send some bytes."""
        if self._writes is not None:
            await asyncio.wait([self._writes])
        await self._exchange.send({"type": "http.response.body", "body": part, "more_body": True})

    def keep_alive(self, now: float) -> None:
        """Send something, if nothing was sent for the time that the stream says."""
        seconds = self.stream.keep_alive
        if seconds is not None and now - self._last >= seconds and self._writes is None and self._exchange.has_started:
            self._last = now
            self._writes = self._exchange.loop.create_task(self._send_meanwhile())

    async def _send_meanwhile(self) -> None:
        body = {"type": "http.response.body", "body": self.stream.meanwhile, "more_body": True}
        try:
            await self._exchange.send(body)
        except OSError:  # the client has left, which the exchange notices
            pass
        finally:
            self._writes = None

    def end(self) -> None:
        """End the stream, where it is one that clients open again, or where the time of the process is over."""
        if self._exchange.is_cancellable and not self._ends and (self.stream.last or ending.is_over):
            self._ends = True
            self._exchange.task.cancel()


class Pumps:
    """The open streams of an application on one loop.

    :param loop: The loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pumps: set[OpenStream] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._pause = 1.0
        self._is_watching = False

    @property
    def is_closed(self) -> bool:
        """True if no stream is open."""
        return not self._pumps

    def add(self, pump: OpenStream) -> None:
        """Take care of a stream."""
        if not self._is_watching:
            self._is_watching = True
            ending.watch(self)
        self._pumps.add(pump)
        seconds = pump.seconds
        if seconds is not None:
            self._pause = min(self._pause, seconds / 4)
            if self._timer is None:
                self._timer = self._loop.call_later(self._pause, self._keep_alive, [])

    def discard(self, pump: OpenStream) -> None:
        """A stream has ended."""
        self._pumps.discard(pump)

    def _keep_alive(self, todo: list[OpenStream]) -> None:
        """Look at the streams, some at a time."""
        now = self._loop.time()
        todo = todo or list(self._pumps)
        for pump in todo[-SLICE:]:
            if pump in self._pumps:
                pump.keep_alive(now)
        del todo[-SLICE:]
        self._timer = None
        if todo:
            self._timer = self._loop.call_later(0, self._keep_alive, todo)
        elif self._pumps:
            self._timer = self._loop.call_later(self._pause, self._keep_alive, [])

    def wake(self) -> None:
        """End the streams; called by the end of the process, in any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._end, [])

    def _end(self, todo: list[OpenStream]) -> None:
        todo = todo or list(self._pumps)
        for pump in todo[-SLICE:]:
            pump.end()
        del todo[-SLICE:]
        if todo:
            self._loop.call_soon(self._end, todo)

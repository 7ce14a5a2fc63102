"""Streams of asynchronous parts: sent on the loop, one task each and neither thread nor greenlet.

A quiet stream is kept alive by a timer. The client's leaving, and the end of the process, cancel what the stream waits
for. Not here: the parts (``_async_parts``), synchronous ones (``asgi._exchange``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import errno
import typing as t

from .._ending import ending
from ..context import _current

if t.TYPE_CHECKING:
    import collections.abc as cabc

    from .._async_parts import AsyncParts
    from ._exchange import ASGIExchange


async def pump(exchange: ASGIExchange, stream: AsyncParts, parts: cabc.Iterable[bytes]) -> None:
    """Send the parts of a stream, and close it. What its code raises is left in ``stream.error``.

    :param exchange: The request; its head has not been sent.
    :param stream: The parts.
    :param parts: What the application returned for them, whose headers are those of the answer.
    :raises CancelledError: The client has left, or the server has given the request up.
    """
    pumping = Pump(exchange, stream)
    ctx = stream.ctx
    token = _current.set(ctx)
    try:
        with ctx.carrying():
            await pumping.run()
    finally:
        _current.reset(token)


class Pump:
    """One stream on its way.

    :param exchange: The request.
    :param stream: The parts.
    """

    __slots__ = ("__weakref__", "_ends", "_exchange", "_stream", "_timer", "_writes", "is_closed")

    def __init__(self, exchange: ASGIExchange, stream: AsyncParts) -> None:
        self._exchange = exchange
        self._stream = stream
        self._timer: asyncio.TimerHandle | None = None
        self._ends = False
        self._writes: asyncio.Task[None] | None = None
        self.is_closed = False
        """True if the parts have been closed."""

    async def run(self) -> None:
        """Send all parts."""
        exchange, stream = self._exchange, self._stream
        ending.watch(self)
        exchange.listen()
        exchange.is_cancellable = True
        try:
            if exchange.is_left:
                raise asyncio.CancelledError
            await exchange.start()
            await self._send_parts()
        except asyncio.CancelledError:
            if not self._ends or exchange.is_left:
                raise
            exchange.task.uncancel()
        except Exception as error:  # noqa: BLE001 - raised through the layers of the body
            stream.error = error
        finally:
            exchange.is_cancellable = False
            if self._timer is not None:
                self._timer.cancel()
            try:
                await stream.aclose()
            finally:
                self.is_closed = True
        if self._ends and stream.error is None:
            if ending.is_over:
                stream.error = ConnectionResetError(errno.ECONNRESET, "The process ends: its streams break off.")
            elif stream.last:
                await self._send(stream.last)

    async def _send_parts(self) -> None:
        stream = self._stream
        if stream.first:
            await self._send(stream.first)
            stream.first = b""
        if stream.keep_alive is not None:
            self._timer = self._exchange.loop.call_later(stream.keep_alive, self._keep_alive)
        write, iterator, record = stream.write, stream.iterator, stream.ctx.record
        send = self._exchange.send
        if ending.ends_streams and stream.last:
            self._ends = True
            return
        async for value in iterator:
            part = write(value)
            if not part:
                continue
            if self._writes is not None:
                await self._written()
            if self._timer is not None:
                self._quiet_since(stream)
            if record is not None:
                record.first_byte()
                record.response_size += len(part)
            await send({"type": "http.response.body", "body": part, "more_body": True})
            if ending.ends_streams and (stream.last or ending.is_over):
                self._ends = True
                return

    def _quiet_since(self, stream: AsyncParts) -> None:
        t.cast(asyncio.TimerHandle, self._timer).cancel()
        self._timer = self._exchange.loop.call_later(t.cast(float, stream.keep_alive), self._keep_alive)

    async def _send(self, part: bytes) -> None:
        if self._writes is not None:
            await self._written()
        await self._exchange.send({"type": "http.response.body", "body": part, "more_body": True})

    def _keep_alive(self) -> None:
        self._writes = self._exchange.loop.create_task(self._send_meanwhile())

    async def _send_meanwhile(self) -> None:
        stream = self._stream
        try:
            await self._exchange.send({"type": "http.response.body", "body": stream.meanwhile, "more_body": True})
        except OSError:  # the client has left, which the listener knows
            return
        finally:
            self._writes = None
        self._timer = self._exchange.loop.call_later(t.cast(float, stream.keep_alive), self._keep_alive)

    async def _written(self) -> None:
        if self._writes is not None:
            await asyncio.wait([self._writes])

    def wake(self) -> None:
        """End the stream, where it is one that clients open again: called by the end of the process, in any thread."""
        self._exchange.loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if self._exchange.is_cancellable and not self._ends and (self._stream.last or ending.is_over):
            self._ends = True
            self._exchange.task.cancel()

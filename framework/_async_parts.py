"""Answers of asynchronous parts: what an ``async def`` generator makes, sent while it is made.

Behind an ASGI server they are sent on its loop, without a thread or a greenlet for each (``asgi._streams``). Other
servers iterate them in a thread, which waits for each part.
Floor 3.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import contextlib
import typing as t

from ._coroutines import Bridge, sides, switches, wait
from ._ending import ending
from ._producer import FIRST_WAIT
from ._sentinel import MISSING

if t.TYPE_CHECKING:
    from .context import Context


class AsyncParts(cabc.Iterator[bytes]):
    """The parts of an answer, from an asynchronous iterable.

    :param ctx: The context of the request.
    :param source: The iterable; what has an ``aclose`` is closed.
    :param write: Makes the bytes of a part.
    """

    first = b""
    """Bytes that go ahead."""
    last = b""
    """Bytes that end the parts where the process ends. None: they go on to their own end."""
    keep_alive: float | None = None
    """Seconds after which a quiet stream sends :attr:`meanwhile`."""
    meanwhile = b""
    error: BaseException | None = None
    """The error that has ended the parts, where a server sends them by itself."""
    is_over = False
    """True if nothing comes any more."""
    _has_waited = False
    _task: asyncio.Task[object] | None = None
    _alarm: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def __init__(self, ctx: Context, source: cabc.AsyncIterable[object], write: cabc.Callable[[t.Any], bytes]) -> None:
        self.ctx = ctx
        found = bridge()
        if found is not None:
            found.is_async = True
        self.source = source
        self.iterator = source.__aiter__()
        self.write = write

    def __next__(self) -> bytes:
        if self.first:
            first, self.first = self.first, b""
            return first
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        if self.is_over:
            raise StopIteration
        if self.last and ending.ends_streams:
            return self._leave()
        try:
            value = wait(self._next() if self.keep_alive is None and not self.last else self._next_or_meanwhile())
        except StopAsyncIteration:
            self.is_over = True
            raise StopIteration from None
        if value is not MISSING:
            return self.write(value)
        if not ending.ends_streams or not self.last:
            return self.meanwhile
        return self._leave()

    def _leave(self) -> bytes:
        """Close the iterable before its end, because the process ends."""
        self.close()
        return self.last

    async def _next(self) -> object:
        return await self.iterator.__anext__()

    async def _next_or_meanwhile(self) -> object:
        """Wait for the next part; ``MISSING`` where it does not come for a time, or the process ends."""
        if self._task is None:
            self._task = asyncio.create_task(self._next())
        if self._alarm is None:
            self._alarm = asyncio.get_running_loop(), asyncio.Event()
            ending.watch(self)
        woken = asyncio.create_task(self._alarm[1].wait())
        seconds = self.keep_alive
        if seconds is not None and not self._has_waited:
            self._has_waited, seconds = True, min(seconds, FIRST_WAIT)
        try:
            await asyncio.wait((self._task, woken), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        if not self._task.done():
            return MISSING
        task, self._task = self._task, None
        return await task

    @property
    def is_closed(self) -> bool:
        """True if the iterable has been closed, or no thread iterates it."""
        return self.is_over or self._alarm is None

    def wake(self) -> None:
        """Let who waits for the next part look whether the process ends; called in any thread."""
        if self._alarm is not None:
            loop, event = self._alarm
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(event.set)

    def hand_over(self) -> None:
        """Let the server of the request send the parts by itself, if it can."""
        found = bridge()
        if found is not None:
            found.stream = self

    async def aclose(self) -> None:
        """Close the iterable."""
        self.is_over = True
        task, self._task = self._task, None  # its exception would keep what the iterable refers to
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            del task
        close = getattr(self.iterator, "aclose", None)
        if close is not None:
            await close()

    def close(self) -> None:
        """Close the iterable, from synchronous code."""
        if self._task is not None or getattr(self.iterator, "aclose", None) is not None:
            wait(self.aclose())
        self.is_over = True


def bridge() -> Bridge | None:
    """Return the bridge of the request to the loop of its server; ``None`` where no ASGI server serves it."""
    return switches.bridge() if switches.is_on_loop() else sides.bridge

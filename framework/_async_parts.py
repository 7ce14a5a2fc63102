"""Answers of asynchronous parts: what an ``async def`` generator makes, sent while it is made.

Behind an ASGI server they are sent on its loop, without a thread or a greenlet for each (``asgi._streams``). Other
servers iterate them in a thread, which waits for each part.
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ._coroutines import Bridge, sides, switches, wait
from ._ending import ending

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
            self.is_over = True
            return self.last
        try:
            value = wait(self._next())
        except StopAsyncIteration:
            self.is_over = True
            raise StopIteration from None
        return self.write(value)

    async def _next(self) -> object:
        return await self.iterator.__anext__()

    def hand_over(self) -> None:
        """Let the server of the request send the parts by itself, if it can."""
        found = bridge()
        if found is not None:
            found.stream = self

    async def aclose(self) -> None:
        """Close the iterable."""
        self.is_over = True
        close = getattr(self.iterator, "aclose", None)
        if close is not None:
            await close()

    def close(self) -> None:
        """Close the iterable, from synchronous code."""
        if getattr(self.iterator, "aclose", None) is not None:
            wait(self.aclose())
        self.is_over = True


def bridge() -> Bridge | None:
    """Return the bridge of the request to the loop of its server; ``None`` where no ASGI server serves it."""
    return switches.bridge() if switches.is_on_loop() else sides.bridge

"""The body of a request as an application reads it: a file whose parts are fetched when they are asked for.

Floor 7.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import io
import types
import typing as t

from .._coroutines import wait
from ..errors import RequestTimeout

if t.TYPE_CHECKING:
    from ._environ import Receive

_T = t.TypeVar("_T")

AHEAD: t.Final = 65_536
"""So many bytes are read before the application is called: most bodies as a whole."""

IN_MEMORY: t.Final = 500_000
"""So many bytes of a longer body are held in memory; it is a file then."""


class Inbox:
    """The messages of a client: the parts of a body, and in the end that it has left.

    One coroutine asks the server at a time, be it who reads the body or who waits for the client to leave.

    :param receive: Gives the next message.
    :param part_timeout: The seconds that the next part of a body may take; ``None`` for any time.
    :param body_timeout: The seconds that the whole body may take.
    """

    __slots__ = ("_body_timeout", "_end", "_part_timeout", "_receive", "has_more", "is_left")

    def __init__(self, receive: Receive, part_timeout: float | None, body_timeout: float | None) -> None:
        self._receive = receive
        self._part_timeout = part_timeout
        self._body_timeout = body_timeout
        self._end: float | None = None
        self.has_more = True
        """True if the end of the body has not come."""
        self.is_left = False
        """True if the client has left."""

    async def part(self) -> bytes | None:
        """Return the next part of the body; ``None`` where there is no more, or the client has left.

        :raises RequestTimeout: It does not come in time.
        """
        if not self.has_more or self.is_left:
            return None
        message = await _In(self._receive(), self._timeout)
        if message["type"] != "http.request":
            self.is_left = True
            return None
        self.has_more = message.get("more_body", False)
        return t.cast(bytes, message.get("body", b""))

    async def left(self) -> None:
        """Wait until the client has left. Ignores what it sends after its body."""
        is_repeated = False
        while not self.is_left:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.is_left = True
            elif is_repeated:  # from a server that does not wait for the client
                await asyncio.sleep(0.1)
            else:  # the empty body of a request without one
                is_repeated = True

    def _timeout(self) -> asyncio.Timeout:
        """Return the limit for what is waited for now."""
        now = asyncio.get_running_loop().time()
        if self._end is None and self._body_timeout is not None:
            self._end = now + self._body_timeout
        until = None if self._part_timeout is None else now + self._part_timeout
        if self._end is not None:
            until = self._end if until is None else min(until, self._end)
        return asyncio.timeout_at(until)

    async def ahead(self) -> bytes | None:
        """Return the beginning of the body, or all of it; ``None`` where the client has left.

        :raises RequestTimeout: It does not come in time.
        """
        part = await self.part()
        if part is None or not self.has_more:
            return part
        pieces, size = [part], len(part)
        while self.has_more and size < AHEAD:
            part = await self.part()
            if part is None:
                return None
            pieces.append(part)
            size += len(part)
        return b"".join(pieces)

    async def store(self, file: t.IO[bytes], ahead: bytes, limit: int | None) -> bool:
        """Write the body to a file, and go back to its beginning; what is beyond a limit is left to the client.

        :param file: The file.
        :param ahead: The beginning.
        :param limit: The longest body that is read by anyone.
        :return: Whether the client is there.
        :raises RequestTimeout: The body does not come in time.
        """
        file.write(ahead)
        size = len(ahead)
        while self.has_more and (limit is None or size <= limit):
            part = await self.part()
            if part is None:
                return False
            file.write(part)
            size += len(part)
        file.seek(0)
        return True


def is_within(length: str | None, limit: int | None) -> bool:
    """Return whether a body of a declared length is read; one without is, up to the limit.

    :param limit: The longest body; ``None`` for any.
    """
    if limit is None or length is None:
        return True
    # int() takes digits that are not ASCII, and refuses more than 4,300.
    return length.isascii() and length.isdigit() and len(length) < 20 and int(length) <= limit


class _In(t.Generic[_T]):
    """Await something that mostly is there, and where it is not, with a limit: setting one takes 3 us.

    :param awaitable: What is awaited.
    :param timeout: Makes the limit.
    """

    __slots__ = ("_awaitable", "_timeout")

    def __init__(self, awaitable: cabc.Awaitable[_T], timeout: cabc.Callable[[], asyncio.Timeout]) -> None:
        self._awaitable = awaitable
        self._timeout = timeout

    def __await__(self) -> cabc.Generator[t.Any, t.Any, _T]:
        steps = self._awaitable.__await__()
        try:
            waits_for = next(steps)
        except StopIteration as end:
            return t.cast(_T, end.value)
        return t.cast(_T, (yield from _limited(waits_for, steps, self._timeout).__await__()))


async def _limited(waits_for: object, steps: t.Any, timeout: cabc.Callable[[], asyncio.Timeout]) -> t.Any:
    try:
        async with timeout():
            return await begun(waits_for, steps)
    except TimeoutError:
        raise RequestTimeout() from None


@types.coroutine
def begun(waits_for: object, steps: t.Any) -> cabc.Generator[t.Any, t.Any, t.Any]:
    """Go on with a coroutine that has been started.

    :param waits_for: The future that it has yielded.
    :param steps: The rest of it.
    """
    try:
        yield waits_for
    except BaseException as error:
        throw = getattr(steps, "throw", None)
        if throw is None:  # granian's awaitables have none: as in 'yield from', the error is raised here
            raise
        try:
            waits_for = throw(error)
        except StopIteration as end:
            return end.value
        return (yield from begun(waits_for, steps))
    return (yield from steps)


class ArrivingBody(io.RawIOBase):
    """The body: what was read ahead, and what comes.

    :param beginning: What has come so far.
    :param inbox: Gives the rest.
    """

    def __init__(self, beginning: t.IO[bytes], inbox: Inbox) -> None:
        self._beginning: t.IO[bytes] | None = beginning
        self._part = memoryview(b"")
        self._inbox = inbox

    def readable(self) -> bool:
        """A raw stream says whether it can be read."""
        return True

    def readinto(self, buffer: t.Any) -> int:
        """Fill the buffer with what is there, or wait for the next part.

        :raises ConnectionResetError: The client left before the end.
        :raises RequestTimeout: The next part does not come in time.
        """
        if self._beginning is not None:
            ahead = self._beginning.read(len(buffer))
            if ahead:
                buffer[: len(ahead)] = ahead
                return len(ahead)
            self._beginning = None
        while not self._part and (self._inbox.has_more or self._inbox.is_left):
            part = None if self._inbox.is_left else wait(self._inbox.part())
            if part is None:
                raise ConnectionResetError("The client left before the end of the request's body.")
            self._part = memoryview(part)
        size = min(len(buffer), len(self._part))
        buffer[:size] = self._part[:size]
        self._part = self._part[size:]
        return size

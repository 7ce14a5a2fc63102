"""A subscription: the events of a channel for one reader, for a thread or for a coroutine.

Floor 7.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import threading
import time
import typing as t

from ..http.events import SKIPPED, Event, SharedEvent
from ..marks.files import interruptible
from ._hub import Ahead, Hub, Wish

Filter: t.TypeAlias = cabc.Callable[[Event], object]

_IN_A_ROW: t.Final = 32
"""The number of events that a coroutine gets before the others of its loop run, although more are there."""


class Subscription(cabc.Iterator[Event], cabc.AsyncIterator[Event]):
    """The events of a channel from a place on, for one reader: iterate with ``for`` or with ``async for``.

    Made by :meth:`Channel.subscribe`. It ends when it is closed, when the channel is closed, when the process ends its
    streams, and where the reader is too slow.
    """

    __slots__ = ("__weakref__", "_extra", "_hub", "_next", "_where", "is_open")

    def __init__(self, hub: Hub, seen: str | None, where: Filter | None) -> None:
        self.is_open = False
        self._hub = hub
        self._where = where
        wish = Wish(seen, time.monotonic())
        with hub.lock:
            if hub.is_ready:
                self._next, self._extra = hub.place(wish)
            else:
                self._next, self._extra = -1, wish
                hub.pending.add(self)
            hub.subscribers += 1
            self.is_open = True

    _next: int
    """The number of the next event; less than 0 while this process does not know the events of the channel."""
    _extra: Wish | Ahead | SharedEvent | None
    """The work to do before that."""

    def __del__(self) -> None:
        if self.is_open:
            self.close()

    # Threads

    def __next__(self) -> Event:
        while True:
            version = self._hub.version
            event = self._take()
            if event is not None:
                return event
            if not self.is_open:
                raise StopIteration
            self._wait(version)

    def _wait(self, version: int) -> None:
        """Wait in this thread until there may be something new.

        :raises RuntimeError: It runs an event loop, which would wait too.
        """
        if asyncio._get_running_loop() is not None:
            raise RuntimeError(
                "A subscription is iterated by 'for' in a thread that runs an event loop: all coroutines of the loop"
                " would wait with it. Write 'async for'."
            )
        lock = threading.Lock()
        lock.acquire()
        if not self._hub.wait_in_thread(self, lock, version):
            return
        try:
            with interruptible(self.close):
                lock.acquire()
        finally:
            self._hub.stop_waiting(self)

    # Coroutines

    async def __anext__(self) -> Event:
        hub = self._hub
        if self._next % _IN_A_ROW == 0 and 0 < self._next < hub.log.end:
            await asyncio.sleep(0)  # before an event is taken: a task that is cancelled here loses none
        while True:
            version = hub.version
            event = self._take()
            if event is not None:
                return event
            if not self.is_open:
                raise StopAsyncIteration
            loop = asyncio.get_running_loop()
            waiting = hub.waiters_of(loop).waiting
            future = waiting[self] = loop.create_future()
            try:
                if hub.version == version and self.is_open:  # looked at after others can see that it waits
                    with interruptible(self.close):
                        await future
            finally:
                waiting.pop(self, None)

    async def aclose(self) -> None:
        """End the subscription."""
        self.close()

    # Both

    def close(self) -> None:
        """End the subscription; what waits for its next event ends at once. Call it in any thread."""
        hub = self._hub
        with hub.lock:
            if not self.is_open:
                return
            self.is_open = False
            hub.subscribers -= 1
        hub.stop_waiting(self)
        hub.stop_coroutine(self)

    def is_ready(self, limit: int) -> bool | None:
        """Return whether there is something to take, and pass over events that the filter refuses.

        :param limit: The number of events to look at.
        :return: ``None`` if more are to be looked at.
        """
        hub, log = self._hub, self._hub.log
        if not self.is_open or hub.is_over:
            return True
        if self._extra is not None:
            return self._next >= 0
        where = self._where
        if where is None:
            return self._next < log.end
        for _ in range(limit):
            if self._next >= log.end:
                return False
            event = log.read(self._next)
            try:
                if event is None or event.is_control or where(event):
                    return True
            except Exception:  # noqa: BLE001 - raised again in the reader
                return True
            self._next += 1
        return None

    def _take(self) -> Event | None:
        """Return the next event; ``None`` if there is none, or the subscription has ended."""
        hub, log, where = self._hub, self._hub.log, self._where
        if self.is_open and hub.is_over:
            self.close()
        if not self.is_open or self._next < 0:
            return None
        if isinstance(self._extra, SharedEvent):
            first, self._extra = self._extra, None
            return first
        while self._next < log.end:
            event = log.read(self._next)
            if event is None:
                return self._overrun()
            self._next += 1
            if event.is_control:
                self._extra = None
                return event
            if self._extra is not None and self._was_seen(event):
                continue
            if where is None or where(event):
                return event
        return None

    def settle(self) -> None:
        """Find the place in the log, now that it is known. With the lock of the hub held."""
        if isinstance(self._extra, Wish):
            self._next, self._extra = self._hub.place(self._extra)

    def _was_seen(self, event: SharedEvent) -> bool:
        """Return whether the reader has seen an event in another process."""
        key = self._hub.key_of_event(event)
        if key is not None and key <= t.cast(Ahead, self._extra).seen:
            return True
        self._extra = None
        return False

    def _overrun(self) -> Event | None:
        """Go on, or end, where the next event is gone."""
        hub = self._hub
        if not hub.skips:
            self.close()
            return None
        with hub.lock:
            number = max(hub.log.first, self._next)
        lost, self._next, self._extra = number - self._next, number, None
        return SharedEvent({"skipped": lost}, None, SKIPPED, text=f'{{"skipped":{lost}}}', schema=True)

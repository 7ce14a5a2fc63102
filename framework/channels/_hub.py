"""The part of a channel that lives in this process: its latest events, and who waits for the next one.

Threads wait for a lock each. Coroutines of one event loop are woken together, in slices between which the loop runs
what it has to do otherwise. Whatever waits holds a number of the log and nothing more: no event is kept per reader.
Not here: where events come from (``channels._memory``, ``channels._redis``), readers (``channels._subscription``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import threading
import time
import typing as t
import weakref

from .._ending import ending
from ..http.events import RESET, SharedEvent
from ._log import Log

if t.TYPE_CHECKING:
    from ._subscription import Subscription

WOKEN_AT_ONCE: t.Final = 10
"""The number of coroutines that are woken before the loop does what it has to do otherwise."""

FILTERED: t.Final = 100
"""The number of events that are held against the filter of one subscriber before it is the turn of the next."""


class Ahead(t.NamedTuple):
    """A reader that has seen more than this process: it passes over what comes up to there."""

    seen: tuple[int, int]


class Wish(t.NamedTuple):
    """The place at which a reader wants to begin, until this process knows the events of the channel."""

    seen: str | None
    """The id of the last event that it has seen."""
    since: float
    """The moment, by ``time.monotonic``, at which it came."""


class Hub:
    """The events and the readers of a channel in this process.

    :param log: The events.
    :param skips: True if a slow reader goes on, and False if its stream ends.
    :param is_ready: True if the log has the events of the channel from the start.
    """

    def __init__(self, log: Log, *, skips: bool, is_ready: bool = True) -> None:
        self.log = log
        self.skips = skips
        self.is_ready = is_ready
        self.is_closed = False
        # It may be taken again by what the garbage collector ends meanwhile.
        self.lock = threading.RLock()
        self.version = 0
        """A number that goes up with all that readers may wait for."""
        self.subscribers = 0
        self.pending: weakref.WeakSet[Subscription] = weakref.WeakSet()
        """Readers that came before this process knew the events of the channel."""
        self._threads: dict[Subscription, threading.Lock] = {}
        self._loops: dict[asyncio.AbstractEventLoop, LoopWaiters] = {}
        ending.listen(self)

    @property
    def is_over(self) -> bool:
        """True if all streams of the channel end."""
        return self.is_closed or ending.ends_streams

    def key_of(self, name: str) -> tuple[int, int] | None:
        """Return an id as a number, if it may be of an event that is to come; memory knows none."""
        return None

    def key_of_event(self, event: SharedEvent) -> tuple[int, int] | None:
        """Return the id of an event as a number."""
        return None

    def place(self, wish: Wish) -> tuple[int, SharedEvent | Ahead | None]:
        """Return where a reader begins: the number, and what comes before that. With the lock held."""
        log = self.log
        log.expire(time.monotonic())
        if wish.seen is None:
            return log.end, None
        number = log.after(wish.seen)
        if number is not None:
            return number, None
        ahead = self.key_of(wish.seen)
        if ahead is not None:
            return log.end, Ahead(ahead)
        number = log.first
        return number, reset_event(log.id_before(number))

    def settle(self) -> None:
        """Let the readers begin that came before the events were known. With the lock held."""
        self.is_ready = True
        for reader in list(self.pending):
            reader.settle()
        self.pending.clear()

    def append(self, events: list[tuple[SharedEvent, float]]) -> None:
        """Add events. Call :meth:`wake` afterwards, without the lock."""
        with self.lock:
            self.log.expire(time.monotonic())
            for event, moment in events:
                self.log.append(event, moment)

    def wake(self) -> None:
        """Let all that wait look at once for what is new."""
        with self.lock:
            self.version += 1
            threads, self._threads = self._threads, {}
            loops = list(self._loops.values())
        for lock in threads.values():
            lock.release()
        for each in loops:
            each.wake()

    def close(self) -> None:
        """End all streams."""
        self.is_closed = True
        self.wake()

    def abandon(self) -> None:
        """End what was copied into a forked process, whatever its other threads did at that moment."""
        self.lock = threading.RLock()
        self._threads, self._loops = {}, {}
        self.is_closed = True

    def wait_in_thread(self, reader: Subscription, lock: threading.Lock, version: int) -> bool:
        """Let a thread wait until a lock, which it has taken, is released; return whether it has to.

        :param reader: The reader.
        :param lock: Its lock.
        :param version: The version at which there was nothing for the reader.
        """
        with self.lock:
            if self.version != version or not reader.is_open:
                return False
            self._threads[reader] = lock
            return True

    def stop_waiting(self, reader: Subscription) -> None:
        """Let the thread of one reader go on."""
        with self.lock:
            lock = self._threads.pop(reader, None)
        if lock is not None:
            lock.release()

    def stop_coroutine(self, reader: Subscription) -> None:
        """Let the coroutine of one reader go on. Call it in any thread."""
        for each in list(self._loops.values()):
            each.stop(reader)

    def waiters_of(self, loop: asyncio.AbstractEventLoop) -> LoopWaiters:
        """Return what wakes the coroutines of an event loop."""
        found = self._loops.get(loop)
        if found is None:
            with self.lock:
                for other in [each for each in self._loops if each.is_closed()]:
                    del self._loops[other]
                found = self._loops.setdefault(loop, LoopWaiters(loop))
        return found


class LoopWaiters:
    """The coroutines of one event loop that wait, those that have waited longest first.

    Each waits for a future. A round wakes all that wait when it begins, a slice at a time; what comes meanwhile begins
    another round after it. So an event reaches all before any gets the one after the next.

    :param loop: The loop.
    """

    __slots__ = ("_again", "_is_called", "_loop", "_round", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.waiting: dict[Subscription, asyncio.Future[None]] = {}
        """The waiting readers; only the thread of the loop touches them."""
        self._round: collections.deque[Subscription] = collections.deque()
        self._is_called = False
        self._again = False

    def wake(self) -> None:
        """Begin a round, once for all events that come before it. Call it in any thread."""
        if self.waiting and not self._is_called:
            self._is_called = True
            try:
                self._loop.call_soon_threadsafe(self._begin)
            except RuntimeError:  # the loop is closed
                self._is_called = False

    def stop(self, reader: Subscription) -> None:
        """Let one coroutine go on. Call it in any thread."""
        future = self.waiting.get(reader)
        if future is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(_end, future)

    def _begin(self) -> None:
        self._is_called = False
        if self._round:
            self._again = True
            return
        self._round.extend(self.waiting)
        self._go_on()

    def _go_on(self) -> None:
        """Wake a slice."""
        for _ in range(min(WOKEN_AT_ONCE, len(self._round))):
            reader = self._round.popleft()
            future = self.waiting.get(reader)
            if future is None or future.done():
                continue
            is_ready = reader.is_ready(FILTERED)
            if is_ready is None:
                self._round.append(reader)
            elif is_ready:
                del self.waiting[reader]
                future.set_result(None)
        if self._round:
            self._loop.call_soon(self._go_on)
        elif self._again:
            self._again = False
            self._loop.call_soon(self._begin)


def _end(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def reset_event(name: str | None) -> SharedEvent:
    """Return the event after which a client may have missed some.

    :param name: The id of the event after which it goes on.
    """
    return SharedEvent({}, name, RESET, text="{}", schema=True)

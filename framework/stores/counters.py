"""Counters for the library ``limits``: in the memory of this process, bounded, without threads; or in a RedisStore.

The library's own storage in memory has no bound: a client that sends from many addresses fills it, and a timer thread
that looks at every key cleans it. This one holds a fixed number of keys and forgets the one that was used longest ago.
Its own storages for Redis, Sentinel and Cluster open more connections, wait for seconds, and read from replicas
that may lag; this one runs its scripts through the store.
Loaded when an application counts; imports the library ``limits``.
Floor 2.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import functools
import math
import threading
import time
import typing as t

from limits.storage import MovingWindowSupport, RedisStorage, SlidingWindowCounterSupport, Storage

from .redis import Script

if t.TYPE_CHECKING:
    from .redis import RedisStore

_T = t.TypeVar("_T")


class _ExpiringTable(t.Generic[_T], collections.OrderedDict[str, tuple[_T, float]]):
    """Values with their moments of expiry, the one used last at the end; ``limit`` of them at most."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def read(self, key: str, now: float) -> tuple[_T, float] | None:
        entry = self.get(key)
        if entry is None:
            return None
        if entry[1] <= now:
            del self[key]
            return None
        self.move_to_end(key)
        return entry

    def write(self, key: str, value: _T, expires: float) -> None:
        if key not in self and len(self) >= self.limit:
            self.popitem(last=False)
        self[key] = (value, expires)


class MemoryCounters(Storage, MovingWindowSupport, SlidingWindowCounterSupport):
    """A storage of the library ``limits``, for all of its strategies.

    :param max_keys: The most keys (a client and a window each), at some 300 bytes; for the strategy ``moving-window``
        8 bytes more for each request that is let through.
    """

    STORAGE_SCHEME = None

    clock: cabc.Callable[[], float] = staticmethod(time.monotonic)
    """The time in seconds; it is never set, so no window grows when the clock of the machine is set back."""

    def __init__(self, max_keys: int) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._counts: _ExpiringTable[int] = _ExpiringTable(max_keys)
        # The moments of the requests, the newest at the left.
        self._logs: _ExpiringTable[collections.deque[float]] = _ExpiringTable(max_keys)

    def __len__(self) -> int:
        return len(self._counts) + len(self._logs)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Return what the library takes for a failing storage: nothing."""
        return ()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a counter, which starts with its first hit and lives for ``expiry`` seconds."""
        return self.count(key, expiry, amount, self.clock())[0]

    def count(self, key: str, expiry: float, amount: int, now: float) -> tuple[int, float]:
        """The same, which also tells when the counter starts again; of nothing, it only looks."""
        with self._lock:
            entry = self._counts.read(key, now)
            count, expires = entry or (0, now + expiry)
            if amount:
                count += amount
                self._counts.write(key, count, expires)
            return count, expires

    def get(self, key: str) -> int:
        """The count."""
        with self._lock:
            entry = self._counts.read(key, self.clock())
            return 0 if entry is None else entry[0]

    def get_expiry(self, key: str) -> float:
        """Return when the counter starts again, as the library wants it: by the clock of the machine."""
        now = self.clock()
        with self._lock:
            entry = self._counts.read(key, now)
        return time.time() + (0 if entry is None else entry[1] - now)

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget everything.

        :return: How many keys there were.
        """
        with self._lock:
            found = len(self)
            self._counts.clear()
            self._logs.clear()
            return found

    def clear(self, key: str) -> None:
        """Forget one key."""
        with self._lock:
            self._counts.pop(key, None)
            self._logs.pop(key, None)

    # The strategy "moving-window": the moments of the last requests.

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Note ``amount`` requests, if that makes no more than ``limit`` in the last ``expiry`` seconds."""
        now = self.clock()
        with self._lock:
            log = self._recent(key, now, expiry)
            if len(log) + amount > limit:
                return False
            log.extendleft([now] * amount)
            self._logs.write(key, log, now + expiry)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return the moment of the oldest request that counts, by the clock of the machine, and how many there are."""
        now = self.clock()
        with self._lock:
            log = self._recent(key, now, expiry)
            return (time.time() - (now - log[-1]), len(log)) if log else (time.time(), 0)

    def _recent(self, key: str, now: float, expiry: int) -> collections.deque[float]:
        entry = self._logs.read(key, now)
        if entry is None:
            return collections.deque()
        log = entry[0]
        while log and log[-1] <= now - expiry:
            log.pop()
        return log

    # The strategy "sliding-window-counter": the counts of this window and of the one before.

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count ``amount`` requests, if that makes no more than ``limit`` by the weighted sum of both windows."""
        now = self.clock()
        with self._lock:
            before, left, count, _ = self._both(key, expiry, now)
            if math.floor(before * left / expiry + count) + amount > limit:
                return False
            number = int(now // expiry)
            self._counts.write(f"{key}/{number}", count + amount, (number + 2) * expiry)
            return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """The count of the window before and the seconds for which it counts, then those of this window."""
        now = self.clock()
        with self._lock:
            return self._both(key, expiry, now)

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget both windows."""
        number = int(self.clock() // expiry)
        self.clear(f"{key}/{number}")
        self.clear(f"{key}/{number - 1}")

    def _both(self, key: str, expiry: int, now: float) -> tuple[int, float, int, float]:
        number = int(now // expiry)
        before, current = (self._counts.read(f"{key}/{at}", now) for at in (number - 1, number))
        left = (number + 1) * expiry - now
        return before[0] if before else 0, left if before else 0.0, current[0] if current else 0, left + expiry


class RedisCounters(RedisStorage):
    """A storage of the library ``limits`` in a store in Redis: its scripts, through the connections of the store.

    Raises :class:`~framework.stores.base.StoreAway` where the store does.

    :param store: The store.
    """

    def __init__(self, store: RedisStore) -> None:
        super(RedisStorage, self).__init__()
        self.key_prefix = f"{store.prefix}limits"
        self._store = store
        self._tag = ""
        if store.is_cluster:
            # Both windows of a sliding one are in one slot by their tag, which is none where it begins with "}".
            self._tag = "."
        for name, text in (
            ("lua_incr_expire", self.SCRIPT_INCR_EXPIRE),
            ("lua_moving_window", self.SCRIPT_MOVING_WINDOW),
            ("lua_acquire_moving_window", self.SCRIPT_ACQUIRE_MOVING_WINDOW),
            ("lua_sliding_window", self.SCRIPT_SLIDING_WINDOW),
            ("lua_acquire_sliding_window", self.SCRIPT_ACQUIRE_SLIDING_WINDOW),
        ):
            setattr(self, name, functools.partial(store.run, Script.of(text)))

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Return what the library takes for a failing storage: nothing, the store has named it."""
        return ()

    def get_connection(self, readonly: bool = False) -> t.Any:
        """Return the client, for what the library does apart from counting."""
        return self._store.client

    def get(self, key: str) -> int:
        """The count."""
        return int(self._store.ask("GET", self.prefixed_key(key)) or 0)

    def get_expiry(self, key: str) -> float:
        """Return when the counter starts again, by the clock of the machine."""
        return t.cast("float", max(self._store.ask("TTL", self.prefixed_key(key)), 0) + time.time())

    def _current_window_key(self, key: str) -> str:
        return f"{{{self._tag}{key}}}"

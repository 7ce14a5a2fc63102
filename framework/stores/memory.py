"""A store in the memory of this process: bounded, and as fast as a dictionary.

Each process has its own, so it serves one process, tests and development. Several processes need ``stores.redis``.
Floor 2.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import threading
import time

from .base import ValueTooLarge, check_ttl

MAX_ENTRIES = 10_000
MAX_BYTES = 64 * 1024 * 1024
ENTRY_BYTES = 200
"""The bytes that an entry is taken to cost in addition to its key and its value."""


class MemoryStore:
    """A store in memory. When it is full, the entry goes whose last use is longest ago.

    :param max_entries: The most entries.
    :param max_bytes: The most bytes of all keys and values, with 200 for each entry on top.
    :param clock: Gives the time in seconds.
    :raises ValueError: A limit is less than 1.
    """

    def __init__(
        self,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
        *,
        clock: cabc.Callable[[], float] = time.monotonic,
    ) -> None:
        if max_entries < 1 or max_bytes < 1:
            raise ValueError("A MemoryStore needs room for one entry at least: max_entries and max_bytes from 1.")
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        # key -> (value, moment of expiry); the one used last stands at the end.
        self._entries: collections.OrderedDict[str, tuple[bytes, float]] = collections.OrderedDict()
        self._bytes = 0
        self._next_sweep = 0.0

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._entries)} of {self.max_entries} entries, {self._bytes} bytes)"

    def __len__(self) -> int:
        """Return how many entries there are, those included that have expired and were not yet met."""
        return len(self._entries)

    @property
    def size(self) -> int:
        """The bytes that count against ``max_bytes``."""
        return self._bytes

    def get(self, key: str) -> bytes | None:
        """The value of a key; see :class:`~framework.stores.base.Store`."""
        with self._lock:
            return self._read(key)

    def set(self, key: str, value: bytes, ttl: float) -> None:
        """Write a value; see :class:`~framework.stores.base.Store`."""
        check_ttl(ttl)
        with self._lock:
            self._write(key, value, self._clock() + ttl)

    def add(self, key: str, value: bytes, ttl: float) -> bytes | None:
        """Write a value where there is none; see :class:`~framework.stores.base.Store`."""
        check_ttl(ttl)
        with self._lock:
            present = self._read(key)
            if present is not None:
                return None if present == value else present
            self._write(key, value, self._clock() + ttl)
            return None

    def replace(self, key: str, old: bytes, value: bytes, ttl: float) -> bool:
        """Write a value where another is; see :class:`~framework.stores.base.Store`."""
        check_ttl(ttl)
        with self._lock:
            if self._read(key) != old:
                return False
            self._write(key, value, self._clock() + ttl)
            return True

    def delete(self, key: str, old: bytes | None = None) -> bool:
        """Remove an entry; see :class:`~framework.stores.base.Store`."""
        with self._lock:
            present = self._read(key)
            if present is None or (old is not None and present != old):
                return False
            self._drop(key)
            return True

    def increment(self, key: str, ttl: float, by: int = 1) -> tuple[int, float]:
        """Add to a counter; see :class:`~framework.stores.base.Store`."""
        check_ttl(ttl)
        with self._lock:
            now = self._clock()
            present = self._read(key)
            expires = now + ttl if present is None else self._entries[key][1]
            count = int(present or b"0") + by
            self._write(key, b"%d" % count, expires)
            return count, expires - now

    def clear(self) -> None:
        """Remove everything."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    # With the lock held:

    def _read(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[1] <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def _write(self, key: str, value: bytes, expires: float) -> None:
        cost = self._cost(key, value)
        if cost > self.max_bytes:
            raise ValueTooLarge(f"A value of {len(value)} bytes does not fit into a store of {self.max_bytes} bytes.")
        if key in self._entries:
            self._drop(key)
        if len(self._entries) >= self.max_entries or self._bytes + cost > self.max_bytes:
            self._make_room(cost)
        self._entries[key] = (value, expires)
        self._bytes += cost

    def _drop(self, key: str) -> None:
        self._bytes -= self._cost(key, self._entries.pop(key)[0])

    def _make_room(self, cost: int) -> None:
        now = self._clock()
        if now >= self._next_sweep:  # looking at all entries is dear: once in a second at most
            self._next_sweep = now + 1
            for key in [key for key, entry in self._entries.items() if entry[1] <= now]:
                self._drop(key)
        while len(self._entries) >= self.max_entries or self._bytes + cost > self.max_bytes:
            key, (value, _) = self._entries.popitem(last=False)
            self._bytes -= self._cost(key, value)

    @staticmethod
    def _cost(key: str, value: bytes) -> int:
        return 4 * len(key) + len(value) + ENTRY_BYTES

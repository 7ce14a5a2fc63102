"""The protocol of a store: values under keys that expire, shared by all processes that must agree on them.

Rate limits, idempotency keys and sessions keep their state behind this protocol. It holds only what these need; each
operation is atomic.
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import logging
import threading
import time
import typing as t

_T = t.TypeVar("_T")

SLOW = 3
"""The number of answers in a row that may be late until the store counts as away."""

PAUSE = 1.0
"""Seconds for which a store that is away is not asked again."""


class StoreError(Exception):
    """A store could not do what it was asked for."""


class StoreAway(StoreError):
    """The store does not answer: it is not running, not reachable, or too slow."""

    part: str | None = None
    """The node of a cluster that does not answer, while the others may; ``None``: the whole store."""


class StoreSlow(StoreAway):
    """The store did not answer in time. It, the network or this process may only be busy."""


class ValueTooLarge(StoreError, ValueError):
    """The value does not fit into the store."""


@t.runtime_checkable
class Store(t.Protocol):
    """Values under keys. Every entry expires; every operation is atomic.

    Keys are text, values are bytes. ``ttl`` is a time to live in seconds, more than 0. All methods raise
    :class:`StoreAway` where the store cannot be reached.
    """

    def get(self, key: str) -> bytes | None:
        """The value; ``None`` where there is none or it has expired."""

    def set(self, key: str, value: bytes, ttl: float) -> None:
        """Write a value, whatever was there.

        :raises ValueTooLarge: It does not fit.
        """

    def add(self, key: str, value: bytes, ttl: float) -> bytes | None:
        """Write a value where there is none.

        :return: ``None`` when it was written; otherwise the value that is there, which stays. One that is equal counts
            as written: a client that lost the answer may ask again.
        :raises ValueTooLarge: It does not fit.
        """

    def replace(self, key: str, old: bytes, value: bytes, ttl: float) -> bool:
        """Write a value where ``old`` is.

        :return: Whether it was written. ``False``: another value is there, or none.
        :raises ValueTooLarge: It does not fit; the old value stays.
        """

    def delete(self, key: str, old: bytes | None = None) -> bool:
        """Remove an entry.

        :param old: Only if this is its value.
        :return: Whether one was removed.
        """

    def increment(self, key: str, ttl: float, by: int = 1) -> tuple[int, float]:
        """Add to a counter. One that is not there starts at 0 and lives for ``ttl``; later calls do not prolong it.

        :return: The new count, and the seconds until it expires.
        """


class CircuitBreaker:
    """A circuit breaker before a store that may be away: it asks seldom then, and logs each change once.

    A store that refuses is away at once. One that does not answer in time may only be busy, or this process is: it is
    away after several calls in a row that each began after the one before had failed. Calls that run side by side and
    fail together count once. An error that concerns one part of the store alone changes nothing.

    :param name: What the log calls the store.
    :param consequence: What happens meanwhile: one sentence for the log.
    :param pause: Seconds for which a store that is away is not asked again; then one call asks, and the others wait
        for what it finds by not asking.
    :param slow: How many times in a row a store may be slow until it is away.
    :param clock: Gives the time in seconds.
    """

    listeners: t.ClassVar[list[cabc.Callable[[CircuitBreaker, bool], object]]] = []
    """Called with a breaker and whether it is open, after each change, in the process where it changes."""

    def __init__(
        self,
        name: str,
        consequence: str,
        *,
        pause: float = PAUSE,
        slow: int = SLOW,
        clock: cabc.Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.consequence = consequence
        self._pause = pause
        self._slow = slow
        self._clock = clock
        self._away_until = 0.0
        self._is_away = False
        self._failures = 0
        self._failed_at = 0.0
        self._lock = threading.Lock()

    def run(self, logger: logging.Logger, function: cabc.Callable[..., _T], *arguments: object) -> _T:
        """Call ``function``, which asks the store.

        :raises StoreAway: It does not answer, or did not a moment ago.
        """
        if self._is_away:
            self._wait_or_ask()
        began = self._clock()
        try:
            result = function(*arguments)
        except StoreAway as error:
            if error.part is None:
                self._lost(logger, error, began)
            raise
        if self._is_away or self._failures:
            self._found(logger)
        return result

    def _wait_or_ask(self) -> None:
        """Let one call through when the pause is over; its pause begins anew, so that no other goes with it.

        :raises StoreAway: It is not over, or another call asks.
        """
        with self._lock:
            now = self._clock()
            if self._is_away and now < self._away_until:
                raise StoreAway(f"{self.name} did not answer a moment ago.")
            self._away_until = now + self._pause

    def _lost(self, logger: logging.Logger, error: StoreAway, began: float) -> None:
        with self._lock:
            now = self._clock()
            if isinstance(error, StoreSlow) and not self._is_away:
                if self._failures == 0 or began >= self._failed_at:
                    self._failures += 1
                    self._failed_at = now
                if self._failures < self._slow:
                    return
            self._away_until = now + self._pause
            was_away, self._is_away = self._is_away, True
        if not was_away:
            logger.error("%s is away: %s %s This is logged once.", self.name, error, self.consequence)
            self._tell(True)

    def _found(self, logger: logging.Logger) -> None:
        with self._lock:
            was_away, self._is_away = self._is_away, False
            self._failures = 0
        if was_away:
            logger.warning("%s is back.", self.name)
            self._tell(False)

    def _tell(self, is_open: bool) -> None:
        for listener in self.listeners:
            listener(self, is_open)


def check_ttl(ttl: float) -> None:
    """Refuse a time to live that is none.

    :raises ValueError: It is 0 or less.
    """
    if not ttl > 0:
        raise ValueError(f"A time to live must be more than 0 seconds, not {ttl!r}.")

"""What a store is: values under keys that expire, shared by whoever must agree on them.

Rate limits, idempotency keys and sessions keep their state behind this protocol. It holds only what these need; each
operation is atomic.
Floor 2: imports nothing of the package.
"""

from __future__ import annotations

import collections.abc as cabc
import logging
import threading
import time
import typing as t

_T = t.TypeVar("_T")

PAUSE = 1.0
"""Seconds for which a store that did not answer is not asked again."""


class StoreError(Exception):
    """A store could not do what it was asked for."""


class StoreAway(StoreError):
    """The store does not answer: it is not running, not reachable, or too slow."""


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

        :return: ``None`` when it was written; else the value that is there, which stays. One that is equal counts as
            written: a client that lost the answer may ask again.
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


class Guard:
    """Stands before a store that may be away: asks it at most once in a while then, and logs each change once.

    :param name: What the log calls the store.
    :param consequence: What happens meanwhile: one sentence for the log.
    :param pause: Seconds for which a store that did not answer is not asked again.
    :param clock: Gives the time in seconds.
    """

    def __init__(
        self,
        name: str,
        consequence: str,
        *,
        pause: float = PAUSE,
        clock: cabc.Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.consequence = consequence
        self._pause = pause
        self._clock = clock
        self._away_until = 0.0
        self._is_away = False
        self._lock = threading.Lock()

    def run(self, logger: logging.Logger, function: cabc.Callable[..., _T], *arguments: t.Any) -> _T:
        """Call ``function``, which asks the store.

        :raises StoreAway: It does not answer, or did not a moment ago.
        """
        if self._is_away and self._clock() < self._away_until:
            raise StoreAway(f"{self.name} did not answer a moment ago.")
        try:
            result = function(*arguments)
        except StoreAway as error:
            self._lost(logger, error)
            raise
        if self._is_away:
            self._found(logger)
        return result

    def _lost(self, logger: logging.Logger, error: StoreAway) -> None:
        with self._lock:
            self._away_until = self._clock() + self._pause
            was_away, self._is_away = self._is_away, True
        if not was_away:
            logger.error("%s is away: %s %s This is logged once.", self.name, error, self.consequence)

    def _found(self, logger: logging.Logger) -> None:
        with self._lock:
            was_away, self._is_away = self._is_away, False
        if was_away:
            logger.warning("%s is back.", self.name)


def check_ttl(ttl: float) -> None:
    """Refuse a time to live that is none.

    :raises ValueError: It is 0 or less.
    """
    if not ttl > 0:
        raise ValueError(f"A time to live must be more than 0 seconds, not {ttl!r}.")

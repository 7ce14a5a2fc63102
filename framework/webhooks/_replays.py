"""The deliveries that were processed or are being processed, by their ids, in a store.

Not here: which answers count as processed (``webhooks._incoming``), stores (``stores``).
Floor 7.
"""

from __future__ import annotations

import enum
import os
import time
import typing as t

from ..marks.traffic import guard_of, once, redis_store, store_url
from ..stores.base import CircuitBreaker, Store, StoreAway
from ..stores.memory import MemoryStore

if t.TYPE_CHECKING:
    from ..typing import Application

_DONE: t.Final = b"done"


class KnownDelivery(enum.Enum):
    """A delivery that is not to be processed now."""

    PROCESSED = "processed"
    IN_PROGRESS = "in progress"


PROCESSED: t.Final = KnownDelivery.PROCESSED
IN_PROGRESS: t.Final = KnownDelivery.IN_PROGRESS


class Delivery:
    """A delivery that is being processed.

    :param replays: The store of its id.
    :param place: The key in the store.
    :param record: The value in the store while it is processed.
    """

    __slots__ = ("_place", "_record", "_replays")

    def __init__(self, replays: ReplayStore, place: str, record: bytes) -> None:
        self._replays = replays
        self._place = place
        self._record = record

    def complete(self) -> None:
        """Note that it was processed. Where the store is away, it counts as failed after the lease."""
        self._replays.complete(self._place, self._record)

    def release(self) -> None:
        """Let the next attempt process it. Where the store is away, that is after the lease."""
        self._replays.release(self._place, self._record)


class ReplayStore:
    """The store of ids.

    :param app: The application.
    :param store: The store.
    :param guard: The circuit breaker before it.
    :param lifetime: Seconds for which ids are kept.
    :param lease: Seconds that processing may take.
    """

    def __init__(self, app: Application, store: Store, guard: CircuitBreaker, lifetime: float, lease: float) -> None:
        self._logger = app.logger
        self._store = store
        self._guard = guard
        self._lifetime = lifetime
        self._lease = lease

    def claim(self, place: str) -> Delivery | KnownDelivery:
        """Take a delivery that no other process has processed or is processing.

        :raises StoreAway: The store does not answer.
        """
        run, store = self._guard.run, self._store
        record = b"%.3f %s" % (time.time() + self._lease, os.urandom(12).hex().encode())
        kept = max(self._lifetime, self._lease)
        present = run(self._logger, store.add, place, record, kept)
        if present is None:
            return Delivery(self, place, record)
        if present == _DONE:
            return PROCESSED
        # The process that has it may have died: its work counts as failed, and is done again.
        if time.time() < float(present.partition(b" ")[0]):
            return IN_PROGRESS
        if run(self._logger, store.replace, place, present, record, kept):
            return Delivery(self, place, record)
        return IN_PROGRESS

    def complete(self, place: str, record: bytes) -> None:
        """Keep the id of a delivery that was processed."""
        run, store = self._guard.run, self._store
        try:
            if not run(self._logger, store.replace, place, record, _DONE, self._lifetime):
                # The store was emptied, or the lease was over and another process has taken it.
                run(self._logger, store.add, place, _DONE, self._lifetime)
        except StoreAway:
            self._logger.warning(
                "A webhook was processed, and the store of ids is away: if it is sent again, it is processed again."
            )

    def release(self, place: str, record: bytes) -> None:
        """Forget a delivery that failed."""
        try:
            self._guard.run(self._logger, self._store.delete, place, record)
        except StoreAway:  # logged by the guard; the lease ends
            pass


def open_replay_store(app: Application, own: Store | None, lifetime: float, lease: float) -> ReplayStore:
    """Return the store of ids of an application.

    :param own: The store of the mark; ``None``: that of the settings.
    """
    store: Store
    url = store_url(app.config, "WEBHOOK")
    if own is not None:
        store = own
    elif url is not None:
        store = redis_store(app, url)
    else:
        store = once(app, "webhooks", MemoryStore)
    guard = guard_of(app, store, "Webhooks are answered with 503.")
    return ReplayStore(app, store, guard, lifetime, lease)

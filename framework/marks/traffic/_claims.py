"""Claims on idempotency keys: taking one, keeping the answer, giving the key back, and doing so later.

Not here: when that happens (``marks.traffic._idempotency``), what is kept (``http.idempotency``), where (``stores``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import os
import threading
import time
import typing as t

from ...http.idempotency import Done, Lost, Running, encode
from ...stores.base import PAUSE, CircuitBreaker, Store, StoreAway, ValueTooLarge
from ...stores.memory import MemoryStore
from ._stores import guard_of, once, redis_store, store_url

if t.TYPE_CHECKING:
    from ...typing import Application

_T = t.TypeVar("_T")

MAX_LATE = 1000
MAX_LATE_BYTES = 16 * 1024 * 1024
"""The greatest number of answers, and of their bytes, that wait in this process for a store that is away."""


class Claim:
    """A request that holds its key.

    :param keeper: Where keys are kept.
    :param place: The key in the store.
    :param record: What is in the store while the request runs.
    :param print: The fingerprint of the request.
    """

    def __init__(self, key_store: IdempotencyStore, place: str, record: bytes, print: bytes) -> None:
        self._keeper = key_store
        self._place = place
        self._record = record
        self._print = print
        self.is_open = True
        """True if the answer was neither kept nor the key given back so far."""
        self._kept: Done | None = None
        self._is_late = False

    def settle(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Keep the answer, for as long as answers are kept; where the store is away, as soon as it is back."""
        self.is_open = False
        key_store = self._keeper
        done = Done(self._print, status, headers, body)
        record = encode(done)
        if len(record) <= key_store.max_length and self._write(record):
            self._kept = done
        else:
            key_store.logger.warning(
                "An answer of %d bytes is too large to be kept for its idempotency key. A repetition of the request"
                " gets 409. Raise IDEMPOTENCY_MAX_LENGTH, or answer with less.",
                len(body),
            )
            self._write(encode(Lost(self._print)))

    def complete(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Keep the headers that were added to the kept answer since, like its ``ETag``: a repetition cannot make them.

        ``Vary`` alone is not worth a write: it is added to each answer.

        :param status: That of the answer that leaves; where it is another one, nothing is added.
        """
        kept = self._kept
        if kept is None or kept.status != status or self._is_late:
            return
        if kept.headers == headers or has_same(kept.headers, headers):
            return
        record = encode(Done(self._print, status, headers, kept.body))
        if len(record) <= self._keeper.max_length:
            self._write(record)

    def _write(self, record: bytes) -> bool:
        """Put a record in the place of the present one; ``False`` when it is too large for the store."""
        try:
            self._keeper.put(self._place, self._record, record)
        except ValueTooLarge:
            return False
        except StoreAway:  # logged by the guard
            self._is_late = True
            self._keeper.late.add(self._place, self._record, record)
        else:
            self._record = record
        return True

    def release(self) -> None:
        """Give the key back, where nothing was kept for it: the request can be tried again."""
        if not self.is_open:
            return
        self.is_open = False
        try:
            self._keeper.put(self._place, self._record, None)
        except StoreAway:  # logged by the guard
            self._keeper.late.add(self._place, self._record, None)


def has_same(kept: list[tuple[str, str]], headers: list[tuple[str, str]]) -> bool:
    """Return whether headers are those that were kept, ``Vary`` apart."""
    one, other = ([pair for pair in pairs if pair[0].lower() != "vary"] for pairs in (kept, headers))
    return one == other


class IdempotencyStore:
    """The store of an application's keys, and how long it keeps them.

    :param app: The application.
    :param store: The store.
    :param guard: The circuit breaker before it.
    :param lifetime: Seconds for which an answer is kept.
    """

    def __init__(self, app: Application, store: Store, guard: CircuitBreaker, lifetime: float) -> None:
        self.logger = app.logger
        self.store = store
        self.lifetime = lifetime
        self.lease: float = app.config["IDEMPOTENCY_LEASE"]
        self.max_length: int = app.config["IDEMPOTENCY_MAX_LENGTH"]
        self.late = Late(self)
        self._guard = guard

    def claim(self, place: str, print: bytes) -> Claim | bytes:
        """Take a key for a request.

        The record outlives the lease: a request that ended without an answer is not carried out again by itself.

        :return: The claim, or the record of the request that has taken the key before.
        :raises StoreAway: The store does not answer.
        """
        waiting = self.late.find(place)
        if waiting is not None:
            return waiting
        record = encode(Running(print, os.urandom(16), time.time() + self.lease))
        present: bytes | None = self.ask(self.store.add, place, record, max(self.lifetime, self.lease))
        return Claim(self, place, record, print) if present is None else present

    def put(self, place: str, running: bytes, record: bytes | None) -> None:
        """Put a record in the place of a running one, also where the store has lost that; ``None`` removes it.

        :raises StoreAway: The store does not answer.
        :raises ValueTooLarge: The record does not fit.
        """
        if record is None:
            self.ask(self.store.delete, place, running)
            return
        if self.ask(self.store.replace, place, running, record, self.lifetime):
            return
        # The store was emptied or restarted; whoever came in between has the key now.
        if self.ask(self.store.add, place, record, self.lifetime) is not None:
            self.logger.error(
                "An idempotency key was taken by a repetition of its request, because the store lost the record of the"
                " first one: the request may have been carried out twice. Use a store that keeps what it is given."
            )

    def ask(self, function: cabc.Callable[..., _T], *arguments: object) -> _T:
        """Call a method of the store.

        :raises StoreAway: It does not answer.
        """
        return self._guard.run(self.logger, function, *arguments)


class Late:
    """Records that wait in this process until the store is back, written by a thread that ends with the last of them.

    A repetition that reaches this process gets the answer from here.

    :param keeper: Where they belong.
    """

    def __init__(self, key_store: IdempotencyStore) -> None:
        self._keeper = key_store
        self._lock = threading.Lock()
        # place -> (running record, record, moment at which it is given up)
        self._waiting: dict[str, tuple[bytes, bytes | None, float]] = {}
        self._bytes = 0
        self._thread: threading.Thread | None = None

    def find(self, place: str) -> bytes | None:
        """Return the answer that waits for a place; ``None`` where none does."""
        if not self._waiting:
            return None
        with self._lock:
            found = self._waiting.get(place)
        return None if found is None else found[1]

    def add(self, place: str, running: bytes, record: bytes | None) -> None:
        """Write a record once the store is back, within the lease of its request."""
        size = len(record or b"")
        with self._lock:
            full = len(self._waiting) >= MAX_LATE or self._bytes + size > MAX_LATE_BYTES
            if not full:
                self._waiting[place] = (running, record, time.monotonic() + self._keeper.lease)
                self._bytes += size
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="framework-idempotency", daemon=True)
                    self._thread.start()
        if full:
            self._keeper.logger.error("An answer is not kept for its idempotency key: %d wait already.", MAX_LATE)

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(PAUSE / 4)
            with self._lock:
                waiting = list(self._waiting.items())
                if not waiting:
                    self._thread = None
                    return
            for place, (running, record, until) in waiting:
                try:
                    self._keeper.put(place, running, record)
                except StoreAway as error:
                    if time.monotonic() < until:
                        if error.part is None:
                            break  # the others would fare no better
                        continue
                    self._keeper.logger.error(
                        "An answer was not kept for its idempotency key: the store was away for longer than"
                        " IDEMPOTENCY_LEASE, %s seconds.",
                        self._keeper.lease,
                    )
                except Exception:
                    self._keeper.logger.exception("An answer was not kept for its idempotency key")
                self._drop(place)

    def _drop(self, place: str) -> None:
        with self._lock:
            self._bytes -= len(self._waiting.pop(place)[1] or b"")


def open_idempotency_store(app: Application, own: Store | None, lifetime: float) -> IdempotencyStore:
    """Return the keeper of an application for a store and a lifetime.

    :param own: The store of the mark; ``None``: that of the settings.
    """
    store: Store
    url = store_url(app.config, "IDEMPOTENCY")
    if own is not None:
        store = own
    elif url is not None:
        store = redis_store(app, url)
    else:
        store = once(app, "idempotency", MemoryStore)
    guard = guard_of(app, store, "Requests with an idempotency key are answered with 503.")
    return IdempotencyStore(app, store, guard, lifetime)

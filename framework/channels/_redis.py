"""Events in a stream of Redis or Valkey, for applications that run in several processes.

One thread per process and channel reads the stream and hands its events to the readers of this process; all of them,
those that come again too, are served from the events that it keeps. So a storm of clients asks Redis for nothing.
Not here: connections (``stores.redis``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import itertools
import logging
import random
import re
import secrets
import threading
import time
import typing as t

from ..stores.base import PAUSE, CircuitBreaker, StoreAway
from ..stores.redis import RedisStore, Script
from ._errors import ChannelUnavailable
from ._hub import Hub, Wish, reset_event
from ._types import Draft

if t.TYPE_CHECKING:
    from ..http.events import SharedEvent
    from ._hub import Ahead
    from ._log import Log
    from ._types import EventTypes

    StreamEntry: t.TypeAlias = tuple[str, dict[bytes, bytes]]

BLOCK: t.Final = 5.0
"""Seconds for which the thread waits for the next event before it asks again."""
TIMEOUT: t.Final = 5.0
"""Seconds that an answer may take in addition to that."""
BATCH: t.Final = 500
"""The number of events that are read at once."""
LINGER = 60.0
"""Seconds after the last reader has left until the thread ends and forgets the events."""
SKEW: t.Final = 5000
"""Milliseconds by which an id may be later than the clock of the server, as far as this process knows that."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_NOTHING: t.Final = "0-0"
_ID: t.Final = re.compile(r"(\d{1,20})-(\d{1,20})")

# A client that has lost an answer sends the same again: the last event of each publishing thread is remembered.
_PUBLISH = Script.of("""
local last = redis.call('GET', KEYS[2])
local length = string.len(ARGV[1])
if last and string.sub(last, 1, length) == ARGV[1] then return string.sub(last, length + 1) end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(ARGV, 4))
local ttl = tonumber(ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local oldest = tonumber(string.match(id, '^%d+')) - ttl
if oldest > 0 then redis.pcall('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', oldest)) end
redis.call('SET', KEYS[2], ARGV[1] .. id, 'PX', 60000)
return id
""")
_LOAD = Script.of("""
local known = 0
if ARGV[2] ~= '' and #redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2]) > 0 then known = 1 end
local events = {}
if known == 0 then events = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[1]) end
return {redis.call('TIME'), known, events}
""")

logger: t.Final = logging.getLogger("framework.channels")


class RedisHub(Hub):
    """The events and the readers of a channel in this process, where others publish too."""

    offset = 0.0
    """Milliseconds from ``time.monotonic`` to the clock of the server."""
    last = _NOTHING
    """The id of the last event that this process has got."""

    def place(self, wish: Wish) -> tuple[int, SharedEvent | Ahead | None]:
        if wish.seen is None:  # what came after it asked, also where that was before this process knew the events
            return self.log.since(wish.since), None
        return super().place(wish)

    def key_of(self, name: str) -> tuple[int, int] | None:
        key = key_of(name)
        if key is None or key <= t.cast("tuple[int, int]", key_of(self.last)):
            return None
        return key if key[0] <= time.monotonic() * 1000 + self.offset + SKEW else None

    def key_of_event(self, event: SharedEvent) -> tuple[int, int] | None:
        return key_of(str(event.id))


class RedisSource:
    """A source of events in a stream of Redis.

    :param name: The name of the channel.
    :param store: The store that events are published to.
    :param log: The events.
    :param types: What makes events.
    :param skips: True if a slow reader goes on.
    """

    waits = True
    """True if publishing waits for a server."""

    def __init__(self, name: str, store: RedisStore, log: Log, types: EventTypes, *, skips: bool) -> None:
        self.hub = RedisHub(log, skips=skips, is_ready=False)
        self.key = f"{store.prefix}channel:{{{name}}}"
        self._store = store
        self._types = types
        self._breaker = CircuitBreaker(
            f"The store of the channel {name!r}", "Until it is back, nothing can be published, and subscribers wait."
        )
        self._life = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._reader: StreamReader | None = None

    def start(self) -> None:
        """Begin to listen, in a thread, unless one listens already."""
        if self._reader is None:
            with self.hub.lock:
                if self._reader is None and not self.hub.is_closed:
                    self._reader = StreamReader(self, self._store)

    def publish(self, draft: Draft) -> str:
        """Add an event; return its id.

        :raises ChannelUnavailable: Redis does not answer.
        """
        fields: list[str | int] = ["d", draft.text]
        if draft.event is not None:
            fields += ["e", draft.event]
        if draft.retry is not None:
            fields += ["r", draft.retry]
        log = self.hub.log
        keys = [self.key, f"{self.key}:{self._life}.{threading.get_ident():x}"]
        values = [f"{next(self._numbers)} ", log.capacity + 1, max(1, round(log.ttl * 1000)), *fields]
        try:
            name = self._breaker.run(logger, self._store.run, _PUBLISH, keys, values)
        except StoreAway as error:
            raise ChannelUnavailable(retry_after=max(1, round(PAUSE))) from error
        return as_text(name)

    def stop(self, reader: StreamReader) -> bool:
        """Let the thread end where no reader is left; return whether it has to."""
        with self.hub.lock:
            if self.hub.subscribers and not self.hub.is_closed:
                return False
            self._reader = None
            if not self.hub.subscribers:
                self.hub.is_ready = False
                self.hub.log.clear()
            return True

    def _ask(self, function: cabc.Callable[..., t.Any], *arguments: object) -> t.Any:
        """Ask the server, through the circuit breaker that publishing uses too.

        :raises StoreAway: It does not answer.
        """

        def ask() -> t.Any:
            try:
                return function(*arguments)
            except StoreAway as error:
                if self.hub.is_closed:  # a server that goes after its users is not logged
                    error.part = self.key
                raise

        return self._breaker.run(logger, ask)

    def load(self, store: RedisStore) -> None:
        """Get what this process does not know: all that is kept the first time, later what it may have missed.

        :raises StoreAway: The server does not answer.
        """
        hub, log = self.hub, self.hub.log
        last = hub.last if hub.is_ready and hub.last != _NOTHING else ""
        number = log.capacity + 1
        seconds_and_micros, is_known, rows = self._ask(store.run, _LOAD, [self.key], [number, last])
        now = time.monotonic()
        seconds, micros = (int(each) for each in seconds_and_micros)
        hub.offset = seconds * 1000 + micros / 1000 - now * 1000
        if is_known:
            return
        entries = [entry_of(row) for row in reversed(rows)]
        with hub.lock:
            if not hub.is_ready:
                self._fill(entries)
                hub.last = entries[-1][0] if entries else _NOTHING
                hub.settle()
            else:
                # What was read last is not there any more: more may be gone, or the server has lost what it had.
                new = [entry for entry in entries if not log.knows(entry[0])]
                if last or len(entries) >= number:
                    hub.append([(reset_event(None), now)])
                hub.append([(event, now) for event in self._events(new)])
                hub.last = entries[-1][0] if entries else _NOTHING
        hub.wake()

    def _fill(self, entries: list[StreamEntry]) -> None:
        hub, log = self.hub, self.hub.log
        if len(entries) > log.capacity:
            log.before = entries.pop(0)[0]
        for event in self._events(entries):
            # The clock of the server in terms of ours; a millisecond is what an id leaves out.
            moment = ((key_of(str(event.id)) or (0, 0))[0] + 1 - hub.offset) / 1000
            log.append(event, moment)

    def listen(self, store: RedisStore) -> None:
        """Wait for the next events, and hand them over.

        :raises StoreAway: The server does not answer.
        """
        hub = self.hub
        command = ("XREAD", "COUNT", BATCH, "BLOCK", round(BLOCK * 1000), "STREAMS", self.key, hub.last)
        reply = self._ask(store.ask, *command)
        if not reply:
            return
        rows = rows_of(reply)
        now = time.monotonic()
        entries = [entry_of(row) for row in rows]
        hub.append([(event, now) for event in self._events(entries)])
        hub.last = entries[-1][0]
        hub.wake()

    def _events(self, entries: list[StreamEntry]) -> list[SharedEvent]:
        """Make events of entries; what other programs have written wrongly is left out, and logged."""
        events = []
        for name, fields in entries:
            try:
                event, retry = fields.get(b"e"), fields.get(b"r")
                draft = Draft(
                    fields[b"d"].decode(),
                    None if event is None else event.decode(),
                    None if retry is None else int(retry),
                )
                shared = self._types.share(name, draft)
                shared.written  # noqa: B018 - kept there for all subscribers
                events.append(shared)
            except (KeyError, ValueError, TypeError) as error:
                logger.warning("The entry %s of %s is not an event (%s).", name, self.key, type(error).__name__)
        return events

    def close(self) -> None:
        """End all streams, and the thread."""
        reader = self._reader
        self.hub.close()
        if reader is not None:
            reader.stopped.set()


class StreamReader:
    """The thread that reads the stream, with its own connection.

    :param source: The source.
    :param store: The store whose server, prefix and options it takes.
    """

    def __init__(self, source: RedisSource, store: RedisStore) -> None:
        self._source = source
        self._store = RedisStore(store.url, prefix=store.prefix, timeout=BLOCK + TIMEOUT)
        self.stopped = threading.Event()
        threading.Thread(target=self._run, name="framework-channel", daemon=True).start()

    def _run(self) -> None:
        source, is_connected, pause = self._source, False, _FIRST_PAUSE
        used = time.monotonic()
        while True:
            if self._source.hub.subscribers:
                used = time.monotonic()
            if self.stopped.is_set() or time.monotonic() - used > LINGER:
                if source.stop(self):
                    break
                used = time.monotonic()
            try:
                if not is_connected:
                    source.load(self._store)
                    is_connected = True
                source.listen(self._store)
                pause = _FIRST_PAUSE
            except StoreAway:
                is_connected = False
                # Not all processes at once, when the server is back.
                self.stopped.wait(pause * random.uniform(0.5, 1))
                pause = min(2 * pause, _LONGEST_PAUSE)
            except Exception:
                is_connected = False
                if not self.stopped.is_set():
                    logger.exception("Reading %s failed.", source.key)
                self.stopped.wait(_LONGEST_PAUSE)
        self._store.close()


def key_of(name: str) -> tuple[int, int] | None:
    """Return an id as numbers, in the order of the stream; ``None`` if it is not an id."""
    found = _ID.fullmatch(name)
    return None if found is None else (int(found[1]), int(found[2]))


def rows_of(reply: t.Any) -> list[t.Any]:
    """Return the entries of the one stream in an answer to XREAD, by either version of the protocol."""
    if isinstance(reply, dict):
        rows: list[t.Any] = next(iter(reply.values()))
        return rows[0] if rows and rows[0] and isinstance(rows[0][0], (list, tuple)) else rows
    return t.cast("list[t.Any]", reply[0][1])


def entry_of(row: t.Any) -> StreamEntry:
    """Return the id and the fields of an entry, as scripts or commands answer."""
    name, fields = row
    if not isinstance(fields, dict):
        pairs = iter(fields)
        fields = dict(zip(pairs, pairs, strict=True))
    return as_text(name), fields


def as_text(value: bytes | str) -> str:
    """Return what a server has answered as text."""
    return value.decode() if isinstance(value, bytes) else value

"""``Channel``: events that are published once, from anywhere, and streamed to many clients, with replay.

Not here: events as text and the mark that streams them (``http.events``, ``marks.files``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import os
import re
import typing as t
import weakref

from .._coroutines import switches
from ..errors import SetupError
from ..stores.memory import MemoryStore
from ..stores.redis import RedisStore
from ._log import Log
from ._memory import MemorySource
from ._redis import RedisSource
from ._subscription import Filter, Subscription
from ._types import EventTypes

if t.TYPE_CHECKING:
    from ..marks.schemas import SchemaLike

_NAME: t.Final = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")
_POLICIES: t.Final = ("disconnect", "skip")

_channels: weakref.WeakSet[Channel] = weakref.WeakSet()


class Channel:
    """Events for many readers: :meth:`publish` in one place, :meth:`subscribe` in others.

    Readers get all events in one order, and those that come again with the id of the last event that they have seen get
    what came meanwhile: each event once, with nothing left out, as long as it is in the history. Where that cannot be
    known, they get an event ``reset`` first, and then the whole history.

    :param name: The name; letters, digits and ``_.:/-``. Channels of one name in one Redis are one channel.
    :param store: A ``RedisStore`` or the URL of one, for several processes. Default: the memory of this process.
    :param history: The number of events that a reader who comes again can get. ``0``: none.
    :param ttl: Seconds that an event can be had.
    :param slow: ``"disconnect"`` ends the stream of a reader that is more than ``history`` and ``backlog`` together
        behind; with ``"skip"`` it goes on with the history, after an event ``skipped`` that says how many it missed.
    :param backlog: The number of events that a reader may be behind in addition to the history.
    :param events: The types of events with the schema of their data, or ``None`` for any data; events without a type
        are of the type ``message``. What the schema cannot dump, or would not accept, is refused where it is published.
    :raises SetupError: An argument cannot be.
    """

    def __init__(
        self,
        name: str,
        *,
        store: RedisStore | MemoryStore | str | None = None,
        history: int = 1000,
        ttl: float = 3600.0,
        slow: t.Literal["disconnect", "skip"] = "disconnect",
        backlog: int = 1000,
        events: cabc.Mapping[str, SchemaLike | None] | None = None,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise SetupError(
                f"Invalid name of a channel: {name[:100]!r}. Use up to 200 letters, digits and '_.:/-', like 'prices'."
            )
        if slow not in _POLICIES:
            raise SetupError(f"Invalid slow={slow!r} of the channel {name!r}. Known values: 'disconnect', 'skip'.")
        if history < 0 or backlog < 1 or not ttl > 0:
            raise SetupError(
                f"Invalid limits of the channel {name!r}: history={history!r}, backlog={backlog!r}, ttl={ttl!r}."
                " Give 0 or more events of history, 1 or more of backlog, and more than 0 seconds."
            )
        self.name = name
        self.history = history
        self.ttl = ttl
        self.slow = slow
        self.backlog = backlog
        self._types = EventTypes(name, events)
        self._store = _store_of(name, store)
        self._source = self._make_source()
        _channels.add(self)

    def __repr__(self) -> str:
        return f"Channel({self.name!r}, store={self._store!r})"

    def _make_source(self) -> MemorySource | RedisSource:
        log, skips = Log(self.history, self.backlog, self.ttl), self.slow == "skip"
        if self._store is None:
            return MemorySource(log, self._types, skips=skips)
        return RedisSource(self.name, self._store, log, self._types, skips=skips)

    @property
    def is_in_memory(self) -> bool:
        """True if only readers in the process that publishes an event get it."""
        return self._store is None

    @property
    def subscribers(self) -> int:
        """The number of subscriptions in this process that have not ended."""
        return self._source.hub.subscribers

    def subscribe(self, last_event_id: str | None = None, where: Filter | None = None) -> Subscription:
        """Subscribe to the events from now on, and to those since the one with an id.

        The subscription begins at once, not when it is iterated: what is published meanwhile waits for it. Give it to
        the client as the answer of an operation with ``events``, or iterate it with ``for`` or ``async for``.

        :param last_event_id: The id of the last event that the reader has seen, from
            :func:`~framework.last_event_id`. An id that this channel does not know gives an event ``reset``, and then
            the whole history.
        :param where: Takes an event and returns whether this reader gets it. It is called often, in the threads and
            tasks of others: it must be quick, must not wait, and must not use the request.
        """
        source = self._source
        subscription = Subscription(source.hub, last_event_id or None, where)
        source.start()  # after it is counted: what listens does not end then
        return subscription

    def publish(self, data: object, event: str | None = None, *, retry: int | None = None) -> str:
        """Publish an event. With a store in Redis this waits for the answer of the server.

        Plain functions of a request that an ASGI server runs on its loop may call it: they wait, and the loop does not.

        :param data: The data: what the schema of the type dumps, or what JSON has.
        :param event: The type. Default: ``message``.
        :param retry: Milliseconds that clients wait before they come again.
        :return: The id.
        :raises InvalidEvent: The channel does not take such an event.
        :raises ChannelUnavailable: Redis does not answer: a 503 in a request. It may have got the event nevertheless,
            where it was only late.
        :raises RuntimeError: It would wait in a coroutine, and the loop with it.
        """
        source, draft = self._source, self._types.draft(data, event, retry)
        if source.waits and switches.is_on_loop():
            return switches.hop(source.publish, draft)
        if source.waits and asyncio._get_running_loop() is not None:
            raise RuntimeError(
                f"The channel {self.name!r} publishes by waiting for Redis, and this thread runs an event loop, which"
                " would wait too. Write 'await channel.publish_async(...)'."
            )
        return source.publish(draft)

    async def publish_async(self, data: object, event: str | None = None, *, retry: int | None = None) -> str:
        """Publish an event as :meth:`publish` does; the event loop goes on meanwhile.

        A task that is cancelled here may have published the event.

        :param data: The data.
        :param event: The type.
        :param retry: Milliseconds that clients wait before they come again.
        :return: The id.
        """
        source, draft = self._source, self._types.draft(data, event, retry)
        return await asyncio.to_thread(source.publish, draft) if source.waits else source.publish(draft)

    def close(self) -> None:
        """End all subscriptions of this process, and the thread that reads from Redis."""
        self._source.close()

    def _begin_anew(self) -> None:
        """Forget what was copied into a forked process: its readers and its thread are in the other one."""
        self._source.hub.abandon()
        self._source = self._make_source()


def _store_of(name: str, store: RedisStore | MemoryStore | str | None) -> RedisStore | None:
    if store is None or isinstance(store, MemoryStore) or store in ("memory", "memory:"):
        return None
    if isinstance(store, RedisStore):
        return store
    if isinstance(store, str):
        return RedisStore(store)
    raise SetupError(
        f"Invalid store of the channel {name!r}: {type(store).__name__}. Give a RedisStore, the URL of one, or None for"
        " the memory of the process."
    )


def _after_fork() -> None:
    for channel in list(_channels):
        channel._begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

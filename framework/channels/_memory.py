"""Events in the memory of one process: what another process publishes does not come here.

Floor 7.
"""

from __future__ import annotations

import secrets
import time
import typing as t

from ._hub import Hub

if t.TYPE_CHECKING:
    from ._log import Log
    from ._types import Draft, EventTypes


class MemorySource:
    """A source of events that has them from this process alone.

    Ids are ``<life>-<number>``; the life is another one in each process, so that an id of an earlier one is known for
    what it is.

    :param log: The events.
    :param types: What makes events.
    :param skips: True if a slow reader goes on.
    """

    waits = False
    """True if publishing waits for a server."""

    def __init__(self, log: Log, types: EventTypes, *, skips: bool) -> None:
        self.hub = Hub(log, skips=skips)
        self._types = types
        self._life = secrets.token_hex(4)
        self._number = 0
        log.before = f"{self._life}-0"

    def start(self) -> None:
        """Begin to listen."""

    def publish(self, draft: Draft) -> str:
        """Add an event; return its id."""
        hub = self.hub
        with hub.lock:
            self._number += 1
            name = f"{self._life}-{self._number}"
            hub.append([(self._types.share(name, draft), time.monotonic())])
        hub.wake()
        return name

    def close(self) -> None:
        """End all streams."""
        self.hub.close()

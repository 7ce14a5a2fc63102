"""The latest events of a channel in this process, under numbers that go up: readers hold the number of their next one.

Not here: who waits for the next event (``channels._hub``).
Floor 7.
"""

from __future__ import annotations

import typing as t

from ..http.events import SharedEvent


class Log:
    """Events, the oldest first. Who writes holds the lock of the channel; who reads needs none.

    :param history: The number of events that a reader that comes again may get.
    :param backlog: The number of events that may come meanwhile, before the oldest of these is gone.
    :param ttl: Seconds that an event is kept.
    """

    def __init__(self, history: int, backlog: int, ttl: float) -> None:
        self.history = history
        self.ttl = ttl
        self.capacity = history + backlog
        self._slots: list[tuple[int, SharedEvent, float] | None] = []
        self._places: dict[str, int] = {}  # the id of an event -> its number
        self.start = 0
        """The number of the oldest event that is kept."""
        self.end = 0
        """The number of the next event."""
        self.before: str | None = None
        """The id of the event before the oldest one; ``None`` where it is not known."""

    def __len__(self) -> int:
        return self.end - self.start

    def append(self, event: SharedEvent, moment: float) -> None:
        """Add an event; the oldest one goes where there is no room.

        :param event: The event.
        :param moment: The time, by ``time.monotonic``, at which it came.
        """
        if len(self) >= self.capacity:
            self._drop()
        place = self.end % self.capacity
        if place == len(self._slots):
            self._slots.append((self.end, event, moment))
        else:
            self._slots[place] = (self.end, event, moment)
        if event.id is not None:
            self._places[str(event.id)] = self.end
        self.end += 1  # last: a reader sees the event when it sees its number

    def expire(self, moment: float) -> None:
        """Drop the events whose time to live is over at a moment."""
        limit = moment - self.ttl
        while self.start < self.end:
            slot = self._slots[self.start % self.capacity]
            if slot is None or slot[2] > limit:
                return
            self._drop()

    def read(self, number: int) -> SharedEvent | None:
        """Return the event of a number below the end; ``None`` if it is gone."""
        slot = self._slots[number % self.capacity]
        return slot[1] if slot is not None and slot[0] == number else None

    @property
    def first(self) -> int:
        """The number of the oldest event that a reader may get which comes again."""
        return max(self.start, self.end - self.history)

    def after(self, seen: str) -> int | None:
        """Return the number of the event that follows the one with an id; ``None`` if events between may be gone."""
        number = self.start if seen == self.before else self._places.get(seen, -2) + 1
        return number if number >= self.first else None

    def id_before(self, number: int) -> str | None:
        """Return the id of the event before the one with a number."""
        if number == self.start:
            return self.before
        event = self.read(number - 1)
        return None if event is None or event.id is None else str(event.id)

    def knows(self, name: str) -> bool:
        """Return whether the event with an id is kept."""
        return name in self._places

    def since(self, moment: float) -> int:
        """Return the number of the first event that came after a moment."""
        number = self.end
        while number > self.start:
            slot = self._slots[(number - 1) % self.capacity]
            if slot is None or slot[2] < moment:
                break
            number -= 1
        return number

    def clear(self) -> None:
        """Forget everything; only where no reader is left."""
        self._slots.clear()
        self._places.clear()
        self.start = self.end = 0
        self.before = None

    def _drop(self) -> None:
        place = self.start % self.capacity
        slot = t.cast("tuple[int, SharedEvent, float]", self._slots[place])
        name = slot[1].id
        self._slots[place] = None
        self.before = None if name is None else str(name)
        if self._places.get(str(name)) == self.start:
            del self._places[str(name)]
        self.start += 1

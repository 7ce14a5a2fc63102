"""The end of this process, as probes and streams see it: no more should be sent, events end, the rest breaks off.

One object for the process: a signal ends all applications in it. What is asked for each part of a stream is an
attribute.
Not here: what sets it (``serve``).
Floor 0.
"""

from __future__ import annotations

import threading
import time
import typing as t
import weakref


class Sleeper(t.Protocol):
    """A stream that waits for its next part in one thread, while another makes it."""

    @property
    def is_closed(self) -> bool:
        """True if its parts have been closed."""

    def wake(self) -> None:
        """Look at once whether streams end."""


class EndListener(t.Protocol):
    """Something that many streams wait for; it wakes them all."""

    def wake(self) -> None:
        """Let them look at once whether streams end."""


class ProcessEnd:
    """The progress of a process towards its end."""

    def __init__(self) -> None:
        self.is_near = False
        """True if a balancer should send no more requests."""
        self.ends_streams = False
        """True if streams that clients open again, those of events, end after a last event."""
        self.is_over = False
        """True if the time is over: all streams break off."""
        self.deadline: float | None = None
        """The moment, by ``time.monotonic``, at which it is over; ``None`` while it is not known."""
        self.seconds_to_hold = 5.0
        """The longest time from the end of the time to the end of the process."""
        self._streams_end = threading.Event()
        self._lock = threading.Lock()
        self._sleepers: weakref.WeakSet[Sleeper] = weakref.WeakSet()
        self._listeners: weakref.WeakSet[EndListener] = weakref.WeakSet()

    def watch(self, sleeper: Sleeper) -> None:
        """Wake a stream when streams end."""
        with self._lock:
            self._sleepers.add(sleeper)

    def listen(self, listener: EndListener) -> None:
        """Wake something when streams end; it is not counted as a stream."""
        with self._lock:
            self._listeners.add(listener)

    @property
    def sleepers(self) -> list[Sleeper]:
        """The watched streams whose parts have not been closed."""
        with self._lock:
            return [sleeper for sleeper in self._sleepers if not sleeper.is_closed]

    def end_streams(self) -> int:
        """Let the streams of events end.

        :return: How many are waiting for their next event.
        """
        self.ends_streams = True
        self._streams_end.set()
        sleepers = self.sleepers
        with self._lock:
            listeners = list(self._listeners)
        for each in (*sleepers, *listeners):
            each.wake()
        return len(sleepers)

    def wait(self, seconds: float) -> bool:
        """Wait until streams end, for some seconds at most; return whether they do."""
        return self._streams_end.wait(seconds)

    def hold(self) -> None:
        """Keep a stream that breaks off until the process is gone, which cuts its connection.

        Some servers send the proper end of a body after an error, so that a part would pass for the whole.
        """
        time.sleep(self.seconds_to_hold)


ending: t.Final = ProcessEnd()
"""That of this process."""

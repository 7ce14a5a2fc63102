"""The log of slow requests, and the ``Server-Timing`` header: where the time of a request went.

Floor 7.
"""

from __future__ import annotations

import logging
import typing as t

from ..http.response import add_header
from ..logging import SLOW_REQUESTS
from ..record import Observer, RequestRecord
from ._access_log import members_of, text_of

if t.TYPE_CHECKING:
    from ..http.response import Reply


class SlowLog(Observer):
    """Warns of each request that took long.

    :param least: From how many seconds on.
    """

    wants_times = True

    def __init__(self, least: float) -> None:
        self._least = least
        self._logger = logging.getLogger(SLOW_REQUESTS)

    def end(self, record: RequestRecord) -> None:
        """Look at a request that is over."""
        if record.duration < self._least or record.is_hidden:
            return
        parts = ", ".join(f"{name} {seconds * 1000:.0f}ms" for name, seconds in parts_of(record).items())
        self._logger.warning("Slow request: %s (%s)", text_of(record), parts, extra=members_of(record))


def parts_of(record: RequestRecord) -> dict[str, float]:
    """Return the seconds of the parts of a request; ``other`` and ``send`` are what is left.

    ``database`` is a part of the others, mostly of ``handler``.
    """
    parts = dict(record.times)
    work = (record.returned or record.begun) - record.begun
    outer = sum(seconds for name, seconds in parts.items() if name in ("read", "load", "handler", "dump"))
    parts["other"] = max(0.0, work - outer)
    if record.ended is not None and record.returned is not None:
        parts["send"] = max(0.0, record.ended - record.returned)
    return parts


class ServerTiming(Observer):
    """Adds a ``Server-Timing`` header to each answer (W3C Server Timing): the parts of the time until then."""

    wants_times = True

    def answer(self, record: RequestRecord, reply: Reply) -> None:
        """Add the header."""
        parts = {**record.times, "total": record.duration}
        add_header(reply, "Server-Timing", ", ".join(f"{name};dur={parts[name] * 1000:.2f}" for name in parts))

"""``concurrency``: how many requests at once, and a refusal at once for those above.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import threading
import typing as t

from ..errors import ServiceUnavailable, SetupError
from ..marks.base import Call, Mark, Outcome, Phase, Plan, Record, Step, Steps
from ..texts import message

if t.TYPE_CHECKING:
    from ..context import Context


class Overloaded(ServiceUnavailable):
    """The server has reached its limit of simultaneous requests. `Retry-After` says when to retry."""

    description = message("overloaded.detail")


class ConcurrencyMark(Mark):
    """A limit on simultaneous requests; see :func:`concurrency`."""

    def __init__(self, limit: int, retry_after: int) -> None:
        self.limit = limit
        self.retry_after = retry_after
        self._lock = threading.Lock()
        self.count = 0
        """The requests of this process that are being answered."""

    def __repr__(self) -> str:
        return f"concurrency({self.limit})"

    def run(self, plan: Plan) -> Steps:
        yield Step(Phase.PREFLIGHT, self._enter)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        yield Outcome(503, error=Overloaded)

    def _enter(self, ctx: Context, call: Call) -> None:
        with self._lock:
            is_free = self.count < self.limit
            if is_free:
                self.count += 1
        if not is_free:
            if ctx.record is not None:
                ctx.record.ending = "shed"
            raise Overloaded(retry_after=self.retry_after)
        ctx.at_end(self._leave)

    def _leave(self, error: BaseException | None) -> None:
        with self._lock:
            self.count -= 1


def concurrency(limit: int, *, retry_after: int = 1) -> ConcurrencyMark:
    """Answer at most so many requests at once in a process; those above get a 503 at once.

    Requests to whatever the mark is placed on are counted together: an operation, the operations of a class, of a
    router, of the application. The setting ``MAX_CONCURRENT_REQUESTS`` gives one to the application. Refusing costs
    next to nothing: it comes before authentication and before the body is read. A stream counts until it ends.

    :param limit: The most, 1 or more.
    :param retry_after: The seconds in ``Retry-After``.
    :raises SetupError: ``limit`` is below 1.
    """
    if limit < 1:
        raise SetupError(f"At most {limit!r} requests at once cannot be answered. Give 1 or more.")
    return ConcurrencyMark(limit, retry_after)

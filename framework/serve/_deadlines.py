"""``deadline``: how long an operation may take, and what is left of it.

An ``async def`` handler is cancelled when its time is over. A plain one cannot be: what it waits for can ask how much
is left, and waits of the framework end then.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import logging
import math
import time
import typing as t

from werkzeug.exceptions import HTTPException

from ..context import Context, current_or_none
from ..errors import DeadlineExceeded, SetupError
from ..logging import SLOW_REQUESTS, printable
from ..marks.base import Call, Mark, Outcome, Phase, Plan, Record
from ..record import WAITED

if t.TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy import Connection, Engine


class DeadlineMark(Mark):
    """The time of an operation; see :func:`deadline`."""

    nearest_counts = True
    around_phase = Phase.PREFLIGHT

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def __repr__(self) -> str:
        return f"deadline({self.seconds!r})"

    def around(self, plan: Plan) -> cabc.Callable[[Context, Call], contextlib.AbstractContextManager[object]] | None:
        seconds = self.seconds
        return None if seconds is None else lambda ctx, call: _Limited(ctx, seconds)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if self.seconds is not None:
            yield Outcome(504, error=DeadlineExceeded)


def deadline(seconds: float | None) -> DeadlineMark:
    """Give an operation a time in which it answers.

    Counted from the moment at which the request came in. After it, an ``async def`` handler is cancelled, and what the
    framework waits for raises: the answer is a 504 with the code ``deadline_exceeded``. A plain handler that goes on is
    not interrupted; its answer is sent, and the log ``framework.slow`` names it. A stream that is being sent has none.

    The nearest mark counts; ``deadline(None)`` takes away what an outer one gives. The setting ``DEADLINE`` gives one
    to all operations.

    :param seconds: The time; ``None`` for none.
    :raises SetupError: It is not above 0.
    """
    if seconds is not None and not (0 < seconds < math.inf):
        raise SetupError(f"A deadline must be above 0 seconds, not {seconds!r}. Give None for none.")
    return DeadlineMark(seconds)


class _Limited:
    """The time of one request."""

    __slots__ = ("_ctx", "_seconds")

    def __init__(self, ctx: Context, seconds: float) -> None:
        self._ctx = ctx
        self._seconds = seconds

    def __enter__(self) -> None:
        ctx = self._ctx
        waited = ctx.request_environ.get(WAITED, 0.0)
        begun = time.perf_counter() - waited if ctx.record is None else ctx.record.begun
        ctx.deadline = begun + self._seconds

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        left = self._ctx.remaining()
        if left is None or left > 0:
            return
        if isinstance(error, Exception) and not isinstance(error, HTTPException):
            # A statement was cut off, a connection timed out: what it raised is of the deadline.
            raise DeadlineExceeded() from error
        if error is None:
            environ = self._ctx.request_environ
            logging.getLogger(SLOW_REQUESTS).warning(
                "%s %s went on for %.1f s after its deadline of %g s: a plain handler is not interrupted.",
                printable(environ["REQUEST_METHOD"]),
                printable(environ.get("PATH_INFO", "")),
                time.perf_counter() - t.cast(float, self._ctx.deadline),
                self._seconds,
            )


def remaining(most: float | None = None) -> float | None:
    """Return how long the request at hand may still take, as a time limit for what it waits for.

    :param most: The most to return; what is returned where there is no deadline, outside of requests too.
    :return: Seconds above 0, or ``most``.
    :raises DeadlineExceeded: Nothing is left.
    """
    ctx = current_or_none()
    left = None if ctx is None else ctx.remaining()
    if left is None:
        return most
    if left <= 0:
        raise DeadlineExceeded()
    return left if most is None else min(most, left)


def limit_statements(engine: Engine) -> None:
    """Let the statements of an engine of SQLAlchemy end with the deadline of the request.

    PostgreSQL cancels a statement that runs longer (``statement_timeout``, for the transaction). With other databases a
    statement is not begun when the time is over, and one that runs goes on.

    :param engine: The engine.
    """
    from sqlalchemy import event

    is_postgresql = engine.dialect.name == "postgresql"

    def begin(connection: Connection, cursor: object, *_: object) -> None:
        left = remaining()
        if left is not None and is_postgresql:
            # Of the transaction: the next request on this connection has its own.
            t.cast(t.Any, cursor).execute(f"SET LOCAL statement_timeout = {max(1, int(left * 1000))}")

    event.listen(engine, "before_cursor_execute", begin)

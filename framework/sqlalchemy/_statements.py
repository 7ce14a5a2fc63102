"""The statements of a request: their number, for its record and the debug log, and those that repeat.

Floor 7.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import contextlib
import logging
import sys
import threading
import time
import types
import typing as t
import weakref

from sqlalchemy import event

from ..context import current_or_none

if t.TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext

    from ..context import Context

logger: t.Final = logging.getLogger("framework.sqlalchemy")


class Beginnings:
    """The statements at the beginning of a transaction of SQLite, which are not counted."""

    DEFERRED = "BEGIN"
    IMMEDIATE = "BEGIN IMMEDIATE"
    READS = "PRAGMA query_only = ON"
    WRITES = "PRAGMA query_only = OFF"


_NOT_COUNTED: t.Final = frozenset(value for name, value in vars(Beginnings).items() if name.isupper())
_BEGUN: t.Final = "framework_begun"


class StatementCount:
    """The statements of one request, or of another piece of work."""

    __slots__ = ("number", "seconds")

    def __init__(self) -> None:
        self.number = 0
        self.seconds = 0.0


_counts: weakref.WeakKeyDictionary[Context, StatementCount] = weakref.WeakKeyDictionary()


def count_of(ctx: Context) -> StatementCount:
    """Return the count of a context; that of the request, in a context within one."""
    own = ctx._request_ctx or ctx
    found = _counts.get(own)
    if found is None:
        found = _counts.setdefault(own, StatementCount())
        own.at_end(_log(weakref.ref(own)))
    return found


def watch_statements(engine: sa.Engine) -> None:
    """Count the statements of an engine, for each context."""
    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)


def _before(
    connection: sa.Connection,
    cursor: DBAPICursor,
    statement: str,
    parameters: object,
    context: ExecutionContext | None,
    executemany: bool,
) -> None:
    if statement in _NOT_COUNTED:
        return
    ctx = current_or_none()
    if ctx is None:
        return
    count = count_of(ctx)
    count.number += 1
    if context is not None:
        setattr(context, _BEGUN, time.perf_counter())
    if _watchers:
        for watcher in list(_watchers):
            watcher.see(ctx, statement)


def _after(
    connection: sa.Connection,
    cursor: DBAPICursor,
    statement: str,
    parameters: object,
    context: ExecutionContext | None,
    executemany: bool,
) -> None:
    begun: float | None = getattr(context, _BEGUN, None)
    ctx = None if begun is None else current_or_none()
    if ctx is not None:
        count_of(ctx).seconds += time.perf_counter() - t.cast(float, begun)


def note_statements(ctx: Context) -> None:
    """Write the count of a request into its record, when a session is closed."""
    request = ctx._request_ctx or ctx
    count, record = _counts.get(request), request.record
    if count is not None and record is not None:
        record.extra["database_statements"] = count.number
        if record.measures:
            record.times["database"] = count.seconds


def _log(ctx: weakref.ref[Context]) -> cabc.Callable[[BaseException | None], None]:
    """Return what logs the count of a context at its end."""

    def log(error: BaseException | None) -> None:
        own = ctx()
        count = None if own is None else _counts.get(own)
        if own is not None and count is not None and logger.isEnabledFor(logging.DEBUG):
            logger.debug("%d statements in %.1f ms: %s", count.number, count.seconds * 1000, _where(own))

    return log


def _where(ctx: Context) -> str:
    return "work outside of requests" if ctx.operation is None else ctx.operation.address


# In tests.


class RepeatedStatement(t.NamedTuple):
    """A statement that a request has sent too often."""

    statement: str
    number: int
    where: str
    """The method and path of the request."""
    line: str
    """File and line of the code that sent it."""

    def __str__(self) -> str:
        return f"{self.number} times in {self.where}, from {self.line}:\n    {self.statement}"


class StatementWatcher:
    """The statements of all requests within a ``with`` block; see :func:`repeated_statements`.

    :param most: How often one may repeat within a request.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.number = 0
        """The number of all statements."""
        self._lock = threading.Lock()
        self._seen: collections.Counter[tuple[int, str]] = collections.Counter()
        self._contexts: list[Context] = []
        self._repeated: dict[tuple[int, str], RepeatedStatement] = {}

    @property
    def repeated(self) -> list[RepeatedStatement]:
        """The statements that repeated more often."""
        return list(self._repeated.values())

    def see(self, ctx: Context, statement: str) -> None:
        """Count a statement."""
        request = ctx._request_ctx or ctx
        with self._lock:
            self.number += 1
            if request not in self._contexts:
                self._contexts.append(request)  # so that none gets the id of another
            key = id(request), statement
            self._seen[key] += 1
            if self._seen[key] > self.most:
                text = " ".join(statement.split())
                self._repeated[key] = RepeatedStatement(text, self._seen[key], _where(request), _line())


_watchers: list[StatementWatcher] = []
_LIBRARIES: t.Final = ("sqlalchemy", "framework", "marshmallow", "marshmallow_sqlalchemy", "werkzeug", "greenlet")


def _line() -> str:
    """Return file and line of the nearest code that is not a library's."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if name and name not in _LIBRARIES and not frame.f_code.co_filename.startswith("<"):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return "the framework"


@contextlib.contextmanager
def repeated_statements(most: int = 3, *, fail: bool = True) -> cabc.Iterator[StatementWatcher]:
    """Find the statements that one request repeats: the rows of a list loaded one by one (N+1).

    Counted are the statements of all requests that are answered within the block, by their text, without parameters.

    :param most: How often a statement may be sent in a request.
    :param fail: Whether the block raises at its end. Otherwise :attr:`StatementWatcher.repeated` has what was found.
    :raises AssertionError: A statement was sent more often.
    """
    watcher = StatementWatcher(most)
    _watchers.append(watcher)
    try:
        yield watcher
    finally:
        _watchers.remove(watcher)
    if fail and watcher.repeated:
        found = "\n".join(map(str, watcher.repeated))
        raise AssertionError(
            f"Statements were repeated, of which {most} are allowed. Load what belongs to the rows of a list with it,"
            f" with selectinload() or joinedload().\n{found}"
        )

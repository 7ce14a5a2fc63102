"""The application's logger: the standard library's, with a handler where the application has set up none.

Not here: what is logged (``app._app``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import logging
import sys
import threading
import time
import typing as t

from werkzeug.local import LocalProxy

from . import context

if t.TYPE_CHECKING:
    from .typing import Application


SLOW_REQUESTS: t.Final = "framework.slow"
"""The name of the logger of requests that took long."""


def _errors_stream() -> t.TextIO:
    ctx = context.request_context_or_none()
    if ctx is None or ctx.environ is None:
        return sys.stderr
    return t.cast(t.TextIO, ctx.environ["wsgi.errors"])


wsgi_errors_stream: t.TextIO = t.cast(t.TextIO, LocalProxy(_errors_stream))
"""The stream of errors: the server's in a request, ``sys.stderr`` elsewhere."""


class _Formatter(logging.Formatter):
    """Names the request at the end of a line."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        request_id = getattr(record, "request_id", _NOTHING)
        return line if request_id == _NOTHING else f"{line} (request {request_id})"


_NOTHING: t.Final = "-"

default_handler: logging.StreamHandler[t.TextIO] = logging.StreamHandler(wsgi_errors_stream)
"""The handler that :func:`create_logger` adds. Remove it with ``app.logger.removeHandler(default_handler)``."""
default_handler.setFormatter(_Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s"))


_naming = threading.Lock()


class _RecordAttributes(dict[str, object]):
    """The attributes of a log record. Logging refuses ``extra=`` for names that are there already; these may be given
    all the same, as applications with custom ids do."""

    def __contains__(self, name: object) -> bool:
        return name not in REQUEST_ATTRIBUTES and super().__contains__(name)

    def __reduce__(self) -> tuple[type[dict[str, object]], tuple[dict[str, object]]]:
        return dict, (dict(self),)


REQUEST_ATTRIBUTES: t.Final = ("request_id", "trace_id", "span_id")
"""The attributes that every log record has: ids of the request and of the trace, ``-`` where there is none."""

Traced: t.TypeAlias = cabc.Callable[[], tuple[str, str] | None]

_traced: list[Traced] = []


def name_requests() -> None:
    """Let every log record of the process carry the id of the request that it is about.

    Once for a process; the record factory that was there is asked first.
    """
    with _naming:
        make = logging.getLogRecordFactory()
        if getattr(make, "_names_requests", False):
            return

        def record_of_request(*args: t.Any, **kwargs: t.Any) -> logging.LogRecord:
            record = make(*args, **kwargs)
            ctx = context.current_or_none()
            request_id = _NOTHING if ctx is None else ctx.request_id or _NOTHING
            trace_id, span_id = trace_ids(ctx) or (_NOTHING, _NOTHING)
            attributes = {"request_id": request_id, "trace_id": trace_id, "span_id": span_id}
            record.__dict__ = _RecordAttributes(attributes | record.__dict__)
            return record

        record_of_request._names_requests = True  # type: ignore[attr-defined]
        logging.setLogRecordFactory(record_of_request)


def trace_logs(traced: Traced) -> None:
    """Let log records carry the ids of a trace.

    :param traced: Returns the ids of the trace and of the span that are going on, or ``None``.
    """
    if traced not in _traced:
        _traced.append(traced)


def trace_ids(ctx: context.Context | None) -> tuple[str, str] | None:
    """Return the ids of the trace and of the span that are going on: those of a tracer, or those of the caller."""
    for traced in _traced:
        found = traced()
        if found is not None:
            return found
    trace = None if ctx is None else ctx.trace
    return None if trace is None else (trace.trace_id, trace.span_id)


class RepeatedErrors:
    """Counts errors that come again, so that a log holds their traceback once in a while and not once each.

    Errors are the same where they have one class and came to one endpoint by the same lines. The last 256 are known.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[type, str | None, int], tuple[float, int]] = {}

    def count(self, error: BaseException, endpoint: str | None, interval: float) -> int:
        """Return how many times an error has come since its traceback was logged; 0 where it is to be logged now.

        :param endpoint: The endpoint of the request: the code of a framework or library raises for many handlers at one
            line, and its text names the one to mend.
        :param interval: The seconds for which a traceback stands for the errors after it; 0: each has its own.
        """
        if interval <= 0:
            return 0
        lines, place = set(), error.__traceback__
        while place is not None:  # a set: a recursion is the same error at every depth
            lines.add((place.tb_frame.f_code.co_filename, place.tb_lineno))
            place = place.tb_next
        key, now = (type(error), endpoint, hash(frozenset(lines))), time.monotonic()
        with self._lock:
            since, times = self._seen.pop(key, (now, -1))
            if now - since >= interval:
                since, times = now, -1
            self._seen[key] = since, times + 1
            if len(self._seen) > 256:
                del self._seen[next(iter(self._seen))]
        return times + 1


def has_level_handler(logger: logging.Logger) -> bool:
    """Return whether some handler, of the logger or of one it hands on to, takes messages of the logger's level.

    :param logger: The logger.
    """
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: Application) -> logging.Logger:
    """The logger of an application, named like it.

    In debug mode its level becomes ``DEBUG``, unless one is set. It gets :data:`default_handler`, unless there is a
    handler for its level: so configure logging before the logger is first used.

    :param app: The application.
    """
    logger = logging.getLogger(app.name)
    if app.debug and not logger.level:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger


def printable(text: str) -> str:
    """Return text for a line of a log: what a client sent neither begins a new line nor moves the cursor.

    :param text: What a client sent. Text that prints as it is stays as it is; in other text each character that does
        not print is escaped as Python writes it.
    """
    return text if text.isprintable() else repr(text)[1:-1]

"""Count which of the declared answers a test run has seen: operation by status by media type.

What has to be seen is what the application declares itself: its ``response``, ``alt_response`` and ``raises`` marks on
handlers and their classes. What the framework adds by itself (422 for a body that does not fit, 405, 500) and what
whole routers or hooks declare is counted when it is seen, and not asked for.
Not here: printing it (``testing.plugin``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import typing as t

from ..http.semantics import BODILESS

if t.TYPE_CHECKING:
    from ..app import App
    from ..marks.base import Outcome
    from ..openapi.contract import Exchange
    from ..resources.operation import Operation


class Answer(t.NamedTuple):
    """One declared answer."""

    app: str
    operation_id: str
    method: str
    path: str
    status: int
    media_type: str
    """Empty for an answer without a body."""
    error: str
    """The name of the error class; empty for an answer that is not an error of a class."""


@dataclasses.dataclass
class AnswerRow:
    """An answer, and how often it was seen."""

    wanted: bool
    source: str
    """File and line of the handler."""
    seen: int = 0


class Coverage:
    """The answers of all applications that a test run has asked.

    :param apps: The names of the applications that count; none for all.
    """

    def __init__(self, apps: cabc.Collection[str] = ()) -> None:
        self.apps = frozenset(apps)
        self.rows: dict[Answer, AnswerRow] = {}

    def record(self, app: App, exchange: Exchange) -> None:
        """Count an answer."""
        if self.apps and app.name not in self.apps:
            return
        self.add_application(app)
        # Looked up here: a run that checks nothing needs no document.
        from ..http.problem import own_class
        from ..openapi.contract import mimetype

        operation, raised = exchange.operation, exchange.recorder.raised
        error = None if raised is None else own_class(t.cast(t.Any, raised))
        media_type = "" if exchange.status in BODILESS else mimetype(exchange.headers)
        if exchange.method == "HEAD":
            return  # it has no body to speak of
        name = "" if error is None or error.code != exchange.status else error.__name__
        for given in (name, ""):
            answer = Answer(app.name, *key_of(operation), exchange.status, media_type, given)
            if answer in self.rows:
                self.rows[answer].seen += 1
                return
        self.rows[Answer(app.name, *key_of(operation), exchange.status, media_type, name)] = AnswerRow(
            False, place_of(operation), 1
        )

    def add_application(self, app: App) -> None:
        """Note all that an application declares, once."""
        operations = app.operations
        # Noted on the application, which its operations refer to: a table here would keep it alive.
        if vars(app).get("_counted") == (id(self), id(operations)):
            return
        vars(app)["_counted"] = (id(self), id(operations))
        for operation in operations:
            if not operation.declared or operation.hidden:
                continue
            for answer in declared_answers(app, operation):
                self.rows.setdefault(answer, AnswerRow(True, place_of(operation)))

    @property
    def wanted(self) -> dict[Answer, AnswerRow]:
        """The answers that have to be seen."""
        return {answer: row for answer, row in self.rows.items() if row.wanted}

    @property
    def missing(self) -> list[Answer]:
        """Those that were not, in the order of their operations."""
        return [answer for answer, row in self.wanted.items() if not row.seen]

    @property
    def percentage(self) -> float:
        """Return how many of the answers that have to be seen were; 100 when there are none."""
        wanted = self.wanted
        return 100.0 * sum(bool(row.seen) for row in wanted.values()) / len(wanted) if wanted else 100.0

    def dump(self) -> list[list[t.Any]]:
        """All rows as plain values, to be carried between processes."""
        return [[*answer, row.wanted, row.source, row.seen] for answer, row in self.rows.items()]

    def merge(self, rows: cabc.Iterable[list[t.Any]]) -> None:
        """Add what another process has seen; see :meth:`dump`."""
        for *answer, wanted, source, seen in rows:
            row = self.rows.setdefault(Answer(*answer), AnswerRow(wanted, source))
            row.seen += seen


def key_of(operation: Operation) -> tuple[str, str, str]:
    """Return what an operation is known by: its path with the version, where a request says that otherwise."""
    return operation.operation_id, operation.method, operation.address.partition(" ")[2]


def place_of(operation: Operation) -> str:
    """File and line of the handler."""
    from ..openapi.contract import shown_path

    file, line = operation.source
    return f"{shown_path(file)}:{line}"


def declared_answers(app: App, operation: Operation) -> cabc.Iterator[Answer]:
    """Return what the marks on a handler and on its class declare."""
    from ..http.problem import MEDIA_TYPE
    from ..marks.base import marks_of
    from ..marks.raises import RaisesMark
    from ..marks.responses import AltResponseMark, ResponseMark

    written = (*marks_of(operation.handler), *(marks_of(operation.view_class) if operation.view_class else ()))
    known = {id(mark) for mark in written}
    for mark in operation.marks:
        if id(mark.origin or mark) not in known:
            continue  # of a router, or of the application
        if isinstance(mark, (ResponseMark, AltResponseMark)):
            outcomes: tuple[Outcome, ...] = (mark.outcome,)
        elif isinstance(mark, RaisesMark):
            outcomes = mark.outcomes
        else:
            continue
        for outcome in outcomes:
            media_type, error = outcome.media_type, ""
            if outcome.error is not None:
                media_type = MEDIA_TYPE if app.error_renderer is None else app.error_renderer.media_type
                error = outcome.error.__name__
            elif outcome.status in BODILESS or (outcome.schema is None and 300 <= outcome.status < 400):
                media_type = ""
            yield Answer(app.name, *key_of(operation), outcome.status, media_type.lower(), error)


current: Coverage | None = None
"""The coverage that the test client counts for; set by the pytest plugin, ``None`` without a report."""

"""``etag``: answers that name their version, requests that depend on it; and ``check_etag`` and ``set_etag``.

Not here: how tags are found and judged (``marks.conditional._conditions``), how long an answer may be kept
(``marks.conditional._cache_control``). Floor 4."""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from marshmallow import fields, validate

from ...context import current
from ...errors import BadRequest, PreconditionFailed, PreconditionRequired, SetupError
from ...http.conditional import TAGS_PATTERN, headers_for_304
from ...http.semantics import READS
from ...texts import message
from ..base import Header, Mark, Outcome, Parameter, Phase, Plan, Record, ReplyStep, Step, Steps, ValueStep
from ..raises import error_outcome
from ..responses import ResponseMark
from ._conditions import Check, PreconditionGuard

if t.TYPE_CHECKING:
    from ..schemas import SchemaLike
    from ._tags import Getter

_T = t.TypeVar("_T", bound=cabc.Callable[..., object])

_WRITES = frozenset({"PUT", "PATCH", "DELETE"})
_METHODS = READS | _WRITES | {"POST"}
_EXAMPLE = '"5d41402abc4b2a76b9719d911017c592"'
_TAG_FIELD = fields.String(metadata={"example": _EXAMPLE})
_DATE_FIELD = fields.String(metadata={"example": "Sun, 06 Nov 1994 08:49:37 GMT"})
_DATE_SENT = fields.String()  # whoever tries an example out would mostly be refused


class EtagMark(Mark):
    """Versions and conditions of an operation; see :func:`etag`."""

    nearest_counts = True

    phase = Phase.ETAG
    sends_304 = True
    """True if a GET may be answered with 304, which other marks then describe as well."""

    def __init__(
        self,
        version: Getter | None,
        last_modified: Getter | None,
        *,
        weak: bool,
        required: bool | None,
        create: bool,
    ) -> None:
        self.version = version
        self.last_modified = last_modified
        self.weak = weak
        self.required = required
        self.create = create

    def __repr__(self) -> str:
        return "etag()" if self.version is None else f"etag(version={self.version!r})"

    def guards(self, plan: Plan) -> bool:
        """Return whether the operation writes what a condition may protect."""
        return plan.method in _WRITES or (plan.method == "POST" and self.required is not None)

    def is_required(self, plan: Plan) -> bool:
        """Return whether a write without a condition is refused."""
        return self.guards(plan) and self.required is not False

    def run(self, plan: Plan) -> Steps:
        if plan.method not in _METHODS:
            return
        if self.weak and self.guards(plan):
            raise SetupError(
                f"{plan.called} ({plan.address}) has a weak etag: If-Match compares"
                " strongly, so no write could ever match. Put etag(weak=True) on the 'get' alone."
            )
        guard = PreconditionGuard(
            plan,
            self.version,
            self.last_modified,
            weak=self.weak,
            guards=self.guards(plan),
            required=self.is_required(plan),
            create=self.create and not plan.config["ETAG_DISABLED"],
        )
        if plan.config["ETAG_DISABLED"]:
            yield Step(Phase.IF_MATCH, guard.ignore)
            return
        yield Step(Phase.IF_MATCH, guard.begin)
        if self.version is not None:
            yield Step(Phase.PRECONDITION, guard.decide)
            if guard.safe:
                yield ValueStep(guard.look_at)
        if guard.guards:
            yield ValueStep(guard.note)
        yield ReplyStep(Phase.ETAG, guard.finish)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if plan.method not in _METHODS or plan.config["ETAG_DISABLED"]:
            return
        safe, guards = plan.method in READS, self.guards(plan)
        if safe or guards:
            yield from self._parameters(plan, safe)
            yield error_outcome(BadRequest)
            yield error_outcome(PreconditionFailed)
        if safe:
            yield Outcome(
                304,
                description=message("responses.not_modified"),
                headers=(
                    Header("ETag", _TAG_FIELD, message("headers.etag.version"), status=304, required=True),
                    *self._repeated(plan),
                ),
            )
        if self.is_required(plan):
            yield error_outcome(PreconditionRequired)
        for status in self._tagged(plan, safe):
            yield Header("ETag", _TAG_FIELD, message("headers.etag"), status=status)
            if self.last_modified is not None:
                yield Header("Last-Modified", _DATE_FIELD, message("headers.last_modified"), status=status)

    def _parameters(self, plan: Plan, safe: bool) -> cabc.Iterator[Parameter]:
        must = self.is_required(plan) and not self.create
        text = message("parameters.if_match")
        yield Parameter("If-Match", "header", tags_field("*", required=must), text, checked=True)
        if safe:
            text = message("parameters.if_none_match.read")
        else:
            text = message("parameters.if_none_match.write")
        yield Parameter("If-None-Match", "header", tags_field(_EXAMPLE), text, checked=True)
        if self.last_modified is None:
            return
        if safe:
            text = message("parameters.if_modified_since")
            yield Parameter("If-Modified-Since", "header", _DATE_SENT, text, checked=True)
        text = message("parameters.if_unmodified_since")
        yield Parameter("If-Unmodified-Since", "header", _DATE_SENT, text, checked=True)

    def _repeated(self, plan: Plan) -> cabc.Iterator[Header]:
        """The headers that a handler sets on its 200; a 304 repeats them, if the handler was called."""
        for mark in plan.marks:
            if isinstance(mark, ResponseMark) and mark.outcome.status == 200:
                for header in mark.outcome.headers:
                    if headers_for_304([(header.name, "")]):
                        yield Header(header.name, header.field, header.description, status=304)

    def _tagged(self, plan: Plan, safe: bool) -> list[int]:
        """The statuses that carry a tag."""
        declared = [mark.outcome.status for mark in plan.marks if isinstance(mark, ResponseMark)] or [200]
        if safe:
            return [200] if 200 in declared else []
        if plan.method == "DELETE":
            return [status for status in declared if status == 200]
        if plan.method == "POST":
            return [status for status in declared if status == 201]
        return [status for status in declared if status in (200, 201, 204)]


def tags_field(example: str, *, required: bool = False) -> fields.String:
    """The field of ``If-Match`` and ``If-None-Match``."""
    return fields.String(required=required, validate=validate.Regexp(TAGS_PATTERN), metadata={"example": example})


@t.overload
def etag(target: _T, /) -> _T: ...


@t.overload
def etag(
    *,
    version: Getter | None = None,
    last_modified: Getter | None = None,
    weak: bool = False,
    required: bool | None = None,
    create: bool = False,
) -> EtagMark: ...


def etag(
    target: object = None,
    /,
    *,
    version: Getter | None = None,
    last_modified: Getter | None = None,
    weak: bool = False,
    required: bool | None = None,
    create: bool = False,
) -> t.Any:
    """Give answers an ``ETag``, and hold requests to the versions they name (RFC 9110, sections 8.8 and 13).

    A GET that names the current version is answered with 304; a PUT, PATCH or DELETE must name it in ``If-Match``
    (428 without, 412 with another). Used bare, ``@etag``, or with arguments.

    :param version: What changes whenever the representation does: the name of an attribute, several names, or a
        function; of the object that ``loads`` has found, otherwise of what the handler returned. Then nothing is dumped
        for a tag, and with a loaded object no handler is called for a 304 or 412. Default: the tag is made of the
        bytes that leave, and a write is checked by :func:`check_etag` in its handler.
    :param last_modified: Likewise, a ``datetime`` (without a time zone: UTC) for ``Last-Modified``.
    :param weak: Whether tags are weak: good for 304, never for ``If-Match``.
    :param required: Whether a write must carry ``If-Match``. Default: PUT, PATCH and DELETE. ``False`` checks those
        that carry a condition, and lets the others write.
    :param create: Whether a write also makes what is not there: then ``If-None-Match: *`` is a condition as well, and
        the handler calls ``check_etag(None)`` where nothing is there.
    """
    mark = EtagMark(version, last_modified, weak=weak, required=required, create=create)
    return mark if target is None else mark(target)


def check_etag(etag_data: object, etag_schema: SchemaLike | None = None) -> None:
    """Hold the conditions of the request against what is there, in a handler, before it writes.

    Between the reading of the data and the writing no other request may write: see the page on conditional requests.

    :param etag_data: What a GET of this address would return now, or a version of it (a number, a text, a date, several
        of them) that the GET gives to :func:`set_etag`; ``None`` for nothing.
    :param etag_schema: What dumps it. Default: with a declared ``version`` that alone is read, otherwise the schema
        that the GET of this address answers with.
    :raises PreconditionFailed: The client means another version.
    :raises RuntimeError: The operation has no ``etag`` mark.
    """
    _check("check_etag").check_data(current(), etag_data, etag_schema)


def set_etag(etag_data: object, etag_schema: SchemaLike | None = None) -> None:
    """Say what the tag of the answer is made of, where that is not the answer itself.

    In a GET this ends the handler when the client has that version already. A 204 to PUT or PATCH carries a tag only
    if it is set here: that of the state which the write has left (RFC 9110, section 15.3.5).

    :param etag_data: As in :func:`check_etag`.
    :param etag_schema: Likewise.
    :raises RuntimeError: The operation has no ``etag`` mark.
    """
    _check("set_etag").set_data(current(), etag_data, etag_schema)


def _check(name: str) -> Check:
    check = current().conditional
    if not isinstance(check, Check):
        raise RuntimeError(f"{name} was called in a handler without an etag mark. Put @etag on it.")
    return check

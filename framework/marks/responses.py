"""``response`` and ``alt_response``: what an operation answers, and how the value of a handler becomes that answer.

Not here: the rules for values of plain views, which are Flask's (``app._answers``), and errors (``raises``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import functools
import itertools
import re
import types
import typing as t

import msgspec
from marshmallow import Schema
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as BaseResponse

from ..context import current
from ..errors import APIError, SetupError, by_status
from ..fast import json as fast_json
from ..fast.dump import checked_dumper, dumper, json_dumper, prepare
from ..http.response import PreparedResponse, sendable
from ..http.semantics import BODILESS, JSON
from .base import Call, Header, Mark, Outcome, Phase, Plan, Record
from .negotiation import produced
from .raises import own_error
from .schemas import SchemaLike, as_field, as_schema, examples_of, trusted_writer
from .shapes import shaped, shapes_for

if t.TYPE_CHECKING:
    from typing_extensions import TypeIs

    from ..context import Context
    from ..fields import AnyField
    from ..http.media import MediaType
    from ..http.response import Reply
    from ..typing import HeadersValue
    from .answers import AnswerMark, OtherAnswerMark, Returned, ReturnedItems, Usual
    from .links import Link, LinkLike
    from .values import PlainSchema

    OutcomeWriter: t.TypeAlias = cabc.Callable[[int, t.Any], Reply]
    """Writes a value with a status as the answer; a file or a stream takes values of one kind."""

    DataWriter: t.TypeAlias = cabc.Callable[[int, object], PreparedResponse]
    """Writes a value with a status as the declared answer, whatever the value is."""

    HeaderLike: t.TypeAlias = Header | AnyField | type[AnyField]

    class ResponseOptions(t.TypedDict, total=False):
        """The options of :func:`response`, in addition to what its overloads name."""

        description: str
        headers: cabc.Mapping[str, HeaderLike] | None
        content_type: str
        example: object
        examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None
        links: cabc.Mapping[str, LinkLike] | None
        trusted: bool


_Reply = t.TypeVar("_Reply", bound="Reply")
_T = t.TypeVar("_T")
_S = t.TypeVar("_S")

VARIANTS = 64
"""The greatest number of variants of an outcome whose writers are kept, those used last."""
_STATUS: t.Final = re.compile(r"[1-5]\d\d(?: |$)", re.ASCII)
USES_UNCOMPILED = 2
"""The number of times that a variant is dumped by marshmallow before it is worth compiling."""


class ResponseMark(Mark):
    """An outcome of the operation; see :func:`response`."""

    phase = Phase.OUTCOME
    source: type | None = None
    """The class of what the handler returns, where that is not the one of the schema."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def __repr__(self) -> str:
        return f"response({self.outcome.status})"

    def merge(self, inner: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """An outer outcome comes after the inner ones, and gives way to one of the same status."""
        for mark in inner:
            if isinstance(mark, ResponseMark) and mark.outcome.status == self.outcome.status:
                return inner
        return (*inner, self)

    def writer(self, plan: Plan) -> OutcomeWriter:
        """A function from status and value to the answer. Asked once, at freeze."""
        if self.source is not None and self.outcome.schema is not None and self.origin is None:
            from .sources import check_source

            check_source(self.source, self.outcome.schema, f"{self!r} on {plan.called} ({plan.address})")
        return writer(plan, self.outcome)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        outcome = shaped(plan, self.outcome)
        return (outcome, *(as_written(outcome, each) for each in produced(plan) if is_negotiated(outcome)))


class AltResponseMark(Mark):
    """An answer that is given by other means; see :func:`alt_response`."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def __repr__(self) -> str:
        return f"alt_response({self.outcome.status})"

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        return (self.outcome,)


@t.overload
def response(status_code: t.Literal[204], **options: t.Unpack[ResponseOptions]) -> OtherAnswerMark[None]: ...
@t.overload
def response(
    status_code: int,
    schema: PlainSchema | types.UnionType | None = None,
    *,
    source: type[object] | None = None,
    **options: t.Unpack[ResponseOptions],
) -> ResponseMark: ...
@t.overload
def response(
    status_code: Usual, schema: type[list[_T]], *, source: None = None, **options: t.Unpack[ResponseOptions]
) -> AnswerMark[Returned[ReturnedItems[_T]]]: ...
@t.overload
def response(
    status_code: Usual, schema: type[list[_T]], *, source: type[_S], **options: t.Unpack[ResponseOptions]
) -> AnswerMark[Returned[ReturnedItems[_T | _S]]]: ...
@t.overload
def response(
    status_code: Usual, schema: type[_T], *, source: None = None, **options: t.Unpack[ResponseOptions]
) -> AnswerMark[Returned[_T]]: ...
@t.overload
def response(
    status_code: Usual, schema: type[_T], *, source: type[_S], **options: t.Unpack[ResponseOptions]
) -> AnswerMark[Returned[_T | _S]]: ...
@t.overload
def response(
    status_code: int, schema: type[_T], *, source: type[object] | None = None, **options: t.Unpack[ResponseOptions]
) -> OtherAnswerMark[Returned[_T]]: ...
def response(
    status_code: int,
    schema: SchemaLike | type[object] | types.UnionType | None = None,
    *,
    source: type[object] | None = None,
    description: str = "",
    headers: cabc.Mapping[str, HeaderLike] | None = None,
    content_type: str = "application/json",
    example: object = None,
    examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None = None,
    links: cabc.Mapping[str, LinkLike] | None = None,
    trusted: bool = False,
) -> t.Any:
    """Say what the operation answers when all goes well.

    The handler's value is dumped with the schema. Several marks declare several outcomes: the top one is taken unless
    the handler returns ``(value, status)``.

    :param status_code: The status, as a number or an ``http.HTTPStatus``.
    :param schema: A schema class, an annotated class such as a dataclass, an instance, or a dict of fields. Default:
        no body for 204 and for ``None``, otherwise the value as JSON. For an annotated class, or a list of one, type
        checkers refuse a handler that is annotated to return anything but that.
    :param description: Default: the phrase of the status.
    :param headers: Headers that the handler sets on this answer, name to field.
    :param content_type: The media type. Default: ``application/json``.
    :param example: A whole answer.
    :param examples: Several, by name or in a row.
    :param links: What can be called next with the answer, by name: a :class:`~framework.Link`, or a mere target.
    :param source: The class of what the handler returns, such as a mapped class of an ORM. Type checkers take it in
        place of the annotated class; at start-up it must have each attribute that the schema sends.
    :param trusted: Write instances of an annotated class, or a list of them, as they are, without the schema: their
        values are what the annotations say. The application does not start where the schema would write another
        text. Tests check every such answer, production one of each 1,000.
    :raises SetupError: The mark has no status, or a source and nothing that dumps it.
    """
    status = checked_status(status_code, "response")
    if source is not None and schema is None:
        raise SetupError(f"response({status}) got source={source!r} and no schema. Give what dumps it.")
    made = ResponseMark(
        Outcome(
            status=status,
            schema=None if schema is None else as_schema(schema),
            description=description,
            headers=as_headers(headers, status),
            media_type=content_type,
            examples=examples_of(example, examples),
            links=links_of(links),
            trusted=trusted,
        )
    )
    if source is not None:
        made.source = source
    return made


def checked_status(status: object, what: str) -> int:
    """A status as a number.

    :raises SetupError: It is none, like the function below a mark without its parentheses.
    """
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise SetupError(f"{what} got {status!r} as its status. Give a number first, as in @{what}(200).")
    return int(status)


def alt_response(
    status_code: int,
    schema: SchemaLike | type[APIError] | None = None,
    *,
    description: str = "",
    headers: cabc.Mapping[str, HeaderLike] | None = None,
    content_type: str | None = None,
    example: object = None,
    examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None = None,
    links: cabc.Mapping[str, LinkLike] | None = None,
) -> AltResponseMark:
    """Say what the operation may also answer, by a finished response, a hook or an error handler. Documents only.

    :param schema: As in :func:`response`; or an error class, whose problem object it then is. Without a schema and a
        ``content_type``, a status from 400 on is the framework's own error, as ``abort(404)`` answers it.
    :param content_type: The media type of the body. Default: ``application/json``, for errors that of problem objects.
    """
    error = schema if isinstance(schema, type) and issubclass(schema, BaseException) else None
    if schema is None and content_type is None and status_code >= 400:
        error = by_status.get(int(status_code))
    return AltResponseMark(
        Outcome(
            status=checked_status(status_code, "alt_response"),
            schema=None if schema is None or error is not None else as_schema(schema),
            description=description,
            headers=as_headers(headers, int(status_code)),
            media_type=content_type or JSON,
            error=None if error is None else own_error(error),
            examples=examples_of(example, examples),
            links=links_of(links),
        )
    )


def links_of(links: cabc.Mapping[str, LinkLike] | None) -> tuple[tuple[str, Link], ...]:
    """Links by name; a mere target has no parameters."""
    if not links:
        return ()
    from .links import as_links

    return as_links(links)


def is_negotiated(outcome: Outcome) -> bool:
    """Return whether an outcome can be written in other media types than JSON."""
    return outcome.media_type == JSON and outcome.status not in BODILESS


def as_written(outcome: Outcome, media_type: MediaType) -> Outcome:
    """An outcome as it is described in a media type in place of JSON."""
    schema = outcome.schema
    if not media_type.is_text or schema is None:
        return msgspec.structs.replace(outcome, media_type=media_type.name)
    row = copy.copy(schema)
    row.many = False
    return msgspec.structs.replace(outcome, media_type=media_type.name, schema=None, items=row, examples=None)


def as_headers(headers: cabc.Mapping[str, HeaderLike] | None, status: int) -> tuple[Header, ...]:
    """Header records from a mapping of names to fields."""
    return tuple(
        value if isinstance(value, Header) else as_header(name, as_field(name, value), status)
        for name, value in (headers or {}).items()
    )


def as_header(name: str, field: AnyField, status: int) -> Header:
    """A header that is always there if its field is required."""
    return Header(name, field, status=status, required=field.required)


def outcome_step(plan: Plan) -> cabc.Callable[[Context, Call, object], object]:
    """The step that turns a handler's value into the answer, by the data rules.

    - A response or a WSGI application passes.
    - ``(value, status)``, ``(value, headers)``, ``(value, status, headers)`` are taken apart.
    - ``None`` is an empty answer where 204 is declared, and where nothing is declared JSON ``null``.
    - An iterator is dumped where a ``many`` schema is declared, and refused elsewhere.
    - Any other value is dumped with the schema of its status, or is JSON as it is.

    :param plan: The operation in the making.
    """
    marks = [mark for mark in plan.marks if isinstance(mark, ResponseMark)]
    outcomes = [mark.outcome for mark in marks]
    for outcome in outcomes:
        check_trusted(plan, outcome)
    writers: dict[int, OutcomeWriter] = {mark.outcome.status: mark.writer(plan) for mark in marks}
    for outcome in outcomes:
        schema = shaped(plan, outcome).schema
        if schema is not None and outcome.status not in BODILESS:
            plan.preparations.append(
                functools.partial(prepare, schema, to_json=plan.direct, checked=plan.config["STRICT_DUMP"])
            )
    default = outcomes[0].status if outcomes else 200
    plain: OutcomeWriter = writer(plan, Outcome(status=200))
    empty = 204 if 204 in writers else None

    write_default = writers.get(default, plain)
    shapers = {outcome.status: shaper(plan, outcome) for outcome in outcomes if shapes_for(plan, outcome)}
    # PERF: what is written alone, without any question, is written here: 0.6 us.
    content_type, encode_default = getattr(write_default, "alone", (("", ""), plan.encode))
    is_alone = hasattr(write_default, "alone") and default not in shapers
    at_once = frozenset({dict, list, *getattr(write_default, "models", ())} if is_alone else ())

    def to_reply(ctx: Context, call: Call, value: object) -> object:
        if type(value) in at_once:
            return PreparedResponse(default, [content_type], encode_default(value))
        headers: HeadersValue | None = None
        given: int | None = None
        if type(value) is tuple:
            value, given, headers = unpack(value)
        if type(value) is LocalProxy:
            value = value._get_current_object()
        if is_response(value):
            if given is None and not headers:
                return value
            reply = ctx.app.make_response(value)
            reply.status_code = reply.status_code if given is None else given
            return with_headers(reply, headers)
        status = default if given is None else given
        if not 200 <= status <= 599:
            raise ValueError(
                f"{plan.called} returned the status {status}. Return (value, status) with one from 200 to"
                " 599; if the pair was meant as data, return a list."
            )
        if value is None and empty is not None and given is None:
            status = empty
        if status in shapers:
            return with_headers(shapers[status](ctx, call, value), headers)
        return with_headers(writers.get(status, plain)(status, value), headers)

    return to_reply


def check_trusted(plan: Plan, outcome: Outcome) -> None:
    """Refuse a trusted outcome that another part than its schema has a say in.

    :raises SetupError: It has no schema, another mark changes it, or the application writes JSON in its own way.
    """
    if not outcome.trusted:
        return
    problem = ""
    if outcome.schema is None:
        problem = "it has no class. Name the class whose instances are written"
    elif shapes_for(plan, outcome):
        problem = "another mark of the operation changes the answer. Drop that mark"
    elif not plan.direct:
        problem = "the application has a custom JSON provider. Drop that"
    if problem:
        raise SetupError(
            f"response({outcome.status}, trusted=True) of {plan.called}: {problem}, or leave 'trusted' out."
        )
    trusted_writer(t.cast(Schema, outcome.schema), checked=False, comparing=False, strict=False)


def is_response(value: object) -> bool:
    """Return whether a value is an answer as it is: a response, an HTTP exception, or a function that speaks WSGI."""
    return isinstance(value, (PreparedResponse, BaseResponse, HTTPException, types.FunctionType, types.MethodType)) or (
        hasattr(type(value), "wsgi_app")
    )


def unpack(value: object) -> tuple[t.Any, int | None, HeadersValue | None]:
    """Take what a handler returned apart into data, status and headers; the one rule for it.

    ``(value, status)``, ``(value, headers)`` and ``(value, status, headers)`` are taken apart as Flask does: a status
    is a number or a text such as ``"404 NOT FOUND"``, headers are a mapping or a list of pairs. Other tuples are data,
    and so is each named tuple.

    :return: ``None`` for what is not said.
    """
    if type(value) is not tuple or not 2 <= len(value) <= 3:
        return value, None, None
    second = value[1]
    if isinstance(second, int) and not isinstance(second, bool):
        return value[0], int(second), value[2] if len(value) == 3 else None
    if isinstance(second, str) and _STATUS.match(second):
        return value[0], int(second[:3]), value[2] if len(value) == 3 else None
    if len(value) == 2:
        return (value[0], None, second) if is_headers(second) else (value, None, None)
    return (value[0], None, value[2]) if second is None and is_headers(value[2]) else (value, None, None)


def is_headers(value: object) -> TypeIs[HeadersValue]:
    """Return whether a value next to a handler's data is headers: a mapping, or a list of pairs with a name first."""
    if isinstance(value, (cabc.Mapping, Headers)):
        return True
    return (
        isinstance(value, (list, tuple))
        and type(value) in (list, tuple)
        and all(
            type(pair) in (tuple, list)
            and len(pair) == 2
            and isinstance(pair[0], str)
            and isinstance(pair[1], (str, int))
            for pair in value
        )
    )


def with_headers(reply: _Reply, headers: HeadersValue | None) -> _Reply:
    """Set the headers that a handler returned on its reply.

    :raises ValueError: One cannot be sent.
    """
    if headers:
        # Of a list each pair counts: two cookies are two.
        reply.headers.update(Headers(headers) if isinstance(headers, (list, tuple)) else headers)
        for name, value in list(reply.headers):
            sent = sendable(name, value)
            if sent is not value:
                reply.headers[name] = sent
    return reply


def shaper(plan: Plan, outcome: Outcome) -> cabc.Callable[[Context, Call, object], PreparedResponse]:
    """A function from the handler's value to the answer, for an outcome that marks give another shape."""
    shapes = shapes_for(plan, outcome)
    usual = writer(plan, shaped(plan, outcome))
    status = outcome.status

    @functools.lru_cache(maxsize=VARIANTS)
    def writers_of(
        variants: tuple[cabc.Hashable, ...],
    ) -> cabc.Iterator[cabc.Callable[[int, object], PreparedResponse]]:
        changed = outcome
        for shape, variant in zip(shapes, variants, strict=True):
            changed = shape.outcome(changed, variant)
        # Compiling takes milliseconds, so it is left until a variant is asked for again: whoever asks for another one
        # each time does not make the server compile.
        slow = writer(plan, changed, fast=False)
        yields = itertools.chain(itertools.repeat(slow, USES_UNCOMPILED), itertools.repeat(writer(plan, changed)))
        return yields

    def write(ctx: Context, call: Call, value: object) -> PreparedResponse:
        for shape in shapes:
            value = shape.value(ctx, call, value)
        # PERF: lists, for a generator is resumed for each of its parts.
        variants = [shape.variant(call) for shape in shapes]
        if variants.count(None) < len(variants):
            return next(writers_of(tuple(variants)))(status, value)
        return usual(status, value)

    return write


def writer(plan: Plan, outcome: Outcome, *, fast: bool | None = None) -> DataWriter:
    """A function from status and value to the answer, for one declared outcome.

    :param fast: Whether compiled functions are used. Default: as the application does.
    """
    schema = outcome.schema
    if outcome.status in BODILESS:
        return lambda status, value: PreparedResponse(status, [], b"")
    models: tuple[type, ...] = ()
    if outcome.trusted and plan.fast:
        model, encode = trusted_writer(
            t.cast(Schema, schema),
            checked=bool(plan.config["STRICT_DUMP"]),
            comparing=plan.compare,
            strict=bool(plan.config["TESTING"] or plan.config["DEBUG"]),
        )
        models = (model,)
    else:
        encode = encoder(plan, schema, fast=plan.fast if fast is None else fast)
    many = schema is not None and bool(schema.many)
    content_type = ("Content-Type", outcome.media_type)

    def write(status: int, value: object) -> PreparedResponse:
        try:
            return PreparedResponse(status, [content_type], encode(listed(status, value)))
        except fast_json.JSONError as error:
            error.add_note(f"It is the answer {status} of {plan.called}.")
            raise

    def listed(status: int, value: object) -> object:
        if type(value) is not dict and type(value) is not list and isinstance(value, cabc.Iterator):
            if not many:
                raise TypeError(
                    f"{plan.called} returned an iterator, {value!r}, and declares no list for"
                    f" {status}. Declare a schema with many=True, return a list, or mark it with stream(...)."
                )
            return list(value)
        return value

    def write_as_wanted(status: int, value: object) -> PreparedResponse:
        reply, media_type = write(status, value), current().media_type
        if media_type is None:
            return reply
        # The values of JSON, so that an answer says the same in every media type.
        try:
            return PreparedResponse(
                status, [("Content-Type", media_type.name)], media_type.dump(fast_json.decode(reply.body))
            )
        except OverflowError:
            return reply

    if is_negotiated(outcome) and produced(plan):
        return write_as_wanted
    write.alone = (content_type, encode)  # type: ignore[attr-defined]
    write.models = models  # type: ignore[attr-defined]
    return write


def encoder(plan: Plan, schema: Schema | None, *, fast: bool) -> cabc.Callable[[object], bytes]:
    """A function from a value to the JSON text of an answer with a schema.

    :param fast: Whether compiled functions are used.
    """
    if schema is None:
        return plan.encode
    checked = bool(plan.config["STRICT_DUMP"])
    if plan.direct:
        return json_dumper(schema, fast=fast, compare=plan.compare, checked=checked)
    dump = (checked_dumper if checked else dumper)(schema, fast=fast, compare=plan.compare)
    to_text = plan.encode
    return lambda value: to_text(dump(value))


def check_outcomes(marks: tuple[Mark, ...], where: str) -> None:
    """Refuse two outcomes of one status.

    :raises SetupError: A handler declares one status twice.
    """
    seen: set[int] = set()
    for mark in marks:
        if isinstance(mark, ResponseMark):
            if mark.outcome.status in seen:
                raise SetupError(
                    f"{where} declares {mark.outcome.status} twice. Give each outcome its own status,"
                    " or one schema that covers both."
                )
            seen.add(mark.outcome.status)

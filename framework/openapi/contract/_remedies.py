"""The message for each way to break a contract: what happened, where, and the declaration that is missing, to paste.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import textwrap
import typing as t
import weakref

import marshmallow as ma
from marshmallow import RAISE, validate
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from ... import errors, fields
from ...fast.strict import wrote_unknown
from ...fields import AnyField
from ...hooks import find_error_handler
from ...http.semantics import BODILESS
from ...logging import printable
from ...marks.base import Phase
from ...marks.schemas import WholeSchema
from ..document import flat, written_name
from ..schema import Fault, Path, shown, written_path
from . import _blame as blame

if t.TYPE_CHECKING:
    from ...app import App
    from ...resources.operation import Operation
    from ...resources.recorder import Recorder
    from ._exchange import Exchange

    Hook: t.TypeAlias = cabc.Callable[[], object]


class Violation(t.NamedTuple):
    """One thing that is wrong with an answer."""

    message: str
    """The fault."""

    remedy: str
    """The remedy: prose, then code to paste, indented by four spaces; empty where the message says it."""


def report(exchange: Exchange, findings: cabc.Sequence[Violation], *, shows_request: bool = True) -> str:
    """The whole message: the request, the handler, and each finding with its remedy."""
    if shows_request:
        request = blame.curl_line(exchange.request, exchange.sent)
    else:
        request = f"{printable(exchange.method)} {printable(exchange.request.path)}"
    operation = exchange.operation
    media_type = printable(exchange.headers.get("Content-Type", "no body"))
    lines = [
        f"{operation.address} ({operation.operation_id}) broke its contract.",
        "",
        f"  handler   {blame.place_of(operation.handler)}",
        f"  request   {request}",
        f"  answer    {exchange.status} {HTTP_STATUS_CODES.get(exchange.status, '')}, {media_type}",
    ]
    for number, finding in enumerate(findings, 1):
        lines += ["", f"{number}. {finding.message}"]
        if finding.remedy:
            lines.append(textwrap.indent(finding.remedy, "   "))
    return "\n".join(lines)


def schema_argument(operation: Operation) -> str:
    """Return how the schema of the operation's first outcome is written, to be repeated in a declaration."""
    for outcome in operation.outcomes:
        if outcome.schema is not None and outcome.error is None:
            return blame.name_of_schema(outcome.schema)
    return "..."


# Status and errors


def undeclared_error(
    app: App, operation: Operation, raised: HTTPException, cls: type[errors.APIError] | None
) -> Violation:
    """An error whose class the operation does not declare."""
    origin = blame.origin_of(raised)
    name = type(raised).__name__ if cls is None else cls.__name__
    where = "" if origin is None else f" at {blame.shown_path(origin.file)}:{origin.line}"
    message = f"{name} ({raised.code}) was raised{where}, and the operation does not declare it."
    hook = None if origin is None else hook_among(app, operation, origin.codes)
    code = f"@raises({name})" if cls is not None else f'@alt_response({raised.code}, description="...")'
    if hook is not None:
        return Violation(message, f"Put this above the before_request function {blame.place_of(hook)}:\n\n    {code}")
    return Violation(message, f"Put this above the handler:\n\n    {code}")


def hook_among(app: App, operation: Operation, codes: cabc.Collection[object]) -> Hook | None:
    """The ``before_request`` function that one of these codes belongs to, or ``None``."""
    for hook in hooks_before(app, operation):
        if getattr(inspect.unwrap(hook), "__code__", None) in codes:
            return hook
    return None


def hooks_before(app: App, operation: Operation) -> list[Hook]:
    """The ``before_request`` functions that serve an operation."""
    return [hook for scope in (None, *operation.routers) for hook in app.before_request_funcs.get(scope, ())]


def undeclared_status(app: App, operation: Operation, exchange: Exchange, declared: tuple[int, ...]) -> Violation:
    """A status that is not among the outcomes."""
    status, recorder = exchange.status, exchange.recorder
    listing = ", ".join(map(str, declared))
    message = f"The status {status} is not declared; declared are {listing}."
    if recorder.raised is not None:
        origin = blame.origin_of(recorder.raised)
        where = "" if origin is None else f" at {blame.shown_path(origin.file)}:{origin.line}"
        message += f" It was made of {type(recorder.raised).__name__}, raised{where}."
        code = f'@alt_response({status}, description="...")'
        return Violation(message, f"Put this above {error_handler(app, operation, recorder.raised)}:\n\n    {code}")
    if not recorder.called:
        hooks = [blame.place_of(hook) for hook in hooks_before(app, operation)]
        who = f"the before_request function {hooks[0]}" if len(hooks) == 1 else "one of " + ", ".join(hooks)
        who = who if hooks else "a step before the handler"
        message += f" The handler was not called: {who} answered."
        code = f'@alt_response({status}, description="...")'
        return Violation(message, f"Put this above the function that answers:\n\n    {code}")
    if status >= 400:
        cls = errors.by_status.get(status)
        name = "..." if cls is None else cls.__name__
        return Violation(
            message,
            f"Declare it above the handler, and better raise it, so that its body is an error like all others:"
            f'\n\n    @raises({name})          with  abort({name}("..."))\n    @alt_response({status}, ...)'
            "  to go on returning it",
        )
    body = "" if status in BODILESS or 300 <= status < 400 else f", {schema_argument(operation)}"
    return Violation(message, f"Put this above the handler:\n\n    @response({status}{body})")


# Headers and media types


def undeclared_header(operation: Operation, status: int, name: str, value: str) -> Violation:
    """A header that the handler sets and no mark declares."""
    code = f"headers={{{name!r}: {blame.header_field(value)}}}"
    if status >= 400:
        return Violation(
            f"The error carries the header {name}, which nobody declares for {status}.",
            f"Put this above the handler:\n\n    @alt_response({status}, ..., {code})",
        )
    return Violation(
        f"The handler sets the header {name}, which is not declared for {status}.",
        f"Add it to the response mark:\n\n    @response({status}, {schema_argument(operation)}, {code})",
    )


def error_handler(app: App, operation: Operation, raised: Exception) -> str:
    """Return what made an answer of an error: the function that is registered for it."""
    handler = find_error_handler(app.error_handler_spec, raised, operation.routers)
    return "the handler" if handler is None else f"the error handler {blame.place_of(handler)}"


def undeclared_media_type(app: App, exchange: Exchange, media_type: str, content: cabc.Collection[str]) -> Violation:
    """A media type that is not declared for the status."""
    operation, status, raised = exchange.operation, exchange.status, exchange.recorder.raised
    given = media_type or "no media type"
    message = f"{status} is declared as {' or '.join(content)}, and {given} was sent."
    if raised is not None:
        code = f'@alt_response({status}, {{...}}, content_type="{media_type}")'
        return Violation(message, f"Put this above {error_handler(app, operation, raised)}:\n\n    {code}")
    if status >= 400:
        return Violation(
            message,
            "Raise an error class instead of returning the body, or declare it above the handler:"
            f'\n\n    @alt_response({status}, {{...}}, content_type="{media_type}")',
        )
    return Violation(
        message,
        f'Put this above the handler:\n\n    @alt_response({status}, content_type="{media_type or "text/plain"}")',
    )


# Bodies


def unknown_event(kind: str) -> Violation:
    """An event of a type that is not declared.

    :param kind: The type.
    """
    return Violation(
        f"The stream sends an event of the type {kind!r}, which the server itself sends with other data.",
        "Give the event another type.",
    )


def wrong_body(
    operation: Operation,
    status: int,
    fault: Fault,
    body: object,
    shape: ma.Schema | None = None,
    *,
    event: str | None = None,
) -> Violation:
    """A place in the body that its schema refuses.

    :param shape: The schema of errors, where ``render_error`` has given one.
    :param event: The type of the event whose data the body are.
    """
    message = f"The body of {status} does not fit its schema. {fault}"
    outcomes = [each for each in operation.outcomes if each.status == status]
    items = [each.items.get(event or "") if isinstance(each.items, cabc.Mapping) else each.items for each in outcomes]
    told = [
        shape if each.error is not None else each.schema or part for each, part in zip(outcomes, items, strict=True)
    ]
    schemas = list({id(schema): schema for schema in told if schema is not None}.values())
    spots = [place for schema in schemas if (place := blame.spot_of(schema, fault.at)) is not None]
    place = spots[0] if len(schemas) == 1 and spots else None
    if fault.word in ("closed", "additionalProperties"):
        value = value_at(body, fault.at)
        name = str(fault.at[-1])
        code = f"{name} = {blame.field_for(value)}" if name.isidentifier() else f"... data_key={name!r}"
        where = "to its schema" if place is None else f"to {blame.place_of_class(type(place.schema))}"
        return Violation(message, f"Leave it out, or add {where}:\n\n    {code}")
    if place is None:
        return Violation(message, "Answer with what is declared, or declare what is answered.")
    if place.field is None:
        return Violation(message, f"It is declared by {blame.place_of_class(type(place.schema))}.")
    field = place.schema.fields[place.field]
    where = blame.place_of_class(type(place.schema), place.field)
    if fault.word == "required":
        code = 'metadata={"optional": True}'
        return Violation(message, f"Give {where} a value; or, if it may be absent, say so in the field:\n\n    {code}")
    if fault.word == "type" and value_at(body, fault.at) is None and not field.allow_none:
        return Violation(
            message, f"Give {where} a value; or, if it may be null, say so in the field:\n\n    allow_none=True"
        )
    return Violation(message, f"The handler must give such a value, or {where} must allow this one.")


def value_at(body: t.Any, at: Path) -> object:
    """Return the value at a place in a body; ``None`` where nothing does."""
    for part in at:
        try:
            body = body[part]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def body_for_nothing(operation: Operation, status: int, value: object) -> Violation:
    """A body for a status that has none."""
    seen = shown(value) if isinstance(value, (dict, list, str, int, float)) else f"a {type(value).__name__}"
    return Violation(
        f"The handler returned {seen} with the status {status}, which has no body (RFC 9110, section 15):"
        " it was not sent.",
        f'Return None (or "", {status}) to send nothing; or, to send it, declare another status:'
        f"\n\n    @response(200, {schema_argument(operation)})",
    )


def dropped_members(schema: ma.Schema, value: object) -> list[Path]:
    """The members of plain dicts that a handler returned and that its schema has never heard of.

    Judged are only schemas whose every field says itself what it reads, so that nothing can have used the member.
    One with a policy for unknown members (``unknown=EXCLUDE``) drops them on purpose.

    :return: Where they are, at most one of each name.
    """
    if type(value) is not tuple and not isinstance(value, (dict, list)):  # a named tuple is an object
        return []
    if isinstance(schema, WholeSchema):
        return []  # its member is chosen by the value
    found: dict[tuple[str, ...], Path] = {}
    collect_dropped(schema, value, (), found)
    return list(found.values())


class KnownMembers(t.NamedTuple):
    """The known members that a schema dumps."""

    names: frozenset[str]
    """Every name that a value may have them under, also those that this instance leaves out."""
    inner: tuple[tuple[str, ma.Schema], ...]
    """The nested schemas, by the name in the value."""


_known: weakref.WeakKeyDictionary[ma.Schema, KnownMembers | None] = weakref.WeakKeyDictionary()


def known_of(schema: ma.Schema) -> KnownMembers | None:
    """Return what is known of a schema, found out once; ``None`` where other things may read the value."""
    if schema not in _known:
        _known[schema] = find_known(schema) if speaks_for_itself(schema) else None
    return _known[schema]


def find_known(schema: ma.Schema) -> KnownMembers:
    """See :func:`known_of`."""
    names: set[str] = set(type(schema)._declared_fields)
    inner: list[tuple[str, ma.Schema]] = []
    for name, field in {**type(schema)._declared_fields, **schema.fields}.items():
        names |= {name, field.attribute or name, written_name(name, field)}
    for name, field in schema.fields.items():
        nested = blame.inner_schema(field)
        if nested is not None:
            inner.append((field.attribute or name, nested))
    return KnownMembers(frozenset(part.partition(".")[0] for part in names), tuple(inner))


def collect_dropped(schema: ma.Schema, value: object, at: Path, found: dict[tuple[str, ...], Path]) -> None:
    """Walk a value together with its schema; see :func:`dropped_members`."""
    if (isinstance(value, list) or type(value) is tuple) and (schema.many or at):
        for index, item in enumerate(value[:100]):
            collect_dropped(schema, item, (*at, index), found)
        return
    if type(value) is not dict:
        return
    known = known_of(schema)
    if known is None:
        return
    for name in value.keys() - known.names:
        path = (*at, str(name))
        found.setdefault(tuple(part for part in path if isinstance(part, str)), path)
    for name, inner in known.inner:
        if name in value:
            collect_dropped(inner, value[name], (*at, name), found)


def speaks_for_itself(schema: ma.Schema) -> bool:
    """Return whether nothing but the declared fields reads a value that is dumped: no hooks, no functions, no own
    classes."""
    if wrote_unknown(schema) and schema.unknown != RAISE:
        return False
    if schema._hooks.get("pre_dump") or schema._hooks.get("post_dump") or type(schema).dump is not ma.Schema.dump:
        return False
    if type(schema).get_attribute is not ma.Schema.get_attribute:
        return False
    functions = (ma.fields.Function, ma.fields.Method)
    own = ("marshmallow.fields", fields.__name__)
    return all(type(field).__module__ in own and not isinstance(field, functions) for field in schema.fields.values())


def dropped(schema: ma.Schema, at: Path, value: object) -> Violation:
    """A member that was returned and not sent."""
    name = str(at[-1])
    found = schema
    place = blame.spot_of(schema, at)
    if place is not None:
        found = place.schema
    code = f"{name} = {blame.field_for(value_at(value, at))}"
    cls = type(found)
    return Violation(
        f"The handler returned the member {written_path(at)}, which the schema does not have: it was not sent.",
        f"Leave it out, or add it to {blame.place_of_class(cls)}:\n\n    {code}\n\n"
        f"A schema that shall drop what it does not know says so: {cls.__name__}(unknown=EXCLUDE).",
    )


# Requests

_PLAIN_FIELDS = (
    *(ma.fields.String, ma.fields.Integer, ma.fields.Float, ma.fields.Boolean, ma.fields.UUID, ma.fields.Email),
    *(ma.fields.URL, ma.fields.Date, ma.fields.Enum, ma.fields.List, ma.fields.Nested, ma.fields.Dict),
    *(fields.DateTime, fields.DelimitedList),
)
_PLAIN_VALIDATORS = (
    *(validate.Length, validate.OneOf, validate.NoneOf, validate.Equal, validate.Email, validate.URL),
    *(validate.ContainsOnly, validate.ContainsNoneOf),
)


_READING = frozenset({Phase.MEDIA_TYPE, Phase.BODY, Phase.INPUTS})


def is_refused_by_inputs(recorder: Recorder) -> bool:
    """Return whether a request was refused by a step that reads it as the document says, not by the application.

    A mark that refuses for other reasons, such as what was sent before, does it in another phase or raises its own
    class, and functions of the application that a step calls know rules that no document can state. What cannot be read
    at all (a length, an encoding of text) has no ``data``: it is a matter of HTTP.
    """
    raised, step = recorder.raised, recorder.step
    if step is None or step.phase not in _READING or type(raised).__module__ != errors.__name__:
        return False
    about_content = t.cast(errors.APIError, raised).data is not None or step.phase is Phase.MEDIA_TYPE
    return about_content and all(map(blame.is_ours, recorder.files))


def refused(operation: Operation, raised: errors.APIError) -> cabc.Iterator[Violation]:
    """A request that the document calls valid was refused; silent where the schema has rules without words."""
    if not isinstance(raised, errors.ValidationFailed):
        yield Violation(
            f"The document calls this request valid, and it was refused: {raised.description}",
            "Declare what the operation reads: the media type with 'content_type=', the body with @arguments(...).",
        )
        return
    for location, messages in (raised.errors or {}).items():
        for path, texts in refusals(operation, location, messages):
            yield Violation(
                f"The document calls this request valid, and it was refused for {location} {'.'.join(path)}: {texts}",
                "The field refuses what its description allows. Say its rule in the field's metadata"
                ' (metadata={"pattern": "..."}), or by a method __json_schema__ of its class.',
            )


def refusals(operation: Operation, location: str, messages: object) -> cabc.Iterator[tuple[tuple[str, ...], object]]:
    """The messages about fields whose rules the document can state."""
    if not isinstance(messages, dict):
        return
    if location == "json":
        for body in operation.bodies:
            yield from told_refusals(body.schema, messages, ())
        return
    places = {"headers": "header", "cookies": "cookie"}
    for parameter in operation.parameters:
        is_it = parameter.location == places.get(location, location) and parameter.name in messages
        if is_it and tells_all(parameter.field):
            yield (parameter.name,), messages[parameter.name]


def told_refusals(
    schema: ma.Schema, messages: object, at: tuple[str, ...]
) -> cabc.Iterator[tuple[tuple[str, ...], object]]:
    """As :func:`refusals`, for one object."""
    hooks = ("pre_load", "post_load", "validates", "validates_schema")
    if not isinstance(messages, dict) or any(schema._hooks.get(hook) for hook in hooks):
        return
    for name, texts in messages.items():
        if isinstance(name, int) or (isinstance(name, str) and name.isdigit()):
            yield from told_refusals(schema, texts, (*at, str(name)))
            continue
        field = next((field for key, field in schema.fields.items() if written_name(key, field) == name), None)
        if field is None or not tells_all(field):
            continue
        inner = blame.inner_schema(field)
        if inner is not None and isinstance(texts, dict):
            yield from told_refusals(inner, texts, (*at, str(name)))
        elif not isinstance(texts, dict):
            yield (*at, str(name)), texts


def tells_all(field: AnyField) -> bool:
    """Return whether the document can say all that a field asks of a value."""
    if not isinstance(field, _PLAIN_FIELDS) or type(field).__module__ not in ("marshmallow.fields", fields.__name__):
        return False
    if isinstance(field, ma.fields.DateTime) and field.format not in fields.RFC3339_FORMATS:
        return False
    if (
        isinstance(field, ma.fields.List)
        and not isinstance(field.inner, ma.fields.Nested)
        and not tells_all(field.inner)
    ):
        return False
    if isinstance(field, ma.fields.Dict) and (field.key_field is not None or field.value_field is not None):
        return False
    numeric = isinstance(field, (ma.fields.Integer, ma.fields.Float))
    return all(
        isinstance(each, _PLAIN_VALIDATORS)
        or (isinstance(each, validate.Range) and numeric)
        or hasattr(type(each), "__json_schema__")
        for each in flat(field.validators)
    )


def taken(status: int, reasons: cabc.Sequence[str]) -> Violation:
    """A request that the document refuses was taken."""
    return Violation(
        f"The document does not allow this request, and it was answered with {status}: {'; '.join(reasons[:5])}",
        "Something takes more than it declares: a pre_load function, a field class of its own, or a mark. Let it refuse"
        " the value, or describe what it takes by a method __json_schema__ of the field's class.",
    )

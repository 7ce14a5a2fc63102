"""``arguments``: what goes in, by location, checked by a schema before the handler is called.

Not here: where the values come from (``marks.inputs._parts``, ``marks.inputs._bodies``), what strictness means
(``fast.strict._schema``). Floor 4."""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing as t
from types import UnionType

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema

from ..._sentinel import MISSING
from ...errors import SetupError, ValidationFailed
from ...fast.json import NOT_TAKEN
from ...fast.load import prepare
from ...fast.strict import parameter_name
from ...http.reading import media_type
from ...http.semantics import FORM_TYPES, GETS, MULTIPART, SAFE, URL_ENCODED
from ..base import Body, Call, Key, Parameter, Phase, Plan, Record, Step, Steps, marks_of
from ..negotiation import consumed
from ..raises import error_outcome
from ..schemas import SchemaLike, WholeSchema, as_schema, check_loads, examples_of, makes_instances
from ..values import ValueMark
from ._bodies import BODY_READER, OTHER, body_outcomes, body_steps
from ._multipart import add_rules, rules_of
from ._parts import GROUPS, MISSING_BODY, LocatedSchema, Undeclared, query_of

if t.TYPE_CHECKING:
    from ...context import Context
    from ...wrappers import Request
    from ..values import PlainSchema

    Factory: t.TypeAlias = cabc.Callable[[Request], Schema]
    Unknown: t.TypeAlias = t.Literal["raise", "exclude", "include"]

_T = t.TypeVar("_T")

Location: t.TypeAlias = t.Literal[
    "json", "query", "querystring", "path", "headers", "cookies", "form", "files", "multipart", "json_or_form"
]
"""The part of a request that is read."""

# Each location, and the one or two places where its values stand.
LOCATIONS: dict[str, tuple[str, ...]] = {
    "json": ("json",),
    "query": ("query",),
    "querystring": ("query",),
    "path": ("path",),
    "headers": ("headers",),
    "cookies": ("cookies",),
    "form": ("form",),
    "files": ("files",),
    "multipart": ("multipart",),
    "json_or_form": ("json", "form"),
}
_WITH_FILES = frozenset({"files", "multipart"})
_PARAMETERS: dict[str, t.Literal["query", "path", "header", "cookie"]] = {
    "query": "query",
    "path": "path",
    "headers": "header",
    "cookies": "cookie",
}

PARTS: t.Final = Key[list[LocatedSchema]]("parts")
"""The parts of a request that the marks of an operation read, in ``Plan.notes``."""
WHOLE_BODIES: t.Final = Key[dict[tuple[int, str | None], tuple[Schema, LocatedSchema]]]("whole bodies")
"""Schemas of whole bodies by their identity and the policy for unknown names, in ``Plan.shared``."""


KeepInput: t.TypeAlias = "cabc.Callable[[Context, Call, t.Any], None]"
"""Gives a loaded input to the handler; each mark takes what its own schema loads."""


class ArgumentsMark(ValueMark[t.Any]):
    """One part of the input; see :func:`arguments`."""

    if t.TYPE_CHECKING:
        # Only an annotated class tells the type of its value: all other handlers stay as they are.
        def __call__(self, target: _T) -> _T: ...

    phase = Phase.INPUTS
    is_placed: bool = True
    """True if the location was given."""
    max_length: int | None = None
    """The longest body, in bytes, that the operation reads; ``None``: as the settings say."""
    is_fixed_without_values: t.ClassVar[bool] = False
    """True if a query string without any of the names always loads as the same value, which nothing changes."""

    def in_body(self) -> ArgumentsMark:
        """Return the mark for an operation whose body says what is asked for; the mark itself where it says where its
        values are."""
        return self

    def is_on(self, handler: object) -> bool:
        """Return whether the mark, or the one that it is a changed copy of, is on a handler itself."""
        return any(mark is self or mark is self.origin for mark in marks_of(handler))

    def __init__(
        self,
        schema: SchemaLike | Factory,
        location: str,
        unknown: str | None,
        as_kwargs: bool,
        body: Body,
        required: bool | None,
        content_type: str | None,
    ) -> None:
        if not isinstance(location, str) or location not in LOCATIONS:
            raise SetupError(f"{location!r} is not a location of arguments. Take one of {', '.join(LOCATIONS)}.")
        self.factory: Factory | None = None
        if is_factory(schema):
            self.factory = t.cast("Factory", schema)
        self.schema = body.schema
        self.places = LOCATIONS[location]
        self.unknown = unknown
        self.as_kwargs = as_kwargs
        self.body = body
        self.required = required
        self.content_type = content_type

    def __repr__(self) -> str:
        return f"arguments({type(self.schema).__name__}, location={'_or_'.join(self.places)!r})"

    def body_required(self, method: str) -> bool:
        """Return whether the document says that the body must be there."""
        return self.refuses_empty(method) or any(
            field.required and not is_partial(self.schema, name) for name, field in self.schema.load_fields.items()
        )

    def refuses_empty(self, method: str) -> bool:
        """Return whether an empty body is refused as such. Where it is not, it loads as an empty object."""
        if self.required is not None:
            return self.required
        return method in ("PATCH", "QUERY") or bool(self.schema.many)

    @property
    def reads_body(self) -> bool:
        """Return whether what it reads is in the body."""
        return self.places[0] in GROUPS and self.places[0] != "query"

    def applies(self, plan: Plan) -> bool:
        """Return whether the operation has this input; a mark that reaches many operations may skip some."""
        return True

    def schema_for(self, plan: Plan) -> Schema:
        """The schema of the input, for an operation that has it."""
        return self.schema

    def keep(self, plan: Plan) -> KeepInput:
        """Return what takes the loaded value: here it goes to the handler, by position or by name."""
        if self.as_kwargs:
            plan.names_open = True  # hooks of the schema may give other members

            def by_name(ctx: Context, call: Call, value: cabc.Mapping[str, object]) -> None:
                call.kwargs = {**call.kwargs, **value}

            return by_name
        slot = plan.take_slot()

        def by_position(ctx: Context, call: Call, value: object) -> None:
            call.arguments[slot] = value

        return by_position

    def run(self, plan: Plan) -> Steps:
        if not self.applies(plan):
            return
        self.check_place(plan)
        everything = [mark for mark in plan.marks if isinstance(mark, ArgumentsMark) and mark.applies(plan)]
        fixed = None if self.factory is not None else self.prepare(self.schema_for(plan), plan)
        taken = tuple(dict.fromkeys(media for mark in everything for media in mark.media_types(plan)))
        if self.media_types(plan):
            yield from body_steps(plan, taken)
        keep = self.keep(plan)
        is_json = "json" in self.places
        refuses_empty = is_json and self.refuses_empty(plan.method)
        factory = self.factory
        is_fixed = self.is_fixed_without_values and not self.reads_body
        asked = frozenset(fixed[0].names) if fixed and is_fixed and plan.reads_environ else None
        unasked: object = MISSING

        def read(ctx: Context, call: Call) -> None:
            nonlocal unasked
            if asked is not None and asked.isdisjoint(query_of(ctx, call)):
                # PERF: most requests ask a list for nothing: the same value for all of them, 3 us for each mark.
                if unasked is MISSING:
                    unasked = t.cast("list[LocatedSchema]", fixed)[0].load(ctx, call)
                keep(ctx, call, unasked)
                return
            if is_json and call.loaded is not NOT_TAKEN:
                value = call.loaded
            else:
                parts = fixed or self.prepare(t.cast("Factory", factory)(ctx.request), plan)
                value = self.choose(parts, ctx, call, refuses_empty).load(ctx, call)
            keep(ctx, call, value)

        yield Step(Phase.INPUTS, read)
        if self is everything[-1]:
            yield from undeclared_steps(plan)

    def check_place(self, plan: Plan) -> None:
        """Refuse a mark on a handler of GET that does not say where its values are.

        :raises SetupError: It would read the body, which a GET has not.
        """
        only = not (plan.rule.methods or set()) - SAFE
        is_get = plan.method in GETS and (only or "." in plan.called.rpartition("<locals>.")[2])
        if not self.is_placed and is_get and self.is_on(plan.handler):
            raise SetupError(
                f"arguments({type(self.schema).__name__}) on {plan.called} says no location, and would read the body of"
                ' a GET. Say location="query", or location="json" if a body is meant.'
            )

    def prepare(self, schema: Schema, plan: Plan) -> list[LocatedSchema]:
        """The parts of the request that this mark may read, noted for the judgement of undeclared names."""
        alone = sum(isinstance(mark, ArgumentsMark) and "json" in mark.places for mark in plan.marks) == 1
        if self.factory is None and alone and self.places == ("json",):
            parts = [whole_body(schema, self.unknown, plan)]
        else:
            parts = [LocatedSchema(schema, place, self.unknown, plan, alone) for place in self.places]
        if self.factory is None:
            plan.notes.setdefault(PARTS, []).extend(parts)
            for place in self.places:
                if GROUPS.get(place) == "form":
                    add_rules(schema, place, plan)
            plan.preparations.extend(functools.partial(prepare, part.schema) for part in parts)
            if parts[0].judges_alone:
                plan.notes[BODY_READER] = parts[0].body_reader(plan)
        if "json" in self.places and any(each.is_text for each in consumed(plan).values()):
            parts.append(LocatedSchema(schema, "json", self.unknown, plan, alone, texts=True))
        return parts

    def choose(self, parts: list[LocatedSchema], ctx: Context, call: Call, refuses_empty: bool) -> LocatedSchema:
        """The part to load: the form, where both are taken and the body is one.

        :raises ValidationFailed: The body is empty and must not be.
        """
        if parts[0].location == "json" and call.body is MISSING:
            if len(parts) > 1 and media_type(ctx.request_environ) in FORM_TYPES:
                return parts[1]
            if refuses_empty:
                raise ValidationFailed({"json": {"_schema": [MISSING_BODY]}}, description=MISSING_BODY)
        if parts[-1].texts and OTHER in call.notes and call.notes[OTHER].is_text:
            return parts[-1]
        return parts[0]

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if not self.applies(plan):
            return
        where = _PARAMETERS.get(self.places[0])
        if where is not None:
            for name, field in self.schema_for(plan).load_fields.items():
                yield Parameter(parameter_name(name, field, self.places[0]), where, field, checked=True)
        for taken in self.media_types(plan):
            required = self.body_required(plan.method)
            other = consumed(plan).get(taken)
            is_text = other is not None and other.is_text
            examples = None if is_text else self.body.examples
            yield Body(
                self.schema_for(plan),
                taken,
                required,
                self.body.description,
                examples,
                self.unknown,
                is_text=is_text,
                is_multipart="multipart" in self.places,
            )
        yield error_outcome(ValidationFailed)
        if where is None:
            yield from body_outcomes()

    def media_types(self, plan: Plan) -> tuple[str, ...]:
        """The media types of the body that this mark reads; none for parameters."""
        if self.content_type is not None:
            return (self.content_type,)
        types: list[str] = []
        if "json" in self.places:
            types.extend(("application/json", *consumed(plan)))
        if "form" in self.places:
            types.extend(FORM_TYPES)
        if not _WITH_FILES.isdisjoint(self.places):
            types.append(MULTIPART)
        # Files can only come in the one media type, and fields beside them too.
        if any(isinstance(mark, ArgumentsMark) and not _WITH_FILES.isdisjoint(mark.places) for mark in plan.marks):
            types = [media for media in types if media != URL_ENCODED]
        return tuple(types)


def whole_body(schema: Schema, unknown: str | None, plan: Plan) -> LocatedSchema:
    """Return what loads the whole body of an operation; one for all operations that load it with the same schema."""
    # PERF: copying and compiling a schema for each operation took a quarter of the time that an operation takes.
    made = plan.shared.setdefault(WHOLE_BODIES, {})
    key = (id(schema), unknown)
    if key not in made:
        made[key] = (schema, LocatedSchema(schema, "json", unknown, plan, alone=True))
    return made[key][1]


def is_partial(schema: Schema, name: str) -> bool:
    """Return whether a schema lets a required field be absent."""
    return schema.partial is True or (not isinstance(schema.partial, bool) and name in (schema.partial or ()))


def undeclared_steps(plan: Plan) -> cabc.Iterator[Step]:
    """The steps that refuse undeclared names, judged on all marks of the operation per location."""
    parts = plan.notes.get(PARTS) or []
    for group in ("query", "form", "json"):
        members = [part for part in parts if GROUPS.get(part.location) == group and not part.judges_alone]
        if members and all(part.refuses_unknown for part in members) and not has_factory(plan, group):
            if group == "form":
                rules_of(plan).is_closed = True
            yield Step(Phase.INPUTS, Undeclared(members, plan).check(group))


def has_factory(plan: Plan, group: str) -> bool:
    """Return whether a schema of a group is made per request, so that its names are not known at freeze."""
    return any(
        isinstance(mark, ArgumentsMark) and mark.factory is not None and group in {GROUPS.get(p) for p in mark.places}
        for mark in plan.marks
    )


def is_factory(schema: object) -> bool:
    """Return whether what a mark got makes schemas: a function, not a class and not a generic one."""
    return callable(schema) and not isinstance(schema, (type, Schema)) and t.get_origin(schema) is None


@t.overload
def arguments(
    schema: PlainSchema | Factory | UnionType,
    *,
    location: Location | None = None,
    unknown: Unknown | None = None,
    as_kwargs: bool = False,
    required: bool | None = None,
    description: str = "",
    example: object = None,
    examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None = None,
    content_type: str | None = None,
    max_length: int | None = None,
) -> ArgumentsMark: ...
@t.overload
def arguments(
    schema: type[_T],
    *,
    location: Location | None = None,
    unknown: Unknown | None = None,
    as_kwargs: t.Literal[False] = False,
    required: bool | None = None,
    description: str = "",
    example: object = None,
    examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None = None,
    content_type: str | None = None,
    max_length: int | None = None,
) -> ValueMark[_T]: ...
@t.overload
def arguments(
    schema: type[object],
    *,
    location: Location | None = None,
    unknown: Unknown | None = None,
    as_kwargs: t.Literal[True],
    required: bool | None = None,
    description: str = "",
    example: object = None,
    examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None = None,
    content_type: str | None = None,
    max_length: int | None = None,
) -> ArgumentsMark: ...
def arguments(
    schema: SchemaLike | Factory | type[object] | UnionType,
    *,
    location: Location | None = None,
    unknown: Unknown | None = None,
    as_kwargs: bool = False,
    required: bool | None = None,
    description: str = "",
    example: object = None,
    examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None = None,
    content_type: str | None = None,
    max_length: int | None = None,
) -> ArgumentsMark:
    """Load a part of the request with a schema, and pass the value to the handler.

    The handler gets the values by position, that of the top mark first, then the values of the path by name. What the
    schemas refuse leaves as one 422 that names every field.

    :param schema: A schema class, an annotated class such as a dataclass, an instance, a dict of fields, or a function
        from the request to a schema instance (called for each request; its fields are then not in the document). For
        an annotated class, type checkers refuse a handler that does not take an instance of it.
    :param location: ``"json"`` (default; on a GET it has to be given), ``"query"`` (or ``"querystring"``), ``"path"``,
        ``"headers"``, ``"cookies"``, ``"form"``, ``"files"``, ``"multipart"`` (fields, files and objects of one form in
        one schema) or ``"json_or_form"``.
    :param unknown: What to do with names that the schema does not have: ``marshmallow.RAISE``, ``EXCLUDE`` or
        ``INCLUDE``. Default: what the schema says, otherwise the setting ``UNKNOWN``.
    :param as_kwargs: Pass the members as keyword arguments instead.
    :param required: Whether a body must be there. Default: by the schema, and always for PATCH and for lists.
    :param description: What the body is for.
    :param example: A whole body.
    :param examples: Several, by name or in a row.
    :param content_type: The media type of the body. Default: by the location.
    :param max_length: The longest body, in bytes, that is read, in place of what ``MAX_CONTENT_LENGTH`` and
        ``MAX_JSON_LENGTH`` say; a longer one is 413. Of several marks of an operation the largest counts.
    :raises SetupError: The location or the schema is none, or ``max_length`` is not a length of a body.
    """
    made = is_factory(schema)
    instance = Schema(unknown=INCLUDE) if made else as_schema(t.cast(SchemaLike, schema))
    check_loads(instance)
    if isinstance(instance, WholeSchema) and location not in (None, "json"):
        raise SetupError(f"{schema!r} is a whole value, which {location!r} has none of. Read it from 'json'.")
    body = Body(instance, description=description, examples=examples_of(example, examples))
    if as_kwargs and makes_instances(instance):
        raise SetupError(
            f"as_kwargs=True of arguments({type(instance).__name__}) passes the members of a mapping, and it loads an"
            " instance. Take the instance as an argument, or a TypedDict."
        )
    mark = ArgumentsMark(schema, location or "json", unknown, as_kwargs, body, required, content_type)
    mark.is_placed = location is not None
    if unknown not in (None, RAISE, EXCLUDE, INCLUDE):
        raise SetupError(f"{mark!r} got unknown={unknown!r}. Take RAISE, EXCLUDE or INCLUDE of marshmallow.")
    if unknown == RAISE and mark.places[0] in ("headers", "cookies"):
        raise SetupError(
            f"unknown=RAISE of {mark!r} would refuse every request: clients send undeclared {mark.places[0]}."
            " Leave 'unknown' out."
        )
    if max_length is not None:
        if not mark.reads_body or max_length < 1:
            raise SetupError(f"max_length={max_length!r} of {mark!r} limits no body. Give bytes, where a body is read.")
        mark.max_length = max_length
    return mark

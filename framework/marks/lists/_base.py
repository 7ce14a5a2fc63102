"""Marks that change which items of a list leave, and in which order: what filters, sorts and searches share.

Such a mark reads parameters, and applies what they say to what the handler returns; or it gives them to the handler,
which then applies them itself.
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import typing as t

import marshmallow as ma
import msgspec
from marshmallow import Schema

from ...errors import SetupError
from ...fields import AnyField
from ...http.semantics import BODILESS, SELECTS
from ..base import Body, Call, Key, Outcome, Plan, Steps
from ..inputs import ArgumentsMark, KeepInput, in_body
from ..responses import ResponseMark
from ..shapes import Shape
from ._sequences import is_select
from ._terms import PAGED, LoadedParameters

if t.TYPE_CHECKING:
    from ...context import Context

Columns: t.TypeAlias = cabc.Mapping[str, object]
"""The places of values by the names of fields: dotted names of attributes, expressions of SQLAlchemy, or functions that
return such an expression."""


_Mark = t.TypeVar("_Mark", bound=ArgumentsMark)


def moved_to_body(mark: _Mark) -> _Mark:
    """Return a copy of a mark that reads from the body of a QUERY what it reads from a query string otherwise."""
    made = copy.copy(mark)
    made.origin = mark
    made.places = ("json",)
    made.schema = in_body(mark.schema)
    made.body = msgspec.structs.replace(mark.body, schema=made.schema)
    return made


class Asked(t.Protocol):
    """The parameters of a request, loaded."""

    def apply(self, collection: object) -> t.Any:
        """A collection as they say."""


class ListMark(ArgumentsMark):
    """A mark that changes a list.

    :param schema: The parameters.
    :param apply: Whether it is applied to what the handler returns; otherwise the handler gets it.
    :param asked: The fields that it asks for and that the answer must send.
    """

    order: t.ClassVar[int] = 0
    is_fixed_without_values = True
    described: Schema
    """The schema with the fields that are asked for."""
    found: dict[str, Found]
    """These fields, by the names that the mark was given."""

    def __init__(self, schema: Schema, apply: bool, asked: cabc.Iterable[Asking] = ()) -> None:
        super().__init__(schema, "query", None, False, Body(schema), None, None)
        self.apply = apply
        self.key = Key[Asked](type(self).__name__)
        """The key of the terms of a request in :attr:`Call.notes`."""
        self.asks = tuple(asked)
        """The fields whose values clients may ask for, which the answer must send; none where that is not wanted."""

    def renamed(self, words: cabc.Mapping[str, str | None]) -> t.Self | None:
        """Return the same mark with the names that fields have in an older version of the API.

        :param words: The name of a field there, by its name here; ``None`` for one that is not there.
        :return: ``None`` where nothing is left that could be asked for.
        """
        raise NotImplementedError

    def in_body(self) -> ArgumentsMark:
        return moved_to_body(self)

    def with_schema(self, schema: Schema) -> t.Self:
        """The same mark with other parameters."""
        made = copy.copy(self)
        made.origin = self
        made.schema = schema
        made.body = msgspec.structs.replace(self.body, schema=schema)
        return made

    def asked(self, value: LoadedParameters) -> Asked:
        """Return what loaded parameters say."""
        raise NotImplementedError

    def note(self, call: Call, asked: object) -> None:
        """Leave what they say for other marks."""

    def applies(self, plan: Plan) -> bool:
        direct = self.is_on(plan.handler)
        if not self.apply:
            return True
        fits = any(is_list(mark.outcome) for mark in plan.marks if isinstance(mark, ResponseMark))
        if direct and not fits:
            raise SetupError(
                f"{self!r} on {plan.called} has no list to apply to. Declare one, as in"
                " @response(200, PetSchema(many=True)), or take what the client asks for as an argument:"
                " apply=False."
            )
        return fits and (direct or plan.method in SELECTS)

    def keep(self, plan: Plan) -> KeepInput:
        slot = None if self.apply else plan.take_slot()

        def keep(ctx: Context, call: Call, value: LoadedParameters) -> None:
            asked = self.asked(value)
            call.notes[self.key] = asked
            self.note(call, asked)
            if slot is not None:
                call.arguments[slot] = asked

        return keep

    def run(self, plan: Plan) -> Steps:
        yield from super().run(plan)
        if not self.applies(plan):
            return
        self.check_sent(plan)
        if self.apply:
            plan.shapes.append(ListShape(self, plan))

    def check_sent(self, plan: Plan) -> None:
        """Refuse a field that no answer shows: its values could be found out by asking for one after the other.

        :raises SetupError: There is one, and the mark does not say that it is meant.
        """
        marks = [newest(mark) for mark in plan.marks if isinstance(mark, ResponseMark)]
        outcomes = [mark.outcome for mark in marks if 200 <= mark.outcome.status < 300]
        if self.apply:
            outcomes = [outcome for outcome in outcomes if is_list(outcome)]
        schemas = [outcome.schema for outcome in outcomes if outcome.schema is not None]
        if len(schemas) < len(outcomes):
            return  # what is answered is not declared
        for each in self.asks:
            if not self.apply:  # the handler makes of the list what it wants: what shows its items is looked at
                schemas = [one for one in with_inner(schemas) if one.many or issubclass(type(one), each.schema)]
            if schemas and not any(sends(schema, each) for schema in schemas):
                names = " or ".join(dict.fromkeys(type(schema).__name__ for schema in schemas))
                raise SetupError(
                    f"{self!r} on {plan.called}: {each.written!r} is never sent by {names}, and asking for it would"
                    " tell what it is. Leave it out, or send it; if it may be found out, say so: hidden=True."
                )


class ListShape(Shape):
    """A list as the parameters say."""

    def __init__(self, mark: ListMark, plan: Plan) -> None:
        self.mark = mark
        self.plan = plan
        self.order = mark.order  # type: ignore[misc]

    def fits(self, outcome: Outcome) -> bool:
        return is_list(outcome)

    def value(self, ctx: Context, call: Call, value: object) -> object:
        asked = call.notes[self.mark.key]
        if is_select(value) and PAGED not in self.plan.notes:
            raise TypeError(
                f"{self.plan.called} returned a select, and no mark runs it. Take parts of it with"
                " @paginate(Page, session=...), or return session.scalars(...) and give the mark apply=False."
            )
        return asked.apply(value)


def newest(mark: ResponseMark) -> ResponseMark:
    """The mark as it was written, of one that a version of the API has changed."""
    origin: ResponseMark | None = getattr(mark, "origin", None)
    return mark if origin is None else newest(origin)


class Asking(t.NamedTuple):
    """A field whose values clients may ask for.

    :ivar written: Its name as clients write it.
    :ivar source: Where its value is in an item; ``None`` where the mark says it by a column.
    :ivar schema: The class of schemas that it is a field of.
    """

    schema: type[Schema]
    written: str
    source: str | None


def asking(schema: Schema, found: cabc.Mapping[str, Found], columns: Columns, hidden: bool) -> list[Asking]:
    """Return what a mark asks for and the answer must send.

    :param hidden: Whether it may ask for anything.
    """
    if hidden:
        return []
    cls = type(schema)
    return [Asking(cls, each.written, None if name in columns else each.source) for name, each in found.items()]


def sends(schema: Schema, wanted: Asking) -> bool:
    """Return whether a schema sends a value: from where it is, or for one in a column under its name."""
    return _sends(schema, wanted.written.split("."), None if wanted.source is None else wanted.source.split("."))


def _sends(schema: Schema, written: list[str], source: list[str] | None) -> bool:
    for name, field in schema.dump_fields.items():
        called = name if field.data_key is None else field.data_key
        place = (field.attribute or name).split(".")
        is_called = called == written[0]
        if isinstance(field, (ma.fields.Function, ma.fields.Method)):
            if is_called and len(written) == 1:
                return True  # nobody knows what it shows but the one who named it so
            continue
        if not is_called if source is None else source[: len(place)] != place:
            continue
        rest, names = (None if source is None else source[len(place) :]), written[1:]
        if not (names if rest is None else rest):
            return True
        inner = inner_of(field)
        if inner is not None and _sends(inner, names or [""], rest):
            return True
    return False


def inner_of(field: AnyField) -> Schema | None:
    """The schema of the objects in a field."""
    if isinstance(field, ma.fields.List):
        field = field.inner
    if isinstance(field, ma.fields.Mapping):
        field = field.value_field or field
    return field.schema if isinstance(field, ma.fields.Nested) else None


def with_inner(schemas: cabc.Iterable[Schema]) -> cabc.Iterator[Schema]:
    """Schemas, and all that are nested in them."""
    waiting, seen = list(schemas), set[type[Schema]]()
    for schema in waiting:
        yield schema
        for field in schema.dump_fields.values():
            inner = inner_of(field)
            if inner is not None and type(inner) not in seen:
                seen.add(type(inner))
                waiting.append(inner)


def is_list(outcome: Outcome) -> bool:
    """Return whether an outcome is a list."""
    if not 200 <= outcome.status < 300 or outcome.status in BODILESS:
        return False
    return outcome.schema is None or bool(outcome.schema.many)


class Found(t.NamedTuple):
    """A field that a name leads to.

    :ivar written: Its name as clients write it, dotted where it is in a nested object.
    :ivar source: Where its value is in an item, unless the mark says otherwise.
    :ivar field: The field.
    """

    written: str
    source: str
    field: AnyField


def find_field(schema: Schema, name: str, what: str) -> Found:
    """The field of a name, of one in a nested object by a dotted name.

    :param what: The mark, in the message.
    :raises SetupError: There is none, or it is never sent: what is hidden could be found out by asking.
    """
    written: list[str] = []
    source: list[str] = []
    inner, field = schema, None
    for at, part in enumerate(name.split(".")):
        field = inner.fields.get(part)
        if field is None or field.load_only:
            problem = "is never sent, and asking for it would tell what it is" if field else "is not a field of"
            raise SetupError(
                f"{what}: {name!r} {problem} {type(inner).__name__}. Name fields that are sent:"
                f" {', '.join(each for each, known in inner.fields.items() if not known.load_only)}."
            )
        written.append(field.data_key if field.data_key is not None else part)
        source.append(field.attribute or part)
        if at < name.count("."):
            if not isinstance(field, ma.fields.Nested) or field.many:
                raise SetupError(f"{what}: {part!r} in {name!r} is not a nested object.")
            inner = field.schema
    found = t.cast("AnyField", field)
    manifold = (ma.fields.Nested, ma.fields.List, ma.fields.Tuple, ma.fields.Mapping)
    computed = (ma.fields.Function, ma.fields.Method)
    if isinstance(found, (*manifold, *computed)):
        one = isinstance(found, ma.fields.Nested) and not found.many
        advice = "Name one of its members, with a dot or two underscores between" if one else "Leave it out"
        raise SetupError(f"{what}: {name!r} is not a single stored value, but {type(found).__name__}. {advice}.")
    return Found(".".join(written), ".".join(source), found)


def source_of(found: Found, name: str, columns: Columns) -> object:
    """Return where the value of a field is: as the mark says, otherwise by its attribute."""
    return columns.get(name, found.source)


def check_names(names: cabc.Iterable[object], what: str) -> None:
    """Refuse names that are not texts, like a list of them in place of several.

    :raises SetupError: There is one.
    """
    for name in names:
        if not isinstance(name, str):
            advice = "Give the name of a field"
            if isinstance(name, cabc.Iterable):
                advice = f"Give them one by one: {', '.join(map(repr, name))}"
            raise SetupError(f"{what} got {name!r} as the name of a field. {advice}.")


def check_columns(columns: Columns, names: cabc.Iterable[str], what: str) -> None:
    """Refuse columns for names that the mark does not have.

    :raises SetupError: There is one.
    """
    others = sorted(set(columns) - set(names))
    if others:
        raise SetupError(f"{what}: 'columns' has {', '.join(map(repr, others))}, which the mark does not name.")

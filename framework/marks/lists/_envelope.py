"""``envelope``: declared answers are a member of an object, for a whole application.

Not here: the envelope of one page of a list, which ``paginate`` makes (``marks.lists._page_headers``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t
import weakref

import msgspec
from marshmallow import Schema

from ... import fields
from ...errors import SetupError
from ...texts import message
from ..base import Call, Mark, Outcome, Plan, Steps
from ..negotiation import produced
from ..responses import ResponseMark, is_negotiated
from ..schemas import SPARSE, SchemaLike, as_schema
from ..shapes import Shape
from ._page_headers import is_plain, nested

if t.TYPE_CHECKING:
    from ...context import Context

ValuesOf: t.TypeAlias = cabc.Callable[[t.Any], cabc.Mapping[str, object]]
"""Gives the other members of an envelope for what the handler returned."""

_made: weakref.WeakKeyDictionary[type[Schema], dict[cabc.Hashable, type[Schema]]] = weakref.WeakKeyDictionary()


class EnvelopeMark(Mark):
    """Answers within an object; see :func:`envelope`."""

    nearest_counts = True

    def __init__(self, member: str | None, others: Schema | None, values: ValuesOf | None) -> None:
        self.member = member
        self.others = others
        self.values = values

    def __repr__(self) -> str:
        return f"envelope({self.member!r})"

    def run(self, plan: Plan) -> Steps:
        shape = None if self.member is None else EnvelopeShape(self, self.member, plan.ensure_sync)
        if shape is None or not any(isinstance(mark, ResponseMark) and shape.fits(mark.outcome) for mark in plan.marks):
            return ()
        rows = [each.name for each in produced(plan) if each.is_text]
        if rows:
            raise SetupError(
                f"{self!r} reaches {plan.called}, which produces {rows[0]}: a table has no member for it. Put"
                " @envelope(None) on the handler."
            )
        plan.shapes.append(shape)
        return ()


class EnvelopeShape(Shape):
    """The value as a member of an object."""

    order = 100

    def __init__(
        self,
        mark: EnvelopeMark,
        member: str,
        ensure_sync: cabc.Callable[[ValuesOf], ValuesOf],
    ) -> None:
        self.mark = mark
        self.member = member
        self.values = None if mark.values is None else ensure_sync(mark.values)

    def fits(self, outcome: Outcome) -> bool:
        return (
            200 <= outcome.status < 300
            and outcome.schema is not None
            and outcome.items is None
            and not outcome.is_binary
            and is_negotiated(outcome)
        )

    def outcome(self, outcome: Outcome, variant: cabc.Hashable = None) -> Outcome:
        schema = wrapped(t.cast(Schema, outcome.schema), self.member, self.mark.others)
        # A whole example shows the data alone; what else stands there is not known before a request.
        examples = None if self.mark.others is not None else outcome.examples
        if examples is not None:
            examples = {name: self.example(example) for name, example in examples.items()}
        return msgspec.structs.replace(outcome, schema=schema, examples=examples)

    def example(self, example: object) -> object:
        """An example of the whole answer, whether it is a value or an Example Object."""
        if isinstance(example, dict) and "value" in example:
            return {**example, "value": {self.member: example["value"]}}
        return {self.member: example}

    def value(self, ctx: Context, call: Call, value: object) -> object:
        others = {} if self.values is None else self.values(value)
        return {**others, self.member: list(value) if isinstance(value, cabc.Iterator) else value}


def wrapped(schema: Schema, member: str, others: Schema | None) -> Schema:
    """Make the schema of an envelope.

    :param schema: That of the data.
    :param member: The name of the data in the object.
    :param others: The schema of the other members.
    """
    cls = type(schema)
    plain, sparse = is_plain(schema), SPARSE in vars(schema)
    own = {} if others is None else {name: type(others)._declared_fields[name] for name in others.fields}
    key = (member, None if others is None else type(others), tuple(own), sparse, schema.many)
    made = _made.setdefault(cls, {})
    found = made.get(key) if plain else None
    if found is None:
        title = cls.__name__.removesuffix("Schema") or cls.__name__
        kind = "List" if schema.many else ""
        # Data that has no name of its own stands in an object without one.
        name = f"{title}{'Sparse' if sparse else ''}{kind}Envelope" if plain else "GeneratedSchema"
        data = fields.List(nested(schema), required=True) if schema.many else nested(schema, required=True)
        found = type(
            name,
            (Schema,),
            {"__doc__": message("schemas.envelope"), "__module__": cls.__module__, **own, member: data},
        )
        if plain:
            made[key] = found
    return found()


def envelope(
    member: str | None = "data", others: SchemaLike | None = None, values: ValuesOf | None = None
) -> EnvelopeMark:
    """Put declared answers into an object: ``App(marks=[envelope("data")])`` answers ``{"data": ...}``.

    Answers below 300 that a ``response`` mark declares with a schema are wrapped, and described so. Errors, streams,
    files, answers in other media types than JSON and responses that a handler makes itself are left alone.
    The mark nearest to the handler counts.

    :param member: The name of the member that holds what the handler returned; ``None``: no envelope here.
    :param others: A schema of the members next to it.
    :param values: Called with what the handler returned, for each answer; returns the values of ``others``.
    :raises SetupError: ``member`` is not a name, or one of ``others`` and ``values`` comes without the other.
    """
    if member is not None and (not isinstance(member, str) or not member):
        raise SetupError(f"Invalid member for envelope: {member!r}. Give a name, or None for no envelope.")
    if (others is None) != (values is None) or (member is None and others is not None):
        raise SetupError(
            "envelope got one of 'others' and 'values' without the other, or without a member. Give the schema of the"
            " members next to the data, and the function that returns their values."
        )
    schema = None if others is None else as_schema(others)
    if schema is not None and member in schema.fields:
        raise SetupError(f"envelope puts the data into {member!r}, and 'others' has that member. Rename one of them.")
    return EnvelopeMark(member, schema, values)

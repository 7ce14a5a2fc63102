"""``sparse``: the client chooses the members of the answer, ``?fields=name,owner.name``.

Each choice is dumped by its own schema, which has no other fields and is compiled when it is asked for again.
In the document the answer's schema requires nothing, for any member may be left out.
Not here: how a schema is narrowed (``marks.lists._fieldsets``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import msgspec
from marshmallow import Schema

from ... import fields
from ...errors import SetupError
from ...issues import issue
from ...texts import message
from ..base import Body, Call, Key, Outcome, Plan, Steps
from ..inputs import ArgumentsMark, in_body
from ..responses import ResponseMark
from ..shapes import Shape
from ._base import check_names, moved_to_body
from ._fields import Known, Pieces
from ._fieldsets import narrowed_schema, output_names, sparse_schema, tree_of

if t.TYPE_CHECKING:
    from ...context import Context
    from ..inputs import KeepInput
    from ._terms import LoadedParameters

MAX_CHOSEN: t.Final = 50
"""The greatest number of members that a client may name."""
FIELDS: t.Final = Key[tuple[str, ...]]("fields")
"""The members that the client names, in ``Call.notes``."""


class SparseMark(ArgumentsMark):
    """The client chooses the members; see :func:`sparse`."""

    nearest_counts = True
    is_fixed_without_values = True

    def __init__(self, names: cabc.Sequence[str], parameter: str) -> None:
        schema = Schema()
        super().__init__(schema, "query", None, False, Body(schema), None, None)
        self.names = tuple(names)
        self.parameter = parameter
        self.key = Key[Schema]("sparse fieldset")
        """The schema of the parameter for an operation, in ``Plan.notes``."""
        self.free_of_rows = frozenset({parameter})
        """The parameters that do not change which items a list has."""

    def __repr__(self) -> str:
        return f"sparse({', '.join(map(repr, self.names))})"

    def applies(self, plan: Plan) -> bool:
        fits = any(narrows(mark.outcome) for mark in plan.marks if isinstance(mark, ResponseMark))
        if self.is_on(plan.handler) and not fits:
            raise SetupError(
                f"{self!r} on {plan.called} has no members to choose from. Declare what is sent, as in"
                " @response(200, PetSchema)."
            )
        return fits

    def schema_for(self, plan: Plan) -> Schema:
        made = plan.notes.get(self.key)
        if made is None:
            parameters = self.parameters(plan)
            made = plan.notes[self.key] = in_body(parameters) if self.reads_body else parameters
        return made

    def in_body(self) -> ArgumentsMark:
        return moved_to_body(self)

    def parameters(self, plan: Plan) -> Schema:
        """The schema of the parameter.

        :raises SetupError: A name that the mark allows is none of what is sent.
        """
        known: dict[str, None] = {}
        for mark in plan.marks:
            if isinstance(mark, ResponseMark) and narrows(mark.outcome):
                known.update(dict.fromkeys(output_names(t.cast(Schema, mark.outcome.schema))))
        others = [name for name in self.names if name not in known]
        if others:
            raise SetupError(
                f"{self!r} on {plan.called}: nothing that is sent is called"
                f" {', '.join(map(repr, others))}. There are {', '.join(known)}."
            )
        inner = fields.String(validate=Known(self.names or known, issue("unknown")))
        text = message("parameters.fields")
        field = Pieces(inner, MAX_CHOSEN, load_default=None, data_key=self.parameter, metadata={"description": text})
        return Schema.from_dict({"fields": field})()

    def keep(self, plan: Plan) -> KeepInput:
        def keep(ctx: Context, call: Call, value: LoadedParameters) -> None:
            names = value["fields"]
            if names:
                call.notes[FIELDS] = tuple(sorted(set(names)))

        return keep

    def run(self, plan: Plan) -> Steps:
        yield from super().run(plan)
        if self.applies(plan):
            plan.shapes.append(SparseShape())


class SparseShape(Shape):
    """The chosen members in place of all."""

    order = 5

    def fits(self, outcome: Outcome) -> bool:
        return narrows(outcome)

    def outcome(self, outcome: Outcome, variant: cabc.Hashable = None) -> Outcome:
        schema = t.cast(Schema, outcome.schema)
        if variant is None:
            return msgspec.structs.replace(outcome, schema=sparse_schema(schema))
        tree = tree_of(t.cast("tuple[str, ...]", variant))
        return msgspec.structs.replace(outcome, schema=narrowed_schema(schema, tree))

    def variant(self, call: Call) -> cabc.Hashable:
        return call.notes.get(FIELDS)


def narrows(outcome: Outcome) -> bool:
    """Return whether an outcome has members to choose from."""
    return 200 <= outcome.status < 300 and outcome.schema is not None and bool(outcome.schema.dump_fields)


def sparse(*names: str, parameter: str = "fields") -> SparseMark:
    """Let clients choose the members of the answer: ``?fields=name,owner.name``.

    :param names: Which members may be chosen, dotted for those of nested objects. Default: all that are sent.
    :param parameter: The name of the parameter.
    """
    if not (len(names) == 1 and callable(names[0])):  # without parentheses: the route has the words for that
        check_names(names, "sparse(...)")
    return SparseMark(names, parameter)

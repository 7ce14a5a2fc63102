"""Shapes: what marks do to the value of a handler before it is written, and to the outcome that says so.

A mark that pages a list or writes a part of an object changes two things that must go together: the value, and the
schema that dumps and describes it. It adds a shape to ``plan.shapes`` in its ``run``, and ``marks.responses`` does the
rest.
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

if t.TYPE_CHECKING:
    from ..context import Context
    from .base import Call, Outcome, Plan


class Shape:
    """One change of what leaves. The base changes nothing."""

    order: t.ClassVar[int] = 0
    """Shapes apply from the lowest to the highest, whatever the order of their marks."""

    blocks: bool = False
    """True if :meth:`value` may wait, for a database for instance."""

    def fits(self, outcome: Outcome) -> bool:
        """Return whether an outcome, as it was declared, is changed."""
        return True

    def outcome(self, outcome: Outcome, variant: cabc.Hashable = None) -> Outcome:
        """The outcome as it is written and described.

        :param variant: What :meth:`variant` said of the request; ``None`` for the document.
        """
        return outcome

    def variant(self, call: Call) -> cabc.Hashable:
        """Return what of the request decides on the schema; ``None`` for that of the document."""
        return None

    def value(self, ctx: Context, call: Call, value: object) -> object:
        """The value to write in place of the one that the handler returned."""
        return value


def shapes_for(plan: Plan, outcome: Outcome) -> tuple[Shape, ...]:
    """The shapes of an operation that change an outcome, in their order."""
    return tuple(shape for shape in sorted(plan.shapes, key=lambda shape: shape.order) if shape.fits(outcome))


def shaped(plan: Plan, outcome: Outcome) -> Outcome:
    """An outcome as its operation's shapes have it in the document."""
    for shape in shapes_for(plan, outcome):
        outcome = shape.outcome(outcome)
    return outcome

"""Turn a schema into a function that loads: ``loader(schema)`` is ``schema.load``.

Values, messages and their order are marshmallow's, and users' functions are called as often as it calls them; what the
compiler does not know exactly goes back to marshmallow, field by field.

Knows marshmallow schemas; knows nothing of requests.
Floor 1.
"""

from __future__ import annotations

import sys
import typing as t

import marshmallow as ma

from .. import _codegen as codegen
from .. import _compare as compare
from .. import canary
from ..bounds import STATE

if t.TYPE_CHECKING:
    from .._compare import Transform
    from ._plan import LoadPlan


def loader(schema: ma.Schema, *, fast: bool = True, compare: bool = False, max_errors: int | None = None) -> Transform:
    """Give a function that loads data as ``schema.load`` does.

    It costs nothing until it is called. Fields and validators that are changed after its first call are not noticed.

    :param schema: The instance whose own ``many``, ``partial`` and ``unknown`` hold.
    :param fast: ``False`` lets marshmallow do the work.
    :param compare: Do it both ways and log every difference, see ``fast._compare``.
    :param max_errors: After so many errors the rest of the data is not looked at, where generated code does the work;
        those in the exception are the first of what marshmallow finds. ``None``: all are collected.
    :return: A function of one argument, the data; it raises
        :exc:`marshmallow.ValidationError` as ``schema.load`` raises it.
    """
    if not fast:
        return schema.load

    plan: LoadPlan | None = None
    wanted = sys.maxsize if max_errors is None or compare else max_errors

    def load(data: t.Any) -> object:
        nonlocal plan
        if plan is None or plan.load_fields is not schema.load_fields:
            if not canary.is_trusted():
                return schema.load(data)
            plan = _plan(schema)
        STATE.left = wanted
        return plan.load(data) if plan.compilable else schema.load(data)

    return _compared(schema, load) if compare else load


def prepare(schema: ma.Schema) -> None:
    """Generate ahead what the first call would: the function for the schema's own policy for unknown names."""
    if canary.is_trusted():
        _plan(schema).prepare()


def _plan(schema: ma.Schema) -> LoadPlan:
    from ._plan import LoadPlan  # PERF: what generates code is not loaded for an import: 6 ms

    return codegen.plan(schema, LoadPlan)


def _compared(schema: ma.Schema, load: Transform) -> Transform:
    def both(data: object) -> object:
        return compare.run("load", schema, schema.load, load, data)

    return both

"""A pytest plugin that lets ``Schema.dump`` and ``Schema.load`` run generated functions: for marshmallow's own suite.

``SCHEMA_ROUTE=wire`` dumps to JSON text as well, and compares that to the text of what was dumped.
"""

from __future__ import annotations

import os
import typing as t

import marshmallow as ma

from framework.fast import _codegen as codegen
from framework.fast import _plain as plain
from framework.fast import json as fast_json
from framework.fast.dump import DumpPlan, JSONDumper
from framework.fast.dump import _rows as rows
from framework.fast.load import LoadPlan

#: How many calls generated functions took, and how many marshmallow.
COUNTS = {"generated": 0, "marshmallow": 0}

_dump, _do_load = ma.Schema.dump, ma.Schema._do_load


def dump(self: ma.Schema, obj: t.Any, *, many: bool | None = None) -> t.Any:
    """``Schema.dump``, by generated functions."""
    plan = codegen.plan(self, DumpPlan)
    COUNTS["generated" if plan.compilable else "marshmallow"] += 1
    if not plan.compilable:
        return _dump(self, obj, many=many)
    is_many = self.many if many is None else bool(many)
    made = plan.dump(obj, is_many)
    if os.environ.get("SCHEMA_ROUTE") == "wire":
        _compare_wire(self, obj, is_many, made)
    return made


def _compare_wire(schema: ma.Schema, obj: t.Any, many: bool, made: t.Any) -> None:
    plan = codegen.plan(schema, JSONDumper)
    values = obj.values() if isinstance(obj, dict) else ()
    if not plan.compilable or any(hasattr(each, "__next__") for each in (obj, *values)):
        return  # what can be read once only was read for the first dump
    try:
        expected = fast_json.encode(made)
    except (fast_json.JSONError, TypeError):
        return
    found = rows.encode(plan.dump(obj, many))
    assert found == expected, (found, expected)


def do_load(
    self: ma.Schema,
    data: t.Any,
    *,
    many: bool | None = None,
    partial: t.Any = None,
    unknown: t.Any = None,
    postprocess: bool = True,
) -> t.Any:
    """``Schema._do_load``, by generated functions."""
    plan = codegen.plan(self, LoadPlan)
    COUNTS["generated" if plan.compilable else "marshmallow"] += 1
    if not plan.compilable:
        return _do_load(self, data, many=many, partial=partial, unknown=unknown, postprocess=postprocess)
    return plan.load(data, many=many, partial=partial, unknown=unknown, postprocess=postprocess)


ma.Schema.dump = dump  # type: ignore[method-assign]
ma.Schema._do_load = do_load  # type: ignore[method-assign]
plain.SCHEMA_METHODS.update(dump=dump, _do_load=do_load)


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """Say how much of the suite the generated functions saw."""
    terminalreporter.write_line(f"routed: {COUNTS['generated']} generated, {COUNTS['marshmallow']} marshmallow")

"""Turn a schema into a function that dumps: to what ``schema.dump`` gives, or straight to JSON bytes.

What is dumped is what marshmallow dumps, down to the order of members; what the compiler does not know exactly goes
back to marshmallow, field by field. In JSON, ``NaN`` is an error that names its field.

Knows marshmallow schemas; knows nothing of requests.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import marshmallow as ma

from .. import _codegen as codegen
from .. import _compare as compare
from .. import canary
from .. import json as fast_json
from . import _kinds as kinds
from . import _rows as rows

if t.TYPE_CHECKING:
    from .._compare import Transform
    from ._plan import DumpPlan, JSONDumper

JSONWriter: t.TypeAlias = cabc.Callable[[t.Any], bytes]
"""Writes an object as JSON text, in UTF-8."""


def dumper(schema: ma.Schema, *, fast: bool = True, compare: bool = False) -> Transform:
    """Give a function that dumps an object as ``schema.dump`` does.

    It costs nothing until it is called. Fields and validators that are changed after its first call are not noticed.

    :param schema: The instance whose own ``many`` holds.
    :param fast: ``False`` lets marshmallow do the work.
    :param compare: Do it both ways and log every difference, see ``fast._compare``.
    :return: A function of one argument, the object (a collection for ``many``); it returns a dict or a list.
    """
    if not fast:
        return schema.dump

    plan: DumpPlan | None = None

    def dump(obj: object) -> object:
        nonlocal plan
        if plan is None or plan.dump_fields is not schema.dump_fields:
            if not canary.is_trusted():
                return schema.dump(obj)
            plan = _dict_plan(schema)
        return plan.dump(obj, schema.many) if plan.compilable else schema.dump(obj)

    return _compared_dump(schema, dump) if compare else dump


def json_dumper(schema: ma.Schema, *, fast: bool = True, compare: bool = False, checked: bool = False) -> JSONWriter:
    """Give a function that dumps an object to JSON text.

    The text says what ``fast.json.encode(schema.dump(obj))`` says, members in the order of the schema.

    :param schema: The instance whose own ``many`` holds.
    :param fast: ``False`` lets marshmallow do the dumping.
    :param compare: Do it both ways and log every difference, see ``fast._compare``.
    :param checked: Refuse what is not an object, and null where a field does not allow it, see ``fast.dump._kinds``.
    :return: A function of one argument, the object; it returns UTF-8 JSON. It raises
        :exc:`fast.json.JSONError`, which names the member, for a number that JSON does not have.
    """

    def plain_to_json(obj: object) -> bytes:
        if checked:
            kinds.check(schema, obj)
        return fast_json.encode(schema.dump(obj))

    if not fast:
        return plain_to_json
    dump = checked_dumper(schema) if checked else dumper(schema)
    plan: JSONDumper | None = None

    def to_json(obj: object) -> bytes:
        nonlocal plan
        if plan is None or plan.dump_fields is not schema.dump_fields:
            if not canary.is_trusted():
                return plain_to_json(obj)
            plan = _json_plan(schema, checked)
        if plan.of_dict is not None and type(obj) is dict and not schema.many:
            row = plan.of_dict(obj)  # PERF: the same as below, five calls shorter: 0.25 us
            try:
                text = rows.encode_plain(row)
            except UnicodeEncodeError:
                return rows.encode(row)
            return text if rows.CAPITAL_E not in text else rows.without_exponents(row, text)
        return rows.encode(plan.dump(obj, schema.many)) if plan.compilable else fast_json.encode(dump(obj))

    return _compared_json(schema, to_json, plain_to_json) if compare else to_json


def checked_dumper(schema: ma.Schema, *, fast: bool = True, compare: bool = False) -> Transform:
    """Give a function as :func:`dumper` does, that refuses what ``json_dumper(schema, checked=True)`` refuses."""
    dump = dumper(schema, fast=fast, compare=compare)

    def look_and_dump(obj: object) -> object:
        kinds.check(schema, obj)
        return dump(obj)

    return look_and_dump


def prepare(schema: ma.Schema, *, to_json: bool = True, checked: bool = False) -> None:
    """Generate ahead what the first use would: the functions for objects that are read by attribute.

    :param to_json: For :func:`json_dumper`; ``False`` is for :func:`dumper`.
    :param checked: As that is asked for.
    """
    if canary.is_trusted():
        (_json_plan(schema, checked) if to_json else _dict_plan(schema)).prepare()


# PERF: what generates code is loaded for the first schema that is used, and not for an import: 10 ms.


def _dict_plan(schema: ma.Schema) -> DumpPlan:
    from ._plan import DumpPlan

    return codegen.plan(schema, DumpPlan)


def _json_plan(schema: ma.Schema, checked: bool) -> JSONDumper:
    from ._plan import CheckedJSONDumper, JSONDumper

    return codegen.plan(schema, CheckedJSONDumper if checked else JSONDumper)


def _compared_dump(schema: ma.Schema, dump: Transform) -> Transform:
    def both(obj: object) -> object:
        return compare.run("dump", schema, schema.dump, dump, obj)

    return both


def _compared_json(schema: ma.Schema, to_json: JSONWriter, plain_to_json: JSONWriter) -> JSONWriter:
    def both(obj: object) -> bytes:
        return compare.run("dump to JSON", schema, plain_to_json, to_json, obj)

    return both

"""Prove once, before the first use, that generated functions do what this marshmallow does.

A version that they have not been proved on, one that lacks a part they need, or one that gives another answer to a few
questions, turns them off: every schema then goes through marshmallow, and one warning says so.

Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import decimal
import functools
import logging
import threading
import types
import typing as t

import marshmallow as ma
from marshmallow import fields, validate

from . import _codegen as codegen
from . import _compare as compare
from . import _internals as internals
from . import json as fast_json
from .dump import rows

logger = logging.getLogger("framework.fast")

#: The versions of marshmallow with which all tests of the generated functions have passed.
PROVED = ("4.0", "4.1", "4.2", "4.3", "4.4")

_lock = threading.Lock()
_verdict: bool | None = None


def is_trusted() -> bool:
    """Return whether generated functions may be used; found out at the first call."""
    if _verdict is None:
        _decide()
    return bool(_verdict)


def _decide() -> None:
    global _verdict
    with _lock:
        if _verdict is None:
            import importlib.metadata  # PERF: 6 ms, which nobody who only imports the framework has to wait

            fault = find_fault(importlib.metadata.version("marshmallow"))
            if fault is not None:
                logger.warning("Schemas run without generated functions: %s", fault)
            _verdict = fault is None


def find_fault(version: str) -> str | None:
    """Say why generated functions must not be used with a version of marshmallow, or ``None``."""
    if ".".join(version.split(".")[:2]) not in PROVED:
        return f"they have not been proved on marshmallow {version}; proved are {', '.join(PROVED)}."
    if internals.LACKING:
        return f"this marshmallow lacks {', '.join(internals.LACKING)}."
    try:
        for what, expected, found in _answers():
            if not compare.is_same(expected, found):
                return f"marshmallow {version} gives {expected!r} to {what}, they give {found!r}."
    except Exception as error:  # noqa: BLE001
        return f"they fail with marshmallow {version}: {error!r}."
    return None


def _answers() -> cabc.Iterator[tuple[str, object, object]]:
    """Put the questions: what is asked, marshmallow's answer and the generated one."""
    # PERF: they generate code, 10 ms that nobody has to wait for before a schema is used.
    from .dump import DumpPlan, JSONDumper
    from .load import LoadPlan

    schema = _probe()
    dicts, texts = codegen.plan(schema, DumpPlan), codegen.plan(schema, JSONDumper)
    loads = codegen.plan(schema, LoadPlan)
    for many in (False, True):
        for obj in _OBJECTS:
            given = [obj, obj] if many else obj
            dumped = schema.dump(given, many=many)
            yield "dump", dumped, dicts.dump(given, many)
            yield "dump to JSON", fast_json.encode(dumped), rows.encode(texts.dump(given, many))
        for data in _DATA:
            given = [data, data] if many else data
            load = functools.partial(loads.load, given, many=many)
            yield "load", _outcome(functools.partial(schema.load, given, many=many)), _outcome(load)


def _outcome(function: cabc.Callable[[], object]) -> tuple[str, object]:
    try:
        return "value", function()
    except ma.ValidationError as error:
        return "error", error


def _probe() -> ma.Schema:
    """Make a schema that has something of everything."""

    class Piece(ma.Schema):
        class Meta:
            register = False

        number = fields.Integer(required=True, validate=validate.Range(min=1))

    class Probe(ma.Schema):
        class Meta:
            register = False

        text = fields.String(validate=validate.Length(max=3), load_default="d")
        number = fields.Integer(data_key="n", allow_none=True)
        amount = fields.Decimal(as_string=True)
        moment = fields.DateTime(attribute="at")
        part = fields.Nested(Piece)
        parts = fields.List(fields.Nested(Piece))
        words = fields.List(fields.String())

        @ma.validates_schema
        def check(self, data: dict[str, object], **kwargs: object) -> None:
            if data.get("text") == "no":
                raise ma.ValidationError("No.")

        @ma.post_load
        def after(self, data: dict[str, object], **kwargs: object) -> dict[str, object]:
            return {**data, "seen": True}

    return Probe()


_AT = dt.datetime(2020, 1, 2, 3, 4, 5, 6, dt.UTC)
_OBJECTS: list[object] = [
    {"text": "a", "number": 1, "amount": decimal.Decimal("1E+3"), "at": _AT, "part": {"number": 5}, "words": ("a",)},
    {"text": 5, "number": "7", "at": _AT, "part": None, "parts": [{"number": 1}, {}]},
    types.SimpleNamespace(text="é", number=None, at=_AT, part=types.SimpleNamespace(number=True), words=["a", 1]),
]
_DATA: list[t.Any] = [
    {"text": "a", "n": 1, "amount": "1.5", "moment": "2020-01-02T03:04:05Z", "part": {"number": 1}, "words": ["a"]},
    {"text": "abcd", "n": "x", "part": {"number": 0}, "parts": [{"number": 1}, {}], "words": [1], "zz": 1},
    {"n": None, "text": "no"},
    [],
]

"""What a described field takes and what the strict field takes are the same values."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import re
import typing as t

import jsonschema
import marshmallow as ma
import pytest
from marshmallow import validate as v
from openapi_schema_validator import OAS30Validator

from framework import fields as f
from framework.fast.strict import strict
from framework.openapi.document import Components


class Colour(enum.Enum):
    RED = "red"
    ONE = 1
    YES = True


class Number(enum.IntEnum):
    ONE = 1
    TWO = 2


class Inner(ma.Schema):
    a = f.Integer(required=True)
    b = f.String()


class Open(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    a = f.Integer(required=True)


FIELDS: dict[str, t.Callable[[], ma.fields.Field[t.Any]]] = {
    "string": f.String,
    "string-null": lambda: f.String(allow_none=True),
    "string-length": lambda: f.String(validate=v.Length(2, 4)),
    "string-two-lengths": lambda: f.String(validate=[v.Length(2, 3), v.Length(1, 4)]),
    "string-equal-length": lambda: f.String(validate=v.Length(equal=3)),
    "string-oneof": lambda: f.String(validate=v.OneOf(["a", "abc"])),
    "string-oneof-null": lambda: f.String(validate=v.OneOf(["a", "abc"]), allow_none=True),
    "string-two-oneof": lambda: f.String(validate=[v.OneOf(["a", "b", "abc"]), v.OneOf(["abc", "abcd"])]),
    "string-equal": lambda: f.String(validate=v.Equal("abc")),
    "string-equal-null": lambda: f.String(validate=v.Equal("abc"), allow_none=True),
    "string-noneof": lambda: f.String(validate=v.NoneOf(["a", "abc"])),
    "string-noneof-null": lambda: f.String(validate=v.NoneOf(["a", "abc"]), allow_none=True),
    "string-and": lambda: f.String(validate=v.And(v.Length(min=2), v.And(v.Regexp("[a-c]+"), v.Length(max=3)))),
    "string-regexps": lambda: f.String(validate=[v.Regexp("[a-z]+"), v.Regexp(r"\w{3}$")]),
    "string-regexp-flags": lambda: f.String(validate=v.Regexp(r"\AAb?(?P<x>c)\Z", flags=2)),
    "email": f.Email,
    "email-validator": lambda: f.String(validate=v.Email()),
    "url": f.URL,
    "url-relative": lambda: f.URL(relative=True),
    "url-https": lambda: f.URL(schemes={"https"}, allow_none=True),
    "integer": f.Integer,
    "integer-range": lambda: f.Integer(validate=v.Range(1, 5)),
    "integer-two-ranges": lambda: f.Integer(validate=[v.Range(1, 5), v.Range(0, 6), v.Range(max=2)]),
    "integer-open-range": lambda: f.Integer(
        validate=v.Range(0, 5, min_inclusive=False, max_inclusive=False), allow_none=True
    ),
    "integer-oneof": lambda: f.Integer(validate=v.OneOf([1, 5])),
    "integer-string": lambda: f.Integer(as_string=True),
    "float": f.Float,
    "float-null": lambda: f.Float(allow_none=True, validate=v.Range(min=decimal.Decimal("1.5"))),
    "float-string": lambda: f.Float(as_string=True),
    "decimal": f.Decimal,
    "decimal-string": lambda: f.Decimal(as_string=True),
    "boolean": f.Boolean,
    "boolean-null": lambda: f.Boolean(allow_none=True),
    "date": f.Date,
    "time": f.Time,
    "datetime": f.DateTime,
    "datetime-plain": ma.fields.DateTime,
    "datetime-naive": ma.fields.NaiveDateTime,
    "datetime-aware": ma.fields.AwareDateTime,
    "timestamp": lambda: ma.fields.DateTime(format="timestamp"),
    "timestamp-ms": lambda: ma.fields.DateTime(format="timestamp_ms"),
    "timedelta": lambda: f.TimeDelta(validate=v.Range(dt.timedelta(seconds=1), dt.timedelta(seconds=5))),
    "timedelta-free": lambda: f.TimeDelta(precision="minutes"),
    "uuid": f.UUID,
    "ip": f.IP,
    "ipv4": f.IPv4,
    "ipv6": f.IPv6,
    "enum": lambda: f.Enum(Colour),
    "enum-null": lambda: f.Enum(Colour, allow_none=True),
    "enum-value": lambda: f.Enum(Colour, by_value=True),
    "enum-value-null": lambda: f.Enum(Number, by_value=True, allow_none=True),
    "enum-field": lambda: f.Enum(Number, by_value=f.Integer),
    "constant": lambda: f.Constant("abc"),
    "constant-number": lambda: f.Constant(1),
    "constant-null": lambda: f.Constant("abc", allow_none=True),
    "list": lambda: f.List(f.Integer()),
    "list-length": lambda: f.List(f.Integer(allow_none=True), validate=v.Length(1, 2)),
    "list-only": lambda: f.List(f.String(), validate=v.ContainsOnly(["a", "abc"])),
    "list-noneof": lambda: f.List(f.String(), validate=v.ContainsNoneOf(["a"])),
    "list-null": lambda: f.List(f.String(), allow_none=True),
    "tuple": lambda: f.Tuple((f.Integer(), f.String())),
    "tuple-alike": lambda: f.Tuple((f.Integer(), f.Integer())),
    "dict": f.Dict,
    "dict-typed": lambda: f.Dict(keys=f.String(validate=v.Length(max=1)), values=f.Integer()),
    "dict-length": lambda: f.Dict(validate=v.Length(1, 1), allow_none=True),
    "dict-integer-keys": lambda: f.Dict(keys=f.Integer(), values=f.Integer()),
    "raw": f.Raw,
    "raw-null": lambda: f.Raw(allow_none=True),
    "nested": lambda: f.Nested(Inner),
    "nested-null": lambda: f.Nested(Inner, allow_none=True),
    "nested-many": lambda: f.Nested(Inner, many=True),
    "nested-only": lambda: f.Nested(Inner, only=("a",)),
    "nested-unknown": lambda: f.Nested(Inner, unknown=ma.EXCLUDE),
    "nested-open": lambda: f.Nested(Open),
    "nested-partial": lambda: f.Nested(Inner(partial=True)),
    "pluck": lambda: f.Pluck(Inner, "a"),
    "pluck-many": lambda: f.Pluck(Inner, "a", many=True),
    "delimited": lambda: f.DelimitedList(f.String()),
    "delimited-length": lambda: f.DelimitedList(f.String(), validate=v.Length(2, 3)),
    "delimited-one": lambda: f.DelimitedList(f.String(), validate=v.Length(min=1)),
    "delimited-one-only": lambda: f.DelimitedList(f.String(), validate=v.Length(equal=1)),
    "delimited-most": lambda: f.DelimitedList(f.String(), validate=v.Length(max=2)),
    "delimited-none": lambda: f.DelimitedList(f.String(), validate=v.Length(max=0)),
    "delimited-hyphen": lambda: f.DelimitedList(f.String(), delimiter="-", validate=v.Length(min=3)),
    "rfc": lambda: f.DateTime("rfc"),
    "rfc-naive": lambda: ma.fields.NaiveDateTime("rfc"),
    "rfc-aware": lambda: ma.fields.AwareDateTime("rfc822"),
    "datetime-words": lambda: ma.fields.DateTime("%a %d %b %Y"),
    "date-day": lambda: f.Date("%Y-%j"),
    "dict-integer-range": lambda: f.Dict(keys=f.Integer(validate=v.Range(1, 2)), values=f.Integer()),
    "dict-integer-above": lambda: f.Dict(keys=f.Integer(validate=v.Range(0, min_inclusive=False))),
    "dict-integer-choice": lambda: f.Dict(keys=f.Integer(validate=v.OneOf([0, 1]))),
    "string-two-patterns": lambda: f.String(validate=[v.Regexp("[a-z]+|A"), v.Regexp("(?:ab|A).*")]),
    "constant-of-null": lambda: f.Constant(None),
    "raw-default": lambda: f.Raw(load_default=5),
    "raw-words": lambda: f.Raw(load_default=5, metadata={"deprecated": True, "x-note": 1}),
    "raw-default-null": lambda: f.Raw(load_default=None),
}

VALUES: list[t.Any] = [
    *(None, True, False, 0, 1, -1, 2, 5, 6, 1.0, 5.0, 0.5, 1.5, -0.5, 1e300, -1e300, 253402300799, 253402300800),
    *("", "a", "b", "abc", "abcd", "abcde", "ABC", "Ac", "AC", "ac", "A", "abc\n", "red", "RED", "ONE", "true", "yes"),
    *("1", "01", "+1", " 1", "1_0", "1.0", "-1", "1.50", "1e2", "1e400", "NaN", "inf", "-0", "½", "٣", "0x1"),
    *("a@b.co", "a@b", "@b.co", "a b@c.de", "a@localhost", "ä@b.co", "a@b.co\n", "a@b.c", '"a"@b.co'),
    *(
        "http://a.bc",
        "https://a.bc/x?y#z",
        "HTTP://a.bc",
        "ftp://a.bc",
        "http://a",
        "/x",
        "x/y",
        "http://a.bc/ x",
        "?q=1",
    ),
    *("2026-01-02", "2026-1-2", "20260102", "2026-02-30", "2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
    *("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.123Z", "2026-01-02 03:04:05Z", "2026-01-02T03:04Z"),
    *("0000-01-01T00:00:00", "2026-02-30T00:00:00", "2024-02-29T00:00:00", "2100-02-29T00:00:00", "0000-01-01"),
    *("03:04:05", "03:04", "24:00:00", "03:04:05.5", "03:04:05Z", "2026-W01-1", "2026-01-02T25:00:00Z"),
    *(
        "0c3d2b9e-6c4e-4a43-8d5f-0e5f0a3b1a11",
        "0c3d2b9e6c4e4a438d5f0e5f0a3b1a11",
        "{0c3d2b9e-6c4e-4a43-8d5f-0e5f0a3b1a11}",
    ),
    *("192.0.2.1", "192.0.2", "192.0.2.01", "::1", "fe80::1%eth0", "1.2.3.4/24"),
    *(
        "Mon, 30 Nov 2026 12:00:00 -0000",
        "30 Nov 2026 12:00 GMT",
        "Mon, 31 Nov 2026 12:00:00 +0100",
        "30 Nov 26 1:00 EST",
    ),
    *("Mon 30 Nov 2026", "Mon 31 Nov 2026", "Mo 30 Nov 2026", "mon 30 nov 2026", "2024-366", "2023-366", "2023-1"),
    *({"1": 1}, {"2": 1}, {"3": 1}, {"-0": 1}, {"0": 1}, {"-1": 1}, {"01": 1}, {"1.0": 1}, {"10": 1}),
    *("a,b", "a,b,c", "a,b,c,abc", ",", ",,", "a,", ",a", -62135596800, -62135596801, -62135596800000, -62135596800001),
    *([], [1], [1, 2], [1, 2, 3], [None], ["a"], ["a", "abc"], ["b"], [1, "a"], ["a", 1], [True], [1.0, "x"], [[]]),
    *({}, {"a": 1}, {"a": "1"}, {"a": 1, "b": "x"}, {"a": 1, "c": 1}, {"b": "x"}, {"bb": 1}, {"a": None}, {"1": 1}),
    *([{"a": 1}], [{"a": 1}, {}], [{}], {"a": 1.0}, {"x": {"a": 1}}),
]


def ecma_pattern(validator: t.Any, pattern: str, instance: t.Any, schema: t.Any) -> t.Iterator[t.Any]:
    """``pattern`` with the ``$`` of ECMA-262, which no newline may follow."""
    exact = re.sub(r"(?<!\\)\$(?=\)*$)", r"\\Z", pattern)
    if validator.is_type(instance, "string") and not re.search(exact, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


Validator31 = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": ecma_pattern})


def accepts(field: ma.fields.Field[t.Any], value: t.Any) -> bool:
    """Whether the strict field takes a JSON value."""
    schema = strict(ma.Schema.from_dict({"x": field})(), "json")
    try:
        schema.load({"x": json.loads(json.dumps(value))})
    except ma.ValidationError:
        return False
    return True


def allows(components: Components, schema: dict[str, t.Any], value: t.Any, validator: t.Any) -> bool:
    """Whether the described schema takes it."""
    whole = {**schema, "components": {"schemas": components.to_dict()}}
    formats = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return bool(validator(whole, format_checker=formats).is_valid(value))


@pytest.mark.parametrize("name", FIELDS)
def test_the_document_takes_what_the_server_takes(name: str) -> None:
    """Of each kind of field the described schema takes exactly the values that the strict field takes."""
    components = Components()
    schema = ma.Schema.from_dict({"x": FIELDS[name]()})()
    described = components.field(schema.fields["x"], "input")
    differing = [
        value
        for value in VALUES
        if accepts(FIELDS[name](), value) is not allows(components, described, value, Validator31)
    ]

    assert differing == [], described


def whole_numbers(value: t.Any) -> t.Any:
    """The same values with ``1`` for ``1.0``: to the validator of 3.0 these two differ."""
    if isinstance(value, list):
        return [whole_numbers(each) for each in value]
    if isinstance(value, dict):
        return {key: whole_numbers(each) for key, each in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.mark.parametrize("name", FIELDS)
def test_the_older_words_refuse_nothing_more(name: str) -> None:
    """In the words of 3.0 no value is refused that the server takes."""
    components = Components("3.0.3")
    schema = ma.Schema.from_dict({"x": FIELDS[name]()})()
    described = components.field(schema.fields["x"], "input")
    refused = [
        value
        for value in whole_numbers(VALUES)
        if accepts(FIELDS[name](), value) and not allows(components, described, value, OAS30Validator)
    ]

    assert refused == [], described

"""What a field writes is what the document says that it writes."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import ipaddress
import json
import typing as t
import uuid

import jsonschema
import marshmallow as ma
import pytest
from marshmallow import validate as v

from framework import fields as f
from framework.fast.dump import json_dumper
from framework.openapi.document import Components

UTC = dt.UTC
EAST = dt.timezone(dt.timedelta(hours=2))


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Inner(ma.Schema):
    a = f.Integer()


class Labelled(ma.Schema):
    label = f.Method("get_label")

    def get_label(self, obj: t.Any) -> str:
        return "x"


# Kind of field -> the field, and values that it writes.
SENT: dict[str, tuple[ma.fields.Field[t.Any], list[t.Any]]] = {
    "string": (f.String(), ["", "ä", Colour.RED.value]),
    "integer": (f.Integer(), [0, -1, True, 10**30, 2.0]),
    "integer-string": (f.Integer(as_string=True), [0, -5, 10**30]),
    "float": (f.Float(), [0, 1.5, -0.0, 1e300]),
    "float-string": (f.Float(as_string=True), [0, 1.5, 1e300, 1e-7]),
    "decimal": (f.Decimal(), [decimal.Decimal("1.50"), decimal.Decimal("1E+3"), 2]),
    "decimal-string": (f.Decimal(as_string=True, places=2), [decimal.Decimal("1.505"), decimal.Decimal("1E+3"), -2]),
    "boolean": (f.Boolean(), [True, False]),
    "boolean-words": (f.Boolean(truthy={"ja"}, falsy={"nein"}), [True, False]),
    "date": (f.Date(), [dt.date(2026, 1, 2)]),
    "date-format": (f.Date(format="%d.%m.%Y"), [dt.date(2026, 1, 2)]),
    "time": (f.Time(), [dt.time(1, 2, 3), dt.time(1, 2, 3, 4), dt.time(1, tzinfo=EAST)]),
    "datetime": (f.DateTime(), [dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 2, tzinfo=EAST)]),
    "datetime-plain": (ma.fields.DateTime(), [dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)]),
    "datetime-aware": (ma.fields.AwareDateTime(), [dt.datetime(2026, 1, 2, tzinfo=EAST)]),
    "datetime-naive": (ma.fields.NaiveDateTime(), [dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 2, 3, 4, 5, 6)]),
    "timestamp": (f.DateTime(format="timestamp"), [dt.datetime(2026, 1, 2, tzinfo=UTC)]),
    "timestamp-ms": (f.DateTime(format="timestamp_ms"), [dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]),
    "timestamp-early": (f.DateTime(format="timestamp"), [dt.datetime(1930, 1, 2, tzinfo=UTC), dt.datetime(1, 1, 1)]),
    "timestamp-ms-early": (f.DateTime(format="timestamp_ms"), [dt.datetime(1, 1, 1)]),
    "constant-null": (f.Constant(None), ["y"]),
    "delimited-length": (f.DelimitedList(f.Integer(), validate=v.Length(1, 3)), [[1], [1, 2, 3]]),
    "rfc822": (f.DateTime(format="rfc"), [dt.datetime(2026, 1, 2, tzinfo=UTC)]),
    "timedelta": (f.TimeDelta(precision="minutes"), [dt.timedelta(hours=1), dt.timedelta(seconds=1)]),
    "uuid": (f.UUID(), [uuid.uuid4()]),
    "ip": (f.IP(), [ipaddress.ip_address("::1"), ipaddress.ip_address("192.0.2.1")]),
    "ipv4": (f.IPv4(), [ipaddress.ip_address("192.0.2.1")]),
    "ipv6-interface": (f.IPv6Interface(), [ipaddress.ip_interface("::1/8")]),
    "email": (f.Email(), ["a@b.co"]),
    "url": (f.URL(), ["https://a.bc/d"]),
    "enum": (f.Enum(Colour), list(Colour)),
    "enum-value": (f.Enum(Colour, by_value=True), list(Colour)),
    "constant": (f.Constant("x"), ["y"]),
    "list": (f.List(f.Integer(allow_none=True)), [[], [1, None]]),
    "delimited": (f.DelimitedList(f.Integer()), [[1, 2], []]),
    "delimited-tuple": (f.DelimitedTuple((f.Integer(), f.String())), [(1, "a")]),
    "tuple": (f.Tuple((f.Integer(), f.String())), [(1, "a")]),
    "dict": (f.Dict(keys=f.Integer(), values=f.Date()), [{1: dt.date(2026, 1, 2)}, {}]),
    "dict-dates": (f.Dict(keys=f.Date()), [{dt.date(2026, 1, 2): 1}]),
    "raw": (f.Raw(), [None, 1, [1], {"a": "x"}]),
    "nested": (f.Nested(Inner, allow_none=True), [{"a": 1}, None]),
    "nested-many": (f.Nested(Inner, many=True), [[{"a": 1}]]),
    "method": (f.Nested(Labelled), [{}]),
    "pluck": (f.Pluck(Inner, "a"), [{"a": 1}]),
    "pluck-many": (f.Pluck(Inner, "a", many=True), [[{"a": 1}, {"a": 2}]]),
    "range": (f.Decimal(validate=v.Range(min=decimal.Decimal("0.5"))), [decimal.Decimal("0.5")]),
}


@pytest.mark.parametrize("kind", SENT)
def test_what_is_sent_fits_the_document(kind: str) -> None:
    """Of each kind of field the JSON that is sent is valid against the schema of an answer."""
    field, values = SENT[kind]
    schema = ma.Schema.from_dict({"x": field})()
    components = Components()
    described = components.schema(schema, "output")
    formats = jsonschema.Draft202012Validator.FORMAT_CHECKER
    whole = {**described, "components": {"schemas": components.to_dict()}}
    validator = jsonschema.Draft202012Validator(whole, format_checker=formats)
    dump = json_dumper(schema)
    refused = [text for text in (dump({"x": value}) for value in values) if not validator.is_valid(json.loads(text))]

    assert refused == [], described


@pytest.mark.parametrize("kind", [kind for kind in SENT if kind not in ("raw", "constant", "method")])
def test_the_document_says_something(kind: str) -> None:
    """An object is valid as the value of none of these but those that are objects."""
    field, _ = SENT[kind]
    components = Components()
    schema = ma.Schema.from_dict({"x": field})()
    whole = {**components.field(schema.fields["x"], "output"), "components": {"schemas": components.to_dict()}}
    formats = jsonschema.Draft202012Validator.FORMAT_CHECKER

    assert not jsonschema.Draft202012Validator(whole, format_checker=formats).is_valid({"x": {}, "a": "x"})

"""What ``response`` writes fits the document, for any value of the right type and every kind of field."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import ipaddress
import typing as t

import jsonschema
import marshmallow as ma
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import validate

from framework import App, Schema, fields, response

ZONES = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=30)), dt.timezone(dt.timedelta(hours=-11))])
FIRST, LAST = dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29, 23, 59, 59)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAIVE = st.datetimes(FIRST, LAST)
AWARE = st.datetimes(FIRST, LAST, timezones=ZONES)
MOMENTS = st.one_of(NAIVE, AWARE)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


class Kind(enum.Enum):
    CAT = 1
    DOG = "dog"


class Inner(Schema):
    name = fields.String(allow_none=True)
    price = ma.fields.Decimal()


class CatSchema(Schema):
    kind = fields.String(required=True, validate=validate.Equal("cat"))
    lives = fields.Integer()


def interfaces(addresses: t.Any) -> t.Any:
    """Addresses with the length of a network."""
    return st.builds(
        lambda address, length: ipaddress.ip_interface(f"{address}/{min(length, address.max_prefixlen)}"),
        addresses,
        st.integers(0, 128),
    )


INNERS = st.fixed_dictionaries({"name": st.none() | TEXTS, "price": DECIMALS})
CATS = st.fixed_dictionaries({"kind": st.just("cat"), "lives": st.integers()})
YEARS = st.datetimes(dt.datetime(1000, 1, 1), LAST)

WRITTEN: dict[str, tuple[ma.fields.Field[t.Any], st.SearchStrategy[t.Any]]] = {
    "string": (fields.String(), TEXTS),
    "string-null": (fields.String(allow_none=True), st.none() | TEXTS),
    "string-choice": (fields.String(validate=validate.OneOf(["a", "b"])), st.sampled_from("ab")),
    "integer": (fields.Integer(), st.integers()),
    "integer-text": (fields.Integer(as_string=True), st.integers()),
    "integer-range": (fields.Integer(validate=validate.Range(-5, 5)), st.integers(-5, 5)),
    "float": (fields.Float(), FLOATS | st.integers(-(2**53), 2**53)),
    "float-text": (fields.Float(as_string=True), FLOATS),
    "decimal": (ma.fields.Decimal(), DECIMALS),
    "decimal-text": (ma.fields.Decimal(as_string=True), DECIMALS),
    "decimal-places": (ma.fields.Decimal(places=2), st.decimals(-(10**9), 10**9, places=4)),
    "decimal-range": (
        ma.fields.Decimal(validate=validate.Range(min=decimal.Decimal("-1.5"), max=20)),
        st.decimals(decimal.Decimal("-1.5"), 20, places=3),
    ),
    "boolean": (fields.Boolean(), st.booleans()),
    "boolean-words": (fields.Boolean(truthy={"yes"}, falsy={"no"}), st.booleans()),
    "uuid": (fields.UUID(), st.uuids()),
    "datetime": (fields.DateTime(), MOMENTS),
    "datetime-milliseconds": (fields.DateTime(timespec="milliseconds"), MOMENTS),
    "datetime-plain": (ma.fields.DateTime(), MOMENTS),
    "naive": (ma.fields.NaiveDateTime(), NAIVE),
    "aware": (ma.fields.AwareDateTime(), AWARE),
    "aware-default": (ma.fields.AwareDateTime(default_timezone=dt.UTC), AWARE),
    "timestamp": (ma.fields.DateTime("timestamp"), MOMENTS),
    "timestamp-ms": (fields.DateTime("timestamp_ms"), MOMENTS),
    "rfc": (ma.fields.DateTime("rfc"), st.one_of(YEARS, st.datetimes(dt.datetime(1000, 1, 3), LAST, timezones=ZONES))),
    "datetime-format": (ma.fields.DateTime("%d.%m.%Y %H:%M:%S"), YEARS),
    "datetime-words": (ma.fields.DateTime("%A, %d %B %Y"), YEARS),
    "datetime-day": (ma.fields.DateTime("%Y/%j %z"), st.datetimes(dt.datetime(1000, 1, 3), LAST, timezones=ZONES)),
    "date": (fields.Date(), st.dates()),
    "date-format": (ma.fields.Date("%d/%m/%Y"), st.dates(dt.date(1000, 1, 1))),
    "time": (fields.Time(), st.times() | st.times(timezones=ZONES)),
    "delta": (fields.TimeDelta(), st.timedeltas()),
    "delta-milliseconds": (fields.TimeDelta("milliseconds"), st.timedeltas()),
    "enum-name": (fields.Enum(Kind), st.sampled_from(Kind)),
    "enum-value": (fields.Enum(Kind, by_value=True), st.sampled_from(Kind)),
    "email": (fields.Email(), st.sampled_from(["ann@example.org", "a.b+c@x-y.co"])),
    "url": (fields.URL(), st.sampled_from(["https://example.org/", "http://a.bc/x?y=z#f"])),
    "ip": (fields.IP(), ADDRESSES),
    "ipv4": (fields.IPv4(), st.ip_addresses(v=4)),
    "ipv6": (fields.IPv6(), st.ip_addresses(v=6)),
    "interface": (fields.IPInterface(), interfaces(ADDRESSES)),
    "interface-4": (fields.IPv4Interface(), interfaces(st.ip_addresses(v=4))),
    "interface-6": (fields.IPv6Interface(), interfaces(st.ip_addresses(v=6))),
    "list": (fields.List(fields.Integer(allow_none=True)), st.lists(st.none() | st.integers(), max_size=4)),
    "list-length": (
        fields.List(fields.Date(), validate=validate.Length(1, 3)),
        st.lists(st.dates(), min_size=1, max_size=3),
    ),
    "delimited": (
        fields.DelimitedList(fields.Integer(), validate=validate.Length(1, 3)),
        st.lists(st.integers(), min_size=1, max_size=3),
    ),
    "tuple": (fields.Tuple((fields.String(), fields.Integer())), st.tuples(TEXTS, st.integers())),
    "dict": (fields.Dict(keys=fields.String(), values=fields.Float()), st.dictionaries(TEXTS, FLOATS, max_size=3)),
    "dict-integers": (
        fields.Dict(keys=fields.Integer(), values=fields.Integer()),
        st.dictionaries(st.integers(), st.integers(), max_size=3),
    ),
    "dict-dates": (
        fields.Dict(keys=fields.Date(), values=fields.Time()),
        st.dictionaries(st.dates(), st.times(), max_size=3),
    ),
    "nested": (fields.Nested(Inner, allow_none=True), st.none() | INNERS),
    "nested-many": (fields.Nested(Inner, many=True), st.lists(INNERS, max_size=3)),
    "pluck": (fields.Pluck(Inner, "price"), INNERS),
    "one-of": (fields.OneOf("kind", {"cat": CatSchema}), CATS),
    "raw": (fields.Raw(allow_none=True), st.recursive(st.none() | TEXTS | st.integers(), st.lists, max_leaves=4)),
    "constant": (fields.Constant("x"), st.none()),
    "constant-null": (fields.Constant(None), st.none()),
}


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
@pytest.mark.parametrize("kind", WRITTEN)
def test_what_is_written_fits_the_document(kind: str, fast: bool) -> None:
    """Whatever the value: the JSON that leaves is valid by the schema of the answer."""
    field, values = WRITTEN[kind]
    app = App("written")
    app.config["FAST_PATH"] = fast
    held: list[t.Any] = [None]

    @app.get("/")
    @response(200, Schema.from_dict({"value": field}, name="WrittenSchema"))
    def show() -> t.Any:
        return {"value": held[0]}

    client = app.test_client(contract=False)
    components = app.openapi["components"]
    schema = {**components["schemas"]["Written"], "components": components}
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)

    @settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck), database=None)
    @given(values)
    def check(value: t.Any) -> None:
        held[0] = value
        reply = client.get("/")

        assert reply.status_code == 200
        assert [error.message for error in validator.iter_errors(reply.json)] == []

    check()

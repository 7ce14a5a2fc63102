"""What an answer has, a request takes: the body of a GET is a body of a PUT, for every kind of field."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import ipaddress
import json
import uuid

import jsonschema
import marshmallow as ma
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import validate

from framework import App, Schema, arguments, fields, response

D = decimal.Decimal
NAIVE = dt.datetime(2026, 11, 30, 12, 0, 0, 120000)
AWARE = NAIVE.replace(tzinfo=dt.UTC)


class Kind(enum.Enum):
    CAT = 1
    DOG = 2


class Inner(ma.Schema):
    price = ma.fields.Decimal(required=True)


VALUES = {
    "string": (ma.fields.String(), "é"),
    "integer": (ma.fields.Integer(), 2**70),
    "integer-text": (ma.fields.Integer(as_string=True), 12),
    "float": (ma.fields.Float(), 0.1),
    "float-text": (ma.fields.Float(as_string=True), 1e-7),
    "decimal": (ma.fields.Decimal(), D("12.50")),
    "decimal-exponent": (ma.fields.Decimal(), D("1E+3")),
    "decimal-small": (ma.fields.Decimal(), D("1E-7")),
    "decimal-range": (ma.fields.Decimal(validate=validate.Range(min=D("-1.5"), max=D("20"))), D("12.50")),
    "decimal-choice": (ma.fields.Decimal(validate=validate.OneOf([D("1.5"), D("2")])), D("1.50")),
    "decimal-none-of": (ma.fields.Decimal(validate=validate.NoneOf([D("1.5")])), D("2")),
    "decimal-text": (ma.fields.Decimal(as_string=True), D("12.50")),
    "decimal-text-range": (ma.fields.Decimal(as_string=True, validate=validate.Range(min=0)), D("12.50")),
    "decimal-places": (ma.fields.Decimal(places=2), D("12.50")),
    "boolean": (ma.fields.Boolean(), True),
    "uuid": (ma.fields.UUID(), uuid.UUID(int=7)),
    "datetime-naive": (ma.fields.DateTime(), NAIVE),
    "datetime-aware": (ma.fields.DateTime(), AWARE),
    "datetime-own": (fields.DateTime(), AWARE),
    "datetime-own-naive": (fields.DateTime(), NAIVE),
    "naive": (ma.fields.NaiveDateTime(), NAIVE),
    "aware": (ma.fields.AwareDateTime(), AWARE),
    "aware-default": (ma.fields.AwareDateTime(default_timezone=dt.UTC), AWARE),
    "timestamp": (ma.fields.DateTime("timestamp"), AWARE),
    "timestamp-early": (ma.fields.DateTime("timestamp"), AWARE.replace(year=1930)),
    "timestamp-first": (ma.fields.DateTime("timestamp"), dt.datetime(1, 1, 1, tzinfo=dt.UTC)),
    "timestamp-ms-early": (ma.fields.DateTime("timestamp_ms"), AWARE.replace(year=1930)),
    "timestamp-own-early": (fields.DateTime("timestamp"), AWARE.replace(year=1930)),
    "constant-null": (ma.fields.Constant(None), None),
    "delimited": (fields.DelimitedList(ma.fields.Integer(), validate=validate.Length(2, 3)), [1, 2]),
    "rfc": (ma.fields.DateTime("rfc"), AWARE.replace(microsecond=0)),
    "date": (ma.fields.Date(), dt.date(2024, 2, 29)),
    "time": (ma.fields.Time(), dt.time(1, 2, 3, 4)),
    "delta": (ma.fields.TimeDelta(), dt.timedelta(seconds=90)),
    "enum-name": (ma.fields.Enum(Kind), Kind.CAT),
    "enum-value": (ma.fields.Enum(Kind, by_value=True), Kind.DOG),
    "email": (ma.fields.Email(), "ann@example.org"),
    "url": (ma.fields.Url(), "https://example.org/"),
    "ip": (ma.fields.IP(), ipaddress.ip_address("::1")),
    "interface": (ma.fields.IPInterface(), ipaddress.ip_interface("192.0.2.1/24")),
    "list": (ma.fields.List(ma.fields.Decimal()), [D("1.10"), D("2")]),
    "tuple": (ma.fields.Tuple((ma.fields.Date(), ma.fields.Decimal())), (dt.date(2024, 1, 1), D("2.50"))),
    "dict": (ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Decimal()), {"a": D("1.10")}),
    "nested": (ma.fields.Nested(Inner), {"price": D("1.10")}),
    "raw": (ma.fields.Raw(), {"a": [1, None, "x"]}),
    "constant": (ma.fields.Constant("x"), "x"),
}


# What is loaded is another value than was dumped: naive datetimes are UTC for our own field, timestamps are naive.
LOADED = {"datetime-own-naive": AWARE, "timestamp": NAIVE}
LOADED |= dict.fromkeys(("timestamp-early", "timestamp-ms-early", "timestamp-own-early"), NAIVE.replace(year=1930))
LOADED |= {"timestamp-first": dt.datetime(1, 1, 1)}


def application(field, value, *, fast=True):
    app = App("trip")
    app.config["FAST_PATH"] = fast
    schema = Schema.from_dict({"value": field}, name="TripSchema")
    seen = []

    @app.get("/trip")
    @response(200, schema)
    def show():
        return {"value": value}

    @app.put("/trip")
    @arguments(schema)
    @response(200, schema)
    def replace(trip):
        seen.append(trip["value"])
        return trip

    return app, seen


@pytest.mark.parametrize("fast", [True, False, "compare"], ids=["fast", "plain", "compare"])
@pytest.mark.parametrize("kind", VALUES)
def test_what_a_get_gives_a_put_takes(kind, fast):
    """The body is taken, means the same value, and comes back as it was; the document agrees with each step."""
    field, value = VALUES[kind]
    app, seen = application(field, value, fast=fast)
    client = app.test_client()
    given = client.get("/trip")
    taken = client.put("/trip", data=given.data, content_type="application/json")

    assert taken.status_code == 200, taken.text
    assert taken.data == given.data
    assert seen == [LOADED.get(kind, value)]
    document = app.openapi
    for role in ("Trip", "TripInput"):
        schema = {**document["components"]["schemas"][role], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(given.json)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    "text",
    ["123456789012345678.123456789", "0.1", "1.10", "1e2", "12345678901234567890123456789", "0.30000000000000004"],
)
def test_numbers_reach_a_decimal_exactly(text, fast):
    """No digit is lost through a float, at any depth."""
    app, seen = application(ma.fields.Nested(Inner, many=True), [], fast=fast)
    body = f'{{"value": [{{"price": {text}}}, {{"price": 1.5}}]}}'
    reply = app.test_client().put("/trip", data=body, content_type="application/json")

    assert reply.status_code == 200
    assert seen == [[{"price": D(text)}, {"price": D("1.5")}]]


def test_long_numbers_are_plain_floats_elsewhere():
    """A Float and a Raw get the nearest float, and a number without one is refused."""
    app, seen = application(ma.fields.Float(), 0.5)
    client = app.test_client()

    assert client.put("/trip", data='{"value": 0.1000000000000000055511}', content_type="application/json").json == {
        "value": 0.1
    }
    assert type(seen[0]) is float
    refused = client.put("/trip", data='{"value": 1e400, "x": 1234567890.1234567890}', content_type="application/json")
    assert refused.status_code == 400


@settings(deadline=None, max_examples=60)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.booleans())
def test_any_decimal_makes_the_trip(value, as_string):
    """Whatever digits it has."""
    app, seen = application(ma.fields.Decimal(as_string=as_string), value)
    client = app.test_client(contract=False)
    given_body = client.get("/trip").data

    assert client.put("/trip", data=given_body, content_type="application/json").data == given_body
    assert seen == [value]


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        (ma.fields.Decimal(places=2, validate=validate.Range(max=10)), 10.004, 422),
        (ma.fields.Decimal(places=2, validate=validate.Range(max=10)), "10.004", 422),
        (ma.fields.Decimal(places=2, validate=validate.Range(max=10)), 9.996, 200),
        (ma.fields.TimeDelta(validate=validate.Range(max=dt.timedelta(seconds=10))), 10.0000001, 422),
        (ma.fields.TimeDelta(validate=validate.Range(max=dt.timedelta(seconds=10))), 10, 200),
        (ma.fields.Decimal(validate=validate.OneOf([D("1.5")])), "1.50", 200),
        (ma.fields.Decimal(validate=validate.OneOf([D("1.5")])), 1.5, 200),
        (ma.fields.Decimal(validate=validate.OneOf([D("1.5")])), "1.51", 422),
        (ma.fields.Decimal(as_string=True, validate=validate.Equal(D("2"))), "2.00", 200),
        (ma.fields.Decimal(as_string=True, validate=validate.NoneOf([D("2")])), "2.0", 422),
        (ma.fields.AwareDateTime(default_timezone=dt.UTC), "2026-11-30 12:00:00", 422),
        (ma.fields.DateTime(), "2026-11-30t12:00:00z", 422),
    ],
)
def test_validators_judge_what_was_sent(field, value, status):
    """Not what rounding has made of it; the contract compares each verdict with the document's."""
    app, _ = application(field, D("2") if isinstance(field, ma.fields.Decimal) else AWARE)

    assert (
        app.test_client().put("/trip", data=json.dumps({"value": value}), content_type="application/json").status_code
        == status
    )

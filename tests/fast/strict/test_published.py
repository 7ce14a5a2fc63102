"""What the document says of strict fields is what they read."""

from __future__ import annotations

import datetime as dt
import re

import marshmallow as ma
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import validate

from framework import fields
from framework.fast.strict import _lexical as lexical
from framework.fast.strict import strict, validator_keywords
from framework.fast.strict._published import keywords

FIELDS = {
    "integer text": fields.Integer(as_string=True),
    "float text": fields.Float(as_string=True),
    "decimal text": fields.Decimal(as_string=True),
    "time": fields.Time(),
    "naive": fields.NaiveDateTime(),
    "turned": fields.NaiveDateTime(timezone=dt.UTC),
    "aware": fields.AwareDateTime(default_timezone=dt.UTC),
    "interface 6": fields.IPv6Interface(),
    "own format": fields.DateTime("%d.%m.%Y"),
}


def twin_of(field):
    """The strict twin of a field."""
    return strict(ma.Schema.from_dict({"x": field})(), "json").fields["x"]


@pytest.mark.parametrize("kind", FIELDS)
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_a_pattern_allows_is_read(kind, data):
    """A text of the published pattern is refused for its meaning at most: no such day, no such magnitude."""
    field = FIELDS[kind]
    words = keywords(field)
    text = data.draw(st.from_regex(words["pattern"], fullmatch=True).map(str.strip))
    try:
        twin_of(field).deserialize(text)
    except ma.ValidationError:
        day = re.match("([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
        exponent = re.search("[eE][+-]?([0-9]+)", text)

        assert (day and (day[1] == "0000" or day[1] in ("0001", "9999") or int(day[3]) > 28)) or (
            exponent and (int(exponent[1]) > 200)
        )


@pytest.mark.parametrize("kind", FIELDS)
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.text("0123456789-:.TZ+e \n", max_size=30))
def test_what_a_pattern_refuses_is_refused(kind, text):
    """Nothing outside of the published pattern is read."""
    field = FIELDS[kind]
    if re.search(keywords(field)["pattern"].removesuffix("$") + r"\Z", text) is None:
        with pytest.raises(ma.ValidationError):
            twin_of(field).deserialize(text)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (fields.Integer(), {"type": "integer"}),
        (fields.Float(), {"type": "number"}),
        (fields.Decimal(), {"type": ["string", "number"], "pattern": f"^(?:{lexical.FLOAT_PATTERN})$"}),
        (fields.Boolean(), {"type": "boolean"}),
        (fields.Boolean(truthy={"on"}, falsy={"off", "aus"}), {"enum": ["on", "aus", "off"]}),
        (fields.String(), {"type": "string"}),
        (fields.UUID(), {"type": "string", "format": "uuid"}),
        (fields.Date(), {"type": "string", "format": "date"}),
        (fields.Date("%Y-%m"), {"type": "string", "pattern": f"^(?:{lexical.strftime_pattern('%Y-%m')})$"}),
        (fields.Time("%H"), {"type": "string", "pattern": "^(?:([01][0-9]|2[0-3]))$"}),
        (fields.DateTime("%Y"), {"type": "string", "pattern": f"^(?:{lexical.strftime_pattern('%Y')})$"}),
        (ma.fields.DateTime("%d %U"), {"type": "string"}),
        (fields.DateTime(), {"type": "string", "format": "date-time"}),
        (fields.DateTime("timestamp"), {"type": "number", "minimum": -62135596800}),
        (ma.fields.DateTime(), {"type": "string", "pattern": f"^(?:{lexical.ANY_DATE_TIME_PATTERN})$"}),
        (ma.fields.DateTime("timestamp_ms"), {"type": "number", "minimum": -62135596800000}),
        (ma.fields.DateTime("rfc"), {"type": "string", "pattern": f"^(?:{lexical.rfc_pattern()})$"}),
        (fields.AwareDateTime(), {"type": "string", "format": "date-time"}),
        (fields.TimeDelta(), {"type": "number"}),
        (fields.IP(), {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
        (fields.IPv4(), {"type": "string", "format": "ipv4"}),
        (fields.IPv6(), {"type": "string", "format": "ipv6"}),
        (fields.IPv4Interface(), {"type": "string", "pattern": f"^(?:{lexical.IPV4_INTERFACE_PATTERN})$"}),
        (fields.IPv6Interface(), {"type": "string", "pattern": f"^(?:{lexical.IPV6_INTERFACE_PATTERN})$"}),
        (fields.File(), {"type": "string", "format": "binary"}),
        (fields.Raw(), {}),
    ],
)
def test_the_words_of_each_field(field, words):
    """The same for a field and for its twin."""
    assert keywords(field) == words
    assert keywords(twin_of(field)) == words


def test_the_words_of_validators():
    """Format and pattern are published together."""
    mail = validator_keywords(validate.Email())
    link = validator_keywords(validate.URL(schemes={"https"}))

    assert (mail["format"], mail["maxLength"]) == ("email", 254)
    assert re.search(mail["pattern"], "a@b.co")
    assert link["format"] == "uri"
    assert re.search(link["pattern"], "https://a.de/x")
    assert not re.search(link["pattern"], "http://a.de/x")
    assert validator_keywords(validate.URL(relative=True))["format"] == "uri-reference"
    assert validator_keywords(validate.Length(min=1)) == {}


def test_the_words_hold_for_what_is_dumped():
    """What marshmallow writes is what the words allow."""
    when = dt.datetime(2026, 1, 2, 3, 4, 5, 60)
    for field, value in (
        (fields.Time(), when.time()),
        (fields.NaiveDateTime(), when),
        (fields.Integer(as_string=True), -5),
        (fields.Decimal(as_string=True), "1E+3"),
        (fields.Float(as_string=True), 1e300),
    ):
        assert re.search(keywords(field)["pattern"], field._serialize(value, None, None))


@pytest.mark.parametrize("places", [0, 2, 10])
def test_numbers_that_are_rounded_have_bounds(places):
    """A number with more digits than can be rounded is refused, and the words say so."""
    exact = strict(ma.Schema.from_dict({"value": ma.fields.Decimal(places=places)})(), "json")
    field = exact.fields["value"]
    bound = 10.0 ** (28 - places)

    assert keywords(field) == {
        "type": ["string", "number"],
        "pattern": f"^(?:{lexical.rounded_pattern(27 - places)})$",
        "exclusiveMinimum": -bound,
        "exclusiveMaximum": bound,
    }
    assert field.deserialize(bound * 0.99) > 0
    for value in (bound, -bound, 1e300):
        with pytest.raises(ma.ValidationError):
            field.deserialize(value)


@pytest.mark.parametrize("as_string", [False, True])
@pytest.mark.parametrize("places", [0, 2, 10, 27, 30])
def test_a_text_that_is_rounded_has_as_many_digits_as_can_be_rounded(places, as_string):
    """Each text that the pattern of a rounded Decimal takes can be rounded; the next larger one is refused."""
    field = strict(
        ma.Schema.from_dict({"value": ma.fields.Decimal(places=places, as_string=as_string)})(), "json"
    ).fields["value"]
    pattern = keywords(field)["pattern"]
    whole = "9" * max(27 - places, 0) or "0"

    if places < 28:
        assert re.search(pattern, f"-{whole}.{'9' * 40}")
        assert field.deserialize(f"-{whole}.{'9' * 40}") <= -1
    for text in (f"1{whole}" if places < 27 else "1", "1E+2", "2E+221"):
        assert not re.search(pattern, text)
        with pytest.raises(ma.ValidationError):
            field.deserialize(text)

"""Schemas that refuse what the document refuses."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import enum
import gc
import ipaddress
import re
import sys
import uuid

import marshmallow as ma
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import EXCLUDE, INCLUDE, RAISE, validate

from framework import fields
from framework.fast.bounds import Bounds
from framework.fast.strict import Rules, strict, twin, unknown_message
from framework.fast.strict import _fields as strict_fields
from framework.fast.strict import _lexical as lexical
from framework.fast.strict._hints import hint
from framework.fast.strict._schema import LOCATIONS

TEXT_LOCATIONS = sorted(LOCATIONS - {"json"})


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    NUMBER = 1
    TEXT = "1x"
    HALF = 0.5


def schema_of(field, **meta):
    """A schema of one field named ``x``."""
    return type("One", (ma.Schema,), {"x": field, "Meta": type("Meta", (), {"register": False, **meta})})()


def load(field, value, location="json", **options):
    """What the strict twin of a field makes of a value."""
    return strict(schema_of(field), location, **options).load({"x": value})["x"]


def refusal(schema, data, **options):
    """The messages with which a schema refuses."""
    with pytest.raises(ma.ValidationError) as caught:
        schema.load(data, **options)
    return caught.value.messages


def refuses(field, value, location="json", **options):
    """The messages with which the strict twin of a field refuses a value."""
    return refusal(strict(schema_of(field), location, **options), {"x": value})["x"]


# Types of JSON


@pytest.mark.parametrize(
    ("field", "value", "loaded"),
    [
        (fields.Integer(), 3, 3),
        (fields.Integer(), 1.0, 1),
        (fields.Integer(), -0.0, 0),
        (fields.Integer(), 1e300, int(1e300)),
        (fields.Integer(), 2**80, 2**80),
        (fields.Integer(strict=True), 1.0, 1),
        (fields.Integer(as_string=True), "-12", -12),
        (fields.Float(), 3, 3.0),
        (fields.Float(), 1.5, 1.5),
        (fields.Float(as_string=True), "1.5e3", 1500.0),
        (fields.Decimal(), 3, decimal.Decimal(3)),
        (fields.Decimal(), 0.1, decimal.Decimal("0.1")),
        (fields.Decimal(), "1.50", decimal.Decimal("1.50")),
        (fields.Decimal(places=2, as_string=True), "12.345", decimal.Decimal("12.34")),
        (fields.Boolean(), True, True),
        (fields.Boolean(), False, False),
        (fields.Boolean(truthy={"on"}, falsy={"off"}), "on", True),
        (fields.String(), "1", "1"),
        (fields.String(), "", ""),
        (fields.String(), "ä😀", "ä😀"),
        (fields.UUID(), "12345678-1234-1234-1234-123456789ABC", uuid.UUID("12345678123412341234123456789abc")),
        (fields.Date(), "2026-01-02", dt.date(2026, 1, 2)),
        (fields.Date("%d.%m.%Y"), "02.01.2026", dt.date(2026, 1, 2)),
        (fields.Time(), "03:04:05.5", dt.time(3, 4, 5, 500000)),
        (fields.Time(), "03:04:05Z", dt.time(3, 4, 5, tzinfo=dt.UTC)),
        (ma.fields.DateTime(), "2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        (ma.fields.DateTime(), "2026-01-02T03:04:05", dt.datetime(2026, 1, 2, 3, 4, 5)),
        (ma.fields.DateTime("timestamp"), 1.5, dt.datetime(1970, 1, 1, 0, 0, 1, 500000)),
        (ma.fields.DateTime("timestamp"), -1.5, dt.datetime(1969, 12, 31, 23, 59, 58, 500000)),
        (ma.fields.DateTime("timestamp_ms"), -62135596800000, dt.datetime(1, 1, 1)),
        (ma.fields.DateTime("%Y"), "2026", dt.datetime(2026, 1, 1)),
        (fields.DateTime(), "2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        (fields.NaiveDateTime(), "2026-01-02T03:04:05", dt.datetime(2026, 1, 2, 3, 4, 5)),
        (fields.NaiveDateTime(timezone=dt.UTC), "2026-01-02T03:04:05+01:00", dt.datetime(2026, 1, 2, 2, 4, 5)),
        (fields.AwareDateTime(), "2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        (
            fields.AwareDateTime(default_timezone=dt.UTC),
            "2026-01-02T03:04:05",
            dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        ),
        (fields.TimeDelta(), 1.5, dt.timedelta(seconds=1.5)),
        (fields.IP(), "::1", ipaddress.ip_address("::1")),
        (fields.IPv4(), "1.2.3.4", ipaddress.ip_address("1.2.3.4")),
        (fields.IPv6Interface(), "::1/64", ipaddress.ip_interface("::1/64")),
        (fields.Enum(Colour), "RED", Colour.RED),
        (fields.Enum(Colour, by_value=True), "red", Colour.RED),
        (fields.Enum(Level, by_value=True), 1, Level.LOW),
        (fields.Enum(Level, by_value=True), 1.0, Level.LOW),
        (fields.Enum(Level, by_value=fields.Integer), 2, Level.HIGH),
        (fields.Constant("v1"), "v1", "v1"),
        (fields.Constant(1), 1, 1),
        (fields.List(fields.Integer()), [1, 2.0], [1, 2]),
        (fields.Tuple((fields.Integer(), fields.String())), [1, "a"], (1, "a")),
        (fields.Dict(fields.Integer(), fields.Integer()), {"1": 2}, {1: 2}),
        (fields.DelimitedList(fields.Integer()), "1,2", [1, 2]),
        (fields.Raw(), {"a": [1]}, {"a": [1]}),
    ],
)
def test_a_body_loads_what_the_document_allows(field, value, loaded):
    """A value of the documented type loads, and to marshmallow's value."""
    result = load(field, value)

    assert result == loaded
    assert type(result) is type(loaded)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (fields.Integer(), "3", "Not a valid integer."),
        (fields.Integer(), True, "Not a valid integer."),
        (fields.Integer(), 5.9, "Not a valid integer."),
        (fields.Integer(), float("nan"), "Not a valid integer."),
        (fields.Integer(), float("inf"), "Not a valid integer."),
        (fields.Integer(), b"3", "Not a valid integer."),
        (fields.Integer(), [3], "Not a valid integer."),
        (fields.Integer(as_string=True), 3, "Not a valid integer."),
        (fields.Integer(as_string=True), 3.0, "Not a valid integer."),
        (fields.Integer(as_string=True), "1_0", "Not a valid integer."),
        (fields.Float(), "1.5", "Not a valid number."),
        (fields.Float(), True, "Not a valid number."),
        (fields.Float(allow_nan=True), float("nan"), "Special numeric values (nan or infinity) are not permitted."),
        (fields.Float(), 10**400, "Number too large."),
        (fields.Float(as_string=True), 1.5, "Not a valid number."),
        (fields.Float(as_string=True), "nan", "Not a valid number."),
        (fields.Decimal(), "1_5", "Not a valid number."),
        (fields.Decimal(), " 1.5", "Not a valid number."),
        (fields.Decimal(), False, "Not a valid number."),
        (fields.Decimal(allow_nan=True), float("inf"), "Special numeric values (nan or infinity) are not permitted."),
        (fields.Decimal(as_string=True), 1.5, "Not a valid number."),
        (fields.Decimal(as_string=True), "1e5", "Not a valid number."),
        (fields.Decimal(as_string=True, allow_nan=True), "NaN", "Not a valid number."),
        (fields.Decimal(as_string=True), "9" * 5000, "Number too large."),
        (fields.Boolean(), 1, "Not a valid boolean."),
        (fields.Boolean(), 0.0, "Not a valid boolean."),
        (fields.Boolean(), "true", "Not a valid boolean."),
        (fields.Boolean(), [], "Not a valid boolean."),
        (fields.String(), 1, "Not a valid string."),
        (fields.String(), b"a", "Not a valid string."),
        (fields.String(), "a\ud800", "Not a valid utf-8 string."),
        (fields.UUID(), "12345678123412341234123456789abc", "Not a valid UUID."),
        (fields.UUID(), "{12345678-1234-1234-1234-123456789abc}", "Not a valid UUID."),
        (fields.UUID(), "urn:uuid:12345678-1234-1234-1234-123456789abc", "Not a valid UUID."),
        (fields.UUID(), b"0123456789abcdef", "Not a valid UUID."),
        (fields.UUID(), 5, "Not a valid UUID."),
        (fields.Date(), "20260102", "Not a valid date."),
        (fields.Date(), "2026-W01-1", "Not a valid date."),
        (fields.Date(), "2026-02-30", "Not a valid date."),
        (fields.Date(), "2026-01-02\n", "Not a valid date."),
        (fields.Date(), 20260102, "Not a valid date."),
        (fields.Time(), "03:04", "Not a valid time."),
        (fields.Time(), "T03:04:05", "Not a valid time."),
        (fields.Time(), "030405", "Not a valid time."),
        (fields.Time(), 5, "Not a valid time."),
        (ma.fields.DateTime(), "2026-01-02T03:04:05z", "Not a valid datetime."),
        (ma.fields.DateTime(), "2026-01-02 03:04:05Z", "Not a valid datetime."),
        (ma.fields.DateTime(), "2026-01-02", "Not a valid datetime."),
        (ma.fields.DateTime(), 5, "Not a valid datetime."),
        (ma.fields.DateTime("timestamp"), "1.5", "Not a valid datetime."),
        (ma.fields.DateTime("timestamp"), True, "Not a valid datetime."),
        (ma.fields.DateTime("timestamp_ms"), -62135596800001, "Not a valid datetime."),
        (fields.NaiveDateTime(), "2026-01-02T03:04:05Z", "Not a valid naive datetime."),
        (fields.NaiveDateTime(), "20260102T030405", "Not a valid datetime."),
        (fields.AwareDateTime(), "2026-01-02T03:04:05", "Not a valid aware datetime."),
        (fields.TimeDelta(), "1", "Not a valid period of time."),
        (fields.TimeDelta(), True, "Not a valid period of time."),
        (fields.TimeDelta(), float("nan"), "Not a valid period of time."),
        (fields.TimeDelta(), 1e300, "Not a valid period of time."),
        (fields.IP(), 5, "Not a valid IP address."),
        (fields.IP(), b"1.2.3.4", "Not a valid IP address."),
        (fields.IPv6(), "fe80::1%eth0", "Not a valid IPv6 address."),
        (fields.IPInterface(), "fe80::1%eth0/64", "Not a valid IP interface."),
        (fields.IPv4Interface(), 5, "Not a valid IPv4 interface."),
        (fields.IPv4Interface(), "1.2.3.4/255.0.0.0", "Not a valid IPv4 interface."),
        (fields.IPv4Interface(), "1.2.3.4/08", "Not a valid IPv4 interface."),
        (ma.fields.DateTime("%Y"), "٢٠٢٦", "Not a valid datetime."),
        (fields.NaiveDateTime("%d.%m.%Y"), "1.2.2026", "Not a valid datetime."),
        (fields.Date("%d.%m.%Y"), "1.2.2026", "Not a valid date."),
        (fields.DateTime("%Y"), "٢٠٢٦", "Not a valid datetime."),
        (fields.DateTime("%Y"), "0999", "Not a valid datetime."),
        (fields.DateTime("timestamp"), "1.5", "Not a valid datetime."),
        (fields.DateTime("timestamp_ms"), 253402300799001, "Not a valid datetime."),
        (ma.fields.DateTime("timestamp"), 253402300799.5, "Not a valid datetime."),
        (fields.TimeDelta(), 86399999913601, "Not a valid period of time."),
        (fields.TimeDelta(precision="days"), -1e300, "Not a valid period of time."),
        (fields.IPv6Interface(), "::1/064", "Not a valid IPv6 interface."),
        (fields.IPInterface(), "1.2.3.4/255.255.255.0", "Not a valid IP interface."),
        (fields.IPInterface(), "::1%eth0", "Not a valid IP interface."),
        (fields.Time("%H:%M"), "7:30", "Not a valid time."),
        (fields.IPv4Interface(), b"1.2.3.4/8", "Not a valid IPv4 interface."),
        (fields.Enum(Colour), "red", "Must be one of: RED, BLUE."),
        (fields.Enum(Colour), 1, "Not a valid string."),
        (fields.Enum(Level, by_value=True), True, "Must be one of: 1, 2."),
        (fields.Enum(Level, by_value=True), "1", "Must be one of: 1, 2."),
        (fields.Enum(Level, by_value=True), [1], "Must be one of: 1, 2."),
        (fields.Enum(Level, by_value=fields.Integer), "2", "Not a valid integer."),
        (fields.Enum(Level, by_value=fields.Integer), True, "Not a valid integer."),
        (fields.Constant("v1"), "v2", "Must be equal to v1."),
        (fields.Constant(1), True, "Must be equal to 1."),
        (fields.List(fields.Integer()), "12", "Not a valid list."),
        (fields.List(fields.Integer()), {"1": 2}, "Not a valid list."),
        (fields.Tuple((fields.Integer(),)), "1", "Not a valid tuple."),
        (fields.Dict(), [], "Not a valid mapping type."),
        (fields.DelimitedList(fields.Integer()), [1], "Not a valid delimited list."),
    ],
)
def test_a_body_refuses_what_the_document_refuses(field, value, message):
    """The wrong type is refused with marshmallow's own message."""
    assert refuses(field, value) == [message]


@pytest.mark.parametrize(
    ("field", "value", "messages"),
    [
        (fields.List(fields.Integer()), [1, "2"], {1: ["Not a valid integer."]}),
        (
            fields.Tuple((fields.Integer(), fields.Boolean())),
            [True, 1],
            {0: ["Not a valid integer."], 1: ["Not a valid boolean."]},
        ),
        (fields.Dict(values=fields.Integer()), {"a": "1"}, {"a": {"value": ["Not a valid integer."]}}),
        (fields.Dict(keys=fields.Integer()), {"+1": 1}, {"+1": {"key": ["Not a valid integer."]}}),
        (fields.List(fields.List(fields.Integer())), [["1"]], {0: {0: ["Not a valid integer."]}}),
        (fields.DelimitedList(fields.Integer()), "1, 2", {1: ["Not a valid integer."]}),
        (fields.DelimitedTuple((fields.Integer(), fields.Boolean())), "1,yes", {1: ["Not a valid boolean."]}),
    ],
)
def test_members_are_as_strict_as_fields(field, value, messages):
    """Lists, tuples, dicts and delimited texts look at each member; keys and pieces are texts."""
    assert refuses(field, value) == messages


# Texts


@pytest.mark.parametrize("location", TEXT_LOCATIONS)
@pytest.mark.parametrize(
    ("field", "text", "loaded"),
    [
        (fields.Integer(), "5", 5),
        (fields.Integer(), "-5", -5),
        (fields.Integer(), "0", 0),
        (fields.Integer(strict=True), "5", 5),
        (fields.Integer(), "9" * 4300, int("9" * 4300)),
        (fields.Float(), "1.5", 1.5),
        (fields.Float(), "-1E+3", -1000.0),
        (fields.Decimal(), "1.50", decimal.Decimal("1.50")),
        (fields.Decimal(), "1e2", decimal.Decimal("1e2")),
        (fields.Boolean(), "true", True),
        (fields.Boolean(), "false", False),
        (fields.Boolean(truthy={"on"}), "on", True),
        (fields.TimeDelta(), "90", dt.timedelta(seconds=90)),
        (ma.fields.DateTime("timestamp"), "1.5", dt.datetime(1970, 1, 1, 0, 0, 1, 500000)),
        (ma.fields.DateTime(), "2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        (fields.Enum(Level, by_value=True), "2", Level.HIGH),
        (fields.Enum(Level, by_value=fields.Integer), "2", Level.HIGH),
        (fields.Enum(Mixed, by_value=True), "0.5", Mixed.HALF),
        (fields.Enum(Mixed, by_value=True), "1x", Mixed.TEXT),
        (fields.Constant(3), "3", 3),
        (fields.Constant(True), "true", True),
        (fields.List(fields.Integer()), ["1", "2"], [1, 2]),
        (fields.DelimitedList(fields.Boolean()), "true,false", [True, False]),
        (fields.Integer(pre_load=str.strip), " 5 ", 5),
    ],
)
def test_a_text_loads_by_the_documents_rule(location, field, text, loaded):
    """A text that the document allows loads in every place of texts."""
    assert load(field, text, location) == loaded


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        (fields.Integer(), "1_0", "Not a valid integer."),
        (fields.Integer(), " 5 ", "Not a valid integer."),
        (fields.Integer(), "5\n", "Not a valid integer."),
        (fields.Integer(), "+5", "Not a valid integer."),
        (fields.Integer(), "05", "Not a valid integer."),
        (fields.Integer(), "5.0", "Not a valid integer."),
        (fields.Integer(), "\u0665", "Not a valid integer."),
        (fields.Integer(), "", "Not a valid integer."),
        (fields.Integer(), "9" * 5000, "Number too large."),
        (fields.Float(), "nan", "Not a valid number."),
        (fields.Float(), "Infinity", "Not a valid number."),
        (fields.Float(), "1.", "Not a valid number."),
        (fields.Float(), ".5", "Not a valid number."),
        (fields.Float(), "1_0.5", "Not a valid number."),
        (fields.Float(), "1e400", "Special numeric values (nan or infinity) are not permitted."),
        (fields.Float(), "1e99999", "Number too large."),
        (fields.Decimal(), "1e999999999", "Number too large."),
        (fields.Decimal(), "1e-999999999", "Number too large."),
        (fields.Decimal(), "0x1", "Not a valid number."),
        (fields.Boolean(), "True", "Not a valid boolean."),
        (fields.Boolean(), "1", "Not a valid boolean."),
        (fields.Boolean(), "yes", "Not a valid boolean."),
        (fields.Boolean(), "", "Not a valid boolean."),
        (fields.TimeDelta(), " 90", "Not a valid period of time."),
        (ma.fields.DateTime("timestamp"), "1_0", "Not a valid datetime."),
        (fields.Enum(Level, by_value=True), "01", "Must be one of: 1, 2."),
        (fields.Constant(3), "3.0", "Must be equal to 3."),
    ],
)
def test_a_text_is_refused_by_the_documents_rule(field, text, message):
    """What Python's own readers let pass is refused, and no length of digits is more than that."""
    assert refuses(field, text, "query") == [message]


def test_a_place_that_does_not_exist_is_a_developers_error():
    """A misspelt location or policy is told at once."""
    with pytest.raises(ValueError, match="there is no such place"):
        strict(ma.Schema(), "body")
    with pytest.raises(ValueError, match="there is no such policy"):
        strict(ma.Schema(), "json", unknown="ignore")


# Patterns


@pytest.mark.parametrize(
    ("validator", "good", "bad"),
    [
        (validate.Regexp("[a-z]+"), "abc", "abc1"),
        (validate.Regexp("^[a-z]+$"), "abc", "abc\n"),
        (validate.Regexp(r"\d+"), "12", "١٢"),
        (validate.Regexp(r"\w+"), "ab", "äb"),
        (validate.Regexp("a|ab"), "ab", "abc"),
        (validate.Regexp("abc", re.IGNORECASE), "ABC", "xABC"),
        (validate.Regexp(re.compile("a b", re.VERBOSE)), "ab", "abb"),
        (validate.Regexp("(?i)abc"), "ABC", "ABCD"),
        (validate.And(validate.Length(max=5), validate.And(validate.Regexp("a+"))), "aaa", "aab"),
    ],
)
def test_a_pattern_matches_the_whole_text(validator, good, bad):
    """The document publishes ``^(?:...)$`` with ASCII classes; a newline at the end is not let pass."""
    field = fields.String(validate=validator)

    assert load(field, good) == good
    assert refuses(field, bad) == ["String does not match expected pattern."]
    assert load(fields.List(field), [good]) == [good]
    assert refuses(fields.List(field), [good, bad]) == {1: ["String does not match expected pattern."]}


def test_a_pattern_keeps_its_message_and_its_place():
    """Validators run in the user's order with the user's words."""
    order = []
    field = fields.String(validate=[order.append, validate.Regexp("a", error="No {input} here."), order.append])

    assert refuses(field, "ab") == ["No ab here."]
    assert order == ["ab", "ab"]


def test_a_validator_with_its_own_call_is_left_alone():
    """Only what a class leaves to marshmallow is replaced."""

    class Lax(validate.Regexp):
        def __call__(self, value):
            return value

    class Named(validate.Regexp):
        def __init__(self):
            super().__init__("[a-z]+", error="Letters only.")

    class Both(validate.And):
        pass

    assert load(fields.String(validate=Lax("x")), "anything") == "anything"
    assert refuses(fields.String(validate=Named()), "a1") == ["Letters only."]
    assert refuses(fields.String(validate=Both(Named())), "a1") == ["Letters only."]


def test_a_pattern_that_insists_on_unicode_keeps_it():
    """An inline flag is the user's word; the whole text must match all the same."""
    field = fields.String(validate=validate.Regexp(r"(?u)\w+"))

    assert load(field, "ä") == "ä"
    assert refuses(field, "ä ") == ["String does not match expected pattern."]


@pytest.mark.parametrize(
    "address",
    [
        "a@b.co",
        "first.last+tag@sub.example.com",
        "o'neil@example.org",
        "x@localhost",
        "a@xn--bcher-kva.example",
        "a@b--c.de",
    ],
)
def test_mail_addresses_that_are_taken(address):
    """Ordinary addresses are taken, by marshmallow too."""
    assert load(fields.Email(), address) == address
    assert load(fields.String(validate=validate.Email()), address) == address
    assert validate.Email()(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@b",
        "a@b.c",
        "é@b.co",
        "a@é.co",
        '"a b"@b.co',
        "a..b@c.de",
        ".a@b.co",
        "a@[1.2.3.4]",
        "a@b.co\n",
        "a@-b.co",
        "a" * 250 + "@b.co",
    ],
)
def test_mail_addresses_that_are_refused(address):
    """What the published pattern refuses is refused, with marshmallow's message."""
    assert refuses(fields.Email(), address) == ["Not a valid email address."]
    assert refuses(fields.String(validate=validate.Email(error="No.")), address) == ["No."]


@settings(max_examples=300)
@given(st.from_regex(re.compile(lexical.EMAIL_PATTERN, re.ASCII), fullmatch=True))
def test_the_mail_pattern_is_part_of_marshmallows(address):
    """The strict check takes nothing that marshmallow refuses."""
    assert validate.Email()(address) == address


URLS = {
    "plain": fields.Url(),
    "relative": fields.Url(relative=True),
    "only relative": fields.Url(relative=True, absolute=False),
    "dotless": fields.Url(require_tld=False),
    "schemes": fields.Url(schemes={"svn+ssh", "file"}),
}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "plain",
            ["https://example.com", "http://localhost:80/", "ftp://a:b@x.org/%20?q=1#f", "http://1.2.3.4/a//b"],
            [
                "",
                "/x",
                "example.com",
                "http://a",
                "mailto:a@b.co",
                "http://exä.com",
                "http://a.de/ b",
                "http://a.de/\n",
                "http://a.de/[",
                "http://a.de?",
            ],
        ),
        ("relative", ["/x/y?q#f", "?q=1", "#f", "https://a.de/x", "/"], ["", "x y", "http://", "//a:b"]),
        ("only relative", ["/x", "?q"], ["https://a.de/x", ""]),
        ("dotless", ["http://intranet/x"], ["http://-x/"]),
        ("schemes", ["svn+ssh://a.de/x", "file:///etc/hosts"], ["http://a.de", "svnssh://a.de"]),
    ],
)
def test_urls(kind, good, bad):
    """A URL is what the pattern of its options says, which is an RFC 3986 reference."""
    field = URLS[kind]
    for text in good:
        assert load(field, text) == text
    for text in bad:
        assert refuses(field, text) == ["Not a valid URL."]


@settings(max_examples=300)
@given(st.sampled_from(list(URLS)), st.data())
def test_the_url_patterns_are_part_of_marshmallows(kind, data):
    """The strict check takes nothing that marshmallow refuses."""
    validator = URLS[kind].validators[0]
    pattern = re.compile(strict_fields.pattern_of(validator), re.ASCII)
    text = data.draw(st.from_regex(pattern, fullmatch=True))

    assert validator(text) == text


# Users' classes


class Loud(ma.fields.Integer):
    """Reads by itself."""

    def _deserialize(self, value, attr, data, **kwargs):
        return f"{value}!"


class LouderStill(Loud):
    """Inherits the reading."""


class Age(ma.fields.Integer):
    """Only sets something up."""

    def __init__(self, **kwargs):
        super().__init__(validate=validate.Range(min=0), error_messages={"invalid": "No age."}, **kwargs)

    def _read(self):
        return "mine"


def test_a_class_that_reads_by_itself_is_left_to_it():
    """An overridden ``_deserialize`` decides, also an inherited one."""
    assert load(Loud(), True) == "True!"
    assert load(LouderStill(), "3") == "3!"
    assert twin(Loud, text=False) is Loud


def test_a_class_that_only_sets_up_is_strict():
    """Its own messages, validators and methods stay."""
    field = strict(schema_of(Age()), "json").fields["x"]

    assert load(Age(), 3.0) == 3
    assert refuses(Age(), "3") == ["No age."]
    assert refuses(Age(), -1) == ["Must be greater than or equal to 0."]
    assert isinstance(field, Age)
    assert type(field).__name__ == "Age"
    assert field._read() == "mine"


def test_a_method_replaced_on_the_instance_stays():
    """What hangs on a field instance is the user's own code."""
    field = ma.fields.Integer()
    field._deserialize = lambda value, attr, data, **kwargs: "own"

    assert load(field, "x") == "own"


def test_twins_are_made_once():
    """Twins are cached by class and kind."""
    assert twin(Age, text=False) is twin(Age, text=False)
    assert twin(Age, text=True) is not twin(Age, text=False)
    assert twin(ma.fields.Integer, text=False) is strict_fields.Integer
    assert twin(ma.fields.Integer, text=True) is strict_fields.TextInteger
    assert twin(strict_fields.Integer, text=False) is strict_fields.Integer


class Pet(ma.Schema):
    """A schema with everything that users write."""

    name = fields.String(required=True, data_key="petName", validate=validate.Length(max=5))
    age = Age(attribute="years")
    secret = fields.String(load_only=True)
    id = fields.Integer(dump_only=True)
    size = fields.Method(serialize="get_size", deserialize="set_size")
    tag = fields.Function(deserialize=str.upper)

    error_messages = {"unknown": "Never heard of it."}
    seen: list[object]

    @ma.pre_load
    def strip(self, data, **kwargs):
        return {key: value.strip() if isinstance(value, str) else value for key, value in data.items()}

    @ma.validates("age")
    def check_age(self, value, data_key):
        if value > 99:
            raise ma.ValidationError("Too old.")

    @ma.validates_schema(pass_original=True)
    def check(self, data, original, **kwargs):
        if data.get("name") == "x":
            raise ma.ValidationError("x is not a name.", "name")

    @ma.post_load
    def make(self, data, **kwargs):
        return ("pet", data, type(self) is Pet)

    def set_size(self, value):
        return (value, self)


def test_a_strict_schema_is_the_users_schema():
    """Class, hooks, keys, attributes, messages and methods are the user's."""
    made = strict(Pet(), "json")
    kind, data, same = made.load({"petName": " Rex ", "age": 3, "secret": "s", "size": 4, "tag": "a"})

    assert (kind, same) == ("pet", True)
    assert data == {"name": "Rex", "years": 3, "secret": "s", "size": (4, made), "tag": "A"}
    assert refusal(made, {"petName": "x"}) == {"petName": ["x is not a name."]}
    assert refusal(made, {"age": 100, "id": 1}) == {
        "petName": ["Missing data for required field."],
        "age": ["Too old."],
        "id": ["Never heard of it."],
    }
    assert isinstance(made, Pet)
    assert made.dump({"name": "Rex", "id": 1})["petName"] == "Rex"


# ``get_size`` is looked up when the field is bound.
Pet.get_size = lambda self, obj: 7


def test_the_users_schema_is_not_touched():
    """Neither the instance, nor its class, nor a field or validator that they share."""
    schema = Pet()
    before = {name: (field, dict(vars(field)), type(field)) for name, field in schema.fields.items()}
    declared = {name: dict(vars(field)) for name, field in Pet._declared_fields.items()}
    strict(schema, "json").load({"petName": "Rex"})
    strict(schema, "query").load({"petName": "Rex"})

    assert {name: (field, dict(vars(field)), type(field)) for name, field in schema.fields.items()} == before
    assert {name: dict(vars(field)) for name, field in Pet._declared_fields.items()} == declared
    assert schema.load({"petName": "Rex", "age": "3"})[1]["years"] == 3


def test_fields_belong_to_the_strict_schema():
    """Name, parent and root lead to the strict schema, through members too."""
    made = strict(schema_of(fields.List(fields.Integer())), "json")
    field = made.fields["x"]

    assert field.name == "x"
    assert field.parent is made
    assert field.root is made
    assert field.inner.parent is field
    assert field.inner.root is made
    assert made.load_fields["x"] is field
    assert made.declared_fields["x"] is field


@pytest.mark.parametrize("options", [{"only": ("name",)}, {"exclude": ("age",)}, {"many": True}, {"partial": True}])
def test_the_options_of_the_instance_hold(options):
    """only, exclude, many and partial are the instance's."""

    class Two(ma.Schema):
        name = fields.String(required=True)
        age = fields.Integer(required=True)

    schema, item = Two(**options), {"name": "a"}
    made = strict(schema, "json")
    data = [item] if schema.many else item
    try:
        wanted = schema.load(data)
    except ma.ValidationError as error:
        wanted = error.messages
    try:
        got = made.load(data)
    except ma.ValidationError as error:
        got = error.messages

    assert got == wanted
    assert list(made.fields) == list(schema.fields)


def test_options_of_meta_hold():
    """A format of Meta reaches the fields as marshmallow bound them."""
    made = strict(schema_of(ma.fields.DateTime(), datetimeformat="%Y"), "json")

    assert made.load({"x": "2026"}) == {"x": dt.datetime(2026, 1, 1)}


def test_fields_that_on_bind_field_changed_stay_changed():
    """Binding is not done again; what it did is copied."""

    class Camel(ma.Schema):
        pet_name = fields.Integer()
        bound = 0

        def on_bind_field(self, field_name, field_obj):
            field_obj.data_key = field_name.replace("_n", "N")
            Camel.bound += 1

    made = strict(Camel(), "json")

    assert made.load({"petName": 1}) == {"pet_name": 1}
    assert Camel.bound == 1


def test_strict_of_strict_is_strict():
    """A schema that is strict already stays so."""
    made = strict(strict(schema_of(fields.List(fields.Nested(StrictInner))), "json"), "json")

    assert made.load({"x": [{"n": 1}]}) == {"x": [{"n": 1}]}
    assert refusal(made, {"x": [{"n": "1"}]}) == {"x": {0: {"n": ["Not a valid integer."]}}}


def test_values_from_pre_load_are_marshmallows():
    """What no JSON can carry has come from the user's own code."""

    class Hooked(ma.Schema):
        at = ma.fields.DateTime()
        price = fields.Decimal()
        id = fields.UUID()
        items = fields.List(fields.Integer())

        @ma.pre_load
        def make(self, data, **kwargs):
            return {
                "at": dt.datetime(2026, 1, 2),
                "price": decimal.Decimal("1.5"),
                "id": uuid.UUID(int=1),
                "items": (1, 2),
            }

    for location in ("json", "query"):
        assert strict(Hooked(), location).load({}) == {
            "at": dt.datetime(2026, 1, 2),
            "price": decimal.Decimal("1.5"),
            "id": uuid.UUID(int=1),
            "items": [1, 2],
        }


# Nested


class StrictInner(ma.Schema):
    n = fields.Integer(required=True)


class StrictNode(ma.Schema):
    value = fields.Integer()
    left = fields.Nested(lambda: StrictNode())
    right = fields.Nested("StrictNode")
    others = fields.List(fields.Nested(lambda: StrictNode(exclude=("others",))))


NESTINGS = {
    "class": lambda: fields.Nested(StrictInner),
    "instance": lambda: fields.Nested(StrictInner()),
    "lambda": lambda: fields.Nested(lambda: StrictInner()),
    "name": lambda: fields.Nested("StrictInner"),
    "dict": lambda: fields.Nested({"n": fields.Integer(required=True)}),
    "own class": lambda: type("MyNested", (ma.fields.Nested,), {})(StrictInner),
}


@pytest.mark.parametrize("kind", NESTINGS)
def test_nested_schemas_are_strict(kind):
    """However the schema is named."""
    made = strict(schema_of(NESTINGS[kind]()), "json")

    assert made.load({"x": {"n": 1}}) == {"x": {"n": 1}}
    assert refusal(made, {"x": {"n": "1"}}) == {"x": {"n": ["Not a valid integer."]}}
    assert refusal(made, {"x": {"n": 1, "m": 2}}) == {"x": {"m": ["Unknown field."]}}
    assert refusal(made, {"x": [1]}) == {"x": {"_schema": ["Invalid input type."]}}


def test_nested_schemas_are_strict_wherever_they_stand():
    """In lists, dicts, plucked and many times."""
    made = strict(
        ma.Schema.from_dict(
            {
                "list": fields.List(fields.Nested(StrictInner)),
                "dict": fields.Dict(values=fields.Nested(StrictInner)),
                "pluck": fields.Pluck(StrictInner, "n"),
                "plucks": fields.Pluck(StrictInner, "n", many=True),
                "many": fields.Nested(StrictInner, many=True),
            }
        )(),
        "json",
    )
    wrong = {"n": ["Not a valid integer."]}

    assert made.load({"pluck": 1, "plucks": [1], "many": [{"n": 1}]}) == {
        "pluck": {"n": 1},
        "plucks": [{"n": 1}],
        "many": [{"n": 1}],
    }
    assert refusal(
        made, {"list": [{"n": "1"}], "dict": {"k": {"n": "1"}}, "pluck": "1", "plucks": [1, "1"], "many": [{"n": "1"}]}
    ) == {
        "list": {0: wrong},
        "dict": {"k": {"value": wrong}},
        "pluck": wrong,
        "plucks": {1: wrong},
        "many": {0: wrong},
    }


def test_only_and_exclude_reach_nested_schemas():
    """Dotted names were applied by marshmallow and stay applied."""

    class Outer(ma.Schema):
        one = fields.Nested(StrictInner)
        two = fields.Nested(lambda: StrictNode())
        list = fields.List(fields.Nested(StrictNode))

    made = strict(Outer(only=("two.value", "list.value")), "json")

    assert made.load({"two": {"value": 1}, "list": [{"value": 2}]}) == {"two": {"value": 1}, "list": [{"value": 2}]}
    assert refusal(made, {"two": {"left": {}}, "list": [{"left": {}}], "one": {}}) == {
        "one": ["Unknown field."],
        "two": {"left": ["Unknown field."]},
        "list": {0: {"left": ["Unknown field."]}},
    }


def test_nested_fields_that_differ_have_schemas_that_differ():
    """Only equal declarations share a schema."""

    class Many(ma.Schema):
        a = fields.Integer()
        b = fields.Integer()

    class Several(ma.Schema):
        whole = fields.Nested(Many)
        only = fields.Nested(Many, only=("a",))
        other = fields.Nested(Many, only=("b",))
        without = fields.Nested(Many, exclude=("a",))
        hidden = fields.Nested(Many)
        many = fields.Nested(Many, many=True)

    made = strict(Several(dump_only=("hidden.a",)), "json")

    assert {name: list(field.schema.load_fields) for name, field in made.fields.items()} == {
        "whole": ["a", "b"],
        "only": ["a"],
        "other": ["b"],
        "without": ["b"],
        "hidden": ["b"],
        "many": ["a", "b"],
    }
    assert made.load({"whole": {"a": 1}, "many": [{"a": 1}]}) == {"whole": {"a": 1}, "many": [{"a": 1}]}


def test_nested_schemas_are_looked_up_late():
    """A schema that is named before it exists is found when a value needs it."""
    made = strict(schema_of(fields.Nested("MadeLater")), "json")

    class MadeLater(ma.Schema):
        n = fields.Integer()

    assert refusal(made, {"x": {"n": "1"}}) == {"x": {"n": ["Not a valid integer."]}}


def deep(levels):
    """A chain of nodes with a wrong value at its end."""
    value: dict[str, object] = {"value": "1"}
    for level in range(levels):
        value = {"left" if level % 2 else "right": value, "value": level}
    return value


def test_schemas_that_contain_themselves_are_strict_at_every_depth():
    """Recursion stays lazy."""
    message = refusal(strict(StrictNode(), "json"), deep(50))
    for _ in range(50):
        (message,) = message.values()

    assert message == {"value": ["Not a valid integer."]}


def tree(levels):
    """A full tree of nodes."""
    if not levels:
        return {"value": 1}
    return {"left": tree(levels - 1), "right": tree(levels - 1), "others": [{"left": tree(levels - 1)}]}


def test_a_body_makes_no_more_schemas_than_there_are_declarations():
    """A large recursive body costs no memory that stays."""
    made = strict(StrictNode(), "json")
    made.load(tree(5))
    gc.collect()
    before = sum(isinstance(each, StrictNode) for each in gc.get_objects())
    made.load(tree(8))
    gc.collect()

    assert sum(isinstance(each, StrictNode) for each in gc.get_objects()) == before
    assert before < 40


def test_nested_fields_with_their_own_code_keep_it():
    """An own ``_deserialize`` runs, its schema is strict."""

    class Shouting(ma.fields.Nested):
        def _deserialize(self, value, attr, data, partial=None, **kwargs):
            return ("own", super()._deserialize(value, attr, data, partial=partial, **kwargs))

    made = strict(schema_of(Shouting(StrictInner)), "json")

    assert made.load({"x": {"n": 1}}) == {"x": ("own", {"n": 1})}
    assert refusal(made, {"x": {"n": "1"}}) == {"x": {"n": ["Not a valid integer."]}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.Nested(StrictInner), {}),
        (fields.List(fields.Nested(StrictInner)), [{}]),
        (fields.Dict(values=fields.Nested(StrictInner)), {"k": {}}),
        (fields.Nested(StrictInner, many=True), [{}]),
    ],
)
def test_partial_does_not_reach_nested_schemas(field, value):
    """A patch may leave out what is at the top; what is nested is given whole or not at all, unless a name says so."""
    cls = type(schema_of(field))
    for schema, options in ((cls(partial=True), {}), (cls(), {"partial": True})):
        made = strict(schema, "json")

        assert made.load({}, **options) == {}
        assert "Missing data for required field." in str(refusal(made, {"x": value}, **options))

        lax = strict(schema, "json", rules=Rules(nested_partial=False))
        assert lax.load({"x": value}, **options) == {"x": value}

    for names in (("x",), ("x", "y.n")):
        assert "Missing data" in str(refusal(strict(cls(partial=names), "json"), {"x": value}))
    assert strict(cls(partial=("x", "x.n")), "json").load({"x": value}) == {"x": value}


def test_a_nested_schema_that_is_partial_itself_is_partial():
    """What the user wrote on the nested instance holds."""
    made = strict(schema_of(fields.Nested(StrictInner(partial=True))), "json")

    assert made.load({"x": {}}) == {"x": {}}


# Unknown names


class Open(ma.Schema):
    n = fields.Integer()

    class Meta:
        unknown = INCLUDE


class Heir(Open):
    pass


class Outer(ma.Schema):
    inner = fields.Nested(StrictInner)
    list = fields.List(fields.Nested(lambda: StrictInner()))
    open = fields.Nested(Open)
    heir = fields.Nested(Heir)
    said = fields.Nested(StrictInner, unknown=EXCLUDE)
    instance = fields.Nested(StrictInner(unknown=INCLUDE))


GIVEN = {
    "z": 0,
    "inner": {"n": 1, "z": 1},
    "list": [{"n": 1, "z": 1}],
    "open": {"z": 1},
    "heir": {"z": 1},
    "said": {"n": 1, "z": 1},
    "instance": {"n": 1, "z": 1},
}


def test_unknown_names_are_refused_at_every_depth():
    """RAISE is the default, and what the user wrote on a schema or a field holds there."""
    unknown = {"z": ["Unknown field."]}

    assert refusal(strict(Outer(), "json"), GIVEN) == {**unknown, "inner": unknown, "list": {0: unknown}}


def test_the_default_reaches_every_depth():
    """A default of EXCLUDE holds where nobody wrote anything."""
    assert strict(Outer(), "json", default_unknown=EXCLUDE).load(GIVEN) == {
        "inner": {"n": 1},
        "list": [{"n": 1}],
        "open": {"z": 1},
        "heir": {"z": 1},
        "said": {"n": 1},
        "instance": {"n": 1, "z": 1},
    }


def test_the_argument_wins_at_every_depth():
    """What is asked for in a place comes before what stands on schemas."""
    plain = {"n": 1}
    unknown = {"z": ["Unknown field."]}

    assert strict(Outer(), "json", unknown=EXCLUDE).load(GIVEN) == {
        "inner": plain,
        "list": [plain],
        "open": {},
        "heir": {},
        "said": plain,
        "instance": plain,
    }
    assert strict(Outer(), "json", unknown=INCLUDE).load(GIVEN) == GIVEN
    assert refusal(strict(Outer(), "json", unknown=RAISE), GIVEN) == {
        **unknown,
        "inner": unknown,
        "list": {0: unknown},
        "open": unknown,
        "heir": unknown,
        "said": unknown,
        "instance": unknown,
    }


@pytest.mark.parametrize(
    ("schema", "policy"),
    [
        (StrictInner(), EXCLUDE),
        (StrictInner(unknown=INCLUDE), INCLUDE),
        (Open(), INCLUDE),
        (Heir(), INCLUDE),
        (Open(unknown=EXCLUDE), EXCLUDE),
        (type("Closed", (ma.Schema,), {"Meta": type("Meta", (), {"unknown": RAISE})})(), RAISE),
        (type("Sub", (ma.Schema,), {"Meta": type("Meta", (ma.Schema.Meta,), {"register": False})})(), EXCLUDE),
    ],
)
def test_what_the_user_wrote_is_told_from_what_is_inherited(schema, policy):
    """A Meta of the user or an argument of the instance counts, marshmallow's own default does not."""
    assert strict(schema, "json", default_unknown=EXCLUDE).unknown == policy


@pytest.mark.parametrize("location", ["headers", "cookies"])
def test_headers_and_cookies_always_carry_others(location):
    """RAISE means EXCLUDE there; what was asked for otherwise holds."""
    assert strict(StrictInner(), location).unknown == EXCLUDE
    assert strict(StrictInner(), location, unknown=RAISE).unknown == EXCLUDE
    assert strict(StrictInner(), location, unknown=INCLUDE).unknown == INCLUDE


# Rules


def test_each_rule_can_be_relaxed_by_itself():
    """Without a rule marshmallow's meaning holds, and the other rules stay."""
    pattern = fields.String(validate=validate.Regexp("a"))

    assert load(fields.Integer(), "3", rules=Rules(types=False)) == 3
    assert refuses(fields.Integer(), " 3 ", "query", rules=Rules(types=False))
    assert load(fields.Integer(), " 3 ", "query", rules=Rules(text=False)) == 3
    assert refuses(fields.Integer(), "3", rules=Rules(text=False))
    assert load(pattern, "ab", rules=Rules(patterns=False)) == "ab"
    assert load(fields.Email(), "é@b.co", rules=Rules(patterns=False)) == "é@b.co"
    assert refuses(pattern, 5, rules=Rules(patterns=False)) == ["Not a valid string."]
    assert strict(Outer(partial=True), "json", rules=Rules(nested_partial=False)).load({"inner": {}}) == {"inner": {}}
    assert refuses(fields.Nested(StrictInner), {"n": "1"}, rules=Rules(nested_partial=False))
    assert load(fields.Nested(StrictInner), {"n": "1"}, rules=Rules(types=False)) == {"n": 1}


def test_without_the_rule_for_unknown_names_marshmallow_decides():
    """Then the argument ends at the top, and the default is marshmallow's."""
    lax = Rules(unknown=False)
    unknown = {"z": ["Unknown field."]}

    assert refusal(strict(Outer(), "json", unknown=EXCLUDE, rules=lax), GIVEN) == {
        "inner": unknown,
        "list": {0: unknown},
    }
    assert strict(StrictInner(), "json", default_unknown=EXCLUDE, rules=lax).unknown == RAISE
    assert strict(StrictInner(), "headers", rules=lax).unknown == RAISE


def test_bounds_come_from_the_settings_that_are_there():
    """A bound whose setting is absent keeps its default; ``None`` is not a bound."""
    assert Bounds.from_config({}) == Bounds()
    assert Bounds.from_config({"MAX_ERRORS": 7, "MAX_ERROR_NAME": None}) == Bounds(errors=7, name=sys.maxsize)


def test_rules_are_read_from_the_settings():
    """Each rule has its switch; one that is not set holds."""
    assert Rules.from_config({}) == Rules()
    assert Rules.from_config({"STRICT_TYPES": False, "STRICT_NESTED_PARTIAL": False}) == Rules(
        types=False, nested_partial=False
    )


# Hints


def test_a_near_name_is_hinted_at():
    """The message for an unknown name says what was probably meant."""
    names = ["name", "petName", "age"]

    assert unknown_message("nmae", names) == "Unknown field. Did you mean 'name'?"
    assert unknown_message("zzz", names) == "Unknown field."
    assert unknown_message("n" * 65, ["n" * 64]) == "Unknown field."
    assert unknown_message("agee", names, "Nope.") == "Nope. Did you mean 'age'?"


def test_hints_are_given_at_every_depth():
    """In nested schemas, lists, dicts and collections, by the names that clients write."""

    class Deep(ma.Schema):
        pet_name = fields.String(data_key="petName")
        hidden = fields.String(dump_only=True)
        inner = fields.Nested(StrictInner)
        list = fields.List(fields.Nested(StrictInner))
        tuple = fields.Tuple((fields.Nested(StrictInner), fields.Integer()))
        dict = fields.Dict(values=fields.Nested(StrictInner))
        many = fields.Nested(StrictInner, many=True)

    made = strict(Deep(many=True), "json")
    bad = {"n": 1, "nn": 2}
    given = {
        "petname": 1,
        "hiden": 1,
        "inner": bad,
        "list": [bad],
        "tuple": [bad, "1"],
        "dict": {"k": bad},
        "many": [bad],
    }
    messages = refusal(made, [given])
    before = copy.deepcopy(messages)
    hinted = {"nn": ["Unknown field. Did you mean 'n'?"]}

    assert hint(messages, made) == {
        0: {
            "petname": ["Unknown field. Did you mean 'petName'?"],
            "hiden": ["Unknown field."],
            "inner": hinted,
            "list": {0: hinted},
            "tuple": {0: hinted, 1: ["Not a valid integer."]},
            "dict": {"k": {"value": hinted}},
            "many": {0: hinted},
        }
    }
    assert messages == before


def test_hints_leave_other_messages_alone():
    """Messages of any shape pass through."""
    made = strict(Pet(), "json")

    assert hint({"_schema": ["Bad."], "agee": ["Never heard of it."], "age": {"own": "shape"}}, made) == {
        "_schema": ["Bad."],
        "agee": ["Never heard of it. Did you mean 'age'?"],
        "age": {"own": "shape"},
    }
    assert hint(["Bad."], made) == ["Bad."]


def test_hints_are_bounded():
    """A flood of unknown names is not searched through."""
    messages = {f"agee{number}": ["Never heard of it."] for number in range(100)}
    hinted = hint(messages, strict(Pet(), "json"))

    assert sum(found != ["Never heard of it."] for found in hinted.values()) == 20


# Compared with marshmallow

PLAIN = {
    "integer": (fields.Integer(), st.integers(-(10**6), 10**6) | st.floats(-100, 100) | st.floats()),
    "big integer": (fields.Integer(), st.integers()),
    "float": (fields.Float(), st.integers() | st.floats()),
    "decimal": (fields.Decimal(), st.integers() | st.floats()),
    "decimal text": (fields.Decimal(as_string=True), st.decimals().map(str) | st.floats().map(str)),
    "boolean": (fields.Boolean(), st.booleans() | st.sampled_from([0, 1, "true", "no"])),
    "string": (fields.String(), st.text()),
    "pattern": (fields.String(validate=validate.Regexp("[ab]+$")), st.text("ab\nc")),
    "uuid": (fields.UUID(), st.uuids().map(str) | st.uuids().map(lambda each: each.hex)),
    "date": (fields.Date(), st.dates().map(str) | st.from_regex(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", fullmatch=True)),
    "time": (fields.Time(), st.times().map(str)),
    "naive": (fields.NaiveDateTime(), st.datetimes().map(dt.datetime.isoformat)),
    "aware": (fields.AwareDateTime(), st.datetimes(timezones=st.just(dt.UTC)).map(dt.datetime.isoformat)),
    "ip": (fields.IP(), st.ip_addresses().map(str)),
    "enum": (fields.Enum(Level, by_value=True), st.integers(0, 3) | st.booleans() | st.floats(0, 3)),
    "names": (fields.Enum(Colour), st.sampled_from(["RED", "red", 1, None])),
    "email": (fields.Email(), st.emails()),
    "list": (fields.List(fields.Integer()), st.lists(st.integers() | st.text("01 "))),
    "dict": (fields.Dict(fields.String(), fields.Integer()), st.dictionaries(st.text(), st.integers() | st.booleans())),
    "nested": (
        fields.Nested(StrictInner),
        st.fixed_dictionaries({}, optional={"n": st.integers() | st.text("12"), "m": st.none()}),
    ),
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def outcome(schema, data):
    """What loading gives: a value or messages."""
    try:
        return ("value", schema.load(data))
    except ma.ValidationError as error:
        return ("messages", error.messages)


@pytest.mark.parametrize("kind", PLAIN)
@settings(max_examples=100)
@given(st.data())
def test_what_both_accept_is_the_same_value(kind, data):
    """A strict schema accepts less than marshmallow, never anything else; what both refuse has the same messages."""
    field, likely = PLAIN[kind]
    schema = schema_of(field)
    value = data.draw(likely | ANYTHING)
    theirs, ours = outcome(schema, {"x": value}), outcome(strict(schema, "json"), {"x": value})

    if theirs[0] == "messages":
        assert ours[0] == "messages"
    if ours[0] == "value":
        assert repr(ours) == repr(theirs)


def valid(field, value):
    """Whether the document allows a value: its type, and its published pattern."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if field is PLAIN["integer"][0]:
        return number and value == value and abs(value) != float("inf") and value == int(value)
    if field is PLAIN["float"][0]:
        return number and abs(value) < 2**1024
    if field is PLAIN["decimal"][0]:
        if isinstance(value, str):
            return re.fullmatch(lexical.FLOAT_PATTERN, value) is not None
        return number and (isinstance(value, int) or abs(value) < float("inf"))
    if field is PLAIN["decimal text"][0]:
        return isinstance(value, str) and re.fullmatch(lexical.DECIMAL_PATTERN, value) is not None
    if field is PLAIN["boolean"][0]:
        return isinstance(value, bool)
    if field is PLAIN["string"][0]:
        return isinstance(value, str) and not re.search("[\0\ud800-\udfff]", value)
    if field is PLAIN["pattern"][0]:
        return isinstance(value, str) and re.search("^(?:[ab]+)$(?!\n)", value) is not None
    return number and value in (1, 2)


@pytest.mark.parametrize(
    "kind", ["integer", "float", "decimal", "decimal text", "boolean", "string", "pattern", "enum"]
)
@settings(max_examples=300)
@given(st.data())
def test_strictness_is_the_documents_and_nothing_more(kind, data):
    """Refused is what the document refuses; what it allows is loaded."""
    field, likely = PLAIN[kind]
    value = data.draw(likely | ANYTHING.filter(lambda each: each is not None))

    assert (outcome(strict(schema_of(field), "json"), {"x": value})[0] == "value") is valid(field, value)


@settings(max_examples=500)
@given(st.text("0123456789-+_ e.E\n٣") | st.from_regex(lexical.NUMBER_PATTERN, fullmatch=True))
def test_texts_of_numbers_are_those_of_the_patterns(text):
    """Integers and numbers in a query are exactly those of the published rule."""
    whole = outcome(strict(schema_of(fields.Integer()), "query"), {"x": text})
    real = outcome(strict(schema_of(fields.Float()), "query"), {"x": text})

    assert (whole[0] == "value") is bool(re.fullmatch("-?(0|[1-9][0-9]*)", text, re.ASCII))
    if not re.fullmatch(lexical.NUMBER_PATTERN, text, re.ASCII):
        assert real[0] == "messages"
    elif abs(float(text)) < float("inf") and not re.search("[eE][+-]?[0-9]{4}", text):
        assert real == ("value", {"x": float(text)})

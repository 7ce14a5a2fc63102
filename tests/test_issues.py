"""Each message of a validation problem has a code and a path for programs, the same on both roads."""

from __future__ import annotations

import ast
import copy
import datetime as dt
import decimal
import enum
import io
import json
import pathlib
import pickle
import re
import sys
import urllib.request
from urllib.error import HTTPError

import marshmallow as ma
import pytest

import framework
from framework import (
    App,
    CursorPage,
    FileExtension,
    FileSize,
    FileType,
    Schema,
    ValidationError,
    arguments,
    fields,
    filters,
    json_patch,
    merge_patch,
    paginate,
    response,
    sorts,
    validate,
    validates_schema,
)
from framework.errors import ErrorText, ValidationFailed
from framework.fast import _compare as compare
from framework.fast.strict import _codes as coding
from framework.issues import CODES
from tests.servers import free_port, running


class Colour(enum.Enum):
    red = 1
    green = 2


class Part(Schema):
    """A part."""

    n = fields.Integer(required=True, validate=validate.Range(min=1))


class Cat(Schema):
    """A cat."""

    kind = fields.String(required=True, validate=validate.Equal("cat"))
    toys = fields.Dict(values=fields.List(fields.Nested(Part)))
    plucked = fields.Pluck(Part, "n")
    lives = fields.Integer(validate=validate.Range(max=9))


class Checksum(fields.String):
    """A field with a key of its own, and one that a String has too."""

    default_error_messages = {"invalid": "No checksum.", "bad_digit": "Wrong digit."}

    def _deserialize(self, value, attr, data, **kwargs):
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text.endswith("0"):
            raise self.make_error("bad_digit")
        return text


class Even(validate.Range):
    """A validator that derives from a known one and says what it says by itself."""

    def __call__(self, value):
        super().__call__(value)
        if value % 2:
            raise ValidationError(ErrorText("Not even.", "not_even", step=2))
        return value


def refuse(value):
    """A validator that gives no code."""
    raise ValidationError("No.")


LONG = "9" * 5000
DAY = dt.date(2026, 1, 2)
# Each: a field, a value in JSON that it refuses, and the code and params of the one issue.
JSON_CASES = {
    "required": (fields.String(required=True), ..., "required", {}),
    "null": (fields.String(), None, "null", {}),
    "string": (fields.String(), 1, "invalid_string", {}),
    "nul": (fields.String(), "a\0", "forbidden_character", {}),
    "integer": (fields.Integer(), "1", "invalid_integer", {}),
    "fraction": (fields.Integer(), 1.5, "invalid_integer", {}),
    "digits": (fields.Integer(as_string=True), LONG, "too_large", {}),
    "float": (fields.Float(), "x", "invalid_number", {}),
    "decimal": (fields.Decimal(), [], "invalid_number", {}),
    "boolean": (fields.Boolean(), 1, "invalid_boolean", {}),
    "datetime": (fields.DateTime(), "x", "invalid_datetime", {}),
    "offset": (fields.DateTime(), "2026-01-02T03:04:05", "offset_required", {}),
    "ma_datetime": (ma.fields.DateTime(), "x", "invalid_datetime", {}),
    "aware": (fields.AwareDateTime(), "2026-01-02T03:04:05", "offset_required", {}),
    "naive": (fields.NaiveDateTime(), "2026-01-02T03:04:05Z", "offset_forbidden", {}),
    "date": (fields.Date(), "2026-02-30", "invalid_date", {}),
    "format": (fields.Date(format="%d.%m.%Y"), "2026-02-03", "invalid_date", {}),
    "time": (fields.Time(), "25:00:00", "invalid_time", {}),
    "duration": (fields.TimeDelta(), "x", "invalid_duration", {}),
    "uuid": (fields.UUID(), "x", "invalid_uuid", {}),
    "email": (fields.Email(), "x", "invalid_email", {}),
    "no_email": (fields.Email(), 1, "invalid_email", {}),
    "url": (fields.Url(), "x", "invalid_url", {}),
    "ip": (fields.IP(), "x", "invalid_ip", {}),
    "ipv4": (fields.IPv4(), "::1", "invalid_ipv4", {}),
    "ipv6": (fields.IPv6(), "1.1.1.1", "invalid_ipv6", {}),
    "interface": (fields.IPInterface(), "x", "invalid_ip_interface", {}),
    "interface4": (fields.IPv4Interface(), "x", "invalid_ipv4_interface", {}),
    "interface6": (fields.IPv6Interface(), "x", "invalid_ipv6_interface", {}),
    "enum": (fields.Enum(Colour), "blue", "not_one_of", {"choices": ["red", "green"]}),
    "enum_value": (fields.Enum(Colour, by_value=True), 3, "not_one_of", {"choices": [1, 2]}),
    "constant": (fields.Constant(7), 8, "not_equal", {"value": 7}),
    "list": (fields.List(fields.Integer()), {}, "invalid_list", {}),
    "tuple": (fields.Tuple([fields.Integer()]), 1, "invalid_list", {}),
    "tuple_length": (fields.Tuple([fields.Integer()]), [1, 2], "wrong_length", {"equal": 1}),
    "dict": (fields.Dict(), [], "invalid_object", {}),
    "mapping": (fields.Dict(keys=fields.String(), values=fields.Integer()), 1, "invalid_object", {}),
    "nested": (fields.Nested(Part), [], "invalid_object", {}),
    "many": (fields.Nested(Part, many=True), {}, "invalid_list", {}),
    "one_of": (fields.OneOf("kind", {"cat": Cat}), 1, "invalid_object", {}),
    "pieces": (fields.DelimitedList(fields.Integer()), 1, "invalid_list", {}),
    "too_many_pieces": (fields.DelimitedList(fields.Integer()), "," * 10_000, "too_long", {"max": 10_000}),
    "pair": (fields.DelimitedTuple([fields.Integer()]), 1, "invalid_list", {}),
    "short": (fields.String(validate=validate.Length(min=2)), "a", "too_short", {"min": 2}),
    "long": (fields.String(validate=validate.Length(max=2)), "abc", "too_long", {"max": 2}),
    "short_both": (fields.String(validate=validate.Length(1, 2)), "", "too_short", {"min": 1, "max": 2}),
    "long_both": (
        fields.List(fields.Raw(), validate=validate.Length(1, 2)),
        [1, 2, 3],
        "too_long",
        {"min": 1, "max": 2},
    ),
    "length": (fields.String(validate=validate.Length(equal=2)), "a", "wrong_length", {"equal": 2}),
    "small": (fields.Integer(validate=validate.Range(min=1)), 0, "too_small", {"min": 1}),
    "large": (fields.Float(validate=validate.Range(max=1.5)), 2, "too_large", {"max": 1.5}),
    "small_both": (fields.Integer(validate=validate.Range(1, 9)), 0, "too_small", {"min": 1, "max": 9}),
    "large_both": (fields.Integer(validate=validate.Range(1, 9)), 10, "too_large", {"min": 1, "max": 9}),
    "exclusive": (
        fields.Integer(validate=validate.Range(1, 9, min_inclusive=False, max_inclusive=False)),
        1,
        "too_small",
        {"exclusive_min": 1, "exclusive_max": 9},
    ),
    "large_decimal": (
        fields.Decimal(places=1, validate=validate.Range(max=decimal.Decimal("1.5"))),
        "1.51",
        "too_large",
        {"max": 1.5},
    ),
    "early": (fields.Date(validate=validate.Range(min=DAY)), "2026-01-01", "too_small", {"min": "2026-01-02"}),
    "long_time": (
        fields.TimeDelta(validate=validate.Range(max=dt.timedelta(hours=1))),
        3601,
        "too_large",
        {"max": 3600},
    ),
    "choice": (fields.String(validate=validate.OneOf(["a", "b"])), "c", "not_one_of", {"choices": ["a", "b"]}),
    "choice_set": (fields.Integer(validate=validate.OneOf({3, 1})), 2, "not_one_of", {"choices": [1, 3]}),
    "choice_date": (
        fields.Date(validate=validate.OneOf([DAY])),
        "2026-01-01",
        "not_one_of",
        {"choices": ["2026-01-02"]},
    ),
    "many_choices": (fields.Integer(validate=validate.OneOf(range(101))), 101, "not_one_of", {}),
    "long_choices": (fields.String(validate=validate.OneOf(["a" * 1001])), "b", "not_one_of", {}),
    "only": (
        fields.List(fields.Integer(), validate=validate.ContainsOnly([1, 2])),
        [3],
        "item_not_one_of",
        {"choices": [1, 2]},
    ),
    "none_of": (fields.String(validate=validate.NoneOf(["a"])), "a", "forbidden", {"values": ["a"]}),
    "contains_none": (
        fields.List(fields.Integer(), validate=validate.ContainsNoneOf([1])),
        [1],
        "item_forbidden",
        {"values": [1]},
    ),
    "equal": (fields.Integer(validate=validate.Equal(1)), 2, "not_equal", {"value": 1}),
    "regexp": (fields.String(validate=validate.Regexp("a+")), "b", "pattern", {}),
    "mail": (fields.String(validate=validate.Email()), "b", "invalid_email", {}),
    "address": (fields.String(validate=validate.URL()), "b", "invalid_url", {}),
    "predicate": (fields.String(validate=validate.Predicate("isdigit")), "b", "invalid", {}),
    "both": (
        fields.Integer(validate=validate.And(validate.Range(max=5), lambda value: value)),
        6,
        "too_large",
        {"max": 5},
    ),
    "own_key": (Checksum(), "1", "bad_digit", {}),
    "own_text": (Checksum(), 1, "invalid_string", {}),
    "own_validator": (fields.Integer(validate=Even(max=9)), 3, "not_even", {"step": 2}),
    "own_range": (fields.Integer(validate=Even(max=9)), 10, "too_large", {"max": 9}),
    "function": (fields.Integer(validate=refuse), 1, "invalid", {}),
}
TEXT_CASES = {
    "required": (fields.String(required=True), ..., "required", {}),
    "twice": (fields.Integer(), ["1", "2"], "given_twice", {}),
    "integer": (fields.Integer(), "x", "invalid_integer", {}),
    "digits": (fields.Integer(), LONG, "too_large", {}),
    "number": (fields.Float(), "x", "invalid_number", {}),
    "amount": (fields.Decimal(), "x", "invalid_number", {}),
    "boolean": (fields.Boolean(), "1", "invalid_boolean", {}),
    "date": (fields.Date(), "x", "invalid_date", {}),
    "moment": (fields.DateTime(), "x", "invalid_datetime", {}),
    "duration": (fields.TimeDelta(), "x", "invalid_duration", {}),
    "uuid": (fields.UUID(), "x", "invalid_uuid", {}),
    "enum": (fields.Enum(Colour, by_value=True), "3", "not_one_of", {"choices": [1, 2]}),
    "constant": (fields.Constant("a"), "b", "not_equal", {"value": "a"}),
    "large": (fields.Integer(validate=validate.Range(max=9)), "10", "too_large", {"max": 9}),
}


def body_of(cases):
    """The values of the cases by name; what is missing is left out."""
    return {name: value for name, (_, value, *_) in cases.items() if value is not ...}


def schema_of(cases, change=None):
    """A schema with the fields of the cases."""
    made = {name: copy.deepcopy(case[0]) for name, case in cases.items()}
    for field in made.values():
        if change is not None:
            change(field)
    return Schema.from_dict(made)


def application(fast, schema, location="json", rule="/things", **config):
    """An application that reads a schema in one place."""
    app = App(__name__)
    app.config.update(FAST_PATH=fast, MAX_ERRORS=1000, MAX_ERROR_LENGTH=1_000_000, **config)

    @app.route(rule, methods=["POST"])
    @arguments(schema, location=location)
    @response(200)
    def things(data, **values):
        return {}

    return app


def issues_of(reply):
    """The issues of a refusal; their texts are those of ``errors``, in the same order."""
    assert reply.status_code == 422, reply.text
    found = reply.json["issues"]
    assert [issue["message"] for issue in found] == list(texts(reply.json["errors"]))
    return found


def texts(messages):
    """All texts of a tree of messages."""
    if isinstance(messages, dict):
        for each in messages.values():
            yield from texts(each)
    elif isinstance(messages, list):
        for each in messages:
            yield from texts(each)
    else:
        yield messages


def short(found):
    """Location, path and code of each issue."""
    return [(issue["location"], issue["path"], issue["code"]) for issue in found]


def expected(cases, location, name=lambda each: each):
    """The issues of all cases."""
    return {name(each): (location, code, params) for each, (_, _, code, params) in cases.items()}


def by_name(found):
    """Issues by the one name of their path."""
    assert all(len(issue["path"]) == 1 for issue in found)
    return {issue["path"][0]: (issue["location"], issue["code"], issue["params"]) for issue in found}


# Codes


def test_codes_in_a_body(fast):
    """Each field and each validator has its code, and the limits that the document has."""
    client = application(fast, schema_of(JSON_CASES)).test_client()

    found = issues_of(client.post("/things", json=body_of(JSON_CASES)))

    assert by_name(found) == expected(JSON_CASES, "json")


def test_both_roads_agree_on_codes(caplog):
    """Generated code and marshmallow give the same codes and params, and the comparison of both would tell."""
    client = application("compare", schema_of(JSON_CASES)).test_client()

    client.post("/things", json=body_of(JSON_CASES))

    assert [record for record in caplog.records if record.name == "framework.fast"] == []
    one, other, third = ErrorText("No.", "a", max=1), ErrorText("No.", "b", max=1), ErrorText("No.", "a", max=2)
    assert compare.is_same(one, ErrorText("No.", "a", max=1))
    assert not compare.is_same(one, other)
    assert not compare.is_same(one, third)


def replaced(field):
    """Give a field and its validators other texts."""
    field.error_messages = {key: f"Nope, {key}." for key in field.error_messages}
    waiting = list(field.validators)
    while waiting:
        each = waiting.pop()
        if isinstance(each, validate.And):
            waiting.extend(each.validators)
        elif isinstance(each, validate.Validator):
            each.error = "Nope."


def test_codes_do_not_depend_on_texts(fast):
    """The codes stay where all texts, of fields and of validators, are replaced."""
    client = application(fast, schema_of(copy.deepcopy(JSON_CASES), replaced)).test_client()

    found = issues_of(client.post("/things", json=body_of(JSON_CASES)))

    assert by_name(found) == expected(JSON_CASES, "json")
    kept = [issue["message"] for issue in found if not issue["message"].startswith("Nope")]
    assert len(kept) <= 6, kept  # texts that no setting replaces


@pytest.mark.parametrize("rule", ["TYPES", "TEXT", "PATTERNS"])
def test_relaxed_rules_keep_the_codes(fast, rule):
    """Where marshmallow's own meaning holds, what it refuses has the same codes."""
    cases = {name: JSON_CASES[name] for name in ("string", "float", "list", "long", "choice", "mail", "regexp", "enum")}
    client = application(fast, schema_of(cases), **{f"STRICT_{rule}": False}).test_client()

    assert by_name(issues_of(client.post("/things", json=body_of(cases)))) == expected(cases, "json")


def test_codes_in_a_query(fast):
    """Texts of a query have the codes of what they should say."""
    client = application(fast, schema_of(TEXT_CASES), "query").test_client()

    found = issues_of(client.post("/things", query_string=body_of(TEXT_CASES)))

    assert by_name(found) == expected(TEXT_CASES, "query")


def test_codes_in_a_form(fast):
    """So have those of a form."""
    client = application(fast, schema_of(TEXT_CASES), "form").test_client()

    found = issues_of(client.post("/things", data=body_of(TEXT_CASES)))

    assert by_name(found) == expected(TEXT_CASES, "form")


def test_codes_in_headers(fast):
    """So have headers; they are named as clients write them."""
    cases = {f"x_{name}": case for name, case in TEXT_CASES.items() if name != "twice"}  # servers join them
    client = application(fast, schema_of(cases), "headers").test_client()
    given = {name.replace("_", "-"): value for name, value in body_of(cases).items()}

    found = issues_of(client.post("/things", headers=given))

    assert by_name(found) == expected(cases, "headers", lambda name: name.replace("_", "-"))


def test_codes_in_cookies(fast):
    """So have cookies."""
    cases = {name: case for name, case in TEXT_CASES.items() if name not in ("twice", "digits")}
    client = application(fast, schema_of(cases), "cookies").test_client()
    for name, value in body_of(cases).items():
        client.set_cookie(name, value)

    found = issues_of(client.post("/things"))

    assert by_name(found) == expected(cases, "cookies")


def test_codes_in_a_path(fast):
    """So have the variables of a path."""
    client = application(fast, {"day": fields.Date()}, "path", "/things/<day>").test_client()

    assert short(issues_of(client.post("/things/x"))) == [("path", ["day"], "invalid_date")]


def test_codes_of_files(fast):
    """Files are refused by what they are, by their size and by their names; parts of JSON as a body is."""
    schema = {
        "small": fields.File(validate=FileSize(9, min=2)),
        "image": fields.File(validate=FileType(["image/png"])),
        "named": fields.File(validate=FileExtension(["png"], error="Only {choices}.")),
        "text": fields.File(),
        "gone": fields.File(required=True),
        "part": fields.Nested(Part),
        "broken": fields.Nested(Part),
        "number": fields.Integer(),
    }
    client = application(fast, schema, "multipart").test_client()
    sent = {
        "small": (io.BytesIO(b"x"), "a.txt"),
        "image": (io.BytesIO(b"x"), "a.png"),
        "named": (io.BytesIO(b"x"), "a.txt"),
        "text": "no file",
        "part": '{"n": 0}',
        "broken": "{",
        "number": "x",
        "unknown": "1",
    }

    found = issues_of(client.post("/things", data=sent))

    assert {tuple(issue["path"]): (issue["code"], issue["params"]) for issue in found} == {
        ("small",): ("too_small", {"min": 2, "max": 9}),
        ("image",): ("invalid_file_type", {"choices": ["image/png"]}),
        ("named",): ("invalid_file_extension", {"choices": [".png"]}),
        ("text",): ("invalid_file", {}),
        ("gone",): ("required", {}),
        ("part", "n"): ("too_small", {"min": 1}),
        ("broken",): ("invalid_json", {}),
        ("number",): ("invalid_integer", {}),
        ("unknown",): ("unknown", {}),
    }
    assert {issue["location"] for issue in found} == {"form"}


# Paths


class Tree(Schema):
    """A schema that holds objects in all ways."""

    part = fields.Nested(Part)
    parts = fields.List(fields.Nested(Part))
    more = fields.Nested(Part, many=True)
    by_name = fields.Dict(keys=fields.String(validate=validate.Length(max=5)), values=fields.Integer())
    parts_by_name = fields.Dict(values=fields.Nested(Part))
    keys = fields.Dict(keys=fields.Integer())
    pair = fields.Tuple([fields.Integer(), fields.Nested(Part)])
    animal = fields.OneOf("kind", {"cat": Cat})
    animals = fields.List(fields.OneOf("kind", {"cat": Cat}))
    plucked = fields.Pluck(Part, "n")
    all_plucked = fields.Pluck(Part, "n", many=True)
    ids = fields.DelimitedList(fields.Integer())
    renamed = fields.Integer(data_key="otherName")


def test_paths_lead_to_the_value(fast):
    """A path has the names and indexes of the client's JSON, and nothing of how marshmallow keeps its messages."""
    client = application(fast, Tree).test_client()
    body = {
        "part": {"n": "x", "m": 1},
        "parts": [{"n": 1}, {}],
        "more": [{"n": 1}, 5],
        "by_name": {"longest": "x", "b": "x", "value": "x"},
        "parts_by_name": {"a": {"n": 0}},
        "keys": {"k": 1},
        "pair": ["x", {}],
        "animal": {"kind": "cat", "lives": 10, "toys": {"a": [{"n": 0}]}},
        "animals": [{"kind": "dog"}, {}],
        "plucked": "x",
        "all_plucked": [1, "x"],
        "ids": "1,x",
        "otherName": "x",
        "_schema": 1,
        "unknwon": 1,
    }  # fmt: skip

    found = issues_of(client.post("/things", json=body))

    assert sorted(short(found), key=str) == sorted(
        [
            ("json", ["part", "n"], "invalid_integer"),
            ("json", ["part", "m"], "unknown"),
            ("json", ["parts", 1, "n"], "required"),
            ("json", ["more", 1], "invalid_object"),
            ("json", ["by_name", "longest"], "too_long"),
            ("json", ["by_name", "longest"], "invalid_integer"),
            ("json", ["by_name", "b"], "invalid_integer"),
            ("json", ["by_name", "value"], "invalid_integer"),
            ("json", ["parts_by_name", "a", "n"], "too_small"),
            ("json", ["keys", "k"], "invalid_integer"),
            ("json", ["pair", 0], "invalid_integer"),
            ("json", ["pair", 1, "n"], "required"),
            ("json", ["animal", "lives"], "too_large"),
            ("json", ["animal", "toys", "a", 0, "n"], "too_small"),
            ("json", ["animals", 0, "kind"], "not_one_of"),
            ("json", ["animals", 1, "kind"], "required"),
            ("json", ["plucked"], "invalid_integer"),
            ("json", ["all_plucked", 1], "invalid_integer"),
            ("json", ["ids", 1], "invalid_integer"),
            ("json", ["otherName"], "invalid_integer"),
            ("json", ["_schema"], "unknown"),
            ("json", ["unknwon"], "unknown"),
        ],
        key=str,
    )


@pytest.mark.parametrize(
    ("body", "issues"),
    [
        ({}, [([], "invalid_list")]),
        ([1], [([0], "invalid_object")]),
        ([{"n": 1}, {"n": 0}], [([1, "n"], "too_small")]),
    ],
)
def test_paths_in_a_list(fast, body, issues):
    """The path into a body that is a list begins with an index; that of the body as a whole is empty."""
    client = application(fast, Part(many=True)).test_client()

    assert short(issues_of(client.post("/things", json=body))) == [("json", path, code) for path, code in issues]


@pytest.mark.parametrize("many", [False, True])
def test_paths_in_a_choice(fast, many):
    """The path within one of several objects, or a list of such, has no names that the client has not written."""
    choice = fields.OneOf("kind", {"cat": Cat})
    client = application(fast, fields.List(choice) if many else choice).test_client()
    cat = {"kind": "cat", "toys": {"value": [{"n": 1}, {"n": 0}]}, "plucked": "x"}

    found = issues_of(client.post("/things", json=[cat] if many else cat))

    start = [0] if many else []
    assert short(found) == [
        ("json", [*start, "plucked"], "invalid_integer"),
        ("json", [*start, "toys", "value", 1, "n"], "too_small"),
    ]


def test_path_of_a_whole_body(fast):
    """A missing body, and one of another type, are issues of the body as a whole."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast

    @app.patch("/things")
    @arguments(Part)
    @response(200)
    def things(part):
        return {}

    client = app.test_client()
    assert short(issues_of(client.patch("/things"))) == [("json", [], "required")]
    assert short(issues_of(client.patch("/things", json=[]))) == [("json", [], "invalid_object")]


def test_schema_validators(fast):
    """Validators of a schema have the code that they give, for the object, or for the member that they name."""

    class Period(Schema):
        start = fields.Integer()
        end = fields.Integer()

        @validates_schema
        def check(self, data, **kwargs):
            if data["start"] > data["end"]:
                raise ValidationError([ErrorText("Ends before it starts.", "reversed"), "Wrong."])
            raise ValidationError({"end": [ErrorText("Too far.", "too_far", most=9)]})

    client = application(fast, {"period": fields.Nested(Period)}).test_client()

    assert short(issues_of(client.post("/things", json={"period": {"start": 2, "end": 1}}))) == [
        ("json", ["period"], "reversed"),
        ("json", ["period"], "invalid"),
    ]
    (issue,) = issues_of(client.post("/things", json={"period": {"start": 1, "end": 2}}))
    assert (issue["path"], issue["code"], issue["params"]) == (["period", "end"], "too_far", {"most": 9})


# Codes of one's own


def test_own_codes(fast):
    """A ErrorText gives its code wherever a text is taken, and {...} in it is filled in."""
    schema = {
        "a": fields.Integer(error_messages={"invalid": ErrorText("Not a number: {input}.", "no_number")}),
        "b": fields.Integer(validate=validate.Range(max=3, error=ErrorText("More than {max}.", "over", top=3))),
        "c": fields.String(validate=validate.OneOf(["x"], error=ErrorText("One of {choices}.", "odd"))),
        "d": fields.Email(error_messages={"invalid": ErrorText("No mail.", "no_mail")}),
    }
    client = application(fast, schema).test_client()

    found = issues_of(client.post("/things", json={"a": "x", "b": 4, "c": "y", "d": "z"}))

    assert [(issue["code"], issue["params"], issue["message"]) for issue in found] == [
        ("no_number", {}, "Not a number: x."),
        ("over", {"top": 3}, "More than 3."),
        ("odd", {}, "One of x."),
        ("no_mail", {}, "No mail."),
    ]


def test_raised_by_hand():
    """A ValidationFailed of a handler has issues too, with the codes of its messages."""
    app = App(__name__)

    @app.post("/things")
    @arguments({"name": fields.String()})
    @response(200)
    def things(data):
        raise ValidationFailed({"json": {"name": [ErrorText("Taken.", "taken")], "tags": {0: ["No."]}}}, hint="x")

    reply = app.test_client(contract=False).post("/things", json={"name": "x"})

    assert short(issues_of(reply)) == [("json", ["name"], "taken"), ("json", ["tags", 0], "invalid")]
    assert list(reply.json)[-4:] == ["errors", "issues", "hint", "request_id"]


@pytest.mark.parametrize(("errors", "issues"), [(["No."], []), ({"json": "No."}, [("json", [], "invalid")]), ({}, [])])
def test_errors_of_other_shapes(errors, issues):
    """What an application raises in another shape leaves as it is, without a 500."""
    app = App(__name__)

    @app.post("/things")
    def things():
        raise ValidationFailed(errors, description="No.")

    reply = app.test_client().post("/things")

    assert reply.json["errors"] == errors
    assert short(reply.json["issues"]) == issues


def test_members_of_that_name(fast):
    """An application's own member "issues" stays what it is, also in an answer that is cut."""
    app = App(__name__)
    app.config["MAX_ERROR_LENGTH"] = 100

    @app.post("/things/<int:number>")
    def things(number):
        raise ValidationFailed({"json": {str(each): ["No."] for each in range(number)}}, issues={"mine": 1})

    client = app.test_client()
    assert client.post("/things/1").json["issues"] == {"mine": 1}
    assert client.post("/things/1000").status_code == 422


def test_handlers_read_issues(fast):
    """An error handler, and render_error, find the issues on the error; another shape stays what it says."""
    app = application(fast, Part)

    class Shape(Schema):
        codes = fields.List(fields.String())

    @app.render_error(Shape)
    def shape(error):
        return {"codes": [issue["code"] for issue in getattr(error, "issues", [])]}

    assert app.test_client().post("/things", json={"n": 0}).json == {"codes": ["too_small"]}


def test_texts_stay_texts():
    """A message is a text with equality, hash and JSON of one, also after copying and pickling."""
    message = ErrorText("Taken: {name}.", "taken", max=3)

    for each in (copy.deepcopy(message), pickle.loads(pickle.dumps(message)), message.format(name="{name}")):
        assert each == message
        assert hash(each) == hash("Taken: {name}.")
        assert (each.code, each.params) == ("taken", {"max": 3})
    assert json.dumps([message]) == '["Taken: {name}."]'


def test_params_are_not_shared(fast):
    """A handler that changes the issues changes nothing for the next request."""
    app = application(fast, Part)

    @app.errorhandler(ValidationFailed)
    def change(error):
        for issue in error.issues:
            issue["params"]["min"] = "changed"
        return error

    client = app.test_client()
    assert [issues_of(client.post("/things", json={"n": 0}))[0]["params"] for _ in range(2)] == [{"min": 1}, {"min": 1}]


def test_fields_of_the_user_are_not_touched(fast):
    """Schemas, fields and validators of the user keep their own texts."""
    limit = validate.Range(max=3)

    class Own(Schema):
        n = fields.Integer(validate=limit)

    application(fast, Own).test_client().post("/things", json={"n": 4})

    assert type(limit.message_max) is str
    assert limit.error is None
    assert type(Own().fields["n"].error_messages["invalid"]) is str
    assert type(Own().error_messages["unknown"]) is str


def test_validators_with_a_property_are_left_alone(fast):
    """A subclass whose attributes cannot be set, or ask a database, is used as it is."""

    class Fixed(validate.Range):
        error = property(lambda self: "Fixed.", lambda self, value: None)

    class Late(validate.OneOf):
        asked = 0

        def __init__(self):
            super().__init__(["a"])

        @property
        def choices(self):
            type(self).asked += 1
            return ["a"]

        @choices.setter
        def choices(self, value):
            pass

    late = Late()
    before = Late.asked
    app = application(fast, {"n": fields.Integer(validate=Fixed(max=1)), "c": fields.String(validate=late)})
    app.freeze()

    assert Late.asked == before
    found = issues_of(app.test_client(contract=False).post("/things", json={"n": 2, "c": "b"}))
    assert [(issue["code"], issue["params"]) for issue in found] == [("invalid", {}), ("not_one_of", {})]


# Marks


def test_names_that_no_mark_declares(fast):
    """Unknown names of a query, judged over all marks, and of several marks of one body, have the code too."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast

    @app.post("/things")
    @arguments({"a": fields.Integer()}, location="query")
    @arguments({"b": fields.Integer(required=True)}, location="json")
    @arguments({"c": fields.Integer(required=True)}, location="json")
    @response(200)
    def things(a, b, c):
        return {}

    found = issues_of(app.test_client().post("/things?a=x&z=1", json={"b": "x", "y": 1}))

    assert sorted(short(found)) == [
        ("json", ["b"], "invalid_integer"),
        ("json", ["c"], "required"),
        ("json", ["y"], "unknown"),
        ("query", ["a"], "invalid_integer"),
        ("query", ["z"], "unknown"),
    ]


def test_unreadable_queries(fast):
    """A query that is not UTF-8, or has too many values, is an issue of the query as a whole."""
    client = application(fast, {"a": fields.Integer()}, "query", MAX_QUERY_PARTS=3).test_client()

    (issue,) = issues_of(client.post("/things?a=%FF"))
    assert (issue["path"], issue["code"], issue["params"]) == ([], "invalid_utf8", {})
    (issue,) = issues_of(client.post("/things?a=1&a=1&a=1&a=1"))
    assert (issue["path"], issue["code"], issue["params"]) == ([], "too_many", {"max": 3})


def test_lists(fast):
    """Orders, filters and cursors of a list have codes."""
    app = App(__name__)
    app.config.update(FAST_PATH=fast, SECRET_KEY="a secret of some length")

    @app.get("/things")
    @response(200, Part(many=True))
    @paginate(CursorPage, order_by="n")
    @filters(Part, n=["eq"])
    @sorts(Part, "n")
    def things(**kwargs):
        return []

    client = app.test_client(contract=False)
    assert short(issues_of(client.get("/things?cursor=x"))) == [("query", ["cursor"], "invalid_cursor")]
    assert short(issues_of(client.get("/things?n=x"))) == [("query", ["n"], "invalid_integer")]
    (issue,) = issues_of(client.get("/things?sort=m"))
    assert (issue["path"], issue["code"]) == (["sort", 0], "not_one_of")


def test_merge_patches(fast):
    """A merge patch is refused member by member."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast

    @app.patch("/things")
    @merge_patch(Part)
    @response(200)
    def things(changes):
        return {}

    assert short(issues_of(app.test_client().patch("/things", json={"n": None, "m": 1}))) == [
        ("json", ["n"], "null"),
        ("json", ["m"], "unknown"),
    ]


def test_json_patches(fast):
    """Operations are refused by their index, and the patched resource by its members."""

    class Thing(Schema):
        id = fields.Integer(dump_only=True)
        n = fields.Integer(validate=validate.Range(min=1))
        counts = fields.Dict(values=fields.Nested(Part))

    app = App(__name__)
    app.config["FAST_PATH"] = fast

    @app.patch("/things")
    @json_patch(Thing)
    @response(200)
    def things(patch):
        patch.apply({"id": 1, "n": 1, "counts": {"a": {"n": 1}}})
        return {}

    def sent(*operations):
        body = json.dumps(operations)
        return issues_of(app.test_client().patch("/things", data=body, content_type="application/json-patch+json"))

    assert short(sent({"op": "add", "path": "/n"})) == [("json", [0, "value"], "required")]
    assert short(sent({"op": "test", "path": "/n", "value": 1}, {"op": "x", "path": "n"})) == [
        ("json", [1, "op"], "not_one_of"),
        ("json", [1, "path"], "pattern"),
    ]
    assert short(sent(*[{"op": "remove", "path": "/n"}] * 101)) == [("json", [], "too_long")]
    assert short(sent({"op": "replace", "path": "/id", "value": 2})) == [("json", ["id"], "read_only")]
    assert short(sent({"op": "replace", "path": "/n", "value": 0})) == [("json", ["n"], "too_small")]
    assert short(sent({"op": "replace", "path": "/counts/a/n", "value": 0})) == [
        ("json", ["counts", "a", "n"], "too_small")
    ]


def test_broken_json_has_no_issues(fast):
    """A body that is not JSON is a 400 without fields, so without issues."""
    reply = application(fast, Part).test_client().post("/things", data="{", content_type="application/json")

    assert reply.status_code == 400
    assert "issues" not in reply.json


# Bounds


def test_issues_are_bounded_as_errors_are(fast):
    """There are as many issues as errors, at most MAX_ERRORS, names are cut, and the answer says that it is cut."""
    app = application(fast, Part)
    app.config.update(MAX_ERRORS=7, MAX_ERROR_NAME=6)

    reply = app.test_client().post("/things", json={f"a{number:05}" + "x" * 99: 1 for number in range(5000)})

    found = issues_of(reply)
    assert reply.json["detail"].endswith("There are more errors than are listed.")
    assert len(found) == 7
    assert found[0]["path"] == ["n"]
    assert all(len(issue["path"][0]) <= 9 for issue in found)


def test_issues_leave_the_room_of_errors_alone(fast):
    """In a long answer ``errors`` is what it would be without issues; these have the room that is left."""
    app = application(fast, {"names": fields.List(fields.String(validate=validate.Length(max=1, error="x" * 900)))})
    app.config.update(MAX_ERRORS=100, MAX_ERROR_LENGTH=9_000)
    client = app.test_client()

    replies = [client.post("/things", json={"names": ["ab"] * number}) for number in (3, 6, 200)]

    found = [(len(reply.json["errors"]["json"]["names"]), len(reply.json["issues"])) for reply in replies]
    assert found == [(3, 3), (6, 4), (10, 0)]
    assert all(len(reply.data) <= 9_000 + 1024 for reply in replies)
    assert "shortened" not in replies[2].json["detail"]


def test_a_million_messages_of_an_application():
    """What an application raises itself has at most MAX_ERRORS issues, and stays within the bounds."""
    app = application(True, Part)

    @app.post("/huge")
    @response(200)
    def huge():
        raise ValidationFailed({"json": {str(number): ["Wrong."] for number in range(100_000)}})

    app.config.update(MAX_ERRORS=100, MAX_ERROR_LENGTH=9_000)
    reply = app.test_client(contract=False).post("/huge")

    assert len(reply.data) <= 9_000 + 1024
    assert len(reply.json["issues"]) <= 100
    assert "shortened" in reply.json["detail"]


def test_deep_messages():
    """Messages nested deeper than any request can cause them do not break the answer."""
    deep = ["Wrong."]
    for _ in range(390):
        deep = {"a": deep}
    app = application(True, Part)

    @app.post("/deep")
    @response(200)
    def deepest():
        raise ValidationFailed({"json": deep})

    (issue,) = app.test_client(contract=False).post("/deep").json["issues"]
    assert issue["path"] == ["a"] * 390


# The document, and the list of codes


@pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
def test_the_document_has_the_issues(version):
    """The component of a validation problem describes its issues, and its example has one."""
    app = application(True, Part, OPENAPI_VERSION=version)

    found = app.openapi["components"]["schemas"]["ValidationProblem"]
    example = app.openapi["components"]["responses"]["ValidationFailed"]["content"]["application/problem+json"][
        "example"
    ]

    assert "issues" in found["required"]
    assert found["properties"]["issues"]["items"]["required"] == ["location", "path", "code", "params", "message"]
    assert example["issues"][0]["code"] == "required"
    if version == "3.1.0":
        assert found["properties"]["issues"]["items"]["properties"]["code"]["examples"] == list(CODES)


def test_the_contract_checks_issues(fast):
    """An answer whose issues are not as declared breaks the contract."""
    app = application(fast, Part)

    @app.errorhandler(ValidationFailed)
    def without(error):
        return framework.make_response({"type": "about:blank", "title": "x", "status": 422, "code": "validation_failed",
                                        "errors": {}, "issues": [{"code": 1}]}, 422,
                                       {"Content-Type": "application/problem+json"})  # fmt: skip

    with pytest.raises(framework.errors.ContractViolation, match="issues"):
        app.test_client().post("/things", json={})


def used_codes():
    """The codes that the package gives: those of its tables, and those of its messages."""
    tables = [code for codes in coding.FIELD_CODES.values() for code in codes.values()]
    tables += [code for codes in coding.VALIDATOR_CODES.values() for code in codes]
    tables += coding.SCHEMA_CODES.values()
    folder = pathlib.Path(framework.__file__).parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            maker = getattr(node.func, "id", "")
            if maker in ("ErrorText", "coded") and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                tables.append(node.args[1].value)
            elif maker == "issue" and isinstance(node.args[0], ast.Constant):
                tables.append(node.args[0].value.partition(".")[0])
    return {*tables, "too_large", "too_small", "too_short", "too_long", "wrong_length"}


def test_every_code_is_listed():
    """The list of codes has all that the package gives, and no other."""
    assert used_codes() == set(CODES)
    assert all(re.fullmatch(r"[a-z0-9_]+", code) for code in CODES)


def test_the_docs_list_every_code():
    """The table of the page on errors is the list of codes."""
    page = (pathlib.Path(__file__).parents[1] / "docs" / "errors.rst").read_text()
    rows = re.findall(r"^``(\w+)``  +(?:``([\w, `]+)``)?  *(.+)$", page, re.MULTILINE)

    assert {code: (params.replace("`", ""), text) for code, params, text in rows} == dict(CODES)


# A server


SERVED = """
from framework import App, arguments, fields, response, validate

app = App(__name__)

@app.post("/pets")
@arguments({"name": fields.String(required=True, validate=validate.Length(1, 50))})
@response(200)
def pets(data):
    return {}
"""


def test_a_real_server_sends_issues(tmp_path):
    """Over a socket the answer is the same."""
    (tmp_path / "served.py").write_text(SERVED)
    port = free_port()
    command = [sys.executable, "-m", "framework", "--app", "served", "run", "--port", str(port)]

    with running(command, port, tmp_path / "log"):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/pets", b'{"name": ""}', {"Content-Type": "application/json"}
        )
        with pytest.raises(HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        with caught.value as reply:
            found = json.load(reply)

    assert found["issues"] == [
        {
            "location": "json",
            "path": ["name"],
            "code": "too_short",
            "params": {"min": 1, "max": 50},
            "message": "Length must be between 1 and 50.",
        }
    ]

"""Texts with the character U+0000, which databases refuse, are refused where they come in, and the document says so."""

from __future__ import annotations

import re

import pytest
from marshmallow import ValidationError
from marshmallow import fields as plain_fields

from framework import App, Schema, arguments, fields, response, validate
from framework.openapi.schema._regexes import admits_nul, without_nul


class Shouted(plain_fields.String):
    """A text that reads by itself."""

    def _deserialize(self, value, attr, data, **kwargs):
        return value


class TextSchema(Schema):
    class Meta:
        optional = True

    plain = fields.String()
    lower = fields.String(validate=validate.Regexp("[a-z]+"))
    not_x = fields.String(validate=validate.Regexp("[^x]+"))
    short = fields.List(fields.String(validate=validate.Length(max=3)))
    pairs = fields.Dict(keys=fields.String(), values=fields.String())
    own = Shouted()


@pytest.fixture(params=[True, False, "compare"], ids=["fast", "plain", "compare"])
def app(request):
    app = App("texts")
    app.config["FAST_PATH"] = request.param

    @app.post("/json")
    @arguments(TextSchema)
    @response(200, TextSchema)
    def read_json(text):
        return text

    @app.get("/query")
    @arguments(TextSchema(only=("plain", "not_x", "short")), location="query")
    @response(200, TextSchema)
    def read_query(text):
        return text

    return app


@pytest.mark.parametrize(
    "body",
    [
        {"plain": "a\0"},
        {"lower": "a\0"},
        {"not_x": "a\0"},
        {"short": ["b", "a\0"]},
        {"pairs": {"k": "\0"}},
        {"pairs": {"k\0": "v"}},
    ],
)
def test_a_nul_is_refused(app, body):
    """In members, items, values and keys."""
    reply = app.test_client().post("/json", json=body)

    assert reply.status_code == 422
    assert "U+0000" in reply.text or "lower" in body


@pytest.mark.parametrize("body", [{"plain": "a\\u0000"}, {"plain": "\x01"}, {"not_x": "a"}, {"own": "\0"}, {}])
def test_other_texts_are_taken(app, body):
    """Other control characters, a backslash that only looks like one, and fields that read by themselves."""
    assert app.test_client().post("/json", json=body).json == body


@pytest.mark.parametrize(("query", "status"), [("plain=a%00", 422), ("short=%00", 422), ("plain=a", 200)])
def test_texts_of_a_query_are_the_same(app, query, status):
    """Parameters are texts too."""
    assert app.test_client().get(f"/query?{query}").status_code == status


def test_a_setting_relaxes_it(app):
    """``STRICT_NUL=False`` takes them, and the document says nothing of them."""
    app.config["STRICT_NUL"] = False
    described = app.openapi["components"]["schemas"]["TextInput"]["properties"]

    assert app.test_client().post("/json", json={"plain": "a\0", "not_x": "\0"}).json == {"plain": "a\0", "not_x": "\0"}
    assert described["plain"] == {"type": "string"}


def test_the_document_says_so(app):
    """By a pattern of its own, or by one that is merged with that of the field."""
    described = app.openapi["components"]["schemas"]["TextInput"]["properties"]

    assert described["plain"]["pattern"] == r"^[^\u0000]*$"
    assert described["lower"]["pattern"] == "^[a-z]+$"
    assert re.search(described["not_x"]["pattern"], "abc")
    assert not re.search(described["not_x"]["pattern"], "abc\0")
    assert "pattern" not in described["own"]


@pytest.mark.parametrize(
    ("pattern", "admits"),
    [
        (r"^[a-z]+$", False),
        (r"^[^x]+$", True),
        (r"^[^x\x00]+$", False),
        (r"^[^x\u0000]+$", False),
        (r"^[^\W]$", False),
        (r"^[\D]$", True),
        (r"^\S$", True),
        (r"^\d\.\]$", False),
        (r"^a.c$", True),
        (r"^\x00$", True),
        (r"^[^\]a]$", True),
    ],
)
def test_patterns_that_leave_it_out_stay(pattern, admits):
    """Only a pattern that could match the character is changed, and then it takes what it took but for that."""
    assert admits_nul(pattern) is admits
    changed = re.compile(without_nul(pattern))
    for text in ("a", "abc", "1.]", "\0", "a\0c", "]", "-"):
        assert bool(changed.search(text)) is (bool(re.search(pattern, text)) and "\0" not in text)


def test_a_field_of_marshmallow_keeps_its_own_meaning():
    """The rule belongs to strict inputs, and to no schema by itself."""
    assert TextSchema().load({"plain": "\0"}) == {"plain": "\0"}
    with pytest.raises(ValidationError):
        TextSchema().load({"lower": 1})

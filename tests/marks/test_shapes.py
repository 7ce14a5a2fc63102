"""Shapes: what marks do to values and to the outcomes that describe them."""

from __future__ import annotations

import msgspec
import pytest

from framework import App, Schema, fields, response
from framework.errors import ContractViolation
from framework.marks.base import Mark
from framework.marks.shapes import Shape


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True)


class Inside(Shape):
    """The value becomes a member of an object."""

    def __init__(self, member, order):
        self.member, self.order = member, order

    def fits(self, outcome):
        return outcome.schema is not None

    def outcome(self, outcome, variant=None):
        schema = Schema.from_dict({self.member: fields.Nested(outcome.schema, required=True)})()
        return msgspec.structs.replace(outcome, schema=schema)

    def value(self, ctx, call, value):
        return {self.member: value}


class inside(Mark):
    """Put all answers with a schema into an object."""

    def __init__(self, member, order=100):
        self.shape = Inside(member, order)

    def run(self, plan):
        plan.shapes.append(self.shape)
        return ()


def make_app(fast, *marks, value):
    """An application with a pet and pets, and marks for all its answers."""
    app = App("shapes", marks=marks)
    app.config["FAST_PATH"] = fast
    app.get("/pet")(response(200, PetSchema)(lambda: value))
    app.add_url_rule("/pets", "pets", response(200, PetSchema(many=True))(lambda: [value, value]))
    app.add_url_rule("/free", "free", response(200)(lambda: value))
    return app


def test_all_answers_stand_in_an_envelope(fast):
    """A mark of the application gives each answer another shape, and the document says it."""
    app = make_app(fast, inside("data"), value={"name": "Rex"})
    client = app.test_client()
    described = app.openapi["paths"]["/pets"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert client.get("/pet").json == {"data": {"name": "Rex"}}
    assert client.get("/pets").json == {"data": [{"name": "Rex"}] * 2}
    assert client.get("/free").json == {"name": "Rex"}
    assert described["properties"]["data"] == {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
    assert described["required"] == ["data"]


def test_shapes_apply_in_their_order(fast):
    """The one of the lowest order is the innermost, whatever the order of the marks."""
    marks = inside("a", 1), inside("b", 2)

    for order in (marks, marks[::-1]):
        assert make_app(fast, *order, value={"name": "x"}).test_client().get("/pet").json == {"b": {"a": {"name": "x"}}}


def test_the_contract_knows_what_was_declared(fast):
    """The value of the handler is held to its own schema: what that does not know is told."""
    client = make_app(fast, inside("data"), value={"name": "Rex", "extra": 1}).test_client()

    with pytest.raises(ContractViolation, match=r"the member \$\.extra, which the schema does not have"):
        client.get("/pet")

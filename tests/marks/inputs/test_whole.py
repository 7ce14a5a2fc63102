"""Bodies and answers that are one of several objects as a whole."""

from __future__ import annotations

import jsonschema
import pytest

from framework import App, Schema, arguments, fields, response, validate
from framework.errors import SetupError


class CatSchema(Schema):
    """A cat."""

    kind = fields.String(required=True, validate=validate.Equal("cat"))
    lives = fields.Integer(required=True)


class DogSchema(Schema):
    """A dog."""

    kind = fields.String(required=True, validate=validate.Equal("dog"))
    name = fields.String(required=True, validate=validate.Length(min=1))


def animal():
    return fields.OneOf("kind", {"cat": CatSchema, "dog": DogSchema})


CAT = {"kind": "cat", "lives": 9}
DOG = {"kind": "dog", "name": "Rex"}


@pytest.fixture(params=[True, False, "compare"], ids=["fast", "plain", "compare"])
def app(request):
    app = App("whole")
    app.config["FAST_PATH"] = request.param

    @app.post("/animals")
    @arguments(animal())
    @response(201, animal())
    def add(found):
        """Add an animal."""
        return found

    @app.put("/animals")
    @arguments(fields.List(animal(), validate=validate.Length(max=2)))
    @response(200, fields.List(animal()))
    def replace(found):
        """Replace all animals."""
        return found

    return app


@pytest.mark.parametrize("body", [CAT, DOG])
def test_a_body_is_one_of_several_objects(app, body):
    """It is loaded and dumped by the schema that its discriminator names."""
    reply = app.test_client().post("/animals", json=body)

    assert (reply.status_code, reply.json) == (201, body)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"kind": "cow"}, {"kind": ["Must be one of: cat, dog."]}),
        ({"lives": 9}, {"kind": ["Missing data for required field."]}),
        ({"kind": "dog", "name": ""}, {"name": ["Shorter than minimum length 1."]}),
        ({"kind": "cat", "lives": "9"}, {"lives": ["Not a valid integer."]}),
        ({**CAT, "more": 1}, {"more": ["Unknown field."]}),
        ([], {"_schema": ["Invalid type."]}),
        ("cat", {"_schema": ["Invalid type."]}),
    ],
)
def test_a_wrong_body_is_refused_in_its_own_words(app, body, errors):
    """By the members of the object that it is, or as a whole; the contract agrees."""
    reply = app.test_client().post("/animals", json=body)

    assert (reply.status_code, reply.json["errors"]) == (422, {"json": errors})


def test_a_body_is_a_list_of_them(app):
    """Each item by its own schema; an error names the item."""
    client = app.test_client()

    assert client.put("/animals", json=[CAT, DOG]).json == [CAT, DOG]
    assert client.put("/animals", json=[]).json == []
    assert client.put("/animals", json=[CAT, {"kind": "cow"}]).json["errors"] == {
        "json": {"1": {"kind": ["Must be one of: cat, dog."]}}
    }
    assert client.put("/animals", json=[CAT, CAT, CAT]).status_code == 422
    assert client.put("/animals", json=CAT).status_code == 422


def test_the_document_has_the_choice_itself(app):
    """``oneOf`` with the discriminator, and no object around it."""
    document = app.openapi
    operation = document["paths"]["/animals"]["post"]
    body = operation["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    answer = operation["responses"]["201"]["content"]["application/json"]["schema"]

    assert body["required"] is True
    assert schema["discriminator"]["mapping"] == {
        "cat": "#/components/schemas/CatInput",
        "dog": "#/components/schemas/DogInput",
    }
    assert [each["$ref"] for each in answer["oneOf"]] == ["#/components/schemas/Cat", "#/components/schemas/Dog"]
    judge = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    assert judge.is_valid(CAT)
    assert not judge.is_valid({**CAT, "more": 1})


def test_it_is_a_body_of_json_alone():
    """A form or a query has members, and no value as a whole."""
    with pytest.raises(SetupError, match="whole value"):
        arguments(animal(), location="query")

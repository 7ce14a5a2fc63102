"""Objects of several kinds under one name: ``OneOf``."""

from __future__ import annotations

import typing as t

import marshmallow as ma
import pytest

from framework import App, Schema, arguments, fields, response, validate
from framework.openapi.document import build
from framework.openapi.lint._lint import lint


class CatSchema(Schema):
    """A cat."""

    kind = fields.String(required=True, validate=validate.Equal("cat"))
    lives = fields.Integer(required=True, metadata={"example": 9})


class DogSchema(Schema):
    """A dog."""

    type_ = fields.String(required=True, validate=validate.OneOf(["dog"]), data_key="kind", attribute="kind")
    trained = fields.Boolean()


class OwnerSchema(Schema):
    """Who has pets."""

    pet = fields.OneOf("kind", {"cat": CatSchema, "dog": DogSchema}, required=True)
    others = fields.List(fields.OneOf("kind", {"cat": CatSchema, "dog": DogSchema}))
    last = fields.OneOf("kind", {"cat": CatSchema, "dog": DogSchema}, allow_none=True)


def make(**config: t.Any) -> App:
    app = App(__name__)
    app.config.update(
        API_DESCRIPTION="Pets.",
        API_CONTACT={"name": "The shop"},
        API_LICENSE={"name": "MIT", "identifier": "MIT"},
        **config,
    )

    @app.post("/owners")
    @arguments(OwnerSchema)
    @response(200, OwnerSchema)
    def add(owner: t.Any) -> t.Any:
        """Add an owner."""
        return owner

    @app.put("/owners")
    @arguments(OwnerSchema, unknown=ma.EXCLUDE)
    @response(204)
    def replace(owner: t.Any) -> None:
        """Replace an owner."""

    @app.patch("/owners")
    @arguments(OwnerSchema(partial=True))
    @response(204)
    def change(owner: t.Any) -> None:
        """Change an owner."""

    return app


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def client(request: pytest.FixtureRequest) -> t.Any:
    return make(FAST_PATH=request.param).test_client()


def test_each_kind_is_loaded_and_dumped_by_its_schema(client: t.Any) -> None:
    """The discriminator chooses the schema, on the way in and out, in lists too, and null where it may be."""
    owner = {
        "pet": {"kind": "cat", "lives": 9},
        "others": [{"kind": "dog", "trained": True}, {"kind": "cat", "lives": 1}],
        "last": None,
    }
    reply = client.post("/owners", json=owner)

    assert reply.status_code == 200
    assert reply.json == owner


@pytest.mark.parametrize(
    ("pet", "messages"),
    [
        ({"lives": 9}, {"kind": ["Missing data for required field."]}),
        ({"kind": "cow"}, {"kind": ["Must be one of: cat, dog."]}),
        ({"kind": ["cat"]}, {"kind": ["Must be one of: cat, dog."]}),
        ({"kind": None}, {"kind": ["Must be one of: cat, dog."]}),
        ({"kind": "cat"}, {"lives": ["Missing data for required field."]}),
        ("cat", ["Invalid type."]),
        ([], ["Invalid type."]),
        (None, ["Field may not be null."]),
    ],
)
def test_what_fits_no_kind_is_refused(client: t.Any, pet: t.Any, messages: t.Any) -> None:
    """The messages stand under the discriminator, or under the members of the kind that was meant."""
    reply = client.post("/owners", json={"pet": pet})

    assert reply.status_code == 422
    assert reply.json["errors"]["json"] == {"pet": messages}


def test_the_kinds_are_strict(client: t.Any) -> None:
    """Types are exact, unknown names are refused, and ``partial`` does not reach into them."""
    for pet in ({"kind": "cat", "lives": "9"}, {"kind": "cat", "lives": 9, "trained": True}):
        assert client.post("/owners", json={"pet": pet}).status_code == 422
    assert client.patch("/owners", json={}).status_code == 204
    assert client.put("/owners", json={"pet": {"kind": "cat", "lives": 9, "trained": True}}).status_code == 204
    assert client.patch("/owners", json={"pet": {"kind": "cat"}}).status_code == 422


@pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
def test_the_document_has_one_of_with_a_discriminator(version: str) -> None:
    """Each kind is a component with its tag required and of one value; the mapping leads there."""
    document = build(make(), version)
    schemas = document["components"]["schemas"]

    for name, cat in (("Owner", "Cat"), ("OwnerInput", "CatInput")):
        pet = schemas[name]["properties"]["pet"]
        mapping = pet["discriminator"]["mapping"]
        assert pet["discriminator"]["propertyName"] == "kind"
        assert [each["$ref"] for each in pet["oneOf"]] == list(mapping.values())
        member = schemas[mapping["cat"].rpartition("/")[2]]
        assert mapping["cat"] == f"#/components/schemas/{cat}"
        assert "kind" in member["required"]
        kind = member["properties"]["kind"]
        assert (kind["enum"] if "enum" in kind else [kind["const"]]) == ["cat"]
    assert lint(document) == []


def test_a_kind_without_its_tag_is_a_mistake_of_the_developer() -> None:
    """The schema must declare the discriminator as required, with the one value."""

    class BirdSchema(Schema):
        kind = fields.String(required=True)

    for schemas in ({"bird": BirdSchema}, {"lion": CatSchema}, {}):
        with pytest.raises(ValueError, match=r"distinguished by 'kind'|no schemas"):
            fields.OneOf("kind", schemas)


def test_a_value_of_no_kind_cannot_be_dumped() -> None:
    """What the handler returned is told, with the remedy."""
    with pytest.raises(ValueError, match=r"none of 'cat', 'dog'\. Set it"):
        OwnerSchema().dump({"pet": {"kind": "cow"}})


def test_plain_marshmallow_takes_it_too() -> None:
    """Without strictness members load by marshmallow's own rules."""
    assert OwnerSchema().load({"pet": {"kind": "cat", "lives": "9"}}) == {"pet": {"kind": "cat", "lives": 9}}
    with pytest.raises(ma.ValidationError):
        OwnerSchema().load({"pet": {"kind": "cat", "lives": "x"}})

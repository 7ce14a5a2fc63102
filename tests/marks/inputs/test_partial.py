"""``partial`` with names: a dot leads into a nested schema, on the server as in the document."""

from __future__ import annotations

import marshmallow as ma
import pytest

from framework import App, Schema, arguments, fields, response


class DeepSchema(Schema):
    x = fields.Integer(required=True)
    y = fields.Integer(required=True)


class KidSchema(Schema):
    n = fields.Integer(required=True)
    m = fields.Integer(required=True)
    deep = fields.Nested(DeepSchema)


class CatSchema(Schema):
    kind = fields.String(required=True, validate=ma.validate.Equal("cat"))
    n = fields.Integer(required=True)


class HomeSchema(Schema):
    kid = fields.Nested(KidSchema, required=True)
    kids = fields.List(fields.Nested(KidSchema))
    many = fields.Nested(KidSchema, many=True)
    by_name = fields.Dict(keys=fields.String(), values=fields.Nested(KidSchema), data_key="byName")
    half = fields.Nested(KidSchema(partial=("n",)))
    loose = fields.Nested(KidSchema(partial=True))
    pet = fields.OneOf("kind", {"cat": CatSchema})


KID = {"n": 1, "m": 2}


def status(partial, body, **config):
    """The status of a body; the contract compares each verdict with the document's."""
    app = App("partial")
    app.config.update(config)

    @app.put("/home")
    @arguments(HomeSchema(partial=partial))
    @response(200, {})
    def replace(home):
        return {}

    return app.test_client().put("/home", json=body).status_code


@pytest.mark.parametrize("fast", [True, False, "compare"], ids=["fast", "plain", "compare"])
@pytest.mark.parametrize(
    ("partial", "body", "expected"),
    [
        (("kid.n",), {"kid": {"m": 2}}, 200),
        (("kid.n",), {"kid": {"n": 1}}, 422),
        (("kid.n",), {}, 422),
        (("kid", "kid.n"), {}, 200),
        (("kid",), {"kid": {"m": 2}}, 422),
        (("kid.deep.x",), {"kid": {**KID, "deep": {"y": 1}}}, 200),
        (("kid.deep.x",), {"kid": {**KID, "deep": {"x": 1}}}, 422),
        (("kid.n",), {"kid": KID, "kids": [{"m": 2}]}, 422),
        (("kids.n",), {"kid": KID, "kids": [{"m": 2}, {"n": 1}]}, 422),
        (("kids.n",), {"kid": KID, "kids": [{"m": 2}]}, 200),
        (("many.n",), {"kid": KID, "many": [{"m": 2}]}, 200),
        (("by_name.n",), {"kid": KID, "byName": {"a": {"m": 2}}}, 200),
        (("half.m",), {"kid": KID, "half": {}}, 200),
        (("kid.n",), {"kid": KID, "half": {"m": 1}}, 200),
        (("kid.n",), {"kid": KID, "half": {}}, 422),
        (("kid.n",), {"kid": KID, "loose": {}}, 200),
        (("pet.n",), {"kid": KID, "pet": {"kind": "cat"}}, 200),
        (("kid.n",), {"kid": KID, "pet": {"kind": "cat"}}, 422),
        (("kid.n",), {"kid": {"m": "x"}}, 422),
    ],
)
def test_names_with_a_dot_lead_into_nested_schemas(partial, body, expected, fast):
    """And nowhere else; the nested schema's own ``partial`` holds beside them."""
    assert status(partial, body, FAST_PATH=fast) == expected


@pytest.mark.parametrize("partial", [("kid.n",), {"kid.n"}, ["kid.n"]])
def test_names_may_stand_in_any_collection(partial):
    """A tuple, a set or a list."""
    assert status(partial, {"kid": {"m": 2}}) == 200


def test_the_document_does_not_require_them():
    """The nested object of that one body differs from the component of its class, which stays as it is."""
    app = App("partial")

    @app.put("/home")
    @arguments(HomeSchema(partial=("kid.n",)))
    @response(200, HomeSchema)
    def replace(home):
        return home

    body = app.openapi["paths"]["/home"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["kid"]["required"] == ["m"]
    assert body["properties"]["kids"]["items"] == {"$ref": "#/components/schemas/KidInput"}
    assert app.openapi["components"]["schemas"]["KidInput"]["required"] == ["n", "m"]


@pytest.mark.parametrize(("body", "expected"), [({"kid": {"m": 2}}, 200), ({"kid": {"n": 1}}, 422)])
def test_they_lead_there_without_strictness_too(body, expected):
    """With ``STRICT_NESTED_PARTIAL`` off marshmallow follows them by itself."""
    assert status(("kid.n",), body, STRICT_NESTED_PARTIAL=False) == expected

"""``envelope``: declared answers stand in a member of an object."""

from __future__ import annotations

import pytest

from framework import (
    App,
    Page,
    Router,
    Schema,
    abort,
    envelope,
    fields,
    jsonify,
    paginate,
    produces,
    response,
    sparse,
    stream,
    url_for,
)
from framework.errors import SetupError
from framework.http.media import CSV


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True)
    age = fields.Integer()


REX = {"name": "Rex", "age": 3}


def make_app(fast, *marks):
    """An application with marks for all of it."""
    app = App("wrapped", marks=marks, root_path=".", static_folder=None)
    app.config["FAST_PATH"] = fast
    return app


def answer_of(app, path, status="200"):
    """The JSON schema of an answer."""
    content = app.openapi["paths"][path]["get"]["responses"][status]["content"]["application/json"]
    schema = content["schema"]
    if "$ref" in schema:
        return app.openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def test_one_and_many_stand_in_the_member(fast):
    """An object and a list are wrapped, in the answer and in the document."""
    app = make_app(fast, envelope("data"))
    app.get("/pet")(response(200, PetSchema)(lambda: REX))
    app.add_url_rule("/pets", "pets", response(200, PetSchema(many=True))(lambda: iter([REX])))
    client = app.test_client()

    assert client.get("/pet").json == {"data": REX}
    assert client.get("/pets").json == {"data": [REX]}
    assert answer_of(app, "/pet")["required"] == ["data"]
    assert answer_of(app, "/pets")["properties"]["data"]["type"] == "array"
    assert {"PetEnvelope", "PetListEnvelope", "Pet"} <= set(app.openapi["components"]["schemas"])


def test_each_declared_success_is_wrapped_and_no_error(fast):
    """Another status of success is wrapped; a declared status from 300 on and a raised error are not."""
    app = make_app(fast, envelope("data"))

    @app.get("/<int:status>")
    @response(200, PetSchema)
    @response(202, {"job": fields.String()})
    @response(409, {"taken": fields.Boolean()})
    @response(204)
    def answer(status):
        return {200: REX, 202: ({"job": "7"}, 202), 409: ({"taken": True}, 409), 204: None}.get(status) or (
            abort(404) if status == 404 else None
        )

    client = app.test_client()

    assert client.get("/202").json == {"data": {"job": "7"}}
    assert client.get("/409").json == {"taken": True}
    assert client.get("/204").data == b""
    assert client.get("/404").content_type == "application/problem+json"


def test_what_has_no_schema_is_left_alone(fast):
    """Free JSON, a finished response and a stream keep their shape."""
    app = make_app(fast, envelope("data"))
    app.add_url_rule("/free", "free", response(200)(lambda: {"a": 1}))
    app.add_url_rule("/done", "done", response(200, PetSchema)(lambda: jsonify(REX)))
    app.add_url_rule("/parts", "parts", stream(PetSchema)(lambda: iter([REX])))
    client = app.test_client(contract=False)

    assert client.get("/free").json == {"a": 1}
    assert client.get("/done").json == REX
    assert client.get("/parts").text == '{"name":"Rex","age":3}\n'


def test_the_nearest_envelope_counts(fast):
    """A handler may have another one, or none, and a router its own."""
    app = make_app(fast, envelope("data"))
    router = Router("inner", url_prefix="/inner", marks=[envelope("inner")])
    router.add_url_rule("/pet", "pet", response(200, PetSchema)(lambda: REX))
    router.add_url_rule("/none", "none", envelope(None)(response(200, PetSchema)(lambda: REX)))
    app.register_router(router)
    client = app.test_client()

    assert client.get("/inner/pet").json == {"inner": REX}
    assert client.get("/inner/none").json == REX


def test_members_next_to_the_data_are_dumped_by_their_schema(fast):
    """``values`` is asked for each answer, within its request, with what the handler returned."""

    class MetaSchema(Schema):
        """What is said of an answer."""

        self_ = fields.String(data_key="self", required=True)
        when = fields.Date(metadata={"optional": True})

    async def values(value):
        return {"self_": url_for("pet", name=value["name"])}

    app = make_app(fast, envelope("data", MetaSchema, values))
    app.add_url_rule("/pet/<name>", "pet", response(200, PetSchema)(lambda name: {**REX, "name": name}))

    assert app.test_client().get("/pet/Tom").json == {"self": "/pet/Tom", "data": {"name": "Tom", "age": 3}}
    assert sorted(answer_of(app, "/pet/{name}")["properties"]) == ["data", "self", "when"]


def test_pages_and_chosen_members_stand_inside(fast):
    """``sparse`` narrows the data, ``paginate`` cuts it, and the envelope goes around."""
    app = make_app(fast, envelope("data"))

    @app.get("/pets")
    @sparse()
    @paginate(Page, page_size=1, envelope="items")
    @response(200, PetSchema(many=True))
    def pets():
        return [REX, REX]

    @app.get("/pet")
    @sparse()
    @response(200, PetSchema)
    def pet():
        return REX

    client = app.test_client()

    assert client.get("/pet?fields=age").json == {"data": {"age": 3}}
    assert client.get("/pets?fields=age").json["data"]["items"] == [{"age": 3}]
    assert client.get("/pets?page=2").json["data"]["pagination"]["page"] == 2
    assert [client.get("/pet?fields=age").json for _ in range(4)][-1] == {"data": {"age": 3}}


def test_examples_are_wrapped(fast):
    """A whole example in the document is the whole answer."""
    app = make_app(fast, envelope("data"))
    app.get("/pet")(response(200, PetSchema, example=REX)(lambda: REX))
    content = app.openapi["paths"]["/pet"]["get"]["responses"]["200"]["content"]["application/json"]

    assert REX in [each for value in content.values() for each in walk(value)]
    assert {"data": REX} in [each for value in content.values() for each in walk(value)]


def walk(value):
    """All values within a value."""
    yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(each)


def test_a_table_has_no_envelope(fast):
    """Rows of CSV cannot be wrapped: the start says so, and how to leave the envelope out."""
    app = make_app(fast, envelope("data"))
    app.get("/pets")(produces(CSV())(response(200, PetSchema(many=True))(lambda: [REX])))

    with pytest.raises(SetupError, match=r"envelope\(None\)"):
        app.freeze()


@pytest.mark.parametrize(
    "given",
    [("",), (7,), ("data", {"a": fields.Integer()}), ("data", None, dict), ("a", {"a": fields.Integer()}, dict)],
)
def test_an_envelope_that_cannot_be_is_refused(given):
    """A member without a name, a schema without values and the reverse, and two members of one name."""
    with pytest.raises(SetupError):
        envelope(*given)

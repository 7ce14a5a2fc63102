"""``produces`` and ``consumes``: the same values in several media types, in and out."""

from __future__ import annotations

import itertools
import json

import msgspec
import pytest

from framework import (
    App,
    Resource,
    Router,
    Schema,
    alt_response,
    arguments,
    consumes,
    download,
    errors,
    events,
    fields,
    produces,
    raises,
    response,
    stream,
    validate,
)
from framework.errors import SetupError
from framework.http.media import CSV, MessagePack


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(min=1))
    age = fields.Integer()


class PetNotFound(errors.NotFound):
    """No pet has this id."""


PETS = [{"id": 1, "name": "Rex", "age": 3}, {"id": 2, "name": "Tom", "age": 4}]


def make_app(fast=True, marks=()):
    """Pets in three media types."""
    app = App("negotiation")
    app.config["FAST_PATH"] = fast
    pets = Router("pets", url_prefix="/pets", marks=marks)

    @pets.route("")
    @produces(MessagePack(), CSV())
    class Pets(Resource):
        """All pets."""

        @response(200, PetSchema(many=True))
        def get(self):
            """List pets."""
            return PETS

        @consumes(MessagePack(), CSV())
        @arguments(PetSchema(many=True))
        @response(201, PetSchema(many=True))
        def post(self, added):
            """Add pets."""
            return [{"id": 9, "age": 0, **pet} for pet in added]

    @pets.route("/<int:pet_id>")
    class Pet(Resource):
        """One pet."""

        @produces(MessagePack())
        @response(200, PetSchema)
        @raises(PetNotFound)
        def get(self, pet_id):
            """Show a pet."""
            if pet_id > 2:
                raise PetNotFound()
            return PETS[pet_id - 1]

        @response(200, PetSchema)
        def put(self, pet_id):
            """Keep a pet."""
            return PETS[0]

    app.register_router(pets)
    return app


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def client(request):
    """A client of an application with or without generated functions."""
    return make_app(request.param).test_client()


def test_json_is_the_default(client):
    """Without a wish the answer is JSON, and caches are told what it depends on."""
    reply = client.get("/pets")

    assert (reply.content_type, reply.json) == ("application/json", PETS)
    assert reply.headers["Vary"] == "Accept"


def test_other_media_types(client):
    """The client's wish decides; the values are those of JSON."""
    packed = client.get("/pets", headers={"Accept": "application/msgpack"})
    table = client.get("/pets", headers={"Accept": "text/csv, application/json;q=0.5"})

    assert packed.content_type == "application/msgpack"
    assert msgspec.msgpack.decode(packed.data) == PETS
    assert table.content_type == "text/csv"
    assert table.text == "id,name,age\r\n1,Rex,3\r\n2,Tom,4\r\n"
    assert table.headers["Vary"] == "Accept"


def test_no_acceptable_answer(client):
    """What cannot be given is refused before the handler runs, and says what there is."""
    reply = client.get("/pets", headers={"Accept": "text/html"})

    assert (reply.status_code, reply.json["code"]) == (406, "not_acceptable")
    assert "application/json, application/msgpack, text/csv" in reply.json["detail"]
    assert reply.headers["Vary"] == "Accept"


def test_errors_are_json(client):
    """An error is a problem object, whatever the client wants."""
    reply = client.get("/pets/7", headers={"Accept": "application/msgpack"})

    assert (reply.status_code, reply.mimetype) == (404, "application/problem+json")
    assert reply.headers["Vary"] == "Accept"


def test_operations_without_the_mark(client):
    """Where nothing is negotiated the answer is JSON for everybody."""
    reply = client.put("/pets/1", headers={"Accept": "text/html"})

    assert (reply.status_code, reply.content_type) == (200, "application/json")
    assert "Vary" not in reply.headers


def test_head_has_the_same_headers(client):
    """``HEAD`` is answered like ``GET``."""
    reply = client.head("/pets", headers={"Accept": "application/msgpack"})

    assert (reply.content_type, reply.data) == ("application/msgpack", b"")


def test_the_nearest_mark_counts():
    """A mark of a router gives way to that of the handler."""
    client = make_app(marks=[produces(CSV())]).test_client()

    assert client.get("/pets/1", headers={"Accept": "text/csv"}).status_code == 406
    assert client.put("/pets/1", headers={"Accept": "text/csv"}).text == "id,name,age\r\n1,Rex,3\r\n"


# Bodies


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps([{"name": "Kit", "age": 2}]).encode()),
        ("application/msgpack", msgspec.msgpack.encode([{"name": "Kit", "age": 2}])),
        ("text/csv", b"name,age\nKit,2\n"),
        ("text/csv; charset=utf-8", b"age,name\r\n2,Kit\r\n"),
    ],
)
def test_bodies_of_several_media_types(client, content_type, body):
    """The same schema loads all of them; the numbers of a table are read out of its texts."""
    reply = client.post("/pets", data=body, content_type=content_type)

    assert (reply.status_code, reply.json) == (201, [{"id": 9, "name": "Kit", "age": 2}])


def test_in_and_out_are_chosen_apart(client):
    """What is sent and what is wanted need not be the same."""
    reply = client.post(
        "/pets", data=b"name\nKit\n", content_type="text/csv", headers={"Accept": "application/msgpack"}
    )

    assert msgspec.msgpack.decode(reply.data) == [{"id": 9, "name": "Kit", "age": 0}]


@pytest.mark.parametrize(
    ("content_type", "body", "wrong"),
    [
        ("application/msgpack", msgspec.msgpack.encode([{"name": "", "age": "2"}]), {"name", "age"}),
        ("text/csv", b"name,age\n,two\n", {"name", "age"}),
        ("text/csv", b"name,agee\nKit,2\n", {"agee"}),
        ("application/msgpack", msgspec.msgpack.encode([{"name": "Kit", "id": 3}]), {"id"}),
    ],
)
def test_every_body_is_checked(client, content_type, body, wrong):
    """What a schema refuses it refuses in every media type, and names it in the same way."""
    reply = client.post("/pets", data=body, content_type=content_type)

    assert reply.status_code == 422
    assert set(reply.json["errors"]["json"]["0"]) == wrong


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/msgpack", b"\xc1"),
        ("application/msgpack", msgspec.msgpack.encode([{1: 2}])),
        ("application/msgpack", b"\x91" * 150 + b"\x01"),
        ("application/msgpack", b"\x91" * 100_000),
        ("text/csv", b"a,a\n1,2\n"),
        ("text/csv", b"\xff\xfe"),
    ],
)
def test_broken_bodies(client, content_type, body):
    """What cannot be read is a 400 that says why, also when it is nested without end."""
    reply = client.post("/pets", data=body, content_type=content_type)

    assert (reply.status_code, reply.json["code"]) == (400, "bad_request")


def test_the_length_is_limited(client):
    """The limit of JSON holds for all of them."""
    client.application.config["MAX_JSON_LENGTH"] = 100
    reply = client.post("/pets", data=b"name\n" + b"x\n" * 100, content_type="text/csv")

    assert reply.status_code == 413


def test_other_bodies_are_listed(client):
    """A media type that nobody reads is a 415 that lists what is taken."""
    reply = client.post("/pets", data=b"<pet/>", content_type="application/xml")

    assert reply.status_code == 415
    assert reply.headers["Accept"] == "application/json, application/msgpack, text/csv"


def test_what_is_not_consumed_is_refused():
    """Without the mark a table is no body."""
    app = App("json only")

    @app.route("/")
    class Only(Resource):
        """JSON alone."""

        @arguments(PetSchema)
        @response(204)
        def post(self, pet):
            """Take a pet."""

    assert app.test_client().post("/", data=b"name\nKit\n", content_type="text/csv").status_code == 415


# The document, and mistakes


def test_the_document_has_all_of_them():
    """Answers and bodies have each media type; a table is text there."""
    paths = make_app().openapi["paths"]
    content = paths["/pets"]["get"]["responses"]["200"]["content"]
    body = paths["/pets"]["post"]["requestBody"]["content"]

    assert list(content) == list(body) == ["application/json", "application/msgpack", "text/csv"]
    assert content["application/msgpack"]["schema"] == content["application/json"]["schema"]
    assert content["text/csv"] == {"schema": {"type": "string"}, "x-itemSchema": {"$ref": "#/components/schemas/Pet"}}
    assert body["text/csv"] == {"schema": {"type": "string", "minLength": 1}}
    assert "406" in paths["/pets"]["get"]["responses"]
    assert "406" not in paths["/pets/{pet_id}"]["put"]["responses"]


def test_a_media_type_of_ones_own():
    """Anything with a name, ``dump`` and ``load`` will do."""

    class Shouting:
        name = "application/x-shouting"
        is_text = False

        def dump(self, value):
            return json.dumps(value).upper().encode()

        def load(self, data):
            return json.loads(data.lower())

    app = App("own")

    @app.route("/")
    class Own(Resource):
        """Loud pets."""

        @produces(Shouting())
        @consumes(Shouting())
        @arguments(PetSchema)
        @response(200, PetSchema(only=("name",)))
        def post(self, pet):
            """Repeat a pet."""
            return {"name": pet["name"]}

    loud = "application/x-shouting"
    reply = app.test_client().post("/", data=b'{"NAME": "REX"}', content_type=loud, headers={"Accept": loud})

    assert (reply.content_type, reply.data) == (loud, b'{"NAME": "REX"}')


def test_the_order_of_the_marks_means_nothing():
    """Wherever the marks stand, the answers are the same."""
    seen = set()
    marks = [produces(CSV()), consumes(CSV()), arguments(PetSchema(many=True)), response(200, PetSchema(many=True))]
    for order in itertools.permutations(marks):
        app = App("order")

        def post(pets):
            return [{"id": 1, "age": 1, **pet} for pet in pets]

        for mark in order:
            mark(post)
        app.post("/")(post)
        reply = app.test_client().post(
            "/", data=b"name\nKit\n", content_type="text/csv", headers={"Accept": "text/csv"}
        )
        seen.add((reply.status_code, reply.text))

    assert seen == {(200, "id,name,age\r\n1,Kit,1\r\n")}


@pytest.mark.parametrize(
    "media", [(), (CSV(), CSV()), (MessagePack("application/json"),), (CSV,), (object(),), ("text/csv",)]
)
@pytest.mark.parametrize("mark", [produces, consumes])
def test_what_cannot_be_is_refused(mark, media):
    """Nothing, the same twice, JSON once more, classes, and names without a way to write them."""
    with pytest.raises(SetupError, match=mark.__name__):
        mark(*media)


@pytest.mark.parametrize(
    ("mark", "value", "wanted"),
    [
        (events(PetSchema, keep_alive=None), PETS, "text/event-stream"),
        (stream(PetSchema), PETS, "application/jsonl"),
        (download("image/png"), b"picture", "image/png"),
    ],
)
def test_what_is_no_json_has_no_choice(mark, value, wanted):
    """Streams and files below a router that speaks CSV are answered to those who ask for them by name."""
    app = App("mixed", marks=[produces(CSV())])
    app.get("/")(mark(alt_response(409, PetSchema)(lambda: value)))
    reply = app.test_client().get("/", headers={"Accept": wanted})

    assert (reply.status_code, reply.content_type.partition(";")[0]) == (200, wanted)
    assert "406" not in app.openapi["paths"]["/"]["get"]["responses"]

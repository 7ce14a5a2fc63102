"""``sparse``: the client chooses the members of the answer."""

from __future__ import annotations

import itertools

import pytest

from framework import (
    App,
    CursorPage,
    Page,
    Resource,
    Router,
    Schema,
    etag,
    fields,
    paginate,
    post_dump,
    response,
    sorts,
    sparse,
)
from framework.errors import SetupError
from framework.fast import _codegen as codegen
from framework.marks import responses
from framework.marks.lists._fieldsets import narrowed_schema, output_names, tree_of


class CitySchema(Schema):
    name = fields.String(required=True)
    zip = fields.String(required=True)


class OwnerSchema(Schema):
    name = fields.String(required=True)
    city = fields.Nested(CitySchema)
    pets = fields.List(fields.Nested(lambda: PetSchema(exclude=("owner",))))


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(required=True)
    name = fields.String(required=True, data_key="petName")
    secret = fields.String(load_only=True)
    owner = fields.Nested(OwnerSchema, allow_none=True)
    friends = fields.List(fields.Nested(OwnerSchema, only=("name", "city")))
    label = fields.Method("get_label")
    owner_name = fields.Pluck(OwnerSchema, "name", attribute="keeper")

    def get_label(self, pet):
        return f"{pet['name']}!"


class Hooked(Schema):
    """A schema whose hook needs a member."""

    id = fields.Integer()
    name = fields.String()

    @post_dump
    def shout(self, data, **kwargs):
        data["name"] = data["name"].upper()
        return data


ANN = {"name": "Ann", "city": {"name": "York", "zip": "YO1"}, "pets": []}
PET = {"id": 1, "name": "Rex", "owner": ANN, "friends": [ANN, ANN], "keeper": ANN}
WHOLE = {
    "id": 1,
    "petName": "Rex",
    "owner": ANN,
    "friends": [{"name": "Ann", "city": ANN["city"]}] * 2,
    "label": "Rex!",
    "owner_name": "Ann",
}


def serve(*marks, schema=PetSchema, value=PET, **config):
    """A client of an application that shows a pet."""
    app = App(__name__)
    app.config.update({"SECRET_KEY": "only for tests", "TESTING": True, **config})

    def pet():
        return value

    for mark in marks:
        pet = mark(pet)
    app.get("/pet")(response(200, schema)(pet))
    return app.test_client()


CASES = [
    ("id", {"id": 1}),
    ("petName,id", {"id": 1, "petName": "Rex"}),
    ("owner.name", {"owner": {"name": "Ann"}}),
    ("owner.city.zip,id", {"id": 1, "owner": {"city": {"zip": "YO1"}}}),
    ("owner,owner.name", {"owner": ANN}),
    ("friends.name", {"friends": [{"name": "Ann"}, {"name": "Ann"}]}),
    ("label,owner_name", {"label": "Rex!", "owner_name": "Ann"}),
    ("id,id,id", {"id": 1}),
]


@pytest.mark.parametrize(("names", "expected"), CASES, ids=[names for names, _ in CASES])
def test_what_is_asked_for_is_sent(names, expected, fast):
    """Only the members that are named leave, those of nested objects and lists too, before and after compiling."""
    client = serve(sparse(), FAST_PATH=fast)

    assert [client.get(f"/pet?fields={names}").json for _ in range(4)] == [expected] * 4
    assert list(client.get(f"/pet?fields={names}").json) == [name for name in WHOLE if name in expected]


def test_without_a_choice_all_is_sent(fast):
    """Without the parameter the answer is whole."""
    assert serve(sparse(), FAST_PATH=fast).get("/pet").json == WHOLE


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("fields=petNam", "Did you mean 'petName'?"),
        ("fields=owner.nam", "Did you mean 'owner.name'?"),
        ("fields=secret", "Unknown field."),
        ("fields=name", "Unknown field."),
        ("fields=", "Unknown field."),
        ("fields=" + ",".join(["id"] * 51), "Longer than maximum length 50."),
        ("field=id", "Did you mean 'fields'?"),
        ("fields=id&fields=petName", "Given more than once."),
    ],
)
def test_unknown_names_are_422(query, words, fast):
    """A name that is never sent is refused, with a hint where one is near."""
    reply = serve(sparse(), FAST_PATH=fast).get(f"/pet?{query}")

    assert reply.status_code == 422
    assert words in str(reply.json["errors"]["query"])


def test_an_allow_list(fast):
    """A mark may allow some members alone."""
    client = serve(sparse("id", "owner.name"), FAST_PATH=fast)

    assert client.get("/pet?fields=owner.name,id").json == {"id": 1, "owner": {"name": "Ann"}}
    assert client.get("/pet?fields=owner").status_code == 422


def test_the_document_requires_nothing():
    """The answer is a component of its own in which no member is required, at any depth; others keep theirs."""
    app = serve(sparse()).application
    app.get("/whole")(response(200, PetSchema)(lambda: PET))
    schemas = app.openapi["components"]["schemas"]
    [told] = app.openapi["paths"]["/pet"]["get"]["parameters"]
    content = app.openapi["paths"]["/pet"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert content == {"$ref": "#/components/schemas/PetSparse"}
    assert "required" not in schemas["PetSparse"]
    assert "required" not in schemas["OwnerSparse"]
    assert "required" not in schemas["CitySparse"]
    assert schemas["Pet"]["required"] == ["id", "petName", "owner", "friends", "label", "owner_name"]
    assert told["schema"]["items"]["enum"][:4] == ["id", "petName", "owner", "friends"]
    assert "owner.city.zip" in told["schema"]["items"]["enum"]
    assert "secret" not in told["schema"]["items"]["enum"]
    assert (told["style"], told["explode"]) == ("form", False)


def test_schemas_with_hooks(fast):
    """A hook sees the whole object; what was not asked for is cut afterwards."""
    client = serve(sparse(), schema=Hooked(many=True), value=[{"id": 1, "name": "a"}], FAST_PATH=fast)

    assert [client.get("/pet?fields=id").json for _ in range(4)] == [[{"id": 1}]] * 4
    assert client.get("/pet?fields=name").json == [{"name": "A"}]
    assert client.get("/pet").json == [{"id": 1, "name": "A"}]


def test_lists_in_envelopes(fast):
    """The members are those of the items, in an envelope too, in whatever order the marks stand."""
    marks = [sparse(), paginate(Page, envelope=True), sorts(PetSchema, "name")]
    for order in itertools.permutations(marks):
        client = serve(*order, schema=PetSchema(many=True), value=[PET], FAST_PATH=fast)
        reply = client.get("/pet?fields=owner.name&sort=petName")

        assert reply.json["items"] == [{"owner": {"name": "Ann"}}]
        assert reply.json["pagination"]["total"] == 1
    assert "PetSparsePage" in client.application.openapi["components"]["schemas"]


def test_tags_are_of_what_is_sent(fast):
    """With ``etag`` each part and each choice has a tag of its own, in whatever order the marks stand."""
    pets = [{**PET, "id": number} for number in range(15)]
    for order in itertools.permutations([etag, paginate(Page, envelope=True), sparse()]):
        client = serve(*order, schema=PetSchema(many=True), value=pets, FAST_PATH=fast)
        tags = [client.get(f"/pet{query}").headers["ETag"] for query in ("", "?page=2", "?fields=id")]

        assert len(set(tags)) == 3
        assert client.get("/pet?page=2", headers={"If-None-Match": tags[1]}).status_code == 304
        assert client.get("/pet", headers={"If-None-Match": tags[1]}).status_code == 200


def test_cursors_do_not_ask_which_members():
    """The members that are sent are no part of what a cursor was made for."""
    pets = [{**PET, "id": number} for number in range(5)]
    client = serve(sparse(), paginate(CursorPage, page_size=2), schema=PetSchema(many=True), value=pets)
    path = client.get("/pet").headers["Link"].split(", ")[1].partition(">")[0][1:]

    assert client.get(f"{path}&fields=id").json == [{"id": 2}, {"id": 3}]


def test_several_outcomes(fast):
    """Each outcome has its members; a name of another one chooses nothing of it."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast

    @app.get("/<int:which>")
    @sparse()
    @response(200, CitySchema)
    @response(202, {"later": fields.Integer()})
    def show(which):
        return (ANN["city"], 200) if which else ({"later": 5}, 202)

    client = app.test_client()

    assert client.get("/1?fields=zip,later").json == {"zip": "YO1"}
    assert client.get("/0?fields=zip,later").json == {"later": 5}
    assert client.get("/0?fields=zip").json == {}


def test_choices_that_are_kept_are_bounded():
    """Whoever asks for ever new choices makes the server neither compile nor keep them."""
    names = {f"f{number}": fields.Integer() for number in range(12)}
    client = serve(sparse(), schema=names, value=dict.fromkeys(names, 1))
    made = []
    plan = codegen.plan

    def counted(schema, kind):
        made.append(schema)
        return plan(schema, kind)

    try:
        codegen.plan = counted
        for chosen in itertools.islice(itertools.combinations(names, 3), responses.VARIANTS * 3):
            assert client.get(f"/pet?fields={','.join(chosen)}").json == dict.fromkeys(chosen, 1)
        compiled_for_one_off = len(made)
        for _ in range(responses.USES_UNCOMPILED + 1):
            client.get("/pet?fields=f0")
    finally:
        codegen.plan = plan

    assert compiled_for_one_off <= 2  # the parameters and nothing else
    assert len(made) > compiled_for_one_off


def test_names_are_bounded():
    """Names of a schema that contains itself end; too many deep ones are left out."""

    class Wide(Schema):
        pass

    class Node(Schema):
        value = fields.Integer()
        next = fields.Nested(lambda: Node())
        wide = fields.Nested(Schema.from_dict({f"f{number}": fields.Integer() for number in range(300)}))

    assert output_names(Node()) == ["value", "next", "wide"]
    assert output_names(OwnerSchema())[:4] == ["name", "city", "pets", "city.name"]


def test_the_schema_stays_as_it_was():
    """Narrowing makes a copy."""
    schema = PetSchema()
    narrowed = narrowed_schema(schema, tree_of(["owner.name"]))

    assert narrowed.dump(PET) == {"owner": {"name": "Ann"}}
    assert schema.dump(PET) == WHOLE
    assert PetSchema().dump(PET) == WHOLE


def test_a_router_may_make_all_answers_sparse():
    """Given to a router the mark reaches what has members and passes by the rest."""
    router = Router("pets", marks=[sparse()])

    @router.route("/pet")
    class Pet(Resource):
        @response(200, PetSchema)
        def get(self):
            return PET

        @response(204)
        def delete(self):
            return None

    app = App(__name__)
    app.register_router(router)
    client = app.test_client()

    assert client.get("/pet?fields=id").json == {"id": 1}
    assert client.delete("/pet").status_code == 204


def test_mistakes_are_refused():
    """A mark without members to choose from, or with a name that is never sent."""
    for schema, mark, words in ((None, sparse(), "no members"), (PetSchema, sparse("secret"), "secret")):
        app = serve(mark, schema=schema).application

        with pytest.raises(SetupError, match=words):
            app.freeze()

"""Versions of an API: which one a request gets, what is there in each, and what each document says."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from marshmallow import EXCLUDE, INCLUDE, ValidationError
from openapi_spec_validator import validate as check_document

from framework import (
    CORS,
    App,
    HeaderVersion,
    Link,
    MediaTypeVersion,
    PathPrefix,
    QueryVersion,
    Resource,
    Router,
    Schema,
    Version,
    Versions,
    arguments,
    check_etag,
    errors,
    etag,
    fields,
    filters,
    idempotent,
    limit,
    merge_patch,
    raises,
    response,
    retired,
    searches,
    since,
    sorts,
    sparse,
    until,
    url_for,
    validate,
)
from framework.cli.diff import diff_command
from framework.cli.explain import explain_command
from framework.cli.routes import routes_command
from framework.errors import ContractViolation, RouteConflict, SetupError
from framework.versions import counts_of
from tests.openapi.explored import explore, judge

MEDIA = "application/vnd.shop.{version}+json"


def media(version: str) -> str:
    """The media type of a version."""
    return MEDIA.replace("{version}", version)


# A way, the default, and what a request of a version has in front of its path, behind it, and in its headers.
WAYS: dict[str, tuple[t.Any, str | None, t.Callable[[str], tuple[str, str, dict[str, str]]]]] = {
    "path": (PathPrefix(), None, lambda name: (f"/{name}", "", {})),
    "header": (HeaderVersion(), "v1", lambda name: ("", "", {"API-Version": name})),
    "query": (QueryVersion(), "v1", lambda name: ("", f"?version={name}", {})),
    "media": (MediaTypeVersion(MEDIA), "v1", lambda name: ("", "", {"Accept": media(name)})),
    "all": (
        PathPrefix("/api/{version}") | HeaderVersion("X-Version") | QueryVersion() | MediaTypeVersion(MEDIA),
        "v2",
        lambda name: ("", f"?version={name}", {"X-Version": name, "Accept": media(name)}),
    ),
}
BODIES: dict[str, t.Any] = {
    "v1": {"title": "Rex", "owner": {"name": "ann lee"}},
    "v2": {"name": "Rex", "owner": {"first": "ann", "last": "lee"}},
    "v3": {"names": ["Rex"], "owner": {"first": "ann", "last": "lee"}},
}


class PetNotFound(errors.NotFound):
    """No pet has this id."""


class OwnerSchema(Schema):
    """An owner."""

    first = fields.String(required=True)
    last = fields.String(required=True)


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(dump_only=True)
    names = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    owner = fields.Nested(OwnerSchema, required=True)


def make_versions(by: t.Any, default: str | None, *marks: t.Any) -> Versions:
    """Three versions: the owner has changed once, the pet twice."""
    api = Versions(Version("v1", marks=marks), "v2", "v3", by=by, default=default)

    @api.convert(OwnerSchema, to="v1")
    class OwnerV1Schema(Schema):
        """An owner, in one text."""

        name = fields.String(required=True, validate=validate.Regexp("[a-z]+ [a-z]+"))

        @staticmethod
        def up(data):
            first, last = data["name"].split(" ")
            return {"first": first, "last": last}

        @staticmethod
        def down(data):
            return {"name": f"{data['first']} {data['last']}"}

    @api.convert(PetSchema, to="v2")
    class PetV2Schema(Schema):
        """A pet with one name."""

        id = fields.Integer(dump_only=True)
        name = fields.String(required=True)
        owner = fields.Nested(OwnerSchema, required=True)

        @staticmethod
        def up(data):
            data["names"] = [data.pop("name")]
            return data

        @staticmethod
        def down(data):
            data["name"] = data.pop("names")[0]
            return data

    @api.convert(PetV2Schema, to="v1")
    class PetV1Schema(Schema):
        """A pet with a title."""

        id = fields.Integer(dump_only=True)
        title = fields.String(required=True)
        owner = fields.Nested(OwnerSchema, required=True)

        @staticmethod
        def up(data):
            data["name"] = data.pop("title")
            return data

        @staticmethod
        def down(data):
            data["title"] = data.pop("name")
            return data

    return api


def make_pets(pets: dict[int, t.Any]) -> Router:
    """The routes, which know the newest shapes alone."""
    router = Router("pets", url_prefix="/pets", description="Pets")

    @router.route("")
    class Pets(Resource):
        """All pets."""

        @response(200, PetSchema(many=True))
        def get(self):
            """List pets."""
            return list(pets.values())

        @arguments(PetSchema)
        @response(201, PetSchema, links={"self": Link(".Pet", parameters={"pet_id": "$response.body#/id"})})
        def post(self, pet):
            """Add a pet."""
            assert set(pet) == {"names", "owner"}
            assert set(pet["owner"]) == {"first", "last"}
            pet["id"] = 1
            return pets.setdefault(1, pet)

    @router.route("/<int:pet_id>")
    class Pet(Resource):
        """One pet."""

        @response(200, PetSchema)
        @raises(PetNotFound)
        def get(self, pet_id):
            """Show a pet."""
            if pet_id not in pets:
                raise PetNotFound()
            return pets[pet_id]

        @since("v2")
        @response(204)
        def delete(self, pet_id):
            """Remove a pet."""
            pets.pop(pet_id, None)

    @router.route("/old")
    @until("v1")
    class Old(Resource):
        """What is gone."""

        @response(200, {"pets": fields.String(required=True)})
        def get(self):
            """Show it."""
            return {"pets": url_for("pets.Pets")}

    @router.route("/new")
    @since("v3")
    class New(Resource):
        """What is new."""

        @response(200, {"pets": fields.String(required=True)})
        def get(self):
            """Show it."""
            return {"pets": url_for(".Pets")}

    return router


def make_app(way: str = "path", *marks: t.Any, fast: t.Any = True, default: t.Any = "") -> App:
    """An application with three versions, and a path that is in none."""
    by, usual, _ = WAYS[way]
    app = App("versions")
    app.config["FAST_PATH"] = fast

    @app.route("/health")
    class Health(Resource):
        """Whether it runs."""

        @response(200, {"ok": fields.Boolean(required=True)})
        def get(self):
            """Show it."""
            return {"ok": True}

    make_versions(by, usual if default == "" else default, *marks).mount(app, make_pets({}))
    return app


def ask(client: t.Any, way: str, version: str, method: str, path: str, **rest: t.Any) -> t.Any:
    """A request of a version."""
    before, behind, headers = WAYS[way][2](version)
    return client.open(before + path + behind, method=method, headers={**headers, **rest.pop("headers", {})}, **rest)


# Shapes


@pytest.mark.parametrize("fast", [True, False, "compare"])
@pytest.mark.parametrize("way", WAYS)
def test_each_version_has_its_shape(way, fast):
    """What one version has written all others read, each in its own shape; the handler knows the newest alone."""
    client = make_app(way, fast=fast).test_client()
    for writer, reader in itertools.product(BODIES, BODIES):
        made = ask(client, way, writer, "POST", "/pets", json=BODIES[writer])
        shown = ask(client, way, reader, "GET", "/pets/1")
        listed = ask(client, way, reader, "GET", "/pets")

        assert made.status_code == 201, made.text
        assert made.json == {"id": 1, **BODIES[writer]}
        assert shown.json == {"id": 1, **BODIES[reader]}
        assert listed.json == [shown.json]
        assert shown.headers["X-Version" if way == "all" else "API-Version"] == reader


@pytest.mark.parametrize("way", WAYS)
def test_each_version_refuses_in_its_own_words(way):
    """A body of another version is refused field by field, nested ones too."""
    client = make_app(way).test_client()
    newest = ask(client, way, "v1", "POST", "/pets", json=BODIES["v3"])
    nested = ask(client, way, "v1", "POST", "/pets", json={"title": "Rex", "owner": {"name": "Ann"}})

    assert newest.status_code == 422
    assert newest.json["errors"]["json"].keys() == {"title", "names", "owner"}
    assert nested.json["errors"]["json"] == {"owner": {"name": ["String does not match expected pattern."]}}


def test_what_the_newest_shape_refuses_is_422():
    """A converter may lead to what the newest schema does not take; that is the client's fault, not a broken server."""
    api = Versions("v1", "v2")

    class NewSchema(Schema):
        size = fields.Integer(required=True, validate=validate.Range(max=10))

    @api.convert(NewSchema, to="v1")
    class OldSchema(Schema):
        size = fields.Integer(required=True)
        up = down = staticmethod(lambda data: data)

    router = Router("sizes")

    @router.route("/sizes")
    class Sizes(Resource):
        @arguments(NewSchema)
        @response(200, NewSchema)
        def post(self, data):
            return data

    app = App("refused")
    api.mount(app, router)
    reply = app.test_client(contract=False).post("/v1/sizes", json={"size": 11})

    assert reply.status_code == 422


def test_a_converter_may_refuse():
    """A ``ValidationError`` of ``up`` is a 422; what a schema takes beyond its fields reaches the newest one."""
    api = Versions("v1", "v2")

    class NewSchema(Schema):
        size = fields.Integer()

    @api.convert(NewSchema, to="v1")
    class OldSchema(Schema):
        width = fields.Integer()

        @staticmethod
        def up(data):
            if data.get("width") == 3:
                raise ValidationError("No three.", "width")
            data["size"] = data.pop("width")
            return data

        down = staticmethod(lambda data: data)

    older = api.shapes.of(NewSchema(unknown=INCLUDE), "v1")

    assert older.load({"width": 1, "more": 2}) == {"size": 1, "more": 2}
    assert api.shapes.of(NewSchema(unknown=EXCLUDE), "v1").load({"width": 1, "more": 2}) == {"size": 1}
    with pytest.raises(ValidationError) as raised:
        older.load({"width": 3})
    assert raised.value.messages == {"width": ["No three."]}


def test_a_converter_that_lies_is_found():
    """The contract holds what ``down`` makes against the document of the version."""
    api = Versions("v1", "v2")

    class NewSchema(Schema):
        a = fields.Integer(required=True)

    @api.convert(NewSchema, to="v1")
    class OldSchema(Schema):
        b = fields.Integer(required=True)
        up = down = staticmethod(lambda data: data)

    router = Router("lies")

    @router.route("/lies")
    class Lies(Resource):
        @response(200, NewSchema)
        def get(self):
            return {"a": 1}

    app = App("lies")
    api.mount(app, router)

    assert app.test_client().get("/v2/lies").json == {"a": 1}
    with pytest.raises(ContractViolation, match=r"\$.*b"):
        app.test_client().get("/v1/lies")


def test_a_shape_holds_for_the_versions_before_it():
    """A version without a shape of its own has that of the next one that has."""
    api = Versions("v1", "v2", "v3")

    @api.convert(OwnerSchema, to="v2")
    class OlderSchema(Schema):
        name = fields.String()
        up = down = staticmethod(lambda data: data)

    shapes = [api.shapes.of(OwnerSchema(), name) for name in api.names]

    assert [list(shape.fields) for shape in shapes] == [["name"], ["name"], ["first", "last"]]
    assert type(shapes[2]) is OwnerSchema


def test_schemas_around_changed_ones_change_with_them():
    """Nested, in lists and as values of a mapping; what holds nothing changed stays the very same."""
    api = make_versions(PathPrefix(), None)

    class HouseSchema(Schema):
        one = fields.Nested(OwnerSchema)
        many = fields.Nested(OwnerSchema, many=True)
        listed = fields.List(fields.Nested(lambda: OwnerSchema(only=("first", "last"))))
        named = fields.Dict(fields.String(), fields.Nested(OwnerSchema))

    class TreeSchema(Schema):
        inner = fields.Nested(lambda: TreeSchema(), allow_none=True)

    older, tree = api.shapes.of(HouseSchema(), "v1"), TreeSchema()
    owner, old = {"first": "ann", "last": "lee"}, {"name": "ann lee"}
    newest = {"one": owner, "many": [owner], "listed": [owner], "named": {"x": owner}}
    oldest = {"one": old, "many": [old], "listed": [old], "named": {"x": old}}

    assert older.dump(newest) == oldest
    assert older.load(oldest) == newest
    assert api.shapes.of(tree, "v1") is tree
    assert api.shapes.of(HouseSchema(), "v2").load(newest) == newest


def test_parts_of_a_schema_are_parts_of_the_older_one():
    """``exclude`` holds where the member is there; ``only`` must be said in words of the version."""
    api = make_versions(PathPrefix(), None)
    older = api.shapes.of(PetSchema(exclude=("id",)), "v2")
    pet = {"id": 1, "names": ["Rex"], "owner": {"first": "ann", "last": "lee"}}

    assert older.dump(pet) == {"name": "Rex", "owner": pet["owner"]}
    assert api.shapes.of(PetSchema(many=True), "v2").dump([pet])[0]["name"] == "Rex"
    with pytest.raises(SetupError, match="has no 'names'"):
        api.shapes.of(PetSchema(only=("names",)), "v2")


@pytest.mark.parametrize("kind", ["lambda", "two"])
def test_schemas_that_hold_themselves_change(kind):
    """A schema that nests itself is another at every depth."""
    api = Versions("v1", "v2")

    class NodeSchema(Schema):
        value = fields.Integer()
        children = fields.List(fields.Nested(lambda: NodeSchema()))

    @api.convert(NodeSchema, to="v1")
    class OldNodeSchema(Schema):
        number = fields.Integer()
        children = fields.List(fields.Nested(lambda: NodeSchema() if kind == "lambda" else OldNodeSchema()))

        @staticmethod
        def up(data):
            return {"value": data["number"], "children": data["children"]}

        @staticmethod
        def down(data):
            return {"number": data["value"], "children": data["children"]}

    new = {"value": 1, "children": [{"value": 2, "children": []}]}
    old = {"number": 1, "children": [{"number": 2, "children": []}]}

    assert api.shapes.of(NodeSchema(), "v1").load(old) == new
    assert api.shapes.of(NodeSchema(), "v1").dump(new) == old


# Which version a request gets


def test_no_version_is_the_default():
    """A request that names none gets the declared default, and its answer says which that is."""
    client = make_app("header").test_client()
    reply = client.get("/pets")

    assert reply.headers["API-Version"] == "v1"
    assert reply.headers["Vary"] == "API-Version"


@pytest.mark.parametrize(("way", "status"), [("path", 404), ("header", 400), ("query", 400), ("media", 406)])
def test_no_version_and_no_default_is_refused(way, status):
    """Nobody is given the newest version by silence; what is in no version is served all the same."""
    client = make_app(way, default=None).test_client()
    reply = client.get("/pets")

    assert reply.status_code == status
    if way != "path":
        assert reply.json["versions"] == ["v1", "v2", "v3"]
    assert client.get("/health").status_code == 200
    assert client.get("/nothing").status_code == 404


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("path", "not_found"),
        ("header", "unknown_version"),
        ("query", "unknown_version"),
        ("media", "version_not_acceptable"),
    ],
)
def test_unknown_versions_are_refused(way, code):
    """A version that is not there: 404 for a path, 400 for a header or parameter, 406 for a media type."""
    client = make_app(way).test_client()
    for name in ("v9", "", "\u00e9" * 3000, "v1 v2", "x" * 200):
        if way in ("media", "path") and not (name.isascii() and name.isalnum()):
            continue
        reply = ask(client, way, name, "GET", "/pets")

        assert reply.json["code"] == ("not_found" if way == "path" and not name else code), name
        assert len(reply.text) < 700


def test_two_versions_are_refused():
    """A request that names two versions in two ways, or twice in the query, is not served by either."""
    client = make_app("all").test_client()
    header = client.get("/pets", headers={"X-Version": "v1", "Accept": media("v2")})
    twice = client.get("/pets?version=v1&version=v2")

    assert (header.status_code, header.json["code"]) == (400, "unknown_version")
    assert (twice.status_code, twice.json["code"]) == (400, "unknown_version")
    assert client.get("/pets?version=v1&version=v1").status_code == 200


def test_names_are_compared_without_case():
    """Media types know no case, so versions do not either."""
    client = make_app("media").test_client()

    assert client.get("/pets", headers={"Accept": media("V2").upper()}).headers["API-Version"] == "v2"


def test_the_media_type_that_is_wanted_most_counts():
    """Of several versions the one with the highest quality; an unknown one may be passed by for another media type."""
    client = make_app("media").test_client()

    def version(accept: str) -> tuple[str, str]:
        reply = client.get("/pets", headers={"Accept": accept})
        return reply.headers["API-Version"], reply.content_type

    assert version(f"{media('v2')};q=0.5, {media('v3')}") == ("v3", media("v3"))
    assert version(f"{media('v9')}, {media('v2')};q=0.1") == ("v2", media("v2"))
    assert version(f"{media('v9')}, */*;q=0.1") == ("v1", "application/json")
    assert version("*/*") == ("v1", "application/json")
    assert client.get("/pets", headers={"Accept": "text/html"}).status_code == 406


def test_the_media_type_of_the_body_counts():
    """It says the version where ``Accept`` does not; one that is unknown, or another than is wanted, is 415."""
    client = make_app("media").test_client()

    def send(body: str, accept: str = "*/*") -> t.Any:
        headers = {"Content-Type": media(body), "Accept": accept}
        return client.post("/pets", json=BODIES.get(body, {}), headers=headers)

    assert send("v2").json["name"] == "Rex"
    assert send("v3", media("v3")).content_type == media("v3")
    for reply in (send("v9"), send("v2", media("v3"))):
        assert (reply.status_code, reply.json["code"]) == (415, "unsupported_version")
        assert media("v2") in reply.headers["Accept"]


def test_vary_names_what_was_looked_at():
    """Of errors, of paths and methods that another version has, and of refused versions too."""
    client = make_app("header").test_client()
    missing = client.get("/pets/1")
    absent = client.get("/pets/new")
    method = client.delete("/pets/1")
    unknown = client.get("/pets", headers={"API-Version": "v9"})

    assert [each.status_code for each in (missing, absent, method, unknown)] == [404, 404, 405, 400]
    assert {each.headers.get("Vary") for each in (missing, absent, method, unknown)} == {"API-Version"}
    assert "Vary" not in client.get("/nothing").headers


# What is there in a version


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_operations_come_and_go(way, fast):
    """What is not there in a version is 404 or 405 in it, and ``Allow`` says what is."""
    client = make_app(way, fast=fast).test_client()
    status = {
        name: [
            ask(client, way, name, method, path).status_code
            for method, path in (("GET", "/pets/old"), ("GET", "/pets/new"), ("DELETE", "/pets/1"))
        ]
        for name in BODIES
    }
    allowed = [ask(client, way, name, "OPTIONS", "/pets/1").headers["Allow"] for name in BODIES]

    assert status == {"v1": [200, 404, 405], "v2": [404, 404, 204], "v3": [404, 200, 204]}
    assert allowed == ["GET, HEAD, OPTIONS", "DELETE, GET, HEAD, OPTIONS", "DELETE, GET, HEAD, OPTIONS"]
    assert ask(client, way, "v1", "DELETE", "/pets/1").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert ask(client, way, "v1", "HEAD", "/pets").status_code == 200


def test_marks_of_all_layers_hold():
    """A router, a class and a handler each say their part, and only what all of them say is there."""
    api = Versions("v1", "v2", "v3")
    router = Router("parts", marks=[since("v2")])

    @router.route("/part")
    @until("v2")
    class Part(Resource):
        @response(204)
        def get(self):
            """Show it."""

        @since("v1")
        @response(204)
        def put(self):
            """Replace it."""

        @since("v3")
        @response(204)
        def delete(self):
            """Never there."""

    app = App("parts")
    api.mount(app, router)
    there = {(op.method, op.rule.rule) for op in app.operations if op.documented}

    assert there == {("GET", "/v2/part"), ("PUT", "/v2/part")}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_marks_means_nothing(order):
    """Marks in any order make the same operation."""
    api = make_versions(HeaderVersion(), "v1")
    router = Router("orders")
    marks = [arguments(OwnerSchema), response(200, OwnerSchema), since("v1"), etag]

    def post(self, owner):
        """Give it back."""
        return owner

    for at in order:
        post = marks[at](post)
    router.add_resource(type("Owners", (Resource,), {"post": post}), "/owners")
    app = App("orders")
    api.mount(app, router)
    reply = app.test_client().post("/owners", json={"name": "ann lee"})

    assert (reply.json, reply.headers["API-Version"]) == ({"name": "ann lee"}, "v1")


def test_url_for_stays_in_the_version():
    """An endpoint of the router's own, with or without the dot in front, is that of the request's version."""
    for way, expected in (("path", ["/v1/pets", "/v3/pets"]), ("header", ["/pets", "/pets"])):
        client = make_app(way).test_client()
        found = [
            ask(client, way, name, "GET", path).json["pets"]
            for name, path in (("v1", "/pets/old"), ("v3", "/pets/new"))
        ]

        assert found == expected
    app = make_app("path")
    with app.test_request_context("/v2/pets"):
        assert url_for("pets.Pet", pet_id=3) == "/v2/pets/3"
        assert url_for("v3.pets.Pet", pet_id=3) == "/v3/pets/3"
    with app.test_request_context("/health"), pytest.raises(LookupError):
        url_for("pets.Pets")
    with make_app("header").test_request_context("/health"):
        assert url_for("pets.Pets") == "/pets"


def test_links_stay_in_the_version():
    """A link by an ``operationId`` or a class leads to the operation of its own version."""
    router = Router("shops", url_prefix="/shops")

    @router.route("")
    class Shop(Resource):
        @response(200, {"id": fields.Integer()}, links={"pet": Link("getPet", {"pet_id": "$response.body#/id"})})
        def get(self):
            """Show the shop."""
            return {"id": 1}

    app = App("links")
    make_versions(PathPrefix(), None).mount(app, router, make_pets({}))
    for name in BODIES:
        made = app.document(name)["paths"][f"/{name}/shops"]["get"]["responses"]["200"]["links"]

        assert made["pet"]["operationId"] == "getPet"


# Documents


@pytest.mark.parametrize("way", WAYS)
def test_each_version_has_a_document(way):
    """It is valid, holds what is there in the version, in its shapes, and each operation has its usual id."""
    app = make_app(way)
    shapes = {"v1": "title", "v2": "name", "v3": "names"}
    for name, member in shapes.items():
        made = app.document(name)
        check_document(made)
        ids = {op["operationId"] for item in made["paths"].values() for op in item.values() if "operationId" in op}
        pets = {key: schema for key, schema in made["components"]["schemas"].items() if key.startswith("Pet")}
        pet = next(schema for key, schema in pets.items() if not key.endswith("Problem"))

        assert {"getPets", "postPets", "getPet"} <= ids
        assert ("deletePet" in ids, "getOld" in ids, "getNew" in ids) == (name != "v1", name == "v1", name == "v3")
        assert member in pet["properties"]
        assert "/health" not in made["paths"]
    check_document(app.openapi)


def test_documents_are_served():
    """Each has its own path and pages; the default one has what is in no version, and the default version."""
    by_path, by_header = make_app("path").test_client(), make_app("header").test_client()

    assert list(by_path.get("/v2/openapi.json").json["paths"]) == ["/v2/pets", "/v2/pets/{pet_id}"]
    assert by_path.get("/v2/docs").status_code == 200
    assert list(by_path.get("/openapi.json").json["paths"]) == ["/health"]
    assert list(by_header.get("/v3/openapi.json").json["paths"]) == ["/pets", "/pets/{pet_id}", "/pets/new"]
    assert "/pets/old" in by_header.get("/openapi.json").json["paths"]


def test_the_document_says_how_to_name_the_version():
    """The header or parameter, which is required where another version is the default; the media type."""

    def parameters(way: str, name: str) -> list[t.Any]:
        return make_app(way).document(name)["paths"]["/pets"]["get"].get("parameters", [])

    (required,), (optional,), (query,) = (
        parameters("header", "v2"),
        parameters("header", "v1"),
        parameters("query", "v2"),
    )
    answers = make_app("media").document("v2")["paths"]["/pets"]["post"]

    assert (required["name"], required["in"], required["required"]) == ("API-Version", "header", True)
    assert [required["schema"].get("const", "")] == required["schema"].get("enum", ["v2"])
    assert optional.get("required", False) is False
    assert (query["name"], query["in"]) == ("version", "query")
    assert set(answers["responses"]["201"]["content"]) == {"application/json", media("v2")}
    assert set(answers["requestBody"]["content"]) == {"application/json", media("v2")}
    assert {"406", "415"} <= answers["responses"].keys()


def test_a_chosen_default_document_stays():
    """What the application says of its default document counts."""
    app = App("chosen")
    app.add_document("default", include=lambda operation: operation.rule.version == "v3")
    make_versions(PathPrefix(), None).mount(app, make_pets({}))

    assert all(path.startswith("/v3/") for path in app.openapi["paths"])


@pytest.mark.extended
@pytest.mark.parametrize(("way", "names"), [("path", ("v1", "v3")), ("header", ("v1", "v3")), ("media", ("v2",))])
def test_schemathesis_finds_nothing(way, names, tmp_path):
    """Requests made from the document of each version are answered as it says."""
    app = make_app(way, default=None)
    for name in names:
        # No document can say that a header Accept must be sent.
        headers = (f"Accept: {media(name)}",) if way == "media" else ()
        path = f"/{name}/openapi.json"

        judge(explore(app, tmp_path, path, headers, seed=7, max_examples=25))


# Beside other marks


def test_a_whole_version_is_retired():
    """Its answers say so, its document too, and its callers are counted for themselves."""
    app = make_app("header", retired(until="2199-01-01"))
    client = app.test_client()
    old, new = client.get("/pets"), client.get("/pets", headers={"API-Version": "v2"})
    client.delete("/pets/1", headers={"API-Version": "v2"})

    assert "Sunset" in old.headers
    assert "Sunset" not in new.headers
    assert app.document("v1")["paths"]["/pets"]["get"]["deprecated"] is True
    assert "deprecated" not in app.document("v2")["paths"]["/pets"]["get"]
    assert sum(counts_of(app).of("GET /pets (v1)").values()) == 1
    assert counts_of(app).of("GET /pets (v2)") == {}


def test_chosen_members_are_those_of_the_version():
    """``?fields=`` knows the members of the version, and dumps them alone."""
    api = make_versions(PathPrefix(), None)
    router = Router("owners")

    @router.route("/owners")
    class Owners(Resource):
        @sparse()
        @response(200, OwnerSchema(many=True))
        def get(self):
            """List owners."""
            return [{"first": "ann", "last": "lee"}]

    app = App("sparse")
    api.mount(app, router)
    client = app.test_client()

    assert client.get("/v1/owners?fields=name").json == [{"name": "ann lee"}]
    assert client.get("/v1/owners?fields=first").status_code == 422
    assert client.get("/v2/owners?fields=first").json == [{"first": "ann"}]


def test_etags_differ_between_versions():
    """The answers of two versions at one path never share an ETag, nor are they taken for one another."""
    api = make_versions(HeaderVersion(), "v2")
    router = Router("owners")

    @router.route("/owner")
    class Owner(Resource):
        @etag
        @response(200, OwnerSchema)
        def get(self):
            """Show the owner."""
            return {"first": "ann", "last": "lee"}

    app = App("etags")
    api.mount(app, router)
    client = app.test_client()
    old, new = client.get("/owner", headers={"API-Version": "v1"}), client.get("/owner")

    assert old.headers["ETag"] != new.headers["ETag"]
    assert client.get("/owner", headers={"If-None-Match": old.headers["ETag"]}).status_code == 200
    assert client.get("/owner", headers={"If-None-Match": new.headers["ETag"]}).status_code == 304


def test_states_differ_between_versions():
    """An ETag of a declared attribute is that of a version too."""
    api = make_versions(HeaderVersion(), "v2")
    router = Router("owners")

    @router.route("/owner")
    class Owner(Resource):
        @etag(version="first")
        @response(200, OwnerSchema)
        def get(self):
            """Show the owner."""
            return {"first": "ann", "last": "lee"}

    app = App("states")
    api.mount(app, router)
    client = app.test_client()
    headers = {"API-Version": "v1"}
    old, new = client.get("/owner", headers=headers), client.get("/owner")

    assert old.headers["ETag"] != new.headers["ETag"]
    assert client.get("/owner", headers={"If-None-Match": old.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("schema", [None, OwnerSchema])
def test_conditions_are_those_of_the_version(schema):
    """What ``check_etag`` is given is written as GET writes it in the version of the request."""
    api = make_versions(HeaderVersion(), "v2")
    router, owner = Router("owners"), {"first": "ann", "last": "lee"}

    @router.route("/owner")
    class Owner(Resource):
        @etag
        @response(200, OwnerSchema)
        def get(self):
            """Show the owner."""
            return owner

        @etag
        @arguments(OwnerSchema)
        @response(200, OwnerSchema)
        def put(self, data):
            """Replace the owner."""
            check_etag(owner, schema)
            return data

    app = App("conditions")
    api.mount(app, router)
    client = app.test_client()
    for name, body in (("v1", {"name": "bob lee"}), ("v2", {"first": "bob", "last": "lee"})):
        tag = client.get("/owner", headers={"API-Version": name}).headers["ETag"]
        written = client.put("/owner", json=body, headers={"API-Version": name, "If-Match": tag})

        assert (written.status_code, written.json) == (200, body)


def test_pages_may_ask_for_all_versions():
    """A preflight cannot name a version in a header: it is answered for all of them, and may send that header."""
    app = App("cors", marks=[CORS("https://app.example.com")])
    make_versions(HeaderVersion(), None).mount(app, make_pets({}))
    headers = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "api-version",
    }
    reply = app.test_client().options("/pets/1", headers=headers)

    assert reply.status_code == 204
    assert "DELETE" in reply.headers["Access-Control-Allow-Methods"]
    assert "API-Version" in reply.headers["Access-Control-Allow-Headers"]


def test_limits_count_all_versions():
    """Nobody gets more by asking in another version; a key of one version is not that of another."""
    api = make_versions(HeaderVersion(), "v2")
    router, calls = Router("owners"), []

    @router.route("/owner")
    class Owner(Resource):
        @limit("2/minute")
        @response(200, OwnerSchema)
        def get(self):
            """Show the owner."""
            return {"first": "ann", "last": "lee"}

        @idempotent()
        @response(200, OwnerSchema)
        def post(self):
            """Add an owner."""
            calls.append(1)
            return {"first": "ann", "last": "lee"}

    app = App("limits")
    api.mount(app, router)
    client = app.test_client()
    shown = [client.get("/owner", headers={"API-Version": name}).status_code for name in ("v1", "v2", "v3")]
    key = {"Idempotency-Key": '"abcdefgh-12345678"'}
    made = [client.post("/owner", headers={**key, "API-Version": name}).status_code for name in ("v1", "v1", "v2")]

    assert shown == [200, 200, 429]
    assert made == [200, 200, 422]
    assert calls == [1]


# Commands


@pytest.mark.parametrize("way", ["path", "header"])
def test_commands_tell_versions(way):
    """``routes`` lists them, ``explain`` takes the header, and ``openapi diff`` compares two of them."""
    runner = make_app(way).test_cli_runner()
    routes = runner.invoke(routes_command).output
    prefix = "/v3" if way == "path" else ""
    explained = runner.invoke(explain_command, ["-H", "API-Version: v3", f"GET {prefix}/pets/new"]).output
    compared = runner.invoke(diff_command, ["--from", "v1", "--document", "v2"])

    assert "Version" in routes.splitlines()[0]
    assert "v3, said by the" in explained
    assert "The member 'title' is gone" in compared.output
    assert "/pets is gone" not in compared.output
    assert compared.exit_code == 1


# Mistakes


def test_mistakes_are_found_at_setup():
    """Names that are not there, shapes without a way, marks outside of versions: each says what to do."""
    with pytest.raises(SetupError, match="each once"):
        Versions("v1", "V1")
    with pytest.raises(SetupError, match="each once"):
        Versions("1.0", "1_0")
    with pytest.raises(SetupError, match="not a name of a version"):
        Versions("a b")
    with pytest.raises(SetupError, match="default"):
        Versions("v1", by=HeaderVersion(), default="v2")
    with pytest.raises(SetupError, match="by path have no default"):
        Versions("v1", default="v1")
    with pytest.raises(SetupError, match="media type"):
        MediaTypeVersion("application/json")
    with pytest.raises(SetupError, match="PathPrefix"):
        PathPrefix("/v1")
    api = make_versions(PathPrefix(), None)
    with pytest.raises(SetupError, match="before the newest"):
        api.convert(OwnerSchema, to="v3")(PetSchema)
    with pytest.raises(SetupError, match="no function 'up'"):
        api.convert(OwnerSchema, to="v2")(PetSchema)
    with pytest.raises(SetupError, match="two shapes"):
        api.convert(OwnerSchema, to="v1")(type("X", (Schema,), {"up": len, "down": len}))


def test_mistakes_are_found_at_freeze():
    """What cannot be converted, and marks that reach no version."""

    def frozen(*marks: t.Any, mounted: bool = True) -> None:
        router = Router("wrong")
        router.get("/wrong")(marks[0](response(204)(lambda *args, **values: None)))
        app = App("wrong")
        if mounted:
            make_versions(PathPrefix(), None).mount(app, router)
        else:
            app.register_router(router)
        app.freeze()

    with pytest.raises(SetupError, match="Only arguments in JSON are converted"):
        frozen(arguments(OwnerSchema, location="query"))
    with pytest.raises(SetupError, match="Only arguments in JSON are converted"):
        frozen(merge_patch(OwnerSchema))
    with pytest.raises(SetupError, match="is in no version"):
        frozen(since("v1"), mounted=False)
    with pytest.raises(SetupError, match="Known versions: v1, v2, v3"):
        frozen(since("v9"))


def test_versions_are_mounted_once():
    """A second mount, and a second set of versions by request, are refused; one by path stands beside."""
    app, api = App("twice"), make_versions(HeaderVersion(), "v1")
    api.mount(app, make_pets({}))
    with pytest.raises(SetupError, match="mounted on 'twice' already"):
        api.mount(app, make_pets({}))
    with pytest.raises(SetupError, match="already"):
        make_versions(QueryVersion(), "v1").mount(app, make_pets({}))


def test_two_resources_of_one_path_and_version_conflict():
    """Versions share paths; two resources of one version do not, nor one of a version and one of none."""
    with pytest.raises(RouteConflict):
        make_versions(HeaderVersion(), "v1").mount(App("conflict"), make_pets({}), twin())
    app = App("conflict")
    app.register_router(twin())
    with pytest.raises(RouteConflict):
        make_versions(HeaderVersion(), "v1").mount(app, make_pets({}))
    app = App("conflict")
    make_versions(HeaderVersion(), "v1").mount(app, make_pets({}))
    with pytest.raises(RouteConflict):
        app.register_router(twin())


def twin() -> Router:
    """A router with a path of the other's."""
    router = Router("twin")

    @router.route("/pets")
    class Pets(Resource):
        @response(204)
        def get(self):
            """Show nothing."""

    return router


@pytest.mark.parametrize("way", WAYS)
def test_coverage_asks_for_the_answers_of_older_versions(way):
    """An answer that only the newest version has given is missing in the others."""
    from framework.testing import coverage

    app = make_app(way)
    counted = coverage.Coverage()
    counted.add_application(app)
    wanted = {(answer.path, answer.method, answer.status) for answer in counted.wanted}
    listed = [path for path, method, status in wanted if path.rpartition("/")[2].startswith("pets") and method == "GET"]

    assert len(listed) == len(BODIES) * (2 if way == "all" else 1)


# The words of lists


class AnimalOwner(Schema):
    """Who keeps an animal."""

    full_name = fields.String()


class Animal(Schema):
    """An animal."""

    id = fields.Integer()
    name = fields.String()
    born = fields.Integer()
    first = fields.String()
    kind = fields.String(validate=validate.OneOf(["dog", "cat"]))
    owner = fields.Nested(AnimalOwner)
    chip = fields.String()


ANIMALS = [
    {"id": 1, "name": "Rex", "born": 2001, "first": "a", "kind": "dog", "owner": {"full_name": "Ann"}, "chip": "x"},
    {"id": 2, "name": "Kit", "born": 2000, "first": "b", "kind": "cat", "owner": {"full_name": "Bob"}, "chip": "y"},
]


def zoo(*marks: t.Any, handler: t.Any = lambda *asked: list(ANIMALS)) -> App:
    """An application whose older version calls the members of an animal something else."""
    api = Versions("v1", "v2")

    @api.convert(AnimalOwner, to="v1")
    class OldOwner(Schema):
        name = fields.String()

        @staticmethod
        def up(data):
            return {"full_name": data["name"]}

        @staticmethod
        def down(data):
            return {"name": data["full_name"]}

    @api.convert(Animal, to="v1")
    class OldAnimal(Schema):
        id = fields.Integer()
        title = fields.String(data_key="theTitle")
        name = fields.Integer()  # it was the year then
        initials = fields.String()
        kind = fields.String(validate=validate.OneOf(["hound", "cat"]))
        owner = fields.Nested(AnimalOwner)

        @staticmethod
        def up(data):
            return data

        @staticmethod
        def down(data):
            made = {"id": data["id"], "theTitle": data["name"], "name": data["born"], "owner": data["owner"]}
            kind = {"dog": "hound"}.get(data["kind"], data["kind"])
            return {**made, "initials": data["first"].upper() + ".", "kind": kind}

    def get(self, *asked):
        return handler(*asked)

    get = response(200, Animal(many=True))(get)
    for mark in marks:
        get = mark(get)
    router = Router("animals")
    router.route("/animals")(type("Animals", (Resource,), {"get": get}))
    app = App("zoo")
    app.config.update(SECRET_KEY="only for tests, and long enough", TESTING=True)
    api.mount(app, router)
    return app


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v2/animals?sort=-name", [1, 2]),
        ("/v1/animals?sort=-theTitle", [1, 2]),
        ("/v1/animals?sort=name", [2, 1]),
        ("/v1/animals?sort=owner.name", [1, 2]),
        ("/v2/animals?name__icontains=KIT", [2]),
        ("/v1/animals?theTitle__icontains=KIT", [2]),
        ("/v1/animals?name=2001", [1]),
        ("/v1/animals?owner.name=Bob", [2]),
        ("/v2/animals?owner.full_name=Bob", [2]),
        ("/v1/animals?id=2", [2]),
        ("/v1/animals?q=rex", [1]),
        ("/v1/animals?sort=born", None),
        ("/v1/animals?born=2000", None),
        ("/v1/animals?owner.full_name=Bob", None),
        ("/v2/animals?theTitle=Rex", None),
    ],
)
def test_lists_speak_the_words_of_the_version(path, expected):
    """Orders and filters of an older version have the names of its members, also where a name means another there."""
    app = zoo(
        sorts(Animal, "name", "born", "owner.full_name", default="born"),
        filters(Animal, "id", "born", name=["eq", "icontains"], owner__full_name="eq"),
        searches(Animal, "name"),
    )
    reply = app.test_client().get(path)

    if expected is None:
        assert reply.status_code == 422
    else:
        assert [each["id"] for each in reply.json] == expected
    described = app.test_client().get("/v1/openapi.json").json["paths"]["/v1/animals"]["get"]["parameters"]
    names = {each["name"] for each in described}
    assert {"theTitle", "theTitle__icontains", "name", "owner.name", "sort", "q", "id"} <= names
    assert not {"born", "owner.full_name", "name__icontains"} & names
    assert next(each for each in described if each["name"] == "q")["description"].endswith("`theTitle`.")


def test_members_are_chosen_in_the_words_of_the_version():
    """``fields`` names the members of the version that was asked, also those that the mark allows alone."""
    for mark in (sparse(), sparse("id", "name", "born", "owner.full_name", "chip")):
        client = zoo(mark).test_client()

        assert client.get("/v1/animals?fields=theTitle,owner.name").json[0] == {
            "theTitle": "Rex",
            "owner": {"name": "Ann"},
        }
        assert client.get("/v1/animals?fields=name").json[0] == {"name": 2001}
        assert client.get("/v2/animals?fields=name").json[0] == {"name": "Rex"}
        assert client.get("/v1/animals?fields=chip").status_code == 422


def test_what_a_version_does_not_have_is_left_out():
    """A member that came later is not a parameter of the older version; an order by it is kept as the usual one."""
    app = zoo(sorts(Animal, "chip", "name", default="-chip"), filters(Animal, "chip"))
    client = app.test_client()

    assert client.get("/v1/animals?chip=x").status_code == 422
    assert client.get("/v1/animals?sort=chip").status_code == 422
    assert [each["id"] for each in client.get("/v1/animals").json] == [2, 1]
    assert [each["id"] for each in client.get("/v1/animals?sort=theTitle").json] == [2, 1]
    assert [each["id"] for each in client.get("/v2/animals?chip=x").json] == [1]


@pytest.mark.parametrize("name", ["first", "kind"])
@pytest.mark.parametrize("mark", [sorts, filters, searches])
def test_what_a_version_makes_into_something_else_is_refused(mark, name):
    """A value that an older version changes has no words there, and start-up says what to do."""
    with pytest.raises(SetupError, match=rf"asks for '{name}', which the version 'v1' makes .* since\(\)"):
        zoo(mark(Animal, name)).freeze()


def test_handlers_get_the_words_of_the_newest_version():
    """A handler that applies filters itself is written once: names in what it gets are those of its own schema."""
    seen = []

    def handler(asked):
        seen.append(asked.get("name"))
        return asked.apply(ANIMALS)

    client = zoo(filters(Animal, "name", apply=False), handler=handler).test_client()

    assert [each["id"] for each in client.get("/v1/animals?theTitle=Rex").json] == [1]
    assert seen == ["Rex"]
    with pytest.raises(SetupError, match="nothing that the version 'v1' has"):
        zoo(filters(Animal, "chip", apply=False), handler=handler).freeze()

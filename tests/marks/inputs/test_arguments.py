"""``arguments``: every part of a request, and every way to write it."""

from __future__ import annotations

import io

import pytest
from marshmallow import EXCLUDE, INCLUDE, RAISE, validates_schema
from marshmallow import ValidationError as MarshmallowError

from framework import App, Resource, Schema, arguments, fields, post_load, request, response
from framework.errors import SetupError
from framework.marks.inputs._parts import LocatedSchema


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application without routes, with and without generated functions."""
    app = App("arguments")
    app.config.update(FAST_PATH=request.param, CONTRACT="off")
    return app


class Pet(Schema):
    """A pet."""

    name = fields.String(required=True)
    age = fields.Integer(data_key="petAge")


def echo(app, rule, *marks, method="POST"):
    """A view that returns what it is given."""

    def view(*values, **named):
        return {"values": list(values), "named": named}

    for mark in (response(200), *reversed(marks)):
        mark(view)
    app.add_url_rule(rule, rule.strip("/").partition("/")[0], view, methods=[method])
    return app.test_client()


def values(reply):
    """The positional values of an echo."""
    assert reply.status_code == 200, reply.text
    return reply.json["values"]


# Locations


def test_json(app):
    """The JSON body is loaded, by ``data_key``."""
    assert values(echo(app, "/x", arguments(Pet)).post("/x", json={"name": "a", "petAge": 3})) == [
        {"name": "a", "age": 3}
    ]


@pytest.mark.parametrize("location", ["query", "querystring"])
def test_query(app, location):
    """The query string is loaded, with lists from repeated names."""
    schema = {"n": fields.Integer(), "tag": fields.List(fields.String())}
    client = echo(app, "/x", arguments(schema, location=location), method="GET")

    assert values(client.get("/x?n=3&tag=a&tag=b")) == [{"n": 3, "tag": ["a", "b"]}]
    assert set(client.get("/x?n=a").json["errors"]) == {"query"}


def test_path(app):
    """The values of the path can be loaded; the handler gets them by name as well."""
    client = echo(app, "/x/<number>", arguments({"number": fields.Integer()}, location="path"), method="GET")

    assert values(client.get("/x/3")) == [{"number": 3}]
    assert client.get("/x/a").status_code == 422


def test_headers_and_cookies(app):
    """Headers and cookies are loaded in any spelling, and others of them pass."""
    client = echo(
        app,
        "/x",
        arguments({"key": fields.Integer(data_key="X-Key")}, location="headers"),
        arguments({"word": fields.String()}, location="cookies"),
        method="GET",
    )
    client.set_cookie("word", "w")
    client.set_cookie("other", "o")

    assert values(client.get("/x", headers={"x-key": "3", "X-Other": "o"})) == [{"key": 3}, {"word": "w"}]


def test_form_and_files(app):
    """A form and its files come in one body, each to its own mark."""

    @app.post("/x")
    @arguments({"word": fields.String(required=True)}, location="form")
    @arguments({"file": fields.Raw(required=True)}, location="files")
    @response(200)
    def view(form, files):
        return [form["word"], files["file"].filename, files["file"].read().decode()]

    client = app.test_client()
    reply = client.post("/x", data={"word": "w", "file": (io.BytesIO(b"text"), "a.txt")})
    bare = client.post("/x", data={"word": "w"}, content_type="multipart/form-data")
    extra = client.post("/x", data={"word": "w", "file": (io.BytesIO(b"t"), "a.txt"), "other": "o"})

    assert reply.json == ["w", "a.txt", "text"]
    assert bare.status_code == 422
    assert extra.status_code == 422
    assert client.post("/x", json={}).status_code == 415


def test_json_or_form(app):
    """A body may be JSON or a form, whichever comes."""
    client = echo(app, "/x", arguments({"n": fields.Integer()}, location="json_or_form"))

    assert values(client.post("/x", json={"n": 1})) == [{"n": 1}]
    assert values(client.post("/x", data={"n": "2"})) == [{"n": 2}]
    assert client.post("/x", data="x", content_type="text/plain").status_code == 415
    assert client.post("/x", json={"m": 1}).status_code == 422


def test_an_unknown_location():
    """A location that does not exist is refused where the mark is written."""
    with pytest.raises(SetupError, match="'body' is not a location"):
        arguments(Pet, location="body")


# Schemas


@pytest.mark.parametrize(
    "schema", [Pet, Pet(), {"name": fields.String(required=True), "age": fields.Integer(data_key="petAge")}]
)
def test_forms_of_schemas(app, schema):
    """A class, an instance and a dict of fields mean the same."""
    client = echo(app, "/x", arguments(schema))

    assert values(client.post("/x", json={"name": "a"})) == [{"name": "a"}]
    assert client.post("/x", json={"petAge": 1}).status_code == 422


@pytest.mark.parametrize("schema", [3, "Pet", [Pet], None])
def test_what_is_no_schema(schema):
    """Anything else is refused where the mark is written."""
    with pytest.raises(SetupError, match="is not a schema"):
        arguments(schema)


def test_a_schema_made_per_request(app):
    """A function from the request to a schema is called for each request."""
    seen = []

    def make(current):
        seen.append(current.args.get("only"))
        return Pet(only=[current.args["only"]])

    client = echo(app, "/x", arguments(make))

    assert values(client.post("/x?only=name", json={"name": "a"})) == [{"name": "a"}]
    assert client.post("/x?only=age", json={"name": "a"}).status_code == 422
    assert seen == ["name", "age"]


def test_hooks_and_validators_of_schemas(app):
    """Hooks and validators of a schema run, also those that touch the whole."""

    class Made(Pet):
        @post_load
        def make(self, data, **kwargs):
            return [data["name"], request.path]

        @validates_schema
        def check(self, data, **kwargs):
            if data["name"] == "bad":
                raise MarshmallowError("Bad name.")

    client = echo(app, "/x", arguments(Made))

    assert values(client.post("/x", json={"name": "a"})) == [["a", "/x"]]
    assert client.post("/x", json={"name": "bad"}).json["errors"] == {"json": {"_schema": ["Bad name."]}}


def test_everything_that_is_wrong_is_told_at_once(app):
    """One answer names each invalid member of a body by its path, at every depth."""
    schema = {"name": fields.String(required=True), "pets": fields.List(fields.Nested(Pet))}
    reply = echo(app, "/x", arguments(schema)).post("/x", json={"name": 1, "pets": [{"name": "a"}, {"petAge": "x"}]})

    assert reply.status_code == 422
    assert reply.json["errors"] == {
        "json": {
            "name": ["Not a valid string."],
            "pets": {"1": {"name": ["Missing data for required field."], "petAge": ["Not a valid integer."]}},
        }
    }


def test_an_error_between_fields_stands_at_a_field(app):
    """A validator of the whole may say which member is wrong."""

    class Stay(Schema):
        start = fields.Integer(required=True)
        end = fields.Integer(required=True, data_key="until")

        @validates_schema
        def check(self, data, **kwargs):
            if data["end"] < data["start"]:
                raise MarshmallowError("It ends before it starts.", "until")

    client = echo(app, "/x", arguments(Stay))

    assert values(client.post("/x", json={"start": 1, "until": 2})) == [{"start": 1, "end": 2}]
    assert client.post("/x", json={"start": 2, "until": 1}).json["errors"] == {
        "json": {"until": ["It ends before it starts."]}
    }


def test_one_schema_has_two_views(app):
    """What is only dumped is refused in a body, what is only loaded is not sent."""

    class User(Schema):
        id = fields.Integer(dump_only=True)
        name = fields.String()
        password = fields.String(load_only=True)

    @app.post("/x")
    @arguments(User)
    @response(200, User)
    def view(user):
        return {"id": len(user["password"]), **user}

    client = app.test_client()

    assert client.post("/x", json={"name": "a", "password": "word"}).json == {"id": 4, "name": "a"}
    assert client.post("/x", json={"id": 1, "password": "word"}).json["errors"] == {"json": {"id": ["Unknown field."]}}


def test_many(app):
    """A schema with ``many`` loads a list."""
    client = echo(app, "/x", arguments(Pet(many=True)))

    assert values(client.post("/x", json=[{"name": "a"}])) == [[{"name": "a"}]]
    assert values(client.post("/x", json=[])) == [[]]
    assert client.post("/x", json={"name": "a"}).status_code == 422


# Ways to the handler


def test_as_kwargs(app):
    """``as_kwargs`` passes the members by name, beside those of the path."""
    client = echo(
        app, "/x/<number>", arguments(Pet, as_kwargs=True), arguments({"q": fields.String()}, location="query")
    )
    reply = client.post("/x/1?q=a", json={"name": "n"})

    assert reply.json == {"values": [{"q": "a"}], "named": {"number": "1", "name": "n"}}


def test_positions_are_those_of_the_marks(app):
    """The value of the top mark comes first."""
    client = echo(app, "/x", arguments({"a": fields.String()}, location="query"), arguments({"b": fields.String()}))

    assert values(client.post("/x?a=1", json={"b": "2"})) == [{"a": "1"}, {"b": "2"}]


def test_requests_do_not_share_values(app):
    """What a handler does to its values does not reach the next request."""

    @app.route("/x/<name>")
    class X(Resource):
        @arguments({"items": fields.List(fields.String(), load_default=list)}, as_kwargs=True)
        def post(self, items, **named):
            items.append("added")
            return [items, named]

    client = app.test_client()

    assert [client.post(f"/x/{n}", json={}).json for n in "ab"] == [
        [["added"], {"name": "a"}],
        [["added"], {"name": "b"}],
    ]


# Unknown names


@pytest.mark.parametrize(
    "config, meta, given, expected",
    [
        (None, None, None, 422),
        ("exclude", None, None, {"name": "a"}),
        (None, EXCLUDE, None, {"name": "a"}),
        (None, INCLUDE, None, {"name": "a", "other": 1}),
        ("exclude", RAISE, None, 422),
        (None, None, EXCLUDE, {"name": "a"}),
        (None, None, INCLUDE, {"name": "a", "other": 1}),
        (None, EXCLUDE, RAISE, 422),
        (None, RAISE, EXCLUDE, {"name": "a"}),
        ("exclude", INCLUDE, EXCLUDE, {"name": "a"}),
    ],
)
def test_precedence_for_unknown_names(app, config, meta, given, expected):
    """``unknown=`` of the mark, then what the schema's ``Meta`` says, then the setting, which is to refuse."""
    if config is not None:
        app.config["UNKNOWN"] = config
    schema = Pet if meta is None else type("Mine", (Pet,), {"Meta": type("Meta", (), {"unknown": meta})})
    reply = echo(app, "/x", arguments(schema, unknown=given)).post("/x", json={"name": "a", "other": 1})

    assert reply.status_code == 422 if expected == 422 else values(reply) == [expected]


@pytest.mark.parametrize("location", ["query", "form", "json"])
def test_unknown_names_are_judged_together(app, location):
    """Names that any mark of the operation declares are known to all marks of that location."""
    client = echo(
        app,
        "/x",
        arguments({"a": fields.String()}, location=location),
        arguments({"b": fields.String()}, location=location),
    )

    def send(data):
        if location == "query":
            return client.post("/x", query_string=data)
        return client.post("/x", json=data) if location == "json" else client.post("/x", data=data)

    assert values(send({"a": "1", "b": "2"})) == [{"a": "1"}, {"b": "2"}]
    refused = send({"a": "1", "b": "2", "c": "3"})
    assert refused.status_code == 422
    assert list(refused.json["errors"][location]) == ["c"]


def test_near_names_are_hinted_at(app):
    """An unknown name near a known one is asked about."""
    reply = echo(app, "/x", arguments(Pet)).post("/x", json={"nmae": "a"})

    assert "name" in reply.json["errors"]["json"]["nmae"][0]


def test_operations_that_declare_nothing_are_not_checked(app):
    """Without a mark for the query string its names do not matter."""
    assert echo(app, "/x", arguments(Pet)).post("/x?a=1&a=2", json={"name": "a"}).status_code == 200


# Bodies


@pytest.mark.parametrize(
    "schema, method, required, status",
    [
        (Pet, "POST", None, 422),
        ({"n": fields.Integer()}, "POST", None, 200),
        ({"n": fields.Integer()}, "PUT", None, 200),
        ({"n": fields.Integer()}, "PATCH", None, 422),
        ({"n": fields.Integer()}, "PATCH", False, 200),
        ({"n": fields.Integer()}, "POST", True, 422),
        (Pet(partial=True), "POST", None, 200),
        (Pet(many=True), "POST", None, 422),
    ],
)
def test_empty_bodies(app, schema, method, required, status):
    """An empty body loads as an empty object, except for PATCH, for lists, and where the mark says otherwise."""
    client = echo(app, "/x", arguments(schema, required=required), method=method)

    assert client.open("/x", method=method).status_code == status


def test_a_content_type_of_ones_own(app):
    """``content_type`` is the media type that is taken, also in the document."""
    client = echo(app, "/x", arguments(Pet, content_type="application/vnd.pet+json"))

    assert client.post("/x", data=b'{"name": "a"}', content_type="application/vnd.pet+json").status_code == 200
    assert client.post("/x", data=b"name=a", content_type="application/x-www-form-urlencoded").status_code == 415
    assert list(app.openapi["paths"]["/x"]["post"]["requestBody"]["content"]) == ["application/vnd.pet+json"]


def test_the_document_has_all_inputs(app):
    """Parameters and bodies of all marks are in the document, and the answers that reading them may give."""
    echo(
        app,
        "/x",
        arguments(Pet, description="A pet.", example={"name": "Rex"}),
        arguments({"q": fields.Integer(required=True)}, location="query"),
        arguments({"h": fields.String(data_key="X-H")}, location="headers"),
        arguments({"c": fields.String()}, location="cookies"),
    )
    post = app.openapi["paths"]["/x"]["post"]

    assert {(p["name"], p["in"], p.get("required", False)) for p in post["parameters"]} == {
        ("q", "query", True),
        ("X-H", "header", False),
        ("c", "cookie", False),
    }
    assert post["requestBody"]["required"] is True
    assert post["requestBody"]["description"] == "A pet."
    assert {"400", "413", "415", "422"} <= set(post["responses"])


def test_errors_carry_data(app):
    """An error handler finds the messages, the schema and webargs' ``data`` on the error."""
    client_errors = []

    @app.errorhandler(422)
    def handler(error):
        client_errors.append(error)
        return error

    echo(app, "/x", arguments(Pet)).post("/x", json={})
    (error,) = client_errors

    assert error.data["messages"] == {"json": {"name": ["Missing data for required field."]}}
    assert isinstance(error.data["schema"], Schema)
    assert isinstance(error.__cause__, MarshmallowError)


def test_delimited_lists(app):
    """A delimited list is one text in the query string."""
    client = echo(app, "/x", arguments({"ids": fields.DelimitedList(fields.Integer())}, location="query"), method="GET")

    assert values(client.get("/x?ids=1,2,3")) == [{"ids": [1, 2, 3]}]
    assert client.get("/x?ids=1,a").status_code == 422


def test_operations_of_one_schema_share_what_loads_it():
    """Two operations that load their whole body with one schema load it by one compiled copy; others have their own."""

    class Named(Schema):
        name = fields.String(required=True)

    app = App("shared")
    shared = Named()
    for name, mark in {
        "one": arguments(shared),
        "two": arguments(shared),
        "other": arguments(Named(partial=True), required=False),
        "open": arguments(shared, unknown=EXCLUDE),
    }.items():
        app.add_url_rule(f"/{name}", name, mark(response(200)(lambda pet: pet)), methods=["POST"])
    made = []
    init = LocatedSchema.__init__

    def counted(self, *args, **kwargs):
        made.append(self)
        init(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocatedSchema, "__init__", counted)
        app.freeze()
    client = app.test_client(contract=False)

    assert len(made) == 3
    assert client.post("/one", json={}).status_code == client.post("/two", json={}).status_code == 422
    assert client.post("/other", json={}).status_code == 200
    assert client.post("/open", json={"name": "Max", "more": 1}).json == {"name": "Max"}
    assert client.post("/two", json={"name": "Max", "more": 1}).status_code == 422

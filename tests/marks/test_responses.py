"""``response`` and ``alt_response``."""

from __future__ import annotations

import http
import typing as t

import pytest

from framework import App, Resource, Router, Schema, alt_response, fields, response
from framework.errors import NotFound, SetupError
from framework.marks.responses import check_outcomes, unpack
from tests.answers import without_id


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application without routes, with and without generated functions."""
    app = App("responses")
    app.config.update(FAST_PATH=request.param, CONTRACT="off")
    return app


class Pet(Schema):
    """A pet."""

    name = fields.String(data_key="petName")
    secret = fields.String(load_only=True)


class Row(t.NamedTuple):
    """A row of a database, which is data whatever stands in it."""

    name: t.Any
    owner: t.Any


def statuses(app, endpoint):
    """The statuses that an endpoint declares."""
    return [
        outcome.status
        for operation in app.operations
        if operation.endpoint == endpoint
        for outcome in operation.outcomes
        if not outcome.implied
    ]


@pytest.mark.parametrize("schema", [Pet, Pet(), {"name": fields.String(data_key="petName")}])
def test_values_are_dumped(app, schema):
    """A class, an instance and a dict of fields dump the value, by ``data_key`` and without what is only loaded."""
    app.add_url_rule("/x", "x", response(200, schema)(lambda: {"name": "Rex", "secret": "s", "other": 1}))

    assert app.test_client().get("/x").json == {"petName": "Rex"}


def test_members_keep_the_order_of_the_schema(app):
    """Members leave in the order of the schema, not of the value."""
    schema = Schema.from_dict({"b": fields.Integer(), "a": fields.Integer()})
    app.add_url_rule("/x", "x", response(200, schema)(lambda: {"a": 1, "b": 2}))

    assert app.test_client().get("/x").data.replace(b" ", b"") == b'{"b":2,"a":1}'


@pytest.mark.parametrize("status", [http.HTTPStatus.CREATED, 201])
def test_statuses_may_be_members_of_the_enumeration(app, status):
    """A status is a number or an ``http.HTTPStatus``, in the mark and in the returned tuple."""
    app.add_url_rule("/x", "x", response(status, Pet)(lambda: ({"name": "Rex"}, status)))

    assert app.test_client().get("/x").status_code == 201
    assert statuses(app, "x") == [201]


def test_content_type(app):
    """``content_type`` is the media type of the answer, also in the document."""
    app.add_url_rule("/x", "x", response(200, Pet, content_type="application/vnd.pet+json")(lambda: {"name": "Rex"}))

    assert app.test_client().get("/x").content_type == "application/vnd.pet+json"
    assert "application/vnd.pet+json" in app.openapi["paths"]["/x"]["get"]["responses"]["200"]["content"]


def test_one_status_is_declared_once(app):
    """Two outcomes of one status on one handler are a mistake that stops the start."""
    app.add_url_rule("/x", "x", response(200)(response(200, Pet)(lambda: 1)))

    with pytest.raises(SetupError, match="declares 200 twice"):
        app.freeze()


def test_an_outer_response_gives_way(app):
    """An outcome of a class or router is added, and gives way to the handler's own of its status; it is not a
    default."""
    router = Router("r", marks=[response(202, {"outer": fields.String()}), response(203)])

    @router.route("/x")
    @response(202, {"middle": fields.String()})
    class X(Resource):
        @response(200, {"inner": fields.String()})
        def get(self):
            return {"inner": "i", "middle": "m", "outer": "o"}

        @response(202, {"inner": fields.String()})
        def post(self):
            return {"inner": "i", "middle": "m", "outer": "o"}

        def put(self):
            return {"inner": "i", "middle": "m", "outer": "o"}

    app.register_router(router)
    client = app.test_client()

    assert (client.get("/x").status_code, client.get("/x").json) == (200, {"inner": "i"})
    assert (client.post("/x").status_code, client.post("/x").json) == (202, {"inner": "i"})
    assert (client.put("/x").status_code, client.put("/x").json) == (202, {"middle": "m"})


def test_alt_responses_only_document(app):
    """``alt_response`` adds an outcome to the document and changes nothing at run time."""

    @app.get("/x")
    @alt_response(418, Pet)
    @alt_response(404, NotFound)
    @response(200, Pet)
    def x():
        return {"name": "Rex"}, 418

    assert app.test_client().get("/x").json["name"] == "Rex"
    assert set(app.openapi["paths"]["/x"]["get"]["responses"]) >= {"200", "404", "418"}


def test_alt_response_does_not_make_data_rules(app):
    """A view with an ``alt_response`` alone follows Flask's rules for values."""
    app.add_url_rule("/x", "x", alt_response(200)(lambda: "text"))

    assert app.test_client().get("/x").mimetype == "text/html"


def test_headers_are_documented(app):
    """Declared headers are in the document, and the handler sets them."""

    @app.get("/x")
    @response(200, Pet, headers={"X-Total": fields.Integer(), "X-Page": fields.Integer})
    def x():
        return {"name": "Rex"}, {"X-Total": "3"}

    assert app.test_client().get("/x").headers["X-Total"] == "3"
    described = app.openapi["paths"]["/x"]["get"]["responses"]["200"]["headers"]
    assert set(without_id(described)) == {"X-Total", "X-Page"}


@pytest.mark.parametrize("schema", [3, "Pet", [Pet], object()])
def test_what_is_no_schema_is_refused(schema):
    """What is not a schema is refused where the mark is written."""
    with pytest.raises(SetupError, match="is not a schema"):
        response(200, schema)


def test_what_is_no_field_is_refused():
    """A header needs a marshmallow field."""
    with pytest.raises(SetupError, match="is not a field"):
        response(200, headers={"X-A": int})


@pytest.mark.parametrize(
    "value, expected",
    [
        ((1, 201), (1, 201, None)),
        ((1, 201, {}), (1, 201, {})),
        ((1, {"a": "b"}), (1, None, {"a": "b"})),
        ((1, True), ((1, True), None, None)),
        ((1, "201"), (1, 201, None)),
        ((1, "404 NOT FOUND"), (1, 404, None)),
        ((1, "404 Gone fishing", {}), (1, 404, {})),
        ((1, "2010"), ((1, "2010"), None, None)),
        ((1, "no"), ((1, "no"), None, None)),
        ((1, [("X-A", "1")]), (1, None, [("X-A", "1")])),
        ((1, []), (1, None, [])),
        ((1, None, {"a": "b"}), (1, None, {"a": "b"})),
        ((1, [2, 3]), ((1, [2, 3]), None, None)),
        ((1, [{"a": 1}]), ((1, [{"a": 1}]), None, None)),
        ((1, None), ((1, None), None, None)),
        ((1, 2, 3, 4), ((1, 2, 3, 4), None, None)),
        (Row(1, 201), (Row(1, 201), None, None)),
        ([1, 201], ([1, 201], None, None)),
        ((1, {"a": "b"}, 201), ((1, {"a": "b"}, 201), None, None)),
    ],
)
def test_unpack(value, expected):
    """A tuple whose second member is a status or headers is taken apart; others are data."""
    assert unpack(value) == expected


def test_check_outcomes_takes_different_statuses():
    """Different statuses are fine."""
    check_outcomes((response(200), response(201)), "here")


def test_a_value_that_cannot_be_written(app, caplog):
    """A value that JSON has no word for is a 500 that is logged, not a broken body."""
    app.add_url_rule("/x", "x", response(200)(lambda: {"x": object()}))
    reply = app.test_client().get("/x")

    assert reply.status_code == 500
    assert len(caplog.records) == 1


def test_a_provider_of_ones_own_writes_answers(app):
    """A JSON provider of one's own writes declared answers too."""

    class Mine(app.json_provider_class):
        def dumps(self, obj, **kwargs):
            return super().dumps({"wrapped": obj}, **kwargs)

    app.json = Mine(app)
    app.add_url_rule("/x", "x", response(200, Pet)(lambda: {"name": "Rex"}))

    assert app.test_client().get("/x").json == {"wrapped": {"petName": "Rex"}}


RETURNED = [
    (({"name": "Rex"}, "404 NOT FOUND"), 404, []),
    (({"name": "Rex"}, "404 NOT FOUND", [("X-A", "1")]), 404, [("X-A", "1")]),
    (({"name": "Rex"}, [("X-A", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]), 200, [("Set-Cookie", "b=2")]),
    (({"name": "Rex"}, []), 200, []),
    (({"name": "Rex"}, None, {"X-A": "1"}), 200, [("X-A", "1")]),
]


@pytest.mark.parametrize(("returned", "status", "headers"), RETURNED)
def test_statuses_and_headers_are_taken_as_flask_does(app, returned, status, headers):
    """A status may be a text, and headers a list of pairs, of which each counts; the contract reads the same."""
    app.config["CONTRACT"] = "raise"
    field = {"X-A": fields.String()}
    shown = response(200, Pet, headers=field)(response(404, Pet, headers=field)(lambda: returned))
    app.get("/")(shown)
    reply = app.test_client().get("/")

    assert (reply.status_code, reply.json) == (status, {"petName": "Rex"})
    assert all(pair in list(reply.headers) for pair in headers)
    assert len(reply.headers.getlist("Set-Cookie")) == str(returned).count("Set-Cookie")


@pytest.mark.parametrize("owner", [{"x": 1}, 201, "404 NOT FOUND", [("X-A", "1")]])
@pytest.mark.parametrize("many", [False, True])
def test_a_named_tuple_is_an_object(app, owner, many):
    """A row is dumped by its attributes, whatever its second member is, and the contract agrees."""
    app.config["CONTRACT"] = "raise"
    schema = Schema.from_dict({"name": fields.String(), "owner": fields.Raw()})
    row = Row("Rex", owner)
    app.get("/")(response(200, schema(many=many))(lambda: [row] if many else row))
    reply = app.test_client().get("/")
    expected = {"name": "Rex", "owner": [list(pair) for pair in owner] if isinstance(owner, list) else owner}

    assert reply.json == ([expected] if many else expected)
    assert "X-A" not in reply.headers

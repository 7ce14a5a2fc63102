"""Resources: handlers of every kind, and what their values mean."""

from __future__ import annotations

import pytest

from framework import App, Resource, Schema, fast, fields, response


class PairSchema(Schema):
    """Two numbers, in an order that no sorting gives."""

    b = fields.Integer()
    a = fields.Integer()


@pytest.fixture
def app():
    """A plain application whose undeclared answers are not held against it."""
    return App("pairs", root_path=".", static_folder=None)


@pytest.fixture
def client(app):
    """Its client."""
    return app.test_client(contract=False)


def test_static_and_class_methods_are_handlers(app, client):
    """A handler may be a static or a class method."""

    @app.route("/pair")
    class Pair(Resource):
        @staticmethod
        def get():
            return {"kind": "static"}

        @classmethod
        def post(cls):
            return {"kind": cls.__name__}

    assert client.get("/pair").json == {"kind": "static"}
    assert client.post("/pair").json == {"kind": "Pair"}


def test_a_status_outside_of_http_is_an_error(app, client):
    """A pair of numbers that is not a value and status is a mistake in the handler, and leaves as 500."""

    @app.route("/pair")
    class Pair(Resource):
        def get(self):
            return 5, 7

    assert client.get("/pair").status_code == 500


def test_provider_settings_do_not_close(app, client):
    """A setting of the JSON provider holds for the next answer."""

    @app.route("/pair")
    class Pair(Resource):
        def get(self):
            return {"b": 1, "a": 2}

    before = client.get("/pair").text
    app.json.sort_keys = False

    assert (before, client.get("/pair").text) == ('{"a":2,"b":1}', '{"b":1,"a":2}')


def test_a_schema_keeps_its_order(app, client):
    """A declared answer has its members in the order of the schema."""

    @app.route("/pair")
    class Pair(Resource):
        @response(200, PairSchema)
        def get(self):
            return {"a": 2, "b": 1}

    assert client.get("/pair").text == '{"b":1,"a":2}'


def test_a_replaced_view_function_is_called_with_its_marks(app, client):
    """What is put into ``view_functions`` later answers, by its own declaration."""

    @app.get("/pair")
    @response(200, PairSchema)
    def pair():
        return {"a": 2, "b": 1}

    client.get("/pair")

    @response(201, PairSchema)
    def other():
        return {"a": 4, "b": 3, "c": 5}

    app.view_functions["pair"] = other
    reply = client.get("/pair")

    assert (reply.status_code, reply.text) == (201, '{"b":3,"a":4}')


def test_compiled_and_plain_are_compared_in_staging(client, app, caplog):
    """With ``FAST_PATH = "compare"`` a difference between the compiled function and marshmallow is logged."""

    @app.route("/pair")
    class Pair(Resource):
        @response(200, PairSchema)
        def get(self):
            return {"a": 2, "b": 1}

    app.config["FAST_PATH"] = "compare"
    agreed = client.get("/pair").text, list(caplog.records)
    schema = next(one for one in app.operations if one.endpoint == "Pair").outcomes[0].schema
    schema.dump = lambda value: {"b": 7}  # now the two no longer say the same
    client.get("/pair")

    assert agreed == ('{"b":1,"a":2}', [])
    assert any(record.name == "framework.fast" for record in caplog.records)


def test_schemas_are_compiled_ahead_on_request(app):
    """``freeze(compile=True)`` generates the functions that the first request would."""

    @app.route("/pair")
    class Pair(Resource):
        @response(200, PairSchema)
        def get(self):
            return {"a": 2, "b": 1}

    app.freeze(compile=True)
    schema = next(one for one in app.operations if one.endpoint == "Pair").outcomes[0].schema

    assert "def " in fast.source(schema)


def test_the_source_of_a_schema_that_was_not_used_is_compiled():
    """``source`` shows how a schema loads and dumps before anything used it, and compiles nothing twice."""
    schema = PairSchema()
    shown = fast.source(schema)

    assert "# load PairSchema" in shown
    assert "# dump PairSchema" in shown
    assert fast.source(schema) == shown

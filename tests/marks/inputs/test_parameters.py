"""A parameter that a mark declares is checked: what the document refuses, the server refuses."""

from __future__ import annotations

import pytest
from marshmallow import validate

from framework import App, arguments, fields, response
from framework.marks.base import Mark, Parameter, Phase, Step


class Declares(Mark):
    """A mark that says of some parameters what they are, and no more."""

    def __init__(self, *parameters):
        self.parameters = parameters

    def document(self, plan):
        yield from self.parameters


def application(*parameters, rule="/", fast=True, marks=()):
    app = App("declared")
    app.config["FAST_PATH"] = fast

    @app.get(rule)
    @Declares(*parameters)
    @response(200, {})
    def show(**values):
        return {}

    return app


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("location", "good", "bad", "where"),
    [
        ("query", {"query_string": {"X-Size": "3"}}, {"query_string": {"X-Size": "x"}}, "query"),
        ("header", {"headers": {"x-size": "3"}}, {"headers": {"x-size": "x"}}, "headers"),
        ("cookie", {"headers": {"Cookie": "X-Size=3"}}, {"headers": {"Cookie": "X-Size=x"}}, "cookies"),
    ],
)
def test_a_declared_parameter_is_checked(location, good, bad, where, fast):
    """In each location, and the answer is the 422 of ``arguments``, which the document has."""
    app = application(Parameter("X-Size", location, fields.Integer(validate=validate.Range(max=9))), fast=fast)
    client = app.test_client(use_cookies=False)

    assert client.get("/", **good).status_code == 200
    assert client.get("/").status_code == 200
    reply = client.get("/", **bad)
    assert (reply.status_code, reply.json["errors"]) == (422, {where: {"X-Size": ["Not a valid integer."]}})
    assert reply.json["code"] == "validation_failed"
    assert "422" in app.openapi["paths"]["/"]["get"]["responses"]


def test_a_required_parameter_must_be_there():
    """``required=True`` is refused when it is absent."""
    client = application(Parameter("X-Tenant", "header", fields.String(required=True))).test_client()

    assert client.get("/", headers={"X-Tenant": "a"}).status_code == 200
    assert client.get("/").json["errors"] == {"headers": {"X-Tenant": ["Missing data for required field."]}}


def test_a_value_of_the_path_is_checked():
    """Before the handler gets it."""
    parameter = Parameter("name", "path", fields.String(validate=validate.Length(max=3)))
    client = application(parameter, rule="/<name>").test_client()

    assert [client.get(path).status_code for path in ("/abc", "/abcd")] == [200, 422]


def test_names_of_the_query_are_declared_beside_arguments():
    """What a mark declares there is no unknown name, and all errors leave as one."""
    app = App("declared")

    @app.get("/")
    @Declares(Parameter("page", "query", fields.Integer()))
    @arguments({"n": fields.Integer()}, location="query")
    @response(200, {})
    def show(query):
        return {}

    client = app.test_client()
    assert client.get("/?page=1&n=2").status_code == 200
    assert client.get("/?page=x&n=y").json["errors"] == {
        "query": {"page": ["Not a valid integer."], "n": ["Not a valid integer."]}
    }
    assert client.get("/?pages=1").status_code == 422


def test_one_header_declared_twice_satisfies_both():
    """Each field of a name holds, whatever case it is written in."""
    both = (Parameter("X-A", "header", fields.String(required=True)), Parameter("x-a", "header", fields.Integer()))
    client = application(*both).test_client(contract=False)

    assert [client.get("/", headers={"X-A": value}).status_code for value in ("1", "x")] == [200, 422]


def test_a_mark_may_check_for_itself():
    """``checked=True`` leaves it to the mark, in a phase and with an answer of its own."""

    class Own(Declares):
        def run(self, plan):
            seen = plan.notes.setdefault("seen", [])
            return [Step(Phase.INPUTS, lambda ctx, call: seen.append(ctx.request.headers["X-Size"]))]

    app = App("declared")

    @app.get("/")
    @Own(Parameter("X-Size", "header", fields.Integer(), checked=True))
    @response(200, {})
    def show():
        return {}

    client = app.test_client(contract=False)
    assert client.get("/", headers={"X-Size": "x"}).status_code == 200


def test_a_mark_on_a_hook_is_checked_too():
    """What a ``before_request`` function declares is in every operation, and holds for every operation."""
    app = App("declared")

    @app.before_request
    @Declares(Parameter("X-Size", "header", fields.Integer()))
    def look():
        return None

    @app.get("/")
    @response(200, {})
    def show():
        return {}

    assert app.test_client().get("/", headers={"X-Size": "x"}).status_code == 422


def test_an_operation_without_such_parameters_has_no_further_step():
    """The framework's own marks check their parameters themselves."""
    app = App("declared")

    @app.get("/")
    @arguments({"n": fields.Integer()}, location="query")
    @response(200, {})
    def show(query):
        return {}

    app.freeze()
    (operation,) = (each for each in app.operations if each.endpoint == "show")
    assert all(parameter.checked for parameter in operation.parameters)

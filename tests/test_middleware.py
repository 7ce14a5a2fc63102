"""WSGI middleware: a POST that stands for another method."""

from __future__ import annotations

import pytest

from framework import App, Resource, request
from framework.errors import SetupError
from framework.middleware import ORIGINAL_METHOD, MethodOverride


@pytest.fixture
def app():
    """An application that says which method it was called with."""
    app = App("overrides", root_path=".", static_folder=None)

    @app.route("/")
    class Said(Resource):
        def get(self):
            return "GET"

        def post(self):
            return "POST"

        def put(self):
            return ["PUT", request.environ[ORIGINAL_METHOD], request.get_json()]

        def delete(self):
            return "DELETE"

    app.wsgi_app = MethodOverride(app.wsgi_app)
    return app


def send(app, method, override, **options):
    """The answer to a request with the header."""
    client = app.test_client(contract=False)
    return client.open("/", method=method, headers={"X-HTTP-Method-Override": override}, **options)


@pytest.mark.parametrize("override", ["DELETE", "delete", " DELETE "])
def test_a_post_stands_for_the_method_in_the_header(app, override):
    """The name of the method is read without regard to case and blanks."""
    assert send(app, "POST", override).json == "DELETE"


def test_the_body_and_the_true_method_stay(app):
    """The handler reads the body, and the environment has the method that was sent."""
    assert send(app, "POST", "PUT", json={"a": 1}).json == ["PUT", "POST", {"a": 1}]


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_only_a_post_is_changed(app, method):
    """A link must not delete anything."""
    assert b"DELETE" not in send(app, method, "DELETE", json={}).data.partition(b",")[0]


@pytest.mark.parametrize("override", ["GET", "TRACE", "PURGE", "", "DELETE, PUT", "DELETE\u00e9"])
def test_a_method_that_is_not_allowed_is_ignored(app, override):
    """What is not listed leaves a POST."""
    assert send(app, "POST", override).json == "POST"


def test_the_list_and_the_header_can_be_chosen(app):
    """``allowed`` and ``header`` take the place of the defaults."""
    app.wsgi_app = MethodOverride(app.wsgi_app.wsgi_app, ["DELETE"], header="X-Method")
    client = app.test_client(contract=False)

    assert client.post("/", headers={"X-Method": "DELETE"}).json == "DELETE"
    assert client.post("/", headers={"X-Method": "PUT"}).json == "POST"
    assert send(app, "POST", "DELETE").json == "POST"


@pytest.mark.parametrize("allowed", [[], "DELETE", ["delete"], ["POST"], ["TRACE"], ["A B"], [""]])
def test_methods_that_cannot_be_stood_for_are_refused(app, allowed):
    """A wrong list stops the start."""
    with pytest.raises(SetupError, match="allowed="):
        MethodOverride(app.wsgi_app, allowed)

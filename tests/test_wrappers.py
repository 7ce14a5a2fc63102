"""The users' request and response."""

from __future__ import annotations

import io
import json

import pytest
from werkzeug.exceptions import NotFound

from framework import App, Request, Response, Router, request
from framework.debughelpers import DebugFilesKeyError


@pytest.fixture
def app():
    """An application with views that read their request."""
    app = App("wrappers")
    app.testing = True

    @app.post("/json")
    def read_json():
        return {"value": request.get_json()}

    @app.post("/form")
    def read_form():
        return request.form.to_dict()

    @app.post("/data")
    def read_data():
        return str(len(request.get_data()))

    @app.post("/file")
    def read_file():
        return request.files["picture"].filename

    return app


# What the path leads to


def test_routing_is_on_the_request(app):
    """Endpoint, rule and values of the path are attributes of the request."""

    @app.get("/pets/<int:pet_id>", endpoint="pet")
    def pet(pet_id):
        return ""

    with app.test_request_context("/pets/3"):
        assert request.endpoint == "pet"
        assert request.url_rule.rule == "/pets/<int:pet_id>"
        assert request.view_args == {"pet_id": 3}
        assert request.router is None
        assert request.routers == []
        assert request.routing_exception is None


def test_a_miss_is_on_the_request(app):
    """A path that leads nowhere keeps its error, and no endpoint."""
    with app.test_request_context("/nowhere"):
        assert request.endpoint is None
        assert request.url_rule is None
        assert request.view_args is None
        assert request.routers == []
        assert isinstance(request.routing_exception, NotFound)


def test_routers_go_from_the_inside_out(app):
    """``routers`` names the innermost router first; changing the list changes nothing."""
    outer = Router("outer", __name__, url_prefix="/outer")
    inner = Router("inner", __name__, url_prefix="/inner")
    inner.add_url_rule("/", "view", lambda: ",".join(request.routers))
    outer.register_router(inner)
    app.register_router(outer)
    with app.test_request_context("/outer/inner/"):
        assert request.router == "outer.inner"
        assert request.routers == ["outer.inner", "outer"]
        request.routers.clear()
        assert request.routers == ["outer.inner", "outer"]


def test_a_request_without_application():
    """A request made by itself has werkzeug's limits and no endpoint."""
    alone = Request.from_values("/", method="POST", json={"a": 1})

    assert alone.endpoint is None
    assert alone.max_content_length is None
    assert alone.max_form_memory_size == 500_000
    assert alone.max_form_parts == 1000
    assert alone.max_json_length is None
    assert alone.trusted_hosts is None
    assert alone.get_json() == {"a": 1}


# JSON


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"[1,]", b"\xff", b"[" * 100_000, b"1" * 5000, b'"\\ud800'],
    ids=["open", "empty", "comma", "bytes", "deep", "digits", "surrogate"],
)
def test_broken_json_is_400(app, body):
    """What is not JSON is a 400 that shows nothing of the parser."""
    reply = app.test_client().post("/json", data=body, content_type="application/json")

    assert reply.status_code == 400
    assert b"Failed to decode" not in reply.data
    assert b"line 1" not in reply.data
    assert reply.get_json()["detail"] == "The request body is not valid JSON."


def test_debug_mode_shows_the_parser(app):
    """In debug mode the answer says what the parser says."""
    app.debug = True
    reply = app.test_client().post("/json", data=b"{", content_type="application/json")

    assert reply.status_code == 400
    assert b"Failed to decode JSON object: The text ends in the middle of a value." in reply.data


def test_another_media_type_is_415(app):
    """A body that is not declared as JSON is not read as such."""
    assert app.test_client().post("/json", data=b"{}").status_code == 415
    assert app.test_client().post("/json", data=b"{}", content_type="text/plain").status_code == 415


@pytest.mark.parametrize(
    "mimetype", ["application/json", "application/vnd.api+json", "application/json; charset=utf-8"]
)
def test_json_types(app, mimetype):
    """``application/json`` and ``+json`` types are JSON."""
    assert app.test_client().post("/json", data=b"[1]", content_type=mimetype).get_json() == {"value": [1]}


def test_silent_and_force(app):
    """``silent`` gives nothing where there is no JSON, ``force`` does not ask the type."""
    with app.test_request_context("/", method="POST", data=b"[1]"):
        assert request.get_json(silent=True) is None
        assert request.get_json(force=True) == [1]
    with app.test_request_context("/", method="POST", data=b"{", content_type="application/json"):
        assert request.get_json(silent=True) is None


def test_json_comes_from_the_provider(app):
    """The application's provider reads the body."""
    app.json.loads = lambda s, **kwargs: "mine"
    with app.test_request_context("/", method="POST", json={}):
        assert request.json == "mine"


@pytest.mark.parametrize("chunked", [False, True])
def test_json_has_its_own_limit(app, chunked):
    """A JSON body beyond ``MAX_JSON_LENGTH`` is 413, with and without a declared length."""
    app.config["MAX_JSON_LENGTH"] = 10
    client = app.test_client()

    def send(body):
        if chunked:
            extra = {"input_stream": io.BytesIO(body), "environ_overrides": {"wsgi.input_terminated": True}}
            return client.post(
                "/json", content_type="application/json", headers={"Transfer-Encoding": "chunked"}, **extra
            )
        return client.post("/json", data=body, content_type="application/json")

    assert send(json.dumps("x" * 8).encode()).status_code == 200
    assert send(json.dumps("x" * 9).encode()).status_code == 413


def test_a_request_may_allow_more_json(app):
    """The limit can be set on one request."""
    app.config["MAX_JSON_LENGTH"] = 10
    with app.test_request_context("/", method="POST", json="x" * 100):
        request.max_json_length = 1000

        assert request.get_json() == "x" * 100


# Limits


def test_a_long_body_is_413(app):
    """``MAX_CONTENT_LENGTH`` holds for every body."""
    app.config["MAX_CONTENT_LENGTH"] = 10
    client = app.test_client()

    assert client.post("/data", data=b"x" * 10).text == "10"
    assert client.post("/data", data=b"x" * 11).status_code == 413
    assert client.post("/form", data={"a": "x" * 11}).status_code == 413


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("max_content_length", "MAX_CONTENT_LENGTH", 16 * 1024 * 1024),
        ("max_form_memory_size", "MAX_FORM_MEMORY_SIZE", 500_000),
        ("max_form_parts", "MAX_FORM_PARTS", 1000),
        ("max_json_length", "MAX_JSON_LENGTH", 1024 * 1024),
    ],
)
def test_limits_come_from_the_settings_unless_set(app, name, key, value):
    """Each limit is a setting, and an attribute of one request."""
    with app.test_request_context("/"):
        assert getattr(request, name) == value
        app.config[key] = 20
        assert getattr(request, name) == 20
        setattr(request, name, 10)
        assert getattr(request, name) == 10
        setattr(request, name, 0)
        assert getattr(request, name) == 0
        assert app.config[key] == 20
    with app.test_request_context("/"):
        assert getattr(request, name) == 20


def test_a_form_field_has_a_limit(app):
    """A multipart field beyond ``MAX_FORM_MEMORY_SIZE``, and a form with too many parts, is 413."""
    client = app.test_client()
    app.config["MAX_FORM_MEMORY_SIZE"] = 10
    big = {"a": "x" * 11}
    assert client.post("/form", data=big, content_type="multipart/form-data").status_code == 413
    app.config.update(MAX_FORM_MEMORY_SIZE=None, MAX_FORM_PARTS=1)
    many = {"a": "x", "b": "y"}
    assert client.post("/form", data=many, content_type="multipart/form-data").status_code == 413
    assert client.post("/form", data={"a": "x"}, content_type="multipart/form-data").status_code == 200


def test_trusted_hosts(app):
    """A host that ``TRUSTED_HOSTS`` does not name is refused with 400."""
    app.config["TRUSTED_HOSTS"] = ["example.com", ".example.org"]
    app.add_url_rule("/host", "host", lambda: request.host)
    client = app.test_client()

    assert client.get("/host", base_url="http://example.com").text == "example.com"
    assert client.get("/host", base_url="http://a.example.org").text == "a.example.org"
    assert client.get("/host", base_url="http://evil.com").status_code == 400


def test_trusted_hosts_of_one_request(app):
    """The list can be set on one request."""
    with app.test_request_context("/", base_url="http://a.com"):
        assert request.trusted_hosts is None
        request.trusted_hosts = ["a.com"]
        assert request.trusted_hosts == ["a.com"]
        assert request.host == "a.com"


# Files


def test_a_file_sent_as_text_is_explained(app):
    """In debug mode a form without its ``enctype`` is explained; otherwise the key is just missing."""
    client = app.test_client()
    app.config["TRAP_BAD_REQUEST_ERRORS"] = False
    assert client.post("/file", data={"picture": "a.png"}).status_code == 400
    app.debug = True

    with pytest.raises(DebugFilesKeyError, match=r"enctype=.multipart/form-data.") as caught:
        client.post("/file", data={"picture": "a.png"})
    assert "'a.png'" in str(caught.value)
    assert client.post("/file", data={"other": "a.png"}).status_code == 400
    assert client.post("/file", data={"picture": (io.BytesIO(b"x"), "a.png")}).text == "a.png"


# The response


def test_a_response_is_html_by_default():
    """A response by itself is text/html."""
    assert Response("x").content_type == "text/html; charset=utf-8"


def test_a_response_reads_its_json(app):
    """``get_json`` of a response asks the provider."""
    response = Response('{"a": 1}', mimetype="application/json")

    assert response.get_json() == {"a": 1}
    app.json.loads = lambda s, **kwargs: "mine"
    with app.app_context():
        assert Response("1", mimetype="application/json").get_json() == "mine"


def test_redirects_stay_relative(app):
    """``Location`` is not made absolute."""
    response = Response(status=302, headers={"Location": "/there"})

    with app.test_request_context("/"):
        assert response.get_wsgi_headers(request.environ)["Location"] == "/there"


def test_the_cookie_size_is_a_setting(app):
    """``max_cookie_size`` is ``MAX_COOKIE_SIZE``, and werkzeug's without an application."""
    assert Response().max_cookie_size == 4093
    app.config["MAX_COOKIE_SIZE"] = 0
    with app.app_context():
        assert Response().max_cookie_size == 0


def test_own_classes(app):
    """The application uses the classes that it is given."""

    class MyRequest(Request):
        shout = "!"

    class MyResponse(Response):
        default_mimetype = "text/plain"

    app.request_class, app.response_class = MyRequest, MyResponse
    app.add_url_rule("/", "index", lambda: request.shout)
    reply = app.test_client().get("/")

    assert reply.text == "!"
    assert reply.mimetype == "text/plain"

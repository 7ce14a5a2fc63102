"""Requests and responses, as the documentation of Flask describes them."""

from __future__ import annotations

import hashlib
import io

import pytest

from framework import App, Request, Response, Router, make_response, redirect, request


@pytest.fixture
def app():
    app = App("requests", static_folder=None)
    app.testing = True
    return app


def test_a_request_knows_its_address(app):
    """Path, script root and the URLs made of them, in Unicode; where it was routed to; who sent it."""
    router = Router("inner", __name__)
    router.add_url_rule("/päge/<int:number>", "page", lambda number: "")
    app.register_router(router, url_prefix="/in")
    with app.test_request_context("/in/päge/3?q=ä", base_url="https://example.org/root"):
        assert (request.path, request.full_path) == ("/in/päge/3", "/in/päge/3?q=ä")
        assert (request.script_root, request.root_path) == ("/root", "/root")
        assert request.url == "https://example.org/root/in/päge/3?q=ä"
        assert request.base_url == "https://example.org/root/in/päge/3"
        assert (request.url_root, request.host_url) == ("https://example.org/root/", "https://example.org/")
        assert (request.host, request.scheme, request.is_secure) == ("example.org", "https", True)
        assert (request.endpoint, request.view_args) == ("inner.page", {"number": 3})
        assert (request.url_rule.rule, request.router, request.routers) == (
            "/in/päge/<int:number>", "inner", ["inner"],
        )  # fmt: skip
        assert request.query_string.decode() == "q=ä"


def test_a_request_knows_its_data(app):
    """Query, form, both together, files, headers, cookies and the environment."""
    with app.test_request_context(
        "/?a=1&a=2",
        method="POST",
        data={"b": "3", "file": (io.BytesIO(b"x"), "x.txt")},
        headers={"X-Name": "you", "Cookie": "c=4"},
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
    ):
        assert request.args.getlist("a", type=int) == [1, 2]
        assert request.form["b"] == "3"
        assert (request.values["a"], request.values["b"]) == ("1", "3")
        assert request.files["file"].filename == "x.txt"
        assert (request.headers["x-name"], request.cookies["c"]) == ("you", "4")
        assert (request.environ["REQUEST_METHOD"], request.remote_addr) == ("POST", "192.0.2.1")


def test_a_request_class_of_ones_own():
    """``request_class`` makes the requests, with what is added and overridden there."""

    class Mine(Request):
        @property
        def shouted(self):
            return self.path.upper()

        def on_json_loading_failed(self, e):
            return {"broken": e is not None}

    class Application(App):
        request_class = Mine

    app = Application("mine")
    app.add_url_rule("/x", "x", lambda: {"path": request.shouted, "json": request.get_json()}, methods=["POST"])
    answer = app.test_client().post("/x", data="{", content_type="application/json")

    assert answer.json == {"path": "/X", "json": {"broken": True}}


def test_the_raw_body(app):
    """``get_data`` keeps the body, ``stream`` gives it once, ``data`` leaves forms to the form."""

    @app.post("/data")
    def data():
        return request.get_data() + b"|" + request.data + b"|" + request.get_data(as_text=True).encode()

    @app.post("/stream")
    def stream():
        return request.stream.read(3) + b"|" + request.stream.read() + b"|" + request.get_data()

    client = app.test_client()

    assert client.post("/data", data=b"abcdef").data == b"abcdef|abcdef|abcdef"
    assert client.post("/stream", data=b"abcdef").data == b"abc|def|"


def test_a_stream_may_be_wrapped_before_it_is_parsed(app):
    """A checksum of the body is computed while the form is parsed."""

    class Summed:
        def __init__(self, stream):
            self.stream, self.hash = stream, hashlib.sha256()

        def read(self, *size):
            part = self.stream.read(*size)
            self.hash.update(part)
            return part

    @app.post("/")
    def view():
        summed = request.environ["wsgi.input"] = Summed(request.environ["wsgi.input"])
        return f"{request.form['a']} {summed.hash.hexdigest()}"

    answer = app.test_client().post("/", data={"a": "1"})

    assert answer.text == f"1 {hashlib.sha256(b'a=1').hexdigest()}"


def test_the_number_of_form_parts_is_limited(app):
    """``MAX_FORM_PARTS``, of the application and of one request: more is a 413."""

    @app.post("/")
    def view():
        return str(len(request.form))

    @app.post("/more")
    def more():
        request.max_form_parts = 5
        return str(len(request.form))

    app.config["MAX_FORM_PARTS"] = 2

    def post(path, number):
        form = {f"f{index}": "x" for index in range(number)}
        return app.test_client().post(path, data=form, content_type="multipart/form-data")

    assert post("/", 2).text == "2"
    assert post("/", 3).status_code == 413
    assert post("/more", 5).text == "5"
    assert post("/more", 6).status_code == 413


def test_a_response_class_of_ones_own(app):
    """``response_class`` makes the responses, those of text and of other applications too."""

    class Mine(Response):
        default_mimetype = "text/plain"

    app.response_class = Mine
    app.add_url_rule("/", "text", lambda: "text")
    app.add_url_rule("/other", "other", lambda: Response("other"))
    with app.test_request_context():
        assert type(make_response("text")) is Mine
        assert type(make_response(Response("other"))) is Mine
    assert app.test_client().get("/").mimetype == "text/plain"
    assert app.test_client().get("/other").mimetype == "text/html"


def test_cookies_with_every_attribute(app):
    """Each attribute of a cookie is sent; deleting it sends one that is over."""

    @app.get("/set")
    def set_it():
        response = make_response("")
        response.set_cookie(
            "a", "1", max_age=60, path="/p", domain="example.org", secure=True, httponly=True, samesite="Lax",
            partitioned=True,
        )  # fmt: skip
        return response

    @app.get("/delete")
    def delete():
        response = make_response("")
        response.delete_cookie("a", path="/p")
        return response

    client = app.test_client()
    parts = client.get("/set").headers["Set-Cookie"].split("; ")

    assert parts[0] == "a=1"
    assert {"Domain=example.org", "Max-Age=60", "Secure", "HttpOnly", "Path=/p", "SameSite=Lax", "Partitioned"} < set(
        parts
    )
    assert (
        "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/p" in client.get("/delete").headers["Set-Cookie"]
    )


@pytest.mark.parametrize("code", [301, 302, 303, 305, 307, 308])
def test_redirects_with_each_code(app, code):
    """``redirect(location, code)`` keeps the code and the location."""
    app.add_url_rule("/", "go", lambda: redirect("/there", code))
    answer = app.test_client().get("/")

    assert (answer.status_code, answer.location) == (code, "/there")

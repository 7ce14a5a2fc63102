"""The functions that views call."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.util
import io
import os
import sys

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotFound as PlainNotFound

from framework import (
    App,
    Response,
    Router,
    abort,
    errors,
    flash,
    g,
    get_flashed_messages,
    make_response,
    redirect,
    request,
    send_file,
    send_from_directory,
    session,
    stream_with_context,
    url_for,
)
from framework.helpers import Aborter, _split_router_path, get_debug_flag, get_load_dotenv, get_root_path


@pytest.fixture
def app(tmp_path):
    """An application in a temporary folder."""
    app = App("helpers_app", root_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="secret")
    return app


# The environment


@pytest.mark.parametrize(
    ("value", "on"),
    [
        (None, False),
        ("", False),
        ("0", False),
        ("False", False),
        ("no", False),
        ("1", True),
        ("true", True),
        ("x", True),
    ],
)
def test_the_debug_flag(monkeypatch, value, on):
    """``FRAMEWORK_DEBUG`` switches debug mode on, unless it is one of the words for no."""
    monkeypatch.delenv("FRAMEWORK_DEBUG", raising=False)
    if value is not None:
        monkeypatch.setenv("FRAMEWORK_DEBUG", value)

    assert get_debug_flag() is on
    assert App("flagged").debug is on


@pytest.mark.parametrize(
    ("value", "load"), [(None, True), ("", True), ("0", True), ("No", True), ("1", False), ("x", False)]
)
def test_skipping_dotenv_files(monkeypatch, value, load):
    """``FRAMEWORK_SKIP_DOTENV`` keeps dotenv files from being read."""
    monkeypatch.delenv("FRAMEWORK_SKIP_DOTENV", raising=False)
    if value is not None:
        monkeypatch.setenv("FRAMEWORK_SKIP_DOTENV", value)

    assert get_load_dotenv() is load
    assert get_load_dotenv(False) is (load if value else False)


# abort


def raised(*args, **kwargs):
    """What abort raises."""
    with pytest.raises(Exception) as caught:
        abort(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize("inside", [True, False])
def test_abort_with_a_status(app, inside):
    """A status stands for the framework's class, which is werkzeug's too; further arguments go to it."""

    def check():
        error = raised(404, "No pet 3.", headers={"X-Why": "gone"})
        assert type(error) is errors.NotFound
        assert isinstance(error, PlainNotFound)
        assert error.description == "No pet 3."
        assert ("X-Why", "gone") in error.get_headers()
        assert raised(405, ["GET"]).valid_methods == ["GET"]

    if inside:
        with app.app_context():
            check()
    else:
        check()


class PetNotFound(errors.NotFound):
    """No pet has this id."""


def test_abort_with_an_exception():
    """An exception is raised as it is, a class is called first."""
    error = PetNotFound("No pet 3.")

    assert raised(error) is error
    assert raised(PetNotFound, "No pet 4.").description == "No pet 4."
    assert type(raised(LookupError)) is LookupError


def test_abort_does_not_lose_arguments():
    """Arguments beside an exception that exists already are a TypeError."""
    with pytest.raises(TypeError, match="Give them to the exception itself"):
        abort(PetNotFound(), "No pet.")


def test_abort_with_a_response():
    """A response is what the client gets."""
    response = Response("x", 499)
    error = raised(response)

    assert isinstance(error, HTTPException)
    assert error.get_response() is response


@pytest.mark.parametrize("code", [200, 302, 999])
def test_abort_with_no_error(code):
    """A number that is not an HTTP error is a LookupError."""
    with pytest.raises(LookupError, match=f"no exception for {code}"):
        abort(code)


def test_the_aborter_of_the_application(app):
    """``aborter_class`` decides; an aborter can know further statuses, or only those given."""

    class OutOfStock(errors.APIError):
        code = 499

    app.aborter = Aborter(extra={499: OutOfStock})
    with app.app_context():
        assert type(raised(499)) is OutOfStock
        assert type(raised(404)) is errors.NotFound
    with pytest.raises(LookupError):
        Aborter({499: OutOfStock})(404)


# Answers


def test_make_response(app):
    """A view's return value becomes a response; several arguments are the members of a tuple."""
    with app.test_request_context():
        assert make_response().get_data() == b""
        assert make_response("x").get_data() == b"x"
        response = make_response("x", 201, {"X-A": "1"})
        assert (response.status_code, response.headers["X-A"]) == (201, "1")
        assert make_response({"a": 1}).get_json() == {"a": 1}


@pytest.mark.parametrize("inside", [True, False])
def test_redirect(app, inside):
    """A redirect has a location and a status, inside and outside of an application."""

    class Mine(Response):
        pass

    class Other(Response):
        pass

    def check():
        response = redirect("/there", 303)
        assert (response.status_code, response.location) == (303, "/there")
        assert type(redirect("/", Response=Other)) is Other

    if inside:
        app.response_class = Mine
        with app.app_context():
            check()
            assert type(redirect("/")) is Mine
    else:
        check()


def test_redirect_asks_the_application():
    """``App.redirect`` can be overridden."""

    class Loud(App):
        def redirect(self, location, code=302):
            return super().redirect(location + "!", code)

    with Loud("loud").app_context():
        assert redirect("/there").location == "/there!"


def test_url_for(app):
    """URLs of endpoints, with values, anchor, scheme and method."""
    app.add_url_rule("/pets/<int:pet_id>", "pet", lambda pet_id: "")
    app.add_url_rule("/self/<self>", "self", lambda self: "")
    with app.test_request_context():
        assert url_for("pet", pet_id=3) == "/pets/3"
        assert url_for("pet", pet_id=3, q="a b", none=None) == "/pets/3?q=a+b"
        assert url_for("pet", pet_id=3, _anchor="x y") == "/pets/3#x%20y"
        assert url_for("pet", pet_id=3, _external=True) == "http://localhost/pets/3"
        assert url_for("pet", pet_id=3, _scheme="https") == "https://localhost/pets/3"
        assert url_for("self", self="2") == "/self/2"
    with pytest.raises(RuntimeError, match="application context"):
        url_for("pet", pet_id=3)


def test_url_for_relative_to_a_router(app):
    """A dot in front means: of this router."""
    pets = Router("pets", __name__, url_prefix="/pets")
    pets.add_url_rule("/", "all", lambda: url_for(".one"))
    pets.add_url_rule("/one", "one", lambda: "")
    app.register_router(pets)

    assert app.test_client().get("/pets/").text == "/pets/one"


# Streams


def test_a_stream_has_its_request(app):
    """A generator, or a function that makes one, can use the request to its end, and is closed once."""
    closed = []

    class Wrapper:
        def __init__(self, inner):
            self.inner = inner

        def __iter__(self):
            return self

        def __next__(self):
            return next(self.inner)

        def close(self):
            closed.append(request.path)

    @app.get("/function")
    def function():
        @stream_with_context
        def generate(greeting):
            """Greets."""
            yield greeting
            yield request.args["name"]

        assert generate.__doc__ == "Greets."
        return generate("Hello ")

    @app.get("/generator")
    def generator():
        def generate():
            yield "Hello "
            yield request.args["name"]

        return Response(stream_with_context(Wrapper(generate())))

    client = app.test_client()

    assert client.get("/function?name=World").text == "Hello World"
    assert client.get("/generator?name=World").text == "Hello World"
    assert closed == ["/generator"]


def test_a_stream_outlives_its_request(app):
    """The generator keeps the request where it is used after the context is gone."""
    with app.test_request_context("/there"):
        g.name = "kept"
        stream = stream_with_context(f"{part} {request.path} {g.name}" for part in "ab")

    assert list(stream) == ["a /there kept", "b /there kept"]


def test_a_stream_that_fails_is_closed(app):
    """An error in the generator passes, and the generator is closed."""
    closed = []

    def generate():
        try:
            yield "a"
            raise ValueError("broken")
        finally:
            closed.append(True)

    with app.test_request_context():
        stream = stream_with_context(generate())
    next(stream)
    with pytest.raises(ValueError, match="broken"):
        next(stream)
    assert closed == [True]
    with pytest.raises(StopIteration):
        next(stream)


def test_a_stream_is_closed_once(app):
    """Closing again, after the end or an earlier close, does nothing."""

    class Closing:
        closed = 0

        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration

        def close(self):
            self.closed += 1

    inner = Closing()
    with app.test_request_context():
        stream = stream_with_context(inner)
    assert list(stream) == []
    stream.close()
    stream.close()

    assert inner.closed == 1


def test_a_stream_needs_a_request(app):
    """Without request there is nothing to keep."""
    with app.app_context(), pytest.raises(RuntimeError, match="'stream_with_context' can only be used"):
        stream_with_context(iter("a"))


# Messages


def test_messages_are_shown_once(app):
    """A message stays in the session until somebody asks, and for the rest of that request."""

    @app.get("/flash")
    def put():
        flash("Hello")
        flash("Wrong", "error")
        flash("Careful", "warning")
        return ""

    @app.get("/show")
    def show():
        first = get_flashed_messages(with_categories=True)
        assert get_flashed_messages() == [message for _, message in first]
        assert "_flashes" not in session
        return {"messages": first, "errors": get_flashed_messages(category_filter=["error", "info"])}

    client = app.test_client()
    client.get("/flash")
    reply = client.get("/show").get_json()

    assert reply["messages"] == [["message", "Hello"], ["error", "Wrong"], ["warning", "Careful"]]
    assert reply["errors"] == ["Wrong"]
    assert client.get("/show").get_json() == {"messages": [], "errors": []}


def test_asking_for_messages_makes_no_session(app):
    """Nothing flashed: nothing is written."""
    app.add_url_rule("/", "index", lambda: str(get_flashed_messages()))
    reply = app.test_client().get("/")

    assert reply.text == "[]"
    assert "Set-Cookie" not in reply.headers


def test_messages_need_a_request(app):
    """Messages belong to a session, which belongs to a request."""
    with app.app_context():
        with pytest.raises(RuntimeError, match="request context"):
            flash("Hello")
        with pytest.raises(RuntimeError, match="request context"):
            get_flashed_messages()


# Files


@pytest.fixture
def files(app, tmp_path):
    """A client of the application, with a file ``static/a.txt`` that two views send.

    The client reads and closes each answer, which closes the file.
    """
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.txt").write_bytes(b"0123456789")
    (tmp_path / "secret.txt").write_bytes(b"secret")

    @app.get("/file")
    def one():
        return send_file("static/a.txt", **dict(request.args))

    @app.get("/files/<path:name>")
    def any_of(name):
        return send_from_directory("static", name)

    client = app.test_client()
    client.get = functools.partial(client.get, buffered=True)
    return client


def test_a_file_is_sent_from_the_folder_of_the_application(files):
    """A relative path starts at the application's folder; type, ETag and date come with it."""
    reply = files.get("/file")

    assert reply.data == b"0123456789"
    assert reply.mimetype == "text/plain"
    assert reply.headers["ETag"]
    assert reply.headers["Last-Modified"]
    assert reply.headers["Cache-Control"] == "no-cache"


def test_a_file_is_conditional(files):
    """A known ETag is 304, a range 206, a range outside 416."""
    etag = files.get("/file").headers["ETag"]

    assert files.get("/file", headers={"If-None-Match": etag}).status_code == 304
    part = files.get("/file", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert files.get("/file", headers={"Range": "bytes=20-"}).status_code == 416


def test_a_file_to_save(files):
    """``as_attachment`` and ``download_name`` make the browser save it."""
    reply = files.get("/file?as_attachment=1&download_name=b.txt")

    assert reply.headers["Content-Disposition"] == "attachment; filename=b.txt"


@pytest.mark.parametrize("setting", [3600, dt.timedelta(hours=1)])
def test_the_age_of_a_file_is_a_setting(app, files, setting):
    """``SEND_FILE_MAX_AGE_DEFAULT`` is seconds or a timedelta; the method can be overridden."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = setting

    assert files.get("/file").cache_control.max_age == 3600
    assert files.get("/static/a.txt").cache_control.max_age == 3600
    app.get_send_file_max_age = lambda name: 7 if name and name.endswith("a.txt") else None
    assert files.get("/file").cache_control.max_age == 7


def test_the_server_may_send_the_file(app, files):
    """``USE_X_SENDFILE`` leaves the body to the server."""
    app.config["USE_X_SENDFILE"] = True
    reply = files.get("/file")

    assert reply.headers["X-Sendfile"].endswith("a.txt")
    assert reply.data == b""


@pytest.mark.parametrize("name", ["../secret.txt", "%2e%2e/secret.txt", "no.txt", "..%2fsecret.txt", ".", "a.txt%00"])
def test_files_stay_in_their_folder(files, name):
    """A path that leads out of the folder, or nowhere, is 404."""
    assert files.get(f"/files/{name}").status_code == 404
    assert files.get(f"/static/{name}").status_code == 404


def test_files_of_a_folder_are_sent(files):
    """A path in the folder is sent."""
    assert files.get("/files/a.txt").data == b"0123456789"


def test_open_files_are_sent(app):
    """A file that is open for bytes is sent."""
    with app.test_request_context():
        reply = send_file(io.BytesIO(b"x"), mimetype="text/plain")
        reply.direct_passthrough = False
        assert reply.get_data() == b"x"
        with pytest.raises(ValueError, match="binary mode"):
            send_file(io.StringIO("x"), mimetype="text/plain")


def test_sending_needs_a_request(app):
    """Whether to send at all depends on the request's headers."""
    with app.app_context(), pytest.raises(RuntimeError, match="request context"):
        send_file("a.txt")


# Where things are


def test_the_folder_of_a_module(tmp_path, monkeypatch):
    """A module's folder is that of its file, imported or not; without one it is the working folder."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "root_module.py").write_text("raise RuntimeError('imported')\n")
    (tmp_path / "root_package").mkdir()
    (tmp_path / "root_package" / "__init__.py").write_text("")
    (tmp_path / "root_namespace").mkdir()

    assert get_root_path("root_module") == str(tmp_path)
    assert get_root_path("root_package") == str(tmp_path / "root_package")
    assert get_root_path("framework") == os.path.dirname(importlib.util.find_spec("framework").origin)
    for name in ("no_such_module", "no_such_package.module", "__main__x", ""):
        assert get_root_path(name) == os.getcwd()
    with pytest.raises(RuntimeError, match="'root_namespace': it is a namespace package"):
        get_root_path("root_namespace")


def test_the_folder_of_the_main_module(monkeypatch):
    """``__main__`` without a file, as in an interactive session, is the working folder."""
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)

    assert get_root_path("__main__") == os.getcwd()


@pytest.mark.parametrize(("name", "parts"), [("a", ["a"]), ("a.b", ["a.b", "a"]), ("a.b.c", ["a.b.c", "a.b", "a"])])
def test_router_paths(name, parts):
    """A name splits into those of the routers around it."""
    assert _split_router_path(name) == parts

"""Errors: their classes, who handles them, and how they leave."""

from __future__ import annotations

import json

import pytest
from werkzeug import exceptions as werkzeug_errors
from werkzeug.datastructures import WWWAuthenticate

import framework.errors as errors
from framework import App, Resource, Router, Schema, abort, arguments, fields, redirect, response
from framework.errors import APIError, BadRequest, NotFound, Unauthorized, ValidationFailed
from tests.answers import same_body


@pytest.fixture
def app(fast):
    """An application that raises what it is told."""
    app = App("errors")
    app.config.update(FAST_PATH=fast, CONTRACT="off")
    app.raised = None

    @app.get("/raise")
    def fail():
        raise app.raised

    @app.route("/resource")
    class Thing(Resource):
        def get(self):
            raise app.raised

    return app


def reply_to(app, error, path="/raise"):
    """What leaves when a handler raises an error."""
    app.raised = error
    return app.test_client().get(path)


class PetNotFound(NotFound):
    """No pet has this id."""


class OutOfStock(errors.Conflict):
    """The shop has none left."""

    error_code = "sold_out"
    schema = Schema.from_dict({"left": fields.Integer()})


# Classes


@pytest.mark.parametrize("code", sorted(werkzeug_errors.default_exceptions))
def test_there_is_a_class_for_each_status(code):
    """Each HTTP error of werkzeug has a class of the framework, of the same name, that is both."""
    theirs = werkzeug_errors.default_exceptions[code]
    ours = errors.by_status[code]

    assert ours.__name__ == theirs.__name__
    assert ours is getattr(errors, ours.__name__)
    assert issubclass(ours, APIError)
    assert issubclass(ours, theirs)
    assert ours.code == code
    assert ours.__doc__
    assert ours().description


def test_machine_names():
    """The machine name is the class name in snake case, unless the class says otherwise; subclasses have their own."""
    assert PetNotFound.error_code == "pet_not_found"
    assert OutOfStock.error_code == "sold_out"
    assert errors.RequestURITooLarge.error_code == "request_uri_too_large"
    assert errors.HTTPVersionNotSupported.error_code == "http_version_not_supported"
    assert errors.ImATeapot.error_code == "im_a_teapot"
    assert type("HTTP2Error", (BadRequest,), {}).error_code == "http2_error"


@pytest.mark.parametrize(
    "ours, theirs", [(NotFound, werkzeug_errors.NotFound), (Unauthorized, werkzeug_errors.Unauthorized)]
)
def test_except_works_for_both(ours, theirs):
    """An ``except`` written for werkzeug's class catches the framework's."""
    with pytest.raises(theirs):
        raise ours


def test_retry_after_as_werkzeug_takes_it(app):
    """The classes that werkzeug gives a ``retry_after`` take it too, and send it."""
    for cls in (errors.TooManyRequests, errors.ServiceUnavailable):
        assert reply_to(app, cls(retry_after=30)).headers["Retry-After"] == "30"


def test_set_up_errors():
    """A late set-up is Flask's AssertionError too; an answer outside of its contract is not a set-up error."""
    assert issubclass(errors.SetupFinished, (AssertionError,))
    assert issubclass(errors.RouteConflict, errors.SetupError)
    assert not issubclass(errors.ContractViolation, errors.SetupError)
    conflict = errors.RouteConflict("text", rule="/a", owner="b")
    assert (conflict.rule, conflict.owner, str(conflict)) == ("/a", "b", "text")


def test_an_error_without_status_is_a_mistake(app, caplog):
    """``APIError`` itself has no status: raising it is a mistake of the code, answered by 500 and never by 200."""

    @app.get("/mistake")
    def mistake():
        raise APIError("no status")

    assert app.test_client().get("/mistake").status_code == 500
    assert "has no status" in str(caplog.records[0].exc_info[1])
    assert APIError(response=app.response_class("x")).response.data == b"x"


# On the wire


@pytest.mark.parametrize("path", ["/raise", "/resource"])
@pytest.mark.parametrize("code", sorted(set(werkzeug_errors.default_exceptions) - {405, 416}))
def test_every_error_is_a_problem(app, code, path):
    """Each HTTP error leaves as a problem object, werkzeug's own like the framework's."""
    replies = [reply_to(app, cls(), path) for cls in (errors.by_status[code], werkzeug_errors.default_exceptions[code])]

    assert [reply.status_code for reply in replies] == [code, code]
    assert same_body(replies[0]) == same_body(replies[1])
    assert replies[0].content_type == replies[1].content_type == "application/problem+json"
    assert list(replies[0].json) == ["type", "title", "status", "code", "detail", "request_id"]
    assert replies[0].json["status"] == code
    assert replies[0].json["type"] == f"/docs/errors/{replies[0].json['code']}"


def test_a_class_of_ones_own(app):
    """A subclass brings its machine name, its description and its members."""
    reply = reply_to(app, OutOfStock("None left.", left=0, other="dropped"))

    assert reply.status_code == 409
    assert reply.json == {
        "type": "/docs/errors/sold_out",
        "title": "Conflict",
        "status": 409,
        "code": "sold_out",
        "detail": "None left.",
        "left": 0,
        "request_id": reply.headers["X-Request-ID"],
    }


class StillOut(OutOfStock):
    pass


class Vague(NotFound):
    """Not what a client reads."""

    description = "Look elsewhere."


class Long(NotFound):
    """There is no
    such pet.

    Only developers read on.
    """


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (PetNotFound, "No pet has this id."),
        (PetNotFound("No pet 7."), "No pet 7."),
        (OutOfStock(left=0), "The shop has none left."),
        (StillOut, "The shop has none left."),
        (Vague, "Look elsewhere."),
        (Long, "There is no such pet."),
        (NotFound, "Resource not found."),
    ],
)
def test_what_is_raised_without_a_word_says_its_docstring(app, error, detail):
    """The first paragraph of a class of one's own is the default text, the status's text that of the framework's."""
    assert reply_to(app, error).json["detail"] == detail


def test_members_without_schema(app):
    """Members leave as they are where the class has no schema."""
    assert reply_to(app, PetNotFound(pet_id=3)).json["pet_id"] == 3


def test_an_exception_with_a_code_of_its_own(app):
    """A werkzeug exception class of a user's is a problem too, of no documented type."""
    custom = type("Custom", (werkzeug_errors.HTTPException,), {"code": 499, "description": "Odd."})
    reply = reply_to(app, custom())

    assert reply.status_code == 499
    assert reply.json["type"] == "about:blank"
    assert (reply.json["code"], reply.json["detail"]) == ("custom", "Odd.")


def test_type_knows_where_the_docs_are(app):
    """``type`` begins with the script root and the path of the docs; without docs it is ``about:blank``."""
    app.raised = NotFound()
    client = app.test_client()
    rooted = client.get("/raise", environ_overrides={"SCRIPT_NAME": "/api"}).json["type"]
    app.config["DOCS_PATH"] = None
    bare = client.get("/raise").json["type"]

    assert (rooted, bare) == ("/api/docs/errors/not_found", "about:blank")


@pytest.mark.parametrize(
    "error, name, value",
    [
        (errors.MethodNotAllowed(["GET", "PUT"]), "Allow", "GET, PUT"),
        (errors.NotFound(headers={"X-A": "1"}), "X-A", "1"),
        (errors.NotFound(headers=[("X-A", "1")]), "X-A", "1"),
        (Unauthorized(www_authenticate=WWWAuthenticate("basic", {"realm": "x"})), "WWW-Authenticate", "Basic realm=x"),
        (Unauthorized(headers={"WWW-Authenticate": "Bearer"}), "WWW-Authenticate", "Bearer"),
        (errors.RequestedRangeNotSatisfiable(10), "Content-Range", "bytes */10"),
        (werkzeug_errors.TooManyRequests(retry_after=5), "Retry-After", "5"),
    ],
)
@pytest.mark.parametrize("rendered", [False, True])
def test_headers_of_errors_are_kept(app, error, name, value, rendered):
    """What an error says in headers leaves with it, whatever shape its body has."""
    if rendered:
        app.render_error({"text": fields.String()})(lambda error: {"text": "x"})
    reply = reply_to(app, error)

    assert reply.headers.getlist(name) == [value]
    assert len(reply.headers.getlist("Content-Type")) == 1


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b=c", "a\nb", "a\rb"])
def test_headers_of_errors_hold_no_line_breaks(app, value, caplog):
    """A line break in a header is a mistake that is logged: it never starts a header of its own."""
    reply = reply_to(app, NotFound(headers={"X-A": value}))

    assert reply.status_code == 500
    assert "Set-Cookie" not in reply.headers
    assert len(caplog.records) == 1


def test_an_error_with_a_response_leaves_unchanged(app):
    """An exception that carries a response is that response."""
    made = app.response_class("mine", 418, {"X-A": "1"})
    reply = reply_to(app, NotFound(response=made))

    assert (reply.status_code, reply.text, reply.headers["X-A"]) == (418, "mine", "1")


def test_redirects_leave_unchanged(app):
    """A redirect by routing is not a problem object, and no handler for 3xx or ``Exception`` gets it."""
    app.add_url_rule("/slash/", "slash", lambda: "")
    app.register_error_handler(Exception, lambda error: ("handled", 500))
    reply = app.test_client().get("/slash")

    assert reply.status_code == 308
    assert reply.headers["Location"] == "http://localhost/slash/"


# abort


@pytest.mark.parametrize(
    "arguments, status, code, detail",
    [
        ((404,), 404, "not_found", None),
        ((404, "Gone fishing."), 404, "not_found", "Gone fishing."),
        ((PetNotFound,), 404, "pet_not_found", None),
        ((PetNotFound("No pet 3."),), 404, "pet_not_found", "No pet 3."),
        ((409,), 409, "conflict", None),
    ],
)
def test_abort(app, arguments, status, code, detail):
    """``abort`` takes a status, an error class or an error."""
    app.add_url_rule("/abort", "abort", lambda: abort(*arguments))
    reply = app.test_client().get("/abort")

    assert (reply.status_code, reply.json["code"]) == (status, code)
    assert detail is None or reply.json["detail"] == detail


def test_abort_with_a_response(app):
    """``abort`` takes a finished response too."""
    app.add_url_rule("/abort", "abort", lambda: abort(redirect("/elsewhere")))
    reply = app.test_client().get("/abort")

    assert (reply.status_code, reply.headers["Location"]) == (302, "/elsewhere")


def test_abort_with_an_unknown_status(app):
    """A status that is not an error is refused where it is written."""
    with pytest.raises(LookupError):
        abort(299)


# Handlers


def marker(word):
    """An error handler that answers with a word."""
    return lambda error: (word, 499)


@pytest.mark.parametrize(
    "registered, error, expected",
    [
        ({"code": 404, "class": NotFound}, NotFound(), "class"),
        ({"code": 404}, PetNotFound(), "code"),
        ({"code": 404, "own": PetNotFound}, PetNotFound(), "own"),
        ({"code": 404, "own": PetNotFound}, NotFound(), "code"),
        ({"base": APIError}, PetNotFound(), "base"),
        ({"base": APIError}, werkzeug_errors.NotFound(), "base"),
        ({"http": werkzeug_errors.HTTPException}, NotFound(), "http"),
        ({"http": werkzeug_errors.HTTPException, "base": APIError}, NotFound(), "base"),
        ({"any": Exception, "code": 404}, NotFound(), "code"),
        ({"any": Exception}, NotFound(), "any"),
        ({"any": Exception}, KeyError(), "any"),
        ({"lookup": LookupError, "any": Exception}, KeyError(), "lookup"),
        ({"theirs": werkzeug_errors.NotFound}, NotFound(), "theirs"),
        ({"ours": NotFound}, werkzeug_errors.NotFound(), "ours"),
        ({"ours": BadRequest}, werkzeug_errors.BadRequestKeyError("x"), "ours"),
        ({"ours": BadRequest}, werkzeug_errors.SecurityError(), "ours"),
        ({"keys": KeyError}, werkzeug_errors.BadRequestKeyError("x"), "keys"),
        ({"invalid": ValidationFailed}, ValidationFailed({}), "invalid"),
        ({"code": 422}, ValidationFailed({}), "code"),
        ({"server": 500}, KeyError(), "server"),
        ({"server": errors.InternalServerError}, KeyError(), "server"),
        ({"server": 500}, werkzeug_errors.InternalServerError(), "server"),
    ],
)
def test_who_handles_an_error(app, registered, error, expected, caplog):
    """Handlers are found by code, then by class; the most specific class first; ours and werkzeug's stand for each
    other."""
    for word, what in registered.items():
        app.register_error_handler(what, marker(word))

    assert reply_to(app, error).text == expected


@pytest.fixture
def nested(app):
    """A router within a router, with a handler that fails as it is told."""
    outer, inner = Router("outer", url_prefix="/outer"), Router("inner", url_prefix="/inner")

    @inner.get("/raise")
    def fail():
        raise app.raised

    outer.register_router(inner)
    return app, outer, inner


@pytest.mark.parametrize(
    "handlers, expected",
    [
        ([("app", 404), ("outer", 404), ("inner", 404)], "inner"),
        ([("app", 404), ("outer", 404)], "outer"),
        ([("app", 404)], "app"),
        ([("app", 404), ("inner", Exception)], "app"),
        ([("app", Exception), ("outer", APIError)], "outer"),
        ([("app", PetNotFound), ("inner", 404)], "inner"),
        ([("app", PetNotFound), ("inner", APIError)], "app"),
    ],
)
def test_scopes_of_handlers(nested, handlers, expected):
    """A code beats a class of no code, whatever the scope; then the innermost router wins over those around it."""
    app, outer, inner = nested
    scopes = {"app": app, "outer": outer, "inner": inner}
    for scope, what in handlers:
        scopes[scope].register_error_handler(what, marker(scope))
    app.register_router(outer)

    assert reply_to(app, PetNotFound(), "/outer/inner/raise").text == expected


def test_routers_handle_their_misses(nested):
    """A router handles the 404 and 405 of paths under its prefix; others are the application's."""
    app, outer, inner = nested
    app.register_error_handler(404, marker("app"))
    outer.register_error_handler(404, marker("outer"))
    inner.register_error_handler(405, marker("inner"))
    app.register_router(outer)
    client = app.test_client()

    assert client.get("/nothing").text == "app"
    assert client.get("/outer/nothing").text == "outer"
    assert client.get("/outer/inner/nothing").text == "outer"
    assert client.get("/outerx/nothing").text == "app"
    assert client.post("/outer/inner/raise").text == "inner"


@pytest.mark.parametrize(
    "what, kind",
    [
        (999, ValueError),
        (200, ValueError),
        ("404", ValueError),
        (int, ValueError),
        (KeyError(), TypeError),
        (None, ValueError),
    ],
)
def test_odd_registrations_are_refused(app, what, kind):
    """A handler is registered for a status that is an error, or for an exception class."""
    with pytest.raises(kind):
        app.register_error_handler(what, marker("x"))


def test_handlers_return_what_views_return(app):
    """What a handler returns follows Flask's rules for views, also for a Resource."""
    app.register_error_handler(KeyError, lambda error: ({"word": "x"}, 418, {"X-A": "1"}))
    reply = reply_to(app, KeyError(), "/resource")

    assert (reply.status_code, reply.json, reply.headers["X-A"]) == (418, {"word": "x"}, "1")


def test_a_handler_may_fail(app, caplog):
    """An error handler that raises makes a 500 that says nothing of it."""
    app.testing = False

    @app.errorhandler(KeyError)
    def broken(error):
        raise ValueError("secret")

    reply = reply_to(app, KeyError())

    assert reply.status_code == 500
    assert "secret" not in reply.text


# Uncaught


@pytest.mark.parametrize("path", ["/raise", "/resource"])
def test_uncaught_exceptions_leak_nothing(app, path, caplog):
    """An uncaught exception is logged once, with its traceback, and nothing of it is in the answer."""
    reply = reply_to(app, RuntimeError("the password is hunter2"), path)

    assert reply.status_code == 500
    assert reply.content_type == "application/problem+json"
    assert reply.json["code"] == "internal_server_error"
    for word in ("hunter2", "RuntimeError", "Traceback", __file__):
        assert word not in reply.text
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info[0] is RuntimeError
    assert caplog.records[0].getMessage() == f"Exception on {path} [GET]"


@pytest.mark.parametrize("key", ["TESTING", "DEBUG", "PROPAGATE_EXCEPTIONS"])
def test_exceptions_reach_developers(app, key):
    """In tests and debug mode, or where it is set, an uncaught exception is raised."""
    app.config[key] = True
    with pytest.raises(RuntimeError, match="boom"):
        reply_to(app, RuntimeError("boom"))


def test_the_handler_of_500_gets_the_original(app, caplog):
    """A handler for 500 gets an InternalServerError with the exception that nobody handled."""
    seen = []

    @app.errorhandler(500)
    def handler(error):
        seen.append((type(error), type(error.original_exception)))
        return "handled", 500

    assert reply_to(app, KeyError("x")).text == "handled"
    assert reply_to(app, errors.InternalServerError("on purpose")).text == "handled"
    assert seen == [(errors.InternalServerError, KeyError), (errors.InternalServerError, type(None))]


def test_trapped_http_errors(app):
    """``TRAP_HTTP_EXCEPTIONS`` treats HTTP errors like others: without handler they are raised in tests."""
    app.config.update(TRAP_HTTP_EXCEPTIONS=True, TESTING=True)
    with pytest.raises(NotFound):
        reply_to(app, NotFound())
    with pytest.raises(NotFound):
        app.test_client().get("/nothing")


def test_a_browser_gets_no_html(app):
    """Errors are problem objects whatever the client accepts."""
    reply = app.test_client().get("/nothing", headers={"Accept": "text/html"})

    assert reply.content_type == "application/problem+json"


# render_error


class Shape(Schema):
    """The shape of errors here."""

    word = fields.String()
    status = fields.Integer()


def test_render_error_reshapes_all(app, caplog):
    """``render_error`` gives every error its shape and media type: raised, returned, missed, invalid and uncaught."""

    @app.render_error(Shape, media_type="application/vnd.shop+json")
    def render(error):
        return {"word": getattr(error, "error_code", type(error).__name__), "status": error.code, "dropped": 1}

    @app.post("/input")
    @arguments({"n": fields.Integer(required=True)})
    @response(200)
    def take(data):
        return data

    @app.get("/returned")
    @response(200)
    def returned():
        return NotFound()

    client = app.test_client()
    replies = {
        "raised": reply_to(app, PetNotFound()),
        "werkzeug": reply_to(app, werkzeug_errors.Gone()),
        "uncaught": reply_to(app, KeyError("secret")),
        "missed": client.get("/nothing"),
        "method": client.post("/raise"),
        "invalid": client.post("/input", json={}),
        "broken": client.post("/input", data=b"{", content_type="application/json"),
        "returned": client.get("/returned"),
    }

    assert {name: reply.json for name, reply in replies.items()} == {
        "raised": {"word": "pet_not_found", "status": 404},
        "werkzeug": {"word": "Gone", "status": 410},
        "uncaught": {"word": "internal_server_error", "status": 500},
        "missed": {"word": "not_found", "status": 404},
        "method": {"word": "method_not_allowed", "status": 405},
        "invalid": {"word": "validation_failed", "status": 422},
        "broken": {"word": "bad_request", "status": 400},
        "returned": {"word": "not_found", "status": 404},
    }
    assert {reply.content_type for reply in replies.values()} == {"application/vnd.shop+json"}
    assert replies["method"].headers["Allow"] == "GET, HEAD, OPTIONS"
    assert [reply.status_code for reply in replies.values()] == [reply.json["status"] for reply in replies.values()]


def test_handlers_come_before_render_error(app):
    """What an error handler takes is not rendered."""
    app.render_error(Shape)(lambda error: {"word": "rendered"})
    app.register_error_handler(404, marker("handled"))

    assert reply_to(app, NotFound()).text == "handled"
    assert reply_to(app, errors.Conflict()).json == {"word": "rendered"}


def test_render_error_is_in_the_document(app):
    """The document shows the shape and media type that errors really have."""
    app.render_error(Shape, media_type="application/vnd.shop+json")(lambda error: {"word": "x"})
    text = json.dumps(app.openapi)

    assert "application/vnd.shop+json" in text
    assert "application/problem+json" not in text


@pytest.mark.parametrize("path, status", [("/nothing", 500), ("/raise", 500)])
def test_render_error_may_fail(app, path, status, caplog):
    """A function of ``render_error`` that fails makes a logged 500, which then is a problem object."""

    @app.render_error(Shape)
    def broken(error):
        raise ValueError("secret")

    reply = reply_to(app, KeyError("x"), path)

    assert reply.status_code == status
    assert reply.content_type == "application/problem+json"
    assert "secret" not in reply.text
    assert len(caplog.records) == 2


# Validation


def test_validation_errors_carry_data():
    """What schemas refuse is a 422 with the messages by location, and with ``data`` as webargs leaves it."""
    error = ValidationFailed({"json": {"a": ["x"]}, "query": {"b": ["y"], "c": ["z"]}})

    assert error.code == 422
    assert error.errors == error.data["messages"] == {"json": {"a": ["x"]}, "query": {"b": ["y"], "c": ["z"]}}
    assert error.description == "The request body has 1 invalid field. The query string has 2 invalid fields."
    assert set(error.data) == {"messages", "schema", "headers"}

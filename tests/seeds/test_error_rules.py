"""Errors, as the chapter of Flask's documentation on them describes."""

from __future__ import annotations

import logging

import pytest
from werkzeug import exceptions

from framework import App, Response, Router, abort, got_request_exception, jsonify, make_response, request
from framework.errors import InternalServerError, NotFound


class Lost(Exception):
    """Something is lost."""


class LostKey(Lost):
    """A key is lost."""


@pytest.fixture
def app():
    return App("failing", static_folder=None)


def fail_with(owner, error, rule="/"):
    """A rule that raises; a client, where the owner is an application."""

    def view():
        raise error

    owner.add_url_rule(rule, "fail" + rule.strip("/"), view)
    return owner.test_client() if isinstance(owner, App) else None


def test_an_error_ends_a_view_with_its_status(app):
    """``abort`` takes each HTTP error, with a description, and exceptions may be raised just as well."""
    app.add_url_rule("/abort", "abort", lambda: abort(409, "Taken."))
    app.add_url_rule("/response", "response", lambda: abort(Response("own", 418)))
    client = fail_with(app, exceptions.Gone())

    assert client.get("/").status_code == 410
    assert client.get("/abort").status_code == 409
    assert "Taken." in client.get("/abort").text
    assert (client.get("/response").status_code, client.get("/response").text) == (418, "own")
    with pytest.raises(LookupError):
        abort(201)


def test_handlers_by_code_and_by_class_are_the_same(app):
    """``errorhandler(404)`` and ``register_error_handler(Gone, f)``; the handler's status counts."""
    app.errorhandler(404)(lambda error: ("code", 404))
    app.register_error_handler(exceptions.Gone, lambda error: ("class", 200))
    app.add_url_rule("/gone", "gone", lambda: abort(410))
    client = app.test_client()

    assert (client.get("/nowhere").status_code, client.get("/nowhere").text) == (404, "code")
    assert (client.get("/gone").status_code, client.get("/gone").text) == (200, "class")


def test_the_most_specific_handler_is_taken(app):
    """A code before a class, the nearest class before its bases, ``HTTPException`` before ``Exception``."""
    app.register_error_handler(Exception, lambda error: ("any", 500))
    app.register_error_handler(exceptions.HTTPException, lambda error: ("http", error.code))
    app.register_error_handler(404, lambda error: ("404", 404))
    app.register_error_handler(Lost, lambda error: ("lost", 410))
    fail_with(app, LostKey(), "/key")
    fail_with(app, exceptions.Gone(), "/gone")
    client = fail_with(app, KeyError("x"), "/other")

    assert client.get("/nowhere").text == "404"
    assert client.get("/gone").text == "http"
    assert client.post("/gone").text == "http"
    assert client.get("/key").text == "lost"
    assert client.get("/other").text == "any"


def test_a_handler_for_exception_sees_http_errors_too(app):
    """Without one for ``HTTPException`` the generic one gets 404, and may pass it on."""

    @app.errorhandler(Exception)
    def handle(error):
        if isinstance(error, exceptions.HTTPException):
            return error
        return "unexpected", 500

    client = fail_with(app, ValueError())

    assert client.get("/nowhere").status_code == 404
    assert client.get("/").text == "unexpected"


def test_an_error_class_of_ones_own_has_its_code(app):
    """A number that is no registered error is refused; a subclass with that code is handled by class."""

    class InsufficientStorage(exceptions.HTTPException):
        code = 507
        description = "Not enough storage space."

    with pytest.raises(ValueError, match="507"):
        app.register_error_handler(507, lambda error: "")
    app.register_error_handler(InsufficientStorage, lambda error: (f"full: {error.description}", 507))
    client = fail_with(app, InsufficientStorage())

    assert (client.get("/").status_code, client.get("/").text) == (507, "full: Not enough storage space.")


def test_handlers_of_routers_go_first(app):
    """The innermost router's, then those around it, then the application's; ``app_errorhandler`` serves everything."""
    outer, inner = Router("outer", __name__, url_prefix="/outer"), Router("inner", __name__, url_prefix="/inner")
    outer.register_error_handler(Lost, lambda error: ("outer", 410))
    inner.register_error_handler(LostKey, lambda error: ("inner", 410))
    app.register_error_handler(ValueError, lambda error: ("application", 500))
    inner.app_errorhandler(KeyError)(lambda error: ("everywhere", 500))
    for path, error in (("/key", LostKey()), ("/lost", Lost()), ("/value", ValueError()), ("/item", KeyError())):
        fail_with(inner, error, path)
    outer.register_router(inner)
    app.register_router(outer)
    client = fail_with(app, KeyError(), "/item")

    assert client.get("/outer/inner/key").text == "inner"
    assert client.get("/outer/inner/lost").text == "outer"
    assert client.get("/outer/inner/value").text == "application"
    assert client.get("/outer/inner/item").text == client.get("/item").text == "everywhere"


def test_unknown_paths_under_a_prefix_are_the_router_s(app):
    """What Flask's documentation calls impossible: 404, 405 and 415 there go to its handlers and hooks."""
    router = Router("api", __name__, url_prefix="/api")
    router.add_url_rule("/things", "things", lambda: {"got": request.get_json()}, methods=["POST"])
    router.register_error_handler(404, lambda error: ({"api": 404}, 404))
    router.register_error_handler(405, lambda error: ({"api": 405}, 405))
    router.register_error_handler(415, lambda error: ({"api": 415}, 415))
    seen = []
    router.before_request(lambda: seen.append(request.path))
    app.register_router(router)
    app.register_error_handler(404, lambda error: ("application", 404))
    client = app.test_client()

    assert client.get("/api/nothing").json == {"api": 404}
    assert client.get("/api/things").json == {"api": 405}
    assert client.post("/api/things", data="x").json == {"api": 415}
    assert client.get("/apix").text == "application"
    assert seen == ["/api/nothing", "/api/things", "/api/things"]


def test_misses_under_a_variable_prefix_are_the_application_s(app):
    """Hooks of such a router count on the prefix's value, which a miss does not have."""
    router = Router("pages", __name__, url_prefix="/<language>")
    router.add_url_rule("/about", "about", lambda: request.language)

    @router.url_value_preprocessor
    def pull(endpoint, values):
        request.language = values.pop("language")

    router.before_request(lambda: None if request.language in ("en", "de") else abort(404))
    app.register_router(router)
    app.add_url_rule("/<name>/top/", "top", lambda name: name)
    client = app.test_client()

    assert client.get("/en/about").text == "en"
    for path in ("/nowhere", "/en/nowhere", "/fr/about"):
        assert client.get(path).status_code == 404
    assert client.post("/en/about").status_code == 405
    assert client.get("/en/top").status_code == 308


def test_an_unhandled_error_is_a_500(app, caplog):
    """Its handler gets an ``InternalServerError`` with the exception inside; it is logged once; the signal is sent."""
    seen, handled = [], []
    error = ValueError("secret")

    @app.errorhandler(500)
    def handle(given):
        handled.append(given)
        return "sorry", 500

    client = fail_with(app, error)
    with got_request_exception.connected_to(lambda sender, exception: seen.append(exception), app):
        answer = client.get("/")

    assert (answer.status_code, answer.text) == (500, "sorry")
    assert isinstance(handled[0], InternalServerError)
    assert handled[0].original_exception is error
    assert seen == [error]
    assert [record.getMessage() for record in caplog.records] == ["Exception on / [GET]"]


def test_a_500_raised_by_a_view_has_no_original(app):
    """``abort(500)`` is an answer like any other: nothing is inside, and nothing is logged."""
    handled = []

    @app.errorhandler(InternalServerError)
    def handle(error):
        handled.append(error.original_exception)
        return "sorry", 500

    client = fail_with(app, exceptions.InternalServerError())

    assert client.get("/").text == "sorry"
    assert handled == [None]


def test_exceptions_propagate_on_request(app):
    """``TESTING`` and ``DEBUG`` raise them, ``PROPAGATE_EXCEPTIONS`` decides for itself."""
    client = fail_with(app, Lost("x"))

    assert client.get("/").status_code == 500
    for key in ("TESTING", "DEBUG", "PROPAGATE_EXCEPTIONS"):
        app.config.update(TESTING=False, DEBUG=False, PROPAGATE_EXCEPTIONS=None)
        app.config[key] = True
        with pytest.raises(Lost):
            client.get("/")
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    assert client.get("/").status_code == 500


def test_http_errors_can_be_trapped(app):
    """``TRAP_HTTP_EXCEPTIONS`` for all, ``TRAP_BAD_REQUEST_ERRORS`` and debug mode for missing keys."""
    app.add_url_rule("/key", "key", lambda: request.form["name"], methods=["POST"])
    client = fail_with(app, NotFound(), "/404")
    app.testing = True

    assert client.post("/key").status_code == 400
    app.config["TRAP_BAD_REQUEST_ERRORS"] = True
    with pytest.raises(KeyError, match="name"):
        client.post("/key")
    assert client.get("/404").status_code == 404
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    with pytest.raises(NotFound):
        client.get("/404")


def test_errors_of_an_api_carry_what_it_wants(app):
    """The recipe of an exception with message, status and payload, and its handler."""

    class InvalidAPIUsage(Exception):
        status_code = 400

        def __init__(self, message, status_code=None, payload=None):
            super().__init__()
            self.message = message
            self.status_code = status_code or self.status_code
            self.payload = payload

        def to_dict(self):
            return {**(self.payload or {}), "message": self.message}

    @app.errorhandler(InvalidAPIUsage)
    def invalid(error):
        return jsonify(error.to_dict()), error.status_code

    fail_with(app, InvalidAPIUsage("No such user!", 404, {"id": 3}), "/user")
    client = fail_with(app, InvalidAPIUsage("No id."), "/id")

    assert (client.get("/user").status_code, client.get("/user").json) == (404, {"id": 3, "message": "No such user!"})
    assert (client.get("/id").status_code, client.get("/id").json) == (400, {"message": "No id."})


def test_one_handler_reshapes_every_error(app):
    """JSON for all HTTP errors, on top of the error's own response, whose headers stay."""

    @app.errorhandler(exceptions.HTTPException)
    def as_json(error):
        response = error.get_response()
        response.data = app.json.dumps({"code": error.code, "name": error.name})
        response.content_type = "application/json"
        return response

    client = fail_with(app, exceptions.TooManyRequests(retry_after=7), "/busy")

    assert client.get("/nowhere").json == {"code": 404, "name": "Not Found"}
    assert client.get("/busy").headers["Retry-After"] == "7"
    assert client.post("/busy").headers["Allow"]


def test_errors_for_browsers_and_for_programs(app):
    """A handler may choose by what the client accepts, or by the path."""

    @app.errorhandler(404)
    def missing(error):
        if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            return jsonify(error=str(error)), 404
        return make_response("<h1>Not here</h1>", 404)

    client = app.test_client()

    assert client.get("/x", headers={"Accept": "text/html"}).text == "<h1>Not here</h1>"
    assert client.get("/x", headers={"Accept": "application/json"}).is_json


def test_log_exception_can_be_overridden():
    """What is logged of an unhandled error, and where, is the application's to say."""
    logged = []

    class Mine(App):
        def log_exception(self, exc_info):
            logged.append(exc_info[0])

    client = fail_with(Mine("mine"), Lost())

    assert client.get("/").status_code == 500
    assert logged == [Lost]


def test_an_error_handler_of_the_logger_gets_unhandled_errors(app):
    """Mail and files are handlers of ``app.logger``; they get errors with their traceback."""
    records = []

    class Mailbox(logging.Handler):
        def emit(self, record):
            records.append(self.format(record))

    handler = Mailbox(logging.ERROR)
    app.logger.addHandler(handler)
    client = fail_with(app, Lost("the key"))
    client.get("/")
    app.logger.warning("not an error")
    app.logger.removeHandler(handler)

    assert len(records) == 1
    assert "Lost: the key" in records[0]

"""The short road of errors: the answers are those of the methods that an application may override."""

from __future__ import annotations

import gc
from functools import partial

import pytest
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequestKeyError
from werkzeug.test import EnvironBuilder, run_wsgi_app

from framework import App, Bearer, Resource, Router, arguments, fields, requires, signals
from framework.context import current
from framework.errors import (
    APIError,
    BadRequest,
    Conflict,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthorized,
    by_status,
)
from framework.http.problem import headers_of


class OutOfStock(Conflict):
    """Nothing is left."""


class WithHeaders(Conflict):
    """It has headers."""

    def get_headers(self, environ=None, scope=None):
        return [*super().get_headers(environ, scope), ("X-Own", "1")]


class Elsewhere(APIError):
    """It is elsewhere."""

    code = 303


class KeyAway(BadRequestKeyError, BadRequest):
    """A key is away."""


RAISED = {
    "plain": lambda: OutOfStock(),
    "text": lambda: OutOfStock("None."),
    "members": lambda: OutOfStock(left=0),
    "long": lambda: OutOfStock("x" * 30_000),
    "own-headers": lambda: WithHeaders(headers={"X-Given": "2"}),
    "typed": lambda: OutOfStock(headers=[("content-type", "text/plain"), ("X-A", "1"), ("X-A", "2")]),
    "later": lambda: TooManyRequests(retry_after=7),
    "challenge": lambda: Unauthorized(www_authenticate=WWWAuthenticate("Basic", {"realm": "x"})),
    "methods": lambda: MethodNotAllowed(["GET"]),
    "response": lambda: APIError(response=App("other").response_class("own", 409)),
    "answered": lambda: OutOfStock(response=App("other").response_class("own", 410)),
    "elsewhere": Elsewhere,
    "unsendable": lambda: OutOfStock(headers={"X-A": "a\nb"}),
    "not-latin": lambda: OutOfStock(headers={"Location": "/\u20ac"}),
    "key": lambda: KeyAway("name"),
    "other": lambda: KeyError("name"),
    **{str(status): cls for status, cls in by_status.items()},
}
REQUESTS = [
    *((f"/raise/{name}", "GET", {}) for name in RAISED),
    *((path, method, {}) for path in ("/private", "/in/private", "/nowhere") for method in ("GET", "DELETE", "GET")),
    *(("/private", "GET", {"Authorization": text}) for text in ("Bearer x", "Bearer", "Basic eDp5", "Bearer good")),
    *(("/private", "PUT", {}) for _ in range(3)),
    *(("/in/private", "PUT", {}) for _ in range(3)),
    ("/private", "BREW", {}),
    ("/private", "put", {}),
    ("/checked?number=x", "GET", {}),
    ("/checked", "POST", {"Upgrade": "websocket", "Connection": "upgrade"}),
]


class LongApp(App):
    """An application in which errors take the long road."""

    def handle_user_exception(self, e):
        return super().handle_user_exception(e)


def build(cls, change=None, **settings):
    """Return an application of a class, changed by a function."""
    app = cls("refusals")
    app.config.update(PROPAGATE_EXCEPTIONS=False, **settings)
    bearer = Bearer({"good": "ada"}.get)
    router = Router("inner", url_prefix="/in")

    @app.route("/raise/<name>")
    class Raises(Resource):
        def get(self, name):
            raise RAISED[name]()

    @app.route("/checked")
    class Checked(Resource):
        @arguments({"number": fields.Integer(required=True)}, location="query")
        def get(self, query):
            return {}

    for each in (app, router):

        @each.route("/private")
        @requires(bearer)
        class Private(Resource):
            def get(self):
                return {"a": 1}

    if change is not None:
        change(app, router)
    app.register_router(router, name="inside")
    return app


def answers(app, language=None):
    """Return all answers of an application, without the ids of the requests."""
    found = []
    client = app.test_client(contract=False)
    for path, method, headers in REQUESTS:
        headers = {**headers, "X-Request-ID": "same"} | ({"Accept-Language": language} if language else {})
        reply = client.open(path, method=method, headers=headers)
        found.append((path, method, reply.status, sorted(reply.headers), reply.data))
    return found


def nothing(app, router):
    """Leave the application as it is."""


def renders(app, router):
    """Give errors another shape."""

    @app.render_error({"what": fields.String()})
    def render(error):
        return {"what": error.name}


def takes_some(app, router):
    """Handle some errors, by class, by code and in a router."""
    app.errorhandler(OutOfStock)(lambda error: ("sold", 418))
    app.errorhandler(403)(lambda error: error)
    router.errorhandler(Unauthorized)(lambda error: ("inner", 401))
    router.errorhandler(MethodNotAllowed)(lambda error: (f"inner {error.valid_methods}", 405))


def hooks(app, router):
    """Look at the answers and change them."""

    @app.after_request
    def after(response):
        response.headers["X-After"] = str(response.status_code)
        return response

    @router.before_request
    def before():
        from framework import request

        assert request.routing_exception is None or request.routing_exception.code == 405


def listens(app, router):
    """Listen to finished requests, which get full responses."""
    app.seen = lambda sender, response, **kwargs: response.headers.set("X-Seen", type(response).__name__)
    signals.request_finished.connect(app.seen, app)


@pytest.mark.parametrize("change", [nothing, renders, takes_some, hooks, listens])
def test_both_roads_of_errors_answer_the_same(change):
    """Status, headers and body of every error are those that the methods of an application make."""
    settings = {"REQUEST_ID_TRUST": "*"}

    assert answers(build(App, change, **settings)) == answers(build(LongApp, change, **settings))


@pytest.mark.parametrize("language", ["de", "fr", "en", "xx, de;q=0.5"])
def test_both_roads_speak_the_language_of_the_client(language):
    """The texts and the headers of a language are the same on both roads."""
    settings = {"REQUEST_ID_TRUST": "*", "LANGUAGES": ["en", "de", "fr"]}

    assert answers(build(App, **settings), language) == answers(build(LongApp, **settings), language)


@pytest.mark.parametrize(
    "settings",
    [
        {"REQUEST_ID_HEADER": None},
        {"DOCS_PATH": None, "REQUEST_ID_TRUST": "*"},
        {"FAST_PATH": False, "REQUEST_ID_TRUST": "*"},
        {"TRAP_HTTP_EXCEPTIONS": True, "REQUEST_ID_TRUST": "*"},
        {"TRAP_BAD_REQUEST_ERRORS": True, "REQUEST_ID_TRUST": "*"},
        {"DEBUG": True, "SERVER_TIMING": False, "REQUEST_ID_TRUST": "*"},
        {"MAX_ERROR_LENGTH": 200, "REQUEST_ID_TRUST": "*"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_both_roads_follow_the_settings(settings):
    """A setting that changes errors changes them on both roads."""
    assert answers(build(App, **settings)) == answers(build(LongApp, **settings))


@pytest.mark.parametrize("name", [name for name in RAISED if name not in ("other", "unsendable", "not-latin")])
def test_the_headers_of_an_error_are_those_of_its_methods(name):
    """The headers that are sent are those of ``get_headers``, also where it is not called."""
    error = RAISED[name]()

    assert headers_of(error) == [pair for pair in error.get_headers() if pair[0].lower() != "content-type"]


def test_a_405_is_decided_once():
    """The second refusal of a path finds the first one's decision, with the hooks of the path's router."""
    app, seen = build(App), []
    app.before_request(lambda: seen.append("app"))
    client = app.test_client(contract=False)
    first, second = (client.put("/in/private") for _ in range(2))

    assert list(app._route_table.refusals) == [("/in/private", "PUT")]
    assert app._route_table.refusals["/in/private", "PUT"].router_path == ("inside",)
    assert first.headers["Allow"] == second.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert seen == ["app", "app"]


@pytest.mark.parametrize("method", ["BREW", "put"])
def test_unknown_methods_are_not_kept(method):
    """A client cannot fill the memory with methods, nor with paths that are none of the application's."""
    app = build(App)
    client = app.test_client(contract=False)
    client.open("/private", method=method)
    client.put("/raise/plain")

    assert app._route_table.refusals == {}


def test_a_hook_sees_a_405_that_is_decided_and_may_change_it():
    """The kept decision is an exception for whoever asks, and not the same one for two requests."""
    app, seen = build(App), []

    @app.before_request
    def look():
        from framework import request

        error = request.routing_exception
        seen.append((type(error), error.valid_methods))
        error.valid_methods.append("BREW")

    client = app.test_client(contract=False)
    replies = [client.put("/private") for _ in range(3)]

    assert [reply.headers["Allow"] for reply in replies] == ["GET, HEAD, OPTIONS, BREW"] * 3
    assert seen == [(MethodNotAllowed, ["GET", "HEAD", "OPTIONS", "BREW"])] * 3


def test_a_hook_of_the_framework_sees_it_too():
    """An exception that is asked of the context, without a request, is the one that is raised."""
    app = build(App)
    app.before_request(lambda: current().routing_exception.valid_methods.append("BREW"))
    client = app.test_client(contract=False)

    assert [client.put("/private").headers["Allow"] for _ in range(3)] == ["GET, HEAD, OPTIONS, BREW"] * 3


def test_a_refusal_that_is_taken_back_is_gone():
    """A context without a routing exception has none, whatever was decided for its path."""
    app = build(App)
    app.test_client(contract=False).put("/private")
    with app.test_request_context("/private", method="PUT") as ctx:
        assert ctx._refusal.methods == ("GET", "HEAD", "OPTIONS")
        ctx.routing_exception = None
        assert ctx.routing_exception is None


def test_a_hook_may_replace_what_was_refused():
    """A routing exception that is set in place of a kept one is raised."""
    app = build(App)

    @app.before_request
    def replace():
        from framework import request

        request.routing_exception = NotFound("gone")

    client = app.test_client(contract=False)

    assert [client.put("/private").status_code for _ in range(2)] == [404, 404]


@pytest.mark.parametrize("path", ["/private", "/raise/plain", "/nowhere", "/checked?number=x"])
def test_a_refused_request_leaves_no_cycle(path):
    """The context of a refused request is gone with it, without the garbage collector."""
    app = build(App)
    environ = EnvironBuilder(path).get_environ()
    ask = partial(run_wsgi_app, app, environ)
    for _ in range(3):
        ask()
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            ask()
        assert gc.collect() == 0
    finally:
        gc.enable()

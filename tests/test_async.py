"""``async def`` wherever a function is taken, and its replacement for other event loops."""

from __future__ import annotations

import asyncio
import sys

import pytest

from framework import App, Resource, Router, Schema, arguments, fields, g, request, request_started, response, session
from framework.errors import NotFound
from framework.views import MethodView, View


class PointSchema(Schema):
    """A point."""

    x = fields.Integer(required=True)


class Lost(Exception):
    """Something is lost."""


@pytest.fixture
def app():
    app = App("asynchronous", static_folder=None)
    app.config.update(TESTING=True, SECRET_KEY="test key")
    app.log = []
    return app


def test_a_view_function_may_be_asynchronous(app):
    """It awaits, and what it returns is the answer, with the request and session at hand after the wait."""

    @app.route("/<int:number>")
    async def view(number):
        await asyncio.sleep(0)
        session["number"] = number
        return {"number": number, "path": request.path}

    answer = app.test_client().get("/3")

    assert answer.json == {"number": 3, "path": "/3"}
    assert "session=" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("kind", [View, MethodView])
def test_views_of_classes_may_be_asynchronous(app, kind):
    """``dispatch_request`` of a View, and the methods of a MethodView."""

    class Page(kind):
        methods = ["GET", "POST"]

        if kind is View:

            async def dispatch_request(self):
                await asyncio.sleep(0)
                return request.method
        else:

            async def get(self):
                await asyncio.sleep(0)
                return request.method

            async def post(self):
                await asyncio.sleep(0)
                return request.method

    app.add_url_rule("/", view_func=Page.as_view("page"))
    client = app.test_client()

    assert client.get("/").text == "GET"
    assert client.post("/").text == "POST"


@pytest.mark.parametrize("fast", [True, False])
def test_resources_may_be_asynchronous(app, fast):
    """Marks work on asynchronous methods: input is loaded, output dumped, an error answered."""
    app.config["FAST_PATH"] = fast

    @app.route("/points")
    class Points(Resource):
        @arguments(PointSchema)
        @response(201, PointSchema)
        async def post(self, point):
            """Add a point."""
            await asyncio.sleep(0)
            if point["x"] == 0:
                raise NotFound("Nothing at 0.")
            return {**point, "secret": True}

    client = app.test_client(contract=False)

    assert client.post("/points", json={"x": 1}).json == {"x": 1}
    assert client.post("/points", json={"x": "1"}).status_code == 422
    assert client.post("/points", json={"x": 0}).json["detail"] == "Nothing at 0."


def test_hooks_may_be_asynchronous(app):
    """All hooks of application and router, in their order, and signals' receivers."""
    router = Router("inner", __name__)

    def hook(name, value=None):
        async def function(*args):
            await asyncio.sleep(0)
            app.log.append(name)
            return args[0] if value == "first" else value

        return function

    async def receiver(sender, **extra):
        await asyncio.sleep(0)
        app.log.append("signal")

    for scaffold, name in ((app, "app"), (router, "router")):
        scaffold.before_request(hook(f"before {name}"))
        scaffold.after_request(hook(f"after {name}", "first"))
        scaffold.teardown_request(hook(f"teardown {name}"))
    app.teardown_appcontext(hook("teardown context"))

    @router.route("/")
    async def view():
        from framework import after_this_request

        after_this_request(hook("after this", "first"))
        app.log.append("view")
        return "done"

    app.register_router(router)
    with request_started.connected_to(receiver, app):
        answer = app.test_client().get("/")

    assert answer.text == "done"
    assert app.log == [
        "signal", "before app", "before router", "view", "after this", "after router", "after app",
        "teardown router", "teardown app", "teardown context",
    ]  # fmt: skip


def test_a_hook_s_value_is_the_answer(app):
    """An asynchronous ``before_request`` that returns something ends the request."""

    @app.before_request
    async def stop():
        await asyncio.sleep(0)
        return "stopped", 418

    @app.route("/")
    def view():
        raise AssertionError("unreachable")

    assert app.test_client().get("/").status_code == 418


@pytest.mark.parametrize("of_router", [True, False])
def test_error_handlers_may_be_asynchronous(app, of_router):
    """For classes, for codes, and for what nobody handles."""
    router = Router("inner", __name__)
    owner = router if of_router else app

    @owner.errorhandler(Lost)
    async def lost(error):
        await asyncio.sleep(0)
        return f"lost {error}", 410

    @owner.errorhandler(404)
    async def missing(error):
        await asyncio.sleep(0)
        return "missing", 404

    @app.errorhandler(500)
    async def broken(error):
        await asyncio.sleep(0)
        return type(error.original_exception).__name__, 500

    @router.route("/lost")
    async def lose():
        raise Lost("a key")

    @router.route("/missing")
    async def miss():
        raise NotFound

    @router.route("/broken")
    async def fail():
        raise ZeroDivisionError

    app.register_router(router)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()

    assert client.get("/lost").text == "lost a key"
    assert client.get("/missing").text == "missing"
    assert client.get("/broken").text == "ZeroDivisionError"


def test_an_error_of_an_asynchronous_view_propagates_in_tests(app):
    """TESTING raises it in the test, as for any view."""

    @app.route("/")
    async def view():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/")


def test_processors_of_routers_are_called_with_g(app):
    """What an asynchronous hook leaves in ``g`` is there for a synchronous view."""

    @app.before_request
    async def load():
        await asyncio.sleep(0)
        g.user = "you"

    @app.route("/")
    def view():
        return g.user

    assert app.test_client().get("/").text == "you"


def test_the_event_loop_can_be_replaced():
    """An override of ``async_to_sync`` runs every coroutine; one of ``ensure_sync`` sees every function."""
    calls = []

    class Mine(App):
        def async_to_sync(self, func):
            def run(*args, **kwargs):
                calls.append(func.__name__)
                return asyncio.run(func(*args, **kwargs))

            return run

    app = Mine("mine")

    @app.before_request
    async def before():
        pass

    @app.route("/")
    async def view():
        return "replaced"

    @app.route("/resource")
    class Thing(Resource):
        async def get(self):
            """Show it."""
            return "thing"

    client = app.test_client()

    assert client.get("/").text == "replaced"
    assert client.get("/resource").json == "thing"
    assert calls == ["before", "view", "before", "get"]


def test_no_library_is_needed(app, monkeypatch):
    """Neither asgiref nor greenlet has to be installed."""
    monkeypatch.setitem(sys.modules, "asgiref.sync", None)
    monkeypatch.setitem(sys.modules, "greenlet", None)

    @app.route("/")
    async def view():
        await asyncio.sleep(0)
        return "done"

    assert app.test_client().get("/").text == "done"

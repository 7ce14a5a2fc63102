"""Contexts, hooks, structure, as Flask's documentation describes them."""

from __future__ import annotations

import contextlib
import logging
import threading

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from framework import (
    App,
    Response,
    after_this_request,
    appcontext_pushed,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
)


@pytest.fixture
def app():
    app = App("hooked", static_folder=None)
    app.config.update(TESTING=True, SECRET_KEY="test key")
    return app


def test_hooks_run_in_their_order(app):
    """``before_request`` as registered, ``after_request`` and teardown in reverse, ``after_this_request`` first."""
    calls = []
    for number in (1, 2):
        app.before_request(lambda number=number: calls.append(f"before {number}"))
        app.after_request(lambda response, number=number: calls.append(f"after {number}") or response)
        app.teardown_request(lambda error, number=number: calls.append(f"teardown {number}"))
        app.teardown_appcontext(lambda error, number=number: calls.append(f"end {number}"))

    @app.route("/")
    def view():
        after_this_request(lambda response: calls.append("this") or response)
        calls.append("view")
        return ""

    app.test_client().get("/")

    assert calls == [
        "before 1", "before 2", "view", "this", "after 2", "after 1", "teardown 2", "teardown 1", "end 2", "end 1",
    ]  # fmt: skip


def test_a_value_of_a_hook_is_the_answer(app):
    """The first ``before_request`` that returns something ends the request; what comes after still runs."""
    calls = []
    app.before_request(lambda: ("stopped", 401))
    app.before_request(lambda: calls.append("second"))
    app.after_request(lambda response: Response(response.data + b" and replaced", response.status_code))
    app.add_url_rule("/", "view", lambda: calls.append("view"))
    answer = app.test_client().get("/")

    assert (answer.status_code, answer.text) == (401, "stopped and replaced")
    assert calls == []


def test_teardown_always_runs_all(app):
    """With the error of the request, also when one of the functions fails, also without a request."""
    calls = []
    app.teardown_request(lambda error: calls.append(("request", repr(error))))
    app.teardown_appcontext(lambda error: calls.append(("context", repr(error))))

    @app.teardown_request
    def fails(error):
        raise KeyError("teardown")

    app.add_url_rule("/", "view", lambda: 1 / 0)
    app.testing = False
    with contextlib.suppress(Exception):
        app.test_client().get("/")
    assert [kind for kind, _ in calls] == ["request", "context"]
    assert "ZeroDivisionError" in calls[0][1]
    calls.clear()
    with pytest.raises(KeyError), app.app_context():
        raise KeyError("work")
    assert calls == [("context", "KeyError('work')")]


def test_names_of_the_context_explain_themselves_outside(app):
    """Outside of contexts each raises a RuntimeError; ``has_*`` ask without one."""
    for touch in (lambda: current_app.name, lambda: g.x, lambda: request.path, lambda: session.new):
        with pytest.raises(RuntimeError, match="outside of"):
            touch()
    assert (has_app_context(), has_request_context()) == (False, False)
    with app.app_context():
        assert (has_app_context(), has_request_context()) == (True, False)
        assert current_app._get_current_object() is app
    ctx = app.test_request_context("/x")
    ctx.push()
    assert (has_app_context(), has_request_context(), request.path) == (True, True, "/x")
    ctx.pop()
    assert not has_app_context()


def test_g_is_a_namespace(app):
    """``get``, ``pop``, ``setdefault``, ``in`` and iteration; a new one for each context."""
    with app.app_context():
        g.a = 1
        assert (g.get("a"), g.get("b"), g.get("b", 2), "a" in g, "b" in g) == (1, None, 2, True, False)
        assert (g.setdefault("a", 3), g.setdefault("c", 3), sorted(g)) == (1, 3, ["a", "c"])
        assert (g.pop("a"), g.pop("a", None)) == (1, None)
        with pytest.raises(AttributeError):
            g.a
    with app.app_context():
        assert list(g) == []


def test_a_request_can_be_taken_along(app):
    """``copy_current_request_context`` gives a thread the request and session of this one."""
    texts = []

    @app.route("/")
    def view():
        session["name"] = "you"

        @copy_current_request_context
        def work():
            texts.append(f"{request.path} {session['name']} {current_app.name}")

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return ""

    app.test_client().get("/")

    assert texts == ["/ you hooked"]


def test_a_resource_can_be_faked(app):
    """A receiver of ``appcontext_pushed`` puts a stand-in where the application looks for the real thing."""

    def user():
        if "user" not in g:
            g.user = "real"
        return g.user

    def fake(sender, **extra):
        g.user = "fake"

    app.add_url_rule("/", "view", user)
    with appcontext_pushed.connected_to(fake, app):
        assert app.test_client().get("/").text == "fake"
    assert app.test_client().get("/").text == "real"


def test_applications_are_dispatched_by_prefix():
    """werkzeug's dispatcher mounts one application in another: each has its root and its settings."""
    front, back = App("front", static_folder=None), App("back", static_folder=None)
    for app in (front, back):
        app.add_url_rule("/", "index", lambda: f"{current_app.name} {request.script_root}")
    front.wsgi_app = DispatcherMiddleware(front.wsgi_app, {"/backend": back})
    client = front.test_client()

    assert client.get("/").text == "front "
    assert client.get("/backend/").text == "back /backend"


def test_applications_are_made_on_demand():
    """A dispatcher makes an application for each subdomain when it is first asked for."""
    made = {}

    def create_app(name):
        app = App(name, static_folder=None)
        app.add_url_rule("/", "index", lambda: current_app.name)
        return app

    def dispatcher(environ, start_response):
        name = environ["HTTP_HOST"].partition(".")[0]
        app = made.get(name) or made.setdefault(name, create_app(name))
        return app(environ, start_response)

    front = App("front")
    front.wsgi_app = dispatcher
    client = front.test_client()

    texts = [client.get("/", f"http://{name}.example.org").text for name in ("one", "two", "one")]
    assert texts == ["one", "two", "one"]
    assert sorted(made) == ["one", "two"]


def test_extensions_are_connected_to_each_application():
    """An extension keeps nothing of an application but what it finds in ``extensions`` and ``config``."""

    class Counter:
        def __init__(self, app=None):
            if app is not None:
                self.init_app(app)

        def init_app(self, app):
            app.config.setdefault("COUNTER_STEP", 1)
            app.extensions["counter"] = {"count": 0}
            app.before_request(self.count)

        def count(self):
            current_app.extensions["counter"]["count"] += current_app.config["COUNTER_STEP"]

    counter = Counter()

    def create_app(**settings):
        app = App("counted", static_folder=None)
        app.config.from_mapping(settings)
        counter.init_app(app)
        app.add_url_rule("/", "index", lambda: str(app.extensions["counter"]["count"]))
        return app

    one, two = create_app(), create_app(COUNTER_STEP=5)
    one.test_client().get("/")

    assert one.test_client().get("/").text == "2"
    assert two.test_client().get("/").text == "5"


def test_files_of_the_instance_folder(tmp_path):
    """The folder is found or given; settings and data are read from it."""
    (tmp_path / "settings.py").write_text("COLOUR = 'red'\nlower = 1\n")
    (tmp_path / "data.txt").write_text("data")
    app = App("instanced", instance_path=str(tmp_path), instance_relative_config=True)
    app.config.from_pyfile("settings.py")
    with app.open_instance_resource("data.txt", "r") as data:
        assert data.read() == "data"
    with app.open_instance_resource("new.txt", "w") as new:
        new.write("new")

    assert (app.config["COLOUR"], "lower" in app.config) == ("red", False)
    assert (tmp_path / "new.txt").read_text() == "new"
    with pytest.raises(ValueError, match="absolute"):
        App("instanced", instance_path="relative")


def test_records_can_have_data_of_the_request(app):
    """A formatter asks ``has_request_context`` and adds what it likes."""
    lines = []

    class Formatter(logging.Formatter):
        def format(self, record):
            record.url = request.url if has_request_context() else None
            return super().format(record)

    class Sink(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    handler = Sink()
    handler.setFormatter(Formatter("[%(url)s] %(message)s"))
    app.logger.addHandler(handler)
    app.add_url_rule("/", "view", lambda: app.logger.warning("inside") or "")
    app.test_client().get("/")
    app.logger.warning("outside")
    app.logger.removeHandler(handler)

    assert lines == ["[http://localhost/] inside", "[None] outside"]


def test_a_view_may_be_cached(app):
    """The decorator of the caching chapter keeps answers in whatever store it is given."""
    calls, store = [], {}

    def cached(view):
        def wrapped(**values):
            key = request.full_path
            if key not in store:
                store[key] = view(**values)
            return store[key]

        return wrapped

    @app.route("/<int:number>", endpoint="show")
    @cached
    def show(number):
        calls.append(number)
        return f"{number} {request.args.get('q')}"

    client = app.test_client()
    texts = [client.get(path).text for path in ("/1?q=a", "/1?q=a", "/1?q=b", "/2")]

    assert texts == ["1 a", "1 a", "1 b", "2 None"]
    assert calls == [1, 1, 2]

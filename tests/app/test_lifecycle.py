"""The life of a request, step by step in the order that the documentation numbers."""

from __future__ import annotations

import pytest

from framework import (
    App,
    Resource,
    Router,
    Schema,
    after_this_request,
    arguments,
    fields,
    g,
    request,
    response,
    signals,
)
from framework.errors import NotFound
from framework.marks.base import Mark, Phase, ReplyStep, Step, ValueStep
from tests.answers import sent_headers


@pytest.fixture
def trace():
    """What happened, in order."""
    return []


class Said(Schema):
    """A word."""

    word = fields.String(required=True)


class Note(Mark):
    """A mark that notes its phase when it runs."""

    def __init__(self, phase, trace):
        self.phase = phase
        self.trace = trace

    def run(self, plan):
        def write(*args):
            self.trace.append(self.phase.name)

        if self.phase == Phase.HANDLER:
            yield ValueStep(write)
        else:
            yield (Step if self.phase < Phase.HANDLER else ReplyStep)(self.phase, write)


def note(trace, word, value=None):
    """A function that notes a word and returns a value."""

    def function(*args):
        trace.append(word)
        return args[0] if word.startswith("after") else value

    return function


@pytest.fixture
def app(fast, trace):
    """An application with a hook of each kind on itself, on a router and on a router within that."""
    app = App("life")
    app.config.update(FAST_PATH=fast, CONTRACT="off")
    outer = Router("outer", url_prefix="/outer")
    inner = Router("inner", url_prefix="/inner")
    for where, name in ((app, "app"), (outer, "outer"), (inner, "inner")):
        where.url_value_preprocessor(note(trace, f"values {name}"))
        where.before_request(note(trace, f"before {name}"))
        where.after_request(note(trace, f"after {name} 1"))
        where.after_request(note(trace, f"after {name} 2"))
        where.teardown_request(note(trace, f"teardown {name} 1"))
        where.teardown_request(note(trace, f"teardown {name} 2"))

    @app.teardown_appcontext
    def teardown_app(error):
        trace.append("teardown_appcontext")

    @inner.route("/things/<int:number>")
    class Thing(Resource):
        @arguments(Said)
        @response(200, Said)
        def post(self, said, number):
            trace.append("handler")
            after_this_request(note(trace, "after this request"))
            return said

        def get(self, number):
            raise NotFound

        def delete(self, number):
            raise ZeroDivisionError

    outer.register_router(inner)
    app.register_router(outer)
    return app


@pytest.fixture
def listening(app, trace):
    """Note all signals of the application."""
    names = (
        "appcontext_pushed",
        "request_started",
        "request_finished",
        "got_request_exception",
        "request_tearing_down",
        "appcontext_tearing_down",
        "appcontext_popped",
    )
    receivers = []
    for name in names:

        def receiver(sender, name=name, **kwargs):
            trace.append(name)

        receivers.append((getattr(signals, name), receiver))
        getattr(signals, name).connect(receiver, app)
    yield
    for signal, receiver in receivers:
        signal.disconnect(receiver, app)


BEFORE = [
    "appcontext_pushed",
    "request_started",
    "values app",
    "values outer",
    "values inner",
    "before app",
    "before outer",
    "before inner",
]
AFTER = [
    "after inner 2",
    "after inner 1",
    "after outer 2",
    "after outer 1",
    "after app 2",
    "after app 1",
]
END = [
    "request_finished",
    "teardown inner 2",
    "teardown inner 1",
    "teardown outer 2",
    "teardown outer 1",
    "teardown app 2",
    "teardown app 1",
    "request_tearing_down",
    "teardown_appcontext",
    "appcontext_tearing_down",
    "appcontext_popped",
]


def test_a_request_in_order(app, listening, trace):
    """Signals, preprocessors, hooks, handler and teardown run in the documented order."""
    reply = app.test_client().post("/outer/inner/things/1", json={"word": "hi"})

    assert reply.json == {"word": "hi"}
    assert trace == [*BEFORE, "handler", "after this request", *AFTER, *END]


def test_the_order_without_listeners(app, trace):
    """Without receivers of signals the same hooks run in the same order."""
    app.test_client().post("/outer/inner/things/1", json={"word": "hi"})

    expected = [*BEFORE, "handler", "after this request", *AFTER, *END]
    assert trace == [word for word in expected if " " in word or word in ("handler", "teardown_appcontext")]


def test_an_http_error_in_order(app, listening, trace):
    """An HTTP error becomes an answer before the hooks that come after, and no exception is signalled."""
    reply = app.test_client().get("/outer/inner/things/1")

    assert reply.status_code == 404
    assert trace == [*BEFORE, *AFTER, *END]


def test_an_uncaught_exception_in_order(app, listening, trace, caplog):
    """An exception that nobody handles is signalled and logged, and its 500 goes through the hooks like any answer."""
    reply = app.test_client().delete("/outer/inner/things/1")

    assert reply.status_code == 500
    assert trace == [*BEFORE, "got_request_exception", *AFTER, *END]
    assert len(caplog.records) == 1


def test_a_refused_body_in_order(app, listening, trace):
    """What a schema refuses does not reach the handler, and its 422 goes through the hooks like any answer."""
    reply = app.test_client().post("/outer/inner/things/1", json={})

    assert reply.status_code == 422
    assert trace == [*BEFORE, *AFTER, *END]


def test_a_value_of_a_hook_ends_it(app, trace):
    """A value that a before_request function returns is the answer; later ones and the handler are not called."""
    app.before_request_funcs[None].append(lambda: "early")
    reply = app.test_client().post("/outer/inner/things/1", json={"word": "hi"})

    assert reply.text == "early"
    assert "handler" not in trace
    assert "before outer" not in trace
    assert [word for word in trace if word.startswith("after")] == AFTER


def test_hooks_see_a_path_that_is_unknown(app, trace):
    """A miss is raised after the hooks; no preprocessor runs; it belongs to the mount with the longest prefix."""
    reply = app.test_client().get("/outer/inner/nothing")

    assert reply.status_code == 404
    assert trace[:3] == ["before app", "before outer", "before inner"]
    assert [word for word in trace if word.startswith("after")] == AFTER


def test_a_hook_answers_for_a_miss(app):
    """A before_request function may answer where no rule matches, and finds no endpoint there."""
    seen = []

    @app.before_request
    def answer():
        seen.append((request.endpoint, request.url_rule, request.view_args, type(request.routing_exception)))
        return "here"

    reply = app.test_client().get("/nowhere")

    assert (reply.status_code, reply.text) == (200, "here")
    assert seen == [(None, None, None, NotFound)]


def test_phases_run_in_their_order(fast, trace):
    """The steps of marks run by phase, whatever the order of the marks on the handler."""
    app = App("phases")
    app.config.update(FAST_PATH=fast, CONTRACT="off")
    phases = [phase for phase in Phase if phase not in (Phase.HANDLER,)]

    def view():
        trace.append("HANDLER")
        return "done"

    for phase in phases:
        Note(phase, trace)(view)
    app.add_url_rule("/up", "up", view)

    def down():
        trace.append("HANDLER")
        return "done"

    for phase in reversed(phases):
        Note(phase, trace)(down)
    app.add_url_rule("/down", "down", down)
    client = app.test_client()
    client.get("/up")
    up, trace[:] = list(trace), []
    client.get("/down")

    assert up == [phase.name for phase in Phase]
    assert trace == up


def test_errors_of_after_hooks_become_500(app, caplog):
    """An after_request function that fails makes a 500; when it fails for that one too, the error is only logged."""

    @app.after_request
    def broken(response):
        raise ValueError("after")

    reply = app.test_client().post("/outer/inner/things/1", json={"word": "hi"})

    assert reply.status_code == 500
    assert "after" not in reply.json["detail"]
    assert [record.getMessage() for record in caplog.records] == [
        "Exception on /outer/inner/things/1 [POST]",
        "Request finalizing failed with an error while handling an error",
    ]


def test_500s_carry_what_hooks_add(app, caplog):
    """The answer to an uncaught exception goes through after_request, with the headers that these add."""

    @app.after_request
    def add(response):
        response.headers["X-Request-Id"] = "7"
        return response

    reply = app.test_client().delete("/outer/inner/things/1")

    assert reply.status_code == 500
    assert reply.headers["X-Request-Id"] == "7"
    assert len(caplog.records) == 1


def test_g_lives_through_a_request(app):
    """What a hook leaves on ``g`` is there up to the teardown, and gone afterwards."""
    seen = []

    @app.before_request
    def before():
        seen.append(("fresh", "word" not in g))
        g.word = "x"

    @app.after_request
    def after(response):
        seen.append(("after", g.word))
        return response

    @app.teardown_request
    def teardown(error):
        seen.append(("teardown", g.word))

    @app.teardown_appcontext
    def teardown_app(error):
        seen.append(("app", g.pop("word")))

    client = app.test_client()
    client.get("/outer/inner/things/1")
    client.get("/outer/inner/things/1")

    assert seen == [("fresh", True), ("after", "x"), ("teardown", "x"), ("app", "x")] * 2


def test_head_runs_the_handler_of_get(fast, trace):
    """HEAD runs what GET runs, hooks and handler, and sends no body."""
    app = App("head")
    app.config.update(FAST_PATH=fast, CONTRACT="off")
    app.before_request(note(trace, "before"))

    @app.route("/x")
    class X(Resource):
        @response(200)
        def get(self):
            trace.append(request.method)
            return {"a": 1}

    reply = app.test_client().head("/x")
    full = app.test_client().get("/x")

    assert (reply.status_code, reply.data) == (200, b"")
    assert sent_headers(reply) == sent_headers(full)
    assert trace == ["before", "HEAD", "before", "GET"]


def test_middleware_wraps_wsgi_app(app, trace):
    """A middleware around ``wsgi_app`` sees the environment before the application and the answer after it."""
    inner = app.wsgi_app

    def middleware(environ, start_response):
        trace.append("in")
        environ["PATH_INFO"] = "/outer/inner/things/1"
        return inner(environ, start_response)

    app.wsgi_app = middleware
    reply = app.test_client().get("/elsewhere")

    assert reply.status_code == 404
    assert trace[:2] == ["in", "values app"]

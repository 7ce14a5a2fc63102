"""Contexts: what is current, what is shared, and what ends when."""

from __future__ import annotations

import contextlib
import threading

import pytest

import framework.ctx
import framework.globals
from framework import (
    App,
    Response,
    after_this_request,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
    signals,
)
from framework.context import Context, current, current_or_none, request_context_or_none


@pytest.fixture
def app(fast):
    """An application that notes its teardowns."""
    app = App("context")
    app.config["FAST_PATH"] = fast
    app.secret_key = "secret"
    app.ended = []
    app.teardown_appcontext(lambda error: app.ended.append("app"))
    app.teardown_request(lambda error: app.ended.append("request"))

    @app.get("/")
    def index():
        return "index"

    return app


# Outside


@pytest.mark.parametrize("touch", [lambda: current_app.name, lambda: g.x, lambda: setattr(g, "x", 1), current])
def test_outside_of_an_application(touch):
    """Without a context the application's names say what is missing and how to get it."""
    with pytest.raises(RuntimeError, match="Working outside of application context"):
        touch()


@pytest.mark.parametrize("touch", [lambda: request.path, lambda: session["x"], lambda: len(session)])
@pytest.mark.parametrize("inside", [True, False])
def test_outside_of_a_request(app, touch, inside):
    """Without a request the names of a request say so, also where an application is current."""
    if inside:
        with app.app_context(), pytest.raises(RuntimeError, match="Working outside of request context"):
            touch()
    else:
        with pytest.raises(RuntimeError, match="Working outside of request context"):
            touch()


@pytest.mark.parametrize("function", [after_this_request, copy_current_request_context])
def test_functions_that_need_a_request(app, function):
    """Functions on the current request say by their name what they need."""
    with app.app_context(), pytest.raises(RuntimeError, match=f"'{function.__name__}'"):
        function(lambda: None)


def test_nothing_is_current_at_first():
    """Outside of all contexts the questions answer no."""
    assert not has_app_context()
    assert not has_request_context()
    assert current_or_none() is None
    assert request_context_or_none() is None


# Inside


def test_an_application_context(app):
    """An application context makes the application and ``g`` current, and nothing of a request."""
    with app.app_context() as ctx:
        assert current_app._get_current_object() is app
        assert current() is ctx
        assert has_app_context()
        assert not has_request_context()
        assert not ctx.has_request
        with pytest.raises(RuntimeError):
            ctx.request
    assert app.ended == ["app"]


def test_a_request_context(app):
    """A request context makes the request, the session and the application current."""
    with app.test_request_context("/?a=1") as ctx:
        assert request.args["a"] == "1"
        assert current_app._get_current_object() is app
        assert has_request_context()
        assert request.endpoint == "index"
        assert ctx.request is request._get_current_object()
    assert app.ended == ["request", "app"]
    assert not has_app_context()


def test_doors_name_the_same_things():
    """The modules ``ctx`` and ``globals`` re-export what stands in ``context``."""
    assert framework.globals.request is request
    assert framework.globals.g is g
    assert framework.globals.current_app is current_app
    assert framework.ctx.has_request_context is has_request_context
    assert framework.ctx.AppContext is framework.ctx.RequestContext is Context


def test_a_wrong_pop_is_refused(app):
    """Contexts are popped in the reverse order of their pushes."""
    one, other = app.app_context(), app.app_context()
    one.push()
    other.push()
    with pytest.raises(AssertionError, match="Popped wrong context"):
        one.pop()
    other.pop()
    one.pop()


def test_a_context_that_was_never_pushed(app):
    """A context that is not active cannot be popped."""
    with pytest.raises(AssertionError):
        app.app_context().pop()


def test_a_context_pushed_twice(app):
    """A context that is pushed twice ends at the second pop, once."""
    ctx = app.app_context()
    ctx.push()
    ctx.push()
    ctx.pop()
    inner = list(app.ended)
    ctx.pop()

    assert inner == []
    assert app.ended == ["app"]


# g


def test_g_is_a_namespace(app):
    """``g`` has attributes, ``get``, ``pop``, ``setdefault``, ``in`` and ``iter``."""
    with app.app_context():
        g.a = 1

        assert (g.a, g.get("a"), g.get("b"), g.get("b", 2)) == (1, 1, None, 2)
        assert g.setdefault("c", 3) == g.c == 3
        assert "a" in g
        assert "b" not in g
        assert sorted(g) == ["a", "c"]
        assert g.pop("a") == 1
        assert g.pop("a", None) is None
        assert repr(g) == "<framework.g of 'context'>"
        with pytest.raises(KeyError):
            g.pop("a")
        with pytest.raises(AttributeError):
            g.a
        with pytest.raises(AttributeError):
            del g.a
        del g.c
        assert list(g) == []


def test_each_context_has_its_own_g(app):
    """Each application context has a ``g`` of its own, also one within another."""
    with app.app_context():
        g.word = "outer"
        with app.app_context():
            inner = "word" in g
            g.word = "inner"
        outer = g.word

    assert (inner, outer) == (False, "outer")
    assert app.ended == ["app", "app"]


def test_a_request_shares_the_g_around_it(app):
    """A request within a context of the same application shares its ``g``, and leaves its end to it."""
    with app.app_context():
        g.word = "outer"
        with app.test_request_context("/"):
            shared = g.word
            g.word = "changed"
        changed, ended = g.word, list(app.ended)

    assert (shared, changed) == ("outer", "changed")
    assert ended == ["request"]
    assert app.ended == ["request", "app"]


def test_requests_of_a_client_share_the_g_around_them(app):
    """Requests of a client within a pushed context share its ``g``; the application context ends once, at the end."""

    @app.get("/count")
    def count():
        g.count = g.get("count", 0) + 1
        return str(g.count)

    client = app.test_client()
    with app.app_context():
        texts = [client.get("/count").text for _ in range(3)]
    alone = [client.get("/count").text for _ in range(2)]

    assert texts == ["1", "2", "3"]
    assert alone == ["1", "1"]
    assert app.ended == ["request"] * 3 + ["app"] + ["request", "app"] * 2


def test_another_application_has_its_own(app):
    """A request within a context of another application shares nothing of it."""
    other = App("other")
    with other.app_context():
        g.word = "other"
        with app.test_request_context("/"):
            seen = ("word" in g, current_app.name)
        after = (g.word, current_app.name)

    assert (seen, after) == ((False, "context"), ("other", "other"))
    assert app.ended == ["request", "app"]


def test_a_request_within_a_request(app):
    """A handler may ask the application itself: the inner request is current meanwhile, and the outer one after it."""

    @app.get("/outer")
    def outer():
        g.word = "outer"
        inner = app.test_client().get("/inner?a=2").text
        return f"{inner} {request.path} {request.args.get('a')} {g.word}"

    @app.get("/inner")
    def inner():
        seen = f"{request.path} {request.args['a']} {g.get('word')}"
        g.word = "inner"
        return seen

    assert app.test_client().get("/outer?a=1").text == "/inner 2 outer /outer 1 inner"
    assert app.ended == ["request", "request", "app"]


def test_an_application_context_within_a_request(app):
    """An application context within a request has a new ``g`` and still sees the request, as in Flask 3.1."""
    with app.test_request_context("/?a=1"):
        g.word = "request"
        with app.app_context():
            seen = (request.args["a"], has_request_context(), "word" in g)
        after = g.word

    assert (seen, after) == (("1", True, False), "request")


def test_g_of_a_class_of_ones_own(app):
    """``app_ctx_globals_class`` is the class of ``g``; it is made on first touch."""
    made = []

    class Mine:
        def __init__(self):
            made.append(self)

    app.app_ctx_globals_class = Mine
    with app.app_context():
        untouched = list(made)
        assert isinstance(g._get_current_object(), Mine)

    assert untouched == []
    assert len(made) == 1


# The session


def test_the_session_is_opened_on_first_touch(app):
    """A request that does not touch its session opens none, and its answer says nothing of it."""
    opened = []

    class Interface(type(app.session_interface)):
        lazy = True

        def open_session(self, app, request):
            opened.append(request.path)
            return super().open_session(app, request)

    app.session_interface = Interface()

    @app.get("/touch")
    def touch():
        return str("a" in session)

    client = app.test_client()
    plain = client.get("/")
    untouched = list(opened)
    touched = client.get("/touch")

    assert untouched == []
    assert "Vary" not in plain.headers
    assert opened == ["/touch"]
    assert touched.headers["Vary"] == "Cookie"


def test_an_eager_session_interface(app):
    """An interface of one's own is opened at push, before the path is matched, and asked to save."""
    seen = []

    class Interface(type(app.session_interface)):
        def open_session(self, app, request):
            seen.append(("open", request.url_rule))
            return super().open_session(app, request)

        def save_session(self, app, session, response):
            seen.append(("save", response.status_code))

    app.session_interface = Interface()
    app.test_client().get("/")

    assert seen == [("open", None), ("save", 200)]


# Copies


def test_a_copied_context_in_a_thread(app):
    """A function wrapped with the request's context has its request and session in a thread, and a new ``g``."""
    seen = []

    @app.get("/copy")
    def copy():
        g.word = "outer"
        session["word"] = "session"

        @copy_current_request_context
        def work():
            seen.append((request.path, session["word"], "word" in g, has_request_context()))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(10)
        return ""

    assert app.test_client().get("/copy").status_code == 200
    assert seen == [("/copy", "session", False, True)]


def test_a_copy_is_no_access_to_the_session(app):
    """Copying a context that has not touched its session does not vary the answer by cookies."""

    @app.get("/copy")
    def copy():
        copy_current_request_context(lambda: None)
        return ""

    assert "Vary" not in app.test_client().get("/copy").headers


def test_changes_in_a_copy_are_saved(app):
    """A copied context writes to the very session of the request, also when nobody has opened it before."""

    @app.get("/copy")
    def copy():
        @copy_current_request_context
        def work():
            session["word"] = "thread"

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(10)
        return ""

    @app.get("/read")
    def read():
        return session.get("word", "none")

    client = app.test_client()
    client.get("/copy")

    assert client.get("/read").text == "thread"


def test_a_thread_has_no_context(app):
    """A new thread has no context of its own."""
    seen = []
    with app.test_request_context("/"):
        thread = threading.Thread(target=lambda: seen.append(has_app_context()))
        thread.start()
        thread.join(10)

    assert seen == [False]


# Ends


def test_the_error_of_a_with_block(app):
    """Teardown functions get the exception that left the ``with`` block, and it passes on."""
    seen = []
    app.teardown_appcontext(lambda error: seen.append(type(error)))
    with pytest.raises(ZeroDivisionError), app.app_context():
        raise ZeroDivisionError

    assert seen == [ZeroDivisionError]


def test_a_context_of_a_test_runs_teardown_once(app):
    """A pushed and popped request context runs each teardown function once, whatever was called in between."""
    ctx = app.test_request_context("/")
    ctx.push()
    app.full_dispatch_request()
    ctx.pop()

    assert app.ended == ["request", "app"]


def test_signals_of_contexts(app):
    """The signals of an application context come once for a request, and none for one that joins another."""
    seen = []
    connected = []
    for name in ("appcontext_pushed", "appcontext_tearing_down", "appcontext_popped"):

        def receiver(sender, name=name, **kwargs):
            seen.append(name)

        connected.append(receiver)
        getattr(signals, name).connect(receiver, app)
    with app.app_context(), app.test_request_context("/"):
        pass

    assert seen == ["appcontext_pushed", "appcontext_tearing_down", "appcontext_popped"]


def test_repr_of_contexts(app):
    """A context says what it is of."""
    assert repr(app.app_context()) == "<Context of 'context'>"
    assert repr(app.test_request_context("/?a=1")) == "<Context 'http://localhost/?a=1' [GET] of 'context'>"


def test_a_refused_host_is_an_answer(app):
    """A host that is not trusted is a 400 for each path, and hooks and teardown run."""
    app.config["TRUSTED_HOSTS"] = ["good.example"]
    seen = []
    app.before_request(lambda: seen.append("before"))
    client = app.test_client()

    assert client.get("/", base_url="http://good.example").status_code == 200
    assert client.get("/", base_url="http://evil.example").status_code == 400
    assert client.get("/nothing", base_url="http://evil.example").status_code == 400
    assert seen == ["before"] * 3


@pytest.mark.parametrize("way", ["answer", "propagated", "exit", "stream", "context"])
def test_at_end(way):
    """``at_end`` calls functions when the context ends, in order, before teardown functions, whatever ended it."""
    seen = []
    app = App(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.teardown_request(lambda error: seen.append("teardown"))

    def register():
        ctx = current()
        ctx.at_end(lambda error: seen.append(type(error).__name__))
        ctx.at_end(lambda error: seen.append("second"))

    @app.get("/<way>")
    def view(way):
        register()
        if way == "propagated":
            raise ValueError("x")
        if way == "exit":
            raise SystemExit
        if way == "stream":
            return Response(seen.append("byte") or part for part in "ab")
        return ""

    if way == "context":
        with app.app_context():
            register()
        assert seen == ["NoneType", "second"]
        return
    with contextlib.suppress(ValueError, SystemExit):
        app.test_client().get(f"/{way}").get_data()
    error = {"propagated": "ValueError", "exit": "SystemExit"}.get(way, "NoneType")
    assert seen == [*(["byte", "byte"] if way == "stream" else []), error, "second", "teardown"]


def test_at_end_without_other_work():
    """It is called too where nothing else has to be done at the end, and what it raises does not stop the others."""
    seen = []
    app = App(__name__)

    @app.get("/")
    def view():
        current().at_end(lambda error: 1 / 0)
        current().at_end(lambda error: seen.append(1))
        return ""

    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/")
    assert seen == [1]

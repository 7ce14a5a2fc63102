"""The signals that the framework sends."""

from __future__ import annotations

import pytest

from framework import App, abort, flash, g, signals
from framework.context import copy_current_request_context


@pytest.fixture
def app():
    """An application with one view."""
    app = App("signals")
    app.secret_key = "secret"

    @app.route("/")
    def index():
        return "index"

    @app.route("/broken")
    def broken():
        return 1 / 0

    return app


@pytest.fixture
def heard(app):
    """The names and arguments of all signals, in order."""
    calls = []
    connected = []
    for name, signal in vars(signals).items():
        if not hasattr(signal, "connect"):
            continue

        def receiver(sender, _name=name, **values):
            assert sender is app
            values.pop("_async_wrapper", None)
            calls.append((_name, values))

        signal.connect(receiver, app)
        connected.append((signal, receiver))
    yield calls
    for signal, receiver in connected:
        signal.disconnect(receiver, app)


def names(calls):
    """The names alone."""
    return [name for name, _ in calls]


def test_a_request_sends_them_in_order(app, heard):
    """One request: context pushed, started, finished, torn down, popped."""
    app.test_client().get("/")

    assert names(heard) == [
        "appcontext_pushed",
        "request_started",
        "request_finished",
        "request_tearing_down",
        "appcontext_tearing_down",
        "appcontext_popped",
    ]
    assert dict(heard)["request_finished"]["response"].status_code == 200
    assert dict(heard)["request_tearing_down"] == {"exc": None}


def test_an_unhandled_exception_is_sent(app, heard):
    """``got_request_exception`` carries the exception, and the answer is finished all the same."""
    app.test_client().get("/broken")

    assert names(heard)[1:4] == ["request_started", "got_request_exception", "request_finished"]
    assert isinstance(dict(heard)["got_request_exception"]["exception"], ZeroDivisionError)
    assert dict(heard)["request_finished"]["response"].status_code == 500


def test_an_application_context_sends_its_own(app, heard):
    """A context without request sends no request signals."""
    with app.app_context():
        pass

    assert names(heard) == ["appcontext_pushed", "appcontext_tearing_down", "appcontext_popped"]


def test_a_flashed_message_is_sent(app, heard):
    """``message_flashed`` carries message and category."""

    @app.route("/flash")
    def flash_it():
        flash("hello", "info")
        return ""

    app.test_client().get("/flash")

    assert dict(heard)["message_flashed"] == {"message": "hello", "category": "info"}


def test_pushed_is_sent_when_g_is_there(app):
    """A receiver of ``appcontext_pushed`` can put things on ``g``, as tests do to fake a resource."""

    @app.route("/user")
    def user():
        return g.user

    def receiver(sender, **values):
        g.user = "faked"

    with signals.appcontext_pushed.connected_to(receiver, app):
        assert app.test_client().get("/user").text == "faked"


def test_the_namespace_is_that_of_the_framework():
    """Each signal is named after its attribute."""
    for name, signal in vars(signals).items():
        if hasattr(signal, "connect"):
            assert signal.name == name.replace("_", "-")


def test_a_receiver_that_aborts_is_no_answer_of_its_own(app):
    """An HTTP error raised while the request starts is handled like one of a view."""

    def receiver(sender, **values):
        abort(418)

    with signals.request_started.connected_to(receiver, app):
        assert app.test_client().get("/").status_code == 418


def test_copied_contexts_send_too(app, heard):
    """A copied request context is a context of its own."""
    with app.test_request_context("/"):

        @copy_current_request_context
        def work():
            return None

    heard.clear()
    work()

    assert names(heard) == [
        "appcontext_pushed",
        "request_tearing_down",
        "appcontext_tearing_down",
        "appcontext_popped",
    ]

"""Unhandled errors that come again: which are the same, and which keep their own traceback."""

from __future__ import annotations

import json

import pytest

from framework import App, Resource, response


@pytest.fixture
def app():
    """An application that answers errors instead of raising them."""
    app = App("repeated")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def tracebacks(caplog):
    """Which of the logged lines have a traceback."""
    return [record.exc_info is not None for record in caplog.records]


def test_an_error_that_comes_again_has_no_second_traceback(app, caplog):
    """The same error at the same endpoint is one line, with the count."""
    app.add_url_rule("/orders", view_func=lambda: 1 / 0, endpoint="orders")
    client = app.test_client()
    for _ in range(3):
        client.get("/orders")

    assert tracebacks(caplog) == [True, False, False]
    assert caplog.records[2].getMessage().endswith("ZeroDivisionError again, 2 times since its traceback")


def test_errors_of_two_handlers_have_a_traceback_each(app, caplog):
    """What the framework raises at one line for two handlers, and only its text tells apart, is two errors."""
    for name in ("cats", "dogs"):
        app.add_url_rule(f"/{name}", name, response(200)(lambda: iter([1])))
    client = app.test_client()
    for path in ("/cats", "/dogs", "/cats", "/dogs"):
        client.get(path)

    assert tracebacks(caplog) == [True, True, False, False]


def test_two_lines_of_one_handler_have_a_traceback_each(app, caplog):
    """What a library raises at one line, called from two lines of a handler, is two errors."""

    @app.route("/<int:number>")
    class Numbers(Resource):
        def get(self, number):
            if number == 1:
                return json.loads("[")
            return json.loads("[")

    client = app.test_client()
    for path in ("/1", "/2", "/1", "/2"):
        client.get(path)

    assert tracebacks(caplog) == [True, True, False, False]


def test_a_recursion_is_one_error_at_every_depth(app, caplog):
    """The depth at which an error is raised, which a client may choose, makes no new error."""

    def deeper(depth):
        return deeper(depth - 1) if depth else 1 / 0

    app.add_url_rule("/<int:depth>", "deeper", deeper)
    client = app.test_client()
    for path in ("/2", "/3", "/9"):
        client.get(path)

    assert tracebacks(caplog) == [True, False, False]

"""The logger of an application."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from framework import App
from framework.logging import default_handler, has_level_handler, wsgi_errors_stream


@pytest.fixture
def make_app():
    """Makes an application whose logger is fresh, and cut off from the handlers that a test run has.

    Called in the test, since those handlers come after the fixtures.
    """
    parent, logger, child = (logging.getLogger(name) for name in ("shop", "shop.app", "shop.app.child"))

    def reset(propagate):
        for each in (parent, logger, child):
            each.handlers.clear()
            each.setLevel(logging.NOTSET)
            each.propagate = True
        parent.propagate = propagate

    def make():
        reset(propagate=False)
        return App("shop.app")

    yield make
    reset(propagate=True)


def test_the_logger_has_the_name_of_the_application(make_app):
    """The logger is the standard one of that name, with the default handler."""
    app = make_app()
    assert app.logger is logging.getLogger("shop.app")
    assert app.logger.level == logging.NOTSET
    assert app.logger.handlers == [default_handler]


def test_debug_mode_lowers_the_level(make_app):
    """In debug mode all is logged."""
    app = make_app()
    app.debug = True

    assert app.logger.level == logging.DEBUG


def test_a_level_that_is_set_stays(make_app):
    """A level set before is kept in debug mode."""
    app = make_app()
    logging.getLogger("shop.app").setLevel(logging.ERROR)
    app.debug = True

    assert app.logger.level == logging.ERROR


def test_a_handler_that_is_there_is_enough(make_app):
    """With logging set up beforehand no handler is added."""
    app = make_app()
    logging.getLogger("shop").addHandler(logging.StreamHandler())

    assert app.logger.handlers == []


def test_errors_go_to_the_stream_of_the_server(make_app, monkeypatch):
    """In a request the stream is ``wsgi.errors``, elsewhere ``sys.stderr``."""
    app = make_app()

    @app.get("/")
    def index():
        app.logger.error("in a request")
        return ""

    stream = io.StringIO()
    app.test_client().get("/", errors_stream=stream)
    assert "ERROR in test_logging: in a request" in stream.getvalue()

    outside = io.StringIO()
    monkeypatch.setattr(sys, "stderr", outside)
    app.logger.error("outside")
    assert "outside" in outside.getvalue()
    assert wsgi_errors_stream._get_current_object() is outside


@pytest.mark.parametrize("propagate", [True, False])
def test_handlers_count_as_far_as_messages_go(make_app, propagate):
    """Handlers of parents count while messages are handed on."""
    make_app()
    logger = logging.getLogger("shop.app")
    child = logging.getLogger("shop.app.child")
    child.propagate = propagate
    assert not has_level_handler(child)
    handler = logging.StreamHandler()
    logger.addHandler(handler)

    assert has_level_handler(child) is propagate
    handler.setLevel(logging.CRITICAL)
    assert not has_level_handler(logger)


def test_an_unhandled_exception_is_logged_once(make_app):
    """An exception that nobody handles is logged once, with its traceback."""
    app = make_app()

    @app.get("/")
    def index():
        raise ValueError("broken")

    stream = io.StringIO()
    reply = app.test_client().get("/", errors_stream=stream)

    assert reply.status_code == 500
    assert stream.getvalue().count("Exception on / [GET]") == 1
    assert stream.getvalue().count("ValueError: broken") == 1

"""The logger of an application."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from framework import App
from framework.logging import default_handler, has_level_handler, wsgi_errors_stream


@pytest.fixture
def clean():
    """The parent of the application's logger, cut off from the loggers above, where a test run has handlers."""
    loggers = [logging.getLogger(name) for name in ("shop", "shop.app", "shop.app.child")]
    for logger in loggers:
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
    loggers[0].propagate = False
    yield loggers[0]
    for logger in loggers:
        logger.handlers.clear()
        logger.propagate = True


@pytest.fixture
def app(clean):
    """An application whose logger nobody has used."""
    return App("shop.app")


def test_the_logger_has_the_name_of_the_application(app):
    """The logger is the standard one of that name, with the default handler."""
    assert app.logger is logging.getLogger("shop.app")
    assert app.logger.level == logging.NOTSET
    assert app.logger.handlers == [default_handler]


def test_debug_mode_lowers_the_level(app):
    """In debug mode all is logged."""
    app.debug = True

    assert app.logger.level == logging.DEBUG


def test_a_level_that_is_set_stays(app):
    """A level set before is kept in debug mode."""
    logging.getLogger("shop.app").setLevel(logging.ERROR)
    app.debug = True

    assert app.logger.level == logging.ERROR


def test_a_handler_that_is_there_is_enough(app, clean):
    """With logging set up beforehand no handler is added."""
    clean.addHandler(logging.StreamHandler())

    assert app.logger.handlers == []


def test_errors_go_to_the_stream_of_the_server(app, monkeypatch):
    """In a request the stream is ``wsgi.errors``, elsewhere ``sys.stderr``."""

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
def test_handlers_count_as_far_as_messages_go(clean, propagate):
    """Handlers of parents count while messages are handed on."""
    logger = logging.getLogger("shop.app")
    child = logging.getLogger("shop.app.child")
    child.propagate = propagate
    assert not has_level_handler(child)
    handler = logging.StreamHandler()
    logger.addHandler(handler)

    assert has_level_handler(child) is propagate
    handler.setLevel(logging.CRITICAL)
    assert not has_level_handler(logger)


def test_an_unhandled_exception_is_logged_once(app):
    """An exception that nobody handles is logged once, with its traceback."""

    @app.get("/")
    def index():
        raise ValueError("broken")

    stream = io.StringIO()
    reply = app.test_client().get("/", errors_stream=stream)

    assert reply.status_code == 500
    assert stream.getvalue().count("Exception on / [GET]") == 1
    assert stream.getvalue().count("ValueError: broken") == 1

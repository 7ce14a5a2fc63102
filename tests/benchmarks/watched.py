"""One small answer, with what tells how a service runs: each alone, and all together."""

from __future__ import annotations

import collections.abc as cabc
import logging
import tempfile
import typing as t

from opentelemetry.sdk.trace import TracerProvider

from framework import App, Resource, Schema, fields, response
from framework.observe import Metrics, Tracing
from framework.observe._access_log import AccessLogHandler
from framework.record import Observer

from .calls import Question, python_calls, wsgi_call
from .timing import Times, take_turns

PLAIN = "nothing"
IDS = "request ids, as by default"
TOGETHER = "ids, access log and metrics"


class HelloSchema(Schema):
    """The answer."""

    hello = fields.String()


def make(install: cabc.Callable[[App], object] = bool, **settings: object) -> App:
    """An application with one operation.

    :param install: What is connected to it.
    :param settings: Its settings.
    """
    app = App("watched", static_folder=None)
    app.config.update(settings)
    install(app)

    @app.route("/hello")
    class Hello(Resource):
        @response(200, HelloSchema)
        def get(self):  # type: ignore[no-untyped-def]
            """Say hello."""
            return {"hello": "world"}

    return app


def run(say: cabc.Callable[[str], object]) -> tuple[Times, dict[str, int]]:
    """Time each, and count the Python calls of one request."""
    say("watched")
    with tempfile.TemporaryDirectory() as folder:
        log = {"ACCESS_LOG": "json", "ACCESS_LOG_FILE": f"{folder}/access.log"}
        shared = {"METRICS_DIRECTORY": f"{folder}/metrics"}
        apps = {
            PLAIN: make(REQUEST_ID_HEADER=None),
            IDS: make(),
            "ids, and an observer that does nothing": make(lambda app: app.add_observer(Observer())),
            "ids, access log as JSON in a file": make(**log),
            "ids, metrics in files of several processes": make(Metrics, **shared),
            TOGETHER: make(Metrics, **log, **shared),
            "ids, traces without a provider": make(Tracing),
            "ids, traces with the SDK, not exported": make(lambda app: Tracing(app, provider=TracerProvider())),
        }
        calls: dict[str, t.Any] = {name: wsgi_call(app, Question("/hello")) for name, app in apps.items()}
        try:
            answers = {name: call().body for name, call in calls.items()}
            if len(set(answers.values())) != 1:
                raise AssertionError(f"The answers differ: {answers}")
            times = take_turns(calls)
            return times, {name: python_calls(call) for name, call in calls.items()}
        finally:
            logger = logging.getLogger("framework.access")
            for handler in [each for each in logger.handlers if isinstance(each, AccessLogHandler)]:
                logger.removeHandler(handler)
                handler.close()

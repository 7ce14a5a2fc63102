"""Traces: one server span per request, with the real SDK, next to the instrumentations of the contrib packages."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time

import pytest
import redis
import sqlalchemy as sa
from marshmallow import validate
from opentelemetry import trace
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from framework import (
    App,
    Bearer,
    Resource,
    Schema,
    after_response,
    arguments,
    copy_current_request_context,
    fields,
    requires,
    response,
)
from framework.observe import Tracing, continued, propagation_headers

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True, validate=validate.Length(max=5))


class Spans:
    """A provider, and what it has exported."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    @property
    def all(self):
        """The spans that have ended."""
        return self.exporter.get_finished_spans()

    @property
    def server(self):
        """The only server span."""
        (found,) = (span for span in self.all if span.kind is SpanKind.SERVER)
        return found


@pytest.fixture
def spans():
    """Spans of the test."""
    spans = Spans()
    yield spans
    spans.provider.shutdown()


@pytest.fixture
def app(spans):
    """An application with traces."""
    app = App("traced", static_folder=None)
    Tracing(app, provider=spans.provider)
    bearer = Bearer(lambda token: {"id": 7} if token == "t" else None)

    @app.route("/pets/<int:pet_id>")
    class Pets(Resource):
        @requires(bearer)
        @arguments(PetSchema)
        @response(200, PetSchema)
        def put(self, pet, pet_id):
            """Replace a pet."""
            return pet

        def get(self, pet_id):
            """Get a pet."""
            return {"id": pet_id}

    @app.get("/fails")
    def fails():
        raise LookupError("boom")

    return app


def test_a_request_has_one_server_span(app, spans):
    """The span is named by method and rule, and says what the stable conventions ask for."""
    app.test_client().get("/pets/7?token=secret", headers={"User-Agent": "curl"})
    span = spans.server

    assert (span.name, span.kind, span.status.status_code) == (
        "GET /pets/<int:pet_id>",
        SpanKind.SERVER,
        StatusCode.UNSET,
    )
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "url.path": "/pets/7",
        "client.address": "127.0.0.1",
        "server.address": "localhost",
        "server.port": 80,
        "user_agent.original": "curl",
        "network.protocol.version": "1.1",
        "http.route": "/pets/<int:pet_id>",
        "http.response.status_code": 200,
        "http.response.body.size": 8,
        "framework.operation_id": "getPets",
        "framework.ending": "answered",
        "framework.request_id": span.attributes["framework.request_id"],
    }
    assert "secret" not in span.to_json()
    assert span.parent is None


def test_a_span_belongs_to_the_trace_of_the_caller(app, spans):
    """``traceparent`` of the request is the parent; that of outgoing calls names the own span."""

    @app.get("/out")
    def out():
        return propagation_headers()

    reply = app.test_client().get("/out", headers={"traceparent": PARENT})
    context = spans.server.get_span_context()

    assert f"{context.trace_id:032x}" == PARENT[3:35]
    assert f"{spans.server.parent.span_id:016x}" == PARENT[36:52]
    assert reply.json["traceparent"] == f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def test_an_unmatched_path_is_no_name(app, spans):
    """A request without a rule is named by its method alone, and a method without a standard ``HTTP``."""
    client = app.test_client()
    client.get("/nowhere/1")
    client.open("/nowhere", method="BREW")

    assert [span.name for span in spans.all] == ["GET", "HTTP"]
    assert spans.all[1].attributes["http.request.method_original"] == "BREW"


def test_an_unhandled_error_is_recorded(app, spans):
    """A 500 sets the status, names the error, and has the exception as an event."""
    app.test_client().get("/fails")
    span = spans.server

    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, "LookupError")
    assert [event.name for event in span.events] == ["exception"]


def test_refused_requests_are_events(app, spans):
    """Refused credentials and bodies are events, without what was sent; a 4xx is no error of the server."""
    client = app.test_client()
    client.put("/pets/7", json={"name": "x"})
    client.put("/pets/7", json={"name": "secret-value"}, headers={"Authorization": "Bearer t"})
    refused, invalid = spans.all

    assert [event.name for event in refused.events] == ["authentication.failed"]
    assert refused.events[0].attributes["error.type"] == "credentials_missing"
    assert [event.name for event in invalid.events] == ["validation.failed"]
    assert invalid.events[0].attributes["framework.locations"] == ("json",)
    assert invalid.attributes["user.id"] == "7"
    assert "secret" not in invalid.to_json()
    assert {span.status.status_code for span in spans.all} == {StatusCode.UNSET}


@pytest.mark.parametrize("around", ["app", "wsgi_app"])
def test_an_instrumentation_around_it_makes_no_second_span(app, spans, around):
    """With the WSGI instrumentation of contrib there is still one server span, its own, with the name of the route."""
    if around == "app":
        served = OpenTelemetryMiddleware(app, tracer_provider=spans.provider)
    else:
        app.wsgi_app = OpenTelemetryMiddleware(app.wsgi_app, tracer_provider=spans.provider)
        served = app
    from werkzeug.test import Client

    for path in ("/pets/7", "/fails"):
        reply = Client(served).get(path)
        reply.get_data()
        reply.close()

    assert [(span.name, span.kind) for span in spans.all] == [
        ("GET /pets/<int:pet_id>", SpanKind.SERVER),
        ("GET /fails", SpanKind.SERVER),
    ]
    assert spans.all[0].attributes["http.route"] == "/pets/<int:pet_id>"
    assert spans.all[1].status.status_code is StatusCode.ERROR


def test_the_span_goes_on_wherever_the_work_does(app, spans):
    """Threads with the context, streams and deferred functions are within the span; the server's thread is not."""
    seen = {}

    def note(where):
        seen[where] = trace.get_current_span().get_span_context().span_id

    @app.get("/busy")
    def busy():
        note("handler")
        work = threading.Thread(target=copy_current_request_context(lambda: note("thread")))
        work.start()
        work.join()
        after_response(note, "deferred")

        def parts():
            note("stream")
            yield b"x"

        return parts()

    reply = app.test_client().get("/busy")
    note("outside")
    reply.get_data()
    reply.close()
    note("after")
    own = spans.server.get_span_context().span_id

    assert seen.pop("outside") == seen.pop("after") == 0
    assert seen == dict.fromkeys(("handler", "thread", "stream", "deferred"), own)


def test_a_stream_ends_its_span_with_its_last_byte(app, spans):
    """The span of a stream is open while it is sent, and says if the client has left."""

    @app.get("/stream")
    def stream():
        return iter([b"a", b"b"])

    reply = app.test_client().get("/stream")
    assert spans.all == ()
    reply.close()

    assert spans.server.attributes["framework.ending"] == "client_gone"


def test_parts_can_have_spans(spans):
    """With ``inner_spans`` loading, the handler and dumping are spans within that of the request."""
    app = App("inner", static_folder=None)
    Tracing(app, provider=spans.provider, inner_spans=True)

    @app.route("/pets")
    class Pets(Resource):
        @arguments(PetSchema)
        @response(200, PetSchema)
        def post(self, pet):
            """Answer."""
            return pet

    app.test_client().post("/pets", json={"name": "x"})
    *inner, server = spans.all

    assert [span.name for span in inner] == ["load", "handler", "dump"]
    assert {span.parent.span_id for span in inner} == {server.get_span_context().span_id}


def test_databases_and_redis_are_within_the_span(app, spans, redis_url, tmp_path):
    """The spans that the instrumentations of SQLAlchemy and Redis make are children of the request's."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.db")
    # It refuses SQLAlchemy 2.1 by its metadata alone.
    SQLAlchemyInstrumentor().instrument(engine=engine, tracer_provider=spans.provider, skip_dep_check=True)
    RedisInstrumentor().instrument(tracer_provider=spans.provider)
    client = redis.Redis.from_url(redis_url)

    @app.get("/data")
    def data():
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
        client.ping()
        return {}

    try:
        app.test_client().get("/data")
    finally:
        SQLAlchemyInstrumentor().uninstrument()
        RedisInstrumentor().uninstrument()
        client.close()
        engine.dispose()
    children = [span for span in spans.all if span.kind is SpanKind.CLIENT]
    own = spans.server.get_span_context().span_id

    assert any("SELECT" in span.name for span in children)
    assert any("PING" in span.name for span in children)
    assert all(span.parent.span_id == own for span in children if "connect" not in span.name)


def test_records_of_logs_name_the_span(app, spans):
    """What is logged in a request, and when it fails, has the ids of its span."""
    records = []

    class Kept(logging.Handler):
        def emit(self, record):
            records.append(record)

    handler = Kept()
    app.logger.addHandler(handler)

    @app.get("/logs")
    def logs():
        app.logger.warning("x")
        raise RuntimeError("y")

    app.test_client().get("/logs")
    app.logger.removeHandler(handler)
    context = spans.server.get_span_context()

    assert len(records) == 2
    assert {(record.trace_id, record.span_id) for record in records} == {
        (f"{context.trace_id:032x}", f"{context.span_id:016x}")
    }


def test_without_a_provider_there_is_no_record():
    """Where no provider is set, a request costs a question, and leaves nothing behind."""
    code = """
from framework import App
from framework.globals import request_ctx
from framework.observe import Tracing
app = App("x", static_folder=None)
Tracing(app)
seen = []
@app.get("/")
def view():
    seen.append(request_ctx.record)
    return ""
app.test_client().get("/")
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
app.test_client().get("/")
print([record is None for record in seen])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[True, False]"


def test_spans_of_threads_do_not_mix(app, spans):
    """Requests that several threads serve at once have a span each, and their children are under the right one."""
    tracer = spans.provider.get_tracer("test")

    @app.get("/nested/<int:number>")
    def nested(number):
        with tracer.start_as_current_span(f"child {number}"):
            time.sleep(0.005)
        return {}

    app.freeze()
    threads = [
        threading.Thread(target=lambda n=number: app.test_client().get(f"/nested/{n}").close()) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    servers = {
        span.get_span_context().span_id: span.attributes["url.path"]
        for span in spans.all
        if span.kind is SpanKind.SERVER
    }
    children = [span for span in spans.all if span.name.startswith("child")]

    assert len(children) == len(servers) == 8
    for child in children:
        assert servers[child.parent.span_id].endswith("/" + child.name.rpartition(" ")[2])


def test_the_access_log_names_the_span(app, spans, tmp_path):
    """The record of a request in the file of the access log has the ids of its span."""
    app.config.update(ACCESS_LOG="json", ACCESS_LOG_FILE=str(tmp_path / "access"))
    app.test_client().get("/pets/7", headers={"traceparent": PARENT})
    logger = logging.getLogger("framework.access")
    for handler in [each for each in logger.handlers if each.get_name()]:
        logger.removeHandler(handler)
        handler.close()
    record = json.loads((tmp_path / "access").read_text())
    context = spans.server.get_span_context()

    assert (record["trace_id"], record["span_id"]) == (f"{context.trace_id:032x}", f"{context.span_id:016x}")
    assert record["trace_id"] == PARENT[3:35]


def test_a_task_goes_on_with_the_request(app, spans):
    """What a task of a queue does belongs to the trace of the request that handed it over, and logs its id."""
    tracer = spans.provider.get_tracer("task")
    handed = []

    @app.get("/hands-over")
    def hands_over():
        handed.append(propagation_headers())
        return {}

    reply = app.test_client().get("/hands-over")
    records = []

    class Kept(logging.Handler):
        def emit(self, record):
            records.append(record)

    handler = Kept()
    app.logger.addHandler(handler)
    with app.app_context(), continued(handed[0]), tracer.start_as_current_span("task") as span:
        app.logger.warning("in the task")
        assert propagation_headers()["X-Request-ID"] == reply.headers["X-Request-ID"]
    app.logger.removeHandler(handler)

    assert span.parent.span_id == spans.server.get_span_context().span_id
    assert records[0].request_id == reply.headers["X-Request-ID"]
    with app.app_context(), continued({"X-Request-ID": "not well formed", "traceparent": "x"}):
        assert propagation_headers() == {}
    with app.app_context(), continued(None):
        assert propagation_headers() == {}

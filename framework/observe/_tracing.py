"""Traces of OpenTelemetry: one server span for each request, by its stable semantic conventions for HTTP.

The application makes the span itself, on ``opentelemetry-api`` alone: nothing is patched from outside. Without a
provider nothing is made.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import contextvars
import functools
import importlib.util
import typing as t

from werkzeug.exceptions import HTTPException

from .._sentinel import MISSING
from ..errors import Forbidden, SetupError, Unauthorized, ValidationFailed
from ..logging import trace_logs
from ..record import Observer, RequestRecord

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from opentelemetry.context import Context as OTelContext
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from ..app import App

SCHEMA: t.Final = "https://opentelemetry.io/schemas/1.37.0"
"""The version of the conventions."""

_PROVIDER: t.Final = "_TRACER_PROVIDER"
"""The name under which the API keeps the provider of the process; without it every request has a record."""

_SpanAttributes: t.TypeAlias = dict[str, str | int]


class _SpanState(t.NamedTuple):
    """The trace of one request."""

    span: Span
    is_own: bool
    token: contextvars.Token[t.Any] | None


class Tracing(Observer):
    """The traces of an application, as an extension. Needs the extra ``opentelemetry``.

    :param app: The application; or give it to :meth:`init_app`.
    :param provider: The provider of tracers. Default: the one that is set for the process, also later.
    :param inner_spans: Whether loading, the handler and dumping have spans too.
    :raises SetupError: ``opentelemetry-api`` is not installed.
    """

    def __init__(
        self, app: App | None = None, *, provider: TracerProvider | None = None, inner_spans: bool = False
    ) -> None:
        if importlib.util.find_spec("opentelemetry") is None:
            raise SetupError("Traces need the library opentelemetry-api: run 'pip install opentelemetry-api'.")
        from opentelemetry import context, propagate, trace

        self._trace, self._propagate, self._context = trace, propagate, context
        self._provider = provider
        trace.get_tracer_provider()  # the environment may name one
        self._tracer: Tracer | None = None
        self.wants_times = inner_spans
        if app is not None:
            self.init_app(app)

    def init_app(self, app: App) -> None:
        """Connect an application."""
        app.extensions["framework.tracing"] = self
        app.add_observer(self)
        trace_logs(self.ids)

    def is_awake(self) -> bool:
        """Return whether there is a provider."""
        # PERF: 0.1 us; the public function asks the environment each time, which takes 5.
        return self._provider is not None or vars(self._trace).get(_PROVIDER, MISSING) is not None

    def ids(self) -> tuple[str, str] | None:
        """Return the ids of the trace and of the span that are going on, as log records carry them."""
        found = self._trace.get_current_span().get_span_context()
        return (f"{found.trace_id:032x}", f"{found.span_id:016x}") if found.is_valid else None

    # What happens to a request.

    def begin(self, record: RequestRecord) -> None:
        """Begin the span, unless an instrumentation around the application has begun one."""
        trace = self._trace
        outer = trace.get_current_span()
        if outer.is_recording() and getattr(outer, "kind", None) is trace.SpanKind.SERVER:
            record.state[self] = _SpanState(outer, is_own=False, token=None)
            return
        if self._tracer is None:
            self._tracer = trace.get_tracer("framework", tracer_provider=self._provider, schema_url=SCHEMA)
        environ = record.environ
        parent = self._propagate.extract(environ, getter=_ENVIRON)
        span = self._tracer.start_span(
            record.method if record.method != "_OTHER" else "HTTP",
            context=parent,
            kind=trace.SpanKind.SERVER,
            attributes=attributes_of(record),
            start_time=int(record.begun_at * 1e9),
        )
        token = self._context.attach(trace.set_span_in_context(span, parent))
        record.state[self] = _SpanState(span, is_own=True, token=token)
        record.ctx.carried = functools.partial(self._carried, trace.set_span_in_context(span, parent))
        if self.wants_times:
            record.around_part = self._inner

    @contextlib.contextmanager
    def _inner(self, part: str) -> cabc.Iterator[None]:
        tracer = t.cast("Tracer", self._tracer)
        with tracer.start_as_current_span(part, record_exception=False, set_status_on_exception=False):
            yield

    @contextlib.contextmanager
    def _carried(self, context: OTelContext) -> cabc.Iterator[None]:
        """Let the span go on in another thread, or at another time: for streams, and for what is put off."""
        token = self._context.attach(context)
        try:
            yield
        finally:
            self._context.detach(token)

    def leave(self, record: RequestRecord) -> None:
        """Let the thread go without the span."""
        state = t.cast("_SpanState | None", record.state.get(self))
        if state is not None and state.token is not None:
            self._context.detach(state.token)

    def end(self, record: RequestRecord) -> None:
        """End the span, with what became of the request."""
        state = t.cast("_SpanState | None", record.state.pop(self, None))
        if state is None:
            return
        span = state.span
        if span.is_recording():
            route = record.route
            method = record.method if record.method != "_OTHER" else "HTTP"
            span.update_name(method if route is None else f"{method} {route}")
            span.set_attributes(self._outcome(record, route))
            self._note_errors(span, record)
        if state.is_own:
            span.end()

    def _outcome(self, record: RequestRecord, route: str | None) -> _SpanAttributes:
        found: _SpanAttributes = {"http.response.body.size": record.response_size, "framework.ending": record.ending}
        is_failed = record.status is None or record.status >= 500 or record.failure is not None
        given = {
            "http.route": route,
            "http.response.status_code": record.status,
            "error.type": record.error_type if is_failed else None,
            "user.id": record.user_id,
            "framework.operation_id": record.operation_id,
            "framework.request_id": record.request_id,
        }
        found.update({name: value for name, value in given.items() if value is not None})
        return found

    def _note_errors(self, span: Span, record: RequestRecord) -> None:
        """Set the status, and add events for refused requests: with codes and counts, and without values."""
        error, status = record.error, record.status
        if status is None or status >= 500 or record.failure is not None:
            span.set_status(self._trace.StatusCode.ERROR)
            cause = getattr(error, "original_exception", None) or error
            if isinstance(cause, Exception) and not isinstance(cause, HTTPException):
                span.record_exception(cause)
        elif isinstance(error, ValidationFailed):
            locations = sorted(map(str, error.errors or {}))
            span.add_event("validation.failed", {"framework.locations": locations})
        elif isinstance(error, (Unauthorized, Forbidden)):
            span.add_event("authentication.failed", {"error.type": record.error_type or ""})


def attributes_of(record: RequestRecord) -> _SpanAttributes:
    """Return what is known of a request when it comes in. Its query is not: it may hold secrets."""
    environ = record.environ
    found: _SpanAttributes = {
        "http.request.method": record.method,
        "url.scheme": environ.get("wsgi.url_scheme", "http"),
        "url.path": record.path,
    }
    if record.method != environ["REQUEST_METHOD"]:
        found["http.request.method_original"] = environ["REQUEST_METHOD"]
    for name, key in _FROM_ENVIRON.items():
        value = environ.get(key)
        if value:
            found[name] = value
    port = environ.get("SERVER_PORT", "")
    if port.isdigit():
        found["server.port"] = int(port)
    version = environ.get("SERVER_PROTOCOL", "")
    if version.startswith("HTTP/"):
        found["network.protocol.version"] = version.removeprefix("HTTP/")
    size = record.request_size
    if size is not None:
        found["http.request.body.size"] = size
    return found


_FROM_ENVIRON: t.Final = {
    "client.address": "REMOTE_ADDR",
    "server.address": "SERVER_NAME",
    "user_agent.original": "HTTP_USER_AGENT",
}


class _Environ:
    """Reads the headers of a request for a propagator."""

    def get(self, carrier: WSGIEnvironment, key: str) -> list[str] | None:
        """Return the values of a header."""
        value = carrier.get("HTTP_" + key.upper().replace("-", "_"))
        return None if value is None else [value]

    def keys(self, carrier: WSGIEnvironment) -> list[str]:
        """Return the names of all headers."""
        return [key[5:].lower().replace("_", "-") for key in carrier if key.startswith("HTTP_")]


_ENVIRON: t.Final[t.Any] = _Environ()

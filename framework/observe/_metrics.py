"""Metrics for Prometheus: how many requests, how long, how large, how many at once, and what was refused.

Names and labels follow OpenTelemetry's semantic conventions for HTTP, written as Prometheus writes them. The values of
a label are bounded: a route is a rule and never a path, and a method that no standard names is ``_OTHER``.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import importlib.util
import ipaddress
import os
import sys
import threading
import typing as t

from ..context import current
from ..errors import Forbidden, SetupError
from ..http.addresses import PROXY_FIX, IPNetwork, is_in, is_relayed
from ..http.response import header_of
from ..marks.doc import doc
from ..record import Observer, RequestRecord
from ..stores.base import CircuitBreaker
from ..wrappers import Response

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from prometheus_client import CollectorRegistry, Counter, Histogram
    from sqlalchemy import Engine

    from ..app import App
    from ..http.response import Reply
    from ..marks.base import Mark
    from ._metrics_files import MetricsFiles

UNMATCHED: t.Final = "unmatched"
"""The route of requests that no rule matches."""

BUCKETS: t.Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The bounds that OpenTelemetry advises for durations of requests, in seconds."""

DIRECTORY: t.Final = "PROMETHEUS_MULTIPROC_DIR"

_making = threading.Lock()
_instruments: dict[object, Instruments] = {}
_folders: dict[str, MetricsFiles] = {}


class Instruments:
    """The metrics of a process, which its applications share.

    :param registry: The registry of prometheus-client.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        route = ("http_request_method", "http_route")
        live: t.Literal["livesum"] = "livesum"
        self.duration = Histogram(
            "http_server_request_duration_seconds",
            "Time from the first touch of a request to its last byte; its count is that of the requests.",
            (*route, "http_response_status_code"),
            buckets=BUCKETS,
            registry=registry,
        )
        self.request_size = Counter(
            "http_server_request_body_bytes", "Bytes of the bodies of requests.", route, registry=registry
        )
        self.response_size = Counter(
            "http_server_response_body_bytes", "Bytes of the bodies of answers.", route, registry=registry
        )
        self.active = Gauge(
            "http_server_active_requests",
            "Requests that are being answered, streams included.",
            registry=registry,
            multiprocess_mode=live,
        )
        self.streams = Gauge(
            "http_server_open_streams", "Streams that are being sent.", registry=registry, multiprocess_mode=live
        )
        self.errors = Counter(
            "http_server_errors",
            "Answers of 400 and more, and broken streams, by the code of the error: limits that refuse are here too.",
            ("http_route", "error_type"),
            registry=registry,
        )
        self.endings = Counter(
            "http_server_unfinished_requests",
            "Requests whose client left (client_gone), that were refused because of too many (shed), or whose worker"
            " was ended (killed).",
            ("ending",),
            registry=registry,
        )
        self.replays = Counter(
            "http_server_idempotent_replays", "Answers that were replayed to a repeated request.", registry=registry
        )
        self.circuits = Gauge(
            "store_open_circuits",
            "Processes in which a store is taken to be away.",
            ("store",),
            registry=registry,
            multiprocess_mode=live,
        )
        self.pool = Gauge(
            "db_client_connections_in_use",
            "Connections of a pool that are in use.",
            ("pool_name",),
            registry=registry,
            multiprocess_mode=live,
        )
        CircuitBreaker.listeners.append(self._on_circuit)

    def _on_circuit(self, breaker: CircuitBreaker, is_open: bool) -> None:
        self.circuits.labels(breaker.name).inc(1 if is_open else -1)


class Metrics(Observer):
    """The metrics of an application, as an extension. Needs the extra ``prometheus``.

    They are served where ``METRICS_PATH`` says, to loopback and the networks of ``METRICS_NETWORKS``, or to those whom
    ``permission`` lets in. With several processes, ``PROMETHEUS_MULTIPROC_DIR`` or ``METRICS_DIRECTORY`` names a folder
    that they share, which is empty when the service starts.

    :param app: The application; or give it to :meth:`init_app`.
    :param permission: A mark, like ``requires(...)``, that decides in place of the networks.
    :param registry: The registry of prometheus-client. Default: that of the process.
    :raises SetupError: ``prometheus_client`` is not installed, or was imported before the folder was known.
    """

    def __init__(
        self, app: App | None = None, *, permission: Mark | None = None, registry: CollectorRegistry | None = None
    ) -> None:
        self._permission = permission
        self._registry = registry
        self._files: MetricsFiles | None = None
        self._durations: dict[tuple[str, str, int | None], Histogram] = {}
        self._sizes: dict[tuple[Counter, str, str], Counter] = {}
        if app is not None:
            self.init_app(app)

    def init_app(self, app: App) -> None:
        """Connect an application, after its settings were read."""
        folder = app.config["METRICS_DIRECTORY"] or os.environ.get(DIRECTORY)
        if folder:
            self._files = share(str(folder))
        else:
            check_installed()
        from prometheus_client import REGISTRY

        registry = self._registry or REGISTRY
        with _making:
            if registry not in _instruments:
                _instruments[registry] = Instruments(registry)
        self.instruments = _instruments[registry]
        app.extensions["framework.metrics"] = self
        app.add_observer(self)
        path = app.config["METRICS_PATH"]
        if path is not None:
            self._serve(app, path, registry)

    def watch_pool(self, engine: Engine, name: str = "default") -> None:
        """Count the connections of an engine of SQLAlchemy that are in use.

        :param name: The value of the label ``pool_name``.
        """
        from sqlalchemy import event

        gauge = self.instruments.pool.labels(name)
        event.listen(engine, "checkout", lambda *_: gauge.inc())
        event.listen(engine, "checkin", lambda *_: gauge.dec())

    # What happens to a request.

    def begin(self, record: RequestRecord) -> None:
        """Count a request that is being answered."""
        self.instruments.active.inc()

    def answer(self, record: RequestRecord, reply: Reply) -> None:
        """Count a replay."""
        environ = record.environ
        if "HTTP_IDEMPOTENCY_KEY" in environ and header_of(reply, "Idempotency-Replayed") is not None:
            self.instruments.replays.inc()

    def leave(self, record: RequestRecord) -> None:
        """Count a stream that begins."""
        if record.is_streamed:
            self.instruments.streams.inc()

    def end(self, record: RequestRecord) -> None:
        """Count a request that is over."""
        made = self.instruments
        made.active.dec()
        if record.is_streamed:
            made.streams.dec()
        if record.is_hidden:
            return
        rule = record.ctx.url_rule
        key = (record.method, UNMATCHED if rule is None else rule.rule, record.status)
        duration = self._durations.get(key)
        if duration is None:  # PERF: looking a child up costs 2 us
            duration = self._durations[key] = made.duration.labels(*map(str, key))
        duration.observe(record.duration)
        if record.response_size:
            self._size(made.response_size, key).inc(record.response_size)
        if record.environ.get("CONTENT_LENGTH") and (size := record.request_size):
            self._size(made.request_size, key).inc(size)
        if record.status is None or record.status >= 400 or record.failure is not None:
            error = record.error_type
            if error is not None:
                made.errors.labels(key[1], error).inc()
        if record.ending not in ("answered", "streamed"):
            made.endings.labels(record.ending).inc()

    def _size(self, metric: Counter, key: tuple[str, str, int | None]) -> Counter:
        found = self._sizes.get((metric, key[0], key[1]))
        if found is None:
            found = self._sizes[metric, key[0], key[1]] = metric.labels(key[0], key[1])
        return found

    # How they are read.

    def _serve(self, app: App, path: str, registry: CollectorRegistry) -> None:
        networks = tuple(ipaddress.ip_network(each, strict=False) for each in app.config["METRICS_NETWORKS"])

        def metrics() -> Response:
            ctx = current()
            if ctx.record is not None:
                ctx.record.is_hidden = True
            if self._permission is None:
                check_client(ctx.request_environ, networks)
            body, content_type = self.text(ctx.request_environ.get("HTTP_ACCEPT", ""), registry)
            return Response(body, content_type=content_type, headers={"Cache-Control": "no-store"})

        view: t.Any = metrics
        if self._permission is not None:
            view = self._permission(doc(hidden=True)(view))
        app.add_url_rule(path, "framework_metrics", view, methods=["GET"])

    def text(self, accept: str = "", registry: CollectorRegistry | None = None) -> tuple[bytes, str]:
        """Return the metrics as Prometheus reads them, and the content type.

        :param accept: What the client accepts; OpenMetrics where it asks for that.
        :param registry: The registry. Default: that of the process.
        """
        from prometheus_client import REGISTRY, CollectorRegistry
        from prometheus_client.exposition import choose_encoder

        encode, content_type = choose_encoder(accept)
        if self._files is None:
            return encode(registry or REGISTRY), content_type
        from prometheus_client.multiprocess import MultiProcessCollector

        with self._files.collecting():
            shared = CollectorRegistry()
            MultiProcessCollector(shared, str(self._files.folder))
            return encode(shared), content_type


def check_client(environ: WSGIEnvironment, networks: cabc.Sequence[IPNetwork]) -> None:
    """Let a client of some networks read.

    Both the connection and, behind ``ProxyFix``, the client that the proxy names must be in them. A request that a
    proxy has handed on without ``ProxyFix`` is refused: its connection says nothing of its client.

    :raises Forbidden: It is of none.
    """
    fixed = environ.get(PROXY_FIX)
    addresses = [each.get("REMOTE_ADDR") or "" for each in (environ, fixed) if each is not None]
    if is_relayed(environ) or not all(is_in(address, networks) for address in addresses):
        raise Forbidden()


def check_installed() -> None:
    """Make sure that prometheus-client is installed.

    :raises SetupError: It is not.
    """
    if importlib.util.find_spec("prometheus_client") is None:
        raise SetupError("Metrics need the library prometheus-client: run 'pip install prometheus-client'.")


def share(folder: str) -> MetricsFiles:
    """Let this process, and those that are forked from it, write metrics to a folder.

    :raises SetupError: ``prometheus_client`` is not installed, or was imported before the folder was known.
    """
    check_installed()
    if "prometheus_client" not in sys.modules:
        os.environ[DIRECTORY] = folder
    os.makedirs(folder, exist_ok=True)
    from prometheus_client import values

    if not getattr(values.ValueClass, "_multiprocess", False) or os.environ.get(DIRECTORY) != folder:
        raise SetupError(
            f"Processes are to share their metrics in {folder!r}, but prometheus-client was imported before that was"
            f" known. Set {DIRECTORY}={folder} in the environment of the server, or import prometheus_client later."
        )
    from ._metrics_files import MetricsFiles

    with _making:
        if folder not in _folders:
            _folders[folder] = MetricsFiles(folder)
    return _folders[folder]

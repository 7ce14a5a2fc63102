"""Metrics: what is counted, exactly, over processes that come and go; bounded labels and files; and who may read."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.middleware.proxy_fix import ProxyFix

from framework import App, Bearer, Resource, Schema, fields, idempotent, limit, requires, response
from framework.observe import Metrics
from framework.observe._metrics_files import MetricsFiles
from framework.stores.base import CircuitBreaker, StoreAway
from framework.stores.memory import MemoryStore
from tests.servers import free_port, running

SECONDS = 30


def values_of(text):
    """The samples of a text: by name and the values of the labels."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def registry():
    """A registry of the test."""
    return CollectorRegistry()


@pytest.fixture
def app():
    """An application with answers of several kinds."""
    app = App("counted", static_folder=None)
    app.config.update(METRICS_PATH="/metrics", STORE_URL="memory:")

    @app.route("/pets/<int:pet_id>")
    class Pets(Resource):
        def get(self, pet_id):
            """Get a pet."""
            return {"id": pet_id}

        def post(self, pet_id):
            """Take a body."""
            return {}

    @app.get("/fails")
    def fails():
        raise RuntimeError("boom")

    @app.get("/stream")
    def stream():
        return iter([b"ab", b"c"])

    return app


def read(app):
    """The samples that a client reads."""
    return values_of(app.test_client().get("/metrics").text)


def test_requests_are_counted_by_route(app, registry):
    """Requests, sizes and errors are counted under method, rule and status; a path is never a label."""
    Metrics(app, registry=registry)
    client = app.test_client()
    client.get("/pets/1")
    client.get("/pets/2")
    client.post("/pets/3", data=b"x" * 10)
    client.get("/fails")
    found = read(app)

    assert found["http_server_request_duration_seconds_count", "/pets/<int:pet_id>", "200", "GET"] == 2
    assert found["http_server_request_duration_seconds_count", "/fails", "500", "GET"] == 1
    assert found["http_server_request_body_bytes_total", "/pets/<int:pet_id>", "POST"] == 10
    assert found["http_server_response_body_bytes_total", "/pets/<int:pet_id>", "GET"] == 16
    assert found["http_server_errors_total", "/fails", "RuntimeError"] == 1
    assert not any("/pets/1" in key for key in found)


def test_labels_are_bounded(app, registry):
    """Paths without a rule are one route, and methods that no standard names are one method."""
    Metrics(app, registry=registry)
    client = app.test_client()
    client.get("/metrics")
    before = len(read(app))
    for number in range(50):
        client.get(f"/nowhere/{number}")
        client.open(f"/pets/{number}", method=f"BREW{number}")
    found = read(app)

    assert found["http_server_errors_total", "not_found", "unmatched"] == 50
    assert not any(word.startswith("BREW") for key in found for word in key)
    assert len(found) - before < 100


def test_reading_counts_nothing(app, registry):
    """Reading the metrics is not in them."""
    Metrics(app, registry=registry)

    assert read(app) == read(app)


def test_what_goes_on_is_counted(app, registry):
    """Requests and streams that go on are in gauges, which fall when these end, broken ones too."""
    Metrics(app, registry=registry)
    seen = []

    @app.get("/look")
    def look():
        seen.append(read_gauges())
        return ""

    @app.get("/breaks")
    def breaks():
        def parts():
            yield b"x"
            raise RuntimeError("boom")

        return parts()

    def read_gauges():
        found = values_of(app.extensions["framework.metrics"].text(registry=registry)[0].decode())
        return found["http_server_active_requests",], found["http_server_open_streams",]

    client = app.test_client()
    reply = client.get("/stream")
    assert read_gauges() == (1, 1)
    client.get("/look")
    assert seen == [(2, 1)]
    reply.close()
    with pytest.raises(RuntimeError):
        client.get("/breaks").get_data()
    with contextlib.suppress(Exception):
        client.get("/breaks").close()

    assert read_gauges() == (0, 0)


def test_a_client_that_leaves_is_counted(app, registry):
    """A stream whose client has left is counted as one."""
    Metrics(app, registry=registry)
    app.test_client().get("/stream").close()

    assert read(app)["http_server_unfinished_requests_total", "client_gone"] == 1


def test_refusals_and_replays_are_counted(registry):
    """Limits that refuse are errors of their code; replayed answers are counted apart."""
    app = App("refusals", static_folder=None)
    app.config.update(METRICS_PATH="/metrics", STORE_URL="memory:")

    @app.route("/orders")
    class Orders(Resource):
        @limit("2/hour")
        def get(self):
            """List."""
            return {}

        @idempotent()
        @response(201, Schema.from_dict({"id": fields.Integer()}))
        def post(self):
            """Add."""
            return {"id": 1}

    Metrics(app, registry=registry)
    client = app.test_client()
    for _ in range(5):
        client.get("/orders")
    for _ in range(3):
        client.post("/orders", headers={"Idempotency-Key": '"k-1234567890abcdef"'})
    found = read(app)

    assert found["http_server_errors_total", "/orders", "rate_limit_exceeded"] == 3
    assert found["http_server_idempotent_replays_total",] == 2


def test_open_circuits_are_counted(app, registry):
    """A store that is away is in a gauge until it is back."""
    Metrics(app, registry=registry)
    now = [0.0]
    breaker = CircuitBreaker("The tested store", "Nothing.", clock=lambda: now[0])

    def away():
        raise StoreAway("no")

    with pytest.raises(StoreAway):
        breaker.run(app.logger, away)
    assert read(app)["store_open_circuits", "The tested store"] == 1
    now[0] = 1000.0
    breaker.run(app.logger, MemoryStore)
    assert read(app)["store_open_circuits", "The tested store"] == 0


def test_the_use_of_a_pool_is_counted(app, registry, tmp_path):
    """Connections that are taken from a pool are counted until they are given back."""
    metrics = Metrics(app, registry=registry)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.db")
    metrics.watch_pool(engine, "main")
    with engine.connect():
        assert read(app)["db_client_connections_in_use", "main"] == 1
    assert read(app)["db_client_connections_in_use", "main"] == 0
    engine.dispose()


def test_metrics_are_not_served_by_default(registry):
    """Without ``METRICS_PATH`` nothing is served."""
    app = App("silent", static_folder=None)
    Metrics(app, registry=registry)

    assert app.test_client().get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("10.0.0.7", {}, 403),
        ("", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 403),
    ],
)
def test_loopback_alone_reads(app, registry, address, headers, status):
    """By default clients on the same machine read, and none that a proxy there hands on."""
    Metrics(app, registry=registry)
    reply = app.test_client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})

    assert reply.status_code == status


def test_named_networks_read(app, registry):
    """``METRICS_NETWORKS`` names who reads; behind ``ProxyFix`` both proxy and client must be there."""
    app.config["METRICS_NETWORKS"] = ["10.0.0.0/8"]
    Metrics(app, registry=registry)
    app.wsgi_app = ProxyFix(app.wsgi_app)
    client = app.test_client()

    def status(proxy, address):
        headers = {"X-Forwarded-For": address}
        return client.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": proxy}).status_code

    assert [status("10.0.0.1", "10.0.0.2"), status("10.0.0.1", "8.8.8.8"), status("8.8.8.8", "10.0.0.1")] == [
        200, 403, 403,
    ]  # fmt: skip


def test_a_permission_can_decide(app, registry):
    """A mark decides in place of the networks, and the metrics are not in the document."""
    bearer = Bearer(lambda token: {"id": 1} if token == "t" else None)
    Metrics(app, registry=registry, permission=requires(bearer))
    client = app.test_client()
    outside = {"REMOTE_ADDR": "203.0.113.9"}

    assert client.get("/metrics", environ_overrides=outside).status_code == 401
    reply = client.get("/metrics", headers={"Authorization": "Bearer t"}, environ_overrides=outside)
    assert (reply.status_code, reply.headers["Cache-Control"]) == (200, "no-store")
    assert "/metrics" not in app.openapi["paths"]


def test_openmetrics_is_given_where_asked_for(app, registry):
    """A client that asks for OpenMetrics gets that."""
    Metrics(app, registry=registry)
    reply = app.test_client().get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert reply.content_type.startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")


def test_an_import_that_came_too_early_is_refused(tmp_path):
    """Sharing that prometheus-client was imported too early for fails with what to do."""
    code = (
        "import prometheus_client\nfrom framework import App\nfrom framework.observe import Metrics\n"
        f"app = App('x')\napp.config['METRICS_DIRECTORY'] = {str(tmp_path)!r}\nMetrics(app)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert "PROMETHEUS_MULTIPROC_DIR" in ran.stderr.splitlines()[-1]


# Several processes


class Cluster:
    """A gunicorn with four workers."""

    def __init__(self, port, folder):
        self.port, self.folder = port, folder

    def ask(self, path):
        """The status and the body of an answer; ``None`` where there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path, headers={"Connection": "close"})
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (http.client.HTTPException, OSError):
                return None

    def metrics(self):
        """The samples."""
        return values_of(self.ask("/metrics")[1].decode())


@contextlib.contextmanager
def cluster(folder, *options):
    """A cluster, for a ``with`` block."""
    port, shared = free_port(), folder / "metrics"
    shared.mkdir()
    command = [sys.executable, "-m", "gunicorn", "-w", "4", "--log-level", "error", "-b", f"127.0.0.1:{port}", *options]
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(shared)
    try:
        with running([*command, "tests.observe.counted:app"], port, folder / "log"):
            yield Cluster(port, shared)
    finally:
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]


def count_exactly(folder, number):
    """Send requests to workers that are recycled every 50, and compare."""
    with cluster(folder, "--max-requests", "50", "--preload") as served:
        answered, processes = [], set()

        def ask():
            for _ in range(number // 8):
                status, body = served.ask("/hello")
                answered.append(status)
                processes.add(json.loads(body)["pid"])

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:  # a worker counts after the last byte
            found = served.metrics()
            files = list(served.folder.iterdir())
            counted = found.get(("http_server_request_duration_seconds_count", "/hello", "200", "GET"))
            if counted == number and len(files) <= 3 * 4 + 3:
                break

        assert answered == [200] * number
        assert found["http_server_request_duration_seconds_count", "/hello", "200", "GET"] == number
        assert found["http_server_active_requests",] == 1  # the one that reads
        assert len(processes) >= number // 50
        assert len(files) <= 3 * 4 + 3


def test_workers_that_are_recycled_lose_no_count(tmp_path):
    """The requests of workers that end after 50 each are all counted, and the files stay few."""
    count_exactly(tmp_path, 800)


@pytest.mark.extended
def test_ten_thousand_requests_are_counted_exactly(tmp_path):
    """10,000 requests over 200 workers are counted as 10,000."""
    count_exactly(tmp_path, 10_000)


def test_a_killed_worker_leaves_its_count_and_no_gauge(tmp_path):
    """What a worker had counted stays when it is killed; the requests that it was answering do not count as active."""
    with cluster(tmp_path) as served:
        for _ in range(20):
            served.ask("/hello")
        for _ in range(4):
            assert served.ask("/killed") is None
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and served.ask("/hello") is None:
            time.sleep(0.1)
        found = served.metrics()

        assert found["http_server_request_duration_seconds_count", "/hello", "200", "GET"] >= 21
        assert found["http_server_active_requests",] == 1


def written(folder, process, kind="counter", value=1.0):
    """A file of a process that has ended."""
    path = folder / f"{kind}_{process}.db"
    made = MmapedDict(str(path))
    made.write_value(mmap_key("a", "a_total", (), (), "help"), value, 0.0)
    made.close()
    return path


def sum_of(folder, kind="counter"):
    """The sum over all files of a kind."""
    return sum(
        value
        for path in folder.glob(f"{kind}_*.db")
        for _, value, *_ in MmapedDict.read_all_values_from_file(str(path))
    )


def test_files_of_ended_processes_are_folded(tmp_path):
    """Counts are added up in one file; gauges of ended processes go."""
    files = MetricsFiles(tmp_path)
    for process in range(10_000_001, 10_000_031):
        written(tmp_path, process)
        written(tmp_path, process, "gauge_livesum")
    with files.collecting():
        assert sum_of(tmp_path) == 30
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            f"counter_{os.getpid()}.db", "counter_folded.db", "fold.lock",
        ]  # fmt: skip


@pytest.mark.parametrize("was_renamed", [True, False])
def test_a_fold_that_was_cut_off_counts_nothing_twice(tmp_path, was_renamed, monkeypatch):
    """A process that is killed while it folds, before or after the new file is in place, changes no sum."""
    files = MetricsFiles(tmp_path)
    for process in (10_000_001, 10_000_002):
        written(tmp_path, process)
    rename = os.rename

    def cut(source, target):
        if was_renamed:
            rename(source, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", cut)
        with pytest.raises(KeyboardInterrupt), files.collecting():
            pass
    written(tmp_path, 10_000_003)

    with files.collecting():
        assert sum_of(tmp_path) == 3
    assert not list(tmp_path.glob("*.new"))


def test_a_number_that_is_used_again_loses_nothing(tmp_path, monkeypatch):
    """A process with the number of one whose file was just folded keeps its file."""
    files = MetricsFiles(tmp_path)
    path = written(tmp_path, 10_000_001)
    rename = os.rename

    def cut(source, target):
        rename(source, target)
        path.unlink()
        written(tmp_path, 10_000_001, value=5.0)  # another process, before the journal was finished
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", cut)
        with pytest.raises(KeyboardInterrupt), files.collecting():
            pass

    with files.collecting():
        assert sum_of(tmp_path) == 6


def test_files_that_were_only_begun_are_no_error(tmp_path):
    """A process that was killed when its file had no content yet disturbs no reader."""
    files = MetricsFiles(tmp_path)
    (tmp_path / "counter_10000001.db").touch()
    with files.collecting():
        assert sum_of(tmp_path) == 0


def test_forked_processes_have_files(tmp_path):
    """A process that was forked counts for itself, and what it counted stays when it ends."""
    code = """
import os, sys
sys.path.insert(0, os.getcwd())
from tests.observe.counted import app
client = app.test_client()
client.get("/hello")
children = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        client.get("/hello")
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
client.get("/hello")
print(client.get("/metrics").text)
"""
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    found = values_of(ran.stdout)

    assert found["http_server_request_duration_seconds_count", "/hello", "200", "GET"] == 7
    assert re.search(r"http_server_active_requests 1\.0", ran.stdout)

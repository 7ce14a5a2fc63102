"""What the sample has for production: probes, metrics, proxies, and its log."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sample_api import create_app
from tests.sample.conftest import TEST_SETTINGS
from tests.servers import free_port, redis_server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def make(tmp_path):
    """Make applications with settings, each with an empty database; they are shut down after the test."""
    made = []

    def make_one(**settings):
        database = {"DATABASE_URL": f"sqlite:///{tmp_path}/conduit.sqlite3"}
        made.append(create_app({**TEST_SETTINGS, **database, **settings}))
        return made[-1]

    yield make_one
    for app in made:
        app.shutdown()


def test_probes_ask_the_database(make, tmp_path):
    """A process is ready while its database answers; that it lives does not depend on it."""
    assert make().test_client().get("/readyz").json == {"status": "pass"}
    away = make(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none").test_client()

    assert [away.get(path).status_code for path in ("/livez", "/startupz", "/readyz")] == [200, 200, 503]


def test_a_store_that_is_away_leaves_the_process_ready(make):
    """Without the store nobody can log in, and articles are read all the same."""
    with redis_server() as url:
        assert make(STORE_URL=url).test_client().get("/readyz").json == {"status": "pass"}

    reply = make(STORE_URL=url).test_client().get("/readyz")
    assert (reply.status_code, reply.json) == (200, {"status": "warn"})


def test_proxies_are_believed_where_there_are_some(make):
    """Without PROXIES the headers of a client are its own; with one, the last value is that of the proxy."""
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "conduit.example"}
    hsts = "Strict-Transport-Security"
    settings = {"STRICT_TRANSPORT_SECURITY": 100}

    assert hsts not in make(**settings).test_client().get("/api/tags", headers=forwarded).headers
    assert hsts in make(PROXIES=1, **settings).test_client().get("/api/tags", headers=forwarded).headers


SCRIPT = """
import json
from sample_api import create_app
client = create_app().test_client()
client.get("/api/tags?secret=1")
print(client.get("/metrics").text)
client.application.shutdown()
"""


def test_the_log_and_the_metrics_come_by_the_environment(tmp_path):
    """In production the access log is JSON and requests are counted; variables alone switch both on."""
    environ = {
        "PATH": "",
        "DATABASE_URL": f"sqlite:///{tmp_path}/conduit.sqlite3",
        "SECRET_KEY": "only for tests",
        "FRAMEWORK_ACCESS_LOG": "json",
        "FRAMEWORK_METRICS_PATH": "/metrics",
    }
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environ, cwd=ROOT, capture_output=True, text=True, check=True
    )
    line = json.loads(next(line for line in ran.stdout.splitlines() if line.startswith("{")))

    assert (line["http.route"], line["http.response.status_code"]) == ("/api/tags", 200)
    assert re.search(r'duration_seconds_count\{.*http_route="/api/tags"\} 1\.0', ran.stdout)
    assert 'db_client_connections_in_use{pool_name="main"} 0.0' in ran.stdout

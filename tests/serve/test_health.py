"""``Health``: what probes are told, how soon, and what of it clients see."""

from __future__ import annotations

import threading
import time

import pytest
import redis
import sqlalchemy
from celery import Celery
from kombu import Connection

from framework import App, Router, abort, current_app
from framework.errors import SetupError
from framework.marks.security import Bearer, Grant, requires
from framework.serve import PROBE, Health
from framework.serve import _health as health
from framework.stores.memory import MemoryStore
from framework.stores.redis import RedisStore
from framework.tokens import TokenError
from tests.servers import free_port

LOCAL = ["127.0.0.0/8"]


@pytest.fixture
def app():
    """An application that refuses all requests."""
    app = App("probed", static_folder=None)

    @app.before_request
    def refuse():
        abort(401)

    @app.get("/pets")
    def pets():
        return {}

    return app


def ready(app, **options):
    """What ``/readyz`` answers: status and body."""
    reply = app.test_client().get("/readyz", **options)
    return reply.status_code, reply.json


def test_probes_are_answered_before_all_hooks(app):
    """Each of the three is 200, as health+json and never cached, where every other path is refused."""
    Health(app)
    client = app.test_client()
    for path in ("/livez", "/readyz", "/startupz"):
        reply = client.get(path)
        assert (reply.status_code, reply.json) == (200, {"status": "pass"})
        assert reply.content_type == "application/health+json"
        assert reply.headers["Cache-Control"] == "no-store"
    assert client.get("/pets").status_code == 401


def test_methods(app):
    """HEAD has the headers of GET and no body; what changes something is not allowed."""
    Health(app)
    reply = app.test_client().head("/livez")
    assert (reply.status_code, reply.data, reply.content_length) == (200, b"", len(b'{"status":"pass"}'))
    reply = app.test_client().post("/livez")
    assert (reply.status_code, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_paths_may_be_chosen(app):
    """A path of one's own, or none; what is not a path is refused."""
    Health(app, livez="/up", startupz=None)
    client = app.test_client()
    assert client.get("/up").status_code == 200
    assert client.get("/livez").status_code == 401
    assert client.get("/startupz").status_code == 401
    with pytest.raises(SetupError, match="not a separate path"):
        Health(App("wrong"), livez="livez")
    with pytest.raises(SetupError, match="not a separate path"):
        Health(App("wrong"), livez="/health", readyz="/health")


def test_below_a_prefix_with_hosts_and_versions():
    """What the application's rules look at does not matter: prefix, host, version."""
    app = App("hosts", static_folder=None, host_matching=True)
    router = Router("shop")
    router.add_url_rule("/", view_func=dict, endpoint="home", host="shop.example")
    app.register_router(router)
    Health(app)
    environ = {"SCRIPT_NAME": "/shop", "PATH_INFO": "/readyz", "HTTP_HOST": "other.example"}
    assert app.test_client().get("/", environ_overrides=environ).status_code == 200


def test_no_document_has_them(app):
    """The public document lists operations, and probes are none."""
    Health(app)
    assert not {"/livez", "/readyz", "/startupz"} & set(app.openapi["paths"])


def test_logs_can_leave_them_out(app):
    """A probe is named in the environment, for middleware and logs around it."""
    seen = []
    Health(app)
    inner = app.wsgi_app

    def around(environ, start_response):
        parts = inner(environ, start_response)
        seen.append(environ.get(PROBE))
        return parts

    app.wsgi_app = around
    for path in ("/livez", "/readyz", "/startupz", "/pets"):
        app.test_client().get(path)

    assert seen == ["livez", "readyz", "startupz", None]


# Starting


def test_a_probe_starts_the_process(app):
    """A process that has had no request starts when it is asked whether it can serve; ``/livez`` starts nothing."""
    Health(app)
    app.on_startup(lambda: None)
    client = app.test_client()
    assert client.get("/livez").status_code == 200
    assert app.lifecycle.state == "new"
    assert client.get("/startupz").status_code == 200
    assert app.lifecycle.state == "started"
    app.shutdown()


def test_while_it_starts_it_is_not_ready(app):
    """Another probe does not wait for the start: 503, while ``/livez`` is 200."""
    Health(app, details=LOCAL)
    begun, go = threading.Event(), threading.Event()

    @app.on_startup
    def slow():
        begun.set()
        go.wait(10)

    client = app.test_client()
    first = threading.Thread(target=lambda: app.test_client().get("/startupz"))
    first.start()
    assert begun.wait(10)
    reply = client.get("/startupz")
    assert (reply.status_code, reply.json) == (503, {"status": "fail", "notes": ["starting"]})
    assert client.get("/readyz").status_code == 503
    assert client.get("/livez").status_code == 200
    go.set()
    first.join(10)
    assert client.get("/readyz").status_code == 200
    app.shutdown()


def test_a_failed_start_is_told_and_logged(app, caplog):
    """A process that cannot start is not ready, and the reason is in the log once."""
    Health(app)

    @app.on_startup
    def breaks():
        raise ConnectionError("no database")

    client = app.test_client()
    assert [client.get(path).status_code for path in ("/startupz", "/readyz", "/livez")] == [503, 503, 200]
    assert [record for record in caplog.records if "no database" in record.getMessage()].__len__() == 1


# Checks


def test_a_check_that_fails_makes_it_unready(app, caplog):
    """It is 503 and logged once; when it passes again, it is 200."""
    state = {"good": True}
    made = Health(app, details=LOCAL, keep=0)

    @made.check("queue")
    def queue():
        assert current_app.name == "probed"
        if not state["good"]:
            raise ConnectionError("refused\nforged line")

    assert ready(app)[0] == 200
    state["good"] = False
    for _ in range(3):
        status, body = ready(app)
    assert status == 503
    assert body["status"] == body["checks"]["queue"][0]["status"] == "fail"
    assert body["checks"]["queue"][0]["output"] == r"ConnectionError: refused\nforged line"
    assert caplog.text.count("The check 'queue' fails") == 1
    state["good"] = True
    status, body = ready(app)
    assert (status, body["checks"]["queue"][0]["status"]) == (200, "pass")
    assert "output" not in body["checks"]["queue"][0]
    assert "The check 'queue' passes again." in caplog.text


def test_a_degrading_check_leaves_it_ready(app):
    """The process serves without it, and says so."""
    made = Health(app, {"database": lambda: True}, details=LOCAL)
    made.check("cache", lambda: False, degrades=True)
    status, body = ready(app)

    assert (status, body["status"]) == (200, "warn")
    assert body["checks"]["database"][0]["status"] == "pass"
    assert body["checks"]["cache"][0]["output"] == "CheckFailed: It returned False."


def test_checks_run_side_by_side(app):
    """Checks that wait for each other pass."""
    meeting = threading.Barrier(3)
    Health(app, {name: lambda: meeting.wait(10) for name in ("a", "b", "c")}, timeout=10)

    assert ready(app) == (200, {"status": "pass"})


@pytest.mark.wsgi_only("counts the threads of the process")
def test_a_hanging_check_is_left_alone(app):
    """It holds no answer beyond the deadline, is not started again while it runs, and passes when it has ended."""
    begun, go = [], threading.Event()
    made = Health(app, details=LOCAL, timeout=0.1, keep=0)

    @made.check("slow")
    def slow():
        begun.append(time.monotonic())
        go.wait(30)

    made.check("quick", lambda: True)
    before = threading.active_count()
    for _ in range(3):
        status, body = ready(app)
        assert (status, body["checks"]["quick"][0]["status"]) == (503, "pass")
        assert body["checks"]["slow"][0]["output"].startswith("It still runs after ")
    assert len(begun) == 1
    assert threading.active_count() <= before + 1
    go.set()
    for thread in threading.enumerate():
        if thread.name == "framework-check-slow":
            thread.join(10)
    assert ready(app)[0] == 200


def test_the_outcome_is_kept_for_a_moment(app):
    """Many probes at a time ask once."""
    asked = []
    Health(app, {"counted": lambda: asked.append(1)}, keep=60)
    threads = [threading.Thread(target=ready, args=(app,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(asked) == 1


def test_ready_made_checks(app, redis_url, tmp_path):
    """Engines, stores, clients of Redis and brokers are asked in their own way; an asynchronous function is run."""

    async def function():
        return None

    targets = {
        "engine": sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'db'}"),
        "memory": MemoryStore(),
        "store": RedisStore(redis_url),
        "redis": redis.Redis.from_url(redis_url),
        "celery": Celery(broker="memory://"),
        "kombu": Connection(redis_url),
        "function": function,
    }
    Health(app, targets, details=LOCAL, timeout=20)
    status, body = ready(app)

    assert status == 200, body
    assert {name: parts[0]["status"] for name, parts in body["checks"].items()} == dict.fromkeys(targets, "pass")


def test_what_is_away_is_found(app, tmp_path):
    """The same fail where nothing listens."""
    port = free_port()
    targets = {
        "engine": sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'missing' / 'db'}"),
        "store": RedisStore(f"redis://127.0.0.1:{port}/0"),
        "redis": redis.Redis(port=port),
        "kombu": Connection(f"redis://127.0.0.1:{port}/0"),
    }
    Health(app, targets, details=LOCAL, timeout=20)
    status, body = ready(app)

    assert status == 503
    assert {name: parts[0]["status"] for name, parts in body["checks"].items()} == dict.fromkeys(targets, "fail")


def test_an_asynchronous_client_is_told(app, redis_url):
    """A client that belongs to an event loop fails with what to do."""
    Health(app, {"redis": redis.asyncio.Redis.from_url(redis_url)}, details=LOCAL)

    assert "Give a function" in ready(app)[1]["checks"]["redis"][0]["output"]


def test_wrong_checks_are_refused(app):
    """What cannot be asked, and a name that is taken."""
    made = Health(app, {"a": print})
    with pytest.raises(SetupError, match="cannot be asked whether it works"):
        made.check("b", "redis://localhost")
    with pytest.raises(SetupError, match="There is a check 'a' already"):
        made.check("a", print)


# Details


def verify(token):
    """Users by tokens; one asks a database that is away."""
    if token == "broken":
        raise ConnectionError
    if token == "old":
        raise TokenError
    return {"ops": Grant("ops", ["health"]), "user": Grant("user", [])}.get(token)


@pytest.mark.parametrize(
    ("details", "environ", "sees"),
    [
        (None, {}, False),
        (["10.0.0.0/8"], {}, False),
        (["10.0.0.0/8", "127.0.0.1"], {}, True),
        (["::1"], {"REMOTE_ADDR": "::1"}, True),
        (["127.0.0.1"], {"REMOTE_ADDR": "unix:"}, False),
        (["127.0.0.1"], {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, False),
        (["127.0.0.1"], {"HTTP_X_FORWARDED_FOR": "203.0.113.9", "werkzeug.proxy_fix.orig": {}}, True),
        (requires(Bearer(verify), scopes=["health"]), {}, False),
        (requires(Bearer(verify), scopes=["health"]), {"HTTP_AUTHORIZATION": "Bearer ops"}, True),
        (requires(Bearer(verify), scopes=["health"]), {"HTTP_AUTHORIZATION": "Bearer user"}, False),
        (requires(Bearer(verify), scopes=["health"]), {"HTTP_AUTHORIZATION": "Bearer nobody"}, False),
        (requires(Bearer(verify), scopes=["health"]), {"HTTP_AUTHORIZATION": "Bearer old"}, False),
        (requires(Bearer(verify), scopes=["health"]), {"HTTP_AUTHORIZATION": "Bearer broken"}, False),
        (requires(Bearer(lambda token: "any")), {"HTTP_AUTHORIZATION": "Bearer \xfc"}, False),
        (["10.0.0.0/8", requires(Bearer(verify))], {"HTTP_AUTHORIZATION": "Bearer user"}, True),
    ],
)
def test_details_are_for_those_who_may(app, details, environ, sees):
    """Others get the status alone; credentials are read without a hook of the application."""
    Health(app, {"database": lambda: True}, details=details)
    status, body = ready(app, environ_overrides=environ)

    assert status == 200
    assert ("checks" in body) is sees


def test_as_user_may_see(app):
    """The test client's user counts, with its scopes."""
    Health(app, {"database": lambda: True}, details=requires(Bearer(verify), scopes=["health"]))
    client = app.test_client()

    assert "checks" in client.as_user("ops").get("/readyz").json
    assert "checks" not in client.as_user("ops", scopes=[]).get("/readyz").json


def test_wrong_details_are_refused(app):
    """Text, what is not a network, and a mark without a scheme."""
    for details in ("10.0.0.0/8", ["10.0.0.1/8"], ["ops"], requires(scopes=["health"])):
        with pytest.raises(SetupError, match="Health"):
            Health(app, details=details)


def test_while_draining_it_is_not_ready(app, monkeypatch):
    """Readiness is 503, and the process is alive."""
    Health(app, details=LOCAL)
    monkeypatch.setattr(health.ending, "is_near", True)
    client = app.test_client()

    assert client.get("/readyz").json == {"status": "fail", "notes": ["draining"]}
    assert [client.get(path).status_code for path in ("/readyz", "/livez", "/startupz")] == [503, 200, 200]

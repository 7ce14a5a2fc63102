"""``on_startup`` and ``on_shutdown``: once per process, in order, whole or not at all."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import threading

import pytest

from framework import App, Router, current_app
from framework.app import Lifecycle, StartupFailed
from framework.app import _lifecycle as lifecycle
from framework.errors import SetupError, SetupFinished


@pytest.fixture
def seen():
    """What ran, in order."""
    return []


@pytest.fixture
def app(seen):
    """An application with a function, a generator and an end."""
    app = App("living", static_folder=None)

    @app.on_startup
    def first():
        seen.append(f"first of {current_app.name}")

    @app.on_startup
    def pool():
        seen.append("pool opened")
        yield
        seen.append(f"pool of {current_app.name} closed")

    @app.on_shutdown
    def last():
        seen.append("last")

    @app.get("/")
    def view():
        seen.append("view")
        return {}

    return app


def failing(app, seen):
    """Add a function that fails while ``app.broken`` says so."""

    @app.on_startup
    def connect():
        seen.append("connect")
        if app.extensions.get("broken", True):
            raise ConnectionError("refused")

    app.config["PROPAGATE_EXCEPTIONS"] = False


def test_they_run_once_before_the_first_request(app, seen):
    """The first request starts, later ones do not; the end runs in the reverse order of the registration."""
    client = app.test_client()
    assert seen == []
    client.get("/")
    client.get("/")

    assert seen == ["first of living", "pool opened", "view", "view"]
    assert app.lifecycle.state == "started"
    app.shutdown()
    app.shutdown()
    assert seen[4:] == ["last", "pool of living closed"]


def test_freezing_starts_nothing(app, seen):
    """An application that is frozen before a server forks opens nothing in the parent."""
    app.freeze(compile=True)
    assert seen == []
    app.test_client().get("/")

    assert seen[0] == "first of living"
    app.shutdown()


def test_a_process_may_start_again(app, seen):
    """After its end, as in a test suite, the next request starts it anew, generators included."""
    for _ in range(2):
        app.startup()
        app.startup()
        app.shutdown()

    assert seen == ["first of living", "pool opened", "last", "pool of living closed"] * 2


def test_the_block_of_a_client_is_the_life_of_a_process(app, seen):
    """A ``with`` block starts and ends, unless it is in another or the application had been started before."""
    with app.test_client() as client:
        assert seen == ["first of living", "pool opened"]
        with app.test_client() as other:
            other.get("/")
        client.get("/")
        assert seen[2:] == ["view", "view"]
    assert seen[4:] == ["last", "pool of living closed"]


def test_the_block_of_a_client_freezes_nothing_without_need():
    """An application without such functions may still get routes inside of the block."""
    app = App("open", static_folder=None)
    with app.test_client() as client:
        app.add_url_rule("/late", view_func=lambda: {"late": True}, endpoint="late")
        assert client.get("/late").json == {"late": True}


def test_routers_have_them_too(seen):
    """A router's functions belong to the application, once however often it is mounted."""
    app, router, inner = App("routed", static_folder=None), Router("pets"), Router("inner")
    router.on_startup(lambda: seen.append("start"))
    inner.on_shutdown(lambda: seen.append("end"))
    router.register_router(inner, url_prefix="/in")
    app.register_router(router, url_prefix="/a")
    app.register_router(router, url_prefix="/b", name="other")
    app.startup()
    app.shutdown()

    assert seen == ["start", "end"]


def test_asynchronous_functions(seen):
    """An ``async def`` function is run to its end."""
    app = App("asynchronous", static_folder=None)

    @app.on_startup
    async def start():
        seen.append("start")

    @app.on_shutdown
    async def end():
        seen.append("end")

    app.startup()
    app.shutdown()

    assert seen == ["start", "end"]


def test_concurrent_first_requests_wait(seen):
    """No request is answered before the start is over, and it runs once."""
    app = App("slow", static_folder=None)
    begun, go = threading.Event(), threading.Event()

    @app.on_startup
    def slow():
        begun.set()
        go.wait(10)
        seen.append("started")

    @app.get("/")
    def view():
        seen.append("view")
        return {}

    threads = [threading.Thread(target=lambda: app.test_client().get("/")) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    assert seen == []
    go.set()
    for thread in threads:
        thread.join(10)

    assert seen == ["started"] + ["view"] * 5
    app.shutdown()


def test_a_startup_function_may_send_requests(app, seen):
    """One that warms up with a test client is answered, and starts nothing twice."""
    app.on_startup(lambda: app.test_client().get("/"))
    app.startup()

    assert seen == ["first of living", "pool opened", "view"]
    app.shutdown()


def test_a_process_whose_start_failed_serves_nothing(app, seen, caplog, monkeypatch):
    """Requests are 503, the failure is logged once with its place, what had begun is ended, and it is tried again."""
    failing(app, seen)
    client = app.test_client()
    replies = [client.get("/") for _ in range(3)]

    assert [reply.status_code for reply in replies] == [503] * 3
    assert replies[0].content_type == "application/problem+json"
    assert replies[0].headers["Retry-After"] == "5"
    assert b"refused" not in replies[0].data
    assert seen == ["first of living", "pool opened", "connect", "pool of living closed"]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "connect' (" in record.getMessage()
    assert f"{__file__}:" in record.getMessage()
    assert "ConnectionError: refused" in record.getMessage()
    assert record.exc_info[0] is ConnectionError
    assert app.lifecycle.state == "failed"

    app.extensions["broken"] = False
    monkeypatch.setattr(app.lifecycle, "_again_at", 0.0)
    assert client.get("/").status_code == 200
    app.shutdown()


def test_an_explicit_start_raises(app, seen):
    """``startup`` raises what failed, so that a server's hook ends the process."""
    failing(app, seen)

    with pytest.raises(
        StartupFailed, match=r"connect.*a startup function of 'living', failed: ConnectionError"
    ) as told:
        app.startup()
    assert isinstance(told.value.__cause__, ConnectionError)


def test_a_failing_start_reaches_a_test(app, seen):
    """In tests the exception is raised, and not hidden behind a 503."""
    failing(app, seen)
    app.config.update(PROPAGATE_EXCEPTIONS=None, TESTING=True)

    with pytest.raises(StartupFailed):
        app.test_client().get("/")


def test_each_end_is_tried(app, seen, caplog):
    """One that fails is logged, and the others run; in tests it is raised at the end."""

    @app.on_shutdown
    def breaks():
        raise ValueError("stuck")

    app.startup()
    app.shutdown()
    assert seen[2:] == ["last", "pool of living closed"]
    assert "breaks' (" in caplog.text

    app.testing = True
    app.startup()
    with pytest.raises(ValueError, match="stuck"):
        app.shutdown()
    assert seen[-2:] == ["last", "pool of living closed"]


def test_a_second_yield_is_an_error(caplog):
    """A generator has one place between start and end."""
    app = App("twice", static_folder=None)

    @app.on_startup
    def twice():
        yield
        yield

    app.startup()
    app.shutdown()

    assert "yields more than once" in caplog.text


def test_wrong_functions_are_refused_where_they_are_given():
    """What cannot be called, and generators of both colours at the end, have no place."""
    app = App("wrong", static_folder=None)

    async def loops():
        yield

    def ends():
        yield

    with pytest.raises(SetupError, match="which cannot be called"):
        app.on_startup(None)
    with pytest.raises(SetupError, match="Give it to 'on_startup'"):
        app.on_shutdown(loops)
    with pytest.raises(SetupError, match="Give it to 'on_startup'"):
        app.on_shutdown(ends)
    app.freeze()
    with pytest.raises(SetupFinished):
        app.on_startup(print)


def test_a_forked_child_starts_by_itself(tmp_path):
    """A child of a process that has started starts anew, and does not end what its parent has begun."""
    log = tmp_path / "log"
    program = f"""
        import os
        from framework import App

        app = App("forked", static_folder=None)

        def note(word):
            with open({str(log)!r}, "a") as file:
                file.write(f"{{word}} {{'child' if os.getpid() != parent else 'parent'}}\\n")

        @app.on_startup
        def pool():
            note("open")
            yield
            note("close")

        @app.get("/")
        def view():
            return {{}}

        parent = os.getpid()
        app.test_client().get("/")
        for serves in (False, True):
            child = os.fork()
            if not child:
                if serves:
                    app.test_client().get("/")
                raise SystemExit
            os.waitpid(child, 0)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=60)

    assert log.read_text().splitlines() == ["open parent", "open child", "close child", "close parent"]


def test_a_lifecycle_without_functions_is_false():
    """Whoever asks whether there is anything to run gets an answer."""
    made = Lifecycle()
    assert not made
    made.add(print, at_start=True)
    assert made
    assert lifecycle.describe(len) == "'len'"

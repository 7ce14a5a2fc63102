"""Coroutines under WSGI servers: one loop in the background of the process, one task for each request."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from framework import App, after_response, events, g, stream, wait_for
from tests.servers import free_port, postgres_server, running


@pytest.fixture
def app():
    app = App("background", static_folder=None)
    app.seen = []
    return app


def test_all_coroutines_of_a_request_share_one_task(app):
    """Hooks, handler and stream run in one task on one loop, so that what one has opened another can close."""

    def note():
        app.seen.append((asyncio.get_running_loop(), asyncio.current_task()))

    @app.before_request
    async def before():
        g.timeout = asyncio.timeout(30)
        await g.timeout.__aenter__()
        note()

    @app.teardown_request
    async def teardown(error):
        await g.timeout.__aexit__(None, None, None)
        note()

    @app.get("/")
    @stream()
    async def view():
        note()
        yield 1
        await asyncio.sleep(0)
        note()

    assert app.test_client().get("/").data == b"1\n"
    assert len(app.seen) == 4
    assert len({*app.seen}) == 1
    app.test_client().get("/").get_data()
    loops, tasks = zip(*app.seen, strict=True)
    assert (len({*loops}), len({*tasks})) == (1, 2)


def test_requests_of_several_threads_share_the_loop(app):
    """A pool of connections that one request has opened is good for the next one, in another thread."""
    lock = asyncio.Lock()

    @app.get("/<int:number>")
    async def view(number):
        async with lock:
            app.seen.append(asyncio.get_running_loop())
            await asyncio.sleep(0.001)
        return {"number": number, "thread": threading.current_thread().name}

    client = app.test_client()
    client.get("/0")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: app.test_client().get(f"/{number}").json, range(40)))

    assert [answer["number"] for answer in answers] == list(range(40))
    assert {answer["thread"] for answer in answers} == {"framework-loop"}
    assert len({*app.seen}) == 1


def test_a_client_may_ask_from_a_running_loop(app):
    """A test or a notebook with a loop of its own calls the synchronous client, whose handlers are asynchronous."""

    @app.get("/")
    async def view():
        await asyncio.sleep(0)
        return {"path": "/"}

    async def test():
        return app.test_client().get("/").json, wait_for(asyncio.sleep(0, "waited"))

    assert asyncio.run(test()) == ({"path": "/"}, "waited")


def test_a_thread_of_a_handler_may_wait(app):
    """A copied context has a task of its own, and a busy one is not waited for."""
    from framework import copy_current_request_context, request

    @app.get("/")
    async def view():
        @copy_current_request_context
        def work():
            return wait_for(asyncio.sleep(0, request.path))

        return {"found": [await asyncio.to_thread(work), await asyncio.to_thread(wait_for, asyncio.sleep(0, "plain"))]}

    assert app.test_client().get("/").json == {"found": ["/", "plain"]}


def test_synchronous_code_on_the_loop_may_not_wait(app):
    """It would wait for itself."""

    @app.get("/")
    async def view():
        with pytest.raises(RuntimeError, match="'sleep', which could then never run"):
            wait_for(asyncio.sleep(0))
        return {}

    assert app.test_client().get("/").status_code == 200


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_what_a_coroutine_raises_leaves_the_loop_running(app, error):
    """Exceptions that end a process come out where the coroutine is waited for, and the next request is answered."""

    @app.get("/<int:number>")
    async def view(number):
        await asyncio.sleep(0)
        if number == 1:
            raise error
        return {}

    app.testing = True
    with pytest.raises(error):
        app.test_client().get("/1")
    assert app.test_client().get("/2").status_code == 200


def test_a_stream_that_its_client_leaves_is_closed(app):
    """The generator is closed on its loop, with the context of the request."""

    @app.get("/")
    @events(keep_alive=0.01)
    async def view():
        try:
            while True:
                yield "x"
                await asyncio.sleep(0.001)
        finally:
            await asyncio.sleep(0)
            app.seen.append(g.get("none", "closed"))
            closed.set()

    closed = threading.Event()
    reply = app.test_client().get("/", buffered=False)
    assert next(reply.response) == b"data: x\n\n"
    reply.close()
    assert closed.wait(20)
    assert app.seen == ["closed"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork.")
def test_a_forked_child_has_a_loop_of_its_own(tmp_path):
    """A process that has run coroutines before it forks can run them in its children."""
    program = tmp_path / "program.py"
    program.write_text(
        """
import asyncio, os
from framework import App

app = App("forked", static_folder=None)

@app.get("/")
async def view():
    await asyncio.sleep(0)
    return {"pid": os.getpid()}

client = app.test_client()
assert client.get("/").json["pid"] == os.getpid()
child = os.fork()
assert client.get("/").json["pid"] == os.getpid()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    )
    ran = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_deferred_functions_may_be_asynchronous(app):
    """They run on the same loop, after the response."""

    async def later():
        app.seen.append(asyncio.get_running_loop())

    @app.get("/")
    async def view():
        app.seen.append(asyncio.get_running_loop())
        after_response(later)
        return {}

    app.test_client().get("/")
    first, second = app.seen
    assert first is second


SERVED = '''
import asyncio, os
import psycopg
from framework import App, Resource, response, fields, g, stream
from framework.marks.base import Mark
import contextlib

app = App(__name__, static_folder=None)


class connection(Mark):
    """A connection around the handler, its stream included."""

    def around(self, plan):
        @contextlib.asynccontextmanager
        async def make(ctx, call):
            async with await psycopg.AsyncConnection.connect("DATABASE") as db:
                g.db = db
                yield

        return make


@app.before_request
async def open_first():
    g.first = await psycopg.AsyncConnection.connect("DATABASE", autocommit=True)


@app.teardown_request
async def close_first(error):
    await g.first.close()


@app.get("/sum/<int:number>")
@connection()
async def add(number):
    row = await (await g.db.execute("select %s::int + 1, pg_sleep(0.01)::text", [number])).fetchone()
    first = await (await g.first.execute("select 2")).fetchone()
    return {"sum": row[0], "first": first[0]}


@app.get("/lines/<int:number>")
@stream()
async def lines(number):
    cursor = await g.first.execute("select generate_series(1, %s)", [number])
    async for row in cursor:
        yield row[0]
'''


@pytest.fixture(scope="module")
def postgres():
    """The URL of a PostgreSQL."""
    with postgres_server() as url:
        yield url


@pytest.mark.parametrize("worker", ["gthread", "gevent"])
def test_an_asynchronous_driver_works_under_gunicorn(postgres, tmp_path, worker):
    """What a hook has opened is used by the handler and by its stream, and closed after it, in each of the threads."""
    (tmp_path / "application.py").write_text(SERVED.replace("DATABASE", postgres))
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", worker, "--threads", "4", "-b", f"127.0.0.1:{port}"]

    def get(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as reply:
            return reply.status, reply.read()

    with running([*command, "application:app"], port, tmp_path / "log"), ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(lambda number: get(f"/sum/{number}"), range(40)))
        lines = list(pool.map(lambda number: get(f"/lines/{number}"), range(10)))
    assert sums == [(200, b'{"first":2,"sum":%d}\n' % (number + 1)) for number in range(40)]
    assert lines == [(200, b"".join(b"%d\n" % n for n in range(1, number + 1))) for number in range(10)]

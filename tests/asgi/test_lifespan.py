"""The start and the end of a server: functions of both colours, under ASGI as under WSGI."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from framework import App, wait_for

from .talk import MODES, ask, lived, serving


@pytest.fixture(params=MODES)
def mode(request):
    """How requests are run."""
    return request.param


@pytest.fixture
def app():
    app = App("lifespan", static_folder=None)
    app.log = []
    return app


def test_the_server_starts_and_ends_the_application(app, mode):
    """Functions and generators of both colours run on the server's loop or in a thread, in their order."""
    loops = []

    @app.on_startup
    def plain():
        app.log.append(("plain", threading.current_thread() is threading.main_thread()))

    @app.on_startup
    async def coroutine():
        loops.append(asyncio.get_running_loop())
        app.log.append("coroutine")

    @app.on_startup
    def generator():
        app.log.append("generator begins")
        yield
        wait_for(asyncio.sleep(0))
        app.log.append("generator ends")

    @app.on_startup
    async def asynchronous_generator():
        async with asyncio.TaskGroup() as group, asyncio.timeout(60):
            task = group.create_task(asyncio.sleep(30))
            loops.append(asyncio.get_running_loop())
            app.log.append("asynchronous generator begins")
            yield
            loops.append(asyncio.get_running_loop())
            task.cancel()
        app.log.append("asynchronous generator ends")

    @app.on_shutdown
    async def end():
        app.log.append("end")

    @app.get("/")
    async def view():
        loops.append(asyncio.get_running_loop())
        return {}

    asgi = serving(app, mode)

    async def main():
        async def during():
            app.log.append("request")
            assert (await ask(asgi, "/"))[0] == 200

        return await lived(asgi, during)

    said = asyncio.run(main())
    assert [message["type"] for message in said] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert app.log == [
        ("plain", False),
        "coroutine",
        "generator begins",
        "asynchronous generator begins",
        "request",
        "end",
        "asynchronous generator ends",
        "generator ends",
    ]
    assert len(loops) == 4
    assert len({*loops}) == 1


def test_under_wsgi_both_parts_share_one_loop(app):
    """An asynchronous generator's parts run in one task on the loop in the background, where requests run too."""
    seen = []

    @app.on_startup
    async def pool():
        async with asyncio.TaskGroup() as group:
            task = group.create_task(asyncio.sleep(30))
            seen.append(asyncio.current_task())
            yield
            seen.append(asyncio.current_task())
            task.cancel()

    @app.get("/")
    async def view():
        seen.append(asyncio.get_running_loop())
        return {}

    with app.test_client() as client:
        client.get("/")
    first, loop, last = seen
    assert first is last
    assert first.get_loop() is loop


@pytest.mark.parametrize("kind", ["function", "generator", "before the yield", "set-up"])
def test_a_start_that_fails_ends_the_server(app, mode, kind):
    """The server is given the name of the function and its place; what had begun is ended."""

    @app.on_startup
    def first():
        yield
        app.log.append("first ends")

    if kind == "function":

        @app.on_startup
        async def broken():
            raise ZeroDivisionError("no database")
    elif kind == "generator":

        @app.on_startup
        async def broken():
            await asyncio.sleep(0)
            raise ZeroDivisionError("no database")
            yield
    elif kind == "before the yield":

        @app.on_startup
        def broken():
            raise ZeroDivisionError("no database")
            yield
    else:
        app.config["JSON_SORT_KEYS_TYPO"] = 1
        app.add_url_rule("/", "nowhere", provide_automatic_options=False)
        app.on_startup(lambda: 1 / 0)

    (message,) = asyncio.run(lived(serving(app, mode)))

    assert message["type"] == "lifespan.startup.failed"
    assert "test_lifespan.py:" in message["message"]
    assert ("broken" in message["message"]) is (kind != "set-up")
    assert app.log == ["first ends"]


def test_a_generator_that_yields_twice_is_an_error(app, mode, caplog):
    """It is closed, and the message names it."""

    @app.on_startup
    async def twice():
        try:
            yield
            yield
        finally:
            app.log.append("closed")

    said = asyncio.run(lived(serving(app, mode)))

    assert said[-1]["type"] == "lifespan.shutdown.complete"
    assert "yields more than once" in caplog.text
    assert app.log == ["closed"]


def test_an_end_that_fails_is_logged_and_the_others_run(app, mode, caplog):
    """The functions of the shutdown all run, whatever one of them raises."""
    app.on_shutdown(lambda: app.log.append("last"))

    @app.on_shutdown
    async def broken():
        raise ZeroDivisionError

    asyncio.run(lived(serving(app, mode)))
    assert app.log == ["last"]
    assert "broken" in caplog.text


def test_a_server_without_lifespan_starts_with_the_first_request(app, mode):
    """Its functions run once then, before the request is answered."""

    @app.on_startup
    async def begin():
        await asyncio.sleep(0.01)
        app.log.append("begin")

    @app.get("/")
    async def view():
        app.log.append("request")
        return {}

    async def main():
        asgi = serving(app, mode)
        await asyncio.gather(*(ask(asgi, "/") for _ in range(10)))

    asyncio.run(main())
    assert app.log == ["begin", *["request"] * 10]


def test_other_scopes(app, mode):
    """A WebSocket at an unknown address is refused, and an unknown scope is an error of the server."""
    asgi = serving(app, mode)
    said = []

    async def main():
        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            said.append(message)

        scope = {"type": "websocket", "path": "/none", "query_string": b"", "http_version": "1.1", "headers": []}
        await asgi(scope, receive, send)
        with pytest.raises(ValueError, match="knows the scopes"):
            await asgi({"type": "mail"}, receive, send)

    asyncio.run(main())
    assert said == [{"type": "websocket.close"}]


def test_the_loop_in_the_background_ends_with_the_process(tmp_path):
    """Shutdown functions may use it, and what is left on it is cancelled, without a warning."""
    import subprocess
    import sys

    program = tmp_path / "program.py"
    program.write_text(
        """
import asyncio
from framework import App

app = App("ends", static_folder=None)

@app.on_startup
async def begin():
    asyncio.create_task(left_over())
    await asyncio.sleep(0)

async def left_over():
    try:
        await asyncio.sleep(60)
    finally:
        print("cancelled")

@app.on_shutdown
async def end():
    await asyncio.sleep(0)
    print("end")

app.startup()
"""
    )
    command = [sys.executable, "-W", "error", "-X", "dev", str(program)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    with contextlib.suppress(ValueError):
        assert (ran.stdout.split(), ran.stderr, ran.returncode) == (["end", "cancelled"], "", 0)

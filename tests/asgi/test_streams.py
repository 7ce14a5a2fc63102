"""Streams on ASGI: asynchronous parts are sent on the loop, synchronous ones are made in threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from framework import App, Response, after_response, current_app, events, fields, g, last_event_id, request, stream
from framework._ending import ending
from framework.http.events import LAST_EVENT
from framework.record import Observer

from .talk import MODES, Talk, ask, scope_of, serving


@pytest.fixture(params=MODES)
def mode(request):
    """How requests are run."""
    return request.param


@pytest.fixture
def app():
    app = App("streams", static_folder=None)
    app.config.update(REQUEST_ID_HEADER=None)
    app.log = []

    @app.teardown_request
    def teardown(error):
        app.log.append(f"teardown {type(error).__name__}")

    @app.get("/forever")
    @events()
    async def forever():
        try:
            number = 0
            while True:
                yield {"n": number, "path": request.path}
                number += 1
                await asyncio.sleep(0.001)
        finally:
            await asyncio.sleep(0.001)
            app.log.append("closed")

    @app.get("/forever/sync")
    @stream()
    def forever_sync():
        try:
            while True:
                yield request.path
        finally:
            app.log.append("closed")

    @app.get("/quiet")
    @events(keep_alive=0.02)
    async def quiet():
        try:
            yield "first"
            await asyncio.sleep(60)
        finally:
            app.log.append("closed")

    @app.get("/broken")
    @stream()
    async def broken():
        yield 1
        await asyncio.sleep(0)
        raise ZeroDivisionError

    return app


@pytest.fixture
def process_ends():
    """Lets the streams of events end, as a server that is to end does; undone after the test."""
    yield ending.end_streams
    ending.ends_streams = False
    ending._streams_end.clear()


@pytest.mark.parametrize("path", ["/forever", "/forever/sync"])
def test_a_client_that_leaves_ends_the_stream(app, mode, path):
    """What makes it is closed, and the teardown runs, once; nothing reaches the server as an error."""
    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of(path))
        await talk.until(lambda talk: len(talk.messages) > 3)
        talk.leave()
        await talk.task

    asyncio.run(main())
    assert app.log == ["closed", "teardown NoneType"]


def test_a_quiet_stream_notices_that_its_client_leaves(app, mode):
    """One that waits for its next part is cancelled, and a comment keeps it alive until then."""
    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of("/quiet"))
        await talk.until(lambda talk: talk.body.count(b":\n\n") >= 2)
        talk.leave()
        await talk.task
        return talk.body

    assert asyncio.run(main()).startswith(b"data: first\n\n:\n\n:\n\n")
    assert app.log == ["closed", "teardown NoneType"]


def test_an_error_in_a_stream_cuts_it_off(app, mode):
    """It is logged and reported, goes on to the server, and the body has no end."""
    errors = []
    app.report_error(errors.append)
    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of("/broken"))
        with pytest.raises(ZeroDivisionError):
            await talk.task
        return talk.messages

    messages = asyncio.run(main())
    assert [message.get("more_body") for message in messages[1:]] == [True]
    assert app.log == ["teardown ZeroDivisionError"]
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_streams_end_with_the_process(app, mode, process_ends):
    """Streams of events get a last event, those that wait too; what makes them is closed."""
    asgi = serving(app, mode)

    async def main():
        talks = [Talk(asgi, scope_of("/quiet")), Talk(asgi, scope_of("/forever"))]
        for talk in talks:
            await talk.until(lambda talk: talk.body)
        await asyncio.to_thread(process_ends)
        await asyncio.gather(*(talk.task for talk in talks))
        return [talk.body for talk in talks], [talk.messages[-1].get("more_body", False) for talk in talks]

    bodies, more = asyncio.run(main())
    assert all(body.endswith(LAST_EVENT) for body in bodies)
    assert more == [False, False]
    assert app.log.count("closed") == app.log.count("teardown NoneType") == 2


def test_a_stream_that_waits_holds_no_thread(app, mode):
    """Hundreds of open streams leave the only thread of the pool to other requests."""

    @app.get("/sync")
    def view():
        return {"thread": threading.current_thread().name}

    asgi = serving(app, mode, threads=1, queue=1000)

    async def main():
        talks = [Talk(asgi, scope_of("/quiet")) for _ in range(300)]
        for talk in talks:
            await talk.until(lambda talk: talk.body)
        status, _, body = await ask(asgi, "/sync")
        for talk in talks:
            talk.leave()
        await asyncio.gather(*(talk.task for talk in talks))
        return status, body

    status, body = asyncio.run(main())
    assert (status, b"framework-asgi" in body) == (200, True)
    assert app.log.count("closed") == 300


def test_parts_wait_for_the_client(app, mode):
    """The next part is made when the client has taken the last one."""
    made = []

    @app.get("/counted")
    @stream()
    async def counted():
        for number in range(1000):
            made.append(number)
            yield number

    asgi, taken, gone = serving(app, mode), asyncio.Event(), asyncio.Event()

    async def main():
        async def receive():
            await gone.wait()
            return {"type": "http.disconnect"}

        sent = []

        async def send(message):
            sent.append(message)
            if len(sent) == 3:
                taken.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(asgi(scope_of("/counted"), receive, send))
        await taken.wait()
        await asyncio.sleep(0.02)
        gone.set()
        await task

    asyncio.run(main())
    assert made == [0, 1]


def test_the_context_is_there_in_a_stream(app, mode):
    """``request``, ``g`` and ``current_app`` are those of the request, between its waits and in its clean-up."""
    found = []

    @app.before_request
    def load():
        g.path = request.path

    @app.get("/known")
    @events({"path": fields.String()}, retry=5)
    async def known():
        seen = last_event_id()

        async def parts():
            try:
                for _ in range(2):
                    await asyncio.sleep(0)
                    yield {"path": f"{g.path} {request.path} {current_app.name} {seen}"}
            finally:
                found.append(request.path)

        after_response(found.append, "after")
        return parts()

    _, headers, body = asyncio.run(ask(serving(app, mode), "/known", headers=[("Last-Event-ID", "7")]))
    part = b'data: {"path":"/known /known streams 7"}\n\n'
    assert body == b"retry: 5\n\n" + part * 2
    assert dict(headers)["content-type"] == "text/event-stream"
    assert found == ["/known", "after"]


def test_a_response_may_have_asynchronous_parts(app, mode):
    """Bytes and text of an asynchronous generator are sent as they come; it works under WSGI too."""

    @app.get("/bytes")
    async def of_bytes():
        async def parts():
            yield b"a"
            await asyncio.sleep(0)
            yield "é"

        return Response(parts(), mimetype="application/octet-stream")

    @app.get("/returned")
    async def returned():
        yield "text"
        yield b" and bytes"

    asgi = serving(app, mode)
    assert asyncio.run(ask(asgi, "/bytes"))[2] == "aé".encode()
    _, headers, body = asyncio.run(ask(asgi, "/returned"))
    assert (body, dict(headers)["content-type"]) == (b"text and bytes", "text/html; charset=utf-8")
    client = app.test_client()
    assert client.get("/bytes").data == "aé".encode()
    assert client.get("/returned").data == b"text and bytes"


@pytest.mark.parametrize(
    ("path", "wanted"), [("/forever", "client_gone"), ("/short", "streamed"), ("/slow", "client_gone")]
)
def test_the_record_says_how_a_request_ended(app, mode, path, wanted):
    """Streams that came to their end, and clients that left, on the loop as in threads, with sizes and moments."""
    records = []

    class Reader(Observer):
        def end(self, record):
            records.append(record)

    app.add_observer(Reader())

    @app.get("/short")
    @stream()
    async def short():
        yield 1
        yield 22

    @app.get("/slow")
    async def slow():
        await asyncio.sleep(60)

    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of(path))
        if path == "/forever":
            await talk.until(lambda talk: len(talk.messages) > 3)
            talk.leave()
        elif path == "/slow":
            await asyncio.sleep(0.1)
            talk.leave()
        await talk.task
        return talk.body if talk.messages else b""

    body = asyncio.run(main())
    (record,) = records
    assert record.ending == wanted
    assert record.response_size == len(body)
    assert (record.first_byte_at is not None) is (path != "/slow")


def test_a_stream_whose_head_is_asked_for_is_closed(app, mode):
    """Nothing of it is made, and what was opened for it is closed, on both protocols."""
    closed = []

    class Source:
        def __aiter__(self):
            return self

        async def __anext__(self):
            raise AssertionError

        async def aclose(self):
            closed.append("asynchronous")

    class Plain:
        def __iter__(self):
            return iter(())

        def close(self):
            closed.append("plain")

    app.add_url_rule("/source", view_func=events()(lambda: Source()), endpoint="source")
    app.add_url_rule("/plain", view_func=stream()(lambda: Plain()), endpoint="plain")
    client, asgi = app.test_client(), serving(app, mode)
    for name in ("/source", "/plain"):
        assert client.head(name, buffered=True).status_code == 200
        assert asyncio.run(ask(asgi, name, "HEAD"))[0] == 200

    assert asyncio.run(ask(asgi, "/quiet", "HEAD"))[2] == b""
    assert sorted(closed) == ["asynchronous"] * 2 + ["plain"] * 2


def test_a_wrapped_stream_is_kept_alive_and_ends(app, mode, process_ends):
    """Where a middleware sees each part, a quiet stream gets its comments and its last event all the same."""
    inner = app.wsgi_app

    def middleware(environ, start_response):
        parts = inner(environ, start_response)
        try:
            yield from parts
        finally:
            parts.close()

    app.wsgi_app = middleware
    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of("/quiet"))
        await talk.until(lambda talk: talk.body.count(b":\n\n") >= 2)
        await asyncio.to_thread(process_ends)
        await talk.task
        return talk.body

    assert asyncio.run(main()).endswith(LAST_EVENT)
    assert app.log == ["closed", "teardown NoneType"]


def test_an_error_before_the_first_part_is_an_answer(app, mode):
    """A handler that raises before it returns its generator is answered as any other."""

    @app.get("/refused")
    @stream()
    async def refused():
        from framework.errors import NotFound

        raise NotFound("None here.")

    assert asyncio.run(ask(serving(app, mode), "/refused"))[0] == 404

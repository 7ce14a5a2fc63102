"""``after_response``: when it runs, in what, and what happens to its errors."""

from __future__ import annotations

import threading
import time
import urllib.request

import pytest

from framework import (
    App,
    Response,
    after_response,
    always_after_response,
    current_app,
    g,
    has_request_context,
    stream_with_context,
)
from framework.asgi import WsgiToAsgi
from framework.errors import Conflict
from tests.browsers import served


@pytest.fixture
def done():
    """What was done, in order."""
    return []


@pytest.fixture
def app(done):
    """An application whose views put things off."""
    app = App("afterwards")
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.teardown_appcontext
    def note_end(error):
        done.append("context over")

    @app.get("/finished")
    def finished():
        g.name = "of the request"
        after_response(done.append, "first")
        after_response(look, word="second")
        return {"ok": True}

    def look(word):
        done.append((word, current_app.name, has_request_context(), g.get("name")))

    @app.get("/refused")
    def refused():
        after_response(done.append, "dropped")
        always_after_response(done.append, "kept")
        raise Conflict("No.")

    @app.get("/broken")
    def broken():
        after_response(done.append, "dropped")
        always_after_response(done.append, "kept")
        raise RuntimeError("a secret")

    @app.get("/fails")
    def fails():
        after_response(fail)
        after_response(done.append, "next")
        return {}

    def fail():
        raise ValueError("later")

    @app.get("/stream")
    def stream():
        @stream_with_context
        def parts():
            for number in range(3):
                done.append(number)
                yield f"{number}\n"
            after_response(done.append, "streamed")

        always_after_response(done.append, "always")
        return Response(parts())

    return app


def call(app, path, read=None):
    """Serve one request as a WSGI server does; ``read`` parts are taken before it is closed, all by default."""
    sent = []
    environ = app.test_request_context(path).request.environ
    parts = app(environ, lambda status, headers, exc_info=None: sent.append(status))
    for number, _part in enumerate(parts, 1):
        if number == read:
            break
    return parts


def test_it_runs_when_the_server_closes_the_body(app, done):
    """Nothing runs before ``close``; then all runs in order, after the end of the request's context."""
    parts = call(app, "/finished")
    assert done == ["context over"]

    parts.close()

    assert done == [
        *("context over", "first", "context over"),
        *(("second", "afterwards", False, None), "context over"),
    ]


def test_it_runs_once(app, done):
    """Closing twice does nothing more."""
    parts = call(app, "/finished")
    parts.close()
    before = list(done)
    parts.close()

    assert done == before


def test_the_test_client_does_it_too(app, done):
    """When the client's call returns, what was put off is done, and the body can be read."""
    reply = app.test_client().get("/finished")

    assert "first" in done
    assert reply.json == {"ok": True}


@pytest.mark.parametrize("path", ["/refused", "/broken"])
def test_an_error_drops_it(app, done, path):
    """After an answer of 400 or more only that is done which was to be done always."""
    app.test_client().get(path)

    assert "dropped" not in done
    assert "kept" in done


def test_what_was_called_at_once_is_refused():
    """The outcome of a call in place of the function is told where it is written."""
    with App("early").test_request_context(), pytest.raises(TypeError, match=r"got None.* like after_response\(send, "):
        after_response(None)


def test_its_errors_are_logged(app, done, caplog):
    """An error is logged with its traceback, and the next function runs."""
    assert app.test_client().get("/fails").status_code == 200

    assert "next" in done
    record = next(record for record in caplog.records if "after the response" in record.getMessage())
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError


def test_what_is_lost_with_the_worker_is_logged(app, done, caplog):
    """A server that ends the worker in the middle leaves a line with all that was not done."""

    def slow():
        raise SystemExit(1)  # as gunicorn's handlers of signals do when the grace time is over

    def never():
        done.append("never")

    @app.get("/lost")
    def lost():
        after_response(slow)
        after_response(never)
        return {}

    body = call(app, "/lost")
    with pytest.raises(SystemExit):
        body.close()

    assert "never" not in done
    (record,) = [record for record in caplog.records if "after the response" in record.getMessage()]
    assert record.levelname == "ERROR"
    assert "slow" in record.getMessage()
    assert "never" in record.getMessage()


def test_after_a_stream(app, done):
    """A stream that came to its end is followed by what its generator put off."""
    call(app, "/stream").close()

    assert [part for part in done if part != "context over"] == [0, 1, 2, "always", "streamed"]


def test_a_stream_that_broke_off(app, done):
    """When the client leaves midway only that is done which was to be done always."""
    call(app, "/stream", read=1).close()

    assert [part for part in done if part != "context over"] == [0, "always"]


def test_head_requests(app, done):
    """An answer without its body is followed as well."""
    app.test_client().head("/finished")

    assert "first" in done


def test_asynchronous_functions(app, done):
    """A function may be ``async def``."""

    async def later(word):
        done.append(word)

    @app.get("/async")
    def view():
        after_response(later, "asynchronous")
        return {}

    app.test_client().get("/async")

    assert "asynchronous" in done


def test_it_needs_a_request(app):
    """Outside of a request there is no answer to wait for."""
    with pytest.raises(RuntimeError, match="'after_response' needs a request context"), app.app_context():
        after_response(print)


def test_a_client_does_not_wait_for_it():
    """Over a real server the whole answer has arrived before the function has ended."""
    app, ended = App("waiting"), threading.Event()
    go = threading.Event()

    @app.get("/")
    def view():
        after_response(slow)
        return {"ok": True}

    def slow():
        go.wait(10)
        ended.set()

    with served(app) as address:
        with urllib.request.urlopen(address, timeout=10) as reply:
            assert reply.read() == b'{"ok":true}\n'
        assert not ended.is_set()
        go.set()
        assert ended.wait(10)


def test_behind_the_asgi_adapter(app, done):
    """The adapter has sent everything before the function runs."""
    import asyncio

    sent = []

    async def receive():
        if not sent or not sent[-1].get("more_body", True):
            return {"type": "http.request", "body": b""}
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)
        done.append(message["type"])

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/finished",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(WsgiToAsgi(app)(scope, receive, send))
    for _ in range(100):
        if "first" in done:
            break
        time.sleep(0.05)

    assert done.index("http.response.body") < done.index("first")

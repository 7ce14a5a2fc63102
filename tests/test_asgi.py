"""The way into an ASGI server: messages one by one, and a real uvicorn with clients that leave."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import sys
import threading
import time

import pytest
import uvicorn

from framework import App, Resource, Response, Schema, arguments, fields, g, request, response, stream_with_context
from framework.asgi import WsgiToAsgi
from framework.errors import SetupError


class PointSchema(Schema):
    """A point."""

    x = fields.Integer(required=True)


class Log(list):
    """What happened, and a way to wait for it."""

    def wait_for(self, item, seconds=10):
        end = time.monotonic() + seconds
        while item not in self and time.monotonic() < end:
            time.sleep(0.005)
        return item in self


def make_app():
    app = App("asgi_app", static_folder=None)
    app.log = Log()

    @app.teardown_request
    def teardown(error):
        app.log.append("teardown")

    @app.route("/hello")
    def hello():
        return f"Hello {request.args.get('name', 'world')} from {request.script_root or '/'}"

    @app.route("/points")
    class Points(Resource):
        @arguments(PointSchema)
        @response(201, PointSchema)
        async def post(self, point):
            """Add a point."""
            await asyncio.sleep(0)
            return point

    @app.route("/loop")
    async def loop():
        return str(id(asyncio.get_running_loop()))

    @app.route("/endless")
    def endless():
        def parts():
            try:
                while True:
                    yield f"{request.path}\n" * 1000
                    time.sleep(0.002)
            finally:
                app.log.append("closed")

        return Response(stream_with_context(parts()))

    @app.route("/three")
    def three():
        g.word = "three"
        return Response(stream_with_context(f"{g.word} {number} " for number in range(3)))

    @app.route("/size", methods=["POST"])
    def size():
        return str(len(request.get_data()))

    @app.route("/upload", methods=["POST"])
    def upload():
        app.log.append("upload")
        return str(len(request.stream.read()))

    @app.route("/unread", methods=["POST"])
    def unread():
        return "unread"

    @app.route("/broken")
    def broken():
        def parts():
            yield "one"
            raise ZeroDivisionError("broken stream")

        return Response(parts())

    @app.route("/together")
    def together():
        app.barrier.wait(10)
        return "together"

    @app.route("/headers")
    def headers():
        answer = Response(json.dumps([request.headers.get("X-User"), request.cookies.get("b")]))
        answer.headers["X-Name"] = "caf\xe9"
        return answer

    app.barrier = threading.Barrier(2)
    return app


@pytest.fixture
def app():
    return make_app()


@pytest.fixture(scope="module")
def served():
    """An application under uvicorn, in a thread of this process: the application and its port."""
    app = make_app()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(WsgiToAsgi(app), log_level="critical", lifespan="on", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield app, listener.getsockname()[1]
        server.should_exit = True
        thread.join(20)


def ask(port, method, path, body=None, headers=None, **options):
    """One request; status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {}, **options)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def exchange(application, scope, *messages, stay=True):
    """Call an ASGI application; what it sends. ``stay``: the client is there until the end."""
    sent = []

    async def talk():
        waiting = list(messages)

        async def receive():
            if waiting:
                return waiting.pop(0)
            if stay:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await application(scope, receive, send)

    asyncio.run(talk())
    return sent


def http_scope(path, method="GET", headers=(), query=b"", root=""):
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": root + path,
        "root_path": root,
        "query_string": query,
        "headers": list(headers),
    }


def end_of_request(body=b""):
    return {"type": "http.request", "body": body}


def status_and_body(sent):
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_a_finished_answer_is_sent_with_its_headers(app):
    """A view's answer arrives: status, headers in lower case, the body, and an end."""
    sent = exchange(WsgiToAsgi(app), http_scope("/hello", query=b"name=you"), end_of_request())

    assert status_and_body(sent) == (200, b"Hello you from /")
    assert (b"content-type", b"text/html; charset=utf-8") in sent[0]["headers"]
    assert [message.get("more_body") for message in sent] == [None, False]
    assert app.log == ["teardown"]


def test_head_has_headers_and_no_body(app):
    """HEAD announces the length of GET and sends nothing."""
    sent = exchange(WsgiToAsgi(app), http_scope("/hello", "HEAD"), end_of_request())

    assert status_and_body(sent) == (200, b"")
    assert (b"content-length", b"18") in sent[0]["headers"]


def test_the_root_path_is_the_script_name(app):
    """What the server is mounted on becomes SCRIPT_NAME."""
    sent = exchange(WsgiToAsgi(app), http_scope("/hello", root="/api"), end_of_request())

    assert status_and_body(sent) == (200, b"Hello world from /api")


def test_a_caller_may_repeat_its_last_message(app):
    """Who calls without a server may give the same message for ever; it is the body once."""

    async def talk():
        sent = []

        async def receive():
            return end_of_request(b"abc")

        async def send(message):
            sent.append(message)

        await WsgiToAsgi(app)(http_scope("/size", "POST"), receive, send)
        return sent

    assert status_and_body(asyncio.run(talk())) == (200, b"3")


def test_a_body_is_read_while_it_arrives(app):
    """Parts of a body, without Content-Length, are one body for the application."""
    parts = [{"type": "http.request", "body": b"x" * 1000, "more_body": True} for _ in range(50)]
    sent = exchange(WsgiToAsgi(app), http_scope("/size", "POST"), *parts, end_of_request(b"yz"))

    assert status_and_body(sent) == (200, b"50002")


def test_a_body_over_the_limit_is_not_read(app):
    """MAX_CONTENT_LENGTH holds for a body of unknown length too: 413, and the rest stays where it is."""
    app.config["MAX_CONTENT_LENGTH"] = 10_000
    taken = []

    async def talk():
        sent = []

        async def receive():
            taken.append(1)
            return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

        async def send(message):
            sent.append(message)

        await WsgiToAsgi(app)(http_scope("/size", "POST"), receive, send)
        return sent

    sent = asyncio.run(talk())

    assert sent[0]["status"] == 413
    assert len(taken) < 80  # the first 64 KiB are read before the application is asked


def test_a_body_of_exactly_the_limit_is_taken(app):
    """The limit itself is within the limit."""
    app.config["MAX_CONTENT_LENGTH"] = 10_000
    sent = exchange(WsgiToAsgi(app), http_scope("/size", "POST"), end_of_request(b"x" * 10_000))

    assert status_and_body(sent) == (200, b"10000")


def test_headers_that_could_deceive_are_left_out(app):
    """A header with an underscore does not pass for the one with a dash; split cookies are joined."""
    headers = [(b"x_user", b"root"), (b"cookie", b"a=1"), (b"cookie", b"b=2")]
    sent = exchange(WsgiToAsgi(app), http_scope("/headers", headers=headers), end_of_request())

    assert status_and_body(sent) == (200, b'[null, "2"]')
    assert (b"x-name", b"caf\xe9") in sent[0]["headers"]


def test_a_header_repeated_too_often_is_refused(app):
    """The limit of asgiref's adapter holds."""
    sent = exchange(WsgiToAsgi(app, 2), http_scope("/hello", headers=[(b"x-a", b"1")] * 3), end_of_request())

    assert status_and_body(sent) == (400, b"Bad Request")


def test_a_client_that_left_ends_a_stream(app):
    """After the disconnect message the body is closed and torn down, although it would never end."""
    sent = exchange(WsgiToAsgi(app), http_scope("/endless"), end_of_request(), stay=False)

    assert all(message.get("more_body") is not False for message in sent)
    assert app.log == ["closed", "teardown"]


def test_a_server_that_refuses_to_send_ends_a_stream(app):
    """An OSError of ``send`` is a client that has left."""

    async def talk():
        waiting = [end_of_request()]

        async def receive():
            return waiting.pop() if waiting else await asyncio.Event().wait()

        async def send(message):
            if message["type"] == "http.response.body":
                raise OSError("gone")

        await WsgiToAsgi(app)(http_scope("/endless"), receive, send)

    asyncio.run(talk())

    assert app.log == ["closed", "teardown"]


def test_a_cancelled_request_ends_its_thread(app):
    """A server that ends cancels its requests: their bodies are closed."""

    async def talk():
        waiting = [end_of_request()]
        started = asyncio.Event()

        async def receive():
            return waiting.pop() if waiting else await asyncio.Event().wait()

        async def send(message):
            started.set()

        task = asyncio.create_task(WsgiToAsgi(app)(http_scope("/endless"), receive, send))
        await started.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(talk())

    assert app.log.wait_for("teardown")
    assert app.log == ["closed", "teardown"]


def test_a_client_that_leaves_before_its_body_ends_is_a_bad_request(app):
    """An unfinished body is an error for who reads it, never a short body."""
    part = {"type": "http.request", "body": b"x" * 70_000, "more_body": True}
    exchange(WsgiToAsgi(app), http_scope("/size", "POST"), part, stay=False)

    assert app.log == ["teardown"]


def test_a_client_that_leaves_with_the_beginning_of_a_body_reaches_no_application(app):
    """Small bodies are read before the application is asked, and one that ends early is dropped."""
    part = {"type": "http.request", "body": b"x", "more_body": True}

    assert exchange(WsgiToAsgi(app), http_scope("/size", "POST"), part, stay=False) == []
    assert app.log == []


def test_clients_that_send_nothing_hold_no_thread(app):
    """Open bodies wait without a thread: with one thread and many of them others are served."""

    async def talk():
        asgi = WsgiToAsgi(app, threads=1)
        silent = [asyncio.create_task(asgi(http_scope("/size", "POST"), asyncio.Event().wait, None)) for _ in range(45)]
        await asyncio.sleep(0)
        sent = []

        async def receive():
            if sent:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        await asyncio.wait_for(asgi(http_scope("/hello"), receive, send), 10)
        for task in silent:
            task.cancel()
        await asyncio.gather(*silent, return_exceptions=True)
        return sent

    assert asyncio.run(talk())[0]["status"] == 200


@pytest.mark.parametrize(("first", "status"), [(b"", 408), (b"x" * 70_000, 400)])
def test_a_body_that_stands_still_is_given_up(app, first, status):
    """There is a time for the next part: before the application is asked, and while it reads."""

    async def talk():
        sent, waiting = [], [{"type": "http.request", "body": first, "more_body": True}]

        async def receive():
            return waiting.pop() if waiting else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        asgi = WsgiToAsgi(app, body_timeout=0.05)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asgi(http_scope("/size", "POST"), receive, send), 10)
        return sent

    assert asyncio.run(talk())[0]["status"] == status


def test_an_error_in_a_stream_reaches_the_server(app):
    """The server learns that the body is broken, and the teardown has run."""
    with pytest.raises(ZeroDivisionError, match="broken stream"):
        exchange(WsgiToAsgi(app), http_scope("/broken"), end_of_request())

    assert app.log == ["teardown"]


def test_no_more_is_sent_than_announced():
    """A body longer than its Content-Length is cut; an application without ``close`` is served too."""

    def application(environ, start_response):
        write = start_response("200 OK", [("Content-Length", "5")])
        write(b"ab")
        return [b"", b"cdef", b"g"]

    sent = exchange(WsgiToAsgi(application), http_scope("/"), end_of_request())

    assert status_and_body(sent) == (200, b"abcde")
    assert sent[-1]["more_body"] is False


def test_the_application_freezes_when_the_server_starts(app):
    """Lifespan messages are answered; at the start the set-up closes."""
    start, end = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}
    sent = exchange(WsgiToAsgi(app), {"type": "lifespan"}, start, end)

    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    with pytest.raises(SetupError):
        app.add_url_rule("/late", view_func=len, endpoint="late")


def test_a_wrong_set_up_fails_the_start(app):
    """An error of the set-up is what the server reports."""

    def freeze():
        raise SetupError("Two operations share a name.")

    app.freeze = freeze
    sent = exchange(WsgiToAsgi(app), {"type": "lifespan"}, {"type": "lifespan.startup"})

    assert sent == [{"type": "lifespan.startup.failed", "message": "SetupError: Two operations share a name."}]


def test_a_websocket_is_refused(app):
    """Other kinds of connection are closed before they open."""
    sent = exchange(WsgiToAsgi(app), {"type": "websocket"}, {"type": "websocket.connect"})

    assert sent == [{"type": "websocket.close"}]


def test_without_asgiref_the_import_says_what_to_install(monkeypatch):
    """The extra is named by its library."""
    monkeypatch.setitem(sys.modules, "asgiref.wsgi", None)
    monkeypatch.delitem(sys.modules, "framework.asgi._adapter")

    with pytest.raises(ImportError, match="pip install asgiref"):
        __import__("framework.asgi._adapter")


def test_uvicorn_serves_resources(served):
    """Plain views, and asynchronous resources with declared input and output."""
    _app, port = served
    as_json = {"Content-Type": "application/json"}

    assert ask(port, "GET", "/hello") == (200, "Hello world from /")
    assert ask(port, "POST", "/points", '{"x": 3}', as_json) == (201, '{"x":3}')
    assert ask(port, "POST", "/points", '{"x": "a"}', as_json)[0] == 422
    assert ask(port, "POST", "/points", b"\xff", as_json)[0] == 400
    assert ask(port, "GET", "/nothing")[0] == 404


def test_uvicorn_takes_a_chunked_body(served):
    """A body in chunks, for which there is no Content-Length, arrives whole."""
    _app, port = served
    chunks = (b"x" * 70_000 for _ in range(10))

    assert ask(port, "POST", "/size", chunks, encode_chunked=True) == (200, "700000")
    assert ask(port, "POST", "/unread", (b"x" * 70_000 for _ in range(10)), encode_chunked=True) == (200, "unread")


def test_asynchronous_handlers_share_the_server_s_loop(served):
    """Connections and tasks of one request can be used by the next one: the loop is the same."""
    _app, port = served

    assert ask(port, "GET", "/loop")[1] == ask(port, "GET", "/loop")[1]


def test_requests_run_at_the_same_time(served):
    """Two handlers that wait for each other both end."""
    _app, port = served
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(port, "GET", "/together"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert answers == [(200, "together")] * 2


def test_uvicorn_streams_with_the_request(served):
    """Each part of a stream is made with the request at hand."""
    app, port = served
    app.log.clear()

    assert ask(port, "GET", "/three") == (200, "three 0 three 1 three 2 ")
    assert app.log.wait_for("teardown")
    assert app.log == ["teardown"]


def test_a_client_that_leaves_midway_closes_the_stream(served):
    """The generator's ``finally`` and the teardown run soon after the client has left uvicorn."""
    app, port = served
    app.log.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in connection.recv(100)

    assert app.log.wait_for("teardown")
    assert app.log == ["closed", "teardown"]


def test_a_client_that_leaves_while_it_sends_ends_the_request(served):
    """Who reads the body of a client that has left gets an error, and the teardown runs."""
    app, port = served
    app.log.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + b"x" * 70_000
        )
        assert app.log.wait_for("upload")

    assert app.log.wait_for("teardown")

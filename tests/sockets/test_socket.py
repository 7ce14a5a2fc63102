"""WebSockets in the process: messages, marks, ends, and what is refused when a class is written."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from framework import CORS, App, Bearer, Resource, Router, Schema, fields, g, limit, request, requires, session
from framework.errors import Forbidden, ServiceUnavailable, SetupError
from framework.sockets import Socket, SocketClosed, open_sockets, receives, sends
from framework.testing import HandshakeRefused


class OrderSchema(Schema):
    number = fields.Integer(required=True)


@pytest.fixture
def app():
    """An application without routes."""
    app = App("sockets", static_folder=None)
    app.config.update(TESTING=True, SECRET_KEY="0123456789abcdef" * 4)
    return app


def run(app, talk):
    """Run a test that is a coroutine, with a client."""

    async def main():
        async with app.async_test_client() as client:
            await talk(client)

    asyncio.run(asyncio.wait_for(main(), 30))


async def end_of(socket):
    """Read to the end; the code and the reason."""
    with pytest.raises(SocketClosed) as closed:
        while True:
            await socket.receive()
    return closed.value.code, closed.value.reason


def echo(app, **options):
    """Register a socket that sends back what it takes."""

    @app.route("/echo")
    class Echo(Socket):
        @receives(OrderSchema, **options)
        @sends(OrderSchema)
        async def connect(self):
            async for order in self:
                await self.send(order)


async def status_of(client, path="/echo", **options):
    """The status that refuses a handshake; 101 where it does not."""
    try:
        async with client.websocket(path, **options):
            return 101
    except HandshakeRefused as refused:
        return refused.response.status_code


def test_values_are_loaded_and_dumped(app):
    """What a schema refuses is told in the shape of an HTTP error, and the connection stays."""
    echo(app)

    async def talk(client):
        async with client.websocket("/echo") as socket:
            await socket.send('{"number": 1, "more": 2}')
            problem = await socket.receive_json()
            assert (problem["status"], list(problem["errors"]["json"])) == (422, ["more"])
            await socket.send("NaN")
            assert (await socket.receive_json())["code"] == "bad_request"
            await socket.send_json({"number": 5})
            assert await socket.receive_json() == {"number": 5}

    run(app, talk)


@pytest.mark.parametrize("through", ["greenlets", "threads"])
def test_both_roads(app, through):
    """Without greenlets the handshake runs in a thread, and the connection on the loop."""
    from framework.asgi import ASGI

    app.__dict__["asgi"] = ASGI(app, greenlets=through == "greenlets")
    echo(app)

    async def talk(client):
        async with client.websocket("/echo") as socket:
            await socket.send_json({"number": 5})
            assert await socket.receive_json() == {"number": 5}
        assert open_sockets(app) == 0

    run(app, talk)


def test_messages_may_end_the_connection(app):
    """With ``on_invalid='close'`` a refused one does, and one over ``max_length`` always; it counts bytes."""
    echo(app, on_invalid="close", max_length=30)

    async def talk(client):
        for message, code in [('{"number": "x"}', 1007), ("é" * 16, 1009), (b"{}", 1003)]:
            async with client.websocket("/echo") as socket:
                await socket.send(message)
                assert (await end_of(socket))[0] == code

    run(app, talk)


def test_binary_messages(app):
    """They are taken and sent where ``bytes`` is declared, and text is refused then."""

    @app.route("/bytes")
    class Bytes(Socket):
        @receives(bytes)
        @sends(bytes)
        async def connect(self):
            async for data in self:
                await self.send(data[::-1])

    async def talk(client):
        async with client.websocket("/bytes") as socket:
            await socket.send(b"ab")
            assert await socket.receive() == b"ba"
            await socket.send("text")
            assert (await end_of(socket))[0] == 1003

    run(app, talk)


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [(Forbidden(), 1008, "forbidden"), (ServiceUnavailable(), 1013, "service_unavailable"), (None, 4001, "why")],
)
def test_ends_by_the_handler(app, error, code, reason):
    """An HTTP error closes with the code of its kind, and ``close`` with any that an endpoint may send."""
    ends = []

    @app.route("/ends")
    class Ends(Socket):
        async def connect(self):
            if error is not None:
                raise error
            await self.close(4001, "why")
            with pytest.raises(SocketClosed):
                await self.send(1)
            ends.append("after")

    async def talk(client):
        async with client.websocket("/ends") as socket:
            assert await end_of(socket) == (code, reason)
        assert ends == ([] if error else ["after"])

    run(app, talk)


@pytest.mark.parametrize(("code", "reason"), [(1005, ""), (1006, ""), (2999, ""), (1000, "x" * 124)])
def test_closes_that_may_not_be_sent(app, code, reason):
    """They are a ``ValueError``."""

    @app.route("/ends")
    class Ends(Socket):
        async def connect(self):
            await self.close(code, reason)

    async def talk(client):
        with pytest.raises(ValueError, match="close"):
            async with client.websocket("/ends") as socket:
                assert (await end_of(socket))[0] == 1011

    run(app, talk)


@pytest.mark.parametrize("place", ["receive", "sleep", "send", "group", "loop"])
def test_a_client_that_leaves(app, place):
    """Whatever the handler awaits ends; the clean-up and the teardown run once, in the context."""
    done = []

    @app.teardown_request
    def after(error):
        done.append(("teardown", g.name))

    @app.route("/waits")
    class Waits(Socket):
        @receives()
        async def connect(self):
            g.name = request.path
            try:
                if place == "receive":
                    await self.receive()
                elif place == "sleep":
                    await asyncio.sleep(60)
                elif place == "send":
                    while True:
                        await self.send("x" * 10_000)
                elif place == "loop":
                    async for _ in self:
                        pass
                    done.append("after")
                else:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(asyncio.sleep(60))
                        async for _ in self:
                            pass
            finally:
                done.append(request.path)

    async def talk(client):
        async with client.websocket("/waits") as socket:
            await asyncio.sleep(0.05)
            assert open_sockets(app) == 1
            await socket.leave()
        assert done == [*(["after"] if place == "loop" else []), "/waits", ("teardown", "/waits")]
        assert open_sockets(app) == 0

    run(app, talk)


def test_an_unhandled_exception(app, caplog):
    """The connection closes with 1011 and the id of the request; it is logged and reported once."""
    app.config.update(TESTING=False)
    reported, ended = [], []
    app.report_error(reported.append)
    app.teardown_request(ended.append)

    @app.route("/broken")
    class Broken(Socket):
        async def connect(self):
            raise LookupError("secret")

    async def talk(client):
        async with client.websocket("/broken") as socket:
            assert await end_of(socket) == (1011, f"request_id={socket.headers['X-Request-ID']}")

    run(app, talk)
    assert [type(each) for each in (*reported, *ended)] == [LookupError, LookupError]
    assert caplog.text.count("LookupError: secret") == 1


def test_the_handshake_is_a_request(app):
    """Marks of the class, its method and its router hold, and hooks may answer in its place."""
    router = Router("api", url_prefix="/api", marks=[limit("2 per minute")])

    @router.route("/<int:number>")
    class Numbers(Socket):
        @requires(Bearer(lambda token: token or None))
        async def connect(self, number):
            await self.send([number, str(request.headers["X-Test"])])

    @router.before_request
    def redirect():
        return ("", 302, {"Location": "/elsewhere"}) if "X-Away" in request.headers else None

    app.register_router(router)
    headers = {"Authorization": "Bearer x", "X-Test": "here"}

    async def talk(client):
        assert await status_of(client, "/api/1", headers={**headers, "X-Away": "1"}) == 302
        assert await status_of(client, "/api/x", headers=headers) == 404
        assert await status_of(client, "/api/1") == 401
        async with client.websocket("/api/7", headers=headers) as socket:
            assert await socket.receive_json() == [7, "here"]
        assert await status_of(client, "/api/1", headers=headers) == 429

    run(app, talk)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 101),
        ({"Origin": "http://localhost"}, 101),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://cors.example"}, 101),
        ({"Origin": "https://setting.example"}, 101),
        ({"Origin": "https://class.example", "Sec-Fetch-Site": "cross-site"}, 101),
        ({"Origin": "https://class.example.evil"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_origins(app, headers, status):
    """Pages of the same origin, and of those that are listed; clients without an origin are not browsers."""
    app = App("sockets", static_folder=None, marks=[CORS("https://cors.example")])
    app.config.update(WEBSOCKET_ORIGINS=["https://setting.example"])

    @app.route("/echo")
    class Echo(Socket):
        origins = ("https://class.example",)

        async def connect(self):
            pass

    async def talk(client):
        assert await status_of(client, headers=headers) == status

    run(app, talk)


def test_cors_for_all_is_not_for_sockets():
    """``CORS("*")`` is for answers without cookies, and a browser sends them with a handshake."""
    app = App("sockets", static_folder=None, marks=[CORS("*")])
    echo(app)

    async def talk(client):
        assert await status_of(client, headers={"Origin": "https://any.example"}) == 403

    run(app, talk)


def test_the_session_can_be_read_alone(app):
    """What the handshake brought is there; a change would be lost, and is refused."""

    @app.route("/session")
    class Session(Socket):
        async def connect(self):
            await self.send(session["name"])
            session["name"] = "other"

    async def talk(client):
        async with client.session_transaction() as opened:
            opened["name"] = "Rex"
        with pytest.raises(RuntimeError, match="cannot be changed in an open WebSocket"):
            async with client.websocket("/session") as socket:
                assert await socket.receive_json() == "Rex"
                await end_of(socket)

    run(app, talk)


def test_no_more_than_the_cap(app):
    """One beyond ``MAX_WEBSOCKETS`` is a 503; a handshake that fails later gives its place back."""
    app.config.update(MAX_WEBSOCKETS=1)
    echo(app)

    @app.after_request
    def fail(reply):
        return (_ for _ in ()).throw(Forbidden()) if "X-Fail" in request.headers else reply

    async def talk(client):
        assert await status_of(client, headers={"X-Fail": "1"}) == 500
        async with client.websocket("/echo"):
            assert await status_of(client) == 503
        assert await status_of(client) == 101

    app.testing = False
    run(app, talk)


def test_other_views_take_no_websocket(app):
    """They answer a 400, and are not run."""
    ran = []

    @app.get("/plain")
    def plain():
        ran.append(1)
        return "plain"

    @app.route("/resource")
    class Plain(Resource):
        def get(self):
            return ran.append(1)

    async def talk(client):
        assert await status_of(client, "/plain") == await status_of(client, "/resource") == 400

    run(app, talk)
    assert ran == []


@pytest.mark.parametrize("headers", [{}, {"Upgrade": "websocket", "Connection": "Upgrade"}])
def test_wsgi(app, headers):
    """A request is a 426; the document does not list the operation."""
    echo(app)
    reply = app.test_client().get("/echo", headers=headers)
    assert (reply.status_code, reply.headers["Upgrade"], reply.json["code"]) == (426, "websocket", "upgrade_required")
    assert app.test_client().post("/echo").status_code == 405
    assert [operation.hidden for operation in app.operations if operation.endpoint == "Echo"] == [True]


def test_classes_that_are_refused(app):
    """A handler that is not asynchronous, a method for requests, a text as list, a handler that lacks a variable."""
    with pytest.raises(SetupError, match="not a coroutine function"):
        type("Wrong", (Socket,), {"connect": lambda self: None})
    with pytest.raises(SetupError, match="has the method 'get'"):
        type("Wrong", (Socket,), {"get": lambda self: None})
    with pytest.raises(SetupError, match="are lists"):
        type("Wrong", (Socket,), {"subprotocols": "v1"})
    with pytest.raises(SetupError, match="on_invalid"):
        receives(on_invalid="ignore")

    @app.route("/<name>")
    class Wrong(Socket):
        async def connect(self):
            pass

    with pytest.raises(SetupError, match="name"):
        app.freeze()


def test_nothing_is_loaded_without_a_socket():
    """An application without WebSockets imports no part of them, whatever it serves."""
    code = (
        "import sys; from framework import App; app = App('x'); app.asgi; app.test_client().get('/');"
        "print([name for name in sys.modules if 'sockets' in name and name.startswith('framework')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""The asynchronous test client: requests on the test's loop, streams, leaving, the contract, the application's life."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
import textwrap

import httpx
import pytest

from framework import (
    App,
    Bearer,
    Resource,
    Response,
    Schema,
    abort,
    arguments,
    current_user,
    fields,
    g,
    redirect,
    request,
    requires,
    response,
    session,
    stream,
)
from framework.app import StartupFailed
from framework.errors import ContractViolation, NotFound
from framework.testing import AsyncAppClient
from framework.testing import coverage as counted

THREE = '{"n":0}\n{"n":1}\n{"n":2}\n'


class Pet(Schema):
    """A pet."""

    name = fields.String(required=True)


class Notes:
    """What the application of a test has done, in order."""

    def __init__(self):
        self.lines = []
        self.began = asyncio.Event()

    def __call__(self, line):
        self.lines.append(line)


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def app(notes):
    app = App("mine")
    app.config.update(TESTING=True, SECRET_KEY="test key of the asynchronous client")

    @app.route("/pets")
    class Pets(Resource):
        @arguments(Pet)
        @response(201, Pet)
        async def post(self, pet):
            await asyncio.sleep(0)
            return pet

        @response(200, Pet(many=True))
        def get(self):
            return [{"name": "Rex"}]

    @app.get("/wrong")
    @response(200, Pet)
    async def wrong():
        return {}

    @app.get("/undeclared")
    @response(200, Pet)
    async def undeclared():
        abort(NotFound)

    @app.get("/broken")
    async def broken():
        raise LookupError("broken")

    @app.get("/slow")
    async def slow():
        notes("begins")
        notes.began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            notes("cancelled")
            raise
        finally:
            await asyncio.sleep(0.01)
            notes("cleaned up")

    @app.teardown_request
    def teardown(error):
        notes("torn down")

    @app.get("/events")
    @stream({"n": fields.Integer(required=True)})
    async def events():
        try:
            number = 0
            while True:
                yield {"n": number}
                number += 1
                await asyncio.sleep(0)
        finally:
            notes("closed")

    @app.get("/three")
    @stream({"n": fields.Integer(required=True)})
    async def three():
        for number in range(3):
            yield {"n": number}

    @app.get("/half")
    @stream({"n": fields.Integer(required=True)})
    async def half():
        yield {"n": 1}
        raise LookupError("half way")

    @app.get("/wrong-parts")
    @stream({"n": fields.Integer(required=True)})
    async def wrong_parts():
        try:
            yield {"n": 1}
            yield {}
        finally:
            notes("closed")

    @app.get("/threads")
    def threads():
        def parts():
            try:
                for number in range(100_000):
                    yield f"{number}\n" * 1000
            finally:
                notes("closed")

        return Response(parts())

    @app.get("/visits")
    async def visits():
        session["visits"] = session.get("visits", 0) + 1
        return {"visits": session["visits"]}

    @app.get("/old")
    async def old():
        return redirect("/visits")

    @app.post("/echo")
    async def echo():
        return {"sent": request.get_data(as_text=True), "type": request.content_type}

    @app.get("/me")
    async def me():
        return {"address": request.remote_addr, "root": request.root_path, "url": request.url}

    return app


def run(test):
    """Run a coroutine function as ``asyncio.run`` does, without a plugin of pytest."""
    return asyncio.run(test())


def test_a_request_and_its_reply(app):
    """Requests are answered on the loop of the test, by asynchronous and by synchronous handlers."""

    async def test():
        async with app.async_test_client() as client:
            made = await client.post("/pets", json={"name": "Rex"})
            listed = await client.get("/pets")
            refused = await client.post("/pets", json={})
        return made, listed, refused

    made, listed, refused = run(test)

    assert isinstance(made, httpx.Response)
    assert (made.status_code, made.json()) == (201, {"name": "Rex"})
    assert (listed.status_code, listed.json()) == (200, [{"name": "Rex"}])
    assert refused.status_code == 422


def test_json_goes_through_the_apps_provider(app):
    """json= is written, and a reply's JSON read, by the application's provider."""

    async def test():
        client = app.async_test_client()
        return (await client.post("/echo", json={"on": dt.date(2026, 11, 30)})).json()

    assert run(test) == {"sent": '{"on": "2026-11-30"}', "type": "application/json"}


def test_what_is_not_handled_reaches_the_test(app):
    """An uncaught exception of the application is raised by the request; without TESTING it is a 500."""

    async def test():
        with pytest.raises(LookupError, match="broken"):
            await app.async_test_client().get("/broken")
        app.testing = False
        return await app.async_test_client().get("/broken")

    assert run(test).status_code == 500


# The contract


@pytest.mark.parametrize("path", ["/wrong", "/undeclared"])
@pytest.mark.parametrize("streams", [False, True])
def test_replies_are_held_against_the_contract(app, path, streams):
    """A reply that is not as its operation declares fails the request."""

    async def test():
        async with app.async_test_client() as client:
            with pytest.raises(ContractViolation):
                if streams:
                    async with client.stream("GET", path):
                        pass
                else:
                    await client.get(path)

    run(test)


@pytest.mark.parametrize(("contract", "setting"), [(False, "raise"), (None, "off"), (None, "log")])
def test_the_contract_is_chosen_per_client(app, contract, setting):
    """``contract=False`` and the setting ``CONTRACT`` switch the check off, or let it log."""
    app.config["CONTRACT"] = setting

    async def test():
        return await app.async_test_client(contract=contract).get("/wrong")

    assert run(test).json() == {}


def test_parts_of_a_stream_are_held_against_the_contract(app, notes):
    """A part that is not as declared fails where it is read, and the stream is closed."""

    async def test():
        read = []
        async with app.async_test_client() as client:
            with pytest.raises(ContractViolation):
                async with client.stream("GET", "/wrong-parts") as reply:
                    async for line in reply.aiter_lines():
                        read.append(line)
            assert "closed" in notes.lines
        return read

    assert run(test) == ['{"n":1}']


def test_an_overridden_check_sees_each_reply(app):
    """``check_reply`` is called once for each reply, also for those between redirects."""
    seen = []

    class Seeing(AsyncAppClient):
        def check_reply(self, response, ctx, body):
            seen.append((response.status_code, ctx.request.path))
            return super().check_reply(response, ctx, body)

    app.async_test_client_class = Seeing

    async def test():
        await app.async_test_client().get("/old", follow_redirects=True)

    run(test)

    assert seen == [(302, "/old"), (200, "/visits")]


def test_answers_are_counted(app, monkeypatch):
    """The coverage of answers counts those that this client has seen."""
    monkeypatch.setattr(counted, "current", counted.Coverage())

    async def test():
        await app.async_test_client().get("/pets")

    run(test)

    seen = {(answer.method, answer.path, answer.status): row.seen for answer, row in counted.current.rows.items()}
    assert seen["GET", "/pets", 200] == 1


# Streams


def test_parts_come_as_they_are_sent(app, notes):
    """The parts of an endless stream are read one by one; the block that leaves it ends when it is cleaned up."""

    async def test():
        read = []
        async with app.async_test_client() as client:
            async with client.stream("GET", "/events") as reply:
                async for line in reply.aiter_lines():
                    read.append(line)
                    if len(read) == 3:
                        break
            after = list(notes.lines)
        return read, after

    read, after = run(test)

    assert read == ['{"n":0}', '{"n":1}', '{"n":2}']
    assert after == ["closed", "torn down"]


def test_a_stream_that_ends_is_read_to_its_end(app):
    """A finite stream is there as a whole for who asks for the whole."""

    async def test():
        async with app.async_test_client() as client:
            return (await client.get("/three")).text

    assert run(test) == THREE


def test_an_error_in_a_stream_reaches_the_test(app, notes):
    """What is raised in the middle of a stream is raised where the test reads it, once, behind the parts before it."""

    async def test():
        read = []
        async with app.async_test_client() as client, client.stream("GET", "/half") as reply:
            with pytest.raises(LookupError, match="half way"):
                async for line in reply.aiter_lines():
                    read.append(line)
        return read

    assert run(test) == ['{"n":1}']
    assert notes.lines == ["torn down"]


def test_a_stream_of_a_thread_is_left(app, notes):
    """A synchronous stream is closed as well when its client leaves, and makes no more than a connection takes."""

    async def test():
        async with app.async_test_client() as client:
            async with client.stream("GET", "/threads") as reply:
                async for _ in reply.aiter_bytes():
                    break
            return list(notes.lines)

    assert run(test) == ["closed", "torn down"]


def test_a_stream_that_nobody_closes_ends_with_the_block(app, notes):
    """The block of the client leaves what is still open."""

    async def test():
        async with app.async_test_client() as client:
            await client.send(client.build_request("GET", "/events"), stream=True)
        return list(notes.lines)

    assert run(test) == ["closed", "torn down"]


# Leaving


def test_leaving_after_some_time(app, notes):
    """A client that leaves before the answer cancels the handler; all is cleaned up when the method returns."""

    async def test():
        client = app.async_test_client()
        await client.leave_after(0.1, "GET", "/slow")
        return list(notes.lines)

    assert run(test) == ["begins", "cancelled", "cleaned up", "torn down"]


def test_leaving_at_an_event(app, notes):
    """The moment may be something to await, so that no test depends on time."""

    async def test():
        client = app.async_test_client()
        await client.leave_after(notes.began.wait(), "GET", "/slow")
        return list(notes.lines)

    assert run(test) == ["begins", "cancelled", "cleaned up", "torn down"]


def test_leaving_by_a_timeout(app, notes):
    """A request that its task gives up is a client that leaves."""

    async def test():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await app.async_test_client().get("/slow")
        return list(notes.lines)

    assert run(test) == ["begins", "cancelled", "cleaned up", "torn down"]


def test_leaving_too_late(app):
    """A test whose client was to leave before the answer fails when that comes first."""

    async def test():
        with pytest.raises(RuntimeError, match="GET /pets was answered with 200 before"):
            await app.async_test_client().leave_after(60, "GET", "/pets")

    run(test)


def test_leaving_while_the_body_is_sent(app, notes):
    """A client may leave in the middle of its body: the handler is not called with half of it."""

    async def body():
        yield b"x" * 10
        notes.began.set()
        await asyncio.sleep(60)

    async def test():
        client = app.async_test_client()
        await client.leave_after(notes.began.wait(), "POST", "/echo", content=body())
        return list(notes.lines)

    assert run(test) == []


def test_a_body_in_parts(app):
    """A body may be made by an asynchronous generator, whose own error fails the request."""

    async def body(breaks):
        yield b"one"
        await asyncio.sleep(0)
        if breaks:
            raise LookupError("no more")
        yield b"two"

    async def test():
        client = app.async_test_client()
        with pytest.raises(LookupError, match="no more"):
            await client.post("/echo", content=body(True))
        return (await client.post("/echo", content=body(False))).json()["sent"]

    assert run(test) == "onetwo"


def test_a_handler_that_ignores_its_cancellation_is_named(app):
    """A request that goes on after its client has left fails the test, and does not hang it."""
    goes_on = asyncio.Event()

    @app.get("/stubborn")
    async def stubborn():
        while not goes_on.is_set():
            try:
                await goes_on.wait()
            except asyncio.CancelledError:
                pass
        return "done"

    async def test():
        client = app.async_test_client()
        client.seconds_to_end = 0.05
        with pytest.raises(RuntimeError, match=r"still works for GET http://localhost/stubborn, 0\.05 seconds"):
            await client.leave_after(0.1, "GET", "/stubborn")
        goes_on.set()
        await asyncio.sleep(0.1)

    run(test)


# Users, sessions, environments


def test_requests_of_a_user(app):
    """``as_user`` makes a client of a user with the scopes that the credentials would have."""

    @app.get("/who")
    @requires(Bearer(verify=lambda token: None), scopes=["read"])
    async def who():
        return {"user": str(current_user)}

    async def test():
        client = app.async_test_client()
        anonymous = await client.get("/who")
        unscoped = await client.as_user("anna", scopes=["write"]).get("/who")
        return anonymous.status_code, unscoped.status_code, (await client.as_user("anna").get("/who")).json()

    assert run(test) == (401, 403, {"user": "anna"})


def test_a_user_has_cookies_of_its_own(app):
    """The cookies of a user's client start as those of the other, and go their own way."""

    async def test():
        client = app.async_test_client()
        await client.get("/visits")
        anna = client.as_user("anna")
        first, second = await anna.get("/visits"), await anna.get("/visits")
        return first.json(), second.json(), (await client.get("/visits")).json()

    assert run(test) == ({"visits": 2}, {"visits": 3}, {"visits": 2})


def test_a_session_can_be_changed_between_requests(app):
    """A session transaction reads and changes what the next request sees."""

    async def test():
        client = app.async_test_client()
        async with client.session_transaction() as kept:
            kept["visits"] = 10
        after = (await client.get("/visits")).json()
        async with client.session_transaction() as kept:
            return after, kept["visits"]

    assert run(test) == ({"visits": 11}, 11)


def test_a_csrf_token(app):
    """A token is good with the session of the client."""
    app.config["CSRF_HEADER"] = "X-CSRF-Token"

    async def test():
        client = app.async_test_client()
        token = await client.csrf_token()
        app.secret_key = None
        with pytest.raises(RuntimeError, match="SECRET_KEY"):
            await client.csrf_token()
        return token, len(client.cookies)

    token, cookies = run(test)

    assert token
    assert cookies == 1


def test_the_environment_of_requests(app):
    """``environ_base`` is below the environment of each request, whose own headers go before."""

    @app.get("/agent")
    def agent():
        return {"agent": request.user_agent.string, "user": request.remote_user, "tag": request.headers["X-Tag"]}

    async def test():
        client = app.async_test_client()
        client.environ_base.update(
            REMOTE_ADDR="192.0.2.7", REMOTE_USER="rex", HTTP_USER_AGENT="base", HTTP_X_TAG="base"
        )
        me = (await client.get("/me")).json()
        return me["address"], (await client.get("/agent", headers={"User-Agent": "own"})).json()

    assert run(test) == ("192.0.2.7", {"agent": "own", "user": "rex", "tag": "base"})


def test_addresses_come_from_the_config(app):
    """SERVER_NAME, APPLICATION_ROOT and PREFERRED_URL_SCHEME are the defaults; a whole URL goes before them."""
    app.config.update(SERVER_NAME="api.example:81", APPLICATION_ROOT="/v1", PREFERRED_URL_SCHEME="https")

    async def test():
        client = app.async_test_client()
        return (await client.get("/me")).json(), (await client.get("http://other.example/me")).json()

    own, other = run(test)

    assert (own["url"], own["root"]) == ("https://api.example:81/v1/me", "/v1")
    assert other["url"].startswith("http://other.example/")


@pytest.mark.parametrize(("fresh", "calls"), [(False, [1, 2]), (True, [1, 1])])
def test_g_below_a_pushed_context(app, fresh, calls):
    """Requests share the ``g`` of a context that the test has pushed, unless it is to be fresh."""

    @app.get("/calls")
    async def count():
        g.calls = g.get("calls", 0) + 1
        return {"calls": g.calls}

    async def test():
        with app.app_context():
            client = app.async_test_client(fresh_g=fresh)
            return [(await client.get("/calls")).json()["calls"] for _ in range(2)]

    assert run(test) == calls


def test_requests_in_parallel(app):
    """Requests of one client run at the same time, and none is mixed up."""
    waiting = []

    @app.get("/meet/<int:number>")
    async def meet(number):
        waiting.append(number)
        while len(waiting) < 20:
            await asyncio.sleep(0)
        return {"number": number, "path": request.path}

    async def test():
        async with app.async_test_client() as client:
            return await asyncio.gather(*(client.get(f"/meet/{number}") for number in range(20)))

    assert [reply.json() for reply in run(test)] == [
        {"number": number, "path": f"/meet/{number}"} for number in range(20)
    ]


# The life of the application


def test_the_block_starts_the_application_and_ends_it(app):
    """Functions of the start and the end run on the loop of the test, once; a second block starts it again."""
    seen = []

    @app.on_startup
    async def connect():
        seen.append(("start", asyncio.get_running_loop()))
        yield
        seen.append(("end", asyncio.get_running_loop()))

    async def test():
        loop = asyncio.get_running_loop()
        for _ in range(2):
            async with app.async_test_client() as client:
                assert (await client.get("/pets")).status_code == 200
                assert (await client.get("/three")).text == THREE
        assert seen == [("start", loop), ("end", loop)] * 2

    run(test)


def test_a_started_application_is_not_started_again(app):
    """The block leaves alone what it has not started."""
    seen = []
    app.on_startup(lambda: seen.append("start"))
    app.on_shutdown(lambda: seen.append("end"))
    app.startup()

    async def test():
        async with app.async_test_client() as client:
            await client.get("/pets")

    run(test)

    assert seen == ["start"]
    app.shutdown()


def test_a_start_that_fails_names_the_function(app):
    """The block raises what failed, with the name of the function and its cause."""

    @app.on_startup
    async def connect_to_nothing():
        raise LookupError("nobody there")

    async def test():
        with pytest.raises(StartupFailed, match=r"connect_to_nothing.*LookupError: nobody there") as raised:
            async with app.async_test_client():
                raise AssertionError("entered")
        assert isinstance(raised.value.__cause__, LookupError)

    run(test)


def test_an_end_that_fails_reaches_the_test(app):
    """What a function of the shutdown raises is raised by the block."""

    @app.on_shutdown
    def fall():
        raise LookupError("fell")

    async def test():
        with pytest.raises(RuntimeError, match="LookupError: fell"):
            async with app.async_test_client():
                pass

    run(test)


def test_blocks_may_follow_one_another_and_not_nest(app):
    """A client can be used in several blocks, one after the other."""

    async def test():
        client = app.async_test_client()
        for _ in range(2):
            async with client:
                assert (await client.get("/pets")).status_code == 200
                with pytest.raises(RuntimeError, match="nest"):
                    await client.__aenter__()

    run(test)


def test_streams_go_on_after_the_block(app):
    """The end of the application in a test is not the end of the process: later streams of events go on."""

    async def test():
        async with app.async_test_client():
            pass

    run(test)

    assert app.test_client().get("/three").text == THREE


# Around it


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_with_the_plugin_of_anyio(app, anyio_backend):
    """Tests that a plugin runs as coroutines use the client as it is, with a synchronous one next to it."""
    async with app.async_test_client() as client:
        assert (await client.get("/pets")).json() == [{"name": "Rex"}]
        assert app.test_client().post("/pets", json={"name": "Rex"}).json == {"name": "Rex"}


def test_the_synchronous_client_within_a_running_loop(app):
    """A test that is a coroutine, or a notebook, may call the synchronous client: handlers, hooks and streams run."""

    @app.before_request
    async def hook():
        g.seen = True

    async def test():
        client = app.test_client()
        with client:
            made = client.post("/pets", json={"name": "Rex"})
            listed = client.get("/pets")
            streamed = client.get("/three")
            return made.json, listed.json, streamed.text

    assert run(test) == ({"name": "Rex"}, [{"name": "Rex"}], THREE)


def test_the_synchronous_client_within_a_request(app):
    """A synchronous handler on an event loop may ask the application itself by the synchronous client."""

    @app.get("/asks")
    def asks():
        return app.test_client().post("/pets", json={"name": "Rex"}).json

    async def test():
        return (await app.async_test_client().get("/asks")).json()

    assert run(test) == {"name": "Rex"}


def test_without_httpx_the_error_names_it(app):
    """httpx is loaded with the client alone, and its name is in the error where it is missing."""
    script = """
        import sys

        sys.modules["httpx"] = None
        from framework import App

        app = App("mine")
        app.test_client()
        try:
            app.async_test_client()
        except ImportError as error:
            sys.stdout.write(str(error))
        """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)

    assert "pip install httpx" in ran.stdout, ran.stderr

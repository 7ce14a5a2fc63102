"""Requests on the event loop and in threads: the same answers as under WSGI, whatever runs where."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import subprocess
import sys
import threading
import time

import pytest

from framework import (
    App,
    Bearer,
    Page,
    Resource,
    Response,
    Router,
    Schema,
    after_response,
    always_after_response,
    arguments,
    current_user,
    fields,
    g,
    nonblocking,
    paginate,
    raises,
    request,
    requires,
    response,
    session,
    stream,
    wait_for,
)
from framework.errors import Conflict, NotFound
from framework.marks.base import Mark, Phase, Step
from framework.serve import Health

from .talk import MODES, Talk, ask, scope_of, serving

VARIABLE = contextvars.ContextVar("VARIABLE", default="nothing")


@pytest.fixture(params=MODES)
def mode(request):
    """How requests are run."""
    return request.param


@pytest.fixture
def app():
    app = App("roads", static_folder=None)
    app.config.update(SECRET_KEY="test key" * 8, REQUEST_ID_HEADER=None)
    app.log = []
    return app


class NumberSchema(Schema):
    """A number."""

    n = fields.Integer()


def on_loop():
    """Return whether this code runs in the thread of the event loop."""
    return threading.current_thread() is threading.main_thread()


def whole(app):
    """Register operations of all kinds."""

    @app.before_request
    def count():
        g.count = 1

    @app.after_request
    async def tell(reply):
        await asyncio.sleep(0)
        reply.headers["X-Count"] = str(g.get("count"))
        return reply

    @app.errorhandler(ZeroDivisionError)
    def divided(error):
        return {"divided": request.path}, 418

    @app.route("/pets/<int:pet_id>")
    class Pets(Resource):
        @response(200, {"id": fields.Integer(), "name": fields.String()})
        @raises(NotFound)
        async def get(self, pet_id):
            await asyncio.sleep(0)
            if pet_id == 404:
                raise NotFound("No such pet.")
            if pet_id == 500:
                raise RuntimeError
            return {"id": pet_id, "name": "Rex"}

        @arguments({"name": fields.String(required=True), "age": fields.Integer()})
        @response(201, {"name": fields.String(), "age": fields.Integer()})
        async def post(self, data, pet_id):
            return data

        @arguments({"name": fields.String(required=True)})
        @response(200, {"name": fields.String()})
        def put(self, data, pet_id):
            return data

    @app.route("/many")
    class Many(Resource):
        @paginate(Page)
        @response(200, NumberSchema(many=True))
        async def get(self):
            return [{"n": n} for n in range(30)]

    @app.get("/plain")
    async def plain():
        return "text"

    @app.get("/divided")
    async def divide():
        return 1 / 0

    @app.get("/divided/sync")
    def divide_sync():
        return 1 / 0

    @app.get("/cookie")
    async def cookie():
        session["n"] = session.get("n", 0) + 1
        return {"n": session["n"]}

    @app.get("/lines")
    @stream({"n": fields.Integer()})
    async def lines():
        for n in range(3):
            await asyncio.sleep(0)
            yield {"n": n}

    @app.get("/lines/sync")
    @stream({"n": fields.Integer()})
    def lines_sync():
        for n in range(3):
            yield {"n": n}

    @app.get("/bytes")
    async def of_bytes():
        return Response(iter([b"a", b"", b"b"]), mimetype="application/octet-stream")


REQUESTS = [
    ("/pets/1", "GET", b""),
    ("/pets/404", "GET", b""),
    ("/pets/500", "GET", b""),
    ("/pets/x", "GET", b""),
    ("/pets/1", "HEAD", b""),
    ("/pets/1", "POST", b'{"name": "Rex", "age": 3}'),
    ("/pets/1", "POST", b'{"nme": "Rex", "age": "x"}'),
    ("/pets/1", "POST", b"{"),
    ("/pets/1", "PUT", b'{"name": "Rex"}'),
    ("/pets/1", "PUT", b"[]"),
    ("/pets/1", "DELETE", b""),
    ("/pets/1", "OPTIONS", b""),
    ("/many?page=2&page_size=4", "GET", b""),
    ("/many?page=x", "GET", b""),
    ("/plain", "GET", b""),
    ("/plain", "HEAD", b""),
    ("/divided", "GET", b""),
    ("/divided/sync", "GET", b""),
    ("/lines", "GET", b""),
    ("/lines", "HEAD", b""),
    ("/lines/sync", "GET", b""),
    ("/bytes", "GET", b""),
    ("/cookie", "GET", b""),
    ("/nowhere", "GET", b""),
]


@pytest.mark.parametrize(("path", "method", "body"), REQUESTS)
def test_answers_are_those_of_wsgi(app, mode, path, method, body):
    """Status, headers and body are equal, whether the request runs on the loop, in a thread or under WSGI."""
    whole(app)
    kind = [("Content-Type", "application/json")] if body else []
    reply = app.test_client(contract=False).open(path, method=method, data=body or None, headers=kind)
    wanted = reply.status_code, sorted((name.lower(), value) for name, value in reply.headers), reply.data

    status, headers, sent = asyncio.run(ask(serving(app, mode), path, method, kind, body))

    assert (status, sent) == (wanted[0], wanted[2])
    assert [name for name, _ in headers] == [name for name, _ in wanted[1]]
    assert {name: value for name, value in headers if name != "set-cookie"} == {
        name: value for name, value in wanted[1] if name != "set-cookie"
    }


def test_where_functions_run(app):
    """An asynchronous operation is on the loop; its functions that may wait, and synchronous operations, are not."""
    seen = {}

    def note(name):
        seen[name] = on_loop()

    @app.before_request
    def plain_hook():
        note("hook")

    @app.before_request
    @nonblocking
    def quick_hook():
        note("nonblocking hook")

    @app.teardown_request
    def teardown(error):
        note("teardown")

    @app.errorhandler(Conflict)
    def conflict(error):
        note("error handler")
        return {}, 409

    def verify(token):
        note("verify")
        return token

    class Custom(Mark):
        def run(self, plan):
            yield Step(Phase.LOAD, lambda ctx, call: note("step of a mark"))

        def around(self, plan):
            @contextlib.contextmanager
            def make(ctx, call):
                note("enter")
                try:
                    yield
                finally:
                    note("leave")

            return make

    @app.get("/async")
    @requires(Bearer(verify))
    @Custom()
    async def asynchronous():
        note("handler")
        always_after_response(note, "after the response")
        raise Conflict()

    @app.get("/sync")
    def synchronous():
        note("synchronous handler")
        return {}

    @app.get("/quick")
    @nonblocking
    def quick():
        note("nonblocking handler")
        return {}

    Health(app, {"database": lambda: note("check of the health")})
    asgi = serving(app, "greenlets")

    async def main():
        await ask(asgi, "/sync")
        seen.clear()
        await ask(asgi, "/readyz")
        for path in ("/async", "/sync", "/quick"):
            await ask(asgi, path, headers=[("Authorization", "Bearer x")])

    app.config["MAX_CONCURRENT_REQUESTS"] = None
    asyncio.run(main())

    assert {name for name, is_on in seen.items() if is_on} == {"nonblocking hook", "handler", "nonblocking handler"}
    assert len(seen) == 13


def test_neighbours_take_one_hop(app):
    """Functions that follow each other run in one thread, after one hop."""
    from framework.asgi import _bridge

    threads = []
    for _ in range(5):
        app.before_request(lambda: threads.append(threading.current_thread()))

    @app.get("/")
    async def view():
        return {}

    asgi = serving(app, "greenlets")
    hops = []
    in_thread = _bridge.LoopBridge.in_thread

    async def counted(self, *args, **kwargs):
        hops.append(args)
        return await in_thread(self, *args, **kwargs)

    async def main():
        await ask(asgi, "/")
        threads.clear()
        _bridge.LoopBridge.in_thread = counted
        try:
            await ask(asgi, "/")
        finally:
            _bridge.LoopBridge.in_thread = in_thread

    asyncio.run(main())

    assert len(threads) == 5
    assert not any(thread is threading.main_thread() for thread in threads)
    assert len(hops) == 1


def test_context_variables_go_through(app, mode):
    """What one function sets, the next one sees, on the loop or in a thread, and a token is good where it was made."""

    @app.before_request
    def first():
        VARIABLE.set("hook")

    @app.before_request
    async def second():
        app.log.append(VARIABLE.get())
        VARIABLE.set("asynchronous hook")

    class Provider(Mark):
        def around(self, plan):
            @contextlib.contextmanager
            def make(ctx, call):
                app.log.append(VARIABLE.get())
                token = VARIABLE.set("provider")
                try:
                    yield
                finally:
                    VARIABLE.reset(token)

            return make

    class AsyncProvider(Mark):
        def around(self, plan):
            @contextlib.asynccontextmanager
            async def make(ctx, call):
                async with asyncio.timeout(20), asyncio.TaskGroup() as group:
                    group.create_task(asyncio.sleep(0))
                    token = VARIABLE.set(VARIABLE.get() + " twice")
                    yield
                    VARIABLE.reset(token)

            return make

    @app.after_request
    def last(reply):
        app.log.append(VARIABLE.get())
        return reply

    @app.get("/")
    @Provider()
    @AsyncProvider()
    async def view():
        app.log.append(VARIABLE.get())
        return {}

    asgi = serving(app, mode)
    assert asyncio.run(ask(asgi, "/"))[0] == 200
    assert app.log == ["hook", "asynchronous hook", "provider twice", "asynchronous hook"]


def test_the_request_is_known_in_tasks_and_threads(app, mode):
    """``request``, ``g``, ``session`` and ``current_user`` are at hand in what a handler starts."""

    def known():
        return [request.path, g.word, session["word"], current_user.upper()]

    async def task():
        await asyncio.sleep(0)
        return known()

    @app.get("/<word>")
    @requires(Bearer(lambda token: token))
    async def view(word):
        g.word = session["word"] = word
        first = asyncio.create_task(task())
        second = asyncio.to_thread(known)
        third = asyncio.to_thread(wait_for, task())
        return {"found": [*await asyncio.gather(first, second, third), known()]}

    asgi = serving(app, mode)
    status, _, body = asyncio.run(ask(asgi, "/w", headers=[("Authorization", "Bearer me")]))

    assert (status, body.count(b'["/w","w","w","ME"]')) == (200, 4)


def test_a_thousand_requests_at_once_are_not_mixed_up(app, mode):
    """Each sees its path and its variable after each wait, in handlers, hooks and streams."""

    @app.before_request
    def begin():
        VARIABLE.set(request.path)
        g.seen = []

    @app.after_request
    async def end(reply):
        await asyncio.sleep(0)
        reply.headers["X-Seen"] = ",".join({*g.seen, VARIABLE.get(), request.path})
        return reply

    @app.get("/<int:number>")
    async def view(number):
        for _ in range(3):
            await asyncio.sleep(0.001 * (number % 7))
            g.seen.append(request.path)
            g.seen.append(VARIABLE.get())
        return {"number": number}

    @app.get("/lines/<int:number>")
    @stream()
    async def lines(number):
        for _ in range(3):
            await asyncio.sleep(0.001 * (number % 5))
            yield [request.path, VARIABLE.get()]

    asgi = serving(app, mode, queue=2000)

    async def main():
        await ask(asgi, "/1")
        plain = asyncio.gather(*(ask(asgi, f"/{number}") for number in range(700)))
        streams = asyncio.gather(*(ask(asgi, f"/lines/{number}") for number in range(300)))
        return await plain, await streams

    plain, streams = asyncio.run(main())
    for number, (_, headers, body) in enumerate(plain):
        assert body.strip() == b'{"number":%d}' % number
        assert dict(headers)["x-seen"] == f"/{number}"
    for number, (_, _, body) in enumerate(streams):
        assert body.decode() == f'["/lines/{number}","/lines/{number}"]\n' * 3


PLACES = ["before", "enter", "handler", "sub", "leave", "after", "sync before", "sync handler"]


@pytest.mark.parametrize("place", PLACES)
def test_a_client_that_leaves_cancels_what_runs(app, mode, place):
    """Whatever is awaited is cancelled, then context managers are left and the teardown runs, once, waits included."""
    reached, log = asyncio.Event(), []

    async def stop(here):
        if here == place:
            reached.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                log.append("cancelled")
                raise

    @app.before_request
    async def before():
        await stop("before")

    @app.before_request
    def sync_before():
        if place == "sync before":
            wait_for(stop("sync before"))

    class Provider(Mark):
        def around(self, plan):
            @contextlib.asynccontextmanager
            async def make(ctx, call):
                await stop("enter")
                try:
                    yield
                finally:
                    await asyncio.sleep(0.001)
                    log.append("left")
                await stop("leave")

            return make

    @app.after_request
    async def after(reply):
        await stop("after")
        return reply

    @app.teardown_request
    async def teardown(error):
        await asyncio.sleep(0.001)
        log.append(f"teardown {type(error).__name__}")

    @app.get("/")
    @Provider()
    async def view():
        await stop("handler")
        await asyncio.gather(stop("sub"), asyncio.sleep(0))
        return {}

    @app.get("/sync")
    def sync_view():
        wait_for(stop("sync handler"))
        return {}

    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of("/sync" if place == "sync handler" else "/"))
        await reached.wait()
        talk.leave()
        await talk.task
        assert talk.messages == []

    asyncio.run(main())
    inside = {"handler": ["left"], "sub": ["left"], "leave": [], "after": []}.get(place, [])
    first = ["left"] if place in ("leave", "after") else []
    assert log == [*first, "cancelled", *inside, "teardown CancelledError"]


def test_a_server_that_ends_cancels_the_request(app, mode):
    """A request that its server gives up is cancelled too, and says so to the server."""
    reached, log = asyncio.Event(), []

    @app.get("/")
    async def view():
        reached.set()
        try:
            await asyncio.sleep(60)
        finally:
            log.append("cleaned up")
        return {}

    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of("/"))
        await reached.wait()
        talk.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await talk.task

    asyncio.run(main())
    assert log == ["cleaned up"]


def test_synchronous_code_may_wait_for_a_coroutine(app, mode):
    """``wait_for`` works in handlers, hooks and deferred functions, on the loop and in threads."""

    async def loop_of():
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    loops = []

    @app.before_request
    def before():
        loops.append(wait_for(loop_of()))

    @app.get("/")
    def view():
        loops.append(wait_for(loop_of()))
        after_response(lambda: loops.append(wait_for(loop_of())))
        return {}

    @app.get("/async")
    async def asynchronous():
        return {}

    asgi = serving(app, mode)

    async def main():
        await ask(asgi, "/")
        await ask(asgi, "/async")
        return asyncio.get_running_loop()

    loop = asyncio.run(main())
    assert loops == [loop] * 4


def test_waiting_on_the_loop_itself_is_refused(app, mode):
    """Code that a coroutine has called may not wait: the message names the coroutine, and what to do."""

    async def never():
        raise AssertionError

    @app.get("/")
    async def view():
        with pytest.raises(RuntimeError, match=r"'.*never', which could then never run.*await asyncio\.to_thread"):
            wait_for(never())
        return {}

    @app.get("/task")
    async def in_task():
        async def work():
            with pytest.raises(RuntimeError, match="never"):
                wait_for(never())

        await asyncio.create_task(work())
        return {}

    asgi = serving(app, mode)
    assert asyncio.run(ask(asgi, "/"))[0] == 200
    assert asyncio.run(ask(asgi, "/task"))[0] == 200


def test_too_many_requests_for_the_threads(app):
    """One that finds neither a thread nor a place in the queue is a 503 at once; those on the loop are not counted."""
    free = threading.Event()

    @app.get("/sync")
    def view():
        free.wait(30)
        return {}

    @app.get("/async")
    async def asynchronous():
        return {}

    asgi = serving(app, "greenlets", threads=2, queue=1)

    async def main():
        await ask(asgi, "/nowhere")
        waiting = [Talk(asgi, scope_of("/sync")) for _ in range(3)]
        await asyncio.sleep(0)
        status, headers, _ = await ask(asgi, "/sync")
        assert (status, dict(headers)["retry-after"]) == (503, "1")
        assert (await ask(asgi, "/async"))[0] == 200
        free.set()
        await asyncio.gather(*(talk.task for talk in waiting))
        assert [talk.answer[0] for talk in waiting] == [200] * 3
        assert (await ask(asgi, "/sync"))[0] == 200

    asyncio.run(main())


def test_middleware_of_wsgi_sees_the_request(app, mode):
    """What is put around ``wsgi_app`` works on both protocols, for streams too."""
    whole(app)

    class Upper:
        def __init__(self, inner):
            self.inner = inner

        def __call__(self, environ, start_response):
            environ["HTTP_X_SEEN"] = "1"
            parts = self.inner(environ, start_response)
            try:
                for part in parts:
                    yield part.upper()
            finally:
                getattr(parts, "close", bool)()

    @app.get("/seen")
    async def seen():
        return {"seen": request.headers["X-Seen"]}

    app.wsgi_app = Upper(app.wsgi_app)
    asgi = serving(app, mode)

    assert asyncio.run(ask(asgi, "/seen"))[2].strip() == b'{"SEEN":"1"}'
    assert asyncio.run(ask(asgi, "/lines"))[2] == b'{"N":0}\n{"N":1}\n{"N":2}\n'


def test_routers_hooks_and_versions(app, mode):
    """Hooks of routers, an overridden ``dispatch_request`` and decorated classes run where they may wait."""
    router = Router("inner", __name__, url_prefix="/inner")
    log = []

    @router.before_request
    def before():
        log.append(on_loop())

    def decorate(function):
        def decorated(*args, **kwargs):
            log.append(on_loop())
            return app.ensure_sync(function)(*args, **kwargs)

        return decorated

    @router.route("/pets")
    class Pets(Resource):
        decorators = [decorate]

        async def get(self):
            log.append(on_loop())
            return {}

    app.register_router(router)
    asgi = serving(app, mode)

    async def main():
        await ask(asgi, "/inner/pets")
        log.clear()
        assert (await ask(asgi, "/inner/pets"))[0] == 200

    asyncio.run(main())
    assert log == [False, False, True]


def test_a_blocking_call_is_noticed_in_debug_mode(app, mode, caplog):
    """A coroutine that holds the loop up is named with its place; one that waits is not."""
    app.debug = True

    @app.get("/blocks")
    async def blocks():
        await asyncio.sleep(0)
        time.sleep(0.15)
        await asyncio.sleep(0)
        return {}

    @app.get("/waits")
    async def waits():
        await asyncio.sleep(0.15)
        return {}

    asgi = serving(app, mode)
    assert asyncio.run(ask(asgi, "/waits"))[0] == asyncio.run(ask(asgi, "/blocks"))[0] == 200
    (text,) = [record.getMessage() for record in caplog.records if "held the event loop up" in record.getMessage()]
    assert "blocks (" in text
    assert "test_roads.py:" in text
    assert "asyncio.to_thread" in text


def test_without_greenlet_everything_runs_in_threads(tmp_path):
    """The library is optional: the answers are the same, and asking for greenlets says what to install."""
    program = tmp_path / "program.py"
    program.write_text(
        """
import asyncio, sys
sys.modules["greenlet"] = None
from framework import App
from framework.asgi import ASGI

app = App("without", static_folder=None)

@app.get("/")
async def view():
    await asyncio.sleep(0)
    return {"answer": 42}

try:
    ASGI(app, greenlets=True)
except ImportError as error:
    assert "pip install greenlet" in str(error)
else:
    raise AssertionError

async def main():
    sent = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    await app.asgi(scope, receive, send)
    print(sent[0]["status"], sent[1]["body"])

asyncio.run(main())
"""
    )
    ran = subprocess.run([sys.executable, "-W", "error", str(program)], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("200 b'{\"answer\":42}\\n'\n", "")

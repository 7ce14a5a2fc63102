"""``Mark.around``: what a mark takes for a request it gives back, however the handler ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import io
import itertools
import sys
import threading
import time
import types
import weakref

import pytest
import sqlalchemy as sa
from marshmallow import post_dump
from werkzeug.test import EnvironBuilder

from framework import (
    App,
    Resource,
    Response,
    Router,
    Schema,
    abort,
    arguments,
    errors,
    etag,
    events,
    fields,
    got_request_exception,
    idempotent,
    loads,
    request,
    response,
    session,
    stream,
)
from framework.errors import SetupError
from framework.marks.base import Mark, Phase, ReplyStep, Step, ValueStep
from framework.sessions import SecureCookieSessionInterface
from framework.stores.base import ValueTooLarge
from framework.stores.memory import MemoryStore
from framework.views import MethodView, View
from tests.servers import free_port, postgres_server, running

KEY = {"Idempotency-Key": "k"}


class around(Mark):
    """Notes when it is entered, and how it is left."""

    def __init__(self, seen, name="", phase=Phase.LOAD, raises=None):
        self.seen = seen
        self.name = name
        self.around_phase = phase
        self.raises = raises

    def around(self, plan):
        return lambda ctx, call: self.manager(call)

    @contextlib.contextmanager
    def manager(self, call):
        self.seen.append(f"enter {self.name}".strip())
        error = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            status = None if call.reply is None else call.reply.status_code
            how = status if error is None else type(error).__name__
            self.seen.append(f"leave {self.name} {how}".replace("  ", " "))
            if self.raises is not None:
                raise self.raises


class noted(Mark):
    """Notes when a step of a phase runs; it may raise there."""

    def __init__(self, seen, phase, raises=None):
        self.seen = seen
        self.phase = phase
        self.raises = raises

    def run(self, plan):
        def note(*args):
            self.seen.append(self.phase.name)
            if self.raises is not None:
                raise self.raises

        if self.phase == Phase.HANDLER:
            yield ValueStep(note)
        else:
            yield (Step if self.phase < Phase.HANDLER else ReplyStep)(self.phase, note)


class NotedStore(MemoryStore):
    """Notes when a record takes the place of another."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def replace(self, *args):
        self.seen.append("kept")
        return super().replace(*args)

    def delete(self, *args):
        self.seen.append("released")
        return super().delete(*args)


class NotedSessions(SecureCookieSessionInterface):
    """Notes when the session is saved."""

    def save_session(self, app, session, response):
        app.extensions["seen"].append("session")
        super().save_session(app, session, response)


def served(app, method="POST", path="/", headers=None, seen=None):
    """One request, as a server sends it: status and body; ``seen`` gets the moment of the first byte."""

    def start(status, headers, exc_info=None):
        (seen if seen is not None else []).append("first byte")
        started.append(status)

    started = []
    body = app(EnvironBuilder(path, method=method, headers=headers).get_environ(), start)
    try:
        return int(started[0][:3]), b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()


def one(view, *marks, rule="/", methods=("POST",), **settings):
    """An application with one operation."""
    app = App(__name__)
    app.config.update(settings)
    for mark in reversed(marks):
        view = mark(view)
    app.add_url_rule(rule, "view", view, methods=list(methods))
    return app


# The order


@pytest.mark.parametrize("order", [*itertools.permutations(range(5))], ids=lambda order: "".join(map(str, order)))
def test_the_order_is_fixed(order):
    """Handler, dump, clean-up in reverse, the kept answer, ETag and headers, hooks, session, first byte."""
    seen = []

    class Shown(Schema):
        name = fields.String()

        @post_dump
        def note(self, data, **kwargs):
            seen.append("dump")
            return data

    def version(value):
        seen.append("ETag")
        return 1

    def view():
        seen.append("handler")
        session["a"] = 1
        return {"name": "a"}

    marks = [
        around(seen, "early", Phase.PREFLIGHT),
        around(seen, "late", Phase.HANDLER),
        idempotent(store=NotedStore(seen)),
        etag(version=version),
        noted(seen, Phase.HEADERS),
    ]
    app = one(view, *(marks[each] for each in order), response(201, Shown), SECRET_KEY="k")
    app.extensions["seen"] = seen
    app.session_interface = NotedSessions()

    @app.after_request
    def after(reply):
        seen.append("after_request")
        return reply

    status, _ = served(app, headers=KEY, seen=seen)
    assert status == 201
    second = seen.index("kept", seen.index("kept") + 1)  # the ETag is added to what was kept
    assert seen.index("ETag") < second < seen.index("after_request")
    del seen[second]
    assert seen == [
        *("enter early", "enter late", "handler", "dump", "leave late 201", "leave early 201", "kept"),
        *("ETag", "HEADERS", "after_request", "session", "first byte"),
    ]


def test_phases_order_what_is_entered():
    """They are entered before the steps of their phase, the outermost mark first in one phase, and left in reverse."""
    seen = []
    marks = [
        around(seen, "handler", Phase.HANDLER),
        around(seen, "outer"),
        noted(seen, Phase.LOAD),
        noted(seen, Phase.INPUTS),
        noted(seen, Phase.HANDLER),
        noted(seen, Phase.OUTCOME),
        around(seen, "inner"),
        around(seen, "inputs", Phase.INPUTS),
        arguments({"a": fields.Integer()}, location="query"),
    ]
    status, _ = served(one(lambda data: {"ok": True}, *marks, response(200)))

    assert status == 200
    assert seen == [
        *("enter inputs", "INPUTS", "enter outer", "enter inner", "LOAD", "enter handler", "HANDLER"),
        *("leave handler 200", "leave inner 200", "leave outer 200", "leave inputs 200", "OUTCOME"),
    ]


def test_marks_of_class_router_and_application():
    """Marks of the application are entered before those of router, class and handler."""
    seen = []
    app = App(__name__, marks=[around(seen, "app")])
    router = Router("r", url_prefix="/r", marks=[around(seen, "router")])

    @router.route("/a")
    @around(seen, "class")
    class Thing(Resource):
        @around(seen, "method")
        @response(200)
        def get(self):
            return 1

    app.register_router(router)
    assert served(app, "GET", "/r/a")[0] == 200
    names = ["app", "router", "class", "method"]
    assert seen == [*(f"enter {name}" for name in names), *(f"leave {name} 200" for name in reversed(names))]


# How it ends


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda: ({}, 404), 404),
        (lambda: Response("x", 409), 409),
        (lambda: Response("x", 500), 500),
        (lambda: "text", 200),
        (lambda: ("", 204), 204),
        (lambda: errors.NotFound(), 404),
        (lambda: lambda environ, start: [start("418 X", []), b""][1:], 418),
    ],
    ids=["404", "409", "500", "text", "204", "error", "wsgi"],
)
@pytest.mark.parametrize("marks", [(), (noted([], Phase.HEADERS),)], ids=["alone", "with"])
def test_a_returned_answer_is_an_answer(answer, status, marks):
    """Whatever its status, what a handler returns is an answer, which the context manager can look at."""
    seen = []

    assert served(one(answer, around(seen), *marks))[0] == status
    assert seen == ["enter", f"leave {status}"]


def handling(error):
    """What answers an error, for ``errorhandler``."""
    return {"why": type(error).__name__}, 418


@pytest.mark.parametrize("error", [errors.Conflict(), ValueError("x"), StopIteration()], ids=["409", "value", "stop"])
@pytest.mark.parametrize("propagates", [False, True])
def test_a_raised_error_is_an_exception(error, propagates):
    """An exception, an HTTP error included, is thrown into it before an error handler is called."""
    seen = []

    def view():
        raise error

    app = one(view, around(seen), PROPAGATE_EXCEPTIONS=propagates)

    @app.errorhandler(type(error))
    def handle(error):
        seen.append("error handler")
        return handling(error)

    assert served(app)[0] == 418
    assert seen == ["enter", f"leave {type(error).__name__}", "error handler"]


def test_an_exception_that_reaches_the_server():
    """Where exceptions are propagated it is left all the same."""
    seen = []
    app = one(lambda: 1 / 0, around(seen), PROPAGATE_EXCEPTIONS=True)

    with pytest.raises(ZeroDivisionError):
        served(app)
    assert seen == ["enter", "leave ZeroDivisionError"]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_ends_the_process(kind, store):
    """``SystemExit`` and its like run the clean-up, go on, and give an idempotency key back."""
    seen, ways = [], [kind()]

    def view():
        if ways:
            raise ways.pop()
        return {}

    app = one(view, around(seen), idempotent(store=store))
    with pytest.raises(kind):
        served(app, headers=KEY)

    assert seen == ["enter", f"leave {kind.__name__}"]
    assert served(app, headers=KEY)[0] == 200


def test_a_value_that_cannot_be_sent():
    """The dump belongs to it: a value that cannot be dumped, or is not an answer at all, is an exception."""
    seen = []
    declared = one(lambda: {"at": object()}, around(seen), response(200, {"at": fields.Integer(required=True)}))
    plain = one(lambda: None, around(seen))

    assert (served(declared)[0], served(plain)[0]) == (500, 500)
    assert [event for event in seen if event != "enter"] == ["leave TypeError", "leave TypeError"]


@pytest.mark.parametrize("phase", [Phase.IDEMPOTENCY, Phase.LOAD, Phase.PERMISSION])
def test_a_step_that_raises(phase):
    """What was entered before a step that raises is left; what comes later is not entered."""
    seen = []
    marks = [
        around(seen, "before", Phase.CSRF),
        noted(seen, phase, raises=errors.Forbidden()),
        around(seen, "after", Phase.HANDLER),
    ]

    assert served(one(lambda: {"ok": True}, *marks))[0] == 403
    assert seen == ["enter before", phase.name, "leave before Forbidden"]


def test_a_step_that_answers():
    """The answer of a step before the handler is an answer; what comes after it is not entered."""
    seen = []

    class cached(Mark):
        def run(self, plan):
            yield Step(Phase.LOAD, lambda ctx, call: Response("kept", 203))

    marks = [around(seen, "before"), cached(), around(seen, "after", Phase.HANDLER)]

    assert served(one(lambda: {"ok": True}, *marks)) == (203, b"kept")
    assert seen == ["enter before", "leave before 203"]


def test_what_cannot_be_entered():
    """Where one cannot be entered, those before it are left with its exception."""
    seen = []

    class broken(Mark):
        def around(self, plan):
            @contextlib.contextmanager
            def make(ctx, call):
                raise errors.Locked()
                yield

            return make

    assert served(one(lambda: {"ok": True}, around(seen, "outer"), broken(), around(seen, "inner")))[0] == 423
    assert seen == ["enter outer", "leave outer Locked"]


def test_the_outer_sees_what_the_inner_raised():
    """An exit that raises is an exception for those outside of it, with the first one as its context."""
    seen, failed, found = [], RuntimeError("inner"), []
    marks = [
        around(seen, "outer", raises=LookupError("outer")),
        around(seen, "middle"),
        around(seen, "inner", raises=failed),
    ]

    def view():
        if len(found) == 1:
            raise ValueError("handler")
        return {}

    app = one(view, *marks)
    app.errorhandler(LookupError)(lambda error: found.append(error) or handling(error))

    assert [served(app)[0], served(app)[0]] == [418, 418]
    assert seen[3:6] == ["leave inner 200", "leave middle RuntimeError", "leave outer RuntimeError"]
    assert seen[9:12] == ["leave inner ValueError", "leave middle RuntimeError", "leave outer RuntimeError"]
    assert found[0].__context__ is failed
    assert found[1].__context__ is failed
    assert [str(found[1].__context__.__context__)] == ["handler"]


def test_swallowing_is_an_error(caplog):
    """A context manager that swallows an exception leaves nothing to answer with: an error names it and its place."""
    seen = []

    class silent(Mark):
        def around(self, plan):
            return lambda ctx, call: contextlib.suppress(BaseException)

    app = one(lambda: 1 / 0, around(seen), silent())
    assert served(app)[0] == 500
    assert seen == ["enter", "leave RuntimeError"]
    error = caplog.records[-1].exc_info[1]
    assert "silent" in str(error)
    assert f"{__file__}:" in str(error)
    assert isinstance(error.__cause__, ZeroDivisionError)

    def leave():
        sys.exit(3)

    with pytest.raises(SystemExit) as caught:
        served(one(leave, around(seen), silent()))
    assert caught.value.code == 3
    assert "silent" in caught.value.__notes__[0]
    assert seen[-1] == "leave SystemExit"


def test_an_answer_that_is_not_sent_is_closed(caplog):
    """Where the clean-up fails, the answer that was made is closed; what closing raises is logged."""
    closed = []

    def close():
        closed.append(1)
        raise ValueError("No.")

    def view():
        reply = Response(iter(["a"]))
        reply.call_on_close(close)
        return reply

    assert served(one(view, around([], raises=OSError("away"))))[0] == 500
    assert closed == [1]
    assert "could not be closed" in caplog.text


@pytest.mark.parametrize("way", ["none", "sync", "exit", "swallow"])
def test_an_exception_leaves_no_garbage(way):
    """What a handler or an exit raises is gone when it was answered, without the garbage collector."""
    made = []

    class Failed(ValueError):
        """One that can be watched."""

    def plain():
        return with_around(lambda ctx, call: contextlib.closing(io.StringIO()))

    def remember(error):
        made.append(weakref.ref(error))
        return error

    def view():
        if way != "exit":
            raise remember(Failed("handler"))
        return {}

    class failing(Mark):
        def around(self, plan):
            @contextlib.contextmanager
            def make(ctx, call):
                yield
                raise remember(Failed("exit"))

            return make

    marks = {
        "none": [],
        "sync": [plain(), plain()],
        "exit": [plain(), failing(), plain()],
        "swallow": [plain(), with_around(lambda ctx, call: contextlib.suppress(ValueError))],
    }
    app = one(view, *marks[way])
    app.errorhandler(ValueError)(handling)
    app.errorhandler(RuntimeError)(handling)
    served(app)
    gc.collect()
    gc.disable()
    try:
        assert served(app)[0] == 418
        assert [each() for each in made] == [None, None]
    finally:
        gc.enable()


# Where


@pytest.mark.parametrize("base", [View, MethodView, Resource])
@pytest.mark.parametrize("decorated", [False, True])
def test_classes(base, decorated):
    """It is around the methods of each kind of class, also under decorators of another kind."""
    seen = []

    class Thing(base):
        decorators = [lambda view: lambda *args, **kwargs: view(*args, **kwargs)] if decorated else []

        def dispatch_request(self, **kwargs):
            if base is View:
                seen.append("handler")
                return {}
            return super().dispatch_request(**kwargs)

        def get(self):
            seen.append("handler")
            return {}

    if base is View:
        Thing = around(seen)(Thing)
    else:
        Thing.get = around(seen)(Thing.get)
    app = App(__name__)
    app.add_url_rule("/", view_func=Thing.as_view("thing"))

    assert served(app, "GET")[0] == 200
    assert seen == ["enter", "handler", "leave 200"]


def test_a_class_that_goes_past_it():
    """An overridden ``dispatch_request`` that answers by itself is refused, as it passes by the lock."""

    @around([])
    class Thing(MethodView):
        def dispatch_request(self, **kwargs):
            return {}

        def get(self):
            return {}

    app = App(__name__)
    app.add_url_rule("/", view_func=Thing.as_view("thing"))

    with app.test_request_context("/"), pytest.raises(TypeError, match="marks"):
        app.dispatch_request()


def test_a_class_of_two_paths():
    """It is around the methods of the list and of the item."""
    seen = []
    app = App(__name__)

    @app.route("/things", "/things/<int:number>")
    @around(seen)
    class Things(Resource):
        @response(200)
        def list(self):
            return []

        @response(200)
        def show(self, number):
            return number

    assert [served(app, "GET", path)[0] for path in ("/things", "/things/1")] == [200, 200]
    assert seen == ["enter", "leave 200"] * 2


def test_methods_without_a_handler_of_their_own():
    """HEAD is the GET, with all around it; an automatic OPTIONS and a 405 serve no operation."""
    seen = []
    app = one(lambda: {"ok": True}, around(seen), methods=["GET"])

    assert [served(app, method)[0] for method in ("HEAD", "OPTIONS", "DELETE")] == [200, 200, 405]
    assert seen == ["enter", "leave 200"]


@pytest.mark.parametrize("name", ["dispatch_request", "full_dispatch_request"])
def test_by_hand(name):
    """A request that is run in a test's context has it too."""
    seen = []
    app = one(lambda: {"ok": True}, around(seen))
    with app.test_request_context("/", method="POST"):
        reply = getattr(app, name)()

    assert reply.status_code == 200
    assert seen == ["enter", "leave 200"]


@pytest.mark.parametrize("mark", [stream(), events(keep_alive=None), events()], ids=["stream", "events", "pump"])
def test_streams_come_after(mark):
    """What is made while it is sent is made after the clean-up; an error there reaches no context manager."""
    seen = []

    def view():
        seen.append("begun")
        yield "a"
        raise ValueError("late")

    reply = one(view, around(seen), mark)
    with contextlib.suppress(ValueError):
        served(reply)
    assert seen == ["enter", "leave 200", "begun"]


def test_generators_come_after():
    """The bytes of a plain view's generator come after it as well."""
    seen = []

    def view():
        return Response(seen.append("byte") or part for part in ["a", "b"])

    assert served(one(view, around(seen))) == (200, b"ab")
    assert seen == ["enter", "leave 200", "byte", "byte"]


# Asynchronous


class awaited(Mark):
    """An asynchronous context manager around the handler."""

    def __init__(self, seen):
        self.seen = seen

    def around(self, plan):
        @contextlib.asynccontextmanager
        async def make(ctx, call):
            self.seen.append("enter")
            try:
                yield
            except BaseException as error:
                self.seen.append(f"leave {type(error).__name__}")
                raise
            else:
                self.seen.append(f"leave {call.reply.status_code}")

        return make


class AwaitedObject:
    """One whose methods are no coroutine functions, as some libraries have them."""

    def __init__(self, seen):
        self.seen = seen

    def __aenter__(self):
        return self.note("enter")

    def __aexit__(self, kind, error, tb):
        return self.note(f"leave {200 if kind is None else kind.__name__}")

    async def note(self, text):
        self.seen.append(text)


class awaited_object(awaited):
    """The same by an object, which an ``async def`` makes."""

    def around(self, plan):
        async def make(ctx, call):
            return AwaitedObject(self.seen)

        return make


class Bridged(App):
    """Notes what goes through the bridge."""

    def async_to_sync(self, func):
        self.extensions.setdefault("bridged", []).append(func)
        return super().async_to_sync(func)


class Simple(Bridged):
    """Another bridge, which knows nothing of asgiref."""

    def async_to_sync(self, func):
        self.extensions.setdefault("bridged", []).append(func)
        return lambda *args: asyncio.run(func(*args))


@pytest.mark.parametrize("kind", [Bridged, Simple], ids=["asgiref", "other"])
@pytest.mark.parametrize("mark", [around, awaited, awaited_object])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("error", [None, ValueError, StopIteration, SystemExit])
def test_asynchronous(kind, mark, is_async, error):
    """Handlers and context managers may be asynchronous, each by itself; both go through ``App.async_to_sync``."""
    if is_async and error in (StopIteration, SystemExit):
        error = LookupError  # no coroutine raises these through an event loop
    seen = []

    def view():
        seen.append(request.method)
        if error is not None:
            raise error()
        return {}

    async def coroutine():
        await asyncio.sleep(0)
        return view()

    app = kind(__name__)
    outer, inner = around(seen, "outer"), around(seen, "inner")
    app.add_url_rule("/", "view", outer(mark(seen)(inner(coroutine if is_async else view))))
    if error is SystemExit:
        with pytest.raises(SystemExit):
            served(app, "GET")
    else:
        assert served(app, "GET")[0] == (200 if error is None else 500)
    end = "200" if error is None else error.__name__
    assert seen == [
        "enter outer",
        "enter",
        "enter inner",
        "GET",
        f"leave inner {end}",
        f"leave {end}",
        f"leave outer {end}",
    ]
    assert bool(app.extensions.get("bridged")) is (is_async or mark is not around)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_one_event_loop(is_async):
    """An asynchronous handler runs in the loop of the context manager around it, and in the thread of its request."""
    loops, threads = [], []

    class looped(Mark):
        def around(self, plan):
            @contextlib.asynccontextmanager
            async def make(ctx, call):
                loops.append(asyncio.get_running_loop())
                task = asyncio.create_task(asyncio.sleep(20))
                yield
                assert not task.done()
                task.cancel()
                loops.append(asyncio.get_running_loop())

            return make

    async def coroutine():
        loops.append(asyncio.get_running_loop())
        return {}

    def view():
        threads.append(threading.get_ident())
        return {}

    assert served(one(coroutine if is_async else view, looped(), looped()))[0] == 200
    assert len({*loops}) == (1 if is_async else len({*loops}))
    assert threads == ([] if is_async else [threading.get_ident()])
    assert len(loops) == 4 + is_async


@pytest.mark.parametrize("error", [None, ValueError("handler")])
def test_an_asynchronous_exit_that_raises(error):
    """What it raises is thrown into those outside of it, and an answer that was made is closed."""
    seen, closed, found = [], [], []

    class Failing:
        async def __aenter__(self):
            pass

        async def __aexit__(self, *exception):
            raise LookupError("away")

    def view():
        if error is not None:
            raise error
        reply = Response(iter(["a"]))
        reply.call_on_close(lambda: closed.append(1))
        return reply

    app = one(view, around(seen, "outer"), with_around(lambda ctx, call: Failing()), around(seen, "inner"))
    app.errorhandler(LookupError)(lambda error: found.append(error) or handling(error))

    assert served(app)[0] == 418
    end = "200" if error is None else "ValueError"
    assert seen[2:] == [f"leave inner {end}", "leave outer LookupError"]
    assert found[0].__context__ is error
    assert closed == ([1] if error is None else [])


@pytest.mark.parametrize("error", [None, ValueError])
def test_an_asynchronous_one_that_fails(error, caplog):
    """One that cannot be entered, or swallows, is an error that those outside of it see."""
    seen = []

    class odd(Mark):
        def around(self, plan):
            @contextlib.asynccontextmanager
            async def make(ctx, call):
                if error is None:
                    raise errors.Locked()
                with contextlib.suppress(error):
                    yield

            return make

    def view():
        raise error()

    assert served(one(view, around(seen, "outer"), odd(), around(seen, "inner")))[0] == (423 if error is None else 500)
    if error is None:
        assert seen == ["enter outer", "leave outer Locked"]
    else:
        assert seen[2:] == ["leave inner ValueError", "leave outer RuntimeError"]
        assert "odd" in str(caplog.records[-1].exc_info[1])


# Idempotency


class committing(Mark):
    """A transaction whose commit may fail."""

    def __init__(self, outcomes):
        self.outcomes = outcomes

    def around(self, plan):
        @contextlib.contextmanager
        def make(ctx, call):
            yield
            error = self.outcomes.pop(0) if self.outcomes else None
            if error is not None:
                raise error

        return make


@pytest.mark.parametrize("phase", [Phase.PREFLIGHT, Phase.HANDLER])
@pytest.mark.parametrize("handler", [None, handling], ids=["500", "handled"])
def test_a_commit_that_fails_gives_the_key_back(phase, handler, store):
    """The answer to a failed commit is not kept, whatever error handlers make of it: the handler runs again."""
    carried_out = []

    def view():
        carried_out.append(1)
        return {"number": len(carried_out)}

    commit = committing([LookupError("serialization failure"), None, None])
    commit.around_phase = phase
    app = one(view, commit, idempotent(store=store), response(201))
    if handler is not None:
        app.errorhandler(LookupError)(handler)
    first, second, third = (app.test_client(contract=False).post("/", headers=KEY) for _ in range(3))

    assert first.status_code == (500 if handler is None else 418)
    assert (second.status_code, second.json, "Idempotency-Replayed" in second.headers) == (201, {"number": 2}, False)
    assert (third.json, third.headers["Idempotency-Replayed"], len(carried_out)) == ({"number": 2}, "true", 2)


def test_a_commit_that_fails_where_exceptions_are_propagated(store):
    """In test mode, where no answer is made, the key is given back too."""
    carried_out = []
    commit = committing([LookupError("away")])
    app = one(lambda: carried_out.append(1) or {}, commit, idempotent(store=store), response(201), TESTING=True)

    with pytest.raises(LookupError):
        served(app, headers=KEY)
    assert served(app, headers=KEY)[0] == 201
    assert len(carried_out) == 2


@pytest.mark.parametrize("place", ["error handler", "after_request"])
def test_an_error_on_the_way_out_gives_the_key_back(place, store):
    """A handler's error whose error handler fails in turn has no answer: where that is propagated, the key is free."""
    carried_out, broken = [], [True]

    def view():
        carried_out.append(1)
        if len(carried_out) == 1:
            raise errors.Conflict()
        return {}

    app = one(view, idempotent(store=store), TESTING=True)

    @app.errorhandler(errors.Conflict)
    def handle(error):
        if place == "error handler":
            raise ValueError("broken")
        return {}, 500

    @app.after_request
    def after(reply):
        if place == "after_request" and broken and broken.pop():
            raise ValueError("broken")
        return reply

    with pytest.raises(ValueError, match="broken"):
        served(app, headers=KEY)
    assert served(app, headers=KEY)[0] == 200
    assert len(carried_out) == 2


@pytest.mark.parametrize("kind", ["enter", "raise", "return"])
def test_what_is_refused_right_before_the_handler_is_not_kept(kind):
    """Up to the handler a refusal does not use the key up: by what cannot be entered, and by a step of any phase."""
    refusing, carried_out = [True, False], []

    class busy(Mark):
        def refuse(self, ctx, call):
            if refusing.pop(0):
                if kind == "return":
                    return Response("busy", 409)
                raise errors.Conflict()
            return contextlib.nullcontext() if kind == "enter" else None

        def run(self, plan):
            if kind != "enter":
                yield Step(Phase.PRECONDITION, self.refuse)

        def around(self, plan):
            self.around_phase = Phase.HANDLER
            return self.refuse if kind == "enter" else None

    app = one(lambda: carried_out.append(1) or {"a": 1}, idempotent(), busy())
    assert [served(app, headers=KEY)[0] for _ in range(2)] == [409, 200]
    assert carried_out == [1]


@pytest.mark.parametrize("phase", [Phase.OUTCOME, Phase.ETAG, Phase.HEADERS])
def test_an_error_after_the_commit_does_not_repeat_the_work(phase, store):
    """A step that fails when the work is done makes a 500; the repetition gets the answer that was kept."""
    carried_out = []

    class failing(Mark):
        def run(self, plan):
            def fail(ctx, call, reply):
                if len(carried_out) == 1 and not reply.headers.get("Idempotency-Replayed"):
                    raise ValueError("broken")

            yield ReplyStep(phase, fail)

    app = one(lambda: carried_out.append(1) or {"a": 1}, failing(), idempotent(store=store), response(201))
    got = [app.test_client(contract=False).post("/", headers=KEY) for _ in range(2)]

    assert [reply.status_code for reply in got] == [500, 201]
    assert (got[1].json, len(carried_out)) == ({"a": 1}, 1)


@pytest.mark.parametrize("raises", [True, False])
def test_a_later_answer_leaves_what_was_kept(raises, store):
    """What a later step sends in place of the kept answer, an error of the same status too, changes nothing in it."""
    done = []

    class late(Mark):
        def run(self, plan):
            def step(ctx, call, reply):
                done.append(1)
                if len(done) > 1:
                    return None
                if raises:
                    raise errors.Conflict()
                return Response("other", 202, mimetype="text/plain")

            yield ReplyStep(Phase.OUTCOME, step)

    app = one(lambda: ({"a": 1}, 409), late(), idempotent(store=store))
    first, second = (app.test_client(contract=False).post("/", headers=KEY) for _ in range(2))

    assert first.status_code == (409 if raises else 202)
    assert (second.status_code, second.json, second.mimetype) == (409, {"a": 1}, "application/json")


def test_the_tag_of_a_kept_answer(store):
    """A repetition gets the ETag and the headers of the first answer, not those of what is there now."""
    row = types.SimpleNamespace(name="a", version=1)

    def change(found, number):
        row.version += 1
        return row

    class counted(Mark):
        def run(self, plan):
            def count(ctx, call, reply):
                if "X-Version" not in reply.headers:
                    reply.headers["X-Version"] = str(row.version)

            yield ReplyStep(Phase.OUTCOME, count)

    shown = response(200, {"name": fields.String()}, headers={"X-Version": fields.String()})
    app = one(
        change,
        *(
            loads(lambda number: row),
            etag(version="version", required=False),
            idempotent(store=store),
            counted(),
            shown,
        ),
        rule="/<int:number>",
        methods=["PATCH"],
    )
    client = app.test_client(contract=False)
    first = client.patch("/1", headers=KEY)
    row.version += 1
    second = client.patch("/1", headers=KEY)

    assert second.headers["Idempotency-Replayed"] == "true"
    assert [reply.headers["ETag"] for reply in (first, second)] == [first.headers["ETag"]] * 2
    assert [reply.headers.getlist("X-Version") for reply in (first, second)] == [["2"], ["2"]]


@pytest.mark.parametrize("version", ["version", lambda row: row.version], ids=["name", "function"])
def test_no_tag_is_made_up(version):
    """Where the ETag could not be added to a kept answer, its repetition has none."""
    row = types.SimpleNamespace(name="a", version=1)

    def change(found, number):
        row.version += 1
        return row

    class Small(MemoryStore):
        def replace(self, place, present, value, ttl):
            if b"ETag" in value:
                raise ValueTooLarge()
            return super().replace(place, present, value, ttl)

    app = one(
        change,
        *(loads(lambda number: row), etag(version=version, required=False), idempotent(store=Small())),
        response(200, {"name": fields.String()}),
        rule="/<int:number>",
        methods=["PATCH"],
    )
    client = app.test_client(contract=False)
    assert client.patch("/1", headers=KEY).headers["ETag"]
    second = client.patch("/1", headers=KEY)

    assert (second.status_code, second.json) == (200, {"name": "a"})
    assert "ETag" not in second.headers


def test_idempotent_listens_to_no_signal():
    """An application with idempotency keys adds no receiver to a global signal."""
    before = len(got_request_exception.receivers)
    one(lambda: {"ok": True}, idempotent()).freeze()

    assert len(got_request_exception.receivers) == before


# Databases


class transaction(Mark):
    """One transaction for each request, whose connection is passed to the handler."""

    def __init__(self, engine):
        self.engine = engine

    def around(self, plan):
        slot = plan.take_slot()

        @contextlib.contextmanager
        def begin(ctx, call):
            with self.engine.begin() as connection:
                call.arguments[slot] = connection
                yield

        return begin


PARENTS = "CREATE TABLE parents (id INTEGER PRIMARY KEY)"
CHILDREN = """CREATE TABLE children (
    name TEXT NOT NULL, parent INTEGER NOT NULL REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED
)"""


@pytest.fixture(scope="module")
def postgres_url():
    """A real PostgreSQL for this module."""
    with postgres_server() as url:
        yield url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    """A database with a foreign key that is checked when the transaction is committed."""
    if request.param == "sqlite":
        made = sa.create_engine(f"sqlite:///{tmp_path / 'db'}")
        sa.event.listen(made, "connect", lambda connection, record: connection.execute("PRAGMA foreign_keys = ON"))
    else:
        made = sa.create_engine(request.getfixturevalue("postgres_url"))
    with made.begin() as connection:
        for text in ("DROP TABLE IF EXISTS children", "DROP TABLE IF EXISTS parents", PARENTS, CHILDREN):
            connection.exec_driver_sql(text)
        connection.exec_driver_sql("INSERT INTO parents VALUES (1)")
    yield made
    made.dispose()


def names(engine):
    """What is in the table, for another connection."""
    with engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT name FROM children ORDER BY name")).scalars())


def family(engine, *marks):
    """An application that writes a child and then ends as its name says."""

    def view(connection, name, parent):
        connection.execute(sa.text("INSERT INTO children VALUES (:name, :parent)"), {"name": name, "parent": parent})
        if name == "exit":
            sys.exit()
        if name.startswith("raise"):
            raise errors.by_status[int(name[5:])]() if name[5:] else ValueError(name)
        return {"name": name}, int(name) if name.isdigit() else 201

    return one(view, *marks, transaction(engine), rule="/<name>/<int:parent>")


@pytest.mark.parametrize("name", ["201", "404", "409", "500"])
def test_a_transaction_is_committed(engine, name):
    """What a handler returns, a 4xx or 5xx too, commits what it has written."""
    assert served(family(engine), path=f"/{name}/1")[0] == int(name)
    assert names(engine) == [name]


@pytest.mark.parametrize("name", ["raise", "raise404", "raise409", "exit"])
def test_a_transaction_is_rolled_back(engine, name):
    """What a handler raises, ``SystemExit`` too, takes back what it has written."""
    with contextlib.suppress(SystemExit):
        assert served(family(engine), path=f"/{name}/1")[0] == int(name[5:] or 500)
    assert names(engine) == []


def test_a_transaction_that_cannot_be_committed(engine, store):
    """A constraint that fails at the commit is a 500 under the key; the repetition carries the request out."""
    app = family(engine, idempotent(store=store))

    assert served(app, path="/tom/7", headers=KEY)[0] == 500
    assert names(engine) == []
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO parents VALUES (7)")
    assert [served(app, path="/tom/7", headers=KEY)[0] for _ in range(2)] == [201, 201]
    assert names(engine) == ["tom"]


# Servers


GUNICORN = ["gunicorn", "--graceful-timeout", "1", "--log-level", "error", "--bind", "127.0.0.1:{port}"]
SERVERS = {
    "gunicorn": [*GUNICORN, "tests.marks.locked:app"],
    "gunicorn-threads": [*GUNICORN, "--threads", "4", "tests.marks.locked:app"],
    "uvicorn": ["uvicorn", "--log-level", "critical", "--port", "{port}", "tests.marks.locked:asgi_app"],
}


@pytest.mark.parametrize("server", SERVERS)
def test_a_lock_is_given_back_by_a_server(server, tmp_path):
    """Under real servers a lock is free again after each end of a handler, that of its worker too."""
    port, log = free_port(), tmp_path / "log"

    def ask(path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        with contextlib.closing(connection):
            connection.request("POST", path)
            reply = connection.getresponse()
            return reply.status, reply.read()

    command = [sys.executable, "-m", *(word.format(port=port) for word in SERVERS[server])]
    with running(command, port, log):
        for start in ("", "/async"):
            for how, status in (("work", 200), ("raise", 500), ("refuse", 409)):
                assert ask(f"{start}/{how}")[0] == status
                assert ask(f"{start}/work") == (200, b"true")
        if server == "uvicorn":
            return
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask("/exit")
        deadline = time.monotonic() + 20
        while True:
            try:
                assert ask("/work") == (200, b"true")
                break
            except OSError:
                assert time.monotonic() < deadline


# Set-up


def with_around(value, **attributes):
    """A mark with what it returns, or the function itself."""
    function = value if callable(value) and value.__name__ == "around" else lambda self, plan: value
    return type("odd", (Mark,), {"around": function, **attributes})()


def generator(ctx, call):
    yield


async def async_generator(ctx, call):
    yield


def around_generator(self, plan):
    yield


around_generator.__name__ = "around"


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (with_around(5), "returned 5 from 'around', which cannot be called"),
        (with_around(around_generator), "which cannot be called"),
        (with_around(generator), "contextlib.contextmanager"),
        (with_around(async_generator), "contextlib.asynccontextmanager"),
        (with_around(contextlib.nullcontext, around_phase=Phase.OUTCOME), "entered before it"),
        (with_around(contextlib.nullcontext, around_phase="LOAD"), "entered before it"),
    ],
)
def test_mistakes_are_found_at_start_up(mark, words):
    """What is not a function, what makes no context manager, and a phase after the handler are named with their
    place."""
    with pytest.raises(SetupError) as caught:
        one(lambda: {"ok": True}, mark).freeze()

    assert words in str(caught.value)
    assert f"{__file__}:" in str(caught.value)


def test_what_is_no_context_manager(caplog):
    """An object that cannot be entered is an error that names the mark, and those before it are left."""
    seen = []

    assert served(one(lambda: {"ok": True}, around(seen), with_around(lambda ctx, call: 5)))[0] == 500
    assert seen == ["enter", "leave TypeError"]
    assert "not a context manager" in str(caplog.records[-1].exc_info[1])


def test_none_for_an_operation():
    """A mark may have nothing around an operation: ``None``."""
    seen = []

    class writes(around):
        def around(self, plan):
            return super().around(plan) if plan.method == "POST" else None

    app = one(lambda: {"ok": True}, writes(seen), methods=["GET", "POST"])
    assert [served(app, method)[0] for method in ("GET", "POST")] == [200, 200]
    assert seen == ["enter", "leave 200"]
    assert [len(each.arounds) for each in app.operations if each.endpoint == "view"] == [0, 1]


def test_none_for_a_request():
    """The function that makes the context manager may return ``None`` for a request."""
    seen = []

    class sometimes(around):
        def around(self, plan):
            return lambda ctx, call: self.manager(call) if ctx.request.args else None

    app = one(lambda: {"ok": True}, sometimes(seen))
    client = app.test_client()
    assert [client.post(path).status_code for path in ("/", "/?a=1")] == [200, 200]
    assert seen == ["enter", "leave 200"]


def test_values_for_the_handler():
    """It may pass values by place and by name, in the order of the marks."""

    class passing(Mark):
        def __init__(self, value, name=None):
            self.value = value
            self.name = name

        def around(self, plan):
            slot = plan.take_slot() if self.name is None else None

            def make(ctx, call):
                if slot is None:
                    call.kwargs[self.name] = self.value
                else:
                    call.arguments[slot] = self.value
                return contextlib.nullcontext()

            return make

    marks = [passing("a"), arguments({"b": fields.String()}, location="query"), passing("c"), passing("d", "named")]
    app = one(lambda a, b, c, named: f"{a} {b['b']} {c} {named}", *marks, methods=["GET"])

    assert app.test_client().get("/?b=b").text == "a b c d"


def test_operations_without_one_pay_nothing():
    """An operation without a context manager runs the code that it always ran: nothing of this module is called."""
    called = set()
    app = App(__name__)
    app.add_url_rule("/with", "with", around([])(response(200)(lambda: {"ok": True})))
    app.add_url_rule("/", "view", noted([], Phase.LOAD)(response(200)(lambda: {"ok": True})))
    app.freeze()

    def profile(frame, event, arg):
        if event == "call":
            called.add(frame.f_globals["__name__"])

    for path, expected in (("/", False), ("/with", True)):
        called.clear()
        served(app, "GET", path)
        sys.setprofile(profile)
        try:
            served(app, "GET", path)
        finally:
            sys.setprofile(None)
        assert ("framework.resources.around" in called) is expected


def test_explain_shows_it(runner_of):
    """The command ``explain`` lists where each is entered and left."""
    seen = []
    app = one(lambda: {"ok": True}, around(seen, phase=Phase.PREFLIGHT), noted(seen, Phase.HEADERS), idempotent())
    said = runner_of(app)
    words = ["enter Idempotent", "enter around", "handler", "leave around", "leave Idempotent", "headers noted"]
    places = [said.index(word) for word in words]

    assert places == sorted(places)


@pytest.fixture
def runner_of():
    """What ``explain POST /`` says of an application."""
    from click.testing import CliRunner

    from framework.cli.group import FrameworkGroup

    def explain(app):
        group = FrameworkGroup(create_app=lambda: app)
        return " ".join(CliRunner().invoke(group, ["explain", "POST", "/"]).output.partition("Runs")[2].split())

    return explain


def test_abort_with_a_response():
    """``abort`` with a finished answer is raised, so it counts as an exception."""
    seen = []

    assert served(one(lambda: abort(Response("x", 203)), around(seen)))[0] == 203
    assert seen == ["enter", "leave HTTPException"]

"""``provides``: which values come, from what, in which order; and what is found when the application freezes."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import subprocess
import sys
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import EnvironBuilder

from framework import (
    App,
    Context,
    Request,
    Resource,
    Router,
    SessionAuth,
    arguments,
    current_app,
    doc,
    errors,
    fields,
    g,
    nonblocking,
    permission,
    provider,
    provides,
    raises,
    request,
    requires,
    response,
)
from framework.errors import SetupError
from framework.marks.base import Mark, Phase, Step
from framework.marks.providers import current_context, current_request, current_user_as, path_variable


@pytest.fixture
def app():
    """An application without operations, whose errors reach the tests."""
    app = App("provided", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


class Noted:
    """A context manager that notes what happens to it."""

    def __init__(self, seen=None):
        self.seen = [] if seen is None else seen

    def __enter__(self) -> str:
        self.seen.append("enter")
        return "value"

    def __exit__(self, kind, error, tb):
        self.seen.append(f"leave {None if kind is None else kind.__name__}")


class OnlyAsync:
    """An asynchronous context manager."""

    def __init__(self, seen):
        self.seen = seen

    async def __aenter__(self) -> str:
        await asyncio.sleep(0)
        self.seen.append("enter")
        return "value"

    async def __aexit__(self, kind, error, tb):
        await asyncio.sleep(0)
        self.seen.append(f"leave {None if kind is None else kind.__name__}")


def provider_of(kind, seen):
    """A provider of each kind, which notes how it is entered and left."""

    def leaves(error=None):
        seen.append(f"leave {None if error is None else type(error).__name__}")

    def generator():
        seen.append("enter")
        try:
            yield "value"
        except BaseException as error:
            leaves(error)
            raise
        leaves()

    async def async_generator():
        await asyncio.sleep(0)
        seen.append("enter")
        try:
            yield "value"
        except BaseException as error:
            await asyncio.sleep(0)
            leaves(error)
            raise
        await asyncio.sleep(0)
        leaves()

    class Made(Noted):
        def __init__(self):
            super().__init__(seen)

    class AsyncMade(OnlyAsync):
        def __init__(self):
            super().__init__(seen)

    return {
        "generator": generator,
        "async generator": async_generator,
        "contextmanager": contextlib.contextmanager(generator),
        "asynccontextmanager": contextlib.asynccontextmanager(async_generator),
        "class": Made,
        "async class": AsyncMade,
        "object": Noted(seen),
        "async object": OnlyAsync(seen),
        "partial": functools.partial(generator),
        "method": Methods(generator).open,
        "callable": Called(generator),
    }[kind]


class Methods:
    """An object with a method that provides."""

    def __init__(self, generator):
        self.generator = generator

    def open(self):
        yield from self.generator()


class Called:
    """An object that provides when it is called."""

    def __init__(self, generator):
        self.generator = generator

    def __call__(self):
        yield from self.generator()


KINDS = [
    *("generator", "async generator", "contextmanager", "asynccontextmanager", "class", "async class", "object"),
    *("async object", "partial", "method", "callable"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_each_kind_is_entered_and_left(app, kind, is_async):
    """A value with a clean-up is there for the handler, plain or asynchronous, and given back after it."""
    seen = []

    def view(value):
        seen.append(value)
        if "fail" in request.args:
            raise errors.Conflict()
        return "ok"

    async def async_view(value):
        return view(value)

    handler = raises(errors.Conflict)(response(200)(async_view if is_async else view))
    app.get("/")(provides(provider_of(kind, seen))(handler))
    client = app.test_client()

    assert client.get("/").json == "ok"
    assert seen == ["enter", "value", "leave None"]
    assert client.get("/?fail").status_code == 409
    assert seen[3:] == ["enter", "value", "leave Conflict"]


def test_plain_and_asynchronous_functions(app):
    """A function is called, a coroutine is waited for; a lambda, a class and a partial function are functions too."""

    class Clock:
        """A class without ``with`` is called like a function."""

        now = 3

    async def waiting() -> int:
        await asyncio.sleep(0)
        return 2

    @app.get("/")
    @provides(lambda: 1)
    @provides(waiting)
    @provides(Clock)
    @provides(functools.partial(int, "4"))
    @response(200)
    def view(one, two, clock, four):
        return [one, two, clock.now, four]

    assert app.test_client().get("/").json == [1, 2, 3, 4]


def test_by_position_in_the_order_of_the_marks(app):
    """Values by position come in the order of all marks, before those of the path; values by name come by name."""

    @app.post("/<int:number>")
    @provides(lambda: "first")
    @arguments({"a": fields.Integer()})
    @provides(lambda: "third")
    @provides(named=lambda: "named", other=lambda: "other")
    @response(200)
    def view(first, data, third, number, *, named, other):
        return [first, data, third, number, named, other]

    assert app.test_client().post("/5", json={"a": 1}).json == ["first", {"a": 1}, "third", 5, "named", "other"]


def test_methods_and_functions_alone(app):
    """A handler with nothing but plain providers gets their values, as a method and as a function."""

    @app.route("/class/<int:number>")
    class Thing(Resource):
        @provides(lambda: "a")
        @provides(b=lambda: "b")
        @response(200)
        def get(self, a, number, b):
            return [type(self).__name__, a, b, number]

    @app.get("/function/<int:number>")
    @provides(lambda: "a")
    @provides(b=lambda: "b")
    def view(a, number, b):
        return [a, b, number]

    client = app.test_client()
    assert client.get("/class/1").json == ["Thing", "a", "b", 1]
    assert client.get("/function/2").json == ["a", "b", 2]
    assert client.get("/function/2", headers={"X": "1"}).json == ["a", "b", 2]


def test_providers_of_providers_are_made_once_per_request(app):
    """What several need is made once for a request, before them, and given back after them."""
    seen = []

    def noted(name):
        @contextlib.contextmanager
        def manager(*needs, **named):
            seen.append(f"enter {name}")
            yield [name, *needs, *named.values()]
            seen.append(f"leave {name}")

        return manager

    base, left, right, top = map(noted, ("base", "left", "right", "top"))
    provides(base)(left)
    provides(of=base)(right)
    provides(left)(provides(right)(top))

    @app.get("/")
    @provides(top)
    @provides(base)
    @response(200)
    def view(top, base):
        seen.append("handler")
        return [top, base, top[1][1] is base, top[2][1] is base]

    for _ in range(2):
        seen.clear()
        assert app.test_client().get("/").json == [
            ["top", ["left", ["base"]], ["right", ["base"]]],
            ["base"],
            True,
            True,
        ]
        names = ["base", "left", "right", "top"]
        assert seen == [*(f"enter {n}" for n in names), "handler", *(f"leave {n}" for n in reversed(names))]


def test_classes_get_what_their_mark_gives(app):
    """A class below the mark gets the values in its constructor."""

    def open_session():
        yield "session"

    @provides(open_session)
    class Pets:
        def __init__(self, db: str) -> None:
            self.db = db

    @app.get("/")
    @provides(pets=Pets)
    @response(200)
    def view(pets: Pets):
        return pets.db

    assert app.test_client().get("/").json == "session"


def test_what_comes_from_the_request(app):
    """Variables of the path, context, request and user are providers that are built in."""
    auth = SessionAuth(lambda name: {"name": name})

    @provides(path_variable("shop_id", int))
    @provides(ctx=current_context, req=current_request, user=current_user_as(dict))
    def describe(shop_id: int, ctx: Context, req: Request, user: dict[str, str]) -> list[object]:
        return [shop_id, ctx.app.name, req.path, user["name"]]

    app.secret_key = "k"

    @app.get("/shops/<int:shop_id>")
    @requires(auth)
    @provides(describe)
    @response(200)
    def view(found):
        return found

    @app.get("/both/<int:shop_id>")
    @provides(path_variable("shop_id"))
    @provides(user=current_user_as(dict, optional=True))
    @response(200)
    def both(again, shop_id, user):
        return [again, shop_id, user]

    @app.get("/user")
    @provides(current_user_as(dict))
    @response(200)
    def lacking(user):
        return user

    client = app.test_client().as_user({"name": "Ann"})
    assert client.get("/shops/3").json == [3, "provided", "/shops/3", "Ann"]
    assert client.get("/both/4").json == [4, 4, None]
    with pytest.raises(RuntimeError, match=r"current_user_as\(dict\): the request has no user\. Put 'requires'"):
        app.test_client().get("/user")


def test_values_are_made_when_the_input_is_checked(app):
    """A request that is refused before opens nothing; a provider may refuse it itself, and what was opened is left."""
    seen = []

    @raises(errors.NotFound)
    @provides(provider_of("generator", seen))
    def find(value):
        raise errors.NotFound("Not there.")

    @app.get("/")
    @provides(find)
    @arguments({"a": fields.Integer(required=True)}, location="query")
    @response(200)
    def view(found, query):
        return found

    client = app.test_client()
    assert client.get("/").status_code == 422
    assert seen == []
    assert client.get("/?a=1").json["detail"] == "Not there."
    assert seen == ["enter", "leave NotFound"]


# Scopes


def test_scopes(app):
    """``application``: once; ``request``: once for each request; ``call``: once for each place."""
    counts = dict.fromkeys(("application", "request", "call"), 0)

    def counting(scope):
        @provider(scope=scope)
        def count():
            counts[scope] += 1
            return counts[scope]

        return count

    whole, once, each = map(counting, counts)

    @provides(whole)
    @provides(once)
    @provides(each)
    def three(*values):
        return list(values)

    @app.get("/")
    @provides(three)
    @provides(whole)
    @provides(once)
    @provides(each)
    @provides(each)
    @response(200)
    def view(*values):
        return list(values)

    client = app.test_client()
    assert client.get("/").json == [[1, 1, 1], 1, 1, 2, 3]
    assert client.get("/").json == [[1, 2, 4], 1, 2, 5, 6]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "method"])
def test_values_of_the_application_end_with_the_process(app, kind):
    """One is opened by the first request, with those that it needs, and given back at the shutdown, in reverse."""
    seen, outer = [], []

    @provider(scope="application")
    def base():
        outer.append("open")
        yield "base"
        outer.append("close")
        seen.append("base")

    def value(*args):
        return args

    scoped = provider(scope="application")(provider_of(kind, seen))
    app.get("/")(provides(base)(provides(scoped)(response(200)(value))))
    client = app.test_client()

    assert seen == outer == []
    assert [client.get("/").json, client.get("/").json] == [["base", "value"]] * 2
    assert (seen, outer) == (["enter"], ["open"])
    app.shutdown()
    assert (seen, outer) == (["enter", "leave None", "base"], ["open", "close"])
    assert client.get("/").json == ["base", "value"]
    assert outer == ["open", "close", "open"]
    app.shutdown()


def test_a_value_of_the_application_is_made_once(app):
    """Whatever number of threads ask for it at the same time, one makes it and the others wait."""
    made, barrier = [], threading.Barrier(8)

    @provider(scope="application")
    def slow():
        made.append(threading.get_ident())
        threading.Event().wait(0.05)
        return object()

    @provider(scope="application")
    @provides(slow)
    async def later(value):
        await asyncio.sleep(0.01)
        made.append(value)
        return id(value)

    @app.get("/")
    @provides(later)
    @response(200)
    def view(value):
        return value

    app.freeze()

    def ask(_):
        barrier.wait(10)
        return app.test_client().get("/").json

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(ask, range(8)))

    assert len({*values}) == 1
    assert len(made) == 2


def test_a_failure_of_a_value_of_the_application_is_not_kept(app):
    """The request that it fails in is an error, and the next one tries again."""
    failures = [LookupError("away")]

    @provider(scope="application")
    def client():
        if failures:
            raise failures.pop()
        yield "client"

    @app.get("/")
    @provides(client)
    @response(200)
    def view(client):
        return client

    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().get("/").status_code == 500
    assert app.test_client().get("/").json == "client"


def test_values_of_the_application_end_between_others(app):
    """They end before what began earlier, whether by ``on_startup`` or by themselves, and after a failed one too."""
    seen = []

    @app.on_startup
    def begin():
        seen.append("begin")
        yield
        seen.append("end")

    @provider(scope="application")
    def first():
        seen.append("first")
        yield 1
        seen.append(f"first ends in {current_app.name}")

    @provider(scope="application")
    def second():
        yield 2
        raise LookupError("second")

    @app.get("/")
    @provides(first)
    @provides(second)
    @response(200)
    def view(*values):
        return list(values)

    assert app.test_client().get("/").json == [1, 2]
    with pytest.raises(LookupError, match="second"):
        app.shutdown()
    assert seen == ["begin", "first", "first ends in provided", "end"]


def test_a_new_freeze_keeps_them(app):
    """A change of the settings builds the operations anew, and leaves what was opened for the application."""
    opened = []

    @provider(scope="application")
    def pool():
        opened.append(1)
        yield len(opened)

    @app.get("/")
    @provides(pool)
    @response(200)
    def view(value):
        return value

    client = app.test_client()
    assert client.get("/").json == 1
    app.config["OTHER"] = 1
    assert client.get("/").json == 1
    app.shutdown()


FORKED = """
import os
from framework import App, provider, provides, response

app = App("forked", static_folder=None)

def say(text):
    os.write(1, f"{text}\\n".encode())

@provider(scope="application")
def pool():
    yield os.getpid()
    say("closed by " + ("parent" if os.getpid() == parent else "child"))

@provider(scope="application")
def plain():
    return os.getpid()

@app.get("/")
@provides(pool)
@provides(plain)
@response(200)
def view(*values):
    return [value == os.getpid() for value in values]

parent = os.getpid()
say(str(app.test_client().get("/").json))
child = os.fork()
say(str(app.test_client().get("/").json))
if child:
    os.waitpid(child, 0)
"""


def test_a_forked_child_makes_new_ones():
    """What the parent has opened is the parent's to use and to close: a child opens its own, and closes that alone."""
    ran = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True, timeout=60)

    assert sorted(ran.stdout.split("\n")) == ["", *["[True, True]"] * 3, "closed by child", "closed by parent"]


# Places


def test_marks_of_classes_routers_and_applications(app):
    """Values by position go to all handlers, outer ones first; values by name to those that take the name."""
    opened = []

    def session():
        opened.append("session")
        yield "db"

    router = Router("r", url_prefix="/r", marks=[provides(lambda: "router"), provides(db=session, now=lambda: 1)])

    @router.route("/thing")
    @provides(lambda: "class")
    class Thing(Resource):
        @provides(lambda: "method")
        @response(200)
        def get(self, router, cls, method, db):
            return [router, cls, method, db]

        @provides(now=lambda: 2)
        @response(200)
        def post(self, router, cls, now):
            return [router, cls, now]

    app.register_router(router)
    client = app.test_client()
    assert client.get("/r/thing").json == ["router", "class", "method", "db"]
    assert opened == ["session"]
    assert client.post("/r/thing").json == ["router", "class", 2]  # the nearest counts
    assert opened == ["session"]


def test_errors_of_providers_are_in_the_document(app):
    """What a provider raises, and what those raise that it needs, is among the responses of the operation."""

    @raises(errors.ServiceUnavailable)
    def open_session():
        yield

    @raises(errors.NotFound, errors.Gone)
    @provides(open_session)
    def find_pet(db):
        return db

    @app.route("/pets")
    class Pets(Resource):
        @provides(pet=find_pet)
        @response(200)
        def get(self, pet):
            """Show."""
            return pet

    assert {"404", "410", "503"} <= {*app.openapi["paths"]["/pets"]["get"]["responses"]}


def test_a_provider_that_never_waits_is_not_taken_for_one_that_does(app):
    """``nonblocking`` says so, on the function or on the one inside of it."""

    @nonblocking
    def quick():
        return 1

    @contextlib.contextmanager
    @nonblocking
    def manager():
        yield 2

    @app.get("/")
    @provides(quick)
    @provides(manager)
    @response(200)
    def view(*values):
        return list(values)

    assert app.test_client().get("/").json == [1, 2]


def test_g_and_request_are_those_of_the_request(app):
    """Providers run in the context of the request, so that the proxies know it."""

    def tenant():
        g.tenant = request.args["tenant"]
        yield g.tenant
        g.pop("tenant")

    @app.get("/")
    @provides(tenant)
    @response(200)
    def view(tenant):
        return [tenant, g.tenant]

    assert app.test_client().get("/?tenant=a").json == ["a", "a"]


# What is found at freeze


def refused(app, handler, rule="/<int:number>"):
    """The message with which an application refuses a handler."""
    app.add_url_rule(rule, "view", handler)
    with pytest.raises(SetupError) as raised:
        app.freeze()
    return str(raised.value)


def test_circles(app):
    """Providers that need one another are named on the way round, with their places."""

    def one(value):
        yield

    def two(value):
        yield

    def three(value):
        yield

    provides(two)(one)
    provides(three)(two)
    provides(one)(three)
    said = refused(app, provides(one)(lambda value, number: 1))

    assert "in a circle: one -> two -> three -> one." in said
    assert re.search(r"one \(.*test_providers\.py:\d+\), two \(.*\.py:\d+\), three \(.*\.py:\d+\)", said)


def test_scopes_that_end_too_early(app):
    """A provider of the application cannot need one of a request; the way is named, with both places."""

    def session():
        yield

    @provider(scope="application")
    @provides(session)
    def cache(db):
        return db

    said = refused(app, provides(cache)(lambda value, number: 1))

    assert "has the scope 'application' and needs session" in said
    assert "whose scope is 'request': cache -> session." in said
    assert len(re.findall(r"test_providers\.py:\d+", said)) >= 2


@pytest.mark.parametrize("built_in", [current_request, current_context, path_variable("number"), current_user_as(str)])
def test_a_request_is_shorter_than_the_application(app, built_in):
    """What comes from a request cannot be given to a provider of the application."""

    @provider(scope="application")
    @provides(built_in)
    def cache(value):
        return value

    assert f"needs {built_in.name} (built in)" in refused(app, provides(cache)(lambda value, number: 1))


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (lambda f: f, r"missing a required argument: 'db'"),
        (provides(lambda: 1), r"missing a required argument: 'db'|too many"),
        (provides(db=lambda: 1), None),
        (provides(other=lambda: 1), r"missing a required argument: 'db'|unexpected keyword argument 'other'"),
    ],
)
def test_a_provider_is_called_with_what_is_written_above_it(app, mark, text):
    """A provider whose parameters are not those that its marks give is refused, with its place."""

    @mark
    def find(*, db):
        return db

    handler = provides(find)(lambda value, number: 1)
    if text is None:
        app.add_url_rule("/<int:number>", "view", handler)
        app.freeze()
        return
    said = refused(app, handler)
    assert re.search(text, said)
    assert "cannot be called with what its marks give" in said
    assert "test_providers.py:" in said


@pytest.mark.parametrize(
    "mark", [response(200), doc(summary="a"), requires(SessionAuth(str))], ids=["200", "doc", "user"]
)
def test_other_marks_on_providers(app, mark):
    """A provider may carry ``provides`` and ``raises``; other marks would do nothing there, and are refused."""

    @mark
    def find():
        return 1

    said = refused(app, provides(find)(lambda value, number: 1))
    assert "which does nothing there: a provider may carry provides and raises alone" in said


def test_a_name_that_the_handler_has_not(app):
    """A mark on a handler by a name that it does not take is refused, with the place of the handler and its names."""

    @provides(bd=lambda: 1)
    def view(number, db=None):
        return 1

    said = refused(app, view)
    assert "the value 'bd', and it has not a parameter of that name. Its parameters: number, db." in said
    assert "test_providers.py:" in said


def test_a_name_of_the_path(app):
    """A value by name cannot be called like a variable of the path."""
    said = refused(app, provides(number=lambda: 1)(lambda number: 1))
    assert "the path '/<int:number>' has a variable of that name" in said


def test_a_name_given_twice(app):
    """Two marks of one handler cannot give the same name."""
    view = provides(db=lambda: 1)(provides(db=lambda: 2)(lambda number, db: 1))
    assert "is given 'db' twice" in refused(app, view)


def test_a_variable_that_the_path_has_not(app):
    """A provider of a variable is refused where an operation has none of that name, also behind other providers."""

    @provides(path_variable("shop_id"))
    def shop(value):
        return value

    said = refused(app, provides(shop)(lambda value, number: 1))
    assert "uses path_variable('shop_id'), and the path '/<int:number>'" in said
    assert "has the variables number" in said


class Base:
    """A class of values."""


class Derived(Base):
    """A class of values that fit where the other is wanted."""


def base() -> Base:
    return Base()


def derived() -> Derived:
    return Derived()


def maybe() -> Derived | None:
    return None


def bases() -> t.Iterator[Base]:
    yield Base()


@contextlib.contextmanager
def managed() -> t.Iterator[Base]:
    yield Base()


async def awaited() -> Base:
    return Base()


async def async_bases() -> t.AsyncIterator[Base]:
    yield Base()


class Given:
    """A context manager of another class."""

    def __enter__(self) -> Base:
        return Base()

    def __exit__(self, *error: object) -> None:
        pass


class Itself(Base):
    """A context manager that gives itself."""

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def takes_derived(value: Derived, number: int) -> None:
    """Takes the narrow class."""


def takes_base(value: Base, number: int) -> None:
    """Takes the wide one."""


def takes_optional(value: Base | None, number: int) -> None:
    """Takes the wide one, or none."""


def takes_anything(value: t.Any, number: int) -> None:
    """Takes what comes."""


def takes_protocol(value: t.SupportsInt, number: int) -> None:
    """Takes what has a method, which is not checked."""


def takes_float(value: float, number: int) -> None:
    """Takes a number."""


def whole() -> int:
    return 1


@pytest.mark.parametrize("source", [base, bases, managed, awaited, async_bases, Given, Given(), Itself])
@pytest.mark.parametrize("named", [False, True])
def test_annotations_that_do_not_fit(app, source, named):
    """A value whose annotation does not fit that of the parameter is refused, with both, name, file and line."""
    mark = provides(value=source) if named else provides(source)
    said = refused(app, mark(lambda_of(takes_derived)))

    assert "takes 'value' as Derived, and " in said
    assert f"provides {'Itself' if source is Itself else 'Base'}." in said
    assert len(re.findall(r"test_providers\.py:\d+", said)) >= 2


def lambda_of(function):
    """A new function with the code of another, so that marks are on it alone."""

    def view(value, number): ...

    view.__annotations__ = dict(function.__annotations__)
    return view


@pytest.mark.parametrize(
    ("source", "takes", "fits"),
    [
        (base, takes_base, True),
        (derived, takes_base, True),
        (bases, takes_base, True),
        (managed, takes_optional, True),
        (maybe, takes_optional, True),
        (maybe, takes_base, False),
        (base, takes_anything, True),
        (base, takes_protocol, True),
        (whole, takes_float, True),
        (whole, takes_base, False),
        (Itself, takes_base, True),
        (Derived, takes_base, True),
        (lambda: 1, takes_base, True),
        (path_variable("number", int), takes_float, True),
        (path_variable("number", str), takes_float, False),
        (path_variable("number"), takes_float, True),
        (current_user_as(Derived), takes_base, True),
        (current_user_as(Derived, optional=True), takes_base, False),
    ],
)
def test_annotations_that_fit(app, source, takes, fits):
    """A subclass fits, a number where a wider one is taken, and all that is not known; ``None`` has to be taken."""
    app.add_url_rule("/<int:number>", "view", provides(source)(lambda_of(takes)))
    with contextlib.nullcontext() if fits else pytest.raises(SetupError, match="takes 'value' as"):
        app.freeze()


def test_annotations_between_providers(app):
    """What one provider takes from another is compared too."""

    @provides(base)
    def needs(value: Derived) -> int:
        return 1

    assert "needs takes 'value' as Derived" in refused(app, provides(needs)(lambda value, number: 1))


def test_a_function_that_looks_like_a_generator(app):
    """A function without ``yield`` that is annotated like a generator is refused."""

    def session() -> t.Iterator[int]:
        return iter([1])

    assert "and has no 'yield'" in refused(app, provides(session)(lambda value, number: 1))


def test_a_decorator_that_hides_a_generator():
    """A wrapper that returns the generator of the function inside would pass the generator itself: it is refused."""

    def session():
        yield 1

    @functools.wraps(session)
    def wrapper():
        return session()

    with pytest.raises(SetupError, match=r"session \(.*py:\d+\) is wrapped by a function that returns the generator"):
        provides(wrapper)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: provides(3), "which provides nothing"),
        (lambda: provides(contextlib.contextmanager(bases)()), "can be entered once. Give the function itself"),
        (lambda: provides(base, base), "takes one provider"),
        (lambda: provides(base, db=base), "takes one provider"),
        (provides, "takes one provider"),
        (lambda: provider(scope="session"), "Known scopes: application, request, call"),
        (lambda: provider(scope="application")(3), "cannot carry provider"),
    ],
)
def test_what_is_not_a_provider(make, text):
    """What provides nothing is refused where it is written."""
    with pytest.raises(SetupError, match=text):
        make()


def test_hooks_get_nothing(app):
    """The mark on a hook would give it nothing, and is refused."""

    @app.before_request
    @provides(base)
    def hook():
        pass

    said = refused(app, response(200)(lambda number: 1))
    assert "is on a hook or an error handler" in said


# Mistakes that only a request shows


def never(kind, seen):
    def generator():
        if seen is None:
            yield

    async def async_generator():
        if seen is None:
            yield

    return async_generator if kind == "async" else generator


def twice(kind):
    def generator():
        yield 1
        yield 2

    async def async_generator():
        yield 1
        yield 2

    return async_generator if kind == "async" else generator


def swallows(kind):
    def generator():
        with contextlib.suppress(Exception):
            yield 1

    async def async_generator():
        with contextlib.suppress(Exception):
            yield 1

    return async_generator if kind == "async" else generator


class Swallows(contextlib.AbstractContextManager[int]):
    """A context manager that swallows."""

    def __exit__(self, *error: object) -> bool:
        return True


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_generators_that_yield_otherwise_than_once(app, kind):
    """One that never yields and one that yields twice are errors with name and place; the answer is not sent."""
    seen = []

    @app.get("/never")
    @provides(provider_of("generator", seen))
    @provides(never(kind, seen))
    @response(200)
    def never_view(*values):
        return 1

    @app.get("/twice")
    @provides(provider_of("generator", seen))
    @provides(twice(kind))
    @response(200)
    def twice_view(*values):
        if "fail" in request.args:
            raise LookupError("handler")
        return 1

    client = app.test_client()
    with pytest.raises(RuntimeError, match=r"generator \(.*test_providers\.py:\d+\) ended without a 'yield'"):
        client.get("/never")
    with pytest.raises(RuntimeError, match=r"generator \(.*test_providers\.py:\d+\) yielded more than once"):
        client.get("/twice")
    assert seen == ["enter", "leave RuntimeError"] * 2
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert [client.get("/never").status_code, client.get("/twice").status_code] == [500, 500]


def test_a_generator_that_yields_again_at_an_error(app):
    """One that answers an exception with another value is an error, with the exception as its cause."""

    def again():
        try:
            yield 1
        except LookupError:
            yield 2

    @app.get("/")
    @provides(again)
    @response(200)
    def view(value):
        raise LookupError("handler")

    with pytest.raises(RuntimeError, match="yielded more than once") as raised:
        app.test_client().get("/")
    assert isinstance(raised.value.__cause__, LookupError)


@pytest.mark.parametrize(
    "source", [swallows("plain"), swallows("async"), Swallows(), Swallows], ids=["plain", "async", "object", "class"]
)
def test_providers_that_swallow(app, source):
    """One that swallows the exception of the handler leaves nothing to answer with: an error with name and place."""
    seen = []

    @app.get("/")
    @provides(provider_of("generator", seen))
    @provides(source)
    @raises(errors.Conflict)
    @response(200)
    def view(*values):
        if "fail" in request.args:
            raise errors.Conflict()
        return 1

    client = app.test_client()
    assert client.get("/").json == 1
    with pytest.raises(
        RuntimeError, match=r"\(.*:\d+\) swallowed a Conflict: nothing is left to answer with"
    ) as raised:
        client.get("/?fail")
    assert isinstance(raised.value.__cause__, errors.Conflict)
    assert seen == ["enter", "leave None", "enter", "leave RuntimeError"]


# What is loaded

LEAN = """
import sys
from framework import App, response

app = App("lean", static_folder=None)

@app.get("/")
@response(200)
def view():
    return 1

assert app.test_client().get("/").json == 1
print([name for name in sys.modules if "providers" in name])
"""


def test_an_application_without_providers_loads_none():
    """The package is loaded by those who use it alone."""
    ran = subprocess.run([sys.executable, "-c", LEAN], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


def served(app, path):
    """The body of an answer, without a test client and its contract."""
    body = app(EnvironBuilder(path).get_environ(), lambda *args: None)
    return b"".join(body).strip()


def test_an_operation_of_plain_values_alone(app):
    """The quickest road gives functions and methods the same values, also those of the application and overrides."""
    made = []

    @provider(scope="application")
    def whole():
        made.append("whole")
        return "whole"

    async def waiting():
        await asyncio.sleep(0)
        return "waiting"

    def plain():
        return "plain"

    @app.route("/class/<int:number>")
    class Thing(Resource):
        @provides(plain)
        @provides(whole)
        @provides(last=waiting)
        @response(200)
        def get(self, one, two, number, last):
            return [type(self).__name__, one, two, number, last]

    @app.get("/function/<int:number>")
    @provides(plain)
    @provides(last=whole)
    def view(one, number, last):
        return [one, number, last]

    for _ in range(2):
        assert served(app, "/class/1") == b'["Thing","plain","whole",1,"waiting"]'
        assert served(app, "/function/2") == b'["plain",2,"whole"]'
    with app.override(plain, lambda: "fake"):
        assert served(app, "/class/1") == b'["Thing","fake","whole",1,"waiting"]'
        assert served(app, "/function/2") == b'["fake",2,"whole"]'
    assert served(app, "/function/2") == b'["plain",2,"whole"]'
    assert made == ["whole"]


def test_permissions_look_at_what_is_provided(app):
    """A permission is asked with the object of a provider, by the name that the handler has for it."""

    @provides(path_variable("number"))
    def find(number):
        return {"owner": number}

    def owns(user, found):
        return found["owner"] == user

    @app.get("/<int:number>")
    @requires(SessionAuth(int))
    @permission(owns, of="found")
    @provides(found=find)
    @response(200)
    def view(found):
        return found

    app.secret_key = "k"
    client = app.test_client().as_user(3)
    assert client.get("/3").json == {"owner": 3}
    assert client.get("/4").status_code == 403


def test_a_permission_that_would_not_see_its_object(app):
    """What the handler does not take is not made, so that no permission can look at it."""

    @permission(lambda user, found: True, of="found")
    def view(number):
        return 1

    app.marks = (provides(found=base),)
    assert "looks at 'found', and nothing loads it" in refused(app, view)


def test_a_step_that_works_alone_gives_way_to_others(app):
    """With another step of the operation the values are the same."""

    class Other(Mark):
        def run(self, plan):
            yield Step(Phase.LOAD, lambda ctx, call: None)

    @app.get("/")
    @Other()
    @provides(lambda: 1)
    @response(200)
    def view(value):
        return value

    assert app.test_client().get("/").json == 1


def test_a_handler_may_hold_providers_that_nothing_asks_for():
    """Marks on providers speak to what calls them: an object that has providers, held by a handler, loses none."""

    class Holder:
        def __init__(self):
            @provider(scope="application")
            def address():
                return "here"

            @provides(address)
            def inner(found):
                return found

            @provider(scope="request")
            @provides(inner)
            def outer(found):
                return found

            self.sources = (inner, outer)

    holder = Holder()
    app = App("held")

    @app.get("/")
    def view():
        return {"sources": len(holder.sources)}

    assert app.test_client().get("/").json == {"sources": 2}

"""``App.override`` in tests, and ``App.provide`` in commands, deferred functions and coroutines."""

from __future__ import annotations

import asyncio
import collections
import threading
import time
import typing as t

import pytest

from framework import App, Resource, after_response, errors, g, has_request_context, provider, provides, response
from framework.errors import SetupError
from framework.marks.providers import current_request, operation_context, path_variable


@pytest.fixture
def app():
    """An application without operations."""
    app = App("blocks", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


def clock() -> int:
    """The plain provider."""
    return 1


def open_session() -> t.Iterator[str]:
    """The provider with a clean-up."""
    yield "session"


@provides(open_session)
@provides(now=clock)
def repository(db: str, now: int) -> list[object]:
    """One that is made from both."""
    return [db, now]


@pytest.fixture
def client(app):
    """A client of an application that uses these."""

    @app.get("/clock")
    @provides(clock)
    @response(200)
    def show_clock(now):
        return now

    @app.route("/all")
    class All(Resource):
        @provides(repository)
        @provides(now=clock)
        @response(200)
        def get(self, repo, now):
            return [*repo, now]

    return app.test_client()


# Overrides


@pytest.mark.parametrize("is_frozen", [False, True])
def test_an_override(app, client, is_frozen):
    """All operations and all providers that need it get the values of the replacement, until the block ends."""
    if is_frozen:
        assert client.get("/all").json == ["session", 1, 1]
    with app.override(clock, lambda: 2):
        assert client.get("/clock").json == 2
        assert client.get("/all").json == ["session", 2, 2]
    assert client.get("/clock").json == 1
    assert client.get("/all").json == ["session", 1, 1]


@pytest.mark.parametrize("is_frozen", [False, True])
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_an_override_with_a_clean_up(app, client, is_frozen, is_async):
    """A replacement may be of another kind: what it opens is given back, also where nothing was before."""
    seen = []

    def fake():
        seen.append("open")
        yield 5
        seen.append("close")

    async def async_fake():
        await asyncio.sleep(0)
        seen.append("open")
        yield 5
        seen.append("close")

    if is_frozen:
        assert client.get("/clock").json == 1
    with app.override(clock, async_fake if is_async else fake):
        assert client.get("/clock").json == 5
        assert seen == ["open", "close"]
        assert client.get("/all").json == ["session", 5, 5]
    assert client.get("/clock").json == 1
    assert seen == ["open", "close"] * 2


@pytest.mark.parametrize("is_frozen", [False, True])
def test_an_override_without_a_clean_up(app, client, is_frozen):
    """A plain function may take the place of a generator."""
    if is_frozen:
        client.get("/all")
    with app.override(open_session, lambda: "fake"):
        assert client.get("/all").json == ["fake", 1, 1]
    assert client.get("/all").json == ["session", 1, 1]


def test_nested_overrides(app, client):
    """The inner one counts until it ends; they may end in any order."""
    outer, inner = app.override(clock, lambda: 2), app.override(clock, lambda: 3)
    with outer:
        with inner, app.override(open_session, lambda: "fake"):
            assert client.get("/all").json == ["fake", 3, 3]
        assert client.get("/all").json == ["session", 2, 2]
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    assert client.get("/all").json == ["session", 3, 3]
    inner.__exit__(None, None, None)
    assert client.get("/all").json == ["session", 1, 1]


def test_a_replacement_may_take_what_it_replaces(app, client):
    """What overrides a provider may need the provider itself, also what another override has put there."""

    @provides(clock)
    def later(now: int) -> int:
        return now + 10

    with app.override(clock, later):
        assert client.get("/clock").json == 11
        with app.override(clock, later):
            assert client.get("/clock").json == 21


def test_an_override_ends_with_an_exception(app, client):
    """The block ends the override whatever ends the block."""
    with pytest.raises(LookupError), app.override(clock, lambda: 2):
        raise LookupError
    assert client.get("/clock").json == 1


def test_a_decorated_test(app, client):
    """An override decorates functions, coroutines too, and as often as they are called."""

    @app.override(clock, lambda: 2)
    def plain():
        return client.get("/clock").json

    @app.override(clock, lambda: 3)
    async def waiting():
        return await asyncio.to_thread(lambda: client.get("/clock").json)

    @app.override(clock, lambda: 4)
    def fixture():
        yield client.get("/clock").json

    assert [plain(), plain(), asyncio.run(waiting()), *fixture(), client.get("/clock").json] == [2, 2, 3, 4, 1]


def test_a_running_server(app, client):
    """Requests in other threads see the one or the other, never half of it, and the last ones the provider itself."""
    counts, wrong, ends = collections.Counter(), [], threading.Event()

    def ask():
        mine = app.test_client()
        while not ends.is_set():
            one, two, three = mine.get("/all").json
            counts[two] += 1
            if (one, two) not in (("session", 1), ("session", 2)) or three != two:
                wrong.append((one, two, three))

    def is_seen(value):
        before, end = counts[value], time.monotonic() + 30  # a bound on waiting for what does come
        while counts[value] == before and time.monotonic() < end:
            time.sleep(0.001)
        return counts[value] > before

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    rounds = []
    for _ in range(10):
        with app.override(clock, lambda: 2):
            rounds.append(is_seen(2))
        rounds.append(is_seen(1))
    ends.set()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert rounds == [True] * 20
    assert client.get("/all").json == ["session", 1, 1]


def test_values_of_the_application_are_those_of_the_override(app):
    """A replacement of that scope is made once for the block and given back at its end; the value before it stays."""
    seen = []

    def pool(name):
        def opened():
            seen.append(f"open {name}")
            yield name
            seen.append(f"close {name}")

        return opened

    real = provider(scope="application")(pool("real"))

    @provider(scope="application")
    @provides(real)
    def wrapped(pool):
        seen.append(f"wrap {pool}")
        return f"<{pool}>"

    @app.get("/")
    @provides(real)
    @provides(wrapped)
    @response(200)
    def view(*values):
        return list(values)

    client = app.test_client()
    assert client.get("/").json == ["real", "<real>"]
    with app.override(real, pool("fake")):
        assert [client.get("/").json, client.get("/").json] == [["fake", "<fake>"]] * 2
        assert seen == ["open real", "wrap real", "open fake", "wrap fake"]
    assert seen[4:] == ["close fake"]
    assert client.get("/").json == ["real", "<real>"]
    app.shutdown()
    assert seen[5:] == ["close real"]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda app: app.override(clock, 3), "which provides nothing"),
        (lambda app: app.override(3, clock), "which provides nothing"),
        (lambda app: app.override(clock, text), r"text \(.*py:\d+\) provides str, and takes the place of int"),
        (lambda app: app.override(clock, needs), "cannot be called with what its marks give"),
        (lambda app: app.override(clock, circle), "in a circle: clock -> repository -> clock"),
    ],
)
def test_overrides_that_do_not_fit(app, client, make, text):
    """What cannot take the place of a provider is refused when the block begins, and changes nothing."""
    client.get("/all")
    with pytest.raises(SetupError, match=text), make(app):
        pass
    assert client.get("/all").json == ["session", 1, 1]


def text() -> str:
    """Of another type."""
    return ""


def needs(value):
    """Needs what nothing gives."""


@provides(repository)
def circle(value):
    """Needs what needs the clock."""


# Blocks


def test_a_command(app):
    """A command has the values for the length of a block; without an application context the block makes one."""
    seen = []

    @provider(scope="application")
    def engine():
        seen.append("engine")
        return "engine"

    @provides(engine)
    def session(engine):
        g.seen = engine
        try:
            yield f"session of {engine}"
        except BaseException as error:
            seen.append(type(error).__name__)
            raise
        seen.append("commit")

    @app.cli.command("count")
    def count():
        with app.provide(session) as db:
            seen.append(db)

    result = app.test_cli_runner().invoke(args=["count"])
    assert (result.exit_code, result.exception) == (0, None)
    assert seen == ["engine", "session of engine", "commit"]
    with pytest.raises(LookupError), app.provide(session):
        raise LookupError
    assert seen[3:] == ["LookupError"]
    with app.override(session, lambda: "fake"), app.provide(session) as db:
        assert db == "fake"


def test_a_deferred_function(app):
    """What runs after the response has values of its own."""
    seen = []

    def session():
        seen.append("open")
        yield len(seen)
        seen.append("close")

    def later():
        assert not has_request_context()
        with app.provide(session) as db:
            seen.append(f"later {db}")

    @app.post("/")
    @provides(session)
    @response(200)
    def view(db):
        after_response(later)
        seen.append(f"handler {db}")
        return db

    assert app.test_client().post("/").json == 1
    assert seen == ["open", "handler 1", "close", "open", "later 4", "close"]


def test_a_block_in_a_request_has_its_own_values(app):
    """Within a request a block opens another session, and knows the request."""
    opened = []

    @provides(number=path_variable("number"))
    @provides(request=current_request)
    def session(number, request):
        opened.append(number)
        yield [number, request.path, len(opened)]

    @app.get("/<int:number>")
    @provides(session)
    @response(200)
    def view(db, number):
        with app.provide(session) as other:
            return [db, other]

    assert app.test_client().get("/7").json == [[7, "/7", 1], [7, "/7", 2]]


def test_a_block_without_a_request(app):
    """What comes from a request is an error outside of one, which says so."""
    number = app.provide(path_variable("number"))
    with pytest.raises(RuntimeError, match=r"path_variable\('number'\): there is not a variable"), number:
        pass
    with pytest.raises(RuntimeError, match="Working outside of request context"), app.provide(current_request):
        pass


def test_a_block_in_a_coroutine(app):
    """``async with`` makes asynchronous values on the loop of the coroutine, and plain ones in threads."""
    seen = []

    def plain():
        seen.append(threading.current_thread() is threading.main_thread())
        yield "plain"
        seen.append("plain closed")

    @provides(plain)
    async def waiting(value):
        loop = asyncio.get_running_loop()
        yield [value, loop]
        assert asyncio.get_running_loop() is loop
        seen.append("closed")

    async def main():
        async with app.provide(waiting) as (value, loop):
            assert loop is asyncio.get_running_loop()
            return value

    assert asyncio.run(main()) == "plain"
    assert seen == [False, "closed", "plain closed"]
    with app.provide(waiting) as (value, _):
        assert value == "plain"


def test_a_cancelled_block(app):
    """A coroutine that is cancelled while its value is opened in a thread gives it back."""
    seen, begun = [], threading.Event()

    def slow():
        begun.set()
        threading.Event().wait(0.1)
        try:
            yield 1
        except BaseException as error:
            seen.append(type(error).__name__)
            raise

    async def work():
        async with app.provide(slow):
            seen.append("work")

    async def main():
        task = asyncio.create_task(work())
        await asyncio.to_thread(begun.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["CancelledError"]


def test_a_hook_opens_its_own(app):
    """A hook has no mark; it opens a value in a block."""

    @app.before_request
    def hook():
        with app.provide(open_session) as db:
            g.db = db

    @app.get("/")
    @response(200)
    def view():
        return g.db

    assert app.test_client().get("/").json == "session"


def test_the_classes_of_errors(app):
    """What a block raises is what its provider has raised."""

    def failing():
        raise errors.Conflict()
        yield

    with pytest.raises(errors.Conflict), app.provide(failing):
        pass


def test_a_provider_looks_at_the_operation_that_it_serves():
    """``operation_context`` is the context of the operation, and nothing in a block, within a request too."""
    app = App(__name__)

    @provides(operation_context)
    def get_method(ctx):
        return None if ctx is None else ctx.operation.method

    @app.get("/")
    @provides(get_method)
    @response(200)
    def view(method):
        with app.provide(get_method) as within:
            return [method, within]

    assert app.test_client().get("/").json == ["GET", None]
    with app.provide(get_method) as outside:
        assert outside is None

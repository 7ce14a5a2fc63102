"""Providers on the event loop of an ASGI server: what runs there, and what is called in threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from framework import App, nonblocking, provider, provides, response, stream
from framework.cli.group import FrameworkGroup


@pytest.fixture
def app():
    """An application without operations."""
    return App("looped", static_folder=None)


class Places:
    """Notes where something runs."""

    def __init__(self):
        self.loop = threading.get_ident()
        self.seen = []

    def note(self, name):
        self.seen.append((name, "loop" if threading.get_ident() == self.loop else "thread"))


def get(app, path, places, number=1):
    """The answers to some requests on one loop, which runs in this thread."""

    async def main():
        async with app.async_test_client() as client:
            return [await client.get(path) for _ in range(number)]

    places.loop = threading.get_ident()
    return asyncio.run(main())


@pytest.mark.parametrize("is_async", [False, True], ids=["plain handler", "async handler"])
def test_where_providers_run(app, is_async):
    """Asynchronous ones run on the loop, others in threads, also when they are left; a quick one may be on either."""
    places = Places()

    def plain():
        places.note("plain")
        yield 1
        places.note("plain left")

    @provides(plain)
    async def waiting(value):
        await asyncio.sleep(0)
        places.note("async")
        yield 2
        await asyncio.sleep(0)
        places.note("async left")

    @provides(waiting)
    def later(value):
        places.note("later")
        yield 3
        places.note("later left")

    @provides(later)
    @nonblocking
    def quick(value):
        places.note("quick")
        yield 4
        places.note("quick left")

    async def handler(*values):
        places.note("handler")
        return list(values)

    def plain_handler(*values):
        places.note("handler")
        return list(values)

    view = provides(plain)(provides(later)(provides(quick)(response(200)(handler if is_async else plain_handler))))
    app.get("/")(view)

    [reply] = get(app, "/", places)
    assert reply.json() == [1, 3, 4]
    where = "loop" if is_async else "thread"
    assert places.seen == [
        *(("plain", "thread"), ("async", "loop"), ("later", "thread"), ("quick", "thread"), ("handler", where)),
        *(("quick left", "loop"), ("later left", "thread"), ("async left", "loop"), ("plain left", "thread")),
    ]


def test_neighbours_are_made_in_one_go(app):
    """Plain providers next to one another are called by one function in one thread, as their code shows."""
    threads = []

    def note():
        threads.append((threading.get_ident(), len(asyncio.all_tasks(loop[0]))))
        return len(threads)

    loop = []

    async def first():
        loop.append(asyncio.get_running_loop())

    notes = [provides(first)(lambda value: note()) for _ in range(4)]

    async def view(*values):
        return list(values)

    for each in notes:
        view = provides(each)(view)
    app.get("/")(response(200)(view))
    [reply] = get(app, "/", Places())
    operation = next(each for each in app.operations if each.rule.rule == "/")
    [step] = [each for each in operation.steps if each.run.__qualname__ == "ProvidesMark"]

    assert sorted(reply.json()) == [1, 2, 3, 4]
    assert len({ident for ident, _ in threads}) == 1
    assert sum(type(each).__name__ == "code" for each in step.run.__code__.co_consts) == 1


def test_a_stream_on_the_loop(app):
    """An asynchronous stream opens asynchronous values on its loop, and plain ones in threads."""
    places = Places()

    def plain():
        places.note("plain")
        yield 1
        places.note("plain left")

    @provides(plain)
    async def waiting(value):
        places.note("async")
        yield 2
        places.note("async left")

    @app.get("/")
    @provides(waiting)
    @stream()
    async def view(value):
        places.note("part")
        yield value

    [reply] = get(app, "/", places)
    assert reply.text == "2\n"
    assert places.seen[4:] == [
        *(("plain", "thread"), ("async", "loop"), ("part", "loop"), ("async left", "loop"), ("plain left", "thread"))
    ]


def test_a_value_of_the_application_on_the_loop(app):
    """Many requests on one loop wait for the one that makes it, and none of them holds the loop up."""
    made = []

    @provider(scope="application")
    async def pool():
        await asyncio.sleep(0.05)
        made.append(asyncio.get_running_loop())
        yield len(made)
        made.append("closed")

    @app.get("/")
    @provides(pool)
    @response(200)
    async def view(pool):
        assert asyncio.get_running_loop() is made[0]
        return pool

    async def main():
        async with app.async_test_client() as client:
            replies = await asyncio.gather(*(client.get("/") for _ in range(20)))
            await asyncio.to_thread(app.shutdown)
            return [reply.json() for reply in replies]

    assert asyncio.run(main()) == [1] * 20
    assert made[1:] == ["closed"]


def test_a_loop_of_the_applications_own():
    """With another ``async_to_sync`` a request runs within its asynchronous values, on one loop."""
    seen = []

    class Own(App):
        def async_to_sync(self, func):
            return lambda *args, **kwargs: asyncio.run(func(*args, **kwargs))

    app = Own("own", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True

    def plain():
        seen.append("plain")
        yield 1
        seen.append("plain left")

    @provides(plain)
    async def waiting(value):
        loop = asyncio.get_running_loop()
        yield value + 1
        assert asyncio.get_running_loop() is loop
        seen.append("left")

    @provider(scope="application")
    async def pool():
        yield

    @app.get("/")
    @provides(waiting)
    @provides(named=plain)
    @response(200)
    def view(value, named):
        return [value, named]

    @app.get("/pool")
    @provides(pool)
    @response(200)
    def view_pool(pool):
        return 1

    client = app.test_client()
    assert client.get("/").json == [2, 1]
    assert seen == ["plain", "left", "plain left"]
    with pytest.raises(RuntimeError, match="runs each coroutine in another event loop"):
        client.get("/pool")


def test_explain_lists_them(app):
    """``framework explain`` shows values in the order of making and of giving back, with scope, thread and place."""
    from click.testing import CliRunner

    @provider(scope="application")
    def pool():
        yield

    @provides(pool)
    def plain(pool):
        yield

    @provides(plain)
    async def waiting(value):
        yield

    @app.get("/")
    @provides(waiting)
    @provides(now=lambda: 1)
    @response(200)
    async def view(value, now):
        return 1

    said = CliRunner().invoke(FrameworkGroup(create_app=lambda: app), ["explain", "/"]).output
    rows = [line.split() for line in said.splitlines() if line.strip().startswith(("provide", "give back", "handler "))]

    assert [(" ".join(row[:-1])) for row in rows] == [
        "handler view",
        "provide pool application",
        "provide plain request, in a thread",
        "provide waiting request",
        "provide <lambda> request, in a thread",
        "handler view view",
        "give back waiting request",
        "give back plain request, in a thread",
    ]
    assert all("test_provider_loop.py:" in row[-1] for row in rows)

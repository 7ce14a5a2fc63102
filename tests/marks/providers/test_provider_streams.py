"""Streams: what was written is committed before the first part; the generator has values for its own time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from werkzeug.test import EnvironBuilder

from framework import (
    App,
    Resource,
    Response,
    Schema,
    errors,
    events,
    fields,
    provider,
    provides,
    raises,
    request,
    response,
    stream,
)
from tests.servers import postgres_server


@pytest.fixture
def app():
    """An application without operations."""
    return App("streaming", static_folder=None)


def session_of(seen, is_async=False):
    """A provider that counts its sessions, and notes how each ends."""
    count = iter(range(1, 100))

    def plain():
        number = next(count)
        seen.append(f"open {number}")
        try:
            yield number
        except BaseException as error:
            seen.append(f"{number} {type(error).__name__}")
            raise
        seen.append(f"commit {number}")

    async def waiting():
        number = next(count)
        await asyncio.sleep(0)
        seen.append(f"open {number}")
        try:
            yield number
        except BaseException as error:
            await asyncio.sleep(0)
            seen.append(f"{number} {type(error).__name__}")
            raise
        await asyncio.sleep(0)
        seen.append(f"commit {number}")

    return waiting if is_async else plain


KINDS = pytest.mark.parametrize(
    ("provides_async", "streams_async"),
    [(False, False), (True, False), (False, True), (True, True)],
    ids=["plain", "async provider", "async stream", "async"],
)


def streaming(app, seen, mark, provides_async, streams_async, number=3):
    """A stream of numbers, made with a session."""

    def parts(db):
        seen.append("begin")
        for each in range(number):
            if each == 2:
                raise LookupError("part 2")
            yield [db, each]

    async def async_parts(db):
        seen.append("begin")
        for each in range(number):
            if each == 2:
                raise LookupError("part 2")
            await asyncio.sleep(0)
            yield [db, each]

    app.get("/")(mark(provides(session_of(seen, provides_async))(async_parts if streams_async else parts)))


@KINDS
@pytest.mark.parametrize("mark", [stream(), events(keep_alive=None), events()], ids=["lines", "events", "thread"])
def test_a_session_for_the_time_of_the_stream(app, mark, provides_async, streams_async):
    """That of the request is committed before the first part; the generator gets another, which ends with it."""
    seen = []
    streaming(app, seen, mark, provides_async, streams_async, 2)

    @app.after_request
    def after(reply):
        seen.append("after_request")
        return reply

    body = app.test_client().get("/").get_data()
    assert b"[2,0]" in body
    assert b"[2,1]" in body
    assert seen == ["open 1", "commit 1", "after_request", "open 2", "begin", "commit 2"]


@KINDS
def test_an_error_of_the_stream(app, provides_async, streams_async):
    """It is thrown into the session of the stream, which is given back once."""
    seen = []
    streaming(app, seen, stream(), provides_async, streams_async)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    with pytest.raises(LookupError, match="part 2"):
        app.test_client().get("/").get_data()
    assert seen == ["open 1", "commit 1", "open 2", "begin", "2 LookupError"]


@KINDS
def test_a_client_that_leaves(app, provides_async, streams_async):
    """The generator is closed where it is, and its session given back, with the exception that closes generators."""
    seen = []
    streaming(app, seen, stream(), provides_async, streams_async)

    reply = app.test_client().get("/", buffered=False)
    parts = reply.iter_encoded()
    assert next(iter(parts)) == b"[2,0]\n"
    reply.close()
    assert seen[:4] == ["open 1", "commit 1", "open 2", "begin"]
    assert seen[4:] in (["2 GeneratorExit"], ["2 CancelledError"])


def test_other_functions_that_are_generators(app):
    """A partial function, a static method and a function below a decorator are found to be generators as well."""
    seen = []

    def parts(first, db):
        yield [first, db]

    def decorated(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    def view(db):
        yield db

    class Thing(Resource):
        @staticmethod
        @provides(session_of(seen))
        @stream()
        def get(db):
            yield db

    app.add_url_rule("/partial", "a", provides(session_of(seen))(stream()(functools.partial(parts, "x"))))
    app.add_url_rule("/decorated", "b", provides(session_of(seen))(stream()(decorated(view))))
    app.route("/static")(Thing)
    client = app.test_client()

    for path, body in {"/partial": b'["x",2]\n', "/decorated": b"2\n", "/static": b"2\n"}.items():
        assert client.get(path).get_data() == body
        assert seen == ["open 1", "commit 1", "open 2", "commit 2"]
        seen.clear()


def test_a_stream_that_nobody_reads(app):
    """A generator that never begins opens nothing for itself, and ``HEAD`` neither."""
    seen = []
    streaming(app, seen, stream(), False, False)

    app.test_client().head("/")
    assert seen == ["open 1", "commit 1"]
    environ = EnvironBuilder("/").get_environ()
    body = app(environ, lambda *args: None)
    body.close()
    assert seen == ["open 1", "commit 1", "open 2", "commit 2"]


def test_errors_before_the_first_part_have_their_answer(app):
    """A provider that refuses the request does so before the head is sent."""
    seen = []

    @raises(errors.NotFound)
    @provides(session_of(seen))
    def find(db):
        raise errors.NotFound()

    @app.get("/")
    @provides(find)
    @stream()
    def view(found):
        yield found

    assert app.test_client().get("/").status_code == 404
    assert seen == ["open 1", "1 NotFound"]


def test_what_is_made_again(app):
    """What is given back, and what was made from it, is made again; other values are those of the request."""
    seen, made = [], []

    def plain():
        made.append("plain")
        return len(made)

    @provider(scope="application")
    def whole():
        made.append("whole")
        return len(made)

    session = session_of(seen)

    @provides(session)
    @provides(plain)
    def repository(db, number):
        return [db, number]

    @app.route("/<int:number>")
    class Thing(Resource):
        @provides(plain)
        @provides(repo=repository, whole=whole)
        @stream()
        def get(self, one, number, repo, whole):
            yield [one, number, repo, whole, type(self).__name__]

    assert json.loads(app.test_client().get("/7").get_data()) == [1, 7, [2, 3], 2, "Thing"]
    assert made == ["plain", "whole", "plain"]  # the repository of the stream has its own
    assert seen == ["open 1", "commit 1", "open 2", "commit 2"]


@pytest.mark.parametrize("many", [False, True], ids=["plain view", "list"])
def test_generators_that_are_not_streams(app, many):
    """A generator whose values are dumped as one answer runs before the commit, with the values of the request."""
    seen = []

    def view(db):
        seen.append("begin")
        yield {"number": db} if many else f"{db}"

    handler = provides(session_of(seen))(view)
    if many:
        handler = response(200, Schema.from_dict({"number": fields.Integer()})(many=True))(handler)
    app.get("/")(handler)

    data = app.test_client().get("/").get_data()
    if many:
        assert data == b'[{"number":1}]'
        assert seen == ["open 1", "begin", "commit 1"]
    else:
        assert data == b"2"
        assert seen == ["open 1", "commit 1", "open 2", "begin", "commit 2"]


def test_a_generator_with_a_value_that_is_over(app):
    """A handler that returns a generator with its session inside is refused: it would be used after its end."""
    app.config["PROPAGATE_EXCEPTIONS"] = True

    class Session:
        """A session."""

    def session():
        yield Session()

    def rows(db):
        yield db

    @app.get("/argument")
    @provides(session)
    @stream()
    def argument(db):
        return rows(db)

    @app.get("/closure")
    @provides(db=session)
    @stream()
    def closure(db):
        def inner():
            yield db

        return inner()

    @app.get("/other")
    @provides(session)
    @stream()
    def other(db):
        return rows(1)

    client = app.test_client()
    for path in ("/argument", "/closure"):
        with pytest.raises(
            TypeError, match=r"returned a generator that uses '(session|db)', which is given back before"
        ):
            client.get(path)
    assert client.get("/other").get_data() == b"1\n"


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_a_block_in_a_generator(app, is_async):
    """A handler that writes first and streams then opens a session in the generator that it returns."""
    seen = []
    session = session_of(seen)

    def rows():
        with app.provide(session) as db:
            yield db

    async def async_rows():
        async with app.provide(session) as db:
            yield db

    @app.post("/")
    @provides(session)
    @stream()
    def view(db):
        seen.append(f"write {db}")
        return async_rows() if is_async else rows()

    assert app.test_client().post("/").get_data() == b"2\n"
    assert seen == ["open 1", "write 1", "commit 1", "open 2", "commit 2"]


# On a real database


def test_a_stream_from_a_real_database(app):
    """Its session reads while it is sent, and its connection is back whether it ends, fails or is left."""
    with postgres_server() as url:
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))

        def session():
            with orm.Session(engine) as db, db.begin():
                yield db

        @app.get("/")
        @provides(session)
        @stream()
        def numbers(db: orm.Session):
            last = int(request.args.get("last", 3))
            for number in db.scalars(sa.text("SELECT generate_series(1, 1000)")):
                if number > last:
                    break
                if "fail" in request.args and number == 2:
                    db.execute(sa.text("SELECT nonsense"))
                yield number

        client = app.test_client()
        try:
            assert client.get("/").get_data() == b"1\n2\n3\n"
            assert engine.pool.checkedout() == 0
            with pytest.raises(sa.exc.ProgrammingError):
                client.get("/?fail=1").get_data()
            assert engine.pool.checkedout() == 0
            reply = client.get("/?last=1000", buffered=False)
            assert next(iter(reply.iter_encoded())) == b"1\n"
            assert engine.pool.checkedout() == 1
            reply.close()
            assert engine.pool.checkedout() == 0
        finally:
            engine.dispose()


def test_responses_of_files_are_left_alone(app):
    """A value that is not the generator of the handler goes on as it is."""
    seen = []

    @app.get("/")
    @provides(session_of(seen))
    def view(db):
        return Response(io.BytesIO(b"file"))

    with contextlib.closing(app.test_client().get("/")) as reply:
        assert reply.get_data() == b"file"
    assert seen == ["open 1", "commit 1"]

"""The order: handler, dump, clean-up in reverse, the kept answer, headers, hooks, session, first byte."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import weakref

import pytest
import sqlalchemy as sa
from marshmallow import post_dump
from sqlalchemy import orm
from werkzeug.test import EnvironBuilder

from framework import (
    App,
    Resource,
    Schema,
    errors,
    etag,
    fields,
    idempotent,
    provides,
    raises,
    request,
    response,
    session,
)
from framework.marks.base import Mark, Phase, ReplyStep, Step, ValueStep
from framework.serve import deadline
from framework.stores.memory import MemoryStore
from tests.servers import postgres_server

KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def app():
    """An application without operations."""
    app = App("ordered", static_folder=None)
    app.secret_key = "k"
    return app


def noting(seen, name, is_async):
    """A generator that notes when it begins and how it ends."""

    def plain(*needs):
        seen.append(f"open {name}")
        try:
            yield name
        except BaseException as error:
            seen.append(f"{name} {type(error).__name__}")
            raise
        seen.append(f"commit {name}")

    async def waiting(*needs):
        await asyncio.sleep(0)
        seen.append(f"open {name}")
        try:
            yield name
        except BaseException as error:
            await asyncio.sleep(0)
            seen.append(f"{name} {type(error).__name__}")
            raise
        await asyncio.sleep(0)
        seen.append(f"commit {name}")

    return waiting if is_async else plain


class NotedStore(MemoryStore):
    """Notes when an answer is kept."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def replace(self, *args):
        self.seen.append("kept")
        return super().replace(*args)


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


@pytest.mark.parametrize("order", [*itertools.permutations(range(4))], ids=lambda order: "".join(map(str, order)))
@pytest.mark.parametrize("kinds", [(False, False), (True, False)], ids=str)
def test_the_order_is_fixed(app, order, kinds):
    """Whatever the order of the marks: handler, dump, clean-up in reverse, the kept answer, ETag, hooks, session."""
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

    outer, inner = (noting(seen, name, kind) for name, kind in zip("ab", kinds, strict=True))
    provides(outer)(inner)

    def view(*values):
        seen.append("handler")
        session["a"] = 1
        return {"name": "a"}

    marks = [
        provides(inner),
        idempotent(store=NotedStore(seen)),
        etag(version=version),
        noted(seen, Phase.HEADERS),
    ]
    for place in order:
        marks[place](view)
    app.post("/")(response(201, Shown)(view))

    @app.after_request
    def after(reply):
        seen.append("after_request")
        return reply

    reply = app.test_client().post("/", headers=KEY)
    assert reply.status_code == 201
    last = len(seen) - 1 - seen[::-1].index("kept")
    assert last < seen.index("after_request")
    del seen[last]  # the headers are added to what was kept
    assert seen == [
        *("open a", "open b", "handler", "dump", "commit b", "commit a", "kept", "ETag", "HEADERS", "after_request")
    ]


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
@pytest.mark.parametrize(
    ("phase", "error"),
    [
        (Phase.LOAD, errors.NotFound()),
        (Phase.PERMISSION, errors.Forbidden()),
        (Phase.PRECONDITION, errors.PreconditionFailed()),
        (None, errors.Gone()),
        (None, StopIteration()),
        (None, StopAsyncIteration()),
        (None, ValueError("x")),
        (None, SystemExit(3)),
        (None, KeyboardInterrupt()),
    ],
    ids=["load", "permission", "precondition", "gone", "stop", "async stop", "value", "exit", "interrupt"],
)
def test_exceptions_are_thrown_in(app, is_async, phase, error):
    """The exception of a later step, of the handler or of a step on its value is thrown into each, then answered."""
    seen, handled = [], []

    @app.post("/")
    @provides(noting(seen, "a", is_async))
    @provides(noting(seen, "b", not is_async))
    @noted(seen, phase or Phase.OUTCOME, error if phase else None)
    def view(*values):
        seen.append("handler")
        raise error

    @app.errorhandler(Exception)
    def handle(raised):
        seen.append("error handler")
        handled.append(raised)
        return "sorry", 418

    client = app.test_client()
    if isinstance(error, Exception):
        assert client.post("/").status_code == 418
        assert handled == [error]
    else:
        with pytest.raises(type(error)):
            client.post("/")
    name = type(error).__name__
    ends = [each for each in seen if each.startswith(("a ", "b "))]
    assert ends == [f"b {name}", f"a {name}"]
    assert not any(each.startswith("commit") for each in seen)
    if isinstance(error, Exception):
        assert seen[-1] == "error handler"


def test_a_step_on_the_value_that_raises(app):
    """A step that looks at the value of the handler and raises takes back what the handler wrote."""
    seen = []

    @app.post("/")
    @provides(noting(seen, "a", False))
    @noted(seen, Phase.HANDLER, errors.Conflict())
    def view(value):
        return "ok"

    assert app.test_client().post("/").status_code == 409
    assert seen == ["open a", "HANDLER", "a Conflict"]


def test_a_value_that_cannot_be_dumped_is_an_exception(app):
    """The dump belongs to it: what was written for an answer that cannot be sent is taken back."""
    seen = []

    @app.post("/")
    @provides(noting(seen, "a", False))
    @response(201, {"number": fields.Integer(required=True)})
    def view(value):
        return {"number": object()}

    assert app.test_client().post("/").status_code == 500
    assert seen == ["open a", "a TypeError"]


@pytest.mark.parametrize("answer", [({}, 404), ({}, 500), errors.NotFound()], ids=["404", "500", "error"])
def test_a_returned_answer_commits(app, answer):
    """What the handler returns is an answer, whatever its status."""
    seen = []

    @app.post("/")
    @provides(noting(seen, "a", False))
    def view(value):
        return answer

    app.test_client().post("/")
    assert seen == ["open a", "commit a"]


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_another_exception_takes_the_place_of_the_first(app, is_async):
    """What one raises is thrown into those opened before it, and answered; the first is its context."""
    seen, found = [], []

    def plain(value):
        try:
            yield
        except LookupError as error:
            raise errors.Conflict() from error

    async def waiting(value):
        await asyncio.sleep(0)
        try:
            yield
        except LookupError as error:
            raise errors.Conflict() from error

    translating = provides(noting(seen, "outer", not is_async))(waiting if is_async else plain)

    @app.post("/")
    @provides(translating)
    @provides(noting(seen, "inner", is_async))
    @raises(errors.Conflict)
    def view(*values):
        raise LookupError("handler")

    @app.errorhandler(errors.Conflict)
    def handle(error):
        found.append(error)
        return "conflict", 409

    assert app.test_client().post("/").status_code == 409
    assert seen == ["open outer", "open inner", "inner LookupError", "outer Conflict"]
    assert isinstance(found[0].__cause__, LookupError)


def test_what_cannot_be_opened(app):
    """Where one cannot be opened, those before it are given back with its exception, and those after it never begin."""
    seen = []

    def broken(value):
        raise errors.ServiceUnavailable()
        yield

    provides(noting(seen, "before", False))(broken)

    @app.post("/")
    @provides(broken)
    @provides(noting(seen, "after", False))
    @raises(errors.ServiceUnavailable)
    def view(*values):
        return "ok"

    assert app.test_client().post("/").status_code == 503
    assert seen == ["open before", "before ServiceUnavailable"]


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_an_exception_leaves_no_garbage(app, is_async):
    """An exception that has gone through providers is gone when it was answered, without the garbage collector."""
    made = []

    class Failed(ValueError):
        """One that can be watched."""

    @app.post("/")
    @provides(noting([], "a", is_async))
    @provides(noting([], "b", False))
    def view(*values):
        error = Failed("handler")
        made.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    def served():
        body = app(EnvironBuilder("/", method="POST").get_environ(), lambda *args: None)
        return b"".join(body)

    app.errorhandler(Failed)(lambda error: ("sorry", 418))
    served()
    gc.collect()
    gc.disable()
    try:
        assert served() == b"sorry"
        assert [each() for each in made] == [None, None]
    finally:
        gc.enable()


# A commit that fails


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_a_clean_up_that_fails(app, is_async):
    """It is a 500, or what its exception means, and not the answer of the handler; the others are rolled back."""
    seen, failures = [], [LookupError("commit"), errors.Conflict()]

    def plain(value):
        yield value
        raise failures.pop(0)

    async def waiting(value):
        yield value
        await asyncio.sleep(0)
        raise failures.pop(0)

    failing = provides(noting(seen, "outer", False))(waiting if is_async else plain)

    @app.post("/")
    @provides(failing)
    @response(201)
    @raises(errors.Conflict)
    def view(value):
        return "made"

    client = app.test_client()
    assert [client.post("/").status_code, client.post("/").status_code] == [500, 409]
    assert seen == ["open outer", "outer LookupError", "open outer", "outer Conflict"]


def test_no_answer_is_kept_for_a_commit_that_failed(app):
    """With an idempotency key the handler runs again, and the second commit counts."""
    failures, rows, calls = [LookupError("commit")], [], []

    def transaction():
        pending = []
        yield pending
        if failures:
            raise failures.pop()
        rows.extend(pending)

    @app.post("/")
    @idempotent()
    @provides(transaction)
    @response(201)
    def view(pending):
        calls.append(1)
        pending.append(len(calls))
        return len(calls)

    client = app.test_client()
    assert client.post("/", headers=KEY).status_code == 500
    assert rows == []
    again = [client.post("/", headers=KEY) for _ in range(2)]
    assert [(reply.status_code, reply.json) for reply in again] == [(201, 2)] * 2
    assert (rows, len(calls)) == ([2], 2)


# Real databases


class Base(orm.DeclarativeBase):
    """All tables."""


class Pet(Base):
    """A pet; its name is unique, which the database looks at when it commits."""

    __tablename__ = "pet"
    __table_args__ = (sa.UniqueConstraint("name", deferrable=True, initially="DEFERRED", name="one_name"),)

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column()


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer()
    name = fields.String()


@pytest.fixture(scope="module")
def postgres():
    """An engine on a real PostgreSQL."""
    with postgres_server() as url:
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def pets(app, postgres):
    """The API of pets on that database."""
    with postgres.begin() as connection:
        connection.execute(sa.delete(Pet))

    @raises(errors.Conflict)
    def open_session():
        with orm.Session(postgres, expire_on_commit=False) as db:
            try:
                yield db
                db.commit()
            except sa.exc.IntegrityError as error:
                raise errors.Conflict("There is a pet of that name.") from error

    @app.route("/pets/<name>")
    class Pets(Resource):
        @provides(open_session)
        @response(201, PetSchema)
        def post(self, db, name):
            pet = Pet(name=name)
            db.add(pet)
            db.flush()
            if "fail" in request.args:
                raise LookupError("after the write")
            return pet

    return app


def names_in(engine):
    """The names of all pets."""
    with orm.Session(engine) as db:
        return sorted(db.scalars(sa.select(Pet.name)))


def test_a_session_of_a_real_database(pets, postgres):
    """A handler's writes are committed before its answer, and taken back at an error: no connection stays out."""
    client = pets.test_client()

    assert client.post("/pets/rex").status_code == 201
    assert names_in(postgres) == ["rex"]
    assert client.post("/pets/tom?fail").status_code == 500
    assert names_in(postgres) == ["rex"]
    assert postgres.pool.checkedout() == 0


def test_a_commit_that_the_database_refuses(pets, postgres):
    """A constraint that is looked at when the transaction commits: no 201, and the exception has its answer."""
    client = pets.test_client()

    assert client.post("/pets/rex").status_code == 201
    reply = client.post("/pets/rex")
    assert (reply.status_code, reply.json["detail"]) == (409, "There is a pet of that name.")
    assert names_in(postgres) == ["rex"]
    assert postgres.pool.checkedout() == 0


# Deadlines


class around(Mark):
    """An asynchronous context manager around the handler."""

    def __init__(self, manager):
        self.manager = manager

    def around(self, plan):
        return lambda ctx, call: self.manager()


@pytest.mark.parametrize("way", ["provider", "around"])
def test_a_clean_up_after_the_deadline_runs_to_its_end(app, way):
    """An asynchronous clean-up may wait although the time of the request is over."""
    seen = []

    @contextlib.asynccontextmanager
    async def connection():
        try:
            yield
        finally:
            await asyncio.sleep(0.01)
            seen.append("closed")

    @app.get("/")
    @deadline(0.05)
    @(provides(value=connection) if way == "provider" else around(connection))
    async def view(value=None):
        await asyncio.sleep(30)

    assert app.test_client().get("/").status_code == 504
    assert seen == ["closed"]

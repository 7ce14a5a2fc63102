"""``idempotent(store=database)``: what a handler writes and its answer are kept in one transaction."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from framework import App, arguments, fields, idempotent, provides, response
from framework.errors import SetupError
from framework.marks.base import REPLAY, Header, Mark, Phase, ReplyStep
from framework.sqlalchemy import Database, transaction
from tests.sqlalchemy.shop import Base, Pet, PetSchema, make_app

KEY = {"Idempotency-Key": "k"}


class Tagged(Mark):
    """A header that is made after the commit."""

    def run(self, plan):
        def tag(ctx, call, reply):
            if REPLAY not in call.notes:
                reply.headers["ETag"] = '"of the row"'

        yield ReplyStep(Phase.ETAG, tag)

    def document(self, plan):
        yield Header("ETag", fields.String())


class Shop:
    """An application whose handler adds a pet once for each key."""

    def __init__(self, url, is_async=False):
        self.app = App("once")
        self.app.testing = True
        metadata = sa.MetaData()
        for table in (Base.metadata.tables["pet"],):
            table.to_metadata(metadata)
        self.db = Database(url, metadata=metadata)
        self.before_answer = lambda: None
        self.runs = 0
        provider = self.db.async_session if is_async else self.db.session

        async def add_async(session, data):
            pet = Pet(**data)
            session.add(pet)
            await session.flush()
            self.runs += 1
            self.before_answer()
            return pet

        def add(session, data):
            pet = Pet(**data)
            session.add(pet)
            session.flush()
            self.runs += 1
            self.before_answer()
            return pet

        view = response(201, PetSchema)(add_async if is_async else add)
        for mark in (arguments(PetSchema), provides(provider), Tagged(), idempotent(store=self.db)):
            view = mark(view)
        self.app.post("/pets")(view)
        with self.app.provide(self.db.engine) as engine:
            metadata.create_all(engine)
        self.client = self.app.test_client()

    def post(self, name="Rex", headers=KEY):
        return self.client.post("/pets", json={"name": name}, headers=headers)

    def count(self):
        with self.app.provide(self.db.session) as session:
            keys = session.scalar(sa.text("SELECT count(*) FROM framework_idempotency"))
            return session.scalar(sa.select(sa.func.count()).select_from(Pet)), keys


@pytest.fixture
def shop(kind):
    """A shop on each database, of each colour."""
    shop = Shop(*kind)
    yield shop
    shop.app.shutdown()


def test_a_repetition_gets_the_first_answer(shop):
    """The handler runs once; the answer is given again, with the headers that were made after the commit."""
    first, again = shop.post(), shop.post()

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.headers["ETag"] == again.headers["ETag"] == '"of the row"'
    assert shop.runs == 1
    assert shop.count() == (1, 1)


def test_another_request_with_the_key_is_refused(shop):
    """A key belongs to one request."""
    shop.post()

    assert shop.post("Tom").json["code"] == "idempotency_key_reused"
    assert shop.post("Tom", {"Idempotency-Key": "other"}).status_code == 201
    assert shop.post("Max", {}).status_code == 201
    assert shop.count() == (3, 2)


def test_an_error_keeps_neither_rows_nor_answer(shop):
    """An exception takes back the row and the key: the repetition runs the handler, and there is no window."""

    def fail():
        raise ValueError("no")

    shop.before_answer = fail
    with pytest.raises(ValueError):
        shop.post()
    shop.before_answer = lambda: None

    assert shop.count() == (0, 0)
    assert shop.post().status_code == 201
    assert shop.runs == 2


def test_a_killed_process_keeps_neither(url):
    """What ends the process before the commit leaves no row and no key."""
    shop = Shop(url)

    def leave():
        raise SystemExit

    shop.before_answer = leave
    with pytest.raises(SystemExit):
        shop.post()

    assert shop.count() == (0, 0)
    shop.app.shutdown()


def test_a_conflict_is_not_kept(shop):
    """A refused constraint has carried nothing out: the key is free."""
    shop.post()

    assert shop.post(headers={"Idempotency-Key": "other"}).status_code == 409
    assert shop.count() == (1, 1)


def test_a_request_that_runs_is_in_progress(postgres):
    """A second request with the key learns at once that the first one runs."""
    shop = Shop(postgres)
    codes = []

    def ask():
        codes.append(shop.app.test_client().post("/pets", json={"name": "Rex"}, headers=KEY))

    def meanwhile():
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    shop.before_answer = meanwhile
    first = shop.post()

    assert first.status_code == 201
    assert (codes[0].status_code, codes[0].json["code"]) == (409, "request_in_progress")
    assert codes[0].headers["Retry-After"] == "1"
    assert shop.count() == (1, 1)
    shop.app.shutdown()


def test_an_answer_expires(url):
    """After its lifetime the key is new."""
    app = make_app(url)

    @app.post("/short")
    @idempotent(store=app.db, lifetime=0.001)
    @provides(app.db.session)
    @response(200)
    def short(session):
        return session.scalar(sa.text("SELECT count(*) FROM framework_idempotency"))

    with app.provide(app.db.engine) as engine:
        Base.metadata.create_all(engine)
    client = app.test_client()

    assert [client.post("/short", headers=KEY).json for _ in range(2)] == [0, 1]
    Base.metadata.remove(Base.metadata.tables["framework_idempotency"])
    app.shutdown()


def test_a_handler_without_a_session_is_refused():
    """An operation that keeps its answer with what it writes must write by the database."""
    app = App("once")
    db = Database("sqlite://")

    @app.post("/x")
    @idempotent(store=db)
    @transaction(retries=1)
    @response(200)
    def view():
        return {}

    with pytest.raises(SetupError, match="gets no session of that database"):
        app.freeze()

"""``transaction(retries=n)``: what a collision with another transaction has ended runs anew, at most n times."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from framework import after_response, arguments, fields, idempotent, provides, response
from framework.errors import SetupError
from framework.sqlalchemy import transaction
from tests.sqlalchemy.shop import Pet, make_app

AGE = {"age": fields.Integer(required=True)}


class Colliding:
    """An application whose handler is overtaken by another transaction for some of its runs."""

    def __init__(self, url, is_async, retries, collisions, at_commit=False):
        self.app = make_app(url)
        self.left = collisions
        self.log = []
        self.at_commit = at_commit
        with self.app.provide(self.app.db.session) as session:
            session.add_all([Pet(name="Rex", age=1), Pet(name="Tom", age=1)])
        (self.add_async if is_async else self.add_sync)(retries)
        self.client = self.app.test_client()

    def overtake(self):
        """Let another transaction change the row that the handler has read."""
        self.left -= 1
        if self.left >= 0:
            with self.app.provide(self.app.db.engine) as engine, engine.begin() as connection:
                connection.execute(sa.update(Pet).where(Pet.name == "Rex").values(age=Pet.age + 10))

    def add_sync(self, retries):
        db = self.app.db

        @self.app.post("/birthday")
        @idempotent()
        @transaction(isolation="REPEATABLE READ", retries=retries)
        @provides(db.session)
        @arguments(AGE)
        @response(200)
        def birthday(session, data):
            pet = session.scalars(sa.select(Pet).where(Pet.name == "Rex")).one()
            self.run(data)
            pet.age += data.pop("age")
            if not self.at_commit:
                session.flush()
            return {"age": pet.age}

    def add_async(self, retries):
        db = self.app.db

        @self.app.post("/birthday")
        @idempotent()
        @transaction(isolation="REPEATABLE READ", retries=retries)
        @provides(db.async_session)
        @arguments(AGE)
        @response(200)
        async def birthday(session, data):
            pet = (await session.scalars(sa.select(Pet).where(Pet.name == "Rex"))).one()
            self.run(data)
            pet.age += data.pop("age")
            if not self.at_commit:
                await session.flush()
            return {"age": pet.age}

    def run(self, data):
        self.log.append(dict(data))
        after_response(self.log.append, "after")
        self.overtake()


@pytest.mark.parametrize("at_commit", [False, True], ids=["statement", "commit"])
def test_a_collision_runs_anew(postgres, is_async, at_commit):
    """The handler runs again with a new session and the inputs as they were read, and answers once."""
    shop = Colliding(postgres, is_async, retries=3, collisions=2, at_commit=at_commit)
    with shop.client as client:
        answer = client.post("/birthday", json={"age": 1}, headers={"Idempotency-Key": "k"})
        again = client.post("/birthday", json={"age": 1}, headers={"Idempotency-Key": "k"})

    assert (answer.json, again.json) == ({"age": 22}, {"age": 22})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert shop.log == [{"age": 1}] * 3 + ["after"]
    shop.app.shutdown()


def test_after_the_last_run_it_is_a_503(postgres, is_async):
    """At most as many runs as were said, then a 503 with Retry-After; the key of the request is free again."""
    shop = Colliding(postgres, is_async, retries=1, collisions=2)
    answer = shop.client.post("/birthday", json={"age": 1}, headers={"Idempotency-Key": "k"})
    log = list(shop.log)
    again = shop.client.post("/birthday", json={"age": 1}, headers={"Idempotency-Key": "k"})

    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "database_busy", "1")
    assert log == [{"age": 1}] * 2
    assert (again.status_code, again.json) == (200, {"age": 22})
    shop.app.shutdown()


def test_without_retries_it_runs_once(postgres):
    """Nothing runs twice where that was not said."""
    shop = Colliding(postgres, False, retries=0, collisions=1)

    assert shop.client.post("/birthday", json={"age": 1}).status_code == 503
    assert shop.log == [{"age": 1}]
    shop.app.shutdown()


def test_write_skew_is_prevented(postgres):
    """Of serializable transactions that would break a rule together, one runs anew and sees what the other did."""
    app = make_app(postgres)
    with app.provide(app.db.session) as session:
        session.add_all([Pet(name="Rex", age=1), Pet(name="Tom", age=1)])
    meeting = threading.Barrier(2)
    runs = []

    @app.post("/leave/<name>")
    @transaction(isolation="SERIALIZABLE", retries=5)
    @provides(app.db.session)
    @response(200)
    def leave(session, name):
        runs.append(name)
        others = session.scalar(sa.select(sa.func.count()).where(Pet.age > 0))
        if runs.count(name) == 1:
            meeting.wait(10)
        if others < 2:
            return {"left": False}
        session.execute(sa.update(Pet).where(Pet.name == name).values(age=0))
        return {"left": True}

    answers = []
    threads = [
        threading.Thread(target=lambda name=name: answers.append(app.test_client().post(f"/leave/{name}").json["left"]))
        for name in ("Rex", "Tom")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False, True]
    assert len(runs) == 3
    app.shutdown()


@pytest.mark.parametrize("number", [-1, "3"])
def test_the_number_of_retries_is_checked(number):
    """A number below 0, or none, is refused."""
    with pytest.raises(SetupError, match=r"transaction\(retries="):
        transaction(retries=number)


def test_two_marks_on_one_function_are_refused(postgres):
    """Two marks of one place would contradict each other."""
    app = make_app("sqlite://")

    @app.post("/x")
    @transaction(retries=1)
    @transaction(read_only=True)
    @response(200)
    def view():
        return {}

    with pytest.raises(SetupError, match="two marks 'transaction'"):
        app.freeze()
    app.shutdown()

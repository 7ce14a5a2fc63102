"""Deadlines: what is cancelled, what can ask, what goes on; on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
import sqlalchemy as sa

from framework import App, Resource, Schema, fields, response
from framework.errors import DeadlineExceeded, NotFound, SetupError
from framework.globals import request_ctx
from framework.serve import deadline, limit_statements, remaining
from tests.servers import postgres_server


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer()


@pytest.fixture
def app():
    """An application without operations."""
    return App("limited", static_folder=None)


def test_an_asynchronous_handler_is_cancelled(app):
    """A coroutine that goes on after its deadline is cancelled, with its clean-up, and answered by a 504."""
    ended = []

    @app.get("/slow")
    @deadline(0.05)
    async def slow():
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(True)

    reply = app.test_client().get("/slow")

    assert (reply.status_code, reply.json["code"], ended) == (504, "deadline_exceeded", [True])


def test_a_timeout_of_the_handler_is_its_own(app):
    """A ``TimeoutError`` that a handler raises before its deadline is not taken for the deadline."""

    @app.get("/own")
    @deadline(30)
    async def own():
        raise TimeoutError("mine")

    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(TimeoutError, match="mine"):
        app.test_client().get("/own")


def test_a_plain_handler_that_asks_stops(app):
    """``remaining`` gives what is left as a time limit, and raises when nothing is."""
    seen = []

    @app.get("/asks")
    @deadline(0.1)
    def asks():
        seen.append((remaining(), remaining(0.01), request_ctx.remaining()))
        while True:
            time.sleep(remaining(0.02))

    reply = app.test_client().get("/asks")

    assert reply.status_code == 504
    assert 0 < seen[0][0] <= 0.1
    assert seen[0][1] == 0.01
    assert 0 < seen[0][2] <= 0.1


def test_a_plain_handler_that_does_not_ask_goes_on_and_is_named(app, caplog):
    """A handler that is late has its answer sent, and the log says by how much."""

    @app.get("/late")
    @deadline(0.01)
    def late():
        time.sleep(0.03)
        return {"late": True}

    assert app.test_client().get("/late").json == {"late": True}
    (record,) = (each for each in caplog.records if each.name == "framework.slow")
    assert "GET /late went on for 0.0 s after its deadline of 0.01 s" in record.getMessage()


def test_what_fails_for_the_deadline_is_a_504(app):
    """An exception after the deadline, of a driver for instance, is answered by a 504; errors on purpose are not."""

    @app.get("/driver")
    @deadline(0.01)
    def driver():
        time.sleep(0.02)
        raise ConnectionError("cut off")

    @app.get("/purpose")
    @deadline(0.01)
    def purpose():
        time.sleep(0.02)
        raise NotFound()

    client = app.test_client()

    assert [client.get(path).status_code for path in ("/driver", "/purpose")] == [504, 404]


def test_without_a_deadline_nothing_is_limited(app):
    """Outside of requests, and in operations without one, ``remaining`` returns what it was given."""

    @app.get("/free")
    def free():
        return {"left": remaining(7), "none": remaining()}

    assert (remaining(), remaining(3)) == (None, 3)
    assert app.test_client().get("/free").json == {"left": 7, "none": None}


def test_the_nearest_deadline_counts(app):
    """A mark on the handler replaces that of the application and the setting; ``None`` takes it away."""
    app.config["DEADLINE"] = 5

    @app.get("/setting")
    def setting():
        return {"left": remaining()}

    @app.get("/longer")
    @deadline(50)
    def longer():
        return {"left": remaining()}

    @app.get("/none")
    @deadline(None)
    def none():
        return {"left": remaining()}

    client = app.test_client()

    assert 4 < client.get("/setting").json["left"] <= 5
    assert 40 < client.get("/longer").json["left"] <= 50
    assert client.get("/none").json == {"left": None}


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_wrong_deadline_is_refused(seconds):
    """A time that is none fails where it is written."""
    with pytest.raises(SetupError, match="deadline"):
        deadline(seconds)


def test_it_is_in_the_document(app):
    """The 504 is declared, by the mark and by the setting."""
    app.config["DEADLINE"] = 5

    @app.route("/pets")
    class Pets(Resource):
        @response(200, PetSchema)
        def get(self):
            """Get."""
            return {}

        @deadline(None)
        @response(200, PetSchema)
        def post(self):
            """Post."""
            return {}

    path = app.openapi["paths"]["/pets"]

    assert path["get"]["responses"]["504"] == {"$ref": "#/components/responses/DeadlineExceeded"}
    assert "504" not in path["post"]["responses"]


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL of this module."""
    with postgres_server() as url:
        yield url


def test_a_statement_of_postgresql_ends_with_the_deadline(app, postgres):
    """PostgreSQL cancels the statement; the connection is used again, without that limit."""
    engine = sa.create_engine(postgres, pool_size=1, max_overflow=0)
    limit_statements(engine)

    @app.get("/slow")
    @deadline(0.2)
    def slow():
        with engine.begin() as connection:
            connection.execute(sa.text("SELECT pg_sleep(60)"))

    @app.get("/free")
    def free():
        with engine.begin() as connection:
            return {"limit": connection.execute(sa.text("SHOW statement_timeout")).scalar_one()}

    client = app.test_client()
    try:
        reply = client.get("/slow")
        assert (reply.status_code, reply.json["code"]) == (504, "deadline_exceeded")
        assert client.get("/free").json == {"limit": "0"}
    finally:
        engine.dispose()


def test_a_statement_is_not_begun_after_the_deadline(app, tmp_path):
    """With another database no statement begins when the time is over."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.db")
    limit_statements(engine)

    @app.get("/late")
    @deadline(0.02)
    def late():
        time.sleep(0.03)
        with engine.begin() as connection:
            connection.execute(sa.text("SELECT 1"))
        raise AssertionError("the statement was executed")

    try:
        assert app.test_client().get("/late").status_code == 504
    finally:
        engine.dispose()


def test_requests_of_threads_have_their_own(app):
    """Requests that are served at the same time do not share their time."""

    @app.get("/<int:number>")
    @deadline(10)
    def view(number):
        first = remaining()
        time.sleep(0.01 * number)
        return {"spent": first - remaining()}

    app.freeze()
    spent = {}

    def ask(number):
        spent[number] = app.test_client().get(f"/{number}").json["spent"]

    threads = [threading.Thread(target=ask, args=(number,)) for number in (0, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert spent[0] < 0.2 <= spent[20]


def test_the_error_can_be_handled(app):
    """``DeadlineExceeded`` goes through error handlers like any other error."""

    @app.errorhandler(DeadlineExceeded)
    def handle(error):
        return {"handled": True}, 504

    @app.get("/slow")
    @deadline(0.01)
    def slow():
        time.sleep(0.02)
        remaining()

    assert app.test_client().get("/slow").json == {"handled": True}

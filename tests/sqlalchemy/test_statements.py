"""The statements of a request: their number in the record and the log, and those that repeat."""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa

from framework import provides, response
from framework.record import Observer
from framework.sqlalchemy import repeated_statements
from tests.sqlalchemy.shop import Pet, Toy, make_app


@pytest.fixture(params=["postgresql", "sqlite"])
def app(request, is_async):
    """An application with three pets, each with a toy."""
    url = request.getfixturevalue("postgres") if request.param == "postgresql" else "sqlite://"
    app = make_app(url, is_async=is_async)
    with app.provide(app.db.session) as session:
        session.add_all(Pet(name=name, toys=[Toy(name="ball")]) for name in ("a", "b", "c"))

    @app.get("/slow")
    @provides(app.db.session)
    @response(200)
    def slow(session):
        return [[toy.name for toy in pet.toys] for pet in session.scalars(sa.select(Pet))]

    yield app
    app.shutdown()


def test_the_record_has_the_number(app):
    """The record of a request has the number of its statements, and the time that they took."""
    records = []

    class Keep(Observer):
        wants_times = True

        def end(self, record):
            records.append(record)

    app.add_observer(Keep())
    client = app.test_client()
    client.get("/slow").close()
    client.get("/pets").close()

    assert [record.extra["database_statements"] for record in records] == [4, 1]
    assert all(0 < record.times["database"] < record.duration for record in records)


def test_the_debug_log_has_the_number(app, caplog):
    """At the end of each request the debug log has a line with its statements."""
    with caplog.at_level(logging.DEBUG, "framework.sqlalchemy"):
        app.test_client().get("/slow")

    assert [text.partition(" in ")[0] for text in caplog.messages] == ["4 statements"]
    assert caplog.messages[0].endswith(": GET /slow")


def test_repeated_statements_are_found(app):
    """A statement that a request repeats is an error that names the statement, the operation and the line."""
    client = app.test_client()
    with repeated_statements():
        for _ in range(5):
            client.get("/pets")
    with pytest.raises(AssertionError) as caught, repeated_statements(2) as watched:
        client.get("/slow")

    assert watched.number == 4
    assert "3 times in GET /slow, from " in str(caught.value)
    assert "test_statements.py:" in str(caught.value)
    assert "selectinload()" in str(caught.value)


def test_repeated_statements_may_be_looked_at(app):
    """With ``fail=False`` what was found is only listed."""
    with repeated_statements(1, fail=False) as watched:
        app.test_client().get("/slow")

    assert [each.number for each in watched.repeated] == [3]

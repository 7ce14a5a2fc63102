"""Lists of selects: pages, filters, sorts and searches run in the session that the handler gets."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from framework import CursorPage, OffsetPage, Page, filters, paginate, provides, response, searches, sorts
from framework.sqlalchemy import Database
from tests.sqlalchemy.shop import Pet, PetSchema, make_app


@pytest.fixture(params=["postgresql", "sqlite"])
def app(request):
    """An application with five pets."""
    app = make_app(request.getfixturevalue("postgres") if request.param == "postgresql" else "sqlite://")
    app.config["SECRET_KEY"] = "test key"
    with app.provide(app.db.session) as session:
        names = ("Ed", "Di", "Cy", "Bo", "Al")
        session.add_all(Pet(name=name, kind="dog", age=age) for age, name in enumerate(names))
    yield app
    app.shutdown()


@pytest.fixture(params=[Page, OffsetPage, CursorPage])
def pager(request):
    """Each pager."""
    return request.param


def add_list(app, pager, is_async):
    """An operation that returns a select."""
    marks = [
        filters(PetSchema, age=["gte", "lte"]),
        sorts(PetSchema, "name", "age"),
        searches(PetSchema, "name"),
        response(200, PetSchema(many=True)),
    ]
    provider = app.db.async_session if is_async else app.db.session

    def view(session):
        return sa.select(Pet).where(Pet.kind == "dog")

    async def async_view(session):
        return sa.select(Pet).where(Pet.kind == "dog")

    handler = async_view if is_async else view
    for mark in (provides(provider), paginate(pager, page_size=2, total=True), *marks):
        handler = mark(handler)
    app.get("/list")(handler)
    return app.test_client()


def test_a_select_runs_in_the_session_of_the_handler(app, pager, is_async):
    """A page, its total, filters and sorts are taken from the database by the session of the request."""
    client = add_list(app, pager, is_async)
    answer = client.get("/list?sort=name&age__lte=3")

    assert [pet["name"] for pet in answer.json] == ["Bo", "Cy"]
    assert '"total":4' in answer.headers["X-Pagination"].replace(" ", "")
    with app.provide(app.db.engine) as engine:
        assert engine.pool.checkedout() == 0


def test_two_sessions_are_ambiguous(app):
    """A handler with two sessions says which of them runs the select."""
    other = Database("sqlite://")

    @app.get("/two")
    @provides(app.db.session)
    @provides(other.session)
    @paginate(Page)
    @response(200, PetSchema(many=True))
    def two(one, another):
        return sa.select(Pet)

    with pytest.raises(TypeError, match="several sessions"):
        app.test_client().get("/two")

"""``Database.isolated``: a test whose rows are gone at its end, on PostgreSQL and SQLite, in both colours."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from framework import provides, response
from framework.sqlalchemy import transaction
from tests.sqlalchemy.shop import Pet, make_app


@pytest.fixture(params=["postgresql", "sqlite"])
def app(request, is_async, tmp_path):
    """An application with one pet."""
    url = request.getfixturevalue("postgres") if request.param == "postgresql" else f"sqlite:///{tmp_path}/x"
    app = make_app(url, is_async=is_async)
    with app.provide(app.db.session) as session:
        session.add(Pet(name="Rex"))
    add_handlers(app)
    yield app
    app.shutdown()


def add_handlers(app):
    """Handlers that commit, nest and fail by themselves."""

    @app.post("/commits")
    @provides(app.db.session)
    @response(200)
    def commits(session):
        session.add(Pet(name="committed"))
        session.commit()
        session.add(Pet(name="rolled back"))
        session.flush()
        session.rollback()
        with session.begin_nested():
            session.add(Pet(name="nested"))
        return {}

    @app.get("/writes")
    @provides(app.db.session)
    @response(200)
    def writes(session):
        session.execute(sa.insert(Pet).values(name="by a GET"))
        return {}

    @app.get("/allowed")
    @transaction(read_only=False)
    @provides(app.db.session)
    @response(200)
    def allowed(session):
        session.add(Pet(name="by a GET"))
        return {}


def names(app):
    """The names of all pets, as a block sees them."""
    with app.provide(app.db.session) as session:
        return set(session.scalars(sa.select(Pet.name)))


@pytest.fixture
def isolated(app):
    """The fixture of the documentation."""
    with app.db.isolated(app) as isolated:
        yield isolated
    assert names(app) == {"Rex"}


def test_what_a_request_commits_is_gone_at_the_end(app, isolated):
    """Requests, blocks and the test see one state, of commits alone; the fixture takes it back."""
    client = app.test_client()
    with app.provide(app.db.session) as session:
        session.add(Pet(name="set up"))

    assert client.post("/pets", json={"name": "Tom"}).status_code == 201
    assert client.post("/pets", json={"name": "Tom"}).status_code == 409
    assert client.post("/commits").status_code == 200
    assert {pet["name"] for pet in client.get("/pets").json} == {"Rex", "set up", "Tom", "committed", "nested"}
    assert names(app) == {"Rex", "set up", "Tom", "committed", "nested"}


def test_errors_at_the_commit(app, isolated):
    """A commit that fails leaves the rest of the test as it was."""
    client = app.test_client()

    assert client.put("/pets", json={"name": "Rex"}).status_code == 409
    assert client.put("/pets", json={"name": "Tom"}).status_code == 201
    assert names(app) == {"Rex", "Tom"}


def test_a_get_is_read_only_here_too(app, isolated):
    """A GET that writes fails as it does in production, and the next request writes."""
    client = app.test_client()

    with pytest.raises(sa.exc.DBAPIError):
        client.get("/writes")
    assert client.post("/pets", json={"name": "Tom"}).status_code == 201
    client.get("/allowed")
    assert names(app) == {"Rex", "Tom", "by a GET"}


def test_nothing_is_kept_without_a_request(app):
    """A block in which nothing happens opens no connection."""
    with app.db.isolated(app):
        assert app.db.engine_of(app).pool.checkedout() == 0


def test_both_colours_share_the_rows(postgres):
    """A plain session sets up what an asynchronous handler reads."""
    app = make_app(postgres, is_async=True)
    with app.db.isolated(app):
        with app.provide(app.db.session) as session:
            session.add(Pet(name="Rex"))
        [pet] = app.test_client().get("/pets").json
    app.shutdown()

    assert pet["name"] == "Rex"

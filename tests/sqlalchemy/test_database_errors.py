"""Errors of a database as answers: constraints by their names, empty pools, locks, servers that are away."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from framework import App, arguments, provides, raises, response
from framework.errors import Conflict, SetupError
from framework.sqlalchemy import CommitUnknown, Database
from tests.servers import free_port
from tests.sqlalchemy.shop import Pet, PetSchema, add_async, add_sync, make_app


class PetNameTaken(Conflict):
    """A pet of this name exists."""


CONFLICTS = {
    "uq_pet_name": ("name", "A pet of this name exists."),
    "uq_pet_kind_age": PetNameTaken,
    "ck_pet_age": "age",
    "fk_toy_pet_id_pet": "pet_id",
}


@pytest.fixture
def app(kind):
    """An application on each database, of each colour, without declared constraints."""
    url, is_async = kind
    app = make_app(url, is_async=is_async)
    yield app
    app.shutdown()


@pytest.mark.parametrize("method", ["post", "put"])
@pytest.mark.parametrize(
    "pet,code",
    [
        ({"name": "Rex"}, "already_exists"),
        ({"name": "Tom", "kind": "dog", "age": 3}, "already_exists"),
        ({"name": "Tom", "age": -1}, "rule_violated"),
    ],
)
def test_a_refused_constraint_is_a_409(app, method, pet, code):
    """A constraint that nobody declared is a 409 by its kind, at a statement and at the commit, and leaks nothing."""
    client = app.test_client()
    client.post("/pets", json={"name": "Rex", "kind": "dog", "age": 3})
    answer = getattr(client, method)("/pets", json=pet)

    assert (answer.status_code, answer.json["code"]) == (409, code)
    assert "pet" not in answer.text
    assert len(client.get("/pets").json) == 1


def test_references_are_told_apart(app):
    """A reference to what is not there, and a deletion of what is referred to, are a 409 of their own."""
    client = app.test_client()
    client.post("/pets", json={"name": "Rex"})

    assert client.post("/toys", json={"name": "ball", "pet_id": 9}).json["code"] == "reference_violated"
    assert client.post("/toys", json={"name": "ball", "pet_id": 1}).status_code == 201
    assert client.delete("/pets/1").json["code"] == "reference_violated"


def test_a_missing_value_is_a_fault(app):
    """A value that is missing, and was let through by the schema, is a fault of the application."""
    with pytest.raises(sa.exc.IntegrityError):
        app.test_client().post("/pets", json={"name": None})


def test_declared_constraints_name_the_member(kind):
    """A declared constraint is answered with its member and text, or its class."""
    url, is_async = kind
    app = make_app(url, is_async=is_async, conflicts=CONFLICTS)
    client = app.test_client()
    client.post("/pets", json={"name": "Rex", "kind": "dog", "age": 3})

    answer = client.post("/pets", json={"name": "Rex"}).json
    assert answer["errors"] == {"json": {"name": ["A pet of this name exists."]}}
    assert client.post("/pets", json={"name": "Tom", "age": -1}).json["errors"] == {"json": {"age": ["Not allowed."]}}
    answer = client.post("/toys", json={"name": "ball", "pet_id": 9}).json
    assert answer["errors"] == {"json": {"pet_id": ["Does not exist, or is in use."]}}
    app.shutdown()


def test_a_class_of_errors(url):
    """A constraint may have a class of errors, which operations declare like any other."""
    app = make_app(url, conflicts=CONFLICTS)

    @app.post("/dogs")
    @provides(app.db.session)
    @raises(PetNameTaken)
    @arguments(PetSchema)
    @response(201)
    def add(session, data):
        session.add(Pet(kind="dog", **data))
        return {}

    client = app.test_client()
    client.post("/dogs", json={"name": "Rex", "age": 3})

    assert client.post("/dogs", json={"name": "Tom", "age": 3}).json["code"] == "pet_name_taken"
    app.shutdown()


def test_texts_are_translated(url):
    """The text of a member comes in the language of the client."""
    app = make_app(url, conflicts={"ck_pet_age": "age"})
    app.config["LANGUAGES"] = ["en", "de"]
    answer = app.test_client().post("/pets", json={"name": "R", "age": -1}, headers={"Accept-Language": "de"})

    assert answer.json["errors"] == {"json": {"age": ["Nicht erlaubt."]}}
    assert answer.json["detail"] == "Die Werte verletzen eine Regel der Datenbank."
    app.shutdown()


def test_an_unknown_constraint_is_refused_at_freeze():
    """A name that no table has is a mistake, and the message lists those that there are."""
    app = make_app("sqlite://", conflicts={"uq_pets_name": "name"})

    with pytest.raises(SetupError, match=r"unknown constraint 'uq_pets_name'. Known constraints:.*uq_pet_name"):
        app.freeze()
    app.shutdown()


def test_the_document_has_the_errors(app):
    """Each operation with a session declares what it may be answered with; one that reads has no 409."""
    paths = app.openapi["paths"]

    assert list(paths["/pets"]["get"]["responses"]) == ["200", "405", "500", "503"]
    assert list(paths["/pets"]["post"]["responses"]) == ["201", "400", "405", "409", "413", "415", "422", "500", "503"]
    assert "Retry-After" in paths["/pets"]["get"]["responses"]["503"]["headers"]


def test_an_empty_pool_is_a_503(url):
    """A request that gets no connection in time is a 503 with Retry-After, and the next one is served."""
    app = make_app(url, engine_options={"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1})
    client = app.test_client()
    with app.provide(app.db.engine) as engine, engine.connect():
        answer = client.get("/pets")

    assert (answer.status_code, answer.json["code"]) == (503, "database_busy")
    assert answer.headers["Retry-After"] == "1"
    assert client.get("/pets").status_code == 200
    app.shutdown()


def test_a_lock_of_sqlite_is_a_503(tmp_path):
    """A writer that does not get the lock of SQLite in time is a 503."""
    app = make_app(f"sqlite:///{tmp_path}/x.sqlite", engine_options={"connect_args": {"timeout": 0.1}})
    client = app.test_client()
    with app.provide(app.db.session) as session:
        session.add(Pet(name="Rex"))
        session.flush()
        answer = client.post("/pets", json={"name": "Tom"})
        read = client.get("/pets")

    assert (answer.status_code, answer.json["code"]) == (503, "database_busy")
    assert read.json == []
    app.shutdown()


def test_a_lost_connection_heals(postgres, is_async):
    """A connection that the server has ended is replaced before it is used; one that ends in a request is a 503."""
    app = make_app(postgres, is_async=is_async)
    client = app.test_client()
    client.post("/pets", json={"name": "Rex"})
    admin = sa.create_engine(sa.make_url(postgres).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    with admin.connect() as connection:
        connection.exec_driver_sql(end)

    assert [pet["name"] for pet in client.get("/pets").json] == ["Rex"]
    app.shutdown()


def test_a_connection_that_ends_in_a_request(postgres):
    """A connection that ends while it is used is a 503, and the next request is served."""
    app = make_app(postgres)

    @app.post("/end")
    @provides(app.db.session)
    @response(201)
    def end(session):
        session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return {}

    client = app.test_client()
    answer = client.post("/end")

    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert client.get("/pets").status_code == 200
    app.shutdown()


def test_a_connection_that_ends_in_the_commit(postgres):
    """A connection that ends while it commits is a 500: nobody knows whether it was carried out."""
    app = make_app(postgres)
    app.testing = False

    @app.post("/end")
    @provides(app.db.session)
    @response(201)
    def end(session):
        session.add(Pet(name="Rex"))
        session.flush()
        pid = session.scalar(sa.text("SELECT pg_backend_pid()"))
        with app.provide(app.db.engine) as engine, engine.connect() as other:
            other.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        return {}

    @app.get("/end")
    @provides(app.db.session)
    @response(200)
    def reads(session):
        return session.scalar(sa.text("SELECT 1"))

    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(CommitUnknown):
        app.test_client().post("/end")

    assert app.test_client().get("/end").json == 1
    app.shutdown()


def test_a_server_that_is_away(is_async, postgres):
    """Without a server each request is a 503 with Retry-After."""
    app = make_app(postgres, is_async=is_async)
    away = make_app_without_server(is_async)
    answer = away.test_client().get("/pets")

    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"] == "5"
    app.shutdown()
    away.shutdown()


def make_app_without_server(is_async):
    """An application whose database is at a port that nobody listens on."""
    app = App("away")
    app.db = Database(f"postgresql://postgres@127.0.0.1:{free_port()}/postgres")
    (add_async if is_async else add_sync)(app, app.db)
    return app

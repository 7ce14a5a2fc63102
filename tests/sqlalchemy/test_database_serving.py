"""A database beside the rest of the house: health, deadlines, hooks of transactions, the check, what is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa

from framework import App, g, provides, response
from framework.serve import Health, deadline
from framework.serve.check import ServerFacts, check
from framework.sqlalchemy import Database
from tests.sqlalchemy.shop import Pet, make_app


def test_the_health_check(postgres):
    """``ping`` is a check of ``Health``."""
    good = make_app(postgres)
    Health(good, {"database": good.db.ping})
    bad = App("bad")
    Health(bad, {"database": Database("postgresql://postgres@127.0.0.1:1/postgres").ping})

    assert good.test_client().get("/readyz").status_code == 200
    assert bad.test_client().get("/readyz").status_code == 503
    good.shutdown()
    bad.shutdown()


@pytest.mark.parametrize("is_async", [False, True])
def test_statements_end_with_the_deadline(postgres, is_async):
    """A statement that takes longer than the request may is cancelled by the database, and the answer is a 504."""
    app = make_app(postgres)

    if is_async:

        @app.get("/sleep")
        @deadline(0.2)
        @provides(app.db.async_session)
        @response(200)
        async def sleep(session):
            await session.execute(sa.text("SELECT pg_sleep(20)"))

    else:

        @app.get("/sleep")
        @deadline(0.2)
        @provides(app.db.session)
        @response(200)
        def sleep(session):
            session.execute(sa.text("SELECT pg_sleep(20)"))

    client = app.test_client()

    assert client.get("/sleep").status_code == 504
    assert client.get("/pets").status_code == 200
    app.shutdown()


@pytest.fixture
def tenants(postgres):
    """An application with row-level security: each request sees the rows of its tenant, over one connection."""
    app = make_app(postgres, engine_options={"pool_size": 1, "max_overflow": 0})
    with app.provide(app.db.engine) as engine, engine.begin() as connection:
        for statement in (
            "CREATE ROLE tenant_role" if not has_role(connection) else "SELECT 1",
            "GRANT ALL ON pet, pet_id_seq TO tenant_role",
            "ALTER TABLE pet ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY by_kind ON pet USING (kind = current_setting('app.tenant', true))",
        ):
            connection.exec_driver_sql(statement)

    @app.before_request
    def find_tenant():
        from framework import request

        g.tenant = request.headers.get("X-Tenant")

    @app.db.after_begin
    def set_tenant(session, connection):
        if g.get("tenant"):
            connection.execute(sa.text("SET LOCAL ROLE tenant_role"))
            connection.execute(sa.text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": g.tenant})

    @app.get("/twice")
    @provides(app.db.session)
    @response(200)
    def twice(session):
        first = list(session.scalars(sa.select(Pet.name)))
        session.rollback()
        return [first, list(session.scalars(sa.select(Pet.name)))]

    @app.get("/async")
    @provides(app.db.async_session)
    @response(200)
    async def asynchronous(session):
        return list(await session.scalars(sa.select(Pet.name)))

    yield app
    app.shutdown()


def has_role(connection):
    """Whether the role of the tenants is there; roles are of the whole server."""
    return connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = 'tenant_role'").first() is not None


def test_each_tenant_sees_its_rows(tenants):
    """``after_begin`` tells each transaction its tenant, in both colours; the next on the connection knows nothing."""
    client = tenants.test_client()
    for tenant in "ab":
        answer = client.post("/pets", json={"name": f"of {tenant}", "kind": tenant}, headers={"X-Tenant": tenant})
        assert answer.status_code == 201

    for tenant in "abba":
        headers = {"X-Tenant": tenant}
        assert [pet["name"] for pet in client.get("/pets", headers=headers).json] == [f"of {tenant}"]
        assert client.get("/twice", headers=headers).json == [[f"of {tenant}"]] * 2
        assert client.get("/async", headers=headers).json == [f"of {tenant}"]
    assert len(client.get("/pets").json) == 2


def test_the_check_compares_pool_and_threads(tmp_path):
    """``framework check`` finds a pool smaller than the threads, a database in memory, and one without URL."""
    small = make_app(f"sqlite:///{tmp_path}/x", engine_options={"pool_size": 1, "max_overflow": 1})
    memory = make_app("sqlite://")
    unset = App("unset")

    @unset.get("/")
    @provides(Database("DATABASE_URL").session)
    @response(200)
    def view(session):
        return {}

    def found(app):
        hits = check(app, deploy=True, server=ServerFacts(workers=4, threads=20, kind="gthread", timeout=30))
        return [(each.rule, each.message) for each in hits if each.rule.startswith(("pool", "database"))]

    assert found(small) == [
        ("pool-small", "The engine in extensions['framework.sqlalchemy'] has 2 connections for 20 threads of a worker.")
    ]
    assert ("database-in-memory", "The engine in extensions['framework.sqlalchemy'] is an SQLite in memory.") in found(
        memory
    )
    [(rule, message)] = found(unset)
    assert rule == "database-unset"
    assert "the setting DATABASE_URL is not set" in message
    for app in (small, memory, unset):
        app.shutdown()


def test_an_application_without_a_database_does_not_load_it():
    """Neither the library nor the package is loaded by an application that uses none."""
    code = (
        "import sys; from framework import App; app = App('x'); app.test_client().get('/');"
        "print([name for name in sys.modules if 'sqlalchemy' in name])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"

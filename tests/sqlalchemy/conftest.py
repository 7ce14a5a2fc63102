"""Databases for these tests: a real PostgreSQL and SQLite, in a file and in memory."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.servers import postgres_server


@pytest.fixture(scope="session")
def postgres_url():
    """A real PostgreSQL for all tests; none may break it."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres(postgres_url):
    """The URL of an empty database of PostgreSQL."""
    engine = sa.create_engine(sa.make_url(postgres_url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
        connection.exec_driver_sql("GRANT ALL ON SCHEMA public TO public")
    return postgres_url


@pytest.fixture(params=["postgresql", "sqlite"])
def url(request):
    """The URL of an empty database of each kind."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else "sqlite://"


@pytest.fixture(params=["postgresql", "sqlite", "memory"])
def every_url(request, tmp_path):
    """The URL of an empty database, of SQLite in a file and in memory."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres")
    return f"sqlite:///{tmp_path}/test.sqlite" if request.param == "sqlite" else "sqlite://"


@pytest.fixture(params=["postgresql-sync", "postgresql-async", "sqlite-sync"])
def kind(request):
    """The URL of an empty database, and whether handlers are asynchronous: what differs, and no more."""
    database, _, colour = request.param.partition("-")
    return request.getfixturevalue("postgres") if database == "postgresql" else "sqlite://", colour == "async"


@pytest.fixture(params=["sync", "async"])
def is_async(request):
    """Whether handlers are asynchronous."""
    return request.param == "async"

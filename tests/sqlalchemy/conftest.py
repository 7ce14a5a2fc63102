"""Databases for these tests: a real PostgreSQL and SQLite, in a file and in memory."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa

from tests.servers import postgres_server

_number = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url():
    """A real PostgreSQL for all tests; none may break it."""
    with postgres_server() as url:
        yield url


def new_database(server_url):
    """Make an empty database, and return its URL."""
    url = sa.make_url(server_url)
    name = f"test_{next(_number)}"
    admin = sa.create_engine(
        url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def postgres(postgres_url):
    """The URL of an empty database of PostgreSQL."""
    return new_database(postgres_url)


@pytest.fixture(params=["postgresql", "sqlite", "memory"])
def url(request, tmp_path):
    """The URL of an empty database of each kind."""
    if request.param == "postgresql":
        return new_database(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/test.sqlite" if request.param == "sqlite" else "sqlite://"


@pytest.fixture(params=["sync", "async"])
def is_async(request):
    """Whether handlers are asynchronous."""
    return request.param == "async"

"""A database behind real servers: many requests at once, retries, conflicts, and a server that goes and returns."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.servers import free_port, running

SERVED = """
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import AsyncSession
from framework import App, arguments, fields, provides, response, stream
from framework.serve import Health
from framework.sqlalchemy import Database, transaction


class Base(orm.DeclarativeBase):
    metadata = sa.MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"})


class Count(Base):
    __tablename__ = "counts"
    name: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    number: orm.Mapped[int]


db = Database("URL", metadata=Base.metadata, engine_options={"pool_size": 10})
app = App(__name__, static_folder=None)
Health(app, {"database": db.ping}, keep=0)


@app.on_startup
def make_tables():
    with app.provide(db.engine) as engine, engine.begin() as connection:
        Base.metadata.create_all(connection)
        connection.execute(sa.delete(Count))
        connection.execute(sa.insert(Count).values([{"name": "plain", "number": 0}, {"name": "async", "number": 0}]))


@app.post("/plain")
@transaction(isolation="SERIALIZABLE", retries=50)
@provides(db.session)
@response(200)
def plain(session: orm.Session):
    count = session.get_one(Count, "plain")
    count.number += 1
    return {}


@app.post("/async")
@transaction(isolation="SERIALIZABLE", retries=50)
@provides(db.async_session)
@response(200)
async def asynchronous(session: AsyncSession):
    count = await session.get_one(Count, "async")
    count.number += 1
    return {}


@app.post("/counts")
@provides(db.session)
@arguments({"name": fields.String(required=True)})
@response(201)
def add(session: orm.Session, data):
    session.add(Count(number=0, **data))
    return {}


@app.get("/counts")
@provides(db.async_session)
@response(200)
async def show(session: AsyncSession):
    return {count.name: count.number for count in await session.scalars(sa.select(Count))}


@app.get("/export")
@provides(db.session)
@stream()
def export(session: orm.Session):
    yield from session.scalars(sa.select(Count.name).order_by(Count.name))


asgi = app.asgi
"""

SERVERS = {
    "gthread": ["gunicorn", "-k", "gthread", "--threads", "4", "-b", "127.0.0.1:PORT", "application:app"],
    "uvicorn": ["uvicorn", "--port", "PORT", "application:asgi"],
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("kind", ["postgresql", pytest.param("sqlite", marks=pytest.mark.extended)])
def test_a_database_on_a_server(request, tmp_path, server, kind):
    """No increment is lost, a conflict is a 409, a stream is whole; without a database 503, and with it again 200."""
    url = request.getfixturevalue("postgres") if kind == "postgresql" else f"sqlite:///{tmp_path}/shop.sqlite"
    (tmp_path / "application.py").write_text(SERVED.replace("URL", url))
    port = free_port()
    command = [sys.executable, "-m", *(part.replace("PORT", str(port)) for part in SERVERS[server])]

    def ask(path, method="POST", body=b"{}"):
        headers = {"Content-Type": "application/json"} if method == "POST" else {}
        data = body if method == "POST" else None
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=60) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    with running(command, port, tmp_path / "log"), ThreadPoolExecutor(8) as pool:
        statuses = {each[0] for each in pool.map(ask, ["/plain", "/async"] * 20)}
        taken = [ask("/counts", body=b'{"name": "x"}')[0] for _ in range(2)]
        shown = json.loads(ask("/counts", "GET")[1])
        exported = ask("/export", "GET")[1]
        if kind == "postgresql":
            with psycopg.connect(url.rpartition("/")[0] + "/template1", autocommit=True) as admin:
                admin.execute("ALTER DATABASE postgres ALLOW_CONNECTIONS false")
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres'")
                away = [ask("/plain")[0], ask("/counts", "GET")[0], ask("/readyz", "GET")[0]]
                admin.execute("ALTER DATABASE postgres ALLOW_CONNECTIONS true")
            back = [ask("/plain")[0], ask("/counts", "GET")[0], ask("/readyz", "GET")[0]]

            assert (away, back) == ([503] * 3, [200] * 3)

    assert statuses == {200}
    assert taken == [201, 409]
    assert shown == {"plain": 20, "async": 20, "x": 0}
    assert exported == b'"async"\n"plain"\n"x"\n'

"""Providers on real servers with a real PostgreSQL: an asynchronous driver and synchronous sessions side by side."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.servers import free_port, postgres_server, running

SERVED = '''
import asyncio
import psycopg
import sqlalchemy as sa
from sqlalchemy import orm
from framework import App, Resource, provider, provides, response, stream
from framework.marks.providers import path_variable

app = App(__name__, static_folder=None)
asgi = app.asgi


@provider(scope="application")
def open_engine():
    engine = sa.create_engine("DATABASE".replace("postgresql:", "postgresql+psycopg:"), pool_size=20)
    yield engine
    engine.dispose()
    with psycopg.connect("DATABASE") as db:
        db.execute("INSERT INTO log VALUES ('disposed')")


@provides(open_engine)
def open_session(engine):
    with orm.Session(engine) as db, db.begin():
        yield db


async def connect():
    async with await psycopg.AsyncConnection.connect("DATABASE") as db:
        yield db


@provides(connect)
@provides(path_variable("number"))
async def doubled(db, number):
    row = await (await db.execute("SELECT 2 * %s::int, pg_sleep(0.005)::text", [number])).fetchone()
    return row[0]


@app.route("/both/<int:number>")
class Both(Resource):
    """One row by each driver."""

    @provides(doubled)
    @provides(db=open_session, connection=connect)
    @response(201)
    async def post(self, double, number, db, connection):
        await connection.execute("INSERT INTO log VALUES ('async ' || %s)", [str(number)])
        await asyncio.to_thread(db.execute, sa.text(f"INSERT INTO log VALUES ('sync {number}')"))
        if number % 3 == 0:
            raise LookupError
        return double


@app.post("/plain/<int:number>")
@provides(open_session)
@provides(doubled)
@response(201)
def plain(db, double, number):
    db.execute(sa.text(f"INSERT INTO log VALUES ('plain {number}')"))
    return double


@app.post("/refused/<int:number>")
@provides(open_session)
@response(201)
def refused(db, number):
    db.execute(sa.text("INSERT INTO once VALUES (1)"))
    return number


@app.get("/rows/<int:number>")
@provides(open_session)
@stream()
def rows(db, number):
    yield from db.scalars(sa.text(f"SELECT generate_series(1, {number})"))


@app.get("/endless")
@provides(connect)
@stream()
async def endless(db):
    while True:
        row = await (await db.execute("SELECT 1, pg_sleep(0.01)::text")).fetchone()
        yield row[0]
'''


@pytest.fixture(scope="module")
def postgres():
    """A real PostgreSQL with two tables, one with a constraint that is looked at when a transaction commits."""
    with postgres_server() as url:
        with psycopg.connect(url) as db:
            db.execute("CREATE TABLE log (line text)")
            db.execute("CREATE TABLE once (number int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        yield url


def connections(url):
    """The number of open connections that are in a transaction."""
    with psycopg.connect(url, autocommit=True) as db:
        return db.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' OR (query LIKE '%pg_sleep%' AND"
            " state = 'active' AND pid <> pg_backend_pid())"
        ).fetchone()[0]


SERVERS = {
    "gthread": ["gunicorn", "-k", "gthread", "--threads", "4", "-b", "127.0.0.1:PORT", "application:app"],
    "gevent": ["gunicorn", "-k", "gevent", "-b", "127.0.0.1:PORT", "application:app"],
    "uvicorn": ["uvicorn", "--port", "PORT", "application:asgi"],
}


@pytest.mark.parametrize("server", SERVERS)
def test_providers_on_a_server(postgres, tmp_path, server):
    """Each request has its own session and connection, committed or rolled back, none left over; the engine ends."""
    (tmp_path / "application.py").write_text(SERVED.replace("DATABASE", postgres))
    with psycopg.connect(postgres) as db:
        db.execute("TRUNCATE log, once")
    port = free_port()
    command = [sys.executable, "-m", *(part.replace("PORT", str(port)) for part in SERVERS[server])]

    def ask(path, method="POST"):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, b""

    with running(command, port, tmp_path / "log"), ThreadPoolExecutor(8) as pool:
        both = list(pool.map(lambda number: ask(f"/both/{number}"), range(30)))
        plain = list(pool.map(lambda number: ask(f"/plain/{number}"), range(10)))
        once = [ask("/refused/1")[0], ask("/refused/1")[0]]
        lines = ask("/rows/3", "GET")
        with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(100)
        deadline = time.monotonic() + 20
        while connections(postgres) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = connections(postgres)

    kept = [number for number in range(30) if number % 3]
    assert [status for status, _ in both] == [201 if number % 3 else 500 for number in range(30)]
    assert [body for status, body in both if status == 201] == [b"%d" % (2 * number) for number in kept]
    assert plain == [(201, b"%d" % (2 * number)) for number in range(10)]
    assert once == [201, 500]
    assert lines == (200, b"1\n2\n3\n")
    assert left == 0
    with psycopg.connect(postgres) as db:
        found = sorted(line for (line,) in db.execute("SELECT line FROM log"))
    wanted = [f"{kind} {number}" for number in kept for kind in ("async", "sync")]
    assert found == sorted([*wanted, *(f"plain {number}" for number in range(10)), "disposed"])

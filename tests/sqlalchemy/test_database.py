"""``Database``: a session for each request, committed before the answer, on PostgreSQL and SQLite, sync and async."""

from __future__ import annotations

import contextlib

import pytest
import sqlalchemy as sa

from framework import App, after_response, provides, response, stream
from framework.errors import SetupError
from framework.sqlalchemy import Database, transaction
from tests.sqlalchemy.shop import Pet, make_app


@pytest.fixture
def app(every_url, is_async):
    """An application on each database, of each colour."""
    app = make_app(every_url, is_async=is_async)
    yield app
    app.shutdown()


@pytest.fixture
def plain(every_url):
    """An application of plain handlers on each database."""
    app = make_app(every_url)
    yield app
    app.shutdown()


def names(app):
    """The names of the pets that are stored."""
    with app.provide(app.db.session) as session:
        return list(session.scalars(sa.select(Pet.name).order_by(Pet.id)))


def test_what_a_handler_writes_is_committed(app):
    """The session is committed when the handler has answered."""
    client = app.test_client()

    assert client.post("/pets", json={"name": "Rex"}).json == {"id": 1, "name": "Rex", "kind": None, "age": None}
    assert [pet["name"] for pet in client.get("/pets").json] == ["Rex"]
    assert names(app) == ["Rex"]


def test_the_commit_comes_before_the_first_byte(plain):
    """Who has the status of the answer finds the row."""
    seen = []

    def start_response(status, headers):
        seen.append((status[:3], names(plain)))

    environ = plain.test_request_context("/pets", method="POST", json={"name": "Rex"}).environ
    plain.wsgi_app(environ, start_response)

    assert seen == [("201", ["Rex"])]


def test_an_exception_rolls_back(plain):
    """What was written before an exception is undone."""

    @plain.post("/fail")
    @provides(plain.db.session)
    @response(201)
    def fail(session):
        session.add(Pet(name="Rex"))
        session.flush()
        raise ValueError("no")

    plain.config["PROPAGATE_EXCEPTIONS"] = False

    assert plain.test_client().post("/fail").status_code == 500
    assert names(plain) == []


def test_no_connection_is_taken_before_it_is_used(plain):
    """A session that no statement is sent with opens no transaction."""

    @plain.get("/nothing")
    @provides(plain.db.session)
    @response(200)
    def nothing(session):
        with plain.provide(plain.db.engine) as engine:
            return engine.pool.checkedout()

    assert plain.test_client().get("/nothing").json == 0


def test_blocks_and_commands(plain):
    """A block of ``app.provide`` has a session of its own, which may write, in a GET too."""

    @plain.cli.command("add-pet")
    def add_pet():
        with plain.provide(plain.db.session) as session:
            session.add(Pet(name="Tom"))

    @plain.get("/seen")
    @provides(plain.db.session)
    @response(200)
    def seen(session):
        with plain.provide(plain.db.session) as own:
            own.add(Pet(name="Seen"))
        return session.scalar(sa.select(sa.func.count()).select_from(Pet))

    assert plain.test_cli_runner().invoke(args=["add-pet"]).exit_code == 0
    assert plain.test_client().get("/seen").json == 2


def test_after_the_response(plain):
    """Deferred work opens its own session, after the commit."""

    @plain.post("/later")
    @provides(plain.db.session)
    @response(201)
    def later(session):
        session.add(Pet(name="Rex"))

        def count():
            with plain.provide(plain.db.session) as own:
                own.add(Pet(name=f"after {own.scalar(sa.select(sa.func.count()).select_from(Pet))}"))

        after_response(count)
        return {}

    with plain.test_client() as client:
        client.post("/later").close()

    assert names(plain) == ["Rex", "after 1"]


def test_streams_have_a_session_for_their_own_time(plain):
    """A handler that is a generator reads with a session that is open while it is sent."""

    @plain.get("/export")
    @provides(plain.db.session)
    @stream()
    def export(session):
        yield from session.scalars(sa.select(Pet.name))

    client = plain.test_client()
    client.post("/pets", json={"name": "Rex"})

    assert client.get("/export").text == '"Rex"\n'
    with plain.provide(plain.db.engine) as engine:
        assert engine.pool.checkedout() == 0


# Read-only transactions


def test_a_get_cannot_write(plain):
    """The transaction of a GET is read-only, the error says how it is changed, and the connection writes again."""

    @plain.get("/wrong")
    @provides(plain.db.session)
    @response(200)
    def wrong(session):
        session.add(Pet(name="Rex"))
        return {}

    client = plain.test_client()

    with pytest.raises(sa.exc.DBAPIError) as caught:
        client.get("/wrong")

    assert "transaction(read_only=False)" in "".join(caught.value.__notes__)
    for number in range(3):
        assert client.post("/pets", json={"name": str(number)}).status_code == 201
        assert len(client.get("/pets").json) == number + 1
    assert names(plain) == ["0", "1", "2"]


def test_a_mark_lets_a_get_write(plain):
    """``transaction(read_only=False)`` is for a GET that writes, ``True`` for a POST that does not."""

    @plain.get("/right")
    @provides(plain.db.session)
    @transaction(read_only=False)
    @response(200)
    def right(session):
        session.add(Pet(name="Rex"))
        return {}

    @plain.post("/search")
    @provides(plain.db.session)
    @transaction(read_only=True)
    @response(200)
    def search(session):
        session.add(Pet(name="Tom"))
        return {}

    client = plain.test_client()
    client.get("/right")
    with pytest.raises(sa.exc.DBAPIError):
        client.post("/search")

    assert names(plain) == ["Rex"]


def test_a_database_may_let_all_write(url):
    """``Database(read_only=False)`` lets each GET write."""
    app = make_app(url, read_only=False)

    @app.get("/right")
    @provides(app.db.session)
    @response(200)
    def right(session):
        session.add(Pet(name="Rex"))
        return {}

    app.test_client().get("/right")

    assert names(app) == ["Rex"]
    app.shutdown()


def test_read_only_in_both_colours(app):
    """A connection that an asynchronous GET has used is not read-only afterwards."""
    client = app.test_client()
    for number in range(3):
        assert client.get("/pets").status_code == 200
        assert client.post("/pets", json={"name": str(number)}).status_code == 201

    assert names(app) == ["0", "1", "2"]


def test_raw_connections_are_not_read_only_afterwards(plain):
    """What takes a connection from the pool without a session can write."""
    client = plain.test_client()
    client.get("/pets")
    with plain.provide(plain.db.engine) as engine:
        connection = engine.raw_connection()
        connection.cursor().execute("INSERT INTO pet (name) VALUES ('raw')")
        connection.commit()
        connection.close()

    assert names(plain) == ["raw"]


def test_the_isolation_level(plain):
    """``transaction(isolation=...)`` counts for the operation, and not for the next one on the connection."""
    show = "SHOW transaction_isolation" if "postgresql" in str(plain.db.url) else "SELECT 'serializable'"

    @plain.post("/strict")
    @provides(plain.db.session)
    @transaction(isolation="SERIALIZABLE")
    @response(200)
    def strict(session):
        return session.scalar(sa.text(show))

    @plain.post("/usual")
    @provides(plain.db.session)
    @response(200)
    def usual(session):
        return session.scalar(sa.text(show))

    @plain.post("/repeatable")
    @provides(plain.db.session)
    @transaction(isolation="REPEATABLE READ")
    @response(200)
    def repeatable(session):
        return session.scalar(sa.text(show))

    client = plain.test_client()

    assert client.post("/strict").json == "serializable"
    assert client.post("/repeatable").json in ("repeatable read", "serializable")
    if "postgresql" in str(plain.db.url):
        assert client.post("/usual").json == "read committed"


def test_an_unknown_level_is_refused():
    """The message lists the known levels."""
    with pytest.raises(SetupError, match="Known levels: READ COMMITTED"):
        transaction(isolation="CHAOS")


# SQLite


def test_sqlite_enforces_foreign_keys(tmp_path):
    """Each connection of SQLite checks foreign keys."""
    app = make_app(f"sqlite:///{tmp_path}/x.sqlite")

    assert app.test_client().post("/toys", json={"name": "ball", "pet_id": 9}).status_code == 409
    app.shutdown()


def test_sqlite_in_memory_is_one_database(is_async):
    """All connections of both colours see the same database in memory."""
    app = make_app("sqlite://", is_async=is_async)
    app.test_client().post("/pets", json={"name": "Rex"})

    assert names(app) == ["Rex"]
    other = make_app("sqlite://")
    assert names(other) == []
    app.shutdown()
    other.shutdown()


def test_a_writer_of_sqlite_has_its_lock_before_it_reads(tmp_path):
    """What a POST has read cannot be changed by another one before it writes; a GET takes no lock that keeps others."""
    app = make_app(f"sqlite:///{tmp_path}/x.sqlite", engine_options={"connect_args": {"timeout": 0}})

    @app.route("/reads", methods=["GET", "POST"])
    @provides(app.db.session)
    @response(200)
    def read_and_let_write(session):
        session.scalar(sa.select(sa.func.count()).select_from(Pet))
        try:
            with app.provide(app.db.engine) as engine, engine.connect() as other:
                other.begin()
        except sa.exc.OperationalError:
            return "locked"
        return "free"

    client = app.test_client()

    assert client.post("/reads").json == "locked"
    assert client.get("/reads").json == "free"
    app.shutdown()


def test_a_reader_of_sqlite_sees_one_state(tmp_path):
    """Two selects of one GET see the same rows: another transaction is not committed in between."""
    app = make_app(f"sqlite:///{tmp_path}/x.sqlite", engine_options={"connect_args": {"timeout": 0}})
    count = sa.select(sa.func.count()).select_from(Pet)

    @app.get("/twice")
    @provides(app.db.session)
    @response(200)
    def twice(session):
        first = session.scalar(count)
        with app.provide(app.db.engine) as engine, engine.connect() as other:
            other.execute(sa.insert(Pet).values(name="late"))
            with contextlib.suppress(sa.exc.OperationalError):
                other.commit()
        return [first, session.scalar(count)]

    assert app.test_client().get("/twice").json == [0, 0]
    app.shutdown()


def test_savepoints_of_sqlite(tmp_path):
    """What is rolled back to a savepoint is undone, and the rest of the transaction is kept."""
    app = make_app(f"sqlite:///{tmp_path}/x.sqlite")
    with app.provide(app.db.engine) as engine, engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO pet (name) VALUES ('a')")
        connection.exec_driver_sql("SAVEPOINT x")
        connection.exec_driver_sql("INSERT INTO pet (name) VALUES ('b')")
        connection.exec_driver_sql("ROLLBACK TO x")
    assert names(app) == ["a"]
    app.shutdown()


# Where the URL comes from


def test_the_url_may_be_a_setting():
    """A name without a colon is that of a setting, which is read when the engine is made."""
    db = Database("DATABASE_URL")
    app = App("shop")
    app.config["DATABASE_URL"] = "sqlite://"

    with app.provide(db.engine) as engine:
        assert engine.dialect.name == "sqlite"
    app.shutdown()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_means_psycopg_3(postgres, scheme):
    """All spellings of PostgreSQL use psycopg 3, in both colours."""
    app = App("shop")
    db = Database(lambda: scheme + postgres.removeprefix("postgresql"))

    with app.provide(db.engine) as engine:
        assert engine.dialect.driver == "psycopg"
    with app.provide(db.async_engine) as engine:
        assert engine.dialect.driver == "psycopg"
        assert engine.dialect.is_async
    app.shutdown()


def test_a_missing_setting_is_named():
    """The message says the setting and how it is set."""
    app = App("shop")

    with pytest.raises(SetupError, match=r"setting DATABASE_URL is not set.*FRAMEWORK_DATABASE_URL"):
        app.provide(Database("DATABASE_URL").engine).__enter__()


def test_a_wrong_url_keeps_its_password():
    """What is not a URL is refused, and not shown."""
    app = App("shop")
    app.config["DATABASE_URL"] = "postgresql:user:secret"

    with pytest.raises(SetupError) as caught:
        app.provide(Database("DATABASE_URL").engine).__enter__()

    assert "secret" not in str(caught.value)
    assert "The setting DATABASE_URL does not name a database." in str(caught.value)


def test_one_database_serves_several_applications(tmp_path):
    """Each application has its own engine, of its own settings."""
    db = Database("DATABASE_URL")
    found = []
    for name in "ab":
        app = App(name)
        app.config["DATABASE_URL"] = f"sqlite:///{tmp_path}/{name}.sqlite"
        with app.provide(db.engine) as engine:
            found.append(engine.url.database[-8:])
        app.shutdown()

    assert found == ["a.sqlite", "b.sqlite"]

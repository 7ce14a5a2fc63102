"""The database: one engine per application, one session per request.

Not here: the tables (``models``), what is asked of them (``queries`` and the topics).
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import typing as t
import weakref

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from framework import App, current_app, g
from framework.errors import NotFound
from framework.serve import limit_statements


class Base(orm.DeclarativeBase):
    """All tables; every constraint has a name, so that a later migration can speak of it."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(sa.TypeDecorator[dt.datetime]):
    """A point in time, kept in UTC. SQLite has no time zones: there it is written without, and read back as UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        return None if value is None else value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def now() -> dt.datetime:
    """The time in whole milliseconds, as the API shows it: what is stored and what is sent are the same."""
    time = dt.datetime.now(dt.UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


# What lets one process at a time look for missing tables and make them.
TABLES_LOCK = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7211)"}


class Database:
    """The engine and its sessions. Nothing is connected before the first session.

    :param url: A database URL, as users write it.
    """

    def __init__(self, url: str) -> None:
        address = normal_url(url)
        options: dict[str, t.Any] = {"pool_pre_ping": True}
        if address.get_backend_name() == "sqlite":
            options = {"connect_args": {"timeout": 30}}
            if address.database in (None, "", ":memory:"):
                # A database in memory is gone with its connection, so there is one connection for all.
                options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        self.engine = sa.create_engine(address, **options)
        if address.get_backend_name() == "sqlite":
            event.listen(self.engine, "connect", enforce_foreign_keys)
        limit_statements(self.engine)
        self._make_session = orm.sessionmaker(self.engine, expire_on_commit=False)
        self._lock = threading.Lock()
        self._ready = False

    def open_session(self) -> orm.Session:
        """A new session; the first one makes the tables that are missing."""
        if not self._ready:
            with self._lock:
                if not self._ready:
                    self.create_tables()
                    self._ready = True
        return self._make_session()

    def create_tables(self) -> None:
        """Make the tables that are missing; those that exist are left as they are."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(TABLES_LOCK[self.engine.dialect.name])
            Base.metadata.create_all(connection)

    def dispose(self) -> None:
        """Close all connections that nobody uses."""
        self.engine.dispose()


def normal_url(url: str) -> sa.URL:
    """The URL with the driver in it: ``postgres://`` and ``postgresql://`` are served by psycopg 3."""
    scheme, separator, rest = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        scheme = "postgresql+psycopg"
    return sa.make_url(scheme + separator + rest)


def enforce_foreign_keys(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    """SQLite checks foreign keys only where a connection asks for it."""
    connection.execute("PRAGMA foreign_keys = ON").close()


def init_app(app: App) -> None:
    """Give the application its database."""
    database = Database(app.settings.database_url)
    app.extensions["database"] = database
    # When the application is collected, or at the end of the program: whichever comes first.
    weakref.finalize(app, database.engine.dispose)
    app.teardown_appcontext(close_session)
    app.register_error_handler(orm.exc.StaleDataError, row_gone)


def get_session() -> orm.Session:
    """The session of this request (or command): opened at the first call, closed when the request is over."""
    if "database_session" not in g:
        database: Database = current_app.extensions["database"]
        g.database_session = database.open_session()
    session: orm.Session = g.database_session
    return session


def close_session(error: BaseException | None) -> None:
    """Give the connection back; what was not committed is undone."""
    session: orm.Session | None = g.pop("database_session", None)
    if session is not None:
        session.close()


def row_gone(error: orm.exc.StaleDataError) -> NotFound:
    """A row that another request deleted between our reading and our writing it is not there any more: 404."""
    return NotFound()

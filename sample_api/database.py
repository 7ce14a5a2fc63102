"""The database: a session for each request, and its migrations.

Not here: the tables (``models``), what is asked of them (``queries`` and the topics).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import typing as t
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import orm

from framework import App, Router, current_app
from framework.sqlalchemy import Database

from . import settings


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


MIGRATIONS: t.Final = Path(__file__).parent / "alembic.ini"

_lock: t.Final = threading.Lock()
"""For one migration at a time in a process: Alembic keeps what it works on in its modules."""

db: t.Final = Database(lambda: settings.current().database_url or "", metadata=Base.metadata)
"""The database of the application that answers: ``provides(db.session)`` gives a handler its session."""


class Migrations:
    """The migrations of an application: they run before its first request, where ``MIGRATE`` is on.

    :param app: The application.
    """

    def __init__(self, app: App[settings.Settings]) -> None:
        self._app = app
        self._is_current = not app.settings.migrate

    def ensure(self) -> None:
        """Bring the tables up to date, once.

        :raises framework.errors.ServiceUnavailable: The database does not answer.
        """
        if self._is_current:
            return
        with _lock:
            if not self._is_current:
                self.upgrade()
                self._is_current = True

    def upgrade(self) -> None:
        """Bring the tables up to date: ``alembic upgrade head``.

        :raises framework.errors.ServiceUnavailable: The database does not answer.
        """
        from alembic import command
        from alembic.config import Config

        config = Config(MIGRATIONS)
        config.attributes["app"] = self._app
        try:
            command.upgrade(config, "head")
        except sa.exc.SQLAlchemyError as error:
            raise db.answer(error) from error


def init_app(app: App[settings.Settings], api: Router) -> None:
    """Give the application its migrations.

    :param api: The router whose requests need the tables.
    """
    migrations = app.extensions["migrations"] = Migrations(app)
    api.before_request(migrations.ensure)


def migrations_of(app: App) -> Migrations:
    """Return the migrations of an application."""
    return t.cast(Migrations, app.extensions["migrations"])


@contextlib.contextmanager
def open_session() -> t.Iterator[orm.Session]:
    """Open a session where no handler gets one, as in a command; what was written is committed at its end."""
    app = current_app
    migrations_of(app).ensure()
    with app.provide(db.session) as session:
        yield session

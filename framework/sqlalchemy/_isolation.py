"""Tests that leave nothing behind: all sessions in one transaction, which is rolled back.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import typing as t

import sqlalchemy as sa

from ..marks.providers import operation_context, provides
from ._database import READS
from ._engines import TransactionKind
from ._statements import Beginnings

if t.TYPE_CHECKING:
    from sqlalchemy import orm
    from sqlalchemy.ext.asyncio import AsyncSession

    from ..app import App
    from ..context import Context
    from ._database import Database

_OPTIONS: t.Final = {"join_transaction_mode": "create_savepoint"}


class Isolation:
    """The context manager of a test; see :meth:`Database.isolated`.

    :param database: The database.
    :param app: The application.
    """

    def __init__(self, database: Database, app: App) -> None:
        self._database = database
        self._app = app
        self._stack = contextlib.ExitStack()
        self._connection: sa.Connection | None = None

    def __enter__(self) -> t.Self:
        database, app = self._database, self._app

        @provides(operation_context)
        def session(ctx: Context | None) -> cabc.Iterator[orm.Session]:
            kind = database.kind_of(ctx)
            options: dict[str, t.Any] = {**_OPTIONS, "info": {READS: kind.read_only}}
            with self._within(kind) as connection:
                opened = database.make_session(bind=connection, **options)
                database.note_session(ctx, opened)
                yield from database.lifetime(opened)

        @provides(operation_context)
        async def async_session(ctx: Context | None) -> cabc.AsyncIterator[AsyncSession]:
            # It waits for nothing: the plain connection is used, so that both colours see the same rows.
            kind = database.kind_of(ctx)
            options: dict[str, t.Any] = {**_OPTIONS, "info": {READS: kind.read_only}}
            with self._within(kind) as connection:
                opened = database.make_async_session(**options)
                opened.sync_session.bind = connection
                database.note_session(ctx, opened)
                async with database.async_lifetime(opened) as yielded:
                    yield yielded

        with contextlib.ExitStack() as stack:
            stack.enter_context(app.override(database.session, session))
            stack.enter_context(app.override(database.async_session, async_session))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        connection, self._connection = self._connection, None
        with self._stack:
            if connection is not None:
                connection.close()

    @property
    def connection(self) -> sa.Connection:
        """The connection of all sessions, in its transaction."""
        if self._connection is None:
            made = self._database.engine_of(self._app).connect()
            made.begin()
            self._connection = made
        return self._connection

    @contextlib.contextmanager
    def _within(self, kind: TransactionKind) -> cabc.Iterator[sa.Connection]:
        """Give the connection to a session; where its transaction is read-only, in a savepoint of that kind."""
        connection = self.connection
        if not kind.read_only:
            yield connection
            return
        is_sqlite = connection.dialect.name == "sqlite"
        savepoint = connection.begin_nested()
        try:
            if is_sqlite:
                connection.exec_driver_sql(Beginnings.READS)
            elif connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL transaction_read_only = on")
            yield connection
        finally:
            if is_sqlite:
                connection.exec_driver_sql(Beginnings.WRITES)
            savepoint.rollback()

"""``Database``: an engine for the process, and a session for each request, as providers.

Not here: answers to errors (``sqlalchemy._errors``), the kinds of transactions (``sqlalchemy._transactions``),
tests (``sqlalchemy._isolation``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import logging
import os
import typing as t
import weakref

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from ..context import current
from ..marks.base import Outcome, Plan, Record, reached
from ..marks.providers import operation_context, provider, provides
from ..marks.raises import RaisesMark
from ._constraints import check_conflicts, conflict_of, violation_of
from ._engines import TransactionKind, options_for, prepared
from ._errors import ALL_ERRORS, WRITE_ERRORS, CommitUnknown, RuleViolated, answer_to, is_lost, is_refused_value
from ._statements import note_statements
from ._transactions import kind_for
from ._urls import DatabaseAddress, read_url

if t.TYPE_CHECKING:
    from ..app import App
    from ..context import Context
    from ..marks.traffic import By, Idempotent
    from ._constraints import ConflictAnswer
    from ._isolation import Isolation
    from ._urls import URLSource

    AnySession: t.TypeAlias = orm.Session | AsyncSession
    SessionHook: t.TypeAlias = cabc.Callable[[orm.Session, sa.Connection], object]

_H = t.TypeVar("_H", bound="SessionHook")

EXTENSION: t.Final = "framework.sqlalchemy"
"""The name under which an application keeps the databases that its operations use."""

READS: t.Final = "framework.read_only"
"""The key in ``Session.info`` of whether its transactions are read-only."""

logger: t.Final = logging.getLogger("framework.sqlalchemy")


class DatabaseErrors(RaisesMark):
    """The errors that an operation with a session may be answered with.

    :param database: The database.
    """

    def __init__(self, database: Database) -> None:
        super().__init__((*ALL_ERRORS, *WRITE_ERRORS))
        self._database = database

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        self._database.register(plan)
        reads = kind_for(plan.method, plan.marks, self._database.read_only).read_only
        for each in self.outcomes:
            if isinstance(each, Outcome) and not (reads and each.error in WRITE_ERRORS):
                yield each


class Database:
    """A database, for ``provides``: its sessions, and the engines behind them.

    A session is opened for a request, and begins its transaction with the first statement. It is committed when the
    handler has answered, before the first byte is sent, and rolled back after an exception. One object may serve
    several applications: each has its own engine, made when it is first needed.

    :param url: A URL, the name of a setting that has it, or a function that returns it.
    :param metadata: The tables. They are needed for the names of constraints on SQLite, and to check ``conflicts``.
    :param conflicts: What a refused constraint is answered with, by its name: the name of a member of the body, that
        and a text, or a class of errors.
    :param read_only: Whether the transactions of GET, HEAD and OPTIONS are read-only, if
        :func:`~framework.sqlalchemy.transaction` does not say otherwise.
    :param engine_options: Further arguments of ``create_engine``, such as ``pool_size``.
    :param session_options: Further arguments of ``Session``, such as ``autoflush``.
    """

    def __init__(
        self,
        url: URLSource,
        *,
        metadata: sa.MetaData | cabc.Sequence[sa.MetaData] = (),
        conflicts: cabc.Mapping[str, ConflictAnswer] | None = None,
        read_only: bool = True,
        engine_options: cabc.Mapping[str, object] | None = None,
        session_options: cabc.Mapping[str, t.Any] | None = None,
    ) -> None:
        self.url = url
        self.metadata = (metadata,) if isinstance(metadata, sa.MetaData) else tuple(metadata)
        self.conflicts = dict(conflicts or {})
        self.read_only = read_only
        self.engine_options = dict(engine_options or {})
        self._hooks: list[SessionHook] = []
        self._sessions: weakref.WeakKeyDictionary[Context, AnySession] = weakref.WeakKeyDictionary()
        options: dict[str, t.Any] = {"expire_on_commit": False, **(session_options or {})}
        self.make_session = orm.sessionmaker(**options)
        event.listen(self.make_session, "after_begin", self._begin)
        options.pop("class_", None)
        self.make_async_session = async_sessionmaker(sync_session_class=self.make_session.class_, **options)
        self._provide()

    # The providers.

    engine: cabc.Callable[..., cabc.Iterator[sa.Engine]]
    """The provider of the engine: one for the life of the process."""
    async_engine: cabc.Callable[..., cabc.Iterator[AsyncEngine]]
    """The provider of the asynchronous engine."""
    session: cabc.Callable[..., cabc.Iterator[orm.Session]]
    """The provider of the session of a request, for plain handlers."""
    async_session: cabc.Callable[..., cabc.AsyncIterator[AsyncSession]]
    """The provider of the session of a request, for ``async def`` handlers."""

    def _provide(self) -> None:
        """Make the providers: functions of this object alone, whose marks speak of it."""
        errors = DatabaseErrors(self)

        @provider(scope="application")
        def database_address() -> cabc.Iterator[DatabaseAddress]:
            address = DatabaseAddress(read_url(self.url, current().app.config))
            yield address
            address.close()

        @provider(scope="application")
        @provides(database_address)
        def engine(address: DatabaseAddress) -> cabc.Iterator[sa.Engine]:
            url = address.sync_url
            made = sa.create_engine(url, **options_for(url, self.engine_options))
            prepared(made)  # before its first connection
            process = os.getpid()
            try:
                yield made
            finally:  # also where the application is collected without an end
                made.dispose(close=os.getpid() == process)  # a forked child must not close what its parent uses

        @provider(scope="application")
        @provides(database_address)
        def async_engine(address: DatabaseAddress) -> cabc.Iterator[AsyncEngine]:
            url = address.async_url
            made = create_async_engine(url, **options_for(url, self.engine_options))
            prepared(made.sync_engine)
            yield made
            current().app.ensure_sync(made.dispose)()

        @provider(scope="request")
        @errors
        @provides(engine)
        @provides(operation_context)
        def session(made: sa.Engine, ctx: Context | None) -> cabc.Iterator[orm.Session]:
            kind = self.kind_of(ctx)
            opened = self.make_session(bind=prepared(made).variant(kind), info={READS: kind.read_only})
            self.note_session(ctx, opened)
            yield from self.lifetime(opened)

        @provider(scope="request")
        @errors
        @provides(async_engine)
        @provides(operation_context)
        async def async_session(made: AsyncEngine, ctx: Context | None) -> cabc.AsyncIterator[AsyncSession]:
            kind = self.kind_of(ctx)
            bind = AsyncEngine(prepared(made.sync_engine).variant(kind))
            made_session = self.make_async_session(bind=bind, info={READS: kind.read_only})
            self.note_session(ctx, made_session)
            async with self.async_lifetime(made_session) as opened:
                yield opened

        self.engine, self.async_engine = engine, async_engine
        self.session, self.async_session = session, async_session
        for each in (engine, async_engine, session, async_session):
            reached[id(each)] = each  # their marks are not lost where an application does not use all of them

    def kind_of(self, ctx: Context | None) -> TransactionKind:
        """Return the kind of the transactions for an operation, or for a block.

        :param ctx: The context of the operation.
        """
        operation = None if ctx is None else ctx.operation
        if operation is None:
            return TransactionKind()
        return kind_for(operation.method, operation.marks, self.read_only)

    def note_session(self, ctx: Context | None, opened: AnySession) -> None:
        """Remember the session of an operation.

        :param ctx: The context of the operation.
        """
        if ctx is not None:
            self._sessions[ctx] = opened

    def session_of(self, ctx: Context) -> AnySession:
        """Return the session of the operation of a request.

        :raises KeyError: It has none.
        """
        return self._sessions[ctx]

    def lifetime(self, opened: orm.Session) -> cabc.Iterator[orm.Session]:
        """Yield a session, then commit and close it.

        :raises Exception: The answer to what has ended the transaction.
        """
        is_committing = False
        try:
            yield opened
            is_committing = True
            opened.commit()
        except Exception as error:
            raised = self.answer(error, is_committing, reads=bool(opened.info.get(READS)))
            if raised is error:
                raise
            raise raised from error
        finally:
            opened.close()
            note_statements(current())

    @contextlib.asynccontextmanager
    async def async_lifetime(self, opened: AsyncSession) -> cabc.AsyncIterator[AsyncSession]:
        """Do as :meth:`lifetime` does, with an asynchronous session."""
        is_committing = False
        try:
            yield opened
            is_committing = True
            await opened.commit()
        except Exception as error:
            raised = self.answer(error, is_committing, reads=bool(opened.info.get(READS)))
            if raised is error:
                raise
            raise raised from error
        finally:
            await opened.close()
            note_statements(current())

    # What a transaction is told, and how its end is answered.

    def after_begin(self, hook: _H) -> _H:
        """Call ``hook(session, connection)`` at the beginning of each transaction of a session.

        For what the database is to know of the request, like its tenant: ``SET LOCAL`` lasts as long as the
        transaction. In an asynchronous session it gets the plain session and connection as well.
        """
        self._hooks.append(hook)
        return hook

    def _begin(self, session: orm.Session, begun: orm.SessionTransaction, connection: sa.Connection) -> None:
        if not begun.nested:
            for hook in self._hooks:
                hook(session, connection)

    def answer(self, error: Exception, is_committing: bool = False, *, reads: bool = False) -> Exception:
        """Return what is to be raised in the place of an error that ended a transaction: often that error itself.

        :param error: The error.
        :param is_committing: Whether it came from the commit.
        :param reads: Whether the transaction was read-only.
        """
        if isinstance(error, sa.exc.IntegrityError):
            violation = violation_of(error, self.metadata)
            return error if violation is None else conflict_of(violation, self.conflicts) or error
        if is_committing and isinstance(error, sa.exc.DBAPIError) and is_lost(error) and error.statement is None:
            return CommitUnknown(
                "The connection to the database was lost during the commit: it is not known whether it was carried out."
            )
        found = answer_to(error)
        if found is None and not reads and is_refused_value(error):
            found = RuleViolated()
        if found is None:
            return error
        logger.warning("%s: %s", type(found).__name__, getattr(error, "orig", None) or error)
        return found

    def register(self, plan: Plan) -> None:
        """Note that an operation uses the database, and check what can be known then.

        :raises SetupError: A constraint of ``conflicts`` is unknown.
        """
        check_conflicts(self.conflicts, self.metadata)
        if plan.app is not None:
            used: list[Database] = plan.app.extensions.setdefault(EXTENSION, [])
            if self not in used:
                used.append(self)

    def engine_of(self, app: App) -> sa.Engine:
        """Return the engine of an application, for what has no handler; no connection is opened.

        :raises SetupError: The URL is not known.
        """
        with app.provide(self.engine) as engine:
            return engine

    def isolated(self, app: App) -> Isolation:
        """Return a context manager for a test: what is written within it is taken back at its end.

        All sessions of the application share one connection, those of requests, commands and blocks, of both colours;
        what they commit is a savepoint in its transaction. One request at a time.

        :param app: The application.
        """
        from ._isolation import Isolation

        return Isolation(self, app)

    def make_idempotent(self, required: bool, by: By, lifetime: float | None) -> Idempotent:
        """Return the mark for ``idempotent(store=database)``."""
        from ._idempotency import IdempotentInTransaction

        return IdempotentInTransaction(self, required, by, lifetime)

    def ping(self) -> None:
        """Ask the database whether it answers, for a health check: ``Health(app, {"database": database.ping})``.

        :raises sqlalchemy.exc.DBAPIError: It does not.
        """
        with self.engine_of(current().app).connect() as connection:
            dbapi_connection = connection.connection.dbapi_connection
            if dbapi_connection is not None:
                connection.dialect.do_ping(dbapi_connection)

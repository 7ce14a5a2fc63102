"""Engines: their options, the settings of each connection, and variants for kinds of transactions.

Not here: sessions (``sqlalchemy._sessions``), the count of statements (``sqlalchemy._statements``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import threading
import typing as t
import weakref

import sqlalchemy as sa
from sqlalchemy import event

from ..serve import limit_statements
from ._statements import Beginnings, watch_statements

if t.TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

PATIENCE: t.Final = 5
"""Seconds for which a request waits for a connection of the pool, and for the lock of SQLite."""
_READ_ONLY: t.Final = "framework_read_only"
_QUERY_ONLY: t.Final = "framework.query_only"


class TransactionKind(t.NamedTuple):
    """The kind of the transactions of a session."""

    read_only: bool = False
    isolation: str | None = None
    """An isolation level of SQLAlchemy; ``None`` for that of the engine."""


def options_for(url: sa.URL, options: cabc.Mapping[str, object]) -> dict[str, t.Any]:
    """Return the options of an engine: those that are given, and what is good for the kind of database.

    :param url: Its URL.
    :param options: The options of the user.
    """
    chosen: dict[str, t.Any] = {"pool_timeout": PATIENCE}
    if url.get_backend_name() == "sqlite":
        chosen["connect_args"] = {"timeout": PATIENCE}
    else:
        chosen["pool_pre_ping"] = True
    if url.get_driver_name() == "psycopg":
        chosen["connect_args"] = {"connect_timeout": PATIENCE}
    if "poolclass" in options or "pool" in options:
        chosen.pop("pool_timeout")  # not every pool has one
    connect_args = {**chosen.pop("connect_args", {}), **t.cast("dict[str, object]", options.get("connect_args", {}))}
    return {**chosen, **options, **({"connect_args": connect_args} if connect_args else {})}


class PreparedEngine:
    """An engine that has its listeners, and its variants for kinds of transactions, which share its pool.

    :param engine: The engine.
    """

    def __init__(self, engine: sa.Engine) -> None:
        # Not the engine itself, which would then live as long as this does.
        self._engine = weakref.ref(engine)
        self._variants: dict[TransactionKind, sa.Engine] = {}
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _on_connect)
            event.listen(engine, "begin", _on_begin)
            event.listen(engine, "reset", _on_reset)
        limit_statements(engine)
        watch_statements(engine)

    def variant(self, kind: TransactionKind) -> sa.Engine:
        """Return the engine whose transactions are of a kind."""
        found = self._variants.get(kind)
        if found is None:
            engine = t.cast(sa.Engine, self._engine())
            options: dict[str, t.Any] = {}
            if kind.read_only:
                # Told to the driver, which sends it with BEGIN, and reset when the pool gets the connection back.
                options["postgresql_readonly" if engine.dialect.name == "postgresql" else _READ_ONLY] = True
            if kind.isolation is not None and engine.dialect.name != "sqlite":  # whose transactions are serializable
                options["isolation_level"] = kind.isolation
            if not options:
                return engine
            found = self._variants[kind] = engine.execution_options(**options)
        return found


_prepared: weakref.WeakKeyDictionary[sa.Engine, PreparedEngine] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def prepared(engine: sa.Engine) -> PreparedEngine:
    """Return an engine with its listeners; it gets them once."""
    found = _prepared.get(engine)
    if found is None:
        with _lock:
            found = _prepared.get(engine)
            if found is None:
                found = _prepared[engine] = PreparedEngine(engine)
    return found


# SQLite.


def _on_connect(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    # The driver begins no transaction by itself: it would do so late, and not for every statement.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    reads = bool(options.get(_READ_ONLY))
    begins = options.get("isolation_level") != "AUTOCOMMIT"
    info = connection.info
    if reads or info.get(_QUERY_ONLY):
        # PERF: by the driver's cursor, 60 us less for each; neither statement waits for a lock.
        cursor = t.cast("DBAPIConnection", connection.connection.dbapi_connection).cursor()
        if reads is not bool(info.get(_QUERY_ONLY)):
            cursor.execute(Beginnings.READS if reads else Beginnings.WRITES)
            info[_QUERY_ONLY] = reads
        if reads and begins:
            cursor.execute(Beginnings.DEFERRED)
        cursor.close()
    if begins and not reads:
        # One that will write takes its lock at once: one that has read could not get it later.
        connection.exec_driver_sql(Beginnings.IMMEDIATE)


def _on_reset(connection: DBAPIConnection, entry: ConnectionPoolEntry, state: PoolResetState) -> None:
    if entry.info.get(_QUERY_ONLY) and not state.terminate_only:
        cursor = connection.cursor()
        cursor.execute(Beginnings.WRITES)
        cursor.close()
        entry.info[_QUERY_ONLY] = False

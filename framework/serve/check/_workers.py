"""Rules about the workers of a server: time limits, threads, connections of databases.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import sys
import typing as t

from ...errors import SetupError
from ...marks.files import StreamMark
from ...marks.traffic import Idempotent
from .._deadlines import DeadlineMark
from ._rules import CheckRule, Deployment, RuleHit, own_rule

if t.TYPE_CHECKING:
    from ...app import App


@own_rule(
    "S080",
    "stream-cut",
    why="gunicorn kills a sync worker in the middle of a longer answer, and serves no other client meanwhile.",
    remedy="Set worker_class to 'gthread', and threads.",
)
def stream_cut(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A stream runs in a sync worker, which has a time limit for the whole answer."""
    server = deployment.server
    if server.kind != "sync" or not server.timeout:
        return
    for operation in deployment.operations:
        if any(isinstance(mark, StreamMark) for mark in operation.marks):
            yield deployment.at_operation(
                operation, f"{operation.address} is a stream, and a sync worker is killed after {server.timeout:g} s."
            )


@own_rule(
    "S081",
    "deadline-late",
    why="The server kills the worker first: the client gets a closed connection in place of a 504.",
    remedy="Set gunicorn's timeout some seconds above the deadline.",
)
def deadline_late(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The deadline of requests is not before the time limit of the worker."""
    server = deployment.server
    if server.kind != "sync" or not server.timeout:
        return
    seconds = deployment.config["DEADLINE"]
    if seconds is not None and seconds >= server.timeout:
        text = f"DEADLINE is {seconds:g} s, and a sync worker is killed after {server.timeout:g} s."
        yield deployment.at_setting("DEADLINE", text)
    for operation in deployment.operations:
        mark = next((each for each in reversed(operation.marks) if isinstance(each, DeadlineMark)), None)
        if mark is not None and mark.seconds not in (None, seconds) and mark.seconds >= server.timeout:
            text = f"{operation.address} has {mark!r}, and a sync worker is killed after {server.timeout:g} s."
            yield deployment.at_operation(operation, text)


@own_rule(
    "S082",
    "timeout-off",
    why="A worker that hangs is never replaced; when all of them do, the service is gone.",
    remedy="Set timeout to somewhat more than the longest request takes.",
)
def timeout_off(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The server never replaces a worker that hangs."""
    if deployment.server.timeout == 0:
        yield deployment.at_server("timeout is 0.")


@own_rule(
    "S083",
    "idempotency-lease-short",
    why="A request that is still at work counts as lost: its outcome is called unknown, and its answer is not kept.",
    remedy="Set IDEMPOTENCY_LEASE above the time limit of the worker.",
)
def idempotency_lease_short(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """IDEMPOTENCY_LEASE ends before the time limit of the worker."""
    server, lease = deployment.server, deployment.config["IDEMPOTENCY_LEASE"]
    uses = any(isinstance(mark, Idempotent) for each in deployment.operations for mark in each.marks)
    if uses and server.kind == "sync" and server.timeout and lease <= server.timeout:
        text = f"IDEMPOTENCY_LEASE is {lease:g} s, and a request may take {server.timeout:g} s."
        yield deployment.at_setting("IDEMPOTENCY_LEASE", text)


@own_rule(
    "S084",
    "pool-small",
    why="A thread without a connection waits, by default 30 seconds, and then its request is a 500.",
    remedy="Give create_engine a pool_size and max_overflow of at least the number of threads, or lower ASGI_THREADS.",
)
def pool_small(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The pool of a database has fewer connections than the worker has threads."""
    app = deployment.app
    threads = app.config["ASGI_THREADS"] if app.serves_on_loop else deployment.server.threads
    for name, engine in engines(deployment):
        most = _most_connections(engine)
        if threads is not None and most is not None and most < threads:
            yield RuleHit(
                f"The engine in extensions[{name!r}] has {most} connections for {threads} threads of a worker."
            )


@own_rule(
    "S085",
    "database-in-memory",
    level="error",
    why="Each process has its own data, and all of them are gone with it.",
    remedy="Name a file or a server in the URL of the database.",
)
def database_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A database is in the memory of the process."""
    for name, engine in engines(deployment):
        url = engine.url
        is_memory = url.database in (None, "", ":memory:") or "memdb" in url.query.get("vfs", "")
        if url.get_backend_name() == "sqlite" and is_memory:
            yield RuleHit(f"The engine in extensions[{name!r}] is an SQLite in memory.")


@own_rule(
    "S086",
    "server-reloads",
    why="The server watches all files and restarts when one changes, also in the middle of a deployment.",
    remedy="Take reload away from gunicorn's settings.",
)
def server_reloads(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The server restarts when code changes."""
    if deployment.server.reload:
        yield deployment.at_server("reload is on.")


@own_rule(
    "S087",
    "drain-late",
    why="The server kills the worker first: streams and requests that are still at work are cut off.",
    remedy="Set gunicorn's graceful_timeout some seconds above DRAIN_TIMEOUT.",
)
def drain_late(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Draining takes as long as a worker has to end, or longer."""
    graceful = deployment.server.graceful
    for name in ("DRAIN_DELAY", "DRAIN_TIMEOUT"):
        seconds = deployment.config.get(name)
        if graceful is not None and isinstance(seconds, (int, float)) and seconds >= graceful:
            yield deployment.at_setting(name, f"{name} is {seconds:g} s, and graceful_timeout is {graceful:g} s.")


@own_rule(
    "S088",
    "database-unset",
    level="error",
    why="Each request that uses the database is a 500.",
    remedy="Set the setting that has its URL.",
)
def database_unset(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The database that operations use has no URL."""
    for database in databases(deployment):
        try:
            database.engine_of(deployment.app)
        except SetupError as error:
            yield RuleHit(str(error))


class PoolURL(t.Protocol):
    """The URL of a database, as far as the rules read it."""

    database: str | None
    query: cabc.Mapping[str, str | tuple[str, ...]]

    def get_backend_name(self) -> str:
        """The name of the kind of database."""


class DatabaseEngine(t.Protocol):
    """An engine of SQLAlchemy, as far as the rules read it."""

    @property
    def url(self) -> PoolURL:
        """The address of the database."""

    @property
    def pool(self) -> object:
        """The pool of its connections."""


class ProvidedDatabase(t.Protocol):
    """A :class:`framework.sqlalchemy.Database`, as far as the rules read it."""

    def engine_of(self, app: App) -> DatabaseEngine:
        """Return its engine."""


def databases(deployment: Deployment) -> list[ProvidedDatabase]:
    """Return the databases whose sessions operations get from providers; they noted that at freeze."""
    found: list[ProvidedDatabase] = deployment.app.extensions.get("framework.sqlalchemy", [])
    return found


def engines(deployment: Deployment) -> cabc.Iterator[tuple[str, DatabaseEngine]]:
    """The engines of SQLAlchemy in ``app.extensions``, with the name of the extension, and those of provided databases.

    Found are engines, objects with engines as attributes or in a dictionary, and nothing that only a call gives.
    """
    library = sys.modules.get("sqlalchemy")
    if library is None:
        return
    seen: set[int] = set()
    for database in databases(deployment):
        with contextlib.suppress(SetupError):
            provided = database.engine_of(deployment.app)
            seen.add(id(provided))
            yield "framework.sqlalchemy", provided
    for name, extension in deployment.app.extensions.items():
        values: list[object] = [extension, *_members(extension)]
        for value in [*values, *(inner for each in values[1:] for inner in _members(each) if isinstance(each, dict))]:
            engine = getattr(value, "sync_engine", value) if _is_async(value) else value
            if isinstance(engine, library.Engine) and id(engine) not in seen:
                seen.add(id(engine))
                yield name, t.cast("DatabaseEngine", engine)


def _is_async(value: object) -> bool:
    return type(value).__name__ == "AsyncEngine"


def _members(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    with contextlib.suppress(TypeError):
        return list(vars(value).values())
    return []


def _most_connections(engine: DatabaseEngine) -> int | None:
    """Return how many connections a pool opens at most; ``None`` where it has no bound, or is not a queue."""
    size = getattr(engine.pool, "size", None)
    overflow = getattr(engine.pool, "_max_overflow", None)
    if not callable(size) or not isinstance(overflow, int) or overflow < 0:
        return None
    number = t.cast(int, size())
    return number + overflow if number else None


RULES: t.Final[tuple[CheckRule, ...]] = (
    stream_cut,
    deadline_late,
    timeout_off,
    idempotency_lease_short,
    pool_small,
    database_in_memory,
    server_reloads,
    drain_late,
    database_unset,
)

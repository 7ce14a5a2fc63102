"""URLs of databases, as users write them, with the driver of each colour.

Not here: the engines (``sqlalchemy._engines``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import itertools
import os
import sqlite3
import typing as t

import sqlalchemy as sa

from ..errors import SetupError

if t.TYPE_CHECKING:
    from ..config import Config

    DatabaseURL: t.TypeAlias = str | sa.URL
    URLSource: t.TypeAlias = DatabaseURL | cabc.Callable[[], DatabaseURL]

_SYNC: t.Final[cabc.Mapping[str, str]] = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+asyncpg": "postgresql+psycopg",
    "sqlite+aiosqlite": "sqlite",
}
_ASYNC: t.Final[cabc.Mapping[str, str]] = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg2": "postgresql+psycopg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+pysqlite": "sqlite+aiosqlite",
}
_IN_MEMORY: t.Final = (None, "", ":memory:")
_number = itertools.count(1)


def read_url(source: URLSource, config: Config) -> sa.URL:
    """Return the URL that a value names.

    :param source: A URL, the name of a setting, or a function that returns the URL.
    :param config: The settings.
    :raises SetupError: There is none.
    """
    found: object = source
    where = f"Database({source!r})"
    if isinstance(source, str) and ":" not in source:
        found, where = config.get(source), f"The setting {source}"
        if not found:
            raise SetupError(
                f"Database({source!r}): the setting {source} is not set. Set it to the URL of a database, like"
                f" 'postgresql://user:password@host/name' or 'sqlite:///file.db'; in the environment:"
                f" FRAMEWORK_{source} with app.config.from_prefixed_env()."
            )
    elif callable(source):
        found, where = source(), f"The function of {where}"
    if isinstance(found, sa.URL):
        return found
    if isinstance(found, str) and ":" in found:
        scheme, colon, rest = found.partition(":")
        try:
            return sa.make_url(f"{'postgresql' if scheme == 'postgres' else scheme}{colon}{rest}")
        except sa.exc.ArgumentError:
            pass  # its text has the password
    raise SetupError(
        f"{where} does not name a database. Give a URL like 'postgresql://user:password@host/name' or"
        " 'sqlite:///file.db'."
    )


def is_in_memory(url: sa.URL) -> bool:
    """Return whether a database of SQLite is in the memory of the process."""
    is_memdb = "memdb" in url.query.get("vfs", ())
    return url.get_backend_name() == "sqlite" and (url.database in _IN_MEMORY or is_memdb)


class DatabaseAddress:
    """The URL of a database, for each colour of engine.

    SQLite makes another database in memory for each connection. Here it has a name in the process, so that all
    connections, those of the other colour too, see the same; and one connection that keeps it alive.

    :param url: The URL, as users write it.
    """

    def __init__(self, url: sa.URL) -> None:
        self._keeper: sqlite3.Connection | None = None
        if is_in_memory(url) and url.database in _IN_MEMORY:
            name = f"file:/framework-{os.getpid()}-{next(_number)}"
            query = {**url.query, "vfs": "memdb", "uri": "true"}
            self._keeper = sqlite3.connect(f"{name}?vfs=memdb", uri=True, check_same_thread=False)
            self._keeper.execute("PRAGMA schema_version")  # a database is made when it is read
            url = url.set(database=name, query=query)
        self.url = url

    @property
    def sync_url(self) -> sa.URL:
        """The URL for a plain engine."""
        return self.url.set(drivername=_SYNC.get(self.url.drivername, self.url.drivername))

    @property
    def async_url(self) -> sa.URL:
        """The URL for an asynchronous engine."""
        return self.url.set(drivername=_ASYNC.get(self.url.drivername, self.url.drivername))

    def close(self) -> None:
        """Give up a database in memory."""
        if self._keeper is not None:
            self._keeper.close()

"""Stores of API keys: in memory, and in a table of SQLAlchemy.

``sqlalchemy`` is imported when a table or its store is made, not before. Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import dataclasses
import datetime as dt
import threading
import typing as t

from ..stores.base import StoreAway
from ._api_keys import APIKeyRecord
from ._errors import setup_error

if t.TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.orm import Session


class MemoryAPIKeyStore:
    """Keys in the memory of this process, for tests and development: they are gone with it."""

    may_be_away = False

    def __init__(self) -> None:
        self._records: dict[str, APIKeyRecord] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"MemoryAPIKeyStore({len(self._records)} keys)"

    def add(self, record: APIKeyRecord) -> None:
        """Keep a record; see :class:`APIKeyStore`."""
        with self._lock:
            self._records[record.id] = record

    def get(self, key_id: str) -> APIKeyRecord | None:
        """Return a record; see :class:`APIKeyStore`."""
        return self._records.get(key_id)

    def list(self, owner: str | None, limit: int) -> cabc.Sequence[APIKeyRecord]:
        """Return records; see :class:`APIKeyStore`."""
        with self._lock:
            found = [record for record in self._records.values() if owner is None or record.owner == owner]
        return sorted(found, key=lambda record: (record.created_at, record.id), reverse=True)[:limit]

    def revoke(self, key_id: str, at: dt.datetime) -> bool:
        """End a key; see :class:`APIKeyStore`."""
        with self._lock:
            record = self._records.get(key_id)
            if record is None:
                return False
            if record.revoked_at is None:
                self._records[key_id] = dataclasses.replace(record, revoked_at=at)
            return True

    def replace(self, key_id: str, expires_at: dt.datetime, new: APIKeyRecord) -> bool:
        """Replace a key; see :class:`APIKeyStore`."""
        with self._lock:
            record = self._records.get(key_id)
            if record is None or record.revoked_at is not None or record.replaced_by is not None:
                return False
            ends = expires_at if record.expires_at is None else min(expires_at, record.expires_at)
            self._records[key_id] = dataclasses.replace(record, expires_at=ends, replaced_by=new.id)
            self._records[new.id] = new
            return True

    def touch(self, key_id: str, at: dt.datetime) -> None:
        """Write when a key was used; see :class:`APIKeyStore`."""
        with self._lock:
            record = self._records.get(key_id)
            if record is not None:
                self._records[key_id] = dataclasses.replace(record, last_used_at=at)


def import_sqlalchemy() -> t.Any:
    """Return the library.

    :raises ImportError: It is not installed.
    """
    try:
        import sqlalchemy
    except ImportError as error:
        raise ImportError(
            "A table of API keys needs the library sqlalchemy, which is not installed. Run 'pip install sqlalchemy', or"
            " install the extra 'sqlalchemy'."
        ) from error
    return sqlalchemy


def api_key_table(metadata: sa.MetaData, name: str = "api_keys", **options: t.Any) -> sa.Table:
    """Return the table of API keys in the metadata of an application, for its migrations.

    :param metadata: Such as ``Base.metadata``.
    :param name: The name of the table.
    :param options: As of ``sqlalchemy.Table``, like ``schema``.
    :raises ImportError: The library ``sqlalchemy`` is not installed.
    """
    lib = import_sqlalchemy()
    moment = lib.DateTime(timezone=True)
    table: sa.Table = lib.Table(
        name,
        metadata,
        lib.Column("id", lib.String(16), primary_key=True),
        lib.Column("hash", lib.String(64), nullable=False),
        lib.Column("name", lib.String(200), nullable=False),
        lib.Column("owner", lib.String(200), nullable=False, index=True),
        lib.Column("scopes", lib.Text, nullable=False),
        lib.Column("created_at", moment, nullable=False),
        lib.Column("expires_at", moment),
        lib.Column("revoked_at", moment),
        lib.Column("replaced_by", lib.String(16)),
        lib.Column("last_used_at", moment),
        **options,
    )
    return table


class SQLAlchemyAPIKeyStore:
    """Keys in a table of a database. Each step is one transaction.

    :param sessions: Makes sessions: a ``sessionmaker``.
    :param table: What :func:`api_key_table` returns.
    :raises SetupError: ``sessions`` cannot be called, or the table lacks a column.
    """

    may_be_away = True

    def __init__(self, sessions: cabc.Callable[[], Session], table: sa.Table) -> None:
        self._sa = import_sqlalchemy()
        missing = {each.name for each in dataclasses.fields(APIKeyRecord)} - {*getattr(table, "c", {}).keys()}
        if not callable(sessions) or missing:
            raise setup_error(
                "SQLAlchemyAPIKeyStore needs a sessionmaker, and a table with the columns of api_key_table(metadata)."
            )
        self._sessions = sessions
        self._table = table

    def __repr__(self) -> str:
        return f"SQLAlchemyAPIKeyStore({self._table.name!r})"

    def add(self, record: APIKeyRecord) -> None:
        """Keep a record; see :class:`APIKeyStore`."""
        with self._begun() as db:
            db.execute(self._table.insert().values(row_of(record)))

    def get(self, key_id: str) -> APIKeyRecord | None:
        """Return a record; see :class:`APIKeyStore`."""
        with self._begun() as db:
            row = db.execute(self._table.select().where(self._table.c.id == key_id)).mappings().first()
        return None if row is None else record_of({**row})

    def list(self, owner: str | None, limit: int) -> cabc.Sequence[APIKeyRecord]:
        """Return records; see :class:`APIKeyStore`."""
        columns = self._table.c
        query = self._table.select().order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
        if owner is not None:
            query = query.where(columns.owner == owner)
        with self._begun() as db:
            return [record_of({**row}) for row in db.execute(query).mappings()]

    def revoke(self, key_id: str, at: dt.datetime) -> bool:
        """End a key; see :class:`APIKeyStore`."""
        columns = self._table.c
        ended = self._sa.func.coalesce(columns.revoked_at, self._sa.literal(at, columns.revoked_at.type))
        with self._begun() as db:
            return self._changed(db, self._table.update().where(columns.id == key_id).values(revoked_at=ended))

    def replace(self, key_id: str, expires_at: dt.datetime, new: APIKeyRecord) -> bool:
        """Replace a key; see :class:`APIKeyStore`."""
        columns = self._table.c
        until = self._sa.literal(expires_at, columns.expires_at.type)
        ends = self._sa.case((columns.expires_at < until, columns.expires_at), else_=until)
        good = self._sa.and_(columns.id == key_id, columns.revoked_at.is_(None), columns.replaced_by.is_(None))
        with self._begun() as db:
            changed = self._changed(db, self._table.update().where(good).values(expires_at=ends, replaced_by=new.id))
            if changed:
                db.execute(self._table.insert().values(row_of(new)))
            return changed

    def touch(self, key_id: str, at: dt.datetime) -> None:
        """Write when a key was used; see :class:`APIKeyStore`."""
        with self._begun() as db:
            db.execute(self._table.update().where(self._table.c.id == key_id).values(last_used_at=at))

    @contextlib.contextmanager
    def _begun(self) -> cabc.Iterator[Session]:
        exceptions = self._sa.exc
        try:
            with self._sessions() as db, db.begin():
                yield db
        except (exceptions.OperationalError, exceptions.InterfaceError, exceptions.TimeoutError) as error:
            raise StoreAway(f"The database of API keys does not answer: {type(error).__name__}.") from error

    def _changed(self, db: Session, statement: t.Any) -> bool:
        return bool(t.cast("t.Any", db.execute(statement)).rowcount)


def row_of(record: APIKeyRecord) -> dict[str, object]:
    """Return a record as a row."""
    row = {each.name: getattr(record, each.name) for each in dataclasses.fields(record)}
    return {**row, "scopes": " ".join(record.scopes)}


def record_of(row: cabc.Mapping[str, t.Any]) -> APIKeyRecord:
    """Return a row as a record; a database without time zones gives moments in UTC."""
    found = {each.name: row[each.name] for each in dataclasses.fields(APIKeyRecord)}
    for name, value in found.items():
        if isinstance(value, dt.datetime):
            found[name] = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    return APIKeyRecord(**{**found, "scopes": tuple(found["scopes"].split())})

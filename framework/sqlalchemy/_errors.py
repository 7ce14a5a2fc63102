"""Errors of a database as answers: constraints that refuse, transactions that collide, a server that is away.

Not here: which member of the request a constraint speaks of (``sqlalchemy._constraints``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import sqlalchemy as sa
from marshmallow import Schema
from sqlalchemy.orm.exc import StaleDataError

from .. import errors, fields
from ..texts import message

if t.TYPE_CHECKING:
    from werkzeug.sansio.response import Response

RETRY_SECONDS: t.Final = 1
AWAY_SECONDS: t.Final = 5


class ConflictSchema(Schema):
    """The further members of a conflict."""

    errors = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.List(fields.String())),
        metadata={"description": message("schemas.validation_problem.errors")},
    )


class ConstraintViolated(errors.Conflict):
    """The request does not meet a constraint of the database. `errors` names the members, where they are known."""

    schema = ConflictSchema

    def __init__(
        self,
        description: str | None = None,
        response: Response | None = None,
        *,
        errors: cabc.Mapping[str, object] | None = None,
        headers: cabc.Mapping[str, str] | cabc.Iterable[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(description, response, errors=errors or {}, headers=headers)


class AlreadyExists(ConstraintViolated):
    """Another resource has the same value, which must be unique."""

    description = message("already_exists.detail")


class ReferenceViolated(ConstraintViolated):
    """The request refers to a resource that does not exist, or deletes one that others refer to."""

    description = message("reference_violated.detail")


class RuleViolated(ConstraintViolated):
    """The values do not meet a rule of the database."""

    description = message("rule_violated.detail")


class ConcurrentUpdate(errors.Conflict):
    """Another request changed or deleted the resource meanwhile. Fetch it again."""

    description = message("concurrent_update.detail")


class DatabaseBusy(errors.ServiceUnavailable):
    """The database is busy. The request was not executed. `Retry-After` says when to retry."""

    description = message("database_busy.detail")


class TransactionCollided(DatabaseBusy):
    """The database is busy. The request was not executed. `Retry-After` says when to retry.

    Raised where another transaction got in the way: a serialization failure or a deadlock. The same transaction may
    succeed when it runs again.
    """

    error_code = DatabaseBusy.error_code
    description = DatabaseBusy.description


class DatabaseUnavailable(errors.ServiceUnavailable):
    """The database does not answer. The request was not executed. `Retry-After` says when to retry."""

    description = message("database_unavailable.detail")


class CommitUnknown(RuntimeError):
    """The connection was lost during a commit, and it is not known whether it was carried out."""


WRITE_ERRORS: t.Final = (AlreadyExists, ReferenceViolated, RuleViolated, ConcurrentUpdate)
"""The answers to a transaction that writes, in addition to those of every transaction."""
ALL_ERRORS: t.Final = (DatabaseBusy, DatabaseUnavailable)

# Codes of PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
_COLLISIONS: t.Final = frozenset({"40001", "40P01"})
_BUSY: t.Final = frozenset({"55P03", "53300", "57P03"})
_AWAY: t.Final = frozenset({"57P01", "57P02", "57P05"})
_VALUES: t.Final = frozenset({"22001", "22003", "22007", "22008", "22021", "22P02", "22P05"})
"""A value that is too long, out of range, or has a character that no text may have."""
_READ_ONLY_CODE: t.Final = "25006"
# Codes of SQLite: https://www.sqlite.org/rescode.html
_SQLITE_BUSY: t.Final = frozenset({5, 6})
_SQLITE_READ_ONLY: t.Final = 8

_REMEDY: t.Final = (
    "The transaction of a safe method (GET, HEAD, OPTIONS) is read-only. Where the operation has to write, put"
    " @transaction(read_only=False) on it."
)


def code_of(error: sa.exc.DBAPIError) -> str | None:
    """Return the code of PostgreSQL (SQLSTATE) of an error; ``None`` where it has none."""
    code: object = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return code if isinstance(code, str) else None


def sqlite_code_of(error: sa.exc.DBAPIError) -> int | None:
    """Return the code of SQLite of an error, without its extension; ``None`` where it has none."""
    code: object = getattr(error.orig, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def is_lost(error: sa.exc.DBAPIError) -> bool:
    """Return whether the connection is gone, or could not be made."""
    if error.connection_invalidated:
        return True
    code = code_of(error)
    if code is not None:
        return code in _AWAY or code.startswith("08")
    # The driver could not connect: there was no server that could have said a code.
    is_operational = isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError))
    return is_operational and error.statement is None and sqlite_code_of(error) is None


def is_refused_value(error: Exception) -> bool:
    """Return whether the database refuses a value by the type of its column."""
    if not isinstance(error, sa.exc.DataError):
        return False
    code = code_of(error)
    return code is None or code in _VALUES  # without a code it was the driver


def answer_to(error: Exception) -> Exception | None:
    """Return what a failed transaction is answered with, constraints apart; ``None`` where the error is a fault.

    :param error: What ended the transaction.
    """
    if isinstance(error, sa.exc.TimeoutError):  # of the pool
        return DatabaseBusy(retry_after=RETRY_SECONDS)
    if isinstance(error, StaleDataError):
        return ConcurrentUpdate()
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    code, sqlite_code = code_of(error), sqlite_code_of(error)
    if code in _COLLISIONS:
        return TransactionCollided(retry_after=RETRY_SECONDS)
    if code in _BUSY or sqlite_code in _SQLITE_BUSY:
        return DatabaseBusy(retry_after=RETRY_SECONDS)
    if is_lost(error):
        return DatabaseUnavailable(retry_after=AWAY_SECONDS)
    if code == _READ_ONLY_CODE or sqlite_code == _SQLITE_READ_ONLY:
        error.add_note(_REMEDY)
    return None

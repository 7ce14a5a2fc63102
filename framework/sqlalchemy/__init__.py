"""Databases with SQLAlchemy: a session for each request, transactions, conflicts, tests.

Within this package ``import sqlalchemy`` is the library.
"""

from __future__ import annotations

import importlib.util
import typing as t

from .._lazy import lazy

if importlib.util.find_spec("sqlalchemy") is None:
    raise ImportError(
        "framework.sqlalchemy needs the library SQLAlchemy, which is not installed. Run 'pip install"
        " sqlalchemy[asyncio] marshmallow-sqlalchemy alembic', the extra 'sqlalchemy', and for PostgreSQL 'pip install"
        " psycopg[binary]'."
    )

if t.TYPE_CHECKING:
    from ._crud import CrudMethods as CrudMethods
    from ._crud import crud as crud
    from ._database import Database as Database
    from ._eject import eject as eject
    from ._errors import AlreadyExists as AlreadyExists
    from ._errors import CommitUnknown as CommitUnknown
    from ._errors import ConcurrentUpdate as ConcurrentUpdate
    from ._errors import ConstraintViolated as ConstraintViolated
    from ._errors import DatabaseBusy as DatabaseBusy
    from ._errors import DatabaseUnavailable as DatabaseUnavailable
    from ._errors import ReferenceViolated as ReferenceViolated
    from ._errors import RuleViolated as RuleViolated
    from ._errors import TransactionCollided as TransactionCollided
    from ._isolation import Isolation as Isolation
    from ._statements import RepeatedStatement as RepeatedStatement
    from ._statements import StatementWatcher as StatementWatcher
    from ._statements import repeated_statements as repeated_statements
    from ._transactions import TransactionMark as TransactionMark
    from ._transactions import transaction as transaction
else:
    __getattr__ = lazy(
        __name__,
        {
            "_crud": "CrudMethods crud",
            "_database": "Database",
            "_eject": "eject",
            "_errors": "AlreadyExists CommitUnknown ConcurrentUpdate ConstraintViolated DatabaseBusy"
            " DatabaseUnavailable ReferenceViolated RuleViolated TransactionCollided",
            "_isolation": "Isolation",
            "_statements": "RepeatedStatement StatementWatcher repeated_statements",
            "_transactions": "TransactionMark transaction",
        },
    )

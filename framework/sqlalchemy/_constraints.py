"""Constraints that refuse a statement: their kind and name, and the answer that speaks of a member of the request.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t

import sqlalchemy as sa

from ..errors import APIError, SetupError
from ..texts import message
from ._errors import AlreadyExists, ReferenceViolated, RuleViolated, code_of

if t.TYPE_CHECKING:
    from sqlalchemy.sql.schema import ColumnCollectionConstraint

    ConstraintKind: t.TypeAlias = t.Literal["unique", "foreign key", "check", "not null", "exclusion"]
    ConflictAnswer: t.TypeAlias = str | tuple[str, str] | type[APIError]
    """The answer to a violated constraint: the member of the request, that and a text, or a class of errors."""

_KINDS: t.Final[cabc.Mapping[str, ConstraintKind]] = {
    "23505": "unique",
    "23503": "foreign key",
    "23001": "foreign key",
    "23514": "check",
    "23502": "not null",
    "23P01": "exclusion",
}
_CLASSES: t.Final[cabc.Mapping[ConstraintKind, type[APIError]]] = {
    "unique": AlreadyExists,
    "exclusion": AlreadyExists,
    "foreign key": ReferenceViolated,
    "check": RuleViolated,
    "not null": RuleViolated,
}
_MEMBER_TEXTS: t.Final[cabc.Mapping[ConstraintKind, str]] = {
    "unique": message("already_exists.member"),
    "exclusion": message("already_exists.member"),
    "foreign key": message("reference_violated.member"),
    "check": message("rule_violated.member"),
    "not null": message("rule_violated.member"),
}
_SQLITE: t.Final = re.compile(r"(UNIQUE|FOREIGN KEY|CHECK|NOT NULL) constraint failed(?:: (.*))?", re.DOTALL)
_TABLE: t.Final = re.compile(
    r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)', re.I
)


class ConstraintViolation(t.NamedTuple):
    """A constraint that a statement has violated."""

    kind: ConstraintKind
    name: str | None
    """The name of the constraint; ``None`` where the database does not say it."""
    table: str | None
    columns: tuple[str, ...]
    """The columns, where the database says them."""


def violation_of(error: sa.exc.IntegrityError, metadata: cabc.Iterable[sa.MetaData] = ()) -> ConstraintViolation | None:
    """Return the constraint that an error speaks of.

    PostgreSQL says its name. SQLite says that of a check alone, and otherwise the columns: the name is looked up in
    the tables.

    :param metadata: The tables.
    """
    kind = _KINDS.get(code_of(error) or "")
    if kind is not None:
        diag = getattr(error.orig, "diag", None)
        column: str | None = getattr(diag, "column_name", None)
        return ConstraintViolation(
            kind, getattr(diag, "constraint_name", None), getattr(diag, "table_name", None), (column,) if column else ()
        )
    found = _SQLITE.match(str(error.orig))
    if found is None:
        return None
    kind, said = t.cast("ConstraintKind", found[1].lower()), found[2] or ""
    if kind == "check":
        return ConstraintViolation(kind, said or None, _table_of(error), ())
    if kind == "foreign key":
        return ConstraintViolation(kind, _only_reference(error, metadata), _table_of(error), ())
    if said.startswith("index "):
        return ConstraintViolation(kind, said.removeprefix("index ").strip("'\""), _table_of(error), ())
    columns = [each.rpartition(".") for each in said.split(", ")]
    table, names = columns[0][0], tuple(each[2] for each in columns)
    return ConstraintViolation(kind, _unique_name(table, names, metadata) if kind == "unique" else None, table, names)


def _unique_name(table: str, columns: tuple[str, ...], metadata: cabc.Iterable[sa.MetaData]) -> str | None:
    for each in _tables(table, metadata):
        for constraint in (*each.constraints, *each.indexes):
            is_unique = isinstance(constraint, (sa.UniqueConstraint, sa.PrimaryKeyConstraint))
            if not (is_unique or (isinstance(constraint, sa.Index) and constraint.unique)):
                continue
            parts = t.cast("ColumnCollectionConstraint", constraint).columns
            if tuple(column.name for column in parts) == columns:
                return name_of(t.cast(sa.Constraint, constraint))
    return None


def _only_reference(error: sa.exc.IntegrityError, metadata: cabc.Iterable[sa.MetaData]) -> str | None:
    """Return the foreign key that SQLite means, if there is but one that the statement could violate."""
    found = _TABLE.match(error.statement or "")
    if found is None:
        return None
    table = found[2].rpartition(".")[2].strip('"')
    metadata = tuple(metadata)
    own = [each for one in _tables(table, metadata) for each in one.foreign_key_constraints]
    others = [
        constraint
        for each in metadata
        for one in each.tables.values()
        for constraint in one.foreign_key_constraints
        if constraint.referred_table.name == table
    ]
    command = found[1].upper()
    could = own if command == "INSERT INTO" else others if command == "DELETE FROM" else [*own, *others]
    return name_of(could[0]) if len(could) == 1 else None


def _table_of(error: sa.exc.IntegrityError) -> str | None:
    found = _TABLE.match(error.statement or "")
    return None if found is None else found[2].rpartition(".")[2].strip('"')


def _tables(name: str, metadata: cabc.Iterable[sa.MetaData]) -> cabc.Iterator[sa.Table]:
    return (table for each in metadata for table in each.tables.values() if table.name == name)


def name_of(constraint: sa.Constraint | sa.Index) -> str | None:
    """Return the name that a constraint has in the database, conventions of names included."""
    if constraint.name is None:
        return None
    from sqlalchemy.dialects import sqlite

    preparer = sqlite.dialect().identifier_preparer
    formatted: str | None
    if isinstance(constraint, sa.Index):
        formatted = preparer.format_index(constraint)
    else:
        formatted = preparer.format_constraint(constraint)
    return None if formatted is None else formatted.strip('"')


def names_in(metadata: cabc.Iterable[sa.MetaData]) -> set[str]:
    """Return the names of all constraints and unique indexes of tables."""
    found: set[str] = set()
    for each in metadata:
        for table in each.tables.values():
            for constraint in (*table.constraints, *(index for index in table.indexes if index.unique)):
                name = name_of(t.cast(sa.Constraint, constraint))
                if name is not None:
                    found.add(name)
    return found


def check_conflicts(conflicts: cabc.Mapping[str, object], metadata: cabc.Sequence[sa.MetaData]) -> None:
    """Refuse a constraint that no table has, once the tables are known.

    :raises SetupError: There is one.
    """
    known = names_in(metadata) if metadata else None
    for name in conflicts:
        if known is not None and name not in known:
            some = ", ".join(sorted(known)) or "none: give your constraints names, by a naming_convention"
            raise SetupError(
                f"Database(conflicts=...) names the unknown constraint {name!r}. Known constraints: {some}."
            )


def conflict_of(violation: ConstraintViolation, conflicts: cabc.Mapping[str, ConflictAnswer]) -> APIError | None:
    """Return the answer to a violated constraint; ``None`` where it is a fault of the application.

    That is a value that is missing, where the constraint is not declared: no input that was checked leads there.

    :param conflicts: The declared constraints.
    """
    declared = None if violation.name is None else conflicts.get(violation.name)
    cls = _CLASSES[violation.kind]
    if declared is None:
        return None if violation.kind == "not null" else cls()
    if isinstance(declared, type):
        return declared()
    member, text = declared if isinstance(declared, tuple) else (declared, _MEMBER_TEXTS[violation.kind])
    return cls(errors={"json": {member: [text]}})

"""``transaction``: the kind of an operation's transactions, and how often it may run anew.

Floor 7.
"""

from __future__ import annotations

import typing as t

from ..errors import SetupError
from ..http.semantics import SAFE
from ..marks.base import Mark
from ._engines import TransactionKind

if t.TYPE_CHECKING:
    import collections.abc as cabc

    Isolation: t.TypeAlias = t.Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

_LEVELS: t.Final = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")


class TransactionMark(Mark):
    """The kind of the transactions of an operation; see :func:`transaction`."""

    nearest_counts = True

    def __init__(self, read_only: bool | None, isolation: Isolation | None) -> None:
        self.read_only = read_only
        self.isolation = isolation

    def __repr__(self) -> str:
        given = {"read_only": self.read_only, "isolation": self.isolation}
        said = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
        return f"transaction({said})"


def transaction(*, read_only: bool | None = None, isolation: Isolation | None = None) -> TransactionMark:
    """Choose the transactions of an operation: those of the sessions that a :class:`Database` provides to it.

    On a class, a router or the application it counts for all operations below; the nearest mark counts.

    :param read_only: Whether the database refuses to write. Default: for GET, HEAD and OPTIONS, if the database was not
        made with ``read_only=False``.
    :param isolation: The isolation level. Default: that of the database.
    :raises SetupError: The level is unknown.
    """
    if isolation is not None and isolation not in _LEVELS:
        raise SetupError(f"transaction(isolation={isolation!r}): unknown level. Known levels: {', '.join(_LEVELS)}.")
    return TransactionMark(read_only, isolation)


def mark_among(marks: cabc.Iterable[Mark]) -> TransactionMark | None:
    """Return the mark of an operation; ``None`` where it has none."""
    for mark in marks:
        if isinstance(mark, TransactionMark):
            return mark
    return None


def kind_for(method: str, marks: cabc.Iterable[Mark], reads_safely: bool) -> TransactionKind:
    """Return the kind of the transactions of an operation.

    :param method: Its method.
    :param marks: Its marks.
    :param reads_safely: Whether safe methods are read-only where no mark says otherwise.
    """
    mark = mark_among(marks)
    read_only = reads_safely and method in SAFE
    if mark is None:
        return TransactionKind(read_only)
    return TransactionKind(read_only if mark.read_only is None else mark.read_only, mark.isolation)

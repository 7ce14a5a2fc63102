"""``transaction``: the kind of an operation's transactions, and how often it may run anew.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import random
import time
import typing as t

from ..context import Context
from ..errors import SetupError
from ..helpers import nonblocking
from ..http.semantics import SAFE
from ..marks.base import AroundFactory, Call, Mark, Plan
from ._engines import TransactionKind
from ._errors import TransactionCollided
from ._statements import logger

if t.TYPE_CHECKING:
    IsolationLevel: t.TypeAlias = t.Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

_LEVELS: t.Final = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
FIRST_PAUSE: t.Final = 0.01
LONGEST_PAUSE: t.Final = 0.2
"""Seconds, at most, before a transaction runs again."""


class TransactionMark(Mark):
    """The kind of the transactions of an operation; see :func:`transaction`."""

    nearest_counts = True
    runs_again = True

    def __init__(self, read_only: bool | None, isolation: IsolationLevel | None, retries: int) -> None:
        self.read_only = read_only
        self.isolation = isolation
        self.retries = retries

    def __repr__(self) -> str:
        given = {"read_only": self.read_only, "isolation": self.isolation, "retries": self.retries or None}
        said = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
        return f"transaction({said})"

    def check_beside(self, others: tuple[Mark, ...], where: str) -> None:
        if any(isinstance(mark, TransactionMark) for mark in others):
            raise SetupError(f"{where} has two marks 'transaction', and only one of them counts. Make them one.")

    def around(self, plan: Plan) -> AroundFactory | None:
        if not self.retries:
            return None

        @nonblocking
        def make(ctx: Context, call: Call) -> Attempts:
            return Attempts(ctx, self.retries)

        return make


class Attempts(contextlib.nullcontext[None]):
    """The runs of one request.

    :param ctx: The context.
    :param left: How often it may run again.
    """

    def __init__(self, ctx: Context, left: int) -> None:
        super().__init__()
        self._ctx = ctx
        self._left = left
        self._pause = FIRST_PAUSE

    def runs_again(self, error: Exception) -> bool:
        """Return whether the transaction runs again, after a short pause: it has collided with another one."""
        remaining = self._ctx.remaining()
        if not isinstance(error, TransactionCollided) or self._left <= 0 or (remaining is not None and remaining <= 0):
            return False
        self._left -= 1
        operation = self._ctx.operation
        logger.debug("A transaction collided and runs again: %s", None if operation is None else operation.address)
        # Those that have collided must not meet again.
        time.sleep(random.uniform(0, self._pause))
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return True


def transaction(
    *, read_only: bool | None = None, isolation: IsolationLevel | None = None, retries: int = 0
) -> TransactionMark:
    """Choose the transactions of an operation: those of the sessions that a :class:`Database` provides to it.

    On a class, a router or the application it counts for all operations below; the nearest mark counts.

    :param read_only: Whether the database refuses to write. Default: for GET, HEAD and OPTIONS, if the database was not
        made with ``read_only=False``.
    :param isolation: The isolation level. Default: that of the database.
    :param retries: How often the operation runs again, at most, when the database has ended its transaction because of
        another one (a serialization failure, a deadlock): providers, loaders and the handler, from the inputs as they
        were read. Nothing of it has been sent, and what it has given ``after_response`` is dropped. Another effect of
        the handler, such as a mail, must not be repeated: give it ``after_response``. After the last run the answer is
        a 503.
    :raises SetupError: The level is unknown, or the number is negative.
    """
    if not isinstance(retries, int) or retries < 0:
        raise SetupError(f"transaction(retries={retries!r}): give the number of further runs, 0 or more.")
    if isolation is not None and isolation not in _LEVELS:
        raise SetupError(f"transaction(isolation={isolation!r}): unknown level. Known levels: {', '.join(_LEVELS)}.")
    return TransactionMark(read_only, isolation, retries)


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

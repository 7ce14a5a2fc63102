"""Idempotency keys in the transaction of the handler: what it writes and its answer are kept together, or neither is.

Not here: keys, fingerprints and what is kept (``marks.traffic``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import random
import time
import typing as t

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import SetupError
from ..http.idempotency import Done, Lost, encode
from ..marks.base import Call, Key, Mark, Outcome, Phase, Plan, Record, ReplyStep, Step, Steps, marks_of
from ..marks.providers import ProvidesMark
from ..marks.traffic import IdempotencyUnavailable, Idempotent, OutcomeUnknown, RequestInProgress, give
from ._errors import RETRY_SECONDS, TransactionCollided

if t.TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy.ext.asyncio import AsyncSession

    from ..context import Context
    from ..http.response import Reply
    from ..marks.base import AroundFactory
    from ..marks.traffic import By
    from ..stores.base import Store
    from ._database import Database

    Keeper: t.TypeAlias = cabc.Callable[[Reply], tuple[int, list[tuple[str, str]], bytes] | None]

NAME: t.Final = "framework_idempotency"
"""The name of the table."""
_CLEANS: t.Final = 0.02
"""The part of the answers with which rows that have expired are removed."""
_MOST: t.Final = 100


class HeldKey(t.NamedTuple):
    """The key of a request that is carried out."""

    place: str
    print: bytes


_HELD: t.Final = Key[HeldKey]("held key")
_SETTLED: t.Final = Key[Done]("settled answer")


def table_in(metadata: sa.MetaData) -> sa.Table:
    """Return the table of the keys; added to others where it is not there."""
    found = metadata.tables.get(NAME)
    if found is not None:
        return found
    return sa.Table(
        NAME,
        metadata,
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Index(f"ix_{NAME}_expires", "expires"),
    )


class IdempotentInTransaction(Idempotent):
    """Idempotency keys in a database; see :func:`~framework.idempotent`.

    :param database: The database.
    """

    # Inside of the providers: the answer is written before they commit.
    keeps_answer = False
    around_phase = Phase.PERMISSION

    def __init__(self, database: Database, required: bool, by: By, lifetime: float | None) -> None:
        super().__init__(required, by, lifetime, t.cast("Store", database))
        self.database = database
        self.table = table_in(database.metadata[0] if database.metadata else sa.MetaData())

    def run(self, plan: Plan) -> Steps:
        if not self.applies(plan):
            return
        if not any(map(self._provides, plan.marks)):
            raise SetupError(
                f"{self!r} on {plan.called} ({plan.address}) keeps answers in the transaction of the handler, which"
                " gets no session of that database. Put @provides(database.session) on it, or give another store."
            )
        yield Step(Phase.LOAD, self._claim_step(plan), blocks=True)
        yield Step(Phase.PRECONDITION, give)
        yield ReplyStep(Phase.HEADERS, self._complete_step(plan), blocks=True)

    def _provides(self, mark: Mark) -> bool:
        """Return whether a mark gives a session of the database, or something that is made from one."""
        own = (self.database.session, self.database.async_session)
        return isinstance(mark, ProvidesMark) and any(
            given.provider in own or any(map(self._provides, marks_of(given.provider))) for given in mark.given
        )

    def around(self, plan: Plan) -> AroundFactory | None:
        if not self.applies(plan):
            return None
        lifetime = self.lifetime or plan.config["IDEMPOTENCY_LIFETIME"]
        take, most = self.answer_keeper(plan), plan.config["IDEMPOTENCY_MAX_LENGTH"]
        return lambda ctx, call: Settling(self, ctx, call, take, lifetime, most) if _HELD in call.notes else None

    def _claim_step(self, plan: Plan) -> cabc.Callable[[Context, Call], None]:
        read, columns = self.key_reader(plan), self.table.c

        def claim(ctx: Context, call: Call) -> None:
            key = read(ctx, call)
            if key is None:
                return
            session = self.database.session_of(ctx)
            if dialect_of(session) == "postgresql":
                # Held as long as the transaction: another request with the key learns at once that this one runs.
                number = int.from_bytes(bytes.fromhex(key[0][:16]), signed=True)
                if not run_in(session, sa.select(sa.func.pg_try_advisory_xact_lock(number))).scalar():
                    raise RequestInProgress(headers={"Retry-After": "1"})
            found = sa.select(columns.record).where(columns.key == key[0], columns.expires > time.time())
            present: bytes | None = run_in(session, found).scalar()
            if present is None:
                call.notes[_HELD] = HeldKey(*key)
            else:
                self.replay(ctx, call, present, key[1])

        return claim

    def _complete_step(self, plan: Plan) -> cabc.Callable[[Context, Call, Reply], None]:
        take, table = self.answer_keeper(plan), self.table

        def complete(ctx: Context, call: Call, reply: Reply) -> None:
            held, kept = call.notes.get(_HELD), call.notes.get(_SETTLED)
            leaves = None if held is None or kept is None else take(reply)
            if held is None or kept is None or leaves is None:
                return
            if leaves[0] != kept.status or _same(kept.headers, leaves[1]):
                return
            # Headers that were made after the commit, like the ETag, which a repetition cannot make.
            record = encode(Done(held.print, leaves[0], leaves[1], kept.body))
            if len(record) <= ctx.app.config["IDEMPOTENCY_MAX_LENGTH"]:
                with ctx.app.provide(self.database.session) as session:
                    session.execute(sa.update(table).where(table.c.key == held.place).values(record=record))

        return complete

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        for record in super().document(plan):
            if not (isinstance(record, Outcome) and record.error in (IdempotencyUnavailable, OutcomeUnknown)):
                yield record


def _same(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> bool:
    """Return whether two lists of headers are equal, ``Vary`` apart, which is added to each answer."""
    return [each for each in one if each[0].lower() != "vary"] == [each for each in other if each[0].lower() != "vary"]


class Settling:
    """The context manager around the handler: at its end the answer is written into the transaction.

    :param mark: The mark.
    :param take: Takes an answer apart.
    :param lifetime: Seconds for which it is kept.
    :param most: The longest record, in bytes.
    """

    def __init__(
        self, mark: IdempotentInTransaction, ctx: Context, call: Call, take: Keeper, lifetime: float, most: int
    ) -> None:
        self._mark = mark
        self._ctx = ctx
        self._call = call
        self._take = take
        self._lifetime = lifetime
        self._most = most

    def __enter__(self) -> None:
        """Do nothing: the key was looked for in the phase ``LOAD``."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        call, table = self._call, self._mark.table
        held = call.notes.get(_HELD)
        kept = self._take(call.reply) if error is None and call.begun and call.reply is not None else None
        if held is None or kept is None:
            return
        done = Done(held.print, *kept)
        record = encode(done)
        if len(record) > self._most:
            record = encode(Lost(held.print))
        else:
            call.notes[_SETTLED] = done
        session = self._mark.database.session_of(self._ctx)
        now = time.time()
        expired = sa.delete(table).where(table.c.key == held.place, table.c.expires <= now)
        values = {"key": held.place, "expires": now + self._lifetime, "record": record}
        try:
            run_in(session, expired)
            run_in(session, sa.insert(table).values(values))
        except sa.exc.IntegrityError as raised:  # a handler that commits by itself has given up its lock
            raise TransactionCollided(retry_after=RETRY_SECONDS) from raised
        if random.random() < _CLEANS:
            old = sa.select(table.c.key).where(table.c.expires <= now).limit(_MOST).with_for_update(skip_locked=True)
            run_in(session, sa.delete(table).where(table.c.key.in_(old)))


def dialect_of(session: orm.Session | AsyncSession) -> str:
    """Return the name of the kind of database of a session."""
    plain = session if isinstance(session, orm.Session) else session.sync_session
    return plain.get_bind().dialect.name


def run_in(session: orm.Session | AsyncSession, statement: sa.Executable) -> t.Any:
    """Run a statement in a session of either colour."""
    if isinstance(session, orm.Session):
        return session.execute(statement)
    from .._coroutines import wait_for  # PERF: imports asyncio, 20 ms

    return wait_for(session.execute(statement))

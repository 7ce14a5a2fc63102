"""The deliveries that are due: claimed by one deliverer each, and settled by what came of an attempt.

A claim is a lease: one that is not settled in time is due again, so that a deliverer that is killed loses nothing. Not
here: the attempts (``webhooks._transport``), the loop (``webhooks._deliverer``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import random
import secrets
import typing as t

import msgspec

from ._outbox import Outbox, disable
from ._tables import DELIVERED, FAILED, PENDING, moment_of, sa, timestamp_of

if t.TYPE_CHECKING:
    from ._transport import AttemptResult

SCHEDULE: t.Final = (0.0, 5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""The seconds before each attempt, as Standard Webhooks has them: ten attempts in three days."""

GONE: t.Final = 410


class ClaimedDelivery(msgspec.Struct, frozen=True):
    """A delivery that this process may attempt, until its lease is over."""

    id: int
    lease: str
    number: int
    """The number of the attempt, from 1."""
    message_id: str
    event: str
    method: str
    headers: dict[str, str]
    body: bytes
    endpoint_id: str
    url: str
    secrets: list[str]


class Policy(msgspec.Struct, frozen=True):
    """The rules for when attempts are made, and when they end."""

    schedule: tuple[float, ...]
    jitter: float
    """The part of a delay by which it is shortened or prolonged at random."""
    disable_after: float | None
    """Seconds of nothing but failures after which an endpoint is disabled; ``None``: never."""
    max_retry_after: float
    lease: float

    def delay(self, number: int, retry_after: float | None) -> float | None:
        """Return the seconds until the attempt after the one with this number; ``None`` where it was the last one.

        :param retry_after: What the receiver asks for: it makes the delay longer, within bounds, and never shorter.
        """
        if number >= len(self.schedule):
            return None
        delay = self.schedule[number] * random.uniform(1 - self.jitter, 1 + self.jitter)
        return max(delay, min(retry_after or 0.0, self.max_retry_after))


class Settled(msgspec.Struct, frozen=True):
    """The changes that an attempt has made."""

    state: str | None
    """The state of the delivery now; ``None`` where the lease was over, and another deliverer has it."""
    disabled: str | None = None
    """Why its endpoint was disabled by this, if it was."""


class DeliveryQueue:
    """The deliveries of an outbox.

    :param outbox: The outbox.
    :param engine: The database.
    :param policy: When attempts are made.
    :param clock: Gives the time, in seconds since 1970.
    """

    def __init__(self, outbox: Outbox, engine: sa.Engine, policy: Policy, clock: cabc.Callable[[], float]) -> None:
        self.tables = outbox.tables
        self.engine = engine
        self.policy = policy
        self.clock = clock

    def claim(self, most: int, busy: cabc.Mapping[str, int], per_endpoint: int) -> list[ClaimedDelivery]:
        """Take deliveries that are due and that no other deliverer has.

        :param most: How many at most.
        :param busy: How many deliveries of this process are under way, by endpoint.
        :param per_endpoint: How many may be, so that a slow receiver does not hold up the others.
        """
        deliveries, now = self.tables.deliveries, moment_of(self.clock())
        full = [endpoint for endpoint, count in busy.items() if count >= per_endpoint]
        is_free = sa.or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until <= now)
        due = (
            sa.select(deliveries.c.id, deliveries.c.endpoint_id)
            .where(deliveries.c.state == PENDING, deliveries.c.due_at <= now, is_free)
            .order_by(deliveries.c.due_at, deliveries.c.id)
            .limit(4 * most)
            .with_for_update(skip_locked=True)  # PostgreSQL: no deliverer waits for another one
        )
        if full:
            due = due.where(deliveries.c.endpoint_id.not_in(full))
        lease = secrets.token_hex(16)
        with self.engine.begin() as connection:
            chosen: list[int] = []
            counts = dict(busy)
            for identity, endpoint in connection.execute(due):
                if counts.get(endpoint, 0) < per_endpoint and len(chosen) < most:
                    counts[endpoint] = counts.get(endpoint, 0) + 1
                    chosen.append(identity)
            if not chosen:
                return []
            # Where rows are not locked, as in SQLite, the condition lets one deliverer win.
            connection.execute(
                sa.update(deliveries)
                .where(deliveries.c.id.in_(chosen), deliveries.c.state == PENDING, is_free)
                .values(lease=lease, leased_until=moment_of(self.clock() + self.policy.lease))
            )
            return self._claimed(connection, lease)

    def _claimed(self, connection: sa.Connection, lease: str) -> list[ClaimedDelivery]:
        tables = self.tables
        rows = connection.execute(
            sa.select(
                tables.deliveries.c.id,
                tables.deliveries.c.attempts,
                tables.messages.c.id.label("message_id"),
                tables.messages.c.event,
                tables.messages.c.method,
                tables.messages.c.headers,
                tables.messages.c.body,
                tables.endpoints.c.id.label("endpoint_id"),
                tables.endpoints.c.url,
                tables.endpoints.c.secrets,
                tables.endpoints.c.enabled,
                tables.endpoints.c.disabled_reason,
            )
            .select_from(tables.deliveries.join(tables.messages).join(tables.endpoints))
            .where(tables.deliveries.c.lease == lease)
            .order_by(tables.deliveries.c.due_at, tables.deliveries.c.id)
        ).all()
        claims = []
        for row in rows:
            if not row.enabled:  # disabled while the transaction of the message was open
                disable(connection, tables, row.endpoint_id, row.disabled_reason or "disabled", self.clock())
                continue
            claims.append(
                ClaimedDelivery(
                    *(row.id, lease, row.attempts + 1, row.message_id, row.event, row.method, row.headers, row.body),
                    *(row.endpoint_id, row.url, row.secrets),
                )
            )
        return claims

    def settle(self, claim: ClaimedDelivery, answer: AttemptResult) -> Settled:
        """Write what came of an attempt: into the log, and into the delivery as long as it is this process's."""
        tables, now = self.tables, self.clock()
        delay = (
            None if answer.is_success or answer.status == GONE else self.policy.delay(claim.number, answer.retry_after)
        )
        state = DELIVERED if answer.is_success else FAILED if delay is None else PENDING
        with self.engine.begin() as connection:
            changed = connection.execute(
                sa.update(tables.deliveries)
                .where(tables.deliveries.c.id == claim.id, tables.deliveries.c.lease == claim.lease)
                .values(
                    state=state,
                    attempts=claim.number,
                    due_at=tables.deliveries.c.due_at if delay is None else moment_of(now + delay),
                    lease=None,
                    leased_until=None,
                    finished_at=None if state == PENDING else moment_of(now),
                )
            )
            is_there = sa.select(tables.deliveries.c.id).where(tables.deliveries.c.id == claim.id)
            if not changed.rowcount and connection.scalar(is_there) is None:
                return Settled(None)  # its endpoint was removed
            connection.execute(
                sa.insert(tables.attempts).values(
                    delivery_id=claim.id,
                    number=claim.number,
                    started_at=moment_of(now - answer.duration),
                    duration=answer.duration,
                    status=answer.status,
                    error=answer.error,
                    answer=answer.excerpt,
                )
            )
            if not changed.rowcount:
                return Settled(None)
            return Settled(state, self._judge(connection, claim, answer, now))

    def _judge(
        self, connection: sa.Connection, claim: ClaimedDelivery, answer: AttemptResult, now: float
    ) -> str | None:
        """Note on the endpoint whether it fails; disable one that is gone or has failed for too long."""
        endpoints = self.tables.endpoints
        own = sa.update(endpoints).where(endpoints.c.id == claim.endpoint_id)
        if answer.is_success:
            connection.execute(own.where(endpoints.c.failing_since.is_not(None)).values(failing_since=None))
            return None
        reason = "gone" if answer.status == GONE else None
        if reason is None and self.policy.disable_after is not None:
            connection.execute(own.where(endpoints.c.failing_since.is_(None)).values(failing_since=moment_of(now)))
            since = connection.execute(
                sa.select(endpoints.c.failing_since).where(endpoints.c.id == claim.endpoint_id)
            ).scalar_one_or_none()
            if since is not None and now - timestamp_of(since) >= self.policy.disable_after:
                reason = "failing"
        if reason is None or not disable(connection, self.tables, claim.endpoint_id, reason, now):
            return None
        return reason

    def give_back(self, claims: cabc.Iterable[ClaimedDelivery]) -> None:
        """Give deliveries back that were claimed and not settled: they are due at once."""
        deliveries = self.tables.deliveries
        pairs = [(claim.id, claim.lease) for claim in claims]
        if pairs:
            with self.engine.begin() as connection:
                for identity, lease in pairs:
                    connection.execute(
                        sa.update(deliveries)
                        .where(deliveries.c.id == identity, deliveries.c.lease == lease)
                        .values(lease=None, leased_until=None)
                    )

    def purge(self, keep: float, most: int = 1000) -> int:
        """Remove deliveries that ended longer ago, and messages that have none; return how many messages.

        :param keep: Seconds.
        :param most: How many of each at a time.
        """
        tables, until = self.tables, moment_of(self.clock() - keep)
        with self.engine.begin() as connection:
            ended = list(
                connection.scalars(
                    sa.select(tables.deliveries.c.id)
                    .where(tables.deliveries.c.state != PENDING, tables.deliveries.c.finished_at < until)
                    .limit(most)
                )
            )
            if ended:  # the log first: SQLite cascades only where foreign keys are switched on
                connection.execute(sa.delete(tables.attempts).where(tables.attempts.c.delivery_id.in_(ended)))
                connection.execute(sa.delete(tables.deliveries).where(tables.deliveries.c.id.in_(ended)))
            used = sa.exists().where(tables.deliveries.c.message_id == tables.messages.c.id)
            old = list(
                connection.scalars(
                    sa.select(tables.messages.c.id).where(tables.messages.c.created_at < until, ~used).limit(most)
                )
            )
            if old:
                connection.execute(sa.delete(tables.messages).where(tables.messages.c.id.in_(old)))
            return len(old)

    def counts(self) -> dict[str, int]:
        """Return how many deliveries are in each state."""
        deliveries = self.tables.deliveries
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(deliveries.c.state, sa.func.count()).group_by(deliveries.c.state)).all()
        return {row[0]: row[1] for row in rows}

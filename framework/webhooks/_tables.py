"""The tables of an outbox: endpoints, messages, their deliveries, and the log of attempts.

Moments are in UTC. Not here: what is done with them (``webhooks._outbox``, ``webhooks._queue``).
Floor 7.
"""

from __future__ import annotations

import datetime as dt
import typing as t

try:
    import sqlalchemy as sa
except ImportError as missing:
    raise ImportError(
        "The outbox of webhooks needs the library sqlalchemy, and it is not installed. Run 'pip install sqlalchemy'."
    ) from missing

__all__ = ["sa"]  # for the other modules, so that one of them says what to install

PENDING: t.Final = "pending"
DELIVERED: t.Final = "delivered"
FAILED: t.Final = "failed"
CANCELLED: t.Final = "cancelled"
STATES: t.Final = (PENDING, DELIVERED, FAILED, CANCELLED)
"""The states of a delivery: still to be sent, answered with a 2xx, given up, and ended with its endpoint."""


class Tables(t.NamedTuple):
    """The tables of one outbox."""

    endpoints: sa.Table
    messages: sa.Table
    deliveries: sa.Table
    attempts: sa.Table


def make_tables(metadata: sa.MetaData, prefix: str, schema: str | None) -> Tables:
    """Put the tables into a metadata.

    :param prefix: The text before their names.
    :param schema: The schema of the database that they are in.
    """

    def reference(table: sa.Table) -> sa.ForeignKey:
        return sa.ForeignKey(table.c.id, ondelete="CASCADE")

    def number() -> sa.Column[int]:
        # SQLite counts up nothing but a plain INTEGER.
        return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)

    moment = sa.DateTime(timezone=True)
    endpoints = sa.Table(
        f"{prefix}endpoint",
        metadata,
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False, index=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secrets", sa.JSON, nullable=False),
        sa.Column("events", sa.JSON(none_as_null=True)),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("disabled_reason", sa.String(32)),
        sa.Column("disabled_at", moment),
        sa.Column("failing_since", moment),
        sa.Column("created_at", moment, nullable=False),
        schema=schema,
    )
    messages = sa.Table(
        f"{prefix}message",
        metadata,
        sa.Column("id", sa.String(256), primary_key=True),
        sa.Column("event", sa.String(255), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", moment, nullable=False, index=True),
        schema=schema,
    )
    deliveries = sa.Table(
        f"{prefix}delivery",
        metadata,
        number(),
        sa.Column("message_id", sa.String(256), reference(messages), nullable=False, index=True),
        sa.Column("endpoint_id", sa.String(64), reference(endpoints), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("lease", sa.String(64), index=True),
        sa.Column("leased_until", moment),
        sa.Column("finished_at", moment),
        sa.Index(f"ix_{prefix}delivery_due", "state", "due_at"),
        sa.Index(f"ix_{prefix}delivery_endpoint", "endpoint_id", "state"),
        schema=schema,
    )
    attempts = sa.Table(
        f"{prefix}attempt",
        metadata,
        number(),
        sa.Column("delivery_id", deliveries.c.id.type, reference(deliveries), nullable=False, index=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("duration", sa.Float, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.String(255)),
        sa.Column("answer", sa.Text, nullable=False),
        schema=schema,
    )
    return Tables(endpoints, messages, deliveries, attempts)


def moment_of(timestamp: float) -> dt.datetime:
    """Return the moment of a timestamp, for a column."""
    return dt.datetime.fromtimestamp(timestamp, dt.UTC)


def timestamp_of(moment: dt.datetime) -> float:
    """Return the timestamp of a moment in a column; SQLite gives it without its zone."""
    return (moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment).timestamp()

"""``Outbox``: messages that are written in the transaction of their cause, and sent after it.

A message of a transaction that is rolled back is never sent, and one that was committed is not lost when the process
dies. Not here: the tables (``webhooks._tables``), the sending (``webhooks._deliverer``).
Floor 7.
"""

from __future__ import annotations

import base64
import collections.abc as cabc
import secrets
import time
import typing as t
import uuid

import msgspec

from ..errors import SetupError
from ..http.webhook_signatures import is_id, read_key
from ..marks.outgoing import Outgoing, Webhook
from ._tables import CANCELLED, PENDING, Tables, make_tables, moment_of, sa
from ._transport import read_url

if t.TYPE_CHECKING:
    from sqlalchemy.orm import Session, scoped_session

    Transaction: t.TypeAlias = Session | scoped_session[Session] | sa.Connection


class Endpoint(msgspec.Struct, frozen=True):
    """A receiver that was added to an outbox."""

    id: str
    secret: str
    """The secret, which is shown to its owner: it verifies what it gets by it."""

    def __repr__(self) -> str:
        return f"Endpoint(id={self.id!r}, secret=...)"


class Outbox:
    """Messages to be sent, their receivers, and what became of them, in tables of the application.

    :param metadata: The ``MetaData`` of the application: the tables are made and migrated with its own.
    :param prefix: The text before the names of the tables: ``webhook_endpoint``, ``webhook_message``,
        ``webhook_delivery`` and ``webhook_attempt``.
    :param schema: The schema of the database that they are in.
    :raises ImportError: The library sqlalchemy is not installed.
    """

    def __init__(self, metadata: sa.MetaData, *, prefix: str = "webhook_", schema: str | None = None) -> None:
        self.tables: Tables = make_tables(metadata, prefix, schema)
        """The tables: ``endpoints``, ``messages``, ``deliveries`` and ``attempts``."""

    def send(
        self,
        session: Transaction,
        webhook: Outgoing,
        payload: object = None,
        *,
        owner: str = "",
        headers: cabc.Mapping[str, str] | None = None,
        message_id: str | None = None,
    ) -> str:
        """Write a message, to be sent to each endpoint of its owner that takes the event.

        It is part of the transaction of ``session``: it is sent once that is committed, and never if it is rolled back.

        :param session: A session or a connection, with the transaction of what has happened.
        :param webhook: The declared event: an :func:`event` or a signed ``Webhook``.
        :param payload: What its schema dumps.
        :param owner: Whose endpoints get it, such as the id of a customer. Default: those that were added without.
        :param headers: Values of declared headers.
        :param message_id: Its id. One that is made of the cause, such as ``"order-7-paid"``, cannot be written twice.
        :return: The id, which is the header ``webhook-id`` of each attempt.
        :raises ContractViolation: The body is not what the document promises.
        :raises SetupError: The webhook is not signed, or the id cannot be one.
        """
        if not isinstance(webhook, Webhook) or not webhook.signed:
            raise SetupError(
                f"{webhook!r} cannot be sent from an outbox, which signs what it sends. Declare it by"
                " framework.webhooks.event, or by Webhook(..., signed=True)."
            )
        identity = f"msg_{uuid.uuid4().hex}" if message_id is None else message_id
        if not is_id(identity):
            raise SetupError(
                f"{identity[:100]!r} cannot be the id of a webhook. Use 1 to 256 visible ASCII characters, and no full"
                " stop."
            )
        message = webhook.dump_unsigned(payload, headers=headers)
        tables, now = self.tables, moment_of(time.time())
        session.execute(
            sa.insert(tables.messages).values(
                id=identity,
                event=webhook.name,
                method=message.method,
                headers=message.headers,
                body=message.body,
                created_at=now,
            )
        )
        found = session.execute(
            sa.select(tables.endpoints.c.id, tables.endpoints.c.events)
            .where(tables.endpoints.c.owner == owner, tables.endpoints.c.enabled)
            .order_by(tables.endpoints.c.id)
        ).all()
        rows = [
            {
                "message_id": identity,
                "endpoint_id": endpoint,
                "state": PENDING,
                "attempts": 0,
                "due_at": now,
            }
            for endpoint, events in found
            if events is None or webhook.name in events
        ]
        if rows:
            session.execute(sa.insert(tables.deliveries), rows)
        return identity

    def add_endpoint(
        self,
        session: Transaction,
        url: str,
        *,
        events: cabc.Iterable[str] | None = None,
        owner: str = "",
        secret: str | None = None,
        allow_http: bool = False,
    ) -> Endpoint:
        """Add a receiver.

        The URL is read and not resolved; :meth:`Transport.check` does both.

        :param session: A session or a connection.
        :param url: Where messages are sent to: ``https``.
        :param events: The names of the events that it takes. Default: all.
        :param owner: Whose it is, such as the id of a customer: it gets only what is sent to that owner.
        :param secret: Its secret: ``whsec_`` and base64, or ``whsk_`` and base64 for Ed25519. Default: a new one.
        :param allow_http: Whether the URL may be without TLS.
        :return: Its id and its secret.
        :raises AddressRefused: The URL cannot be used.
        :raises ValueError: The secret cannot.
        """
        read_url(url, allow_http=allow_http)
        chosen = new_secret() if secret is None else secret
        read_key(chosen).sign(b"")
        identity = f"ep_{uuid.uuid4().hex}"
        session.execute(
            sa.insert(self.tables.endpoints).values(
                id=identity,
                owner=owner,
                url=url,
                secrets=[chosen],
                events=None if events is None else sorted(set(events)),
                enabled=True,
                created_at=moment_of(time.time()),
            )
        )
        return Endpoint(identity, chosen)

    def rotate_secret(
        self, session: Transaction, endpoint_id: str, *, secret: str | None = None, keep: int = 1
    ) -> Endpoint:
        """Give an endpoint a new secret. Messages are signed by the old one too, until the next call.

        :param secret: The new one. Default: one is made.
        :param keep: How many of the old ones are kept. With 0 it is the new one alone at once: for one that has leaked.
        :raises LookupError: There is no such endpoint.
        :raises ValueError: The secret cannot be used.
        """
        endpoints = self.tables.endpoints
        found = session.execute(
            sa.select(endpoints.c.secrets).where(endpoints.c.id == endpoint_id).with_for_update()
        ).scalar_one_or_none()
        if found is None:
            raise LookupError(f"There is no endpoint {endpoint_id!r}.")
        chosen = new_secret() if secret is None else secret
        read_key(chosen).sign(b"")
        kept = [chosen, *found[:keep]]
        session.execute(sa.update(endpoints).where(endpoints.c.id == endpoint_id).values(secrets=kept))
        return Endpoint(endpoint_id, chosen)

    def disable_endpoint(self, session: Transaction, endpoint_id: str, *, reason: str = "disabled") -> None:
        """Send nothing more to an endpoint, and cancel what is pending.

        :param reason: The word for the column ``disabled_reason``.
        """
        disable(session, self.tables, endpoint_id, reason, time.time())

    def enable_endpoint(self, session: Transaction, endpoint_id: str) -> None:
        """Send to an endpoint again. What was cancelled meanwhile is sent by :meth:`redeliver`."""
        endpoints = self.tables.endpoints
        session.execute(
            sa.update(endpoints)
            .where(endpoints.c.id == endpoint_id)
            .values(enabled=True, disabled_reason=None, disabled_at=None, failing_since=None)
        )

    def redeliver(self, session: Transaction, delivery_id: int) -> bool:
        """Send a delivery again, from the beginning of its schedule; the ``webhook-id`` is the same.

        :return: ``False`` where there is none, where it is still pending, or where its endpoint is disabled.
        """
        deliveries, endpoints = self.tables.deliveries, self.tables.endpoints
        enabled = sa.select(endpoints.c.id).where(endpoints.c.enabled)
        done = session.execute(
            sa.update(deliveries)
            .where(
                deliveries.c.id == delivery_id,
                deliveries.c.state != PENDING,
                deliveries.c.endpoint_id.in_(enabled),
            )
            .values(
                state=PENDING,
                attempts=0,
                due_at=moment_of(time.time()),
                lease=None,
                leased_until=None,
                finished_at=None,
            )
        )
        return t.cast("sa.CursorResult[object]", done).rowcount > 0


def disable(session: Transaction, tables: Tables, endpoint_id: str, reason: str, now: float) -> bool:
    """Disable an endpoint and cancel its deliveries; return whether it was enabled."""
    endpoints, deliveries = tables.endpoints, tables.deliveries
    done = session.execute(
        sa.update(endpoints)
        .where(endpoints.c.id == endpoint_id, endpoints.c.enabled)
        .values(enabled=False, disabled_reason=reason, disabled_at=moment_of(now))
    )
    session.execute(
        sa.update(deliveries)
        .where(deliveries.c.endpoint_id == endpoint_id, deliveries.c.state == PENDING)
        .values(state=CANCELLED, lease=None, leased_until=None, finished_at=moment_of(now))
    )
    return t.cast("sa.CursorResult[object]", done).rowcount > 0


def new_secret() -> str:
    """Return a new secret of 32 bytes, as it is shown to a receiver."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()

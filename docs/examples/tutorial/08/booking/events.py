"""News of bookings: webhooks for the servers of others, and a stream of events for their screens."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError
from sqlalchemy import orm

from framework import (
    Router,
    Schema,
    after_response,
    arguments,
    events,
    fields,
    last_event_id,
    provides,
    requires,
    response,
    validate,
)
from framework.channels import Channel, Subscription
from framework.webhooks import AddressRefused, Endpoint, Outbox, Transport, event

from .database import Base, db
from .settings import settings

router = Router("events", description="Changes of bookings")


class DaysSchema(Schema):
    """Days of an item."""

    item_id = fields.Integer(required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)


outbox = Outbox(Base.metadata)
webhooks = {
    "booked": event("item.booked", DaysSchema, summary="An item was booked."),
    "freed": event("item.freed", DaysSchema, summary="A booking was cancelled."),
}
changes = Channel("changes", events={"booked": DaysSchema, "freed": DaysSchema}, store=settings.store_url)
allowed = settings.webhooks_allow or []
transport = Transport(allow=allowed, allow_http=bool(allowed))


def announce(session: orm.Session, kind: str, days: dict[str, Any]) -> None:
    """Tell others that days of an item were booked or freed, once the transaction is committed."""
    outbox.send(session, webhooks[kind], days)
    after_response(changes.publish, days, event=kind)


def check_url(url: str) -> None:
    """Refuse a URL that leads into our own network."""
    try:
        transport.check(url)
    except AddressRefused as error:
        raise ValidationError(str(error)) from None


class EndpointSchema(Schema):
    """A receiver of webhooks, and the secret by which it verifies them."""

    id = fields.String(required=True, dump_only=True)
    url = fields.String(required=True, load_only=True, validate=[validate.Length(max=500), check_url])
    secret = fields.String(required=True, dump_only=True)


@router.post("/webhooks")
@requires(scopes=["staff"])
@provides(db.session)
@arguments(EndpointSchema)
@response(201, EndpointSchema)
def add_receiver(session: orm.Session, data: dict[str, Any]) -> Endpoint:
    """Add a receiver of webhooks."""
    return outbox.add_endpoint(session, data["url"], allow_http=transport.allow_http)


@router.get("/changes")
@events(DaysSchema)
def stream_changes() -> Subscription:
    """Stream the changes of bookings."""
    return changes.subscribe(last_event_id())

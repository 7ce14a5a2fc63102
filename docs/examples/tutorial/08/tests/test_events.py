"""Webhooks and the stream of changes."""

import datetime as dt

import sqlalchemy as sa
from booking.database import db
from booking.events import changes, outbox

DAYS = {"first_day": "2030-05-06", "last_day": "2030-05-08"}


def add_item(client):
    """Add an item and return its id."""
    return client.post("/items", json={"name": "Camera A", "kind": "camera"}).json["id"]


def messages(app):
    """Return the events in the outbox."""
    with app.provide(db.session) as session:
        return list(session.scalars(sa.select(outbox.tables.messages.c.event)))


def test_bookings_are_announced(app, ann):
    """A booking and its end are messages in the outbox; a refused booking is none."""
    days = {**DAYS, "item_id": add_item(ann)}
    booking = ann.post("/bookings", json=days).json
    assert ann.post("/bookings", json=days).status_code == 409
    ann.delete(f"/bookings/{booking['id']}")

    assert messages(app) == ["item.booked", "item.freed"]


def test_changes_are_streamed(ann, bob):
    """A client that comes again sees what was booked since the last event that it saw."""
    days = {**DAYS, "item_id": add_item(ann)}
    day = dt.date(2030, 5, 1)
    seen = changes.publish({"item_id": 1, "first_day": day, "last_day": day}, event="freed")
    ann.post("/bookings", json=days)

    with bob.get("/changes", headers={"Last-Event-ID": seen}) as stream:
        event = next(iter(stream.response)).decode()
    assert "event: booked\n" in event
    assert '"first_day":"2030-05-06"' in event


def test_receivers_are_outside(ann, bob):
    """A URL of our own network is refused, and so are users who are not of the staff."""
    reply = ann.post("/webhooks", json={"url": "https://10.0.0.7/hooks"})

    assert reply.json["errors"] == {"json": {"url": ["The host has no public address."]}}
    assert bob.post("/webhooks", json={"url": "https://10.0.0.7/hooks"}).status_code == 403

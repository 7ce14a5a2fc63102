"""A receiver of webhooks, as another team would have it. It shows what it got."""

from __future__ import annotations

import os
from typing import Any

from framework import App, Schema, arguments, fields, response
from framework.webhooks import signed_webhook

app = App(__name__)
received: list[dict[str, Any]] = []


class EventSchema(Schema):
    """An event."""

    type = fields.String(required=True)
    timestamp = fields.String(required=True)
    data = fields.Dict(required=True)


@app.post("/hooks")
@signed_webhook(os.environ["WEBHOOK_SECRET"])
@arguments(EventSchema)
@response(204)
def take(event: dict[str, Any]) -> None:
    """Take an event."""
    received.append(event)


@app.get("/received")
@response(200, EventSchema(many=True))
def show() -> list[dict[str, Any]]:
    """Show what was received."""
    return received

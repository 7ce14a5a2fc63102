"""``event``: a webhook with the payload that Standard Webhooks recommends: type, time and data.

Floor 7.
"""

from __future__ import annotations

import datetime as dt
import typing as t

from marshmallow import Schema, fields, validate

from ..fields import AnyField
from ..marks.outgoing import Options, Webhook
from ..marks.schemas import SchemaLike, as_schema


class EventWebhook(Webhook):
    """A webhook whose body has the type and the time of an event in addition to its data; see :func:`event`."""

    def _body(self, value: object) -> bytes:
        now = dt.datetime.now(dt.UTC)
        return super()._body({"type": self.name, "timestamp": now, "data": value})


def event(name: str, schema: SchemaLike, **options: t.Unpack[Options]) -> EventWebhook:
    """Declare an event that the application sends to those who have registered for it.

    Its body is ``{"type": name, "timestamp": ..., "data": ...}``, and it is signed. Add it by ``app.add_webhook``, so
    that it is in the document, and send it by :meth:`Outbox.send`.

    :param name: Its type: words with full stops between them, like ``"invoice.paid"``.
    :param schema: What dumps the data: a schema class, an instance, a dict of fields, or an annotated class.
    :param options: Those of :class:`~framework.Webhook`.
    :raises SetupError: Something of it cannot be.
    """
    data = as_schema(schema)
    word = "".join(part[:1].upper() + part[1:] for part in name.replace("-", ".").replace("_", ".").split("."))
    members: dict[str, AnyField] = {
        "type": fields.String(required=True, validate=validate.Equal(name)),
        "timestamp": fields.DateTime(required=True),
        "data": fields.Nested(data, required=True),
    }
    options.setdefault("signed", True)
    return EventWebhook(name, Schema.from_dict(members, name=f"{word}EventSchema"), **options)

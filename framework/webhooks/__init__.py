"""Webhooks by Standard Webhooks: those that are received, verified, and those that are sent, from an outbox.

Not here: what a webhook looks like in the document (``marks.outgoing``).
Floor 7.
"""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._addresses import AddressRefused as AddressRefused
    from ._deliverer import Deliverer as Deliverer
    from ._events import EventWebhook as EventWebhook
    from ._events import event as event
    from ._incoming import SignedWebhook as SignedWebhook
    from ._incoming import WebhookExpired as WebhookExpired
    from ._incoming import WebhookInProgress as WebhookInProgress
    from ._incoming import WebhookMalformed as WebhookMalformed
    from ._incoming import WebhookSignatureInvalid as WebhookSignatureInvalid
    from ._incoming import WebhookUnavailable as WebhookUnavailable
    from ._incoming import signed_webhook as signed_webhook
    from ._outbox import Endpoint as Endpoint
    from ._outbox import Outbox as Outbox
    from ._queue import SCHEDULE as SCHEDULE
    from ._testing import SignedRequest as SignedRequest
    from ._testing import signed as signed
    from ._transport import AttemptResult as AttemptResult
    from ._transport import Transport as Transport
else:
    __getattr__ = lazy(
        __name__,
        {
            "_addresses": "AddressRefused",
            "_deliverer": "Deliverer",
            "_events": "EventWebhook event",
            "_incoming": (
                "SignedWebhook WebhookExpired WebhookInProgress WebhookMalformed WebhookSignatureInvalid "
                "WebhookUnavailable signed_webhook"
            ),
            "_outbox": "Endpoint Outbox",
            "_queue": "SCHEDULE",
            "_testing": "SignedRequest signed",
            "_transport": "AttemptResult Transport",
        },
    )

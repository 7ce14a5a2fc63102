"""Webhooks by Standard Webhooks: those that are received, verified, and those that are sent, from an outbox.

Not here: what a webhook looks like in the document (``marks.outgoing``).
Floor 7.
"""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._incoming import SignedWebhook as SignedWebhook
    from ._incoming import WebhookExpired as WebhookExpired
    from ._incoming import WebhookInProgress as WebhookInProgress
    from ._incoming import WebhookMalformed as WebhookMalformed
    from ._incoming import WebhookSignatureInvalid as WebhookSignatureInvalid
    from ._incoming import WebhookUnavailable as WebhookUnavailable
    from ._incoming import signed_webhook as signed_webhook
    from ._testing import SignedRequest as SignedRequest
    from ._testing import signed as signed
else:
    __getattr__ = lazy(
        __name__,
        {
            "_incoming": (
                "SignedWebhook WebhookExpired WebhookInProgress WebhookMalformed WebhookSignatureInvalid "
                "WebhookUnavailable signed_webhook"
            ),
            "_testing": "SignedRequest signed",
        },
    )

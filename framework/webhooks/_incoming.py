"""``signed_webhook``: requests that another service has signed by Standard Webhooks, each processed once.

The signature is verified over the body exactly as it was received, before anything parses it. Not here: signatures
(``http.webhook_signatures``), which deliveries were processed (``webhooks._replays``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import time
import typing as t

from marshmallow import fields, validate
from werkzeug.wsgi import get_host

from .. import errors
from ..helpers import may_block
from ..http import authorization
from ..http import webhook_signatures as signatures
from ..http.codings import UNDECODED
from ..http.idempotency import fingerprint
from ..http.reading import declared_length, has_body
from ..http.response import PreparedResponse
from ..marks.base import Call, Header, Key, Mark, Outcome, Parameter, Phase, Plan, Record, Security, Step, Steps
from ..marks.inputs import body_text
from ..marks.traffic import store_url
from ..stores.base import PAUSE, Store, StoreAway
from ..texts import message
from ._replays import IN_PROGRESS, PROCESSED, Delivery, ReplayStore, open_replay_store

if t.TYPE_CHECKING:
    from types import TracebackType

    from ..context import Context
    from ..marks.base import AroundFactory

    OneSecret: t.TypeAlias = str | bytes
    Secrets: t.TypeAlias = OneSecret | cabc.Iterable[OneSecret]
    SecretsOf: t.TypeAlias = cabc.Callable[[Context], Secrets | cabc.Awaitable[Secrets | None] | None]

TOLERANCE: t.Final = 300.0
"""Seconds that the clocks and the network may lie between signing and receiving, in both directions."""

LIFETIME: t.Final = 4 * 86_400.0
"""Seconds for which ids are kept: longer than the retry schedule of the specification, 75 hours."""

_HEADERS: t.Final = Key[signatures.Headers]("headers of the webhook")
_DELIVERY: t.Final = Key[Delivery]("delivery")


class WebhookMalformed(errors.BadRequest):
    """The request is not a signed webhook: `webhook-id`, `webhook-timestamp` or `webhook-signature` is missing or
    malformed."""

    description = message("webhook_malformed.detail")


class WebhookExpired(errors.Unauthorized):
    """The webhook was not signed just now: `webhook-timestamp` is too far from the time of the server. Sign each
    attempt anew."""

    description = message("webhook_expired.detail")


class WebhookSignatureInvalid(errors.Unauthorized):
    """No signature in `webhook-signature` is valid for this id, timestamp and body."""

    description = message("webhook_signature_invalid.detail")


class WebhookInProgress(errors.Conflict):
    """The webhook with this `webhook-id` is being processed. Retry later."""

    description = message("webhook_in_progress.detail")


class WebhookUnavailable(errors.ServiceUnavailable):
    """Webhooks are temporarily not processed. Retry later."""

    description = message("webhook_unavailable.detail")


class SignedWebhook(Mark):
    """Verified webhooks; see :func:`signed_webhook`."""

    nearest_counts = True
    keeps_answer = True

    def __init__(
        self,
        secrets: Secrets | SecretsOf,
        tolerance: float,
        lifetime: float,
        lease: float,
        max_length: int | None,
        store: Store | None,
        name: str,
    ) -> None:
        self.secrets = secrets
        self.keys = None if callable(secrets) else keys_of(secrets, "signed_webhook")
        self.tolerance = tolerance
        self.lifetime = lifetime
        self.lease = lease
        self.max_length = max_length
        self.store = store
        self.name = name

    def __repr__(self) -> str:
        return "signed_webhook(...)"

    def check_beside(self, others: tuple[Mark, ...], where: str) -> None:
        """Only one can verify a request: which, would depend on their order."""
        if any(isinstance(mark, SignedWebhook) for mark in others):
            raise errors.SetupError(
                f"{where} is marked signed_webhook twice, and only one of them can verify. Give all secrets to one."
            )

    def run(self, plan: Plan) -> Steps:
        if not any(each is self for each in plan.marks):
            raise errors.SetupError(
                f"{self!r} is on a hook or an error handler, where it verifies nothing. Give it to the handler, or to"
                " Router(marks=[...])."
            )
        yield Step(Phase.AUTHENTICATE, self._verify_step(plan))
        yield Step(Phase.IDEMPOTENCY, self._claim_step(plan), self._may_wait(plan))

    def around(self, plan: Plan) -> AroundFactory:
        def hold(ctx: Context, call: Call) -> Held:
            return Held(call)

        may_block(hold, self._may_wait(plan))
        return hold

    def _may_wait(self, plan: Plan) -> bool:
        return self.store is not None or store_url(plan.config, "WEBHOOK") is not None

    def _verify_step(self, plan: Plan) -> cabc.Callable[[Context, Call], None]:
        own = max(
            (most for mark in plan.marks if (most := getattr(mark, "max_length", None)) is not None), default=None
        )
        limits = (plan.config["MAX_JSON_LENGTH"], plan.config["MAX_CONTENT_LENGTH"])
        limit = min((each for each in limits if each is not None), default=None) if own is None else own
        tolerance, given, keys = self.tolerance, self.secrets, self.keys
        find = plan.ensure_sync(given) if callable(given) else None
        challenge = authorization.challenge("Webhook", realm=str(plan.config["API_TITLE"] or "API"))
        how = [("WWW-Authenticate", challenge)]

        def verify(ctx: Context, call: Call) -> None:
            environ = ctx.request_environ
            headers = signatures.read_headers(
                environ.get("HTTP_WEBHOOK_ID", ""),
                environ.get("HTTP_WEBHOOK_TIMESTAMP", ""),
                environ.get("HTTP_WEBHOOK_SIGNATURE", ""),
            )
            if headers is None:
                raise WebhookMalformed()
            # Before the body is read: what is refused by its headers costs nothing more.
            if abs(time.time() - headers.timestamp) > tolerance:
                raise WebhookExpired(headers=how)
            if "HTTP_CONTENT_ENCODING" in environ or UNDECODED in environ:
                raise errors.UnsupportedMediaType(
                    message("webhook.encoded"), headers={"Accept-Encoding": "identity"}
                )  # what the sender has signed, the bytes before or after, is not known
            known = keys if find is None else keys_of(find(ctx) or (), "The function of signed_webhook")
            if not known or not signatures.verifies(headers, received(plan, ctx, limit, own), known):
                raise WebhookSignatureInvalid(headers=how)
            call.notes[_HEADERS] = headers

        return verify

    def _claim_step(self, plan: Plan) -> cabc.Callable[[Context, Call], PreparedResponse | None]:
        replays: ReplayStore | None = None

        def claim(ctx: Context, call: Call) -> PreparedResponse | None:
            nonlocal replays
            if replays is None:
                replays = open_replay_store(ctx.app, self.store, self.lifetime, self.lease)
            environ = ctx.request_environ
            # Ids belong to the address that they are sent to: those of one sender are nothing to another.
            where = (get_host(environ), environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", ""))
            parts = (*where, call.notes[_HEADERS].message_id)
            place = "webhook:" + fingerprint(part.encode("utf-8", "surrogatepass") for part in parts).hex()
            try:
                found = replays.claim(place)
            except StoreAway:
                raise WebhookUnavailable(retry_after=max(1, round(PAUSE))) from None
            if found is PROCESSED:
                return PreparedResponse(204, [], b"")
            if found is IN_PROGRESS:
                raise WebhookInProgress(headers={"Retry-After": "5"})
            call.notes[_DELIVERY] = found
            return None

        return claim

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        scheme = {
            "type": "apiKey",
            "in": "header",
            "name": signatures.SIGNATURE,
            "description": message("security.webhook"),
        }
        yield Security(self.name, scheme)
        for name, pattern, text in (
            (signatures.ID, signatures.ID_PATTERN, message("headers.webhook_id")),
            (signatures.TIMESTAMP, signatures.TIMESTAMP_PATTERN, message("headers.webhook_timestamp")),
        ):
            field = fields.String(required=True, validate=validate.Regexp(rf"\A{pattern}\Z"))
            yield Parameter(name, "header", field, text, checked=True)
        yield Outcome(204, description=message("responses.webhook_processed"))
        yield Outcome(400, error=WebhookMalformed)
        how = Header(
            "WWW-Authenticate", fields.String(), message("headers.www_authenticate"), status=401, required=True
        )
        yield Outcome(401, error=WebhookExpired, headers=(how,))
        yield Outcome(401, error=WebhookSignatureInvalid, headers=(how,))
        later = Header("Retry-After", fields.String(), message("headers.retry_after.seconds"))
        yield Outcome(409, error=WebhookInProgress, headers=(later,))
        yield Outcome(413, error=errors.RequestEntityTooLarge)
        yield Outcome(415, error=errors.UnsupportedMediaType)
        if self._may_wait(plan):
            yield Outcome(503, error=WebhookUnavailable)


class Held:
    """The context manager around a delivery, which is left last: its end says whether the delivery was processed.

    Processed is what was answered with a 2xx, after all other context managers were left: so a commit that fails makes
    a delivery that is processed anew.
    """

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        """Hold nothing yet: the delivery is claimed in the phase ``IDEMPOTENCY``."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        call = self._call
        delivery = call.notes.pop(_DELIVERY, None)
        if delivery is not None:
            reply = call.reply
            if error is None and call.begun and reply is not None and 200 <= reply.status_code < 300:
                delivery.complete()
            else:
                delivery.release()


def received(plan: Plan, ctx: Context, limit: int | None, own: int | None) -> bytes:
    """Return the body as it was received; it stays there to be read.

    :param limit: The greatest number of bytes.
    :param own: The limit that a mark has declared, which counts before those of the application.
    :raises RequestEntityTooLarge: It is longer.
    """
    environ = ctx.request_environ
    if not has_body(environ):
        return b""
    if ctx._request is not None or declared_length(environ) is None:
        request = ctx.request
        limits = (limit, request.max_content_length) if own is None else (own,)
        limit = request.max_content_length = min((each for each in limits if each is not None), default=None)
    return body_text(plan, ctx, limit)


def keys_of(secrets: Secrets, where: str) -> tuple[signatures.SignatureKey, ...]:
    """Return the keys of secrets.

    :param where: Who names them, for messages.
    :raises SetupError: One of them is not a secret.
    """
    found = [secrets] if isinstance(secrets, (str, bytes)) else list(secrets)
    keys = []
    for number, secret in enumerate(found, 1):
        place = f"{where} got an invalid secret (number {number} of {len(found)})"
        if not isinstance(secret, (str, bytes)):
            raise errors.SetupError(f"{place}: a {type(secret).__name__}. Give text or bytes.")
        try:
            keys.append(signatures.read_key(secret))
        except ValueError as error:
            raise errors.SetupError(
                f"{place}: {error}. Give the sender's secret as it shows it, 'whsec_' and base64 ('whpk_' for Ed25519),"
                " or bytes, which are taken as they are."
            ) from None
    return tuple(keys)


def signed_webhook(
    secrets: Secrets | SecretsOf,
    *,
    tolerance: float = TOLERANCE,
    lifetime: float = LIFETIME,
    lease: float = 60.0,
    max_length: int | None = None,
    store: Store | None = None,
    name: str = "webhookSignature",
) -> SignedWebhook:
    """Take only requests that were signed by Standard Webhooks 1.0, and process each delivery once.

    The body is verified as it was received, before it is parsed; other marks read it as usual. A delivery that was
    processed is answered 204 when it is sent again, and the handler is not called. One that failed runs again.

    :param secrets: The secret of the sender, ``whsec_`` and base64, or its public key, ``whpk_`` and base64; several
        while one takes the place of another. Or a function of the context that returns them, asynchronous or not, for
        secrets that depend on the request; ``None`` for a sender that is not known.
    :param tolerance: Seconds that the timestamp may differ from the time of the server, in both directions.
    :param lifetime: Seconds for which the ids of processed deliveries are kept. Default: four days.
    :param lease: Seconds after which a delivery that never ended counts as failed: longer than processing takes.
    :param max_length: The longest body, in bytes. Default: that of ``arguments``, or ``MAX_JSON_LENGTH``.
    :param store: Where ids are kept. Default: ``WEBHOOK_STORE_URL``.
    :param name: The name of the security scheme in the document.
    :raises SetupError: A secret, a time or the store is none.
    """
    for given, what in ((tolerance, "tolerance"), (lifetime, "lifetime"), (lease, "lease")):
        if not given > 0:
            raise errors.SetupError(f"signed_webhook got the {what} {given!r}. Give more than 0 seconds.")
    if lifetime < 2 * tolerance:
        raise errors.SetupError(
            f"signed_webhook keeps ids for {lifetime:g} seconds, and takes a delivery for {2 * tolerance:g}: it could"
            " be replayed after its id is forgotten. Raise the lifetime to twice the tolerance at least."
        )
    if store is not None and not isinstance(store, Store):
        raise errors.SetupError(
            f"{store!r} is not a store. Give a MemoryStore, a RedisStore, or an object with the methods of"
            " framework.stores.base.Store; a URL belongs into the setting WEBHOOK_STORE_URL."
        )
    mark = SignedWebhook(secrets, tolerance, lifetime, lease, max_length, store, name)
    if mark.keys == ():
        raise errors.SetupError("signed_webhook got no secret, and could verify nothing. Give the sender's secret.")
    return mark

"""``idempotent``: a request that is sent twice is carried out once.

The client names each request by a key. The first answer is kept, and given again when the request is repeated with
its key, after the IETF draft "The Idempotency-Key HTTP Header Field". Not here: keys, fingerprints and records
(``http.idempotency``), who holds a key (``marks.traffic._claims``), who the client is (``marks.traffic._clients``).
Floor 4."""

from __future__ import annotations

import collections.abc as cabc
import hashlib
import time
import typing as t

from marshmallow import fields, validate
from werkzeug.wsgi import get_host

from ... import errors
from ...helpers import may_block
from ...http.idempotency import PATTERN, Lost, Running, decode, fingerprint, parse_key
from ...http.reading import has_body, media_type
from ...http.response import PreparedResponse, body_of, header_pairs_of
from ...http.semantics import FORM_TYPES, SAFE
from ...stores.base import PAUSE, Store, StoreAway
from ...texts import message
from ..base import (
    REPLAY,
    Call,
    Header,
    Key,
    Mark,
    Outcome,
    Parameter,
    Phase,
    Plan,
    Record,
    ReplyStep,
    Step,
    Steps,
    marks_of,
)
from ..inputs import body_text
from ..responses import ResponseMark
from ._claims import Claim, IdempotencyStore, open_idempotency_store
from ._clients import By, key_function, tenant_function
from ._stores import store_url

if t.TYPE_CHECKING:
    from types import TracebackType

    from ...context import Context
    from ...http.response import Reply
    from ..base import AroundFactory

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
METHODS = ("POST", "PATCH")

KEPT_HEADERS = (
    *("Content-Type", "Content-Language", "Content-Encoding", "Content-Location", "Content-Disposition"),
    *("Location", "ETag", "Last-Modified", "Link", "Vary"),
)
"""The headers that are kept with an answer, in addition to those that the operation declares. Never cookies."""

NOT_KEPT = frozenset({408, 412, 423, 425, 429})
"""Answers below 500 that say "not now": the request may be tried again with the same key."""

_CLAIM: t.Final = Key[Claim]("claim")


class IdempotencyKeyMissing(errors.BadRequest):
    """The request must have a unique `Idempotency-Key`, for example a UUID."""

    description = message("idempotency_key_missing.detail")


class IdempotencyKeyInvalid(errors.BadRequest):
    """The `Idempotency-Key` is invalid. It must be 1 to 255 printable ASCII characters, preferably in double quotes."""

    description = message("idempotency_key_invalid.detail")


class IdempotencyKeyReused(errors.UnprocessableEntity):
    """The `Idempotency-Key` was already used for another request. Send each request with a different key."""

    description = message("idempotency_key_reused.detail")


class RequestInProgress(errors.Conflict):
    """A request with this `Idempotency-Key` is in progress. Retry later to get its response."""

    description = message("request_in_progress.detail")


class AnswerNotKept(errors.Conflict):
    """The request with this `Idempotency-Key` was executed, but its response was too large to keep."""

    description = message("answer_not_kept.detail")


class OutcomeUnknown(errors.Conflict):
    """The request with this `Idempotency-Key` was begun, but its outcome is unknown. Check whether it was executed; if
    not, send it with a new key."""

    description = message("outcome_unknown.detail")


class IdempotencyUnavailable(errors.ServiceUnavailable):
    """Idempotency keys are temporarily unavailable. The request was not executed."""

    description = message("idempotency_unavailable.detail")


class Idempotent(Mark):
    """Idempotency keys; see :func:`idempotent`."""

    nearest_counts = True
    keeps_answer = True

    def __init__(self, required: bool, by: By, lifetime: float | None, store: Store | None) -> None:
        self.required = required
        self.by = by
        self.lifetime = lifetime
        self.store = store

    def __repr__(self) -> str:
        return f"idempotent(required={self.required})"

    def check_beside(self, others: tuple[Mark, ...], where: str) -> None:
        """Only one can hold in a place: which, would depend on their order."""
        if any(isinstance(mark, Idempotent) for mark in others):
            raise errors.SetupError(
                f"{where} is marked idempotent twice, and only one of them can hold. Take one away."
            )

    def applies(self, plan: Plan) -> bool:
        """Return whether the operation is one whose repetition does harm: POST and PATCH, and those that carry the
        mark.

        :raises SetupError: The mark is on a method that changes nothing.
        """
        is_own = self in marks_of(plan.handler)
        if is_own and plan.method in SAFE:
            raise errors.SetupError(
                f"{plan.called} ({plan.address}) is marked idempotent, and"
                f" {plan.method} changes nothing: it can be repeated as it is. Take the mark away."
            )
        return is_own or plan.method in METHODS

    def run(self, plan: Plan) -> Steps:
        if not self.applies(plan):
            return
        blocks = self._may_wait(plan)  # a setting that names no store is found now
        yield Step(Phase.IDEMPOTENCY, self._claim_step(plan), blocks)
        yield Step(Phase.PRECONDITION, give)
        yield ReplyStep(Phase.HEADERS, complete_step(kept_names(plan)), errors=True, blocks=blocks)

    def _may_wait(self, plan: Plan) -> bool:
        """Return whether keys are kept somewhere that is waited for."""
        return self.store is not None or store_url(plan.config, "IDEMPOTENCY") is not None

    def around(self, plan: Plan) -> AroundFactory | None:
        names = kept_names(plan)

        def hold(ctx: Context, call: Call) -> Hold | None:
            environ = ctx.request_environ
            return Hold(names, ctx, call) if "HTTP_IDEMPOTENCY_KEY" in environ else None

        may_block(hold, self._may_wait(plan))
        return hold if self.applies(plan) else None

    def key_reader(self, plan: Plan) -> cabc.Callable[[Context, Call], tuple[str, bytes] | None]:
        """Return what reads the key of a request: its place in a store, and the fingerprint of the request."""
        key_of, tenant_of, required = key_function(self.by, plan), tenant_function(self.by, plan), self.required

        def read(ctx: Context, call: Call) -> tuple[str, bytes] | None:
            environ = ctx.request_environ
            header: str | None = environ.get("HTTP_IDEMPOTENCY_KEY")
            if header is None:
                if required:
                    raise IdempotencyKeyMissing()
                return None
            key = parse_key(header)
            if key is None:
                raise IdempotencyKeyInvalid()
            print_ = fingerprint(parts_of(plan, ctx, call))
            # Hashed: of bounded length, and nothing in it can be taken for another client's.
            tenant = "" if tenant_of is None else str(tenant_of(ctx))
            owner = (get_host(environ), tenant, key_of(ctx), key)
            return fingerprint(part.encode("utf-8", "surrogatepass") for part in owner).hex(), print_

        return read

    @staticmethod
    def replay(ctx: Context, call: Call, present: bytes, print_: bytes) -> None:
        """Answer a request by the record that its key has; :func:`give` does, once it is permitted.

        :raises APIError: The record is of another request, or has no answer.
        """
        call.notes[REPLAY] = replay(present, print_)
        if ctx.conditional is not None:
            ctx.conditional.checked = True  # the first request was held to its conditions

    @staticmethod
    def answer_keeper(plan: Plan) -> cabc.Callable[[Reply], tuple[int, list[tuple[str, str]], bytes] | None]:
        """Return what takes apart an answer that is to be kept; ``None`` for one that says "not now"."""
        names = kept_names(plan)

        def take(reply: Reply) -> tuple[int, list[tuple[str, str]], bytes] | None:
            status, body = reply.status_code, body_of(reply)
            if status >= 500 or status in NOT_KEPT or body is None:
                return None
            return status, headers_of(reply, names), body

        return take

    def _claim_step(self, plan: Plan) -> cabc.Callable[[Context, Call], None]:
        read = self.key_reader(plan)
        lifetime, own = self.lifetime or plan.config["IDEMPOTENCY_LIFETIME"], self.store
        key_store: IdempotencyStore | None = None

        def claim(ctx: Context, call: Call) -> None:
            nonlocal key_store
            key = read(ctx, call)
            if key is None:
                return
            if key_store is None:
                key_store = open_idempotency_store(ctx.app, own, lifetime)
            try:
                found = key_store.claim("idempotency:" + key[0], key[1])
            except StoreAway:
                raise IdempotencyUnavailable(retry_after=max(1, round(PAUSE))) from None
            if isinstance(found, Claim):
                call.notes[_CLAIM] = found
                return
            self.replay(ctx, call, found, key[1])

        return claim

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if not self.applies(plan):
            return
        text = message("parameters.idempotency_key")
        yield Parameter(
            HEADER,
            "header",
            fields.String(
                required=self.required,
                validate=validate.Regexp(PATTERN),
                metadata={"example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'},
            ),
            text,
            checked=True,
        )
        yield Header(REPLAYED, fields.String(validate=validate.Equal("true")), message("headers.idempotency_replayed"))
        later = (Header("Retry-After", fields.String(), message("headers.retry_after.seconds")),)
        if self.required:
            yield Outcome(400, error=IdempotencyKeyMissing)
        yield Outcome(400, error=IdempotencyKeyInvalid)
        yield Outcome(409, error=RequestInProgress, headers=later)
        yield Outcome(409, error=AnswerNotKept)
        yield Outcome(409, error=OutcomeUnknown)
        yield Outcome(413, error=errors.RequestEntityTooLarge)
        yield Outcome(422, error=IdempotencyKeyReused)
        if self.store is None and store_url(plan.config, "IDEMPOTENCY") is None:
            return
        yield Outcome(503, error=IdempotencyUnavailable)


def replay(present: bytes, print_: bytes) -> PreparedResponse:
    """Return the answer to a request whose key is taken.

    :param present: The record that is there.
    :param print_: The fingerprint of this request.
    :raises IdempotencyKeyReused: It was another request.
    :raises RequestInProgress: It runs still.
    :raises OutcomeUnknown: It was begun, and its lease is over.
    :raises AnswerNotKept: Its answer is gone.
    """
    found = decode(present)
    if found.print != print_:
        raise IdempotencyKeyReused()
    if isinstance(found, Running):
        if time.time() < found.until:
            raise RequestInProgress(headers={"Retry-After": "1"})
        raise OutcomeUnknown()
    if isinstance(found, Lost):
        raise AnswerNotKept()
    return PreparedResponse(found.status, [*found.headers, (REPLAYED, "true")], found.body)


def give(ctx: Context, call: Call) -> Reply | None:
    """Give the answer that was kept, now that the permissions hold still."""
    return call.notes.get(REPLAY)


class Hold:
    """The context manager around a request with a key: its end keeps the answer, or gives the key back.

    It is left after all other context managers, so that no answer is kept for work that was taken back.

    :param names: The headers that are kept, in lower case.
    """

    __slots__ = ("_call", "_ctx", "_names")

    def __init__(self, names: frozenset[str], ctx: Context, call: Call) -> None:
        self._names = names
        self._ctx = ctx
        self._call = call

    def __enter__(self) -> None:
        """Hold nothing yet: the key is claimed in the phase ``IDEMPOTENCY``."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        call = self._call
        claim = call.notes.get(_CLAIM)
        if claim is None:
            return
        if error is None:
            keep(claim, call, t.cast("Reply", call.reply), self._names)
        elif call.begun and call.reply is None:
            # What an error handler answers is the handler's answer, which comes to ``complete``; or there is none.
            self._ctx.at_end(self._ctx.app.off_loop(lambda error: claim.release()))
        else:
            claim.release()


def kept_names(plan: Plan) -> frozenset[str]:
    """Return the names of the headers that are kept with an answer of an operation, in lower case."""
    declared = [header.name for mark in plan.marks if isinstance(mark, ResponseMark) for header in mark.outcome.headers]
    return frozenset(name.lower() for name in (*declared, *KEPT_HEADERS)) - {"set-cookie"}


def keep(claim: Claim, call: Call, reply: Reply, names: frozenset[str]) -> None:
    """Keep an answer for its key, or give the key back where the request may be tried again."""
    status = reply.status_code
    body = body_of(reply)
    if not call.begun or status >= 500 or status in NOT_KEPT or body is None:
        claim.release()
        return
    claim.settle(status, headers_of(reply, names), body)


def complete_step(names: frozenset[str]) -> cabc.Callable[[Context, Call, Reply], None]:
    """Return the step that keeps the answer to an error, and the headers that marks have added to a kept answer."""

    def complete(ctx: Context, call: Call, reply: Reply) -> None:
        claim = call.notes.pop(_CLAIM, None)
        if claim is None:
            return
        if claim.is_open:
            keep(claim, call, reply, names)
        elif call.reply is not None:
            claim.complete(reply.status_code, headers_of(reply, names))

    return complete


def headers_of(reply: Reply, names: frozenset[str]) -> list[tuple[str, str]]:
    """Return the headers of an answer that are kept."""
    return [(name, value) for name, value in header_pairs_of(reply) if name.lower() in names]


def parts_of(plan: Plan, ctx: Context, call: Call) -> cabc.Iterator[bytes]:
    """Return what makes a request the same as another: method, path, query, media type and body."""
    environ = ctx.request_environ
    if getattr(plan.rule, "by_request", False):
        yield t.cast(t.Any, plan.rule).version.encode("utf-8")
    for name in ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"):
        yield environ.get(name, "").encode("latin-1", "replace")
    given = media_type(environ)
    yield given.encode("latin-1", "replace")
    if given in FORM_TYPES:
        yield from form_parts(ctx)
    elif call.text is not None:
        yield call.text
    elif has_body(environ):
        yield body_text(plan, ctx, plan.config["MAX_CONTENT_LENGTH"])


def form_parts(ctx: Context) -> cabc.Iterator[bytes]:
    """The fields and files of a form: its bytes have a boundary that is another each time it is sent."""
    for name, values in ctx.request.form.lists():
        for value in values:
            yield from (name.encode("utf-8", "replace"), value.encode("utf-8", "replace"))
    for name, files in ctx.request.files.lists():
        for file in files:
            digest = hashlib.sha256()
            while chunk := file.stream.read(65_536):
                digest.update(chunk)
            file.stream.seek(0)
            for text in (name, file.filename or "", file.content_type or ""):
                yield text.encode("utf-8", "replace")
            yield digest.digest()


@t.runtime_checkable
class TransactionalStore(t.Protocol):
    """A store that keeps answers in the transaction in which the handler writes."""

    def make_idempotent(self, required: bool, by: By, lifetime: float | None) -> Idempotent:
        """Return the mark that does so; the parameters are those of :func:`idempotent`."""


def idempotent(
    *,
    required: bool = False,
    by: By = "user",
    lifetime: float | None = None,
    store: Store | TransactionalStore | None = None,
) -> Idempotent:
    """Carry out a request once, however often it is sent with one ``Idempotency-Key``.

    The first answer is kept and given again. On a class, a router or an application the mark applies to POST and PATCH;
    on a handler for that one. Kept is what the handler answers below 500, errors included; what is refused before the
    handler, and what says "not now", is not.

    :param required: Whether a request without a key is refused.
    :param by: Whose key it is, as for :func:`~framework.limit`: ``"user"`` (default; the address without a user),
        ``"address"``, or a function from the context to text. One client's keys are nothing to another.
    :param lifetime: Seconds for which an answer is kept. Default: ``IDEMPOTENCY_LIFETIME``.
    :param store: Where. Default: ``IDEMPOTENCY_STORE_URL``. A :class:`framework.sqlalchemy.Database` keeps the answer
        in the transaction of the handler.
    :raises SetupError: The lifetime or the store is none.
    """
    if lifetime is not None and not lifetime > 0:
        raise errors.SetupError(f"An answer cannot be kept for {lifetime!r} seconds. Give more than 0.")
    if isinstance(store, TransactionalStore):
        return store.make_idempotent(required, by, lifetime)
    if store is not None and not isinstance(store, Store):
        raise errors.SetupError(
            f"{store!r} is not a store. Give a MemoryStore, a RedisStore, or an object with the methods of"
            " framework.stores.base.Store; a URL belongs into the setting IDEMPOTENCY_STORE_URL."
        )
    return Idempotent(required, by, lifetime, store)

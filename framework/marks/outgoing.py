"""Requests that the application sends to its clients: webhooks, and the callbacks of an operation.

Declared once, with a schema; :meth:`Outgoing.dump` makes the request from that declaration, so that the document, which
is made from it too, is true. Not here: the sending itself (``webhooks``, for webhooks), signatures
(``http.webhook_signatures``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import sys
import time
import typing as t
import uuid

from marshmallow import Schema, fields

from ..errors import SetupError
from ..fast import json as fast_json
from ..fast.dump import json_dumper
from ..http import webhook_signatures as signatures
from ..texts import message
from .base import Callback, Header, Mark, Outcome, Plan, Record
from .links import check_expressions, expressions_in
from .responses import as_headers
from .schemas import SchemaLike, as_schema, examples_of

if t.TYPE_CHECKING:
    import types

    from ..typing import Settings
    from .responses import HeaderLike

    ResponseLike: t.TypeAlias = Outcome | SchemaLike | str | None

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH")
_SIGNATURE = (
    (signatures.ID, message("headers.webhook_id")),
    (signatures.TIMESTAMP, message("headers.webhook_timestamp")),
    (signatures.SIGNATURE, message("headers.webhook_signature")),
)


class Options(t.TypedDict, total=False):
    """Options of a webhook or callback, in addition to its name and schema."""

    method: str
    """Default: ``POST``."""
    summary: str
    description: str
    tags: cabc.Sequence[str]
    """Default: those of its router, or of its operation."""
    headers: cabc.Mapping[str, HeaderLike]
    """Headers that are sent with it, name to field."""
    responses: cabc.Mapping[int, ResponseLike]
    """The answers of the receiver: by status some words, a schema, or an ``Outcome``. Default: any success."""
    content_type: str
    """Default: ``application/json``."""
    example: object
    examples: cabc.Mapping[str, object] | cabc.Sequence[object]
    signed: bool
    """True if it carries a signature, by the rules of Standard Webhooks."""
    deprecated: bool
    operation_id: str
    """Default: the name; for a callback that of its operation is in front."""


class Message(t.NamedTuple):
    """A request, ready to be sent."""

    method: str
    body: bytes
    headers: dict[str, str]


class Outgoing:
    """A request that the application sends.

    :param name: Its name in the document: letters, digits, ``.``, ``_``, ``-``.
    :param schema: A schema class, an instance, or a dict of fields: what dumps the body. ``None``: there is no body.
    :param options: See :class:`Options`.
    :raises SetupError: Something of it cannot be.
    """

    def __init__(self, name: str, schema: SchemaLike | None = None, **options: t.Unpack[Options]) -> None:
        if not isinstance(name, str):
            raise SetupError(f"{name!r} is not a name of a {type(self).__name__.lower()}. Give a text.")
        self.name = name
        self.schema: Schema | None = None if schema is None else as_schema(schema)
        self.method = options.get("method", "POST").upper()
        self.summary = options.get("summary", "")
        self.description = options.get("description", "")
        self.tags: tuple[str, ...] | None = None if "tags" not in options else tuple(options["tags"])
        self.headers: tuple[Header, ...] = as_headers(options.get("headers"), 200)
        self.responses: tuple[Outcome, ...] = tuple(
            as_outcome(status, value) for status, value in (options.get("responses") or {}).items()
        )
        self.media_type = options.get("content_type", "application/json")
        self.examples = examples_of(options.get("example"), options.get("examples"))
        self.signed = options.get("signed", False)
        self.deprecated = options.get("deprecated", False)
        self.operation_id: str | None = options.get("operation_id")
        self.config: Settings = {}
        """The settings of the application that it is registered with."""
        self.source = caller()
        """File and line of the declaration."""
        self._write: cabc.Callable[[object], bytes] | None = None
        self._judge: cabc.Callable[[object], None] | None = None
        unknown = options.keys() - Options.__annotations__.keys()
        if unknown:
            raise SetupError(f"{self!r} has no option {min(unknown)!r}. It has {', '.join(Options.__annotations__)}.")
        if not _NAME.fullmatch(name):
            raise SetupError(f"{name!r} is not a name for {self!r}. Use letters, digits, '.', '_' and '-'.")
        if self.method not in _METHODS:
            raise SetupError(f"{self!r} cannot be sent with {self.method!r}. Use one of {', '.join(_METHODS)}.")

    def __repr__(self) -> str:
        return f"{type(self).__name__.lower()} {self.name!r}"

    @property
    def all_headers(self) -> tuple[Header, ...]:
        """The declared headers, and those of the signature."""
        if not self.signed:
            return self.headers
        return (*self.headers, *(Header(name, fields.String(), text, required=True) for name, text in _SIGNATURE))

    def id_in(self, operation_id: str) -> str:
        """Its ``operationId``.

        :param operation_id: That of the operation it is a callback of; empty for a webhook.
        """
        if self.operation_id is not None:
            return self.operation_id
        first, *rest = re.split(r"[^A-Za-z0-9]+", self.name)
        name = first + "".join(part[:1].upper() + part[1:] for part in rest)
        return operation_id + name[:1].upper() + name[1:] if operation_id else name

    def dump(
        self,
        value: object = None,
        *,
        headers: cabc.Mapping[str, str] | None = None,
        secret: str | bytes | cabc.Iterable[str | bytes] | None = None,
        message_id: str | None = None,
    ) -> Message:
        """Make the request: the body dumped by the schema, checked by what the document says, and its headers.

        :param value: What the schema dumps.
        :param headers: Values of declared headers.
        :param secret: What it is signed with, where it is ``signed``: ``whsec_`` and base64, ``whsk_`` and base64 for
            Ed25519, or any text or bytes. Several, while one takes the place of another: there is a signature by each.
        :param message_id: Names the message; the same again when it is sent again. Default: a new one.
        :raises ContractViolation: The body is not what the document promises; it would be a lie.
        :raises SetupError: A header is not declared, a required one is missing, or the secret is.
        """
        message = self.dump_unsigned(value, headers=headers)
        if self.signed:
            message.headers.update(self._signature(message.body, secret, message_id))
        return message

    def dump_unsigned(self, value: object = None, *, headers: cabc.Mapping[str, str] | None = None) -> Message:
        """Make the request without a signature, for who signs each attempt to send it.

        :param value: What the schema dumps.
        :param headers: Values of declared headers.
        :raises ContractViolation: The body is not what the document promises; it would be a lie.
        :raises SetupError: A header is not declared, or a required one is missing.
        """
        given = dict(headers or {})
        self._check_headers(given)
        body = b"" if self.schema is None else self._body(value)
        sent = {"Content-Type": self.media_type, **given} if self.schema is not None else given
        return Message(self.method, body, sent)

    def _body(self, value: object) -> bytes:
        schema = t.cast(Schema, self.schema)
        if self._write is None or self._judge is None:
            # Looked up here: who only declares it needs nothing of the document.
            from ..openapi.document import judge_of

            self._judge = judge_of(self)
            self._write = json_dumper(schema, fast=bool(self.config.get("FAST_PATH", True)))
        body = self._write(value)
        self._judge(fast_json.decode(body))
        return body

    def _check_headers(self, given: cabc.Mapping[str, str]) -> None:
        names = {name.lower() for name in given}
        declared = {header.name.lower() for header in self.headers}
        for name in given:
            if name.lower() not in declared:
                raise SetupError(f"{self!r} declares no header {name!r}. Add it to its 'headers'.")
        for header in self.headers:
            if header.required and header.name.lower() not in names:
                raise SetupError(f"{self!r} is always sent with the header {header.name!r}. Give it to 'dump'.")

    def _signature(
        self, body: bytes, secret: str | bytes | cabc.Iterable[str | bytes] | None, message_id: str | None
    ) -> dict[str, str]:
        """The headers of Standard Webhooks 1.0."""
        secrets = [secret] if isinstance(secret, (str, bytes)) else list(secret or ())
        if not secrets or not all(secrets):
            raise SetupError(f"{self!r} is signed. Give 'dump' the receiver's 'secret'.")
        identity = message_id or f"msg_{uuid.uuid4().hex}"
        try:
            return signatures.sign(body, map(key_of, secrets), identity, int(time.time()))
        except ValueError as error:
            raise SetupError(f"{self!r} cannot be signed: {error}.") from None


class Webhook(Outgoing):
    """A request that the application sends to those who have registered for it, by other means than the API."""


class CallbackMark(Outgoing, Mark):
    """A request that is sent because of an operation; see :func:`callback`."""

    def __init__(
        self, name: str, expression: str, schema: SchemaLike | None = None, **options: t.Unpack[Options]
    ) -> None:
        super().__init__(name, schema, **options)
        self.expression = expression
        check_expressions(expression, f"the expression of {self!r}")
        if not expressions_in(expression):
            raise SetupError(
                f"{self!r} is always sent to {expression!r}, which the client has no say in. Name what the client gave"
                " in braces, like '{$request.body#/callback_url}', or declare a webhook."
            )

    def __repr__(self) -> str:
        return f"callback {self.name!r}"

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        self.config = plan.config
        return (Callback(self.expression, self),)


def callback(
    name: str, expression: str, schema: SchemaLike | None = None, **options: t.Unpack[Options]
) -> CallbackMark:
    """Say that the application sends a request because of this operation.

    Keep the mark and send what its :meth:`~Outgoing.dump` makes.

    :param name: Its name in the document.
    :param expression: Where to: a URL with runtime expressions in braces, ``"{$request.body#/callback_url}"``.
    :param schema: What dumps the body; ``None``: there is no body.
    :param options: See :class:`Options`.
    :raises SetupError: Something of it cannot be.
    """
    return CallbackMark(name, expression, schema, **options)


def as_outcome(status: int, value: ResponseLike) -> Outcome:
    """An answer that the receiver may give."""
    if isinstance(value, Outcome):
        return value
    if value is None or isinstance(value, str):
        return Outcome(int(status), description=value or "")
    return Outcome(int(status), schema=as_schema(value))


def key_of(secret: str | bytes) -> signatures.HMACKey | signatures.Ed25519Key:
    """The key of a secret: ``whsec_``, ``whsk_`` or ``whpk_`` and base64; anything different is taken as it is.

    :raises SetupError: It begins like one of these, and does not go on in base64.
    """
    text = secret.decode("latin-1") if isinstance(secret, bytes) else secret
    kind = text.partition("_")[0]
    if text == kind or kind not in ("whsec", "whsk", "whpk"):
        return signatures.HMACKey(secret.encode() if isinstance(secret, str) else secret)
    if kind != "whsec":
        return signatures.read_key(text)
    key = signatures.decode_base64(text.removeprefix("whsec_"))
    if key is None:
        raise SetupError("A secret that begins with 'whsec_' goes on in base64, and this one does not.")
    return signatures.HMACKey(key)


def caller() -> tuple[str, int]:
    """File and line of the first caller outside of the framework."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "framework":
        frame = frame.f_back
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)

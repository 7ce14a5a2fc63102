"""``receives`` and ``sends``: the schemas of the messages of a WebSocket, in each direction.

Not here: the connection that the messages come by (``sockets._connection``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing as t

import msgspec

from ..errors import SetupError
from ..fast import json as fast_json
from ..fast.load import prepare
from ..marks.base import Mark, Plan
from ..marks.inputs import LocatedSchema, not_valid, too_many
from ..marks.responses import encoder
from ..marks.schemas import SchemaLike, as_schema

if t.TYPE_CHECKING:
    from marshmallow import Schema

    from ..context import Context
    from ..marks.base import Call

OnInvalid: t.TypeAlias = t.Literal["tell", "close"]


class ReceivesMark(Mark):
    """The messages that a WebSocket takes; see :func:`receives`."""

    nearest_counts = True

    def __init__(
        self, schema: Schema | None, binary: bool, unknown: str | None, max_length: int | None, on_invalid: OnInvalid
    ) -> None:
        self.schema = schema
        self.binary = binary
        self.unknown = unknown
        self.max_length = max_length
        self.on_invalid = on_invalid

    def __repr__(self) -> str:
        return f"receives({'bytes' if self.binary else '...'})"


class SendsMark(Mark):
    """The messages that a WebSocket sends; see :func:`sends`."""

    nearest_counts = True

    def __init__(self, schema: Schema | None, binary: bool) -> None:
        self.schema = schema
        self.binary = binary

    def __repr__(self) -> str:
        return f"sends({'bytes' if self.binary else '...'})"


def receives(
    schema: SchemaLike | type[bytes] | None = None,
    *,
    unknown: t.Literal["raise", "exclude", "include"] | None = None,
    max_length: int | None = None,
    on_invalid: OnInvalid = "tell",
) -> ReceivesMark:
    """Declare the messages that a WebSocket takes. One without this mark takes none.

    :param schema: The schema that loads each message, which is JSON in a text message. Default: any JSON. ``bytes``:
        binary messages, which are passed on as they are.
    :param unknown: The treatment of undeclared members, as for ``arguments``. Default: the setting ``UNKNOWN``.
    :param max_length: The longest message, in bytes; a longer one closes the connection with 1009. Default:
        ``MAX_JSON_LENGTH``.
    :param on_invalid: The treatment of a message that is not JSON or that the schema refuses. ``"tell"``: the client
        gets the problem object that a request would be answered with, and the connection stays open. ``"close"``:
        the connection is closed with 1007.
    :raises SetupError: An argument has a value that it does not take.
    """
    if on_invalid not in ("tell", "close"):
        raise SetupError(f"Invalid on_invalid in receives(): {on_invalid!r}. Give 'tell' or 'close'.")
    if max_length is not None and not max_length > 0:
        raise SetupError(f"Invalid max_length in receives(): {max_length!r}. Give a number of bytes.")
    binary = schema is bytes
    return ReceivesMark(_schema(schema), binary, unknown, max_length, on_invalid)


def sends(schema: SchemaLike | type[bytes] | None = None) -> SendsMark:
    """Declare the messages that a WebSocket sends.

    :param schema: The schema that dumps each value that is sent, as JSON in a text message. Default: any JSON.
        ``bytes``: binary messages.
    :raises SetupError: It is not a schema.
    """
    return SendsMark(_schema(schema), schema is bytes)


def _schema(schema: SchemaLike | type[bytes] | None) -> Schema | None:
    return None if schema is None or schema is bytes else as_schema(schema)


class Arrived:
    """A message as its schema reads it, in the place of a request's :class:`Call`.

    :param body: The parsed JSON.
    :param length: Its length, in bytes.
    """

    __slots__ = ("body", "length")

    def __init__(self, body: object, length: int) -> None:
        self.body = body
        self.length = length


class MessageRules(msgspec.Struct, frozen=True, eq=False):
    """The messages of a WebSocket, decided at freeze."""

    takes: t.Literal["text", "bytes"] | None
    """The kind of messages that are taken; ``None``: none."""
    limit: int | None
    """The longest message, in bytes."""
    closes: bool
    """True if a message that is refused closes the connection."""
    load: cabc.Callable[[Context, bytes], object]
    """Load the text of a message; raises an :class:`~framework.errors.APIError` where it is refused."""
    dump: cabc.Callable[[t.Any], bytes] | None
    """Write a value as JSON; ``None`` where binary messages are sent."""


def rules_for(plan: Plan) -> MessageRules:
    """Make the rules of an operation from its marks, of each kind the one nearest to the handler."""
    taken = next((mark for mark in reversed(plan.marks) if isinstance(mark, ReceivesMark)), None)
    sent = next((mark for mark in reversed(plan.marks) if isinstance(mark, SendsMark)), None)
    limit: int | None = plan.config["MAX_JSON_LENGTH"]
    takes: t.Literal["text", "bytes"] | None = None
    if taken is not None:
        takes = "bytes" if taken.binary else "text"
        limit = limit if taken.max_length is None else taken.max_length
    dump = None
    if sent is None or not sent.binary:
        schema = None if sent is None else sent.schema
        dump = encoder(plan, schema, fast=plan.fast)
    closes = taken is not None and taken.on_invalid == "close"
    return MessageRules(takes, limit, closes, _loader(plan, taken), dump)


def _loader(plan: Plan, taken: ReceivesMark | None) -> cabc.Callable[[Context, bytes], object]:
    """Return the function that loads the text of a message, as strictly as the body of a request."""
    depth: int = plan.config["MAX_JSON_DEPTH"]
    members: int | None = plan.config["MAX_JSON_MEMBERS"]
    located: LocatedSchema | None = None
    if taken is not None and taken.schema is not None:
        located = LocatedSchema(taken.schema, "json", taken.unknown, plan, alone=True)
        plan.preparations.append(functools.partial(prepare, located.schema))

    def load(ctx: Context, text: bytes) -> object:
        try:
            value = fast_json.decode(text, max_depth=depth, max_members=members, exact=located is not None)
        except fast_json.TooManyMembers as error:
            raise too_many(error) from None
        except fast_json.JSONError as error:
            raise not_valid("JSON", error) from error
        return value if located is None else located.load(ctx, t.cast("Call", Arrived(value, len(text))))

    return load

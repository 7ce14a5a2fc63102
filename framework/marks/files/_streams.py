"""``stream`` and ``events``: answers that are made while they are sent, part by part, each dumped with a schema.

``stream`` writes JSON Lines, ``events`` server-sent events. The handler returns an iterable, a generator mostly, which
runs in the context of its request and is closed once, whatever happens.
Not here: streams of bytes and text, which are a ``Response`` of an iterator.
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import msgspec
from marshmallow import fields

from ..._async_parts import AsyncParts, bridge
from ..._ending import ending
from ..._producer import Producer
from ..._producer import interruptible as interruptible
from ...context import current
from ...errors import SetupError
from ...http.events import CONTROL_EVENTS, KEEP_ALIVE, LAST_EVENT, MEDIA_TYPE, Event, SharedEvent, write_event
from ...teardown import close_parts
from ...texts import message
from ..base import Outcome, Parameter, Plan, Record
from ..responses import ResponseMark, as_headers, encoder
from ..schemas import SchemaLike, as_schema

if t.TYPE_CHECKING:
    from marshmallow import Schema

    from ...wrappers import Response
    from ..responses import HeaderLike

    Write: t.TypeAlias = cabc.Callable[[object], bytes]

LINES = "application/jsonl"
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Accel-Buffering", "no"),  # nginx sends what it gets at once
)
_LONGEST_ID = 1000


class StreamMark(ResponseMark):
    """An answer of many parts; see :func:`stream`."""

    def __repr__(self) -> str:
        return f"stream({self.outcome.status})"

    def writer(self, plan: Plan) -> cabc.Callable[[int, object], Response]:
        media_type, write = self.outcome.media_type, self.part_writer(plan)
        where = plan.called

        def start(status: int, value: object) -> Response:
            parts = self.body(parts_of(value, write, where))
            reply = current().app.response_class(parts, status, content_type=media_type)
            for name, text in _HEADERS:
                reply.headers[name] = text
            return reply

        return start

    def part_writer(self, plan: Plan) -> Write:
        """A function from a part to its bytes."""
        encode = item_encoder(plan, t.cast("Schema | None", self.outcome.items))
        return lambda part: encode(part) + b"\n"

    def body(self, parts: Parts | AsyncParts) -> cabc.Iterator[bytes]:
        """The parts as they are sent."""
        return parts


class EventsMark(StreamMark):
    """An answer of events; see :func:`events`.

    :param keep_alive: Seconds after which a quiet stream sends a comment; ``None``: it does not.
    :param retry: Milliseconds that a client waits before it comes again; sent first.
    """

    def __init__(self, outcome: Outcome, keep_alive: float | None, retry: int | None) -> None:
        super().__init__(outcome)
        self.keep_alive = keep_alive
        self.retry = retry

    def __repr__(self) -> str:
        return f"events({self.outcome.status})"

    def part_writer(self, plan: Plan) -> Write:
        items = self.outcome.items
        if isinstance(items, cabc.Mapping):
            return self.typed_writer(plan, items)
        to_json = item_encoder(plan, items)

        def write(part: object) -> bytes:
            # Only what does not depend on the request is written once for all streams.
            if isinstance(part, SharedEvent) and (items is None or part.schema is items or part.schema is True):
                return part.written
            event = part if isinstance(part, Event) else Event(part)
            if items is None and isinstance(event.data, str):
                return write_event(event.data, event)
            return write_event(to_json(event.data).decode(), event)

        return write

    def typed_writer(self, plan: Plan, types: cabc.Mapping[str, Schema]) -> Write:
        """A function from an event to its bytes, by the schema of its type."""
        encoders = {name: item_encoder(plan, schema) for name, schema in types.items()}
        where, known = plan.called, ", ".join(types)

        def write(part: object) -> bytes:
            if isinstance(part, SharedEvent) and (part.schema is types.get(part.event or "") or part.schema is True):
                return part.written
            encode = encoders.get(part.event or "") if isinstance(part, Event) else None
            if encode is None or not isinstance(part, Event):
                given = f"one of the type {part.event!r}" if isinstance(part, Event) else repr(part)
                raise TypeError(
                    f"{where} yielded {given}, and events(types=...) declares {known}. Yield Event(data, event=...)"
                    " with one of these types, or declare the type."
                )
            return write_event(encode(part.data).decode(), part)

        return write

    def body(self, parts: Parts | AsyncParts) -> cabc.Iterator[bytes]:
        if self.retry is not None:
            parts.first = b"retry: %d\n\n" % self.retry
        if isinstance(parts, AsyncParts):
            parts.keep_alive, parts.meanwhile, parts.last = self.keep_alive, KEEP_ALIVE, LAST_EVENT
            return parts
        if self.keep_alive is None:
            parts.last = LAST_EVENT
            return parts
        return Producer(current(), parts, self.keep_alive, KEEP_ALIVE, LAST_EVENT)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        yield from super().document(plan)
        text = message("parameters.last_event_id")
        yield Parameter("Last-Event-ID", "header", fields.String(), text, checked=True)


class Parts(cabc.Iterator[bytes]):
    """The parts to send, and the iterators to close afterwards.

    :param parts: The bytes of the parts.
    :param sources: What they come from; what has a ``close`` is closed.
    """

    def __init__(self, parts: cabc.Iterator[bytes], *sources: object) -> None:
        self._parts = parts
        self._sources = sources
        self.first = b""
        """Bytes that go ahead."""
        self.last = b""
        """Bytes that end the parts where the process ends. None: they go on to their own end."""

    def __next__(self) -> bytes:
        if self.first:
            first, self.first = self.first, b""
            return first
        if not self.last:
            return next(self._parts)
        if not ending.ends_streams:
            part = next(self._parts, None)
            if part is not None:
                return part
            if not ending.ends_streams:  # what was iterated may have asked for that itself
                raise StopIteration
        last, self.last, self._parts = self.last, b"", iter(())
        return last

    def close(self) -> None:
        """Close what the parts come from."""
        for source in self._sources:
            close_parts(source)


def stream(
    schema: SchemaLike | None = None,
    *,
    status_code: int = 200,
    description: str = "",
    headers: cabc.Mapping[str, HeaderLike] | None = None,
) -> StreamMark:
    """Say that the operation answers with JSON Lines: one JSON value a line, sent as soon as it is made.

    The handler returns an iterable of the values; a generator runs in the context of the request. An error after the
    first line cannot change the status: the connection ends without the end of the body, and the error is logged.

    :param schema: What dumps each value. Default: values are JSON as they are.
    :param status_code: The status.
    :param description: Default: the phrase of the status.
    :param headers: Headers that the handler sets on this answer, name to field.
    :raises SetupError: The schema is one of many.
    """
    return StreamMark(stream_outcome(schema, LINES, status_code, description, headers))


def events(
    schema: SchemaLike | None = None,
    *,
    types: cabc.Mapping[str, SchemaLike] | None = None,
    keep_alive: float | None = 15.0,
    retry: int | None = None,
    description: str = "",
    headers: cabc.Mapping[str, HeaderLike] | None = None,
) -> EventsMark:
    """Say that the operation answers with server-sent events (HTML standard, section 9.2).

    The handler returns an iterable of values, or of :class:`~framework.http.events.Event` where an event has an id or a
    type. Where a client comes again, :func:`last_event_id` says what it has seen. A process that ends ends its streams
    before the next event, with one of the type ``shutdown``.

    :param schema: What dumps the data of each event, as JSON. Default: text is sent as it is, other values as JSON.
    :param types: What dumps the data of events of each type, by its name; the handler then returns events of these
        types alone.
    :param keep_alive: Seconds after which a quiet stream sends a comment, so that proxies do not cut it off and a
        client that has left is noticed. The handler's iterable then runs in its own thread. ``None``: nothing is
        sent.
    :param retry: Milliseconds that a client waits before it comes again.
    :param description: Default: the phrase of the status.
    :param headers: Headers that the handler sets on this answer, name to field.
    :raises SetupError: A schema is one of many, a type is one that the server itself sends, or ``keep_alive`` is not a
        time.
    """
    if types is not None and (schema is not None or not types):
        raise SetupError(
            "events() takes a schema for all events, or 'types' with a schema for each type. Give one of both."
        )
    for name in types or ():
        if name in CONTROL_EVENTS or not isinstance(name, str) or not name.isprintable() or not name:
            raise SetupError(
                f"events(types=...) declares {name!r}, which cannot be a type of an application. Take another name: the"
                f" server itself sends {', '.join(CONTROL_EVENTS)}."
            )
    if keep_alive is not None and not keep_alive > 0:
        raise SetupError(f"events(keep_alive={keep_alive!r}) is not a time. Give seconds, or None for no comments.")
    outcome = stream_outcome(schema, MEDIA_TYPE, 200, description, headers)
    if types is not None:
        items = {name: part_schema(each) for name, each in types.items()}
        outcome = msgspec.structs.replace(outcome, items=items)
    return EventsMark(outcome, keep_alive, retry)


def stream_outcome(
    schema: SchemaLike | None,
    media_type: str,
    status: int,
    description: str,
    headers: cabc.Mapping[str, HeaderLike] | None,
) -> Outcome:
    """The outcome of a stream.

    :raises SetupError: The schema is one of many.
    """
    items = None if schema is None else part_schema(schema)
    return Outcome(status, None, description, as_headers(headers, status), media_type, items=items)


def part_schema(schema: SchemaLike) -> Schema:
    """Return the schema of a part of a stream.

    :raises SetupError: It is one of many.
    """
    made = as_schema(schema)
    if made.many:
        raise SetupError(f"{made!r} is for many objects. A stream dumps its parts one by one: leave 'many' out.")
    return made


def item_encoder(plan: Plan, schema: Schema | None) -> Write:
    """A function from a part to JSON without line breaks."""
    encode = encoder(plan, schema, fast=plan.fast)

    def write(value: object) -> bytes:
        text = encode(value).rstrip(b"\n")
        # Within JSON a line break is white space between the tokens; a provider may write it so.
        return text.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in text or b"\r" in text else text

    return write


def last_event_id() -> str | None:
    """The id of the last event that the client has seen; ``None`` when it comes for the first time.

    What is longer than 1,000 characters was not sent by this server, and counts as nothing.
    """
    environ = t.cast("dict[str, str]", current().environ)
    text = environ.get("HTTP_LAST_EVENT_ID", "").encode("latin-1").decode("utf-8", "replace")
    return text if 0 < len(text) <= _LONGEST_ID else None


def parts_of(value: object, write: Write, where: str) -> Parts | AsyncParts:
    """The parts of what a handler returned, an asynchronous iterable too.

    One that is both is iterated on the event loop where there is a server that has one.

    :raises TypeError: It has no parts.
    """
    if isinstance(value, cabc.AsyncIterable) and (bridge() is not None or not isinstance(value, cabc.Iterable)):
        return AsyncParts(current(), value, write)
    if isinstance(value, (str, bytes, cabc.Mapping)) or not isinstance(value, cabc.Iterable):
        raise TypeError(
            f"{where} returned {value!r}, and declares a stream. Return an iterable of its parts, like a generator."
        )
    source = iter(value)
    return Parts(map(write, source), source, value)

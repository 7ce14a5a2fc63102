"""Events as they are published: checked against the types of the channel, dumped, and written as JSON once.

Not here: events as text (``http.events``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import typing as t

from marshmallow import Schema, ValidationError, fields
from marshmallow.decorators import POST_DUMP

from ..errors import SetupError
from ..fast.json import JSONError, encode
from ..http.events import RESET, SHUTDOWN, SKIPPED, Event, SharedEvent, write_event
from ..marks.schemas import SchemaLike, as_schema
from ._errors import InvalidEvent

RESERVED: t.Final = (RESET, SKIPPED, SHUTDOWN)
"""The types of what a channel, or a server, says itself."""

_DEPTH: t.Final = 10


class Draft(t.NamedTuple):
    """An event without its id."""

    text: str
    """The data as JSON."""
    event: str | None
    retry: int | None


class EventTypes:
    """The types of events that a channel takes.

    :param channel: The name of the channel, for messages.
    :param types: The schema of each; ``None``: any data. Default: the channel takes all types.
    :raises SetupError: A type or a schema cannot be.
    """

    def __init__(self, channel: str, types: cabc.Mapping[str, SchemaLike | None] | None) -> None:
        self._channel = channel
        self._schemas: dict[str, Schema | None] | None = None
        if types is None:
            return
        self._schemas = {}
        for name, like in types.items():
            if name in RESERVED:
                raise SetupError(
                    f"The channel {channel!r} cannot have events of the type {name!r}: streams send it themselves."
                    " Take another name."
                )
            schema = None if like is None else as_schema(like)
            if schema is not None and schema.many:
                raise SetupError(f"{schema!r} is for many objects. An event has one: leave 'many' out.")
            self._schemas[name] = schema

    def draft(self, data: object, event: str | None, retry: int | None) -> Draft:
        """Check and dump the data of an event.

        :raises InvalidEvent: The channel does not take it.
        """
        if event in RESERVED:
            raise InvalidEvent(
                f"Invalid type of an event for the channel {self._channel!r}: {event!r}. Streams send it themselves."
                " Take another name."
            )
        try:
            write_event("", Event(None, None, event, retry))
        except (ValueError, TypeError) as error:
            raise InvalidEvent(f"Invalid event for the channel {self._channel!r}: {error}") from None
        schema = self._schema_of(event)
        if schema is not None:
            data = self._dump(schema, data, event)
        try:
            text = encode(data).decode()
        except (JSONError, TypeError) as error:
            raise InvalidEvent(
                f"The data of the event {event or 'message'!r} for the channel {self._channel!r} cannot be written as"
                f" JSON: {error} Publish what JSON has, or give the type a schema in Channel(events=...)."
            ) from error
        return Draft(text, event, retry)

    def share(self, number: str, draft: Draft) -> SharedEvent:
        """Build the event that all subscribers get.

        :param number: Its id.
        :raises ValueError: Its text is not JSON.
        """
        data = json.loads(draft.text)
        schema: object = None
        if self._schemas is not None:
            schema = self._schemas.get(draft.event or "message", ...)
            schema = None if schema is ... else schema or True
        text = data if isinstance(data, str) and not isinstance(schema, Schema) else draft.text
        return SharedEvent(data, number, draft.event, draft.retry, text=text, schema=schema)

    def _schema_of(self, event: str | None) -> Schema | None:
        if self._schemas is None:
            return None
        name = event or "message"
        if name not in self._schemas:
            raise InvalidEvent(
                f"Unknown type of an event for the channel {self._channel!r}: {name!r}."
                f" Known types: {', '.join(map(repr, self._schemas))}. Publish one of them, or add it to"
                " Channel(events=...)."
            )
        return self._schemas[name]

    def _dump(self, schema: Schema, data: object, event: str | None) -> object:
        """Return what the schema makes of the data.

        :raises InvalidEvent: It cannot dump it, or would not load what it has dumped.
        """
        name = type(schema).__name__
        what = f"Invalid data of the event {event or 'message'!r} for the channel {self._channel!r}"
        try:
            dumped: object = schema.dump(data)
        except Exception as error:
            raise InvalidEvent(
                f"{what}: {name} cannot dump it ({type(error).__name__}: {str(error)[:100]}). Publish what {name}"
                " dumps."
            ) from error
        wrong = _wrong(schema, dumped)
        if wrong:
            raise InvalidEvent(f"{what}: {'; '.join(wrong[:10])}. Publish what {name} declares.")
        return dumped


def _wrong(schema: Schema, dumped: object, path: str = "", depth: int = 0) -> list[str]:
    """Return what is wrong with the members that a schema has dumped; nothing where hooks may have moved them."""
    if schema._hooks[POST_DUMP] or not isinstance(dumped, dict) or depth > _DEPTH:
        return []
    found: list[str] = []
    for name, field in schema.dump_fields.items():
        key = field.data_key or name
        if key not in dumped:
            found += [f"{path}{key}: Missing"] if field.required else []
            continue
        value = dumped[key]
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested) and value is not None:
            is_many = isinstance(value, list)
            for place, each in enumerate(value if is_many else [value]):
                found += _wrong(inner.schema, each, f"{path}{key}.{f'{place}.' if is_many else ''}", depth + 1)
            continue
        try:
            field.deserialize(value)
        except ValidationError as error:
            found.append(f"{path}{key}: {_shown(error.messages)}")
        except Exception as error:  # noqa: BLE001 - a field of a user's, which cannot load what it dumps
            found.append(f"{path}{key}: {type(error).__name__}")
    return found


def _shown(wrong: object) -> str:
    """Return messages of marshmallow in one line."""
    if isinstance(wrong, dict):
        return ", ".join(f"{key}: {_shown(value)}" for key, value in list(wrong.items())[:10])
    return " ".join(str(each)[:100].rstrip(".") for each in (wrong if isinstance(wrong, list) else [wrong]))

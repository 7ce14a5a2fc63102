"""Say what was meant: the nearest known name in the message for an unknown one.

Works on the messages of a schema after it has refused, so that accepted requests pay nothing for it, and copies no more
of them than are sent.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import functools

import marshmallow as ma

from ...fields import AnyField, OneOf
from ...issues import SCHEMA, AnyMessages, ErrorText, Hidden
from ...texts import message
from ..bounds import DEFAULT, UNKNOWN_FIELD, Bounds, MessageCopier
from ._codes import SCHEMA_CODES

#: Longer names are no slips of the pen, and comparing them costs time.
MAX_NAME = 64
#: Comparing a name with one of these takes 20 us, so a schema of thousands of fields gives no hints.
MAX_KNOWN = 1_000


def unknown_message(name: str, names: cabc.Collection[str], text: str = UNKNOWN_FIELD) -> str:
    """Give the message for an unknown name, with the nearest known one where one is near.

    :param text: The message without the hint.
    """
    if not isinstance(name, str) or len(name) > MAX_NAME or len(names) > MAX_KNOWN:
        return text
    import difflib  # only a wrong name needs it

    near = difflib.get_close_matches(name, names, n=1)
    return message("hint", text=text, name=near[0]) if near else text


def hint(messages: AnyMessages, schema: ma.Schema) -> AnyMessages:
    """Add "Did you mean" to the messages for unknown names, at every depth; see :func:`described`."""
    return described(messages, schema)[0]


def described(messages: AnyMessages, schema: ma.Schema, bounds: Bounds = DEFAULT) -> tuple[AnyMessages, bool]:
    """Copy messages as far as they are sent, with "Did you mean" for the first unknown names.

    The order is that of the schema's fields. Unknown names come behind them, in alphabetical order: marshmallow finds
    them in the order of a set, which changes from one start of the program to the next.

    :param messages: Normalised messages, as in ``ValidationError.messages``; they are not changed.
    :param schema: The schema that made them.
    :return: New messages of the same shape, and whether some were left out.
    """
    hinter = _Hinter(bounds)
    whole_field = getattr(schema, "whole_field", None)
    if whole_field is not None:
        messages = marked(messages, whole_field)
    if schema.many and isinstance(messages, dict) and SCHEMA in messages:
        messages = {**messages, SCHEMA: no_list(messages[SCHEMA])}
    return hinter.of_schema(messages, schema), hinter.is_full


def no_list(messages: AnyMessages) -> AnyMessages:
    """Return the messages for a value that should be a list; marshmallow says of it what it says of each item."""
    if not isinstance(messages, list):
        return messages
    return [
        ErrorText(each, "invalid_list") if getattr(each, "code", "") == SCHEMA_CODES["type"] else each
        for each in messages
    ]


class _Hinter(MessageCopier):
    """Copies the messages of a schema."""

    def __init__(self, bounds: Bounds) -> None:
        super().__init__(bounds)
        self.hints = bounds.hints

    def of_schema(self, messages: AnyMessages, schema: ma.Schema) -> AnyMessages:
        if not isinstance(messages, dict):
            return self.leaf(messages)
        unknown = [str(schema.error_messages["unknown"])]
        known = _by_sent_name(schema)
        made: dict[object, object] = {}
        others: list[str] = []
        for name, found in messages.items():
            if name in known:
                copy = functools.partial(self.of_field, field=known[name]) if isinstance(found, dict) else self.copy
                self.copy_one(made, name, found, copy)
            elif isinstance(name, str):
                others.append(name)
            else:  # the index of an item of a collection
                self.copy_one(made, name, found, functools.partial(self.of_schema, schema=schema))
            if self.is_full:
                return made
        last = [SCHEMA] if SCHEMA in messages and SCHEMA not in known else []
        for name in [*self.ordered([name for name in others if name != SCHEMA]), *last]:
            found = messages[name]
            if found == unknown and self.hints > 0:
                self.hints -= 1
                text = unknown_message(name, known, found[0])
                found = [found[0].with_text(text) if isinstance(found[0], ErrorText) else text]
            self.copy_one(made, name, found, self.copy)
        return made

    def of_field(self, messages: AnyMessages, field: AnyField) -> AnyMessages:
        if not isinstance(messages, dict):
            return self.leaf(messages)
        if isinstance(field, ma.fields.Pluck):
            return self.of_schema(_hide_plucked(messages, field), field.schema)
        if isinstance(field, ma.fields.Nested):
            return self.of_schema(messages, field.schema)
        made: dict[object, object] = {}
        if isinstance(field, ma.fields.List):
            self.copy_into(made, messages.items(), functools.partial(self.of_field, field=field.inner))
        elif isinstance(field, ma.fields.Tuple):
            members = dict(enumerate(field.tuple_fields))
            for at, each in messages.items():
                copy = functools.partial(self.of_field, field=members[at]) if at in members else self.copy
                self.copy_one(made, at, each, copy)
        elif isinstance(field, ma.fields.Mapping) and (field.key_field is not None or field.value_field is not None):
            value_field = field.value_field

            def of_parts(parts: AnyMessages) -> AnyMessages:
                copied: dict[object, object] = {}
                for part, each in parts.items():
                    copy = self.copy
                    if part == "value" and value_field is not None:
                        copy = functools.partial(self.of_field, field=value_field)
                    self.copy_one(copied, Hidden(part) if part in ("key", "value") else part, each, copy)
                return copied

            self.copy_into(made, messages.items(), of_parts)
        else:
            return self.copy(marked(messages, field))
        return made


def marked(messages: AnyMessages, field: AnyField | None) -> AnyMessages:
    """Mark the names in the messages of a field that the client has not written; shape and order stay.

    :param field: The field; ``None``: nothing is known of it.
    """
    if field is None or not isinstance(messages, dict):
        return messages
    if isinstance(field, ma.fields.Mapping):
        return {
            key: {
                Hidden(part) if part in ("key", "value") else part: marked(found, field.value_field)
                for part, found in parts.items()
            }
            if isinstance(parts, dict)
            else parts
            for key, parts in messages.items()
        }
    if isinstance(field, ma.fields.Pluck):
        return _hide_plucked(messages, field)
    if isinstance(field, ma.fields.List):
        return {at: marked(found, field.inner) for at, found in messages.items()}
    if isinstance(field, ma.fields.Tuple):
        return {at: marked(found, dict(enumerate(field.tuple_fields)).get(at)) for at, found in messages.items()}
    if isinstance(field, (ma.fields.Nested, OneOf)):
        known = _members_of(field)
        return {
            name: marked(found, field if isinstance(name, int) else known.get(name)) for name, found in messages.items()
        }
    return messages


def _members_of(field: ma.fields.Nested | OneOf) -> dict[str, AnyField]:
    """Return the fields of an object by the names in JSON; of several objects, those of all of them."""
    schemas = [field.member(tag) for tag in field.schemas] if isinstance(field, OneOf) else [field.schema]
    return {name: each for schema in schemas for name, each in _by_sent_name(schema).items()}


def _by_sent_name(schema: ma.Schema) -> dict[str, AnyField]:
    """Return the fields of a schema by the names that clients write."""
    return {each.data_key if each.data_key is not None else name: each for name, each in schema.load_fields.items()}


def _hide_plucked(messages: dict[object, object], field: ma.fields.Pluck) -> dict[object, object]:
    """Mark the name of the plucked member, which the client has not written, in the messages of each value."""
    return {
        name if isinstance(name, int) else Hidden(name): (
            _hide_plucked(found, field) if isinstance(name, int) and isinstance(found, dict) else found
        )
        for name, found in messages.items()
    }

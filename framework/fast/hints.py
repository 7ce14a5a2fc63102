"""Say what was meant: the nearest known name in the message for an unknown one.

Works on the messages of a schema after it has refused, so that accepted requests pay nothing for it.
Floor 1: imports nothing of the framework.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import marshmallow as ma

AnyField = ma.fields.Field[t.Any]
Messages = t.Any

#: Longer names are no slips of the pen, and comparing them costs time.
MAX_NAME = 64


def unknown_message(name: str, names: cabc.Iterable[str], text: str = "Unknown field.") -> str:
    """Give the message for an unknown name, with the nearest known one where one is near.

    :param text: the message without the hint.
    """
    if not isinstance(name, str) or len(name) > MAX_NAME:
        return text
    import difflib  # only a wrong name needs it

    near = difflib.get_close_matches(name, names, n=1)
    return f"{text} Did you mean {near[0]!r}?" if near else text


def hint(messages: Messages, schema: ma.Schema, *, limit: int = 20) -> Messages:
    """Add "Did you mean" to the messages for unknown names, at every depth.

    :param messages: normalised messages, as in ``ValidationError.messages``; they are not changed.
    :param schema: the schema that made them.
    :param limit: after so many unknown names no more hints are looked for.
    :return: new messages of the same shape.
    """
    return _hint_schema(messages, schema, [limit])


def _hint_schema(messages: Messages, schema: ma.Schema, left: list[int]) -> Messages:
    if not isinstance(messages, dict):
        return messages
    unknown = str(schema.error_messages["unknown"])
    if not any(isinstance(found, dict) or found == [unknown] for found in messages.values()):
        return messages  # PERF: nothing to say, the usual case: 5 us
    known = {
        field.data_key if field.data_key is not None else name: field for name, field in schema.load_fields.items()
    }
    made: dict[t.Any, t.Any] = {}
    for name, found in messages.items():
        if name in known:
            made[name] = _hint_field(found, known[name], left)
        elif isinstance(name, int):  # the index of an item of a collection
            made[name] = _hint_schema(found, schema, left)
        elif found == [unknown] and left[0]:
            left[0] -= 1
            made[name] = [unknown_message(name, known, unknown)]
        else:
            made[name] = found
    # marshmallow finds unknown names in the order of a set, which changes from one start of the program to the next.
    others = sorted(name for name in made if isinstance(name, str) and name not in known)
    return {**{name: made[name] for name in made if name not in others}, **{name: made[name] for name in others}}


def _hint_field(messages: Messages, field: AnyField, left: list[int]) -> Messages:
    if not isinstance(messages, dict):
        return messages
    if isinstance(field, ma.fields.Nested):
        return _hint_schema(messages, field.schema, left)
    if isinstance(field, ma.fields.List):
        return {at: _hint_field(each, field.inner, left) for at, each in messages.items()}
    if isinstance(field, ma.fields.Tuple):
        members = dict(enumerate(field.tuple_fields))
        return {at: _hint_field(each, members[at], left) if at in members else each for at, each in messages.items()}
    if isinstance(field, ma.fields.Mapping) and field.value_field is not None:
        return {
            key: {
                part: _hint_field(each, field.value_field, left) if part == "value" else each
                for part, each in parts.items()
            }
            if isinstance(parts, dict)
            else parts
            for key, parts in messages.items()
        }
    return messages

"""The walk of a lint through a document.

Not here: what a lint reports (``findings``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...findings import Pointer
from ...typing import JSONObject
from ..schema import LISTS_OF_SCHEMAS, MAPS_OF_SCHEMAS, SCHEMAS

NodeKind: t.TypeAlias = t.Literal["schema", "media", "header", "parameter", "other"]

# Of an object that is not a schema: the members that hold others by name, and what those are.
_MAPS: dict[str, NodeKind] = {
    **dict.fromkeys(
        ("paths", "webhooks", "x-webhooks", "responses", "requestBodies", "links", "callbacks", "pathItems"), "other"
    ),
    **dict.fromkeys(("encoding", "securitySchemes", "variables"), "other"),
    "schemas": "schema",
    "content": "media",
    "headers": "header",
}
# Of a Parameter, Header or Media Type Object: what a value is, and each item of a stream.
_SCHEMA_WORDS = frozenset({"schema", "itemSchema", "x-itemSchema"})
_VALUES = frozenset({"example", "examples", "default", "value", "security"})


class DocumentNode(t.NamedTuple):
    """An object of a document."""

    at: Pointer
    value: JSONObject
    kind: NodeKind


def walk(document: JSONObject) -> cabc.Iterator[DocumentNode]:
    """Go through all objects of a document, from the outside in; values like examples are left out."""
    yield from _walk(document, (), "other")


def _walk(value: object, at: Pointer, kind: NodeKind) -> cabc.Iterator[DocumentNode]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, (*at, index), kind)
        return
    if not isinstance(value, dict):
        return
    yield DocumentNode(at, value, kind)
    for word, member in value.items():
        if kind == "schema":
            if word in SCHEMAS or word in LISTS_OF_SCHEMAS:
                yield from _walk(member, (*at, word), "schema")
            elif word in MAPS_OF_SCHEMAS:
                yield from _each(member, (*at, word), "schema")
        elif word in _SCHEMA_WORDS:
            yield from _walk(member, (*at, word), "schema")
        elif word == "parameters":
            yield from (_each if isinstance(member, dict) else _walk)(member, (*at, word), "parameter")
        elif word in _MAPS:
            yield from _each(member, (*at, word), _MAPS[word])
        elif word not in _VALUES and (word == "x-query" or not word.startswith("x-")):
            yield from _walk(member, (*at, word), "other")


def _each(members: object, at: Pointer, kind: NodeKind) -> cabc.Iterator[DocumentNode]:
    """Each of the objects in a mapping from names of the author's choice."""
    if isinstance(members, dict):
        for name, member in members.items():
            yield from _walk(member, (*at, name), kind)

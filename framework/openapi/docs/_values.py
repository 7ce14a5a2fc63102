"""The example values of a request: those of the document; where it has none, values that the schema allows.

A simple schema is obeyed; a pattern may ask for more. Not here: the request as text (``openapi.docs._samples``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import re
import typing as t

from ..._sentinel import MISSING
from ...typing import JSONObject
from ..document import Composer, compose
from ..schema import DELIMITERS

_FORMATS = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "date": "2030-01-31",
    "date-time": "2030-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1M",
    "email": "user@example.org",
    "uri": "https://example.org/",
    "uri-reference": "/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.org",
}
_DEEP = 6
_TEXTS = ("string", "a", "A", "1", "a1", "Aa", "2030-01-31", "12:00:00", "2030-01-31T12:00:00")


def has_example(parameter: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> bool:
    """Return whether an example is given."""
    return "example" in parameter or compose(schema_of(parameter), schemas) is not MISSING


def schema_of(parameter: JSONObject) -> JSONObject:
    """The schema of a Parameter Object, which may be that of its one media type."""
    if "schema" in parameter:
        return t.cast(JSONObject, parameter["schema"])
    contents: cabc.Iterable[JSONObject] = parameter.get("content", {}).values()
    return next((t.cast(JSONObject, media["schema"]) for media in contents if "schema" in media), {})


def texts(parameter: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> list[str]:
    """The value of a parameter as it is written, several where its name is repeated."""
    value = parameter["example"] if "example" in parameter else made(schema_of(parameter), schemas)
    if not isinstance(value, list):
        return [text(value)]
    parts = [text(each) for each in value]
    if parameter["in"] == "query" and parameter.get("explode", True):
        return parts
    return [DELIMITERS.get(parameter.get("style", ""), ",").join(parts)]


def text(value: object) -> str:
    """A value in an address, a header or a form."""
    return value if isinstance(value, str) else json.dumps(value)


def file_names(schema: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> set[str]:
    """The members of a form that are files."""
    schema = followed(schema, schemas)
    return {name for name, member in schema.get("properties", {}).items() if is_file(member.get("items", member))}


def is_file(schema: JSONObject) -> bool:
    """Return whether a schema stands for the content of a file, in either version of OpenAPI."""
    return schema.get("format") == "binary" or schema.get("contentMediaType") == "application/octet-stream"


def followed(schema: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> JSONObject:
    """The schema that a reference leads to."""
    while "$ref" in schema:
        schema = schemas.get(schema["$ref"].rpartition("/")[2], {})
    return schema


def made(schema: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> object:
    """Give a value for a schema: examples first, then what it says, then a simple one."""
    return _Maker(schemas).of(schema, 0)


class _Maker(Composer):
    """As its base, but what is required and has no example is made; what is not required needs an example."""

    def of(self, schema: JSONObject, depth: int) -> object:
        value = super().of(schema, depth)
        return simple(schema) if value is MISSING else value

    def by_type(self, schema: JSONObject, depth: int) -> object:
        if schema.get("allOf"):
            return self.of(flat(schema, self.components), depth + 1)
        kind = kind_of(schema)
        if kind == "array" and "prefixItems" in schema:
            return [self.of(each, depth + 1) for each in schema["prefixItems"]]
        if kind == "array" and not schema.get("minItems"):
            value = super().by_type({**schema, "type": "array"}, depth) if depth < 1 else []
            return value
        return super().by_type({**schema, "type": kind} if kind else schema, depth)

    def object(self, schema: JSONObject, depth: int) -> object:
        members = schema.get("properties", {})
        values: dict[str, object] = {}
        for name, member in members.items():
            required = name in schema.get("required", ())
            value = self.of(member, depth + 1) if required else compose(member, self.components)
            if value is not MISSING:
                values[name] = value
        for name, member in members.items():
            if len(values) >= schema.get("minProperties", 0):
                break
            values.setdefault(name, self.of(member, depth + 1))
        return values


def filled_out(schema: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> object:
    """Give a value for a schema as a reader wants to see it: with optional members, and an item in each list."""
    return _Shower(schemas).of(schema, 0)


class _Shower(_Maker):
    """As its base, for a response: nothing is left out before it gets deep."""

    def by_type(self, schema: JSONObject, depth: int) -> object:
        if kind_of(schema) == "array" and "prefixItems" not in schema and depth < _DEEP:
            items = schema.get("items")
            return [self.of(items, depth + 1)] if isinstance(items, dict) and items else []
        return super().by_type(schema, depth)

    def object(self, schema: JSONObject, depth: int) -> object:
        required = schema.get("required", ())
        return {
            name: self.of(member, depth + 1)
            for name, member in schema.get("properties", {}).items()
            if (name in required or depth < _DEEP) and not member.get("writeOnly")
        }


def flat(schema: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> JSONObject:
    """One schema of all that a schema is composed of; of each word the last one counts, members add up."""
    found: JSONObject = {}
    properties: JSONObject = {}
    required: list[str] = []
    for part in (*(followed(each, schemas) for each in schema["allOf"]), schema):
        own = flat(part, schemas) if part is not schema and part.get("allOf") else part
        properties.update(own.get("properties", {}))
        required += own.get("required", ())
        found.update({word: value for word, value in own.items() if word != "allOf"})
    return {**found, "properties": properties, "required": required} if properties else found


def kind_of(schema: JSONObject) -> str | None:
    """The type of a value that is not null."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return next((kind for kind in kinds if kind != "null"), "null")
    return kinds


def simple(schema: JSONObject) -> object:
    """A value of the schema's type, within its bounds."""
    kind = kind_of(schema)
    if kind in ("integer", "number"):
        return number(schema)
    if kind == "boolean":
        return True
    if kind == "array":
        return []
    if kind == "object":
        return {}
    if kind == "string":
        return string(schema)
    return None if kind == "null" else "string"


def number(schema: JSONObject) -> object:
    """A number between the bounds, one where it may be."""
    step = schema.get("multipleOf", 1)
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None and not isinstance(above, bool):
        low = above + step
    elif above and low is not None:
        low += step
    if below is not None and not isinstance(below, bool):
        high = below - step
    elif below and high is not None:
        high -= step
    value = 1 if low is None else max(1, low)
    return value if high is None else min(value, high)


def string(schema: JSONObject) -> str:
    """A text of an allowed length, of its format, and where a simple one does of its pattern."""
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    candidates = [_FORMATS[schema["format"]]] if schema.get("format") in _FORMATS else []
    candidates += [(each * (least // len(each) + 1))[: max(least, len(each))] for each in _TEXTS]
    candidates = [each if most is None else each[:most] for each in candidates]
    pattern = schema.get("pattern")
    if pattern is None:
        return candidates[0]
    try:
        return next((each for each in candidates if re.search(pattern, each)), candidates[0])
    except re.error:  # a pattern of another dialect
        return candidates[0]

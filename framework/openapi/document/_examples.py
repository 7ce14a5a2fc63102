"""A whole example of a JSON Schema, made from the examples of its members. Nothing is invented.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc

from ..._sentinel import MISSING
from ...typing import JSONObject
from ..schema import SCHEMA_COMPONENTS

_DEEPEST_EXAMPLE = 8


def compose(schema: JSONObject, components: cabc.Mapping[str, JSONObject]) -> object:
    """Give an example of what a schema describes.

    A member's own example counts, otherwise its one value, its first choice or its default. An optional member without
    any is left out; a required one leaves the whole without an example, and so does a schema that has none.

    :param schema: A schema of the document.
    :param components: The component schemas that references lead to.
    :return: A JSON value, or ``MISSING``.
    """
    found = Composer(components)
    value = found.of(schema, 0)
    return value if found.given else MISSING


class Composer:
    """Looks for the examples of one value."""

    def __init__(self, components: cabc.Mapping[str, JSONObject]) -> None:
        self.components = components
        self.given = False
        """True if anybody gave an example for any part."""

    def of(self, schema: JSONObject, depth: int) -> object:
        if depth > _DEEPEST_EXAMPLE:
            return MISSING
        if schema.get("examples") or "example" in schema:
            self.given = True
            return schema["examples"][0] if schema.get("examples") else schema["example"]
        for word in ("const", "default"):
            if word in schema:
                return schema[word]
        if schema.get("enum"):
            return schema["enum"][0]
        if "$ref" in schema:
            target = self.components.get(str(schema["$ref"]).removeprefix(SCHEMA_COMPONENTS))
            return MISSING if target is None else self.of(target, depth + 1)
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return self.first(schema[word], depth)
        return self.by_type(schema, depth)

    def first(self, schemas: cabc.Iterable[JSONObject], depth: int) -> object:
        for each in schemas:
            value = self.of(each, depth + 1)
            if value is not MISSING:
                return value
        return MISSING

    def by_type(self, schema: JSONObject, depth: int) -> object:
        kinds = schema.get("type")
        if kinds == "object" or "properties" in schema:
            return self.object(schema, depth)
        if kinds == "array":
            item = self.of(schema["items"], depth + 1) if isinstance(schema.get("items"), dict) else MISSING
            if item is MISSING or "prefixItems" in schema:
                return MISSING if schema.get("minItems") or "prefixItems" in schema else []
            return [item] * max(1, schema.get("minItems", 1))
        if kinds == "null" or (isinstance(kinds, list) and "null" in kinds) or schema.get("nullable"):
            return None
        return MISSING

    def object(self, schema: JSONObject, depth: int) -> object:
        made = {}
        for name, member in schema.get("properties", {}).items():
            value = self.of(member, depth + 1)
            if value is not MISSING:
                made[name] = value
            elif name in schema.get("required", ()):
                return MISSING
        return made

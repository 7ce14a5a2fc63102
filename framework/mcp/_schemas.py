"""JSON Schemas that need no document around them.

Floor 7.
"""

from __future__ import annotations

import typing as t

from ..typing import JSONObject

_COMPONENTS: t.Final = "#/components/schemas/"


class Standalone:
    """The schemas of a document, each to be cut out with all that it refers to.

    :param document: An OpenAPI document of version 3.1.
    """

    def __init__(self, document: JSONObject) -> None:
        self._document = document

    def resolved(self, value: JSONObject) -> JSONObject:
        """Return what an object refers to, or the object; one without more words in addition to the reference."""
        for _ in range(20):
            reference = value.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                break
            found: t.Any = self._document
            for part in reference[2:].split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def cut(self, schema: JSONObject) -> JSONObject:
        """Return a schema whose references lead to its own ``$defs``."""
        used: dict[str, None] = {}
        whole = t.cast(JSONObject, rewritten(schema, used))
        definitions: JSONObject = {}
        todo = list(used)
        while todo:
            name = todo.pop()
            if name not in definitions:
                more: dict[str, None] = {}
                definitions[name] = rewritten(self._document["components"]["schemas"][name], more)
                todo += more
        return {**whole, "$defs": definitions} if definitions else whole


def rewritten(value: object, used: dict[str, None]) -> object:
    """Return a schema with references to ``$defs``, without the words of OpenAPI that JSON Schema does not know.

    :param used: The names that it refers to are added.
    """
    if isinstance(value, list):
        return [rewritten(each, used) for each in value]
    if not isinstance(value, dict):
        return value
    made: JSONObject = {}
    for key, member in value.items():
        if key == "$ref" and isinstance(member, str) and member.startswith(_COMPONENTS):
            name = member.removeprefix(_COMPONENTS)
            used[name] = None
            made[key] = f"#/$defs/{name}"
        elif key == "properties" and isinstance(member, dict):
            made[key] = {name: rewritten(each, used) for name, each in member.items()}
        elif key in ("const", "enum", "default", "examples"):
            made[key] = member
        elif key not in ("discriminator", "xml", "externalDocs"):
            made[key] = rewritten(member, used)
    return made

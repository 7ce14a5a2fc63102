"""Small operations on JSON Schema: null, values, and the older words of OpenAPI 3.0.

Schemas are plain dictionaries in the words of OpenAPI 3.1 (JSON Schema 2020-12); :func:`downgrade` says them in
those of 3.0. Knows nothing of marshmallow.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import decimal
import enum
import math
import typing as t
import uuid

from ..._sentinel import MISSING
from ...texts import MessageText
from ...typing import JSONObject
from . import _regexes as regexes

JSONSchema: t.TypeAlias = bool | JSONObject
"""A schema: an object, or a boolean that takes everything or nothing (JSON Schema 2020-12, section 4.3.2)."""

SCHEMA_COMPONENTS: t.Final = "#/components/schemas/"
"""The beginning of a reference to a schema of the document; the name follows."""
DELIMITERS: t.Final = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
"""The separator of the items of a list in a parameter that is not exploded, by its style; in other styles a comma."""


ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "externalDocs"}
)
"""The words that say something about a value without judging it."""

WORDS = frozenset(
    {
        *ANNOTATIONS,
        *("type", "format", "enum", "const", "multipleOf", "minimum", "maximum", "exclusiveMinimum"),
        *("exclusiveMaximum", "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "contains"),
        *("minContains", "maxContains", "minProperties", "maxProperties", "items", "prefixItems", "properties"),
        *("patternProperties", "additionalProperties", "propertyNames", "unevaluatedProperties", "unevaluatedItems"),
        *("dependentSchemas", "dependentRequired", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref"),
        *("contentMediaType", "contentEncoding", "contentSchema", "discriminator", "xml", "nullable"),
    }
)
"""The words of a Schema Object (OpenAPI 3.1, section 4.8.24) that a field's metadata may give."""

_UNKNOWN_IN_30 = frozenset(
    {
        *("patternProperties", "propertyNames", "unevaluatedProperties", "unevaluatedItems", "dependentSchemas"),
        *("dependentRequired", "contains", "minContains", "maxContains", "if", "then", "else", "contentMediaType"),
        *("contentEncoding", "contentSchema", "$comment"),
    }
)
# Of a Schema Object: the members that hold other schemas, in a list, by name, or one.
LISTS_OF_SCHEMAS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
SCHEMAS = frozenset(
    {
        *("items", "additionalProperties", "propertyNames", "not", "if", "then", "else", "contains"),
        *("unevaluatedProperties", "unevaluatedItems", "contentSchema"),
    }
)
_FORMS = frozenset({"date", "date-time", "email", "ipv4", "ipv6", "time", "uri", "uri-reference", "uuid"})
_NULL_30: JSONObject = {"type": "object", "nullable": True, "enum": [None]}
_ANY_TYPE = ("array", "boolean", "number", "object", "string")


def plain(value: object) -> object:
    """Give a value as JSON has it.

    :param value: A Python value: a default, a choice, a bound or an example.
    :return: The value in dictionaries, lists, texts, numbers, booleans and ``None``; :data:`MISSING` when JSON
        has nothing for it. Sets become lists in the order of their texts.
    """
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return value if isinstance(value, MessageText) else str(value)
    if isinstance(value, decimal.Decimal):
        value = int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else MISSING
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, cabc.Mapping):
        made = {str(key): plain(member) for key, member in value.items()}
        return MISSING if MISSING in made.values() else made
    if isinstance(value, (list, tuple, set, frozenset)):
        members = [plain(member) for member in in_order(value)]
        return MISSING if any(member is MISSING for member in members) else members
    return MISSING


def nullable(schema: JSONObject) -> JSONObject:
    """Give the schema that takes ``null`` and what the given one takes.

    :param schema: In the words of 3.1; it is not changed.
    """
    notes = {word: schema[word] for word in schema if word in ANNOTATIONS or word.startswith("x-")}
    rules = {word: schema[word] for word in schema if word not in notes}
    if not rules:
        return dict(schema)
    kind = rules.get("type")
    simple = isinstance(kind, (str, list)) and not rules.keys() & {"$ref", "const", "allOf", "anyOf", "oneOf", "not"}
    if not simple:
        return {"anyOf": [rules, {"type": "null"}], **notes}
    kinds = [kind] if isinstance(kind, str) else list(t.cast("list[str]", kind))
    if "null" not in kinds:
        kinds.append("null")
    made = {**schema, "type": kinds}
    if "enum" in made and None not in made["enum"]:
        made["enum"] = [*made["enum"], None]
    return made


def not_null() -> JSONObject:
    """The schema of any value but ``null``."""
    return {"type": list(_ANY_TYPE), "items": {}}


_OF_KINDS: dict[str, frozenset[str]] = {
    "string": frozenset({"minLength", "maxLength", "pattern", "format", "contentMediaType", "contentEncoding"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "array": frozenset({"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"}),
    "object": frozenset({"properties", "required", "additionalProperties", "propertyNames", "minProperties"}),
}


def without_misfits(schema: JSONObject, given: JSONObject) -> JSONObject:
    """Drop the words that a schema took over from another one, and that do not apply to its type.

    :param schema: Made from the other, like ``{**given, "type": "string"}``.
    :param given: The other; words of another value are the author's, and stay.
    """
    kinds = schema.get("type")
    if kinds is None or kinds == given.get("type"):
        return schema
    names = {"number" if kind == "integer" else kind for kind in ([kinds] if isinstance(kinds, str) else kinds)}
    misfits = {word for kind, words in _OF_KINDS.items() if kind not in names for word in words}
    return {word: value for word, value in schema.items() if word not in misfits or value != given.get(word, MISSING)}


def type_of(values: cabc.Iterable[object]) -> str | list[str] | None:
    """The ``type`` of some JSON values; ``None`` for no values."""
    kinds = list(dict.fromkeys(_type(value) for value in values))
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    if not kinds:
        return None
    return kinds[0] if len(kinds) == 1 else kinds


def _type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "array" if isinstance(value, list) else "object"


def in_order(values: cabc.Iterable[object]) -> list[object]:
    """The values as a list: those of a set by their texts, since its own order differs from process to process."""
    return sorted(values, key=str) if isinstance(values, cabc.Set) else list(values)


def unique(values: cabc.Iterable[object]) -> list[object]:
    """The values without repetition, in their order; ``true`` and ``1`` are two."""
    made: list[object] = []
    for value in values:
        if not any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in made):
            made.append(value)
    return made


def both(one: JSONObject, other: JSONObject) -> JSONObject:
    """Give a schema that asks for what both ask: merged where no word is in both, otherwise ``allOf``.

    Two patterns become one, where that can be said exactly.
    """
    if not other:
        return one
    if "$ref" not in one and "pattern" in one and "pattern" in other and one["pattern"] != other["pattern"]:
        pattern = regexes.together(one["pattern"], other["pattern"])
        if pattern is not None:
            return both({**one, "pattern": pattern}, {**other, "pattern": pattern})
    if _says_no_nul_for_nothing(one, other):
        one = {word: value for word, value in one.items() if word != "pattern"}
    elif _says_no_nul_for_nothing(other, one):
        other = {word: value for word, value in other.items() if word != "pattern"}
    if "$ref" in one or any(word in one and one[word] != value for word, value in other.items()):
        return {**one, "allOf": [*one.get("allOf", ()), other]}
    return {**one, **other}


def _says_no_nul_for_nothing(one: JSONObject, other: JSONObject) -> bool:
    """Return whether a schema refuses the character U+0000 next to one of a form that has none."""
    return one.get("pattern") == regexes.NO_NUL and "pattern" not in other and other.get("format") in _FORMS


def downgrade(schema: object, lost: set[str] | None = None) -> object:
    """Say a schema in the words of OpenAPI 3.0.

    What 3.0 has no word for is left out, so the result may take more than the original, and never less.

    :param schema: A schema in the words of 3.1, or a boolean schema.
    :param lost: Gets the words that were left out.
    :return: A new dictionary.
    """
    if schema is True:
        return {}
    if schema is False:
        return {"not": {}}
    if not isinstance(schema, dict):
        return schema
    made = {word: value for word, value in schema.items() if word not in _UNKNOWN_IN_30}
    if lost is not None and len(made) < len(schema):
        lost.update(schema.keys() - made.keys())
    for word, value in schema.items():
        if word not in made:
            continue
        if word in LISTS_OF_SCHEMAS:
            made[word] = [downgrade(each, lost) for each in value]
        elif word in MAPS_OF_SCHEMAS:
            made[word] = {name: downgrade(each, lost) for name, each in value.items()}
        elif word in SCHEMAS and not (word == "additionalProperties" and isinstance(value, bool)):
            made[word] = downgrade(value, lost)
    _examples(made)
    if "const" in made:
        made["enum"] = [made.pop("const")]
        made.setdefault("type", type_of(made["enum"]))
    if "prefixItems" in made:
        _positions(made)
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if not isinstance(made.get(exclusive, True), bool):
            made[bound], made[exclusive] = made[exclusive], True
    if made.get("format") == "binary":
        made.pop("contentMediaType", None)
    made = _null(_types(made))
    if "$ref" in made and len(made) > 1:
        made["allOf"] = [{"$ref": made.pop("$ref")}, *made.get("allOf", ())]
    return made


def _examples(made: JSONObject) -> None:
    """3.0 has one example of a schema."""
    examples = made.pop("examples", None)
    if examples and "example" not in made:
        made["example"] = examples[0]


def _positions(made: JSONObject) -> None:
    """An array with a schema for each place becomes one whose items are of any of them."""
    members = unique(made.pop("prefixItems"))
    made["items"] = members[0] if len(members) == 1 else {"anyOf": members} if members else {}


def _types(made: JSONObject) -> JSONObject:
    """Several types become ``nullable`` or ``anyOf``; 3.0 has no list of types."""
    kinds = made.get("type")
    if not isinstance(kinds, list):
        return made
    rest = [kind for kind in kinds if kind != "null"]
    without = {word: value for word, value in made.items() if word != "type"}
    if "null" in kinds:
        without["nullable"] = True
    if len(rest) == 1:
        return {"type": rest[0], **without}
    if "null" not in kinds and rest == list(_ANY_TYPE):
        without.pop("items", None)
        return {"anyOf": [{"type": kind, **({"items": {}} if kind == "array" else {})} for kind in rest], **without}
    nullable_too = {"nullable": True} if "null" in kinds else {}
    return {"anyOf": [{"type": kind, **nullable_too} for kind in rest], **without}


def _null(made: JSONObject) -> JSONObject:
    """``anyOf`` with the type ``null`` in it: 3.0 says that by a nullable schema of the one value ``null``.

    ``nullable`` next to a reference would let nothing more through: it widens the ``type`` next to it and no other.
    """
    if made.get("type") == "null":
        return {**{word: value for word, value in made.items() if word != "type"}, **_NULL_30}
    return made

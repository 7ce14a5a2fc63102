"""A schema as its rules alone, so that two ways to say the same look the same.

References are followed, ``allOf`` is joined, ``const`` is an ``enum`` of one, ``nullable`` and ``anyOf`` with ``null``
are a type, the exclusive bounds of OpenAPI 3.0 are numbers, and words that judge nothing are left out.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import typing as t

from ...typing import JSONObject
from ..schema import SCHEMA_COMPONENTS, JSONSchema, equal, lookup

EVERYTHING = frozenset({"null", "boolean", "integer", "fraction", "string", "array", "object"})
"""The types; ``number`` is ``integer`` and ``fraction``."""

_KIND = {"number": {"integer", "fraction"}}
_LOWER = ("minLength", "minItems", "minProperties", "minContains")
_UPPER = ("maxLength", "maxItems", "maxProperties", "maxContains")
RULES = (
    *("pattern", "format", "multipleOf", "uniqueItems", "not", "propertyNames", "patternProperties", "contains"),
    *("dependentRequired", "dependentSchemas", "if", "then", "else", "contentMediaType", "contentEncoding"),
)
"""Words that are compared as a whole: they are there, or are not, or are others."""

Bound: t.TypeAlias = tuple[float, bool]
"""A limit, and whether it is exclusive."""


@dataclasses.dataclass
class SchemaShape:
    """The rules of a schema."""

    types: frozenset[str] = EVERYTHING
    enum: list[object] | None = None
    """Without ``null``, which is a type here."""
    lower: Bound | None = None
    upper: Bound | None = None
    counts: dict[str, float] = dataclasses.field(default_factory=dict)
    """``minLength`` and its like."""
    rules: dict[str, object] = dataclasses.field(default_factory=dict)
    properties: dict[str, object] = dataclasses.field(default_factory=dict)
    required: set[str] = dataclasses.field(default_factory=set)
    extra: object = True
    """``additionalProperties``."""
    items: object = True
    places: list[object] = dataclasses.field(default_factory=list)
    """``prefixItems``."""
    choices: list[object] = dataclasses.field(default_factory=list)
    """The members of ``oneOf`` or ``anyOf``."""
    discriminator: str | None = None
    default: object = dataclasses.field(default=None)
    has_default: bool = False
    deprecated: bool = False
    hidden_in: str = ""
    """``"request"`` for ``readOnly``, ``"response"`` for ``writeOnly``."""
    name: str | None = None
    """The component it comes from."""

    @property
    def is_closed(self) -> bool:
        """Return whether undeclared members are refused."""
        return self.extra is False


class Shapes:
    """Makes the shapes of one document's schemas.

    :param document: Where references lead.
    """

    def __init__(self, document: JSONObject) -> None:
        self.document = document

    def resolve(self, value: object) -> object:
        """Follow references of any object of the document; what leads nowhere gives an empty object."""
        for _ in range(50):
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                return value
            try:
                value = lookup(self.document, value["$ref"])
            except (KeyError, IndexError, ValueError, TypeError):
                return {}
        return {}

    def of(self, schema: object, seen: tuple[str, ...] = ()) -> SchemaShape:
        """The shape of a schema; of a shape it is that itself."""
        if isinstance(schema, SchemaShape):
            return schema
        if schema is False:
            return SchemaShape(types=frozenset())
        if not isinstance(schema, dict):
            return SchemaShape()
        made = self._own(schema)
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref not in seen:
            target = self.of(self.resolve({"$ref": ref}), (*seen, ref))
            if ref.startswith(SCHEMA_COMPONENTS):
                target.name = ref.rpartition("/")[2]
            made = join(target, made)
        for part in schema.get("allOf", ()):
            made = join(made, self.of(part, seen))
        for word in ("anyOf", "oneOf"):
            if word in schema:
                made = self._choose(made, schema[word], seen)
        return made

    def _choose(self, made: SchemaShape, members: list[object], seen: tuple[str, ...]) -> SchemaShape:
        """Add the members of ``anyOf`` or ``oneOf``; a single one next to ``null`` is the schema itself."""
        null = [part for part in members if isinstance(part, dict) and self.of(part, seen).types == {"null"}]
        others = [part for part in members if part not in null]
        if len(others) == 1:
            inner = self.of(others[0], seen)
            if null:
                inner.types |= {"null"}
            return join(made, inner)
        return dataclasses.replace(made, choices=[*made.choices, *members])

    def _own(self, schema: JSONObject) -> SchemaShape:
        """The words of a schema itself."""
        made = SchemaShape(types=types_of(schema))
        values = list(schema["enum"]) if "enum" in schema else None
        if "const" in schema:
            values = [schema["const"]]
        if values is not None:
            kinds = {kind for value in values for kind in kinds_of(value)}
            made.types &= kinds | ({"null"} if schema.get("nullable") else set())
            made.enum = [value for value in values if value is not None]
        made.lower = bound(schema.get("minimum"), schema.get("exclusiveMinimum"), max)
        made.upper = bound(schema.get("maximum"), schema.get("exclusiveMaximum"), min)
        if "fraction" not in made.types:
            made.lower, made.upper = whole(made.lower, 1), whole(made.upper, -1)
        for word in (*_LOWER, *_UPPER):
            if word in schema and not (word in _LOWER and schema[word] == 0):
                made.counts[word] = schema[word]
        made.rules = {word: self._expanded(schema[word]) for word in RULES if word in schema}
        if made.rules.get("uniqueItems") is False:
            del made.rules["uniqueItems"]
        made.properties = dict(schema.get("properties", {}))
        made.required = set(schema.get("required", ()))
        extra = schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
        made.extra = True if extra == {} else extra
        made.items = schema.get("items", True)
        made.places = list(schema.get("prefixItems", ()))
        discriminator = schema.get("discriminator")
        made.discriminator = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
        made.default, made.has_default = schema.get("default"), "default" in schema
        made.deprecated = bool(schema.get("deprecated"))
        made.hidden_in = "request" if schema.get("readOnly") else "response" if schema.get("writeOnly") else ""
        return made

    def _expanded(self, value: object, seen: tuple[str, ...] = ()) -> object:
        """A rule with its references followed, so that a renamed component is not a change."""
        if isinstance(value, dict):
            ref = value.get("$ref")
            if isinstance(ref, str):
                return "recursive" if ref in seen else self._expanded(self.resolve(value), (*seen, ref))
            return {word: self._expanded(part, seen) for word, part in value.items() if word not in _WORDS_APART}
        return [self._expanded(part, seen) for part in value] if isinstance(value, list) else value


_WORDS_APART = frozenset({"title", "description", "example", "examples"})


def types_of(schema: JSONObject) -> frozenset[str]:
    """The types that a schema lets through."""
    kinds = schema.get("type")
    if kinds is None:
        return EVERYTHING
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    if schema.get("nullable") is True:
        names.append("null")
    return frozenset(part for name in names for part in _KIND.get(name, {name}))


def kinds_of(value: object) -> set[str]:
    """The types of a JSON value."""
    if value is None:
        return {"null"}
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return {"integer"}
    if isinstance(value, float):
        return {"fraction"}
    return {"string"} if isinstance(value, str) else {"array"} if isinstance(value, list) else {"object"}


def bound(
    limit: float | None, exclusive: float | None, narrower: cabc.Callable[[cabc.Iterable[float]], float]
) -> Bound | None:
    """The narrower one of a limit and an exclusive one; in 3.0 the latter is a boolean next to the former."""
    if exclusive is True:
        return None if limit is None else (limit, True)
    # Not 'in': zero is a limit, and equals False.
    both = ((limit, False), (exclusive, True))
    found = [(value, out) for value, out in both if value is not None and value is not False]
    if not found:
        return None
    best = narrower(value for value, _ in found)
    return best, any(out for value, out in found if value == best)


def whole(limit: Bound | None, step: int) -> Bound | None:
    """An exclusive limit of integers as an inclusive one."""
    if limit is not None and limit[1] and float(limit[0]).is_integer():
        return limit[0] + step, False
    return limit


def narrower_bound(one: Bound | None, other: Bound | None, *, lower: bool) -> Bound | None:
    """The one that lets less through."""
    if one is None or other is None:
        return other if one is None else one
    return other if is_narrower(one, other, lower=lower) else one


def is_narrower(old: Bound | None, new: Bound | None, *, lower: bool) -> bool:
    """Return whether a new limit lets less through than the old one."""
    if new is None:
        return False
    if old is None:
        return True
    if old[0] != new[0]:
        return new[0] > old[0] if lower else new[0] < old[0]
    return new[1] and not old[1]


def join(one: SchemaShape, other: SchemaShape) -> SchemaShape:
    """The shape of what both let through."""
    enum = one.enum if other.enum is None else other.enum
    if one.enum is not None and other.enum is not None:
        enum = [value for value in one.enum if any(equal(value, each) for each in other.enum)]
    counts = dict(one.counts)
    for word, count in other.counts.items():
        known = counts.get(word)
        counts[word] = count if known is None else max(known, count) if word in _LOWER else min(known, count)
    properties = dict(one.properties)
    for name, schema in other.properties.items():
        properties[name] = schema if name not in properties else {"allOf": [properties[name], schema]}
    return SchemaShape(
        types=one.types & other.types,
        enum=enum,
        lower=narrower_bound(one.lower, other.lower, lower=True),
        upper=narrower_bound(one.upper, other.upper, lower=False),
        counts=counts,
        rules={**one.rules, **other.rules},
        properties=properties,
        required=one.required | other.required,
        extra=one.extra if other.extra is True else other.extra,
        items=one.items if other.items is True else other.items,
        places=one.places or other.places,
        choices=[*one.choices, *other.choices],
        discriminator=one.discriminator or other.discriminator,
        default=other.default if other.has_default else one.default,
        has_default=one.has_default or other.has_default,
        deprecated=one.deprecated or other.deprecated,
        hidden_in=one.hidden_in or other.hidden_in,
        name=one.name or other.name,
    )


def reference_of(schema: object) -> str | None:
    """Return where a schema leads that is a reference alone."""
    return schema["$ref"] if isinstance(schema, dict) and len(schema) == 1 and "$ref" in schema else None


def references(value: object) -> set[str]:
    """All references in a schema."""
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*(references(part) for part in value.values()))
    return set().union(*(references(part) for part in value)) if isinstance(value, list) else set()


def same_components(old: JSONObject, new: JSONObject) -> set[str]:
    """The references that lead to the same in both documents, with all that is referred to there."""
    before: dict[str, JSONSchema] = old.get("components", {}).get("schemas", {})
    after: dict[str, JSONSchema] = new.get("components", {}).get("schemas", {})
    needs = {
        SCHEMA_COMPONENTS + name: references(schema) for name, schema in before.items() if after.get(name) == schema
    }
    while True:
        broken = [ref for ref, inner in needs.items() if not inner <= needs.keys()]
        if not broken:
            return set(needs)
        for ref in broken:
            del needs[ref]

"""Lint the schemas of a document, and judge its examples and defaults by them.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc

from ...findings import Finding, Pointer
from ...typing import JSONObject
from ..schema import ANNOTATIONS, TYPES, Validator, has_repetition, is_explosive, lookup, shown
from ._findings import DocumentNode

_OF_ARRAYS = frozenset({"items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"})
_OF_OBJECTS = frozenset({"properties", "additionalProperties", "patternProperties", "minProperties", "maxProperties"})


def lint(document: JSONObject, nodes: cabc.Iterable[DocumentNode]) -> cabc.Iterator[Finding]:
    """Find what is wrong with the schemas and the examples.

    :param document: All references in it lead somewhere.
    :param nodes: Its objects.
    """
    is_old = str(document.get("openapi", "")).startswith("3.0")
    # An example of an answer must not show what the schema keeps silent about, even where the schema is open.
    loose, closed = Validator(document), Validator(document, closed=True)
    for node in nodes:
        if node.kind == "schema":
            yield from _schema(node, is_old)
            yield from _schema_examples(node, loose)
        elif node.kind in ("media", "parameter", "header"):
            yield from _examples(node, closed, document)


def _schema(node: DocumentNode, is_old: bool) -> cabc.Iterator[Finding]:
    schema, at = node.value, node.at
    kinds = schema.get("type")
    names = [kinds] if isinstance(kinds, str) else list(kinds or ())
    tests = [TYPES[name] for name in names if name in TYPES]
    for name in names:
        if name not in TYPES:
            yield Finding("struct", f"{name!r} is not a type of JSON Schema. Correct the field's metadata.", at)
    if is_old:
        beside = sorted(schema.keys() - {"$ref"})
        if "$ref" in schema and beside:
            text = f"Beside '$ref' OpenAPI 3.0 overlooks {', '.join(beside)}. Put the reference into 'allOf'."
            yield Finding("no-$ref-siblings", text, at)
        if schema.get("nullable") and "type" not in schema:
            text = "'nullable' has no meaning without a 'type' beside it. Give the field's metadata a 'type'."
            yield Finding("nullable-type-sibling", text, at)
    if "array" in names and is_old and "items" not in schema:
        yield Finding("array-items", "An array of OpenAPI 3.0 must say what is in it. Declare the list's field.", at)
    if tests:
        for kind, words in (("array", _OF_ARRAYS), ("object", _OF_OBJECTS)):
            misplaced = sorted(schema.keys() & words)
            if kind not in names and misplaced:
                text = f"{', '.join(misplaced)} cannot hold for what is no {kind}. Correct the field's metadata."
                yield Finding("no-schema-type-mismatch", text, at)
    values = schema.get("enum")
    if isinstance(values, list):
        if tests:
            for value in values:
                if not any(test(value) for test in tests) and not (value is None and schema.get("nullable")):
                    text = f"{shown(value)} is in 'enum', and not of the type {' or '.join(names)}. Drop or correct it."
                    yield Finding("no-enum-type-mismatch", text, at)
        if has_repetition(values):
            yield Finding("duplicated-entry-in-enum", "A value stands twice in 'enum'. Drop one.", at)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and is_explosive(pattern):
        text = (
            f"The pattern {shown(pattern)} has a repetition within a repetition: a text of thirty characters that"
            " almost matches takes minutes, and every client can send one. Put a character between two rounds that"
            " the inner part does not match, or make the inner repetition possessive ('a++')."
        )
        yield Finding("pattern-backtracking", text, at, "advice")
    yield from _required(schema, at)


def _required(schema: JSONObject, at: Pointer) -> cabc.Iterator[Finding]:
    """Members that must be there and are not described; parts of a composition may describe them elsewhere."""
    if "properties" not in schema or any(isinstance(part, int) for part in at[-1:]):
        return
    if any(word in schema for word in ("allOf", "anyOf", "oneOf", "$ref", "patternProperties")):
        return
    for name in schema.get("required", ()):
        if name not in schema["properties"]:
            text = f"The member {name!r} is required, and not described. Describe it, or drop it from 'required'."
            yield Finding("no-required-schema-properties-undefined", text, at)


def _schema_examples(node: DocumentNode, validator: Validator) -> cabc.Iterator[Finding]:
    """The examples and the default of a schema."""
    schema = node.value
    told: list[tuple[str, object]] = [(word, schema[word]) for word in ("example", "default") if word in schema]
    examples = schema.get("examples")
    told += [("examples", value) for value in examples] if isinstance(examples, list) else []
    if not told:
        return
    bare = {word: value for word, value in schema.items() if word not in ANNOTATIONS}
    for word, value in told:
        for fault in validator.faults(bare, value):
            name = "default" if word == "default" else "example"
            text = f"The {name} does not fit its schema: {fault}"
            yield Finding("valid-schema-example", f"{text} Correct the {name}, or the field.", node.at)


def _examples(node: DocumentNode, validator: Validator, document: JSONObject) -> cabc.Iterator[Finding]:
    """The examples of a media type, a parameter or a header."""
    schema = node.value.get("schema")
    if "example" in node.value and "examples" in node.value:
        text = "'example' and 'examples' exclude each other. Give one of them."
        yield Finding("struct", text, node.at)
    if schema is None:
        return
    told = {"example": node.value["example"]} if "example" in node.value else {}
    given = node.value.get("examples")
    for name, example in given.items() if isinstance(given, dict) else ():
        if "$ref" in example:
            example = lookup(document, example["$ref"])
        if "value" in example and "externalValue" in example:
            text = f"The example {name!r} has both 'value' and 'externalValue'. Give one of them."
            yield Finding("no-example-value-and-externalValue", text, node.at)
        if "value" in example:
            told[name] = example["value"]
    for name, value in told.items():
        for fault in validator.faults(schema, value):
            which = "example" if name == "example" else f"example {name!r}"
            text = f"The {which} does not fit its schema: {fault} Correct the example, or the schema."
            yield Finding("valid-media-example", text, node.at)

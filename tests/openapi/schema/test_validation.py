"""Values judged by schemas: as another implementation of JSON Schema judges them, and closed where asked for."""

from __future__ import annotations

import typing as t

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.openapi.schema import Validator
from framework.openapi.schema._formats import FORMATS, compile_pattern

DOCUMENT: dict[str, t.Any] = {
    "components": {
        "schemas": {
            "Base": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            "Node": {
                "type": "object",
                "properties": {
                    "value": {"type": "string"},
                    "next": {"anyOf": [{"$ref": "#/components/schemas/Node"}, {"type": "null"}]},
                },
                "required": ["value"],
            },
        }
    }
}
NODE = {"$ref": "#/components/schemas/Node"}


def words(*choices: st.SearchStrategy[t.Any]) -> st.SearchStrategy[t.Any]:
    """Some of the given words together in one schema."""
    return st.lists(st.one_of(*choices), max_size=3).map(
        lambda parts: {k: v for part in parts for k, v in part.items()}
    )


def word(name: str, values: st.SearchStrategy[t.Any]) -> st.SearchStrategy[t.Any]:
    return values.map(lambda value: {name: value})


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, 1.0, -1.5]),
    st.sampled_from(["", "a", "ab", "b\n"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=6,
)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
SMALL = st.integers(0, 3)
SCHEMAS = st.recursive(
    st.one_of(
        st.just(True),
        st.just(False),
        st.just({"$ref": "#/components/schemas/Base"}),
        words(
            word("type", st.one_of(TYPES, st.lists(TYPES, min_size=1, max_size=3, unique=True))),
            word("enum", st.lists(SCALARS, min_size=1, max_size=3)),
            word("const", VALUES),
            word("minimum", SMALL),
            word("exclusiveMaximum", SMALL),
            word("multipleOf", st.sampled_from([1, 2, 0.5])),
            word("minLength", SMALL),
            word("maxLength", SMALL),
            word("pattern", st.sampled_from(["^a", "b$", "^(?:a|b)*$", "."])),
            word("minItems", SMALL),
            word("maxItems", SMALL),
            word("uniqueItems", st.booleans()),
            word("minProperties", SMALL),
            word("maxProperties", SMALL),
            word("required", st.lists(st.sampled_from("abc"), unique=True, max_size=2)),
            word("dependentRequired", st.dictionaries(st.sampled_from("abc"), st.just(["a"]), max_size=2)),
        ),
    ),
    lambda inner: words(
        word("items", inner),
        word("prefixItems", st.lists(inner, min_size=1, max_size=2)),
        word("contains", inner),
        word("properties", st.dictionaries(st.sampled_from("abc"), inner, max_size=2)),
        word("patternProperties", st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=1)),
        word("additionalProperties", inner),
        word("propertyNames", inner),
        word("allOf", st.lists(inner, min_size=1, max_size=2)),
        word("anyOf", st.lists(inner, min_size=1, max_size=2)),
        word("oneOf", st.lists(inner, min_size=1, max_size=2)),
        word("not", inner),
        word("dependentSchemas", st.dictionaries(st.sampled_from("abc"), inner, max_size=1)),
        st.fixed_dictionaries({"if": inner}, optional={"then": inner, "else": inner}),
    ),
    max_leaves=6,
)


@settings(max_examples=600, deadline=None)
@given(SCHEMAS, VALUES)
def test_values_are_judged_as_elsewhere(schema, value):
    """A value fits where the reference implementation in Python says so, whatever the schema."""
    # Python's "$" lets a newline follow, ECMA-262's does not: the other side gets what this one means.
    theirs = jsonschema.Draft202012Validator({**DOCUMENT, "allOf": [at_the_end(schema)]})

    assert (not Validator(DOCUMENT).faults(schema, value)) == theirs.is_valid(value)


def at_the_end(schema: t.Any) -> t.Any:
    if isinstance(schema, dict):
        return {key: part.replace("$", r"\Z") if key == "pattern" else at_the_end(part) for key, part in schema.items()}
    return [at_the_end(part) for part in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"type": "integer"}, "x", ['$: "x" is not an integer.']),
        ({"type": ["integer", "null"]}, True, ["$: true is not an integer or null."]),
        ({"properties": {"a": {"minimum": 3}}}, {"a": 1}, ["$.a: 1 is below the minimum of 3."]),
        ({"items": {"maxLength": 1}}, ["a", "bb"], ['$[1]: "bb" has 2 characters, and must have at most 1.']),
        ({"required": ["a b"]}, {}, ["$['a b']: is missing."]),
        ({"additionalProperties": False}, {"a": 1}, ["$.a: is not in the schema."]),
        ({"format": "date-time"}, "2026-01-01", ["$: \"2026-01-01\" is not of the format 'date-time'."]),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, ["$: 1 is not a string. 1 is not null."]),
        (NODE, {"value": "a", "next": {"value": 1, "next": None}}, ["$.next.value: 1 is not a string."]),
        (
            {
                "oneOf": [
                    {"properties": {"k": {"const": "a"}, "v": {"type": "integer"}}},
                    {"properties": {"k": {"const": "b"}}},
                ]
            },
            {"k": "a", "v": "x"},
            ['$.v: "x" is not an integer.'],
        ),
    ],
)
def test_faults_say_where_and_what(schema, value, told):
    """A fault names its place and what is wrong; of choices, the one that was meant."""
    assert [str(fault) for fault in Validator(DOCUMENT).faults(schema, value)] == told


OPEN = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("schema", "value", "unknown"),
    [
        (OPEN, {"a": 1}, []),
        (OPEN, {"a": 1, "b": 2}, ["b"]),
        ({"type": "object"}, {"b": 2}, []),
        ({}, {"b": 2}, []),
        ({**OPEN, "additionalProperties": True}, {"b": 2}, []),
        ({**OPEN, "additionalProperties": {"type": "integer"}}, {"b": 2}, []),
        ({**OPEN, "patternProperties": {"^b": {}}}, {"b": 2, "c": 3}, ["c"]),
        ({"type": "array", "items": OPEN}, [{"b": 2}], ["b"]),
        ({"allOf": [OPEN, {"properties": {"b": {}}}]}, {"a": 1, "b": 2}, []),
        ({"allOf": [OPEN, {"properties": {"b": {}}}]}, {"a": 1, "c": 2}, ["c"]),
        ({"allOf": [OPEN, {"required": ["a"]}]}, {"a": 1, "c": 2}, ["c"]),
        ({"anyOf": [OPEN, {"type": "null"}]}, {"b": 2}, ["b"]),
        ({"anyOf": [OPEN, {"type": "object"}]}, {"b": 2}, []),
        ({"anyOf": [{**OPEN, "required": ["a"]}, {"properties": {"b": {}}}]}, {"b": 2}, []),
        (NODE, {"value": "a", "next": {"value": "b", "next": None, "more": 1}}, ["more"]),
    ],
)
def test_closed_schemas_refuse_what_nobody_names(schema, value, unknown):
    """Closed, a member is refused that no part of the schema names; where a part is open to all, none is."""
    faults = Validator(DOCUMENT, closed=True).faults(schema, value)

    assert [fault.at[-1] for fault in faults] == unknown
    assert Validator(DOCUMENT).faults(schema, value) == []


@pytest.mark.parametrize(
    ("form", "right", "wrong"),
    [
        ("date-time", "2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05"),
        ("date", "2024-02-29", "2026-02-29"),
        ("time", "03:04:05Z", "03:04:05"),
        ("duration", "P1DT2H", "1D"),
        ("email", "a@b.example", "a"),
        ("hostname", "a-b.example", "-a"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "2001:db8::g"),
        ("uri", "http://a.example/?b#c", "/b"),
        ("uri-reference", "/b?c", "a b"),
        ("uuid", "0c3d2b9e-6c4e-4a43-8d5f-0e5f0a3b1a11", "0c3d2b9e"),
        ("byte", "YQ==", "Y?"),
        ("json-pointer", "/a~0b", "a"),
    ],
)
def test_formats(form, right, wrong):
    """Formats are judged as their standards have them."""
    assert FORMATS[form](right)
    assert not FORMATS[form](wrong)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("^a$", "a\n", False),
        ("[$]", "$", True),
        (r"\$", "$", True),
        ("[[]", "[", True),
        (r"(?<year>\d)", "5", True),
        ("(?<=a)b", "ab", True),
        (r"\d", "٣", False),
        (r"a\/b", "a/b", True),
    ],
)
def test_patterns_mean_what_ecma_262_says(pattern, text, fits):
    """A pattern is searched, its end is the end, its digits are ASCII."""
    assert (t.cast(t.Any, compile_pattern(pattern)).search(text) is not None) is fits


def test_a_pattern_that_python_cannot_say_judges_nothing():
    """Unicode properties have no equal in Python's re."""
    assert compile_pattern(r"\p{L}") is None

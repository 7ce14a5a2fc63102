"""A field of one's own is described by the words that its own methods leave true."""

from __future__ import annotations

import enum
import typing as t

import marshmallow as ma
import pytest
from marshmallow import validate as v

from framework import App, Schema, arguments, response
from framework import fields as f
from framework.openapi.document import Components
from framework.openapi.lint import check


class Trimmed(f.String):
    def _deserialize(self, value: t.Any, attr: t.Any, data: t.Any, **kwargs: t.Any) -> t.Any:
        return super()._deserialize(value, attr, data, **kwargs).strip().lower()


class Metres(f.Integer):
    def _deserialize(self, value: t.Any, attr: t.Any, data: t.Any, **kwargs: t.Any) -> t.Any:
        return int(value.removesuffix(" m"))

    def _serialize(self, value: t.Any, attr: t.Any, obj: t.Any, **kwargs: t.Any) -> str | None:
        return f"{value} m"


class Silent(f.Date):
    def _serialize(self, value, attr, obj, **kwargs):
        return {"year": value.year}


class Steps(f.List):
    def _deserialize(self, value: t.Any, attr: t.Any, data: t.Any, **kwargs: t.Any) -> t.Any:
        return super()._deserialize(value, attr, data, **kwargs)[:3]


class Joined(f.List):
    def __json_schema__(self, described: t.Any, role: str) -> t.Any:
        return {**described, "type": "string"}


class Kept(Joined):
    def __json_schema__(self, described: t.Any, role: str) -> t.Any:
        return {**described, "type": "string", "maxItems": 3}


class Even(v.Validator):
    def __call__(self, value: t.Any) -> t.Any:
        return value

    def __json_schema__(self, described: t.Any, role: str) -> t.Any:
        return {"multipleOf": 2}


class Colour(enum.Enum):
    RED = "red"


class AnyCase(f.Enum):
    def _deserialize(self, value: t.Any, attr: t.Any, data: t.Any, **kwargs: t.Any) -> t.Any:
        return super()._deserialize(value.upper(), attr, data, **kwargs)


class Heir(Trimmed):
    pass


def described(field: t.Any, role: t.Any, location: str = "json") -> t.Any:
    """The schema of a field, bound to a schema."""
    return Components().field(ma.Schema.from_dict({"x": field})().fields["x"], role, location)


LIMITS = [v.Length(max=3), v.OneOf(["a", "b"]), v.Regexp("[a-z]+")]
ANY = {"array", "boolean", "number", "object", "string"}


@pytest.mark.parametrize("cls", [Trimmed, Heir])
def test_what_is_judged_after_reading_says_nothing_of_the_text(cls: t.Any) -> None:
    """`` A `` is taken where the choices are ``a`` and ``b``: no choice, length or pattern holds for it."""
    assert described(cls(validate=LIMITS), "input") == {"type": "string"}
    assert described(cls(validate=LIMITS), "output")["enum"] == ["a", "b"]


def test_a_number_that_is_read_by_own_code_may_be_a_text() -> None:
    """So it has no type, and is no null; in a query it is a text."""
    field = Metres(validate=[v.Range(max=3), Even()])

    made = described(field, "input")
    assert set(made["type"]) == ANY
    assert (made["multipleOf"], "maximum" in made) == (2, False)
    assert described(field, "input", "query")["type"] == "string"


def test_what_is_written_by_own_code_is_what_it_is_annotated_to_return() -> None:
    """Without an annotation nothing is said."""
    assert described(Metres(), "output") == {"type": "string"}
    assert described(Metres(allow_none=True), "output") == {"type": ["string", "null"]}
    assert described(Metres(validate=v.OneOf([1, 2])), "output") == {"type": "string", "enum": ["1 m", "2 m"]}
    assert described(Silent(), "output") == {}
    assert described(Silent(), "input")["format"] == "date"


def test_arrays_stay_arrays() -> None:
    """How many items there may be is judged after reading."""
    made = described(Steps(f.Integer(), validate=v.Length(max=3)), "input")
    assert made == {"type": "array", "items": {"type": "integer"}}


def test_names_that_own_code_reads_are_not_listed() -> None:
    """An enumeration in any case takes more than its names."""
    assert set(described(AnyCase(Colour), "input")["type"]) == ANY


def test_metadata_says_what_code_cannot() -> None:
    """Its words win."""
    assert described(Trimmed(metadata={"maxLength": 9}), "input") == {"type": "string", "maxLength": 9}


def test_another_type_leaves_no_words_of_the_old_one() -> None:
    """``{**described, "type": "string"}`` of a list has no items; what the method writes itself stays."""
    assert described(Joined(f.Integer(), validate=v.Length(max=2)), "input") == {"type": "string"}
    assert described(Kept(f.Integer()), "input") == {"type": "string", "maxItems": 3}


class Wrapped(Schema):
    name = f.String()

    @ma.pre_load
    def unwrap(self, data: t.Any, **kwargs: t.Any) -> t.Any:
        return data["pet"]

    @ma.post_dump
    def wrap(self, data: t.Any, **kwargs: t.Any) -> t.Any:
        return {"pet": data}


class Marked(Schema):
    name = f.String()

    @ma.post_dump
    def add(self, data: t.Any, **kwargs: t.Any) -> t.Any:
        data["kind"] = "cat"
        return data


class Tidied(Schema):
    name = f.String()

    @ma.pre_load
    def tidy(self, data: t.Any, **kwargs: t.Any) -> t.Any:
        data["name"] = data["name"].strip()
        return {**data, "name": data["name"].lower()}


class Said(Wrapped):
    def __json_schema__(self, described: t.Any, role: str) -> t.Any:
        return {"type": "object", "properties": {"pet": described}}


class Owner(Schema):
    sizes = f.List(Metres())
    born = Silent()
    said = Trimmed(metadata={"type": "string"})
    written = Joined(f.Integer())
    pets = f.Nested(Marked, many=True)


def advice_of(schema: t.Any) -> list[tuple[str, str]]:
    """The advice on the schemas of an application: the rule, and the beginning of the text."""
    app = App("own")

    @app.put("/x")
    @arguments(schema)
    @response(200, schema)
    def replace(value: t.Any) -> t.Any:
        """Replace."""
        return value

    rules = ("field-own-code", "schema-hook-shape")
    found = [each for each in check(app) if each.rule in rules]
    assert all(each.advice and each.file == __file__ and each.line for each in found)
    return [(each.rule, each.message.partition(",")[0]) for each in found]


def test_check_asks_for_a_description_of_own_fields() -> None:
    """Once for each field that reads or writes by itself and says nothing of it."""
    assert sorted(advice_of(Owner)) == [
        ("field-own-code", "Owner.born: Silent writes its values with its own _serialize()"),
        ("field-own-code", "Owner.sizes: Metres reads its values with its own _deserialize()"),
        ("schema-hook-shape", "Marked.add (post_dump) sets the undeclared member 'kind'"),
    ]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            Wrapped,
            [
                ("schema-hook-shape", "Wrapped.unwrap (pre_load) returns a part of what it gets"),
                ("schema-hook-shape", "Wrapped.wrap (post_dump) returns an object with the undeclared member 'pet'"),
            ],
        ),
        (Marked, [("schema-hook-shape", "Marked.add (post_dump) sets the undeclared member 'kind'")]),
        (Tidied, []),
        (Said, []),
    ],
)
def test_check_finds_hooks_that_change_the_shape(schema: t.Any, expected: t.Any) -> None:
    """A hook that tidies values is none of them, nor is one of a schema that describes itself."""
    assert advice_of(schema) == expected

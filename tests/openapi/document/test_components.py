"""Schemas as components: roles, names, and what each side of the conversation sees."""

from __future__ import annotations

import enum
import typing as t

import marshmallow as ma
import pytest
from marshmallow import validate as v

from framework import fields as f
from framework.errors import ComponentConflict
from framework.openapi.document import Components


class OwnerSchema(ma.Schema):
    """Who it belongs to."""

    name = f.String(required=True)
    phone = f.String()


class PetSchema(ma.Schema):
    """A pet.

    Of the shop.
    """

    id = f.Integer(dump_only=True)
    name = f.String(required=True, data_key="petName")
    secret = f.String(load_only=True, load_default="x")
    owner = f.Nested(OwnerSchema)


REF = "#/components/schemas/"
TEXT = {"type": "string", "pattern": r"^[^\u0000]*$"}
"""What is read of a text without rules of its own."""


def named(components: Components, name: str) -> t.Any:
    """One component."""
    return components.to_dict()[name]


def test_each_role_has_a_component_named_after_class_and_role() -> None:
    """``PetSchema`` is ``Pet`` when it is sent, ``PetInput`` when it is read and ``PetPatch`` when it is partial."""
    components = Components()

    assert components.schema(PetSchema(), "output") == {"$ref": f"{REF}Pet"}
    assert components.schema(PetSchema(), "input") == {"$ref": f"{REF}PetInput"}
    assert components.schema(PetSchema(partial=True), "input") == {"$ref": f"{REF}PetPatch"}
    assert components.schema(PetSchema(), "patch") == {"$ref": f"{REF}PetPatch"}
    assert components.schema(PetSchema(many=True), "output") == {"type": "array", "items": {"$ref": f"{REF}Pet"}}
    assert list(components.to_dict()) == ["Owner", "OwnerInput", "Pet", "PetInput", "PetPatch"]


def test_what_is_sent_has_every_dumped_member_required_and_is_open() -> None:
    """An answer has all members that are dumped, none that is only loaded, no defaults, and may have more."""
    components = Components()
    components.schema(PetSchema(), "output")

    assert named(components, "Pet") == {
        "type": "object",
        "description": "A pet.\n\nOf the shop.",
        "properties": {
            "id": {"type": "integer"},
            "petName": {"type": "string"},
            "owner": {"$ref": f"{REF}Owner"},
        },
        "required": ["id", "petName", "owner"],
    }


def test_what_is_read_is_closed_and_has_defaults() -> None:
    """A body has the members that are loaded, with what stands for absent ones; unknown members are refused."""
    components = Components()
    components.schema(PetSchema(), "input")

    assert named(components, "PetInput") == {
        "type": "object",
        "description": "A pet.\n\nOf the shop.",
        "properties": {
            "petName": TEXT,
            "secret": {**TEXT, "default": "x"},
            "owner": {"$ref": f"{REF}OwnerInput"},
        },
        "required": ["petName"],
        "additionalProperties": False,
    }


def test_a_patch_asks_for_nothing_and_its_nested_objects_are_whole() -> None:
    """Nothing is required in a patch and nothing filled in; what is nested is whole, as strict schemas have it."""
    components = Components()
    components.schema(PetSchema(partial=True), "input")
    patch = named(components, "PetPatch")

    assert "required" not in patch
    assert patch["properties"]["secret"] == TEXT
    assert patch["properties"]["owner"] == {"$ref": f"{REF}OwnerInput"}
    assert named(components, "OwnerInput")["required"] == ["name"]


def test_members_that_may_be_absent_from_answers_say_so() -> None:
    """``metadata={"optional": True}`` takes a member out of ``required`` of answers."""
    schema = ma.Schema.from_dict({"a": f.String(metadata={"optional": True}), "b": f.String()})()

    assert Components().schema(schema, "output")["required"] == ["b"]


def test_a_role_that_is_the_same_has_no_component_of_its_own() -> None:
    """A patch of a schema without required members is its input; an open input that requires all is the output."""

    class Loose(ma.Schema):
        a = f.String()

    class Whole(ma.Schema):
        class Meta:
            unknown = ma.EXCLUDE

        a = f.Integer(required=True)
        inner = f.Nested(lambda: Whole(), required=True)

    components = Components()

    assert components.schema(Loose(partial=True), "input") == {"$ref": f"{REF}LooseInput"}
    assert components.schema(Whole(), "input") == {"$ref": f"{REF}Whole"}
    assert components.schema(Whole(partial=True), "input") == {"$ref": f"{REF}WholePatch"}


def test_roles_differ_where_what_is_nested_differs() -> None:
    """Two roles that look alike are two components when something nested in them differs."""

    class Inner(ma.Schema):
        a = f.String()

    class Outer(ma.Schema):
        class Meta:
            unknown = ma.EXCLUDE

        inner = f.Nested(Inner, required=True)

    components = Components()

    assert components.schema(Outer(), "input") == {"$ref": f"{REF}OuterInput"}


def test_names_do_not_depend_on_the_order_of_use() -> None:
    """The same schemas asked for in another order give the same components."""
    one, other = Components(), Components()
    one.schema(PetSchema(), "output")
    one.schema(PetSchema(partial=True), "input")
    other.schema(PetSchema(partial=True), "input")
    other.schema(OwnerSchema(), "output")
    other.schema(PetSchema(), "output")

    assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize(
    "schema",
    [
        PetSchema(only=("id", "name")),
        PetSchema(exclude=("id",)),
        PetSchema(only=("owner.name",)),
        PetSchema(exclude=("owner.phone",)),
        PetSchema(dump_only=("name",)),
        PetSchema(load_only=("name",)),
        ma.Schema.from_dict({"a": f.String()})(),
    ],
    ids=["only", "exclude", "only-nested", "exclude-nested", "dump-only", "load-only", "from-dict"],
)
def test_what_its_class_does_not_say_stands_without_a_name(schema: ma.Schema) -> None:
    """An instance that differs from its class, and a schema made from a dict, are written where they are used."""
    components = Components()

    assert components.schema(schema, "output")["type"] == "object"
    assert not {"Pet", "GeneratedSchema", "Generated"} & set(components.to_dict())


def test_a_narrowed_nested_schema_is_seen_narrow() -> None:
    """A dotted ``exclude`` reaches the nested object, also inside a list."""

    class Herd(ma.Schema):
        pets = f.List(f.Nested(PetSchema))

    described = Components().schema(Herd(exclude=("pets.owner", "pets.secret")), "output")

    assert list(described["properties"]["pets"]["items"]["properties"]) == ["id", "petName"]


def test_partial_names_are_not_required() -> None:
    """``partial=("name",)`` lets that one member be absent."""
    described = Components().schema(PetSchema(partial=("name",)), "input")

    assert "required" not in described
    assert described["properties"]["secret"]["default"] == "x"


def test_names_can_be_given() -> None:
    """``__component__`` names a class, an instance and an enumeration."""

    class Level(enum.Enum):
        __component__ = "Importance"
        LOW = 1

    class Other(ma.Schema):
        __component__ = "Another"
        level = f.Enum(Level, by_value=True)

    short = PetSchema(only=("id",))
    short.__component__ = "PetRef"  # type: ignore[attr-defined]
    components = Components()

    assert components.schema(Other(), "output") == {"$ref": f"{REF}Another"}
    assert components.schema(short, "output") == {"$ref": f"{REF}PetRef"}
    assert components.schema(short, "input") == {"$ref": f"{REF}PetRefInput"}
    assert named(components, "Importance") == {"type": "integer", "enum": [1]}


def test_a_suffix_is_not_said_twice() -> None:
    """A class that is called ``PetInputSchema`` is read as ``PetInput``."""

    class CatInputSchema(ma.Schema):
        a = f.String(required=True)

    assert Components().schema(CatInputSchema(), "input") == {"$ref": f"{REF}CatInput"}


def test_two_classes_of_one_name_are_a_conflict_that_names_both() -> None:
    """A clash of names is refused with both classes, their modules and lines."""

    def another() -> type[ma.Schema]:
        class PetSchema(ma.Schema):
            other = f.String()

        return PetSchema

    components = Components()
    components.schema(PetSchema(), "output")

    with pytest.raises(
        ComponentConflict, match=r"'Pet'.*\.PetSchema \(line \d+\) and .*<locals>\.PetSchema \(line \d+\)"
    ):
        components.schema(another()(), "output")


def test_schemas_that_contain_themselves_end() -> None:
    """A recursive schema is a component that refers to itself; without a name of its own it gets one."""

    class Node(ma.Schema):
        children = f.List(f.Nested(lambda: Node()))

    class Tree(ma.Schema):
        name = f.String()
        parent = f.Nested(lambda: Tree())
        branches = f.List(f.Nested(lambda: Tree(exclude=("parent",))))

    components = Components()
    components.schema(Node(), "output")
    described = components.schema(Tree(exclude=("parent",)), "output")

    assert named(components, "Node")["properties"]["children"]["items"] == {"$ref": f"{REF}Node"}
    assert described == {"$ref": f"{REF}TreeWithoutParent"}
    assert named(components, "TreeWithoutParent")["properties"]["branches"]["items"] == described


def test_unknown_members_follow_the_rules_of_strict_schemas() -> None:
    """The mark's word counts first and at every depth, then what is written, then the default."""

    class Written(ma.Schema):
        class Meta:
            unknown = ma.EXCLUDE

        owner = f.Nested(OwnerSchema)
        closed = f.Nested(OwnerSchema, unknown=ma.RAISE)

    def is_closed(schema: t.Any) -> bool:
        return schema.get("additionalProperties") is False

    components = Components()
    components.schema(Written(), "input")
    loose = Components(default_unknown=ma.EXCLUDE)
    loose.schema(Written(), "input")
    told = Components().schema(PetSchema(), "input", unknown=ma.EXCLUDE)

    assert not is_closed(named(components, "WrittenInput"))
    assert is_closed(named(components, "OwnerInput"))
    assert not is_closed(named(loose, "OwnerInput"))
    assert is_closed(named(loose, "WrittenInput")["properties"]["closed"])
    assert not is_closed(told)
    assert told["properties"]["owner"]["type"] == "object"
    assert not is_closed(told["properties"]["owner"])


def test_enumerations_are_shared_components() -> None:
    """An enumeration stands once, by its values under its name, by the names of its members with ``Name``."""

    class Colour(enum.Enum):
        """What it looks like."""

        RED = "r"

    schema = ma.Schema.from_dict(
        {"a": f.Enum(Colour, by_value=True), "b": f.Enum(Colour), "c": f.Enum(Colour, by_value=True, allow_none=True)}
    )()
    components = Components()
    described = components.schema(schema, "output")["properties"]

    assert described["a"] == {"$ref": f"{REF}Colour"}
    assert described["c"] == {"anyOf": [{"$ref": f"{REF}Colour"}, {"type": "null"}]}
    assert components.to_dict() == {
        "Colour": {"description": "What it looks like.", "type": "string", "enum": ["r"]},
        "ColourName": {"description": "What it looks like.", "type": "string", "enum": ["RED"]},
    }


def test_metadata_wins_and_unknown_words_stay_out() -> None:
    """The words of JSON Schema in the metadata are taken over, ``x_`` becomes ``x-``, all else stays out."""
    field = f.String(
        metadata={
            "description": "Words",
            "example": "a",
            "format": "slug",
            "x_order": 1,
            "label": "no",
            "contentMediaType": "text/html",
            "deprecated": True,
            "readOnly": True,
        }
    )

    assert Components().field(field, "input") == {
        "type": "string",
        "description": "Words",
        "examples": ["a"],
        "format": "slug",
        "pattern": TEXT["pattern"],
        "x-order": 1,
        "contentMediaType": "text/html",
        "deprecated": True,
    }


def test_schemas_in_metadata_are_described() -> None:
    """A schema or a field inside of the metadata becomes JSON Schema, at every depth."""
    field = f.Dict(metadata={"additionalProperties": OwnerSchema, "patternProperties": {"^x": f.Integer()}})
    components = Components()

    assert components.field(field, "output") == {
        "type": "object",
        "additionalProperties": {"$ref": f"{REF}Owner"},
        "patternProperties": {"^x": {"type": "integer"}},
    }


def test_fields_validators_and_schemas_may_tell_for_themselves() -> None:
    """A method ``__json_schema__`` of a field or schema gives the schema, that of a validator adds words."""

    class Even(v.Validator):
        def __call__(self, value: int) -> int:
            return value

        def __json_schema__(self, described: t.Any, role: str) -> t.Any:
            return {"multipleOf": 2}

    class Money(f.Field[t.Any]):
        def __json_schema__(self, described: t.Any, role: str) -> t.Any:
            return {**described, "type": "string", "x-role": role}

    class Envelope(ma.Schema):
        even = f.Integer(validate=Even())
        money = Money()

        def __json_schema__(self, described: t.Any, role: str) -> t.Any:
            return {"type": "object", "properties": {"data": described}}

    components = Components()
    components.schema(Envelope(), "output")
    inner = named(components, "Envelope")["properties"]["data"]["properties"]

    assert inner["even"] == {"type": "integer", "multipleOf": 2}
    assert inner["money"] == {"type": "string", "x-role": "output"}


def test_functions_say_what_they_return_by_annotation() -> None:
    """A ``Method`` or ``Function`` field is described by the annotation of what it calls; without one by nothing."""

    def count(obj: t.Any) -> int | None:
        return 1

    class Counted(ma.Schema):
        a = f.Function(count)
        b = f.Method("names")
        c = f.Function(lambda obj: 1)
        d = f.Method(deserialize="load_d")

        def names(self, obj: t.Any) -> list[str]:
            return []

        def load_d(self, value: t.Any) -> t.Any:
            return value

    components = Components()
    components.schema(Counted(), "output")

    assert named(components, "Counted")["properties"] == {
        "a": {"type": ["integer", "null"]},
        "b": {"type": "array", "items": {"type": "string"}},
        "c": {},
    }


def test_parameters_have_no_null_and_lists_of_one_text_are_arrays() -> None:
    """No text says null; a delimited list is an array where the style of a parameter says how it is written."""
    components = Components()
    ids = f.DelimitedList(f.Integer(), load_default=[1, 2])

    assert components.field(f.Integer(allow_none=True, load_default=None), "input", "query") == {"type": "integer"}
    assert components.field(f.String(allow_none=True), "input", "form") == TEXT
    assert components.field(ids, "input", "query") == {
        "type": "array",
        "items": {"type": "integer"},
        "default": [1, 2],
    }
    assert components.field(f.DelimitedList(f.Integer()), "input") == {"type": "string"}


def test_a_form_reads_texts_and_is_one_component_with_json_where_it_is_the_same() -> None:
    """Words of a Boolean differ between a form and JSON; a schema without such has one component."""

    class Answer(ma.Schema):
        sure = f.Boolean(truthy={"yes", 1}, falsy={"no", 0})

    components = Components()

    assert components.schema(OwnerSchema(), "input", location="form") == {"$ref": f"{REF}OwnerInput"}
    assert components.schema(Answer(), "input", location="form") == {"$ref": f"{REF}AnswerForm"}
    assert components.schema(Answer(), "input") == {"$ref": f"{REF}AnswerInput"}
    assert named(components, "AnswerForm")["properties"]["sure"] == {"type": "string", "enum": ["yes", "no"]}


def test_defaults_are_written_as_json() -> None:
    """A default stands as the field would write it; one that is made by a function of the user's is not shown."""

    def now() -> str:
        return "x"

    def default(field: ma.fields.Field[t.Any]) -> t.Any:
        return Components().field(field, "input").get("default", "none")

    import datetime as dt
    import uuid

    assert default(f.List(f.String(), load_default=list)) == []
    assert default(f.Date(load_default=dt.date(2026, 1, 2))) == "2026-01-02"
    assert default(f.UUID(load_default=uuid.UUID(int=1))) == "00000000-0000-0000-0000-000000000001"
    assert default(f.String(load_default=now)) == "none"
    assert default(f.String(load_default=None)) is None
    assert default(f.String(required=True)) == "none"
    assert default(f.Raw(load_default=object())) == "none"


def test_titles_come_from_meta_and_inherited_docstrings_do_not_count() -> None:
    """``Meta.title`` and ``Meta.description`` are taken; a docstring that is inherited says nothing of the class."""

    class Child(OwnerSchema):
        class Meta:
            title = "A child"

    class Told(OwnerSchema):
        """Not this."""

        class Meta:
            description = "This."

    components = Components()
    components.schema(Child(), "output")
    components.schema(Told(), "output")

    assert named(components, "Child")["title"] == "A child"
    assert "description" not in named(components, "Child")
    assert named(components, "Told")["description"] == "This."


def test_older_words_say_null_so_that_only_null_is_added() -> None:
    """In 3.0 a nullable reference takes null and what the reference takes, and no other object."""
    from openapi_schema_validator import OAS30Validator

    components = Components("3.0.3")
    described = components.field(f.Nested(OwnerSchema, allow_none=True), "input")
    whole = {**described, "components": {"schemas": components.to_dict()}}
    taken = [value for value in (None, {"name": "x"}, {}, {"name": 1}, 1) if OAS30Validator(whole).is_valid(value)]

    assert taken == [None, {"name": "x"}]


def test_what_is_said_of_a_nullable_member_stays_outside() -> None:
    """Description and default of a nullable reference stand beside ``anyOf``, in 3.0 beside ``allOf``."""
    metadata = {"description": "Whose."}
    nullable = f.Nested(OwnerSchema, allow_none=True, load_default=None, metadata=metadata)

    assert Components().field(nullable, "input") == {
        "anyOf": [{"$ref": f"{REF}OwnerInput"}, {"type": "null"}],
        "default": None,
        "description": "Whose.",
    }
    assert Components("3.0.3").field(f.Nested(OwnerSchema, metadata=metadata), "output") == {
        "allOf": [{"$ref": f"{REF}Owner"}],
        "description": "Whose.",
    }


def test_older_words_know_no_newer_ones() -> None:
    """In 3.0 there is no list of types, no ``const``, no number as an exclusive bound, and one example."""
    schema = ma.Schema.from_dict(
        {
            "a": f.Integer(
                allow_none=True, validate=v.Range(min=0, min_inclusive=False), metadata={"examples": [1, 2]}
            ),
            "b": f.Constant("x"),
            "c": f.Tuple((f.Integer(), f.String())),
            "d": f.Raw(),
        }
    )()

    assert Components("3.0.3").schema(schema, "input")["properties"] == {
        "a": {"type": "integer", "nullable": True, "minimum": 0, "exclusiveMinimum": True, "example": 1},
        "b": {"type": "string", "enum": ["x"]},
        "c": {
            "type": "array",
            "items": {"anyOf": [{"type": "integer"}, TEXT]},
            "minItems": 2,
            "maxItems": 2,
        },
        "d": {
            "anyOf": [
                {"type": "array", "items": {}},
                {"type": "boolean"},
                {"type": "number"},
                {"type": "object"},
                {"type": "string"},
            ]
        },
    }


def test_one_of_several_schemas_is_told_apart_by_a_discriminator() -> None:
    """A field that says which schemas it may hold is ``oneOf`` their components, by role, with their addresses."""

    class Ball(ma.Schema):
        kind = f.Constant("ball", required=True)
        size = f.Integer(dump_only=True)

    class Rope(ma.Schema):
        kind = f.Constant("rope", required=True)

    class Toy(f.Field[t.Any]):
        def __json_schema__(self, described: t.Any, role: str) -> t.Any:
            mapping = {"ball": Ball, "rope": Rope}
            return {"oneOf": [Ball, Rope], "discriminator": {"propertyName": "kind", "mapping": mapping}}

    components = Components()

    assert components.field(Toy(), "input") == {
        "oneOf": [{"$ref": f"{REF}BallInput"}, {"$ref": f"{REF}RopeInput"}],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"ball": f"{REF}BallInput", "rope": f"{REF}RopeInput"},
        },
    }
    assert components.field(Toy(), "output")["discriminator"]["mapping"]["ball"] == f"{REF}Ball"
    assert named(components, "BallInput")["properties"]["kind"] == {"type": "string", "const": "ball"}
    assert named(components, "BallInput")["required"] == ["kind"]

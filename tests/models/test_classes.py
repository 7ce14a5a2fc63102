"""What annotations of a class mean: defaults, unions, generic and recursive classes, inheritance, names."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import pickle
import subprocess
import sys
import typing as t

import annotated_types as at
import attrs
import marshmallow as ma
import msgspec
import pytest
import typing_extensions
from marshmallow import validate

from framework import App, Resource, arguments, fields, filters, response
from framework.models import (
    MISSING,
    Doc,
    Missing,
    data_key,
    dump_only,
    load_only,
    model,
    schema_of,
)

T = t.TypeVar("T")


def errors_of(cls: t.Any, data: object) -> t.Any:
    with pytest.raises(ma.ValidationError) as caught:
        schema_of(cls)().load(data)
    return caught.value.messages


@dataclasses.dataclass
class Cat:
    """A cat."""

    name: str
    kind: t.Literal["cat"] = "cat"


@dataclasses.dataclass
class Dog:
    name: str
    friends: list[Cat | Dog] = dataclasses.field(default_factory=list)
    kind: t.Literal["dog"] = "dog"


@dataclasses.dataclass
class Home:
    pet: Cat | Dog
    former: Cat | Dog | None = None


@dataclasses.dataclass
class Node:
    value: int
    next: Node | None = None
    children: list[Node] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Page(t.Generic[T]):
    """A page of a list."""

    items: list[T]
    total: int = 0


@dataclasses.dataclass
class CatPage(Page[Cat]):
    more: bool = False


class Pair(t.TypedDict, t.Generic[T]):
    left: T
    right: T


# Schemas


def test_the_schema_of_a_class_is_always_the_same():
    """``schema_of`` gives one schema class for each class, which can be subclassed."""
    made = schema_of(Cat)

    class Strict(schema_of(Cat)):  # type: ignore[misc]
        @ma.validates("name")
        def check(self, value: str, **kwargs: object) -> None:
            if value == "Rex":
                raise ma.ValidationError("A name of dogs.")

        @ma.post_load
        def upper(self, cat: Cat, **kwargs: object) -> Cat:
            return dataclasses.replace(cat, name=cat.name.upper())

    assert made is schema_of(Cat)
    assert issubclass(made, ma.Schema)
    assert Strict().load({"name": "Tom", "kind": "cat"}) == Cat("TOM")
    with pytest.raises(ma.ValidationError, match="A name of dogs"):
        Strict().load({"name": "Rex", "kind": "cat"})


def test_marks_take_classes_and_lists_of_them():
    """Marks take an annotated class, a list of one, and a union of some, where they take a schema."""
    app = App(__name__)

    @app.route("/cats")
    class Cats(Resource):
        @response(200, list[Cat])
        def get(self) -> list[Cat]:
            return [Cat("Tom")]

        @arguments(list[Cat])
        @response(201, Page[Cat])
        def post(self, cats: list[Cat]) -> Page[Cat]:
            return Page(cats, len(cats))

        @arguments(Cat | Dog)
        @response(200, Cat | Dog)
        def put(self, pet: Cat | Dog) -> Cat | Dog:
            return pet

    client = app.test_client()
    assert client.get("/cats").json == [{"name": "Tom", "kind": "cat"}]
    reply = client.post("/cats", json=[{"name": "Tom", "kind": "cat"}])
    assert (reply.status_code, reply.json) == (201, {"items": [{"name": "Tom", "kind": "cat"}], "total": 1})
    assert client.put("/cats", json={"kind": "dog", "name": "Rex"}).json["kind"] == "dog"
    assert client.put("/cats", json={"kind": "cow"}).status_code == 422
    assert {"Cat", "Dog", "PageCat"} <= {name.removesuffix("Input") for name in app.openapi["components"]["schemas"]}


def test_marks_of_lists_take_classes():
    """A filter's schema may be an annotated class, and values of the query come as its types."""
    app = App(__name__)

    @app.get("/nodes")
    @filters(Node, value="eq")
    @response(200, list[Node])
    def nodes() -> list[Node]:
        return [Node(7), Node(8)]

    assert [each["value"] for each in app.test_client().get("/nodes?value=7").json] == [7]
    assert app.test_client().get("/nodes?value=x").status_code == 422


def test_query_parameters_are_members_of_a_class():
    """The members of a class may be parameters of the query, with the defaults of the class."""
    app = App(__name__)

    @dataclasses.dataclass
    class Query:
        page: t.Annotated[int, at.Ge(1)] = 1
        tags: list[str] = dataclasses.field(default_factory=list)

    @app.get("/pets")
    @arguments(Query, location="query")
    def pets(query: Query) -> t.Any:
        return dataclasses.asdict(query)

    client = app.test_client()
    assert client.get("/pets").json == {"page": 1, "tags": []}
    assert client.get("/pets?page=2&tags=a&tags=b").json == {"page": 2, "tags": ["a", "b"]}
    assert client.get("/pets?page=0").status_code == 422


def test_fields_take_classes():
    """``fields.Nested`` and ``fields.OneOf`` take annotated classes in a schema written by hand."""

    class HomeSchema(ma.Schema):
        cat = fields.Nested(Cat)
        pet = fields.OneOf("kind", {"cat": Cat, "dog": Dog})
        page = fields.Nested(Page[Cat])

    loaded = HomeSchema().load(
        {"cat": {"name": "Tom", "kind": "cat"}, "pet": {"kind": "dog", "name": "Rex"}, "page": {"items": []}}
    )

    assert loaded == {"cat": Cat("Tom"), "pet": Dog("Rex"), "page": Page([])}


# Members


def test_a_default_makes_a_member_optional():
    """A member with a default may be absent, and then has it; one without is required."""

    @dataclasses.dataclass
    class Pet:
        name: str
        lives: int = 9
        tags: list[str] = dataclasses.field(default_factory=lambda: ["new"])

    assert schema_of(Pet)().load({"name": "Tom"}) == Pet("Tom", 9, ["new"])
    assert errors_of(Pet, {}) == {"name": ["Missing data for required field."]}
    assert schema_of(Pet)().load({"name": "Tom"}).tags is not schema_of(Pet)().load({"name": "Tom"}).tags


def test_none_is_allowed_where_the_annotation_says_so():
    """``X | None`` allows null, with a default and without one."""

    @dataclasses.dataclass
    class Pet:
        name: str | None
        born: t.Optional[dt.date] = None  # noqa: UP045  both spellings are meant

    assert schema_of(Pet)().load({"name": None}) == Pet(None)
    assert errors_of(Pet, {"born": None}) == {"name": ["Missing data for required field."]}
    assert errors_of(Cat, {"name": None, "kind": "cat"}) == {"name": ["Field may not be null."]}


def test_a_union_of_classes_is_distinguished_by_a_literal():
    """The member that is a Literal in all classes chooses the class, and is required though it has a default."""
    loaded = schema_of(Home)().load({"pet": {"kind": "dog", "name": "Rex", "friends": [{"kind": "cat", "name": "T"}]}})

    assert loaded == Home(Dog("Rex", [Cat("T")]))
    assert schema_of(Home)().dump(loaded)["pet"]["friends"] == [{"name": "T", "kind": "cat"}]
    assert errors_of(Home, {"pet": {"name": "Rex"}}) == {"pet": {"kind": ["Missing data for required field."]}}
    assert errors_of(Cat, {"name": "Tom"}) == {"kind": ["Missing data for required field."]}


def test_classes_may_hold_themselves():
    """A class may refer to itself, in a list and alone."""
    data = {"value": 1, "next": {"value": 2, "next": None, "children": []}, "children": [{"value": 3}]}

    loaded = schema_of(Node)().load(data)

    assert loaded == Node(1, Node(2), [Node(3)])
    assert schema_of(Node)().dump(loaded)["next"]["value"] == 2


def test_generic_classes_are_schemas_with_their_arguments():
    """``Page[Cat]`` has its own schema, also as a base class and as a generic ``TypedDict``."""
    data = {"items": [{"name": "Tom", "kind": "cat"}], "total": 1}

    assert schema_of(Page[Cat]) is schema_of(Page[Cat])
    assert schema_of(Page[Cat]) is not schema_of(Page[int])
    assert schema_of(Page[Cat])().load(data) == Page([Cat("Tom")], 1)
    assert schema_of(CatPage)().load(data) == CatPage([Cat("Tom")], 1)
    assert schema_of(Page[int])().load({"items": [1]}) == Page([1])
    assert schema_of(Pair[int])().load({"left": 1, "right": 2}) == {"left": 1, "right": 2}
    assert schema_of(Page[Page[int]])().load({"items": [{"items": [1]}]}) == Page([Page([1])])


def test_local_classes_are_found_where_the_mark_is():
    """The annotations of a class in a function may name other classes of that function."""

    @dataclasses.dataclass
    class Inner:
        number: int

    @dataclasses.dataclass
    class Outer:
        inner: Inner
        outer: Outer | None = None

    assert schema_of(Outer)().load({"inner": {"number": 1}}) == Outer(Inner(1))


def test_inherited_members_come_first():
    """A class has the members of its bases, in the order of its constructor."""

    @dataclasses.dataclass
    class Kitten(Cat):
        age: int = 0

    @dataclasses.dataclass(kw_only=True)
    class Named:
        name: str

    @dataclasses.dataclass
    class Aged(Named):
        age: int

    class Base(msgspec.Struct, kw_only=True):
        id: int = 0

    class Derived(Base):
        name: str

    assert list(schema_of(Kitten)().fields) == ["name", "kind", "age"]
    assert schema_of(Aged)().load({"name": "T", "age": 1}) == Aged(1, name="T")
    assert schema_of(Derived)().load({"name": "T", "id": 2}) == Derived("T", id=2)


def test_members_may_be_of_one_side():
    """``load_only`` members are never dumped, ``dump_only`` ones never loaded; ``InitVar`` is of the first kind."""

    @dataclasses.dataclass
    class User:
        name: str
        password: t.Annotated[str, load_only]
        id: t.Annotated[int, dump_only] = 0
        salt: dataclasses.InitVar[str] = ""
        slug: str = dataclasses.field(init=False)

        def __post_init__(self, salt: str) -> None:
            self.slug = self.name.lower() + salt

    loaded = schema_of(User)().load({"name": "Al", "password": "x", "salt": "1"})

    assert loaded.slug == "al1"
    assert schema_of(User)().dump(loaded) == {"name": "Al", "id": 0, "slug": "al1"}
    assert errors_of(User, {"name": "A", "password": "", "id": 1, "slug": "x"}) == {
        "id": ["Unknown field."],
        "slug": ["Unknown field."],
    }


def test_members_have_other_names_in_json():
    """``data_key`` renames one member, ``rename`` all of a class, and a Struct's own names count."""

    @model(rename="camel", name="Animal")
    @dataclasses.dataclass
    class Pet:
        born_at: int
        from_: t.Annotated[str, data_key("from")] = ""

    class Row(msgspec.Struct, rename="camel"):
        born_at: int

    assert schema_of(Pet)().dump(Pet(1, "x")) == {"bornAt": 1, "from": "x"}
    assert schema_of(Pet)().load({"bornAt": 1}) == Pet(1)
    assert vars(schema_of(Pet))["__component__"] == "Animal"
    assert schema_of(Row)().load({"bornAt": 1}) == Row(1)


def test_an_attrs_class_keeps_its_aliases_and_its_rules():
    """attrs' names of arguments, factories, converters and validators hold; a ValueError is a refusal that tells
    nothing of the code."""

    @attrs.define
    class Pet:
        name: str = attrs.field(converter=str.title)
        _code: int = 5
        lives: int = attrs.field(default=9, validator=attrs.validators.ge(1))
        tags: list[str] = attrs.field(factory=list)
        slug: str = attrs.Factory(lambda self: self.name + "!", takes_self=True)

    made = schema_of(Pet)().load({"name": "tom", "_code": 7})

    assert made == Pet("Tom", 7)
    assert made.slug == "Tom!"
    assert errors_of(Pet, {"name": "x", "lives": 0}) == {"_schema": ["Invalid value."]}


@dataclasses.dataclass
class Span:
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ma.ValidationError("Before the start.", "end")
        if self.end > 100:
            raise ValueError("secret")


@pytest.mark.parametrize("fast", [True, False, "compare"])
def test_a_class_may_refuse_values_together(fast: bool | str):
    """A ``ValidationError`` of ``__post_init__`` reaches the client, of many instances by index, and a ``ValueError``
    without its text."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast

    @app.post("/spans")
    @arguments(Span)
    def add(span: Span) -> t.Any:
        return {"length": span.end - span.start}

    @app.post("/many")
    @arguments(list[Span])
    def add_all(spans: list[Span]) -> t.Any:
        return [span.end - span.start for span in spans]

    @app.post("/pages")
    @arguments(Page[Span])
    def add_page(page: Page[Span]) -> t.Any:
        return len(page.items)

    client = app.test_client()

    def refused(path: str, data: t.Any) -> t.Any:
        reply = client.post(path, json=data)
        assert reply.status_code == 422
        assert "secret" not in reply.text
        return reply.json["errors"]["json"]

    assert client.post("/spans", json={"start": 1, "end": 3}).json == {"length": 2}
    assert refused("/spans", {"start": 3, "end": 1}) == {"end": ["Before the start."]}
    assert refused("/spans", {"start": 3, "end": 101}) == {"_schema": ["Invalid value."]}
    assert client.post("/many", json=[{"start": 1, "end": 2}]).json == [1]
    assert refused("/many", [{"start": 1, "end": 2}, {"start": 3, "end": 1}]) == {"1": {"end": ["Before the start."]}}
    assert refused("/pages", {"items": [{"start": 3, "end": 1}]}) == {"items": {"0": {"end": ["Before the start."]}}}


def test_words_of_annotated_types_are_validators():
    """Bounds, lengths, multiples and predicates are checked, and described where JSON Schema has words for them."""

    @dataclasses.dataclass
    class Numbers:
        low: t.Annotated[int, at.Gt(0)] = 1
        between: t.Annotated[int, at.Interval(ge=1, lt=5)] = 1
        even: t.Annotated[int, at.MultipleOf(2)] = 2
        word: t.Annotated[str, at.MinLen(1), at.MaxLen(3)] = "a"
        lower: at.LowerCase[str] = "a"
        odd: t.Annotated[int, at.Predicate(at.Not(lambda value: value % 2 == 0))] = 1
        naive: t.Annotated[dt.datetime | None, at.Timezone(None)] = None

    assert errors_of(
        Numbers,
        {"low": 0, "between": 5, "even": 3, "word": "", "lower": "A", "odd": 2, "naive": "2020-01-01T00:00:00Z"},
    ) == {
        "low": ["Must be greater than 0."],
        "between": ["Must be greater than or equal to 1 and less than 5."],
        "even": ["Must be a multiple of 2."],
        "word": ["Length must be between 1 and 3."],
        "lower": ["Invalid value."],
        "odd": ["Invalid value."],
        "naive": ["Not a valid naive datetime."],
    }
    app = App("shop")
    app.post("/n")(arguments(Numbers)(lambda numbers: None))
    described = app.openapi["components"]["schemas"]["NumbersInput"]["properties"]
    assert described["even"]["multipleOf"] == 2
    assert (described["low"]["exclusiveMinimum"], described["word"]["maxLength"]) == (0, 3)


def test_texts_of_members_are_in_the_document():
    """``Doc`` describes a member, ``msgspec.Meta`` too; the docstring describes the component."""

    class Pet(msgspec.Struct):
        """A pet."""

        name: t.Annotated[str, msgspec.Meta(description="Its name.", pattern="^[a-z]+$")]
        age: t.Annotated[int, Doc("In years.", examples=[3], deprecated=True)] = 0

    app = App("shop")
    app.post("/n")(arguments(Pet)(lambda pet: None))
    described = app.openapi["components"]["schemas"]["PetInput"]

    assert described["description"] == "A pet."
    assert described["properties"]["name"]["description"] == "Its name."
    assert described["properties"]["age"] == {
        "type": "integer",
        "description": "In years.",
        "examples": [3],
        "deprecated": True,
        "default": 0,
    }


def test_the_docstring_that_a_library_makes_is_not_published():
    """A dataclass or a named tuple without a docstring has no description in the document."""

    class Point(t.NamedTuple):
        x: int

    assert schema_of(Point).__doc__ is None
    assert schema_of(Node).__doc__ is None


def test_sets_and_tuples_are_arrays():
    """Sets, frozen sets and tuples of any length are arrays in JSON; a set is dumped in order."""

    @dataclasses.dataclass
    class Bag:
        words: set[str]
        fixed: frozenset[int] = frozenset()
        many: tuple[int, ...] = ()
        pair: tuple[int, str] = (0, "")
        rows: t.Sequence[t.Mapping[str, int]] = ()

    made = schema_of(Bag)().load({"words": ["b", "a", "b"], "fixed": [1], "many": [1, 2], "rows": [{"a": 1}]})

    assert made == Bag({"a", "b"}, frozenset({1}), (1, 2), (0, ""), [{"a": 1}])
    assert schema_of(Bag)().dump(made)["words"] == ["a", "b"]


def test_aliases_and_new_types_are_followed():
    """``NewType`` and aliases of types are what they stand for, as a member and as what a mark takes."""
    name = t.NewType("name", str)
    names = typing_extensions.TypeAliasType("names", list[name])  # type: ignore[valid-type]
    cats = typing_extensions.TypeAliasType("cats", list[Cat])

    @dataclasses.dataclass
    class Team:
        names: names  # type: ignore[valid-type]

    assert schema_of(Team)().load({"names": ["a"]}) == Team(["a"])
    assert errors_of(Team, {"names": [1]}) == {"names": {0: ["Not a valid string."]}}
    assert response(200, cats).outcome.schema.many  # type: ignore[arg-type,union-attr]


def test_enums_and_literals():
    """Members of an enumeration are its values in JSON; literals are choices, also several unions of them."""

    class Color(enum.Enum):
        RED = "r"

    @dataclasses.dataclass
    class Pen:
        color: Color = Color.RED
        size: t.Literal[1, 2] | t.Literal[3] = 1
        on: t.Literal[True] = True
        note: t.Literal["a", None] = None

    assert schema_of(Pen)().load({"color": "r", "size": 3, "note": None}) == Pen(size=3)
    assert schema_of(Pen)().dump(Pen())["color"] == "r"
    assert errors_of(Pen, {"size": 4})["size"] == ["Must be one of: 1, 2, 3."]


def test_keys_of_typed_dicts_may_be_absent():
    """``NotRequired`` and ``total=False`` let a key be absent; ``Required`` demands it. Nothing is filled in."""

    class Base(t.TypedDict, total=False):
        name: t.Required[str]
        born: dt.date | None

    class Pet(Base):
        age: int
        kind: t.NotRequired[str]

    made = schema_of(Pet)()

    assert made.load({"name": "T", "age": 1}) == {"name": "T", "age": 1}
    assert made.dump({"name": "T", "age": 1}) == {"name": "T", "age": 1}
    assert errors_of(Pet, {}) == {
        "name": ["Missing data for required field."],
        "age": ["Missing data for required field."],
    }


def test_missing_is_told_apart_from_null():
    """A member that may be missing is ``MISSING`` where it was not sent, is not dumped, and survives a pickle."""

    @dataclasses.dataclass
    class Change:
        name: str | Missing = MISSING
        born: dt.date | Missing | None = MISSING

    assert schema_of(Change)().load({}) == Change()
    assert schema_of(Change)().load({"born": None}) == Change(born=None)
    assert errors_of(Change, {"name": None}) == {"name": ["Field may not be null."]}
    assert schema_of(Change)().dump(Change(born=None)) == {"born": None}
    assert not MISSING
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING
    app = App("shop")
    app.post("/n")(arguments(Change)(response(200, Change)(lambda change: change)))
    assert app.test_client().post("/n", json={"born": None}).json == {"born": None}
    assert "required" not in app.openapi["components"]["schemas"]["Change"]


def test_fields_in_annotations_are_copied():
    """One field in an alias of an annotation can be used by several members; what the class says is added to it."""
    money = t.Annotated[decimal.Decimal, fields.Decimal(places=2, validate=validate.Range(min=0))]

    @dataclasses.dataclass
    class Price:
        net: money  # type: ignore[valid-type]
        gross: t.Annotated[money, validate.Range(max=5)] | None = None

    made = schema_of(Price)()

    assert made.fields["net"].required
    assert not made.fields["gross"].required
    assert len(made.fields["net"].validators) == 1
    assert len(made.fields["gross"].validators) == 2


def test_slots_and_frozen_classes_are_taken():
    """Frozen classes, and those with slots, are made like any other."""

    @model(rename="camel")
    @dataclasses.dataclass(frozen=True, slots=True)
    class Point:
        x_at: int = 0

    assert schema_of(Point)().load({"xAt": 1}) == Point(1)


def test_unknown_names_are_treated_as_the_class_says():
    """``unknown`` of ``model`` is the policy for unknown names; an instance has no place for what is included."""

    @model(unknown=ma.INCLUDE)
    @dataclasses.dataclass
    class Loose:
        x: int

    assert schema_of(Loose)().load({"x": 1, "y": 2}) == Loose(1)
    assert errors_of(Node, {"value": 1, "y": 2}) == {"y": ["Unknown field."]}


def test_partial_loads_give_mappings():
    """A load that may lack members gives a mapping of what was sent: an instance cannot be made of it."""
    assert schema_of(Node)(partial=True).load({"value": 1}) == {"value": 1}


def test_applications_without_annotated_classes_do_not_load_them():
    """The package is loaded when a class is given, not before; attrs is never imported."""
    code = (
        "import sys\n"
        "from framework import App, Schema, arguments, fields, response\n"
        "class PetSchema(Schema):\n"
        "    name = fields.String()\n"
        "    pet = fields.Nested(lambda: PetSchema(), metadata={'optional': True})\n"
        "app = App('shop')\n"
        "app.post('/pets')(arguments(PetSchema)(response(201, PetSchema)(lambda pet: pet)))\n"
        "assert app.test_client().post('/pets', json={'name': 'T'}).status_code == 201\n"
        "print([name for name in sys.modules if name.startswith('framework.models')])\n"
        "import dataclasses\n"
        "Pet = dataclasses.make_dataclass('Pet', [('name', str)])\n"
        "arguments(Pet)\n"
        "print('framework.models' in sys.modules, 'attr' in sys.modules, 'annotated_types' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[:2] == ["[]", "True False False"]

"""What cannot be expressed is an error where the schema is made: with class, member, file and line, and the remedy."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import typing as t

import annotated_types as at
import marshmallow as ma
import msgspec
import pytest
from marshmallow import validate

from framework import App, Resource, arguments, fields, response
from framework.errors import SetupError
from framework.models import MISSING, Missing, Partial, data_key, load_only, model, schema_of

if t.TYPE_CHECKING:
    pass

T = t.TypeVar("T")


def made(annotation: t.Any, **options: t.Any) -> type:
    """A class of one member."""
    member = ("it", annotation, dataclasses.field(**options)) if options else ("it", annotation)
    return dataclasses.make_dataclass("Pet", [member], namespace={"__module__": __name__})


@dataclasses.dataclass
class Cat:
    kind: t.Literal["cat"]


@dataclasses.dataclass
class Tom:
    kind: t.Literal["cat"]


@dataclasses.dataclass
class Plain:
    name: str


@dataclasses.dataclass
class Other:
    kind: t.Annotated[t.Literal["other"], data_key("type")]


@dataclasses.dataclass
class Page(t.Generic[T]):
    items: list[T]


@pytest.mark.parametrize(
    ("annotation", "said", "remedy"),
    [
        (bytes, "JSON has no bytes", "Annotated[bytes, Base64()]"),
        (complex, "JSON has no complex numbers", "two members"),
        (t.Callable[[], int], "Callable[[], int] has no form in JSON", "Annotated["),
        (type[int], "type[int] has no form in JSON", "Annotated["),
        (App, "App has no form in JSON", "Annotated[App, fields.String()]"),
        (int | str, "int | str is a union of kinds that JSON does not tell apart", "fields.Raw()"),
        (int | Cat, "int | Cat is a union of kinds", "Literal"),
        (
            Cat | Plain,
            "the classes of Cat | Plain have no Literal member of one text in common",
            'kind: Literal["cat"]',
        ),
        (Cat | Tom, "Cat and Tom have the same kind: 'cat'", "another value"),
        (Cat | Other, "the member kind of Cat | Other has several names in JSON: kind, type", "Give it one"),
        (t.Literal["a", 1], "a Literal holds texts, or integers, or booleans", "Enum"),
        (t.Literal[b"a"], "a Literal holds texts", "Enum"),
        (set[dict[str, int]], "a set cannot hold dict[str, int]", "Take a list"),
        (set[Plain], "a set cannot hold Plain", "Take a list"),
        (list[str | Missing], "what is in a collection cannot be Missing", "Leave it out"),
        (list[t.Annotated[str, load_only]], "are of whole members", "around the whole type"),
        (t.Annotated[str, validate.Length], "Length is a class", "Call it: Length(...)"),
        (t.Annotated[str, fields.String(), fields.Email()], "it has two fields", "Leave one"),
        (t.Annotated[str, fields.Nested], "fields.Nested needs arguments", "Give an instance"),
        (t.Annotated[dict, ma.Schema.from_dict({})], "is a schema", "fields.Nested"),
        (ma.Schema, "Schema is a schema", "fields.Nested(Schema)"),
        (fields.String, "String is not a type of values", "Annotated[str, String()]"),
        (Page, "Page.items", "the type parameter T has no value"),
        (None, "it can only be null", "another type"),
        (str | msgspec.UnsetType, "is a union of kinds", ""),
        (msgspec.UnsetType, "write 'Missing' and 'MISSING'", "framework.models"),
        (str | Missing, "it may be missing, and has no default", "= MISSING"),
        (t.Annotated[dt.datetime, at.Timezone("Europe/Paris")], "asks for one time zone", "validator"),
        ("Nowhere", "the annotation names 'Nowhere', which is not defined here", "above the first use"),
        ("list[Decimal]", "names 'Decimal'", "outside of 'if TYPE_CHECKING'"),
        ("str ||", "an annotation is not a type", "Write each as a type"),
    ],
)
def test_what_no_field_is_known_for_is_refused(annotation: t.Any, said: str, remedy: str):
    """An annotation without a field names the class and the member, and what to write instead."""
    with pytest.raises(SetupError) as caught:
        schema_of(made(annotation))

    message = str(caught.value)
    assert message.startswith(("Pet", "Page"))
    assert said in message
    assert remedy in message


def test_messages_have_file_and_line():
    """A message says where the member is written."""

    @dataclasses.dataclass
    class Pet:
        name: str
        picture: bytes

    with pytest.raises(SetupError, match=r"^Pet\.picture \(test_faults\.py:\d+\): JSON has no bytes\."):
        arguments(Pet)


def test_faults_of_inner_classes_are_those_of_the_inner_class():
    """A class that cannot be expressed is named, not the one that holds it; and nothing of either is kept."""
    inner = made(bytes)
    outer = dataclasses.make_dataclass("Outer", [("pets", list[inner])])  # type: ignore[valid-type]
    for _ in range(2):
        with pytest.raises(SetupError, match=r"^Pet\.it.*: JSON has no bytes"):
            schema_of(outer)


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (lambda: made(str, default=None), "its default is None, and str is not None"),
        (lambda: made(str, default=MISSING), "its default is MISSING. Write '| Missing' behind the type"),
        (lambda: msgspec.defstruct("Pet", [("it", str)], tag="cat"), "it has the tag 'cat', which is not a member"),
        (lambda: collections.namedtuple("Pet", ["it"]), "it has no annotation"),
        (lambda: Page[int, str], "Too many"),
        (
            lambda: dataclasses.make_dataclass("Pet", [("a", t.Annotated[str, data_key("b")]), ("b", str)]),
            "it is called 'b' in JSON, like 'a'",
        ),
    ],
)
def test_classes_that_contradict_themselves_are_refused(cls: t.Callable[[], t.Any], said: str):
    """Defaults, tags and names that cannot be meant are errors."""
    with pytest.raises((SetupError, TypeError), match=said.replace("|", r"\|")):
        schema_of(cls())


@pytest.mark.parametrize("given", [int, list[int], dict, str | None, Partial[int], App, object(), "Pet"])
def test_what_is_not_an_annotated_class_is_refused(given: t.Any):
    """A mark that gets neither a schema nor an annotated class names both."""
    with pytest.raises(SetupError, match=r"(dataclass, a TypedDict|is not a schema)"):
        response(200, given)


@pytest.mark.parametrize("given", [Cat | None, Cat | Other | None])
def test_whole_values_are_not_null(given: t.Any):
    """A body or an answer that may be null is refused, with what to write instead."""
    with pytest.raises(SetupError, match=r"Cat.* is not a schema: a body or an answer as a whole is not null"):
        response(200, given)


def test_rename_is_checked():
    """``rename`` is a known word, a function or a mapping."""
    with pytest.raises(SetupError, match="rename='kebab'"):
        model(rename="kebab")  # type: ignore[arg-type]


def test_a_class_that_no_request_can_make_is_no_input():
    """A class whose constructor needs a member that clients never send is refused as an input, not as an answer."""
    from framework.models import dump_only

    @dataclasses.dataclass
    class Pet:
        name: str
        id: t.Annotated[int, dump_only]

    response(200, Pet)
    arguments(Partial[Pet])
    arguments(schema_of(Pet)(partial=True))
    with pytest.raises(SetupError, match=r"^Pet\.id \(test_faults\.py:\d+\): a Pet cannot be made of a request"):
        arguments(Pet)
    with pytest.raises(SetupError, match=r"^Plain\.name"):
        arguments(schema_of(Plain)(exclude=["name"]))


def test_two_classes_of_one_name_are_a_conflict_of_the_document():
    """Two classes that want one component are an error that names both, and where they are."""

    def local() -> type:
        @dataclasses.dataclass
        class Cat:
            name: str

        return Cat

    app = App("shop")

    @app.route("/cats")
    class Cats(Resource):
        @response(200, Cat)
        @response(201, local())
        def post(self) -> t.Any:
            return Cat("cat")

    with pytest.raises(SetupError, match=r"Cat \(.*test_faults\.py:\d+\) both have the name 'Cat' in the document"):
        app.openapi

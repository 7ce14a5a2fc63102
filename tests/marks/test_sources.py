"""``response(..., source=PetRow)``: a foreign class is compared with the schema when the application freezes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import typing as t

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from framework import App, Resource, Schema, fields, response
from framework.errors import SetupError


class Owner(Schema):
    """Who has a pet."""

    name = fields.String()


class Pet(Schema):
    """A pet."""

    id = fields.Integer(attribute="number")
    name = fields.String()
    owner = fields.Nested(Owner)
    street = fields.String(attribute="owner.street")
    age = fields.Integer(dump_default=0)
    secret = fields.String(load_only=True)
    size = fields.Method("get_size")

    def get_size(self, pet: object) -> int:
        """Compute a member that no attribute has."""
        return 1


class Base(DeclarativeBase):
    """The mapped classes of these tests."""


class MappedRow(Base):
    """A class of SQLAlchemy."""

    __tablename__ = "pets"

    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner = None


class Plain:
    """A class whose attributes are set by its methods."""

    def __init__(self) -> None:
        self.number, self.name = 1, "Rex"
        self.adopt()

    def adopt(self) -> None:
        """Set one more."""
        self.owner = None


class Slotted:
    """A class with slots."""

    __slots__ = ("name", "number", "owner")


class Row(t.NamedTuple):
    """A named tuple."""

    number: int
    name: str
    owner: object


class Mapping(t.TypedDict):
    """A mapping with known keys."""

    number: int
    name: str
    owner: object


@dataclasses.dataclass
class Data:
    """A dataclass; its fields without a default are annotations alone."""

    number: int
    name: str
    owner: object = None


class Child(Data):
    """Inherits all."""


class Dynamic:
    """Answers for any attribute."""

    def __getattr__(self, name: str) -> str:
        return name


def make_app(source: t.Any, schema: t.Any = Pet) -> App:
    """An application whose one operation answers with objects of a class."""
    app = App("sources")

    @app.route("/pets")
    class Pets(Resource):
        @response(200, schema, source=source)
        def get(self) -> object:
            return source

    return app


@pytest.mark.parametrize("source", [MappedRow, Plain, Slotted, Row, Mapping, Data, Child, Dynamic, dict])
@pytest.mark.parametrize("many", [False, True])
def test_a_source_with_all_attributes_is_taken(source, many):
    """Wherever the attributes are defined, the class fits; what has any attribute, or a default, does too."""
    make_app(source, Pet(many=many)).freeze()


@pytest.mark.parametrize("missing", ["number", "name", "owner"])
@pytest.mark.parametrize("kind", ["dataclass", "typeddict", "namedtuple"])
def test_a_missing_attribute_is_refused_at_freeze(missing, kind):
    """The message names the operation, the class with its place, the attribute and the remedy."""
    members = [(name, t.Any) for name in ("number", "name", "owner") if name != missing]
    source: t.Any = {
        "dataclass": lambda: dataclasses.make_dataclass("Short", members),
        "typeddict": lambda: t.TypedDict("Short", dict(members)),
        "namedtuple": lambda: t.NamedTuple("Short", members),
    }[kind]()

    with pytest.raises(SetupError) as caught:
        make_app(source).freeze()

    message = str(caught.value)
    assert message.startswith("response(200) on make_app.<locals>.Pets.get (GET /pets): Short (")
    assert f"has no {missing!r}, which Pet sends" in message
    assert ("as the attribute of 'id'" in message) == (missing == "number")
    assert "Add it to the class, name another one with attribute=..., or leave the field out." in message


def test_a_missing_attribute_is_found_by_file_and_line():
    """A class with a source is named with its file and line."""

    class Empty:
        """Has nothing."""

    with pytest.raises(SetupError, match=r"Empty \(.*test_sources\.py:\d+\) has no 'number'"):
        make_app(Empty).freeze()


def test_a_schema_that_takes_values_by_itself_is_not_compared():
    """What overrides ``get_attribute`` knows where the values are."""

    class Own(Pet):
        def get_attribute(self, obj: object, attr: str, default: object) -> object:
            return attr

    make_app(type, Own).freeze()


@pytest.mark.parametrize("source", [1, "PetRow"])
def test_a_source_is_a_class(source):
    """Anything but a class is refused at freeze."""
    with pytest.raises(SetupError, match="which is not a class"):
        make_app(source).freeze()


def test_a_source_needs_a_schema():
    """Without a schema there is nothing to compare with."""
    with pytest.raises(SetupError, match="and no schema"):
        response(200, source=Plain)


def test_an_application_without_sources_does_not_load_them():
    """The comparison, and the types of marks that only type checkers read, are not imported."""
    code = (
        "import sys, framework\n"
        "app = framework.App('lean')\n"
        "app.route('/')(framework.response(200, {'a': framework.fields.String()})(lambda: {'a': 'b'}))\n"
        "app.freeze()\n"
        "print(sorted(name for name in sys.modules if name.startswith('framework.marks.')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert ran.returncode == 0, ran.stderr
    assert "framework.marks.responses" in ran.stdout
    assert "framework.marks.sources" not in ran.stdout
    assert "framework.marks.answers" not in ran.stdout

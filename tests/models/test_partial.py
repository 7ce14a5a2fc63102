"""``Partial``: what was sent of a class, told apart from null, and put into an instance."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

import attrs
import marshmallow as ma
import msgspec
import pytest

from framework import App, Resource, apply_merge, arguments, json_patch, merge_patch, response
from framework.errors import SetupError
from framework.models import Partial


@dataclasses.dataclass(frozen=True)
class Owner:
    name: str
    email: str | None = None


@dataclasses.dataclass(frozen=True)
class Pet:
    """A pet."""

    name: str
    owner: Owner
    born: dt.date | None = None
    lives: int = 9


@attrs.frozen
class AttrsPet:
    name: str
    _code: int = 0


class StructPet(msgspec.Struct):
    name: str
    code: int = 0


class TuplePet(t.NamedTuple):
    name: str
    code: int = 0


class DictPet(t.TypedDict):
    name: str
    code: int


def make(**config: t.Any) -> App:
    app = App(__name__)
    app.config.update(config)

    @app.route("/pet")
    class OnePet(Resource):
        @arguments(Partial[Pet])
        def patch(self, changes: Partial[Pet]) -> t.Any:
            pet = changes.apply(Pet("Tom", Owner("Al", "a@b.de"), dt.date(2020, 1, 1)))
            return {
                "changes": sorted(changes.changes),
                "born": changes.was_sent("born"),
                "pet": dataclasses.asdict(pet),
                "type": type(changes).__name__,
            }

    return app


@pytest.mark.parametrize("fast", [True, False])
def test_a_partial_tells_absent_from_null(fast: bool):
    """What was not sent stays, null is a value where it is allowed, and a nested object is replaced as a whole."""
    client = make(FAST_PATH=fast).test_client()
    whole = {"name": "Tom", "owner": {"name": "Al", "email": "a@b.de"}, "born": "2020-01-01", "lives": 9}

    reply = client.patch("/pet", json={"born": None})
    assert reply.json == {"changes": ["born"], "born": True, "pet": {**whole, "born": None}, "type": "Partial"}
    reply = client.patch("/pet", json={"name": "Rex", "owner": {"name": "Bo"}})
    assert reply.json["pet"] == {**whole, "name": "Rex", "owner": {"name": "Bo", "email": None}}
    assert not reply.json["born"]
    assert client.patch("/pet", json={}).json["pet"] == whole
    for data, wrong in (({"name": None}, "name"), ({"owner": {}}, "owner"), ({"color": "red"}, "color")):
        reply = client.patch("/pet", json=data)
        assert (reply.status_code, list(reply.json["errors"]["json"])) == (422, [wrong])


def test_a_partial_is_described_as_a_patch():
    """The component has the members of the class, and requires none."""
    schemas = make().openapi["components"]["schemas"]

    assert "required" not in schemas["PetPatch"]
    assert set(schemas["PetPatch"]["properties"]) == {"name", "owner", "born", "lives"}


@pytest.mark.parametrize(
    ("model", "pet", "sent", "wanted"),
    [
        (AttrsPet, AttrsPet("Tom", 1), {"_code": 2}, AttrsPet("Tom", 2)),
        (StructPet, StructPet("Tom", 1), {"code": 2}, StructPet("Tom", 2)),
        (TuplePet, TuplePet("Tom", 1), {"code": 2}, TuplePet("Tom", 2)),
        (DictPet, {"name": "Tom", "code": 1}, {"code": 2}, {"name": "Tom", "code": 2}),
    ],
)
def test_every_kind_of_class_can_be_partial(model: t.Any, pet: t.Any, sent: dict[str, t.Any], wanted: t.Any):
    """``apply`` gives a changed copy of an instance of each kind, and leaves the instance as it was."""
    changes = Partial(sent, model)

    assert changes.apply(pet) == wanted
    assert pet != wanted
    assert changes == Partial(dict(sent), model)
    assert repr(changes).startswith(f"Partial[{model.__name__}]")


def test_changes_cannot_be_changed():
    """``changes`` is a read-only mapping."""
    with pytest.raises(TypeError):
        Partial({}, Pet).changes["name"] = "x"  # type: ignore[index]


def test_names_are_checked():
    """A name that the class does not have is an error, not a member that was not sent."""
    with pytest.raises(AttributeError, match=r"Pet has no member 'nmae'\. Known members: name, owner, born, lives\."):
        Partial({}, Pet).was_sent("nmae")


def test_foreign_objects_are_not_guessed():
    """An object of another kind gets its attributes from ``changes``; ``apply`` says so."""
    with pytest.raises(TypeError, match="Cannot apply changes of Pet to object"):
        Partial({}, Pet).apply(object())  # type: ignore[arg-type]


def test_rules_of_the_class_hold_for_the_whole():
    """``__post_init__`` looks at the changed instance as a whole."""

    @dataclasses.dataclass
    class Span:
        start: int
        end: int

        def __post_init__(self) -> None:
            if self.end < self.start:
                raise ma.ValidationError("Before the start.", "end")

    with pytest.raises(ma.ValidationError, match="Before the start"):
        Partial({"end": 0}, Span).apply(Span(1, 2))


def test_patches_of_classes_are_patches():
    """A merge patch of a class gives a mapping of what changes, a JSON Patch the changed instance."""
    app = App(__name__)

    @dataclasses.dataclass
    class Cat:
        name: str
        born: dt.date | None = None
        owner: Owner | None = None

    @app.route("/cat")
    class OneCat(Resource):
        @merge_patch(Cat)
        @response(200, Cat)
        def patch(self, changes: t.Any) -> Cat:
            assert type(changes) is dict
            return apply_merge(Cat("Tom", dt.date(2020, 1, 1)), changes)

        @json_patch(Cat)
        @response(200, Cat)
        def put(self, patch: t.Any) -> Cat:
            changed = patch.apply(Cat("Tom"))
            assert isinstance(changed, Cat)
            return changed

    client = app.test_client()
    patched = client.patch("/cat", json={"born": None}, content_type="application/merge-patch+json")
    assert patched.json == {"name": "Tom", "born": None, "owner": None}
    operations = [{"op": "add", "path": "/owner", "value": {"name": "Al"}}]
    changed = client.put("/cat", json=operations, content_type="application/json-patch+json")
    assert changed.json["owner"] == {"name": "Al", "email": None}
    with pytest.raises(SetupError, match=r"merge_patch got .*Partial\[.*\], which may lack members already"):
        merge_patch(Partial[Cat])

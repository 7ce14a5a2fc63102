"""One set of members, declared as each kind of class, and as a schema written by hand."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import typing as t
import uuid

import annotated_types as at
import attrs
import marshmallow as ma
import msgspec
from marshmallow import validate

from framework import fields
from framework.models import Doc


class Size(enum.Enum):
    """The size of a pet."""

    SMALL = "s"
    LARGE = "l"


Name = t.NewType("Name", str)
Short = t.Annotated[str, validate.Length(min=1, max=5)]


@dataclasses.dataclass
class Owner:
    """The owner of a pet."""

    name: Short
    email: t.Annotated[str, fields.Email] | None = None


@dataclasses.dataclass
class PetData:
    """A pet to add."""

    name: Short
    alias: Name
    kind: t.Literal["cat", "dog"]
    lives: t.Annotated[int, at.Ge(0), at.Le(9)]
    size: Size
    at: dt.datetime
    owner: Owner
    weight: t.Annotated[decimal.Decimal, fields.Decimal(places=2), Doc("In kilograms.")] | None = None
    born: dt.date | None = None
    wakes: dt.time | None = None
    age: dt.timedelta | None = None
    ratio: t.Annotated[float, at.Gt(0)] = 1.5
    is_tame: bool = False
    code: uuid.UUID | None = None
    chip: ipaddress.IPv4Address | ipaddress.IPv6Address | None = None
    anything: t.Any = None
    tags: t.Annotated[list[Short], at.MaxLen(3)] = dataclasses.field(default_factory=list)
    marks: dict[str, int] = dataclasses.field(default_factory=dict)
    place: tuple[float, float] | None = None
    owners: list[Owner] = dataclasses.field(default_factory=list)


class PetAttrs:
    """A pet to add."""

    name: Short
    alias: Name
    kind: t.Literal["cat", "dog"]
    lives: t.Annotated[int, at.Ge(0), at.Le(9)]
    size: Size
    at: dt.datetime
    owner: Owner
    weight: t.Annotated[decimal.Decimal, fields.Decimal(places=2), Doc("In kilograms.")] | None = None
    born: dt.date | None = None
    wakes: dt.time | None = None
    age: dt.timedelta | None = None
    ratio: t.Annotated[float, at.Gt(0)] = 1.5
    is_tame: bool = False
    code: uuid.UUID | None = None
    chip: ipaddress.IPv4Address | ipaddress.IPv6Address | None = None
    anything: t.Any = None
    tags: t.Annotated[list[Short], at.MaxLen(3)] = attrs.Factory(list)
    marks: dict[str, int] = attrs.Factory(dict)
    place: tuple[float, float] | None = None
    owners: list[Owner] = attrs.Factory(list)


PetAttrs = attrs.define(PetAttrs)  # type: ignore[misc]


class PetStruct(msgspec.Struct):
    """A pet to add."""

    name: Short
    alias: Name
    kind: t.Literal["cat", "dog"]
    lives: t.Annotated[int, msgspec.Meta(ge=0, le=9)]
    size: Size
    at: dt.datetime
    owner: Owner
    weight: t.Annotated[decimal.Decimal, fields.Decimal(places=2), Doc("In kilograms.")] | None = None
    born: dt.date | None = None
    wakes: dt.time | None = None
    age: dt.timedelta | None = None
    ratio: t.Annotated[float, msgspec.Meta(gt=0)] = 1.5
    is_tame: bool = False
    code: uuid.UUID | None = None
    chip: ipaddress.IPv4Address | ipaddress.IPv6Address | None = None
    anything: t.Any = None
    tags: t.Annotated[list[Short], msgspec.Meta(max_length=3)] = []
    marks: dict[str, int] = {}
    place: tuple[float, float] | None = None
    owners: list[Owner] = []


class PetTuple(t.NamedTuple):
    """A pet to add."""

    name: Short
    alias: Name
    kind: t.Literal["cat", "dog"]
    lives: t.Annotated[int, at.Interval(ge=0, le=9)]
    size: Size
    at: dt.datetime
    owner: Owner
    weight: t.Annotated[decimal.Decimal, fields.Decimal(places=2), Doc("In kilograms.")] | None = None
    born: dt.date | None = None
    wakes: dt.time | None = None
    age: dt.timedelta | None = None
    ratio: t.Annotated[float, at.Gt(0)] = 1.5
    is_tame: bool = False
    code: uuid.UUID | None = None
    chip: ipaddress.IPv4Address | ipaddress.IPv6Address | None = None
    anything: t.Any = None
    tags: t.Annotated[list[Short], at.Len(0, 3)] = []
    marks: dict[str, int] = {}
    place: tuple[float, float] | None = None
    owners: list[Owner] = []


class PetDict(t.TypedDict):
    """A pet to add."""

    name: Short
    alias: Name
    kind: t.Literal["cat", "dog"]
    lives: t.Annotated[int, at.Ge(0), at.Le(9)]
    size: Size
    at: dt.datetime
    owner: Owner
    weight: t.NotRequired[t.Annotated[decimal.Decimal, fields.Decimal(places=2), Doc("In kilograms.")] | None]
    born: t.NotRequired[dt.date | None]
    wakes: t.NotRequired[dt.time | None]
    age: t.NotRequired[dt.timedelta | None]
    ratio: t.NotRequired[t.Annotated[float, at.Gt(0)]]
    is_tame: t.NotRequired[bool]
    code: t.NotRequired[uuid.UUID | None]
    chip: t.NotRequired[ipaddress.IPv4Address | ipaddress.IPv6Address | None]
    anything: t.NotRequired[t.Any]
    tags: t.NotRequired[t.Annotated[list[Short], at.MaxLen(3)]]
    marks: t.NotRequired[dict[str, int]]
    place: t.NotRequired[tuple[float, float] | None]
    owners: t.NotRequired[list[Owner]]


class OwnerByHand(ma.Schema):
    """The owner of a pet."""

    __component__ = "Owner"

    name = fields.String(required=True, validate=validate.Length(min=1, max=5))
    email = fields.Email(load_default=None)

    @ma.post_load
    def make(self, data: dict[str, t.Any], **kwargs: object) -> object:
        return data if kwargs["partial"] else Owner(**data)


class PetByHand(ma.Schema):
    """A pet to add."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=5))
    alias = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["cat", "dog"]))
    lives = fields.Integer(required=True, validate=validate.Range(min=0, max=9))
    size = fields.Enum(Size, by_value=True, required=True)
    at = fields.DateTime(required=True)
    owner = fields.Nested(OwnerByHand, required=True)
    weight = fields.Decimal(places=2, load_default=None, metadata={"description": "In kilograms."})
    born = fields.Date(load_default=None)
    wakes = fields.Time(load_default=None)
    age = fields.TimeDelta(load_default=None)
    ratio = fields.Float(load_default=1.5, validate=validate.Range(min=0, min_inclusive=False))
    is_tame = fields.Boolean(load_default=False)
    code = fields.UUID(load_default=None)
    chip = fields.IP(load_default=None)
    anything = fields.Raw(load_default=None)
    tags = fields.List(
        fields.String(validate=validate.Length(min=1, max=5)), load_default=list, validate=validate.Length(max=3)
    )
    marks = fields.Dict(None, fields.Integer(), load_default=dict)
    place = fields.Tuple([fields.Float(), fields.Float()], load_default=None)
    owners = fields.List(fields.Nested(OwnerByHand), load_default=list)


class PetDictByHand(PetByHand):
    """A pet to add."""

    class Meta:
        optional = (
            *("weight", "born", "wakes", "age", "ratio", "is_tame", "code"),
            *("chip", "anything", "tags", "marks", "place", "owners"),
        )

    weight = fields.Decimal(places=2, allow_none=True, metadata={"description": "In kilograms."})
    born = fields.Date(allow_none=True)
    wakes = fields.Time(allow_none=True)
    age = fields.TimeDelta(allow_none=True)
    ratio = fields.Float(validate=validate.Range(min=0, min_inclusive=False))
    is_tame = fields.Boolean()
    code = fields.UUID(allow_none=True)
    chip = fields.IP(allow_none=True)
    anything = fields.Raw(allow_none=True)
    tags = fields.List(fields.String(validate=validate.Length(min=1, max=5)), validate=validate.Length(max=3))
    marks = fields.Dict(None, fields.Integer())
    place = fields.Tuple([fields.Float(), fields.Float()], allow_none=True)
    owners = fields.List(fields.Nested(OwnerByHand))


CLASSES: dict[str, type] = {
    "dataclass": PetData,
    "attrs": PetAttrs,
    "struct": PetStruct,
    "named tuple": PetTuple,
    "typed dict": PetDict,
}
"""The same members as each kind of class."""

VALUES: dict[str, list[t.Any]] = {
    "name": ["Rex", "", "Alexander", 5, None, "é"],
    "alias": ["R", "", 1, None],
    "kind": ["cat", "dog", "cow", 1, None],
    "lives": [0, 9, 10, -1, 1.5, "1", True, None],
    "size": ["s", "l", "SMALL", 1, None],
    "at": ["2020-01-02T03:04:05Z", "2020-01-02T03:04:05+01:00", "2020-01-02T03:04:05", "x", 1, None],
    "owner": [{"name": "Al"}, {"name": "Al", "email": "a@b.de"}, {"email": "x"}, {}, {"name": "Al", "zz": 1}, [], None],
    "weight": ["1.555", 1.5, 2, "x", True, None],
    "born": ["2020-02-29", "2021-02-29", "x", 1, None],
    "wakes": ["07:00:00", "25:00:00", 1, None],
    "age": [86400, "x", None],
    "ratio": [0.1, 1, 0, -1, "1", True, None],
    "is_tame": [True, False, "true", 1, None],
    "code": ["00000000-0000-4000-8000-000000000000", "x", 1, None],
    "chip": ["127.0.0.1", "::1", "x", 1, None],
    "anything": [1, "x", [1], {"a": [None]}, None],
    "tags": [[], ["a"], ["a", "b", "c", "d"], ["", 5], [None], "a", None],
    "marks": [{}, {"a": 1}, {"a": "x", "b": 2}, [], None],
    "place": [[1, 2.5], [1], [1, "x"], {}, None],
    "owners": [[], [{"name": "Al"}], [{"name": "Al"}, {}, {"name": "", "email": "x"}], [None], None],
}
"""Good and bad values for each member."""

GOOD: dict[str, t.Any] = {name: values[0] for name, values in VALUES.items()}
"""A body that every schema takes."""

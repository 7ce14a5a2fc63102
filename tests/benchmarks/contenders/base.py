"""What every contender answers: the paths, the data, and the words for who it is."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import datetime as dt
import typing as t

import marshmallow as ma
from marshmallow import fields, validate

from ..schemas import Category as Category
from ..schemas import Item as Item
from ..schemas import ItemSchema as ItemSchema
from ..schemas import OwnItemSchema as OwnItemSchema
from ..schemas import item as item_of

STATES = ("new", "active", "archived")
MANY = 1000
TOKEN = "a-token-of-ann"
# Who has which token, and how often anybody may ask.
USERS = {TOKEN: "ann"}
OFTEN = "100000000/minute"


class QuerySchema(ma.Schema):
    """The query of one item."""

    page = fields.Integer(validate=validate.Range(min=1), load_default=1)
    status = fields.String(validate=validate.OneOf(STATES))


class StatusSchema(ma.Schema):
    """The query of the guarded list."""

    status = fields.String(validate=validate.OneOf(STATES))


@dataclasses.dataclass
class Moment:
    """An object with two datetimes."""

    id: int
    made_at: dt.datetime
    changed_at: dt.datetime


class MomentSchema(ma.Schema):
    """A moment with marshmallow's own fields."""

    id = fields.Integer()
    made_at: fields.Field[t.Any] = fields.DateTime()
    changed_at: fields.Field[t.Any] = fields.DateTime()


class Fresh:
    """The objects that were made for the next request, and for no other: a list of 100."""

    objects: list[t.Any] = []


def new_items() -> list[Item]:
    """Return 100 objects. Each contender has its own: one that reads a ``__dict__`` slows the others down."""
    return [item_of(number) for number in range(100)]


def new_moments(zone: dt.tzinfo | None) -> list[Moment]:
    """Return 100 objects with datetimes of a zone, or of none."""
    made = dt.datetime(2024, 1, 1, 12, 0, 0, 1, tzinfo=zone)
    return [Moment(number, made + dt.timedelta(hours=number), made.replace(microsecond=0)) for number in range(100)]


@dataclasses.dataclass(frozen=True)
class Contender:
    """One way to write the application.

    :param name: As it stands in the tables.
    :param packages: The distributions whose versions belong to it.
    :param app: Makes the application of all workloads that name no other.
    :param apps: Make other applications: ``thousand`` with ``MANY`` rules ``/things<n>/<int>``, ``hook``, ``session``,
        and ``asgi``, which runs in an event loop.
    :param asgi: Whether it is an ASGI application.
    :param only: The workloads that it takes part in, where not all.
    :param without: Those that it takes no part in.
    :param names: How many of three wrong fields its refusal names.
    :param is_floor: Whether it only shows what a workload costs without the thing that is measured.
    """

    name: str
    packages: tuple[str, ...]
    app: cabc.Callable[[], t.Any] | None
    apps: cabc.Mapping[str, cabc.Callable[[], t.Any]] = dataclasses.field(default_factory=dict)
    asgi: bool = False
    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    names: int = 3
    is_floor: bool = False

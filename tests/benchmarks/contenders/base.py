"""What every contender answers: the paths, the data, and the words for who it is."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import typing as t

import marshmallow as ma
from marshmallow import fields, validate

from ..schemas import ITEMS as ITEMS
from ..schemas import Item as Item
from ..schemas import ItemSchema as ItemSchema
from ..schemas import OwnItemSchema as OwnItemSchema

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


@dataclasses.dataclass(frozen=True)
class Contender:
    """One way to write the application.

    :param name: As it stands in the tables.
    :param packages: The distributions whose versions belong to it.
    :param app: Makes the application of all paths but the thousand.
    :param thousand: Makes one with ``MANY`` rules ``/things<n>/<int>``; ``None`` to leave it out.
    :param asgi: Whether it is an ASGI application.
    :param only: The workloads that it takes part in, where not all.
    :param names: How many of three wrong fields its refusal names.
    """

    name: str
    packages: tuple[str, ...]
    app: cabc.Callable[[], t.Any]
    thousand: cabc.Callable[[], t.Any] | None = None
    asgi: bool = False
    only: frozenset[str] | None = None
    names: int = 3

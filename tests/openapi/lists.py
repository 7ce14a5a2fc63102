"""The part of the application that uses everything which is about lists: parts, filters, orders, chosen members."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t

from framework import (
    CursorPage,
    OffsetPage,
    Page,
    Resource,
    Router,
    Schema,
    filters,
    paginate,
    response,
    searches,
    sorts,
    sparse,
    validate,
)
from framework import fields as f


class MakerSchema(Schema):
    """Who makes toys."""

    id = f.Integer(required=True, metadata={"example": 3})
    name = f.String(required=True, metadata={"example": "Smith"})


class ToySchema(Schema):
    """A toy of the shop."""

    id = f.Integer(required=True, metadata={"example": 1})
    name = f.String(required=True, metadata={"example": "Ball"})
    colour = f.String(required=True, validate=validate.OneOf(["red", "blue"]), metadata={"example": "red"})
    price = f.Decimal(as_string=True, allow_none=True, metadata={"example": "1.50"})
    made = f.Date(metadata={"example": "2026-01-02"})
    maker = f.Nested(MakerSchema)


def toys() -> list[dict[str, t.Any]]:
    """Forty toys."""
    return [
        {
            "id": number,
            "name": ["Ball", "Bone", "Mouse"][number % 3],
            "colour": ["red", "blue"][number % 2],
            "price": None if number % 5 == 0 else decimal.Decimal(number),
            "made": dt.date(2026, 1, 1 + number % 28),
            "maker": {"id": number % 4, "name": f"Smith {number % 4}"},
        }
        for number in range(40)
    ]


lists = Router("lists", url_prefix="/toys", description="Lists in all their forms.")


@lists.route("")
class Toys(Resource):
    """All toys."""

    @paginate(Page)
    @response(200, ToySchema(many=True))
    def get(self) -> t.Any:
        """List toys by pages."""
        return toys()


@lists.route("/parts")
class ToyParts(Resource):
    """All toys, in an object."""

    @paginate(OffsetPage, envelope="toys", max_page_size=50)
    @filters(ToySchema, "colour", name=["contains", "in"], price=["lt", "isnull"], made=["gte"], maker__name=["eq"])
    @searches(ToySchema, "name", "maker.name")
    @response(200, ToySchema(many=True))
    def get(self) -> t.Any:
        """Find toys."""
        return toys()


@lists.route("/stream")
class ToyCursors(Resource):
    """All toys, one after the other."""

    @sparse()
    @sorts(ToySchema, "name", "price", "made", default="-made")
    @response(200, ToySchema(many=True))
    @paginate(CursorPage, envelope=True)
    def get(self) -> t.Any:
        """Walk through the toys."""
        return toys()


@lists.route("/best")
class BestToy(Resource):
    """The best toy."""

    @sparse("id", "name", "maker.name")
    @response(200, ToySchema)
    def get(self) -> t.Any:
        """Show the best toy."""
        return toys()[7]

"""Items: cameras, lights, microphones."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from framework import Resource, Router, Schema, arguments, fields, loads, provides, requires, response, validate

from .database import Base, db

router = Router("items", url_prefix="/items", description="Equipment that can be booked")


class Item(Base):
    """An item."""

    __tablename__ = "items"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(80), unique=True)
    kind: orm.Mapped[str] = orm.mapped_column(sa.String(40))


class ItemSchema(Schema):
    """An item that can be booked."""

    id = fields.Integer(required=True, dump_only=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=80))
    kind = fields.String(required=True, validate=validate.Length(min=1, max=40))


@provides(db.session)
def find_item(session: orm.Session, item_id: int) -> Item | None:
    """Find the item that the path names."""
    return session.get(Item, item_id)


@router.route("")
class Items(Resource):
    """All items."""

    @provides(db.session)
    @response(200, ItemSchema(many=True))
    def get(self, session: orm.Session) -> list[Item]:
        """List items."""
        return list(session.scalars(sa.select(Item).order_by(Item.id)))

    @requires(scopes=["staff"])
    @provides(db.session)
    @arguments(ItemSchema)
    @response(201, ItemSchema)
    def post(self, session: orm.Session, data: dict[str, Any]) -> Item:
        """Add an item."""
        item = Item(**data)
        session.add(item)
        session.flush()
        return item


@router.route("/<int(max=2147483647):item_id>")
@loads(find_item)
class OneItem(Resource):
    """One item."""

    @response(200, ItemSchema)
    def get(self, item: Item) -> Item:
        """Show an item."""
        return item

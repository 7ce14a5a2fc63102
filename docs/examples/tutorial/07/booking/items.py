"""Items: cameras, lights, microphones."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from framework import (
    CursorPage,
    Resource,
    Router,
    Schema,
    arguments,
    etag,
    fields,
    filters,
    idempotent,
    loads,
    paginate,
    provides,
    requires,
    response,
    sorts,
    sparse,
    validate,
)

from .database import Base, db

router = Router("items", url_prefix="/items", description="Equipment that can be booked")


class Item(Base):
    """An item."""

    __tablename__ = "items"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(80), unique=True)
    kind: orm.Mapped[str] = orm.mapped_column(sa.String(40))
    photo: orm.Mapped[str | None] = orm.mapped_column(sa.String(50))
    version: orm.Mapped[int] = orm.mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}


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

    @filters(ItemSchema, kind=["eq", "in"], name=["icontains"])
    @sorts(ItemSchema, "name", "kind", default="name")
    @sparse()
    @paginate(CursorPage)
    @provides(db.session)
    @response(200, ItemSchema(many=True))
    def get(self, session: orm.Session) -> sa.Select[Any]:
        """List items."""
        return sa.select(Item)

    @filters(ItemSchema, kind=["eq", "in"], name=["icontains"])
    @sorts(ItemSchema, "name", "kind", default="name")
    @sparse()
    @paginate(CursorPage)
    @provides(db.session)
    @response(200, ItemSchema(many=True))
    def query(self, session: orm.Session) -> sa.Select[Any]:
        """Find items."""
        return sa.select(Item)

    @requires(scopes=["staff"])
    @idempotent(store=db)
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
@etag(version="version")
class OneItem(Resource):
    """One item."""

    @response(200, ItemSchema)
    def get(self, item: Item) -> Item:
        """Show an item."""
        return item

    @requires(scopes=["staff"])
    @provides(db.session)
    @arguments(ItemSchema)
    @response(200, ItemSchema)
    def put(self, item: Item, session: orm.Session, data: dict[str, Any]) -> Item:
        """Change an item."""
        item.name, item.kind = data["name"], data["kind"]
        session.flush()
        return item

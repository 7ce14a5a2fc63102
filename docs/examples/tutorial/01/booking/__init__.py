"""Equipment booking: an API by which a team shares cameras, lights and microphones."""

from __future__ import annotations

from typing import Any

from framework import App, Resource, Schema, arguments, fields, response, validate
from framework.errors import NotFound

app = App(__name__)
app.config.update(
    API_TITLE="Equipment booking",
    API_DESCRIPTION="Cameras, lights and microphones that a team shares.",
    API_CONTACT={"name": "The team of the studio"},
    API_LICENSE={"name": "MIT", "identifier": "MIT"},
)
items: dict[int, dict[str, Any]] = {}


class ItemSchema(Schema):
    """An item that can be booked."""

    id = fields.Integer(required=True, dump_only=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=80))
    kind = fields.String(required=True, validate=validate.Length(min=1, max=40))


@app.route("/items")
class Items(Resource):
    """All items."""

    @response(200, ItemSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List items."""
        return list(items.values())

    @arguments(ItemSchema)
    @response(201, ItemSchema)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Add an item."""
        item = {"id": len(items) + 1, **data}
        items[item["id"]] = item
        return item


@app.route("/items/<int:item_id>")
class OneItem(Resource):
    """One item."""

    @response(200, ItemSchema)
    def get(self, item_id: int) -> dict[str, Any]:
        """Show an item."""
        if item_id not in items:
            raise NotFound(f"No item {item_id}.")
        return items[item_id]

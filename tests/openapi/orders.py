"""The part of the application that uses everything which is about state: how often, and only once."""

from __future__ import annotations

import typing as t

from framework import Resource, Router, Schema, arguments, errors, fields, idempotent, limit, raises, response, validate

orders = Router(
    "orders",
    url_prefix="/orders",
    description="What visitors order.",
    marks=[limit("100000/minute", name="orders", shared=True)],
)


class OrderSchema(Schema):
    """An order for food."""

    id = fields.Integer(dump_only=True, metadata={"example": 1})
    food = fields.String(required=True, validate=validate.OneOf(["hay", "seeds", "stones"]))
    bags = fields.Integer(load_default=1, validate=validate.Range(1, 99))


class NoStones(errors.Conflict):
    """Stones are no food."""


@orders.route("")
class Orders(Resource):
    """All orders."""

    @limit("100000/minute", "1000000/day", by="user")
    @response(200, OrderSchema(many=True))
    def get(self) -> t.Any:
        """List orders."""
        return [{"id": 1, "food": "hay", "bags": 2}]

    @limit("50000/minute", overrides="orders")
    @idempotent()
    @arguments(OrderSchema)
    @response(201, OrderSchema, headers={"Location": fields.String()})
    @raises(NoStones)
    def post(self, order: t.Any) -> t.Any:
        """Order food, once."""
        if order["food"] == "stones":
            raise NoStones
        return {**order, "id": 1}, {"Location": "/orders/1"}


@orders.route("/payment")
class Payment(Resource):
    """The payment of all orders."""

    @idempotent(required=True)
    @arguments({"amount": fields.Integer(required=True, validate=validate.Range(1, 10_000))})
    @response(204)
    def post(self, payment: t.Any) -> None:
        """Pay, once."""

"""This framework: as an application is, with a hook, handlers of errors, and the limits that are on by themselves."""

from __future__ import annotations

import time
import typing as t

import marshmallow as ma

from framework import App, Bearer, Page, Resource, arguments, etag, fields, limit, paginate, requires, response
from framework.errors import NotFound

from .base import ITEMS, MANY, OFTEN, USERS, Contender, ItemSchema, OwnItemSchema, QuerySchema, StatusSchema

LAST = [0.0]


class HelloSchema(ma.Schema):
    """What hello says."""

    hello = fields.String()


class ThingSchema(ma.Schema):
    """One of a thousand."""

    id = fields.Integer()


class OutOfStock(Exception):
    """What a domain has of its own."""


def new_app() -> App:
    """An application with a hook and two handlers of errors."""
    app = App(__name__)

    @app.before_request
    def note_time() -> None:
        LAST[0] = time.monotonic()

    @app.errorhandler(OutOfStock)
    def sold(error: OutOfStock) -> t.Any:
        return {"detail": "Sold."}, 409

    @app.errorhandler(ZeroDivisionError)
    def divided(error: ZeroDivisionError) -> t.Any:
        return {"detail": "Divided."}, 500

    return app


def make(schema: type[ma.Schema]) -> App:
    """The application with items of one of the schemas."""
    app = new_app()

    @app.route("/hello")
    class Hello(Resource):
        @response(200, HelloSchema)
        def get(self) -> t.Any:
            return {"hello": "world"}

    @app.route("/items")
    class Items(Resource):
        @response(200, schema(many=True))
        def get(self) -> t.Any:
            return ITEMS

        @arguments(schema)
        @response(201, schema)
        def post(self, item: t.Any) -> t.Any:
            return item

    @app.route("/items/<int:number>")
    class OneItem(Resource):
        @arguments(QuerySchema, location="query")
        @response(200, schema)
        def get(self, query: t.Any, number: int) -> t.Any:
            if number >= len(ITEMS):
                raise NotFound
            return ITEMS[number]

    @app.route("/guarded")
    class Guarded(Resource):
        @requires(Bearer(USERS.get))
        @limit(OFTEN)
        @etag
        @arguments(StatusSchema, location="query")
        @response(200, schema(many=True))
        @paginate(Page)
        def get(self, query: t.Any) -> t.Any:
            return ITEMS

    return app


def with_own_fields() -> App:
    """The application whose dates leave as ``Z``."""
    return make(OwnItemSchema)


def thousand() -> App:
    """A thousand resources."""
    app = new_app()

    @response(200, ThingSchema)
    def get(self: Resource, number: int) -> t.Any:
        return {"id": number}

    for number in range(MANY):
        name = f"Things{number}"
        app.route(f"/things{number}/<int:number>")(type(name, (Resource,), {"get": get}))
    return app


CONTENDERS = [
    Contender("framework", ("framework", "werkzeug", "marshmallow", "msgspec"), with_own_fields, thousand),
    Contender(
        "framework, marshmallow's fields",
        ("framework",),
        lambda: make(ItemSchema),
        only=frozenset({"one", "list", "create", "invalid"}),
    ),
]

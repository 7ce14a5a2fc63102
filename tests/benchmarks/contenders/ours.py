"""This framework: as an application is, with a hook, handlers of errors, and the limits that are on by themselves."""

from __future__ import annotations

import time
import typing as t

import marshmallow as ma

from framework import (
    App,
    Bearer,
    Page,
    Resource,
    Response,
    arguments,
    etag,
    fields,
    limit,
    nonblocking,
    paginate,
    requires,
    response,
    session,
)
from framework.asgi import ASGI
from framework.errors import NotFound

from .base import (
    MANY,
    OFTEN,
    USERS,
    Contender,
    Fresh,
    ItemSchema,
    MomentSchema,
    OwnItemSchema,
    QuerySchema,
    StatusSchema,
    new_items,
)

LAST = [0.0]


class HelloSchema(ma.Schema):
    """What hello says."""

    hello = fields.String()


class ThingSchema(ma.Schema):
    """One of a thousand."""

    id = fields.Integer()


class OwnMomentSchema(MomentSchema):
    """A moment with the framework's DateTime."""

    made_at = fields.DateTime()
    changed_at = fields.DateTime()


class Plain(Resource):
    """A dict without a schema."""

    def get(self) -> t.Any:
        return {"hello": "world"}


class OutOfStock(Exception):
    """What a domain has of its own."""


def new_app() -> App:
    """An application with a hook and two handlers of errors."""
    app = App(__name__)

    @app.before_request
    @nonblocking
    def note_time() -> None:
        LAST[0] = time.monotonic()

    @app.errorhandler(OutOfStock)
    def sold(error: OutOfStock) -> t.Any:
        return {"detail": "Sold."}, 409

    @app.errorhandler(ZeroDivisionError)
    def divided(error: ZeroDivisionError) -> t.Any:
        return {"detail": "Divided."}, 500

    return app


def make(schema: type[ma.Schema], moments: type[ma.Schema]) -> App:
    """The application with items and moments of some schemas."""
    app, items = new_app(), new_items()
    app.route("/plain")(Plain)

    @app.route("/view")
    def view() -> t.Any:
        return {"hello": "world"}

    @app.route("/hello")
    class Hello(Resource):
        @response(200, HelloSchema)
        def get(self) -> t.Any:
            return {"hello": "world"}

    @app.route("/items")
    class Items(Resource):
        @response(200, schema(many=True))
        def get(self) -> t.Any:
            return items

        @arguments(schema)
        @response(201, schema)
        def post(self, item: t.Any) -> t.Any:
            return item

    @app.route("/items/<int:number>")
    class OneItem(Resource):
        @arguments(QuerySchema, location="query")
        @response(200, schema)
        def get(self, query: t.Any, number: int) -> t.Any:
            if number >= len(items):
                raise NotFound
            return items[number]

    @app.route("/guarded")
    class Guarded(Resource):
        @requires(Bearer(USERS.get))
        @limit(OFTEN)
        @etag
        @arguments(StatusSchema, location="query")
        @response(200, schema(many=True))
        @paginate(Page)
        def get(self, query: t.Any) -> t.Any:
            return items

    @app.route("/loaded")
    class Loaded(Resource):
        @response(200, schema(many=True))
        def get(self) -> t.Any:
            return Fresh.objects

    @app.route("/moments")
    class Moments(Resource):
        @response(200, moments(many=True))
        def get(self) -> t.Any:
            return Fresh.objects

    @app.route("/private")
    @requires(Bearer(USERS.get))
    class Private(Resource):
        @response(200, HelloSchema)
        def get(self) -> t.Any:
            return {"hello": "world"}

    @app.route("/tagged")
    class Tagged(Resource):
        @etag
        @response(200, schema)
        def get(self) -> t.Any:
            return items[7]

    return app


def with_own_fields() -> App:
    """The application whose dates leave as ``Z``."""
    return make(OwnItemSchema, OwnMomentSchema)


def on_loop() -> ASGI:
    """The same for ASGI servers, with ``async def`` handlers, and a hook that says that it does not wait."""
    app, items = new_app(), new_items()

    @app.route("/hello")
    class Hello(Resource):
        @response(200, HelloSchema)
        async def get(self) -> t.Any:
            return {"hello": "world"}

    @app.route("/items")
    class Items(Resource):
        @response(200, OwnItemSchema(many=True))
        async def get(self) -> t.Any:
            return items

        @arguments(OwnItemSchema)
        @response(201, OwnItemSchema)
        async def post(self, item: t.Any) -> t.Any:
            return item

    @app.route("/items/<int:number>")
    class OneItem(Resource):
        @arguments(QuerySchema, location="query")
        @response(200, OwnItemSchema)
        async def get(self, query: t.Any, number: int) -> t.Any:
            if number >= len(items):
                raise NotFound
            return items[number]

    return app.asgi


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


def hooked(with_hook: bool = True) -> App:
    """The plain dict, with a hook after each request or without one."""
    app = new_app()
    app.route("/plain")(Plain)
    if with_hook:

        @app.after_request
        def name_server(response: Response) -> Response:
            response.headers["X-Served-By"] = "bench"
            return response

    return app


def with_session() -> App:
    """An application that keeps a user in the session."""
    app = new_app()
    app.secret_key = "a key of the benchmark"

    @app.route("/session")
    class Session(Resource):
        def get(self) -> t.Any:
            return {"user": session["user"]}

        def post(self) -> t.Any:
            session["user"] = 7
            return {"user": 7}

    return app


def without_session() -> App:
    """The same answers without a session."""
    app = new_app()
    app.secret_key = "a key of the benchmark"

    @app.route("/session")
    class NoSession(Resource):
        def get(self) -> t.Any:
            return {"user": 7}

        def post(self) -> t.Any:
            return {"user": 7}

    return app


def with_structs() -> App:
    """The items as Structs."""
    from .classes import structs

    return structs()


def with_dataclasses() -> App:
    """The items as dataclasses."""
    from .classes import data

    return data()


LOADED = ("orm-sqlite", "rows-sqlite", "orm-postgres", "rows-postgres")
CONTENDERS = [
    Contender(
        "framework",
        ("framework", "werkzeug", "marshmallow", "msgspec"),
        with_own_fields,
        {
            "thousand": thousand,
            "hook": hooked,
            "session": with_session,
            "asgi": on_loop,
            "structs": with_structs,
            "data": with_dataclasses,
        },
    ),
    Contender(
        "framework, marshmallow's fields",
        ("framework",),
        lambda: make(ItemSchema, MomentSchema),
        only=frozenset({"one", "list", "create", "invalid", "aware", "naive", *LOADED}),
    ),
    Contender("framework, dataclasses", ("framework",), with_own_fields, only=frozenset(LOADED)),
    Contender(
        "framework, without it",
        ("framework",),
        None,
        {"hook": lambda: hooked(with_hook=False), "session": without_session},
        is_floor=True,
    ),
]

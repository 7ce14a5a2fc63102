"""Bottle with marshmallow."""

from __future__ import annotations

import typing as t

import bottle
import marshmallow as ma

from .base import MANY, Contender, Fresh, ItemSchema, MomentSchema, QuerySchema, new_items

ITEMS = new_items()
one, many, query = ItemSchema(), ItemSchema(many=True), QuerySchema()
moments = MomentSchema(many=True)
encode = bottle.json_dumps


def make() -> bottle.Bottle:
    app = bottle.Bottle()

    @app.get("/hello")
    @app.get("/plain")
    @app.get("/view")
    def hello() -> t.Any:
        return {"hello": "world"}

    @app.get("/loaded")
    def loaded() -> t.Any:
        bottle.response.content_type = "application/json"
        return encode(many.dump(Fresh.objects))

    @app.get("/moments")
    def all_moments() -> t.Any:
        bottle.response.content_type = "application/json"
        return encode(moments.dump(Fresh.objects))

    @app.get("/items")
    def items() -> t.Any:
        bottle.response.content_type = "application/json"
        return encode(many.dump(ITEMS))

    @app.post("/items")
    def create() -> t.Any:
        try:
            item = one.load(bottle.request.json)
        except ma.ValidationError as error:
            bottle.response.status = 422
            return {"errors": error.messages}
        bottle.response.status = 201
        return one.dump(item)

    @app.get("/items/<number:int>")
    def one_item(number: int) -> t.Any:
        query.load(dict(bottle.request.query))
        if number >= len(ITEMS):
            bottle.abort(404)
        return one.dump(ITEMS[number])

    return app


def hooked() -> bottle.Bottle:
    app = make()

    @app.hook("after_request")
    def name_server() -> None:
        bottle.response.set_header("X-Served-By", "bench")

    return app


def thousand() -> bottle.Bottle:
    app = bottle.Bottle()

    def thing(number: int) -> t.Any:
        return {"id": number}

    for number in range(MANY):
        app.get(f"/things{number}/<number:int>")(thing)
    return app


CONTENDERS = [
    Contender(
        "Bottle + marshmallow",
        ("bottle", "marshmallow"),
        make,
        {"thousand": thousand, "hook": hooked},
        without=frozenset({"private", "current"}),
    )
]

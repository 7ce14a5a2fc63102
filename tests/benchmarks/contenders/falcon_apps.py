"""Falcon twice: with marshmallow, and with msgspec structs from the body to the answer."""

from __future__ import annotations

import typing as t

import falcon
import falcon.media
import marshmallow as ma
import msgspec
import orjson

from .base import ITEMS, MANY, Contender, ItemSchema, QuerySchema
from .structs import ItemStruct, Query, struct_of


def new_app() -> t.Any:
    """An application with orjson for JSON."""
    handler = falcon.media.JSONHandler(dumps=orjson.dumps, loads=orjson.loads)
    app = falcon.App()
    app.req_options.media_handlers["application/json"] = handler
    app.resp_options.media_handlers["application/json"] = handler
    return app


class Hello:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"hello": "world"}


class Thing:
    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        resp.media = {"id": number}


one, many, query = ItemSchema(), ItemSchema(many=True), QuerySchema()


def refuse(req: falcon.Request, resp: falcon.Response, error: ma.ValidationError, params: t.Any) -> None:
    resp.status = falcon.HTTP_422
    resp.media = {"errors": error.messages}


class Items:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = many.dump(ITEMS)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = one.dump(one.load(req.get_media()))
        resp.status = falcon.HTTP_201


class OneItem:
    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        query.load(req.params)
        if number >= len(ITEMS):
            raise falcon.HTTPNotFound
        resp.media = one.dump(ITEMS[number])


def with_marshmallow() -> t.Any:
    app = new_app()
    app.add_error_handler(ma.ValidationError, refuse)
    app.add_route("/hello", Hello())
    app.add_route("/items", Items())
    app.add_route("/items/{number:int}", OneItem())
    return app


STRUCTS = [struct_of(item) for item in ITEMS]
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(ItemStruct).decode


def refuse_struct(req: falcon.Request, resp: falcon.Response, error: msgspec.ValidationError, params: t.Any) -> None:
    resp.status = falcon.HTTP_422
    resp.media = {"error": str(error)}


class StructItems:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = encode(STRUCTS)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = encode(decode(req.bounded_stream.read()))
        resp.status = falcon.HTTP_201


class OneStructItem:
    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        msgspec.convert(req.params, Query, strict=False)
        if number >= len(STRUCTS):
            raise falcon.HTTPNotFound
        resp.data = encode(STRUCTS[number])


def with_msgspec() -> t.Any:
    app = new_app()
    app.add_error_handler(msgspec.ValidationError, refuse_struct)
    app.add_route("/hello", Hello())
    app.add_route("/items", StructItems())
    app.add_route("/items/{number:int}", OneStructItem())
    return app


def thousand() -> t.Any:
    app = new_app()
    thing = Thing()
    for number in range(MANY):
        app.add_route(f"/things{number}/{{number:int}}", thing)
    return app


CONTENDERS = [
    Contender("Falcon + marshmallow", ("falcon", "marshmallow", "orjson"), with_marshmallow, thousand),
    Contender(
        "Falcon + msgspec",
        ("falcon", "msgspec"),
        with_msgspec,
        only=frozenset({"one", "list", "create", "invalid"}),
        names=1,
    ),
]

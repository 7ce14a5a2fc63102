"""Falcon three times: with marshmallow, with msgspec as its documentation shows, and with msgspec by hand."""

from __future__ import annotations

import hashlib
import typing as t

import falcon
import falcon.media
import marshmallow as ma
import msgspec

from .base import MANY, USERS, Contender, Fresh, ItemSchema, MomentSchema, QuerySchema, new_items
from .structs import ItemData, ItemStruct, Query, StoredStruct, data_of, struct_of

ITEMS = new_items()


class Hello:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"hello": "world"}


class Thing:
    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        resp.media = {"id": number}


def guard(req: falcon.Request, resp: falcon.Response, resource: t.Any, params: t.Any) -> None:
    """Let nobody pass who has no token."""
    header = req.get_header("Authorization") or ""
    if not header.startswith("Bearer ") or header[7:] not in USERS:
        raise falcon.HTTPUnauthorized(challenges=["Bearer"])


class Private:
    @falcon.before(guard)
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"hello": "world"}


def send_tagged(req: falcon.Request, resp: falcon.Response, body: bytes) -> None:
    """Answer with bytes and their ETag, or only that where the client has them."""
    tag = hashlib.sha1(body, usedforsecurity=False).hexdigest()
    resp.etag = tag
    if tag in (req.if_none_match or ()):
        resp.status = falcon.HTTP_304
    else:
        resp.content_type = falcon.MEDIA_JSON
        resp.data = body


class NamesServer:
    """A hook after each request."""

    def process_response(self, req: falcon.Request, resp: falcon.Response, resource: t.Any, succeeded: bool) -> None:
        resp.set_header("X-Served-By", "bench")


# With marshmallow; JSON is Falcon's default.

one, many, query = ItemSchema(), ItemSchema(many=True), QuerySchema()
moments = MomentSchema(many=True)
dumps = falcon.media.JSONHandler().serialize


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


class Loaded:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = many.dump(Fresh.objects)


class Moments:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = moments.dump(Fresh.objects)


class Tagged:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        send_tagged(req, resp, dumps(one.dump(ITEMS[7]), falcon.MEDIA_JSON))


def add_common_routes(app: t.Any) -> None:
    """Add what no library for schemas has a part in."""
    app.add_route("/plain", Hello())
    app.add_route("/private", Private())


def hooked() -> t.Any:
    app = falcon.App(middleware=[NamesServer()])
    app.add_route("/plain", Hello())
    return app


def with_marshmallow() -> t.Any:
    app = falcon.App()
    add_common_routes(app)
    app.add_route("/loaded", Loaded())
    app.add_route("/moments", Moments())
    app.add_route("/tagged", Tagged())
    app.add_error_handler(ma.ValidationError, refuse)
    app.add_route("/hello", Hello())
    app.add_route("/items", Items())
    app.add_route("/items/{number:int}", OneItem())
    return app


def thousand() -> t.Any:
    app = falcon.App()
    thing = Thing()
    for number in range(MANY):
        app.add_route(f"/things{number}/{{number:int}}", thing)
    return app


# With msgspec: a media handler, and a middleware that loads what a resource declares.

STRUCTS = [struct_of(item) for item in ITEMS]


class Loads:
    """Loads the body by the struct that the resource declares for the method."""

    def process_resource(self, req: falcon.Request, resp: falcon.Response, resource: t.Any, params: t.Any) -> None:
        struct = getattr(resource, f"{req.method}_STRUCT", None)
        if struct is not None:
            params["loaded"] = msgspec.convert(req.get_media(), struct)


def refuse_struct(req: falcon.Request, resp: falcon.Response, error: msgspec.ValidationError, params: t.Any) -> None:
    raise falcon.HTTPUnprocessableEntity(description=str(error))


class StructItems:
    POST_STRUCT = ItemStruct

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = STRUCTS

    def on_post(self, req: falcon.Request, resp: falcon.Response, loaded: ItemStruct) -> None:
        resp.media = loaded
        resp.status = falcon.HTTP_201


DATA = [data_of(item) for item in ITEMS]


class DataItems:
    POST_STRUCT = ItemData

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = DATA

    def on_post(self, req: falcon.Request, resp: falcon.Response, loaded: ItemData) -> None:
        resp.media = loaded
        resp.status = falcon.HTTP_201


class OneStructItem:
    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        msgspec.convert(req.params, Query, strict=False)
        if number >= len(STRUCTS):
            raise falcon.HTTPNotFound
        resp.media = STRUCTS[number]


class LoadedStructs:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = msgspec.convert(Fresh.objects, list[StoredStruct], from_attributes=True)


class PlainMoments:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = Fresh.objects


class TaggedStruct:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        send_tagged(req, resp, msgspec.json.encode(STRUCTS[7]))


def with_msgspec(items: t.Any = None) -> t.Any:
    handler = falcon.media.JSONHandler(dumps=msgspec.json.encode, loads=msgspec.json.decode)
    app = falcon.App(middleware=[Loads()])
    app.req_options.media_handlers["application/json"] = handler
    app.resp_options.media_handlers["application/json"] = handler
    app.add_error_handler(msgspec.ValidationError, refuse_struct)
    add_common_routes(app)
    app.add_route("/loaded", LoadedStructs())
    app.add_route("/moments", PlainMoments())
    app.add_route("/tagged", TaggedStruct())
    app.add_route("/hello", Hello())
    app.add_route("/items", items or StructItems())
    app.add_route("/items/{number:int}", OneStructItem())
    return app


# With msgspec, without anything between it and the bytes.

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(ItemStruct).decode


class NearHello:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = encode({"hello": "world"})


class NearItems:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = encode(STRUCTS)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = encode(decode(req.bounded_stream.read()))
        resp.status = falcon.HTTP_201


class OneNearItem:
    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        msgspec.convert(req.params, Query, strict=False)
        if number >= len(STRUCTS):
            raise falcon.HTTPNotFound
        resp.data = encode(STRUCTS[number])


def with_msgspec_by_hand() -> t.Any:
    app = falcon.App()
    app.add_error_handler(msgspec.ValidationError, refuse_struct)
    app.add_route("/hello", NearHello())
    app.add_route("/plain", NearHello())
    app.add_route("/items", NearItems())
    app.add_route("/items/{number:int}", OneNearItem())
    return app


CONTENDERS = [
    Contender(
        "Falcon + marshmallow",
        ("falcon", "marshmallow"),
        with_marshmallow,
        {"thousand": thousand, "hook": hooked},
        without=frozenset({"view"}),
    ),
    Contender(
        "Falcon + msgspec",
        ("falcon", "msgspec"),
        with_msgspec,
        {"structs": with_msgspec, "data": lambda: with_msgspec(DataItems())},
        without=frozenset({"view"}),
        names=1,
    ),
    Contender(
        "Falcon + msgspec, by hand",
        ("falcon", "msgspec"),
        with_msgspec_by_hand,
        only=frozenset({"hello", "dict", "one", "list", "create", "invalid", "missing"}),
        names=1,
    ),
]

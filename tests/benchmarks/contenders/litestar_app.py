"""Litestar: the body as a struct, the answer as the objects are."""

from __future__ import annotations

import typing as t

import msgspec
from litestar import Litestar, Response, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter

from .base import MANY, USERS, Contender, Fresh, Item, Moment, new_items
from .structs import ItemData, ItemStruct, State, StoredStruct, data_of, struct_of

ITEMS = new_items()


@get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@get("/items")
async def items() -> list[Item]:
    return ITEMS


@post("/items")
async def create(data: ItemStruct) -> ItemStruct:
    return data


@get("/items/{number:int}")
async def one_item(
    number: int, page: t.Annotated[int, Parameter(query="page", ge=1)] = 1, status: State | None = None
) -> Item:
    if number >= len(ITEMS):
        raise NotFoundException
    return ITEMS[number]


@get(["/plain", "/view"])
async def plain() -> t.Any:
    return {"hello": "world"}


@get("/loaded")
async def loaded() -> list[StoredStruct]:
    return msgspec.convert(Fresh.objects, list[StoredStruct], from_attributes=True)


@get("/moments")
async def moments() -> list[Moment]:
    return Fresh.objects


async def guard(connection: ASGIConnection[t.Any, t.Any, t.Any, t.Any], handler: BaseRouteHandler) -> None:
    """Let nobody pass who has no token."""
    header = connection.headers.get("authorization", "")
    if not header.startswith("Bearer ") or header[7:] not in USERS:
        raise NotAuthorizedException(headers={"WWW-Authenticate": "Bearer"})


@get("/private", guards=[guard])
async def private() -> dict[str, str]:
    return {"hello": "world"}


def make() -> Litestar:
    handlers = [hello, items, create, one_item, plain, loaded, moments, private]
    return Litestar(handlers, openapi_config=None, logging_config=None)


STRUCTS = [struct_of(item) for item in ITEMS]
DATA = [data_of(item) for item in ITEMS]


def structs() -> Litestar:
    @get("/items")
    async def items() -> list[ItemStruct]:
        return STRUCTS

    @post("/items")
    async def create(data: ItemStruct) -> ItemStruct:
        return data

    return Litestar([items, create], openapi_config=None, logging_config=None)


def dataclasses() -> Litestar:
    @get("/items")
    async def items() -> list[ItemData]:
        return DATA

    @post("/items")
    async def create(data: ItemData) -> ItemData:
        return data

    return Litestar([items, create], openapi_config=None, logging_config=None)


async def name_server(response: Response[t.Any]) -> Response[t.Any]:
    """A hook after each request."""
    response.headers["X-Served-By"] = "bench"
    return response


def hooked() -> Litestar:
    @get("/plain")
    async def plain() -> t.Any:  # a handler keeps what its first application has made of it
        return {"hello": "world"}

    return Litestar([plain], openapi_config=None, logging_config=None, after_request=name_server)


def thing_of(path: str) -> t.Any:
    @get(path)
    async def thing(number: int) -> dict[str, int]:
        return {"id": number}

    return thing


def thousand() -> Litestar:
    handlers = [thing_of(f"/things{number}/{{number:int}}") for number in range(MANY)]
    return Litestar(handlers, openapi_config=None, logging_config=None)


CONTENDERS = [
    Contender(
        "Litestar",
        ("litestar", "msgspec"),
        make,
        {"thousand": thousand, "hook": hooked, "asgi": make, "structs": structs, "data": dataclasses},
        asgi=True,
        without=frozenset({"current"}),
        names=1,
    )
]

"""Litestar: the body as a struct, the answer as the objects are."""

from __future__ import annotations

import typing as t

from litestar import Litestar, get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from .base import ITEMS, MANY, Contender, Item
from .structs import ItemStruct, State


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


def make() -> Litestar:
    return Litestar([hello, items, create, one_item], openapi_config=None, logging_config=None)


def thing_of(path: str) -> t.Any:
    @get(path)
    async def thing(number: int) -> dict[str, int]:
        return {"id": number}

    return thing


def thousand() -> Litestar:
    handlers = [thing_of(f"/things{number}/{{number:int}}") for number in range(MANY)]
    return Litestar(handlers, openapi_config=None, logging_config=None)


CONTENDERS = [Contender("Litestar", ("litestar", "msgspec"), make, thousand, asgi=True, names=1)]

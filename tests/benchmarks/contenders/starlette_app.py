"""Starlette with marshmallow, in an event loop."""

from __future__ import annotations

import typing as t

import marshmallow as ma
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from .base import Contender, ItemSchema, QuerySchema, new_items

ITEMS = new_items()
one, many, query = ItemSchema(), ItemSchema(many=True), QuerySchema()


async def hello(request: Request) -> JSONResponse:
    return JSONResponse({"hello": "world"})


async def items(request: Request) -> JSONResponse:
    return JSONResponse(many.dump(ITEMS))


async def create(request: Request) -> JSONResponse:
    return JSONResponse(one.dump(one.load(await request.json())), 201)


async def one_item(request: Request) -> JSONResponse:
    query.load(request.query_params)
    number: int = request.path_params["number"]
    if number >= len(ITEMS):
        raise HTTPException(404)
    return JSONResponse(one.dump(ITEMS[number]))


async def refuse(request: Request, error: t.Any) -> JSONResponse:
    return JSONResponse({"errors": error.messages}, 422)


def make() -> Starlette:
    routes = [
        Route("/hello", hello),
        Route("/items", items),
        Route("/items", create, methods=["POST"]),
        Route("/items/{number:int}", one_item),
    ]
    return Starlette(routes=routes, exception_handlers={ma.ValidationError: refuse})


CONTENDERS = [Contender("Starlette + marshmallow", ("starlette", "marshmallow"), None, {"asgi": make}, asgi=True)]

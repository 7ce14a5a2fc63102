"""FastAPI: pydantic models for the query, the body and the answer."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t

import pydantic
from fastapi import FastAPI, HTTPException, Query

from .base import ITEMS, MANY, Contender
from .structs import EMAIL, State


class CategoryModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", from_attributes=True)

    id: int
    name: str


class ItemModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", from_attributes=True)

    id: int
    name: str = pydantic.Field(min_length=1, max_length=80)
    status: State = "new"
    price: decimal.Decimal
    created_at: dt.datetime
    tags: list[str]
    category: CategoryModel
    email: str = pydantic.Field(pattern=EMAIL)


def make() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    @app.get("/items", response_model=list[ItemModel])
    async def items() -> t.Any:
        return ITEMS

    @app.post("/items", status_code=201, response_model=ItemModel)
    async def create(item: ItemModel) -> t.Any:
        return item

    @app.get("/items/{number}", response_model=ItemModel)
    async def one_item(number: int, page: t.Annotated[int, Query(ge=1)] = 1, status: State | None = None) -> t.Any:
        if number >= len(ITEMS):
            raise HTTPException(404)
        return ITEMS[number]

    return app


def thousand() -> FastAPI:
    app = FastAPI(openapi_url=None)

    async def thing(number: int) -> dict[str, int]:
        return {"id": number}

    for number in range(MANY):
        app.get(f"/things{number}/{{number}}")(thing)
    return app


CONTENDERS = [Contender("FastAPI", ("fastapi", "starlette", "pydantic"), make, thousand, asgi=True)]

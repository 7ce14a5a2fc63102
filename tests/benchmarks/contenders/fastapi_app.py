"""FastAPI: pydantic models for the query, the body and the answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import typing as t

import pydantic
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .base import MANY, USERS, Contender, Fresh, new_items
from .structs import EMAIL, State

ITEMS = new_items()


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


class MomentModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(from_attributes=True)

    id: int
    made_at: dt.datetime
    changed_at: dt.datetime


async def user_of(credentials: t.Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    """The user who has the token."""
    user = USERS.get(credentials.credentials)
    if user is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return user


def make() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/plain")
    @app.get("/view")
    async def plain():  # type: ignore[no-untyped-def]  # an annotation would be a schema
        return {"hello": "world"}

    @app.get("/loaded", response_model=list[ItemModel])
    async def loaded() -> t.Any:
        return Fresh.objects

    @app.get("/moments", response_model=list[MomentModel])
    async def moments() -> t.Any:
        return Fresh.objects

    @app.get("/private")
    async def private(user: t.Annotated[str, Depends(user_of)]) -> t.Any:
        return {"hello": "world"}

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


@dataclasses.dataclass
class CategoryData:
    id: int
    name: str


@dataclasses.dataclass
class ItemData:
    id: int
    name: t.Annotated[str, pydantic.Field(min_length=1, max_length=80)]
    price: decimal.Decimal
    created_at: dt.datetime
    tags: list[str]
    category: CategoryData
    email: t.Annotated[str, pydantic.Field(pattern=EMAIL)]
    status: State = "new"


DATA = [
    ItemData(
        item.id,
        item.name,
        item.price,
        item.created_at,
        item.tags,
        CategoryData(item.category.id, item.category.name),
        item.email,
        t.cast(t.Any, item.status),
    )
    for item in ITEMS
]


def with_dataclasses() -> FastAPI:
    """The items as dataclasses, which pydantic reads and writes."""
    app = FastAPI(openapi_url=None)

    @app.get("/items")
    async def items() -> list[ItemData]:
        return DATA

    @app.post("/items", status_code=201)
    async def create(item: ItemData) -> ItemData:
        return item

    return app


def thousand() -> FastAPI:
    app = FastAPI(openapi_url=None)

    async def thing(number: int) -> dict[str, int]:
        return {"id": number}

    for number in range(MANY):
        app.get(f"/things{number}/{{number}}")(thing)
    return app


CONTENDERS = [
    Contender(
        "FastAPI",
        ("fastapi", "starlette", "pydantic"),
        make,
        {"thousand": thousand, "asgi": make, "data": with_dataclasses},
        asgi=True,
        without=frozenset({"current"}),
    )
]

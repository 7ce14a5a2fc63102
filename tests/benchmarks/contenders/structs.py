"""The item as msgspec structs and as dataclasses, with the checks that the schema has."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import typing as t

import msgspec

from .base import Item

State: t.TypeAlias = t.Literal["new", "active", "archived"]
Moment: t.TypeAlias = t.Annotated[dt.datetime, msgspec.Meta(tz=True)]
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


class CategoryStruct(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    name: str


class ItemStruct(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    name: t.Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    price: decimal.Decimal
    created_at: Moment
    tags: list[str]
    category: CategoryStruct
    email: t.Annotated[str, msgspec.Meta(pattern=EMAIL)]
    status: State = "new"


class StoredStruct(msgspec.Struct):
    """An item as a database gives it: SQLite knows no offsets."""

    id: int
    name: str
    price: decimal.Decimal
    created_at: dt.datetime
    tags: list[str]
    category: CategoryStruct
    email: str
    status: State = "new"


@dataclasses.dataclass
class CategoryData:
    id: int
    name: str


@dataclasses.dataclass
class ItemData:
    id: int
    name: t.Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    price: decimal.Decimal
    created_at: Moment
    tags: list[str]
    category: CategoryData
    email: t.Annotated[str, msgspec.Meta(pattern=EMAIL)]
    status: State = "new"


class Query(msgspec.Struct, forbid_unknown_fields=True):
    page: t.Annotated[int, msgspec.Meta(ge=1)] = 1
    status: State | None = None


def struct_of(item: Item) -> ItemStruct:
    """An item as a struct."""
    category = CategoryStruct(item.category.id, item.category.name)
    return ItemStruct(
        item.id, item.name, item.price, item.created_at, item.tags, category, item.email, t.cast(t.Any, item.status)
    )


def data_of(item: Item) -> ItemData:
    """An item as a dataclass."""
    category = CategoryData(item.category.id, item.category.name)
    return ItemData(
        item.id, item.name, item.price, item.created_at, item.tags, category, item.email, t.cast(t.Any, item.status)
    )

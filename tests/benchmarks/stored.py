"""Objects for one request each: ORM objects and rows of SQLAlchemy on SQLite and PostgreSQL, and dataclasses.

What a handler gets has been loaded for it, outside of the clock: no two requests share an object, so nobody pays for
what another has read or changed in it.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import dataclasses
import datetime as dt
import decimal
import typing as t

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.pool import StaticPool

from tests.servers import postgres_server

from .contenders.base import Category, Fresh, Item, new_items, new_moments

Prepare: t.TypeAlias = cabc.Callable[[], object]


class Base(orm.DeclarativeBase):
    """The tables."""


class StoredCategory(Base):
    """A category in the database."""

    __tablename__ = "categories"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]


class StoredItem(Base):
    """An item in the database; its category is loaded with it."""

    __tablename__ = "items"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True, autoincrement=False)
    name: orm.Mapped[str]
    status: orm.Mapped[str]
    price: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(10, 2, asdecimal=True))
    created_at: orm.Mapped[dt.datetime] = orm.mapped_column(sa.DateTime(timezone=True))
    tags: orm.Mapped[list[str]] = orm.mapped_column(sa.JSON)
    category_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("categories.id"))
    category: orm.Mapped[StoredCategory] = orm.relationship(lazy="joined", innerjoin=True)
    email: orm.Mapped[str]


class Store:
    """A database of the 100 items.

    :param engine: SQLAlchemy's.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        Base.metadata.create_all(engine)
        with orm.Session(engine) as session:
            categories = {item.category.id: item.category.name for item in new_items()}
            session.add_all(StoredCategory(id=number, name=name) for number, name in categories.items())
            for item in new_items():
                values = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
                values["category_id"] = values.pop("category").id
                session.add(StoredItem(**values))
            session.commit()

    def load_objects(self) -> None:
        """Load ORM objects for the next request, by a session of their own."""
        with orm.Session(self.engine) as session:
            Fresh.objects = list(session.scalars(sa.select(StoredItem).order_by(StoredItem.id)))

    def load_rows(self) -> None:
        """Load rows for the next request: columns, and the category as an object."""
        category = orm.aliased(StoredCategory, name="category")
        columns = [getattr(StoredItem, field.name) for field in dataclasses.fields(Item) if field.name != "category"]
        query = sa.select(*columns, category).join(category, category.id == StoredItem.category_id)
        with orm.Session(self.engine) as session:
            Fresh.objects = list(session.execute(query.order_by(StoredItem.id)))

    def dataclasses(self) -> Prepare:
        """Return what makes dataclasses of the same values."""
        self.load_objects()
        loaded = [(*map(item.__dict__.get, NAMES), item.category.id, item.category.name) for item in Fresh.objects]

        def prepare() -> None:
            Fresh.objects = [
                Item(*values, category=Category(number, name), email=email)  # type: ignore[misc]
                for *values, email, number, name in loaded
            ]

        return prepare


NAMES = ("id", "name", "status", "price", "created_at", "tags", "email")


def prepare_moments(zone: dt.tzinfo | None) -> Prepare:
    """Return what makes fresh objects with datetimes."""

    def prepare() -> None:
        Fresh.objects = new_moments(zone)

    return prepare


@contextlib.contextmanager
def preparations() -> cabc.Iterator[dict[str, Prepare]]:
    """Start the databases; gives what prepares a request of each workload, ``<workload> dataclasses`` included."""
    with postgres_server() as url:
        engines = {
            "sqlite": sa.create_engine("sqlite://", poolclass=StaticPool),
            "postgres": sa.create_engine(
                url.replace("postgresql:", "postgresql+psycopg:", 1), connect_args={"options": "-c timezone=UTC"}
            ),
        }
        made: dict[str, Prepare] = {"aware": prepare_moments(dt.UTC), "naive": prepare_moments(None)}
        for name, engine in engines.items():
            store = Store(engine)
            made[f"orm-{name}"], made[f"rows-{name}"] = store.load_objects, store.load_rows
            made[f"orm-{name} dataclasses"] = made[f"rows-{name} dataclasses"] = store.dataclasses()
        try:
            yield made
        finally:
            for engine in engines.values():
                engine.dispose()

"""The framework's ``crud`` over a table of items, and the table."""

from __future__ import annotations

import decimal
import typing as t

import sqlalchemy as sa
from sqlalchemy import orm

from framework import App
from framework.sqlalchemy import Database, crud

COLUMNS = ["id", "name", "amount", "price", "is_open"]
WRITABLE = COLUMNS[1:]
COUNT = 100


class Base(orm.DeclarativeBase):
    """The tables."""


class Entry(Base):
    """What all contenders store."""

    __tablename__ = "entries"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(50))
    amount: orm.Mapped[int]
    price: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(10, 2))
    is_open: orm.Mapped[bool]


def fill(path: str) -> None:
    """Write a database with a hundred entries.

    :param path: Its file.
    """
    engine = sa.create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session, session.begin():
        for number in range(1, COUNT + 1):
            price = decimal.Decimal(number) / 4
            session.add(Entry(name=f"entry {number}", amount=number, price=price, is_open=bool(number % 2)))
    engine.dispose()


def make(path: str) -> t.Any:
    """Return the application.

    :param path: The file of the database.
    """
    app = App("crud", static_folder=None)
    database = Database(f"sqlite:///{path}", metadata=Base.metadata)
    # The peers overwrite what another request has written, so this does too.
    app.register_router(crud(Entry, database, shown=COLUMNS, writable=WRITABLE, url_prefix="/entries", versioned=False))
    return app

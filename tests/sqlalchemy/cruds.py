"""Five models and their ``crud``: a composite key, a relation, an enumeration, a unique pair, a version column."""

from __future__ import annotations

import collections.abc as cabc
import decimal
import enum
import typing as t

import sqlalchemy as sa
from sqlalchemy import orm

from framework import App, Bearer, Schema, fields, raises, requires
from framework.errors import Forbidden
from framework.sqlalchemy import CrudMethods, Database, crud


class Base(orm.DeclarativeBase):
    """The tables."""

    metadata = sa.MetaData(
        naming_convention={
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        }
    )


class Kind(enum.Enum):
    """The kind of an animal."""

    DOG = "dog"
    CAT = "cat"


class Versioned:
    """A version column."""

    version: orm.Mapped[int] = orm.mapped_column()

    @orm.declared_attr.directive
    def __mapper_args__(cls):
        return {"version_id_col": cls.__table__.c.version}


class Owner(Versioned, Base):
    """Referred to by animals."""

    __tablename__ = "owner"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(20), unique=True)
    secret: orm.Mapped[str | None]


class Animal(Versioned, Base):
    """An enumeration and a relation."""

    __tablename__ = "animal"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(20))
    kind: orm.Mapped[Kind]
    price: orm.Mapped[decimal.Decimal | None] = orm.mapped_column(sa.Numeric(6, 2))
    owner_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("owner.id"))
    owner: orm.Mapped[Owner | None] = orm.relationship()


class Stock(Versioned, Base):
    """A composite key."""

    __tablename__ = "stock"

    place: orm.Mapped[str] = orm.mapped_column(sa.String(10), primary_key=True)
    number: orm.Mapped[int] = orm.mapped_column(primary_key=True, autoincrement=False)
    amount: orm.Mapped[int] = orm.mapped_column(default=0)


class Seat(Versioned, Base):
    """A unique pair."""

    __tablename__ = "seat"
    __table_args__ = (sa.UniqueConstraint("row", "place"),)

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    row: orm.Mapped[int]
    place: orm.Mapped[int]


class LogEntry(Base):
    """No version column."""

    __tablename__ = "log_entry"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    text: orm.Mapped[str | None]


class OtherEntries(CrudMethods[LogEntry]):
    """Other parts: rows that are hidden, and texts that are changed."""

    def select(self) -> sa.Select[LogEntry]:
        return super().select().where(LogEntry.text != "hidden")

    def create(self, session: orm.Session, data: cabc.Mapping[str, t.Any]) -> LogEntry:
        # A text may be hidden.
        if data["text"] == "bad":
            raise Forbidden()
        text = data["text"] if data["text"] == "hidden" else data["text"].upper()
        return super().create(session, {**data, "text": text})


class EntrySchema(Schema):
    """An entry."""

    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, metadata={"description": "The text."})


def user_of(token: str) -> str | None:
    """Return the user of a token."""
    return "ann" if token == "good" else None


tokens = Bearer(user_of)
conflicts = {"uq_seat_row_place": ("place", "This seat exists."), "fk_animal_owner_id_owner": "owner_id"}
db = Database("DATABASE_URL", metadata=Base.metadata, conflicts=conflicts)

animals = crud(
    Animal,
    db,
    shown=["id", "name", "kind", "price", "owner_id"],
    writable=["name", "kind", "price", "owner_id"],
    filter_by={"kind": "eq", "name": ["eq", "contains"]},
    sort_by=["name", "price"],
    search_in=["name"],
    sparse_fields=True,
)
owners = crud(Owner, db, shown=["id", "name"], writable=["name"])
stocks = crud(Stock, db, shown=["place", "number", "amount"], writable=["place", "number", "amount"])
seats = crud(Seat, db, shown=["id", "row", "place"], writable=["row", "place"])
entries = crud(LogEntry, db, shown=["id", "text"], writable=["text"], versioned=False)
other_entries = crud(
    LogEntry,
    db,
    schema=EntrySchema,
    writable=["text"],
    versioned=False,
    operations=["list", "create", "show", "delete"],
    methods=OtherEntries,
    name="other",
    url_prefix="/other",
    operation_marks={"delete": [requires(tokens)], "create": [raises(Forbidden)]},
)
ROUTERS = ("animals", "owners", "stocks", "seats", "entries", "other_entries")


def make_app(url, routers):
    """An application with routers.

    :param routers: They, by their names.
    """
    app = App("cruds")
    app.testing = True
    app.config.update(
        DATABASE_URL=url,
        API_DESCRIPTION="Five models.",
        API_CONTACT={"name": "us"},
        API_LICENSE={"name": "MIT", "identifier": "MIT"},
    )
    app.db = db
    for router in routers.values():
        app.register_router(router)
    with app.provide(db.engine) as engine:
        Base.metadata.create_all(engine)
    return app

"""Models and calls of ``crud`` that are hard to print: many types, names that clash, marks of all kinds."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import typing
import uuid

import sqlalchemy as sa
from sqlalchemy import orm

import framework.marks.security as marks
from framework import App, Bearer, CursorPage, Schema, fields, raises
from framework.errors import Conflict, Forbidden
from framework.sqlalchemy import CrudMethods, Database, crud


class Base(orm.DeclarativeBase):
    """The tables."""


class Page(Base):
    """The name of a pager, columns named like modules, and many types."""

    __tablename__ = "page"

    class Size(enum.Enum):
        """A class within a class."""

        SMALL = 1
        LARGE = 2

    uuid: orm.Mapped[uuid.UUID] = orm.mapped_column(primary_key=True)
    fields: orm.Mapped[str | None] = orm.mapped_column(sa.String(5), doc='The "fields".')
    validate: orm.Mapped[bool]
    dt: orm.Mapped[dt.datetime] = orm.mapped_column(sa.DateTime(timezone=True))
    decimal: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(4, 1))
    size: orm.Mapped[Size]
    day: orm.Mapped[dt.date | None]
    time: orm.Mapped[dt.time | None]
    local: orm.Mapped[dt.datetime | None] = orm.mapped_column(sa.DateTime())
    small: orm.Mapped[int] = orm.mapped_column(sa.SmallInteger, default=3)
    big: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    ratio: orm.Mapped[float | None]
    blob: orm.Mapped[dict[str, typing.Any] | None] = orm.mapped_column(sa.JSON)
    word: orm.Mapped[str] = orm.mapped_column(sa.Enum("one", "two", native_enum=False, length=7))


class Session(Base):
    """The name of a parameter, and a key that is one."""

    __tablename__ = "session"

    session: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    data: orm.Mapped[str]


class SessionSchema(Schema):
    """A session."""

    session = fields.String(required=True)
    data = fields.String(load_default="nothing")


class NewSession(SessionSchema):
    """A new session."""


class Pages(CursorPage):
    """A pager of the module."""


Values: typing.TypeAlias = typing.Mapping[str, typing.Any]


class Names:
    """Parts that are not of crud."""

    def named(self, name: str) -> str:
        """Return a name."""
        return name.strip()


class KeptSessions(CrudMethods[Session], Names):
    """Other parts, which others inherit."""

    def select(self) -> sa.Select[Session]:
        return sa.select(self.model).where(Session.data != "")

    def update(
        self,
        session: orm.Session,
        row: Session,
        data: Values,
    ) -> Session:
        named = {name: self.named(value) for name, value in data.items()}
        return super().update(session, row, named)


class OwnSessions(KeptSessions):
    """Other parts, from two classes."""

    def delete(self, session: orm.Session, row: Session) -> None:
        if row.data == "kept":
            raise Conflict("It is kept.")
        super().delete(session, row)


def user_of(token: str) -> marks.Grant | None:
    """Return the user of a token, and what it is for."""
    return marks.Grant(token, ["a", "b"]) if token == "ann" else None


bearer = Bearer(user_of)
everywhere = [raises(Forbidden)]
db = Database("DATABASE_URL", metadata=Base.metadata)
COLUMNS = [each.key for each in sa.inspect(Page).columns]

pages = crud(Page, db, shown=COLUMNS, writable=COLUMNS, versioned=False, marks=everywhere, pager=Pages, order_by="-day")
sessions = crud(
    Session,
    database=db,
    schema=SessionSchema,
    bodies={"create": NewSession, "patch": NewSession(only=["data"], partial=True)},
    writable=["session", "data"],
    methods=OwnSessions,
    versioned=False,
    marks=[marks.requires(bearer)],
    operation_marks={"show": (marks.requires(bearer, scopes=[*"ab"]),), "delete": (raises(Conflict),)},
)
few = crud(
    Session, db, shown=["data"], writable=["data"], versioned=False, operations=["patch", "create"], name="few-sessions"
)
ROUTERS = ("pages", "sessions", "few")


def make_app(routers):
    """An application with routers."""
    app = App("odd")
    app.testing = True
    app.config.update(DATABASE_URL="sqlite://", SECRET_KEY="s" * 32)
    for router in routers:
        app.register_router(router)
    with app.provide(db.engine) as engine:
        Base.metadata.create_all(engine)
    return app

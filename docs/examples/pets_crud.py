"""Pets, with ``crud``."""

import sqlalchemy as sa
from sqlalchemy import orm

from framework import App
from framework.sqlalchemy import Database, crud


class Base(orm.DeclarativeBase):
    """The tables."""


class Pet(Base):
    """A pet."""

    __tablename__ = "pet"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(50))
    secret: orm.Mapped[str | None]
    version: orm.Mapped[int] = orm.mapped_column()

    __mapper_args__ = {"version_id_col": version}


db = Database("sqlite://", metadata=Base.metadata)
pets = crud(Pet, db, shown=["id", "name"], writable=["name"], sort_by=["name"], operations=["list", "patch"])

app = App(__name__)
app.register_router(pets)

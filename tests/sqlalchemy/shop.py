"""A small application with a database, for both colours of handlers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import AsyncSession

from framework import App, Schema, arguments, fields, provides, response
from framework.sqlalchemy import Database


class Base(orm.DeclarativeBase):
    """The tables."""

    metadata = sa.MetaData(
        naming_convention={
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Pet(Base):
    """A pet."""

    __tablename__ = "pet"
    __table_args__ = (sa.CheckConstraint("age >= 0", name="age"), sa.UniqueConstraint("kind", "age"))

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(50), unique=True)
    kind: orm.Mapped[str | None] = orm.mapped_column(sa.String(20))
    age: orm.Mapped[int | None]
    toys: orm.Mapped[list[Toy]] = orm.relationship(back_populates="pet", passive_deletes="all")


class Toy(Base):
    """A toy of a pet."""

    __tablename__ = "toy"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    pet_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("pet.id"))
    pet: orm.Mapped[Pet] = orm.relationship(back_populates="toys")


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, allow_none=True)
    kind = fields.String(allow_none=True)
    age = fields.Integer(allow_none=True)


class ToySchema(Schema):
    """A toy."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True)
    pet_id = fields.Integer(required=True)


def make_app(url, *, is_async=False, **options):
    """An application whose handlers use one database; ``app.db`` is that."""
    app = App("shop")
    app.testing = True
    db = app.db = Database(url, **{"metadata": Base.metadata, **options})
    add = add_async if is_async else add_sync
    add(app, db)
    with app.provide(db.engine) as engine:
        Base.metadata.create_all(engine)
    return app


def add_sync(app, db):
    """Handlers with a plain session."""

    @app.get("/pets")
    @provides(db.session)
    @response(200, PetSchema(many=True))
    def list_pets(session: orm.Session):
        return list(session.scalars(sa.select(Pet).order_by(Pet.id)))

    @app.post("/pets")
    @provides(db.session)
    @arguments(PetSchema)
    @response(201, PetSchema)
    def add_pet(session: orm.Session, data):
        pet = Pet(**data)
        session.add(pet)
        session.flush()
        return pet

    @app.put("/pets")
    @provides(db.session)
    @arguments(PetSchema)
    @response(201)
    def add_at_commit(session: orm.Session, data):
        session.add(Pet(**data))
        return {}

    @app.post("/toys")
    @provides(db.session)
    @arguments(ToySchema)
    @response(201)
    def add_toy(session: orm.Session, data):
        session.add(Toy(**data))
        return {}

    @app.delete("/pets/<int:pet_id>")
    @provides(db.session)
    @response(204)
    def remove_pet(session: orm.Session, pet_id: int):
        session.execute(sa.delete(Pet).where(Pet.id == pet_id))


def add_async(app, db):
    """Handlers with an asynchronous session."""

    @app.get("/pets")
    @provides(db.async_session)
    @response(200, PetSchema(many=True))
    async def list_pets(session: AsyncSession):
        return list(await session.scalars(sa.select(Pet).order_by(Pet.id)))

    @app.post("/pets")
    @provides(db.async_session)
    @arguments(PetSchema)
    @response(201, PetSchema)
    async def add_pet(session: AsyncSession, data):
        pet = Pet(**data)
        session.add(pet)
        await session.flush()
        return pet

    @app.put("/pets")
    @provides(db.async_session)
    @arguments(PetSchema)
    @response(201)
    async def add_at_commit(session: AsyncSession, data):
        session.add(Pet(**data))
        return {}

    @app.post("/toys")
    @provides(db.async_session)
    @arguments(ToySchema)
    @response(201)
    async def add_toy(session: AsyncSession, data):
        session.add(Toy(**data))
        return {}

    @app.delete("/pets/<int:pet_id>")
    @provides(db.async_session)
    @response(204)
    async def remove_pet(session: AsyncSession, pet_id: int):
        await session.execute(sa.delete(Pet).where(Pet.id == pet_id))

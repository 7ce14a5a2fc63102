"""Objects and rows as databases give them, and the comparison of how both roads dump them.

No test module: ``dump/test_stored`` runs it on SQLite and PostgreSQL, ``test_mutants`` on SQLite.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import contextlib
import copy
import dataclasses
import datetime as dt
import decimal
import pickle
import sqlite3
import types
import typing as t

import marshmallow as ma
import sqlalchemy as sa
from marshmallow import fields
from sqlalchemy import orm
from sqlalchemy.ext.hybrid import hybrid_property

from framework import fields as own
from framework.fast import _codegen as codegen
from framework.fast import json as fast_json
from framework.fast.dump import JSONDumper
from framework.fast.dump import _dumper as dump

MOMENT = dt.datetime(2024, 1, 2, 3, 4, 5, 6)


class Base(orm.DeclarativeBase):
    """The tables."""


class Owner(Base):
    """Somebody who has pets."""

    __tablename__ = "stored_owners"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    since: orm.Mapped[dt.datetime] = orm.mapped_column(sa.DateTime(timezone=True))

    @property
    def initial(self) -> str:
        """The first letter."""
        return self.name[0]


class Pet(Base):
    """A pet, with every kind of attribute."""

    __tablename__ = "stored_pets"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    kind: orm.Mapped[str]
    name: orm.Mapped[str | None]
    price: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(10, 2))
    born: orm.Mapped[dt.datetime]
    tags: orm.Mapped[list[str]] = orm.mapped_column(sa.JSON)
    note: orm.Mapped[str] = orm.mapped_column(deferred=True)
    renamed: orm.Mapped[str] = orm.mapped_column("other_name")
    owner_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("stored_owners.id"))
    owner: orm.Mapped[Owner | None] = orm.relationship()
    toys: orm.Mapped[list[Toy]] = orm.relationship(order_by="Toy.id")
    alias: orm.Mapped[str] = orm.synonym("name")
    shouted: orm.Mapped[str] = orm.column_property(sa.func.upper(renamed))
    free = "class attribute"

    __mapper_args__: t.ClassVar[dict[str, t.Any]] = {"polymorphic_on": "kind", "polymorphic_identity": "pet"}

    @hybrid_property
    def label(self) -> str:
        """A text that is computed here and in SQL."""
        return f"{self.id}: {self.renamed}"

    @property
    def guess(self) -> str:
        """A property that fails with what looks like absence."""
        raise AttributeError("no guess")


class Dog(Pet):
    """A pet of a kind, with a column of its table and a name that is computed."""

    __tablename__ = "stored_dogs"

    id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("stored_pets.id"), primary_key=True)
    bark: orm.Mapped[str]
    __mapper_args__: t.ClassVar[dict[str, t.Any]] = {"polymorphic_identity": "dog"}

    @property
    def free(self) -> str:  # type: ignore[override]
        """What is a plain attribute above."""
        return "computed"

    def __getattr__(self, name: str) -> str:
        if name == "unknown":
            return "found by __getattr__"
        raise AttributeError(name)


class Toy(Base):
    """What a pet plays with."""

    __tablename__ = "stored_toys"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    pet_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("stored_pets.id"))
    name: orm.Mapped[str]


class OwnerSchema(ma.Schema):
    id = fields.Integer()
    name = fields.String()
    since = own.DateTime()


class InitialSchema(ma.Schema):
    initial = fields.String()
    name = fields.String()


class ToySchema(ma.Schema):
    id = fields.Integer()
    name = fields.String()


class PetSchema(ma.Schema):
    id = fields.Integer()
    name = fields.String(allow_none=True)
    price = fields.Decimal(as_string=True)
    born = own.DateTime()
    also_born = fields.DateTime(attribute="born", dump_only=True)
    tags = fields.List(fields.String())
    renamed = fields.String(data_key="other-name")
    alias = fields.String(allow_none=True)
    label = fields.String()
    shouted = fields.String()
    free = fields.String()
    unknown = fields.String(dump_default="nothing")
    note = fields.String()
    owner = fields.Nested(OwnerSchema, allow_none=True)
    initial = fields.Nested(InitialSchema, attribute="owner", allow_none=True, dump_only=True)
    toys = fields.List(fields.Nested(ToySchema))
    dotted = fields.String(attribute="owner.name")
    count = fields.Integer()
    index = fields.Raw()


class SmallSchema(ma.Schema):
    """What objects of every kind can have."""

    id = fields.Integer(allow_none=True)
    name = fields.String(allow_none=True, dump_default="no name")
    price = fields.Decimal(as_string=True, allow_none=True)
    born = own.DateTime(allow_none=True)
    owner = fields.Nested(OwnerSchema, allow_none=True)


class OddSchema(ma.Schema):
    """Names that rows have a use for."""

    id = fields.Integer()
    count = fields.Integer()
    hidden = fields.String(attribute="_hidden")


class GuessSchema(ma.Schema):
    id = fields.Integer()
    guess = fields.String()


Pair = collections.namedtuple("Pair", "id name owner")


class Shouting(Pair):
    """A named tuple that has items by name."""

    def __getitem__(self, key: t.Any) -> t.Any:
        return "shout" if key == "name" else super().__getitem__(key)


@dataclasses.dataclass(slots=True)
class Slotted:
    """An object without a ``__dict__``."""

    id: int
    name: str


class Record:
    """What some drivers give: items by name, attributes for other things."""

    name = "an attribute"

    def __init__(self, **values: t.Any) -> None:
        self._values = values

    def __getitem__(self, key: str) -> t.Any:
        return self._values[key]


class Fussy:
    """An object whose items fail in another way than by absence."""

    name = "an attribute"

    def __getitem__(self, key: str) -> t.Any:
        if key == "name":
            raise ValueError(key)
        raise LookupError(key) if key == "price" else KeyError(key)


class Stock:
    """A database with pets, and what is loaded from it.

    :param engine: SQLAlchemy's.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.statements: list[str] = []
        self.sessions: collections.deque[orm.Session] = collections.deque(maxlen=4)  # objects hold theirs weakly
        Base.metadata.drop_all(engine)
        Base.metadata.create_all(engine)
        with orm.Session(engine) as session:
            for number in range(1, 6):
                rest = {"bark": "woof"} if number % 2 else {}
                session.add(self.pet(Dog if number % 2 else Pet, number, **rest))
            session.commit()
        sa.event.listen(engine, "before_cursor_execute", self._note)

    def close(self) -> None:
        """Give the connections back."""
        sa.event.remove(self.engine, "before_cursor_execute", self._note)
        for session in self.sessions:
            session.close()

    def _note(self, connection: t.Any, cursor: t.Any, statement: str, *rest: t.Any) -> None:
        self.statements.append(statement)

    @staticmethod
    def pet(cls: type[Pet], number: int, **rest: t.Any) -> Pet:
        """Make a pet that no session knows."""
        return cls(
            id=number,
            name=None if number == 3 else f"pet {number} é",
            price=decimal.Decimal("1.50") * number,
            born=MOMENT + dt.timedelta(days=number),
            tags=["a", "b"][: number % 3],
            note=f"note {number}",
            renamed=f"renamed {number}",
            owner=None if number == 2 else Owner(id=number, name="Ann", since=MOMENT.replace(tzinfo=dt.UTC)),
            toys=[Toy(name="ball")],
            **rest,
        )

    def pets(self, *options: t.Any) -> tuple[orm.Session, list[Pet]]:
        """Load all pets by a session of their own."""
        session = orm.Session(self.engine, autoflush=False)
        if len(self.sessions) == self.sessions.maxlen:
            self.sessions[0].close()
        self.sessions.append(session)
        return session, list(session.scalars(sa.select(Pet).order_by(Pet.id).options(*options)))

    def objects(self) -> cabc.Iterator[tuple[str, cabc.Callable[[], list[t.Any]]]]:
        """Give functions that make lists of objects, each time in the same state."""

        def expired() -> list[t.Any]:
            session, pets = self.pets(orm.joinedload(Pet.owner))
            session.expire(pets[0])
            session.expire(pets[1], ["name", "owner"])
            session.expire(pets[2], ["price"])
            return pets

        def detached() -> list[t.Any]:
            session, pets = self.pets(orm.joinedload(Pet.owner), orm.selectinload(Pet.toys), orm.undefer(Pet.note))
            session.close()
            return pets

        def detached_lazy() -> list[t.Any]:
            session, pets = self.pets()
            session.close()
            return pets

        def detached_expired() -> list[t.Any]:
            session, pets = self.pets(orm.joinedload(Pet.owner))
            session.expire(pets[1])
            session.close()
            return pets

        def changed() -> list[t.Any]:
            _, pets = self.pets(orm.selectinload(Pet.owner))
            pets[0].name, pets[1].owner = "new", Owner(id=99, name="Bob", since=MOMENT)
            vars(pets[2])["label"] = vars(pets[2])["alias"] = vars(pets[2])["unknown"] = "in the __dict__"
            vars(pets[3])["free"] = "own value"
            vars(pets[4].owner)["initial"] = "not what the property says"
            return pets

        yield "loaded", lambda: self.pets(orm.joinedload(Pet.owner), orm.selectinload(Pet.toys))[1]
        yield "lazy", lambda: self.pets()[1]
        yield "of one kind", lambda: [each for each in self.pets()[1] if type(each) is Pet] * 2
        yield "some columns", lambda: self.pets(orm.load_only(Pet.id, Pet.renamed))[1]
        yield "raising", lambda: self.pets(orm.raiseload("*"))[1]
        yield "expired", expired
        yield "detached", detached
        yield "detached and lazy", detached_lazy
        yield "detached and expired", detached_expired
        yield "changed", changed
        yield "transient", lambda: [self.pet(Pet, 7), self.pet(Pet, 8), Pet(id=9), Pet()]
        yield "copied", lambda: [copy.copy(each) for each in self.pets()[1]]
        yield "mixed", lambda: [vars(types.SimpleNamespace(id=1)), *self.pets()[1], {"id": 2}, Slotted(3, "x")]

    def rows(self) -> cabc.Iterator[tuple[str, cabc.Callable[[], list[t.Any]]]]:
        """Give functions that make lists of rows."""
        columns = (Pet.id, Pet.name, Pet.price, Pet.born)
        plain = sa.select(*columns).order_by(Pet.id)
        turned = sa.select(Pet.born, Pet.name, Pet.id).order_by(Pet.id)
        owner = orm.aliased(Owner, name="owner")
        owned = sa.select(Pet.id, owner.name, owner.name.label("_hidden"), owner).join(owner, Pet.owner)
        odd = sa.select(Pet.id, Pet.id.label("count"), Pet.name.label("index"), Pet.name.label("_hidden"))
        twice = sa.text("SELECT 1 AS id, 'a' AS name, 2 AS name")
        both = sa.select(Pet.id, Owner.id, Pet.name, Owner.name).join(Pet.owner).order_by(Pet.id)

        def run(query: t.Any, *then: str) -> list[t.Any]:
            with orm.Session(self.engine) as session:
                result = session.execute(query)
                for name in then:
                    result = getattr(result, name)()
                return list(result)

        def core() -> list[t.Any]:
            with self.engine.connect() as connection:
                return list(connection.execute(plain))

        def driver() -> list[t.Any]:
            with contextlib.closing(sqlite3.connect(":memory:")) as connection:
                connection.row_factory = sqlite3.Row
                return list(connection.execute("SELECT 1 AS id, 'x' AS name UNION SELECT 2, NULL"))

        yield "rows", lambda: run(plain)
        yield "rows of a connection", core
        yield "rows with objects", lambda: run(owned)
        yield "rows with odd names", lambda: run(odd)
        yield "rows with a name twice", lambda: run(twice)
        yield "rows with a label twice", lambda: run(both)
        yield "rows of two selects", lambda: [*run(plain), *run(turned), *run(plain)]
        yield "rows unlike the first", lambda: [*run(turned)[:1], *run(plain)]
        yield "rows in pickles", lambda: pickle.loads(pickle.dumps(run(plain)))
        yield "rows and what is none", lambda: [*run(plain), {"id": 1}, *run(plain, "mappings"), Slotted(1, "x"), None]
        yield "rows behind a dict", lambda: [{"id": 1}, *run(turned), *run(plain)]
        yield "mappings", lambda: run(plain, "mappings")
        yield "mappings with objects", lambda: run(owned, "mappings")
        yield "scalars", lambda: run(plain, "scalars")
        yield "named tuples", lambda: [Pair(1, "x", None), Pair(2, None, Owner(id=1, name="A", since=MOMENT))]
        yield "named tuples with items", lambda: [Shouting(1, "x", None), Pair(1, "x", None)]
        yield "rows of sqlite3", driver
        yield "records", lambda: [Record(id=1, price=None), Record(id="7", name="x"), Record(count=1)]
        yield "objects whose items fail", lambda: [Fussy()]
        yield (
            "mappings of Python",
            lambda: [
                *(types.MappingProxyType({"id": 1}), collections.UserDict(name="x"), collections.ChainMap({"id": 5})),
                *(collections.OrderedDict(id=1, owner={"id": 1}), collections.Counter("ab")),
            ],
        )
        yield "slots", lambda: [Slotted(1, "x"), Slotted(2, t.cast(t.Any, None))]

    def compare(self, schema: type[ma.Schema], make: cabc.Callable[[], list[t.Any]]) -> int:
        """Dump a list, its objects one by one, and each twice, by both roads; gives the number of comparisons."""
        whole, single = schema(many=True), schema()
        count = 0
        for again in range(2):  # the first time of a class is not like the others
            for checked in (False, True):
                roads = [dump.json_dumper(whole, fast=fast, checked=checked) for fast in (False, True)]
                expected, found = (self.outcome(road, make()) for road in roads)
                same(expected, found, checked)
                one = [dump.json_dumper(single, fast=fast, checked=checked) for fast in (False, True)]
                length = len(make())
                for index in {0, length - 1}:
                    expected, found = (self.outcome(road, make()[index]) for road in one)
                    same(expected, found, checked)
                count += 3
            expected, found = self.outcome(whole.dump, make()), self.outcome(dump.dumper(whole), make())
            same(expected, found, False)
            count += 1 + again
        return count

    def outcome(self, function: cabc.Callable[[t.Any], t.Any], given: t.Any) -> tuple[t.Any, ...]:
        """What a dump gives or raises, and the statements that it sends to the database."""
        self.statements.clear()
        try:
            result: tuple[t.Any, ...] = ("value", repr(function(given)))
        except Exception as error:
            text = str(error) if type(error).__module__.startswith(("sqlalchemy", "builtins")) else ""
            result = ("error", type(error), text.partition(" at 0x")[0])
        return (*result, list(self.statements))


class Difference(AssertionError):
    """The generated functions do not do what marshmallow does."""


def same(expected: tuple[t.Any, ...], found: tuple[t.Any, ...], checked: bool) -> None:
    """Raise when two outcomes differ; a road that looks through all values before may load them earlier."""
    if expected[0] == found[0] == "error":
        kinds = {expected[1], found[1]}
        if kinds <= {fast_json.JSONError, TypeError, AttributeError, ValueError} or (checked and len(kinds) == 1):
            return
    if expected[:-1] != found[:-1] or (not checked and expected[-1] != found[-1]):
        raise Difference(f"marshmallow: {expected!r:.1500}\ngenerated:   {found!r:.1500}")


def compare_all(engine: sa.Engine) -> int:
    """Compare every kind of object and row, with every schema; gives the number of comparisons."""
    count = 0
    with contextlib.closing(Stock(engine)) as stock:
        for schema in (PetSchema, SmallSchema, GuessSchema):
            for name, make in stock.objects():
                count += _named(stock, schema, name, make)
        for schema in (SmallSchema, OddSchema):
            for name, make in stock.rows():
                count += _named(stock, schema, name, make)
    return count


def _named(stock: Stock, schema: type[ma.Schema], name: str, make: cabc.Callable[[], list[t.Any]]) -> int:
    try:
        return stock.compare(schema, make)
    except Difference as error:
        raise Difference(f"{name} by {schema.__name__}\n{error}") from None


def is_compiled(schema: ma.Schema, given: list[t.Any]) -> str:
    """Dump a list; gives the text of the functions that this needed."""
    dump.json_dumper(schema)(given)
    assert codegen.plan(schema, JSONDumper).compilable
    return codegen.source(schema)

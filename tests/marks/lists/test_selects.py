"""Lists from a database: parts, filters, orders and searches of selects, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import itertools
import random
import typing as t
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship

from framework import App, CursorPage, OffsetPage, Page, Schema, fields, filters, paginate, response, searches, sorts
from framework.marks.lists._selects import Beyond, as_parameter, beyond
from framework.marks.lists._terms import SortKey
from tests.servers import postgres_server


class Species(enum.Enum):
    """What an animal is."""

    DOG = "dog"
    CAT = "cat"


class Base(DeclarativeBase):
    """The tables."""


class Owner(Base):
    __tablename__ = "owner"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    pets: Mapped[list[Pet]] = relationship(back_populates="owner")


class Pet(Base):
    __tablename__ = "pet"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    age: Mapped[int | None]
    price: Mapped[decimal.Decimal | None] = mapped_column(sa.Numeric(8, 2))
    weight: Mapped[float] = mapped_column(default=1.5)
    born: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    seen: Mapped[dt.datetime | None] = mapped_column(sa.DateTime())
    species: Mapped[Species] = mapped_column(sa.Enum(Species))
    key: Mapped[uuid.UUID]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("owner.id"))
    owner: Mapped[Owner | None] = relationship(back_populates="pets")


class OwnerSchema(Schema):
    id = fields.Integer()
    name = fields.String()


class PetSchema(Schema):
    """A pet of the shop."""

    id = fields.Integer(dump_only=True)
    name = fields.String()
    age = fields.Integer(allow_none=True)
    price = fields.Decimal(allow_none=True, as_string=True)
    weight = fields.Float()
    born = fields.AwareDateTime(default_timezone=dt.UTC)
    seen = fields.AwareDateTime(allow_none=True)
    species = fields.Enum(Species, by_value=True)
    key = fields.UUID()
    owner = fields.Nested(OwnerSchema, allow_none=True)


class Numbered(Schema):
    id = fields.Integer()
    name = fields.String()
    age = fields.Integer(allow_none=True)


@pytest.fixture(scope="module")
def postgres() -> t.Iterator[str]:
    """A PostgreSQL for the tests of this file."""
    with postgres_server() as url:
        yield url.replace("postgresql://", "postgresql+psycopg://")


class Shop:
    """A database, a session of it, and what it was asked."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.session = Session(engine)
        self.statements: list[str] = []
        self.fetched = 0
        sa.event.listen(engine, "before_cursor_execute", self._note)
        sa.event.listen(Pet, "load", self._loaded)

    def _note(self, connection, cursor, statement, parameters, context, executemany) -> None:
        self.statements.append(statement)

    def _loaded(self, target, context) -> None:
        self.fetched += 1

    def forget(self) -> None:
        """Start counting anew."""
        self.session.expunge_all()
        self.statements.clear()
        self.fetched = 0

    def close(self) -> None:
        """Give everything back."""
        sa.event.remove(Pet, "load", self._loaded)
        self.session.close()
        Base.metadata.drop_all(self.engine)
        self.engine.dispose()


def some_pets(count: int) -> t.Iterator[Pet]:
    """Pets with equal names, ages that are missing, and owners."""
    chance = random.Random(7)
    for number in range(1, count + 1):
        yield Pet(
            id=number,
            name=chance.choice(["Rex", "Max", "tom", "50%_off", "Kit/y"]),
            age=chance.choice([None, 1, 2, 3]),
            price=chance.choice([None, decimal.Decimal("1.10"), decimal.Decimal("9.90")]),
            born=dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=number % 5, microseconds=number % 3),
            seen=None if number % 4 == 0 else dt.datetime(2024, 1, number % 7 + 1, 12, 30, 0, 123456),
            species=chance.choice(list(Species)),
            key=uuid.UUID(int=chance.getrandbits(128)),
            owner_id=chance.choice([None, 1, 2]),
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest) -> t.Iterator[Shop]:
    """A shop with 60 pets."""
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgres")
    # One connection for all requests, whichever threads answer them.
    options = {"check_same_thread": False} if url.startswith("sqlite") else {}
    engine = sa.create_engine(url, poolclass=sa.pool.StaticPool, connect_args=options)
    Base.metadata.create_all(engine)
    shop = Shop(engine)
    shop.session.add_all([Owner(id=1, name="Ann"), Owner(id=2, name="Bob")])
    shop.session.flush()
    shop.session.add_all(some_pets(60))
    shop.session.commit()
    shop.forget()
    yield shop
    shop.close()


def serve(shop: Shop, *marks: t.Any, select: t.Any = None, schema: t.Any = Numbered, **config: t.Any) -> t.Any:
    """A client of an application that lists pets."""
    app = App(__name__)
    app.config.update(SECRET_KEY="only for tests", TESTING=True, **config)

    def pets():
        return sa.select(Pet) if select is None else select

    for mark in marks:
        pets = mark(pets)
    app.get("/pets")(response(200, schema(many=True))(pets))
    return app.test_client()


def ids(reply: t.Any) -> list[int]:
    """The ids in an answer."""
    assert reply.status_code == 200, reply.text
    data = reply.json
    return [pet["id"] for pet in (data if isinstance(data, list) else data["items"])]


def walk(client: t.Any, path: str, relation: str = "next") -> list[int]:
    """The ids of all parts that links lead to."""
    found: list[int] = []
    for _ in range(100):
        reply = client.get(path)
        part = ids(reply)
        found = [*found, *part] if relation == "next" else [*part, *found]
        links = reply.headers.get("Link", "")
        following = [link for link in links.split(", ") if f'rel="{relation}"' in link]
        if not following:
            return found
        path = following[0].partition(">")[0].lstrip("<")
    raise AssertionError("The links do not end.")


# Parts


@pytest.mark.parametrize("pager", [Page, OffsetPage])
def test_numbered_parts_cover_all(shop, pager):
    """Parts by number give each row once, in the order of the primary key where the select has none."""
    client = serve(shop, paginate(pager, session=shop.session, page_size=7))

    assert walk(client, "/pets") == list(range(1, 61))


def test_a_page_is_two_statements(shop):
    """A page is a count and a part; no more rows are fetched than it has."""
    client = serve(shop, paginate(Page, session=lambda: shop.session))
    reply = client.get("/pets?page=3&page_size=5")

    assert ids(reply) == [11, 12, 13, 14, 15]
    assert reply.headers["X-Pagination"].startswith('{"total":60,"total_pages":12,')
    assert (len(shop.statements), shop.fetched) == (2, 5)
    assert "count(*)" in shop.statements[0]


def test_a_page_without_total_is_one_statement(shop):
    """Without a total one row more is fetched, to know whether there is more."""
    client = serve(shop, paginate(Page, session=shop.session, total=False))
    reply = client.get("/pets?page=6")

    assert ids(reply) == list(range(51, 61))
    assert reply.headers["X-Pagination"] == '{"page":6,"previous_page":5}'
    assert len(shop.statements) == 1
    assert 'rel="last"' not in reply.headers["Link"]
    assert client.get("/pets?page=5").headers["X-Pagination"] == '{"page":5,"previous_page":4,"next_page":6}'


def test_a_page_after_the_last_fetches_nothing(shop):
    """A page that does not exist is an empty list, for the price of a count."""
    client = serve(shop, paginate(Page, session=shop.session))
    reply = client.get("/pets?page=2147483647&page_size=100")

    assert ids(reply) == []
    assert len(shop.statements) == 1


def test_the_order_of_the_select_is_kept(shop):
    """A select with an order of its own is paged in that."""
    client = serve(shop, paginate(Page, session=shop.session), select=sa.select(Pet).order_by(Pet.id.desc()))

    assert ids(client.get("/pets?page_size=3")) == [60, 59, 58]


def test_a_hundred_thousand_rows_are_not_loaded(shop):
    """Of a long table a part by cursor fetches its rows and one more, wherever it is."""
    rows = [{"id": number, "name": f"Pet {number % 100:02}"} for number in range(1, 100_001)]
    table = sa.Table(
        "long_list",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
    )
    table.metadata.create_all(shop.engine)
    with shop.engine.begin() as connection:
        connection.execute(table.insert(), rows)

    class Row(orm.registry().generate_base()):
        __table__ = table

    fetched: list[int] = []
    sa.event.listen(Row, "load", lambda target, context: fetched.append(target.id))
    marks = [paginate(CursorPage, session=shop.session, order_by="name"), sorts(Numbered, "name")]
    client = serve(shop, *marks, select=sa.select(Row), schema=lambda **kw: Numbered(only=("id", "name"), **kw))
    shop.forget()
    first = client.get("/pets?page_size=50")
    last = client.get(first.headers["Link"].rpartition("<")[2].partition(">")[0])
    statements = list(shop.statements)
    table.metadata.drop_all(shop.engine)

    assert ids(first) == list(range(100, 5001, 100))
    assert ids(last) == list(range(95_099, 100_000, 100))
    assert len(fetched) == 102
    assert len(statements) == 2
    assert not any("count" in statement for statement in statements)


KEYS = [
    "name",
    "-name",
    "age,name",
    "-age",
    "price,-age",
    "-price,name",
    "born",
    "-born",
    "seen",
    "-seen,born",
    "weight",
]


@pytest.mark.parametrize("sort", [*KEYS, "species", "key", "-id", "name,id"])
def test_cursors_cover_all(shop, sort):
    """By any keys, equal values and nulls among them, cursors lead to each row once, forward and backward."""
    names = ["id", "name", "age", "price", "born", "seen", "weight", "species", "key"]
    client = serve(
        shop,
        paginate(CursorPage, session=shop.session, page_size=7),
        sorts(PetSchema, *names, hidden=True),
        schema=Numbered,
    )
    forward = walk(client, f"/pets?sort={sort}")
    first = client.get(f"/pets?sort={sort}")
    end = first.headers["Link"].rpartition("<")[2].partition(">")[0]

    assert sorted(forward) == list(range(1, 61))
    assert walk(client, end, "prev") == forward
    assert ids(client.get(f"/pets?sort={sort}&page_size=100")) == forward


def test_nulls_come_last_and_first(shop):
    """Nulls come after everything else, and going down before it, on every database."""
    client = serve(shop, paginate(CursorPage, session=shop.session, max_page_size=60), sorts(Numbered, "age"))
    up = [pet["age"] for pet in client.get("/pets?sort=age&page_size=60").json]
    down = [pet["age"] for pet in client.get("/pets?sort=-age&page_size=60").json]

    assert up == sorted(up, key=lambda age: (age is None, age or 0))
    assert down == up[::-1]


def test_cursors_hold_while_rows_come_and_go(shop):
    """A walk by cursors shows each row that is there all the time once, whatever comes and goes meanwhile."""
    client = serve(shop, paginate(CursorPage, session=shop.session, page_size=7, order_by="-name"))
    before = ids(client.get("/pets?page_size=60"))
    gone, fresh, found = set(), itertools.count(1000), []
    path = "/pets"
    while path:
        reply = client.get(path)
        found += ids(reply)
        links = [link for link in reply.headers["Link"].split(", ") if 'rel="next"' in link]
        path = links[0].partition(">")[0].lstrip("<") if links else ""
        # The very row that the cursor stands on goes, one before it, and new ones come at both ends.
        for victim in (found[-1], found[0]):
            shop.session.execute(sa.delete(Pet).where(Pet.id == victim))
            gone.add(victim)
        for name in ("zzz", "Aaa"):
            pet = next(some_pets(1))
            pet.id, pet.name = next(fresh), name
            shop.session.add(pet)
        shop.session.commit()

    assert len(found) == len(set(found))
    assert set(before) - gone <= set(found)
    assert [each for each in found if each < 1000] == [each for each in before if each in set(found)]


def test_a_cursor_of_nothing_left_leads_back(shop):
    """Where all rows after a cursor are gone, the part is empty and leads to what is left."""
    client = serve(shop, paginate(CursorPage, session=shop.session, page_size=7))
    reply = client.get("/pets")
    path = next(link for link in reply.headers["Link"].split(", ") if 'rel="next"' in link).partition(">")[0][1:]
    shop.session.execute(sa.delete(Pet).where(Pet.id > 7))
    shop.session.commit()
    empty = client.get(path)
    back = next(link for link in empty.headers["Link"].split(", ") if 'rel="prev"' in link).partition(">")[0][1:]

    assert ids(empty) == []
    assert ids(client.get(back)) == [1, 2, 3, 4, 5, 6, 7]


def test_a_cursor_may_count(shop):
    """With a total the rows are counted too."""
    client = serve(shop, paginate(CursorPage, session=shop.session, total=True, envelope=True))

    assert client.get("/pets").json["pagination"]["total"] == 60
    assert len(shop.statements) == 2


def test_columns_of_joined_tables_are_keys(shop):
    """A key may be an expression of another table; an outer join makes it null."""
    query = sa.select(Pet).outerjoin(Pet.owner).options(joinedload(Pet.owner))
    marks = [
        paginate(CursorPage, session=shop.session, page_size=7),
        sorts(PetSchema, "owner.name", columns={"owner.name": lambda: Owner.name}, hidden=True),
    ]
    client = serve(shop, *marks, select=query)
    found = walk(client, "/pets?sort=owner.name")

    assert sorted(found) == list(range(1, 61))
    names = [shop.session.get(Pet, each).owner for each in found]
    assert [owner and owner.name for owner in names] == sorted(
        [owner and owner.name for owner in names], key=lambda name: (name is None, name or "")
    )


def test_collections_loaded_by_joins(shop):
    """An object with a collection that is loaded by a join counts once."""
    app = App(__name__)

    @app.get("/owners")
    @paginate(Page, session=shop.session, page_size=1)
    @response(200, OwnerSchema(many=True))
    def owners():
        return sa.select(Owner).options(joinedload(Owner.pets))

    reply = app.test_client().get("/owners?page=2")

    assert reply.json == [{"id": 2, "name": "Bob"}]
    assert reply.headers["X-Pagination"] == (
        '{"total":2,"total_pages":2,"first_page":1,"last_page":2,"page":2,"previous_page":1}'
    )


def test_rows_of_several_columns(shop):
    """A select of columns gives rows, which are dumped by name."""
    client = serve(shop, paginate(Page, session=shop.session, page_size=2), select=sa.select(Pet.id, Pet.name, Pet.age))
    expected = shop.session.execute(sa.select(Pet.id, Pet.name, Pet.age).order_by(Pet.id).limit(2)).all()

    assert client.get("/pets").json == [dict(row._mapping) for row in expected]


def test_cursors_over_columns(shop):
    """Rows of columns have cursors too."""
    query = sa.select(Pet.__table__.c.id, Pet.__table__.c.name, Pet.__table__.c.age)
    client = serve(shop, paginate(CursorPage, session=shop.session, page_size=7, order_by="-age"), select=query)

    assert sorted(walk(client, "/pets")) == list(range(1, 61))


def test_a_handler_takes_the_part_itself(shop):
    """Without a pager the handler takes the part, and makes of the rows what it wants."""
    app = App(__name__)
    app.config["SECRET_KEY"] = "only for tests"

    @app.get("/pets")
    @paginate(by=CursorPage, order_by="name", page_size=7)
    @response(200, {"items": fields.List(fields.Nested({"id": fields.Integer(), "loud": fields.String()}))})
    def pets(pagination_parameters):
        rows = pagination_parameters.take(sa.select(Pet, sa.func.upper(Pet.name)), shop.session)
        return {"items": [{"id": pet.id, "loud": loud} for pet, loud in rows]}

    client = app.test_client()

    assert client.get("/pets").json["items"][0]["loud"] == "50%_OFF"
    assert sorted(walk(client, "/pets")) == list(range(1, 61))


def test_a_select_with_a_limit_is_refused(shop):
    """A limit that paginate would overwrite is a mistake."""
    client = serve(
        shop, paginate(Page, session=shop.session), select=sa.select(Pet).limit(3), PROPAGATE_EXCEPTIONS=True
    )

    with pytest.raises(TypeError, match="paginate sets these"):
        client.get("/pets")


def test_a_select_without_session_is_explained(shop):
    """A select that nobody can run says what is missing."""
    for marks, words in (([paginate(Page)], "session=get_session"), ([sorts(Numbered, "id")], "no mark runs it")):
        with pytest.raises(TypeError, match=words):
            serve(shop, *marks).get("/pets")


# What sets rows apart


class Toy(Base):
    __tablename__ = "toy"
    id: Mapped[int] = mapped_column(primary_key=True)
    color: Mapped[str]
    pet_id: Mapped[int] = mapped_column(sa.ForeignKey("pet.id"))
    pet: Mapped[Pet] = relationship()


@pytest.fixture
def toys(shop: Shop) -> Shop:
    """The shop, with two toys for each pet, in no order of theirs."""
    numbers = random.Random(3).sample(range(1, 121), 120)
    shop.session.add_all([Toy(id=each, color=f"c{each % 3}", pet_id=(each - 1) // 2 + 1) for each in numbers])
    shop.session.commit()
    shop.forget()
    return shop


def row_schema(*names: str) -> type[Schema]:
    """A schema of rows with these members."""
    known = {"id": fields.Integer(), "toy": fields.Integer(allow_none=True)}
    return Schema.from_dict({name: known.get(name) or fields.String(allow_none=True) for name in names})


def rows(client: t.Any, path: str = "/pets?page_size=7") -> list[dict[str, t.Any]]:
    """The items of all parts that links lead to."""
    found: list[dict[str, t.Any]] = []
    while path:
        reply = client.get(path)
        assert reply.status_code == 200, reply.text
        found += reply.json
        links = [link for link in reply.headers["Link"].split(", ") if 'rel="next"' in link]
        path = links[0].partition(">")[0].lstrip("<") if links else ""
    return found


PAGERS = [Page, CursorPage]


@pytest.mark.parametrize("pager", [Page, OffsetPage])
@pytest.mark.parametrize("order", [Pet.name, Pet.name.desc(), sa.func.lower(Pet.name), sa.text("name")])
def test_an_order_that_is_not_unique_is_completed(shop, pager, order):
    """A handler's own order in which rows are equal gives each row once all the same."""
    client = serve(shop, paginate(pager, session=shop.session, page_size=7), select=sa.select(Pet).order_by(order))

    assert sorted(walk(client, "/pets")) == list(range(1, 61))


@pytest.mark.parametrize("pager", PAGERS)
@pytest.mark.parametrize("outer", [False, True])
def test_rows_of_joined_tables_are_told_apart(toys, pager, outer):
    """The rows of a join are told apart by all its tables, not by the first class alone."""
    toys.session.execute(sa.delete(Toy).where(Toy.pet_id == 7))
    query = sa.select(Pet.id, Pet.name, Toy.color, Toy.id.label("toy")).join(Toy, isouter=outer)
    client = serve(
        toys,
        paginate(pager, session=toys.session, order_by="name"),
        select=query,
        schema=row_schema("id", "name", "color", "toy"),
    )
    expected = [dict(row._mapping) for row in toys.session.execute(query)]

    assert sorted(map(repr, rows(client))) == sorted(map(repr, expected))


@pytest.mark.parametrize("pager", PAGERS)
def test_rows_of_two_classes_are_told_apart(toys, pager):
    """Rows of two classes have each of their pairs once; names say of which class a value is."""

    class Pair(Schema):
        id = fields.Integer(attribute="Toy.id")
        name = fields.String(attribute="Pet.name")

    marks = [paginate(pager, session=toys.session), sorts(Pair, "name", default="name")]
    client = serve(toys, *marks, select=sa.select(Pet, Toy).join(Toy), schema=Pair)
    found = rows(client)

    assert sorted(each["id"] for each in found) == list(range(1, 121))
    assert [each["name"] for each in found] == sorted(each["name"] for each in found)


@pytest.mark.parametrize("pager", PAGERS)
def test_objects_that_a_join_repeats_are_repeated(toys, pager):
    """An object that a join gives twice comes twice, and no page is shorter for it."""
    query = sa.select(Pet).join(Toy, Toy.pet_id == Pet.id)
    client = serve(toys, paginate(pager, session=toys.session, order_by="name"), select=query)

    assert len(client.get("/pets?page_size=7").json) == 7
    assert sorted(each["id"] for each in rows(client)) == sorted([*range(1, 61)] * 2)


def test_joins_that_look_up_add_nothing_to_the_order(shop):
    """A join that finds one row at most needs no key of its table, so an index on the first one serves."""
    query = sa.select(Pet).outerjoin(Pet.owner).order_by(Pet.name)
    ids(serve(shop, paginate(Page, session=shop.session), select=query).get("/pets"))

    assert shop.statements[-1].partition("ORDER BY ")[2].splitlines()[0].strip() == "pet.name, pet.id"


@pytest.mark.parametrize("pager", PAGERS)
def test_distinct_rows_come_once(toys, pager):
    """Rows of ``DISTINCT`` are told apart by what is selected; nothing else is added to them."""
    query = sa.select(Pet.name, Toy.color).join(Toy).distinct()
    client = serve(toys, paginate(pager, session=toys.session), select=query, schema=row_schema("name", "color"))
    expected = [dict(row._mapping) for row in toys.session.execute(query)]

    assert sorted(map(repr, rows(client))) == sorted(map(repr, expected))
    objects = sa.select(Pet).join(Toy, Toy.pet_id == Pet.id).distinct()
    client = serve(toys, paginate(pager, session=toys.session, order_by="-name"), select=objects)
    assert sorted(each["id"] for each in rows(client)) == list(range(1, 61))


@pytest.mark.parametrize("pager", PAGERS)
@pytest.mark.parametrize("order", ["name", "-toys", "toys,name"])
def test_groups_come_once(toys, pager, order):
    """Rows of ``GROUP BY`` are told apart by what they are grouped by; a sum can be the order."""
    number = sa.func.count(Toy.id).label("toys")
    query = sa.select(Pet.name, number).join(Toy).group_by(Pet.name)
    schema = Schema.from_dict({"name": fields.String(), "toys": fields.Integer()})
    client = serve(toys, paginate(pager, session=toys.session, order_by=order), select=query, schema=schema)
    expected = [dict(row._mapping) for row in toys.session.execute(query)]

    assert sorted(map(repr, rows(client, "/pets?page_size=2"))) == sorted(map(repr, expected))
    by_name = sa.select(Pet.name, number).join(Toy).group_by("name")
    client = serve(toys, paginate(pager, session=toys.session), select=by_name, schema=schema)
    assert len(rows(client, "/pets?page_size=2")) == len(expected)


@pytest.mark.parametrize("pager", PAGERS)
def test_groups_of_a_primary_key_have_all_its_columns(toys, pager):
    """Where a class is grouped by its primary key, its other columns can be the order."""
    query = sa.select(Pet, sa.func.count(Toy.id).label("toys")).join(Toy).group_by(Pet.id)
    schema = Schema.from_dict({"id": fields.Integer(attribute="Pet.id"), "toys": fields.Integer()})
    client = serve(toys, paginate(pager, session=toys.session, order_by="name"), select=query, schema=schema)

    assert sorted(each["id"] for each in rows(client)) == list(range(1, 61))


@pytest.mark.parametrize("pager", PAGERS)
def test_one_row_of_a_sum_needs_no_order(shop, pager):
    """A select of aggregates has one row, which no key is added to."""
    query = sa.select(sa.func.count(Pet.id).label("id"))
    client = serve(shop, paginate(pager, session=shop.session), select=query, schema=row_schema("id"))

    assert client.get("/pets").json == [{"id": 60}]


@pytest.mark.parametrize("pager", PAGERS)
def test_one_column_gives_rows(shop, pager):
    """A select of one column gives rows with that member, as one of two columns does."""
    client = serve(shop, paginate(pager, session=shop.session), select=sa.select(Pet.id), schema=row_schema("id"))

    assert [each["id"] for each in rows(client)] == list(range(1, 61))


@pytest.mark.parametrize("pager", PAGERS)
@pytest.mark.parametrize(
    "query",
    [
        sa.select(Pet.name).distinct(),
        sa.select(Pet.name, sa.func.count()).group_by(Pet.name),
    ],
)
def test_an_order_that_rows_do_not_have_is_refused(shop, pager, query):
    """What is not selected, or not grouped by, is not an order, on SQLite as on PostgreSQL."""
    by_mark = [paginate(pager, session=shop.session, order_by="age")]
    by_client = [paginate(pager, session=shop.session), sorts(Numbered, "age", default="age")]
    for marks in (by_mark, by_client):
        client = serve(shop, *marks, select=query)
        with pytest.raises(TypeError, match=r"ordered by 'pet\.age', which they do not have"):
            client.get("/pets")


@pytest.mark.parametrize("pager", PAGERS)
def test_subqueries_keep_what_sets_their_rows_apart(toys, pager):
    """The rows of a subquery are told apart by what does so inside of it, where it shows that."""
    inner = sa.select(Toy.color, sa.func.count().label("id")).group_by(Toy.color).subquery()
    client = serve(
        toys, paginate(pager, session=toys.session), select=sa.select(inner), schema=row_schema("color", "id")
    )

    assert [each["color"] for each in rows(client, "/pets?page_size=1")] == ["c0", "c1", "c2"]
    aliased = orm.aliased(Pet, sa.select(Pet).where(Pet.id > 3).subquery())
    client = serve(toys, paginate(pager, session=toys.session), select=sa.select(aliased).order_by(aliased.name))
    assert sorted(each["id"] for each in rows(client)) == list(range(4, 61))


def test_rows_without_a_key(toys):
    """Rows that nothing tells apart are paged by all that they have; a cursor asks for a key."""
    inner = sa.select(Pet.name, Toy.color).join(Toy).subquery()
    client = serve(
        toys, paginate(Page, session=toys.session), select=sa.select(inner), schema=row_schema("name", "color")
    )

    assert sorted(map(repr, rows(client))) == sorted(
        repr(dict(row._mapping)) for row in toys.session.execute(sa.select(inner))
    )
    client = serve(
        toys, paginate(CursorPage, session=toys.session), select=sa.select(inner), schema=row_schema("name", "color")
    )
    with pytest.raises(TypeError, match=r"key='\.\.\.'"):
        client.get("/pets")


def test_a_name_that_two_classes_have_is_refused(toys):
    """A name that several classes have is not an order; the error says how to name one."""
    query = sa.select(Pet, Owner).join(Pet.owner)
    client = serve(toys, paginate(Page, session=toys.session), sorts(OwnerSchema, "name"), select=query)

    with pytest.raises(TypeError, match=r"Several classes .* 'name': Pet\.name, Owner\.name"):
        client.get("/pets?sort=name")


def test_the_column_of_a_row_goes_before_that_of_a_class(toys):
    """A list is sorted by what its rows show under a name, not by a column of the first class."""
    query, schema = sa.select(Pet.id, Owner.name).join(Pet.owner), row_schema("id", "name")
    client = serve(toys, paginate(Page, session=toys.session), sorts(schema, "name"), select=query, schema=schema)
    names = [each["name"] for each in rows(client, "/pets?sort=name")]

    assert names == sorted(names)


def test_a_repeating_join_beside_a_loading_one_is_refused(toys):
    """Objects that a join repeats, with a collection that a join loads, would make pages short."""
    query = sa.select(Owner).join(Owner.pets).options(joinedload(Owner.pets))
    client = serve(toys, paginate(Page, session=toys.session), select=query, schema=OwnerSchema)

    with pytest.raises(TypeError, match="selectinload"):
        client.get("/pets")


def test_distinct_on_keeps_its_order(shop):
    """``DISTINCT ON`` is paged in its own order, which another one would change."""
    if shop.engine.name == "sqlite":
        return  # it has no such thing
    query = sa.select(Pet).ext(postgresql.distinct_on(Pet.name)).order_by(Pet.name, Pet.id.desc())
    expected = [pet.id for pet in shop.session.scalars(query)]

    assert [each["id"] for each in rows(serve(shop, paginate(Page, session=shop.session), select=query))] == expected
    page, cursor = paginate(Page, session=shop.session), paginate(CursorPage, session=shop.session)
    for marks in ([cursor], [page, sorts(Numbered, "age", default="age")]):
        client = serve(shop, *marks, select=query)
        with pytest.raises(TypeError, match="subquery"):
            client.get("/pets")


# Filters


def expected(shop: Shop, *where: t.Any) -> list[int]:
    """The ids of the pets that meet conditions."""
    return list(shop.session.scalars(sa.select(Pet.id).where(*where).order_by(Pet.id)))


EVERYTHING = {
    "id": ["eq", "gt", "lt", "in"],
    "name": ["eq", "ne", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "in", "not_in"],
    "age": ["eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "isnull"],
    "price": ["eq", "ne", "lt", "gt"],
    "weight": ["eq", "lt", "gt"],
    "born": ["eq", "lt", "gte"],
    "seen": ["eq", "lt", "gte"],
    "species": ["eq", "in"],
    "key": ["eq"],
}
CASES = [
    ("name=Rex", lambda: Pet.name == "Rex"),
    ("name__ne=Rex", lambda: Pet.name != "Rex"),
    ("name__contains=0%25_", lambda: Pet.name == "50%_off"),
    ("name__icontains=OM", lambda: Pet.name == "tom"),
    ("name__startswith=%25", lambda: sa.false()),
    ("name__istartswith=KIT/", lambda: Pet.name == "Kit/y"),
    ("name__endswith=ex", lambda: Pet.name == "Rex"),
    ("name__iendswith=EX", lambda: Pet.name == "Rex"),
    ("name__in=Rex,tom", lambda: Pet.name.in_(["Rex", "tom"])),
    ("name__not_in=Rex,tom", lambda: Pet.name.not_in(["Rex", "tom"])),
    ("age=2&name=Rex", lambda: sa.and_(Pet.age == 2, Pet.name == "Rex")),
    ("age__ne=2", lambda: Pet.age != 2),
    ("age__gt=1&age__lte=2", lambda: Pet.age == 2),
    ("age__isnull=true", lambda: Pet.age.is_(None)),
    ("age__isnull=false", lambda: Pet.age.is_not(None)),
    ("price=1.10", lambda: Pet.price == decimal.Decimal("1.10")),
    ("price__gt=5", lambda: Pet.price == decimal.Decimal("9.90")),
    ("weight=1.5", lambda: sa.true()),
    ("born=2020-01-02T01:00:00.000001%2B01:00", lambda: Pet.born == dt.datetime(2020, 1, 2, 0, 0, 0, 1, dt.UTC)),
    ("born__gte=2020-01-04T00:00:00Z", lambda: Pet.born >= dt.datetime(2020, 1, 4, tzinfo=dt.UTC)),
    ("seen__lt=2024-01-03T13:30:00%2B01:00", lambda: Pet.seen < dt.datetime(2024, 1, 3, 12, 30)),
    ("species=dog", lambda: Pet.species == Species.DOG),
    ("species__in=dog,cat", lambda: sa.true()),
    # What a column cannot hold is not an error.
    ("age=99999999999", lambda: sa.false()),
    ("age__lt=99999999999", lambda: Pet.age.is_not(None)),
    ("age__gt=-99999999999999999999999", lambda: Pet.age.is_not(None)),
    ("age__lt=-99999999999999999999999", lambda: sa.false()),
    ("age__ne=99999999999999999999999", lambda: Pet.age.is_not(None)),
    ("age__in=1,99999999999999999999999", lambda: Pet.age == 1),
    ("id__in=" + ",".join(["3"] * 100), lambda: Pet.id == 3),
    ("weight__lt=1e300", lambda: sa.true()),
    ("seen__gte=0001-01-01T00:00:00%2B14:00", lambda: Pet.seen.is_not(None)),
    ("born__lt=9999-12-31T23:59:59Z", lambda: sa.true()),
]


@pytest.mark.parametrize(("query", "where"), CASES, ids=[query[:40] for query, _ in CASES])
def test_filters_mean_the_same_everywhere(shop, query, where):
    """A filter finds the same rows in a select and in a sequence of the same objects."""
    marks = [paginate(Page, session=shop.session, page_size=100), filters(PetSchema, hidden=True, **EVERYTHING)]
    wanted = expected(shop, where())
    found = ids(serve(shop, *marks).get(f"/pets?{query}"))
    whole = shop.session.scalars(sa.select(Pet).order_by(Pet.id)).all()

    assert found == wanted
    assert ids(serve(shop, *marks, select=whole).get(f"/pets?{query}")) == wanted


def test_case_counts_on_postgresql(shop):
    """``contains`` tells case on PostgreSQL; LIKE of SQLite does not."""
    marks = [paginate(Page, session=shop.session, page_size=100), filters(PetSchema, name="contains")]
    found = ids(serve(shop, *marks).get("/pets?name__contains=REX"))

    assert found == (expected(shop, Pet.name == "Rex") if shop.engine.name == "sqlite" else [])


def test_values_are_parameters(shop):
    """Nothing that a client sends is part of a statement."""
    marks = [
        paginate(Page, session=shop.session),
        filters(PetSchema, name=["eq", "contains"]),
        searches(PetSchema, "name"),
    ]
    evil = "x');DROP TABLE pet;--"
    reply = serve(shop, *marks).get("/pets", query_string={"name": evil, "name__contains": evil, "q": evil})

    assert ids(reply) == []
    assert all("DROP" not in statement for statement in shop.statements)
    assert len(expected(shop)) == 60


def test_search(shop):
    """Each word must be in one of the columns, in whatever case; wildcards stand for themselves."""
    query = sa.select(Pet).outerjoin(Pet.owner)
    marks = [
        paginate(Page, session=shop.session, page_size=100),
        searches(PetSchema, "name", "owner.name", "age", columns={"owner.name": Owner.name}, hidden=True),
    ]
    client = serve(shop, *marks, select=query)

    assert ids(client.get("/pets?q=REX ann")) == expected(shop, Pet.name == "Rex", Pet.owner_id == 1)
    assert ids(client.get("/pets?q=%25")) == expected(shop, Pet.name == "50%_off")
    assert ids(client.get("/pets?q=rex 3")) == expected(shop, Pet.name == "Rex", Pet.age == 3)
    assert client.get("/pets?q=%00").status_code == 422


@pytest.mark.parametrize(
    ("query", "where"),
    [("name=a%00b", sa.false), ("name__contains=%00", sa.false), ("name__ne=%00", sa.true), ("q=%00", sa.false)],
)
def test_a_nul_that_is_taken_is_in_no_row(shop, query, where):
    """With ``STRICT_NUL`` switched off a filter may have it: no column can hold it, and no database is asked for it."""
    marks = [
        paginate(Page, session=shop.session, page_size=100),
        searches(PetSchema, "name"),
        filters(PetSchema, hidden=True, **EVERYTHING),
    ]

    assert serve(shop, *marks).get(f"/pets?{query}").status_code == 422
    assert ids(serve(shop, *marks, STRICT_NUL=False).get(f"/pets?{query}")) == expected(shop, where())


def test_an_unknown_column_is_explained(shop):
    """A field without a column of its name says what to do."""
    client = serve(shop, paginate(Page, session=shop.session), filters(PetSchema, hidden=True, owner__name="eq"))

    with pytest.raises(TypeError, match="columns="):
        client.get("/pets?owner.name=Ann")


def test_everything_together(shop):
    """Filters, a search, an order and cursors work on one list, with and without the fast path."""
    for config in ({}, {"FAST_PATH": False}):
        marks = [
            paginate(CursorPage, session=shop.session, page_size=3),
            searches(PetSchema, "name"),
            filters(PetSchema, "species", hidden=True, age=["isnull"]),
            sorts(PetSchema, "price", "name", hidden=True),
        ]
        wanted = expected(shop, Pet.species == Species.DOG, Pet.age.is_not(None), Pet.name.icontains("e"))
        for order in itertools.permutations(marks):
            client = serve(shop, *order, **config)

            assert sorted(walk(client, "/pets?species=dog&age__isnull=false&q=e&sort=-price")) == wanted


# Details


def test_parameters_out_of_range():
    """A number that no column holds is told from one that only needs more bits."""
    assert as_parameter(2**63, sa.Integer()) is Beyond.ABOVE
    assert as_parameter(-(2**63), sa.Integer()) is Beyond.BELOW
    assert isinstance(as_parameter(2**31, sa.Integer()).type, sa.BigInteger)
    assert as_parameter(True, sa.Boolean()) is True


def test_the_first_key_bounds_the_rows():
    """A position is also said of the first key alone, which an index serves."""
    text = str(beyond([(Pet.name, False, False), (Pet.id, False, False)], ("Rex", 3)))

    assert text.startswith("pet.name >= :name_1 AND (")
    assert SortKey("name", "name").descending is False


@pytest.mark.parametrize("session", [object(), dict])
def test_what_is_no_session_is_explained(session):
    """An object that runs no selects, and a function that returns one, are told at the first list."""
    app = App("no session", marks=[paginate(Page, session=session)])
    app.testing = True
    app.get("/")(response(200, Numbered(many=True))(lambda: sa.select(Pet)))

    with pytest.raises(TypeError, match="executes no select"):
        app.test_client().get("/")

"""Objects and rows of real databases are dumped as marshmallow dumps them, and the quick ways are taken for them."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import os
import sys
import typing as t

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import stored

from framework.fast.dump import _dumper as dump
from tests.servers import postgres_server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> cabc.Iterator[sa.Engine]:
    """An empty database."""
    if request.param == "sqlite":
        made = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        yield made
        made.dispose()
        return
    with postgres_server() as url:
        made = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
        yield made
        made.dispose()


@pytest.fixture
def stock(engine: sa.Engine) -> cabc.Iterator[stored.Stock]:
    """Pets in it."""
    with contextlib.closing(stored.Stock(engine)) as made:
        yield made


def test_every_kind_in_every_state(engine: sa.Engine) -> None:
    """Objects and rows give the same text, values, errors and statements as by marshmallow, loaded or not."""
    assert stored.compare_all(engine) > 500


def test_objects_and_rows_take_the_quick_way(stock: stored.Stock) -> None:
    """Loaded values are read past the descriptors of SQLAlchemy, columns past the names of rows."""
    objects, rows = dict(stock.objects()), dict(stock.rows())

    text = stored.is_compiled(stored.PetSchema(many=True), objects["loaded"]())
    of_rows = stored.is_compiled(stored.SmallSchema(many=True), rows["rows with objects"]())

    assert "by loaded attributes" in text
    assert "value_renamed = values['renamed']" in text
    assert "value_label = obj.label" in text
    assert "by columns" in of_rows
    assert "value_id = values[0]" in of_rows
    assert "value_price = obj.price" in of_rows


def test_comparing_finds_no_difference(stock: stored.Stock, caplog: pytest.LogCaptureFixture) -> None:
    """``FAST_PATH = "compare"`` looks at the quick ways too, and has nothing to say."""
    objects, rows = dict(stock.objects()), dict(stock.rows())
    for schema, given in ((stored.PetSchema, objects["loaded"]()), (stored.SmallSchema, rows["rows with objects"]())):
        for many in (True, False):
            dump.json_dumper(schema(many=many), compare=True)(given if many else given[0])
            dump.dumper(schema(many=many), compare=True)(given if many else given[0])

    assert not caplog.records


def test_a_loaded_list_sends_no_statements(stock: stored.Stock) -> None:
    """A list that is loaded needs the database no more, and one that is expired needs it as often as before."""
    for name, count in (("detached", 0), ("expired", 3)):
        pets = dict(stock.objects())[name]()
        stock.statements.clear()
        dump.json_dumper(stored.SmallSchema(many=True))(pets)

        assert len(stock.statements) >= count
        assert bool(stock.statements) is bool(count)


def test_rows_of_many_selects_do_not_fill_the_memory(stock: stored.Stock) -> None:
    """Each order of columns has functions of its own, up to a bound; further ones are read by attribute."""
    schema = stored.SmallSchema(many=True)
    made = dump.json_dumper(schema)
    columns = [stored.Pet.id, stored.Pet.name, stored.Pet.price, stored.Pet.born]
    with orm.Session(stock.engine) as session:
        for number in range(40):
            extra = [sa.literal(each).label(f"extra{each}") for each in range(number)]
            rows = session.execute(sa.select(*extra, *columns).order_by(stored.Pet.id)).all()

            assert made(rows) == dump.json_dumper(schema, fast=False)(rows)

    assert stored.is_compiled(schema, []).count("by columns") < 20


def test_drivers_rows(engine: sa.Engine) -> None:
    """Rows of psycopg as tuples with names, dicts and objects are dumped as marshmallow does."""
    if engine.dialect.name != "postgresql":
        return
    import psycopg
    from psycopg import rows as factories

    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    kinds: list[t.Any] = [factories.namedtuple_row, factories.dict_row, factories.kwargs_row(stored.Record)]
    schema = stored.SmallSchema(many=True)
    for kind in kinds:
        with psycopg.connect(url, row_factory=kind) as connection:
            found = connection.execute(
                "SELECT 1 AS id, 'x' AS name, now() AS born UNION SELECT 2, NULL, NULL"
            ).fetchall()

        assert dump.json_dumper(schema)(found) == dump.json_dumper(schema, fast=False)(found)

"""``response(..., trusted=True)``: instances are written as they are, where that is what the schema would write."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import logging
import math
import typing as t
import uuid

import attrs
import marshmallow as ma
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework import App, Page, Resource, Schema, envelope, fields, paginate, response
from framework.errors import SetupError
from framework.fast import json as fast_json
from framework.fast.dump import _trusted as trusted_module
from framework.fast.dump import json_dumper, trusted_encoder
from framework.models import Missing, load_only, model, schema_of, trust

Aware = t.Annotated[dt.datetime, msgspec.Meta(tz=True)]


class Size(enum.Enum):
    SMALL = "s"
    LARGE = 5


class Owner(msgspec.Struct):
    name: str
    email: str | None = None


class Cat(msgspec.Struct):
    name: str
    kind: t.Literal["cat"] = "cat"


class Dog(msgspec.Struct):
    good: bool
    kind: t.Literal["dog"] = "dog"


class Pet(msgspec.Struct, rename="camel"):
    id: int
    full_name: str
    price: float
    weight: decimal.Decimal
    born: dt.date
    seen_at: Aware
    code: uuid.UUID
    size: Size
    owner: Owner | None
    tags: list[str]
    marks: dict[str, int]
    place: tuple[float, float]
    friends: list[Cat | Dog]
    many: tuple[int, ...] = ()
    local: t.Annotated[dt.datetime | None, msgspec.Meta(tz=False)] = None


@dataclasses.dataclass
class Row:
    id: int
    name: str
    price: float
    owner: Owner
    children: list[Row] = dataclasses.field(default_factory=list)


@attrs.define
class Thing:
    id: int
    name: str


_text = st.text(alphabet=st.characters(codec="utf-8"), max_size=5)
_owner = st.builds(Owner, name=_text, email=st.none() | _text)
_pet = st.builds(
    Pet,
    id=st.integers(-(2**63), 2**63),
    full_name=_text,
    price=st.floats(allow_nan=False, allow_infinity=False),
    weight=st.decimals(allow_nan=False, allow_infinity=False),
    born=st.dates(),
    seen_at=st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-3, minutes=30))])),
    code=st.uuids(),
    size=st.sampled_from(Size),
    owner=st.none() | _owner,
    tags=st.lists(_text, max_size=2),
    marks=st.dictionaries(_text, st.integers(0, 9), max_size=2),
    place=st.tuples(st.just(1.5), st.just(-0.0)),
    friends=st.lists(st.builds(Cat, name=_text) | st.builds(Dog, good=st.booleans()), max_size=2),
    many=st.tuples(st.integers(0, 5)),
    local=st.none() | st.datetimes(),
)


@settings(max_examples=40, deadline=None)
@given(pets=st.lists(_pet, max_size=2))
def test_a_trusted_text_is_the_text_of_the_schema(pets: list[Pet]):
    """What msgspec writes of an instance says the same as what the schema writes of it."""
    schema = schema_of(Pet)(many=True)
    found = trust(schema)
    write = trusted_encoder(schema, found.model, found.inner, found.doubts, strict=True)

    assert fast_json.decode(write(pets)) == fast_json.decode(json_dumper(schema)(pets))
    assert write(pets) == json_dumper(schema)(pets)


@pytest.mark.parametrize("fast", [True, False, "compare"])
def test_trusted_answers_are_answers(fast: bool | str):
    """One instance, a list, a generator and an instance of another class are answered as without trust."""
    app = App(__name__)
    app.config.update(TESTING=True, FAST_PATH=fast)

    @dataclasses.dataclass
    class Secretive(Row):
        secret: str = "x"

    rows = [Row(1, "é", 1.5, Owner("Al"), [Row(2, "b", 0.0, Owner("Bo"))])]

    @app.route("/rows")
    class Rows(Resource):
        @response(200, list[Row], trusted=True)
        def get(self) -> t.Any:
            return rows

        @response(200, list[Row], trusted=True)
        def post(self) -> t.Any:
            return (each for each in rows)

        @response(200, Row, trusted=True)
        def put(self) -> t.Any:
            return rows[0]

        @response(200, Row, trusted=True)
        def patch(self) -> t.Any:
            return Secretive(1, "a", 1.5, Owner("Al"))

        @response(200, Thing, trusted=True)
        def delete(self) -> t.Any:
            return {"id": 1, "name": "a"}

    client = app.test_client()
    wanted = schema_of(Row)().dump(rows[0])

    assert client.get("/rows").json == client.post("/rows").json == [wanted]
    assert client.put("/rows").json == wanted
    assert "secret" not in client.patch("/rows").json
    assert client.delete("/rows").json == {"id": 1, "name": "a"}


def test_numbers_that_json_has_not_are_refused():
    """NaN, of which msgspec makes null, is an error as without trust; decimals have no exponents."""
    write = writer(Row)
    with pytest.raises(fast_json.JSONError):
        writer(Thing2)(Thing2(math.nan, decimal.Decimal(1)))

    assert write([Row(1, "a", 1.5, Owner("Al"))]).endswith(b"}]")
    assert b'"1000"' in writer(Thing2)(Thing2(1.0, decimal.Decimal("1E+3")))


class Thing2(msgspec.Struct):
    number: float
    exact: decimal.Decimal


def writer(cls: t.Any, **options: t.Any) -> t.Callable[[t.Any], bytes]:
    schema = schema_of(cls)(many=cls is Row)
    found = trust(schema)
    return trusted_encoder(schema, found.model, found.inner, found.doubts, **options)


def test_subclasses_are_written_by_the_schema():
    """What a subclass adds is not sent, be it in a list, or of a member."""

    @dataclasses.dataclass
    class Secretive(Row):
        secret: str = "x"

    class Hidden(Owner):
        secret: str = "x"

    write = writer(Row)
    rows = [Row(1, "a", 1.5, Owner("Al")), Secretive(1, "a", 1.5, Owner("Al"))]

    assert b"secret" not in write(rows)
    assert b"secret" not in write([Row(1, "a", 1.5, Hidden("Al"))])


def test_a_difference_is_found_and_ends_the_trust(caplog: pytest.LogCaptureFixture):
    """A value that is not of its type is found in a sample: it is logged once, and the schema writes from then on."""
    write = writer(Thing)
    wrong = Thing("5", 5)  # type: ignore[arg-type]

    with caplog.at_level(logging.ERROR, logger="framework.fast"):
        assert write(wrong) == b'{"id":5,"name":"5"}'
        assert write(wrong) == b'{"id":5,"name":"5"}'

    (record,) = caplog.records
    assert record.getMessage() == (
        "A trusted Thing is not what its annotations say: its schema writes another value for id."
        " Its answers are written by the schema from now on."
    )


def test_samples_are_rare(monkeypatch: pytest.MonkeyPatch):
    """One of so many answers is written twice, the first among them."""
    monkeypatch.setattr(trusted_module, "SAMPLED", 3)
    write = writer(Thing)
    right, wrong = Thing(1, "a"), Thing("5", "a")  # type: ignore[arg-type]

    assert [write(right), write(wrong), write(wrong), write(wrong)] == [
        *(b'{"id":1,"name":"a"}', b'{"id":"5","name":"a"}', b'{"id":"5","name":"a"}'),
        b'{"id":5,"name":"a"}',
    ]


def test_tests_check_every_answer():
    """In test mode each answer is compared, and a difference is an error that names the member."""
    app = App(__name__)
    app.config["TESTING"] = True
    values = [Thing(1, "a"), Thing("5", "a")]  # type: ignore[arg-type]

    @app.get("/things")
    @response(200, Thing, trusted=True)
    def things() -> Thing:
        return values.pop(0)

    client = app.test_client()
    assert client.get("/things").status_code == 200
    with pytest.raises(TypeError, match="its schema writes another value for id"):
        client.get("/things")


def a_class(annotation: t.Any) -> type:
    return msgspec.defstruct("Pet", [("it", annotation)], module=__name__)


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (dt.datetime, "it may lack its offset from UTC"),
        (dt.time, "it may have an offset"),
        (dt.timedelta, "TimeDelta writes timedelta in another way"),
        (t.Annotated[decimal.Decimal, fields.Decimal(places=2)], "Decimal writes Decimal in another way"),
        (t.Annotated[int, fields.String()], "String writes int in another way"),
        (t.Annotated[str, fields.Function(lambda obj: "x")], "Function writes str in another way"),
        (int | float, "a union of numbers is written in another way"),
        (t.Any, "Raw writes Any in another way"),
        (dict, "Dict writes dict in another way"),
        (dict[int, str], "Dict writes dict\\[int, str\\] in another way"),
        (set[str], "Collection writes set\\[str\\] in another way"),
        (list[dt.timedelta], "TimeDelta writes"),
        (t.Annotated[str, load_only], "it is load_only: it would be sent"),
        (t.NamedTuple("Point", [("x", int)]), "a NamedTuple is an array there"),
        (t.TypedDict("Point", {"x": int}), "a mapping may have keys"),  # type: ignore[operator]
    ],
)
def test_disagreements_are_found_at_freeze(annotation: t.Any, said: str):
    """Where the schema would write something else, the application does not start, and says which member it is."""
    app = App(__name__)

    @app.get("/pets")
    @response(200, a_class(annotation), trusted=True)
    def pets() -> t.Any:
        return None

    with pytest.raises(SetupError, match=f"a trusted answer is written as it is, without its schema, and {said}"):
        app.freeze()


def test_renamed_and_changed_schemas_disagree():
    """Names that msgspec does not know, dump hooks and narrowed schemas are disagreements."""

    @model(rename="camel")
    @dataclasses.dataclass
    class Pet:
        born_at: int

    @dataclasses.dataclass
    class Maybe:
        it: str | Missing = ma.missing

    class Hooked(schema_of(Thing)):  # type: ignore[misc]
        @ma.post_dump
        def change(self, data: t.Any, **kwargs: object) -> t.Any:
            return data

    class Compact(msgspec.Struct, omit_defaults=True):
        it: int = 0

    for schema, said in (
        (schema_of(Pet)(), "called 'bornAt' in JSON"),
        (schema_of(Maybe)(), "may be missing"),
        (Hooked(), "has custom code for dumping"),
        (schema_of(Thing)(only=["id"]), "narrowed by 'only' or 'exclude'"),
        (schema_of(Compact)(), "omit_defaults"),
        (Schema.from_dict({"id": fields.Integer()})(), "the schema of no annotated class"),
    ):
        with pytest.raises(SetupError, match=said):
            trust(schema)


def test_marks_that_change_the_answer_exclude_trust():
    """A trusted answer is written as it is, so pages, envelopes and JSON providers are refused at freeze."""
    for mark in (paginate(Page), envelope()):
        app = App(__name__)
        app.get("/things")(mark(response(200, list[Thing], trusted=True)(lambda *args: [])))
        with pytest.raises(SetupError, match="another mark of the operation changes the answer"):
            app.freeze()
    app = App(__name__)
    app.get("/things")(response(200, trusted=True)(lambda: None))
    with pytest.raises(SetupError, match="it has no class"):
        app.freeze()

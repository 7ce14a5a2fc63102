"""How long schemas take to dump and to load, beside marshmallow and beside code written by hand.

``python tests/benchmarks/schemas.py`` prints medians in microseconds of process time, and ratios. Every way answers
first, and the answers are compared; then all take turns, so that a slow moment of the machine meets each of them.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import datetime as dt
import decimal
import json
import pathlib
import statistics
import sys
import time
import typing as t

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import marshmallow as ma
import msgspec
from marshmallow import fields, validate

from framework import fields as own
from framework.fast import json as fast_json
from framework.fast.dump import _dumper as dump
from framework.fast.load import _body as body
from framework.fast.load import _loader as load
from framework.fast.strict import _schema as strict

ROUNDS = 25
ROUND_SECONDS = 0.02


@dataclasses.dataclass
class Category:
    id: int
    name: str


@dataclasses.dataclass
class Item:
    id: int
    name: str
    status: str
    price: decimal.Decimal
    created_at: dt.datetime
    tags: list[str]
    category: Category
    email: str


class CategorySchema(ma.Schema):
    id = fields.Integer()
    name = fields.String()


class ItemSchema(ma.Schema):
    """An item with marshmallow's own fields."""

    id = fields.Integer()
    name = fields.String(required=True, validate=validate.Length(1, 80))
    status = fields.String(validate=validate.OneOf(["new", "active", "archived"]), load_default="new")
    price = fields.Decimal(as_string=True, required=True)
    created_at: fields.Field[t.Any] = fields.DateTime()
    tags = fields.List(fields.String())
    category = fields.Nested(CategorySchema)
    email = fields.Email()


class OwnItemSchema(ItemSchema):
    """The same with the framework's DateTime."""

    created_at = own.DateTime()


def item(number: int) -> Item:
    """One of the objects that are dumped."""
    at = dt.datetime(2024, 1, 1, 12, 0, 0, number + 1, tzinfo=dt.UTC)
    category = Category(number % 7, "cat")
    price = decimal.Decimal("19.99") + number
    return Item(number, f"item {number}", "active", price, at, ["a", "b", "c"], category, f"u{number}@example.com")


ITEMS = [item(number) for number in range(100)]
DATA = {
    "id": 3,
    "name": "item 3",
    "status": "active",
    "price": "22.99",
    "created_at": "2024-01-01T12:00:00Z",
    "tags": ["a", "b", "c"],
    "category": {"id": 3, "name": "cat"},
    "email": "u3@example.com",
}
BAD = {**DATA, "name": ""}


def by_hand(items: list[Item], moment: cabc.Callable[[dt.datetime], t.Any]) -> list[dict[str, t.Any]]:
    """What somebody would write who needs no check and no default."""
    return [
        {
            "id": each.id,
            "name": each.name,
            "status": each.status,
            "price": str(each.price),
            "created_at": moment(each.created_at),
            "tags": each.tags,
            "category": {"id": each.category.id, "name": each.category.name},
            "email": each.email,
        }
        for each in items
    ]


Ways = dict[str, cabc.Callable[[], t.Any]]


def measure(title: str, ways: Ways, base: str) -> None:
    """Compare the answers, let all ways take turns, and print medians with their ratio to ``base``."""
    answers = {name: way() for name, way in ways.items()}
    expected = answers[base]
    for name, answer in answers.items():
        if answer != expected:
            raise SystemExit(f"{title}: {name} answers {answer!r:.200}, {base} answers {expected!r:.200}.")
    counts = {name: _count(way) for name, way in ways.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.process_time()
            for _ in range(counts[name]):
                way()
            times[name].append((time.process_time() - start) / counts[name] * 1e6)
    medians = {name: statistics.median(each) for name, each in times.items()}
    sys.stdout.write(f"\n{title}\n")
    for name, median in medians.items():
        sys.stdout.write(f"  {name:44} {median:9.2f} us   x {median / medians[base]:6.2f}\n")


def _count(way: cabc.Callable[[], t.Any]) -> int:
    """How many calls fill a round."""
    count = 1
    while True:
        start = time.process_time()
        for _ in range(count):
            way()
        if time.process_time() - start > ROUND_SECONDS / 4:
            return count * 4
        count *= 2


def _refused(function: cabc.Callable[[t.Any], t.Any], data: t.Any) -> t.Any:
    try:
        return function(data)
    except ma.ValidationError as error:
        return error.messages


def dumps() -> None:
    """Objects to dicts and to JSON text."""
    plain, ours = ItemSchema(many=True), OwnItemSchema(many=True)
    encode = msgspec.json.Encoder().encode
    dump_plain, dump_plain_wire, dump_ours_wire = dump.dumper(plain), dump.json_dumper(plain), dump.json_dumper(ours)
    measure(
        "100 objects to dicts",
        {
            "by hand": lambda: by_hand(ITEMS, dt.datetime.isoformat),
            "generated": lambda: dump_plain(ITEMS),
            "marshmallow": lambda: plain.dump(ITEMS),
        },
        "by hand",
    )
    measure(
        "100 objects to JSON text, marshmallow's fields",
        {
            "by hand, msgspec": lambda: encode(by_hand(ITEMS, dt.datetime.isoformat)),
            "generated": lambda: dump_plain_wire(ITEMS),
            "marshmallow, msgspec": lambda: fast_json.encode(plain.dump(ITEMS)),
        },
        "by hand, msgspec",
    )
    measure(
        "100 objects to JSON text, the framework's DateTime",
        {
            "by hand, msgspec, datetime by the encoder": lambda: encode(by_hand(ITEMS, lambda moment: moment)),
            "generated": lambda: dump_ours_wire(ITEMS),
            "marshmallow, msgspec": lambda: fast_json.encode(ours.dump(ITEMS)),
        },
        "by hand, msgspec, datetime by the encoder",
    )
    one, ours_one = ItemSchema(), OwnItemSchema()
    dump_one, wire_one, wire_ours_one = dump.dumper(one), dump.json_dumper(one), dump.json_dumper(ours_one)
    measure(
        "1 object to a dict",
        {
            "by hand": lambda: by_hand(ITEMS[:1], dt.datetime.isoformat)[0],
            "generated": lambda: dump_one(ITEMS[0]),
            "marshmallow": lambda: one.dump(ITEMS[0]),
        },
        "by hand",
    )
    measure(
        "1 object to JSON text",
        {"generated": lambda: wire_one(ITEMS[0]), "marshmallow": lambda: fast_json.encode(one.dump(ITEMS[0]))},
        "generated",
    )
    measure(
        "1 object to JSON text, the framework's DateTime",
        {
            "generated": lambda: wire_ours_one(ITEMS[0]),
            "marshmallow": lambda: fast_json.encode(ours_one.dump(ITEMS[0])),
        },
        "generated",
    )


def loads() -> None:
    """Data to values: plain and strict, good and bad, one and many."""
    schema, text = strict.strict(OwnItemSchema(), "json"), json.dumps(DATA).encode()
    load_body, load_dict = body.body_loader(schema), load.loader(schema)
    measure(
        "1 JSON text loaded, strict",
        {
            "generated, in one go": lambda: load_body(text),
            "generated, from a dict": lambda: load_dict(fast_json.decode(text)),
            "marshmallow": lambda: schema.load(fast_json.decode(text)),
        },
        "generated, in one go",
    )
    _loads("plain", ItemSchema(), ItemSchema(many=True))
    _loads("strict", strict.strict(OwnItemSchema(), "json"), strict.strict(OwnItemSchema(many=True), "json"))


def _loads(title: str, schema: ma.Schema, many: ma.Schema) -> None:
    function, function_many, hundred = load.loader(schema), load.loader(many), [DATA] * 100
    questions: dict[str, tuple[cabc.Callable[[], t.Any], cabc.Callable[[], t.Any]]] = {
        "1 object loaded": (lambda: function(DATA), lambda: schema.load(DATA)),
        "100 objects loaded": (lambda: function_many(hundred), lambda: many.load(hundred)),
        "1 object refused, 1 error": (lambda: _refused(function, BAD), lambda: _refused(schema.load, BAD)),
    }
    for what, (generated, plain) in questions.items():
        measure(f"{what}, {title}", {"generated": generated, "marshmallow": plain}, "generated")


if __name__ == "__main__":
    dumps()
    loads()

"""Typed events: what is refused where it is published, and that events are dumped once."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from framework import App, Schema, events, fields, validate
from framework.channels import InvalidEvent
from framework.errors import ContractViolation


class PriceSchema(Schema):
    """A price."""

    symbol = fields.String(required=True, validate=validate.Length(max=4))
    at = fields.DateTime()
    id = fields.Integer(dump_only=True)
    secret = fields.String(load_only=True, required=True)


class BookSchema(Schema):
    """Prices."""

    prices = fields.List(fields.Nested(PriceSchema), required=True, data_key="all")


NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
TYPES = {"price": PriceSchema, "book": BookSchema, "closed": None}


def part_of(reply):
    """The next event of a stream, after the comments that keep it alive."""
    return next(part for part in reply.response if part != b":\n\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (({"symbol": "X"}, "prise"), r"'prise'. Known types: 'price', 'book', 'closed'"),
        (({"symbol": "X"},), "'message'. Known types"),
        (({}, "price"), "symbol: Missing. Publish what PriceSchema declares"),
        (({"symbol": "LONGER"}, "price"), "symbol: Longer than maximum length 4"),
        (({"symbol": "X", "at": 7}, "price"), "PriceSchema cannot dump it"),
        (({"symbol": "X", "id": "seven"}, "price"), "PriceSchema cannot dump it"),
        (({"prices": [{"symbol": "X"}, {}]}, "book"), r"all.1.symbol: Missing"),
    ],
)
def test_wrong_events_are_refused(make, arguments, words):
    """An event that its schema cannot dump, or would not accept, is refused by the publisher's call."""
    channel = make(events=TYPES)
    with pytest.raises(InvalidEvent, match=words):
        channel.publish(*arguments)


def test_events_are_dumped_by_their_type(make):
    """Readers get what the schema makes of the data, and of a type without a schema what was published."""
    channel = make(events=TYPES)
    reader = channel.subscribe()
    channel.publish({"symbol": "X", "at": NOON, "id": 7, "other": 1}, "price")
    channel.publish({"prices": [{"symbol": "X"}]}, "book")
    channel.publish(None, "closed")

    assert [next(reader).data for _ in range(3)] == [
        {"symbol": "X", "at": "2026-01-01T12:00:00Z", "id": 7},
        {"all": [{"symbol": "X"}]},
        None,
    ]


def test_an_event_is_dumped_once_for_all_streams(make):
    """The schema of the channel dumps when an event is published, and not again for each stream of the same schema."""
    dumped = []

    class CountedSchema(Schema):
        """A price, counted."""

        symbol = fields.Function(lambda data: dumped.append(data) or data["symbol"])

    channel, app = make(events={"message": CountedSchema}), App("once")

    @app.get("/")
    @events(CountedSchema, keep_alive=0.02)
    def prices():
        return channel.subscribe()

    replies = [app.test_client().get("/") for _ in range(3)]
    channel.publish({"symbol": "X"})
    parts = [part_of(reply) for reply in replies]
    for reply in replies:
        reply.close()

    assert len(set(parts)) == 1
    assert parts[0].endswith(b'data: {"symbol":"X"}\n\n')
    assert dumped == [{"symbol": "X"}]


def test_another_schema_of_a_stream_applies(make):
    """A stream with another schema than the channel dumps with its own: what that hides is not sent."""

    class InnerSchema(Schema):
        """All there is."""

        symbol = fields.String()
        secret = fields.String()

    class OuterSchema(Schema):
        """What may be seen."""

        symbol = fields.String()

    app = App("outer")
    typed, plain = make(events={"message": InnerSchema}), make()
    for name, channel in (("typed", typed), ("plain", plain)):
        app.add_url_rule(
            f"/{name}", name, events(OuterSchema, keep_alive=0.02)(lambda channel=channel: channel.subscribe())
        )
    for name, channel in (("typed", typed), ("plain", plain)):
        reply = app.test_client().get(f"/{name}")
        channel.publish({"symbol": "X", "secret": "hidden"})
        part = part_of(reply)
        reply.close()

        assert part.endswith(b'data: {"symbol":"X"}\n\n')


def test_what_a_channel_says_itself_passes_the_contract(make):
    """``reset`` and ``skipped`` are no data of the schema, and are sent as they are; wrong data is still found."""
    app = App("contract")
    channel = make(history=1, backlog=1, slow="skip")

    @app.get("/")
    @events({"number": fields.Integer(required=True)}, keep_alive=5)
    def numbers():
        return channel.subscribe("nonsense")

    quick = channel.subscribe()
    channel.publish({"number": 1})
    next(quick)
    reply = app.test_client().get("/")
    parts = iter(reply.response)
    first = [next(parts), next(parts)]
    for number in range(2, 9):
        channel.publish({"number": number})
        next(quick)
    rest = []
    while not rest or b'{"number":8}' not in rest[-1]:
        rest.append(next(parts))
    channel.publish({})
    with pytest.raises(ContractViolation):
        next(parts)
    reply.close()

    assert first[0].startswith(b"event: reset\n")
    assert any(part.startswith(b'event: skipped\ndata: {"skipped":') for part in rest)


def test_one_of_several_schemas_is_shared(make):
    """A schema that is an instance of its own is the same for a channel and a stream that are given it."""
    schema = PriceSchema(only=("symbol", "at"))
    channel, app = make(events={"message": schema}), App("shared-schema")

    @app.get("/")
    @events(schema, keep_alive=0.02)
    def prices():
        return channel.subscribe()

    reply = app.test_client().get("/")
    channel.publish({"symbol": "X", "at": NOON})
    data = part_of(reply).split(b"data: ")[1]
    reply.close()

    assert json.loads(data) == {"symbol": "X", "at": "2026-01-01T12:00:00Z"}

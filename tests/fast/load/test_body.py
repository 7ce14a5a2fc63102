"""Loading the text of a body in one go is the same as reading it and loading what was read."""

from __future__ import annotations

import enum
import json
import os
import typing as t

import marshmallow as ma
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import EXCLUDE, INCLUDE, RAISE, fields, validate

from framework import fields as own
from framework.fast import _codegen as codegen
from framework.fast import json as fast_json
from framework.fast.load import _body as body
from framework.fast.load import _loader as load
from framework.fast.strict import _schema as strict

CALLS: list[t.Any] = []
EXAMPLES = int(os.environ.get("FRAMEWORK_FUZZ", "300"))


class Level(enum.Enum):
    LOW = "low"
    HIGH = 2


class Part(ma.Schema):
    id = fields.Integer(required=True)
    name = fields.String(validate=validate.Length(max=5))


class Item(ma.Schema):
    name = fields.String(required=True, validate=validate.Length(min=1, max=20))
    kind = fields.String(validate=validate.OneOf(["a", "b"]), load_default="a")
    at = own.DateTime(allow_none=True)
    price = fields.Decimal(as_string=True)
    part = fields.Nested(Part)
    parts = fields.List(fields.Nested(Part))
    tags = fields.List(fields.String())
    weight = fields.Float(data_key="Weight", attribute="size.weight")


GOOD: dict[str, t.Any] = {
    "name": "a: b",
    "at": "2024-01-01T00:00:00Z",
    "price": "1.50",
    "part": {"id": 1, "name": "p"},
    "parts": [{"id": 2}, {"id": 3, "name": "q"}],
    "tags": ["x", "é"],
    "Weight": 5,
}


def _outcome(function: t.Any, text: bytes) -> tuple[str, t.Any]:
    try:
        return "value", repr(function(text))
    except fast_json.JSONError as error:
        return "no JSON", (error.reason, error.position)
    except ma.ValidationError as error:
        return "invalid", (repr(error.messages), repr(error.valid_data), repr(error.data))


def _compare(schema: ma.Schema, text: bytes) -> tuple[str, t.Any]:
    expected = _outcome(lambda each: schema.load(fast_json.decode(each)), text)
    found = _outcome(body.body_loader(schema), text)

    assert found == expected
    return found


@pytest.mark.parametrize("location", ["json", None])
@pytest.mark.parametrize("many", [False, True])
def test_good_texts_are_taken(location: str | None, many: bool) -> None:
    """A text that is as it should be is loaded without being read as a dict."""
    schema = Item(many=many)
    if location:
        schema = strict.strict(schema, location)
    data: t.Any = [GOOD, {"name": "y"}] if many else GOOD
    for text in (json.dumps(data).encode(), json.dumps(data, indent=2, ensure_ascii=False).encode()):
        made = body.body_reader(schema)(text)

        assert made == schema.load(data)
        assert repr(made) == repr(schema.load(data))


TEXTS = [
    b'{"name":"x","name":"x"}',
    b'{"name":"x","part":{"id":1,"id":1}}',
    b'{"name":"x","parts":[{"id":1,"id":2}]}',
    b'{"name":"x","zz":1}',
    b'{"name":"x","part":{"id":1,"zz":1}}',
    b'{"na\\u006de":"x"}',
    b'{"name":"a\\u003ab","kind":"a"}',
    b'{"name":"\\u003a","name":"x"}',
    b'{"name":"x","name":"\\u003a"}',
    b'{"name":"x:","kind":"a","kind":"a"}',
    b'{"name":"\\ud800"}',
    b'{"name":"\xff"}',
    b'{"name":"x"} ',
    b'{"name":"x"}x',
    b'\xef\xbb\xbf{"name":"x"}',
    b'{"name":NaN}',
    b'{"name":"x","Weight":1e400}',
    b'{"name":"x","Weight":-0}',
    b'{"name":"x","Weight":"1"}',
    b'{"name":"x","part":null}',
    b'{"name":"x","at":null}',
    b'{"name":"x","parts":[null]}',
    b'{"name":"x","tags":[["y"]]}',
    b'{"name":"x","tags":[{"y":1}]}',
    b'{"name":"","kind":"c"}',
    b'{"name":"x","part":{"id":1.0}}',
    b'{"name":"x","part":{"id":' + b"9" * 5000 + b"}}",
    b'{"name":"x","tags":' + b"[" * 100_000,
    b"[]",
    b"{}",
    b"null",
    b"1",
    b"",
    b'[{"name":"x"},{"name":1}]',
    b'[{"name":"x"},[]]',
]


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("unknown", [RAISE, INCLUDE, EXCLUDE])
@pytest.mark.parametrize("partial", [None, True, ("name",)])
def test_every_text_means_what_it_means(many: bool, unknown: str, partial: t.Any) -> None:
    """Faults in a text, names that are unknown or repeated, and values of other types are told as ever."""
    for location in ("json", None):
        schema = Item(many=many, unknown=unknown, partial=partial)
        if location:
            schema = strict.strict(schema, location)
        for text in TEXTS:
            _compare(schema, b"[" + text + b"]" if many and text[:1] == b"{" else text)


_texts = st.one_of(st.text(max_size=4), st.sampled_from(["a", "2024-01-01T00:00:00Z", "1.5"]))
_scalars = st.one_of(st.none(), st.booleans(), st.integers(-3, 9), st.floats(), _texts)
_names = st.sampled_from(["name", "kind", "at", "price", "part", "parts", "tags", "Weight", "id", "zz", "a:b"])
_json = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_names, inner, max_size=4)),
    max_leaves=8,
)


@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(_names, _json, max_size=6), st.booleans(), st.sampled_from(["json", None]))
def test_random_texts_mean_what_they_mean(changes: dict[str, t.Any], spaced: bool, location: str | None) -> None:
    """Good data with random changes load as they would have been loaded."""
    schema: ma.Schema = Item()
    if location:
        schema = strict.strict(schema, location)

    _compare(schema, json.dumps({**GOOD, **changes}, indent=1 if spaced else None).encode())


class Held(ma.Schema):
    """A schema whose values are told from what was lost in reading by the number of their strings."""

    a = fields.String()
    b = fields.Nested(Part, allow_none=True)
    c = fields.List(fields.Integer())
    d = fields.Decimal()
    e = fields.Enum(Level, by_value=True, allow_none=True)
    f = fields.List(fields.Float(allow_none=True))
    g = fields.List(fields.Decimal())
    h = fields.List(fields.Nested(Part))


_members = st.one_of(
    st.tuples(st.just("a"), st.sampled_from(['"x"', '"\\""', '"a:b"', '"\\u003a"'])),
    st.tuples(st.just("b"), st.sampled_from(["null", '{"id":1}', '{"id":1,"id":2}', '{"id":1,"name":"y"}'])),
    st.tuples(st.just("c"), st.sampled_from(["[]", "[1]", "[1,2]"])),
    st.tuples(st.just("d"), st.sampled_from(["1", '"1.5"', "2.50"])),
    st.tuples(st.just("e"), st.sampled_from(["null", '"low"', "2"])),
    st.tuples(st.just("f"), st.sampled_from(["[]", "[1.5,null]", "[-0,1e3,12345678901234567890123]"])),
    st.tuples(st.just("g"), st.sampled_from(["[]", '["1",2]', '["1.5","2"]'])),
    st.tuples(st.just("h"), st.sampled_from(["[]", '[{"id":1}]', '[{"id":1,"name":"x"},{"id":2}]'])),
)


@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_members, max_size=7), st.sampled_from(["json", None]), st.sampled_from([None, True, False]))
def test_names_given_twice_are_told(members: list[tuple[str, str]], location: str | None, partial: t.Any) -> None:
    """Whatever strings a text has, a name that is given twice is not passed over."""
    schema: ma.Schema = Held(partial=partial)
    if location:
        schema = strict.strict(schema, location)
    text = "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"

    found = _compare(schema, text.encode())

    names = [name for name, _ in members]
    assert len(names) == len(set(names)) or found[0] == "no JSON"


@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)), st.integers(0, 320))
def test_numbers_are_the_nearest_floats(number: float, zeros: int) -> None:
    """What the decoder reads as a float is what Python makes of the digits, of long integers too."""

    class Weighed(ma.Schema):
        weight = fields.Float()

    for text in (f"{number}", f"{int(number)}" + "0" * zeros):
        _compare(Weighed(), b'{"weight":%b}' % text.encode())


@pytest.mark.parametrize(
    "text",
    [
        b'{"name":"x","at":null}',
        b'{"name":"say \\"x\\""}',
        b'{"name":"x","part":{"id":1},"parts":[],"tags":[]}',
        b'{"Weight":7,"name":"x"}',
    ],
)
def test_what_may_be_absent_is_no_doubt(text: bytes) -> None:
    """Texts without optional members, with ``null`` and with quotes in strings are taken."""
    for schema in (Item(), strict.strict(Item(), "json")):
        assert repr(body.body_reader(schema)(text)) == repr(schema.load(json.loads(text)))


def test_partial_names_leave_no_default() -> None:
    """A schema that is partial for some names is read in the exact way: those names get no default."""
    schema = Item(partial=("kind",))

    assert body.body_reader(schema)(b'{"name":"x"}') is body.NOT_TAKEN
    assert body.body_loader(schema)(b'{"name":"x"}') == {"name": "x"}


def test_code_of_users_runs_once() -> None:
    """A schema that runs code of users is read in the exact way, so nothing of theirs runs twice."""

    def spy(value: t.Any) -> None:
        CALLS.append(value)

    class Spied(ma.Schema):
        name = fields.String(validate=spy)
        size = fields.Integer()

    class Hooked(Item):
        @ma.post_load
        def after(self, data: t.Any, **kwargs: t.Any) -> t.Any:
            CALLS.append("after")
            return data

    for schema, good, bad in (
        (Spied(), b'{"name":"x","size":1}', b'{"name":"x","size":"y"}'),
        (Hooked(), b'{"name":"x"}', b'{"name":1}'),
    ):
        CALLS.clear()
        _outcome(body.body_loader(schema), good)
        _outcome(body.body_loader(schema), bad)

        assert CALLS in (["x", "x"], ["after"])
        assert body.body_reader(schema)(good) is body.NOT_TAKEN


def test_depth_is_bounded() -> None:
    """Where the schema allows for more depth than there may be, the exact way decides."""
    text = json.dumps(GOOD).encode()

    assert body.body_reader(Item(), max_depth=2)(text) is body.NOT_TAKEN
    assert body.body_reader(Item(), max_depth=3)(text) == Item().load(GOOD)
    with pytest.raises(fast_json.JSONError, match="deeper than 2"):
        body.body_loader(Item(), max_depth=2)(text)


def test_lists_of_scalars_count_as_depth() -> None:
    """A list inside the object is a level of its own."""

    class Tags(ma.Schema):
        tags = fields.List(fields.String())

    with pytest.raises(fast_json.JSONError):
        body.body_loader(Tags(), max_depth=1)(b'{"tags":["x"]}')


def test_switched_off() -> None:
    """Without the fast path no text is taken, and the value is the same."""
    text = json.dumps(GOOD).encode()
    schema = Item()

    assert body.body_reader(schema, fast=False)(text) is body.NOT_TAKEN
    assert body.body_loader(schema, fast=False)(text) == load.loader(schema)(GOOD)
    assert codegen.record(Item()).texts == []


def test_options_of_the_instance_hold() -> None:
    """``partial`` and ``many`` of the schema are followed when they are changed."""
    schema = Item()
    function = body.body_loader(schema)
    with pytest.raises(ma.ValidationError):
        function(b"{}")
    schema.partial = True
    one = function(b"{}")
    schema.many = True

    assert one == {}
    assert function(b"[{}]") == [{}]

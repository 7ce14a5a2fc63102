"""marshmallow and the generated functions side by side: fields, the values that tell them apart, and the comparison.

No test module: ``test_differential`` draws from it at random, ``test_mutants`` runs its generators one by one, and
``python -m pairs NAME`` runs one generator and fails at the first difference.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import datetime as dt
import decimal
import enum
import ipaddress
import itertools
import json
import math
import sys
import types
import typing as t
import uuid

import marshmallow as ma
from marshmallow import EXCLUDE, INCLUDE, RAISE, fields, validate

from framework import fields as own
from framework.fast import canary
from framework.fast import json as fast_json
from framework.fast.dump import _dumper as dump
from framework.fast.load import _body as body
from framework.fast.load import _loader as load
from framework.fast.strict import _schema as strict

D = decimal.Decimal
UTC = dt.UTC
# Differences are to be found here: the generated functions must not be turned off for them.
canary._verdict = True

#: Every call of a user's function, in order.
CALLS: list[str] = []


class Text(str):
    def __str__(self) -> str:
        return "not what it holds"


class Stream:
    """What can be iterated and nothing else."""

    def __iter__(self) -> cabc.Iterator[str]:
        return iter(["a", "é"])

    def __repr__(self) -> str:
        return "a stream"


class Lenient(dict[str, t.Any]):
    """A dict that has a value for every name."""

    def __missing__(self, key: str) -> str:
        return "any"


class Whole(int):
    def __int__(self) -> int:
        return 7


class Real(float):
    pass


class Moment(dt.datetime):
    def isoformat(self, *args: t.Any, **kwargs: t.Any) -> str:
        return "a moment"


class Color(enum.Enum):
    RED = "r"
    BLUE = 2
    CRIMSON = "r"  # noqa: PIE796


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(str, enum.Enum):  # noqa: UP042
    A = "a"
    B = "b"


class Odd(enum.Enum):
    ONE = 1
    HALF = 0.5
    NONE = None
    YES = True


class Spoken(enum.Enum):
    X = "x"

    @property
    def value(self) -> str:  # type: ignore[override]
        return "spoken"


class Bits(enum.Flag):
    A = 1
    B = 2


class Shout(fields.String):
    """A user's field."""

    def _serialize(self, value: t.Any, attr: t.Any, obj: t.Any, **kwargs: t.Any) -> t.Any:
        CALLS.append(f"shout {value!r} {attr}")
        return None if value is None else str(value).upper()

    def _deserialize(self, value: t.Any, attr: t.Any, data: t.Any, **kwargs: t.Any) -> t.Any:
        CALLS.append(f"hear {value!r} {attr} {sorted(kwargs.items())}")
        if value == "":
            raise ma.ValidationError("Speak up.", valid_data=t.cast(t.Any, "?"))
        return str(value).upper()


class Quiet(fields.Integer):
    """A user's field that changes nothing."""


class Part(ma.Schema):
    id = fields.Integer()
    name = fields.String(required=True, validate=validate.Length(max=3))
    when = fields.DateTime(allow_none=True)


class PartWithHooks(ma.Schema):
    name = fields.String(data_key="n")

    @ma.pre_load
    def before(self, data: t.Any, **kwargs: t.Any) -> t.Any:
        CALLS.append(f"pre_load {kwargs}")
        return data

    @ma.post_load
    def after(self, data: t.Any, **kwargs: t.Any) -> t.Any:
        CALLS.append("post_load")
        return {**data, "seen": True}

    @ma.validates("name")
    def check_name(self, value: t.Any, data_key: str) -> None:
        CALLS.append(f"validates {value!r} {data_key}")
        if value == "bad":
            raise ma.ValidationError("No.")

    @ma.validates_schema
    def check_all(self, data: t.Any, **kwargs: t.Any) -> None:
        CALLS.append("validates_schema")
        if data.get("name") == "worse":
            raise ma.ValidationError({"n": ["Worse."]})

    @ma.pre_dump
    def outgoing(self, obj: t.Any, **kwargs: t.Any) -> t.Any:
        CALLS.append(f"pre_dump {kwargs}")
        return obj

    @ma.post_dump(pass_original=True)
    def outgone(self, data: t.Any, original: t.Any, **kwargs: t.Any) -> t.Any:
        CALLS.append("post_dump")
        return {**data, "kind": type(original).__name__}


class Tree(ma.Schema):
    name = fields.String()
    children = fields.List(fields.Nested(lambda: Tree()))
    best = fields.Nested("Tree", exclude=("best",))


class Ordered(ma.Schema):
    @property
    def dict_class(self) -> t.Any:
        return collections.OrderedDict

    id = fields.Integer(dump_default=5)
    name = fields.String()


Factory = cabc.Callable[..., t.Any]
Values = list[t.Any]

_numbers: Values = [
    0,
    1,
    -3,
    7,
    10,
    2**63,
    10**30,
    10**400,
    True,
    False,
    Whole(5),
    Level.LOW,
    1.0,
    1.5,
    -0.0,
    math.nan,
    math.inf,
    1e16,
    1e22,
    1e-7,
    "3",
    " 4 ",
    "1_0",
    "1e3",
    "x",
    "",
    b"1",
    D("1.5"),
    [1],
]
_decimals: Values = [
    D(each) for each in ("1.10", "1E+3", "1E-9", "0E-10", "-0", "NaN", "sNaN", "NaN12", "Infinity", "1E+40")
] + ["1.5", "1E3", "1e400", "NaN", "Infinity", "sNaN", "12.50", "x", 7, 1.1, True, 10**40, 1e300, math.nan]
_texts: Values = [
    "",
    "a",
    "abc",
    "abcd",
    "é",
    "\ud800",
    "a\n",
    Text("t"),
    Word.A,
    b"a",
    b"\xff",
    5,
    True,
    "RED",
    "a1",
    "ab" * 300,
]
_moments: Values = [
    dt.datetime(2020, 1, 1),
    dt.datetime(2020, 1, 2, 3, 4, 5, 6, UTC),
    dt.datetime(1, 1, 1, 0, 0, 0, 10, dt.timezone(dt.timedelta(hours=2))),
    dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1, seconds=30))),
    dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(0), "Z")),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
    Moment(2020, 1, 1),
    dt.date(2020, 1, 1),
    "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00:00.5+02:00",
    "2024-01-01T00:00:00.1234567Z",
    "2024-12-31T23:59:60Z",
    "2024-01-01 00:00:00Z",
    "2024-01-01t00:00:00z",
    "2024-01-01",
    "20240101T000000Z",
    "2024-13-01T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:00:00-00:00",
    "Mon, 01 Jan 2024 00:00:00 -0000",
    5,
    1.5,
    True,
    "5",
    "x",
]
_dates: Values = [
    dt.date(2020, 1, 1),
    dt.date(1, 2, 3),
    dt.datetime(2020, 1, 1),
    "2024-01-01",
    "20240101",
    "2024-W01-1",
    "2024-02-30",
    "x",
    3,
]
_times: Values = [
    dt.time(1, 2),
    dt.time(0, 0, 0, 10000),
    dt.time(1, 2, 3, 4, UTC),
    "01:02",
    "01:02:03",
    "01:02:03.5Z",
    "010203",
    "25:00:00",
    "x",
    3,
]
_uuids: Values = [
    uuid.UUID(int=5),
    "12345678-1234-1234-1234-123456789abc",
    "{12345678-1234-1234-1234-123456789abc}",
    "12345678123412341234123456789abc",
    "x",
    b"0123456789abcdef",
    5,
]
_enums: Values = [
    *Color,
    *Level,
    *Word,
    *Odd,
    *Spoken,
    *Bits,
    Bits.A | Bits.B,
    "RED",
    "CRIMSON",
    "r",
    "a",
    "A",
    "LOW",
    "x",
    "X",
    1,
    2,
    True,
    1.0,
    0.5,
    None,
    [1],
    "1",
]
_mails: Values = [
    "a@b.co",
    "a@b",
    "a@b.c",
    "a-b.c@d-e.co",
    "a..b@c.de",
    "a@-b.de",
    "a@b-.de",
    "a@b.de-",
    "a@" + "b" * 63 + ".de",
    "a" * 64 + "@b.de",
    "a" * 65 + "@b.de",
    "",
    "@",
    "a b@c.de",
    "a@localhost",
    "a@[1.2.3.4]",
    "é@b.co",
    "a@b.co\n",
    '"q"@b.co',
    "a@b@c.co",
    Text("a@b.co"),
    b"a@b.co",
    "x" * 300 + "@b.co",
]
_urls: Values = [
    "http://a.com",
    "http://a",
    "x",
    "",
    "ftp://a.com/x",
    "http://a.com\n",
    "file:///x",
    "http://a.com/é",
    Text("http://a.com"),
    "HTTP://A.COM",
]
_parts: Values = [
    {},
    {"id": 1, "name": "x"},
    {"id": "x", "name": "long"},
    {"name": "bad", "n": "bad"},
    {"n": "worse", "zz": 1},
    {"name": "x", "when": None, "zz": 1},
    {"n": "é"},
    None,
    [],
    "x",
    3,
    types.SimpleNamespace(id=1, name="y", n="z"),
    collections.defaultdict(int, id=5),
    Lenient(id=5, when=None),
    {"name": "t", "children": [{"name": "u"}], "best": {"name": "v"}},
]
_lists: Values = [
    [],
    ["a"],
    ["a", "b", "a"],
    ("a", "b"),
    {"a"},
    Stream(),
    "ab",
    {"a": 1},
    [1, 2],
    [1, "a"],
    [None],
    ["a", None],
    [Text("t")],
    [True],
    [1.5],
    [dt.datetime(2020, 1, 1)],
    [math.nan],
    [ma.missing],
    5,
    ["x" * 9],
]
_maps: Values = [
    {},
    {"a": 1},
    {"a": "x"},
    {1: 2},
    {"a": math.nan},
    types.MappingProxyType({"a": 1}),
    collections.OrderedDict(a=1),
    [("a", 1)],
    [],
    "x",
]
_any: Values = [
    None,
    ma.missing,
    0,
    "",
    "a",
    1.5,
    math.nan,
    True,
    [],
    [1],
    {"a": 1},
    object,
    D("1E+3"),
    dt.datetime(2020, 1, 1, tzinfo=UTC),
    b"a",
    Text("t"),
    Word.A,
    "\ud800",
]


def _with(cls: Factory, *args: t.Any, **given: t.Any) -> Factory:
    return lambda **kwargs: cls(*args, **{**given, **kwargs})


#: Fields by name, with the values that tell their kinds apart.
FIELDS: dict[str, tuple[Factory, Values]] = {
    "String": (fields.String, _texts),
    "Email": (fields.Email, _mails),
    "Url": (fields.Url, _urls),
    "UrlRelative": (_with(fields.Url, relative=True, schemes={"http", "file"}), _urls),
    "Integer": (fields.Integer, _numbers),
    "IntegerStrict": (_with(fields.Integer, strict=True), _numbers),
    "IntegerString": (_with(fields.Integer, as_string=True), _numbers),
    "Float": (fields.Float, _numbers),
    "FloatNan": (_with(fields.Float, allow_nan=True), _numbers),
    "FloatString": (_with(fields.Float, as_string=True), _numbers),
    "Decimal": (fields.Decimal, _decimals),
    "DecimalString": (_with(fields.Decimal, as_string=True), _decimals),
    "DecimalPlaces": (_with(fields.Decimal, 2, as_string=True), _decimals),
    "DecimalNan": (_with(fields.Decimal, allow_nan=True, as_string=True), _decimals),
    "Boolean": (fields.Boolean, [*_numbers, "true", "no", "Y"]),
    "BooleanWords": (_with(fields.Boolean, truthy={1, "ja"}, falsy={"nein"}), [True, False, 1, 0, "ja", "nein"]),
    "BooleanAny": (_with(fields.Boolean, truthy=set()), [True, False, 1, 0, "ja", ""]),
    "DateTime": (fields.DateTime, _moments),
    "DateTimeRfc": (_with(fields.DateTime, "rfc"), _moments),
    "DateTimeStamp": (_with(fields.DateTime, "timestamp"), _moments),
    "DateTimeYear": (_with(fields.DateTime, "%Y"), _moments),
    "NaiveDateTime": (fields.NaiveDateTime, _moments),
    "NaiveDateTimeZone": (_with(fields.NaiveDateTime, timezone=UTC), _moments),
    "AwareDateTime": (fields.AwareDateTime, _moments),
    "AwareDateTimeZone": (_with(fields.AwareDateTime, default_timezone=UTC), _moments),
    "OwnDateTime": (own.DateTime, _moments),
    "OwnDateTimeMillis": (_with(own.DateTime, timespec="milliseconds"), _moments),
    "OwnDateTimeRfc": (_with(own.DateTime, "rfc"), _moments),
    "Date": (fields.Date, _dates),
    "DateFormat": (_with(fields.Date, "%d.%m.%Y"), [*_dates, "01.02.2024"]),
    "Time": (fields.Time, _times),
    "TimeDelta": (fields.TimeDelta, [dt.timedelta(1), 5, 1.5, "7", "x", math.nan, True]),
    "UUID": (fields.UUID, _uuids),
    "Enum": (_with(fields.Enum, Color), _enums),
    "EnumValue": (_with(fields.Enum, Color, by_value=True), _enums),
    "EnumField": (_with(fields.Enum, Level, by_value=fields.Integer), _enums),
    "EnumInt": (_with(fields.Enum, Level, by_value=True), _enums),
    "EnumWord": (_with(fields.Enum, Word, by_value=True), _enums),
    "EnumOdd": (_with(fields.Enum, Odd, by_value=True), _enums),
    "EnumSpoken": (_with(fields.Enum, Spoken, by_value=True), _enums),
    "EnumFlag": (_with(fields.Enum, Bits), _enums),
    "IP": (fields.IP, [ipaddress.ip_address("1.2.3.4"), "1.2.3.4", "::1", "x", 5, b"1.2.3.4"]),
    "Raw": (fields.Raw, _any),
    "Constant": (_with(fields.Constant, "k"), ["k", "x", 5]),
    "Function": (_with(fields.Function, lambda obj: "f", lambda value: [value]), _any),
    "Shout": (Shout, ["", "a", 5]),
    "Quiet": (Quiet, _numbers),
    "List": (_with(fields.List, fields.String()), _lists),
    "ListInteger": (_with(fields.List, fields.Integer()), _lists),
    "ListFloat": (_with(fields.List, fields.Float()), _lists),
    "ListDecimal": (
        _with(fields.List, fields.Decimal(as_string=True)),
        [
            *_lists,
            [D("1E+3")],
            [D("1.5"), None, D("-2E-9")],
            (D("0E-10"), "1E+3"),
            [D("1.10")],
            ["1.5", "x"],
            [D("NaN")],
        ],
    ),
    "ListDateTime": (_with(fields.List, fields.DateTime()), [*_lists, _moments[:5], ["2024-01-01T00:00:00Z", "x"]]),
    "ListRaw": (_with(fields.List, fields.Raw()), _lists),
    "ListChecked": (_with(fields.List, fields.String(allow_none=True, validate=validate.Length(max=2))), _lists),
    "ListUrl": (_with(fields.List, fields.Url()), [["http://a.com"], ["http://a.com", "x"], []]),
    "ListShout": (_with(fields.List, Shout()), _lists),
    "ListPart": (_with(fields.List, fields.Nested(Part)), [[each] for each in _parts] + [_parts[:3], "x", []]),
    "ListPartNone": (_with(fields.List, fields.Nested(Part, allow_none=True)), [[each] for each in _parts]),
    "ListHooks": (_with(fields.List, fields.Nested(PartWithHooks)), [[each] for each in _parts] + [_parts[3:5]]),
    "Tuple": (_with(fields.Tuple, (fields.String(), fields.Integer())), [("a", 1), ["a", 1], ["a"], [1, "a"], "ab"]),
    "Dict": (fields.Dict, _maps),
    "DictTyped": (_with(fields.Dict, fields.String(), fields.Integer()), _maps),
    "Nested": (_with(fields.Nested, Part), _parts),
    "NestedMany": (_with(fields.Nested, Part, many=True), [[each] for each in _parts] + [*_parts, _parts[1:3]]),
    "NestedManySchema": (lambda **kw: fields.Nested(Part(many=True), **kw), [[each] for each in _parts]),
    "NestedOnly": (_with(fields.Nested, Part, only=("id",)), _parts),
    "NestedInclude": (_with(fields.Nested, Part, unknown=INCLUDE), _parts),
    "NestedPartial": (lambda **kw: fields.Nested(Part(partial=True), **kw), _parts),
    "NestedHooks": (_with(fields.Nested, PartWithHooks), _parts),
    "NestedOrdered": (_with(fields.Nested, Ordered), _parts),
    "NestedTree": (_with(fields.Nested, Tree), _parts),
    "NestedUnknown": (_with(fields.Nested, "NoSuchSchema"), [None, {}]),
    "Pluck": (_with(fields.Pluck, Part, "name"), [*_parts, "x", "long", 5]),
}


def spy(value: t.Any) -> None:
    """A user's validator."""
    CALLS.append(f"spy {value!r}")
    if value in (1, "a", True):
        raise ma.ValidationError({"spy": ["No."]})


def spy_too(value: t.Any) -> None:
    """Another one."""
    CALLS.append(f"spy too {value!r}")
    raise ma.ValidationError(["One.", "Two."])


VALIDATORS: list[t.Any] = [
    validate.Length(min=1, max=3),
    validate.Length(equal=1),
    validate.Length(max=2, error="{input} is long"),
    validate.Range(min=0, max=10),
    validate.Range(0, 10, min_inclusive=False, max_inclusive=False),
    validate.Range(min=1.5),
    validate.OneOf(["a", 1, "RED", 3, 1.5]),
    validate.OneOf("abc"),
    validate.NoneOf([1, "a"]),
    validate.Equal("a"),
    validate.Regexp("^a"),
    validate.Regexp("a$"),
    validate.Email(),
    validate.Email(error="Not {input}."),
    validate.URL(),
    validate.Predicate("isdigit"),
    validate.ContainsOnly(["a", "b"]),
    validate.And(validate.Length(max=2), spy),
    [validate.Length(max=2), validate.OneOf(["a"])],
    spy,
    [validate.Length(max=1), spy],
    [spy, spy_too],
]
LOAD_OPTIONS: list[dict[str, t.Any]] = [
    {},
    {"required": True},
    {"load_default": None},
    {"load_default": 7},
    {"load_default": lambda: CALLS.append("load_default") or [1]},
    {"allow_none": True},
    {"allow_none": True, "validate": spy},
    {"load_default": None, "allow_none": False},
    {"data_key": "k-1"},
    {"data_key": "{b}'\""},
    {"data_key": "_schema"},
    {"attribute": "x.y"},
    {"attribute": "class"},
    *([{"post_load": lambda value: [value]}, {"pre_load": str}] if hasattr(fields.Raw(), "pre_load") else []),
    {"error_messages": {"invalid": "Bad.", "null": "Nil.", "required": "Give it."}},
]
DUMP_OPTIONS: list[dict[str, t.Any]] = [
    {},
    {"dump_default": None},
    {"dump_default": "d"},
    {"dump_default": lambda: CALLS.append("dump_default") or "x"},
    {"data_key": "k-1"},
    {"data_key": "{b}'\"é"},
    {"attribute": "items"},
    {"attribute": "x.y"},
    {"attribute": "class"},
    {"attribute": "a-b"},
]


class Thing:
    """An object that is read by attribute."""

    def __init__(self, values: dict[str, t.Any]) -> None:
        self.__dict__.update(values)


class Counted(Thing):
    """An object that tells what is read from it."""

    def __getattribute__(self, name: str) -> t.Any:
        if not name.startswith("__"):
            CALLS.append(f"read {name}")
        return super().__getattribute__(name)


class Keyed(Thing):
    """An object that is read by key first."""

    def __getitem__(self, key: str) -> t.Any:
        if key == "b":
            raise KeyError(key)
        return vars(self)[key]


class Guarded:
    """An object whose one property always fails, and whose other never does."""

    def __init__(self, values: dict[str, t.Any]) -> None:
        self._values = values

    @property
    def a(self) -> t.Any:
        if "a" not in self._values:
            raise AttributeError("a property may raise this")
        return self._values["a"]


OBJECTS: list[cabc.Callable[[dict[str, t.Any]], t.Any]] = [
    dict,
    Thing,
    Counted,
    Keyed,
    Guarded,
    lambda values: collections.defaultdict(lambda: 5, values),
    lambda values: types.MappingProxyType(values),
]


# ---------------------------------------------------------------------- the comparison


def outcome(function: cabc.Callable[..., t.Any], *args: t.Any) -> tuple[t.Any, ...]:
    """What a call gives or raises, and the calls of users' functions it makes, in a form that can be compared."""
    CALLS.clear()
    try:
        result: tuple[t.Any, ...] = ("value", shape(function(*args)))
    except ma.ValidationError as error:
        result = ("invalid", shape(error.messages), shape(error.valid_data), shape(error.data))
    except Exception as error:
        result = ("error", type(error).__name__, str(error))
    return (*result, tuple(CALLS))


def shape(value: t.Any) -> t.Any:
    """A value with its types, and dicts with their order."""
    if isinstance(value, cabc.Mapping):
        return (type(value).__name__, [(shape(key), shape(each)) for key, each in value.items()])
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [shape(each) for each in value])
    if isinstance(value, (set, frozenset)):
        return (type(value).__name__, sorted(map(repr, value)))
    return (type(value).__name__, repr(value) if not isinstance(value, (Thing, Guarded)) else "a thing")


class Difference(AssertionError):
    """The generated functions do not do what marshmallow does."""


def same(what: str, expected: tuple[t.Any, ...], found: tuple[t.Any, ...], *context: t.Any) -> None:
    """Raise when two outcomes differ."""
    if expected != found:
        raise Difference(
            f"{what} {context[-1]!r:.500} by {context[0]!r:.600}\nmarshmallow: {expected!r}\ngenerated:   {found!r}"
        )


def schema_of(members: dict[str, t.Any], **options: t.Any) -> ma.Schema:
    """An instance of a new schema class with these fields."""
    meta = type("Meta", (), {"register": False, **options.pop("meta", {})})
    body = {"Meta": meta, **members}
    return type("Generated", (ma.Schema,), body)(**options)


def compare_dump(schema: ma.Schema, obj: t.Any) -> None:
    """Dump an object in both ways, to a value and to JSON text."""
    expected = outcome(schema.dump, obj)
    same("dump", expected, outcome(dump.dumper(schema), obj), schema.fields, obj)
    text = outcome(lambda each: as_read(fast_json.encode(schema.dump(each))), obj)
    found = outcome(lambda each: as_read(dump.json_dumper(schema)(each)), obj)
    if text[0] == found[0] == "error" and found[1] in ("JSONError", "TypeError"):
        return  # refused by both; the generated function refuses a value before the next one is dumped, and says where
    same("wire", text, found, schema.fields, obj)


def compare_load(schema: ma.Schema, data: t.Any) -> None:
    """Load data in both ways."""
    expected = outcome(schema.load, data)
    same("load", expected, outcome(load.loader(schema), data), schema.fields, data)


def compare_body(schema: ma.Schema, text: bytes) -> None:
    """Load a JSON text in both ways."""
    expected = outcome(lambda each: schema.load(fast_json.decode(each)), text)
    same("body", expected, outcome(body.body_loader(schema), text), schema.fields, text)


def as_read(text: bytes) -> t.Any:
    """What a text says, its numbers as they are written; a character may be escaped or not."""
    return json.loads(text, parse_float=str, parse_int=str)


# ---------------------------------------------------------------------- generators


def dumps(names: cabc.Iterable[str]) -> int:
    """Every named field with each option, each value and each kind of object; gives the number of comparisons."""
    count = 0
    for name in names:
        factory, values = FIELDS[name]
        for options in DUMP_OPTIONS:
            schema = schema_of({"a": factory(**options), "b": fields.String()})
            key = options.get("attribute", "a")
            for value in [*values, None, ma.missing]:
                members = {"x": {"y": value}} if key == "x.y" else {key: value}
                kinds = OBJECTS if not options else OBJECTS[:2]
                for make in kinds:
                    obj = make({**members, "b": "é"})
                    compare_dump(schema, obj)
                    count += 1
            compare_dump(schema, {"b": "x"})
            compare_dump(schema, Thing({}))
    return count


def loads(names: cabc.Iterable[str], *, kind: str = "plain") -> int:
    """Every named field with each option and validator, and each value; gives the number of comparisons.

    :param kind: ``"plain"``, or the location that the schema is made strict for.
    """
    count = 0
    for name in names:
        factory, values = FIELDS[name]
        for options in [*LOAD_OPTIONS, *({"validate": each} for each in VALIDATORS)]:
            schema = schema_of({"a": factory(**options), "b": fields.String()})
            if kind != "plain":
                schema = strict.strict(schema, kind)
            key = options.get("data_key", "a")
            for value in [*values, None, ma.missing]:
                compare_load(schema, {key: value, "b": "é"})
                count += 1
            compare_load(schema, {"b": "x"})
    return count


def shapes(kind: str = "plain") -> int:
    """Data and schemas of every shape: policies, partial, many, what is not a dict.

    :param kind: ``"plain"``, or the location that the schema is made strict for.
    """
    count = 0
    data: Values = [
        {},
        {"a": 1},
        {"a": "x"},
        {"a": 1, "b": "x", "zz": 1, "yy": 2},
        {"a": None},
        {1: 2},
        None,
        [],
        [{}],
        "x",
        5,
        [{"a": 1}, {"a": "x"}, 5],
        ({"a": 1},),
        types.MappingProxyType({"a": 1}),
        collections.OrderedDict(a=1, c=3),
        {"c": {"name": "xxxx"}},
        {"c": {}},
    ]
    partials: Values = [None, True, False, ("a",), {"c.name"}, ["c"]]
    policies = [RAISE, INCLUDE, EXCLUDE]
    for policy, partial, many, index in itertools.product(policies, partials, (False, True), (True, False)):
        members = {"a": fields.Integer(required=True), "b": fields.String(), "c": fields.Nested(Part)}
        members["d"] = fields.Integer(load_default=4)
        schema = schema_of(members, unknown=policy, partial=partial, many=many, meta={"index_errors": index})
        if kind != "plain":
            schema = strict.strict(schema, kind)
        for each in data:
            compare_load(schema, each)
            compare_dump(schema, each)
            count += 2
    return count


def mixes() -> int:
    """Lists of objects of different kinds, and what is not a list."""
    count = 0
    schema = schema_of(
        {"a": fields.String(), "b": fields.Nested(Part), "c": fields.List(fields.Nested(Part))}, many=True
    )
    for first, second in itertools.product([*OBJECTS, lambda values: None], repeat=2):
        one = first({"a": "x", "b": types.SimpleNamespace(id=1), "c": [{"id": 1}, None]})
        other = second({"a": 5, "b": {"id": "7"}, "c": (types.SimpleNamespace(id=1), {"id": 1})})
        third = Thing({"a": "y", "b": None, "c": None})
        for objs in ([one, other], (one, other), [other, one, one], [third, one, third], [], None):
            compare_dump(schema, objs)
            count += 1
    return count


def bodies(names: cabc.Iterable[str], *, kind: str = "json") -> int:
    """Every named field with each option and validator, and each value that JSON can carry, as the text of a body."""
    count = 0
    for name in names:
        factory, values = FIELDS[name]
        for options in [*LOAD_OPTIONS, *({"validate": each} for each in VALIDATORS)]:
            schema = schema_of({"a": factory(**options), "b": fields.String()})
            if kind != "plain":
                schema = strict.strict(schema, kind)
            key = options.get("data_key", "a")
            for value in [*values, None]:
                try:
                    text = fast_json.encode({key: value, "b": "é"})
                except (TypeError, ValueError):
                    continue
                compare_body(schema, text)
                count += 1
            compare_body(schema, b'{"b":"x"}')
    return count


def texts() -> int:
    """Texts of bodies with names that are absent, given twice, unknown or escaped; with and without colons in strings.

    What is told apart by counting strings is mixed with what adds as many of them.
    """
    members = {
        "a": fields.String(),
        "b": fields.Nested(Part),
        "c": fields.List(fields.Integer()),
        "d": fields.Decimal(),
        "e": fields.String(allow_none=True),
        "f": fields.List(fields.String(allow_none=True)),
        "g": fields.Decimal(as_string=True, required=True),
        "h": fields.List(fields.Nested(Part)),
        "i": fields.String(load_default="i"),
    }
    given = [
        b'{"g":"1","a":"x","a":"x"}',
        b'{"g":"1","a":"x:y","zz":1}',
        b'{"g":"1","a":"\\u003a","a":":"}',
        b'{"g":"1","a":"x","a":"\\u003a"}',
        b'{"g":"1","a":"\\"","a":"x"}',
        b'{"g":"1","a":"x","a":"\\""}',
        b'{"g":"1","b":{"name":"x","name":"y"}}',
        b'{"g":"1","b":{"name":"x","id":1},"c":[1,2]}',
        b'{"\\u0067":"1"}',
        b'{"g":"1","a":"\\ud800"}',
        b'{"g":"1","a":1,"c":[[1]]}',
        b'{"g":"1","a":"x"} x',
    ]
    kinds = [
        (b"", b'"a":"x"', b'"a":"\\"q\\""'),
        (b"", b'"b":{"name":"x"}', b'"b":{"name":"x","when":null}', b'"b":{}'),
        (b"", b'"d":1', b'"d":"1.5"'),
        (b"", b'"e":null', b'"e":"x"'),
        (b"", b'"f":["x",null]'),
        (b"", b'"g":"1.5"'),
        (b"", b'"h":[{"name":"x"},{"id":1,"name":"y"}]'),
        (b"", b'"i":"y"'),
    ]
    twice = [b"", b'"c":[1],"c":[2]', b'"a":"x","a":"y"', b'"c":[1],"c":[2],"c":[3]']
    for chosen in itertools.product(*kinds, twice):
        given.append(b"{" + b",".join(filter(None, chosen)) + b"}")
    for number, kind in enumerate(("plain", "json")):
        for partial in (None, True, ("g", "i")):
            schema = schema_of(members, partial=partial)
            if kind == "json":
                schema = strict.strict(schema, kind)
            for text in given if partial is None else given[number::7]:
                compare_body(schema, text)
    return len(given)


NAMES = list(FIELDS)


def stored_objects() -> int:
    """Objects and rows of a database on SQLite, in every state, and objects of their kind."""
    import sqlalchemy as sa
    import stored

    try:
        return stored.compare_all(sa.create_engine("sqlite://", poolclass=sa.StaticPool))
    except stored.Difference as difference:
        raise Difference(str(difference)) from None


GENERATORS: dict[str, cabc.Callable[[], int]] = {
    **{f"dump:{name}": (lambda name=name: dumps([name])) for name in NAMES},  # type: ignore[misc]
    **{f"load:{name}": (lambda name=name: loads([name])) for name in NAMES},  # type: ignore[misc]
    **{f"json:{name}": (lambda name=name: loads([name], kind="json")) for name in NAMES},  # type: ignore[misc]
    **{f"query:{name}": (lambda name=name: loads([name], kind="query")) for name in NAMES},  # type: ignore[misc]
    **{f"body:{name}": (lambda name=name: bodies([name])) for name in NAMES},  # type: ignore[misc]
    **{f"plain body:{name}": (lambda name=name: bodies([name], kind="plain")) for name in NAMES},  # type: ignore[misc]
    "shapes": shapes,
    "shapes:json": lambda: shapes("json"),
    "mixes": mixes,
    "texts": texts,
    "stored": stored_objects,
}


if __name__ == "__main__":
    try:
        for chosen in sys.argv[1:]:
            sys.stdout.write(f"{chosen}: {GENERATORS[chosen]()} comparisons\n")
    except Difference as difference:
        sys.stdout.write(f"{difference}\n")
        sys.exit(3)

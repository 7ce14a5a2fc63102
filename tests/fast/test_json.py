"""JSON text to values and back."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from framework.fast import json as fast_json

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=30)


def fault(body, **options):
    """The error with which a text is refused."""
    with pytest.raises(fast_json.JSONError) as caught:
        fast_json.decode(body, **options)
    return caught.value


@pytest.mark.parametrize(
    ("body", "reason", "position"),
    [
        (b"", "The text is empty.", 0),
        (b" \n", "The text is empty.", 0),
        (b"{", "The text ends in the middle of a value.", 1),
        (b'{"a": tru', "The text ends in the middle of a value.", 9),
        (b'{"a":1} x', "There is text after the end of the JSON value.", 9),
        (b"{} {}", "There is text after the end of the JSON value.", 4),
        (b"NaN", "Unexpected character.", 0),
        (b"[Infinity]", "Unexpected character.", 1),
        (b"[-Infinity]", "Unexpected character.", 2),
        (b'{"a":1,}', "Trailing comma.", 7),
        (b"[1,]", "Trailing comma.", 3),
        (b"{'a':1}", "The key of an object must be a string in double quotes.", 1),
        (b"[01]", "A number is malformed.", 2),
        (b"1.", "A number is malformed.", 2),
        (b"+1", "Unexpected character.", 0),
        (b'"a\nb"', "Unexpected character.", 2),
        (b'"\\x"', "A string has an invalid escape sequence.", 3),
        (b'"\xff"', "The text is not UTF-8.", 1),
        (b'{"k\xc0\x80":1}', "The text is not UTF-8.", 3),
        (b'"\xed\xa0\x80"', "The text is not UTF-8.", 1),
        (b"\xef\xbb\xbf{}", "The text is not UTF-8, or begins with a byte order mark.", 0),
        ("{}".encode("utf-16"), "The text is not UTF-8, or begins with a byte order mark.", 0),
        ("{}".encode("utf-16-le"), "The text is not UTF-8, or begins with a byte order mark.", 0),
        ("{}".encode("utf-32-be"), "The text is not UTF-8, or begins with a byte order mark.", 0),
        (b'"\\ud800"', "A string has half of a surrogate pair.", None),
        (b'"\\ud83dx"', "A string has half of a surrogate pair.", None),
        (b'{"\\ud800":1}', "A string has half of a surrogate pair.", None),
        (b'"\\udc00"', "A string has half of a surrogate pair.", 7),
        (b"1e400", "A number is too large.", None),
        (b"[-1e400]", "A number is too large.", None),
        (b"9" * 4301, "An integer has too many digits.", None),
        (b"-" + b"9" * 1_000_000, "An integer has too many digits.", None),
    ],
)
def test_what_is_no_json_is_refused_with_a_reason(body, reason, position):
    """Each fault has one short reason, and a byte where one is known."""
    error = fault(body)

    assert (error.reason, error.position) == (reason, position)
    assert str(error) == reason
    assert isinstance(error, ValueError)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000])
def test_a_flood_of_brackets_is_refused(body):
    """Depth is an answer, never a RecursionError."""
    assert fault(body).reason == "Nested deeper than 100 levels."


@pytest.mark.parametrize(
    ("opening", "closing", "inner"),
    [(b"[", b"]", b""), (b"[", b"]", b"1"), (b'{"a":', b"}", b"[]"), (b'{"a":', b"}", b"1")],
)
@pytest.mark.parametrize("limit", [1, 5, 100])
def test_the_depth_is_counted_exactly(opening, closing, inner, limit):
    """As many levels as the limit says are read, one more is refused; an empty container is a level."""
    levels = limit - (1 if inner == b"[]" else 0)
    fast_json.decode(opening * levels + (inner or b"") + closing * levels, max_depth=limit)

    levels += 1
    assert "deeper" in fault(opening * levels + (inner or b"") + closing * levels, max_depth=limit).reason


def test_brackets_in_strings_are_no_levels():
    """Strings can neither add to the depth nor hide it."""
    assert fast_json.decode(b'["' + b"[{" * 500 + b'"]') == ["[{" * 500]
    assert fast_json.decode(b"[" * 100 + b'"' + b'\\"[' * 200 + b'"' + b"]" * 100)

    deep = b'["]",' * 101 + b"1" + b',"["]' * 101
    assert "deeper" in fault(deep).reason


def test_many_containers_beside_each_other_are_not_deep():
    """A long list of objects is three levels."""
    body = json.dumps([{"a": [1]}] * 1000).encode()

    assert len(fast_json.decode(body, max_depth=3)) == 1000
    assert "deeper" in fault(body, max_depth=2).reason


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a" : 1, "a"\n: 2}',
        b'{"x":{"y":[1,{"a":1,"b":2,"a":3}]}}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":"x:y","a":"z"}',
        b'{"a":"z","a":"\\u003a"}',
        b'{"a":"z","a":"\\u003A"}',
        b'{"a":"\\u003a\\u003a","a":"\\u003a"}',
        b'[{"":1,"":2}]',
    ],
)
def test_a_key_given_twice_is_refused(body):
    """Two readers could take different ones; colons in strings cannot hide it."""
    assert "is given more than once in one object." in fault(body).reason


def test_the_key_given_twice_is_named():
    """The reason names the key, cut where it is long."""
    assert fault(b'{"na\\"me":1,"na\\"me":2}').reason.startswith(r'The key "na\"me" is')
    assert len(fault(b'{"%s":1,"%s":2}' % (b"k" * 9999, b"k" * 9999)).reason) < 150


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"b:c","d":["e:f",{"g":":"}]}',
        b'{"a":"\\":","b" : 1}',
        b'{"a":"\\u003a","b":{"a":1}}',
        b'{"a":{"a":{"a":":::"}}}',
        b'{":":":"}',
        b"[{},{},[]]",
    ],
)
def test_colons_in_strings_are_no_keys(body):
    """What the standard library reads without loss is read."""
    assert fast_json.decode(body) == json.loads(body)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, 2**200, int("9" * 4300)])
def test_integers_are_exact(number):
    """No integer becomes a float."""
    read = fast_json.decode(str(number).encode())

    assert read == number
    assert type(read) is int


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda body: body.decode()])
def test_any_kind_of_text_is_read(kind):
    """Bytes, other buffers and str are the same text."""
    assert fast_json.decode(kind('{"ä": 1}'.encode())) == {"ä": 1}


def test_half_a_surrogate_pair_in_a_str_is_refused():
    """A str that UTF-8 cannot carry is no JSON text."""
    assert fault('"\ud800"').reason == "The text is not UTF-8."


@given(st.binary(max_size=40) | st.text(alphabet='{}[]":,\\u01eE+-. aNtrue').map(str.encode))
def test_decode_reads_or_raises_a_wire_error(body):
    """Nothing else ever comes out of a text."""
    reason, read = ".", None
    try:
        read = fast_json.decode(body)
    except fast_json.JSONError as error:
        reason = error.reason

    assert reason.endswith(".")
    assert read is None or read == json.loads(body)


@given(values, st.sampled_from([None, 1]), st.booleans())
def test_what_the_standard_library_writes_is_read(value, indent, ascii_only):
    """Indented or not, escaped or not, the value is the same."""
    assert fast_json.decode(json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()) == value


@given(values)
def test_a_value_survives_the_round_trip(value):
    """What was written is read as the same value, and is JSON to the standard library."""
    text = fast_json.encode(value)

    assert fast_json.decode(text) == value
    assert json.loads(text) == value


def duplicated(members):
    """An object's text with one key twice."""
    return "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in members) + "}"


@given(st.lists(st.tuples(texts, values), min_size=1), st.data())
def test_a_lost_key_is_always_noticed(members, data):
    """Whatever stands in the strings, an object with a key twice is refused, and one without is read."""
    unique = list(dict(members).items())
    fast_json.decode(duplicated(unique).encode())

    again = data.draw(st.sampled_from(unique))[0]
    with pytest.raises(fast_json.JSONError, match="more than once"):
        fast_json.decode(duplicated([*unique, (again, data.draw(values))]).encode())


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another"


class Whole(int):
    pass


class Real(float):
    pass


@dataclasses.dataclass
class Point:
    x: float
    y: object = None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1, 2), b"[1,2]"),
        ({"b": 1, "a": 2}, b'{"b":1,"a":2}'),
        ({1}, b"[1]"),
        (Point(1.5, None), b'{"x":1.5,"y":null}'),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), b'"2026-01-02T03:04:05Z"'),
        (dt.datetime(2026, 1, 2, 3, 4, 5), b'"2026-01-02T03:04:05"'),
        (dt.date(2026, 1, 2), b'"2026-01-02"'),
        (dt.time(0, 0, 0, 10967), b'"00:00:00.010967"'),
        (dt.timedelta(seconds=1.5), b'"PT1.5S"'),
        (decimal.Decimal("1.10"), b'"1.10"'),
        (uuid.UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (b"ab", b'"YWI="'),
        (Colour.RED, b'"red"'),
        (Level.HIGH, b"3"),
        (Markup("<b>"), b'"<b>"'),
        (Text("kept"), b'"kept"'),
        (Whole(7), b"7"),
        (Real(1.5), b"1.5"),
        (True, b"true"),
        (2**200, str(2**200).encode()),
        (ipaddress.ip_address("::1"), b'"::1"'),
        (ipaddress.ip_interface("10.0.0.1/8"), b'"10.0.0.1/8"'),
        (collections.UserDict(a=1), b'{"a":1}'),
        (collections.OrderedDict(b=1, a=2), b'{"b":1,"a":2}'),
        (
            {1: 2, 1.5: 3, None: 4, False: 5, dt.date(2026, 1, 2): 6},
            b'{"1":2,"1.5":3,"null":4,"false":5,"2026-01-02":6}',
        ),
        ("ä€😀", '"ä€😀"'.encode()),
        ("\ud800", b'"\\ud800"'),
        ({"a": "\ud800", "at": dt.date(2026, 1, 2)}, b'{"a":"\\ud800","at":"2026-01-02"}'),
    ],
)
def test_what_is_written(value, text):
    """Each kind of plain value has one text."""
    assert fast_json.encode(value) == text


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (float("nan"), ()),
        ({"a": [1, {"b": float("inf")}]}, ("a", 1, "b")),
        ([None, -float("inf")], (1,)),
        ({"p": Point(float("nan"))}, ("p", "x")),
        ({"n": None, "x": Real("nan")}, ("x",)),
        (({"t": (1.0, float("nan"))},), (0, "t", 1)),
        ({"a": "\ud800", "b": float("nan")}, ("b",)),
        ([{"a": "\ud800"}, float("inf")], (1,)),
    ],
)
def test_a_special_number_is_an_error_that_names_its_place(value, path):
    """NaN and the infinities never leave as null."""
    with pytest.raises(fast_json.JSONError, match="JSON has no number") as caught:
        fast_json.encode(value)

    assert caught.value.path == path
    assert ".".join(map(str, path)) in caught.value.reason


def test_null_is_no_special_number():
    """None, and the word in a text, are fine."""
    assert fast_json.encode({"a": None, "b": "null", "c": [None, 1.0]}) == b'{"a":null,"b":"null","c":[null,1.0]}'


def test_the_search_for_special_numbers_can_be_spared():
    """A caller who has looked already pays nothing."""
    assert fast_json.encode({"a": None, "b": 1.0}, finite=True) == b'{"a":null,"b":1.0}'


def test_a_value_that_contains_itself_is_an_error():
    """Neither a hang nor a RecursionError."""
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(fast_json.JSONError, match="contains itself"):
        fast_json.encode(ring)


def test_an_integer_that_python_cannot_print_is_an_error():
    """More digits than are read are not written either."""
    with pytest.raises(fast_json.JSONError, match="too many digits"):
        fast_json.encode({"a": 10**5000})


@pytest.mark.parametrize("value", [object(), {"x": object()}, [range(3)], {(1, 2): 3}, [iter([])], Point])
def test_an_object_without_a_meaning_in_json_is_a_type_error(value):
    """Nothing is written by chance."""
    with pytest.raises(TypeError, match="as JSON: give it as a type that JSON has"):
        fast_json.encode(value)

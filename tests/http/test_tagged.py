"""The JSON of sessions, which keeps types that JSON has no word for."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import uuid

import pytest
from markupsafe import Markup

from framework.http.tagged import JSONTag, TaggedJSONSerializer, TagTuple, plain


@pytest.fixture
def serializer():
    """A serializer with the default tags."""
    return TaggedJSONSerializer()


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        "é\ud7ff",
        [1, [2, (3,)]],
        {"a": {"b": (1, 2)}},
        {" t": (1, 2, 3)},
        {" t__": b"a"},
        {" di": " di"},
        {" t": 1, " b": 2},
        {"x": (1, 2, 3), "y": 4},
        (),
        ((1, 2), [(3,)]),
        b"\xff",
        Markup("<html>"),
        uuid.UUID(int=3),
        dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
    ],
)
def test_values_come_back_as_they_went(serializer, value):
    """A value of each type that is kept is equal, and of the same type, after a round trip."""
    result = serializer.loads(serializer.dumps(value))

    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": (1, 2)}, '{"b":1,"a":{" t":[1,2]}}'),
        ({"a": 1}, '{"a":1}'),
        ({" t": [1]}, '{" di":{" t__":[1]}}'),
        (b"\xff", '{" b":"/w=="}'),
        (uuid.UUID(int=3), '{" u":"00000000000000000000000000000003"}'),
        (dt.datetime(2020, 1, 2, 3, 4, 5, 6), '{" d":"Thu, 02 Jan 2020 03:04:05 GMT"}'),
        (Markup("<b>"), '{" m":"<b>"}'),
    ],
)
def test_the_text_is_stable(serializer, value, text):
    """The text of a value is fixed, so that cookies outlive an update."""
    assert serializer.dumps(value) == text


def test_markup_of_other_classes_becomes_markup(serializer):
    """Anything with ``__html__`` comes back as Markup."""

    class Bold:
        def __html__(self):
            return "<b>"

    assert serializer.loads(serializer.dumps(Bold())) == Markup("<b>")


def test_unknown_objects_with_one_member_stay(serializer):
    """An object whose one member is not a tag is just that."""
    assert serializer.loads('{"a": 1}') == {"a": 1}


def test_a_key_is_registered_once(serializer):
    """A taken key is a KeyError, unless ``force`` replaces it."""
    with pytest.raises(KeyError, match="' t' is already registered"):
        serializer.register(TagTuple)
    serializer.register(TagTuple, force=True, index=0)

    assert isinstance(serializer.order[0], TagTuple)


def test_own_tags(serializer):
    """A tag of one's own keeps a type of one's own."""

    class Point:
        def __init__(self, x):
            self.x = x

    class TagPoint(JSONTag):
        __slots__ = ()
        key = " p"

        def check(self, value):
            return isinstance(value, Point)

        def to_json(self, value):
            return self.serializer.tag(value.x)

        def to_python(self, value):
            return Point(value)

    serializer.register(TagPoint)

    assert serializer.loads(serializer.dumps([Point((1,))]))[0].x == (1,)


def test_index_puts_a_tag_before_another(serializer):
    """A tag for a subclass has to stand before that of its base."""

    class Ordered(dict):
        pass

    class TagOrdered(JSONTag):
        __slots__ = ()
        key = " o"

        def check(self, value):
            return isinstance(value, Ordered)

        def to_json(self, value):
            return [[key, self.serializer.tag(inner)] for key, inner in value.items()]

        def to_python(self, value):
            return Ordered(value)

    serializer.register(TagOrdered)

    assert type(serializer.loads(serializer.dumps(Ordered(b=1, a=2)))) is dict

    serializer.register(TagOrdered, force=True, index=0)

    assert type(serializer.loads(serializer.dumps(Ordered(b=1, a=2)))) is Ordered


@dataclasses.dataclass
class Pet:
    """A dataclass."""

    name: str


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (dt.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05Z"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=2))), "2026-01-02T03:04:05+02:00"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (decimal.Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Pet("Rex"), {"name": "Rex"}),
    ],
)
def test_plain_forms(value, expected):
    """Each type that JSON lacks has one plain form."""
    assert plain(value) == expected


@pytest.mark.parametrize("value", [object(), Pet, {1}])
def test_plain_refuses_the_rest(value):
    """Other types, dataclasses themselves included, are a TypeError that names the type."""
    with pytest.raises(TypeError, match=f"Object of type {type(value).__name__} is not JSON serializable"):
        plain(value)

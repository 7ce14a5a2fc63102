"""JSON by the application's provider, and without an application."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import io
import json as library
import sys
import threading
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from framework import App, Resource, json, jsonify, request
from framework.http.tagged import plain
from framework.json.provider import DefaultJSONProvider, JSONProvider


@pytest.fixture
def app():
    """An application that echoes JSON."""
    app = App("json_app")

    @app.post("/")
    def echo():
        return jsonify(request.get_json())

    return app


@dataclasses.dataclass
class Pet:
    """A dataclass with a type inside that JSON lacks."""

    name: str
    price: decimal.Decimal


VALUES = {
    "datetime": (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), '"2026-01-02T03:04:05Z"'),
    "date": (dt.date(2026, 1, 2), '"2026-01-02"'),
    "decimal": (decimal.Decimal("1.50"), '"1.50"'),
    "uuid": (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    "dataclass": (Pet("Rex", decimal.Decimal(2)), '{"name": "Rex", "price": "2"}'),
    "markup": (Markup("<b>"), '"<b>"'),
    "tuple": ((1, 2), "[1, 2]"),
    "text": ("é\u2028", '"\\u00e9\\u2028"'),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_beyond_json(app, name):
    """Types that JSON lacks are written in one way, with and without an application."""
    value, text = VALUES[name]

    assert json.dumps(value) == text
    with app.app_context():
        assert json.dumps(value) == text


def test_unknown_types_are_refused(app):
    """A type without a form in JSON is a TypeError."""
    with app.app_context(), pytest.raises(TypeError, match="Object of type object is not JSON serializable"):
        json.dumps([object()])


def test_keys_are_sorted_by_the_provider(app):
    """The default provider sorts keys, and can be told not to."""
    value = {"b": 1, "a": 2}

    assert json.dumps(value) == '{"b": 1, "a": 2}'
    with app.app_context():
        assert json.dumps(value) == '{"a": 2, "b": 1}'
        app.json.sort_keys = False
        assert json.dumps(value) == '{"b": 1, "a": 2}'


def test_ascii_can_be_switched_off(app):
    """``ensure_ascii = False`` writes text as it is."""
    app.json.ensure_ascii = False
    with app.app_context():
        assert json.dumps("é") == '"é"'


def test_arguments_reach_the_library(app):
    """What ``json.dumps`` and ``json.loads`` take can be given, and wins."""
    with app.app_context():
        assert json.dumps({"b": 1, "a": 1}, sort_keys=False, separators=(",", ":")) == '{"b":1,"a":1}'
        assert json.loads("1.5", parse_float=decimal.Decimal) == decimal.Decimal("1.5")
        assert json.dumps(float("nan"), allow_nan=True) == "NaN"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_lacks_are_refused(app, number):
    """A number that is not finite is a ValueError that says where it stands."""
    with app.app_context(), pytest.raises(ValueError, match=r"at '\$.pets\[1\].price'"):
        json.dumps({"pets": [1, {"price": number}]})
    with pytest.raises(ValueError, match=r"at '\$'"):
        json.dumps(number)


def test_circles_are_refused_as_such(app):
    """A value that holds itself is a ValueError too, about the circle."""
    value = []
    value.append(value)

    with pytest.raises(ValueError, match="Circular reference"):
        json.dumps(value)


def test_deep_text_is_a_value_error(app):
    """Nesting that the interpreter cannot follow is a refusal, not a crash."""
    with pytest.raises(ValueError, match="nested too deeply"):
        json.loads("[" * 100_000)
    with app.app_context(), pytest.raises(ValueError, match="nested too deeply"):
        json.loads("[" * 100_000)


def test_files(app):
    """``dump`` and ``load`` write to and read from files."""
    out = io.StringIO()
    json.dump({"a": 1}, out)

    assert json.load(io.StringIO(out.getvalue())) == {"a": 1}
    assert json.load(io.BytesIO(b'{"a": 1}')) == {"a": 1}
    with app.app_context():
        out = io.StringIO()
        json.dump({"b": 1, "a": 1}, out)
        assert out.getvalue() == '{"a": 1, "b": 1}'
        assert json.load(io.StringIO("[1]")) == [1]


@pytest.mark.parametrize(
    ("args", "kwargs", "value"),
    [
        ((), {}, None),
        (({"a": 1},), {}, {"a": 1}),
        ((1, 2), {}, [1, 2]),
        ((), {"a": 1}, {"a": 1}),
        ((None,), {}, None),
        (([],), {}, []),
        ((0,), {}, 0),
    ],
)
def test_jsonify_arguments(app, args, kwargs, value):
    """One argument is the value, several are a list, keywords an object, none null."""
    with app.app_context():
        response = jsonify(*args, **kwargs)

        assert response.get_json() == value
        assert response.mimetype == "application/json"


def test_jsonify_does_not_mix(app):
    """Positional and keyword arguments together are a TypeError."""
    with app.app_context(), pytest.raises(TypeError, match="not both"):
        jsonify(1, a=2)


@pytest.mark.parametrize(
    ("debug", "compact", "text"),
    [
        (False, None, '{"a":[1]}\n'),
        (False, True, '{"a":[1]}\n'),
        (False, False, '{\n  "a": [\n    1\n  ]\n}\n'),
        (True, None, '{\n  "a": [\n    1\n  ]\n}\n'),
        (True, True, '{"a":[1]}\n'),
    ],
)
def test_layout_of_answers(app, debug, compact, text):
    """Answers are compact but for debug mode, or as ``compact`` says."""
    app.debug = debug
    app.json.compact = compact
    with app.app_context():
        assert jsonify(a=[1]).get_data(as_text=True) == text


def test_the_media_type_can_be_set(app):
    """``mimetype`` is the media type of answers."""
    app.json.mimetype = "application/vnd.api+json"
    with app.app_context():
        assert jsonify(1).mimetype == "application/vnd.api+json"


def test_own_default(app):
    """``default`` of a subclass knows further types."""

    class Provider(DefaultJSONProvider):
        @staticmethod
        def default(o):
            return "set" if isinstance(o, set) else DefaultJSONProvider.default(o)

    app.json = Provider(app)
    with app.app_context():
        assert json.dumps([set(), uuid.UUID(int=0)]) == '["set", "00000000-0000-0000-0000-000000000000"]'


def test_own_provider(app):
    """A provider of one's own writes and reads all JSON of the application."""

    class Provider(JSONProvider):
        def dumps(self, obj, **kwargs):
            return "written"

        def loads(self, s, **kwargs):
            return "read"

    app.json = Provider(app)
    client = app.test_client()
    reply = client.post("/", json={"a": 1})

    assert reply.get_data(as_text=True) == "written"
    with app.app_context():
        out = io.StringIO()
        json.dump(1, out)
        assert out.getvalue() == "written"
        assert json.load(io.StringIO("1")) == "read"


def test_the_protocol_alone_does_nothing(app):
    """A provider has to write both methods."""
    provider = JSONProvider(app)

    with pytest.raises(NotImplementedError):
        provider.dumps(1)
    with pytest.raises(NotImplementedError):
        provider.loads("1")


def test_jsonify_needs_an_application():
    """Outside of contexts there is no provider to ask."""
    with pytest.raises(RuntimeError, match="application context"):
        jsonify(1)


def test_a_request_is_read_in_utf_8(app):
    """A body in UTF-8 comes back."""
    reply = app.test_client().post("/", data='"é"'.encode(), content_type="application/json")

    assert reply.get_json() == "é"


class Text(str):
    """A text that prints itself otherwise."""

    def __str__(self):
        return "other"


class Whole(int):
    """A number that prints itself otherwise."""

    def __repr__(self):
        return "other"


class Half(float):
    """A float that prints itself otherwise."""

    def __repr__(self):
        return "other"


class Backwards(dict):
    """A dict whose items are not those it holds."""

    def items(self):
        return [(key, "other") for key in self]


Pair = collections.namedtuple("Pair", "a b")
Level = enum.IntEnum("Level", {"LOW": 1})
Word = enum.StrEnum("Word", {"A": "a"})
Color = enum.Enum("Color", {"RED": 1})
ODD = [
    *(Text("a"), Whole(1), Half(1.5), Backwards(a=1), Pair(1, "b"), Level.LOW, Word.A, Color.RED, -(2**70)),
    *(1e16, 1e-5, 1e22, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, float("nan"), float("inf"), True, None),
    *(
        "".join(map(chr, range(0x110))),
        "\ud800",
        "a\udfff",
        "\u2028",
        "\U0001f600",
        b"bytes",
        {1, 2},
        frozenset(),
        object,
    ),
    *({1: 2}, {None: 1, True: 2}, {1.5: 1}, {(1,): 1}, {"b": 1, "a": 2}, {"b": 1, 2: 3}, {Level.LOW: 1}, {Word.A: 2}),
    *({"\ue000": 1, "\U00010000": 2}, {"\x7f": 1, "\x1f": 2}, collections.OrderedDict(b=1, a=2), bytearray(b"a")),
    *(dt.datetime(2020, 1, 2), dt.timedelta(1), dt.time(1), uuid.UUID(int=1), decimal.Decimal("1E+3"), Markup("<b>")),
    *(
        iter([1]),
        range(3),
        Pet("Rex", decimal.Decimal(1)),
        Pet,
        collections.deque([1]),
        [[]],
        {"a": {}},
        (),
        collections.UserDict(a=1),
    ),
]
VALUES_OF_ANY_KIND = st.recursive(
    st.one_of(
        st.integers(0, len(ODD) - 1).map(ODD.__getitem__),
        st.text(),
        st.floats(),
        st.integers(),
        st.booleans(),
        st.none(),
        st.dates(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.text(max_size=3), st.sampled_from(["a", 1, 1.5, None, Word.A])), inner, max_size=4
        ),
    ),
    max_leaves=8,
)


def outcome(function, *args, **kwargs):
    """A text, or the class and text of an error."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error), str(error)


def by_library(value, **options):
    """The text of ``json.dumps``."""
    return library.dumps(value, default=plain, allow_nan=False, **options)


@settings(deadline=None, max_examples=300)
@given(VALUES_OF_ANY_KIND, st.booleans(), st.booleans())
def test_texts_are_those_of_the_library(value, sort_keys, ensure_ascii):
    """The provider writes byte for byte what ``json.dumps`` writes with its options, and fails with its errors."""
    app = App("json_app")
    app.json.sort_keys, app.json.ensure_ascii = sort_keys, ensure_ascii
    options = {"sort_keys": sort_keys, "ensure_ascii": ensure_ascii}

    for layout in ({}, {"separators": (",", ":")}, {"indent": 2}):
        expected, found = outcome(by_library, value, **options, **layout), outcome(app.json.dumps, value, **layout)
        assert found == expected or ("finite numbers only" in found[1] and "JSON compliant" in expected[1])


@pytest.mark.parametrize("number", range(len(ODD) + 1))
def test_answers_are_the_text_of_the_library(app, number):
    """Declared answers, ``jsonify`` and ``encode_json`` write a value as ``json.dumps`` does, or fail as it does."""
    value = [*ODD, 10**5000][number]
    expected = outcome(by_library, [value], sort_keys=True, separators=(",", ":"))
    with app.app_context():
        found = [outcome(lambda: jsonify([value]).get_data(as_text=True)[:-1])]
    found += [outcome(lambda: app.encode_json([value]).decode()), outcome(lambda: app.json_writer()([value]).decode())]

    for each in found:
        assert each == expected or ("finite numbers only" in each[1] and "JSON compliant" in expected[1])


def test_circles_below_a_default_and_deep_values_are_refused(app):
    """A circle is told from deep nesting, as the library tells them, and the next value is written."""
    circle, deep = {}, []
    circle["a"] = [circle]
    for _ in range(sys.getrecursionlimit() + 50_000):
        deep = [deep]
    app.json.default = lambda value: [value]

    for value in (circle, object()):
        with pytest.raises(ValueError, match="Circular reference"):
            app.json.dumps(value)
    with pytest.raises(RecursionError):
        app.json.dumps(deep)
    assert app.json.dumps({"a": [1]}) == '{"a": [1]}'


def test_threads_share_what_writes(app):
    """One value can be written by several threads at a time, also while a ``default`` of Python runs."""
    value = {"a": [uuid.UUID(int=1)] * 200, "b": {}}
    expected, found = by_library(value, sort_keys=True), []
    threads = [
        threading.Thread(target=lambda: found.extend(app.json.dumps(value) for _ in range(20))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [expected] * 80


def test_changes_of_the_provider_are_seen():
    """What is changed in the provider, its class, the application or the mode counts from the next answer on."""

    class Provider(DefaultJSONProvider):
        pass

    class Own(App):
        json_provider_class = Provider

    app = Own("json_app")

    @app.route("/")
    class Plain(Resource):
        def get(self):
            return {"b": uuid.UUID(int=0), "a": "é"}

    def text():
        return app.test_client().get("/").get_data(as_text=True)

    found = [text()]
    app.json.sort_keys = False
    found.append(text())
    app.json.ensure_ascii = False
    found.append(text())
    app.json.default = lambda value: "own"
    found.append(text())
    app.json.compact = False
    found.append(text())
    app.json.compact = None
    app.json.dumps = lambda value, **options: "dumps"
    found.append(text())
    app.json = Provider(app)
    app.debug = True
    found.append(text())
    app.encode_json = lambda value: b"encode_json"
    app.debug = False
    found.append(text())

    number = "00000000-0000-0000-0000-000000000000"
    assert found == [
        f'{{"a":"\\u00e9","b":"{number}"}}',
        f'{{"b":"{number}","a":"\\u00e9"}}',
        f'{{"b":"{number}","a":"é"}}',
        '{"b":"own","a":"é"}',
        '{\n  "b": "own",\n  "a": "é"\n}',
        "dumps",
        f'{{\n  "a": "\\u00e9",\n  "b": "{number}"\n}}',
        "encode_json",
    ]

"""JSON by the application's provider, and without an application."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import io
import uuid

import pytest
from markupsafe import Markup

from framework import App, json, jsonify, request
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

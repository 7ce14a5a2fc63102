"""What is known of the built-in converters is what they do."""

from __future__ import annotations

import random
import re
import typing as t
import uuid

import pytest
from werkzeug.routing import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    Map,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
    ValidationError,
)

from framework.fast.routing import describe
from framework.fast.routing._converters import accepts, convert, is_pristine

MAP = Map()

BUILT_IN: list[BaseConverter] = [
    UnicodeConverter(MAP),
    UnicodeConverter(MAP, length=2),
    UnicodeConverter(MAP, length=0),
    UnicodeConverter(MAP, minlength=0),
    UnicodeConverter(MAP, minlength=3),
    UnicodeConverter(MAP, minlength=2, maxlength=4),
    UnicodeConverter(MAP, minlength=-1),
    AnyConverter(MAP, "a", "b.c", "d|e", "f g", "h\\", "12"),
    AnyConverter(MAP, "a", ""),
    AnyConverter(MAP),
    IntegerConverter(MAP),
    IntegerConverter(MAP, signed=True),
    IntegerConverter(MAP, min=3, max=12),
    IntegerConverter(MAP, min=-3, max=12, signed=True),
    IntegerConverter(MAP, fixed_digits=3),
    IntegerConverter(MAP, fixed_digits=3, max=50),
    FloatConverter(MAP),
    FloatConverter(MAP, min=-0.5, max=2.5, signed=True),
    PathConverter(MAP),
    UUIDConverter(MAP),
]
ALPHABET = [
    "a",
    "b.c",
    "d|e",
    "f g",
    "h\\",
    "1",
    "2",
    "0",
    "-",
    ".",
    "x",
    "\n",
    "1" * 4400,
    str(uuid.UUID(int=77)),
    "A",
]


def texts() -> list[str]:
    """Give texts on both sides of each rule."""
    rng = random.Random(7)
    return [
        "",
        *ALPHABET,
        *("".join(rng.choices(ALPHABET[:12], k=rng.choice([1, 2, 2, 3, 3, 4]))) for _ in range(3000)),
    ]


def result(function: t.Any, text: str) -> t.Any:
    """Call a function; a refusal is a result too."""
    try:
        value = function(text)
    except ValueError:
        return "refused"
    return type(value), value


@pytest.mark.parametrize("converter", BUILT_IN, ids=lambda c: f"{type(c).__name__}:{c.regex}")
def test_a_built_in_converter_is_known_exactly(converter):
    """The test takes what the regex takes, and the function gives what ``to_python`` gives."""
    test, make = accepts(converter), convert(converter)

    assert make is not None
    for text in texts():
        matched = re.fullmatch(converter.regex, text) is not None
        assert test is None or bool(test(text)) == matched
        if matched:
            assert result(make, text) == result(converter.to_python, text)


def test_the_commonest_converters_need_no_function_of_our_own():
    """Plain text, digits and any text are the builtins that do it."""
    assert (accepts(UnicodeConverter(MAP)), convert(UnicodeConverter(MAP))) == (bool, str)
    assert (accepts(IntegerConverter(MAP)), convert(IntegerConverter(MAP))) == (str.isdigit, int)
    assert convert(FloatConverter(MAP)) is float


class Even(IntegerConverter):
    """A converter of a user."""

    def to_python(self, value: str) -> t.Any:
        if int(value) % 2:
            raise ValidationError
        return int(value)


def test_a_changed_converter_is_not_known(monkeypatch):
    """A subclass, an object with its own function and a patched class are left to themselves."""
    own = IntegerConverter(MAP)
    own.to_python = lambda value: value  # type: ignore[method-assign]
    for converter in [Even(MAP), own, BaseConverter(MAP)]:
        assert not is_pristine(converter)
        assert convert(converter) is None
        assert accepts(converter) is None

    assert is_pristine(IntegerConverter(MAP))
    monkeypatch.setattr(IntegerConverter, "to_python", lambda self, value: value)
    assert not is_pristine(IntegerConverter(MAP))


def test_a_number_that_is_made_otherwise_is_not_known():
    """Another ``num_convert`` is another converter."""
    converter = IntegerConverter(MAP)
    converter.num_convert = float  # type: ignore[method-assign]

    assert convert(converter) is None


def test_a_changed_regex_is_not_known():
    """A regex put on an object is not tested by shape."""
    converters: list[BaseConverter] = [IntegerConverter(MAP), UnicodeConverter(MAP), AnyConverter(MAP, "a")]
    for converter in converters:
        converter.regex = "[xyz]+"
        assert accepts(converter) is None


@pytest.mark.parametrize(
    ("converter", "schema"),
    [
        (UnicodeConverter(MAP), {"type": "string", "minLength": 1}),
        (UnicodeConverter(MAP, length=2), {"type": "string", "minLength": 2, "maxLength": 2}),
        (UnicodeConverter(MAP, minlength=2, maxlength=9), {"type": "string", "minLength": 2, "maxLength": 9}),
        (UnicodeConverter(MAP, minlength=-1), {"type": "string"}),
        (IntegerConverter(MAP), {"type": "integer", "minimum": 0}),
        (IntegerConverter(MAP, min=-3), {"type": "integer", "minimum": 0}),
        (IntegerConverter(MAP, min=1, max=9), {"type": "integer", "minimum": 1, "maximum": 9}),
        (IntegerConverter(MAP, signed=True), {"type": "integer"}),
        (IntegerConverter(MAP, signed=True, min=-3, max=0), {"type": "integer", "minimum": -3, "maximum": 0}),
        (IntegerConverter(MAP, fixed_digits=4), {"type": "string", "pattern": "^[0-9]{4}$"}),
        (
            IntegerConverter(MAP, fixed_digits=4, signed=True),
            {"type": "string", "pattern": "^(?:[0-9]{4}|-[0-9]{3})$"},
        ),
        (FloatConverter(MAP, max=2.5), {"type": "number", "minimum": 0, "maximum": 2.5}),
        (FloatConverter(MAP, signed=True), {"type": "number"}),
        (PathConverter(MAP), {"type": "string", "minLength": 1, "pattern": "^[^/]"}),
        (UUIDConverter(MAP), {"type": "string", "format": "uuid"}),
        (AnyConverter(MAP, "b", "a"), {"type": "string", "enum": ["a", "b"]}),
        (BaseConverter(MAP), {"type": "string", "minLength": 1}),
        (Even(MAP, min=4), {"type": "integer", "minimum": 0}),
    ],
    ids=lambda value: getattr(value, "regex", None),
)
def test_a_path_parameter_is_described(converter, schema):
    """Type, bounds, lengths, format and choices of a parameter come from its converter."""
    assert describe(converter) == schema


@pytest.mark.parametrize(
    ("regex", "pattern"),
    [
        ("[A-Z]{2}[0-9]+", "^(?:[A-Z]{2}[0-9]+)$"),
        (r"\d{4}-\d\d", r"^(?:\d{4}-\d\d)$"),
        ("(?:on|off)", "^(?:(?:on|off))$"),
        (r"[^/.]+\.json", r"^(?:[^/.]+\.json)$"),
        ("(?i:x)", None),
        ("(?<!a)b", None),
        (r"\w+", None),
        (".*", None),
        ("a++", None),
        ("a{,3}", None),
        ("*a", None),
        ("[a-", None),
        ("(?:[a-f]|x){2,}?", "^(?:(?:[a-f]|x){2,}?)$"),
    ],
)
def test_a_pattern_is_told_only_where_it_means_the_same_everywhere(regex, pattern):
    """The regex of a user's converter is the pattern if JSON Schema reads it as Python does."""
    converter = type("Own", (BaseConverter,), {"regex": regex})(MAP)

    assert describe(converter).get("pattern") == pattern


@pytest.mark.parametrize("converter", BUILT_IN, ids=lambda c: f"{type(c).__name__}:{c.regex}")
def test_what_the_description_refuses_the_converter_refuses(converter):
    """No text that makes a value is outside of the described bounds."""
    schema = describe(converter)
    for text in texts():
        if re.fullmatch(converter.regex, text) is None or result(converter.to_python, text) == "refused":
            continue
        if schema["type"] == "string":
            assert schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
            assert text in schema.get("enum", [text])
            assert re.search(schema.get("pattern", ""), text)
        else:
            value = float(text)
            assert schema.get("minimum", value) <= value <= schema.get("maximum", value)


def test_a_description_is_a_new_dictionary():
    """A caller may add to a description."""
    converter = UUIDConverter(MAP)

    describe(converter)["description"] = "mine"
    assert describe(converter) == {"type": "string", "format": "uuid"}

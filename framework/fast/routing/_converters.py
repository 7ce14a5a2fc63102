"""Know the built-in URL converters: what text they take, what value they make, how a document says so.

Three questions about a converter *object* of a rule, each answered exactly or not at all: which whole
path segments it takes (:func:`accepts`), which plain function makes its value (:func:`convert`), and
which JSON Schema describes the text (:func:`describe`). A converter that is not one of werkzeug's own,
or was changed in any way, gets ``None`` for the first two: its own ``regex`` and ``to_python`` decide.
It knows nothing of rules, paths or requests.

Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t
import uuid

from werkzeug.routing import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
    ValidationError,
)

__all__ = ["accepts", "convert", "describe", "is_pristine"]

_BUILT_IN: tuple[type[BaseConverter], ...] = (
    UnicodeConverter,
    IntegerConverter,
    FloatConverter,
    PathConverter,
    UUIDConverter,
    AnyConverter,
)

# Class -> its ``to_python`` as imported: a patched class is no longer the one known here.
_TO_PYTHON = {cls: cls.to_python for cls in _BUILT_IN}

_ANY_TEXT = BaseConverter.regex
_DIGITS = IntegerConverter.regex
_SIGNED_DIGITS = f"-?{_DIGITS}"
_DECIMAL = FloatConverter.regex
_SIGNED_DECIMAL = f"-?{_DECIMAL}"
_UUID = UUIDConverter.regex
_TAIL = PathConverter.regex

# The text of a string converter's regex: exact length, or least and most (the most may be absent).
_LENGTH = r"\[\^/\]\{(\d+)(?:(,)(\d*))?\}"

# Regex text that means the same in Python and in ECMA-262: literals, digits, escaped punctuation,
# plain character classes, groups, alternatives and repetition.
_PORTABLE = r"""(?:
        [A-Za-z0-9_~@:!,&=%'";/-]
      | \\[-.+*?()\[\]{}|^$]
      | \\d
      | \[ \^? (?: [A-Za-z0-9_~@:!,&=%'";/.+*?(){}|$-] | \\[-\].d] )+ \]
      | \( (?: \?: )? (?!\?) | \) | \|
      | (?: [*+?] | \{ \d+ (?: , \d* )? \} ) \?? (?![*+?{])
    )+"""


def is_pristine(converter: BaseConverter) -> bool:
    """Tell whether a converter is one of werkzeug's own, unchanged.

    :param converter: The converter object of a rule.
    :return: ``False`` for a subclass, for a class whose ``to_python`` was replaced after import and
        for an object that carries its own ``to_python``.
    """
    known = _TO_PYTHON.get(type(converter))
    return known is not None and type(converter).to_python is known and "to_python" not in vars(converter)


def convert(converter: BaseConverter) -> cabc.Callable[[str], object] | None:
    """Give a function that makes the same value as ``converter.to_python``.

    :param converter: The converter object of a rule.
    :return: A function of text that already matched the converter's regex, or ``None`` where only
        ``converter.to_python`` knows. It raises :exc:`ValueError` (werkzeug's
        :exc:`~werkzeug.routing.ValidationError` is one) where ``to_python`` refuses. The function is
        :class:`str` itself where the text is the value.
    """
    if not is_pristine(converter):
        return None
    if isinstance(converter, IntegerConverter | FloatConverter):
        return _number(converter)
    if isinstance(converter, UUIDConverter):
        return uuid.UUID
    return str


def _number(converter: IntegerConverter | FloatConverter) -> cabc.Callable[[str], object] | None:
    """Give the conversion of a number with the bounds of this converter."""
    make = vars(type(converter)).get("num_convert", int)
    if make is not (int if isinstance(converter, IntegerConverter) else float) or "num_convert" in vars(converter):
        return None
    digits, low, high = converter.fixed_digits, converter.min, converter.max
    if not digits and low is None and high is None:
        return t.cast("cabc.Callable[[str], object]", make)

    def bounded(text: str) -> object:
        if digits and len(text) != digits:
            raise ValidationError
        value = make(text)
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValidationError
        return value

    return bounded


def accepts(converter: BaseConverter) -> cabc.Callable[[str], object] | None:
    """Give a test that is true for the segments that the converter's regex matches as a whole.

    :param converter: The converter object of a rule.
    :return: A function of one non-empty or empty ASCII segment without a slash, or ``None`` where only
        the regex knows. Two builtins are themselves: :class:`bool` takes any text but the empty one,
        :meth:`str.isdigit` takes digits. (They agree with the regex for ASCII text only.)
    """
    if not is_pristine(converter):
        return None
    regex = converter.regex
    if isinstance(converter, IntegerConverter) and regex == _DIGITS:
        return str.isdigit
    if isinstance(converter, UnicodeConverter):
        return _length_test(regex)
    if isinstance(converter, AnyConverter) and converter.items and _from_items(converter):
        return frozenset(converter.items).__contains__
    return None


def _length_test(regex: str) -> cabc.Callable[[str], object] | None:
    """Give the test of a string converter's regex, ``None`` when it is not of the known form."""
    bounds = _length_bounds(regex)
    if bounds is None:
        return None
    least, most = bounds
    if least == 1 and most is None:
        return bool
    if most is None:
        return lambda text: len(text) >= least
    return lambda text: least <= len(text) <= most


def _length_bounds(regex: str) -> tuple[int, int | None] | None:
    """Read least and most length from the regex of a string converter."""
    match = re.fullmatch(_LENGTH, regex, re.ASCII)
    if match is None:
        return None
    least = int(match[1])
    most = least if match[2] is None else int(match[3]) if match[3] else None
    return None if most is not None and most < least else (least, most)


def _from_items(converter: AnyConverter) -> bool:
    """Tell whether the regex of an ``any`` converter is made of its items and nothing else."""
    regex = converter.regex
    if not (regex.startswith("(?:") and regex.endswith(")")):
        return False
    return _alternatives(regex[3:-1]) == {re.escape(item) for item in converter.items}


def _alternatives(regex: str) -> set[str]:
    """Split escaped alternatives at the bars that are not escaped themselves."""
    return set(re.findall(r"(?:[^\\|]|\\.)+", regex, re.DOTALL))


def describe(converter: BaseConverter) -> dict[str, object]:
    """Describe the text of a path parameter as JSON Schema.

    :param converter: The converter object of a rule, of any class.
    :return: A new dictionary with ``type`` and whatever of ``minimum``, ``maximum``, ``enum``,
        ``minLength``, ``maxLength``, ``format`` and ``pattern`` is known. What it refuses the converter
        refuses; a converter class of the user may refuse more in its ``to_python``. A number of fixed
        width is a string with a pattern, since ``42`` is not the text ``0042``.
    """
    regex = converter.regex
    unchanged = is_pristine(converter)
    if unchanged and isinstance(converter, AnyConverter) and converter.items:
        return {"type": "string", "enum": sorted(converter.items)}
    if regex in {_DIGITS, _SIGNED_DIGITS}:
        return _describe_number("integer", converter, regex == _SIGNED_DIGITS, unchanged)
    if regex in {_DECIMAL, _SIGNED_DECIMAL}:
        return _describe_number("number", converter, regex == _SIGNED_DECIMAL, unchanged)
    if regex == _UUID:
        return {"type": "string", "format": "uuid"}
    if regex == _ANY_TEXT:
        return {"type": "string", "minLength": 1}
    if regex == _TAIL:
        return {"type": "string", "minLength": 1, "pattern": "^[^/]"}
    bounds = _length_bounds(regex)
    if bounds is not None:
        return _describe_length(*bounds)
    if _is_portable(regex):
        return {"type": "string", "pattern": f"^(?:{regex})$"}
    return {"type": "string"}


def _is_portable(regex: str) -> bool:
    """Tell whether a regex is valid, and JSON Schema reads it as Python does."""
    try:
        re.compile(regex)
    except re.error:
        return False
    return re.fullmatch(_PORTABLE, regex, re.ASCII | re.VERBOSE) is not None


def _describe_length(least: int, most: int | None) -> dict[str, object]:
    """Describe text of bounded length."""
    schema: dict[str, object] = {"type": "string", "minLength": least}
    if most is not None:
        schema["maxLength"] = most
    return schema


def _describe_number(kind: str, converter: BaseConverter, signed: bool, unchanged: bool) -> dict[str, object]:
    """Describe a number; its bounds count only where the built-in ``to_python`` applies them."""
    known = unchanged and isinstance(converter, IntegerConverter | FloatConverter)
    digits = getattr(converter, "fixed_digits", 0) if known else 0
    if digits and kind == "integer":
        pattern = f"^[0-9]{{{digits}}}$"
        if signed and digits > 1:
            pattern = f"^(?:[0-9]{{{digits}}}|-[0-9]{{{digits - 1}}})$"
        return {"type": "string", "pattern": pattern}
    low = getattr(converter, "min", None) if known else None
    high = getattr(converter, "max", None) if known else None
    if not signed:
        low = 0 if low is None else max(low, 0)
    schema: dict[str, object] = {"type": kind}
    if low is not None:
        schema["minimum"] = low
    if high is not None:
        schema["maximum"] = high
    return schema

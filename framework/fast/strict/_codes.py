"""The codes of messages: which field and which validator says what, for programs.

A field names each of its messages by a key (``make_error("too_large")``), a validator has one rule or two. Strict
copies of both have messages that carry the code of that key or rule, so no text is ever looked at: it may be replaced
by ``error_messages`` and ``error=``. Accepted values pay nothing.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import decimal
import functools
import math
import re
import typing as t

import marshmallow as ma
from marshmallow import validate

from ... import fields as own_fields
from ...fields import AnyField
from ...issues import INVALID, UNKNOWN, AnyMessages, ErrorText

Params = dict[str, object]

MAX_CHOICES: t.Final = 100
"""The most choices that an issue repeats ..."""
MAX_CHOICES_LENGTH: t.Final = 1_000
"""... and the most characters that they take together. The document has all of them."""

FIELD_CODES: t.Final[cabc.Mapping[type[AnyField], cabc.Mapping[str, str]]] = {
    ma.fields.Field: {"required": "required", "null": "null", "validator_failed": INVALID, "invalid": INVALID},
    ma.fields.Nested: {"type": "invalid_list"},
    ma.fields.List: {"invalid": "invalid_list"},
    ma.fields.Tuple: {"invalid": "invalid_list"},
    own_fields.DelimitedList: {"too_many": "too_long"},
    ma.fields.String: {"invalid": "invalid_string", "invalid_utf8": "invalid_utf8"},
    ma.fields.UUID: {"invalid_uuid": "invalid_uuid"},
    ma.fields.Number: {"invalid": "invalid_number", "too_large": "too_large", "special": "not_finite"},
    ma.fields.Integer: {"invalid": "invalid_integer"},
    ma.fields.Boolean: {"invalid": "invalid_boolean"},
    ma.fields.DateTime: {"invalid": "invalid_datetime", "invalid_awareness": "offset_required"},
    ma.fields.NaiveDateTime: {"invalid_awareness": "offset_forbidden"},
    ma.fields.Time: {"invalid": "invalid_time"},
    ma.fields.Date: {"invalid": "invalid_date"},
    ma.fields.TimeDelta: {"invalid": "invalid_duration"},
    ma.fields.Mapping: {"invalid": "invalid_object"},
    ma.fields.Url: {"invalid": "invalid_url"},
    ma.fields.Email: {"invalid": "invalid_email"},
    ma.fields.IP: {"invalid_ip": "invalid_ip"},
    ma.fields.IPv4: {"invalid_ip": "invalid_ipv4"},
    ma.fields.IPv6: {"invalid_ip": "invalid_ipv6"},
    ma.fields.IPInterface: {"invalid_ip_interface": "invalid_ip_interface"},
    ma.fields.IPv4Interface: {"invalid_ip_interface": "invalid_ipv4_interface"},
    ma.fields.IPv6Interface: {"invalid_ip_interface": "invalid_ipv6_interface"},
    ma.fields.Enum: {"unknown": "not_one_of"},
    own_fields.File: {"invalid": "invalid_file"},
    own_fields.OneOf: {"type": "invalid_object", "missing": "required", "unknown": "not_one_of"},
}
"""The code of each key of ``error_messages``, by the class that has it; a subclass may say it otherwise. Any other key
is a code itself."""

VALIDATOR_CODES: t.Final[cabc.Mapping[type, tuple[str, ...]]] = {
    validate.Length: ("too_short", "too_long", "wrong_length"),
    validate.Range: ("too_small", "too_large"),
    validate.OneOf: ("not_one_of",),
    validate.ContainsOnly: ("item_not_one_of",),
    validate.NoneOf: ("forbidden",),
    validate.ContainsNoneOf: ("item_forbidden",),
    validate.Equal: ("not_equal",),
    validate.Regexp: ("pattern",),
    validate.Email: ("invalid_email",),
    validate.URL: ("invalid_url",),
    validate.Predicate: (INVALID,),
}
"""The codes of each validator of marshmallow, and of those that derive from it."""

SCHEMA_CODES: t.Final[cabc.Mapping[str, str]] = {"type": "invalid_object", "unknown": UNKNOWN}

_LIMITED_KEYS = frozenset({"unknown", "too_many"})
"""The keys whose messages have params."""
_CODE = re.compile(r"[a-z][a-z0-9_]*\Z")


# Fields and schemas


def field_messages(field: AnyField) -> dict[str, AnyMessages]:
    """Return the messages of a field with the codes of their keys; fields may share them."""
    cls: type = type(field)
    texts = field.error_messages
    if {*map(type, texts.values())} == {str}:  # an ErrorText equals another of the same text
        made: dict[str, AnyMessages] = _messages_of(cls, tuple(texts.items()))
    else:
        codes = _codes_of(cls)
        made = {key: _with_code(text, codes.get(key) or own_code(key), {}) for key, text in texts.items()}
    limits = {key: params for key in _LIMITED_KEYS & texts.keys() if (params := _params_of(field, key))}
    if limits:
        codes = _codes_of(cls)
        limited = {
            key: _with_code(texts[key], codes.get(key) or own_code(key), params) for key, params in limits.items()
        }
        return {**made, **limited}
    return made


# PERF: most fields of a class have the same messages: 2 us for a field, and no memory, where making them takes 8 us.
@functools.lru_cache(maxsize=1024)
def _messages_of(cls: type, texts: tuple[tuple[str, str], ...]) -> dict[str, AnyMessages]:
    """Return the messages of all fields of a class that have the same texts."""
    codes = _codes_of(cls)
    return {key: _shared(text, codes.get(key) or own_code(key)) for key, text in texts}


@functools.lru_cache(maxsize=1024)
def _codes_of(cls: type) -> dict[str, str]:
    """Return the codes of the keys of a class of fields."""
    codes: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        codes.update(FIELD_CODES.get(base, {}))
    return codes


def schema_messages(schema: ma.Schema) -> dict[str, AnyMessages]:
    """Return the messages of a schema with the codes of their keys."""
    return {
        key: _with_code(text, SCHEMA_CODES.get(key) or own_code(key), {}) for key, text in schema.error_messages.items()
    }


def own_code(key: str) -> str:
    """Return the code of a key that a user's field has: the key itself, where it is written as codes are."""
    return key if isinstance(key, str) and _CODE.match(key) else INVALID


def _with_code(text: AnyMessages, code: str, params: Params) -> AnyMessages:
    """Return a message with a code; one that has its own keeps it, and what is not a text stays."""
    if isinstance(text, str):
        if isinstance(text, ErrorText):
            return text
        return ErrorText(text, code, **params) if params else _shared(str(text), code)
    if isinstance(text, list):
        return [_with_code(each, code, params) for each in text]
    if isinstance(text, dict):
        return {name: _with_code(each, code, params) for name, each in text.items()}
    return text


@functools.lru_cache(maxsize=1024)
def _shared(text: str, code: str) -> ErrorText:
    """Return the one message of a text and a code; most fields have the same ones."""
    return ErrorText(text, code)


def _params_of(field: AnyField, key: str) -> Params:
    """Return the limits that go with a message of a field."""
    if isinstance(field, ma.fields.Enum) and key == "unknown":
        if field.by_value is False:
            return choices_of(None, list(field.enum.__members__))
        return choices_of(field.field, [member.value for member in field.enum])
    if isinstance(field, own_fields.OneOf) and key == "unknown":
        return choices_of(None, list(field.schemas))
    if isinstance(field, own_fields.DelimitedList) and key == "too_many":
        return {"max": field.max_pieces}
    return {}


# Validators

_KNOWN = tuple(VALIDATOR_CODES)
_V = t.TypeVar("_V")


def coded_validator(validator: _V, field: AnyField) -> _V:
    """Return a copy of a validator whose messages carry codes; one that is not known stays itself.

    :param field: The field that writes the limits, as the document has them.
    """
    if isinstance(validator, validate.And):
        both = copy.copy(validator)
        both.validators = tuple(coded_validator(each, field) for each in validator.validators)
        return both
    if not isinstance(validator, _KNOWN):
        return validator
    made = copy.copy(validator)
    try:
        _give_codes(made, field)
    except AttributeError:  # a property of a user's class, which cannot be set
        return validator
    return made


def _give_codes(validator: t.Any, field: AnyField) -> None:
    """Set the messages of a validator to such with codes."""
    if isinstance(validator, (validate.Length, validate.Range)):
        kind = LengthMessage if isinstance(validator, validate.Length) else RangeMessage
        params = _bounds_of(validator, field)
        for name in ("error", "message_min", "message_max", "message_all", "message_equal"):
            text = getattr(validator, name, None)
            if isinstance(text, str) and not isinstance(text, ErrorText):
                setattr(validator, name, kind.of(text, validator, params))
    elif isinstance(validator.error, str):
        validator.error = _with_code(validator.error, code_of(validator), _rule_of(validator, field))


def code_of(validator: validate.Validator) -> str:
    """Return the code of a validator that has one rule."""
    return next(VALIDATOR_CODES[cls] for cls in type(validator).__mro__ if cls in VALIDATOR_CODES)[0]


def _bounds_of(validator: object, field: AnyField) -> Params:
    """Return the limits of a ``Length`` or a ``Range``."""
    found: Params = {}
    for name in ("min", "max", "equal"):
        bound = getattr(validator, name, None)
        value = None if bound is None else written(field, bound)
        if value is not None:
            found[name if getattr(validator, f"{name}_inclusive", True) else f"exclusive_{name}"] = value
    return found


def _rule_of(validator: object, field: AnyField) -> Params:
    """Return the limits of a validator that has one rule.

    Only what an instance holds is read: a property of a user's class may ask a database.
    """
    state = getattr(validator, "__dict__", {})
    if isinstance(validator, validate.Equal):
        value = written(field, state.get("comparable"))
        return {} if value is None else {"value": value}
    inner = getattr(field, "inner", field)
    if isinstance(validator, validate.OneOf):
        return choices_of(inner, state.get("choices"))
    if isinstance(validator, validate.NoneOf):
        found = choices_of(inner, state.get("iterable"))
        return {"values": found["choices"]} if found else {}
    return {}


class _BoundsMessage(ErrorText):
    """The text of a validator with two bounds; which of them is broken is found when it is filled in."""

    __slots__ = ("validator",)

    validator: t.Any

    @classmethod
    def of(cls, text: str, validator: validate.Length | validate.Range, params: Params) -> t.Self:
        """Make the text for a validator."""
        made = cls(text, INVALID, **params)
        made.validator = validator
        return made

    def format(self, *args: object, **kwargs: object) -> ErrorText:
        made = super().format(*args, **kwargs)
        made.code = self.judged(kwargs) if "input" in kwargs else INVALID
        return made

    def judged(self, given: cabc.Mapping[str, t.Any]) -> str:
        """Return the code for a value.

        :param given: The value and the bounds, as the validator fills them in.
        """
        raise NotImplementedError


class LengthMessage(_BoundsMessage):
    """The text of a ``Length``."""

    __slots__ = ()

    def judged(self, given: cabc.Mapping[str, t.Any]) -> str:
        if given.get("equal") is not None:
            return "wrong_length"
        least = given.get("min")
        return "too_short" if least is not None and len(given["input"]) < least else "too_long"


class RangeMessage(_BoundsMessage):
    """The text of a ``Range``."""

    __slots__ = ()

    def judged(self, given: cabc.Mapping[str, t.Any]) -> str:
        value, least = given["input"], given.get("min")
        if least is None:
            return "too_large"
        below = value < least if self.validator.min_inclusive else value <= least
        return "too_small" if below else "too_large"


# Limits as JSON


def choices_of(field: AnyField | None, choices: object) -> Params:
    """Return choices as clients write them; none where they are too many to be repeated."""
    if not isinstance(choices, cabc.Collection) or len(choices) > MAX_CHOICES:
        return {}
    ordered = sorted(choices, key=str) if isinstance(choices, cabc.Set) else choices
    found = [value for each in ordered if (value := written(field, each)) is not None]
    if len(found) < len(choices) or sum(len(str(each)) for each in found) > MAX_CHOICES_LENGTH:
        return {}
    return {"choices": found}


def written(field: AnyField | None, value: object) -> object:
    """Return a limit as JSON writes it; ``None`` where it cannot.

    :param field: Writes what is no JSON, such as a date.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, decimal.Decimal):
        value = int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else None
    if field is None or value is None:
        return None
    try:
        text = field._serialize(value, None, None)
    except (ValueError, TypeError, AttributeError, KeyError, ArithmeticError):
        return None
    return written(None, text)

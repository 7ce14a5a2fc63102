"""The code that loads a value of each known field, as text.

A *recipe* applies to good values of the usual types. Every other value goes to the field's own ``deserialize``, which
makes the messages; a recipe runs no code of users, so doing its work again is not to be noticed.

Knows fields and the strict twins; knows nothing of whole schemas.
Floor 1.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import typing as t
import uuid

import marshmallow as ma

from ... import fields as own_fields
from ...fields import AnyField
from .. import _plain as plain
from .._codegen import Writer
from ..strict import dates as strict_dates
from ..strict import fields as strict_fields
from ..strict import lexical

_LOCAL = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
#: The usual forms of a date-time, which every reader here takes in the same way.
#: PERF: whether the calendar has the day is left to the reader; a pattern that knows takes 0.08 us longer.
is_usual_aware = lexical.whole(_LOCAL + r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])")
is_usual_naive = lexical.whole(_LOCAL)

_PLAIN_TEXTS = frozenset({ma.fields.String, ma.fields.Email, ma.fields.Url})
_STRICT_TEXTS = frozenset({strict_fields.String, strict_fields.Email, strict_fields.Url})
_STRICT_MODULES = frozenset({strict_fields.__name__, strict_dates.__name__})
#: Beyond this an integer may have no double.
_FLOAT_LIMIT = 10**300


@dataclasses.dataclass(frozen=True, slots=True)
class LoadRecipe:
    """The recipe for loading a valid value.

    :param test: An expression that is true for values that can be converted; never for ``None``.
    :param kind: The exact type of the loaded value.
    :param convert: An expression for the loaded value; empty when it is the value itself.
    :param test_after: An expression that the loaded value must make true as well; empty when there is none.
    :param errors: The exceptions by which ``convert`` refuses a value.
    :param json: The JSON type of all values that pass the test, if they have one in common and a decoder can be asked
        for it.
    :param rest: What remains of the test for a value of that type that a decoder has read.
    """

    test: str
    kind: type
    convert: str = ""
    test_after: str = ""
    errors: tuple[type[Exception], ...] = ()
    json: type | None = None
    rest: str = ""


def _text(
    var: str,
    kind: type,
    convert: str = "",
    after: str = "",
    errors: tuple[type[Exception], ...] = (),
    *,
    rest: str = "",
) -> LoadRecipe:
    """Write the recipe of a value that is read from a text."""
    test = f"type({var}) is str" + (f" and {rest}" if rest else "")
    return LoadRecipe(test, kind, convert, after, errors, json=str, rest=rest)


def recipe(writer: Writer, field: AnyField, var: str) -> LoadRecipe | None:
    """Write the recipe of a field that holds no other field.

    :param var: The variable that holds the value.
    :return: ``None`` when the field is not known exactly, or its values are seldom what a recipe takes.
    """
    if not plain.is_plain_load(field):
        return None
    cls = type(field)
    if cls in _PLAIN_TEXTS:
        return _text(var, str)
    if cls in _STRICT_TEXTS:
        surrogate = writer.bind(lexical.has_surrogate, "has_surrogate")
        test = f"type({var}) is str and ({var}.isascii() or not {surrogate}({var}))"
        if t.cast(strict_fields.String, field).refuses_nul:
            # What is decoded from UTF-8 has no halves of surrogate pairs; a NUL is an escape in the text (fast.body).
            return LoadRecipe(f"{test} and {chr(0)!r} not in {var}", str, json=str)
        return LoadRecipe(test, str, json=str)
    for base, write in _WRITERS:
        if issubclass(cls, base):
            return write(writer, field, var)
    if cls is ma.fields.Raw:
        return LoadRecipe(f"{var} is not None and {var} is not {writer.bind(ma.missing, 'MISSING')}", object)
    if type(field) is ma.fields.Dict and not field.key_field and not field.value_field:
        return LoadRecipe(f"type({var}) is dict", dict, f"{var}.copy()")
    return None


def _is_strict(field: AnyField) -> bool:
    return type(field).__module__ in _STRICT_MODULES


def _is_text(field: AnyField) -> bool:
    return bool(getattr(field, "STRICT_TEXT", False))


def _integer(writer: Writer, field: ma.fields.Integer, var: str) -> LoadRecipe | None:
    if _is_text(field):
        read = writer.bind(lexical.integer, "read_integer")
        return _text(var, int, f"{read}({var})", errors=(ValueError, OverflowError))
    if _is_strict(field) and field.as_string:
        return None
    return LoadRecipe(f"type({var}) is int", int, json=int)


def _float(writer: Writer, field: ma.fields.Float, var: str) -> LoadRecipe | None:
    low, high = writer.bind(float("-inf"), "MINUS_INF"), writer.bind(float("inf"), "INF")
    if _is_text(field):
        read = writer.bind(lexical.number, "read_number")
        convert = f"float({read}({var}))"
        return _text(var, float, convert, f"{low} < {var} < {high}", (ValueError, OverflowError))
    if _is_strict(field) and field.as_string:
        return None
    limit = writer.bind(_FLOAT_LIMIT, "FLOAT_LIMIT")
    test = f"type({var}) is float and {low} < {var} < {high} or type({var}) is int and -{limit} < {var} < {limit}"
    # A decoder reads the digits of an integer as a float, which is the nearest one too; it refuses what has none.
    return LoadRecipe(test, float, f"float({var})", json=float)


def _decimal(writer: Writer, field: ma.fields.Decimal, var: str) -> LoadRecipe | None:
    if field.places is not None or field.allow_nan or _is_text(field):
        return None
    make = writer.bind(decimal.Decimal, "Decimal")
    errors = (ValueError, OverflowError, decimal.InvalidOperation)
    if not _is_strict(field):
        test = f"type({var}) is str or type({var}) is int or type({var}) is float"
        return LoadRecipe(test, decimal.Decimal, f"{make}(str({var}))", f"{var}.is_finite()", errors)
    if field.as_string:
        # PERF: what lexical.number_like does, without its call and without asking for NaN, which no digits are: 0.1 us.
        is_decimal = writer.bind(lexical.is_decimal, "is_decimal")
        rest = f"len({var}) <= {lexical.MAX_DIGITS} and {is_decimal}({var}) is not None"
        return _text(var, decimal.Decimal, f"{make}({var})", rest=rest)
    test = f"type({var}) is int or type({var}) is float"
    return LoadRecipe(test, decimal.Decimal, f"{make}(str({var}))", f"{var}.is_finite()", errors)


def _boolean(writer: Writer, field: ma.fields.Boolean, var: str) -> LoadRecipe | None:
    usual = f"{var} is True or {var} is False"
    if _is_strict(field) and strict_fields.words(field) is None:
        if _is_text(field):
            return LoadRecipe(f"type({var}) is str and ({var} == 'true' or {var} == 'false')", bool, f"{var} == 'true'")
        return LoadRecipe(usual, bool, json=bool)
    if True in field.truthy and False in field.falsy and False not in field.truthy:
        return LoadRecipe(usual, bool, json=bool)
    return None


def _uuid(writer: Writer, field: ma.fields.UUID, var: str) -> LoadRecipe | None:
    rest = f"{writer.bind(lexical.is_uuid, 'is_uuid')}({var}) is not None" if _is_strict(field) else ""
    return _text(var, uuid.UUID, f"{writer.bind(uuid.UUID, 'UUID')}({var})", errors=(ValueError,), rest=rest)


def _ip(writer: Writer, field: ma.fields.IP, var: str) -> LoadRecipe | None:
    if field.DESERIALIZATION_CLASS is not None:
        return None
    read = writer.bind(lexical.usual_ip, "read_ip")
    return _text(var, ipaddress._BaseAddress, f"{read}({var})", errors=(ValueError,))


def _reads_iso(field: strict_dates.Temporal, kind: type[dt.date] | type[dt.time]) -> bool:
    """Return whether a date or time field reads ISO 8601, by the standard library's function."""
    reader = field.DESERIALIZATION_FUNCS.get(field.format or field.DEFAULT_FORMAT)
    return bool(reader == kind.fromisoformat)


def _date_time(writer: Writer, field: ma.fields.DateTime, var: str) -> LoadRecipe | None:
    """Texts with an offset, and for ``NaiveDateTime`` those without; where time zones are moved the field does it."""
    read = writer.bind(dt.datetime.fromisoformat, "read_datetime")
    naive = isinstance(field, ma.fields.NaiveDateTime)
    own = isinstance(field, own_fields.DateTime)
    if own:
        if field.format not in own_fields.RFC3339_FORMATS:
            return None
    elif not _reads_iso(field, dt.datetime) or (_is_strict(field) and not strict_dates.is_iso(field)):
        return None
    if own or _is_strict(field):
        pattern, name = (is_usual_naive, "is_usual_naive") if naive else (is_usual_aware, "is_usual_aware")
        rest = f"{writer.bind(pattern, name)}({var}) is not None"
        return _text(var, dt.datetime, f"{read}({var})", errors=(ValueError,), rest=rest)
    after = ""
    if naive:
        after = f"{var}.tzinfo is None"
    elif isinstance(field, ma.fields.AwareDateTime):
        after = f"{var}.tzinfo is not None"
    return _text(var, dt.datetime, f"{read}({var})", after, (ValueError,))


def _date(writer: Writer, field: ma.fields.Date, var: str) -> LoadRecipe | None:
    return _iso(writer, field, var, dt.date, lexical.is_date)


def _time(writer: Writer, field: ma.fields.Time, var: str) -> LoadRecipe | None:
    return _iso(writer, field, var, dt.time, lexical.is_time)


def _iso(
    writer: Writer,
    field: ma.fields.Date | ma.fields.Time,
    var: str,
    kind: type[dt.date] | type[dt.time],
    pattern: object,
) -> LoadRecipe | None:
    if not _reads_iso(field, kind) or (_is_strict(field) and not strict_dates.is_iso(field)):
        return None
    rest = f"{writer.bind(pattern, f'is_{kind.__name__}')}({var}) is not None" if _is_strict(field) else ""
    read = writer.bind(kind.fromisoformat, f"read_{kind.__name__}")
    return _text(var, kind, f"{read}({var})", errors=(ValueError,), rest=rest)


def _enum(writer: Writer, field: ma.fields.Enum[enum.Enum], var: str) -> LoadRecipe | None:
    """Members by name, or by values that are texts and integers; the enumeration's own lookup does the rest."""
    cls = field.enum
    if not plain.is_plain_enum(cls) or not plain.is_plain_load(field.field):
        return None
    if field.by_value is False and type(field.field) in (ma.fields.String, strict_fields.String):
        members = writer.bind(cls._member_map_, f"{cls.__name__}_by_name")
        return _text(var, cls, f"{members}[{var}]", rest=f"{var} in {members}")
    if field.by_value is True and type(field.field) is ma.fields.Raw and not _is_text(field):
        kinds = {type(member.value) for member in cls}
        if kinds <= {str, int}:
            members = writer.bind(cls._value2member_map_, f"{cls.__name__}_by_value")
            return LoadRecipe(
                f"(type({var}) is str or type({var}) is int) and {var} in {members}", cls, f"{members}[{var}]"
            )
    return None


_WRITERS: tuple[tuple[type, t.Callable[[Writer, t.Any, str], LoadRecipe | None]], ...] = (
    (ma.fields.Integer, _integer),
    (ma.fields.Float, _float),
    (ma.fields.Decimal, _decimal),
    (ma.fields.Boolean, _boolean),
    (ma.fields.UUID, _uuid),
    (ma.fields.IP, _ip),
    (ma.fields.DateTime, _date_time),
    (ma.fields.Date, _date),
    (ma.fields.Time, _time),
    (ma.fields.Enum, _enum),
)

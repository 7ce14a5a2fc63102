"""The words of JSON Schema that say what a strict field reads: for the document, from the patterns that it runs.

Only fields whose texts have a rule are known here; constraints of other validators, and what a field means in
addition, are the document's own matter.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import decimal
import typing as t

import marshmallow as ma
from marshmallow import validate

from ... import fields
from . import _dates as strict_dates
from . import _fields as strict_fields
from . import _lexical as lexical

Keywords = dict[str, object]


def anchored(pattern: str) -> str:
    """Write a pattern of :mod:`fast.lexical`, or of a strict ``Regexp``, for the document."""
    return f"^(?:{pattern})$"


def keywords(field: fields.AnyField) -> Keywords:
    """Give ``type``, ``format``, ``pattern`` and the like of a field's values, as the strict twin reads them.

    The field may be the user's own or a twin. A class with its own ``_deserialize`` reads what it likes: ask
    only for those that :func:`fast.strict.twin` replaces, and for the framework's own fields.

    :return: The words; empty for a field that has no rule here. They do not mention ``null``.
    """
    for kinds, give in _KEYWORDS:
        if isinstance(field, kinds):
            return give(field)
    return {}


def validator_keywords(validator: object) -> Keywords:
    """Give the words of an ``Email`` or ``URL`` validator, on an ``Email``, a ``Url`` or a String."""
    if isinstance(validator, validate.Email):
        return {
            "format": "email",
            "pattern": anchored(lexical.EMAIL_PATTERN),
            "maxLength": lexical.EMAIL_MAX_LENGTH,
        }
    if isinstance(validator, validate.URL):
        kind = "uri-reference" if validator.relative else "uri"
        return {"format": kind, "pattern": anchored(strict_fields.pattern_of(validator))}
    return {}


def _own_date_time(field: fields.DateTime) -> Keywords:
    if field.format in fields.RFC3339_FORMATS:
        return {"type": "string", "format": "date-time"}
    return _other_format(field)


def _date_time(field: ma.fields.DateTime) -> Keywords:
    if not strict_dates.is_iso(field):
        return _other_format(field)
    pattern = strict_dates.iso_pattern(field)
    if pattern is None:
        return {"type": "string", "format": "date-time"}
    return {"type": "string", "pattern": anchored(pattern)}


def _other_format(field: ma.fields.DateTime) -> Keywords:
    if field.format in strict_dates.TIMESTAMPS:
        return {"type": "number", "minimum": strict_dates.earliest(field)}
    return _strftime(field)


def _strftime(field: strict_dates.Temporal) -> Keywords:
    pattern = strict_dates.format_pattern(field)
    return {"type": "string"} if pattern is None else {"type": "string", "pattern": anchored(pattern)}


def _date(field: ma.fields.Date) -> Keywords:
    return {"type": "string", "format": "date"} if strict_dates.is_iso(field) else _strftime(field)


def _time(field: ma.fields.Time) -> Keywords:
    return (
        {"type": "string", "pattern": anchored(lexical.TIME_PATTERN)}
        if strict_dates.is_iso(field)
        else _strftime(field)
    )


def _integer(field: ma.fields.Integer) -> Keywords:
    return {"type": "string", "pattern": anchored(lexical.INTEGER_PATTERN)} if field.as_string else {"type": "integer"}


def _float(field: ma.fields.Float) -> Keywords:
    return {"type": "string", "pattern": anchored(lexical.FLOAT_PATTERN)} if field.as_string else {"type": "number"}


def _decimal(field: ma.fields.Decimal) -> Keywords:
    rounded = strict_fields.rounded_pattern(field)
    if field.as_string:
        return {"type": "string", "pattern": anchored(rounded or lexical.DECIMAL_PATTERN)}
    made: Keywords = {"type": ["string", "number"], "pattern": anchored(rounded or lexical.FLOAT_PATTERN)}
    if field.places is None:
        return made
    # A number is rounded to so many places within the digits that the decimal context has; a larger one is refused.
    bound = 10.0 ** (decimal.getcontext().prec + t.cast(int, field.places.as_tuple().exponent))
    return {**made, "exclusiveMinimum": -bound, "exclusiveMaximum": bound}


def _boolean(field: ma.fields.Boolean) -> Keywords:
    words = strict_fields.words(field)
    return {"type": "boolean"} if words is None else {"enum": list(words)}


def _interface(field: ma.fields.IPInterface) -> Keywords:
    if isinstance(field, ma.fields.IPv4Interface):
        pattern = lexical.IPV4_INTERFACE_PATTERN
    elif isinstance(field, ma.fields.IPv6Interface):
        pattern = lexical.IPV6_INTERFACE_PATTERN
    else:
        pattern = f"{lexical.IPV4_INTERFACE_PATTERN}|{lexical.IPV6_INTERFACE_PATTERN}"
    return {"type": "string", "pattern": anchored(pattern)}


_KEYWORDS: tuple[tuple[type | tuple[type, ...], cabc.Callable[[t.Any], Keywords]], ...] = (
    (fields.DateTime, _own_date_time),
    (ma.fields.DateTime, _date_time),
    (ma.fields.Date, _date),
    (ma.fields.Time, _time),
    (ma.fields.TimeDelta, lambda field: {"type": "number"}),
    (ma.fields.Integer, _integer),
    (ma.fields.Float, _float),
    (ma.fields.Decimal, _decimal),
    (ma.fields.Boolean, _boolean),
    (ma.fields.UUID, lambda field: {"type": "string", "format": "uuid"}),
    (ma.fields.IPv4, lambda field: {"type": "string", "format": "ipv4"}),
    (ma.fields.IPv6, lambda field: {"type": "string", "format": "ipv6"}),
    (ma.fields.IP, lambda field: {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
    (ma.fields.IPInterface, _interface),
    (ma.fields.String, lambda field: {"type": "string"}),
    (fields.File, lambda field: {"type": "string", "format": "binary"}),
)

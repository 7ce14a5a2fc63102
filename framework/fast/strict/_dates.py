"""The strict twins of fields of dates and times: what the document refuses, they refuse.

They look at texts and numbers only, as those of ``fast.strict._fields`` do; the rule of each is the pattern that
``fast.strict._published`` gives to the document.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import datetime as dt
import typing as t

import marshmallow as ma
from marshmallow import validate

from ... import fields
from . import _lexical as lexical

Data = cabc.Mapping[str, object] | None
Temporal: t.TypeAlias = ma.fields.DateTime | ma.fields.Date | ma.fields.Time

#: The ``format`` values of marshmallow's date and time fields that mean ISO 8601, and here RFC 3339.
ISO_FORMATS = frozenset({None, "iso", "iso8601"})
TIMESTAMPS = frozenset({"timestamp", "timestamp_ms"})
#: The last second of the year 9999, the last one that a datetime can hold.
LAST_SECOND = 253_402_300_799
#: The first second of the year 1, the first one that a datetime can hold.
FIRST_SECOND = -62_135_596_800
_EPOCH = dt.datetime(1970, 1, 1)


def is_iso(field: fields.AnyField) -> bool:
    """Return whether a date or time field writes and reads ISO 8601, by marshmallow's own functions."""
    name = getattr(field, "format", None)
    if name not in ISO_FORMATS:
        return False
    plain = next(base for base in type(field).__mro__ if base in _TEMPORAL)
    reader = getattr(field, "DESERIALIZATION_FUNCS", {}).get(name or "iso")
    return bool(reader == plain.DESERIALIZATION_FUNCS.get(name or "iso"))


def is_rfc(field: ma.fields.DateTime) -> bool:
    """Return whether a field reads RFC 822, by the standard library's own function."""
    read = field.DESERIALIZATION_FUNCS.get(field.format or "")
    return field.format in ("rfc", "rfc822") and read is ma.fields.DateTime.DESERIALIZATION_FUNCS["rfc"]


def latest(field: ma.fields.DateTime) -> int:
    """The last timestamp that a field takes: the last whole second of the year 9999."""
    return LAST_SECOND * (1000 if field.format == "timestamp_ms" else 1)


def earliest(field: ma.fields.DateTime) -> int:
    """The first timestamp that a field takes: the first second of the year 1."""
    return FIRST_SECOND * (1000 if field.format == "timestamp_ms" else 1)


def _date_time(field: ma.fields.DateTime, value: object, *, text: bool) -> object:
    """Give the value that marshmallow goes on with: the datetime of an ISO field, the value itself of any other."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return value
    if is_iso(field):
        # Whether there has to be an offset is marshmallow's matter, which has messages for it.
        is_spelt = lexical.compiled(lexical.ANY_DATE_TIME_PATTERN).fullmatch
        if iso_pattern(field) is not None and isinstance(value, str) and is_spelt(value) is None:
            raise field.make_error("invalid", input=value, obj_type=field.OBJ_TYPE)
        try:
            return fields.parse_date_time(value)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise field.make_error("invalid", input=value, obj_type=field.OBJ_TYPE) from error
    if field.format in TIMESTAMPS:
        try:
            number = float(lexical.number(value if text else "")) if isinstance(value, str) else value
        except (ValueError, OverflowError) as error:
            raise field.make_error("invalid", input=value, obj_type=field.OBJ_TYPE) from error
        if not earliest(field) <= number <= latest(field):
            raise field.make_error("invalid", input=value, obj_type=field.OBJ_TYPE)
        if number >= 0:
            return number
        # marshmallow writes what is before 1970, and reads none of it.
        return _EPOCH + dt.timedelta(milliseconds=number if field.format == "timestamp_ms" else number * 1000)
    _check_format(field, value)
    return value


def iso_pattern(field: ma.fields.DateTime) -> str | None:
    """Return the pattern of a field of ISO 8601; ``None`` for one that demands an offset, as ``date-time`` does."""
    if isinstance(field, ma.fields.NaiveDateTime) and field.timezone is None:
        return lexical.LOCAL_DATE_TIME_PATTERN
    if isinstance(field, ma.fields.AwareDateTime) and field.default_timezone is None:
        return None
    # A naive datetime is written without an offset, and what is written is read.
    return lexical.ANY_DATE_TIME_PATTERN


def _check_format(field: Temporal, value: object) -> None:
    """Refuse a text that ``strftime`` would not write: one digit for two, other scripts' digits, spaces."""
    if not isinstance(value, str):
        return
    pattern = format_pattern(field)
    if pattern is not None and lexical.compiled(pattern).fullmatch(value) is None:
        raise field.make_error("invalid", input=value, obj_type=field.OBJ_TYPE)


def format_pattern(field: Temporal) -> str | None:
    """Give the pattern of a field with a custom format, or RFC 822's; ``None`` where it is not known."""
    if isinstance(field, ma.fields.DateTime) and is_rfc(field):
        return lexical.rfc_pattern(
            naive=not isinstance(field, ma.fields.AwareDateTime) or field.default_timezone is not None,
            aware=not isinstance(field, ma.fields.NaiveDateTime) or field.timezone is not None,
        )
    known = field.format in (*ISO_FORMATS, *field.DESERIALIZATION_FUNCS)
    return None if known else lexical.strftime_pattern(str(field.format))


class DateTime(ma.fields.DateTime):
    """A date and time, with an offset or without, as answers have them; a ``timestamp`` is a JSON number."""

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> dt.datetime:
        return super()._deserialize(_date_time(self, value, text=self.STRICT_TEXT), attr, data, **kwargs)


class NaiveDateTime(ma.fields.NaiveDateTime):
    """A date and time without an offset; with one where the field names a ``timezone`` to turn it to."""

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> dt.datetime:
        return super()._deserialize(_date_time(self, value, text=self.STRICT_TEXT), attr, data, **kwargs)


class AwareDateTime(ma.fields.AwareDateTime):
    """A ``date-time`` of RFC 3339; its offset may miss where the field names a ``default_timezone``."""

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> dt.datetime:
        return super()._deserialize(_date_time(self, value, text=self.STRICT_TEXT), attr, data, **kwargs)


class OwnDateTime(fields.DateTime):
    """The framework's field: strict by itself, unless it has a format of the user's own."""

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> dt.datetime:
        if self.format not in fields.RFC3339_FORMATS:
            value = _date_time(self, value, text=self.STRICT_TEXT)
        return super()._deserialize(value, attr, data, **kwargs)


class TextDateTime(DateTime):
    """As :class:`DateTime`; a ``timestamp`` is the text of a number."""

    STRICT_TEXT = True


class TextNaiveDateTime(NaiveDateTime):
    """As :class:`NaiveDateTime`; a ``timestamp`` is the text of a number."""

    STRICT_TEXT = True


class TextAwareDateTime(AwareDateTime):
    """As :class:`AwareDateTime`; a ``timestamp`` is the text of a number."""

    STRICT_TEXT = True


class TextOwnDateTime(OwnDateTime):
    """As :class:`OwnDateTime`; a ``timestamp`` is the text of a number."""

    STRICT_TEXT = True


class Date(ma.fields.Date):
    """A ``full-date`` of RFC 3339; one with a custom format has the pattern of that format."""

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> dt.date:
        if isinstance(value, str) and lexical.is_date(value) is None and is_iso(self):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        _check_format(self, value)
        return super()._deserialize(value, attr, data, **kwargs)


class Time(ma.fields.Time):
    """A time of day with seconds, its offset optional; one with a custom format has the pattern of that format."""

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> dt.time:
        if isinstance(value, str) and lexical.is_time(value) is None and is_iso(self):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        _check_format(self, value)
        return super()._deserialize(value, attr, data, **kwargs)


_TEMPORAL = (ma.fields.DateTime, ma.fields.Date, ma.fields.Time)


def longest(field: ma.fields.TimeDelta) -> int:
    """Return how many of a field's units a timedelta can hold, either way."""
    return -dt.timedelta.min // dt.timedelta(**{field.precision: 1})


class TimeDelta(ma.fields.TimeDelta):
    """A JSON number of the field's unit, not beyond what is published."""

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: t.Any, attr: str | None, data: Data, **kwargs: object) -> dt.timedelta:
        if isinstance(value, (str, bytes, bool)):
            try:
                value = float(lexical.number(value if self.STRICT_TEXT and isinstance(value, str) else ""))
            except (ValueError, OverflowError) as error:
                raise self.make_error("invalid") from error
        if isinstance(value, (int, float)) and not -longest(self) <= value <= longest(self):
            raise self.make_error("invalid")
        result = super()._deserialize(value, attr, data, **kwargs)
        _check_bounds(self, float(value))
        return result


def _check_bounds(field: ma.fields.TimeDelta, value: float) -> None:
    """Hold a number of units against the bounds of a field before it is rounded to microseconds.

    :raises ValidationError: It is out of bounds.
    """
    unit = dt.timedelta(**{field.precision: 1})
    for each in ranges(field):
        made = copy.copy(each)
        made.min, made.max = (
            bound / unit if isinstance(bound, dt.timedelta) else None for bound in (each.min, each.max)
        )
        made(value)


def ranges(field: fields.AnyField) -> cabc.Iterator[validate.Range]:
    """Give the ``Range`` validators of a field, those within an ``And`` among them."""
    for each in field.validators:
        for validator in each.validators if isinstance(each, validate.And) else (each,):
            if isinstance(validator, validate.Range):
                yield validator


class TextTimeDelta(TimeDelta):
    """The text of a number of the field's unit."""

    STRICT_TEXT = True

"""The code that dumps a value of each known field, as text.

A *recipe* applies to values of exactly the types that it tests; every other value goes to the field's own
``_serialize``. There are two forms: the value that ``schema.dump`` gives, and the form for JSON, which may keep
what the JSON encoder writes as the very same text.

Knows fields; knows nothing of objects or of whole schemas.
Floor 1.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import typing as t
import uuid
import zoneinfo

import marshmallow as ma
import msgspec

from ... import fields as own_fields
from ...fields import AnyField
from .. import _plain as plain
from .._codegen import Writer
from ..strict import dates as strict_dates
from ..strict import fields as strict_fields

#: Writes what holds nothing but values of exact, known types.
ENCODE = msgspec.json.Encoder().encode

_TEXTS = frozenset(
    getattr(module, name) for module in (ma.fields, strict_fields) for name in ("String", "Email", "Url")
)
_INTEGERS = frozenset({ma.fields.Integer, strict_fields.Integer, strict_fields.TextInteger})
_FLOATS = frozenset({ma.fields.Float, strict_fields.Float, strict_fields.TextFloat})
_DECIMALS = frozenset({ma.fields.Decimal, strict_fields.Decimal, strict_fields.TextDecimal})
_VERBATIM = frozenset({ma.fields.Raw, ma.fields.Boolean, strict_fields.Boolean, strict_fields.TextBoolean})
_UUIDS = frozenset({ma.fields.UUID, strict_fields.UUID})
_ENUMS = frozenset({ma.fields.Enum, strict_fields.Enum, strict_fields.TextEnum})
_TEMPORAL: dict[type, type[dt.date] | type[dt.time]] = {
    **dict.fromkeys([ma.fields.DateTime, ma.fields.NaiveDateTime, ma.fields.AwareDateTime], dt.datetime),
    **dict.fromkeys(
        [getattr(strict_dates, f"{text}{name}DateTime") for text in ("", "Text") for name in ("", "Naive", "Aware")],
        dt.datetime,
    ),
    **dict.fromkeys([ma.fields.Date, strict_dates.Date], dt.date),
    **dict.fromkeys([ma.fields.Time, strict_dates.Time], dt.time),
}
_ZONES = frozenset({dt.timezone, zoneinfo.ZoneInfo})
_MINUTE = dt.timedelta(minutes=1)
_OWN_DATE_TIMES = frozenset({own_fields.DateTime, strict_dates.OwnDateTime, strict_dates.TextOwnDateTime})


@dataclasses.dataclass(frozen=True, slots=True)
class DumpRecipe:
    """The recipe for dumping a value of the expected type.

    :param test: An expression that is true for values that ``lines`` can take; never for ``None``.
    :param lines: Statements that put the dumped value in the place of the value; none when it is the value itself.
    """

    test: str
    lines: tuple[str, ...] = ()


def recipes(writer: Writer, field: AnyField, var: str, *, to_json: bool) -> list[DumpRecipe]:
    """Write the recipes of a field that holds no other field, of which the first that takes a value is followed.

    :param var: The variable that holds the value.
    :param to_json: Whether the result goes to the JSON encoder alone.
    :return: None when the field is not known exactly.
    """
    if not plain.is_plain_dump(field):
        return []
    if type(field) in _OWN_DATE_TIMES:
        return _rfc3339(writer, t.cast(own_fields.DateTime, field), var, to_json=to_json)
    made = _recipe(writer, field, var, to_json=to_json)
    return [] if made is None else [made]


def _recipe(writer: Writer, field: AnyField, var: str, *, to_json: bool) -> DumpRecipe | None:
    cls = type(field)
    if cls in _TEXTS:
        return DumpRecipe(f"type({var}) is str")
    if cls in _INTEGERS:
        return DumpRecipe(f"type({var}) is int", _as_string(field, var))
    if cls in _FLOATS:
        finite = f" and {writer.bind(float('-inf'), 'MINUS_INF')} < {var} < {writer.bind(float('inf'), 'INF')}"
        as_string = _as_string(field, var)
        return DumpRecipe(f"type({var}) is float" + (finite if to_json and not as_string else ""), as_string)
    if cls in _DECIMALS:
        return _decimal(writer, t.cast(ma.fields.Decimal, field), var, to_json=to_json)
    if to_json and issubclass(cls, ma.fields.Boolean):
        return DumpRecipe(f"{var} is True or {var} is False")
    if cls in _VERBATIM:
        return DumpRecipe(
            f"{var} is True or {var} is False or type({var}) is str or type({var}) is int"
            if to_json
            else f"{var} is not MISSING"
        )
    if cls in _UUIDS:
        # PERF: the text of a UUID takes the encoder 150 ns, str() 550.
        text = f"{var} = {writer.bind(ENCODE, 'encode')}({var})[1:-1].decode()"
        return DumpRecipe(f"type({var}) is {writer.bind(uuid.UUID, 'UUID')}", () if to_json else (text,))
    if cls in _ENUMS:
        return _enum(writer, t.cast("ma.fields.Enum[enum.Enum]", field), var, to_json=to_json)
    if cls in _TEMPORAL:
        return _temporal(writer, t.cast(strict_dates.Temporal, field), var, to_json=to_json)
    return None


def _as_string(field: t.Any, var: str) -> tuple[str, ...]:
    return (f"{var} = str({var})",) if field.as_string else ()


def _decimal(writer: Writer, field: ma.fields.Decimal, var: str, *, to_json: bool) -> DumpRecipe | None:
    """``format(value, "f")`` is ``str(value)`` unless that has an exponent; rounding and NaN are left to the field.

    The encoder writes ``str(value)``, see ``fast.dump._rows`` for exponents. PERF: a tenth less for a list.
    """
    if field.places is not None or field.allow_nan:
        return None
    test = f"type({var}) is {writer.bind(decimal.Decimal, 'Decimal')}"
    if field.as_string and to_json:
        return DumpRecipe(test)
    if field.as_string:
        text = writer.name("text")
        return DumpRecipe(
            test, (f"{text} = str({var})", f"{var} = {text} if 'E' not in {text} else format({var}, 'f')")
        )
    return DumpRecipe(test, (f"{var} = str({var})",) if to_json else ())


def _enum(writer: Writer, field: ma.fields.Enum[enum.Enum], var: str, *, to_json: bool) -> DumpRecipe | None:
    """Names or plain values of an enumeration whose members have no names or values of another kind."""
    cls = field.enum
    if not plain.is_plain_enum(cls) or not plain.is_plain_dump(field.field):
        return None
    test = f"type({var}) is {writer.bind(cls, cls.__name__)}"
    if field.by_value is False and type(field.field) is ma.fields.String:
        return DumpRecipe(test, (f"{var} = {var}._name_",))
    if field.by_value is True and type(field.field) is ma.fields.Raw:
        if to_json and not all(type(member.value) in (str, int) for member in cls):
            return None
        return DumpRecipe(test, (f"{var} = {var}._value_",))
    return None


def _temporal(writer: Writer, field: strict_dates.Temporal, var: str, *, to_json: bool) -> DumpRecipe | None:
    """ISO 8601 as the standard library writes it. The encoder writes the same text for dates."""
    expected = _TEMPORAL[type(field)]
    if field.SERIALIZATION_FUNCS.get(field.format or field.DEFAULT_FORMAT) is not expected.isoformat:
        return None
    test = f"type({var}) is {writer.bind(expected, expected.__name__)}"
    if to_json and expected is dt.date:
        return DumpRecipe(test)
    if expected is not dt.datetime:
        return DumpRecipe(test, (f"{var} = {var}.isoformat()",))
    # The encoder writes an offset of zero as Z, and none that has seconds. PERF: 220 ns; isoformat takes 700.
    utc = writer.bind(dt.UTC, "UTC")
    test += f" and ({var}.tzinfo is None or {var}.tzinfo is {utc} or {_whole_minutes(writer, var)})"
    text = f"{writer.bind(ENCODE, 'encode')}({var}).replace(b'Z', b'+00:00')"
    return DumpRecipe(
        test, (f"{var} = {writer.bind(msgspec.Raw, 'Raw')}({text})" if to_json else f"{var} = {text}[1:-1].decode()",)
    )


def _whole_minutes(writer: Writer, var: str) -> str:
    """Write the test of a datetime whose offset, by a zone of the standard library, has no seconds."""
    zones, minute = writer.bind(_ZONES, "ZONES"), writer.bind(_MINUTE, "MINUTE")
    return f"type({var}.tzinfo) in {zones} and not {var}.utcoffset() % {minute}"


def _rfc3339(writer: Writer, field: own_fields.DateTime, var: str, *, to_json: bool) -> list[DumpRecipe]:
    """RFC 3339, as the encoder writes it; a naive value is in UTC."""
    if field.format not in own_fields.RFC3339_FORMATS or field.timespec != "auto":
        return []
    utc, encode = writer.bind(dt.UTC, "UTC"), writer.bind(ENCODE, "encode")
    is_datetime = f"type({var}) is {writer.bind(dt.datetime, 'datetime')}"
    text = () if to_json else (f"{var} = {encode}({var})[1:-1].decode()",)
    # PERF: 150 ns; with replace(tzinfo=UTC), 600.
    as_utc = f"{writer.bind(msgspec.Raw, 'Raw')}({encode}({var})[:-1] + b'Z\"')"
    naive = f"{var} = {as_utc}" if to_json else f"{var} = {encode}({var})[1:-1].decode() + 'Z'"
    return [
        DumpRecipe(f"{is_datetime} and {var}.tzinfo is {utc}", text),
        DumpRecipe(f"{is_datetime} and {var}.tzinfo is None", (naive,)),
        DumpRecipe(f"{is_datetime} and {_whole_minutes(writer, var)}", text),
    ]


def exact_type(field: AnyField) -> str | None:
    """Name the builtin type whose values a field dumps as they are; such a field can be the inner one of a list."""
    if not plain.is_plain_dump(field):
        return None
    if type(field) in _TEXTS:
        return "str"
    if type(field) in _INTEGERS and not field.as_string:  # type: ignore[attr-defined]
        return "int"
    return None

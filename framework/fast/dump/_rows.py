"""Rows: objects on their way to JSON text, one class of them for each schema.

A row is a ``msgspec.Struct`` with a place for every field, in the order of the schema; the encoder writes it faster
than a dict. A place holds a value of an exact JSON type, a value whose text the encoder writes as the schema does (a
date, a UUID), ``UNSET`` for a member that is left out, or text that is finished already (``Raw``). A ``Decimal`` is
written as a schema does unless it has an exponent, which is looked for in the text.

Knows values; knows nothing of schemas.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import decimal
import re
import typing as t

import msgspec

from .. import json as fast_json

UNSET = msgspec.UNSET

encode_plain = msgspec.json.Encoder().encode
"""Writes rows whose texts hold no half of a surrogate pair, and raises ``UnicodeEncodeError`` for others.

What it writes may hold exponents, see :func:`without_exponents`."""

CAPITAL_E: t.Final = ord("E")
"""The byte that a text with an exponent has. PERF: a number is found in bytes in 30 ns, bytes in 500."""

_EXPONENT = re.compile(rb'"-?[0-9](?:\.[0-9]+)?E[+-][0-9]+"')
_as_they_are = frozenset({str, int, bool, type(None)})


class Row(msgspec.Struct):
    """An object on its way to the encoder."""


def row_class(title: str, keys: cabc.Sequence[str]) -> type[Row] | None:
    """Make the class of rows that have these keys, in this order.

    :return: ``None`` when the keys cannot be the keys of a Struct.
    """
    places = [f"place_{number}" for number in range(len(keys))]
    try:
        made = msgspec.defstruct(
            title,
            [(place, t.Any) for place in places],
            bases=(Row,),
            rename=dict(zip(places, keys, strict=True)),
            gc=False,
        )
    except (ValueError, TypeError, UnicodeError):
        return None
    return t.cast(type[Row], made)


def seal(value: object, keys: tuple[str, ...]) -> object:
    """Give the form that a row can hold of a dumped value of any type.

    :param keys: The path of the member that the value is for, to be named in the error.
    :raises JSONError: For what JSON has no text for, such as NaN.
    """
    if type(value) in _as_they_are:
        return value
    try:
        return msgspec.Raw(fast_json.encode(value))
    except fast_json.JSONError as error:
        raise located(error, *keys) from None


def located(error: fast_json.JSONError, *way: str | int) -> fast_json.JSONError:
    """Give the same error, found further down a way of keys and indexes, which may be empty."""
    path = (*way, *error.path)
    if not path:
        return error
    reason = error.reason.partition(": found at ")[0]
    return fast_json.JSONError(f"{reason.removesuffix('.')}: found at {'.'.join(map(str, path))}.", path=path)


def encode(rows: object) -> bytes:
    """Write a row, or a list of rows, as JSON."""
    try:
        text = encode_plain(rows)
    except UnicodeEncodeError:
        _write_out(rows)
        return _spell(rows)
    return text if CAPITAL_E not in text else without_exponents(rows, text)


def without_exponents(rows: object, text: bytes) -> bytes:
    """Give the text of rows in which no ``Decimal`` has an exponent.

    :param text: What the encoder has made of them.
    """
    # PERF: a text such as "SALE-1" costs a search; one that looks like such a number, a second encoding.
    if (text.find(b"E+") >= 0 or text.find(b"E-") >= 0) and _EXPONENT.search(text) and _write_out(rows):
        return encode_plain(rows)
    return text


def _write_out(value: t.Any) -> bool:
    """Put the digits of each ``Decimal`` in rows in its place; gives whether there were any."""
    found = False
    if isinstance(value, Row):
        for place in value.__struct_fields__:
            each = getattr(value, place)
            if type(each) is decimal.Decimal:
                setattr(value, place, format(each, "f"))
                found = True
            elif type(each) is list or isinstance(each, Row):
                found = _write_out(each) or found
    elif type(value) is list:
        for number, each in enumerate(value):
            if type(each) is decimal.Decimal:
                value[number] = format(each, "f")
                found = True
            elif type(each) is list or isinstance(each, Row):
                found = _write_out(each) or found
    return found


def _spell(value: object) -> bytes:
    """Write rows member by member: for halves of surrogate pairs, which the encoder refuses."""
    if isinstance(value, Row):
        info = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        members = [(key, getattr(value, place)) for key, place in info]
        return b"{%b}" % b",".join(fast_json.encode(key) + b":" + _spell(it) for key, it in members if it is not UNSET)
    if type(value) is list or type(value) is tuple:
        return b"[%b]" % b",".join(map(_spell, value))
    return bytes(value) if type(value) is msgspec.Raw else fast_json.encode(value)

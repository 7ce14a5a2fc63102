"""Cursors: the position in an ordered list as a text that only this application can make.

A cursor holds the values of the sort keys of an item, not its number, so it stays where it is while items come and go.
It is signed with the application's secret key, and the signature covers what it was made for: the operation, the values
of its path, the order, and all other terms of the request. It is not encrypted: do not sort by secrets.
Floor 4.
"""

from __future__ import annotations

import base64
import binascii
import collections.abc as cabc
import datetime as dt
import decimal
import enum
import hashlib
import ipaddress
import typing as t
import uuid

import msgspec
from itsdangerous import BadSignature, Signer

from ...issues import issue

MAX_LENGTH: t.Final = 2000
"""A longer text is not a cursor: it must fit into a URL."""

SALT: t.Final = "framework.cursor"

ValueForm: t.TypeAlias = tuple[type | tuple[type, ...], cabc.Callable[[t.Any], str], cabc.Callable[[str], object]]
"""The classes of a kind of values, and the functions that write a value of them as text and read it."""

# By the tag: the class or classes, and how a value of it is written and read. What JSON has itself needs no tag.
_WRITTEN: t.Final[dict[str, ValueForm]] = {
    "datetime": (dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "date": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "time": (dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "decimal": (decimal.Decimal, str, decimal.Decimal),
    "uuid": (uuid.UUID, str, uuid.UUID),
    "seconds": (
        dt.timedelta,
        lambda value: str(value // dt.timedelta(microseconds=1)),
        lambda text: dt.timedelta(microseconds=int(text)),
    ),
    "bytes": (
        bytes,
        lambda value: base64.b64encode(value).decode("ascii"),
        lambda text: base64.b64decode(text, validate=True),
    ),
    "int": (int, str, int),
    # An interface is an address too.
    "interface": ((ipaddress.IPv4Interface, ipaddress.IPv6Interface), str, ipaddress.ip_interface),
    "address": ((ipaddress.IPv4Address, ipaddress.IPv6Address), str, ipaddress.ip_address),
}


class BadCursor(ValueError):
    """A text that is not a cursor of this place."""


class Cursor(t.NamedTuple):
    """A position, and which way to go from it.

    :ivar position: The values of the keys of an item; ``None`` for the end of the list.
    :ivar backward: Whether the items before it are meant.
    """

    position: tuple[object, ...] | None
    backward: bool = False


class Cursors:
    """Writes and reads the cursors of one place.

    :param keys: The secret keys: the last one signs, all of them read.
    :param place: What the cursors are for; one made for another place is refused.
    :param location: The part of a request that has them.
    """

    def __init__(self, keys: cabc.Sequence[str | bytes], place: cabc.Iterable[object], location: str = "query") -> None:
        self.location = location
        told = msgspec.json.encode([str(each) for each in place])
        self._signer = Signer(
            t.cast("list[str]", list(keys)),
            salt=SALT,
            sep=".",
            key_derivation="hmac",
            digest_method=staticmethod(hashlib.sha256),
        )
        self._place = hashlib.sha256(told).digest()[:12]

    def write(self, cursor: Cursor) -> str:
        """A cursor as text.

        :raises TypeError: A value is of a type that cursors do not hold, or too long for them.
        """
        values = None if cursor.position is None else [tagged(value) for value in cursor.position]
        body = msgspec.json.encode([int(cursor.backward), values])
        text = base64.urlsafe_b64encode(self._place + body).rstrip(b"=")
        signed = self._signer.sign(text).decode("ascii")
        if len(signed) > MAX_LENGTH:
            raise TypeError(
                f"A cursor for {cursor.position!r} would be longer than {MAX_LENGTH} characters. Sort by something"
                " shorter."
            )
        return signed

    def read(self, text: str) -> Cursor:
        """A cursor from text.

        :raises BadCursor: It is none, or one of another place.
        """
        try:
            signed = self._signer.unsign(text.encode("ascii"))
            raw = base64.urlsafe_b64decode(signed + b"=" * (-len(signed) % 4))
        except (BadSignature, UnicodeEncodeError, binascii.Error, ValueError):
            raise BadCursor(issue("invalid_cursor")) from None
        if raw[:12] != self._place:
            raise BadCursor(issue("invalid_cursor.other"))
        try:
            backward, values = msgspec.json.decode(raw[12:])
            position = None if values is None else tuple(untagged(value) for value in values)
        except (ValueError, TypeError, KeyError, ArithmeticError):
            raise BadCursor(issue("invalid_cursor")) from None
        return Cursor(position, bool(backward))


def tagged(value: object) -> object:
    """A value in JSON's types: itself, or ``[tag, text]``.

    :raises TypeError: There is no tag for its type.
    """
    if isinstance(value, enum.Enum):
        value = value.value
    if value is None or isinstance(value, (bool, str)) or (isinstance(value, float) and value - value == 0):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    for tag, (kind, write, _) in _WRITTEN.items():
        if isinstance(value, kind):
            return [tag, write(value)]
    raise TypeError(
        f"A cursor cannot hold {value!r}. Sort by numbers, texts, dates, times, addresses or UUIDs that are finite."
    )


def untagged(value: object) -> object:
    """The value that :func:`tagged` was given."""
    if not isinstance(value, list):
        return value
    tag, text = value
    return _WRITTEN[tag][2](text)

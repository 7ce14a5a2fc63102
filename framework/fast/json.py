"""Values to JSON bytes and back.

``decode`` is stricter than RFC 8259 asks: what two readers could understand differently is refused. ``encode`` never
writes what is no JSON. Both are msgspec, with the standard library where it cannot hold a value.
Knows nothing of schemas or requests.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import decimal
import json
import math
import re
import typing as t

import msgspec

from ..texts import message

#: Bodies nested deeper than this are refused, unless another bound is given.
MAX_DEPTH = 100

#: What is given for a text that has to be read in another way; no JSON value is it.
NOT_TAKEN: object = msgspec.UNSET

_CONTAINERS = frozenset({dict, list})
_BYTE = r" \(byte ([0-9]+)\)$"
#: What msgspec calls a fault, and what it is called here; the first that begins the message counts.
_REASONS = (
    ("JSON is malformed: trailing characters", "json.trailing_text"),
    ("JSON is malformed: trailing comma", "json.trailing_comma"),
    ("JSON is malformed: object keys must be strings", "json.key"),
    ("JSON is malformed: invalid number", "json.number"),
    ("JSON is malformed: invalid escape", "json.escape"),
    ("JSON is malformed: invalid utf-16", "json.surrogate"),
    ("Integer value out of range", "json.digits"),
    ("Number out of range", "json.too_large"),
    ("Input data was truncated", "json.truncated"),
)


class JSONError(ValueError):
    """A text that is no JSON, or a value that JSON cannot carry.

    :ivar reason: One short sentence; of a text, it is safe to show to its sender.
    :ivar position: The byte at which the fault was seen, from 0; ``None`` where none is known.
    :ivar path: The keys and indexes that lead to the value; empty for a text.
    """

    def __init__(self, reason: str, *, position: int | None = None, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position
        self.path = path


class TooManyMembers(JSONError):
    """A value that has more members than are taken."""

    def __init__(self, limit: int) -> None:
        super().__init__(message("json.members", max=limit))
        self.limit = limit


class Exact(float):
    """A number of a JSON text that no float is: the nearest one, and the text."""

    __slots__ = ("text",)

    text: str


def _read_float(text: str) -> float:
    """Read a number, and keep the text where the nearest float says something else.

    :raises OverflowError: No float is that large.
    """
    value = float(text)
    if not math.isfinite(value):
        raise OverflowError
    if repr(value) == text or decimal.Decimal(repr(value)) == decimal.Decimal(text):
        return value
    made = Exact(value)
    made.text = text
    return made


_decode_exactly = msgspec.json.Decoder(float_hook=_read_float).decode
# PERF: a number of fewer digits is what its float writes; bodies without a longer one pay a search, 1 us a KiB.
MANY_DIGITS = re.compile(rb"[0-9][0-9.]{15}")


def decode(
    body: bytes | bytearray | memoryview | str,
    *,
    max_depth: int = MAX_DEPTH,
    max_members: int | None = None,
    exact: bool = False,
) -> t.Any:
    """Read one JSON value from UTF-8.

    Refused in addition to invalid JSON: a byte order mark, NaN and the infinities, numbers beyond a double's range,
    integers of more than 4,300 digits, halves of surrogate pairs, an object that has a key twice, nesting deeper than
    ``max_depth``. Integers are exact, however large.

    :param body: The whole text; its length is the caller's to limit.
    :param max_depth: How many levels of lists and objects there may be.
    :param max_members: How many members all lists and objects may have together.
    :param exact: Give a number that no float is as :class:`Exact`.
    :raises TooManyMembers: There are more of them.
    :raises JSONError: For anything else that is refused.
    """
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    elif not isinstance(body, bytes):
        body = bytes(body)
    try:
        value = _decode_exactly(body) if exact and MANY_DIGITS.search(body) else msgspec.json.decode(body)
    except OverflowError:
        raise JSONError(message("json.too_large")) from None
    except RecursionError:
        raise JSONError(message("json.depth", max=max_depth)) from None
    except UnicodeDecodeError:
        raise JSONError(message("json.encoding"), position=_utf8_fault(body)) from None
    except msgspec.DecodeError as error:
        raise _fault(str(error), body) from None
    check(value, body, max_depth=max_depth, max_members=max_members)
    return value


def may_have_more(body: bytes, max_members: int) -> bool:
    """Return whether a text may hold more members than are taken; exact when it denies it.

    Each member but the first of its list or object has a comma in front of it; other commas and brackets are within
    strings.
    """
    # PERF: three counts of 1 MiB take 1 ms; a member takes a byte at least, so short texts are not looked at.
    return len(body) > max_members and body.count(b",") + body.count(b"[") + body.count(b"{") > max_members


def measure(value: object, max_depth: int, max_members: int | None = None) -> None:
    """Refuse a value that is nested too deep or has too many members, before much of it is looked at.

    :raises TooManyMembers: There are more members.
    :raises JSONError: It is nested deeper.
    """
    members, depth = 0, 0
    level: list[t.Any] = [value] if type(value) in _CONTAINERS else []
    while level:
        depth += 1
        if depth > max_depth:
            raise JSONError(message("json.depth", max=max_depth))
        members += sum(map(len, level))
        if max_members is not None and members > max_members:
            raise TooManyMembers(max_members)
        level = [
            inner
            for each in level
            for inner in (each.values() if type(each) is dict else each)
            if type(inner) in _CONTAINERS
        ]


def check(value: object, body: bytes, *, max_depth: int = MAX_DEPTH, max_members: int | None = None) -> None:
    """Refuse what a decoder lets pass: too deep, too many members, and a key that an object has twice.

    :param value: What was read from ``body``, in any types that :func:`encode` writes.
    :raises JSONError: Where one of the two is found.
    """
    opened = body.count(b"{") + body.count(b"[")
    if opened > max_depth or (max_members is not None and may_have_more(body, max_members)):
        measure(value, max_depth, max_members)
    if type(value) is dict and opened <= max_depth and len(value) == body.count(b":"):
        return  # a flat object, or one whose inner ones are empty
    if not opened or _has_all_keys(value, body):
        return
    json.loads(body, object_pairs_hook=_no_duplicates)


def _has_all_keys(value: object, body: bytes) -> bool:
    """Return whether no key got lost in reading; exact when it says so.

    Each key is followed by a colon, all other colons are within strings. Unless a colon is escaped somewhere, a value
    that writes as many colons as its text has lost none.
    PERF: 20 us for 11 kB of objects, where counting the keys in Python costs 80.
    """
    if b"\\" in body and b"\\u003" in body:
        return False
    try:
        return _encoder.encode(value).count(b":") == body.count(b":")
    except (TypeError, ValueError, RecursionError):
        return False


def _no_duplicates(pairs: list[tuple[str, object]]) -> None:
    """Refuse an object that has a key twice; its value is not wanted."""
    if len(dict(pairs)) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise JSONError(message("json.duplicate_key", key=_shown(key)))
            seen.add(key)


def _shown(key: str) -> str:
    return json.dumps(key if len(key) <= 64 else key[:64] + "...")


def _utf8_fault(body: bytes) -> int | None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _fault(said: str, body: bytes) -> JSONError:
    """Give the error for a message of msgspec's."""
    at = re.search(_BYTE, said)
    position = int(at[1]) if at else None
    if not body.strip(b" \t\r\n"):
        return JSONError(message("json.empty"), position=0)
    if body[:2] in (b"\xef\xbb", b"\xff\xfe", b"\xfe\xff") or b"\x00" in body[:4]:
        return JSONError(message("json.byte_order_mark"), position=0)
    for start, key in _REASONS:
        if said.startswith(start):
            if key == "json.truncated":
                return _truncated(body)
            return JSONError(message(key), position=position)
    return JSONError(message("json.character"), position=position)


def _truncated(body: bytes) -> JSONError:
    """Tell an unfinished text from a string whose surrogate has no partner, which msgspec calls truncated too."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return JSONError(message("json.truncated"), position=len(body))
    return JSONError(message("json.surrogate"))


def encode(value: object, *, finite: bool = False) -> bytes:
    """Write a value as UTF-8 JSON, without spaces, members in the order of the value.

    In addition to JSON's own types: tuples and sets are arrays; dataclasses, attrs classes and Structs are objects;
    a date, a time and a datetime are written by ISO 8601 (UTC as ``Z``, another offset in hours and minutes, a naive
    datetime without any); a timedelta is a duration of ISO 8601; UUID and Decimal are strings, bytes are Base64;
    an Enum is its value; an object with ``__html__`` (Markup) is a string, an IP address too; subclasses of the JSON
    types are what they derive from. Keys may be strings, ``None``, booleans, numbers, dates, UUIDs and enums, and are
    written as strings. Half of a surrogate pair is escaped.

    :param value: What to write.
    :param finite: The caller knows that the value holds no NaN and no infinity, and spares the search for one.
    :raises JSONError: For NaN, an infinity, a value that contains itself or nests too deep. ``path`` leads to a number.
    :raises TypeError: For an object of any other class.
    """
    try:
        text = _encoder.encode(value)
    except RecursionError:
        raise JSONError("The value contains itself, or nests too deep for JSON.") from None
    except UnicodeEncodeError:
        return _fallback(value)
    except ValueError as error:
        if "digits" not in str(error):
            raise
        raise JSONError("An integer has too many digits.") from None
    # msgspec writes NaN as null, silently; a text without null has none.
    if not finite and b"null" in text:
        _refuse_special(value)
    return text


def _fallback(value: object) -> bytes:
    """Write by the standard library, which escapes half of a surrogate pair."""
    _refuse_special(value)
    try:
        return json.dumps(value, default=_builtin, allow_nan=False, separators=(",", ":")).encode()
    except (RecursionError, ValueError) as error:
        raise JSONError("The value cannot be written as JSON.") from error


def _builtin(value: object) -> object:
    """Turn what the standard library cannot write into what it can, as msgspec would write it."""
    return msgspec.to_builtins(value, enc_hook=_plain)


def _plain(value: object) -> object:
    """Give a plain value for one that msgspec does not know; ``None`` and booleans come here as keys only."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    html = getattr(value, "__html__", None)
    if html is not None and not isinstance(value, type):
        return str(html())
    # A subclass is what it derives from, however it prints itself.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__pos__(value)
    if isinstance(value, float):
        return float.__pos__(value)
    if isinstance(value, cabc.Mapping):
        return dict(value)
    if type(value).__module__ == "ipaddress":
        return str(value)
    raise TypeError(
        f"Cannot write an object of type {type(value).__name__!r} as JSON: give it as a type that JSON has."
    )


_encoder = msgspec.json.Encoder(enc_hook=_plain)


def _refuse_special(value: object) -> None:
    """Raise for the first NaN or infinity in a value, naming its path."""
    try:
        plain = msgspec.to_builtins(value, enc_hook=_plain)
    except (TypeError, UnicodeEncodeError):
        plain = value
    except RecursionError:
        raise JSONError("The value contains itself, or nests too deep for JSON.") from None
    todo: list[tuple[tuple[str | int, ...], object]] = [((), plain)]
    while todo:
        path, each = todo.pop()
        if isinstance(each, dict):
            todo += [((*path, key), child) for key, child in each.items() if child is not None]
        elif isinstance(each, (list, tuple, set, frozenset)):
            todo += [((*path, at), child) for at, child in enumerate(each) if child is not None]
        elif isinstance(each, float) and not math.isfinite(each):
            where = ".".join(map(str, path)) or "the value itself"
            raise JSONError(f"JSON has no number {each!r}: found at {where}.", path=path)

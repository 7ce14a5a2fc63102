"""The formats and patterns of JSON Schema, as functions over texts.

Floor 7.
"""

from __future__ import annotations

import base64
import collections.abc as cabc
import datetime as dt
import functools
import ipaddress
import re

from ...fast.strict import lexical
from ...fields import parse_date_time

_URI_CHARACTERS = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_HOSTNAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_DURATION = re.compile(
    r"P(?=.)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)", re.ASCII
)
_POINTER = re.compile(lexical.POINTER_PATTERN)


def _reads(parse: cabc.Callable[[str], object]) -> cabc.Callable[[str], bool]:
    """A test of a text by what reads it."""

    def fits(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return fits


def _date_time(text: str) -> None:
    if parse_date_time(text).tzinfo is None:
        raise ValueError("A date-time of RFC 3339 has an offset.")


def _date(text: str) -> None:
    if lexical.is_date(text) is None:
        raise ValueError("Not a full-date of RFC 3339.")
    dt.date.fromisoformat(text)


FORMATS: dict[str, cabc.Callable[[str], bool]] = {
    "date-time": _reads(_date_time),
    "date": _reads(_date),
    "time": _reads(lambda text: _date_time(f"1998-12-31T{text}")),
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "hostname": lambda text: _HOSTNAME.fullmatch(text) is not None,
    "ipv4": _reads(ipaddress.IPv4Address),
    "ipv6": _reads(ipaddress.IPv6Address),
    "uri": lambda text: _SCHEME.match(text) is not None and _URI_CHARACTERS.fullmatch(text) is not None,
    "uri-reference": lambda text: _URI_CHARACTERS.fullmatch(text) is not None,
    "uuid": lambda text: lexical.is_uuid(text) is not None,
    "byte": _reads(lambda text: base64.b64decode(text, validate=True)),
    "json-pointer": lambda text: _POINTER.fullmatch(text) is not None,
}
"""The formats that can be judged; a format that is not here judges nothing (JSON Schema 2020-12, section 7)."""


@functools.lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    r"""Compile a pattern of ECMA-262, for ``search``.

    :return: ``None`` for one that Python has no equal for; it judges nothing.
    """
    parts: list[str] = []
    in_class = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            parts.append(pattern[at : at + 2].replace("\\/", "/"))
            at += 2
            continue
        if char == "[" and in_class:
            char = r"\["
        elif char in "[]":
            in_class = char == "["
        if char == "$" and not in_class:
            parts.append(r"\Z")  # Python's own lets a newline follow
        elif pattern.startswith("(?<", at) and pattern[at + 3 : at + 4] not in ("=", "!") and not in_class:
            parts.append("(?P<")
            at += 2
        else:
            parts.append(char)
        at += 1
    try:
        return re.compile("".join(parts), re.ASCII)
    except (re.error, OverflowError):
        return None

"""Idempotency keys as requests carry them, what tells two requests apart, and how an answer is kept.

After the IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header-07).
Not here: when an answer is kept (``marks.traffic._idempotency``), where (``stores``).
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import hashlib
import re
import typing as t

import msgspec

MAX_LENGTH = 255

PATTERN = (
    # A string as structured fields write it (RFC 9651, section 3.3.3), or the same without quotes where that is clear.
    r'("([ !#-\[\]-~]|\\["\\]){1,255}"|[!#-+\--:<-\[\]-~]{1,255})$'
)
_MATCH = re.compile(PATTERN).match
_ESCAPE = re.compile(r'\\(["\\])')


def parse_key(header: str) -> str | None:
    """The key in the header ``Idempotency-Key``: quoted as the draft says, or bare as most clients send it.

    :param header: The value as it was sent. ``"a"`` and ``a`` are one key.
    :return: ``None`` when it is not a key: empty, longer than 255 characters, outside of printable ASCII, several.
    """
    header = header.strip(" \t")
    # `$` alone would let a line break pass.
    if "\n" in header or _MATCH(header) is None:
        return None
    if header[0] == '"':
        return _ESCAPE.sub(r"\1", header[1:-1])
    return header


def fingerprint(parts: cabc.Iterable[bytes]) -> bytes:
    """Return what tells two requests apart: 32 bytes.

    :param parts: What they are made of. Where a part ends is part of it.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()


class Running(msgspec.Struct, frozen=True, array_like=True, tag="running"):
    """A request has begun and not ended."""

    print: bytes
    """Its fingerprint."""
    token: bytes
    """A random text: whose it is."""
    until: float = 0.0
    """The end of its lease, in seconds of the clock: from then on its outcome is unknown."""


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    """A request has ended, and this was the answer."""

    print: bytes
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Lost(msgspec.Struct, frozen=True, array_like=True, tag="lost"):
    """A request has ended, and its answer was too large to be kept."""

    print: bytes


KeptRecord: t.TypeAlias = Running | Done | Lost

encode: cabc.Callable[[KeptRecord], bytes] = msgspec.msgpack.Encoder().encode
"""A record as bytes."""

_decoder: msgspec.msgpack.Decoder[KeptRecord] = msgspec.msgpack.Decoder(Running | Done | Lost)


def decode(data: bytes) -> KeptRecord:
    """The record in some bytes.

    :raises msgspec.DecodeError: There is none.
    """
    return _decoder.decode(data)

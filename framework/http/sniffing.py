"""The type of a file by its bytes: the signatures of common types, and text.

Never asked are the name and the media type that the client gives; both are claims. A signature tells how a file
begins, not that the rest is sound.
Floor 2.
"""

from __future__ import annotations

import codecs
import collections.abc as cabc
import re
import typing as t

from ..fast import json as fast_json
from .reading import CHUNK
from .semantics import JSON

HEAD = 512
"""The number of bytes of a file that are looked at for a signature."""

MAX_JSON = 1_048_576
"""The longest file, in bytes, that is read to see whether it is JSON."""

_TEXT = "text/plain"

# Each type, and what stands where in its files: any of the rows, each a list of (place, bytes).
_SIGNATURES: dict[str, tuple[tuple[tuple[int, bytes], ...], ...]] = {
    "image/png": (((0, b"\x89PNG\r\n\x1a\n"),),),
    "image/jpeg": (((0, b"\xff\xd8\xff"),),),
    "image/gif": (((0, b"GIF87a"),), ((0, b"GIF89a"),)),
    "image/webp": (((0, b"RIFF"), (8, b"WEBP")),),
    "image/tiff": (((0, b"II*\0"),), ((0, b"MM\0*"),)),
    "image/avif": (((4, b"ftypavif"),), ((4, b"ftypavis"),)),
    "image/heic": (((4, b"ftypheic"),), ((4, b"ftypheix"),), ((4, b"ftypmif1"),)),
    "application/pdf": (((0, b"%PDF-"),),),
    "application/zip": (((0, b"PK\x03\x04"),), ((0, b"PK\x05\x06"),)),
    "application/gzip": (((0, b"\x1f\x8b\x08"),),),
    "application/x-7z-compressed": (((0, b"7z\xbc\xaf\x27\x1c"),),),
    "audio/mpeg": (((0, b"ID3"),), ((0, b"\xff\xfb"),), ((0, b"\xff\xf3"),), ((0, b"\xff\xf2"),)),
    "audio/wav": (((0, b"RIFF"), (8, b"WAVE")),),
    "audio/flac": (((0, b"fLaC"),),),
    "audio/ogg": (((0, b"OggS"),),),
    "video/quicktime": (((4, b"ftypqt  "),),),
    "video/webm": (((0, b"\x1a\x45\xdf\xa3"),),),
    "video/mp4": tuple(
        ((4, b"ftyp" + brand),)
        for brand in (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"MSNV")
    ),
}

# What browsers take for a document that can run scripts, where a text begins so.
_SVG = re.compile(rb"<(?:\w+:)?svg[\s>/]")
_HTML = re.compile(rb"<(?:!doctype html|[a-z][a-z0-9]*[\s>/])")

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")

KNOWN: t.Final = frozenset({*_SIGNATURES, "image/svg+xml", "text/html", "application/xml", _TEXT, JSON})
"""The types that are distinguished."""


def _sample(pieces: cabc.Iterable[tuple[int, bytes]]) -> bytes:
    made = b""
    for place, piece in pieces:
        made = made.ljust(place, b"\0") + piece
    return made


SAMPLES: dict[str, bytes] = {
    **{name: _sample(rows[0]) for name, rows in _SIGNATURES.items()},
    _TEXT: b"Some text.\n",
    JSON: b'{"a": 1}',
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "text/html": b"<!doctype html><title>A page</title>",
    "application/xml": b'<?xml version="1.0"?><a/>',
}
"""A beginning of a file of each type."""


def is_text_type(name: str) -> bool:
    """Return whether files of a type are known by being text alone: ``text/csv`` and the like, which nothing tells
    apart."""
    return name.startswith("text/") and name != "text/html"


def sniff(stream: t.IO[bytes]) -> str | None:
    """The type of a file by its content; it is left at its start.

    :param stream: Open for bytes, and can seek. A text is read to its end, piece by piece.
    :return: One of :data:`KNOWN`, ``"text/plain"`` for any text in UTF-8 that is no markup, JSON too; ``None`` for what
        is none of them, an empty file too.
    """
    stream.seek(0)
    try:
        head = stream.read(HEAD)
        for name, rows in _SIGNATURES.items():
            if any(all(head[place : place + len(piece)] == piece for place, piece in row) for row in rows):
                return name
        if not head or not _is_text(head, stream):
            return None
        return _markup(_start(stream)) or _TEXT
    finally:
        stream.seek(0)


def is_json(stream: t.IO[bytes]) -> bool:
    """Return whether a file is one JSON text, of at most :data:`MAX_JSON` bytes; it is left at its start."""
    stream.seek(0)
    text = stream.read(MAX_JSON + 1)
    stream.seek(0)
    if len(text) > MAX_JSON:
        return False
    try:
        fast_json.decode(text)
    except fast_json.JSONError:
        return False
    return True


def _start(stream: t.IO[bytes]) -> bytes:
    """The first bytes of a text after white space, in lower case."""
    stream.seek(0)
    piece = stream.read(CHUNK).removeprefix(codecs.BOM_UTF8)
    while piece and not piece.lstrip():
        piece = stream.read(CHUNK)
    return (piece.lstrip() + stream.read(HEAD))[:HEAD].lower()


def _markup(text: bytes) -> str | None:
    """The type of a text that is markup, by its start; comments and declarations that come before are skipped."""
    is_xml = False
    while True:
        text = text.lstrip()
        if text.startswith(b"<!--"):
            ending = b"-->"
        elif text.startswith((b"<?xml", b"<!doctype svg")):
            is_xml, ending = True, b">"
        else:
            break
        end = text.find(ending)
        if end < 0:
            return "application/xml"
        text = text[end + len(ending) :]
    if _SVG.match(text):
        return "image/svg+xml"
    if not is_xml and _HTML.match(text):
        return "text/html"
    return "application/xml" if is_xml or text.startswith((b"<?", b"<!")) else None


def _is_text(head: bytes, stream: t.IO[bytes]) -> bool:
    """Return whether all of a file is UTF-8 without control characters.

    :param stream: It, read up to the end of ``head``.
    """
    decode = codecs.getincrementaldecoder("utf-8")().decode
    piece = head
    try:
        while piece:
            decode(piece)
            if _CONTROL.search(piece):
                return False
            piece = stream.read(CHUNK)
        decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True

"""Parts of a representation: what a request asks for by ``Range``, and how it is sent (RFC 9110, section 14); and the
names that files are saved under (RFC 6266, RFC 8187).

Nothing here knows where the bytes come from but that they can be read at a place.
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import re
import secrets
import typing as t
from urllib.parse import quote

from .conditional import Tag, parse_http_date, parse_tag
from .reading import CHUNK

MAX_RANGES = 16
"""A request for more ranges than these, after those that touch are joined, gets the whole."""

_MAX_HEADER = 1000
_RANGES = re.compile(r"(?i)bytes=[ \t]*(.*)", re.ASCII)
_ONE = re.compile(r"(\d{1,18})-(\d{0,18})|-(\d{1,18})", re.ASCII)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Span: t.TypeAlias = tuple[int, int]
"""The first byte, and the one after the last."""


def parse_ranges(header: str | None, size: int) -> list[Span] | None:
    """The parts that a request asks for; ranges that touch or overlap are joined, the others stay in their order.

    :param header: ``Range``.
    :param size: The bytes of the whole.
    :return: ``None`` where the whole is to be sent: the header is absent, malformed, in another unit, or asks for more
        parts than are worth it. Empty where nothing of what it asks for is there, which is a 416.
    """
    if header is None or len(header) > _MAX_HEADER:
        return None
    found = _RANGES.fullmatch(header.strip())
    if found is None:
        return None
    pieces = [piece.strip(" \t") for piece in found[1].split(",")]
    spans: list[Span] = []
    for piece in filter(None, pieces):
        one = _ONE.fullmatch(piece)
        if one is None:
            return None
        if one[3] is not None:
            if size == 0 and int(one[3]):
                return None  # the end of nothing is nothing, which is there
            first, end = max(size - int(one[3]), 0), size
        else:
            first, end = int(one[1]), min(int(one[2]) + 1, size) if one[2] else size
            if one[2] and int(one[2]) < first:
                return None
        if first < end:
            spans.append((first, end))
    if not any(pieces):
        return None
    joined = join_spans(spans)
    return None if len(joined) > MAX_RANGES else joined


def join_spans(spans: cabc.Sequence[Span]) -> list[Span]:
    """Join ranges that touch or overlap; each takes the place of its first part (RFC 9110, section 15.3.7.2)."""
    whole: list[list[int]] = []  # first, end, place
    for place, (first, end) in sorted(enumerate(spans), key=lambda each: each[1]):
        if whole and first <= whole[-1][1]:
            whole[-1][1] = max(whole[-1][1], end)
            whole[-1][2] = min(whole[-1][2], place)
        else:
            whole.append([first, end, place])
    return [(first, end) for first, end, _ in sorted(whole, key=lambda each: each[2])]


def is_current(header: str | None, tag: Tag | None, modified: dt.datetime | None) -> bool:
    """Return whether ``If-Range`` lets a part be sent: it is absent, or names this very version (RFC 9110, section
    13.1.5).

    :param header: ``If-Range``.
    :param tag: The entity tag; a weak one never fits.
    :param modified: When the file was last changed, in whole seconds.
    """
    if header is None:
        return True
    sent = parse_tag(header)
    if sent is not None:
        return tag is not None and not tag.weak and not sent.weak and sent.text == tag.text
    date = parse_http_date(header.strip())
    if date is None or modified is None or date != modified:
        return False
    # A date is as good as a strong tag only where nothing can have changed within the second that it names.
    return dt.datetime.now(dt.UTC) - modified >= dt.timedelta(seconds=1)


def content_range(span: Span | None, size: int) -> str:
    """The header ``Content-Range``; without a range that of a 416."""
    return f"bytes */{size}" if span is None else f"bytes {span[0]}-{span[1] - 1}/{size}"


class RangePart(t.NamedTuple):
    """A piece of a body: bytes as they are, then a range of the file."""

    ahead: bytes
    span: Span


def multipart(spans: cabc.Sequence[Span], size: int, content_type: str) -> tuple[str, list[RangePart], bytes, int]:
    """Several ranges as one body.

    :param size: The bytes of the whole.
    :param content_type: The media type of the whole.
    :return: The media type of the body, its pieces, the text behind them, and the length of all.
    """
    boundary = secrets.token_hex(16)
    parts = []
    for span in spans:
        head = f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: {content_range(span, size)}\r\n\r\n"
        parts.append(RangePart(head.encode("latin-1"), span))
    behind = f"\r\n--{boundary}--\r\n".encode()
    length = sum(len(part.ahead) + part.span[1] - part.span[0] for part in parts) + len(behind)
    return f"multipart/byteranges; boundary={boundary}", parts, behind, length


class FileParts(cabc.Iterator[bytes]):
    """The pieces of a body, read while they are sent; no more than 64 KiB of them are in memory.

    :param file: Open for bytes; closed at the end, or by :meth:`close` before.
    :param parts: What is sent of it.
    :param behind: Bytes at the end.
    """

    def __init__(self, file: t.IO[bytes], parts: cabc.Iterable[RangePart], behind: bytes = b"") -> None:
        self.file = file
        self._chunks = self._read(list(parts), behind)

    def _read(self, parts: list[RangePart], behind: bytes) -> cabc.Iterator[bytes]:
        for ahead, (first, end) in parts:
            if ahead:
                yield ahead
            self.file.seek(first)
            while first < end:
                chunk = self.file.read(min(CHUNK, end - first))
                if not chunk:
                    # The length has been sent: the client must see that this is not all.
                    raise EOFError(f"The file became shorter while it was sent: nothing is at byte {first}.")
                first += len(chunk)
                yield chunk
        if behind:
            yield behind

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:
            self.close()  # also at the end: not everybody calls it
            raise

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def disposition(name: str | None, *, inline: bool = False) -> str:
    """The header ``Content-Disposition`` (RFC 6266).

    :param name: What the file is saved as, any text: folders, control characters and marks that turn the direction of
        writing are taken out.
    :param inline: Whether a browser may show it.
    """
    kind = "inline" if inline else "attachment"
    name = "" if name is None else _UNSAFE.sub("", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    if not name:
        return kind
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    if plain == name:
        return f'{kind}; filename="{name}"'
    # RFC 8187: percent-encoded UTF-8; the first is for clients that do not know it.
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"

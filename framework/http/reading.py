"""The body and query of a WSGI environment, read without making a request object.

Each function answers as werkzeug's request does, or says that it cannot; then the request is asked.
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import io
import typing as t
from urllib.parse import parse_qsl

from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.http import parse_options_header

from ..errors import BadRequest, UnsupportedMediaType
from ..fast.bounds import shown
from ..issues import issue
from ..texts import listed, message

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CHUNK: t.Final = 65_536
"""The number of bytes that are read from a stream at a time."""
QueryValues: t.TypeAlias = cabc.Mapping[str, list[str]]
"""The values of each name, in the order they were sent."""

SHORT: t.Final = message("bad_request.body_length")
UNREADABLE: t.Final = message("bad_request.body_unreadable")


@functools.lru_cache(maxsize=64)
def _media_type(header: str) -> str:
    return parse_options_header(header)[0].lower()


def media_type(environ: WSGIEnvironment) -> str:
    """The media type of the body: in lower case, without parameters; empty where none is given."""
    return _media_type(environ.get("CONTENT_TYPE") or "")


def declared_length(environ: WSGIEnvironment) -> int | None:
    """The length that is declared for the body; ``None`` where that is not known, as for chunked bodies."""
    text = environ.get("CONTENT_LENGTH") or ""
    if "HTTP_TRANSFER_ENCODING" in environ or not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) < 20 else 10**20


def has_body(environ: WSGIEnvironment) -> bool:
    """Return whether the request says that it carries a body (RFC 9112, section 6.3)."""
    return (environ.get("CONTENT_LENGTH") or "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


class BodyStream:
    """The body as the server gives it, for who reads no further than its end.

    What a server's own reader raises (a chunk size that is not a number, a client that left) is the client's doing.

    :param stream: ``wsgi.input``.
    """

    def __init__(self, stream: t.IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes.

        :raises ClientDisconnected: The server could not read on (an answer 400).
        """
        try:
            return self._stream.read(size)
        except (HTTPException, MemoryError):
            raise
        except Exception as error:  # each server has exceptions of its own
            raise ClientDisconnected(UNREADABLE) from error


def read_body(environ: WSGIEnvironment, length: int | None) -> bytes | None:
    """Read the whole body, by its declared length, and put it back for later readers.

    :param length: What :func:`declared_length` says, after it has been checked.
    :return: ``None`` when the length is not declared.
    :raises ClientDisconnected: The body ends too early (an answer 400).
    """
    # PERF: 0.4 us, where a request and its limited stream take 6.
    if length is None:
        return None
    stream = environ["wsgi.input"]
    try:
        body: bytes = stream.read(length)
        while len(body) < length:
            # No more is the end, also where the server ends the stream by itself (``wsgi.input_terminated``).
            more = stream.read(length - len(body))
            if not more:
                raise ClientDisconnected(SHORT)
            body += more
    except (HTTPException, MemoryError):
        raise
    except Exception as error:  # the server's own, see Source
        raise ClientDisconnected(UNREADABLE) from error
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def query_values(environ: WSGIEnvironment, limit: int | None = None) -> QueryValues:
    """The values of the query string, percent-decoded.

    :param limit: The most that there may be.
    :raises BadRequest: There are more, or they are not UTF-8.
    """
    text: str = environ.get("QUERY_STRING") or ""
    values: dict[str, list[str]] = {}
    if not text:
        return values
    # PERF: 0.6 us for a parameter or two, where parse_qsl takes 4.
    if "%" not in text and "+" not in text and text.isascii():
        if limit is not None and text.count("&") >= limit:
            raise too_many_values(limit)
        for item in text.split("&"):
            if item:
                name, _, value = item.partition("=")
                values.setdefault(name, []).append(value)
        return values
    for name, value in query_pairs(text.encode("latin1"), limit):
        values.setdefault(name, []).append(value)
    return values


def query_pairs(text: bytes, limit: int | None = None) -> list[tuple[str, str]]:
    """The names and values of a query string, as :func:`query_values` has them."""
    if limit is not None and text.count(b"&") >= limit:
        raise too_many_values(limit)
    try:
        return decoded_pairs(text)
    except UnicodeDecodeError:
        # Half of it would be guessed; a handler would get U+FFFD, or percent signs that nobody has written.
        raise BadRequest(issue("invalid_utf8.query")) from None


def decoded_pairs(text: bytes) -> list[tuple[str, str]]:
    """The pairs of a URL-encoded text.

    :raises UnicodeDecodeError: It is not UTF-8, as it is or behind percent signs.
    """
    return parse_qsl(text.decode(), keep_blank_values=True, errors="strict")


def too_many_values(limit: int) -> BadRequest:
    """The refusal of a query string of more than ``limit`` values."""
    return BadRequest(issue("too_many.query", max=limit))


def is_utf8(text: str) -> bool:
    """Return whether a text of an environment, of bytes in Latin-1, is UTF-8."""
    try:
        text.encode("latin1").decode()
    except UnicodeError:
        return False
    return True


def coding_of(header: str) -> str:
    """Return the content coding that a header names, in its usual spelling."""
    given = header.strip().lower()
    return given.removeprefix("x-") if given == "x-gzip" else given


def check_encoding(environ: WSGIEnvironment, codings: cabc.Iterable[str] = ()) -> None:
    """Refuse a body that is compressed, or encoded in another way, and was not decoded.

    :param codings: The codings that the application decodes.
    :raises UnsupportedMediaType: It is (RFC 9110, section 15.5.16).
    """
    given = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if given not in ("", "identity") and has_body(environ):
        allowed = (*codings, "identity")
        raise UnsupportedMediaType(
            message("unsupported_media_type.coding", allowed=listed(allowed), given=shown(given)),
            headers={"Accept-Encoding": ", ".join(allowed)},
        )

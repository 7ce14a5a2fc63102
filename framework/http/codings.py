"""Content codings: gzip, brotli and zstd, of whole bodies and part by part (RFC 9110, section 8.4.1).

A library is imported at the first use of its coding. Not here: which answers are encoded (``serve._compression``), and
which bodies of requests are decoded (the setting ``REQUEST_ENCODINGS``).
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import importlib
import sys
import typing as t
import zlib

from werkzeug.exceptions import ClientDisconnected

from ..errors import BadRequest, SetupError
from ..texts import message
from .reading import CHUNK, SHORT, BodyStream, coding_of, declared_length, has_body

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CODINGS: t.Final = ("zstd", "br", "gzip")
"""The codings, the best first: by the time that they take for the bytes that they save."""

_LIBRARIES: t.Final = {
    "zstd": "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd",
    "br": "brotli",
    "gzip": "zlib",
}
_GZIP: t.Final = 16  # added to the window's logarithm, it asks zlib for gzip
_WINDOW: t.Final = 23
"""The logarithm of the largest window of zstd that a recipient must take: 8 MiB (RFC 9659, section 3)."""
_SLACK: t.Final = 1024 * 1024
"""The bytes that a request may send without any of them becoming part of its body; beyond, four for each of it."""

UNDECODED: t.Final = "framework.content_encoding"
"""The key of the WSGI environment with the coding of a body that is decoded while it is read."""


def library(coding: str) -> t.Any:
    """Return the module of a coding.

    :raises ImportError: It is not installed.
    """
    return importlib.import_module(_LIBRARIES[coding])


@functools.cache
def available() -> tuple[str, ...]:
    """Return the codings whose libraries are installed, the best first."""
    found = []
    for coding in CODINGS:
        try:
            library(coding)
        except ImportError:
            continue
        found.append(coding)
    return tuple(found)


def checked_codings(codings: cabc.Iterable[object], where: str) -> tuple[str, ...]:
    """Return codings that can be used, each once.

    :param where: The place that names them, for messages.
    :raises SetupError: One is unknown, or its library is not installed.
    """
    found: dict[str, None] = {}
    for coding in codings:
        if not isinstance(coding, str) or coding not in CODINGS:
            raise SetupError(f"{where} names the unknown coding {coding!r}. Known codings: {', '.join(CODINGS)}.")
        if coding not in available():
            package = _LIBRARIES[coding]
            raise SetupError(
                f"{where} names the coding {coding!r}, which needs the library {package}. Run 'pip install"
                f" {package.replace('backports.', 'backports-')}'."
            )
        found[coding] = None
    return tuple(found)


# From a body to its coding


def encode(coding: str, body: bytes) -> bytes:
    """Return a whole body in a coding."""
    if coding == "gzip":
        return zlib.compress(body, 5, _GZIP + zlib.MAX_WBITS)
    module = library(coding)
    made: bytes = module.compress(body, quality=4) if coding == "br" else module.compress(body, 3)
    return made


class Encoder(t.NamedTuple):
    """Functions that encode a body part by part."""

    flushed: cabc.Callable[[bytes], bytes]
    """Encode a part such that the client can decode all of it at once."""
    held: cabc.Callable[[bytes], bytes]
    """Encode a part, some of which may come out with a later one."""
    end: cabc.Callable[[], bytes]
    """Return the last bytes."""


def encoder(coding: str, *, small: bool = False) -> Encoder:
    """Return what encodes one body part by part.

    :param small: Whether many of them are open for long: each then keeps a window of 16 KiB, not of up to 2 MiB.
    """
    if coding == "gzip":
        deflate = zlib.compressobj(5, zlib.DEFLATED, _GZIP + (13 if small else 15), 5 if small else 8)
        return Encoder(
            lambda part: deflate.compress(part) + deflate.flush(zlib.Z_SYNC_FLUSH), deflate.compress, deflate.flush
        )
    module = library(coding)
    if coding == "br":
        brotli = module.Compressor(quality=3 if small else 4, lgwin=14 if small else 20)
        return Encoder(lambda part: brotli.process(part) + brotli.flush(), brotli.process, brotli.finish)
    options = {module.CompressionParameter.compression_level: 3}
    if small:
        options |= {
            module.CompressionParameter.compression_level: 1,
            module.CompressionParameter.window_log: 14,
            module.CompressionParameter.hash_log: 12,
        }
    zstd = module.ZstdCompressor(options=options)
    return Encoder(lambda part: zstd.compress(part, zstd.FLUSH_BLOCK), zstd.compress, zstd.flush)


# From a coding to the body


class Decoder(t.Protocol):
    """A decoder of one gzip member, brotli stream or zstd frame."""

    def decode(self, data: bytes, most: int) -> bytes:
        """Return up to ``most`` bytes, of ``data`` and of what was given before.

        :raises ValueError: The data is corrupt.
        """

    @property
    def wants(self) -> bool:
        """Return whether more data is needed to go on."""

    @property
    def rest(self) -> bytes | None:
        """Return the data behind the end; ``None`` before the end."""


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP + zlib.MAX_WBITS)
        self.wants = True

    def decode(self, data: bytes, most: int) -> bytes:
        try:
            part = self._inner.decompress(self._inner.unconsumed_tail + data, most)
        except zlib.error as error:
            raise ValueError from error
        # A full part may be followed by more that zlib holds back.
        self.wants = not self._inner.unconsumed_tail and len(part) < most
        return part

    @property
    def rest(self) -> bytes | None:
        return self._inner.unused_data if self._inner.eof else None


class _Brotli:
    def __init__(self) -> None:
        self._module = library("br")
        self._inner = self._module.Decompressor()
        self._behind = b""

    def decode(self, data: bytes, most: int) -> bytes:
        try:
            part: bytes = self._inner.process(data, output_buffer_limit=most)
        except self._module.error as error:
            raise ValueError from error
        return part

    @property
    def wants(self) -> bool:
        return bool(self._inner.can_accept_more_data())

    @property
    def rest(self) -> bytes | None:
        return b"" if self._inner.is_finished() else None


class _Zstd:
    def __init__(self) -> None:
        self._module = library("zstd")
        self._inner = self._module.ZstdDecompressor(
            options={self._module.DecompressionParameter.window_log_max: _WINDOW}
        )

    def decode(self, data: bytes, most: int) -> bytes:
        try:
            part: bytes = self._inner.decompress(data, most)
        except self._module.ZstdError as error:
            raise ValueError from error
        return part

    @property
    def wants(self) -> bool:
        return bool(self._inner.needs_input)

    @property
    def rest(self) -> bytes | None:
        return t.cast(bytes, self._inner.unused_data) if self._inner.eof else None


_DECODERS: t.Final[cabc.Mapping[str, cabc.Callable[[], Decoder]]] = {"gzip": _Gzip, "br": _Brotli, "zstd": _Zstd}


def decoded(coding: str, body: bytes) -> bytes | None:
    """Return a whole body without its coding; ``None`` where it cannot be decoded. For bodies that are trusted."""
    try:
        source = DecodedBody(t.cast("t.IO[bytes]", _Whole(body)), coding_of(coding), None)
        return source.read()
    except (BadRequest, ImportError, KeyError):
        return None


def part_decoder(coding: str) -> cabc.Callable[[bytes], bytes]:
    """Return what decodes the parts of a flushed body one by one; no bytes for those that cannot be decoded."""
    make = _DECODERS.get(coding_of(coding))
    if make is None:
        return lambda part: b""
    decoder = make()

    def decode(part: bytes) -> bytes:
        body = b""
        try:
            while decoder.rest is None:
                more = decoder.decode(part, CHUNK)
                body, part = body + more, b""
                if decoder.wants and not more:
                    break
        except ValueError:
            return b""
        return body

    return decode


class _Whole:
    """Bytes, to be read like a stream."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int) -> bytes:
        part, self._body = self._body[:size], self._body[size:]
        return part


class DecodedBody:
    """The body of a request, decoded while it is read: never more than a block ahead of its reader.

    Several members of gzip or frames of zstd one after another are one body, as their formats say.

    :param source: The body as the server gives it.
    :param coding: Its coding.
    :param length: The length that is declared for it; ``None``: it ends where the source does.
    """

    def __init__(self, source: t.IO[bytes], coding: str, length: int | None) -> None:
        self._source = source
        self._coding = coding
        self._left = length
        self._decoder: Decoder | None = None
        self._data = b""  # taken from the source and not decoded
        self._ready = b""  # decoded and not read
        self._taken = self._given = 0
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """Read up to ``size`` bytes; all of them without a size, which nothing limits.

        :raises BadRequest: The data is corrupt, ends too early, or goes on behind its end.
        :raises ClientDisconnected: The body is shorter than its declared length.
        """
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        while not self._ready and not self._ended and size:
            self._ready = self._step()
        part, self._ready = self._ready[:size], self._ready[size:]
        return part

    def _step(self) -> bytes:
        decoder = self._decoder
        if decoder is None or decoder.wants:
            data = self._data or self._take()
            self._data = b""
            if not data:
                return self._finish()
            if decoder is None:
                if self._given and self._coding == "br":
                    raise self._refusal("bad_request.coding")
                decoder = self._decoder = _DECODERS[self._coding]()
        else:
            data = b""
        part = self._decode(decoder, data)
        if decoder.rest is not None:
            self._data, self._decoder = decoder.rest, None
        if self._taken > _SLACK + 4 * self._given:
            raise self._refusal("bad_request.coding")  # it keeps the server busy, and says nothing
        return part

    def _finish(self) -> bytes:
        """Return what the decoder still holds, now that there is no more data; nothing at the end."""
        part = b""
        if self._decoder is not None:
            part = self._decode(self._decoder, b"")
            if not part and self._decoder.rest is None:
                raise self._refusal("bad_request.coding_ends")
        self._ended = not part
        return part

    def _decode(self, decoder: Decoder, data: bytes) -> bytes:
        try:
            part = decoder.decode(data, CHUNK)
        except ValueError as error:
            raise self._refusal("bad_request.coding") from error
        self._given += len(part)
        return part

    def _take(self) -> bytes:
        if self._left == 0:
            return b""
        data = self._source.read(CHUNK if self._left is None else min(self._left, CHUNK))
        if self._left is not None:
            if not data:
                raise ClientDisconnected(SHORT)
            self._left -= len(data)
        self._taken += len(data)
        return data

    def _refusal(self, key: str) -> BadRequest:
        return BadRequest(message(key, coding=self._coding))


def decode_body(environ: WSGIEnvironment, codings: cabc.Container[str]) -> None:
    """Put the decoded body in the place of an encoded one, as a body of unknown length; nothing is read so far.

    A body in another coding, or in several, stays as it is.

    :param codings: The codings that are decoded.
    """
    given = coding_of(environ["HTTP_CONTENT_ENCODING"])
    if given not in codings or not has_body(environ):
        return
    length = declared_length(environ)
    if length is None and "wsgi.input_terminated" not in environ:
        return  # where it ends cannot be known
    source = t.cast("t.IO[bytes]", BodyStream(environ["wsgi.input"]))
    environ["wsgi.input"] = DecodedBody(source, given, length)
    environ["wsgi.input_terminated"] = True
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    environ.pop("CONTENT_LENGTH", None)
    environ[UNDECODED] = environ.pop("HTTP_CONTENT_ENCODING")

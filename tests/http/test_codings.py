"""Content codings: what is decoded within limits, what is refused, what comes out part by part."""

from __future__ import annotations

import functools
import gzip
import io
import resource
import zlib

import brotli
import pytest
from backports import zstd
from werkzeug.exceptions import BadRequest

from framework.errors import SetupError
from framework.http.codings import CODINGS, DecodedBody, checked_codings, decoded, encode, encoder
from framework.http.reading import CHUNK

ENCODE = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstd.compress}
DECODE = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}
TEXT = b"".join(b"line %d of a body\n" % number for number in range(20_000))


class Trickle(io.BytesIO):
    """A source that gives a few bytes at a time."""

    def read(self, size=-1):
        return super().read(min(size, 7))


class Pieces(io.BytesIO):
    """A source that gives pieces of one length."""

    def __init__(self, length, data):
        super().__init__(data)
        self.length = length

    def read(self, size=-1):
        return super().read(min(size, self.length))


def body(coding, data, source=io.BytesIO, length=None):
    """A decoded body of some bytes."""
    return DecodedBody(source(data), coding, length)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [1, 1000, CHUNK, -1])
def test_a_body_is_decoded(coding, size):
    """However it is read, and however its bytes arrive, the body is what was encoded."""
    text = TEXT[:3000] if size == 1 else TEXT
    for source in (io.BytesIO, Trickle):
        read = body(coding, ENCODE[coding](text), source)
        assert b"".join(iter(lambda read=read: read.read(size), b"")) == text
        assert read.read(size) == b""


@pytest.mark.parametrize("coding", CODINGS)
def test_each_way_to_encode_can_be_decoded(coding):
    """Whole bodies and parts, with large windows and small ones, are what other programs decode."""
    assert DECODE[coding](encode(coding, TEXT)) == TEXT
    for small in (True, False):
        for write in ("flushed", "held"):
            made = encoder(coding, small=small)
            parts = [getattr(made, write)(TEXT[place : place + 5000]) for place in range(0, len(TEXT), 5000)]
            assert DECODE[coding](b"".join((*parts, made.end()))) == TEXT


@pytest.mark.parametrize("coding", CODINGS)
def test_a_flushed_part_can_be_decoded_at_once(coding):
    """Nothing of a part waits for the next one."""
    made = encoder(coding, small=True)
    sent = b""
    for number in range(20):
        sent += made.flushed(b"event %d\n" % number)
        read = body(coding, sent)
        assert read.read(CHUNK).endswith(b"event %d\n" % number)


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_not_in_the_coding_is_refused(coding):
    """Cut off at any place, followed by something else, or something else from the first byte on: a 400."""
    whole = ENCODE[coding](b"a body of some length, a body")
    assert body(coding, whole).read() == b"a body of some length, a body"
    for place in range(1, len(whole)):
        with pytest.raises(BadRequest, match="ends before"):
            body(coding, whole[:place]).read()
    for wrong in (whole + b"\0", whole + b"garbage", b"garbage" * 9, b"{}"):
        for source in (io.BytesIO, Trickle):
            with pytest.raises(BadRequest):
                body(coding, wrong, source).read()


@pytest.mark.parametrize("coding", CODINGS)
def test_no_byte_can_be_changed_into_an_error_of_the_server(coding):
    """A changed byte gives some body or a 400."""
    whole = ENCODE[coding](TEXT[:500])
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x55
        try:
            body(coding, bytes(changed)).read()
        except BadRequest:
            continue


def test_members_one_after_another_are_one_body():
    """gzip and zstd allow it, brotli does not."""
    assert body("gzip", gzip.compress(b"one ") + gzip.compress(b"two")).read() == b"one two"
    assert body("zstd", zstd.compress(b"one ") + zstd.compress(b"two")).read() == b"one two"
    one = brotli.compress(b"seven b")
    for source in (io.BytesIO, Trickle):
        with pytest.raises(BadRequest):
            body("br", one + brotli.compress(b"two"), source).read()
    with pytest.raises(BadRequest):
        body("br", one + one, functools.partial(Pieces, len(one))).read()


def test_an_empty_body_is_empty():
    """A client that has nothing to send need not encode it."""
    assert body("gzip", b"").read() == b""


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_takes_no_memory(coding):
    """Of 200 MB that were a few KB there are never more than some blocks in memory."""
    made = encoder(coding)
    bomb = b"".join(made.held(bytes(1_000_000)) for _ in range(200)) + made.end()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = body(coding, bomb)
    size = 0
    while part := read.read(CHUNK):
        assert len(part) <= CHUNK
        size += len(part)

    assert size == 200_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


def test_data_that_says_nothing_is_refused():
    """Empty members without end keep no server busy."""
    endless = io.BytesIO(zlib.compress(b"", 9, 31) * 300_000)
    with pytest.raises(BadRequest):
        DecodedBody(endless, "gzip", None).read(1)

    assert endless.tell() < 2_000_000


def test_a_window_over_8_mib_is_refused():
    """A frame of zstd cannot make the server keep more than a recipient must (RFC 9659)."""
    large = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    data = large.compress(bytes(range(256)) * 60_000) + large.flush()
    with pytest.raises(BadRequest):
        body("zstd", data).read()


def test_a_whole_body_is_decoded_or_not():
    """For the test client: what cannot be decoded is nothing."""
    assert decoded("GZIP", gzip.compress(b"x")) == b"x"
    assert decoded("gzip", b"x") is None
    assert decoded("deflate", b"x") is None


def test_codings_are_checked_where_they_are_named():
    """A coding that is unknown is refused with those that are known."""
    assert checked_codings(["br", "gzip", "br"], "It") == ("br", "gzip")
    with pytest.raises(SetupError, match=r"It names the unknown coding 'deflate'. Known codings: zstd, br, gzip."):
        checked_codings(["deflate"], "It")

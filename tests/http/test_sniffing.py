"""Files known by their bytes."""

from __future__ import annotations

import io

import pytest

from framework.http import sniffing


@pytest.mark.parametrize("name", sorted(set(sniffing.SAMPLES) - {"application/json"}))
def test_each_sample_is_known_by_its_bytes(name):
    """The sample of each type is found to be of this type, also with more behind it, and the file is at its start."""
    stream = io.BytesIO(sniffing.SAMPLES[name] + b" more")

    assert sniffing.sniff(stream) == name
    assert stream.tell() == 0


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", None),
        (b"\x00\x01", None),
        (b"\xff\xfe\xfa", None),
        (b"a\x00b", None),
        (b"plain\r\n\ttext", "text/plain"),
        ("caf\u00e9 \u4e2d".encode(), "text/plain"),
        (b"\xef\xbb\xbfwith a mark", "text/plain"),
        (b"x" * 511 + "\u00e9".encode(), "text/plain"),  # a character over the edge of what is read first
        (b"x" * 200_000 + b"\xff", None),
        (b"x" * 200_000 + b"\xc3", None),
        (b"x" * 200_000 + b"\x00", None),
        (b'{"a": 1}', "text/plain"),
        (b"\n <SVG onload=alert(1)>", "image/svg+xml"),
        (b'<?xml version="1.0"?><!-- <a> --><svg:svg xmlns:svg="x"/>', "image/svg+xml"),
        (b"\xef\xbb\xbf<svg/>", "image/svg+xml"),
        (b"  <!-- x --><ScRiPt>alert(1)</script>", "text/html"),
        (b"<!DOCTYPE html>", "text/html"),
        (b"<?xml version='1.0'?><feed/>", "application/xml"),
        (b"a < b", "text/plain"),
        (b" " * 100_000 + b"<svg>", "image/svg+xml"),
        (b"<!-- " + b"x" * 600 + b"--><svg>", "application/xml"),
        (b"RIFF1234WEBP", "image/webp"),
        (b"RIFF\x00\x00\x10\x00AVI ", None),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"PK\x05\x06" + b"\0" * 18, "application/zip"),
    ],
)
def test_content_decides(content, found):
    """Only the bytes count: of texts all of them."""
    assert sniffing.sniff(io.BytesIO(content)) == found


def test_json_is_read_to_its_end():
    """What is one JSON text is JSON; what is longer than is read is not."""
    assert sniffing.is_json(io.BytesIO(b'{"a": [1, null]}'))
    assert not sniffing.is_json(io.BytesIO(b'{"a": [1, null]} x'))
    assert not sniffing.is_json(io.BytesIO(b"[" * 100_000))
    assert not sniffing.is_json(io.BytesIO(b'"' + b"x" * sniffing.MAX_JSON + b'"'))


@pytest.mark.parametrize("content", [b"<!--" * 200, b"<!---->" * 100_000, b" " * 511 + b"<", b"<?xml " * 85])
def test_markup_takes_no_long_time(content):
    """Only the first bytes are looked at for markup, whatever they repeat."""
    assert sniffing.sniff(io.BytesIO(content)) in {"text/plain", "application/xml"}

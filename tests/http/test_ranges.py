"""Ranges of bytes, and the names of files."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.http.conditional import Tag, to_http_date
from framework.http.ranges import (
    MAX_RANGES,
    FileParts,
    RangePart,
    disposition,
    is_current,
    join_spans,
    multipart,
    parse_ranges,
)


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        (None, None),
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-", [(0, 100)]),
        ("BYTES=10-19", [(10, 20)]),
        ("bytes= 10-19 , 30-39", [(10, 20), (30, 40)]),
        ("bytes=-10", [(90, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("bytes=90-1000", [(90, 100)]),
        ("bytes=100-", []),
        ("bytes=100-200, -0", []),
        ("bytes=100-200, 0-4", [(0, 5)]),
        ("bytes=0-9,10-19", [(0, 20)]),
        ("bytes=50-59,0-9", [(50, 60), (0, 10)]),
        ("bytes=50-59,0-9,55-64", [(50, 65), (0, 10)]),
        ("bytes=,0-1,", [(0, 2)]),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=5-2", None),
        ("bytes=a-b", None),
        ("bytes=-", None),
        ("bytes=1-2-3", None),
        ("bytes 0-1", None),
        ("lines=0-1", None),
        ("bytes=\u0661-\u0662", None),
        ("bytes=" + "9" * 30 + "-", None),
        ("bytes=" + ",".join(f"{place}-{place}" for place in range(0, 2 * MAX_RANGES, 2)), ...),
        ("bytes=" + ",".join(f"{place}-{place}" for place in range(0, 2 * MAX_RANGES + 2, 2)), None),
        ("bytes=" + "0-," * 5000, None),
    ],
)
def test_which_parts_are_asked_for(header, spans):
    """Ranges are read by RFC 9110; what is none is passed over, and so is a request for very many."""
    found = parse_ranges(header, 100)

    assert found == ([(place, place + 1) for place in range(0, 2 * MAX_RANGES, 2)] if spans is ... else spans)


def test_ranges_of_nothing():
    """Of an empty file nothing is there, but its end is."""
    assert parse_ranges("bytes=0-", 0) == []
    assert parse_ranges("bytes=-5", 0) is None


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: (pair[0], sum(pair)))))
def test_joined_ranges_are_the_same_bytes(spans):
    """What is joined covers the same bytes, once each, and no two of them touch."""
    joined = join_spans(spans)
    places = sorted(place for first, end in joined for place in range(first, end))

    assert places == sorted({place for first, end in spans for place in range(first, end)})
    assert not {first for first, _ in joined} & {end for _, end in joined}


def test_if_range_names_this_version():
    """A part is sent for the very version: a strong tag, or a date that is exactly that of the file."""
    tag, modified = Tag("a"), dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)

    assert is_current(None, tag, None)
    assert is_current('"a"', tag, None)
    assert is_current(to_http_date(modified), None, modified)
    assert not is_current('"b"', tag, modified)
    assert not is_current('W/"a"', tag, modified)
    assert not is_current('W/"a"', Tag("a", True), modified)
    assert not is_current(to_http_date(modified + dt.timedelta(seconds=1)), tag, modified)
    assert not is_current(to_http_date(now + dt.timedelta(seconds=1)), tag, now + dt.timedelta(seconds=1))
    assert not is_current("yesterday", tag, modified)
    assert not is_current('"a"', None, modified)


def test_several_parts_have_the_length_that_is_said():
    """The body of several parts is as long as its header says."""
    media_type, parts, behind, length = multipart([(0, 5), (90, 100)], 100, "text/plain")
    body = b"".join(FileParts(io.BytesIO(bytes(100)), parts, behind))

    assert media_type.startswith("multipart/byteranges; boundary=")
    assert len(body) == length
    assert body.count(b"Content-Range: bytes ") == 2


def test_a_file_that_becomes_shorter_is_not_passed_off_as_whole():
    """Where the promised bytes are not there any more the sending breaks off, and the file is closed by its reader."""
    file = io.BytesIO(b"12345")
    parts = FileParts(file, [RangePart(b"", (0, 10))])

    assert next(parts) == b"12345"
    with pytest.raises(EOFError, match="shorter"):
        next(parts)
    parts.close()
    assert file.closed


@pytest.mark.parametrize(
    ("name", "header"),
    [
        (None, "attachment"),
        ("a.pdf", 'attachment; filename="a.pdf"'),
        ("two words.pdf", 'attachment; filename="two words.pdf"'),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("C:\\secret\\b.txt", 'attachment; filename="b.txt"'),
        ("a\r\nSet-Cookie: x=1", 'attachment; filename="aSet-Cookie: x=1"'),
        ("r\u00e9sum\u00e9.pdf", "attachment; filename=\"r_sum_.pdf\"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf"),
        ('say "hi".txt', "attachment; filename=\"say _hi_.txt\"; filename*=UTF-8''say%20%22hi%22.txt"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("gpj.\u202eexe", 'attachment; filename="gpj.exe"'),
        ("..", "attachment"),
        ("\ud800", "attachment"),
        (".htaccess", 'attachment; filename="htaccess"'),
    ],
)
def test_names_that_files_are_saved_under(name, header):
    """Any text becomes a header that is safe, and keeps its letters where clients can read them."""
    assert disposition(name) == header


def test_files_that_are_shown():
    """A file that may be shown is ``inline``."""
    assert disposition("a.png", inline=True) == 'inline; filename="a.png"'

"""Media types: what they write and read, and which one a client gets."""

from __future__ import annotations

import msgspec
import pytest

from framework.http.media import CSV, MAX_ACCEPT, MessagePack, chooser, depth_of

NAMES = ["application/json", "application/msgpack", "text/csv"]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv, application/json", "application/json"),
        ("text/csv, application/json;q=0.9", "text/csv"),
        ("text/html, application/msgpack;q=0.1", "application/msgpack"),
        ("application/json;q=0, */*", "application/msgpack"),
        ("application/*;q=0.2, */*;q=0.1, text/*;q=0.3", "text/csv"),
        ("*/*;q=0.5, text/csv;q=0.1", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("text/html", None),
        ("*/*;q=0", None),
        ("application/json;q=0", None),
        ("image/*", None),
        ("x" * (MAX_ACCEPT + 1), "application/json"),
    ],
)
def test_what_a_client_gets(header, name):
    """The range that is most specific counts, then the quality, then the order of the server."""
    place = chooser(NAMES)(header)

    assert (None if place is None else NAMES[place]) == name


@pytest.mark.parametrize("value", [None, True, 1, -1.5, "é", [1, [2]], {"a": {"b": [None]}}])
def test_message_pack_goes_both_ways(value):
    """What JSON can say comes back as it was."""
    media = MessagePack()

    assert media.load(media.dump(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x92\x01",
        b"\x01\x01",
        msgspec.msgpack.encode(b"bytes"),
        msgspec.msgpack.encode({1: "a"}),
        msgspec.msgpack.encode([{"a": {2: 3}}]),
        msgspec.msgpack.encode(msgspec.msgpack.Ext(5, b"x")),
        msgspec.msgpack.encode(__import__("datetime").datetime(2020, 1, 1, tzinfo=__import__("datetime").UTC)),
        b"\x91" * 100_000,
    ],
)
def test_what_message_pack_refuses(data):
    """Broken bytes, values and keys that JSON has no word for, and what is nested without end."""
    with pytest.raises(ValueError, match=r"\w"):
        MessagePack().load(data)


def test_csv_is_written():
    """A line of names, then the objects; lists and objects are JSON, null is empty, what is absent too."""
    rows = [{"id": 1, "name": 'A "B", C\nD', "tags": ["x", 1], "more": None}, {"id": 2, "name": "é", "ok": True}]

    assert CSV().dump(rows).decode().splitlines(keepends=True) == [
        "id,name,tags,more,ok\r\n",
        '1,"A ""B"", C\n',
        'D","[""x"",1]",,\r\n',
        "2,é,,,true\r\n",
    ]
    assert CSV(";").dump({"a": "x;y", "b": 1}) == b'a;b\r\n"x;y";1\r\n'
    assert CSV().dump([]) == b""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_text_becomes_a_formula(text):
    """Text that a spreadsheet would run gets an apostrophe; numbers stay as they are."""
    assert CSV().dump({"a": text, "b": -1}).decode().split("\r\n")[1].strip('"').startswith("'")
    assert CSV().dump({"b": -1}) == b"b\r\n-1\r\n"
    assert CSV(escape_formulas=False).dump({"a": "=1+1"}) == b"a\r\n=1+1\r\n"


def test_csv_is_read():
    """Texts by the names of the columns; empty cells and lines are left out, a mark of byte order too."""
    assert CSV().load(b'\xef\xbb\xbfid,name\r\n1,"a,\nb"\r\n\r\n2,\n') == [{"id": "1", "name": "a,\nb"}, {"id": "2"}]
    assert CSV().load(b"") == []
    assert CSV().load(b"id\n") == []


@pytest.mark.parametrize("data", [b"a,b\n1,2,3\n", b"a,a\n1,2\n", b"\xff", b'a\n"x', b'a\n"x"y\n'])
def test_what_csv_refuses(data):
    """Too many cells, a column that comes twice, bytes that are no text, and quotes that do not end."""
    with pytest.raises(ValueError, match=r"\w"):
        CSV().load(data)


def test_csv_holds_objects_alone():
    """A list of numbers is not a table."""
    with pytest.raises(TypeError, match="CSV holds objects"):
        CSV().dump([1])


def test_depth():
    """A text has no depth, a list of lists two."""
    assert [depth_of(value) for value in ("x", [], [[]], {"a": [1]}, [{"a": {"b": 1}}])] == [0, 0, 1, 2, 3]

"""The fields that users import."""

from __future__ import annotations

import datetime as dt
import io
import zoneinfo

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage

from framework import fields

UTC = dt.UTC
INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))


def refused(field, value):
    """The messages with which a field refuses a value."""
    with pytest.raises(ma.ValidationError) as caught:
        field.deserialize(value)
    return caught.value.messages


def test_every_marshmallow_field_has_its_name_here():
    """An import of marshmallow's fields can be replaced by ours, name by name."""
    for name in ma.fields.__all__:
        theirs, ours = getattr(ma.fields, name), getattr(fields, name)

        assert issubclass(ours, theirs)
        assert ours is theirs or name in ("DateTime", "Nested")
        assert name in fields.__all__


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC), "2026-01-02T03:04:05.000600Z"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=INDIA), "2026-01-02T03:04:05+05:30"),
        (dt.datetime(2026, 1, 2, tzinfo=zoneinfo.ZoneInfo("Europe/London")), "2026-01-02T00:00:00Z"),
        (dt.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05Z"),
        (dt.datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
        (dt.datetime(2026, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=1, seconds=1))), "2026-01-01T22:59:59Z"),
    ],
)
def test_a_date_time_is_dumped_as_rfc_3339(value, text):
    """UTC is Z, other offsets are numbers, microseconds appear when there are any, a naive value is UTC."""
    assert fields.DateTime()._serialize(value, None, None) == text


def test_timespec_fixes_the_decimals():
    """With timespec milliseconds there are always three decimals."""
    field = fields.DateTime(timespec="milliseconds")

    assert field._serialize(dt.datetime(2026, 1, 2, tzinfo=UTC), None, None) == "2026-01-02T00:00:00.000Z"
    assert field._serialize(dt.datetime(2026, 1, 2, tzinfo=INDIA), None, None) == "2026-01-02T00:00:00.000+05:30"
    assert field._serialize(None, None, None) is None


def test_a_timespec_without_seconds_is_a_developers_error():
    """RFC 3339 has no text without seconds."""
    with pytest.raises(ValueError, match="RFC 3339 demands the seconds"):
        fields.DateTime(timespec="minutes")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02t03:04:05z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5z", dt.datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)),
        ("2026-01-02T03:04:05.1+05:30", dt.datetime(2026, 1, 2, 3, 4, 5, 100000, tzinfo=INDIA)),
        ("2026-01-02T03:04:05.123456789Z", dt.datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T03:04:05-00:00", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", dt.datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T05:29:60.5+05:30", dt.datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_every_date_time_of_rfc_3339_is_loaded(text, value):
    """Lower case, many decimals and leap seconds are RFC 3339 too."""
    loaded = fields.DateTime().deserialize(text)

    assert loaded == value
    assert loaded.tzinfo is not None


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02",
        "2026-01-02 03:04:05Z",
        "2026-01-02T03:04Z",
        "2026-01-02T03:04:05+0530",
        "2026-01-02T03:04:05+24:00",
        "2026-02-30T03:04:05Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:04:60Z",
        "9999-12-31T23:59:60Z",
        "٢٠٢٦-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z\n",
        "20260102T030405Z",
        "",
        5,
        True,
        [],
    ],
)
def test_nothing_else_is_a_date_time(text):
    """What RFC 3339 does not have is refused, whatever ISO 8601 says."""
    assert refused(fields.DateTime(), text) == ["Not a valid datetime."]


def test_a_date_time_without_an_offset_is_refused():
    """Without an offset a text names no point in time."""
    assert refused(fields.DateTime(), "2026-01-02T03:04:05") == ["Not a valid aware datetime."]


@given(st.datetimes(timezones=st.sampled_from([UTC, INDIA, dt.timezone(-dt.timedelta(hours=12))])))
def test_a_date_time_survives_the_round_trip(value):
    """What was dumped loads to the same point in time with the same offset."""
    field = fields.DateTime()
    loaded = field.deserialize(field._serialize(value, None, None))

    assert loaded == value
    assert loaded.utcoffset() == value.utcoffset()


def test_another_format_is_marshmallows():
    """A format of its own, on the field or in Meta, keeps marshmallow's meaning."""

    class Sub(ma.Schema):
        year = fields.DateTime("%Y")
        stamp = fields.DateTime(format="timestamp")
        iso = fields.DateTime(format="iso")

    class Rfc(ma.Schema):
        at = fields.DateTime()

        class Meta:
            datetimeformat = "rfc"

    when = dt.datetime(2026, 1, 2, tzinfo=UTC)

    assert Sub().dump({"year": when, "stamp": when, "iso": when}) == {
        "year": "2026",
        "stamp": when.timestamp(),
        "iso": "2026-01-02T00:00:00Z",
    }
    assert Rfc().dump({"at": when}) == {"at": "Fri, 02 Jan 2026 00:00:00 +0000"}
    assert Rfc().load({"at": "Fri, 02 Jan 2026 00:00:00 +0000"}) == {"at": when}


@pytest.mark.parametrize(("text", "value"), [("1,2", [1, 2]), ("", []), ("1", [1]), ("1,2,3", [1, 2, 3])])
def test_a_delimited_list_reads_one_text(text, value):
    """The pieces of one text are loaded by the inner field; an empty text is an empty list."""
    assert fields.DelimitedList(fields.Integer()).deserialize(text) == value


def test_a_delimited_list_names_the_piece_that_is_wrong():
    """Messages carry the index of the piece."""
    assert refused(fields.DelimitedList(fields.Integer()), "1,,x") == {
        1: ["Not a valid integer."],
        2: ["Not a valid integer."],
    }


@pytest.mark.parametrize("value", [["1"], 5, b"1,2", {}])
def test_a_delimited_list_takes_nothing_but_text(value):
    """A real list is not a delimited one."""
    assert refused(fields.DelimitedList(fields.Integer()), value) == ["Not a valid delimited list."]
    assert refused(fields.DelimitedTuple((fields.Integer(),)), value) == ["Not a valid delimited tuple."]


def test_delimited_fields_dump_to_one_text():
    """What they read they write."""

    class Range(ma.Schema):
        ids = fields.DelimitedList(fields.Integer(), delimiter="|")
        span = fields.DelimitedTuple((fields.Integer(), fields.Integer()))
        none = fields.DelimitedList(fields.Integer())

    assert Range().dump({"ids": [1, 2], "span": (3, 4), "none": None}) == {"ids": "1|2", "span": "3,4", "none": None}
    assert Range().load({"ids": "1|2", "span": "3,4"}) == {"ids": [1, 2], "span": (3, 4)}


def test_a_delimited_tuple_has_a_fixed_number_of_pieces():
    """Too few and too many are refused."""
    field = fields.DelimitedTuple((fields.Integer(), fields.String()))

    assert field.deserialize("1,a") == (1, "a")
    assert refused(field, "1") == ["Length must be 2."]
    assert refused(field, "1,a,b") == ["Length must be 2."]


def test_a_file_is_an_upload():
    """A File loads the upload itself and nothing else."""
    upload = FileStorage(io.BytesIO(b"data"), filename="a.txt")

    assert fields.File().deserialize(upload) is upload
    assert refused(fields.File(), "data") == ["Not a valid file."]
    assert fields.File().load_only


def test_the_part_of_an_empty_file_input_is_missing():
    """A browser sends a nameless, empty part where nothing was chosen."""

    class Form(ma.Schema):
        photo = fields.File(required=True)
        other = fields.File()

    empty = FileStorage(io.BytesIO(b""), filename="")
    with pytest.raises(ma.ValidationError) as caught:
        Form().load({"photo": empty, "other": empty})

    assert caught.value.messages == {"photo": ["Missing data for required field."]}
    assert Form(partial=True).load({"photo": empty}) == {}


def test_a_nameless_file_with_content_is_a_file():
    """Only where there is nothing at all is nothing given; the content is left unread."""
    upload = FileStorage(io.BytesIO(b"data"), filename="")

    assert fields.File().deserialize(upload).read() == b"data"


def test_an_empty_file_with_a_name_is_a_file():
    """An empty file can be uploaded."""
    upload = FileStorage(io.BytesIO(b""), filename="empty.txt")

    assert fields.File().deserialize(upload) is upload

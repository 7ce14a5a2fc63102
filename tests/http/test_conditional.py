"""Entity tags and the conditions of requests, as RFC 9110 says."""

from __future__ import annotations

import datetime as dt

import pytest

from framework.http.conditional import (
    NO_CONDITIONS,
    Conditions,
    Tag,
    Verdict,
    digest,
    headers_for_304,
    parse_http_date,
    parse_tag,
    parse_tags,
    read_conditions,
    to_http_date,
)

GO, SAME, FAILED = Verdict.PROCEED, Verdict.NOT_MODIFIED, Verdict.FAILED
TAG = Tag("1")
DATE = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
BEFORE, AFTER = DATE - dt.timedelta(seconds=1), DATE + dt.timedelta(seconds=1)


def tags(*texts):
    """Tags from their texts; ``W/`` in front makes a weak one."""
    return frozenset(Tag(text.removeprefix("W/"), text.startswith("W/")) for text in texts)


@pytest.mark.parametrize(
    "header, meant",
    [
        ('"a"', tags("a")),
        ('W/"a"', tags("W/a")),
        ('"a", W/"b"', tags("a", "W/b")),
        ('"a","b"', tags("a", "b")),
        ('""', tags("")),
        ('"a,b", "c"', tags("a,b", "c")),
        (', "a" ,\t, "b",', tags("a", "b")),
        ('"\xe9!#~"', tags("\xe9!#~")),
        ('"W/a"', frozenset({Tag("W/a")})),
        ("*", None),
    ],
)
def test_lists_of_tags(header, meant):
    """A list holds strong and weak tags; commas in quotes are no separators, empty elements are passed over."""
    assert parse_tags(header) == meant


@pytest.mark.parametrize(
    "header",
    [
        "",
        "a",
        '"a',
        'a"',
        "W/a",
        'w/"a"',
        'W/ "a"',
        '"a" "b"',
        '*, "a"',
        '"a", *',
        '"a b"',
        '"a\x7f"',
        ",",
        ", ,",
        "'a'",
    ],
)
def test_malformed_tags(header):
    """What is not a list of quoted tags is refused."""
    with pytest.raises(ValueError, match="entity tags"):
        parse_tags(header)


def test_long_lists_are_read_in_linear_time():
    """Ten thousand tags, or commas, or spaces, are read; a broken end is found without trying all ways."""
    assert len(parse_tags(", ".join(f'"{number}"' for number in range(10_000)))) == 10_000
    assert parse_tags("," * 50_000 + '"a"' + " ," * 50_000) == tags("a")
    for broken in ('"a",' * 20_000 + "x", ", " * 50_000, '"a"' + " " * 50_000 + "x", '"' * 50_001):
        with pytest.raises(ValueError):
            parse_tags(broken)


def test_one_tag():
    """The tag of an answer is read, and what is none is told apart."""
    assert parse_tag(' W/"a" ') == Tag("a", weak=True)
    assert parse_tag('"a", "b"') is None
    assert parse_tag("a") is None
    assert str(Tag("a")) == '"a"'
    assert str(Tag("a", weak=True)) == 'W/"a"'


@pytest.mark.parametrize(
    "header",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_dates(header):
    """All three forms of a date are read, and the first is written."""
    date = parse_http_date(header)

    assert date == dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC)
    assert to_http_date(date.astimezone(dt.timezone(dt.timedelta(hours=5)))) == "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "yesterday",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, \u0660\u0666 Nov 1994 08:49:37 GMT",
    ],
)
def test_what_is_no_date_is_passed_over(header):
    """A malformed date is not a condition (RFC 9110, section 13.1.3)."""
    assert parse_http_date(header) is None
    assert read_conditions({"HTTP_IF_MODIFIED_SINCE": header, "HTTP_IF_UNMODIFIED_SINCE": header}) == NO_CONDITIONS


@pytest.mark.parametrize(
    "sent, matches",
    [
        (tags("1"), True),
        (tags("2", "1"), True),
        (tags("2"), False),
        (tags("W/1"), False),
        (None, True),
    ],
)
def test_if_match_compares_strongly(sent, matches):
    """``If-Match`` holds for one equal tag of which neither is weak, or for ``*``; for GET and for writes."""
    for safe in (True, False):
        assert Conditions(if_match=sent).judge(safe, TAG) is (GO if matches else FAILED)


def test_if_match_never_holds_for_a_weak_tag():
    """A current tag that is weak matches no other, and still ``*``."""
    weak = Tag("1", weak=True)

    assert Conditions(if_match=tags("1", "W/1")).judge(False, weak) is FAILED
    assert Conditions(if_match=None).judge(False, weak) is GO


@pytest.mark.parametrize("sent, matches", [(tags("1"), True), (tags("W/1"), True), (tags("2"), False), (None, True)])
@pytest.mark.parametrize("current", [TAG, Tag("1", weak=True)])
def test_if_none_match_compares_weakly(sent, matches, current):
    """``If-None-Match`` is false for an equal tag, weak or not, and for ``*``: 304 for GET, 412 for writes."""
    assert Conditions(if_none_match=sent).judge(True, current) is (SAME if matches else GO)
    assert Conditions(if_none_match=sent).judge(False, current) is (FAILED if matches else GO)


def test_nothing_is_there():
    """Where there is no representation ``If-Match`` fails, even ``*``, and ``If-None-Match`` holds, even ``*``."""
    for sent in (None, tags("1")):
        assert Conditions(if_match=sent).judge(False, None, exists=False) is FAILED
        assert Conditions(if_none_match=sent).judge(False, None, exists=False) is GO


@pytest.mark.parametrize(
    "conditions, modified, safe, verdict",
    [
        (Conditions(if_unmodified_since=DATE), BEFORE, False, GO),
        (Conditions(if_unmodified_since=DATE), DATE, False, GO),
        (Conditions(if_unmodified_since=DATE), AFTER, False, FAILED),
        (Conditions(if_unmodified_since=DATE), AFTER, True, FAILED),
        (Conditions(if_unmodified_since=DATE), None, False, GO),
        (Conditions(if_modified_since=DATE), BEFORE, True, SAME),
        (Conditions(if_modified_since=DATE), DATE, True, SAME),
        (Conditions(if_modified_since=DATE), AFTER, True, GO),
        (Conditions(if_modified_since=DATE), None, True, GO),
        (Conditions(if_modified_since=DATE), DATE, False, GO),
    ],
)
def test_dates_as_conditions(conditions, modified, safe, verdict):
    """Dates are compared to the second, where there is one; ``If-Modified-Since`` is for GET alone."""
    assert conditions.judge(safe, TAG, modified) is verdict


@pytest.mark.parametrize(
    "conditions, verdict",
    [
        # 1 before 2: If-Match makes If-Unmodified-Since nothing.
        (Conditions(if_match=tags("1"), if_unmodified_since=BEFORE), GO),
        (Conditions(if_match=tags("2"), if_unmodified_since=AFTER), FAILED),
        # 3 before 4: If-None-Match makes If-Modified-Since nothing.
        (Conditions(if_none_match=tags("2"), if_modified_since=AFTER), GO),
        (Conditions(if_none_match=tags("1"), if_modified_since=BEFORE), SAME),
        # 1 and 2 before 3 and 4.
        (Conditions(if_match=tags("2"), if_none_match=tags("1")), FAILED),
        (Conditions(if_match=tags("1"), if_none_match=tags("1")), SAME),
        (Conditions(if_unmodified_since=BEFORE, if_none_match=tags("1")), FAILED),
        (Conditions(if_unmodified_since=BEFORE, if_modified_since=AFTER), FAILED),
        (Conditions(if_unmodified_since=AFTER, if_modified_since=AFTER), SAME),
        (NO_CONDITIONS, GO),
    ],
)
def test_precedence(conditions, verdict):
    """The order of RFC 9110, section 13.2.2."""
    assert conditions.judge(True, TAG, DATE) is verdict


def test_reading_conditions():
    """The headers of a request are read; what was not sent is not a condition, and a malformed one is named."""
    assert read_conditions({"HTTP_HOST": "x"}) is NO_CONDITIONS
    found = read_conditions(
        {
            "HTTP_IF_MATCH": "*",
            "HTTP_IF_NONE_MATCH": '"a"',
            "HTTP_IF_MODIFIED_SINCE": "Fri, 02 Jan 2026 03:04:05 GMT",
            "HTTP_IF_UNMODIFIED_SINCE": "Fri, 02 Jan 2026 03:04:05 GMT",
        }
    )

    assert found == Conditions(None, tags("a"), DATE, DATE)
    with pytest.raises(ValueError, match=r"The header If-None-Match is neither"):
        read_conditions({"HTTP_IF_NONE_MATCH": "a"})


def test_digests():
    """A digest depends on each part and on where one ends."""
    made = {digest(b"ab"), digest(b"ac"), digest(b"a", b"b"), digest(b"ab", b""), digest(b"", b"ab"), digest()}

    assert len(made) == 6
    assert all(len(text) == 32 for text in made)


def test_headers_of_a_304():
    """A 304 repeats what speaks of caches, and nothing of the body that it does not have (section 15.4.5)."""
    kept = [
        ("Cache-Control", "x"),
        ("Vary", "x"),
        ("ETag", '"x"'),
        ("Content-Location", "/x"),
        ("Expires", "x"),
        ("X", "x"),
    ]
    dropped = [("Content-Type", "x"), ("Content-Length", "1"), ("content-encoding", "x"), ("Last-Modified", "x")]

    assert headers_for_304([*dropped, *kept]) == kept

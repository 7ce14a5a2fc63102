"""The patterns of dates from a day on or up to it, and of texts that ``strftime`` writes."""

from __future__ import annotations

import calendar
import datetime as dt
import email.utils
import ipaddress
import itertools
import random

import pytest

from framework.fast.strict import _lexical as lexical

BOUNDS = [
    dt.date(1, 1, 1),
    dt.date(987, 6, 5),
    dt.date(1999, 12, 31),
    dt.date(2000, 1, 1),
    dt.date(2010, 2, 28),
    dt.date(9999, 12, 31),
]


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_bound_of_dates_is_a_pattern(bound):
    """Dates near a bound and far from it have its pattern if and only if they are on its side."""
    last, chance = dt.date.max.toordinal(), random.Random(1)
    near = [bound.toordinal() + distance for distance in range(-400, 401)]
    far = [chance.randint(1, last) for _ in range(500)]
    days = [dt.date.fromordinal(number) for number in near + far if 1 <= number <= last]
    from_bound = lexical.compiled(lexical.date_pattern_from(bound))
    until_bound = lexical.compiled(lexical.date_pattern_until(bound))

    for day in days:
        assert bool(from_bound.fullmatch(day.isoformat())) == (day >= bound), day
        assert bool(until_bound.fullmatch(day.isoformat())) == (day <= bound), day


@pytest.mark.parametrize(
    "written",
    [
        "%Y",
        "%Y-%m-%d",
        "%d.%m.%Y",
        "%d%m%y",
        "%H:%M:%S.%f",
        "%Y/%m %H-%M (%%)",
        "%A, %d %B %Y",
        "%a %b %d %I:%M %p %y",
        "%Y-%j",
        "%j/%y %H",
    ],
)
def test_what_strftime_writes_has_the_pattern(written):
    """Every text of the format fits, and one with a digit less does not."""
    pattern = lexical.compiled(lexical.strftime_pattern(written))
    chance = random.Random(2)
    for _ in range(300):
        second = dt.datetime(1000, 1, 1) + dt.timedelta(seconds=chance.randrange(280_000_000_000))
        text = second.strftime(written)

        assert pattern.fullmatch(text)
        assert not pattern.fullmatch(text[:-1])
        assert not pattern.fullmatch(f" {text}")


@pytest.mark.parametrize(
    "written", ["%Y-%m-%d", "%d.%m.%Y", "%d%m%y", "%m/%d", "%d", "%m %Y", "%d %B %Y", "%b %d", "%B %Y"]
)
def test_a_pattern_of_a_format_knows_the_calendar(written):
    """Of all combinations of day, month and year exactly those have the pattern that strptime reads."""
    pattern = lexical.compiled(lexical.strftime_pattern(written))
    names = [each.strftime("%b %B").split() for each in (dt.date(2024, month, 1) for month in range(1, 13))]
    for year, month, day in itertools.product([1900, 1999, 2000, 2023, 2024, 2068], range(14), range(33)):
        if not 1 <= month <= 12 and "%m" not in written:
            continue
        text = written.replace("%Y", f"{year}").replace("%y", f"{year % 100:02}")
        text = text.replace("%m", f"{month:02}").replace("%d", f"{day:02}")
        if "%m" not in written and 1 <= month <= 12:
            text = text.replace("%b", names[month - 1][0]).replace("%B", names[month - 1][1])
        try:
            dt.datetime.strptime(text, written)
        except ValueError:
            assert pattern.fullmatch(text) is None, text
        else:
            assert pattern.fullmatch(text), text


@pytest.mark.parametrize("written", ["%U", "%B %m", "%-d", "%j", "%j %d %Y", "50%"])
def test_a_format_that_is_not_known_has_no_pattern(written):
    """Names, widths that vary and broken formats are not guessed at."""
    assert lexical.strftime_pattern(written) is None


@pytest.mark.parametrize("year", [1900, 2000, 2023, 2024])
@pytest.mark.parametrize("written", ["%Y-%j", "%j %y"])
def test_a_pattern_of_days_of_the_year_knows_leap_years(written, year):
    """Day 366 is one of leap years alone, and no day has another number."""
    pattern = lexical.compiled(lexical.strftime_pattern(written))
    for day in range(400):
        text = written.replace("%Y", f"{year}").replace("%y", f"{year % 100:02}").replace("%j", f"{day:03}")
        # Two digits are a year of this century or the last; strptime itself takes day 366 of every year.
        full = year if "%Y" in written or year > 1968 else year + 100
        assert bool(pattern.fullmatch(text)) == (1 <= day <= 365 + calendar.isleap(full)), text


def test_a_date_of_rfc_822_has_the_pattern():
    """The texts with days of the calendar, and a zone; what is written is among them."""
    pattern = lexical.compiled(lexical.rfc_pattern())
    days = itertools.product([100, 1900, 2000, 2023, 2024, 9999], ["Jan", "Feb", "Apr", "Dec"], [0, 1, 28, 29, 30, 31])
    for year, month, day in days:
        for text in (f"{day} {month} {year:04} 12:00 GMT", f"Mon, {day:02} {month} {year:04} 12:00:59 -0530"):
            try:
                email.utils.parsedate_to_datetime(text)
            except ValueError:
                assert pattern.fullmatch(text) is None, text
            else:
                assert pattern.fullmatch(text), text
    for text in (
        "Mon, 30 Nov 26 12:00:00 +0000",
        "30 Nov 0026 12:00:00 +0000",
        "30 Nov 2026 12:00:60 GMT",
        "30 Nov 2026",
    ):
        assert pattern.fullmatch(text) is None
    for naive, aware in ((True, False), (False, True)):
        some = lexical.compiled(lexical.rfc_pattern(naive=naive, aware=aware))
        for zone in ("-0000", "+0000", "GMT", "UT", "-0001", "-0100", "-0010", "+2359"):
            text = f"30 Nov 2026 12:00 {zone}"
            is_naive = email.utils.parsedate_to_datetime(text).tzinfo is None
            assert bool(some.fullmatch(text)) == (naive if is_naive else aware), text


def test_an_ipv6_address_has_the_pattern():
    """Texts of colons and groups have the pattern if and only if the standard library reads them."""
    chance = random.Random(3)
    groups = ["", "0", "ab", "FFFF", "1", "12345", "192.0.2.1", "256.0.0.1", "g"]
    weights = [6, 3, 3, 3, 3, 0.1, 0.5, 0.1, 0.1]
    texts = [":".join(chance.choices(groups, weights, k=chance.randint(2, 9))) for _ in range(20_000)]
    texts += [str(ipaddress.IPv6Address(chance.getrandbits(128) & chance.getrandbits(128))) for _ in range(500)]
    texts += ["::", "::1", "1::", "::ffff:192.0.2.1", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::2::3"]
    pattern = lexical.compiled(lexical.IPV6_PATTERN)
    read = 0
    for text in texts:
        try:
            ipaddress.IPv6Address(text)
        except ValueError:
            assert pattern.fullmatch(text) is None, text
        else:
            read += 1
            assert pattern.fullmatch(text), text

    assert read > 1000

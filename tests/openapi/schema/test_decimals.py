"""Patterns for numbers that are written as text."""

from __future__ import annotations

import decimal
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from framework.openapi.schema import _decimals as decimals

numbers = st.decimals(min_value=-1200, max_value=1200, places=None, allow_nan=False).map(
    lambda value: decimal.Decimal(format(value, "f")[:9].rstrip("."))
)
texts = st.from_regex(r"\A-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?\Z")


@pytest.mark.extended
@settings(deadline=None, max_examples=1500)
@example(decimal.Decimal("0"), True, decimal.Decimal("0"), True, "-0.00")
@example(decimal.Decimal("-0.5"), False, None, True, "-0.50")
@example(decimal.Decimal("-10"), True, decimal.Decimal("10"), True, "-10.0")
@given(numbers | st.none(), st.booleans(), numbers | st.none(), st.booleans(), texts)
def test_a_pattern_takes_the_numbers_within_bounds(low, low_included, high, high_included, text):
    """Exactly those, however they are written."""
    pattern = decimals.within(low, low_included, high, high_included)
    assert pattern is not None
    value = decimal.Decimal(text)
    above = low is None or value > low or (low_included and value == low)
    below = high is None or value < high or (high_included and value == high)

    assert bool(re.fullmatch(f"(?:{pattern})", text)) is (above and below)


@settings(deadline=None, max_examples=500)
@given(numbers, texts)
def test_a_pattern_takes_the_texts_of_one_number(value, text):
    """Trailing zeros are no other number, and minus zero is zero."""
    assert bool(re.fullmatch(decimals.equal(value), text)) is (decimal.Decimal(text) == value)


@pytest.mark.parametrize("value", ["1.5", "-1.50", "0", "100", "-0.001", "20"])
def test_a_number_is_taken_in_its_own_words(value):
    """As it is written, and with more zeros behind it."""
    pattern = decimals.equal(decimal.Decimal(value))

    assert re.fullmatch(pattern, value)
    assert re.fullmatch(pattern, value + ("0" if "." in value else ".0"))
    assert not re.fullmatch(pattern, value + "1")


def test_bounds_of_many_digits_are_not_written_out():
    """A pattern of hundreds of characters would help nobody."""
    assert decimals.within(decimal.Decimal("1e300"), True, None, True) is None
    assert decimals.within(decimal.Decimal("NaN"), True, None, True) is None

"""Patterns for numbers that are written as text: those within bounds, and those that equal one number.

A text is ``-?(0|[1-9][0-9]*)(\\.[0-9]+)?``, as :data:`fast.lexical.DECIMAL_PATTERN` has it. JSON Schema compares
numbers alone, so what ``Range`` asks of such a text becomes a pattern.
Floor 7.
"""

from __future__ import annotations

import decimal

_TAIL = r"(\.[0-9]+)?"
_ANY = r"(0|[1-9][0-9]*)" + _TAIL
_ZERO = r"0(\.0+)?"
_LONGEST = 30


def within(
    low: decimal.Decimal | None, low_included: bool, high: decimal.Decimal | None, high_included: bool
) -> str | None:
    """Return the pattern of the texts of numbers within bounds, without anchors.

    :param low: The lower bound, ``None`` for none.
    :param high: The upper bound, ``None`` for none.
    :return: ``None`` where a bound has too many digits to be written out.
    """
    parts = []
    for bound, included, above in ((low, low_included, True), (high, high_included, False)):
        if bound is not None:
            if not bound.is_finite() or len(format(bound, "f")) > _LONGEST:
                return None
            parts.append(_beyond(bound, included, above=above))
    if not parts:
        return f"-?{_ANY}"
    return parts[0] if len(parts) == 1 else f"(?=({parts[0]})$)({parts[1]})"


def equal(value: decimal.Decimal) -> str:
    """Return the pattern of the texts of one number, without anchors: ``1.5`` is ``1.50`` too."""
    whole, fraction = _digits(abs(value))
    if value == 0:
        return f"-?{_ZERO}"
    tail = rf"\.{fraction}0*" if fraction else r"(\.0+)?"
    return f"{'-' if value < 0 else ''}{whole}{tail}"


def _beyond(bound: decimal.Decimal, included: bool, *, above: bool) -> str:
    """Texts of numbers above or below a bound."""
    if bound == 0:
        # Minus zero is zero, in whatever way it is written.
        strictly = rf"({_ANY.replace('(0|', '(')}|0\.0*[1-9][0-9]*)"
        signed = strictly if above else f"-{strictly}"
        return f"({signed}|-?{_ZERO})" if included else signed
    whole, fraction = _digits(abs(bound))
    if (bound > 0) is above:  # further away from zero than the bound
        sign = "" if above else "-"
        parts = [_larger(whole) + _TAIL, rf"{whole}\.({_larger_fraction(fraction)})"]
        if included:
            parts.append(equal(abs(bound)))
        return f"{sign}({'|'.join(parts)})"
    sign = "-" if above else ""
    parts = [each for each in (_smaller(whole) + _TAIL if _smaller(whole) else "",) if each]
    smaller = _smaller_fraction(fraction)
    if fraction:
        parts.append(rf"{whole}(\.({smaller}))?")
    if included:
        parts.append(equal(abs(bound)))
    nearer = f"{sign}({'|'.join(parts)})" if parts else None
    other = f"-?{_ZERO}" if nearer is None else f"{nearer}|-?{_ZERO}"
    return f"({other}|{_ANY})" if above else f"({other}|-{_ANY})"


def _digits(value: decimal.Decimal) -> tuple[str, str]:
    whole, _, fraction = format(value, "f").partition(".")
    return whole.lstrip("0") or "0", fraction.rstrip("0")


def _larger(whole: str) -> str:
    """Integers above one that is not negative."""
    parts = [f"[1-9][0-9]{{{len(whole)},}}"] if whole != "0" else ["[1-9][0-9]*"]
    for at, digit in enumerate(whole if whole != "0" else ""):
        if digit != "9":
            parts.append(whole[:at] + f"[{int(digit) + 1}-9]" + "[0-9]" * (len(whole) - at - 1))
    return f"({'|'.join(parts)})"


def _smaller(whole: str) -> str:
    """Integers below one that is not negative; empty where there is none."""
    if whole == "0":
        return ""
    parts = ["0"]
    if len(whole) > 1:
        parts.append("[1-9]" + (f"[0-9]{{0,{len(whole) - 2}}}" if len(whole) > 2 else ""))
    for at, digit in enumerate(whole):
        least = 1 if at == 0 else 0
        if int(digit) > least:
            parts.append(whole[:at] + f"[{least}-{int(digit) - 1}]" + "[0-9]" * (len(whole) - at - 1))
    return f"({'|'.join(parts)})"


def _larger_fraction(fraction: str) -> str:
    """The digits of fractions above one."""
    parts = [fraction + "0*[1-9][0-9]*"]
    for at, digit in enumerate(fraction):
        if digit != "9":
            parts.append(fraction[:at] + f"[{int(digit) + 1}-9][0-9]*")
    return "|".join(parts)


def _smaller_fraction(fraction: str) -> str:
    """The digits of fractions below one; a beginning of it is smaller too."""
    parts = []
    for at, digit in enumerate(fraction):
        if digit != "0":
            parts.append(fraction[:at] + f"[0-{int(digit) - 1}][0-9]*")
        if at:
            parts.append(fraction[:at])
    return "|".join(parts)

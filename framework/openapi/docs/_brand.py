"""The colour of the setting ``DOCS_COLOR`` as a style sheet, made readable on light and on dark.

Floor 7.
"""

from __future__ import annotations

import functools

_LIGHT, _DARK = (255, 255, 255), (19, 21, 26)
_READABLE = 4.6
"""The contrast of text (WCAG 2.2, 1.4.3), and a little more."""
_STEPS = 40


@functools.lru_cache(maxsize=16)
def brand_css(color: str) -> str:
    """Return the style sheet of a colour.

    :param color: ``#rgb`` or ``#rrggbb``.
    """
    digits = color.removeprefix("#")
    digits = "".join(each * 2 for each in digits) if len(digits) == 3 else digits
    red, green, blue = (int(digits[at : at + 2], 16) for at in (0, 2, 4))
    light, dark = readable((red, green, blue), _LIGHT), readable((red, green, blue), _DARK)
    return f":root {{\n  --accent: light-dark({light}, {dark});\n  --brand: #{digits.lower()};\n}}\n"


def readable(color: tuple[int, int, int], ground: tuple[int, int, int]) -> str:
    """Return the colour, moved away from the ground until text in it can be read."""
    goal = 0 if luminance(ground) > 0.5 else 255
    for step in range(_STEPS + 1):
        red, green, blue = (round(each + (goal - each) * step / _STEPS) for each in color)
        if contrast((red, green, blue), ground) >= _READABLE:
            break
    return f"#{red:02x}{green:02x}{blue:02x}"


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: tuple[int, int, int]) -> float:
    """Return the relative luminance of a colour."""
    parts = [each / 255 for each in color]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

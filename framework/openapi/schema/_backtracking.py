"""Find patterns that take exponential time: repetitions within repetitions that can share out one text in many ways.

``(a+)+`` tries every way to cut a row of letters before it gives up: twenty-six of them cost twelve seconds. A part
that must be between the repetitions, and that the inner one cannot match, makes the cut unique: ``(-[a-z]+)*``. Knows
patterns; knows nothing of documents.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import importlib
import re
import typing as t

Parsed: t.TypeAlias = cabc.Iterable[tuple[object, t.Any]]
"""A parsed pattern: operations with their arguments, whose shapes depend on the operation."""
Part: t.TypeAlias = tuple[str, t.Any]
"""An operation by name, and its argument."""

# The standard library's own parser, which has no public name.
_parser: t.Any = importlib.import_module("re._parser")
_MANY = 16
"""From how many repetitions on a part counts as one that may be as long as the text."""
_SAMPLE = [chr(number) for number in range(256)]
_ONE = frozenset({"LITERAL", "NOT_LITERAL", "IN", "ANY"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT"})


@functools.lru_cache(maxsize=1024)
def is_explosive(pattern: str) -> bool:
    """Return whether a pattern repeats a part that itself can be cut in many ways.

    :param pattern: In Python's syntax, or in the part of ECMA-262 that is the same.
    :return: ``False`` also for what cannot be parsed.
    """
    try:
        return _walk(_parser.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return False


def _walk(items: Parsed) -> bool:
    return any(_is_bad(name, value) or any(map(_walk, _inside(name, value))) for name, value in _named(items))


def _named(items: Parsed) -> list[Part]:
    return [(str(name), value) for name, value in items]


def _inside(name: str, value: t.Any) -> list[Parsed]:
    """Give the parts that a part is made of."""
    if name in _REPEATS or name == "POSSESSIVE_REPEAT":
        return [value[2]]
    if name == "SUBPATTERN":
        return [value[3]]
    if name == "BRANCH":
        return list(value[1])
    if name in ("ASSERT", "ASSERT_NOT"):
        return [value[1]]
    return [value] if name == "ATOMIC_GROUP" else []


def _is_bad(name: str, value: t.Any) -> bool:
    """Return whether a part is a repetition around another without a separator."""
    return name in _REPEATS and value[1] >= _MANY and any(map(_cuts, _ways(value[2])))


def _ways(items: Parsed) -> list[list[Part]]:
    """Give the rows of parts that a repeated part may be, groups around the whole of it taken off."""
    row = _named(items)
    if len(row) == 1 and row[0][0] == "SUBPATTERN":
        return _ways(row[0][1][3])
    if len(row) == 1 and row[0][0] == "BRANCH":
        return [way for each in row[0][1][1] for way in _ways(each)]
    return [[part for name, value in row for part in _opened(name, value)]]


def _opened(name: str, value: t.Any) -> list[Part]:
    """Give the parts of a group in a row, where it is not a choice."""
    if name == "SUBPATTERN":
        return [part for inner, each in _named(value[3]) for part in _opened(inner, each)]
    return [(name, value)]


def _cuts(row: list[Part]) -> bool:
    """Return whether a row that is repeated has a long repetition, and no part that marks where the next row begins."""
    for place, (name, value) in enumerate(row):
        if name in _REPEATS and value[1] >= _MANY:
            eaten = _chars([(name, value)])
            others = row[:place] + row[place + 1 :]
            if not any(_is_needed(*part) and not (_chars([part]) & eaten) for part in others):
                return True
    return False


def _is_needed(name: str, value: t.Any) -> bool:
    """Return whether a part always takes a character."""
    if name in _ONE:
        return True
    if name in _REPEATS or name == "POSSESSIVE_REPEAT":
        return bool(value[0] > 0 and any(_is_needed(*part) for part in _named(value[2])))
    if name == "SUBPATTERN":
        return any(_is_needed(*part) for part in _named(value[3]))
    if name == "BRANCH":
        return all(any(_is_needed(*part) for part in _named(each)) for each in value[1])
    return False


def _chars(items: Parsed) -> frozenset[str]:
    """Give the characters of a sample that a part can take at any place."""
    found: set[str] = set()
    for name, value in _named(items):
        if name in _ONE:
            found.update(each for each in _SAMPLE if _takes(name, value, each))
        for inner in _inside(name, value):
            found |= _chars(inner)
    return frozenset(found)


_CATEGORIES: dict[str, t.Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": lambda char: char.isalnum() or char == "_",
}


def _takes(name: str, value: t.Any, char: str) -> bool:
    if name == "IN":
        parts = _named(value)
        return any(_takes(*part, char) for part in parts if part[0] != "NEGATE") != (parts[0][0] == "NEGATE")
    if name == "RANGE":
        return bool(value[0] <= ord(char) <= value[1])
    if name == "CATEGORY":
        asked = str(value)
        return _CATEGORIES[asked.replace("_NOT_", "_")](char) != ("_NOT_" in asked)
    if name == "ANY":
        return True
    return (chr(value) == char) != (name == "NOT_LITERAL")

"""The faults of a JSON value: the record, and the words for it; the targets of references.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...logging import printable
from ...typing import JSONObject

Path: t.TypeAlias = tuple[str | int, ...]


class Fault(t.NamedTuple):
    """One thing that is wrong with a value."""

    at: Path
    """The place: the names and indexes on the path to it."""

    message: str
    """The fault, without the place: ``-1 is below the minimum of 0``."""

    word: str
    """The word of the schema that refuses; ``"closed"`` for a member that no schema names."""

    def __str__(self) -> str:
        return f"{written_path(self.at)}: {self.message}"


def written_path(at: Path) -> str:
    """``$.items[0].name``."""
    text = "$"
    for part in at:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if part.isidentifier() else f"[{part!r}]"
    return text


def lookup(document: JSONObject, ref: str) -> t.Any:
    """Return what a reference of the form ``#/components/schemas/Pet`` leads to (RFC 6901).

    :raises LookupError: Nothing is there.
    """
    target: t.Any = document
    for part in ref.removeprefix("#").split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        target = target[int(part)] if isinstance(target, list) else target[part]
    return target


def nearest(value: object, at: Path, failed: list[list[Fault]]) -> list[Fault]:
    """Return what to say when no choice fits: the faults of the one that was meant, where that is known."""
    meant = [faults for faults in failed if not any(fault.at == at and fault.word == "type" for fault in faults)]
    tagged = [faults for faults in meant if not any(fault.word == "enum" for fault in faults)]
    meant = tagged if len(tagged) == 1 else meant
    if len(meant) == 1:
        return meant[0]
    if not meant:
        return [Fault(at, " ".join(dict.fromkeys(fault.message for faults in failed for fault in faults)), "type")]
    least = min(meant, key=len)
    return [Fault(at, f"{shown(value)} fits none of {len(failed)} choices; the nearest says: {least[0]}", "anyOf")]


def shown(value: object, limit: int = 60) -> str:
    """A value for messages, as JSON shows it, cut when it is long."""
    if isinstance(value, dict):
        text = "{" + ", ".join(f'"{printable(str(name))}": ...' for name in list(value)[:5]) + "}"
    elif isinstance(value, list):
        text = f"an array of {len(value)}"
    elif value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    else:
        text = f'"{printable(value)}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def equal(one: object, other: object) -> bool:
    """Equality of JSON values: ``1`` and ``1.0`` are one number, ``true`` is none."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    return bool(one == other)


def has_repetition(items: list[object]) -> bool:
    """Return whether two items of an array are equal."""
    texts: set[str] = set()
    others: list[object] = []
    for item in items:
        if isinstance(item, str):
            if item in texts:
                return True
            texts.add(item)
        else:
            if any(equal(item, other) for other in others):
                return True
            others.append(item)
    return False


def _is_integer(value: object) -> bool:
    if type(value) is int:
        return True
    return isinstance(value, float) and value.is_integer()


TYPES: dict[str, cabc.Callable[[object], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: value is True or value is False,
    "integer": _is_integer,
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
ARTICLES = {
    "null": "null",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "array": "an array",
    "object": "an object",
}

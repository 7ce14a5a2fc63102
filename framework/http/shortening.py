"""Make the body of an error answer as short as it may be, and leave it JSON.

What the framework collects is bounded where it is collected (``fast.bounds``). This is for what an application raises
or renders itself: a message with a whole document in it, the errors of a file with a million lines.
Floor 2.
"""

from __future__ import annotations

import typing as t

from ..fast import json as fast_json
from ..fast.bounds import shown
from ..texts import message

ROOM = 1024
"""The bytes that an answer may have in addition to its errors."""
NOTE: t.Final = message("shortened")
_TEXTS = (1_000, 100, 10)
_DEEPEST = 500


def shortened(body: bytes, limit: int, member: str | None = None, note: str = NOTE) -> bytes:
    """Copy a JSON object as far as it fits: long texts are cut, members and items at the end are left out.

    :param body: What was rendered.
    :param limit: The most bytes.
    :param member: The member that says that the answer was shortened; ``None``: none can.
    :param note: The text that says so.
    :return: JSON of the same kind.
    """
    try:
        value = fast_json.decode(body, max_depth=_DEEPEST)
    except fast_json.JSONError:  # deeper than that
        value = {}
    for text in _TEXTS:
        made = _Copy(limit - len(note.encode()) - len(member or ""), text).top(value)
        if member is not None and isinstance(made, dict):
            made[member] = f"{made.get(member, '')} {note}".lstrip()
        written = fast_json.encode(made)
        if len(written) <= limit:
            return written
    return b"[]" if isinstance(value, list) else b"{}"


class _Copy:
    """Copies values while there is room."""

    def __init__(self, room: int, text: int) -> None:
        self.room = room
        self.text = text

    def top(self, value: object) -> t.Any:
        """Copy the whole; what is short goes first, so that long members do not take its room."""
        if not isinstance(value, dict):
            return self.of(value)
        made = self.of(dict(sorted(value.items(), key=lambda item: isinstance(item[1], (dict, list)))))
        return {name: made[name] for name in value if name in made}

    def of(self, value: object) -> t.Any:
        if isinstance(value, dict):
            self.room -= 3
            made: dict[str, object] = {}
            for name, member in value.items():
                self.room -= len(fast_json.encode(name)) + 2
                if self.room <= 0:
                    break
                made[name] = self.of(member)
            return made
        if isinstance(value, list):
            self.room -= 3
            items: list[object] = []
            for item in value:
                if self.room <= 0:
                    break
                items.append(self.of(item))
            return items
        if isinstance(value, str):
            value = shown(value, self.text)
        self.room -= len(fast_json.encode(value)) + 1
        return value

"""A text of the framework: its English form, and the key and the values that it is made of.

Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing as t

from ._english import ENGLISH


class MessageText(str):
    """A text of the framework for customers. It is the English text everywhere, until ``app.texts`` gives another.

    Make one with :func:`message`.
    """

    __slots__ = ("source", "values")

    source: str
    """The key of the text, or its template in English; empty for a text that is its own template."""
    values: cabc.Mapping[str, object]
    """The values of the placeholders."""

    def __new__(cls, text: str, source: str = "", values: cabc.Mapping[str, object] | None = None) -> t.Self:
        made = str.__new__(cls, text)
        made.source = source
        made.values = values or {}
        return made


def message(key: str, /, **values: object) -> MessageText:
    """Return the text of a key.

    :param key: A key of the catalogue, like ``"headers.etag"``.
    :param values: The values of its placeholders. A value may be such a text itself.
    :raises KeyError: The catalogue has no such key.
    """
    template = ENGLISH[key]
    return MessageText(template.format(**values) if values else template, key, values)


def listed(names: cabc.Iterable[str], word: t.Literal["and", "or"] = "or") -> str:
    """Return one name or more as a phrase, like ``a or b or c``."""
    return functools.reduce(lambda rest, last: message(f"list.{word}", rest=rest, last=last), names)


def sentences(first: str, second: str) -> str:
    """Return two texts as one; an empty one is left out."""
    return message("list.sentences", first=first, second=second) if first and second else first or second

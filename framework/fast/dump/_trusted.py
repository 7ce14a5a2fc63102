"""Write instances of a class as they are, where that is what its schema would write; and keep looking whether it is.

Of each thousand answers one is written by the schema too. A difference is logged, and from then on the schema writes.
Not here: whether a class and its schema agree (which is found out before).
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import logging
import typing as t

import marshmallow as ma
import msgspec

from .. import _compare as compare
from .. import json as fast_json
from ._dumper import JSONWriter, json_dumper

logger = logging.getLogger("framework.fast")

SAMPLED: t.Final = 1_000
"""One of so many answers is written by the schema, too."""

_UNWRITABLE: t.Final = (TypeError, ValueError, RecursionError, AttributeError)


def trusted_encoder(
    schema: ma.Schema,
    model: type,
    inner: cabc.Sequence[type] = (),
    doubts: cabc.Sequence[cabc.Callable[[bytes], bool]] = (),
    *,
    checked: bool = False,
    comparing: bool = False,
    strict: bool = False,
) -> JSONWriter:
    """Give a function that writes instances of a class as JSON text.

    What is not exactly an instance of the class, or not a list of such, is written by the schema: a subclass has
    members that the class does not know. So is everything once a class within it has subclasses.

    :param schema: The schema of the class, whose own ``many`` holds.
    :param model: The class.
    :param inner: The classes of its members.
    :param doubts: Each finds in a text what the schema may write in another way.
    :param checked: As in :func:`json_dumper`.
    :param comparing: Do it both ways each time, answer what the schema writes, and log every difference.
    :param strict: Do it both ways each time, and raise for a difference: for tests.
    :return: A function of one argument, the instance or a list.
    """
    usual = json_dumper(schema, checked=checked)
    encode = msgspec.json.Encoder().encode
    many = bool(schema.many)
    left = 0
    is_trusted = True

    def to_json(value: t.Any) -> bytes:
        nonlocal left
        if many:
            if type(value) is not list or not value or type(value[0]) is not model or not is_trusted:
                return usual(value)
            # PERF: looking at each of 100 objects takes 4 us, and most classes have no subclasses.
            if model.__subclasses__() and list(map(type, value)).count(model) != len(value):
                return usual(value)
        elif type(value) is not model or not is_trusted:
            return usual(value)
        for cls in inner:
            if cls.__subclasses__():  # an instance of one may be anywhere, with members that the class does not know
                return usual(value)
        try:
            text = encode(value)
        except _UNWRITABLE:
            return usual(value)
        for is_doubtful in doubts:
            if is_doubtful(text):
                return usual(value)
        if left <= 0:
            return sampled(value, text)
        left -= 1
        return text

    def sampled(value: object, text: bytes) -> bytes:
        nonlocal left, is_trusted
        left = 0 if strict else SAMPLED - 1
        try:
            wanted = usual(value)
        except Exception:
            is_trusted = False  # what the schema refuses once, it refuses from now on
            raise
        if wanted == text or fast_json.decode(wanted) == fast_json.decode(text):
            return text
        where = ".".join(map(str, difference(fast_json.decode(wanted), fast_json.decode(text)))) or "the whole"
        problem = (
            f"A trusted {model.__name__} is not what its annotations say: its schema writes another value for {where}."
        )
        if strict:
            raise TypeError(f"{problem} Give the member a value of its type, or leave 'trusted' out.")
        is_trusted = False
        logger.error("%s Its answers are written by the schema from now on.", problem)
        return wanted

    def both(value: object) -> bytes:
        return compare.run("write a trusted object", schema, usual, to_json, value)

    return both if comparing else to_json


def difference(one: object, other: object) -> list[str | int]:
    """Return the path to the first difference of two JSON values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *other]:
            if key not in one or key not in other:
                return [key]
            if one[key] != other[key]:
                return [key, *difference(one[key], other[key])]
    if isinstance(one, list) and isinstance(other, list):
        for index, (left, right) in enumerate(zip(one, other, strict=False)):
            if left != right:
                return [index, *difference(left, right)]
    return []

"""Run marshmallow and the generated functions side by side, and log where they differ.

For a staging system: the answer is always marshmallow's. Users' hooks, validators and properties run twice.

Knows values and exceptions; knows nothing of how either side works.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import logging
import math
import typing as t

import marshmallow as ma

from ..issues import ErrorText

logger = logging.getLogger("framework.fast")

_Outcome = tuple[str, object]

Transform: t.TypeAlias = cabc.Callable[[t.Any], t.Any]
"""A loader, which makes an object of data, or a dumper, which makes data of an object."""
_R = t.TypeVar("_R")


def run(
    what: str,
    schema: ma.Schema,
    reference: cabc.Callable[[t.Any], _R],
    generated: cabc.Callable[[t.Any], object],
    value: object,
) -> _R:
    """Do the same in both ways and log a warning when the outcomes are not the same.

    :param what: The word for the log, such as ``"load"``.
    :return: What ``reference`` returns; what it raises is raised.
    """
    error: BaseException | None = None
    try:
        result = reference(value)
        expected: _Outcome = ("value", result)
    except Exception as raised:  # noqa: BLE001
        error = raised
        expected = ("error", raised)
    try:
        found: _Outcome = ("value", generated(value))
    except Exception as raised:  # noqa: BLE001
        found = ("error", raised)
    if not is_same(expected, found):
        logger.warning(
            "Generated code differs from marshmallow: %s with %r gave %s %r instead of %s %r.",
            what,
            schema,
            *found,
            *expected,
        )
    if error is not None:
        raise error
    return result


def is_same(one: t.Any, other: t.Any) -> bool:
    """Return whether two values are equal in type, value and order of members, all the way down.

    NaN is the same as NaN. Messages are the same when their codes and params are too. Exceptions are the same when
    their class, arguments, messages and valid data are.
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, cabc.Mapping):
        pairs = zip(one.items(), other.items(), strict=False)
        return len(one) == len(other) and all(is_same(key, k) and is_same(value, v) for (key, value), (k, v) in pairs)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other) and (one == other or math.isnan(one))
    if isinstance(one, ErrorText):
        return (str(one), one.code, one.params) == (str(other), other.code, other.params)
    if isinstance(one, ma.ValidationError):
        return is_same((one.messages, one.valid_data, one.data), (other.messages, other.valid_data, other.data))
    if isinstance(one, BaseException):
        return str(one) == str(other)
    return one is other or bool(one == other) or repr(one) == repr(other)

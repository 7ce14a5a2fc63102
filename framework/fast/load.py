"""Turn a schema into a function that loads: ``loader(schema)`` is ``schema.load``.

Knows marshmallow schemas; knows nothing of requests or of JSON text.
Floor 1: imports nothing of the framework yet.
"""

from __future__ import annotations

import typing as t
import collections.abc as cabc

if t.TYPE_CHECKING:
    from marshmallow import Schema


def loader(schema: Schema, *, fast: bool = True) -> cabc.Callable[[t.Any], t.Any]:
    """Give a function that loads data as ``schema.load`` does.

    :param schema: the instance whose own ``many``, ``partial`` and ``unknown`` hold.
    :param fast: ``False`` lets marshmallow do the work.
    :return: a function of one argument, the data; it raises
        :exc:`marshmallow.ValidationError` as ``schema.load`` raises it.
    """
    return schema.load

"""Turn a schema into a function that dumps: to what ``schema.dump`` gives, or straight to JSON bytes.

Knows marshmallow schemas; knows nothing of requests.
Floor 1: imports ``fast.wire``.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import typing as t

if t.TYPE_CHECKING:
    from marshmallow import Schema


def dumper(schema: Schema, *, fast: bool = True) -> cabc.Callable[[t.Any], t.Any]:
    """Give a function that dumps an object as ``schema.dump`` does.

    :param schema: the instance whose own ``many`` holds.
    :param fast: ``False`` lets marshmallow do the work.
    :return: a function of one argument, the object (a collection for ``many``); it returns a dict or a list.
    """
    return schema.dump


def wire_dumper(schema: Schema, *, fast: bool = True) -> cabc.Callable[[t.Any], bytes]:
    """Give a function that dumps an object to JSON text.

    :param schema: the instance whose own ``many`` holds.
    :param fast: ``False`` lets marshmallow do the dumping.
    :return: a function of one argument, the object; it returns UTF-8 JSON, members in the order of the schema.
    """

    def to_wire(obj: t.Any) -> bytes:
        return json.dumps(schema.dump(obj), allow_nan=False, separators=(",", ":")).encode()

    return to_wire

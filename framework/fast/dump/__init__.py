"""Functions that dump objects by a schema, generated for it."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from . import _rows
    from ._dumper import JSONWriter as JSONWriter
    from ._dumper import checked_dumper as checked_dumper
    from ._dumper import dumper as dumper
    from ._dumper import json_dumper as json_dumper
    from ._dumper import prepare as prepare
    from ._plan import DumpPlan as DumpPlan
    from ._plan import JSONDumper as JSONDumper
    from ._reading import NOTHING as NOTHING
    from ._reading import is_collection as is_collection
    from ._reading import kind_of as kind_of
    from ._trusted import trusted_encoder as trusted_encoder
    from ._values import ENCODE as ENCODE

    rows = _rows
else:
    __getattr__ = lazy(
        __name__,
        {
            "_dumper": "JSONWriter checked_dumper dumper prepare json_dumper",
            "_plan": "DumpPlan JSONDumper",
            "_reading": "NOTHING is_collection kind_of",
            "_trusted": "trusted_encoder",
            "_values": "ENCODE",
        },
        "rows",
    )

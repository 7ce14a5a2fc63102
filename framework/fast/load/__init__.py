"""Functions that load data by a schema, generated for it."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._body import body_reader as body_reader
    from ._loader import loader as loader
    from ._loader import prepare as prepare
    from ._merging import apply_merge as apply_merge
    from ._merging import merge_schema as merge_schema
    from ._plan import LoadPlan as LoadPlan
else:
    __getattr__ = lazy(
        __name__,
        {
            "_body": "body_reader",
            "_loader": "loader prepare",
            "_merging": "apply_merge merge_schema",
            "_plan": "LoadPlan",
        },
    )

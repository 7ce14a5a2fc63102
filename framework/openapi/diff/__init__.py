"""The comparison of two OpenAPI documents: which changes break clients."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._changes import Change as Change
    from ._changes import Level as Level
    from ._diff import compare as compare
    from ._versions import Advice as Advice
    from ._versions import advice as advice
    from ._words import moved as moved
else:
    __getattr__ = lazy(
        __name__,
        {
            "_changes": "Change Level",
            "_diff": "compare",
            "_versions": "Advice advice",
            "_words": "moved",
        },
    )

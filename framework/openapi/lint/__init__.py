"""The lint of a document, and the check of an application's document."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._check import check as check
    from ._sources import Sources as Sources
else:
    __getattr__ = lazy(
        __name__,
        {
            "_check": "check",
            "_sources": "Sources",
        },
    )

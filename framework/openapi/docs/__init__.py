"""The documentation pages of an application."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from . import _pages

    pages = _pages
else:
    __getattr__ = lazy(
        __name__,
        {},
        "pages",
    )

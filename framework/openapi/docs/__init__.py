"""The documentation pages of an application."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from . import _pages
    from ._files import write_site as write_site

    pages = _pages
else:
    __getattr__ = lazy(
        __name__,
        {"_files": "write_site"},
        "pages",
    )

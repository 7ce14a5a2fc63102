"""Operations as tools for agents, by the Model Context Protocol of 2026-07-28.

Not here: the OpenAPI document, which clients that are programs read (``openapi``).
Floor 7.
"""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._mark import ToolMark as ToolMark
    from ._mark import tool as tool
    from ._server import ToolServer as ToolServer
    from ._server import check as check
    from ._server import serve as serve
    from ._tools import Tool as Tool
else:
    __getattr__ = lazy(
        __name__,
        {
            "_mark": "ToolMark tool",
            "_server": "ToolServer check serve",
            "_tools": "Tool",
        },
    )

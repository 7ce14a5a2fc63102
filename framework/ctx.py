"""The contexts, under the import path that Flask gives them; the room is :mod:`framework.context`.

Floor 3.
"""

from __future__ import annotations

from .context import Context as AppContext
from .context import Context as RequestContext
from .context import _AppCtxGlobals as _AppCtxGlobals
from .context import after_this_request as after_this_request
from .context import copy_current_request_context as copy_current_request_context
from .context import has_app_context as has_app_context
from .context import has_request_context as has_request_context

__all__ = [
    "AppContext",
    "RequestContext",
    "_AppCtxGlobals",
    "after_this_request",
    "copy_current_request_context",
    "has_app_context",
    "has_request_context",
]

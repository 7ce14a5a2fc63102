"""The names of the current context, under the import path that Flask gives them; the room is :mod:`framework.context`.

Floor 3.
"""

from __future__ import annotations

from .context import app_ctx as app_ctx
from .context import current_app as current_app
from .context import g as g
from .context import request as request
from .context import request_ctx as request_ctx
from .context import session as session

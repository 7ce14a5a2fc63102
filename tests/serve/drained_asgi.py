"""The application of ``drained`` for ASGI servers."""

from __future__ import annotations

from .drained import app

asgi = app.asgi

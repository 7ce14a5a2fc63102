"""The application for an ASGI server: ``uvicorn sample_api.asgi:asgi``. WSGI servers call ``sample_api:create_app()``.

Not here: settings, which come from the environment (``settings``).
"""

from __future__ import annotations

from . import create_app

asgi = create_app().asgi

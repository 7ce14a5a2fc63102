"""The needs of production: probes, a quiet end of each process, and the headers of the proxy."""

from __future__ import annotations

from werkzeug.middleware.proxy_fix import ProxyFix

from framework import App
from framework.serve import Draining, Health

from .database import db
from .settings import Settings


def init_app(app: App[Settings]) -> None:
    """Prepare an application for its server and its proxy."""
    Draining(app)
    Health(app, {"database": db.ping})
    proxies = app.settings.proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]

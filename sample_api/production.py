"""The needs of production: probes, a quiet end of each process, metrics, and the headers of proxies.

Not here: the access log, the deadline of requests and how many are answered at once, which are settings alone; servers
and their files (``deploy``).
"""

from __future__ import annotations

from werkzeug.middleware.proxy_fix import ProxyFix

from framework import App
from framework.observe import Metrics, Tracing
from framework.serve import Draining, Health
from framework.stores.redis import RedisStore

from .database import db
from .settings import Settings


def init_app(app: App[Settings]) -> None:
    """Prepare an application for its servers, balancers and watchers, after its settings have been read."""
    Draining(app)
    health = Health(app, {"database": db.ping})
    store_url = app.settings.store_url
    if store_url and not store_url.startswith("memory:"):
        # Without it nobody can log in, but everything else is answered: the process stays in the balancer.
        health.check("store", RedisStore(store_url), degrades=True)

    Tracing(app)  # where the server sets a provider of OpenTelemetry
    if app.config["METRICS_PATH"]:
        metrics = Metrics(app)
        app.on_startup(lambda: metrics.watch_pool(db.engine_of(app), "main"))

    proxies = app.settings.proxies
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=0
        )

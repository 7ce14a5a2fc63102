"""Equipment booking: an API by which a team shares cameras, lights and microphones."""

from __future__ import annotations

from framework import App, public, requires, security_headers
from framework.webhooks import Deliverer

from . import bookings, events, items, photos, production, users
from .database import db
from .settings import Settings, settings
from .versions import api


def create_app() -> App[Settings]:
    """Make the application."""
    app = App(__name__, settings=settings, static_folder=None, marks=[requires(users.scheme), security_headers()])
    app.config.update(
        API_TITLE="Equipment booking",
        API_DESCRIPTION="Cameras, lights and microphones that a team shares.",
        API_CONTACT={"name": "The team of the studio"},
        API_LICENSE={"name": "MIT", "identifier": "MIT"},
        DOCS_MARKS=[public],
        SILENCED_CHECKS={"docs-public": "The document of the API is for all teams."},
    )
    api.mount(app, items.router, bookings.router, events.router, photos.router)
    app.register_router(users.router)
    app.register_router(users.tokens)
    for webhook in events.webhooks.values():
        app.add_webhook(webhook)
    Deliverer(events.outbox, lambda: db.engine_of(app), transport=events.transport).init_app(app)
    production.init_app(app)
    return app

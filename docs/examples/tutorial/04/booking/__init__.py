"""Equipment booking: an API by which a team shares cameras, lights and microphones."""

from __future__ import annotations

from framework import App, public, requires

from . import bookings, items, users
from .settings import Settings, settings


def create_app() -> App[Settings]:
    """Make the application."""
    app = App(__name__, settings=settings, marks=[requires(users.scheme)])
    app.config.update(
        API_TITLE="Equipment booking",
        API_DESCRIPTION="Cameras, lights and microphones that a team shares.",
        API_CONTACT={"name": "The team of the studio"},
        API_LICENSE={"name": "MIT", "identifier": "MIT"},
        DOCS_MARKS=[public],
    )
    app.register_router(items.router)
    app.register_router(bookings.router)
    app.register_router(users.router)
    app.register_router(users.tokens)
    return app

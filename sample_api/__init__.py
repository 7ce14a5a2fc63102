"""Conduit, the RealWorld blogging API, as an example of a whole application.

Here: the application factory, which puts the modules together. Each topic of the API has a module of its own
(``users``, ``profiles``, ``articles``, ``favorites``, ``comments``, ``tags``); what they share stands beside them.
"""

from __future__ import annotations

import collections.abc as cabc

from framework import CORS, App, Router, security_headers
from framework.serve import compression

from . import (
    articles,
    comments,
    converters,
    database,
    demo,
    errors,
    favorites,
    production,
    profiles,
    settings,
    tags,
    users,
)


def create_app(config: cabc.Mapping[str, object] | None = None) -> App[settings.Settings]:
    """Make the application.

    :param config: Settings that win over the environment and the defaults, see ``settings``.
    :return: A new application; its database is opened by the first request or command that needs it.
    """
    # Users are known by a header that a front end's own code sets, never by a cookie: pages of any origin may call.
    found = settings.read(config or {})
    cors = CORS(found.cors_origins, headers=("Authorization", "Content-Type"), max_age=7200)
    app = App(__name__, static_folder=None, marks=[cors, security_headers(), compression()], settings=found)
    settings.init_app(app, config or {})
    converters.init_app(app)
    errors.init_app(app)
    demo.init_app(app)

    api = Router("api", __name__, url_prefix="/api")
    database.init_app(app, api)
    for topic in (users, profiles, articles, favorites, comments, tags):
        api.register_router(topic.router)
    app.register_router(api)
    production.init_app(app)
    return app

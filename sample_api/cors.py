"""CORS: a browser front end on another origin may use the API.

Users are known by a header that the front end's own code sets, never by a cookie, so credentials are not allowed and
any origin may be: a page of somebody else gets nothing that a command line would not get. See
https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

import re

from framework import App, Response, current_app, request

HEADERS = "Authorization, Content-Type"
MAX_AGE = "7200"  # seconds; no browser remembers the answer to a preflight for longer


def init_app(app: App) -> None:
    """Send the headers with every answer, errors included."""
    app.after_request(add_headers)


def add_headers(response: Response) -> Response:
    """Say which origins may read the answer; to a preflight also what they may send."""
    allowed = allowed_origins(current_app.config["CORS_ORIGINS"])
    if "*" in allowed:
        response.headers["Access-Control-Allow-Origin"] = "*"
    else:
        # The answer depends on who asks: a cache must keep them apart.
        response.vary.add("Origin")
        if request.origin not in allowed:
            return response
        response.headers["Access-Control-Allow-Origin"] = request.origin
    if (
        request.method == "OPTIONS"
        and "Access-Control-Request-Method" in request.headers
        and "Allow" in response.headers
    ):
        response.headers["Access-Control-Allow-Methods"] = response.headers["Allow"]
        response.headers["Access-Control-Allow-Headers"] = HEADERS
        response.headers["Access-Control-Max-Age"] = MAX_AGE
    return response


def allowed_origins(setting: str) -> frozenset[str]:
    """The origins in the setting: ``*``, or several separated by spaces or commas."""
    return frozenset(filter(None, re.split(r"[\s,]+", setting)))

"""Parts of an address."""

from __future__ import annotations

from werkzeug.routing import BaseConverter

from framework import App


class TextConverter(BaseConverter):
    """One segment of text, without the character NUL: no slug and no username has it, and PostgreSQL refuses it."""

    regex = r"[^/\x00]+"
    part_isolating = True  # one segment, although the pattern speaks of the slash


def init_app(app: App) -> None:
    """Let rules say ``<text:name>``."""
    app.url_map.converters["text"] = TextConverter

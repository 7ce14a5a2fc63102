"""Parts of an address."""

from __future__ import annotations

from werkzeug.routing import BaseConverter

from framework import App

from .slugs import RESERVED


class TextConverter(BaseConverter):
    """One segment of text, without the character NUL: no slug and no username has it, and PostgreSQL refuses it."""

    regex = r"[^/\x00]+"
    part_isolating = True  # one segment, although the pattern speaks of the slash


class SlugConverter(TextConverter):
    """A slug of an article: any text but the words that are addresses of their own, which no article has."""

    regex = rf"(?!(?:{'|'.join(sorted(RESERVED))})(?:/|$)){TextConverter.regex}"


def init_app(app: App) -> None:
    """Let rules say ``<text:name>`` and ``<slug:name>``."""
    app.url_map.converters["text"] = TextConverter
    app.url_map.converters["slug"] = SlugConverter

"""Slugs: the part of an article's address that is made of its title."""

from __future__ import annotations

import re
import secrets
import unicodedata

from .models import SLUG_LENGTH

RESERVED = frozenset({"feed"})  # GET /api/articles/feed is another resource
SUFFIX_BYTES = 3


def slugify(title: str) -> str:
    """Words of a title in small ASCII letters and digits, with dashes between.

    A title of other scripts alone has nothing that could be kept; its slug is ``article``, and a suffix tells it
    from its like.
    """
    # NFKD takes letters apart from their accents; the encoding then drops the accents.
    text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii").lower()
    words = re.sub(r"[^a-z0-9]+", "-", text.replace("'", ""))
    # Room for the suffix is left at the end.
    slug = words.strip("-")[: SLUG_LENGTH - 2 * SUFFIX_BYTES - 1].strip("-") or "article"
    return with_suffix(slug) if slug in RESERVED else slug


def with_suffix(slug: str) -> str:
    """The slug with a random suffix, for a title that somebody else has used before.

    Random and not counted up: one try is nearly always enough, however many articles have that title.
    """
    return f"{slug}-{secrets.token_hex(SUFFIX_BYTES)}"

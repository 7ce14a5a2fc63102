"""Slugs."""

from __future__ import annotations

import re

import pytest

from sample_api.models import SLUG_LENGTH
from sample_api.slugs import slugify, with_suffix


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("How to train your dragon", "how-to-train-your-dragon"),
        ("  Did you -- train? ", "did-you-train"),
        ("Crème brûlée à l'orange", "creme-brulee-a-lorange"),
        ("HTTP/1.1 & HTTP/2", "http-1-1-http-2"),
        ("100 %", "100"),
        ("ドラゴン", "article"),
        ("!!!", "article"),
    ],
)
def test_slugify(title, slug):
    """A slug has the words of the title in small ASCII letters and digits."""
    assert slugify(title) == slug


def test_a_slug_and_its_suffix_fit_into_the_column():
    """However long a title is, its slug can take a suffix."""
    slug = slugify("word " * 40)

    assert len(with_suffix(slug)) <= SLUG_LENGTH
    assert not slug.endswith("-")


def test_a_suffix_is_another_each_time():
    """Two articles of one title get two suffixes."""
    assert re.fullmatch(r"title-[0-9a-f]{6}", with_suffix("title"))
    assert with_suffix("title") != with_suffix("title")


def test_reserved_words_are_no_slugs():
    """``feed`` alone is the address of the feed."""
    assert slugify("Feed") != "feed"
    assert slugify("Feed the dragon") == "feed-the-dragon"

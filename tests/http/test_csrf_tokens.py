"""CSRF tokens and what browsers say about origins, without an application."""

from __future__ import annotations

import pytest

from framework.http.csrf import is_own_page, is_token, make_token

OWN = "https://api.example.org"
FRIEND = "https://app.example.org"


def test_a_token_fits_what_it_is_bound_to():
    """A token is good with the key and the value it was made with, and with nothing else."""
    token = make_token("key", "cookie")

    assert is_token(["key"], token, "cookie")
    assert is_token(["new", b"key"], token, "cookie")
    assert not is_token(["key"], token, "another cookie")
    assert not is_token(["another key"], token, "cookie")
    assert not is_token([], token, "cookie")


def test_no_two_tokens_are_alike():
    """Two tokens for one value have nothing in common."""
    one, two = make_token("key", "cookie"), make_token("key", "cookie")

    assert one != two
    assert one[:10] != two[:10]
    assert is_token(["key"], one, "cookie")
    assert is_token(["key"], two, "cookie")


def test_every_changed_character_is_noticed():
    """A token with any one character changed is refused."""
    token = make_token("key", "cookie")
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]

        assert not is_token(["key"], changed, "cookie")


@pytest.mark.parametrize(
    "text", ["", "x", "=" * 64, "é" * 64, "x" * 63, "x" * 65, "x" * 10_000, "\ud800" * 64, " " * 64]
)
def test_what_is_no_token(text):
    """Any other text is refused."""
    assert not is_token(["key"], text, "cookie")


def test_a_value_of_any_text_can_be_bound():
    """Cookies hold what they like."""
    assert is_token(["key"], make_token("key", "ä\ud800"), "ä\ud800")


@pytest.mark.parametrize(
    ("site", "origin", "passes"),
    [
        (None, None, True),
        ("same-origin", OWN, True),
        ("same-origin", None, True),
        ("same-origin", "http://behind.a.proxy", True),
        ("none", None, True),
        ("same-site", None, False),
        ("cross-site", None, False),
        ("cross-site", "https://evil.example", False),
        ("same-site", "https://evil.example.org", False),
        ("same-site", FRIEND, True),
        ("cross-site", FRIEND, True),
        (None, OWN, True),
        (None, "HTTPS://API.example.org", True),
        (None, "http://api.example.org", False),
        (None, "https://api.example.org:8443", False),
        (None, "https://api.example.org.evil.example", False),
        (None, "null", False),
        ("cross-site", "null", False),
        ("nonsense", None, False),
        (None, "", False),
    ],
)
def test_pages_of_others(site, origin, passes):
    """A page passes that is of this origin or of a trusted one, and a client that says nothing."""
    assert is_own_page(site, origin, OWN, {FRIEND}) is passes

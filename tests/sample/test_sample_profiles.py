"""Profiles, and following."""

from __future__ import annotations

import pytest

from tests.sample import shapes


def test_a_profile_is_open_to_everybody(nobody, jake):
    """GET /profiles/{username} needs no token."""
    jake.put("/user", {"user": {"bio": "I work at statefarm", "image": "https://example.com/jake.jpg"}})

    reply = nobody.get("/profiles/jake")

    assert reply.status_code == 200
    assert shapes.is_profile_answer(reply.json)
    assert reply.json["profile"] == {
        "username": "jake",
        "bio": "I work at statefarm",
        "image": "https://example.com/jake.jpg",
        "following": False,
    }


def test_follow_and_unfollow(nobody, jake, anna):
    """Following shows in the profile, for the one who follows alone."""
    reply = jake.post("/profiles/anna/follow")

    assert reply.status_code == 200
    assert shapes.is_profile_answer(reply.json)
    assert reply.json["profile"] == {"username": "anna", "bio": None, "image": None, "following": True}
    assert jake.get("/profiles/anna").json["profile"]["following"] is True
    assert anna.get("/profiles/jake").json["profile"]["following"] is False
    assert nobody.get("/profiles/anna").json["profile"]["following"] is False

    reply = jake.delete("/profiles/anna/follow")

    assert reply.status_code == 200
    assert shapes.is_profile_answer(reply.json)
    assert reply.json["profile"]["following"] is False
    assert jake.get("/profiles/anna").json["profile"]["following"] is False


@pytest.mark.parametrize(("method", "following"), [("POST", True), ("DELETE", False)])
def test_to_do_it_twice_changes_nothing(jake, anna, method, following):
    """Following somebody who is followed, and the other way round, is the same 200."""
    first = jake.call(method, "/profiles/anna/follow")
    second = jake.call(method, "/profiles/anna/follow")

    assert first.status_code == second.status_code == 200
    assert first.json == second.json
    assert second.json["profile"]["following"] is following


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/profiles/ghost"), ("POST", "/profiles/ghost/follow"), ("DELETE", "/profiles/ghost/follow")],
)
def test_an_unknown_user_is_404(jake, method, path):
    """Nobody of that name: 404 in the shape of the specification."""
    reply = jake.call(method, path)

    assert reply.status_code == 404
    assert reply.json == {"errors": {"profile": ["not found"]}}


def test_odd_names_are_404(jake):
    """A name that nobody can have is 404, whatever is in it."""
    for name in ("%00", "a%00b", "%FF", "%F0%9F%98%80", "x" * 3000, "'%20OR%201=1", "%2e%2e"):
        assert jake.get(f"/profiles/{name}").status_code == 404, name
        assert jake.post(f"/profiles/{name}/follow").status_code == 404, name

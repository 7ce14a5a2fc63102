"""Comments."""

from __future__ import annotations

import pytest

from tests.sample import shapes


@pytest.fixture
def slug(jake):
    """An article."""
    return jake.publish()["slug"]


def test_comment(slug, anna):
    """Creating a comment is 200, not 201, and gives the comment."""
    reply = anna.post(f"/articles/{slug}/comments", {"comment": {"body": "His name was my name too."}})

    assert reply.status_code == 200
    assert shapes.is_comment_answer(reply.json)
    comment = reply.json["comment"]
    assert comment["body"] == "His name was my name too."
    assert comment["author"] == {"username": "anna", "bio": None, "image": None, "following": False}
    assert comment["createdAt"] == comment["updatedAt"]
    assert anna.get(f"/articles/{slug}/comments").json == {"comments": [comment]}


def test_list_newest_first(slug, jake, anna, nobody):
    """GET comments needs no token and gives the newest first."""
    written = [person.comment(slug, f"Number {number}")["id"] for number, person in enumerate([jake, anna, jake])]

    reply = nobody.get(f"/articles/{slug}/comments")

    assert reply.status_code == 200
    assert shapes.is_comments_answer(reply.json)
    assert [comment["id"] for comment in reply.json["comments"]] == written[::-1]


def test_list_shows_whom_the_reader_follows(slug, jake, anna):
    """following is that of the one who asks."""
    anna.comment(slug)
    jake.comment(slug)
    jake.post("/profiles/anna/follow")

    comments = jake.get(f"/articles/{slug}/comments").json["comments"]

    assert [(c["author"]["username"], c["author"]["following"]) for c in comments] == [("jake", False), ("anna", True)]


def test_comments_belong_to_their_article(slug, jake, nobody):
    """An article shows its own comments only."""
    other = jake.publish("Another")["slug"]
    jake.comment(other)

    assert nobody.get(f"/articles/{slug}/comments").json == {"comments": []}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"comment": {}}, "body"),
        ({"comment": {"body": ""}}, "body"),
        ({"comment": {"body": "\n "}}, "body"),
        ({"comment": {"body": None}}, "body"),
        ({"comment": {"body": 1}}, "body"),
        ({"comment": {"body": "\x00"}}, "body"),
        ({"comment": {"body": "x" * 10_001}}, "body"),
        ({"comment": {"body": "x", "id": 5}}, "id"),
        ({}, "comment"),
    ],
)
def test_bad_comments_are_422(slug, anna, body, named):
    """A comment without text, or with unknown members, is a 422."""
    reply = anna.post(f"/articles/{slug}/comments", body)

    assert reply.status_code == 422
    assert shapes.is_errors_answer(reply.json)
    assert list(reply.json["errors"]) == [named]


def test_delete(slug, anna):
    """Deleting one's own comment is 204 without a body; to do it again is 404."""
    number = anna.comment(slug)["id"]

    reply = anna.delete(f"/articles/{slug}/comments/{number}")

    assert reply.status_code == 204
    assert reply.data == b""
    assert anna.get(f"/articles/{slug}/comments").json == {"comments": []}
    assert anna.delete(f"/articles/{slug}/comments/{number}").status_code == 404


def test_only_its_author_may_delete(slug, jake, anna):
    """Not even the author of the article may delete a comment of somebody else: 403."""
    number = anna.comment(slug)["id"]

    reply = jake.delete(f"/articles/{slug}/comments/{number}")

    assert reply.status_code == 403
    assert reply.json == {"errors": {"author": ["is somebody else"]}}
    assert len(jake.get(f"/articles/{slug}/comments").json["comments"]) == 1


def test_a_comment_is_found_under_its_own_article_only(slug, jake, anna):
    """The address of a comment has the slug of its article."""
    other = jake.publish("Another")["slug"]
    number = anna.comment(slug)["id"]

    reply = anna.delete(f"/articles/{other}/comments/{number}")

    assert reply.status_code == 404
    assert reply.json == {"errors": {"comment": ["not found"]}}


@pytest.mark.parametrize("number", ["0", "99999", "2147483647", "2147483648", "9" * 40, "-1", "x", "1.0", "%00"])
def test_unknown_comments_are_404(slug, anna, number):
    """A number that no comment has, or that is not a number, is 404."""
    assert anna.delete(f"/articles/{slug}/comments/{number}").status_code == 404

"""No query per row: the number of SQL statements does not depend on the number of rows."""

from __future__ import annotations

import contextlib

import pytest
import sqlalchemy as sa

from sample_api.database import db


@pytest.fixture
def statements(app):
    """Count the statements of a block, those of transactions apart."""

    @contextlib.contextmanager
    def count():
        seen = []

        def note(connection, cursor, statement, parameters, context, executemany):
            if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
                seen.append(statement)

        engine = db.engine_of(app)
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)

    return count


@pytest.fixture
def busy(register):
    """Five users who have written, tagged, liked, followed and commented; the first of them."""
    people = [register(f"user{number}") for number in range(5)]
    for number in range(20):
        author = people[number % 5]
        slug = author.publish(f"Article {number}", tagList=["all", f"tag{number}", f"mod{number % 3}"])["slug"]
        for reader in people[: number % 5]:
            reader.post(f"/articles/{slug}/favorite")
    for number in range(20):
        people[number % 5].comment("article-0", f"Comment {number}")
    for person in people[1:]:
        people[0].post(f"/profiles/{person.name}/follow")
    return people[0]


READING = [
    ("/articles", 4),  # the user of the token, the count, the articles with their authors, their tags
    ("/articles?tag=all&author=user1&favorited=user0", 4),
    ("/articles/feed", 4),
    ("/articles/article-0", 3),
    ("/articles/article-0/comments", 3),
    ("/profiles/user1", 2),
    ("/tags", 1),
    ("/user", 1),
]


def test_reading_takes_a_constant_number_of_statements(busy, statements):
    """However many rows there are to read, it takes these few statements."""
    for path, most in READING:
        with statements() as seen:
            reply = busy.get(path)

        assert reply.status_code == 200
        assert 0 < len(seen) <= most, (path, seen)


def test_a_list_takes_the_same_number_whatever_its_length(busy, statements):
    """A list of 20 articles with authors, tags and favorites takes as many statements as a list of one."""
    for limit in (1, 5, 20):
        with statements() as seen:
            reply = busy.get(f"/articles?limit={limit}")

        assert len(reply.json["articles"]) == limit
        assert len(seen) == 4


def test_a_list_does_not_read_bodies(busy, statements):
    """Bodies are long and lists do not show them, so they are not fetched."""
    with statements() as seen:
        busy.get("/articles")

    assert not any("articles.body" in statement for statement in seen)


WRITING = [
    ("POST", "/articles", {"article": {"title": "t", "description": "d", "body": "b", "tagList": list("abc")}}, 5),
    ("PUT", "/articles/article-0", {"article": {"title": "New"}}, 7),
    ("PUT", "/articles/article-5", {"article": {"body": "New"}}, 5),
    ("DELETE", "/articles/article-5", None, 3),
    ("POST", "/articles/article-1/favorite", None, 6),
    ("DELETE", "/articles/article-1/favorite", None, 5),
    ("POST", "/articles/article-1/comments", {"comment": {"body": "x"}}, 4),
    ("DELETE", "/profiles/user1/follow", None, 3),
    ("POST", "/profiles/user1/follow", None, 3),
    ("PUT", "/user", {"user": {"bio": "x"}}, 3),  # the user of the token, the row to change, the change
]


def test_writing_takes_few_statements(busy, statements):
    """Writing, and showing what was written, takes a handful of statements."""
    for method, path, body, most in WRITING:
        with statements() as seen:
            reply = busy.call(method, path, body)

        assert reply.status_code < 300, reply.text
        assert len(seen) <= most, (path, seen)

"""Requests at the same time: the database decides, and nobody gets a 500."""

from __future__ import annotations

import threading

import pytest

from sample_api.database import db
from tests.sample.conftest import Person

THREADS = 6


@pytest.fixture
def at_once(app):
    """Call functions in threads that all start at the same moment; each gets a client of its own."""

    def run(*functions):
        barrier = threading.Barrier(len(functions), timeout=30)
        results = [None] * len(functions)

        def work(number, function):
            client = app.test_client()
            barrier.wait()
            results[number] = function(client)

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return results

    return run


def together(app):
    """Return a function that waits, once in each thread, until two threads call it; on SQLite, where transactions that
    write are one after the other, it does not wait."""
    parties = 1 if db.engine_of(app).dialect.name == "sqlite" else 2
    barrier, mine = threading.Barrier(parties, timeout=30), threading.local()

    def wait():
        if not getattr(mine, "has_waited", False):
            mine.has_waited = True
            barrier.wait()

    return wait


def statuses(results):
    """The status codes, sorted."""
    return sorted(reply.status_code for reply in results)


@pytest.mark.parametrize("number", range(3))
def test_two_registrations_of_one_name(nobody, at_once, number):
    """One of them is 201, all others are 422 and name the username."""

    def register(email):
        user = {"username": "jake", "email": email, "password": "jakejake"}
        return lambda client: Person(client).post("/users", {"user": user})

    results = at_once(*(register(f"jake{n}@example.com") for n in range(THREADS)))

    assert statuses(results) == [201] + [422] * (THREADS - 1)
    for reply in results:
        if reply.status_code == 422:
            assert reply.json == {"errors": {"username": ["has already been taken"]}}


def test_two_registrations_pass_the_check_together(app, nobody, at_once, monkeypatch):
    """Also when both have found the name free before either was written, one is 201 and one 422.

    On SQLite the second one checks when the first one has been written.
    """
    from sample_api import users

    real, both = users.refuse_taken, together(app)

    def refuse_and_wait(*args, **kwargs):
        real(*args, **kwargs)
        both()

    monkeypatch.setattr(users, "refuse_taken", refuse_and_wait)
    user = {"username": "jake", "email": "jake@example.com", "password": "jakejake"}

    results = at_once(*[lambda client: Person(client).post("/users", {"user": user})] * 2)

    assert statuses(results) == [201, 422]
    (refused,) = [reply for reply in results if reply.status_code == 422]
    assert set(refused.json["errors"]) == {"username", "email"}


def test_two_users_take_one_name(jake, anna, at_once):
    """Two changes to one new username: one 200, one 422."""

    def rename(person):
        return lambda client: Person(client, token=person.token).put("/user", {"user": {"username": "carl"}})

    assert statuses(at_once(rename(jake), rename(anna))) == [200, 422]


def test_articles_of_one_title(jake, at_once):
    """Articles of one title at the same time are all published, each under its own slug."""

    def publish(client):
        article = {"title": "Same", "description": "d", "body": "b", "tagList": ["x", "y"]}
        return Person(client, token=jake.token).post("/articles", {"article": article})

    results = at_once(*[publish] * THREADS)

    assert statuses(results) == [201] * THREADS
    assert len({reply.json["article"]["slug"] for reply in results}) == THREADS


@pytest.mark.parametrize("path", ["/articles/same/favorite", "/profiles/anna/follow"])
def test_the_same_wish_several_times(jake, anna, at_once, path):
    """To like or follow several times at once is 200 each time, and counts once."""
    jake.publish("Same")

    results = at_once(*[lambda client: Person(client, token=jake.token).post(path)] * THREADS)

    assert statuses(results) == [200] * THREADS
    assert jake.get("/articles/same").json["article"]["favoritesCount"] in (0, 1)


def test_two_follows_pass_the_check_together(app, jake, anna, at_once, monkeypatch):
    """Also when both have found that nobody follows before either was written, both are 200."""
    from sample_api import profiles

    real, both = profiles.profile_view, together(app)

    def wait_and_view(*args, **kwargs):
        # Called after the check and before the insert.
        both()
        return real(*args, **kwargs)

    monkeypatch.setattr(profiles, "profile_view", wait_and_view)

    results = at_once(*[lambda client: Person(client, token=jake.token).post("/profiles/anna/follow")] * 2)

    assert statuses(results) == [200, 200]
    assert all(reply.json["profile"]["following"] for reply in results)


def test_an_article_that_is_deleted_meanwhile(jake, anna, at_once):
    """Whoever comments on, likes, changes or deletes an article that goes away gets an answer or a 404, no 500."""
    for number in range(5):
        slug = jake.publish(f"Gone {number}")["slug"]

        def act(method, path, body=None, token=jake.token, slug=slug):
            return lambda client: Person(client, token=token).call(method, f"/articles/{slug}{path}", body)

        results = at_once(
            act("DELETE", ""),
            act("DELETE", ""),
            act("PUT", "", {"article": {"body": "new"}}),
            act("POST", "/comments", {"comment": {"body": "x"}}, token=anna.token),
            act("POST", "/favorite", token=anna.token),
            act("DELETE", "/favorite", token=anna.token),
        )

        assert set(statuses(results)) <= {200, 204, 404}
        assert jake.get(f"/articles/{slug}").status_code == 404


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_article_deleted_before_it_is_changed(jake, monkeypatch):
    """Its author learns that it is gone: 404. (On SQLite a change waits until the other one is done.)"""
    from sample_api import articles

    real = articles.slugify
    slug = jake.publish("Short")["slug"]

    def delete_and_slugify(title):
        monkeypatch.setattr(articles, "slugify", real)
        assert jake.delete(f"/articles/{slug}").status_code == 204
        return real(title)

    monkeypatch.setattr(articles, "slugify", delete_and_slugify)
    reply = jake.put(f"/articles/{slug}", {"article": {"title": "Long"}})

    assert reply.status_code == 404
    assert reply.json == {"errors": {"article": ["not found"]}}

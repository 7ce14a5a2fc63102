"""The command ``seed``."""

from __future__ import annotations

import datetime as dt

import pytest

from sample_api import create_app, demo
from tests.sample import shapes
from tests.sample.conftest import TEST_SETTINGS, Person


def contents(app):
    """All that the API shows of an application's data, without the numbers of comments, which differ."""
    nobody = Person(app.test_client())
    articles = nobody.get("/articles?limit=100").json["articles"]
    comments = {
        article["slug"]: [
            {**comment, "id": 0} for comment in nobody.get(f"/articles/{article['slug']}/comments").json["comments"]
        ]
        for article in articles
    }
    liked = {name: nobody.get(f"/articles?limit=100&favorited={name}").json for name in ("baker", "reader")}
    return articles, comments, liked, nobody.get("/tags").json


@pytest.fixture
def seeded(app):
    """The application with the demo data."""
    result = app.test_cli_runner().invoke(args=["seed"])
    assert result.exit_code == 0, result.output
    assert "Added 6 users and 36 articles." in result.output
    return app


def test_the_demo_data_fill_every_part(seeded):
    """Users, a few dozen articles, comments, tags, follows and favorites are there, and can be read."""
    nobody = Person(seeded.test_client())
    articles = nobody.get("/articles?limit=100").json

    assert shapes.is_articles_answer(articles)
    assert articles["articlesCount"] == 36
    assert articles["articles"][-1]["slug"] == "what-a-status-code-promises"
    assert sum(article["favoritesCount"] for article in articles["articles"]) > 36
    assert all(article["tagList"] for article in articles["articles"])
    assert len(nobody.get("/tags").json["tags"]) > 20
    comments = nobody.get("/articles/what-a-status-code-promises/comments").json
    assert shapes.is_comments_answer(comments)
    assert len(comments["comments"]) == 2
    for article in articles["articles"]:
        assert len(nobody.get(f"/articles/{article['slug']}").json["article"]["body"]) > 300


def test_the_demo_users_can_log_in(seeded):
    """The command says how to log in; each user has a feed."""
    nobody = Person(seeded.test_client())
    login = {"user": {"email": "webwright@example.com", "password": demo.PASSWORD}}

    reply = nobody.post("/users/login", login)

    assert reply.status_code == 200
    nobody.token = reply.json["user"]["token"]
    feed = nobody.get("/articles/feed").json
    assert {article["author"]["username"] for article in feed["articles"]} == {"gardener", "baker"}


def test_nobody_likes_their_own(seeded):
    """The favorites of a user are by others."""
    nobody = Person(seeded.test_client())
    for name in ("webwright", "gardener", "baker", "stargazer", "cyclist", "reader"):
        liked = nobody.get(f"/articles?favorited={name}&limit=100").json

        assert liked["articlesCount"] > 3
        assert name not in {article["author"]["username"] for article in liked["articles"]}


def test_no_article_lies_in_the_future(seeded):
    """The times are fixed, and past."""
    newest = Person(seeded.test_client()).get("/articles?limit=1").json["articles"][0]

    assert dt.datetime.fromisoformat(newest["createdAt"]) < dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def test_nothing_happens_the_second_time(seeded):
    """Where the demo data are, the command leaves everything as it is."""
    before = contents(seeded)

    result = seeded.test_cli_runner().invoke(args=["seed"])

    assert result.exit_code == 0
    assert "here already" in result.output
    assert contents(seeded) == before


def test_the_demo_data_are_the_same_everywhere(seeded, tmp_path):
    """Two databases that are filled on their own hold the same."""
    other = create_app({**TEST_SETTINGS, "DATABASE_URL": f"sqlite:///{tmp_path}/other.sqlite3"})
    other.test_cli_runner().invoke(args=["seed"])

    try:
        here, there = contents(seeded), contents(other)
    finally:
        other.shutdown()
    assert here == there


def test_the_data_that_are_there_are_kept(app, jake):
    """What users have written before stays beside the demo data."""
    jake.publish("What a status code promises not")

    result = app.test_cli_runner().invoke(args=["seed"])

    assert result.exit_code == 0
    assert jake.get("/articles").json["articlesCount"] == 37

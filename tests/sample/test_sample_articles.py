"""Articles: lists, the feed, reading, writing, favorites."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from sample_api.database import db
from sample_api.models import Article
from tests.sample import shapes

DRAGON = {"title": "How to train your dragon", "description": "Ever wonder how?", "body": "You have to believe"}


def slugs(reply):
    """The slugs of a list."""
    assert reply.status_code == 200, reply.text
    assert shapes.is_articles_answer(reply.json)
    return [article["slug"] for article in reply.json["articles"]]


# Writing


def test_create(jake, nobody):
    """POST /articles is 201 and gives the article, with its tags sorted and each kept once."""
    article = {**DRAGON, "tagList": ["reactjs", "angularjs", "dragons", "reactjs"]}

    reply = jake.post("/articles", {"article": article})

    assert reply.status_code == 201
    assert shapes.is_article_answer(reply.json)
    made = reply.json["article"]
    assert {**made, "createdAt": "", "updatedAt": ""} == {
        "slug": "how-to-train-your-dragon",
        **DRAGON,
        "tagList": ["angularjs", "dragons", "reactjs"],
        "createdAt": "",
        "updatedAt": "",
        "favorited": False,
        "favoritesCount": 0,
        "author": {"username": "jake", "bio": None, "image": None, "following": False},
    }
    assert made["createdAt"] == made["updatedAt"]
    assert nobody.get("/articles/how-to-train-your-dragon").json == reply.json


def test_the_time_is_now(jake):
    """createdAt is the time of the request, in UTC."""
    reply = jake.post("/articles", {"article": DRAGON})

    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(reply.json["article"]["createdAt"])
    assert dt.timedelta(0) <= age < dt.timedelta(minutes=1)


def test_tags_are_optional(jake):
    """An article without tagList, or with an empty one, has no tags."""
    assert jake.publish("One")["tagList"] == []
    assert jake.publish("Two", tagList=[])["tagList"] == []


def test_a_taken_slug_gets_a_suffix(jake, anna, nobody):
    """Two articles of one title have two slugs, and both can be read."""
    first = jake.publish()["slug"]
    second = anna.publish()["slug"]
    third = jake.publish("How to train: your DRAGON!")["slug"]

    assert first == "how-to-train-your-dragon"
    assert second.startswith("how-to-train-your-dragon-")
    assert third.startswith("how-to-train-your-dragon-")
    assert len({first, second, third}) == 3
    assert nobody.get(f"/articles/{second}").json["article"]["author"]["username"] == "anna"


def test_an_article_called_feed_can_be_read(jake, nobody):
    """The address of the feed is not a slug."""
    slug = jake.publish("Feed")["slug"]

    assert slug.startswith("feed-")
    assert nobody.get(f"/articles/{slug}").json["article"]["title"] == "Feed"


def test_the_address_of_the_feed_has_no_methods_of_articles(jake):
    """Where no article can be, none can be changed or deleted, and ``Allow`` does not say so."""
    reply = jake.delete("/articles/feed")

    assert reply.status_code == 405
    assert {name.strip() for name in reply.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
    assert jake.get("/articles/feed/comments").status_code == 404


def test_a_title_in_another_script_has_a_slug_too(jake, nobody):
    """A title without a single letter of ASCII is as good as any."""
    first, second = jake.publish("ドラゴン"), jake.publish("龍")

    assert first["title"] == "ドラゴン"
    assert first["slug"] != second["slug"]
    assert nobody.get(f"/articles/{second['slug']}").json["article"]["title"] == "龍"


def test_a_text_comes_back_as_it_was_sent(jake):
    """Bodies may be long and hold any character but NUL."""
    body = "# Zeile\r\n\t\u2028\ud7ff\U0001f409 </script> \\ \" '; DROP TABLE users; --" + "x" * 90_000

    assert jake.publish(body=body)["body"] == body


@pytest.mark.parametrize("missing", ["title", "description", "body"])
def test_create_needs_three_fields(jake, missing):
    """A field that is missing is named in a 422."""
    reply = jake.post("/articles", {"article": {name: text for name, text in DRAGON.items() if name != missing}})

    assert reply.status_code == 422
    assert reply.json == {"errors": {missing: ["can't be empty"]}}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"title": ""}, "title"),
        ({"title": " \t"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": None}, "title"),
        ({"description": ""}, "description"),
        ({"description": 5}, "description"),
        ({"body": ""}, "body"),
        ({"body": "\x00"}, "body"),
        ({"body": "x" * 100_001}, "body"),
        ({"tagList": "dragons"}, "tagList"),
        ({"tagList": None}, "tagList"),
        ({"tagList": ["a", ""]}, "tagList.1"),
        ({"tagList": [1]}, "tagList.0"),
        ({"tagList": ["\x00"]}, "tagList.0"),
        ({"tagList": [None]}, "tagList.0"),
        ({"tagList": ["x" * 51]}, "tagList.0"),
        ({"tagList": [str(number) for number in range(21)]}, "tagList"),
        ({"slug": "mine"}, "slug"),
        ({"author": "anna"}, "author"),
    ],
)
def test_create_refuses_bad_values(jake, changes, named):
    """A value that cannot be, or an unknown member, is a 422 under its name."""
    reply = jake.post("/articles", {"article": {**DRAGON, **changes}})

    assert reply.status_code == 422
    assert shapes.is_errors_answer(reply.json)
    assert list(reply.json["errors"]) == [named]


def test_update_one_field(jake, nobody, app):
    """PUT /articles/{slug} changes what it is given; updatedAt moves, createdAt and slug stay."""
    slug = jake.publish(tagList=["dragons"])["slug"]
    with db.engine_of(app).begin() as connection:
        long_ago = dt.datetime(2016, 2, 18, 3, 22, 56, 637_000, tzinfo=dt.UTC)
        connection.execute(sa.update(Article).values(created_at=long_ago, updated_at=long_ago))
    before = nobody.get(f"/articles/{slug}").json["article"]
    assert before["createdAt"] == before["updatedAt"] == "2016-02-18T03:22:56.637Z"

    reply = jake.put(f"/articles/{before['slug']}", {"article": {"body": "With your bare hands"}})

    assert reply.status_code == 200
    assert shapes.is_article_answer(reply.json)
    after = reply.json["article"]
    assert after == {**before, "body": "With your bare hands", "updatedAt": after["updatedAt"]}
    assert after["updatedAt"] > "2026"
    assert nobody.get(f"/articles/{before['slug']}").json == reply.json


def test_a_new_title_makes_a_new_slug(jake, nobody):
    """With its title an article changes its slug; the old address still leads to it."""
    before = jake.publish()

    after = jake.put(f"/articles/{before['slug']}", {"article": {"title": "Did you train your dragon?"}}).json[
        "article"
    ]

    assert after["slug"] == "did-you-train-your-dragon"
    assert after["title"] == "Did you train your dragon?"
    assert nobody.get(f"/articles/{after['slug']}").status_code == 200
    assert nobody.get(f"/articles/{before['slug']}").json["article"]["slug"] == after["slug"]
    assert nobody.get(f"/articles/{before['slug']}/comments").status_code == 200


def test_a_former_slug_goes_to_whoever_takes_it(jake, anna, nobody):
    """When another article gets the slug, the address leads there; it is never both."""
    mine = jake.publish("Mine")
    jake.put(f"/articles/{mine['slug']}", {"article": {"title": "Other"}})
    hers = anna.publish("Mine")

    assert hers["slug"] == mine["slug"]
    assert nobody.get(f"/articles/{mine['slug']}").json["article"]["author"]["username"] == "anna"
    assert jake.put(f"/articles/{mine['slug']}", {"article": {"body": "x"}}).status_code == 403


def test_a_title_may_come_back(jake, nobody):
    """An article that gets its first title again has its first slug, and the one between still leads to it."""
    first = jake.publish("First")
    second = jake.put(f"/articles/{first['slug']}", {"article": {"title": "Second"}}).json["article"]
    again = jake.put(f"/articles/{second['slug']}", {"article": {"title": "First"}}).json["article"]

    assert again["slug"] == first["slug"]
    assert nobody.get(f"/articles/{second['slug']}").json["article"]["slug"] == first["slug"]


def test_a_new_title_that_is_taken_gets_a_suffix(jake, anna):
    """The slug of somebody else's article is not taken over."""
    anna.publish("Taken")
    mine = jake.publish("Mine")

    after = jake.put(f"/articles/{mine['slug']}", {"article": {"title": "Taken", "body": "x"}}).json["article"]

    assert after["slug"].startswith("taken-")
    assert (after["title"], after["body"]) == ("Taken", "x")


def test_a_title_of_the_same_words_keeps_the_slug(jake, anna):
    """A slug with a suffix survives a change of the title that makes the same slug."""
    jake.publish("Same words")
    mine = anna.publish("Same words")

    after = anna.put(f"/articles/{mine['slug']}", {"article": {"title": "Same words!"}}).json["article"]

    assert after["slug"] == mine["slug"]
    assert after["title"] == "Same words!"


def test_an_update_of_nothing_changes_nothing(jake):
    """An empty article in the body is the article as it was."""
    before = jake.publish()

    reply = jake.put(f"/articles/{before['slug']}", {"article": {}})

    assert reply.status_code == 200
    assert reply.json["article"] == before


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"article": {"title": ""}}, "title"),
        ({"article": {"title": None}}, "title"),
        ({"article": {"body": "\x00"}}, "body"),
        ({"article": {"tagList": []}}, "tagList"),
        ({"article": {"slug": "mine"}}, "slug"),
        ({}, "article"),
    ],
)
def test_update_refuses_bad_values(jake, body, named):
    """A value that cannot be, or a member that cannot be changed, is a 422."""
    slug = jake.publish()["slug"]

    reply = jake.put(f"/articles/{slug}", body)

    assert reply.status_code == 422
    assert list(reply.json["errors"]) == [named]


def test_delete(jake, nobody):
    """DELETE /articles/{slug} is 204 without a body, and everything that hangs on the article goes with it."""
    slug = jake.publish(tagList=["dragons"])["slug"]
    jake.comment(slug)
    jake.post(f"/articles/{slug}/favorite")

    reply = jake.delete(f"/articles/{slug}")

    assert reply.status_code == 204
    assert reply.data == b""
    assert nobody.get(f"/articles/{slug}").status_code == 404
    assert nobody.get("/articles").json == {"articles": [], "articlesCount": 0}
    assert nobody.get("/tags").json == {"tags": []}
    assert jake.delete(f"/articles/{slug}").status_code == 404


@pytest.mark.parametrize(("method", "body"), [("PUT", {"article": {"title": "Mine now"}}), ("DELETE", None)])
def test_only_the_author_may_write(jake, anna, nobody, method, body):
    """Somebody else's article is a 403, and stays as it is."""
    before = jake.publish()

    reply = anna.call(method, f"/articles/{before['slug']}", body)

    assert reply.status_code == 403
    assert reply.json == {"errors": {"author": ["is somebody else"]}}
    assert nobody.get(f"/articles/{before['slug']}").json["article"] == before


@pytest.mark.parametrize("slug", ["no-such-article", "%00", "a%00b", "%FF", "x" * 3000])
def test_an_unknown_article_is_404(jake, slug):
    """No article with that slug: 404 in the shape of the specification, whatever one wants of it."""
    for method, path, body in [
        ("GET", "", None),
        ("PUT", "", {"article": {"title": "x"}}),
        ("DELETE", "", None),
        ("POST", "/favorite", None),
        ("DELETE", "/favorite", None),
        ("GET", "/comments", None),
        ("POST", "/comments", {"comment": {"body": "x"}}),
        ("DELETE", "/comments/1", None),
    ]:
        reply = jake.call(method, f"/articles/{slug}{path}", body)

        assert reply.status_code == 404, (method, path)
        assert shapes.is_errors_answer(reply.json)
        if slug == "no-such-article":
            assert reply.json == {"errors": {"article": ["not found"]}}


# Reading


def test_an_article_shows_what_the_reader_has_to_do_with_it(jake, anna, nobody):
    """favorited and following are those of the one who asks."""
    slug = jake.publish()["slug"]
    anna.post(f"/articles/{slug}/favorite")
    anna.post("/profiles/jake/follow")

    def seen(person):
        article = person.get(f"/articles/{slug}").json["article"]
        return article["favorited"], article["favoritesCount"], article["author"]["following"]

    assert seen(anna) == (True, 1, True)
    assert seen(jake) == (False, 1, False)
    assert seen(nobody) == (False, 1, False)


def test_list_newest_first_without_bodies(jake, anna, nobody):
    """GET /articles gives the newest first, and no article in it has a body."""
    for person, title in ((jake, "One"), (anna, "Two"), (jake, "Three")):
        person.publish(title)

    reply = nobody.get("/articles")

    assert slugs(reply) == ["three", "two", "one"]
    assert reply.json["articlesCount"] == 3
    assert "body" not in reply.json["articles"][0]


def test_an_empty_list(nobody):
    """No articles are an empty list."""
    assert nobody.get("/articles").json == {"articles": [], "articlesCount": 0}


def test_filters(jake, anna, nobody):
    """tag, author and favorited each narrow the list, and together."""
    jake.publish("One", tagList=["x", "y"])
    jake.publish("Two", tagList=["y"])
    anna.publish("Three", tagList=["x"])
    jake.post("/articles/three/favorite")
    jake.post("/articles/one/favorite")

    assert slugs(nobody.get("/articles?tag=x")) == ["three", "one"]
    assert slugs(nobody.get("/articles?author=jake")) == ["two", "one"]
    assert slugs(nobody.get("/articles?favorited=jake")) == ["three", "one"]
    assert slugs(nobody.get("/articles?favorited=jake&author=jake")) == ["one"]
    assert slugs(nobody.get("/articles?tag=x&author=anna&favorited=jake")) == ["three"]
    assert nobody.get("/articles?tag=y&author=anna").json == {"articles": [], "articlesCount": 0}


@pytest.mark.parametrize("name", ["tag", "author", "favorited"])
def test_a_filter_that_nothing_meets_is_an_empty_list(jake, nobody, name):
    """Unknown tags and users are no error; nothing in a filter is a pattern."""
    jake.publish(tagList=["dragons"])

    for value in ("unknown", "", "%25", "_", "%C3%BF", "'", "x" * 900):
        assert nobody.get(f"/articles?{name}={value}").json == {"articles": [], "articlesCount": 0}
    assert nobody.get(f"/articles?{name}=%FF").status_code == 422


def test_pages(jake, nobody):
    """limit and offset choose a part; articlesCount is the length of the whole list; 20 is the default."""
    for number in range(23):
        jake.publish(f"Number {number}")

    first = nobody.get("/articles")
    assert slugs(first) == [f"number-{number}" for number in range(22, 2, -1)]
    assert first.json["articlesCount"] == 23
    assert slugs(nobody.get("/articles?offset=20")) == ["number-2", "number-1", "number-0"]
    assert slugs(nobody.get("/articles?limit=2&offset=1")) == ["number-21", "number-20"]
    assert len(slugs(nobody.get("/articles?limit=100"))) == 23
    assert nobody.get("/articles?offset=23").json == {"articles": [], "articlesCount": 23}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1&limit=2", "limit"),
        ("offset=-1", "offset"),
        ("offset=x", "offset"),
        ("offset=2147483648", "offset"),
        ("offset=1000000000000000000000000000000", "offset"),
        ("page=2", "page"),
        ("Limit=2", "Limit"),
    ],
)
def test_bad_pages_are_422(jake, query, named):
    """A limit outside of 1 to 100, a negative offset and an unknown name are 422."""
    for path in ("/articles", "/articles/feed"):
        reply = jake.get(f"{path}?{query}")

        assert reply.status_code == 422
        assert shapes.is_errors_answer(reply.json)
        assert list(reply.json["errors"]) == [named]


@pytest.mark.parametrize("name", ["tag", "author", "favorited"])
def test_bad_filters_are_422(nobody, name):
    """A filter with NUL in it, given twice, or far too long, is 422."""
    for query in (f"{name}=%00", f"{name}=a&{name}=b", f"{name}={'x' * 1001}"):
        reply = nobody.get(f"/articles?{query}")

        assert reply.status_code == 422
        assert list(reply.json["errors"]) == [name]


def test_filters_are_not_for_the_feed(jake):
    """The feed takes limit and offset only."""
    assert jake.get("/articles/feed?tag=x").status_code == 422


def test_feed(jake, anna, register):
    """The feed has the articles of those one follows, newest first, without bodies."""
    carl = register("carl")
    anna.publish("One")
    carl.publish("Two")
    anna.publish("Three")
    jake.publish("Mine")
    assert jake.get("/articles/feed").json == {"articles": [], "articlesCount": 0}

    jake.post("/profiles/anna/follow")
    feed = jake.get("/articles/feed")

    assert slugs(feed) == ["three", "one"]
    assert feed.json["articlesCount"] == 2
    assert all(article["author"]["following"] for article in feed.json["articles"])
    assert slugs(jake.get("/articles/feed?limit=1&offset=1")) == ["one"]
    assert slugs(anna.get("/articles/feed")) == []
    jake.delete("/profiles/anna/follow")
    assert slugs(jake.get("/articles/feed")) == []


# Favorites


def test_favorite_and_undo(jake, anna, nobody):
    """Both are 200 with the article; the count is that of all users."""
    slug = jake.publish()["slug"]
    jake.post(f"/articles/{slug}/favorite")

    reply = anna.post(f"/articles/{slug}/favorite")

    assert reply.status_code == 200
    assert shapes.is_article_answer(reply.json)
    assert (reply.json["article"]["favorited"], reply.json["article"]["favoritesCount"]) == (True, 2)

    reply = anna.delete(f"/articles/{slug}/favorite")

    assert reply.status_code == 200
    assert shapes.is_article_answer(reply.json)
    assert (reply.json["article"]["favorited"], reply.json["article"]["favoritesCount"]) == (False, 1)
    assert nobody.get("/articles").json["articles"][0]["favoritesCount"] == 1


@pytest.mark.parametrize(("method", "count"), [("POST", 1), ("DELETE", 0)])
def test_to_like_twice_counts_once(jake, method, count):
    """Liking an article that one likes, and the other way round, is the same 200."""
    slug = jake.publish()["slug"]

    first = jake.call(method, f"/articles/{slug}/favorite")
    second = jake.call(method, f"/articles/{slug}/favorite")

    assert first.status_code == second.status_code == 200
    assert first.json == second.json
    assert second.json["article"]["favoritesCount"] == count


def test_a_favorite_does_not_touch_updated_at(jake, anna):
    """updatedAt is the time of the author's last change, not of what others do."""
    before = jake.publish()

    after = anna.post(f"/articles/{before['slug']}/favorite").json["article"]

    assert after["updatedAt"] == before["updatedAt"]


# Tags


def test_tags(jake, anna, nobody):
    """GET /tags gives each tag that an article carries once, sorted."""
    assert nobody.get("/tags").json == {"tags": []}
    jake.publish("One", tagList=["reactjs", "angularjs"])
    anna.publish("Two", tagList=["reactjs", "Dragons", "ähren"])

    reply = nobody.get("/tags")

    assert reply.status_code == 200
    assert shapes.is_tags_answer(reply.json)
    assert reply.json == {"tags": ["Dragons", "angularjs", "reactjs", "ähren"]}


def test_tags_take_no_query(nobody):
    """An operation that declares no query parameters does not look at any."""
    assert nobody.get("/tags?x=1").status_code == 200

"""Lists: filters, orders, pages, and chosen members."""

import pytest


@pytest.fixture
def items(ann):
    """Add five items."""
    for name, kind in (("Camera A", "camera"), ("Camera B", "camera"), ("Lamp", "light"), ("Tripod", "stand")):
        ann.post("/items", json={"name": name, "kind": kind})


def names(reply):
    """Return the names of the items of an answer."""
    return [item["name"] for item in reply.json]


def test_items_are_filtered_and_sorted(bob, items):
    """The words of the query string become part of the statement."""
    assert names(bob.get("/items?kind=camera&sort=-name")) == ["Camera B", "Camera A"]
    assert names(bob.get("/items?name__icontains=LA")) == ["Lamp"]
    assert bob.get("/items?fields=name&page_size=1").json == [{"name": "Camera A"}]


def test_query_takes_the_same_words_in_a_body(bob, items):
    """QUERY is a GET with a body."""
    reply = bob.query("/items", json={"kind": "camera", "sort": ["-name"], "page_size": 1})

    assert names(reply) == ["Camera B"]


def test_pages_follow_one_another(bob, items):
    """The link to the next page goes on where the page ended."""
    first = bob.get("/items?page_size=3")
    following = bob.get(first.headers["Link"].split('>; rel="next"')[0].rpartition("<")[2])

    assert names(first) + names(following) == ["Camera A", "Camera B", "Lamp", "Tripod"]


def test_own_bookings_are_listed(ann, bob, items):
    """The list has the bookings of the user alone."""
    camera, *_ = ann.get("/items").json
    for client, day in ((ann, "2030-05-06"), (bob, "2030-05-07"), (bob, "2030-06-01")):
        client.post("/bookings", json={"item_id": camera["id"], "first_day": day, "last_day": day})

    assert [each["first_day"] for each in bob.get("/bookings").json] == ["2030-05-07", "2030-06-01"]
    assert len(bob.get("/bookings?first_day__gte=2030-06-01").json) == 1

"""Bookings."""

import pytest


@pytest.fixture
def camera(ann):
    """Return the id of an item."""
    return ann.post("/items", json={"name": "Camera A", "kind": "camera"}).json["id"]


def book(client, item_id, first_day, last_day):
    """Ask for a booking."""
    return client.post("/bookings", json={"item_id": item_id, "first_day": first_day, "last_day": last_day})


def test_bookings_do_not_overlap(ann, bob, camera):
    """Of two bookings that share a day the second is refused; days before and after are free."""
    assert book(ann, camera, "2030-05-06", "2030-05-08").status_code == 201
    refused = book(bob, camera, "2030-05-08", "2030-05-10")

    assert refused.status_code == 409
    assert refused.json["errors"] == {"json": {"item_id": ["The item is booked on one of these days."]}}
    assert book(bob, camera, "2030-05-09", "2030-05-10").status_code == 201


def test_cancelled_days_are_free(ann, bob, camera):
    """A cancelled booking gives its days back."""
    booking = book(ann, camera, "2030-05-06", "2030-05-08").json

    assert ann.delete(f"/bookings/{booking['id']}").status_code == 204
    assert book(bob, camera, "2030-05-06", "2030-05-08").status_code == 201


def test_bookings_of_others_do_not_exist(ann, bob, camera):
    """Another user can neither see nor cancel a booking."""
    path = f"/bookings/{book(ann, camera, '2030-05-06', '2030-05-08').json['id']}"

    assert [bob.get(path).status_code, bob.delete(path).status_code] == [404, 404]
    assert ann.get(path).status_code == 200


@pytest.mark.parametrize(("first_day", "last_day"), [("2030-05-08", "2030-05-06"), ("2030-05-01", "2030-05-29")])
def test_days_are_in_order_and_few(ann, camera, first_day, last_day):
    """A booking has 1 to 28 days."""
    reply = book(ann, camera, first_day, last_day)

    assert reply.json["errors"] == {"json": {"last_day": ["Book 1 to 28 days."]}}


def test_items_that_are_booked_exist(ann):
    """An unknown item is a conflict too."""
    reply = book(ann, 77, "2030-05-06", "2030-05-06")

    assert (reply.status_code, reply.json["code"]) == (409, "reference_violated")

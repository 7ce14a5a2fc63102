"""The versions of the API."""

import pytest


@pytest.fixture
def booking(ann):
    """Book an item, as clients of v2 do."""
    item = ann.post("/items", json={"name": "Camera A", "kind": "camera"}).json
    period = {"first_day": "2030-05-06", "last_day": "2030-05-08"}
    return ann.post("/bookings", json={"item_id": item["id"], "period": period}, headers={"API-Version": "v2"}).json


def test_one_booking_has_two_shapes(ann, booking):
    """A request without a version gets what it always got, until the version ends."""
    old = ann.get(f"/bookings/{booking['id']}")
    new = ann.get(f"/bookings/{booking['id']}", headers={"API-Version": "v2"})

    assert old.json == {"id": booking["id"], "item_id": booking["item_id"], **booking["period"]}
    assert (new.json, new.headers["API-Version"]) == (booking, "v2")
    assert old.headers["Sunset"] == "Wed, 01 Jan 2031 00:00:00 GMT"
    assert "Sunset" not in new.headers


def test_lists_have_the_words_of_their_version(ann, booking):
    """A filter is named like the member that it is about."""
    assert len(ann.get("/bookings?first_day__gte=2030-05-06").json) == 1
    assert len(ann.get("/bookings?period.first_day__gte=2030-05-06", headers={"API-Version": "v2"}).json) == 1

"""Items."""

from booking import app


def test_item_is_added_and_shown():
    """A new item gets an id, and is found by it."""
    client = app.test_client()
    added = client.post("/items", json={"name": "Camera A", "kind": "camera"})

    assert added.status_code == 201
    assert client.get(f"/items/{added.json['id']}").json == added.json


def test_unknown_item_is_404():
    """An item that does not exist is an error with a code for programs."""
    reply = app.test_client().get("/items/77")

    assert (reply.status_code, reply.json["code"]) == (404, "not_found")

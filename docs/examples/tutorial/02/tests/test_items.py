"""Items."""

ITEM = {"name": "Camera A", "kind": "camera"}


def test_item_is_added_and_shown(client):
    """A new item gets an id, and is found by it."""
    added = client.post("/items", json=ITEM)

    assert added.status_code == 201
    assert client.get(f"/items/{added.json['id']}").json == added.json


def test_unknown_item_is_404(client):
    """An item that does not exist is an error with a code for programs."""
    reply = client.get("/items/77")

    assert (reply.status_code, reply.json["code"]) == (404, "not_found")


def test_names_are_unique(client):
    """A second item of a name is a conflict, which names the member."""
    client.post("/items", json=ITEM)
    reply = client.post("/items", json=ITEM)

    assert reply.status_code == 409
    assert reply.json["errors"] == {"json": {"name": ["An item of this name exists."]}}

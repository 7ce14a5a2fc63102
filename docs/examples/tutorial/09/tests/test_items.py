"""Items."""

ITEM = {"name": "Camera A", "kind": "camera"}


def test_item_is_added_and_shown(ann):
    """A new item gets an id, and is found by it."""
    added = ann.post("/items", json=ITEM)

    assert added.status_code == 201
    assert ann.get(f"/items/{added.json['id']}").json == added.json


def test_unknown_item_is_404(ann):
    """An item that does not exist is an error with a code for programs."""
    reply = ann.get("/items/77")

    assert (reply.status_code, reply.json["code"]) == (404, "not_found")


def test_names_are_unique(ann):
    """A second item of a name is a conflict, which names the member."""
    ann.post("/items", json=ITEM)
    reply = ann.post("/items", json=ITEM)

    assert reply.status_code == 409
    assert reply.json["errors"] == {"json": {"name": ["An item of this name exists."]}}


def test_only_staff_adds_items(client, bob):
    """Without a token it is a 401, without the scope a 403."""
    assert client.post("/items", json=ITEM).status_code == 401
    assert bob.post("/items", json=ITEM).status_code == 403

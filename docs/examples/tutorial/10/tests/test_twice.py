"""Requests that come twice, at the same time, or too often."""

ITEM = {"name": "Camera A", "kind": "camera"}


def test_updates_are_not_lost(ann):
    """Of two changes to one version the second is refused."""
    path = f"/items/{ann.post('/items', json=ITEM).json['id']}"
    seen = {"If-Match": ann.get(path).headers["ETag"]}

    assert ann.put(path, json={**ITEM, "name": "Camera 1"}, headers=seen).status_code == 200
    assert ann.put(path, json={**ITEM, "name": "Camera 2"}, headers=seen).status_code == 412
    assert ann.put(path, json=ITEM).status_code == 428
    assert ann.get(path).json["name"] == "Camera 1"


def test_a_key_is_carried_out_once(ann):
    """A request that is sent again with its key has the answer of the first."""
    key = {"Idempotency-Key": "5a7c"}
    first, again = (ann.post("/items", json=ITEM, headers=key) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert len(ann.get("/items").json) == 1


def test_passwords_cannot_be_tried_out(client):
    """After ten log-ins in a minute the next is refused, whatever its password is."""
    wrong = {"name": "eve", "password": "guess"}
    client.environ_base["REMOTE_ADDR"] = "192.0.2.1"  # other tests log in from 127.0.0.1

    assert [client.post("/login", json=wrong).status_code for _ in range(11)] == [401] * 10 + [429]

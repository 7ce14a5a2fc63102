"""Photos."""

import io

import pytest
from booking import photos

JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


@pytest.fixture
def path(ann, tmp_path, monkeypatch):
    """Add an item, and return the path of its photo."""
    monkeypatch.setattr(photos, "FOLDER", tmp_path)
    item = ann.post("/items", json={"name": "Camera A", "kind": "camera"}).json
    return f"/items/{item['id']}/photo"


def test_photo_is_kept_and_shown(ann, bob, path, tmp_path):
    """A photo is answered as it was sent; the one before it is removed."""
    assert bob.get(path).status_code == 404
    for photo in (JPEG, JPEG + b"!"):
        assert ann.put(path, data={"photo": (io.BytesIO(photo), "me.jpg")}).status_code == 204

    with bob.get(path) as reply:
        assert (reply.content_type, reply.data) == ("image/jpeg", JPEG + b"!")
    assert len(list(tmp_path.iterdir())) == 1


def test_only_photos_are_kept(ann, path, tmp_path):
    """A page that calls itself a photo is refused by its content."""
    reply = ann.put(path, data={"photo": (io.BytesIO(b"<script>"), "me.jpg", "image/jpeg")})

    assert reply.json["errors"] == {"form": {"photo": ["Not a file of type image/jpeg."]}}
    assert list(tmp_path.iterdir()) == []

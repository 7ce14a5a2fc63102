"""Users: registration, login, and one's own user."""

from __future__ import annotations

import pytest

from sample_api.database import db
from tests.sample import shapes

JACOB = {"username": "Jacob", "email": "jake@jake.jake", "password": "jakejake"}


def test_register_answers_with_the_new_user_and_a_token(nobody):
    """Registration is 201 and gives the user; bio and image of a fresh user are null."""
    reply = nobody.post("/users", {"user": JACOB})

    assert reply.status_code == 201
    assert reply.mimetype == "application/json"
    assert shapes.is_user_answer(reply.json)
    user = reply.json["user"]
    assert user["token"]
    assert {name: user[name] for name in ("email", "username", "bio", "image")} == {
        "email": "jake@jake.jake",
        "username": "Jacob",
        "bio": None,
        "image": None,
    }


@pytest.mark.parametrize("missing", ["username", "email", "password"])
def test_register_needs_every_field(nobody, missing):
    """A field that is missing is named in a 422."""
    reply = nobody.post("/users", {"user": {name: value for name, value in JACOB.items() if name != missing}})

    assert reply.status_code == 422
    assert reply.json == {"errors": {missing: ["can't be empty"]}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "  "),
        ("username", "a/b"),
        ("username", "a b"),
        ("username", ".."),
        ("username", "jacob\n"),
        ("username", "ja\x00cob"),
        ("username", "x" * 51),
        ("username", None),
        ("username", 7),
        ("email", ""),
        ("email", "jake"),
        ("email", "jake@"),
        ("email", "jake@jake.jake\n"),
        ("email", "ja\x00ke@jake.jake"),
        ("email", f"{'x' * 250}@jake.jake"),
        ("email", None),
        ("email", ["jake@jake.jake"]),
        ("password", ""),
        ("password", None),
        ("password", 12345678),
        ("password", "x" * 1001),
    ],
)
def test_register_refuses_bad_values(nobody, field, value):
    """A value that cannot be is a 422 under the name of its field alone."""
    reply = nobody.post("/users", {"user": {**JACOB, field: value}})

    assert reply.status_code == 422
    assert shapes.is_errors_answer(reply.json)
    assert list(reply.json["errors"]) == [field]


def test_register_collects_all_mistakes(nobody):
    """All fields that are wrong are named at once."""
    reply = nobody.post("/users", {"user": {"username": "", "email": "no", "extra": 1}})

    assert reply.status_code == 422
    assert set(reply.json["errors"]) == {"username", "email", "password", "extra"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"user": {**JACOB, "admin": True}}, "admin"),
        ({"user": JACOB, "admin": True}, "admin"),
        ({}, "user"),
        ({"user": None}, "user"),
        ({"user": "Jacob"}, "user"),
        ([], "body"),
        ("Jacob", "body"),
    ],
)
def test_register_refuses_bodies_of_another_shape(nobody, body, named):
    """Unknown members are 422, and so are bodies that are no object with a user in it."""
    reply = nobody.post("/users", body)

    assert reply.status_code == 422
    assert shapes.is_errors_answer(reply.json)
    assert list(reply.json["errors"]) == [named]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"username": "other"}, ["email"]),
        ({"email": "other@jake.jake"}, ["username"]),
        ({}, ["username", "email"]),
    ],
)
def test_register_refuses_what_is_taken(nobody, changes, named):
    """A username or an email that somebody has is a 422 that names it."""
    nobody.post("/users", {"user": JACOB})

    reply = nobody.post("/users", {"user": {**JACOB, **changes}})

    assert reply.status_code == 422
    assert reply.json == {"errors": {name: ["has already been taken"] for name in named}}


def test_usernames_in_any_script_have_a_profile(nobody):
    """A username may be written in any script and is then part of an address."""
    reply = nobody.post("/users", {"user": {**JACOB, "username": "Žofie-花"}})
    profile = nobody.get("/profiles/Žofie-花")

    assert reply.status_code == 201
    assert profile.json["profile"]["username"] == "Žofie-花"


def test_login_answers_with_the_user(nobody):
    """Login is 200 and gives the user with a token that is good."""
    nobody.post("/users", {"user": JACOB})

    reply = nobody.post("/users/login", {"user": {"email": "jake@jake.jake", "password": "jakejake"}})

    assert reply.status_code == 200
    assert shapes.is_user_answer(reply.json)
    assert reply.json["user"]["username"] == "Jacob"
    nobody.token = reply.json["user"]["token"]
    assert nobody.get("/user").json["user"]["email"] == "jake@jake.jake"


@pytest.mark.parametrize(
    ("email", "password"),
    [("jake@jake.jake", "wrong"), ("nobody@jake.jake", "jakejake"), ("not an address", "jakejake")],
)
def test_login_does_not_tell_what_is_wrong(nobody, email, password):
    """A wrong password and an unknown email are the same 401."""
    nobody.post("/users", {"user": JACOB})

    reply = nobody.post("/users/login", {"user": {"email": email, "password": password}})

    assert reply.status_code == 401
    assert reply.json == {"errors": {"credentials": ["are invalid"]}}
    assert reply.headers["WWW-Authenticate"] == 'Token realm="Conduit"'


def test_login_hashes_for_unknown_users_too(nobody, monkeypatch):
    """An unknown email costs one hash, as a known one does, so that a clock does not tell them apart."""
    hashed = []
    monkeypatch.setattr("sample_api.security.hash_password", hashed.append)

    nobody.post("/users/login", {"user": {"email": "nobody@jake.jake", "password": "jakejake"}})

    assert hashed == ["jakejake"]


@pytest.mark.parametrize(
    ("user", "named"),
    [
        ({"password": "jakejake"}, "email"),
        ({"email": "jake@jake.jake"}, "password"),
        ({"email": "", "password": "jakejake"}, "email"),
        ({"email": "jake@jake.jake", "password": ""}, "password"),
        ({"email": "ja\x00ke@jake.jake", "password": "jakejake"}, "email"),
        ({"email": "jake@jake.jake", "password": "jakejake", "remember": True}, "remember"),
    ],
)
def test_login_needs_email_and_password(nobody, user, named):
    """A login without one of them, or with more, is a 422."""
    reply = nobody.post("/users/login", {"user": user})

    assert reply.status_code == 422
    assert list(reply.json["errors"]) == [named]


def test_the_current_user(jake):
    """GET /user gives the user of the token."""
    reply = jake.get("/user")

    assert reply.status_code == 200
    assert shapes.is_user_answer(reply.json)
    assert reply.json["user"] == {
        "email": "jake@example.com",
        "token": jake.token,
        "username": "jake",
        "bio": None,
        "image": None,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "new@example.com"),
        ("username", "jacob"),
        ("bio", "I like to skateboard"),
        ("image", "https://i.stack.imgur.com/xHWG8.jpg"),
    ],
)
def test_update_changes_one_field(jake, field, value):
    """PUT /user changes what it is given and leaves the rest."""
    before = jake.get("/user").json["user"]

    reply = jake.put("/user", {"user": {field: value}})

    assert reply.status_code == 200
    assert shapes.is_user_answer(reply.json)
    assert reply.json["user"] == {**before, field: value}
    assert jake.get("/user").json["user"] == {**before, field: value}


@pytest.mark.parametrize("field", ["bio", "image"])
@pytest.mark.parametrize("nothing", [None, ""])
def test_update_empties_bio_and_image(jake, field, nothing):
    """Null and the empty text both take away what was there."""
    jake.put("/user", {"user": {field: "something"}})

    reply = jake.put("/user", {"user": {field: nothing}})

    assert reply.status_code == 200
    assert reply.json["user"][field] is None


def test_update_changes_the_password(jake, nobody):
    """After a change of the password the new one logs in and the old one does not."""
    reply = jake.put("/user", {"user": {"password": "new secret"}})

    assert reply.status_code == 200
    assert (
        nobody.post("/users/login", {"user": {"email": "jake@example.com", "password": "new secret"}}).status_code
        == 200
    )
    assert (
        nobody.post("/users/login", {"user": {"email": "jake@example.com", "password": "jake-secret"}}).status_code
        == 401
    )


def test_update_may_repeat_what_one_has(jake):
    """One's own username and email are not taken."""
    reply = jake.put("/user", {"user": {"username": "jake", "email": "jake@example.com", "bio": "x"}})

    assert reply.status_code == 200


@pytest.mark.parametrize(("field", "value"), [("username", "anna"), ("email", "anna@example.com")])
def test_update_refuses_what_is_taken(jake, anna, field, value):
    """The username or email of somebody else is a 422, and nothing changes."""
    reply = jake.put("/user", {"user": {field: value, "bio": "changed"}})

    assert reply.status_code == 422
    assert reply.json == {"errors": {field: ["has already been taken"]}}
    assert jake.get("/user").json["user"]["bio"] is None


@pytest.mark.parametrize(
    ("user", "named"),
    [
        ({}, "user"),
        ({"email": None}, "email"),
        ({"email": "no"}, "email"),
        ({"username": ""}, "username"),
        ({"username": None}, "username"),
        ({"password": ""}, "password"),
        ({"bio": 1}, "bio"),
        ({"bio": "\x00"}, "bio"),
        ({"image": "\x00"}, "image"),
        ({"token": "x"}, "token"),
    ],
)
def test_update_refuses_bad_values(jake, user, named):
    """A value that cannot be, an unknown member, and an update of nothing are 422."""
    reply = jake.put("/user", {"user": user})

    assert reply.status_code == 422
    assert shapes.is_errors_answer(reply.json)
    assert list(reply.json["errors"]) == [named]


def test_a_password_is_never_sent_or_stored(jake, app):
    """No answer has the password in it, and the table has a hash."""
    import sqlalchemy as sa

    with db.engine_of(app).connect() as connection:
        stored = connection.scalar(sa.text("SELECT password_hash FROM users"))

    assert stored.startswith("pbkdf2:sha256:1$")
    assert "jake-secret" not in stored
    assert "password" not in jake.get("/user").text


@pytest.mark.parametrize("image", ["javascript:alert(1)", "JaVaScript:x", "data:text/html,x", " https://a", "//a/b"])
def test_an_image_is_an_address_of_the_web(jake, image):
    """An address that a front end must not show, above all a script, is refused."""
    reply = jake.put("/user", {"user": {"image": image}})

    assert reply.status_code == 422
    assert list(reply.json["errors"]) == ["image"]


@pytest.mark.parametrize("path", ["/users", "/users/login"])
def test_tries_are_limited(app, nobody, path):
    """Whoever tries passwords out, or registers again and again, is told to wait."""
    app.config["RATELIMIT_ENABLED"] = True
    try:
        body = {"user": {"username": "x", "email": "x@example.org", "password": "wrong"}}
        body = body if path == "/users" else {"user": {"email": "x@example.org", "password": "wrong"}}
        statuses = [nobody.post(path, body).status_code for _ in range(21)]
        reply = nobody.post(path, body)
    finally:
        app.config["RATELIMIT_ENABLED"] = False
        app.extensions.pop("framework.stores", None)

    assert 429 not in statuses[:20]
    assert statuses[20] == reply.status_code == 429
    assert int(reply.headers["Retry-After"]) > 0

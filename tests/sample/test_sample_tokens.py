"""Tokens: which are good, and that one which is not is refused everywhere."""

from __future__ import annotations

import pytest
from itsdangerous import URLSafeTimedSerializer

from framework import TokenMaker
from sample_api.auth import user_of
from sample_api.database import db
from sample_api.security import make_token, tokens
from tests.sample import shapes

REQUIRED = [
    ("GET", "/user"),
    ("PUT", "/user"),
    ("POST", "/profiles/jake/follow"),
    ("DELETE", "/profiles/jake/follow"),
    ("GET", "/articles/feed"),
    ("POST", "/articles"),
    ("PUT", "/articles/no"),
    ("DELETE", "/articles/no"),
    ("POST", "/articles/no/comments"),
    ("DELETE", "/articles/no/comments/1"),
    ("POST", "/articles/no/favorite"),
    ("DELETE", "/articles/no/favorite"),
]
OPTIONAL = [
    ("GET", "/profiles/jake"),
    ("GET", "/articles"),
    ("GET", "/articles/no"),
    ("GET", "/articles/no/comments"),
]
OPEN = [("GET", "/tags")]

KEY = "only for tests"


def test_without_a_token_what_needs_one_is_401(nobody):
    """A token that is required and missing is a 401, before anything else is looked at."""
    for method, path in REQUIRED:
        reply = nobody.call(method, path)

        assert reply.status_code == 401, (method, path)
        assert reply.json == {"errors": {"token": ["is missing"]}}
        assert reply.headers["WWW-Authenticate"] == 'Token realm="Conduit"'


def test_without_a_token_the_rest_is_open(nobody, jake):
    """Where a token is optional none is asked for."""
    for method, path in OPTIONAL + OPEN:
        assert nobody.call(method, path).status_code in (200, 404), (method, path)


@pytest.mark.parametrize("header", ["Token nonsense", "Bearer {token}", "Token {token}x", "Token"])
def test_a_bad_token_is_401_everywhere(nobody, jake, header):
    """A token that is not good is a 401, also where none is required."""
    for method, path in REQUIRED + OPTIONAL:
        reply = nobody.call(method, path, headers={"Authorization": header.format(token=jake.token)})

        assert reply.status_code == 401, (method, path)
        assert reply.json == {"errors": {"token": ["is invalid or has expired"]}}


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_where_no_token_is_read_a_bad_one_does_not_matter(nobody, method, path):
    """What is the same for everybody does not look at the token."""
    assert nobody.call(method, path, headers={"Authorization": "Token nonsense"}).status_code == 200


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(TokenMaker("login", secret_key="another key").make(1), id="another key"),
        pytest.param(TokenMaker("password reset", secret_key=KEY).make(1), id="another purpose"),
        pytest.param(URLSafeTimedSerializer(KEY, salt="conduit.token").dumps(1), id="another maker"),
        pytest.param(TokenMaker("login", secret_key=KEY).make("1"), id="no number in it"),
        pytest.param(TokenMaker("login", secret_key=KEY).make({"user": 1}), id="an object in it"),
        pytest.param(TokenMaker("login", secret_key=KEY).make(True), id="a flag in it"),
        pytest.param(TokenMaker("login", secret_key=KEY).make(2**31 - 1), id="an unknown user in it"),
        pytest.param("", id="empty"),
        pytest.param("..", id="dots"),
        pytest.param("\xe9.\xe9.\xe9", id="not ASCII"),
        pytest.param("x" * 5000, id="long"),
    ],
)
def test_foreign_and_forged_tokens_are_401(nobody, token):
    """What another key, another purpose or another program has signed is not a token."""
    for path in ("/user", "/articles"):
        reply = nobody.get(path, headers={"Authorization": f"Token {token}"})

        assert reply.status_code == 401
        assert shapes.is_errors_answer(reply.json)


def test_every_changed_character_is_noticed(jake, nobody):
    """A token with any one character changed is refused."""
    token = jake.token
    for place in range(0, len(token) - 1, 5):
        other = "A" if token[place] != "A" else "B"
        nobody.token = token[:place] + other + token[place + 1 :]

        assert nobody.get("/user").status_code == 401


def test_a_token_expires(jake, app, monkeypatch):
    """A token is good for ``token_max_age`` seconds."""
    assert jake.get("/user").status_code == 200
    monkeypatch.setattr(app.settings, "token_max_age", -1)

    assert jake.get("/user").status_code == 401
    assert jake.get("/articles").status_code == 401


def test_the_token_of_a_user_who_is_gone_is_401(jake, app):
    """A token does not outlive its user."""
    import sqlalchemy as sa

    with db.engine_of(app).begin() as connection:
        connection.execute(sa.text("DELETE FROM users"))

    assert jake.get("/user").status_code == 401


def test_the_scheme_is_read_in_any_case(jake, nobody):
    """The name of an authentication scheme has no case (RFC 9110, section 11.1)."""
    assert nobody.get("/user", headers={"Authorization": f"token {jake.token}"}).status_code == 200


def test_a_token_is_read_back(app, jake):
    """What make_token makes leads back to the user."""
    with app.app_context():
        user = user_of(jake.token)

        assert user is not None
        assert user.username == "jake"
        assert tokens.read(make_token(user))[0] == user.id
        assert user.password_hash not in str(tokens.read(make_token(user)))


def test_tokens_die_with_the_password(jake, nobody):
    """After a change of password the old tokens are worth nothing; the answer to the change carries a new one."""
    stolen = {"Authorization": f"Token {jake.token}"}
    assert nobody.get("/user", headers=stolen).status_code == 200
    kept = jake.put("/user", {"user": {"bio": "x"}}).json["user"]["token"]
    new = jake.put("/user", {"user": {"password": "another"}}).json["user"]["token"]

    assert kept == jake.token
    assert nobody.get("/user", headers=stolen).status_code == 401
    assert nobody.get("/user", headers={"Authorization": f"Token {new}"}).status_code == 200

"""CORS: what a browser front end on another origin needs, and no more."""

from __future__ import annotations

import pytest

from sample_api import create_app
from tests.sample.conftest import TEST_SETTINGS

ORIGIN = "http://localhost:4200"


def client_of(origins):
    """A client of an application that these origins may read."""
    return create_app({**TEST_SETTINGS, "DATABASE_URL": "sqlite://", "CORS_ORIGINS": origins}).test_client()


def ask(client, origin):
    """The answer to a preflight, and to the request after it."""
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    yield client.options("/api/tags", headers=headers)
    yield client.get("/api/tags", headers={"Origin": origin})


def preflight(person, path, method, origin=ORIGIN):
    """What a browser asks before a request that is not simple."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return person.call("OPTIONS", path, headers=headers)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/users", {"POST"}),
        ("/users/login", {"POST"}),
        ("/user", {"GET", "PUT"}),
        ("/profiles/jake", {"GET"}),
        ("/profiles/jake/follow", {"POST", "DELETE"}),
        ("/articles", {"GET", "POST"}),
        ("/articles/feed", {"GET"}),
        ("/articles/x", {"GET", "PUT", "DELETE"}),
        ("/articles/x/comments", {"GET", "POST"}),
        ("/articles/x/comments/1", {"DELETE"}),
        ("/articles/x/favorite", {"POST", "DELETE"}),
        ("/tags", {"GET"}),
    ],
)
def test_preflight(nobody, path, methods):
    """A preflight is answered without a token, and names every method and the two headers that a client sends."""
    for method in methods:
        reply = preflight(nobody, path, method)

        assert 200 <= reply.status_code < 300
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
        allowed = {name.strip() for name in reply.headers["Access-Control-Allow-Methods"].split(",")}
        assert methods <= allowed
        named = reply.headers["Access-Control-Allow-Headers"].split(", ")
        assert sorted(named) == ["Authorization", "Content-Type"]
        assert reply.headers["Access-Control-Max-Age"] == "7200"
        assert "Access-Control-Allow-Credentials" not in reply.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tags", 200),
        ("GET", "/user", 401),
        ("GET", "/nothing", 404),
        ("PATCH", "/tags", 405),
        ("POST", "/users", 422),
    ],
)
def test_every_answer_may_be_read(nobody, method, path, status):
    """Answers and errors alike allow every origin, without credentials."""
    reply = nobody.call(method, path, headers={"Origin": ORIGIN}, json={} if method == "POST" else None)

    assert reply.status_code == status
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in reply.headers
    assert "Access-Control-Allow-Methods" not in reply.headers


def test_a_plain_options_request_is_no_preflight(nobody):
    """OPTIONS without the headers of a preflight gets Allow and nothing of CORS but the origin."""
    reply = nobody.call("OPTIONS", "/articles")

    assert "GET" in reply.headers["Allow"]
    assert "Access-Control-Allow-Methods" not in reply.headers


def test_origins_can_be_listed():
    """With a list of origins those alone may read, each under its own name, and caches are told."""
    for reply in ask(client_of(f"https://example.com, {ORIGIN}"), ORIGIN):
        assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Origin" in reply.vary


@pytest.mark.parametrize("origin", ["https://evil.example", f"{ORIGIN}.evil.example", "null", ""])
def test_an_origin_that_is_not_listed_may_not_read(origin):
    """Any other origin gets no header, also not for a preflight."""
    for reply in ask(client_of(f"https://example.com, {ORIGIN}"), origin):
        assert "Access-Control-Allow-Origin" not in reply.headers
        assert "Access-Control-Allow-Methods" not in reply.headers
        assert "Origin" in reply.vary


def test_without_an_origin_nothing_is_allowed():
    """A client that is not a browser has no origin, and with a list of origins gets no header."""
    assert "Access-Control-Allow-Origin" not in client_of(ORIGIN).get("/api/tags").headers

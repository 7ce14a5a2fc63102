"""Errors: every one of them has the shape of the specification, the framework's own included."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy.orm.exc import StaleDataError

from sample_api import articles, users
from sample_api.errors import flatten
from tests.sample import shapes


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"{", 400),
        (b"", 422),
        (b'{"user": NaN}', 400),
        (b'{"user": {}} x', 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"user": {"username": "\\ud800", "email": "a@example.com", "password": "x"}}', 400),
        (b'"' + b"x" * 1_100_000 + b'"', 413),
    ],
)
def test_broken_bodies(nobody, data, status):
    """A body that is no JSON is 400, none at all 422, one that is too large 413; all under ``body``."""
    reply = nobody.call("POST", "/users", data=data, content_type="application/json")

    assert reply.status_code == status
    assert reply.mimetype == "application/json"
    assert shapes.is_errors_answer(reply.json)
    assert list(reply.json["errors"]) == (["user"] if status == 422 else ["body"])


def test_another_media_type_is_415(nobody):
    """Forms are not taken."""
    reply = nobody.call("POST", "/users", data={"user": "x"})

    assert reply.status_code == 415
    assert list(reply.json["errors"]) == ["body"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/articles/x/y/z", 404),
        ("DELETE", "/users", 405),
        ("PATCH", "/articles/x", 405),
        ("POST", "/tags", 405),
    ],
)
def test_unknown_addresses_and_methods(nobody, method, path, status):
    """404 and 405 have the shape too; a 405 names the methods there are."""
    reply = nobody.call(method, path)

    assert reply.status_code == status
    assert shapes.is_errors_answer(reply.json)
    assert list(reply.json["errors"]) == ["request"]
    assert ("Allow" in reply.headers) == (status == 405)


@pytest.fixture
def broken(app, monkeypatch):
    """Let every search for an article fail in an unexpected way."""

    def fail(*args):
        raise ZeroDivisionError("a secret of the server")

    monkeypatch.setattr(articles, "show", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)


def test_an_unexpected_error_is_500_and_says_nothing(broken, nobody, caplog):
    """A 500 has the shape and nothing of the exception in it; the log has all of it."""
    with caplog.at_level(logging.ERROR):
        reply = nobody.get("/articles/x")

    assert reply.status_code == 500
    assert shapes.is_errors_answer(reply.json)
    assert "secret" not in reply.text
    assert "a secret of the server" in caplog.text
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_a_row_that_another_request_changes_meanwhile_is_409(app, jake, monkeypatch):
    """What another request changes between our reading and our writing it is a 409, in the shape of the sample."""

    def fail(*args):
        raise StaleDataError("0 rows were matched")

    monkeypatch.setattr(users, "logged_in", fail)
    reply = jake.put("/user", {"user": {"bio": "x"}})

    assert reply.status_code == 409
    assert list(reply.json["errors"]) == ["request"]


@pytest.mark.parametrize(
    ("given", "flat"),
    [
        ({"json": {"user": {"email": ["a", "b"]}}}, {"email": ["a", "b"]}),
        ({"json": {"user": {"_schema": ["a"]}}}, {"user": ["a"]}),
        ({"json": {"user": ["a"]}}, {"user": ["a"]}),
        ({"json": {"_schema": ["a"]}}, {"body": ["a"]}),
        ({"json": ["a"]}, {"body": ["a"]}),
        ({"json": {"article": {"tagList": {0: ["a"], 2: ["b"]}}}}, {"tagList.0": ["a"], "tagList.2": ["b"]}),
        ({"query": {"limit": ["a"]}}, {"limit": ["a"]}),
        ({"query": {"limit": ["a"]}, "json": {"user": {"bio": "b"}}}, {"limit": ["a"], "bio": ["b"]}),
    ],
)
def test_messages_are_named_by_their_fields(given, flat):
    """The location and the object around all members are left out of the names."""
    assert flatten(given) == flat

"""How an error is written to the wire."""

from __future__ import annotations

import json

import pytest
from werkzeug import exceptions as werkzeug_errors

from framework import Schema, fields
from framework.errors import APIError, Conflict, NotFound, Unauthorized, ValidationFailed
from framework.http.problem import ErrorRenderer, headers_of, leaves_unchanged, own_class, problem, render


class SoldOut(Conflict):
    """None are left."""

    schema = Schema.from_dict({"left": fields.Integer(data_key="howMany")})


def test_the_members_in_order():
    """A problem object has its five members, then ``errors``, then those of the class."""
    error = SoldOut("None.", errors={"json": {"a": ["x"]}}, left=0)

    assert list(problem(error, "/docs/errors/").items()) == [
        ("type", "/docs/errors/sold_out"),
        ("title", "Conflict"),
        ("status", 409),
        ("code", "sold_out"),
        ("detail", "None."),
        ("errors", {"json": {"a": ["x"]}}),
        ("howMany", 0),
    ]


def test_without_docs_the_type_is_blank():
    """Without docs, and for errors of no class of their own, ``type`` is ``about:blank``."""
    custom = type("Odd", (werkzeug_errors.HTTPException,), {"code": 499})()

    assert problem(NotFound(), None)["type"] == "about:blank"
    assert problem(custom, "/docs/errors/") == {
        "type": "about:blank",
        "title": "Unknown Error",
        "status": 499,
        "code": "odd",
    }


def test_an_empty_description_is_left_out():
    """A detail that says nothing is not sent."""
    assert "detail" not in problem(NotFound(""), None)


@pytest.mark.parametrize(
    "error, expected",
    [
        (NotFound(), NotFound),
        (werkzeug_errors.NotFound(), NotFound),
        (werkzeug_errors.BadRequestKeyError("a"), werkzeug_errors.BadRequest),
        (type("Odd", (werkzeug_errors.HTTPException,), {"code": 499})(), None),
    ],
)
def test_the_class_that_stands_for_an_error(error, expected):
    """The framework's class stands for werkzeug's of the same status."""
    found = own_class(error)

    assert found is expected or (expected is not None and issubclass(found, (expected, APIError)))


@pytest.mark.parametrize(
    "error, expected",
    [
        (NotFound(), False),
        (werkzeug_errors.NotFound(), False),
        (NotFound(response=werkzeug_errors.NotFound().get_response()), True),
        (type("Moved", (werkzeug_errors.HTTPException,), {"code": 301})(), True),
        (werkzeug_errors.HTTPException(), True),
    ],
)
def test_what_is_an_answer_already(error, expected):
    """Exceptions that carry a response, have no code or are no error by their status leave as they are."""
    assert leaves_unchanged(error) is expected


def test_the_answer():
    """The answer has the status, the media type, the error's headers, and the object as body."""
    wire = render(Unauthorized("No.", headers={"WWW-Authenticate": "Bearer", "Content-Type": "text/evil"}), "/e/")

    assert wire.status_code == 401
    assert wire.headers.getlist("Content-Type") == ["application/problem+json"]
    assert wire.headers["WWW-Authenticate"] == "Bearer"
    assert json.loads(wire.body)["type"] == "/e/unauthorized"


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\rb"])
def test_no_line_breaks_in_headers(value):
    """A header with a line break is refused."""
    with pytest.raises(ValueError, match="contains a line break"):
        headers_of(NotFound(headers={"X-A": value}))


def test_errors_of_lists_are_written():
    """The numbers of a list's items become texts."""
    assert json.loads(render(ValidationFailed({"json": {0: {"a": ["x"]}}})).body)["errors"] == {
        "json": {"0": {"a": ["x"]}}
    }


def test_two_errors_of_one_class_are_not_mixed():
    """What one error says is not in another of its class."""
    first, second, third = (json.loads(render(error).body) for error in (NotFound("one"), NotFound("two"), NotFound()))

    assert (first["detail"], second["detail"]) == ("one", "two")
    assert third["detail"] not in ("one", "two")


def test_another_shape():
    """A renderer dumps what its function returns; status and headers stay the error's."""
    renderer = ErrorRenderer(
        lambda error: {"word": error.description, "more": 1}, Schema.from_dict({"word": fields.String()})(), "text/x"
    )
    wire = renderer.render(NotFound("No.", headers={"X-A": "1"}), lambda function: function)

    assert (wire.status_code, json.loads(wire.body)) == (404, {"word": "No."})
    assert wire.headers["Content-Type"] == "text/x"
    assert wire.headers["X-A"] == "1"

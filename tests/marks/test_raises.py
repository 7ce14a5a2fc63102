"""``raises``: errors of an operation."""

from __future__ import annotations

import pytest
from werkzeug import exceptions as werkzeug_errors

from framework import App, Resource, raises
from framework.errors import APIError, Conflict, NotFound, SetupError
from framework.marks.raises import own_error


class PetNotFound(NotFound):
    """No pet has this id."""


@pytest.mark.parametrize(
    "given, expected",
    [
        (NotFound, NotFound),
        (PetNotFound, PetNotFound),
        (404, NotFound),
        (werkzeug_errors.NotFound, NotFound),
        (werkzeug_errors.Conflict, Conflict),
    ],
)
def test_what_an_error_stands_for(given, expected):
    """A class of the framework stands for itself; a status and a class of werkzeug's for the framework's."""
    assert own_error(given) is expected


@pytest.mark.parametrize("given", [200, 299, "404", KeyError, NotFound("x"), APIError, werkzeug_errors.HTTPException])
def test_what_is_no_error_is_refused(given):
    """What is not an error with a status is refused where the mark is written."""
    with pytest.raises(SetupError, match="cannot be declared"):
        raises(given)


def test_raises_only_documents():
    """Declared errors are in the document with their docstring; the request is as it was."""
    app = App("raises")

    @app.route("/x")
    class X(Resource):
        @raises(PetNotFound, 409)
        def get(self):
            return 1

    responses = app.openapi["paths"]["/x"]["get"]["responses"]

    assert app.test_client().get("/x").json == 1
    assert {"404", "409"} <= set(responses)
    assert "No pet has this id." in str(app.openapi)


def test_several_errors_of_one_status():
    """Several errors of one status are all outcomes."""
    app = App("raises")
    app.add_url_rule("/x", "x", raises(NotFound, PetNotFound)(lambda: ""))
    (operation,) = [operation for operation in app.operations if operation.endpoint == "x"]

    assert [outcome.error for outcome in operation.outcomes if not outcome.implied] == [NotFound, PetNotFound]

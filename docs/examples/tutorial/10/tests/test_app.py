"""The application as a whole."""

from framework.openapi import lint


def test_the_application_is_ready(client):
    """The probe of the balancer finds all that requests need."""
    assert client.get("/readyz").status_code == 200


def test_the_documents_are_whole(app):
    """The documents of all versions satisfy the linter."""
    assert lint.check(app) == []

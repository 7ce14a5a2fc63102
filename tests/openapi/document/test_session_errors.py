"""Sessions in a store may be away: each operation of such an application says so, and the contract knows it."""

from __future__ import annotations

import pytest

from framework import App, Schema, fields, response, session
from framework.errors import Conflict
from framework.sessions import SecureCookieSessionInterface, StoreSessionInterface
from framework.stores.base import StoreAway
from framework.stores.memory import MemoryStore


class Away(MemoryStore):
    """A store that does not answer."""

    def get(self, key):
        raise StoreAway("Gone.")


class UserSchema(Schema):
    name = fields.String()


def application(interface=None):
    app = App("away")
    if interface is not None:
        app.session_interface = interface

    @app.get("/user")
    @response(200, UserSchema)
    def show():
        """Show."""
        return {"name": session.get("name", "")}

    return app


def test_the_contract_knows_the_503_of_a_store():
    """It is declared by nobody, and is what the document says."""
    app = application(StoreSessionInterface(Away()))
    reply = app.test_client(use_cookies=False).get("/user", headers={"Cookie": "session=a"})

    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "1")
    responses = app.openapi["paths"]["/user"]["get"]["responses"]
    assert responses["503"] == {"$ref": "#/components/responses/SessionUnavailable"}
    assert "Retry-After" in app.openapi["components"]["responses"]["SessionUnavailable"]["headers"]


@pytest.mark.parametrize("interface", [None, SecureCookieSessionInterface()])
def test_cookies_are_never_away(interface):
    """Nothing is said where sessions are in the cookie."""
    assert "503" not in application(interface).openapi["paths"]["/user"]["get"]["responses"]


def test_an_interface_names_its_own_errors():
    """Whatever they are."""

    class Busy(Conflict):
        """Too many sessions."""

        error_code = "busy"

    class Own(SecureCookieSessionInterface):
        lazy = True
        errors = (Busy,)

        def open_session(self, app, request):
            raise Busy

    app = application(Own())
    assert app.test_client().get("/user").status_code == 409
    assert app.openapi["paths"]["/user"]["get"]["responses"]["409"] == {"$ref": "#/components/responses/Busy"}

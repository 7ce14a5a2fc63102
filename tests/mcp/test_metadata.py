"""Protected resource metadata (RFC 9728), and the page for language models."""

from __future__ import annotations

import anyio
import httpx2
import pytest
from mcp.client.auth.utils import extract_resource_metadata_from_www_auth, handle_protected_resource_response
from mcp.shared.auth_utils import check_resource_allowed

from framework import App, OpenIDConnect, doc, public, requires, response
from framework.errors import SetupError
from tests.mcp.shop import make_app

RESOURCE = {"OAUTH_RESOURCE": "https://api.example", "OAUTH_AUTHORIZATION_SERVERS": ["https://id.example"]}


def test_the_metadata_names_servers_and_scopes():
    """The root has the scopes of all operations, the address of the tools those of tools."""
    client = make_app(**RESOURCE).test_client()
    answer = client.get("/.well-known/oauth-protected-resource")
    assert answer.json == {
        "resource": "https://api.example",
        "authorization_servers": ["https://id.example"],
        "scopes_supported": ["read", "write"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Pets",
    }
    assert client.get("/.well-known/oauth-protected-resource/mcp").json["resource"] == "https://api.example/mcp"


def test_the_challenge_leads_a_client_to_the_metadata():
    """The official client finds the metadata in the 401, and takes it for its address."""
    client = make_app(**RESOURCE).test_client()
    refused = client.delete("/pets/1")
    url = extract_resource_metadata_from_www_auth(httpx2.Response(401, headers=dict(refused.headers)))
    assert url == "https://api.example/.well-known/oauth-protected-resource"
    body = client.get("/.well-known/oauth-protected-resource").data
    made = anyio.run(handle_protected_resource_response, httpx2.Response(200, content=body))
    assert check_resource_allowed("https://api.example/mcp", str(made.resource))


def test_without_the_setting_nothing_changes():
    """No metadata is served, and no challenge names any."""
    client = make_app().test_client()
    assert client.get("/.well-known/oauth-protected-resource").status_code == 404
    assert "resource_metadata" not in client.delete("/pets/1").headers["WWW-Authenticate"]


def test_the_provider_of_a_scheme_is_the_server():
    """Without the setting for servers, those of OpenID Connect count; without any the set-up is refused."""

    def make(*marks):
        app = App(__name__)
        app.config["OAUTH_RESOURCE"] = "https://api.example/v1"

        def view():
            return {}

        for mark in (response(200), *marks):
            view = mark(view)
        app.add_url_rule("/a", "a", view)
        return app

    provider = OpenIDConnect({}.get, "https://id.example/.well-known/openid-configuration")
    answer = make(requires(provider)).test_client().get("/.well-known/oauth-protected-resource/v1")
    assert answer.json["authorization_servers"] == ["https://id.example"]
    with pytest.raises(SetupError, match="OAUTH_AUTHORIZATION_SERVERS"):
        make(public).freeze()


def test_the_page_for_models_lists_the_operations():
    """Title, description, links, and the documented operations by tag in one line each."""
    app = make_app(LLMS_PATH="/llms.txt", API_DESCRIPTION="All about pets.")

    @app.get("/hidden")
    @doc(hidden=True)
    @public
    @response(204)
    def hidden():
        """Not for anyone."""

    answer = app.test_client().get("/llms.txt")
    assert answer.content_type == "text/markdown; charset=utf-8"
    text = answer.text
    assert text.startswith("# Pets\n\n> All about pets.\n\n- [OpenAPI document](/openapi.json)")
    assert "- [Tools](/mcp)" in text
    assert "- `GET /pets/{pet_id}`: Return a pet." in text
    assert "hidden" not in text


def test_the_page_for_models_is_off_by_default():
    """Without ``LLMS_PATH`` there is no page."""
    assert make_app().test_client().get("/llms.txt").status_code == 404


def test_the_page_for_models_asks_for_what_the_documentation_asks():
    """``DOCS_MARKS`` hold for it too."""
    from tests.mcp.shop import bearer

    client = make_app(LLMS_PATH="/llms.txt", DOCS_MARKS=[requires(bearer)]).test_client()
    assert client.get("/llms.txt").status_code == 401
    assert client.get("/llms.txt", headers={"Authorization": "Bearer ann"}).status_code == 200

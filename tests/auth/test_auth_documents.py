"""The document of the routers of tokens and keys: no finding of the linter, nothing secret, and translated words."""

from __future__ import annotations

import openapi_spec_validator
import pytest

from framework import App, public, requires
from framework.auth import (
    APIKeys,
    MemoryAPIKeyStore,
    Renewal,
    TokenIssuer,
    TokenKey,
    api_key_router,
    jwks_router,
    token_router,
)
from framework.openapi.lint import check


@pytest.fixture(params=["3.1", "3.0"])
def app(request):
    """An application with all routers."""
    issuer = TokenIssuer("https://shop.example.org", "shop", TokenKey.generate("ES256"))
    keys = APIKeys(MemoryAPIKeyStore(), prefix="shop")
    users = issuer.scheme(lambda token: token.subject)
    app = App("documented", marks=[requires(keys.scheme() | users)])
    app.config.update(
        OPENAPI_VERSION={"3.1": "3.1.0", "3.0": "3.0.3"}[request.param],
        API_TITLE="Shop",
        API_DESCRIPTION="A shop.",
        API_CONTACT={"name": "The shop", "email": "api@shop.example"},
        API_LICENSE={"name": "MIT", "url": "https://shop.example/license"},
        API_SERVERS=[{"url": "https://shop.example"}],
        DOCS_MARKS=[public],
    )
    app.register_router(token_router(issuer, lambda subject, scopes: Renewal(scopes)))
    app.register_router(jwks_router(issuer))
    app.register_router(api_key_router(keys, users, owner=str, scopes=["read"]))
    return app


def test_the_routers_have_no_finding(app):
    """The linter finds nothing in the operations of the routers, and the document is valid."""
    assert [str(each) for each in check(app)] == []
    openapi_spec_validator.validate(app.openapi)


def test_nothing_of_a_key_but_the_key_is_shown(app):
    """No answer has the hash of a key, and one alone has the key."""
    schemas = app.openapi["components"]["schemas"]

    assert not any("hash" in schema.get("properties", {}) for schema in schemas.values())
    assert [name for name, schema in schemas.items() if "key" in schema.get("properties", {})] == ["CreatedAPIKey"]


def test_the_words_are_translated(app):
    """The texts of the operations follow the language of the document."""
    app.config["LANGUAGES"] = ["de"]

    assert app.openapi["paths"]["/tokens/refresh"]["post"]["summary"] == "Tokens erneuern."

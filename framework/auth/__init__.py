"""Tokens and keys: JWT as a security scheme, issuing and ending tokens, and API keys."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._access_token import AccessToken as AccessToken
    from ._api_key_router import APIKeySchema as APIKeySchema
    from ._api_key_router import api_key_router as api_key_router
    from ._api_key_stores import MemoryAPIKeyStore as MemoryAPIKeyStore
    from ._api_key_stores import SQLAlchemyAPIKeyStore as SQLAlchemyAPIKeyStore
    from ._api_key_stores import api_key_table as api_key_table
    from ._api_keys import APIKeyInactive as APIKeyInactive
    from ._api_keys import APIKeyNotFound as APIKeyNotFound
    from ._api_keys import APIKeyRecord as APIKeyRecord
    from ._api_keys import APIKeys as APIKeys
    from ._api_keys import APIKeyStore as APIKeyStore
    from ._api_keys import CreatedAPIKey as CreatedAPIKey
    from ._api_keys import TooManyAPIKeys as TooManyAPIKeys
    from ._blocklist import Blocklist as Blocklist
    from ._errors import AuthenticationUnavailable as AuthenticationUnavailable
    from ._issuer import IssuedTokens as IssuedTokens
    from ._issuer import RefreshTokenInvalid as RefreshTokenInvalid
    from ._issuer import Renewal as Renewal
    from ._issuer import TokenIssuer as TokenIssuer
    from ._jwks import JWKS as JWKS
    from ._jwt import JWT as JWT
    from ._keys import ALGORITHMS as ALGORITHMS
    from ._keys import TokenKey as TokenKey
    from ._token_routers import TokensSchema as TokensSchema
    from ._token_routers import jwks_router as jwks_router
    from ._token_routers import token_router as token_router
else:
    __getattr__ = lazy(
        __name__,
        {
            "_access_token": "AccessToken",
            "_api_key_router": "APIKeySchema api_key_router",
            "_api_key_stores": "MemoryAPIKeyStore SQLAlchemyAPIKeyStore api_key_table",
            "_api_keys": (
                "APIKeyInactive APIKeyNotFound APIKeyRecord APIKeyStore APIKeys CreatedAPIKey TooManyAPIKeys"
            ),
            "_blocklist": "Blocklist",
            "_errors": "AuthenticationUnavailable",
            "_issuer": "IssuedTokens RefreshTokenInvalid Renewal TokenIssuer",
            "_jwks": "JWKS",
            "_jwt": "JWT",
            "_keys": "ALGORITHMS TokenKey",
            "_token_routers": "TokensSchema jwks_router token_router",
        },
    )

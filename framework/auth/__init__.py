"""Tokens and keys: JWT as a security scheme, issuing and ending tokens, and API keys."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._access_token import AccessToken as AccessToken
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
            "_blocklist": "Blocklist",
            "_errors": "AuthenticationUnavailable",
            "_issuer": "IssuedTokens RefreshTokenInvalid Renewal TokenIssuer",
            "_jwks": "JWKS",
            "_jwt": "JWT",
            "_keys": "ALGORITHMS TokenKey",
            "_token_routers": "TokensSchema jwks_router token_router",
        },
    )

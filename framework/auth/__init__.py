"""Tokens and keys: JWT as a security scheme, issuing and ending tokens, and API keys."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._access_token import AccessToken as AccessToken
    from ._errors import AuthenticationUnavailable as AuthenticationUnavailable
    from ._jwt import JWT as JWT
    from ._keys import ALGORITHMS as ALGORITHMS
    from ._keys import TokenKey as TokenKey
else:
    __getattr__ = lazy(
        __name__,
        {
            "_access_token": "AccessToken",
            "_errors": "AuthenticationUnavailable",
            "_jwt": "JWT",
            "_keys": "ALGORITHMS TokenKey",
        },
    )

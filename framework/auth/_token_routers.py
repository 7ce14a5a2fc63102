"""Operations of a :class:`TokenIssuer`: refresh and revoke tokens, and publish the public keys.

Not here: the log-in, which is the application's. Floor 7.
"""

from __future__ import annotations

import typing as t

from marshmallow import Schema, fields, validate

from ..marks.conditional import cache_control
from ..marks.doc import doc
from ..marks.inputs import arguments
from ..marks.raises import raises
from ..marks.responses import response
from ..marks.security import public
from ..resources.resource import Resource
from ..resources.router import Router
from ..texts import message
from ._errors import AuthenticationUnavailable
from ._issuer import IssuedTokens, RefreshTokenInvalid
from ._jwt import MAX_LENGTH

if t.TYPE_CHECKING:
    from ._issuer import Renew, TokenIssuer

JWKS_PATH: t.Final = "/.well-known/jwks.json"


class TokensSchema(Schema):
    """Tokens of a client."""

    access_token = fields.String(required=True, metadata={"description": message("schemas.tokens.access_token")})
    token_type = fields.String(
        required=True,
        validate=validate.Equal("Bearer"),
        metadata={"description": message("schemas.tokens.token_type")},
    )
    expires_in = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1),
        metadata={"description": message("schemas.tokens.expires_in")},
    )
    refresh_token = fields.String(allow_none=True, metadata={"description": message("schemas.tokens.refresh_token")})
    scope = fields.String(metadata={"description": message("schemas.tokens.scope")})


class RefreshSchema(Schema):
    """A refresh token to be replaced."""

    refresh_token = fields.String(
        required=True,
        validate=validate.Length(min=1, max=MAX_LENGTH),
        metadata={"description": message("schemas.tokens.refresh_token")},
    )


class RevokeSchema(Schema):
    """A token to be ended."""

    token = fields.String(
        required=True,
        validate=validate.Length(min=1, max=MAX_LENGTH),
        metadata={"description": message("schemas.tokens.token")},
    )
    token_type_hint = fields.String(metadata={"description": message("schemas.tokens.token_type_hint")})


class PublicKeySetSchema(Schema):
    """Public keys (RFC 7517)."""

    keys = fields.List(
        fields.Dict(keys=fields.String()), required=True, metadata={"description": message("schemas.jwks.keys")}
    )


def token_router(issuer: TokenIssuer, renew: Renew, *, name: str = "tokens", url_prefix: str = "/tokens") -> Router:
    """Return a router with ``POST /tokens/refresh`` and ``POST /tokens/revoke``. Both are open: a token is the proof.

    :param issuer: The issuer.
    :param renew: Called with the id of the user and the scopes of the log-in, may be asynchronous. Returns a
        ``Renewal``; ``None`` ends the log-in.
    :param name: The name of the router.
    :param url_prefix: The path in front of both.
    """
    router = Router(name, __name__, url_prefix=url_prefix, description=message("routers.tokens"))

    @router.route("/refresh")
    class TokenRefresh(Resource):
        @public
        @doc(summary=message("operations.refresh_tokens"), description=message("operations.refresh_tokens.more"))
        @cache_control(no_store=True)
        @arguments(RefreshSchema)
        @response(200, TokensSchema)
        @raises(RefreshTokenInvalid, AuthenticationUnavailable)
        def post(self, data: dict[str, str]) -> IssuedTokens:
            return issuer.refresh(data["refresh_token"], renew)

    @router.route("/revoke")
    class TokenRevocation(Resource):
        @public
        @doc(summary=message("operations.revoke_token"), description=message("operations.revoke_token.more"))
        @cache_control(no_store=True)
        @arguments(RevokeSchema)
        @response(204)
        @raises(AuthenticationUnavailable)
        def post(self, data: dict[str, str]) -> None:
            issuer.revoke(data["token"])

    return router


def jwks_router(issuer: TokenIssuer, *, name: str = "jwks", path: str = JWKS_PATH, max_age: int = 300) -> Router:
    """Return a router that publishes the public keys of an issuer, for the APIs that verify its tokens.

    :param issuer: The issuer.
    :param name: The name of the router.
    :param path: The path. Default: ``/.well-known/jwks.json``.
    :param max_age: Seconds for which others may keep the answer.
    :raises SetupError: A key of the issuer is a shared secret.
    """
    keys = {"keys": issuer.public_keys()}
    router = Router(name, __name__, description=message("routers.jwks"))

    @router.route(path)
    class PublicKeySet(Resource):
        @public
        @doc(summary=message("operations.jwks"))
        @cache_control(public=True, max_age=max_age)
        @response(200, PublicKeySetSchema)
        def get(self) -> dict[str, list[dict[str, object]]]:
            return keys

    return router

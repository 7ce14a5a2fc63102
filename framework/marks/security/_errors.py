"""The errors of security: those of the marks ``requires`` and ``permission``, and of CSRF protection.

Floor 4.
"""

from __future__ import annotations

from marshmallow import Schema, fields

from ...errors import Forbidden, Unauthorized
from ...texts import message


class CredentialsMissing(Unauthorized):
    """The request must be authenticated. `WWW-Authenticate` says how."""

    description = message("credentials_missing.detail")


class CredentialsInvalid(Unauthorized):
    """The credentials are wrong, expired or revoked."""

    description = message("credentials_invalid.detail")


class MissingScopes(Schema):
    missing = fields.List(
        fields.String(),
        required=True,
        metadata={"description": message("schemas.missing_scopes"), "example": ["write"]},
    )


class ScopesMissing(Forbidden):
    """The credentials are valid, but lack a required scope."""

    schema = MissingScopes


class MissingPermission(Schema):
    permission = fields.String(
        required=True, metadata={"description": message("schemas.missing_permission"), "example": "is_owner"}
    )


class PermissionDenied(Forbidden):
    """The user is authenticated, but not permitted to perform this operation."""

    schema = MissingPermission


class CSRFFailed(Forbidden):
    """A browser sent the user's cookie, but nothing proves that a page of this application made the request."""

"""What security answers with: the errors of the marks ``requires``, ``permission`` and of CSRF protection.

Floor 4.
"""

from __future__ import annotations

from marshmallow import Schema, fields

from ...errors import Forbidden, Unauthorized


class CredentialsMissing(Unauthorized):
    """The request must say who sends it; `WWW-Authenticate` tells how."""

    description = "Credentials are required."


class CredentialsInvalid(Unauthorized):
    """The credentials are wrong, expired or revoked."""

    description = "The credentials are invalid."


class MissingScopes(Schema):
    missing = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The scopes that the credentials lack.", "example": ["write"]},
    )


class ScopesMissing(Forbidden):
    """The credentials are good, and may not be used for this: they lack a scope."""

    schema = MissingScopes


class MissingPermission(Schema):
    permission = fields.String(
        required=True, metadata={"description": "The permission that the user lacks.", "example": "is_owner"}
    )


class PermissionDenied(Forbidden):
    """The user is known, and may not do this."""

    schema = MissingPermission


class CSRFFailed(Forbidden):
    """A browser sent the user's cookie along, and nothing proves that a page of this application asked it to."""

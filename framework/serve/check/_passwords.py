"""Which operations take passwords: by the names of their inputs, by their schemes, and as token endpoints.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t
from urllib.parse import urlsplit

import marshmallow as ma

from ...fields import inner_fields
from ._rules import Deployment

if t.TYPE_CHECKING:
    from ...fields import AnyField
    from ...resources.operation import Operation

_PARTS = ("password", "passwd", "passphrase", "passcode")
_NAMES = frozenset({"pwd", "pin", "otp", "totp", "one_time_code"})


def takes_password(operation: Operation) -> bool:
    """Return whether a client can try passwords out here: one is taken, and no other credentials are asked for."""
    if any(each.scheme.get("scheme") == "basic" for each in operation.security):
        return True
    if any(not each.optional for each in operation.security):
        return False
    if any(is_password(each.name, each.field) for each in operation.parameters):
        return True
    return any(_has_password(body.schema, set()) for body in operation.bodies)


def is_password(name: str, field: AnyField) -> bool:
    """Return whether a value is a password, by its name or by the format that its field states."""
    lower = name.lower()
    return field.metadata.get("format") == "password" or lower in _NAMES or any(part in lower for part in _PARTS)


def _has_password(schema: ma.Schema, seen: set[type]) -> bool:
    if type(schema) in seen:
        return False
    seen.add(type(schema))
    for name, field in schema.load_fields.items():
        if is_password(field.data_key or name, field):
            return True
        for inner in (field, *inner_fields(field)):
            if isinstance(inner, ma.fields.Nested) and _has_password(inner.schema, seen):
                return True
    return False


def token_paths(deployment: Deployment) -> frozenset[str]:
    """The paths of the token endpoints that the schemes of the application name."""
    urls: set[str] = set()
    for operation in deployment.operations:
        for security in operation.security:
            flows = security.scheme.get("flows")
            if isinstance(flows, cabc.Mapping):
                urls.update(str(flow["tokenUrl"]) for flow in flows.values() if "tokenUrl" in flow)
    return frozenset("/" + urlsplit(url).path.strip("/") for url in urls)


def is_token_endpoint(deployment: Deployment, operation: Operation) -> bool:
    """Return whether a scheme of the application names an operation as the one that gives tokens."""
    return operation.method == "POST" and "/" + operation.rule.rule.strip("/") in token_paths(deployment)

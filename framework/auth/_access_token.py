"""The content of an access token that was verified, and how its claims are read.

Not here: the signature (``auth._jws``), the rules of an application (``auth._jwt``). Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import datetime as dt
import types
import typing as t

from ._errors import TokenRefusal

LAST_MOMENT: t.Final = 253_402_300_799
"""The end of the year 9999, the last moment that a ``datetime`` can hold."""

_ZERO = dt.datetime.fromtimestamp(0, dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class AccessToken:
    """The content of a token whose signature, issuer, audience and times are good."""

    subject: str
    """The claim ``sub``: whom the token is about."""
    scopes: frozenset[str]
    """The scopes, from ``scope`` or ``scp``."""
    claims: cabc.Mapping[str, object]
    """All claims; read-only."""
    expires_at: dt.datetime
    """In UTC."""
    issued_at: dt.datetime | None = None
    """In UTC; ``None`` where the token does not say."""
    id: str | None = None
    """The claim ``jti``; ``None`` where the token has none."""
    session: str | None = None
    """The claim ``sid``: the log-in that the token comes from; ``None`` where the token has none."""

    def __repr__(self) -> str:
        return f"<AccessToken of {self.subject!r}>"


def number_of(claims: cabc.Mapping[str, object], name: str) -> float | None:
    """Return a NumericDate (RFC 7519, section 2): seconds since 1970, whole or not.

    :return: ``None`` where the claim is missing.
    :raises TokenRefusal: It is not a number, or not a moment.
    """
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LAST_MOMENT:
        raise TokenRefusal(f"{name} is not a moment")
    return value


def text_of(claims: cabc.Mapping[str, object], name: str) -> str | None:
    """Return a claim that is text.

    :return: ``None`` where it is missing.
    :raises TokenRefusal: It is not text, or empty.
    """
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if not isinstance(value, str) or not value:
        raise TokenRefusal(f"{name} is not text")
    return value


def scopes_of(claims: cabc.Mapping[str, object]) -> frozenset[str]:
    """Return the scopes: ``scope`` (RFC 8693, section 4.2), otherwise ``scp``; texts with spaces, or lists.

    :raises TokenRefusal: They are neither.
    """
    value = claims.get("scope", claims.get("scp"))
    if value is None:
        return frozenset()
    parts = value.split() if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise TokenRefusal("the scopes are not text")
    return frozenset(parts)


def audiences_of(claims: cabc.Mapping[str, object]) -> list[str]:
    """Return the audiences: one text or a list of texts (RFC 7519, section 4.1.3); none where it is anything else."""
    value = claims.get("aud")
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def moment(seconds: float) -> dt.datetime:
    """Return seconds since 1970 as a moment in UTC."""
    return _ZERO + dt.timedelta(microseconds=round(seconds * 1_000_000))


def frozen(claims: dict[str, object]) -> cabc.Mapping[str, object]:
    """Return claims that cannot be changed."""
    return types.MappingProxyType(claims)

"""Proof that a request comes from a page of the application: signed tokens, and what browsers say about its origin.

A token is a random part and a signature over it and over what the token is bound to: a secret of the session, or the
cookie that authenticates. Not here: which requests need one (``marks.security._csrf``).
Floor 2.
"""

from __future__ import annotations

import base64
import binascii
import collections.abc as cabc
import hashlib
import hmac
import secrets

_RANDOM = 16
_LENGTH = 64  # of the text: 48 bytes in base64

Secret = str | bytes


def make_token(key: Secret, bound: str) -> str:
    """A token. No two are alike, so compressed answers give none away (BREACH).

    :param key: The application's secret key.
    :param bound: What the token is good with.
    """
    salt = secrets.token_bytes(_RANDOM)
    return base64.urlsafe_b64encode(salt + signature(key, salt, bound)).decode("ascii")


def is_token(keys: cabc.Iterable[Secret], token: str, bound: str) -> bool:
    """Return whether one of the keys has made the token for ``bound``. How long it takes does not depend on what is
    wrong.

    :param keys: The secret key, and those before it.
    :param token: What the client sent.
    :param bound: As in :func:`make_token`.
    """
    if len(token) != _LENGTH:
        return False
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError):
        return False
    salt, given = raw[:_RANDOM], raw[_RANDOM:]
    fits = [hmac.compare_digest(signature(key, salt, bound), given) for key in keys]
    return any(fits)


def signature(key: Secret, salt: bytes, bound: str) -> bytes:
    """HMAC-SHA256 with a key that is derived for this purpose alone."""
    secret = key.encode() if isinstance(key, str) else key
    derived = hmac.digest(secret, b"framework.csrf", hashlib.sha256)
    return hmac.digest(derived, salt + bound.encode("utf-8", "surrogatepass"), hashlib.sha256)


def is_own_page(site: str | None, origin: str | None, own: str, trusted: cabc.Container[str]) -> bool:
    """Return whether the browser says that a page of this origin, or of a trusted one, has sent the request.

    Pages cannot set these headers. A client that sends none of them is not a browser, or an old one: it passes here.

    :param site: The header ``Sec-Fetch-Site`` (Fetch Metadata).
    :param origin: The header ``Origin``.
    :param own: The origin of the application.
    :param trusted: Other origins that may, in lower case.
    """
    if site in ("same-origin", "none"):
        return True
    if origin is not None:
        return origin.lower() == own.lower() or origin.lower() in trusted
    return site is None

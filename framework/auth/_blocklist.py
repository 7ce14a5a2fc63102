"""Tokens that were ended before they expire: one by its id, those of a log-in, or all of a user until a moment.

Not here: refresh tokens (``auth._sessions``). Floor 7.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
import typing as t

from ._jwt import MAX_LEEWAY
from ._stores import AuthStore

if t.TYPE_CHECKING:
    from ..config import Config
    from ..stores.base import Store
    from ._access_token import AccessToken

STARTED: t.Final = "session_at"
"""The claim with the moment of the log-in that a token comes from. Tokens that are refreshed keep it."""


class Blocklist:
    """Ended tokens, each kept until it would have expired.

    Its methods need an application context. They may wait for the store: an ``async def`` handler calls them with
    ``await asyncio.to_thread(...)``.

    :param name: One for each issuer, as ids are unique for one issuer alone.
    :param store: Default: that of ``AUTH_STORE_URL``.
    """

    def __init__(self, name: str = "tokens", store: Store | None = None) -> None:
        self.name = name
        self.store = AuthStore(store)

    def __repr__(self) -> str:
        return f"Blocklist({self.name!r})"

    def may_be_away(self, config: Config) -> bool:
        """Return whether the store may not answer."""
        return self.store.may_be_away(config)

    def revoke(self, token: AccessToken) -> None:
        """End one token.

        :raises ValueError: It has no ``jti``.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        if token.id is None:
            raise ValueError("A token without 'jti' cannot be ended by itself. End those of its user.")
        self._set("jti", token.id, b"1", token.expires_at.timestamp() - time.time())

    def revoke_session(self, session: str, max_age: float) -> None:
        """End all tokens of a log-in.

        :param session: The claim ``sid``.
        :param max_age: Seconds for which its tokens are good at most.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        self._set("sid", session, b"1", max_age)

    def revoke_user(self, subject: str, max_age: float, *, before: dt.datetime | None = None) -> None:
        """End all tokens of a user that were issued until a moment.

        :param subject: The claim ``sub``.
        :param max_age: Seconds for which tokens are good at most.
        :param before: The moment. Default: now. What is issued afterwards is good, also by the same request.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        ticks = time.time_ns() // 1000 if before is None else microseconds(before.timestamp())
        self._set("sub", subject, b"%d" % ticks, max_age)

    def is_revoked(self, token: AccessToken) -> bool:
        """Return whether a token was ended.

        :raises AuthenticationUnavailable: The store does not answer.
        """
        names = [("sub", token.subject), ("jti", token.id), ("sid", token.session)]
        keys = [self._key(kind, name) for kind, name in names if name is not None]
        ended, *others = self.store.read(keys)
        if any(other is not None for other in others):
            return True
        if ended is None:
            return False
        started = token.claims.get(STARTED)
        issued = token.issued_at.timestamp() if token.issued_at is not None else 0
        if isinstance(started, (int, float)):
            issued = min(issued, started)
        return microseconds(issued) <= int(ended)

    def _key(self, kind: str, name: str) -> str:
        return f"auth:{self.name}:{kind}:{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"

    def _set(self, kind: str, name: str, value: bytes, seconds: float) -> None:
        """Keep a value; for longer than the time, as schemes may give tokens a leeway."""
        ttl = seconds + MAX_LEEWAY
        if ttl > 0:
            self.store.ask(_set, self._key(kind, name), value, ttl)


def _set(store: Store, key: str, value: bytes, ttl: float) -> None:
    store.set(key, value, ttl)


def microseconds(seconds: float) -> int:
    """Return seconds as whole microseconds."""
    return round(seconds * 1_000_000)

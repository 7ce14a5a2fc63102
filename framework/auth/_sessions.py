"""Sessions of refresh tokens: which token of a log-in is the current one, and the end of all when one is used twice.

After RFC 9700, section 4.14. Not here: the tokens (``auth._issuer``). Floor 7.
"""

from __future__ import annotations

import secrets
import time
import typing as t

import msgspec

from ._stores import AuthStore

if t.TYPE_CHECKING:
    from ..stores.base import Store

ENDED: t.Final = b"ended"
TRIES: t.Final = 5
"""The attempts at a rotation, when others of the same log-in come between."""


class RefreshSession(msgspec.Struct, frozen=True):
    """The state of a log-in in the store."""

    current: str
    """The id of the refresh token that is good."""
    issued_at: float
    expires_at: float
    ends_at: float
    """The end of the log-in, however often it is refreshed."""
    previous: str = ""
    """The id of the token before."""
    rotated_at: float = 0


class SessionEnded(Exception):
    """The log-in is over or not known."""


class SessionReused(SessionEnded):
    """A refresh token came again that had been replaced; the log-in is over by that."""


class RefreshSessions:
    """The log-ins of an issuer, each with one refresh token that is good.

    :param name: The name of the issuer in the store.
    :param store: Where they are kept.
    :param max_age: Seconds for which an unused refresh token is good.
    :param grace: Seconds for which a replaced token still gives the current one: for a client that lost the answer,
        and for two requests at once.
    """

    def __init__(self, name: str, store: AuthStore, max_age: float, grace: float) -> None:
        self.name = name
        self.store = store
        self.max_age = max_age
        self.grace = grace

    def begin(self, session: str, ends_at: float) -> RefreshSession:
        """Begin a log-in.

        :raises AuthenticationUnavailable: The store does not answer.
        """
        made = self._next("", time.time(), ends_at)
        self.store.ask(_set, self._key(session), msgspec.json.encode(made), self._ttl(made))
        return made

    def check(self, session: str, token_id: str) -> None:
        """Refuse a token that is not the current one, nor just replaced.

        :raises SessionEnded: It is not good.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        self._good(session, token_id)

    def rotate(self, session: str, token_id: str) -> RefreshSession:
        """Replace the current token by a new one. For a token that was just replaced, the current one stays.

        :return: The state whose ``current`` is to be issued.
        :raises SessionReused: The token was replaced before; the log-in is over.
        :raises SessionEnded: The log-in is over.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        for _ in range(TRIES):
            kept, state = self._good(session, token_id)
            if state.current != token_id:
                return state
            now = time.time()
            made = self._next(token_id, now, state.ends_at)
            if self.store.ask(_replace, self._key(session), kept, msgspec.json.encode(made), self._ttl(made)):
                return made
        raise SessionEnded

    def end(self, session: str) -> None:
        """End a log-in: none of its refresh tokens is good any more.

        :raises AuthenticationUnavailable: The store does not answer.
        """
        self.store.ask(_set, self._key(session), ENDED, self.max_age)

    def _good(self, session: str, token_id: str) -> tuple[bytes, RefreshSession]:
        [kept] = self.store.read([self._key(session)])
        if kept is None or kept == ENDED:
            raise SessionEnded
        state = msgspec.json.decode(kept, type=RefreshSession)
        now = time.time()
        if state.ends_at <= now:
            raise SessionEnded
        if state.current != token_id and not (state.previous == token_id and now < state.rotated_at + self.grace):
            self.end(session)
            raise SessionReused
        return kept, state

    def _next(self, previous: str, now: float, ends_at: float) -> RefreshSession:
        issued = round(now, 6)
        return RefreshSession(new_id(), issued, min(now + self.max_age, ends_at), ends_at, previous, now)

    def _key(self, session: str) -> str:
        return f"auth:{self.name}:session:{session}"

    def _ttl(self, state: RefreshSession) -> float:
        return max(1.0, state.expires_at - time.time() + 60)


def new_id() -> str:
    """Return a random name of 128 bits."""
    return secrets.token_urlsafe(16)


def _set(store: Store, key: str, value: bytes, ttl: float) -> None:
    store.set(key, value, ttl)


def _replace(store: Store, key: str, old: bytes, value: bytes, ttl: float) -> bool:
    return store.replace(key, old, value, ttl)

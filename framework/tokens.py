"""Tokens that carry their own proof: signed, for one purpose, for a time, and revocable.

Nothing is stored. Who has a token can read what is in it, and cannot change it. Not here: tokens in a request
(``marks.security._schemes``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import hashlib
import hmac
import inspect
import secrets
import time
import typing as t

from itsdangerous import BadData, URLSafeTimedSerializer

from . import context
from ._sentinel import MISSING
from .errors import BadRequest, SetupError
from .helpers import is_nonblocking
from .texts import message

_User = t.TypeVar("_User")

MAX_LENGTH = 4096
"""The longest token that is made or read, in characters."""

CLOCK_SKEW = 60
"""For how many seconds a token may come from the future: clocks of several machines differ."""


class TokenError(BadRequest):
    """The token is invalid."""


class TokenInvalid(TokenError):
    """The token is broken or forged, or was issued for another purpose."""

    description = message("token_invalid.detail")


class TokenExpired(TokenError):
    """The token has expired."""

    description = message("token_expired.detail")


class TokenRevoked(TokenError):
    """The token was revoked before it expired."""

    description = message("token_revoked.detail")


class Token(t.NamedTuple):
    """The content of a valid token."""

    payload: t.Any
    """The value that it was made of."""
    id: str
    """22 random characters, to revoke this very token by."""
    issued_at: dt.datetime
    """In UTC, whole seconds."""
    expires_at: dt.datetime | None
    """In UTC; ``None``: never."""


class TokenMaker:
    """Makes tokens for one purpose, and reads them back.

    ``SECRET_KEY`` signs; it and ``SECRET_KEY_FALLBACKS`` read, so that a key can be replaced while its tokens are out.

    :param purpose: What the tokens are for, like ``"login"``. One for another purpose is refused.
    :param max_age: For how long they are good: seconds, a ``timedelta``, the name of a setting that holds either, or a
        function that returns one (both are asked at each reading); ``None`` for ever.
    :param revoked: Called with each :class:`Token` that is otherwise good; true refuses it.
    :param secret_key: Instead of the application's; then no context is needed.
    :param fallbacks: Older keys, likewise.
    :raises SetupError: ``purpose`` or a key is empty, or ``revoked`` is asynchronous.
    """

    def __init__(
        self,
        purpose: str,
        *,
        max_age: float | dt.timedelta | str | cabc.Callable[[], float | dt.timedelta | None] | None = 3600,
        revoked: cabc.Callable[[Token], object] | None = None,
        secret_key: str | bytes | None = None,
        fallbacks: cabc.Iterable[str | bytes] = (),
    ) -> None:
        if not purpose:
            raise SetupError("A TokenMaker has no purpose. Name what its tokens are for, like TokenMaker('login').")
        if inspect.iscoroutinefunction(revoked):
            raise SetupError(f"'revoked' of TokenMaker({purpose!r}) is asynchronous. Give it a plain function.")
        if isinstance(fallbacks, (str, bytes)):
            raise SetupError(
                f"'fallbacks' of TokenMaker({purpose!r}) is one text, whose letters would each be a key. Give a list:"
                " fallbacks=[old_key]."
            )
        fallbacks = tuple(fallbacks)
        if secret_key is None and fallbacks:
            raise SetupError(f"TokenMaker({purpose!r}) has 'fallbacks' and no 'secret_key'. Give it both, or neither.")
        for key in () if secret_key is None else (secret_key, *fallbacks):
            if not isinstance(key, (str, bytes)) or not key:
                raise SetupError(
                    f"TokenMaker({purpose!r}) has a key that is empty or not text: anybody can sign with it. Give a"
                    " long random text or bytes; None asks the setting SECRET_KEY."
                )
        self.purpose = purpose
        self.max_age = max_age
        self.revoked = revoked
        self.__framework_blocks__ = not (revoked is None or is_nonblocking(revoked))
        self._own_keys = (secret_key, *fallbacks) if secret_key is not None else ()
        self._made: tuple[tuple[str | bytes, ...], URLSafeTimedSerializer] | None = None

    def __repr__(self) -> str:
        return f"TokenMaker({self.purpose!r})"

    @property
    def has_own_key(self) -> bool:
        """Return whether it was given a key, so that it needs none of the application."""
        return bool(self._own_keys)

    def make(self, payload: object, *, max_age: float | dt.timedelta | None = MISSING) -> str:
        """Make a token.

        :param payload: What JSON can hold; short, and nothing secret.
        :param max_age: For how long this one is good, instead of the maker's.
        :return: Letters, digits, ``-``, ``_`` and ``.``: good in URLs and headers.
        :raises TypeError: JSON cannot hold the payload.
        :raises ValueError: The token would be longer than ``MAX_LENGTH``.
        :raises RuntimeError: There is no secret key.
        """
        data: list[object] = [payload, secrets.token_urlsafe(16)]
        if max_age is not MISSING:
            data.append(seconds(max_age))
        text = self._serializer().dumps(data)
        token = text.decode("ascii") if isinstance(text, bytes) else text
        if len(token) > MAX_LENGTH:
            raise ValueError(
                f"A token for {self.purpose!r} would have {len(token)} characters, more than {MAX_LENGTH}."
                " Put an identifier in it, and the rest where the identifier leads."
            )
        return token

    def read(self, token: str) -> t.Any:
        """The payload of a token.

        :raises TokenInvalid: It is broken, forged, or for another purpose.
        :raises TokenExpired: Its time is over.
        :raises TokenRevoked: ``revoked`` says so.
        """
        return self.inspect(token).payload

    def inspect(self, token: str) -> Token:
        """All that is in a token; raises as :meth:`read`."""
        serializer = self._serializer()
        if not isinstance(token, str) or len(token) > MAX_LENGTH or not token.isascii():
            raise TokenInvalid()
        try:
            # The age is judged below: a token may have one of its own.
            data, issued_at = serializer.loads(token, return_timestamp=True)
        except BadData:
            raise TokenInvalid() from None
        if not isinstance(data, list) or not 2 <= len(data) <= 3 or not isinstance(data[1], str):
            raise TokenInvalid()
        lifetime = data[2] if len(data) == 3 else self._max_age()
        now = dt.datetime.fromtimestamp(time.time(), dt.UTC)
        if issued_at > now + dt.timedelta(seconds=CLOCK_SKEW):
            raise TokenInvalid()
        expires_at = None if lifetime is None else issued_at + dt.timedelta(seconds=lifetime)
        if expires_at is not None and now > expires_at:
            raise TokenExpired()
        found = Token(data[0], data[1], issued_at, expires_at)
        if self.revoked is not None and self.revoked(found):
            raise TokenRevoked()
        return found

    def _max_age(self) -> float | None:
        value = self.max_age
        if isinstance(value, str):
            return seconds(context.current().app.config[value])
        return seconds(value() if callable(value) else value)

    def _serializer(self) -> URLSafeTimedSerializer:
        keys = self._own_keys or secret_keys(context.current().app.config)
        if not keys:
            raise RuntimeError(
                f"{self!r} has no key. Set the 'SECRET_KEY' of the application to something long, random and secret."
            )
        if self._made is None or self._made[0] != keys:
            # itsdangerous signs with the last key.
            serializer = URLSafeTimedSerializer(
                t.cast("list[str]", list(reversed(keys))),
                salt=f"framework.token.{self.purpose}",
                signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
            )
            self._made = (keys, serializer)
        return self._made[1]


def seconds(age: float | dt.timedelta | None) -> float | None:
    """A length of time as seconds."""
    return age.total_seconds() if isinstance(age, dt.timedelta) else age


def secret_keys(config: cabc.Mapping[str, t.Any]) -> tuple[str | bytes, ...]:
    """The keys of an application: ``SECRET_KEY`` first, then ``SECRET_KEY_FALLBACKS``; none when it has none."""
    if not config["SECRET_KEY"]:
        return ()
    return (config["SECRET_KEY"], *(config["SECRET_KEY_FALLBACKS"] or ()))


def among(keys: cabc.Mapping[str, _User]) -> cabc.Callable[[str], _User | None]:
    """A function that knows a few keys by heart, to verify an ``APIKey`` with.

    It looks at all of them whichever is given, each in a time that does not depend on how much of it fits.

    :param keys: Whose each key is: the user by the key.
    :return: Takes a key and returns its user, or ``None``.
    """
    known = [(key.encode(), user) for key, user in keys.items()]

    def verify(key: str) -> _User | None:
        given = key.encode("utf-8", "surrogatepass")
        found: _User | None = None
        for other, user in known:
            if hmac.compare_digest(other, given):
                found = user
        return found

    return verify

"""``JWT``: access tokens as a security scheme, verified by the rules of RFC 7519, RFC 8725 and RFC 9068.

Not here: signatures (``auth._jws``), issuing tokens (``auth._issuer``). Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import time
import typing as t

from ..context import current_or_none
from ..marks.base import Outcome
from ..marks.raises import raised_by
from ..marks.security import Bearer, Grant
from ..tokens import TokenExpired, TokenInvalid, TokenRevoked
from ._access_token import AccessToken, audiences_of, frozen, moment, number_of, scopes_of, text_of
from ._errors import AuthenticationUnavailable, TokenRefusal, setup_error
from ._jws import StaticKeys, read_jws
from ._keys import TokenKey
from ._off_loop import call_users

if t.TYPE_CHECKING:
    from ..marks.security import SchemeOptions
    from ._jws import KeySource

    Settings: t.TypeAlias = cabc.Mapping[str, t.Any]
    Load: t.TypeAlias = cabc.Callable[[AccessToken], object]

LEEWAY: t.Final = 10
"""Seconds by which clocks may differ."""
MAX_LEEWAY: t.Final = 300
MAX_LENGTH: t.Final = 8192
"""The longest token that is read, in characters."""
MAX_KEYS: t.Final = 16
"""The greatest number of keys: a token without the name of its key is tried with each of its algorithm."""
TYPES: t.Final = ("at+jwt", "JWT")


class Revocations(t.Protocol):
    """The tokens that were ended before they expire."""

    def is_revoked(self, token: AccessToken) -> bool:
        """Return whether a token was ended.

        :raises AuthenticationUnavailable: The store does not answer.
        """

    def may_be_away(self, config: Settings) -> bool:
        """Return whether they are kept somewhere that may not answer."""


class JWT(Bearer):
    """An access token in ``Authorization: Bearer ...`` that is a signed JWT.

    The signature, ``iss``, ``aud``, ``exp``, ``nbf``, ``iat`` and ``typ`` are checked. The keys say which algorithms
    are taken, never a token.

    :param load: Called with the :class:`AccessToken`, may be asynchronous. Returns the user, ``None`` for one who is
        gone; the user has the token's scopes, unless it returns a ``Grant``.
    :param keys: One :class:`TokenKey` or several, or a :class:`JWKS`. A token names one of several by ``kid``.
    :param issuer: The value of ``iss`` that is taken.
    :param audience: The name of this API in ``aud``, or several of which a token must have one.
    :param leeway: Seconds by which clocks may differ, up to 300. Default: 10.
    :param types: The values of ``typ`` that are taken. Default: ``at+jwt`` and ``JWT``. Give ``("at+jwt",)`` where the
        issuer follows RFC 9068: no other token of the issuer is then taken for an access token.
    :param required: Claims that a token must have, in addition to ``iss``, ``aud``, ``exp`` and ``sub``.
    :param blocklist: Where tokens are looked up that were ended early; they must then have ``jti`` and ``iat``.
    :param max_length: The longest token, in characters. Default: 8192.
    :param options: See :class:`~framework.marks.security.SchemeOptions`.
    :raises SetupError: An argument is missing or not good.
    :raises ImportError: The library ``joserfc`` is not installed.
    """

    default_name = "jwt"

    def __init__(
        self,
        load: Load,
        keys: TokenKey | cabc.Iterable[TokenKey] | KeySource,
        *,
        issuer: str,
        audience: str | cabc.Iterable[str],
        leeway: float = LEEWAY,
        types: cabc.Iterable[str] = TYPES,
        required: cabc.Iterable[str] = (),
        blocklist: Revocations | None = None,
        max_length: int = MAX_LENGTH,
        **options: t.Unpack[SchemeOptions],
    ) -> None:
        if not callable(load):
            raise setup_error(
                f"JWT got {load!r} to find users with. Give it a function that takes an AccessToken and returns the"
                " user, or None."
            )
        super().__init__(self._verify, format="JWT", **options)
        self.load = load
        self.keys = source_of(keys)
        self.issuer = text("issuer", issuer, "the 'iss' of the tokens")
        self.audience = texts("audience", audience, "the 'aud' that names this API")
        if isinstance(leeway, bool) or not isinstance(leeway, (int, float)) or not 0 <= leeway <= MAX_LEEWAY:
            raise setup_error(f"Invalid 'leeway' of a JWT: {leeway!r}. Give 0 to {MAX_LEEWAY} seconds.")
        if not isinstance(max_length, int) or max_length < 1:
            raise setup_error(f"Invalid 'max_length' of a JWT: {max_length!r}. Give a number of characters.")
        self.leeway = leeway
        self.types = frozenset(
            each.lower().removeprefix("application/") for each in texts("types", types, "values of 'typ'")
        )
        self.blocklist = blocklist
        self.required = (*required, *(("jti", "iat") if blocklist is not None else ()))
        self.max_length = max_length

    def outcomes(self, config: Settings) -> cabc.Iterable[Outcome]:
        """Return what ``load`` declares, and the 503 where keys or ended tokens may not be had."""
        yield from raised_by(self.load)
        blocklist = self.blocklist
        if self.keys.is_remote or (blocklist is not None and blocklist.may_be_away(config)):
            yield Outcome(503, error=AuthenticationUnavailable)

    def decode(self, token: str) -> AccessToken:
        """Return the content of a good token; whether it was ended is not looked up.

        :raises TokenInvalid: It is not good.
        :raises TokenExpired: Its time is over.
        :raises AuthenticationUnavailable: The keys cannot be had.
        """
        try:
            return self._decode(token)
        except TokenRefusal as refusal:
            ctx = current_or_none()
            if ctx is not None:
                ctx.app.logger.debug("Refused a token: %s.", refusal)
            raise TokenInvalid() from None

    def _decode(self, token: str) -> AccessToken:
        claims = read_jws(token, self.keys, self.types, self.max_length)
        if claims.get("iss") != self.issuer:
            raise TokenRefusal("another issuer")
        if not any(each in self.audience for each in audiences_of(claims)):
            raise TokenRefusal("another audience")
        now = time.time()
        expires, issued, begins = (number_of(claims, name) for name in ("exp", "iat", "nbf"))
        if expires is None:
            raise TokenRefusal("no exp")
        for name, value in (("iat", issued), ("nbf", begins)):
            if value is not None and value > now + self.leeway:
                raise TokenRefusal(f"{name} is in the future")
        for name in self.required:
            if claims.get(name) is None:
                raise TokenRefusal("a claim is missing that is required")
        subject = text_of(claims, "sub")
        if subject is None:
            raise TokenRefusal("no sub")
        found = AccessToken(
            subject,
            scopes_of(claims),
            frozen(claims),
            moment(expires),
            None if issued is None else moment(issued),
            text_of(claims, "jti"),
            text_of(claims, "sid"),
        )
        if expires + self.leeway <= now:
            raise TokenExpired()
        return found

    def _verify(self, token: str) -> object:
        found = self.decode(token)
        if self.blocklist is not None and self.blocklist.is_revoked(found):
            raise TokenRevoked()
        user = call_users(self.load, found)
        if user is None or user is False or isinstance(user, Grant):
            return user
        return Grant(user, found.scopes)


def source_of(keys: object) -> KeySource:
    """Return the source of keys.

    :raises SetupError: They are not keys, or there are none.
    """
    if isinstance(keys, TokenKey):
        return StaticKeys([keys])
    if hasattr(keys, "find") and hasattr(keys, "algorithms"):
        return t.cast("KeySource", keys)
    found = list(keys) if isinstance(keys, cabc.Iterable) and not isinstance(keys, (str, bytes, cabc.Mapping)) else []
    if not found or not all(isinstance(key, TokenKey) for key in found):
        raise setup_error(
            "A JWT has no keys, or something that is not one. Give it TokenKey('ES256', pem), a list of such keys, or a"
            " JWKS: a key says which algorithm it is for."
        )
    if len(found) > MAX_KEYS:
        raise setup_error(f"A JWT has {len(found)} keys. Give it {MAX_KEYS} at most, and take away those that are out.")
    names = [(key.kid, key.algorithm) for key in found if key.kid is not None]
    if len(set(names)) != len(names):
        raise setup_error("Two keys of a JWT have the same 'kid'. Give each its own.")
    return StaticKeys(found)


def text(name: str, value: object, what: str) -> str:
    """Return an argument that is text.

    :raises SetupError: It is not, or empty.
    """
    if not isinstance(value, str) or not value:
        raise setup_error(f"Invalid {name!r}: {value!r}. Give {what}.")
    return value


def texts(name: str, value: object, what: str) -> frozenset[str]:
    """Return an argument that is a text, or several.

    :raises SetupError: It is not, or there are none.
    """
    found = [value] if isinstance(value, str) else list(value) if isinstance(value, cabc.Iterable) else []
    if not found or not all(isinstance(each, str) and each for each in found):
        raise setup_error(f"Invalid {name!r}: {value!r}. Give {what}.")
    return frozenset(found)

"""``TokenIssuer``: access and refresh tokens of an application that logs its users in itself.

Not here: the operations (``auth._token_routers``), the log-in, which is the application's. Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import datetime as dt
import time
import typing as t

from .. import context
from ..errors import BadRequest
from ..texts import message
from ..tokens import TokenError
from ._access_token import AccessToken, frozen, moment, number_of, scopes_of, text_of
from ._blocklist import STARTED, Blocklist
from ._errors import TokenRefusal, setup_error
from ._jws import read_jws, write_jws
from ._jwt import JWT, LEEWAY, MAX_LENGTH, source_of, text, texts
from ._keys import TokenKey
from ._off_loop import call_users
from ._sessions import RefreshSessions, SessionEnded, SessionReused, new_id
from ._stores import AuthStore

if t.TYPE_CHECKING:
    from ..stores.base import Store
    from ._jws import ClaimSet, StaticKeys
    from ._jwt import Load
    from ._sessions import RefreshSession

    Renew: t.TypeAlias = cabc.Callable[[str, frozenset[str]], object]
    Age: t.TypeAlias = float | dt.timedelta

ACCESS: t.Final = "at+jwt"
REFRESH: t.Final = "rt+jwt"
RESERVED: t.Final = frozenset({"iss", "aud", "sub", "exp", "iat", "nbf", "jti", "sid", "scope", "scp", STARTED})


class RefreshTokenInvalid(BadRequest):
    """The refresh token is invalid, expired, revoked or already used. The user must log in again."""

    description = message("refresh_token_invalid.detail")


class Renewal(t.NamedTuple):
    """The rights of a user when tokens are refreshed: what the function ``renew`` returns."""

    scopes: cabc.Iterable[str] = ()
    claims: cabc.Mapping[str, object] = {}
    """Further claims of the access token."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class IssuedTokens:
    """Tokens for a client, as OAuth 2.0 names the members (RFC 6749, section 5.1)."""

    access_token: str
    expires_in: int
    """Seconds for which the access token is good."""
    refresh_token: str | None
    scope: str
    """The scopes, with spaces between."""
    token_type: str = "Bearer"


class TokenIssuer:
    """Issues access and refresh tokens, replaces refresh tokens at each use, and ends what must not be used any more.

    A refresh token is good once. When a used one comes again, it was stolen or copied: all tokens of its log-in end
    (RFC 9700, section 4.14). For ``grace`` seconds the one that was replaced last still gives the current tokens, so
    that a lost answer and two requests at once do no harm.

    Its methods need an application context. All but :meth:`scheme` may wait for the store: an ``async def`` handler
    calls them with ``await asyncio.to_thread(...)``.

    :param issuer: The value of ``iss``: the URL of the application.
    :param audience: The value of ``aud``, or several: the APIs that take the tokens.
    :param keys: One :class:`TokenKey` or several. The first signs, all verify.
    :param access_max_age: Seconds, or a ``timedelta``, for which access tokens are good. Default: 15 minutes.
    :param refresh_max_age: For how long an unused refresh token is good. Default: 14 days.
    :param session_max_age: For how long a log-in can be refreshed. Default: 90 days.
    :param grace: Seconds, up to 60, for which a replaced refresh token gives the current tokens. Default: 10.
    :param name: The name in the store, one for each issuer of an application.
    :param store: Default: that of ``AUTH_STORE_URL``.
    :raises SetupError: An argument is not good, or the first key cannot sign.
    """

    def __init__(
        self,
        issuer: str,
        audience: str | cabc.Iterable[str],
        keys: TokenKey | cabc.Iterable[TokenKey],
        *,
        access_max_age: Age = 900,
        refresh_max_age: Age = 14 * 86_400,
        session_max_age: Age = 90 * 86_400,
        grace: float = 10,
        name: str = "tokens",
        store: Store | None = None,
    ) -> None:
        self.issuer = text("issuer", issuer, "the URL of the application, the 'iss' of its tokens")
        self.audience = sorted(texts("audience", audience, "the 'aud' of the tokens"))
        found = t.cast("StaticKeys", source_of([keys] if isinstance(keys, TokenKey) else keys))
        self.keys = tuple(
            key if key.kid is not None or key.is_symmetric else key.named(key.thumbprint) for key in found.keys
        )
        if not self.keys[0].can_sign:
            raise setup_error(
                "The first key of a TokenIssuer is public: it cannot sign. Give the private key first; public ones may"
                " follow."
            )
        self._source = source_of(self.keys)
        self.access_max_age = age("access_max_age", access_max_age)
        self.refresh_max_age = age("refresh_max_age", refresh_max_age)
        self.session_max_age = age("session_max_age", session_max_age)
        if not 0 <= grace <= 60:
            raise setup_error(f"Invalid 'grace' of a TokenIssuer: {grace!r}. Give 0 to 60 seconds.")
        self.blocklist = Blocklist(name, store)
        """The tokens that were ended."""
        self._sessions = RefreshSessions(name, AuthStore(store), self.refresh_max_age, grace)

    def __repr__(self) -> str:
        return f"TokenIssuer({self.issuer!r})"

    def scheme(self, load: Load, **options: t.Any) -> JWT:
        """Return the scheme that takes the access tokens.

        :param load: As of :class:`JWT`.
        :param options: As of :class:`JWT`, but for those that follow from the issuer.
        """
        return JWT(
            load,
            self.keys,
            issuer=self.issuer,
            audience=self.audience,
            **{"types": (ACCESS,), "blocklist": self.blocklist, **options},
        )

    def issue(
        self,
        subject: str,
        *,
        scopes: cabc.Iterable[str] = (),
        claims: cabc.Mapping[str, object] | None = None,
        refresh: bool = True,
    ) -> IssuedTokens:
        """Issue the tokens of a user who has logged in.

        :param subject: The id of the user.
        :param scopes: What the access tokens are good for.
        :param claims: Further claims of the access token. Everyone who has a token can read them.
        :param refresh: Issue a refresh token too. Without one nothing is stored.
        :raises ValueError: A claim has a name of the issuer's own, or a scope is not one.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        if not isinstance(subject, str) or not subject:
            raise ValueError(f"Invalid subject: {subject!r}. Give the id of the user as text.")
        now, session = time.time(), new_id()
        renewal = checked(Renewal(scopes, claims or {}))
        state = self._sessions.begin(session, now + self.session_max_age) if refresh else None
        return self._tokens(subject, session, round(now, 6), renewal, state)

    def refresh(self, refresh_token: str, renew: Renew) -> IssuedTokens:
        """Replace a refresh token.

        :param refresh_token: The token.
        :param renew: Called with the id of the user and the scopes of the log-in, may be asynchronous. Returns a
            :class:`Renewal`; ``None`` ends the log-in, for a user who is gone or blocked.
        :raises RefreshTokenInvalid: It is not good, or was used before: then the log-in is over.
        :raises AuthenticationUnavailable: The store does not answer. The token is as good as before.
        """
        found = self._read_refresh(refresh_token)
        session, token_id = t.cast(str, found.session), t.cast(str, found.id)
        try:
            if self.blocklist.is_revoked(found):
                raise SessionEnded
            self._sessions.check(session, token_id)
            renewal = call_users(renew, found.subject, found.scopes)
            if renewal is None:
                self._end(session)
                raise SessionEnded
            if not isinstance(renewal, Renewal):
                raise TypeError(
                    f"The function that renews tokens returned {type(renewal).__name__}. Return Renewal(scopes), or"
                    " None to end the log-in."
                )
            renewal = checked(renewal)
            state = self._sessions.rotate(session, token_id)
        except SessionReused:
            self.blocklist.revoke_session(session, self.access_max_age)
            context.current().app.logger.warning(
                "A refresh token was used twice: it was stolen or copied. All tokens of its log-in are ended."
            )
            raise RefreshTokenInvalid() from None
        except SessionEnded:
            raise RefreshTokenInvalid() from None
        return self._tokens(found.subject, session, found.claims[STARTED], renewal, state)

    def revoke(self, token: str) -> None:
        """End a token (RFC 7009): an access token, or with a refresh token its whole log-in.

        What is not a good token of this issuer needs no end, and is ignored.

        :raises AuthenticationUnavailable: The store does not answer.
        """
        try:
            found = self._read_refresh(token)
        except RefreshTokenInvalid:
            try:
                access = self.scheme(_nobody).decode(token)
            except TokenError:
                return
            if access.id is not None:
                self.blocklist.revoke(access)
        else:
            self._end(t.cast(str, found.session))

    def revoke_session(self, token: AccessToken) -> None:
        """End the log-in that an access token comes from, with all its tokens: log out.

        :raises AuthenticationUnavailable: The store does not answer.
        """
        if token.session is not None:
            self._end(token.session)

    def revoke_user(self, subject: str) -> None:
        """End all tokens of a user that were issued until now, on all devices: after a new password, for instance.

        :raises AuthenticationUnavailable: The store does not answer.
        """
        self.blocklist.revoke_user(subject, max(self.session_max_age, self.access_max_age))

    def public_keys(self) -> list[dict[str, object]]:
        """Return the public keys as JWKs.

        :raises SetupError: A key is a shared secret.
        """
        if any(key.is_symmetric for key in self.keys):
            raise setup_error(
                f"{self!r} signs with a shared secret, which must not be published. Give it a key pair: ES256, Ed25519"
                " or RS256."
            )
        return [key.public() for key in self.keys]

    def _end(self, session: str) -> None:
        self._sessions.end(session)
        self.blocklist.revoke_session(session, self.access_max_age)

    def _tokens(
        self, subject: str, session: str, started: object, renewal: Renewal, state: RefreshSession | None
    ) -> IssuedTokens:
        scope = " ".join(renewal.scopes)
        now = time.time()
        common = {"iss": self.issuer, "sub": subject, "sid": session, STARTED: started, "scope": scope}
        audience = self.audience if len(self.audience) > 1 else self.audience[0]
        key = self.keys[0]
        access: ClaimSet = {
            **renewal.claims,
            **common,
            "aud": audience,
            "iat": round(now, 6),
            "exp": int(now + self.access_max_age),
            "jti": new_id(),
        }
        refresh = None
        if state is not None:
            claims = {"iat": state.issued_at, "exp": int(state.expires_at), "jti": state.current}
            refresh = write_jws({**common, "aud": self.issuer, **claims}, key, REFRESH)
        return IssuedTokens(write_jws(access, key, ACCESS), int(self.access_max_age), refresh, scope)

    def _read_refresh(self, token: str) -> AccessToken:
        try:
            claims = read_jws(token, self._source, frozenset({REFRESH}), MAX_LENGTH)
            expires, subject = number_of(claims, "exp"), text_of(claims, "sub")
            session, token_id = text_of(claims, "sid"), text_of(claims, "jti")
            if claims.get("iss") != self.issuer or claims.get("aud") != self.issuer:
                raise TokenRefusal("another issuer")
            if None in (expires, subject, session, token_id, number_of(claims, STARTED)):
                raise TokenRefusal("a claim is missing")
            if t.cast(float, expires) + LEEWAY <= time.time():
                raise TokenRefusal("expired")
        except TokenRefusal:
            raise RefreshTokenInvalid() from None
        issued = number_of(claims, "iat")
        return AccessToken(
            t.cast(str, subject),
            scopes_of(claims),
            frozen(claims),
            moment(t.cast(float, expires)),
            None if issued is None else moment(issued),
            token_id,
            session,
        )


def _nobody(token: AccessToken) -> None:
    return None


def checked(renewal: Renewal) -> Renewal:
    """Return a renewal with its scopes as a tuple.

    :raises ValueError: A claim has a name of the issuer's own, or a scope is not one.
    """
    scopes = tuple(renewal.scopes)
    if isinstance(renewal.scopes, str) or not all(isinstance(each, str) and each.split() == [each] for each in scopes):
        raise ValueError(f"Invalid scopes: {renewal.scopes!r}. Give a list of texts without spaces.")
    own = RESERVED & renewal.claims.keys()
    if own:
        raise ValueError(f"The claim {min(own)!r} is set by the issuer. Give yours another name.")
    return Renewal(scopes, renewal.claims)


def age(name: str, value: object) -> float:
    """Return a length of time in seconds.

    :raises SetupError: It is not one.
    """
    found = value.total_seconds() if isinstance(value, dt.timedelta) else value
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 < found < 10**10:
        raise setup_error(f"Invalid {name!r} of a TokenIssuer: {value!r}. Give seconds, or a timedelta.")
    return found

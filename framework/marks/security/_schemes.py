"""Security schemes: how a request says who sends it, and how that is described.

A scheme reads the credentials; whose they are is known by the function that it is given. Not here: which operations ask
for them (``marks.security._requires``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import secrets
import typing as t

from ... import context
from ...errors import SetupError
from ...http import authorization
from ...texts import message
from ..raises import raised_by

if t.TYPE_CHECKING:
    from ...context import Context
    from ...sessions import SessionMixin
    from ..base import Outcome

    Settings: t.TypeAlias = cabc.Mapping[str, t.Any]
    Verify: t.TypeAlias = cabc.Callable[..., object]
    Guard: t.TypeAlias = t.Literal["token", "origin", ""]

MALFORMED: t.Final = ("malformed",)
"""The value of :meth:`Scheme.read` for credentials that are there and cannot be read."""

CSRF_SECRET = "_csrf"
"""The key of a session for the text that its CSRF tokens are bound to."""


class SchemeOptions(t.TypedDict, total=False):
    """Options of every scheme."""

    name: str
    """The name in the document, one for each scheme of an application. Default: by the kind of scheme."""
    description: str
    """CommonMark text for the document."""
    deprecated: bool
    """True if clients should no longer use it. In the document from OpenAPI 3.2 on."""
    realm: str
    """The name of the protected space, for the challenge of a 401. Default: the setting ``API_TITLE``."""


class Everything(cabc.Container[str]):
    """A collection of scopes that holds every one."""

    def __contains__(self, item: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "EVERY_SCOPE"


EVERY_SCOPE: t.Final = Everything()
"""For :class:`Grant`: credentials that may be used for all, a session for instance."""


class Grant(t.NamedTuple):
    """A user and the scopes of the credentials: what a verifying function returns where credentials have scopes."""

    user: t.Any
    """Not ``None``."""
    scopes: cabc.Container[str]
    """The scopes; :data:`EVERY_SCOPE` for all."""


class Scheme:
    """One way to say who sends a request. Subclass it to write your own.

    :param verify: Called with what :meth:`read` gives, may be asynchronous. Returns the user, or a :class:`Grant`;
        ``None`` or ``False`` when the credentials are not good. A ``TokenError`` that it raises says why. What it
        answers otherwise, a 503 for example, is declared by :func:`~framework.raises` above it.
    :param options: ``name``, ``description`` and ``realm``, see :class:`SchemeOptions`.
    """

    default_name = "scheme"
    """The name in the document where none is given."""

    csrf: Guard = ""
    """The protection against pages of other sites that make a browser send these credentials: ``"token"`` for
    cookies, ``"origin"`` where only ``Origin`` can be looked at, ``""`` when it cannot."""

    uses_authorization = False
    """True if the credentials travel in the header ``Authorization``."""

    query_names: tuple[str, ...] = ()
    """Names in the query string that are read here."""

    example = ""
    """The spelling of credentials in the header, with capitals to fill in, where the described scheme does not say."""

    def __init__(self, verify: Verify, **options: t.Unpack[SchemeOptions]) -> None:
        if not callable(verify):
            raise SetupError(
                f"{type(self).__name__} got {verify!r} to verify credentials with. Give it a function that returns the"
                " user, or None."
            )
        self.verify = verify
        self.name = options.get("name", self.default_name)
        self.description = options.get("description", "")
        self.realm = options.get("realm", "")
        self.deprecated = options.get("deprecated", False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __or__(self, other: Scheme | Alternatives) -> Alternatives:
        return Alternatives((self,)) | other

    def read(self, ctx: Context) -> tuple[t.Any, ...] | None:
        """The credentials of a request: what ``verify`` is called with.

        :return: ``None`` when there are none of this scheme, :data:`MALFORMED` when they cannot be read.
        """
        raise NotImplementedError

    def challenge(self, config: Settings, scopes: str | None = None, error: str = "", why: str = "") -> str:
        """The challenge for ``WWW-Authenticate``.

        :param config: The application's settings.
        :param scopes: The scopes that are needed, separated by spaces.
        :param error: A code of RFC 6750, section 3.1, when credentials were given.
        :param why: More on that error, without quotes.
        """
        raise NotImplementedError

    def describe(self, config: Settings) -> dict[str, t.Any]:
        """The Security Scheme Object (OpenAPI 3.1, section 4.8.27).

        :param config: The application's settings.
        """
        raise NotImplementedError

    def realm_in(self, config: Settings) -> str:
        """The realm, as the challenge names it."""
        return str(self.realm or config["API_TITLE"] or "API")

    def check_scopes(self, scopes: cabc.Iterable[str]) -> None:
        """Look at the scopes that an operation asks for. Asked at freeze.

        :raises SetupError: The scheme cannot give one.
        """

    def outcomes(self, config: Settings) -> cabc.Iterable[Outcome]:
        """Return the answers that ``verify`` may give in addition to the 401 and the 403, such as a 503.

        Every operation that requires the scheme declares them. Here: the errors of :func:`~framework.raises` above
        ``verify``.

        :param config: The application's settings.
        """
        return raised_by(self.verify)

    def csrf_secret(self, ctx: Context, *, make: bool = False) -> str | None:
        """Return what a CSRF token has to be bound to, for a scheme whose ``csrf`` is ``"token"``.

        :param make: Make one where there is none yet.
        """
        return None

    def _described(self, **members: object) -> dict[str, t.Any]:
        made = {**members, **({"description": self.description} if self.description else {})}
        return {**made, "deprecated": True} if self.deprecated else made


class Alternatives:
    """Several schemes, of which one is enough. Made by ``scheme | scheme``."""

    def __init__(self, schemes: tuple[Scheme, ...]) -> None:
        self.schemes = schemes

    def __or__(self, other: Scheme | Alternatives) -> Alternatives:
        if not isinstance(other, (Scheme, Alternatives)):
            return NotImplemented
        return Alternatives((*self.schemes, *(other.schemes if isinstance(other, Alternatives) else (other,))))

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.schemes))


class Bearer(Scheme):
    """A token in the header ``Authorization: Bearer ...`` (RFC 6750).

    :param verify: Called with the token; see :class:`Scheme`.
    :param format: What kind of token it is, for people (``bearerFormat``), like ``"JWT"``.
    :param word: Another word than ``Bearer`` in front of the token. OpenAPI knows only registered words, so the
        scheme is then described as a key in the header ``Authorization``.
    :param options: See :class:`SchemeOptions`.
    :raises SetupError: ``word`` can be none.
    """

    default_name = "bearer"
    uses_authorization = True

    def __init__(
        self, verify: Verify, *, format: str = "", word: str = "Bearer", **options: t.Unpack[SchemeOptions]
    ) -> None:
        super().__init__(verify, **options)
        if not authorization.is_scheme_name(word):
            raise SetupError(f"{word!r} cannot precede a token in a header. Use letters, digits and '-'.")
        self.format = format
        self.word = word
        self._lower = word.lower()
        if self._lower != "bearer":
            self.example = f"{word} TOKEN"

    def read(self, ctx: Context) -> tuple[t.Any, ...] | None:
        header = ctx.request_environ.get("HTTP_AUTHORIZATION")
        token = None if header is None else authorization.credentials_of(header, self._lower)
        if token is None:
            return None
        return (token,) if authorization.is_token68(token) else MALFORMED

    def challenge(self, config: Settings, scopes: str | None = None, error: str = "", why: str = "") -> str:
        return authorization.challenge(
            self.word,
            realm=self.realm_in(config),
            scope=scopes,
            error=error or None,
            error_description=why or None,
            resource_metadata=self._metadata_url(config),
        )

    def _metadata_url(self, config: Settings) -> str | None:
        resource = config.get("OAUTH_RESOURCE")
        return authorization.resource_metadata_url(resource) if resource and self._lower == "bearer" else None

    def describe(self, config: Settings) -> dict[str, t.Any]:
        if self.example:
            text = message("security.word", word=self.word)
            return {"type": "apiKey", "in": "header", "name": "Authorization", "description": self.description or text}
        return self._described(type="http", scheme="bearer", **({"bearerFormat": self.format} if self.format else {}))


class OAuth2(Bearer):
    """An access token that an OAuth 2.0 authorization server has given, in ``Authorization: Bearer ...``.

    The flows are described, so that clients and the documentation page know where to get a token. They are not served.

    :param verify: Called with the token. Return a :class:`Grant` with the token's scopes.
    :param flows: The OAuth Flows Object (OpenAPI 3.1, section 4.8.28): by the name of the flow its URLs and scopes.
    :param options: See :class:`SchemeOptions`.
    :raises SetupError: A flow is none, or a URL of it is missing.
    """

    default_name = "oauth2"

    # What each flow must say (OpenAPI 3.2, section 4.30).
    URLS: t.ClassVar[cabc.Mapping[str, tuple[str, ...]]] = {
        "implicit": ("authorizationUrl",),
        "password": ("tokenUrl",),
        "clientCredentials": ("tokenUrl",),
        "authorizationCode": ("authorizationUrl", "tokenUrl"),
        "deviceAuthorization": ("deviceAuthorizationUrl", "tokenUrl"),
    }

    def __init__(
        self,
        verify: Verify,
        flows: cabc.Mapping[str, cabc.Mapping[str, t.Any]],
        **options: t.Unpack[SchemeOptions],
    ) -> None:
        super().__init__(verify, **options)
        if not flows:
            raise SetupError(f"{self!r} has no flows. Give at least one of {', '.join(self.URLS)}.")
        for flow, told in flows.items():
            if flow not in self.URLS:
                raise SetupError(f"{flow!r} is not a flow of OAuth 2.0. Take one of {', '.join(self.URLS)}.")
            for url in self.URLS[flow]:
                if not told.get(url):
                    raise SetupError(f"The flow {flow!r} of {self!r} has no {url!r}. Say where clients go.")
        self.flows = {flow: {"scopes": {}, **told} for flow, told in flows.items()}

    def describe(self, config: Settings) -> dict[str, t.Any]:
        return self._described(type="oauth2", flows=self.flows)

    def check_scopes(self, scopes: cabc.Iterable[str]) -> None:
        known = {scope for flow in self.flows.values() for scope in flow["scopes"]}
        for scope in scopes:
            if scope not in known:
                raise SetupError(
                    f"{self!r} has no scope {scope!r}: its flows name {', '.join(sorted(known)) or 'none'}. Correct it,"
                    " or describe it in the flow."
                )


class OpenIDConnect(Bearer):
    """A token of an OpenID Connect provider, in ``Authorization: Bearer ...``.

    :param verify: Called with the token.
    :param url: Where the provider describes itself: ``https://.../.well-known/openid-configuration``.
    :param options: See :class:`SchemeOptions`.
    """

    default_name = "openId"

    def __init__(self, verify: Verify, url: str, **options: t.Unpack[SchemeOptions]) -> None:
        super().__init__(verify, **options)
        self.url = url

    def describe(self, config: Settings) -> dict[str, t.Any]:
        return self._described(type="openIdConnect", openIdConnectUrl=self.url)


class Basic(Scheme):
    """Name and password in the header ``Authorization: Basic ...`` (RFC 7617), in UTF-8.

    A browser that has asked its user once sends them with every request, also when a page of another site makes it:
    unsafe methods look at ``Origin`` and ``Sec-Fetch-Site``.

    :param verify: Called with name and password. Let it take the same time whether the name is known or not.
    :param options: See :class:`SchemeOptions`.
    """

    default_name = "basic"
    csrf = "origin"
    uses_authorization = True

    def read(self, ctx: Context) -> tuple[t.Any, ...] | None:
        header = ctx.request_environ.get("HTTP_AUTHORIZATION")
        text = None if header is None else authorization.credentials_of(header, "basic")
        if text is None:
            return None
        return authorization.decode_basic(text) or MALFORMED

    def challenge(self, config: Settings, scopes: str | None = None, error: str = "", why: str = "") -> str:
        return authorization.challenge("Basic", realm=self.realm_in(config), charset="UTF-8")

    def describe(self, config: Settings) -> dict[str, t.Any]:
        return self._described(type="http", scheme="basic")


class APIKey(Scheme):
    """A key in a header, in the query string or in a cookie.

    :param verify: Called with the key; :func:`framework.tokens.among` makes one for a few fixed keys.
    :param key: The name of the header, query parameter or cookie.
    :param location: ``"header"``, ``"query"`` (where it ends up in logs) or ``"cookie"`` (unsafe methods then need a
        CSRF token).
    :param options: See :class:`SchemeOptions`.
    :raises SetupError: The location is none.
    """

    default_name = "apiKey"

    def __init__(
        self, verify: Verify, key: str, *, location: str = "header", **options: t.Unpack[SchemeOptions]
    ) -> None:
        super().__init__(verify, **options)
        if location not in ("header", "query", "cookie"):
            raise SetupError(f"{location!r} is not a place for a key. Take 'header', 'query' or 'cookie'.")
        self.key = key
        self.location = location
        self._environ_key = "HTTP_" + key.upper().replace("-", "_")
        if location == "cookie":
            self.csrf = "token"
        elif location == "query":
            self.query_names = (key,)

    def read(self, ctx: Context) -> tuple[t.Any, ...] | None:
        if self.location == "header":
            value = ctx.request_environ.get(self._environ_key)
            return None if value is None else (value,) if value else MALFORMED
        values = (ctx.request.args if self.location == "query" else ctx.request.cookies).getlist(self.key)
        if not values:
            return None
        return (values[0],) if len(values) == 1 and values[0] else MALFORMED

    def challenge(self, config: Settings, scopes: str | None = None, error: str = "", why: str = "") -> str:
        if self.location == "cookie":
            return authorization.challenge("Cookie", realm=self.realm_in(config), **{"cookie-name": self.key})
        return authorization.challenge("ApiKey", realm=self.realm_in(config), **{"in": self.location, "name": self.key})

    def describe(self, config: Settings) -> dict[str, t.Any]:
        return self._described(type="apiKey", **{"in": self.location, "name": self.key})

    def csrf_secret(self, ctx: Context, *, make: bool = False) -> str | None:
        return ctx.request.cookies.get(self.key)


class SessionAuth(Scheme):
    """A user whose identity the session remembers.

    Unsafe methods need a CSRF token: ``csrf_token()`` makes it.

    :param load: Called with what :meth:`log_in` was given; returns the user, or ``None`` for one who is gone.
    :param key: Where the session keeps it.
    :param options: See :class:`SchemeOptions`.
    """

    default_name = "session"
    csrf = "token"

    def __init__(self, load: Verify, *, key: str = "user", **options: t.Unpack[SchemeOptions]) -> None:
        super().__init__(load, **options)
        self.key = key

    def log_in(self, identity: object) -> None:
        """Remember who it is, in the session of the current request.

        All that the session held is gone, CSRF tokens that are out included.

        :param identity: What ``load`` is called with: an id that JSON can hold.
        """
        session = context.current().session
        session.clear()
        session[self.key] = identity

    def log_out(self) -> None:
        """Forget the user, and all of the session."""
        context.current().session.clear()

    def read(self, ctx: Context) -> tuple[t.Any, ...] | None:
        identity = ctx.session.get(self.key)
        return None if identity is None else (identity,)

    def challenge(self, config: Settings, scopes: str | None = None, error: str = "", why: str = "") -> str:
        name = config["SESSION_COOKIE_NAME"]
        return authorization.challenge("Cookie", realm=self.realm_in(config), **{"cookie-name": name})

    def describe(self, config: Settings) -> dict[str, t.Any]:
        return self._described(type="apiKey", **{"in": "cookie", "name": config["SESSION_COOKIE_NAME"]})

    def csrf_secret(self, ctx: Context, *, make: bool = False) -> str | None:
        return session_secret(ctx.session, make=make)


def session_secret(session: SessionMixin, *, make: bool = False) -> str | None:
    """Return what the CSRF tokens of a session are bound to.

    :param make: Make one where there is none yet.
    """
    secret = session.get(CSRF_SECRET)
    if make and not isinstance(secret, str):
        secret = session[CSRF_SECRET] = secrets.token_urlsafe(24)
    return secret if isinstance(secret, str) else None

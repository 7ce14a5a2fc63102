"""Sessions: a dictionary per client, by default in a signed cookie.

Replace :attr:`App.session_interface` to keep sessions elsewhere: two methods of an interface are all that is asked.
Not here: when a session is opened and saved (``context``, ``app._app``), how its values are written
(``http.tagged``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import functools
import hashlib
import os
import typing as t

from werkzeug.datastructures import CallbackDict
from werkzeug.http import dump_cookie

from . import context
from .errors import ServiceUnavailable
from .http.request import first_cookie
from .http.response import PreparedResponse, add_vary
from .http.tagged import TaggedJSONSerializer
from .stores.base import PAUSE, CircuitBreaker, StoreAway
from .texts import message

if t.TYPE_CHECKING:
    from _collections_abc import dict_items, dict_keys, dict_values

    from itsdangerous import URLSafeTimedSerializer

    from .app import App
    from .errors import APIError
    from .http.response import Reply
    from .stores.base import Store
    from .wrappers import Request, Response


_T = t.TypeVar("_T")


class SessionUnavailable(ServiceUnavailable):
    """The session store does not respond. `Retry-After` says in how many seconds to retry."""

    description = message("session_unavailable.detail")


class SessionMixin(cabc.MutableMapping[str, t.Any]):
    """The protocol of a session: a mapping with three attributes."""

    new: bool = False
    """True if the session did not exist before; set by the interface."""

    modified: bool = True
    """True if something was written. A session that cannot tell leaves ``True``."""

    accessed: bool = False
    """True if this request touched the session at all; set by the context, and the reason for ``Vary: Cookie``."""

    @property
    def permanent(self) -> bool:
        """Return whether the session outlives the browser, for ``PERMANENT_SESSION_LIFETIME``."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


class SecureCookieSession(CallbackDict[str, t.Any], SessionMixin):
    """The session of :class:`SecureCookieSessionInterface`: a dictionary that notes being written to.

    Only its own writes are noted: after a change inside a value, as in ``session["cart"].append(1)``, set
    ``session.modified = True``.

    :param initial: What the session holds.
    """

    modified = False
    accessed = False

    def __init__(self, initial: cabc.Mapping[str, object] | cabc.Iterable[tuple[str, object]] | None = None) -> None:
        dict.__init__(self, initial or ())  # PERF: as in the constructor of CallbackDict
        self.on_update = _note_write

    # A session is also handed about by itself, past the context; so its readers note their use as well.

    def __getitem__(self, key: str) -> t.Any:
        self.accessed = True
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.accessed = True
        return super().__contains__(key)

    def __iter__(self) -> cabc.Iterator[str]:
        self.accessed = True
        return super().__iter__()

    def __reversed__(self) -> cabc.Iterator[str]:
        self.accessed = True
        return super().__reversed__()

    def __len__(self) -> int:
        self.accessed = True
        return super().__len__()

    def __eq__(self, other: object) -> bool:
        self.accessed = True
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def get(self, key: str, default: t.Any = None) -> t.Any:
        self.accessed = True
        return super().get(key, default)

    def keys(self) -> dict_keys[str, t.Any]:
        self.accessed = True
        return super().keys()

    def values(self) -> dict_values[str, t.Any]:
        self.accessed = True
        return super().values()

    def items(self) -> dict_items[str, t.Any]:
        self.accessed = True
        return super().items()

    def copy(self) -> dict[str, t.Any]:
        self.accessed = True
        return super().copy()


def _note_write(session: SecureCookieSession) -> None:
    session.modified = session.accessed = True


class NullSession(SecureCookieSession):
    """An empty session that can be read and not written: what requests get where no secret key is set."""

    def _fail(self, *args: object, **kwargs: object) -> t.NoReturn:
        raise RuntimeError(
            "The session is unavailable because no secret key was set."
            " Set the 'SECRET_KEY' of the application to something long, random and secret."
        )

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = update = setdefault = _fail


class SessionInterface:
    """The base of session interfaces: opens and saves sessions. Subclass it, and write :meth:`open_session` and
    :meth:`save_session`.

    The ``get_cookie_*`` methods read the settings for an interface that sets a cookie.
    """

    null_session_class: type[SessionMixin] = NullSession
    """The class of the sessions that :meth:`make_null_session` makes."""

    pickle_based: bool = False
    """True if values are pickled, for extensions that want to know."""

    lazy: bool = False
    """True if sessions may be opened at the first touch, and left alone in requests that never touch theirs.

    Otherwise each request opens its session when its context is pushed, and saves it. A subclass that
    overrides ``open_session`` or ``save_session`` is not lazy unless it says so itself.
    """

    errors: tuple[type[APIError], ...] = ()
    """The errors that answer a request whose session cannot be opened or saved; each operation documents them."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        for base in cls.__mro__:
            if "lazy" in base.__dict__:
                break
            if "open_session" in base.__dict__ or "save_session" in base.__dict__:
                cls.lazy = False
                break

    def make_null_session(self, app: App) -> SessionMixin:
        """The session for a request whose session cannot be opened.

        :param app: The application.
        """
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Return whether a session is such a substitute, which is never saved.

        :param obj: The session.
        """
        if type(obj) is SecureCookieSession and self.null_session_class is NullSession:
            return False  # PERF: isinstance calls a function of the class
        return isinstance(obj, self.null_session_class)

    def get_cookie_name(self, app: App) -> str:
        """The cookie's name, ``SESSION_COOKIE_NAME``."""
        name: str = app.config["SESSION_COOKIE_NAME"]
        return name

    def get_cookie_domain(self, app: App) -> str | None:
        """The cookie's ``Domain``, ``SESSION_COOKIE_DOMAIN``; ``None`` for the very host."""
        domain: str | None = app.config["SESSION_COOKIE_DOMAIN"]
        return domain

    def get_cookie_path(self, app: App) -> str:
        """The cookie's ``Path``, ``SESSION_COOKIE_PATH`` or ``APPLICATION_ROOT``."""
        path: str = app.config["SESSION_COOKIE_PATH"] or app.config["APPLICATION_ROOT"]
        return path

    def get_cookie_httponly(self, app: App) -> bool:
        """Return whether JavaScript is kept from the cookie, ``SESSION_COOKIE_HTTPONLY``."""
        httponly: bool = app.config["SESSION_COOKIE_HTTPONLY"]
        return httponly

    def get_cookie_secure(self, app: App) -> bool:
        """Return whether the cookie travels over HTTPS only.

        ``SESSION_COOKIE_SECURE``; where that is ``None``, whether the current request came over HTTPS.
        """
        secure: bool | None = app.config["SESSION_COOKIE_SECURE"]
        if secure is None:
            ctx = context.request_context_or_none()
            if ctx is None:
                return False
            if ctx._request is None and not changes(app.request_class, _READING):  # type: ignore[arg-type]  # as above
                return ctx.request_environ.get("wsgi.url_scheme", "http") in ("https", "wss")
            return ctx.request.is_secure
        return secure

    def get_cookie_samesite(self, app: App) -> str | None:
        """The cookie's ``SameSite``, ``SESSION_COOKIE_SAMESITE``; ``None`` for no attribute."""
        samesite: str | None = app.config["SESSION_COOKIE_SAMESITE"]
        return samesite

    def get_cookie_partitioned(self, app: App) -> bool:
        """Return whether the cookie is kept apart for each embedding site, ``SESSION_COOKIE_PARTITIONED``."""
        partitioned: bool = app.config["SESSION_COOKIE_PARTITIONED"]
        return partitioned

    def get_cookie_attributes(self, app: App) -> dict[str, t.Any]:
        """All of these as ``Response.set_cookie`` and ``Response.delete_cookie`` take them.

        :param app: The application.
        """
        return {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "partitioned": self.get_cookie_partitioned(app),
            "samesite": self.get_cookie_samesite(app),
            "httponly": self.get_cookie_httponly(app),
        }

    def get_expiration_time(self, app: App, session: SessionMixin) -> dt.datetime | None:
        """Return when the session ends, in UTC; ``None`` for the end of the browser's own session.

        :param app: The application.
        :param session: The session, permanent or not.
        """
        return dt.datetime.now(dt.UTC) + app.permanent_session_lifetime if session.permanent else None

    def should_set_cookie(self, app: App, session: SessionMixin) -> bool:
        """Return whether the answer carries the cookie: the session was modified, or is permanent and refreshed each
        time.

        :param app: The application.
        :param session: The session.
        """
        return session.modified or bool(session.permanent and app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_in(self, ctx: context.Context) -> SessionMixin | None:
        """Read the session of a context's request, by :meth:`open_session`; internal."""
        return self.open_session(ctx.app, ctx.request)

    def open_session(self, app: App, request: Request) -> SessionMixin | None:
        """Read the session of a request.

        :param app: The application.
        :param request: The request. Its path is not matched yet.
        :return: The session; ``None`` to use :meth:`make_null_session`.
        """
        raise NotImplementedError

    def save_session(self, app: App, session: SessionMixin, response: Response) -> None:
        """Keep the session at the end of a request. Not called for a null session.

        :param app: The application.
        :param session: The session.
        :param response: The answer, before it is sent.
        """
        raise NotImplementedError


# PERF: a session is read without a request and told of in a prepared answer; both would be made for it alone: 25 us.


def session_cookie(interface: SessionInterface, ctx: context.Context) -> str | None:
    """Return the cookie of the session, as the request of a context would: the request is made where it must be.

    :raises BadRequest: There are more cookies than ``MAX_COOKIES``.
    """
    app = ctx.app
    name = interface.get_cookie_name(app)
    if ctx._request is None and not changes(app.request_class, _READING):  # type: ignore[arg-type]  # as below
        header: str = ctx.request_environ.get("HTTP_COOKIE", "")
        most: int | None = app.config["MAX_COOKIES"]
        if header.isascii() and '"' not in header and (most is None or header.count(";") < most):
            return first_cookie(header, name)
    return ctx.request.cookies.get(name)


def takes_prepared(interface: SessionInterface, response_class: type[Response]) -> bool:
    """Return whether ``save_session`` may be given a prepared answer, which then gets its headers alone."""
    if "save_session" in vars(interface):
        return False
    return _saves_plainly(type(interface), response_class)  # type: ignore[arg-type]  # a class can be hashed


@functools.lru_cache(maxsize=64)
def _saves_plainly(interface: type[SessionInterface], response_class: type) -> bool:
    return interface.save_session in _SAVING and not changes(response_class, _WRITING)


@functools.lru_cache(maxsize=64)
def changes(cls: type, names: tuple[str, ...]) -> bool:
    """Return whether a class of requests or responses, or one that it is made of, has attributes in place of the
    framework's."""
    ours = ("framework", "werkzeug", "builtins")
    added = [base for base in cls.__mro__ if base.__module__.partition(".")[0] not in ours]
    return any(name in vars(base) for base in added for name in names)


_READING: t.Final = ("cookies", "dict_storage_class", "is_secure", "max_cookies", "__init__", "__getattribute__")
_WRITING: t.Final = ("delete_cookie", "max_cookie_size", "set_cookie", "__init__")


def _set_cookie(app: App, reply: Reply, name: str, value: str, attributes: dict[str, t.Any]) -> None:
    if isinstance(reply, PreparedResponse):
        size: int = app.config["MAX_COOKIE_SIZE"]
        reply.add_header("Set-Cookie", dump_cookie(name, value, max_size=size, **attributes))
    else:
        t.cast("Response", reply).set_cookie(name, value, **attributes)


def _delete_cookie(app: App, reply: Reply, name: str, attributes: dict[str, t.Any]) -> None:
    if isinstance(reply, PreparedResponse):
        _set_cookie(app, reply, name, "", {"expires": 0, "max_age": 0, **attributes})
    else:
        t.cast("Response", reply).delete_cookie(name, **attributes)


@functools.lru_cache(maxsize=16)
def _serializer(*options: t.Any) -> URLSafeTimedSerializer:
    from ._signing import timed_serializer  # PERF: 2 ms; an application without sessions never needs it

    return timed_serializer(*options)


def _bad_signature() -> type[Exception]:
    from itsdangerous import BadSignature

    return BadSignature


def _lazy_sha1(string: bytes = b"") -> object:
    # Looked up when used: a build of Python that follows FIPS has no SHA-1 and must still import this.
    return hashlib.sha1(string)


session_json_serializer = TaggedJSONSerializer()
"""The serializer of all interfaces that do not name another: ``register`` a tag here to add a type."""


class SecureCookieSessionInterface(SessionInterface):
    """Sessions in a signed cookie: the client can read them and not change them."""

    salt = "cookie-session"
    """Keeps the signatures apart from others made with the same secret key."""

    digest_method = staticmethod(_lazy_sha1)
    """The hash function of the signature (HMAC)."""

    key_derivation = "hmac"
    """The method by which itsdangerous derives the key from the secret key and the salt."""

    serializer: t.Any = session_json_serializer
    """The serializer of the session: an object with ``dumps`` and ``loads``."""

    session_class: type[SecureCookieSession] = SecureCookieSession
    """The class of the sessions that :meth:`open_session` makes."""

    lazy = True

    def get_signing_serializer(self, app: App) -> URLSafeTimedSerializer | None:
        """Return what signs and reads cookies for an application; ``None`` when it has no secret key.

        :param app: The application. ``SECRET_KEY`` signs; it and ``SECRET_KEY_FALLBACKS`` read.
        """
        newest = app.secret_key
        if not newest:
            return None
        # itsdangerous signs with the last key.
        keys = (*(app.config["SECRET_KEY_FALLBACKS"] or ()), newest)
        return _serializer(keys, self.salt, self.serializer, self.key_derivation, self.digest_method)

    def open_in(self, ctx: context.Context) -> SessionMixin | None:
        if type(self).open_session is not SecureCookieSessionInterface.open_session or "open_session" in vars(self):
            return self.open_session(ctx.app, ctx.request)
        serializer = self.get_signing_serializer(ctx.app)
        return None if serializer is None else self._read(ctx.app, serializer, session_cookie(self, ctx))

    def open_session(self, app: App, request: Request) -> SecureCookieSession | None:
        """Read the session from the request's cookie; an unsigned, changed or expired one gives an empty session."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        return self._read(app, serializer, request.cookies.get(self.get_cookie_name(app)))

    def _read(self, app: App, serializer: URLSafeTimedSerializer, cookie: str | None) -> SecureCookieSession:
        if not cookie:
            return self.session_class()
        try:
            data = serializer.loads(cookie, max_age=int(app.permanent_session_lifetime.total_seconds()))
        except _bad_signature():  # PERF: asked where something was raised
            return self.session_class()
        return self.session_class(data)

    def save_session(self, app: App, session: SessionMixin, response: Response) -> None:
        """Set the cookie where :meth:`should_set_cookie` says so, and delete that of a session made empty."""
        was_accessed = session.accessed  # asked first: to look into a session is an access
        is_empty = not session
        # A session emptied by this request leaves; one that never was sends no cookie.
        is_sent = session.modified if is_empty else self.should_set_cookie(app, session)
        if was_accessed or is_sent:
            add_vary(response, ("Cookie",))
        if not is_sent:
            return
        attributes = self.get_cookie_attributes(app)
        name = self.get_cookie_name(app)
        if is_empty:
            _delete_cookie(app, response, name, attributes)
            return
        value = t.cast("URLSafeTimedSerializer", self.get_signing_serializer(app)).dumps(dict(session))
        _set_cookie(app, response, name, value, {"expires": self.get_expiration_time(app, session), **attributes})


class StoreSession(SecureCookieSession):
    """The session of :class:`StoreSessionInterface`."""

    name = ""
    """The name by which the client knows it; empty until it has been kept."""

    outdated = ""
    """The name that it had before :meth:`renew`."""

    loaded = b""
    """The text that was read from the store."""

    begins_anew = False
    """True if nothing of what was loaded is in it: it was cleared."""

    unavailable = False
    """True if the store is away: the session is empty, takes what is written, and is not kept."""

    def renew(self) -> None:
        """Keep it under another name from now on; the old one is worth nothing then.

        Call it when a user logs in: a name that an attacker has slipped to the client does not become that of a user.
        """
        self.outdated, self.name = self.outdated or self.name, ""
        self.modified = self.accessed = True

    def clear(self) -> None:
        """Remove everything; what is written afterwards is a new session, under another name."""
        super().clear()
        self.renew()
        self.begins_anew = True


class StoreSessionInterface(SessionInterface):
    """Sessions in a :doc:`store </stores/stores>`.

    The client gets a random name, and neither sees nor holds what is in them.

    A session that was loaded is written only while its name is in the store: a request that began before a log-out or
    a :meth:`StoreSession.renew`, and ends after it, writes nothing and sets no cookie. Two requests that write at the
    same time each keep the members that they changed.

    :param store: The store. Sessions live there for ``PERMANENT_SESSION_LIFETIME`` after they were last written. While
        it is away, requests that touch their session are answered with 503.
    """

    serializer: t.Any = session_json_serializer
    """The serializer of the session: an object with ``dumps`` and ``loads``."""

    session_class: type[StoreSession] = StoreSession
    """The class of the sessions that :meth:`open_session` makes."""

    lazy = True
    errors = (SessionUnavailable,)
    __framework_blocks__ = True  # its methods wait for the store

    def __init__(self, store: Store) -> None:
        self.store = store
        self._guard = CircuitBreaker(
            f"The {type(store).__name__}", "Requests that touch their session are answered with 503."
        )

    @staticmethod
    def place(name: str) -> str:
        """Return the key in the store: hashed, so that a reader of the store cannot take over a session."""
        return "session:" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()

    def open_session(self, app: App, request: Request) -> StoreSession:
        """Read the session of the request; a name that the store does not know gives an empty one without it.

        :raises SessionUnavailable: The store does not answer.
        """
        return self._read(app, request.cookies.get(self.get_cookie_name(app)))

    def open_in(self, ctx: context.Context) -> SessionMixin | None:
        if type(self).open_session is not StoreSessionInterface.open_session or "open_session" in vars(self):
            return self.open_session(ctx.app, ctx.request)
        return self._read(ctx.app, session_cookie(self, ctx))

    def _read(self, app: App, name: str | None) -> StoreSession:
        kept = self._ask(app, self.store.get, self.place(name)) if name else None
        if name is None or kept is None:
            return self.session_class()
        session = self.session_class(self.serializer.loads(kept.decode()))
        session.name, session.loaded = name, kept
        return session

    def save_session(self, app: App, session: SessionMixin, response: Response) -> None:
        """Write the session where it was modified, prolong one that is permanent, remove one that was emptied.

        :raises SessionUnavailable: The store does not answer.
        """
        held = t.cast(StoreSession, session)
        if held.unavailable:
            return
        if held.accessed:
            add_vary(response, ("Cookie",))
        if not held:
            ended = held.outdated or (held.name if held.modified else "")
            if ended:
                self._ask(app, self.store.delete, self.place(ended))
                _delete_cookie(app, response, self.get_cookie_name(app), self.get_cookie_attributes(app))
            return
        if not self.should_set_cookie(app, held):
            return
        if self._keep(app, held):
            expires = self.get_expiration_time(app, held)
            attributes = {"expires": expires, **self.get_cookie_attributes(app)}
            _set_cookie(app, response, self.get_cookie_name(app), held.name, attributes)

    def _keep(self, app: App, held: StoreSession) -> bool:
        """Write a session.

        :return: Whether it was written. ``False``: it was loaded, and has ended or got another name since.
        """
        lifetime = app.permanent_session_lifetime.total_seconds()
        if held.name:
            return self._replace(app, held, lifetime)
        value = self._text(dict(held))
        if held.outdated:
            old = self.place(held.outdated)
            if held.begins_anew:
                self._ask(app, self.store.delete, old)
            else:
                present: bytes | None = held.loaded
                # What another request has written meanwhile moves along; a session that has ended does not.
                while not self._ask(app, self.store.delete, old, present):
                    present = self._ask(app, self.store.get, old)
                    if present is None:
                        return False
                    value = self._joined(held, present)
        held.name = os.urandom(32).hex()
        self._ask(app, self.store.set, self.place(held.name), value, lifetime)
        return True

    def _replace(self, app: App, held: StoreSession, lifetime: float) -> bool:
        """Write a loaded session in its place, or only prolong it where nothing was modified."""
        place, present = self.place(held.name), held.loaded
        while True:
            value = self._joined(held, present) if held.modified else present
            if self._ask(app, self.store.replace, place, present, value, lifetime):
                return True
            found = self._ask(app, self.store.get, place)
            if found is None:
                return False
            present = found

    def _joined(self, held: StoreSession, present: bytes) -> bytes:
        """Return what is to be written where the store holds ``present``: that, with the members that were changed."""
        if present == held.loaded:
            return self._text(dict(held))
        before, joined = (self.serializer.loads(text.decode()) for text in (held.loaded, present))
        for name, value in dict(held).items():
            if name not in before or self._text({name: value}) != self._text({name: before[name]}):
                joined[name] = value
        for name in before:
            if not dict.__contains__(held, name):
                joined.pop(name, None)
        return self._text(joined)

    def _text(self, values: dict[str, object]) -> bytes:
        return t.cast("bytes", self.serializer.dumps(values).encode())

    def _ask(self, app: App, function: cabc.Callable[..., _T], *arguments: object) -> _T:
        try:
            return self._guard.run(app.logger, function, *arguments)
        except StoreAway:
            raise SessionUnavailable(retry_after=max(1, round(PAUSE))) from None

    def make_unavailable(self) -> StoreSession:
        """Make the substitute while the store is away, for what runs after the request was refused."""
        session = self.session_class()
        session.unavailable = True
        return session


_SAVING: t.Final = (SecureCookieSessionInterface.save_session, StoreSessionInterface.save_session)

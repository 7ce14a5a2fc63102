"""Ask an application without a server: the environment of a request, and a client with cookies.

Built on werkzeug's test client; what is added is what comes from the application: defaults from its config, its JSON
provider, its sessions, and its context kept for a look afterwards.
Not here: running commands (``testing.runner``), and what the contract is (``openapi.contract._contract``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import copy
import functools
import importlib.metadata
import typing as t
from types import TracebackType
from urllib.parse import urlsplit

import werkzeug.test
import werkzeug.utils
import werkzeug.wrappers
from werkzeug.test import Client
from werkzeug.wrappers import Request as BaseRequest
from werkzeug.wsgi import ClosingIterator

from ..errors import ContractViolation
from ..http.semantics import BODILESS
from ..teardown import close_parts
from ._base import PRESERVE_CONTEXT as PRESERVE_CONTEXT
from ._base import ClientBase

if t.TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from ..app import App
    from ..context import Context
    from ..sessions import SessionMixin


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """The WSGI environment of a request, with defaults from an application's config.

    :param app: The application.
    :param path: The path, with or without a query; or a whole URL, whose scheme and host then count.
    :param base_url: Where the application is mounted. Default: made of ``PREFERRED_URL_SCHEME``, ``SERVER_NAME`` (or
        ``localhost``) and ``APPLICATION_ROOT``.
    :param subdomain: Put in front of ``SERVER_NAME``; not together with ``base_url``.
    :param url_scheme: Instead of ``PREFERRED_URL_SCHEME``; not together with ``base_url``.
    :param args: As :class:`werkzeug.test.EnvironBuilder` takes them after ``base_url``.
    :param kwargs: Likewise.
    :raise TypeError: ``base_url`` is given together with ``subdomain`` or ``url_scheme``.
    """

    def __init__(
        self,
        app: App,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: t.Any,
        **kwargs: t.Any,
    ) -> None:
        self.app = app
        if base_url is None:
            base_url, path = _locate(app, path, subdomain, url_scheme)
        elif subdomain or url_scheme:
            raise TypeError(
                'Cannot pass "subdomain" or "url_scheme" with "base_url", which holds both. Put them into "base_url".'
            )

        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: object, **kwargs: object) -> str:
        """Write the value of ``json=`` as the application's JSON provider does."""
        return self.app.json.dumps(obj, **kwargs)


def _locate(app: App, path: str, subdomain: str | None, url_scheme: str | None) -> tuple[str, str]:
    """Split a path or URL into the base URL of the application and the path with its query."""
    url = urlsplit(path)
    host = url.netloc or app.config["SERVER_NAME"] or "localhost"
    if subdomain and not url.netloc:
        host = f"{subdomain}.{host}"

    scheme = url.scheme or url_scheme or app.config["PREFERRED_URL_SCHEME"]
    root = app.config["APPLICATION_ROOT"].lstrip("/")
    query = f"?{url.query}" if url.query else ""
    return f"{scheme}://{host}/{root}", f"{url.path}{query}"


def base_url_of(app: App) -> str:
    """Return where an application is, by its config."""
    return _locate(app, "", None, None)[0]


if t.TYPE_CHECKING:
    _Reply = werkzeug.wrappers.Response
else:
    _Reply = object


class Decoded(_Reply):
    """A reply whose ``text`` and ``json`` are without its content coding; ``data`` is as it was sent."""

    @werkzeug.utils.cached_property
    def text(self) -> str:
        """The body as text."""
        return self.decoded_data().decode()

    def get_json(self, force: bool = False, silent: bool = False) -> t.Any:
        """Return the body as JSON; see :meth:`werkzeug.wrappers.Response.get_json`."""
        if "Content-Encoding" in self.headers:
            plain = werkzeug.wrappers.Response(self.decoded_data(), content_type=self.headers.get("Content-Type"))
            plain.json_module = self.json_module
            return plain.get_json(force, silent)
        return super().get_json(force, silent)

    def decoded_data(self) -> bytes:
        """Return the body without its content coding; as it was sent where that is unknown."""
        data, coding = self.get_data(), self.headers.get("Content-Encoding")
        if coding is None:
            return data
        from ..http.codings import decoded  # most replies need none of it

        plain = decoded(coding, data)
        return data if plain is None else plain


class AppTestResponse(Decoded, werkzeug.test.TestResponse):
    """A reply as :class:`AppClient` returns it: that of werkzeug, which :attr:`App.response_class` is mixed into."""

    __test__ = False

    if t.TYPE_CHECKING:

        @property
        def json(self) -> t.Any:
            """The body as JSON; ``None`` if the media type is not JSON."""


class AppClient(ClientBase, Client):
    """A client that calls an application directly and keeps its cookies.

    As a context manager it keeps the context of the last request until the next one, or until the end of the block, so
    that ``request``, ``session`` and ``g`` can be looked at. The block also starts the application, and shuts it down
    at its end, unless it had been started before.

    :param args: As :class:`werkzeug.test.Client` takes them: the application, the response class, ``use_cookies``.
    :param contract: Whether replies are checked against what their operation declares. Default: by the setting
        ``CONTRACT``: yes, unless it is ``"off"``.
    :param fresh_g: Whether each request has a new ``g``, and tears down its application context, where a context
        of the application is active, as in a fixture that pushes one. Default: it shares that one.
    :param kwargs: As :class:`werkzeug.test.Client` takes them.
    """

    application: App

    def __init__(self, *args: t.Any, contract: bool | None = None, fresh_g: bool = False, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.response_wrapper = type("AppTestResponse", (AppTestResponse, self.response_wrapper), {})
        self.contract = contract
        self.fresh_g = fresh_g
        self.preserve_context = False
        #: Merged below the environment of each request; an attribute of the client, free to be changed.
        self.environ_base: dict[str, object] = {
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": f"Werkzeug/{importlib.metadata.version('werkzeug')}",
        }
        self._kept = contextlib.ExitStack()
        self._started = False

    def open(
        self,
        *args: object,
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: object,
    ) -> AppTestResponse:
        """Make a request.

        :param args: As :class:`EnvironBuilder` takes them after the application; or a single builder, WSGI environment
            or request.
        :param buffered: Read the whole body at once, and close it.
        :param follow_redirects: Go on to where the application redirects; the replies between are in ``history``.
        :return: Werkzeug's test response, whose ``json`` is read by the application's provider. An unbuffered reply
            that streams lives, with its context, until its body is read to the end or it is closed.
        """
        self._kept.close()
        self._watch()
        contexts: list[Context] = []
        request = self._make_request(args, kwargs, contexts)
        made = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        response = t.cast(AppTestResponse, made)
        response.json_module = self.application.json  # type: ignore[assignment]

        # A redirect that is followed opens its target through this method again, which has seen to the later replies.
        first = response.history[0] if response.history else response
        if self.preserve_context and first is response:
            for ctx in contexts:
                self._kept.enter_context(ctx)

        try:
            self.check_reply(first, contexts[-1] if contexts else None)
        except BaseException:
            response.close()  # a stream would keep its context, and whatever is open in it, for ever
            raise
        is_finished = response.content_length is not None or response.status_code in BODILESS
        if contexts and is_finished and (contexts[-1].deferred or contexts[-1].record is not None):
            # A server closes what it has sent; here the body is kept for the test, and what was put off is done.
            response.get_data()
            response.close()
        return response

    def query(self, *args: t.Any, **kw: t.Any) -> AppTestResponse:
        """Call :meth:`open` with the method QUERY (RFC 10008)."""
        kw["method"] = "QUERY"
        return self.open(*args, **kw)

    if t.TYPE_CHECKING:

        def get(self, *args: object, **kw: object) -> AppTestResponse: ...
        def post(self, *args: object, **kw: object) -> AppTestResponse: ...
        def put(self, *args: object, **kw: object) -> AppTestResponse: ...
        def patch(self, *args: object, **kw: object) -> AppTestResponse: ...
        def delete(self, *args: object, **kw: object) -> AppTestResponse: ...
        def head(self, *args: object, **kw: object) -> AppTestResponse: ...
        def options(self, *args: object, **kw: object) -> AppTestResponse: ...
        def trace(self, *args: object, **kw: object) -> AppTestResponse: ...

    def check_reply(self, response: TestResponse, ctx: Context | None) -> None:
        """Look at a reply before the test does; called once for each, also for those between redirects.

        Whatever it raises reaches the test. This one holds the reply against what its operation declares.

        :param response: The reply. The body of one that streams is not read yet.
        :param ctx: The context of the request, not active (except in ``with client:``) and torn down unless the body
            streams; ``None`` when the application was not reached (a middleware answered).
        :raises ContractViolation: The reply is not as declared, and ``CONTRACT`` is not ``"log"``.
        """
        if not self._is_held(ctx):
            return
        hold_part = self._hold(ctx, response.status_code, response.headers, response.get_data)
        if hold_part is not None:
            parts = t.cast("cabc.Iterable[bytes]", response.response)
            response.response = ClosingIterator(_held(parts, hold_part), functools.partial(close_parts, parts))

    def _make_request(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any], contexts: list[Context]) -> BaseRequest:
        """Make the request from the arguments of :meth:`open`, with this client's environment below it."""
        source = args[0] if len(args) == 1 and not kwargs else None

        if isinstance(source, werkzeug.test.EnvironBuilder):
            # The builder may serve for several requests: its own dict must stay as it is.
            builder = copy.copy(source)
            builder.environ_base = self._environ(source.environ_base or {}, contexts)
            return builder.get_request()

        if isinstance(source, dict):
            return EnvironBuilder.from_environ(
                source, app=self.application, environ_base=self._environ({}, contexts)
            ).get_request()

        if isinstance(source, BaseRequest):
            request = copy.copy(source)
            request.environ = self._environ(source.environ, contexts)
            return request

        kwargs["environ_base"] = self._environ(kwargs.get("environ_base") or {}, contexts)
        builder = EnvironBuilder(self.application, *args, **kwargs)
        try:
            return builder.get_request()
        finally:
            builder.close()

    def as_user(self, user: object, scopes: cabc.Iterable[str] | None = None) -> t.Self:
        """A client whose requests come from a user, without credentials.

        Everything but the credentials is as ever: scopes, permissions and limits see the user. Cookies start as those
        of this client, and go their own way.

        :param user: The value of ``current_user``.
        :param scopes: What the credentials would be good for. Default: for all.
        """
        made = copy.copy(self)
        made._kept = contextlib.ExitStack()
        made.preserve_context = False
        made._started = False
        if self._cookies is not None:
            made._cookies = dict(self._cookies)
        made.environ_base = self._environ_of(user, scopes)
        return made

    def csrf_token(self, cookie: str | None = None) -> str:
        """A CSRF token that is good with the cookies of this client.

        :param cookie: The name of the cookie that says who sends the request. Default: the session says it.
        :raises RuntimeError: There is no such cookie, or no secret key.
        """
        from ..marks.security import session_secret

        if cookie is None:
            with self.session_transaction() as session:
                return self._token_for(session_secret(session, make=True))
        found = self.get_cookie(cookie)
        return self._token_for(None if found is None else found.decoded_value)

    @contextlib.contextmanager
    def session_transaction(self, *args: object, **kwargs: object) -> cabc.Iterator[SessionMixin]:
        """Open the client's session, to read or change it; it is saved at the end of the ``with`` block.

        :param args: As :class:`EnvironBuilder` takes them after the application: where the session belongs.
        :param kwargs: Likewise.
        :raise TypeError: The client has no cookies.
        :raise RuntimeError: The application has no session, mostly for want of a ``SECRET_KEY``.
        """
        if self._cookies is None:
            raise TypeError("Cookies are disabled. Create a client with 'use_cookies=True'.")

        ctx = self.application.test_request_context(*args, **kwargs)
        request = ctx.request
        self._add_cookies_to_wsgi(request.environ)
        session = self._open_session(ctx)

        yield session

        response = self._save_session(ctx, session)
        if response is not None:
            self._update_cookies_from_response(
                request.host.partition(":")[0], request.path, response.headers.getlist("Set-Cookie")
            )

    def __enter__(self) -> AppClient:
        if self.preserve_context:
            raise RuntimeError("Cannot nest client invocations. Make a second client.")

        lifecycle = self.application.lifecycle
        if lifecycle and lifecycle.state != "started":
            self.application.startup()
            self._started = True
        self.preserve_context = True
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.preserve_context = False
        self._kept.close()
        if self._started:
            self._started = False
            self.application.shutdown()


def _held(parts: cabc.Iterable[bytes], hold: cabc.Callable[[bytes], None]) -> cabc.Iterator[bytes]:
    """The parts of a stream, each held against what is declared when the test reads it."""
    for part in parts:
        try:
            hold(part)
        except ContractViolation:
            close_parts(parts)  # nobody reads on
            raise
        yield part

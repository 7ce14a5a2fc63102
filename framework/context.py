"""The current application and request, and the names through which users reach them.

One class, :class:`Context`, one ``ContextVar``. Inside the framework the context is passed along or asked for
with :func:`current`; the proxies at the end (``request``, ``g``, ...) are for users' code.
Not here: what happens to a request (``app._app``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import contextvars
import functools
import operator
import sys
import time
import typing as t

from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy

from . import signals
from ._sentinel import MISSING
from .errors import MethodNotAllowed, NotFound, ServiceUnavailable
from .http.request_ids import TraceParent, make_request_ids, trace_parent
from .teardown import Active, CollectErrors

if t.TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import MapAdapter, Rule

    from ._background import Task
    from ._coroutines import Companion
    from ._producer import Producer
    from .app import App, Refusal, RouterHooks
    from .http.media import MediaType
    from .http.response import Reply
    from .record import RequestRecord
    from .resources.operation import Operation
    from .sessions import SessionMixin
    from .typing import AfterRequestCallable, Conditional
    from .wrappers import Request

_current: contextvars.ContextVar[Context] = contextvars.ContextVar("framework.context")
_F = t.TypeVar("_F", bound=cabc.Callable[..., object])

OUTSIDE_APP = (
    "Working outside of application context. The code that failed needs to know the current application:"
    " call it while a request is handled, or inside 'with app.app_context():'."
)
OUTSIDE_REQUEST = (
    "Working outside of request context. The code that failed needs an active HTTP request:"
    " call it while a request is handled, or, in a test, inside 'with app.test_request_context():'."
)

FRESH_G: t.Final = "framework.fresh_g"
"""In the WSGI environment of a request: it has its own ``g``, also below an active context."""


class _AppCtxGlobals:
    """The namespace behind ``g``: attributes live as long as the application context.

    Also ``"name" in g`` and ``iter(g)``.
    """

    def __getattr__(self, name: str) -> t.Any:
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: object) -> None:
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def get(self, name: str, default: object = None) -> t.Any:
        """The attribute ``name``, or ``default``."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: object = MISSING) -> t.Any:
        """Take the attribute ``name`` away and return it.

        :raises KeyError: It is not there and no default is given.
        """
        if default is MISSING:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: object = None) -> t.Any:
        """The attribute ``name``, which becomes ``default`` if it is not there."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> cabc.Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        ctx = _current.get(None)
        if ctx is not None:
            return f"<framework.g of {ctx.app.name!r}>"
        return object.__repr__(self)


class Context:
    """All that belongs to one request, or to a piece of work outside of requests.

    Made by :meth:`App.app_context`, :meth:`App.request_context` and :meth:`App.test_request_context`; a context
    manager. A context with a request that is pushed while a context of the same application is active shares
    that one's ``g``, and leaves ``teardown_appcontext`` to it.

    :param app: The application.
    :param environ: The WSGI environment of a request; ``None`` for a context without one.
    :param request: A request that exists already.
    :param session: A session that is open already.
    """

    # PERF: one context is made per request: what most requests never set stays a default of the class (0.3 us).
    _g: t.Any = None
    _owns_app = True
    _url_adapter: MapAdapter | None = MISSING
    _router_path: tuple[str, ...] | None = None
    _after_request_functions: cabc.Sequence[AfterRequestCallable] = ()
    _error_steps: cabc.Sequence[cabc.Callable[[Context, Reply], Reply]] = ()  # get the answer to an error
    _before_sending: cabc.Sequence[cabc.Callable[[Context, Reply], Reply]] = ()
    _at_end: cabc.Sequence[cabc.Callable[[BaseException | None], object]] = ()
    flashes: list[tuple[str, str]] | None = None
    url_rule: Rule | None = None
    view_args: dict[str, object] | None = None
    is_miss = False  #: No rule matches the path. The exception that says so is made when it is asked for.
    _refusal: Refusal | None = None  # the path has other methods; the exception is made likewise
    _routing_exception: HTTPException | None = None
    operation: Operation | None = None
    hooks: RouterHooks | None = None
    is_direct = False  # the operation may be run without asking the application's methods
    media_type: MediaType | None = None  # what the answer is written in; None is JSON
    pump: Producer | None = None  # the thread in which a stream is made
    deferred: cabc.Sequence[Task] = ()  # what after_response was given
    user: t.Any = None  #: who sends the request, once that is known
    conditional: Conditional | None = None
    """The conditions that the request carries, where the operation has an ``etag`` mark."""
    warnings: list[tuple[str, str]] | None = None
    """The mistakes of the handler that marks found, for the contract: each with its remedy."""
    scheme: t.Any = None
    """The security scheme that has authenticated the user."""
    record: RequestRecord | None = None
    """The record of the request; ``None`` in an application without observers."""
    deadline: float | None = None
    """The moment, of ``time.perf_counter()``, until which the request is to be answered; ``None`` for none."""
    carried: cabc.Callable[[], contextlib.AbstractContextManager[object]] | None = None
    """Makes a context manager that is entered wherever the work of the request goes on: in a stream, in another thread,
    in deferred functions. An observer sets it."""
    companion: Companion | None = None
    """The task in which the coroutines of the context run, once there was one, where no server has an event loop."""
    _request_id: str | None = None  # of a context without a request that goes on with the work of one
    _trace: TraceParent | None = None
    _outer: Context | None = None
    _tokens: list[contextvars.Token[Context]] = []

    def __init__(
        self,
        app: App,
        environ: WSGIEnvironment | None = None,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        self.environ = environ if request is None else request.environ
        self._request = request
        self._session = session
        if request is not None:
            self.url_rule = request.url_rule
            self.view_args = request.view_args
            if request.routing_exception is not None:
                self.routing_exception = request.routing_exception

    if t.TYPE_CHECKING:

        @property
        def request_environ(self) -> WSGIEnvironment:
            """The WSGI environment, for what runs in a request alone."""

    else:
        # PERF: reading it is no call of a Python function.
        request_environ = property(
            operator.attrgetter("environ"), doc="The WSGI environment, for what runs in a request alone."
        )

    @property
    def routing_exception(self) -> HTTPException | None:
        """Return what went wrong when the path was matched; raised after the ``before_request`` functions."""
        if self._routing_exception is None:
            if self.is_miss:
                self._routing_exception = NotFound()
            elif self._refusal is not None:
                self._routing_exception = MethodNotAllowed(list(self._refusal.methods))
        return self._routing_exception

    @routing_exception.setter
    def routing_exception(self, value: HTTPException | None) -> None:
        self._routing_exception = value
        self.is_miss, self._refusal = False, None

    @property
    def g(self) -> t.Any:
        """The namespace of this context, made on first touch."""
        if self._g is None:
            self._g = self.app.app_ctx_globals_class()
        return self._g

    @g.setter
    def g(self, value: object) -> None:
        self._g = value

    @property
    def _request_ctx(self) -> Context | None:
        """This context, or the one below it that has a request. Not kept here: a circle would outlive the request."""
        return self._outer if self.environ is None else self

    @property
    def has_request(self) -> bool:
        """Return whether the context was made for a request."""
        return self.environ is not None

    @property
    def request_id(self) -> str | None:
        """The id of the request, in its answer and in all that is logged meanwhile.

        ``None`` outside of requests, and where ``REQUEST_ID_HEADER`` is ``None``.
        """
        if self.environ is None:
            return self._request_id if self._outer is None else self._outer.request_id
        route_table = self.app._route_table
        # A setting has dropped the route table, or nothing has been frozen yet.
        ids = make_request_ids(self.app.config) if route_table is None else route_table.request_ids
        return None if ids is None else ids.id_of(self.environ)

    @property
    def trace(self) -> TraceParent | None:
        """The trace that the request says it is part of (``traceparent``); ``None`` outside of requests."""
        if self.environ is None:
            return self._trace if self._outer is None else self._outer.trace
        return trace_parent(self.environ)

    @property
    def request(self) -> Request:
        """The request, made on first touch.

        :raises RuntimeError: The context has none.
        """
        if self._request is None:
            if self.environ is None:
                raise RuntimeError(OUTSIDE_REQUEST)
            self._request = request = self.app.request_class(self.environ)
            request.json_module = self.app.json
            request.url_rule = self.url_rule
            request.view_args = self.view_args
            request.routing_exception = self.routing_exception
        return self._request

    @request.setter
    def request(self, value: Request) -> None:
        self._request = value

    def remaining(self) -> float | None:
        """Return the seconds until the deadline of the request, 0 or less after it; ``None`` where it has none."""
        ctx = self._request_ctx
        return None if ctx is None or ctx.deadline is None else ctx.deadline - time.perf_counter()

    def after_this_request(self, function: AfterRequestCallable) -> None:
        """Call ``function(response)`` when this request's response is there, and send what it returns instead."""
        self._after_request_functions = [*self._after_request_functions, function]

    def before_sending(self, function: cabc.Callable[[Context, Reply], Reply]) -> None:
        """Call ``function(ctx, reply)`` with the finished answer, and send what it returns instead.

        That is after hooks, session and contract, for changes of how an answer is sent and not of what it says, such as
        compression. Several are called in reverse order; one that is given twice is called once.

        :param function: It gets the answer as it is: prepared, full, or one whose body is made while it is sent.
        """
        if not self._before_sending:
            self._before_sending = (function,)  # PERF: nearly always
        elif function not in self._before_sending:
            self._before_sending = [*self._before_sending, function]

    def at_end(self, function: cabc.Callable[[BaseException | None], object]) -> None:
        """Call ``function(error)`` when this context ends, before the teardown functions.

        :param function: Gets the exception that ended the work, or ``None``. It is called whether there was a response
            or not: after a ``SystemExit`` too, and where the exception goes on to the server.
        """
        self._at_end = [*self._at_end, function]

    @property
    def session(self) -> SessionMixin:
        """The session, opened on first touch. Any touch counts as access, for ``Vary: Cookie``."""
        session = self._session
        if session is None:
            session = self.open_session()
        session.accessed = True
        return session

    @session.setter
    def session(self, value: SessionMixin | None) -> None:
        self._session = value

    def open_session(self) -> SessionMixin:
        """Open the session and return it; that alone is no access."""
        interface = self.app.session_interface
        open_in = getattr(interface, "open_in", None)  # an interface of another base has two methods
        session = interface.open_session(self.app, self.request) if open_in is None else open_in(self)
        if session is None:
            session = interface.make_null_session(self.app)
        self._session = session
        return session

    @property
    def url_adapter(self) -> MapAdapter | None:
        """Return what builds and matches URLs here; ``None`` outside of requests when no ``SERVER_NAME`` is set."""
        if self._url_adapter is MISSING:
            self._url_adapter = None  # a host that is refused must not be asked twice
            self._url_adapter = self.app.create_url_adapter(None if self.environ is None else self.request)
        return self._url_adapter

    @url_adapter.setter
    def url_adapter(self, value: MapAdapter | None) -> None:
        self._url_adapter = value

    def copy(self) -> Context:
        """A new context with the same request, for another thread or greenlet.

        :raises RuntimeError: The context has no request.
        """
        request = self.request
        if self._session is None:
            self.open_session()  # so that both contexts write to one session; opening is no access
        made = self.__class__(self.app, self.environ, request, self._session)
        made.user, made.scheme = self.user, self.scheme
        made.carried, made.deadline = self.carried, self.deadline
        return made

    def match_request(self) -> None:
        """Find the rule for the path; what goes wrong is kept in ``routing_exception`` and raised later."""
        self.app.match_request(self)
        if self._request is not None:
            self._tell_request()

    def _tell_request(self) -> None:
        request = t.cast("Request", self._request)
        request.url_rule = self.url_rule
        request.view_args = self.view_args
        request.routing_exception = self.routing_exception

    def push(self) -> None:
        """Make this the active context: opens a session interface that is not lazy, and matches the path."""
        outer = _current.get(None)
        if outer is not None and outer is not self:
            self._join(outer)
        self._tokens = [*self._tokens, _current.set(self)]
        if signals.appcontext_pushed.receivers and self._owns_app:
            signals.appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)
        if self.environ is not None:
            if self._session is None and not getattr(self.app.session_interface, "lazy", False):
                self._open_and_match()
            else:
                self.app.match_request(self)  # PERF: what the method does, 0.05 us
            if self._request is not None:
                self._tell_request()

    def _open_and_match(self) -> None:
        """Open a session that is not lazy, then match; where sessions are away, that is what refuses the request."""
        refused: ServiceUnavailable | None = None
        try:
            self.open_session()
        except ServiceUnavailable as error:
            refused = error
        self.app.match_request(self)
        if refused is not None:
            self.routing_exception = refused

    def _join(self, outer: Context) -> None:
        """A request joins the application context that is there; a context without one still sees its request."""
        if self.environ is None:
            self._outer = outer._request_ctx
        elif outer.app is self.app and FRESH_G not in self.environ:
            self._owns_app = False
            self._g = outer.g

    def pop(self, exc: BaseException | None = MISSING) -> None:
        """Leave the context; the last of several pops runs the teardown functions, all of them.

        :param exc: The exception that ended the work. Default: the one being handled.
        :raises AssertionError: Another context is active.
        """
        tokens = self._tokens
        if _current.get(None) is not self:
            raise AssertionError(
                f"Popped wrong context: {_current.get(None)!r} is active instead of {self!r}."
                " Pop contexts in the reverse order of their pushes."
            )
        if len(tokens) > 1:
            _current.reset(tokens.pop())
            return
        hooks = self.hooks
        # PERF: asked for every request: 0.15 us, where finding nothing to do in each step takes 0.4.
        if (
            hooks is not None
            and hooks.ends_quietly
            and self._request is None
            and self._owns_app
            and not self._at_end
            and not signals.request_tearing_down.receivers
            and not signals.appcontext_tearing_down.receivers
            and not signals.appcontext_popped.receivers
        ):
            _current.reset(tokens.pop())
            return
        if exc is MISSING:
            exc = sys.exc_info()[1]
        collector = self._tear_down(exc)
        _current.reset(tokens.pop())
        collector = self._popped(collector)
        if collector is not None:
            collector.raise_any("Errors during context teardown.")

    def _tear_down(self, exc: BaseException | None) -> CollectErrors | None:
        """Run what ends the request and, where it is this one's own, the application context.

        :return: What was raised, if anything had to be done.
        """
        app, hooks, route_table = self.app, self.hooks, self.app._route_table
        collector = None
        if self._at_end:
            collector = CollectErrors()
            functions, self._at_end = self._at_end, ()
            for function in functions:
                with collector:
                    function(exc)
        if self.environ is not None:
            if route_table is None or hooks is None or hooks.tears_down or signals.request_tearing_down.receivers:
                collector = collector or CollectErrors()
                with collector:
                    app.do_teardown_request(exc)
            if self._request is not None:
                collector = collector or CollectErrors()
                with collector:
                    self._request.close()
                # The request refers to the environment: cut the circle so that both go at once.
                self.environ["werkzeug.request"] = None
        ends_app = route_table is None or route_table.tears_down_app or signals.appcontext_tearing_down.receivers
        if self._owns_app and ends_app:
            collector = collector or CollectErrors()
            with collector:
                app.do_teardown_appcontext(exc)
        return collector

    def _popped(self, collector: CollectErrors | None) -> CollectErrors | None:
        if self.environ is None:
            self._outer = None
        if self.companion is not None:
            self.companion.close()
            self.companion = None
        if signals.appcontext_popped.receivers and self._owns_app:
            collector = collector or CollectErrors()
            with collector:
                signals.appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)
        self._owns_app = True
        return collector

    def __enter__(self) -> t.Self:
        self.push()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.pop(error)

    def __repr__(self) -> str:
        if self.environ is None:
            return f"<{type(self).__name__} of {self.app.name!r}>"
        request = self.request
        return f"<{type(self).__name__} {request.url!r} [{request.method}] of {self.app.name!r}>"

    # A streamed body outlives the call of the application. Its server may ask for each part in another thread, and
    # a token of a ContextVar must not cross threads; so the context is entered and left around each part.

    def detach(self) -> None:
        """Leave the context without any teardown, to go on in :meth:`active` and end in :meth:`finish`."""
        _current.reset(self._tokens.pop())

    def active(self) -> Active:
        """Be the active context for the length of a ``with`` block, neither matching nor tearing down."""
        return Active(_current, self)

    def carrying(self) -> contextlib.AbstractContextManager[object]:
        """Enter what the context carries, for the length of a ``with`` block."""
        return contextlib.nullcontext() if self.carried is None else self.carried()

    def finish(self, exc: BaseException | None) -> None:
        """Run the teardown of a detached context.

        :param exc: The exception that ended the body, or ``None``.
        """
        with self.active():
            collector = self._tear_down(exc)
        collector = self._popped(collector)
        if collector is not None:
            collector.raise_any("Errors during context teardown.")


def current() -> Context:
    """The active context.

    :raises RuntimeError: There is none.
    """
    try:
        return _current.get()
    except LookupError:
        raise RuntimeError(OUTSIDE_APP) from None


def current_or_none() -> Context | None:
    """The active context, or ``None``."""
    return _current.get(None)


def request_context_or_none() -> Context | None:
    """The active context that has a request: the top one, or the one below a context without request."""
    ctx = _current.get(None)
    return ctx if ctx is None or ctx.environ is not None else ctx._outer


def _request_context() -> Context:
    ctx = _current.get(None)
    if ctx is not None and ctx.environ is None:
        ctx = ctx._outer
    if ctx is None:
        raise RuntimeError(OUTSIDE_REQUEST)
    return ctx


def has_app_context() -> bool:
    """Return whether ``current_app`` and ``g`` can be used."""
    return _current.get(None) is not None


def has_request_context() -> bool:
    """Return whether ``request`` and ``session`` can be used."""
    return request_context_or_none() is not None


def after_this_request(f: _F) -> _F:
    """Call ``f`` with the response of this request, and send what it returns instead.

    :param f: Takes a response and returns one.
    :raises RuntimeError: No request is being handled.
    """
    ctx = request_context_or_none()
    if ctx is None:
        raise RuntimeError("'after_this_request' needs a request context. " + OUTSIDE_REQUEST)
    ctx.after_this_request(f)
    return f


def copy_current_request_context(f: _F) -> _F:
    """Wrap ``f`` so that it runs with a copy of this request's context, in a greenlet or thread for instance.

    :raises RuntimeError: No request is being handled.
    """
    ctx = request_context_or_none()
    if ctx is None:
        raise RuntimeError("'copy_current_request_context' needs a request context. " + OUTSIDE_REQUEST)
    ctx = ctx.copy()

    @functools.wraps(f)
    def wrapper(*args: object, **kwargs: object) -> object:
        with ctx.carrying(), ctx:
            return ctx.app.ensure_sync(f)(*args, **kwargs)

    return t.cast(_F, wrapper)


# The proxies, for users' code only. Their types are those of what stands behind them.

current_app: App = LocalProxy(_current, "app", unbound_message=OUTSIDE_APP)  # type: ignore[assignment]
app_ctx: Context = LocalProxy(_current, unbound_message=OUTSIDE_APP)  # type: ignore[assignment]
g: _AppCtxGlobals = LocalProxy(_current, "g", unbound_message=OUTSIDE_APP)  # type: ignore[assignment]
request_ctx: Context = LocalProxy(_request_context)  # type: ignore[assignment]
request: Request = LocalProxy(lambda: _request_context().request)  # type: ignore[assignment]
session: SessionMixin = LocalProxy(lambda: _request_context().session)  # type: ignore[assignment]
current_user: t.Any = LocalProxy(lambda: _request_context().user)  # nobody: false, equal to None

"""The route table that an application makes when it freezes: the operations, and the hooks of each scope in order.

Built once behind the application's lock, dropped when a setting changes, built anew by the next request.
Floor 6.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing as t

from ..context import current
from ..fast.routing import Matcher, Miss
from ..helpers import is_nonblocking
from ..hooks import find_error_handler
from ..http.request_ids import make_request_ids
from ..http.semantics import KNOWN_METHODS
from ..resources.assembly import RouterPath as RouterPath
from ..resources.assembly import build_operations, check_operation_ids, guard_functions, is_watched
from ..resources.declared import check_declared
from ..resources.lost import check_lost_marks
from ..resources.off_loop import all_of_them, in_turn, joined_hooks, one_by_one
from ..resources.operation import Operation
from ..resources.recorder import remember_error
from ..resources.signatures import check_users

if t.TYPE_CHECKING:
    from werkzeug.routing import Map

    from .. import typing as ft
    from ..context import Context
    from ..errors import MethodNotAllowed
    from ..http.response import Reply
    from ..record import Observers
    from ..versions import VersionMaps
    from ._app import App

    HookTable: t.TypeAlias = cabc.Mapping[str | None, cabc.Sequence[cabc.Callable[..., object]]]
    """The hooks of one kind, by the names of routers; those of the application are at ``None``."""


VERSIONS = "framework.versions"
"""The key of ``app.extensions`` for the versions that requests choose from."""


class RouterHooks(t.NamedTuple):
    """The hooks of one scope, flattened: synchronous, and in the order they are called.

    The flags say which of the application's methods have anything to do here, or are overridden.
    """

    preprocess_url: tuple[cabc.Callable[..., object], ...]
    before: tuple[cabc.Callable[..., t.Any], ...]
    after: tuple[cabc.Callable[..., t.Any], ...]
    teardown: tuple[cabc.Callable[..., object], ...]
    preprocesses: bool
    """``preprocess_request`` has more to do than to call ``before``."""
    processes: bool
    """``process_response`` has something to do for every answer."""
    finishes_plainly: bool
    """Neither ``finalize_request`` nor ``make_response`` nor ``process_response`` is overridden."""
    tears_down: bool
    ends_quietly: bool
    """Neither the request nor the application context has anything to tear down."""


class AnswerCheck(t.Protocol):
    """A check of the answers of a server, as the contract is one."""

    def check(self, ctx: Context, response: Reply) -> None:
        """Look at an answer; raise where it is not as declared and the mode says so."""


class Route(t.NamedTuple):
    """The decisions for one method of one rule."""

    operation: Operation
    router_path: RouterPath
    hooks: RouterHooks
    is_direct: bool
    """The operation may be run without asking the application's methods."""


class Refusal(t.NamedTuple):
    """The decisions for a path that is matched by other methods than that of the request: a 405."""

    methods: tuple[str, ...]
    """The methods that the path has, in order."""
    router_path: RouterPath
    hooks: RouterHooks


NO_ROUTES: cabc.Mapping[str, Route] = {}


class RouteTable:
    """The decisions that a request finds made: operations, hooks and the road, per route.

    :param app: The application.
    :raises SetupError: A mark or an operation does not fit.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        app.texts.load()
        self.texts = None if app.texts.is_plain else app.texts
        """The texts of errors, where they are not those of the code."""
        self.request_ids = make_request_ids(app.config)
        self.observers = make_observers(app)
        """The observers of the requests; ``None`` where there are none."""
        self._hooks: dict[RouterPath, RouterHooks] = {}
        self._handlers: dict[tuple[type[Exception], RouterPath], ft.ErrorHandlerCallable | None] = {}
        if is_overridden(app, "dispatch_request"):
            guard_functions(app)
        measured = self.observers is not None and self.observers.wants_times
        self.operations: tuple[Operation, ...] = tuple(build_operations(app, measured))
        check_lost_marks(app, self.operations)
        check_users(app, self.operations)
        check_declared(app, self.operations)
        for document in app.documents.values():
            held = [operation for operation in self.operations if document.holds(app, operation)]
            check_operation_ids(held, document.webhooks_of(app))
        if any(outcome.links for operation in self.operations for outcome in operation.outcomes):
            from ..resources.links import check_links

            check_links(self.operations)
        self.dispatches = dispatches(app)
        # werkzeug's rules are not hashable; they live as long as the map that the application holds.
        self.routes: dict[int, dict[str, Route]] = {}
        """By the identity of the rule and the method; nothing for an automatic OPTIONS."""
        for operation in self.operations:
            router_path = split_router_path(operation.endpoint.rpartition(".")[0])
            route = Route(operation, router_path, self.hooks(router_path), operation.direct and self.dispatches)
            self.routes.setdefault(id(operation.rule), {})[operation.method] = route
        for methods in self.routes.values():
            if "GET" in methods:
                methods.setdefault("HEAD", methods["GET"])
        versions = app.extensions.get(VERSIONS)
        self.regions: VersionMaps | None = None
        """The maps of the versions of the API, where these differ by more than their paths."""
        if versions is not None and versions.chooser is not None:
            from ..versions import VersionMaps

            self.regions = VersionMaps(app, versions.chooser, functools.partial(make_matcher, app))
        shared = self.regions.shared if self.regions is not None else ()
        matcher = make_matcher(app, app.url_map)
        self.match = None if matcher is None else matcher.match
        self.exact: dict[str, dict[str, Route]] = {}
        """The routes of paths without variables, by path and method; where there are none, ``match`` is asked."""
        for path, method, rule in () if matcher is None else matcher.exact():
            exact_route = self.routes.get(id(rule), NO_ROUTES).get(method)
            if exact_route is not None and path not in shared:
                self.exact.setdefault(path, {})[method] = exact_route
        self.refusals: dict[tuple[str, str], Refusal] = {}
        """The refusals by path and method that requests have met so far, for the paths of ``exact``."""
        self.overridden = frozenset(name for name in STEPS if is_overridden(app, name))
        self.tears_down_app = tears_down_app(app)
        # Whether the answer for a path that no rule matches runs no code of users, which may wait.
        self.misses_on_loop = not (has_hooks(app) or self.overridden)
        # Whether the answer for a path that no rule matches is known where no handler takes it.
        self.knows_misses = self.dispatches and not (self.overridden & ON_ERRORS or app.config["TRAP_HTTP_EXCEPTIONS"])
        # Whether the answer to an error of the framework's is a problem object where no handler takes it.
        self.knows_errors = not (
            self.overridden & ON_ERRORS or app.config["TRAP_HTTP_EXCEPTIONS"] or app.config["TRAP_BAD_REQUEST_ERRORS"]
        )
        self.makes_contexts = "request_context" not in self.overridden
        self.finalizes = finalizes(app)
        self.contract = make_contract(app)

    def hooks(self, router_path: RouterPath) -> RouterHooks:
        """The hooks for requests that these routers serve."""
        hooks = self._hooks.get(router_path)
        if hooks is None:
            hooks = self._hooks[router_path] = flatten_hooks(self._app, router_path)
        return hooks

    def keep_refusal(self, ctx: Context, error: MethodNotAllowed, hooks: RouterHooks) -> None:
        """Note a 405, so that the next request with the same path and method finds it decided."""
        environ = ctx.request_environ
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if path not in self.exact or method not in KNOWN_METHODS or self.match is None or "HTTP_UPGRADE" in environ:
            return
        found = self.match(None, path, method)
        if isinstance(found, Miss) and self.regions is None and "match_request" not in self.overridden:
            methods = tuple(sorted(found.methods))
            if tuple(error.valid_methods or ()) == methods:
                self.refusals[path, method] = Refusal(methods, ctx._router_path or (), hooks)

    def error_handler(self, error: Exception, router_path: RouterPath) -> ft.ErrorHandlerCallable | None:
        """The handler for an exception raised in these routers. Looked up once for each class."""
        key = (type(error), router_path)
        try:
            return self._handlers[key]
        except KeyError:
            if len(self._handlers) > 1000:  # exception classes that are made while requests are served
                self._handlers.clear()
            handler = find_error_handler(self._app.error_handler_spec, error, router_path)
            handler = self._handlers[key] = None if handler is None else self._app.ensure_sync(handler)
            return handler


# The application's methods on the road of a request: one that is overridden is always called.
STEPS = (
    "create_url_adapter",
    "dispatch_request",
    "do_teardown_appcontext",
    "do_teardown_request",
    "finalize_request",
    "handle_http_exception",
    "handle_user_exception",
    "make_response",
    "match_request",
    "preprocess_request",
    "process_response",
    "raise_routing_exception",
    "render_http_exception",
    "request_context",
    "trap_http_exception",
)
ON_ERRORS = {"handle_http_exception", "handle_user_exception", "render_http_exception", "trap_http_exception"}


def dispatches(app: App) -> bool:
    """Return whether an operation may be run without asking the methods of the application."""
    return not (is_overridden(app, "dispatch_request") or is_overridden(app, "raise_routing_exception"))


def finalizes(app: App) -> bool:
    """Return whether a prepared answer is to be seen by a method of the application, whatever hooks there are."""
    return is_overridden(app, "finalize_request") or is_overridden(app, "make_response")


def tears_down_app(app: App) -> bool:
    """Return whether the end of an application context has anything to do."""
    return bool(app.teardown_appcontext_funcs) or is_overridden(app, "do_teardown_appcontext")


def is_overridden(app: App, name: str) -> bool:
    """Return whether a method is not the framework's own, in the class or on the instance."""
    if name in vars(app):
        return True
    owner = next(cls for cls in type(app).__mro__ if name in vars(cls))
    function = vars(owner)[name]
    modules = (owner.__module__, getattr(function, "__module__", ""))
    return hasattr(function, "__wrapped__") or not all(module.startswith("framework.app.") for module in modules)


def has_hooks(app: App) -> bool:
    """Return whether the application or a router of it has hooks or error handlers."""
    scopes: list[cabc.Iterable[object]] = [
        *(app.before_request_funcs.values(), app.after_request_funcs.values(), app.teardown_request_funcs.values()),
        *(app.url_value_preprocessors.values(), app.error_handler_spec.values(), app.teardown_appcontext_funcs),
    ]
    return any(map(any, scopes))


def make_observers(app: App) -> Observers | None:
    """Return the observers that the application was given, and those that settings ask for."""
    config = app.config
    shows_times = app.debug if config["SERVER_TIMING"] is None else config["SERVER_TIMING"]
    asked = shows_times or config["ACCESS_LOG"] is not None or config["SLOW_REQUEST_TIME"] is not None
    if not (asked or app.observers):
        return None
    from ..record import Observers  # without observers nothing of this is loaded

    if not asked:
        return Observers(app.observers)
    from ..observe import observers_of

    return Observers([*app.observers, *observers_of(app, shows_times)])


def make_contract(app: App) -> AnswerCheck | None:
    """Return what looks at the answers of a server, where the setting ``CONTRACT`` asks for it."""
    mode = app.config["CONTRACT"]
    if mode in (None, "off"):
        return None
    # Looked up here: without the contract no request needs apispec.
    from ..openapi.contract import ContractMiddleware

    return ContractMiddleware(app, mode, app.config["CONTRACT_SAMPLE"])


def make_matcher(app: App, url_map: Map) -> Matcher | None:
    """The compiled matcher, where it gives the application's own answers.

    It knows no hosts here, and an application that makes its own adapters matches by them.
    """
    if not app.config["FAST_PATH"] or app.config["TRUSTED_HOSTS"] is not None:
        return None
    if app.subdomain_matching or app.url_map.host_matching:
        return None
    if is_overridden(app, "create_url_adapter"):
        return None
    return Matcher(url_map)


def flatten_hooks(app: App, router_path: RouterPath) -> RouterHooks:
    """The hooks of the application and these routers: from the outside in before the handler, from the inside out
    after it."""
    inwards: tuple[str | None, ...] = (None, *reversed(router_path))
    outwards: tuple[str | None, ...] = (*router_path, None)

    def first(table: HookTable) -> tuple[cabc.Callable[..., t.Any], ...]:
        return tuple(app.ensure_sync(f) for name in inwards if name in table for f in table[name])

    def last(table: HookTable) -> tuple[cabc.Callable[..., t.Any], ...]:
        return tuple(app.ensure_sync(f) for name in outwards if name in table for f in reversed(table[name]))

    preprocess_url = tuple(f for name in inwards for f in app.url_value_preprocessors.get(name, ()))
    before, after = first(app.before_request_funcs), last(app.after_request_funcs)
    codings = checked_codings(app)
    if codings:
        before = (make_decoding(codings), *before)
    if app.serves_on_loop:
        before, after = joined_hooks(before, in_turn), joined_hooks(after, one_by_one)
    if app.serves_on_loop and not is_nonblocking(app.session_interface.open_session):
        before = (open_off_loop, *before)
    if is_watched(app):
        before = tuple(remember_error(function) for function in before)
    teardown = last(app.teardown_request_funcs)
    if app.serves_on_loop:
        teardown = joined_hooks(teardown, all_of_them)
    is_processed, is_finalized = is_overridden(app, "process_response"), finalizes(app)
    processes = bool(after) or is_processed
    return RouterHooks(
        preprocess_url,
        before,
        after,
        teardown,
        preprocesses=bool(preprocess_url) or is_overridden(app, "preprocess_request"),
        processes=processes,
        finishes_plainly=not (is_processed or is_finalized),
        tears_down=(tears_down := bool(teardown) or is_overridden(app, "do_teardown_request")),
        ends_quietly=not (tears_down or tears_down_app(app)),
    )


def open_off_loop() -> None:
    """Open a session whose store may be waited for, before code on the event loop touches it."""
    from .._coroutines import switches

    ctx = current()
    if switches.is_on_loop() and ctx._session is None and "HTTP_COOKIE" in ctx.request_environ:
        switches.hop(ctx.open_session)


def checked_codings(app: App) -> frozenset[str]:
    """Return the content codings of request bodies that the application decodes.

    :raises SetupError: The library of one is not installed.
    """
    if not app.config["REQUEST_ENCODINGS"]:
        return frozenset()
    from ..http import codings

    return frozenset(codings.checked_codings(app.config["REQUEST_ENCODINGS"], "The setting REQUEST_ENCODINGS"))


def make_decoding(codings: frozenset[str]) -> cabc.Callable[[], None]:
    """Return the function that is called before all others and lets encoded bodies be decoded while they are read."""
    from ..http.codings import decode_body

    def decode() -> None:
        environ = current().request_environ
        if "HTTP_CONTENT_ENCODING" in environ:
            decode_body(environ, codings)

    return decode


@functools.cache
def split_router_path(name: str) -> RouterPath:
    """``"a.b"`` to ``("a.b", "a")``: a nested router's name and those around it."""
    names = []
    while name:
        names.append(name)
        name = name.rpartition(".")[0]
    return tuple(names)

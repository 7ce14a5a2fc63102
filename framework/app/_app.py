"""``App``: one class with all that an application overrides, and the road of a request through it.

``docs/app/lifecycle`` numbers the steps of the road. A method that has nothing to do for a request is not called.
Not here: what is decided at freeze (``app._route_table``), matching (``app._matching``), how a value becomes a response
(``app._answers``), rules (``app._rules``), documents (``app._documents``).
Floor 6.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import functools
import gc
import inspect
import os
import sys
import threading
import typing as t
import weakref
from datetime import timedelta
from urllib.parse import quote

from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, BadRequestKeyError, HTTPException
from werkzeug.routing import BuildError, Map, MapAdapter, RequestRedirect, RoutingException, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import get_host

from .. import errors, signals
from .._sentinel import MISSING
from ..config import DEFAULTS, Config, ConfigAttribute, seconds, weak_keys
from ..context import Context, _AppCtxGlobals, _current, current, current_or_none, request_context_or_none
from ..debughelpers import FormDataRoutingRedirect
from ..errors import InternalServerError, NotFound, SetupError, SetupFinished
from ..fast.routing import Miss
from ..helpers import Aborter, _default_template_ctx_processor, get_debug_flag, is_nonblocking
from ..hooks import find_error_handler
from ..http import problem
from ..http.problem import ErrorRenderer
from ..http.reading import is_utf8
from ..http.request_ids import make_request_ids
from ..http.response import PreparedResponse, Reply
from ..http.semantics import SAFE
from ..http.shortening import ROOM
from ..json.provider import DefaultJSONProvider, JSONProvider
from ..logging import RepeatedErrors, create_logger, name_requests, printable
from ..marks.base import Mark, marks_of
from ..marks.inputs import ACCEPT_QUERY, accept_query
from ..marks.schemas import SchemaLike, as_schema
from ..resources.operation import Operation
from ..resources.router import Router, RouterSetupState
from ..resources.scaffold import Scaffold, find_package, setupmethod
from ..sessions import (
    NullSession,
    SecureCookieSessionInterface,
    SessionInterface,
    SessionMixin,
    SessionUnavailable,
    takes_prepared,
)
from ..teardown import CollectErrors, ContextIterator
from ..texts import Texts, message
from ..wrappers import Request, Response
from ._answers import WAITS, is_streamed, response_of
from ._documents import DEFAULT, Choice, Document, add_docs_rules
from ._lifecycle import RETRY, Lifecycle, StartupFailed
from ._matching import match_by_adapter, match_in_version, routers_of_miss
from ._route_table import (
    NO_ROUTES,
    STEPS,
    VERSIONS,
    RouterHooks,
    RouterPath,
    RouteTable,
    split_router_path,
)
from ._rules import AppMap, AppRule, check_conflict

if t.TYPE_CHECKING:
    from logging import Logger
    from types import TracebackType

    import click
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .. import typing as ft
    from ..asgi import ASGI

    DocumentProcessor: t.TypeAlias = cabc.Callable[[ft.JSONObject, str], ft.JSONObject | None]
    """Changes a finished document, given its name, or returns another one."""
    from ..marks.outgoing import Webhook
    from ..marks.providers import Override, Provide
    from ..record import Observer
    from ..templating import DispatchingJinjaLoader, Environment
    from ..testing import AppClient, AppCliRunner, AsyncAppClient
    from ..versions import VersionLocation

_F = t.TypeVar("_F", bound=cabc.Callable[..., t.Any])
if t.TYPE_CHECKING:
    from typing_extensions import TypeVar

    _S = TypeVar("_S", default=t.Any)
else:
    _S = t.TypeVar("_S")
_R = t.TypeVar("_R", bound=cabc.Callable[[HTTPException], object])
_Reporter = t.TypeVar("_Reporter", bound=cabc.Callable[[BaseException], object])
_Life = t.TypeVar("_Life", bound=cabc.Callable[[], object])
_Teardown = t.TypeVar("_Teardown", bound="ft.TeardownCallable")
_ShellContext = t.TypeVar("_ShellContext", bound="ft.ShellContextProcessorCallable")
_P = t.TypeVar("_P", bound="DocumentProcessor")

_MISS = NotFound()
_REFUSED = errors.MethodNotAllowed()

# Attributes that a built route table has looked at; one of these that is set later drops it.
_LOOKED_AT = frozenset(
    {
        *STEPS,
        "after_request_funcs",
        "before_request_funcs",
        "error_handler_spec",
        "teardown_appcontext_funcs",
        "teardown_request_funcs",
        "url_value_preprocessors",
        "view_functions",
    }
)


def to_timedelta(value: int | timedelta | None) -> timedelta | None:
    """Seconds, or a timedelta, as a timedelta."""
    return value if value is None or isinstance(value, timedelta) else timedelta(seconds=value)


class App(Scaffold, t.Generic[_S]):
    """An application: a WSGI callable that answers with what is registered on it.

    :param import_name: The module it is made in, ``__name__``; paths are relative to its folder.
    :param static_url_path: The URL prefix of the static files. Default: the name of the folder.
    :param static_folder: A folder with files to serve. Default: ``"static"``; ``None`` for none.
    :param static_host: The host of the static files, with ``host_matching``.
    :param host_matching: Whether rules have a ``host``.
    :param subdomain_matching: Whether the subdomain under ``SERVER_NAME`` counts when matching.
    :param template_folder: A folder with templates. Default: ``"templates"``.
    :param instance_path: The instance folder, absolute. Default: next to the module or package.
    :param instance_relative_config: Whether configuration files are looked for there.
    :param root_path: The folder that paths are relative to. Default: that of the module.
    :param marks: Marks for every operation.
    :param settings: Its own settings, of a class that :func:`framework.settings.load_settings` has filled; they are
        ``app.settings``.
    :raises SettingError: Built-in settings do not take what members of ``settings`` have.
    :raises ValueError: Paths or hosts do not fit together.
    """

    request_class: type[Request] = Request
    response_class: type[Response] = Response
    session_interface: SessionInterface = SecureCookieSessionInterface()
    aborter_class = Aborter
    app_ctx_globals_class: type[t.Any] = _AppCtxGlobals
    config_class = Config
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    texts_class: type[Texts] = Texts
    url_rule_class: type[Rule] = AppRule
    url_map_class: type[Map] = AppMap
    default_config: ft.Settings = DEFAULTS
    watched: bool = False
    """True if requests leave behind what the contract wants to see; a test client that checks answers says so."""

    testing = ConfigAttribute[bool]("TESTING")
    secret_key = ConfigAttribute["str | bytes | None"]("SECRET_KEY")
    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME",
        get_converter=to_timedelta,  # type: ignore[arg-type]
    )

    error_renderer: ErrorRenderer | None = None
    """The renderer that ``render_error`` has set: the shape of all errors; ``None`` for problem objects."""

    jinja_environment: type[Environment] | None = None
    """The class of the environment. Default: :class:`framework.templating.Environment`."""

    jinja_options: t.ClassVar[dict[str, t.Any]] = {}
    """Options of the environment."""

    docs_kept_out: cabc.Mapping[str, str] = {}
    """The paths of the default document that are not served, and the rule with variables that answers there."""

    test_client_class: type[AppClient] | None = None
    """The class of :meth:`test_client`. Default: :class:`framework.testing.AppClient`."""
    async_test_client_class: type[AsyncAppClient] | None = None
    """The class of :meth:`async_test_client`. Default: :class:`framework.testing.AsyncAppClient`."""

    test_cli_runner_class: type[AppCliRunner] | None = None
    """The class of :meth:`test_cli_runner`. Default: :class:`framework.testing.AppCliRunner`."""

    # Settings and paths.

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
        *,
        marks: cabc.Iterable[Mark] = (),
        settings: _S | None = None,
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path, marks)
        if instance_path is None:
            instance_path = self.auto_find_instance_path()
        elif not os.path.isabs(instance_path):
            raise ValueError("'instance_path' must be absolute. Give the whole path, like os.path.abspath('instance').")
        self.instance_path = instance_path
        self.template_context_processors[None].append(_default_template_ctx_processor)
        self._off_loop: cabc.Callable[[cabc.Callable[..., t.Any]], cabc.Callable[..., t.Any]] | None = None
        self._freezing = threading.RLock()
        self._route_table: RouteTable | None = None
        self._got_first_request = False
        self._is_serving = False
        self._told_weak_keys = False
        self._repeats = RepeatedErrors()
        self._marks_of_settings: tuple[tuple[float | None, int | None], tuple[Mark, ...]] = (None, None), ()
        self.config = self.make_config(instance_relative_config)
        self.settings: _S = t.cast(_S, settings)
        """Its own settings, under their type. Members of a built-in name are the settings of :attr:`config`."""
        if settings is not None:
            from ..settings import bound  # PERF: where it is used

            self.settings = bound(settings, self.config)
        self.aborter = self.make_aborter()
        self._json: JSONProvider = self.json_provider_class(self)
        self._texts = self.texts_class(self.config)
        self.url_build_error_handlers: list[cabc.Callable[[Exception, str, dict[str, t.Any]], str]] = []
        self.teardown_appcontext_funcs: list[ft.TeardownCallable] = []
        self.shell_context_processors: list[ft.ShellContextProcessorCallable] = []
        self.routers: dict[str, Router] = {}
        self.mounts: dict[str, RouterSetupState] = {}
        self.error_reporters: list[cabc.Callable[[BaseException], object]] = []
        """The functions of :meth:`report_error`."""
        self.observers: list[Observer] = []
        """The observers of the requests; see :meth:`add_observer`."""
        self.extensions: dict[str, t.Any] = {}
        self.url_map: Map = self.url_map_class(host_matching=host_matching)
        if isinstance(self.url_map, AppMap):
            self.url_map.on_add = self.config.on_change
        self.subdomain_matching: bool = subdomain_matching
        self._owners: dict[tuple[str | None, ...], tuple[str, bool]] = {}
        self._router_commands: list[tuple[Router, str | None, str]] = []
        name_requests()
        self._add_static_route(static_host, host_matching)
        self._install_marks()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _add_static_route(self, static_host: str | None, host_matching: bool) -> None:
        if not self.has_static_folder:
            return
        if bool(static_host) != host_matching:
            raise AssertionError(
                "'static_host' and 'host_matching' go together. Give both, or set 'static_folder=None'."
            )
        ref = weakref.ref(self)  # the view must not keep the application alive

        def send_static_file(filename: str) -> Response:
            return t.cast(App, ref()).send_static_file(filename)

        self.add_url_rule(
            f"{self.static_url_path}/<path:filename>", endpoint="static", host=static_host, view_func=send_static_file
        )

    @functools.cached_property
    def name(self) -> str:  # type: ignore[override]
        """The name: that of the module, or of the file that was run."""
        if self.import_name == "__main__":
            path: str | None = getattr(sys.modules["__main__"], "__file__", None)
            return "__main__" if path is None else os.path.splitext(os.path.basename(path))[0]
        return self.import_name

    @functools.cached_property
    def logger(self) -> Logger:
        """The logger named like the application."""
        return create_logger(self)

    @property
    def debug(self) -> bool:
        """Return whether debug mode is on; never in production."""
        return bool(self.config["DEBUG"])

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        if self.config["TEMPLATES_AUTO_RELOAD"] is None and "jinja_env" in self.__dict__:
            self.__dict__["jinja_env"].auto_reload = value

    @property
    def json(self) -> JSONProvider:
        """Return what writes and reads JSON for ``jsonify``, plain views and ``request.get_json``. Settable."""
        return self._json

    @json.setter
    def json(self, value: JSONProvider) -> None:
        self._json = value
        self._route_table = None

    @property
    def texts(self) -> Texts:
        """Return what gives the texts that customers read, in the languages of the application. Settable."""
        return self._texts

    @texts.setter
    def texts(self, value: Texts) -> None:
        self._texts = value
        self._route_table = None

    @property
    def json_untouched(self) -> bool:
        """Return whether the provider is the framework's own, so that declared answers may go straight to the wire."""
        return type(self._json) is DefaultJSONProvider and not vars(self._json).keys() - {"_app", "_writers"}

    def encode_json(self, value: object) -> bytes:
        """JSON text of a plain value, by the provider, and laid out as ``jsonify`` does it."""
        provider = self._json
        if isinstance(provider, DefaultJSONProvider):
            return provider.encoder()(value)
        return provider.dumps(value).encode()

    def json_writer(self) -> cabc.Callable[[t.Any], bytes]:
        """Return what does the work of :meth:`encode_json` for as long as neither settings nor provider change."""
        provider = self._json
        is_own = type(self).encode_json is App.encode_json and "encode_json" not in vars(self)
        return provider.encoder() if is_own and isinstance(provider, DefaultJSONProvider) else self.encode_json

    def _check_settings(self) -> None:
        """Refuse wrong settings, and log once that a secret key can be guessed.

        :raises SettingError: A setting has a value that it does not take.
        """
        if isinstance(self.config, Config):
            self.config.check()
        if self._told_weak_keys or self.testing:
            return
        for weakness in weak_keys(self.config):
            self._told_weak_keys = True
            self.logger.warning(
                "%s: it can be guessed, and with it sessions and tokens can be forged. Set a random one, as"
                " 'python -c \"import secrets; print(secrets.token_hex())\"' prints. This is logged once.",
                weakness,
            )

    def make_config(self, instance_relative: bool = False) -> Config:
        """Make the settings; called by the constructor.

        :param instance_relative: Whether files are looked for in the instance folder.
        """
        defaults = dict(self.default_config)
        defaults["DEBUG"] = get_debug_flag()
        config = self.config_class(self.instance_path if instance_relative else self.root_path, defaults)
        ref = weakref.ref(self)

        def drop() -> None:
            app = ref()
            if app is not None:
                app._route_table = None

        config.on_change = drop
        return config

    def make_aborter(self) -> Aborter:
        """Make what ``abort`` calls."""
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        """The instance folder next to the module or package, or under the prefix that it is installed in."""
        prefix, package_path = find_package(self.import_name, self.root_path)
        if prefix is None:
            return os.path.join(package_path, "instance")
        return os.path.join(prefix, "var", f"{self.name}-instance")

    def open_instance_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> t.IO[t.Any]:
        """Open a file of the instance folder, for reading or writing.

        :param resource: Relative to the instance folder.
        :param mode: As for ``open``.
        :param encoding: For text.
        """
        path = os.path.join(self.instance_path, resource)
        return open(path, mode) if "b" in mode else open(path, mode, encoding=encoding)

    def ensure_sync(self, func: cabc.Callable[..., object]) -> cabc.Callable[..., t.Any]:
        """Make a function that can be called without an event loop.

        :param func: A function; an ``async def`` one is wrapped by :meth:`async_to_sync`.
        """
        if inspect.iscoroutinefunction(func):
            return self.async_to_sync(func)
        return func if self._off_loop is None or is_nonblocking(func) else self._off_loop(func)

    def async_to_sync(
        self, func: cabc.Callable[..., cabc.Coroutine[object, object, object]]
    ) -> cabc.Callable[..., t.Any]:
        """Wrap an ``async def`` function so that a plain call runs it to its end. Override it for another event loop.

        Behind an ASGI server it runs on the server's loop, otherwise on one in the background of the process. It is
        cancelled at the deadline of the request, if there is one.
        """
        from .._coroutines import bounded  # PERF: an application without coroutines imports no asyncio, 20 ms

        return bounded(func)

    @property
    def has_own_loop(self) -> bool:
        """Return whether :meth:`async_to_sync` is overridden."""
        return type(self).async_to_sync is not App.async_to_sync or "async_to_sync" in vars(self)

    @functools.cached_property
    def asgi(self) -> ASGI:
        """Return what an ASGI server calls; the application itself is what a WSGI server calls."""
        from ..asgi import ASGI

        return ASGI(self)

    def off_loop(self, func: _F) -> _F:
        """Wrap a function that may wait, so that it does not hold up an event loop that a request runs on.

        :param func: A synchronous function. Where requests run on no loop, it is returned as it is.
        """
        return func if self._off_loop is None else t.cast(_F, self._off_loop(func))

    @property
    def serves_on_loop(self) -> bool:
        """Return whether requests may run on an event loop."""
        return self._off_loop is not None

    def serve_on_loop(self) -> None:
        """Prepare for requests on an event loop: functions that may wait are called in threads from now on.

        Called by :class:`framework.asgi.ASGI`.
        """
        from .._coroutines import off_loop  # PERF: imports asyncio, 20 ms

        if self._off_loop is None:
            self._off_loop = off_loop
            self._route_table = None

    def foreseen(self, environ: WSGIEnvironment) -> tuple[Operation | None, bool]:
        """Return the operation of a request that has yet to begin, as far as path and method alone lead to one, and
        whether it is answered on the event loop of an ASGI server, and not in a thread as a whole.

        It is where its operation is asynchronous or never waits; see :attr:`Operation.on_loop`.
        """
        route_table = self._route_table
        if route_table is None or not self._is_serving:
            return None, False  # the functions of the startup may wait
        route = route_table.exact.get(environ["PATH_INFO"], NO_ROUTES).get(environ["REQUEST_METHOD"])
        if route is None:
            if route_table.match is None or route_table.regions is not None:
                return None, False
            found = route_table.match(None, environ["PATH_INFO"], environ["REQUEST_METHOD"].upper())
            if type(found) is not tuple:
                return None, isinstance(found, Miss) and route_table.misses_on_loop
            route = route_table.routes.get(id(found[0]), NO_ROUTES).get(environ["REQUEST_METHOD"])
            if route is None:
                return None, False
        return route.operation, route.operation.on_loop

    # Registering.

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise SetupFinished(
                f"The setup method '{f_name}' can no longer be called on the application. It has already handled its"
                " first request, any changes will not be applied consistently. Make sure all imports, decorators and"
                " functions that set up the application run before it is served or frozen."
            )
        self._route_table = None  # a test context may have built one from what was there so far

    @setupmethod
    def register_router(self, router: Router, **options: t.Unpack[ft.RouterOptions]) -> None:
        """Mount a router. The same one may be mounted again with another ``name``.

        :param router: The router; it is closed from now on.
        :param options: ``url_prefix``, ``name``, ``subdomain``, ``url_defaults``, ``cli_group``, instead of
            the router's; ``tag``, the tag of its operations in the document instead of the router's name.
        :raises ValueError: The name is taken.
        """
        router.register(self, options)

    def iter_routers(self) -> cabc.ValuesView[Router]:
        """The mounted routers, in the order of their mounting."""
        return self.routers.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Register a rule and its view function. See :meth:`Scaffold.add_url_rule`.

        :raises RouteConflict: Another operation answers the path, and one of them is a Resource.
        :raises AssertionError: The endpoint has another function already.
        """
        if endpoint is None:
            if view_func is None:
                raise ValueError(f"The rule {rule!r} has neither 'endpoint' nor 'view_func'. Give one of them.")
            endpoint = view_func.__name__
        options["endpoint"] = endpoint
        operation_id, handlers = options.pop("operation_id", None), options.pop("handlers", None)
        methods = options.pop("methods", None)
        if methods is None:
            methods = getattr(view_func, "methods", None) or ("GET",)
        if isinstance(methods, str):
            raise TypeError(f"Allowed methods must be a list of strings, for example methods=[{methods!r}].")
        methods = {item.upper() for item in methods}
        version: VersionLocation | None = options.pop("version", None)
        if version is not None and view_func is not None:
            methods = version.methods(self, endpoint, view_func, methods, handlers)
            if not methods:
                return
        required = {item.upper() for item in getattr(view_func, "required_methods", None) or ()}
        if provide_automatic_options is None:
            provide_automatic_options = getattr(view_func, "provide_automatic_options", None)
        if provide_automatic_options is None:
            provide_automatic_options = "OPTIONS" not in methods and self.config["PROVIDE_AUTOMATIC_OPTIONS"]
        if provide_automatic_options:
            required.add("OPTIONS")
        methods |= required
        made: t.Any = self.url_rule_class(rule, methods=methods, **options)
        made.provide_automatic_options = bool(provide_automatic_options)
        made.operation_id, made.handlers = operation_id, handlers
        if version is not None:
            made.version, made.by_request = version.name, version.by_request
        if view_func is not None:
            known = self.view_functions.get(endpoint)
            if known is not None and known != view_func:
                raise AssertionError(
                    f"View function mapping is overwriting an existing endpoint function: {endpoint!r}."
                    " Give one of the two another 'endpoint='."
                )
            check_conflict(self, made, view_func)
        self.url_map.add(made)
        if view_func is not None:
            self.view_functions[endpoint] = view_func

    @setupmethod
    def report_error(self, f: _Reporter) -> _Reporter:
        """Decorate a function that is called with each unhandled error, for a service that collects them.

        Those of requests, of streams, and of what :func:`after_response` was given. The context of the request is
        active, and ``app_ctx.request_id`` names it. The function changes nothing of the answer.

        :param f: Takes the exception.
        """
        self.error_reporters.append(f)
        return f

    @setupmethod
    def add_observer(self, observer: Observer) -> None:
        """Give the record of each request to an observer.

        :param observer: An :class:`framework.record.Observer`.
        """
        self.observers.append(observer)
        self._route_table = None

    @setupmethod
    def teardown_appcontext(self, f: _Teardown) -> _Teardown:
        """Run ``f(exception_or_None)`` when an application context ends."""
        self.teardown_appcontext_funcs.append(f)
        return f

    @functools.cached_property
    def lifecycle(self) -> Lifecycle:
        """The functions of :meth:`on_startup` and :meth:`on_shutdown`; its ``state`` says how far this process is."""
        return Lifecycle()

    @setupmethod
    def on_startup(self, f: _Life) -> _Life:
        """Run ``f()`` once in each process that serves, before its first request.

        It runs in an application context. A generator function runs to its ``yield`` then, and on when the process
        ends. After a failure the process answers 503; see :doc:`/app/lifecycle`.

        :param f: A function without parameters, a generator function or an ``async def`` one.
        :raises SetupError: It cannot be called, or is an asynchronous generator.
        """
        self.lifecycle.add(f, at_start=True)
        return f

    @setupmethod
    def on_shutdown(self, f: _Life) -> _Life:
        """Run ``f()`` once when a process that has served ends, those registered last first.

        :param f: A function without parameters, which may be ``async def``.
        :raises SetupError: It cannot be called, or is a generator.
        """
        self.lifecycle.add(f, at_start=False)
        return f

    def startup(self) -> None:
        """Freeze, and run the functions of :meth:`on_startup` if they have not run in this process.

        Happens by itself at the first request. Call it where a failure is to end the process: after the fork, where a
        server forks.

        :raises SetupError: Something in the set-up does not fit.
        :raises StartupFailed: A function failed; its exception is the cause.
        """
        if self._route_table is None or not self._got_first_request:
            self.freeze()
        if not self._is_serving:
            self.lifecycle.start(self)
            self._is_serving = self.lifecycle.state == "started"

    def shutdown(self) -> None:
        """Run what is to run at the end: the functions of :meth:`on_shutdown`, and the second parts of generators.

        Happens by itself when the process ends. All of them run, in the reverse order of their registration; what they
        raise is logged, and raised at the end in tests and in debug mode. A process that has not started does nothing.
        """
        if "lifecycle" not in self.__dict__:
            return
        self._is_serving = False
        errors = self.lifecycle.stop(self)
        if errors and self._propagates():
            raise errors[0] if len(errors) == 1 else ExceptionGroup("Errors during shutdown.", errors)

    @functools.cached_property
    def provide(self) -> Provide:
        """Return what makes the values of providers: ``with app.provide(open_session) as db:``.

        For commands, deferred functions and streams; see :class:`framework.marks.providers.Provide`.
        """
        from ..marks.providers import Provide

        return Provide(self)

    def override(self, provider: object, replacement: object) -> Override:
        """Put another provider in the place of one, for the length of a ``with`` block or of a decorated function.

        For tests: all requests, also those of a server in another thread, and all providers that need it get the values
        of the replacement. It may need the provider itself. Blocks may be nested.

        :param provider: A provider, as marks name it.
        :param replacement: Another one, whose scope is the same unless it says one.
        :raises SetupError: One of the two provides nothing; or, on entering, they do not fit.
        """
        from ..marks.providers import Override

        return Override(self, provider, replacement)

    @setupmethod
    def shell_context_processor(self, f: _ShellContext) -> _ShellContext:
        """Add what ``f()`` returns, a dict, to the names of ``framework shell``."""
        self.shell_context_processors.append(f)
        return f

    @setupmethod
    def render_error(self, schema: SchemaLike, *, media_type: str = "application/json") -> cabc.Callable[[_R], _R]:
        """Give all errors another shape with the function below: it takes the error, the schema dumps what it returns.

        :param schema: What the body looks like, also in the document.
        :param media_type: Its media type.
        """
        instance = as_schema(schema)

        def decorator(f: _R) -> _R:
            self.error_renderer = ErrorRenderer(f, instance, media_type)
            return f

        return decorator

    def _take_commands(self, router: Router, group: str | None, name: str) -> None:
        """Remember a router's commands; they are added when the application's are used."""
        self._router_commands.append((router, group, name))
        if "cli" in self.__dict__:
            self._add_commands(self.__dict__["cli"])

    def _add_commands(self, cli: click.Group) -> None:
        pending, self._router_commands = self._router_commands, []
        for router, group, name in pending:
            commands = router.__dict__.get("cli")  # a router whose 'cli' was never touched has none
            if commands is None or not commands.commands:
                continue
            if group is None:
                cli.commands.update(commands.commands)
            else:
                commands.name = group if isinstance(group, str) else name
                cli.add_command(commands)

    @functools.cached_property
    def cli(self) -> click.Group:
        """The application's commands, those of its routers included; made on first touch."""
        from ..cli.group import AppGroup

        cli = AppGroup(name=self.name)
        self._add_commands(cli)
        return cli

    # Freezing.

    def freeze(self, compile: bool = False) -> None:
        """Close the structure and build the operations. Happens by itself at the first request.

        :param compile: Compile all schemas now, for servers that fork after loading.
        :raises SetupError: Something in the set-up does not fit.
        """
        with self._freezing, without_collection():
            self._check_settings()
            has_tools = any(self.config[key] is not None for key in ("MCP_PATH", "OAUTH_RESOURCE", "LLMS_PATH"))
            has_tools = has_tools and not self._got_first_request
            if has_tools:
                from .. import mcp  # what is off is not loaded

                mcp.serve(self)
            if not self._got_first_request:
                add_docs_rules(self)
            # A test may have asked for the route table before the set-up was over.
            if self._route_table is None or not self._got_first_request:
                self._route_table = RouteTable(self)
            self._got_first_request = True
            if has_tools:
                try:
                    mcp.check(self)
                except BaseException:
                    self._got_first_request = False
                    raise
            if compile:
                for operation in self._route_table.operations:
                    operation.prepare()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations, in the order of their rules. Freezes the application."""
        if self._route_table is None or not self._got_first_request:
            self.freeze()
        return t.cast(RouteTable, self._route_table).operations

    @property
    def marks_of_settings(self) -> tuple[Mark, ...]:
        """The marks that ``DEADLINE`` and ``MAX_CONCURRENT_REQUESTS`` give the application, outside its other marks."""
        asked = self.config["DEADLINE"], self.config["MAX_CONCURRENT_REQUESTS"]
        if self._marks_of_settings[0] != asked:
            from ..serve import concurrency, deadline  # what is off is not loaded

            made = (
                *(() if asked[1] is None else (concurrency(asked[1]),)),
                *(() if asked[0] is None else (deadline(asked[0]),)),
            )
            self._marks_of_settings = asked, made
        return self._marks_of_settings[1]

    def _built(self) -> RouteTable:
        """The route table, built if a setting has dropped it."""
        route_table = self._route_table
        if route_table is None:
            with self._freezing:
                route_table = self._route_table
                if route_table is None:
                    route_table = self._route_table = RouteTable(self)
        return route_table

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in _LOOKED_AT:
            super().__setattr__("_route_table", None)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in _LOOKED_AT:
            super().__setattr__("_route_table", None)

    def routers_of(self, endpoint: str) -> RouterPath:
        """The names of the routers that an endpoint is mounted on, the innermost first."""
        return tuple(name for name in split_router_path(endpoint.rpartition(".")[0]) if name in self.routers)

    def given_names(self, routers: RouterPath) -> cabc.Iterator[str]:
        """The names that the mounts of these routers were given, from the outside in."""
        for name in reversed(routers):
            if name in self.mounts and "name" in self.mounts[name].options:
                yield self.mounts[name].name

    def marks_of_hooks(self, routers: RouterPath) -> cabc.Iterator[Mark]:
        """The marks on ``before_request`` functions and error handlers that serve these routers."""
        for scope in (None, *reversed(routers)):
            for function in self.before_request_funcs.get(scope, ()):
                yield from marks_of(function)
            for by_class in self.error_handler_spec.get(scope, {}).values():
                for handler in by_class.values():
                    yield from marks_of(handler)

    # The road of a request.

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        """Return what a WSGI server calls; calls :meth:`wsgi_app`."""
        return self.wsgi_app(environ, start_response)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        """The WSGI application; wrap it with middleware by ``app.wsgi_app = Middleware(app.wsgi_app)``.

        :param environ: A WSGI environment.
        :param start_response: Called with status and headers.
        """
        if self._route_table is None or not self._is_serving:
            refusal = self._begin_to_serve()
            if refusal is not None:
                return refusal(environ, start_response)
        route_table = self._route_table
        # PERF: what the method does, 0.1 us
        plain = route_table is not None and route_table.makes_contexts
        ctx = Context(self, environ) if plain else self.request_context(environ)
        if route_table is None or route_table.observers is None:
            return self._respond(ctx, environ, start_response)
        record = route_table.observers.begin_record(ctx)
        if record is None:
            return self._respond(ctx, environ, start_response)
        try:
            return record.body(self._respond(ctx, environ, start_response))
        except BaseException as raised:
            record.failed(raised)
            raise
        finally:
            record.leave()

    def _respond(self, ctx: Context, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        """Answer the request of a context, which is made and not active yet."""
        error: BaseException | None = None
        streamed = False
        try:
            try:
                ctx.push()
                response = self.full_dispatch_request()
            except Exception as raised:  # noqa: BLE001 - answered as a 500, or raised again
                error = raised
                response = self.handle_exception(raised)
            route_table = self._route_table
            contract = None if route_table is None else route_table.contract
            if contract is not None and "framework.contract" not in environ:
                response, broken = self._held(contract.check, ctx, response)
                error = broken or error
            if ctx._before_sending:
                response, broken = self._changed_last(ctx, response)
                error = broken or error
            if type(response) is not PreparedResponse:
                streamed = is_streamed(response, environ)
                if streamed:
                    hand_over = getattr(getattr(response, "response", None), "hand_over", None)
                    if hand_over is not None:  # asynchronous parts, which nothing has changed on their way
                        hand_over()
                environ[WAITS] = streamed or getattr(response, "direct_passthrough", False)
            if ctx.record is not None:
                ctx.record.answered(response, streamed)
            # A setting may have dropped the route table meanwhile.
            ids = make_request_ids(self.config) if route_table is None else route_table.request_ids
            if ids is None:
                body = response(environ, start_response)
            else:
                body = ids.send(response, environ, start_response)
            if streamed or ctx.deferred:
                body = self._followed(body, ctx, response.status_code, streamed, error)
            return body
        except BaseException as raised:
            error = raised
            raise
        finally:
            if "werkzeug.debug.preserve_context" in environ:
                environ["werkzeug.debug.preserve_context"](ctx)
            if streamed:
                ctx.detach()
            else:
                if error is not None and self.should_ignore_error(error):
                    error = None
                if ctx._tokens:
                    ctx.pop(error)

    def _begin_to_serve(self) -> PreparedResponse | None:
        """Freeze and start; the answer to a request where that fails."""
        try:
            self.startup()
        except StartupFailed as failure:
            if self._propagates():
                raise
            if not failure.is_logged:
                failure.is_logged = True
                self.logger.error("%s", failure, exc_info=failure.__cause__)
            return problem.render(errors.ServiceUnavailable(retry_after=int(RETRY)))
        return None

    def _held(
        self, check: cabc.Callable[[Context, Reply], None], ctx: Context, response: Reply
    ) -> tuple[Reply, Exception | None]:
        """Return a response that keeps the contract, or the answer to its breach and the breach."""
        try:
            check(ctx, response)
        except Exception as raised:  # noqa: BLE001 - answered as a 500, or raised again
            if isinstance(response, BaseResponse):
                response.close()
            return self.handle_exception(raised), raised
        return response, None

    def _followed(
        self, body: cabc.Iterable[bytes], ctx: Context, status: int, streamed: bool, error: BaseException | None
    ) -> cabc.Iterable[bytes]:
        """Return a body that is made in the context, if it is streamed, and after which the deferred work is done."""
        from .._background import Followed  # PERF: where it is needed

        if streamed:
            body = ContextIterator(ctx, body, functools.partial(self._finish_stream, ctx, error))
        return Followed(body, ctx, status, streamed)

    def _changed_last(self, ctx: Context, response: Reply) -> tuple[Reply, Exception | None]:
        """Return what the functions of ``before_sending`` make of a response, or the answer to the error of one."""
        functions, ctx._before_sending = ctx._before_sending, ()
        try:
            for function in reversed(functions):
                response = function(ctx, response)
        except Exception as raised:  # noqa: BLE001 - answered as a 500, or raised again
            if isinstance(response, BaseResponse):
                response.close()
            return self.handle_exception(raised), raised
        return response, None

    def _finish_stream(self, ctx: Context, error: BaseException | None, raised: BaseException | None) -> None:
        if isinstance(raised, Exception):
            with ctx.active():
                self.tell_reporters(raised)
        error = raised or error
        if error is not None and self.should_ignore_error(error):
            error = None
        ctx.finish(error)

    def request_context(self, environ: WSGIEnvironment) -> Context:
        """A context for a WSGI environment; push it, or use it with ``with``."""
        return Context(self, environ)

    def match_request(self, ctx: Context) -> None:
        """Find the rule, the values and the operation for the context's path; keep what goes wrong for later."""
        route_table = self._route_table
        environ = ctx.request_environ
        path = environ.get("PATH_INFO", "")
        if not path.isascii() and not is_utf8(path):
            # No name of a resource: a handler would get U+FFFD, the same for all bytes that are not UTF-8.
            ctx.routing_exception = errors.BadRequest(message("bad_request.path_encoding"))
            return
        if route_table is not None and route_table.match is not None and "HTTP_UPGRADE" not in environ:
            # PERF: half of the matching, 0.5 us, where path and method are all that is to know.
            methods = route_table.exact.get(path, NO_ROUTES)
            exact = methods.get(environ["REQUEST_METHOD"])
            if exact is not None:
                ctx.operation, ctx._router_path, ctx.hooks, ctx.is_direct = exact
                ctx.url_rule, ctx.view_args = exact.operation.rule, {}
                return
            if route_table.regions is not None:
                match_in_version(ctx, route_table)
                return
            method: str = environ["REQUEST_METHOD"].upper()
            refusal = route_table.refusals.get((path, method)) if methods else None
            if refusal is not None:
                ctx._refusal, ctx._router_path, ctx.hooks = refusal, refusal.router_path, refusal.hooks
                return
            found = route_table.match(None, path, method)
            if type(found) is tuple:
                ctx.url_rule, ctx.view_args = found
                route = route_table.routes.get(id(found[0]), NO_ROUTES).get(method)
                if route is not None:
                    ctx.operation, ctx._router_path, ctx.hooks, ctx.is_direct = route
                return
            if isinstance(found, Miss):
                if found.methods:
                    ctx.routing_exception = errors.MethodNotAllowed(sorted(found.methods))
                else:
                    ctx.is_miss = True
                return
        if route_table is None and VERSIONS in self.extensions:
            route_table = self._built()
        if route_table is not None and route_table.regions is not None:
            match_in_version(ctx, route_table)
        else:
            match_by_adapter(ctx, route_table)

    def router_path_of(self, ctx: Context) -> RouterPath:
        """The routers that serve a request, the innermost first.

        Those of the matched rule. For a path that no rule matches, those of the mount with the longest prefix that
        matches whole segments on that host; for another method or a redirect, those of the rule that matches otherwise.
        A mount with a variable in its prefix serves matched rules alone: its hooks count on the variable's value.
        """
        if ctx._router_path is None:
            if ctx.url_rule is not None:
                ctx._router_path = split_router_path(ctx.url_rule.endpoint.rpartition(".")[0])
            elif not self.mounts or ctx._url_adapter is None:
                return ()
            else:
                if not ctx.is_miss and ctx.routing_exception is None:
                    return ()
                ctx._router_path = routers_of_miss(self, ctx)
        return ctx._router_path

    def full_dispatch_request(self) -> Reply:
        """From the hooks to the finished response, with the handling of exceptions."""
        ctx = _current.get(None) or current()  # PERF: 0.05 us
        try:
            if signals.request_started.receivers:
                signals.request_started.send(self, _async_wrapper=self.ensure_sync)
            hooks = ctx.hooks or self._hooks_of(ctx)
            value: object = None
            if hooks.preprocesses:
                value = self.preprocess_request()
            else:
                for function in hooks.before:  # PERF: all that the method would do, 0.15 us
                    value = function()
                    if value is not None:
                        break
            if value is None:
                operation = ctx.operation
                if (
                    operation is not None
                    and ctx.is_direct
                    and ctx._request is None  # nobody can have changed what was matched
                    and self.view_functions[operation.endpoint] is operation.view
                ):
                    make = operation.make_instance
                    value = operation.run(ctx, ctx.view_args or {}, None if make is None else make())
                else:
                    value = self._known_refusal(ctx) or self.dispatch_request()
        except Exception as error:  # noqa: BLE001 - goes to its handler, or is raised again
            if ctx.record is not None:
                ctx.record.error = error
            value = self._handled(ctx, error)
            hooks = ctx.hooks or self._hooks_of(ctx)
        if (
            type(value) is PreparedResponse
            and hooks.finishes_plainly
            and not ctx._after_request_functions
            and not signals.request_finished.receivers
        ):
            plain = ctx._session is None and not hooks.after and not ctx._error_steps
            return value if plain else self._finish(ctx, hooks, value)
        return self.finalize_request(value)

    def _finish(self, ctx: Context, hooks: RouterHooks, reply: PreparedResponse) -> Reply:
        """Do what ``finalize_request`` does to a prepared answer where it has only hooks to call, or a session to
        save."""
        # PERF: 3 us less than by the methods.
        response: t.Any = reply
        for run in ctx._error_steps:
            response = run(ctx, response)
        try:
            if hooks.after:
                if type(response) is PreparedResponse:
                    response = response.to_response(self.response_class)
                for function in hooks.after:
                    response = function(response)
            return response if ctx._session is None else self._save_session(ctx._session, response)
        except SessionUnavailable as error:
            return self._without_sessions(ctx, response, error)

    def _known_refusal(self, ctx: Context) -> PreparedResponse | None:
        """Return the answer for a path that no rule matches, or not by this method, where nothing could change it."""
        # PERF: 1 us, where making the exception, raising it, looking for its handler and rendering it take 6.
        error, refusal = ctx._routing_exception, ctx._refusal
        if ctx.is_miss or refusal is not None:
            if error is not None:  # a hook has seen it, and may have changed it
                return None
            error = _MISS if refusal is None else _REFUSED
        elif type(error) is not errors.MethodNotAllowed:
            return None
        route_table = self._route_table
        if (
            route_table is None
            or not route_table.knows_misses
            or ctx._request is not None
            or self.error_renderer is not None
            or route_table.error_handler(error, self.router_path_of(ctx)) is not None
        ):
            return None
        types = self._error_types(ctx)
        say = None if route_table.texts is None else route_table.texts.chosen(ctx.environ)
        name = None if route_table.request_ids is None else route_table.request_ids.id_of(ctx.request_environ)
        if ctx.is_miss:
            return problem.of_class(errors.NotFound, 404, (), types, say, name)
        if refusal is not None:
            allow = [("Allow", ", ".join(refusal.methods))]
            return problem.of_class(errors.MethodNotAllowed, 405, allow, types, say, name)
        return problem.render(error, types, say=say, request_id=name)

    def _handled(self, ctx: Context, error: Exception) -> object:
        """Return what becomes of an error that a request has raised.

        :raises Exception: The same, where nothing takes it.
        """
        table, path = self._route_table, ctx._router_path
        # PERF: 5 us less than by the methods, where none of them is overridden and no handler takes the error.
        if (
            table is not None
            and table.knows_errors
            and isinstance(error, errors.APIError)
            and self.error_renderer is None
            and error.response is None
            and (error.code or 0) >= 400
            and not isinstance(error, (BadRequestKeyError, RoutingException))
            and table.error_handler(error, self.router_path_of(ctx) if path is None else path) is None
        ):
            value: object = error if table.finalizes else self._problem_of(ctx, error)
            return value
        value = self.handle_user_exception(error)
        return value if table is None or table.finalizes else self._as_prepared(value)

    def _as_prepared(self, value: object) -> object:
        """Return an HTTP error as its prepared answer; any other value as it is."""
        if isinstance(value, HTTPException) and not problem.leaves_unchanged(value):
            return self.render_http_exception(value)
        return value

    def _hooks_of(self, ctx: Context) -> RouterHooks:
        if ctx.hooks is None:
            table = self._built()
            ctx.hooks = table.hooks(self.router_path_of(ctx))
            error = ctx._routing_exception
            if type(error) is errors.MethodNotAllowed:
                table.keep_refusal(ctx, error, ctx.hooks)
        return ctx.hooks

    def preprocess_request(self) -> ft.ResponseReturnValue | None:
        """Run the URL preprocessors and the ``before_request`` functions; a value that one returns is the answer."""
        ctx = current()
        hooks = self._hooks_of(ctx)
        if hooks.preprocess_url and ctx.url_rule is not None:
            for preprocess in hooks.preprocess_url:
                preprocess(ctx.url_rule.endpoint, ctx.view_args)
        for function in hooks.before:
            value: ft.ResponseReturnValue | None = function()
            if value is not None:
                return value
        return None

    def dispatch_request(self) -> t.Any:
        """Run the operation, or the view function, that the path and method lead to."""
        ctx = current()
        request = ctx._request
        if request is None:
            rule, view_args, refused = ctx.url_rule, ctx.view_args, ctx.routing_exception
        else:  # hooks may have changed these
            rule, view_args, refused = request.url_rule, request.view_args, request.routing_exception
        if refused is not None:
            if not self.debug and self._route_table is not None and self._route_table.dispatches:
                raise refused  # PERF: the method would do the same, with a request: 4 us
            self.raise_routing_exception(ctx.request)
        if rule is None:
            raise NotFound()  # the URL map was replaced, or the context was made without matching
        operation = ctx.operation
        if operation is None or rule is not ctx.url_rule:
            # A setting dropped the route table, or a hook chose another rule: the marks of what is called must run.
            operation = ctx.operation = self._operation_of(rule, ctx.request.method)
        if operation is None and getattr(rule, "provide_automatic_options", False) and ctx.request.method == "OPTIONS":
            return self.make_default_options_response()
        view = self.view_functions[rule.endpoint]
        arguments = view_args if view_args is not None else {}
        if operation is not None and operation.view is not view:
            self._route_table = None  # somebody has put another function there, with marks of its own
            operation = ctx.operation = self._operation_of(rule, ctx.request.method)
        if operation is None:
            return self.ensure_sync(view)(**arguments)
        if not operation.direct:
            return self.ensure_sync(view)(**arguments)
        make = operation.make_instance
        return operation.run(ctx, arguments, None if make is None else make())

    def _operation_of(self, rule: object, method: str) -> Operation | None:
        """The operation of a rule and method, from a route table that is built if there is none."""
        route = self._built().routes.get(id(rule), NO_ROUTES).get(method)
        return None if route is None else route.operation

    def make_default_options_response(self) -> Response:
        """The answer to an automatic OPTIONS: the methods of the path, in ``Allow``."""
        adapter = current().url_adapter
        response = self.response_class()
        allowed = list(adapter.allowed_methods()) if adapter else []
        response.headers["Allow"] = ", ".join(sorted(allowed))
        if adapter is not None and "QUERY" in allowed:
            rule, _ = adapter.match(method="QUERY", return_rule=True)
            route = t.cast(RouteTable, self._route_table).routes.get(id(rule), NO_ROUTES).get("QUERY")
            if route is not None and route.operation.bodies:
                taken = accept_query(body.media_type for body in route.operation.bodies)
                response.headers[ACCEPT_QUERY] = taken
        return response

    # From a value to the response.

    def finalize_request(self, rv: object, from_error_handler: bool = False) -> Reply:
        """Make the response of a returned value, and run what comes after.

        :param rv: What a view, a hook or an error handler returned.
        :param from_error_handler: Whether this is the answer to an unhandled error; errors here are then only logged.
        """
        response: t.Any = rv
        table = self._route_table
        if type(rv) is not PreparedResponse or table is None or table.finalizes:
            response = self.make_response(rv)
        try:
            ctx = current()
            for run in ctx._error_steps:
                response = run(ctx, response)
            if self._has_more_to_do(ctx):
                if type(response) is PreparedResponse:
                    response = response.to_response(self.response_class)
                response = self.process_response(response)
            if signals.request_finished.receivers:
                if type(response) is PreparedResponse:
                    response = response.to_response(self.response_class)
                signals.request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("Request finalizing failed with an error while handling an error")
        return t.cast("Reply", response)

    def _has_more_to_do(self, ctx: Context) -> bool:
        """Return whether ``process_response`` would do anything."""
        return bool(ctx._after_request_functions or ctx._session is not None or self._hooks_of(ctx).processes)

    def make_response(self, rv: object) -> Response:
        """A response of what a view returned.

        :param rv: ``str`` or ``bytes`` (``text/html``), a dict or list (JSON), an iterator of either (streamed), a
            response, a WSGI application, an exception; or a tuple ``(body, status)``, ``(body, headers)``,
            ``(body, status, headers)``.
        :raises TypeError: It is ``None`` or of another type.
        """
        status: t.Any = None
        headers: ft.HeadersValue | None = None
        if isinstance(rv, tuple):
            if len(rv) == 3:
                rv, status, headers = rv
            elif len(rv) == 2:
                if isinstance(rv[1], (Headers, dict, tuple, list)):
                    rv, headers = rv
                else:
                    rv, status = rv
            else:
                raise TypeError(
                    "The view function did not return a valid response tuple. The tuple must have the form"
                    " (body, status, headers), (body, status), or (body, headers)."
                )
        if rv is None:
            ctx = current()
            endpoint = None if ctx.url_rule is None else ctx.url_rule.endpoint
            raise TypeError(
                f"The view function for {endpoint!r} did not return a valid response. The function either returned"
                " None or ended without a return statement. Return a value, or ('', 204) for an empty answer."
            )
        response = response_of(self, rv, status)
        if not isinstance(rv, (str, bytes, bytearray)) and status is not None:
            if isinstance(status, (str, bytes, bytearray)):
                response.status = t.cast(str, status)
            else:
                response.status_code = status
        if headers:
            response.headers.update(headers)
        return response

    def process_response(self, response: Response) -> Response:
        """Run the ``after_this_request`` and ``after_request`` functions, and save the session.

        :param response: The response so far.
        :return: The one to send.
        """
        ctx = current()
        try:
            return self._run_after(ctx, response)
        except SessionUnavailable as error:
            return self._without_sessions(ctx, response, error)

    def _without_sessions(self, ctx: Context, response: Reply, error: SessionUnavailable) -> Response:
        """Return the answer where the store of sessions is away."""
        # Nothing more is asked of the store, and the functions see the answer that leaves.
        ctx._session = getattr(self.session_interface, "make_unavailable", NullSession)()
        if isinstance(response, BaseResponse):
            response.close()
        return self._run_after(ctx, self.make_response(self.handle_user_exception(error)))

    def _run_after(self, ctx: Context, response: Response) -> Response:
        for function in ctx._after_request_functions:
            response = self.ensure_sync(function)(response)
        for function in self._hooks_of(ctx).after:
            response = function(response)
        # A session that nobody touched was not opened: there is nothing to save.
        if ctx._session is not None:
            self._save_session(ctx._session, response)
        return response

    def _save_session(self, session: SessionMixin, response: Reply) -> Reply:
        """Save the session of a request, unless it is a substitute.

        :return: The answer that tells the client: the same, or a new one for a prepared answer.
        """
        interface = self.session_interface
        if interface.is_null_session(session):
            return response
        answer: t.Any = response
        if type(response) is PreparedResponse:
            # A handler may return one object again and again, which must not carry the cookie of a client.
            made = self.response_class
            answer = response.copy() if takes_prepared(interface, made) else response.to_response(made)
        save: cabc.Callable[..., object] = interface.save_session
        if self._off_loop is not None and not is_nonblocking(save):
            save = self._off_loop(save)
        save(self, session, answer)
        reply: Reply = answer
        return reply

    # Exceptions.

    def raise_routing_exception(self, request: t.Any) -> t.NoReturn:
        """Raise the error that was kept when no rule matched.

        In debug mode a redirect that would lose the body of a form explains itself instead.
        """
        error = request.routing_exception
        loses_form = request.method not in SAFE
        if self.debug and loses_form and isinstance(error, RequestRedirect) and error.code not in (307, 308):
            raise FormDataRoutingRedirect(
                f"A request was sent to {request.url!r}, and the routing redirects it to the canonical URL"
                f" {error.new_url!r}. The browser will not send the form data again. Send the form to the second URL,"
                " or make the rule answer the first."
            )
        raise error

    def handle_user_exception(self, e: Exception) -> t.Any:
        """Give an exception to its handler; HTTP exceptions go to :meth:`handle_http_exception`.

        :return: What the handler returned.
        :raises Exception: The same, when none takes it.
        """
        if isinstance(e, BadRequestKeyError) and (self.debug or self.config["TRAP_BAD_REQUEST_ERRORS"]):
            e.show_exception = True
        if isinstance(e, HTTPException) and not self.trap_http_exception(e):
            return self.handle_http_exception(e)
        handler = self._find_error_handler(e)
        if handler is None:
            raise
        return handler(e)

    def handle_http_exception(self, e: HTTPException) -> t.Any:
        """Give an HTTP exception to its handler; without one it is an answer itself.

        :return: What the handler returned, or the exception.
        """
        # What carries a response is an answer already, and routing uses exceptions for redirects.
        if e.code is None or isinstance(e, RoutingException):
            return e
        handler = self._find_error_handler(e)
        return e if handler is None else handler(e)

    def handle_exception(self, e: Exception) -> Reply:
        """Answer an unhandled exception: a 500, logged once; in debug mode and tests it is raised.

        :param e: The exception. Handlers get an ``InternalServerError`` with it as ``original_exception``.
        """
        exc_info = sys.exc_info()
        record = current().record
        if record is not None:
            record.error = e
        if signals.got_request_exception.receivers:
            signals.got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=e)
        self.tell_reporters(e)
        if self._propagates():
            if exc_info[1] is e:
                raise
            raise e
        self.log_exception(exc_info)
        server_error = InternalServerError(original_exception=e)
        handler = self._find_error_handler(server_error)
        value = server_error if handler is None else handler(server_error)
        return self.finalize_request(value, from_error_handler=True)

    def tell_reporters(self, error: BaseException) -> None:
        """Give an unhandled error to the functions that :meth:`report_error` registered; one that fails is logged."""
        for function in self.error_reporters:
            try:
                self.ensure_sync(function)(error)
            except Exception:
                self.logger.exception("Exception in the error reporter %r", function)

    def _propagates(self) -> bool:
        """Return whether exceptions that nothing handles go on to the server."""
        propagate = self.config["PROPAGATE_EXCEPTIONS"]
        return bool(self.testing or self.debug if propagate is None else propagate)

    def _find_error_handler(self, error: Exception) -> ft.ErrorHandlerCallable | None:
        router_path = self.router_path_of(current())
        if self._route_table is not None:
            return self._route_table.error_handler(error, router_path)
        handler = find_error_handler(self.error_handler_spec, error, router_path)
        return None if handler is None else self.ensure_sync(handler)

    def trap_http_exception(self, e: Exception) -> bool:
        """Return whether an HTTP exception is treated like any other: by ``TRAP_HTTP_EXCEPTIONS`` and
        ``TRAP_BAD_REQUEST_ERRORS``."""
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap is None and self.debug and isinstance(e, BadRequestKeyError):
            return True
        return bool(trap) and isinstance(e, BadRequest)

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
    ) -> None:
        """Log an unhandled exception, with its traceback unless that is in the log already (``ERROR_LOG_INTERVAL``).

        :param exc_info: As ``sys.exc_info()`` gives it.
        """
        request = current().request
        path, method = printable(request.path), printable(request.method)
        error = exc_info[1]
        interval = seconds(self.config["ERROR_LOG_INTERVAL"])
        times = 0 if error is None else self._repeats.count(error, request.endpoint, interval)
        if times:
            text = "Exception on %s [%s]: %s again, %d times since its traceback"
            self.logger.error(text, path, method, type(error).__name__, times)
        else:
            self.logger.error("Exception on %s [%s]", path, method, exc_info=exc_info)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Return whether teardown functions do not get an error. Override it; default: never."""
        return False

    def render_http_exception(self, error: HTTPException) -> PreparedResponse:
        """The answer for an HTTP error that no handler took: a problem object, or what ``render_error`` says.

        :param error: One with a status of 400 or more and without a finished response.
        """
        limit = self.config["MAX_ERROR_LENGTH"] + ROOM
        if self.error_renderer is not None:
            try:
                return self.error_renderer.render(error, self.ensure_sync, limit)
            except Exception:
                if error.code != 500:
                    raise  # it is answered by a 500, which comes here once more
                self.logger.exception("Rendering a 500 failed; a problem object is sent instead")
        return self._problem_of(current(), error)

    def _problem_of(self, ctx: Context, error: HTTPException) -> PreparedResponse:
        """Return the problem object of an error."""
        table, limit = self._route_table, self.config["MAX_ERROR_LENGTH"] + ROOM
        texts = self._texts if table is None else table.texts
        say = None if texts is None else texts.chosen(ctx.environ)
        if table is None or table.request_ids is None or ctx.environ is None:
            name = ctx.request_id
        else:
            name = table.request_ids.id_of(ctx.environ)  # PERF: a call less
        return problem.render(error, self._error_types(ctx), limit, self.config["MAX_ERRORS"], say, name)

    def _error_types(self, ctx: Context) -> str | None:
        """Return where the errors are described, for the ``type`` of problem objects."""
        docs: str | None = self.config["DOCS_PATH"]
        environ: WSGIEnvironment = ctx.environ or {}
        return None if docs is None else f"{environ.get('SCRIPT_NAME', '').rstrip('/')}{docs.rstrip('/')}/errors/"

    # The end.

    def do_teardown_request(self, exc: BaseException | None = MISSING) -> None:
        """Run all ``teardown_request`` functions, whatever some of them raise. Called when the context is popped.

        :param exc: The exception that ended the request. Default: the one being handled.
        """
        if exc is MISSING:
            exc = sys.exc_info()[1]
        collector = CollectErrors()
        for function in self._hooks_of(current()).teardown:
            with collector:
                function(exc)
        if signals.request_tearing_down.receivers:
            with collector:
                signals.request_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)
        collector.raise_any("Errors during request teardown.")

    def do_teardown_appcontext(self, exc: BaseException | None = MISSING) -> None:
        """Run all ``teardown_appcontext`` functions, whatever some of them raise.

        :param exc: The exception that ended the work. Default: the one being handled.
        """
        if exc is MISSING:
            exc = sys.exc_info()[1]
        collector = CollectErrors()
        for function in reversed(self.teardown_appcontext_funcs):
            with collector:
                self.ensure_sync(function)(exc)
        if signals.appcontext_tearing_down.receivers:
            with collector:
                signals.appcontext_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)
        collector.raise_any("Errors during application context teardown.")

    # URLs.

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what matches and builds URLs for a request, or outside of one.

        :param request: The request, or ``None``.
        :return: ``None`` outside of a request when ``SERVER_NAME`` is not set.
        :raises SecurityError: The host is none of ``TRUSTED_HOSTS`` (an answer 400).
        """
        if request is None:
            if self.config["SERVER_NAME"] is None:
                return None
            return self.url_map.bind(
                self.config["SERVER_NAME"],
                script_name=self.config["APPLICATION_ROOT"],
                url_scheme=self.config["PREFERRED_URL_SCHEME"],
            )
        trusted = self.config["TRUSTED_HOSTS"]
        if trusted is not None:
            request.trusted_hosts = trusted
        request.host = get_host(request.environ, request.trusted_hosts)
        server_name = self.config["SERVER_NAME"]
        subdomain = None
        if self.url_map.host_matching:
            server_name = None  # it would be taken for the host
        elif not self.subdomain_matching:
            subdomain = self.url_map.default_subdomain or ""
        regions = None if self._route_table is None else self._route_table.regions
        url_map = self.url_map if regions is None else regions.map_of(request.environ)
        return url_map.bind_to_environ(request.environ, server_name=server_name, subdomain=subdomain)

    def inject_url_defaults(self, endpoint: str, values: dict[str, object]) -> None:
        """Let the ``url_defaults`` functions add to the values of a URL, in place.

        :param endpoint: The endpoint to build for.
        :param values: The values given.
        """
        names: tuple[str | None, ...] = (None,)
        if "." in endpoint:
            names = (None, *reversed(self.routers_of(endpoint)))
        for name in names:
            for function in self.url_default_functions.get(name, ()):
                function(endpoint, values)

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: object,
    ) -> str:
        """The URL of an endpoint.

        :param endpoint: Its name; with a dot in front, one of the current router's.
        :param _anchor: Goes behind ``#``.
        :param _method: The method whose rule is meant.
        :param _scheme: The scheme of an external URL.
        :param _external: Whether the URL is complete with scheme and host. Default: outside of requests only.
        :param values: The variables of the rule; unknown ones become the query string, ``None`` is left out.
        :raises RuntimeError: There is no request and no ``SERVER_NAME``.
        :raises BuildError: No rule of the endpoint takes these values (werkzeug's).
        """
        ctx = request_context_or_none()
        if ctx is not None:
            adapter = ctx.url_adapter
            if endpoint[:1] == ".":
                router_path = self.router_path_of(ctx) if ctx.url_rule is not None else ()
                endpoint = f"{router_path[0]}{endpoint}" if router_path else endpoint[1:]
            if _external is None:
                _external = _scheme is not None
        else:
            try:
                adapter = current().url_adapter
            except RuntimeError:
                adapter = self.create_url_adapter(None)
            if adapter is None:
                raise RuntimeError(
                    "Unable to build URLs outside an active request without 'SERVER_NAME' configured."
                    " Set it, and 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as needed."
                )
            if _external is None:
                _external = True
        if adapter is None:
            raise RuntimeError("Unable to build URLs for a request whose host is refused. See 'TRUSTED_HOSTS'.")
        if _scheme is not None and not _external:
            raise ValueError("When specifying '_scheme', '_external' must be True. Leave one of them out.")
        self.inject_url_defaults(endpoint, values)
        try:
            url = adapter.build(endpoint, values, method=_method, url_scheme=_scheme, force_external=_external)
        except BuildError as error:
            values.update(_anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external)
            return self.handle_url_build_error(error, endpoint, values)
        if _anchor is not None:
            url = f"{url}#{quote(_anchor, safe='%!#$&()*+,/:;=?@' + chr(39))}"
        return url

    def redirect(self, location: str, code: int = 302) -> BaseResponse:
        """An answer that sends the client to another address.

        :param location: The address.
        :param code: A redirect status.
        """
        return redirect(location, code=code, Response=self.response_class)

    def handle_url_build_error(self, error: BuildError, endpoint: str, values: dict[str, object]) -> str:
        """Ask the ``url_build_error_handlers``, in order, for the URL of a foreign endpoint.

        :raises BuildError: None of them knows it.
        """
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as other:
                error = other
            else:
                if url is not None:
                    return url
        if error is sys.exc_info()[1]:
            raise
        raise error

    # Templates.

    @functools.cached_property
    def jinja_env(self) -> Environment:
        """The environment, made on first touch."""
        env = self.create_jinja_environment()
        for table, name, function in self._template_parts:
            getattr(env, table)[name] = function
        return env

    @functools.cached_property
    def _template_parts(self) -> list[tuple[str, str, cabc.Callable[..., object]]]:
        """Filters, tests and globals, kept until there is an environment."""
        return []

    def create_jinja_environment(self) -> Environment:
        """Make the environment, with Flask's globals and the autoescape rule of :meth:`select_jinja_autoescape`."""
        from ..templating import make_environment

        return make_environment(self)

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """Make the loader that asks the application and its routers."""
        from ..templating import DispatchingJinjaLoader

        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Return whether a template is escaped by itself: HTML, XML, SVG, and text that has no file.

        :param filename: The template's name, or ``None``.
        """
        if filename is None:
            return True
        return filename.endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))

    def update_template_context(self, context: dict[str, object]) -> None:
        """Add what the context processors return; names given to the template win.

        :param context: Changed in place.
        """
        ctx = current_or_none()
        router_path: tuple[str | None, ...] = (None,)
        request_ctx = None if ctx is None else ctx._request_ctx
        if request_ctx is not None:
            router_path = (None, *reversed(self.router_path_of(request_ctx)))
        given = dict(context)
        for scope in router_path:
            for function in self.template_context_processors.get(scope, ()):
                context.update(self.ensure_sync(function)())
        context.update(given)

    def add_template_part(self, table: str, name: str, f: cabc.Callable[..., object]) -> None:
        """Add a filter, test or global.

        :param table: ``"filters"``, ``"tests"`` or ``"globals"``.
        """
        if "jinja_env" in self.__dict__:
            getattr(self.jinja_env, table)[name] = f
        else:
            self._template_parts.append((table, name, f))

    @setupmethod
    def add_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """Add a filter. Default name: the function's."""
        self.add_template_part("filters", name or f.__name__, f)

    @setupmethod
    def add_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Add a test. Default name: the function's."""
        self.add_template_part("tests", name or f.__name__, f)

    @setupmethod
    def add_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """Add a global. Default name: the function's."""
        self.add_template_part("globals", name or f.__name__, f)

    def _decorate(self, table: str, name: str | _F | None) -> _F | cabc.Callable[[_F], _F]:
        def decorator(f: _F) -> _F:
            self.add_template_part(table, given or f.__name__, f)
            return f

        if callable(name):  # used without parentheses
            given = None
            return decorator(name)
        given = name
        return decorator

    @t.overload
    def template_filter(self, name: str | None = None) -> cabc.Callable[[_F], _F]: ...
    @t.overload
    def template_filter(self, name: _F) -> _F: ...
    @setupmethod
    def template_filter(self, name: str | _F | None = None) -> _F | cabc.Callable[[_F], _F]:
        """:meth:`add_template_filter` as a decorator."""
        return self._decorate("filters", name)

    @t.overload
    def template_test(self, name: str | None = None) -> cabc.Callable[[_F], _F]: ...
    @t.overload
    def template_test(self, name: _F) -> _F: ...
    @setupmethod
    def template_test(self, name: str | _F | None = None) -> _F | cabc.Callable[[_F], _F]:
        """:meth:`add_template_test` as a decorator."""
        return self._decorate("tests", name)

    @t.overload
    def template_global(self, name: str | None = None) -> cabc.Callable[[_F], _F]: ...
    @t.overload
    def template_global(self, name: _F) -> _F: ...
    @setupmethod
    def template_global(self, name: str | _F | None = None) -> _F | cabc.Callable[[_F], _F]:
        """:meth:`add_template_global` as a decorator."""
        return self._decorate("globals", name)

    # Documents.

    @functools.cached_property
    def documents(self) -> dict[str, Document]:
        """The documents by name; ``"default"`` is always there. Add one with :meth:`add_document`."""
        return {DEFAULT: Document(DEFAULT)}

    @functools.cached_property
    def document_processors(self) -> list[DocumentProcessor]:
        """The functions that get each finished document. Add one with :meth:`document_processor`."""
        return []

    @setupmethod
    def document_processor(self, function: _P) -> _P:
        """Register a function that gets each document when it is finished, before anybody sees it.

        It is called with the document, a dictionary that it may change, and its name; a returned dictionary takes its
        place. Answers are still checked against what the operations declare.

        :param function: The function; it is returned unchanged, so this is a decorator.
        """
        self.document_processors.append(function)
        return function

    @functools.cached_property
    def webhooks(self) -> dict[str, Webhook]:
        """The webhooks by name, those of routers included. Add one with :meth:`webhook`."""
        return {}

    @functools.cached_property
    def _webhook_mounts(self) -> dict[str, str]:
        return {}

    @setupmethod
    def add_document(self, name: str, **choice: t.Unpack[Choice]) -> Document:
        """Add a document: for a version of the API, or for an audience.

        Its paths are ``/NAME/openapi.json``, ``/NAME/openapi.yaml`` and ``/NAME/docs``. An operation may
        be in several documents, or in none. The name ``"default"`` decides what is in the document of
        :attr:`openapi`, which otherwise has all operations.

        :param name: Letters, digits, ``_`` and ``-``.
        :param choice: What is in it: ``include``, ``routers``, ``webhooks``; where it is: ``path``; and
            ``settings``. See :class:`Choice`.
        :raises SetupError: The name is taken, or something of it cannot be.
        """
        document = Document(name, **choice)
        if name in self.documents and self.documents[name].is_chosen:
            raise SetupError(f"There is a document {name!r} already. Give this one another name.")
        self.documents[name] = document
        return document

    @setupmethod
    def add_webhook(self, webhook: Webhook) -> None:
        self._take_webhook(webhook, "")

    def _take_webhook(self, webhook: Webhook, mount: str) -> None:
        """Note a webhook and the router it belongs to; one of a router that is mounted again stays that of the first.

        :raises SetupError: The name is taken by another.
        """
        other = self.webhooks.setdefault(webhook.name, webhook)
        if other is not webhook:
            raise SetupError(
                f"There are two webhooks {webhook.name!r}: {':'.join(map(str, other.source))} and"
                f" {':'.join(map(str, webhook.source))}. Give one of them another name."
            )
        self._webhook_mounts.setdefault(webhook.name, mount)
        webhook.config = self.config

    def router_path_of_webhook(self, name: str) -> RouterPath:
        """The names of the routers that a webhook is declared on, the innermost first."""
        return split_router_path(self._webhook_mounts[name])

    @property
    def openapi(self) -> ft.JSONObject:
        """The OpenAPI document. Freezes the application; built on first ask and kept until a setting changes."""
        return self.document()

    def document(self, name: str = DEFAULT) -> ft.JSONObject:
        """One of the OpenAPI documents, as :attr:`openapi`. Do not change it.

        :param name: As given to :meth:`add_document`.
        :raises KeyError: There is none of that name.
        """
        from ..openapi.document import document_of

        return document_of(self, self.documents[name])

    # Development and tests.

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: t.Any,
    ) -> None:
        """Serve with the development server; not for production.

        :param host: Default: that of ``SERVER_NAME``, or 127.0.0.1.
        :param port: Default: that of ``SERVER_NAME``, or 5000.
        :param debug: Default: as it is set.
        :param load_dotenv: Whether ``.env`` and ``.frameworkenv`` are read.
        :param options: For werkzeug's ``run_simple``.
        """
        from ..cli.server import serve

        try:
            serve(self, host, port, debug, load_dotenv, **options)
        finally:
            self.shutdown()
            # A reloader may run this module again in the same process: its set-up must be accepted then.
            self._got_first_request = False

    def test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> AppClient:
        """A client that calls the application without a server.

        :param use_cookies: Whether it keeps cookies.
        :param kwargs: For the class.
        """
        from ..testing import AppClient

        cls = self.test_client_class or AppClient
        return cls(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def async_test_client(self, **kwargs: t.Any) -> AsyncAppClient:
        """A client for tests that are coroutines, which calls :attr:`asgi` on their event loop; needs httpx.

        :param kwargs: For the class.
        """
        from ..testing import AsyncAppClient

        cls = self.async_test_client_class or AsyncAppClient
        return cls(self, **kwargs)

    def test_cli_runner(self, **kwargs: t.Any) -> AppCliRunner:
        """A runner for the application's commands.

        :param kwargs: For the class.
        """
        from ..testing import AppCliRunner

        cls = self.test_cli_runner_class or AppCliRunner
        return cls(self, **kwargs)

    def app_context(self) -> Context:
        """A context without a request, for code outside of requests; push it, or use it with ``with``."""
        return Context(self)

    def test_request_context(self, *args: t.Any, **kwargs: t.Any) -> Context:
        """A context for a made-up request.

        :param args: As for werkzeug's ``EnvironBuilder``: path, base_url, query_string, method, json, data, ...
        """
        from ..testing import EnvironBuilder

        builder = EnvironBuilder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    def make_shell_context(self) -> dict[str, t.Any]:
        """The names of ``framework shell``: ``app``, ``g``, and what the context processors add."""
        names: dict[str, t.Any] = {"app": self, "g": None}
        ctx = current_or_none()
        if ctx is not None:
            names["g"] = ctx.g
        for processor in self.shell_context_processors:
            names.update(processor())
        return names


@contextlib.contextmanager
def without_collection() -> cabc.Iterator[None]:
    """Keep the garbage collector from running: freezing makes many objects and no garbage."""
    # PERF: collecting took half of the time that a thousand resources need.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

"""The ground of an application: its settings, paths, registering, and when its structure closes.

Not here: answering requests (``app._dispatch``), URLs (``app._url``), templates, serving.
Floor 6.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import inspect
import os
import re
import sys
import threading
import typing as t
import weakref
from datetime import timedelta

from werkzeug.routing import Map, Rule, RuleFactory

from ..config import DEFAULTS, Config, ConfigAttribute, weak_keys
from ..context import _AppCtxGlobals
from ..errors import RouteConflict, SetupFinished
from ..fast.routing import VARIABLE, OrderedMap
from ..helpers import Aborter, _default_template_ctx_processor, get_debug_flag
from ..json.provider import DefaultJSONProvider, JSONProvider
from ..logging import create_logger
from ..marks.base import Mark, marks_of
from ..resources.resource import Resource
from ..resources.router import Router, RouterSetupState
from ..resources.scaffold import Scaffold, find_package, setupmethod
from ..sessions import SecureCookieSessionInterface, SessionInterface
from ..wrappers import Request, Response
from ._route_table import RouterPath, RouteTable, split_router_path

if t.TYPE_CHECKING:
    from logging import Logger

    import click

    from .. import typing as ft
    from ..resources.pairs import Names
    from ..versions import VersionLocation

_F = t.TypeVar("_F", bound=cabc.Callable[..., t.Any])


def to_timedelta(value: int | timedelta | None) -> timedelta | None:
    """Seconds, or a timedelta, as a timedelta."""
    return value if value is None or isinstance(value, timedelta) else timedelta(seconds=value)


class AppRule(Rule):
    """werkzeug's rule, with what a route says beyond matching."""

    provide_automatic_options: bool = False
    operation_id: str | tuple[str | None, str | None] | None = None
    """The name in place of the class name; a pair for a class of two paths."""
    handlers: Names | None = None
    """The methods of a class of two paths that answer here."""
    version: str | None = None
    by_request: bool = False
    """True if the request says the version, so that there is one rule for each at the same path."""


class AppMap(OrderedMap):
    """A map that tells its application of every new rule, also of those that are added by hand."""

    on_add: cabc.Callable[[], t.Any] | None = None

    def add(self, rulefactory: RuleFactory) -> None:
        super().add(rulefactory)
        if self.on_add is not None:
            self.on_add()


class AppBase(Scaffold):
    """The base of the parts of :class:`App`. See there for the arguments."""

    request_class: type[Request] = Request
    response_class: type[Response] = Response
    session_interface: SessionInterface = SecureCookieSessionInterface()
    aborter_class = Aborter
    app_ctx_globals_class: type[t.Any] = _AppCtxGlobals
    config_class = Config
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    url_rule_class: type[Rule] = AppRule
    url_map_class: type[Map] = AppMap
    default_config: cabc.Mapping[str, t.Any] = DEFAULTS
    watched: bool = False
    """True if requests leave behind what the contract wants to see; a test client that checks answers says so."""

    testing = ConfigAttribute[bool]("TESTING")
    secret_key = ConfigAttribute["str | bytes | None"]("SECRET_KEY")
    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME",
        get_converter=to_timedelta,  # type: ignore[arg-type]
    )

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
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path, marks)
        if instance_path is None:
            instance_path = self.auto_find_instance_path()
        elif not os.path.isabs(instance_path):
            raise ValueError("'instance_path' must be absolute. Give the whole path, like os.path.abspath('instance').")
        self.instance_path = instance_path
        self.template_context_processors[None].append(_default_template_ctx_processor)
        self._freezing = threading.RLock()
        self._route_table: RouteTable | None = None
        self._got_first_request = False
        self._told_weak_keys = False
        self.config = self.make_config(instance_relative_config)
        self.aborter = self.make_aborter()
        self._json: JSONProvider = self.json_provider_class(t.cast(t.Any, self))
        self.url_build_error_handlers: list[cabc.Callable[[Exception, str, dict[str, t.Any]], str]] = []
        self.teardown_appcontext_funcs: list[ft.TeardownCallable] = []
        self.shell_context_processors: list[ft.ShellContextProcessorCallable] = []
        self.routers: dict[str, Router] = {}
        self.mounts: dict[str, RouterSetupState] = {}
        self.extensions: dict[str, t.Any] = {}
        self.url_map = self.url_map_class(host_matching=host_matching)
        if isinstance(self.url_map, AppMap):
            self.url_map.on_add = self.config.on_change
        self.subdomain_matching = subdomain_matching
        self._owners: dict[tuple[str | None, ...], tuple[str, bool]] = {}
        self._router_commands: list[tuple[Router, t.Any, str]] = []
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
            return t.cast(AppBase, ref()).send_static_file(filename)

        self.add_url_rule(
            f"{self.static_url_path}/<path:filename>", endpoint="static", host=static_host, view_func=send_static_file
        )

    # Names, settings, paths.

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
        return create_logger(t.cast(t.Any, self))

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
    def json_untouched(self) -> bool:
        """Return whether the provider is the framework's own, so that declared answers may go straight to the wire."""
        return type(self._json) is DefaultJSONProvider and not vars(self._json).keys() - {"_app"}

    def encode_json(self, value: t.Any) -> bytes:
        """JSON text of a plain value, by the provider, and laid out as ``jsonify`` does it."""
        provider = self._json
        options: dict[str, t.Any] = {}
        if isinstance(provider, DefaultJSONProvider):
            compact = provider.compact or (provider.compact is None and not self.debug)
            options = {"separators": (",", ":")} if compact else {"indent": 2}
        return provider.dumps(value, **options).encode()

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
        """The instance folder beside the module or package, or under the prefix that it is installed in."""
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

    def ensure_sync(self, func: cabc.Callable[..., t.Any]) -> cabc.Callable[..., t.Any]:
        """Make a function that can be called without an event loop.

        :param func: A function; an ``async def`` one is wrapped by :meth:`async_to_sync`.
        """
        if inspect.iscoroutinefunction(func):
            return self.async_to_sync(func)
        return func

    def async_to_sync(self, func: cabc.Callable[..., cabc.Coroutine[t.Any, t.Any, t.Any]]) -> cabc.Callable[..., t.Any]:
        """Wrap an ``async def`` function so that a plain call runs it to its end. Override it for another event loop.

        :raises RuntimeError: The library asgiref is not installed.
        """
        try:
            from asgiref.sync import async_to_sync
        except ImportError:
            raise RuntimeError(
                f"{func.__qualname__} is asynchronous, and the library asgiref is not installed."
                " Run 'pip install asgiref'."
            ) from None
        return async_to_sync(func)

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
    def register_router(self, router: Router, **options: t.Any) -> None:
        """Mount a router. The same one may be mounted again with another ``name``.

        :param router: The router; it is closed from now on.
        :param options: ``url_prefix``, ``name``, ``subdomain``, ``url_defaults``, ``cli_group``, instead of
            the router's; ``tag``, the tag of its operations in the document instead of the router's name.
        :raises ValueError: The name is taken.
        """
        router.register(t.cast(t.Any, self), options)

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
            methods = version.methods(t.cast(t.Any, self), endpoint, view_func, methods, handlers)
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
                    " Give one of the two an 'endpoint=' of its own."
                )
            self._check_conflict(made, view_func)
        self.url_map.add(made)
        if view_func is not None:
            self.view_functions[endpoint] = view_func

    def _check_conflict(self, rule: Rule, view_func: ft.RouteCallable) -> None:
        """Note which path and method this rule answers, and refuse a second owner where a Resource is concerned."""
        view_class = getattr(view_func, "view_class", None)
        is_resource = view_class is not None and issubclass(view_class, Resource)
        pattern = pattern_of(rule.rule)
        place, mine = rule.host or rule.subdomain or "", (rule.endpoint, is_resource)
        version = getattr(rule, "version", None) if getattr(rule, "by_request", False) else None
        if rule.build_only or rule.alias or rule.websocket:
            return
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            owner = self._owners.setdefault((place, version, pattern, method), mine)
            if version is not None:  # other versions may have the path, and nobody else
                self._owners.setdefault((place, "", pattern, method), mine)
            owner = self._owners.get((place, "" if version is None else None, pattern, method), owner)
            if owner[0] != rule.endpoint and (is_resource or owner[1]):
                raise RouteConflict(
                    f"Cannot route {rule.rule!r} to {rule.endpoint!r}: {owner[0]!r} already answers {method} there."
                    " Give one of them another path, or merge their methods into one Resource.",
                    rule=rule.rule,
                    owner=owner[0],
                )

    @setupmethod
    def teardown_appcontext(self, f: _F) -> _F:
        """Run ``f(exception_or_None)`` when an application context ends."""
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: _F) -> _F:
        """Add what ``f()`` returns, a dict, to the names of ``framework shell``."""
        self.shell_context_processors.append(f)
        return f

    def _take_commands(self, router: Router, group: t.Any, name: str) -> None:
        """Remember a router's commands; they are added when somebody asks for the application's."""
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

    # What freezing asks.

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


def pattern_of(rule: str) -> str:
    """A rule without the names of its variables: two rules of one pattern match the same paths."""

    def without_name(match: re.Match[str]) -> str:
        arguments = "" if match["args"] is None else f"({match['args']})"
        converter = (match["kind"] or "") + arguments
        return "<>" if converter in ("string", "default") else f"<{converter}>"

    return VARIABLE.sub(without_name, rule)

"""``Router``: a template for a part of an application, mounted by an application or by another router.

Nothing of a router takes effect before an application takes it in; it may be mounted more than once.
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import os
import sys
import typing as t

from .._sentinel import MISSING
from ..errors import SetupFinished
from ..hooks import error_key
from .scaffold import (
    _E,
    Scaffold,
    _Answer,
    _BeforeRequest,
    _ContextProcessor,
    _Response,
    _Sent,
    _Teardown,
    _URLDefaults,
    _ValuePreprocessor,
    setupmethod,
)

if t.TYPE_CHECKING:
    from .. import typing as ft
    from ..app import App
    from ..marks.base import Mark
    from ..marks.outgoing import Webhook

_F = t.TypeVar("_F", bound=cabc.Callable[..., t.Any])
_Life = t.TypeVar("_Life", bound=cabc.Callable[[], object])

DeferredSetupFunction: t.TypeAlias = cabc.Callable[["RouterSetupState"], None]
MountOptions: t.TypeAlias = cabc.Mapping[str, t.Any]
"""The options of a mount, as ``register_router`` takes them."""


class RouterSetupState:
    """One mounting of a router: where, under which name. Passed to the functions of :meth:`Router.record`.

    :param router: The router.
    :param app: The application that takes it in.
    :param options: What was given to ``register_router``.
    :param first_registration: Whether this is the router's first mount in this application.
    """

    def __init__(self, router: Router, app: App, options: MountOptions, first_registration: bool) -> None:
        self.app = app
        self.router = router
        self.options = options
        self.first_registration = first_registration
        subdomain = options.get("subdomain")
        self.subdomain: str | None = router.subdomain if subdomain is None else subdomain
        prefix = options.get("url_prefix")
        self.url_prefix: str | None = router.url_prefix if prefix is None else prefix
        self.name: str = options.get("name", router.name)
        self.name_prefix: str = options.get("name_prefix", "")
        self.url_defaults = {**router.url_values_defaults, **(options.get("url_defaults") or {})}

    @property
    def full_name(self) -> str:
        """The name of the mount, those of the routers around it in front."""
        return f"{self.name_prefix}.{self.name}".lstrip(".")

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        **options: t.Any,
    ) -> None:
        """Register a rule with the application, under the mount's prefix and name."""
        if self.url_prefix is not None:
            rule = "/".join((self.url_prefix.rstrip("/"), rule.lstrip("/"))) if rule else self.url_prefix
        options.setdefault("subdomain", self.subdomain)
        if "version" in self.options:
            options["version"] = self.options["version"]
        if endpoint is None:
            endpoint = t.cast(t.Any, view_func).__name__
        defaults: dict[str, object] | None = self.url_defaults
        if "defaults" in options:
            defaults = {**self.url_defaults, **(options.pop("defaults") or {})}
        self.app.add_url_rule(rule, f"{self.full_name}.{endpoint}", view_func, defaults=defaults, **options)


class Router(Scaffold):
    """A named group of routes, with its hooks, error handlers, marks and files.

    :param name: The name, in front of its endpoints; no dots.
    :param import_name: The module it is made in. Default: the caller's.
    :param static_folder: A folder with files to serve under ``static_url_path``.
    :param template_folder: A folder with templates, found after the application's.
    :param url_prefix: In front of all its rules.
    :param subdomain: The subdomain that its rules match.
    :param url_defaults: Values that all its rules have.
    :param root_path: The folder that paths are relative to.
    :param cli_group: The group of its commands. Default: its name; ``None`` puts them at the top.
    :param description: What it is about, for its tag in the document.
    :param marks: Marks for every operation below.
    :raises ValueError: The name is empty or has a dot.
    """

    def __init__(
        self,
        name: str,
        import_name: str | None = None,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, object] | None = None,
        root_path: str | None = None,
        cli_group: str | None = MISSING,
        *,
        description: str = "",
        marks: cabc.Iterable[Mark] = (),
    ) -> None:
        if not name:
            raise ValueError("'name' may not be empty. Give the router a name.")
        if "." in name:
            raise ValueError("'name' may not contain a dot '.' character. Nest routers instead.")
        if import_name is None:
            import_name = t.cast(str, sys._getframe(1).f_globals.get("__name__", "__main__"))
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path, marks)
        self.name = name
        self.description = description
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.url_values_defaults = dict(url_defaults or {})
        self.cli_group = cli_group
        self.deferred_functions: list[DeferredSetupFunction] = []
        self._routers: list[tuple[Router, MountOptions]] = []
        self._closed = False
        self._install_marks()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        if self._closed:
            raise SetupFinished(
                f"The setup method '{f_name}' can no longer be called on the router '{self.name}'."
                " It has already been registered at least once, any changes will not be applied consistently."
                " Make sure all imports, decorators and functions that set up the router run before"
                " 'register_router'."
            )

    @setupmethod
    def record(self, func: DeferredSetupFunction) -> None:
        """Call ``func(state)`` whenever the router is mounted.

        :param func: Takes a :class:`RouterSetupState`.
        """
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: DeferredSetupFunction) -> None:
        """Call ``func(state)`` when the router is mounted in an application for the first time."""

        def wrapper(state: RouterSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(functools.update_wrapper(wrapper, func))

    def make_setup_state(self, app: App, options: MountOptions, first_registration: bool = False) -> RouterSetupState:
        """The record of one mounting; override it to use another class."""
        return RouterSetupState(self, app, options, first_registration)

    @setupmethod
    def register_router(self, router: Router, **options: t.Unpack[ft.RouterOptions]) -> None:
        """Nest a router in this one; names, prefixes, subdomains, hooks and handlers add up.

        :param router: Another router.
        :param options: As in :meth:`App.register_router`.
        :raises ValueError: It is this one.
        """
        if router is self:
            raise ValueError("Cannot register a router on itself. Make a second router.")
        self._routers.append((router, options))

    def register(self, app: App, options: MountOptions) -> None:
        """Take effect in an application. Called by ``register_router``.

        :raises ValueError: The name is taken.
        """
        name = f"{options.get('name_prefix', '')}.{options.get('name', self.name)}".lstrip(".")
        if name in app.routers:
            which = "this" if app.routers[name] is self else "a different"
            raise ValueError(
                f"The name '{options.get('name', self.name)}' is already registered for {which} router."
                f" Use 'name=' to provide a unique name instead of '{name}'."
            )
        first = all(router is not self for router in app.routers.values())
        app.routers[name] = self
        self._closed = True
        state = self.make_setup_state(app, options, first)
        app.mounts[name] = state
        if self.has_static_folder:
            state.add_url_rule(
                f"{self.static_url_path}/<path:filename>", view_func=self.send_static_file, endpoint="static"
            )
        app.merge_hooks(self, name)
        for deferred in self.deferred_functions:
            deferred(state)
        app._take_commands(self, options.get("cli_group", self.cli_group), name)
        for router, nested in self._routers:
            router.register(app, self._nested_options(router, nested, state, name))

    def _nested_options(
        self, router: Router, options: MountOptions, state: RouterSetupState, name: str
    ) -> MountOptions:
        """The options for a router inside this mount: its own, with this one's prefix, subdomain and name around."""
        made = dict(options)
        subdomain = made.get("subdomain") or router.subdomain
        if state.subdomain is not None:
            made["subdomain"] = state.subdomain if subdomain is None else f"{subdomain}.{state.subdomain}"
        elif subdomain is not None:
            made["subdomain"] = subdomain
        prefix = made.get("url_prefix")
        if prefix is None:
            prefix = router.url_prefix
        if state.url_prefix is not None:
            prefix = state.url_prefix if prefix is None else f"{state.url_prefix.rstrip('/')}/{prefix.lstrip('/')}"
        made["url_prefix"] = prefix
        made["name_prefix"] = name
        if "version" in state.options:
            made["version"] = state.options["version"]
        return made

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Record a rule. See :meth:`Scaffold.add_url_rule`.

        :raises ValueError: The endpoint, or the function's name, has a dot.
        """
        if endpoint and "." in endpoint:
            raise ValueError("'endpoint' may not contain a dot '.' character. The router's name is put in front.")
        if view_func and hasattr(view_func, "__name__") and "." in view_func.__name__:
            raise ValueError("'view_func' name may not contain a dot '.' character. Give an 'endpoint'.")
        self.record(
            lambda state: state.add_url_rule(
                rule, endpoint, view_func, provide_automatic_options=provide_automatic_options, **options
            )
        )

    @setupmethod
    def add_webhook(self, webhook: Webhook) -> None:
        self.record(lambda state: state.app._take_webhook(webhook, state.full_name))

    @setupmethod
    def endpoint(self, endpoint: str) -> cabc.Callable[[_F], _F]:
        """Register the function below for an endpoint of the application, or of this router by its full name."""

        def decorator(f: _F) -> _F:
            def register(state: RouterSetupState) -> None:
                state.app.view_functions[endpoint] = f

            self.record_once(register)
            return f

        return decorator

    # What reaches beyond the router, to the whole application.

    def _once(self, action: cabc.Callable[[App], None]) -> None:
        self.record_once(lambda state: action(state.app))

    @setupmethod
    def before_app_request(self, f: _BeforeRequest) -> _BeforeRequest:
        """:meth:`before_request` for the whole application."""
        self._once(lambda app: app.before_request_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def after_app_request(self, f: cabc.Callable[[_Response], _Sent]) -> cabc.Callable[[_Response], _Sent]:
        """:meth:`after_request` for the whole application."""
        self._once(lambda app: app.after_request_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def teardown_app_request(self, f: _Teardown) -> _Teardown:
        """:meth:`teardown_request` for the whole application."""
        self._once(lambda app: app.teardown_request_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def on_startup(self, f: _Life) -> _Life:
        """Run ``f()`` once in each process that serves; see :meth:`App.on_startup`."""
        self._once(lambda app: app.lifecycle.add(f, at_start=True))
        return f

    @setupmethod
    def on_shutdown(self, f: _Life) -> _Life:
        """Run ``f()`` once when a process that has served ends; see :meth:`App.on_shutdown`."""
        self._once(lambda app: app.lifecycle.add(f, at_start=False))
        return f

    @setupmethod
    def app_context_processor(self, f: _ContextProcessor) -> _ContextProcessor:
        """:meth:`context_processor` for the whole application."""
        self._once(lambda app: app.template_context_processors.setdefault(None, []).append(f))
        return f

    @setupmethod
    def app_url_value_preprocessor(self, f: _ValuePreprocessor) -> _ValuePreprocessor:
        """:meth:`url_value_preprocessor` for the whole application."""
        self._once(lambda app: app.url_value_preprocessors.setdefault(None, []).append(f))
        return f

    @setupmethod
    def app_url_defaults(self, f: _URLDefaults) -> _URLDefaults:
        """:meth:`url_defaults` for the whole application."""
        self._once(lambda app: app.url_default_functions.setdefault(None, []).append(f))
        return f

    @t.overload
    def app_errorhandler(
        self, code: type[_E]
    ) -> cabc.Callable[[cabc.Callable[[_E], _Answer]], cabc.Callable[[_E], _Answer]]: ...
    @t.overload
    def app_errorhandler(
        self, code: int
    ) -> cabc.Callable[[cabc.Callable[[_E], _Answer]], cabc.Callable[[_E], _Answer]]: ...
    @setupmethod
    def app_errorhandler(self, code: type[Exception] | int) -> cabc.Callable[[_F], _F]:
        """:meth:`errorhandler` for the whole application."""
        cls, status = error_key(code)

        def decorator(f: _F) -> _F:
            self._once(lambda app: app.error_handler_spec[None][status].__setitem__(cls, f))
            return f

        return decorator

    def _template_part(self, table: str, name: str | None, f: _F) -> _F:
        self._once(lambda app: app.add_template_part(table, name or f.__name__, f))
        return f

    @setupmethod
    def add_app_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """Add a filter to the application's templates."""
        self._template_part("filters", name, f)

    @setupmethod
    def add_app_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Add a test to the application's templates."""
        self._template_part("tests", name, f)

    @setupmethod
    def add_app_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """Add a global to the application's templates."""
        self._template_part("globals", name, f)

    @setupmethod
    def app_template_filter(self, name: str | None = None) -> cabc.Callable[[_F], _F]:
        """:meth:`add_app_template_filter` as a decorator."""
        return lambda f: self._template_part("filters", name, f)

    @setupmethod
    def app_template_test(self, name: str | None = None) -> cabc.Callable[[_F], _F]:
        """:meth:`add_app_template_test` as a decorator."""
        return lambda f: self._template_part("tests", name, f)

    @setupmethod
    def app_template_global(self, name: str | None = None) -> cabc.Callable[[_F], _F]:
        """:meth:`add_app_template_global` as a decorator."""
        return lambda f: self._template_part("globals", name, f)

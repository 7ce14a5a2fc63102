"""The common base of an application and a router: registering routes, hooks and error handlers.

Not here: what registering means (``App`` does it, a ``Router`` records it).
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import functools
import os
import sys
import typing as t

from ..context import current
from ..errors import SetupError
from ..helpers import get_root_path, send_from_directory
from ..hooks import Hooks, error_key
from ..marks.base import Mark
from ..views import View
from .operation import place_of
from .pairs import ALIAS, ALIAS_ENDPOINT, ITEM_ENDPOINT, check_single, faces_of, stems_of

if t.TYPE_CHECKING:
    import click
    from jinja2 import BaseLoader

    from .. import typing as ft
    from ..http.response import Reply
    from ..marks.outgoing import Options, Webhook
    from ..marks.schemas import SchemaLike
    from ..wrappers import Response

_F = t.TypeVar("_F", bound=cabc.Callable[..., t.Any])
_T = t.TypeVar("_T")
_E = t.TypeVar("_E", bound=Exception)
_Response = t.TypeVar("_Response", bound="Reply")
_Sent = t.TypeVar("_Sent", bound="Reply | cabc.Awaitable[Reply]")
_Answer = t.TypeVar("_Answer", bound="ft.ErrorAnswer")
_BeforeRequest = t.TypeVar("_BeforeRequest", bound="ft.BeforeRequestCallable")
_Teardown = t.TypeVar("_Teardown", bound="ft.TeardownCallable")
_ContextProcessor = t.TypeVar("_ContextProcessor", bound="ft.TemplateContextProcessorCallable")
_ValuePreprocessor = t.TypeVar("_ValuePreprocessor", bound="ft.URLValuePreprocessorCallable")
_URLDefaults = t.TypeVar("_URLDefaults", bound="ft.URLDefaultCallable")


def setupmethod(f: _F) -> _F:
    """Refuse a call of this method once the structure is closed."""

    @functools.wraps(f)
    def wrapper(self: Scaffold, *args: object, **kwargs: object) -> object:
        self._check_setup_finished(f.__name__)
        return f(self, *args, **kwargs)

    return t.cast(_F, wrapper)


def _only_marks(marks: cabc.Iterable[Mark], owner: str) -> tuple[Mark, ...]:
    """The marks that an owner is given.

    :raises SetupError: They are not a list, or one of them is not a mark, like a function that makes one.
    """
    if isinstance(marks, Mark):
        raise SetupError(f"{owner}(marks=...) got one mark, {marks!r}. Give a list, like marks=[...].")
    given = tuple(marks)
    for each in given:
        if not isinstance(each, Mark):
            name = getattr(each, "__name__", None)
            advice = f"Call it: marks=[{name}(...)]." if name else "Give marks alone."
            raise SetupError(f"{owner}(marks=[...]) got {name or repr(each)}, which is not a mark. {advice}")
    return given


_SETTING = " Flask 2.3 removed it. Set app.config[{!r}]."
_ADVICE: t.Final = {
    "register_blueprint": " It is called 'register_router' here.",
    "iter_blueprints": " It is called 'iter_routers' here.",
    "blueprints": " It is called 'routers' here.",
    "before_first_request": " Flask 2.3 removed it. Use 'on_startup', or run the code when the application is made.",
    "before_app_first_request": " Flask 2.3 removed it. Use 'on_startup', or 'record_once'.",
    "json_encoder": " Flask 2.3 removed it. Give app.json a provider: subclass DefaultJSONProvider and its 'default'.",
    "json_decoder": " Flask 2.3 removed it. Give app.json a provider: subclass DefaultJSONProvider and its 'loads'.",
    "env": " Flask 2.3 removed it. Use app.debug, or a setting of your own.",
    "propagate_exceptions": _SETTING.format("PROPAGATE_EXCEPTIONS"),
    "send_file_max_age_default": _SETTING.format("SEND_FILE_MAX_AGE_DEFAULT"),
    "session_cookie_name": _SETTING.format("SESSION_COOKIE_NAME"),
    "templates_auto_reload": _SETTING.format("TEMPLATES_AUTO_RELOAD"),
    "use_x_sendfile": _SETTING.format("USE_X_SENDFILE"),
    "request_globals_class": " Flask 1.0 removed it. It is called 'app_ctx_globals_class'.",
    "error_handlers": " Flask 1.0 removed it. Use 'register_error_handler', or read 'error_handler_spec'.",
}
"""The replacements of attributes of Flask, today's and those of its earlier versions."""


class Scaffold(Hooks):
    """The base of :class:`App` and :class:`Router`.

    :param import_name: The module it is made in, for the root path.
    :param static_folder: A folder with files to serve, absolute or relative to the root path.
    :param static_url_path: The URL prefix of these files. Default: the name of the folder.
    :param template_folder: A folder with templates.
    :param root_path: The folder that paths are relative to. Default: that of the module.
    :param marks: Marks for every operation below.
    """

    name: str

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
        marks: cabc.Iterable[Mark] = (),
    ) -> None:
        super().__init__()
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path = get_root_path(import_name) if root_path is None else root_path
        self.marks: tuple[Mark, ...] = _only_marks(marks, type(self).__name__)
        self.view_functions: dict[str, ft.RouteCallable] = {}
        self._class_views: dict[tuple[type[View], str], ft.RouteCallable] = {}

    if not t.TYPE_CHECKING:

        def __getattr__(self, name: str) -> t.Any:
            """Say what to write instead of an attribute of Flask."""
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}.{_ADVICE.get(name, '')}", name=name, obj=self
            )

    def _check_setup_finished(self, name: str) -> None:
        raise NotImplementedError

    def _install_marks(self) -> None:
        for mark in self.marks:
            mark.install(self)

    @functools.cached_property
    def cli(self) -> click.Group:
        """The commands that belong here; made on first touch."""
        from ..cli.group import AppGroup

        return AppGroup(name=self.name)

    # Static files and resources of the package.

    @property
    def static_folder(self) -> str | None:
        """The absolute path of the static folder, or ``None``."""
        return None if self._static_folder is None else os.path.join(self.root_path, self._static_folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip(r"\/")

    @property
    def has_static_folder(self) -> bool:
        """Return whether there is a static folder."""
        return self.static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """The URL prefix of the static files; made of the folder's name where it is not given."""
        if self._static_url_path is not None:
            return self._static_url_path
        if self.static_folder is not None:
            return f"/{os.path.basename(self.static_folder)}".rstrip("/")
        return None

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """For how many seconds browsers may keep a file; ``None`` for conditional requests each time.

        :param filename: The file's name. Default: ignored, the setting ``SEND_FILE_MAX_AGE_DEFAULT`` decides.
        """
        value = current().app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        if value is None:
            return None
        return int(value.total_seconds()) if isinstance(value, dt.timedelta) else int(value)

    def send_static_file(self, filename: str) -> Response:
        """The view function of the static files.

        :param filename: Relative to the static folder.
        :raises RuntimeError: There is no static folder.
        """
        if not self.has_static_folder:
            raise RuntimeError("'static_folder' must be set to serve static files. Give it to the constructor.")
        max_age = self.get_send_file_max_age(filename)
        return send_from_directory(t.cast(str, self.static_folder), filename, max_age=max_age)

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> t.IO[t.Any]:
        """Open a file relative to the root path, for reading.

        :param resource: The path.
        :param mode: ``"r"``, ``"rt"`` or ``"rb"``.
        :param encoding: For text.
        :raises ValueError: Another mode is asked.
        """
        if mode not in {"r", "rt", "rb"}:
            raise ValueError("Resources can only be opened for reading. Use the mode 'r', 'rt' or 'rb'.")
        path = os.path.join(self.root_path, resource)
        return open(path, mode) if mode == "rb" else open(path, mode, encoding=encoding)

    @functools.cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """The loader of this one's templates."""
        if self.template_folder is None:
            return None
        from ..templating import file_system_loader

        loader: BaseLoader = file_system_loader(os.path.join(self.root_path, self.template_folder))
        return loader

    # Routes.

    def _shortcut(self, method: str, rule: str, options: ft.RouteOptions) -> cabc.Callable[[_F], _F]:
        if "methods" in options:
            raise TypeError("This decorator has its own method. Use 'route' with the 'methods' argument instead.")
        options["methods"] = [method]
        return self.route(rule, **options)

    @setupmethod
    def get(self, rule: str, **options: t.Unpack[ft.RouteOptions]) -> cabc.Callable[[_F], _F]:
        """:meth:`route` with ``methods=["GET"]``."""
        return self._shortcut("GET", rule, options)

    @setupmethod
    def query(self, rule: str, **options: t.Unpack[ft.RouteOptions]) -> cabc.Callable[[_F], _F]:
        """:meth:`route` with ``methods=["QUERY"]`` (RFC 10008)."""
        return self._shortcut("QUERY", rule, options)

    @setupmethod
    def post(self, rule: str, **options: t.Unpack[ft.RouteOptions]) -> cabc.Callable[[_F], _F]:
        """:meth:`route` with ``methods=["POST"]``."""
        return self._shortcut("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: t.Unpack[ft.RouteOptions]) -> cabc.Callable[[_F], _F]:
        """:meth:`route` with ``methods=["PUT"]``."""
        return self._shortcut("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: t.Unpack[ft.RouteOptions]) -> cabc.Callable[[_F], _F]:
        """:meth:`route` with ``methods=["DELETE"]``."""
        return self._shortcut("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: t.Unpack[ft.RouteOptions]) -> cabc.Callable[[_F], _F]:
        """:meth:`route` with ``methods=["PATCH"]``."""
        return self._shortcut("PATCH", rule, options)

    @setupmethod
    def route(
        self, rule: str, item_rule: str | None = None, **options: t.Unpack[ft.RouteOptions]
    ) -> cabc.Callable[[_F], _F]:
        """Register the class or function below for a path.

        :param rule: The path, with variables like ``<int:pet_id>``.
        :param item_rule: A second path, for a Resource that serves a list at the first and its items at this one.
        :param options: ``endpoint``, ``methods``, and what werkzeug's ``Rule`` takes; ``operation_id`` takes the
            place of the class name in ``operationId``, or of the whole for a function; ``query_alias`` is a path where
            a POST does what a QUERY does at this one.
        """

        def decorator(target: _F) -> _F:
            if isinstance(target, Mark):
                raise SetupError(
                    f"The route {rule!r} received the mark {type(target).__name__}, not a function: the mark below it"
                    " lacks parentheses. Call it, as in @sparse()."
                )
            if isinstance(target, type):
                self.add_resource(target, rule, item_rule, **options)
            elif item_rule is not None:
                raise SetupError(
                    f"Cannot route {rule!r} and {item_rule!r} to {target!r}: two paths are for a Resource. Use one"
                    " route for each path of a function."
                )
            else:
                own: dict[str, t.Any] = {**options}
                alias = own.pop("query_alias", None)
                self.add_url_rule(rule, view_func=target, **own)
                if alias is not None:
                    self._add_query_alias(alias, target, target.__name__, own)
            return target

        return decorator

    @setupmethod
    def add_resource(
        self,
        resource: type[View],
        rule: str,
        item_rule: str | None = None,
        *,
        endpoint: str | None = None,
        class_args: tuple[object, ...] = (),
        class_kwargs: cabc.Mapping[str, object] | None = None,
        query_alias: str | None = None,
        **options: t.Any,
    ) -> None:
        """Register a class for a path; what :meth:`route` does on a class.

        :param resource: A ``Resource`` or another view class.
        :param rule: The path.
        :param item_rule: The path of an item: the class then has the methods ``list`` and ``create`` for ``rule``, and
            ``show``, ``replace``, ``change``, ``delete`` for this one.
        :param endpoint: Default: the name of the class. That of an item has ``-item`` behind it.
        :param class_args: Passed to the class whenever an instance is made.
        :param class_kwargs: Likewise, by name.
        :param query_alias: A path where a POST does what a QUERY does at ``rule``, for clients and proxies that do not
            know that method.
        :raises SetupError: It is not a view class, or has no method for the alias.
        """
        if not (isinstance(resource, type) and issubclass(resource, View)):
            where = f" ({place_of(resource)})" if isinstance(resource, type) else ""
            raise SetupError(
                f"{resource!r} is not a view class. Subclass Resource, or use 'add_url_rule' for functions.{where}"
            )
        name = endpoint or resource.__name__
        view = self._class_views.get((resource, name))
        if view is None or class_args or class_kwargs:
            view = resource.as_view(name, *class_args, **(class_kwargs or {}))
            self._class_views[resource, name] = view
        if item_rule is None:
            check_single(resource, rule)
            self.add_url_rule(rule, name, view, **options)
        else:
            self._add_two_paths(resource, (rule, item_rule), name, view, options)
        if query_alias is not None:
            self._add_query_alias(query_alias, view, name, options)

    def _add_two_paths(
        self,
        resource: type[View],
        paths: tuple[str, str],
        name: str,
        view: ft.RouteCallable,
        options: cabc.Mapping[str, t.Any],
    ) -> None:
        """Register a class for the path of a list and that of an item."""
        rule, item_rule = paths
        if "methods" in options:
            raise SetupError(
                f"Cannot route {rule!r} and {item_rule!r} with methods={options['methods']!r}: the methods of the class"
                " decide what each path answers. Leave 'methods' out."
            )
        of_list, of_item = faces_of(resource, f"{rule!r} and {item_rule!r}")
        operation_id = stems_of(options.get("operation_id"))
        for path, suffix, names in ((rule, "", of_list), (item_rule, ITEM_ENDPOINT, of_item)):
            own = {**options, "methods": set(names), "handlers": names, "operation_id": operation_id}
            self.add_url_rule(path, name + suffix, view, **own)

    def _add_query_alias(self, rule: str, view: ft.RouteCallable, name: str, options: cabc.Mapping[str, t.Any]) -> None:
        """Register a path where a POST does what a QUERY does."""
        view_class: type[View] | None = getattr(view, "view_class", None)
        methods = options.get("methods") or getattr(view, "methods", None) or ()
        if "QUERY" not in map(str.upper, methods):
            raise SetupError(
                f"Cannot route {rule!r} to {name} ({place_of(view_class or view)}) as the alias of a QUERY: it answers"
                " none. Write a method 'query', or leave 'query_alias' out."
            )
        given = stems_of(options.get("operation_id"))[1] or (None if view_class is None else view_class.__name__)
        endpoint = (options.get("endpoint") or name) + ALIAS_ENDPOINT
        more: dict[str, object] = {"methods": ["POST"], "handlers": ALIAS, "endpoint": endpoint}
        more["operation_id"] = None if given is None else f"{given}ByPost"
        self.add_url_rule(rule, view_func=view, **{**options, **more})

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Register a rule and its view function.

        :param rule: The path.
        :param endpoint: The name for ``url_for``. Default: the function's.
        :param view_func: The function; may also be registered later with :meth:`endpoint`.
        :param provide_automatic_options: Whether OPTIONS is answered by itself. Default: by the function and config.
        :param options: What werkzeug's ``Rule`` takes.
        """
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> cabc.Callable[[_F], _F]:
        """Register the function below for an endpoint whose rule is added elsewhere."""

        def decorator(f: _F) -> _F:
            self.view_functions[endpoint] = f
            return f

        return decorator

    @setupmethod
    def webhook(self, name: str, schema: SchemaLike | None = None, **options: t.Unpack[Options]) -> Webhook:
        """Declare a request that the application sends to those who registered for it by other means than the API.

        Keep what is returned, and send what its :meth:`~framework.marks.outgoing.Outgoing.dump` makes.

        :param name: Its name in the document: letters, digits, ``.``, ``_``, ``-``.
        :param schema: What dumps the body; ``None``: there is no body.
        :param options: ``method`` (default ``POST``), ``summary``, ``description``, ``tags``, ``headers``,
            ``responses``, ``content_type``, ``example``, ``examples``, ``signed``, ``deprecated``, ``operation_id``.
        :raises SetupError: Something of it cannot be, or the name is taken.
        """
        from ..marks.outgoing import Webhook  # PERF: with what is to send, 1 ms that an import need not wait for

        made = Webhook(name, schema, **options)
        self.add_webhook(made)
        return made

    @setupmethod
    def add_webhook(self, webhook: Webhook) -> None:
        """Register a webhook that was made before.

        :raises SetupError: The name is taken.
        """
        raise NotImplementedError

    # Hooks.

    @setupmethod
    def before_request(self, f: _BeforeRequest) -> _BeforeRequest:
        """Run ``f()`` before each request here; a value that it returns is the answer."""
        self.before_request_funcs[None].append(f)
        return f

    @setupmethod
    def after_request(self, f: cabc.Callable[[_Response], _Sent]) -> cabc.Callable[[_Response], _Sent]:
        """Run ``f(response)`` after each request here; it returns the response to send."""
        self.after_request_funcs[None].append(f)
        return f

    @setupmethod
    def teardown_request(self, f: _Teardown) -> _Teardown:
        """Run ``f(exception_or_None)`` when the context of a request ends, whatever has happened."""
        self.teardown_request_funcs[None].append(f)
        return f

    @setupmethod
    def context_processor(self, f: _ContextProcessor) -> _ContextProcessor:
        """Add what ``f()`` returns, a dict, to the context of templates rendered here."""
        self.template_context_processors[None].append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: _ValuePreprocessor) -> _ValuePreprocessor:
        """Run ``f(endpoint, values)`` before the hooks; it may change the values from the path in place."""
        self.url_value_preprocessors[None].append(f)
        return f

    @setupmethod
    def url_defaults(self, f: _URLDefaults) -> _URLDefaults:
        """Run ``f(endpoint, values)`` when a URL is built; it may add values in place."""
        self.url_default_functions[None].append(f)
        return f

    @t.overload
    def errorhandler(
        self, code_or_exception: type[_E]
    ) -> cabc.Callable[[cabc.Callable[[_E], _Answer]], cabc.Callable[[_E], _Answer]]: ...
    @t.overload
    def errorhandler(
        self, code_or_exception: int
    ) -> cabc.Callable[[cabc.Callable[[_E], _Answer]], cabc.Callable[[_E], _Answer]]: ...
    @setupmethod
    def errorhandler(self, code_or_exception: type[Exception] | int) -> cabc.Callable[[_F], _F]:
        """Handle errors of a status or class, raised here, with the function below.

        :param code_or_exception: An HTTP status or an exception class.
        """

        def decorator(f: _F) -> _F:
            self.register_error_handler(code_or_exception, f)
            return f

        return decorator

    @t.overload
    def register_error_handler(self, code_or_exception: type[_E], f: cabc.Callable[[_E], ft.ErrorAnswer]) -> None: ...
    @t.overload
    def register_error_handler(self, code_or_exception: int, f: cabc.Callable[[_E], ft.ErrorAnswer]) -> None: ...
    @setupmethod
    def register_error_handler(self, code_or_exception: type[Exception] | int, f: ft.ErrorHandlerCallable) -> None:
        """The same as :meth:`errorhandler`, without a decorator.

        :raises ValueError: The number is not an HTTP error.
        """
        cls, code = error_key(code_or_exception)
        self.error_handler_spec[None][code][cls] = f


def find_package(import_name: str, root_path: str | None = None) -> tuple[str | None, str]:
    """The prefix that a package is installed under, or ``None``, and the folder that contains it.

    :param import_name: The name of a module or package.
    :param root_path: Its folder, for a namespace package, which has several folders.
    :raises RuntimeError: It is a namespace package, and no folder is given.
    """
    import pathlib  # PERF: 1 ms that an import need not wait for

    try:
        found = get_root_path(import_name)
    except RuntimeError:
        if root_path is None:
            raise
        found = root_path
    root = pathlib.Path(found).resolve()
    if "." in import_name:
        spec = sys.modules.get(import_name)
        depth = import_name.count(".") + (1 if spec is not None and hasattr(spec, "__path__") else 0)
        folder = root
        for _ in range(depth):
            folder = folder.parent
    else:
        module = sys.modules.get(import_name)
        folder = root.parent if module is not None and hasattr(module, "__path__") else root
    prefix = pathlib.Path(sys.prefix).resolve()
    if folder.is_relative_to(prefix):
        return str(prefix), str(folder)
    if folder.name.lower() == "site-packages":
        parent = folder.parent
        if parent.name.lower() == "lib":
            return str(parent.parent), str(folder)  # Windows
        if parent.parent.name.lower() == "lib":
            return str(parent.parent.parent), str(folder)  # Unix
        return str(parent), str(folder)
    return None, str(folder)

"""The functions that run around requests, in the shapes that Flask's extensions know.

Each table maps a scope to what is registered there: ``None`` for the application, a router's name for a router.
Not here: registering (``resources.scaffold``) and running them (``app._app``).
Floor 3.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import typing as t

from werkzeug.exceptions import HTTPException, default_exceptions

from . import errors

if t.TYPE_CHECKING:
    from . import typing as ft

_F = t.TypeVar("_F")


class Hooks:
    """The tables of one application or router. A base class of ``Scaffold``."""

    def __init__(self) -> None:
        self.error_handler_spec: dict[str | None, dict[int | None, dict[type[Exception], ft.ErrorHandlerCallable]]] = (
            collections.defaultdict(lambda: collections.defaultdict(dict))
        )
        """Scope, status code (``None`` for any), exception class: the handler."""
        self.before_request_funcs: dict[str | None, list[ft.BeforeRequestCallable]] = collections.defaultdict(list)
        self.after_request_funcs: dict[str | None, list[ft.AfterRequestCallable]] = collections.defaultdict(list)
        self.teardown_request_funcs: dict[str | None, list[ft.TeardownCallable]] = collections.defaultdict(list)
        self.template_context_processors: dict[str | None, list[ft.TemplateContextProcessorCallable]] = (
            collections.defaultdict(list)
        )
        self.url_value_preprocessors: dict[str | None, list[ft.URLValuePreprocessorCallable]] = collections.defaultdict(
            list
        )
        self.url_default_functions: dict[str | None, list[ft.URLDefaultCallable]] = collections.defaultdict(list)

    def merge_hooks(self, other: Hooks, name: str) -> None:
        """Take over what ``other`` has registered, under the scope ``name``.

        :param other: A router's tables.
        :param name: The router's full name in this application; scopes below it get it in front.
        """

        def scope(key: str | None) -> str:
            return name if key is None else f"{name}.{key}"

        for key, by_code in other.error_handler_spec.items():
            for code, by_class in by_code.items():
                self.error_handler_spec[scope(key)][code].update(by_class)
        for table in (
            "before_request_funcs",
            "after_request_funcs",
            "teardown_request_funcs",
            "template_context_processors",
            "url_value_preprocessors",
            "url_default_functions",
        ):
            own: dict[str | None, list[object]] = getattr(self, table)
            for key, functions in getattr(other, table).items():
                own[scope(key)].extend(functions)


def error_key(code_or_class: int | type[Exception]) -> tuple[type[Exception], int | None]:
    """The exception class and status code that an error handler is registered for.

    :param code_or_class: An HTTP status that is an error, or an exception class.
    :raises ValueError: The number is not an HTTP error.
    :raises TypeError: It is neither.
    """
    if isinstance(code_or_class, int):
        try:
            return default_exceptions[code_or_class], code_or_class
        except KeyError:
            raise ValueError(
                f"{code_or_class!r} is not a recognized HTTP error code. Use a subclass of HTTPException with"
                " that code instead, and register the handler for the class."
            ) from None
    if isinstance(code_or_class, Exception):
        raise TypeError(
            f"{code_or_class!r} is an instance, not a class. Handlers are registered for exception classes."
        )
    if not (isinstance(code_or_class, type) and issubclass(code_or_class, Exception)):
        what = repr(code_or_class.__name__ if isinstance(code_or_class, type) else code_or_class)
        raise ValueError(
            f"{what} is not a subclass of Exception. Register handlers for exception classes or HTTP codes."
        )
    if issubclass(code_or_class, HTTPException):
        return code_or_class, code_or_class.code
    return code_or_class, None


def stand_ins(cls: type) -> tuple[type, ...]:
    """The framework's classes in place of one of werkzeug's, so that handlers for them serve werkzeug's own too."""
    code = getattr(cls, "code", None)
    if code in errors.by_status and cls is default_exceptions.get(t.cast(int, code)):
        return errors.by_status[t.cast(int, code)], errors.APIError
    return ()


def find_error_handler(
    spec: cabc.Mapping[str | None, cabc.Mapping[int | None, cabc.Mapping[type[Exception], ft.ErrorHandlerCallable]]],
    error: Exception,
    scopes: cabc.Iterable[str],
) -> ft.ErrorHandlerCallable | None:
    """The handler for an exception: first by code, then by class alone; each from the innermost router outwards to
    the application; the most specific class first.

    :param spec: The table ``error_handler_spec``.
    :param error: What was raised.
    :param scopes: The routers' names, the innermost first.
    """
    kind, code = error_key(type(error))
    classes = tuple(dict.fromkeys(stand_in for cls in kind.__mro__ for stand_in in (*stand_ins(cls), cls)))
    names: tuple[str | None, ...] = (*scopes, None)
    for wanted in (code, None) if code is not None else (None,):
        for name in names:
            by_class = spec[name][wanted] if name in spec and wanted in spec[name] else None
            if not by_class:
                continue
            for cls in classes:
                handler = by_class.get(cls)
                if handler is not None:
                    return handler
    return None

"""Templates of an application; Jinja2 is imported when the environment is first asked for.

Floor 6.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing as t

from ..context import current_or_none
from ..resources.scaffold import setupmethod
from ._base import AppBase

if t.TYPE_CHECKING:
    from .. import typing as ft
    from ..templating import DispatchingJinjaLoader, Environment

_F = t.TypeVar("_F", bound=cabc.Callable[..., t.Any])


class Templates(AppBase):
    """The part of :class:`App` that knows templates."""

    jinja_environment: type[Environment] | None = None
    """The class of the environment. Default: :class:`framework.templating.Environment`."""

    jinja_options: t.ClassVar[dict[str, t.Any]] = {}
    """Options of the environment."""

    @functools.cached_property
    def jinja_env(self) -> Environment:
        """The environment, made on first touch."""
        env = self.create_jinja_environment()
        for table, name, function in self._template_parts:
            getattr(env, table)[name] = function
        return env

    @functools.cached_property
    def _template_parts(self) -> list[tuple[str, str, cabc.Callable[..., t.Any]]]:
        """Filters, tests and globals, kept until there is an environment."""
        return []

    def create_jinja_environment(self) -> Environment:
        """Make the environment, with Flask's globals and the autoescape rule of :meth:`select_jinja_autoescape`."""
        from ..templating import make_environment

        return make_environment(t.cast(t.Any, self))

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """Make the loader that asks the application and its routers."""
        from ..templating import DispatchingJinjaLoader

        return DispatchingJinjaLoader(t.cast(t.Any, self))

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Return whether a template is escaped by itself: HTML, XML, SVG, and text that has no file.

        :param filename: The template's name, or ``None``.
        """
        if filename is None:
            return True
        return filename.endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))

    def update_template_context(self, context: dict[str, t.Any]) -> None:
        """Add what the context processors return; names given to the template win.

        :param context: Changed in place.
        """
        ctx = current_or_none()
        router_path: tuple[str | None, ...] = (None,)
        request_ctx = None if ctx is None else ctx._request_ctx
        if request_ctx is not None:
            router_path = (None, *reversed(t.cast(t.Any, self).router_path_of(request_ctx)))
        given = dict(context)
        for scope in router_path:
            for function in self.template_context_processors.get(scope, ()):
                context.update(self.ensure_sync(function)())
        context.update(given)

    def add_template_part(self, table: str, name: str, f: cabc.Callable[..., t.Any]) -> None:
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

    def _decorate(self, table: str, name: t.Any) -> t.Any:
        def decorator(f: _F) -> _F:
            self.add_template_part(table, name or f.__name__, f)
            return f

        if callable(name):  # used without parentheses
            function, name = name, None
            return decorator(function)
        return decorator

    @setupmethod
    def template_filter(self, name: str | None = None) -> t.Any:
        """:meth:`add_template_filter` as a decorator."""
        return self._decorate("filters", name)

    @setupmethod
    def template_test(self, name: str | None = None) -> t.Any:
        """:meth:`add_template_test` as a decorator."""
        return self._decorate("tests", name)

    @setupmethod
    def template_global(self, name: str | None = None) -> t.Any:
        """:meth:`add_template_global` as a decorator."""
        return self._decorate("globals", name)

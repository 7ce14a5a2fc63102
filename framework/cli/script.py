"""The application that a command works on, and its context.

``ScriptInfo`` loads the application once, at the first need; ``AppGroup`` gives its commands the application context.
The command line itself is in ``cli.group``.
Floor 7.
"""

from __future__ import annotations

import functools
import os
import re
import typing as t

import click

from .. import context
from ..helpers import get_debug_flag, get_load_dotenv
from .discovery import NoAppException, locate_app, prepare_import
from .refusals import setup_errors

if t.TYPE_CHECKING:
    from ..app import App

_DEFAULT_MODULES = ("wsgi.py", "app.py")
_F = t.TypeVar("_F", bound=t.Callable[..., object])


class ScriptInfo:
    """The application that a command line works on; the object of the click context.

    :param app_import_path: Where the application is, as ``--app`` takes it; without it ``wsgi.py`` and ``app.py`` of
        the current directory are tried.
    :param create_app: A function that gives the application; it goes before the path.
    :param set_debug_flag: Set the application's ``debug`` from ``FRAMEWORK_DEBUG`` when it is loaded.
    :param load_dotenv_defaults: Read ``.env`` and ``.frameworkenv``, unless ``FRAMEWORK_SKIP_DOTENV`` is set.
    """

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: t.Callable[..., App] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        #: Free for commands and plugins to share values.
        self.data: dict[t.Any, t.Any] = {}
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = get_load_dotenv(load_dotenv_defaults)
        self._loaded_app: App | None = None

    def load_app(self) -> App:
        """Give the application; it is loaded by the first call, later ones give the same object.

        :raise NoAppException: There is none.
        """
        if self._loaded_app is not None:
            return self._loaded_app

        app = self._find_app()
        if app is None:
            raise NoAppException(
                "Could not locate an application. Use the 'framework --app' option, the 'FRAMEWORK_APP' environment"
                " variable, or a 'wsgi.py' or 'app.py' file in the current directory."
            )

        if self.set_debug_flag and app.debug != get_debug_flag():
            with app.config.reading("the variable FRAMEWORK_DEBUG, or --debug"):
                app.debug = get_debug_flag()

        self._loaded_app = app
        return app

    def _find_app(self) -> App | None:
        if self.create_app is not None:
            return self.create_app()

        if self.app_import_path:
            # The colon of a drive, "C:\code\app.py", does not separate.
            path, *name = re.split(r":(?![\\/])", self.app_import_path, maxsplit=1)
            if not path:
                raise NoAppException(f"{self.app_import_path!r} names no module. Write 'module:name'.")

            if path.endswith(".py") and not os.path.isfile(path):
                raise NoAppException(f"There is no file {path!r}, seen from {os.getcwd()!r}. Check the path.")

            return locate_app(prepare_import(path), name[0] if name else None)

        for file in _DEFAULT_MODULES:
            app = locate_app(prepare_import(file), None, raise_if_not_found=False)
            if app is not None:
                return app

        return None


#: Gives the :class:`ScriptInfo` to a command as its first argument.
pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)


def push_app_context(ctx: click.Context, app: App) -> None:
    """Keep the application's context pushed as long as a click context lives, unless it already is."""
    current = context.current_or_none()
    if current is None or current.app is not app:
        ctx.with_resource(app.app_context())


def with_appcontext(f: _F) -> _F:
    """Run a command's function in the application's context.

    Commands of an :class:`AppGroup` (``app.cli``, ``router.cli``) have it already; a ``click.command`` needs this.
    """

    @click.pass_context
    def run_in_context(ctx: click.Context, /, *args: object, **kwargs: object) -> object:
        with setup_errors():
            if context.current_or_none() is None:
                push_app_context(ctx, ctx.ensure_object(ScriptInfo).load_app())

            return ctx.invoke(f, *args, **kwargs)

    return t.cast(_F, functools.update_wrapper(run_in_context, f))


class AppGroup(click.Group):
    """A click group whose commands run in the application's context.

    Its groups are of this class again.
    """

    def command(self, *args: object, **kwargs: object) -> t.Callable[[t.Callable[..., object]], click.Command]:  # type: ignore[override]
        """Add a command, as :meth:`click.Group.command` does.

        :param with_appcontext: Run it in the application's context (default ``True``).
        """
        wanted = kwargs.pop("with_appcontext", True)
        # Used as "@group.command", without parentheses, click passes the function itself.
        bare = args[0] if len(args) == 1 and not kwargs and callable(args[0]) else None
        if bare is not None:
            args = ()

        def decorator(f: t.Callable[..., object]) -> click.Command:
            make: t.Callable[..., click.Command] = super(AppGroup, self).command(*args, **kwargs)
            return make(with_appcontext(f) if wanted else f)

        return t.cast("t.Any", decorator(bare)) if bare is not None else decorator

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a mistake in the application's set-up ends it with its message."""
        with setup_errors():
            return super().invoke(ctx)


AppGroup.group_class = AppGroup

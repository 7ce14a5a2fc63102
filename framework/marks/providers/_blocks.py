"""Values outside of handlers: ``App.provide`` for commands and deferred functions, ``App.override`` for tests.

Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import functools
import inspect
import typing as t

from ...context import Context, current_or_none
from ._graph import OverrideEntry, ProviderRegistry, key_of
from ._resolution import AsyncProvision, Enter, Provision, Resolution
from ._sources import BlockVariables, BuiltIn, kind_of, name_of_source

if t.TYPE_CHECKING:
    from types import TracebackType

    from ._graph import ProvidingApplication
    from ._marks import AsyncGeneratorManager, GeneratorManager

_T = t.TypeVar("_T")
_F = t.TypeVar("_F", bound=cabc.Callable[..., object])


class Provided(t.Generic[_T]):
    """The value of a provider for the length of a ``with`` or an ``async with`` block; see :class:`Provide`.

    :param app: The application.
    :param provider: The provider.
    """

    def __init__(self, app: ProvidingApplication, provider: object) -> None:
        self._app = app
        self._provider = provider
        self._stack: contextlib.ExitStack | None = None
        self._async_stack: contextlib.AsyncExitStack | None = None

    def _resolution(self) -> tuple[Resolution, Enter]:
        registry = ProviderRegistry.of(self._app)
        graph = registry.graph
        with registry.lock:
            found = graph.blocks.get(key_of(self._provider))
            if found is None:
                resolution = Resolution([graph.node(self._provider)], self._app)
                found = (resolution, resolution.compile(f"provider {name_of_source(self._provider)}"))
                graph.blocks[key_of(self._provider)] = found
        return t.cast("tuple[Resolution, Enter]", found)

    def __enter__(self) -> _T:
        _, enter = self._resolution()
        with contextlib.ExitStack() as stack:
            ctx = self._context(stack)
            provision = stack.enter_context(Provision(enter, ctx, RequestVariables(ctx)))
            self._stack = stack.pop_all()
        return t.cast(_T, provision.values[0])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        stack, self._stack = self._stack, None
        if stack is not None:
            stack.__exit__(kind, error, tb)

    async def __aenter__(self) -> _T:
        resolution, _ = self._resolution()
        async with contextlib.AsyncExitStack() as stack:
            ctx = self._context(stack)
            provision = await stack.enter_async_context(AsyncProvision(resolution, ctx, RequestVariables(ctx)))
            self._async_stack = stack.pop_all()
        return t.cast(_T, provision.values[0])

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        stack, self._async_stack = self._async_stack, None
        if stack is not None:
            await stack.__aexit__(kind, error, tb)

    def _context(self, stack: contextlib.ExitStack | contextlib.AsyncExitStack) -> Context:
        """Return the context that is there, or a new one for the length of the block."""
        ctx = current_or_none()
        if ctx is None or ctx.app is not t.cast(object, self._app):
            ctx = t.cast(Context, stack.enter_context(self._app.app_context()))
        return ctx._request_ctx or ctx


class RequestVariables:
    """The variables of the path of a context, if it has a request.

    :param ctx: The context.
    """

    def __init__(self, ctx: Context) -> None:
        self.view_args: dict[str, t.Any] = BlockVariables(ctx.view_args or ())


class Provide:
    """Values of providers where no operation passes them: in commands, deferred functions, scripts and streams.

    ``with app.provide(open_session) as db:`` makes the value, and all that it needs, for the length of the block; those
    of the request around it, if there is one, are others. Without an application context the block has its own. In a
    coroutine write ``async with``.

    :param app: The application.
    """

    def __init__(self, app: ProvidingApplication) -> None:
        self._app = app

    if t.TYPE_CHECKING:

        @t.overload
        def __call__(self, provider: BuiltIn[_T], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: cabc.Callable[..., GeneratorManager[_T]], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: cabc.Callable[..., AsyncGeneratorManager[_T]], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: cabc.Callable[..., cabc.Iterator[_T]], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: cabc.Callable[..., cabc.AsyncIterator[_T]], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: cabc.Callable[..., cabc.Coroutine[t.Any, t.Any, _T]], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: type[contextlib.AbstractContextManager[_T]], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: type[contextlib.AbstractAsyncContextManager[_T]], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: contextlib.AbstractContextManager[_T], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: contextlib.AbstractAsyncContextManager[_T], /) -> Provided[_T]: ...
        @t.overload
        def __call__(self, provider: cabc.Callable[..., _T], /) -> Provided[_T]: ...

    def __call__(self, provider: object, /) -> Provided[t.Any]:
        """Return the context manager of a value.

        :raises SetupError: The provider provides nothing, or does not fit those that it needs.
        """
        kind_of(provider)
        return Provided(self._app, provider)


class Override:
    """A provider in the place of another one, for a ``with`` block or a decorated function; see :meth:`App.override`.

    :param app: The application.
    :param provider: The provider.
    :param replacement: What is called in its place.
    """

    def __init__(self, app: ProvidingApplication, provider: object, replacement: object) -> None:
        for each in (provider, replacement):
            kind_of(each)
        self._app = app
        self._provider = provider
        self._replacement = replacement
        self._entries: list[OverrideEntry] = []

    def __enter__(self) -> Override:
        self._entries.append(ProviderRegistry.of(self._app).begin(self._provider, self._replacement))
        return self

    def __exit__(self, *error: object) -> None:
        ProviderRegistry.of(self._app).end(self._entries.pop())

    def __call__(self, function: _F) -> _F:
        """Override the provider while a function runs, a test mostly."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def waiting(*args: object, **kwargs: object) -> object:
                with Override(self._app, self._provider, self._replacement):
                    return await function(*args, **kwargs)

            return t.cast(_F, waiting)

        if inspect.isgeneratorfunction(function):  # a fixture

            @functools.wraps(function)
            def generator(*args: object, **kwargs: object) -> cabc.Generator[object, object, object]:
                with Override(self._app, self._provider, self._replacement):
                    return (yield from t.cast("cabc.Generator[object, object, object]", function(*args, **kwargs)))

            return t.cast(_F, generator)

        @functools.wraps(function)
        def call(*args: object, **kwargs: object) -> object:
            with Override(self._app, self._provider, self._replacement):
                return function(*args, **kwargs)

        return t.cast(_F, call)

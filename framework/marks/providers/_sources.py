"""Providers as they are written: functions, generators, context managers, and those that are built in.

Not here: what they get from one another (``marks.providers._graph``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import enum
import functools
import inspect
import types
import typing as t

from ..._sentinel import MISSING
from ...errors import SetupError
from ...helpers import is_nonblocking
from ..base import PROVIDER_SCOPE, Plan, called
from ._annotations import Annotation, resolved

if t.TYPE_CHECKING:
    from ...context import Context
    from ...wrappers import Request

_T = t.TypeVar("_T")
_F = t.TypeVar("_F", bound=cabc.Callable[..., object])

ProviderScope: t.TypeAlias = t.Literal["application", "request", "call"]
"""How long a value lives; see :func:`provider`."""
Variables: t.TypeAlias = "cabc.Mapping[str, object]"
"""The variables of the path of a request."""

SCOPES: t.Final = t.get_args(ProviderScope)


class SourceKind(enum.Enum):
    """The way in which a provider gives its value."""

    FUNCTION = "function"
    COROUTINE = "coroutine"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "asynchronous generator"
    MANAGER = "context manager"
    ASYNC_MANAGER = "asynchronous context manager"
    BUILT_IN = "built in"

    @property
    def is_async(self) -> bool:
        """Return whether its value is awaited."""
        return self in (SourceKind.COROUTINE, SourceKind.ASYNC_GENERATOR, SourceKind.ASYNC_MANAGER)

    @property
    def cleans_up(self) -> bool:
        """Return whether it has something to do when its value is not needed any more."""
        return self not in (SourceKind.FUNCTION, SourceKind.COROUTINE, SourceKind.BUILT_IN)


class BuiltIn(t.Generic[_T]):
    """A provider of the framework, whose value comes from the request.

    :param name: As it is written, for messages.
    :param read: Gets the context and the variables of the path.
    :param annotation: The type of the value.
    :param variable: The variable of the path that it reads.
    """

    def __init__(
        self,
        name: str,
        read: cabc.Callable[[Context, Variables], _T],
        annotation: Annotation = MISSING,
        variable: str | None = None,
    ) -> None:
        self.name = name
        self.read = read
        self.annotation = annotation
        self.variable = variable

    def __repr__(self) -> str:
        return self.name

    def check(self, plan: Plan, where: str) -> None:
        """Refuse an operation that has no such value.

        :param where: What uses it there, for messages.
        :raises SetupError: The path has no such variable.
        """
        variables = plan.rule.arguments or ()
        if self.variable is not None and self.variable not in variables:
            raise SetupError(
                f"{where} uses {self.name}, and the path {plan.rule.rule!r} of {plan.called} has the variables"
                f" {', '.join(sorted(variables)) or 'none'}. Name one of them, or give the provider to operations whose"
                " path has it."
            )


def path_variable(name: str, type: type[_T] | None = None) -> BuiltIn[_T]:
    """Make the provider of a variable of the path.

    The handler gets the variable by name as always, if it takes it.

    :param name: Its name in the rule.
    :param type: Its type, for type checkers and the check of annotations.
    """

    def read(ctx: Context, variables: Variables) -> _T:
        try:
            return t.cast(_T, variables[name])
        except KeyError:
            raise RuntimeError(
                f"path_variable({name!r}): there is not a variable of that name in the path of this request, or there"
                " is not a request. Give the value to a function that takes it, outside of requests."
            ) from None

    return BuiltIn(f"path_variable({name!r})", read, MISSING if type is None else type, name)


@t.overload
def current_user_as(type: type[_T], *, optional: t.Literal[False] = False) -> BuiltIn[_T]: ...
@t.overload
def current_user_as(type: type[_T], *, optional: bool) -> BuiltIn[_T | None]: ...


def current_user_as(type: type[_T], *, optional: bool = False) -> BuiltIn[_T] | BuiltIn[_T | None]:
    """Make the provider of the user who sends the request, as ``requires`` or a hook found them.

    :param type: The class of users, for type checkers and the check of annotations.
    :param optional: Whether the value is ``None`` where no user is known; otherwise that is an error.
    """

    def read(ctx: Context, variables: Variables) -> _T | None:
        user: _T | None = ctx.user
        if user is None and not optional:
            raise RuntimeError(
                f"current_user_as({type.__name__}): the request has no user. Put 'requires' on the operation, or"
                " say optional=True."
            )
        return user

    name = f"current_user_as({type.__name__}{', optional=True' if optional else ''})"
    return BuiltIn(name, read, t.Union[type, None] if optional else type)


def _read_context(ctx: Context, variables: Variables) -> Context:
    return ctx


def _read_request(ctx: Context, variables: Variables) -> Request:
    return ctx.request


class BlockVariables(dict[str, object]):
    """The variables of the path where the values are made for a block of ``App.provide``."""


def _read_operation_context(ctx: Context, variables: Variables) -> Context | None:
    return None if isinstance(variables, BlockVariables) or ctx.operation is None else ctx


current_context: t.Final = BuiltIn("current_context", _read_context)
"""The provider of the :class:`~framework.Context`."""
current_request: t.Final = BuiltIn("current_request", _read_request)
"""The provider of the :class:`~framework.Request`."""
operation_context: t.Final = BuiltIn("operation_context", _read_operation_context)
"""The provider of the :class:`~framework.Context` whose ``operation`` the value is made for; ``None`` in a block of
:meth:`~framework.App.provide`, which may be within a request and does not work for its operation."""


def provider(*, scope: ProviderScope) -> cabc.Callable[[_F], _F]:
    """Say how long the values of a provider live. Without it, for a request.

    :param scope: ``"application"``: made once per process at the first use, given back when the process ends;
        ``"request"``: once per request, command or block of :meth:`App.provide`; ``"call"``: anew for each place that
        it is given to.
    :return: A decorator that returns the function itself.
    :raises SetupError: The scope is unknown, or what is below it cannot carry it.
    """
    if scope not in SCOPES:
        raise SetupError(f"provider(scope={scope!r}): unknown scope. Known scopes: {', '.join(SCOPES)}.")

    def decorator(function: _F) -> _F:
        try:
            setattr(function, PROVIDER_SCOPE, scope)
        except (AttributeError, TypeError):
            raise SetupError(
                f"{function!r} cannot carry provider(scope={scope!r}). Put it on a function or a class."
            ) from None
        return function

    return decorator


def scope_of(source: object) -> ProviderScope | None:
    """Return the scope that a provider says; ``None`` if it says none."""
    scope: ProviderScope | None = getattr(source, PROVIDER_SCOPE, None)
    return scope if scope in SCOPES else None


@contextlib.contextmanager
def _manager() -> cabc.Iterator[None]:
    yield


@contextlib.asynccontextmanager
async def _async_manager() -> cabc.AsyncIterator[None]:
    yield


_CODES: t.Final = {
    _manager.__code__: SourceKind.MANAGER,
    _async_manager.__code__: SourceKind.ASYNC_MANAGER,
}
"""The code of all functions that ``contextmanager`` or ``asynccontextmanager`` has made."""
_USED_ONCE: t.Final = (contextlib._GeneratorContextManager, contextlib._AsyncGeneratorContextManager)


def is_object(source: object) -> bool:
    """Return whether a provider is a context manager itself, which is entered, and not called."""
    cls = type(source)
    return not isinstance(source, (type, types.FunctionType, types.MethodType, functools.partial)) and (
        hasattr(cls, "__enter__") or hasattr(cls, "__aenter__")
    )


def kind_of(source: object) -> SourceKind:
    """Return how a provider gives its value.

    :raises SetupError: It gives none, or hides how it does.
    """
    if isinstance(source, BuiltIn):
        return SourceKind.BUILT_IN
    if isinstance(source, _USED_ONCE):
        raise SetupError(
            f"{source.func.__qualname__}() was called, and its context manager can be entered once. Give the function"
            " itself."
        )
    if isinstance(source, type) or is_object(source):
        cls = source if isinstance(source, type) else type(source)
        if hasattr(cls, "__enter__"):
            return SourceKind.MANAGER
        return SourceKind.ASYNC_MANAGER if hasattr(cls, "__aenter__") else SourceKind.FUNCTION
    if not callable(source):
        raise SetupError(
            f"provides got {source!r}, which provides nothing. Give a function, a generator function or a context"
            " manager."
        )
    function = innermost(source)
    found = _kind_of_function(function)
    inner = getattr(function, "__wrapped__", None)
    while found is SourceKind.FUNCTION and inner is not None:
        hidden = _kind_of_function(inner)
        if hidden is not SourceKind.FUNCTION:
            raise SetupError(
                f"{called(source)} ({place_of_source(source)}) is wrapped by a function that returns the {hidden.value}"
                " of the one inside, which nothing would enter. Put the decorator below contextmanager, or let its"
                " wrapper be a generator too."
            )
        inner = getattr(inner, "__wrapped__", None)
    return found


def innermost(source: object) -> object:
    """Return the function that a partial, a method or an object that can be called comes down to."""
    while True:
        if isinstance(source, functools.partial):
            source = source.func
        elif isinstance(source, types.MethodType):
            source = source.__func__
        else:
            break
    if isinstance(source, types.FunctionType) or inspect.isroutine(source):
        return source
    method = inspect.getattr_static(type(source), "__call__", None)
    return method if isinstance(method, types.FunctionType) else source


def _kind_of_function(function: object) -> SourceKind:
    code = getattr(function, "__code__", None)
    if code in _CODES:
        return _CODES[code]
    if inspect.isgeneratorfunction(function):
        return SourceKind.GENERATOR
    if inspect.isasyncgenfunction(function):
        return SourceKind.ASYNC_GENERATOR
    return SourceKind.COROUTINE if inspect.iscoroutinefunction(function) else SourceKind.FUNCTION


_ITERATORS: t.Final = (cabc.Iterator, cabc.Generator, cabc.AsyncIterator, cabc.AsyncGenerator)
_YIELDED: t.Final = (*_ITERATORS, cabc.Iterable, cabc.AsyncIterable)


def annotation_of(source: object, kind: SourceKind) -> Annotation:
    """Return the type of the values of a provider, as it is annotated.

    :raises SetupError: It is annotated to return an iterator, and is not a generator.
    """
    if isinstance(source, BuiltIn):
        return source.annotation
    if isinstance(source, type) or is_object(source):
        return _annotation_of_class(source if isinstance(source, type) else type(source), kind)
    function = inspect.unwrap(t.cast("cabc.Callable[..., object]", innermost(source)))
    found = resolved(getattr(function, "__annotations__", {}).get("return", MISSING), function)
    origin = t.get_origin(found) or found
    if kind in (SourceKind.FUNCTION, SourceKind.COROUTINE):
        if origin in _ITERATORS:
            raise SetupError(
                f"{called(source)} ({place_of_source(source)}) is annotated to return an iterator, as a generator is,"
                " and has no 'yield'. Yield the value, or annotate what it returns otherwise: Iterable, list."
            )
        return found
    arguments = t.get_args(found)
    return arguments[0] if origin in _YIELDED and arguments else MISSING


def _annotation_of_class(cls: type, kind: SourceKind) -> Annotation:
    if kind is SourceKind.FUNCTION:
        return cls
    enter = getattr(cls, "__enter__" if kind is SourceKind.MANAGER else "__aenter__")
    found = resolved(getattr(enter, "__annotations__", {}).get("return", MISSING), enter)
    if found is t.Self or (isinstance(found, t.TypeVar) and enter.__annotations__.get("self") is found):
        return cls
    return found


def is_quick(source: object) -> bool:
    """Return whether a synchronous provider never waits, so that it may be called on an event loop."""
    if isinstance(source, BuiltIn):
        return True
    function = inspect.unwrap(source) if callable(source) else None
    return is_nonblocking(t.cast("cabc.Callable[..., object]", source)) or (
        function is not None and is_nonblocking(t.cast("cabc.Callable[..., object]", function))
    )


def name_of_source(source: object) -> str:
    """Return what messages call a provider."""
    if isinstance(source, BuiltIn):
        return source.name
    while isinstance(source, functools.partial):
        source = source.func
    return called(source).rpartition("<locals>.")[2]


def place_of_source(source: object) -> str:
    """Return file and line of a provider, for messages."""
    if isinstance(source, BuiltIn):
        return "built in"
    target = innermost(source) if not isinstance(source, type) else source
    function = inspect.unwrap(target) if callable(target) else target
    code = getattr(function, "__code__", None)
    if code is not None:
        return f"{code.co_filename}:{code.co_firstlineno}"
    cls = target if isinstance(target, type) else type(target)
    try:
        return f"{inspect.getsourcefile(cls) or cls.__module__}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):
        return cls.__module__

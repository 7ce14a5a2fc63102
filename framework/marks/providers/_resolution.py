"""The making of values for one request, command or stream: in order, once each, compiled to one function.

Not here: which values an operation gets (``marks.providers._marks``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import typing as t

from ..._sentinel import MISSING
from ...fast import Writer
from ._graph import ProviderNode
from ._scopes import OpenValue, in_thread, leave_all, leave_all_async
from ._sources import BuiltIn, SourceKind, Variables

if t.TYPE_CHECKING:
    from types import TracebackType

    from ...context import Context
    from ._graph import ProvidingApplication


class WithVariables(t.Protocol):
    """The call of an operation, as far as it knows the variables of the path."""

    @property
    def view_args(self) -> dict[str, t.Any]:
        """The variables."""


Enter: t.TypeAlias = "cabc.Callable[[Context, WithVariables, list[OpenValue]], tuple[object, ...]]"
"""Makes all values; those with a clean-up are added to the list."""


class ValueStepOf(t.NamedTuple):
    """One value in the order of making."""

    node: ProviderNode
    by_position: tuple[int, ...]
    """The places of the values that it gets, in the order of making."""
    by_name: dict[str, int]


class Resolution:
    """The values of some providers, and of those that they need, in the order of making.

    :param nodes: The providers.
    :param app: The application.
    """

    def __init__(self, nodes: cabc.Sequence[ProviderNode], app: ProvidingApplication) -> None:
        self.steps: list[ValueStepOf] = []
        self._made: dict[ProviderNode, int] = {}
        self._app = app
        self.results = [self._place(node) for node in nodes]
        """The places of the values of the providers."""
        own = [each.node for each in self.steps if each.node.scope != "application"]
        self.has_exits = any(each.kind.cleans_up for each in own)
        self.has_async = any(each.kind.is_async for each in own)
        self.has_async_exits = any(each.kind.is_async and each.kind.cleans_up for each in own)
        self.blocks = any(waits(each) for each in own)
        """True if one of them may wait in a thread."""

    def _place(self, node: ProviderNode) -> int:
        if node in self._made:
            return self._made[node]
        by_position: tuple[int, ...] = ()
        by_name: dict[str, int] = {}
        if node.scope != "application":
            by_position = tuple(self._place(each) for each in node.by_position)
            by_name = {name: self._place(each) for name, each in node.by_name.items()}
        self.steps.append(ValueStepOf(node, by_position, by_name))
        place = len(self.steps) - 1
        if node.scope != "call":
            self._made[node] = place
        return place

    def compile(
        self,
        title: str,
        tail: cabc.Callable[[list[str], Writer], list[str]] | None = None,
        head: cabc.Callable[[Writer], list[str]] | None = None,
        parameters: str = "ctx, call, opened=None",
    ) -> Enter:
        """Write the function that makes the values.

        :param title: What it is for, in tracebacks.
        :param tail: Returns the last lines, from the names of the values; default: it returns them.
        :param head: Returns the first lines.
        :param parameters: The parameters of the function.
        """
        writer = Writer(("ctx", "call", "opened", "blocking", "hop", "instance", "view_args"))
        names = [writer.name(_identifier(each.node.name)) for each in self.steps]
        hops = self._app.serves_on_loop and self.has_async
        writer.write(f"def provide({parameters}):")
        writer.write(*(() if head is None else head(writer)), depth=1)
        place = 0
        while place < len(self.steps):
            if not (hops and waits(self.steps[place].node)):
                writer.write(*self._lines(place, names, writer), depth=1)
                place += 1
                continue
            first = place
            lines: list[str] = []
            while place < len(self.steps) and not self.steps[place].node.kind.is_async:  # neighbours, in one go
                lines += self._lines(place, names, writer)
                place += 1
            made = names[first:place]
            writer.write(f"{' = '.join(made)} = None", "def blocking():", depth=1)
            writer.write(f"nonlocal {', '.join(made)}", *lines, depth=2)
            writer.write(f"{writer.bind(_hop(), 'hop')}(blocking)", depth=1)
        found = [names[each] for each in self.results]
        writer.write(*((tail or _return)(found, writer) or ["pass"]), depth=1)
        return t.cast(Enter, writer.compile(title)["provide"])

    def _lines(self, place: int, names: list[str], writer: Writer) -> list[str]:
        node, by_position, by_name = self.steps[place]
        name = names[place]
        given = [names[each] for each in by_position] + [f"{key}={names[each]}" for key, each in by_name.items()]
        if node.scope == "application":
            bound = writer.bind(node, f"{name}_provider")
            missing = writer.bind(MISSING, "MISSING")
            return [f"{name} = {bound}.value", f"if {name} is {missing}:", f"    {name} = {bound}.get()"]
        source = node.source
        if isinstance(source, BuiltIn):
            return [f"{name} = {writer.bind(source.read, f'read_{name}')}(ctx, call.view_args)"]
        if node.kind.cleans_up:
            value = writer.name(f"open_{name}")
            make = writer.bind(node.make, f"make_{name}")
            return [f"{value} = {make}({', '.join(given)})", f"opened.append({value})", f"{name} = {value}.enter()"]
        call = self._app.ensure_sync(node.call) if node.kind is SourceKind.COROUTINE else node.call
        return [f"{name} = {writer.bind(call, f'call_{name}')}({', '.join(given)})"]

    async def enter(self, ctx: Context, variables: Variables, opened: list[OpenValue]) -> list[object]:
        """Make the values in a coroutine; those that may wait are made in threads."""
        values: list[object] = []
        for node, by_position, by_name in self.steps:
            args = [values[each] for each in by_position]
            kwargs = {name: values[each] for name, each in by_name.items()}
            source = node.source
            value: object
            if node.scope == "application":
                value = node.value if node.value is not MISSING else await in_thread(node.get)
            elif isinstance(source, BuiltIn):
                value = source.read(ctx, variables)
            elif node.kind is SourceKind.COROUTINE:
                value = await node.call(*args, **kwargs)
            elif node.kind is SourceKind.FUNCTION:
                value = node.call(*args, **kwargs) if node.is_quick else await in_thread(_call, node, args, kwargs)
            else:
                value = await _entered(node, args, kwargs, opened)
            values.append(value)
        return [values[each] for each in self.results]


def waits(node: ProviderNode) -> bool:
    """Return whether making a value may wait in synchronous code, so that an event loop would be held up."""
    return node.scope != "application" and not (node.kind.is_async or node.is_quick)


def _identifier(name: str) -> str:
    return "".join(each if each.isalnum() and each.isascii() else "_" for each in name).strip("_") or "value"


def _return(names: list[str], writer: Writer) -> list[str]:
    return [f"return ({''.join(f'{name}, ' for name in names)})"]


def _hop() -> object:
    from ..._coroutines import off_loop  # PERF: imports asyncio, 20 ms

    def call(function: cabc.Callable[[], object]) -> object:
        return off_loop(function)()

    return call


def _call(node: ProviderNode, args: list[object], kwargs: dict[str, object]) -> object:
    result: object = node.call(*args, **kwargs)
    return result


async def _entered(
    node: ProviderNode, args: list[object], kwargs: dict[str, object], opened: list[OpenValue]
) -> object:
    """Open a value with a clean-up; it is on the list before, so that a cancelled task gives it back."""

    def begin() -> object:
        value = node.make(*args, **kwargs)
        opened.append(value)
        return value.enter()

    if not node.kind.is_async:
        return begin() if node.is_quick else await in_thread(begin)
    value: t.Any = node.make(*args, **kwargs)
    opened.append(value)
    return await value.enter_async()


class Provision:
    """The context manager around those who use the values.

    :param enter: The compiled function.
    :param ctx: The context.
    :param call: Knows the variables of the path.
    """

    __slots__ = ("_call", "_ctx", "_enter", "_opened", "values")

    values: tuple[object, ...]
    """The values, once it was entered."""

    def __init__(self, enter: Enter, ctx: Context, call: WithVariables) -> None:
        self._enter = enter
        self._ctx = ctx
        self._call = call
        self._opened: list[OpenValue] = []

    def __enter__(self) -> Provision:
        try:
            self.values = self._enter(self._ctx, self._call, self._opened)
        except BaseException as error:  # noqa: BLE001 - raised again
            raised = self._leave(error)
            try:
                if raised is error:
                    raise
                raise t.cast(BaseException, raised)
            finally:
                raised = None  # the exception would refer to itself by its traceback
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if not self._opened:
            return
        raised = self._leave(error)
        try:
            if raised is not error and raised is not None:
                raise raised
        finally:
            raised = None

    def _leave(self, error: BaseException | None) -> BaseException | None:
        """Give everything back; return the exception that is to be raised."""
        return leave_all(self._opened, error)


class OffLoopProvision(Provision):
    """The same, with asynchronous values among them: those that may wait are given back in a thread."""

    __slots__ = ()

    def _leave(self, error: BaseException | None) -> BaseException | None:
        from ..._coroutines import switches

        opened = self._opened
        try:
            while opened:
                value = [opened.pop()]
                if value[0].is_async or value[0].node.is_quick:
                    error = leave_all(value, error)
                else:
                    error = switches.hop(leave_all, value, error)
            return error
        finally:
            error = None


class AsyncProvision(contextlib.AbstractAsyncContextManager["AsyncProvision"]):
    """The same in a coroutine.

    :param resolution: The values.
    :param ctx: The context.
    :param call: Knows the variables of the path.
    :param use: Called with the values, once they are there.
    """

    def __init__(
        self,
        resolution: Resolution,
        ctx: Context,
        call: WithVariables,
        use: cabc.Callable[[cabc.Sequence[object]], None] | None = None,
    ) -> None:
        self._resolution = resolution
        self._ctx = ctx
        self._call = call
        self._use = use
        self._opened: list[OpenValue] = []
        self.values: cabc.Sequence[object] = ()

    async def __aenter__(self) -> AsyncProvision:
        try:
            self.values = await self._resolution.enter(self._ctx, self._call.view_args, self._opened)
        except BaseException as error:  # noqa: BLE001 - raised again
            raised = await leave_all_async(self._opened, error)
            try:
                if raised is error:
                    raise
                raise t.cast(BaseException, raised)
            finally:
                raised = None
        if self._use is not None:
            self._use(self.values)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        raised = await leave_all_async(self._opened, error)
        try:
            if raised is not error and raised is not None:
                raise raised
        finally:
            raised = None

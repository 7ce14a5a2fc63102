"""The values of one operation, compiled at freeze, and anew for what ``App.override`` puts in their place.

Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import functools
import inspect
import typing as t

from ...context import current
from ...helpers import may_block
from ..base import AroundFactory, Call, Phase, Plan, Step, Steps
from ._graph import ProviderGraph, ProviderRegistry
from ._resolution import AsyncProvision, Enter, OffLoopProvision, Provision, Resolution
from ._sources import BuiltIn
from ._streams import (
    StreamProviders,
    Target,
    is_generator,
    is_stream,
    refuse_given_back,
    runs_after_the_answer,
)

if t.TYPE_CHECKING:
    from ...context import Context
    from ...fast import Writer


class CompiledProviders(t.NamedTuple):
    """The values of one operation as a graph makes them."""

    resolution: Resolution
    enter: Enter
    """Makes the values and gives them to the call."""


class CallOfHandler:
    """The values for a handler that is called without the call of an operation.

    :param view_args: The variables of the path.
    :param slots: The number of values by position.
    """

    def __init__(self, view_args: dict[str, t.Any], slots: int) -> None:
        self.view_args = self.kwargs = view_args
        self.arguments: list[object] = [None] * slots


class OperationProviders:
    """The values of one operation.

    :param registry: The providers of the application.
    :param plan: The operation in the making.
    :param targets: The values that the handler gets.
    """

    def __init__(self, registry: ProviderRegistry, plan: Plan, targets: list[Target]) -> None:
        self.registry = registry
        self.targets = targets
        self._plan = plan
        self._title = f"providers of {plan.called}"
        self._dropped = self._unused_variables(plan)
        plan.dropped |= self._dropped
        self.has_around = False
        with registry.lock:
            self.base = self._compiled(registry.graphs[0], is_base=True)
            self.current = self.base
            if len(registry.graphs) > 1:
                self.renew(registry.graph)
            registry.operations.add(self)
        self.has_around = self.base.resolution.has_exits or self.current.resolution.has_exits
        """True if they are given back."""
        if self.base.resolution.has_async or self.current.resolution.has_async:
            plan.has_coroutines = True
        self.stream: StreamProviders | None = None
        if self.has_around and runs_after_the_answer(plan):
            self.stream = StreamProviders(registry, plan, targets)

    @functools.cached_property
    def plain(self) -> CompiledProviders:
        """Return the values as they are without overrides, made by code that does not look for any."""
        return self._compiled(self.registry.graphs[0])

    def _unused_variables(self, plan: Plan) -> set[str]:
        """Return the variables of the path that providers take, and the handler does not."""
        graph = self.registry.graphs[0]
        read = {
            node.source.variable
            for target in self.targets
            for node in graph.node(target.provider).everything()
            if isinstance(node.source, BuiltIn) and node.source.variable is not None
        }
        if not read:
            return set()
        told = inspect.signature(plan.handler).parameters
        if any(each.kind is each.VAR_KEYWORD for each in told.values()):
            return set()
        return read - set(told)

    def _compiled(self, graph: ProviderGraph, is_base: bool = False) -> CompiledProviders:
        resolution = Resolution([graph.node(each.provider) for each in self.targets], self.registry.app)

        def tail(names: list[str], writer: Writer) -> list[str]:
            lines: list[str] = []
            by_name: list[str] = []
            for target, name in zip(self.targets, names, strict=True):
                if target.key is not None:
                    lines.append(f"call.notes[{writer.bind(target.key, 'key')}] = {name}")
                if target.slot is not None:
                    lines.append(f"call.arguments[{target.slot}] = {name}")
                elif target.name is not None:
                    by_name.append(f"{target.name!r}: {name}")
            rest = "**call.kwargs"
            if self._dropped:
                dropped = writer.bind(self._dropped, "dropped")
                rest = f"**{{key: value for key, value in call.kwargs.items() if key not in {dropped}}}"
            if by_name or self._dropped:
                lines.append(f"call.kwargs = {{{', '.join([rest, *by_name])}}}")
            return lines

        def head(writer: Writer) -> list[str]:
            overrides = writer.bind(self.registry.overrides, "overrides")
            return [f"if {overrides}:", f"    return {writer.bind(self._enter_current, 'enter_current')}(ctx, call)"]

        is_alone = is_base and not resolution.has_exits
        return CompiledProviders(resolution, resolution.compile(self._title, tail, head if is_alone else None))

    def _enter_current(self, ctx: Context, call: Call) -> object:
        """Make the values as they are overridden, for an operation without clean-up."""
        return self.current.enter(ctx, call, [])

    def renew(self, graph: ProviderGraph) -> bool:
        """Compile the values for another graph.

        :return: Whether the operation can have them as it is, and need not be built anew.
        """
        is_base = graph is self.registry.graphs[0]
        if not is_base and all(each.node is graph.node(each.node.provider) for each in self.base.resolution.steps):
            # PERF: most overrides are nothing to most operations.
            self.current = self.base if self.has_around else self.plain
        else:
            self.current = self.base if is_base else self._compiled(graph)
        return self.has_around or not self.current.resolution.has_exits

    def steps(self) -> Steps:
        """Return the steps that make the values, where none of them is given back."""
        if self.stream is not None:
            yield self.stream.step()
        elif self.has_around and is_stream(self._plan) and not is_generator(self._plan):
            yield refuse_given_back(self.registry, self._plan, self.targets)
        if not self.has_around:
            reads = any(isinstance(each.node.source, BuiltIn) for each in self.base.resolution.steps)
            enter = t.cast("cabc.Callable[..., object]", self.base.enter)
            enter.__qualname__ = "ProvidesMark"  # for those who look at the steps
            yield Step(Phase.LOAD, enter, self._blocks, None if reads else self._alone)

    def _alone(self, handler: cabc.Callable[..., object], is_method: bool) -> cabc.Callable[..., object] | None:
        """Return a handler that makes its values itself; ``None`` where another mark gives it more."""
        if self._plan.slots != sum(each.slot is not None for each in self.targets):
            return None
        own = "instance, " if is_method else ""

        def overridden(*instance: object, **view_args: object) -> object:
            call = CallOfHandler(view_args, self._plan.slots)
            self.current.enter(current(), call, [])
            return handler(*instance, *call.arguments, **call.kwargs)

        def head(writer: Writer) -> list[str]:
            overrides = writer.bind(self.registry.overrides, "overrides")
            return [f"if {overrides}:", f"    return {writer.bind(overridden, 'overridden')}({own}**view_args)"]

        def tail(names: list[str], writer: Writer) -> list[str]:
            found = zip(self.targets, names, strict=True)
            given = sorted((target.slot, name) for target, name in found if target.slot is not None)
            passed = [name for _, name in given]
            passed += [f"{each.name}={name}" for each, name in zip(self.targets, names, strict=True) if each.name]
            return [f"return {writer.bind(handler, 'handler')}({own}{', '.join([*passed, '**view_args'])})"]

        return self.base.resolution.compile(self._title, tail, head, f"{own}**view_args")

    @property
    def _blocks(self) -> bool:
        """Return whether all of it is called in a thread: where something is asynchronous, the code does it itself."""
        return any(each.resolution.blocks for each in (self.base, self.current)) and not any(
            each.resolution.has_async for each in (self.base, self.current)
        )

    def around(self) -> AroundFactory | None:
        """Return what makes the context manager of a request, where a value is given back."""
        if not self.has_around:
            return None
        overrides = self.registry.overrides

        def make(ctx: Context, call: Call) -> contextlib.AbstractContextManager[object] | AsyncProvision:
            compiled = self.current if overrides else self.base
            if compiled.resolution.has_async:
                if compiled.resolution.has_async_exits and ctx.app.has_own_loop:
                    return AsyncProvision(compiled.resolution, ctx, call, lambda values: self._use(call, values))
                return OffLoopProvision(compiled.enter, ctx, call)
            return Provision(compiled.enter, ctx, call)

        may_block(make, self._blocks)
        return t.cast(AroundFactory, make)

    def _use(self, call: Call, values: cabc.Sequence[object]) -> None:
        """Give the values to the handler."""
        named: dict[str, object] = {}
        for target, value in zip(self.targets, values, strict=True):
            if target.key is not None:
                call.notes[target.key] = value
            if target.slot is not None:
                call.arguments[target.slot] = value
            elif target.name is not None:
                named[target.name] = value
        rest = {key: value for key, value in call.kwargs.items() if key not in self._dropped}
        call.kwargs = {**rest, **named}

"""Streams: their handlers are generators, which run when the values of their request have been given back.

So what ends with the request is opened once more, by the generator for its own time, and given back when it ends, is
closed because the client has left, or fails.
Not here: the parts of a stream (``marks.files``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import types
import typing as t

from ..base import Call, Key, Plan, ValueStep
from ..responses import ResponseMark
from ._graph import ProviderGraph, ProviderRegistry
from ._resolution import AsyncProvision, Enter, Provision, Resolution
from ._sources import innermost

if t.TYPE_CHECKING:
    from ...context import Context


class Target(t.NamedTuple):
    """A value that the handler gets."""

    provider: object
    slot: int | None
    """Its place, if it goes by position."""
    name: str | None
    """Its name, if it goes by name."""
    key: Key[object] | None = None
    """The key of the note that has it as well, for another mark."""


def runs_after_the_answer(plan: Plan) -> bool:
    """Return whether the handler is a generator that makes the parts of the answer while they are sent.

    One whose values are dumped as a whole runs before that.
    """
    if not is_generator(plan):
        return False
    declared = next((mark for mark in plan.marks if isinstance(mark, ResponseMark)), None)
    return declared is None or is_stream(plan)


def is_generator(plan: Plan) -> bool:
    """Return whether the handler is a generator."""
    handler = inspect.unwrap(plan.handler)
    return inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler)


def is_stream(plan: Plan) -> bool:
    """Return whether the handler declares a stream."""
    declared = next((mark for mark in plan.marks if isinstance(mark, ResponseMark)), None)
    if declared is None:
        return False
    from ..files import StreamMark

    return isinstance(declared, StreamMark)


_PLAIN: t.Final = (type(None), bool, int, float, str, bytes, tuple, frozenset)


def refuse_given_back(registry: ProviderRegistry, plan: Plan, targets: list[Target]) -> ValueStep:
    """Return the step that refuses a generator which would use values that are given back before its first part.

    For a handler that is not a generator, and returns one.
    """
    base = registry.graphs[0]
    ending = [(each, base.node(each.provider)) for each in targets]
    ending = [(each, node) for each, node in ending if node.kind.cleans_up and node.is_given_back]
    names = [each.name or node.name for each, node in ending]
    where = plan.called

    def check(ctx: Context, call: Call, value: object) -> None:
        frame = value.gi_frame if isinstance(value, types.GeneratorType) else None
        if isinstance(value, types.AsyncGeneratorType):
            frame = value.ag_frame
        if frame is None:
            return
        held = {id(each) for each in frame.f_locals.values() if not isinstance(each, _PLAIN)}
        for name, (target, _) in zip(names, ending, strict=True):
            found = call.kwargs.get(target.name or "") if target.slot is None else call.arguments[target.slot]
            if id(found) in held:
                raise TypeError(
                    f"{where} returned a generator that uses {name!r}, which is given back before the first part is"
                    " sent. Let the handler itself be the generator: it then has a value for its own time. Or open one"
                    " in the generator: with app.provide(...)."
                )

    return ValueStep(check)


class StreamProviders:
    """The values that a generator opens for its own time.

    :param registry: The providers of the application.
    :param plan: The operation in the making.
    :param targets: The values that the handler gets.
    """

    def __init__(self, registry: ProviderRegistry, plan: Plan, targets: list[Target]) -> None:
        self._registry = registry
        self._targets = targets
        self._handler = t.cast("cabc.Callable[..., t.Any]", plan.handler)
        self._code = getattr(innermost(inspect.unwrap(plan.handler)), "__code__", None)
        self._title = f"providers of the stream {plan.called}"
        self._compiled: tuple[ProviderGraph, Resolution, Enter, list[Target]] | None = None

    def step(self) -> ValueStep:
        """Return the step that replaces the generator of the handler by one that opens its values."""
        return ValueStep(self.restart)

    def restart(self, ctx: Context, call: Call, value: object) -> object:
        """Return a generator in the place of the one that the handler has returned, if that is its own."""
        if isinstance(value, types.GeneratorType) and value.gi_code is self._code:
            value.close()  # it has not begun
            return self._parts(ctx, call)
        if isinstance(value, types.AsyncGeneratorType) and value.ag_code is self._code:
            return self._async_parts(ctx, call)
        return None

    def _resolution(self) -> tuple[ProviderGraph, Resolution, Enter, list[Target]]:
        """Return the values that are opened once more; compiled by the first stream, and after an override."""
        graph = self._registry.graph
        compiled = self._compiled
        if compiled is None or compiled[0] is not graph:
            with self._registry.lock:
                again = [(each, graph.node(each.provider)) for each in self._targets]
                again = [(each, node) for each, node in again if node.is_given_back]
                resolution = Resolution([node for _, node in again], self._registry.app)
                enter = resolution.compile(self._title)
                compiled = self._compiled = (graph, resolution, enter, [each for each, _ in again])
        return compiled

    def _parts(self, ctx: Context, call: Call) -> cabc.Generator[object]:
        _, _, enter, targets = self._resolution()
        with Provision(enter, ctx, call) as provision:
            yield from self._begun(call, targets, provision.values)

    async def _async_parts(self, ctx: Context, call: Call) -> cabc.AsyncGenerator[object]:
        _, resolution, _, targets = self._resolution()
        async with AsyncProvision(resolution, ctx, call) as provision:
            parts = self._begun(call, targets, provision.values)
            try:
                async for part in parts:
                    yield part
            finally:
                await parts.aclose()

    def _begun(self, call: Call, targets: list[Target], values: cabc.Sequence[object]) -> t.Any:
        """Call the handler with the new values, and those that are good still."""
        arguments, kwargs = list(call.arguments), dict(call.kwargs)
        for target, value in zip(targets, values, strict=True):
            if target.slot is not None:
                arguments[target.slot] = value
            elif target.name is not None:
                kwargs[target.name] = value
        is_method = call.operation.view_class is not None
        return self._handler(*((call.instance,) if is_method else ()), *arguments, **kwargs)

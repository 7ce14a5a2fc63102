"""Operations on an event loop: which ones run there, and which of their steps are called in a thread all the same.

Not here: the loop itself (``asgi``), waiting for coroutines (``_coroutines``).
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import itertools
import operator
import typing as t

import msgspec

from ..helpers import is_nonblocking
from ..marks.base import Call, Plan, ReplyStep, Step, ValueStep
from ..teardown import CollectErrors

if t.TYPE_CHECKING:
    from types import TracebackType

    from ..context import Context
    from .around import Around

    AnyStep: t.TypeAlias = Step | ValueStep | ReplyStep

_S = t.TypeVar("_S", Step, ValueStep, ReplyStep)


def runs_on_loop(plan: Plan, direct: bool, arounds: cabc.Iterable[Around]) -> bool:
    """Return whether an operation runs on the loop of an ASGI server: where something of it is asynchronous.

    :param plan: The operation, after all marks have been asked.
    :param direct: Whether nothing is between the application and the handler.
    :param arounds: Its context managers.
    """
    if not direct:
        return False  # what is between them may wait
    handler = inspect.unwrap(plan.handler)
    return (
        inspect.iscoroutinefunction(plan.handler)
        or inspect.isasyncgenfunction(handler)
        or getattr(plan.handler, "__framework_blocks__", None) is False  # marked; views of the framework may wait
        or plan.has_coroutines
        or any(is_async(around) for around in arounds)
    )


def is_async(around: Around) -> bool:
    """Return whether a mark makes an asynchronous context manager, as far as its function says."""
    make = inspect.unwrap(around.make)
    return inspect.isasyncgenfunction(make) or inspect.iscoroutinefunction(make)


def with_blocking(step: AnyStep, calls_users: bool) -> AnyStep:
    """Return a step that says whether it may wait.

    :param calls_users: Whether it calls functions of users that may.
    """
    if step.blocks or not (calls_users or not is_nonblocking(step.run)):
        return step
    return msgspec.structs.replace(step, blocks=True)


def in_threads(steps: cabc.Iterable[_S]) -> list[_S]:
    """Join neighbours that may wait into one step each, which a loop calls in a thread: one hop for all of them."""
    joined: list[_S] = []
    for blocks, found in itertools.groupby(steps, operator.attrgetter("blocks")):
        group = list(found)
        joined.extend([_joined(group)] if blocks else group)
    return joined


def _joined(group: list[_S]) -> _S:
    from .._coroutines import off_loop  # PERF: imports asyncio, 20 ms

    first, runs = group[0], tuple(step.run for step in group)

    def run_all(ctx: Context, call: Call) -> object:
        for run in runs:
            reply = t.cast(cabc.Callable[..., object], run)(ctx, call)
            if reply is not None:
                return reply
        return None

    def change_all(ctx: Context, call: Call, value: object) -> object:
        for run in runs:
            changed = t.cast(cabc.Callable[..., object], run)(ctx, call, value)
            if changed is not None:
                value = changed
        return value

    function: cabc.Callable[..., object] = run_all if isinstance(first, Step) else change_all

    return msgspec.structs.replace(first, run=off_loop(function))


class OffLoopManager:
    """A context manager that is entered and left in a thread where a loop would be held up.

    :param manager: The context manager.
    """

    def __init__(self, manager: t.Any) -> None:
        self._manager = manager

    def __enter__(self) -> object:
        from .._coroutines import switches

        entered: object = switches.hop(self._manager.__enter__)
        return entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> object:
        from .._coroutines import switches

        swallows: object = switches.hop(self._manager.__exit__, kind, error, tb)
        return swallows


# Hooks.

PlainHook: t.TypeAlias = cabc.Callable[..., object]


def joined_hooks(
    hooks: cabc.Iterable[PlainHook], join: cabc.Callable[[tuple[PlainHook, ...]], PlainHook]
) -> tuple[cabc.Callable[..., t.Any], ...]:
    """Join neighbouring hooks that may wait, so that a loop calls them in a thread after one hop.

    :param hooks: As ``App.ensure_sync`` gives them.
    :param join: Makes one hook of several.
    """
    from .._coroutines import off_loop

    found: list[PlainHook] = []
    for waits, group in itertools.groupby(hooks, lambda hook: hasattr(hook, "__framework_off_loop__")):
        these = tuple(group)
        found.extend([off_loop(join(these))] if waits and len(these) > 1 else these)
    return tuple(found)


def in_turn(hooks: tuple[PlainHook, ...]) -> PlainHook:
    """Join hooks that run before the handler: the first value ends them."""

    def run() -> object:
        for hook in hooks:
            value = hook()
            if value is not None:
                return value
        return None

    return run


def one_by_one(hooks: tuple[PlainHook, ...]) -> PlainHook:
    """Join hooks that each get the answer of the one before."""

    def run(reply: object) -> object:
        for hook in hooks:
            reply = hook(reply)
        return reply

    return run


def all_of_them(hooks: tuple[PlainHook, ...]) -> PlainHook:
    """Join hooks that all run, whatever some of them raise."""

    def run(error: BaseException | None) -> None:
        collector = CollectErrors()
        for hook in hooks:
            with collector:
                hook(error)
        collector.raise_any("Errors during request teardown.")

    return run

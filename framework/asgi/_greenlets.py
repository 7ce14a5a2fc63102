"""Synchronous code on an event loop, by greenlets: where it waits for a coroutine, the loop goes on with others.

It shares the context variables of the task that it belongs to. Uses greenlet's public names alone.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import sys
import typing as t

import greenlet

from .._coroutines import Coroutine, switches

if t.TYPE_CHECKING:
    from ._bridge import LoopBridge

_T = t.TypeVar("_T")

_current = greenlet.getcurrent


class LoopGreenlet(greenlet.greenlet):  # type: ignore[misc]
    """Synchronous code of one request, on the loop.

    :param run: The code.
    :param bridge: That of the request.
    """

    def __init__(self, run: cabc.Callable[..., object], bridge: LoopBridge) -> None:
        super().__init__(run)
        self.bridge = bridge
        self.gr_context = _current().gr_context


def is_on_loop() -> bool:
    """Return whether this is such code."""
    return type(_current()) is LoopGreenlet


def bridge_on_loop() -> LoopBridge:
    """Return the bridge of the request whose code this is."""
    return t.cast(LoopGreenlet, _current()).bridge


def wait(coroutine: Coroutine[_T]) -> _T:
    """Hand a coroutine to the loop, and go on with its result."""
    return t.cast(_T, t.cast(greenlet.greenlet, _current().parent).switch(coroutine))


def hop(function: cabc.Callable[..., _T], *args: object, **kwargs: object) -> _T:
    """Call a function in a thread of the pool, and go on with its result."""
    value, error = wait(bridge_on_loop().in_thread(_tried, function, args, kwargs))
    try:
        if error is not None:
            raise error
        return t.cast(_T, value)
    finally:
        error = None  # the exception would refer to itself by its traceback


def _tried(
    function: cabc.Callable[..., _T], args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[_T | None, BaseException | None]:
    # Exceptions are values here: no coroutine can raise StopIteration.
    try:
        return function(*args, **kwargs), None
    except BaseException as error:  # noqa: BLE001 - raised by the caller
        return None, error


async def run(bridge: LoopBridge, function: cabc.Callable[..., _T], *args: object) -> _T:
    """Run synchronous code to its end, and each coroutine that it waits for."""
    code = LoopGreenlet(function, bridge)
    given = code.switch(*args)
    while not code.dead:
        try:
            value = await bridge.watched(given)
        except BaseException:  # noqa: BLE001 - raised where the code waits
            given = code.throw(*sys.exc_info())
        else:
            given = code.switch(value)
    return t.cast(_T, given)


def install() -> None:
    """Let synchronous code on a loop find its way there."""
    switches.wait = wait
    switches.bridge, switches.is_on_loop = bridge_on_loop, is_on_loop  # type: ignore[method-assign]
    switches.hop = hop  # type: ignore[method-assign]

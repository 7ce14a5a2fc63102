"""Synchronous code on an event loop, by greenlets: where it waits for a coroutine, the loop goes on with others.

It shares the context variables of the task that it belongs to. Uses greenlet's public names alone.
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections
import collections.abc as cabc
import sys
import threading
import typing as t

import greenlet

from .._coroutines import CleanUp, result_of, switches, wait
from .._sentinel import MISSING
from ._body import begun

if t.TYPE_CHECKING:
    from ._bridge import LoopBridge

_T = t.TypeVar("_T")

_current, _running_loop = greenlet.getcurrent, asyncio._get_running_loop


class LoopGreenlet(greenlet.greenlet):  # type: ignore[misc]
    """Synchronous code of one request after another, on the loop."""

    # PERF: the interpreter maps memory for the frames of each new greenlet: 12 us, where one that is kept costs 1.
    bridge: LoopBridge
    """The bridge of the request whose code it is."""

    end: tuple[t.Any, BaseException | None] | None = None
    """The value of its code, or what that has raised; taken by the task."""

    def run(self) -> None:
        """Run what is given, again and again, and say each time that it has come to its end."""
        given = self.parent.switch(MISSING)
        while given is not None:
            function, args = given
            try:
                self.end = function(*args), None
            except BaseException as error:  # noqa: BLE001 - raised in the task
                self.end = None, error
            del function, args, given
            given = self.parent.switch(MISSING)


_idle: collections.deque[LoopGreenlet] = collections.deque()
"""Those of the main thread, where servers have their loop. In another one, which may end before, none is kept:
greenlets must not outlive their thread."""
_MOST_IDLE: t.Final = 100


def is_on_loop() -> bool:
    """Return whether this is such code."""
    # A thread without a loop is not asked: greenlet would keep account of it.
    return _running_loop() is not None and type(_current()) is LoopGreenlet


def bridge_on_loop() -> LoopBridge:
    """Return the bridge of the request whose code this is."""
    return t.cast(LoopGreenlet, _current()).bridge


def hop(function: cabc.Callable[..., _T], *args: object, **kwargs: object) -> _T:
    """Call a function in a thread of the pool where it would hold a loop up, and go on with its result."""
    if not is_on_loop():
        return function(*args, **kwargs)
    value, error = wait(bridge_on_loop().in_thread(_tried, function, args, kwargs))
    try:
        result: _T = result_of(value, error)
        return result
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
    here = _current()
    is_main = threading.get_ident() == threading.main_thread().ident
    if _idle and is_main:
        code = _idle.pop()
    else:
        code = LoopGreenlet()
        code.switch()
    code.bridge = bridge
    code.gr_context = here.gr_context
    given = code.switch((function, args))
    while given is not MISSING:  # a coroutine that the code waits for
        try:
            try:
                waits_for = given.send(None)
            except StopIteration as end:  # PERF: nothing was waited for
                value = end.value
            else:
                waiting = begun if type(given) is CleanUp else bridge.waiting
                value = await waiting(waits_for, given.__await__())
        except BaseException:  # noqa: BLE001 - raised where the code waits
            given = code.throw(*sys.exc_info())
        else:
            given = code.switch(value)
    (value, error), code.end = t.cast("tuple[t.Any, BaseException | None]", code.end), None
    code.gr_context = None
    del code.bridge
    if is_main and len(_idle) < _MOST_IDLE:
        _idle.append(code)
    else:
        code.switch(None)  # it ends
    if error is None:
        return t.cast(_T, value)
    try:
        raise error
    finally:
        del error  # the exception would refer to itself by its traceback


def install() -> None:
    """Let synchronous code on a loop find its way there."""
    switches.current, switches.kind = _current, LoopGreenlet  # type: ignore[method-assign]
    switches.bridge, switches.is_on_loop = bridge_on_loop, is_on_loop  # type: ignore[method-assign]
    switches.hop = hop  # type: ignore[method-assign]

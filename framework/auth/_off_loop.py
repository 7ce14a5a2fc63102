"""Work that may wait, kept off the event loop that a request runs on.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import concurrent.futures
import inspect
import typing as t

from ..context import current_or_none
from ..helpers import is_nonblocking

if t.TYPE_CHECKING:
    from ..context import Context

_T = t.TypeVar("_T")


def _on_loop(ctx: Context | None) -> bool:
    return ctx is not None and ctx.app.serves_on_loop


def off_loop(function: cabc.Callable[..., _T], *args: object) -> _T:
    """Call a function that may wait: in a thread where it would hold a loop up, and here otherwise."""
    if not _on_loop(current_or_none()):
        return function(*args)
    from .._coroutines import switches  # PERF: imports asyncio, 20 ms

    return switches.hop(function, *args)


def call_users(function: cabc.Callable[..., object], *args: object) -> object:
    """Call a function of a user, which may be asynchronous or wait."""
    if inspect.iscoroutinefunction(function) or is_nonblocking(function):
        result = function(*args)
    else:
        result = off_loop(function, *args)
    if inspect.isawaitable(result):
        from .._coroutines import wait_for  # PERF: imports asyncio, 20 ms

        return wait_for(t.cast("cabc.Awaitable[object]", result))
    return result


def wait_until_done(future: concurrent.futures.Future[_T], seconds: float) -> None:
    """Wait for work in another thread; on a loop no thread is held meanwhile.

    :raises TimeoutError: It is not done by then.
    """
    if _on_loop(current_or_none()):
        from .._coroutines import switches

        if switches.is_on_loop():
            import asyncio

            from .._coroutines import wait

            async def done() -> None:
                await asyncio.wait([asyncio.wrap_future(future)], timeout=seconds)

            wait(done())
            if not future.done():
                raise TimeoutError
            return
    concurrent.futures.wait([future], timeout=seconds)
    if not future.done():
        raise TimeoutError

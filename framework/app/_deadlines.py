"""Coroutines that end at the deadline of their request.

Not here: who sets one (``serve``).
Floor 6.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import functools
import typing as t

from ..context import current_or_none
from ..errors import DeadlineExceeded

_P = t.ParamSpec("_P")
_R = t.TypeVar("_R")


def until_deadline(
    func: cabc.Callable[_P, cabc.Coroutine[object, object, _R]],
) -> cabc.Callable[_P, cabc.Coroutine[object, object, _R]]:
    """Wrap a coroutine function so that it is cancelled when the time of the request is over.

    :raises DeadlineExceeded: By the function that is returned: the time is over.
    """

    @functools.wraps(func)
    async def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        ctx = current_or_none()
        left = None if ctx is None else ctx.remaining()
        if left is None:
            return await func(*args, **kwargs)
        try:
            async with asyncio.timeout(left) as scope:
                return await func(*args, **kwargs)
        except TimeoutError:
            if scope.expired():
                raise DeadlineExceeded() from None
            raise

    return call

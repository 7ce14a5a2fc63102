"""Large inputs without the garbage collector: what is read is a tree, and passes over it find nothing.

Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import gc
import typing as t

LARGE: t.Final = 64 * 1024
"""From so many bytes on a body makes enough objects for the collector to look at all of them several times."""

_P = t.ParamSpec("_P")
_T = t.TypeVar("_T")


def without_collector(function: cabc.Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call a function while the garbage collector of the process is off.

    PERF: half of the time of a body of 1 MiB. Other threads go without it meanwhile, for a fraction of a second. Where
    it is off already, by the application or by another request, it is left so.
    """
    if not gc.isenabled():
        return function(*args, **kwargs)
    gc.disable()
    try:
        return function(*args, **kwargs)
    finally:
        gc.enable()

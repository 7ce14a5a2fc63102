"""The times of an operation's parts, where an observer wants them.

Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import functools
import time
import typing as t

import msgspec

from ..context import Context, current
from ..marks.base import Call, Phase, Step

_F = t.TypeVar("_F", bound=cabc.Callable[..., object])


def timed(function: _F, part: str) -> _F:
    """Wrap a function so that its time is added to a part of the request's record, if that measures."""

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        record = current().record
        if record is None or not record.measures:
            return function(*args, **kwargs)
        start = time.perf_counter()
        try:
            with contextlib.nullcontext() if record.around_part is None else record.around_part(part):
                return function(*args, **kwargs)
        finally:
            record.add_time(part, time.perf_counter() - start)

    return t.cast(_F, call)


def timed_load(step: Step) -> Step:
    """Return a step whose time counts as loading, but for the time in which the body was waited for."""
    if step.phase is not Phase.INPUTS:
        return step
    run = step.run

    @functools.wraps(run)
    def call(ctx: Context, call: Call) -> object:
        record = ctx.record
        if record is None or not record.measures:
            return run(ctx, call)
        start, waited = time.perf_counter(), record.times.get("read", 0.0)
        try:
            with contextlib.nullcontext() if record.around_part is None else record.around_part("load"):
                return run(ctx, call)
        finally:
            waited = record.times.get("read", 0.0) - waited
            record.add_time("load", time.perf_counter() - start - waited)

    return msgspec.structs.replace(step, run=call)

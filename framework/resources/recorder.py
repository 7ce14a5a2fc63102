"""Records of a request for the contract: the value of the handler, and the error that was raised with its step.

The answer does not show these any more: a body returned for 204 is not sent, and an error may have been rendered in any
shape. Route tables ask for this only while answers are checked (``openapi.contract._contract``).
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import traceback
import typing as t

import msgspec
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from .._sentinel import MISSING
from ..context import Context, current
from ..http.response import PreparedResponse
from ..marks.base import Call, Step
from ..marks.responses import unpack

_F = t.TypeVar("_F", bound=cabc.Callable[..., object])

_NAME = "_framework_witness"


class Recorder:
    """The facts of one request, for the contract."""

    __slots__ = ("called", "files", "headers", "raised", "returned", "step")

    def __init__(self) -> None:
        self.called = False
        self.headers: tuple[tuple[str, str], ...] = ()
        """The headers that the handler set; hooks may add others to the same response later."""
        self.returned: object = MISSING
        self.raised: Exception | None = None
        self.step: Step | None = None
        """The step before the handler that raised."""
        self.files: tuple[str, ...] = ()
        """The files of the functions through which its error came, that of the step first."""


def witness_of(ctx: Context) -> Recorder:
    """Return what was seen of the request of a context, made on first touch."""
    found: Recorder | None = ctx.__dict__.get(_NAME)
    if found is None:
        found = ctx.__dict__[_NAME] = Recorder()
    return found


def remember_value(handler: cabc.Callable[..., object]) -> cabc.Callable[..., object]:
    """Wrap a handler so that its value is remembered."""

    @functools.wraps(handler)
    def call(*args: object, **kwargs: object) -> object:
        recorder = witness_of(current())
        recorder.called = True
        value = recorder.returned = handler(*args, **kwargs)
        recorder.headers = tuple(_headers_of(value))
        return value

    return call


def remember_step(step: Step) -> Step:
    """Return a step that is remembered when it raises."""
    run = step.run

    @functools.wraps(run)
    def call(ctx: Context, call: Call) -> object:
        try:
            return run(ctx, call)
        except Exception as error:
            recorder = witness_of(current())
            frames = list(traceback.walk_tb(error.__traceback__))[1:]
            recorder.step, recorder.files = step, tuple(frame.f_code.co_filename for frame, _ in frames)
            raise

    return msgspec.structs.replace(step, run=call)


def _headers_of(returned: object) -> cabc.Iterator[tuple[str, str]]:
    """The headers in what a handler returned: in a tuple next to the value, and on a response."""
    value, _, headers = unpack(returned)
    if headers:
        yield from Headers(headers).items()
    if isinstance(value, (BaseResponse, PreparedResponse)):
        yield from value.headers.items()


def remember_error(function: _F) -> _F:
    """Wrap what runs an operation, or a hook, so that what it raises is remembered; a later error takes the place."""

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            witness_of(current()).raised = error
            raise

    return t.cast(_F, call)

"""Work that is done when the answer has been sent: :func:`after_response`.

It is done in the worker that served the request, which takes no other meanwhile, and it is lost with the worker. What
takes long or must not be lost belongs into a queue.
Not here: functions that change the answer (``context.after_this_request``), and the end of the context (``lifetime``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import threading
import typing as t
import weakref

from .context import OUTSIDE_REQUEST, request_context_or_none

if t.TYPE_CHECKING:
    from .context import Context

_P = t.ParamSpec("_P")


_lock = threading.Lock()
_contexts: weakref.WeakSet[Context] = weakref.WeakSet()


class Task(t.NamedTuple):
    """One thing to do."""

    function: cabc.Callable[..., object]
    args: tuple[object, ...]
    kwargs: dict[str, object]
    always: bool
    """True if it is also done after an error."""


def after_response(function: cabc.Callable[_P, object], /, *args: _P.args, **kwargs: _P.kwargs) -> None:
    """Call ``function(*args, **kwargs)`` when the answer has been sent.

    It runs in a new application context, without the request: pass it what it needs. Several run in the order
    they were given. An error in one is logged, and the next runs. Nothing runs after an answer of 400 or more, or after
    a stream that broke off: what the handler had begun did not come to its end. :func:`always_after_response` does.

    :param function: A function, which may be asynchronous.
    :raises RuntimeError: No request is being handled.
    """
    _add(Task(function, args, kwargs, always=False), "after_response")


def always_after_response(function: cabc.Callable[_P, object], /, *args: _P.args, **kwargs: _P.kwargs) -> None:
    """:func:`after_response`, also when the answer is an error.

    :param function: A function, which may be asynchronous.
    :raises RuntimeError: No request is being handled.
    """
    _add(Task(function, args, kwargs, always=True), "always_after_response")


def _add(task: Task, name: str) -> None:
    ctx = request_context_or_none()
    if ctx is None:
        raise RuntimeError(f"'{name}' needs a request context. " + OUTSIDE_REQUEST)
    if not callable(task.function):
        raise TypeError(
            f"{name}() got {task.function!r}, which cannot be called later. Give the function and its arguments apart,"
            f" like {name}(send, address): send(address) would run at once."
        )
    ctx.deferred = [*ctx.deferred, task]
    with _lock:
        _contexts.add(ctx)


def waiting_functions() -> list[cabc.Callable[..., object]]:
    """Return the functions that were put off in this process and have not come to their end."""
    with _lock:
        contexts = list(_contexts)
    return [task.function for ctx in contexts for task in list(ctx.deferred)]


class Followed(cabc.Iterator[bytes]):
    """A body whose ``close``, which a server calls when it has sent everything, does what was put off.

    :param body: What is sent; its own ``close`` comes first.
    :param ctx: The context of the request, which may be over.
    :param status: The status of the answer.
    :param streamed: Whether the body is made while it is sent, so that it may break off.
    """

    def __init__(self, body: cabc.Iterable[bytes], ctx: Context, status: int, streamed: bool) -> None:
        self._body = body
        self._parts = iter(body)
        self._ctx = ctx
        self._failed = status >= 400
        self._ended = not streamed

    def __iter__(self) -> Followed:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._parts)
        except StopIteration:
            self._ended = True
            raise

    def close(self) -> None:
        """Close the body, then do what was put off."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            succeeded = self._ended and not self._failed
            tasks = [task for task in self._ctx.deferred if succeeded or task.always]
            self._ctx.deferred = tasks
            run_tasks(self._ctx, tasks)


def run_tasks(ctx: Context, tasks: list[Task]) -> None:
    """Do what was put off, each in an application context; what fails, and what is lost with the worker, is logged.

    :param ctx: The context of the request.
    :param tasks: The tasks; each is removed when it is done.
    """
    app = ctx.app
    while tasks:
        task = tasks[0]
        try:
            with ctx.carrying(), app.app_context() as inner:
                inner._request_id, inner._trace = ctx.request_id, ctx.trace
                app.ensure_sync(task.function)(*task.args, **task.kwargs)
        except Exception as error:
            with ctx.active():  # so that the id of the request is in what is logged
                app.logger.exception("Exception after the response, in %r", task.function)
                app.tell_reporters(error)
        except BaseException as error:  # the server ends the worker: its grace time is over
            lost = [called.function for called in tasks]
            tasks.clear()
            with ctx.active():
                app.logger.error("%s after the response: not done, or not to the end: %r", type(error).__name__, lost)
            raise
        del tasks[0]

"""The bridge of a request between its task on the loop and the threads: each may call what runs on the other.

Not here: synchronous code on the loop itself (``asgi._greenlets``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections
import collections.abc as cabc
import concurrent.futures
import contextvars
import threading
import typing as t

from .._coroutines import Coroutine, carry, settled, sides, taken
from ._body import begun

_T = t.TypeVar("_T")


class _Call(t.NamedTuple):
    """A coroutine that a thread waits for."""

    coroutine: Coroutine[t.Any]
    variables: contextvars.Context
    answer: PlaceToWait
    cleans_up: bool
    """True if it runs also where the client has left before."""


class PlaceToWait:
    """The place in which a thread waits for what the loop has to say."""

    __slots__ = ("_lock", "said")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def say(self, value: tuple[t.Any, BaseException | None, contextvars.Context]) -> None:
        """Let the thread go on."""
        self.said = value
        self._lock.release()

    def said_by_loop(self) -> tuple[t.Any, BaseException | None, contextvars.Context]:
        """Wait in the thread, and take what was said: kept here, an exception would refer to itself."""
        self._lock.acquire()
        said = self.said
        del self.said
        return said


class _Done(t.NamedTuple):
    """The end of a function in a thread."""

    value: t.Any
    error: BaseException | None
    variables: contextvars.Context


class LoopBridge:
    """The bridge of one request, or of the start and the end of a server.

    :param loop: The loop of the server.
    :param pool: The threads.
    """

    # PERF: most requests leave these as they are.
    _news: collections.deque[_Call | _Done] | None = None
    _signal: asyncio.Future[None] | None = None
    _variables: contextvars.Context | None = None
    is_left = False
    """True if the client has gone, or the server has given the request up."""
    left_over: t.Any = None
    """The value of a function in a thread whose task was cancelled meanwhile."""
    is_async = False
    """True if the answer has asynchronous parts, whatever is around them."""
    stream: t.Any = None
    """The asynchronous parts of the answer, which are sent without a thread or a greenlet."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: concurrent.futures.Executor) -> None:
        self.loop = loop
        self._pool = pool

    async def waiting(self, waits_for: object, steps: t.Any) -> t.Any:
        """Await the rest of a coroutine of the application, which really waits.

        :param waits_for: The future that it waits for.
        :param steps: The rest.
        """
        return await begun(waits_for, steps)

    # In the task.

    async def in_thread(self, function: cabc.Callable[..., _T], *args: object, **kwargs: object) -> _T:
        """Call a function in a thread, and run the coroutines that it waits for meanwhile.

        All functions of a request see the same context variables, and what they set is seen by the task. A task that is
        cancelled waits for the thread, since two of them must not work for one request: the coroutine that the thread
        waits for is cancelled, or the next one; those after that clean up.
        """
        variables = self._variables
        if variables is None:
            self._news = collections.deque()
            variables = self._variables = contextvars.copy_context()
        else:
            variables.run(carry, contextvars.copy_context())
        news = t.cast("collections.deque[_Call | _Done]", self._news)
        self._pool.submit(self._work, variables, function, args, kwargs)
        cancelled: asyncio.CancelledError | None = None
        is_delivered = False
        while True:
            while not news:
                self._signal = self.loop.create_future()
                try:
                    await self._signal
                except asyncio.CancelledError as error:
                    cancelled = error
                    self.is_left = True
            item = news.popleft()
            if type(item) is _Done:
                break
            call = t.cast(_Call, item)
            if cancelled is not None and not is_delivered and not call.cleans_up:
                is_delivered = True
                call.coroutine.close()
                call.answer.say((None, cancelled, contextvars.copy_context()))
                continue
            said = await settled(self._begun(call.coroutine, call.cleans_up), call.variables)
            if isinstance(said[1], asyncio.CancelledError) and self.is_left:
                cancelled, is_delivered = said[1], True
            call.answer.say(said)
        carry(item.variables)
        if cancelled is not None:
            self.left_over = item.value
            raise cancelled
        try:
            if item.error is not None:
                raise item.error
            return t.cast(_T, item.value)
        finally:
            del item  # an exception would refer to itself by its traceback

    async def _begun(self, coroutine: Coroutine[_T], cleans_up: bool) -> _T:
        try:
            waits_for = coroutine.send(None)
        except StopIteration as end:
            return t.cast(_T, end.value)
        waiting = begun if cleans_up else self.waiting
        return t.cast(_T, await waiting(waits_for, coroutine.__await__()))

    def _tell(self, item: _Call | _Done) -> None:
        t.cast("collections.deque[_Call | _Done]", self._news).append(item)
        if self._signal is not None and not self._signal.done():
            self._signal.set_result(None)

    # In a thread.

    def _work(
        self,
        variables: contextvars.Context,
        function: cabc.Callable[..., object],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> None:
        sides.bridge = self
        value: object = None
        error: BaseException | None = None
        try:
            value = variables.run(function, *args, **kwargs)
        except BaseException as raised:  # noqa: BLE001 - raised in the task
            error = raised
        sides.bridge = None
        done = _Done(value, error, variables.copy())
        del value, error
        try:
            self.loop.call_soon_threadsafe(self._tell, done)
        except RuntimeError:  # the loop is closed: nobody waits
            pass

    def wait(self, coroutine: Coroutine[_T], cleans_up: bool = False) -> _T:
        """Run a coroutine in the task, and wait for its result.

        :param cleans_up: Whether it runs also where the task was cancelled before.
        """
        answer = PlaceToWait()
        self.loop.call_soon_threadsafe(self._tell, _Call(coroutine, contextvars.copy_context(), answer, cleans_up))
        result: _T = taken(*answer.said_by_loop())
        return result

"""Waiting for coroutines in synchronous code, and keeping code that may wait off an event loop.

The road of a request is synchronous; an ``async def`` function that it meets is handed to an event loop, and the road
goes on with its result. Under WSGI that is one loop in the background of the process: all coroutines of one context run
there in one task, whichever threads wait for them, so that what one has opened another can use and close. Under ASGI it
is the loop of the server (``framework.asgi``), which puts its bridge in place here.
Not here: which functions are asynchronous (``App.ensure_sync``).
Floor 3.
"""

from __future__ import annotations

import asyncio
import atexit
import collections
import collections.abc as cabc
import concurrent.futures
import contextvars
import functools
import inspect
import os
import threading
import time
import types
import typing as t

from ._sentinel import MISSING
from .context import current_or_none

if t.TYPE_CHECKING:
    from logging import Logger

_T = t.TypeVar("_T")

Coroutine: t.TypeAlias = cabc.Coroutine[t.Any, t.Any, _T]


class Bridge(t.Protocol):
    """The way from code that works for a request to the event loop of its server."""

    stream: object
    """The asynchronous parts of the answer, which the server sends by itself."""
    is_async: bool
    """True if the answer has asynchronous parts, whatever is around them."""

    def wait(self, coroutine: Coroutine[_T], cleans_up: bool = False) -> _T:
        """Run a coroutine on the loop, and wait for its result."""


class Sides(threading.local):
    """The purpose of a thread."""

    bridge: Bridge | None = None
    """The bridge of the request that the thread works for; ``None`` in a thread that no ASGI server has given one."""


sides: t.Final = Sides()
"""The purpose of this thread."""

served_loop: t.Final[contextvars.ContextVar[asyncio.AbstractEventLoop | None]] = contextvars.ContextVar(
    "framework.served_loop", default=None
)
"""The loop of the ASGI server whose request this is."""


class Switches:
    """The ways between synchronous code and the loop of an ASGI server; until there is one nothing can be on a loop."""

    kind: t.Any = None
    """The class of the greenlets that run synchronous code on the loop."""

    @staticmethod
    def current() -> t.Any:
        """Return the greenlet that runs now."""
        return None

    @staticmethod
    def bridge() -> Bridge | None:
        """Return the bridge of the request whose code runs on the loop."""
        return None

    @staticmethod
    def is_on_loop() -> bool:
        """Return whether this is synchronous code of a request on the loop of its server, which must not be held up."""
        return False

    @staticmethod
    def hop(function: cabc.Callable[..., _T], *args: object, **kwargs: object) -> _T:
        """Call a function: in a thread where it would hold a loop up, and here otherwise."""
        return function(*args, **kwargs)


switches: t.Final = Switches()
"""The ways in this process."""


def wait(coroutine: Coroutine[_T], cleans_up: bool = False) -> _T:
    """Run a coroutine to its end, and return its result.

    :param coroutine: It runs with the context variables of the caller, who sees what it sets.
    :param cleans_up: Whether it gives something back: it then runs although the client has left before it began.
    :raises RuntimeError: The caller holds up the loop that the coroutine would run on.
    """
    # Asked first, so that greenlet keeps no account of threads without a loop.
    code = None if asyncio._get_running_loop() is None else switches.current()
    if code is not None and type(code) is switches.kind:
        return t.cast(_T, code.parent.switch(CleanUp(coroutine) if cleans_up else coroutine))
    if sides.bridge is not None:
        return sides.bridge.wait(coroutine, cleans_up)
    loop = served_loop.get()
    if loop is not None and not loop.is_closed():
        if loop is asyncio._get_running_loop():
            _refuse(coroutine)
        return _wait_in_thread(loop, coroutine)
    if background.is_this_thread():
        _refuse(coroutine)
    ctx = current_or_none()
    if ctx is None:
        return _wait_in_thread(background.loop(), coroutine)
    companion = ctx.companion
    if companion is None:
        companion = ctx.companion = Companion()
        ctx.at_end(_nothing)  # so that the end of the context comes to the companion
    elif companion.is_busy:  # in another thread, which has entered the same context
        return _wait_in_thread(background.loop(), coroutine)
    return companion.wait(coroutine)


class CleanUp(t.Generic[_T]):
    """A coroutine that gives something back: it is not cancelled because a client leaves, or has left before.

    :param coroutine: The coroutine.
    """

    __slots__ = ("coroutine",)

    def __init__(self, coroutine: Coroutine[_T]) -> None:
        self.coroutine = coroutine

    def send(self, value: None) -> object:
        """Begin it."""
        waits_for: object = self.coroutine.send(value)
        return waits_for

    def __await__(self) -> cabc.Generator[t.Any, t.Any, _T]:
        return self.coroutine.__await__()


def _nothing(error: BaseException | None) -> None:
    pass


def _refuse(coroutine: Coroutine[object]) -> t.NoReturn:
    frame = coroutine.cr_frame if isinstance(coroutine, types.CoroutineType) else None
    inner = None if frame is None else frame.f_locals.get("coroutine")
    name = getattr(inner or coroutine, "__qualname__", repr(coroutine))
    coroutine.close()
    if inner is not None:  # that of 'until_deadline'
        inner.close()
    raise RuntimeError(
        f"Synchronous code on the event loop waits for the coroutine {name!r}, which could then never run: the loop"
        " makes no step until this code returns. Make the function that waits 'async def' and write 'await', or call it"
        " in a thread with 'await asyncio.to_thread(...)'."
    )


def wait_for(awaitable: cabc.Awaitable[_T]) -> _T:
    """Wait for a coroutine in synchronous code, and return its result.

    It works wherever the framework has called that code: in handlers, hooks and functions called by them, under WSGI as
    under ASGI, in the thread of the request and in those that it starts. An ``async def`` function writes ``await``.

    :param awaitable: A coroutine, mostly. It runs with the caller's context variables, and is cancelled at the deadline
        of the request.
    :raises RuntimeError: The caller was called by a coroutine, and would hold up the loop.
    :raises DeadlineExceeded: The time of the request is over.
    """
    ctx = current_or_none()
    left = None if ctx is None else ctx.remaining()
    coroutine = awaitable if isinstance(awaitable, cabc.Coroutine) else _awaited(awaitable)
    return wait(coroutine if left is None else until_deadline(coroutine, left))


async def _awaited(awaitable: cabc.Awaitable[_T]) -> _T:
    return await awaitable


async def until_deadline(coroutine: Coroutine[_T], left: float) -> _T:
    """Run a coroutine that is cancelled when the time of the request is over.

    :param left: Seconds.
    :raises DeadlineExceeded: They are over.
    """
    from .errors import DeadlineExceeded

    try:
        async with asyncio.timeout(left) as scope:
            return await coroutine
    except TimeoutError:
        if scope.expired():
            raise DeadlineExceeded() from None
        raise


# Context variables.


def carry(variables: contextvars.Context) -> None:
    """Set the context variables here as they are in another context."""
    for variable, value in variables.items():
        if variable.get(MISSING) is not value:
            variable.set(value)


# One loop in the background.

Posted: t.TypeAlias = "tuple[Coroutine[t.Any], contextvars.Context, concurrent.futures.Future[t.Any]]"


class Background:
    """The event loop of a process whose server has none: in a thread, from the first coroutine to the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop; started where it is not running."""
        loop = self._loop
        if loop is None:
            with self._lock:
                loop = self._loop
                if loop is None:
                    loop = asyncio.new_event_loop()
                    self._thread = threading.Thread(target=loop.run_forever, name="framework-loop", daemon=True)
                    self._thread.start()
                    self._loop = loop
        return loop

    def is_this_thread(self) -> bool:
        """Return whether this code runs on the loop."""
        return self._thread is not None and self._thread.ident == threading.get_ident()

    def stop(self) -> None:
        """Cancel what is left on the loop, and end it."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(_SECONDS_TO_CANCEL)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_SECONDS_TO_CANCEL)
        if not thread.is_alive():
            loop.close()

    def forget(self) -> None:
        """Be new in a forked child: threads stay with the parent."""
        self.__init__()  # type: ignore[misc]


_SECONDS_TO_CANCEL: t.Final = 5.0


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


background: t.Final = Background()
"""The loop of this process."""

# Registered before any application registers its end: functions of 'on_shutdown' may still wait for coroutines.
atexit.register(background.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=background.forget)


class Companion:
    """The task of a context on the loop in the background: it runs the coroutines of the context one after another.

    They have one task and one set of context variables, as if one coroutine called them all: a task group or a timeout
    that one of them enters another may leave.
    """

    def __init__(self) -> None:
        self._loop = background.loop()
        self._posted: collections.deque[Posted | None] = collections.deque()
        self._signal: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.is_busy = False
        """True while a thread waits for a coroutine."""

    def wait(self, coroutine: Coroutine[_T]) -> _T:
        """Run a coroutine in the task, and wait for its result.

        A wait that is broken off, by a signal for instance, cancels the coroutine.
        """
        future: concurrent.futures.Future[tuple[_T | None, BaseException | None, contextvars.Context]]
        future = concurrent.futures.Future()
        self.is_busy = True
        self._loop.call_soon_threadsafe(self._post, (coroutine, contextvars.copy_context(), future))
        try:
            said = future.result()
        except BaseException:
            self._loop.call_soon_threadsafe(self._cancel)
            raise
        finally:
            self.is_busy = False
        try:
            return taken(*said)
        finally:
            del said, future  # an exception would refer to itself by its traceback

    def close(self) -> None:
        """End the task."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._post, None)

    # On the loop.

    def _post(self, item: Posted | None) -> None:
        self._posted.append(item)
        if self._task is None:
            self._task = self._loop.create_task(self._run())
        elif self._signal is not None and not self._signal.done():
            self._signal.set_result(None)

    def _cancel(self) -> None:
        if self._task is not None and self._signal is None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            while not self._posted:
                self._signal = self._loop.create_future()
                await self._signal
                self._signal = None
            item = self._posted.popleft()
            if item is None:
                return
            coroutine, variables, future = item
            future.set_result(await settled(coroutine, variables))
            del item, coroutine, variables, future  # what was answered need not live until the next comes


class Errand:
    """An asynchronous generator with one ``yield``, in a separate task: for the life of a process.

    :param generator: The generator.
    """

    def __init__(self, generator: cabc.AsyncGenerator[object]) -> None:
        self._generator = generator
        self._ends: asyncio.Event | None = None
        self._task: asyncio.Task[bool] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """Run the generator to its ``yield``."""
        wait(self._begin())

    async def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends, has_begun = asyncio.Event(), asyncio.get_running_loop().create_future()
        self._task = asyncio.get_running_loop().create_task(self._run(has_begun))
        await asyncio.wait([self._task, has_begun], return_when=asyncio.FIRST_COMPLETED)
        if not has_begun.done():
            has_begun.cancel()
            task, self._task = self._task, None
            await task

    async def _run(self, has_begun: asyncio.Future[None]) -> bool:
        try:
            await self._generator.__anext__()
        except StopAsyncIteration:
            has_begun.set_result(None)
            return True
        has_begun.set_result(None)
        await t.cast(asyncio.Event, self._ends).wait()
        try:
            await self._generator.__anext__()
        except StopAsyncIteration:
            return True
        await self._generator.aclose()
        return False

    def end(self) -> bool:
        """Run the rest of the generator; return whether it came to its end without a second ``yield``.

        :raises RuntimeError: The loop that it began on has ended before.
        """
        return self._task is None or wait(self._end())

    async def _end(self) -> bool:
        loop = t.cast(asyncio.AbstractEventLoop, self._loop)
        if loop is not asyncio.get_running_loop():  # it began in a request, and the process ends elsewhere
            if not loop.is_running():
                raise RuntimeError(
                    "An asynchronous clean-up cannot run: its event loop has ended before. Let the server send its"
                    " lifespan events, or call app.shutdown() while the loop runs."
                )
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._end(), loop))
        t.cast(asyncio.Event, self._ends).set()
        return await t.cast("asyncio.Task[bool]", self._task)


async def settled(
    coroutine: Coroutine[_T], variables: contextvars.Context
) -> tuple[_T | None, BaseException | None, contextvars.Context]:
    """Run a coroutine with context variables of another thread.

    :return: Its result or its exception, as a value, since a loop takes ``SystemExit`` for its own end; and the context
        variables after it.
    """
    carry(variables)
    try:
        return await coroutine, None, contextvars.copy_context()
    except BaseException as error:  # noqa: BLE001 - raised in the thread
        return None, error, contextvars.copy_context()


def _wait_in_thread(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[_T]) -> _T:
    """Run a coroutine in a new task of a loop in another thread, and wait for it."""
    future = asyncio.run_coroutine_threadsafe(settled(coroutine, contextvars.copy_context()), loop)
    try:
        said = future.result()
    except BaseException:
        future.cancel()
        raise
    try:
        return taken(*said)
    finally:
        del said, future  # an exception would refer to itself by its traceback


def taken(value: _T | None, error: BaseException | None, variables: contextvars.Context) -> _T:
    """Take over what :func:`settled` has said of a coroutine."""
    carry(variables)
    try:
        return result_of(value, error)
    finally:
        error = None


def result_of(value: _T | None, error: BaseException | None) -> _T:
    """Return a value, or raise the exception that came in its place."""
    try:
        if error is not None:
            raise error
        return t.cast(_T, value)
    finally:
        error = None  # the exception would refer to itself by its traceback


def off_loop(function: cabc.Callable[..., _T]) -> cabc.Callable[..., _T]:
    """Wrap a function that may wait, so that it is called in a thread where it would hold a loop up."""

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> _T:
        return switches.hop(function, *args, **kwargs)

    call.__framework_off_loop__ = True  # type: ignore[attr-defined]
    return call


BLOCKED: t.Final = 0.1
"""Seconds for which a coroutine may hold an event loop up before debug mode says so; as in asyncio's debug mode."""


@types.coroutine
def _noticing(
    coroutine: Coroutine[_T], function: cabc.Callable[..., object], logger: Logger
) -> cabc.Generator[object, None, _T]:
    step: cabc.Callable[[], object] = functools.partial(coroutine.send, None)
    while True:
        start = time.perf_counter()
        try:
            waits_for = step()
        except StopIteration as end:
            return t.cast(_T, end.value)
        finally:
            seconds = time.perf_counter() - start
            if seconds >= BLOCKED:
                code = getattr(inspect.unwrap(function), "__code__", None)
                place = "" if code is None else f" ({code.co_filename}:{code.co_firstlineno})"
                name = getattr(function, "__qualname__", repr(function))
                text = (
                    "%s%s held the event loop up for %d ms, and all other requests of the process waited. Call what"
                    " takes so long in a thread: await asyncio.to_thread(...)."
                )
                logger.warning(text, name, place, round(seconds * 1000))
        try:
            yield waits_for
        except BaseException as error:  # noqa: BLE001 - it is for the coroutine
            step = functools.partial(coroutine.throw, error)
        else:
            step = functools.partial(coroutine.send, None)


async def noticed(coroutine: Coroutine[_T], function: cabc.Callable[..., object], logger: Logger) -> _T:
    """Run a coroutine, and log where it holds its event loop up.

    :param function: The function that made it, which is named.
    """
    return await _noticing(coroutine, function, logger)


def bounded(function: cabc.Callable[..., Coroutine[_T]]) -> cabc.Callable[..., _T]:
    """Wrap an ``async def`` function so that a plain call runs it to its end, or to the deadline of the request."""

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> _T:
        ctx = current_or_none()
        coroutine = function(*args, **kwargs)
        if ctx is not None and served_loop.get() is not None and ctx.app.debug:
            coroutine = noticed(coroutine, function, ctx.app.logger)
        if ctx is None or (ctx.deadline is None and ctx.environ is not None):  # PERF: nearly always
            return wait(coroutine)
        left = ctx.remaining()
        return wait(coroutine if left is None else until_deadline(coroutine, left))

    return call

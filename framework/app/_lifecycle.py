"""The life of a process: functions that run once before its first request, and once when it ends.

A server that forks loads the application before or after the fork; so nothing runs when a function is registered, but
when the process begins to serve: at its first request, or by ``App.startup()`` before that.
Not here: the road of a request (``app._app``), and how a server is made to begin and to end (``serve``).
Floor 6.
"""

from __future__ import annotations

import atexit
import collections.abc as cabc
import inspect
import os
import sys
import threading
import time
import typing as t
import weakref

from .._background import waiting_functions
from .._ending import ending
from ..errors import SetupError

if t.TYPE_CHECKING:
    from ._app import App

    LifeFunction: t.TypeAlias = cabc.Callable[..., object]
    LifeState: t.TypeAlias = t.Literal["new", "starting", "started", "failed"]

RETRY: t.Final = 5.0
"""Seconds for which a process whose start has failed refuses requests before one of them tries it again."""

_INHERITED: list[object] = []
"""The generators of a parent process, in its forked child: kept so that their ends do not run there as well."""


class StartupFailed(RuntimeError):
    """A startup function has failed; its exception is the cause."""

    is_logged = False
    """True if a request has logged it: those that are refused after it are silent."""


class Lifecycle:
    """The startup and shutdown functions of an application, and how far its process is."""

    def __init__(self) -> None:
        self.state: LifeState = "new"
        """``"new"``, ``"starting"``, ``"started"`` or ``"failed"``, of this process."""
        self._functions: list[tuple[bool, LifeFunction]] = []
        self._ends: list[tuple[str, LifeFunction]] = []
        self._kept: list[LifeFunction] = []
        # Reentrant: a startup function may send requests with a test client.
        self._lock = threading.RLock()
        self.failure: StartupFailed | None = None
        """The reason why the last start failed."""
        self._again_at = 0.0
        self._minds_forks = False

    def __bool__(self) -> bool:
        return bool(self._functions)

    def add(self, function: LifeFunction, *, at_start: bool) -> None:
        """Register a function for the start, or for the end.

        :raises SetupError: It cannot be called, or is a generator that has no place there.
        """
        which = "on_startup" if at_start else "on_shutdown"
        if not callable(function):
            raise SetupError(f"{which}() got {function!r}, which cannot be called. Give a function without parameters.")
        is_async = inspect.isasyncgenfunction(function)
        if is_async or inspect.iscoroutinefunction(function):
            from .. import _coroutines  # noqa: F401 - its end comes after that of the application, by order of import
        if (is_async or inspect.isgeneratorfunction(function)) and not at_start:
            raise SetupError(
                f"{describe(function)} is a generator, whose first part runs at the start. Give it to 'on_startup'."
            )
        self._functions.append((at_start, function))

    def start(self, app: App) -> None:
        """Run the startup functions, if they have not run in this process; others wait meanwhile.

        :raises StartupFailed: One of them failed, now or within the last seconds.
        """
        with self._lock:
            if self.state in ("starting", "started"):
                return
            if self.failure is not None and time.monotonic() < self._again_at:
                raise self.failure
            self.failure = None
            self.state = "starting"
            if self._functions:
                self._mind_forks_and_exits(app)
            try:
                self._run_startup(app)
            except BaseException:
                self.state = "failed"
                self._again_at = time.monotonic() + RETRY
                # What generators have begun is ended; functions for the end expect a whole start.
                self._ends = [end for end in self._ends if isinstance(end[1], _Rest) or end[1] in self._kept]
                self._run_ends(app)
                raise
            self.state = "started"

    def _run_startup(self, app: App) -> None:
        for at_start, function in self._functions:
            if not at_start:
                self._ends.append((describe(function), app.ensure_sync(function)))
                continue
            try:
                self._begin(app, function)
            except Exception as error:
                self.failure = StartupFailed(
                    f"{describe(function)}, a startup function of {app.name!r}, failed: {type(error).__name__}: {error}"
                )
                raise self.failure from error

    def _begin(self, app: App, function: LifeFunction) -> None:
        with app.app_context():
            rest: _Rest
            if inspect.isasyncgenfunction(function):
                rest = _AsyncRest(function)
            elif inspect.isgeneratorfunction(function):
                rest = _Rest(function)
            else:
                app.ensure_sync(function)()
                return
            rest.begin()
            self._ends.append((describe(function), rest))

    def keep(self, app: App, name: str, end: LifeFunction) -> None:
        """Call a function when the process ends, because of something that has begun by itself, started or not.

        :param name: What it is, for the log.
        :param end: Called once, in an application context, before what has begun earlier is ended.
        """
        # Without the lock: the thread that starts the process has it, and may wait for what another one makes.
        if not (self._functions or self._kept):
            self._mind_forks_and_exits(app)
        self._kept.append(end)
        self._ends.append((name, end))

    def drop(self, end: LifeFunction) -> None:
        """Forget a function of :meth:`keep`: what it ends has ended."""
        for each in [each for each in self._ends if each[1] is end]:
            self._ends.remove(each)
            self._kept.remove(end)

    def stop(self, app: App) -> list[Exception]:
        """Run the shutdown functions and the second parts of generators, in reverse order, all of them.

        :return: What they raised, which is logged as well.
        """
        while ending.deadline is not None and time.monotonic() < ending.deadline:
            # Not each server waits for what follows a response, and none for the threads of streams.
            if not ending.sleepers and not waiting_functions():
                break
            time.sleep(0.02)
        with self._lock:
            if self.state != "started" and not self._kept:
                return []
            self.state = "new"
            atexit.unregister(app.shutdown)
            return self._run_ends(app)

    def _run_ends(self, app: App) -> list[Exception]:
        errors: list[Exception] = []
        self._kept = []
        while self._ends:
            name, end = self._ends.pop()
            try:
                with app.app_context():
                    end()
            except Exception as error:
                app.logger.exception("%s failed at the shutdown of %r", name, app.name)
                errors.append(error)
        return errors

    def _mind_forks_and_exits(self, app: App) -> None:
        shutdown: cabc.Callable[[], None] = app.shutdown
        atexit.register(shutdown)
        processes = sys.modules.get("multiprocessing.process")
        if processes is not None and processes.parent_process() is not None:
            # A child of multiprocessing, like the worker of a server, ends without the functions of atexit.
            from multiprocessing.util import Finalize

            Finalize(None, shutdown, exitpriority=0)
        if not self._minds_forks and hasattr(os, "register_at_fork"):
            self._minds_forks = True
            app_ref, own_ref = weakref.ref(app), weakref.ref(self)

            def begin_anew() -> None:
                lifecycle, forked = own_ref(), app_ref()
                if lifecycle is not None and forked is not None:
                    lifecycle._forget()
                    forked._is_serving = False

            os.register_at_fork(after_in_child=begin_anew)

    def _forget(self) -> None:
        """Be new in a forked child: what its parent has begun is the parent's to end."""
        _INHERITED.extend(self._ends)
        self._ends, self._kept = [], []
        self._lock = threading.RLock()
        self.failure = None
        self.state = "new"


class _Rest:
    """A generator function: its first part, which runs at the start, and the second.

    :param function: The generator function.
    """

    def __init__(self, function: LifeFunction) -> None:
        self._generator = t.cast("cabc.Generator[object]", function())
        self._name = describe(function)

    def begin(self) -> None:
        """Run the first part."""
        next(self._generator, None)

    def __call__(self) -> None:
        """Run the second part.

        :raises RuntimeError: The generator yields once more.
        """
        for _ in self._generator:
            self._generator.close()
            raise RuntimeError(f"{self._name} yields more than once. Yield once, between the start and the end.")


class _AsyncRest(_Rest):
    """An asynchronous generator function. Both parts run in one task, so that one may leave what the other entered.

    :param function: The generator function.
    """

    def __init__(self, function: LifeFunction) -> None:
        from .._coroutines import Errand

        self._errand = Errand(t.cast("cabc.AsyncGenerator[object]", function()))
        self._name = describe(function)

    def begin(self) -> None:
        self._errand.begin()

    def __call__(self) -> None:
        if not self._errand.end():
            raise RuntimeError(f"{self._name} yields more than once. Yield once, between the start and the end.")


def describe(function: LifeFunction) -> str:
    """Return the name of a function, with its file and line where they are known."""
    name = getattr(function, "__qualname__", None) or repr(function)
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{name!r}" if code is None else f"{name!r} ({code.co_filename}:{code.co_firstlineno})"

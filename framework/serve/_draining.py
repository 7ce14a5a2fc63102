"""``Draining``: a process that is asked to end says so to its balancer, lets requests end, and ends in time.

After the signal come, in this order: not ready, a delay, no new connections, the last events of streams, the requests,
what was put off, the functions of the shutdown. What the server does itself (to stop accepting, to wait for requests)
is left to it; where it has no such part, one is in ``serve.waitress``.
Not here: what streams look at (``_ending``), probes (``serve._health``), the hooks of gunicorn (``serve.gunicorn``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import logging
import os
import signal
import sys
import threading
import time
import typing as t
import weakref

from .._background import waiting_functions
from .._ending import ending
from ..app import App
from ..logging import default_handler, has_level_handler

if t.TYPE_CHECKING:
    from types import FrameType

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    Stop: t.TypeAlias = cabc.Callable[[int, FrameType | None], object]

TIMEOUT: t.Final = 30.0
"""Seconds from the signal to the end, where neither ``DRAIN_TIMEOUT`` nor a server says another time."""

_LAST_WORDS: t.Final = 0.5  # seconds for what breaks off, and again for the functions of the shutdown
_TESTED: t.Final = "framework.contract"  # in the environment of a request of the test client
_TRIES: t.Final = 50
_WRAPPERS: t.Final = ("app", "wsgi_app", "application", "wsgi_application", "__wrapped__", "__self__")

logger: t.Final = logging.getLogger("framework.serve")


def is_draining() -> bool:
    """Return whether this process is to end, so that a stream or a long loop should end too.

    It is true once the server takes no more connections: after ``DRAIN_DELAY``.
    """
    return ending.ends_streams


def wait_for_draining(seconds: float) -> bool:
    """Wait until this process is to end, for some seconds at most: what a stream does between two looks.

    :param seconds: The longest wait.
    :return: Whether the process is to end.
    """
    return ending.wait(seconds)


class Drainer:
    """The way of this process from a signal to its end. There is one, whatever the number of applications."""

    def __init__(self) -> None:
        self._pid = 0
        self._apps: weakref.WeakSet[App] = weakref.WeakSet()  # one that is forgotten has nothing to end
        self._stage: t.Literal["serving", "delay", "stop", "stopped", "ended"] = "serving"
        self._pipe: tuple[int, int] | None = None
        self._loop_fd: int | None = None  # where an event loop reads of signals; they come to the pipe first
        self._previous: signal.Handlers | int | Stop | None = None
        self._lock = threading.Lock()
        self.stop: Stop | None = None
        """The server's own way to stop, in the main thread. Default: its handler of the signal."""
        self.most: float | None = None
        """The seconds after which the server kills the process."""
        self.is_replaced: cabc.Callable[[], bool] | None = None
        """Return whether other processes take the connections of this one already, so that none is to be kept away."""

    def add(self, app: App) -> None:
        """Take an application's settings into account, and shut it down where the time is over."""
        with self._lock:
            self._apps.add(app)

    @property
    def delay(self) -> float:
        """The longest ``DRAIN_DELAY`` of the applications."""
        return max((float(app.config["DRAIN_DELAY"]) for app in self._apps), default=0.0)

    @property
    def timeout(self) -> float:
        """The seconds from the signal to the end."""
        wanted = [float(app.config["DRAIN_TIMEOUT"]) for app in self._apps if app.config["DRAIN_TIMEOUT"] is not None]
        timeout = max(wanted, default=TIMEOUT if self.most is None else self.most)
        if self.most is None:
            return timeout
        # What is left at the end has to be written before the server kills the process.
        return min(timeout, self.most - min(2 * _LAST_WORDS, self.most / 5))

    def prepare(self) -> None:
        """Be able to take the signal over later, from another thread. Call it in the main thread."""
        if _runs_greenlets():
            return
        # SIGURG is ignored by default and means nothing to a server: it carries a call into the main thread.
        signal.signal(signal.SIGURG, self._install)

    def take_over(self) -> None:
        """Take the signal over in this process: again where the server has set its own handler meanwhile."""
        if _runs_greenlets():
            return  # a thread of ours would be a greenlet of the thread that it has to wake
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._stage = "serving"
                self._pipe, self._loop_fd = os.pipe(), None
                os.set_blocking(self._pipe[1], False)
                # It waits from now on: no thread can be started in the handler of a signal.
                threading.Thread(target=self._listen, name="framework-signals", daemon=True).start()
        if threading.current_thread() is threading.main_thread():
            self._install()
        elif signal.getsignal(signal.SIGTERM) != self.on_signal and signal.getsignal(signal.SIGURG) == self._install:
            self._in_main_thread(signal.SIGURG, lambda: signal.getsignal(signal.SIGTERM) == self.on_signal)

    @staticmethod
    def _in_main_thread(number: signal.Signals, is_done: cabc.Callable[[], bool]) -> None:
        """Have the handler of a signal called in the main thread, and wait for it a moment."""
        main = t.cast(int, threading.main_thread().ident)
        for _ in range(_TRIES):
            # One that arrives just before the main thread begins to wait for a lock does not wake it: once more.
            signal.pthread_kill(main, number)
            time.sleep(0.002)
            if is_done():
                return
            time.sleep(0.02)

    def _install(self, *_: object) -> None:
        previous = signal.getsignal(signal.SIGTERM)
        if previous != self.on_signal:
            self._previous = previous
            signal.signal(signal.SIGTERM, self.on_signal)
        if self._pipe is None:
            return
        # A main thread that waits for a lock may learn of a signal late, or never; its number is in the pipe at once.
        other = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        if other in (-1, self._pipe[1]):
            return
        if _runs_loop():
            # It calls its handlers by the numbers that it reads: SIGTERM is handed on after the delay, others at once.
            self._loop_fd = other
        else:  # gunicorn has its own, which wakes it
            signal.set_wakeup_fd(other, warn_on_full_buffer=False)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal, in the main thread: the first begins, the one that follows the delay stops the server."""
        if self._stage == "serving":
            self._stage = "delay"
            os.write(t.cast("tuple[int, int]", self._pipe)[1], bytes([number]))
        elif self._stage == "stop":
            self._stage = "stopped"
            self._stop(number, frame)
        # Another one, as a service manager sends it to each process of a group, changes nothing.

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.stop is not None:
            self.stop(number, frame)
        else:
            self.stop_by_handler(number, frame)

    def stop_by_handler(self, number: int, frame: FrameType | None) -> None:
        """Stop as the server's own handler of the signal does."""
        self._hand_on(number)
        if callable(self._previous):
            self._previous(number, frame)
        elif self._previous != signal.SIG_IGN:
            raise SystemExit(0)  # the functions of the shutdown run, which a signal's default would not let

    def _listen(self) -> None:
        """Read the numbers of signals, in a separate thread: the first SIGTERM begins, others are for an event loop."""
        reader, has_begun = t.cast("tuple[int, int]", self._pipe)[0], False
        while True:
            for number in os.read(reader, 100):
                if number != signal.SIGTERM:
                    self._hand_on(number)
                elif not has_begun:
                    has_begun = True
                    threading.Thread(target=self._run, name="framework-draining", daemon=True).start()

    def _hand_on(self, number: int) -> None:
        """Let an event loop know of a signal."""
        if self._loop_fd is not None:
            with contextlib.suppress(OSError):  # the loop is closed
                os.write(self._loop_fd, bytes([number]))

    def _run(self) -> None:
        """Go through the phases, in a separate thread, until the process ends or the time is over."""
        self._stage = "delay"
        pid, replaced = os.getpid(), self.is_replaced is not None and self.is_replaced()
        ending.deadline = time.monotonic() + self.timeout
        delay = 0.0 if replaced else min(self.delay, self.timeout)
        ending.is_near = not replaced
        logger.info("Process %d is to end within %g s.", pid, self.timeout)
        if delay:
            logger.info("Process %d is not ready any more, and takes new connections for %g s still.", pid, delay)
            time.sleep(delay)
        logger.info("Process %d takes no new connections, and lets requests end.", pid)
        self._stage = "stop"
        self._in_main_thread(signal.SIGTERM, lambda: self._stage != "stop")
        streams = ending.end_streams()
        if streams:
            logger.info("Process %d ends %d streams of events.", pid, streams)
        time.sleep(max(0.0, ending.deadline - time.monotonic()))
        self._give_up(pid)

    def finish(self) -> None:
        """Log that all requests have been answered in time."""
        if self._stage == "stopped" and not ending.is_over:
            self._stage = "ended"
            logger.info("Process %d has answered its requests, and is shut down.", os.getpid())

    def _give_up(self, pid: int) -> None:
        """Break off what still runs, say what is lost, and end."""
        ending.is_over = True
        logger.warning("Process %d has no time left: what still runs is broken off.", pid)
        time.sleep(_LAST_WORDS)
        lost = waiting_functions()
        if lost:
            logger.error("Process %d loses what was put off until after a response: %r", pid, lost)
        # A pool that cannot be closed must not keep the process.
        closing = threading.Thread(target=self._shut_down, name="framework-shutdown", daemon=True)
        closing.start()
        closing.join(_LAST_WORDS)
        logging.shutdown()
        os._exit(1)

    def _shut_down(self) -> None:
        for app in list(self._apps):
            app.shutdown()


drainer: t.Final = Drainer()
"""That of this process."""


class Draining:
    """Let the processes of an application end without losing a request, under a server without hooks of ours.

    Give it the application where that is made. From its first request on, the process handles SIGTERM: readiness is 503
    at once, the server's own handler is called after ``DRAIN_DELAY``, streams of events end then, and after
    ``DRAIN_TIMEOUT`` the process ends, whatever still runs.

    :param app: The application.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        app.extensions["draining"] = self
        set_up_logger()
        drainer.add(app)
        app.on_shutdown(drainer.finish)
        # A server may set its handler after it has loaded the application, and before the first request.
        self._wsgi_app = app.wsgi_app
        self._own = self._first_request
        app.wsgi_app = self._own  # type: ignore[method-assign]
        if threading.current_thread() is threading.main_thread():
            drainer.prepare()
        else:
            logger.warning("Draining(app) runs outside of the main thread: it cannot handle signals that come later.")

    def watch(self, environ: WSGIEnvironment) -> None:
        """Handle the signal from now on, unless a test client asks; called at the first request, and by probes.

        :param environ: The environment of the request.
        """
        if _TESTED not in environ:  # the signals of a test run are not ours
            drainer.take_over()

    def _first_request(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        self.watch(environ)
        if self.app.__dict__.get("wsgi_app") == self._own:  # later requests go past this
            self.app.wsgi_app = self._wsgi_app  # type: ignore[method-assign]
        return self._wsgi_app(environ, start_response)


def _runs_greenlets() -> bool:
    """Return whether gevent or eventlet has taken the place of threads."""
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    return bool(gevent and gevent.is_module_patched("threading")) or bool(
        eventlet and eventlet.is_monkey_patched("thread")
    )


def _runs_loop() -> bool:
    """Return whether an event loop runs in this thread."""
    asyncio = sys.modules.get("asyncio")
    try:
        return asyncio is not None and asyncio.get_running_loop() is not None
    except RuntimeError:
        return False


def set_up_logger() -> None:
    """Let the phases be seen: level ``INFO`` where none is set, and a handler where there is none."""
    if not logger.level:
        logger.setLevel(logging.INFO)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)


def apps_of(application: object) -> list[App]:
    """Return the applications behind what a server calls: itself, or what middleware wraps.

    :param application: A WSGI application.
    """
    found: list[App] = []
    todo: list[object] = [application]
    seen: set[int] = set()
    while todo:
        each = todo.pop()
        if isinstance(each, App):
            if each not in found:
                found.append(each)
        elif each is not None and id(each) not in seen:
            seen.add(id(each))
            todo.extend(getattr(each, name, None) for name in _WRAPPERS)
            mounts = getattr(each, "mounts", None)
            todo.extend(mounts.values() if isinstance(mounts, dict) else ())
    return found

"""Hooks for gunicorn: ``from framework.serve.gunicorn import *`` in ``gunicorn.conf.py``.

A worker starts its application after the fork, drains at its end, and shuts the application down. A hook that the file
defines itself takes the place of the one here, and calls it.
A worker of gunicorn that is to end leaves its socket open while it waits for its requests, and what the system accepts
meanwhile is reset. Here the worker takes what has arrived, and closes the socket at once: a balancer that is refused
asks another host.
Not here: what draining is (``serve._draining``).
Floor 7.
"""

from __future__ import annotations

import mmap
import os
import select
import signal
import socket
import typing as t

from .._ending import ending
from ._draining import apps_of, drainer, logger, set_up_logger

if t.TYPE_CHECKING:
    from types import FrameType

__all__ = ["on_reload", "post_fork", "post_worker_init", "worker_exit"]

# Shared by the master with its workers: how often it was asked to reload.
_reloads: t.Final = mmap.mmap(-1, 1)


class GunicornSettings(t.Protocol):
    """The settings of gunicorn, as far as they are asked here."""

    graceful_timeout: int
    worker_class_str: str


class Listener(t.Protocol):
    """A socket of gunicorn that listens."""

    def accept(self) -> tuple[socket.socket, object]:
        """Take a connection."""

    def fileno(self) -> int:
        """The number of its file."""

    def getsockname(self) -> object:
        """Its address."""


class Queue(t.Protocol):
    """The calls that a worker with threads makes in its main loop."""

    def defer(self, callback: t.Callable[..., object], *args: object) -> None:
        """Add one; also from the handler of a signal."""


class Worker(t.Protocol):
    """A worker of gunicorn, as far as it is asked here."""

    cfg: GunicornSettings
    pid: int
    wsgi: object
    sockets: list[Listener]
    method_queue: Queue
    """Of a worker with threads."""

    def accept(self, listener: Listener) -> None:
        """Take a connection, and hand it to a thread; of a worker with threads."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or cease to wait for connections; of a worker with threads."""

    def handle(self, listener: Listener, client: socket.socket, address: object) -> None:
        """Answer the request of a connection; of a worker without threads."""


_arrived: t.Final[list[tuple[Listener, socket.socket, object]]] = []
"""The connections that a worker without threads has taken before it closed its socket."""


def on_reload(server: object) -> None:
    """Note, in the master, that new workers follow: the old ones end at once, and the host stays ready."""
    _reloads[0] = (_reloads[0] + 1) % 256


def post_fork(server: object, worker: Worker) -> None:
    """Note, in the worker, the generation that it belongs to."""
    own = _reloads[0]
    drainer.is_replaced = lambda: _reloads[0] != own


def post_worker_init(worker: Worker) -> None:
    """Start the application, and drain when the master says that the worker is to end.

    :raises StartupFailed: A startup function failed: the worker does not boot, and gunicorn stops.
    """
    set_up_logger()
    application = _application(worker)
    apps = apps_of(application)
    if not apps:
        logger.warning(
            "The hooks of framework.serve.gunicorn find no App in %r: it starts at its first request, and DRAIN_DELAY"
            " counts as 0. Serve the App itself, and put middleware into app.wsgi_app.",
            application,
        )
    loop = getattr(worker, "loop", None)
    for app in apps:
        drainer.add(app)
        if loop is None:  # an event loop starts it by the protocol of ASGI
            app.startup()
    drainer.most = float(worker.cfg.graceful_timeout)
    if drainer.delay >= drainer.timeout:
        logger.warning(
            "DRAIN_DELAY = %g leaves no time for requests: a worker ends after %g s. Set gunicorn's graceful_timeout"
            " to more than the delay and the longest request.",
            drainer.delay,
            drainer.timeout,
        )
    if loop is not None:
        loop.call_soon(drainer.take_over)
        return
    drainer.stop = lambda number, frame: _stop(worker, number, frame)
    drainer.take_over()
    signal.siginterrupt(signal.SIGTERM, False)  # as gunicorn has it: no system call of a request is interrupted


def worker_exit(server: object, worker: Worker) -> None:
    """Let streams end that still run, and shut the application down."""
    if worker.pid != os.getpid():
        return  # the master found that the worker is gone
    while _arrived:
        worker.handle(*_arrived.pop(0))
    ending.end_streams()
    for app in apps_of(_application(worker)):
        app.shutdown()
    drainer.finish()


def _application(worker: Worker) -> object:
    """Return what the worker serves: that of ASGI is under another name; ``None`` before it is loaded."""
    return getattr(worker, "wsgi", None) or getattr(worker, "asgi", None)


def _stop(worker: Worker, number: int, frame: FrameType | None) -> None:
    """Close the sockets and take who waits there, then stop as gunicorn does. Runs in the handler of the signal."""
    kind = worker.cfg.worker_class_str
    if drainer.is_replaced is None or not drainer.is_replaced():  # new workers take what waits there
        if kind == "gthread" and hasattr(worker, "method_queue"):
            worker.method_queue.defer(_close_with_threads, worker, number, frame)
            return
        if kind == "sync":
            for listener in worker.sockets:
                address = _Address(listener.getsockname())
                _arrived.extend((t.cast(Listener, address), *each) for each in _taken(listener))
                _close(listener)
    drainer.stop_by_handler(number, frame)


def _close_with_threads(worker: Worker, number: int, frame: FrameType | None) -> None:
    for listener in worker.sockets:
        while _has_more(listener):
            worker.accept(listener)
    worker.set_accept_enabled(False)
    for listener in worker.sockets:
        _close(listener)
    drainer.stop_by_handler(number, frame)


def _has_more(listener: Listener) -> bool:
    return bool(select.select([listener], [], [], 0)[0])


def _taken(listener: Listener) -> t.Iterator[tuple[socket.socket, object]]:
    while _has_more(listener):
        try:
            client, address = listener.accept()
        except OSError:  # another worker was quicker, or the client has left
            continue
        client.setblocking(True)
        yield client, address


def _close(listener: Listener) -> None:
    """Close a socket that gunicorn goes on to look at: one that no client knows takes its number."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        deaf.setblocking(False)
        os.dup2(deaf.fileno(), listener.fileno(), inheritable=False)


class _Address:
    """The address of a socket that is closed."""

    def __init__(self, address: object) -> None:
        self._address = address

    def getsockname(self) -> object:
        return self._address

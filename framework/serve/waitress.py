"""``serve``: waitress with an end. Its own ``serve`` is ended by SIGTERM at once, with what it was answering.

Not here: what draining is (``serve._draining``).
Floor 7.
"""

from __future__ import annotations

import select
import signal
import threading
import time
import typing as t

from .._ending import ending
from ._draining import Draining, apps_of, drainer, set_up_logger

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_IDLE: t.Final = 1.0  # seconds after which a connection without a request is closed at the end
_TURN: t.Final = 0.1


def serve(app: WSGIApplication, **options: t.Any) -> None:
    """Serve an application with waitress until SIGTERM, then end by the settings ``DRAIN_DELAY`` and ``DRAIN_TIMEOUT``.

    After the delay the sockets that listen are closed, connections are answered to their end, and this returns.

    :param app: The application, an ``App`` or what is wrapped around one.
    :param options: As for ``waitress.serve``.
    """
    from waitress import create_server

    set_up_logger()
    for each in apps_of(app):
        if "draining" not in each.extensions:
            Draining(each)
    server: t.Any = create_server(app, **options)
    ends = threading.Event()

    def stop(*_: object) -> None:
        ends.set()
        trigger.pull_trigger()  # the loop waits in select

    connections: dict[int, t.Any] = server._map if hasattr(server, "_map") else server.map
    trigger = next(each for each in connections.values() if hasattr(each, "pull_trigger") and hasattr(each, "thunks"))
    drainer.stop = stop
    if threading.current_thread() is threading.main_thread():
        drainer.take_over()
    server.print_listen("Serving on http://{}:{}")
    for each in apps_of(app):
        each.startup()
    try:
        turn = server.adj.asyncore_loop_timeout
        while not ends.is_set():
            server.asyncore.loop(timeout=turn, use_poll=server.adj.asyncore_use_poll, map=connections, count=1)
        _finish(server, connections)
    except (SystemExit, KeyboardInterrupt):
        server.task_dispatcher.shutdown()
    finally:
        drainer.stop = None
    for each in apps_of(app):
        each.shutdown()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # nothing is left to be ended


def _finish(server: t.Any, connections: dict[int, t.Any]) -> None:
    """Close what listens, and answer what has arrived."""
    for each in list(connections.values()):
        if getattr(each, "accepting", False):
            while select.select([each.socket], [], [], 0)[0]:  # the system has accepted these: they would be reset
                each.handle_accept()
            server.asyncore.dispatcher.close(each)
    while busy := [each for each in connections.values() if hasattr(each, "requests")]:
        for each in busy:
            idle = not each.requests and each.request is None and not each.total_outbufs_len
            if idle and each.last_activity < time.time() - _IDLE:
                each.will_close = True
        server.asyncore.loop(timeout=_TURN, use_poll=server.adj.asyncore_use_poll, map=connections, count=1)
    left = _IDLE if ending.deadline is None else max(_IDLE, ending.deadline - time.monotonic())
    server.task_dispatcher.shutdown(timeout=left)  # what was put off until after the responses

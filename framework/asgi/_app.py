"""``ASGI``: what an ASGI server calls, and where each request runs: on its loop, or in a pool of threads.

Not here: one request (``asgi._exchange``), the start and the end of the server (``asgi._lifespan``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import types
import typing as t

from ._bridge import LoopBridge
from ._exchange import ASGIExchange
from ._lifespan import live
from ._streams import Pumps

if t.TYPE_CHECKING:
    import collections.abc as cabc

    from ..app import App
    from ._environ import Receive, Scope, Send

try:
    from . import _greenlets
except ImportError:  # greenlet is not installed: everything runs in threads
    _greenlets = None  # type: ignore[assignment]


class ASGI:
    """An application for ASGI servers, with the pipeline that WSGI servers call: ``app.asgi`` is one.

    An operation with an ``async def`` handler or provider runs on the server's event loop, and so does a handler marked
    by ``nonblocking``; functions of it that may wait are called in threads. Other operations run in threads as a whole.
    Streams of asynchronous parts hold no thread. Without the library greenlet all operations run in threads, with the
    same results.

    :param app: The application.
    :param threads: The number of requests that are answered in threads at the same time. Default: ``ASGI_THREADS``.
    :param queue: The number of further requests that wait for a thread; a request beyond that is a 503. Default:
        ``ASGI_QUEUE``.
    :param greenlets: Whether requests may run on the loop. Default: where greenlet is installed.
    """

    def __init__(
        self, app: App, *, threads: int | None = None, queue: int | None = None, greenlets: bool | None = None
    ) -> None:
        if greenlets and _greenlets is None:
            raise ImportError("The library greenlet is not installed. Run 'pip install greenlet'.")
        self.app = app
        config = app.config
        self.threads: int = config["ASGI_THREADS"] if threads is None else threads
        self._places: int = self.threads + (config["ASGI_QUEUE"] if queue is None else queue)
        self.pool = self._make_pool()
        self._is_first = True
        self._pumps: tuple[asyncio.AbstractEventLoop, Pumps] | None = None
        self.part_timeout: float | None = config["ASGI_PART_TIMEOUT"]
        self.body_timeout: float | None = config["ASGI_BODY_TIMEOUT"]
        uses_greenlets = _greenlets is not None and greenlets is not False and not app.has_own_loop
        self.run_on_loop: cabc.Callable[..., cabc.Awaitable[t.Any]] | None = None
        if uses_greenlets:
            _greenlets.install()
            self.run_on_loop = _greenlets.run
        app.serve_on_loop()

    @property
    def pumps(self) -> Pumps:
        """Return the open streams of the running loop."""
        loop = asyncio.get_running_loop()
        if self._pumps is None or self._pumps[0] is not loop:
            self._pumps = loop, Pumps(loop)
        return self._pumps[1]

    @property
    def sends_streams(self) -> bool:
        """Return whether streams may be sent past what is around the application: no middleware wants to see them."""
        set_ = vars(self.app).get("wsgi_app")
        return set_ is None or set_ == types.MethodType(type(self.app).wsgi_app, self.app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what a server asks: a request, its own start and end, or the handshake of a WebSocket.

        :param scope: Kind and details, by the ASGI specification.
        :param receive: Gives the next message of the client.
        :param send: Takes the messages for the client.
        """
        kind = scope["type"]
        if kind == "http":
            if self._is_first:  # granian's workers and uvloop change what handles signals after their start
                self._is_first = False
                self.watch_end()
            await ASGIExchange(self, scope, receive, send).run()
        elif kind == "lifespan":
            await live(self, receive, send)
        elif kind == "websocket":
            from ._sockets import SocketExchange  # what is not used is not loaded

            if self._is_first:
                self._is_first = False
                self.watch_end()
            await SocketExchange(self, scope, receive, send).run()
        else:
            raise ValueError(f"ASGI knows the scopes 'http', 'lifespan' and 'websocket'. The server sent {kind!r}.")

    def take_place(self) -> bool:
        """Take a place among the requests for threads; false where there is none."""
        if self._places <= 0:
            return False
        self._places -= 1
        return True

    def leave_place(self) -> None:
        """Give the place back."""
        self._places += 1

    def bridge(self) -> LoopBridge:
        """Return a bridge for what belongs to no request."""
        return LoopBridge(asyncio.get_running_loop(), self.pool)

    def watch_end(self) -> None:
        """Take note of the signal that ends the process, where the application has ``Draining``."""
        draining = self.app.extensions.get("draining")
        if draining is not None:
            draining.watch({})

    def close(self) -> None:
        """End the threads; the next request, of a server that starts in the same process, has others."""
        self.pool.shutdown(wait=False)
        self.pool = self._make_pool()

    def _make_pool(self) -> concurrent.futures.ThreadPoolExecutor:
        return concurrent.futures.ThreadPoolExecutor(self.threads, thread_name_prefix="framework-asgi")

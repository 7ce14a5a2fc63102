"""One request on ASGI, and its answer: the application is called on the loop or in a thread, and what it gives is sent.

Not here: which of the two it is (``asgi._app``), streams of asynchronous parts (``asgi._streams``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import io
import typing as t

from .._coroutines import Coroutine, served_loop
from .._sentinel import MISSING
from ..app import WAITS
from ..errors import BadRequest, RequestTimeout
from ..http import problem
from ._body import ArrivingBody, Inbox, begun
from ._bridge import LoopBridge
from ._environ import WrongRequest, has_body, make_environ

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from ..http.response import PreparedResponse
    from ._app import ASGI
    from ._environ import Receive, Scope, Send

_T = t.TypeVar("_T")


class ASGIExchange(LoopBridge):
    """A request and its answer.

    :param asgi: The ASGI application.
    :param scope: The details of the request.
    :param receive: Gives the messages of the client.
    :param send: Takes those for it.
    """

    # PERF: most requests leave these as they are.
    status = 0
    headers: cabc.Sequence[tuple[bytes, bytes]] = ()
    has_started = False
    """True if the head of the answer has been sent."""
    _listener: asyncio.Task[None] | None = None
    is_cancellable = False
    environ: WSGIEnvironment

    def __init__(self, asgi: ASGI, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(asyncio.get_running_loop(), asgi.pool)
        self.asgi = asgi
        self.scope = scope
        self.send = send
        self.inbox = Inbox(receive, asgi.part_timeout, asgi.body_timeout)
        self.task = t.cast("asyncio.Task[object]", asyncio.current_task())

    async def run(self) -> None:
        """Answer the request."""
        served_loop.set(self.loop)
        try:
            await self._answer()
        except asyncio.CancelledError:
            # The client has gone, and what ran for it has been cancelled: that is no matter of the server.
            if not self.inbox.is_left or self.task.uncancel() > 0:
                raise
        finally:
            if self._listener is not None:
                self._listener.cancel()

    async def _answer(self) -> None:
        try:
            environ = self.environ = make_environ(self.scope)
        except WrongRequest as wrong:
            await self._refuse(problem.render(BadRequest(str(wrong))), {"REQUEST_METHOD": self.scope["method"]})
            return
        if has_body(self.scope, environ):
            try:
                ahead = await self.inbox.ahead()
            except RequestTimeout as late:
                await self._refuse(problem.render(late), environ)
                return
            if ahead is None:
                return
            body = ArrivingBody(ahead, self.inbox)
            environ["wsgi.input"] = io.BufferedReader(body) if self.inbox.has_more else io.BytesIO(ahead)
        else:
            self.inbox.has_more = False
        asgi = self.asgi
        application = asgi.application
        if asgi.run_on_loop is not None and asgi.is_for_loop(environ):
            parts = await asgi.run_on_loop(self, application, environ, self.start_response)
            if type(parts) is tuple or type(parts) is list:
                await self._send_whole(parts)
            else:
                await self._send_parts(parts, on_loop=True)
            return
        if not asgi.take_place():
            await self._refuse(asgi.overloaded(), environ)
            return
        try:
            parts = await self.in_thread(self._call, application, environ)
        finally:
            asgi.leave_place()
        if type(parts) is tuple or type(parts) is list:
            await self._send_whole(parts)
        else:
            await self._send_parts(parts, on_loop=False)

    def _call(self, application: WSGIApplication, environ: WSGIEnvironment) -> cabc.Iterable[bytes]:
        return application(environ, self.start_response)

    async def _refuse(self, reply: PreparedResponse, environ: WSGIEnvironment) -> None:
        await self._send_whole(tuple(reply(environ, self.start_response)))

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: t.Any = None, /
    ) -> cabc.Callable[[bytes], object]:
        """PEP 3333's ``start_response``.

        :raises AssertionError: It was called before, and no error is given.
        """
        if self.has_started and exc_info:
            raise exc_info[1].with_traceback(exc_info[2])
        if self.status and not exc_info:
            raise AssertionError("start_response() was called twice. Give the exception that replaces the answer.")
        self.status = int(status[:3])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return self._refuse_write

    @staticmethod
    def _refuse_write(part: bytes) -> t.NoReturn:
        raise RuntimeError(
            "The function 'write' of WSGI is not there behind an ASGI server. Return the body, or wrap the application"
            " that needs it with 'framework.asgi.WsgiToAsgi'."
        )

    # Sending.

    async def start(self) -> None:
        """Send the head of the answer."""
        self.has_started = True
        await self.send({"type": "http.response.start", "status": self.status, "headers": self.headers})

    async def _send_whole(self, parts: cabc.Sequence[bytes]) -> None:
        """Send an answer that is there as a whole."""
        self.has_started = True
        await self.send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        await self.send({"type": "http.response.body", "body": body})

    async def _send_parts(self, parts: cabc.Iterable[bytes], on_loop: bool) -> None:
        """Send an answer part by part, and close it: on the loop where nothing of it waits, or in threads."""
        waits = self.environ.get(WAITS, True)
        stream = self.stream
        try:
            if stream is not None and self.asgi.sends_streams:
                from ._streams import pump  # PERF: where it is needed

                await pump(self, stream, parts)
                await self._ended(parts, on_loop)
            elif waits:
                await self._send_waiting(parts)
            else:
                found: list[bytes] = list(parts)
                await self._send_whole(found)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                await self.off_road(close, on_loop=on_loop)

    async def off_road(self, function: cabc.Callable[..., _T], *args: object, on_loop: bool) -> _T:
        """Call a function of the application where its request runs: in a greenlet, or in a thread."""
        if on_loop and self.asgi.run_on_loop is not None:
            return t.cast(_T, await self.asgi.run_on_loop(self, function, *args))
        return await self.in_thread(function, *args)

    async def _ended(self, parts: cabc.Iterable[bytes], on_loop: bool) -> None:
        """Let the layers of a body know that its stream has come to its end, or what ended it."""

        def exhaust() -> None:
            for _ in parts:
                pass

        await self.off_road(exhaust, on_loop=on_loop)
        await self.send({"type": "http.response.body", "body": b""})

    async def _send_waiting(self, parts: cabc.Iterable[bytes]) -> None:
        """Send what a thread makes, one part after the other: the next is made when the client has taken the last."""
        iterator = iter(parts)
        self.listen()
        while True:
            part = await self.in_thread(next, iterator, MISSING)
            if self.inbox.is_left:
                return
            if part is MISSING:
                break
            if not self.has_started:
                await self.start()
            if part:
                await self.send({"type": "http.response.body", "body": part, "more_body": True})
        if not self.has_started:
            await self.start()
        await self.send({"type": "http.response.body", "body": b""})

    # The client.

    def watched(self, coroutine: Coroutine[_T]) -> cabc.Awaitable[_T]:
        """Return a coroutine of the application as what is awaited: it is cancelled when the client leaves."""
        return _Watched(self, coroutine)

    def listen(self) -> None:
        """Notice from now on that the client leaves."""
        if self._listener is None and not self.inbox.has_more:
            self._listener = self.loop.create_task(self.inbox.left())
            self._listener.add_done_callback(self._leave)

    def _leave(self, listener: asyncio.Task[None]) -> None:
        if listener.cancelled():
            return
        if listener.exception() is not None:
            self.inbox.is_left = True
        self.is_left = True
        if self.is_cancellable:
            self.task.cancel()

    async def waiting(self, waits_for: object, steps: t.Any) -> t.Any:
        """Await the rest of a coroutine that is cancelled when the client leaves."""
        self.listen()
        if self.is_left and self.inbox.is_left:
            self.task.cancel()  # it has left before this one began to wait
        self.is_cancellable = True
        try:
            return await begun(waits_for, steps)
        finally:
            self.is_cancellable = False


class _Watched(t.Generic[_T]):
    """Await a coroutine; the client is watched only where it really waits: watching costs a task.

    :param exchange: The request.
    :param coroutine: The coroutine.
    """

    __slots__ = ("_coroutine", "_exchange")

    def __init__(self, exchange: ASGIExchange, coroutine: Coroutine[_T]) -> None:
        self._exchange = exchange
        self._coroutine = coroutine

    def __await__(self) -> cabc.Generator[t.Any, t.Any, _T]:
        coroutine = self._coroutine
        try:
            waits_for = coroutine.send(None)
        except StopIteration as end:
            return t.cast(_T, end.value)
        return t.cast(_T, (yield from self._exchange.waiting(waits_for, coroutine.__await__()).__await__()))

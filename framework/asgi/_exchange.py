"""One request on ASGI, and its answer: the application is called on the loop or in a thread, and what it gives is sent.

Not here: which of the two it is (``asgi._app``), streams of asynchronous parts (``asgi._streams``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import contextlib
import functools
import io
import tempfile
import time
import typing as t

from .._coroutines import served_loop
from .._sentinel import MISSING
from ..app import WAITS
from ..errors import APIError, BadRequest, RequestTimeout, ServiceUnavailable
from ..http import problem
from ..http.reading import media_type
from ..http.request import is_json_type
from ..record import WAITED
from ..texts import message
from ._body import IN_MEMORY, ArrivingBody, Inbox, begun, is_within
from ._bridge import LoopBridge
from ._environ import WrongRequest, has_body, make_environ
from ._streams import Pump

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from ..resources.operation import Operation
    from ._app import ASGI
    from ._environ import Receive, Scope, Send

_T = t.TypeVar("_T")


_UNTIL_LISTENING: t.Final = 0.05
"""Seconds for which a coroutine waits before its client is listened to."""


class _Refused(Exception):
    """The application is not called.

    :param error: The answer.
    """

    def __init__(self, error: APIError) -> None:
        super().__init__(error)
        self.error = error


def _cut_off(environ: WSGIEnvironment) -> BadRequest:
    """The answer to a body that does not come to its end: that of WSGI, for servers whose client is still there.

    Some say that it has left where what it sends is not HTTP, and answer with a 500 if nothing else does.
    """
    which = "body_length" if "CONTENT_LENGTH" in environ else "body_unreadable"
    return BadRequest(message(f"bad_request.{which}"))


@functools.lru_cache(500)
def name_of(name: str) -> bytes:
    """The name of a header, as ASGI has it."""
    return name.lower().encode("latin-1")


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
    _is_cancelled = False
    environ: WSGIEnvironment

    _inbox: Inbox | None = None
    _timer: asyncio.TimerHandle | None = None
    _file: t.IO[bytes] | None = None
    _task: asyncio.Task[object] | None = None

    def __init__(self, asgi: ASGI, scope: Scope, receive: Receive, send: Send) -> None:
        self.loop = asyncio.get_running_loop()
        self._pool = asgi.pool
        self.asgi = asgi
        self.scope = scope
        self.send = send
        self._receive = receive

    @property
    def inbox(self) -> Inbox:
        """Return what the client sends."""
        if self._inbox is None:
            self._inbox = self._make_inbox()
            self._inbox.has_more = False
        return self._inbox

    def _make_inbox(self) -> Inbox:
        return Inbox(self._receive, self.asgi.part_timeout, self.asgi.body_timeout)

    @property
    def task(self) -> asyncio.Task[object]:
        """Return the task in which the request is answered. To be asked in it first."""
        if self._task is None:
            self._task = t.cast("asyncio.Task[object]", asyncio.current_task())
        return self._task

    async def run(self) -> None:
        """Answer the request."""
        served_loop.set(self.loop)
        try:
            environ = self.environ = make_environ(self.scope)
            app, run = self.asgi.app, self.asgi.run_on_loop
            operation, on_loop = app.foreseen(environ)
            if has_body(self.scope, environ):
                await self._read(environ, operation)
            on_loop = on_loop and run is not None
            if run is not None and on_loop:
                parts = await run(self, app, environ, self.start_response)
            else:
                parts = await self._in_place(app, environ)
            if type(parts) is tuple or type(parts) is list:
                await self._send_whole(parts)
            else:
                await self._send_parts(parts, on_loop)
        except asyncio.CancelledError:
            # The client has gone, and what ran for it has been cancelled: that is no matter of the server.
            if not self.is_left or self._inbox is None or not self._inbox.is_left or self.task.uncancel() > 0:
                raise
        except WrongRequest as wrong:
            self.environ = {"REQUEST_METHOD": self.scope["method"]}
            await self._refuse(BadRequest(str(wrong)))
        except _Refused as refused:
            await self._refuse(refused.error)
        finally:
            if self._listener is not None:
                self._listener.cancel()
            if self._timer is not None:
                self._timer.cancel()
            if self._file is not None:
                self._file.close()
            close = getattr(self.left_over, "close", None)
            if close is not None:  # an answer that is not sent
                self.left_over = None
                await self.in_thread(close)

    async def _read(self, environ: WSGIEnvironment, operation: Operation | None) -> None:
        """Read the body as far as anyone may read it, a long one into a file.

        A client that sends nothing is to hold no thread, and a coroutine cannot wait when it touches ``request.json``.
        """
        inbox = self._inbox = self._make_inbox()
        limit: int | None = self.asgi.app.config["MAX_CONTENT_LENGTH"]
        if operation is not None and operation.json_limit is not None and is_json_type(media_type(environ)):
            limit = operation.json_limit
        begun = time.perf_counter()
        if not is_within(environ.get("CONTENT_LENGTH"), limit):  # its answer does not wait for it
            environ["wsgi.input"] = io.BufferedReader(ArrivingBody(io.BytesIO(), inbox))
            return
        try:
            ahead = await inbox.ahead()
            if ahead is None:
                raise _Refused(_cut_off(environ))
            environ[WAITED] = time.perf_counter() - begun
            if not inbox.has_more:
                environ["wsgi.input"] = io.BytesIO(ahead)
                return
            stored = self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed at the end
            if not await inbox.store(stored, ahead, limit):
                raise _Refused(_cut_off(environ))
        except RequestTimeout as late:
            raise _Refused(late) from None
        environ[WAITED] = time.perf_counter() - begun
        environ["wsgi.input"] = io.BufferedReader(ArrivingBody(stored, inbox)) if inbox.has_more else stored

    async def _in_place(self, application: WSGIApplication, environ: WSGIEnvironment) -> cabc.Iterable[bytes]:
        """Call the application in a thread, if there is a place for one more request."""
        if not self.asgi.take_place():
            raise _Refused(ServiceUnavailable(retry_after=1))
        try:
            return await self.in_thread(application, environ, self.start_response)
        finally:
            self.asgi.leave_place()

    async def _refuse(self, error: APIError) -> None:
        """Send an error that the application has not seen."""
        with contextlib.suppress(OSError):  # from a server whose client has left
            await self._send_whole(tuple(problem.render(error)(self.environ, self.start_response)))

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
        self.headers = [(name_of(name), value.encode("latin-1")) for name, value in headers]
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
            if stream is not None and waits and self.asgi.sends_streams:
                await Pump(self, stream).run()
                await self._ended(parts, on_loop)
            elif waits:
                # Asynchronous parts that something is around wait in a greenlet: a thread would be held by each.
                await self._send_waiting(parts, on_loop=self.is_async)
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

    async def _send_waiting(self, parts: cabc.Iterable[bytes], on_loop: bool) -> None:
        """Send what a thread or a greenlet makes, each part when the client has taken the last one."""
        iterator = iter(parts)
        self.listen()
        while True:
            part = await self.off_road(next, iterator, MISSING, on_loop=on_loop)
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

    def listen(self) -> None:
        """Notice from now on that the client leaves."""
        if self._listener is None and (self._inbox is None or not self._inbox.has_more):
            self.task  # noqa: B018 - it is the one that is cancelled
            self._listener = self.loop.create_task(self.inbox.left())
            self._listener.add_done_callback(self._leave)

    def _leave(self, listener: asyncio.Task[None]) -> None:
        if listener.cancelled():
            return
        if listener.exception() is not None:
            self.inbox.is_left = True
        self.is_left = True
        if self.is_cancellable:
            self._cancel()

    def _cancel(self) -> None:
        """Cancel what runs for the client: once, since what cleans up after that may wait too."""
        self._is_cancelled = True
        self.task.cancel()

    async def waiting(self, waits_for: object, steps: t.Any) -> t.Any:
        """Await the rest of a coroutine that is cancelled when the client leaves."""
        if self._timer is None and self._listener is None:
            self.task  # noqa: B018 - it is the one that is cancelled
            # PERF: listening takes a task, 15 us; most coroutines end before that.
            self._timer = self.loop.call_later(_UNTIL_LISTENING, self.listen)
        if self.is_left and not self._is_cancelled:
            self._cancel()  # it has left before this one began to wait
        self.is_cancellable = True
        try:
            return await begun(waits_for, steps)
        finally:
            self.is_cancellable = False

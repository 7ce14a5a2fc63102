"""The way into an ASGI server: ``asgi_app = WsgiToAsgi(app)``.

A subclass of asgiref's adapter, which never calls ``close()`` on a body, runs all requests in one thread and reads
a body to its end before the application sees it. Here a body is always closed, also when the client leaves midway, so
that teardown functions run; requests run in a pool of threads; a body is read while it arrives, and limits apply to it.
Not here: ``async def`` functions (``App.ensure_sync``), which work under any server.
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import concurrent.futures
import io
import queue
import threading
import typing as t

from ..errors import SetupError

try:
    import asgiref.wsgi
    from asgiref.sync import sync_to_async
except ImportError:
    raise ImportError(
        "The module framework.asgi needs the library asgiref, which is not installed. Run 'pip install asgiref'."
    ) from None

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Scope = cabc.MutableMapping[str, t.Any]
Message = dict[str, t.Any]
Receive = cabc.Callable[[], cabc.Awaitable[Message]]
Send = cabc.Callable[[Message], cabc.Awaitable[None]]

# How many parts of a body wait in memory for the application to read them; servers send parts of about 64 KiB.
_PARTS_AHEAD = 4
# So many bytes of a body are read before its request takes a thread: most bodies as a whole.
_BYTES_AHEAD = 65_536


class WsgiToAsgi(asgiref.wsgi.WsgiToAsgi):
    """An ASGI application that answers with a WSGI application.

    A request takes one thread until its body is sent, a stream included. An ``async def`` handler runs in the
    server's own event loop. Where the application has a ``freeze`` method, it is called when the server starts.

    :param wsgi_application: The application, an :class:`App` or what is wrapped around one.
    :param duplicate_header_limit: The most repetitions of a header; more is a 400. ``0`` for no limit.
    :param threads: How many requests are answered at the same time; more of them wait.
    :param body_timeout: How many seconds the client may take for the next part of a body. A request whose body
        stops is a 408, or a 400 where the application is reading it already. ``None`` for no limit.
    """

    def __init__(
        self,
        wsgi_application: WSGIApplication,
        duplicate_header_limit: int = 100,
        *,
        threads: int = 40,
        body_timeout: float | None = 30,
    ) -> None:
        super().__init__(wsgi_application, duplicate_header_limit)
        self._body_timeout = body_timeout
        self._pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="asgi")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what a server asks: a request, its own start and end, or a WebSocket, which is refused.

        :param scope: Kind and details, by the ASGI specification.
        :param receive: Gives the next message of the client.
        :param send: Takes the messages for the client.
        """
        if scope["type"] == "http":
            exchange = _Exchange(self.wsgi_application, self.duplicate_header_limit, self._pool, self._body_timeout)
            await exchange(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await receive()
            await send({"type": "websocket.close"})  # before it is accepted: the client gets a 403

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "lifespan.startup":
            try:
                getattr(self.wsgi_application, "freeze", bool)()
            except SetupError as error:
                await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
                return
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})


class _Exchange(asgiref.wsgi.WsgiToAsgiInstance):
    """One request and its answer."""

    def __init__(
        self,
        application: WSGIApplication,
        header_limit: int,
        pool: concurrent.futures.Executor,
        body_timeout: float | None,
    ) -> None:
        super().__init__(application, header_limit)
        self._pool = pool
        self._body_timeout = body_timeout
        self._gone = threading.Event()
        self._bytes_sent = 0
        self._complete = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = {**scope, "headers": _headers(scope["headers"])}
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._room = asyncio.Semaphore(_PARTS_AHEAD)
        self._body = _Body(self._has_room)
        try:
            more = await self._read_ahead(receive)
        except TimeoutError:
            await self._send_all(_TIMED_OUT)
            return
        if more is None:
            return
        listener = self._loop.create_task(self._listen(receive, more))
        listener.add_done_callback(self._leave)
        try:
            await sync_to_async(self._run, thread_sensitive=False, executor=t.cast(t.Any, self._pool))()
        finally:
            listener.cancel()  # also when this task is cancelled itself: its thread stops at the next part

    # In the server's event loop.

    async def _next_part(self, receive: Receive) -> Message:
        """Wait for the next part of the body.

        :raises TimeoutError: It does not come.
        """
        async with asyncio.timeout(self._body_timeout):
            return await receive()

    async def _read_ahead(self, receive: Receive) -> bool | None:
        """Read the beginning of the body: a client that sends nothing holds no thread.

        :return: Whether there is more; ``None`` where the client has left.
        """
        size, more = 0, True
        pieces: list[bytes] = []
        while more and size < _BYTES_AHEAD:
            message = await self._next_part(receive)
            if message["type"] != "http.request":
                return None
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            more = message.get("more_body", False)
        await self._room.acquire()
        self._body.put(b"".join(pieces), more)
        return more

    async def _listen(self, receive: Receive, more: bool) -> None:
        """Hand over the body as it arrives, then wait for the client to leave."""
        while more:
            try:
                message = await self._next_part(receive)
            except TimeoutError:
                self._body.cut()  # its reader gets an error, and its answer still goes out
                while (await receive())["type"] == "http.request":
                    pass
                return
            if message["type"] != "http.request":
                return
            await self._room.acquire()
            more = message.get("more_body", False)
            self._body.put(message.get("body", b""), more)
        if (await receive())["type"] == "http.request":  # beyond the body's end, from no server
            await asyncio.Event().wait()

    def _leave(self, listener: asyncio.Task[None]) -> None:
        self._gone.set()
        self._body.cut()

    async def _send_all(self, messages: cabc.Iterable[Message]) -> None:
        for message in messages:
            await self._send(message)

    # In the request's thread.

    def _has_room(self) -> None:
        if not self._gone.is_set():
            self._loop.call_soon_threadsafe(self._room.release)

    def _run(self) -> None:
        try:
            environ = self.build_environ(self.scope, io.BufferedReader(self._body))
        except ValueError:  # a header repeated too often, or a query string that is not ASCII
            self.start_response("400 Bad Request", [("Content-Type", "text/plain"), ("Content-Length", "11")])
            self._write(b"Bad Request")
            return
        # The body ends where it ends, so one without Content-Length can be read too.
        environ["wsgi.input_terminated"] = True
        parts = self.wsgi_application(environ, self.start_response)
        try:
            for part in parts:
                if part:
                    self._write(part)
                if self._gone.is_set() or self._complete:
                    break
            else:
                self._write(b"", last=True)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()

    def start_response(
        self, status: str, response_headers: list[tuple[str, str]], exc_info: object = None
    ) -> cabc.Callable[[bytes], None]:
        """PEP 3333's ``start_response``; the base class checks the order of the calls."""
        super().start_response(status, [], exc_info)
        self.response_start["headers"] = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response_headers
        ]
        lengths = [int(value) for name, value in response_headers if name.lower() == "content-length"]
        self.response_content_length = lengths[0] if lengths else None
        return self._write

    def _write(self, part: bytes, last: bool = False) -> None:
        """Send a part of the answer, with the headers before the first one."""
        messages: list[Message] = []
        if not self.response_started:
            self.response_started = True
            messages.append(self.response_start)
        if self.response_content_length is not None:  # no more than the headers have announced
            part = part[: self.response_content_length - self._bytes_sent]
            last = last or self._bytes_sent + len(part) == self.response_content_length
        self._bytes_sent += len(part)
        messages.append({"type": "http.response.body", "body": part, "more_body": not last})
        self._complete = last
        if self._gone.is_set():
            return
        try:
            asyncio.run_coroutine_threadsafe(self._send_all(messages), self._loop).result()
        except (OSError, concurrent.futures.CancelledError):  # the client has left, or the server is ending
            self._gone.set()


_TIMED_OUT: tuple[Message, ...] = (
    {
        "type": "http.response.start",
        "status": 408,
        "headers": [(b"content-type", b"text/plain"), (b"content-length", b"15"), (b"connection", b"close")],
    },
    {"type": "http.response.body", "body": b"Request Timeout"},
)


class _Body(io.RawIOBase):
    """The body of a request, put in by the event loop and read by a thread, which waits for it.

    :param has_room: Called for each part that was taken out.
    """

    def __init__(self, has_room: cabc.Callable[[], None]) -> None:
        self._has_room = has_room
        self._parts: queue.SimpleQueue[tuple[bytes, bool] | None] = queue.SimpleQueue()
        self._part = memoryview(b"")
        self._more = True

    def put(self, part: bytes, more: bool) -> None:
        """Add a part; ``more`` is false with the last one."""
        self._parts.put((part, more))

    def cut(self) -> None:
        """Nothing will come any more; who reads beyond what is there gets an error."""
        self._parts.put(None)

    def readable(self) -> bool:
        """A raw stream says whether it can be read."""
        return True

    def readinto(self, buffer: t.Any) -> int:
        """Fill the buffer with what is there, or wait for the next part.

        :raises ConnectionResetError: The client left before the end.
        """
        while not self._part and self._more:
            item = self._parts.get()
            if item is None:
                self._parts.put(None)
                raise ConnectionResetError("The client left before the end of the request's body.")
            self._part, self._more = memoryview(item[0]), item[1]
            self._has_room()
        size = min(len(buffer), len(self._part))
        buffer[:size] = self._part[:size]
        self._part = self._part[size:]
        return size


def _headers(headers: cabc.Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers that become part of an environment.

    A name with an underscore would pass for the name with a dash that a proxy has set, so it is left out. Cookies that
    HTTP/2 has split are joined (RFC 9113, section 8.2.3).
    """
    cookies = [value for name, value in headers if name == b"cookie"]
    kept = [(name, value) for name, value in headers if b"_" not in name and name != b"cookie"]
    return [*kept, (b"cookie", b"; ".join(cookies))] if cookies else kept

"""Ask an application from a test that is a coroutine: httpx's client, over a transport that calls ``app.asgi``.

Not here: what both clients do with a reply (``testing._base``), the synchronous client (``testing.client``).
Floor 7.
"""

from __future__ import annotations

import asyncio
import collections
import collections.abc as cabc
import contextlib
import copy
import typing as t

from werkzeug.datastructures import Headers
from werkzeug.sansio.http import parse_cookie

from .._coroutines import served_loop
from ..app import StartupFailed
from ..asgi import MORE_ENVIRON
from ._base import ClientBase
from .client import base_url_of

try:
    import httpx
except ImportError as error:
    raise ImportError("The asynchronous test client needs the library httpx. Run 'pip install httpx'.") from error

if t.TYPE_CHECKING:
    from types import TracebackType

    from ..app import App
    from ..context import Context
    from ..sessions import SessionMixin
    from ._websocket import SocketClient

_T = t.TypeVar("_T")

_CLIENT: t.Final = "framework.client"
"""The key of a request for the client that sends it."""

IN_FLIGHT: t.Final = 65_536
"""So many bytes may have been sent and not been read, as on a connection."""


class AppResponse(httpx.Response):
    """A reply whose JSON is read by the provider of the application."""

    app: App
    """The application."""

    def json(self, **kwargs: t.Any) -> t.Any:
        """Return the body as JSON; see :meth:`httpx.Response.json`."""
        return self.app.json.loads(self.content, **kwargs)


class AsyncAppClient(ClientBase, httpx.AsyncClient):
    """A client for tests that are coroutines: it calls ``app.asgi`` on their event loop, and keeps cookies.

    As an asynchronous context manager it starts the application as a server does, and shuts it down at the end of the
    block, unless it had been started before. A block that is left in the middle of a stream is a client that leaves:
    it ends when the application has noticed that, so that the test can look at what was cleaned up.

    :param application: The application.
    :param contract: As for :class:`AppClient`.
    :param fresh_g: Likewise.
    :param options: As :class:`httpx.AsyncClient` takes them: ``headers``, ``cookies``, ``base_url`` and so on.
    """

    seconds_to_end: float = 10.0
    """The time that the application may take to notice that a client has left."""

    def __init__(
        self, application: App, *, contract: bool | None = None, fresh_g: bool = False, **options: t.Any
    ) -> None:
        options.setdefault("base_url", base_url_of(application))
        options.setdefault("transport", AppTransport())
        super().__init__(**options)
        self.application = application
        self.contract = contract
        self.fresh_g = fresh_g
        self.environ_base: dict[str, object] = {"REMOTE_ADDR": "127.0.0.1"}
        """Merged below the WSGI environment of each request; an attribute of the client, free to be changed."""
        self._lifespan: Lifespan | None = None
        self._is_entered = False
        self._open: set[AppExchange] = set()

    def build_request(
        self, method: str, url: httpx.URL | str, *, json: t.Any = None, **options: t.Any
    ) -> httpx.Request:
        """Build a request, with ``json=`` written by the provider of the application."""
        if json is None:
            return super().build_request(method, url, **options)
        options["content"] = self.application.json.dumps(json)
        request = super().build_request(method, url, **options)
        request.headers.setdefault("Content-Type", "application/json")
        return request

    async def query(self, url: httpx.URL | str, **options: t.Any) -> httpx.Response:
        """Send a QUERY (RFC 10008).

        :param options: As :meth:`httpx.AsyncClient.request` takes them.
        """
        return await self.request("QUERY", url, **options)

    async def send(self, request: httpx.Request, **options: t.Any) -> httpx.Response:
        """Send a request; :meth:`request` and :meth:`stream` do so by this method.

        What the application does not handle is raised here, as with :class:`AppClient`, or by who reads the stream.
        """
        self._watch()
        request.extensions = {**request.extensions, _CLIENT: self}
        return await super().send(request, **options)

    async def leave_after(
        self, moment: float | cabc.Awaitable[object], method: str, url: httpx.URL | str, **options: t.Any
    ) -> None:
        """Send a request, and leave before it is answered; return when the application has noticed that.

        :param moment: When to leave: a number of seconds, or something to await, such as ``event.wait()``.
        :param method: As for :meth:`request`, and so are the rest.
        :raises RuntimeError: The answer came before.
        """
        asking = asyncio.ensure_future(self.request(method, url, **options))
        is_number = isinstance(moment, (int, float))
        waiting = asyncio.ensure_future(asyncio.sleep(moment) if is_number else _awaited(moment))  # type: ignore[arg-type]
        try:
            await asyncio.wait({asking, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            asking.cancel()
            await asyncio.wait({asking, waiting})
        if not waiting.cancelled():
            waiting.result()
        with contextlib.suppress(asyncio.CancelledError):
            answer = asking.result()
            raise RuntimeError(f"{method} {url} was answered with {answer.status_code} before the client left.")

    def websocket(
        self,
        url: httpx.URL | str,
        *,
        subprotocols: cabc.Sequence[str] = (),
        headers: cabc.Mapping[str, str] | None = None,
    ) -> SocketClient:
        """Return what opens a WebSocket, as an asynchronous context manager: ``async with client.websocket(path)``.

        :param url: The path, or a URL.
        :param subprotocols: The subprotocols that the client offers, in its order.
        :param headers: Headers of the handshake, such as ``Origin``.
        """
        from ._websocket import SocketClient  # where it is used

        return SocketClient(self, self.build_request("GET", url, headers=headers), subprotocols)

    def check_reply(
        self, response: httpx.Response, ctx: Context | None, body: bytes
    ) -> cabc.Callable[[bytes], None] | None:
        """Look at a reply before the test does; as :meth:`AppClient.check_reply`.

        :param response: The reply; its body has not been read.
        :param ctx: The context of the request; ``None`` when the application was not reached.
        :param body: The body, where it is JSON, or empty, and not a stream.
        :return: For a stream what looks at each part when the test reads it.
        """
        if not self._is_held(ctx):
            return None
        sent = getattr(response.request, "_content", None)
        return self._hold(ctx, response.status_code, _headers_of(response), lambda: body, sent)

    # Users and sessions.

    def as_user(self, user: object, scopes: cabc.Iterable[str] | None = None) -> t.Self:
        """A client whose requests come from a user, without credentials; as :meth:`AppClient.as_user`.

        :param user: The value of ``current_user``.
        :param scopes: What the credentials would be good for. Default: for all.
        """
        made = copy.copy(self)
        made._lifespan = None
        made._is_entered = False
        made.cookies = self.cookies
        made.headers = self.headers
        made.environ_base = self._environ_of(user, scopes)
        return made

    async def csrf_token(self, cookie: str | None = None) -> str:
        """A CSRF token that is good with the cookies of this client; as :meth:`AppClient.csrf_token`.

        :param cookie: The name of the cookie that says who sends the request. Default: the session says it.
        :raises RuntimeError: There is no such cookie, or no secret key.
        """
        from ..marks.security import session_secret

        if cookie is None:
            async with self.session_transaction() as session:
                return self._token_for(session_secret(session, make=True))
        value = self.cookies.get(cookie)
        return self._token_for(None if value is None else parse_cookie(f"{cookie}={value}").get(cookie))

    @contextlib.asynccontextmanager
    async def session_transaction(self, path: str = "/", **options: t.Any) -> cabc.AsyncIterator[SessionMixin]:
        """Open the client's session, to read or change it; it is saved at the end of the ``async with`` block.

        :param path: Where the session belongs.
        :param options: More for :class:`EnvironBuilder`.
        :raise RuntimeError: The application has no session, mostly for want of a ``SECRET_KEY``.
        """
        if "://" not in path:
            options.setdefault("base_url", str(self.base_url))
        request = self.build_request("GET", path)
        cookie = request.headers.get("Cookie")
        ctx = self.application.test_request_context(path, headers={"Cookie": cookie} if cookie else None, **options)
        session = await _in_thread(self._open_session, ctx)

        yield session

        response = await _in_thread(self._save_session, ctx, session)
        if response is not None:
            kept = [("Set-Cookie", value) for value in response.headers.getlist("Set-Cookie")]
            self.cookies.extract_cookies(httpx.Response(200, headers=kept, request=request))

    # The life of the application.

    async def __aenter__(self) -> t.Self:
        if self._is_entered:
            raise RuntimeError("Cannot nest client invocations. Make a second client.")
        self._watch()
        if self.application.lifecycle.state != "started":
            lifespan = Lifespan(self.application)
            await lifespan.start()
            self._lifespan = lifespan
        self._is_entered = True
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._is_entered = False
        lifespan, self._lifespan = self._lifespan, None
        try:
            for exchange in list(self._open):
                await exchange.leave()
        finally:
            if lifespan is not None:
                await lifespan.end()


def _headers_of(response: httpx.Response) -> Headers:
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw])


async def _awaited(awaitable: cabc.Awaitable[object]) -> None:
    await awaitable


async def _in_thread(function: cabc.Callable[..., _T], *args: object) -> _T:
    """Call a function that may wait, and whose coroutines are for this loop."""
    loop = asyncio.get_running_loop()

    def call() -> _T:
        served_loop.set(loop)
        return function(*args)

    return await asyncio.to_thread(call)


class Lifespan:
    """The start and the end of an application, as a server asks for them.

    :param app: The application.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._sent: asyncio.Queue[dict[str, t.Any]] = asyncio.Queue()
        self._said: asyncio.Queue[cabc.MutableMapping[str, t.Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the application.

        :raises StartupFailed: A function of the startup failed; the message names it.
        """
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self._task = asyncio.create_task(self._app.asgi(scope, self._sent.get, self._said.put))
        answer = await self._ask("lifespan.startup")
        if answer["type"] == "lifespan.startup.failed":
            await self._task
            failure = self._app.lifecycle.failure
            if failure is not None:
                raise failure
            raise StartupFailed(answer.get("message", ""))

    async def end(self) -> None:
        """Shut the application down.

        :raises RuntimeError: A function of the shutdown failed.
        """
        answer = await self._ask("lifespan.shutdown")
        if self._task is not None:
            await self._task
        if answer["type"] == "lifespan.shutdown.failed":
            raise RuntimeError(f"The shutdown failed. {answer.get('message', '')}")

    async def _ask(self, kind: str) -> cabc.MutableMapping[str, t.Any]:
        task = t.cast("asyncio.Task[None]", self._task)
        self._sent.put_nowait({"type": kind})
        saying = asyncio.ensure_future(self._said.get())
        await asyncio.wait({task, saying}, return_when=asyncio.FIRST_COMPLETED)
        if not saying.done():
            saying.cancel()
            await task
            raise RuntimeError("The application ended the scope 'lifespan' without an answer.")
        return saying.result()


class AppTransport(httpx.AsyncBaseTransport):
    """Calls ``app.asgi`` on the running loop."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; return the reply when its head is there, or its body where the contract looks at that."""
        exchange = AppExchange(request.extensions[_CLIENT], request)
        try:
            return await exchange.answer()
        except BaseException:
            await exchange.leave()
            raise


class AppExchange(httpx.AsyncByteStream):
    """A request on its way, and the body of its reply.

    :param client: The client that sends it.
    :param request: The request.
    """

    def __init__(self, client: AsyncAppClient, request: httpx.Request) -> None:
        self._client = client
        self._request = request
        self._contexts: list[Context] = []
        self._body = t.cast(httpx.AsyncByteStream, request.stream).__aiter__()
        self._next_part: asyncio.Task[bytes | None] | None = None
        self._is_sent = False
        self._is_left = asyncio.Event()
        self._messages: collections.deque[cabc.MutableMapping[str, t.Any]] = collections.deque()
        self._in_flight = 0
        self._arrived, self._read = asyncio.Event(), asyncio.Event()
        self._has_ended = False
        """True if the last part has been sent."""
        self._has_raised = False
        self._failure: BaseException | None = None
        self._hold_part: cabc.Callable[[bytes], None] | None = None
        self._task = asyncio.create_task(client.application.asgi(self._scope(), self.receive, self.put))
        self._task.add_done_callback(self._over)
        client._open.add(self)

    def _over(self, task: object) -> None:
        self._client._open.discard(self)
        if self._next_part is not None:
            self._next_part.cancel()
        self._arrived.set()

    def _scope(self) -> dict[str, t.Any]:
        request, client, url = self._request, self._client, self._request.url
        more = client._environ({}, self._contexts)
        for name in request.headers:
            more.pop(f"HTTP_{name.upper().replace('-', '_')}", None)  # what the request says goes before
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": client.base_url.path.rstrip("/"),
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": (url.host, url.port or (443 if url.scheme == "https" else 80)),
            "client": (str(more["REMOTE_ADDR"]), 50_000) if "REMOTE_ADDR" in more else None,
            "state": {},
            MORE_ENVIRON: more,
        }

    # The side of the application.

    async def receive(self) -> dict[str, t.Any]:
        """Return the next part of the request's body, or wait for the client to leave."""
        if not self._is_sent and not self._is_left.is_set():
            if self._next_part is None:
                self._next_part = asyncio.ensure_future(_next(self._body))
            leaving = asyncio.ensure_future(self._is_left.wait())
            try:
                await asyncio.wait({self._next_part, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
            if self._next_part.done():
                self._failure = self._next_part.exception()
                if self._failure is not None:  # the test's code for the body has failed, which ends the request
                    self._is_left.set()
                    self._arrived.set()
                    return {"type": "http.disconnect"}
                part = self._next_part.result()
                self._next_part = None
                self._is_sent = part is None
                return {"type": "http.request", "body": part or b"", "more_body": part is not None}
        await self._is_left.wait()
        return {"type": "http.disconnect"}

    async def put(self, message: cabc.MutableMapping[str, t.Any]) -> None:
        """Take a message for the client; wait while it does not read."""
        if self._is_left.is_set():
            return
        self._messages.append(message)
        self._in_flight += len(message.get("body", b""))
        self._has_ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        self._arrived.set()
        while self._in_flight > IN_FLIGHT and not self._is_left.is_set():
            self._read.clear()
            await self._read.wait()

    # The side of the client.

    async def answer(self) -> httpx.Response:
        """Wait for the reply."""
        from ..openapi.contract import reads_body

        head = await self._message()
        if head is None:
            raise httpx.RemoteProtocolError(f"The application ended {self} without an answer.", request=self._request)
        response = AppResponse(head["status"], headers=head["headers"], stream=self, request=self._request)
        response.app = self._client.application
        body = b""
        if reads_body(response.status_code, _headers_of(response)):
            body = b"".join([part async for part in self._parts()])
            response.stream = httpx.ByteStream(body)
        self._hold_part = self._client.check_reply(response, self._contexts[-1] if self._contexts else None, body)
        return response

    async def _message(self) -> cabc.MutableMapping[str, t.Any] | None:
        """Return the next message, or ``None`` where the application has ended; raise what it has not handled."""
        while not self._messages:
            if self._failure is not None:
                raise self._failure
            if self._task.done():
                self._raise_once()
                return None
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.popleft()
        self._in_flight -= len(message.get("body", b""))
        self._read.set()
        return message

    async def _parts(self) -> cabc.AsyncIterator[bytes]:
        while (message := await self._message()) is not None:
            part = message.get("body", b"")
            if part and self._request.method != "HEAD":
                yield part
        if not self._has_ended and not self._is_left.is_set():
            raise httpx.RemoteProtocolError(f"The application ended {self} in the middle.", request=self._request)

    async def __aiter__(self) -> cabc.AsyncIterator[bytes]:
        async for part in self._parts():
            if self._hold_part is not None:
                self._hold_part(part)
            yield part

    async def aclose(self) -> None:
        """Leave, where the reply has not come to its end."""
        await self.leave()

    async def leave(self) -> None:
        """Leave, and wait until the application has ended the request; raise what it has not handled.

        :raises RuntimeError: It does not end it.
        """
        self._is_left.set()
        self._read.set()
        loop, cancelled = asyncio.get_running_loop(), None
        end = loop.time() + self._client.seconds_to_end
        while not self._task.done():
            left = end - loop.time()
            if left <= 0:
                raise RuntimeError(
                    f"The application still works for {self}, {self._client.seconds_to_end:g} seconds after its client"
                    " has left. A coroutine is cancelled where it awaits: look for one that ignores this, or for a"
                    " function in a thread that waits for something."
                )
            try:
                await asyncio.wait({self._task}, timeout=left)
            except asyncio.CancelledError as error:
                cancelled = error
        self._raise_once()
        if cancelled is not None:
            raise cancelled

    def _raise_once(self) -> None:
        """Raise what the application has not handled, to the first who asks."""
        if self._has_raised:
            return
        self._has_raised = True
        if not self._task.cancelled():
            self._task.result()
        elif not self._is_left.is_set():
            raise RuntimeError(f"The application has cancelled the task of {self}.")

    def __repr__(self) -> str:
        return f"{self._request.method} {self._request.url}"


async def _next(parts: cabc.AsyncIterator[bytes]) -> bytes | None:
    async for part in parts:
        return part
    return None

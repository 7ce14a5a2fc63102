"""The record of a request: what happened to it, for the access log, metrics, traces and observers of an application.

It is made only for an application with observers (:meth:`framework.App.add_observer`), and it is filled by the
road of the request. Not here: those that come with the framework (``observe``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import time
import typing as t

from werkzeug.exceptions import HTTPException

from . import errors
from .context import _current
from .http.problem import own_class
from .http.request_ids import TraceParent, trace_parent
from .http.semantics import KNOWN_METHODS

if t.TYPE_CHECKING:
    from .context import Context
    from .http.response import Reply

OTHER: t.Final = "_OTHER"
"""The method of a request that no standard names (OpenTelemetry, semantic conventions for HTTP)."""

WAITED: t.Final = "framework.waited"
"""The key of an environment for the seconds that its body was waited for before the application was called."""

Ending: t.TypeAlias = t.Literal["answered", "streamed", "client_gone", "shed", "killed"]


class Observer:
    """A reader of the records of requests. Subclass it, and give it to :meth:`framework.App.add_observer`.

    What a method raises is logged, and the request goes on.
    """

    wants_times: bool = False
    """True if it reads :attr:`RequestRecord.times`. Taking them costs about a microsecond per request."""

    def is_awake(self) -> bool:
        """Return whether it wants records at all. Asked for each request, of an observer that overrides it."""
        return True

    def begin(self, record: RequestRecord) -> None:
        """A request has come in: its path is not matched yet."""

    def answer(self, record: RequestRecord, reply: Reply) -> None:
        """There is an answer, and nothing of it has been sent: headers may be added."""

    def leave(self, record: RequestRecord) -> None:
        """The application has answered, and the thread goes back to the server, which sends the body.

        Called in the thread and the context of :meth:`begin`.
        """

    def end(self, record: RequestRecord) -> None:
        """The last byte has been sent, or will never be. Called once, in any thread."""


class Observers:
    """The observers of an application: for each moment, the methods that have something to do.

    :param observers: The observers, in the order in which they are called.
    """

    def __init__(self, observers: cabc.Iterable[Observer]) -> None:
        found = tuple(observers)
        self.wants_times = any(observer.wants_times for observer in found)
        self.begin = [each.begin for each in found if type(each).begin is not Observer.begin]
        self.answer = [each.answer for each in found if type(each).answer is not Observer.answer]
        self.leave = [each.leave for each in found if type(each).leave is not Observer.leave]
        self.end = [each.end for each in found if type(each).end is not Observer.end]
        self._may_sleep = all(type(each).is_awake is not Observer.is_awake for each in found)
        self._observers = found

    def begin_record(self, ctx: Context) -> RequestRecord | None:
        """Begin the record of a request; ``None`` where no observer wants it."""
        if self._may_sleep:
            for each in self._observers:
                if each.is_awake():
                    break
            else:
                return None
        record = ctx.record = RequestRecord(ctx, self)
        record.begin()
        return record


class RequestRecord:
    """The facts of one request. Its moments are seconds of ``time.perf_counter()``.

    :param ctx: The context of the request.
    :param observers: Who reads the record.
    """

    # PERF: most requests leave these as they are: a default of the class costs nothing.
    returned: float | None = None
    """The moment at which the application had answered."""
    first_byte_at: float | None = None
    """The moment at which the server took the first part of the body."""
    ended: float | None = None
    """The moment after the last byte."""
    status: int | None = None
    """The status of the answer; ``None`` before there is one, and where the server has to find one."""
    error: BaseException | None = None
    """The error that was answered, or that ended the request."""
    failure: BaseException | None = None
    """The exception that goes on to the server, in place of an answer or in the middle of its body."""
    ending: Ending = "answered"
    """The end: it was answered, or streamed; the client was gone before the end; the request was refused because of too
    many (``shed``), or the worker was ended (``killed``)."""
    is_streamed = False
    """True if its body is made while it is sent."""
    response_size = 0
    """The bytes of the body that the server took."""
    is_hidden = False
    """True for a request without interest, like a health check: log, metrics and traces leave it out."""
    measures = False
    """True if an observer wants :attr:`times`."""
    around_part: cabc.Callable[[str], contextlib.AbstractContextManager[object]] | None = None
    """Makes a context manager for a part of the work, by its name; set by an observer that wants times."""
    _times: dict[str, float] | None = None
    _state: dict[Observer, object] | None = None
    _extra: dict[str, object] | None = None

    def __init__(self, ctx: Context, observers: Observers) -> None:
        self.ctx = ctx
        self.environ = ctx.request_environ
        """The environment of the request."""
        self._observers = observers
        # On ASGI the body has been waited for.
        self._waited: float = self.environ.get(WAITED, 0.0)
        self.begun_at = time.time() - self._waited
        """The time of day at which it came in, in seconds since 1970."""
        self.begun: float = time.perf_counter() - self._waited

    @property
    def times(self) -> dict[str, float]:
        """The seconds spent on parts of the work: ``read`` (waiting for the body), ``load``, ``handler``, ``dump``, and
        what :meth:`add_time` was given, such as ``database``. Empty where no observer wants them."""
        if self._times is None:
            self._times = {}
        return self._times

    @property
    def extra(self) -> dict[str, object]:
        """Further members for the access log, under names that you choose. Put no secret here."""
        if self._extra is None:
            self._extra = {}
        return self._extra

    @property
    def state(self) -> dict[Observer, object]:
        """The notes of observers, each under itself."""
        if self._state is None:
            self._state = {}
        return self._state

    # What it says of the request.

    @property
    def request_id(self) -> str | None:
        """Its id; ``None`` where ids are off."""
        return self.ctx.request_id

    @property
    def trace(self) -> TraceParent | None:
        """The trace that it says it is part of."""
        return trace_parent(self.environ)

    @property
    def method(self) -> str:
        """Its method; :data:`OTHER` for one that no standard names, so that their number is bounded."""
        method: str = self.environ["REQUEST_METHOD"]
        return method if method in KNOWN_METHODS else OTHER

    @property
    def route(self) -> str | None:
        """The rule that its path matches, like ``/pets/<int:pet_id>``; ``None`` without one."""
        rule = self.ctx.url_rule
        return None if rule is None else rule.rule

    @property
    def path(self) -> str:
        """Its path below the root of the server, without the query."""
        environ = self.environ
        raw: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        return raw if raw.isascii() else raw.encode("latin-1").decode(errors="replace")

    @property
    def operation_id(self) -> str | None:
        """The id of its operation; ``None`` without one."""
        operation = self.ctx.operation
        return None if operation is None else operation.operation_id

    @property
    def client(self) -> str | None:
        """The address of the client, as ``request.remote_addr`` says it."""
        return self.environ.get("REMOTE_ADDR") or None

    @property
    def user_id(self) -> str | None:
        """The id of the user: the ``id`` or ``sub`` of ``current_user``, or itself where it is text or a number."""
        user = self.ctx.user
        if user is None:
            return None
        if isinstance(user, (str, int)) and not isinstance(user, bool):
            return str(user)
        for name in ("id", "sub"):
            found = user.get(name) if isinstance(user, cabc.Mapping) else _loaded(user, name)
            if found is not None:
                return str(found)
        return None

    @property
    def request_size(self) -> int | None:
        """The bytes of its body, where the client has said them."""
        length = self.environ.get("CONTENT_LENGTH") or ""
        return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None

    # What it says of the answer.

    @property
    def error_type(self) -> str | None:
        """The code of the error that was answered, like ``validation_failed``; ``None`` below 400.

        The class of an unhandled error, or of what ended the worker; the status where no error is known.
        """
        error = self.error
        if isinstance(error, HTTPException):
            cls = own_class(error)
            if cls is not None and cls is not errors.InternalServerError:
                return cls.error_code
            error = getattr(error, "original_exception", None) or error
        if self.status is not None and self.status < 400 and self.failure is None:
            return None
        if error is not None:
            return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        if self.status is None or self.status < 400:
            return None
        cls = errors.by_status.get(self.status) if self.status < 500 else None
        return str(self.status) if cls is None else cls.error_code

    @property
    def duration(self) -> float:
        """The seconds from the first touch to the last byte, or until now."""
        return (time.perf_counter() if self.ended is None else self.ended) - self.begun

    def add_time(self, part: str, seconds: float) -> None:
        """Add to the time that a part of the work took.

        :param part: Its name, like ``database``; one of a few.
        """
        self.times[part] = self.times.get(part, 0.0) + seconds

    @contextlib.contextmanager
    def measure(self, part: str) -> cabc.Iterator[None]:
        """Add the time of a ``with`` block to a part of the work."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add_time(part, time.perf_counter() - start)

    # How it is filled. A server protocol calls these, in this order.

    def begin(self) -> None:
        """The request has come in."""
        if self._observers.wants_times:
            self.measures = True
            environ = self.environ
            if self._waited:
                self.add_time("read", self._waited)
            if environ.get("CONTENT_LENGTH") or environ.get("HTTP_TRANSFER_ENCODING"):
                environ["wsgi.input"] = MeasuredInput(environ["wsgi.input"], self)
        if self._observers.begin:
            self._tell(self._observers.begin, self)

    def answered(self, reply: Reply, streamed: bool) -> None:
        """There is an answer, and nothing of it has been sent."""
        self.status = reply.status_code
        if streamed:
            self.is_streamed, self.ending = True, "streamed"
        if self._observers.answer:
            self._tell(self._observers.answer, self, reply)

    def failed(self, error: BaseException) -> None:
        """The request ended with an exception that goes on to the server."""
        self.error = self.failure = error
        if isinstance(error, Exception):
            self.status = 500
        else:
            # An event loop cancels the request of a client that has left.
            self.ending = "client_gone" if type(error).__name__ == "CancelledError" else "killed"

    def leave(self) -> None:
        """The application is done but for the body."""
        self.returned = time.perf_counter()
        if self._observers.leave:
            self._tell(self._observers.leave, self)
        if self.failure is not None:
            self._end()

    def _tell(self, methods: cabc.Iterable[cabc.Callable[..., None]], *about: object) -> None:
        for method in methods:
            try:
                method(*about)
            except Exception:
                self.ctx.app.logger.exception("Exception in an observer, in %r", method)

    def body(self, body: cabc.Iterable[bytes]) -> cabc.Iterable[bytes]:
        """Return a body that tells this record when it is sent.

        A file that the server sends by itself (``wsgi.file_wrapper``) stays what it is, so that it is still sent so.
        """
        wrapper = self.environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(body, wrapper):
            close = getattr(body, "close", None)

            def end() -> None:
                try:
                    if close is not None:
                        close()
                finally:
                    self.last_byte()

            try:
                body.close = end  # type: ignore[attr-defined]
            except AttributeError:  # nothing can be set there
                return RecordedBody(body, self)
            return body
        return RecordedBody(body, self)

    def first_byte(self) -> None:
        """The server takes the first part of the body."""
        if self.first_byte_at is None:
            self.first_byte_at = time.perf_counter()

    def last_byte(self) -> None:
        """All of the body has been sent."""
        self._end()

    def left(self, error: BaseException | None = None) -> None:
        """The body was given up before its end.

        :param error: What its code raised; ``None`` where the client, or the server, has closed the connection.
        """
        if self.ended is not None:
            return
        if error is None or isinstance(error, GeneratorExit):
            self.ending = "client_gone"
        else:
            self.error = self.failure = error
            if not isinstance(error, Exception):
                self.ending = "killed"
        self._end()

    def _end(self) -> None:
        if self.ended is not None:
            return
        self.ended = time.perf_counter()
        if self._observers.end:
            ctx = self.ctx
            if ctx.carried is not None:
                with ctx.active():
                    self._tell(self._observers.end, self)
                return
            token = _current.set(ctx)  # PERF: what 'active' does, in one call in place of four
            try:
                self._tell(self._observers.end, self)
            finally:
                _current.reset(token)


def _loaded(user: object, name: str) -> object:
    """Return an attribute of a user, without asking a database for one that is not loaded."""
    values = getattr(user, "__dict__", None)
    if isinstance(values, dict):
        if name in values:
            return t.cast(object, values[name])
        if "_sa_instance_state" in values:
            return None
    return getattr(user, name, None)


class MeasuredInput:
    """The body of a request as the server gives it; the time that is spent on waiting for it is added to a record.

    :param stream: The ``wsgi.input`` of the server.
    :param record: The record.
    """

    def __init__(self, stream: t.Any, record: RequestRecord) -> None:
        self._stream = stream
        self._record = record

    def read(self, *size: int) -> bytes:
        """Read at most ``size`` bytes."""
        with self._record.measure("read"):
            return t.cast(bytes, self._stream.read(*size))

    def readline(self, *size: int) -> bytes:
        """Read a line."""
        with self._record.measure("read"):
            return t.cast(bytes, self._stream.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        """Read all lines."""
        with self._record.measure("read"):
            return t.cast("list[bytes]", self._stream.readlines(*hint))

    def __iter__(self) -> cabc.Iterator[bytes]:
        while line := self.readline():
            yield line

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


class RecordedBody:
    """A body that tells a record when it is sent.

    :param body: What is sent.
    :param record: The record.
    """

    __slots__ = ("_body", "_record")

    def __init__(self, body: cabc.Iterable[bytes], record: RequestRecord) -> None:
        self._body = body
        self._record = record

    def __iter__(self) -> cabc.Iterator[bytes]:
        record = self._record
        try:
            for part in self._body:
                if record.first_byte_at is None:
                    record.first_byte()
                record.response_size += len(part)
                yield part
        except BaseException as error:
            record.left(error)
            raise
        record.last_byte()

    def close(self) -> None:
        """Close the body; then the request is over."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            self._record.left(error)
            raise
        if self._record.ended is None:
            self._record.left()

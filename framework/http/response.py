"""Answers: the small one of a declared operation, and the full one.

Nothing here knows the current request or application; ``framework.wrappers`` adds what asks the context.
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import re
import typing as t
from http import HTTPStatus

from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response as _Response

from .semantics import LENGTHLESS

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_R = t.TypeVar("_R", bound=_Response)

STATUS_LINES: dict[int, str] = {code: f"{code} {phrase.upper()}" for code, phrase in HTTP_STATUS_CODES.items()}
for _status in HTTPStatus:
    STATUS_LINES.setdefault(_status.value, f"{_status.value} {_status.phrase.upper()}")

_ADDRESSES = frozenset({"location", "content-location"})
_IS_LIST: t.Final = isinstance(vars(Headers()).get("_list"), list)  # how werkzeug keeps headers; not public
_HAS_STATUS: t.Final = {"_status", "_status_code"} <= vars(_Response()).keys()  # likewise its status
_NOT_SENT = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


class Reply(t.Protocol):
    """An answer on its way to the client: a :class:`PreparedResponse`, or a response of werkzeug."""

    status_code: int

    @property
    def headers(self) -> Headers:
        """The headers, to read and to change."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        """Send it."""


class Response(_Response):
    """werkzeug's response. Its meaning is not changed here."""

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse, extra: tuple[str, str] | None = None
    ) -> cabc.Iterable[bytes]:
        """Send the response.

        :param environ: The environment of the request.
        :param start_response: Called with status and headers.
        :param extra: A further header, unless it has one of the same name.
        """
        # PERF: 1 us for an answer of one text, where werkzeug's general way takes 6.
        body = self.response
        if (
            type(body) is list
            and len(body) == 1
            and type(body[0]) is bytes
            and sends_plainly(type(self))  # type: ignore[arg-type]  # a class can be hashed
            and 200 <= (status := self._status_code) != 204
            and status != 304
            and not self._on_close
            and not self.direct_passthrough
            and environ["REQUEST_METHOD"] != "HEAD"
        ):
            # PERF: to_wsgi_list calls three functions.
            kept = self.headers
            headers = list(kept._list) if _IS_LIST and type(kept) is Headers else kept.to_wsgi_list()
            has_length = not self.automatically_set_content_length
            lacking = None if extra is None else extra[0].lower()
            for name, _ in headers:
                word = name.lower()
                if word == "content-length":
                    has_length = True
                elif word in _ADDRESSES:
                    break
                elif word == lacking:
                    lacking = None
            else:
                if not has_length:
                    headers.append(("Content-Length", str(len(body[0]))))
                if lacking is not None and extra is not None:
                    headers.append(extra)
                start_response(self._status, headers)
                return (body[0],)
        return super().__call__(environ, start_response if extra is None else adding(start_response, extra))


def adding(start_response: StartResponse, extra: tuple[str, str]) -> StartResponse:
    """Return a ``start_response`` that adds a header, unless there is one of the same name."""
    lower = extra[0].lower()

    def start(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None, /) -> cabc.Callable[[bytes], object]:
        if not any(name.lower() == lower for name, _ in headers):
            headers = [*headers, extra]
        return start_response(status, headers) if exc_info is None else start_response(status, headers, exc_info)

    return start


class PreparedResponse:
    """A finished answer: status, headers, body. A WSGI application.

    This is what a declared operation makes. It becomes a :class:`Response` when a hook or a user asks for one.

    :param status: The status code.
    :param headers: Pairs of name and value, without ``Content-Length``.
    :param body: The body as it leaves.
    """

    # PERF: 0.4 us to make and send, against 2.5 and 5.2 us for a Response.
    __slots__ = ("_headers", "body", "status_code")

    def __init__(self, status: int, headers: list[tuple[str, str]] | Headers, body: bytes) -> None:
        self.status_code = status
        self._headers: list[tuple[str, str]] | Headers = headers
        self.body = body

    @property
    def headers(self) -> Headers:
        """The headers, to read and to change."""
        if not isinstance(self._headers, Headers):
            self._headers = Headers(self._headers)
        return self._headers

    # PERF: what marks ask and add costs 0.1 us here; the headers above take 1.5 us to make and to write.

    def get_header(self, name: str) -> str | None:
        """The first value of a header; ``None`` where it is not set."""
        headers = self._headers
        if not isinstance(headers, list):
            return headers.get(name)
        name = name.lower()
        for key, value in headers:
            if key.lower() == name:
                return value
        return None

    def header_pairs(self) -> cabc.Iterable[tuple[str, str]]:
        """All headers, to read."""
        return self._headers

    def add_header(self, name: str, value: str) -> None:
        """Add a header.

        :param value: Without line breaks.
        """
        if isinstance(self._headers, list):
            self._headers.append((name, value))
        else:
            self._headers.add(name, value)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse, extra: tuple[str, str] | None = None
    ) -> cabc.Iterable[bytes]:
        """Send it.

        :param extra: A further header, unless it has one of the same name.
        """
        status = self.status_code
        headers = self._headers if isinstance(self._headers, list) else self._headers.to_wsgi_list()
        if extra is not None:
            size = len(extra[0])
            for name, _ in headers:
                if len(name) == size and name.lower() == extra[0].lower():
                    break
            else:
                headers = [*headers, extra]
        if status in LENGTHLESS or status < 200:
            headers = [item for item in headers if item[0].lower() not in _OF_BODY]
            start_response(status_line(status), headers)
            return ()
        body = self.body
        start_response(STATUS_LINES.get(status) or status_line(status), [*headers, ("Content-Length", str(len(body)))])
        return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)

    def copy(self) -> PreparedResponse:
        """Return the same answer with a separate list of headers."""
        return PreparedResponse(self.status_code, list(self._headers), self.body)

    def to_response(self, response_class: type[_R]) -> _R:
        """Return the same answer as a full response of the given class."""
        status = self.status_code
        headers = list(self._headers)
        if type(self._headers) is not list or status < 200 or status in LENGTHLESS:
            headers = [each for each in headers if each[0].lower() != "content-length"]
        if status >= 200 and status not in LENGTHLESS:
            headers.append(("Content-Length", str(len(self.body))))
        else:
            headers = [each for each in headers if each[0].lower() != "content-type"]
        attributes = _attributes_of(response_class, status)  # type: ignore[arg-type]  # a class can be hashed
        if attributes is None:
            response = response_class(self.body, status)
        else:
            # PERF: 1.5 us, where the constructor and a mapping of headers take 5.
            response = response_class.__new__(response_class)
            response.__dict__.update(attributes)
            response.response = [self.body]
            response._on_close = []
        if _IS_LIST:
            response.headers = Headers.__new__(Headers)  # PERF: its constructor would make the list
            response.headers._list = headers
        else:
            response.headers = Headers(headers)
        return response


@functools.lru_cache(maxsize=64)
def _attributes_of(response_class: type[_Response], status: int) -> dict[str, t.Any] | None:
    """Return what the constructor of a class of responses sets; ``None`` where it is not werkzeug's."""
    return dict(vars(response_class(status=status))) if response_class.__init__ is _Response.__init__ else None


@functools.lru_cache(maxsize=16)
def sends_plainly(response_class: type[_Response]) -> bool:
    """Return whether a class of responses is sent as werkzeug's is: it overrides nothing that sending asks."""
    return _HAS_STATUS and all(getattr(response_class, name) is getattr(_Response, name) for name in _SENDING)


_SENDING: t.Final = (
    *("close", "get_app_iter", "get_wsgi_headers", "get_wsgi_response", "is_sequence", "iter_encoded"),
    *("status", "status_code"),
)
_OF_BODY: t.Final = frozenset({"content-type", "content-length"})


def status_line(status: int) -> str:
    """``404`` to ``"404 NOT FOUND"``, as werkzeug writes it."""
    return STATUS_LINES.get(status) or f"{status} UNKNOWN"


def sendable(name: str, value: str) -> str:
    """The value of a header as a server can send it: an address is percent-encoded.

    :raises ValueError: It holds a line break or another control character, or one that is not in Latin-1 (PEP 3333):
        servers break the connection off at these, or send what follows as a separate header.
    """
    if value.isascii() and value.isprintable():
        return value
    if name.lower() in _ADDRESSES:
        value = iri_to_uri(value)
    found = _NOT_SENT.search(value)
    if found is not None:
        what = "a line break" if found[0] in "\r\n" else f"the character {found[0]!r}"
        raise ValueError(f"The header {name!r} of an answer contains {what}: {value!r}. Take it out, or quote it.")
    return value


# What marks do with an answer of either kind.


def body_of(reply: Reply) -> bytes | None:
    """Return the bytes of an answer; ``None`` where they are made while they are sent, or belong to a file."""
    if isinstance(reply, PreparedResponse):
        return reply.body
    if isinstance(reply, _Response) and reply.is_sequence and not reply.direct_passthrough:
        return reply.get_data()
    return None


def header_pairs_of(reply: Reply) -> cabc.Iterable[tuple[str, str]]:
    """Return all headers of an answer, to read."""
    return reply.header_pairs() if isinstance(reply, PreparedResponse) else reply.headers


def header_of(reply: Reply, name: str) -> str | None:
    """The first value of a header; ``None`` where it is not set."""
    headers = reply._headers if isinstance(reply, PreparedResponse) else reply.headers
    if not isinstance(headers, list):
        return headers.get(name)
    size, lower = len(name), name.lower()
    for key, value in headers:
        if len(key) == size and key.lower() == lower:
            return value
    return None


def set_header(reply: Reply, name: str, value: str) -> None:
    """Add a header that an answer does not carry.

    :param value: Without line breaks.
    """
    headers = reply._headers if isinstance(reply, PreparedResponse) else None
    if isinstance(headers, list):
        headers.append((name, value))
    elif headers is None:
        reply.headers[name] = value
    else:
        headers.add(name, value)


def set_default_header(reply: Reply, name: str, value: str) -> None:
    """Add a header, unless the answer carries one of this name.

    :param value: Without line breaks.
    """
    headers = reply._headers if isinstance(reply, PreparedResponse) else reply.headers
    if not isinstance(headers, list):
        headers.setdefault(name, value)
        return
    size, lower = len(name), name.lower()
    for key, _ in headers:
        if len(key) == size and key.lower() == lower:
            return
    headers.append((name, value))


def add_header(reply: Reply, name: str, value: str) -> None:
    """Add a header, also next to one of the same name.

    :param value: Without line breaks.
    """
    headers = reply._headers if isinstance(reply, PreparedResponse) else reply.headers
    if isinstance(headers, list):
        headers.append((name, value))
    else:
        headers.add(name, value)


def add_vary(reply: Reply, names: cabc.Iterable[str]) -> None:
    """Add names of request headers to ``Vary``, each once."""
    # PERF: 0.3 us where there is none so far, against 1.5.
    if isinstance(reply, PreparedResponse) and reply.get_header("Vary") is None:
        reply.add_header("Vary", ", ".join(names))
        return
    written = reply.headers.getlist("Vary")
    if not written:
        reply.headers["Vary"] = ", ".join(names)
        return
    present = [part.strip() for value in written for part in value.split(",") if part.strip()]
    known = {name.lower() for name in present}
    new = [name for name in names if name.lower() not in known]
    if new and "*" not in known:
        reply.headers["Vary"] = ", ".join([*present, *new])

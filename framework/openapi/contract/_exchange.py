"""A request and its answer, with what was seen between them: what the contract looks at.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import functools
import io
import typing as t

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request as PlainRequest
from werkzeug.wrappers import Response as BaseResponse

from ... import errors
from ...http.request import is_json_type
from ...http.response import PreparedResponse
from ...http.semantics import BODILESS
from ...resources.recorder import Recorder, witness_of
from ...typing import JSONObject

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ...context import Context
    from ...resources.operation import Operation


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request, and what was answered."""

    operation: Operation
    environ: WSGIEnvironment
    sent: bytes | None
    """The body of the request; ``None`` when it is not known."""
    status: int
    headers: Headers
    body: bytes | None
    """The body of the answer; ``None`` when it is made while it is sent, or has no schema."""
    recorder: Recorder
    warnings: tuple[tuple[str, str], ...] = ()
    """The faults that marks found in the handler: each with its remedy."""
    view_args: cabc.Mapping[str, object] = dataclasses.field(default_factory=dict)
    """The values of the variables in the path, as the converters gave them."""

    @functools.cached_property
    def request(self) -> PlainRequest:
        """The request, with its body to be read again."""
        environ = {**self.environ, "wsgi.input": io.BytesIO(self.sent or b""), "werkzeug.request": None}
        return PlainRequest(environ, populate_request=False)

    @property
    def method(self) -> str:
        """The method of the request: ``HEAD`` for one that a ``GET`` operation answered."""
        return t.cast(str, self.environ["REQUEST_METHOD"])


def mimetype(headers: Headers) -> str:
    """The media type of an answer, without parameters."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def media_for(media_type: str, content: cabc.Mapping[str, JSONObject]) -> JSONObject | None:
    """The Media Type Object for a media type, ranges such as ``text/*`` included."""
    for declared in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        for name, media in content.items():
            if name.partition(";")[0].strip().lower() == declared:
                return media
    return None


def is_empty(value: object) -> bool:
    """Return whether a value means no body."""
    if isinstance(value, PreparedResponse):
        return not value.body
    if isinstance(value, BaseResponse):
        return not value.is_sequence or not value.get_data()
    return value is None or value == "" or value == b"" or callable(value)


def set_by_handler(recorder: Recorder) -> cabc.Iterator[tuple[str, str]]:
    """The headers that a handler, or the error it raised, set on the answer."""
    if recorder.raised is not None:
        if isinstance(recorder.raised, errors.APIError):
            yield from recorder.raised.headers
        return
    yield from recorder.headers


def exchange_of(
    ctx: Context, status: int, headers: Headers, body: bytes | None, sent: bytes | None = None
) -> Exchange | None:
    """The exchange of a context; ``None`` where no operation answers for it.

    :param sent: The body of the request, where it is known; otherwise it is looked for.
    """
    operation = ctx.operation
    if operation is None or ctx.environ is None or ctx.routing_exception is not None:
        return None
    if sent is None:
        sent = body_of(ctx)
    return Exchange(
        operation=operation,
        environ=ctx.environ,
        sent=sent,
        status=status,
        headers=headers,
        body=body,
        recorder=witness_of(ctx),
        warnings=tuple(ctx.warnings or ()),
        view_args=ctx.view_args or {},
    )


def body_of(ctx: Context) -> bytes | None:
    """The body of the request of a context, where it can still be had."""
    environ = ctx.request_environ
    whole = getattr(environ.get("wsgi.input"), "getvalue", None)
    if whole is not None:
        try:
            return t.cast(bytes, whole())
        except ValueError:  # closed
            pass
    kept = getattr(ctx._request, "_cached_data", None)
    if isinstance(kept, bytes):
        return kept
    return b"" if not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in environ else None


def is_encoded(headers: Headers) -> bool:
    """Return whether a body was compressed on its way, so that it cannot be read as it is."""
    return headers.get("Content-Encoding", "identity").lower() != "identity"


def part_decoder(headers: Headers) -> cabc.Callable[[bytes], bytes]:
    """Return what takes the coding off the parts of a stream, each of which was flushed, where it has one."""
    if not is_encoded(headers):
        return bytes
    from ...http.codings import part_decoder

    return part_decoder(headers["Content-Encoding"])


def reads_body(status: int, headers: Headers) -> bool:
    """Return whether the body of an answer is looked at as a whole: it is JSON, or empty, and finished."""
    if "Content-Length" not in headers and status not in BODILESS:
        return False
    return is_json_type(mimetype(headers)) or (not is_encoded(headers) and not headers.get("Content-Length", type=int))


def finished_body(status: int, headers: Headers, read: cabc.Callable[[], bytes]) -> bytes | None:
    """The body of a test client's reply, where it is looked at.

    :param read: Returns the body.
    """
    if not reads_body(status, headers):
        return None
    if is_encoded(headers):
        from ...http.codings import decoded

        return decoded(headers["Content-Encoding"], read())
    return read()

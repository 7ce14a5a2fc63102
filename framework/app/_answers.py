"""Responses made of the values that views return.

Not here: declared answers (``marks.responses``), tuples with status and headers (``App.make_response``).
Floor 6.
"""

from __future__ import annotations

import collections.abc as cabc
import sys
import typing as t

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from ..context import current
from ..http import problem
from ..http.response import PreparedResponse

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..wrappers import Response
    from ._app import App

WAITS: t.Final = "framework.waits"
"""In the WSGI environment of an answer that is no prepared one: whether making its parts may take time."""


def response_of(app: App, rv: t.Any, status: int | str | None) -> Response:
    """The body of a returned value as a response; ``status`` is used where the body makes a new one."""
    if isinstance(rv, app.response_class):
        if hasattr(rv.response, "__aiter__"):
            rv.response = async_parts(t.cast("cabc.AsyncIterable[object]", rv.response))
        return rv
    if isinstance(rv, PreparedResponse):
        return rv.to_response(app.response_class)
    if isinstance(rv, HTTPException) and not problem.leaves_unchanged(rv):
        return app.render_http_exception(rv).to_response(app.response_class)
    if isinstance(rv, (str, bytes, bytearray, cabc.Iterator)):
        # The status goes in here, so that the class does not set a default that is then changed.
        body: t.Any = rv  # a bytearray too
        return app.response_class(body, status=status)
    if isinstance(rv, (dict, list)):
        return app.json.response(rv)
    if hasattr(rv, "__aiter__") and not callable(rv):
        return app.response_class(async_parts(rv), status=status)
    if isinstance(rv, BaseResponse) or callable(rv):
        try:
            return t.cast("Response", app.response_class.force_type(rv, current().environ))
        except TypeError as error:
            raise TypeError(f"{error}\n{_wrong_type(rv)}").with_traceback(sys.exc_info()[2]) from None
    raise TypeError(_wrong_type(rv))


def async_parts(source: cabc.AsyncIterable[object]) -> cabc.Iterator[bytes]:
    """The parts of an asynchronous iterable of text or bytes."""
    from .._async_parts import AsyncParts  # PERF: imports asyncio, 20 ms

    return AsyncParts(current(), source, lambda part: part.encode() if isinstance(part, str) else part)


def _wrong_type(rv: object) -> str:
    return (
        "The view function did not return a valid response. The return type must be a string, dict, list, tuple"
        " with headers or status, Response instance, or WSGI callable, but it was a"
        f" {type(rv).__name__}. Return one of these, or declare the answer with a 'response' mark."
    )


def is_streamed(response: object, environ: WSGIEnvironment) -> bool:
    """Return whether a body is made while it is sent, by code that may use the context."""
    if environ["REQUEST_METHOD"] == "HEAD":
        return False
    return not getattr(response, "is_sequence", False) and not getattr(response, "direct_passthrough", False)

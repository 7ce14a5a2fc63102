"""Ids and traces that go on elsewhere: in a call to another service, in a task of a queue.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib

from ..context import current, current_or_none
from ..http.request_ids import WELL_FORMED, trace_parent


def propagation_headers() -> dict[str, str]:
    """Return the headers for a call to another service: the id of the request, and ``traceparent``.

    Empty outside of requests. With :class:`Tracing` the span in ``traceparent`` is the one that goes on; otherwise that
    of the caller of this request, which a service without spans passes on (W3C Trace Context, section 3.2).
    """
    ctx = current_or_none()
    if ctx is None:
        return {}
    headers: dict[str, str] = {}
    request_id, trace = ctx.request_id, ctx.trace
    if request_id is not None:
        headers[ctx.app.config["REQUEST_ID_HEADER"]] = request_id
    if trace is not None:
        headers["traceparent"] = str(trace)
    if "framework.tracing" in ctx.app.extensions:
        from opentelemetry import propagate

        propagate.inject(headers)
    return headers


@contextlib.contextmanager
def continued(headers: cabc.Mapping[str, str] | None) -> cabc.Iterator[None]:
    """Go on with the request that :func:`propagation_headers` were made in, for the length of a ``with`` block.

    For a task that a queue hands over: what it logs has the id of that request, calls of
    :func:`propagation_headers` pass it on, and spans belong to its trace. Use it within ``app.app_context()``.

    :param headers: What was handed over; ``None`` and what is not well-formed count as nothing.
    :raises RuntimeError: There is no application context.
    """
    ctx = current()
    before = ctx._request_id, ctx._trace
    given = {name.lower(): value for name, value in (headers or {}).items()}
    name = ctx.app.config["REQUEST_ID_HEADER"]
    request_id = None if name is None else given.get(name.lower())
    ctx._request_id = request_id if request_id is not None and WELL_FORMED.fullmatch(request_id) else None
    ctx._trace = trace_parent({"HTTP_TRACEPARENT": given.get("traceparent", "")})
    detach: cabc.Callable[[], None] | None = None
    if "framework.tracing" in ctx.app.extensions:
        from opentelemetry import context, propagate

        token = context.attach(propagate.extract(given))

        def detach() -> None:
            context.detach(token)

    try:
        yield
    finally:
        if detach is not None:
            detach()
        ctx._request_id, ctx._trace = before

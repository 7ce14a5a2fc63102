"""The headers by which a call to another service belongs to the same request.

Floor 7.
"""

from __future__ import annotations

from ..context import current_or_none


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

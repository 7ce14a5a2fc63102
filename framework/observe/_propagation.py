"""The headers by which a call to another service belongs to the same request.

Floor 7.
"""

from __future__ import annotations

from ..context import current_or_none
from ..http.request_ids import TraceParent


def propagation_headers() -> dict[str, str]:
    """Return the headers for a call to another service: the id of the request, and ``traceparent``.

    Empty outside of requests. The span in ``traceparent`` is that of the caller of this request (W3C Trace Context,
    section 3.2: a service without spans passes it on); with traces on, the instrumentation of your HTTP client, or
    ``opentelemetry.propagate.inject``, writes the own span there.
    """
    ctx = current_or_none()
    if ctx is None:
        return {}
    headers: dict[str, str] = {}
    request_id, trace = ctx.request_id, ctx.trace
    if request_id is not None:
        headers[ctx.app.config["REQUEST_ID_HEADER"]] = request_id
    if isinstance(trace, TraceParent):
        headers["traceparent"] = str(trace)
    return headers

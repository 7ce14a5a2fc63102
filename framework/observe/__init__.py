"""Readers of the record of a request, which tell how a service runs: access log, slow requests, metrics, traces.

Not here: the record itself (``record``), which the request's road fills, and ids in logs (``logging``).
Floor 7.
"""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._access_log import JSONFormatter as JSONFormatter
    from ._built_in import observers_of as observers_of
    from ._metrics import Metrics as Metrics
    from ._propagation import continued as continued
    from ._propagation import propagation_headers as propagation_headers
    from ._tracing import Tracing as Tracing
else:
    __getattr__ = lazy(
        __name__,
        {
            "_access_log": "JSONFormatter",
            "_built_in": "observers_of",
            "_metrics": "Metrics",
            "_propagation": "continued propagation_headers",
            "_tracing": "Tracing",
        },
    )

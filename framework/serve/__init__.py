"""What a service needs to be run: health, draining, deadlines, shedding, compression, cached answers, checks.

Not here: what tells how it runs (``observe``).
Floor 7.
"""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._caching import cached as cached
    from ._caching import purge as purge
    from ._compression import compression as compression
    from ._deadlines import deadline as deadline
    from ._deadlines import limit_statements as limit_statements
    from ._deadlines import remaining as remaining
    from ._draining import Draining as Draining
    from ._draining import is_draining as is_draining
    from ._draining import wait_for_draining as wait_for_draining
    from ._health import PROBE as PROBE
    from ._health import Health as Health
    from ._shedding import Overloaded as Overloaded
    from ._shedding import concurrency as concurrency
else:
    __getattr__ = lazy(
        __name__,
        {
            "_caching": "cached purge",
            "_compression": "compression",
            "_deadlines": "deadline limit_statements remaining",
            "_shedding": "Overloaded concurrency",
            "_draining": "Draining is_draining wait_for_draining",
            "_health": "PROBE Health",
        },
    )

"""The marks of conditional requests and caches: entity tags, dates and ``Cache-Control``."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._cache_control import NO_STORE as NO_STORE
    from ._cache_control import cache_control as cache_control
    from ._cache_control import default_headers as default_headers
    from ._cache_control import default_steps as default_steps
    from ._conditions import Check as Check
    from ._etags import EtagMark as EtagMark
    from ._etags import check_etag as check_etag
    from ._etags import etag as etag
    from ._etags import set_etag as set_etag
    from ._etags import tags_field as tags_field
else:
    __getattr__ = lazy(
        __name__,
        {
            "_cache_control": "NO_STORE cache_control default_headers default_steps",
            "_conditions": "Check",
            "_etags": "EtagMark check_etag etag set_etag tags_field",
        },
    )

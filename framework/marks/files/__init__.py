"""The marks of responses that are files or streams."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._downloads import Download as Download
    from ._downloads import download as download
    from ._streams import StreamMark as StreamMark
    from ._streams import events as events
    from ._streams import interruptible as interruptible
    from ._streams import last_event_id as last_event_id
    from ._streams import stream as stream
else:
    __getattr__ = lazy(
        __name__,
        {
            "_downloads": "Download download",
            "_streams": "StreamMark events interruptible last_event_id stream",
        },
    )

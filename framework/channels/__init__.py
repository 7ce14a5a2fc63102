"""Channels: events that are published once and streamed to many clients, with replay, in one process or over Redis."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._channel import Channel as Channel
    from ._errors import ChannelUnavailable as ChannelUnavailable
    from ._errors import InvalidEvent as InvalidEvent
    from ._subscription import Subscription as Subscription
else:
    __getattr__ = lazy(
        __name__,
        {
            "_channel": "Channel",
            "_errors": "ChannelUnavailable InvalidEvent",
            "_subscription": "Subscription",
        },
    )

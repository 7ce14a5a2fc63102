"""Errors of channels.

Floor 7.
"""

from __future__ import annotations

from ..errors import ServiceUnavailable
from ..stores.base import StoreAway


class InvalidEvent(ValueError):
    """An event that the channel does not take: the code that publishes it is wrong."""


class ChannelUnavailable(ServiceUnavailable, StoreAway):
    """The event could not be published. `Retry-After` says in how many seconds to retry."""

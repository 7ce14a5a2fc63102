"""Answers to handshakes that are refused.

Floor 7.
"""

from __future__ import annotations

from ..errors import APIError, Forbidden


class UpgradeRequired(APIError):
    """The resource is a WebSocket. Connect to it by the WebSocket protocol."""

    code = 426


class OriginRefused(Forbidden):
    """The page that connects has an origin that the server does not trust."""

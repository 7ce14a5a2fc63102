"""Tools for testing applications: what tests import.

No logic: it is in the modules of the package.
Floor 7.
"""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._async_client import AsyncAppClient as AsyncAppClient
    from ._websocket import HandshakeRefused as HandshakeRefused
    from ._websocket import SocketClient as SocketClient
    from .client import AppClient as AppClient
    from .client import AppTestResponse as AppTestResponse
    from .client import EnvironBuilder as EnvironBuilder
    from .runner import AppCliRunner as AppCliRunner
else:
    __getattr__ = lazy(
        __name__,
        {
            "_async_client": "AsyncAppClient",
            "_websocket": "HandshakeRefused SocketClient",
            "client": "AppClient AppTestResponse EnvironBuilder",
            "runner": "AppCliRunner",
        },
    )

"""WebSockets: classes whose ``connect`` serves one connection, with schemas for the messages of both sides."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._connection import SocketClosed as SocketClosed
    from ._errors import OriginRefused as OriginRefused
    from ._errors import UpgradeRequired as UpgradeRequired
    from ._handshake import open_sockets as open_sockets
    from ._messages import receives as receives
    from ._messages import sends as sends
    from ._socket import Socket as Socket
else:
    __getattr__ = lazy(
        __name__,
        {
            "_connection": "SocketClosed",
            "_errors": "OriginRefused UpgradeRequired",
            "_handshake": "open_sockets",
            "_messages": "receives sends",
            "_socket": "Socket",
        },
    )

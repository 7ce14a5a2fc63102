"""Serving an application natively on ASGI (:class:`ASGI`, which is ``app.asgi``), and an adapter for foreign WSGI ones.

One pipeline serves both protocols: the road of a request is synchronous, and runs on the event loop in a greenlet or in
a pool of threads. Not here: how its code waits for coroutines (``_coroutines``).
Floor 7.
"""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._adapter import WsgiToAsgi as WsgiToAsgi
    from ._app import ASGI as ASGI
    from ._environ import MORE_ENVIRON as MORE_ENVIRON
    from ._environ import SOCKET as SOCKET
    from ._environ import ASGIMessage as ASGIMessage
    from ._sockets import SocketExchange as SocketExchange
else:
    __getattr__ = lazy(
        __name__,
        {
            "_adapter": "WsgiToAsgi",
            "_app": "ASGI",
            "_environ": "ASGIMessage MORE_ENVIRON SOCKET",
            "_sockets": "SocketExchange",
        },
    )

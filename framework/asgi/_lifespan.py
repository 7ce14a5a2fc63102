"""The start and the end of an ASGI server: the functions of ``on_startup`` and ``on_shutdown`` run then.

Floor 7.
"""

from __future__ import annotations

import typing as t

from .._coroutines import served_loop

if t.TYPE_CHECKING:
    from ._app import ASGI
    from ._environ import Receive, Send


async def live(asgi: ASGI, receive: Receive, send: Send) -> None:
    """Start the application when the server starts, and end it with the server.

    A start that fails ends the server, with the name of the function that failed.
    """
    app, bridge = asgi.app, asgi.bridge()
    served_loop.set(bridge.loop)
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await bridge.in_thread(app.startup)
            except Exception as error:  # noqa: BLE001 - the server says it, and ends
                await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
                return
            asgi.watch_end()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            try:
                await bridge.in_thread(app.shutdown)
            except Exception as error:  # noqa: BLE001 - the server says it
                await send({"type": "lifespan.shutdown.failed", "message": f"{type(error).__name__}: {error}"})
                return
            finally:
                asgi.close()
            await send({"type": "lifespan.shutdown.complete"})
            return

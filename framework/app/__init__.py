"""The application: its settings, its structure, the road of a request, its documents."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._answers import WAITS as WAITS
    from ._app import App as App
    from ._documents import DEFAULT as DEFAULT
    from ._documents import HOST as HOST
    from ._documents import Choice as Choice
    from ._documents import Document as Document
    from ._lifecycle import Lifecycle as Lifecycle
    from ._lifecycle import StartupFailed as StartupFailed
    from ._route_table import Refusal as Refusal
    from ._route_table import RouterHooks as RouterHooks
    from ._route_table import RouteTable as RouteTable
else:
    __getattr__ = lazy(
        __name__,
        {
            "_answers": "WAITS",
            "_app": "App",
            "_documents": "Choice DEFAULT Document HOST",
            "_lifecycle": "Lifecycle StartupFailed",
            "_route_table": "Refusal RouteTable RouterHooks",
        },
    )

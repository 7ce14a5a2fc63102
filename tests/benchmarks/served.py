"""The applications by the names under which the servers load them; each is made when it is asked for."""

from __future__ import annotations

import importlib
import typing as t

# Name here: module of the contender, and its function.
MADE = {
    "framework": ("ours", "with_own_fields"),
    "falcon_marshmallow": ("falcon_apps", "with_marshmallow"),
    "falcon_msgspec": ("falcon_apps", "with_msgspec"),
    "framework_asgi": ("ours", "on_loop"),
    "starlette_marshmallow": ("starlette_app", "make"),
    "litestar": ("litestar_app", "make"),
    "fastapi": ("fastapi_app", "make"),
    "flask_smorest": ("flask_apps", "smorest"),
}


def __getattr__(name: str) -> t.Any:
    if name not in MADE:
        raise AttributeError(f"No application has the name {name!r}.")
    module, function = MADE[name]
    app = getattr(importlib.import_module(f".contenders.{module}", __package__), function)()
    globals()[name] = app
    return app

"""Typed settings: a class has their names and types, and files and the environment fill it."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._bound import bound as bound
    from ._bound import rows as rows
    from ._current import current_settings as current_settings
    from ._loading import load_settings as load_settings
    from ._secret import Secret as Secret
else:
    __getattr__ = lazy(
        __name__,
        {
            "_bound": "bound rows",
            "_current": "current_settings",
            "_loading": "load_settings",
            "_secret": "Secret",
        },
    )

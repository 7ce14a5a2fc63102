"""``current_settings``: the settings of the application that is served now, under their type.

Floor 3.
"""

from __future__ import annotations

import typing as t

from .. import context
from ..errors import SetupError

_S = t.TypeVar("_S")


def current_settings(cls: type[_S]) -> _S:
    """Return the settings of the current application, typed as their class.

    :param cls: The class that the application was given settings of.
    :raises RuntimeError: There is no application context.
    :raises SetupError: The application has no settings, or others.
    """
    app = context.current().app
    if not isinstance(app.settings, cls):
        given = "none" if app.settings is None else f"those of {type(app.settings).__qualname__}"
        raise SetupError(
            f"The application {app.name!r} has no settings of {cls.__qualname__}: it was given {given}. Make it with"
            f" App(..., settings=load_settings({cls.__qualname__}))."
        )
    return app.settings

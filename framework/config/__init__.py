"""The settings of an application: their table, their types, and where their values come from."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._config import DEFAULTS as DEFAULTS
    from ._config import PACKAGE_DIRECTORY as PACKAGE_DIRECTORY
    from ._config import Config as Config
    from ._config import ConfigAttribute as ConfigAttribute
    from ._config import SettingError as SettingError
    from ._config import SettingWarning as SettingWarning
    from ._config import checked_settings as checked_settings
    from ._kinds import MASK as MASK
    from ._kinds import Flag as Flag
    from ._kinds import is_secret_name as is_secret_name
    from ._kinds import seconds as seconds
    from ._kinds import shown as shown
    from ._settings import DOCUMENT_PATHS as DOCUMENT_PATHS
    from ._settings import SETTINGS as SETTINGS
    from ._settings import Setting as Setting
    from ._settings import weak_keys as weak_keys
else:
    __getattr__ = lazy(
        __name__,
        {
            "_config": (
                "Config ConfigAttribute DEFAULTS PACKAGE_DIRECTORY SettingError SettingWarning checked_settings"
            ),
            "_kinds": "Flag MASK is_secret_name seconds shown",
            "_settings": "DOCUMENT_PATHS SETTINGS Setting weak_keys",
        },
    )

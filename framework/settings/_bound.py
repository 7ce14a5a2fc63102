"""The settings of an application: those that are built in live in ``app.config`` alone.

Floor 3.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._sentinel import MISSING
from ..config import Config, shown
from ..errors import SetupError
from ._entries import USER_CLASS, SettingEntry, SettingSection, user_class
from ._loading import SOURCES
from ._secret import Secret

_S = t.TypeVar("_S")


def bound(settings: _S, config: Config) -> _S:
    """Return settings whose built-in members are the settings of an application.

    A member named like a built-in setting, ``secret_key``, is ``config["SECRET_KEY"]``: read there, and written there.

    :param settings: An instance of a class of settings.
    :param config: The settings of the application; what the members have is written into it.
    :raises SettingError: A built-in setting does not take the value of its member.
    :raises SetupError: A class is given, and not an instance.
    """
    if isinstance(settings, type):
        raise SetupError(
            f"settings={settings.__qualname__} is a class. Give what it is filled with:"
            f" settings=load_settings({settings.__qualname__})."
        )
    cls = type(settings)
    section, sources = SettingSection(cls), getattr(settings, SOURCES, {})
    space: dict[str, object] = {USER_CLASS: cls, "__module__": cls.__module__, "__doc__": cls.__doc__}
    if "__slots__" in vars(cls):
        space["__slots__"] = ()
    built_in = [entry for entry in section if entry.is_built_in]
    for entry in built_in:
        space[entry.member.name] = _built_in(entry, config)
    made: object = object.__new__(type(cls.__name__, (cls,), {"__qualname__": cls.__qualname__, **space}))
    for entry in section:
        value = getattr(settings, entry.member.name)
        if entry in built_in:
            with config.reading(sources.get(entry.name) or f"settings {cls.__qualname__}"):
                config[entry.member.name.upper()] = value.value if isinstance(value, Secret) else value
        else:
            object.__setattr__(made, entry.member.name, value)
    with contextlib.suppress(AttributeError):
        object.__setattr__(made, SOURCES, sources)
    return t.cast(_S, made)


def _built_in(entry: SettingEntry, config: Config) -> property:
    """Return the attribute of a member that is a built-in setting."""
    key = entry.member.name.upper()

    def read(self: object) -> object:
        value = config.get(key, MISSING)
        if value is MISSING:
            raise AttributeError(f"The setting {key} has been removed from app.config.")
        return Secret(value) if entry.kind is Secret and isinstance(value, str) else value

    def write(self: object, value: object) -> None:
        config[key] = value.value if isinstance(value, Secret) else value

    return property(read, write)


def rows(settings: object) -> list[tuple[str, str, str]]:
    """Return name, value and source of each setting that is not in ``app.config``, as they may be shown."""
    sources: dict[str, str] = getattr(settings, SOURCES, {})
    found: list[tuple[str, str, str]] = []

    def walk(value: object, section: SettingSection) -> None:
        for entry in section:
            inner = getattr(value, entry.member.name)
            if entry.section is not None and inner is not None:
                walk(inner, entry.section)
            elif not entry.is_built_in:
                text = shown(inner, entry.is_secret)
                found.append((entry.name, text, sources.get(entry.name, "given")))

    walk(settings, SettingSection(user_class(settings)))
    return found

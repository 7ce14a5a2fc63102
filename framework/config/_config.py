"""The settings of an application: a dictionary that fills itself from objects, files and the environment.

Not here: the built-in settings (``settings``), what a setting does (the room that reads it) and when the application
acts on a change (``app._app``).
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import errno
import json
import os
import sys
import types
import typing as t
import warnings

from werkzeug.utils import import_string

from ..errors import SetupError
from ._kinds import Anything, is_secret_name, shown
from ._settings import DEFAULTS as DEFAULTS
from ._settings import FOREIGN, SETTINGS, Setting, nearest

T = t.TypeVar("T")

_PACKAGE = __name__.partition(".")[0]
PACKAGE_DIRECTORY: t.Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""The folder of the package; messages look past its files for the code of the application."""
_ANYTHING = Anything()

ABSENT: t.Final = (errno.ENOENT, errno.EISDIR, errno.ENOTDIR)
"""The errors that ``silent=True`` passes over: the file does not exist."""


class SettingError(SetupError, ValueError):
    """A setting has a value that it does not take."""

    __module__ = __name__.rpartition(".")[0]  # as users import it, and read it in tracebacks


class SettingWarning(UserWarning):
    """A setting is never read: its name is misspelt, or that of another library."""

    __module__ = __name__.rpartition(".")[0]  # as users import it, and read it in tracebacks


class Configured(t.Protocol):
    """An object that keeps its settings in ``config``."""

    @property
    def config(self) -> cabc.MutableMapping[str, t.Any]:
        """The settings by name."""


class ConfigAttribute(t.Generic[T]):
    """An attribute of the application that reads and writes one of its settings.

    :param name: The key in ``app.config``.
    :param get_converter: Called with the value on reading; its result is what the attribute gives.
    """

    def __init__(self, name: str, get_converter: cabc.Callable[[t.Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @t.overload
    def __get__(self, obj: None, owner: object) -> t.Self: ...

    @t.overload
    def __get__(self, obj: Configured, owner: object) -> T: ...

    def __get__(self, obj: Configured | None, owner: object = None) -> T | t.Self:
        if obj is None:
            return self
        value = obj.config[self.__name__]
        if self.get_converter is not None:
            return self.get_converter(value)
        made: T = value  # PERF: a cast is a call
        return made

    def __set__(self, obj: Configured, value: object) -> None:
        obj.config[self.__name__] = value


class Config(dict[str, t.Any]):
    """A dictionary of settings that can be read from an object, a file, a mapping or the environment.

    All readers take only keys in upper case, so a configuration module may have helpers in lower case. Relative
    file names start at :attr:`root_path`.

    :param root_path: The folder that relative file names start at.
    :param defaults: What the settings start with. They are checked when the application freezes.
    """

    on_change: cabc.Callable[[], object] | None = None
    """Called after every write, without arguments. The application drops what it built from the old settings."""

    _reading: str | None = None
    """The source that is being read, for :meth:`source`."""

    def __init__(self, root_path: str | os.PathLike[str], defaults: cabc.Mapping[str, object] | None = None) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path
        self._sources: dict[str, str] = {}

    # Checks

    def check(self) -> None:
        """Check all built-in settings, also those that were changed without being written. Called at freeze.

        :raises SettingError: A setting has a value that it does not take.
        """
        wrong = []
        for name, setting in SETTINGS.items():
            if name in self:
                try:
                    value = setting.takes.check(self[name])
                except (ValueError, TypeError, OverflowError):
                    wrong.append(self._wrong(name, setting, self[name], self.source(name)))
                else:
                    if value is not self[name]:  # a default of the application's class was never written
                        super().__setitem__(name, value)
        if wrong:
            raise SettingError("\n".join(wrong))

    def source(self, name: str) -> str:
        """Return where a setting comes from, for people: a file, a variable, or file and line of the code."""
        return self._sources.get(name, "default")

    def shown(self, name: str) -> str:
        """Return the value of a setting as it may be shown: secrets and passwords in URLs are masked."""
        setting = SETTINGS.get(name)
        return shown(self[name], is_secret_name(name) if setting is None else setting.secret)

    @staticmethod
    def _wrong(name: str, setting: Setting, value: object, source: str) -> str:
        given = f"a secret of type {type(value).__name__}" if setting.secret else shown(value, longest=100)
        return f"Invalid value of the setting {name}: {given} ({source}). Set {setting.takes.said}."

    def _accept(self, key: str, value: object, source: str) -> object:
        """Return the value to keep under a key, and note where it comes from.

        :raises SettingError: The setting does not take it.
        """
        setting = SETTINGS.get(key)
        if setting is not None:
            try:
                value = setting.takes.check(value)
            except (ValueError, TypeError, OverflowError):
                raise SettingError(self._wrong(key, setting, value, source)) from None
        elif key not in self:
            self._warn(key)
        self.__dict__.setdefault("_sources", {})[key] = source  # a pickle writes before the attributes are there
        return value

    def _warn(self, key: object) -> None:
        """Warn of a name that is never read."""
        if not isinstance(key, str):
            return
        remedy = FOREIGN.get(key)
        if remedy is None:
            near = nearest(key)
            if near is None:
                return
            remedy = f"Did you mean {near!r}?"
        file, line = caller()
        warnings.warn_explicit(f"The setting {key!r} has no meaning here. {remedy}", SettingWarning, file, line)

    def _source(self) -> str:
        if self._reading is not None:
            return self._reading
        file, line = caller()
        return f"{file}:{line}"

    @contextlib.contextmanager
    def reading(self, what: str) -> cabc.Iterator[None]:
        """Name what is being read within a ``with`` block, for :meth:`source`.

        :param what: The file, variable or service that the settings come from.
        """
        before, self._reading = self._reading, self._reading or what
        try:
            yield
        finally:
            self._reading = before

    # Readers

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Read the Python file that an environment variable names.

        :param variable_name: The environment variable.
        :param silent: Return ``False`` where the variable is not set or the file is missing.
        :return: Whether a file was read.
        :raises RuntimeError: The variable is not set.
        """
        filename = os.environ.get(variable_name)
        if filename:
            return self.from_pyfile(filename, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"Cannot read the configuration: the environment variable {variable_name!r} is not set."
            " Set it to the path of a configuration file."
        )

    def from_prefixed_env(self, prefix: str = "FRAMEWORK", *, loads: cabc.Callable[[str], object] = json.loads) -> bool:
        """Take over the environment variables that start with ``PREFIX_``, without that prefix.

        A double underscore goes into a nested dictionary: ``FRAMEWORK_MAIL__PORT=25`` sets
        ``config["MAIL"]["PORT"]``. Dictionaries on the way are made where they are missing.
        Text settings keep what looks like a number as text: ``FRAMEWORK_SECRET_KEY=1234567890`` sets a text.

        :param prefix: What the names start with, without the underscore that follows.
        :param loads: Makes the value from the text. Text on which it raises is kept as it is.
        :return: ``True``.
        :raises TypeError: A name goes into a setting that is not a dictionary.
        :raises SettingError: A setting does not take the value of its variable.
        """
        prefix = f"{prefix}_"
        for name in sorted(os.environ):
            if not name.startswith(prefix):
                continue
            *parents, last = name.removeprefix(prefix).split("__")
            kind = SETTINGS[last].takes if not parents and last in SETTINGS else _ANYTHING
            value = kind.parse(os.environ[name], loads)
            with self.reading(f"environment variable {name}"):
                if not parents:
                    self[last] = value
                    continue
                target: cabc.MutableMapping[str, t.Any] = self
                for parent in parents:
                    inner = target.get(parent)
                    if inner is None:
                        inner = target[parent] = {}
                    if not isinstance(inner, cabc.MutableMapping):
                        raise TypeError(
                            f"Cannot read the environment variable {name!r}: the setting {parent!r} is"
                            f" {shown(inner, is_secret_name(parent))}, which is not a dictionary. Give one of the two"
                            " another name."
                        )
                    target = inner
                target[last] = value
        self._changed()
        return True

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and take over its upper-case names.

        :param filename: The file; relative to :attr:`root_path`. Any extension will do.
        :param silent: Return ``False`` where the file is missing.
        :return: Whether the file was read.
        :raises OSError: The file cannot be read.
        """
        path = os.path.join(self.root_path, filename)
        module = types.ModuleType("config")
        module.__file__ = path
        source = self._read(path, "rb", lambda file: file.read(), silent)
        if source is None:
            return False
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - a configuration file is code by definition
        with self.reading(f"file {path}"):
            self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take over the upper-case attributes of a module, a class or an instance.

        Properties of a class count only on an instance of it.

        :param obj: The object, or its import path (``"package.module"``, ``"package.module.Class"``).
        :raises ImportError: The import path leads nowhere.
        """
        if isinstance(obj, str):
            obj = import_string(obj)
        called = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None) or type(obj).__qualname__
        with self.reading(f"object {called}"):
            self._take((name, getattr(obj, name)) for name in dir(obj) if name.isupper())

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: cabc.Callable[[t.IO[t.Any]], cabc.Mapping[str, object]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Read a data file, with ``load=json.load`` or ``load=tomllib.load, text=False`` for example.

        :param filename: The file; relative to :attr:`root_path`.
        :param load: Called with the open file; returns a mapping.
        :param silent: Return ``False`` where the file is missing.
        :param text: Open the file as text, in the platform's encoding, or as bytes.
        :return: Whether the file was read.
        :raises OSError: The file cannot be read.
        """
        path = os.path.join(self.root_path, filename)
        data = self._read(path, "r" if text else "rb", load, silent)
        if data is None:
            return False
        with self.reading(f"file {path}"):
            return self.from_mapping(data)

    def from_mapping(
        self, mapping: cabc.Mapping[str, object] | cabc.Iterable[tuple[str, object]] | None = None, **kwargs: object
    ) -> bool:
        """Take over the upper-case keys of a mapping and of the keyword arguments.

        :param mapping: Settings by name, or pairs.
        :param kwargs: More settings, which win.
        :return: ``True``.
        """
        self._take((key, value) for key, value in {**dict(mapping or {}), **kwargs}.items() if key.isupper())
        return True

    def get_namespace(self, namespace: str, lowercase: bool = True, trim_namespace: bool = True) -> dict[str, t.Any]:
        """The settings whose names start with a prefix, as a new dictionary.

        :param namespace: The prefix, with its underscore: ``"STORE_"``.
        :param lowercase: Give the keys in lower case.
        :param trim_namespace: Cut the prefix off the keys.
        """
        found = {}
        for name, value in self.items():
            if name.startswith(namespace):
                key = name[len(namespace) :] if trim_namespace else name
                found[key.lower() if lowercase else key] = value
        return found

    # Writers of dict, each of which tells on_change

    def __setitem__(self, key: str, value: object) -> None:
        super().__setitem__(key, self._accept(key, value, self._source()))
        self._changed()

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._changed()

    def __ior__(self, other: object) -> t.Self:  # type: ignore[override, misc]
        self.update(other)
        return self

    def update(self, *args: object, **kwargs: object) -> None:
        """Write several settings, as :meth:`dict.update`."""
        source = self._source()
        super().update({key: self._accept(key, value, source) for key, value in dict(*args, **kwargs).items()})
        self._changed()

    def setdefault(self, key: str, default: object = None) -> t.Any:
        """Write a setting unless it is there, as :meth:`dict.setdefault`."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str, *default: object) -> t.Any:
        """Remove a setting and return it, as :meth:`dict.pop`."""
        value = super().pop(key, *default)
        self._changed()
        return value

    def popitem(self) -> tuple[str, t.Any]:
        """Remove the newest setting and return it, as :meth:`dict.popitem`."""
        item = super().popitem()
        self._changed()
        return item

    def clear(self) -> None:
        """Remove all settings."""
        super().clear()
        self._changed()

    def __repr__(self) -> str:
        values = ", ".join(f"{name!r}: {self.shown(name)}" for name in self)
        return f"<{type(self).__name__} {{{values}}}>"

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()

    def _take(self, pairs: cabc.Iterable[tuple[str, object]]) -> None:
        for key, value in pairs:
            self[key] = value

    def _read(self, path: str, mode: str, load: cabc.Callable[[t.IO[t.Any]], T], silent: bool) -> T | None:
        """Return what ``load`` makes of a file; ``None`` for a missing one that may be missing."""
        try:
            with open(path, mode) as file:
                return load(file)
        except OSError as error:
            if silent and error.errno in ABSENT:
                return None
            error.strerror = f"Unable to load configuration file ({error.strerror})"
            raise


def caller() -> tuple[str, int]:
    """Return file and line of the code outside of the package that has called it."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def checked_settings(settings: cabc.Mapping[str, object]) -> dict[str, object]:
    """Return settings that are written in addition to those of an application, as they are kept.

    :raises SettingError: One has a value that it does not take.
    """
    config = Config("")
    config.update(settings)
    return dict(config)

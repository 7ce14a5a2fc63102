"""``load_settings``: fill a class of settings from the environment and files, and name all that is wrong at once.

Not here: how texts and values are read (``settings._entries``), the settings of an application (``settings._bound``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import datetime as dt
import difflib
import os
import tomllib
import typing as t

import marshmallow as ma

from .._sentinel import MISSING
from ..config import MASK, SettingError, shown
from ..models import called
from ._entries import SettingEntry, SettingSection

_S = t.TypeVar("_S")

SOURCES: t.Final = "__framework_sources__"
"""The attribute of loaded settings that has the source of each value, by its name: ``mail.port``."""

_FILE: t.Final = "_FILE"
_MOST: t.Final = 1_000_000  # the longest file of one value, in characters


def load_settings(
    cls: type[_S],
    values: cabc.Mapping[str, object] | None = None,
    /,
    *,
    prefix: str = "",
    dotenv: str | os.PathLike[str] | None = None,
    toml: str | os.PathLike[str] | None = None,
    environ: cabc.Mapping[str, str] | None = None,
) -> _S:
    """Make settings of what code, the environment and files say.

    The member ``page_size`` is the variable ``PREFIX_PAGE_SIZE``; ``mail``, a class with the member ``port``, has
    ``PREFIX_MAIL__PORT``. A variable with ``_FILE`` behind its name is the path of a file that holds the value. An
    empty variable counts as not set. The first source that has a member counts: ``values``, the environment, the file
    of a ``_FILE`` variable, ``dotenv``, ``toml``, the default.

    :param cls: The class: members with annotations, and a default for each that may be absent. A class without a
        decorator is made a dataclass of keyword arguments.
    :param values: Values by the names of members, such as those of a test; texts are read like variables.
    :param prefix: What the names of variables begin with, without the underscore that follows. Default: nothing.
    :param dotenv: A file of variables, read with python-dotenv where there is such a file.
    :param toml: A file of TOML, whose keys are the names of members.
    :param environ: The variables. Default: ``os.environ``.
    :return: An instance of ``cls``.
    :raises SettingError: Members are missing or wrong: all are named, with their sources.
    :raises SetupError: ``cls`` is not a class of settings.
    """
    section = SettingSection(cls)
    loader = _Loader(prefix, os.environ if environ is None else environ)
    loader.read(dotenv, toml)
    made = loader.make(section, f"{loader.prefix}_" if loader.prefix else "", [dict(values or {}), loader.table])
    loader.find_misspelt()
    if loader.faults:
        raise SettingError(
            f"The settings {called(cls)} cannot be made:\n" + "\n".join(f"  {each}" for each in loader.faults)
        )
    with contextlib.suppress(AttributeError):  # a class with __slots__ has no place for them
        object.__setattr__(made, SOURCES, loader.sources)
    return t.cast(_S, made)


class _Loader:
    """The reading of one class.

    :param prefix: What the names of variables begin with.
    :param environ: The variables.
    """

    def __init__(self, prefix: str, environ: cabc.Mapping[str, str]) -> None:
        self.prefix = prefix.rstrip("_")
        self.environ = environ
        self.file: dict[str, str] = {}
        self.table: cabc.Mapping[str, object] = {}
        self.faults: list[str] = []
        self.sources: dict[str, str] = {}
        self._known: set[str] = set()
        self._dotenv = self._toml = ""

    def read(self, dotenv: str | os.PathLike[str] | None, toml: str | os.PathLike[str] | None) -> None:
        """Read the files."""
        if dotenv is not None and os.path.isfile(dotenv):
            self._dotenv = os.fspath(dotenv)
            try:
                from dotenv import dotenv_values
            except ImportError:
                self.faults.append(f"{self._dotenv} cannot be read: run 'pip install python-dotenv'.")
            else:
                found = dotenv_values(dotenv, encoding="utf-8")
                self.file = {name: value for name, value in found.items() if value is not None}
        if toml is not None:
            self._toml = os.fspath(toml)
            try:
                with open(toml, "rb") as file:
                    self.table = tomllib.load(file)
            except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                self.faults.append(f"{self._toml} cannot be read: {error}.")

    def make(self, section: SettingSection, begins: str, tables: list[cabc.Mapping[str, object]]) -> object:
        """Return an instance of a class; where something is wrong, ``None``.

        :param begins: What the names of its variables begin with.
        :param tables: What code and TOML have for it.
        """
        had = len(self.faults)
        arguments: dict[str, object] = {}
        for entry in section:
            value = self._value(entry, begins + entry.member.name.upper(), tables)
            if value is not MISSING:
                arguments[entry.member.argument] = value
        self._find_unknown(section, tables)
        return None if len(self.faults) > had else section.cls(**arguments)

    def _value(self, entry: SettingEntry, variable: str, tables: list[cabc.Mapping[str, object]]) -> object:
        given, table = (each.get(entry.member.name, MISSING) for each in tables)
        if entry.section is not None:
            return self._section(entry.section, entry, f"{variable}__", [given, table])
        self._known.update((variable, variable + _FILE))
        for source, value, read in self._found(entry, variable, given, table):
            self.sources[entry.name] = source
            try:
                return read(value)
            except (ma.ValidationError, ValueError, TypeError) as error:
                said = _said(error.messages if isinstance(error, ma.ValidationError) else str(error))
                if entry.is_secret and value:
                    said = said.replace(str(value), MASK)
                self.faults.append(
                    f"{entry.name}: {shown(value, entry.is_secret, longest=100)} ({source}) is refused: {said}"
                )
                return MISSING
        self.sources[entry.name] = "default"
        if entry.is_required:
            self.faults.append(
                f"{entry.name} is missing. Set {variable}, or {variable}{_FILE} to the path of a file that holds it."
            )
        return MISSING

    def _section(self, section: SettingSection, entry: SettingEntry, begins: str, tables: list[object]) -> object:
        """Return the value of a member that holds a class of settings."""
        given = tables[0]
        if isinstance(given, section.cls) or (given is None and entry.allow_none):
            return given
        inner: list[cabc.Mapping[str, object]] = []
        for each, where in zip(tables, ("argument", f"file {self._toml}"), strict=True):
            if each is not MISSING and not isinstance(each, cabc.Mapping):
                self.faults.append(f"{entry.name} ({where}) has members of its own: give a mapping of them.")
                return MISSING
            inner.append({} if each is MISSING else t.cast("cabc.Mapping[str, object]", each))
        if any(inner) or entry.is_required or self._has_some(begins):
            return self.make(section, begins, inner)
        for each in section:  # so that misspelt ones are noticed
            self._known.add(begins + each.member.name.upper())
        return MISSING

    def _has_some(self, begins: str) -> bool:
        return any(name.startswith(begins) for names in (self.environ, self.file) for name in names)

    def _found(
        self, entry: SettingEntry, variable: str, given: object, table: object
    ) -> cabc.Iterator[tuple[str, object, cabc.Callable[[t.Any], object]]]:
        """Give what the sources have, the first one first, each with the function that reads it."""
        if given is not MISSING:
            yield "argument", given, entry.from_text if isinstance(given, str) else entry.from_value
        for names, where in ((self.environ, ""), (self.file, f" in {self._dotenv}")):
            if names.get(variable):
                source = f"{variable}{where}" if where else f"environment variable {variable}"
                yield source, names[variable], entry.from_text
            path = names.get(variable + _FILE)
            if path:
                text = self._content(entry, path, f"{variable}{_FILE}{where}")
                if text is not None:
                    yield f"file {path}, by {variable}{_FILE}{where}", text, entry.from_text
        if table is not MISSING:
            yield f"file {self._toml}", _plain(table), entry.from_value

    def _content(self, entry: SettingEntry, path: str, variable: str) -> str | None:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read(_MOST + 1)
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"{entry.name}: the file that {variable} names cannot be read: {error}.")
            return None
        if len(text) > _MOST:
            self.faults.append(f"{entry.name}: the file {path}, by {variable}, is longer than {_MOST:,} characters.")
            return None
        return text.rstrip("\r\n")

    # Names that mean nothing

    def _find_unknown(self, section: SettingSection, tables: list[cabc.Mapping[str, object]]) -> None:
        """Note what code and TOML have for no member."""
        for table, where in zip(tables, ("the arguments", self._toml), strict=True):
            for name in table:
                if name not in section.entries:
                    self.faults.append(f"{name!r} in {where} is not a setting.{_meant(name, section.entries)}")

    def find_misspelt(self) -> None:
        """Note variables that are near to one that is not set."""
        for names, where in ((self.environ, ""), (self.file, f" in {self._dotenv}")):
            for name in names:
                if name in self._known or not name.startswith(self.prefix):
                    continue
                near = difflib.get_close_matches(name, self._known, 1, 0.88)
                if near and not self._is_set(near[0]):
                    self.faults.append(f"The variable {name}{where} is not a setting. Did you mean {near[0]}?")

    def _is_set(self, variable: str) -> bool:
        base = variable.removesuffix(_FILE)
        return any(names.get(each) for names in (self.environ, self.file) for each in (base, base + _FILE))


def _plain(value: object) -> object:
    """Return a value of TOML as JSON has it, inside of lists and tables: there, moments are texts."""
    if isinstance(value, dict):
        return {key: _inner(each) for key, each in value.items()}
    return [_inner(each) for each in value] if isinstance(value, list) else value


def _inner(value: object) -> object:
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else _plain(value)


def _meant(name: str, known: cabc.Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _said(messages: object) -> str:
    """Return the messages of a refusal in one line."""

    def texts(messages: object, where: str) -> cabc.Iterator[str]:
        if isinstance(messages, dict):
            for key, inner in messages.items():
                yield from texts(inner, f"{where}{key}: ")
        elif isinstance(messages, list):
            for each in messages:
                yield from texts(each, where)
        else:
            yield f"{where}{messages}"

    return " ".join(texts(messages, ""))

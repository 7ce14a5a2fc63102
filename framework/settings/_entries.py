"""The entries of a class of settings: the field of each member, and how it reads texts and typed values.

Not here: where values come from (``settings._loading``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import enum
import functools
import json
import operator
import pathlib
import types
import typing as t

import marshmallow as ma

from .. import fields
from .._sentinel import MISSING
from ..config import SETTINGS, Flag, is_secret_name, shown
from ..fast.strict import strict
from ..fields import AnyField
from ..models import ModelMember, called, class_of, fault, field_for, members_of, peel
from ._secret import Secret

USER_CLASS: t.Final = "__framework_class__"
"""The attribute of an application's class of settings that has the user's class."""
_BRACKETS: t.Final = ("[", "{")


class MadeString(fields.String):
    """A text of which something is made.

    :param make: Makes it.
    """

    def __init__(self, make: cabc.Callable[[str], object]) -> None:
        super().__init__()
        self.make = make

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> t.Any:
        return self.make(super()._deserialize(value, attr, data, **kwargs))


_MADE: t.Final = (Secret, pathlib.Path)
"""The types that settings have in addition to those of JSON."""


class SettingEntry:
    """One member of a class of settings.

    :param cls: The class.
    :param member: The member.
    :param name: The name for people, with those of the sections around it: ``mail.port``.
    :param around: The class, and those whose sections it is in.
    """

    def __init__(self, cls: type, member: ModelMember, name: str, around: tuple[type, ...]) -> None:
        self.member = member
        self.name = name
        peeled = peel(member.annotation)
        self.kind = peeled.kind
        if _is_plain(peeled.kind):
            as_dataclass(peeled.kind)
        found = class_of(peeled.kind) if not peeled.arms else None
        if found is not None and found[0] in around:
            raise fault(cls, member.name, f"{called(found[0])} would hold itself. Give settings an end.")
        self.section: SettingSection | None = None
        if found is not None:
            self.section = SettingSection(found[0], f"{name}.", around)
        self.allow_none: bool = peeled.allow_none
        if self.section is None:
            self._field = field_for(_known(member.annotation), cls, member.name)
        if member.default is None and not peeled.allow_none:
            raise fault(cls, member.name, "its default is None, and its type is not. Write '| None' behind the type.")

    @property
    def is_required(self) -> bool:
        """True if it has no default."""
        return self.member.factory is None and self.member.default is MISSING

    @property
    def is_secret(self) -> bool:
        """True if its value is never shown."""
        return self.kind is Secret or is_secret_name(self.member.name.upper())

    @property
    def is_built_in(self) -> bool:
        """True if it has the name of a built-in setting, which it then is."""
        return self.name.upper() in SETTINGS

    def from_text(self, text: str) -> object:
        """Return the value of a text: of a variable, or of a file with one value.

        :raises ValidationError: The text is no such value.
        """
        field = self._field
        if isinstance(field, ma.fields.String):
            return self._from("query", text)
        text = text.strip()
        if isinstance(field, ma.fields.Boolean) and text.lower() in Flag.WORDS:
            return Flag.WORDS[text.lower()]
        if text.startswith(_BRACKETS):
            try:
                return self._from("json", json.loads(text))
            except json.JSONDecodeError as error:
                raise ma.ValidationError(f"Not valid JSON: {error}.") from None
        if isinstance(field, (ma.fields.List, ma.fields.Tuple)):
            return self._from("query", [piece for each in text.split(",") if (piece := each.strip())])
        return self._from("query", text)

    def from_value(self, value: object) -> object:
        """Return the value of a typed one: of TOML, or of code.

        :raises ValidationError: It is no such value.
        """
        if value is None and self.allow_none:
            return None
        if isinstance(self.kind, type) and type(value) is self.kind and not isinstance(value, (list, dict)):
            self._field._validate(value)  # a date of TOML, a Path or a Secret of code: what text would become
            return value
        return self._from("json", value)

    def _from(self, location: str, value: object) -> object:
        return self._exact[location].deserialize(value, self.member.name, {self.member.name: value})

    @functools.cached_property
    def _exact(self) -> cabc.Mapping[str, AnyField]:
        """The field for texts and that for typed values: each as strict as in a request."""
        schema = ma.Schema.from_dict({"value": self._field})
        return {location: strict(schema(), location).fields["value"] for location in ("query", "json")}


class SettingSection:
    """A class of settings, or a class that one of its members holds.

    :param cls: The class. One with annotations alone is made a dataclass.
    :param name: What comes before the names of its members, for people.
    :param around: The classes whose members lead to it.
    :raises SetupError: It is none, or a member cannot be expressed.
    """

    def __init__(self, cls: type, name: str = "", around: tuple[type, ...] = ()) -> None:
        self.cls = as_dataclass(cls)
        around = (*around, self.cls)
        self.entries = {each.name: SettingEntry(cls, each, name + each.name, around) for each in members_of(self.cls)}

    def __iter__(self) -> cabc.Iterator[SettingEntry]:
        return iter(self.entries.values())


def as_dataclass(cls: type) -> type:
    """Return a class that takes its members as keyword arguments; one with annotations alone is made a dataclass.

    :raises SetupError: It has no annotations.
    """
    if class_of(cls) is None:
        if not isinstance(cls, type) or not any(vars(each).get("__annotations__") for each in cls.__mro__):
            raise fault(cls, "", "it has no members. Give it some, such as 'page_size: int = 20'.")
        cls = dataclasses.dataclass(kw_only=True, repr=False)(cls)
        if "__repr__" not in vars(cls):
            cls.__repr__ = masked  # type: ignore[method-assign, assignment]
    elif hasattr(vars(cls).get("__repr__"), "__wrapped__"):  # that of dataclasses, which shows all
        cls.__repr__ = masked  # type: ignore[method-assign, assignment]
    return cls


def _is_plain(kind: object) -> bool:
    """Return whether a type is a class of the user with annotations alone."""
    return (
        isinstance(kind, type)
        and class_of(kind) is None
        and bool(vars(kind).get("__annotations__"))
        and not issubclass(kind, enum.Enum)
    )


def masked(self: object) -> str:
    """Return the representation of settings: secrets and passwords in URLs are masked."""
    cls = user_class(self)
    members = [
        f"{name}={shown(getattr(self, name), entry.is_secret)}" for name, entry in SettingSection(cls).entries.items()
    ]
    return f"{called(cls)}({', '.join(members)})"


def user_class(settings: object) -> type:
    """Return the user's class of settings, also for those of an application."""
    return getattr(type(settings), USER_CLASS, type(settings))


def _known(annotation: t.Any) -> t.Any:
    """Return an annotation with the fields of types that only settings have."""
    if annotation in _MADE:
        return t.Annotated[annotation, MadeString(annotation)]
    origin, given = t.get_origin(annotation), t.get_args(annotation)
    if origin in (t.Union, types.UnionType):
        return functools.reduce(operator.or_, map(_known, given))
    if origin is t.Annotated:
        return t.Annotated[(_known(given[0]), *annotation.__metadata__)]
    if given and hasattr(origin, "__class_getitem__"):
        return origin.__class_getitem__(tuple(map(_known, given)))
    return annotation

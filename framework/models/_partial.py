"""``Partial``: some members of a class, as a client sent them.

Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import sys
import types
import typing as t

import msgspec

from ._members import class_of, kind_of, members_of, not_a_model

_T = t.TypeVar("_T")


class Partial(t.Generic[_T]):
    """The members of a class that a client sent, for PATCH: ``@arguments(Partial[NewPet])``.

    What was not sent is absent, and what is ``null`` is ``None``; defaults are not filled in.

    :param changes: The loaded values of what was sent, by the names of the class.
    :param model: The class.
    """

    __slots__ = ("_model", "changes")

    changes: cabc.Mapping[str, t.Any]
    """What was sent, by the names of members."""

    def __init__(self, changes: cabc.Mapping[str, t.Any], model: type[_T]) -> None:
        self.changes = types.MappingProxyType(dict(changes))
        self._model = model

    def __repr__(self) -> str:
        return f"Partial[{self._model.__name__}]({dict(self.changes)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Partial):
            return NotImplemented
        return self._model == other._model and self.changes == other.changes

    __hash__ = None  # type: ignore[assignment]

    def was_sent(self, name: str) -> bool:
        """Return whether a member was sent, be it as ``null``.

        :raises AttributeError: The class has no such member.
        """
        if name in self.changes:
            return True
        found = class_of(self._model)
        names = [each.name for each in members_of(*found)] if found is not None else []
        if name not in names:
            raise AttributeError(f"{self._model.__name__} has no member {name!r}. Known members: {', '.join(names)}.")
        return False

    def apply(self, target: _T) -> _T:
        """Return a copy of an instance with what was sent; the instance is not changed.

        :raises ValidationError: The class itself refuses the values together, in its ``__post_init__``.
        """
        changes = dict(self.changes)
        kind = kind_of(type(target))
        value: t.Any = target
        if kind == "dataclass":
            return t.cast(_T, dataclasses.replace(value, **changes))
        if kind == "struct":
            return t.cast(_T, msgspec.structs.replace(value, **changes))
        if kind == "named tuple":
            return t.cast(_T, value._replace(**changes))
        if kind == "attrs":
            arguments = {each.name: each.alias or each.name for each in value.__attrs_attrs__}
            return t.cast(_T, sys.modules["attr"].evolve(value, **{arguments[name]: changes[name] for name in changes}))
        if isinstance(value, cabc.Mapping):
            return t.cast(_T, {**value, **changes})
        raise TypeError(
            f"Cannot apply changes of {self._model.__name__} to {type(target).__name__}."
            f" {not_a_model(type(target))} Set the attributes of another object from 'changes'."
        )

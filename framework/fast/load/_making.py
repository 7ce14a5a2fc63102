"""Schemas whose values are instances of a class: how they say so, and when their hook is not needed for it.

Not here: how an annotated class becomes such a schema, which is another package's matter.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import functools
import typing as t

import marshmallow as ma

from ...fields import PartialOption
from .._internals import POST_LOAD

_HOOK: t.Final = "_framework_make"
_PLAIN_FACTORIES: t.Final = (list, dict, set, tuple, frozenset)


class MakesInstances(t.Protocol):
    """The way to an instance of a class."""

    @property
    def make(self) -> cabc.Callable[[cabc.Mapping[str, object]], object]:
        """The function that makes an instance of the loaded values, by attribute."""
        ...

    @property
    def is_pure(self) -> bool:
        """True if no code of users runs while it is made."""
        ...


class MakingSchema(t.Protocol):
    """A schema whose values are instances."""

    framework_maker: MakesInstances | None
    """The way to an instance; ``None`` where the values stay mappings."""

    def framework_made_all(self, values: object, partial: PartialOption) -> list[object]:
        """Return the values for many loaded mappings."""
        ...

    def framework_made(self, data: object, partial: PartialOption) -> object:
        """Return the value for a loaded mapping; of a partial load, which may lack members, it is no instance."""
        ...


class _Mappings:
    """The maker of schemas whose values stay mappings, unless the load is a partial one."""

    is_pure = True

    def make(self, values: cabc.Mapping[str, object]) -> object:
        """Return the mapping itself."""
        return values


MAPPINGS: t.Final[MakesInstances] = _Mappings()


def maker_of(schema: ma.Schema) -> MakesInstances | None:
    """Return the maker of a schema, if making the instance is all that happens after loading.

    A schema that has hooks of the user's own runs all of its hooks, this one among them.
    """
    hooks = schema._hooks[POST_LOAD]
    if [name for name, *_ in hooks] != [_HOOK]:
        return None
    making = t.cast(MakingSchema, schema)
    return making.framework_maker or MAPPINGS


def is_plain_factory(default: object) -> bool:
    """Return whether a default is made by a function that runs no code of users."""
    if isinstance(default, functools.partial):
        return default.func is copy.deepcopy
    return default in _PLAIN_FACTORIES if isinstance(default, type) else False

"""The function that makes an instance of what a schema has loaded; it is generated, once for each class.

Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import linecache
import types
import typing as t
import weakref

import marshmallow as ma
import msgspec

from .._sentinel import MISSING as NOTHING
from ..fields import AnyField
from ..issues import issue
from ._members import ModelKind, ModelMember

Make: t.TypeAlias = cabc.Callable[[cabc.Mapping[str, object]], object]
"""Makes an instance of a mapping of attributes."""


@dataclasses.dataclass(frozen=True, slots=True)
class InstanceMaker:
    """The way to an instance of a class.

    :ivar make: Makes an instance.
    :ivar is_pure: True if no code of users runs while it is made, so that it may be made twice.
    :ivar needed: The attributes without which none can be made.
    """

    make: Make
    is_pure: bool
    needed: tuple[str, ...]


def maker_of(
    cls: type, kind: ModelKind, members: list[ModelMember], fields: cabc.Mapping[str, AnyField]
) -> InstanceMaker:
    """Generate the maker of a class.

    :param members: The members of the class.
    :param fields: The field of each.
    """
    names: dict[str, object] = {"Class": cls, "ValidationError": ma.ValidationError, "refused": _refused}
    first: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    by_position = True
    for number, member in enumerate(members):
        if not member.argument:
            continue
        key = repr(member.name)
        if member.optional and (fields[member.name].dump_only or not _is_known(member)):
            by_position = by_position and member.keyword  # what it is without a value is known to the constructor alone
            if not fields[member.name].dump_only:
                lines += [f"if {key} in data:", f"    more[{member.argument!r}] = data[{key}]"]
            continue
        value = f"data[{key}]"
        if member.factory is not None:
            names[f"factory_{number}"] = member.factory
            value = f"data[{key}] if {key} in data else factory_{number}()"
        elif member.optional:
            names[f"default_{number}"] = member.default
            value = f"data.get({key}, default_{number})"
        if by_position and not member.keyword:
            first.append(value)
        else:
            named.append(f"{member.argument}={value}")
    is_pure = _is_pure(cls, kind) and all(map(_is_plain, members))
    arguments = ", ".join([*first, *named, *(["**more"] if lines else [])])
    body = [*(["more = {}", *lines] if lines else []), f"return Class({arguments})"]
    if not is_pure:
        guarded = [f"    {line}" for line in body]
        refuse = ["except ValueError as error:", "    raise refused() from error"]
        body = ["try:", *guarded, "except ValidationError:", "    raise", *refuse]
    text = "\n".join(["def make(data):", *(f"    {line}" for line in body), ""])
    needed = tuple(each.name for each in members if each.argument and not each.optional)
    return InstanceMaker(_compiled(cls, text, names), is_pure, needed)


def _is_known(member: ModelMember) -> bool:
    """Return whether the value of a member without one is known outside of the constructor."""
    return member.default is not NOTHING or member.factory is not None


def _is_plain(member: ModelMember) -> bool:
    """Return whether a default runs no code of the user's."""
    return not member.optional or member.default is not NOTHING or member.factory in PLAIN_FACTORIES


def _compiled(cls: type, text: str, names: dict[str, object]) -> Make:
    """Compile the text, so that tracebacks show it."""
    filename = f"<make {cls.__module__}.{cls.__qualname__} {id(cls):x}>"
    names["__name__"] = "framework.models.generated"
    exec(compile(text, filename, "exec"), names)  # noqa: S102  it has names of members only, and each is quoted
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    make = t.cast(Make, names["make"])
    weakref.finalize(make, linecache.cache.pop, filename, None).atexit = False
    return make


def _refused() -> ma.ValidationError:
    """Return the error of values that the class itself refuses by a ``ValueError``, whose text is for developers."""
    return ma.ValidationError(issue("invalid"))


def _is_pure(cls: t.Any, kind: ModelKind) -> bool:
    """Return whether the constructor is the generated one, and calls no function of the user's."""
    if any(hasattr(cls, name) for name in _HOOKS):
        return False
    if kind == "struct":
        return cls.__init__ is msgspec.Struct.__init__ and cls.__new__ is msgspec.Struct.__new__
    if kind == "named tuple":
        return _is_generated(cls.__new__)
    if cls.__new__ is not object.__new__ or not _is_generated(cls.__init__):
        return False
    if kind == "attrs":
        return all(each.validator is None and each.converter is None for each in cls.__attrs_attrs__)
    return cls.__dataclass_params__.frozen or cls.__setattr__ is object.__setattr__


def _is_generated(function: object) -> bool:
    """Return whether a function was made by the library, as ``<string>`` or ``<attrs generated ...>``."""
    code = getattr(function, "__code__", None)
    return isinstance(code, types.CodeType) and code.co_filename.startswith("<")


_HOOKS: t.Final = ("__post_init__", "__attrs_post_init__", "__attrs_pre_init__")
PLAIN_FACTORIES: t.Final = frozenset({list, dict, set, tuple, frozenset})
"""Factories of defaults that run no code of the user's."""

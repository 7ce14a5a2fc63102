"""``response(..., source=PetRow)``: a class of another library has what the schema sends.

Loaded by an application that names such a class. Not here: how values are taken from objects (``fast.dump``). Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import types
import typing as t

import marshmallow as ma

from ..errors import SetupError
from .schemas import WholeSchema

if t.TYPE_CHECKING:
    from marshmallow import Schema

_COMPUTED = (ma.fields.Method, ma.fields.Function, ma.fields.Constant)
"""Fields that read no attribute of their name."""


def check_source(source: type, schema: Schema, what: str) -> None:
    """Refuse a class whose instances do not have what a schema sends.

    An attribute that the class inherits, annotates, has a slot for or sets in one of its methods is there. Nested
    objects are not looked at, since no annotation is read; neither are mappings, nor classes with ``__getattr__``.

    :param source: The class.
    :param schema: What dumps its instances.
    :param what: The declaration, for the message.
    :raises SetupError: It is not a class, or an attribute is missing.
    """
    if not isinstance(source, type):
        raise SetupError(f"{what} got source={source!r}, which is not a class. Give the class of what is returned.")
    if isinstance(schema, WholeSchema) or hasattr(source, "__getattr__"):
        return
    if type(schema).get_attribute is not ma.Schema.get_attribute:
        return
    is_mapping = issubclass(source, cabc.Mapping)
    if is_mapping and not t.is_typeddict(source):
        return
    known = None
    for name, field in schema.dump_fields.items():
        if isinstance(field, _COMPUTED) or field.dump_default is not ma.missing:
            continue
        first = (field.attribute or name).partition(".")[0]
        if not is_mapping and hasattr(source, first):
            continue
        if known is None:
            known = attributes_of(source)
        if first not in known:
            member = "" if first == name else f" as the attribute of {name!r}"
            raise SetupError(
                f"{what}: {source.__qualname__} ({place_of(source)}) has no {first!r}, which {type(schema).__name__}"
                f" sends{member}. Add it to the class, name another one with attribute=..., or leave the field out."
            )


def attributes_of(cls: type) -> frozenset[str]:
    """Return the names that a class annotates, has slots for, or that its methods use on objects."""
    found: set[str] = set()
    for each in cls.__mro__:
        found.update(vars(each).get("__annotations__", ()))
        slots = vars(each).get("__slots__", ())
        found.update((slots,) if isinstance(slots, str) else slots)
        for function in vars(each).values():
            if isinstance(function, types.FunctionType):
                found.update(function.__code__.co_names)
    return frozenset(found)


def place_of(cls: type) -> str:
    """Return the file and line of a class, for messages; its module where the source is not known."""
    try:
        return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):
        return cls.__module__

"""Tell what is known exactly: a library class, unchanged, from one that users have made their own.

Generated code may replace a method only while that method is the one it was written after. Everything else (a
subclass, a method replaced on a class or on an instance) is called as marshmallow would call it.

Knows classes and methods; generates nothing.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import enum

import marshmallow as ma
from marshmallow import validate

from .. import fields as own_fields
from ..fields import AnyField
from . import strict
from .strict import dates as strict_dates
from .strict import fields as strict_fields

#: What decides how a field is dumped, and how it is loaded.
DUMP_METHODS = ("serialize", "get_value", "_serialize", "_format_num", "_to_string", "_CHECK_ATTRIBUTE", "schema")
LOAD_METHODS = (
    "deserialize",
    "_deserialize",
    "_validate",
    "_validate_all",
    "_validate_missing",
    "_validated",
    "_format_num",
    "_load",
    "_test_collection",
    "_make_object_from_format",
    "make_error",
    "num_type",
    "schema",
    "member",
    "validate_length",
)
SCHEMA_DUMP_METHODS = ("dump", "_serialize", "get_attribute", "_invoke_dump_processors", "_invoke_processors")
SCHEMA_LOAD_METHODS = (
    "load",
    "_do_load",
    "_deserialize",
    "_call_and_store",
    "_invoke_load_processors",
    "_invoke_processors",
    "_invoke_field_validators",
    "_invoke_schema_validators",
    "_run_validator",
)


def _classes(module: object, base: type) -> cabc.Iterator[type]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, base):
            yield value


def _noted(classes: cabc.Iterable[type], names: cabc.Iterable[str]) -> dict[type, dict[str, object]]:
    names = tuple(names)
    return {cls: {name: found for name in names if (found := _lookup(cls, name)) is not None} for cls in classes}


def _lookup(cls: type, name: str) -> object:
    """Give what a class has under a name, unbound, and ``None`` where it has nothing."""
    # PERF: all known classes take 1 ms of the import, by inspect.getattr_static 6 ms.
    for base in cls.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


#: The methods of each known class as they were when this module was imported.
_FIELDS = _noted(
    {
        *_classes(ma.fields, ma.fields.Field),
        *_classes(strict_fields, ma.fields.Field),
        *_classes(strict_dates, ma.fields.Field),
        strict.Nested,
        own_fields.DateTime,
        own_fields.Nested,
        own_fields.OneOf,
    },
    {*DUMP_METHODS, *LOAD_METHODS},
)
_VALIDATORS = _noted(
    {*_classes(validate, validate.Validator), *_classes(strict_fields, validate.Validator)}, ("__call__",)
)
SCHEMA_METHODS = _noted([ma.Schema], {*SCHEMA_DUMP_METHODS, *SCHEMA_LOAD_METHODS, "handle_error"})[ma.Schema]


def _unchanged(value: object, noted: cabc.Mapping[str, object], names: cabc.Iterable[str]) -> bool:
    cls, state = type(value), vars(value)
    known = [name for name in names if name in noted]
    return all(name not in state and _lookup(cls, name) is noted[name] for name in known)


def is_plain_dump(field: AnyField) -> bool:
    """Return whether a field is of a known class and dumps as that class does."""
    noted = _FIELDS.get(type(field))
    return noted is not None and _unchanged(field, noted, DUMP_METHODS)


def is_plain_load(field: AnyField) -> bool:
    """Return whether a field is of a known class and loads as that class does."""
    noted = _FIELDS.get(type(field))
    return noted is not None and _unchanged(field, noted, LOAD_METHODS)


def is_plain_validator(validator: object) -> bool:
    """Return whether a validator is of a known class, so that asking it twice is not to be noticed."""
    noted = _VALIDATORS.get(type(validator))
    return noted is not None and _unchanged(validator, noted, ("__call__",))


def is_plain_enum(cls: type) -> bool:
    """Return whether the members of an enumeration are what they were declared with: no flags, no ``name`` of their
    own."""
    if type(cls) is not enum.EnumMeta or issubclass(cls, enum.Flag):
        return False
    own = [base for base in cls.__mro__ if base.__module__ != "enum" and base is not object]
    return not any(name in vars(base) for base in own for name in ("name", "value", "__getattribute__"))


def is_plain_schema(schema: ma.Schema, names: cabc.Iterable[str]) -> bool:
    """Return whether a schema's class and instance leave the given methods as :class:`marshmallow.Schema` has them."""
    return _unchanged(schema, SCHEMA_METHODS, names)

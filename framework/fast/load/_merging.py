"""The schema of a merge patch (RFC 7396), made of the schema of the whole.

``merge_schema(schema)`` gives an instance of a subclass, with the same hooks and options. In it no field is required,
no default is filled in, a member that the whole can do without may be ``null``, which removes it (one with a default it
cannot do without), and nested objects
are merged in the same way. Lists are replaced whole, so what is in them stays. Also how such a patch is applied.

Knows nothing of requests.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import functools
import typing as t
import weakref

import marshmallow as ma

from ...fields import AnyField
from ...texts import message

_classes: weakref.WeakKeyDictionary[type[ma.Schema], type[ma.Schema]] = weakref.WeakKeyDictionary()


def merge_schema(schema: ma.Schema) -> ma.Schema:
    """Make the schema of the merge patches of a schema.

    :param schema: An instance; it is not changed. What it says of ``only``, ``exclude`` and ``unknown`` holds.
    :return: An instance of a subclass of its class, whose name ends in ``MergePatch``.
    """
    made = copy.copy(schema)
    made.__class__ = merge_class(type(schema))
    made.declared_fields = copy.deepcopy(made._declared_fields)
    made._init_fields()
    return made


def merge_class(cls: type[ma.Schema]) -> type[ma.Schema]:
    """The class of the merge patches of a schema class; always the same one."""
    made = _classes.get(cls)
    if made is None:
        name = cls.__name__.removesuffix("Schema") or "Schema"
        members: dict[str, object] = {each: merge_field(field) for each, field in cls._declared_fields.items()}
        # Not in marshmallow's registry: a name there must stay the name of the whole.
        members["Meta"] = type("Meta", (cls.Meta,), {"register": False})
        if hasattr(cls, "_framework_make"):
            members["_framework_make"] = None  # what changes is a mapping, though the whole is an instance
        members["__module__"] = cls.__module__
        members["__doc__"] = message("schemas.merge_patch", name=name)
        made = _classes[cls] = t.cast("type[ma.Schema]", type(f"{name}MergePatchSchema", (cls,), members))
    return made


def merge_field(field: AnyField) -> AnyField:
    """The field of a merge patch for a field of the whole."""
    made = copy.deepcopy(field)
    # A member with a default is always there: none of the resource's readers knows it as null.
    made.allow_none = field.allow_none or not (field.required or field.load_default is not ma.missing)
    made.required = False
    made.load_default = ma.missing
    if isinstance(made, ma.fields.Nested) and not isinstance(made, ma.fields.Pluck) and not made.many:
        made.nested = functools.partial(_merged, field)
        made._schema = None
    elif isinstance(made, ma.fields.Mapping) and made.value_field is not None:
        made.value_field = copy.deepcopy(made.value_field)
        made.value_field.allow_none = True
    return made


def _merged(field: AnyField) -> ma.Schema:
    """The merge schema of what a nested field holds."""
    return merge_schema(t.cast(ma.fields.Nested, copy.deepcopy(field)).schema)


_T = t.TypeVar("_T")
# What holds no members: an object that comes in its place is new.
_PLAIN = (type(None), str, bytes, int, float, list, tuple)


def apply_merge(target: _T, changes: cabc.Mapping[str, object]) -> _T:
    """Apply a loaded merge patch (RFC 7396, section 2).

    :param target: A mapping, which is not changed, or an object, whose attributes are set.
    :param changes: What the schema has loaded. ``None`` removes a member of a mapping, and sets an attribute to
        ``None``; a mapping is merged into what is there.
    :return: The new mapping, or the object.
    """
    if isinstance(target, cabc.Mapping):
        return t.cast(_T, _merge_mapping(target, changes))
    for name, value in changes.items():
        present = getattr(target, name, None)
        if isinstance(value, cabc.Mapping) and not isinstance(present, _PLAIN):
            value = apply_merge(present, value)
        setattr(target, name, value)
    return target


def _merge_mapping(target: cabc.Mapping[str, object], changes: cabc.Mapping[str, object]) -> dict[str, object]:
    merged = dict(target)
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, cabc.Mapping):
            present = merged.get(name)
            merged[name] = _merge_mapping({}, value) if isinstance(present, _PLAIN) else apply_merge(present, value)
        else:
            merged[name] = value
    return merged

"""A schema with some of its members, for answers in which the client chooses them.

The members of nested objects are chosen by dotted names. Schemas with hooks are dumped whole and cut afterwards: a hook
may ask for any member.
Floor 4.
"""

from __future__ import annotations

import copy
import typing as t
import weakref

import marshmallow as ma
from marshmallow import Schema

from ...fields import AnyField
from ..schemas import SPARSE

Tree: t.TypeAlias = dict[str, "Tree"]
"""The chosen members by the names that clients write; an empty dict means all that is in one."""

MAX_DEPTH: t.Final = 3
"""The depth that the names of members reach."""
MAX_NAMES: t.Final = 200
"""The greatest number of names of members that are listed; those of deeper objects are left out first."""

_TREE: t.Final = "_framework_tree"
_cutting: weakref.WeakKeyDictionary[type[Schema], type[Schema]] = weakref.WeakKeyDictionary()


def output_names(schema: Schema) -> list[str]:
    """The names of what a schema sends, dotted for those of nested objects; the outer ones come first."""
    names: list[str] = []
    level: list[tuple[str, Schema, tuple[type, ...]]] = [("", schema, (type(schema),))]
    for depth in range(MAX_DEPTH):
        following: list[tuple[str, Schema, tuple[type, ...]]] = []
        found: list[str] = []
        for prefix, each, known in level:
            for name, field in each.dump_fields.items():
                written = prefix + (field.data_key if field.data_key is not None else name)
                if "," in written or (isinstance(field, ma.fields.Method) and field.serialize_method_name is None):
                    continue
                found.append(written)
                inner = inner_schema(field)
                if inner is not None and type(inner) not in known:
                    following.append((f"{written}.", inner, (*known, type(inner))))
        if depth and len(names) + len(found) > MAX_NAMES:
            break
        names += found
        level = following
    return names


def inner_schema(field: AnyField) -> Schema | None:
    """The schema of the objects that a field holds; ``None`` where it holds none, or shows one member of them."""
    if isinstance(field, ma.fields.List):
        field = field.inner
    if isinstance(field, ma.fields.Nested) and not isinstance(field, ma.fields.Pluck):
        return field.schema
    return None


def tree_of(names: t.Iterable[str]) -> Tree:
    """The members that names choose; a whole object includes its parts."""
    tree: Tree = {}
    whole: set[str] = set(names)
    for name in whole:
        parts = name.split(".")
        if any(".".join(parts[:at]) in whole for at in range(1, len(parts))):
            continue
        inner = tree
        for part in parts:
            inner = inner.setdefault(part, {})
    return tree


def sparse_schema(schema: Schema) -> Schema:
    """The same schema, said to be sent without any of its members."""
    made = copy.copy(schema)
    setattr(made, SPARSE, True)
    return made


def narrowed_schema(schema: Schema, tree: Tree) -> Schema:
    """A schema that dumps the chosen members.

    :param tree: Not empty; names that the schema does not have are skipped.
    """
    made = sparse_schema(schema)
    if schema._hooks["pre_dump"] or schema._hooks["post_dump"] or type(schema).dump is not Schema.dump:
        made.__class__ = cutting_class(type(schema))
        setattr(made, _TREE, tree)
        return made
    chosen: dict[str, AnyField] = {}
    for name, field in schema.dump_fields.items():
        written = field.data_key if field.data_key is not None else name
        if written in tree:
            chosen[name] = narrowed_field(field, tree[written], made)
    made.fields = made.dump_fields = schema.dict_class(chosen)
    made.load_fields = {}
    made.declared_fields = {**schema.declared_fields, **chosen}
    return made


def narrowed_field(field: AnyField, tree: Tree, parent: Schema) -> AnyField:
    """A field of a narrowed schema."""
    made = copy.copy(field)
    made.parent = made.root = parent
    inner = inner_schema(field) if tree else None
    if inner is None:
        if isinstance(made, ma.fields.Method) and made.serialize_method_name:
            made._serialize_method = getattr(parent, made.serialize_method_name)
        return made
    smaller = narrowed_schema(inner, tree)
    if isinstance(made, ma.fields.List):
        made.inner = copy.copy(made.inner)
        made.inner.parent = made
        t.cast(ma.fields.Nested, made.inner)._schema = smaller
    else:
        t.cast(ma.fields.Nested, made)._schema = smaller
    return made


def cutting_class(cls: type[Schema]) -> type[Schema]:
    """A class of schemas that dump as another does, and then cut what was not chosen."""
    found = _cutting.get(cls)
    if found is None:

        def dump(self: Schema, obj: object, *, many: bool | None = None) -> object:
            return cut(cls.dump(self, obj, many=many), vars(self)[_TREE])

        meta = type("Meta", (cls.Meta,), {"register": False})
        found = type(cls.__name__, (cls,), {"dump": dump, "__module__": cls.__module__, "Meta": meta})
        _cutting[cls] = found
    return found


def cut(value: object, tree: Tree) -> object:
    """The chosen members of a dumped value."""
    if isinstance(value, list):
        return [cut(each, tree) for each in value]
    if not isinstance(value, dict) or not tree:
        return value
    return {name: cut(member, tree[name]) for name, member in value.items() if name in tree}

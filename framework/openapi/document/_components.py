"""The schemas of the document: each marshmallow schema by the role that it plays, under a name that stays.

A schema class gives up to four components: ``Pet`` is what is sent, ``PetInput`` what is read, ``PetPatch`` what is
read with every member optional (``partial=True``), ``PetSparse`` what is sent where the client chooses the members. A
role that asks for the same as the one before it has no other component. Names come from the class, without
``Schema`` at its end, and the role, never from a counter, so they stay when other schemas come and go.
``__component__ = "Name"`` on a schema class, an instance or an enum gives another.

An instance that is not what its class says (``only``, ``exclude``, ``unknown``, ...) is written where it is used,
without a name; so does a schema made from a dict. Give it a class, or ``__component__``, to name it.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import enum
import inspect
import re
import typing as t

import marshmallow as ma
from marshmallow import RAISE

from ... import _docstrings as docstrings
from ...errors import ComponentConflict
from ...fast.strict import ALL_RULES, Rules, wrote_unknown
from ...fields import AnyField
from ...marks.schemas import SPARSE, WholeSchema
from ...texts import MessageText
from ...typing import JSONObject
from ..schema import SCHEMA_COMPONENTS, downgrade, type_of
from ._fields import Role, SchemaNames, SchemaUse, always_sent, describe, is_sent, resolved, written_name

_SUFFIXES = {"output": "", "input": "Input", "patch": "Patch"}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")
_GENERATED = ma.Schema.from_dict({}).__name__
_NAME = "__component__"

Described: t.TypeAlias = tuple[JSONObject, tuple[tuple[ma.Schema, SchemaUse, "str | None"], ...]]


class Components:
    """The schemas of one document.

    :param version: Of OpenAPI, ``"3.1.0"`` for instance. In 3.0 what its words cannot say is left out.
    :param rules: The strict rules for what is read.
    :param default_unknown: What becomes of undeclared members where no mark or schema says it.
    """

    def __init__(self, version: str = "3.1.0", *, rules: Rules = ALL_RULES, default_unknown: str = RAISE) -> None:
        self.version = version
        self.lost: set[str] = set()
        """The words of schemas that 3.0 does not know, and that were left out."""
        self.rules = rules
        self.default_unknown = default_unknown
        self._schemas: dict[str, JSONObject] = {}
        self._owners: dict[str, object] = {}
        self._origins: dict[str, type] = {}
        self._open: list[object] = []
        self._recursive: dict[object, str] = {}
        self._same: dict[object, bool] = {}

    # What documents ask for

    def schema(
        self, schema: ma.Schema, role: Role, *, location: str = "json", unknown: str | None = None
    ) -> JSONObject:
        """Give the JSON Schema of what a marshmallow schema reads or writes.

        :param schema: An instance; its ``many``, ``partial`` and ``unknown`` count.
        :param role: ``"input"``, ``"patch"`` or ``"output"``; an input that is ``partial`` is a patch.
        :param location: Where an input comes from, ``"json"``, ``"form"`` or ``"multipart"``.
        :param unknown: What the operation says of undeclared members, which then applies at every depth.
        :return: A reference to a component, the schema itself where it has no name, an array of them for ``many``.
        :raises ComponentConflict: Two classes ask for one name.
        """
        made = self.nested(schema, SchemaUse(role, location, unknown), None, top=True)
        return self.final({"type": "array", "items": made} if schema.many else made)

    def field(self, field: AnyField, role: Role, location: str = "json") -> JSONObject:
        """Give the JSON Schema of a field's values.

        :param location: ``"json"``, ``"form"``, ``"query"``, ``"path"``, ``"header"`` or ``"cookie"``.
        """
        return self.final(describe(field, SchemaUse(role, location), self))

    def properties(
        self, schema: ma.Schema, role: Role, *, location: str = "json", unknown: str | None = None
    ) -> JSONObject:
        """Give the object schema of a schema, never a reference; ``many`` does not count."""
        view = self._role(schema, SchemaUse(role, location, unknown), top=True)
        return self.final(self._object(schema, view, self._policy(schema, view, None, top=True)))

    def to_dict(self) -> dict[str, JSONObject]:
        """All components so far by name, in the order of their names."""
        return {name: self.final(self._schemas[name]) for name in sorted(self._schemas)}

    @property
    def raw(self) -> cabc.Mapping[str, JSONObject]:
        """The components so far, in the words of 3.1 whatever the version."""
        return self._schemas

    def origin(self, name: str) -> type | None:
        """The class that a component was made from."""
        return self._origins.get(name)

    def owner(self, name: str) -> object | None:
        """Return whose name of a component it is; ``None`` while it is free."""
        return self._owners.get(name)

    def add(self, name: str, schema: JSONObject, owner: object) -> JSONObject:
        """Add a component that is made from no marshmallow schema.

        :param owner: Whose name it is; another owner of one name is a conflict.
        :return: A reference to it.
        :raises ComponentConflict: The name belongs to another owner.
        """
        self._claim(name, owner, owner if isinstance(owner, type) else type(owner))
        self._schemas[name] = schema
        return {"$ref": SCHEMA_COMPONENTS + name}

    def final(self, schema: JSONObject) -> JSONObject:
        """Say a schema in the words of the document's version."""
        return t.cast(JSONObject, downgrade(schema, self.lost)) if self.version.startswith("3.0") else schema

    # What fields ask for

    def nested(self, schema: ma.Schema, view: SchemaUse, unknown: str | None, *, top: bool = False) -> JSONObject:
        """Give the schema of one object of a marshmallow schema: a reference, where it has a name.

        :param unknown: What the nested field says of undeclared members.
        :param top: Whether it is the schema of a body, not one inside it.
        """
        if isinstance(schema, WholeSchema):
            return describe(schema.fields["value"], view, self)
        view = self._role(schema, view, top=top)
        policy = self._policy(schema, view, unknown, top=top)
        variant = self._variant(schema, view, policy)
        key = (type(schema), variant, view)
        own_name = vars(schema).get(_NAME)
        if (variant is None and _is_named(type(schema))) or own_name is not None:
            view = self._first_same(schema, view) if variant is None else view
            name = _with_suffix(own_name or base_name(type(schema)), view)
            owner = (type(schema), variant, view)
            if not self._claim(name, owner, type(schema)):
                self._schemas[name] = {}
                self._schemas[name] = self._object(schema, view, policy)
            return {"$ref": SCHEMA_COMPONENTS + name}
        return self._inline(schema, view, policy, key)

    def enumeration(self, members: type[enum.Enum], values: list[object], by_value: bool) -> JSONObject:
        """Give a reference to an enumeration: under the name of its class, with ``Name`` for names of members."""
        name = _clean(vars(members).get(_NAME) or members.__name__) + ("" if by_value else "Name")
        if not self._claim(name, (members, by_value), members):
            kind = type_of(values)
            made: JSONObject = {"enum": values} if kind is None else {"type": kind, "enum": values}
            text = own_docstring(members)
            self._schemas[name] = {**({"description": text} if text else {}), **made}
        return {"$ref": SCHEMA_COMPONENTS + name}

    # Roles

    def _role(self, schema: ma.Schema, view: SchemaUse, *, top: bool) -> SchemaUse:
        """The view in which an object is seen: a partial one is a patch, and what is nested in a patch is none."""
        if not view.reads:
            return SchemaUse("output", sparse=view.sparse or SPARSE in vars(schema))
        if schema.partial is True:
            return dataclasses.replace(view, role="patch")
        if not top and view.role == "patch" and self.rules.nested_partial:
            return dataclasses.replace(view, role="input")
        return view

    def _policy(self, schema: ma.Schema, view: SchemaUse, unknown: str | None, *, top: bool) -> str:
        """Return what becomes of undeclared members, by the rules of :func:`fast.strict.strict`."""
        if view.unknown is not None and (top or self.rules.unknown):
            return view.unknown
        if unknown is not None and not top:
            return unknown
        return self._usual_policy(schema)

    def _usual_policy(self, schema: ma.Schema) -> str:
        if not self.rules.unknown or wrote_unknown(schema):
            return t.cast(str, schema.unknown)
        return self.default_unknown

    def _variant(self, schema: ma.Schema, view: SchemaUse, policy: str) -> object:
        """Return what sets an instance apart from what its class says; ``None`` where nothing does."""
        options = schema.opts
        nested = tuple(
            (name, _members(getattr(field, "only", None)), _members(getattr(field, "exclude", ())))
            for name, field in schema.fields.items()
            if _is_narrowed(schema, name, field)
        )
        declared = set(type(schema)._declared_fields)
        usual = set(options.fields or (declared | set(getattr(options, "additional", ())))) - set(options.exclude)
        partial = _partial(schema, view)
        differs = (
            nested,
            None if set(schema.fields) == usual else tuple(sorted(schema.fields)),
            None if schema.load_only == set(options.load_only) else tuple(sorted(schema.load_only)),
            None if schema.dump_only == set(options.dump_only) else tuple(sorted(schema.dump_only)),
            _members(partial),
            None if not view.reads or policy == self._class_policy(type(schema)) else policy,
            None if view.unknown is None or not self._has_nested(schema) else view.unknown,
        )
        return differs if any(part is not None and part != () for part in differs) else None

    def _class_policy(self, cls: type[ma.Schema]) -> str:
        """The policy of an instance of which nothing was said."""
        written = any("unknown" in vars(base) for base in cls.Meta.__mro__ if base is not ma.Schema.Meta)
        if not self.rules.unknown or written or cls.opts.unknown != RAISE:
            return t.cast(str, cls.opts.unknown)
        return self.default_unknown

    def _has_nested(self, schema: ma.Schema) -> bool:
        return any(isinstance(_innermost(field), ma.fields.Nested) for field in schema.fields.values())

    def _first_same(self, schema: ma.Schema, view: SchemaUse) -> SchemaUse:
        """The plainest view in which a class looks the same: so there is one component where one is enough."""
        if view.location != "json" and self._looks_same(schema, view, dataclasses.replace(view, location="json")):
            view = dataclasses.replace(view, location="json")
        if view.role == "patch" and self._looks_same(schema, view, dataclasses.replace(view, role="input")):
            view = dataclasses.replace(view, role="input")
        if view.role == "input" and self._looks_same(schema, view, SchemaUse("output")):
            view = SchemaUse("output")
        return view

    def _looks_same(self, schema: ma.Schema, one: SchemaUse, other: SchemaUse) -> bool:
        """Return whether a schema of no variant reads the same in two views, and all that is nested in it too."""
        key = (type(schema), one, other)
        if key not in self._same:
            self._same[key] = True  # a schema that contains itself does not differ by that
            closed = one.reads != other.reads and self._policy(schema, one, None, top=False) == RAISE
            if closed or (one.role != other.role == "input" and _asks_more(schema)):
                self._same[key] = False
            else:
                self._same[key] = self._compare(schema, one, other)
        return self._same[key]

    def _compare(self, schema: ma.Schema, one: SchemaUse, other: SchemaUse) -> bool:
        sides = []
        for view in (one, other):
            trial = _Trial(self)
            sides.append((self._object(schema, view, self._policy(schema, view, None, top=False), trial), trial.met))
        (left, met_left), (right, met_right) = sides
        if left != right or len(met_left) != len(met_right):
            return False
        return all(
            self._looks_same(inner, self._role(inner, view, top=False), self._role(other_inner, other_view, top=False))
            for (inner, view, _), (other_inner, other_view, _) in zip(met_left, met_right, strict=True)
        )

    # Objects

    def _object(self, schema: ma.Schema, view: SchemaUse, policy: str, names: SchemaNames | None = None) -> JSONObject:
        """The schema of one object."""
        made: JSONObject = {"type": "object", **_texts_of(type(schema))}
        fields = schema.load_fields if view.reads else schema.dump_fields
        properties: JSONObject = {}
        required: list[str] = []
        partial = _partial(schema, view)
        for name, field in fields.items():
            if not view.reads and not is_sent(field):
                continue
            written = written_name(name, field)
            inner = view if not partial else dataclasses.replace(view, partial=_leading(partial, name))
            properties[written] = describe(field, inner, names or self)
            if self._is_required(schema, name, field, view):
                required.append(written)
        made["properties"] = properties
        if required:
            made["required"] = required
        if view.reads and policy == RAISE:
            made["additionalProperties"] = False
        teller = getattr(type(schema), "__json_schema__", None)
        if teller is None:
            return made
        return t.cast(JSONObject, resolved(teller(schema, made, view.role), view, names or self))

    def _is_required(self, schema: ma.Schema, name: str, field: AnyField, view: SchemaUse) -> bool:
        if not view.reads:
            return always_sent(field) and not view.sparse
        return bool(field.required) and view.role != "patch" and name not in _partial(schema, view)

    def _inline(self, schema: ma.Schema, view: SchemaUse, policy: str, key: object) -> JSONObject:
        """The schema itself; one that contains itself needs a name after all, made of what sets it apart."""
        if key in self._open or key in self._recursive:
            name = self._recursive.setdefault(key, _with_suffix(_variant_name(schema), view))
            return {"$ref": SCHEMA_COMPONENTS + name}
        self._open.append(key)
        try:
            made = self._object(schema, view, policy)
        finally:
            self._open.pop()
        if key not in self._recursive:
            return made
        name = self._recursive[key]
        self._claim(name, key, type(schema))
        self._schemas[name] = made
        return {"$ref": SCHEMA_COMPONENTS + name}

    def _claim(self, name: str, owner: object, origin: type) -> bool:
        """Take a name; whether it was taken by the same owner before.

        :raises ComponentConflict: It belongs to another.
        """
        if name not in self._owners:
            self._owners[name] = owner
            self._origins[name] = origin
            return False
        if self._owners[name] == owner:
            return True
        raise ComponentConflict(
            f"Two schemas of the document want the name {name!r}: {place(self._origins[name])} and {place(origin)}."
            f' Rename one, or write {_NAME} = "AnotherName" in it.'
        )


class _Trial:
    """Collects what an object refers to, without making components."""

    def __init__(self, components: Components) -> None:
        self.rules = components.rules
        self.met: list[tuple[ma.Schema, SchemaUse, str | None]] = []

    def nested(self, schema: ma.Schema, view: SchemaUse, unknown: str | None) -> JSONObject:
        """Note a nested schema."""
        self.met.append((schema, view, unknown))
        return {"$ref": f"{id(type(schema))} {unknown} {sorted(schema.fields)}"}

    def enumeration(self, members: type[enum.Enum], values: list[object], by_value: bool) -> JSONObject:
        """An enumeration looks the same to both sides."""
        return {"$ref": f"{id(members)} {by_value}"}


def _asks_more(schema: ma.Schema) -> bool:
    """Return whether a whole object must have a member that a partial one may leave out."""
    return any(field.required for field in schema.load_fields.values())


def base_name(cls: type) -> str:
    """The name of a class in the document: its own, without ``Schema`` at the end."""
    name = t.cast("str | None", vars(cls).get(_NAME))
    if name is None:
        name = cls.__name__.removesuffix("Schema") or cls.__name__
    return _clean(name)


def own_docstring(cls: type) -> str:
    """Return what a class says of itself; a docstring that it inherits says nothing of it."""
    given = vars(cls).get("__doc__")
    return given if isinstance(given, MessageText) else docstrings.published(cls, inherited=False)


def place(cls: type) -> str:
    """Return where a class is defined, for messages: ``shop.schemas.PetSchema (line 12)``."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    try:
        return f"{name} (line {inspect.getsourcelines(cls)[1]})"
    except (OSError, TypeError):
        return name


def _clean(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name)


def _is_named(cls: type[ma.Schema]) -> bool:
    """Return whether the name of a class was chosen by a person."""
    return (cls.__name__ != _GENERATED and cls is not ma.Schema) or _NAME in vars(cls)


def _with_suffix(name: str, view: SchemaUse) -> str:
    suffix = "Sparse" if view.sparse else _SUFFIXES[view.role]
    if view.location in ("form", "multipart"):
        suffix = "Form" if view.role == "input" else f"Form{suffix}"
    return name if name.endswith(suffix) else name + suffix


def _variant_name(schema: ma.Schema) -> str:
    """A name from what an instance has or lacks: ``PetWithoutOwner``, ``PetOnlyIdName``."""
    declared = list(type(schema)._declared_fields)
    lacking = [name for name in declared if name not in schema.fields]
    word, names = (
        ("Without", lacking) if lacking and len(lacking) <= len(schema.fields) else ("Only", list(schema.fields))
    )
    return base_name(type(schema)) + word + "".join(_camel(name) for name in names)


def _camel(name: str) -> str:
    return _clean("".join(part[:1].upper() + part[1:] for part in name.split("_")))


def _texts_of(cls: type[ma.Schema]) -> JSONObject:
    """Title and description of a schema: from ``Meta``, and from the docstring."""
    made: JSONObject = {}
    title = getattr(cls.Meta, "title", None)
    description = getattr(cls.Meta, "description", None) or own_docstring(cls)
    if title:
        made["title"] = title
    if description:
        made["description"] = description
    return made


def _partial(schema: ma.Schema, view: SchemaUse) -> tuple[str, ...]:
    """The names that may be absent, those with a dot included: by the schema itself, and by the one around it."""
    if not view.reads or view.role == "patch":
        return ()
    own = () if schema.partial is None or isinstance(schema.partial, bool) else schema.partial
    return tuple(sorted({*own, *view.partial}))


def _leading(partial: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Of names with a dot, what follows a name."""
    return tuple(each.removeprefix(f"{name}.") for each in partial if each.startswith(f"{name}."))


def _members(names: cabc.Iterable[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted(names))


def _innermost(field: AnyField) -> AnyField:
    """The field of the members of lists and dicts."""
    while True:
        inner = getattr(field, "inner", None) or getattr(field, "value_field", None)
        if inner is None:
            return field
        field = inner


def _is_narrowed(schema: ma.Schema, name: str, field: AnyField) -> bool:
    """Return whether the instance narrows a nested schema by a dotted name."""
    declared = type(schema)._declared_fields.get(name)
    if declared is None or not hasattr(field, "only"):
        return False
    return _members(field.only) != _members(getattr(declared, "only", None)) or _members(
        getattr(field, "exclude", ())
    ) != _members(getattr(declared, "exclude", ()))

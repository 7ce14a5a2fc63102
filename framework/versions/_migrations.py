"""Older shapes of schemas: what a version of an API takes and gives where the newest one has changed.

A schema of an older version is used like any other. It checks what a client sends by its own fields, leads that data
up to the newest shape and loads it there; it dumps the newest shape and leads the data down.
Not here: the versions (``versions._versions``), the marks that are rewritten (``versions._marks``).
Floor 5.
"""

from __future__ import annotations

import copy
import functools
import typing as t

from marshmallow import INCLUDE, Schema, fields, post_load
from marshmallow.validate import OneOf

from ..errors import SetupError
from ..fast.dump import dumper
from ..fields import AnyField, PartialOption
from ..marks.schemas import as_schema
from ..typing import JSONObject

CONVERSIONS: t.Final = ("up", "down")
"""The functions that an older shape has."""

Older: t.TypeAlias = tuple[type[Schema], ...]
"""The classes on the way from the newest shape to an older one, the newest of them first."""


class Conversions(t.Protocol):
    """The functions that an older class has, which :meth:`OlderShapes.add` checks."""

    @staticmethod
    def up(data: JSONObject) -> JSONObject:
        """Make the next newer shape of what a client sends."""

    @staticmethod
    def down(data: JSONObject) -> JSONObject:
        """Make this shape of the next newer one."""


class OlderShapes:
    """The classes that describe a schema, by version.

    :param names: The versions, oldest first.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.fast = True
        """True if the newest shape is dumped by compiled functions."""
        self._newest: dict[type[Schema], type[Schema]] = {}
        self._older: dict[type[Schema], dict[str, type[Schema]]] = {}
        self._made: dict[tuple[type[Schema], str], type[Schema]] = {}
        self._instances: dict[tuple[int, str], tuple[Schema, Schema]] = {}

    def add(self, newer: type[Schema], version: str, older: type[Schema]) -> None:
        """Note that a class is the shape of another in a version, and in those before it.

        :raises SetupError: It has no functions ``up`` and ``down``, or the version has a shape already.
        """
        if version not in self.names[:-1]:
            before = ", ".join(self.names[:-1])
            raise SetupError(
                f"{older.__name__} is to be the shape of {newer.__name__} in the version {version!r}. Name one of those"
                f" before the newest: {before}."
            )
        for name in CONVERSIONS:
            if not callable(getattr(older, name, None)):
                raise SetupError(
                    f"{older.__name__} has no function {name!r}. Give it two static methods: up(data) leads the data"
                    " of a client to the next newer shape, down(data) leads an answer back."
                )
        newest = self._newest.get(newer, newer)
        found = self._older.setdefault(newest, {})
        if version in found:
            raise SetupError(
                f"{newest.__name__} has two shapes in the version {version!r}: {found[version].__name__} and"
                f" {older.__name__}. Give one of them another version."
            )
        found[version] = older
        self._newest[older] = newest

    def way_to(self, cls: type[Schema], version: str) -> Older:
        """The classes from the newest shape of a schema to that of a version; empty where it has not changed."""
        found = self._older.get(cls, {})
        later = reversed(self.names[self.names.index(version) :])
        return tuple(found[name] for name in later if name in found)

    def of(self, schema: Schema, version: str) -> Schema:
        """A schema as it is in a version; the very same where nothing in it has changed."""
        key = (id(schema), version)
        if key not in self._instances:
            cls = self._class(type(schema), version, ())
            made = schema if cls is type(schema) else self._instance(schema, cls)
            self._instances[key] = schema, made  # the schema is kept, for its id is the key
        return self._instances[key][1]

    def words(self, schema: Schema, version: str) -> dict[str, str | None] | None:
        """Return what the members of a schema are called in a version, found by leading an example down.

        :return: By the name in the newest shape, dotted for members of nested objects: the name there, or ``None`` for
            one that has no part in the answer there. A name is missing where its value is made into another. ``None``:
            nothing in the schema has changed.
        :raises Exception: What a function ``down`` raises for the example.
        """
        if self.of(schema, version) is schema:
            return None
        values: JSONObject = {}
        found = dict(self._places(self._lead_down(schema, version, values)))
        known: dict[str, str | None] = {}
        older = self.of(schema, version)
        for name, value in values.items():
            places = [place for place, what in found.items() if what is value]
            if places:
                if len(places) == 1 and same_values(field_at(schema, name), field_at(older, places[0])):
                    known[name] = places[0]
                continue
            other = {name: value + value}
            again = dict(self._places(self._lead_down(schema, version, {}, other)))
            if again == found:
                known[name] = None
        return known

    def _lead_down(
        self,
        schema: Schema,
        version: str,
        values: JSONObject,
        other: t.Mapping[str, object] = {},
        before: str = "",
        around: tuple[type[Schema], ...] = (),
    ) -> JSONObject:
        """An example of what a schema sends, as it is in a version.

        :param values: Gets the value of each member.
        :param other: Values that are used in place of the usual ones.
        """
        plain: JSONObject = {}
        for name, field in schema.dump_fields.items():
            written = name if field.data_key is None else field.data_key
            path = f"{before}{written}"
            if isinstance(field, fields.Nested) and not isinstance(field, fields.Pluck):
                if field.many or field.schema.many or type(field.schema) in around:
                    plain[written] = [] if field.many or field.schema.many else None
                    continue
                inner = (*around, type(schema))
                plain[written] = self._lead_down(field.schema, version, values, other, f"{path}.", inner)
            elif isinstance(field, fields.List) and not isinstance(field.inner, (fields.Nested, fields.List)):
                values[path] = plain[written] = other.get(path, [example_of(field.inner, path)])
            elif isinstance(field, (fields.List, fields.Tuple)):
                plain[written] = []
            elif isinstance(field, fields.Mapping):
                plain[written] = {}
            else:
                values[path] = plain[written] = other.get(path, example_of(field, path))
        for older in self.way_to(type(schema), version):
            plain = t.cast("Conversions", older).down(plain)
        return plain

    def _places(self, plain: JSONObject, before: str = "") -> t.Iterator[tuple[str, object]]:
        """Return where the values of an example have gone."""
        for name, value in plain.items():
            if isinstance(value, dict):
                yield from self._places(value, f"{before}{name}.")
            else:
                yield f"{before}{name}", value

    def touches(self, cls: type[Schema], version: str) -> bool:
        """Return whether a class, or one that it derives from, has another shape in a version."""
        return any(issubclass(base, Schema) and self.way_to(base, version) for base in cls.__mro__)

    def _instance(self, schema: Schema, cls: type[Schema]) -> Schema:
        """An instance that is to the class what the schema is to its own."""
        names, newest = set(cls._declared_fields), set(type(schema)._declared_fields)
        options: dict[str, t.Any] = {"many": schema.many, "partial": schema.partial}
        if schema.unknown != type(schema).opts.unknown:
            options["unknown"] = schema.unknown
        heads = {name.partition(".")[0] for name in schema.only or newest}
        if not heads <= names and heads != newest:
            raise SetupError(
                f"{type(schema).__name__} is used with only={sorted(schema.only or ())!r}, and {cls.__name__} has no"
                f" {min(heads - names)!r}. Write a class that has these members alone, and one for the older version."
            )
        if heads != newest:
            options["only"] = schema.only
        for option in ("exclude", "load_only", "dump_only"):
            given = getattr(schema, option)
            if given and set(given) != set(getattr(type(schema).opts, option)):
                options[option] = [name for name in given if name.partition(".")[0] in names]
        return cls(**options)

    def _class(self, cls: type[Schema], version: str, around: Older) -> type[Schema]:
        """A class as it is in a version."""
        key = (cls, version)
        if key not in self._made:
            way = self.way_to(cls, version)
            newest = self._with_nested(cls, version, (*around, cls))
            oldest = self._with_nested(way[-1], version, (*around, cls)) if way else newest
            self._made[key] = self._bridge(newest, oldest, way) if way else newest
        return self._made[key]

    def _with_nested(self, cls: type[Schema], version: str, around: Older) -> type[Schema]:
        """A class whose nested schemas are those of a version."""
        changed = {}
        for name, field in as_schema(cls).fields.items():
            made = self._field(field, version, around)
            if made is not field:
                changed[name] = made
        return made_class(cls, changed) if changed else cls

    def _field(self, field: AnyField, version: str, around: Older) -> AnyField:
        if isinstance(field, fields.Nested) and not isinstance(field, fields.Pluck):
            inner = field.schema
            changes = self.way_to(type(inner), version) or (
                type(inner) not in around and self._class(type(inner), version, around) is not type(inner)
            )
            if changes:
                made = copy.copy(field)
                made.nested = functools.partial(self.of, inner, version)
                made._schema = None
                return made
        for part in ("inner", "value_field"):
            held = getattr(field, part, None)
            if isinstance(held, fields.Field) and (other := self._field(held, version, around)) is not held:
                changed = copy.copy(field)
                setattr(changed, part, other)
                return changed
        return field

    def _bridge(self, newest: type[Schema], oldest: type[Schema], way: Older) -> type[Schema]:
        """The class in the marks of a version: the oldest shape, with the way to the newest one."""
        shapes = self

        def to_newest(
            self: Schema, data: object, original: JSONObject, *, partial: PartialOption, **rest: object
        ) -> object:
            names = {field.data_key or name for name, field in self.load_fields.items()}
            keeps = self.unknown == INCLUDE
            plain = {name: copy.deepcopy(value) for name, value in original.items() if keeps or name in names}
            for older in reversed(way):
                plain = t.cast("Conversions", older).up(plain)
            return as_schema(newest).load(plain, partial=partial, unknown=INCLUDE if keeps else None)

        def dump(self: Schema, obj: t.Any, *, many: bool | None = None) -> object:
            schema, many = as_schema(newest), self.many if many is None else bool(many)
            one = dumper(schema) if shapes.fast else schema.dump
            return [to_oldest(self, one(each)) for each in obj] if many else to_oldest(self, one(obj))

        def to_oldest(self: Schema, plain: JSONObject) -> JSONObject:
            for older in way:
                plain = t.cast("Conversions", older).down(plain)
            declared = {field.data_key or name: name for name, field in type(self)._declared_fields.items()}
            # What 'only' and 'exclude' leave out is not sent. A member that is not declared is, and found by tests.
            members = {key: plain[key] for key, name in declared.items() if name in self.dump_fields and key in plain}
            return {**members, **{key: value for key, value in plain.items() if key not in declared}}

        members = {"dump": dump, "lead_up": post_load(pass_original=True)(to_newest)}
        if hasattr(oldest, "_framework_make"):
            members["_framework_make"] = None  # the newest class makes the instance, of what was led up
        return made_class(oldest, members)


def example_of(field: AnyField, path: str) -> object:
    """A value that no other member of an example has: a number for a number, otherwise a text."""
    if isinstance(field, fields.Number) and not getattr(field, "as_string", False):
        return 10**6 + int.from_bytes(path.encode(), "big") % 10**6 * 1009 + len(path)
    return f"({path})"


def field_at(schema: Schema, path: str) -> AnyField | None:
    """The field of a dotted name as clients write it."""
    inner: Schema | None = schema
    field: AnyField | None = None
    for part in path.split("."):
        if inner is None:
            return None
        declared = {each.data_key or name: each for name, each in inner.fields.items()}
        field = declared.get(part)
        inner = field.schema if isinstance(field, fields.Nested) else None
    return field


def same_values(one: AnyField | None, other: AnyField | None) -> bool:
    """Return whether two fields have the same values: of one kind, and with the same choices."""
    if one is None or other is None or type(one) is not type(other):
        return False
    choices = [[list(each.choices) for each in field.validators if isinstance(each, OneOf)] for field in (one, other)]
    return choices[0] == choices[1]


def made_class(cls: type[Schema], members: t.Mapping[str, object]) -> type[Schema]:
    """A class in place of another, with other members."""
    # Not in marshmallow's registry: a name there must stay that of the class the user wrote.
    meta = type("Meta", (cls.Meta,), {"register": False})
    words = {"__doc__": cls.__doc__, "__module__": cls.__module__, "__qualname__": cls.__qualname__, "Meta": meta}
    return t.cast("type[Schema]", type(cls)(cls.__name__, (cls,), {**words, **members}))  # type: ignore[misc]

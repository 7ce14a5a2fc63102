"""The plan by which objects of one schema instance are dumped: its hooks, and the generated function for each object.

Knows marshmallow schemas; what the functions say is written in ``fast.dump._code``.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import types
import typing as t

import marshmallow as ma
import msgspec

from .. import _codegen as codegen
from .. import _plain as plain
from .. import json as fast_json
from .._internals import POST_DUMP, PRE_DUMP
from . import _kinds as kinds
from . import _reading as reading
from . import _rows as rows
from ._code import DumpCode, DumpFunction, Nesting, names_read

_Pair: t.TypeAlias = tuple[DumpFunction, DumpFunction]
"""The function for one object, and that for a list."""
_Way: t.TypeAlias = tuple[str, tuple[tuple[str, int], ...]]

_NO_PLACES: t.Final[cabc.Mapping[str, int]] = types.MappingProxyType({})
_MOST_CLASSES = 1_000
_MOST_WAYS = 16
"""The most ways to read objects that are compiled for a schema; rows of further selects are read by attribute."""


class DumpPlan:
    """The plan by which one schema instance dumps objects."""

    to_json: t.ClassVar[bool] = False
    checked: t.ClassVar[bool] = False
    """True if what is not an object is refused, and null where the field does not allow it."""

    def __init__(self, schema: ma.Schema) -> None:
        self.schema = schema
        self.dump_fields = schema.dump_fields
        self.compilable = self._is_compilable()
        self.has_hooks = bool(schema._hooks[PRE_DUMP] or schema._hooks[POST_DUMP])
        self._functions: dict[_Way, _Pair] = {}
        self._by_class: dict[type, _Pair | None] = {}
        self.loaded: set[type] = set()
        """The classes of which everything is read from the ``__dict__`` of objects."""
        self.of_dict: DumpFunction | None = None
        """The function that dumps one ``dict``, once it is generated and where the schema has no hooks."""

    def is_current(self) -> bool:
        """Return whether the schema still has the fields that this was made for."""
        return self.schema.dump_fields is self.dump_fields

    def prepare(self) -> None:
        """Generate the functions for objects that are read by attribute."""
        if self.compilable:
            self._made(reading.ATTRIBUTES)

    def dump(self, obj: object, many: bool) -> object:
        """Dump as ``schema.dump(obj, many=many)`` does."""
        schema = self.schema
        if not self.compilable:
            return schema.dump(obj, many=many)
        if not self.has_hooks:
            return self.values(obj, many)
        hooks = schema._hooks
        processed = obj
        if hooks[PRE_DUMP]:
            processed = schema._invoke_dump_processors(PRE_DUMP, obj, many=many, original_data=obj)
        result = self.values(processed, many)
        if hooks[POST_DUMP]:
            result = schema._invoke_dump_processors(POST_DUMP, result, many=many, original_data=obj)
        return result

    def values(self, obj: t.Any, many: bool) -> object:
        """Dump without hooks."""
        if not many:
            return self._one(obj)
        if type(obj) is list and obj:
            cls = type(obj[0])
            made = self._by_class.get(cls) or self._learn(obj[0])
            if made is not None:
                return made[1](obj, cls, self._one)
        if obj is None or self.checked:
            return self._collection(obj)
        return [self._one(each) for each in obj]

    def _collection(self, obj: t.Any) -> object:
        """Dump what has to be a collection and is not a list."""
        return self._one(obj)  # None: as marshmallow does

    def _one(self, obj: object) -> object:
        made = self._by_class.get(type(obj)) or self._learn(obj)
        return self._general(obj) if made is None else made[0](obj)

    def _general(self, obj: object) -> object:
        return self.schema._serialize(obj, many=False)

    def _learn(self, obj: object) -> _Pair | None:
        """Choose the functions for the objects of a class by the first of them; ``None`` where marshmallow reads."""
        cls = type(obj)
        if cls in self._by_class:
            return self._by_class[cls]
        kind = reading.kind_of(cls)
        made = self._made(kind) if kind in reading.COMPILED else None
        if kind == reading.ATTRIBUTES and made is not None:
            if reading.is_row(cls):
                made = made[0], self._rows_dumper(cls, made[1])
            else:
                made = self._loaded(obj) or made
        if len(self._by_class) >= _MOST_CLASSES:
            self._by_class.clear()
            self.loaded.clear()
        self._by_class[cls] = made
        return made

    def _loaded(self, obj: object) -> _Pair | None:
        """Choose the functions for an object of SQLAlchemy."""
        names = names_read(self.schema)
        loaded = reading.loaded_names(obj, names)
        if not loaded:
            return None
        if loaded.issuperset(names):
            self.loaded.add(type(obj))
        return self._made(reading.LOADED, dict.fromkeys(sorted(loaded), 0))

    def _rows_dumper(self, cls: type, by_attribute: DumpFunction) -> DumpFunction:
        """Give the function that dumps a list of rows of SQLAlchemy, by the columns that the first of them has."""
        parts = reading.parts_of_row(cls)
        if parts is None:
            return by_attribute
        names = reading.may_be_columns(cls, names_read(self.schema))

        def many(rows: list[object], cls: type, other: DumpFunction) -> object:
            if not reading.have_layout(rows, parts, parts.layout(rows[0])):
                return by_attribute(rows, cls, other)
            columns = reading.columns_of(rows[0], parts, names)
            return self._made(reading.COLUMNS, columns, parts)[1](rows, cls, other)

        return many

    def _made(
        self, kind: str, places: cabc.Mapping[str, int] = _NO_PLACES, parts: reading.RowParts | None = None
    ) -> _Pair:
        way = (kind, tuple(places.items()))
        made = self._functions.get(way)
        if made is None:
            if places and len(self._functions) >= _MOST_WAYS:
                return self._made(reading.ATTRIBUTES)
            with codegen.LOCK:
                made = self._functions.get(way)
                if made is None:
                    made = self._functions[way] = self._make(kind, places, parts)
        return made

    def _make(self, kind: str, places: cabc.Mapping[str, int], parts: reading.RowParts | None) -> _Pair:
        code = DumpCode(
            self.schema,
            kind,
            to_json=self.to_json,
            checked=self.checked,
            nesting=self._nesting(),
            places=places,
            values_of=None if parts is None else parts.values,
        )
        form = "rows" if self.to_json else "dicts"
        one, many, text = code.functions(f"dump {type(self.schema).__name__} to {form}, by {kind}")
        codegen.record(self.schema).texts.append(text)
        if kind == reading.KEYS and self.compilable and not self.has_hooks:
            self.of_dict = one
        return one, many

    def _is_compilable(self) -> bool:
        return plain.is_plain_schema(self.schema, plain.SCHEMA_DUMP_METHODS)

    # ------------------------------------------------------------------ nested schemas

    def _nesting(self) -> Nesting:
        return Nesting(dumper=self._nested_dumper, inlined=self._inlined, loaded=self._loaded_classes)

    @classmethod
    def _loaded_classes(cls, schema: ma.Schema) -> set[type]:
        return codegen.plan(schema, cls).loaded

    @classmethod
    def _nested_dumper(cls, field: ma.fields.Nested) -> DumpFunction:
        """Give the function that dumps what a Nested field holds; the nested schema is looked up when it is called."""
        found: tuple[DumpPlan, bool] | None = None

        def dump(value: object) -> object:
            nonlocal found
            if found is None:
                schema = field.schema
                found = codegen.plan(schema, cls), bool(schema.many or field.many)
            if value is None:
                return None
            return found[0].place(value, found[1], field)

        return dump

    def place(self, obj: object, many: bool, field: ma.fields.Nested) -> object:
        """Dump for a member of an outer object."""
        return self.dump(obj, many)

    @classmethod
    def _inlined(cls, field: ma.fields.Nested) -> ma.Schema | None:
        """Give the schema of a field whose objects the parent's lines can dump: one that is at hand and flat.

        A schema that is named or made by a function is resolved when an object asks for it, as marshmallow does.
        """
        if field._schema is None and not isinstance(field.nested, (ma.Schema, type)):
            return None
        try:
            schema = field.schema
        except Exception:  # noqa: BLE001  marshmallow raises it when a value is there to be dumped
            return None
        made = codegen.plan(schema, cls)
        if schema.many or field.many or not made.compilable or made.has_hooks:
            return None
        return schema


class JSONDumper(DumpPlan):
    """The plan by which objects of one schema instance become rows, and these JSON."""

    to_json = True

    def _is_compilable(self) -> bool:
        schema = self.schema
        if not super()._is_compilable() or schema._hooks[POST_DUMP] or schema.dict_class is not dict:
            return False
        keys = [name if field.data_key is None else field.data_key for name, field in schema.dump_fields.items()]
        return rows.row_class("Row", keys) is not None

    def place(self, obj: object, many: bool, field: ma.fields.Nested) -> object:
        """Give a row, a list of rows, or text."""
        try:
            if not self.compilable:
                return msgspec.Raw(fast_json.encode(codegen.plan(self.schema, DumpPlan).dump(obj, many)))
            return self.dump(obj, many)
        except fast_json.JSONError as error:
            raise rows.located(error, field.data_key or field.name or "") from None

    def _general(self, obj: object) -> object:
        return msgspec.Raw(fast_json.encode(super()._general(obj)))


class CheckedJSONDumper(JSONDumper):
    """The same plan, where nothing may be dumped that the schema does not describe."""

    checked = True

    def _collection(self, obj: t.Any) -> object:
        if not reading.is_collection(obj):
            raise kinds.not_a_list(obj, self.schema)
        made: list[object] = []
        try:
            for each in obj:
                made.append(self._one(each))
        except fast_json.JSONError as error:
            raise rows.located(error, len(made)) from None
        return made

    def _general(self, obj: object) -> object:
        kinds.check(self.schema, obj, False)
        if reading.kind_of(type(obj)) == reading.NOTHING:  # a hook has made it
            raise kinds.not_an_object(obj, self.schema)
        return super()._general(obj)

    def place(self, obj: object, many: bool, field: ma.fields.Nested) -> object:
        if not self.compilable:
            kinds.check(self.schema, obj, many)
        return super().place(obj, many, field)

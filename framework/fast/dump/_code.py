"""Write the functions that dump the objects of one schema.

One function dumps one object, one a list of them. Both share their lines, so a list costs no call for each object,
and nested objects are dumped by lines of the outer function. There is one pair of functions for each way in which
objects are read, see ``fast.dump._reading``. The result is a dict, or a row for the encoder.

Knows fields and schemas; runs nothing but what it is asked about them.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import re
import types
import typing as t

import marshmallow as ma

from ...fields import AnyField
from .. import _internals as internals
from .. import _plain as plain
from .. import json as fast_json
from .._codegen import Writer, indented
from . import _kinds as kinds
from . import _reading as reading
from . import _rows as rows
from ._values import DumpRecipe, exact_type, recipes

MISSING = ma.missing

#: How deep nested schemas are written into the function of the outer one, and how many of their fields in all.
_INLINE_DEPTH = 2
_INLINE_FIELDS = 100

#: The builtin names in generated lines.
_TYPES = ("type", "str", "int", "float", "list", "tuple", "dict")
_OF_TYPE = re.compile(r"(type\(\w+\)) is (\w+)", re.ASCII)
_WORD = re.compile(r"[^\W\d]\w*")

#: A generated function, or one that it calls, which dumps a value: a whole object, a list of them or one member.
DumpFunction: t.TypeAlias = cabc.Callable[..., object]


@dataclasses.dataclass(frozen=True)
class Nesting:
    """The questions of the writer about nested schemas, which are compiled separately.

    :param dumper: Gives the function that dumps what a ``Nested`` field holds, one object or many.
    :param inlined: Gives the schema of a ``Nested`` field if its objects may be dumped by lines of the parent.
    :param loaded: Gives the classes of which a schema reads everything from the ``__dict__`` of objects.
    """

    dumper: cabc.Callable[[ma.fields.Nested], DumpFunction]
    inlined: cabc.Callable[[ma.fields.Nested], ma.Schema | None]
    loaded: cabc.Callable[[ma.Schema], cabc.Set[type]]


def names_read(schema: ma.Schema) -> list[str]:
    """Return the names under which the fields of a schema look for their values, but for dotted ones."""
    fields = schema.dump_fields.items()
    names = [name if field.attribute is None else field.attribute for name, field in fields]
    return [name for name in names if reading.is_readable(name) and "." not in name]


@dataclasses.dataclass(frozen=True, slots=True)
class _Scope:
    """The object and schema for which lines are written, and the path to it from the outermost."""

    schema: ma.Schema
    obj: str
    kind: str
    names: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    at_hand: cabc.Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Expressions of the values that need no attribute, by the name that is read."""

    def label(self, *words: str) -> str:
        """Give a hint for the name of a variable of this scope."""
        return "_".join((*self.names, *words))


class DumpCode:
    """The functions for one schema and one kind of object.

    :param schema: Its class and instance leave dumping to marshmallow.
    :param kind: One of :data:`reading.COMPILED`, :data:`reading.LOADED` or :data:`reading.COLUMNS`.
    :param to_json: Whether they make rows instead of what ``schema.dump`` gives.
    :param checked: Whether null is refused where a field does not allow it.
    :param places: The names that objects loaded from a database have in their ``__dict__``, each with 0, or the
        columns of a row, each with its number. Other names are read by attribute.
    :param values_of: Gives the values of a row.
    """

    def __init__(
        self,
        schema: ma.Schema,
        kind: str,
        *,
        to_json: bool,
        nesting: Nesting,
        checked: bool = False,
        places: cabc.Mapping[str, int] = types.MappingProxyType({}),
        values_of: cabc.Callable[[object], tuple[object, ...]] | None = None,
    ) -> None:
        self.schema = schema
        self.kind = kind
        self.places = places
        self.values_of = values_of
        self.to_json = to_json
        self.checked = checked
        self.nesting = nesting
        self.room = _INLINE_FIELDS
        self.writer = Writer(("objs", "cls", "other", "error", "key", "value"))
        self.missing = self.writer.bind(MISSING, "MISSING")
        self.writer.bind(internals.get_value, "get_value")
        self.by_attribute = self.writer.bind(reading.BY_ATTRIBUTE, "BY_ATTRIBUTE")

    def functions(self, title: str) -> tuple[DumpFunction, DumpFunction, str]:
        """Write and compile.

        :return: ``one(obj)``, ``many(objs, cls, other)`` for a list whose objects are mostly of class ``cls``
            (``other`` dumps those that are not), and the text of both.
        """
        writer = self.writer
        one, many, obj, out = (writer.name(hint) for hint in ("one", "many", "obj", "out"))
        lines, result = self._object(_Scope(self.schema, obj, self.kind), self.places)
        loop = [
            f"for {obj} in objs:",
            f"    if type({obj}) is not cls:",
            f"        {out}.append(other({obj}))",
            "        continue",
            *indented([*lines, f"{out}.append({result})"]),
        ]
        if self.to_json:
            located = writer.bind(rows.located, "located")
            loop = [
                "try:",
                *indented(loop),
                f"except {writer.bind(fast_json.JSONError, 'JSONError')} as error:",
                f"    raise {located}(error, len({out})) from None",
            ]
        writer.write(f"def {one}({obj}):", *indented([*lines, f"return {result}"]), "")
        # PERF: names that are local are a tenth faster in a loop over 100 objects (46 us, 51 as globals).
        words = set(_WORD.findall("\n".join(loop)))
        local = "".join(f", {name}={name}" for name in [*_TYPES, *writer.objects] if name in words)
        writer.write(f"def {many}(objs, cls, other{local}):", *indented([f"{out} = []", *loop, f"return {out}"]))
        namespace = writer.compile(title)
        return namespace[one], namespace[many], "\n".join([f"# {title}", *writer.lines, ""])

    def _object(self, scope: _Scope, places: cabc.Mapping[str, int]) -> tuple[list[str], str]:
        """Write the lines that dump one object, and the expression of the result."""
        gaps = self.writer.name(scope.label("has", "gaps"))
        lines, at_hand = self._opened(scope, places)
        scope = dataclasses.replace(scope, at_hand=at_hand)
        members: list[tuple[str, str]] = []
        for name, field in scope.schema.dump_fields.items():
            key = field.data_key if field.data_key is not None else name
            var = self.writer.name(scope.label("value", str(name)))
            lines += self._field(scope, field, name, key, var, gaps)
            members.append((key, var))
        if self.to_json:
            row = rows.row_class(type(scope.schema).__name__, [key for key, _ in members])
            row_name = self.writer.bind(row, scope.label("Row"))
            return lines, f"{row_name}({', '.join(var for _, var in members)})"
        if scope.schema.dict_class is not dict:
            return self._filled(scope, lines, members)
        literal = "{" + ", ".join(f"{self._key(key)}: {var}" for key, var in members) + "}"
        result = self.writer.name(scope.label("result"))
        return [
            f"{gaps} = False",
            *lines,
            f"{result} = {literal}",
            f"if {gaps}:",
            f"    {result} = {{key: value for key, value in {result}.items() if value is not {self.missing}}}",
        ], result

    def _opened(self, scope: _Scope, places: cabc.Mapping[str, int]) -> tuple[list[str], dict[str, str]]:
        """Write the lines that get at the values of an object together, and an expression of each."""
        if not places:
            return [], {}
        values = self.writer.name(scope.label("values"))
        if scope.kind == reading.LOADED:
            return [f"{values} = {scope.obj}.__dict__"], {name: f"{values}[{name!r}]" for name in places}
        values_of = self.writer.bind(self.values_of, "values_of")
        return [f"{values} = {values_of}({scope.obj})"], {name: f"{values}[{place}]" for name, place in places.items()}

    def _filled(self, scope: _Scope, lines: list[str], members: list[tuple[str, str]]) -> tuple[list[str], str]:
        """Write the result into an object of the schema's ``dict_class``."""
        result = self.writer.name(scope.label("result"))
        lines = [*lines, f"{result} = {self.writer.bind(scope.schema.dict_class, 'dict_class')}()"]
        for key, var in members:
            lines += [f"if {var} is not {self.missing}:", f"    {result}[{self._key(key)}] = {var}"]
        return lines, result

    def _key(self, key: str) -> str:
        return repr(key) if type(key) is str else self.writer.bind(key, "key")

    def _field(self, scope: _Scope, field: AnyField, name: str, key: str, var: str, gaps: str) -> list[str]:
        """Write the lines that put the dumped value of one field into a variable."""
        target = name if field.attribute is None else field.attribute
        is_plain = plain.is_plain_dump(field) and field._CHECK_ATTRIBUTE and reading.is_readable(target)
        note = [] if self.to_json else [f"if {var} is {self.missing}:", f"    {gaps} = True"]
        if not is_plain:
            whole = self.writer.bind(self._whole_field(scope, field, name, key), f"serialize_{name}")
            return [f"{var} = {whole}({scope.obj})", *note]
        rest = self.writer.bind(self._other_value(scope, field, name, key, target), f"dump_{name}")
        other = [f"{var} = {rest}({var}, {scope.obj})", *note]
        absent = self.writer.bind(kinds.absent, "absent") if self.checked else ""
        lines = self._read(scope, var, target, absent)
        made = self._recipes(scope, field, name, var)
        if not made:
            return [*lines, *other]
        takes_none = not isinstance(field, ma.fields.Nested) and not self._refuses_null(field)
        if len(made) == 1 and not made[0].lines:
            unless = _negated(made[0].test) + (f" and {var} is not None" if takes_none else "")
            return [*lines, f"if {unless}:", *indented(other)]
        return [
            *lines,
            *_chosen(made),
            f"elif {var} is not None:" if takes_none else "else:",
            *indented(other),
        ]

    def _read(self, scope: _Scope, var: str, target: str, absent: str) -> list[str]:
        """Write the lines that read one value."""
        at_hand = scope.at_hand.get(target)
        if at_hand is None:
            kind = scope.kind if scope.kind in reading.COMPILED else reading.ATTRIBUTES
            return reading.read(var, scope.obj, target, kind, absent)
        if scope.kind == reading.COLUMNS:
            return [f"{var} = {at_hand}"]
        return ["try:", f"    {var} = {at_hand}", "except KeyError:", f"    {var} = {self.missing}"]

    # ------------------------------------------------------------------ what no recipe takes

    def _serializer(self, scope: _Scope, field: AnyField, name: str, key: str) -> DumpFunction:
        """Give the function that dumps any value but a missing one, as ``field._serialize`` does."""
        serialize, keys = field._serialize, (*scope.keys, key)
        if _is_nested(field):
            dump = self.nesting.dumper(t.cast(ma.fields.Nested, field))
            return _dump_within(dump, scope.keys) if scope.keys else lambda value, obj: dump(value)
        if self.to_json:
            return lambda value, obj: rows.seal(serialize(value, name, obj), keys)
        return lambda value, obj: serialize(value, name, obj)

    def _other_value(self, scope: _Scope, field: AnyField, name: str, key: str, target: str) -> DumpFunction:
        """Give the function that dumps the values which a recipe leaves, a missing one among them."""
        is_loaded = scope.kind == reading.LOADED and target in scope.at_hand
        read = kinds.attribute if self.checked else _attribute
        serialize = self._serializer(scope, field, name, key)
        nothing = rows.UNSET if self.to_json else MISSING
        refuses_null, keys = self._refuses_null(field), (*scope.keys, key)
        only_booleans = self.checked and isinstance(field, ma.fields.Boolean)

        def dump(value: object, obj: object) -> object:
            if value is MISSING and is_loaded:
                value = read(obj, target)  # it was not in the object's __dict__
            if value is MISSING:
                value = field.dump_default
                if callable(value):
                    value = value()
                if value is MISSING:
                    return nothing
            elif value is None and refuses_null:
                raise kinds.null(keys)
            elif only_booleans and value is not None and not isinstance(value, bool):
                raise kinds.not_a_boolean(value, keys)
            return serialize(value, obj)

        return dump

    def _refuses_null(self, field: AnyField) -> bool:
        return self.checked and not field.allow_none

    def _whole_field(self, scope: _Scope, field: AnyField, name: str, key: str) -> DumpFunction:
        """Give the function that lets a field of an unknown kind do all of its work, reading included."""
        schema, keys = scope.schema, (*scope.keys, key)

        def dump(obj: object) -> object:
            return field.serialize(name, obj, accessor=schema.get_attribute)

        def dump_to_json(obj: object) -> object:
            value = field.serialize(name, obj, accessor=schema.get_attribute)
            return rows.UNSET if value is MISSING else rows.seal(value, keys)

        return dump_to_json if self.to_json else dump

    # ------------------------------------------------------------------ recipes of fields that hold others

    def _recipes(self, scope: _Scope, field: AnyField, name: str, var: str) -> list[DumpRecipe]:
        """Write the recipes of a field, of which the first that takes a value is followed."""
        if _is_nested(field):
            # PERF: what a dict holds are dicts, as schemas load them, more often than objects: 0.5 us for each.
            tried = _TRIED.get(scope.kind, (reading.ATTRIBUTES,))
            made = [self._nested(scope, t.cast(ma.fields.Nested, field), name, var, kind) for kind in tried]
        elif type(field) is ma.fields.List:
            made = [self._list(scope, field, name, var)]
        elif type(field) is ma.fields.Dict and not field.key_field and not field.value_field and not self.to_json:
            made = [DumpRecipe(f"type({var}) is dict", (f"{var} = {var}.copy()",))]
        else:
            return recipes(self.writer, field, var, to_json=self.to_json)
        return [each for each in made if each is not None]

    def _nested(self, scope: _Scope, field: ma.fields.Nested, name: str, var: str, kind: str) -> DumpRecipe | None:
        """One nested object that is read in the same way as all of its kind, dumped in place."""
        schema = self.nesting.inlined(field) if len(scope.names) < _INLINE_DEPTH else None
        if schema is None or len(schema.dump_fields) > self.room:
            return None
        self.room -= len(schema.dump_fields)
        inner = _Scope(schema, var, kind, (*scope.names, name), (*scope.keys, field.data_key or name))
        places = dict.fromkeys(names_read(schema), 0) if kind == reading.LOADED else {}
        lines, result = self._object(inner, places)
        test = f"type({var}) is dict" if kind == reading.KEYS else f"type({var}) in {self.by_attribute}"
        if kind == reading.LOADED:
            test = f"type({var}) in {self.writer.bind(self.nesting.loaded(schema), scope.label(name, 'classes'))}"
        return DumpRecipe(test, (*lines, f"{var} = {result}"))

    def _list(self, scope: _Scope, field: ma.fields.List[t.Any], name: str, var: str) -> DumpRecipe | None:
        """A list or tuple of known values; each that is not known goes to the inner field."""
        inner = field.inner
        if not plain.is_plain_dump(inner):
            return None
        test = f"type({var}) is list or type({var}) is tuple"
        item = self.writer.name(scope.label("item", name))
        if _is_nested(inner):
            dump = self.nesting.dumper(t.cast(ma.fields.Nested, inner))
            if self.checked:
                dump_all = _dump_items(dump, inner, (*scope.keys, field.data_key or name))
                return DumpRecipe(test, (f"{var} = {self.writer.bind(dump_all, f'items_of_{name}')}({var})",))
            return DumpRecipe(
                test, (f"{var} = [{self.writer.bind(dump, f'nested_{name}')}({item}) for {item} in {var}]",)
            )
        rest = self.writer.bind(self._serializer(scope, inner, name, field.data_key or name), f"dump_item_of_{name}")
        exact = exact_type(inner)
        if exact is not None:
            return DumpRecipe(
                test,
                (
                    f"for {item} in {var}:",
                    f"    if type({item}) is not {exact}:",
                    f"        {var} = [{rest}({item}, {scope.obj}) for {item} in {var}]",
                    "        break",
                    *([] if self.to_json else ["else:", f"    {var} = [*{var}]"]),
                ),
            )
        made = recipes(self.writer, inner, item, to_json=self.to_json)
        if not made:
            return None
        items = self.writer.name(scope.label("items", name))
        return DumpRecipe(
            test,
            (
                f"{items} = []",
                f"for {item} in {var}:",
                *indented(_chosen(made)),
                f"    elif {item} is not None:",
                f"        {item} = {rest}({item}, {scope.obj})",
                f"    {items}.append({item})",
                f"{var} = {items}",
            ),
        )


def _negated(test: str) -> str:
    """Write the opposite of a test."""
    of_type = _OF_TYPE.fullmatch(test)
    return f"{of_type[1]} is not {of_type[2]}" if of_type else f"not ({test})"


def _chosen(made: cabc.Sequence[DumpRecipe]) -> list[str]:
    """Write the lines that follow the first recipe that takes a value; an ``else`` may come behind them."""
    lines: list[str] = []
    for word, each in zip(("if", *["elif"] * len(made)), made, strict=False):
        lines += [f"{word} {each.test}:", *indented(each.lines or ["pass"])]
    return lines


_TRIED = {
    reading.KEYS: (reading.KEYS, reading.ATTRIBUTES),
    reading.ITEMS: (reading.KEYS, reading.ATTRIBUTES),
    reading.LOADED: (reading.LOADED,),
    reading.COLUMNS: (reading.LOADED,),
}
"""The ways to read nested objects, by the way of the outer one; in the order of the tests."""


def _attribute(obj: object, name: str) -> object:
    return getattr(obj, name, MISSING)


def _dump_within(dump: DumpFunction, keys: tuple[str, ...]) -> DumpFunction:
    """Dump what a nested field holds, and put the path of the field in front of the path of an error."""

    def dump_member(value: object, obj: object) -> object:
        try:
            return dump(value)
        except fast_json.JSONError as error:
            raise rows.located(error, *keys) from None

    return dump_member


def _dump_items(dump: DumpFunction, inner: AnyField, keys: tuple[str, ...]) -> DumpFunction:
    """Dump the nested objects of a list, and say which one was refused."""
    refuses_null = not inner.allow_none

    def dump_items(values: cabc.Iterable[object]) -> list[object]:
        made: list[object] = []
        try:
            for value in values:
                if value is None and refuses_null:
                    raise kinds.null(keys[-1:])
                made.append(dump(value))
        except fast_json.JSONError as error:
            # The name of the list is in front already: it is the name of its inner field.
            error.path = error.path[1:]
            raise rows.located(error, *keys, len(made)) from None
        return made

    return dump_items


def _is_nested(field: AnyField) -> bool:
    """Return whether a field is a known ``Nested``, and not a ``Pluck``, which gives one member only."""
    return isinstance(field, ma.fields.Nested) and not isinstance(field, ma.fields.Pluck) and plain.is_plain_dump(field)

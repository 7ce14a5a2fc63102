"""Write the function that loads one object by a schema.

For each field it looks at the value, takes it if it is good and of the usual type, and otherwise asks the field, whose
messages it collects. So nothing is ever done over: users' functions run once, and in marshmallow's order.

Knows fields and schemas; runs nothing but what it is asked about them.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import typing as t

import marshmallow as ma
from marshmallow import EXCLUDE, INCLUDE, RAISE

from ... import fields as own_fields
from ...fields import AnyField, OneOf, PartialOption
from ...issues import AnyMessages
from .. import _internals as internals
from .. import _plain as plain
from .. import bounds, strict
from .._codegen import Writer, indented
from ..strict import fields as strict_fields
from . import _members as load_members
from ._checks import checks
from ._members import MemberLoader
from ._values import LoadRecipe, recipe

MISSING = ma.missing
POLICIES = frozenset({RAISE, INCLUDE, EXCLUDE})
_LOCAL_NAMES = [
    "data",
    "partial",
    "errors",
    "index",
    "result",
    "known",
    "name",
    "value",
    "given",
    "is_good",
    "item",
    "error",
]

#: Gives the function ``(value, partial)`` that loads what a Nested field holds; it raises ``ValidationError``.
NestedLoader = cabc.Callable[[ma.fields.Nested], MemberLoader]
#: Gives the function ``(value, partial)`` that loads an object by a schema; it raises ``ValidationError``.
Chosen = cabc.Callable[[ma.Schema], MemberLoader]


class Errors(list[tuple[AnyMessages, object, int | None]]):
    """The messages of one load in the order of their finding; it takes the place of marshmallow's ``ErrorStore``."""

    def store_error(self, messages: AnyMessages, field_name: object = "_schema", index: int | None = None) -> None:
        """Note messages for a field, of the item at an index if there are many.

        :raises Full: No more are wanted.
        """
        if type(messages) is list and len(messages) == 1 and isinstance(messages[0], str):
            copied: AnyMessages = [messages[0]]  # PERF: 4 calls fewer for the usual list of one text
        else:
            copied = internals.copy_messages(messages)
        self.append((copied, field_name, index))
        bounds.STATE.left -= 1
        if bounds.STATE.left <= 0:
            raise bounds.Full

    def store_inner(self, messages: AnyMessages, field_name: object, index: int | None) -> None:
        """Note the messages of what a field holds, which have been counted.

        :raises Full: No more are wanted.
        """
        self.append((internals.copy_messages(messages), field_name, index))
        if bounds.STATE.left <= 0:
            raise bounds.Full


#: ``load(data, partial, errors, index)``: the object for one dict; errors are noted.
ObjectLoader: t.TypeAlias = cabc.Callable[[dict[str, t.Any], PartialOption, Errors, int | None], object]
#: ``load(value, data, partial, errors, index)``: the value for a member, as its field loads it; errors are noted.
FieldLoader: t.TypeAlias = cabc.Callable[[object, strict_fields.Data, PartialOption, Errors, int | None], object]
#: ``validate(value, errors, index)``: the value, or ``missing`` for one that is refused; errors are noted.
MemberValidator: t.TypeAlias = cabc.Callable[[object, Errors, int | None], object]


class LoadCode:
    """The function for one schema and one policy for unknown names.

    :param schema: Its class and instance leave loading to marshmallow.
    :param unknown: One of :data:`POLICIES`.
    """

    def __init__(self, schema: ma.Schema, unknown: str, *, nested: NestedLoader, chosen: Chosen) -> None:
        self.schema = schema
        self.unknown = unknown
        self.nested = nested
        self.chosen = chosen
        self.members: list[str] = []
        self.writer = Writer(_LOCAL_NAMES)
        for value, name in (
            (MISSING, "MISSING"),
            (ma.ValidationError, "ValidationError"),
            (internals.set_value, "set_value"),
            (schema, "schema"),
        ):
            self.writer.bind(value, name)

    def function(self, title: str) -> tuple[ObjectLoader, str]:
        """Write and compile; also gives the text."""
        writer = self.writer
        load = writer.name("load")
        make = "{}" if self.schema.dict_class is dict else f"{writer.bind(self.schema.dict_class, 'dict_class')}()"
        names = {
            field.data_key if field.data_key is not None else name for name, field in self.schema.load_fields.items()
        }
        lines = [f"result = {make}", f"known = {len(names)}"]
        for name, field in self.schema.load_fields.items():
            lines += self._field(field, name)
        lines += [*self._unknown_names(names), "return result"]
        writer.write(f"def {load}(data, partial, errors, index):", *indented(lines))
        namespace = writer.compile(title)
        return namespace[load], "\n".join([f"# {title}", *self.members, *writer.lines, ""])

    def _unknown_names(self, names: set[str]) -> list[str]:
        if self.unknown == EXCLUDE:
            return []
        known = self.writer.bind(frozenset(names), "NAMES")
        if self.unknown == RAISE:
            each = "errors.store_error([schema.error_messages['unknown']], name, index)"
            wanted = self.writer.bind(load_members.unknown_names, "unknown_names")
            return ["if len(data) != known:", f"    for name in {wanted}(set(data) - {known}):", f"        {each}"]
        return ["if len(data) != known:", f"    for name in set(data) - {known}:", "        result[name] = data[name]"]

    def _field(self, field: AnyField, name: str) -> list[str]:
        """Write the lines for one field."""
        key = field.data_key if field.data_key is not None else name
        target = field.attribute or name
        slot = Slot(
            field,
            name,
            key,
            store=f"set_value(result, {target!r}, value)" if "." in target else f"result[{target!r}] = value",
            load=self.writer.bind(_field_loader(field, key), f"load_{name}"),
        )
        return [
            f"if {key!r} in data:",
            f"    value = data[{key!r}]",
            *indented(self._present(slot)),
            "else:",
            "    known -= 1",
            *indented(self._absent(slot)),
        ]

    def _absent(self, slot: Slot) -> list[str]:
        """Write what becomes of a name that the data does not have: an error, a default, or nothing."""
        field = slot.field
        lines = slot.ask("MISSING")
        if plain.is_plain_load(field) and not field.required:
            if field.load_default is MISSING:
                return []
            if not callable(field.load_default):
                lines = [f"value = {self.writer.bind(field.load_default, 'default')}", slot.store]
        return ["if partial is not True:", *indented(lines)]

    def _present(self, slot: Slot) -> list[str]:
        """Write what becomes of a value."""
        field = slot.field
        if plain.is_plain_load(field) and not has_processors(field):
            made: list[str] | None
            if type(field) is ma.fields.List:
                made = self._list(slot)
            elif (load := self._container(field)) is not None:
                made = [
                    "if value is None or value is MISSING:",
                    *indented(slot.ask("value")),
                    "else:",
                    *indented(self._raising(slot, f"{load}(value, partial)")),
                ]
            else:
                found = recipe(self.writer, field, "value")
                made = None if found is None else self._scalar(slot, found)
            if made is not None:
                return made
        return slot.ask("value")

    def _scalar(self, slot: Slot, found: LoadRecipe) -> list[str]:
        """Write the lines of a recipe and of the validators."""
        done, expressions, errors = self._done(slot, found.kind)
        if not found.convert and not errors:
            doubtful = [*slot.none("value"), "else:", *indented(slot.ask("value"))]
            if expressions:
                # PERF: the field would load the value to itself before it asks its validators, 7 calls.
                validate = self.writer.bind(_validator(slot.field, slot.key), f"validate_{slot.name}")
                refused = [f"value = {validate}(value, errors, index)", *slot.keep()]
                done = [f"if {' and '.join(expressions)}:", *indented(done), "else:", *indented(refused)]
            return [f"if {found.test}:", *indented(done), *doubtful]
        after = " and ".join(filter(None, [found.test_after, *expressions])) or "True"
        work = [*([f"value = {found.convert}"] if found.convert else []), f"is_good = {after}"]
        return [
            "given = value",
            "is_good = False",
            f"if {found.test}:",
            *indented(self._guarded(work, (*found.errors, *errors))),
            *self._settled(slot, done),
        ]

    def _settled(self, slot: Slot, done: list[str]) -> list[str]:
        return ["if is_good:", *indented(done), *slot.none("given"), "else:", *indented(slot.ask("given"))]

    def _guarded(
        self, lines: list[str], errors: tuple[type[Exception], ...], writer: Writer | None = None
    ) -> list[str]:
        """Write lines that may refuse a value by an exception."""
        if not errors:
            return lines
        names = [(writer or self.writer).bind(each, each.__name__) for each in dict.fromkeys(errors)]
        caught = names[0] if len(names) == 1 else f"({', '.join(names)})"
        return ["try:", *indented(lines), f"except {caught}:", "    pass"]

    def _done(self, slot: Slot, kind: type) -> tuple[list[str], list[str], tuple[type[Exception], ...]]:
        """Decide how a field's validators are run.

        :return: What to do with a good value, the expressions that validators make of it being good, and what these
            may raise. Validators that are not known exactly are run by the field, all in one.
        """
        expressions = checks(self.writer, slot.field.validators, "value", kind)
        if expressions is None:
            validate = self.writer.bind(_validator(slot.field, slot.key), f"validate_{slot.name}")
            return [f"value = {validate}(value, errors, index)", *slot.keep()], [], ()
        return [slot.store], expressions, _raised(expressions)

    # ------------------------------------------------------------------ fields that hold others

    def _container(self, field: AnyField) -> str | None:
        """Bind the function ``(value, partial)`` that loads what a field holds, and raises all errors at once.

        :return: ``None`` for a field that holds no other, or that is left to marshmallow.
        """
        if not plain.is_plain_load(field) or has_processors(field):
            return None
        name = field.name or "members"
        made: object = None
        match field:
            case ma.fields.Nested() if is_nested(field):
                made = self.nested(field)
            case ma.fields.List():
                made = load_members.list_loader(field, self._member(field.inner))
            case ma.fields.Tuple():
                made = load_members.tuple_loader(field, [self._member(each) for each in field.tuple_fields])
            case ma.fields.Mapping() if type(field) is ma.fields.Dict and (field.key_field or field.value_field):
                members = [
                    None if each is None else self._member(each) for each in (field.key_field, field.value_field)
                ]
                made = load_members.dict_loader(field, *members)
            case OneOf():
                made = load_members.one_of_loader(field, self.chosen)
        return None if made is None else self.writer.bind(made, f"load_{name}_members")

    def _member(self, field: AnyField) -> MemberLoader:
        """Give the function ``(item, partial)`` that does what the ``deserialize`` of a member does."""
        load = self._container(field)
        if load is not None:
            return load_members.member_loader(field, t.cast(MemberLoader, self.writer.objects[load]))
        if plain.is_plain_load(field) and not has_processors(field):
            writer = Writer([*_LOCAL_NAMES, "load"])
            found = recipe(writer, field, "item")
            members = None if found is None else checks(writer, field.validators, "item", found.kind)
            if found is not None and members is not None:
                ask = writer.bind(load_members.asker(field), "ask")
                after = " and ".join(filter(None, [found.test_after, *members]))
                work = [*([f"item = {found.convert}"] if found.convert else [])]
                work += [f"if {after}:", "    return item"] if after else ["return item"]
                lines = self._guarded(work, (*found.errors, *_raised(members)), writer)
                writer.write(
                    "def load(item, partial):",
                    "    given = item",
                    f"    if {found.test}:",
                    *indented(lines, 2),
                    f"    return {ask}(given, partial)",
                )
                self.members.append("\n".join(writer.lines))
                return t.cast(MemberLoader, writer.compile(f"load a member of {type(self.schema).__name__}")["load"])
        return load_members.asker(field)

    def _raising(self, slot: Slot, call: str) -> list[str]:
        """Write a call that may raise the messages for the field, and then the field's validators."""
        validate = []
        if slot.field.validators:
            validate = [f"    {self.writer.bind(slot.field._validate, f'validate_{slot.name}')}(value)"]
        return [
            "try:",
            f"    value = {call}",
            *validate,
            "except ValidationError as error:",
            f"    errors.store_inner(error.messages, {slot.key!r}, index)",
            "    value = error.valid_data or MISSING",
            *slot.keep(),
        ]

    def _list(self, slot: Slot) -> list[str]:
        """Write a loop over good members; from the first that is not, a function goes on."""
        field = t.cast("ma.fields.List[t.Any]", slot.field)
        inner = field.inner
        load = t.cast(str, self._container(field))
        found = None
        if plain.is_plain_load(inner) and not has_processors(inner):
            found = recipe(self.writer, inner, "item")
        members = None if found is None else checks(self.writer, inner.validators, "item", found.kind)
        if found is None or members is None:
            return [
                "if type(value) is list:",
                *indented(self._raising(slot, f"{load}(value, partial)")),
                "else:",
                *indented(slot.ask("value")),
            ]
        done, expressions, errors = self._done(slot, list)
        after = " and ".join(filter(None, [found.test_after, *members]))
        loop = [
            "for item in given:",
            *(["    if item is None:", "        value.append(None)", "        continue"] if inner.allow_none else []),
            f"    if not ({found.test}):",
            "        break",
            *([f"    item = {found.convert}"] if found.convert else []),
            *([f"    if not ({after}):", "        break"] if after else []),
            "    value.append(item)",
            "else:",
            f"    is_good = {' and '.join(expressions) or 'True'}",
        ]
        return [
            "given = value",
            "is_good = False",
            "if type(given) is list:",
            "    value = []",
            *indented(self._guarded(loop, (*found.errors, *errors, *_raised(members)))),
            "    if is_good:",
            *indented(done, 2),
            "    else:",
            *indented(self._raising(slot, f"{load}(given, partial, value)"), 2),
            *slot.none("given"),
            "else:",
            *indented(slot.ask("given")),
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """One field in the text: what it is called, where its value goes, and who is asked about doubtful values.

    :param store: The statement that puts ``value`` into the result.
    :param load: The name of the function that lets the field do all of its work.
    """

    field: AnyField
    name: str
    key: str
    store: str
    load: str

    def ask(self, var: str) -> list[str]:
        """Write the lines that leave a value to the field."""
        return [f"value = {self.load}({var}, data, partial, errors, index)", *self.keep()]

    def keep(self) -> list[str]:
        """Write the lines that store what is left of a value after errors, if anything."""
        return ["if value is not MISSING:", f"    {self.store}"]

    def none(self, var: str) -> list[str]:
        """Write the branch for ``None`` in a field that allows it; validators are not asked about it."""
        return [f"elif {var} is None:", "    value = None", f"    {self.store}"] if self.field.allow_none else []


def _raised(expressions: cabc.Iterable[str]) -> tuple[type[Exception], ...]:
    """Return what the expressions of ``fast.load._checks`` may raise."""
    return (ma.ValidationError,) if any("check_url" in each for each in expressions) else ()


def _grouped(expression: str) -> str:
    return f"({expression})" if " or " in expression else expression


def has_processors(field: AnyField) -> bool:
    """Return whether functions of users run before or after a field (marshmallow 4.3 and later)."""
    return bool(getattr(field, "pre_load", None) or getattr(field, "post_load", None))


def is_nested(field: AnyField) -> bool:
    return type(field) in (ma.fields.Nested, own_fields.Nested, strict.Nested)


def _field_loader(field: AnyField, key: str) -> FieldLoader:
    """Give the function that lets a field do all of its work and notes what it refuses."""

    def load(
        value: object, data: strict_fields.Data, partial: PartialOption, errors: Errors, index: int | None
    ) -> object:
        if value is MISSING and partial is True:
            return MISSING
        try:
            if partial is None:
                return field.deserialize(value, key, data)
            return field.deserialize(value, key, data, partial=partial)
        except ma.ValidationError as error:
            errors.store_error(error.messages, key, index)
            return error.valid_data or MISSING

    return load


def _validator(field: AnyField, key: str) -> MemberValidator:
    """Give the function that runs a field's validators, each once, and notes what they refuse."""

    def validate(value: object, errors: Errors, index: int | None) -> object:
        try:
            field._validate(value)
        except ma.ValidationError as error:
            errors.store_error(error.messages, key, index)
            return error.valid_data or MISSING
        return value

    return validate

"""Write the function that loads the one object of a JSON text, from a row that the decoder has made.

The decoder puts the members of an object into a row, a ``msgspec.Struct`` with a place for each field, in half the time
that it takes for a dict, and checks their types and the length of texts while it does so. What is left to the lines
written here are the other checks and the values that are no JSON. Whatever is doubtful raises :class:`NotTaken`, or
what reading a value may raise; only schemas that run no code of users have such a function, so the text can then be
read anew, in the way that makes messages.

A name that an object has twice is in the text and not in the row. So that this is noticed, the function counts the
strings that it has loaded, names among them: see ``fast.load._body``.

Knows fields and schemas; runs nothing but what it is asked about them.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import types
import typing as t

import marshmallow as ma
import msgspec
from marshmallow import validate
from marshmallow.types import Validator

from ...fields import AnyField, PartialOption
from .. import _internals as internals
from .. import _plain as plain
from .._codegen import Writer, indented
from ._checks import checks
from ._code import has_processors, is_nested
from ._making import MAPPINGS, is_plain_factory
from ._plan import LoadPlan, stops_partial
from ._values import recipe

#: How deep nested schemas are followed.
_DEPTH = 8
_LOCAL_NAMES = ("row", "result", "strings", "value", "given", "item", "more")


#: ``load(row)``: the object of a row, and the number of its strings.
RowLoader: t.TypeAlias = cabc.Callable[[t.Any], tuple[object, int]]


class NotTaken(Exception):
    """The text may hold something that is to be refused, or that is read in another way."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    """The place where the decoder puts a value, and the use of it.

    :param kind: The type that the decoder reads.
    :param lines: What makes the loaded ``value`` of the one that was read.
    :param strings: How many strings the value is, at most.
    """

    kind: t.Any
    lines: tuple[str, ...] = ()
    strings: int = 0


class BodyCode:
    """The functions for one schema, and for those nested in it.

    :param partial: What is in force around the schema; ``None`` leaves it to the schema.
    :ivar row: The class of rows; the function takes an instance, and gives the object and the number of its strings.
    :ivar depth: How many levels of objects and lists there may be.
    :ivar exact: Whether a number is wanted as it is written, and not as the nearest float.
    :raises NotTaken: By the constructor, for a schema that this cannot be written for.
    """

    def __init__(self, schema: ma.Schema, partial: PartialOption = None, level: int = 0) -> None:
        plan = LoadPlan(schema)
        runs_hooks = plan.has_pre_load or plan.has_post_load or plan.has_validators
        self.partial = schema.partial if partial is None else partial
        if not plan.compilable or runs_hooks or schema.dict_class is not dict or level > _DEPTH:
            raise NotTaken
        if self.partial not in (None, True, False):
            raise NotTaken
        if plan.maker is not None and (self.partial or not plan.maker.is_pure):
            raise NotTaken
        self.schema = schema
        self.writer = Writer(_LOCAL_NAMES)
        for value, name in ((NotTaken, "NotTaken"), (msgspec.UNSET, "UNSET"), (internals.set_value, "set_value")):
            self.writer.bind(value, name)
        self.level = level
        self.depth = 1
        self.texts: list[str] = []
        self.exact = False
        keys = [name if field.data_key is None else field.data_key for name, field in schema.load_fields.items()]
        if len(set(keys)) != len(keys):
            raise NotTaken
        self.strings = 0
        self._places: list[tuple[str, t.Any] | tuple[str, t.Any, t.Any]] = []
        lines = [line for name, field in schema.load_fields.items() for line in self._field(field, name)]
        start = ["result = {}", f"strings = {self.strings}"]
        made = "result"
        if plan.maker is not None and plan.maker is not MAPPINGS:
            made = f"{self.writer.bind(plan.maker.make, 'make')}(result)"
        self.writer.write("def load(row):", *indented([*start, *lines, f"return {made}, strings"]))
        names = [place for place, *_ in self._places]
        try:
            self.row = msgspec.defstruct(
                type(schema).__name__,
                self._places,
                rename=dict(zip(names, keys, strict=True)),
                kw_only=True,
                forbid_unknown_fields=True,
                gc=False,
            )
        except (ValueError, TypeError, UnicodeError):
            raise NotTaken from None

    def functions(self) -> tuple[RowLoader, str]:
        """Compile, and also give the text."""
        title = f"load the JSON text of {type(self.schema).__name__}"
        return self.writer.compile(title)["load"], "\n".join([f"# {title}", *self.writer.lines, ""])

    def _field(self, field: AnyField, name: str) -> list[str]:
        """Make the place of a field, and write the lines for the value in it."""
        if not plain.is_plain_load(field) or has_processors(field):
            raise NotTaken
        if callable(field.load_default) and not is_plain_factory(field.load_default):
            raise NotTaken
        target = field.attribute or name
        store = f"set_value(result, {target!r}, value)" if "." in target else f"result[{target!r}] = value"
        place = self._place(field, name)
        strings = 1 + place.strings
        self.strings += strings
        kind, lines = place.kind, [*place.lines, store]
        if field.allow_none:
            kind = t.Optional[kind]  # noqa: UP045  the kind is known only here
            less = [f"    strings -= {place.strings}"] if place.strings else []
            lines = ["if value is None:", *less, f"    {store}", "else:", *indented(lines)]
        take = f"value = row.place_{len(self._places)}"
        if field.required and self.partial is not True:
            self._places.append((f"place_{len(self._places)}", kind))
            return [take, *lines]
        self._places.append((f"place_{len(self._places)}", t.Union[kind, msgspec.UnsetType], msgspec.UNSET))
        absent = [f"strings -= {strings}"]
        if self.partial is not True and field.load_default is not ma.missing:
            default = self.writer.bind(field.load_default, "default")
            absent += [f"value = {default}{'()' if callable(field.load_default) else ''}", store]
        return [take, "if value is UNSET:", *indented(absent), "else:", *indented(lines)]

    def _place(self, field: AnyField, name: str) -> _Place:
        if is_nested(field):
            nested = t.cast(ma.fields.Nested, field)
            return self._nested(field, nested, name, many=bool(_schema_of(nested).many or nested.many))
        if type(field) is ma.fields.List:
            if is_nested(field.inner):
                inner = t.cast(ma.fields.Nested, field.inner)
                is_list = _schema_of(inner).many or inner.many
                if is_list or inner.validators or has_processors(inner) or inner.allow_none:
                    raise NotTaken
                return self._nested(field, inner, name, many=True)
            return self._list(field)
        return self._scalar(field, "value")

    def _scalar(self, field: AnyField, var: str) -> _Place:
        """One value of a known kind: what its recipe and its validators say."""
        found = recipe(self.writer, field, var)
        self.exact = self.exact or isinstance(field, ma.fields.Decimal)
        if not plain.is_plain_load(field) or has_processors(field) or found is None or found.kind in (object, dict):
            raise NotTaken
        kind: t.Any = found.json or t.Any
        validators = field.validators
        if found.json is str and not found.convert:
            kind, validators = _sized(validators)
        lines = [] if kind is not t.Any else [f"if type({var}) is not str:", "    strings -= 1"]
        lines += _demand([found.rest if found.json else found.test])
        if found.convert and found.json is not found.kind:
            lines.append(f"{var} = {found.convert}")
            lines += _demand([found.test_after])
        lines += _demand(self._checks(validators, var, found.kind))
        return _Place(kind, tuple(lines), strings=int(kind is t.Any or found.json is str))

    def _checks(self, validators: cabc.Sequence[Validator], var: str, kind: type) -> list[str]:
        expressions = checks(self.writer, validators, var, kind)
        if expressions is None:
            raise NotTaken
        return expressions

    def _list(self, field: ma.fields.List[t.Any]) -> _Place:
        """A list of values of a known kind."""
        self.depth = max(self.depth, 2)
        item = self._scalar(field.inner, "item")
        kind, lines = item.kind, list(item.lines)
        if field.inner.allow_none:
            kind = t.Optional[kind]  # noqa: UP045  the kind is known only here
        if lines:
            if field.inner.allow_none:
                lines = ["if item is not None:", *indented(lines)]
            lines = ["given, value = value, []", "for item in given:", *indented([*lines, "value.append(item)"])]
        if item.strings:
            # What is None is not a string; of values that may be of any type, the lines above have told.
            none = " - value.count(None)" if field.inner.allow_none else ""
            lines = [f"strings += len(value){none}", *lines]
        lines += _demand(self._checks(field.validators, "value", list))
        return _Place(types.GenericAlias(list, kind), tuple(lines))

    def _nested(self, field: AnyField, nested: ma.fields.Nested, name: str, *, many: bool) -> _Place:
        """The row of a nested schema, or a list of them, and the call of its function.

        :param field: The field itself, or the list that holds it.
        """
        schema = _schema_of(nested)
        if field.validators:
            raise NotTaken
        code = BodyCode(schema, None if stops_partial(nested) else self.partial, self.level + 1)
        function, text = code.functions()
        self.texts += [*code.texts, text]
        self.exact = self.exact or code.exact
        self.depth = max(self.depth, code.depth + (2 if many else 1))
        load = self.writer.bind(function, f"nested_{name}")
        if not many:
            return _Place(code.row, (f"value, more = {load}(value)", "strings += more"))
        lines = (
            "given, value = value, []",
            "for item in given:",
            f"    item, more = {load}(item)",
            "    strings += more",
            "    value.append(item)",
        )
        return _Place(types.GenericAlias(list, code.row), lines)


def _demand(expressions: cabc.Iterable[str]) -> list[str]:
    """Write what refuses a value of which the expressions are not all true."""
    test = " and ".join(f"({each})" if " or " in each else each for each in expressions if each)
    return [f"if not ({test}):", "    raise NotTaken"] if test else []


def _sized(validators: cabc.Sequence[Validator]) -> tuple[object, list[Validator]]:
    """Give the type of texts whose length the decoder checks, and the validators that are left to be asked.

    PERF: 0.04 us less for each such field than a comparison in Python.
    """
    for number, each in enumerate(validators):
        if type(each) is validate.Length and plain.is_plain_validator(each):
            low, high, equal = bounds = (each.min, each.max, each.equal)
            if all(bound is None or (type(bound) is int and 0 <= bound < 2**31) for bound in bounds):
                exact = equal is not None
                meta = msgspec.Meta(min_length=equal if exact else low, max_length=equal if exact else high)
                return t.Annotated[str, meta], [*validators[:number], *validators[number + 1 :]]
    return str, list(validators)


def _schema_of(field: ma.fields.Nested) -> ma.Schema:
    """Give the schema that a nested field declares; a name or a function may lead to one that holds itself."""
    if not isinstance(field.nested, (ma.Schema, type)):
        raise NotTaken
    try:
        return field.schema
    except Exception:  # noqa: BLE001  marshmallow raises it when a value is there to be loaded
        raise NotTaken from None

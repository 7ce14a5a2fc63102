"""Write the function that loads the one object of a JSON text, from a row that the decoder has made.

The decoder puts the members of an object into a row, a ``msgspec.Struct`` with a place for each field, in half the time
that it takes for a dict. The lines that follow are those of ``fast.load_code``, with one difference: whatever is
doubtful raises :class:`NotTaken`. Only schemas that run no code of users have such a function, so the text can then be
read anew, in the way that makes messages.

Knows fields and schemas; runs nothing but what it is asked about them.
Floor 1: imports ``fast.codegen``, ``fast.load_checks``, ``fast.load_code``, ``fast.load_plan``, ``fast.load_values``
and ``fast.plain``.
"""

from __future__ import annotations

import dataclasses
import typing as t

import marshmallow as ma
import msgspec

from . import plain
from .codegen import indented
from .load_checks import checks
from .load_code import LoadCode, Slot, has_processors, is_nested
from .load_plan import LoadPlan, stops_partial
from .load_values import AnyField, recipe

#: How deep nested schemas are followed.
_DEPTH = 8


class NotTaken(Exception):
    """The text may hold something that is to be refused, or that is read in another way."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Body(Slot):
    """A field in the text of such a function: nobody is asked about doubtful values."""

    def ask(self, var: str) -> list[str]:
        return ["raise NotTaken"]


class BodyCode(LoadCode):
    """The functions for one schema, and for those nested in it.

    :ivar row: the class of rows; the function takes an instance and the ``partial`` in force.
    :ivar depth: how many objects and lists may stand in one another.
    :raises NotTaken: by the constructor, for a schema that this cannot be written for.
    """

    def __init__(self, schema: ma.Schema, level: int = 0) -> None:
        plan = LoadPlan(schema)
        runs_hooks = plan.has_pre_load or plan.has_post_load or plan.has_validators
        if not plan.compilable or runs_hooks or schema.dict_class is not dict or level > _DEPTH:
            raise NotTaken
        super().__init__(schema, schema.unknown, nested=_no_loader)
        self.writer.bind(NotTaken, "NotTaken")
        self.writer.bind(msgspec.UNSET, "UNSET")
        self.level = level
        self.depth = 1
        self.texts: list[str] = []
        self._places: list[tuple[str, t.Any, t.Any]] = []
        keys = [name if field.data_key is None else field.data_key for name, field in schema.load_fields.items()]
        if len(set(keys)) != len(keys):
            raise NotTaken
        lines = ["result = {}"]
        if schema.partial is not None:
            lines += ["if partial is None:", f"    partial = {schema.partial!r}"]
        for name, field in schema.load_fields.items():
            lines += self._field(field, name)
        self.writer.write("def load(row, partial):", *indented([*lines, "return result"]))
        names = [place for place, _, _ in self._places]
        try:
            self.row = msgspec.defstruct(
                type(schema).__name__, self._places, rename=dict(zip(names, keys, strict=True)), gc=False
            )
        except (ValueError, TypeError, UnicodeError):
            raise NotTaken from None

    def functions(self) -> tuple[t.Callable[..., t.Any], str]:
        """Compile, and also give the text."""
        title = f"load the JSON text of {type(self.schema).__name__}"
        return self.writer.compile(title)["load"], "\n".join([f"# {title}", *self.writer.lines, ""])

    def _field(self, field: AnyField, name: str) -> list[str]:
        if not plain.is_plain_load(field) or has_processors(field) or callable(field.load_default):
            raise NotTaken
        target = field.attribute or name
        key = field.data_key if field.data_key is not None else name
        store = f"set_value(result, {target!r}, value)" if "." in target else f"result[{target!r}] = value"
        slot = _Body(field, name, key, store, load="")
        place = f"place_{len(self._places)}"
        kind, present = self._place(slot)
        self._places.append((place, kind, msgspec.UNSET))
        absent = self._absent(slot)
        if not absent:
            return [f"value = row.{place}", "if value is not UNSET:", *indented(present)]
        return [f"value = row.{place}", "if value is UNSET:", *indented(absent), "else:", *indented(present)]

    def _place(self, slot: _Body) -> tuple[t.Any, list[str]]:
        """Give the type that the decoder reads for a field, and the lines for its value."""
        field = slot.field
        if is_nested(field):
            nested = t.cast(ma.fields.Nested, field)
            return self._nested_rows(slot, nested, many=bool(_schema_of(nested).many or nested.many))
        if type(field) is ma.fields.List:
            if is_nested(field.inner):
                inner = t.cast(ma.fields.Nested, field.inner)
                is_list = _schema_of(inner).many or inner.many
                if is_list or inner.validators or has_processors(inner) or inner.allow_none:
                    raise NotTaken
                return self._nested_rows(slot, inner, many=True)
            lines = None if self._has_unknown_validators(field, list) else self._list(slot)
            if lines is None:
                raise NotTaken
            self.depth = max(self.depth, 2)
            return t.Any, lines
        found = recipe(self.writer, field, "value")
        if found is None or found.kind in (object, dict) or self._has_unknown_validators(field, found.kind):
            raise NotTaken
        return t.Any, self._scalar(slot, found)

    def _has_unknown_validators(self, field: AnyField, kind: type) -> bool:
        return checks(self.writer, field.validators, "value", kind) is None

    def _nested_rows(self, slot: _Body, field: ma.fields.Nested, *, many: bool) -> tuple[t.Any, list[str]]:
        """The row of a nested schema, or a list of them, and the call of its function."""
        if slot.field.validators or field.schema.partial not in (None, True, False):
            raise NotTaken
        code = BodyCode(field.schema, self.level + 1)
        function, text = code.functions()
        self.texts += [*code.texts, text]
        self.depth = max(self.depth, code.depth + (2 if many else 1))
        load = self.writer.bind(function, f"nested_{slot.name}")
        partial = "None" if stops_partial(field) else "partial"
        call = f"{load}(value, {partial})"
        if many:
            call = f"[{load}(item, {partial}) for item in value]"
        none = slot.store if slot.field.allow_none else "raise NotTaken"
        lines = ["if value is None:", f"    {none}", "else:", f"    value = {call}", f"    {slot.store}"]
        kind = t.cast(t.Any, list[code.row] if many else code.row)  # type: ignore[name-defined]
        return kind | None | msgspec.UnsetType, lines


def _schema_of(field: ma.fields.Nested) -> ma.Schema:
    """Give the schema that a nested field declares; a name or a function may lead to one that holds itself."""
    if not isinstance(field.nested, (ma.Schema, type)):
        raise NotTaken
    try:
        return field.schema
    except Exception:  # noqa: BLE001  marshmallow raises it when a value is there to be loaded
        raise NotTaken from None


def _no_loader(field: ma.fields.Nested) -> t.Any:
    """What is asked for the loader of a nested field that has no row."""
    raise NotTaken

"""The agreement of an annotated class with its schema: whether msgspec writes an instance as the schema would.

Not here: the encoder, its samples and what becomes of a difference (``fast.dump._trusted``).
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import datetime as dt
import decimal
import enum
import re
import typing as t
import uuid

import marshmallow as ma

from .. import fields
from ..errors import SetupError
from ..fields import RFC3339_FORMATS, AnyField
from . import _metadata as metadata
from ._collections import Collection
from ._faults import called, fault
from ._hints import peel
from ._members import ModelMember, class_of, kind_of, members_of
from ._schemas import ModelSchema, schema_of

_SIMPLE: t.Final[cabc.Mapping[object, type[AnyField]]] = {
    str: fields.String,
    int: fields.Integer,
    bool: fields.Boolean,
    float: fields.Float,
    uuid.UUID: fields.UUID,
    dt.date: fields.Date,
    decimal.Decimal: fields.Decimal,
}
_DUMPING: t.Final = ("dump", "_serialize", "get_attribute")
_KINDS: t.Final[cabc.Mapping[str, str]] = {
    "named tuple": "a NamedTuple is an array there",
    "typed dict": "a mapping may have keys that the class does not name",
}
_EXPONENT: t.Final = re.compile(rb"\dE[+-]\d").search


@dataclasses.dataclass(slots=True)
class Trust:
    """A class whose instances are written as they are.

    :ivar model: The class.
    :ivar inner: The classes of its members, at every depth.
    :ivar doubts: Functions that find in a text what the schema may write in another way.
    """

    model: type
    inner: tuple[type, ...]
    doubts: tuple[cabc.Callable[[bytes], bool], ...]


def trust(schema: ma.Schema) -> Trust:
    """Return the class of a schema whose instances msgspec writes as the schema would.

    :raises SetupError: They disagree, or it is not the schema of a dataclass, an attrs class or a Struct.
    """
    if not isinstance(schema, ModelSchema):
        raise SetupError(
            f"A trusted answer is an instance that is written as it is, and {schema!r} is the schema of no annotated"
            " class. Give a dataclass, an attrs class or a msgspec.Struct, or leave 'trusted' out."
        )
    found = t.cast("tuple[type, tuple[object, ...]]", class_of(schema.framework_model))
    check = _Agreement()
    check.of_schema(schema, *found)
    doubts = [_has_exponent] if check.has_decimals else []
    if check.has_floats and not check.has_null:
        doubts.append(_has_null)
    inner = dict.fromkeys(cls for cls, _ in check.seen if cls is not found[0])
    return Trust(found[0], tuple(inner), tuple(doubts))


def _has_exponent(text: bytes) -> bool:
    """Return whether a text may have a ``Decimal`` with an exponent."""
    # PERF: the pattern alone takes 50 us for 100 objects.
    return b"E" in text and (b"E+" in text or b"E-" in text) and _EXPONENT(text) is not None


def _has_null(text: bytes) -> bool:
    """Return whether a text has what msgspec writes for NaN."""
    return b"null" in text


class _Agreement:
    """The check of one class and those within it."""

    def __init__(self) -> None:
        self.seen: set[tuple[type, tuple[object, ...]]] = set()
        self.has_null = self.has_floats = self.has_decimals = False

    def of_schema(self, schema: ModelSchema, cls: type, arguments: tuple[object, ...]) -> None:
        """Check a schema instance against its class.

        :raises SetupError: They disagree.
        """
        owner = schema.framework_model
        hooks = [name for name, made in schema._hooks.items() if made and "dump" in name]
        if hooks or any(getattr(type(schema), name) is not getattr(ma.Schema, name) for name in _DUMPING):
            raise self._fault(owner, "", f"{type(schema).__name__} has custom code for dumping")
        if schema.only is not None or schema.exclude or schema.dict_class is not dict:
            raise self._fault(owner, "", "its schema is narrowed by 'only' or 'exclude'")
        self.of_class(owner, cls, arguments, schema.fields)

    def of_class(
        self, owner: object, cls: type, arguments: tuple[object, ...], found: cabc.Mapping[str, AnyField]
    ) -> None:
        """Check the members of a class."""
        if (cls, arguments) in self.seen:
            return
        self.seen.add((cls, arguments))
        kind, config = kind_of(cls), getattr(cls, "__struct_config__", None)
        if kind in _KINDS:
            raise self._fault(owner, "", _KINDS[t.cast(str, kind)])
        if config is not None and (config.array_like or config.omit_defaults):
            raise self._fault(owner, "", "array_like and omit_defaults of a Struct write something else")
        members = [each for each in members_of(cls, arguments) if not each.hidden]
        extra = set(found) - {each.name for each in members_of(cls, arguments)}
        if extra:
            raise self._fault(owner, "", f"its schema has members that it lacks: {', '.join(sorted(extra))}")
        for member in members:
            if member.name not in found:
                raise self._fault(owner, member.name, "its schema leaves it out")
            self._member(owner, cls, member, found[member.name])

    def _member(self, owner: object, cls: type, member: ModelMember, field: AnyField) -> None:
        written = member.data_key or member.name
        key = member.name if field.data_key is None else field.data_key
        if field.load_only:
            raise self._fault(owner, member.name, "it is load_only: it would be sent")
        if key != written:
            how = "rename of the Struct" if kind_of(cls) == "struct" else "a msgspec.Struct with rename"
            raise self._fault(owner, member.name, f"it is called {key!r} in JSON. Use {how}")
        problem = self._problem(member.annotation, field)
        if problem:
            raise self._fault(owner, member.name, problem)

    def _fault(self, owner: object, member: str, problem: str) -> SetupError:
        text = "a trusted answer is written as it is, without its schema"
        return fault(owner, member, f"{text}, and {problem}. Change it, or leave 'trusted' out.")

    def _problem(self, annotation: t.Any, field: AnyField) -> str:
        """Return where a field writes something else than msgspec; empty where it does not."""
        peeled = peel(annotation)
        self.has_null = self.has_null or peeled.allow_none
        if peeled.may_miss:
            return "it may be missing"
        words = metadata.read(peeled.metadata)
        kind, origin = peeled.kind, t.get_origin(peeled.kind)
        if peeled.arms:
            return self._one_of(peeled.arms, field)
        if origin is t.Literal:
            kind = type(t.get_args(kind)[0])
        if kind in (dt.datetime, dt.time):
            return self._moment(kind, field, words)
        if isinstance(kind, cabc.Hashable) and kind in _SIMPLE:
            return self._simple(kind, field)
        nested = class_of(kind)
        if nested is not None:
            return self._nested(kind, nested, field)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            values = {type(each.value) for each in kind}
            same = type(field) is fields.Enum and field.by_value is True and values <= {str, int}
            return "" if same and not issubclass(kind, enum.Flag) else f"{called(kind)} is written in another way"
        return self._container(kind, origin, field)

    def _simple(self, kind: object, field: AnyField) -> str:
        self.has_floats = self.has_floats or kind is float
        self.has_decimals = self.has_decimals or kind is decimal.Decimal
        same = type(field) is _SIMPLE[kind] and "_serialize" not in vars(field)
        if isinstance(field, fields.Number) and kind is not decimal.Decimal:
            same = same and not field.as_string
        if isinstance(field, fields.Decimal):
            same = same and field.places is None and not field.allow_nan
        if isinstance(field, fields.Date):
            same = same and (field.format or "iso") == "iso"
        return "" if same else _another(kind, field)

    def _moment(self, kind: type, field: AnyField, words: metadata.Metadata) -> str:
        """Check a date-time or a time, which msgspec writes without an offset where it has none."""
        if kind is dt.time:
            if type(field) is not fields.Time or (field.format or "iso") != "iso":
                return _another(kind, field)
            return "" if words.is_naive else "it may have an offset. Write Annotated[time, msgspec.Meta(tz=False)]"
        if type(field) is fields.NaiveDateTime:
            return "" if words.is_naive and field.timezone is None else _another(kind, field)
        if type(field) is not fields.DateTime or field.format not in RFC3339_FORMATS or field.timespec != "auto":
            return _another(kind, field)
        aware = "Annotated[datetime, msgspec.Meta(tz=True)]"
        return "" if words.is_naive is False else f"it may lack its offset from UTC. Write {aware}"

    def _nested(self, kind: object, nested: tuple[type, tuple[object, ...]], field: AnyField) -> str:
        if type(field) not in (fields.Nested, ma.fields.Nested):
            return _another(kind, field)
        inner = t.cast("ma.fields.Nested", field)
        if inner.only is not None or inner.exclude or inner.many or type(inner.schema) is not schema_of(kind):
            return _another(kind, field)
        self.of_class(kind, *nested, inner.schema.fields)
        return ""

    def _one_of(self, arms: cabc.Iterable[t.Any], field: AnyField) -> str:
        if type(field) is not fields.OneOf:
            return "a union of numbers is written in another way"
        for arm in arms:
            found = class_of(peel(arm).kind)
            if found is None:
                return f"{called(arm)} is not a class"
            self.of_class(peel(arm).kind, *found, schema_of(peel(arm).kind)().fields)
        return ""

    def _container(self, kind: t.Any, origin: t.Any, field: AnyField) -> str:
        given = t.get_args(kind)
        if type(field) is fields.Dict and field.key_field is None and field.value_field is not None:
            return self._problem(given[1], field.value_field) if given[0] is str else _another(kind, field)
        is_list = type(field) is fields.List or (type(field) is Collection and field.kind is tuple)
        if is_list and given:
            return self._problem(given[0], t.cast("fields.List[t.Any]", field).inner)
        if type(field) is fields.Tuple and origin is tuple:
            problems = map(self._problem, given, field.tuple_fields)
            return next(filter(None, problems), "")
        return _another(kind, field)


def _another(kind: object, field: AnyField) -> str:
    return f"{type(field).__name__} writes {called(kind)} in another way"

"""The field that an annotation becomes.

Not here: schemas of whole classes (``models._schemas``), and the words of ``Annotated`` (``models._metadata``).
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import typing as t
import uuid

import marshmallow as ma
import msgspec
from marshmallow import validate

from .. import fields
from .._sentinel import MISSING as NOTHING
from ..fields import AnyField
from . import _metadata as metadata
from ._collections import Collection
from ._faults import called, fault
from ._hints import Peeled, peel
from ._members import ModelMember, class_of, key_of, kind_of, members_of

_SIMPLE: t.Final[cabc.Mapping[object, cabc.Callable[[], AnyField]]] = {
    str: fields.String,
    int: fields.Integer,
    float: fields.Float,
    bool: fields.Boolean,
    # As text, so that no digit is lost.
    decimal.Decimal: lambda: fields.Decimal(as_string=True),
    dt.datetime: fields.DateTime,
    dt.date: fields.Date,
    dt.time: fields.Time,
    dt.timedelta: fields.TimeDelta,
    uuid.UUID: fields.UUID,
    ipaddress.IPv4Address: fields.IPv4,
    ipaddress.IPv6Address: fields.IPv6,
    ipaddress.IPv4Interface: fields.IPv4Interface,
    ipaddress.IPv6Interface: fields.IPv6Interface,
    t.Any: lambda: fields.Raw(allow_none=True),
    object: lambda: fields.Raw(allow_none=True),
    dict: fields.Dict,
    list: lambda: fields.List(fields.Raw(allow_none=True)),
}
_UNIONS: t.Final[cabc.Mapping[frozenset[object], type[AnyField]]] = {
    frozenset({int, float}): fields.Float,
    frozenset({ipaddress.IPv4Address, ipaddress.IPv6Address}): fields.IP,
    frozenset({ipaddress.IPv4Interface, ipaddress.IPv6Interface}): fields.IPInterface,
}
_LISTS: t.Final = frozenset({list, cabc.Sequence, cabc.MutableSequence, cabc.Collection, cabc.Iterable})
_MAPPINGS: t.Final = frozenset({dict, cabc.Mapping, cabc.MutableMapping})
_COLLECTED: t.Final[cabc.Mapping[object, type]] = {
    set: set,
    frozenset: frozenset,
    cabc.Set: frozenset,
    cabc.MutableSet: set,
    tuple: tuple,
}
_OF_LITERALS: t.Final[cabc.Mapping[type, type[AnyField]]] = {
    str: fields.String,
    int: fields.Integer,
    bool: fields.Boolean,
}
_REMEDIES: t.Final[cabc.Mapping[object, str]] = {
    bytes: "JSON has no bytes. Say how they are written, with a custom field: Annotated[bytes, Base64()].",
    complex: "JSON has no complex numbers. Give it two members, or a custom field.",
    type(None): "it can only be null. Leave the member out, or give it another type next to None.",
    msgspec.UnsetType: "write 'Missing' and 'MISSING' of framework.models in place of msgspec's 'UNSET'.",
}


class SchemaBuilder(t.Protocol):
    """The questions of fields about the schemas of other classes."""

    def nested(self, cls: type, arguments: tuple[object, ...]) -> type[ma.Schema] | cabc.Callable[[], ma.Schema]:
        """Return the schema class of another class, or a function while that is being made."""
        ...

    def when_made(self, finish: cabc.Callable[[], None]) -> None:
        """Call a function as soon as all schema classes are made."""
        ...

    def made(self, cls: type, arguments: tuple[object, ...]) -> type[ma.Schema]:
        """Return a schema class that has been made."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class FieldMaker:
    """Makes the fields of one class.

    :param owner: The class, for messages, with its type arguments.
    :param builder: Makes the schemas of other classes.
    """

    owner: object
    builder: SchemaBuilder

    def member(self, member: ModelMember, key: str) -> AnyField:
        """Return the field of a member.

        :param key: Its name in JSON, where ``data_key`` does not name another.
        :raises SetupError: It cannot be expressed.
        """
        peeled = peel(member.annotation)
        words = self._words(peeled, member.name)
        field = self._field(peeled, words, member.name)
        key = key if words.data_key is None else words.data_key
        if field.data_key is None and key != member.name:
            field.data_key = key
        if words.direction == "load_only" or member.hidden:
            field.load_only = True
        elif words.direction == "dump_only" or not member.argument:
            field.dump_only = True
        self._set_default(field, member, peeled)
        return field

    def _set_default(self, field: AnyField, member: ModelMember, peeled: Peeled) -> None:
        """Let a default make the member optional; a tag is always sent, its default is the constructor's alone."""
        if member.default is None and not field.allow_none:
            raise fault(
                self.owner,
                member.name,
                f"its default is None, and {called(member.annotation)} is not None. Write '| None' behind the type.",
            )
        if peeled.may_miss and (member.default is not ma.missing and not member.optional):
            raise fault(self.owner, member.name, "it may be missing, and has no default. Write '= MISSING'.")
        if member.default is ma.missing and not peeled.may_miss:
            raise fault(self.owner, member.name, "its default is MISSING. Write '| Missing' behind the type.")
        optional = member.optional if peeled.required is None else not peeled.required
        has_own = field.load_default is not ma.missing
        tag = tag_of(peeled)
        field.required = not optional and not has_own
        if tag is not None and member.default == tag:
            field.required = True
        elif optional and not has_own:
            if member.factory is not None:
                field.load_default = member.factory
            elif member.default is not NOTHING:
                field.load_default = member.default
        if (peeled.may_miss or (optional and not member.optional)) or self._may_lack(member, optional):
            field.metadata = {"optional": True, **field.metadata}

    def _may_lack(self, member: ModelMember, optional: bool) -> bool:
        """Return whether a value may be without the member: one of a ``TypedDict`` that is not required."""
        return optional and kind_of(getattr(self.owner, "__origin__", self.owner)) == "typed dict"

    def inner(self, annotation: object, where: str) -> AnyField:
        """Return the field of what a member holds: the items of a list, the values of a mapping."""
        peeled = peel(annotation)
        if peeled.may_miss:
            raise fault(self.owner, where, "what is in a collection cannot be Missing. Leave it out of the collection.")
        words = self._words(peeled, where)
        if words.direction or words.data_key is not None:
            raise fault(
                self.owner,
                where,
                "load_only, dump_only and data_key are of whole members. Write them around the whole type.",
            )
        return self._field(peeled, words, where)

    def _words(self, peeled: Peeled, where: str) -> metadata.Metadata:
        words = metadata.read(peeled.metadata)
        if words.problem:
            raise fault(self.owner, where, words.problem)
        return words

    def _field(self, peeled: Peeled, words: metadata.Metadata, where: str) -> AnyField:
        """Return the field of an annotation, with the words around it."""
        field = copy.deepcopy(words.field) if words.field is not None else self._of(peeled, words, where)
        if peeled.allow_none:
            field.allow_none = True
        field.validators = [*field.validators, *words.validators]
        field.metadata = {**field.metadata, **words.texts}
        return field

    # Kinds of annotations

    def _of(self, peeled: Peeled, words: metadata.Metadata, where: str) -> AnyField:
        if peeled.arms:
            return self._union(peeled.arms, where)
        kind, origin = peeled.kind, t.get_origin(peeled.kind)
        if kind is dt.datetime and words.is_naive:
            return fields.NaiveDateTime()
        make = _SIMPLE.get(kind) if isinstance(kind, cabc.Hashable) else None
        if make is not None:
            return make()
        if origin is t.Literal:
            return self._literal(t.get_args(kind), where)
        found = class_of(kind)
        if found is not None:
            return self._nested(*found)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return fields.Enum(kind, by_value=True)
        made = self._container(kind, origin, where)
        if made is None:
            raise fault(self.owner, where, self._problem(kind))
        return made

    def _container(self, kind: t.Any, origin: t.Any, where: str) -> AnyField | None:
        """Return the field of a list, a tuple, a set or a mapping."""
        given, base = t.get_args(kind), origin or kind
        if not isinstance(base, cabc.Hashable):
            return None
        if base in _MAPPINGS:
            keys, values = given or (str, t.Any)
            key = None if keys in (str, t.Any) else self.inner(keys, where)
            plain = values in (t.Any, object)
            return fields.Dict(key, None if plain else self.inner(values, where))
        if base in _LISTS:
            return fields.List(self.inner(given[0] if given else t.Any, where))
        if base is tuple and given and given[-1] is not ...:
            return fields.Tuple([self.inner(each, where) for each in given])
        if base in _COLLECTED:
            item, make = given[0] if given else t.Any, _COLLECTED[base]
            if make is not tuple and not _is_hashable(item):
                raise fault(self.owner, where, f"a set cannot hold {called(item)}. Take a list.")
            return Collection(self.inner(item, where), make)
        return None

    def _nested(self, cls: type, arguments: tuple[object, ...]) -> AnyField:
        return fields.Nested(t.cast("type[ma.Schema]", self.builder.nested(cls, arguments)))

    def _literal(self, values: tuple[object, ...], where: str) -> AnyField:
        kinds = {type(each) for each in values}
        make = _OF_LITERALS.get(next(iter(kinds))) if len(kinds) == 1 else None
        if make is None:
            raise fault(
                self.owner,
                where,
                "a Literal holds texts, or integers, or booleans, of one kind. Write an Enum, or several members.",
            )
        return make(validate=validate.Equal(values[0]) if len(values) == 1 else validate.OneOf(values))

    def _union(self, arms: tuple[t.Any, ...], where: str) -> AnyField:
        """Return the field of a union: of numbers, of literals, or of classes that a member tells apart."""
        made = _UNIONS.get(frozenset(arms)) if all(isinstance(each, cabc.Hashable) for each in arms) else None
        if made is not None:
            return made()
        if all(t.get_origin(each) is t.Literal for each in arms):
            return self._literal(tuple(value for each in arms for value in t.get_args(each)), where)
        classes = [class_of(peel(each).kind) for each in arms]
        if not all(classes):
            names = " | ".join(map(called, arms))
            raise fault(
                self.owner,
                where,
                f"{names} is a union of kinds that JSON does not tell apart. Write a union of classes with a"
                f" Literal member, or a field: Annotated[{names}, fields.Raw()].",
            )
        return self._one_of(t.cast("list[tuple[type, tuple[object, ...]]]", classes), where)

    def _one_of(self, classes: list[tuple[type, tuple[object, ...]]], where: str) -> AnyField:
        key, tags = self._tags(classes, where)
        for cls, arguments in classes:
            self.builder.nested(cls, arguments)
        field = fields.OneOf.__new__(fields.OneOf)
        ma.fields.Field.__init__(field)

        def finish() -> None:
            try:
                made: t.Any = fields.OneOf(key, {tag: self.builder.made(*each) for tag, each in tags.items()})
            except ValueError as error:
                raise fault(self.owner, where, str(error)) from None
            for name in ("discriminator", "schemas", "_members", "_attributes"):
                setattr(field, name, getattr(made, name))

        self.builder.when_made(finish)
        return field

    def _tags(
        self, classes: list[tuple[type, tuple[object, ...]]], where: str
    ) -> tuple[str, dict[str, tuple[type, tuple[object, ...]]]]:
        """Return the member in JSON that tells classes apart, and the class of each of its values.

        :raises SetupError: There is none, or two classes have one value.
        """
        literals = [_literals(cls, arguments) for cls, arguments in classes]
        names = " | ".join(cls.__name__ for cls, _ in classes)
        common = [name for name in literals[0] if all(name in each for each in literals)]
        if not common:
            first = classes[0][0].__name__
            raise fault(
                self.owner,
                where,
                f"the classes of {names} have no Literal member of one text in common that tells them apart."
                f" Give each one, such as 'kind: Literal[\"{first.lower()}\"]' in {first}.",
            )
        name = common[0]
        tags: dict[str, tuple[type, tuple[object, ...]]] = {}
        for each, values in zip(classes, literals, strict=True):
            value = values[name][1]
            if value in tags:
                other = tags[value][0].__name__
                raise fault(
                    self.owner,
                    where,
                    f"{other} and {each[0].__name__} have the same {name}: {value!r}. Give each class another value.",
                )
            tags[value] = each
        keys = {key for values in literals for key, _ in [values[name]]}
        if len(keys) > 1:
            raise fault(
                self.owner,
                where,
                f"the member {name} of {names} has several names in JSON: {', '.join(sorted(keys))}. Give it one.",
            )
        return keys.pop(), tags

    def _problem(self, kind: t.Any) -> str:
        """Return what is wrong with an annotation that no field is known for, and the remedy."""
        if isinstance(kind, cabc.Hashable) and kind in _REMEDIES:
            return _REMEDIES[kind]
        if isinstance(kind, t.TypeVar):
            return (
                f"the type parameter {kind.__name__} has no value. Give the class its arguments, as in"
                f" {called(getattr(self.owner, '__origin__', self.owner))}[str]."
            )
        if isinstance(kind, (str, t.ForwardRef)):
            return f"{kind!r} is a text. Write the type without quotes."
        if isinstance(kind, type) and issubclass(kind, ma.Schema):
            return f"{kind.__name__} is a schema. Write Annotated[dict[str, Any], fields.Nested({kind.__name__})]."
        if isinstance(kind, type) and issubclass(kind, (ma.fields.Field, validate.Validator)):
            return f"{kind.__name__} is not a type of values. Write it in Annotated: Annotated[str, {kind.__name__}()]."
        name = called(kind)
        return f"{name} has no form in JSON. Say how it is written, with a field: Annotated[{name}, fields.String()]."


def _is_hashable(annotation: object) -> bool:
    """Return whether the items of a set can be of a kind."""
    peeled = peel(annotation)
    kind = t.get_origin(peeled.kind) or peeled.kind
    if kind is t.Literal or kind is tuple:
        return True
    return isinstance(kind, type) and kind is not object and getattr(kind, "__hash__", None) is not None


def tag_of(peeled: Peeled) -> str | None:
    """Return the one text that a ``Literal`` allows; ``None`` for any other annotation."""
    values = t.get_args(peeled.kind) if t.get_origin(peeled.kind) is t.Literal else ()
    return values[0] if len(values) == 1 and isinstance(values[0], str) and not peeled.allow_none else None


def _literals(cls: type, arguments: tuple[object, ...]) -> dict[str, tuple[str, str]]:
    """Return the members of a class that have one text as their value: their names in JSON, and the texts."""
    found = {}
    for member in members_of(cls, arguments):
        peeled = peel(member.annotation)
        tag = tag_of(peeled)
        if tag is not None and (member.default == tag or not member.optional):
            key = metadata.read(peeled.metadata).data_key
            found[member.name] = (key_of(cls, member) if key is None else key, tag)
    return found

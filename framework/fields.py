"""The fields that schemas are made of: marshmallow's, and those of the framework.

``from framework import fields`` gives every field of :mod:`marshmallow.fields` under its own name. Those
made here are :class:`DateTime` (RFC 3339), :class:`DelimitedList`, :class:`DelimitedTuple`,
:class:`File`, :class:`Nested` and :class:`OneOf`; each is a subclass of the marshmallow field that it refines. How
strictly a request's values are read is no matter of fields: see ``fast.strict._schema``.
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import re
import typing as t

import marshmallow as ma
from marshmallow import fields as _fields
from marshmallow.fields import (
    IP,
    URL,
    UUID,
    AwareDateTime,
    Bool,
    Boolean,
    Constant,
    Date,
    Decimal,
    Dict,
    Email,
    Enum,
    Field,
    Float,
    Function,
    Int,
    Integer,
    IPInterface,
    IPv4,
    IPv4Interface,
    IPv6,
    IPv6Interface,
    List,
    Mapping,
    Method,
    NaiveDateTime,
    Number,
    Pluck,
    Raw,
    Str,
    String,
    Time,
    TimeDelta,
    Tuple,
    Url,
)
from marshmallow.types import StrSequenceOrSet
from werkzeug.datastructures import FileStorage

from .texts import ENGLISH

if t.TYPE_CHECKING:
    from marshmallow.fields import _BaseFieldKwargs as FieldOptions

__all__ = [
    "IP",
    "URL",
    "UUID",
    "AwareDateTime",
    "Bool",
    "Boolean",
    "Constant",
    "Date",
    "DateTime",
    "Decimal",
    "DelimitedList",
    "DelimitedTuple",
    "Dict",
    "Email",
    "Enum",
    "Field",
    "File",
    "Float",
    "Function",
    "IPInterface",
    "IPv4",
    "IPv4Interface",
    "IPv6",
    "IPv6Interface",
    "Int",
    "Integer",
    "List",
    "Mapping",
    "Method",
    "NaiveDateTime",
    "Nested",
    "Number",
    "OneOf",
    "Pluck",
    "Raw",
    "Str",
    "String",
    "Time",
    "TimeDelta",
    "Tuple",
    "Url",
]

AnyField = Field[t.Any]
"""A field of values of any type, as marshmallow's schemas hold them."""
PartialOption: t.TypeAlias = bool | StrSequenceOrSet | None
"""The values of marshmallow's option ``partial``: whether names may be absent, or which."""

#: The values of ``format`` that mean RFC 3339 to :class:`DateTime`; any other is marshmallow's matter.
RFC3339_FORMATS = frozenset({None, "iso", "iso8601", "rfc3339"})

_DATE_TIME = r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-5][0-9])?"


def parse_date_time(text: str) -> dt.datetime:
    """Read a ``date-time`` of RFC 3339, section 5.6; the offset may be missing.

    Digits of a second beyond microseconds are cut. A leap second, which is only allowed where UTC shows
    ``23:59:60``, becomes the first instant of the next day, as POSIX counts it.

    :param text: Such as ``2026-01-02T03:04:05.678Z``.
    :return: An aware datetime; a naive one when the text has no offset.
    :raises ValueError: When the text is anything else.
    """
    match = re.fullmatch(_DATE_TIME, text)
    if match is None:
        raise ValueError("Not a date-time of RFC 3339.")
    date, minutes, seconds, fraction, offset = match.groups("")
    leap = seconds == "60"
    # Python cuts what a fraction has beyond microseconds, but knows no lower-case z.
    value = dt.datetime.fromisoformat(f"{date}T{minutes}{'59' if leap else seconds}{fraction}{offset.upper()}")
    if leap:
        try:
            utc = value.astimezone(dt.UTC) if offset else value
            value = value.replace(microsecond=0) + dt.timedelta(seconds=1)
        except OverflowError:
            raise ValueError("Out of the range of years.") from None
        if (utc.hour, utc.minute) != (23, 59):
            raise ValueError("A leap second is the last of a day in UTC.")
    return value


def format_date_time(value: dt.datetime, timespec: str = "auto") -> str:
    """Write a ``date-time`` of RFC 3339, section 5.6.

    :param value: A naive one is taken as UTC; an offset that has seconds cannot be written, the value goes to UTC.
    :param timespec: As of :meth:`datetime.datetime.isoformat`; ``"auto"`` writes microseconds where there are any.
    :return: With ``Z`` for an offset of zero, and ``+hh:mm`` or ``-hh:mm`` for any other.
    """
    offset = value.utcoffset()
    if offset and offset.total_seconds() % 60:
        value, offset = value.astimezone(dt.UTC), None
    if offset:
        return value.isoformat(timespec=timespec)
    return value.replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


class DateTime(_fields.DateTime):
    """A point in time, written and read as RFC 3339 has it.

    Loads only a ``date-time`` with an offset and gives an aware datetime. Dumps UTC as ``Z``, other offsets in
    numbers, microseconds only where there are any. A naive datetime is taken as UTC on the way out, so that what
    is sent always has an offset.

    :param format: Left out, ``"iso"``, ``"iso8601"`` or ``"rfc3339"`` mean the above. Any other format, also one
        that ``Meta.datetimeformat`` gives, makes this marshmallow's own field.
    :param timespec: How finely seconds are written, as of :meth:`datetime.datetime.isoformat`:
        ``"milliseconds"`` always writes three decimals.
    :param kwargs: What :class:`marshmallow.fields.Field` takes.
    :raises ValueError: When ``timespec`` is none that leaves the seconds in, which RFC 3339 demands.
    """

    def __init__(self, format: str | None = None, *, timespec: str = "auto", **kwargs: t.Unpack[FieldOptions]) -> None:
        if timespec not in ("auto", "seconds", "milliseconds", "microseconds"):
            raise ValueError(
                f"Cannot write a date-time with timespec {timespec!r}: RFC 3339 demands the seconds."
                " Give 'auto', 'seconds', 'milliseconds' or 'microseconds'."
            )
        super().__init__(format=format, **kwargs)
        self.timespec = timespec

    def _serialize(
        self, value: dt.datetime | None, attr: str | None, obj: object, **kwargs: object
    ) -> str | float | None:
        if value is None:
            return None
        if self.format in RFC3339_FORMATS:
            return format_date_time(value, self.timespec)
        return super()._serialize(value, attr, obj, **kwargs)

    def _deserialize(
        self, value: t.Any, attr: str | None, data: cabc.Mapping[str, object] | None, **kwargs: object
    ) -> dt.datetime:
        if self.format not in RFC3339_FORMATS or isinstance(value, dt.datetime):
            return super()._deserialize(value, attr, data, **kwargs)
        try:
            parsed = parse_date_time(value)
        except (TypeError, ValueError) as error:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from error
        if parsed.tzinfo is None:
            raise self.make_error("invalid_awareness", awareness="aware", obj_type=self.OBJ_TYPE)
        return parsed


class Nested(_fields.Nested):
    """An object within another; marshmallow's field, which takes annotated classes too.

    :param nested: What marshmallow takes, or an annotated class: a dataclass, a ``TypedDict``, a ``NamedTuple``, an
        attrs class or a ``msgspec.Struct``.
    :param kwargs: As for :class:`marshmallow.fields.Nested`.
    """

    def __init__(self, nested: t.Any, **kwargs: t.Any) -> None:
        super().__init__(schema_class(nested), **kwargs)


def schema_class(given: t.Any) -> t.Any:
    """Return the schema class of an annotated class; anything else as it is."""
    if (not isinstance(given, type) or issubclass(given, ma.Schema)) and t.get_origin(given) is None:
        return given
    from .models import schema_of  # for who gives such a class

    return schema_of(given)


class DelimitedList(_fields.List[t.Any]):
    """A list written as one text: ``?ids=1,2,3``.

    An empty text is an empty list. Dumps to one text as well.

    :param cls_or_instance: The field of each piece.
    :param delimiter: The text between two pieces; ``,`` by default.
    :param kwargs: What :class:`marshmallow.fields.List` takes.
    """

    delimiter: str = ","
    max_pieces: int = 10_000
    """The most pieces that a text is cut into: one text of a megabyte holds half a million."""
    default_error_messages = {
        "invalid": ENGLISH["issues.invalid_list.delimited"],
        "too_many": ENGLISH["issues.too_long.pieces"],
    }

    def __init__(
        self,
        cls_or_instance: AnyField | type[AnyField],
        *,
        delimiter: str | None = None,
        **kwargs: t.Unpack[FieldOptions],
    ) -> None:
        self.delimiter = delimiter or self.delimiter
        super().__init__(cls_or_instance, **kwargs)

    def _serialize(self, value: t.Any, attr: str | None, obj: object, **kwargs: object) -> t.Any:
        pieces = super()._serialize(value, attr, obj, **kwargs)
        return None if pieces is None else self.delimiter.join(map(str, pieces))

    def _deserialize(
        self, value: object, attr: str | None, data: cabc.Mapping[str, object] | None, **kwargs: object
    ) -> list[object]:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if value.count(self.delimiter) >= self.max_pieces:
            raise self.make_error("too_many", max_pieces=self.max_pieces)
        return super()._deserialize(value.split(self.delimiter) if value else [], attr, data, **kwargs)


class DelimitedTuple(_fields.Tuple):
    """A tuple written as one text: ``?range=10,20``. Dumps to one text as well.

    :param tuple_fields: The field of each piece, in order.
    :param delimiter: The text between two pieces; ``,`` by default.
    :param kwargs: What :class:`marshmallow.fields.Tuple` takes.
    """

    delimiter: str = ","
    default_error_messages = {"invalid": ENGLISH["issues.invalid_list.delimited_tuple"]}

    def __init__(
        self,
        tuple_fields: cabc.Iterable[AnyField | type[AnyField]],
        *,
        delimiter: str | None = None,
        **kwargs: t.Unpack[FieldOptions],
    ) -> None:
        self.delimiter = delimiter or self.delimiter
        super().__init__(tuple_fields, **kwargs)

    def _serialize(self, value: t.Any, attr: str | None, obj: object, **kwargs: object) -> t.Any:
        pieces = super()._serialize(value, attr, obj, **kwargs)
        return None if pieces is None else self.delimiter.join(map(str, pieces))

    def _deserialize(
        self, value: object, attr: str | None, data: cabc.Mapping[str, object] | None, **kwargs: object
    ) -> tuple[object, ...]:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        pieces = value.split(self.delimiter, len(self.tuple_fields)) if value else []  # one too many is refused
        return super()._deserialize(pieces, attr, data, **kwargs)


class File(_fields.Field[FileStorage]):
    """An uploaded file of a ``multipart/form-data`` body.

    Loads to a :class:`werkzeug.datastructures.FileStorage`; its ``filename`` is what the client says and no safe
    path. The part that a browser sends for an empty file input, without a name and without content, counts
    as missing. Never dumped.

    :param kwargs: What :class:`marshmallow.fields.Field` takes.
    """

    default_error_messages = {"invalid": ENGLISH["issues.invalid_file"]}

    def __init__(self, **kwargs: t.Unpack[FieldOptions]) -> None:
        kwargs["load_only"] = True
        super().__init__(**kwargs)

    def deserialize(
        self,
        value: t.Any,
        attr: str | None = None,
        data: cabc.Mapping[str, t.Any] | None = None,
        **kwargs: t.Any,
    ) -> t.Any:
        if isinstance(value, FileStorage) and not value.filename and _is_empty(value):
            value = ma.missing
            if kwargs.get("partial") is True:
                return value
        return super().deserialize(value, attr, data, **kwargs)

    def _deserialize(
        self, value: object, attr: str | None, data: cabc.Mapping[str, object] | None, **kwargs: object
    ) -> FileStorage:
        if not isinstance(value, FileStorage):
            raise self.make_error("invalid")
        return value


def _is_empty(file: FileStorage) -> bool:
    """Return whether an upload has no content; its position stays at the start."""
    start = file.stream.tell()
    first = file.stream.read(1)
    file.stream.seek(start)
    return not first


class NestingRules(t.Protocol):
    """The rules of a strict schema for the schemas within it."""

    @property
    def nested_partial(self) -> bool:
        """True if ``partial`` does not reach into nested schemas."""
        ...


class MemberPlan(t.Protocol):
    """A plan that makes the schemas of a :class:`OneOf` strict."""

    @property
    def rules(self) -> NestingRules:
        """The strict rules."""
        ...

    def member(self, cls: type[ma.Schema]) -> ma.Schema:
        """Return the strict schema of a class."""
        ...


class OneOf(Field[t.Any]):
    """One of several objects, distinguished by a member that all of them have.

    The document has it as ``oneOf`` with a ``discriminator`` (OpenAPI 3.1, section 4.8.25).

    :param discriminator: The name of the member in JSON, ``"kind"`` for instance.
    :param schemas: A schema class for each value of that member, or an annotated class. Each declares the member
        itself, as ``fields.String(required=True, validate=validate.Equal("cat"))``, or as ``Literal["cat"]``.
    :param kwargs: As for any field.
    :raises ValueError: There are no schemas, or one does not declare the member so.
    """

    default_error_messages = {
        "type": ENGLISH["issues.invalid_object.type"],
        "missing": ENGLISH["issues.required"],
        "unknown": ENGLISH["issues.not_one_of"],
    }

    #: Set where the field is strict: gives the strict schema of a class, and says how far ``partial`` reaches.
    strict_plan: MemberPlan | None = None

    def __init__(self, discriminator: str, schemas: cabc.Mapping[str, type], **kwargs: t.Unpack[FieldOptions]) -> None:
        super().__init__(**kwargs)
        self.discriminator = discriminator
        self.schemas = {tag: t.cast("type[ma.Schema]", schema_class(cls)) for tag, cls in schemas.items()}
        self._members: dict[str, ma.Schema] = {}
        if not self.schemas:
            raise ValueError("OneOf() has no schemas. Give one for each value of the discriminator.")
        self._attributes = tuple(
            dict.fromkeys(_tag_attribute(cls, discriminator, tag) for tag, cls in self.schemas.items())
        )

    def member(self, tag: str) -> ma.Schema:
        """The schema of a value of the discriminator; strict where the field is."""
        if self.strict_plan is not None:
            return self.strict_plan.member(self.schemas[tag])
        made = self._members.get(tag)
        if made is None:
            made = self._members[tag] = self.schemas[tag]()
        return made

    def _deserialize(
        self,
        value: object,
        attr: str | None,
        data: cabc.Mapping[str, object] | None,
        partial: PartialOption = None,
        **kwargs: object,
    ) -> object:
        if not isinstance(value, cabc.Mapping):
            raise self.make_error("type")
        tag = value.get(self.discriminator, ma.missing)
        if tag is ma.missing:
            raise ma.ValidationError({self.discriminator: self.make_error("missing").messages})
        if not isinstance(tag, str) or tag not in self.schemas:
            error = self.make_error("unknown", choices=", ".join(self.schemas))
            raise ma.ValidationError({self.discriminator: error.messages})
        member = self.member(tag)
        if self.strict_plan is not None and self.strict_plan.rules.nested_partial:
            partial = leading_in(partial, member)
        return member.load(value, partial=partial)

    def _serialize(self, value: object, attr: str | None, obj: object, **kwargs: object) -> object:
        if value is None:
            return None
        for name in self._attributes:
            tag = ma.utils.get_value(value, name)
            if isinstance(tag, str) and tag in self.schemas:
                return self.member(tag).dump(value)
        raise ValueError(
            f"Cannot dump {type(value).__name__!r} as {self.name!r}: its {' or '.join(map(repr, self._attributes))} is"
            f" none of {', '.join(map(repr, self.schemas))}. Set it, or give OneOf a schema for it."
        )

    def __json_schema__(self, described: dict[str, object], role: str) -> dict[str, object]:
        words = ("title", "description", "deprecated", "default", "examples", "readOnly", "writeOnly")
        mapping = {tag: cls() for tag, cls in self.schemas.items()}
        choice = {
            "oneOf": list(mapping.values()),
            "discriminator": {"propertyName": self.discriminator, "mapping": mapping},
        }
        told = {word: described[word] for word in words if word in described}
        return {**told, **({"anyOf": [choice, {"type": "null"}]} if self.allow_none else choice)}


def inner_fields(field: object) -> cabc.Iterator[AnyField]:
    """Return the fields of the members of a list, a tuple or a dict (of a dict, those of the values)."""
    for each in (
        getattr(field, "inner", None),
        getattr(field, "value_field", None),
        *getattr(field, "tuple_fields", ()),
    ):
        if each is not None:
            yield each


def leading_in(partial: PartialOption, schema: ma.Schema) -> list[str] | None:
    """Return the names that may be absent in a nested schema whose ``partial`` is its own matter.

    :param partial: What marshmallow passes on: of names with a dot, what follows the nested field's own name.
    :param schema: The nested schema.
    :return: Those names, and the schema's own; ``None``: what the schema says alone.
    """
    if not isinstance(partial, list) or not partial or schema.partial is True:
        return None
    return [*partial, *(schema.partial or ())]


def _tag_attribute(cls: type[ma.Schema], discriminator: str, tag: str) -> str:
    """The attribute of the values that holds the tag.

    :raises ValueError: The class does not declare the member as one that is required and has this one value.
    """
    for name, field in cls._declared_fields.items():
        if (name if field.data_key is None else field.data_key) != discriminator:
            continue
        allowed = {
            each.comparable if isinstance(each, ma.validate.Equal) else tuple(each.choices)
            for each in field.validators
            if isinstance(each, (ma.validate.Equal, ma.validate.OneOf))
        }
        if field.required and not field.load_only and not field.dump_only and allowed in ({tag}, {(tag,)}):
            return name if field.attribute is None else field.attribute
    raise ValueError(
        f"{cls.__name__} cannot be distinguished by {discriminator!r}: it must always have the value {tag!r} there."
        f" Declare it in the schema, as fields.String(required=True, validate=validate.Equal({tag!r}))."
    )

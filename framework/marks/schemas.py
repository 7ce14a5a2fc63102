"""Turn what users give as a schema into a schema instance, once, when the mark is made.

Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import types
import typing as t

from marshmallow import Schema, ValidationError
from marshmallow.fields import Field, List

from ..errors import SetupError
from ..fields import AnyField, OneOf, PartialOption

if t.TYPE_CHECKING:
    from ..fast.dump import JSONWriter

    class TrustOptions(t.TypedDict):
        """The options of the writer of a trusted class."""

        checked: bool
        comparing: bool
        strict: bool


_SHARED = "_framework_instance"

SPARSE = "_framework_sparse"
"""An attribute of schema instances that may be sent without any of their members, see ``marks.lists._sparse``."""

SchemaLike: t.TypeAlias = (
    Schema
    | type
    | types.GenericAlias
    | types.UnionType
    | cabc.Mapping[str, AnyField | type[AnyField]]
    | OneOf
    | List[t.Any]
)
"""A schema, or what one is made of; a class is a schema class or an annotated class."""


def as_schema(schema: SchemaLike) -> Schema:
    """A schema instance.

    :param schema: An instance, a class, a mapping of names to fields; an annotated class, or a ``list`` or a
        ``Partial`` of one; or a ``OneOf`` field, a ``List`` of such, or a union of annotated classes, for a body or an
        answer that is its value as a whole.
    :raises SetupError: It is none of these.
    """
    if isinstance(schema, Schema):
        return schema
    if isinstance(schema, type) and issubclass(schema, Schema):
        return shared_instance(schema)
    if isinstance(schema, cabc.Mapping):
        members = {name: field() if isinstance(field, type) else field for name, field in schema.items()}
        return Schema.from_dict(members)()
    if isinstance(schema, OneOf) or (isinstance(schema, List) and isinstance(schema.inner, OneOf)):
        return whole(schema)
    made = _of_annotation(schema)
    if made is not None:
        return made
    raise SetupError(
        f"{schema!r} is not a schema. Give a marshmallow Schema class, an instance of one, a dict of fields, or an"
        " annotated class: a dataclass, a TypedDict, a NamedTuple, an attrs class or a msgspec.Struct."
    )


def _of_annotation(given: object) -> Schema | None:
    """Return the schema of an annotated class, or of a list, a partial or a union of such; ``None`` for another."""
    if not isinstance(given, type) and t.get_origin(given) is None and not hasattr(given, "__value__"):
        return None
    from ..models import class_of, schema_for, schema_of  # for who gives such a class

    if class_of(given) is not None:
        return shared_instance(schema_of(given))
    made = schema_for(given)
    return whole(made) if isinstance(made, OneOf) else made


def trusted_writer(schema: Schema, **options: t.Unpack[TrustOptions]) -> tuple[type, JSONWriter]:
    """Return a class, and what writes its instances as they are, where that is what the schema would write.

    :raises SetupError: The class and the schema disagree, or the schema is of no annotated class.
    """
    from ..fast.dump import trusted_encoder
    from ..models import trust  # for who trusts a class

    found = trust(schema)
    return found.model, trusted_encoder(schema, found.model, found.inner, found.doubts, **options)


def makes_instances(schema: Schema) -> bool:
    """Return whether a schema loads instances of an annotated class, not mappings."""
    is_whole = getattr(schema, "framework_maker", None) is not None and not schema.partial
    return is_whole or is_part(schema)


def is_part(schema: Schema) -> bool:
    """Return whether a schema loads what was sent of an annotated class, as a ``Partial``."""
    return bool(getattr(schema, "framework_partial", False))


def check_loads(schema: Schema) -> None:
    """Refuse the schema of an annotated class that cannot be made of what is loaded.

    :raises SetupError: Its constructor needs what clients never send.
    """
    check = getattr(schema, "framework_check_loads", None)
    if check is not None:
        check()


class WholeSchema(Schema):
    """A schema of which one field is the whole value: not an object with a member, but what that member would be.

    ``fields["value"]`` is the field. Strict copies of the schema have a strict field there.
    """

    class Meta:
        register = False

    @property
    def whole_field(self) -> AnyField:
        """The field."""
        return self.fields["value"]

    def load(
        self, data: object, *, many: bool | None = None, partial: PartialOption = None, unknown: str | None = None
    ) -> object:
        """Load the value of the field.

        :raises ValidationError: The field refuses it.
        """
        return self.fields["value"].deserialize(data, "value", {"value": data}, partial=partial)

    def dump(self, obj: object, *, many: bool | None = None) -> object:
        """Dump the value of the field.

        :raises ValidationError: It is ``None``, and the field does not allow that.
        """
        field = self.fields["value"]
        if obj is None and not field.allow_none:
            raise ValidationError("None is not allowed as an answer. Return a value, or declare allow_none=True.")
        return field._serialize(obj, "value", {"value": obj})


def whole(field: AnyField) -> Schema:
    """Return a schema whose value is that of a field as a whole."""
    made = copy.copy(field)
    made.required = True
    return t.cast("type[Schema]", type("GeneratedSchema", (WholeSchema,), {"value": made}))()


def shared_instance(cls: type[Schema]) -> Schema:
    """The instance that all marks with this class share; it lives as long as the class.

    A class that says how its instances are made gets a new one each time.
    """
    # PERF: an instance takes 40 us to make and some kilobytes to keep, and each would be compiled on its own.
    if cls.__init__ is not Schema.__init__ or cls.__new__ is not Schema.__new__:
        return cls()
    shared: Schema | None = vars(cls).get(_SHARED)
    if shared is None:
        shared = cls()
        setattr(cls, _SHARED, shared)
    return shared


def as_field(name: str, field: AnyField | type[AnyField]) -> AnyField:
    """A field instance, for a header or parameter.

    :raises SetupError: It is not a marshmallow field.
    """
    if isinstance(field, type) and issubclass(field, Field):
        return field()
    if isinstance(field, Field):
        return field
    raise SetupError(f"{field!r} for {name!r} is not a field. Give a marshmallow field, like fields.String().")


def examples_of(
    example: object, examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None
) -> cabc.Mapping[str, object] | None:
    """Whole examples by name, from one, several or named ones."""
    if examples is None:
        return None if example is None else {"example": example}
    if isinstance(examples, cabc.Mapping):
        return examples
    return {f"example{number}": value for number, value in enumerate(examples, 1)}

"""Turn what users give as a schema into a schema instance, once, when the mark is made.

Floor 4: imports ``errors`` (floor 0).
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from marshmallow import Schema
from marshmallow.fields import Field

from ..errors import SetupError

_SHARED = "_framework_instance"

SPARSE = "_framework_sparse"
"""An attribute of schema instances that may be sent without any of their members, see ``marks.sparse``."""

SchemaLike: t.TypeAlias = Schema | type[Schema] | cabc.Mapping[str, Field[t.Any] | type[Field[t.Any]]]


def as_schema(schema: SchemaLike) -> Schema:
    """A schema instance.

    :param schema: An instance, a class, or a mapping of names to fields.
    :raises SetupError: It is none of these.
    """
    if isinstance(schema, Schema):
        return schema
    if isinstance(schema, type) and issubclass(schema, Schema):
        return shared_instance(schema)
    if isinstance(schema, cabc.Mapping):
        members = {name: field() if isinstance(field, type) else field for name, field in schema.items()}
        return Schema.from_dict(members)()
    raise SetupError(
        f"{schema!r} is no schema. Give a marshmallow Schema class, an instance of one, or a dict of fields."
    )


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


def as_field(name: str, field: Field[t.Any] | type[Field[t.Any]]) -> Field[t.Any]:
    """A field instance, for a header or parameter.

    :raises SetupError: It is no marshmallow field.
    """
    if isinstance(field, type) and issubclass(field, Field):
        return field()
    if isinstance(field, Field):
        return field
    raise SetupError(f"{field!r} for {name!r} is no field. Give a marshmallow field, like fields.String().")


def examples_of(
    example: t.Any, examples: cabc.Mapping[str, t.Any] | cabc.Sequence[t.Any] | None
) -> cabc.Mapping[str, t.Any] | None:
    """Whole examples by name, from one, several or named ones."""
    if examples is None:
        return None if example is None else {"example": example}
    if isinstance(examples, cabc.Mapping):
        return examples
    return {f"example{number}": value for number, value in enumerate(examples, 1)}

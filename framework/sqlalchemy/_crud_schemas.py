"""Schemas and paths of a model, for ``crud``: each member named, none because a column is there.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import decimal
import re
import typing as t

import marshmallow as ma
import sqlalchemy as sa
from marshmallow import Schema, validate
from sqlalchemy import orm

from .. import fields
from ..errors import SetupError

if t.TYPE_CHECKING:
    from ..fields import AnyField

    Model: t.TypeAlias = type[orm.DeclarativeBase]

_FIRST: t.Final = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
_LAST: t.Final = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)
_SEGMENT: t.Final = r"(?!\.{1,2}$)[^/\x00]+$"
"""A text that can be a part of a path."""
_BITS: t.Final[cabc.Mapping[type, int]] = {sa.SmallInteger: 16, sa.BigInteger: 64, sa.Integer: 32}


class ModelFacts:
    """The columns of a model, as far as ``crud`` reads them.

    :param model: The mapped class.
    :param name: The name of its router. Default: that of the table, and in the document that of the class.
    :raises SetupError: It is not mapped.
    """

    def __init__(self, model: type[object], name: str | None = None) -> None:
        try:
            self.mapper: orm.Mapper[t.Any] = sa.inspect(model)
        except sa.exc.NoInspectionAvailable:
            raise SetupError(f"crud() got {model!r}, which is not a mapped class of SQLAlchemy.") from None
        self.model = model
        self.name = model.__name__
        self.title = self.name if name is None else "".join(map(str.title, re.split(r"[-_ ]", name)))
        """The name of its schemas and operations."""
        self.words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", self.name).lower()
        """The name in prose: ``order line``."""
        self.plural = plural_of(self.words)
        self.one = f"{'an' if self.words[0] in 'aeio' else 'a'} {self.words}"
        self.table = str(getattr(self.mapper.local_table, "name", self.words))
        """The name of its table."""
        self.key = [self._attribute(column) for column in self.mapper.primary_key]
        """The attributes of the primary key."""
        version = self.mapper.version_id_col
        self.version = None if version is None else self._attribute(t.cast("sa.Column[t.Any]", version))
        """The attribute of the version column; ``None`` without one."""

    def _attribute(self, column: sa.Column[t.Any]) -> str:
        return str(self.mapper.get_property_by_column(column).key)

    def column(self, name: str, where: str) -> sa.Column[t.Any]:
        """Return the column of an attribute.

        :param where: Who names it, for messages.
        :raises SetupError: It has none.
        """
        found = self.mapper.columns.get(name)
        if found is None:
            known = ", ".join(self.mapper.columns.keys())
            raise SetupError(f"crud({self.name}, {where}) names {name!r}, which is not a column. Columns: {known}.")
        return found

    def field(self, name: str, where: str) -> AnyField:
        """Return the field of a column: of its type, length and range, required where the database wants a value."""
        from marshmallow_sqlalchemy import field_for

        column = self.column(name, where)
        made: AnyField = field_for(self.model, name)  # type: ignore[arg-type]
        kind = column.type
        options: dict[str, t.Any] = {"required": made.required, "allow_none": made.allow_none}
        if isinstance(kind, sa.Numeric) and isinstance(made, fields.Decimal):
            made = fields.Decimal(kind.scale, as_string=True, validate=_number_range(kind), **options)
        elif isinstance(kind, sa.DateTime):
            if kind.timezone:
                # In every time zone the value has a date, so that what is stored can be read.
                made = fields.AwareDateTime(validate=validate.Range(min=_FIRST, max=_LAST), **options)
            else:
                made = fields.NaiveDateTime(**options)
        elif name in self.key and isinstance(kind, sa.String) and not isinstance(kind, sa.Enum):
            lengths = validate.Length(min=1, max=kind.length)
            made = fields.String(validate=[lengths, validate.Regexp(_SEGMENT)], **options)
        elif isinstance(kind, sa.Integer) and isinstance(made, fields.Integer):
            most = 2 ** (next(bits for cls, bits in _BITS.items() if isinstance(kind, cls)) - 1)
            made = fields.Integer(validate=validate.Range(min=-most, max=most - 1), **options)
        return made

    def rule(self) -> str:
        """Return the part of the path that names one row.

        :raises SetupError: A column of the primary key has a type that no path has.
        """
        return "/".join(f"<{self._converter(name)}:{name}>" for name in self.key)

    def _converter(self, name: str) -> str:
        kind = self.column(name, "...").type
        if isinstance(kind, sa.Integer):
            bits = next(bits for cls, bits in _BITS.items() if isinstance(kind, cls))
            return f"int(max={2 ** (bits - 1) - 1})"
        if isinstance(kind, sa.Uuid):
            return "uuid"
        if isinstance(kind, sa.String) and not isinstance(kind, sa.Enum):
            return "string" if kind.length is None else f"string(maxlength={kind.length})"
        raise SetupError(
            f"crud({self.name}): the primary key {name!r} is of the type {kind!r}, which no path has. Write the"
            " resource by hand."
        )


def plural_of(words: str) -> str:
    """Return the plural of an English noun, for texts and paths."""
    if re.search(r"[^aeiou]y$", words):
        return f"{words[:-1]}ies"
    return f"{words}es" if re.search(r"(s|x|z|ch|sh)$", words) else f"{words}s"


def _number_range(kind: sa.Numeric[t.Any]) -> validate.Range | None:
    if kind.precision is None:
        return None
    most = decimal.Decimal(10) ** (kind.precision - (kind.scale or 0))
    return validate.Range(min=-most, max=most, min_inclusive=False, max_inclusive=False)


class CrudSchemas:
    """The schemas of a model: of answers, and of the bodies of each operation.

    :param facts: The model.
    :param shown: What answers send; ``None`` where a schema is given.
    :param writable: What clients may write.
    :param schema: The schema of answers and bodies.
    :param bodies: Schemas of bodies, by operation.
    :raises SetupError: A name is not a column, or not a field of the schema.
    """

    def __init__(
        self,
        facts: ModelFacts,
        shown: cabc.Sequence[str] | None,
        writable: cabc.Sequence[str],
        schema: type[Schema] | None,
        bodies: cabc.Mapping[str, Schema | type[Schema]],
    ) -> None:
        self._facts = facts
        self._writable = tuple(writable)
        self._given: type[Schema] | None = None
        if schema is None:
            if shown is None:
                raise SetupError(
                    f"crud({facts.name}) does not say what its answers show. List the columns, as in shown=['id',"
                    " 'name'], or give a schema."
                )
            self.shown = self._make("", {name: facts.field(name, "shown=...") for name in shown})
            for each in self.shown._declared_fields.values():
                each.required = False
        else:
            self.shown = schema
            unknown = [name for name in writable if name not in schema._declared_fields]
            if unknown:
                raise SetupError(
                    f"crud({facts.name}, writable=...) names {unknown[0]!r}, which {schema.__name__} has not."
                )
        self._given = schema
        self._bodies = {name: each() if isinstance(each, type) else each for name, each in bodies.items()}

    def body(self, operation: str) -> Schema:
        """Return the schema of the body of an operation: ``create``, ``patch`` or ``replace``."""
        given = self._bodies.get(operation)
        if given is not None:
            return given
        names = [name for name in self._writable if operation == "create" or name not in self._facts.key]
        is_partial = operation == "patch"
        if self._given is None:
            members = {name: self._facts.field(name, "writable=...") for name in names}
            schema = self._make(operation.title(), members)(partial=is_partial)
        else:
            schema = self._make(operation.title(), {})(only=names, partial=is_partial)
        if operation == "replace":
            for each in schema.fields.values():
                each.load_default = ma.missing
                each.required = True
        return schema

    def _make(self, suffix: str, members: cabc.Mapping[str, AnyField]) -> type[Schema]:
        """Return a class of schemas.

        :param suffix: What follows the name of the model.
        """
        facts = self._facts
        texts = {
            "Create": f"A new {facts.words}.",
            "Patch": f"Changes of {facts.one}.",
            "Replace": f"A whole {facts.words}.",
        }
        body: dict[str, t.Any] = {"__doc__": texts.get(suffix, f"{facts.one.capitalize()}."), **members}
        body["__module__"] = facts.model.__module__
        return type(f"{self._facts.title}{suffix}Schema", (self._given or Schema,), body)

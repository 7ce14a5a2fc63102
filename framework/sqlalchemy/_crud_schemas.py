"""Schemas and paths of a model, for ``crud``: each member named, none because a column is there.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import decimal
import re
import typing as t

import sqlalchemy as sa
from marshmallow import Schema, validate
from sqlalchemy import orm

from .. import fields
from ..errors import SetupError
from ._crud_code import Called, Passed, SchemaCode, import_of
from ._crud_fields import described, with_required

if t.TYPE_CHECKING:
    from ..fields import AnyField
    from ._crud_code import Code

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

    def field(self, name: str, where: str) -> Code:
        """Return the code of the field of a column: of its type, length and range, required where the database wants a
        value.
        """
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
        return described(made, f"{self.name}.{name}")

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
        self._bodies = bodies
        self.classes: list[SchemaCode] = []
        """The classes that are made."""
        self._given: Code = None
        self.shown: Code
        """The class for answers."""
        if schema is None:
            if shown is None:
                raise SetupError(
                    f"crud({facts.name}) does not say what its answers show. List the columns, as in shown=['id',"
                    " 'name'], or give a schema."
                )
            members = {name: with_required(facts.field(name, "shown=..."), False) for name in shown}
            self.shown = self._make("", members)
        else:
            unknown = [name for name in writable if name not in schema._declared_fields]
            if unknown:
                raise SetupError(
                    f"crud({facts.name}, writable=...) names {unknown[0]!r}, which {schema.__name__} has not."
                )
            self.shown = self._given = import_of(schema) or Passed(schema, "schema", ("schema",))

    def body(self, operation: str) -> Code:
        """Return the schema of the body of an operation: ``create``, ``patch`` or ``replace``."""
        given = self._bodies.get(operation)
        if given is not None:
            return import_of(given) or Passed(given, f"bodies[{operation!r}]", ("bodies", operation))
        names = [name for name in self._writable if operation == "create" or name not in self._facts.key]
        options: dict[str, Code] = {"partial": True} if operation == "patch" else {}
        is_whole = operation == "replace"
        if self._given is not None:
            only = {"only": tuple(names), **options}
            return Called(self._make(operation.title(), {}, self._given, requires_all=is_whole), (), only)
        members = {name: self._facts.field(name, "writable=...") for name in names}
        if is_whole:
            members = {name: with_required(each, True) for name, each in members.items()}
        made = self._make(operation.title(), *self._changed(members))
        return Called(made, (), options) if options else made

    def _changed(self, members: cabc.Mapping[str, Code]) -> tuple[cabc.Mapping[str, Code], SchemaCode | None]:
        """Return the fields that differ from those of the body that was made before, and that as the base.

        :param members: The fields of a body.
        """
        for each in self.classes[1:]:
            if each.base is None and list(each.members) == list(members):
                return {name: node for name, node in members.items() if node != each.members[name]}, each
        return members, None

    def _make(
        self, suffix: str, members: cabc.Mapping[str, Code], base: Code = None, requires_all: bool = False
    ) -> SchemaCode:
        """Return a class of schemas.

        :param suffix: What follows the name of the model.
        """
        facts = self._facts
        texts = {
            "Create": f"A new {facts.words}.",
            "Patch": f"Changes of {facts.one}.",
            "Replace": f"A whole {facts.words}.",
        }
        text = texts.get(suffix, f"{facts.one.capitalize()}.")
        module = facts.model.__module__
        made = SchemaCode(f"{facts.title}{suffix}Schema", text, module, members, base, requires_all)
        self.classes.append(made)
        return made

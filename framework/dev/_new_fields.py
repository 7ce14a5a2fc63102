"""The fields of a generated resource: what ``name:type?=default`` is in a model, a migration, a schema and a test.

Floor 7.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import math
import re
import typing as t
import uuid

from ..errors import SetupError
from ._new_names import checked_field

_LINE: t.Final = 120
_FIELD = re.compile(r"(?P<name>[^:]+):(?P<kind>\w+)(?P<nullable>\??)(?:=(?P<default>.*))?", re.DOTALL)
_PLAIN = re.compile(r"[^\"'\\\x00-\x1f\x7f-\x9f]{0,50}")


class FieldKind(t.NamedTuple):
    """A type of fields: its text in each file."""

    annotation: str
    """The type of the value in Python."""
    column: str
    """The type of the column in the model, where the annotation does not say it."""
    stored: str
    """The type of the column in the migration."""
    field: str
    """The class of the field in the schema, and its arguments."""
    validate: str
    sample: str
    """A value, as JSON has it and as Python writes it."""
    other: str
    """Another value."""


_ALL_INTEGERS = "validate.Range(min=-2147483648, max=2147483647)"

KINDS: t.Final[dict[str, FieldKind]] = {
    "str": FieldKind(
        "str", "sa.String(200)", "sa.String(200)", "String()", "validate.Length(min=1, max=200)", '"One"', '"Two"'
    ),
    "text": FieldKind("str", "sa.Text()", "sa.Text()", "String()", "validate.Length(max=10000)", '"One"', '"Two"'),
    "int": FieldKind("int", "", "sa.Integer()", "Integer()", _ALL_INTEGERS, "1", "2"),
    "float": FieldKind("float", "sa.Double()", "sa.Double()", "Float()", "", "1.5", "2.5"),
    "decimal": FieldKind(
        "decimal.Decimal",
        "sa.Numeric(12, 2)",
        "sa.Numeric(12, 2)",
        "Decimal(places=2, as_string=True)",
        'validate.Range(min=decimal.Decimal("-9999999999.99"), max=decimal.Decimal("9999999999.99"))',
        '"9.50"',
        '"10.00"',
    ),
    "bool": FieldKind("bool", "", "sa.Boolean()", "Boolean()", "", "True", "False"),
    "date": FieldKind("dt.date", "", "sa.Date()", "Date()", "", '"2020-01-31"', '"2020-02-01"'),
    "datetime": FieldKind(
        "dt.datetime",
        "Instant()",
        "sa.DateTime(timezone=True)",
        "AwareDateTime()",
        "",
        '"2020-01-31T12:00:00+00:00"',
        '"2020-02-01T12:00:00+00:00"',
    ),
    "uuid": FieldKind(
        "uuid.UUID",
        "",
        "sa.Uuid()",
        "UUID()",
        "",
        '"0b7a3a3e-6f0c-4d53-9d3c-6c0c2f0f7f11"',
        '"0b7a3a3e-6f0c-4d53-9d3c-6c0c2f0f7f12"',
    ),
}


@dataclasses.dataclass(frozen=True)
class FieldSpec:
    """A field, as the command line gives it."""

    name: str
    kind: FieldKind
    is_nullable: bool = False
    default: str | None = None
    """The default, as Python writes it."""

    @classmethod
    def parse(cls, text: str) -> FieldSpec:
        """Read ``name:type``, with ``?`` behind it where the value may be null, and ``=default``.

        :raises SetupError: The name, the type or the default is wrong.
        """
        found = _FIELD.fullmatch(text)
        if found is None:
            raise SetupError(
                f"Invalid field: {text[:100]!r}. Write name:type, name:type? or name:type=default, like born:date?."
            )
        name, kind = checked_field(found["name"]), KINDS.get(found["kind"])
        if kind is None:
            raise SetupError(
                f"Unknown type of the field {name}: {found['kind'][:100]!r}. Known types: {', '.join(KINDS)}."
            )
        default = None if found["default"] is None else _default(name, found["kind"], found["default"])
        return cls(name, kind, bool(found["nullable"]), default)

    @property
    def annotation(self) -> str:
        """The type of the value, with None."""
        return f"{self.kind.annotation} | None" if self.is_nullable else self.kind.annotation

    def column(self) -> str:
        """Return the line of the model."""
        arguments = [self.kind.column] if self.kind.column else []
        if self.default is not None:
            arguments.append(f"default={self.default}")
        if not arguments:
            return f"    {self.name}: orm.Mapped[{self.annotation}]"
        return _call(f"    {self.name}: orm.Mapped[{self.annotation}] = orm.mapped_column", arguments)

    def migration(self) -> str:
        """Return the line of the migration."""
        return f'        sa.Column("{self.name}", {self.kind.stored}, nullable={self.is_nullable}),'

    def field(self) -> str:
        """Return the lines of the schema."""
        cls, _, inner = self.kind.field.partition("(")
        arguments = [each for each in inner.removesuffix(")").split(", ") if each]
        if self.default is not None:
            arguments.append(f"load_default={self.default}")
        elif self.is_nullable:
            arguments.append("load_default=None")
        else:
            arguments.append("required=True")
        if self.is_nullable:
            arguments.append("allow_none=True")
        if self.kind.validate:
            # An empty default is a value that clients may send as well.
            arguments.append(
                f"validate={self.kind.validate}".replace("min=1, ", "" if self.default == '""' else "min=1, ")
            )
        return _call(f"    {self.name} = fields.{cls}", arguments)

    def sample(self) -> str:
        """Return the line of the test."""
        return f'    "{self.name}": {self.kind.sample},'


def _call(head: str, arguments: list[str]) -> str:
    """Return a call, broken where it is too long for a line, as formatters break it."""
    inside = ", ".join(arguments)
    if len(head) + len(inside) + 2 <= _LINE:
        return f"{head}({inside})"
    if len(inside) + 8 <= _LINE:
        return f"{head}(\n        {inside}\n    )"
    return f"{head}(\n" + "".join(f"        {each},\n" for each in arguments) + "    )"


def _default(name: str, kind: str, text: str) -> str:
    """Return a default as Python writes it.

    :raises SetupError: It is not a value of the type.
    """
    try:
        found = _READERS[kind](text)
    except (ValueError, ArithmeticError):
        found = None
    if found is None:
        raise SetupError(
            f"Invalid default of the field {name}: {text[:100]!r} is not a value of the type {kind}."
            f" Write one like {name}:{kind}={KINDS[kind].sample.strip(chr(34)).lower()}, or leave it out."
        )
    return found


def _read_text(text: str) -> str | None:
    return f'"{text}"' if _PLAIN.fullmatch(text) else None


def _read_int(text: str) -> str | None:
    return repr(int(text)) if -(2**31) <= int(text) < 2**31 else None


def _read_float(text: str) -> str | None:
    return repr(float(text)) if math.isfinite(float(text)) else None


def _read_decimal(text: str) -> str | None:
    value = decimal.Decimal(text)
    if not value.is_finite() or abs(value) >= 10**10 or value != round(value, 2):
        return None
    return f'decimal.Decimal("{value:.2f}")'


def _read_bool(text: str) -> str | None:
    return {"true": "True", "false": "False"}.get(text.lower())


def _read_date(text: str) -> str | None:
    value = dt.date.fromisoformat(text)
    return f"dt.date({value.year}, {value.month}, {value.day})"


def _read_datetime(text: str) -> str | None:
    value = dt.datetime.fromisoformat(text)
    if value.tzinfo is None:
        return None
    value = value.astimezone(dt.UTC)
    parts = [value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond]
    while len(parts) > 3 and not parts[-1]:
        parts.pop()
    return f"dt.datetime({', '.join(map(str, parts))}, tzinfo=dt.UTC)"


def _read_uuid(text: str) -> str | None:
    return f'uuid.UUID("{uuid.UUID(text)}")'


_READERS: t.Final = {
    "str": _read_text,
    "text": _read_text,
    "int": _read_int,
    "float": _read_float,
    "decimal": _read_decimal,
    "bool": _read_bool,
    "date": _read_date,
    "datetime": _read_datetime,
    "uuid": _read_uuid,
}

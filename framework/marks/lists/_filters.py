"""``filters``: which items of a list leave, by parameters that compare fields with values.

Not here: how a condition is met (``marks.lists._sequences``, ``marks.lists._selects``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import typing as t

import marshmallow as ma
from marshmallow import Schema, validate

from ... import fields
from ...errors import SetupError
from ...fields import AnyField
from ...texts import message
from ..schemas import SchemaLike, as_schema
from ..values import ValueMark
from ._base import Columns, Found, ListMark, asking, check_columns, check_names, find_field, source_of
from ._fields import Pieces
from ._sequences import narrowed
from ._terms import LIST_OPERATORS, OPERATORS, TEXT_OPERATORS, Condition, LoadedParameters

MAX_VALUES: t.Final = 100
"""The greatest number of values of ``in`` and ``not_in``."""
LONGEST_TEXT: t.Final = 1000
"""The greatest length of a text that is looked for within others."""

_UNORDERED: t.Final = (ma.fields.Boolean, ma.fields.Enum, ma.fields.UUID)

Operators: t.TypeAlias = str | cabc.Sequence[str]


class Filters(cabc.Sequence[Condition]):
    """The conditions that a client asks for, those that it gave a value for.

    :param conditions: All of them must be met.
    """

    def __init__(self, conditions: cabc.Iterable[Condition]) -> None:
        self.conditions = tuple(conditions)

    def __repr__(self) -> str:
        return f"Filters({list(self.conditions)!r})"

    def __len__(self) -> int:
        return len(self.conditions)

    @t.overload
    def __getitem__(self, index: int) -> Condition: ...
    @t.overload
    def __getitem__(self, index: slice) -> tuple[Condition, ...]: ...
    def __getitem__(self, index: int | slice) -> Condition | tuple[Condition, ...]:
        return self.conditions[index]

    def get(self, name: str, operator: str = "eq", default: object = None) -> t.Any:
        """The value of a condition.

        :param name: The field, as clients write it.
        :param operator: How it is compared.
        :param default: What is returned where the client did not ask.
        """
        for each in self.conditions:
            if each.name == name and each.operator == operator:
                return each.value
        return default

    def apply(self, collection: object) -> t.Any:
        """The items of a collection that meet all conditions: a select for a select, otherwise a list."""
        return narrowed(collection, self.conditions) if self.conditions else collection


class FiltersMark(ListMark):
    """The conditions on the items of a list; see :func:`filters`."""

    order = 10

    def __init__(
        self, allowed: dict[str, Operators], schema: Schema, columns: Columns, apply: bool, hidden: bool
    ) -> None:
        self.name = f"filters({type(schema).__name__})"
        if not allowed:
            raise SetupError(f'{self.name} filters by nothing. Name fields: filters(PetSchema, name=["eq"]).')
        check_columns(columns, allowed, self.name)
        self.conditions: dict[str, Condition] = {}
        self.described = schema
        self.found = {name: find_field(schema, name, self.name) for name in allowed}
        for name, operators in allowed.items():
            found = self.found[name]
            for operator in (operators,) if isinstance(operators, str) else operators:
                key = f"condition_{len(self.conditions)}"
                self.conditions[key] = Condition(found.written, source_of(found, name, columns), operator, None)
        super().__init__(self.parameters({}), apply, asking(schema, self.found, columns, hidden))

    def __repr__(self) -> str:
        return self.name

    def parameters(self, words: cabc.Mapping[str, str | None]) -> Schema:
        """The schema of the parameters, in other words for some of the fields; without those that have none."""
        found = {each.written: each for each in self.found.values()}
        made: dict[str, AnyField] = {}
        for key, condition in self.conditions.items():
            written = words.get(condition.name, condition.name)
            if written is not None:
                made[key] = self.parameter(found[condition.name]._replace(written=written), condition.operator)
        return Schema.from_dict(made)()

    def renamed(self, words: cabc.Mapping[str, str | None]) -> t.Self | None:
        schema = self.parameters(words)
        return self.with_schema(schema) if schema.fields else None

    def parameter(self, found: Found, operator: str) -> AnyField:
        """The field of a parameter.

        :raises SetupError: The field cannot be compared in that way.
        """
        if operator not in OPERATORS:
            raise SetupError(f"{self.name}: {operator!r} is not a comparison. Take one of {', '.join(OPERATORS)}.")
        misfit = (operator in TEXT_OPERATORS and not is_text(found.field)) or (
            operator in ("lt", "lte", "gt", "gte") and isinstance(found.field, _UNORDERED)
        )
        if misfit:
            raise SetupError(
                f"{self.name}: {found.written!r} is a field of {type(found.field).__name__}, which {operator!r} does"
                " not fit."
            )
        more: dict[str, t.Any] = {
            "data_key": found.written if operator == "eq" else f"{found.written}__{operator}",
            "metadata": {"description": message(f"parameters.filter.{operator}", name=f"`{found.written}`")},
        }
        if operator == "isnull":
            return fields.Boolean(**more)
        if operator in TEXT_OPERATORS:
            return fields.String(validate=validate.Length(max=LONGEST_TEXT), **more)
        if operator in LIST_OPERATORS:
            return Pieces(bare(found.field), MAX_VALUES, **more)
        made = bare(found.field)
        made.data_key, made.metadata = more["data_key"], more["metadata"]
        return made

    def asked(self, value: LoadedParameters) -> Filters:
        conditions = self.conditions
        return Filters(conditions[key]._replace(value=given) for key, given in value.items())


def is_text(field: AnyField) -> bool:
    """Return whether a field's values are texts."""
    return isinstance(field, ma.fields.String) and not isinstance(field, ma.fields.UUID)


def bare(field: AnyField) -> AnyField:
    """A field of the same values that is optional and has no rules but an allow-list."""
    made = copy.copy(field)
    made.parent = made.root = None
    made.name = None
    made.data_key = made.attribute = None
    made.required = made.dump_only = made.load_only = made.allow_none = False
    made.load_default = made.dump_default = ma.missing
    made.metadata = {}
    made.validate = None
    made.validators = [each for each in field.validators if type(each) is validate.OneOf]
    return made


@t.overload
def filters(
    schema: SchemaLike,
    *names: str,
    columns: Columns | None = None,
    apply: t.Literal[True] = True,
    hidden: bool | Operators = False,
    **allowed: Operators,
) -> FiltersMark: ...
@t.overload
def filters(
    schema: SchemaLike,
    *names: str,
    columns: Columns | None = None,
    apply: t.Literal[False],
    hidden: bool | Operators = False,
    **allowed: Operators,
) -> ValueMark[Filters]: ...
def filters(
    schema: SchemaLike,
    *names: str,
    columns: Columns | None = None,
    apply: bool = True,
    hidden: bool | Operators = False,
    **allowed: Operators,
) -> FiltersMark:
    """Let clients choose the items of a list by the values of fields.

    ``filters(PetSchema, "species", name=["eq", "contains"], age=["gt", "lt"])`` takes ``?species=dog``, ``?name=Rex``,
    ``?name__contains=ex``, ``?age__gt=3`` and ``?age__lt=9``. All that are given must be met.

    :param schema: What has the fields: what is sent.
    :param names: Fields that are compared for equality.
    :param columns: Where the values are, by the names of fields, where that is not the attribute of the same name: the
        dotted name of an attribute, or an expression of SQLAlchemy.
    :param apply: Whether the conditions are applied to what the handler returns, a sequence or a select. With ``False``
        the handler gets them by position, as :class:`Filters`.
    :param hidden: ``True``: also by fields that the answer never sends, whose values clients can then find out. (How a
        field of that name may be compared, as of any other, is no such word.)
    :param allowed: Fields with how they may be compared: ``eq``, ``ne``, ``lt``, ``lte``, ``gt``, ``gte``, ``in``,
        ``not_in``, ``isnull``, ``contains``, ``startswith``, ``endswith``, and these three with an ``i`` in front for
        whatever case. ``owner__name`` is the field ``name`` in the nested ``owner``.
    :raises SetupError: A field or a comparison is none, or they do not fit; at start-up: the answer never sends
        a field.
    """
    check_names(names, "filters(...)")
    given: dict[str, Operators] = dict.fromkeys(names, "eq")
    if not isinstance(hidden, bool):
        allowed, hidden = {**allowed, "hidden": hidden}, False
    for name, operators in allowed.items():
        given[name.replace("__", ".")] = operators
    return FiltersMark(given, as_schema(schema), columns or {}, apply, hidden)

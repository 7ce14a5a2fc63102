"""Selects of SQLAlchemy as collections: conditions, order, counting and parts are left to the database.

Values are always parameters. What a database would refuse as out of range becomes the answer it stands for, so that no
value of a client is an error. Loaded only when an application returns a select: this module alone imports SQLAlchemy.
Floor 4: imports ``marks.asked``.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import datetime as dt
import decimal
import enum
import functools
import ipaddress
import operator
import typing as t
import uuid

import sqlalchemy as sa

from .asked import LIST_OPERATORS, TEXT_OPERATORS, Condition, Key

Select: t.TypeAlias = sa.Select[t.Any]
Expression: t.TypeAlias = t.Any

MAX_INT: t.Final = 2**31
"""From here on an integer is sent as one of 64 bits, whatever the column."""
MAX_BIGINT: t.Final = 2**63
MAX_EXPONENT: t.Final = 1000
"""Decimals of a larger exponent are beyond what any column holds."""


def narrowed(select: Select, conditions: cabc.Sequence[Condition]) -> Select:
    """See :func:`marks.collections.narrowed`."""
    return select.where(*(clause(expression_of(select, each), each.operator, each.value) for each in conditions))


def searched(select: Select, sources: cabc.Sequence[t.Any], words: cabc.Sequence[str]) -> Select:
    """See :func:`marks.collections.searched`."""
    texts = [as_text(expression_of(select, Key("", source))) for source in sources]
    return select.where(*(sa.or_(*(clause(text, "icontains", word) for text in texts)) for word in words))


def ordered(select: Select, keys: cabc.Sequence[Key]) -> Select:
    """See :func:`marks.collections.ordered`."""
    terms = [in_order(expression_of(select, key), key.descending, is_nullable(select, key)) for key in keys]
    return select.order_by(None).order_by(*terms, *primary_key(select).values())


def count(select: Select, session: t.Any) -> int:
    """See :func:`marks.collections.count`."""
    everything = select.order_by(None).subquery()
    return int(opened(session, select).scalar(sa.select(sa.func.count()).select_from(everything)))


def window(select: Select, offset: int, limit: int, session: t.Any) -> list[t.Any]:
    """See :func:`marks.collections.window`. A select without an order is put in that of its primary key."""
    check_open(select)
    if not has_order(select):
        select = select.order_by(*primary_key(select).values())
    return fetch(select.offset(offset).limit(limit), session, 0)[0]


def part(
    select: Select,
    keys: cabc.Sequence[Key],
    position: tuple[t.Any, ...] | None,
    limit: int,
    backward: bool,
    session: t.Any,
) -> tuple[list[t.Any], list[tuple[t.Any, ...]]]:
    """The items after a position, from there on, and the values of the keys of each."""
    check_open(select)
    expressions = [expression_of(select, key) for key in keys]
    terms = [
        (expression, key.descending != backward, is_nullable(select, key))
        for expression, key in zip(expressions, keys, strict=True)
    ]
    if position is not None:
        there = [member_of(expression, value) for expression, value in zip(expressions, position, strict=True)]
        select = select.where(beyond(terms, there))
    select = select.order_by(None).order_by(*(in_order(*term) for term in terms)).limit(limit)
    items, positions = fetch(select.add_columns(*expressions), session, len(keys))
    return items, [tuple(value.name if isinstance(value, enum.Enum) else value for value in each) for each in positions]


def member_of(expression: Expression, value: t.Any) -> t.Any:
    """A value of a position for an expression: a member of an enumeration is kept by its name."""
    members = getattr(expression.type, "enum_class", None)
    return value if members is None else members.__members__.get(value, value)


def beyond(
    terms: cabc.Sequence[tuple[Expression, bool, bool]], position: cabc.Sequence[t.Any]
) -> sa.ColumnElement[bool]:
    """What rows after a position meet: greater in the first key, or equal in it and greater in the next, and so on."""
    cases: list[t.Any] = []
    equal: list[t.Any] = []
    for (expression, descending, nullable), value in zip(terms, position, strict=True):
        greater: t.Any
        if value is None:
            greater = expression.is_not(None) if descending else None
        elif descending:
            greater = expression < value
        else:
            greater = sa.or_(expression > value, expression.is_(None)) if nullable else expression > value
        if greater is not None:
            cases.append(sa.and_(*equal, greater))
        equal.append(expression.is_(None) if value is None else expression == value)
    found: sa.ColumnElement[bool] = sa.or_(*cases) if cases else sa.false()
    first, descending, nullable = terms[0]
    if position[0] is not None and len(terms) > 1 and (descending or not nullable):
        # The same said of the first key alone, so that an index on it is used.
        found = sa.and_(first <= position[0] if descending else first >= position[0], found)
    return found


def in_order(expression: Expression, descending: bool, nullable: bool) -> t.Any:
    """A term of ``ORDER BY``; nulls come after everything else, or going down before it, as PostgreSQL has them."""
    if descending:
        return expression.desc().nulls_first() if nullable else expression.desc()
    return expression.asc().nulls_last() if nullable else expression.asc()


def fetch(select: Select, session: t.Any, extra: int) -> tuple[list[t.Any], list[tuple[t.Any, ...]]]:
    """Run a select: its objects, or its rows where it has several columns, and the extra columns at its end."""
    result = opened(session, select).execute(select)
    descriptions = select.column_descriptions
    wanted = len(descriptions) - extra
    first = descriptions[0]
    if wanted == 1 and first.get("entity") is not None and first["expr"] is first["entity"]:
        result = result.unique()  # objects with collections that are loaded by a join come once for each member
    rows = result.all()
    if wanted == 1:
        return [row[0] for row in rows], [tuple(row[1:]) for row in rows]
    if not extra:
        return list(rows), []
    make = row_class(tuple(result.keys())[:wanted])
    return [make(*row[:wanted]) for row in rows], [tuple(row[wanted:]) for row in rows]


@functools.lru_cache(maxsize=256)
def row_class(names: tuple[str, ...]) -> t.Any:
    """A class for rows without the columns that were added."""
    make: t.Any = collections.namedtuple  # its type wants literals
    return make("Row", names, rename=True)


def opened(session: t.Any, select: Select) -> t.Any:
    """The session to run a select in: the one that was given, or what the function that was given returns.

    :raises TypeError: None was given, or what was given is no session.
    """
    if session is None:
        raise TypeError(
            f"The handler returned a select, and nobody said in which session to run it: {str(select)[:200]}. Give one:"
            " @paginate(..., session=get_session), a session or a function that returns that of the request."
        )
    found = session() if callable(session) and not hasattr(session, "execute") else session
    if not hasattr(found, "execute"):
        raise TypeError(
            f"The session of @paginate(..., session=...) is {found!r}, which executes no select. Give a session of"
            " SQLAlchemy, or a function that returns that of the request."
        )
    return found


def check_open(select: Select) -> None:
    """Refuse a select that is limited already.

    :raises TypeError: It is.
    """
    if select._limit_clause is not None or select._offset_clause is not None:
        raise TypeError(
            "The handler returned a select with a limit or an offset, and paginate sets these. Leave them out, or make"
            " it a subquery."
        )


def has_order(select: Select) -> bool:
    """Whether a select says in which order its rows come."""
    return bool(select._order_by_clauses)


# Columns


def expression_of(select: Select, wanted: Key | Condition) -> Expression:
    """The expression of a key or condition: its own, or the column of that name of what is selected.

    :raises TypeError: Nothing that is selected has it.
    """
    source = wanted.source
    if not isinstance(source, str):
        is_expression = hasattr(source, "__clause_element__") or isinstance(source, sa.ClauseElement)
        return source() if callable(source) and not is_expression else source
    for described in select.column_descriptions:
        entity = described.get("entity")
        found = getattr(entity, source, None) if entity is not None else None
        if found is not None:
            return found
    columns = select.selected_columns
    if source in columns:
        return columns[source]
    raise TypeError(
        f"Nothing that is selected has a column {source!r}. Say which one is meant:"
        f" columns={{{source!r}: Model.column}}."
    )


def primary_key(select: Select) -> dict[str, Expression]:
    """The columns of the primary key of what is selected first, by their names; empty where that has none."""
    for described in select.column_descriptions:
        entity = described.get("entity")
        if entity is not None:
            mapper: t.Any = sa.inspect(entity).mapper
            names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
            return {name: getattr(entity, name) for name in names}
    return {str(column.key): column for column in select.selected_columns if getattr(column, "primary_key", False)}


def is_nullable(select: Select, key: Key) -> bool:
    """Whether a key may be null in a row; what is not a plain column of the first table may."""
    expression = expression_of(select, key)
    column = getattr(expression, "__clause_element__", lambda: expression)()
    tables = select.get_final_froms()
    first = tables[0] if tables else None
    while isinstance(first, sa.Join):
        if first.full:
            return True
        first = first.left
    table = getattr(column, "table", None)
    return bool(getattr(column, "nullable", True)) or table is None or table is not first


def as_text(expression: Expression) -> Expression:
    """An expression that can be searched as text."""
    return expression if isinstance(expression.type, sa.String) else sa.cast(expression, sa.String)


# Conditions


def clause(expression: Expression, name: str, value: t.Any) -> sa.ColumnElement[bool]:
    """A condition of ``WHERE``; the value is a parameter, and in ``LIKE`` its wildcards stand for themselves."""
    found: t.Any
    if name == "isnull":
        found = expression.is_(None) if value else expression.is_not(None)
    elif name in LIST_OPERATORS:
        bound = [each for each in (fitted(expression, one) for one in value) if not isinstance(each, Beyond)]
        found = expression.in_(bound) if name == "in" else expression.not_in(bound)
        if name == "not_in" and not bound:
            found = expression.is_not(None)
    elif name in TEXT_OPERATORS:
        method = getattr(as_text(expression), name)
        found = sa.false() if "\0" in value else method(value, autoescape=True)
    else:
        fit = fitted(expression, value)
        if isinstance(fit, Beyond):
            found = expression.is_not(None) if fit.meets(name) else sa.false()
        else:
            found = getattr(operator, {"lte": "le", "gte": "ge"}.get(name, name))(expression, fit)
    return t.cast("sa.ColumnElement[bool]", found)


class Beyond(enum.Enum):
    """A value that no column can hold: every one that is there is less than it, greater, or just another."""

    ABOVE = frozenset({"lt", "lte", "ne"})
    BELOW = frozenset({"gt", "gte", "ne"})
    OTHER = frozenset({"ne"})

    def meets(self, name: str) -> bool:
        """Whether all values that there are meet the condition."""
        return name in self.value


@functools.singledispatch
def as_parameter(value: t.Any, kind: t.Any) -> t.Any:
    """A value as a parameter for a column of a type."""
    return value


@as_parameter.register
def _(value: str, kind: t.Any) -> t.Any:
    return Beyond.OTHER if "\0" in value else value  # no text of PostgreSQL holds it


@as_parameter.register
def _(value: bool, kind: t.Any) -> t.Any:
    return value


@as_parameter.register
def _(value: int, kind: t.Any) -> t.Any:
    if abs(value) < MAX_INT or not isinstance(kind, (sa.Integer, sa.Numeric)):
        return value
    if abs(value) < MAX_BIGINT:
        return sa.literal(value, sa.BigInteger())
    return Beyond.ABOVE if value > 0 else Beyond.BELOW


@as_parameter.register
def _(value: decimal.Decimal, kind: t.Any) -> t.Any:
    if not value or abs(value.adjusted()) <= MAX_EXPONENT:
        return sa.literal(value, sa.Numeric()) if isinstance(kind, sa.Integer) else value
    if value.adjusted() < 0:
        return decimal.Decimal(0)
    return Beyond.ABOVE if value > 0 else Beyond.BELOW


@as_parameter.register
def _(value: float, kind: t.Any) -> t.Any:
    return sa.literal(value, sa.Float()) if isinstance(kind, sa.Integer) else value


@as_parameter.register
def _(value: dt.datetime, kind: t.Any) -> t.Any:
    if not isinstance(kind, sa.DateTime) or value.tzinfo is None:
        return value
    try:
        moment = value.astimezone(dt.UTC)  # a database without offsets keeps the time as it is written
    except OverflowError:
        moment = (dt.datetime.min if value.year == dt.MINYEAR else dt.datetime.max).replace(tzinfo=dt.UTC)
    return moment if kind.timezone else moment.replace(tzinfo=None)


@as_parameter.register
def _(value: enum.Enum, kind: t.Any) -> t.Any:
    return value if isinstance(kind, sa.Enum) and kind.enum_class is type(value) else value.value


@as_parameter.register(uuid.UUID)
@as_parameter.register(ipaddress.IPv4Address)
@as_parameter.register(ipaddress.IPv6Address)
def _(value: t.Any, kind: t.Any) -> t.Any:
    # A driver that knows the type compares it with a column of text no better than one that does not.
    return str(value) if isinstance(kind, sa.String) else value


def fitted(expression: Expression, value: t.Any) -> t.Any:
    """A value as a parameter to compare an expression with, or the reason why nothing can equal it."""
    return as_parameter(value, expression.type)

"""Selects of SQLAlchemy as collections: conditions, order, counting and parts are left to the database.

Values are always parameters. What a database would refuse as out of range becomes the answer that it means, so that no
value of a client is an error. Loaded only when an application returns a select: this module and the one below it alone
import SQLAlchemy.
Not here: what sets rows apart (``marks.lists._select_order``).
Floor 4.
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
import sys
import typing as t
import uuid

import sqlalchemy as sa
from sqlalchemy import orm

from ._select_order import (
    Expression,
    Select,
    Source,
    check_order,
    distinct_on,
    identity,
    lacking,
    never_missing,
    plain,
    primary_key_of,
    selected,
    sources,
)
from ._terms import LIST_OPERATORS, TEXT_OPERATORS, Condition, SortKey

if t.TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm.interfaces import ORMColumnDescription as ReturnedColumn

MAX_SMALLINT: t.Final = 2**15
"""From here on an integer for a small column is sent as an ordinary one."""
MAX_INT: t.Final = 2**31
"""From here on an integer is sent as one of 64 bits, whatever the column."""
MAX_BIGINT: t.Final = 2**63
MAX_EXPONENT: t.Final = 1000
"""Decimals of a larger exponent are beyond what any column holds."""


def narrowed(select: Select, conditions: cabc.Sequence[Condition]) -> Select:
    """See :func:`marks.collections.narrowed`."""
    return select.where(*(clause(expression_of(select, each), each.operator, each.value) for each in conditions))


def searched(select: Select, sources: cabc.Sequence[object], words: cabc.Sequence[str]) -> Select:
    """See :func:`marks.collections.searched`."""
    texts = [as_text(expression_of(select, SortKey("", source))) for source in sources]
    return select.where(*(sa.or_(*(clause(text, "icontains", word) for text in texts)) for word in words))


def ordered(select: Select, keys: cabc.Sequence[SortKey]) -> Select:
    """See :func:`marks.collections.ordered`."""
    if distinct_on(select):
        raise TypeError(
            "The handler returned a select with DISTINCT ON, whose order says which rows stay. Make it a subquery, so"
            " that it can be put in another order."
        )
    solid = solid_tables(select)
    expressions = [expression_of(select, key) for key in keys]
    check_order(select, expressions)
    terms = [
        in_order(expression, key.descending, is_nullable(expression, solid))
        for expression, key in zip(expressions, keys, strict=True)
    ]
    select = select.order_by(None).order_by(*terms)
    return select.order_by(*lacking(select, identity(select) or ()))


def count(select: Select, session: object) -> int:
    """See :func:`marks.collections.count`."""
    everything = select.order_by(None).subquery()
    return int(opened(session, select).scalar(sa.select(sa.func.count()).select_from(everything)))


def take_slice(
    select: Select, offset: int, limit: int, session: object, unique: cabc.Sequence[str] = ()
) -> list[object]:
    """Return a part of the rows, as ``take_slice`` of ``_sequences`` does of any collection.

    The order of the select is completed, so that no two rows are equal by it.

    :param unique: The names of what sets any two rows apart, where that is declared.
    """
    check_open(select)
    check_order(select, select._order_by_clauses)
    whole = [expression_of(select, SortKey(name, name)) for name in unique] or identity(select)
    if whole is None:
        whole = selected(select)  # rows that are equal by all that is selected may change their places
        check_sortable(whole)
    select = select.order_by(*lacking(select, whole))
    return fetch(select.offset(offset).limit(limit), session, 0)[0]


def part(
    select: Select,
    keys: cabc.Sequence[SortKey],
    position: tuple[object, ...] | None,
    limit: int,
    backward: bool,
    session: object,
) -> tuple[list[object], list[tuple[object, ...]]]:
    """The items after a position, from there on, and the values of the keys of each."""
    check_open(select)
    expressions = [expression_of(select, key) for key in keys]
    check_order(select, expressions)
    solid = solid_tables(select)
    terms = [
        (expression, key.descending != backward, is_nullable(expression, solid))
        for expression, key in zip(expressions, keys, strict=True)
    ]
    if position is not None:
        there = [member_of(expression, value) for expression, value in zip(expressions, position, strict=True)]
        rest = beyond(terms, there)
        # A key of groups may be an aggregate, which WHERE does not know.
        select = select.having(rest) if select._group_by_clauses else select.where(rest)
    select = select.order_by(None).order_by(*(in_order(*term) for term in terms)).limit(limit)
    items, positions = fetch(select.add_columns(*expressions), session, len(keys))
    return items, [tuple(value.name if isinstance(value, enum.Enum) else value for value in each) for each in positions]


def whole_order(select: Select, keys: cabc.Sequence[SortKey], unique: cabc.Sequence[str]) -> list[SortKey]:
    """The keys of an order, with what sets any two rows apart at its end.

    :param unique: The names of that, where it is declared.
    :raises TypeError: It is not declared, and cannot be known.
    """
    if distinct_on(select):
        raise TypeError(
            "The handler returned a select with DISTINCT ON, whose order says which rows stay, and a cursor has"
            " another order. Make it a subquery."
        )
    whole = [expression_of(select, SortKey(name, name)) for name in unique] or identity(select)
    if whole is None:
        raise TypeError(
            "A cursor cannot tell the rows of this select apart: a table or subquery in it has no primary key. Name"
            f" what does: @paginate(CursorPage, key='...'). {str(select)[:200]}"
        )
    descending = bool(keys) and keys[-1].descending
    known = {plain(expression_of(select, key)) for key in keys}
    return [*keys, *(SortKey(str(plain(each)), each, descending) for each in whole if plain(each) not in known)]


def check_sortable(expressions: cabc.Iterable[Expression]) -> None:
    """Refuse expressions of types that PostgreSQL has no order for.

    :raises TypeError: There is one.
    """
    for each in expressions:
        if isinstance(plain(each).type, sa.JSON):
            raise TypeError(
                f"Nothing tells the rows of this select apart, and '{each}' cannot be sorted by. Name what does:"
                " @paginate(..., key='...')."
            )


def member_of(expression: Expression, value: object) -> object:
    """A value of a position for an expression: a member of an enumeration is kept by its name."""
    members = getattr(expression.type, "enum_class", None)
    return value if members is None else members.__members__.get(value, value)


def beyond(
    terms: cabc.Sequence[tuple[Expression, bool, bool]], position: cabc.Sequence[object]
) -> sa.ColumnElement[bool]:
    """Return what rows after a position meet: greater in the first key, or equal in it and greater in the next, and
    so on."""
    cases: list[sa.ColumnElement[bool]] = []
    equal: list[Expression] = []
    for (expression, descending, nullable), value in zip(terms, position, strict=True):
        greater: Expression
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


def in_order(expression: Expression, descending: bool, nullable: bool) -> Expression:
    """A term of ``ORDER BY``; nulls come after everything else, or going down before it, as PostgreSQL has them."""
    if descending:
        return expression.desc().nulls_first() if nullable else expression.desc()
    return expression.asc().nulls_last() if nullable else expression.asc()


def fetch(select: Select, session: object, extra: int) -> tuple[list[object], list[tuple[object, ...]]]:
    """Run a select: its objects where it is one of a class, otherwise its rows, and the extra columns at its end."""
    result = opened(session, select).execute(select)
    descriptions = select.column_descriptions
    wanted = len(descriptions) - extra
    if getattr(result, "_unique_filter_state", None) is not None:
        # Collections that are loaded by a join: SQLAlchemy wants the rows that they repeat taken away.
        try:
            check_unrepeated(select)
        except TypeError:
            result.close()
            raise
        result = result.unique()
    rows = result.all()
    if wanted == 1 and is_whole(descriptions[0]):
        return [row[0] for row in rows], [tuple(row[1:]) for row in rows]
    if not extra:
        return list(rows), []
    make = row_class(tuple(result.keys())[:wanted])
    return [make(*row[:wanted]) for row in rows], [tuple(row[wanted:]) for row in rows]


def is_whole(described: ReturnedColumn) -> bool:
    """Return whether what is selected is an item by itself: an object of a class, or JSON."""
    entity = described.get("entity")
    return (entity is not None and described["expr"] is entity) or isinstance(described["type"], sa.JSON)


def check_unrepeated(select: Select) -> None:
    """Refuse a select whose own joins repeat its objects, when those repetitions will be taken away.

    :raises TypeError: A page would have fewer items than its rows.
    """
    own = {plain(each) for keys in keys_of(select) for each in keys}
    if not select._distinct and not own.issuperset(plain(each) for each in identity(select) or ()):
        raise TypeError(
            "The handler returned a select with a join that repeats its objects, and a collection of theirs is loaded"
            f" by a join too. Load that by selectinload(), or replace the first by exists(): {str(select)[:200]}"
        )


def keys_of(select: Select) -> list[list[Expression]]:
    """The primary keys of the classes in a select."""
    entities = [described.get("entity") for described in select.column_descriptions]
    return [primary_key_of(each) for each in entities if each is not None]


@functools.lru_cache(maxsize=256)
def row_class(names: tuple[str, ...]) -> cabc.Callable[..., object]:
    """A class for rows without the columns that were added."""
    return collections.namedtuple("Row", names, rename=True)


def session_among(values: cabc.Iterable[object]) -> object:
    """Return the session among the values that a handler gets; ``None`` where there is none.

    :raises TypeError: There are two of them.
    """
    asynchronous = sys.modules.get("sqlalchemy.ext.asyncio")
    kinds = (orm.Session, orm.scoped_session) if asynchronous is None else (orm.Session, asynchronous.AsyncSession)
    found = {id(each): each for each in values if isinstance(each, kinds)}
    if len(found) > 1:
        raise TypeError(
            "The handler returned a select and gets several sessions. Say which one runs it:"
            " @paginate(..., session=...) with a function that returns it."
        )
    return next(iter(found.values()), None)


class WaitingSession:
    """An asynchronous session, for the synchronous code of this module.

    :param session: The session.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def execute(self, select: Select) -> object:
        """Run a select, and return all of its result."""
        from ..._coroutines import wait_for  # PERF: imports asyncio, 20 ms

        return wait_for(self._session.execute(select))

    def scalar(self, select: Select) -> object:
        """Run a select, and return its one value."""
        from ..._coroutines import wait_for

        return wait_for(self._session.scalar(select))


def opened(session: object, select: Select) -> t.Any:
    """The session to run a select in: the one that was given, or what the function that was given returns.

    :raises TypeError: None was given, or what was given is not a session.
    """
    if session is None:
        raise TypeError(
            f"The handler returned a select, and no session to run it in was given: {str(select)[:200]}. Let the"
            " handler take one from a provider, or give it: @paginate(..., session=get_session), a session or a"
            " function that returns that of the request."
        )
    found = session() if callable(session) and not hasattr(session, "execute") else session
    if hasattr(type(found), "sync_session_class"):
        return WaitingSession(t.cast("AsyncSession", found))
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
    """Return whether a select says in which order its rows come."""
    return bool(select._order_by_clauses)


# Columns


def expression_of(select: Select, wanted: SortKey | Condition) -> Expression:
    """The expression of a key or condition: its own, or the column of that name of what is selected.

    :raises TypeError: Nothing that is selected has it.
    """
    source = wanted.source
    if not isinstance(source, str):
        is_expression = hasattr(source, "__clause_element__") or isinstance(source, sa.ClauseElement)
        return source() if callable(source) and not is_expression else source
    descriptions = select.column_descriptions
    for described in descriptions:  # what the rows show under the name
        if described["name"] == source and described["expr"] is not described.get("entity"):
            return described["expr"]
    for described in descriptions:  # in rows of several classes: Pet.name
        entity, (head, _, rest) = described.get("entity"), source.partition(".")
        if rest and described["name"] == head and described["expr"] is entity and hasattr(entity, rest):
            return getattr(entity, rest)
    entities = list(dict.fromkeys(described.get("entity") for described in descriptions))
    found = [getattr(entity, source) for entity in entities if entity is not None and hasattr(entity, source)]
    if len(found) > 1:
        raise TypeError(
            f"Several classes that are selected have a column {source!r}: {', '.join(map(str, found))}. Say which one"
            f" is meant: columns={{{source!r}: Model.column}}."
        )
    if found:
        return found[0]
    columns = select.selected_columns
    if source in columns:
        return columns[source]
    raise TypeError(
        f"Nothing that is selected has a column {source!r}. Say which one is meant:"
        f" columns={{{source!r}: Model.column}}."
    )


def solid_tables(select: Select) -> set[Source]:
    """The tables of a select whose columns no outer join makes null."""
    return set().union(*(never_missing(source) for source in sources(select)))


def is_nullable(expression: Expression, solid: cabc.Set[object]) -> bool:
    """Return whether an expression may be null in a row; what is not a plain column may.

    :param solid: See :func:`solid_tables`.
    """
    column = plain(expression)
    table = getattr(column, "table", None)
    return bool(getattr(column, "nullable", True)) or table is None or table not in solid


def as_text(expression: Expression) -> Expression:
    """An expression that can be searched as text."""
    return expression if isinstance(expression.type, sa.String) else sa.cast(expression, sa.String)


# Conditions


def clause(expression: Expression, name: str, value: t.Any) -> sa.ColumnElement[bool]:
    """A condition of ``WHERE``; the value is a parameter, and in ``LIKE`` its wildcards are plain characters."""
    found: Expression
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
        """Return whether all values that there are meet the condition."""
        return name in self.value


@functools.singledispatch
def as_parameter(value: object, kind: object) -> object:
    """A value as a parameter for a column of a type."""
    return value


@as_parameter.register
def _(value: str, kind: object) -> object:
    return Beyond.OTHER if "\0" in value else value  # no text of PostgreSQL holds it


@as_parameter.register
def _(value: bool, kind: object) -> object:
    return value


@as_parameter.register
def _(value: int, kind: object) -> object:
    if abs(value) >= MAX_SMALLINT and isinstance(kind, sa.SmallInteger) and abs(value) < MAX_INT:
        return sa.literal(value, sa.Integer())
    if abs(value) < MAX_INT or not isinstance(kind, (sa.Integer, sa.Numeric)):
        return value
    if abs(value) < MAX_BIGINT:
        return sa.literal(value, sa.BigInteger())
    return Beyond.ABOVE if value > 0 else Beyond.BELOW


@as_parameter.register
def _(value: decimal.Decimal, kind: object) -> object:
    if not value or abs(value.adjusted()) <= MAX_EXPONENT:
        return sa.literal(value, sa.Numeric()) if isinstance(kind, sa.Integer) else value
    if value.adjusted() < 0:
        return decimal.Decimal(0)
    return Beyond.ABOVE if value > 0 else Beyond.BELOW


@as_parameter.register
def _(value: float, kind: object) -> object:
    return sa.literal(value, sa.Float()) if isinstance(kind, sa.Integer) else value


@as_parameter.register
def _(value: dt.datetime, kind: object) -> object:
    if not isinstance(kind, sa.DateTime) or value.tzinfo is None:
        return value
    try:
        moment = value.astimezone(dt.UTC)  # a database without offsets keeps the time as it is written
    except OverflowError:
        moment = (dt.datetime.min if value.year == dt.MINYEAR else dt.datetime.max).replace(tzinfo=dt.UTC)
    return moment if kind.timezone else moment.replace(tzinfo=None)


@as_parameter.register
def _(value: enum.Enum, kind: object) -> object:
    return value if isinstance(kind, sa.Enum) and kind.enum_class is type(value) else value.value


@as_parameter.register(uuid.UUID)
@as_parameter.register(ipaddress.IPv4Address)
@as_parameter.register(ipaddress.IPv6Address)
def _(value: object, kind: object) -> object:
    # A driver that knows the type compares it with a column of text no better than one that does not.
    return str(value) if isinstance(kind, sa.String) else value


def fitted(expression: Expression, value: object) -> object:
    """A value as a parameter to compare an expression with, or the reason why nothing can equal it."""
    return as_parameter(value, expression.type)

"""Find what sets any two rows of a select apart, so that their order is one that every request repeats.

A database returns rows that are equal by ``ORDER BY`` in any order, another one for each page: PostgreSQL does, and
SQLite seldom shows it. What tells rows apart depends on the whole select: on all its tables, on ``DISTINCT`` and on
``GROUP BY``, not on the first class in it.
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import sqlalchemy as sa

Select: t.TypeAlias = sa.Select[t.Any]
Expression: t.TypeAlias = t.Any
"""An expression of SQL, or an attribute of a mapped class: the types of SQLAlchemy have no word for both."""
Source: t.TypeAlias = sa.FromClause
"""A table, a join or a subquery in ``FROM``."""

_AGGREGATES: t.Final = frozenset(
    {
        *(
            "any_value",
            "array_agg",
            "avg",
            "bit_and",
            "bit_or",
            "bool_and",
            "bool_or",
            "count",
            "every",
            "group_concat",
        ),
        *("json_agg", "json_group_array", "json_object_agg", "jsonb_agg", "jsonb_object_agg", "max", "min", "mode"),
        *("percentile_cont", "percentile_disc", "stddev", "string_agg", "sum", "total", "variance"),
    }
)
_WRAPPERS: t.Final = (sa.sql.elements._label_reference, sa.sql.elements._textual_label_reference)
_MOST_KNOWN: t.Final = 256
_GROUPING_SETS: t.Final = frozenset({"rollup", "cube", "grouping_sets"})


def identity(select: Select) -> list[Expression] | None:
    """Return the expressions by which no two rows of a select are equal; ``None`` where that cannot be known.

    They can be in its ``ORDER BY`` on every database: with ``DISTINCT`` they are selected, with ``GROUP BY`` grouped
    by.
    """
    if first := distinct_on(select):
        return first
    if select._distinct:
        return selected(select)
    if select._group_by_clauses:
        groups = groups_of(select)
        return None if any(getattr(each, "name", None) in _GROUPING_SETS for each in groups) else groups
    if select._having_criteria or any(is_aggregate(plain(each)) for each in select.selected_columns):
        return []  # it has one row
    return of_sources(sources(select), keys_of_classes(select))


def distinct_on(select: Select) -> list[Expression]:
    """Return the expressions of ``DISTINCT ON``, of which PostgreSQL keeps the first row each."""
    newer = getattr(select, "_pre_columns_clause", None)  # as SQLAlchemy 2.1 has it
    return list(select._distinct_on or getattr(newer, "_distinct_on", ()))


def groups_of(select: Select) -> list[Expression]:
    """Return what a select is grouped by; a name means what is selected under it."""
    found = [unordered(each) for each in select._group_by_clauses]
    columns: t.Any = select.selected_columns
    return [columns.get(each, each) if isinstance(each, str) else each for each in found]


def selected(select: Select) -> list[Expression]:
    """Return the expressions that a select returns, the primary key in place of a class."""
    found: list[Expression] = []
    for described in select.column_descriptions:
        entity = described.get("entity")
        if entity is not None and described["expr"] is entity:
            found += primary_key_of(entity)
        else:
            found.append(described["expr"])
    return found


def primary_key_of(entity: object) -> list[Expression]:
    """Return the attributes of the primary key of a mapped class or an alias of one."""
    mapper = sa.inspect(entity).mapper
    return [getattr(entity, mapper.get_property_by_column(column).key) for column in mapper.primary_key]


def keys_of_classes(select: Select) -> dict[Source, list[Expression]]:
    """Return the primary keys of the classes in a select, by the source of each in ``FROM``."""
    entities = [described.get("entity") for described in select.column_descriptions]
    return {sa.inspect(each).selectable: primary_key_of(each) for each in entities if each is not None}


# FROM


def sources(select: Select) -> list[Source]:
    """Return the sources in ``FROM``: tables, joins, subqueries."""
    statement: t.Any = select
    if statement._setup_joins or statement._from_obj:
        # Without classes nothing is loaded by joins of its own, which are no part of the rows.
        statement = statement.with_only_columns(sa.literal(1), maintain_column_froms=True).order_by(None)
        statement._with_options = ()
        return final_sources(statement)
    # PERF: SQLAlchemy takes as long to tell the FROM of a class as to run a short select; here there is no join.
    found = dict.fromkeys(statement.columns_clause_froms)
    for clause in statement._where_criteria:
        found.update(dict.fromkeys(clause._from_objects))
    return list(found)


_known: dict[object, list[Source]] = {}
"""The sources of known statements, where these are made of tables alone, which stay the same."""


def final_sources(statement: Select) -> list[Source]:
    """Return what SQLAlchemy makes of the joins of a statement.

    PERF: that takes it as long as two short statements (3 ms), so it is kept for statements that differ in values
    alone.
    """
    made = statement._generate_cache_key()
    key = None if made is None else made.key
    found = None if key is None else _known.get(key)
    if found is None:
        found = list(statement.get_final_froms())
        if key is not None and all(map(is_of_tables, found)):
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[key] = found
    return found


def is_of_tables(source: object) -> bool:
    """Return whether a source is made of tables alone: each statement has its own aliases and subqueries."""
    if isinstance(source, sa.Join):
        return is_of_tables(source.left) and is_of_tables(source.right)
    return isinstance(source, sa.Table)


def of_sources(found: cabc.Iterable[Source], known: dict[Source, list[Expression]]) -> list[Expression] | None:
    """Return what sets the rows of several sources apart."""
    keys: list[Expression] = []
    for source in found:
        part = of_source(source, known)
        if part is None:
            return None
        keys += part
    return keys


def of_source(source: Source, known: dict[Source, list[Expression]]) -> list[Expression] | None:
    """Return what sets the rows of a source apart.

    :param known: The primary keys of classes by their sources in ``FROM``.
    """
    if isinstance(source, sa.Join) and source not in known:
        adds = source.full or not is_lookup(source)
        return of_sources([source.left, source.right] if adds else [source.left], known)
    if isinstance(source, (sa.Subquery, sa.CTE)) and isinstance(source.element, sa.Select):
        inner = identity(source.element)
        if inner is not None:
            columns = [source.corresponding_column(plain(each)) for each in inner]
            return None if any(column is None for column in columns) else columns
    if source in known:
        return known[source]
    table = source.element if isinstance(source, sa.Alias) else source
    return list(source.primary_key) or None if isinstance(table, sa.Table) else None


def is_lookup(join: sa.Join) -> bool:
    """Return whether a join gives each row of its left side one row at most: it compares the whole primary key."""
    right = join.right
    if not isinstance(right, (sa.Table, sa.Alias)) or join.onclause is None:
        return False
    clauses = [join.onclause]
    if isinstance(join.onclause, sa.BooleanClauseList) and join.onclause.operator is sa.sql.operators.and_:
        clauses = list(join.onclause.clauses)
    own = set(right.c)
    given: set[Expression] = set()
    for clause in clauses:
        if isinstance(clause, sa.BinaryExpression) and clause.operator is sa.sql.operators.eq:
            for one, other in ((clause.left, clause.right), (clause.right, clause.left)):
                if one in own and not own & set(columns_in(other)):
                    given.add(one)
    return bool(list(right.primary_key)) and set(right.primary_key) <= given


def columns_in(expression: Expression) -> list[Expression]:
    """Return the columns that an expression is made of."""
    return [each for each in sa.sql.visitors.iterate(expression) if isinstance(each, sa.ColumnClause)]


def never_missing(source: Source) -> set[Source]:
    """Return the tables of a source whose columns no outer join makes null."""
    if not isinstance(source, sa.Join):
        return {source}
    if source.full:
        return set()
    return never_missing(source.left) | (set() if source.isouter else never_missing(source.right))


# Expressions


def plain(expression: Expression) -> Expression:
    """Return the element of SQL of an attribute of a class."""
    return getattr(expression, "__clause_element__", lambda: expression)()


def is_aggregate(element: Expression) -> bool:
    """Return whether an expression is computed over many rows."""
    if isinstance(element, (sa.Over, sa.ScalarSelect, sa.Exists)):
        return False
    if isinstance(element, (sa.WithinGroup, sa.FunctionFilter)):
        return True
    if isinstance(element, sa.sql.functions.FunctionElement) and getattr(element, "name", "").lower() in _AGGREGATES:
        return True
    return any(is_aggregate(each) for each in element.get_children())


def unordered(term: Expression) -> Expression:
    """Return what a term of ``ORDER BY`` or ``GROUP BY`` names, without its direction: an expression, or a name."""
    term = plain(term)
    while isinstance(term, _WRAPPERS) or (isinstance(term, sa.UnaryExpression) and term.modifier is not None):
        term = term.element
    return term


def lacking(select: Select, wanted: cabc.Iterable[Expression]) -> list[Expression]:
    """Return those of the expressions that a select is not put in order by already."""
    there = {unordered(term) for term in select._order_by_clauses}
    return [each for each in wanted if plain(each) not in there]


def check_order(select: Select, wanted: cabc.Iterable[Expression]) -> None:
    """Refuse to order a select by what its rows do not have.

    SQLite orders by anything, with values of any row of the group; PostgreSQL stops with an error.

    :raises TypeError: ``DISTINCT`` or ``GROUP BY`` has left no single value of it.
    """
    if distinct_on(select):
        return  # its order is its own, see the callers
    if select._distinct:
        there, word, remedy = set(select.selected_columns), "DISTINCT", "Select it too"
    elif select._group_by_clauses:
        groups = set(groups_of(select))
        whole = [each.table for each in groups if isinstance(each, sa.Column) and set(each.table.primary_key) <= groups]
        there = groups | set(select.selected_columns) | {column for table in whole for column in table.c}
        word, remedy = "GROUP BY", "Group by it too"
    else:
        return
    for expression in wanted:
        element = unordered(expression)
        if isinstance(element, sa.Column) and element not in there:
            raise TypeError(
                f"The handler returned a select with {word}, and its rows are to be ordered by '{element}', which they"
                f" do not have. {remedy}, or make it a subquery, or replace the join by exists(): {str(select)[:200]}"
            )

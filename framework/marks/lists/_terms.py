"""The words of what can be asked of a collection: conditions, keys of an order, parts.

Floor 4.
"""

from __future__ import annotations

import typing as t

from ..base import Key

OPERATORS: t.Final = (
    *("eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "isnull"),
    *("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"),
)
"""The comparisons of a value, as query parameters name them."""

LoadedParameters: t.TypeAlias = dict[str, t.Any]
"""Parameters of a query string as a schema has loaded them, by the names of its fields."""

TEXT_OPERATORS: t.Final = frozenset(OPERATORS[9:])
LIST_OPERATORS: t.Final = frozenset({"in", "not_in"})

SORTED: t.Final = Key["tuple[SortKey, ...]"]("sort keys")
"""The keys that the client wants its list sorted by, in ``Call.notes``."""
PAGED: t.Final = Key[bool]("paged")
"""Set in ``Plan.notes`` where lists are taken in parts, so that selects are run."""


class Condition(t.NamedTuple):
    """One thing that an item must meet.

    :ivar name: What the client calls the value.
    :ivar source: Where it is: the dotted name of an attribute, or an expression of SQLAlchemy.
    :ivar operator: One of :data:`OPERATORS`.
    :ivar value: What it is compared with; a list for ``in`` and ``not_in``.
    """

    name: str
    source: t.Any
    operator: str
    value: t.Any


class SortKey(t.NamedTuple):
    """One thing that items are put in order by.

    :ivar name: What the client calls it.
    :ivar source: Where it is: the dotted name of an attribute, or an expression of SQLAlchemy.
    :ivar descending: Whether the greatest comes first.
    """

    name: str
    source: t.Any
    descending: bool = False


class Slice(t.NamedTuple):
    """A part of a collection in order.

    :ivar items: At most as many as were asked for.
    :ivar more: Whether there are more in the direction that was asked for.
    :ivar first: The values of the keys of the first item; empty where there is none.
    :ivar last: Those of the last item.
    """

    items: list[object]
    more: bool
    first: tuple[object, ...]
    last: tuple[object, ...]

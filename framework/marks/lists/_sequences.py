"""Collections that a handler may return: sequences, and selects of SQLAlchemy, behind the same few functions.

What is asked of them: to keep the items that meet conditions, to put them in order, to count them, and to give a part,
by number or by what comes after an item. A sequence does it in memory and a select in the database
(``marks.lists._selects``, loaded only when one is given). Both follow the rules of SQL: nothing but ``isnull`` matches
``None``. In ascending order ``None`` comes after everything else. Floor 4."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import ipaddress
import operator
import sys
import typing as t

from marshmallow.utils import get_value

from ._terms import LIST_OPERATORS, TEXT_OPERATORS, Condition, Slice, SortKey

if t.TYPE_CHECKING:
    from typing_extensions import TypeIs

    from ._select_order import Select

Rank: t.TypeAlias = tuple[int, t.Any]
"""A value as it is sorted: the number of its kind, and what is compared within the kind."""

_TEXT_TESTS: t.Final[dict[str, cabc.Callable[[str, str], bool]]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def is_select(value: object) -> TypeIs[Select]:
    """Return whether a value is a select of SQLAlchemy, found out without importing it."""
    sqlalchemy = sys.modules.get("sqlalchemy")
    return sqlalchemy is not None and isinstance(value, sqlalchemy.Select)


def as_sequence(value: object) -> cabc.Sequence[object]:
    """A collection as a sequence; an iterator is read to its end.

    :raises TypeError: It is none.
    """
    if isinstance(value, (list, tuple)) or (
        isinstance(value, cabc.Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))
    ):
        return value
    if isinstance(value, cabc.Iterable) and not isinstance(value, (str, bytes, bytearray, memoryview, cabc.Mapping)):
        return list(value)
    raise TypeError(
        f"{value!r} is not a collection. Return a list or another sequence, an iterator, or a select of SQLAlchemy."
    )


def narrowed(collection: object, conditions: cabc.Sequence[Condition]) -> Select | list[object]:
    """The items that meet all conditions.

    :return: A select for a select, otherwise a list.
    """
    if is_select(collection):
        from . import _selects as selects

        return selects.narrowed(collection, conditions)
    tests = [(matcher(each.operator, each.value), each.source) for each in conditions]
    return [item for item in as_sequence(collection) if all(meets(value_of(item, source)) for meets, source in tests)]


def searched(collection: object, sources: cabc.Sequence[object], words: cabc.Sequence[str]) -> Select | list[object]:
    """The items of which each word is in one of the sources, whatever its case.

    :return: A select for a select, otherwise a list.
    """
    if is_select(collection):
        from . import _selects as selects

        return selects.searched(collection, sources, words)
    folded = [word.casefold() for word in words]

    def meets(item: object) -> bool:
        texts = [str(value).casefold() for source in sources if (value := value_of(item, source)) is not None]
        return all(any(word in text for text in texts) for word in folded)

    return [item for item in as_sequence(collection) if meets(item)]


@t.overload
def ordered(collection: cabc.Sequence[object], keys: cabc.Sequence[SortKey]) -> list[object]: ...
@t.overload
def ordered(collection: object, keys: cabc.Sequence[SortKey]) -> Select | list[object]: ...
def ordered(collection: object, keys: cabc.Sequence[SortKey]) -> Select | list[object]:
    """The items in the order of the keys, and those that are equal by them in the order they had.

    :return: A select for a select (equal rows in the order of the primary key), otherwise a list.
    """
    if is_select(collection):
        from . import _selects as selects

        return selects.ordered(collection, keys)
    items = list(as_sequence(collection))
    for key in reversed(keys):
        source = key.source
        items.sort(key=lambda item: rank(value_of(item, source)), reverse=key.descending)
    return items


def count(collection: Select | cabc.Sequence[object], session: object) -> int:
    """Return how many items there are; a select is counted by one statement."""
    if is_select(collection):
        from . import _selects as selects

        return selects.count(collection, session)
    return len(collection)


def take_slice(
    collection: Select | cabc.Sequence[object],
    offset: int,
    limit: int,
    session: object,
    unique: cabc.Sequence[str] = (),
) -> list[object]:
    """The items from a number on, at most so many; of a select only these are fetched.

    :param unique: The names of what sets any two rows of a select apart. Default: found out.
    """
    if is_select(collection):
        from . import _selects as selects

        return selects.take_slice(collection, offset, limit, session, unique)
    return list(collection[offset : offset + limit])


def part(
    collection: Select | cabc.Sequence[object],
    keys: cabc.Sequence[SortKey],
    position: tuple[object, ...] | None,
    limit: int,
    *,
    backward: bool,
    session: object,
) -> Slice:
    """The items after a position, or before it, in the order of the keys.

    :param keys: What the order is; no two items may be equal by all of them.
    :param position: The values of the keys of an item, which may be gone by now; ``None`` for the beginning, or going
        backward for the end.
    :param limit: How many at most.
    :param backward: Whether those before the position are wanted; they come in the order of the keys all the same.
    """
    if is_select(collection):
        from . import _selects as selects

        items, positions = selects.part(collection, keys, position, limit + 1, backward, session)
    else:
        turned = [key._replace(descending=key.descending != backward) for key in keys]
        everything = ordered(collection, turned)
        if position is not None:
            mark = [rank(value) for value in position]
            everything = [item for item in everything if comes_after(item, turned, mark)]
        items = everything[: limit + 1]
        positions = [tuple(value_of(item, key.source) for key in keys) for item in items]
    more = len(items) > limit
    items, positions = items[:limit], positions[:limit]
    if backward:
        items, positions = items[::-1], positions[::-1]
    return Slice(items, more, positions[0] if positions else (), positions[-1] if positions else ())


def comes_after(item: object, keys: cabc.Sequence[SortKey], position: cabc.Sequence[Rank]) -> bool:
    """Return whether an item comes after a position, given as ranks."""
    for key, there in zip(keys, position, strict=True):
        here = rank(value_of(item, key.source))
        if here != there:
            return bool(here < there if key.descending else here > there)
    return False


# Values of items


def value_of(item: object, source: object) -> object:
    """The value of an item under a dotted name; ``None`` where it has none.

    :raises TypeError: The source is an expression, which only a select understands.
    """
    if not isinstance(source, str):
        raise TypeError(
            f"{source!r} says where a value is in a database, and the handler returned a sequence. Return a select, or"
            " give the name of an attribute."
        )
    return comparable(get_value(item, source, None))


def comparable(value: object) -> object:
    """A value that can be compared with its like: a datetime or time without offset is taken as UTC."""
    if isinstance(value, (dt.datetime, dt.time)) and value.tzinfo is None:
        return value.replace(tzinfo=dt.UTC)
    return value


def rank(value: object) -> Rank:
    """Return what a value is sorted by: ``None`` is the greatest. Kinds that cannot be compared come one after the
    other."""
    if value is None:
        return 4, 0
    if isinstance(value, str):
        return 1, value
    if isinstance(value, (ipaddress.IPv4Interface, ipaddress.IPv6Interface)):
        return 2, (value.version, int(value), value.network.prefixlen)
    if isinstance(value, (ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return 2, (value.version, int(value))
    if isinstance(value, (dict, list)):
        return 3, repr(value)
    return 0, comparable(value)


def matcher(name: str, wanted: t.Any) -> cabc.Callable[[object], bool]:
    """Return whether a value meets a condition."""
    if name == "isnull":
        return lambda value: (value is None) is wanted
    if name in LIST_OPERATORS:
        allowed = [comparable(each) for each in wanted]
        return lambda value: value is not None and (value in allowed) is (name == "in")
    wanted = comparable(wanted)
    if name in ("lt", "lte", "gt", "gte"):
        compare: cabc.Callable[[object, object], bool]
        compare, there = getattr(operator, {"lte": "le", "gte": "ge"}.get(name, name)), rank(wanted)

        def meets(value: object) -> bool:
            here = rank(value)  # of two kinds none is less than the other
            return value is not None and here[0] == there[0] and compare(here, there)

        return meets
    if name not in TEXT_OPERATORS:
        compare = getattr(operator, name)
        return lambda value: value is not None and compare(value, wanted)
    kind = name if name in ("contains", "startswith", "endswith") else name[1:]
    test = _TEXT_TESTS[kind]
    if kind == name:
        return lambda value: value is not None and test(str(value), wanted)
    folded = wanted.casefold()
    return lambda value: value is not None and test(str(value).casefold(), folded)

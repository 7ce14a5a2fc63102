"""Reading the values of an object: by attribute, by key, or as marshmallow finds out.

marshmallow reads ``obj[key]`` from what has ``__getitem__``, and ``obj.key`` from the rest or when that fails. The
type decides which one it is, once. Objects and rows of SQLAlchemy are read past its descriptors, by its own rule.

Knows types; generates the text of a read.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import itertools
import keyword
import operator
import sys
import types
import typing as t

import marshmallow as ma

from .._codegen import indented

ATTRIBUTES = "attributes"
KEYS = "keys"
ITEMS = "items"
GENERAL = "general"
NOTHING = "nothing"

COMPILED = frozenset({ATTRIBUTES, KEYS, ITEMS})
"""The kinds of objects that generated functions read."""

LOADED = "loaded attributes"
COLUMNS = "columns"
"""The kinds that :func:`kind_of` does not tell: they depend on the names that are read, and on the row."""

_NO_ITEM = "(KeyError, IndexError, TypeError, AttributeError)"
_DICT_NAMES = frozenset(dir(dict))
_SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType)
_LIMIT = 10_000
#: Values that have no members a schema could dump; marshmallow makes ``{}`` of them.
_NOTHING = frozenset(
    {
        *(type(None), type(ma.missing), bool, int, float, complex, str, bytes, bytearray, tuple),
        *(types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType, types.FunctionType, types.MethodType),
    }
)
_COLLECTIONS = (list, set, frozenset, cabc.Iterator)

#: How objects of a type are read, for types met so far, and which of these are objects read by attribute.
_KINDS: dict[type, str] = {}
BY_ATTRIBUTE: set[type] = set()


def kind_of(cls: type) -> str:
    """Tell how the values of instances of a class are read.

    :return: :data:`KEYS` for exactly ``dict``, :data:`NOTHING` for values without members, such as numbers, texts and
        lists, :data:`ATTRIBUTES` for classes that have no item of any name, :data:`ITEMS` for other classes with
        ``__getitem__``, and :data:`GENERAL` for what is a class itself.
    """
    kind = _KINDS.get(cls)
    if kind is None:
        if cls is dict:
            kind = KEYS
        elif cls in _NOTHING or issubclass(cls, _COLLECTIONS):
            kind = NOTHING
        elif issubclass(cls, type):
            kind = GENERAL
        else:
            owner = _owner_of_items(cls)
            kind = ATTRIBUTES if owner is None or owner is tuple or is_row(owner) else ITEMS
        if len(_KINDS) >= _LIMIT:
            _KINDS.clear()
            BY_ATTRIBUTE.clear()
        _KINDS[cls] = kind
        if kind is ATTRIBUTES:
            BY_ATTRIBUTE.add(cls)
    return kind


def _owner_of_items(cls: type) -> type | None:
    return next((base for base in cls.__mro__ if "__getitem__" in vars(base)), None)


def is_row(cls: type) -> bool:
    """Return whether a class is that of SQLAlchemy's rows, or its base, which gives items by number only."""
    return cls.__module__.startswith("sqlalchemy.") and cls.__name__ in ("BaseRow", "Row")


class RowParts(t.NamedTuple):
    """Functions that get at the parts of a row of SQLAlchemy.

    :ivar values: Gives the tuple of its values.
    :ivar layout: Gives where each name is in that tuple; one object for all rows of a result.
    """

    values: cabc.Callable[[t.Any], tuple[object, ...]]
    layout: cabc.Callable[[t.Any], cabc.Mapping[object, object]]


def parts_of_row(cls: type) -> RowParts | None:
    """Return how rows of a class are kept; ``None`` where they are kept in another way than that which is known."""
    owner = _owner_of_items(cls)
    # PERF: a row looks for each of its attributes among the columns first, which takes 0.5 us.
    found = [vars(owner).get(name) for name in ("_data", "_key_to_index")]
    if not is_row(cls) or not all(type(each) in _SLOTS for each in found):
        return None
    values, layout = found
    return RowParts(values.__get__, layout.__get__)  # type: ignore[union-attr]


def columns_of(row: object, parts: RowParts, names: cabc.Iterable[str]) -> dict[str, int]:
    """Return where a row of SQLAlchemy has the values of some names.

    Left out are those that it does not have, and those that it reads in another way. Every row of the same layout has
    the others in the same place.

    :param names: Of those that :func:`may_be_columns` has left.
    """
    places, data = parts.layout(row), parts.values(row)
    found = {name: place for name in names if type(place := places.get(name)) is int and 0 <= place < len(data)}
    return found if all(getattr(row, name) is data[place] for name, place in found.items()) else {}


def may_be_columns(cls: type, names: cabc.Iterable[str]) -> list[str]:
    """Return the names that rows of a class look for among their columns first."""
    return [name for name in names if name[:1] != "_" and not hasattr(cls, name)]


def have_layout(rows: cabc.Iterable[object], parts: RowParts, layout: object) -> bool:
    """Return whether all of some objects are rows of the same layout."""
    try:
        return all(map(operator.is_, map(parts.layout, rows), itertools.repeat(layout)))
    except TypeError:  # not a row
        return False


def loaded_names(obj: object, names: cabc.Iterable[str]) -> frozenset[str] | None:
    """Return the names whose values are those in the ``__dict__`` of an object of SQLAlchemy, wherever that has them.

    Its attributes look there themselves, in Python. A value that is not there is to be read by attribute: it is
    expired, deferred or not loaded yet. Other descriptors that come before the ``__dict__``, such as properties, hybrid
    properties and synonyms, are left out.

    :return: ``None`` for an object of another class, or one that finds its attributes in another way.
    """
    cls = type(obj)
    orm = sys.modules.get("sqlalchemy.orm.attributes")
    spaces = [vars(base) for base in cls.__mro__]
    if orm is None or not any("_sa_class_manager" in space for space in spaces):
        return None
    if cls.__getattribute__ is not object.__getattribute__:
        return None
    own_dict = next((space["__dict__"] for space in spaces if "__dict__" in space), None)
    if type(own_dict) is not types.GetSetDescriptorType or orm.instance_dict(obj) is not obj.__dict__:
        return None
    found = []
    for name in names:
        value: t.Any = next((space[name] for space in spaces if name in space), None)
        kind = type(value)
        if kind is orm.InstrumentedAttribute:
            if value.key == name and getattr(getattr(value, "impl", None), "supports_population", False) is True:
                found.append(name)
        elif not hasattr(kind, "__set__") and not hasattr(kind, "__delete__"):
            found.append(name)
    values = obj.__dict__
    return frozenset(found) if all(getattr(obj, name) is values[name] for name in found if name in values) else None


def is_collection(value: object) -> bool:
    """Return whether a value is a collection of objects: no text, no mapping, no single object."""
    return isinstance(value, cabc.Iterable) and not isinstance(value, (str, bytes, bytearray, cabc.Mapping))


def read(target: str, obj: str, key: str, kind: str, absent: str = "") -> list[str]:
    """Write the lines that put a value of an object into a variable, ``MISSING`` when it has none.

    The lines name ``MISSING`` and ``get_value``.

    :param target: The variable.
    :param obj: The variable of the object.
    :param key: The name to read, which may be dotted.
    :param kind: What :func:`kind_of` says of the object.
    :param absent: The function that is asked about an attribute that cannot be read; without one it is missing.
    """
    if "." in key or (kind == KEYS and key in _DICT_NAMES):
        return [f"{target} = get_value({obj}, {key!r}, MISSING)"]
    if kind == KEYS:
        return [f"{target} = {obj}[{key!r}] if {key!r} in {obj} else MISSING"]
    if kind == ITEMS:
        lines = read(target, obj, key, ATTRIBUTES, absent)
        return ["try:", f"    {target} = {obj}[{key!r}]", f"except {_NO_ITEM}:", *indented(lines)]
    if key.isidentifier() and key.isascii() and not keyword.iskeyword(key):
        read_it = ["try:", f"    {target} = {obj}.{key}"]
        if absent:
            return [*read_it, "except AttributeError as error:", f"    {target} = {absent}({obj}, {key!r}, error)"]
        return [*read_it, "except AttributeError:", f"    {target} = MISSING"]
    return [f"{target} = getattr({obj}, {key!r}, MISSING)"]


def is_readable(key: object) -> bool:
    """Return whether a name can be read by generated code; marshmallow itself takes anything."""
    return type(key) is str

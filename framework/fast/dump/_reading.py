"""Reading the values of an object: by attribute, by key, or as marshmallow finds out.

marshmallow reads ``obj[key]`` from what has ``__getitem__``, and ``obj.key`` from the rest or when that fails. The
type decides which one it is, once.

Knows types; generates the text of a read.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import keyword
import types

import marshmallow as ma

ATTRIBUTES = "attributes"
KEYS = "keys"
GENERAL = "general"
NOTHING = "nothing"

COMPILED = frozenset({ATTRIBUTES, KEYS})
"""The kinds of objects that generated functions read."""

_DICT_NAMES = frozenset(dir(dict))
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
        lists, :data:`ATTRIBUTES` for classes without ``__getitem__``, otherwise :data:`GENERAL`.
    """
    kind = _KINDS.get(cls)
    if kind is None:
        if cls is dict:
            kind = KEYS
        elif cls in _NOTHING or issubclass(cls, _COLLECTIONS):
            kind = NOTHING
        elif issubclass(cls, type) or any("__getitem__" in vars(base) for base in cls.__mro__):
            kind = GENERAL
        else:
            kind = ATTRIBUTES
        if len(_KINDS) >= _LIMIT:
            _KINDS.clear()
            BY_ATTRIBUTE.clear()
        _KINDS[cls] = kind
        if kind is ATTRIBUTES:
            BY_ATTRIBUTE.add(cls)
    return kind


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
    if key.isidentifier() and key.isascii() and not keyword.iskeyword(key):
        read_it = ["try:", f"    {target} = {obj}.{key}"]
        if absent:
            return [*read_it, "except AttributeError as error:", f"    {target} = {absent}({obj}, {key!r}, error)"]
        return [*read_it, "except AttributeError:", f"    {target} = MISSING"]
    return [f"{target} = getattr({obj}, {key!r}, MISSING)"]


def is_readable(key: object) -> bool:
    """Return whether a name can be read by generated code; marshmallow itself takes anything."""
    return type(key) is str

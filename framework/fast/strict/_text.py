"""Texts of a query, a form, headers or cookies to the dict that a schema loads.

A list takes all values of its name, anything else takes one and is refused when it is given twice. What the texts
mean is the schema's matter, see ``fast.strict._fields``; which undeclared names are refused is decided by the caller,
who knows all schemas of a place.
Knows multi-dicts; knows nothing of requests.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t
import weakref

import marshmallow as ma
from marshmallow.decorators import PRE_LOAD
from werkzeug.datastructures import Headers, MultiDict

from ...fields import AnyField, OneOf
from ...issues import issue

TextData: t.TypeAlias = dict[str, t.Any]
"""The texts, files and lists of these that a schema loads, by their keys."""
TextSource = MultiDict[str, t.Any] | Headers | cabc.Mapping[str, object]

GIVEN_TWICE: t.Final = issue("given_twice")


class Reader(t.NamedTuple):
    """The names and kinds of values that a schema reads, found once.

    :ivar scalars: (key in the dict, name of the header) of each field that takes one value.
    :ivar lists: The same of each field that takes many.
    :ivar others: Whether undeclared names are passed on too.
    """

    scalars: tuple[tuple[str, str], ...]
    lists: tuple[tuple[str, str], ...]
    others: bool


# By schema; a reader holds names only, so it does not keep its schema alive.
_readers: weakref.WeakKeyDictionary[ma.Schema, tuple[object, Reader]] = weakref.WeakKeyDictionary()


def takes_many(field: AnyField) -> bool:
    """Return whether a field takes all values of its name: ``List`` and ``Tuple``, unless they read one delimited
    text."""
    if isinstance(field, (ma.fields.List, ma.fields.Tuple)):
        return not isinstance(getattr(field, "delimiter", None), str)
    return isinstance(field, ma.fields.Nested) and bool(field.many)


def is_json_part(field: AnyField) -> bool:
    """Return whether a field of a multipart form is written as JSON: an object, or a list of objects, one in each
    part."""
    if isinstance(field, ma.fields.List) and takes_many(field):
        field = field.inner
    return isinstance(field, (ma.fields.Nested, ma.fields.Mapping, OneOf)) and not isinstance(field, ma.fields.Pluck)


def parameter_name(name: str, field: AnyField, location: str) -> str:
    """The name of a field as clients write it: its ``data_key``, otherwise its own name, with hyphens in a header."""
    if field.data_key is not None:
        return field.data_key
    return name.replace("_", "-") if location == "headers" else name


def reader(schema: ma.Schema) -> Reader:
    """Give what a schema wants to read."""
    found = _readers.get(schema)
    if found is not None and found[0] == (id(schema.load_fields), schema.unknown):
        return found[1]
    scalars: list[tuple[str, str]] = []
    lists: list[tuple[str, str]] = []
    for name, field in schema.load_fields.items():
        pair = (
            field.data_key if field.data_key is not None else name,
            parameter_name(name, field, "headers"),
        )
        (lists if takes_many(field) else scalars).append(pair)
    hooked = bool(schema._hooks[PRE_LOAD])
    others = schema.unknown == ma.INCLUDE or (hooked and schema.unknown == ma.EXCLUDE)
    made = Reader(tuple(scalars), tuple(lists), others)
    _readers[schema] = ((id(schema.load_fields), schema.unknown), made)
    return made


def from_multidict(schema: ma.Schema, multi: TextSource) -> tuple[TextData, dict[str, list[str]]]:
    """Take what a schema declares from a multi-dict.

    In :class:`werkzeug.datastructures.Headers` names are looked up without regard to case, a field without ``data_key``
    is looked up with hyphens for underscores, and a list may come in one header, with commas
    (RFC 9110, section 5.6.1). Undeclared names are left out, unless the schema includes them, or excludes them only
    after one of its ``pre_load`` hooks has seen them.

    :param schema: The schema that will load the result.
    :param multi: Query, form, files, cookies or headers; a plain mapping counts as given once each.
    :return: The dict to load, with the keys that the schema looks for, and messages by key for what was given twice.
        Such a key is not in the dict; its message replaces any other that the schema has for it.
    """
    wanted = reader(schema)
    headers = isinstance(multi, Headers)
    data: TextData = {}
    wrong: dict[str, list[str]] = {}
    if not isinstance(multi, (Headers, MultiDict)):
        multi = MultiDict(multi)
    for key, name in wanted.scalars:
        values = multi.getlist(name if headers else key)
        if len(values) == 1:
            data[key] = values[0]
        elif values:
            wrong[key] = [GIVEN_TWICE]
    for key, name in wanted.lists:
        values = multi.getlist(name if headers else key)
        if values:
            data[key] = _pieces(values) if headers else values
    if wanted.others:
        _add_others(data, wrong, wanted, multi)
    return data, wrong


def from_values(wanted: Reader, values: cabc.Mapping[str, list[str]]) -> tuple[TextData, dict[str, list[str]]]:
    """:func:`from_multidict` for the values of each name as a plain dict of lists.

    :param wanted: What :func:`reader` says of the schema.
    :param values: Never an empty list.
    """
    data: TextData = {}
    wrong: dict[str, list[str]] = {}
    for key, _ in wanted.scalars:
        given = values.get(key)
        if given is not None:
            if len(given) == 1:
                data[key] = given[0]
            else:
                wrong[key] = [GIVEN_TWICE]
    for key, _ in wanted.lists:
        if key in values:
            data[key] = values[key]
    if wanted.others:
        _add_others(data, wrong, wanted, MultiDict(values))
    return data, wrong


def _pieces(values: cabc.Iterable[str]) -> list[str]:
    """The members of a list header, empty ones left out."""
    return [piece for value in values for each in value.split(",") if (piece := each.strip(" \t"))]


def _add_others(
    data: TextData, wrong: cabc.Container[str], wanted: Reader, multi: MultiDict[str, t.Any] | Headers
) -> None:
    """Add undeclared names: one value as it is, several as a list."""
    taken = {name.lower() for pair in (*wanted.scalars, *wanted.lists) for name in pair}
    lowered = isinstance(multi, Headers)
    for name in dict.fromkeys(multi.keys()):
        if name not in data and name not in wrong and not (lowered and name.lower() in taken):
            values = multi.getlist(name)
            data[name] = values[0] if len(values) == 1 else values

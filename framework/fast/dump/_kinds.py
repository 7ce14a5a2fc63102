"""Refuse what a schema would dump as nothing: a number as ``{}``, a dict as a list of ``{}``, null where none may be.

marshmallow dumps any value: one that is not an object has none of the members, so it becomes ``{}``. Generated
functions look at each value on their way (``fast.dump._plan``); where marshmallow does the work, :func:`check` looks
before.

Knows marshmallow schemas; knows nothing of requests.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import inspect

import marshmallow as ma

from .. import _internals as internals
from .. import _plain as plain
from .. import bounds
from ..json import JSONError
from . import _reading as reading
from ._rows import located


def not_an_object(value: object, schema: ma.Schema) -> JSONError:
    """Return the error for a value that a schema of one object gets."""
    name = type(schema).__name__
    if inspect.iscoroutine(value):
        value.close()  # it would warn later, far from its cause
        return JSONError(
            f"{name} cannot dump the coroutine {value.__qualname__!r}. Write 'await' in front of its call."
        )
    hint = " Return the members one by one, or declare many=True." if isinstance(value, (list, tuple, set)) else ""
    return JSONError(f"{name} cannot dump {shown(value)}, which is not an object.{hint}")


def not_a_list(value: object, schema: ma.Schema) -> JSONError:
    """Return the error for a value that a schema of many objects gets."""
    if inspect.iscoroutine(value):
        return not_an_object(value, schema)
    return JSONError(f"{type(schema).__name__}(many=True) cannot dump {shown(value)}, which is not a list.")


def null(path: tuple[str | int, ...]) -> JSONError:
    """Return the error for null in a field that does not declare it."""
    text = "None is not allowed here. Give the field a value, or declare it with allow_none=True"
    return located(JSONError(text), *path)


def not_a_boolean(value: object, path: tuple[str | int, ...]) -> JSONError:
    """Return the error for a value that a Boolean would write as it is."""
    return located(JSONError(f"{shown(value)} is not a boolean. Give the field True or False"), *path)


def absent(obj: object, name: str, error: AttributeError | None = None) -> object:
    """Return the value for an attribute that an object does not have: ``missing``.

    :param error: What reading it raised. Default: it is read again, where it may have been more than absent.
    :raises AttributeError: The class has a property of that name, which failed: the member is not absent, but broken.
    """
    computed = next((vars(base)[name] for base in type(obj).__mro__ if name in vars(base)), None)
    if isinstance(computed, (property, functools.cached_property)):
        if error is not None:
            raise error
        getattr(obj, name)
    return ma.missing


def attribute(obj: object, name: str) -> object:
    """Return an attribute of an object, ``missing`` where it has none; see :func:`absent`."""
    try:
        return getattr(obj, name)
    except AttributeError as error:
        return absent(obj, name, error)


def shown(value: object) -> str:
    """Return what a value looks like in a message for developers."""
    return bounds.shown(repr(value))


def check(schema: ma.Schema, value: object, many: bool | None = None, path: tuple[str | int, ...] = ()) -> None:
    """Look through a value before marshmallow dumps it.

    What hooks, methods of the schema or fields of other classes make of a value is theirs to decide.

    :param schema: The schema that will dump it.
    :param value: The value; iterators are not consumed.
    :param many: Whether it is a collection. Default: as the schema says.
    :param path: The keys and indexes that lead to the value from the outermost one.
    :raises JSONError: Something in it is not what the schema dumps; ``path`` leads there.
    """
    if schema._hooks[internals.PRE_DUMP] or not plain.is_plain_schema(schema, plain.SCHEMA_DUMP_METHODS):
        return
    if schema.many if many is None else many:
        if not reading.is_collection(value):
            raise located(not_a_list(value, schema), *path)
        if isinstance(value, cabc.Collection):
            for index, item in enumerate(value):
                _check_one(schema, item, (*path, index))
    else:
        _check_one(schema, value, path)


def _check_one(schema: ma.Schema, value: object, path: tuple[str | int, ...]) -> None:
    if reading.kind_of(type(value)) == reading.NOTHING:
        raise located(not_an_object(value, schema), *path)
    for name, field in schema.dump_fields.items():
        if not plain.is_plain_dump(field) or not field._CHECK_ATTRIBUTE:
            continue
        found = schema.get_attribute(value, name if field.attribute is None else field.attribute, ma.missing)
        where = (*path, name if field.data_key is None else field.data_key)
        if found is ma.missing:
            absent(value, name if field.attribute is None else field.attribute)
        if found is None and not field.allow_none:
            raise null(where)
        if isinstance(field, ma.fields.Boolean) and found not in (None, ma.missing) and not isinstance(found, bool):
            raise not_a_boolean(found, where)
        _check_member(field, found, where)


def _check_member(field: object, value: object, path: tuple[str | int, ...]) -> None:
    if value is None or value is ma.missing or isinstance(field, ma.fields.Pluck):
        return
    if isinstance(field, ma.fields.Nested) and plain.is_plain_dump(field):
        check(field.schema, value, bool(field.schema.many or field.many), path)
    elif type(field) is ma.fields.List and isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if item is None and isinstance(field.inner, ma.fields.Nested) and not field.inner.allow_none:
                raise null((*path, index))
            _check_member(field.inner, item, (*path, index))

"""Load what lists, tuples, dicts and choices hold: member by member, as marshmallow does, up to the bound of errors.

Each function made here takes ``(value, partial)``, and raises the errors of all members at once. A member is loaded by
a function of the same kind, which ``fast.load._code`` writes.

Knows fields; generates nothing.
Floor 1.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import itertools
import typing as t

import marshmallow as ma

from ...fields import OneOf
from .._internals import is_sequence_but_not_string
from ..bounds import STATE, first

AnyField = ma.fields.Field[t.Any]
Function = cabc.Callable[..., t.Any]
MISSING = ma.missing


def unknown_names(names: set[t.Any]) -> cabc.Iterable[t.Any]:
    """Give the unknown names that are noted: those that are described, where there are too many."""
    return first(names, STATE.left)


def asker(field: AnyField) -> Function:
    """Give the function that lets a member's field do all of its work."""
    deserialize: Function = field.deserialize

    def ask(value: t.Any, partial: t.Any) -> t.Any:
        return deserialize(value) if partial is None else deserialize(value, partial=partial)

    return ask


def member_loader(field: AnyField, load: Function) -> Function:
    """Give the function for a member that holds others itself.

    :param load: loads what it holds.
    """
    ask = asker(field)
    validate = field._validate if field.validators else None

    def load_member(value: t.Any, partial: t.Any) -> t.Any:
        if value is None or value is MISSING:
            return ask(value, partial)
        value = load(value, partial)
        if validate is not None:
            validate(value)
        return value

    return load_member


def list_loader(field: ma.fields.List[t.Any], load: Function) -> Function:
    """Give the function that loads the members of a list.

    :param load: loads a member.
    :return: it takes, besides, the members at the front that are loaded already.
    """
    return _items_loader(field, itertools.repeat(load))


def _items_loader(field: AnyField, loads: cabc.Iterable[Function]) -> Function:
    """As :func:`list_loader`, with a function for each member, in their order."""
    deserialize: Function = field._deserialize

    def load_items(values: t.Any, partial: t.Any, result: list[t.Any] | None = None) -> t.Any:
        if type(values) is not list:
            return deserialize(values, None, None, **({} if partial is None else {"partial": partial}))
        if result is None:
            result = []
        errors: dict[int, t.Any] = {}
        start = len(result)
        for index, (load, value) in enumerate(zip(loads, values[start:], strict=False), start):
            left = STATE.left
            try:
                result.append(load(value, partial))
            except ma.ValidationError as error:
                if error.valid_data is not None:
                    result.append(error.valid_data)
                errors[index] = error.messages
                if is_full(left):
                    break
        if errors:
            raise ma.ValidationError(t.cast("dict[t.Any, t.Any]", errors), valid_data=result)
        return result

    return load_items


def is_full(left: int) -> bool:
    """Count the error of a member, if what it holds has not counted any, and tell whether no more are wanted.

    :param left: ``STATE.left`` before the member was loaded.
    """
    if STATE.left == left:
        STATE.left = left - 1
    return STATE.left <= 0


def tuple_loader(field: ma.fields.Tuple, loads: cabc.Sequence[Function]) -> Function:
    """Give the function that loads the members of a tuple.

    :param loads: load the members, in their order.
    """

    load_items = _items_loader(field, loads)

    def load_tuple(values: t.Any, partial: t.Any) -> tuple[t.Any, ...]:
        if type(values) is not list and not is_sequence_but_not_string(values):
            raise field.make_error("invalid")
        field.validate_length(values)
        return tuple(load_items(list(values), partial))

    return load_tuple


def dict_loader(field: ma.fields.Dict, load_key: Function | None, load_value: Function | None) -> Function:
    """Give the function that loads the keys and values of a dict.

    marshmallow looks at all keys before it looks at the first value, and an error of either kind makes the place of its
    key among the messages. So the values of bad keys come first, where the number of errors is bounded.

    :param load_key: loads a key; ``None`` takes all as they are.
    :param load_value: loads a value; ``None`` takes all as they are.
    """

    def load_keys(value: cabc.Mapping[t.Any, t.Any], partial: t.Any, errors: t.Any) -> dict[t.Any, t.Any]:
        if load_key is None:
            return {key: key for key in value}
        keys: dict[t.Any, t.Any] = {}
        for key in value:
            left = STATE.left
            try:
                keys[key] = load_key(key, partial)
            except ma.ValidationError as error:
                errors[key]["key"] = error.messages
                if is_full(left):
                    break
        return keys

    def load_members(value: t.Any, partial: t.Any) -> t.Any:
        if not isinstance(value, cabc.Mapping):
            raise field.make_error("invalid")
        errors: t.Any = collections.defaultdict(dict)
        keys = load_keys(value, partial, errors)
        result: t.Any = field.mapping_type()
        if load_value is None:
            result.update({keys[key]: each for key, each in value.items() if key in keys})
            if errors:
                raise ma.ValidationError(errors, valid_data=result)
            return result
        done: dict[t.Any, t.Any] = {}
        for key in list(errors):
            try:
                done[key] = load_value(value[key], partial)
            except ma.ValidationError as error:
                errors[key]["value"] = error.messages
                done[key] = MISSING
        for key, each in value.items():
            if STATE.left <= 0:
                break
            if key in done:
                continue
            left = STATE.left
            try:
                loaded = load_value(each, partial)
            except ma.ValidationError as error:
                errors[key]["value"] = error.messages
                if error.valid_data is not None and key in keys:
                    result[keys[key]] = error.valid_data
                is_full(left)
            else:
                if key in keys:
                    result[keys[key]] = loaded
        if errors:
            raise ma.ValidationError(errors, valid_data=result)
        return result

    return load_members


def one_of_loader(field: OneOf, chosen: cabc.Callable[[ma.Schema], Function]) -> Function:
    """Give the function that loads one of several objects.

    :param chosen: gives the function that loads by a schema.
    """
    loads: dict[str, Function] = {}
    deserialize: Function = field._deserialize

    def load(value: t.Any, partial: t.Any) -> t.Any:
        tag = value.get(field.discriminator) if type(value) is dict else None
        if not isinstance(tag, str) or tag not in field.schemas:
            return deserialize(value, None, None, partial=partial)
        found = loads.get(tag)
        if found is None:
            found = loads[tag] = chosen(field.member(tag))
        if field.strict_plan is not None and field.strict_plan.rules.nested_partial:
            partial = None
        return found(value, partial)

    return load

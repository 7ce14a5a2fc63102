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

from ...fields import AnyField, OneOf
from ...issues import AnyMessages
from .._internals import is_sequence_but_not_string
from ..bounds import STATE, first

#: ``load(value, partial)``: the loaded member; it raises ``ValidationError``.
MemberLoader: t.TypeAlias = cabc.Callable[..., object]
#: Messages for the keys and values of a dict, by key.
DictErrors: t.TypeAlias = collections.defaultdict[object, dict[str, AnyMessages]]
MISSING = ma.missing


def unknown_names(names: set[object]) -> cabc.Iterable[object]:
    """Give the unknown names that are noted: those that are described, where there are too many."""
    return first(names, STATE.left)


def asker(field: AnyField) -> MemberLoader:
    """Give the function that lets a member's field do all of its work."""
    deserialize: MemberLoader = field.deserialize

    def ask(value: object, partial: object) -> object:
        return deserialize(value) if partial is None else deserialize(value, partial=partial)

    return ask


def member_loader(field: AnyField, load: MemberLoader) -> MemberLoader:
    """Give the function for a member that holds others itself.

    :param load: Loads what it holds.
    """
    ask = asker(field)
    validate = field._validate if field.validators else None

    def load_member(value: object, partial: object) -> object:
        if value is None or value is MISSING:
            return ask(value, partial)
        value = load(value, partial)
        if validate is not None:
            validate(value)
        return value

    return load_member


def list_loader(field: ma.fields.List[t.Any], load: MemberLoader) -> MemberLoader:
    """Return the function that loads the members of a list.

    :param load: Loads a member.
    :return: It takes, in addition, the members at the front that are loaded already.
    """
    deserialize: MemberLoader = field._deserialize

    def load_items(values: object, partial: object, result: list[object] | None = None) -> object:
        if type(values) is not list:
            return deserialize(values, None, None, **({} if partial is None else {"partial": partial}))
        if result is None:
            result = []
        start, left = len(result), STATE.left
        try:
            for value in values[start:] if start else values:
                result.append(load(value, partial))
        except ma.ValidationError as error:
            failed = len(result)
            rest = zip(itertools.repeat(load), values[failed + 1 :], strict=False)
            raise _refused_items(error, failed, left, rest, partial, result) from error.__cause__
        return result

    return load_items


def _refused_items(
    error: ma.ValidationError,
    failed: int,
    left: int,
    rest: cabc.Iterable[tuple[MemberLoader, object]],
    partial: object,
    result: list[object],
) -> ma.ValidationError:
    """Load the members after one that was refused, and return the error of all of them.

    :param failed: The index of the refused member.
    :param left: ``STATE.left`` before it was loaded.
    :param rest: What loads each of the others, and their values.
    :param result: Gets what is valid.
    """
    errors: dict[int, object] = {failed: error.messages}
    if error.valid_data is not None:
        result.append(error.valid_data)
    if not is_full(left):
        for index, (load, value) in enumerate(rest, failed + 1):
            left = STATE.left
            try:
                result.append(load(value, partial))
            except ma.ValidationError as refused:
                if refused.valid_data is not None:
                    result.append(refused.valid_data)
                errors[index] = refused.messages
                if is_full(left):
                    break
    return ma.ValidationError(t.cast("dict[object, object]", errors), valid_data=result)


def is_full(left: int) -> bool:
    """Count the error of a member, if what it holds has not counted any, and tell whether no more are wanted.

    :param left: ``STATE.left`` before the member was loaded.
    """
    if STATE.left == left:
        STATE.left = left - 1
    return STATE.left <= 0


def tuple_loader(field: ma.fields.Tuple, loads: cabc.Sequence[MemberLoader]) -> MemberLoader:
    """Give the function that loads the members of a tuple.

    :param loads: Load the members, in their order.
    """

    def load_tuple(values: t.Any, partial: object) -> tuple[object, ...]:
        if type(values) is not list and not is_sequence_but_not_string(values):
            raise field.make_error("invalid")
        field.validate_length(values)
        result: list[object] = []
        left = STATE.left
        pairs = zip(loads, values, strict=False)
        try:
            for load, value in pairs:
                result.append(load(value, partial))
        except ma.ValidationError as error:
            raise _refused_items(error, len(result), left, pairs, partial, result) from error.__cause__
        return tuple(result)

    return load_tuple


def dict_loader(field: ma.fields.Dict, load_key: MemberLoader | None, load_value: MemberLoader | None) -> MemberLoader:
    """Return the function that loads the keys and values of a dict.

    marshmallow looks at all keys before it looks at the first value, and an error of either kind makes the place of its
    key among the messages. So the values of bad keys come first, where the number of errors is bounded.

    :param load_key: Loads a key; ``None`` takes all as they are.
    :param load_value: Loads a value; ``None`` takes all as they are.
    """

    def load_members(value: object, partial: object) -> object:
        if not isinstance(value, cabc.Mapping):
            raise field.make_error("invalid")
        result: dict[t.Any, object] = field.mapping_type()
        keys: dict[object, object] = {}
        names, items, left = iter(value), iter(value.items()), STATE.left
        errors: DictErrors = collections.defaultdict(dict)
        try:
            for key in names:
                keys[key] = key if load_key is None else load_key(key, partial)
        except ma.ValidationError as error:
            errors[key]["key"] = error.messages
            if not is_full(left):
                _load_rest_of_keys(t.cast(MemberLoader, load_key), names, partial, keys, errors)
            if load_value is None:
                result.update({keys[key]: each for key, each in items if key in keys})
                raise ma.ValidationError(errors, valid_data=result) from error.__cause__
            done = _load_values_of_bad_keys(load_value, value, partial, errors)
            rest = [(key, each) for key, each in items if key not in done]
            raise _refused_values(load_value, rest, partial, keys, errors, result) from error.__cause__
        if load_value is None:
            result.update({keys[key]: each for key, each in items})
            return result
        try:
            for key, each in items:
                result[keys[key]] = load_value(each, partial)
        except ma.ValidationError as error:
            errors[key]["value"] = error.messages
            if error.valid_data is not None:
                result[keys[key]] = error.valid_data
            is_full(left)
            raise _refused_values(load_value, items, partial, keys, errors, result) from error.__cause__
        return result

    return load_members


def _load_rest_of_keys(
    load_key: MemberLoader,
    names: cabc.Iterator[object],
    partial: object,
    keys: dict[object, object],
    errors: DictErrors,
) -> None:
    """Load the keys after one that was refused, up to the bound of errors."""
    for key in names:
        left = STATE.left
        try:
            keys[key] = load_key(key, partial)
        except ma.ValidationError as error:
            errors[key]["key"] = error.messages
            if is_full(left):
                break


def _load_values_of_bad_keys(
    load_value: MemberLoader, value: cabc.Mapping[object, object], partial: object, errors: DictErrors
) -> set[object]:
    """Load the values whose keys were refused, for their messages alone; return these keys."""
    done = set(errors)
    for key in list(errors):
        try:
            load_value(value[key], partial)
        except ma.ValidationError as error:
            errors[key]["value"] = error.messages
    return done


def _refused_values(
    load_value: MemberLoader,
    rest: cabc.Iterable[tuple[object, object]],
    partial: object,
    keys: dict[object, object],
    errors: DictErrors,
    result: dict[t.Any, object],
) -> ma.ValidationError:
    """Load the values that are left after a refusal, and return the error of all members.

    :param rest: The keys as they were sent, and their values.
    :param keys: The loaded keys by those that were sent.
    :param errors: The messages so far; gets the others.
    :param result: Gets what is valid.
    """
    for key, each in rest:
        if STATE.left <= 0:
            break
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
    return ma.ValidationError(errors, valid_data=result)


def one_of_loader(field: OneOf, chosen: cabc.Callable[[ma.Schema], MemberLoader]) -> MemberLoader:
    """Give the function that loads one of several objects.

    :param chosen: Gives the function that loads by a schema.
    """
    loads: dict[str, MemberLoader] = {}
    deserialize: MemberLoader = field._deserialize

    def load(value: object, partial: object) -> object:
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

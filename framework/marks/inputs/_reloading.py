"""Dumped objects made ready to be loaded by their schema again: for a JSON Patch, which changes some of them.

Two things prevent it: members that are read only, at every depth, and fields that read another form than they
write. The first are taken out where they have not changed, the second are read in both forms, and what cannot be read
at all is refused at start-up.
Floor 4.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import typing as t

import marshmallow as ma
from marshmallow import Schema, ValidationError

from ...errors import SetupError
from ...fields import AnyField, inner_fields
from ...issues import Hidden, issue

if t.TYPE_CHECKING:
    from ...typing import JSONObject

READ_ONLY: t.Final = issue("read_only")

_NUMBER: t.Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
_MOMENT: t.Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?\Z", re.ASCII)

ErrorTree: t.TypeAlias = dict[t.Any, object]
"""The mistakes in an object, by members, items and the keys of a message."""


def reloadable(schema: Schema, after: JSONObject, before: object, *, inner: bool = False) -> ErrorTree:
    """Make a dumped object that was changed loadable, in place.

    :param schema: What dumped it, and loads it.
    :param after: The changed object.
    :param before: The object as it was; anything else where it is a new one.
    :param inner: Whether it is in another object, where a read-only member may be left out: the object may be new.
    :return: What is wrong, by the names that clients write.
    """
    was = before if isinstance(before, dict) else {}
    wrong: ErrorTree = {}
    for name, field in schema.dump_fields.items():
        written = name if field.data_key is None else field.data_key
        if name not in schema.load_fields:
            if written in after and written in was and same(after[written], was[written]):
                del after[written]
            elif written in was and not (inner and written not in after):
                wrong[written] = [READ_ONLY]
        elif written in after:
            after[written], found = member(field, after[written], was.get(written))
            if found:
                wrong[written] = found
    return wrong


def member(field: AnyField, after: object, before: object) -> tuple[object, ErrorTree]:
    """Make the value of a field loadable."""
    if isinstance(field, ma.fields.Nested) and not isinstance(field, ma.fields.Pluck):
        if not (field.many or field.schema.many):
            return after, reloadable(field.schema, after, before, inner=True) if isinstance(after, dict) else {}
        return after, items(field.schema, after, before)
    if isinstance(field, ma.fields.List) and isinstance(after, list):
        if isinstance(field.inner, ma.fields.Nested) and not isinstance(field.inner, ma.fields.Pluck):
            return after, items(field.inner.schema, after, before)
        return [member(field.inner, each, None)[0] for each in after], {}
    if isinstance(field, ma.fields.Tuple) and isinstance(after, list) and len(after) == len(field.tuple_fields):
        return [member(one, each, None)[0] for one, each in zip(field.tuple_fields, after, strict=True)], {}
    if isinstance(field, ma.fields.Mapping) and isinstance(after, dict) and field.value_field is not None:
        was = before if isinstance(before, dict) else {}
        wrong: ErrorTree = {}
        for key, each in after.items():
            after[key], found = member(field.value_field, each, was.get(key))
            if found:
                wrong[key] = {Hidden("value"): found}
        return after, wrong
    return readable(field, after), {}


def items(schema: Schema, after: object, before: object) -> ErrorTree:
    """Make the objects of a list loadable; an item that was moved is one of those that were there."""
    if not isinstance(after, list):
        return {}
    known = [each for each in before if isinstance(each, dict)] if isinstance(before, list) else []
    names = [
        name if field.data_key is None else field.data_key
        for name, field in schema.dump_fields.items()
        if name not in schema.load_fields
    ]
    wrong: ErrorTree = {}
    places: dict[str, JSONObject] = {}
    if names:
        for each in known:
            places.setdefault(repr([each.get(name) for name in names]), each)
    for index, item in enumerate(after):
        if not isinstance(item, dict):
            continue
        at = known[index] if index < len(known) else {}
        if any(name in item for name in names):
            at = places.get(repr([item.get(name) for name in names]), at)
        found = reloadable(schema, item, at, inner=True)
        if found:
            wrong[index] = found
    return wrong


def same(one: object, other: object) -> bool:
    """Return whether two values of JSON are the same; true is not 1."""
    return bool(one == other) and (type(one) is type(other) or not isinstance(one, bool) ^ isinstance(other, bool))


def readable(field: AnyField, value: object) -> object:
    """A value in a form that its field reads, where it has the form that it writes."""
    if not isinstance(value, str):
        return value
    if isinstance(field, ma.fields.Decimal) and not field.as_string and _NUMBER.match(value):
        return decimal.Decimal(value)
    aware = isinstance(field, ma.fields.DateTime) and not isinstance(field, ma.fields.NaiveDateTime)
    if aware and _MOMENT.match(value) and field.format in (None, "iso", "iso8601"):  # type: ignore[attr-defined]
        return f"{value}+00:00"  # without an offset it is UTC
    return value


# At start-up


_NOW: t.Final = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
_SAMPLES: t.Final[tuple[tuple[type[AnyField], tuple[object, ...]], ...]] = (
    (ma.fields.Boolean, (True, False)),
    (ma.fields.Decimal, (decimal.Decimal("1"),)),
    (ma.fields.Number, (1,)),
    (ma.fields.NaiveDateTime, (_NOW.replace(tzinfo=None),)),
    (ma.fields.Date, (_NOW.date(),)),
    (ma.fields.Time, (_NOW.time(),)),
    (ma.fields.DateTime, (_NOW,)),
    (ma.fields.TimeDelta, (dt.timedelta(seconds=1),)),
)


def check_reloadable(schema: Schema, what: str, seen: tuple[type[Schema], ...] = ()) -> None:
    """Refuse a schema with a field that does not read what it writes.

    :param schema: The schema that loads.
    :param what: The mark, in the message.
    :raises SetupError: There is one.
    """
    if type(schema) in seen:
        return
    for name, field in schema.dump_fields.items():
        if name in schema.load_fields:
            _check_field(field, name, type(schema).__name__, what, (*seen, type(schema)))


def _check_field(field: AnyField, name: str, owner: str, what: str, seen: tuple[type[Schema], ...]) -> None:
    for part in inner_fields(field):
        _check_field(part, name, owner, what, seen)
    if isinstance(field, ma.fields.Nested) and not isinstance(field, ma.fields.Pluck):
        check_reloadable(field.schema, what, seen)
        return
    for kind, samples in _SAMPLES:
        if isinstance(field, kind):
            for sample in samples:
                try:
                    written = readable(field, field._serialize(sample, name, None))
                    field._deserialize(written, name, None)
                except ValidationError as error:
                    raise SetupError(
                        f"{what}: {name!r} of {owner} writes {sample!r} as {written!r}, which it does not read"
                        f" ({error.messages[0]}). A patched resource could not be loaded again: give the field a form"
                        " that it reads, such as a 'format', or 'truthy' and 'falsy' with true and false."
                    ) from None
            return

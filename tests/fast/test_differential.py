"""Generated functions do what marshmallow does: every field with every value that matters, and schemas at random.

``FRAMEWORK_FUZZ=20000 python -m pytest tests/fast/test_differential.py tests/fast/load/test_body.py -k random`` is the
long run: so many examples for each property.
"""

from __future__ import annotations

import os
import sys
import typing as t

import marshmallow as ma
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import EXCLUDE, INCLUDE, RAISE

sys.path.insert(0, os.path.dirname(__file__))

import pairs

from framework.fast import json as fast_json
from framework.fast.strict import _schema as strict

EXAMPLES = int(os.environ.get("FRAMEWORK_FUZZ", "150"))
SETTINGS = settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))

_integers = st.one_of(st.integers(-2, 12), st.integers(), st.floats(), st.integers().map(str))
_moments = st.datetimes(timezones=st.one_of(st.none(), st.just(pairs.UTC), st.timezones()))
_texts = st.one_of(st.text(max_size=5), st.text(st.characters(codec=None), max_size=5))
#: Random values of the type that a field is about, by the beginning of its name in ``pairs.FIELDS``.
TYPED: dict[str, st.SearchStrategy[t.Any]] = {
    "String": _texts,
    "Email": st.one_of(st.emails(), _texts),
    "Url": st.one_of(st.just("http://").flatmap(lambda start: _texts.map(lambda rest: start + rest)), _texts),
    "Integer": _integers,
    "Float": _integers,
    "Boolean": st.booleans(),
    "Decimal": st.one_of(st.decimals(), st.decimals().map(str), st.floats()),
    "DateTime": st.one_of(_moments, _moments.map(lambda each: each.isoformat())),
    "NaiveDateTime": st.one_of(_moments, _moments.map(lambda each: each.isoformat())),
    "AwareDateTime": st.one_of(_moments, _moments.map(lambda each: each.isoformat())),
    "OwnDateTime": st.one_of(_moments, _moments.map(lambda each: each.isoformat())),
    "Date": st.one_of(st.dates(), st.dates().map(str)),
    "Time": st.one_of(st.times(), st.times().map(str)),
    "UUID": st.one_of(st.uuids(), st.uuids().map(str)),
    "ListInteger": st.lists(_integers, max_size=3),
    "ListFloat": st.lists(_integers, max_size=3),
    "ListDecimal": st.lists(st.decimals(), max_size=3),
    "ListDateTime": st.lists(_moments, max_size=3),
    "List": st.lists(_texts, max_size=3),
}


def _values(name: str) -> st.SearchStrategy[t.Any]:
    """Values for a field: mostly those that tell its kinds apart, or random ones of its type; some of any type."""
    listed = st.sampled_from(pairs.FIELDS[name][1])
    start = max((each for each in TYPED if name.startswith(each)), key=len, default=None)
    typed = listed if start is None else TYPED[start]
    return st.one_of(listed, typed, typed, st.none(), st.sampled_from(pairs.FIELDS["Raw"][1]))


_seldom = st.integers(0, 6)
_names = st.lists(st.sampled_from(pairs.NAMES), min_size=1, max_size=4)
_members = "abcd"


@pytest.mark.parametrize("name", pairs.NAMES)
@pytest.mark.parametrize("way", ["dump", "load", "json", "query", "body", "plain body"])
def test_every_field_with_every_value(way: str, name: str) -> None:
    """Every known and unknown kind of field gives the same values, messages and calls, with each option."""
    compared = pairs.GENERATORS[f"{way}:{name}"]()

    assert compared > 10


def test_every_shape_of_data() -> None:
    """Policies, partial, many and data of the wrong shape mean what they mean to marshmallow."""
    assert pairs.shapes() > 1000


@SETTINGS
@given(_names, st.data())
def test_random_dump(names: list[str], data: st.DataObject) -> None:
    """Schemas of several fields dump objects, dicts and lists of both as marshmallow does, to values and to text."""
    members, values = {}, []
    for member, name in zip(_members, names, strict=False):
        members[member] = pairs.FIELDS[name][0](**data.draw(st.sampled_from(pairs.DUMP_OPTIONS)))
    schema = _schema(members, many=data.draw(st.booleans()))
    if schema is None:
        return
    for _ in range(3):
        obj: dict[str, t.Any] = {}
        for member, name in zip(members, names, strict=False):
            key = members[member].attribute or member
            if data.draw(st.integers(0, 5)):
                value = data.draw(_values(name))
                obj.update({"x": {"y": value}} if key == "x.y" else {key: value})
        values.append(data.draw(st.sampled_from(pairs.OBJECTS))(obj))

    pairs.compare_dump(schema, values if schema.many else values[0])


@pytest.mark.parametrize("kind", ["plain", "json", "query"])
@SETTINGS
@given(_names, st.data())
def test_random_load(kind: str, names: list[str], data: st.DataObject) -> None:
    """Schemas of several fields, strict or not, load data as marshmallow does, and call users' functions as often."""
    schema, keys = _loading(names, data)
    if schema is None:
        return
    values = []
    for _ in range(2):
        value = {
            key: data.draw(_values(name))
            for key, name in zip(keys, names, strict=False)
            if data.draw(st.integers(0, 5))
        }
        if not data.draw(st.integers(0, 6)):
            value["zzz"] = 1
        values.append(value)
    if kind != "plain":
        schema = strict.strict(schema, kind)

    pairs.compare_load(schema, values if schema.many else values[0])


@pytest.mark.parametrize("kind", ["plain", "json"])
@SETTINGS
@given(_names, st.data())
def test_random_body(kind: str, names: list[str], data: st.DataObject) -> None:
    """Texts of objects with several members, some of them unknown or given twice, are loaded as marshmallow does."""
    schema, keys = _loading(names, data)
    if schema is None:
        return
    given = [key for key in data.draw(st.permutations([*keys, "zzz"])) if key != "zzz" or not data.draw(_seldom)]
    if not data.draw(_seldom):
        given.append(given[0])
    pieces = []
    for key in given:
        value = data.draw(_values(names[keys.index(key)] if key in keys else "Raw"))
        try:
            pieces.append(fast_json.encode(key) + b":" + fast_json.encode(value))
        except (TypeError, ValueError):
            continue  # no value that JSON can carry
    text = b"{" + data.draw(st.sampled_from([b",", b", "])).join(pieces) + b"}"

    pairs.compare_body(schema, b"[" + text + b"]" if schema.many else text)


def _loading(names: list[str], data: st.DataObject) -> tuple[ma.Schema | None, list[str]]:
    """A schema that loads these fields, with options drawn for it and them, and the names that the data has."""
    members, keys = {}, []
    options = [*pairs.LOAD_OPTIONS, *({"validate": each} for each in pairs.VALIDATORS)]
    for member, name in zip(_members, names, strict=False):
        members[member] = pairs.FIELDS[name][0](**data.draw(st.sampled_from(options)))
        keys.append(members[member].data_key or member)
    schema = _schema(
        members,
        many=data.draw(st.booleans()),
        partial=data.draw(st.sampled_from([None, None, True, False, ("a",), ("b", "a.id")])),
        unknown=data.draw(st.sampled_from([RAISE, INCLUDE, EXCLUDE])),
    )
    return schema, keys


def _schema(members: dict[str, t.Any], **options: t.Any) -> ma.Schema | None:
    """A schema with these fields, or ``None`` where two of them claim the same name."""
    try:
        return pairs.schema_of(members, **options)
    except ValueError:
        return None

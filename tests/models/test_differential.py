"""Annotated classes and schemas written by hand: the same values, errors and documents."""

from __future__ import annotations

import typing as t

import marshmallow as ma
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework import App, arguments, response
from framework.fast import json as fast_json
from framework.fast._compare import is_same
from framework.fast.dump import dumper, json_dumper
from framework.fast.load import loader
from framework.fast.load._body import body_loader
from framework.fast.strict import strict
from framework.models import schema_of
from tests.models import cases

SCHEMAS = {name: schema_of(cls) for name, cls in cases.CLASSES.items()}
BODIES: st.SearchStrategy[dict[str, t.Any]] = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in cases.VALUES.items()} | {"zz": st.just(1)}
).flatmap(lambda changes: st.sampled_from([changes, {**cases.GOOD, **changes}]))


def outcome(load: t.Callable[[t.Any], t.Any], data: object) -> t.Any:
    """What loading gives: a value, or the error."""
    try:
        return load(data)
    except ma.ValidationError as error:
        return error


def by_hand(kind: str) -> type[ma.Schema]:
    return cases.PetDictByHand if kind == "typed dict" else cases.PetByHand


def as_mapping(kind: str, value: t.Any) -> t.Any:
    """The members of a value of a class, as the schema that makes none loads them."""
    if isinstance(value, ma.ValidationError) or kind == "typed dict":
        return value
    assert type(value) is cases.CLASSES[kind]
    return {name: getattr(value, name) for name in cases.VALUES}


@pytest.mark.parametrize("kind", cases.CLASSES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=BODIES)
def test_a_class_loads_what_the_schema_by_hand_loads(kind: str, data: dict[str, t.Any]):
    """Values and errors are those of the schema written by hand, in each way in which schemas are loaded."""
    own, hand = strict(SCHEMAS[kind](), "json"), strict(by_hand(kind)(), "json")
    wanted = outcome(hand.load, data)
    body = fast_json.encode(data)
    for load in (own.load, loader(own), lambda given: body_loader(own)(body)):
        found = as_mapping(kind, outcome(load, data))
        if isinstance(wanted, dict) and isinstance(found, dict):
            wanted = {name: wanted[name] for name in cases.VALUES if name in wanted}
            found = {name: found[name] for name in cases.VALUES if name in found}
        assert is_same(wanted, found), (wanted, found)


@pytest.mark.parametrize("kind", cases.CLASSES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=BODIES)
def test_a_class_dumps_what_the_schema_by_hand_dumps(kind: str, data: dict[str, t.Any]):
    """Instances are dumped as the schema written by hand dumps them, in each way in which schemas are dumped."""
    own, hand = SCHEMAS[kind](), by_hand(kind)()
    value = outcome(strict(own, "json").load, {**cases.GOOD, **data})
    if isinstance(value, ma.ValidationError):
        return
    wanted = hand.dump(value)

    assert own.dump(value) == wanted == dumper(own)(value)
    assert json_dumper(own)(value) == fast_json.encode(wanted)


@pytest.mark.parametrize("kind", cases.CLASSES)
def test_a_class_is_described_like_the_schema_by_hand(kind: str):
    """The document of an operation is the same for the class and for the schema written by hand."""
    documents = []
    for schema in (cases.CLASSES[kind], by_hand(kind)):
        app = App("shop")

        @app.post("/pets")
        @arguments(schema)
        @response(201, schema)
        def add(pet: t.Any) -> t.Any:
            """Add a pet."""
            return pet

        documents.append(fast_json.encode(app.openapi).replace(schema.__name__.encode(), b"Pet"))
    own, hand = map(fast_json.decode, documents)

    assert "PetInput" in own["components"]["schemas"]
    assert own == hand


def test_a_class_takes_the_compiled_road():
    """No class falls back to marshmallow: the text of a whole body is read in one go, and instances are made."""
    from framework.fast.load import body_reader
    from framework.fast.load._plan import LoadPlan

    for kind in ("dataclass", "attrs", "struct", "named tuple"):
        plan = LoadPlan(strict(SCHEMAS[kind](), "json"))
        assert plan.compilable
        assert plan.make is not None
        assert not plan.has_post_load

    owner = strict(schema_of(cases.Owner)(), "json")
    assert body_reader(owner)(b'{"name": "Al"}') == cases.Owner("Al")

"""What is not an object is not an answer: values that a schema would dump as nothing are refused, in production too."""

from __future__ import annotations

import dataclasses
import types
import typing as t

import pytest
from marshmallow import pre_dump
from werkzeug.local import LocalProxy

from framework import App, Response, Schema, arguments, fields, make_response, response, stream


class ToySchema(Schema):
    name = fields.String()


class OwnerSchema(Schema):
    name = fields.String(allow_none=True)
    toy = fields.Nested(ToySchema)
    toys = fields.List(fields.Nested(ToySchema))
    more = fields.Nested(ToySchema, many=True)


class PetSchema(Schema):
    name = fields.String()
    age = fields.Integer(allow_none=True)
    owner = fields.Nested(OwnerSchema)


class SlowSchema(PetSchema):
    @pre_dump
    def unwrap(self, data, **kwargs):
        return data["inside"]


@dataclasses.dataclass
class Pet:
    name: t.Any = "Rex"
    age: t.Any = 3
    owner: t.Any = None


async def forgotten():
    return {"name": "Rex"}


def generated():
    yield {"name": "Rex"}


NO_OBJECTS = [None, 3, 1.5, True, "Rex", b"Rex", [{"name": "Rex"}], ({"name": "Rex"},) * 4, {1}, forgotten, generated]
NO_LISTS = [None, 3, "Rex", b"Rex", {}, {"name": "Rex"}, Pet(), forgotten]


@pytest.fixture(params=[True, False, "compare"], ids=["fast", "plain", "compare"])
def app(request):
    app = App("kinds")
    app.config["FAST_PATH"] = request.param
    return app


def answer(app, value, schema, caplog, **config):
    """Status and text of the answer of a handler that returns a value, in production."""
    app.config.update(config)

    @app.get("/")
    @response(200, schema)
    def show():
        return value() if isinstance(value, types.FunctionType) else value

    reply = app.test_client(contract=False).get("/")
    return reply.status_code, reply.text if reply.status_code == 200 else caplog.text


@pytest.mark.parametrize("value", NO_OBJECTS)
def test_what_is_no_object_is_no_answer(app, value, caplog):
    """marshmallow would make ``{}`` of it; the log says what was returned."""
    if value is generated:
        status, text = answer(app, value, PetSchema, caplog)
        assert (status, "returned an iterator" in text) == (500, True)
        return
    status, text = answer(app, value, PetSchema, caplog)

    assert status == 500
    assert "PetSchema cannot dump" in text
    assert ("'forgotten'" if value is forgotten else repr(value)) in text
    assert "of test_what_is_no_object" not in text or "show" in text


def test_a_forgotten_await_is_named(app, caplog):
    """The log says that a coroutine was returned, and where to write 'await'."""
    assert "Write 'await' in front of its call." in answer(app, forgotten, PetSchema, caplog)[1]


@pytest.mark.parametrize("value", NO_LISTS)
def test_what_is_no_list_is_no_list(app, value, caplog):
    """A dict for a list would become a ``{}`` for each key."""
    status, text = answer(app, value, PetSchema(many=True), caplog)

    assert status == 500
    assert "cannot dump" in text


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ([{"name": "Rex"}, None], "1"),
        ([Pet(owner={}), 3], "1"),
        ([3, Pet(owner={})], "0"),
        ((Pet(owner={}), Pet(owner={}), Pet(owner={}), "x"), "3"),
    ],
)
def test_each_item_of_a_list_is_an_object(app, value, where, caplog):
    """The log says which one is not."""
    status, text = answer(app, lambda: value, PetSchema(many=True), caplog)

    assert status == 500
    assert f"found at {where}" in text


@pytest.mark.parametrize(
    ("owner", "where"),
    [
        (3, "owner"),
        ("ann", "owner"),
        ([], "owner"),
        ({"toy": 3}, "owner.toy"),
        ({"toys": [{"name": "ball"}, 3]}, "owner.toys.1"),
        ({"toys": [None]}, "owner.toys.0"),
        ({"more": {"name": "ball"}}, "owner.more"),
        ({"more": [{"name": "ball"}, "x"]}, "owner.more.1"),
    ],
)
@pytest.mark.parametrize("make", [dict, lambda **values: Pet(**values)], ids=["dict", "object"])
def test_nested_values_are_objects_too(app, make, owner, where, caplog):
    """At every depth, and the log says where."""
    status, text = answer(app, make(name="Rex", owner=owner, age=1), PetSchema, caplog)

    assert status == 500
    assert f"found at {where}" in text


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"name": None}, "name"),
        (Pet(name=None, owner={}), "name"),
        ({"owner": None}, "owner"),
        ({"owner": {"toy": {"name": None}}}, "owner.toy.name"),
    ],
)
def test_null_is_sent_where_it_is_declared(app, value, where, caplog):
    """A field without ``allow_none`` describes no null; the log says how to allow it."""
    status, text = answer(app, value, PetSchema, caplog)

    assert status == 500
    assert f"found at {where}" in text
    assert "allow_none=True" in text


@pytest.mark.parametrize("value", [{"age": None}, {"owner": {"name": None}}, {"name": "Rex"}, {}])
def test_declared_null_and_absent_members_are_sent(app, value, caplog):
    """What the field allows, and what is not there, is as ever."""
    assert answer(app, value, PetSchema, caplog)[0] == 200


@pytest.mark.parametrize("value", [None, 3, {"name": None}])
def test_a_setting_relaxes_it(app, value, caplog):
    """``STRICT_DUMP=False`` dumps as marshmallow does."""
    status, text = answer(app, value, PetSchema, caplog, STRICT_DUMP=False)

    assert (status, text) == (200, '{"name":null}' if isinstance(value, dict) else "{}")


def test_hooks_decide_what_they_make(app, caplog):
    """A ``pre_dump`` function may make an object of anything; what it makes has to be one."""
    assert answer(app, {"inside": {"name": "Rex"}}, SlowSchema, caplog) == (200, '{"name":"Rex"}')


def test_items_of_streams_are_objects(app, caplog):
    """A part that is not an object ends the stream, and is no ``{}`` in it."""

    @app.get("/")
    @stream(PetSchema)
    def show():
        yield {"name": "Rex"}
        yield 3

    reply = app.test_client(contract=False).get("/", buffered=False)
    parts = []
    with pytest.raises(Exception, match="PetSchema cannot dump 3"):
        parts.extend(reply.response)

    assert parts[:1] == [b'{"name":"Rex"}\n']


def test_proxies_are_what_they_stand_for(app, caplog):
    """A handler may return ``current_user`` and the like."""
    assert answer(app, LocalProxy(lambda: Pet(owner={})), PetSchema, caplog)[1].startswith('{"name":"Rex"')


def test_an_object_that_can_be_called_is_data(app, caplog):
    """Only responses are taken for responses."""

    class Callable(Pet):
        def __call__(self):
            raise AssertionError

    assert answer(app, Callable(owner={}), PetSchema, caplog)[1].startswith('{"name":"Rex"')


@pytest.mark.parametrize(
    "make", [lambda: Response("as it is"), lambda: make_response("as it is"), lambda: Response("as it is").__call__]
)
def test_responses_pass(app, make, caplog):
    """A finished response, or a function that speaks WSGI, leaves as it is."""
    assert answer(app, make, PetSchema, caplog) == (200, "as it is")


class Broken(Pet):
    @property
    def age(self):
        return self.nothing_of_that_name

    @age.setter
    def age(self, value):
        pass


def test_a_property_that_fails_is_no_absent_member(app, caplog):
    """marshmallow takes any AttributeError for a member that is not there, also that of the property itself."""
    status, text = answer(app, Broken(owner={}), PetSchema, caplog)

    assert status == 500
    assert "has no attribute 'nothing_of_that_name'" in text


def test_a_member_that_is_absent_is_left_out(app, caplog):
    """An object without the attribute has no such member."""
    assert answer(app, types.SimpleNamespace(name="Rex"), PetSchema, caplog) == (200, '{"name":"Rex"}')


@pytest.mark.parametrize("value", [1, 0, "cat", "true", 1.0])
def test_a_boolean_writes_booleans(app, value, caplog):
    """marshmallow writes any value of a Boolean as it is, and the document says boolean."""
    status, text = answer(app, {"sure": value}, {"sure": fields.Boolean()}, caplog)

    assert status == 500
    assert f"{value!r} is not a boolean" in text


@pytest.mark.parametrize("default", [[], {"a": [1]}])
def test_defaults_are_not_shared(app, default):
    """What a handler does with a default of its input does not reach the next request."""
    seen = []

    @app.post("/things")
    @arguments({"value": fields.Raw(load_default=default), "items": fields.List(fields.Integer(), load_default=[])})
    @response(204)
    def add(thing):
        seen.append((str(thing["value"]), list(thing["items"])))
        thing["items"].append(1)
        if isinstance(thing["value"], dict):
            thing["value"]["a"].append(2)
        else:
            thing["value"].append(2)

    client = app.test_client()

    assert [client.post("/things", json={}).status_code for _ in range(3)] == [204] * 3
    assert seen == [(str(default), [])] * 3

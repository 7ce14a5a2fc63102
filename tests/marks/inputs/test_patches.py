"""``merge_patch`` and ``json_patch``: what may change, what is told apart, and what a patch cannot do."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import types

import marshmallow as ma
import pytest
from marshmallow import EXCLUDE, post_load

from framework import (
    App,
    Resource,
    Schema,
    apply_merge,
    arguments,
    fields,
    json_patch,
    merge_patch,
    response,
    validate,
)
from framework.errors import SetupError
from framework.fast.load import merge_schema


class AddressSchema(Schema):
    """Where somebody lives."""

    street = fields.String(required=True)
    zip = fields.String(validate=validate.Length(equal=5))


class TagSchema(Schema):
    """A word about somebody."""

    word = fields.String(required=True)


class PersonSchema(Schema):
    """A person."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(min=1))
    nick = fields.String()
    born = fields.Date(allow_none=True)
    level = fields.Integer(load_default=1)
    address = fields.Nested(AddressSchema)
    home = fields.Nested(lambda: AddressSchema(only=("street",)), required=True)
    tags = fields.List(fields.Nested(TagSchema))
    scores = fields.Dict(keys=fields.String(), values=fields.Integer())


REQUIRED = "Missing data for required field."
ANN = {
    "id": 1,
    "name": "Ann",
    "nick": "A",
    "born": None,
    "level": 3,
    "address": {"street": "Long Lane", "zip": "12345"},
    "home": {"street": "High Street"},
    "tags": [{"word": "kind"}],
    "scores": {"chess": 5, "go": 2},
}


def make_app(mark, apply, fast=True):
    """One person who can be changed; the handler gives back what ``apply`` makes of the changes."""
    app = App("patches")
    app.config["FAST_PATH"] = fast

    @app.route("/ann")
    class Ann(Resource):
        """Ann."""

        @mark
        @response(200, {"got": fields.Raw(allow_none=True)})
        def patch(self, changes):
            """Change Ann."""
            return {"got": apply(changes)}

    return app


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def merge(request):
    """Sends a merge patch; gives the reply, whose ``got`` is what the handler had."""
    client = make_app(merge_patch(PersonSchema), lambda changes: changes, request.param).test_client()
    return lambda body, kind="application/merge-patch+json": client.patch(
        "/ann", data=json.dumps(body), content_type=kind
    )


# Merge patch


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "Bea"},
        {"nick": None},
        {"born": None, "level": 2},
        {"address": None},
        {"address": {"zip": None}},
        {"address": {"street": "Short Lane"}},
        {"home": {"street": "Low Street"}},
        {"tags": [{"word": "tall"}]},
        {"tags": None},
        {"scores": {"chess": None, "go": 3}},
    ],
)
def test_absent_and_null_are_told_apart(merge, body):
    """The handler gets what was sent and nothing else: no default, no member that is absent, at any depth."""
    assert merge(body).json["got"] == body


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": None}, {"name": ["Field may not be null."]}),
        ({"name": ""}, {"name": ["Shorter than minimum length 1."]}),
        ({"home": None}, {"home": ["Field may not be null."]}),
        ({"address": {"street": None}}, {"address": {"street": ["Field may not be null."]}}),
        ({"address": {"zip": "1"}}, {"address": {"zip": ["Length must be 5."]}}),
        ({"tags": [{}]}, {"tags": {"0": {"word": ["Missing data for required field."]}}}),
        ({"tags": [None]}, {"tags": {"0": ["Field may not be null."]}}),
        ({"nich": "x"}, {"nich": ["Unknown field. Did you mean 'nick'?"]}),
        ({"address": {"zap": "x"}}, {"address": {"zap": ["Unknown field. Did you mean 'zip'?"]}}),
        ({"id": 2}, {"id": ["Unknown field."]}),
        ({"level": "3"}, {"level": ["Not a valid integer."]}),
        ({"level": None}, {"level": ["Field may not be null."]}),
    ],
)
def test_what_does_not_fit_is_refused(merge, body, wrong):
    """What the resource cannot do without is not removed, and every value is checked as in the whole."""
    reply = merge(body)

    assert reply.status_code == 422
    assert reply.json["errors"]["json"] == wrong


def test_media_types(merge):
    """The media type of merge patches and plain JSON are taken, other patches are not."""
    assert merge({"nick": "B"}).status_code == 200
    assert merge({"nick": "B"}, "application/json").status_code == 200
    assert merge([], "application/json-patch+json").status_code == 415


def test_a_patch_must_be_there(merge):
    """A request without a body changes nothing, and is refused as what it is: a mistake."""
    app = make_app(merge_patch(PersonSchema), lambda changes: changes)

    assert app.test_client().patch("/ann").status_code == 422


# RFC 7396, appendix A, as far as the target is an object.
CASES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ({"a": "text"}, {"a": {"b": 1, "c": None}}, {"a": {"b": 1}}),
]


@pytest.mark.parametrize(("target", "changes", "merged"), CASES)
def test_mappings_are_merged_as_the_standard_says(target, changes, merged):
    """The examples of the standard, and the target stays as it was."""
    before = json.dumps(target)

    assert apply_merge(target, changes) == merged
    assert json.dumps(target) == before


def test_objects_are_merged():
    """Attributes are set; objects within are merged too; what is absent is not touched."""
    home = types.SimpleNamespace(street="High Street", zip="12345")
    ann = types.SimpleNamespace(name="Ann", nick="A", home=home, scores={"go": 1}, work=None)

    apply_merge(ann, {"nick": None, "home": {"zip": None}, "scores": {"go": None, "chess": 2}, "work": {"street": "x"}})

    assert (ann.name, ann.nick, ann.home) == ("Ann", None, home)
    assert (home.street, home.zip) == ("High Street", None)
    assert ann.scores == {"chess": 2}
    assert ann.work == {"street": "x"}


def test_the_schema_is_not_changed():
    """The schema of the whole stays what it was, and so does its class."""
    whole = PersonSchema(exclude=("tags",))
    patch = merge_schema(whole)

    assert whole.fields["name"].required
    assert "tags" not in patch.fields
    assert type(patch) is type(merge_schema(PersonSchema()))
    assert PersonSchema().load({"name": "A", "home": {"street": "x"}})["level"] == 1


def test_hooks_and_options_hold():
    """Hooks of the schema run, and what it says of unknown members counts."""

    class Open(Schema):
        class Meta:
            unknown = EXCLUDE

        name = fields.String(required=True)

        @post_load
        def shout(self, data, **kwargs):
            return {key: value.upper() for key, value in data.items()}

    client = make_app(merge_patch(Open), lambda changes: changes).test_client()

    assert client.patch("/ann", json={"name": "x", "more": 1}).json == {"got": {"name": "X"}}


def test_a_schema_that_contains_itself():
    """A schema may hold itself; its patches do too."""

    class Node(Schema):
        name = fields.String(required=True)
        next = fields.Nested(lambda: Node())

    client = make_app(merge_patch(Node), lambda changes: changes).test_client()
    body = {"next": {"next": {"next": None}}}

    assert client.patch("/ann", json=body).json == {"got": body}


def test_the_document_of_a_merge_patch():
    """No member is required, what may be removed may be null, at every depth."""
    document = make_app(merge_patch(PersonSchema), dict).openapi
    body = document["paths"]["/ann"]["patch"]["requestBody"]
    schemas = document["components"]["schemas"]
    person = schemas["PersonMergePatchInput"]

    assert set(body["content"]) == {"application/merge-patch+json", "application/json"}
    assert body["required"] is True
    assert "required" not in person
    assert person["additionalProperties"] is False
    assert person["properties"]["name"]["type"] == "string"
    assert person["properties"]["nick"]["type"] == ["string", "null"]
    assert "required" not in schemas["AddressMergePatchInput"]
    assert schemas["TagInput"]["required"] == ["word"]
    assert "default" not in person["properties"]["level"]


# JSON Patch


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def change(request):
    """Sends operations; gives the reply, whose ``got`` is the changed person."""
    client = make_app(json_patch(PersonSchema), lambda patch: plain(patch.apply(ANN)), request.param).test_client()
    return lambda *operations: client.patch(
        "/ann", data=json.dumps(operations), content_type="application/json-patch+json"
    )


def plain(person):
    """A loaded person in the words of JSON."""
    return {**person, "born": person["born"] and person["born"].isoformat()} if "born" in person else person


def test_operations(change):
    """Each kind of operation does what the standard says; the whole is loaded by the schema."""
    reply = change(
        {"op": "test", "path": "/name", "value": "Ann"},
        {"op": "replace", "path": "/name", "value": "Bea"},
        {"op": "add", "path": "/tags/-", "value": {"word": "tall"}},
        {"op": "copy", "from": "/address/street", "path": "/home/street"},
        {"op": "move", "from": "/scores/go", "path": "/scores/checkers"},
        {"op": "remove", "path": "/nick"},
        {"op": "add", "path": "/born", "value": "2001-02-03"},
    )

    assert reply.json["got"] == {
        "name": "Bea",
        "born": "2001-02-03",
        "level": 3,
        "address": {"street": "Long Lane", "zip": "12345"},
        "home": {"street": "Long Lane"},
        "tags": [{"word": "kind"}, {"word": "tall"}],
        "scores": {"chess": 5, "checkers": 2},
    }


def test_all_or_nothing(change):
    """The resource that is given is not changed, whatever happens."""
    before = json.dumps(ANN)
    reply = change({"op": "remove", "path": "/nick"}, {"op": "test", "path": "/name", "value": "Bob"})

    assert (reply.status_code, reply.json["code"]) == (409, "patch_conflict")
    assert reply.json["detail"] == "The test of operation 1 (test /name) failed."
    assert json.dumps(ANN) == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/nothing"},
        {"op": "replace", "path": "/nothing", "value": 1},
        {"op": "add", "path": "/name/x", "value": 1},
        {"op": "add", "path": "/tags/7", "value": {}},
        {"op": "remove", "path": "/tags/x"},
        {"op": "remove", "path": "/tags/-"},
        {"op": "remove", "path": "/level/0"},
        {"op": "copy", "from": "/nothing", "path": "/nick"},
        {"op": "move", "from": "/address", "path": "/address/street"},
        {"op": "test", "path": "/nothing", "value": None},
        {"op": "remove", "path": "/tags/00"},
        {"op": "replace", "path": "", "value": []},
        {"op": "add", "path": "", "value": None},
    ],
)
def test_paths_that_lead_nowhere(change, operation):
    """What does not fit the resource as it is, is a conflict."""
    assert change(operation).status_code == 409


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ({"op": "jump", "path": "/name"}, "op"),
        ({"path": "/name"}, "op"),
        ({"op": "remove"}, "path"),
        ({"op": "remove", "path": "name"}, "path"),
        ({"op": "remove", "path": "/a~2b"}, "path"),
        ({"op": "add", "path": "/name"}, "value"),
        ({"op": "test", "path": "/name"}, "value"),
        ({"op": "copy", "path": "/name"}, "from"),
        ({"op": "move", "path": "/name", "from": 1}, "from"),
    ],
)
def test_operations_that_are_none(change, operation, member):
    """An operation that is none is a 422 that says which member of which operation."""
    reply = change({"op": "test", "path": "/id", "value": 1}, operation)

    assert reply.status_code == 422
    assert list(reply.json["errors"]["json"]["1"]) == [member]


def test_what_nobody_defines_is_ignored(change):
    """Further members of an operation are passed over, as the standard says."""
    assert change({"op": "test", "path": "/id", "value": 1, "comment": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("operation", "wrong"),
    [
        ({"op": "remove", "path": "/name"}, {"name": ["Missing data for required field."]}),
        ({"op": "replace", "path": "/name", "value": 3}, {"name": ["Not a valid string."]}),
        ({"op": "add", "path": "/xyz", "value": 3}, {"xyz": ["Unknown field."]}),
        ({"op": "replace", "path": "/id", "value": 3}, {"id": ["Read-only field."]}),
        ({"op": "remove", "path": "/id"}, {"id": ["Read-only field."]}),
        ({"op": "replace", "path": "", "value": {"id": 1}}, {"name": [REQUIRED], "home": [REQUIRED]}),
    ],
)
def test_the_whole_must_fit(change, operation, wrong):
    """What comes out is held to the schema of the resource; what is read only stays."""
    reply = change(operation)

    assert (reply.status_code, reply.json["errors"]["json"]) == (422, wrong)


def test_copies_of_copies_end(change):
    """A patch that doubles the resource with each operation is refused before it fills the memory."""
    doubling = [{"op": "add", "path": "/tags", "value": [["x" * 100]]}]
    doubling += [{"op": "copy", "from": "/tags", "path": "/tags/-"}] * 60
    reply = change(*doubling)

    assert (reply.status_code, reply.json["code"]) == (409, "patch_conflict")
    assert "larger than 1048576 bytes" in reply.json["detail"]


def test_all_copies_together_are_limited(change):
    """A hundred copies of one large value are not made, though each takes the place of the one before."""
    large = [[]] * 90_000
    copies = [{"op": "copy", "from": "/tags", "path": "/nick"}] * 99
    reply = change({"op": "add", "path": "/tags", "value": large}, *copies)

    assert (reply.status_code, reply.json["code"]) == (409, "patch_conflict")
    assert "operation 4 (copy /nick)" in reply.json["detail"]


@pytest.mark.parametrize("name", ["copy", "add", "move"])
def test_the_depth_is_limited(change, name):
    """A patch cannot nest the resource deeper than a body may be, by whatever operation."""
    operations = [{"op": "add", "path": "/tags", "value": [[]]}, {"op": "add", "path": "/scores", "value": [[]]}]
    if name == "copy":
        operations += [{"op": name, "from": "/tags", "path": "/tags" + "/0" * 2**step} for step in range(12)]
    elif name == "add":
        deep = json.loads("[" * 45 + "]" * 45)
        operations += [{"op": name, "path": "/tags" + "/0" * (44 * step + 1), "value": deep} for step in range(40)]
    else:
        deep = json.loads("[" * 60 + "]" * 60)
        operations += [{"op": "add", "path": each, "value": deep} for each in ("/tags", "/scores")]
        operations.append({"op": name, "from": "/scores", "path": "/tags" + "/0" * 59})
    reply = change(*operations)

    assert (reply.status_code, reply.json["code"]) == (409, "patch_conflict")
    assert "deeper than 100 levels" in reply.json["detail"]


def test_the_number_of_operations_is_limited(change):
    """More than a hundred operations are refused."""
    operation = {"op": "test", "path": "/id", "value": 1}

    assert change(*[operation] * 100).status_code == 200
    assert change(*[operation] * 101).status_code == 422
    reply = change(*[{"op": "none"}] * 20_000)
    assert (reply.status_code, reply.json["errors"]) == (
        422,
        {"json": {"_schema": ["Longer than maximum length 100."]}},
    )


def test_its_media_type():
    """Nothing but the media type of JSON patches is taken."""
    client = make_app(json_patch(PersonSchema), lambda patch: None).test_client()

    assert client.patch("/ann", json=[]).status_code == 415
    assert client.patch("/ann", data="[]", content_type="application/merge-patch+json").status_code == 415


def test_the_document_of_a_json_patch():
    """A list of operations of three forms, and the conflict."""
    document = make_app(json_patch(PersonSchema), lambda patch: None).openapi
    patch = document["paths"]["/ann"]["patch"]
    schemas = document["components"]["schemas"]

    assert patch["requestBody"]["content"]["application/json-patch+json"]["schema"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/JSONPatchOperationInput"},
    }
    assert [each["$ref"].rpartition("/")[2] for each in schemas["JSONPatchOperationInput"]["oneOf"]] == [
        *("JSONPatchWriteInput", "JSONPatchRemoveInput", "JSONPatchMoveInput"),
    ]
    assert "409" in patch["responses"]


def test_a_list_cannot_be_patched():
    """A patch changes one resource."""
    with pytest.raises(SetupError, match="leave 'many' out"):
        json_patch(PersonSchema(many=True))


def test_two_bodies_of_different_kinds_are_refused_at_start_up():
    """A patch and another body cannot both be the body."""
    app = App("both")

    @app.route("/ann")
    class Ann(Resource):
        """Ann."""

        @json_patch(PersonSchema)
        @arguments(TagSchema)
        @response(204)
        def patch(self, changes, tag):
            """Change Ann."""

    with pytest.raises(SetupError, match="alone"):
        app.freeze()


# What was dumped is loaded again


class Line(Schema):
    """A line of an order."""

    id = fields.Integer(dump_only=True)
    text = fields.String(required=True)


class Order(Schema):
    """An order, with members that are read only at each depth."""

    id = fields.Integer(dump_only=True)
    note = fields.String()
    customer = fields.Nested(Line)
    lines = fields.List(fields.Nested(Line))
    more = fields.Nested(Line, many=True)
    by_key = fields.Dict(fields.String(), fields.Nested(Line))


ORDER = {
    "id": 1,
    "note": "a",
    "customer": {"id": 2, "text": "Ann"},
    "lines": [{"id": 3, "text": "x"}, {"id": 4, "text": "y"}],
    "more": [{"id": 5, "text": "z"}],
    "by_key": {"k": {"id": 6, "text": "w"}},
}


def patched(schema, resource, operations, **config):
    """The answer to a patch of a resource, and what the handler got."""
    seen = []
    app = App("patched")
    app.config.update(CONTRACT="off", **config)
    app.patch("/")(json_patch(schema)(response(204)(lambda patch: seen.append(patch.apply(resource)))))
    kind = {"Content-Type": "application/json-patch+json"}
    return app.test_client().patch("/", data=json.dumps(operations), headers=kind), seen


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/note", "value": "b"},
        {"op": "replace", "path": "/customer/text", "value": "Bea"},
        {"op": "replace", "path": "/lines/1/text", "value": "yy"},
        {"op": "remove", "path": "/lines/0"},
        {"op": "move", "from": "/lines/0", "path": "/lines/1"},
        {"op": "add", "path": "/lines/-", "value": {"text": "new"}},
        {"op": "add", "path": "/lines/0", "value": {"text": "new"}},
        {"op": "replace", "path": "/customer", "value": {"text": "Bea"}},
        {"op": "replace", "path": "/by_key/k/text", "value": "ww"},
        {"op": "remove", "path": "/more/0"},
    ],
)
def test_read_only_members_at_any_depth_do_not_stand_in_the_way(operation):
    """A patch of a resource whose nested objects have read-only members is taken, wherever it changes something."""
    reply, seen = patched(Order, ORDER, [operation])

    assert reply.status_code == 204, reply.json
    assert "id" not in repr(seen)


@pytest.mark.parametrize(
    ("operation", "where"),
    [
        ({"op": "replace", "path": "/id", "value": 9}, ["id"]),
        ({"op": "replace", "path": "/id", "value": True}, ["id"]),
        ({"op": "remove", "path": "/id"}, ["id"]),
        ({"op": "replace", "path": "/customer/id", "value": 9}, ["customer", "id"]),
        ({"op": "replace", "path": "/lines/1/id", "value": 9}, ["lines", "1", "id"]),
        ({"op": "replace", "path": "/more/0/id", "value": 9}, ["more", "0", "id"]),
        ({"op": "replace", "path": "/by_key/k/id", "value": 9}, ["by_key", "k", "value", "id"]),
    ],
)
def test_read_only_members_at_any_depth_cannot_change(operation, where):
    """A read-only member that gets another value is named, at every depth."""
    reply, _ = patched(Order, ORDER, [operation])
    found = reply.json["errors"]["json"]
    for name in where:
        found = found[name]

    assert (reply.status_code, found) == (422, ["Read-only field."])


PLAIN = {
    "price": (ma.fields.Decimal(), decimal.Decimal("12.50"), decimal.Decimal("12.50")),
    "prices": (ma.fields.List(ma.fields.Decimal()), [decimal.Decimal("1.5")], [decimal.Decimal("1.5")]),
    "pair": (
        ma.fields.Tuple([ma.fields.Decimal(), ma.fields.Integer()]),
        (decimal.Decimal(1), 2),
        (decimal.Decimal(1), 2),
    ),
    "table": (
        ma.fields.Dict(ma.fields.String(), ma.fields.Decimal()),
        {"a": decimal.Decimal(1)},
        {"a": decimal.Decimal(1)},
    ),
    "naive": (ma.fields.DateTime(), dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    "no_zone": (ma.fields.NaiveDateTime(), dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1)),
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_the_schema_writes_is_read_again(name, fast):
    """A member that was dumped in a form that a PUT refuses is loaded by a patch that does not touch it."""
    field, value, loaded = PLAIN[name]
    schema = Schema.from_dict({name: field, "note": fields.String()})
    operations = [{"op": "replace", "path": "/note", "value": "b"}]
    reply, seen = patched(schema, {name: value, "note": "a"}, operations, FAST_PATH=fast)

    assert reply.status_code == 204, reply.json
    assert seen == [{name: loaded, "note": "b"}]


def test_a_number_is_patched_in_both_forms():
    """A member that GET shows as a text and PUT takes as a number is replaced by either; another text is a 422."""
    schema = Schema.from_dict({"price": ma.fields.Decimal()})
    for sent, expected in ((13.5, 204), ("13.5", 204), ("many", 422), ("1" * 5000 + "x", 422)):
        reply, _ = patched(schema, {"price": decimal.Decimal(1)}, [{"op": "replace", "path": "/price", "value": sent}])
        assert reply.status_code == expected, (sent, reply.json)


@pytest.mark.parametrize("inside", [lambda field: field, ma.fields.List, lambda field: ma.fields.Dict(values=field)])
def test_a_field_that_does_not_read_what_it_writes_is_refused(inside):
    """Start-up names a field whose own output it does not read, in a list and a nested object too."""
    inner = Schema.from_dict({"good": inside(ma.fields.Boolean(truthy={"yes"}, falsy={"no"}))}, name="Inner")
    schema = Schema.from_dict({"pet": fields.Nested(inner)}, name="Outer")

    with pytest.raises(SetupError, match="'good' of Inner writes True as True, which it does not read"):
        patched(schema, {}, [])

"""Comparing documents: what breaks clients is found, and nothing else is called so."""

from __future__ import annotations

import copy
import functools
import pathlib
import typing as t

import pytest

from framework import App, Link, Resource, Schema, arguments, callback, errors, fields, raises, response, validate
from framework.marks.base import Mark, Security
from framework.openapi.diff import Change, Level, advice, compare
from framework.openapi.lint import Sources
from tests.openapi.everything import make_app

Json = dict[str, t.Any]


class Toy(Schema):
    kind = fields.String(required=True, validate=validate.Equal("toy"))
    price = fields.Integer(required=True, validate=validate.Range(0, 100))


class Food(Schema):
    kind = fields.String(required=True, validate=validate.Equal("food"))
    grams = fields.Float()


class ItemSchema(Schema):
    """Something to buy."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, validate=[validate.Length(1, 50), validate.Regexp("[a-z]+")])
    state = fields.String(validate=validate.OneOf(["new", "used", "broken"]), load_default="new")
    note = fields.String(allow_none=True)
    tags = fields.List(fields.String(), validate=validate.Length(max=5))
    size = fields.Float(validate=validate.Range(0, 10))
    when = fields.DateTime(metadata={"optional": True})
    counts = fields.Dict(values=fields.Integer())


class PageSchema(Schema):
    page = fields.Integer(load_default=1, validate=validate.Range(1, 1000))
    state = fields.String(validate=validate.OneOf(["new", "used"]))
    ids = fields.DelimitedList(fields.Integer())


class Locked(Mark):
    def document(self, plan: t.Any) -> t.Iterable[t.Any]:
        yield Security("bearer", {"type": "http", "scheme": "bearer"}, scopes=("write",))


class Taken(errors.Conflict):
    """Somebody has it already."""


def shop() -> App:
    app = App("shop")
    app.config["API_VERSION"] = "1.4.2"

    @app.route("/items")
    class Items(Resource):
        @arguments(PageSchema, location="query")
        @response(200, ItemSchema(many=True), headers={"X-Total": fields.Integer()})
        def get(self, query: t.Any) -> t.Any:
            return []

        @Locked()
        @callback("sold", "{$request.body#/note}", ItemSchema)
        @arguments(ItemSchema)
        @response(201, ItemSchema, links={"item": Link("getItem", {"item_id": "$response.body#/id"})})
        @raises(Taken)
        def post(self, item: t.Any) -> t.Any:
            return item

    @app.route("/items/<int:item_id>")
    class Item(Resource):
        @response(200, ItemSchema)
        def get(self, item_id: int) -> t.Any:
            return {}

        @response(204)
        def delete(self, item_id: int) -> None:
            return None

    app.webhook(
        "itemSold",
        ItemSchema,
        headers={"X-Shop": fields.String(required=True)},
        responses={200: {"taken": fields.Boolean()}, 410: "Send no more."},
    )
    return app


@functools.cache
def base() -> Json:
    """The document of the shop, with a body and an answer of several kinds added."""
    document = copy.deepcopy(shop().openapi)
    kinds = {
        name: {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"type": "string", "const": name.lower()}, extra: {"type": "integer"}},
        }
        for name, extra in (("Toy", "price"), ("Food", "grams"))
    }
    document["components"]["schemas"].update(kinds)
    choice = {
        "oneOf": [{"$ref": "#/components/schemas/Toy"}, {"$ref": "#/components/schemas/Food"}],
        "discriminator": {"propertyName": "kind"},
    }
    document["components"]["schemas"]["Ware"] = choice
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ware"}}}}
    document["paths"]["/wares"] = {
        "post": {
            "operationId": "sell",
            "requestBody": {**copy.deepcopy(body), "required": False},
            "responses": {"200": {"description": "Sold.", **copy.deepcopy(body)}},
        }
    }
    document["paths"]["/items"]["get"]["responses"]["200"]["headers"]["X-Total"]["required"] = True
    document["components"]["securitySchemes"]["oauth"] = {
        "type": "oauth2",
        "flows": {
            "clientCredentials": {"tokenUrl": "https://shop.invalid/token", "scopes": {"read": "", "write": ""}},
            "implicit": {"authorizationUrl": "https://shop.invalid/login", "scopes": {}},
        },
    }
    document["paths"]["/items/{item_id}"]["get"]["security"] = [{"oauth": ["read"]}]
    document["paths"]["/items/{item_id}"]["put"] = {
        "parameters": document["paths"]["/items/{item_id}"]["get"]["parameters"],
        "requestBody": {
            "content": {"multipart/form-data": {"schema": {}, "encoding": {"photo": {"contentType": "image/png"}}}}
        },
        "responses": {},
    }
    return document


def hook(document: Json) -> Json:
    """The request of the webhook."""
    return t.cast(Json, document["webhooks"]["itemSold"]["post"])


def call_back(document: Json) -> Json:
    """The callback of POST /items, by expression."""
    return t.cast(Json, operation(document, "/items", "post")["callbacks"]["sold"])


def called_back(document: Json) -> Json:
    return t.cast(Json, call_back(document)["{$request.body#/note}"]["post"])


def hook_schema(document: Json) -> Json:
    """The schema of what the webhook sends, on its own."""
    media = hook(document)["requestBody"]["content"]["application/json"]
    media["schema"] = copy.deepcopy(component(document, "Item"))
    return t.cast(Json, media["schema"])


def answered(document: Json) -> Json:
    """The schema of what the receiver of the webhook answers."""
    return t.cast(Json, hook(document)["responses"]["200"]["content"]["application/json"]["schema"])


def link(document: Json) -> Json:
    return t.cast(Json, operation(document, "/items", "post")["responses"]["201"]["links"])


def flow(document: Json) -> Json:
    return t.cast(Json, document["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"])


def upload(document: Json) -> Json:
    body = operation(document, "/items/{item_id}", "put")["requestBody"]
    return t.cast(Json, body["content"]["multipart/form-data"])


def operation(document: Json, path: str, method: str) -> Json:
    return t.cast(Json, document["paths"][path][method])


def parameter(document: Json, name: str) -> Json:
    found = operation(document, "/items", "get")["parameters"]
    return next(t.cast(Json, each) for each in found if each["name"] == name)


def sent(document: Json, name: str) -> Json:
    """A member of what is sent to the client."""
    return t.cast(Json, document["components"]["schemas"]["Item"]["properties"][name])


def read(document: Json, name: str) -> Json:
    """A member of what is read from the client."""
    return t.cast(Json, document["components"]["schemas"]["ItemInput"]["properties"][name])


def component(document: Json, name: str) -> Json:
    return t.cast(Json, document["components"]["schemas"][name])


def changes_of(change: t.Callable[[Json], t.Any]) -> list[Change]:
    document = copy.deepcopy(base())
    change(document)
    assert document != base(), "The mutation changes nothing."
    return compare(base(), document)


def answers(document: Json) -> Json:
    return t.cast(Json, operation(document, "/items", "get")["responses"])


BREAKING: list[tuple[str, t.Callable[[Json], t.Any]]] = [
    ("path-removed", lambda d: d["paths"].pop("/items/{item_id}")),
    ("operation-removed", lambda d: d["paths"]["/items/{item_id}"].pop("delete")),
    ("response-status-removed", lambda d: answers(d).pop("200")),
    ("response-media-type-removed", lambda d: answers(d)["200"].update(content={"text/csv": {}})),
    (
        "request-media-type-removed",
        lambda d: operation(d, "/items", "post")["requestBody"].update(content={"text/csv": {}}),
    ),
    ("parameter-removed", lambda d: operation(d, "/items", "get")["parameters"].remove(parameter(d, "state"))),
    ("parameter-required", lambda d: parameter(d, "page").update(required=True)),
    (
        "parameter-required",
        lambda d: operation(d, "/items", "get")["parameters"].append(
            {"name": "new", "in": "query", "required": True, "schema": {}}
        ),
    ),
    ("parameter-style-changed", lambda d: parameter(d, "ids").update(explode=True)),
    ("request-maximum-tightened", lambda d: parameter(d, "page")["schema"].update(maximum=100)),
    ("request-minimum-tightened", lambda d: parameter(d, "page")["schema"].update(minimum=2)),
    ("request-minimum-tightened", lambda d: read(d, "size").update(exclusiveMinimum=0)),
    ("request-enum-narrowed", lambda d: parameter(d, "state")["schema"].update(enum=["new"])),
    ("request-default-changed", lambda d: parameter(d, "page")["schema"].update(default=2)),
    ("request-type-narrowed", lambda d: parameter(d, "state").update(schema={"type": "integer"})),
    ("request-body-required", lambda d: operation(d, "/wares", "post")["requestBody"].update(required=True)),
    ("request-body-removed", lambda d: operation(d, "/items", "post").pop("requestBody")),
    (
        "request-body-required",
        lambda d: operation(d, "/items/{item_id}", "delete").update(requestBody={"required": True, "content": {}}),
    ),
    ("request-property-required", lambda d: component(d, "ItemInput")["required"].append("note")),
    (
        "request-property-required",
        lambda d: (
            component(d, "ItemInput")["required"].append("more"),
            component(d, "ItemInput")["properties"].update(more={}),
        ),
    ),
    ("request-property-removed", lambda d: component(d, "ItemInput")["properties"].pop("note")),
    ("request-maxlength-tightened", lambda d: read(d, "name").update(maxLength=40)),
    ("request-minlength-tightened", lambda d: read(d, "name").update(minLength=2)),
    ("request-maxitems-tightened", lambda d: read(d, "tags").update(maxItems=4)),
    ("request-minitems-tightened", lambda d: read(d, "tags").update(minItems=1)),
    ("request-uniqueitems-added", lambda d: read(d, "tags").update(uniqueItems=True)),
    ("request-maximum-tightened", lambda d: read(d, "size").update(exclusiveMaximum=10)),
    ("request-pattern-added", lambda d: parameter(d, "state")["schema"].update(pattern="^x")),
    ("request-pattern-changed", lambda d: read(d, "name").update(pattern="^[a-f]+$")),
    ("request-format-added", lambda d: read(d, "note").update(format="email")),
    ("request-multipleof-added", lambda d: read(d, "size").update(multipleOf=0.5)),
    ("request-enum-added", lambda d: read(d, "note").update(enum=["a", None])),
    ("request-enum-narrowed", lambda d: read(d, "state").update(enum=["new", "used"])),
    ("request-not-nullable", lambda d: read(d, "note").update(type="string")),
    ("request-type-narrowed", lambda d: read(d, "size").update(type="integer")),
    ("request-default-changed", lambda d: read(d, "state").update(default="used")),
    ("request-type-narrowed", lambda d: read(d, "tags")["items"].update(type="integer")),
    ("request-type-narrowed", lambda d: read(d, "counts")["additionalProperties"].update(type="string")),
    ("request-not-added", lambda d: read(d, "note").update({"not": {"enum": ["x"]}})),
    ("request-choice-removed", lambda d: component(d, "Ware")["oneOf"].pop()),
    ("response-choice-added", lambda d: component(d, "Ware")["oneOf"].append({"type": "object"})),
    ("response-discriminator-changed", lambda d: component(d, "Ware")["discriminator"].update(propertyName="sort")),
    ("response-property-removed", lambda d: component(d, "Item")["properties"].pop("note")),
    ("response-property-optional", lambda d: component(d, "Item")["required"].remove("id")),
    ("response-type-widened", lambda d: sent(d, "id").update(type="string")),
    ("response-type-widened", lambda d: sent(d, "id").update(type="number")),
    ("response-nullable", lambda d: sent(d, "id").update(type=["integer", "null"])),
    ("response-enum-widened", lambda d: sent(d, "state")["enum"].append("lost")),
    ("response-enum-removed", lambda d: sent(d, "state").pop("enum")),
    ("response-format-removed", lambda d: sent(d, "when").pop("format")),
    ("response-format-changed", lambda d: sent(d, "when").update(format="date")),
    ("response-type-widened", lambda d: sent(d, "tags")["items"].update(type="integer")),
    ("response-members-widened", lambda d: sent(d, "counts").update(additionalProperties=True)),
    ("response-type-widened", lambda d: sent(d, "counts")["additionalProperties"].update(type="string")),
    ("response-header-optional", lambda d: answers(d)["200"]["headers"]["X-Total"].pop("required")),
    ("request-encoding-changed", lambda d: upload(d)["encoding"]["photo"].update(contentType="image/gif")),
    ("response-header-removed", lambda d: answers(d)["200"]["headers"].pop("X-Total")),
    ("response-type-widened", lambda d: answers(d)["200"]["headers"]["X-Total"]["schema"].update(type="string")),
    ("security-added", lambda d: operation(d, "/items", "get").update(security=[{"bearer": []}])),
    ("security-changed", lambda d: operation(d, "/items", "post")["security"][0]["bearer"].append("more")),
    ("security-changed", lambda d: operation(d, "/items", "post")["security"][0].update(other=[])),
    ("security-scheme-changed", lambda d: d["components"]["securitySchemes"]["bearer"].update(scheme="basic")),
    (
        "response-type-widened",
        lambda d: answers(d)["200"]["content"]["application/json"].update(schema={"type": "object"}),
    ),
    ("webhook-removed", lambda d: d["webhooks"].pop("itemSold")),
    ("webhook-method-removed", lambda d: d["webhooks"]["itemSold"].update(put=d["webhooks"]["itemSold"].pop("post"))),
    ("webhook-body-removed", lambda d: hook(d).pop("requestBody")),
    ("webhook-body-optional", lambda d: hook(d)["requestBody"].update(required=False)),
    ("webhook-media-type-removed", lambda d: hook(d)["requestBody"].update(content={"text/csv": {}})),
    ("webhook-header-removed", lambda d: hook(d).pop("parameters")),
    ("webhook-header-optional", lambda d: hook(d)["parameters"][0].update(required=False)),
    ("response-type-widened", lambda d: hook(d)["parameters"][0].update(schema={"type": "integer"})),
    ("webhook-status-removed", lambda d: (hook(d)["responses"].pop("410"), hook(d)["responses"].pop("4XX", None))),
    ("webhook-answer-media-type-removed", lambda d: hook(d)["responses"]["200"].update(content={"text/csv": {}})),
    ("request-property-required", lambda d: answered(d).update(required=["taken"])),
    ("response-property-removed", lambda d: hook_schema(d)["properties"].pop("note")),
    ("response-enum-widened", lambda d: hook_schema(d)["properties"]["state"]["enum"].append("lost")),
    ("response-property-optional", lambda d: hook_schema(d)["required"].remove("id")),
    ("callback-removed", lambda d: operation(d, "/items", "post").pop("callbacks")),
    ("callback-expression-removed", lambda d: call_back(d).update({"{$url}": call_back(d).popitem()[1]})),
    ("callback-body-removed", lambda d: called_back(d).pop("requestBody")),
    ("callback-status-removed", lambda d: called_back(d)["responses"].pop("4XX")),
    (
        "response-type-widened",
        lambda d: called_back(d)["requestBody"]["content"]["application/json"].update(schema={"type": "string"}),
    ),
    ("security-flow-removed", lambda d: d["components"]["securitySchemes"]["oauth"]["flows"].pop("implicit")),
    ("security-flow-changed", lambda d: flow(d).update(tokenUrl="https://else.invalid/token")),
    ("security-scope-removed", lambda d: flow(d)["scopes"].pop("write")),
]


@pytest.mark.parametrize(("code", "change"), BREAKING, ids=[f"{at}-{code}" for at, (code, _) in enumerate(BREAKING)])
def test_breaks_are_found(code, change):
    """Whatever takes from clients what they had is called breaking, by its name."""
    found = [each.code for each in changes_of(change) if each.level is Level.BREAKING]

    assert code in found


def rename_component(document: Json) -> None:
    document["components"]["schemas"]["Thing"] = document["components"]["schemas"].pop("Item")
    for part in ("paths", "webhooks"):
        document[part] = eval(repr(document[part]).replace("schemas/Item'", "schemas/Thing'"))


def turn_around(value: t.Any) -> t.Any:
    """The same with all members of objects the other way round."""
    if isinstance(value, dict):
        return {name: turn_around(value[name]) for name in reversed(value)}
    return [turn_around(each) for each in value] if isinstance(value, list) else value


def inline(document: Json) -> None:
    schema = document["components"]["schemas"]["Item"]
    operation(document, "/items/{item_id}", "get")["responses"]["200"]["content"]["application/json"]["schema"] = schema


def rename_variable(document: Json) -> None:
    item = document["paths"].pop("/items/{item_id}")
    for each in item.values():
        if isinstance(each, dict):
            each["parameters"][0]["name"] = "id"
    document["paths"]["/items/{id}"] = item


HARMLESS: list[tuple[str, t.Callable[[Json], t.Any]]] = [
    ("an optional member to send", lambda d: component(d, "ItemInput")["properties"].update(more={"type": "string"})),
    ("a member to read", lambda d: component(d, "Item")["properties"].update(more={"type": "string"})),
    (
        "a required member to read",
        lambda d: (
            component(d, "Item")["properties"].update(more={"type": "string"}),
            component(d, "Item")["required"].append("more"),
        ),
    ),
    (
        "an optional parameter",
        lambda d: operation(d, "/items", "get")["parameters"].append({"name": "q", "in": "query", "schema": {}}),
    ),
    ("an operation", lambda d: d["paths"]["/items/{item_id}"].update(patch={"responses": {}})),
    ("a path", lambda d: d["paths"].update({"/more": {"get": {"responses": {}}}})),
    ("an error", lambda d: answers(d).update({"429": {"description": "Slower."}})),
    (
        "a media type to send",
        lambda d: operation(d, "/items", "post")["requestBody"]["content"].update({"text/csv": {}}),
    ),
    ("a media type to read", lambda d: answers(d)["200"]["content"].update({"text/csv": {}})),
    ("a header", lambda d: answers(d)["200"]["headers"].update({"X-More": {"schema": {"type": "string"}}})),
    ("a wider choice to send", lambda d: read(d, "state")["enum"].append("lost")),
    ("a narrower choice to read", lambda d: sent(d, "state")["enum"].remove("broken")),
    ("a higher limit", lambda d: (read(d, "name").update(maxLength=80), sent(d, "name").update(maxLength=80))),
    ("a lower limit of a page", lambda d: parameter(d, "page")["schema"].update(minimum=0)),
    ("no limit", lambda d: (read(d, "size").pop("maximum"), sent(d, "size").pop("maximum"))),
    ("no pattern", lambda d: (read(d, "name").pop("pattern"), sent(d, "name").pop("pattern"))),
    ("an optional member that was required", lambda d: component(d, "ItemInput")["required"].remove("name")),
    ("null may be sent", lambda d: read(d, "name").update(type=["string", "null"])),
    ("null is not read", lambda d: sent(d, "note").update(type="string")),
    ("a wider type to send", lambda d: read(d, "size").update(type=["number", "string"])),
    ("a narrower type to read", lambda d: sent(d, "size").update(type="integer")),
    (
        "one more sort to send",
        lambda d: operation(d, "/wares", "post")["requestBody"]["content"].update(
            {"application/json": {"schema": {"oneOf": [*component(d, "Ware")["oneOf"], {"type": "null"}]}}}
        ),
    ),
    ("no more errors of the server", lambda d: answers(d).pop("500")),
    ("descriptions", lambda d: (component(d, "Item").update(description="Else."), sent(d, "id").update(title="Else"))),
    ("examples", lambda d: sent(d, "id").update(examples=[5])),
    ("summaries and tags", lambda d: operation(d, "/items", "get").update(summary="Else.", tags=["else"])),
    ("another name of a component", rename_component),
    ("no name of a component", inline),
    ("another order", lambda d: d.update(turn_around(d)) or d.update(x=1)),
    ("another order of choices", lambda d: component(d, "Ware")["oneOf"].reverse()),
    ("another order of values", lambda d: (sent(d, "state")["enum"].reverse(), read(d, "state")["enum"].reverse())),
    ("another name of a variable", rename_variable),
    ("deprecation", lambda d: operation(d, "/items", "get").update(deprecated=True)),
    ("no more credentials", lambda d: operation(d, "/items", "post").update(security=[])),
    ("credentials of another kind too", lambda d: operation(d, "/items", "post")["security"].append({"key": []})),
    ("fewer scopes", lambda d: operation(d, "/items/{item_id}", "get")["security"][0].update(oauth=[])),
    (
        "const for an enum of one",
        lambda d: component(d, "Toy")["properties"].update(kind={"type": "string", "enum": ["toy"]}),
    ),
    (
        "null by anyOf",
        lambda d: sent(d, "note").update(anyOf=[{"type": "string"}, {"type": "null"}]) or sent(d, "note").pop("type"),
    ),
    ("an answer closed", lambda d: component(d, "Item").update(additionalProperties=False)),
    ("a body opened", lambda d: component(d, "ItemInput").pop("additionalProperties")),
    ("words of one's own", lambda d: sent(d, "id").update({"x-unit": "pieces"})),
    ("a webhook", lambda d: d["webhooks"].update(more=copy.deepcopy(d["webhooks"]["itemSold"]))),
    ("a header of a webhook", lambda d: hook(d)["parameters"].append({"name": "X-More", "in": "header", "schema": {}})),
    ("one more status of a receiver", lambda d: hook(d)["responses"].update({"202": {"description": "Later."}})),
    ("any status of a receiver", lambda d: hook(d)["responses"].update({"2XX": hook(d)["responses"].pop("200")})),
    ("a member of a webhook", lambda d: hook_schema(d)["properties"].update(more={"type": "string"})),
    ("a narrower choice in a webhook", lambda d: hook_schema(d)["properties"]["state"]["enum"].remove("broken")),
    ("a wider answer of a receiver", lambda d: answered(d)["properties"]["taken"].update(type=["boolean", "null"])),
    ("a webhook deprecated", lambda d: hook(d).update(deprecated=True)),
    ("words of a webhook", lambda d: hook(d).update(summary="Else.", description="Else.")),
    ("a callback", lambda d: operation(d, "/items", "post")["callbacks"].update(more=copy.deepcopy(call_back(d)))),
    ("a callback to one more place", lambda d: call_back(d).update({"{$url}": copy.deepcopy(called_back(d))})),
    ("a link", lambda d: link(d).update(more={"operationId": "getItems"})),
    ("a scope", lambda d: flow(d)["scopes"].update(more="")),
    ("a flow", lambda d: d["components"]["securitySchemes"]["oauth"]["flows"].update(password={"tokenUrl": "x"})),
]

RISKY: list[tuple[str, t.Callable[[Json], t.Any]]] = [
    ("response-status-removed", lambda d: operation(d, "/items", "post")["responses"].pop("409")),
    ("response-link-removed", lambda d: link(d).pop("item")),
    ("response-link-changed", lambda d: link(d)["item"].update(operationId="deleteItem")),
    ("response-link-changed", lambda d: link(d)["item"].update(parameters={"item_id": 1})),
    ("webhook-media-type-added", lambda d: hook(d)["requestBody"]["content"].update({"text/csv": {}})),
    ("webhook-method-added", lambda d: d["webhooks"]["itemSold"].update(put=copy.deepcopy(hook(d)))),
    (
        "webhook-answer-body-added",
        lambda d: hook(d)["responses"]["410"].update(content={"application/json": {"schema": {}}}),
    ),
]


@pytest.mark.parametrize(("code", "change"), RISKY, ids=[f"{at}-{code}" for at, (code, _) in enumerate(RISKY)])
def test_risks_are_no_breaks(code, change):
    """What only those notice who count on more than types is risky."""
    assert {(each.level, each.code) for each in changes_of(change)} == {(Level.RISKY, code)}


def test_parameters_of_a_media_type_that_say_nothing_are_no_change():
    """``charset=utf-8`` is what JSON is anyway (RFC 8259, section 8.1); another parameter makes another type."""
    document = copy.deepcopy(base())
    content = operation(document, "/items", "post")["requestBody"]["content"]
    content["Application/JSON; charset=UTF-8"] = content.pop("application/json")
    answer = answers(document)["200"]["content"]
    answer['application/json; charset="utf-8"'] = answer.pop("application/json")

    assert compare(base(), document) == []

    answer["application/json; version=2"] = answer.pop('application/json; charset="utf-8"')

    assert [each.code for each in compare(base(), document) if each.level is Level.BREAKING] == [
        "response-media-type-removed"
    ]


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        (["https://a"], ["https://b"], Level.BREAKING),
        (["https://a"], [], Level.BREAKING),
        (["https://a", "https://b"], ["https://b"], Level.RISKY),
        (["https://a"], ["https://b", "https://a"], None),
    ],
)
def test_the_loss_of_all_known_servers_breaks(before, after, level):
    """Clients that know one of several can go on with another; without any they cannot."""
    old, new = copy.deepcopy(base()), copy.deepcopy(base())
    old["servers"], new["servers"] = ([{"url": url} for url in urls] for urls in (before, after))

    assert {each.level for each in compare(old, new)} == ({level} if level else set())


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ("2030-05-01", "2030-04-30", ["operation-sunset-earlier"]),
        ("2030-05-01", "2030-05-02", []),
        ("2030-05-01", None, []),
    ],
)
def test_an_earlier_sunset_breaks(before, after, codes):
    """Clients have planned with the day that was announced."""
    old, new = copy.deepcopy(base()), copy.deepcopy(base())
    operation(old, "/items", "get")["x-sunset"] = before
    if after:
        operation(new, "/items", "get")["x-sunset"] = after

    assert [each.code for each in compare(old, new) if each.level is Level.BREAKING] == codes


def test_webhooks_of_the_older_version_are_compared():
    """OpenAPI 3.0 has webhooks under another name, and they are the same ones."""
    old, new = copy.deepcopy(base()), copy.deepcopy(base())
    old["x-webhooks"] = old.pop("webhooks")
    gone = {name: value for name, value in new.items() if name != "webhooks"}

    assert compare(old, new) == []
    assert [each.code for each in compare(old, gone)] == ["webhook-removed"]


@pytest.mark.parametrize(("name", "change"), HARMLESS, ids=[name for name, _ in HARMLESS])
def test_harmless_changes_are_no_breaks(name, change):
    """What only adds, loosens for senders or tightens for readers breaks nobody."""
    assert [each for each in changes_of(change) if each.level is Level.BREAKING] == []


EQUAL: list[tuple[str, t.Callable[[Json], t.Any]]] = [
    *(
        (name, change)
        for name, change in HARMLESS
        if name.startswith(("another", "no name", "const", "null by", "words"))
    ),
    *((name, change) for name, change in HARMLESS if name in ("descriptions", "examples", "summaries and tags")),
    (
        "an exclusive limit of integers",
        lambda d: swap(parameter(d, "page")["schema"], "minimum", "exclusiveMinimum", 0),
    ),
    ("items that may repeat", lambda d: read(d, "tags").update(uniqueItems=False)),
    ("a length of nothing", lambda d: sent(d, "tags").update(minItems=0)),
    ("members that may be anything", lambda d: component(d, "Item").update(additionalProperties={})),
    ("parts of a schema", lambda d: d["components"]["schemas"].update(Item={"allOf": [component(d, "Item"), {}]})),
]


def swap(schema: Json, old: str, new: str, value: t.Any) -> None:
    schema.pop(old)
    schema[new] = value


@pytest.mark.parametrize(("name", "change"), EQUAL, ids=[name for name, _ in EQUAL])
def test_two_ways_to_say_the_same_are_no_change(name, change):
    """Words, names, order, and other spellings of one rule are not told at all."""
    assert changes_of(change) == []


def test_a_document_does_not_differ_from_itself():
    """Nothing changed in a document with every feature, in both versions, and between them."""
    from framework.openapi.document import build

    app = make_app()
    new, old = build(app), build(app, version="3.0.3")

    assert compare(new, copy.deepcopy(new)) == []
    assert compare(old, copy.deepcopy(old)) == []


def test_a_change_that_shows_in_several_operations_stands_once():
    """A change in a component names all the operations that it shows in."""
    changes = changes_of(lambda d: sent(d, "id").update(type="string"))

    assert len(changes) == 1
    assert changes[0].operations == ["GET /items", "POST /items", "GET /items/{item_id}", "webhook itemSold"]
    assert (changes[0].component, changes[0].member) == ("Item", "id")


def test_schemas_that_contain_themselves_are_compared():
    """A schema that contains itself ends, and a change in it is found."""
    old = {
        "paths": {
            "/": {
                "get": {
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
                    }
                }
            }
        },
        "components": {
            "schemas": {
                "Node": {
                    "type": "object",
                    "properties": {
                        "next": {"anyOf": [{"$ref": "#/components/schemas/Node"}, {"type": "null"}]},
                        "value": {"type": "integer"},
                    },
                }
            }
        },
    }
    new = copy.deepcopy(old)
    t.cast(t.Any, new)["components"]["schemas"]["Node"]["properties"]["value"]["type"] = "string"

    assert compare(old, copy.deepcopy(old)) == []
    assert [each.code for each in compare(old, new)] == ["response-type-widened"]


def test_statuses_may_be_numbers():
    """A status that YAML has read as a number is the same status."""
    old = {"paths": {"/": {"get": {"responses": {"200": {"description": "Fine."}}}}}}
    new = {"paths": {"/": {"get": {"responses": {200: {"description": "Fine."}}}}}}

    assert compare(old, new) == []


def test_a_change_behind_a_reference_is_found():
    """A schema that stands in both alike and refers to one that changed is no equal."""
    changes = changes_of(lambda d: component(d, "Toy")["properties"]["price"].update(type="string"))

    assert {each.code for each in changes} >= {"request-type-narrowed", "response-type-widened"}
    assert changes[0].component == "Toy"


def test_errors_may_grow():
    """Another error class of a status that was declared is a risk, no break."""
    app = shop()

    class Gone(errors.Conflict):
        """It was sold."""

    @app.route("/sold")
    @response(200)
    @raises(Taken)
    def sold() -> t.Any:
        return 1

    other = shop()

    @other.route("/sold", endpoint="sold")
    @response(200)
    @raises(Taken, Gone)
    def sold_again() -> t.Any:
        return 1

    other.view_functions["sold"].__name__ = "sold"
    changes = compare(app.openapi, other.openapi)

    assert {each.level for each in changes} == {Level.RISKY}


def test_the_source_of_a_change_is_named():
    """With a live application a change names the class and line of the field, or of the handler."""
    app = shop()
    old = copy.deepcopy(app.openapi)
    old["components"]["schemas"]["ItemInput"]["properties"]["name"]["maxLength"] = 80
    operation(old, "/items", "get")["parameters"].append({"name": "gone", "in": "query", "schema": {}})
    changes = compare(old, app.openapi)
    Sources(app).annotate(changes)
    by_code = {each.code: each.source or "" for each in changes}
    lines = pathlib.Path(__file__).read_text(encoding="utf-8").split("\n")

    file, _, rest = by_code["request-maxlength-tightened"].rpartition(":")
    line, _, name = rest.partition(" ")
    assert file.endswith("test_diff.py")
    assert name == "ItemSchema.name"
    assert lines[int(line) - 1].strip().startswith("name = fields.String(")
    assert by_code["parameter-removed"].endswith("shop.Items.get")


def test_the_source_of_a_webhook_is_named():
    """A change of a webhook names the line that declares it."""
    app = shop()
    old = copy.deepcopy(app.openapi)
    hook(old)["parameters"].append({"name": "X-Gone", "in": "header", "schema": {}})
    changes = compare(old, app.openapi)
    Sources(app).annotate(changes)
    place, _, name = (changes[0].source or "").partition(" ")
    file, _, line = place.rpartition(":")

    assert name == "webhook itemSold"
    assert file.endswith("test_diff.py")
    assert pathlib.Path(__file__).read_text(encoding="utf-8").split("\n")[int(line) - 1].strip() == "app.webhook("


@pytest.mark.parametrize(
    ("change", "version", "bump", "at_least", "enough"),
    [
        (lambda d: d["paths"].pop("/items"), "1.4.3", "major", "2.0.0", False),
        (lambda d: d["paths"].pop("/items"), "2.0.0", "major", "2.0.0", True),
        (lambda d: d["paths"].update({"/more": {"get": {}}}), "1.4.3", "minor", "1.5.0", False),
        (lambda d: d["info"].update(title="Else"), "1.4.3", "patch", "1.4.3", True),
        (lambda d: None, "1.4.2", "none", "1.4.2", True),
    ],
)
def test_the_version_to_give_is_told(change, version, bump, at_least, enough):
    """Breaks ask for a major version, additions for a minor one, words for a patch."""
    new = copy.deepcopy(base())
    change(new)
    new["info"]["version"] = version
    found = advice(compare(base(), new), base(), new)

    assert found == (bump, at_least, enough)

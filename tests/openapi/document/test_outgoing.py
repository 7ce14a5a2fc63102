"""Webhooks and callbacks: declared with schemas, described, dumped and checked by one declaration."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import typing as t

import pytest

from framework import App, Router, Schema, Webhook, arguments, callback, fields, response, validate
from framework.errors import ContractViolation, OperationIdConflict, SetupError
from framework.http.webhook_signatures import HMACKey, sign
from framework.marks.base import Header, Outcome
from framework.openapi.document import build
from framework.openapi.lint import check


class ToySchema(Schema):
    """A toy."""

    id = fields.Integer(dump_only=True, required=True)
    name = fields.String(required=True, validate=validate.Length(max=5))
    secret = fields.String(load_only=True)
    made = fields.DateTime(metadata={"optional": True})


class AckSchema(Schema):
    """What a receiver says."""

    seen = fields.Boolean(required=True)
    echo = fields.String(dump_only=True)


TOY = {"id": 1, "name": "ball", "secret": "hidden"}
SETTINGS: t.Any = {
    "API_DESCRIPTION": "Toys.",
    "API_CONTACT": {"name": "The shop"},
    "API_LICENSE": {"name": "MIT", "identifier": "MIT"},
    "API_SERVERS": [{"url": "https://shop.invalid"}],
}


def make_app() -> App:
    app = App("toys")
    app.config.update(SETTINGS)
    return app


# Webhooks in the document


def test_a_webhook_is_described() -> None:
    """Its body is what we write, its answers are what we read; words, headers and example are there."""
    app = make_app()
    app.webhook(
        "toy.made",
        ToySchema,
        summary="A toy was made.",
        description="Once for each.",
        headers={"X-Shop": fields.Integer(required=True), "X-Try": fields.Integer(metadata={"description": "From 1."})},
        responses={200: AckSchema, 202: Outcome(202, description="Later."), 204: None, 410: "No more."},
        example={"id": 1, "name": "ball"},
        tags=["hooks"],
        deprecated=True,
    )
    made = app.openapi["webhooks"]["toy.made"]["post"]

    assert made == {
        "operationId": "toyMade",
        "tags": ["hooks"],
        "summary": "A toy was made.",
        "description": "Once for each.",
        "deprecated": True,
        "parameters": [
            {"name": "X-Shop", "in": "header", "required": True, "schema": {"type": "integer"}},
            {"name": "X-Try", "in": "header", "description": "From 1.", "schema": {"type": "integer"}},
        ],
        "requestBody": {
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Toy"},
                    "example": {"id": 1, "name": "ball"},
                }
            },
            "required": True,
        },
        "responses": {
            "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AckInput"}}},
            },
            "202": {"description": "Later."},
            "204": {"description": "No Content"},
            "410": {"description": "No more."},
        },
        "security": [],
    }
    schemas = app.openapi["components"]["schemas"]
    assert sorted(schemas["Toy"]["properties"]) == ["id", "made", "name"]
    assert sorted(schemas["AckInput"]["properties"]) == ["seen"]
    assert app.openapi["tags"] == [{"name": "hooks", "description": "Operations of hooks."}]
    assert check(app) == check(app, "3.0.3") == []


def test_the_least_webhook_is_complete() -> None:
    """A name is enough: words come from it, and any receiver may take or refuse."""
    app = make_app()
    app.webhook("toy-shop-closed", method="put", operation_id="onClose")
    app.webhook("toyLost")

    assert app.openapi["webhooks"]["toy-shop-closed"]["put"] == {
        "operationId": "onClose",
        "tags": ["toys"],
        "summary": "On close",
        "description": "On close",
        "responses": {
            "2XX": {"description": "The message was received."},
            "4XX": {"description": "The message was refused."},
        },
        "security": [],
    }
    assert app.openapi["webhooks"]["toyLost"]["post"]["summary"] == "Toy lost"
    assert check(app) == []


def test_the_older_version_has_them_under_another_name() -> None:
    """OpenAPI 3.0 knows no webhooks: they are an extension there, in the words of 3.0."""
    app = make_app()
    app.webhook("toyMade", {"name": fields.String(allow_none=True)})
    made = build(app, "3.0.3")
    media = made["x-webhooks"]["toyMade"]["post"]["requestBody"]["content"]["application/json"]

    assert "webhooks" not in made
    assert media["schema"]["properties"]["name"] == {"type": "string", "nullable": True}


def test_routers_have_webhooks() -> None:
    """One of a router has its tag, reaches the application when mounted, and stays one when mounted again."""
    app = make_app()
    toys = Router("toys", description="All about toys.")
    inner = Router("inner")
    made = toys.webhook("toyMade", ToySchema)
    inner.add_webhook(lost := Webhook("toyLost"))
    toys.register_router(inner)
    app.register_router(toys, url_prefix="/a")
    app.register_router(toys, url_prefix="/b", name="again")

    assert app.webhooks == {"toyMade": made, "toyLost": lost}
    assert app.openapi["webhooks"]["toyMade"]["post"]["tags"] == ["toys"]
    assert app.openapi["webhooks"]["toyLost"]["post"]["tags"] == ["inner"]
    assert [tag["description"] for tag in app.openapi["tags"]] == ["All about toys.", "Operations of inner."]


def test_an_application_of_webhooks_alone_has_docs() -> None:
    """The document is served, and a page shows them."""
    app = make_app()
    app.webhook("toyMade", ToySchema, headers={"X-Shop": fields.String()}, deprecated=True)
    client = app.test_client()
    page = client.get("/docs/webhooks").text

    assert client.get("/openapi.json").json["webhooks"]
    assert '<a href="/docs/webhooks">Webhooks</a>' in client.get("/docs").text
    assert 'id="webhook-toyMade"' in page
    assert "X-Shop" in page
    assert "The message was refused." in page


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda app: app.webhook("toy made"), "is not a name"),
        (lambda app: app.webhook("toyMade", 5), "is not a schema"),
        (lambda app: app.webhook("toyMade", method="SEND"), "cannot be sent with 'SEND'"),
        (lambda app: app.webhook("toyMade", sumary="?"), "has no option 'sumary'. It has method, summary"),
        (lambda app: (app.webhook("toyMade"), app.webhook("toyMade")), "two webhooks 'toyMade': .*test_outgoing.py:"),
        (lambda app: callback("made", "https://shop.invalid"), "which the client has no say in"),
        (lambda app: callback("made", "{$request.bdy}"), "'\\$request.bdy' in the expression of callback 'made'"),
        (lambda app: callback("made", "{x}/{$url}"), "is not a runtime expression"),
    ],
)
def test_what_cannot_be_is_refused(declare: t.Any, words: str) -> None:
    """Names, methods, options and expressions that are none are errors at once."""
    with pytest.raises(SetupError, match=words):
        declare(make_app())


def test_ids_are_told_apart() -> None:
    """An operationId is that of one operation, webhook or callback."""
    app = make_app()
    app.webhook("makeToy")

    @app.get("/toys")
    @response(204)
    def make_toy():
        """Make."""

    other = make_app()

    @other.get("/toys")
    @callback("sold", "{$url}", operation_id="toys")
    @response(204)
    def toys():
        """Make."""

    with pytest.raises(OperationIdConflict, match=r"'makeToy': GET /toys .* and webhook 'makeToy'"):
        app.freeze()
    with pytest.raises(OperationIdConflict, match=r"'toys': GET /toys .* and callback 'sold' of .*toys"):
        other.freeze()


# Callbacks


class OrderSchema(Schema):
    """Where to say that it is ready."""

    url = fields.URL(required=True)


def ordering() -> tuple[App, t.Any]:
    """An application with an operation that calls back."""
    app = make_app()
    ready = callback("ready", "{$request.body#/url}/ready", ToySchema, summary="The toy is ready.")
    late = callback("ready", "{$request.body#/url}/late", summary="It is late.", operation_id="beLate")

    @app.post("/orders")
    @ready
    @late
    @arguments(OrderSchema)
    @response(202, OrderSchema)
    def order_toy(order):
        """Order a toy."""
        order_toy.sent = ready.dump(TOY)
        return order

    return app, order_toy


def test_a_callback_is_described() -> None:
    """It stands with its operation under its expression, with the operation's tags and an id of both."""
    app, _ = ordering()
    made = app.openapi["paths"]["/orders"]["post"]["callbacks"]

    assert list(made) == ["ready"]
    assert list(made["ready"]) == ["{$request.body#/url}/ready", "{$request.body#/url}/late"]
    ready = made["ready"]["{$request.body#/url}/ready"]["post"]
    assert (ready["operationId"], ready["tags"], ready["summary"]) == ("orderToyReady", ["toys"], "The toy is ready.")
    assert ready["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Toy"}
    assert made["ready"]["{$request.body#/url}/late"]["post"]["operationId"] == "beLate"
    assert check(app) == check(app, "3.0.3") == []


def test_a_callback_is_dumped_in_the_handler() -> None:
    """The mark itself makes the request."""
    app, handler = ordering()
    reply = app.test_client().post("/orders", json={"url": "https://else.invalid"})

    assert reply.status_code == 202
    assert json.loads(handler.sent.body) == {"id": 1, "name": "ball"}


def test_callbacks_are_on_the_page() -> None:
    """Their expression and words are shown with the operation."""
    app, _ = ordering()
    page = app.test_client().get("/docs").text

    assert "<h4>Callbacks</h4>" in page
    assert '<span class="method post">POST</span> <code>{$request.body#/url}/ready</code>' in page
    assert "The toy is ready." in page


# Dumping


@pytest.mark.parametrize("fast", [True, False])
def test_a_message_is_what_the_document_says(fast: bool) -> None:
    """The schema dumps it; method and media type are the declared ones."""
    app = make_app()
    app.config["FAST_PATH"] = fast
    made = app.webhook("toyMade", ToySchema, method="PUT", content_type="application/toy+json")
    message = app.webhooks["toyMade"].dump(TOY)

    assert made is app.webhooks["toyMade"]
    assert message == ("PUT", b'{"id":1,"name":"ball"}', {"Content-Type": "application/toy+json"})


def test_lists_and_nothing_are_messages() -> None:
    """``many`` gives a list; without a schema there is no body."""
    assert Webhook("toysMade", ToySchema(many=True)).dump([TOY]).body == b'[{"id":1,"name":"ball"}]'
    assert Webhook("closed").dump() == ("POST", b"", {})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"id": 1, "name": "too long"}, r"\$.name: \"too long\" has 8 characters"),
        ({"name": "ball"}, "id"),
        ({"id": 1}, "name"),
    ],
)
def test_a_lie_is_not_sent(value: t.Any, words: str) -> None:
    """A body that the document does not promise is an error that names the place, and no message."""
    with pytest.raises(ContractViolation, match=words) as caught:
        Webhook("toyMade", ToySchema).dump(value)

    assert "webhook 'toyMade'" in str(caught.value)


def test_headers_are_held_to_the_declaration() -> None:
    """What is declared may be given, what is required must be, and nothing else goes."""
    made = Webhook(
        "toyMade", headers={"X-Shop": Header("X-Shop", fields.String(), required=True), "X-Try": fields.Integer()}
    )

    assert made.dump(headers={"x-shop": "a"}).headers == {"x-shop": "a"}
    with pytest.raises(SetupError, match="always sent with the header 'X-Shop'"):
        made.dump(headers={"X-Try": "1"})
    with pytest.raises(SetupError, match="declares no header 'X-Other'"):
        made.dump(headers={"X-Shop": "a", "X-Other": "b"})


@pytest.mark.parametrize("secret", ["whsec_" + base64.b64encode(b"key").decode(), "key", b"key"])
def test_a_signature_follows_standard_webhooks(secret: str | bytes) -> None:
    """Id, time and body are signed with HMAC-SHA256; the three headers are in the document."""
    app = make_app()
    made = app.webhook("toyMade", ToySchema, signed=True)
    message = made.dump(TOY, secret=secret, message_id="msg_1")
    text = f"msg_1.{message.headers['webhook-timestamp']}.".encode() + message.body
    expected = base64.b64encode(hmac.digest(b"key", text, hashlib.sha256)).decode()
    declared = app.openapi["webhooks"]["toyMade"]["post"]["parameters"]

    assert message.headers["webhook-id"] == "msg_1"
    assert message.headers["webhook-signature"] == f"v1,{expected}"
    assert [(each["name"], each["required"]) for each in declared] == [
        ("webhook-id", True),
        ("webhook-timestamp", True),
        ("webhook-signature", True),
    ]
    assert made.dump(TOY, secret=secret).headers["webhook-id"] != made.dump(TOY, secret=secret).headers["webhook-id"]


def test_a_message_is_signed_by_each_secret() -> None:
    """While a secret is replaced, there is a signature by the new one and one by the old one, in this order."""
    made = Webhook("toyMade", ToySchema, signed=True)
    message = made.dump(TOY, secret=["new", b"old"], message_id="msg_1")
    moment = int(message.headers["webhook-timestamp"])
    expected = sign(message.body, [HMACKey(b"new"), HMACKey(b"old")], "msg_1", moment)

    assert message.headers["webhook-signature"] == expected["webhook-signature"]
    assert len(expected["webhook-signature"].split(" ")) == 2
    with pytest.raises(SetupError, match="full stop"):
        made.dump(TOY, secret="new", message_id="msg.1")


def test_a_message_without_a_signature_can_be_kept() -> None:
    """Who signs each attempt to send a message keeps it without one."""
    made = Webhook("toyMade", ToySchema, signed=True)

    assert made.dump_unsigned(TOY).headers == {"Content-Type": "application/json"}
    assert made.dump_unsigned(TOY).body == made.dump(TOY, secret="a").body


def test_a_signature_needs_a_secret() -> None:
    """Without one, or with one that is cut off, nothing is made."""
    made = Webhook("toyMade", signed=True)

    with pytest.raises(SetupError, match="Give 'dump' the receiver's 'secret'"):
        made.dump()
    with pytest.raises(SetupError, match="goes on in base64"):
        made.dump(secret="whsec_?")

"""The contract: whatever an answer does beyond its declaration fails, with words that say what to write."""

from __future__ import annotations

import gzip
import inspect
import logging
import pathlib
import typing as t

import pytest
from marshmallow import EXCLUDE
from werkzeug.test import Client

import framework
from framework import (
    App,
    Resource,
    Response,
    Router,
    Schema,
    abort,
    alt_response,
    arguments,
    doc,
    errors,
    fields,
    jsonify,
    raises,
    redirect,
    response,
    validate,
)
from framework.errors import ContractViolation
from framework.marks.base import Header, Mark, Phase, Step


class PetMissing(errors.NotFound):
    """No pet has this id."""


class OwnerSchema(Schema):
    name = fields.String(required=True)


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=10))
    kind = fields.String(validate=validate.OneOf(["cat", "dog"]))
    owner = fields.Nested(OwnerSchema, allow_none=True)


PET: dict[str, t.Any] = {"id": 1, "name": "Rex", "kind": "dog", "owner": None}


class QuerySchema(Schema):
    page = fields.Integer(load_default=1, validate=validate.Range(1, 9))


@pytest.fixture(params=["fast", "plain"])
def app(request):
    app = App("shop")
    app.config.update(TESTING=True, FAST_PATH=request.param == "fast", SECRET_KEY="x")
    return app


def answering(app, value, *marks, rule="/pets/<int:pet_id>", **options):
    """Let an operation of one GET return a value, with 200 and a pet declared unless marks are given."""

    def view(**values):
        result = value() if callable(value) else value
        return result

    for mark in reversed(marks or (response(200, PetSchema),)):
        view = mark(view)
    app.add_url_rule(rule, "answering", view, **options)
    return app.test_client()


def refusal(ask):
    """What the contract says of a request."""
    with pytest.raises(ContractViolation) as caught:
        ask()
    return str(caught.value)


def test_what_is_declared_passes(app):
    """An answer as declared is none of the contract's business."""
    client = answering(app, PET)

    assert client.get("/pets/1").json == PET
    assert client.head("/pets/1").status_code == 200
    assert client.options("/pets/1").status_code == 200
    assert client.post("/pets/1").status_code == 405
    assert client.get("/none").status_code == 404


def test_a_message_names_handler_request_and_remedy(app):
    """The message holds the handler's place, a curl line and the declaration to paste."""

    @app.post("/pets")
    @arguments(PetSchema)
    @response(201, PetSchema)
    def add_pet(pet: t.Any) -> t.Any:
        return PET, 202

    line = add_pet.__code__.co_firstlineno
    text = refusal(
        lambda: app.test_client().post("/pets", json={"name": "Rex"}, headers={"Authorization": "Bearer abc"})
    )

    assert "POST /pets (addPet) broke its contract." in text
    assert f"add_pet (tests/openapi/contract/test_contract.py:{line})" in text
    assert "curl -X POST http://localhost/pets -H 'Content-Type: application/json'" in text
    assert "'Authorization: Bearer ***'" in text
    assert '--data-raw \'{"name": "Rex"}\'' in text
    assert "The status 202 is not declared; declared are 201," in text
    assert "@response(202, PetSchema)" in text


def test_secrets_are_masked(app):
    """Credentials in headers, query and body do not get into messages."""

    @app.post("/login")
    @arguments({"password": fields.String(), "user": fields.Nested({"api_key": fields.String()})})
    @arguments({"token": fields.String(), "page": fields.Integer()}, location="query")
    @response(200)
    def login(body: t.Any, query: t.Any) -> t.Any:
        return None, 202

    client = app.test_client()
    client.set_cookie("session", "s3cret")
    text = refusal(
        lambda: client.post(
            "/login?token=s3cret&page=1",
            json={"password": "s3cret", "user": {"api_key": "s3cret"}},
            headers={"X-API-Key": "s3cret", "Authorization": "s3cret"},
        )
    )

    assert "s3cret" not in text
    assert "page=1" in text


@pytest.mark.parametrize(
    ("value", "told", "paste"),
    [
        ((PET, 418), "The status 418 is not declared; declared are 200, 404, 405, 500.", "@raises(ImATeapot)"),
        ((PET, 201), "The status 201 is not declared", "@response(201, PetSchema)"),
        (lambda: Response(status=204), "The status 204 is not declared", "@response(204)"),
        (lambda: redirect("/else"), "The status 302 is not declared", "@response(302)"),
        (
            lambda: abort(PetMissing),
            "PetMissing (404) was raised at tests/openapi/contract/test_contract.py:",
            "@raises(PetMissing)",
        ),
        (lambda: abort(409), "Conflict (409) was raised", "@raises(Conflict)"),
        (lambda: jsonify({**PET, "extra": "x"}), "$.extra: is not in the schema.", "extra = fields.String()"),
        (
            lambda: jsonify({**PET, "owner": {"name": "A", "age": 1}}),
            "$.owner.age: is not in the schema.",
            "age = fields.Integer()",
        ),
        (lambda: jsonify({**PET, "kind": "cow"}), '$.kind: "cow" is none of "cat", "dog".', "PetSchema.kind"),
        ({**PET, "kind": "cow"}, '$.kind: "cow" is none of "cat", "dog".', "PetSchema.kind"),
        ({**PET, "name": ""}, '$.name: "" has 0 characters, and must have at least 1.', "PetSchema.name"),
        ({**PET, "name": None}, "$.name: null is not a string.", "allow_none=True"),
        ({"id": 1, "name": "Rex"}, "$.kind: is missing.", 'metadata={"optional": True}'),
        (lambda: jsonify([PET]), "$: an array of 1 is not an object.", ""),
        (
            lambda: Response("Rex", content_type="text/plain"),
            "200 is declared as application/json, and text/plain was sent.",
            'content_type="text/plain"',
        ),
        (lambda: Response("Rex", content_type="application/json"), "is not JSON", "Rex"),
        (lambda: Response("", content_type="application/json"), "is not JSON", ""),
        ((PET, {"X-Count": "3"}), "The handler sets the header X-Count", "headers={'X-Count': fields.Integer()}"),
        ((PET, {"Location": "/x"}), "The handler sets the header Location", "headers={'Location': fields.String()}"),
        (
            {**PET, "extra": 1},
            "returned the member $.extra, which the schema does not have",
            "extra = fields.Integer()",
        ),
    ],
)
def test_what_is_not_declared_fails(app, value, told, paste):
    """Status, error, member, value, type, media type, header: each is told, with what to write."""
    app.config["STRICT_DUMP"] = False  # null would be refused before it is an answer
    client = answering(app, value)
    text = refusal(lambda: client.get("/pets/1"))

    assert told in text
    assert paste in text
    assert "view (tests/openapi/contract/test_contract.py:" in text


def test_a_member_is_traced_to_its_line(app):
    """A wrong member names the file and line of its field."""
    client = answering(app, {**PET, "kind": "cow"})
    text = refusal(lambda: client.get("/pets/1"))

    lines = inspect.getsourcelines(PetSchema)
    line = lines[1] + next(at for at, text in enumerate(lines[0]) if text.strip().startswith("kind ="))

    assert f"PetSchema.kind (tests/openapi/contract/test_contract.py:{line})" in text


@pytest.mark.parametrize(
    ("value", "fails"),
    [(None, False), (("", 204), False), ({"a": 1}, True), ("text", True), (lambda: Response("x", status=204), True)],
)
def test_204_has_no_body(app, value, fails):
    """A value returned for 204 is not sent, and told."""

    class Thing(Resource):
        @response(204)
        def delete(self, thing_id: int) -> t.Any:
            result = value() if callable(value) else value
            return (result, 204) if isinstance(result, (dict, str)) else result

    app.route("/things/<int:thing_id>")(Thing)
    client = app.test_client()

    if not fails:
        assert client.delete("/things/1").status_code == 204
    else:
        assert "with the status 204, which has no body" in refusal(lambda: client.delete("/things/1"))


def test_lists_and_raw_values(app):
    """Items of lists are checked; an answer without a schema may be any JSON."""
    client = answering(app, [PET, {**PET, "id": "x1"}], response(200, PetSchema(many=True)))

    with pytest.raises((ContractViolation, ValueError)):
        client.get("/pets/1")
    other = App("other")
    assert answering(other, {"any": [1]}, response(200)).get("/pets/1").json == {"any": [1]}


def test_dropped_members_are_told_only_where_that_is_sure(app):
    """Members that nobody knows are told; not those that are hidden on purpose or read by a function."""

    class Hidden(Schema):
        name = fields.String()
        password = fields.String(load_only=True)

    class Computed(Schema):
        name = fields.Function(lambda value: value["first"])

    row = {"name": "A", "password": "x", "first": "B"}
    for schema in (Hidden(unknown=EXCLUDE), Hidden(only=("name",), unknown=EXCLUDE), Computed):
        assert answering(App("x"), row, response(200, schema)).get("/pets/1").status_code == 200
    assert answering(App("x"), {"name": "A", "password": "x"}, response(200, Hidden)).get("/pets/1").json == {
        "name": "A"
    }
    text = refusal(lambda: answering(App("x"), row, response(200, Hidden)).get("/pets/1"))
    assert "$.first" in text
    assert "Hidden(unknown=EXCLUDE)" in text


def test_declared_errors_pass(app):
    """An error that is declared passes, a subclass of its own name does not."""

    class Special(PetMissing):
        """Else."""

    assert (
        answering(app, lambda: abort(PetMissing), response(200), raises(PetMissing)).get("/pets/1").status_code == 404
    )
    assert answering(App("x"), lambda: abort(404), response(200)).get("/pets/1").status_code == 404
    text = refusal(
        lambda: answering(App("x"), lambda: abort(Special), response(200), raises(PetMissing)).get("/pets/1")
    )
    assert "@raises(Special)" in text


def test_errors_of_another_shape(app):
    """Where errors have another shape, the class counts, and subclasses of a declared one pass."""

    @app.render_error({"error": fields.String(required=True)}, media_type="application/json")
    def shape(error: t.Any) -> t.Any:
        return {"error": "x"}

    class Special(PetMissing):
        """Else."""

    client = answering(app, lambda: abort(Special), response(200, PetSchema), raises(PetMissing))
    assert client.get("/pets/1").json == {"error": "x"}
    other = App("x")
    other.render_error({"error": fields.String(required=True)})(shape)
    assert "@raises(PetMissing)" in refusal(
        lambda: answering(other, lambda: abort(PetMissing), response(200, PetSchema), raises(errors.Gone)).get(
            "/pets/1"
        )
    )


def test_error_handlers_may_answer_what_is_declared(app):
    """What an error handler answers is checked, and declared on it."""

    @app.errorhandler(KeyError)
    def missing(error: t.Any) -> t.Any:
        return jsonify(error="missing"), 410

    def fail() -> t.Any:
        raise KeyError("x")

    text = refusal(lambda: answering(app, fail).get("/pets/1"))
    assert "The status 410 is not declared" in text
    assert "It was made of KeyError, raised at tests/openapi/contract/test_contract.py:" in text

    other = App("x")
    other.errorhandler(KeyError)(alt_response(410, {"error": fields.String()})(missing))
    assert answering(other, fail).get("/pets/1").status_code == 410


def test_hooks_that_answer_are_named(app):
    """An answer of a before_request function has to be declared there."""

    @app.before_request
    def check_token() -> t.Any:
        return jsonify(no=1), 401

    text = refusal(lambda: answering(app, PET).get("/pets/1"))
    assert "The handler was not called: the before_request function" in text
    assert "check_token (tests/openapi/contract/test_contract.py:" in text
    assert '@alt_response(401, description="...")' in text


def test_hooks_that_raise_are_named(app):
    """An error of a before_request function has to be declared there."""

    def check_token() -> t.Any:
        abort(errors.Unauthorized("Who?"))

    app.before_request(check_token)
    text = refusal(lambda: answering(app, PET).get("/pets/1"))
    other = App("x")
    other.before_request(raises(errors.Unauthorized)(check_token))

    assert "Put this above the before_request function" in text
    assert "@raises(Unauthorized)" in text
    assert answering(other, PET).get("/pets/1").status_code == 401


def test_headers_are_what_they_are_declared_to_be(app):
    """A declared header must fit its field, and be there if it is required."""
    total = {"X-Total": Header("X-Total", fields.Integer(validate=validate.Range(min=0)), required=True)}
    mark = response(200, PetSchema, headers=total)

    assert answering(app, (PET, {"X-Total": "3"}), mark).get("/pets/1").status_code == 200
    assert "it is missing" in refusal(lambda: answering(App("x"), PET, mark).get("/pets/1"))
    assert "-1 is below the minimum of 0" in refusal(
        lambda: answering(App("x"), (PET, {"X-Total": "-1"}), mark).get("/pets/1")
    )
    assert '"many" is not an integer' in refusal(
        lambda: answering(App("x"), (PET, {"X-Total": "many"}), mark).get("/pets/1")
    )


def test_headers_of_others_pass(app):
    """Headers of hooks, of transport and of caches need no declaration."""

    @app.after_request
    def add(reply: t.Any) -> t.Any:
        reply.headers["X-Request-Id"] = "1"
        reply.set_cookie("a", "b")
        return reply

    client = answering(app, (PET, {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}))

    assert client.get("/pets/1").headers["X-Request-Id"] == "1"


def test_streams_are_left_alone(app):
    """A body that is made while it is sent is not read by the check; its status and media type are checked."""
    read: list[str] = []

    def parts() -> t.Iterator[str]:
        yield "[1"
        yield ","
        read.append("x")
        yield "2]"

    client = answering(app, lambda: Response(parts(), content_type="application/json"), response(200))
    reply = client.get("/pets/1")
    assert read == []
    assert reply.json == [1, 2]
    other = answering(App("x"), lambda: Response(parts(), content_type="text/csv"), response(200))
    assert "text/csv" in refusal(lambda: other.get("/pets/1"))


def test_compressed_bodies_are_left_alone(app):
    """What a hook has compressed is not read."""

    @app.after_request
    def compress(reply: t.Any) -> t.Any:
        reply.set_data(gzip.compress(reply.get_data()))
        reply.headers["Content-Encoding"] = "gzip"
        return reply

    assert answering(app, PET).get("/pets/1").status_code == 200


def test_an_error_handler_of_another_shape_is_named(app):
    """An error handler that answers in its own media type is told where to declare that."""

    @app.errorhandler(404)
    def missing(error: t.Any) -> t.Any:
        return {"error": "missing"}, 404

    text = refusal(lambda: answering(app, lambda: abort(404)).get("/pets/1"))
    other = App(__name__)
    other.errorhandler(404)(alt_response(404, {"error": fields.String()})(missing))

    assert "Put this above the error handler" in text
    assert "missing (tests/openapi/contract/test_contract.py:" in text
    assert '@alt_response(404, {...}, content_type="application/json")' in text
    assert answering(other, lambda: abort(404)).get("/pets/1").status_code == 404


def test_redirects_that_are_declared_pass(app):
    """A redirect has some words for people, which nobody has to declare."""
    client = answering(app, lambda: redirect("/else"), response(302, headers={"Location": fields.String()}))

    assert client.get("/pets/1").status_code == 302
    app.config["CONTRACT"] = "raise"
    assert Client(app).get("/pets/1").status_code == 302


def test_plain_views_are_not_checked(app):
    """A view without a response mark, resource or not, answers as it likes."""

    class Thing(Resource):
        @raises(PetMissing)
        def get(self) -> t.Any:
            return {"a": 1}, 418

    app.route("/thing")(Thing)
    app.route("/text")(lambda: ("x", 418))

    assert app.test_client().get("/thing").status_code == 418
    assert app.test_client().get("/text").status_code == 418


def test_hidden_operations_are_checked(app):
    """An operation that the document hides keeps its contract all the same."""
    assert answering(app, PET, doc(hidden=True), response(200, PetSchema)).get("/pets/1").status_code == 200
    text = refusal(
        lambda: answering(App("x"), {**PET, "kind": "cow"}, doc(hidden=True), response(200, PetSchema)).get("/pets/1")
    )
    assert "$.kind" in text


def test_mounted_routers_and_older_documents(app):
    """A router's operations are checked under any prefix, and by all rules where the document is of 3.0."""
    app.config["OPENAPI_VERSION"] = "3.0.3"
    router = Router("pets", url_prefix="/v1")

    @router.route("/pets/<name>")
    class Pets(Resource):
        @response(200, PetSchema)
        def get(self, name: str) -> t.Any:
            return {**PET, "kind": name}

    app.register_router(router, url_prefix="/v2")
    client = app.test_client()

    assert client.get("/v2/pets/cat").status_code == 200
    assert "Pets.get" in refusal(lambda: client.get("/v2/pets/cow"))


def test_older_documents_are_no_excuse(app):
    """What OpenAPI 3.0 has no words for is checked all the same."""
    app.config["OPENAPI_VERSION"] = "3.0.3"
    mark = response(200, {"pair": fields.Tuple((fields.Integer(), fields.String()))})
    client = answering(app, lambda: jsonify(pair=["x", 1]), mark)

    assert '$.pair[0]: "x" is not an integer.' in refusal(lambda: client.get("/pets/1"))


def test_a_500_reaches_the_test(app):
    """An exception of a handler reaches the test as it is; answered, it is declared on every operation."""

    def fail() -> t.Any:
        raise ZeroDivisionError

    client = answering(app, fail)
    with pytest.raises(ZeroDivisionError):
        client.get("/pets/1")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    logging.disable(logging.CRITICAL)
    try:
        assert client.get("/pets/1").status_code == 500
    finally:
        logging.disable(logging.NOTSET)


# Requests


def taking(app, schema, location="json", **options):
    """An operation that takes a body or a query."""

    def view(value: t.Any) -> t.Any:
        return value if options.get("echo") else None

    view = arguments(schema, location=location)(response(200)(view))
    app.add_url_rule("/take", "take", view, methods=["POST"])
    return app.test_client()


@pytest.mark.parametrize(
    ("json", "status"),
    [({"name": "Rex"}, 200), ({"name": ""}, 422), ({"name": 1}, 422), ({"else": 1}, 422), ([], 422), (None, 422)],
)
def test_requests_that_get_what_they_deserve(app, json, status):
    """What the document allows is taken, what it does not is refused: nothing to tell."""
    client = taking(app, PetSchema)

    assert client.post("/take", json=json).status_code == status


@pytest.mark.parametrize("query", ["", "?page=2", "?page=x", "?page=0", "?page=1&page=2", "?other=1", "?page="])
def test_queries_that_get_what_they_deserve(app, query):
    """The same for queries; names that OpenAPI has no words for are passed over."""
    client = taking(app, QuerySchema, "query")

    assert client.post(f"/take{query}").status_code in (200, 422)


def test_other_bodies_get_what_they_deserve(app):
    """Broken JSON, other media types and forms are judged as the server judges them."""
    client = taking(app, PetSchema, "json_or_form")

    assert client.post("/take", data="{", content_type="application/json").status_code == 400
    assert client.post("/take", data="x", content_type="text/plain").status_code == 415
    assert client.post("/take", data={"name": "Rex"}).status_code == 200
    assert client.post("/take", data={"name": ""}).status_code == 422


def test_a_field_that_takes_more_than_it_says_is_told(app):
    """A request that the document refuses and the server takes is told, with what is wrong with it."""

    class Loose(fields.Integer):
        def _deserialize(self, value: t.Any, attr: t.Any, data: t.Any, **kwargs: t.Any) -> t.Any:
            return 0

    client = taking(app, {"age": Loose(metadata={"type": "integer"})})
    text = refusal(lambda: client.post("/take", json={"age": "old"}))

    assert "The document does not allow this request, and it was answered with 200" in text
    assert 'body $.age: "old" is not an integer.' in text
    assert "__json_schema__" in text


def test_a_field_that_refuses_what_it_says_is_told(app):
    """A request that the document allows and a field refuses is told."""
    client = taking(app, {"age": fields.Integer(metadata={"type": "string"})})
    text = refusal(lambda: client.post("/take", json={"age": "old"}))

    assert "The document calls this request valid, and it was refused for json age" in text


def test_rules_without_words_are_no_lie(app):
    """Functions that validate, and hooks, refuse what no document can tell; nothing is said of that."""

    def even(value: int) -> None:
        if value % 2:
            raise errors.http.BadRequest

    class Checked(Schema):
        age = fields.Integer(validate=lambda value: value % 2 == 0)

    client = taking(app, {"age": fields.Integer(validate=validate.Predicate("bit_length"))})

    assert client.post("/take", json={"age": 0}).status_code == 422
    assert even(2) is None
    assert Checked().fields


def test_the_step_says_who_refused_not_the_file(app):
    """A handler that refuses a valid request is not blamed on the inputs, wherever its code and what it calls are."""
    folder = pathlib.Path(framework.__file__).parent / "marks"
    names: dict[str, t.Any] = {"errors": errors}
    code = "def view(value):\n    raise errors.BadRequest('Not today.')"
    exec(compile(code, str(folder / "elsewhere.py"), "exec"), names)
    view = raises(errors.BadRequest)(arguments(PetSchema)(response(200)(names["view"])))
    app.add_url_rule("/take", "take", view, methods=["POST"])

    assert app.test_client().post("/take", json={"name": "Rex"}).status_code == 400


@pytest.mark.parametrize("phase", [Phase.MEDIA_TYPE, Phase.BODY, Phase.INPUTS, Phase.IDEMPOTENCY])
@pytest.mark.parametrize("error", [errors.BadRequest, errors.UnsupportedMediaType, errors.ValidationFailed])
def test_a_step_of_the_application_may_know_more(app, phase, error):
    """A step of a custom mark refuses for reasons of its own, in whatever phase, also through a function of ours."""

    class Closed(Mark):
        def run(self, plan: t.Any) -> t.Any:
            yield Step(phase, lambda ctx, call: abort(error({"json": {"name": ["No."]}}) if is_input else error()))

    is_input = error is errors.ValidationFailed
    declared = raises(error)(response(200)(lambda value: None))
    view = Closed()(arguments({"name": fields.Raw(required=True)})(declared))
    app.add_url_rule("/take", "take", view, methods=["POST"])

    assert app.test_client().post("/take", json={"name": "Rex"}).status_code == error.code


@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP"])
def test_the_document_has_no_words_for_encodings(app, coding):
    """A compressed body is refused by HTTP's rules, whatever the document says of what is in it."""
    client = taking(app, PetSchema)
    reply = client.post("/take", json={"name": "Rex"}, headers={"Content-Encoding": coding})

    assert (reply.status_code, reply.headers["Accept-Encoding"]) == (415, "identity")


def test_relaxed_rules_are_no_lie(app):
    """Where a setting makes the server take more, nothing is said of what it takes."""
    app.config["STRICT_TYPES"] = False
    client = taking(app, {"age": fields.Integer()})

    assert client.post("/take", json={"age": "3"}).status_code == 200


# Switches


def test_the_client_can_be_told_not_to_look(app):
    """contract=False, and the setting, switch it off; contract=True goes before the setting."""
    answering(app, (PET, 418))

    assert app.test_client(contract=False).get("/pets/1").status_code == 418
    app.config["CONTRACT"] = "off"
    assert app.test_client().get("/pets/1").status_code == 418
    assert "418" in refusal(lambda: app.test_client(contract=True).get("/pets/1"))


def test_the_client_can_be_told_to_log(app, caplog):
    """With CONTRACT = "log" the test goes on."""
    client = answering(app, (PET, 418))
    app.config["CONTRACT"] = "log"

    assert client.get("/pets/1").status_code == 418
    assert "The status 418 is not declared" in caplog.text


def ask(app, path="/pets/1"):
    """Ask as a server does."""
    return app.request_class.application, list(
        app(
            {
                "REQUEST_METHOD": "GET",
                "PATH_INFO": path,
                "SERVER_NAME": "x",
                "SERVER_PORT": "80",
                "wsgi.url_scheme": "http",
            },
            lambda *args: None,
        )
    )


def test_a_server_does_not_look_by_default(app, caplog):
    """Without a setting nothing is looked at, and nothing is left behind on the way."""
    answering(app, (PET, 418))
    ask(app)

    assert app._route_table.contract is None
    assert not app.watched
    assert caplog.text == ""


def test_a_server_logs_once_per_operation(app, caplog):
    """CONTRACT = "log" lets the answer leave as it is and says so once."""
    app.config.update(CONTRACT="log", TESTING=False)
    answering(app, (PET, 418))
    ask(app)
    ask(app)

    assert caplog.text.count("The status 418 is not declared") == 1
    assert "logged once per operation" in caplog.text


def test_the_log_of_a_server_shows_nothing_that_clients_sent(app, caplog):
    """A log line has the path alone, without query and body; in debug mode it has the curl line."""
    app.config.update(CONTRACT="log")

    @app.post("/pets")
    @arguments(PetSchema)
    @response(201, PetSchema)
    def add_pet(pet: t.Any) -> t.Any:
        return PET, 202

    Client(app).post("/pets", json={"name": "private"})
    assert "private" not in caplog.text
    assert "POST /pets" in caplog.text
    app.debug = True
    Client(app).post("/pets", json={"name": "private"})
    assert "private" in caplog.text


def test_a_server_raises_when_told(app):
    """CONTRACT = "raise" stops the answer: in tests it is raised; what is declared passes."""
    app.config.update(CONTRACT="raise", TESTING=True)
    answering(app, lambda: (PET, 418))
    app.add_url_rule("/fine", "fine", response(200)(lambda: 1))

    with pytest.raises(ContractViolation):
        ask(app)
    assert ask(app, "/fine")[1] == [b"1"]


def test_a_server_answers_a_broken_contract_as_any_error(app, caplog):
    """With CONTRACT = "raise" the client gets a problem object that tells nothing, through hooks and handlers."""
    app.config.update(CONTRACT="raise", TESTING=False)
    answering(app, lambda: (PET, 418))
    ended = []
    app.teardown_request(ended.append)

    @app.after_request
    def sign(reply):
        reply.headers["X-Request-Id"] = "7"
        return reply

    reply = Client(app).get("/pets/1")

    assert (reply.status_code, reply.content_type) == (500, "application/problem+json")
    assert "contract" not in reply.text
    assert reply.headers["X-Request-Id"] == "7"
    assert caplog.text.count("broke its contract") == 1
    assert [type(error) for error in ended] == [ContractViolation]


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (1.0, 1)])
def test_a_server_looks_at_some_answers(app, caplog, share, count):
    """CONTRACT_SAMPLE says how many answers are looked at."""
    app.config.update(CONTRACT="log", CONTRACT_SAMPLE=share)
    answering(app, (PET, 418))
    ask(app)

    assert caplog.text.count("broke its contract") == count


def test_an_unknown_mode_is_refused(app):
    """Another value of the setting is refused where it is written."""
    with pytest.raises(errors.SetupError, match="CONTRACT: 'on'"):
        app.config["CONTRACT"] = "on"


def test_headers_of_a_hook_are_not_those_of_the_handler(app):
    """A hook that adds to the response of a handler declares nothing, and the handler is not blamed for it."""

    @app.after_request
    def sign(reply):
        reply.headers["X-Served-By"] = "a"
        return reply

    client = answering(app, lambda: jsonify(PET))

    assert client.get("/pets/1").headers["X-Served-By"] == "a"


def test_headers_on_the_response_of_a_handler_are_its_own(app):
    """What the handler sets on the response that it returns it has to declare."""

    def made():
        reply = jsonify(PET)
        reply.headers["X-Count"] = "3"
        return reply

    client = answering(app, made)

    assert "The handler sets the header X-Count" in refusal(lambda: client.get("/pets/1"))


def test_a_schema_may_name_some_of_the_variables(app):
    """The others are the rule's matter; what the schema refuses the document refuses too."""

    class Where(Schema):
        shop = fields.String(required=True, validate=validate.Length(max=3))

    @app.get("/shops/<shop>/pets/<int:pet_id>")
    @arguments(Where, location="path")
    @response(200, PetSchema)
    def pet(where, shop, pet_id):
        return {**PET, "name": where["shop"]}

    client = app.test_client()

    assert client.get("/shops/abc/pets/1").json["name"] == "abc"
    assert client.get("/shops/abcd/pets/1").status_code == 422
    assert client.get("/shops/abc/pets/x").status_code == 404


@pytest.mark.parametrize("text", ["ab", "a-b", "ax", "", "]", "^"])
def test_the_characters_of_a_text_are_described(app, text):
    """``ContainsOnly`` and ``ContainsNoneOf`` judge each character of a text, and the document says so."""

    class WordSchema(Schema):
        only = fields.String(validate=validate.ContainsOnly(["a", "b", "]", "^"]))
        none = fields.String(validate=validate.ContainsNoneOf({"x", "-", "long"}))

    @app.post("/words")
    @arguments(WordSchema)
    @response(204)
    def add(word):
        return None

    for name in ("only", "none"):
        app.test_client().post("/words", json={name: text})


def test_an_error_status_without_a_schema_is_the_frameworks_own(app):
    """``alt_response(404)`` declares what ``abort(404)`` answers, and a schema declares another body."""

    @app.get("/own")
    @response(204)
    @alt_response(404, description="There is none.")
    def own():
        abort(404)

    @app.get("/other")
    @response(204)
    @alt_response(404, {"sorry": fields.String()})
    def other():
        return jsonify(sorry="no"), 404

    paths = app.openapi["paths"]

    assert app.test_client().get("/own").status_code == 404
    assert app.test_client().get("/other").json == {"sorry": "no"}
    assert list(paths["/own"]["get"]["responses"]["404"]["content"]) == ["application/problem+json"]
    assert paths["/own"]["get"]["responses"]["404"]["description"] == "There is none."
    assert list(paths["/other"]["get"]["responses"]["404"]["content"]) == ["application/json"]


def test_optional_members_of_another_shape_of_errors_have_a_remedy(app):
    """A member that ``render_error`` leaves out is declared optional: the message says how."""

    class ErrorSchema(Schema):
        message = fields.String(required=True)
        hint = fields.String()

    @app.render_error(ErrorSchema)
    def render(error):
        return {"message": error.description}

    text = refusal(lambda: answering(app, lambda: abort(404), response(204), raises(errors.NotFound)).get("/pets/1"))

    assert 'metadata={"optional": True}' in text
    assert "hint" in text

"""The document of an application: what each operation takes and answers, and what is said about it."""

from __future__ import annotations

import collections.abc as cabc
import json
import os
import subprocess
import sys
import typing as t

import jsonschema
import pytest
import yaml
from openapi_spec_validator import validate as validate_document

from framework import (
    App,
    Resource,
    Router,
    Schema,
    alt_response,
    arguments,
    doc,
    errors,
    fields,
    raises,
    response,
    validate,
)
from framework.errors import SetupError
from framework.marks.base import Doc, Header, Mark, Outcome, Parameter, Security
from framework.openapi.document import build, document_of, to_json, to_yaml
from framework.openapi.lint import check
from tests.answers import without_id
from tests.openapi.everything import TOKEN, make_app


@pytest.fixture(scope="module")
def everything() -> t.Any:
    """The document of the application that uses everything."""
    return build(make_app())


class Gone(errors.NotFound):
    """It was here.

    :param x: not for the document.
    """


class Details(Schema):
    until = fields.Integer(metadata={"example": 3})


class Busy(errors.Conflict):
    """Come back later."""

    schema = Details


def one(handler: cabc.Callable[..., t.Any], rule: str = "/x", **config: t.Any) -> t.Any:
    """The operation object of a function, and the document."""
    app = App(__name__)
    app.config.update(config)
    app.get(rule)(handler)
    document = build(app)
    (path,) = document["paths"].values()
    return path["get"], document


@pytest.mark.parametrize("version", ["3.2.1", "3.1.0", "3.0.3"])
def test_the_document_is_valid(version: str) -> None:
    """The document fits the schema of its version of OpenAPI, and is JSON."""
    document = build(make_app(), version)
    validate_document(document)

    assert document["openapi"] == version
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_the_settings_fill_in_what_no_operation_knows(everything: t.Any) -> None:
    """Title, version, contact, licence and servers come from the settings; no scheme of security is asked of all."""
    assert everything["info"]["title"] == "Pet shop"
    assert everything["info"]["version"] == "2.0.0"
    assert everything["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert everything["servers"] == [{"url": "https://api.shop.invalid", "description": "Production."}]
    assert everything["security"] == []


def test_an_older_version_gets_the_address_of_the_licence() -> None:
    """3.0 has no identifier of a licence, so the address of the licence's text stands there."""
    licence = build(make_app(), "3.0.3")["info"]["license"]

    assert licence == {"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"}


def test_paths_are_templates_and_converters_describe_their_variables(everything: t.Any) -> None:
    """A rule becomes a template, and each variable has the schema of its converter."""
    path = everything["paths"]["/pets/{pet_id}/photos/{side}/{key}"]
    schemas = {each["name"]: each["schema"] for each in path["post"]["parameters"] if each["in"] == "path"}

    assert schemas == {
        "pet_id": {"type": "integer", "minimum": 0},
        "side": {"type": "string", "enum": ["back", "front"]},
        "key": {"type": "string", "format": "uuid"},
    }


def test_tags_are_routers(everything: t.Any) -> None:
    """One tag a router, described by it; what stands on the application has the title as its tag."""
    told = {tag["name"]: tag["description"] for tag in everything["tags"]}

    assert list(told)[:2] == ["pets", "owners"]
    assert list(told)[-1] == "Pet shop"
    assert told["pets"] == "All about pets."
    assert told["owners"] == "Operations of owners."
    assert told["Pet shop"] == "Operations of Pet shop."
    assert everything["paths"]["/pets"]["get"]["tags"] == ["pets"]


def test_docstrings_describe_paths_and_operations(everything: t.Any) -> None:
    """The first line is the summary, the rest the description; one line is both."""
    path = everything["paths"]["/pets"]

    assert (path["summary"], path["description"]) == ("All pets of the shop.", "Sold ones included.")
    assert path["post"]["summary"] == "Add a pet."
    assert path["post"]["description"] == "Its id is given by the server."
    assert path["get"]["description"] == "List pets, newest first."
    assert path["get"]["operationId"] == "getPets"


def test_parameters_say_where_and_how_they_are_written(everything: t.Any) -> None:
    """Query, headers and cookies: names as they are sent, styles of lists, deprecation beside the schema."""
    found = {each["name"]: each for each in everything["paths"]["/pets"]["get"]["parameters"]}

    assert found["page"] == {
        "name": "page",
        "in": "query",
        "description": "From 1.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1},
    }
    assert (found["tags"]["style"], found["tags"]["explode"]) == ("form", True)
    assert (found["ids"]["style"], found["ids"]["explode"]) == ("form", False)
    assert found["words"]["style"] == "pipeDelimited"
    assert found["range"]["schema"]["minItems"] == found["range"]["schema"]["maxItems"] == 2
    assert found["full"]["deprecated"] is True
    assert found["x-request-id"]["in"] == "header"
    assert (found["x-languages"]["style"], found["x-languages"]["explode"]) == ("simple", False)
    assert found["theme"]["in"] == "cookie"


def test_bodies_that_several_marks_read_are_one(everything: t.Any) -> None:
    """Form and files of one request are one object; two marks on JSON give one that is open if one of them is."""
    upload = everything["paths"]["/pets/{pet_id}/photos/{side}/{key}"]["post"]["requestBody"]
    rename = everything["paths"]["/owners"]["put"]["requestBody"]

    assert upload == {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "caption": {"type": "string", "pattern": "^[A-Z][a-z ]*$"},
                        "photo": {"type": "string", "format": "binary", "description": "The file."},
                        "others": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                    "required": ["photo"],
                    "additionalProperties": False,
                }
            }
        },
        "required": True,
    }
    assert set(rename["content"]["application/json"]["schema"]) == {"type", "properties", "required"}


def test_a_body_in_json_or_a_form_stands_under_each_media_type(everything: t.Any) -> None:
    """``json_or_form`` is read in three media types."""
    content = everything["paths"]["/owners"]["post"]["requestBody"]["content"]

    assert set(content) == {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}


def test_every_operation_says_what_the_framework_answers_by_itself(everything: t.Any) -> None:
    """405 and 500 everywhere, 404 where the path has variables, 400, 413, 415 and 422 where a body is read."""
    for path, members in everything["paths"].items():
        for method, operation in members.items():
            if method in ("summary", "description"):
                continue
            statuses = set(operation["responses"])

            assert {"405", "500"} <= statuses
            assert ("404" in statuses) >= ("{" in path)
            assert ("requestBody" in operation) == ({"400", "413", "415", "422"} <= statuses)


def test_errors_of_the_framework_stand_once(everything: t.Any) -> None:
    """Its answers are shared components of the media type problem+json, with their headers."""
    shared = everything["components"]["responses"]

    assert everything["paths"]["/pets"]["get"]["responses"]["422"] == {
        "$ref": "#/components/responses/ValidationFailed"
    }
    assert set(shared["BadRequest"]["content"]) == {"application/problem+json"}
    assert shared["MethodNotAllowed"]["headers"]["Allow"]["required"] is True


def test_errors_of_one_status_are_told_apart_by_their_code() -> None:
    """One response lists each class with its code, and lets no other code through."""

    @raises(Gone)
    @response(200)
    def show(number: int) -> None:
        """Show."""

    operation, document = one(show, "/x/<int:number>")
    found = operation["responses"]["404"]
    media = found["content"]["application/problem+json"]
    validator = jsonschema.Draft202012Validator({**media["schema"], "components": document["components"]})

    assert found["description"] == "- `gone`: It was here.\n- `not_found`: Resource not found."
    assert set(media["examples"]) == {"gone", "not_found"}
    for example in media["examples"].values():
        assert validator.is_valid(example["value"])
        assert not validator.is_valid({**example["value"], "code": "other"})


def test_errors_with_members_of_their_own_show_them() -> None:
    """The schema of an error class is part of its answer, and its example too."""

    @raises(Busy, errors.Conflict)
    @response(200)
    def show() -> None:
        """Show."""

    operation, document = one(show)
    media = operation["responses"]["409"]["content"]["application/problem+json"]
    validator = jsonschema.Draft202012Validator({**media["schema"], "components": document["components"]})

    assert media["examples"]["busy"]["value"] == {
        "type": "/docs/errors/busy",
        "title": "Conflict",
        "status": 409,
        "code": "busy",
        "detail": "Come back later.",
        "until": 3,
    }
    assert validator.is_valid(media["examples"]["busy"]["value"])
    assert not validator.is_valid({**media["examples"]["busy"]["value"], "until": "x"})


def test_what_really_leaves_is_what_stands_there() -> None:
    """The problem object of a real answer fits the response of its status."""
    app = make_app()
    document = build(app)
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Tenant": "shop"}
    reply = app.test_client(contract=False).post("/pets", json={"petNam": 1}, headers=headers)
    found = document["components"]["responses"]["ValidationFailed"]["content"]
    schema = found[reply.content_type]["schema"]

    assert reply.status_code == 422
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(reply.json)


def test_another_shape_of_errors_replaces_problem_objects() -> None:
    """``render_error`` changes schema and media type of every error; no problem object is left in the document."""

    class Fault(Schema):
        message = fields.String(metadata={"example": "No."})

    app = App(__name__)

    @app.render_error(Fault, media_type="application/vnd.fault+json")
    def render(error: t.Any) -> t.Any:
        return {"message": str(error)}

    @app.get("/x/<int:number>")
    @raises(Gone)
    @response(200)
    def show(number: int) -> None:
        """Show."""

    document = build(app)
    found = document["paths"]["/x/{number}"]["get"]["responses"]["404"]

    assert found["content"] == {
        "application/vnd.fault+json": {
            "schema": {"$ref": "#/components/schemas/Fault"},
            "example": {"message": "No."},
        }
    }
    assert list(document["components"]["schemas"]) == ["Fault"]


def test_answers_without_a_body_have_no_content(everything: t.Any) -> None:
    """204 has no content; an outcome without a schema is any JSON; two media types stand side by side."""
    path = everything["paths"]["/pets/{pet_id}"]

    assert "content" not in path["delete"]["responses"]["204"]
    assert set(path["get"]["responses"]["200"]["content"]) == {"application/json", "text/plain"}
    assert path["get"]["responses"]["200"]["description"] == "As text."


def test_headers_stand_on_the_answers_they_belong_to() -> None:
    """A header without a status is on all answers below 400, one with a status on that alone."""

    class Sends(Mark):
        def document(self, plan: t.Any) -> t.Iterable[t.Any]:
            yield Header("X-All", fields.Integer(metadata={"description": "Said."}), required=True)
            yield Header("X-Late", fields.String(), "When.", status=409)

    @Sends()
    @raises(errors.Conflict)
    @response(200, headers={"X-Own": fields.String()})
    def show() -> None:
        """Show."""

    operation, _ = one(show)

    assert without_id(operation["responses"]["200"]["headers"]) == {
        "X-Own": {"schema": {"type": "string"}},
        "X-All": {"description": "Said.", "required": True, "schema": {"type": "integer"}},
    }
    assert without_id(operation["responses"]["409"]["headers"]) == {
        "X-Late": {"description": "When.", "schema": {"type": "string"}}
    }
    assert "headers" not in operation["responses"]["500"]


def test_security_is_one_of_several_schemes() -> None:
    """Each scheme is an alternative with all its scopes; where one is optional, none is an alternative too."""

    class Keys(Mark):
        def document(self, plan: t.Any) -> t.Iterable[t.Any]:
            yield Security("key", {"type": "apiKey", "in": "header", "name": "X-Key"})
            yield Security("oauth", {"type": "openIdConnect", "openIdConnectUrl": "https://x.invalid"}, ("a",))
            yield Security("oauth", {"type": "openIdConnect", "openIdConnectUrl": "https://x.invalid"}, ("b",), True)

    @Keys()
    @response(200)
    def show() -> None:
        """Show."""

    operation, document = one(show)

    assert operation["security"] == [{"key": []}, {"oauth": ["a", "b"]}, {}]
    assert set(document["components"]["securitySchemes"]) == {"key", "oauth"}


def test_words_of_a_mark_win_and_extra_members_are_merged() -> None:
    """``doc`` replaces what docstrings say; its further members stand in the operation, schemas in them described."""

    @doc(
        summary="Other", description="More", tags=["a", "b"], operation_id="seeIt", deprecated=True, **{"x-a": Details}
    )
    @response(200)
    def show() -> None:
        """Show."""

    operation, document = one(show)

    assert operation["summary"] == "Other"
    assert operation["description"] == "More"
    assert operation["tags"] == ["a", "b"]
    assert operation["operationId"] == "seeIt"
    assert operation["deprecated"] is True
    assert operation["x-a"] == {"$ref": "#/components/schemas/Details"}
    assert [tag["name"] for tag in document["tags"]] == ["a", "b"]


def test_hidden_operations_and_plain_views_are_left_out() -> None:
    """What is hidden, and a view without marks, does not stand in the document, nor do its errors."""
    app = App(__name__)
    app.get("/plain")(lambda: "x")

    @app.get("/hidden")
    @doc(hidden=True)
    @raises(Gone)
    def hidden() -> str:
        return "x"

    @app.get("/shown")
    @response(200)
    def shown() -> None:
        """Shown."""

    assert list(build(app)["paths"]) == ["/shown"]


def test_an_undeclared_answer_of_a_resource_is_some_json() -> None:
    """A resource without ``response`` sends JSON of any shape; of another view nothing is known."""
    app = App(__name__)

    @app.route("/x")
    class Thing(Resource):
        def get(self) -> t.Any:
            """Show."""

    @app.get("/y")
    @doc(summary="Page")
    def page() -> str:
        return "<p>"

    document = build(app)

    assert document["paths"]["/x"]["get"]["responses"]["200"]["content"] == {"application/json": {"schema": {}}}
    assert document["paths"]["/y"]["get"]["responses"]["200"]["content"] == {"*/*": {"schema": {}}}


def test_a_mark_for_a_variable_narrows_its_converter() -> None:
    """What ``arguments`` say of a variable stands together with what its converter says."""

    @arguments({"number": fields.Integer(metadata={"description": "Which."})}, location="path")
    @response(200)
    def show(values: t.Any, number: int) -> None:
        """Show."""

    operation, _ = one(show, "/x/<int(max=5):number>")

    assert operation["parameters"] == [
        {
            "name": "number",
            "in": "path",
            "description": "Which.",
            "required": True,
            "schema": {"type": "integer", "minimum": 0, "maximum": 5},
        }
    ]


def test_an_object_cannot_be_a_parameter() -> None:
    """A nested schema in the query is refused, with the handler and the name."""

    @arguments({"inner": fields.Nested(Details)}, location="query")
    @response(200)
    def show(values: t.Any) -> None:
        """Show."""

    with pytest.raises(SetupError, match=r"show takes the object 'inner' from query"):
        one(show)


def test_one_header_declared_twice_stands_once() -> None:
    """Names of headers have no case; both schemas hold."""

    class Asks(Mark):
        def document(self, plan: t.Any) -> t.Iterable[t.Any]:
            yield Parameter("X-A", "header", fields.String(required=True))
            yield Parameter("x-a", "header", fields.UUID())
            yield Doc(summary="Ask")

    @Asks()
    @response(200)
    def show() -> None:
        """Show."""

    operation, _ = one(show)

    assert [each["name"] for each in operation["parameters"]] == ["X-A"]
    assert operation["parameters"][0]["required"] is True
    assert operation["parameters"][0]["schema"] == {"type": "string", "format": "uuid"}


def test_an_error_as_an_alternative_answer_is_a_problem() -> None:
    """``alt_response`` with an error class documents that error."""

    @alt_response(410, errors.Gone)
    @alt_response(302, description="Elsewhere.")
    @response(200)
    def show() -> None:
        """Show."""

    operation, _ = one(show)

    elsewhere = dict(operation["responses"]["302"])
    assert without_id(elsewhere.pop("headers")) == {}
    assert elsewhere == {"description": "Elsewhere."}
    assert operation["responses"]["410"] == {"$ref": "#/components/responses/Gone"}


def test_examples_are_those_that_were_given_or_made_of_the_members() -> None:
    """Examples of a mark stand as they are; without them one is made, if members have examples."""

    class Half(Schema):
        a = fields.String(required=True)

    @response(200, Details)
    @response(201, Details, example={"until": 9})
    @response(202, Details, examples={"one": {"until": 1}, "two": {"until": 2}})
    @response(203, Half)
    def show() -> None:
        """Show."""

    operation, _ = one(show)
    media = {
        status: each["content"]["application/json"] for status, each in operation["responses"].items() if status < "3"
    }

    assert media["200"]["example"] == {"until": 3}
    assert media["201"]["example"] == {"until": 9}
    assert media["202"]["examples"] == {"one": {"value": {"until": 1}}, "two": {"value": {"until": 2}}}
    assert set(media["203"]) == {"schema"}


def test_examples_fit_their_schemas(everything: t.Any) -> None:
    """Every example in the document is valid against the schema beside it."""
    found = 0

    def walk(node: t.Any) -> None:
        nonlocal found
        if isinstance(node, dict):
            if "schema" in node and ("example" in node or "examples" in node):
                examples = [node["example"]] if "example" in node else [e["value"] for e in node["examples"].values()]
                schema = {**node["schema"], "components": everything["components"]}
                for example in examples:
                    found += 1
                    jsonschema.Draft202012Validator(schema).validate(example)
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(everything)

    assert found > 10


def test_rules_that_only_redirect_are_left_out() -> None:
    """A rule that redirects has no operation in the document."""
    app = App(__name__)

    @response(200)
    def show() -> None:
        """Show."""

    app.add_url_rule("/x", "show", show)
    app.add_url_rule("/old", "old", response(200)(lambda: None), redirect_to="/x")

    assert list(build(app)["paths"]) == ["/x"]


def test_paths_that_differ_in_their_converters_alone_are_one() -> None:
    """Two rules that differ in their converters alone are one path with the methods of both."""
    app = App(__name__)
    router = Router("x")

    @router.get("/x/<int:number>")
    @response(200)
    def by_number(number: int) -> None:
        """By number."""

    @router.post("/x/<name>")
    @response(200)
    def post_name(name: str) -> None:
        """Post."""

    app.register_router(router)
    document = build(app)

    assert list(document["paths"]) == ["/x/{number}"]
    assert document["paths"]["/x/{number}"]["get"]["operationId"] == "byNumber"
    assert document["paths"]["/x/{number}"]["post"]["parameters"][0]["name"] == "number"
    validate_document(document)


def test_operations_that_openapi_cannot_tell_apart_are_refused() -> None:
    """Two operations of one method whose paths differ in their converters alone cannot both be told truly."""
    app = App(__name__)

    @app.get("/x/<int:number>")
    @response(200)
    def by_number(number: int) -> None:
        """By number."""

    @app.get("/x/<name>")
    @response(200)
    def by_name(name: str) -> None:
        """By name."""

    with pytest.raises(SetupError, match=r"doc\(hidden=True\)"):
        build(app)


def test_the_document_is_kept_until_a_setting_changes() -> None:
    """Asked twice it is the same object; a setting that changes makes it new, in the version that is set."""
    app = make_app()
    first = document_of(app)

    assert document_of(app) is first
    assert app.openapi is first

    app.config["OPENAPI_VERSION"] = "3.0.3"

    assert app.openapi["openapi"] == "3.0.3"


def test_yaml_says_the_same(everything: t.Any) -> None:
    """The document in YAML reads as the document, in the same order, without aliases."""
    text = to_yaml(everything)

    assert yaml.safe_load(text) == everything
    assert text.startswith("openapi: 3.2.1\n$self: https://api.shop.invalid/openapi.json\ninfo:\n")
    assert "&id" not in text


@pytest.mark.parametrize("char", ["\x7f", "\x80", "\x85", "\x9f", "\u2028", "\ufeff", "\ud800"])
def test_json_is_yaml_too(char: str) -> None:
    """Readers that take JSON for YAML, and writers of UTF-8, meet no character that they refuse."""

    class OddSchema(Schema):
        """Odd."""

        name = fields.String(validate=validate.OneOf([char, "a"]), metadata={"description": f"It is {char}."})

    app = App("odd")

    @app.get("/x")
    @response(200, OddSchema)
    def odd():
        """Show it."""
        return {"name": char}

    answer = app.test_client().get("/openapi.json")
    read = yaml.safe_load(answer.text) if char != "\ud800" else json.loads(answer.text)

    assert answer.text.encode()
    assert read["components"]["schemas"]["Odd"]["properties"]["name"]["enum"] == [char, "a"]


def test_building_leaves_no_trace_in_the_next_document() -> None:
    """A document can be changed by whoever asked for it; the next one is as the first was."""
    app = make_app()
    first = build(app)
    before = json.dumps(first)
    first["components"]["schemas"]["Problem"]["properties"].clear()
    first["info"]["contact"].clear()

    assert json.dumps(build(app)) == before


def test_callbacks_are_described_too() -> None:
    """Schemas inside of callbacks, which ``doc`` takes as they are, become components."""

    class Event(Schema):
        name = fields.String()

    content = {"application/json": {"schema": Event}}
    post = {"requestBody": {"content": content}, "responses": {"204": {"description": "Taken."}}}

    @doc(callbacks={"onEvent": {"{$request.query.url}": {"post": post}}})
    @response(200)
    def show() -> None:
        """Show."""

    operation, document = one(show)
    sent = operation["callbacks"]["onEvent"]["{$request.query.url}"]["post"]["requestBody"]["content"]
    validate_document(document)

    assert sent["application/json"]["schema"] == {"$ref": "#/components/schemas/Event"}


class Forms(Mark):
    """A mark that gives answers of several forms, and errors of one status in several classes."""

    def document(self, plan: t.Any) -> t.Iterable[t.Any]:
        always = (Header("X-Form", fields.String(), required=True),)
        yield Outcome(200, Form(), media_type="text/csv", headers=always)
        yield Outcome(200, OtherForm(), headers=always)
        yield Outcome(406, error=errors.NotAcceptable)
        yield Outcome(406, error=NoForm)
        yield Outcome(429, error=errors.TooManyRequests, headers=(Header("X-Left", fields.Integer(), required=True),))
        yield Outcome(429, error=Slower)
        yield Header("vary", fields.String())
        yield Header("Vary", fields.String(), "What it depends on.", status=200)


class Form(Schema):
    name = fields.String(metadata={"example": "a"})


class OtherForm(Schema):
    size = fields.Integer(required=True)


class NoForm(errors.NotAcceptable):
    """No such form."""

    schema = OtherForm


class Slower(errors.TooManyRequests):
    """Slower, please."""


@pytest.mark.parametrize("version", ["3.2.1", "3.1.0", "3.0.3"])
def test_answers_of_marks_are_merged(version: str) -> None:
    """Media types of a status stand side by side, two schemas of one in ``anyOf``, error classes by their codes; a
    header that only some answers of a status have is not required, and two spellings of its name are one."""
    app = App(__name__)

    @app.get("/forms")
    @Forms()
    @response(200, Form, headers={"x-form": fields.String(required=True)})
    def forms() -> t.Any:
        """Show forms."""

    document = build(app, version)
    responses = document["paths"]["/forms"]["get"]["responses"]

    def codes(members: list[dict[str, str]]) -> list[list[str]]:
        problems = [document["components"]["schemas"][each["$ref"].rpartition("/")[2]] for each in members]
        return [problem["allOf"][1]["properties"]["code"]["enum"] for problem in problems]

    content = responses["200"]["content"]
    refused = responses["406"]["content"]["application/problem+json"]["schema"]["anyOf"]

    assert list(responses) == ["200", "405", "406", "429", "500"]
    assert content["text/csv"] == {"schema": {"$ref": "#/components/schemas/Form"}, "example": {"name": "a"}}
    refs = [part["$ref"].rpartition("/")[2] for part in content["application/json"]["schema"]["anyOf"]]
    assert sorted(refs) == ["Form", "OtherForm"]
    headers = without_id(responses["200"]["headers"])
    assert {name.lower() for name in headers} == {"x-form", "vary"}
    assert headers["vary"]["description"] == "What it depends on."
    assert [header.get("required") for name, header in headers.items() if name != "vary"] == [True]
    assert codes(refused) == [["not_acceptable"], ["no_form"]]
    assert "- `no_form`: No such form." in responses["406"]["description"]
    limited = responses["429"]["content"]["application/problem+json"]["schema"]["anyOf"]
    assert codes(limited) == [["too_many_requests"], ["slower"]]
    assert {name: header.get("required") for name, header in without_id(responses["429"]["headers"]).items()} == {
        "Retry-After": None,
        "X-Left": None,
    }


# Words that the code does not say by itself


def test_what_follows_dashes_in_a_docstring_is_private() -> None:
    """Notes below ``---`` are for readers of the source: not in operations, paths, schemas or errors."""

    class Secret(errors.Conflict):
        """There is one already.

        ---
        Ask Bob.
        """

    class NoteSchema(Schema):
        """A note.

        ---
        Bob made it.
        """

        text = fields.String()

    class Notes(Resource):
        """All notes.

        Of everybody.
        ---
        Bob again.
        """

        @response(200, NoteSchema(many=True))
        @raises(Secret)
        def get(self):
            """List notes.

                indented first

            The rest.

            ---
            tags: [bob]
            """

    app = App("private")
    app.route("/notes")(Notes)
    path = app.openapi["paths"]["/notes"]

    assert "ob" not in json.dumps(app.openapi).replace("object", "").replace("problem", "").replace("Problem", "")
    assert (path["summary"], path["description"]) == ("All notes.", "Of everybody.")
    assert path["get"]["description"] == "    indented first\n\nThe rest."
    assert Secret().description == "There is one already."


def test_top_level_members_are_settings() -> None:
    """Terms, documentation elsewhere and extensions are settings; a processor gets the finished document."""
    app = App("words")
    app.config.update(
        API_TERMS_OF_SERVICE="https://example.org/terms",
        API_EXTERNAL_DOCS={"url": "https://example.org/docs"},
        API_EXTRA={"x-audience": "partners", "info": {"x-logo": {"url": "/logo.png"}}},
    )
    seen = []

    @app.document_processor
    def sign(document, name):
        seen.append((list(document), name))
        document["info"]["x-signed"] = True

    @app.document_processor
    def replace(document, name):
        return {**document, "x-last": document["info"]["x-signed"]}

    app.get("/x")(response(204)(lambda: None))
    document = app.openapi

    assert document["info"]["termsOfService"] == "https://example.org/terms"
    assert document["info"]["x-logo"] == {"url": "/logo.png"}
    assert document["externalDocs"] == {"url": "https://example.org/docs"}
    assert (document["x-audience"], document["x-last"]) == ("partners", True)
    assert seen[0][1] == "default"
    assert app.openapi is document
    validate_document(document)


def test_a_mount_may_have_a_tag_of_its_own() -> None:
    """``register_router(tag=...)`` is the tag of its operations, with the router's description."""
    router = Router("animals", description="All about animals.")
    router.get("")(response(204)(lambda: None))
    app = App("tags")
    app.register_router(router, url_prefix="/cats", name="cats", tag="Cats")
    app.register_router(router, url_prefix="/dogs", name="dogs")
    document = app.openapi

    assert document["paths"]["/cats"]["get"]["tags"] == ["Cats"]
    assert document["paths"]["/dogs"]["get"]["tags"] == ["animals"]
    assert [tag["description"] for tag in document["tags"]] == ["All about animals."] * 2


def test_members_of_doc_are_merged_deeply() -> None:
    """``doc`` adds to parameters, bodies and answers that are known, and does not replace them."""

    class PetSchema(Schema):
        """A pet."""

        name = fields.String(required=True)

    app = App("merged")

    @app.put("/pets/<int:pet_id>")
    @doc(
        parameters=[{"name": "pet_id", "in": "path", "description": "The number of the pet."}],
        requestBody={"description": "What it is like."},
        responses={200: {"headers": {"X-A": {"schema": {"type": "string"}}}}, 404: {"description": "No pet."}},
    )
    @arguments(PetSchema, examples={"cat": {"summary": "A cat", "value": {"name": "Tom"}}, "dog": {"name": "Rex"}})
    @response(200, PetSchema, description="The pet.")
    def put_pet(pet, pet_id):
        """Change a pet."""

    made = app.openapi["paths"]["/pets/{pet_id}"]["put"]
    content = made["requestBody"]["content"]["application/json"]

    assert made["parameters"][0]["description"] == "The number of the pet."
    assert made["parameters"][0]["schema"]["type"] == "integer"
    assert made["requestBody"]["description"] == "What it is like."
    assert made["requestBody"]["required"] is True
    assert content["examples"] == {
        "cat": {"summary": "A cat", "value": {"name": "Tom"}},
        "dog": {"value": {"name": "Rex"}},
    }
    assert made["responses"]["200"]["description"] == "The pet."
    assert without_id(made["responses"]["200"]["headers"]).keys() == {"X-A"}
    assert made["responses"]["404"] == {"$ref": "#/components/responses/NotFound", "description": "No pet."}
    validate_document(app.openapi)


@pytest.mark.parametrize(
    ("optional", "required"), [(True, []), ({"name"}, ["born"]), ((), ["name", "born"]), (False, ["name", "born"])]
)
def test_a_schema_says_which_members_an_answer_may_lack(optional: t.Any, required: list[str]) -> None:
    """``Meta.optional`` names them, or is true for all; a field's own ``optional`` counts before it."""

    class PetSchema(Schema):
        """A pet."""

        class Meta:
            pass

        name = fields.String()
        born = fields.Date()
        nick = fields.String(metadata={"optional": True})

    PetSchema.Meta.optional = optional  # type: ignore[attr-defined]
    app = App("optional")
    app.get("/pet")(response(200, PetSchema)(lambda: {"name": "Rex"}))

    assert app.openapi["components"]["schemas"]["Pet"].get("required", []) == required


def test_sets_are_written_in_one_order() -> None:
    """The choices of a set stand in the order of their texts, in every process."""
    code = """
import json, sys
from framework import App, Schema, fields, response, validate

class PetSchema(Schema):
    kind = fields.String(validate=validate.OneOf({"cat", "dog", "cow", "hen"}))
    not_kind = fields.String(validate=validate.NoneOf({"a", "b", "c", "d"}))
    tags = fields.List(fields.String(), validate=validate.ContainsOnly({"e", "f", "g", "h"}))
    bad = fields.List(fields.String(), validate=validate.ContainsNoneOf({"i", "j", "k", "l"}))

app = App("sets")
app.get("/pet")(response(200, PetSchema)(lambda: {}))
sys.stdout.write(json.dumps(app.openapi))
"""
    texts = set()
    for seed in "0123":
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        assert ran.returncode == 0, ran.stderr
        texts.add(ran.stdout)

    assert len(texts) == 1


def test_words_of_a_boolean_that_are_numbers_are_booleans_too() -> None:
    """Python takes 1 for true: where one is a word, the server reads both, and the document says both."""

    class AnswerSchema(Schema):
        sure = fields.Boolean(required=True, truthy={"yes", 1}, falsy={"no"})

    app = App("words")

    @app.post("/answers")
    @arguments(AnswerSchema)
    @response(200, AnswerSchema)
    def post_answer(answer):
        """Give an answer."""
        return answer

    client = app.test_client()
    described = app.openapi["components"]["schemas"]["AnswerInput"]["properties"]["sure"]["enum"]

    for value in (True, False, 0, 1, "yes", "no", "maybe"):
        said = any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in described)
        assert (client.post("/answers", json={"sure": value}).status_code == 200) is said


# Errors by name


class PetGone(errors.NotFound):
    """No pet has this id."""


def with_errors(**settings: t.Any) -> App:
    """An application with an error of its own, and one of the framework's that it names."""
    app = App(__name__)
    app.config.update(settings)

    @app.put("/pets/<int:pet_id>")
    @arguments({"name": fields.String(required=True)})
    @response(200)
    @raises(PetGone, errors.UnsupportedMediaType)
    def change(data: t.Any, pet_id: int) -> t.Any:
        """Change a pet."""
        if pet_id:
            raise PetGone()
        return {}

    return app


def test_errors_are_components_with_a_name() -> None:
    """The problem object of an error class has the name of the class; an answer of several is any of them."""
    document = build(with_errors())
    schemas = document["components"]["schemas"]
    found = document["paths"]["/pets/{pet_id}"]["put"]["responses"]["404"]["content"]["application/problem+json"]

    assert found["schema"] == {
        "anyOf": [{"$ref": f"#/components/schemas/{name}Problem"} for name in ("PetGone", "NotFound")]
    }
    assert schemas["PetGoneProblem"] == {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "properties": {"code": {"type": "string", "enum": ["pet_gone"]}}},
        ]
    }


def test_two_error_classes_of_one_name_are_both_described() -> None:
    """The first one has the name; the other one is written where it is used."""
    app = with_errors()
    other = type("PetGone", (errors.Gone,), {"__doc__": "It was sold.", "error_code": "pet_sold"})

    @app.get("/sold")
    @response(200)
    @raises(other)
    def sold() -> t.Any:
        """Show what was sold."""

    document = build(app)
    inline = document["paths"]["/sold"]["get"]["responses"]["410"]["content"]["application/problem+json"]["schema"]

    assert inline["allOf"][1]["properties"]["code"]["enum"] == ["pet_sold"]
    assert document["components"]["schemas"]["PetGoneProblem"]["allOf"][1]["properties"]["code"]["enum"] == ["pet_gone"]
    validate_document(json.loads(json.dumps(document)))


def test_the_errors_of_the_framework_may_be_left_out() -> None:
    """With ``declared`` a document has the errors that ``raises`` names, and that inputs are refused with; answers are
    held to all of them."""
    app = with_errors(API_FRAMEWORK_ERRORS="declared", TESTING=True, CONTRACT="raise")
    answers = app.openapi["paths"]["/pets/{pet_id}"]["put"]["responses"]
    client = app.test_client()

    assert list(answers) == ["200", "404", "415", "422"]
    assert [each["$ref"] for each in [answers["404"]["content"]["application/problem+json"]["schema"]]] == [
        "#/components/schemas/PetGoneProblem"
    ]
    assert client.get("/pets/1").status_code == 405
    assert client.put("/pets/1", data=b"{", content_type="application/json").status_code == 400
    assert client.put("/pets/1", json={"name": "Rex"}).status_code == 404
    assert check(app)[3:] == []
    validate_document(json.loads(json.dumps(app.openapi)))
    assert len(to_json(app.openapi)) < 0.75 * len(to_json(build(with_errors())))


def test_an_undeclared_error_is_found_where_the_framework_s_are_left_out() -> None:
    """What is left out of the document is still declared; what nobody declares is still a broken contract."""
    app = App(__name__)
    app.config.update(API_FRAMEWORK_ERRORS="declared", TESTING=True)

    @app.get("/gone")
    @response(200)
    def gone() -> t.Any:
        """Raise what is not declared."""
        raise errors.Gone()

    with pytest.raises(errors.ContractViolation, match="410"):
        app.test_client().get("/gone")

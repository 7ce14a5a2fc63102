"""The lint of the document: each rule fires on a broken document, and is silent on a good one."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest

from framework import (
    App,
    Link,
    Resource,
    Router,
    Schema,
    abort,
    arguments,
    callback,
    doc,
    errors,
    fields,
    raises,
    response,
    stream,
)
from framework.cli import FrameworkGroup
from framework.errors import NotFound
from framework.findings import line_of
from framework.openapi.document import build
from framework.openapi.lint import check
from framework.openapi.lint._lint import lint
from tests.openapi.everything import make_app
from tests.sarif import check_sarif

FILLED: t.Any = {
    "API_DESCRIPTION": "Pets.",
    "API_CONTACT": {"name": "The shop"},
    "API_LICENSE": {"name": "MIT", "identifier": "MIT"},
    "API_SERVERS": [{"url": "https://shop.invalid"}],
}


class ToySchema(Schema):
    """A toy."""

    name = fields.String(required=True, metadata={"example": "ball"})


class PartSchema(Schema):
    """A part of a toy."""

    name = fields.String(required=True, metadata={"example": "wheel"})


class ToyMissing(NotFound):
    """No toy has this id."""


class ToyBroken(errors.Conflict):
    """The toy is broken."""


def make_toys() -> App:
    """A small application without a fault."""
    app = App(__name__)
    app.config.update(FILLED)
    toys = Router("toys", url_prefix="/toys", description="All about toys.")

    @toys.route("/<int:toy_id>")
    class Toy(Resource):
        """One toy."""

        @response(200, ToySchema)
        @raises(ToyMissing)
        def get(self, toy_id):
            """Show a toy."""
            raise ToyMissing(f"No toy {toy_id}.")

    app.register_router(toys)
    return app


@pytest.fixture(scope="module")
def good() -> t.Any:
    return build(make_toys())


def rules_of(document: t.Any) -> set[str]:
    return {finding.rule for finding in lint(document)}


PATH = "/toys/{toy_id}"


def operation(document: t.Any) -> t.Any:
    return document["paths"][PATH]["get"]


def toy(document: t.Any) -> t.Any:
    return document["components"]["schemas"]["Toy"]


def answer(document: t.Any) -> t.Any:
    return operation(document)["responses"]["200"]["content"]["application/json"]


def rename(document: t.Any, path: str) -> None:
    document["paths"][path] = document["paths"].pop(PATH)


def twice(document: t.Any, path: str) -> None:
    document["paths"][path] = copy.deepcopy(document["paths"][PATH])


def drop(document: t.Any, *keys: str) -> None:
    for key in keys:
        del document[key]


def without(document: t.Any, first: str) -> None:
    responses = operation(document)["responses"]
    drop(responses, *[status for status in responses if status.startswith(first)])


VARIABLES = {"host": {"enum": [], "default": "a"}}
BROKEN: list[tuple[str, t.Callable[[t.Any], t.Any]]] = [
    ("info-title", lambda d: d["info"].update(title=" ")),
    ("info-version", lambda d: d["info"].update(version="")),
    ("info-description", lambda d: drop(d["info"], "description")),
    ("info-contact", lambda d: drop(d["info"], "contact")),
    ("info-license", lambda d: drop(d["info"], "license")),
    ("info-license", lambda d: drop(d["info"]["license"], "name")),
    ("info-license-strict", lambda d: drop(d["info"]["license"], "identifier")),
    ("info-license-strict", lambda d: d["info"]["license"].update(url="https://mit.invalid")),
    ("no-empty-servers", lambda d: d.update(servers=[])),
    ("no-empty-servers", lambda d: d.update(servers=[{"description": "?"}])),
    ("no-server-trailing-slash", lambda d: d["servers"][0].update(url="https://shop.invalid/")),
    ("no-server-example.com", lambda d: d["servers"][0].update(url="https://api.example.com")),
    ("no-undefined-server-variable", lambda d: d["servers"][0].update(url="https://{host}.invalid")),
    ("no-server-variables-empty-enum", lambda d: d["servers"][0].update(url="https://{host}", variables=VARIABLES)),
    ("openapi-tags-uniqueness", lambda d: d["tags"].append(d["tags"][0])),
    ("tag-description", lambda d: drop(d["tags"][0], "description")),
    ("path-declaration", lambda d: rename(d, "toys/{toy_id}")),
    ("no-path-trailing-slash", lambda d: rename(d, PATH + "/")),
    ("path-not-include-query", lambda d: rename(d, PATH + "?a=b")),
    ("path-declaration-must-exist", lambda d: rename(d, "/toys/{}")),
    ("no-ambiguous-paths", lambda d: twice(d, "/{toy_id}/toys")),
    ("path-empty", lambda d: d["paths"].update({"/nothing": {"summary": "Nothing."}})),
    ("operation-summary", lambda d: drop(operation(d), "summary")),
    ("operation-description", lambda d: operation(d).update(description="")),
    ("operation-tags", lambda d: drop(operation(d), "tags")),
    ("operation-tag-defined", lambda d: operation(d).update(tags=["games"])),
    ("operation-operationId", lambda d: drop(operation(d), "operationId")),
    ("operation-operationId-url-safe", lambda d: operation(d).update(operationId="get toy")),
    ("operation-operationId-unique", lambda d: twice(d, "/others/{toy_id}")),
    ("operation-2xx-response", lambda d: without(d, "2")),
    ("operation-4xx-response", lambda d: without(d, "4")),
    ("struct", lambda d: operation(d).update(sumary="Show it.")),
    ("struct", lambda d: operation(d)["responses"].update(ok={"description": "Fine."})),
    ("struct", lambda d: drop(operation(d)["responses"]["200"], "description")),
    ("struct", lambda d: drop(operation(d)["parameters"][0], "schema")),
    ("struct", lambda d: toy(d).update(type="thing")),
    ("struct", lambda d: answer(d).update(examples={"one": {"value": {"name": "ball"}}})),
    ("operation-parameters-unique", lambda d: operation(d)["parameters"].append(operation(d)["parameters"][0])),
    ("path-parameters-defined", lambda d: drop(operation(d), "parameters")),
    ("path-parameters-defined", lambda d: operation(d)["parameters"][0].update(name="other")),
    ("path-params", lambda d: drop(operation(d)["parameters"][0], "required")),
    ("security-defined", lambda d: drop(d, "security")),
    ("security-defined", lambda d: operation(d).update(security=[{"bearer": []}])),
    ("spec-components-invalid-map-name", lambda d: d["components"]["schemas"].update({"A toy": {"type": "string"}})),
    ("no-unused-components", lambda d: d["components"]["schemas"].update(Other={"type": "string"})),
    ("no-unused-components", lambda d: d["components"].update(securitySchemes={"bearer": {"type": "http"}})),
    ("no-unresolved-refs", lambda d: drop(d["components"]["schemas"], "Toy")),
    ("no-eval-in-markdown", lambda d: operation(d).update(description="eval(1)")),
    ("no-script-tags-in-markdown", lambda d: toy(d).update(description="<script>")),
    ("no-schema-type-mismatch", lambda d: toy(d).update(items={"type": "string"})),
    ("no-enum-type-mismatch", lambda d: toy(d)["properties"]["name"].update(enum=["ball", 1])),
    ("duplicated-entry-in-enum", lambda d: toy(d)["properties"]["name"].update(enum=["ball", "ball"])),
    ("no-required-schema-properties-undefined", lambda d: toy(d).update(required=["name", "size"])),
    ("valid-schema-example", lambda d: toy(d)["properties"]["name"].update(examples=[1])),
    ("valid-schema-example", lambda d: toy(d)["properties"]["name"].update(default=1)),
    ("valid-media-example", lambda d: answer(d).update(example={"name": 1})),
    ("valid-media-example", lambda d: answer(d).update(example={"name": "ball", "colour": "red"})),
    ("valid-media-example", lambda d: operation(d)["parameters"][0].update(example="one")),
    (
        "no-example-value-and-externalValue",
        lambda d: operation(d)["parameters"][0].update(examples={"a": {"value": 1, "externalValue": "/a"}}),
    ),
]


@pytest.mark.parametrize(("rule", "damage"), BROKEN, ids=[f"{at}-{rule}" for at, (rule, _) in enumerate(BROKEN)])
def test_each_rule_sees_what_is_broken(good: t.Any, rule: str, damage: t.Callable[[t.Any], t.Any]) -> None:
    """A good document, damaged in one place, breaks the rule that is about it."""
    broken = copy.deepcopy(good)
    damage(broken)

    assert rules_of(good) == set()
    assert rule in rules_of(broken)


OLD: list[tuple[str, t.Any]] = [
    ("no-$ref-siblings", {"$ref": "#/components/schemas/Toy", "description": "A toy."}),
    ("nullable-type-sibling", {"nullable": True}),
    ("array-items", {"type": "array"}),
]


@pytest.mark.parametrize(("rule", "schema"), OLD)
def test_some_rules_are_of_the_older_version(rule: str, schema: t.Any) -> None:
    """What OpenAPI 3.0 overlooks is right in 3.1, which has no ``nullable``."""
    old, new = build(make_toys(), "3.0.3"), build(make_toys())
    for document in (old, new):
        toy(document)["properties"]["other"] = schema

    assert rules_of(old) == {rule}
    assert rules_of(new) == set()


@pytest.mark.parametrize("version", ["3.2.1", "3.1.0", "3.0.3"])
def test_the_application_that_uses_everything_is_clean(version: str) -> None:
    """Where the linters of others find nothing, ours finds nothing either."""
    assert check(make_app(), version) == []


def test_paths_with_a_more_exact_one_are_not_ambiguous(good: t.Any) -> None:
    """A path with a fixed part goes before one with a variable there."""
    document = copy.deepcopy(good)
    document["paths"]["/toys/newest"] = copy.deepcopy(document["paths"][PATH])

    assert "no-ambiguous-paths" not in rules_of(document)


def test_a_name_of_a_member_is_no_word_of_a_schema(good: t.Any) -> None:
    """Members called ``example`` or ``properties`` are described like any other."""
    document = copy.deepcopy(good)
    toy(document)["properties"].update(example={"type": "thing"}, properties={"type": "thing"})

    assert [finding.at[-1] for finding in lint(document) if finding.rule == "struct"] == ["example", "properties"]


# Links, callbacks and webhooks


class PlaceSchema(Schema):
    """Where to send to."""

    url = fields.URL(required=True)
    more = fields.Dict(values=fields.Nested(ToySchema))
    toys = fields.List(fields.Nested(ToySchema))
    free = fields.Raw()


def make_hooks() -> App:
    """An application with a link, a callback and a webhook, without a fault."""
    app = make_toys()
    hooks = Router("hooks", url_prefix="/hooks", description="All about hooks.")

    @hooks.route("/<int:hook_id>")
    class Hook(Resource):
        """One hook."""

        @callback("broken", "{$request.body#/url}", ToySchema)
        @arguments(PlaceSchema)
        @arguments({"page": fields.Integer()}, location="query")
        @response(200, PlaceSchema, links={"toy": Link("getToy", {"toy_id": "$request.path.hook_id"})})
        def put(self, place, query, hook_id):
            """Set a hook."""

    hooks.webhook("toyMade", ToySchema, summary="A toy was made.")
    app.register_router(hooks)
    return app


@pytest.fixture(scope="module")
def flowing() -> t.Any:
    return build(make_hooks())


def put_hook(document: t.Any) -> t.Any:
    return document["paths"]["/hooks/{hook_id}"]["put"]


def link(document: t.Any, value: t.Any = None) -> t.Any:
    """The link; with a value as the one that it gives."""
    found = put_hook(document)["responses"]["200"]["links"]["toy"]
    if value is not None:
        found["parameters"]["toy_id"] = value
    return found


def called_back(document: t.Any) -> t.Any:
    return put_hook(document)["callbacks"]["broken"]


def move_callback(document: t.Any, expression: str) -> None:
    called_back(document)[expression] = called_back(document).pop("{$request.body#/url}")


def webhook(document: t.Any) -> t.Any:
    return document["webhooks"]["toyMade"]["post"]


FLOW: list[tuple[str, t.Callable[[t.Any], t.Any]]] = [
    ("link-target", lambda d: link(d).update(operationId="getToys")),
    ("link-target", lambda d: link(d).pop("operationId")),
    ("link-parameter", lambda d: link(d)["parameters"].update(id=1)),
    ("link-parameter", lambda d: link(d).pop("parameters")),
    ("link-parameter", lambda d: link(d)["parameters"].update({"query.toy_id": 1})),
    ("runtime-expression", lambda d: link(d, "$response.id")),
    ("runtime-expression", lambda d: link(d, "toy {id}")),
    ("runtime-expression", lambda d: link(d).update(requestBody="$request.boddy")),
    ("runtime-expression-value", lambda d: link(d, "$response.body#/id")),
    ("runtime-expression-value", lambda d: link(d, "$response.body#/url/0/more/x")),
    ("runtime-expression-value", lambda d: link(d, "$response.header.X-Toy")),
    ("runtime-expression-value", lambda d: link(d, "$request.path.toy_id")),
    ("runtime-expression-value", lambda d: link(d, "$request.query.pages")),
    ("runtime-expression-value", lambda d: link(d, "$request.body#/toys/0/size")),
    ("callback-expression", lambda d: move_callback(d, "https://else.invalid/toys")),
    ("runtime-expression", lambda d: move_callback(d, "{$request.url}")),
    ("runtime-expression-value", lambda d: move_callback(d, "{$request.body#/uri}")),
    ("operation-summary", lambda d: drop(called_back(d)["{$request.body#/url}"]["post"], "summary")),
    ("operation-summary", lambda d: drop(webhook(d), "summary")),
    ("operation-tag-defined", lambda d: webhook(d).update(tags=["games"])),
    ("operation-operationId", lambda d: drop(webhook(d), "operationId")),
    ("operation-operationId-unique", lambda d: webhook(d).update(operationId="getToy")),
    ("operation-2xx-response", lambda d: drop(webhook(d)["responses"], "2XX")),
    ("path-parameters-defined", lambda d: webhook(d).update(parameters=operation(d)["parameters"])),
    ("valid-media-example", lambda d: webhook(d)["requestBody"]["content"]["application/json"].update(example={})),
    ("no-empty-servers", lambda d: d["paths"][PATH].update(servers=[{}])),
    ("no-server-trailing-slash", lambda d: operation(d).update(servers=[{"url": "https://shop.invalid/"}])),
]


@pytest.mark.parametrize(("rule", "damage"), FLOW, ids=[f"{at}-{rule}" for at, (rule, _) in enumerate(FLOW)])
def test_what_leads_from_one_request_to_another_is_judged(
    flowing: t.Any, rule: str, damage: t.Callable[[t.Any], t.Any]
) -> None:
    """A link, callback or webhook that is damaged in one place breaks the rule that is about it."""
    broken = copy.deepcopy(flowing)
    damage(broken)

    assert rules_of(flowing) == set()
    assert rules_of(broken) == {rule}


@pytest.mark.parametrize(
    "value",
    [
        *("$response.body#/url", "$response.body#/toys/0/name", "$response.body#/more/any/name", "$response.body"),
        *("$response.body#/free/any/thing", "$request.body#/url", "$request.query.page", "$request.header.Accept"),
        *("$url", "$method", "$statusCode", "toy-{$request.path.hook_id}", 5, None, ["$x"]),
    ],
)
def test_links_may_give_what_is_described(flowing: t.Any, value: t.Any) -> None:
    """Expressions that name something, texts with such in braces, and constants are right."""
    document = copy.deepcopy(flowing)
    link(document)["parameters"]["toy_id"] = value

    assert rules_of(document) == set()


def test_a_webhook_is_named_by_its_line() -> None:
    """A finding in a webhook names the line that declares it."""
    app = make_toys()
    app.webhook("toyMade", {"name": fields.Integer(metadata={"example": "ball"})})  # mark: webhook
    found = check(app)

    assert {each.rule for each in found} == {"valid-schema-example", "valid-media-example"}
    assert {(each.file, each.line) for each in found} == {(__file__, line("webhook"))}


# With the application


def line(text: str) -> int:
    """The line of this file that ends with a mark."""
    with open(__file__, encoding="utf-8") as file:
        return next(number for number, each in enumerate(file, 1) if each.rstrip().endswith(f"# mark: {text}"))


class BadSchema(Schema):
    size = fields.Integer(metadata={"example": "large"})  # mark: example


def test_findings_name_the_line_that_causes_them() -> None:
    """A field, a handler and the application's module are named by file and line."""
    app = App(__name__)
    app.config.update(FILLED, API_CONTACT=None)

    @app.route("/toys")
    class Toys(Resource):
        """Toys."""

        @response(200, BadSchema)  # mark: handler
        @doc(sumary="List them.")
        def get(self):
            """List toys."""

    lines = {finding.rule: (finding.file, finding.line) for finding in check(app)}

    assert lines["valid-schema-example"] == (__file__, line("example"))
    assert lines["struct"] == (__file__, line("handler"))
    assert lines["info-contact"] == (__file__, 1)


def test_a_finding_is_one_line() -> None:
    """It says file, line, rule, message and remedy; the place in the document where no source is known."""
    app = make_toys()
    app.config["API_LICENSE"] = None
    (finding,) = check(app)

    assert line_of(finding).endswith("test_lint.py:1: info-license: " + finding.message)
    assert line_of(finding._replace(file="", at=("paths", "/toys", "get"))).startswith("#/paths/~1toys/get: info-")


# Errors that nobody declared


def find_toy(toy_id: int) -> t.Any:
    if toy_id:
        raise ToyMissing("None.")
    return {}


def broken_toy() -> ToyBroken:
    return ToyBroken("Broken.")


def advice_of(handler: t.Any, *marks: t.Any) -> list[str]:
    """The errors that are found undeclared in a handler."""
    app = App(__name__)
    app.config.update(FILLED)
    for mark in (response(200), *marks):
        handler = mark(handler)
    app.get("/toys", endpoint="toys")(handler)
    found = check(app)
    assert all(finding.advice and finding.rule == "undeclared-error" for finding in found)
    return [finding.message.split()[4] for finding in found]


def raises_directly():
    """Show."""
    raise ToyMissing


def raises_instance():
    """Show."""
    if abort:
        raise ToyBroken("Broken.") from None


def raises_of_module():
    """Show."""
    raise errors.Gone("Gone.")


def aborts_with_status():
    """Show."""
    abort(404)


def aborts_with_class():
    """Show."""
    return find_toy or abort(ToyMissing)


def aborts_with_instance():
    """Show."""
    return {"a": abort(ToyMissing("None."))}


def raises_through_another():
    """Show."""
    return find_toy(1)


def raises_what_it_is_given():
    """Show."""
    raise broken_toy()


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (raises_directly, ToyMissing),
        (raises_instance, ToyBroken),
        (raises_of_module, errors.Gone),
        (aborts_with_status, errors.NotFound),
        (aborts_with_class, ToyMissing),
        (aborts_with_instance, ToyMissing),
        (raises_through_another, ToyMissing),
        (raises_what_it_is_given, ToyBroken),
    ],
)
def test_errors_in_the_source_must_be_declared(handler: t.Any, error: t.Any) -> None:
    """Each way of raising an error is seen, and silent once it is declared."""

    def copied() -> t.Any:
        return type(handler)(handler.__code__, handler.__globals__, handler.__name__)

    assert advice_of(copied()) == [error.__name__]
    assert advice_of(copied(), raises(error)) == []


def catches_it():
    """Show."""
    try:
        return find_toy(1)
    except errors.NotFound:
        return None


def defines_only():
    """Show."""

    def later():
        raise ToyBroken("Broken.")

    return later.__name__


def raises_no_error():
    """Show."""
    raise RuntimeError("A mistake.")


@pytest.mark.parametrize("handler", [catches_it, defines_only, raises_no_error])
def test_what_does_not_leave_the_handler_is_no_finding(handler: t.Any) -> None:
    """A caught error, one in a function that is only defined, and what is a 500 anyway need no declaration."""
    assert advice_of(handler) == []


def test_an_undeclared_error_is_found_at_its_line() -> None:
    """The line is that of the statement in the handler; methods called on ``self`` are followed."""
    app = App(__name__)
    app.config.update(FILLED)

    @app.route("/toys/<int:toy_id>")
    class Toy(Resource):
        """One toy."""

        @response(200, ToySchema)
        def get(self, toy_id):
            """Show a toy."""
            return self.find(toy_id)  # mark: call

        def find(self, toy_id):
            raise ToyMissing(f"No toy {toy_id}.")

        @response(200, ToySchema)
        def put(self, toy_id):
            """Change a toy."""
            abort(404)

    (finding,) = check(app)

    assert (finding.file, finding.line) == (__file__, line("call"))
    assert "Toy.find()" in finding.message
    assert "@raises(ToyMissing) above" in finding.message


# The command


@pytest.mark.parametrize(
    ("damage", "arguments", "code"),
    [
        ((), (), 0),
        (("license",), (), 1),
        (("advice",), (), 0),
        (("advice",), ("--strict",), 1),
        ((), ("--strict", "--version", "3.0"), 0),
    ],
)
def test_the_command_ends_with_1_on_errors(damage: t.Any, arguments: t.Any, code: int) -> None:
    """Advice is 0 unless ``--strict``; each finding is a line."""
    from click.testing import CliRunner

    app = make_toys()
    if "license" in damage:
        app.config["API_LICENSE"] = None
    if "advice" in damage:
        app.get("/other")(response(200)(type(raises_directly)(raises_directly.__code__, globals(), "other")))
    result = CliRunner().invoke(FrameworkGroup(create_app=lambda: app), ["openapi", "check", *arguments])

    assert result.exit_code == code
    assert len(result.stdout.splitlines()) == len(damage)
    assert ("Nothing to mend." in result.stderr) is (not damage)


@pytest.mark.parametrize("arguments", [(), ("--strict",)])
def test_the_command_has_forms_for_programs(arguments: t.Any) -> None:
    """JSON and SARIF have the same findings as the lines, and the same exit code."""
    from click.testing import CliRunner

    app = make_toys()
    app.config["API_LICENSE"] = None
    group = FrameworkGroup(create_app=lambda: app)
    made = CliRunner().invoke(group, ["openapi", "check", "--format", "json", *arguments])
    scanned = CliRunner().invoke(group, ["openapi", "check", "--format", "sarif", *arguments])
    results = check_sarif(json.loads(scanned.stdout))

    assert (made.exit_code, scanned.exit_code) == (1, 1)
    assert [each["rule"] for each in json.loads(made.stdout)["findings"]] == ["info-license"]
    assert [(each["ruleId"], each["level"]) for each in results] == [("info-license", "error")]
    assert (
        results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "tests/openapi/lint/test_lint.py"
    )


def test_items_of_streams_refer_to_components() -> None:
    """A component that only the items of a stream use is used."""
    app = make_toys()

    @app.get("/parts")
    @stream(PartSchema)
    def parts():
        """Send the parts one by one."""
        return []

    assert "Part" in app.openapi["components"]["schemas"]
    assert check(app) == []


@pytest.mark.parametrize(("arguments", "lines"), [((), 2), (("-d", "default"), 1), (("-d", "admin"), 2)])
def test_the_command_looks_at_all_documents(arguments: t.Any, lines: int) -> None:
    """What several documents share is reported once; one document can be chosen."""
    from click.testing import CliRunner

    app = make_toys()
    app.add_document("admin", settings={"API_DESCRIPTION": None})
    app.config["API_LICENSE"] = None
    result = CliRunner().invoke(FrameworkGroup(create_app=lambda: app), ["openapi", "check", *arguments])

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == lines

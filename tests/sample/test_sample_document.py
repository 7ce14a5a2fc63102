"""The document: valid, with the facts of the public specification, and true."""

from __future__ import annotations

import json

import jsonschema
import pytest
from openapi_spec_validator import validate

from sample_api import create_app
from tests.sample.conftest import TEST_SETTINGS

# What the public specification says of each operation, and where it is silent what is settled: the method and path,
# whether a token is needed, the status when all goes well, and the errors (without those that any server may send).
FACTS = [
    ("POST", "/users/login", None, 200, {401, 422, 429}),
    ("POST", "/users", None, 201, {422, 429}),
    ("GET", "/user", "required", 200, {401}),
    ("PUT", "/user", "required", 200, {401, 422}),
    ("GET", "/profiles/{username}", "optional", 200, {401, 404}),
    ("POST", "/profiles/{username}/follow", "required", 200, {401, 404}),
    ("DELETE", "/profiles/{username}/follow", "required", 200, {401, 404}),
    ("GET", "/articles/feed", "required", 200, {401, 422}),
    ("GET", "/articles", "optional", 200, {401, 422}),
    ("POST", "/articles", "required", 201, {401, 422}),
    ("GET", "/articles/{slug}", "optional", 200, {401, 404}),
    ("PUT", "/articles/{slug}", "required", 200, {401, 403, 404, 422}),
    ("DELETE", "/articles/{slug}", "required", 204, {401, 403, 404}),
    ("GET", "/articles/{slug}/comments", "optional", 200, {401, 404}),
    ("POST", "/articles/{slug}/comments", "required", 200, {401, 404, 422}),
    ("DELETE", "/articles/{slug}/comments/{id}", "required", 204, {401, 403, 404}),
    ("POST", "/articles/{slug}/favorite", "required", 200, {401, 404}),
    ("DELETE", "/articles/{slug}/favorite", "required", 200, {401, 404}),
    ("GET", "/tags", None, 200, set()),
]
ANY_SERVER = {400, 405, 413, 415, 500}
AWAY, CONFLICT = {503}, {409}
"""Of the database: all operations ask it, and those that write may meet another one."""

# The bodies: the object around all, the members that must be there, and those that may.
BODIES = [
    ("POST", "/users/login", "user", {"email", "password"}, set()),
    ("POST", "/users", "user", {"username", "email", "password"}, set()),
    ("PUT", "/user", "user", set(), {"email", "username", "password", "image", "bio"}),
    ("POST", "/articles", "article", {"title", "description", "body"}, {"tagList"}),
    ("PUT", "/articles/{slug}", "article", set(), {"title", "description", "body"}),
    ("POST", "/articles/{slug}/comments", "comment", {"body"}, set()),
]

USER = ["email", "token", "username", "bio", "image"]
PROFILE = ["username", "bio", "image", "following"]
ARTICLE = [
    "slug",
    "title",
    "description",
    "body",
    "tagList",
    "createdAt",
    "updatedAt",
    "favorited",
    "favoritesCount",
    "author",
]
COMMENT = ["id", "createdAt", "updatedAt", "body", "author"]

# The answers: members of the outer object, and of what the first of them holds.
ANSWERS = [
    ("POST", "/users/login", ["user"], USER),
    ("POST", "/users", ["user"], USER),
    ("GET", "/user", ["user"], USER),
    ("PUT", "/user", ["user"], USER),
    ("GET", "/profiles/{username}", ["profile"], PROFILE),
    ("POST", "/profiles/{username}/follow", ["profile"], PROFILE),
    ("DELETE", "/profiles/{username}/follow", ["profile"], PROFILE),
    ("GET", "/articles", ["articles", "articlesCount"], [name for name in ARTICLE if name != "body"]),
    ("GET", "/articles/feed", ["articles", "articlesCount"], [name for name in ARTICLE if name != "body"]),
    ("POST", "/articles", ["article"], ARTICLE),
    ("GET", "/articles/{slug}", ["article"], ARTICLE),
    ("PUT", "/articles/{slug}", ["article"], ARTICLE),
    ("POST", "/articles/{slug}/comments", ["comment"], COMMENT),
    ("GET", "/articles/{slug}/comments", ["comments"], COMMENT),
    ("POST", "/articles/{slug}/favorite", ["article"], ARTICLE),
    ("DELETE", "/articles/{slug}/favorite", ["article"], ARTICLE),
]


@pytest.fixture(scope="module")
def document():
    """The document, as JSON has it."""
    return json.loads(json.dumps(create_app({**TEST_SETTINGS, "DATABASE_URL": "sqlite://"}).openapi))


@pytest.fixture(scope="module")
def resolve(document):
    """Follow references until something else stands there."""

    def follow(node):
        while "$ref" in node:
            target = document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    return follow


@pytest.fixture(scope="module")
def operations(document):
    """The operations of the document, by method and path below /api."""
    methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    return {
        (method.upper(), path.removeprefix("/api")): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in methods
    }


def test_the_document_is_valid(document):
    """It is an OpenAPI 3.1 document by the rules of the standard."""
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_it_has_exactly_the_operations_of_the_specification(operations):
    """Nothing is missing and nothing is there besides."""
    assert set(operations) == {(method, path) for method, path, *_ in FACTS}


@pytest.mark.parametrize(("method", "path", "token", "success", "errors"), FACTS)
def test_statuses(operations, method, path, token, success, errors):
    """Each operation documents its one success and its errors."""
    statuses = {int(status) for status in operations[method, path]["responses"] if status.isdecimal()}

    assert {status for status in statuses if status < 400} == {success}
    writes = method != "GET" and path != "/users/login"
    assert {status for status in statuses if status >= 400} - ANY_SERVER == errors | AWAY | (
        CONFLICT if writes else set()
    )


@pytest.mark.parametrize(("method", "path", "token", "success", "errors"), FACTS)
def test_tokens(document, operations, method, path, token, success, errors):
    """Each operation says whether it needs a token."""
    security = operations[method, path].get("security", document.get("security", []))

    expected = {None: [], "required": [{"Token": []}], "optional": [{"Token": []}, {}]}[token]
    assert sorted(security, key=len) == sorted(expected, key=len)


def test_the_scheme_of_the_tokens(document):
    """Tokens travel in the header Authorization."""
    scheme = document["components"]["securitySchemes"]["Token"]

    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert list(document["components"]["securitySchemes"]) == ["Token"]


@pytest.mark.parametrize(("method", "path", "member", "required", "optional"), BODIES)
def test_bodies(operations, resolve, method, path, member, required, optional):
    """Each body is an object with one member, closed on both levels."""
    body = resolve(operations[method, path]["requestBody"])
    assert body["required"] is True
    assert list(body["content"]) == ["application/json"]
    outer = resolve(body["content"]["application/json"]["schema"])
    inner = resolve(outer["properties"][member])

    assert outer["required"] == [member]
    assert set(inner.get("required", ())) == required
    assert set(inner["properties"]) == required | optional
    assert outer["additionalProperties"] is False
    assert inner["additionalProperties"] is False


def test_an_update_of_the_user_has_at_least_one_field(document, operations, resolve):
    """The document refuses what the server refuses: an update of nothing."""
    schema = operations["PUT", "/user"]["requestBody"]["content"]["application/json"]["schema"]
    check = jsonschema.Draft202012Validator({**schema, "components": document["components"]})

    assert check.is_valid({"user": {"bio": "x"}})
    assert not check.is_valid({"user": {}})


def test_operations_without_a_body_document_none(operations):
    """Only those that take a body document one."""
    with_body = {key for key, operation in operations.items() if "requestBody" in operation}

    assert with_body == {(method, path) for method, path, *_ in BODIES}


@pytest.mark.parametrize(("method", "path", "outer_names", "inner_names"), ANSWERS)
def test_answers(operations, resolve, method, path, outer_names, inner_names):
    """Each answer has the members of the specification, all of them always there, in its order."""
    operation = operations[method, path]
    success = next(resolve(answer) for status, answer in operation["responses"].items() if status.startswith("2"))
    outer = resolve(success["content"]["application/json"]["schema"])
    inner = resolve(outer["properties"][outer_names[0]])
    inner = resolve(inner["items"]) if "items" in inner else inner

    assert list(outer["properties"]) == outer_names
    assert set(outer["required"]) == set(outer_names)
    assert list(inner["properties"]) == inner_names
    assert set(inner["required"]) == set(inner_names)


@pytest.mark.parametrize("path", ["/articles/{slug}", "/articles/{slug}/comments/{id}"])
def test_a_204_has_no_content(operations, path):
    """What answers with nothing documents nothing."""
    assert "content" not in operations["DELETE", path]["responses"]["204"]


@pytest.mark.parametrize(
    ("method", "path", "names"),
    [
        ("GET", "/articles", {"tag", "author", "favorited", "limit", "offset"}),
        ("GET", "/articles/feed", {"limit", "offset"}),
    ],
)
def test_query_parameters(operations, resolve, method, path, names):
    """The lists document their parameters; limit is 1 to 100 and 20 by default."""
    parameters = {p["name"]: p for p in map(resolve, operations[method, path]["parameters"]) if p["in"] == "query"}

    assert set(parameters) == names
    assert not any(parameter.get("required") for parameter in parameters.values())
    limit, offset = (resolve(parameters[name]["schema"]) for name in ("limit", "offset"))
    assert (limit["type"], limit["minimum"], limit["maximum"], limit["default"]) == ("integer", 1, 100, 20)
    assert (offset["type"], offset["minimum"], offset["default"]) == ("integer", 0, 0)


def test_path_parameters(document, resolve):
    """Slugs and usernames are strings, the id of a comment is an integer."""
    types = {"slug": "string", "username": "string", "id": "integer"}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for operation in (value for value in item.values() if isinstance(value, dict)):
            in_path = [p for p in map(resolve, [*shared, *operation.get("parameters", [])]) if p["in"] == "path"]

            assert {f"{{{p['name']}}}" for p in in_path} == {part for part in path.split("/") if part.startswith("{")}
            assert all(p["required"] and p["schema"]["type"] == types[p["name"]] for p in in_path)


def test_every_error_has_the_shape_of_the_specification(operations, resolve):
    """The document shows errors as they are sent: JSON with one member ``errors``."""
    for operation in operations.values():
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                content = resolve(answer)["content"]

                assert list(content) == ["application/json"]
                assert list(resolve(content["application/json"]["schema"])["properties"]) == ["errors"]


def test_operation_ids_and_tags(operations):
    """Each operation has an id of its own, a tag and a summary."""
    ids = [operation["operationId"] for operation in operations.values()]

    assert len(set(ids)) == len(ids)
    assert all(operation["tags"] and operation["summary"] for operation in operations.values())


def test_the_document_is_served_with_its_pages(document):
    """The document can be fetched from any origin, and its pages are there."""
    client = create_app({**TEST_SETTINGS, "DATABASE_URL": "sqlite://"}).test_client()
    reply = client.get("/openapi.json")

    assert reply.json == document
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get("/openapi.yaml").status_code == 200
    assert client.get("/docs", follow_redirects=True).status_code == 200


def test_real_answers_fit_the_document(document, operations, resolve, jake, anna, nobody):
    """What is sent, errors included, is what the document describes; each operation is tried."""
    slug = jake.publish(tagList=["dragons"])["slug"]
    number = jake.comment(slug)["id"]
    new = {"username": "carl", "email": "carl@example.com", "password": "carl-secret"}
    article = {"title": "New", "description": "d", "body": "b"}
    calls = [
        (nobody, "POST", "/users", {}, {"user": new}, 201),
        (nobody, "POST", "/users", {}, {"user": new}, 422),
        (nobody, "POST", "/users/login", {}, {"user": {"email": new["email"], "password": new["password"]}}, 200),
        (nobody, "POST", "/users/login", {}, {"user": {"email": new["email"], "password": "wrong"}}, 401),
        (jake, "GET", "/user", {}, None, 200),
        (nobody, "GET", "/user", {}, None, 401),
        (jake, "PUT", "/user", {}, {"user": {"bio": "x", "image": None}}, 200),
        (jake, "GET", "/profiles/{username}", {"username": "anna"}, None, 200),
        (jake, "GET", "/profiles/{username}", {"username": "ghost"}, None, 404),
        (jake, "POST", "/profiles/{username}/follow", {"username": "anna"}, None, 200),
        (jake, "DELETE", "/profiles/{username}/follow", {"username": "anna"}, None, 200),
        (jake, "GET", "/articles", {}, None, 200),
        (jake, "GET", "/articles/feed", {}, None, 200),
        (jake, "POST", "/articles", {}, {"article": article}, 201),
        (nobody, "GET", "/articles/{slug}", {"slug": slug}, None, 200),
        (anna, "PUT", "/articles/{slug}", {"slug": slug}, {"article": {"body": "x"}}, 403),
        (jake, "PUT", "/articles/{slug}", {"slug": slug}, {"article": {"body": "x"}}, 200),
        (anna, "POST", "/articles/{slug}/favorite", {"slug": slug}, None, 200),
        (anna, "DELETE", "/articles/{slug}/favorite", {"slug": slug}, None, 200),
        (anna, "POST", "/articles/{slug}/comments", {"slug": slug}, {"comment": {"body": "x"}}, 200),
        (nobody, "GET", "/articles/{slug}/comments", {"slug": slug}, None, 200),
        (jake, "DELETE", "/articles/{slug}/comments/{id}", {"slug": slug, "id": number}, None, 204),
        (jake, "DELETE", "/articles/{slug}", {"slug": slug}, None, 204),
        (nobody, "GET", "/tags", {}, None, 200),
    ]
    for person, method, path, values, body, status in calls:
        reply = person.call(method, path.format(**values), body)
        assert reply.status_code == status, (method, path, reply.text)
        described = resolve(operations[method, path]["responses"][str(status)])

        if status == 204:
            assert reply.data == b""
            continue
        schema = described["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(reply.json)
    assert {(method, path) for _, method, path, *_ in calls} == set(operations)

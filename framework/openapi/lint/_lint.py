"""Lint a document: what the strict rule sets of the common linters say of it, without Node.

Works on any OpenAPI document of 3.0 or 3.1 as dictionaries. Single schemas and examples are judged in
``openapi.lint._values``. Not here: where a finding comes from in the source, and what only the application knows
(``openapi.lint._check``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import re

from ...findings import Finding, Pointer, written
from ...typing import JSONObject
from ..document import address, operations_in, paths
from ..schema import lookup
from . import _flow as lint_flow
from . import _values as lint_values
from ._findings import DocumentNode, walk

_URL_SAFE = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]+")
_COMPONENT_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_EXAMPLE_HOST = re.compile(r"(?:^|[/@.])example\.(?:com|org|net)(?:[:/]|$)", re.I)
_EVAL, _SCRIPT = re.compile(r"\beval\s*\("), re.compile(r"<\s*script", re.I)
_RESPONSE_KEY = re.compile(r"[1-5](?:\d\d|XX)|default")
_OPERATION_WORDS = frozenset(
    {
        *("tags", "summary", "description", "externalDocs", "operationId", "parameters", "requestBody", "responses"),
        *("callbacks", "deprecated", "security", "servers"),
    }
)
_COMPONENTS = ("schemas", "responses", "parameters", "examples", "requestBodies", "headers", "links", "callbacks")


def lint(document: JSONObject) -> list[Finding]:
    """Find what is wrong with a document.

    :param document: An OpenAPI document of version 3.0 or 3.1.
    :return: In the order of the document; empty when all is well. Every finding is an error.
    """
    nodes = list(walk(document))
    found = [*_references(document, nodes)]
    if found:
        return found  # nothing can be said of what leads nowhere
    for rule in (_info, _servers, _tags, _paths, _operations, _components):
        found.extend(rule(document))
    found.extend(lint_flow.lint(document))
    found.extend(_texts(nodes))
    found.extend(lint_values.lint(document, nodes))
    return found


def operations_of(document: JSONObject) -> cabc.Iterator[tuple[Pointer, str, JSONObject, JSONObject]]:
    """The operations under ``paths``: where, the path, its item, and the operation."""
    for path, item in document.get("paths", {}).items():
        for key, _, operation in operations_in(item):
            yield ("paths", path, key), path, item, operation


def _info(document: JSONObject) -> cabc.Iterator[Finding]:
    info = document.get("info", {})
    at: Pointer = ("info",)
    if not str(info.get("title") or "").strip():
        yield Finding("info-title", "The API has no title. Set API_TITLE.", at)
    if not str(info.get("version") or "").strip():
        yield Finding("info-version", "The API has no version. Set API_VERSION.", at)
    if not info.get("description"):
        yield Finding("info-description", "Nothing says what the API is for. Set API_DESCRIPTION.", at)
    if not info.get("contact"):
        text = 'Nobody is named to ask. Set API_CONTACT, like {"name": "The shop", "email": "..."}.'
        yield Finding("info-contact", text, at)
    licence = info.get("license")
    if not licence:
        text = 'No license is named. Set API_LICENSE, like {"name": "MIT", "identifier": "MIT"}.'
        yield Finding("info-license", text, at)
    elif not licence.get("name"):
        yield Finding("info-license", "The license has no name. Give API_LICENSE the member 'name'.", at)
    elif not licence.get("url") and not licence.get("identifier"):
        text = "The license does not say where its text is. Give API_LICENSE an 'identifier' (of SPDX) or a 'url'."
        yield Finding("info-license-strict", text, at)
    elif licence.get("url") and licence.get("identifier"):
        text = "The license has both 'identifier' and 'url', which exclude each other. Give API_LICENSE one of them."
        yield Finding("info-license-strict", text, at)


def _servers(document: JSONObject) -> cabc.Iterator[Finding]:
    servers = document.get("servers")
    if not servers:
        yield Finding("no-empty-servers", "No server is named. Set API_SERVERS.", ("servers",))
    yield from _server_list(servers or (), ())


def _server_list(servers: cabc.Iterable[JSONObject], owner: Pointer) -> cabc.Iterator[Finding]:
    for index, server in enumerate(servers):
        at, url = (*owner, "servers", index), str(server.get("url", ""))
        if not url:
            yield Finding("no-empty-servers", "A server has no URL. Give each of API_SERVERS a 'url'.", at)
        if url.endswith("/") and url != "/":
            text = f"The server {url!r} ends with a slash, and paths begin with one. Write {url.rstrip('/')!r}."
            yield Finding("no-server-trailing-slash", text, at)
        if _EXAMPLE_HOST.search(url):
            text = f"The server {url!r} is a placeholder. Put the real address into API_SERVERS."
            yield Finding("no-server-example.com", text, at)
        variables = server.get("variables", {})
        for name in _PLACEHOLDER.findall(url):
            if name not in variables:
                text = f"The variable {name!r} of the server {url!r} is not explained. Add it to its 'variables'."
                yield Finding("no-undefined-server-variable", text, at)
        for name, variable in variables.items():
            if "default" not in variable or variable.get("enum") == []:
                text = (
                    f"The variable {name!r} of the server {url!r} needs a 'default', and an 'enum' that is not empty."
                )
                yield Finding("no-server-variables-empty-enum", text, at)
            elif "enum" in variable and variable["default"] not in variable["enum"]:
                text = f"The default of the variable {name!r} of the server {url!r} is not in its 'enum'. Add it."
                yield Finding("no-server-variables-empty-enum", text, at)


def _tags(document: JSONObject) -> cabc.Iterator[Finding]:
    seen: set[str] = set()
    for index, tag in enumerate(document.get("tags", ())):
        name = tag.get("name")
        if name in seen:
            yield Finding("openapi-tags-uniqueness", f"The tag {name!r} is listed twice. Drop one.", ("tags", index))
        seen.add(name)
        if not tag.get("description"):
            text = f"The tag {name!r} says nothing of itself. Give the router a 'description'."
            yield Finding("tag-description", text, ("tags", index))


def _paths(document: JSONObject) -> cabc.Iterator[Finding]:
    seen: list[str] = []
    for path, item in document.get("paths", {}).items():
        at: Pointer = ("paths", path)
        if not path.startswith("/"):
            yield Finding("path-declaration", f"The path {path!r} does not begin with a slash. Write '/{path}'.", at)
        if path.endswith("/") and path != "/":
            text = f"The path {path!r} ends with a slash, so clients meet a redirect. Route {path.rstrip('/')!r}."
            yield Finding("no-path-trailing-slash", text, at)
        if "?" in path:
            text = f"The path {path!r} has a query. Declare it with arguments(..., location='query')."
            yield Finding("path-not-include-query", text, at)
        if "{}" in path or len(set(paths.names(path))) != len(paths.names(path)):
            text = f"The path {path!r} has a variable without a name, or one name twice. Name each of them."
            yield Finding("path-declaration-must-exist", text, at)
        twin = next((other for other in seen if _ambiguous(other, path)), None)
        if twin is not None:
            text = (
                f"A request may be meant for {twin!r} as well as for {path!r}: nothing but their variables tells them"
                " apart. Give one of them another fixed part, or hide one with doc(hidden=True)."
            )
            yield Finding("no-ambiguous-paths", text, at)
        seen.append(path)
        yield from _server_list(item.get("servers", ()), at)
        if not any(operations_in(item)) and "$ref" not in item:
            yield Finding("path-empty", f"The path {path!r} has no operation. Drop it.", at)


def _ambiguous(one: str, other: str) -> bool:
    """Return whether some request fits both templates, and neither is the more exact one."""
    mine, theirs = one.split("/"), other.split("/")
    if len(mine) != len(theirs):
        return False
    variables = [[part.startswith("{") and part.endswith("}") for part in parts] for parts in (mine, theirs)]
    apart = any(
        a != b and not (is_a or is_b) for a, b, is_a, is_b in zip(mine, theirs, variables[0], variables[1], strict=True)
    )
    return not apart and sum(variables[0]) == sum(variables[1])


def _operations(document: JSONObject) -> cabc.Iterator[Finding]:
    tags = {tag.get("name") for tag in document.get("tags", ())}
    schemes = document.get("components", {}).get("securitySchemes", {})
    ids: dict[str, str] = {}
    for at, path, item, operation in operations_of(document):
        yield from _words(at, operation, tags)
        yield from _identifier(at, address(str(at[2]), str(at[1])), operation, ids)
        yield from _answers(at, operation)
        yield from _parameters(document, at, path, item, operation)
        yield from _security(at, operation, document.get("security"), schemes)
        yield from _server_list(operation.get("servers", ()), at)
    for place in lint_flow.sent_of(document):
        yield from _words(place.at, place.operation, tags)
        yield from _identifier(place.at, place.name, place.operation, ids)
        yield from _answers(place.at, place.operation)
        yield from _parameters(document, place.at, "", place.item, place.operation)


def _words(at: Pointer, operation: JSONObject, tags: cabc.Container[object]) -> cabc.Iterator[Finding]:
    for word in ("summary", "description"):
        if not str(operation.get(word) or "").strip():
            text = f"The operation has no {word}. Give the handler a docstring, or doc({word}='...')."
            yield Finding(f"operation-{word}", text, at)
    if not operation.get("tags"):
        yield Finding("operation-tags", "The operation has no tag. Put it on a router, or give doc(tags=[...]).", at)
    for tag in operation.get("tags", ()):
        if tag not in tags:
            text = f"The tag {tag!r} is not in the list of tags. Add it to the document's 'tags'."
            yield Finding("operation-tag-defined", text, at)
    for word in operation:
        if word not in _OPERATION_WORDS and not word.startswith("x-"):
            text = f"An operation has no member {word!r}. Correct it in doc(...), or write 'x-{word}'."
            yield Finding("struct", text, at)


def _identifier(at: Pointer, here: str, operation: JSONObject, ids: dict[str, str]) -> cabc.Iterator[Finding]:
    name = operation.get("operationId")
    if not name:
        yield Finding("operation-operationId", "The operation has no operationId. Give doc(operation_id='...').", at)
        return
    if not _URL_SAFE.fullmatch(str(name)):
        text = f"The operationId {name!r} cannot stand in a URL. Give another with doc(operation_id='...')."
        yield Finding("operation-operationId-url-safe", text, at)
    if name in ids:
        text = f"The operationId {name!r} belongs to {ids[name]} as well. Give one of them doc(operation_id='...')."
        yield Finding("operation-operationId-unique", text, at)
    ids.setdefault(str(name), here)


def _answers(at: Pointer, operation: JSONObject) -> cabc.Iterator[Finding]:
    responses = operation.get("responses", {})
    keys = [str(key) for key in responses]
    if not any(key.startswith(("2", "3")) for key in keys):
        text = "No answer of the operation is a success. Declare one with response(200, ...)."
        yield Finding("operation-2xx-response", text, at)
    if not any(key.startswith("4") for key in keys):
        text = "The operation never refuses a request. Declare what it answers then, with raises(...)."
        yield Finding("operation-4xx-response", text, at)
    for key, answer in responses.items():
        if not _RESPONSE_KEY.fullmatch(str(key)):
            yield Finding("struct", f"{key!r} is not a status. Write one of three digits.", (*at, "responses", key))
        elif isinstance(answer, dict) and "$ref" not in answer and not answer.get("description"):
            text = f"The answer {key} has no description. Give response(..., description='...')."
            yield Finding("struct", text, (*at, "responses", key))


def _parameters(
    document: JSONObject, at: Pointer, path: str, item: JSONObject, operation: JSONObject
) -> cabc.Iterator[Finding]:
    wanted, found = set(paths.names(path)), set()
    for owner, listed in ((at[:2], item.get("parameters", ())), (at, operation.get("parameters", ()))):
        seen: set[tuple[object, object]] = set()
        for index, parameter in enumerate(listed):
            place = (*owner, "parameters", index)
            if "$ref" in parameter:
                parameter = lookup(document, parameter["$ref"])
            name, location = parameter.get("name"), parameter.get("in")
            if (name, location) in seen:
                text = f"The parameter {name!r} in {location} is declared twice. Drop one declaration."
                yield Finding("operation-parameters-unique", text, place)
            seen.add((name, location))
            if ("schema" in parameter) == ("content" in parameter):
                text = f"The parameter {name!r} must have either a 'schema' or a 'content'."
                yield Finding("struct", text, place)
            if location != "path":
                continue
            found.add(name)
            if name not in wanted:
                text = f"The path {path!r} has no variable {name!r}. Name one in the rule, or drop the parameter."
                yield Finding("path-parameters-defined", text, place)
            if parameter.get("required") is not True:
                text = f"The parameter {name!r} is a part of the path, so it must be required."
                yield Finding("path-params", text, place)
    for name in sorted(wanted - found):
        text = f"The variable {name!r} of the path {path!r} is not among the parameters. Describe it."
        yield Finding("path-parameters-defined", text, at)


def _security(
    at: Pointer, operation: JSONObject, general: object, schemes: cabc.Container[str]
) -> cabc.Iterator[Finding]:
    asked = operation.get("security", general)
    if asked is None:
        text = "Nothing says whether the operation asks for credentials. Give the document a 'security', be it []."
        yield Finding("security-defined", text, at)
    for requirement in asked or ():
        for name in requirement:
            if name not in schemes:
                text = (
                    f"The security scheme {name!r} is not described. Let the mark yield it as Security(name, scheme)."
                )
                yield Finding("security-defined", text, at)


def _components(document: JSONObject) -> cabc.Iterator[Finding]:
    components = document.get("components", {})
    used = set(_targets(walk(document)))
    for kind in _COMPONENTS:
        for name in components.get(kind, {}):
            at = ("components", kind, name)
            if not _COMPONENT_NAME.fullmatch(name):
                text = f"{name!r} is not a component name: use letters, digits, '.', '_' and '-'. Rename the class."
                yield Finding("spec-components-invalid-map-name", text, at)
            if written(at) not in used:
                yield Finding("no-unused-components", f"Nothing refers to the component {name!r}. Drop it.", at)
    asked = {
        name for *_, operation in operations_of(document) for each in operation.get("security", ()) for name in each
    }
    asked |= {name for each in document.get("security", ()) for name in each}
    for name in components.get("securitySchemes", {}):
        if name not in asked:
            text = f"No operation asks for the security scheme {name!r}. Drop it."
            yield Finding("no-unused-components", text, ("components", "securitySchemes", name))


def _targets(nodes: cabc.Iterable[DocumentNode]) -> cabc.Iterator[str]:
    """All that is referred to, by references and by the mappings of discriminators."""
    for node in nodes:
        if isinstance(node.value.get("$ref"), str):
            yield node.value["$ref"]
        discriminator = node.value.get("discriminator")
        if node.kind == "schema" and isinstance(discriminator, dict):
            yield from discriminator.get("mapping", {}).values()


def _references(document: JSONObject, nodes: cabc.Iterable[DocumentNode]) -> cabc.Iterator[Finding]:
    for node in nodes:
        for ref in _targets([node]):
            try:
                lookup(document, ref)
            except (LookupError, ValueError, TypeError):
                text = f"{ref!r} leads nowhere in the document. Correct it, or describe what it names."
                yield Finding("no-unresolved-refs", text, node.at)


def _texts(nodes: cabc.Iterable[DocumentNode]) -> cabc.Iterator[Finding]:
    """Return what a page that shows a description might run."""
    for node in nodes:
        for word in ("description", "title", "summary"):
            text = node.value.get(word)
            if not isinstance(text, str):
                continue
            if _EVAL.search(text):
                message = f"The {word} holds 'eval(', which careless pages may run. Write it in other words."
                yield Finding("no-eval-in-markdown", message, node.at)
            if _SCRIPT.search(text):
                message = f"The {word} holds '<script', which careless pages may run. Write it in other words."
                yield Finding("no-script-tags-in-markdown", message, node.at)

"""Lint what leads from one request to another: links, callbacks and webhooks.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...findings import Finding, Pointer
from ...marks.links import expressions_in, is_expression
from ...typing import JSONObject
from ..document import address, operations_in
from ..schema import lookup


class DocumentOperation(t.NamedTuple):
    """An operation of the document."""

    at: Pointer
    name: str
    """For messages: ``POST /pets``, ``webhook petAdopted``."""
    operation: JSONObject
    item: JSONObject


def paths_of(document: JSONObject) -> cabc.Iterator[DocumentOperation]:
    """The operations that clients call."""
    for path, item in document.get("paths", {}).items():
        for key, method, operation in operations_in(item):
            yield DocumentOperation(("paths", path, key), address(method, path), operation, item)


def sent_of(document: JSONObject) -> cabc.Iterator[DocumentOperation]:
    """The operations that the application calls: webhooks, and callbacks."""
    for word in ("webhooks", "x-webhooks"):
        for name, item in document.get(word, {}).items():
            for key, _, operation in operations_in(item):
                yield DocumentOperation((word, name, key), f"webhook {name}", operation, item)
    for place in paths_of(document):
        for name, callback in place.operation.get("callbacks", {}).items():
            for expression, item in resolved(document, callback).items():
                for key, _, operation in () if expression.startswith("x-") else operations_in(item):
                    at = (*place.at, "callbacks", name, expression, key)
                    yield DocumentOperation(at, f"callback {name} of {place.name}", operation, item)


def lint(document: JSONObject) -> cabc.Iterator[Finding]:
    """Find what is wrong with links and the expressions of callbacks."""
    ids = {place.operation.get("operationId"): place for place in paths_of(document)}
    for place in paths_of(document):
        for status, answer in place.operation.get("responses", {}).items():
            found = resolved(document, answer)
            for name, link in found.get("links", {}).items():
                at = (*place.at, "responses", status, "links", name)
                yield from _link(document, at, name, resolved(document, link), ids, place, found)
        for name, callback in place.operation.get("callbacks", {}).items():
            for expression in resolved(document, callback):
                at = (*place.at, "callbacks", name, expression)
                if not expressions_in(expression):
                    text = (
                        f"The callback {name!r} goes to {expression!r}, which the client has no say in. Name in braces"
                    )
                    yield Finding("callback-expression", f"{text} what it gave, or declare a webhook.", at)
                yield from _expressions(document, at, expression, f"The callback {name!r}", place, {})


def _link(
    document: JSONObject,
    at: Pointer,
    name: str,
    link: JSONObject,
    ids: cabc.Mapping[object, DocumentOperation],
    source: DocumentOperation,
    answer: JSONObject,
) -> cabc.Iterator[Finding]:
    what = f"The link {name!r}"
    if "operationRef" in link:
        return
    target = ids.get(link.get("operationId"))
    if target is None:
        text = f"{what} leads to {link.get('operationId')!r}, and no operation has that operationId. Correct it."
        yield Finding("link-target", text, at)
        return
    known = {(each.get("in"), each.get("name")) for each in parameters(document, target)}
    names = {name for _, name in known} | {f"{where}.{name}" for where, name in known}
    for parameter, value in link.get("parameters", {}).items():
        if parameter not in names:
            text = f"{what} gives {target.name} a parameter {parameter!r}, and it has none. Correct it."
            yield Finding("link-parameter", text, at)
        yield from _expressions(document, at, value, what, source, answer)
    for each in parameters(document, target):
        variable = each.get("name")
        if each.get("in") == "path" and not link.get("parameters", {}).keys() & {variable, f"path.{variable}"}:
            text = f"{what} says nothing of {variable!r}, without which nobody can call {target.name}. Give it a value."
            yield Finding("link-parameter", text, at)
    yield from _expressions(document, at, link.get("requestBody"), what, source, answer)


def _expressions(
    document: JSONObject, at: Pointer, value: object, what: str, source: DocumentOperation, answer: JSONObject
) -> cabc.Iterator[Finding]:
    """The runtime expressions in a value, and what they name.

    :param answer: The response that ``$response`` stands for; empty where any of them may be meant.
    """
    for expression in expressions_in(value) if isinstance(value, str) else ():
        if not is_expression(expression):
            text = f"{what} has {expression!r}, which is not a runtime expression. Write one like '$response.body#/id'."
            yield Finding("runtime-expression", text, at)
        elif not _names_something(document, expression, source, answer):
            text = f"{what} takes {expression!r}, and the document describes nothing there. Correct it, or declare it."
            yield Finding("runtime-expression-value", text, at)


def _names_something(document: JSONObject, expression: str, source: DocumentOperation, answer: JSONObject) -> bool:
    """Return whether what an expression names is described."""
    side, _, rest = expression.removeprefix("$").partition(".")
    kind, _, name = rest.partition(".")
    if side == "response" and not answer:
        return True
    if rest.startswith("body"):
        body = answer if side == "response" else resolved(document, source.operation.get("requestBody", {}))
        schemas = [media.get("schema", {}) for media in body.get("content", {}).values()]
        parts = [each.replace("~1", "/").replace("~0", "~") for each in rest.partition("#")[2].split("/")[1:]]
        return any(has_member(document, schema, parts) for schema in schemas)
    if side == "response":
        return kind == "header" and name.lower() in {each.lower() for each in answer.get("headers", {})}
    if side == "request" and kind in ("path", "query"):
        return (kind, name) in {(each.get("in"), each.get("name")) for each in parameters(document, source)}
    return True  # a header of the request may be one of HTTP's own


def has_member(document: JSONObject, schema: object, parts: list[str], depth: int = 0) -> bool:
    """Return whether a schema describes something at a path; where it says nothing at all, anything may be there."""
    schema = resolved(document, schema) if isinstance(schema, dict) else schema
    if not parts or not isinstance(schema, dict) or depth > 50:
        return schema is not False
    branches = [each for word in ("allOf", "anyOf", "oneOf") for each in schema.get(word, ())]
    if any(has_member(document, each, parts, depth + 1) for each in branches if resolved(document, each)):
        return True
    first, *rest = parts
    if first in schema.get("properties", {}):
        return has_member(document, schema["properties"][first], rest, depth + 1)
    if "items" in schema and first.isdigit():
        return has_member(document, schema["items"], rest, depth + 1)
    kinds = schema.get("type", "object")
    if "object" not in kinds:
        return False
    extra = schema.get("additionalProperties", not branches and not schema.keys() & {"properties", "items"})
    return bool(extra) if not isinstance(extra, dict) else has_member(document, extra, rest, depth + 1)


def parameters(document: JSONObject, place: DocumentOperation) -> list[JSONObject]:
    """The parameters of an operation, those of its path included."""
    given = (*place.item.get("parameters", ()), *place.operation.get("parameters", ()))
    return [resolved(document, each) for each in given]


def resolved(document: JSONObject, value: JSONObject) -> JSONObject:
    """Return what a reference leads to."""
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        value = lookup(document, value["$ref"])
    return value

"""An operation as an agent sees it: one flat object of arguments, the schema of the answer, hints.

Not here: how it is called (``mcp._calls``).
Floor 7.
"""

from __future__ import annotations

import re
import typing as t

import msgspec

from ..app import Document
from ..errors import SetupError
from ..http.semantics import SAFE
from ..marks.files import StreamMark
from ..marks.lists import SparseMark
from ..marks.security import public
from ..openapi.document import make, operation_of, paths
from ..resources.operation import Operation
from ..typing import JSONObject
from ._mark import ToolMark
from ._schemas import Standalone

if t.TYPE_CHECKING:
    import collections.abc as cabc

    from ..app import App

BODY: t.Final = "body"
"""The argument for a body that is not an object with known members."""
_JSON: t.Final = re.compile(r"application/(?:[\w.+-]+\+)?json")
_WORDS: t.Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[0-9]+")


class Argument(msgspec.Struct, frozen=True):
    """One argument of a tool, and the part of the request that it becomes.

    :param location: ``"path"``, ``"query"``, ``"header"``, ``"body"`` for a member of it, or ``"whole"`` for all of it.
    :param name: Its name there.
    :param schema: Its JSON Schema.
    :param joined: Whether a list becomes one text, with commas.
    """

    location: str
    name: str
    schema: JSONObject
    required: bool = False
    joined: bool = False


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool: what ``tools/list`` gives of it, and how its arguments become a request."""

    name: str
    operation: Operation
    mark: ToolMark
    arguments: dict[str, Argument]
    fixed: dict[str, tuple[Argument, object]]
    """The arguments that the mark decides, by name, each with its value."""
    most: dict[str, int]
    """The greatest values of arguments, by name."""
    media_type: str
    """The media type of the body; empty where it has none."""
    described: JSONObject
    """The Tool object of the protocol."""
    is_public: bool


def make_tools(app: App) -> dict[str, Tool]:
    """Make the tools of an application.

    :raises SetupError: An operation cannot be one; the text says its file and line.
    """
    marked = [each for each in app.operations if mark_of(each) is not None]
    for operation in marked:
        check(operation)
    document = make(app, "3.1.0", Document("tools", include=lambda each: mark_of(each) is not None)).document
    whole = Standalone(document)
    tools: dict[str, Tool] = {}
    for operation in marked:
        made = make_tool(operation, whole, document, app.config["CSRF_HEADER"])
        other = tools.setdefault(made.name, made)
        if other is not made:
            raise SetupError(
                f"Two tools have the name {made.name!r}: {operation.address} at {place(operation)} and"
                f" {other.operation.address} at {place(other.operation)}. Give one of them another, by @tool(name=...)."
            )
    return tools


def mark_of(operation: Operation) -> ToolMark | None:
    """Return the mark of an operation that is a tool."""
    return next((mark for mark in reversed(operation.marks) if isinstance(mark, ToolMark)), None)


def place(operation: Operation) -> str:
    """File and line of an operation."""
    return f"{operation.source[0]}:{operation.source[1]}"


def check(operation: Operation) -> None:
    """Refuse an operation that no agent can call.

    :raises SetupError: It streams, takes or sends files, or is not in the document.
    """
    why = ""
    good = [each for each in operation.outcomes if 200 <= each.status < 300]
    if operation.hidden or not operation.documented:
        why = "is hidden from the document, which describes a tool. Remove @doc(hidden=True)"
    elif any(isinstance(mark, StreamMark) for mark in operation.marks):
        why = "streams its answer, and the answer of a tool is one JSON value. Write an operation that returns a list"
    elif any(each.is_binary for each in good):
        why = "answers with a file, and the answer of a tool is JSON. Write an operation that returns a link to it"
    elif operation.bodies and not any(_JSON.fullmatch(each.media_type) for each in operation.bodies):
        why = f"takes {operation.bodies[0].media_type}, and a tool takes JSON. Write an operation for agents that does"
    elif getattr(operation.rule, "by_request", False):
        why = "belongs to a version that the request names, which a tool cannot. Give versions a path prefix"
    if why:
        raise SetupError(f"{place(operation)}: {operation.address} is a tool, and {why}.")


def make_tool(operation: Operation, whole: Standalone, document: JSONObject, csrf_header: str) -> Tool:
    """Make one tool.

    :param csrf_header: The header with the proof of a browser, which its page sends, and no model.
    """
    mark = t.cast(ToolMark, mark_of(operation))
    item, renamed = item_of(operation, document)
    described = operation_of(item, operation.method)
    arguments: dict[str, Argument] = {}
    media_type = ""
    for parameter in (*item.get("parameters", ()), *described.get("parameters", ())):
        resolved = whole.resolved(parameter)
        if resolved["in"] == "path":
            resolved = {**resolved, "name": renamed[resolved["name"]]}
        if resolved["name"].lower() != csrf_header.lower():
            add_parameter(arguments, resolved, operation)
    if "requestBody" in described:
        media_type = add_body(arguments, whole.resolved(described["requestBody"]), whole, operation)
    fixed, most = narrow(arguments, mark, operation)
    schema: JSONObject = {
        "type": "object",
        "properties": {name: each.schema for name, each in arguments.items()},
        "additionalProperties": False,
    }
    required = [name for name, each in arguments.items() if each.required]
    if required:
        schema["required"] = required
    name = mark.name or snake(described["operationId"])
    title = mark.title or described.get("summary") or ""
    texts = dict.fromkeys(each for each in (described.get("summary"), described.get("description")) if each)
    text = mark.description or "\n\n".join(texts)
    made: JSONObject = {"name": name, **({"title": title} if title else {})}
    if text:
        made["description"] = text
    made["inputSchema"] = whole.cut(schema)
    output = output_schema(described, whole)
    if output is not None:
        made["outputSchema"] = output
    made["annotations"] = hints(operation, mark, title)
    is_public = any(each is public for each in operation.marks) and not operation.security
    return Tool(
        name=name,
        operation=operation,
        mark=mark,
        arguments=arguments,
        fixed=fixed,
        most=most,
        media_type=media_type,
        described=made,
        is_public=is_public,
    )


def item_of(operation: Operation, document: JSONObject) -> tuple[JSONObject, dict[str, str]]:
    """Return the Path Item Object of an operation, and the names that its rule has for the variables of the path: a
    document has one path for rules that differ in these names alone."""
    own = paths.template(operation.rule)
    written = next(path for path in document["paths"] if paths.shape(path) == paths.shape(own))
    return document["paths"][written], dict(zip(paths.names(written), paths.names(own), strict=True))


def add_parameter(arguments: dict[str, Argument], parameter: JSONObject, operation: Operation) -> None:
    """Add the argument for a parameter; those in cookies are not for agents."""
    location, own = parameter["in"], parameter["name"]
    if location not in ("path", "query", "header") or is_for_caches(own, operation, bool(parameter.get("required"))):
        return
    schema = dict(parameter.get("schema", {}))
    for word in ("description", "deprecated"):
        if word in parameter and word not in schema:
            schema[word] = parameter[word]
    joined = location == "header" or (location == "query" and parameter.get("explode", True) is False)
    name = snake(own) if location == "header" else own
    add(arguments, name, Argument(location, own, schema, bool(parameter.get("required")), joined), operation)


def is_for_caches(name: str, operation: Operation, required: bool) -> bool:
    """Return whether a parameter asks for a 304, or a GET for a 412: of no use to an agent."""
    own = name.lower()
    return not required and (own == "if-none-match" or (own == "if-match" and operation.method in SAFE))


def add_body(arguments: dict[str, Argument], body: JSONObject, whole: Standalone, operation: Operation) -> str:
    """Add the arguments for the body: its members, or the whole of it.

    :return: The media type.
    """
    media_type: str = next(each for each in body["content"] if _JSON.fullmatch(each))
    schema = body["content"][media_type].get("schema", {})
    plain = whole.resolved(schema)
    required = bool(body.get("required"))
    if set(plain) & {"allOf", "anyOf", "oneOf"} or not plain.get("properties") or plain.get("type") != "object":
        add(arguments, BODY, Argument("whole", BODY, schema, required), operation)
        return media_type
    needed = plain.get("required", ()) if required else ()
    for name, member in plain["properties"].items():
        if not (isinstance(member, dict) and member.get("readOnly")):
            add(arguments, name, Argument("body", name, member, name in needed), operation)
    return media_type


def add(arguments: dict[str, Argument], name: str, argument: Argument, operation: Operation) -> None:
    """Add one argument.

    :raises SetupError: There is another of its name.
    """
    other = arguments.setdefault(name, argument)
    if other is not argument:
        one, two = (f"{each.name!r} in the {where(each)}" for each in (other, argument))
        raise SetupError(
            f"{place(operation)}: {operation.address} is a tool, and two of its arguments would have the name"
            f" {name!r}: {one}, and {two}. Give one of them another 'data_key'."
        )


def where(argument: Argument) -> str:
    """Return the part of the request that an argument belongs to, for messages."""
    return "body" if argument.location == "whole" else argument.location


def narrow(
    arguments: dict[str, Argument], mark: ToolMark, operation: Operation
) -> tuple[dict[str, tuple[Argument, object]], dict[str, int]]:
    """Take away what the mark decides, and lower what it limits.

    :raises SetupError: The operation has no such choice.
    """
    fixed: dict[str, tuple[Argument, object]] = {}
    most: dict[str, int] = {}
    if mark.fields is not None:
        chooser = next((each for each in operation.marks if isinstance(each, SparseMark)), None)
        if chooser is None or chooser.parameter not in arguments:
            raise SetupError(f"{place(operation)}: {mark!r} has 'fields', and {operation.address} has no @sparse.")
        unknown = [name for name in mark.fields if chooser.names and name.partition(".")[0] not in chooser.names]
        if unknown:
            raise SetupError(f"{place(operation)}: {mark!r} has the field {unknown[0]!r}, and @sparse does not.")
        fixed[chooser.parameter] = arguments.pop(chooser.parameter), list(mark.fields)
    if mark.page_size is not None:
        name = next((each for each in ("page_size", "limit") if each in arguments), None)
        if name is None:
            raise SetupError(f"{place(operation)}: {mark!r} has 'page_size', and {operation.address} has no @paginate.")
        size = min(mark.page_size, arguments[name].schema.get("maximum", mark.page_size))
        most[name] = size
        schema = {**arguments[name].schema, "maximum": size, "default": size}
        arguments[name] = msgspec.structs.replace(arguments[name], schema=schema, required=False)
    return fixed, most


def output_schema(described: JSONObject, whole: Standalone) -> JSONObject | None:
    """Return the schema of the answer, where each answer is JSON of one."""
    found: list[JSONObject] = []
    for status, answer in described["responses"].items():
        if str(status).startswith("2"):
            content = whole.resolved(answer).get("content", {})
            schemas = [each.get("schema") for name, each in content.items() if _JSON.fullmatch(name)]
            if not schemas or not schemas[0]:
                return None
            if schemas[0] not in found:
                found.append(schemas[0])
    if not found:
        return None
    return whole.cut(found[0] if len(found) == 1 else {"anyOf": found})


def hints(operation: Operation, mark: ToolMark, title: str) -> JSONObject:
    """Return the annotations of the protocol, by method and marks."""
    from ..marks.traffic import Idempotent

    method = operation.method
    made: JSONObject = {"title": title} if title else {}
    made["readOnlyHint"] = method in SAFE or method == "QUERY"
    made["destructiveHint"] = method == "DELETE" if mark.destructive is None else mark.destructive
    safe = made["readOnlyHint"] or method in ("PUT", "DELETE")
    made["idempotentHint"] = safe or any(isinstance(each, Idempotent) for each in operation.marks)
    made["openWorldHint"] = False
    return made


def snake(text: str) -> str:
    """``getPetById`` to ``get_pet_by_id``."""
    return "_".join(each.lower() for each in _WORDS.findall(text)) or text


def ordered(tools: cabc.Iterable[Tool]) -> list[Tool]:
    """The tools by name: the order that pages go through."""
    return sorted(tools, key=lambda each: each.name)

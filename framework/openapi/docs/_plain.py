"""The whole document on one page that needs no script: operations by tag, each with a ``curl`` line, and schemas.

It is read from the document alone, so that it says what the document says.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import typing as t

from markupsafe import Markup

from ...typing import JSONObject
from ..document import operations_in
from ._curl import line
from ._html import marked, navigation, paragraphs

# What has a place of its own in the tables, or is a schema within.
_TOLD = frozenset(
    ("$ref", "type", "description", "properties", "required", "items", "allOf", "anyOf", "oneOf", "prefixItems", "not")
)
_TABLE = Markup("<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n</table>")


class Reference(t.NamedTuple):
    """An error that an operation answers with."""

    status: int
    code: str
    url: str | None


def plain_body(
    document: JSONObject, root: str, links: cabc.Mapping[str, str], errors: cabc.Mapping[str, cabc.Sequence[Reference]]
) -> Markup:
    """The page.

    :param document: An OpenAPI document.
    :param root: The address under which a client reaches the application.
    :param links: The navigation, text to address.
    :param errors: The errors of each operation, by ``operationId``.
    """
    info = document["info"]
    made = Markup("<h1>{} <small>{}</small></h1>").format(info["title"], info["version"])
    made += paragraphs(info.get("description", ""))
    listed = by_tag(document)
    sent = document.get("webhooks") or document.get("x-webhooks") or {}
    made += contents(listed, {"Webhooks": bool(sent), "Schemas": bool(schemas_of(document))})
    descriptions = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    for tag, operations in listed.items():
        made += Markup("\n<h2>{}</h2>\n{}").format(tag, paragraphs(descriptions.get(tag, "")))
        for path, method, operation in operations:
            found = errors.get(operation["operationId"], ())
            place_of = server_of(document["paths"][path], operation) or root
            made += operation_part(path, method, operation, document, place_of, found)
    if sent:
        made += Markup('\n<h2 id="webhooks">Webhooks</h2>')
        made += Markup("").join(webhook_part(name, item) for name, item in sent.items())
    if schemas_of(document):
        made += Markup('\n<h2 id="schemas">Schemas</h2>')
        made += Markup("").join(schema_part(name, schema) for name, schema in schemas_of(document).items())
    return Markup("{}\n<main>\n{}\n</main>").format(navigation(links), made)


def schemas_of(document: JSONObject) -> dict[str, JSONObject]:
    """The component schemas."""
    return t.cast("dict[str, JSONObject]", document.get("components", {}).get("schemas", {}))


def by_tag(document: JSONObject) -> dict[str, list[tuple[str, str, JSONObject]]]:
    """Path, method and Operation Object of all operations, by their first tag."""
    found: dict[str, list[tuple[str, str, JSONObject]]] = {tag["name"]: [] for tag in document.get("tags", ())}
    for path, item in document.get("paths", {}).items():
        for _, method, operation in operations_in(item):
            found.setdefault(operation["tags"][0], []).append((path, method.upper(), operation))
    return {tag: operations for tag, operations in found.items() if operations}


def server_of(item: JSONObject, operation: JSONObject) -> str | None:
    """Return where an operation is, if not on the server of the page: its first server, variables filled in."""
    for server in operation.get("servers") or item.get("servers") or ():
        url = str(server["url"])
        for name, variable in server.get("variables", {}).items():
            url = url.replace(f"{{{name}}}", variable["default"])
        return url
    return None


def contents(listed: cabc.Mapping[str, list[tuple[str, str, JSONObject]]], parts: cabc.Mapping[str, bool]) -> Markup:
    """A link to each operation, and to the other parts that there are."""
    rows = Markup("\n").join(
        Markup('<tr><td class="method">{}</td><td><a href="#{}"><code>{}</code></a></td><td>{}</td></tr>').format(
            method, place(operation), path, operation.get("summary", "")
        )
        for operations in listed.values()
        for path, method, operation in operations
    )
    more = Markup("").join(
        Markup('\n<p><a href="#{}">{}</a></p>').format(name.lower(), name)
        for name, is_there in parts.items()
        if is_there
    )
    return table(("Method", "Path", "Summary"), [rows]) + more


def place(operation: JSONObject) -> str:
    """The anchor of an operation."""
    return f"operation-{operation['operationId']}"


def table(heads: cabc.Iterable[str], rows: cabc.Iterable[Markup]) -> Markup:
    """A table with a head."""
    head = Markup("").join(Markup("<th>{}</th>").format(each) for each in heads)
    return _TABLE.format(head, Markup("\n").join(rows))


def operation_part(
    path: str, method: str, operation: JSONObject, document: JSONObject, root: str, errors: cabc.Sequence[Reference]
) -> Markup:
    """One operation."""
    old = Markup(" <small>deprecated</small>") if operation.get("deprecated") else Markup("")
    made = Markup('\n<section id="{}">\n<h3>{} <code>{}</code>{}</h3>\n').format(place(operation), method, path, old)
    summary, description = operation.get("summary", ""), operation.get("description", "")
    made += paragraphs(summary) + (paragraphs(description) if description != summary else Markup(""))
    if operation.get("parameters"):
        made += Markup("\n<h4>Parameters</h4>\n") + parameters_table(operation["parameters"])
    content = operation.get("requestBody", {})
    if content:
        made += Markup("\n<h4>Body</h4>\n") + paragraphs(content.get("description", ""))
        made += table(("Media type", "Schema"), content_rows(content["content"]))
    made += Markup("\n<h4>Answers</h4>\n") + answers_table(operation["responses"], document, errors)
    made += links_part(operation["responses"])
    made += callbacks_part(operation.get("callbacks", {}))
    made += security_part(operation.get("security", ()))
    made += Markup("\n<h4>Try it</h4>\n<pre>{}</pre>").format(line(operation, method, path, root, document))
    return made + Markup("\n</section>")


def links_part(responses: cabc.Mapping[str, JSONObject]) -> Markup:
    """Return what can be called next with the answers."""
    rows = [
        Markup(
            '<tr><td>{}</td><td>{}</td><td><a href="#{}"><code>{}</code></a></td><td>{}</td><td>{}</td></tr>'
        ).format(status, name, place(link), link["operationId"], given(link), paragraphs(link.get("description", "")))
        for status, response in responses.items()
        for name, link in response.get("links", {}).items()
    ]
    heads = ("Status", "Link", "Operation", "Parameters", "Meaning")
    return Markup("\n<h4>Links</h4>\n") + table(heads, rows) if rows else Markup("")


def given(link: JSONObject) -> Markup:
    """Return what a link fills in."""
    values = {**link.get("parameters", {}), **({"body": link["requestBody"]} if "requestBody" in link else {})}
    return Markup("<br>").join(
        Markup("<code>{} = {}</code>").format(name, value if isinstance(value, str) else json.dumps(value))
        for name, value in values.items()
    )


def callbacks_part(callbacks: cabc.Mapping[str, JSONObject]) -> Markup:
    """Return what is sent because of the operation."""
    made = Markup("").join(
        Markup("\n<p>{} <code>{} {}</code></p>").format(name, method.upper(), expression) + sent_part(operation)
        for name, callback in callbacks.items()
        for expression, item in callback.items()
        for method, operation in item.items()
    )
    return Markup("\n<h4>Callbacks</h4>") + made if made else Markup("")


def webhook_part(name: str, item: JSONObject) -> Markup:
    """One webhook."""
    made = Markup("")
    for method, operation in item.items():
        old = Markup(" <small>deprecated</small>") if operation.get("deprecated") else Markup("")
        made += Markup('\n<section id="webhook-{}">\n<h3>{} <code>{}</code>{}</h3>').format(
            name, method.upper(), name, old
        )
        made += sent_part(operation) + Markup("\n</section>")
    return made


def sent_part(operation: JSONObject) -> Markup:
    """A request that the application sends: its words, headers and body, and what may be answered."""
    summary, description = operation["summary"], operation["description"]
    made = Markup("\n") + paragraphs(summary) + (paragraphs(description) if description != summary else Markup(""))
    if operation.get("parameters"):
        made += Markup("\n<h4>Headers</h4>\n") + parameters_table(operation["parameters"])
    if "requestBody" in operation:
        made += Markup("\n<h4>Body</h4>\n")
        made += table(("Media type", "Schema"), content_rows(operation["requestBody"]["content"]))
    return made + Markup("\n<h4>Expected answers</h4>\n") + answers_table(operation["responses"], {}, ())


def parameters_table(parameters: cabc.Iterable[JSONObject]) -> Markup:
    """Return the input apart from the body."""
    return table(
        ("Name", "In", "Type", "Meaning"),
        (
            Markup("<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>").format(
                each["name"],
                Markup(" <em>required</em>") if each.get("required") else "",
                each["in"],
                kind(each["schema"]),
                meaning(each.get("description", ""), each["schema"], each.get("deprecated", False)),
            )
            for each in parameters
        ),
    )


def content_rows(content: cabc.Mapping[str, JSONObject]) -> cabc.Iterator[Markup]:
    """The media types of a body with their schemas."""
    for media_type, media in content.items():
        schema = media.get("schema", {})
        cell = members_table(schema) if schema.get("properties") else kind(schema)
        yield Markup("<tr><td><code>{}</code></td><td>{}</td></tr>").format(media_type, cell)


def answers_table(
    responses: cabc.Mapping[str, JSONObject], document: JSONObject, errors: cabc.Sequence[Reference]
) -> Markup:
    """Return what comes out, by status."""
    shared = document.get("components", {}).get("responses", {})
    rows = []
    for status, response in responses.items():
        response = shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        known = [each for each in errors if str(each.status) == status]
        if known:
            words = Markup(", ").join(error_link(each) for each in known)
        else:
            words = paragraphs(response.get("description", ""))
        kinds = Markup("<br>").join(
            Markup("<code>{}</code> {}").format(media_type, "" if known else kind(media.get("schema", {})))
            for media_type, media in response.get("content", {}).items()
        )
        names = response.get("headers", {})
        heads = Markup("<br>").join(Markup("<code>{}</code>").format(name) for name in names)
        rows.append(Markup("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>").format(status, words, kinds, heads))
    return table(("Status", "Meaning", "Body", "Headers"), rows)


def error_link(reference: Reference) -> Markup:
    """The code of an error, leading to its page."""
    code = Markup("<code>{}</code>").format(reference.code)
    return code if reference.url is None else Markup('<a href="{}">{}</a>').format(reference.url, code)


def security_part(requirements: cabc.Sequence[cabc.Mapping[str, cabc.Sequence[str]]]) -> Markup:
    """Return who may call."""
    if not requirements:
        return Markup("")
    ways = [
        Markup(" and ").join(
            Markup("<code>{}</code>{}").format(name, f" ({', '.join(scopes)})" if scopes else "")
            for name, scopes in each.items()
        )
        or Markup("nothing")
        for each in requirements
    ]
    return Markup("\n<h4>Security</h4>\n<p>{}</p>").format(Markup(", or ").join(ways))


def schema_part(name: str, schema: JSONObject) -> Markup:
    """One component."""
    made = Markup('\n<section id="schema-{}">\n<h3>{}</h3>\n').format(name, name)
    made += paragraphs(schema.get("description", ""))
    if schema.get("properties"):
        made += members_table(schema)
    else:
        made += Markup("<p>{}{}</p>").format(kind(schema), meaning("", schema))
    return made + Markup("\n</section>")


def members_table(schema: JSONObject) -> Markup:
    """The members of an object."""
    return table(
        ("Name", "Type", "Meaning"),
        (
            Markup("<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>").format(
                name,
                Markup(" <em>required</em>") if name in schema.get("required", ()) else "",
                kind(member),
                meaning(member.get("description", ""), member),
            )
            for name, member in schema["properties"].items()
        ),
    )


def kind(schema: object) -> Markup:
    """The type of a value, in words and links."""
    if not isinstance(schema, dict):
        return Markup("any")
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#schema-{}">{}</a>').format(name, name)
    for word, between in (("allOf", " and "), ("anyOf", " or "), ("oneOf", " or ")):
        if word in schema:
            return Markup(between).join(kind(each) for each in schema[word])
    if "prefixItems" in schema:
        return Markup("array of {}").format(Markup(", ").join(kind(each) for each in schema["prefixItems"]))
    if "items" in schema:
        return Markup("array of {}").format(kind(schema["items"]))
    kinds = schema.get("type", "any")
    return Markup("{}").format(" or ".join(kinds) if isinstance(kinds, list) else kinds)


def meaning(description: str, schema: JSONObject, deprecated: bool = False) -> Markup:
    """Return the meaning of a value, and its rules."""
    parts = [marked(description)] if description else []
    if deprecated:
        parts.append(Markup("<em>Deprecated.</em>"))
    for source in (schema, schema.get("items")):
        if isinstance(source, dict):
            parts += [
                Markup("<code>{}: {}</code>").format(word, json.dumps(value, ensure_ascii=False))
                for word, value in source.items()
                if word not in _TOLD and value is not False
            ]
    return Markup(" ").join(parts)

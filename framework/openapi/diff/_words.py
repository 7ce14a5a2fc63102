"""Small questions about two documents that are compared.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...typing import JSONObject
from ..document import operations_in, paths
from ._rules import Shapes

_DEFAULT_STYLES = {
    "query": ("form", True),
    "cookie": ("form", True),
    "path": ("simple", False),
    "header": ("simple", False),
}
_FLOW_WORDS = ("authorizationUrl", "tokenUrl", "refreshUrl", "deviceAuthorizationUrl", "scopes")


def resolved(shapes: Shapes, value: object) -> JSONObject:
    """An object of a document, references followed; an empty one for nothing."""
    found = shapes.resolve(value)
    return found if isinstance(found, dict) else {}


def webhooks_of(document: JSONObject) -> dict[str, JSONObject]:
    """The webhooks of a document; OpenAPI 3.0 has them under another name."""
    return t.cast("dict[str, JSONObject]", document.get("webhooks") or document.get("x-webhooks") or {})


def flows_of(scheme: JSONObject) -> dict[str, JSONObject]:
    """The ways to get a token of OAuth 2, by kind, with the words that clients go by."""
    return {
        kind: {word: flow.get(word) for word in _FLOW_WORDS}
        for kind, flow in scheme.get("flows", {}).items()
        if isinstance(flow, dict)
    }


def by_shape(items: cabc.Mapping[str, JSONObject]) -> dict[str, tuple[str, JSONObject]]:
    """Paths by what is left of them without the names of their variables."""
    return {paths.shape(path): (path, item) for path, item in items.items() if path.startswith("/")}


def by_status(responses: cabc.Mapping[str, JSONObject]) -> dict[str, JSONObject]:
    """Answers by status; YAML reads a status without quotes as a number."""
    return {str(status): answer for status, answer in responses.items() if not str(status).startswith("x-")}


def operations_of(item: JSONObject) -> dict[str, JSONObject]:
    """The operations of a path, by method."""
    return {method: operation for _, method, operation in operations_in(item)}


def moved(document: JSONObject, own: str, other: str) -> JSONObject:
    """Return a document whose paths begin like those of another one, so that the two can be compared.

    :param own: The beginning of its paths.
    :param other: That of the other document.
    """

    def path_in_other(path: str) -> str:
        return other + path.removeprefix(own) if own and f"{path}/".startswith(f"{own}/") else path

    return {**document, "paths": {path_in_other(path): item for path, item in document["paths"].items()}}


def parts_of(media: JSONObject) -> dict[str, JSONObject]:
    """Return the schemas of the parts of a stream: of the data of events by their type, of others by an empty name."""
    items = media.get("itemSchema", media.get("x-itemSchema"))
    if items is None:
        return {}
    found: dict[str, JSONObject] = {}
    for branch in items.get("oneOf") or items.get("anyOf", ()):
        members = branch.get("properties", {})
        if "contentSchema" in members.get("data", {}) and "enum" not in members.get("event", {}):
            found[str(members.get("event", {}).get("const", ""))] = members["data"]["contentSchema"]
    return found or {"": items}


def schema_of(parameter: JSONObject) -> object:
    """The schema of a parameter or header; one with ``content`` has it there."""
    for media in parameter.get("content", {}).values():
        return media.get("schema", True)
    return parameter.get("schema", True)


def style_of(parameter: JSONObject, where: str) -> tuple[str, bool]:
    """Return how a parameter is written, defaults filled in."""
    style, explode = _DEFAULT_STYLES.get(where, ("form", True))
    style = parameter.get("style", style)
    return style, parameter.get("explode", explode if "style" not in parameter else style == "form")


def by_media_type(content: cabc.Mapping[str, JSONObject]) -> dict[str, JSONObject]:
    """Media Type Objects by media type, in lower case and without ``charset=utf-8``, which changes nothing of JSON."""
    found: dict[str, JSONObject] = {}
    for name, media in content.items():
        kind, *parameters = (part.strip().lower() for part in name.split(";"))
        kept = [part for part in parameters if part.replace('"', "") not in ("", "charset=utf-8")]
        found["; ".join([kind, *kept])] = media
    return found


def content_types(media: JSONObject) -> dict[str, str]:
    """Return what the parts of a multipart body are."""
    return {name: str(each["contentType"]) for name, each in media.get("encoding", {}).items() if "contentType" in each}


def satisfies(given: cabc.Mapping[str, list[str]], needed: cabc.Mapping[str, list[str]]) -> bool:
    """Return whether what a client has is enough."""
    return all(name in given and set(scopes) <= set(given[name]) for name, scopes in needed.items())


def said(requirement: cabc.Mapping[str, list[str]]) -> str:
    """A requirement for messages."""
    if not requirement:
        return "a request without credentials"
    return " with ".join(f"{name} ({', '.join(scopes)})" if scopes else name for name, scopes in requirement.items())

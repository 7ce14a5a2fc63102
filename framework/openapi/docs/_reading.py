"""A document as its pages read it: operations by tag, each with what marks it out, and what its responses share.

Floor 7.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import dataclasses
import functools
import re
import typing as t

from ...typing import JSONObject
from ..document import STREAMS, operations_in

_FEW, _NEARLY = 3, 0.7


@dataclasses.dataclass(slots=True)
class DocumentedOperation:
    """An operation of a document and its place."""

    path: str
    method: str
    value: JSONObject
    """The Operation Object."""
    item: JSONObject
    """The Path Item Object around it."""
    tag: str

    @property
    def id(self) -> str:
        """Its ``operationId``."""
        return t.cast(str, self.value["operationId"])

    @property
    def anchor(self) -> str:
        """The anchor of its section."""
        return f"operation-{self.id}"

    @property
    def summary(self) -> str:
        """Its title: the summary, otherwise the path."""
        return self.value.get("summary") or f"{self.method} {self.path}"

    @property
    def short(self) -> str:
        """The first sentence of its title, as a heading has it."""
        first = re.split(r"(?<=[^.\s]{2}[.]) ", self.summary, maxsplit=1)[0]
        return first[:-1] if first.endswith(".") and not first.endswith("..") else first


@dataclasses.dataclass(slots=True)
class TagGroup:
    """A tag with its operations, and the tags within it (OpenAPI 3.2)."""

    name: str
    title: str
    description: str
    parent: str
    operations: list[DocumentedOperation] = dataclasses.field(default_factory=list)

    @property
    def anchor(self) -> str:
        """The anchor of its section."""
        return f"tag-{self.name}"


class Reading:
    """The content of a document, in the order of the pages.

    :param document: An OpenAPI document.
    """

    def __init__(self, document: JSONObject) -> None:
        self.document = document
        self.components: JSONObject = document.get("components", {})

    @functools.cached_property
    def tags(self) -> list[TagGroup]:
        """The tags that have operations, in the order of the document; a tag within another follows it."""
        found = {
            each["name"]: TagGroup(
                each["name"], each.get("summary") or each["name"], each.get("description", ""), each.get("parent", "")
            )
            for each in self.document.get("tags", ())
        }
        for path, item in self.document.get("paths", {}).items():
            for _, method, operation in operations_in(item):
                name = next(iter(operation.get("tags", ())), "default")
                group = found.setdefault(name, TagGroup(name, name, "", ""))
                group.operations.append(DocumentedOperation(path, method.upper(), operation, item, name))
        ordered: list[TagGroup] = []

        def add(parent: str) -> None:
            for group in found.values():
                if (group.parent if group.parent in found else "") == parent and group not in ordered:
                    ordered.append(group)
                    add(group.name)

        add("")
        kept: set[str] = set()
        for group in reversed(ordered):  # what is within a tag comes after it
            if group.operations or group.name in kept:
                kept |= {group.name, group.parent}
        return [group for group in ordered if group.name in kept]

    @functools.cached_property
    def operations(self) -> dict[str, DocumentedOperation]:
        """All operations by their ``operationId``."""
        return {each.id: each for group in self.tags for each in group.operations}

    @property
    def schemas(self) -> dict[str, JSONObject]:
        """The component schemas."""
        return t.cast("dict[str, JSONObject]", self.components.get("schemas", {}))

    @property
    def schemes(self) -> dict[str, JSONObject]:
        """The security schemes."""
        return t.cast("dict[str, JSONObject]", self.components.get("securitySchemes", {}))

    @property
    def webhooks(self) -> dict[str, JSONObject]:
        """The webhooks; OpenAPI 3.0 has them in an extension."""
        return t.cast("dict[str, JSONObject]", self.document.get("webhooks") or self.document.get("x-webhooks") or {})

    def response(self, response: JSONObject) -> JSONObject:
        """A Response Object, its reference followed."""
        if "$ref" not in response:
            return response
        return t.cast(JSONObject, self.components.get("responses", {}).get(response["$ref"].rpartition("/")[2], {}))

    def header(self, header: JSONObject) -> JSONObject:
        """A Header Object, its reference followed."""
        if "$ref" not in header:
            return header
        return t.cast(JSONObject, self.components.get("headers", {}).get(header["$ref"].rpartition("/")[2], {}))

    @functools.cached_property
    def common_headers(self) -> dict[str, JSONObject]:
        """The headers that the successes of nearly all operations have, so that they are described once."""
        counts: collections.Counter[str] = collections.Counter()
        found: dict[str, JSONObject] = {}
        total = 0
        for operation in self.operations.values():
            successes = [each for status, each in operation.value["responses"].items() if status.startswith("2")]
            total += bool(successes)
            for name, header in {**self.response(successes[0]).get("headers", {})}.items() if successes else ():
                counts[name] += 1
                found.setdefault(name, self.header(header))
        return {name: header for name, header in found.items() if total >= _FEW and counts[name] >= total * _NEARLY}

    def security_of(self, operation: JSONObject) -> cabc.Sequence[cabc.Mapping[str, cabc.Sequence[str]]]:
        """The security requirements of an operation: its own, otherwise those of the document."""
        found = operation.get("security", self.document.get("security", ()))
        return t.cast("cabc.Sequence[cabc.Mapping[str, cabc.Sequence[str]]]", found)

    def traits(self, operation: JSONObject) -> set[str]:
        """Return the traits of an operation: ``limits``, ``idempotency``, ``caching``, ``conditional``, ``stream``."""
        headers = {each["name"].lower(): each for each in operation.get("parameters", ()) if each.get("in") == "header"}
        answers = {status: self.response(each) for status, each in operation.get("responses", {}).items()}
        sent = {name.lower() for status, each in answers.items() if status < "4" for name in each.get("headers", {})}
        found = set()
        if "429" in answers or "ratelimit" in sent:
            found.add("limits")
        if "idempotency-key" in headers:
            found.add("idempotency")
        if "304" in answers or ("etag" in sent and "if-match" not in headers):
            found.add("caching")
        if "428" in answers or headers.get("if-match", {}).get("required"):
            found.add("conditional")
        if any(STREAMS & each.get("content", {}).keys() for status, each in answers.items() if status < "3"):
            found.add("stream")
        return found


def server_of(item: JSONObject, operation: JSONObject) -> str | None:
    """Return where an operation is, if not on the server of the page: its first server, variables filled in."""
    for server in operation.get("servers") or item.get("servers") or ():
        return filled(server)
    return None


def filled(server: JSONObject) -> str:
    """The URL of a Server Object, variables filled in."""
    url = str(server["url"])
    for name, variable in server.get("variables", {}).items():
        url = url.replace(f"{{{name}}}", variable["default"])
    return url

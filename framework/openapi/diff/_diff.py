"""Compare two OpenAPI documents, of 3.0 to 3.2: which changes break clients.

Not here: single schemas (``openapi.diff._changes``), webhooks, callbacks and links (``openapi.diff._flow``), what
version the new document deserves (``openapi.diff._versions``), where a change comes from (``openapi.lint._sources``),
the command itself. Floor 7."""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...typing import JSONObject
from ..document import address, paths
from ._changes import Change, ChangeLocation, Changes, Level
from ._flow import Flow
from ._rules import Shapes
from ._words import (
    by_media_type,
    by_shape,
    by_status,
    content_types,
    flows_of,
    operations_of,
    parts_of,
    resolved,
    said,
    satisfies,
    schema_of,
    style_of,
    webhooks_of,
)

_ORDER = {Level.BREAKING: 0, Level.RISKY: 1, Level.COMPATIBLE: 2}


def compare(old: JSONObject, new: JSONObject) -> list[Change]:
    """Find what changed.

    :param old: The document that clients know.
    :param new: The document that takes its place.
    :return: What breaks clients first, in the order of the operations. A change that shows in several operations is
        listed once. Words that no program reads (descriptions, examples, tags) are not changes.
    """
    comparison = Comparison(old, new)
    comparison.run()
    return sorted(comparison.changes.found.values(), key=lambda change: _ORDER[change.level])


class Comparison:
    """One run of :func:`compare`."""

    def __init__(self, old: JSONObject, new: JSONObject) -> None:
        self.old, self.new = old, new
        self.shapes = Shapes(old), Shapes(new)
        self.changes = Changes(*self.shapes)
        self.flow = Flow(self.shapes, self.changes)

    def run(self) -> None:
        """Compare everything."""
        self.paths(by_shape(self.old.get("paths", {})), by_shape(self.new.get("paths", {})))
        self.flow.webhooks(webhooks_of(self.old), webhooks_of(self.new))
        self.servers(self.old.get("servers", ()), self.new.get("servers", ()))
        before, after = (str(each.get("openapi", "")).rpartition(".")[0] for each in (self.old, self.new))
        if before != after:
            text = f"The document was in OpenAPI {before}, and is in {after}: clients' tools must be able to read it."
            self.changes.add(Level.RISKY, "openapi-version-changed", text, ChangeLocation("", "", "request"))

    def servers(self, old: cabc.Sequence[JSONObject], new: cabc.Sequence[JSONObject]) -> None:
        """Compare the servers. That one of several is gone is a risk, that none is left of those known is a break."""
        known = {str(server.get("url")) for server in new}
        gone = [str(server.get("url")) for server in old if str(server.get("url")) not in known]
        level = Level.BREAKING if gone and len(gone) == len(old) else Level.RISKY
        for url in gone:
            text = f"The server {url} is not listed any more."
            self.changes.add(level, "server-removed", text, ChangeLocation("", "", "request"))

    def paths(self, old: dict[str, tuple[str, JSONObject]], new: dict[str, tuple[str, JSONObject]]) -> None:
        """Compare the paths."""
        for shape, (path, item) in old.items():
            if shape not in new:
                for method in operations_of(self.item(0, item)):
                    spot = ChangeLocation(address(method, path), "", "request")
                    self.changes.add(Level.BREAKING, "path-removed", f"The path {path} is gone.", spot)
                continue
            other_path, other = new[shape]
            one, two = self.item(0, item), self.item(1, other)
            before, after = operations_of(one), operations_of(two)
            for method, operation in before.items():
                spot = ChangeLocation(address(method, other_path), "", "request")
                if method not in after:
                    self.changes.add(Level.BREAKING, "operation-removed", "The operation is gone.", spot)
                else:
                    rename = dict(zip(paths.names(path), paths.names(other_path), strict=True))
                    old_parameters = self.parameters(0, one, operation, rename)
                    self.parameters_of(old_parameters, self.parameters(1, two, after[method], {}), spot)
                    self.operation(operation, after[method], spot)
            for method in after.keys() - before.keys():
                spot = ChangeLocation(address(method, other_path), "", "request")
                self.changes.add(Level.COMPATIBLE, "operation-added", "The operation is new.", spot)
        for shape in new.keys() - old.keys():
            path, item = new[shape]
            for method in operations_of(self.item(1, item)):
                spot = ChangeLocation(address(method, path), "", "request")
                self.changes.add(Level.COMPATIBLE, "operation-added", "The operation is new.", spot)

    # Operations

    def operation(self, old: JSONObject, new: JSONObject, spot: ChangeLocation) -> None:
        """Compare two operations, parameters apart."""
        if old.get("operationId") != new.get("operationId") and "operationId" in old:
            text = (
                f"The operationId was {old['operationId']}, and is {new.get('operationId')}:"
                " generated clients rename the function."
            )
            self.changes.add(Level.RISKY, "operation-id-changed", text, spot)
        if new.get("deprecated") and not old.get("deprecated"):
            self.changes.add(Level.COMPATIBLE, "operation-deprecated", "The operation is deprecated now.", spot)
        before, after = old.get("x-sunset"), new.get("x-sunset")
        if isinstance(before, str) and isinstance(after, str) and after < before:
            text = f"The operation was announced to stay until {before}, and goes on {after}."
            self.changes.add(Level.BREAKING, "operation-sunset-earlier", text, spot)
        self.body(self.side(0, old.get("requestBody")), self.side(1, new.get("requestBody")), spot)
        self.responses(old.get("responses", {}), new.get("responses", {}), spot)
        self.security(old, new, spot)
        self.flow.callbacks(old.get("callbacks", {}), new.get("callbacks", {}), spot)

    def parameters(
        self, side: int, item: JSONObject, operation: JSONObject, rename: cabc.Mapping[str, str]
    ) -> dict[tuple[str, str], JSONObject]:
        """The parameters of an operation, those of its path included; variables of the path by their new names."""
        found: dict[tuple[str, str], JSONObject] = {}
        for given in (*item.get("parameters", ()), *operation.get("parameters", ())):
            parameter = self.side(side, given)
            name, where = str(parameter.get("name")), str(parameter.get("in"))
            name = rename.get(name, name) if where == "path" else name.lower() if where == "header" else name
            found[where, name] = parameter
        return found

    def parameters_of(
        self, old: dict[tuple[str, str], JSONObject], new: dict[tuple[str, str], JSONObject], spot: ChangeLocation
    ) -> None:
        """Compare parameters."""
        for (where, name), parameter in old.items():
            inner = self.part(spot, f"{where} {name}")
            other = new.get((where, name))
            if other is None:
                text = f"The parameter {name!r} in {where} is gone."
                self.changes.add(Level.BREAKING, "parameter-removed", text, inner)
                continue
            if other.get("required") and not parameter.get("required"):
                text = f"The parameter {name!r} was optional, and is required."
                self.changes.add(Level.BREAKING, "parameter-required", text, inner)
            elif parameter.get("required") and not other.get("required"):
                text = f"The parameter {name!r} was required, and is optional."
                self.changes.add(Level.COMPATIBLE, "parameter-optional", text, inner)
            if style_of(parameter, where) != style_of(other, where) and self.is_compound(parameter, other):
                text = f"The parameter {name!r} is written in another style."
                self.changes.add(Level.BREAKING, "parameter-style-changed", text, inner)
            if other.get("deprecated") and not parameter.get("deprecated"):
                self.changes.add(Level.COMPATIBLE, "parameter-deprecated", "It is deprecated now.", inner)
            self.changes.schema(schema_of(parameter), schema_of(other), inner)
        for (where, name), parameter in new.items():
            if (where, name) in old:
                continue
            inner = self.part(spot, f"{where} {name}")
            if parameter.get("required"):
                text = f"The new parameter {name!r} in {where} is required."
                self.changes.add(Level.BREAKING, "parameter-required", text, inner)
            else:
                text = f"The parameter {name!r} in {where} is new."
                self.changes.add(Level.COMPATIBLE, "parameter-added", text, inner)

    def is_compound(self, *parameters: JSONObject) -> bool:
        """Return whether a parameter is an array or object, so that its style shows."""
        return any(
            shapes.of(schema_of(parameter)).types & {"array", "object"}
            for shapes, parameter in zip(self.shapes, parameters, strict=True)
        )

    def body(self, old: JSONObject, new: JSONObject, spot: ChangeLocation) -> None:
        """Compare request bodies."""
        inner = self.part(spot, "request body")
        if not old or not new:
            if old:
                self.changes.add(Level.BREAKING, "request-body-removed", "The request has no body any more.", inner)
            elif new and new.get("required"):
                self.changes.add(Level.BREAKING, "request-body-required", "The request needs a body now.", inner)
            elif new:
                self.changes.add(Level.COMPATIBLE, "request-body-added", "The request may have a body now.", inner)
            return
        if new.get("required") and not old.get("required"):
            text = "The body was optional, and is required."
            self.changes.add(Level.BREAKING, "request-body-required", text, inner)
        elif old.get("required") and not new.get("required"):
            text = "The body was required, and is optional."
            self.changes.add(Level.COMPATIBLE, "request-body-optional", text, inner)
        before, after = by_media_type(old.get("content", {})), by_media_type(new.get("content", {}))
        for media_type, media in before.items():
            if media_type not in after:
                text = f"{media_type} is not taken any more."
                self.changes.add(Level.BREAKING, "request-media-type-removed", text, inner)
                continue
            other = after[media_type]
            self.changes.schema(media.get("schema", True), other.get("schema", True), inner)
            if content_types(media) != content_types(other):
                text = f"The parts of {media_type} have other content types."
                self.changes.add(Level.BREAKING, "request-encoding-changed", text, inner)
        for media_type in after.keys() - before.keys():
            self.changes.add(Level.COMPATIBLE, "request-media-type-added", f"{media_type} is taken now.", inner)

    def responses(self, old: JSONObject, new: JSONObject, spot: ChangeLocation) -> None:
        """Compare the answers."""
        old, new = by_status(old), by_status(new)
        for status, given in old.items():
            inner = self.part(spot, f"response {status}", status)
            if status not in new:
                covered = "default" in new or f"{status[:1]}XX" in new
                gone = status.startswith("5") or covered
                # A client that handles an error which never comes still works.
                level = Level.COMPATIBLE if gone else Level.RISKY if status.startswith("4") else Level.BREAKING
                self.changes.add(
                    level, "response-status-removed", f"The status {status} is not declared any more.", inner
                )
                continue
            self.response(self.side(0, given), self.side(1, new[status]), inner)
        for status in new.keys() - old.keys():
            inner = self.part(spot, f"response {status}", status)
            level = Level.RISKY if status[:1] in "23" else Level.COMPATIBLE
            self.changes.add(level, "response-status-added", f"The status {status} is new.", inner)

    def parts(
        self, old: cabc.Mapping[str, JSONObject], new: cabc.Mapping[str, JSONObject], spot: ChangeLocation
    ) -> None:
        """Compare the parts of a stream: of events by their type, where it is declared."""
        for name, schema in old.items():
            inner = self.part(spot, f"{spot.part} event {name}") if name else spot
            if name in new:
                self.changes.schema(schema, new[name], inner)
            elif "" in new:
                self.changes.schema(schema, new[""], inner)
            else:
                text = (
                    f"The event {name} is not sent any more." if name else "The parts of the stream are not described."
                )
                self.changes.add(Level.BREAKING, "response-event-removed", text, inner)
        for name in new.keys() - old.keys():
            if name and "" not in old:
                inner = self.part(spot, f"{spot.part} event {name}")
                self.changes.add(Level.RISKY, "response-event-added", f"The event {name} is new.", inner)

    def response(self, old: JSONObject, new: JSONObject, spot: ChangeLocation) -> None:
        """Compare two answers of one status."""
        before, after = by_media_type(old.get("content", {})), by_media_type(new.get("content", {}))
        for media_type, media in before.items():
            if media_type not in after:
                text = f"{media_type} is not sent any more."
                self.changes.add(Level.BREAKING, "response-media-type-removed", text, spot)
            elif before_parts := parts_of(media):
                self.parts(before_parts, parts_of(after[media_type]), spot)
            else:
                self.changes.schema(media.get("schema", True), after[media_type].get("schema", True), spot)
        for media_type in after.keys() - before.keys():
            self.changes.add(Level.COMPATIBLE, "response-media-type-added", f"{media_type} may be sent now.", spot)
        headers = {name.lower(): self.side(1, header) for name, header in new.get("headers", {}).items()}
        for name, given in old.get("headers", {}).items():
            header, other = self.side(0, given), headers.pop(name.lower(), None)
            inner = self.part(spot, f"{spot.part} header {name}")
            if other is None:
                self.changes.add(Level.BREAKING, "response-header-removed", f"The header {name} is gone.", inner)
                continue
            if header.get("required") and not other.get("required"):
                text = f"The header {name} was always there, and may be absent."
                self.changes.add(Level.BREAKING, "response-header-optional", text, inner)
            self.changes.schema(schema_of(header), schema_of(other), inner)
        for name in headers:
            inner = self.part(spot, f"{spot.part} header {name}")
            self.changes.add(Level.COMPATIBLE, "response-header-added", f"The header {name} is new.", inner)
        self.flow.links(old.get("links", {}), new.get("links", {}), spot)

    def security(self, old: JSONObject, new: JSONObject, spot: ChangeLocation) -> None:
        """Compare what a client needs to be let in: whatever was enough must still be."""
        before = self.requirements(0, old)
        after = self.requirements(1, new)
        for one in before:
            if not any(satisfies(one, other) for other in after):
                text = f"{said(one)} is not enough any more; needed is {' or '.join(map(said, after))}."
                code = "security-added" if not one else "security-changed"
                self.changes.add(Level.BREAKING, code, text, spot)
        for other in after:
            if not any(satisfies(other, one) for one in before):
                self.changes.add(Level.COMPATIBLE, "security-eased", f"{said(other)} is enough now.", spot)
        for name in {name for one in before for name in one}:
            one, two = (
                self.side(side, whole.get("components", {}).get("securitySchemes", {}).get(name))
                for side, whole in ((0, self.old), (1, self.new))
            )
            if one and two and any(name in each for each in after):
                for word in ("type", "scheme", "in", "name", "openIdConnectUrl"):
                    if str(one.get(word)).lower() != str(two.get(word)).lower():
                        text = f"The {word} of the scheme {name!r} was {one.get(word)}, and is {two.get(word)}."
                        self.changes.add(Level.BREAKING, "security-scheme-changed", text, spot)
                self.flows(name, one, two, spot)

    def flows(self, name: str, old: JSONObject, new: JSONObject, spot: ChangeLocation) -> None:
        """Compare how a client gets a token of OAuth 2: where it asks for one, and for which scopes."""
        before, after = flows_of(old), flows_of(new)
        for kind, told in before.items():
            for word, value in told.items():
                if kind not in after:
                    text = f"The flow {kind} of the scheme {name!r} is gone."
                    self.changes.add(Level.BREAKING, "security-flow-removed", text, spot)
                    break
                other = after[kind].get(word)
                if value is None and other is None:
                    continue
                if word == "scopes":
                    for scope in sorted(set(value) - set(other or ())):
                        text = f"The scheme {name!r} knows no scope {scope!r} any more."
                        self.changes.add(Level.BREAKING, "security-scope-removed", text, spot)
                elif value != other:
                    text = f"The {word} of the scheme {name!r} was {value}, and is {other}."
                    self.changes.add(Level.BREAKING, "security-flow-changed", text, spot)
        for kind in after.keys() - before.keys():
            text = f"The scheme {name!r} has the flow {kind} now."
            self.changes.add(Level.COMPATIBLE, "security-flow-added", text, spot)

    def requirements(self, side: int, operation: JSONObject) -> list[dict[str, list[str]]]:
        """Return what lets a client in: alternatives, each of which asks for all of its schemes."""
        whole = self.new if side else self.old
        found = operation["security"] if "security" in operation else whole.get("security")
        return found or [{}]

    # Small things

    def side(self, side: int, value: object) -> JSONObject:
        """An object of one side, references followed; an empty one for nothing."""
        return resolved(self.shapes[side], value)

    def item(self, side: int, value: object) -> JSONObject:
        """A Path Item Object."""
        return self.side(side, value)

    def part(self, spot: ChangeLocation, part: str, status: str = "") -> ChangeLocation:
        """A part of an operation."""
        way: t.Literal["request", "response"] = "response" if part.startswith("response") else "request"
        is_error = spot.is_error or status[:1] in ("4", "5") or status == "default"
        return ChangeLocation(spot.operation, part, way, is_error)

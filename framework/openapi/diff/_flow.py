"""Compare what leads from one request to another: webhooks and callbacks, which the application sends, and links.

A request that the application sends is read by the client, so it is judged like an answer; what the client answers to
it is read by the application, and judged like a request.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses

from ...typing import JSONObject
from ._changes import ChangeLocation, Changes, Level
from ._rules import Shapes
from ._words import by_media_type, by_status, operations_of, resolved, schema_of


class Flow:
    """The comparison of two documents' webhooks, callbacks and links.

    :param shapes: Of the old document, and of the new one.
    :param changes: Where changes are noted.
    """

    def __init__(self, shapes: tuple[Shapes, Shapes], changes: Changes) -> None:
        self.shapes = shapes
        self.changes = changes

    def webhooks(self, old: cabc.Mapping[str, JSONObject], new: cabc.Mapping[str, JSONObject]) -> None:
        """Compare the webhooks of two documents."""
        for name, item in old.items():
            spot = ChangeLocation(f"webhook {name}", "", "response")
            if name not in new:
                self.changes.add(Level.BREAKING, "webhook-removed", "The webhook is gone.", spot)
            else:
                self.sent("webhook", self.side(0, item), self.side(1, new[name]), spot)
        for name in new.keys() - old.keys():
            spot = ChangeLocation(f"webhook {name}", "", "response")
            self.changes.add(Level.COMPATIBLE, "webhook-added", "The webhook is new.", spot)

    def callbacks(
        self, old: cabc.Mapping[str, JSONObject], new: cabc.Mapping[str, JSONObject], spot: ChangeLocation
    ) -> None:
        """Compare the callbacks of an operation."""
        for name, given in old.items():
            inner = dataclasses.replace(spot, part=f"callback {name}", way="response")
            if name not in new:
                self.changes.add(Level.BREAKING, "callback-removed", f"The callback {name!r} is gone.", inner)
                continue
            before, after = self.side(0, given), self.side(1, new[name])
            for expression, item in before.items():
                if expression in after:
                    self.sent("callback", self.side(0, item), self.side(1, after[expression]), inner)
                else:
                    text = f"The callback {name!r} is not sent to {expression} any more."
                    self.changes.add(Level.BREAKING, "callback-expression-removed", text, inner)
            for expression in after.keys() - before.keys():
                text = f"The callback {name!r} is sent to {expression} now."
                self.changes.add(Level.COMPATIBLE, "callback-expression-added", text, inner)
        for name in new.keys() - old.keys():
            inner = dataclasses.replace(spot, part=f"callback {name}", way="response")
            self.changes.add(Level.COMPATIBLE, "callback-added", f"The callback {name!r} is new.", inner)

    def sent(self, kind: str, old: JSONObject, new: JSONObject, spot: ChangeLocation) -> None:
        """Compare the requests that the application sends.

        :param kind: ``"webhook"`` or ``"callback"``.
        """
        before, after = operations_of(old), operations_of(new)
        for method, operation in before.items():
            if method not in after:
                text = f"It is not sent with {method.upper()} any more."
                self.changes.add(Level.BREAKING, f"{kind}-method-removed", text, spot)
                continue
            other = after[method]
            if other.get("deprecated") and not operation.get("deprecated"):
                self.changes.add(Level.COMPATIBLE, f"{kind}-deprecated", "It is deprecated now.", spot)
            self.body(kind, self.side(0, operation.get("requestBody")), self.side(1, other.get("requestBody")), spot)
            self.headers(kind, self.parameters(0, old, operation), self.parameters(1, new, other), spot)
            self.answers(kind, operation.get("responses", {}), other.get("responses", {}), spot)
        for method in after.keys() - before.keys():
            text = f"It may be sent with {method.upper()} now."
            self.changes.add(Level.RISKY, f"{kind}-method-added", text, spot)

    def body(self, kind: str, old: JSONObject, new: JSONObject, spot: ChangeLocation) -> None:
        """Compare the bodies that are sent."""
        inner = self.part(spot, "body")
        if old and not new:
            self.changes.add(Level.BREAKING, f"{kind}-body-removed", "It has no body any more.", inner)
        elif new and not old:
            self.changes.add(Level.COMPATIBLE, f"{kind}-body-added", "It has a body now.", inner)
        elif old.get("required") and not new.get("required"):
            text = "The body was always there, and may be absent."
            self.changes.add(Level.BREAKING, f"{kind}-body-optional", text, inner)
        before, after = by_media_type(old.get("content", {})), by_media_type(new.get("content", {}))
        for media_type, media in before.items():
            if media_type in after:
                self.changes.schema(media.get("schema", True), after[media_type].get("schema", True), inner)
            elif new:
                text = f"{media_type} is not sent any more."
                self.changes.add(Level.BREAKING, f"{kind}-media-type-removed", text, inner)
        for media_type in after.keys() - before.keys() if old else ():
            # Nobody has asked the receiver what it reads.
            self.changes.add(Level.RISKY, f"{kind}-media-type-added", f"{media_type} may be sent now.", inner)

    def headers(self, kind: str, old: dict[str, JSONObject], new: dict[str, JSONObject], spot: ChangeLocation) -> None:
        """Compare the headers and other parameters that are sent."""
        for name, parameter in old.items():
            inner = self.part(spot, name)
            other = new.get(name)
            if other is None:
                self.changes.add(Level.BREAKING, f"{kind}-header-removed", f"The {name} is gone.", inner)
                continue
            if parameter.get("required") and not other.get("required"):
                text = f"The {name} was always there, and may be absent."
                self.changes.add(Level.BREAKING, f"{kind}-header-optional", text, inner)
            self.changes.schema(schema_of(parameter), schema_of(other), inner)
        for name in new.keys() - old.keys():
            self.changes.add(Level.COMPATIBLE, f"{kind}-header-added", f"The {name} is new.", self.part(spot, name))

    def answers(
        self,
        kind: str,
        old: cabc.Mapping[str, JSONObject],
        new: cabc.Mapping[str, JSONObject],
        spot: ChangeLocation,
    ) -> None:
        """Compare what the receiver may answer."""
        before, after = by_status(old), by_status(new)
        for status, given in before.items():
            inner = dataclasses.replace(self.part(spot, f"answer {status}"), way="request")
            covering = next((each for each in (status, f"{status[:1]}XX", "default") if each in after), None)
            if covering is None:
                text = f"The receiver may not answer {status} any more."
                self.changes.add(Level.BREAKING, f"{kind}-status-removed", text, inner)
                continue
            one = by_media_type(self.side(0, given).get("content", {}))
            other = by_media_type(self.side(1, after[covering]).get("content", {}))
            for media_type, media in one.items():
                if media_type in other:
                    self.changes.schema(media.get("schema", True), other[media_type].get("schema", True), inner)
                elif other:
                    text = f"An answer of {media_type} is not read any more."
                    self.changes.add(Level.BREAKING, f"{kind}-answer-media-type-removed", text, inner)
            if other and not one:
                self.changes.add(Level.RISKY, f"{kind}-answer-body-added", f"A body of {status} is read now.", inner)
        for status in after.keys() - before.keys():
            inner = dataclasses.replace(self.part(spot, f"answer {status}"), way="request")
            self.changes.add(Level.COMPATIBLE, f"{kind}-status-added", f"The receiver may answer {status}.", inner)

    def links(
        self, old: cabc.Mapping[str, JSONObject], new: cabc.Mapping[str, JSONObject], spot: ChangeLocation
    ) -> None:
        """Compare the links of an answer; clients are free to follow them, so no change of one is a sure break."""
        for name, given in old.items():
            if name not in new:
                self.changes.add(Level.RISKY, "response-link-removed", f"The link {name!r} is gone.", spot)
                continue
            link, other = self.side(0, given), self.side(1, new[name])
            for word in ("operationId", "operationRef", "parameters", "requestBody"):
                if link.get(word) != other.get(word):
                    text = f"The {word} of the link {name!r} was {link.get(word)}, and is {other.get(word)}."
                    self.changes.add(Level.RISKY, "response-link-changed", text, spot)
        for name in new.keys() - old.keys():
            self.changes.add(Level.COMPATIBLE, "response-link-added", f"The link {name!r} is new.", spot)

    def parameters(self, side: int, item: JSONObject, operation: JSONObject) -> dict[str, JSONObject]:
        """The parameters of a request that is sent, by place and name."""
        found: dict[str, JSONObject] = {}
        for given in (*item.get("parameters", ()), *operation.get("parameters", ())):
            parameter = self.side(side, given)
            name, where = str(parameter.get("name")), str(parameter.get("in"))
            found[f"{where} {name.lower() if where == 'header' else name}"] = parameter
        return found

    def side(self, side: int, value: object) -> JSONObject:
        """An object of one side, references followed; an empty one for nothing."""
        return resolved(self.shapes[side], value)

    def part(self, spot: ChangeLocation, part: str) -> ChangeLocation:
        """A part of a request that is sent."""
        return dataclasses.replace(spot, part=f"{spot.part} {part}".strip())

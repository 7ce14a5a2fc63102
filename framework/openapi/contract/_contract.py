"""Compare each answer of a declared operation with what the operation and the document say.

:class:`Contract` compares; the test client raises what it finds (``testing.client``), a server logs or raises it
(:class:`ContractMiddleware`). Checked are the status, the media type, the headers, the body (members that no schema
names are refused), the errors that were raised, and whether the request deserved its answer. An operation without a
``response`` mark is not checked, nor is an answer to a path or method that no operation has. Not here: what is looked
at (``openapi.contract._exchange``), how a value is judged (``openapi.schema._validation``) or a request
(``openapi.contract._requests``), the words (``openapi.contract._blame``, ``openapi.contract._remedies``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import random
import threading
import typing as t
import weakref

from werkzeug.exceptions import HTTPException

from ... import errors
from ..._sentinel import MISSING
from ...fast import json as fast_json
from ...fast.strict import Rules
from ...http import problem
from ...http.events import MEDIA_TYPE as EVENTS
from ...http.events import data_of, read_event
from ...http.request import is_json_type
from ...http.response import Reply, body_of
from ...http.semantics import BODILESS
from ...marks.responses import ResponseMark, unpack
from ...typing import JSONObject
from .. import document
from ..document import STREAMS, Answers, Components, operation_object, paths
from ..schema import Validator, shown
from . import _remedies as remedies
from ._exchange import Exchange, exchange_of, is_empty, is_encoded, media_for, mimetype, set_by_handler
from ._remedies import Violation
from ._requests import Sent

if t.TYPE_CHECKING:
    from ...app import App
    from ...context import Context
    from ...resources.operation import Operation

OF_TRANSPORT = frozenset(
    {
        *("content-type", "content-length", "content-encoding", "content-language", "content-disposition"),
        *("content-range", "content-security-policy", "content-location", "accept-ranges", "transfer-encoding"),
        *("connection", "date", "server", "vary", "cache-control", "expires", "last-modified", "etag", "set-cookie"),
        *("pragma", "x-sendfile", "x-content-type-options", "x-accel-redirect", "x-accel-buffering"),
    }
)
"""Headers that a handler may set without declaring them: they speak of the message, not of the API."""

_FAULTS_SHOWN = 10


def data_schema(items: JSONObject, kind: str) -> JSONObject | None:
    """Return the schema of the data of an event; ``None`` where its type is not declared.

    :param items: The schema of the events of the stream.
    :param kind: The type of the event.
    """
    for branch in items.get("oneOf") or items["anyOf"]:
        name, data = branch["properties"]["event"], branch["properties"]["data"]
        if name.get("const") == kind or ("not" in name and kind not in name["not"]["enum"]):
            return t.cast(JSONObject, data["contentSchema"])
    return None


class DescribedOperation(t.NamedTuple):
    """The document's entry of an operation, with the references of its answers resolved."""

    operation: JSONObject
    responses: cabc.Mapping[int, JSONObject]
    closed: Validator
    sent: Sent


class Contract:
    """The promises of an application's operations.

    :param app: The application; its document is made at the first check.
    """

    def __init__(self, app: App) -> None:
        self._ref = weakref.ref(app)
        self._operations: tuple[Operation, ...] | None = None
        self._described: dict[int, DescribedOperation] = {}
        self._listed: dict[int, JSONObject] = {}
        self._lock = threading.RLock()

    @classmethod
    def of(cls, app: App) -> Contract:
        """The contract of an application; all that ask for it share one."""
        # On the application: a table of all applications would keep them alive, as operations refer to theirs.
        made: Contract | None = vars(app).get("_contract")
        if made is None:
            made = vars(app)["_contract"] = cls(app)
        return made

    def check(self, exchange: Exchange) -> list[Violation]:
        """Return what is wrong with an answer; empty when all is as declared."""
        operation = exchange.operation
        if not operation.declared:
            return []
        described = self.described(operation)
        found = list(self._error(exchange))
        if not found:
            found += self._answer(exchange, described)
        found += [Violation(message, remedy) for message, remedy in exchange.warnings]
        found += self._value(exchange)
        found += self._request(exchange, described)
        return found

    @property
    def _app(self) -> App:
        return t.cast("App", self._ref())

    # The document

    def described(self, operation: Operation) -> DescribedOperation:
        """Return what the document says of an operation; one that it hides is described for itself."""
        with self._lock:
            operations = self._app.operations
            if self._operations is not operations:
                self._operations = operations
                self._described.clear()
                self._read_document(operations)
            made = self._described.get(id(operation))
            if made is None:
                made = self._described[id(operation)] = self._alone(operation)
            return made

    def _read_document(self, operations: tuple[Operation, ...]) -> None:
        for which in self._app.documents.values():
            listed = [each for each in document.listed(self._app, which) if id(each) not in self._described]
            if not listed:
                continue
            # What an older version has no words for is not judged by it: the contract is that of 3.1 or 3.2.
            config = which.config(self._app)
            is_whole = config["API_FRAMEWORK_ERRORS"] == "all" and not config["OPENAPI_VERSION"].startswith("3.0")
            if is_whole:
                whole = document.built(self._app, which).document
            else:
                whole = document.make(self._app, "auto", which, every_error=True).document
            closed, sent = self._judges(whole)
            for path, members in document.by_path(document.listed(self._app, which)).items():
                for operation in members:
                    found = document.operation_of(whole["paths"][path], operation.method)
                    self._described.setdefault(id(operation), self._resolved(found, closed, sent))

    def _alone(self, operation: Operation) -> DescribedOperation:
        config = self._app.config
        components = Components(rules=Rules.from_config(config), default_unknown=config["UNKNOWN"])
        types = document.error_types(config)
        answers = Answers(components, self._app.error_renderer, types, request_id=config["REQUEST_ID_HEADER"])
        path = paths.template(operation.rule)
        made = operation_object(operation, path, (), paths.variables(operation.rule), answers)
        shared = {"responses": answers.shared, "headers": answers.shared_headers}
        whole = {"components": {"schemas": components.to_dict(), **shared}}
        return self._resolved(made, *self._judges(whole))

    def _judges(self, whole: JSONObject) -> tuple[Validator, Sent]:
        return Validator(whole, closed=True), Sent(whole, self._app.config["MAX_JSON_DEPTH"])

    def _resolved(self, made: JSONObject, closed: Validator, sent: Sent) -> DescribedOperation:
        responses = {
            int(status): closed.resolve(answer) for status, answer in made["responses"].items() if status.isdigit()
        }
        return DescribedOperation(made, responses, closed, sent)

    # Errors

    def _error(self, exchange: Exchange) -> cabc.Iterator[Violation]:
        """An error that was raised, rendered as one, and declared nowhere."""
        raised, operation = exchange.recorder.raised, exchange.operation
        if not isinstance(raised, HTTPException) or raised.code != exchange.status or problem.leaves_unchanged(raised):
            return
        renderer = self._app.error_renderer
        media_type = problem.MEDIA_TYPE if renderer is None else renderer.media_type
        if mimetype(exchange.headers) != media_type:
            return  # a handler made something else of it
        cls = problem.own_class(raised)
        if not operation.declares(exchange.status, cls, any_code=renderer is not None):
            yield remedies.undeclared_error(self._app, operation, raised, cls)

    # The answer

    def _answer(self, exchange: Exchange, described: DescribedOperation) -> cabc.Iterator[Violation]:
        """Status, media type, headers and body."""
        answer = described.responses.get(exchange.status)
        if answer is None:
            yield remedies.undeclared_status(self._app, exchange.operation, exchange, tuple(described.responses))
            return
        yield from self._headers(exchange, described, answer)
        if exchange.method != "HEAD":
            yield from self._body(exchange, described, answer)

    def _headers(
        self, exchange: Exchange, described: DescribedOperation, answer: JSONObject
    ) -> cabc.Iterator[Violation]:
        declared = {
            name.lower(): (name, described.closed.resolve(header)) for name, header in answer.get("headers", {}).items()
        }
        for name, header in declared.values():
            values = exchange.headers.getlist(name)
            if not values:
                if header.get("required"):
                    yield Violation(
                        f"The header {name} is declared as always there on {exchange.status}, and it is missing.",
                        f"Set it, or declare it without 'required': Header({name!r}, ..., required=False).",
                    )
                continue
            schema = header.get("schema", {})
            value: object
            if "array" in described.sent.types(schema):
                pieces = [piece.strip() for text in values for piece in text.split(",")]
                items = described.closed.resolve(schema).get("items", {})
                value = [described.sent.read(piece, items) for piece in pieces]
            else:
                value = described.sent.read(values[0], schema)
            for fault in described.closed.faults(schema, value)[:1]:
                yield Violation(
                    f"The header {name} of {exchange.status} is not what it is declared to be: {fault.message}",
                    "Set it to such a value, or declare another field for it in 'headers='.",
                )
        free = {*declared, *OF_TRANSPORT}
        for name, value in set_by_handler(exchange.recorder):
            low = name.lower()
            if low not in free and not low.startswith("access-control-") and name in exchange.headers:
                yield remedies.undeclared_header(exchange.operation, exchange.status, name, value)

    def _body(self, exchange: Exchange, described: DescribedOperation, answer: JSONObject) -> cabc.Iterator[Violation]:
        content: cabc.Mapping[str, JSONObject] = answer.get("content", {})
        status, body = exchange.status, exchange.body
        if status in BODILESS or (not content and 300 <= status < 400):
            return  # what is not sent is a matter of the handler's value; a redirect may have some words for people
        media_type = mimetype(exchange.headers)
        if not content:
            if body:
                yield Violation(
                    f"{status} is declared without a body, and {len(body)} bytes of {media_type} were sent.", ""
                )
            return
        media = media_for(media_type, content)
        if media is None:
            yield remedies.undeclared_media_type(self._app, exchange, media_type, content)
            return
        schema = media.get("schema", {})
        if body is None or schema in ({}, True) or not is_json_type(media_type):
            if is_json_type(media_type) and body is not None:
                yield from self._parsed(body, media_type)[1]
            return
        value, wrong = self._parsed(body, media_type)
        if wrong:
            yield from wrong
            return
        faults = described.closed.faults(schema, value)
        shape = None if self._app.error_renderer is None else self._app.error_renderer.schema
        for fault in faults[:_FAULTS_SHOWN]:
            yield remedies.wrong_body(exchange.operation, status, fault, value, shape)
        if len(faults) > _FAULTS_SHOWN:
            yield Violation(f"The body has {len(faults) - _FAULTS_SHOWN} more faults, which are not shown.", "")

    def part(self, exchange: Exchange, part: bytes) -> list[Violation]:
        """Return what is wrong with one part of a stream, as it is sent; empty when all is as declared."""
        described, media_type = self.described(exchange.operation), mimetype(exchange.headers)
        media = media_for(media_type, described.responses.get(exchange.status, {}).get("content", {})) or {}
        schema = media.get("itemSchema", media.get("x-itemSchema"))
        text = data_of(part) if media_type == EVENTS else part
        if media_type not in STREAMS or schema is None or not text:
            return []
        kind: str | None = None
        if media_type == EVENTS:
            kind = str(read_event(part).get("event", "message"))
            schema = data_schema(schema, kind)
            if schema is None:
                return [remedies.unknown_event(kind)]
        value, wrong = self._parsed(text, media_type)
        faults = described.closed.faults(schema, value) if not wrong else []
        return wrong or [
            remedies.wrong_body(exchange.operation, exchange.status, each, value, event=kind) for each in faults[:1]
        ]

    def _parsed(self, body: bytes, media_type: str) -> tuple[object, list[Violation]]:
        try:
            return fast_json.decode(body, max_depth=500), []
        except fast_json.JSONError as error:
            text = shown(body.decode("utf-8", "replace"), 200)
            return None, [Violation(f"The body is sent as {media_type} and is not JSON: {error} It is {text}.", "")]

    # The handler's value

    def _value(self, exchange: Exchange) -> cabc.Iterator[Violation]:
        """Return what a handler returned and the answer cannot show."""
        returned = exchange.recorder.returned
        if returned is MISSING or exchange.recorder.raised is not None:
            return
        value, status, _ = unpack(returned)
        if exchange.status == 304 and status != 304:
            return  # not the handler's: the client was found to have the value already
        if exchange.status in BODILESS:
            if not is_empty(value):
                yield remedies.body_for_nothing(exchange.operation, exchange.status, value)
            return
        for mark in exchange.operation.marks:
            # What the mark declares, and not what shapes have made of it: those have not seen the value yet.
            if isinstance(mark, ResponseMark) and mark.outcome.status == exchange.status and mark.outcome.schema:
                for fault in remedies.dropped_members(mark.outcome.schema, value):
                    yield remedies.dropped(mark.outcome.schema, fault, value)
                return

    # The request

    def _request(self, exchange: Exchange, described: DescribedOperation) -> cabc.Iterator[Violation]:
        """Return whether a request was refused that the document calls valid, or taken although it is not."""
        refused = exchange.status in (400, 415, 422)
        if not refused and (exchange.status >= 400 or not exchange.recorder.called or self._is_relaxed()):
            return
        if refused and not remedies.is_refused_by_inputs(exchange.recorder):
            return  # by the handler, for reasons of its own
        if not refused and not described.operation.keys() & {"parameters", "requestBody"}:
            return
        verdict = described.sent.judge(
            described.operation, exchange.request, exchange.sent, exchange.view_args.values()
        )
        if refused and verdict.valid:
            yield from remedies.refused(exchange.operation, t.cast(errors.APIError, exchange.recorder.raised))
        elif not refused and verdict.valid is False:
            yield remedies.taken(exchange.status, verdict.reasons)

    def _is_relaxed(self) -> bool:
        config = self._app.config
        return not all(config[f"STRICT_{name}"] for name in ("TYPES", "TEXT", "PATTERNS", "NESTED_PARTIAL", "UNKNOWN"))


def violation(
    exchange: Exchange, findings: cabc.Sequence[Violation], *, shows_request: bool = True
) -> errors.ContractViolation:
    """The error for what was found, ready to be raised or logged.

    :param shows_request: Whether what the client sent is shown: the query and the body.
    """
    return errors.ContractViolation(remedies.report(exchange, findings, shows_request=shows_request))


class ContractMiddleware:
    """The contract in a server: looks at the answers before they leave.

    :param app: The application.
    :param mode: ``"raise"`` or ``"log"``; logged is once per operation, which is then left alone.
    :param share: How many of the answers are looked at, from 0.0 to 1.0.
    """

    def __init__(self, app: App, mode: str, share: float) -> None:
        self._app = app
        self._mode = mode
        self._share = share
        self._contract = Contract.of(app)
        self._told: set[str] = set()

    def check(self, ctx: Context, response: Reply) -> None:
        """Look at an answer.

        :raises ContractViolation: It is not as declared, and the mode is ``"raise"``. The application answers it as any
            unhandled exception.
        """
        operation = ctx.operation
        if operation is None or not operation.declared:
            return
        key = operation.address
        if key in self._told or (self._share < 1 and random.random() >= self._share):
            return
        body = None if is_encoded(response.headers) else body_of(response)
        exchange = exchange_of(ctx, response.status_code, response.headers, body)
        if exchange is None:
            return
        findings = self._contract.check(exchange)
        if not findings:
            return
        # What clients send is nobody's business in the log of a server.
        error = violation(exchange, findings, shows_request=self._mode == "raise" or self._app.debug)
        if self._mode == "raise":
            raise error
        self._told.add(key)
        self._app.logger.error("%s\n\nThis is logged once per operation.", error)

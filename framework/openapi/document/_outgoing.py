"""The requests that the application sends, as Path Items: webhooks, and the callbacks of an operation.

Its body is *output*, for we write it; what the receiver answers is *input*, for we read it.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from marshmallow import Schema

from ...errors import ContractViolation
from ...marks.outgoing import Outgoing
from ...texts import message
from ...typing import JSONObject
from ..schema import Validator
from ._answers import Answers, phrase, texts_of
from ._components import Components

if t.TYPE_CHECKING:
    from ...resources.operation import Operation

_SHOWN = 5
_EXPECTED = {"2": message("responses.received"), "4": message("responses.refused")}


def item(outgoing: Outgoing, tags: cabc.Sequence[str], answers: Answers, operation_id: str = "") -> JSONObject:
    """The Path Item Object of a request that is sent (OpenAPI 3.1, section 4.8.9).

    :param tags: Its tags where it names none.
    :param operation_id: That of the operation it is a callback of.
    """
    name = outgoing.id_in(operation_id)
    made: JSONObject = {"operationId": name, "tags": list(tags if outgoing.tags is None else outgoing.tags)}
    made["summary"] = outgoing.summary or texts_of(outgoing.id_in(""))
    made["description"] = outgoing.description or made["summary"]
    if outgoing.deprecated:
        made["deprecated"] = True
    parameters = [{"name": header.name, "in": "header", **answers.header(header)} for header in outgoing.all_headers]
    if parameters:
        made["parameters"] = parameters
    if outgoing.schema is not None:
        schema = answers.components.schema(outgoing.schema, "output")
        media = {"schema": schema, **answers.examples(outgoing.examples, schema)}
        made["requestBody"] = {"content": {outgoing.media_type: media}, "required": True}
    made["responses"] = responses(outgoing, answers)
    made["security"] = []
    return {outgoing.method.lower(): made}


def responses(outgoing: Outgoing, answers: Answers) -> JSONObject:
    """Return what the receiver may answer; that it may take or refuse it is a matter of HTTP."""
    made: JSONObject = {}
    for outcome in outgoing.responses:
        answer: JSONObject = {"description": outcome.description or phrase(outcome.status)}
        if outcome.headers:
            answer["headers"] = {header.name: answers.header(header) for header in outcome.headers}
        if outcome.schema is not None:
            schema = answers.components.schema(outcome.schema, "input")
            answer["content"] = {outcome.media_type: {"schema": schema, **answers.examples(outcome.examples, schema)}}
        made[str(outcome.status)] = answer
    for first, text in _EXPECTED.items():
        if not any(status.startswith(first) for status in made):
            made[f"{first}XX"] = {"description": text}
    return made


def callbacks(operation: Operation, tags: cabc.Sequence[str], answers: Answers) -> JSONObject:
    """The Callback Objects of an operation, by name; several of one name are distinguished by their targets."""
    made: JSONObject = {}
    for record in operation.callbacks:
        made.setdefault(record.outgoing.name, {}).setdefault(record.expression, {}).update(
            item(record.outgoing, tags, answers, operation.operation_id)
        )
    return made


def judge_of(outgoing: Outgoing) -> cabc.Callable[[object], None]:
    """A function that refuses a body that is not what the document says of it.

    :return: Takes the body as JSON values; raises ``ContractViolation``.
    """
    components = Components()
    schema = components.schema(t.cast(Schema, outgoing.schema), "output")
    validator = Validator({"components": {"schemas": components.to_dict()}}, closed=True)

    def judge(value: object) -> None:
        faults = validator.faults(schema, value)
        if faults:
            told = "\n".join(f"- {fault}" for fault in faults[:_SHOWN])
            raise ContractViolation(
                f"The body of {outgoing!r} is not what the document promises:\n{told}\nGive 'dump' such a value, or"
                " declare another schema."
            )

    return judge

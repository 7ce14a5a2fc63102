"""The answers of an operation: what it declares, and what the framework itself can say to any request.

Errors of one status become one response that lists each class with its ``code``. Those of the framework are written
once, in ``components.responses``.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import marshmallow as ma
from werkzeug.http import HTTP_STATUS_CODES

from ... import _docstrings as docstrings
from ... import errors
from ..._sentinel import MISSING
from ...http import problem
from ...http.events import CONTROL_EVENTS
from ...http.events import MEDIA_TYPE as EVENTS
from ...http.request import is_json_type
from ...http.semantics import BODILESS
from ...issues import CODES, issue, told
from ...marks.base import Header, Outcome
from ...marks.raises import RaisesMark
from ...texts import ENGLISH, message
from ...typing import JSONObject
from ..schema import SCHEMA_COMPONENTS, plain
from ._components import Components
from ._examples import compose

if t.TYPE_CHECKING:
    from ...http.problem import ErrorRenderer
    from ...resources.operation import Operation
    from ...texts import Translation
    from ._links import Links

PROBLEM: JSONObject = {
    "type": "object",
    "description": message("schemas.problem"),
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": message("schemas.problem.type"),
        },
        "title": {"type": "string", "description": message("schemas.problem.title")},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": message("schemas.problem.status")},
        "code": {"type": "string", "description": message("schemas.problem.code")},
        "detail": {"type": "string", "description": message("schemas.problem.detail")},
    },
    "required": ["type", "title", "status", "code"],
}
ISSUE: JSONObject = {
    "type": "object",
    "description": message("schemas.issue"),
    "properties": {
        "location": {
            "type": "string",
            "description": message("schemas.issue.location"),
            "examples": ["json", "query", "path", "headers", "cookies", "form", "files"],
        },
        "path": {
            "type": "array",
            "description": message("schemas.issue.path"),
            "items": {"type": ["string", "integer"]},
        },
        "code": {
            "type": "string",
            "description": message("schemas.issue.code"),
            "examples": list(CODES),
        },
        "params": {
            "type": "object",
            "description": message("schemas.issue.params"),
            "additionalProperties": True,
        },
        "message": {"type": "string", "description": message("schemas.issue.message")},
    },
    "required": ["location", "path", "code", "params", "message"],
}
VALIDATION_PROBLEM: JSONObject = {
    **PROBLEM,
    "description": message("schemas.validation_problem"),
    "properties": {
        **PROBLEM["properties"],
        "errors": {
            "type": "object",
            "description": message("schemas.validation_problem.errors"),
            "additionalProperties": {"type": "object", "additionalProperties": True},
        },
        "issues": {
            "type": "array",
            "description": message("schemas.validation_problem.issues"),
            "items": ISSUE,
        },
    },
    "required": [*PROBLEM["required"], "errors", "issues"],
}
FRAMEWORK_ERRORS: t.Final = frozenset(
    {
        errors.BadRequest,
        errors.InternalServerError,
        errors.MethodNotAllowed,
        errors.NotAcceptable,
        errors.RequestEntityTooLarge,
        errors.UnsupportedMediaType,
    }
)
"""The errors that ``API_FRAMEWORK_ERRORS = "declared"`` leaves out, where no ``raises`` names them."""
HEADER_COMPONENTS: t.Final = "#/components/headers/"
STREAMS = frozenset({EVENTS, "application/jsonl"})
_VALIDATION_EXAMPLE = {"json": {"name": [issue("required")]}}
_TEXT: JSONObject = {"type": "string"}


def is_shared(cls: type[errors.APIError]) -> bool:
    """Return whether a class is one of the framework's own, whose answer is in ``components.responses``."""
    return cls.__module__ == errors.__name__


def text_of(cls: type[errors.APIError], say: Translation | None = None) -> str:
    """Return what the docstring of an error class says, without its field lists; or the text that replaces it."""
    return docstrings.published(cls, fields=False) if say is None else say.of_class(cls)


def phrase(status: int) -> str:
    """The phrase of a status: ``Not Found``."""
    return HTTP_STATUS_CODES.get(status, "Unknown")


def texts_of(name: str) -> str:
    """``getPetOwner`` to ``Get pet owner``, for operations without a docstring."""
    text = "".join(f" {char.lower()}" if char.isupper() else char for char in name).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


class Answers:
    """Makes the ``responses`` of operations.

    :param components: Where schemas go.
    :param renderer: The application's own shape of errors, or ``None`` for problem objects.
    :param types: What ``type`` of a problem begins with; ``None`` where errors have no page.
    :param links: Makes the links; without it they are left out.
    :param say: Gives the texts of the framework; without it they are as in the code.
    :param request_id: The header that all answers have; ``None`` for none.
    """

    def __init__(
        self,
        components: Components,
        renderer: ErrorRenderer | None,
        types: str | None,
        links: Links | None = None,
        say: Translation | None = None,
        request_id: str | None = None,
        *,
        own_errors: bool = True,
    ) -> None:
        self.request_id = request_id
        self.own_errors = own_errors
        """True if the errors are described that the framework itself may answer with."""
        self.components = components
        self.renderer = renderer
        self.types = types
        self.links = links
        self.say = say
        self.shared: dict[str, JSONObject] = {}
        """``components.responses``, as far as used."""
        self.statuses: dict[str, int] = {}
        """The statuses of the shared answers."""
        self.shared_headers: dict[str, JSONObject] = {}
        """``components.headers``, as far as used: a document of webhooks alone has none, for others answer there."""
        self.uses: dict[type[errors.APIError], list[Operation]] = {}
        """The operations that answer with each error class."""

    def of(self, operation: Operation) -> dict[str, JSONObject]:
        """The ``responses`` of an operation, by status."""
        by_status: dict[int, list[Outcome]] = {}
        for outcome in operation.outcomes if self.own_errors else declared_outcomes(operation):
            by_status.setdefault(outcome.status, []).append(outcome)
        return {str(status): self.answer(operation, status, by_status[status]) for status in sorted(by_status)}

    def answer(self, operation: Operation, status: int, outcomes: list[Outcome]) -> JSONObject:
        """The response of one status."""
        if len(outcomes) == 1 and self.is_known(operation, status, outcomes[0]):
            cls = t.cast("type[errors.APIError]", outcomes[0].error)
            self.uses.setdefault(cls, []).append(operation)
            return self.share(cls, {})
        classes = list(dict.fromkeys(outcome.error for outcome in outcomes if outcome.error is not None))
        for cls in classes:
            self.uses.setdefault(cls, []).append(operation)
        others = [outcome for outcome in outcomes if outcome.error is None]
        found = operation.headers_of(status)
        headers = {header.name: self.header(header) for header in found}
        links = self.links_of(operation, outcomes)
        told = others or links or any(outcome.description or outcome.examples for outcome in outcomes)
        told = told or not all(header.implied for header in found)
        if classes and self.renderer is None:
            headers.update(self.language_header)
        self.add_common_headers(headers)
        if len(classes) == 1 and not told and (is_shared(classes[0]) or all(outcome.implied for outcome in outcomes)):
            return self.share(classes[0], headers)
        made: JSONObject = {"description": self.description(status, outcomes, classes)}
        if headers:
            made["headers"] = headers
        content = self.content(status, others, empty=operation.method == "HEAD")
        if classes and operation.method != "HEAD":
            examples = next((outcome.examples for outcome in outcomes if outcome.error and outcome.examples), None)
            for media_type, media in self.error_content(classes, examples).items():
                content[media_type] = media if media_type not in content else either(content[media_type], media)
        if content:
            made["content"] = content
        if links:
            made["links"] = links
        return made

    def is_known(self, operation: Operation, status: int, outcome: Outcome) -> bool:
        """Return whether the answer of a status is among the shared answers already."""
        # PERF: most answers of a document are the errors that all operations have.
        cls = outcome.error
        return (
            cls is not None
            and cls.__name__ in self.shared
            and (outcome.implied or is_shared(cls))
            and not (outcome.description or outcome.examples or outcome.links)
            and all(header.implied for header in outcome.headers)
            and not any(header.status == status for header in operation.headers)
        )

    def add_common_headers(self, headers: dict[str, JSONObject]) -> None:
        """Add references to the headers that all answers have; one that the operation declares itself stays."""
        name = self.request_id
        if name is None or name.lower() in map(str.lower, headers):
            return
        if not self.shared_headers:
            made = {"description": message("headers.request_id"), "schema": {"type": "string", "maxLength": 128}}
            self.shared_headers[name] = made
        headers[name] = {"$ref": HEADER_COMPONENTS + name}

    @property
    def language_header(self) -> dict[str, JSONObject]:
        """Return the header of errors that are sent in several languages."""
        if self.say is None or not self.say.headers:
            return {}
        languages = list(self.say.texts.languages)
        text = self.say(message("headers.content_language"))
        return {"Content-Language": {"description": text, "schema": {"type": "string", "enum": languages}}}

    def links_of(self, operation: Operation, outcomes: list[Outcome]) -> dict[str, JSONObject]:
        """Return what can be called next with the answers of one status, by name."""
        if self.links is None:
            return {}
        made = {name: self.links.of(operation, name, link) for outcome in outcomes for name, link in outcome.links}
        return {name: link for name, link in made.items() if link is not None}

    def description(self, status: int, outcomes: list[Outcome], classes: list[type[errors.APIError]]) -> str:
        """Return what an answer means: the words of the marks, or of the error classes."""
        say = self.say or str
        told = list(dict.fromkeys(say(outcome.description) for outcome in outcomes if outcome.description))
        if not classes:
            return "\n\n".join(told) or phrase(status)
        texts = {cls: " ".join(text_of(cls, self.say).split()) or phrase(status) for cls in classes}
        if len(classes) == 1:
            return "\n\n".join(told) or texts[classes[0]]
        return "\n".join([*told, *([""] if told else []), *(f"- `{cls.error_code}`: {texts[cls]}" for cls in classes)])

    def header(self, header: Header) -> JSONObject:
        """A Header Object."""
        schema = self.components.field(header.field, "output", "header")
        description = header.description or schema.pop("description", "")
        made: JSONObject = {"description": description} if description else {}
        if header.required:
            made["required"] = True
        if schema.pop("deprecated", False):
            made["deprecated"] = True
        return {**made, "schema": schema}

    def content(self, status: int, outcomes: list[Outcome], *, empty: bool) -> dict[str, JSONObject]:
        """The bodies that are not errors, by media type."""
        made: dict[str, JSONObject] = {}
        if empty or status in BODILESS or status < 200:
            return made
        for outcome in outcomes:
            if outcome.schema is None and 300 <= status < 400:
                continue
            schema = {} if outcome.schema is None else self.components.schema(outcome.schema, "output")
            if outcome.is_binary and not is_json_type(outcome.media_type):
                schema = {"type": "string", "format": "binary"}
            media = {"schema": schema, **self.examples(outcome.examples, schema)}
            if outcome.media_type in STREAMS or outcome.items is not None:
                media = self.stream(outcome)
            known = made.get(outcome.media_type)
            made[outcome.media_type] = media if known is None else either(known, media)
        return made

    def stream(self, outcome: Outcome) -> JSONObject:
        """The body of a stream, and its parts (OpenAPI 3.2, section 4.15); a table is text, with an extension for its
        rows."""
        items = outcome.items
        if outcome.media_type == EVENTS:
            if items is None:
                return {"schema": {}}
            return {"itemSchema": self.event(items)}
        schema = None if items is None else self.components.schema(t.cast(ma.Schema, items), "output")
        if outcome.media_type in STREAMS:
            return {"schema": _TEXT} if schema is None else {"itemSchema": schema}
        return {"schema": _TEXT, "x-itemSchema": schema}

    def event(self, items: ma.Schema | cabc.Mapping[str, ma.Schema]) -> JSONObject:
        """The events of a stream (OpenAPI 3.2, section 4.15.5): its own types, and those of the server."""
        server = event_object({"enum": list(CONTROL_EVENTS)}, {"type": "object"})
        server["description"] = message("schemas.control_event")
        if isinstance(items, cabc.Mapping):
            made = [
                event_object({"const": name}, self.components.schema(schema, "output"))
                for name, schema in items.items()
            ]
            return {"oneOf": [*made, server]}
        name = {"type": "string", "not": {"enum": list(CONTROL_EVENTS)}}
        # Linters do not see that only one of the two can be: not a choice of one.
        return {"anyOf": [event_object(name, self.components.schema(items, "output"), is_named=False), server]}

    def examples(self, given: cabc.Mapping[str, object] | None, schema: JSONObject) -> JSONObject:
        """The ``example`` or ``examples`` of a media type: the given ones, otherwise one made from the fields'."""
        if given:
            values = {name: plain(value) for name, value in given.items()}
            values = {name: value for name, value in values.items() if value is not MISSING}
            if set(values) == {"example"}:
                return values
            return {"examples": {name: example_object(value) for name, value in values.items()}} if values else {}
        value = compose(schema, self.components.raw)
        return {} if value is MISSING else {"example": value}

    # Errors

    def share(self, cls: type[errors.APIError], headers: dict[str, JSONObject]) -> JSONObject:
        """A reference to the shared answer of one of the framework's classes.

        :param headers: What the framework sends with it.
        """
        name = cls.__name__
        if name not in self.shared:
            made: JSONObject = {"description": " ".join(text_of(cls, self.say).split())}
            if headers:
                made["headers"] = headers
            self.statuses[name] = t.cast(int, cls.code)
            self.shared[name] = {**made, "content": self.error_content([cls], None)}
        return {"$ref": f"#/components/responses/{name}"}

    def error_content(
        self, classes: list[type[errors.APIError]], examples: cabc.Mapping[str, object] | None
    ) -> dict[str, JSONObject]:
        """The body of an error, in the application's shape of errors."""
        if self.renderer is not None:
            schema = self.components.schema(self.renderer.schema, "output")
            return {self.renderer.media_type: {"schema": schema, **self.examples(examples, schema)}}
        schema = self.components.final(self.problem_schema(classes))
        media: JSONObject = {"schema": schema}
        if examples:
            media.update(self.examples(examples, schema))
        else:
            made = {cls.error_code: self.problem_example(cls) for cls in classes}
            made = {name: value for name, value in made.items() if value is not None}
            if len(made) == 1 and len(classes) == 1:
                media["example"] = next(iter(made.values()))
            elif made:
                media["examples"] = {name: {"value": value} for name, value in made.items()}
        return {problem.MEDIA_TYPE: media}

    def problem_schema(self, classes: list[type[errors.APIError]]) -> JSONObject:
        """The problem objects of some classes: any of them."""
        made = [self.problem(cls) for cls in classes]
        return made[0] if len(made) == 1 else {"anyOf": made}

    def problem(self, cls: type[errors.APIError]) -> JSONObject:
        """The problem object of a class, with its code and the members that it adds: a component of the class's name,
        ``PetNotFoundProblem``. Where another class has that name, it is written where it is used."""
        name = f"{cls.__name__}Problem"
        owner = self.components.owner(name)
        if owner is cls:
            return {"$ref": SCHEMA_COMPONENTS + name}
        made: JSONObject = {"allOf": [self.problem_base(cls), code_schema(cls.error_code)]}
        if cls.schema is not None:
            members = cls.schema() if isinstance(cls.schema, type) else cls.schema
            made["allOf"].append(self.components.schema(members, "output"))
        return made if owner is not None else self.components.add(name, made, cls)

    def problem_base(self, cls: type[errors.APIError]) -> JSONObject:
        """The component that an error class is an instance of."""
        if issubclass(cls, errors.ValidationFailed):
            return self.components.add("ValidationProblem", self.with_id(VALIDATION_PROBLEM), Answers)
        return self.components.add("Problem", self.with_id(PROBLEM), Answers)

    def with_id(self, schema: JSONObject) -> JSONObject:
        """Return the schema of problem objects, with the id of the request where requests have one."""
        if self.request_id is None:
            return schema
        member = {"type": "string", "description": message("schemas.problem.request_id")}
        return {**schema, "properties": {**schema["properties"], "request_id": member}}

    def problem_example(self, cls: type[errors.APIError]) -> JSONObject | None:
        """Return what an error of the class looks like; ``None`` where its members have no examples."""
        status = t.cast(int, cls.code)
        made: JSONObject = {
            "type": "about:blank" if self.types is None else self.types + cls.error_code,
            "title": phrase(status),
            "status": status,
            "code": cls.error_code,
        }
        description = cls.description if self.say is None else self.say.usual(cls)
        if isinstance(description, str) and description:
            made["detail"] = str(description)
        if issubclass(cls, errors.ValidationFailed):
            template = ENGLISH.__getitem__ if self.say is None else self.say.template
            made["detail"] = errors.count_fields(_VALIDATION_EXAMPLE, template=template)
            made["errors"], made["issues"] = told(_VALIDATION_EXAMPLE, say=self.say)
        if cls.schema is not None:
            members = cls.schema() if isinstance(cls.schema, type) else cls.schema
            extra = compose(self.components.schema(members, "output"), self.components.raw)
            if not isinstance(extra, dict):
                return None
            made.update(extra)
        return made


def event_object(name: JSONObject, data: JSONObject, *, is_named: bool = True) -> JSONObject:
    """Return the schema of an event whose data are JSON.

    :param name: The schema of its type.
    :param data: The schema of its data.
    :param is_named: Whether each event has a type.
    """
    text = {"type": "string", "contentMediaType": "application/json", "contentSchema": data}
    members = {"event": name, "data": text, "id": {"type": "string"}, "retry": {"type": "integer", "minimum": 0}}
    return {"type": "object", "properties": members, "required": ["event", "data"] if is_named else ["data"]}


def example_object(value: object) -> JSONObject:
    """Return an Example Object for a body; what is one already, with its words, stays as it is."""
    words = {"summary", "description", "value"}
    if isinstance(value, dict) and "value" in value and len(value) > 1 and value.keys() <= words:
        return value
    return {"value": value}


def code_schema(code: str) -> JSONObject:
    """The problem objects that have a code."""
    return {"type": "object", "properties": {"code": {"type": "string", "enum": [code]}}}


def declared_outcomes(operation: Operation) -> list[Outcome]:
    """Return the answers of an operation without what the framework itself says to any request: that its body cannot be
    read, that its method is unknown, that the server has failed. An error that ``raises`` names stays."""
    named = {cls for mark in operation.marks if isinstance(mark, RaisesMark) for cls in mark.classes}
    return [
        each
        for each in operation.outcomes
        if each.error is None or each.error in named or not (each.implied or each.error in FRAMEWORK_ERRORS)
    ]


def either(one: JSONObject, other: JSONObject) -> JSONObject:
    """Two bodies of one media type in one."""
    schemas = [*one["schema"].get("anyOf", [one["schema"]]), other["schema"]]
    schemas = [schema for at, schema in enumerate(schemas) if schema not in schemas[:at]]
    made = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
    examples = {**named_examples(one), **named_examples(other, "other")}
    if examples:
        made["examples"] = examples
    return made


def named_examples(media: JSONObject, name: str = "example") -> JSONObject:
    """The examples of a media type by name."""
    return {name: {"value": media["example"]}} if "example" in media else dict(media.get("examples", {}))

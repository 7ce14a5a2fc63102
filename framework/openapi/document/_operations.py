"""An operation of the application as an Operation Object: its input and its description.

What comes out is a matter of ``openapi.document._answers``.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import marshmallow as ma

from ..._sentinel import MISSING
from ...errors import SetupError
from ...http.semantics import FORM_TYPES, MULTIPART
from ...marks.base import Body, Parameter, called
from ...marks.inputs import content_types as part_types
from ...typing import JSONObject
from ..schema import both, plain
from . import _outgoing as outgoing
from ._answers import Answers, texts_of
from ._components import Components
from ._fields import style
from ._paths import names

if t.TYPE_CHECKING:
    from ...resources.operation import Operation


def operation_object(
    operation: Operation,
    path: str,
    tags: cabc.Sequence[str],
    variables: cabc.Mapping[str, JSONObject],
    answers: Answers,
) -> JSONObject:
    """Give the Operation Object (OpenAPI 3.1, section 4.8.10).

    :param path: The template of its path, whose variables may have other names than those of its rule.
    :param tags: Its tags, at least one.
    :param variables: The schema of each variable of its rule, by name, in their order.
    :param answers: Makes the responses.
    """
    components = answers.components
    made: JSONObject = {"operationId": operation.operation_id, "tags": list(tags)}
    made["summary"] = operation.summary or texts_of(operation.operation_id)
    made["description"] = operation.description or made["summary"]
    if operation.deprecated:
        made["deprecated"] = True
    parameters = [*path_parameters(operation, path, variables, components), *other_parameters(operation, components)]
    if parameters:
        made["parameters"] = parameters
    if operation.bodies:
        made["requestBody"] = request_body(operation, answers)
    made["responses"] = answers.of(operation)
    if operation.callbacks:
        made["callbacks"] = outgoing.callbacks(operation, tags, answers)
    if operation.security:
        made["security"] = requirements(operation)
    return merged(made, t.cast(JSONObject, resolved(operation.extra, components)))


def merged(known: JSONObject, more: cabc.Mapping[str, object]) -> JSONObject:
    """Return an object with further members; those that both have are merged too, at every depth.

    Parameters are distinguished by name and place. Of other lists, and of plain values, the new one counts.
    """
    made = dict(known)
    for name, value in more.items():
        there = made.get(name)
        if isinstance(there, dict) and isinstance(value, cabc.Mapping):
            # Beside a reference only words may stand (OpenAPI 3.1, section 4.8.23); more takes its place.
            replaces = "$ref" in there and value.keys() - {"summary", "description"}
            made[name] = dict(value) if replaces else merged(there, value)
        elif name == "parameters" and isinstance(there, list) and isinstance(value, list):
            made[name] = merged_parameters(there, value)
        else:
            made[name] = value
    return made


def merged_parameters(known: list[JSONObject], more: list[JSONObject]) -> list[JSONObject]:
    """Return the parameters of both lists; one that is in both has the members of both."""
    found = {(each.get("name"), each.get("in")): each for each in known}
    for each in more:
        key = (each.get("name"), each.get("in"))
        found[key] = merged(found.get(key, {}), each)
    return list(found.values())


def path_parameters(
    operation: Operation, path: str, variables: cabc.Mapping[str, JSONObject], components: Components
) -> cabc.Iterator[JSONObject]:
    """A parameter for each variable in the path; a field that a mark declares for it counts as well."""
    told = {record.name: record for record in operation.parameters if record.location == "path"}
    for (name, schema), written in zip(variables.items(), names(path), strict=True):
        schema = components.final(schema)
        if name in told:
            made = parameter(told[name], components, operation)
            if made["schema"].get("type") == schema.get("type"):
                made["schema"] = both(made["schema"], {k: v for k, v in schema.items() if k not in made["schema"]})
            yield {**made, "name": written}
        else:
            yield {"name": written, "in": "path", "required": True, "schema": schema}


def other_parameters(operation: Operation, components: Components) -> cabc.Iterator[JSONObject]:
    """The parameters in query, headers and cookies; one that several marks declare is listed once."""
    seen: dict[tuple[str, str], JSONObject] = {}
    for record in operation.parameters:
        if record.location == "path":
            continue
        made = parameter(record, components, operation)
        key = (record.location, record.name.lower() if record.location == "header" else record.name)
        if key not in seen:
            seen[key] = made
        elif seen[key]["schema"] != made["schema"]:
            seen[key] = {**seen[key], "schema": both(seen[key]["schema"], made["schema"])}
    yield from seen.values()


def parameter(record: Parameter, components: Components, operation: Operation) -> JSONObject:
    """A Parameter Object (OpenAPI 3.1, section 4.8.12).

    :raises SetupError: The field is an object, which no text of a parameter can be.
    """
    field = record.field
    if isinstance(field, ma.fields.Nested) and not isinstance(field, ma.fields.Pluck):
        raise SetupError(
            f"{called(operation.handler)} takes the object {record.name!r} from {record.location}: a parameter is"
            " text and cannot hold one. Declare its members one by one, or take it from the body."
        )
    schema = dict(components.field(field, "input", record.location))
    made: JSONObject = {"name": record.name, "in": record.location}
    description = record.description or schema.get("description", "")
    schema.pop("description", None)
    if description:
        made["description"] = description
    if record.location == "path" or field.required:
        made["required"] = True
    if schema.pop("deprecated", False):
        made["deprecated"] = True
    made.update(style(field, record.location) if schema.get("type") == "array" else {})
    made["schema"] = schema
    return made


def request_body(operation: Operation, answers: Answers) -> JSONObject:
    """The Request Body Object: all that the marks read from the body, by media type."""
    by_type: dict[str, list[Body]] = {}
    for body in operation.bodies:
        by_type.setdefault(body.media_type, []).append(body)
    description = "\n\n".join(dict.fromkeys(body.description for body in operation.bodies if body.description))
    made: JSONObject = {"description": description} if description else {}
    made["content"] = {media_type: media(bodies, media_type, answers) for media_type, bodies in by_type.items()}
    if any(body.required for body in operation.bodies):
        made["required"] = True
    return made


def media(bodies: list[Body], media_type: str, answers: Answers) -> JSONObject:
    """The Media Type Object of a body."""
    if any(body.is_text for body in bodies):
        required = any(body.required for body in bodies)
        return {"schema": {"type": "string", "minLength": 1} if required else {"type": "string"}}
    components = answers.components
    is_form = media_type in FORM_TYPES
    located = [(body, "multipart" if body.is_multipart else "form" if is_form else "json") for body in bodies]
    if len(bodies) == 1:
        schema = components.schema(bodies[0].schema, "input", location=located[0][1], unknown=bodies[0].unknown)
    else:
        schema = joined(
            [
                components.properties(body.schema, "input", location=where, unknown=body.unknown)
                for body, where in located
            ]
        )
    examples = {name: value for body in bodies for name, value in (body.examples or {}).items()}
    encoding = encodings(bodies) if media_type == MULTIPART else {}
    if is_form and not examples:
        return {"schema": schema, **encoding}
    if encoding:
        return {"schema": schema, **answers.examples(examples or None, schema), **encoding}
    return {"schema": schema, **answers.examples(examples or None, schema)}


def encodings(bodies: list[Body]) -> JSONObject:
    """The Encoding Objects of the parts of a form that are not plain text (OpenAPI 3.1, section 4.8.15)."""
    made = {name: {"contentType": types} for body in bodies for name, types in content_types(body).items()}
    return {"encoding": made} if made else {}


def content_types(body: Body) -> dict[str, str]:
    """The media types of the parts of a form, by name; without those of objects where they are not JSON."""
    made = part_types(body.schema)
    return made if body.is_multipart else {name: types for name, types in made.items() if types != "application/json"}


def joined(schemas: list[JSONObject]) -> JSONObject:
    """Several objects that are read from one: closed where all of them are, for their names are judged together."""
    made: JSONObject = {"type": "object", "properties": {}}
    required: list[str] = []
    for schema in schemas:
        for name, member in schema["properties"].items():
            known = made["properties"].get(name)
            made["properties"][name] = member if known in (None, member) else both(known, member)
        required += [name for name in schema.get("required", ()) if name not in required]
    if required:
        made["required"] = required
    if all(schema.get("additionalProperties") is False for schema in schemas):
        made["additionalProperties"] = False
    return made


def requirements(operation: Operation) -> list[dict[str, list[str]]]:
    """The Security Requirement Objects: with any of the schemes, or also with none.

    Scopes are listed for OAuth 2.0 and OpenID Connect alone: 3.0 knows no others (section 4.7.30), and few programs
    what 3.1 allows.
    """
    made: dict[str, list[str]] = {}
    for record in operation.security:
        scopes = made.setdefault(record.name, [])
        if record.scheme.get("type") in ("oauth2", "openIdConnect"):
            scopes.extend(scope for scope in record.scopes if scope not in scopes)
    found: list[dict[str, list[str]]] = [{name: scopes} for name, scopes in made.items()]
    if any(record.optional for record in operation.security):
        found.append({})
    return found


def resolved(value: object, components: Components) -> object:
    """Return what a mark adds to the object as it is, with the schemas and fields in it described, at every depth."""
    if isinstance(value, type) and issubclass(value, (ma.Schema, ma.fields.Field)):
        value = value()
    if isinstance(value, ma.Schema):
        return components.schema(value, "output")
    if isinstance(value, ma.fields.Field):
        return components.field(value, "output")
    if isinstance(value, cabc.Mapping):
        return {str(name): resolved(member, components) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(member, components) for member in value]
    made = plain(value)
    return str(value) if made is MISSING else made

"""The error catalogue: each error class with its text, its members and the operations that answer with it.

Not here: how that becomes a page (``openapi.docs._html``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import typing as t

from ... import errors
from ...typing import JSONObject
from ..document import Answers, Built, Components, error_types, paths, phrase, text_of
from ..schema import SCHEMA_COMPONENTS

if t.TYPE_CHECKING:
    from ...app import App


@dataclasses.dataclass(frozen=True, slots=True)
class Use:
    """An operation that answers with an error."""

    operation_id: str
    method: str
    path: str
    summary: str


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A member of the JSON object."""

    name: str
    kind: str
    description: str


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One error class."""

    code: str
    status: int
    title: str
    text: str
    members: tuple[Member, ...]
    example: JSONObject | None
    uses: tuple[Use, ...]


def entries(app: App, built: Built) -> list[Entry]:
    """All errors that the operations of the document answer with, by status and name."""
    found = [entry(app, built, cls) for cls in built.uses]
    return sorted(found, key=lambda each: (each.status, each.code))


def find(app: App, built: Built, code: str) -> list[Entry]:
    """The error classes of one ``error_code``: those of the document, otherwise any other.

    :return: More than one where several classes share a code; none where no class has it.
    """
    classes = [cls for cls in built.uses if cls.error_code == code]
    if not classes:
        classes = [cls for cls in dict.fromkeys(every_class(errors.APIError)) if cls.error_code == code]
    return [entry(app, built, cls) for cls in classes]


def every_class(cls: type[errors.APIError]) -> cabc.Iterator[type[errors.APIError]]:
    """The error classes that have a status, at every depth."""
    for each in cls.__subclasses__():
        if each.code is not None:
            yield each
        yield from every_class(each)


def entry(app: App, built: Built, cls: type[errors.APIError]) -> Entry:
    """Return what is known of a class."""
    status = t.cast(int, cls.code)
    components = Components()
    say = None if app.texts.is_plain else app.texts.translation()
    types, header = error_types(app.config), app.config["REQUEST_ID_HEADER"]
    answers = Answers(components, app.error_renderer, types, say=say, request_id=header)
    ((_, media),) = answers.error_content([cls], None).items()
    return Entry(
        code=cls.error_code,
        status=status,
        title=phrase(status),
        text=text_of(cls, say),
        members=tuple(members(media["schema"], components.to_dict())),
        example=media.get("example"),
        uses=tuple(
            Use(each.operation_id, each.method, paths.template(each.rule), each.summary)
            for each in dict.fromkeys(built.uses.get(cls, ()))
        ),
    )


def members(schema: JSONObject, components: cabc.Mapping[str, JSONObject]) -> cabc.Iterator[Member]:
    """The members of an object, those of its ``allOf`` included; a later part may only narrow an earlier one."""
    found: dict[str, Member] = {}
    for part in parts(schema, components):
        for name, member in part.get("properties", {}).items():
            kind = member.get("type", "any")
            known = found.get(name)
            description = member.get("description") or (known.description if known else "")
            found[name] = Member(name, " or ".join(kind) if isinstance(kind, list) else kind, description)
    yield from found.values()


def parts(schema: JSONObject, components: cabc.Mapping[str, JSONObject]) -> cabc.Iterator[JSONObject]:
    """A schema and all that it is made of, references followed."""
    if "$ref" in schema:
        yield from parts(components[schema["$ref"].removeprefix(SCHEMA_COMPONENTS)], components)
    yield schema
    for each in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
        yield from parts(each, components)

"""The parts of a multipart form for one schema: fields as texts, files as files, objects as JSON.

Not here: how a body is taken apart (``http.multipart``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from marshmallow import Schema, fields, validate
from werkzeug.datastructures import FileStorage, MultiDict

from ...errors import RequestEntityTooLarge
from ...fast import json as fast_json
from ...fast.strict import from_multidict, is_json_part
from ...fields import AnyField, File
from ...http.multipart import FormRules
from ...http.request import is_json_type
from ...issues import issue
from ...texts import message
from ..base import Key

if t.TYPE_CHECKING:
    from ...context import Context
    from ...errors import Messages
    from ..base import Call, Plan

RULES: t.Final = Key[FormRules]("form rules")
"""The rules of the form of an operation, in ``Plan.notes``."""

_NOT_JSON: t.Final = issue("invalid_json")


def file_of(field: AnyField) -> File | None:
    """The file of a field, or of the members of a list."""
    inner = field.inner if isinstance(field, fields.List) else field
    return inner if isinstance(inner, File) else None


def validators_of(field: AnyField) -> cabc.Iterator[cabc.Callable[..., object]]:
    """The validators of a field and of the members of a list, those within ``And`` too."""
    inner = [field.inner] if isinstance(field, fields.List) else []
    waiting = [each for one in (field, *inner) for each in reversed(one.validators)]
    while waiting:
        each = waiting.pop()
        if isinstance(each, validate.And):
            waiting.extend(reversed(each.validators))
        else:
            yield each


def content_types(schema: Schema) -> dict[str, str]:
    """Return what the parts of a form hold, by name: for objects JSON, for files what their validators say."""
    made: dict[str, str] = {}
    for name, field in schema.load_fields.items():
        written = field.data_key if field.data_key is not None else name
        if is_json_part(field):
            made[written] = "application/json"
        elif file_of(field) is not None:
            types = next((found for each in validators_of(field) if (found := getattr(each, "media_types", None))), ())
            if types:
                made[written] = ", ".join(types)
    return made


def rules_of(plan: Plan) -> FormRules:
    """The rules of the form of an operation."""
    return plan.notes.setdefault(RULES, FormRules())


def add_rules(schema: Schema, location: str, plan: Plan) -> None:
    """Note what the parts of a form may be, for one of the schemas that read it.

    :param location: ``"files"``, ``"form"`` or ``"multipart"``.
    """
    rules = rules_of(plan)
    for_json = plan.config["MAX_JSON_LENGTH"]
    for name, field in schema.load_fields.items():
        limit: int | None = None
        if location == "multipart" and is_json_part(field):
            limit = for_json
        elif file_of(field) is not None:
            limits = (getattr(each, "part_limit", None) for each in validators_of(field))
            limit = min((each for each in limits if each is not None), default=None)
        rules.limits[field.data_key if field.data_key is not None else name] = limit


def multipart_source(
    schema: Schema, location: str, plan: Plan
) -> cabc.Callable[[Context, Call], tuple[object, Messages]]:
    """Return what gives the values of a form with files for a schema.

    :param location: ``"files"``, or ``"multipart"`` for fields and files together.
    """
    depth: int = plan.config["MAX_JSON_DEPTH"]
    members: int | None = plan.config["MAX_JSON_MEMBERS"]
    objects: dict[str, AnyField] = {}
    if location == "multipart":
        for name, field in schema.load_fields.items():
            if is_json_part(field):
                objects[field.data_key if field.data_key is not None else name] = field

    def read(ctx: Context, call: Call) -> tuple[object, Messages]:
        request = ctx.request
        parts: MultiDict[str, str | FileStorage] = MultiDict()
        if location == "multipart":
            parts.update(request.form)
        for name, files in request.files.lists():
            # A browser sends a part without a name and without content for an input where nothing was chosen.
            parts.setlist(name, [*parts.getlist(name), *(file for file in files if not is_nothing(file))])
        data, wrong = from_multidict(schema, parts)
        for key, field in objects.items():
            if key in data:
                try:
                    data[key] = json_of(data[key], depth, members)
                except fast_json.TooManyMembers as error:
                    text = message("request_entity_too_large.part_members", name=key, limit=error.limit)
                    raise RequestEntityTooLarge(text) from None
                except ValueError as error:
                    wrong[key] = [error.args[0]]
                    data.pop(key)
                else:
                    if isinstance(field, fields.Nested) and field.many and len(data[key]) == 1:
                        # The whole list may come in one part, as other programs write it.
                        data[key] = data[key][0] if isinstance(data[key][0], list) else data[key]
        return data, wrong

    return read


def is_nothing(file: FileStorage) -> bool:
    """Return whether a file is what a browser sends where none was chosen."""
    if file.filename:
        return False
    first = file.stream.read(1)
    file.stream.seek(0)
    return not first


def json_of(part: object, depth: int, members: int | None) -> object:
    """The value of a part of JSON, or of several.

    :param part: Text, or a file: so it comes from browsers, which give each part with a media type a name.
    :raises TooManyMembers: It has too many.
    :raises ValueError: It is not JSON.
    """
    if isinstance(part, list):
        return [json_of(each, depth, members) for each in part]
    if isinstance(part, FileStorage):
        if not is_json_type(part.mimetype.lower()):
            raise ValueError(_NOT_JSON)
        text = part.stream.read()
        part.stream.seek(0)
    else:
        text = str(part).encode()
    try:
        return fast_json.decode(text, max_depth=depth, max_members=members, exact=True)
    except fast_json.TooManyMembers:
        raise
    except fast_json.JSONError as error:
        raise ValueError(_NOT_JSON.with_text(message("issues.invalid_json.reason", reason=error.args[0]))) from None

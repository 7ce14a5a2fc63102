"""``merge_patch`` and ``json_patch``: two ways to say what of a resource changes, each with its media type.

A merge patch (RFC 7396) looks like the resource, with only what changes in it. A JSON Patch (RFC 6902) is a list of
operations; the library ``jsonpatch`` applies it.
Not here: how what was dumped is loaded again (``marks.inputs._reloading``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import importlib.util
import typing as t

from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, fields, validate, validates_schema

from ...errors import Conflict, SetupError, ValidationFailed
from ...fast import json as fast_json
from ...fast.bounds import Bounds, shown
from ...fast.dump import dumper
from ...fast.load import loader, merge_schema
from ...fast.strict import Rules, described, lexical, strict
from ...http.media import depth_of
from ...issues import issue
from ...texts import message
from ..base import Body, Call, Plan, Record, Steps
from ..raises import error_outcome
from ..schemas import SchemaLike, as_schema, examples_of
from ..values import ValueMark
from ._arguments import ArgumentsMark
from ._reloading import check_reloadable, reloadable

if t.TYPE_CHECKING:
    from ...context import Context
    from ...typing import JSONObject
    from ._arguments import KeepInput, Unknown
    from ._parts import LocatedSchema

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
MAX_OPERATIONS = 100

# RFC 6901, section 3.
_POINTER = validate.Regexp(lexical.POINTER_PATTERN + r"\Z", error=issue("pattern.pointer"))


class PatchConflict(Conflict):
    """The patch does not match the current state of the resource: a test failed, or a path does not exist."""


class PatchMark(ArgumentsMark):
    """A body that says what changes; no other mark reads the body too."""

    def run(self, plan: Plan) -> Steps:
        for mark in plan.marks:
            if isinstance(mark, ArgumentsMark) and mark is not self and mark.media_types(plan):
                raise SetupError(
                    f"{plan.called} has {self!r} and {mark!r}, which reads the body too. A patch is"
                    " the body alone: drop one of them, or take the other from the query."
                )
        return super().run(plan)


class MergePatchMark(PatchMark):
    """Changes in the form of the resource; see :func:`merge_patch`."""

    def __repr__(self) -> str:
        return f"merge_patch({type(self.schema).__name__})"

    def media_types(self, plan: Plan) -> tuple[str, ...]:
        return (MERGE_PATCH, "application/json")


def merge_patch(
    schema: SchemaLike,
    *,
    unknown: Unknown | None = None,
    description: str = "",
    example: object = None,
    examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None = None,
) -> MergePatchMark:
    """Take a merge patch (RFC 7396): an object with the members that change.

    What is absent stays. ``null`` removes a member, so it is allowed for every one that the resource can do without.
    Nested objects are merged in the same way, lists are replaced. The handler gets what was sent, as a mapping;
    :func:`~framework.apply_merge` applies it. The media type is ``application/merge-patch+json``, and
    ``application/json`` is taken too.

    :param schema: The schema of the whole resource.
    :param unknown: As in :func:`~framework.arguments`.
    :param description: What the changes are.
    :param example: A whole body.
    :param examples: Several, by name or in a row.
    :raises SetupError: The schema is one of a part, such as ``Partial[Pet]``.
    """
    whole = as_schema(schema)
    if whole.partial:
        raise SetupError(
            f"merge_patch got {schema!r}, which may lack members already. Give the schema or class of the whole"
            " resource; or take what was sent with arguments(Partial[...])."
        )
    body = Body(merge_schema(whole), description=description, examples=examples_of(example, examples))
    return MergePatchMark(body.schema, "json", unknown, False, body, True, None)


class JSONPatchWrite(Schema):
    """Add or replace a member, or test that it has a value."""

    class Meta:
        description = message("schemas.json_patch.write")
        unknown = INCLUDE

    op = fields.String(required=True, validate=validate.OneOf(["add", "replace", "test"]))
    path = fields.String(required=True, validate=_POINTER)
    value = fields.Raw(required=True, allow_none=True)


class JSONPatchRemove(Schema):
    """Remove a member."""

    class Meta:
        description = message("schemas.json_patch.remove")
        unknown = INCLUDE

    op = fields.String(required=True, validate=validate.Equal("remove"))
    path = fields.String(required=True, validate=_POINTER)


class JSONPatchMove(Schema):
    """Move or copy a member."""

    class Meta:
        description = message("schemas.json_patch.move")
        unknown = INCLUDE

    op = fields.String(required=True, validate=validate.OneOf(["move", "copy"]))
    path = fields.String(required=True, validate=_POINTER)
    from_ = fields.String(required=True, data_key="from", attribute="from", validate=_POINTER)


class JSONPatchOperation(Schema):
    """One operation of a JSON Patch (RFC 6902, section 4)."""

    class Meta:
        description = message("schemas.json_patch")
        unknown = EXCLUDE  # members that nobody defines must be ignored

    op = fields.String(required=True, validate=validate.OneOf(["add", "remove", "replace", "move", "copy", "test"]))
    path = fields.String(required=True, validate=_POINTER)
    value = fields.Raw(allow_none=True)
    from_ = fields.String(data_key="from", attribute="from", validate=_POINTER)

    @validates_schema
    def _needs(self, data: JSONObject, **kwargs: object) -> None:
        name = {"remove": "", "move": "from", "copy": "from"}.get(data["op"], "value")
        if name and name not in data:
            raise ValidationError(issue("required"), name)

    def __json_schema__(self, described: JSONObject, role: str) -> JSONObject:
        return {"oneOf": [JSONPatchWrite(), JSONPatchRemove(), JSONPatchMove()]}


class JSONPatch:
    """A list of operations, checked in itself; :meth:`apply` makes the changed resource.

    :param operations: As sent, without undefined members.
    :param patcher: Knows the resource's schema.
    """

    def __init__(self, operations: list[JSONObject], patcher: _Patcher) -> None:
        self.operations = operations
        self._patcher = patcher

    def __repr__(self) -> str:
        return f"JSONPatch({self.operations!r})"

    def apply(self, resource: object) -> t.Any:
        """Apply the operations to a resource, all of them or none.

        :param resource: What the schema dumps. It is not changed.
        :return: The whole changed resource, loaded by the schema.
        :raises PatchConflict: A test failed, or a path leads nowhere.
        :raises ValidationFailed: The changed resource does not fit the schema, or a member that is read only changed.
        """
        return self._patcher.apply(self.operations, resource)


class _Patcher:
    """Applies operations to what a schema dumps, and loads the result by it."""

    def __init__(self, schema: Schema, plan: Plan) -> None:
        exact = strict(schema, "json", default_unknown=plan.config["UNKNOWN"], rules=Rules.from_config(plan.config))
        self.schema = exact
        self.max_length: int | None = plan.config["MAX_JSON_LENGTH"]
        self.max_depth: int = plan.config["MAX_JSON_DEPTH"]
        self._dump = dumper(schema, fast=plan.fast, compare=plan.compare)
        self.bounds = Bounds.from_config(plan.config)
        self._load = loader(exact, fast=plan.fast, compare=plan.compare, max_errors=self.bounds.enough)
        check_reloadable(exact, f"json_patch({type(schema).__name__}) on {plan.called}")

    def apply(self, operations: list[JSONObject], resource: object) -> t.Any:
        before = fast_json.decode(fast_json.encode(self._dump(resource)))
        after = apply_operations(copy.deepcopy(before), operations, self.max_length, self.max_depth)
        if isinstance(after, dict):
            wrong = reloadable(self.schema, after, before)
            if wrong:
                raise ValidationFailed({"json": wrong})
        else:
            raise PatchConflict(message("patch_conflict.not_object"))
        try:
            return self._load(after)
        except ValidationError as error:
            messages, is_cut = described(t.cast(t.Any, error).normalized_messages(), self.schema, self.bounds)
            raise ValidationFailed({"json": messages}, schema=self.schema, is_cut=is_cut) from error


def apply_operations(
    document: object, operations: cabc.Iterable[JSONObject], max_length: int | None, max_depth: int
) -> object:
    """Apply operations to a document in the words of JSON, which may be changed.

    :param max_length: The most bytes of JSON that all copies may have together: a few copies of copies would fill the
        memory, and a hundred of one large value take a minute.
    :param max_depth: How deep the document may be nested.
    :raises PatchConflict: A test failed, a path leads nowhere, or the document grows too large or too deep.
    """
    import jsonpatch  # an extra
    import jsonpointer  # which comes with it

    copied = 0
    for number, operation in enumerate(operations):
        name, path = operation["op"], operation["path"]
        where = {"number": number, "name": name, "path": shown(path)}
        try:
            if name in ("copy", "move"):
                value = jsonpointer.resolve_pointer(document, operation["from"])
            else:
                value = operation.get("value")
            # Before it is there: what walks through it, the library too, does not get to the bottom.
            if name not in ("remove", "test") and path.count("/") + depth_of(value) > max_depth:
                raise PatchConflict(message("patch_conflict.depth", max=max_depth, **where))
            if name == "copy" and max_length is not None:
                copied += len(fast_json.encode(value))
                if copied > max_length:
                    raise PatchConflict(message("patch_conflict.copies", max=max_length, **where))
            document = jsonpatch.JsonPatch([operation]).apply(document, in_place=True)
        except jsonpatch.JsonPatchTestFailed:
            raise PatchConflict(message("patch_conflict.test", **where)) from None
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, *_NOWHERE):
            raise PatchConflict(message("patch_conflict.path", **where)) from None
    return document


# What the library raises where a path goes through a text or a number.
_NOWHERE = (TypeError, KeyError, IndexError, AttributeError, ValueError)


class JSONPatchMark(PatchMark):
    """Changes as operations; see :func:`json_patch`."""

    def __init__(self, resource: Schema, body: Body) -> None:
        super().__init__(body.schema, "json", None, False, body, True, JSON_PATCH)
        self.resource = resource

    def __repr__(self) -> str:
        return f"json_patch({type(self.resource).__name__})"

    def choose(self, parts: list[LocatedSchema], ctx: Context, call: Call, refuses_empty: bool) -> LocatedSchema:
        # PERF: a body of 1 MiB holds 90,000 operations, of which none is worth a message: 3 s.
        if isinstance(call.body, list):
            check_number(call.body)
        return super().choose(parts, ctx, call, refuses_empty)

    def keep(self, plan: Plan) -> KeepInput:
        check_library()
        slot, patcher = plan.take_slot(), _Patcher(self.resource, plan)

        def by_position(ctx: Context, call: Call, value: list[JSONObject]) -> None:
            check_number(value)
            call.arguments[slot] = JSONPatch(value, patcher)

        return by_position

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        yield from super().document(plan)
        yield error_outcome(PatchConflict)


def json_patch(
    schema: SchemaLike,
    *,
    description: str = "",
    example: object = None,
    examples: cabc.Mapping[str, object] | cabc.Sequence[object] | None = None,
) -> ValueMark[JSONPatch]:
    """Take a JSON Patch (RFC 6902): a list of at most 100 operations on the resource.

    The handler gets a :class:`JSONPatch`; its ``apply(resource)`` gives the whole changed resource, loaded by the
    schema. The media type is ``application/json-patch+json``. Needs the library ``jsonpatch``.

    :param schema: The schema of the resource, which dumps it and loads it again.
    :param description: What the changes are.
    :param example: A whole body.
    :param examples: Several, by name or in a row.
    :raises SetupError: The library is not installed, or the schema is one of many.
    """
    resource = as_schema(schema)
    if resource.many:
        raise SetupError(f"{resource!r} is for many objects. A JSON Patch changes one: leave 'many' out.")
    body = Body(JSONPatchOperation(many=True), description=description, examples=examples_of(example, examples))
    return JSONPatchMark(resource, body)


def check_number(operations: cabc.Sized) -> None:
    """Refuse a patch of too many operations.

    :raises ValidationFailed: There are.
    """
    if len(operations) > MAX_OPERATIONS:
        raise ValidationFailed({"json": {"_schema": [issue("too_long", max=MAX_OPERATIONS)]}})


def check_library() -> None:
    """See that the library is there.

    :raises SetupError: It is not.
    """
    if importlib.util.find_spec("jsonpatch") is None:
        raise SetupError(
            "json_patch() needs the library jsonpatch, and it is not installed. Run 'pip install jsonpatch'."
        )

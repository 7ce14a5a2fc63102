"""Checks of all operations together, when the application freezes: schemas, names and paths of a document.

Only what can be known without the document's builder, which a serving process never loads: ``framework openapi check``
finds the rest.
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import difflib
import typing as t

import marshmallow as ma
from marshmallow import class_registry
from marshmallow.exceptions import RegistryError

from ..config import DOCUMENT_PATHS
from ..errors import ComponentConflict, SetupError
from ..fields import AnyField, inner_fields
from .operation import Operation, place_of

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..app import App

_COMPONENT: t.Final = "__component__"


def check_declared(app: App, operations: cabc.Sequence[Operation]) -> None:
    """Refuse schemas that cannot be used, and what a document cannot tell apart.

    :raises SetupError: There is something of it.
    """
    known: set[int] = set()
    for operation in operations:
        for schema in schemas_of(operation):
            check_nested(schema, operation, known)
    for document in app.documents.values():
        config = document.config(app)
        if any(config[key] is not None for key in DOCUMENT_PATHS):
            listed = [each for each in operations if is_listed(each) and document.holds(app, each)]
            check_paths(listed)
            check_components(listed)
    tell_why_empty(app, operations)


def is_listed(operation: Operation) -> bool:
    """Return whether an operation may be in a document."""
    rule = operation.rule
    apart = rule.alias or rule.redirect_to is not None or rule.websocket
    return operation.documented and not operation.hidden and not apart


def schemas_of(operation: Operation) -> cabc.Iterator[ma.Schema]:
    """The schemas of the bodies and answers of an operation."""
    for body in operation.bodies:
        yield body.schema
    for outcome in operation.outcomes:
        yield from outcome.schemas


def nested_in(field: AnyField) -> cabc.Iterator[ma.fields.Nested]:
    """The nested fields of a field: itself, or what a list, a tuple or a dict has inside."""
    if isinstance(field, ma.fields.Nested):
        yield field
    else:
        for inner in inner_fields(field):
            yield from nested_in(inner)


def check_nested(schema: ma.Schema, operation: Operation, known: set[int]) -> None:
    """Find each nested schema by its name.

    :param known: The identities of schemas and of classes that were looked at before.
    :raises SetupError: There is none of the name, or there are several.
    """
    if id(schema) in known:
        return
    known.add(id(schema))
    for name, field in schema.fields.items():
        for nested in nested_in(field):
            try:
                inner = nested.schema
            except (RegistryError, ValueError) as error:
                what = nested.nested
                close = difflib.get_close_matches(str(what), [str(each) for each in class_registry._registry], 1)
                mean = f" Did you mean {close[0]!r}?" if close and close[0] != what else ""
                owner = f"{type(schema).__qualname__} ({place_of(type(schema))})"
                raise SetupError(
                    f"The field {name!r} of {owner} nests {what!r}, which cannot be found:"
                    f" {str(error).splitlines()[0]}{mean}"
                    f" Give the class, or a function that returns it. {operation.address} uses it."
                ) from error
            if id(type(inner)) not in known:
                known.add(id(type(inner)))
                check_nested(inner, operation, known)


def shape_of(rule: Rule) -> str:
    """A rule as a client sees it: without the names and converters of its variables."""
    return "".join("{}" if is_variable else text for is_variable, text in rule._trace)


def check_paths(operations: cabc.Iterable[Operation]) -> None:
    """Refuse operations of one method whose paths differ in nothing but converters.

    :raises SetupError: There are two.
    """
    seen: dict[tuple[str, str], Operation] = {}
    for operation in operations:
        twin = seen.setdefault((operation.method, shape_of(operation.rule)), operation)
        if twin.rule is not operation.rule and operation.rule.arguments:
            raise SetupError(
                f"{operation.address} ({place_of(operation.handler)}) and"
                f" {twin.address} ({place_of(twin.handler)}) differ in their converters alone, and a"
                " document cannot tell them apart. Merge the two into one operation, or hide one with"
                " doc(hidden=True)."
            )


def check_components(operations: cabc.Iterable[Operation]) -> None:
    """Refuse two schema classes of answers that have one name in a document.

    What only clients send, and variants with ``only``, ``exclude`` or ``partial``, may have other names there.

    :raises ComponentConflict: There are two.
    """
    seen: dict[str, type[ma.Schema]] = {}
    for operation in operations:
        for outcome in operation.outcomes:
            for schema in outcome.schemas:
                name = component_of(schema)
                if name is None:
                    continue
                other = seen.setdefault(name, type(schema))
                if other is not type(schema):
                    raise ComponentConflict(
                        f"{type(schema).__qualname__} ({place_of(type(schema))}) and {other.__qualname__}"
                        f" ({place_of(other)}) both have the name {name!r} in the document."
                        f" Rename one of them, or give one {_COMPONENT} = 'AnotherName'."
                    )


def component_of(schema: ma.Schema) -> str | None:
    """The name of a schema's class in a document; ``None`` where it may have another, or none."""
    cls = type(schema)
    narrowed = schema.only is not None or schema.exclude or schema.partial or schema.load_only or schema.dump_only
    if _COMPONENT in vars(schema) or narrowed or cls is ma.Schema or cls.__name__ == "GeneratedSchema":
        return None
    if any(each.only is not None or each.exclude for field in schema.fields.values() for each in nested_in(field)):
        return None
    return t.cast("str | None", vars(cls).get(_COMPONENT)) or cls.__name__.removesuffix("Schema") or cls.__name__


def tell_why_empty(app: App, operations: cabc.Sequence[Operation]) -> None:
    """Warn in debug mode, where a developer looks for it, that the document of an application is empty, and why."""
    text = why_empty(app, operations) if app.debug else ""
    if text:
        app.logger.warning("%s", text)


def why_empty(app: App, operations: cabc.Sequence[Operation]) -> str:
    """Return why the document of an application with views is empty; empty text where it is not, or is meant to be."""
    prefixes = {document.endpoint("x").rpartition(".")[0] for document in app.documents.values()}
    views = [each for each in operations if each.endpoint.rpartition(".")[0] not in prefixes]
    views = [each for each in views if each.endpoint.rpartition(".")[2] != "static"]
    shown = [app.config[key] for key in DOCUMENT_PATHS if app.config[key] is not None]
    meant = app.webhooks or len(app.documents) > 1 or app.documents["default"].is_chosen
    if not views or not shown or meant or any(each.documented for each in views):
        return ""
    return (
        f"The document of the application is empty, and {shown[0]} is not served: none of its {len(views)} views has a"
        f" mark, like {views[0].endpoint!r} ({place_of(views[0].handler)}). Put @response(200, schema) on what the"
        " document should show, or make it a Resource. If there should be none, set OPENAPI_JSON_PATH,"
        " OPENAPI_YAML_PATH and DOCS_PATH to None."
    )

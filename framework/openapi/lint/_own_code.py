"""The parts of an application's schemas that the document cannot see through: fields with custom methods, and hooks.

Nothing is run. A hook is found by its source when it gives something other than the object that it got, or sets a
member that the schema does not have, so what is found is a hint and no proof.
Floor 7.
"""

from __future__ import annotations

import ast
import collections.abc as cabc
import inspect
import textwrap
import typing as t

import marshmallow as ma

from ...fields import AnyField, inner_fields
from ...findings import Finding
from ..contract import source_of_class
from ..document import READS, WRITES, own_method, written_name

if t.TYPE_CHECKING:
    from ...resources.operation import Operation

_READING, _WRITING = ("pre_load",), ("post_dump",)
_TYPED = frozenset({"type", "$ref", "enum", "const", "anyOf", "oneOf", "allOf"})


def advice(operations: cabc.Iterable[Operation]) -> cabc.Iterator[Finding]:
    """Find the fields and hooks that a ``__json_schema__`` should speak for.

    :param operations: Those of a document.
    :return: One finding for each field of a class, and for each hook; all of them are advice.
    """
    seen: set[tuple[type, bool]] = set()
    for schema, reads in _schemas(operations):
        yield from _walk(schema, reads, seen)


def _schemas(operations: cabc.Iterable[Operation]) -> cabc.Iterator[tuple[ma.Schema, bool]]:
    for operation in operations:
        for body in operation.bodies:
            yield body.schema, True
        for outcome in operation.outcomes:
            yield from ((schema, False) for schema in outcome.schemas)


def _walk(schema: ma.Schema, reads: bool, seen: set[tuple[type, bool]]) -> cabc.Iterator[Finding]:
    cls = type(schema)
    if (cls, reads) in seen:
        return
    seen.add((cls, reads))
    if not hasattr(cls, "__json_schema__"):
        yield from _hooks(cls, schema, reads)
    for name, field in (schema.load_fields if reads else schema.dump_fields).items():
        for each in _inside(field):
            if isinstance(each, ma.fields.Nested):
                yield from _walk(each.schema, reads, seen)
            elif _is_unsaid(each, reads):
                yield _of_field(cls, name, each, reads)


def _inside(field: AnyField) -> cabc.Iterator[AnyField]:
    """A field, and those of its members."""
    yield field
    for each in inner_fields(field):
        yield from _inside(each)


def _is_unsaid(field: AnyField, reads: bool) -> bool:
    """Return whether code of the user's own decides, and nothing says what it decides."""
    function = own_method(type(field), READS if reads else WRITES)
    if function is None or hasattr(type(field), "__json_schema__") or _TYPED & set(field.metadata):
        return False
    return reads or "return" not in getattr(function, "__annotations__", {})


def _of_field(cls: type, name: str, field: AnyField, reads: bool) -> Finding:
    does, method = ("reads", READS[1]) if reads else ("writes", WRITES[1])
    text = (
        f"{cls.__name__}.{name}: {type(field).__name__} {does} its values with its own {method}(), so the document"
        f" cannot describe them. Add a method __json_schema__(described, role) to {type(field).__name__}, or a 'type'"
        " to the field's metadata."
    )
    return _found("field-own-code", text, source_of_class(cls, name))


def _hooks(cls: type[ma.Schema], schema: ma.Schema, reads: bool) -> cabc.Iterator[Finding]:
    names = {written_name(name, field) for name, field in (schema.load_fields if reads else schema.dump_fields).items()}
    for kind in _READING if reads else _WRITING:
        for hook, *_ in schema._hooks[kind]:
            function = inspect.unwrap(getattr(cls, hook))
            reason = _changes(function, names)
            if reason is None:
                continue
            text = (
                f"{cls.__name__}.{hook} ({kind}) {reason}, so the document may describe another shape than the one"
                f" that is {'read' if reads else 'sent'}. Add a method __json_schema__(described, role) to"
                f" {cls.__name__}."
            )
            code = function.__code__
            yield _found("schema-hook-shape", text, (code.co_filename, code.co_firstlineno))


def _changes(function: cabc.Callable[..., object], names: set[str]) -> str | None:
    """Return how a hook changes the members of an object, as far as its source shows."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError):
        return None
    if not isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                key = target.slice if isinstance(target, ast.Subscript) else None
                if isinstance(key, ast.Constant) and key.value not in names:
                    return f"sets the undeclared member {key.value!r}"
        elif isinstance(node, ast.Return):
            reason = _returned(node.value, names)
            if reason is not None:
                return reason
    return None


def _returned(value: ast.expr | None, names: set[str]) -> str | None:
    """Return how what a hook returns differs in shape from what it got."""
    match value:
        case ast.Dict(keys=keys):
            for key in keys:
                if isinstance(key, ast.Constant) and key.value not in names:
                    return f"returns an object with the undeclared member {key.value!r}"
        case ast.Subscript():
            return "returns a part of what it gets"
        case ast.List() | ast.Tuple() | ast.Set() | ast.Constant() | ast.JoinedStr():
            return "returns another value than an object of its members"
    return None


def _found(rule: str, text: str, place: tuple[str, int] | None) -> Finding:
    file, line = place or ("", 0)
    return Finding(rule, text, ("components", "schemas"), "advice", file, line)

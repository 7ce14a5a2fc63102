"""A werkzeug rule as a path of the document, and what its converters say of the path's parameters.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t

from werkzeug.routing import BaseConverter, Rule

from ...fast.routing import VARIABLE, Unreadable, describe, parse
from ...typing import JSONObject

PATH_ITEM_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The methods that have an operation in a Path Item Object (OpenAPI 3.1, section 4.8.9), in its order."""
_KEYS: t.Final = (*((method, method) for method in PATH_ITEM_METHODS), ("query", "query"), ("x-query", "query"))
"""The members of a Path Item Object that have operations, and the methods of these. QUERY is an extension in 3.1."""


def item_key(method: str) -> str | None:
    """Return the member of a Path Item Object of OpenAPI 3.2 that has the operation of a method, or ``None``.

    :param method: In capitals.
    """
    return method.lower() if method == "QUERY" or method.lower() in PATH_ITEM_METHODS else None


def operation_of(item: JSONObject, method: str) -> JSONObject:
    """Return the operation of a method in a Path Item Object of any version.

    :param method: In capitals.
    :raises KeyError: There is none.
    """
    return {name: operation for _, name, operation in operations_in(item)}[method.lower()]


def operations_in(item: JSONObject) -> cabc.Iterator[tuple[str, str, JSONObject]]:
    """Give the operations of a Path Item Object: its member, the method in small letters, the operation."""
    for key, method in _KEYS:
        if key in item:
            yield key, method, item[key]


def address(method: str, path: str) -> str:
    """``GET /pets/{pet_id}``: an operation of a document, for messages.

    :param method: In either case.
    """
    return f"{method.upper()} {path}"


def template(rule: Rule) -> str:
    """``/pets/<int:pet_id>`` to ``/pets/{pet_id}``."""
    return braced(rule.rule)


def braced(text: str) -> str:
    """A path or host of a rule, its variables written in braces."""
    return VARIABLE.sub(r"{\g<name>}", text)


def shape(path: str) -> str:
    """Return what two paths have in common that only name their variables differently, which OpenAPI calls
    identical."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


def names(path: str) -> list[str]:
    """The names of the variables in a template."""
    return re.findall(r"\{([^{}]*)\}", path)


def variables(rule: Rule) -> dict[str, JSONObject]:
    """The JSON Schema of each variable in the path, in their order.

    :return: By name; a rule of a class that reads its text differently gives plain strings.
    """
    try:
        found, parts = parse(rule)
    except Unreadable:
        return {name: {"type": "string"} for name in names(template(rule))}
    converters = [converter for part in parts for converter in part.converters]
    if len(converters) != len(found):
        return {name: {"type": "string"} for name in names(template(rule))}
    return {name: described(converter) for name, converter in zip(found, converters, strict=True)}


def described(converter: BaseConverter) -> JSONObject:
    """The schema of one variable; a converter class may refine it by a method ``__json_schema__(described, role)``."""
    made = describe(converter)
    teller = getattr(type(converter), "__json_schema__", None)
    return made if teller is None else t.cast(JSONObject, teller(converter, made, "input"))

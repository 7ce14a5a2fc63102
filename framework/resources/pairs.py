"""Resources of two paths: the list and its items in one class, with a method for each thing that is done to them.

Not here: what a rule or an operation is. A rule carries the names of its methods, and readers ask :func:`method_name`.
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import types
import typing as t

from ..errors import SetupError
from ..views import MethodView, View, http_method_funcs
from .operation import place_of
from .resource import Resource

Names: t.TypeAlias = cabc.Mapping[str, str]
"""HTTP method to the name of the method of the class that handles it."""

LIST: t.Final[Names] = types.MappingProxyType({"GET": "list", "QUERY": "query", "POST": "create"})
"""The methods that answer at the path of the list."""
ITEM: t.Final[Names] = types.MappingProxyType({"GET": "show", "PUT": "replace", "PATCH": "change", "DELETE": "delete"})
"""The methods that answer at the path of an item."""

ALL: t.Final = (*LIST.values(), *ITEM.values())
ITEM_ENDPOINT: t.Final = "-item"
"""Follows the name of the class in the endpoint of an item."""
ALIAS: t.Final[Names] = types.MappingProxyType({"POST": "query"})
"""The method that answers at the alias of a QUERY."""
ALIAS_ENDPOINT: t.Final = "-query"
"""Follows the name of the class in the endpoint of that alias."""


def method_name(names: Names | None, method: str) -> str:
    """Return the name of the method of a class that handles an HTTP method.

    :param names: Those of the rule; ``None``: the method is named like the HTTP method.
    """
    if names is None:
        return method.lower()
    return names.get("GET" if method == "HEAD" else method) or method.lower()


def member_name(view_class: type[View], method: str, names: Names | None = None) -> str:
    """Return the name of the member of a view class that handles an HTTP method; without one for HEAD it is ``get``.

    :param names: Those of the rule; see :func:`method_name`.
    """
    if not issubclass(view_class, MethodView):
        return "dispatch_request"
    name = method_name(names, method)
    return "get" if method == "HEAD" and getattr(view_class, name, None) is None else name


def names_of(rule: object) -> Names | None:
    """Return the names that a rule carries, which are those of a class with two paths; ``None`` for others."""
    names: Names | None = getattr(rule, "handlers", None)
    return names


def faces_of(resource: type[View], paths: str) -> tuple[Names, Names]:
    """Return the methods that a class has for the list, and those for an item.

    :param paths: The two paths, for messages.
    :raises SetupError: The class has no method for one of the paths, or one that is named like an HTTP method.
    """
    where = f"{resource.__qualname__} ({place_of(resource)})"
    if not issubclass(resource, Resource):
        raise SetupError(f"Cannot route {paths} to {where}: only a Resource has a list path and an item path.")
    odd = sorted(name for name in http_method_funcs - {*ALL} if getattr(resource, name, None))
    if odd:
        raise SetupError(
            f"Cannot route {paths} to {where}: it has the method {odd[0]!r}, which belongs to a resource of one path."
            f" Use {', '.join(ALL)}, or give the route one path."
        )
    faces = tuple(
        {method: name for method, name in face.items() if getattr(resource, name, None)} for face in (LIST, ITEM)
    )
    for found, face, path in zip(faces, (LIST, ITEM), ("list path", "item path"), strict=True):
        if not found:
            raise SetupError(
                f"Cannot route {paths} to {where}: it has no method for the {path}."
                f" Write one of {', '.join(face.values())}, or give the route one path."
            )
    return faces[0], faces[1]


def check_single(resource: type[View], rule: str) -> None:
    """Refuse one path for a class that has only the methods of two.

    :raises SetupError: No HTTP method is answered.
    """
    found = [name for name in ALL if isinstance(getattr(resource, name, None), types.FunctionType)]
    if found and not resource.methods and issubclass(resource, Resource):
        raise SetupError(
            f"Cannot route {rule!r} to {resource.__qualname__} ({place_of(resource)}): it has no method named like an"
            f" HTTP method. For {', '.join(found)} give the route two paths, that of the list and that of an item."
        )


def stems_of(given: object) -> tuple[str | None, str | None]:
    """Return what takes the place of the class name in the ids of ``list``, and in those of all other methods.

    :param given: The ``operation_id`` of the route: a name for all, or a pair.
    :raises SetupError: It is something else.
    """
    if given is None or isinstance(given, str):
        return given, given
    if isinstance(given, tuple) and len(given) == 2 and all(isinstance(each, str) for each in given):
        return given
    raise SetupError(f"Invalid operation_id: {given!r}. Give a name, or a pair like ('Pets', 'Pet').")

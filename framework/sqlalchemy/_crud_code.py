"""Code of a ``crud``: expressions that are evaluated where it runs, and written down where it is ejected.

There is one description of a router, so that the one that runs and the one that is printed cannot differ. Not here:
what is described (``sqlalchemy._crud_schemas``, ``sqlalchemy._crud``), how it is printed (``sqlalchemy._eject``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import sys
import typing as t

from marshmallow import Schema, missing

if t.TYPE_CHECKING:
    Code: t.TypeAlias = object
    """An expression: one of the classes below, a literal, or a list or dict of these."""


class Import(t.NamedTuple):
    """An object that code imports: ``from module import name``, then ``name.attribute``."""

    value: object
    module: str
    name: str
    attribute: str = ""


class Local(t.NamedTuple):
    """An object that the code itself defines."""

    value: object
    name: str


class Passed(t.NamedTuple):
    """An object that ``crud`` was called with, or an attribute of it."""

    value: object
    argument: str
    """The argument, for messages."""
    place: tuple[str | int, ...] = ()
    """The argument, and the keys of a mark in it."""
    attribute: str = ""


class Called(t.NamedTuple):
    """A call."""

    function: Code
    args: tuple[Code, ...] = ()
    kwargs: cabc.Mapping[str, Code] = {}


class SchemaCode:
    """A class of schemas.

    :param name: The name of the class.
    :param text: Its docstring.
    :param module: Its module.
    :param members: Its fields by name.
    :param base: Its base class.
    :param requires_all: Whether each field of the base is required.
    """

    def __init__(
        self,
        name: str,
        text: str,
        module: str,
        members: cabc.Mapping[str, Code],
        base: Code = None,
        requires_all: bool = False,
    ) -> None:
        self.name = name
        self.text = text
        self.module = module
        self.members = members
        self.base = base
        self.requires_all = requires_all

    @functools.cached_property
    def made(self) -> type[Schema]:
        """The class."""
        members: dict[str, object] = {name: made(each) for name, each in self.members.items()}
        base = Schema if self.base is None else t.cast("type[Schema]", made(self.base))
        body: dict[str, object] = {"__doc__": self.text, "__module__": self.module, **members}
        found: type[Schema] = type(self.name, (base,), body)
        if self.requires_all:
            found.on_bind_field = _requiring(found)  # type: ignore[method-assign]
        return found


def _requiring(schema: type[Schema]) -> t.Any:
    """Return the method of a class of schemas that makes each field required."""

    def on_bind_field(self: Schema, field_name: str, field_obj: t.Any) -> None:
        t.cast("t.Any", super(schema, self)).on_bind_field(field_name, field_obj)
        field_obj.load_default = missing
        field_obj.required = True

    return on_bind_field


class OperationCode(t.NamedTuple):
    """An operation of a resource."""

    name: str
    """Its name in ``crud``: ``list``, ``patch``."""
    verb: str
    text: str
    """The docstring of its handler."""
    marks: cabc.Sequence[Code]


class ResourceCode(t.NamedTuple):
    """A class of resources."""

    name: str
    endpoint: str
    rule: str
    operations: cabc.Sequence[OperationCode]


def made(node: Code) -> t.Any:
    """Return the value of an expression."""
    if isinstance(node, SchemaCode):
        return node.made
    if isinstance(node, Called):
        function = made(node.function)
        return function(*map(made, node.args), **{name: made(each) for name, each in node.kwargs.items()})
    if isinstance(node, Passed) and node.attribute:
        return getattr(node.value, node.attribute)
    if isinstance(node, (Import, Local, Passed)):
        return node.value
    if isinstance(node, list):
        return [made(each) for each in node]
    if isinstance(node, dict):
        return {name: made(each) for name, each in node.items()}
    return node


def import_of(value: object) -> Import | None:
    """Return the import of a class or function, from a public module; ``None`` where no module has it by its name."""
    module, path = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    if module is None or not path:
        return None
    parts = module.split(".")
    packages = [".".join(parts[:length]) for length in range(1, len(parts))]
    is_private = any(part.startswith("_") for part in parts)
    root, _, rest = path.partition(".")
    for place in [*packages, module] if is_private else [module]:
        found: object = sys.modules.get(place)
        for name in path.split("."):
            found = getattr(found, name, None)
        if found is value:
            return Import(value, place, root, rest)
    return None

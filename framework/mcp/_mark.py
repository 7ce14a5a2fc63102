"""``tool``: an operation that agents may call.

Not here: what a tool looks like to an agent (``mcp._tools``), where it is served (``mcp._server``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t

from ..errors import SetupError
from ..marks.base import Mark, Plan, Record
from ..marks.security import RequiresMark, public
from ..resources.operation import place_of

if t.TYPE_CHECKING:
    from ..resources.scaffold import Scaffold

_T = t.TypeVar("_T")
_NAME: t.Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class ToolMark(Mark):
    """An operation as a tool; see :func:`tool`."""

    nearest_counts = True

    def __init__(
        self,
        name: str | None,
        title: str | None,
        description: str | None,
        fields: tuple[str, ...] | None,
        page_size: int | None,
        destructive: bool | None,
    ) -> None:
        self.name = name
        self.title = title
        self.description = description
        self.fields = fields
        self.page_size = page_size
        self.destructive = destructive

    def __repr__(self) -> str:
        return "tool()" if self.name is None else f"tool(name={self.name!r})"

    def __call__(self, target: _T) -> _T:
        if isinstance(target, type):
            raise SetupError(
                f"{place_of(target)}: {self!r} is on the class {target.__qualname__}, and would give all of its methods"
                " to agents. Put it on the methods that agents may call."
            )
        return super().__call__(target)

    def install(self, scaffold: Scaffold) -> None:
        raise SetupError(
            f"{self!r} is among the marks of {scaffold.name!r}, and would give all operations below to agents. Put it"
            " on the handlers that agents may call."
        )

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        access = [mark for mark in plan.marks if isinstance(mark, RequiresMark) or mark is public]
        if not access:
            raise SetupError(
                f"{place_of(plan.handler)}: {plan.called} is a tool, and nothing says who may call it. Add"
                " @requires(...) to it, its class or its application; or @public, if everyone may call it."
            )
        return ()


def tool(
    *,
    name: str | None = None,
    title: str | None = None,
    description: str | None = None,
    fields: cabc.Iterable[str] | None = None,
    page_size: int | None = None,
    destructive: bool | None = None,
) -> ToolMark:
    """Let agents call an operation, as a tool of the Model Context Protocol.

    For a handler: a method or a function, never for a class, a router or an application. Tools are served where
    ``MCP_PATH`` says, with the marks that the operation has for all clients.

    :param name: The name of the tool. Default: the ``operationId`` in snake case.
    :param title: The name for people. Default: the summary of the operation.
    :param description: What the model reads. Default: summary and description of the operation.
    :param fields: The members of the answer that agents get, for an operation with ``sparse``.
    :param page_size: The most items that agents get at once, for an operation with ``paginate``.
    :param destructive: Whether it may destroy something. Default: DELETE may, other methods may not.
    :raises SetupError: The name or the size is none.
    """
    if name is not None and not _NAME.fullmatch(name):
        raise SetupError(f"Invalid name of a tool: {name!r}. Use up to 64 letters, digits, '_', '-' and '.'.")
    if isinstance(fields, str):
        raise SetupError(f"'fields' is the text {fields!r}. Give a list, like fields=[{fields!r}].")
    if page_size is not None and page_size < 1:
        raise SetupError(f"Invalid page size of a tool: {page_size!r}. Give a number of at least 1.")
    chosen = None if fields is None else tuple(fields)
    return ToolMark(name, title, description, chosen, page_size, destructive)

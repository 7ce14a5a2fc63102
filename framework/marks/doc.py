"""``doc``: words about an operation for the document. Nothing is done at run time.

Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc

from ..errors import SetupError
from .base import Doc, Mark, Plan, Record


class DocMark(Mark):
    """Words about the operation; see :func:`doc`."""

    def __init__(self, record: Doc) -> None:
        self.record = record

    def __repr__(self) -> str:
        return "doc(...)"

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        return (self.record,)


def doc(
    *,
    summary: str | None = None,
    description: str | None = None,
    tags: cabc.Sequence[str] | None = None,
    deprecated: bool | None = None,
    hidden: bool | None = None,
    operation_id: str | None = None,
    **extra: object,
) -> DocMark:
    """Say in the document what the code does not say by itself. What is left out comes from the docstring.

    :param summary: One line.
    :param description: CommonMark text.
    :param tags: Names of tags, instead of the router's.
    :param deprecated: Whether clients should leave it.
    :param hidden: Whether the operation is left out of the document.
    :param operation_id: Instead of the one made of method and class name.
    :param extra: Further members of the operation object (OpenAPI 3.1, section 4.8.10), merged in at last.
    """
    if isinstance(tags, str):
        raise SetupError(f"doc got the text {tags!r} as tags. Give a list, like tags=[{tags!r}].")
    return DocMark(
        Doc(
            summary=summary,
            description=description,
            tags=None if tags is None else tuple(tags),
            deprecated=deprecated,
            hidden=hidden,
            operation_id=operation_id,
            extra=extra or None,
        )
    )

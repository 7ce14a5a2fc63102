"""The addresses of operations, schemas, errors and schemes, as seen from one of the pages.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ._reading import DocumentedOperation

if t.TYPE_CHECKING:
    from ._site import Site

ErrorsByOperation: t.TypeAlias = cabc.Mapping[str, cabc.Sequence[tuple[int, str]]]


class Reference(t.NamedTuple):
    """An error that an operation answers with."""

    status: int
    code: str
    url: str | None


class PageLinks:
    """The addresses.

    :param site: The pages.
    :param is_large: True if the document is on several pages, one for each tag.
    :param tag: The tag that the page is about.
    :param is_whole: True if the page is the one with everything.
    :param operation: The one operation that the page is about.
    """

    def __init__(
        self, site: Site, is_large: bool, *, tag: str | None = None, is_whole: bool = False, operation: str = ""
    ) -> None:
        self.site = site
        self.is_large = is_large
        self.tag = tag
        self.is_whole = is_whole
        self.alone = operation
        self.collects = False
        """True while the schemas that are led to are gathered for the end of the page."""
        self.collected: dict[str, None] = {}
        self._schemas: dict[str, str] = {}

    def operation(self, operation_id: str) -> str | None:
        """The address of an operation; ``None`` for one that is not in the document."""
        found = self.site.reading.operations.get(operation_id)
        if found is None:
            return None
        if self.is_whole or found.tag == self.tag or operation_id == self.alone:
            return f"#{found.anchor}"
        if self.is_large:
            page = self.site.address("tag", name=found.tag)
        else:
            page = self.site.address("docs")
        return None if page is None else f"{page}#{found.anchor}"

    def own(self, operation: DocumentedOperation) -> str:
        """The address of an operation on its page."""
        return f"#{operation.anchor}"

    def tag_page(self, name: str, anchor: str) -> str:
        """The address of a tag."""
        if self.is_whole or name == self.tag:
            return f"#{anchor}"
        page = self.site.address("tag", name=name) if self.is_large else f"{self.site.address('docs') or ''}#{anchor}"
        return page or ""

    def schema(self, name: str) -> str:
        """The address of a schema."""
        if self.collects and name in self.site.reading.schemas:
            self.collected[name] = None
        if self.is_whole or name in self.collected:
            return f"#schema-{name}"
        if name not in self._schemas:
            page = self.site.address("schema", name=name)
            self._schemas[name] = page or f"{self.site.address('docs') or ''}#schema-{name}"
        return self._schemas[name]

    def scheme(self, name: str) -> str | None:
        """The address of a security scheme."""
        page = self.site.address("authentication")
        return None if page is None else f"{page}#scheme-{name}"

    def errors(self, operation_id: str) -> cabc.Iterator[Reference]:
        """The errors of an operation."""
        for status, code in errors_by_operation(self.site).get(operation_id, ()):
            yield Reference(status, code, self.site.address("error", name=code))

    def first_success(self, operation: DocumentedOperation) -> str:
        """The status of the first success of an operation."""
        return next((each for each in operation.value.get("responses", {}) if each.startswith("2")), "")


def errors_by_operation(site: Site) -> ErrorsByOperation:
    """The errors of all operations: status and code by ``operationId``."""

    def make() -> ErrorsByOperation:
        found: dict[str, list[tuple[int, str]]] = {}
        for cls, operations in site.built.uses.items():
            for operation in dict.fromkeys(operations):
                found.setdefault(operation.operation_id, []).append((t.cast(int, cls.code), cls.error_code))
        return found

    return t.cast(ErrorsByOperation, site.kept("errors", make))

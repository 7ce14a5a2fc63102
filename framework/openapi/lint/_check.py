"""Check an application's document: the lint, with file and line, and the errors that handlers raise undeclared.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import sys
import typing as t

from ...app import DEFAULT
from ...findings import Finding, Pointer
from ...http import problem
from .. import document
from ..contract import blame
from ..document import paths
from . import _own_code as own_code
from . import _raised as raised
from ._lint import lint
from ._sources import attribute_of

if t.TYPE_CHECKING:
    from ...app import App, Document
    from ...resources.operation import Operation


def check(app: App, version: str | None = None, name: str = DEFAULT) -> list[Finding]:
    """Lint the document of an application.

    :param app: The application; it freezes.
    :param version: Of OpenAPI, ``"3.1.0"`` or ``"3.0.3"``; by default that of the setting ``OPENAPI_VERSION``.
    :param name: Which of the application's documents.
    :return: The errors in the order of the document, then the advice in the order of the routes. Each with its place
        in the source, where that is known.
    """
    which = app.documents[name]
    made = document.built(app, which) if version is None else document.make(app, version, which)
    places = _Places(app, made, which)
    found = [places.noted(finding) for finding in lint(made.document)]
    listed = list(document.listed(app, which))
    for operation in listed:
        found.extend(undeclared(app, operation))
    found.extend(own_code.advice(listed))
    return found


def undeclared(app: App, operation: Operation) -> cabc.Iterator[Finding]:
    """The errors that the source of a handler raises, and that the operation does not declare."""
    any_code = app.error_renderer is not None
    name = paths.address(operation.method, paths.template(operation.rule))
    at: Pointer = ("paths", paths.template(operation.rule), operation.method.lower())
    for each in raised.errors_of(operation.handler, operation.view_class):
        status = t.cast(int, each.error.code)
        if status < 400 or operation.declares(status, problem.own_class_of(each.error), any_code=any_code):
            continue
        through = f" through {each.through}()" if each.through else ""
        text = (
            f"{name} may raise {each.error.__name__} ({status}){through}, which the document does not say. Put"
            f" @raises({each.error.__name__}) above {operation.handler.__qualname__.replace('<locals>.', '')}."
        )
        yield Finding("undeclared-error", text, at, "advice", each.file, each.line)


class _Places:
    """The source lines of the parts of an application's document."""

    def __init__(self, app: App, made: document.Built, which: Document) -> None:
        self._components = made.components
        self._document = made.document
        module = sys.modules.get(app.import_name)
        self._home = getattr(module, "__file__", None) or ""
        self._operations: dict[tuple[str, str], Operation] = {}
        self._by_path: dict[str, Operation] = {}
        self._webhooks = {webhook.name: webhook.source for webhook in which.webhooks_of(app)}
        for path, members in document.by_path(document.listed(app, which)).items():
            for operation in members:
                key = document.paths.item_key(operation.method) or ""
                self._operations[path, key if key in made.document["paths"][path] else f"x-{key}"] = operation
                self._by_path.setdefault(path, operation)

    def noted(self, finding: Finding) -> Finding:
        """A finding with its place in the source."""
        place = self.of(finding.at)
        return finding if place is None else finding._replace(file=place[0], line=place[1])

    def of(self, at: Pointer) -> tuple[str, int] | None:
        """File and line of what makes a part of the document."""
        match at:
            case ("paths", str(path), str(method), *_) if (path, method) in self._operations:
                return self._known(self._operations[path, method].source)
            case ("paths", str(path), *_) if path in self._by_path:
                return self._known(self._by_path[path].source)
            case ("webhooks" | "x-webhooks", str(name), *_) if name in self._webhooks:
                return self._known(self._webhooks[name])
            case ("components", "schemas", str(name), *rest):
                return self._component(name, rest)
            case ("tags", int(index), *_):
                tag = self._document["tags"][index].get("name")
                using = (key for key, each in self._operations.items() if tag in each.tags)
                key = next(using, None)
                return None if key is None else self._known(self._operations[key].source)
            case ("info" | "servers", *_):
                return (self._home, 1) if self._home else None
        return None

    @staticmethod
    def _known(source: tuple[str, int]) -> tuple[str, int] | None:
        return source if source[0] else None

    def _component(self, name: str, rest: cabc.Sequence[str | int]) -> tuple[str, int] | None:
        """The class of a component, or the line of the field that the place is about."""
        origin = self._components.origin(name)
        if origin is None or origin.__module__.partition(".")[0] == "framework":
            return None
        member = str(rest[1]) if len(rest) > 1 and rest[0] == "properties" else None
        return blame.source_of_class(origin, None if member is None else attribute_of(origin, member))

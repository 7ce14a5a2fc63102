"""The source of the parts of a live application's document: the class and the line behind a change.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...app import DEFAULT
from ...marks.base import called
from .. import document
from ..contract import blame
from ..diff import Change
from ..document import paths

if t.TYPE_CHECKING:
    from ...app import App
    from ...resources.operation import Operation


class Sources:
    """The source lines of the parts of an application's document.

    :param app: The application.
    :param name: Which of its documents.
    """

    def __init__(self, app: App, name: str = DEFAULT) -> None:
        which = app.documents[name]
        self._components = document.built(app, which).components
        self._webhooks = {f"webhook {each.name}": each for each in which.webhooks_of(app)}
        self._operations: dict[str, Operation] = {}
        self._classes: dict[str, type] = {}
        for operation in document.listed(app, which):
            shape = paths.shape(paths.template(operation.rule))
            self._operations.setdefault(paths.address(operation.method, shape), operation)
            if operation.view_class is not None:
                self._classes.setdefault(shape, operation.view_class)

    def annotate(self, changes: cabc.Iterable[Change]) -> None:
        """Note the source of each change."""
        for change in changes:
            change.source = self.of(change)

    def of(self, change: Change) -> str | None:
        """The source of a change, ``shop/schemas.py:12 PetSchema.age``; ``None`` where nothing is left of it."""
        if change.component is not None:
            origin = self._components.origin(change.component)
            if origin is not None:
                return told(origin, None if change.member is None else attribute_of(origin, change.member))
        for name in change.operations:
            if name in self._webhooks:
                file, line = self._webhooks[name].source
                return f"{blame.shown_path(file)}:{line} {name}"
            method, _, path = name.partition(" ")
            operation = self._operations.get(paths.address(method, paths.shape(path)))
            if operation is not None:
                file, line = operation.source
                name = called(operation.handler).replace("<locals>.", "")
                return f"{blame.shown_path(file)}:{line} {name}" if file else name
            if paths.shape(path) in self._classes:
                return told(self._classes[paths.shape(path)], None)
        return None


def attribute_of(cls: type, member: str) -> str | None:
    """The attribute of a schema class that gives a member of JSON."""
    name = member.partition(".")[0]
    for attribute, field in getattr(cls, "_declared_fields", {}).items():
        if (field.data_key if field.data_key is not None else attribute) == name:
            return str(attribute)
    return None


def told(cls: type, attribute: str | None) -> str | None:
    """File, line and name of a class or of an attribute of it; nothing for what the framework itself describes."""
    if cls.__module__.partition(".")[0] == "framework":
        return None
    found = blame.source_of_class(cls, attribute)
    name = cls.__qualname__.replace("<locals>.", "") + (f".{attribute}" if attribute else "")
    return name if found is None else f"{blame.shown_path(found[0])}:{found[1]} {name}"

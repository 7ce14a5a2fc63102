"""Links of answers as Link Objects, each to an operation of the same document.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ..._sentinel import MISSING
from ...marks.links import Link
from ...resources.links import parameter_for, parameters_of, target_of
from ...typing import JSONObject
from . import _paths as paths

if t.TYPE_CHECKING:
    from ...resources.operation import Operation


class Links:
    """Makes the links of one document.

    :param operations: All operations of the application.
    :param listed: Those of the document by path; a link to another is left out.
    """

    def __init__(
        self, operations: cabc.Sequence[Operation], listed: cabc.Mapping[str, cabc.Iterable[Operation]]
    ) -> None:
        self._operations = operations
        self._listed = listed
        self._paths: dict[int, str] | None = None

    def of(self, source: Operation, name: str, link: Link) -> JSONObject | None:
        """The Link Object (OpenAPI 3.1, section 4.8.20); ``None`` where the document lacks its target."""
        if self._paths is None:
            self._paths = {id(each): path for path, members in self._listed.items() for each in members}
        target = target_of(link, name, source, self._operations)
        path = self._paths.get(id(target))
        if path is None:
            return None
        # The path may stand in the document with other names of its variables than those of this rule.
        written = dict(zip(paths.names(paths.template(target.rule)), paths.names(path), strict=True))
        made: JSONObject = {"operationId": target.operation_id}
        known = parameters_of(target)
        parameters: JSONObject = {}
        for told, value in link.parameters.items():
            where, own = t.cast("tuple[str, str]", parameter_for(told, known))
            shown = written.get(own, own) if where == "path" else own
            is_alone = sum(other == own for _, other in known) == 1
            parameters[shown if is_alone else f"{where}.{shown}"] = value
        if parameters:
            made["parameters"] = parameters
        if link.body is not MISSING:
            made["requestBody"] = link.body
        if link.description:
            made["description"] = link.description
        return made

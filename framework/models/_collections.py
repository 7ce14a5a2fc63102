"""The field of a set or a tuple of any length: an array in JSON.

Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from .. import fields
from ..fields import AnyField


class Collection(fields.List[t.Any]):
    """A list in JSON whose value is another collection.

    :param inner: The field of the items.
    :param kind: ``set``, ``frozenset`` or ``tuple``.
    """

    def __init__(self, inner: AnyField, kind: cabc.Callable[[list[object]], t.Any]) -> None:
        super().__init__(inner)
        self.kind = kind

    def _deserialize(
        self, value: object, attr: str | None, data: cabc.Mapping[str, object] | None, **kwargs: object
    ) -> t.Any:
        return self.kind(super()._deserialize(value, attr, data, **kwargs))

    def _serialize(self, value: t.Any, attr: str | None, obj: object, **kwargs: object) -> list[object] | None:
        items = super()._serialize(value, attr, obj, **kwargs)
        if items is None or not isinstance(value, cabc.Set):
            return items
        try:
            return sorted(items)  # a set has another order in each process, and its ETag would differ
        except TypeError:
            return items

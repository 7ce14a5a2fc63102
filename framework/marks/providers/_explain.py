"""The values of an operation in the order of making, for people.

Floor 4.
"""

from __future__ import annotations

import inspect
import typing as t

from ..base import Mark
from ._graph import ProviderRegistry
from ._marks import ProvidesMark
from ._resolution import Resolution, waits

if t.TYPE_CHECKING:
    from ._graph import ProvidingApplication


class ExplainedProvider(t.NamedTuple):
    """One value of an operation."""

    name: str
    scope: str
    waits: bool
    """True if it is made in a thread where its operation runs on an event loop."""
    is_given_back: bool
    """True if it has a clean-up at the end of the request."""
    place: str
    """File and line."""


def explained(app: ProvidingApplication, marks: tuple[Mark, ...], handler: object) -> list[ExplainedProvider]:
    """Return the values that the marks of an operation give its handler, and those that they are made from.

    :param marks: All marks of the operation.
    :param handler: Its handler.
    """
    names = inspect.signature(t.cast("t.Callable[..., object]", handler)).parameters
    by_name: dict[str, object] = {}
    by_position: list[object] = []
    for mark in marks:
        if isinstance(mark, ProvidesMark):
            by_position += [each.provider for each in mark.given if each.name is None]
            by_name |= {each.name: each.provider for each in mark.given if each.name is not None and each.name in names}
    graph = ProviderRegistry.of(app).graph
    nodes = [graph.node(each) for each in (*by_position, *by_name.values())]
    return [
        ExplainedProvider(
            node.name,
            node.scope,
            waits(node),
            node.kind.cleans_up and node.scope != "application",
            node.place,
        )
        for node, _, _ in Resolution(nodes, app).steps
    ]

"""Loaders that are providers: what ``loads`` does with one that has ``provides`` above it.

Not here: the object that was found, and what is answered without one (``marks.security._permissions``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect

from ...errors import SetupError
from ..base import BY_PLACE, Key, Plan, marks_of
from ._annotations import resolved
from ._marks import Given, ProvidesMark, check_parameter, parameters_of, places_of, provides
from ._sources import path_variable
from ._streams import Target


class LoadedMark(ProvidesMark):
    """The object of a loader, as a value; see :func:`~framework.loads`."""

    key: Key[object]
    """The key of its note."""

    def targets_of(self, plan: Plan) -> cabc.Iterator[Target]:
        provider, name = self.given[0]
        node = self.node_for(provider, plan)
        if name is None:
            places, slot = places_of(plan), plan.take_slot()
            if slot < len(places):
                check_parameter(plan, node, places[slot], never_none=True)
            yield Target(provider, slot, None, self.key)
            return
        plan.names.add(name)
        is_taken = name in parameters_of(plan)
        if is_taken:
            check_parameter(plan, node, parameters_of(plan)[name], never_none=True)
        yield Target(provider, None, name if is_taken else None, self.key)


def loaded(loader: cabc.Callable[..., object], as_kwarg: str | None, key: Key[object]) -> LoadedMark:
    """Return the mark that gives an operation the object of a loader.

    :param loader: A function with ``provides`` above it. Its other parameters are variables of the path.
    :param as_kwarg: The name by which handlers get it; ``None``: by position.
    :param key: The key of the note that has it.
    :raises SetupError: Its parameters cannot be read.
    """
    try:
        told = inspect.signature(loader).parameters.values()
    except (TypeError, ValueError):
        raise SetupError(f"loads({loader!r}): what it takes cannot be read. Give a function.") from None
    given = [each for mark in marks_of(loader) if isinstance(mark, ProvidesMark) for each in mark.given]
    names = {each.name for each in given}
    by_place = sum(each.name is None for each in given)
    places = [each for each in told if each.kind in BY_PLACE]
    for parameter in [*places[by_place:], *(each for each in told if each.kind is each.KEYWORD_ONLY)]:
        if parameter.name not in names and parameter.default is parameter.empty:
            wanted = resolved(parameter.annotation, loader)
            kind: type[object] | None = wanted if isinstance(wanted, type) else None
            variable = path_variable(parameter.name, kind)
            provides(**{parameter.name: variable})(loader)
    made = LoadedMark()
    made.key = key
    made.given = (Given(loader, as_kwarg),)
    return made

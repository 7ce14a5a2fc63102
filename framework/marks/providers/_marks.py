"""``provides``: values for handlers, and for other providers, from functions that are named.

Not here: how they are made (``marks.providers._resolution``), streams (``marks.providers._streams``), commands and
tests (``marks.providers._blocks``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import inspect
import types
import typing as t

from ...errors import SetupError
from ..base import BY_PLACE, AroundFactory, Key, Mark, Plan, Record, Steps, marks_of
from ..values import ValueMark
from ._annotations import resolved
from ._graph import ProviderRegistry, check_fit, raises_of
from ._operation import OperationProviders
from ._sources import BuiltIn, kind_of, name_of_source
from ._streams import Target

if t.TYPE_CHECKING:
    from ._graph import ProviderNode, ProvidingApplication

_T = t.TypeVar("_T")

_TARGETS: t.Final = Key[list[list[Target]]]("targets of providers")
"""The values of the marks that were asked so far, in ``Plan.notes``."""
_PROVIDERS: t.Final = Key[OperationProviders]("providers")
"""What was compiled, once the last mark was asked, in ``Plan.notes``."""


class Given(t.NamedTuple):
    """A provider that a mark names."""

    provider: object
    name: str | None
    """The name of the parameter that gets its value; ``None`` for one by position."""


class ProvidesMark(Mark):
    """Values from providers; see :func:`provides`."""

    given: tuple[Given, ...] = ()

    @property
    def sources(self) -> tuple[object, ...]:
        return tuple(each.provider for each in self.given)

    def __repr__(self) -> str:
        names = (f"{name}={name_of_source(each)}" if name else name_of_source(each) for each, name in self.given)
        return f"provides({', '.join(names)})"

    def check_beside(self, others: tuple[Mark, ...], where: str) -> None:
        mine = {each.name for each in self.given if each.name is not None}
        for other in others:
            twice = mine & {each.name for each in other.given} if isinstance(other, ProvidesMark) else None
            if twice:
                raise SetupError(
                    f"{where} is given {min(filter(None, twice))!r} twice: {other!r} and {self!r}. Drop one."
                )

    def run(self, plan: Plan) -> Steps:
        asked = plan.notes.setdefault(_TARGETS, [])
        asked.append([*self.targets_of(plan)])
        if len(asked) < sum(isinstance(mark, ProvidesMark) for mark in plan.marks):
            return ()
        # The last mark answers for all of them: they share values, and are opened together.
        by_name = {target.name: target for targets in asked for target in targets if target.name is not None}
        targets = [each for targets in asked for each in targets if each.name is None or by_name[each.name] is each]
        found = plan.notes[_PROVIDERS] = OperationProviders(registry_of(plan), plan, targets)
        return found.steps()

    def targets_of(self, plan: Plan) -> cabc.Iterator[Target]:
        """Return the values that the handler gets by this mark.

        :raises SetupError: It does not take them.
        """
        places = places_of(plan)
        for provider, name in self.given:
            node = self.node_for(provider, plan)
            if name is None:
                slot = plan.take_slot()
                if slot < len(places):
                    check_parameter(plan, node, places[slot])
                yield Target(provider, slot, None)
            elif self.is_taken(plan, name):
                plan.names.add(name)
                check_parameter(plan, node, parameters_of(plan)[name])
                yield Target(provider, None, name)

    def node_for(self, provider: object, plan: Plan) -> ProviderNode:
        """Return a provider as the application has it, once all that it reads of a request is there.

        :raises SetupError: Something is not.
        """
        node = registry_of(plan).graphs[0].node(provider)
        for each in node.everything():
            if isinstance(each.source, BuiltIn):
                each.source.check(plan, f"{self!r}")
        return node

    def is_taken(self, plan: Plan, name: str) -> bool:
        """Return whether the handler takes a value by a name.

        :raises SetupError: The mark is on the handler itself, which does not; or the path has a variable of that name.
        """
        where = f"{plan.called} ({place_of(plan)})"
        if name in (plan.rule.arguments or ()):
            raise SetupError(
                f"{self!r} gives {where} the value {name!r}, and the path {plan.rule.rule!r} has a variable of that"
                " name. Choose another name."
            )
        if name in parameters_of(plan):
            return True
        if any(mark is self for mark in marks_of(plan.handler)):
            known = ", ".join(parameters_of(plan)) or "none"
            raise SetupError(
                f"{self!r} gives {where} the value {name!r}, and it has not a parameter of that name. Its parameters:"
                f" {known}. Add it, or correct the name."
            )
        return False

    def around(self, plan: Plan) -> AroundFactory | None:
        found = plan.notes.get(_PROVIDERS)
        return None if found is None else found.around()

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if not any(mark is self for mark in plan.marks):
            raise SetupError(
                f"{self!r} is on a hook or an error handler, which it gives nothing. Open the value there:"
                " with app.provide(...)."
            )
        graph = registry_of(plan).graphs[0]
        for provider, name in self.given:
            if name is None or name in plan.names:
                for node in graph.node(provider).everything():
                    for mark in raises_of(node.provider):
                        yield from mark.document(plan)


class ProvidesValueMark(ValueMark[_T], ProvidesMark):
    """One value by position; see :func:`provides`."""


def registry_of(plan: Plan) -> ProviderRegistry:
    """Return the providers of the application of an operation."""
    return ProviderRegistry.of(t.cast("ProvidingApplication", plan.app))


def place_of(plan: Plan) -> str:
    """Return file and line of the handler, for messages."""
    code = getattr(inspect.unwrap(plan.handler), "__code__", None)
    return plan.address if code is None else f"{code.co_filename}:{code.co_firstlineno}"


def parameters_of(plan: Plan) -> dict[str, inspect.Parameter]:
    """Return the parameters of the handler by their names, ``self`` not among them."""
    try:
        found = list(inspect.signature(plan.handler).parameters.values())
    except (TypeError, ValueError):  # written in C
        return {}
    is_method = type(plan.handler) is types.FunctionType and "." in plan.called.rpartition("<locals>.")[2]
    own = found[1:] if is_method else found
    return {each.name: each for each in own if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}


def places_of(plan: Plan) -> list[inspect.Parameter]:
    """Return the parameters of the handler that get values by position, in their order."""
    variables = plan.rule.arguments or ()
    return [each for each in parameters_of(plan).values() if each.kind in BY_PLACE and each.name not in variables]


def check_parameter(plan: Plan, node: ProviderNode, parameter: inspect.Parameter, *, never_none: bool = False) -> None:
    """Refuse a value that does not fit the annotation of the handler's parameter.

    :param never_none: Whether the handler is not called with ``None``.
    :raises SetupError: It does not.
    """
    wanted = resolved(parameter.annotation, plan.handler)
    check_fit(node, wanted, parameter.name, f"{plan.called} ({place_of(plan)})", never_none=never_none)


if t.TYPE_CHECKING:
    GeneratorManager: t.TypeAlias = contextlib._GeneratorContextManager[_T]
    AsyncGeneratorManager: t.TypeAlias = contextlib._AsyncGeneratorContextManager[_T]


@t.overload
def provides(provider: BuiltIn[_T], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: cabc.Callable[..., GeneratorManager[_T]], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: cabc.Callable[..., AsyncGeneratorManager[_T]], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: cabc.Callable[..., cabc.Iterator[_T]], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: cabc.Callable[..., cabc.AsyncIterator[_T]], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: cabc.Callable[..., cabc.Coroutine[t.Any, t.Any, _T]], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: type[contextlib.AbstractContextManager[_T]], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: type[contextlib.AbstractAsyncContextManager[_T]], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: contextlib.AbstractContextManager[_T], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: contextlib.AbstractAsyncContextManager[_T], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(provider: cabc.Callable[..., _T], /) -> ProvidesValueMark[_T]: ...
@t.overload
def provides(**providers: object) -> ProvidesMark: ...


def provides(*provider: object, **providers: object) -> ProvidesMark:
    """Pass values from providers: one by position, or several by the names of parameters.

    A provider is a function that returns the value, or a generator that yields it once and cleans up afterwards, or a
    context manager: a class, an object, or a function below ``contextmanager``. Each may be asynchronous. What it needs
    is written above it, by this mark too. The values are made before the handler is called, once for a request, and
    given back in reverse when the answer was made, before it is sent: an exception is thrown into them, and a clean-up
    that fails is a 500.

    On a class, a router or the application, values by name go to the handlers that take the name.

    :param provider: A provider whose value goes to the handler by position, in the order of the marks.
    :param providers: Providers by the names of the parameters.
    :raises SetupError: One of them provides nothing.
    """
    if len(provider) + bool(providers) != 1:
        raise SetupError(
            "provides takes one provider, whose value goes by position, or several by name, as in"
            " provides(db=open_session). Put one mark above the other for several values by position."
        )
    for each in (*provider, *providers.values()):
        kind_of(each)
    mark = ProvidesValueMark[object]() if provider else ProvidesMark()
    mark.given = (*(Given(each, None) for each in provider), *(Given(each, name) for name, each in providers.items()))
    mark.names_given = frozenset(providers)
    return mark

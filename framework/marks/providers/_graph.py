"""What each provider gets from others: found at freeze, with cycles, wrong scopes and wrong calls.

An application has one graph, and one more for each block of ``App.override``; values of the scope ``application`` are
kept in it. Not here: how values are made for a request (``marks.providers._resolution``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import os
import threading
import types
import typing as t
import weakref

from ..._sentinel import MISSING
from ...errors import SetupError
from ...teardown import CollectErrors
from ..base import Mark, marks_of, mention, reached
from ..raises import RaisesMark
from ._annotations import Annotation, fits, resolved, shown, without_none
from ._scopes import OPEN_VALUES, AsyncOpenValue, OpenValue
from ._sources import (
    BuiltIn,
    ProviderScope,
    annotation_of,
    is_object,
    is_quick,
    kind_of,
    name_of_source,
    place_of_source,
    scope_of,
)

if t.TYPE_CHECKING:
    from ...typing import Application
    from ._marks import Given

    class ProvidingApplication(Application, t.Protocol):
        """An application, as far as providers know it."""

        @property
        def has_own_loop(self) -> bool:
            """True if it runs coroutines by itself."""

        @property
        def serves_on_loop(self) -> bool:
            """True if requests may run on an event loop."""

        @property
        def lifecycle(self) -> t.Any:
            """The functions of the start and the end."""

        def off_loop(self, func: cabc.Callable[[], object]) -> cabc.Callable[[], object]:
            """Make a function that does not hold up an event loop."""


ProviderKey: t.TypeAlias = cabc.Hashable
"""What a provider is known by."""

EXTENSION: t.Final = "framework.providers"
"""The name under which an application keeps its providers."""


def key_of(provider: object) -> ProviderKey:
    """Return what a provider is known by: its identity; of a method, that of its object and function."""
    if isinstance(provider, types.MethodType):
        return id(provider.__self__), id(provider.__func__)
    return id(provider)


class ProviderNode:
    """A provider with those that it gets values from.

    :param provider: As marks name it.
    :param source: What is called in its place: itself, or what overrides it.
    :param scope: How long its values live.
    :param by_position: The providers of its values by position.
    :param by_name: The providers of its values by name.
    :param registry: The providers of the application.
    """

    def __init__(
        self,
        provider: object,
        source: object,
        scope: ProviderScope,
        by_position: tuple[ProviderNode, ...],
        by_name: dict[str, ProviderNode],
        registry: ProviderRegistry,
    ) -> None:
        self.provider = provider
        self.source = source
        self.kind = kind_of(source)
        self.scope = scope
        self.by_position = by_position
        self.by_name = by_name
        self.name = name_of_source(source)
        self.place = place_of_source(source)
        self.annotation: Annotation = annotation_of(source, self.kind)
        self.is_object = is_object(source)
        self.is_quick = is_quick(source)
        """True if it never waits."""
        self.call = t.cast("cabc.Callable[..., t.Any]", source)
        self.value: object = MISSING
        """The value of the scope ``application``, once there was one."""
        self.end: ApplicationValue | None = None
        """What gives that back."""
        self.lock = threading.Lock()
        self._registry = registry

    @property
    def neighbours(self) -> tuple[ProviderNode, ...]:
        """Return the providers that it gets values from."""
        return (*self.by_position, *self.by_name.values())

    @property
    def is_given_back(self) -> bool:
        """Return whether its value ends with the request, because it or one that it is made from is given back."""
        if self.scope == "application":
            return False
        return self.kind.cleans_up or any(each.is_given_back for each in self.neighbours)

    def everything(self) -> cabc.Iterator[ProviderNode]:
        """Return it and all that it needs, those first."""
        for each in self.neighbours:
            yield from each.everything()
        yield self

    def describe(self) -> str:
        """Return name and place, for messages."""
        return f"{self.name} ({self.place})"

    def get(self) -> object:
        """Return the value of the scope ``application``; the first one who asks makes it."""
        value = self.value
        return self._registry.open(self) if value is MISSING else value

    def make(self, *args: object, **kwargs: object) -> OpenValue:
        """Return a value that is still to be entered."""
        made = self.source if self.is_object else self.call(*args, **kwargs)
        return t.cast(OpenValue, OPEN_VALUES[self.kind](self, made))


class ProviderGraph:
    """The providers of an application, each made once.

    :param registry: The providers of the application.
    :param below: The graph without the last override; ``None`` for that of the application itself.
    :param replaced: The providers that are overridden, by their keys.
    """

    def __init__(
        self,
        registry: ProviderRegistry,
        below: ProviderGraph | None = None,
        replaced: cabc.Mapping[ProviderKey, object] = types.MappingProxyType({}),
    ) -> None:
        self.registry = registry
        self.below = below
        self.replaced = replaced
        self._nodes: dict[ProviderKey, ProviderNode] = {}
        self.blocks: dict[ProviderKey, object] = {}
        """What was compiled for blocks of ``App.provide``."""

    def nodes(self) -> list[ProviderNode]:
        """Return the nodes of this graph that are not those of the graph below it."""
        below = {} if self.below is None else self.below._nodes
        return [each for key, each in self._nodes.items() if below.get(key) is not each]

    def node(self, provider: object, path: tuple[object, ...] = ()) -> ProviderNode:
        """Return the node of a provider.

        :param path: The providers on the way to it.
        :raises SetupError: It needs itself, or does not fit those that it needs.
        """
        key = key_of(provider)
        found = self._nodes.get(key)
        if found is not None:
            return found
        if any(key_of(each) == key for each in path):
            names = [*path[[key_of(each) for each in path].index(key) :], provider]
            ring = " -> ".join(map(name_of_source, names))
            places = ", ".join(f"{name_of_source(each)} ({place_of_source(each)})" for each in names[:-1])
            raise SetupError(f"Providers need one another in a circle: {ring}. Take one of the marks away: {places}.")
        made = self._make(provider, (*path, provider))
        if self.below is not None:
            below = self.below.node(provider, path)
            if below.source is made.source and below.neighbours == made.neighbours:
                made = below  # so that its value is the same
        self._nodes[key] = made
        return made

    def _make(self, provider: object, path: tuple[object, ...]) -> ProviderNode:
        source = self.replaced.get(key_of(provider), provider)
        scope = scope_of(source) or scope_of(provider) or "request"
        given = () if isinstance(source, BuiltIn) else givens_of(source)

        def node(other: object) -> ProviderNode:
            if source is not provider and self.below is not None and key_of(other) == key_of(provider):
                return self.below.node(other)  # what overrides a provider may take its value
            return self.node(other, path)

        by_position = tuple(node(each.provider) for each in given if each.name is None)
        by_name = {each.name: node(each.provider) for each in given if each.name is not None}
        made = ProviderNode(provider, source, scope, by_position, by_name, self.registry)
        if isinstance(source, types.FunctionType | type):
            reached[id(source)] = source  # its marks are not lost: this looks at them
        check_scopes(made)
        if not isinstance(source, BuiltIn):
            check_call(made)
        if source is not provider and not isinstance(provider, BuiltIn):
            check_override(made)
        return made


def givens_of(source: object) -> tuple[Given, ...]:
    """Return what the marks on a provider give it.

    :raises SetupError: It has a mark of another kind.
    """
    from ._marks import ProvidesMark

    found: list[Given] = []
    for mark in marks_of(source):
        if isinstance(mark, ProvidesMark):
            found += mark.given
        elif not isinstance(mark, RaisesMark):
            raise SetupError(
                f"The provider {name_of_source(source)} ({place_of_source(source)}) carries {mention(mark)}, which does"
                " nothing there: a provider may carry provides and raises alone. Put the mark on the operations that"
                " use the provider, or on their class or router."
            )
    return tuple(found)


def raises_of(source: object) -> cabc.Iterator[Mark]:
    """Return the marks on a provider that say what it raises."""
    return (mark for mark in marks_of(source) if isinstance(mark, RaisesMark))


def check_scopes(node: ProviderNode) -> None:
    """Refuse a provider for the life of the process that needs what lives shorter.

    :raises SetupError: It is one.
    """
    if node.scope != "application":
        return
    short = next((each for each in node.neighbours if each.scope != "application"), None)
    if short is not None:
        raise SetupError(
            f"The provider {node.describe()} has the scope 'application' and needs {short.describe()}, whose scope is"
            f" {short.scope!r}: {node.name} -> {short.name}. Its value would be used after its end. Give"
            f" {short.name} the scope 'application' too, or {node.name} a shorter one."
        )


def check_call(node: ProviderNode) -> None:
    """Refuse a provider that cannot be called with what its marks give, or whose annotations do not fit them.

    :raises SetupError: It is one.
    """
    if node.is_object:
        return
    try:
        signature = inspect.signature(node.call)
    except (TypeError, ValueError):  # written in C
        return
    try:
        bound = signature.bind(*node.by_position, **node.by_name)
    except TypeError as error:
        names = [
            *(each.name for each in node.by_position),
            *(f"{name}={each.name}" for name, each in node.by_name.items()),
        ]
        raise SetupError(
            f"The provider {node.describe()} cannot be called with what its marks give, ({', '.join(names)}): {error}."
            " A provider gets what is written above it: put provides(...) there for each parameter, or give the"
            " parameter a default."
        ) from None
    for name, value in bound.arguments.items():
        if isinstance(value, ProviderNode):
            check_fit(value, resolved(signature.parameters[name].annotation, _annotated(node.call)), name, node.name)


def _annotated(call: object) -> object:
    return getattr(call, "__init__", call) if isinstance(call, type) else call


def check_fit(node: ProviderNode, wanted: Annotation, name: str, taker: str, *, never_none: bool = False) -> None:
    """Refuse a value that does not fit the annotation of the parameter that takes it.

    :param wanted: The annotation.
    :param name: The name of the parameter.
    :param taker: What takes it, for messages.
    :param never_none: Whether ``None`` is kept from it by other means.
    :raises SetupError: It does not fit.
    """
    given = without_none(node.annotation) if never_none else node.annotation
    if not fits(given, wanted):
        raise SetupError(
            f"{taker} takes {name!r} as {shown(wanted)}, and {node.describe()} provides {shown(node.annotation)}."
            " Change one of the annotations, or give another provider."
        )


def check_override(node: ProviderNode) -> None:
    """Refuse an override that gives values of another type.

    :raises SetupError: It does.
    """
    wanted = annotation_of(node.provider, kind_of(node.provider))
    if not fits(node.annotation, wanted):
        raise SetupError(
            f"override({name_of_source(node.provider)}, {node.name}): {node.describe()} provides"
            f" {shown(node.annotation)}, and takes the place of {shown(wanted)}. Give one of that type, or leave the"
            " annotation out."
        )


# Values that live as long as the process.


class ApplicationValue:
    """The end of a value of the scope ``application``.

    :param node: Its provider.
    :param value: The generator or context manager.
    """

    def __init__(self, node: ProviderNode, value: OpenValue) -> None:
        self.node = node
        self._open: OpenValue | None = value
        self._errand: t.Any = None

    def enter(self) -> object:
        """Open it, and return the value."""
        value = t.cast(OpenValue, self._open)
        if not isinstance(value, AsyncOpenValue):
            return value.enter()
        from ..._coroutines import Errand

        found: list[object] = []

        async def live() -> cabc.AsyncGenerator[None]:
            found.append(await value.enter_async())
            yield
            await value.leave_async(None)

        # One task, which enters and leaves, as long as the process lives.
        self._errand = Errand(live())
        self._errand.begin()
        return found[0]

    def __call__(self) -> None:
        """Give it back, once."""
        value, self._open = self._open, None
        if value is None:
            return
        self.node.value, self.node.end = MISSING, None
        if self._errand is not None:
            self._errand.end()
        else:
            value.leave(None)


class ProviderRegistry:
    """The providers of an application.

    :param app: The application.
    """

    def __init__(self, app: ProvidingApplication) -> None:
        self._app = weakref.ref(app)
        self.lock = threading.RLock()
        self.graphs: list[ProviderGraph] = [ProviderGraph(self)]
        """The graph of the application, then one for each override."""
        self.overrides: list[OverrideEntry] = []
        """The overrides that count now; the code of operations looks whether there are any."""
        self.operations: weakref.WeakSet[Renewable] = weakref.WeakSet()
        """What was compiled for operations."""
        self._opened: list[ProviderNode] = []
        """The providers whose values of the scope ``application`` are to be given back, in the order of opening."""
        self._inherited: list[object] = []
        _registries.add(self)

    @classmethod
    def of(cls, app: ProvidingApplication) -> ProviderRegistry:
        """Return the providers of an application."""
        found: ProviderRegistry | None = app.extensions.get(EXTENSION)
        if found is None:
            found = app.extensions.setdefault(EXTENSION, cls(app))
        return found

    @property
    def app(self) -> ProvidingApplication:
        """Return the application."""
        return t.cast("ProvidingApplication", self._app())

    @property
    def graph(self) -> ProviderGraph:
        """Return the graph that counts now."""
        return self.graphs[-1]

    def open(self, node: ProviderNode) -> object:
        """Make the value of a provider of the scope ``application``, if it is not there.

        It is made in a thread that may wait, so that an event loop goes on meanwhile.
        """
        app = self.app
        return app.off_loop(lambda: self._open(app, node))()

    def _open(self, app: ProvidingApplication, node: ProviderNode) -> object:
        with node.lock:
            if node.value is not MISSING:
                return node.value
            if node.kind.is_async and app.has_own_loop:
                raise RuntimeError(
                    f"The provider {node.describe()} is asynchronous and has the scope 'application', and the"
                    " application runs each coroutine in another event loop (async_to_sync): the value would outlive"
                    " its loop. Make it synchronous, or leave async_to_sync as it is."
                )
            args = [each.get() for each in node.by_position]
            kwargs = {name: each.get() for name, each in node.by_name.items()}
            with app.app_context():
                if node.kind.cleans_up:
                    end = ApplicationValue(node, node.make(*args, **kwargs))
                    value = end.enter()
                    app.lifecycle.keep(app, f"The provider {node.describe()}", end)
                    node.end = end
                    self._opened.append(node)
                else:
                    value = app.ensure_sync(node.call)(*args, **kwargs)
            node.value = value
            return value

    def begin(self, provider: object, replacement: object) -> OverrideEntry:
        """Put a provider in the place of another one.

        :return: What :meth:`end` takes.
        :raises SetupError: It does not fit there.
        """
        entry = OverrideEntry(provider, replacement)
        with self.lock:
            self.graphs.append(self._graph_above(self.graphs[-1], entry))
            try:
                self.graph.node(provider)
                fit = self._renew()
            except BaseException:
                self.graphs.pop()
                self._renew()
                raise
            self.overrides.append(entry)
        if not fit:
            self._build_anew()
        return entry

    def end(self, entry: OverrideEntry) -> None:
        """End an override, and give back the values that were made for it.

        :raises Exception: A clean-up failed.
        """
        with self.lock:
            place = self.overrides.index(entry)
            above, given_up = self.overrides[place + 1 :], self.graphs[place + 1 :]
            del self.graphs[place + 1 :]
            for each in above:  # overrides that began later and have not ended
                self.graphs.append(self._graph_above(self.graphs[-1], each))
            self.overrides.remove(entry)
            fit = self._renew()
        if not fit:
            self._build_anew()
        collector = CollectErrors()
        nodes = {node for graph in given_up for node in graph.nodes()}
        for node in [each for each in reversed(self._opened) if each in nodes]:
            with collector, self.app.app_context():
                end = node.end
                self._opened.remove(node)
                if end is not None:
                    self.app.lifecycle.drop(end)
                    end()
        collector.raise_any("Errors at the end of an override.")

    def _graph_above(self, below: ProviderGraph, entry: OverrideEntry) -> ProviderGraph:
        return ProviderGraph(self, below, {**below.replaced, key_of(entry.provider): entry.replacement})

    def _renew(self) -> bool:
        """Compile all operations for the graph that counts now; return whether they can have it as they are."""
        fit = [each.renew(self.graph) for each in list(self.operations)]
        return all(fit)

    def _build_anew(self) -> None:
        """Let the next request build the operations anew, as a change of the settings does."""
        on_change = self.app.config.on_change
        if on_change is not None:
            on_change()

    def forget(self) -> None:
        """Be new in a forked child: the values of the parent are the parent's to use and to end."""
        self.lock = threading.RLock()
        for graph in self.graphs:
            for node in graph.nodes():
                self._inherited.append(node.value)
                node.value = MISSING
                node.end = None
                node.lock = threading.Lock()
        self._opened = []


class Renewable(t.Protocol):
    """Something that was compiled for a graph."""

    def renew(self, graph: ProviderGraph) -> bool:
        """Compile it for another graph; return whether that is enough."""


class OverrideEntry:
    """A provider in the place of another one.

    :param provider: The provider.
    :param replacement: What is called in its place.
    """

    def __init__(self, provider: object, replacement: object) -> None:
        self.provider = provider
        self.replacement = replacement


_registries: weakref.WeakSet[ProviderRegistry] = weakref.WeakSet()


def _forget_all() -> None:
    for registry in list(_registries):
        registry.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)

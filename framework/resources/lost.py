"""Marks that a request would skip: found when the application freezes, and refused.

Every function and class that ever received a mark is remembered (``marks.base``). One is lost if a routed object holds
it, or is at its name, and the operations of that object lack its marks. Objects are looked into with
``gc.get_referents`` alone: no attribute of a foreign object is read, so no proxy and no ``__getattr__`` runs.
Floor 5.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import enum
import functools
import gc
import sys
import types
import typing as t
import weakref

from ..errors import MarkLost
from ..marks.base import (
    PROVIDER_SCOPE,
    Mark,
    called,
    carried_marks,
    class_marks,
    is_inherited,
    marked_targets,
    marks_of,
    mention,
    own_marks,
    reached,
)
from ..views import MethodView, View, http_method_funcs
from .assembly import decorator_marks, overridden_methods
from .operation import Operation, place_of
from .pairs import ALL, Names, member_name, method_name, names_of
from .scaffold import Scaffold

if t.TYPE_CHECKING:
    from .router import Router

MAX_OBJECTS: t.Final = 20_000
"""The greatest number of objects beyond wrappers that one freeze looks at: a wrapper is near to what it wraps."""
MAX_WRAPPERS: t.Final = 1_000
"""The greatest number of wrappers of one view."""
MAX_HOPS: t.Final = 2
"""The greatest number of plain objects between a view and what they hold, as a registry does."""

_END = (type, types.ModuleType, types.FrameType, types.CodeType, types.TracebackType, Mark, Scaffold, str, bytes, int)
_CONTAINERS = (dict, list, tuple, set, frozenset, collections.deque, types.MappingProxyType)
_DESCRIPTORS = (staticmethod, classmethod, property, functools.partialmethod, functools.cached_property)
_OWN = (View, MethodView, object)


class MarkOwners(t.Protocol):
    """An application, as far as its marks and those of its routers are concerned."""

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks for every operation."""

    @property
    def routers(self) -> cabc.Mapping[str, Router]:
        """The routers, by the names of their mounts."""


refused: dict[int, tuple[weakref.ref[object], weakref.ref[MarkOwners]]] = {}
"""The objects for which an application was refused, by identity."""


class ReferenceKind(enum.IntEnum):
    """The way in which an object holds another one; of several in a row the last in this order counts."""

    WRAPS = 1
    """Alone, as a wrapper does: in a closure, a default, an attribute."""
    NAMES = 2
    """By the name that it has in the scope of both: it may call it."""
    SHARES = 3
    """Among others: in a container, or by an object that cannot be called."""
    GLOBAL = 4
    """By a global that a function names."""


class Routed:
    """One routed object: where the search begins, and the marks that its operations have.

    :param operation: One of its operations.
    :param starts: The objects.
    :param marks: The identities of the marks.
    :param inherited: Whether only marks count that an override inherits.
    """

    def __init__(
        self, operation: Operation, starts: cabc.Iterable[object], marks: cabc.Set[int], inherited: bool = False
    ) -> None:
        self.operation = operation
        self.starts = tuple(starts)
        self.marks = marks
        self.inherited = inherited

    def lacks(self, target: object) -> list[Mark]:
        """The marks on a function or class that the operations do not have."""
        return [
            mark
            for mark in carried_marks(target)
            if id(mark) not in self.marks and (not self.inherited or is_inherited(mark))
        ]

    def lacks_of_class(self, function: object) -> list[Mark]:
        """The marks of a class that a decorator made this one of, found by a function of it."""
        cls = self.operation.view_class
        name, marks = class_marks.get(function, ("", ())) if type(function) is types.FunctionType else ("", ())
        if cls is None or name.rpartition(".")[2] != cls.__name__:
            return []
        return [mark for mark in marks if id(mark) not in self.marks]


def check_lost_marks(app: MarkOwners, operations: tuple[Operation, ...]) -> None:
    """Refuse marks that a request would skip.

    :raises MarkLost: A decorator hides what carries them, or they are on a method that no request calls.
    """
    check_method_names(operations)
    for last in (False, True):
        message = MarkSearch(app, operations).find()
        if message is None:
            return
        if last:
            raise MarkLost(message)
        gc.collect()  # what nobody holds any more but the collector is not a mistake


def check_method_names(operations: cabc.Iterable[Operation]) -> None:
    """Refuse marks on methods of routed classes that are not called like an HTTP method.

    :raises MarkLost: There is one.
    """
    operations = tuple(operations)
    known = {id(mark) for operation in operations for mark in operation.marks}
    served: dict[type, set[str]] = {}
    for operation in operations:
        if operation.view_class is not None:
            paired = names_of(operation.rule) is not None
            served.setdefault(operation.view_class, set()).update(ALL if paired else http_method_funcs)
    names: dict[type, set[str]] = {}
    for view_class, own in served.items():
        for cls in view_class.__mro__:
            if issubclass(cls, View):
                names.setdefault(cls, set()).update(own)
    for cls, own in names.items():
        for name, member in vars(cls).items():
            function = member.__func__ if type(member) in (staticmethod, classmethod) else member
            if name in own or type(function) is not types.FunctionType:
                continue
            if any(id(mark) not in known for mark in marks_of(function)):
                raise MarkLost(
                    f"The marks on {cls.__qualname__}.{name} ({place_of(function)}) reach no operation: no HTTP method"
                    f" has that name. Rename it to one of {', '.join(sorted(http_method_funcs))}, or take the marks"
                    f" away.{' Or give the route two paths, for a list and its items.' * (name in ALL)}"
                )


class MarkSearch:
    """One search for lost marks.

    :param app: The application.
    :param operations: Its operations.
    """

    def __init__(self, app: MarkOwners, operations: tuple[Operation, ...]) -> None:
        self.app = app
        self.operations = operations
        self.of_classes: dict[type, list[Mark]] = {}
        known = {id(operation): self.known(operation) for operation in operations}
        everything = set().union(*known.values())
        self.lacking: dict[int, t.Any] = {}
        """The objects with a mark that no operation of the application has, by identity."""
        self.codes: set[types.CodeType] = set()
        """The code of the functions whose marks all reached one: a factory that is called again makes them again."""
        marked = marked_targets()
        provided = {id(source) for target in marked for mark in carried_marks(target) for source in mark.sources}
        targets = [each for each in marked if id(each) not in provided and not hasattr(each, PROVIDER_SCOPE)]
        self.targets = {id(target) for target in targets}
        for target in targets:
            if all(id(mark) in everything for mark in carried_marks(target)):
                reached[id(target)] = target
                if type(target) is types.FunctionType:
                    self.codes.add(target.__code__)
            else:
                self.lacking[id(target)] = target
        self.seen: dict[int, object] = {}
        self.routed = list(self.find_routed(known))

    def known(self, operation: Operation) -> set[int]:
        """The marks that an operation has, or that were looked at when it was made."""
        found: list[Mark] = [*operation.marks, *marks_of(operation.handler), *marks_of(operation.view), *self.app.marks]
        for name in operation.routers:
            found += self.app.routers[name].marks
        cls = operation.view_class
        if cls is not None:
            for overridden in overridden_methods(cls, operation.method, names_of(operation.rule)):
                found += marks_of(overridden)
            for base in cls.__mro__:
                if base not in self.of_classes:
                    self.of_classes[base] = [*own_marks(base), *decorator_marks(base)]
                found += self.of_classes[base]
        return {id(mark) for mark in found}

    def find_routed(self, known: cabc.Mapping[int, set[int]]) -> cabc.Iterator[Routed]:
        """The routed objects, each once."""
        done: set[tuple[int, str]] = set()
        for operation in self.operations:
            names = names_of(operation.rule)
            name = method_name(names, operation.method)
            key = (id(operation.view), "" if operation.view_class is None else name)
            if key in done:
                continue
            done.add(key)
            marks = known[id(operation)]
            cls = operation.view_class
            starts: list[object] = (
                [operation.handler] if cls is not None and operation.direct else [operation.view, operation.handler]
            )
            if cls is not None:
                first, *others = members(cls, operation.method, names)
                if first is not operation.handler:
                    starts.append(first)
                if operation.make_instance is not cls:  # with arguments, or always the same
                    starts.append(operation.make_instance)
                if others:
                    yield Routed(operation, others, marks, inherited=True)
            yield Routed(operation, starts, marks)

    def find(self) -> str | None:
        """A message on the first lost mark, or ``None``."""
        for routed in self.routed:
            message = self.look_into(routed)
            if message is not None:
                return message
        return self.look_at_names() if self.lacking else None

    # What routed objects hold.

    def look_into(self, routed: Routed) -> str | None:
        """Look at what a routed object holds, the nearest first."""
        for start in routed.starts:
            if id(start) in self.targets and routed.lacks(start):
                return self.say(start, routed)
            if routed.lacks_of_class(start):
                return self.say_of_class(start, routed)
        queue = collections.deque((start, ReferenceKind.WRAPS, 0) for start in routed.starts)
        seen = {id(start): start for start in routed.starts}  # kept, so that no other object gets the identity
        while queue:
            holder, way, hops = queue.popleft()
            for value, step in held_by(holder, everything=bool(self.lacking)):
                so_far = max(way, step)
                kind = type(value)
                if (
                    id(value) in self.targets
                    and step is not ReferenceKind.NAMES
                    and self.is_lost(value, routed, so_far)
                ):
                    return self.say(value, routed)
                if so_far is ReferenceKind.WRAPS and routed.lacks_of_class(value):
                    return self.say_of_class(value, routed)
                if issubclass(kind, _END):
                    continue
                # What is held among others is looked at once for all views.
                wraps = so_far is ReferenceKind.WRAPS and is_wrapper(value)
                known, most = (seen, MAX_WRAPPERS) if wraps else (self.seen, MAX_OBJECTS)
                farther = hops + (not is_wrapper(value) and not issubclass(kind, _CONTAINERS))
                if farther <= MAX_HOPS and len(known) < most and id(value) not in known:
                    known[id(value)] = value
                    queue.append((value, so_far, farther))
        return None

    def is_lost(self, target: object, routed: Routed, way: ReferenceKind) -> bool:
        """Return whether a routed object that holds a marked function or class lacks its marks."""
        if not routed.lacks(target):
            return False
        if way is ReferenceKind.WRAPS:
            return True
        # Held with others, as by a registry: it may belong to another view, or to another application.
        if isinstance(target, type) or id(target) not in self.lacking or self.is_elsewhere(target):
            return False
        return way is ReferenceKind.SHARES or at_name(target) is not target

    def is_elsewhere(self, target: object) -> bool:
        """Return whether the marks reached an operation of another application, or the same code is made anew in
        this one."""
        seen, app = refused.get(id(target), (None, None))
        if seen is not None and app is not None and seen() is target and app() is not self.app:
            return True
        return id(target) in reached or (type(target) is types.FunctionType and target.__code__ in self.codes)

    # What stands at the names of marked functions.

    def look_at_names(self) -> str | None:
        """Look at what is now where a marked function or class was defined."""
        views = {id(each.operation.view): each for each in self.routed if not each.inherited}
        views |= {id(each.operation.handler): each for each in self.routed if not each.inherited}
        classes = dict.fromkeys(each.operation.view_class for each in self.routed if each.operation.view_class)
        owners: dict[tuple[str, str], list[tuple[type, type]]] = {}
        for view_class in classes:
            for base in view_class.__mro__:
                owners.setdefault((base.__module__, base.__qualname__), []).append((base, view_class))
        for target in self.lacking.values():
            if not issubclass(type(target), (types.FunctionType, type)) or self.is_elsewhere(target):
                continue
            owner, _, name = target.__qualname__.rpartition(".")
            found: Routed | None = None
            for base, view_class in owners.get((target.__module__, owner), ()):
                found = found or self.at_method(target, base, view_class, name)
            now = at_name(target)
            if found is None and now is not target and not is_defined_as(now, target):
                found = views.get(id(now))
            if found is not None and found.lacks(target):
                return self.say(target, found)
        return None

    def at_method(self, target: types.FunctionType, base: type, view_class: type, name: str) -> Routed | None:
        """The routed object whose class has something else in place of a marked method."""
        now = vars(base).get(name)
        if now is target or now is None or is_defined_as(now, target):
            return None
        for routed in self.routed:
            if routed.operation.view_class is view_class and any(start is now for start in routed.starts):
                return routed
        return None

    def say(self, target: object, routed: Routed) -> str:
        """The message on a function, class or object that is lost."""
        refused[id(target)] = (weakref.ref(target), weakref.ref(self.app))
        return message(called(target), place_of(target), routed, routed.lacks(target), isinstance(target, type))

    def say_of_class(self, function: t.Any, routed: Routed) -> str:
        """The message on a class of which another one was made."""
        return message(class_marks[function][0], place_of(function), routed, routed.lacks_of_class(function), True)


def message(name: str, where: str, routed: Routed, marks: list[Mark], is_class: bool) -> str:
    """Return what is lost, where, and what to do."""
    operation = routed.operation
    if is_class:
        remedy = (
            "A decorator above them returns another class that does not carry them. Let it return the class that it"
            " was given, or a subclass, or put the marks above it."
        )
    else:
        remedy = (
            "A decorator above them returns something that does not carry them. Put functools.wraps(function) on the"
            " wrapper inside that decorator, or put the marks above it."
        )
    return (
        f"The marks on {name} ({where}) are lost: {', '.join(map(mention, marks))}. {operation.address}"
        f" calls {called(operation.handler)} ({place_of(operation.handler)}), which does not have"
        f" them. {remedy}"
    )


def members(view_class: type[View], method: str, names: Names | None = None) -> list[object]:
    """Return what the class and its bases have for a method, as they are there, the nearest first."""
    name = member_name(view_class, method, names)
    found = [vars(cls)[name] for cls in view_class.__mro__ if name in vars(cls) and cls not in _OWN]
    return found or [None]


def is_wrapper(value: object) -> bool:
    """Return whether an object may wrap another one; what is called, and descriptors, which are called once they are
    bound."""
    return callable(value) or issubclass(type(value), (*_DESCRIPTORS, types.CellType))


def held_by(holder: t.Any, *, everything: bool) -> cabc.Iterator[tuple[object, ReferenceKind]]:
    """Return what an object holds, and how.

    :param holder: It.
    :param everything: Whether what it holds among others counts too.
    """
    kind = type(holder)
    if kind is types.FunctionType:
        yield from held_by_function(holder, everything)
    elif issubclass(kind, _CONTAINERS):
        is_module = issubclass(kind, dict) and dict.__contains__(holder, "__builtins__")
        if everything and not is_module and kind.__len__(holder) < MAX_OBJECTS:
            yield from ((value, ReferenceKind.SHARES) for value in gc.get_referents(holder))
    elif issubclass(kind, functools.partial):
        parts = gc.get_referents(holder)
        for part in (*parts, *(inner for each in parts if type(each) in (tuple, dict) for inner in members_of(each))):
            yield part, ReferenceKind.WRAPS
    else:
        attributes = attributes_of(holder)
        way = ReferenceKind.WRAPS if is_wrapper(holder) else ReferenceKind.SHARES
        if attributes:
            yield from ((value, way) for value in list(attributes.values()))
        for value in gc.get_referents(holder):
            if value is not kind and value is not attributes:
                yield value, way
        for cls in kind.__mro__:
            method = vars(cls).get("__call__")
            if type(method) is types.FunctionType:
                yield method, ReferenceKind.WRAPS
                break


def members_of(container: tuple[object, ...] | dict[t.Any, object]) -> cabc.Iterable[object]:
    """The values in a tuple or a dict."""
    return tuple(container.values()) if isinstance(container, dict) else container


def attributes_of(holder: object) -> dict[str, object] | None:
    """The attributes of an object, unless its class finds them in another way, as proxies do."""
    for cls in type(holder).__mro__:
        descriptor = vars(cls).get("__dict__")
        if descriptor is not None:
            found = descriptor.__get__(holder) if type(descriptor) is types.GetSetDescriptorType else None
            return found if type(found) is dict else None
    return None


def held_by_function(function: types.FunctionType, everything: bool) -> cabc.Iterator[tuple[object, ReferenceKind]]:
    """Return what a function holds: in its closure, its defaults, its attributes, and in containers among its
    globals."""
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
        if name != "__class__":
            yield value, ReferenceKind.NAMES if is_called_by_name(code, name, value) else ReferenceKind.WRAPS
    keywords = function.__kwdefaults__ or {}
    for value in (*(function.__defaults__ or ()), *keywords.values(), *list(function.__dict__.values())):
        yield value, ReferenceKind.WRAPS
    if everything:
        for name in sorted(names_in(code)):
            value = function.__globals__.get(name)
            kind = type(value)
            if kind is not types.FunctionType and not issubclass(kind, _END) and gc.is_tracked(value):
                yield value, ReferenceKind.GLOBAL


def names_in(code: types.CodeType) -> set[str]:
    """The names of globals and attributes in a function, those within it included."""
    names = set(code.co_names)
    for inner in code.co_consts:
        if type(inner) is types.CodeType:
            names |= names_in(inner)
    return names


def is_called_by_name(code: types.CodeType, name: str, value: t.Any) -> bool:
    """Return whether a function refers to a neighbour by its name: both are in one scope, so that it may call it."""
    if type(value) is not types.FunctionType and not issubclass(type(value), type):
        return False
    scope, _, own = value.__qualname__.rpartition(".")
    inside = code.co_qualname.removeprefix(f"{scope}.")
    return own == name and inside != code.co_qualname and "<locals>" not in inside


def at_name(target: t.Any) -> object:
    """Return what is now in a module where a function or class was defined; ``None`` if that is not known."""
    kind = type(target)
    if not issubclass(kind, (types.FunctionType, type)) or "<locals>" in target.__qualname__:
        return None
    found: object = sys.modules.get(target.__module__)
    for part in target.__qualname__.split("."):
        if not issubclass(type(found), (types.ModuleType, type)):
            return None
        found = vars(found).get(part)
    return found


def is_defined_as(now: t.Any, target: t.Any) -> bool:
    """Return whether the object at the name of a function was defined there, in its place, and is not a wrapper."""
    if type(now) is types.FunctionType:
        return bool(now.__code__.co_qualname == target.__qualname__)
    return issubclass(type(now), type)

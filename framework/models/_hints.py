"""The annotations of a class, resolved: forward references, classes local to a function, type parameters.

Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import inspect
import sys
import types
import typing as t

from ._faults import called, fault
from ._missing import Missing

_ALIAS: t.Final = "TypeAliasType"
"""The class of aliases, of typing from Python 3.12 on and of typing_extensions."""
_QUALIFIERS: t.Final = frozenset(
    each for each in (t.Required, t.NotRequired, t.Final, getattr(t, "ReadOnly", None)) if each is not None
)
_UNIONS: t.Final = (t.Union, types.UnionType)
_ROUNDS: t.Final = 100


@dataclasses.dataclass(slots=True)
class Peeled:
    """An annotation without its wrappers.

    :ivar kind: The annotation that is left; of a union, see :attr:`arms`.
    :ivar metadata: The members of ``Annotated``, the innermost first.
    :ivar arms: The members of a union of several kinds, without ``None`` and ``Missing``; empty for another.
    :ivar required: What ``Required`` or ``NotRequired`` say; ``None`` where neither is there.
    """

    kind: t.Any
    metadata: tuple[object, ...] = ()
    arms: tuple[t.Any, ...] = ()
    allow_none: bool = False
    may_miss: bool = False
    required: bool | None = None


def peel(annotation: object) -> Peeled:
    """Take an annotation out of its wrappers: ``Annotated``, ``NewType``, aliases, ``| None``, ``| Missing``."""
    made = Peeled(annotation)
    while True:
        kind, origin = made.kind, t.get_origin(made.kind)
        if origin is t.Annotated:
            made.metadata = (*kind.__metadata__, *made.metadata)
            made.kind = kind.__origin__
        elif isinstance(kind, t.NewType):
            made.kind = kind.__supertype__
        elif type(kind).__name__ == _ALIAS:
            made.kind = kind.__value__
        elif type(origin).__name__ == _ALIAS:
            made.kind = t.cast(t.Any, origin).__value__[t.get_args(kind)]
        elif origin in _QUALIFIERS:
            made.required = True if origin is t.Required else False if origin is t.NotRequired else made.required
            made.kind = t.get_args(kind)[0]
        elif isinstance(kind, dataclasses.InitVar):
            made.kind = kind.type
        elif origin in _UNIONS:
            arms = [each for each in t.get_args(kind) if each is not type(None) and each is not Missing]
            made.allow_none = made.allow_none or type(None) in t.get_args(kind)
            made.may_miss = made.may_miss or Missing in t.get_args(kind)
            if len(arms) != 1:
                made.arms = tuple(arms)
                return made
            made.kind = arms[0]
        elif origin is t.Literal and None in t.get_args(kind) and len(t.get_args(kind)) > 1:
            made.allow_none = True
            made.kind = t.Literal[tuple(each for each in t.get_args(kind) if each is not None)]
        else:
            return made


def hints_of(cls: type) -> dict[str, t.Any]:
    """Return the resolved annotations of a class and its bases.

    A name that the module does not have is looked for in the functions of that module that are running: where the class
    or the mark is written.

    :raises SetupError: A name leads nowhere, or an annotation is not a type.
    """
    names: dict[str, object] = {}
    for _ in range(_ROUNDS):
        try:
            return t.get_type_hints(cls, localns=names, include_extras=True)
        except NameError as error:
            name = error.name or ""
            found = _local(name, cls)
            if not name or name in names or found is None:
                raise fault(
                    cls,
                    _member_naming(cls, name),
                    f"the annotation names {name!r}, which is not defined here. Import it outside of"
                    " 'if TYPE_CHECKING', or define it above the first use of the class.",
                ) from None
            names[name] = found[0]
        except (TypeError, SyntaxError, AttributeError) as error:
            raise fault(cls, "", f"an annotation is not a type ({error}). Write each as a type.") from error
    raise fault(cls, "", "its annotations name too many local classes. Move them to the module.")


def _local(name: str, cls: type) -> tuple[object] | None:
    """Find a name in the functions of the class's module that are running; ``None`` where no one has it."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == cls.__module__ and name in frame.f_locals:
            return (frame.f_locals[name],)
        frame = frame.f_back
    return (cls,) if name == cls.__name__ else None


def _member_naming(cls: type, name: str) -> str:
    """Return the member whose annotation has a name in it, for messages; empty where it cannot be found."""
    for base in cls.__mro__:
        for member, annotation in own_annotations(base).items():
            text = annotation.__forward_arg__ if isinstance(annotation, t.ForwardRef) else annotation
            if name and name in (text if isinstance(text, str) else repr(text)):
                return member
    return ""


def own_annotations(cls: type) -> cabc.Mapping[str, object]:
    """Return the annotations that a class itself has, unresolved."""
    try:
        return inspect.get_annotations(cls)
    except NameError:  # Python 3.14, which evaluates them when they are read
        return {}


def arguments_by_name(cls: type, arguments: tuple[object, ...]) -> dict[str, dict[object, object]]:
    """Return the values of type parameters for each member of a class, by the base that declares it.

    :param arguments: The arguments of the class itself: ``(Pet,)`` of ``Page[Pet]``.
    :raises SetupError: There are more or fewer than the class has parameters.
    """
    parameters = getattr(cls, "__parameters__", ())
    if arguments and len(arguments) != len(parameters):
        raise fault(cls, "", f"it takes {len(parameters)} type arguments, not {len(arguments)}.")
    by_base: dict[type, dict[object, object]] = {cls: dict(zip(parameters, arguments, strict=bool(arguments)))}
    todo = [cls]
    while todo:
        current = todo.pop()
        for alias in vars(current).get("__orig_bases__", ()):
            base = t.get_origin(alias)
            if isinstance(base, type) and base is not t.Generic:
                given = [substituted(each, by_base[current]) for each in t.get_args(alias)]
                by_base[base] = dict(zip(getattr(base, "__parameters__", ()), given, strict=False))
                todo.append(base)
    found: dict[str, dict[object, object]] = {}
    for base in reversed(cls.__mro__):
        for name in own_annotations(base):
            found[name] = by_base.get(base, by_base[cls] if base is cls else {})
    return found


def substituted(annotation: t.Any, values: cabc.Mapping[object, object]) -> t.Any:
    """Return an annotation with type parameters replaced."""
    if isinstance(annotation, t.TypeVar):
        return values.get(annotation, annotation)
    parameters = getattr(annotation, "__parameters__", ())
    if not parameters or (isinstance(annotation, type) and not hasattr(annotation, "__origin__")):
        return annotation
    return annotation[tuple(values.get(each, each) for each in parameters)]


def name_of(cls: type, arguments: tuple[object, ...]) -> str:
    """Return the name of a class with its type arguments, as one word: ``PagePet`` of ``Page[Pet]``."""
    return cls.__name__ + "".join(_word(each) for each in arguments)


def _word(annotation: object) -> str:
    text = called(annotation)
    return "".join(part[:1].upper() + part[1:] for part in "".join(c if c.isalnum() else " " for c in text).split())

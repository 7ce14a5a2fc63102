"""Annotations compared when the application freezes: whether a value that is given fits the parameter that takes it.

Only what surely does not fit is refused; what cannot be evaluated or compared passes.
Not here: what a provider gives (``marks.providers._sources``).
Floor 4.
"""

from __future__ import annotations

import contextlib
import inspect
import types
import typing as t

from ..._sentinel import MISSING

Annotation: t.TypeAlias = object
"""A type as an annotation names it, or ``MISSING`` where there is none, or none that can be evaluated."""


def resolved(raw: object, function: object) -> Annotation:
    """Return an annotation of a function, evaluated if it is text.

    :param raw: As it is written.
    :param function: The function, in whose scope its names are.
    """
    if raw is inspect.Parameter.empty or raw is MISSING:
        return MISSING
    inner = inspect.unwrap(function) if callable(function) else function
    closure: dict[str, object] = {}
    with contextlib.suppress(TypeError, ValueError):
        closure = dict(inspect.getclosurevars(inner).nonlocals)  # type: ignore[arg-type]
    names = getattr(inner, "__globals__", None) or vars(inspect.getmodule(inner) or types)
    holder = types.SimpleNamespace(__annotations__={"it": raw})
    try:
        return t.get_type_hints(holder, {**names, **closure})["it"]
    except Exception:  # noqa: BLE001 - it names what is imported for types alone, or is not a type
        return MISSING


def fits(given: Annotation, wanted: Annotation) -> bool:
    """Return whether a value of one type may be passed where another type is annotated, as far as that can be known."""
    given, wanted = _plain(given), _plain(wanted)
    if any(each is MISSING or each is t.Any or isinstance(each, (t.TypeVar, str)) for each in (given, wanted)):
        return True
    if wanted is object or given == wanted:
        return True
    if _is_union(given):
        return all(fits(each, wanted) for each in t.get_args(given))
    if _is_union(wanted):
        return any(fits(given, each) for each in t.get_args(wanted))
    if t.get_origin(given) is t.Literal:
        return all(fits(type(each), wanted) for each in t.get_args(given))
    return _is_subclass(t.get_origin(given) or given, t.get_origin(wanted) or wanted)


def without_none(annotation: Annotation) -> Annotation:
    """Return a type without ``None``, where it is one of several."""
    rest = [each for each in t.get_args(annotation) if each is not type(None)] if _is_union(annotation) else []
    return t.Union[tuple(rest)] if rest else annotation


def _plain(annotation: Annotation) -> Annotation:
    while isinstance(annotation, t.NewType):
        annotation = annotation.__supertype__
    return type(None) if annotation is None else annotation


def _is_union(annotation: Annotation) -> bool:
    return t.get_origin(annotation) in (t.Union, types.UnionType)


_NUMBERS: t.Final = {(int, float), (int, complex), (float, complex)}


def _is_subclass(given: object, wanted: object) -> bool:
    if not isinstance(given, type) or not isinstance(wanted, type):
        return True
    if t.is_typeddict(given) or t.is_typeddict(wanted) or getattr(wanted, "_is_protocol", False):
        return True
    try:
        return issubclass(given, wanted) or (given, wanted) in _NUMBERS
    except TypeError:
        return True


def shown(annotation: Annotation) -> str:
    """Return a type as messages name it."""
    if isinstance(annotation, type) and t.get_origin(annotation) is None:
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return str(annotation).replace("typing.", "")

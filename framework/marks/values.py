"""``ValueMark``: the base of marks that pass one value to the handler by position, typed.

Not here: the place of the value at run time (``Plan.take_slot``). Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from .base import Mark

if t.TYPE_CHECKING:
    from marshmallow import Schema
    from marshmallow.fields import List

    from ..fields import AnyField, OneOf

    PlainSchema: t.TypeAlias = (
        Schema | type[Schema] | cabc.Mapping[str, AnyField | type[AnyField]] | OneOf | List[t.Any]
    )
    """A schema that does not tell a type checker what it loads and dumps."""

_T = t.TypeVar("_T")


class ValueMark(Mark, t.Generic[_T]):
    """A mark that passes one value of the type ``T`` to the handler, by position.

    A type checker refuses it as the decorator of a handler that does not take a ``T``, and keeps the signature of one
    that does. Up to five such marks may be above one another. At run time it is a
    :class:`~framework.marks.base.Mark` like all others.
    """

    if t.TYPE_CHECKING:
        _Class = t.TypeVar("_Class")
        _Self = t.TypeVar("_Self")
        _A = t.TypeVar("_A")
        _B = t.TypeVar("_B")
        _C = t.TypeVar("_C")
        _D = t.TypeVar("_D")
        _P = t.ParamSpec("_P")
        _R = t.TypeVar("_R")

        # It takes fewer targets than Mark, which is its purpose. In front of the value are ``self`` and the values of
        # the marks above this one. Those with ``...`` are for handlers with ``**values``, which mypy fits to no
        # ParamSpec. The usual case is first and last: mypy explains a refusal by the first, pyright by the last.
        @t.overload  # type: ignore[override]
        def __call__(self, target: type[_Class]) -> type[_Class]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _T, _P], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _T, _P], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_T, _P], _R]
        ) -> cabc.Callable[t.Concatenate[_T, _P], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _A, _T, _P], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _A, _T, _P], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _A, _B, _T, _P], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _A, _B, _T, _P], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _A, _B, _C, _T, _P], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _A, _B, _C, _T, _P], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _A, _B, _C, _D, _T, _P], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _A, _B, _C, _D, _T, _P], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _A, _B, _C, _D, _T, ...], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _A, _B, _C, _D, _T, ...], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _A, _B, _C, _T, ...], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _A, _B, _C, _T, ...], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _A, _B, _T, ...], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _A, _B, _T, ...], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _A, _T, ...], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _A, _T, ...], _R]: ...
        @t.overload
        def __call__(  # type: ignore[overload-cannot-match]
            self, target: cabc.Callable[t.Concatenate[_T, ...], _R]
        ) -> cabc.Callable[t.Concatenate[_T, ...], _R]: ...
        @t.overload
        def __call__(
            self, target: cabc.Callable[t.Concatenate[_Self, _T, ...], _R]
        ) -> cabc.Callable[t.Concatenate[_Self, _T, ...], _R]: ...
        def __call__(self, target: object) -> object: ...

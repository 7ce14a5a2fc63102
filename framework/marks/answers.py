"""The types of marks that declare answers, with which a type checker compares what handlers return.

They exist for type checkers alone, and are not imported when an application runs: there such a mark is a
:class:`~framework.marks.base.Mark`. Not here: what a mark does with the result (``marks.responses``). Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t
from http import HTTPStatus

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..http.response import PreparedResponse
from .base import Mark

if t.TYPE_CHECKING:
    from ..typing import HeadersValue

_A = t.TypeVar("_A")
_T = t.TypeVar("_T")
_Class = t.TypeVar("_Class")
_P = t.ParamSpec("_P")
_Q = t.ParamSpec("_Q")
_R = t.TypeVar("_R")
_R_co = t.TypeVar("_R_co", covariant=True)
_A_co = t.TypeVar("_A_co", covariant=True)
_Self = t.TypeVar("_Self")

Usual: t.TypeAlias = t.Literal[200, 201, HTTPStatus.OK, HTTPStatus.CREATED]
"""The statuses of values that a handler returns without one."""

Finished: t.TypeAlias = Response | PreparedResponse | HTTPException
"""An answer as it is."""

Returned: t.TypeAlias = "_T | Finished | tuple[_T, int] | tuple[_T, HeadersValue] | tuple[_T, int, HeadersValue]"
"""What a handler may return where a value is declared: it, with a status, headers or both; or a finished answer."""

ReturnedBelow: t.TypeAlias = "tuple[object, int] | tuple[object, int, HeadersValue] | None"
"""What a handler may return where marks below declare more answers."""


class Selectable(t.Protocol):
    """A query whose rows are the items of a list, such as a ``Select`` of SQLAlchemy."""

    def limit(self, limit: t.Any, /) -> object: ...
    def offset(self, offset: t.Any, /) -> object: ...


ReturnedItems: t.TypeAlias = cabc.Iterable[_T] | Selectable
"""What a handler may return where a list is declared."""


class Returning(t.Protocol[_P, _R_co, _A_co]):
    """A function that returns an ``R``, and that may do so: each ``R`` is an ``A``.

    A function is an instance of it if it fits to both signatures, so that the type of its result is taken from the
    first one, and compared with the second one.
    """

    @t.overload
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
    @t.overload
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _A_co: ...  # type: ignore[overload-cannot-match]


class Several(t.Protocol[_P, _R_co]):
    """A handler that returns an ``R``, of which marks have declared a part, and marks above them declare the rest."""

    has_several_answers: bool

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
    @t.overload
    def __get__(self, instance: None, owner: object) -> cabc.Callable[_P, _R_co]: ...
    @t.overload
    def __get__(
        self: Several[t.Concatenate[_Self, _Q], _R], instance: _Self, owner: object
    ) -> cabc.Callable[_Q, _R]: ...


class ReturningSeveral(Returning[_P, _R_co, _A_co], t.Protocol[_P, _R_co, _A_co]):
    """The same as :class:`Returning`, for a handler with several answers."""

    has_several_answers: bool


class AnswerMark(Mark, t.Generic[_A]):
    """A mark that declares the answer of a handler: as a decorator it takes one that returns an ``A``."""

    if t.TYPE_CHECKING:

        @t.overload  # type: ignore[override]
        def __call__(self, target: type[_Class]) -> type[_Class]: ...
        @t.overload
        def __call__(
            self,
            target: ReturningSeveral[_P, _R, _A | ReturnedBelow | cabc.Coroutine[t.Any, t.Any, _A | ReturnedBelow]],
        ) -> Several[_P, _R]: ...
        @t.overload
        def __call__(
            self, target: Returning[_P, _R, _A | cabc.Coroutine[t.Any, t.Any, _A]]
        ) -> cabc.Callable[_P, _R]: ...
        def __call__(self, target: object) -> object: ...


class OtherAnswerMark(Mark, t.Generic[_A]):
    """A mark that declares one more answer: ``None``, or one that is returned with its status.

    It takes every handler. For marks above it, what they do not declare may be declared below.
    """

    if t.TYPE_CHECKING:

        @t.overload  # type: ignore[override]
        def __call__(self, target: type[_Class]) -> type[_Class]: ...
        @t.overload
        def __call__(
            self, target: Returning[_P, _R, _A | cabc.Coroutine[t.Any, t.Any, _A]]
        ) -> cabc.Callable[_P, _R]: ...
        @t.overload
        def __call__(self, target: cabc.Callable[_P, _R]) -> Several[_P, _R]: ...
        def __call__(self, target: object) -> object: ...

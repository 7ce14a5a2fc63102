"""``raises``: the errors that an operation may answer with. Nothing is done at run time.

The headers that the framework sends with its errors are declared here alone: the record of an operation has
them in its outcomes (``resources.assembly``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import msgspec
from werkzeug.exceptions import HTTPException, default_exceptions

from .. import errors, fields
from ..errors import APIError, SetupError, by_status
from ..texts import message
from .base import Header, Mark, Outcome, Plan, Record, marks_of, reached


def _implied(name: str, description: str, *, required: bool = False) -> Header:
    return Header(name, fields.String(), description, required=required, implied=True)


_RETRY_AFTER: t.Final = _implied("Retry-After", message("headers.retry_after"))
_IMPLIED_HEADERS: t.Final[cabc.Mapping[type[APIError], tuple[Header, ...]]] = {
    errors.MethodNotAllowed: (_implied("Allow", message("headers.allow"), required=True),),
    errors.UnsupportedMediaType: (
        _implied("Accept", message("headers.accept")),
        _implied("Accept-Encoding", message("headers.accept_encoding")),
    ),
    errors.Unauthorized: (_implied("WWW-Authenticate", message("headers.www_authenticate")),),
    errors.TooManyRequests: (_RETRY_AFTER,),
    errors.ServiceUnavailable: (_RETRY_AFTER,),
}
"""The headers of the framework's own errors, those of subclasses too."""


class RaisesMark(Mark):
    """Errors of the operation; see :func:`raises`."""

    def __init__(self, classes: tuple[type[APIError], ...]) -> None:
        self.classes = classes
        self.outcomes = tuple(error_outcome(cls) for cls in classes)

    def __repr__(self) -> str:
        return f"raises({', '.join(cls.__name__ for cls in self.classes)})"

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        return self.outcomes


def raises(*errors: type[HTTPException] | int) -> RaisesMark:
    """Declare the errors that the operation raises.

    :param errors: Classes of ``framework.errors`` or your own subclasses; a werkzeug class or a status means ours.
    :raises SetupError: One is not an error class.
    """
    return RaisesMark(tuple(own_error(error) for error in errors))


def raised_by(function: cabc.Callable[..., object]) -> cabc.Iterator[Outcome]:
    """Yield the errors that a function declares which a mark was given, such as one that finds a user.

    :param function: The function, with or without ``raises`` above it.
    """
    for mark in marks_of(function):
        if isinstance(mark, RaisesMark):
            reached[id(function)] = function  # its mark is not lost
            yield from mark.outcomes


def own_error(error: type[HTTPException] | int | t.Any) -> type[APIError]:
    """The error class that is meant.

    :raises SetupError: It is not an HTTP error.
    """
    if isinstance(error, int) and error in by_status:
        return by_status[error]
    if isinstance(error, type) and issubclass(error, APIError) and error.code is not None:
        return error
    if isinstance(error, type) and issubclass(error, HTTPException) and error in default_exceptions.values():
        return by_status[t.cast(int, error.code)]
    raise SetupError(
        f"{error!r} cannot be declared. Give a class of framework.errors, or a subclass of one, like"
        " class PetNotFound(NotFound)."
    )


def error_outcome(error: type[APIError]) -> Outcome:
    """The outcome of an error class."""
    return Outcome(status=t.cast(int, error.code), error=error)


def with_implied_headers(outcome: Outcome) -> Outcome:
    """Return an outcome with the headers that the framework sends with its error class; declared ones stay."""
    if outcome.error is None:
        return outcome
    implied = next((found for cls, found in _IMPLIED_HEADERS.items() if issubclass(outcome.error, cls)), ())
    headers = {header.name.lower(): header for header in (*implied, *outcome.headers)}
    return msgspec.structs.replace(outcome, headers=tuple(headers.values()))

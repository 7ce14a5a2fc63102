"""``raises``: the errors that an operation may answer with. Nothing is done at run time.

Floor 4: imports ``marks.base``, ``errors`` (floor 0).
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from werkzeug.exceptions import HTTPException, default_exceptions

from ..errors import APIError, SetupError, by_status
from .base import Mark, Outcome, Plan, Record


class RaisesMark(Mark):
    """Errors of the operation; see :func:`raises`."""

    def __init__(self, classes: tuple[type[APIError], ...]) -> None:
        self.classes = classes

    def __repr__(self) -> str:
        return f"raises({', '.join(cls.__name__ for cls in self.classes)})"

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        return tuple(error_outcome(cls) for cls in self.classes)


def raises(*errors: type[HTTPException] | int) -> RaisesMark:
    """Declare the errors that the operation raises.

    :param errors: Classes of ``framework.errors`` or your own subclasses; a werkzeug class or a status stands for ours.
    :raises SetupError: One is no error class.
    """
    return RaisesMark(tuple(own_error(error) for error in errors))


def own_error(error: type[HTTPException] | int | t.Any) -> type[APIError]:
    """The error class that is meant.

    :raises SetupError: It is no HTTP error.
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
    """The outcome that an error class stands for."""
    return Outcome(status=t.cast(int, error.code), error=error)

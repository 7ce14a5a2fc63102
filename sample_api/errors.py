"""What goes wrong, and how it is told: ``{"errors": {"<what>": ["<message>", ...]}}``."""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from werkzeug.exceptions import HTTPException

from framework import App, Schema, fields
from framework.errors import Forbidden, NotFound, Unauthorized, ValidationFailed

CHALLENGE = {"WWW-Authenticate": 'Token realm="Conduit"'}  # a 401 says how to do better: RFC 9110, section 15.5.2


class TokenMissing(Unauthorized):
    """The request carries no token."""

    about = "token"
    description = "is missing"


class BadToken(Unauthorized):
    """The request carries a token that is not good."""

    about = "token"
    description = "is invalid or has expired"


class BadCredentials(Unauthorized):
    """No user has this email and password."""

    about = "credentials"

    def __init__(self, description: str = "are invalid") -> None:
        super().__init__(description, headers=CHALLENGE)


class ProfileNotFound(NotFound):
    """Nobody has this username."""

    about = "profile"

    def __init__(self, description: str = "not found") -> None:
        super().__init__(description)


class ArticleNotFound(NotFound):
    """No article has this slug."""

    about = "article"

    def __init__(self, description: str = "not found") -> None:
        super().__init__(description)


class CommentNotFound(NotFound):
    """The article has no comment with this id."""

    about = "comment"

    def __init__(self, description: str = "not found") -> None:
        super().__init__(description)


class NotTheAuthor(Forbidden):
    """Only its author may change or delete it."""

    about = "author"

    def __init__(self, description: str = "is somebody else") -> None:
        super().__init__(description)


ABOUT = {400: "body", 413: "body", 415: "body"}
"""What an error of the framework is about, by status; for all others it is the request."""


class ErrorSchema(Schema):
    """What is wrong: names of fields (or of other parts of the request), and messages for each."""

    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"example": {"body": ["can't be empty"]}},
    )


def init_app(app: App) -> None:
    """Give every error the shape of the specification, here and in the document."""
    app.render_error(ErrorSchema, media_type="application/json")(render_error)


def render_error(error: HTTPException) -> dict[str, dict[str, list[str]]]:
    """An error as the data of :class:`ErrorSchema`."""
    by_location = getattr(error, "errors", None)
    if by_location:
        return {"errors": flatten(by_location)}
    about = getattr(error, "about", None) or ABOUT.get(error.code or 500, "request")
    return {"errors": {about: [str(error.description)]}}


def flatten(by_location: cabc.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """The messages of a validation by the names that a form shows.

    ``{"json": {"user": {"email": ["..."]}}}`` becomes ``{"email": ["..."]}``: the location and the object around all
    members are left out; an element of a list is ``tagList.0``.
    """
    flat: dict[str, list[str]] = {}

    def walk(messages: t.Any, path: tuple[str, ...]) -> None:
        if isinstance(messages, cabc.Mapping):
            for name, inner in messages.items():
                # "_schema" is marshmallow's word for the object as a whole.
                walk(inner, path if name == "_schema" else (*path, str(name)))
        else:
            location, *names = path
            # A body is one member that holds all others; the member itself is named where it is what is wrong.
            shown = names[1:] if location == "json" and len(names) > 1 else names
            given = messages if isinstance(messages, (list, tuple)) else [messages]
            flat.setdefault(".".join(shown) or "body", []).extend(str(message) for message in given)

    for location, messages in by_location.items():
        walk(messages, (location,))
    return flat


def taken(member: str, names: cabc.Iterable[str]) -> ValidationFailed:
    """The error for values that somebody else has.

    :param member: The member of the body that holds the fields.
    :param names: The fields.
    """
    return ValidationFailed({"json": {member: {name: ["has already been taken"] for name in names}}})

"""``Link``: how a value of one answer is the input of another operation, and the runtime expressions that say so.

Not here: which operation a link leads to (``resources.links``) and its JSON (``openapi.document._answers``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t

from .._sentinel import MISSING
from ..errors import SetupError

# OpenAPI 3.1, section 4.8.20.4; names of headers are tokens (RFC 9110), pointers follow RFC 6901.
_EXPRESSION = re.compile(
    r"\$(?:url|method|statusCode"
    r"|(?:request|response)\.(?:header\.[!#$%&'*+.^_`|~0-9A-Za-z-]+|(?:query|path)\.[^{}]+"
    r"|body(?:#(?:/(?:[^~/{}]|~[01])*)*)?))"
)
_EMBEDDED = re.compile(r"\{([^{}]*)\}")


def is_expression(text: str) -> bool:
    """Return whether a text is a runtime expression, like ``$response.body#/id``."""
    return _EXPRESSION.fullmatch(text) is not None


def expressions_in(text: str) -> list[str]:
    """The runtime expressions in a text: itself where it begins with ``$``, otherwise those in braces."""
    return [text] if text.startswith("$") else _EMBEDDED.findall(text)


def check_expressions(text: str, what: str) -> None:
    """Refuse a text with something in it that should be a runtime expression and is none.

    :param what: What the text is for, in the message.
    :raises SetupError: It holds one that OpenAPI does not know.
    """
    wrong = [each for each in expressions_in(text) if not is_expression(each)]
    if wrong or text.count("{") != len(_EMBEDDED.findall(text)) or text.count("}") != len(_EMBEDDED.findall(text)):
        raise SetupError(
            f"{wrong[0] if wrong else text!r} in {what} is not a runtime expression. Write one like"
            " '$response.body#/id', '$request.path.pet_id' or '$response.header.Location'; within a text in braces."
        )


class Link:
    """From an answer to an operation that can be called next.

    :param target: The operation: its ``operationId``, a view class, or an endpoint (``".Pet"`` for one of the same
        router). What it names is looked up when the application freezes.
    :param parameters: What its parameters are: runtime expressions like ``"$response.body#/id"``, texts with such in
        braces, or constants. A parameter whose name is in several places is named ``"query.page"``.
    :param method: The method, where the target is a class or an endpoint.
    :param body: Likewise the request's body. Default: nothing is declared.
    :param description: What one gets there: CommonMark.
    :raises SetupError: An expression is none.
    """

    __slots__ = ("body", "description", "method", "parameters", "target")

    def __init__(
        self,
        target: str | type,
        parameters: cabc.Mapping[str, t.Any] | None = None,
        *,
        method: str = "GET",
        body: object = MISSING,
        description: str = "",
    ) -> None:
        self.target = target
        self.parameters = dict(parameters or {})
        self.method = method.upper()
        self.body = body
        self.description = description
        for value in (*self.parameters.values(), *([] if body is MISSING else [body])):
            if isinstance(value, str):
                check_expressions(value, repr(self))

    def __repr__(self) -> str:
        name = self.target.__name__ if isinstance(self.target, type) else repr(self.target)
        return f"Link({name}, {self.parameters!r})"


LinkLike: t.TypeAlias = Link | str | type


def as_links(links: cabc.Mapping[str, LinkLike] | None) -> tuple[tuple[str, Link], ...]:
    """Links by name; a mere target has no parameters."""
    return tuple((name, value if isinstance(value, Link) else Link(value)) for name, value in (links or {}).items())

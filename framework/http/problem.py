"""The form in which errors are sent: RFC 9457, ``application/problem+json``.

Not here: who handles an error (``app._app``), how it is described (``openapi``).
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing as t

from marshmallow import Schema
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.exceptions import Unauthorized as WerkzeugUnauthorized
from werkzeug.http import HTTP_STATUS_CODES

from .. import errors
from ..fast import json as fast_json
from ..fast.dump import json_dumper
from ..issues import told
from .response import PreparedResponse, sendable
from .shortening import NOTE, shortened

if t.TYPE_CHECKING:
    from ..texts import Translation

MEDIA_TYPE = "application/problem+json"


def leaves_unchanged(error: HTTPException) -> bool:
    """Return whether an exception is an answer already: it carries a response, has no code, or is not an error by
    its status."""
    return error.response is not None or error.code is None or error.code < 400


def own_class(error: HTTPException) -> type[errors.APIError] | None:
    """The class that describes an error in the document; ``None`` when no class does."""
    # PERF: asked for each error; most are the framework's own.
    return type(error) if isinstance(error, errors.APIError) else own_class_of(type(error))


def own_class_of(cls: type[HTTPException]) -> type[errors.APIError] | None:
    """Return the class that describes an error class, as :func:`own_class` does for an error."""
    if issubclass(cls, errors.APIError):
        return cls
    return next((_PLAIN[each] for each in cls.__mro__ if each in _PLAIN), None)


_PLAIN: dict[type, type[errors.APIError]] = {
    cls: errors.by_status[code] for code, cls in default_exceptions.items() if code in errors.by_status
}


def problem(
    error: HTTPException, types: str | None = None, most: int | None = None, say: Translation | None = None
) -> dict[str, object]:
    """The members of the problem object (RFC 9457, section 3.1), in the order they are written.

    :param error: An error with a code.
    :param types: What the machine name is appended to for ``type``; ``None`` for ``about:blank``.
    :param most: The most issues.
    :param say: The language of the texts. Default: as they are in the code.
    :return: ``type``, ``title``, ``status``, ``code``, ``detail``, then ``errors``, ``issues`` and the extra members if
        any.
    """
    status = t.cast(int, error.code)
    cls = own_class(error)
    name = cls.error_code if cls is not None else errors.snake_case(type(error).__name__)
    members: dict[str, object] = {
        "type": "about:blank" if types is None or cls is None else types + name,
        "title": HTTP_STATUS_CODES.get(status, "Unknown Error"),
        "status": status,
        "code": name,
    }
    if say is not None:
        description = say.detail(error, cls)
    elif cls is None or isinstance(error, errors.APIError) or error.description is not type(error).description:
        description = error.description
    else:  # werkzeug's own class, and its text
        description = cls.description
    if description:
        members["detail"] = str(description)
    if isinstance(error, errors.APIError):
        if isinstance(error, errors.ValidationFailed) and error.errors is not None:
            members["errors"], members["issues"] = told(error.errors, most, say)
        elif error.errors is not None:
            members["errors"] = error.errors if say is None else told(error.errors, 0, say)[0]
        members.update(dump_members(error))
    return members


def dump_members(error: errors.APIError) -> dict[str, object]:
    """The extra members of an error, dumped by its schema where it has one."""
    if error.schema is None:
        return error.members
    schema = error.schema() if isinstance(error.schema, type) else error.schema
    return t.cast("dict[str, object]", schema.dump(error.members))


def headers_of(error: HTTPException) -> list[tuple[str, str]]:
    """The headers of an error but ``Content-Type``, for instance ``Allow`` and ``Retry-After``.

    :raises ValueError: A value cannot be sent: it contains a line break, or what is not in Latin-1.
    """
    # PERF: 2 us less than by the methods of three classes and a call for each header.
    cls: t.Any = type(error)
    is_plain = isinstance(error, errors.APIError) and _adds_no_headers(cls) and not getattr(error, _CHALLENGES, ())
    made = []
    for name, value in error.headers if is_plain else error.get_headers():  # type: ignore[attr-defined]
        if name.lower() != "content-type":
            is_sendable = value.isascii() and value.isprintable()
            made.append((name, value if is_sendable else sendable(name, value)))
    return made


_CHALLENGES: t.Final = "www_authenticate"


@functools.lru_cache(maxsize=256)
def _adds_no_headers(cls: type[errors.APIError]) -> bool:
    """Return whether the errors of a class have no headers but those that they were given, and challenges."""
    methods = [vars(base)["get_headers"] for base in cls.__mro__ if "get_headers" in vars(base)]
    known = [method for method in methods if method is not WerkzeugUnauthorized.get_headers]
    return known == [errors.APIError.get_headers, HTTPException.get_headers]


def render(
    error: HTTPException,
    types: str | None = None,
    limit: int | None = None,
    most_issues: int | None = None,
    say: Translation | None = None,
    request_id: str | None = None,
) -> PreparedResponse:
    """The answer for an error.

    :param error: An error with a code.
    :param types: As in :func:`problem`.
    :param limit: The most bytes of the body (``MAX_ERROR_LENGTH``, and the room around it); ``None``: no bound.
    :param most_issues: The most issues.
    :param say: As in :func:`problem`.
    :param request_id: The id of the request, for the member ``request_id``; an error with a member of that name keeps
        its own.
    """
    headers = [("Content-Type", MEDIA_TYPE), *headers_of(error)]
    if say is not None:
        headers = with_language(headers, say)
    # PERF: most errors say nothing but their class; their text is made once (2.3 us).
    if isinstance(error, errors.APIError) and error.says_nothing_more:
        cls: type = type(error)
        status: t.Any = error.code
        return PreparedResponse(status, headers, _named(_text_of(cls, types, say), request_id))
    members = problem(error, types, most_issues, say)
    if request_id is not None:
        members.setdefault("request_id", request_id)
    body = fast_json.encode(members)
    if limit is not None and len(body) > limit:
        body = _within(members, limit, NOTE if say is None else say(NOTE))
    return PreparedResponse(t.cast(int, error.code), headers, body)


def with_language(headers: list[tuple[str, str]], say: Translation) -> list[tuple[str, str]]:
    """Return headers with those of a language; the values of ``Vary`` are joined."""
    made = list(headers)
    for name, value in say.headers:
        known = [each for key, each in made if key.lower() == name.lower()] if name == "Vary" else []
        if known:
            made = [pair for pair in made if pair[0].lower() != name.lower()]
            value = known[0] if "*" in known else ", ".join([*known, value])
        made.append((name, value))
    return made


def _within(members: dict[str, object], limit: int, note: str) -> bytes:
    """Write a problem that is too long: the last issues go first, for the messages say the same."""
    issues = members.pop("issues", None)
    if not isinstance(issues, list):  # none, or a member of the application's own
        members = members if issues is None else {**members, "issues": issues}
        return shortened(fast_json.encode(members), limit, "detail", note)
    room = limit - len(_ISSUES) - 2
    body = fast_json.encode(members)
    if len(body) > room:
        body = shortened(body, room, "detail", note)
    room -= len(body)
    kept: list[bytes] = []
    for issue in issues:
        kept.append(fast_json.encode(issue))
        room -= len(kept[-1]) + 1
        if room < 0:
            kept.pop()
            break
    head = body[:-1] + _ISSUES if len(body) > 2 else b"{" + _ISSUES[1:]
    return head + b",".join(kept) + b"]}"


_ISSUES: t.Final = b',"issues":['


def of_class(
    cls: t.Any,
    status: int,
    headers: cabc.Iterable[tuple[str, str]] = (),
    types: str | None = None,
    say: Translation | None = None,
    request_id: str | None = None,
) -> PreparedResponse:
    """The answer of :func:`render` for an error that says nothing but its class.

    :param cls: The class.
    :param status: Its code.
    :param headers: Those of the error.
    :param types: As in :func:`problem`.
    :param say: As in :func:`problem`.
    :param request_id: As in :func:`render`.
    """
    made = [("Content-Type", MEDIA_TYPE), *headers]
    if say is not None:
        made = with_language(made, say)
    return PreparedResponse(status, made, _named(_text_of(cls, types, say), request_id))


def _named(body: bytes, request_id: str | None) -> bytes:
    """Add the id of the request, in whose text nothing needs to be escaped."""
    return body if request_id is None else b'%b,"request_id":"%b"}' % (body[:-1], request_id.encode())


@functools.lru_cache(maxsize=256)
def _text_of(cls: type[errors.APIError], types: str | None, say: Translation | None) -> bytes:
    """The body of an error of which nothing is known but its class."""
    error = cls.__new__(cls)
    errors.APIError.__init__(error)
    return fast_json.encode(problem(error, types, say=say))


class ErrorRenderer:
    """Another shape for all errors, and what it looks like in the document.

    :param function: Takes the error, returns what the schema dumps.
    :param schema: A schema instance.
    :param media_type: The media type of the body.
    """

    def __init__(self, function: cabc.Callable[[HTTPException], object], schema: Schema, media_type: str) -> None:
        self.function = function
        self.schema = schema
        self.media_type = media_type
        self._encode = json_dumper(schema)

    def render(
        self,
        error: HTTPException,
        ensure_sync: cabc.Callable[[cabc.Callable[..., object]], cabc.Callable[..., object]],
        limit: int | None = None,
    ) -> PreparedResponse:
        """The answer for an error: the function's value dumped; status and headers are the error's.

        :param limit: As in :func:`render`; it applies to JSON.
        """
        body = self._encode(ensure_sync(self.function)(error))
        if limit is not None and len(body) > limit and self.media_type.partition(";")[0].endswith("json"):
            body = shortened(body, limit)
        return PreparedResponse(t.cast(int, error.code), [("Content-Type", self.media_type), *headers_of(error)], body)

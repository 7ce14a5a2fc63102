"""Errors as classes: the answers of an API and the mistakes of its developer.

Not here: how an error is written to the wire (``http.problem``) and who handles it (``app._app``).
Floor 0.

The hierarchy::

    werkzeug.exceptions.HTTPException
    └── APIError                      an answer: leaves as application/problem+json
        ├── BadRequest (400) ── ...   one class per HTTP error, each also werkzeug's own class
        └── UnprocessableEntity (422)
            └── ValidationFailed      what a request's schemas refused
    SetupError                        a mistake in the application's code, found at start-up
    ├── RouteConflict                 two operations answer one path and method
    ├── MarkLost                      a mark that reaches no operation
    ├── OperationIdConflict           two operations have one ``operationId``
    ├── ComponentConflict             two schemas have one name in the document
    └── SetupFinished                 set-up after the first request
    ContractViolation                 an answer that its operation does not declare
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t

from werkzeug import exceptions as http
from werkzeug.exceptions import HTTPException

from . import _docstrings as docstrings
from .issues import ErrorText as ErrorText
from .issues import Issue, told
from .texts import ENGLISH, message

if t.TYPE_CHECKING:
    from datetime import datetime

    from _typeshed.wsgi import WSGIEnvironment
    from marshmallow import Schema
    from werkzeug.datastructures import WWWAuthenticate
    from werkzeug.sansio.response import Response

Messages: t.TypeAlias = dict[str, t.Any]


class APIError(HTTPException):
    """An answer that tells the client what went wrong.

    Raise a subclass, or hand it to :func:`framework.abort`. Write your own subclasses: the docstring is the
    text of the error in the document, and the class name gives its machine name.

    :param description: What happened in this case, for people. Default: the first paragraph of the docstring.
    :param response: A finished response, which then leaves unchanged.
    :param errors: What is wrong, by location and field (``{"json": {"name": ["..."]}}``).
    :param headers: Headers that go with the answer, a mapping or pairs.
    :param members: Further members of the JSON object (RFC 9457, section 3.2), described by :attr:`schema`.
    :raises TypeError: The class has no status, and no response is given.
    """

    error_code: t.ClassVar[str] = "api_error"
    """The machine name, member ``code`` of the JSON. Default: the class name in snake case."""

    schema: t.ClassVar[Schema | type[Schema] | None] = None
    """A marshmallow schema of the extra members, or ``None``."""

    data: dict[str, t.Any] | None = None
    """The mark that webargs leaves on its exceptions: a mapping with ``messages``, ``schema`` and ``headers``.

    The errors of input that is refused have it, those of broken JSON included.
    """

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "error_code" not in cls.__dict__:
            cls.error_code = snake_case(cls.__name__)
        if "description" not in cls.__dict__:
            said = docstrings.published(cls, inherited=False, fields=False)
            if said:
                cls.description = " ".join(said.partition("\n\n")[0].split())

    def __init__(
        self,
        description: str | None = None,
        response: Response | None = None,
        *,
        errors: cabc.Mapping[str, t.Any] | None = None,
        headers: cabc.Mapping[str, str] | cabc.Iterable[tuple[str, str]] | None = None,
        **members: t.Any,
    ) -> None:
        if self.code is None and response is None:
            raise TypeError(
                f"{type(self).__name__} has no status. Raise a subclass of an error that has one, like"
                f" class {type(self).__name__}(BadRequest)."
            )
        HTTPException.__init__(self, description, response)
        self.errors = errors
        # PERF: to ask for a mapping is a call.
        if headers and not isinstance(headers, list) and isinstance(headers, cabc.Mapping):
            headers = headers.items()
        self.headers = list(headers or ())
        self.members = members

    @property
    def says_nothing_more(self) -> bool:
        """Return whether the body is that of every error of this class."""
        return (
            self.description is type(self).description
            and self.errors is None
            and not self.members
            and type(self).schema is None
        )

    def get_headers(
        self, environ: WSGIEnvironment | None = None, scope: dict[str, t.Any] | None = None
    ) -> list[tuple[str, str]]:
        """The headers of the answer, those given to the constructor included."""
        return [*super().get_headers(environ, scope), *self.headers]


def snake_case(name: str) -> str:
    """``PetNotFound`` to ``pet_not_found``, ``URITooLong`` to ``uri_too_long``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class _RetryLater:
    """The part of errors that say when to retry.

    :param retry_after: Seconds, or the moment, after which the client may retry, for ``Retry-After``
        (RFC 9110, section 10.2.3).
    """

    def __init__(
        self,
        description: str | None = None,
        response: Response | None = None,
        retry_after: datetime | int | None = None,
        **kwargs: t.Any,
    ) -> None:
        APIError.__init__(t.cast(APIError, self), description, response, **kwargs)
        self.retry_after = retry_after


# One class per HTTP error. The docstring is the text of the error in the document and the catalogue.


class BadRequest(APIError, http.BadRequest):
    """The request is malformed."""


class Unauthorized(APIError, http.Unauthorized):
    """The request carries no valid credentials.

    :param www_authenticate: One challenge or several, for the ``WWW-Authenticate`` header (RFC 9110, section 11.6.1).
    """

    def __init__(
        self,
        description: str | None = None,
        response: Response | None = None,
        www_authenticate: WWWAuthenticate | cabc.Iterable[WWWAuthenticate] | None = None,
        **kwargs: t.Any,
    ) -> None:
        APIError.__init__(self, description, response, **kwargs)
        if www_authenticate is None:
            self.www_authenticate = ()
        elif isinstance(www_authenticate, cabc.Iterable) and not hasattr(www_authenticate, "to_header"):
            self.www_authenticate = tuple(www_authenticate)
        else:
            self.www_authenticate = (t.cast("WWWAuthenticate", www_authenticate),)


class Forbidden(APIError, http.Forbidden):
    """The client is not permitted to perform this operation."""


class NotFound(APIError, http.NotFound):
    """Resource not found."""


class MethodNotAllowed(APIError, http.MethodNotAllowed):
    """Method not allowed for this resource.

    :param valid_methods: The methods it takes, for the ``Allow`` header.
    """

    def __init__(
        self,
        valid_methods: cabc.Iterable[str] | None = None,
        description: str | None = None,
        response: Response | None = None,
        **kwargs: t.Any,
    ) -> None:
        APIError.__init__(self, description, response, **kwargs)
        self.valid_methods = valid_methods


class NotAcceptable(APIError, http.NotAcceptable):
    """None of the media types that the client accepts is available."""


class RequestTimeout(APIError, http.RequestTimeout):
    """The request did not arrive in time."""


class Conflict(APIError, http.Conflict):
    """The request conflicts with the current state of the resource."""


class Gone(APIError, http.Gone):
    """The resource is permanently gone."""


class LengthRequired(APIError, http.LengthRequired):
    """The request must have a `Content-Length` header."""


class PreconditionFailed(APIError, http.PreconditionFailed):
    """The resource has changed since the version that the request names."""


class RequestEntityTooLarge(APIError, http.RequestEntityTooLarge):
    """The request body is larger than the server accepts."""


class RequestURITooLarge(APIError, http.RequestURITooLarge):
    """The URL is longer than the server accepts."""


class UnsupportedMediaType(APIError, http.UnsupportedMediaType):
    """The operation does not accept the media type of the request body."""


class RequestedRangeNotSatisfiable(APIError, http.RequestedRangeNotSatisfiable):
    """The requested range is outside the resource.

    :param length: The size of the whole, in ``units``, for the ``Content-Range`` header.
    :param units: The unit of the range. Default: ``"bytes"``.
    """

    def __init__(
        self,
        length: int | None = None,
        units: str = "bytes",
        description: str | None = None,
        response: Response | None = None,
        **kwargs: t.Any,
    ) -> None:
        APIError.__init__(self, description, response, **kwargs)
        self.length = length
        self.units = units


class ExpectationFailed(APIError, http.ExpectationFailed):
    """The server cannot meet the `Expect` header."""


class ImATeapot(APIError, http.ImATeapot):
    """The server is a teapot and cannot brew coffee (RFC 2324)."""


class MisdirectedRequest(APIError, http.MisdirectedRequest):
    """The request reached a server that is not responsible for this host."""


class UnprocessableEntity(APIError, http.UnprocessableEntity):
    """The request is well formed, but its content is not valid."""


class Locked(APIError, http.Locked):
    """The resource is locked."""


class FailedDependency(APIError, http.FailedDependency):
    """A request that this one depends on has failed."""


class PreconditionRequired(APIError, http.PreconditionRequired):
    """The request must be conditional: send `If-Match`."""


class TooManyRequests(_RetryLater, APIError, http.TooManyRequests):
    """The client has sent too many requests. `Retry-After` says when to retry."""


class RequestHeaderFieldsTooLarge(APIError, http.RequestHeaderFieldsTooLarge):
    """A request header is longer than the server accepts."""


class UnavailableForLegalReasons(APIError, http.UnavailableForLegalReasons):
    """The resource is unavailable for legal reasons."""


class InternalServerError(APIError, http.InternalServerError):
    """Unexpected server error.

    :param original_exception: The unhandled exception.
    """

    def __init__(
        self,
        description: str | None = None,
        response: Response | None = None,
        original_exception: BaseException | None = None,
        **kwargs: t.Any,
    ) -> None:
        APIError.__init__(self, description, response, **kwargs)
        self.original_exception = original_exception


class NotImplemented(APIError, http.NotImplemented):
    """The server does not support this method."""


class BadGateway(APIError, http.BadGateway):
    """An upstream server sent an invalid response."""


class ServiceUnavailable(_RetryLater, APIError, http.ServiceUnavailable):
    """The server is temporarily unavailable. `Retry-After` says when to retry."""


class GatewayTimeout(APIError, http.GatewayTimeout):
    """An upstream server did not respond in time."""


class DeadlineExceeded(GatewayTimeout):
    """The request took longer than this operation may take."""

    description = message("deadline_exceeded.detail")


class HTTPVersionNotSupported(APIError, http.HTTPVersionNotSupported):
    """The server does not support this version of HTTP."""


class ValidationFailed(UnprocessableEntity):
    """The request does not match its schema. `errors` names the invalid fields and the reasons.

    :param errors: The messages by location and field path. Texts that are an :class:`ErrorText` have a code.
    :param schema: The schema that refused, for handlers.
    :param is_cut: Whether ``errors`` has only the first of what is wrong (``MAX_ERRORS``, ``MAX_ERROR_LENGTH``).
    """

    is_counted = False
    """True if the description says how many fields are invalid, and nothing more."""

    def __init__(
        self,
        errors: Messages,
        *,
        description: str | None = None,
        schema: Schema | None = None,
        headers: cabc.Mapping[str, str] | None = None,
        is_cut: bool = False,
        **members: t.Any,
    ) -> None:
        super().__init__(description or count_fields(errors, is_cut), errors=errors, headers=headers, **members)
        self.is_counted = not description
        self.is_cut = is_cut
        self.data = {"messages": errors, "schema": schema, "headers": headers}
        """The mark that webargs leaves on its exceptions: ``messages``, ``schema``, ``headers``."""

    @property
    def issues(self) -> list[Issue]:
        """The messages one by one, for programs: location, path, code, params and text of each."""
        return told(self.errors)[1]


def count_fields(
    errors: Messages, is_cut: bool = False, template: cabc.Callable[[str], str] = ENGLISH.__getitem__
) -> str:
    """Return a sentence on how much is wrong where: ``The request body has 1 invalid field.``

    :param is_cut: Whether there are more errors than these.
    :param template: Gives the text of a key, with its placeholders.
    """
    counts: dict[str, int] = {}
    for location, messages in errors.items():
        part = "form" if location == "files" else location
        counts[part] = counts.get(part, 0) + (len(messages) if isinstance(messages, dict) else 1)
    found = []
    for part, count in counts.items():
        verb = "have" if part in ("headers", "cookies") else "has"
        key = f"validation_failed.{verb}_{'one' if count == 1 else 'several'}"
        name = template(f"parts.{part}" if f"parts.{part}" in ENGLISH else "parts.other").format(name=part)
        found.append(template(key).format(part=name, count=count))
    if is_cut:
        found.append(template("validation_failed.more"))
    return " ".join(found)


by_status: dict[int, type[APIError]] = {
    t.cast(int, cls.code): cls
    for cls in APIError.__subclasses__()  # the classes above: nobody can have made others yet
}
"""The class of each HTTP status, for :func:`framework.abort` and for werkzeug's own exceptions."""


class SetupError(Exception):
    """A mistake in the application's code, found before the first answer."""


class RouteConflict(SetupError):
    """Two operations answer the same path and method.

    :param rule: The rule that came second.
    :param owner: The endpoint that had it first.
    """

    def __init__(self, message: str, *, rule: str, owner: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.owner = owner


class MarkLost(SetupError):
    """A mark reaches no operation, most often because a decorator above it forgot ``functools.wraps``."""


class OperationIdConflict(SetupError):
    """Two operations have the same ``operationId``."""


class ComponentConflict(SetupError):
    """Two schemas ask for the same name in the document."""


class SetupFinished(SetupError, AssertionError):
    """The application's structure was changed after it had begun to answer."""


class ContractViolation(Exception):
    """An answer, or an error, that its operation does not declare."""

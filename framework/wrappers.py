"""The request and the response that users see: the pure ones, and what the current application adds.

Not here: what HTTP says (``http.request``, ``http.response``).
Floor 3.
"""

from __future__ import annotations

import functools
import typing as t

from werkzeug.datastructures import FileStorage, ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from . import context, errors, json
from .debughelpers import DebugFilesKeyError
from .fast import json as fast_json
from .http.reading import check_encoding
from .http.request import Request as RequestBase
from .http.request_ids import TraceParent, known_id, trace_parent
from .http.response import Response as ResponseBase
from .http.semantics import MULTIPART
from .json.provider import DefaultJSONProvider
from .texts import message

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

_T = t.TypeVar("_T")


class Request(RequestBase):
    """The request of the current context.

    To use a custom class, subclass this and set :attr:`App.request_class`.
    """

    json_module: t.Any = json

    if t.TYPE_CHECKING:

        @property
        def json(self) -> t.Any:
            """The body, read as JSON, as :meth:`get_json` gives it."""

    url_rule: Rule | None = None
    """The rule that matched the path; ``None`` where none did."""

    view_args: dict[str, t.Any] | None = None
    """The values in the path by name, converted; ``None`` where no rule matched."""

    routing_exception: HTTPException | None = None
    """The reason why no rule matched: a ``NotFound``, ``MethodNotAllowed`` or redirect."""

    _max_content_length: int | None = None
    _max_form_memory_size: int | None = None
    _max_form_parts: int | None = None
    _max_json_length: int | None = None
    _trusted_hosts: list[str] | None = None

    def _setting(self, name: str, own: _T | None, without_app: _T | None) -> _T | None:
        """Return what was set on this request, or the application's setting, or the value without an application."""
        if own is not None:
            return own
        ctx = context.current_or_none()
        return without_app if ctx is None else t.cast("_T | None", ctx.app.config[name])

    @property
    def max_content_length(self) -> int | None:
        """The longest body, in bytes, that is read; a longer one is a 413 error.

        Default: ``MAX_CONTENT_LENGTH``. Set it on a request, before its body is read, to allow this one more or less.
        """
        return self._setting("MAX_CONTENT_LENGTH", self._max_content_length, super().max_content_length)

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    @property
    def max_form_memory_size(self) -> int | None:
        """The most bytes that one form field, no file, may take; beyond is a 413 error.

        Default: ``MAX_FORM_MEMORY_SIZE``. May be set on a request before its form is read.
        """
        return self._setting("MAX_FORM_MEMORY_SIZE", self._max_form_memory_size, super().max_form_memory_size)

    @max_form_memory_size.setter
    def max_form_memory_size(self, value: int | None) -> None:
        self._max_form_memory_size = value

    @property  # type: ignore[override]
    def max_form_parts(self) -> int | None:
        """The most parts of a ``multipart/form-data`` body; more are a 413 error.

        Default: ``MAX_FORM_PARTS``. May be set on a request before its form is read.
        """
        return self._setting("MAX_FORM_PARTS", self._max_form_parts, super().max_form_parts)

    @max_form_parts.setter
    def max_form_parts(self, value: int | None) -> None:
        self._max_form_parts = value

    @property
    def max_query_parts(self) -> int | None:  # type: ignore[override]
        """The most values in the query string; more are a 400 error. Default: ``MAX_QUERY_PARTS``."""
        return self._setting("MAX_QUERY_PARTS", None, RequestBase.max_query_parts)

    @property
    def max_cookies(self) -> int | None:  # type: ignore[override]
        """The most cookies; more are a 400 error. Default: ``MAX_COOKIES``."""
        return self._setting("MAX_COOKIES", None, RequestBase.max_cookies)

    @property
    def content_codings(self) -> tuple[str, ...]:  # type: ignore[override]
        """The content codings in which a body may be sent: ``REQUEST_ENCODINGS``."""
        return tuple(self._setting("REQUEST_ENCODINGS", None, ()) or ())

    @property
    def max_json_length(self) -> int | None:
        """The longest body, in bytes, that :meth:`get_json` reads; a longer one is a 413 error.

        Default: ``MAX_JSON_LENGTH``. May be set on a request.
        """
        return self._setting("MAX_JSON_LENGTH", self._max_json_length, None)

    @max_json_length.setter
    def max_json_length(self, value: int | None) -> None:
        self._max_json_length = value

    @property
    def trusted_hosts(self) -> list[str] | None:
        """The hosts that a request may name; another is a 400 error.

        Default: ``TRUSTED_HOSTS``; ``None`` trusts any. ``.example.org`` means the host and its subdomains.
        """
        return self._setting("TRUSTED_HOSTS", self._trusted_hosts, super().trusted_hosts)

    @trusted_hosts.setter
    def trusted_hosts(self, value: list[str] | None) -> None:
        self._trusted_hosts = value

    @property
    def request_id(self) -> str | None:
        """The id of the request, in its answer and in all that is logged about it; ``None`` with
        ``REQUEST_ID_HEADER = None``."""
        ctx = context.request_context_or_none()
        return known_id(self.environ) if ctx is None else ctx.request_id

    @property
    def trace(self) -> TraceParent | None:
        """The trace that the request says it is part of, by ``traceparent``; ``None`` where it says nothing."""
        return trace_parent(self.environ)

    @property
    def endpoint(self) -> str | None:
        """The endpoint that the path leads to; ``None`` where no rule matched."""
        return None if self.url_rule is None else t.cast("str | None", self.url_rule.endpoint)

    @property
    def router(self) -> str | None:
        """The name of the router that answers; ``None`` for the application itself and where no rule matched."""
        endpoint = self.endpoint
        if endpoint is not None and "." in endpoint:
            return endpoint.rpartition(".")[0]
        return None

    @property
    def routers(self) -> list[str]:
        """The names of the routers that answer, from the innermost out."""
        name = self.router
        return [] if name is None else list(_split_router_path(name))

    @t.overload
    def get_json(self, force: bool = ..., silent: t.Literal[False] = ..., cache: bool = ...) -> t.Any: ...

    @t.overload
    def get_json(self, force: bool = ..., silent: bool = ..., cache: bool = ...) -> t.Any | None: ...

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> t.Any | None:
        """The body, read as JSON.

        :param force: Do not ask the ``Content-Type``.
        :param silent: Give ``None`` where there is no JSON, instead of raising.
        :param cache: Keep the value for the next call.
        :raises UnsupportedMediaType: The ``Content-Type`` is not JSON.
        :raises BadRequest: The body is not, or it is JSON that two readers could understand differently.
        :raises RequestEntityTooLarge: The body is longer than :attr:`max_json_length`.
        """
        limit = self.max_json_length
        if limit is not None and (force or self.is_json):
            length = self.content_length
            if length is None and cache:
                length = len(self.get_data())
            if length is not None and length > limit:
                raise errors.RequestEntityTooLarge(message("request_entity_too_large.body", limit=limit))
        if force or self.is_json:
            check_encoding(self.environ, self.content_codings)
        provider = self.json_module
        if getattr(provider.loads, "__func__", None) is not DefaultJSONProvider.loads:
            return super().get_json(force=force, silent=silent, cache=cache)
        # The framework's own provider reads what Python reads; a body from outside is read as declared ones are.
        depth = self._setting("MAX_JSON_DEPTH", None, fast_json.MAX_DEPTH) or fast_json.MAX_DEPTH
        self.json_module = _BodyReader(depth, self._setting("MAX_JSON_MEMBERS", None, None))
        try:
            return super().get_json(force=force, silent=silent, cache=cache)
        finally:
            self.json_module = provider

    def on_json_loading_failed(self, e: ValueError | None) -> object:
        """Return what :meth:`get_json` gives when the body is not JSON.

        :param e: What the parser says; ``None`` when the ``Content-Type`` is not JSON.
        :return: A value to use instead. This one always raises.
        :raises UnsupportedMediaType: The ``Content-Type`` is not JSON.
        :raises BadRequest: The body is not. Only in debug mode does the answer show what the parser says.
        """
        if e is None:
            raise errors.UnsupportedMediaType(message("unsupported_media_type.json"))
        ctx = context.current_or_none()
        if ctx is not None and ctx.app.debug:
            raise errors.BadRequest(f"Failed to decode JSON object: {e}")
        raise errors.BadRequest(message("bad_request.json")) from e

    def _load_form_data(self) -> None:
        super()._load_form_data()
        if self.mimetype == MULTIPART or self.files:
            return
        ctx = context.current_or_none()
        if ctx is not None and ctx.app.debug:
            self.files = _NoFiles(self)


class _BodyReader:
    """Reads a body as :func:`framework.fast.json.decode` does; what werkzeug's ``get_json`` asks of a JSON module."""

    def __init__(self, depth: int, members: int | None) -> None:
        self._depth = depth
        self._members = members

    def loads(self, text: bytes) -> object:
        """The value of a JSON text."""
        try:
            return fast_json.decode(text, max_depth=self._depth, max_members=self._members)
        except fast_json.TooManyMembers as error:
            raise errors.RequestEntityTooLarge(message("request_entity_too_large.members", limit=error.limit)) from None


class _NoFiles(ImmutableMultiDict[str, FileStorage]):
    """The files of a form that was not sent in the way that carries files."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._form = request.form
        self._mimetype = request.mimetype

    def __getitem__(self, key: str) -> FileStorage:
        names = self._form.getlist(key)
        if not names:
            return super().__getitem__(key)
        raise DebugFilesKeyError(
            f"No file {key!r} in this request: it was sent as {self._mimetype!r}, which carries no files, so only"
            f" the file name arrived ({', '.join(map(repr, names))})."
            ' Put enctype="multipart/form-data" on the form.'
        )


@functools.lru_cache(maxsize=512)
def _split_router_path(name: str) -> list[str]:
    """``"a.b.c"`` to ``["a.b.c", "a.b", "a"]``: a router's name and those of the routers around it."""
    names = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        names.append(name)
    return names


class Response(ResponseBase):
    """The answer that the application makes where a view returns no response.

    To use a custom class, subclass this and set :attr:`App.response_class`.
    """

    default_mimetype: str | None = "text/html"

    json_module: t.Any = json

    autocorrect_location_header = False

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        """The size in bytes beyond which :meth:`set_cookie` warns; ``0`` for never. ``MAX_COOKIE_SIZE``."""
        ctx = context.current_or_none()
        return super().max_cookie_size if ctx is None else t.cast(int, ctx.app.config["MAX_COOKIE_SIZE"])

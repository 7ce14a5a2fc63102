"""The vocabulary of callables and values that the annotations of the framework share.

The names are those a Flask user imports for annotations. No code, only types.
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment  # noqa: F401
    from marshmallow.fields import Field
    from werkzeug.datastructures import Headers
    from werkzeug.sansio.response import Response

JSONObject: t.TypeAlias = dict[str, t.Any]
"""An object of a JSON document whose members are read and built at any depth: an OpenAPI document, a schema."""

Settings: t.TypeAlias = cabc.Mapping[str, t.Any]
"""Settings by their names, each with a type of its own."""

AnyField: t.TypeAlias = "Field[t.Any]"
"""A field of a schema, whatever its values are: marshmallow's class is invariant in them."""

# What a view may return as the body.
ResponseValue = t.Union[
    "Response",
    str,
    bytes,
    list[t.Any],
    cabc.Mapping[str, t.Any],
    cabc.Iterator[str],
    cabc.Iterator[bytes],
    cabc.AsyncIterable[str],
    cabc.AsyncIterable[bytes],
]

HeaderValue = str | list[str] | tuple[str, ...]

HeadersValue = t.Union[
    "Headers",
    cabc.Mapping[str, HeaderValue],
    cabc.Sequence[tuple[str, HeaderValue]],
]

# What a view may return as a whole.
ResponseReturnValue = t.Union[
    ResponseValue,
    tuple[ResponseValue, HeadersValue],
    tuple[ResponseValue, int],
    tuple[ResponseValue, int, HeadersValue],
    "WSGIApplication",
]

ResponseClass = t.TypeVar("ResponseClass", bound="Response")

AppOrRouterKey = str | None  # the App has the key None
AfterRequestCallable = cabc.Callable[[t.Any], t.Any] | cabc.Callable[[t.Any], cabc.Awaitable[t.Any]]
BeforeFirstRequestCallable = cabc.Callable[[], None] | cabc.Callable[[], cabc.Awaitable[None]]
BeforeRequestCallable = (
    cabc.Callable[[], ResponseReturnValue | None] | cabc.Callable[[], cabc.Awaitable[ResponseReturnValue | None]]
)
ShellContextProcessorCallable = cabc.Callable[[], dict[str, t.Any]]
TeardownCallable = (
    cabc.Callable[[BaseException | None], None] | cabc.Callable[[BaseException | None], cabc.Awaitable[None]]
)
TemplateContextProcessorCallable = (
    cabc.Callable[[], dict[str, t.Any]] | cabc.Callable[[], cabc.Awaitable[dict[str, t.Any]]]
)
TemplateFilterCallable = cabc.Callable[..., t.Any]
TemplateGlobalCallable = cabc.Callable[..., t.Any]
TemplateTestCallable = cabc.Callable[..., bool]
URLDefaultCallable = cabc.Callable[[str, dict[str, t.Any]], None]
URLValuePreprocessorCallable = cabc.Callable[[str | None, dict[str, t.Any] | None], None]

# Any: mypy cannot relate a handler for one exception class to a handler for every exception.
ErrorHandlerCallable = cabc.Callable[[t.Any], ResponseReturnValue] | cabc.Callable[[t.Any], cabc.Awaitable[t.Any]]

RouteCallable = cabc.Callable[..., t.Any] | cabc.Callable[..., cabc.Awaitable[t.Any]]

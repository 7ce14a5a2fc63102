"""The vocabulary of callables and values that the annotations of the framework share.

The names are those a Flask user imports for annotations. No code, only types.
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import typing as t

if t.TYPE_CHECKING:
    from logging import Logger

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment  # noqa: F401
    from werkzeug.datastructures import Headers
    from werkzeug.routing import Map
    from werkzeug.sansio.response import Response

    from .config import Config

JSONObject: t.TypeAlias = dict[str, t.Any]
"""An object of a JSON document whose members are read and built at any depth: an OpenAPI document, a schema."""

Settings: t.TypeAlias = cabc.Mapping[str, t.Any]
"""Settings by their names, each with its type."""


class Application(t.Protocol):
    """The parts of an application that rooms below it use: a lower floor names this, and no class of a higher one."""

    @property
    def name(self) -> str:
        """The name, for messages."""

    @property
    def debug(self) -> bool:
        """True in debug mode."""

    @property
    def config(self) -> Config:
        """The settings."""

    @property
    def extensions(self) -> dict[str, t.Any]:
        """The state of extensions, by their names."""

    @property
    def logger(self) -> Logger:
        """The logger named like the application."""

    @property
    def url_map(self) -> Map:
        """The rules."""

    def ensure_sync(self, func: cabc.Callable[..., object]) -> cabc.Callable[..., object]:
        """Make a function that can be called without an event loop."""

    def app_context(self) -> contextlib.AbstractContextManager[object]:
        """Make a context without a request."""


class Named(t.Protocol):
    """A thing that messages call by its name."""

    @property
    def name(self) -> str:
        """The name."""


class Conditional(t.Protocol):
    """The conditions of a request, as the context holds them."""

    checked: bool
    """True if the request was held to them."""


# What a view may return as the body.
ResponseValue = t.Union[
    "Response",
    str,
    bytes,
    list[t.Any],
    cabc.Mapping[str, object],
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

ErrorAnswer = ResponseReturnValue | cabc.Awaitable[ResponseReturnValue]  # what an error handler returns

AppOrRouterKey = str | None  # the App has the key None
AfterRequestCallable = cabc.Callable[[t.Any], object]  # also one that returns an awaitable
BeforeFirstRequestCallable = cabc.Callable[[], None] | cabc.Callable[[], cabc.Awaitable[None]]
BeforeRequestCallable = (
    cabc.Callable[[], ResponseReturnValue | None] | cabc.Callable[[], cabc.Awaitable[ResponseReturnValue | None]]
)
ShellContextProcessorCallable = cabc.Callable[[], cabc.Mapping[str, object]]
TeardownCallable = (
    cabc.Callable[[BaseException | None], None] | cabc.Callable[[BaseException | None], cabc.Awaitable[None]]
)
TemplateContextProcessorCallable = (
    cabc.Callable[[], cabc.Mapping[str, object]] | cabc.Callable[[], cabc.Awaitable[cabc.Mapping[str, object]]]
)
TemplateFilterCallable = cabc.Callable[..., object]
TemplateGlobalCallable = cabc.Callable[..., object]
TemplateTestCallable = cabc.Callable[..., bool]
URLDefaultCallable = cabc.Callable[[str, dict[str, t.Any]], None]
URLValuePreprocessorCallable = cabc.Callable[[str | None, dict[str, t.Any] | None], None]

# Any: mypy cannot relate a handler for one exception class to a handler for every exception.
ErrorHandlerCallable = cabc.Callable[[t.Any], ErrorAnswer]


class RouterOptions(t.TypedDict, total=False):
    """The options of the mount of a router."""

    name: str
    url_prefix: str | None
    subdomain: str | None
    url_defaults: dict[str, t.Any] | None
    cli_group: str | None
    tag: str
    version: object  # of ``Versions`` alone


class RouteOptions(t.TypedDict, total=False):
    """The options of a route: of the application's own, and of werkzeug's ``Rule``."""

    endpoint: str | None
    methods: cabc.Iterable[str] | None
    operation_id: str | cabc.Sequence[str] | None
    query_alias: str | None
    provide_automatic_options: bool | None
    class_args: tuple[object, ...]
    class_kwargs: cabc.Mapping[str, object] | None
    defaults: cabc.Mapping[str, object] | None
    subdomain: str | None
    host: str | None
    strict_slashes: bool | None
    merge_slashes: bool | None
    redirect_to: str | cabc.Callable[..., str] | None
    alias: bool
    build_only: bool
    websocket: bool


RouteCallable = cabc.Callable[..., object] | cabc.Callable[..., cabc.Awaitable[object]]

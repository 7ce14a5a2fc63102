"""The functions that views call: URLs, redirects, errors, files, flashed messages.

Each asks the current context and hands on to a method of the application, which can be overridden there.
Not here: JSON (``json``), templates (``templating``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import functools
import importlib.util
import inspect
import os
import sys
import typing as t

import werkzeug.utils
from werkzeug.exceptions import Aborter as _Aborter

from . import context, errors, signals
from .teardown import ContextIterator
from .wrappers import _split_router_path as _split_router_path

if t.TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException
    from werkzeug.sansio.response import Response as SansIOResponse
    from werkzeug.wrappers import Response as BaseResponse

    from .sessions import SessionMixin
    from .wrappers import Response

_T = t.TypeVar("_T")
_FALSE = frozenset({"0", "false", "no"})

_F = t.TypeVar("_F", bound=cabc.Callable[..., object])


def get_debug_flag() -> bool:
    """Return whether the environment asks for debug mode: ``FRAMEWORK_DEBUG`` is set to something that is not false."""
    value = os.environ.get("FRAMEWORK_DEBUG")
    return bool(value) and value.lower() not in _FALSE  # type: ignore[union-attr]


def get_load_dotenv(default: bool = True) -> bool:
    """Return whether dotenv files are read: not where ``FRAMEWORK_SKIP_DOTENV`` is set to something that is not false.

    :param default: The answer where it is not set.
    """
    value = os.environ.get("FRAMEWORK_SKIP_DOTENV")
    return value.lower() in _FALSE if value else default


# Answers


class _ContextStream(ContextIterator[_T]):
    """Also closes what it iterates when that ends by itself: not everybody calls ``close``."""

    _closed = False

    def __next__(self) -> _T:
        try:
            return super().__next__()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            super().close()


@t.overload
def stream_with_context(generator_or_function: cabc.Iterator[t.AnyStr]) -> cabc.Iterator[t.AnyStr]: ...


@t.overload
def stream_with_context(
    generator_or_function: cabc.Callable[..., cabc.Iterator[t.AnyStr]],
) -> cabc.Callable[..., cabc.Iterator[t.AnyStr]]: ...


def stream_with_context(
    generator_or_function: cabc.Iterator[t.AnyStr] | cabc.Callable[..., cabc.Iterator[t.AnyStr]],
) -> cabc.Iterator[t.AnyStr] | cabc.Callable[..., cabc.Iterator[t.AnyStr]]:
    """Let a generator use ``request``, ``session`` and ``g`` of the request that made it, wherever it runs.

    The body of an answer runs in its request's context anyway. This is for generators that are handed elsewhere, and
    for code written for Flask.

    :param generator_or_function: A generator, or a function that makes one: then a decorator.
    :return: An iterator, or a function that makes one. Call its ``close`` when leaving it early.
    :raises RuntimeError: No request is being handled.
    """
    if not callable(generator_or_function):
        ctx = context.request_context_or_none()
        if ctx is None:
            raise RuntimeError(
                "'stream_with_context' can only be used when a request context is active, such as in a view function."
            )
        return _ContextStream(ctx, generator_or_function)
    function = generator_or_function

    @functools.wraps(function)
    def decorated(*args: object, **kwargs: object) -> cabc.Iterator[t.AnyStr]:
        return stream_with_context(function(*args, **kwargs))

    return decorated


def make_response(*args: object) -> Response:
    """The response that a view's return value means, to set headers on it.

    :param args: The value; several are taken as the members of a tuple; none make an empty response.
    """
    app = context.current().app
    if not args:
        return app.response_class()
    return app.make_response(args[0] if len(args) == 1 else args)


def redirect(location: str, code: int = 302, Response: type[BaseResponse] | None = None) -> BaseResponse:
    """An answer that sends the client to another address.

    :param location: The address.
    :param code: A redirect status; 303 makes a GET of any method, 307 and 308 keep the method.
    :param Response: The class of the answer. Default: the application's.
    """
    ctx = context.current_or_none()
    if ctx is None or Response is not None:
        return werkzeug.utils.redirect(location, code=code, Response=Response)
    return ctx.app.redirect(location, code=code)


class Aborter(_Aborter):
    """Raises an HTTP error for a status, a response or an exception. ``App.aborter_class``.

    Statuses stand for the classes in :mod:`framework.errors`.

    :param mapping: Exception classes by status. Default: those of the framework.
    :param extra: Further ones, which win.
    """

    def __init__(
        self,
        mapping: dict[int, type[HTTPException]] | None = None,
        extra: dict[int, type[HTTPException]] | None = None,
    ) -> None:
        if mapping is None:
            super().__init__(extra={**errors.by_status, **(extra or {})})
        else:
            super().__init__(mapping, extra)

    def __call__(
        self, code: int | SansIOResponse | Exception | type[Exception], *args: object, **kwargs: object
    ) -> t.NoReturn:
        """Raise.

        :param code: A status, a response, an exception or an exception class.
        :param args: Go to the exception class; for most, the first is the description.
        :param kwargs: As ``args``.
        :raises LookupError: The number is not an HTTP error.
        :raises TypeError: ``args`` are given to an exception that exists already.
        """
        if isinstance(code, type) and issubclass(code, Exception):
            raise code(*args, **kwargs)
        if isinstance(code, Exception):
            if args or kwargs:
                raise TypeError(
                    f"abort() got arguments in addition to the exception {code!r}. Give them to the exception itself."
                )
            raise code
        super().__call__(code, *args, **kwargs)


_abort = Aborter()


def abort(code: int | BaseResponse | Exception | type[Exception], *args: object, **kwargs: object) -> t.NoReturn:
    """End the request with an HTTP error.

    :param code: A status (``abort(404)``), an exception (``abort(PetNotFound("..."))``), its class, or a response.
    :param args: Go to the exception class; for most, the first is the description.
    :param kwargs: As ``args``.
    :raises LookupError: The number is not an HTTP error.
    """
    ctx = context.current_or_none()
    if ctx is not None:
        ctx.app.aborter(code, *args, **kwargs)
    _abort(code, *args, **kwargs)


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: object,
) -> str:
    """The URL of an endpoint.

    :param endpoint: Its name; one that starts with a dot is relative to the current router.
    :param _anchor: What goes behind ``#``.
    :param _method: The HTTP method, where it decides which rule is meant.
    :param _scheme: The scheme of an external URL.
    :param _external: Give the URL with scheme and host. Default: only outside of requests.
    :param values: The values in the path; those that are not in the rule go into the query.
    :raises BuildError: There is no such endpoint, or values are missing.
    """
    return context.current().app.url_for(
        endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values
    )


# Templates and messages


def get_template_attribute(template_name: str, attribute: str) -> t.Any:
    """A macro or variable that a template exports.

    :param template_name: The template.
    :param attribute: The name in it.
    """
    return getattr(context.current().app.jinja_env.get_template(template_name).module, attribute)


def flash(message: str, category: str = "message") -> None:
    """Keep a message in the session for the next request that asks for messages.

    :param message: The message.
    :param category: Any name: ``"message"``, ``"error"``, ``"info"`` and ``"warning"`` are usual.
    """
    ctx = context.current()
    session = _session()
    # Assigned, not appended to: a session notices only what is written to itself.
    session["_flashes"] = [*session.get("_flashes", ()), (category, message)]
    if signals.message_flashed.receivers:
        signals.message_flashed.send(ctx.app, _async_wrapper=ctx.app.ensure_sync, message=message, category=category)


def get_flashed_messages(
    with_categories: bool = False, category_filter: cabc.Iterable[str] = ()
) -> list[str] | list[tuple[str, str]]:
    """Take the messages out of the session. Further calls in the same request give the same messages.

    :param with_categories: Give pairs of category and message.
    :param category_filter: Give only messages of these categories.
    """
    ctx = context.request_context_or_none()
    if ctx is None:
        raise RuntimeError(context.OUTSIDE_REQUEST)
    if ctx.flashes is None:
        session = ctx.session
        ctx.flashes = session.pop("_flashes") if "_flashes" in session else []
    wanted = tuple(category_filter)
    flashes = [pair for pair in ctx.flashes if pair[0] in wanted] if wanted else list(ctx.flashes)
    return flashes if with_categories else [message for _, message in flashes]


def _session() -> SessionMixin:
    ctx = context.request_context_or_none()
    if ctx is None:
        raise RuntimeError(context.OUTSIDE_REQUEST)
    return ctx.session


def _default_template_ctx_processor() -> dict[str, object]:
    """Return what every template knows: ``g``, and in a request ``request`` and ``session``."""
    ctx = context.current_or_none()
    if ctx is None:
        return {}
    names: dict[str, object] = {"g": ctx.g}
    request_ctx = context.request_context_or_none()
    if request_ctx is not None:
        names["request"] = request_ctx.request
        # The proxy: a template that never looks at the session must not open it.
        names["session"] = context.session
    return names


# Files


def _send_file_arguments(**kwargs: object) -> dict[str, t.Any]:
    ctx = context.current()
    app = ctx.app
    request_ctx = context.request_context_or_none()
    if request_ctx is None:
        raise RuntimeError(context.OUTSIDE_REQUEST)
    if kwargs.get("max_age") is None:
        kwargs["max_age"] = app.get_send_file_max_age
    kwargs.update(
        environ=request_ctx.environ,
        use_x_sendfile=app.config["USE_X_SENDFILE"],
        response_class=app.response_class,
        _root_path=app.root_path,
    )
    return kwargs


def send_file(
    path_or_file: os.PathLike[t.AnyStr] | str | t.IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: dt.datetime | int | float | None = None,
    max_age: int | cabc.Callable[[str | None], int | None] | None = None,
) -> Response:
    """An answer with the contents of a file.

    Never pass a path that a client gave; :func:`send_from_directory` is for those.

    :param path_or_file: A path, relative to :attr:`App.root_path`, or a file open for bytes, at its start.
    :param mimetype: The media type. Default: by the extension.
    :param as_attachment: Ask the browser to save the file.
    :param download_name: The name to save it under. Default: the file's.
    :param conditional: Answer 304 and 206 where the request's headers ask for it.
    :param etag: Make an ETag of size, time and path; or the ETag itself.
    :param last_modified: When the file changed, a datetime or seconds. Default: the file's time.
    :param max_age: How long the answer may be cached, in seconds, or a function of the file's name. Default:
        :meth:`App.get_send_file_max_age`.
    """
    return t.cast(
        "Response",
        werkzeug.utils.send_file(
            **_send_file_arguments(
                path_or_file=path_or_file,
                mimetype=mimetype,
                as_attachment=as_attachment,
                download_name=download_name,
                conditional=conditional,
                etag=etag,
                last_modified=last_modified,
                max_age=max_age,
            )
        ),
    )


def send_from_directory(directory: os.PathLike[str] | str, path: os.PathLike[str] | str, **kwargs: object) -> Response:
    """An answer with a file from a folder; safe for a path that a client gave.

    :param directory: The folder, relative to :attr:`App.root_path`. Never from a client.
    :param path: The file, below the folder.
    :param kwargs: As of :func:`send_file`.
    :raises NotFound: There is no such file, or the path leads out of the folder.
    """
    return t.cast("Response", werkzeug.utils.send_from_directory(directory, path, **_send_file_arguments(**kwargs)))


def get_root_path(import_name: str) -> str:
    """The folder of a module or package; the working folder where it has none, as in an interactive session.

    :param import_name: The name it is imported by, or ``"__main__"``.
    :raises RuntimeError: It is a namespace package, which has no one folder.
    """
    imported: str | None = getattr(sys.modules.get(import_name), "__file__", None)
    if imported is not None:
        return os.path.dirname(os.path.abspath(imported))
    try:
        spec = importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or (spec.loader is None and spec.submodule_search_locations is None):
        return os.getcwd()
    get_filename = getattr(spec.loader, "get_filename", None)
    filename: str | None = get_filename(import_name) if get_filename is not None else spec.origin
    if filename is None or spec.origin is None:
        raise RuntimeError(
            f"Cannot find the folder of {import_name!r}: it is a namespace package, or its loader does not tell."
            " Give 'root_path' explicitly."
        )
    return os.path.dirname(os.path.abspath(filename))


def nonblocking(function: _F) -> _F:
    """Say of a function that it never waits, not for a database, a file or another service.

    Behind an ASGI server it then runs on the event loop, which takes no thread. One that does wait holds up all other
    requests of the process. Under WSGI nothing changes.

    :param function: A synchronous handler, hook or other function that requests call; it is returned.
    """
    function.__framework_blocks__ = False  # type: ignore[attr-defined]
    return function


def may_block(function: object, blocks: bool = True) -> None:
    """Say of a function of the framework that it may wait, for a store for instance."""
    function.__framework_blocks__ = blocks  # type: ignore[attr-defined]


def is_nonblocking(function: cabc.Callable[..., object]) -> bool:
    """Return whether a function never waits: one marked by :func:`nonblocking`, or of the framework.

    Calling an asynchronous generator function only makes the generator.
    """
    blocks = getattr(function, "__framework_blocks__", None)
    if blocks is None:
        blocks = getattr(getattr(function, "__self__", None), "__framework_blocks__", None)
    if blocks is not None:
        return not blocks
    module = getattr(function, "__module__", None) or ""
    return module.partition(".")[0] == "framework" or inspect.isasyncgenfunction(inspect.unwrap(function))

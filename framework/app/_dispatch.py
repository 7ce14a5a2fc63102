"""One road for every request: the methods below call one another, and each may be overridden.

``docs/lifecycle`` numbers the steps. A method that has nothing to do for a request is not called.
Floor 6.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import sys
import typing as t

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from .. import signals
from .._sentinel import MISSING
from ..context import Context, _current, current
from ..errors import NotFound
from ..http import problem
from ..http.response import PreparedResponse, Reply
from ..sessions import NullSession, SessionUnavailable
from ..teardown import CollectErrors, ContextIterator
from ._failures import Failures
from ._route_table import NO_ROUTES, STEPS, RouteTable, is_overridden

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .. import typing as ft
    from ..wrappers import Response

_MISS = NotFound()

# Attributes that a built route table has looked at; one of these that is set later drops it.
_LOOKED_AT = frozenset(
    {
        *STEPS,
        "after_request_funcs",
        "before_request_funcs",
        "error_handler_spec",
        "teardown_appcontext_funcs",
        "teardown_request_funcs",
        "url_value_preprocessors",
        "view_functions",
    }
)


class Dispatch(Failures):
    """The part of :class:`App` that answers requests."""

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name in _LOOKED_AT:
            super().__setattr__("_route_table", None)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in _LOOKED_AT:
            super().__setattr__("_route_table", None)

    def freeze(self, compile: bool = False) -> None:
        """Close the structure and build the operations. Happens by itself at the first request.

        :param compile: Compile all schemas now, for servers that fork after loading.
        :raises SetupError: Something in the set-up does not fit.
        """
        raise NotImplementedError

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        """The WSGI application; wrap it with middleware by ``app.wsgi_app = Middleware(app.wsgi_app)``.

        :param environ: A WSGI environment.
        :param start_response: Called with status and headers.
        """
        if self._route_table is None or not self._got_first_request:
            self.freeze()
        route_table = self._route_table
        # PERF: what the method does, 0.1 us
        plain = route_table is not None and route_table.makes_contexts
        ctx = Context(self, environ) if plain else self.request_context(environ)  # type: ignore[arg-type]
        error: BaseException | None = None
        streamed = False
        try:
            try:
                ctx.push()
                response = self.full_dispatch_request()
            except Exception as raised:  # noqa: BLE001 - answered as a 500, or raised again
                error = raised
                response = self.handle_exception(raised)
            contract = None if self._route_table is None else self._route_table.contract
            if contract is not None and "framework.contract" not in environ:
                response, broken = self._held(contract, ctx, response)
                error = broken or error
            body = response(environ, start_response)
            streamed = type(response) is not PreparedResponse and is_streamed(response, environ)
            if streamed:
                body = ContextIterator(ctx, body, functools.partial(self._finish_stream, ctx, error))
            if streamed or ctx.deferred:
                from .._background import Followed  # PERF: where it is needed

                body = Followed(body, ctx, t.cast(t.Any, response).status_code, streamed)
            return body
        except BaseException:
            error = sys.exc_info()[1]
            raise
        finally:
            if "werkzeug.debug.preserve_context" in environ:
                environ["werkzeug.debug.preserve_context"](ctx)
            if streamed:
                ctx.detach()
            else:
                if error is not None and self.should_ignore_error(error):
                    error = None
                if ctx._tokens:
                    ctx.pop(error)

    def _held(self, contract: t.Any, ctx: Context, response: Reply) -> tuple[Reply, Exception | None]:
        """Return a response that keeps the contract, or the answer to its breach and the breach."""
        try:
            contract.check(ctx, response)
        except Exception as raised:  # noqa: BLE001 - answered as a 500, or raised again
            if isinstance(response, BaseResponse):
                response.close()
            return self.handle_exception(raised), raised
        return response, None

    def _finish_stream(self, ctx: Context, error: BaseException | None, raised: BaseException | None) -> None:
        error = raised or error
        if error is not None and self.should_ignore_error(error):
            error = None
        ctx.finish(error)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        """Return what a WSGI server calls; calls :meth:`wsgi_app`."""
        return self.wsgi_app(environ, start_response)

    def request_context(self, environ: WSGIEnvironment) -> Context:
        """A context for a WSGI environment; push it, or use it with ``with``."""
        return Context(self, environ)  # type: ignore[arg-type]

    def full_dispatch_request(self) -> Reply:
        """From the hooks to the finished response, with the handling of exceptions."""
        ctx = _current.get(None) or current()  # PERF: 0.05 us
        try:
            if signals.request_started.receivers:
                signals.request_started.send(self, _async_wrapper=self.ensure_sync)
            route_table = self._route_table
            hooks = ctx.hooks or self._hooks_of(ctx)
            value = None
            if hooks.preprocesses:
                value = self.preprocess_request()
            else:
                for function in hooks.before:  # PERF: all that the method would do, 0.15 us
                    value = function()
                    if value is not None:
                        break
            if value is None:
                operation = ctx.operation
                if (
                    operation is not None
                    and operation.direct
                    and ctx._request is None  # nobody can have changed what was matched
                    and route_table is not None
                    and route_table.dispatches
                    and self.view_functions[operation.endpoint] is operation.view
                ):
                    make = operation.make_instance
                    value = operation.run(ctx, ctx.view_args or {}, None if make is None else make())
                else:
                    value = (ctx.is_miss and self._known_miss(ctx)) or self.dispatch_request()
        except Exception as error:  # noqa: BLE001 - goes to its handler, or is raised again
            route_table = self._route_table
            value = self.handle_user_exception(error)
            if route_table is not None and not route_table.finalizes:
                value = self._as_prepared(value)
        if (
            type(value) is PreparedResponse
            and route_table is not None
            and not route_table.finalizes
            and not ctx._after_request_functions
            and ctx._session is None
            and not (ctx.hooks or self._hooks_of(ctx)).processes
            and not signals.request_finished.receivers
        ):
            for function in ctx.hooks.light:  # type: ignore[union-attr]  # asked for above
                value = function(value)
            return value
        return self.finalize_request(value)

    def _known_miss(self, ctx: Context) -> PreparedResponse | None:
        """The answer for a path that no rule matches, where nothing that is there could make it another."""
        # PERF: 1 us, where making the exception, raising it, looking for its handler and rendering it take 6.
        route_table = self._route_table
        if (
            route_table is None
            or not route_table.knows_misses
            or ctx._request is not None
            or ctx._routing_exception is not None  # somebody has seen it, and may have changed it
            or self.error_renderer is not None
            or route_table.error_handler(_MISS, self.router_path_of(ctx)) is not None
        ):
            return None
        return problem.not_found(self._error_types(ctx))

    def _as_prepared(self, value: t.Any) -> t.Any:
        """An HTTP error as its small answer; any other value as it is."""
        if isinstance(value, HTTPException) and not problem.leaves_unchanged(value):
            return self.render_http_exception(value)
        return value

    def preprocess_request(self) -> ft.ResponseReturnValue | None:
        """Run the URL preprocessors and the ``before_request`` functions; a value that one returns is the answer."""
        ctx = current()
        hooks = self._hooks_of(ctx)
        if hooks.preprocess_url and ctx.url_rule is not None:
            for preprocess in hooks.preprocess_url:
                preprocess(ctx.url_rule.endpoint, ctx.view_args)
        for function in hooks.before:
            value: ft.ResponseReturnValue | None = function()
            if value is not None:
                return value
        return None

    def _built(self) -> RouteTable:
        """The route table, built if a setting has dropped it."""
        route_table = self._route_table
        if route_table is None:
            with self._freezing:
                route_table = self._route_table
                if route_table is None:
                    route_table = self._route_table = RouteTable(t.cast(t.Any, self))
        return route_table

    def _hooks_of(self, ctx: Context) -> t.Any:
        if ctx.hooks is None:
            ctx.hooks = self._built().hooks(self.router_path_of(ctx))
        return ctx.hooks

    def dispatch_request(self) -> t.Any:
        """Run the operation, or the view function, that the path and method lead to."""
        ctx = current()
        request = ctx._request
        if request is None:
            rule, view_args, refused = ctx.url_rule, ctx.view_args, ctx.routing_exception
        else:  # hooks may have changed these
            rule, view_args, refused = request.url_rule, request.view_args, request.routing_exception
        if refused is not None:
            if not self.debug and self._route_table is not None and self._route_table.dispatches:
                raise refused  # PERF: the method would do the same, with a request: 4 us
            self.raise_routing_exception(ctx.request)
        if rule is None:
            raise NotFound()  # the URL map was replaced, or the context was made without matching
        operation = ctx.operation
        if operation is None or rule is not ctx.url_rule:
            # A setting dropped the route table, or a hook chose another rule: the marks of what is called must run.
            operation = ctx.operation = self._operation_of(rule, ctx.request.method)
        if operation is None and getattr(rule, "provide_automatic_options", False) and ctx.request.method == "OPTIONS":
            return self.make_default_options_response()
        view: t.Any = self.view_functions[rule.endpoint]
        arguments = view_args if view_args is not None else {}
        if operation is not None and operation.view is not view:
            self._route_table = None  # somebody has put another function there, with marks of its own
            operation = ctx.operation = self._operation_of(rule, ctx.request.method)
        if operation is None:
            return self.ensure_sync(view)(**arguments)
        if not operation.direct:
            return self.ensure_sync(view)(**arguments)
        make = operation.make_instance
        return operation.run(ctx, arguments, None if make is None else make())

    def _operation_of(self, rule: t.Any, method: str) -> t.Any:
        """The operation of a rule and method, from a route table that is built if there is none."""
        route = self._built().routes.get(id(rule), NO_ROUTES).get(method)
        return None if route is None else route.operation

    def make_default_options_response(self) -> Response:
        """The answer to an automatic OPTIONS: the methods of the path, in ``Allow``."""
        adapter = current().url_adapter
        response = self.response_class()
        response.headers["Allow"] = ", ".join(sorted(t.cast(t.Any, adapter).allowed_methods()))
        return response

    # From a value to the response.

    def finalize_request(self, rv: t.Any, from_error_handler: bool = False) -> Reply:
        """Make the response of a returned value, and run what comes after.

        :param rv: What a view, a hook or an error handler returned.
        :param from_error_handler: Whether this is the answer to an unhandled error; errors here are then only logged.
        """
        response: t.Any = rv
        if type(rv) is not PreparedResponse or is_overridden(t.cast(t.Any, self), "make_response"):
            response = self.make_response(rv)
        try:
            ctx = current()
            if self._has_more_to_do(ctx):
                if type(response) is PreparedResponse:
                    response = response.to_response(self.response_class)
                response = self.process_response(response)
            else:
                for function in self._hooks_of(ctx).light:
                    response = function(response)
            if signals.request_finished.receivers:
                if type(response) is PreparedResponse:
                    response = response.to_response(self.response_class)
                signals.request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("Request finalizing failed with an error while handling an error")
        return t.cast("Reply", response)

    def _has_more_to_do(self, ctx: Context) -> bool:
        """Return whether ``process_response`` would do anything."""
        return bool(ctx._after_request_functions or ctx._session is not None or self._hooks_of(ctx).processes)

    def make_response(self, rv: t.Any) -> Response:
        """A response of what a view returned.

        :param rv: ``str`` or ``bytes`` (``text/html``), a dict or list (JSON), an iterator of either (streamed), a
            response, a WSGI application, an exception; or a tuple ``(body, status)``, ``(body, headers)``,
            ``(body, status, headers)``.
        :raises TypeError: It is ``None`` or of another type.
        """
        status: t.Any = None
        headers: t.Any = None
        if isinstance(rv, tuple):
            if len(rv) == 3:
                rv, status, headers = rv
            elif len(rv) == 2:
                if isinstance(rv[1], (Headers, dict, tuple, list)):
                    rv, headers = rv
                else:
                    rv, status = rv
            else:
                raise TypeError(
                    "The view function did not return a valid response tuple. The tuple must have the form"
                    " (body, status, headers), (body, status), or (body, headers)."
                )
        if rv is None:
            ctx = current()
            endpoint = None if ctx.url_rule is None else ctx.url_rule.endpoint
            raise TypeError(
                f"The view function for {endpoint!r} did not return a valid response. The function either returned"
                " None or ended without a return statement. Return a value, or ('', 204) for an empty answer."
            )
        response = self._response_of(rv, status)
        if not isinstance(rv, (str, bytes, bytearray)) and status is not None:
            if isinstance(status, (str, bytes, bytearray)):
                response.status = t.cast(str, status)
            else:
                response.status_code = status
        if headers:
            response.headers.update(headers)
        return response

    def _response_of(self, rv: t.Any, status: t.Any) -> Response:
        """The body of a returned value as a response; ``status`` is used where the body makes a new one."""
        if isinstance(rv, self.response_class):
            return rv
        if isinstance(rv, PreparedResponse):
            return rv.to_response(self.response_class)
        if isinstance(rv, HTTPException) and not problem.leaves_unchanged(rv):
            return self.render_http_exception(rv).to_response(self.response_class)
        if isinstance(rv, (str, bytes, bytearray, cabc.Iterator)):
            # The status goes in here, so that the class does not set a default that is then changed.
            return self.response_class(t.cast(t.Any, rv), status=status)
        if isinstance(rv, (dict, list)):
            return self.json.response(rv)
        if isinstance(rv, BaseResponse) or callable(rv):
            try:
                return t.cast("Response", self.response_class.force_type(t.cast(t.Any, rv), current().environ))
            except TypeError as error:
                raise TypeError(f"{error}\n{self._wrong_type(rv)}").with_traceback(sys.exc_info()[2]) from None
        raise TypeError(self._wrong_type(rv))

    def _wrong_type(self, rv: t.Any) -> str:
        return (
            "The view function did not return a valid response. The return type must be a string, dict, list, tuple"
            " with headers or status, Response instance, or WSGI callable, but it was a"
            f" {type(rv).__name__}. Return one of these, or declare the answer with a 'response' mark."
        )

    def process_response(self, response: Response) -> Response:
        """Run the ``after_this_request`` and ``after_request`` functions, and save the session.

        :param response: The response so far.
        :return: The one to send.
        """
        ctx = current()
        try:
            return self._run_after(ctx, response)
        except SessionUnavailable as error:
            # Nothing more is asked of a store that is away, and the functions see the answer that leaves.
            ctx._session = getattr(self.session_interface, "make_unavailable", NullSession)()
            response.close()
            return self._run_after(ctx, self.make_response(self.handle_user_exception(error)))

    def _run_after(self, ctx: Context, response: Response) -> Response:
        for function in ctx._after_request_functions:
            response = self.ensure_sync(function)(response)
        for function in self._hooks_of(ctx).after:
            response = function(response)
        # A session that nobody touched was not opened: there is nothing to save.
        if ctx._session is not None and not self.session_interface.is_null_session(ctx._session):
            self.session_interface.save_session(t.cast(t.Any, self), ctx._session, response)
        return response

    # The end.

    def do_teardown_request(self, exc: BaseException | None = MISSING) -> None:
        """Run all ``teardown_request`` functions, whatever some of them raise. Called when the context is popped.

        :param exc: The exception that ended the request. Default: the one being handled.
        """
        if exc is MISSING:
            exc = sys.exc_info()[1]
        collector = CollectErrors()
        for function in self._hooks_of(current()).teardown:
            with collector:
                function(exc)
        if signals.request_tearing_down.receivers:
            with collector:
                signals.request_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)
        collector.raise_any("Errors during request teardown.")

    def do_teardown_appcontext(self, exc: BaseException | None = MISSING) -> None:
        """Run all ``teardown_appcontext`` functions, whatever some of them raise.

        :param exc: The exception that ended the work. Default: the one being handled.
        """
        if exc is MISSING:
            exc = sys.exc_info()[1]
        collector = CollectErrors()
        for function in reversed(self.teardown_appcontext_funcs):
            with collector:
                self.ensure_sync(function)(exc)
        if signals.appcontext_tearing_down.receivers:
            with collector:
                signals.appcontext_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)
        collector.raise_any("Errors during application context teardown.")


def is_streamed(response: t.Any, environ: WSGIEnvironment) -> bool:
    """Return whether a body is made while it is sent, by code that may use the context."""
    if environ["REQUEST_METHOD"] == "HEAD":
        return False
    return not getattr(response, "is_sequence", False) and not getattr(response, "direct_passthrough", False)

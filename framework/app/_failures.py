"""What happens to an exception: its handler, its answer, and the log.

Not here: when these methods are called (``app._dispatch``).
Floor 6.
"""

from __future__ import annotations

import sys
import typing as t

from werkzeug.exceptions import BadRequest, BadRequestKeyError, HTTPException
from werkzeug.routing import RequestRedirect, RoutingException

from .. import signals
from ..context import current
from ..debughelpers import FormDataRoutingRedirect
from ..errors import InternalServerError
from ..hooks import find_error_handler
from ..http import problem
from ..http.response import PreparedResponse, Reply
from ..http.semantics import SAFE
from ..http.shortening import ROOM
from ..logging import printable
from ._url import Urls

if t.TYPE_CHECKING:
    from types import TracebackType

    from .. import typing as ft
    from ..context import Context
    from ..http.problem import ErrorRenderer


class Failures(Urls):
    """The part of :class:`App` that handles exceptions."""

    error_renderer: ErrorRenderer | None = None
    """What ``render_error`` has set: the shape of all errors; ``None`` for problem objects."""

    def raise_routing_exception(self, request: t.Any) -> t.NoReturn:
        """Raise the error that was kept when no rule matched.

        In debug mode a redirect that would lose the body of a form explains itself instead.
        """
        error = request.routing_exception
        loses_form = request.method not in SAFE
        if self.debug and loses_form and isinstance(error, RequestRedirect) and error.code not in (307, 308):
            raise FormDataRoutingRedirect(
                f"A request was sent to {request.url!r}, and the routing redirects it to the canonical URL"
                f" {error.new_url!r}. The browser will not send the form data again. Send the form to the second URL,"
                " or make the rule answer the first."
            )
        raise error

    def handle_user_exception(self, e: Exception) -> t.Any:
        """Give an exception to its handler; HTTP exceptions go to :meth:`handle_http_exception`.

        :return: What the handler returned.
        :raises Exception: The same, when none takes it.
        """
        if isinstance(e, BadRequestKeyError) and (self.debug or self.config["TRAP_BAD_REQUEST_ERRORS"]):
            e.show_exception = True
        if isinstance(e, HTTPException) and not self.trap_http_exception(e):
            return self.handle_http_exception(e)
        handler = self._find_error_handler(e)
        if handler is None:
            raise
        return handler(e)

    def handle_http_exception(self, e: HTTPException) -> t.Any:
        """Give an HTTP exception to its handler; without one it is an answer itself.

        :return: What the handler returned, or the exception.
        """
        # What carries a response is an answer already, and routing uses exceptions for redirects.
        if e.code is None or isinstance(e, RoutingException):
            return e
        handler = self._find_error_handler(e)
        return e if handler is None else handler(e)

    def handle_exception(self, e: Exception) -> Reply:
        """Answer an exception that nobody handled: a 500, logged once; in debug mode and tests it is raised.

        :param e: The exception. Handlers get an ``InternalServerError`` with it as ``original_exception``.
        """
        exc_info = sys.exc_info()
        if signals.got_request_exception.receivers:
            signals.got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=e)
        propagate = self.config["PROPAGATE_EXCEPTIONS"]
        if propagate is None:
            propagate = self.testing or self.debug
        if propagate:
            if exc_info[1] is e:
                raise
            raise e
        self.log_exception(t.cast(t.Any, exc_info))
        server_error: t.Any = InternalServerError(original_exception=e)
        handler = self._find_error_handler(server_error)
        if handler is not None:
            server_error = handler(server_error)
        return self.finalize_request(server_error, from_error_handler=True)

    def _find_error_handler(self, error: Exception) -> ft.ErrorHandlerCallable | None:
        router_path = self.router_path_of(current())
        if self._route_table is not None:
            return self._route_table.error_handler(error, router_path)
        handler = find_error_handler(self.error_handler_spec, error, router_path)
        return None if handler is None else self.ensure_sync(handler)

    def trap_http_exception(self, e: Exception) -> bool:
        """Return whether an HTTP exception is treated like any other: by ``TRAP_HTTP_EXCEPTIONS`` and
        ``TRAP_BAD_REQUEST_ERRORS``."""
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap is None and self.debug and isinstance(e, BadRequestKeyError):
            return True
        return bool(trap) and isinstance(e, BadRequest)

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
    ) -> None:
        """Log an unhandled exception, with its traceback.

        :param exc_info: As ``sys.exc_info()`` gives it.
        """
        request = current().request
        path, method = printable(request.path), printable(request.method)
        self.logger.error("Exception on %s [%s]", path, method, exc_info=exc_info)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Return whether teardown functions are not told of an error. Override it; default: never."""
        return False

    def render_http_exception(self, error: HTTPException) -> PreparedResponse:
        """The answer for an HTTP error that no handler took: a problem object, or what ``render_error`` says.

        :param error: One with a status of 400 or more and no response of its own.
        """
        limit = self.config["MAX_ERROR_LENGTH"] + ROOM
        if self.error_renderer is not None:
            try:
                return self.error_renderer.render(error, self.ensure_sync, limit)
            except Exception:
                if error.code != 500:
                    raise  # it is answered by a 500, which comes here once more
                self.logger.exception("Rendering a 500 failed; a problem object is sent instead")
        return problem.render(error, self._error_types(current()), limit, self.config["MAX_ERRORS"])

    def _error_types(self, ctx: Context) -> str | None:
        """Return where the errors are described, for the ``type`` of problem objects."""
        docs: str | None = self.config["DOCS_PATH"]
        environ: t.Any = ctx.environ or {}
        return None if docs is None else f"{environ.get('SCRIPT_NAME', '').rstrip('/')}{docs.rstrip('/')}/errors/"

    def finalize_request(self, rv: t.Any, from_error_handler: bool = False) -> Reply:
        """Make the response of a returned value; :class:`Dispatch` does it."""
        raise NotImplementedError

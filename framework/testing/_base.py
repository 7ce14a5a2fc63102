"""What the clients for tests share: what goes with a request, and how its reply is held against the contract.

Not here: making requests (``testing.client``, ``testing._async_client``), the contract (``openapi.contract``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing as t

from ..context import FRESH_G
from ..errors import ContractViolation
from . import coverage

if t.TYPE_CHECKING:
    from werkzeug.datastructures import Headers
    from werkzeug.wrappers import Response as BaseResponse

    from ..app import App
    from ..context import Context
    from ..openapi.contract import Contract, Exchange
    from ..sessions import SessionMixin

#: Where a request carries the function that is told of its context just before that is popped. werkzeug's debugger
#: uses the same name for the same purpose.
PRESERVE_CONTEXT = "werkzeug.debug.preserve_context"


class ClientBase:
    """The common base of the synchronous and the asynchronous client."""

    application: App
    contract: bool | None
    fresh_g: bool
    environ_base: dict[str, object]
    _checks: Contract | None = None

    @property
    def checks_replies(self) -> bool:
        """Return whether replies are held against what their operations declare."""
        return self.application.config["CONTRACT"] != "off" if self.contract is None else self.contract

    def _watch(self) -> None:
        """Let the application remember what the contract looks at, which costs a little."""
        if self.checks_replies and not self.application.watched:
            self.application.watched = True
            self.application._route_table = None

    def _environ(self, given: cabc.Mapping[str, object], contexts: list[Context]) -> dict[str, object]:
        # The key at the end says that the client looks at the reply, or does not want it to be looked at.
        fresh = {FRESH_G: True} if self.fresh_g else {}
        watched = {PRESERVE_CONTEXT: contexts.append, "framework.contract": self.contract}
        return {**self.environ_base, **given, **watched, **fresh}

    # The contract.

    def _is_held(self, ctx: Context | None) -> t.TypeGuard[Context]:
        """Return whether the reply to a request is looked at."""
        return ctx is not None and ctx.operation is not None and ctx.operation.declared and self.checks_replies

    def _hold(
        self, ctx: Context, status: int, headers: Headers, read: cabc.Callable[[], bytes], sent: bytes | None = None
    ) -> cabc.Callable[[bytes], None] | None:
        """Hold a reply against what its operation declares.

        :param ctx: The context of the request.
        :param read: Returns the body; called where that is finished, and is looked at.
        :param sent: The body of the request, where it is known.
        :return: For a stream the function that holds each part of its body.
        :raises ContractViolation: The reply is not as declared, and ``CONTRACT`` is not ``"log"``.
        """
        # Looked up here: a client that checks nothing needs no document.
        from ..openapi.contract import Contract, exchange_of, finished_body, violation

        exchange = exchange_of(ctx, status, headers, finished_body(status, headers, read), sent)
        if exchange is None:
            return None
        if self._checks is None:
            self._checks = Contract.of(self.application)
        findings = self._checks.check(exchange)
        if coverage.current is not None:
            coverage.current.record(self.application, exchange)
        if findings:
            self._report(violation(exchange, findings))
        if exchange.body is None and any(outcome.items is not None for outcome in exchange.operation.outcomes):
            from ..openapi.contract import part_decoder

            return functools.partial(self._hold_part, self._checks, exchange, part_decoder(headers))
        return None

    def _hold_part(
        self, contract: Contract, exchange: Exchange, decode: cabc.Callable[[bytes], bytes], part: bytes
    ) -> None:
        findings = contract.part(exchange, decode(part))
        if findings:
            from ..openapi.contract import violation

            self._report(violation(exchange, findings))

    def _report(self, error: ContractViolation) -> None:
        if self.application.config["CONTRACT"] != "log":
            raise error
        self.application.logger.error("%s", error)

    # Users and sessions.

    def _environ_of(self, user: object, scopes: cabc.Iterable[str] | None) -> dict[str, object]:
        """The environment below the requests of a user."""
        from ..marks.security import FORCED, everything

        header = "HTTP_" + self.application.config["CSRF_HEADER"].upper().replace("-", "_")
        # Nothing looks at the token of a user who has sent no cookie; the document asks for it where cookies are meant.
        return {header: "none", **self.environ_base, FORCED: everything(user, scopes)}

    def _token_for(self, bound: str | None) -> str:
        """Return the CSRF token that is good with a session, or with another cookie."""
        from ..http.csrf import make_token
        from ..tokens import secret_keys

        key = next(iter(secret_keys(self.application.config)), None)
        if key is None or not bound:
            raise RuntimeError("A CSRF token needs a 'SECRET_KEY', and the cookie that it is to be good with.")
        return make_token(key, bound)

    def _open_session(self, ctx: Context) -> SessionMixin:
        """Open the session of a request.

        :raises RuntimeError: The application has none.
        """
        app = self.application
        # The context is active only to open and to save: the block shall see the one it was written in.
        with ctx:
            session = app.session_interface.open_session(app, ctx.request)
        if session is None:
            raise RuntimeError("Session backend did not open a session. Set a 'SECRET_KEY', or another interface.")
        return session

    def _save_session(self, ctx: Context, session: SessionMixin) -> BaseResponse | None:
        """Save a session; return the response that has its cookie."""
        app = self.application
        if app.session_interface.is_null_session(session):
            return None
        response = app.response_class()
        with ctx:
            app.session_interface.save_session(app, session, response)
        return response

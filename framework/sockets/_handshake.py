"""The handshake of a WebSocket: a mark with the checks before its handler, the subprotocol, the number of connections.

Everything else about it is that of a GET request: the marks, hooks and errors of the application.
Not here: the connection itself (``sockets._connection``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import threading
import typing as t

from ..asgi import SOCKET
from ..errors import ServiceUnavailable
from ..http.csrf import is_own_page
from ..marks.base import Call, Mark, Outcome, Phase, Plan, Record, Step
from ..marks.raises import error_outcome
from ..texts import message
from ._errors import OriginRefused, UpgradeRequired
from ._messages import MessageRules, rules_for

if t.TYPE_CHECKING:
    from ..app import App
    from ..context import Context
    from ..marks.base import Steps
    from ..marks.browsers import CORS
    from ._socket import Socket

RULES: t.Final = "framework.socket.rules"
"""The key of an environment for the :class:`MessageRules` of the operation."""

_COUNT: t.Final = "framework.sockets"
# A header of the connection is not the application's under WSGI (PEP 3333): other servers refuse the answer.
_PASS_UPGRADE: t.Final = ("gunicorn", "granian", "werkzeug")


class SocketMark(Mark):
    """The checks of a handshake: each :class:`Socket` has this mark."""

    def __repr__(self) -> str:
        return "the mark of Socket"

    def run(self, plan: Plan) -> Steps:
        rules = rules_for(plan)
        of_setting: cabc.Collection[str] = plan.config["WEBSOCKET_ORIGINS"] or ()

        def check_upgrade(ctx: Context, call: Call) -> None:
            environ = ctx.request_environ
            if SOCKET not in environ:
                raise _no_socket(ctx)
            environ[RULES] = rules

        def check_origin(ctx: Context, call: Call) -> None:
            environ = ctx.request_environ
            site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
            listed = (*of_setting, *t.cast("Socket", call.instance).origins)
            origins = {each.lower().rstrip("/") for each in listed}
            if "*" in origins or is_own_page(site, origin, ctx.request.host_url.rstrip("/"), origins):
                return
            rule = _cors(ctx)
            # '*' is for answers that are read without cookies; a browser sends them with every handshake.
            if origin is None or rule is None or rule.any_origin or rule.allowed(origin) is None:
                raise OriginRefused()

        yield Step(Phase.PREFLIGHT, check_upgrade)
        yield Step(Phase.ACCEPT, check_origin)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        yield Outcome(101, None, "", (), "*/*")
        yield error_outcome(UpgradeRequired)
        yield error_outcome(OriginRefused)
        yield error_outcome(ServiceUnavailable)


def _cors(ctx: Context) -> CORS | None:
    """Return the ``CORS`` mark for a request: that of its innermost router, or of the application."""
    from ..marks.browsers import CORS

    marks = () if ctx.operation is None else ctx.operation.marks
    return next((mark for mark in reversed(marks) if isinstance(mark, CORS)), None)


def _no_socket(ctx: Context) -> UpgradeRequired:
    """Return the answer to a request that is not the handshake of a WebSocket, as far as the server says."""
    environ = ctx.request_environ
    headers = []
    software = str(environ.get("SERVER_SOFTWARE", "werkzeug")).lower()
    if "asgi.scope" in environ or software.startswith(_PASS_UPGRADE):
        headers = [("Upgrade", "websocket")]
    if environ.get("HTTP_UPGRADE", "").lower() != "websocket":
        return UpgradeRequired(headers=headers)
    count = count_of(ctx.app)
    if not count.is_warned:
        count.is_warned = True
        ctx.app.logger.warning(
            "A WebSocket was requested at %s, and the server has none. Serve 'app.asgi' with an ASGI server that has"
            " WebSockets: uvicorn needs the library websockets or wsproto for them. This is logged once.",
            getattr(ctx.url_rule, "rule", ""),
        )
    return UpgradeRequired(message("upgrade_required.server"), headers=headers)


def negotiated(offered: cabc.Iterable[str], known: cabc.Collection[str]) -> str | None:
    """Return the subprotocol of a connection: the first that the client offers and the server knows."""
    return next((each for each in offered if each in known), None)


# The number of connections.


class SocketCount:
    """The number of open connections of an application in this process."""

    def __init__(self) -> None:
        self.number = 0
        self.is_warned = False
        """True if the log says already that the server has no WebSockets."""
        self._lock = threading.Lock()

    def take(self, limit: int | None) -> bool:
        """Count one more; false where there are as many as there may be."""
        with self._lock:
            if limit is not None and self.number >= limit:
                return False
            self.number += 1
            return True

    def give_back(self, error: BaseException | None) -> None:
        """Count one less."""
        with self._lock:
            self.number -= 1


def count_of(app: App) -> SocketCount:
    """Return the count of an application."""
    count: SocketCount = app.extensions.setdefault(_COUNT, SocketCount())
    return count


def open_sockets(app: App) -> int:
    """Return the number of WebSockets of an application that are open in this process."""
    return count_of(app).number


def take_place(ctx: Context) -> None:
    """Count a connection until its context ends.

    :raises ServiceUnavailable: There are as many as ``MAX_WEBSOCKETS`` says.
    """
    count = count_of(ctx.app)
    if not count.take(ctx.app.config["MAX_WEBSOCKETS"]):
        raise ServiceUnavailable(message("service_unavailable.sockets"), retry_after=1)
    ctx.at_end(count.give_back)


def rules_of(ctx: Context) -> MessageRules:
    """Return the rules for the messages of a handshake."""
    return t.cast(MessageRules, ctx.request_environ[RULES])

"""``security_headers``: what tells a browser to take an answer for nothing but data.

Given to an application or a router it acts on every answer below, unknown paths and errors included. A header that is
there already stays. Not here: who may read an answer (``marks.security._requires``, ``marks.browsers._cors``), who
keeps it (``marks.conditional._cache_control``, but for answers to a user whom a hook has authenticated). Floor 4."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import typing as t

from marshmallow import fields

from ...context import Context, current
from ...errors import SetupError
from ...http.response import header_of, set_header
from ...texts import message
from ..base import Header, Mark, Phase, Plan, Record, ReplyStep, Steps
from ..conditional import NO_STORE

if t.TYPE_CHECKING:
    from ...config import Config
    from ...http.response import Reply

HSTS = "Strict-Transport-Security"
_WORDS = {
    "X-Content-Type-Options": message("headers.nosniff"),
    "X-Frame-Options": message("headers.frame_options"),
    "Referrer-Policy": message("headers.referrer_policy"),
    "Cross-Origin-Resource-Policy": message("headers.resource_policy"),
    "Content-Security-Policy": message("headers.content_security_policy"),
}
_OF_DATA = frozenset({"Content-Security-Policy"})
_PAGES = ("text/html", "application/xhtml+xml")


class AnswerHooks(t.Protocol):
    """A router or an application, as far as functions that see its answers are concerned."""

    def after_request(self, f: cabc.Callable[[Reply], Reply], /) -> object:
        """Call a function for each answer."""


class SecurityHeadersMark(Mark):
    """Headers for browsers; see :func:`security_headers`."""

    nearest_counts = True

    phase = Phase.HEADERS

    def __init__(self, headers: cabc.Mapping[str, str | None]) -> None:
        self.pairs = tuple((name, value) for name, value in headers.items() if value is not None)
        self._for_pages = tuple(pair for pair in self.pairs if pair[0] not in _OF_DATA)
        self._is_installed = False

    def __repr__(self) -> str:
        return f"security_headers({', '.join(name for name, _ in self.pairs)})"

    def install(self, scaffold: AnswerHooks) -> None:
        def tell_all(reply: Reply) -> Reply:
            ctx = current()
            operation = ctx.operation
            nearest = (
                None
                if operation is None
                else next((mark for mark in operation.marks if isinstance(mark, SecurityHeadersMark)), None)
            )
            # A nearer mark has told already, or will: the hooks of routers run before those of the application.
            if nearest is None or nearest is self:
                self.tell(ctx, reply)
            return reply

        scaffold.after_request(tell_all)
        self._is_installed = True

    def run(self, plan: Plan) -> Steps:
        hsts_text(plan.config)
        if not self._is_installed:
            yield ReplyStep(self.phase, lambda ctx, call, reply: self.tell(ctx, reply), errors=True)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        for name, value in self.pairs:
            yield Header(name, fields.String(metadata={"example": value}), _WORDS.get(name, ""))
        hsts = hsts_text(plan.config)
        if hsts is not None:
            yield Header(HSTS, fields.String(metadata={"example": hsts}), message("headers.transport_security"))

    def tell(self, ctx: Context, reply: Reply) -> None:
        """Add the headers that are not there."""
        kind = header_of(reply, "Content-Type") or ""
        for name, value in self._for_pages if kind.startswith(_PAGES) else self.pairs:
            if header_of(reply, name) is None:
                set_header(reply, name, value)
        environ = ctx.request_environ
        if environ["wsgi.url_scheme"] == "https":
            hsts = hsts_text(ctx.app.config)
            if hsts is not None and header_of(reply, HSTS) is None:
                set_header(reply, HSTS, hsts)
        if ctx.user is not None and header_of(reply, "Cache-Control") is None:
            set_header(reply, "Cache-Control", NO_STORE)


def security_headers(
    *,
    nosniff: bool = True,
    frame_options: str | None = "DENY",
    referrer_policy: str | None = "no-referrer",
    resource_policy: str | None = "same-origin",
    content_security_policy: str | None = "default-src 'none'; frame-ancestors 'none'",
    headers: cabc.Mapping[str, str] | None = None,
) -> SecurityHeadersMark:
    """Tell browsers to take the answers for data and nothing else.

    Give it to ``App(marks=[...])`` or ``Router(marks=[...])``, where it acts on unknown paths and errors too. The
    setting ``STRICT_TRANSPORT_SECURITY`` adds that header over HTTPS. Answers to a user get ``Cache-Control:
    no-store`` where nothing says otherwise. ``None`` leaves a header out.

    :param nosniff: ``X-Content-Type-Options: nosniff`` (Fetch standard).
    :param frame_options: ``X-Frame-Options``: ``"DENY"`` or ``"SAMEORIGIN"``.
    :param referrer_policy: ``Referrer-Policy``.
    :param resource_policy: ``Cross-Origin-Resource-Policy``: ``"same-origin"``, ``"same-site"`` or ``"cross-origin"``.
        Requests by CORS are not its matter.
    :param content_security_policy: ``Content-Security-Policy``, on all but HTML pages, which know best what they load.
    :param headers: Further ones, such as ``Permissions-Policy``.
    :raises SetupError: A value has a line break, or is none of those that the header has.
    """
    choices: dict[str, tuple[str | None, tuple[str, ...]]] = {
        "frame_options": (frame_options, ("DENY", "SAMEORIGIN")),
        "resource_policy": (resource_policy, ("same-origin", "same-site", "cross-origin")),
    }
    for argument, (given, allowed) in choices.items():
        if given is not None and given not in allowed:
            raise SetupError(f"security_headers got {argument}={given!r}. Give one of {', '.join(allowed)}, or None.")
    made: dict[str, str | None] = {
        "X-Content-Type-Options": "nosniff" if nosniff else None,
        "X-Frame-Options": frame_options,
        "Referrer-Policy": referrer_policy,
        "Cross-Origin-Resource-Policy": resource_policy,
        "Content-Security-Policy": content_security_policy,
        **(headers or {}),
    }
    for name, value in made.items():
        if value is not None and ("\n" in value or "\r" in value):
            raise SetupError(f"security_headers got a line break in {name}: {value!r}. Take it out.")
    return SecurityHeadersMark(made)


def hsts_text(config: Config) -> str | None:
    """Return what the setting ``STRICT_TRANSPORT_SECURITY`` says (RFC 6797); ``None`` where it is not set."""
    given = config["STRICT_TRANSPORT_SECURITY"]
    if isinstance(given, dt.timedelta):
        given = int(given.total_seconds())
    return f"max-age={given}" if isinstance(given, int) else t.cast("str | None", given)

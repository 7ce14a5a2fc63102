"""``CORS``: which pages of other origins may read the answers in a browser (Fetch standard, "CORS protocol").

Given to an application or a router, it acts on every answer below, misses and errors included, and answers preflights
from what is registered: the real methods of the path, the headers that the operation declares.
Not here: access control. CORS keeps a browser's page from reading an answer, and no client from sending a request.
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t
from urllib.parse import urlsplit

from marshmallow import fields
from werkzeug.exceptions import HTTPException

from ...context import current
from ...errors import SetupError
from ...http.response import add_vary, header_of, set_header
from ...texts import message
from ..base import Header, Mark, Plan, Record

if t.TYPE_CHECKING:
    from werkzeug.routing import MapAdapter

    from ...context import Context
    from ...http.response import Reply
    from ...resources.operation import Operation
    from ...typing import AfterRequestCallable, BeforeRequestCallable
    from ...wrappers import Response

AllowedOrigin: t.TypeAlias = str | re.Pattern[str]

# Request headers that a page may send without asking, and headers of answers that it may read (Fetch standard).
_SAFE_REQUEST = frozenset({"accept", "accept-language", "content-language"})
_SAFE_RESPONSE = frozenset(
    {
        *("cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"),
        *("access-control-allow-origin", "access-control-allow-credentials", "vary"),
    }
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_STRANGER = "https://origin-that-nobody-names.invalid"
_MAX_LEARNED = 10_000
# What a browser sends: a pattern that is too generous is asked about nothing else.
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@\\,]+")


def as_origins(origins: object) -> cabc.Iterable[AllowedOrigin]:
    """Several origins.

    :raises SetupError: They are something else.
    """
    if not isinstance(origins, cabc.Iterable):
        raise SetupError(f"CORS got {origins!r} as origins. Give one like 'https://app.example', or a list.")
    return origins


class HookTables(t.Protocol):
    """An application, as far as its tables of hooks are concerned."""

    @property
    def extensions(self) -> dict[str, t.Any]:
        """The state of extensions, by their names."""

    @property
    def before_request_funcs(self) -> dict[str | None, list[BeforeRequestCallable]]:
        """The functions that are called before a request is answered, by router."""

    @property
    def after_request_funcs(self) -> dict[str | None, list[AfterRequestCallable]]:
        """The functions that get each answer, by router."""


class CORS(Mark):
    """Let pages of other origins read the answers.

    Give it to ``App(marks=[...])`` or ``Router(marks=[...])``; that of the innermost router counts.

    :param origins: ``"*"``, or the origins: exact ones (``"https://app.example.com"``), and compiled patterns, which
        must match the whole origin. ``"null"`` counts only when it is named.
    :param headers: Request headers in addition to those that the operation declares, for a preflight.
    :param expose: Headers of answers that the page may read, in addition to those that the operation declares.
    :param credentials: Whether the page may send cookies and HTTP authentication.
    :param max_age: Seconds for which a browser may keep the answer to a preflight.
    :param private_network: Whether pages of public networks may reach this server in a private one.
    :raises SetupError: An origin is none, or credentials are to go to every origin.
    """

    nearest_counts = True

    def __init__(
        self,
        origins: AllowedOrigin | cabc.Iterable[AllowedOrigin],
        *,
        headers: cabc.Iterable[str] = (),
        expose: cabc.Iterable[str] = (),
        credentials: bool = False,
        max_age: int = 600,
        private_network: bool = False,
    ) -> None:
        listed = [origins] if isinstance(origins, (str, re.Pattern)) else list(as_origins(origins))
        self.any_origin = "*" in listed
        if self.any_origin and len(listed) > 1:
            raise SetupError("CORS got '*' and other origins. Give '*' alone, or the origins alone.")
        self.exact = frozenset(checked_origin(origin) for origin in listed if isinstance(origin, str) and origin != "*")
        self.patterns = tuple(origin for origin in listed if isinstance(origin, re.Pattern))
        self.credentials = credentials
        if credentials and (self.any_origin or self._is_named(_STRANGER)):
            raise SetupError(
                "CORS would let the pages of every origin read answers with the cookies of the user. Name the origins,"
                " or leave 'credentials' off."
            )
        self.headers = tuple(headers)
        self.expose = tuple(expose)
        self.max_age = max_age
        self.private_network = private_network
        self._exposed: dict[Operation | None, str] = {}

    def __repr__(self) -> str:
        return f"CORS({'*' if self.any_origin else sorted(self.exact)!r})"

    def __call__(self, target: object) -> t.NoReturn:
        raise SetupError(
            f"CORS is on {target!r}. A browser asks for a path before it sends the request: give it to"
            " Router(marks=[...]) or App(marks=[...])."
        )

    def install(self, scaffold: object) -> None:
        record = getattr(scaffold, "record", None)
        if record is None:
            rules_of(t.cast("HookTables", scaffold))[None] = self
        else:
            record(lambda state: rules_of(state.app).__setitem__(state.full_name, self))

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        yield Header("Access-Control-Allow-Origin", fields.String(), message("headers.allow_origin"))
        if self.credentials:
            yield Header("Access-Control-Allow-Credentials", fields.String(), message("headers.allow_credentials"))

    def _is_named(self, origin: str) -> bool:
        if origin in self.exact:
            return True
        if not self.patterns or _ORIGIN.fullmatch(origin) is None:
            return False
        return any(pattern.fullmatch(origin) for pattern in self.patterns)

    def allowed(self, origin: str) -> str | None:
        """Return what ``Access-Control-Allow-Origin`` says to an origin; ``None`` when it may not read."""
        if self.any_origin:
            return "*"
        return origin if self._is_named(origin) else None

    def preflight(self, ctx: Context, allowed: str) -> Response:
        """The answer to a preflight of an origin that may read."""
        request, adapter = ctx.request, ctx.url_adapter
        method = request.headers["Access-Control-Request-Method"]
        operation = None if adapter is None else find_operation(ctx, adapter, method)
        response = ctx.app.response_class(status=204)
        # An answer without a body has no media type (RFC 9110, section 8.3).
        response.headers.remove("Content-Type")
        methods = () if adapter is None else adapter.allowed_methods()
        response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(methods))
        headers = (*request_headers(operation), *self.headers)
        if headers:
            response.headers["Access-Control-Allow-Headers"] = ", ".join(unique_names(headers))
        response.headers["Access-Control-Max-Age"] = str(self.max_age)
        if self.private_network and request.headers.get("Access-Control-Request-Private-Network") == "true":
            response.headers["Access-Control-Allow-Private-Network"] = "true"
        self.permit(response, allowed)
        response.vary.update(("Access-Control-Request-Method", "Access-Control-Request-Headers"))
        return response

    def permit(self, reply: Reply, allowed: str) -> None:
        """Say that the page may read."""
        set_header(reply, "Access-Control-Allow-Origin", allowed)
        if self.credentials:
            set_header(reply, "Access-Control-Allow-Credentials", "true")

    def exposed(self, operation: Operation | None) -> str:
        """The headers of an operation's answers that a page may read, as one text."""
        known = self._exposed.get(operation)
        if known is None:
            if len(self._exposed) > _MAX_LEARNED:  # operations are made anew when a setting changes
                self._exposed.clear()
            names = (*self.expose, *(response_headers(operation) if operation is not None else ()))
            known = ", ".join(name for name in unique_names(names) if name.lower() not in _SAFE_RESPONSE)
            self._exposed[operation] = known
        return known

    def finish(self, ctx: Context, reply: Reply) -> None:
        """Write the headers of an answer that is not a preflight's."""
        allowed: str | None = "*"  # also without an Origin: a cache may give the answer to a page
        if not self.any_origin:
            add_vary(reply, ("Origin",))
            origin = ctx.request_environ.get("HTTP_ORIGIN")
            allowed = None if origin is None else self.allowed(origin)
        if allowed is None or header_of(reply, "Access-Control-Allow-Methods") is not None:
            return
        self.permit(reply, allowed)
        exposed = self.exposed(ctx.operation)
        if exposed:
            set_header(reply, "Access-Control-Expose-Headers", exposed)


def checked_origin(origin: str) -> str:
    """An origin as a browser writes it (RFC 6454, section 6.2).

    :raises SetupError: It is none.
    """
    if origin == "null":
        return origin
    parts = urlsplit(origin)
    try:
        port = parts.port
    except ValueError:
        port = -1
    written = f"{parts.scheme}://{parts.hostname or ''}" + (f":{port}" if port is not None else "")
    if ":" in (parts.hostname or ""):
        written = f"{parts.scheme}://[{parts.hostname}]" + (f":{port}" if port is not None else "")
    if not parts.scheme or not parts.hostname or "*" in origin or origin != written:
        raise SetupError(
            f"CORS got {origin!r}, which no browser sends as an origin. Write scheme, host and port in small letters"
            " and nothing behind them, like 'https://app.example.com'; for many of them compile a pattern."
        )
    if port == _DEFAULT_PORTS.get(parts.scheme):
        raise SetupError(
            f"CORS got {origin!r}. Browsers leave out the port {port} of {parts.scheme}: leave it out too."
        )
    return origin


def rules_of(app: HookTables) -> dict[str | None, CORS]:
    """Return who decides in an application, by the name of the router; its first use puts the hooks in place."""
    rules: dict[str | None, CORS] | None = app.extensions.get("framework.cors")
    if rules is None:
        rules = app.extensions["framework.cors"] = {}
        install_hooks(app, rules)
    return rules


def install_hooks(app: HookTables, rules: dict[str | None, CORS]) -> None:
    """Ask the rules before all other hooks, so that none refuses a preflight, and after all others."""

    def rule_of() -> CORS | None:
        ctx = current()
        for name in ctx.app.router_path_of(ctx):
            if name in rules:
                return rules[name]
        return rules.get(None)

    def answer_preflight() -> Response | None:
        ctx = current()
        environ = ctx.request_environ
        if environ["REQUEST_METHOD"] != "OPTIONS" or "HTTP_ACCESS_CONTROL_REQUEST_METHOD" not in environ:
            return None
        rule, origin = rule_of(), environ.get("HTTP_ORIGIN")
        allowed = None if rule is None or origin is None else rule.allowed(origin)
        if rule is None or allowed is None or ctx.url_adapter is None or not ctx.url_adapter.allowed_methods():
            return None
        return rule.preflight(ctx, allowed)

    def write_headers(reply: Reply) -> Reply:
        rule = rule_of()
        if rule is not None:
            rule.finish(current(), reply)
        return reply

    app.before_request_funcs.setdefault(None, []).insert(0, answer_preflight)
    app.after_request_funcs.setdefault(None, []).insert(0, write_headers)


def find_operation(ctx: Context, adapter: MapAdapter, method: str) -> Operation | None:
    """The operation that a preflight asks about, if there is one."""
    try:
        rule, _ = adapter.match(method=method, return_rule=True)
    except HTTPException:
        return None
    return ctx.app._operation_of(rule, method)


def request_headers(operation: Operation | None) -> cabc.Iterator[str]:
    """The headers that a request of an operation may carry, as its marks declare them."""
    if operation is None or not operation.documented:
        yield from ("Authorization", "Content-Type")  # a plain view does not say what it reads
        return
    if operation.bodies:
        yield "Content-Type"
    for security in operation.security:
        if security.scheme.get("type") == "apiKey":
            if security.scheme.get("in") == "header":
                yield str(security.scheme["name"])
        else:
            yield "Authorization"
    for parameter in operation.parameters:
        if parameter.location == "header" and parameter.name.lower() not in _SAFE_REQUEST:
            yield parameter.name


def response_headers(operation: Operation) -> cabc.Iterator[str]:
    """The headers that the answers of an operation may carry, as its marks declare them."""
    for header in operation.headers:
        yield header.name
    for outcome in operation.outcomes:
        for header in outcome.headers:
            if not header.implied:
                yield header.name


def unique_names(names: cabc.Iterable[str]) -> cabc.Iterator[str]:
    """Names of headers, each once."""
    return iter({name.lower(): name for name in names}.values())

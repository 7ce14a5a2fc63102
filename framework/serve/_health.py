"""``Health``: the answers to the probes of a balancer or an orchestrator (draft-inadarei-api-health-check).

They are given before the application sees the request: no hook, session, limit, authentication or log has a part in
them, and no document lists them.
Not here: how things are asked (``serve._checks``), and what makes a process drain (``serve._draining``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import ipaddress
import re
import typing as t

from .._ending import ending
from ..app import StartupFailed
from ..errors import SetupError
from ..fast import json as fast_json
from ..http.addresses import IPNetwork, is_in, is_relayed
from ..http.response import PreparedResponse
from ..http.semantics import GETS
from ..marks.security import FORCED, MALFORMED, Grant, RequiresMark
from ..tokens import TokenError
from ._checks import CheckResult, Checks, HealthCheck
from ._draining import Draining, logger, set_up_logger

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import App
    from ._checks import CheckFunction

    Status: t.TypeAlias = t.Literal["pass", "warn", "fail"]
    ProbeAnswer: t.TypeAlias = tuple[Status, dict[str, object]]

_F = t.TypeVar("_F", bound="CheckFunction")

MEDIA_TYPE: t.Final = "application/health+json"

PROBE: t.Final = "framework.probe"
"""The key of the WSGI environment of a probe: ``"livez"``, ``"readyz"`` or ``"startupz"``; other requests have none."""

_HEADERS: t.Final = (("Content-Type", MEDIA_TYPE), ("Cache-Control", "no-store"))


class Health:
    """ProbeAnswer probes, in front of an application.

    - ``/livez``: the process answers. Asks no other thing; where this fails, a restart helps.
    - ``/readyz``: the process can do its work: it has started, is not draining, and its checks pass.
    - ``/startupz``: the functions of ``on_startup`` have run.

    Each is 200 or 503. ``/readyz`` and ``/startupz`` start a process that has not had a request.

    :param app: The application.
    :param checks: Names of what ``/readyz`` asks, each with a function or a thing; see :meth:`check`.
    :param details: Who sees more than the status: networks like ``["10.0.0.0/8"]``, a ``requires`` mark, or both in a
        list. Default: no client.
    :param timeout: Seconds that all checks have together.
    :param keep: Seconds for which their outcome is kept.
    :param livez: The path; ``None`` for no answer.
    :param readyz: Likewise.
    :param startupz: Likewise.
    :raises SetupError: A path, a network or a check is wrong.
    """

    def __init__(
        self,
        app: App,
        checks: cabc.Mapping[str, object] | None = None,
        *,
        details: cabc.Iterable[str | RequiresMark] | RequiresMark | None = None,
        timeout: float = 2.0,
        keep: float = 1.0,
        livez: str | None = "/livez",
        readyz: str | None = "/readyz",
        startupz: str | None = "/startupz",
    ) -> None:
        self.app = app
        self._checks = Checks(timeout, keep)
        self._networks, self._access = _as_details(details)
        answers = {"livez": (livez, self._live), "readyz": (readyz, self._ready), "startupz": (startupz, self._started)}
        self._paths: dict[str, tuple[str, cabc.Callable[[WSGIEnvironment], ProbeAnswer]]] = {}
        for probe, (path, answer) in answers.items():
            if path is None:
                continue
            if not re.fullmatch(r"/[^\s?#]*", path) or path in self._paths:
                raise SetupError(f"Health({probe}={path!r}) is not a separate path. Give one like '/{probe}'.")
            self._paths[path] = probe, answer
        for name, target in (checks or {}).items():
            self._checks.add(HealthCheck(app, name, target, degrades=False))
        app.extensions["health"] = self
        set_up_logger()
        self._wsgi_app = app.wsgi_app
        app.wsgi_app = self  # type: ignore[method-assign]

    @t.overload
    def check(self, name: str, target: None = None, *, degrades: bool = False) -> cabc.Callable[[_F], _F]: ...

    @t.overload
    def check(self, name: str, target: object, *, degrades: bool = False) -> None: ...

    def check(self, name: str, target: object = None, *, degrades: bool = False) -> cabc.Callable[[_F], _F] | None:
        """Add a check to ``/readyz``. Without a target a decorator of a function.

        A function passes unless it raises or returns ``False``. It runs in an application context, in its own thread,
        and may be ``async def``.

        :param name: Its name.
        :param target: A function, an engine of SQLAlchemy, a store, a client of Redis, an app of Celery or a
            connection of kombu.
        :param degrades: Whether a failure leaves the process ready: the answer says ``warn``, with 200.
        :raises SetupError: The name is taken, or the target cannot be asked.
        """
        if target is not None:
            self._checks.add(HealthCheck(self.app, name, target, degrades))
            return None

        def decorator(function: _F) -> _F:
            self._checks.add(HealthCheck(self.app, name, function, degrades))
            return function

        return decorator

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        """ProbeAnswer a probe, or hand the request on."""
        found = self._paths.get(environ.get("PATH_INFO", ""))
        if found is None:
            return self._wsgi_app(environ, start_response)
        environ[PROBE], answer = found
        if environ["REQUEST_METHOD"] not in GETS:
            return PreparedResponse(405, [("Allow", "GET, HEAD"), ("Cache-Control", "no-store")], b"")(
                environ, start_response
            )
        status, members = answer(environ)
        body: dict[str, object] = {"status": status}
        if members and self._may_see(environ):
            body |= members
        reply = PreparedResponse(503 if status == "fail" else 200, list(_HEADERS), fast_json.encode(body))
        return reply(environ, start_response)

    def _live(self, environ: WSGIEnvironment) -> ProbeAnswer:
        return "pass", {}

    def _started(self, environ: WSGIEnvironment) -> ProbeAnswer:
        state = self.app.lifecycle.state
        if state != "starting":  # requests wait for that, probes do not
            try:
                self.app.startup()
            except StartupFailed as failure:
                if not failure.is_logged:
                    failure.is_logged = True
                    logger.error("%s", failure, exc_info=failure.__cause__)
            state = self.app.lifecycle.state
        return ("pass", {}) if state == "started" else ("fail", {"notes": [state]})

    def _ready(self, environ: WSGIEnvironment) -> ProbeAnswer:
        draining = self.app.extensions.get("draining")
        if isinstance(draining, Draining):
            draining.watch(environ)
        if ending.is_near:
            return "fail", {"notes": ["draining"]}
        started = self._started(environ)
        if started[0] == "fail":
            return started
        results = self._checks.results()
        found = {result.status for result in results.values()}
        status: Status = "fail" if "fail" in found else "warn" if "warn" in found else "pass"
        checks = {name: [_described(result)] for name, result in results.items()}
        return status, {"checks": checks} if checks else {}

    def _may_see(self, environ: WSGIEnvironment) -> bool:
        """Return whether a client may see details."""
        # Without ProxyFix the address behind a forwarded request is that of the proxy, which speaks for anybody.
        if not is_relayed(environ) and is_in(environ.get("REMOTE_ADDR", ""), self._networks):
            return True
        if not self._access:
            return False
        ctx = self.app.request_context(environ)
        with self.app.app_context(), ctx.active():  # not pushed: no hook and no teardown of a request runs
            return any(_passes(mark, ctx) for mark in self._access)


def _passes(mark: RequiresMark, ctx: t.Any) -> bool:
    """Return whether a request has credentials that a mark asks for."""
    user: object = ctx.environ.get(FORCED)
    if not isinstance(user, Grant):
        user = None
        for scheme in mark.schemes:
            credentials = scheme.read(ctx)
            if credentials is None or credentials is MALFORMED:
                continue
            try:
                user = ctx.app.ensure_sync(scheme.verify)(*credentials)
            except TokenError:
                continue
            except Exception:  # noqa: BLE001 - logged
                # What it asks may be away just now, and a probe has to be answered.
                logger.exception("Health: %r failed to verify who sends a probe; it gets no details", scheme)
                continue
            break
    scopes: cabc.Container[str] = ()
    if isinstance(user, Grant):
        user, scopes = user
    return user is not None and user is not False and all(scope in scopes for scope in mark.scopes)


def _as_details(
    details: cabc.Iterable[str | RequiresMark] | RequiresMark | None,
) -> tuple[list[IPNetwork], list[RequiresMark]]:
    """Return the networks and the marks that a value names.

    :raises SetupError: It names another thing.
    """
    if isinstance(details, str):
        raise SetupError(f"Health(details={details!r}) is text. Give a list, like details=[{details!r}].")
    given = [details] if isinstance(details, RequiresMark) else list(details or ())
    networks: list[IPNetwork] = []
    marks: list[RequiresMark] = []
    for each in given:
        if isinstance(each, RequiresMark):
            if not each.schemes:
                raise SetupError(
                    f"Health(details=[{each!r}]) does not say by which scheme. Give requires(scheme, ...)."
                )
            marks.append(each)
            continue
        try:
            networks.append(ipaddress.ip_network(each))
        except ValueError as error:
            raise SetupError(
                f"Health(details=[{each!r}]) is not a network: {error}. Give one like '10.0.0.0/8'."
            ) from None
    return networks, marks


def _described(result: CheckResult) -> dict[str, object]:
    """The members of a check."""
    made: dict[str, object] = {
        "status": result.status,
        "observedValue": round(result.seconds * 1000, 1),
        "observedUnit": "ms",
    }
    return made | {"output": result.output} if result.output else made

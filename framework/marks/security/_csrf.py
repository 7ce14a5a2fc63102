"""CSRF protection: a request that a browser authenticates by itself has to prove that a page of ours has made it.

Part of the mark ``requires``, for unsafe methods: cookies and sessions need a token in a header, Basic authentication
is held against ``Origin`` and ``Sec-Fetch-Site`` alone. Not here: what a token is made of (``http.csrf``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from marshmallow import fields

from ... import context
from ...errors import SetupError
from ...http import csrf
from ...http.semantics import SAFE
from ...texts import message
from ...tokens import secret_keys
from ..base import Call, Outcome, Parameter, Phase, Plan, Record, Step
from ._errors import CSRFFailed
from ._schemes import Scheme, session_secret

if t.TYPE_CHECKING:
    from ...context import Context

"""The methods that change nothing (RFC 9110, section 9.2.1)."""

NO_KEY = "CSRF tokens need a key. Set the 'SECRET_KEY' of the application to something long, random and secret."


def csrf_token(cookie: str | None = None) -> str:
    """A CSRF token for the client of the current request, to send back in the header that ``CSRF_HEADER`` names.

    It is bound to the cookie that has authenticated the request, otherwise to the session.

    :param cookie: The value of the cookie that it is to be good with, where this very answer sets it.
    :raises RuntimeError: There is no secret key, or no request.
    """
    ctx = context.current()
    keys = secret_keys(ctx.app.config)
    if not keys:
        raise RuntimeError(NO_KEY)
    bound = cookie
    if bound is None and ctx.scheme is not None and ctx.scheme.csrf == "token":
        bound = ctx.scheme.csrf_secret(ctx, make=True)
    return csrf.make_token(keys[0], bound or t.cast(str, session_secret(ctx.session, make=True)))


def is_guarded(plan: Plan, schemes: cabc.Iterable[Scheme]) -> bool:
    """Return whether an operation has anything to protect."""
    return plan.method not in SAFE and any(scheme.csrf for scheme in schemes)


def csrf_step(plan: Plan, schemes: cabc.Iterable[Scheme]) -> Step:
    """The step that asks for the proof, of requests that a scheme with ``csrf`` has authenticated.

    :param plan: The operation in the making.
    :param schemes: Its schemes.
    :raises SetupError: One needs tokens, and the application has no key to sign them.
    """
    header: str = plan.config["CSRF_HEADER"]
    environ_key = "HTTP_" + header.upper().replace("-", "_")
    trusted = frozenset(origin.lower().rstrip("/") for origin in plan.config["CSRF_TRUSTED_ORIGINS"] or ())
    keys = secret_keys(plan.config)
    if not keys and any(scheme.csrf == "token" for scheme in schemes):
        raise SetupError(f"{plan.called} is called with cookies. {NO_KEY}")

    def check(ctx: Context, call: Call) -> None:
        scheme: Scheme | None = ctx.scheme
        if scheme is None or not scheme.csrf:
            return
        environ = ctx.request_environ
        own = ctx.request.host_url.rstrip("/")
        if not csrf.is_own_page(environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN"), own, trusted):
            raise CSRFFailed(message("csrf_failed.origin"))
        if scheme.csrf == "token":
            token = environ.get(environ_key)
            if not token:
                raise CSRFFailed(message("csrf_failed.missing", header=header))
            bound = scheme.csrf_secret(ctx)
            if not bound or not csrf.is_token(keys, token, bound):
                raise CSRFFailed(message("csrf_failed.token", header=header))

    return Step(Phase.CSRF, check)


def csrf_records(plan: Plan, schemes: cabc.Sequence[Scheme], optional: bool) -> cabc.Iterator[Record]:
    """Return what the document says of it."""
    if any(scheme.csrf == "token" for scheme in schemes):
        always = not optional and all(scheme.csrf == "token" for scheme in schemes)
        text = message("parameters.csrf") if always else message("parameters.csrf.cookie")
        yield Parameter(plan.config["CSRF_HEADER"], "header", fields.String(required=always), text, checked=True)
    yield Outcome(403, error=CSRFFailed)

"""Rules about who may call an operation, and with which credentials.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...http.semantics import SAFE
from ...marks.base import Mark, Phase, Step
from ...marks.security import RequiresMark, public
from ._passwords import is_token_endpoint, takes_password
from ._rules import CheckRule, Deployment, RuleHit, own_rule

if t.TYPE_CHECKING:
    from ...resources.operation import Operation


@own_rule(
    "S050",
    "operation-unguarded",
    deploy=False,
    why="Any client can call it and change something, while other operations require credentials.",
    remedy="Put requires(...) on it, or the mark public, which says that it is meant to be open.",
)
def operation_unguarded(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """An unsafe operation asks for no credentials, in an application that has some."""
    if not any(each.security for each in deployment.operations):
        return
    for operation in deployment.operations:
        is_open = operation.method not in SAFE and not operation.security and not _is_decided(operation)
        if is_open and not takes_password(operation) and not is_token_endpoint(deployment, operation):
            yield deployment.at_operation(operation, f"{operation.address} asks for no credentials.")


@own_rule(
    "S051",
    "csrf-off",
    deploy=False,
    why="A page of another site can make the browser of a user send the request, with the user's cookie.",
    remedy="Take csrf=False away.",
)
def csrf_off(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """An unsafe operation takes a cookie and no proof against forged requests."""
    for operation in deployment.operations:
        mark = next((each for each in reversed(operation.marks) if isinstance(each, RequiresMark)), None)
        if mark is None or mark.csrf or operation.method in SAFE or not operation.security:
            continue
        schemes = [scheme for each in operation.marks if isinstance(each, RequiresMark) for scheme in each.schemes]
        if any(scheme.csrf == "token" for scheme in schemes):
            yield deployment.at_operation(operation, f"{operation.address} takes a cookie, and has csrf=False.")


@own_rule(
    "S052",
    "key-in-query",
    why="Addresses end up in the logs of servers and proxies, in histories of browsers and in Referer headers.",
    remedy="Take the key from a header: APIKey(verify, 'X-API-Key').",
)
def key_in_query(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A key is taken from the query string."""
    seen: set[str] = set()
    for operation in deployment.operations:
        for security in operation.security:
            if security.scheme.get("in") == "query" and security.name not in seen:
                seen.add(security.name)
                text = f"The scheme {security.name!r} of {operation.address} takes its key from the query string."
                yield deployment.at_operation(operation, text)


def _is_decided(operation: Operation) -> bool:
    """Return whether an operation says that it is open, or a mark of the application itself may guard it."""
    if any(mark is public or mark.origin is public for mark in operation.marks):
        return True
    guards = any(
        isinstance(step, Step) and step.phase in (Phase.AUTHENTICATE, Phase.SCOPES, Phase.PERMISSION, Phase.CSRF)
        for step in operation.steps
    )
    return guards and any(_is_foreign(mark) for mark in operation.marks)


def _is_foreign(mark: Mark) -> bool:
    return type(mark).__module__.partition(".")[0] != "framework"


RULES: t.Final[tuple[CheckRule, ...]] = (operation_unguarded, csrf_off, key_in_query)

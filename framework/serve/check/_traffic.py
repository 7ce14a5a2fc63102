"""Rules about limits on passwords, and about operations on their way out.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import typing as t

from ...marks.traffic import Limit, store_url
from ...versions import RetiredMark
from ._passwords import is_token_endpoint, takes_password
from ._rules import CheckRule, Deployment, RuleHit, own_rule

if t.TYPE_CHECKING:
    from ...resources.operation import Operation


@own_rule(
    "S040",
    "login-unlimited",
    why="A program tries passwords out, thousands a minute, until one fits.",
    remedy="Put limit('10/minute', when_away='closed') on it. Silence the rule where a proxy counts such calls.",
)
def login_unlimited(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """An operation takes passwords, and has no limit."""
    for operation in _logins(deployment):
        if not _limits(operation):
            yield deployment.at_operation(operation, f"{operation.address} takes passwords, and has no limit.")


@own_rule(
    "S041",
    "login-limit-open",
    why="An attacker who overloads the store, or waits for its maintenance, tries passwords out uncounted.",
    remedy="Give the limit when_away='closed', or set RATELIMIT_WHEN_AWAY to 'closed'.",
)
def login_limit_open(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A limit on passwords lets all calls through while its store is away."""
    config = deployment.config
    for operation in _logins(deployment):
        limits = _limits(operation)
        is_remote = store_url(deployment.app.config, "RATELIMIT") is not None
        closed = [(each.when_away or config["RATELIMIT_WHEN_AWAY"]) == "closed" for each in limits]
        if limits and not any(closed) and (is_remote or any(each.store is not None for each in limits)):
            text = f"{operation.address} takes passwords, and its limit is open while the store is away."
            yield deployment.at_operation(operation, text)


@own_rule(
    "S042",
    "operation-past-sunset",
    deploy=False,
    why="Its answers have announced this date. Clients that can still call it learn not to trust the next one.",
    remedy="Remove the operation, or give retired() a later 'until'.",
)
def operation_past_sunset(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The Sunset date of an operation is past."""
    now = dt.datetime.now(dt.UTC)
    for operation in deployment.operations:
        mark = next((each for each in operation.marks if isinstance(each, RetiredMark)), None)
        if mark is not None and mark.until is not None and mark.until <= now:
            text = f"{operation.address} was to be gone on {mark.until.date().isoformat()}"
            text += ", and answers 410 since then." if mark.gone else ", and still answers."
            yield deployment.at_operation(operation, text, level="advice" if mark.gone else None)


def _logins(deployment: Deployment) -> cabc.Iterator[Operation]:
    for operation in deployment.operations:
        if takes_password(operation) or is_token_endpoint(deployment, operation):
            yield operation


def _limits(operation: Operation) -> list[Limit]:
    return [mark for mark in operation.marks if isinstance(mark, Limit) and mark.windows]


RULES: t.Final[tuple[CheckRule, ...]] = (login_unlimited, login_limit_open, operation_past_sunset)

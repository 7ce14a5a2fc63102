"""The check: runs the rules on an application, and makes findings of what they hit.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...errors import SetupError
from ...findings import SEVERITIES, Finding
from . import _access, _exposure, _modes, _network, _secrets, _stores, _traffic, _workers
from ._rules import CheckRule, Deployment, RuleHit, own_rule, refuse_double, registered
from ._server import ServerFacts, server_facts

if t.TYPE_CHECKING:
    from ...app import App


@own_rule(
    "S001",
    "setup-fails",
    level="error",
    deploy=False,
    why="The first request, and each one after it, would be answered with a 500.",
    remedy="Do what the message says.",
)
def setup_fails(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The application cannot be built."""
    try:
        deployment.app.freeze()
    except (SetupError, ImportError) as error:
        yield RuleHit(f"{type(error).__name__}: {error}", deployment.home, 1, deployment.app.name)


@own_rule(
    "S002",
    "silence-invalid",
    deploy=False,
    why="A rule that is silenced by a wrong name goes on, and a silence without a reason cannot be judged.",
    remedy="Give SILENCED_CHECKS the names of rules, each with the reason why it does not matter here.",
)
def silence_invalid(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """SILENCED_CHECKS has an unknown name, or no reason."""
    known = {each.name for each in known_rules(deployment.app)}
    for name, reason in (deployment.config["SILENCED_CHECKS"] or {}).items():
        if name not in known:
            yield deployment.at_setting(
                "SILENCED_CHECKS", f"SILENCED_CHECKS names {name!r}, and no rule has that name."
            )
        elif not isinstance(reason, str) or not reason.strip():
            yield deployment.at_setting("SILENCED_CHECKS", f"SILENCED_CHECKS gives no reason for {name!r}.")


RULES: t.Final[tuple[CheckRule, ...]] = (
    setup_fails,
    silence_invalid,
    *_secrets.RULES,
    *_modes.RULES,
    *_network.RULES,
    *_traffic.RULES,
    *_access.RULES,
    *_exposure.RULES,
    *_stores.RULES,
    *_workers.RULES,
)
"""The rules of the framework, in the order of their numbers."""


def known_rules(app: App) -> tuple[CheckRule, ...]:
    """The rules of the framework, and those that users and extensions have added to an application.

    :raises SetupError: Two of them have one name or number.
    """
    own = registered(app)
    for each in own:
        refuse_double(each, RULES)
    return (*RULES, *own)


def check(
    app: App, *, deploy: bool = False, server: ServerFacts | None = None, silence: cabc.Iterable[str] = ()
) -> list[Finding]:
    """Check an application; it freezes.

    :param app: The application.
    :param deploy: Whether the rules about production are applied too.
    :param server: What is known of the server. Default: what the environment says.
    :param silence: Names of rules that do not count, in addition to those of ``SILENCED_CHECKS``.
    :return: The findings, the worst first. Those of silenced rules have a reason in ``silenced``.
    :raises SetupError: A name is unknown, or two rules have the same.
    """
    rules = known_rules(app)
    names = {each.name for each in rules}
    reasons: dict[str, str] = {}
    for name in silence:
        if name not in names:
            raise SetupError(f"Unknown rule of the check: {name!r}. Known rules: {', '.join(sorted(names))}.")
        reasons[name] = "Silenced by the call."
    deployment = Deployment(app, server_facts() if server is None else server)
    found = [_finding(setup_fails, hit, {}, deployment) for hit in setup_fails(deployment)]
    if found:
        return found  # the other rules read operations, which do not exist
    for name, reason in (app.config["SILENCED_CHECKS"] or {}).items():
        reasons.setdefault(name, reason if isinstance(reason, str) else "")
    for each in rules[1:]:
        if deploy or not each.deploy:
            found += [_finding(each, hit, reasons, deployment) for hit in each(deployment)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.level))


def _finding(rule: CheckRule, hit: RuleHit, reasons: cabc.Mapping[str, str], deployment: Deployment) -> Finding:
    file, line = (hit.file, hit.line) if hit.file else (deployment.home, 1)
    return Finding(
        rule.name,
        hit.message,
        level=hit.level or rule.level,
        file=file,
        line=line,
        code=rule.code,
        place=hit.place or deployment.app.name,
        why=rule.why,
        remedy=hit.remedy or rule.remedy,
        docs=rule.docs,
        silenced=reasons.get(rule.name, ""),
    )

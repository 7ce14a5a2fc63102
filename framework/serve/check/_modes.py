"""Rules about modes that are for development, and about safeguards that are switched off.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...marks.conditional import EtagMark
from ...marks.traffic import Limit
from ._rules import CheckRule, Deployment, RuleHit, own_rule

_TRAPS = ("PROPAGATE_EXCEPTIONS", "TRAP_HTTP_EXCEPTIONS", "TRAP_BAD_REQUEST_ERRORS")

_BOUNDS = (
    *("MAX_CONTENT_LENGTH", "MAX_JSON_LENGTH", "MAX_JSON_MEMBERS", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS"),
    *("MAX_QUERY_PARTS", "MAX_COOKIES"),
)


@own_rule(
    "S020",
    "debug-on",
    level="error",
    why="Errors show source and values to clients, and the debugger runs whatever code it is sent.",
    remedy="Take away DEBUG, FRAMEWORK_DEBUG and --debug.",
)
def debug_on(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Debug mode is on."""
    if deployment.app.debug:
        yield deployment.at_setting("DEBUG", "Debug mode is on.")


@own_rule(
    "S021",
    "testing-on",
    level="error",
    why="Exceptions reach the server instead of becoming a 500, and safeguards that a test would meet are off.",
    remedy="Take away TESTING.",
)
def testing_on(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Test mode is on."""
    if deployment.app.testing:
        yield deployment.at_setting("TESTING", "Test mode is on.")


@own_rule(
    "S022",
    "errors-trapped",
    why="The error leaves the application: clients get a page of the server or a closed connection.",
    remedy="Take the setting away.",
)
def errors_trapped(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """PROPAGATE_EXCEPTIONS, TRAP_HTTP_EXCEPTIONS or TRAP_BAD_REQUEST_ERRORS is on."""
    for name in _TRAPS:
        if deployment.config[name]:
            yield deployment.at_setting(name, f"{name} is on.")


@own_rule(
    "S023",
    "templates-reloaded",
    why="Each request looks at the files of its templates, and a half-written file is served while it is deployed.",
    remedy="Take the setting away.",
)
def templates_reloaded(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """TEMPLATES_AUTO_RELOAD or EXPLAIN_TEMPLATE_LOADING is on."""
    for name in ("TEMPLATES_AUTO_RELOAD", "EXPLAIN_TEMPLATE_LOADING"):
        if deployment.config[name]:
            yield deployment.at_setting(name, f"{name} is on.")


@own_rule(
    "S024",
    "contract-raises",
    level="error",
    why="A client gets a 500 in place of an answer that differs a little from the document.",
    remedy="Set CONTRACT to 'log', perhaps with CONTRACT_SAMPLE, or take it away.",
)
def contract_raises(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """CONTRACT is 'raise'."""
    if deployment.config["CONTRACT"] == "raise":
        yield deployment.at_setting("CONTRACT", "CONTRACT is 'raise'.")


@own_rule(
    "S025",
    "contract-unused",
    deploy=False,
    why="One of the two settings has no effect, so the server checks other answers than it seems to.",
    remedy="Set CONTRACT to 'log' and CONTRACT_SAMPLE above 0, or take both away.",
)
def contract_unused(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """CONTRACT and CONTRACT_SAMPLE contradict each other."""
    mode, sample = deployment.config["CONTRACT"], deployment.config["CONTRACT_SAMPLE"]
    if mode in ("raise", "log") and sample == 0:
        yield deployment.at_setting("CONTRACT_SAMPLE", f"CONTRACT is {mode!r}, and CONTRACT_SAMPLE is 0: no answer.")
    elif mode in (None, "off") and sample != 1:
        yield deployment.at_setting("CONTRACT_SAMPLE", f"CONTRACT_SAMPLE is {sample}, and CONTRACT is off in a server.")


@own_rule(
    "S026",
    "fast-path-compared",
    why="Each request does its work twice, and values that differ are written to the log.",
    remedy="Take FAST_PATH away.",
)
def fast_path_compared(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """FAST_PATH is off, or compares."""
    mode = deployment.config["FAST_PATH"]
    if mode == "compare":
        yield deployment.at_setting("FAST_PATH", "FAST_PATH is 'compare', which is for staging.")
    elif not mode:
        yield deployment.at_setting(
            "FAST_PATH", "FAST_PATH is off: requests take several times as long.", level="advice"
        )


@own_rule(
    "S027",
    "limits-off",
    level="error",
    why="The document promises limits that are not kept, and passwords can be tried out without end.",
    remedy="Take RATELIMIT_ENABLED away; it is for load tests.",
)
def limits_off(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """RATELIMIT_ENABLED is off, and operations have limits."""
    limited = [
        each for each in deployment.operations if any(isinstance(mark, Limit) and mark.windows for mark in each.marks)
    ]
    if limited and not deployment.config["RATELIMIT_ENABLED"]:
        text = f"RATELIMIT_ENABLED is off, and {len(limited)} operations have limits, like {limited[0].address}."
        yield deployment.at_setting("RATELIMIT_ENABLED", text)


@own_rule(
    "S028",
    "etags-off",
    why="Two clients that change one object at the same time overwrite each other without notice.",
    remedy="Take ETAG_DISABLED away.",
)
def etags_off(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """ETAG_DISABLED is on, and operations have etags."""
    tagged = [each for each in deployment.operations if any(isinstance(mark, EtagMark) for mark in each.marks)]
    if tagged and deployment.config["ETAG_DISABLED"]:
        text = f"ETAG_DISABLED is on, and {len(tagged)} operations have etags, like {tagged[0].address}."
        yield deployment.at_setting("ETAG_DISABLED", text)


@own_rule(
    "S029",
    "request-unbounded",
    why="One request can fill the memory of a worker or keep it busy for minutes.",
    remedy="Set a bound that the largest honest request keeps.",
)
def request_unbounded(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A bound of requests is None."""
    for name in _BOUNDS:
        if deployment.config[name] is None:
            yield deployment.at_setting(name, f"{name} is None: no limit.")


RULES: t.Final[tuple[CheckRule, ...]] = (
    debug_on,
    testing_on,
    errors_trapped,
    templates_reloaded,
    contract_raises,
    contract_unused,
    fast_path_compared,
    limits_off,
    etags_off,
    request_unbounded,
)

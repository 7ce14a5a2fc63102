"""Rules about the readers of documents and metrics.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import ipaddress
import typing as t

from ...config import DOCUMENT_PATHS
from ._rules import CheckRule, Deployment, RuleHit, own_rule


@own_rule(
    "S060",
    "docs-public",
    level="advice",
    why="Any client can read the list of all operations with their inputs, which is wanted for a public API alone.",
    remedy="Set DOCS_MARKS to [requires(...)], or the paths to None. Silence the rule where the document is public.",
)
def docs_public(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The document and its pages can be read without credentials."""
    app = deployment.app
    described = [each for each in deployment.operations if each.documented and not each.hidden]
    private = bool(described) and all(
        each.security and not any(one.optional for one in each.security) for each in described
    )
    for document in app.documents.values():
        endpoints = {document.endpoint(kind) for kind in ("json", "yaml", "docs")}
        found = [each.rule.rule for each in app.operations if each.endpoint in endpoints and not each.security]
        if found:
            text = f"Served without credentials: {', '.join(dict.fromkeys(found))}."
            if private:
                text = f"All operations need credentials, and their document does not. {text}"
            names = [name for name in DOCUMENT_PATHS if document.config(app)[name] in found]
            yield deployment.at_setting(
                next(iter(names), DOCUMENT_PATHS[0]), text, level="warning" if private else None
            )


@own_rule(
    "S061",
    "metrics-public",
    why="Any client can read which operations there are, how often each is called, and how it fails.",
    remedy="Name the networks that may read them in METRICS_NETWORKS, or give Metrics a permission.",
)
def metrics_public(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Metrics can be read from everywhere."""
    path = deployment.config["METRICS_PATH"]
    everywhere = [each for each in deployment.config["METRICS_NETWORKS"] if is_everywhere(each)]
    served = [each for each in deployment.operations if each.rule.rule == path]
    if everywhere and any(not each.security for each in served):
        yield deployment.at_setting("METRICS_NETWORKS", f"METRICS_NETWORKS has {everywhere[0]!r}, for {path}.")


@own_rule(
    "S062",
    "metrics-unserved",
    deploy=False,
    why="Prometheus finds nothing at the path, and alerts that need its figures never come.",
    remedy="Make framework.observe.Metrics(app) after the settings are read, or take METRICS_PATH away.",
)
def metrics_unserved(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """METRICS_PATH is set, and no operation serves it."""
    path = deployment.config["METRICS_PATH"]
    if path is not None and not any(each.rule.rule == path for each in deployment.operations):
        yield deployment.at_setting("METRICS_PATH", f"METRICS_PATH is {path!r}, and no operation serves it.")


@own_rule(
    "S063",
    "server-timing-public",
    level="advice",
    why="Any client can read how long each part of a request took, which tells apart what an error hides.",
    remedy="Take SERVER_TIMING away; None, the default, sends the header in debug mode.",
)
def server_timing_public(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """SERVER_TIMING is on."""
    if deployment.config["SERVER_TIMING"]:
        yield deployment.at_setting("SERVER_TIMING", "SERVER_TIMING is on.")


def is_everywhere(network: str) -> bool:
    """Return whether a network has all addresses."""
    return ipaddress.ip_network(network, strict=False).prefixlen == 0


RULES: t.Final[tuple[CheckRule, ...]] = (docs_public, metrics_public, metrics_unserved, server_timing_public)

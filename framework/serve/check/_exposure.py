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
    remedy="Name the networks or the permission that may read them, or serve them on a port of their own.",
)
def metrics_public(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Metrics can be read from everywhere."""
    path = deployment.config.get("METRICS_PATH")
    if not path:
        return
    networks = deployment.config.get("METRICS_NETWORKS")
    if networks is not None and any(_is_everywhere(each) for each in networks):
        yield deployment.at_setting("METRICS_NETWORKS", f"METRICS_NETWORKS lets every client read {path}.")
    for operation in deployment.operations:
        if operation.rule.rule == path and networks is None and not operation.security:
            yield deployment.at_operation(operation, f"{operation.address} gives metrics without credentials.")


def _is_everywhere(network: object) -> bool:
    try:
        return network == "*" or ipaddress.ip_network(str(network), strict=False).prefixlen == 0
    except ValueError:
        return False


RULES: t.Final[tuple[CheckRule, ...]] = (docs_public, metrics_public)

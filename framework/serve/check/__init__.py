"""The check of an application before it is deployed: numbered rules, each with its harm and its remedy."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._check import check as check
    from ._check import known_rules as known_rules
    from ._rules import CheckRule as CheckRule
    from ._rules import Deployment as Deployment
    from ._rules import RuleHit as RuleHit
    from ._rules import register as register
    from ._rules import rule as rule
    from ._server import ServerFacts as ServerFacts
    from ._server import server_facts as server_facts
else:
    __getattr__ = lazy(
        __name__,
        {
            "_check": "check known_rules",
            "_rules": "CheckRule Deployment RuleHit register rule",
            "_server": "ServerFacts server_facts",
        },
    )

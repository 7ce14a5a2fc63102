"""Move a program written for Flask over: the names that changed, and nothing else."""

from __future__ import annotations

import re

RENAMED = (
    (r"\bFlaskGroup\b", "FrameworkGroup"),
    (r"\bFlaskClient\b", "AppClient"),
    (r"\bFlaskCliRunner\b", "AppCliRunner"),
    (r"\bFlask\b", "App"),
    (r"\bBlueprintSetupState\b", "RouterSetupState"),
    (r"\bBlueprint\b", "Router"),
    (r"(?<=register_)blueprint\b", "router"),
    (r"(?<=iter_)blueprints\b", "routers"),
    (r"(?<=\.)blueprint(?=s?\b)", "router"),
    (r"\bFLASK_", "FRAMEWORK_"),
    (r"\.flaskenv\b", ".frameworkenv"),
    (r"\bflask\b", "framework"),
)


def renamed(text: str) -> str:
    """The text of a program, with the names of this framework."""
    for pattern, name in RENAMED:
        text = re.sub(pattern, name, text)
    return text

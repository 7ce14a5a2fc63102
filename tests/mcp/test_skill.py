"""The guide for coding agents: its programs run, from the first to the last."""

from __future__ import annotations

import pathlib
import re

SKILL = pathlib.Path(__file__).parents[2] / ".agents" / "skills" / "framework" / "SKILL.md"


def test_the_programs_of_the_guide_run():
    """Each block of Python runs after those above it."""
    text = SKILL.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    names = {"__name__": "guide"}
    for block in blocks:
        exec(compile(block, SKILL.name, "exec"), names)


def test_the_guide_says_what_it_is_for():
    """The head has the name of its folder, and a description that says when to read it."""
    head = SKILL.read_text(encoding="utf-8").split("---")[1]
    assert re.search(r"^name: framework$", head, re.MULTILINE)
    assert "Use when" in head

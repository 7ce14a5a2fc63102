"""Write ``docs/serve/rules.csv``, the table of the rules of ``framework check``; with ``--check`` only compare."""

from __future__ import annotations

import csv
import io
import pathlib
import sys

from framework import App
from framework.serve.check import CheckRule, known_rules

TARGET = pathlib.Path(__file__).parent / "serve" / "rules.csv"


def rows() -> list[tuple[str, str, str]]:
    """Return the rows of the table: number and name, level, and the words of each rule."""
    return [
        (
            f"{rule.code} _`{rule.name}`",
            f"{rule.level}{', with ``--deploy``' if rule.deploy else ''}",
            f"**{marked(rule.summary)}** {marked(rule.why)} *Remedy:* {marked(rule.remedy)}",
        )
        for rule in known_rules(App("rules", static_folder=None, root_path=str(TARGET.parent)))
        if is_own(rule)
    ]


def is_own(rule: CheckRule) -> bool:
    """Return whether a rule is the framework's own."""
    return rule.docs.startswith("docs/")


def marked(text: str) -> str:
    """Return a text whose stars and backquotes are no markup."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("`", "\\`").replace("|", "\\|")


def table() -> str:
    """Return the table as a file of CSV."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows())
    return file.getvalue()


if __name__ == "__main__":
    if "--check" not in sys.argv:
        TARGET.write_text(table(), encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != table():
        sys.exit("docs/serve/rules.csv is out of date. Run 'python docs/rules.py'.")

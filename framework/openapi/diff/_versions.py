"""The version that a changed document deserves.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t

from ...typing import JSONObject
from ._changes import Change, Level


class Advice(t.NamedTuple):
    """The version that the new document deserves (Semantic Versioning 2.0.0)."""

    bump: t.Literal["major", "minor", "patch", "none"]
    at_least: str
    """The lowest version that says so; empty where the old one is not a semantic version."""
    is_enough: bool
    """True if the new document's version is at least that."""


def advice(changes: cabc.Sequence[Change], old: JSONObject, new: JSONObject) -> Advice:
    """Say which part of the version has to grow.

    Below 1.0.0, where nothing is promised, a break asks for the next minor version.
    """
    levels = {change.level for change in changes}
    bump: t.Literal["major", "minor", "patch", "none"] = "none"
    if Level.BREAKING in levels:
        bump = "major"
    elif levels:
        bump = "minor"
    elif without_version(old) != without_version(new):
        bump = "patch"
    before, after = version_of(old), version_of(new)
    if before is None or after is None:
        return Advice(bump, "", True)
    major, minor, patch = before
    needed = {
        "major": (major + 1, 0, 0) if major else (0, minor + 1, 0),
        "minor": (major, minor + 1, 0) if major else (0, minor, patch + 1),
        "patch": (major, minor, patch + 1),
        "none": before,
    }[bump]
    return Advice(bump, ".".join(map(str, needed)), after >= needed)


def without_version(whole: JSONObject) -> JSONObject:
    """A document but for its version."""
    return {**whole, "info": {name: value for name, value in whole.get("info", {}).items() if name != "version"}}


def version_of(whole: JSONObject) -> tuple[int, int, int] | None:
    """The version of a document; ``None`` if it is not a semantic version."""
    match = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?", str(whole.get("info", {}).get("version", "")))
    return None if match is None else (int(match[1]), int(match[2]), int(match[3] or 0))

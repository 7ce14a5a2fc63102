"""The versions of the API, oldest first. A request names one in the header ``API-Version``."""

from __future__ import annotations

from framework import HeaderVersion, Version, Versions, retired

api = Versions(
    Version("v1", marks=[retired(since="2026-12-01", until="2031-01-01")]),
    "v2",
    by=HeaderVersion(),
    default="v1",
)

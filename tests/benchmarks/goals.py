"""What the figures are meant to be: ratios within one run, checked after it."""

from __future__ import annotations

import dataclasses

from .requests import CONTENDERS
from .startup import Noted
from .timing import Times

OURS = "framework"
PLAIN = "framework, marshmallow's fields"
BARE, FALCON, STRUCTS = "bare", "Falcon + marshmallow", "Falcon + msgspec"
SMOREST, FLASK, LITESTAR = "flask-smorest", "Flask + marshmallow", "Litestar"
QUICK = {BARE, OURS, PLAIN, STRUCTS, f"{STRUCTS}, by hand"}

# Workload, who, against whom, at most so many times as long.
RATIOS = (
    ("hello", OURS, FALCON, 0.6),
    ("hello", OURS, STRUCTS, 0.6),
    ("hello", OURS, FLASK, 0.08),
    ("one", OURS, FALCON, 0.6),
    ("one", OURS, LITESTAR, 1.0),
    ("list", PLAIN, BARE, 1.7),
    ("list", PLAIN, SMOREST, 0.08),
    ("list", PLAIN, FALCON, 0.08),
    ("list", OURS, BARE, 1.1),
    ("list", OURS, LITESTAR, 1.0),
    ("list", OURS, STRUCTS, 1.0),
    ("create", OURS, STRUCTS, 0.8),
    ("create", OURS, SMOREST, 0.03),
    ("guarded", OURS, SMOREST, 0.3),
)
# Workloads in which it is to be ahead of everybody but these.
FIRST = (("invalid", QUICK), ("missing", {BARE, OURS}), ("thousand", {BARE, OURS}))


@dataclasses.dataclass(frozen=True)
class Goal:
    """A figure, and what it is to stay under.

    :param text: What is compared.
    :param value: The ratio of this run.
    :param limit: The most that it is to be.
    """

    text: str
    value: float
    limit: float

    @property
    def reached(self) -> bool:
        """Whether the figure is within its limit, as printed."""
        return round(self.value, 3) <= self.limit


def of_requests(times: dict[str, Times], titles: dict[str, str]) -> list[Goal]:
    """The goals of the requests."""
    goals = [
        Goal(f"{titles[work]}: {who} / {other}", times[work].ratio(who, other), limit)
        for work, who, other, limit in RATIOS
    ]
    for work, others in FIRST:
        peers = [each.name for each in CONTENDERS if each.name not in others and each.name in times[work]]
        nearest = max(peers, key=lambda name: times[work].ratio(OURS, name))
        goals.append(
            Goal(f"{titles[work]}: {OURS} / {nearest}, the quickest peer", times[work].ratio(OURS, nearest), 1)
        )
    return goals


def of_matching(times: dict[str, Times]) -> list[Goal]:
    """Flat: ten thousand rules as quick as ten, but for what the caches of the processor make of it."""
    return [Goal(f"match {kind}: 10000 rules / 10", each.ratio("10000", "10"), 1.3) for kind, each in times.items()]


def of_startup(imports: Times, noted: dict[str, Noted]) -> list[Goal]:
    """The goals of start-up and memory."""
    base = "werkzeug and marshmallow"
    goals = [
        Goal(f"import framework / {base}", imports.ratio("framework", base), 1.25),
        Goal("import framework / flask", imports.ratio("framework", "flask"), 1.0),
    ]
    for title, each in noted.items():
        if title.startswith("1000"):
            made, peak = each["made"].ratio("ours", "smorest"), each["peak"].ratio("ours", "smorest")
            goals.append(Goal(f"{title}: made, framework / flask-smorest", made, 0.5))
            goals.append(Goal(f"{title}: memory, framework / flask-smorest", peak, 1.0))
    return goals

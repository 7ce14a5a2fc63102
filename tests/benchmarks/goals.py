"""Goals for the figures of one run: ratios, and some figures that have a unit; checked after the run."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses

from . import stored_crud
from .requests import CONTENDERS, TITLES
from .startup import Noted
from .timing import Times
from .watched import IDS, TOGETHER
from .watched import PLAIN as UNWATCHED
from .worst import MIB, SMALL, Shape

OURS = "framework"
PLAIN = "framework, marshmallow's fields"
DATACLASSES = "framework, dataclasses"
WITHOUT = "framework, without it"
TRUSTED = "framework, trusted"
BARE, FALCON, STRUCTS = "bare", "Falcon + marshmallow", "Falcon + msgspec"
SMOREST, FLASK, LITESTAR, FASTAPI = "flask-smorest", "Flask + marshmallow", "Litestar", "FastAPI"
OWN = {each.name for each in CONTENDERS if "framework" in each.packages}
QUICK = {BARE, STRUCTS, f"{STRUCTS}, by hand"}

# Workload, who, against whom, at most so many times as long.
RATIOS = (
    ("hello", OURS, FALCON, 0.6),
    ("hello", OURS, STRUCTS, 0.6),
    ("hello", OURS, FLASK, 0.08),
    ("dict", OURS, FALCON, 0.6),
    ("dict", OURS, STRUCTS, 0.9),
    ("one", OURS, FALCON, 0.6),
    ("one", OURS, LITESTAR, 0.45),
    ("one", OURS, STRUCTS, 1.8),
    ("list", PLAIN, BARE, 1.7),
    ("list", PLAIN, SMOREST, 0.08),
    ("list", PLAIN, FALCON, 0.08),
    ("list", OURS, BARE, 1.0),
    ("list", OURS, LITESTAR, 1.0),
    ("list", OURS, STRUCTS, 1.0),
    *(
        (work, OURS, other, limit)
        for store in ("sqlite", "postgres")
        for work, times in ((f"orm-{store}", 2.5), (f"rows-{store}", 2.2))
        for other, limit in ((DATACLASSES, times), (FASTAPI, 0.5), (LITESTAR, 0.5))
    ),
    ("create", OURS, STRUCTS, 1.1),
    ("create", OURS, LITESTAR, 0.35),
    ("create", OURS, SMOREST, 0.03),
    ("list-struct", TRUSTED, STRUCTS, 1.05),
    ("list-struct", TRUSTED, LITESTAR, 0.8),
    ("list-data", TRUSTED, LITESTAR, 0.8),
    ("list-data", TRUSTED, FASTAPI, 0.3),
    ("create-struct", OURS, LITESTAR, 0.5),
    ("create-data", OURS, FASTAPI, 0.3),
    ("invalid", OURS, STRUCTS, 2.5),
    *((work, OURS, other, 1.0) for work in ("missing", "method", "private", "current") for other in (FALCON, STRUCTS)),
    ("guarded", OURS, SMOREST, 0.08),
)
# Workloads in which it is to be ahead of every peer but these.
FIRST = (("invalid", QUICK), ("missing", {BARE}), ("thousand", {BARE}))
# Workload, and how many microseconds what it has may add.
ADDED = (("hook", 5), ("session-read", 20), ("session-write", 60))


@dataclasses.dataclass(frozen=True)
class Goal:
    """A figure and its limit.

    :param text: What is compared.
    :param value: The figure of this run.
    :param limit: The most that it is to be.
    :param unit: The unit of both; empty for a ratio.
    """

    text: str
    value: float
    limit: float
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether the figure is within its limit, as printed."""
        return round(self.value, 3) <= self.limit


def of_requests(times: dict[str, Times]) -> list[Goal]:
    """Return the goals of the requests."""
    goals = [
        Goal(f"{TITLES[work]}: {who} / {other}", times[work].ratio(who, other), limit)
        for work, who, other, limit in RATIOS
    ]
    for work, others in FIRST:
        peers = [each for each in times[work].rounds if each not in others | OWN]
        nearest = max(peers, key=lambda name: times[work].ratio(OURS, name))
        text = f"{TITLES[work]}: {OURS} / {nearest}, the quickest peer"
        goals.append(Goal(text, times[work].ratio(OURS, nearest), 1))
    goals += [Goal(f"{TITLES[work]}: added", times[work].added(OURS, WITHOUT), limit, "us") for work, limit in ADDED]
    return goals


def of_matching(times: dict[str, Times]) -> list[Goal]:
    """Return the goal of the match: ten thousand rules as quick as ten, but for the caches of the processor."""
    return [Goal(f"match {kind}: 10000 rules / 10", each.ratio("10000", "10"), 1.3) for kind, each in times.items()]


def of_startup(imports: Times, noted: dict[str, Noted]) -> list[Goal]:
    """Return the goals of start-up and memory."""
    base = "werkzeug and marshmallow"
    goals = [
        Goal(f"import framework / {base}", imports.ratio("framework", base), 1.25),
        Goal("import framework / flask", imports.ratio("framework", "flask"), 1.0),
    ]
    for title, each in noted.items():
        if title.startswith("1000 "):
            made, peak = each["made"].ratio("ours", "smorest"), each["peak"].ratio("ours", "smorest")
            goals.append(Goal(f"{title}: made, framework / flask-smorest", made, 0.5))
            goals.append(Goal(f"{title}: memory, framework / flask-smorest", peak, 1.0))
        if title.startswith("10000 "):
            goals.append(Goal(f"{title}: answered", each["answered"].median("ours"), 6, "s"))
            goals.append(Goal(f"{title}: memory", each["peak"].median("ours") * MIB / 1e6, 180, "MB"))
        if "made with document" in each:
            ratio = each["made with document"].ratio("ours", "apiflask")
            goals.append(Goal(f"{title}: made with document, framework / APIFlask", ratio, 0.9))
    return goals


def of_worst(found: cabc.Iterable[tuple[Shape, int, float]]) -> list[Goal]:
    """Return the goal of the worst request of up to 1 MiB."""
    seconds, name = max((seconds, shape.name) for shape, _, seconds in found if shape.bound <= SMALL)
    return [Goal(f"worst request of 1 MiB ({name})", seconds * 1000, 200, "ms")]


def of_crud(times: dict[str, Times]) -> list[Goal]:
    """Return the goals of resources of a table."""
    return [
        Goal(f"crud, {title}: {stored_crud.OURS} / {other}", each.ratio(stored_crud.OURS, other), limit)
        for title, each in times.items()
        for other, limit in stored_crud.limits()
    ]


def of_watched(times: Times) -> list[Goal]:
    """Return the goals of what tells how a service runs: what it adds to one small answer, as a part of that."""
    return [
        Goal(f"{name}: added to hello, hello = 1", times.ratio(name, UNWATCHED) - 1, limit)
        for name, limit in ((IDS, 0.5), (TOGETHER, 4))
    ]

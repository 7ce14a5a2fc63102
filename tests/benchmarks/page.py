"""The page ``docs/benchmarks.rst``: made of sections, each replaced by the part of the run that measures it."""

from __future__ import annotations

import collections.abc as cabc
import importlib.metadata
import os
import pathlib
import platform

from .goals import OURS, Goal
from .requests import CONTENDERS, WORKLOADS
from .servers import CONNECTIONS, ROUNDS, SECONDS, Rates
from .startup import Noted
from .timing import Times
from .worst import Shape

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "benchmarks.rst"
SECTIONS = ("requests", "matching", "startup", "worst", "goals", "wire")
HEAD = """\
Benchmarks
==========

How long this framework takes beside others, on one machine, in one run. ``make bench`` measures and writes this page;
``python -m tests.benchmarks wire`` measures the servers at its end. The code is in ``tests/benchmarks``, the
application of every contender included.

Before anything is timed, the contenders answer, and their answers are compared with those of the bare function:
status and JSON value. Then they take turns in many rounds, in one process. A figure is the median of the rounds, in
microseconds of process time; a ratio is the median of the rounds' ratios. The machine may have been busy with other
things: trust the ratios more than the microseconds, and the number of Python calls most: it is the same in each run.
"""
LEGEND = """\
*bare* is a WSGI function without any framework, with everything written out by hand, and orjson. *framework* uses the
framework's own ``DateTime`` field, and *framework, marshmallow's fields* the very schema that Falcon, Bottle and
Flask use here. Its application has a ``before_request`` hook, two error handlers and the limits that are on by
themselves; the others have none of these. Each writes JSON by its own default. *Falcon + msgspec* loads bodies in a
middleware and writes through a media handler; *by hand* its handlers read and write the bytes themselves. Both hold
their objects as structs ready to be written; all others write the same dataclass instances. With msgspec, Litestar
included, an answer names one wrong field of three; the others name all. The guarded list of 20 has a bearer token, a
checked query, pages, an ETag of the bytes and a rate limit in memory; flask-smorest has Flask-HTTPAuth and
Flask-Limiter for these. ASGI applications are driven without an event loop and without a server, which is the quickest
way to call them.
"""
MADE = """\
Applications of many resources, each in a process of its own. *made* is the time from the first resource class to the
frozen application (with flask-smorest: the registered one, whose document is made along the way); *answered* is the
time to the first answer; *peak* the most memory that the process has held.
"""
WIRE = f"""\
Requests in a second with one worker, asked by wrk over {CONNECTIONS} connections from the same machine; medians of
{ROUNDS} turns of {SECONDS} s. Server and wrk share the cores, so this says less than the tables above.
"""
WORST = """\
The requests that cost most for their size, of all that were tried, and what each costs at most: 200 ms of processor for
one of up to 1 MiB, 2 s for one of up to 16 MiB. Bytes are those of the body, or of the header or address that is long.
"""
NOTED = (("made", "s"), ("answered", "s"), ("document", "s"), ("made with document", "s"), ("peak", "MiB"))


def table(head: cabc.Sequence[str], rows: cabc.Iterable[cabc.Sequence[str]]) -> str:
    """A list table with a head row."""
    lines = [".. list-table::", "    :header-rows: 1", ""]
    for row in (head, *rows):
        lines += [f"    {'  ' if number else '* '}- {cell}".rstrip() for number, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """A figure with three digits that matter."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def heading(text: str) -> str:
    """A heading of the second level."""
    return f"{text}\n{'-' * len(text)}\n"


def of_worst(found: cabc.Sequence[tuple[Shape, int, float]]) -> str:
    """The table of the worst requests."""
    rows = [
        [
            shape.name,
            f"{shape.size:,}",
            str(status),
            number(seconds * 1000),
            f"{shape.bound * 1000:.0f}",
            "yes" if seconds <= shape.bound else "**no**",
        ]
        for shape, status, seconds in found
    ]
    return "\n".join([heading("Worst requests"), WORST, table(["", "bytes", "status", "ms", "at most", "kept"], rows)])


def of_requests(times: dict[str, Times], calls: dict[str, dict[str, int]]) -> str:
    """The tables of the requests."""
    names = [each.name for each in CONTENDERS]
    medians = [
        [name, *(number(times[work.name].median(name)) if name in times[work.name] else "" for work in WORKLOADS)]
        for name in names
    ]
    ratios = [
        [name, *(number(times[work.name].ratio(name, OURS)) if name in times[work.name] else "" for work in WORKLOADS)]
        for name in names
    ]
    entered = [[name, *(str(calls[work.name].get(name, "")) for work in WORKLOADS)] for name in names]
    head = ["", *(work.title for work in WORKLOADS)]
    return "\n".join(
        [
            heading("Requests"),
            LEGEND,
            "Microseconds of process time for one request:\n",
            table(head, medians),
            f"The same as multiples of *{OURS}*:\n",
            table(head, ratios),
            "Python functions that one request enters:\n",
            table(head, entered),
        ]
    )


def of_matching(times: dict[str, Times]) -> str:
    """The table of the match alone."""
    names = list(next(iter(times.values())).rounds)
    rows = [[name, *(number(each.median(name)) for each in times.values())] for name in sorted(names, key=rank)]
    return "\n".join(
        [
            heading("Finding the route"),
            "One match in maps of ten to ten thousand rules, microseconds, beside werkzeug's own adapter:\n",
            table(["rules", *(f"``{kind}``" for kind in times)], rows),
        ]
    )


def rank(name: str) -> tuple[bool, int]:
    """Ours first, then by size."""
    return name.startswith("werkzeug"), int(name.rpartition(" ")[2])


def of_startup(imports: Times, noted: dict[str, Noted]) -> str:
    """The tables of start-up."""
    took = [[f"``{name}``", number(imports.median(name)), number(imports.ratio(name, OURS))] for name in imports.rounds]
    rows = []
    for title, each in noted.items():
        for what, unit in NOTED:
            if what in each:
                figures = [each[what].median("ours"), each[what].median("smorest"), each[what].ratio("ours", "smorest")]
                rows.append([title, f"{what}, {unit}", *map(number, figures)])
    return "\n".join(
        [
            heading("Start-up and memory"),
            "Milliseconds of process time for an import, in fresh processes:\n",
            table(["import", "ms", f"times *{OURS}*"], took),
            MADE,
            table(["", "", OURS, "flask-smorest", "ratio"], rows),
        ]
    )


def of_goals(goals: cabc.Sequence[Goal]) -> str:
    """The table of what is aimed at."""
    rows = [[g.text, f"{g.value:.3g}", f"{g.limit:g}", "yes" if g.reached else "**no**"] for g in goals]
    return "\n".join(
        [
            heading("What is aimed at"),
            "Ratios of the run above, and the most that each is meant to be:\n",
            table(["", "ratio", "at most", "reached"], rows),
        ]
    )


def of_wire(rates: Rates) -> str:
    """The tables of the servers."""
    parts = [
        heading("Over the wire"),
        WIRE,
        facts(("gunicorn", "granian")),
    ]
    for server, works in rates.items():
        names = list(next(iter(works.values())))
        rows = [[name, *(f"{each[name]:,.0f}" for each in works.values())] for name in names]
        parts += [f"{server}:\n", table(["", *works], rows)]
    return "\n".join(parts)


def processor() -> str:
    """The name of the processor, where the system tells."""
    try:
        told = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())


def facts(packages: cabc.Iterable[str] = ()) -> str:
    """A paragraph about the machine and the versions."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    wanted = packages or sorted({package for each in CONTENDERS for package in each.packages})
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in wanted)
    return (
        f"Measured with {platform.python_implementation()} {platform.python_version()} on {platform.system()}"
        f" {platform.machine()}, {os.cpu_count()} cores of {processor()}, load {load:.1f} at the end.\n"
        f"Versions: {versions}.\n"
    )


def write(sections: dict[str, str]) -> None:
    """Write the page: the sections that were measured, and the others as they stand in it."""
    kept = old_sections()
    kept.update(sections)
    parts = [HEAD]
    parts += [f".. section: {name}\n\n{kept[name].strip()}\n" for name in SECTIONS if name in kept]
    PAGE.write_text("\n".join(parts), encoding="utf-8")


def old_sections() -> dict[str, str]:
    """The sections of the page as it is."""
    if not PAGE.exists():
        return {}
    parts = PAGE.read_text(encoding="utf-8").split("\n.. section: ")[1:]
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}

"""The page ``docs/benchmarks.rst``: made of sections, each replaced by the part of the run that measures it."""

from __future__ import annotations

import collections.abc as cabc
import importlib.metadata
import os
import pathlib
import platform

from . import stored_crud
from .goals import OURS, Goal
from .goals import OWN as OWN_NAMES
from .requests import CONTENDERS, GROUPS, TITLES, Workload
from .servers import CONNECTIONS, ROUNDS, SECONDS, Rate, Rates
from .startup import Noted
from .timing import Times
from .worst import Shape

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "benchmarks.rst"
SECTIONS = ("quicker", "requests", "matching", "startup", "worst", "watched", "crud", "wire", "goals")
HEAD = """\
Benchmarks
==========

How long this framework takes in comparison with others, on one machine, in one run. ``make bench`` measures everything
and writes this page. The code is in ``tests/benchmarks``, the application of every contender included.

Before anything is timed, the contenders answer, and their answers are compared: status, JSON value, and the headers
that belong to the answer. Then they take turns in many rounds, in one process. A figure is the median of the rounds, in
microseconds of process time; a ratio is the median of the rounds' ratios. The machine may have been busy with other
things: trust the ratios more than the microseconds, and the number of Python calls most: it is the same in each run,
but for those in an event loop.
"""
QUICKER = f"""\
Each workload of this run in which a peer takes less time, or less memory, than *{OURS}*, or in which a server answers
more requests with it, the largest difference first. *bare* is not a framework and is left out here; the tables below
have it.
"""
MISSED = """\
Why some are missed:

Hello, a dict, one object
    Falcon is compiled, and does less: the application here has a hook, limits, a request id in the answer and in the
    log, and a context that ``request``, ``g`` and ``current_app`` read. These are 21 Python functions, of which the
    handler, the hook and the server's own are four. Before ids and records were part of every answer, hello took 0.63
    of the time of Falcon with marshmallow.
Lists and creating, against structs
    msgspec reads and writes structs in C, and checks their types alone. Here each value goes through the rules of its
    marshmallow field in generated Python: lone surrogates, U+0000, the range and form of numbers, offsets of times.
    ``trusted=True`` is for answers that need none of it; its distance to Falcon with structs is that of hello.
ORM objects, Rows, the worst request
    At their goals in other runs of the same code: figures of this machine differ by a third from one hour to the next.
An invalid body
    msgspec ends at the first error. All are named here, each with a code, its params and a text in the client's
    language, within bounds of number and length. Against Falcon with marshmallow, the rest is the problem document.
401, 404
    The answer is a problem document with a request id, and with the challenges of the operation; Falcon's has a title
    alone. Both are prepared but for these.
304
    Falcon's handler compares a constant by hand. The tag here is the digest of the body, which is made first; a handler
    that knows its tag calls ``check_etag`` and saves making it.
A hook after the request
    The hook gets a whole response with a mapping of headers, which takes longer to make, to change and to send than the
    prepared answer that no hook sees.
The session
    The cookie is that of Flask: a signature over JSON with tags and a timestamp, and a header with seven attributes,
    each of which a subclass may override.
Token, query, page, ETag and limit together
    The limit of the rate counts under a lock, and the digest of the page is its ETag; both are as exact as alone.
Import
    110 modules of the framework's own, of half a millisecond each. Pausing the collector would save a twentieth, and is
    a switch for the whole process, which a library must not turn.
10,000 routes
    A route has a class, an operation with its steps, a rule and its place in the matcher: 18 kB, of which werkzeug's
    rule is a third.
1,200 operations with document
    Everything is checked and made when the application freezes: each operation's steps, a strict copy of each schema,
    the search for lost marks. APIFlask makes nothing before it is asked.
Ids, log and metrics together
    A line of JSON and two metrics with their labels take seven times as long as the smallest answer.
"""
NONE_QUICKER = "No peer was quicker in this run.\n"
LEGEND = """\
*bare* is a WSGI function without any framework, with everything written out by hand, and orjson. *framework* uses the
framework's own ``DateTime`` field, and *framework, marshmallow's fields* the very schema that Falcon, Bottle and
Flask use here. Its application has a ``before_request`` hook, two error handlers and the limits that are on by
themselves; the others have none of these. Each writes JSON by its own default. *Falcon + msgspec* loads bodies in a
middleware and writes through a media handler; *by hand* its handlers read and write the bytes themselves. In the list
of 100 objects both hold structs that are ready to be written; all others write dataclass instances, each contender its
own. With msgspec, Litestar included, an answer names one wrong field of three; the others name all.

Annotated classes: *framework* loads instances by their schemas and dumps them by these; *framework, trusted* writes
instances as they are (``trusted=True``). Litestar has the same Structs and dataclasses, FastAPI dataclasses of the same
members.

The environment of a WSGI call is that of gunicorn's sync worker; a test compares the two. ASGI applications are driven
without an event loop and without a server, which is the quickest way to call them, but for the table in an event loop:
there ``receive`` waits after the body, as that of a server does. The handlers of *framework* are ``async def``, and its
hook is marked ``nonblocking``. Process time counts all threads.

Lists of dataclasses with datetimes, ORM objects and Rows: each request gets objects that were made or loaded for it
alone, outside of the clock, the same way for all. A Row has the columns, and the category as an object.
Falcon with msgspec, and Litestar, convert them with ``msgspec.convert(..., from_attributes=True)``. *framework,
dataclasses* answers the same values from dataclasses. SQLite returns naive datetimes: *framework* writes them as UTC
with ``Z``, all others without an offset; the rest of the answers is the same.

The guarded list of 20 has a bearer token, a checked query, pages, an ETag of the bytes and a rate limit in memory;
flask-smorest has Flask-HTTPAuth and Flask-Limiter for these. The 304 answers a request that has the ETag: Falcon and
*bare* compare it by hand. *framework, without it* answers the same without the hook or the session. A contender that
has no part in a workload cannot answer it equally without code that a user would have to write: flask-smorest's 405 has
no ``Allow`` and its 304 no ``ETag``.

Python functions are counted, C functions are not: the wheels of Falcon are compiled, so most of Falcon is not in its
number.
"""
MADE = """\
Applications of many resources, each in a separate process. *made* is the time from the first resource class to the
frozen application (with flask-smorest: the registered one, whose document is made along the way); *answered* is the
time to the first answer; *peak* the most memory that the process has held.
"""
CRUD = f"""\
The list, a row, a new row and a changed row of one table, with the means that each has for it: ``crud``, a
``ModelViewSet``, and a controller with a repository service. Each has a separate file of SQLite with the same hundred
rows, checks the body by the columns, counts the rows of the list, and commits before it answers; the answers are
compared. Updates may overwrite one another, since the peers have no versions (``versioned=False``). Litestar runs in an
event loop, with a plain session. *{OURS}* is meant to take half the time of {stored_crud.DJANGO}, and no more than
Litestar.
"""
CRUD_PACKAGES = ("sqlalchemy", "django", "djangorestframework", "litestar", "advanced-alchemy")
WIRE = f"""\
Requests in a second with one worker, and the milliseconds within which 50 and 99 of a hundred answers came, asked by
wrk over {CONNECTIONS} connections from the same machine; medians of {ROUNDS} turns of {SECONDS} s. Server and wrk
share the cores, so this says less than the tables above. Under ASGI the handlers of *framework* are ``async def``.
"""
NO_WRK = """\
Not measured: ``wrk`` was missing on this machine. Install it (on Debian: ``apt-get install wrk``) and run
``make bench``.
"""
WORST = """\
The requests that cost most for their size, of all that were tried, and what each costs at most: 200 ms of processor for
one of up to 1 MiB, 2 s for one of up to 16 MiB. Bytes are those of the body, or of the header or address that is long.
"""
MADE_BY = {"ours": OURS, "smorest": "flask-smorest", "apiflask": "APIFlask"}
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


def heading(text: str, line: str = "-") -> str:
    """Return a heading, of the second level by itself."""
    return f"{text}\n{line * len(text)}\n"


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
    """Return the tables of the requests, three for each group of workloads."""
    parts = [heading("Requests"), LEGEND]
    for title, works in GROUPS.items():
        names = [each.name for each in CONTENDERS if any(each.name in times[work.name] for work in works)]
        head = ["", *(work.title for work in works)]

        def rows(
            figure: cabc.Callable[[str, str], str], names: list[str] = names, works: list[Workload] = works
        ) -> list[list[str]]:
            return [
                [name, *(figure(work.name, name) if name in times[work.name] else "" for work in works)]
                for name in names
            ]

        parts += [
            heading(title, "~"),
            "Microseconds of process time for one request:\n",
            table(head, rows(lambda work, name: number(times[work].median(name)))),
            f"The same as multiples of *{OURS}*:\n",
            table(head, rows(lambda work, name: number(times[work].ratio(name, OURS)))),
            "Python functions that one request enters:\n",
            table(head, rows(lambda work, name: str(calls[work][name]))),
        ]
    return "\n".join(parts)


def of_quicker(
    times: dict[str, Times], imports: Times | None, noted: dict[str, Noted] | None, rates: Rates | None
) -> str:
    """Return the table of what peers do more quickly, made from the figures of this run.

    :param times: Those of the requests; the other parts may not have run.
    """
    found: list[tuple[float, str, str]] = []
    for work, each in times.items():
        found += [
            (each.ratio(name, OURS), TITLES[work], name) for name in each.rounds if name not in {*OWN_NAMES, "bare"}
        ]
    if imports is not None:
        found += [
            (imports.ratio(name, OURS), "import", f"``{name}``") for name in imports.rounds if name not in NO_PEERS
        ]
    for title, figures in (noted or {}).items():
        for what, each in figures.items():
            found += [
                (each.ratio(who, "ours"), f"{title}: {what}", MADE_BY[who]) for who in each.rounds if who != "ours"
            ]
    for server, works in (rates or {}).items():
        for title, apps in works.items():
            mine = apps[OURS].rate
            found += [(mine / each.rate, f"{title}, {server}", name) for name, each in apps.items() if each.rate]
    quicker = sorted(row for row in found if number(row[0]) != number(1.0) and row[0] < 1)
    rows = [[title, name, number(ratio)] for ratio, title, name in quicker]
    head = ["workload", "peer", f"its time, {OURS} = 1"]
    return "\n".join([heading("Where a peer is quicker"), QUICKER, table(head, rows) if rows else NONE_QUICKER])


# No libraries for the same work.
NO_PEERS = {OURS, "werkzeug and marshmallow"}


def of_matching(times: dict[str, Times]) -> str:
    """The table of the match alone."""
    names = list(next(iter(times.values())).rounds)
    rows = [[name, *(number(each.median(name)) for each in times.values())] for name in sorted(names, key=rank)]
    return "\n".join(
        [
            heading("Finding the route"),
            "One match in maps of ten to ten thousand rules, microseconds, compared to werkzeug's own adapter:\n",
            table(["rules", *(f"``{kind}``" for kind in times)], rows),
        ]
    )


def of_watched(times: Times, calls: dict[str, int]) -> str:
    """The table of what tells how a service runs."""
    base = next(iter(times.rounds))
    rows = [
        [name, number(times.median(name)), number(times.ratio(name, base)), str(calls[name])] for name in times.rounds
    ]
    return "\n".join(
        [
            heading("What watching costs"),
            "One small answer, and what tells how a service runs: microseconds, and how many times as long as alone.\n",
            table(["with", "us", "nothing = 1", "calls"], rows),
        ]
    )


def of_crud(times: dict[str, Times], calls: dict[str, dict[str, int]]) -> str:
    """Return the table of resources of a table."""
    rows = [
        [
            title,
            name,
            number(each.median(name)),
            number(each.ratio(stored_crud.OURS, name)),
            str(calls[title][name]),
        ]
        for title, each in times.items()
        for name in each.rounds
    ]
    head = ["", "", "us", f"{OURS} / it", "calls"]
    return "\n".join([heading("Resources of a table"), CRUD, table(head, rows)])


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
                times = each[what]
                medians = [number(times.median(who)) if who in times else "" for who in MADE_BY]
                ratios = [number(times.ratio("ours", who)) if who in times else "" for who in MADE_BY if who != "ours"]
                rows.append([title, f"{what}, {unit}", *medians, *ratios])
    return "\n".join(
        [
            heading("Start-up and memory"),
            "Milliseconds of process time for an import, in fresh processes:\n",
            table(["import", "ms", f"times *{OURS}*"], took),
            MADE,
            table(["", "", *MADE_BY.values(), *(f"{OURS} / {name}" for name in list(MADE_BY.values())[1:])], rows),
        ]
    )


def of_goals(goals: cabc.Sequence[Goal]) -> str:
    """Return the table of the goals."""
    rows = [
        [g.text, f"{g.value:.3g} {g.unit}", f"{g.limit:g} {g.unit}", "yes" if g.reached else "**no**"] for g in goals
    ]
    return "\n".join(
        [
            heading("Goals"),
            "Figures of the run above, ratios where no unit is named, and the most that each is meant to be:\n",
            table(["", "figure", "at most", "reached"], rows),
            MISSED,
        ]
    )


def of_wire(rates: Rates | None) -> str:
    """Return the tables of the servers; without wrk a sentence about it."""
    if rates is None:
        return "\n".join([heading("Over the wire"), NO_WRK])
    parts = [heading("Over the wire"), WIRE, facts(("gunicorn", "granian", "uvicorn"))]
    for server, works in rates.items():
        rows = [[title, name, *cells(rate)] for title, apps in works.items() for name, rate in apps.items()]
        parts += [f"{server}:\n", table(["", "", "per second", "p50 ms", "p99 ms"], rows)]
    return "\n".join(parts)


def cells(rate: Rate) -> list[str]:
    """Return the cells of a server's figures."""
    return [f"{rate.rate:,.0f}", number(rate.p50), number(rate.p99)]


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

"""``python -m tests.benchmarks [part ...]``: measure, print, write the docs' page.

Without words: all parts. The goals are written when all but ``wire`` run together, and where a peer is quicker whenever
``requests`` runs.
"""

from __future__ import annotations

import argparse
import sys
import time
import typing as t

from . import goals, matching, page, requests, servers, startup, stored_crud, watched, worst
from .timing import Times

PARTS = ("requests", "matching", "startup", "worst", "watched", "crud", "wire")


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--dry", action="store_true", help="print only, leave the page as it is")
    parser.add_argument("--quick", action="store_true", help="few short rounds, to see that all works; implies --dry")
    given = parser.parse_args()
    if wrong := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(wrong))}")
    parts = given.parts or PARTS
    began = time.monotonic()

    def say(what: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - began:4.0f} s] {what}\n")

    sections, reached = measure(parts, say, given.quick)
    if set(PARTS) - {"wire"} <= set(parts):
        sections["goals"] = page.of_goals(reached)
    for name in page.SECTIONS:
        if name in sections:
            sys.stdout.write(as_text(sections[name]) + "\n")
    if not given.dry and not given.quick:
        page.write(sections)
    say("done")


def measure(
    parts: t.Collection[str], say: t.Callable[[str], object], quick: bool
) -> tuple[dict[str, str], list[goals.Goal]]:
    """Run some parts; gives the sections of the page, and the goals in the order of the page.

    :param parts: Some of ``PARTS``.
    :param say: Takes a line about what is going on.
    :param quick: Whether few short rounds are enough.
    """
    sections: dict[str, str] = {}
    imports: Times | None = None
    noted: dict[str, startup.Noted] | None = None
    by_part: dict[str, list[goals.Goal]] = {}
    if "startup" in parts:  # before this process grows
        imports, noted = startup.imports(say, 2 if quick else 9), startup.resources(say, 1 if quick else 5)
        sections["startup"] = page.of_startup(imports, noted)
        by_part["startup"] = goals.of_startup(imports, noted)
    if "matching" in parts:
        matched = matching.run(say)
        sections["matching"] = page.of_matching(matched)
        by_part["matching"] = goals.of_matching(matched)
    if "worst" in parts:  # before the databases and the contenders fill the memory
        found = worst.run(say)
        sections["worst"] = page.of_worst(found) + "\n" + page.facts(("marshmallow", "msgspec", "werkzeug"))
        by_part["worst"] = goals.of_worst(found)
    if "watched" in parts:
        seen, entered = watched.run(say)
        sections["watched"] = page.of_watched(seen, entered)
        by_part["watched"] = goals.of_watched(seen)
    if "crud" in parts:
        stored, entered = stored_crud.run(say, quick)
        sections["crud"] = page.of_crud(stored, entered) + "\n" + page.facts(page.CRUD_PACKAGES)
        by_part["crud"] = goals.of_crud(stored)
    rates = servers.run(say, quick) if "wire" in parts else None
    if "wire" in parts:
        sections["wire"] = page.of_wire(rates)
    if "requests" in parts:
        times, calls = requests.run(say, quick)
        sections["requests"] = page.of_requests(times, calls) + "\n" + page.facts()
        sections["quicker"] = page.of_quicker(times, imports, noted, rates)
        by_part["requests"] = goals.of_requests(times)
    return sections, [goal for part in PARTS for goal in by_part.get(part, [])]


def as_text(section: str) -> str:
    """A section with its tables in columns."""
    out: list[str] = []
    rows: list[list[str]] = []
    for line in [*section.splitlines(), ""]:
        if line.startswith("    * -"):
            rows.append([line[7:].strip()])
        elif line.startswith("      -"):
            rows[-1].append(line[7:].strip())
        elif rows and not line.startswith("    "):
            out += [*columns(rows), line]
            rows = []
        elif not line.startswith((".. list-table", "    :header-rows")):
            out.append(line)
    return "\n".join(out)


def columns(rows: list[list[str]]) -> list[str]:
    """Rows in columns: names to the left, figures to the right."""
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]

    def line(row: t.Sequence[str]) -> str:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        return "  ".join([first.strip().ljust(widths[0]), *others])

    return [line(row) for row in rows]


if __name__ == "__main__":
    main()

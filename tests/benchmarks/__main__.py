"""``python -m tests.benchmarks [requests] [matching] [startup] [worst] [wire]``: measure, print, write the docs' page.

Without words: all but ``wire``. The goals are written when ``requests``, ``matching`` and ``startup`` run together.
"""

from __future__ import annotations

import argparse
import sys
import time
import typing as t

from . import goals, matching, page, requests, servers, startup, worst

PARTS = ("requests", "matching", "startup", "worst", "wire")


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--dry", action="store_true", help="print only, leave the page as it is")
    given = parser.parse_args()
    if wrong := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(wrong))}")
    parts = given.parts or PARTS[:4]
    began = time.monotonic()

    def say(what: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - began:4.0f} s] {what}\n")

    sections: dict[str, str] = {}
    reached: list[goals.Goal] = []
    if "startup" in parts:  # before this process grows
        imports, noted = startup.imports(say), startup.resources(say)
        sections["startup"] = page.of_startup(imports, noted)
        reached += goals.of_startup(imports, noted)
    if "matching" in parts:
        matched = matching.run(say)
        sections["matching"] = page.of_matching(matched)
        reached = goals.of_matching(matched) + reached
    if "requests" in parts:
        times, calls = requests.run(say)
        sections["requests"] = page.of_requests(times, calls) + "\n" + page.facts()
        reached = goals.of_requests(times, {work.name: work.title for work in requests.WORKLOADS}) + reached
    if "worst" in parts:
        sections["worst"] = page.of_worst(worst.run(say)) + "\n" + page.facts(("marshmallow", "msgspec", "werkzeug"))
    if "wire" in parts:
        sections["wire"] = page.of_wire(servers.run(say))
    if set(PARTS[:3]) <= set(parts):
        sections["goals"] = page.of_goals(reached)
    for name in page.SECTIONS:
        if name in sections:
            sys.stdout.write(as_text(sections[name]) + "\n")
    if not given.dry:
        page.write(sections)
    say("done")


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

"""Measure the matcher against werkzeug's MapAdapter, for maps of ten to ten thousand rules.

Prints the median time of one match in microseconds, and how many times longer werkzeug takes: with the
adapter at hand, and with ``bind_to_environ`` first, as each request needs it.

Run it as ``python tests/benchmarks/match.py``.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import pathlib
import statistics
import sys
import timeit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.test import create_environ

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from framework.fast.routing import Matcher  # noqa: E402  only after the path is set

SIZES = (10, 100, 1_000, 10_000)
ROUNDS = 9


def make_map(size: int) -> Map:
    """Make a map of the rules that an API has, *size* of them."""
    rules = [Rule("/static/<path:filename>", endpoint="static", methods=["GET"])]
    for number in range((size + 4) // 5):
        name = f"/things{number}"
        rules += [
            Rule(name, endpoint=f"{name}.all", methods=["GET", "POST"]),
            Rule(f"{name}/<int:x>", endpoint=f"{name}.one", methods=["GET", "PUT"]),
            Rule(f"{name}/<int:x>/parts", endpoint=f"{name}.parts", methods=["GET"]),
            Rule(f"{name}/<int:x>/parts/<y>", endpoint=f"{name}.part", methods=["GET"]),
            Rule(f"{name}/by/<uuid:z>", endpoint=f"{name}.uuid", methods=["GET"]),
        ]
    return Map(rules[:size])


def questions(size: int) -> dict[str, tuple[str, str]]:
    """Give a path and a method of each kind, on the last whole group of rules."""
    name = f"/things{max((size - 1) // 5 - 1, 0)}"
    return {
        "static": (name, "GET"),
        "<int:x>": (f"{name}/42", "GET"),
        "<int:x>/parts/<y>": (f"{name}/42/parts/wheel", "GET"),
        "<uuid:z>": (f"{name}/by/12345678-1234-1234-1234-123456789abc", "GET"),
        "<path:filename>": ("/static/css/site.css", "GET"),
        "404": (f"{name}/42/nothing", "GET"),
        "405": (f"{name}/42", "DELETE"),
    }


def median(function: cabc.Callable[[], object], number: int) -> float:
    """Give the median time of one call in microseconds."""
    function()
    return statistics.median(timeit.repeat(function, number=number, repeat=ROUNDS)) / number * 1e6


def main() -> None:
    """Measure and print."""
    out = sys.stdout.write
    out(f"{'rules':>6}  {'kind':<18} {'matcher':>8} {'werkzeug':>9} {'ratio':>6} {'with bind':>10} {'ratio':>6}\n")
    for size in SIZES:
        url_map = make_map(size)
        built = timeit.timeit(functools.partial(Matcher, url_map), number=1)
        matcher = Matcher(url_map)
        adapter = url_map.bind("localhost")
        for kind, (path, method) in questions(size).items():
            environ = create_environ(path, method=method)

            def ours(path: str = path, method: str = method) -> object:
                return matcher.match(None, path, method)  # noqa: B023  called in this turn only

            def bare(path: str = path, method: str = method) -> object:
                try:
                    return adapter.match(path, method, return_rule=True)  # noqa: B023
                except HTTPException as error:
                    return error

            def bound(environ: dict[str, object] = environ) -> object:
                try:
                    return url_map.bind_to_environ(environ).match(return_rule=True)  # noqa: B023
                except HTTPException as error:
                    return error

            mine, theirs, whole = median(ours, 20_000), median(bare, 2_000), median(bound, 2_000)
            out(f"{size:>6}  {kind:<18} {mine:8.2f} {theirs:9.2f} {theirs / mine:6.1f}")
            out(f" {whole:10.2f} {whole / mine:6.1f}\n")
        out(f"{size:>6}  built in {built * 1e3:.0f} ms\n\n")


if __name__ == "__main__":
    main()

"""Start-up: imports, many resources, their memory, their document. Each figure comes from processes of their own."""

from __future__ import annotations

import collections.abc as cabc
import json
import os
import statistics
import subprocess
import sys

IMPORTS = {
    "werkzeug and marshmallow": "import werkzeug, marshmallow",
    "framework": "import framework",
    "flask": "import flask",
    "flask_smorest": "import flask_smorest",
    "apiflask": "import apiflask",
    "falcon": "import falcon",
    "fastapi": "import fastapi",
    "litestar": "import litestar",
    "bottle": "import bottle",
}
WATCH = "import sys, time; s = time.process_time(); {}; sys.stdout.write(str(time.process_time() - s))"

# Title, resources, schemas, methods of each, whether the document is made.
SIZES = (
    ("100 resources, 20 schemas", 100, 20, 2, False),
    ("1000 resources, 20 schemas", 1000, 20, 2, False),
    ("1000 resources, 1000 schemas", 1000, 1000, 2, False),
    ("document of 300 resources, 4 methods each", 300, 300, 4, True),
)
Noted = dict[str, dict[str, float]]
"""What was noted, by contender and name."""


def child(*arguments: str) -> str:
    """What a fresh interpreter prints. It keeps compiled modules, as an installed package has them."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout


def imports(say: cabc.Callable[[str], object], rounds: int = 9) -> dict[str, float]:
    """Milliseconds of process time for each import, medians of fresh processes in turn."""
    say("imports")
    times: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for number in range(rounds + 1):
        for name, statement in IMPORTS.items():
            took = float(child("-c", WATCH.format(statement)))
            if number:  # the first one may have compiled the modules
                times[name].append(took * 1e3)
    return {name: statistics.median(each) for name, each in times.items()}


def resources(say: cabc.Callable[[str], object], rounds: int = 3) -> dict[str, Noted]:
    """Seconds and MiB of each application, medians of fresh processes in turn."""
    noted: dict[str, Noted] = {}
    for title, count, kinds, methods, document in SIZES:
        say(title)
        seen: dict[str, list[dict[str, float]]] = {"ours": [], "smorest": []}
        for _ in range(rounds):
            for who, each in seen.items():
                words = (who, str(count), str(kinds), str(methods), str(int(document)))
                each.append(json.loads(child("-m", "tests.benchmarks.big", *words)))
        noted[title] = {
            who: {name: statistics.median(one[name] for one in each) for name in each[0]} for who, each in seen.items()
        }
    return noted

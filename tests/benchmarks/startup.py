"""Start-up: imports, many resources, their memory, their document. Each figure comes from processes of their own."""

from __future__ import annotations

import collections.abc as cabc
import json
import os
import subprocess
import sys

from .timing import Times

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

# Title, resources, schemas, methods of each, whether the document is made, and whose application.
PEERS = ("ours", "smorest")
SIZES = (
    ("100 resources, 20 schemas", 100, 20, 2, False, PEERS),
    ("1000 resources, 20 schemas", 1000, 20, 2, False, PEERS),
    ("1000 resources, 1000 schemas", 1000, 1000, 2, False, PEERS),
    ("10000 resources, 20 schemas", 10000, 20, 1, False, ("ours",)),
    ("1,200 operations with document, 4 to a resource", 300, 300, 4, True, (*PEERS, "apiflask")),
)
Noted = dict[str, Times]
"""What was noted of the contenders, by the name of the figure: seconds, and MiB for ``peak``."""


def child(*arguments: str) -> str:
    """What a fresh interpreter prints. It keeps compiled modules, as an installed package has them."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout


def imports(say: cabc.Callable[[str], object], rounds: int = 9) -> Times:
    """Return milliseconds of process time for each import, fresh processes in turn."""
    say("imports")
    times: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for number in range(rounds + 1):
        for name, statement in IMPORTS.items():
            took = float(child("-c", WATCH.format(statement)))
            if number:  # the first one may have compiled the modules
                times[name].append(took * 1e3)
    return Times(times)


def resources(say: cabc.Callable[[str], object], rounds: int = 5) -> dict[str, Noted]:
    """Return seconds and MiB of each application, fresh processes in turn, by the title of its size."""
    noted: dict[str, Noted] = {}
    for title, count, kinds, methods, document, peers in SIZES:
        say(title)
        seen: dict[str, dict[str, list[float]]] = {}
        for _ in range(min(rounds, 3) if count > 1000 else rounds):
            for who in peers:
                words = (who, *map(str, (count, kinds, methods)), str(int(document)))
                for name, value in json.loads(child("-m", "tests.benchmarks.big", *words)).items():
                    seen.setdefault(name, {each: [] for each in peers})[who].append(value)
        noted[title] = {name: Times(each) for name, each in seen.items()}
    return noted

"""The types of the sample: none of its handlers takes or returns anything."""

from __future__ import annotations

import inspect
import pathlib
import re
import subprocess
import sys

import sample_api

ROOT = pathlib.Path(sample_api.__file__).parents[1]


def test_handlers_say_what_they_take_and_return():
    """No handler of the sample has ``Any`` in its signature, not even within a dict."""
    app = sample_api.create_app({"SECRET_KEY": "only for tests", "DATABASE_URL": "sqlite://"})
    handlers = {
        operation.handler for operation in app.operations if operation.handler.__module__.startswith("sample_api.")
    }
    signatures = {each.__qualname__: str(inspect.signature(each)) for each in handlers}

    assert len(signatures) > 15
    assert {name: text for name, text in signatures.items() if re.search(r"\bAny\b|\bobject\b|\bData\b", text)} == {}


def test_the_types_of_the_schemas_are_up_to_date():
    """What ``framework types`` writes today is what the handlers import."""
    command = [sys.executable, "-m", "framework", "types", "sample_api.schemas", "-o", "sample_api/schema_types.py"]
    done = subprocess.run([*command, "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr

"""The tests of the API on the native road of ASGI, each time by a pytest that sends their requests through it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .through import ROADS

ROOT = Path(__file__).parents[1]
KINDS = [kind for kind in ROADS if kind != "wsgi"]

FEW = [
    *("tests/app/test_lifecycle.py", "tests/marks/test_responses.py", "tests/marks/files/test_streams.py"),
    *("tests/test_bad_input.py", "tests/test_sessions.py"),
]
MANY = {
    "app": ["tests/app", "tests/resources", "tests/versions", "tests/openapi/contract", "tests/test_bad_input.py"],
    "marks": ["tests/marks"],
    "sample": ["tests/sample", "--deselect=tests/sample/test_sample_deploy.py"],  # it is about processes
    "serve": ["tests/serve", "tests/observe", "tests/testing/test_client.py", "tests/test_*sessions.py"],
}
LEFT_OUT = [("asgi-threads", "serve")]
"""For the sake of time: it is about servers, and does not see what runs a request."""


def passes(kind, paths, *options):
    """Run tests through a road; they pass, and are there."""
    found = [str(each.relative_to(ROOT)) for path in paths if "*" in path for each in sorted(ROOT.glob(path))]
    given = [path for path in paths if "*" not in path]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--through={kind}", *options]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("FRAMEWORK_", "PYTEST_"))}
    ran = subprocess.run([*command, *given, *found], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]


@pytest.mark.parametrize("kind", [KINDS[0], *(pytest.param(each, marks=pytest.mark.extended) for each in KINDS[1:])])
def test_few_tests_pass_on_the_native_road(kind):
    """Bodies, streams, hooks, errors and counts are those of WSGI."""
    passes(kind, FEW)


@pytest.mark.extended
@pytest.mark.parametrize(("kind", "part"), [each for each in itertools.product(KINDS, MANY) if each not in LEFT_OUT])
def test_the_tests_of_the_api_pass_on_the_native_road(kind, part):
    """Whatever the tests of the API say of an answer holds on ASGI as well."""
    passes(kind, MANY[part], "-n", "2", "--dist", "loadscope")

"""marshmallow's own tests pass when its schemas dump and load by generated functions."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
VERSION = "4.4.0"
FOLDER = TOP / ".cache" / f"marshmallow-{VERSION}"
#: Collected tests of that version; a suite that shrinks proves less.
TESTS = 1192


@pytest.fixture
def suite() -> pathlib.Path:
    """The folder of marshmallow's sources."""
    lacking = ""
    if not FOLDER.is_dir():
        lacking = f"marshmallow's sources are not at {FOLDER}. Run: python tests/fast/fetch_marshmallow.py"
    elif importlib.util.find_spec("simplejson") is None:
        lacking = "marshmallow's own tests need simplejson. Run: pip install simplejson"
    if lacking and os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(lacking)
    if lacking:
        pytest.skip(lacking)
    return FOLDER


@pytest.mark.parametrize("route", ["exact", "wire"])
def test_marshmallow_suite_passes_with_generated_functions(suite: pathlib.Path, route: str) -> None:
    """Every test of marshmallow passes, and nearly every call in it ran a generated function."""
    command = [sys.executable, "-m", "pytest", "tests", "-q", "-p", "routed", "-p", "no:cacheprovider", "-W", "error"]
    ignored = ["--ignore=tests/mypy_test_cases"]
    path = os.pathsep.join([str(TOP), str(HERE)])
    done = subprocess.run(
        [*command, *ignored],
        cwd=suite,
        env={**os.environ, "PYTHONPATH": path, "SCHEMA_ROUTE": route},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    calls = re.search(r"routed: (\d+) generated, (\d+) marshmallow", done.stdout)

    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert f"{TESTS} passed" in done.stdout
    assert calls is not None
    assert int(calls[1]) > 20 * int(calls[2])

"""What all tests share: the long runs that only ``make fuzz`` takes, and the rule that nothing is skipped in CI."""

from __future__ import annotations

import os

import pytest

LONG_RUN = bool(os.environ.get("FRAMEWORK_FUZZ"))


def pytest_configure(config):
    """Name the markers of the project."""
    config.addinivalue_line("markers", "fuzz: a long run of random cases, taken by 'make fuzz' alone")


def pytest_collection_modifyitems(config, items):
    """Leave the long runs out, unless they are asked for."""
    if LONG_RUN:
        return
    long_runs = [item for item in items if item.get_closest_marker("fuzz")]
    if long_runs:
        config.hook.pytest_deselected(items=long_runs)
        items[:] = [item for item in items if item not in long_runs]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """In CI a skipped test is a failed one: what it needs is installed there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _no_command_runs():
    """A command that ran in this process notes that in the environment; the next test must not see it."""
    yield
    os.environ.pop("FRAMEWORK_RUN_FROM_CLI", None)

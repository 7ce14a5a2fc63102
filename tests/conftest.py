"""What all tests share: fixtures, which tests a run takes, and that nothing is skipped in CI."""

from __future__ import annotations

import os

import hypothesis
import pytest

from framework.stores.memory import MemoryStore
from framework.stores.redis import RedisStore
from tests.servers import redis_cluster, redis_sentinels, redis_server
from tests.through import ROADS, road

LONG_RUN = bool(os.environ.get("FRAMEWORK_FUZZ"))
EXTENDED = bool(os.environ.get("FRAMEWORK_EXTENDED"))

# How long an example takes says something of the machine, and nothing of the code.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


def pytest_addoption(parser):
    """Let a run send the requests of its test clients through ``app.asgi``."""
    parser.addoption(
        "--through",
        choices=ROADS,
        default="wsgi",
        help="What the test clients call: the WSGI application, app.asgi, or the same without greenlets.",
    )


def pytest_configure(config):
    """Name the markers of the project, and take the road of the run."""
    config.addinivalue_line("markers", "wsgi_only(reason): about WSGI itself, left out of a run through ASGI")
    road.open(config.getoption("through"))
    config.addinivalue_line("markers", "fuzz: a long run of random cases, taken by 'make fuzz' alone")
    config.addinivalue_line("markers", "extended: slow by nature, taken by 'make extended' alone")


def is_taken(item):
    """Whether a run takes a test: ``make extended`` takes its own alone, all others leave these out."""
    if road.kind != "wsgi" and item.get_closest_marker("wsgi_only"):
        return False
    if item.get_closest_marker("fuzz"):
        return LONG_RUN
    return LONG_RUN or bool(item.get_closest_marker("extended")) is EXTENDED


def pytest_collection_modifyitems(config, items):
    """Leave out what the run does not take; what is named on the command line by its id is taken anyway."""
    named = [argument for argument in config.args if "::" in argument]
    left_out = [item for item in items if not is_taken(item) and not named]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        out = set(map(id, left_out))
        items[:] = [item for item in items if id(item) not in out]


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


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def fast(request):
    """Whether the test runs with generated functions."""
    return request.param


@pytest.fixture(scope="module")
def redis_url():
    """A real Redis for this module."""
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def cluster():
    """A real cluster of three nodes, for all tests; nobody may break it."""
    with redis_cluster() as group:
        yield group


@pytest.fixture(scope="session")
def sentinels():
    """A real master, its replica, and a Sentinel that watches them, for all tests; nobody may break them."""
    with redis_sentinels(1) as group:
        yield group


@pytest.fixture(params=["cluster", "sentinels"])
def group_url(request):
    """The URL of several real servers that belong together, empty."""
    group = request.getfixturevalue(request.param)
    for store in clean(group.url):
        store.close()
    return group.url


@pytest.fixture(params=["memory", "redis"])
def store(request):
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    yield from clean(request.getfixturevalue("redis_url"))


def clean(url):
    """A store at a URL, emptied and closed afterwards."""
    store = RedisStore(url, timeout=10)
    store.client.flushdb(**({"target_nodes": "primaries"} if store.is_cluster else {}))
    yield store
    store.close()

